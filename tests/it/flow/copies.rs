//! Several copies of one request: what is said about one of them is not said about the others.

use ofx_session::engine::{Doubt, Intent, Operation, Outcome, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{
    Element, EnrollmentRequest, Mail, PaymentCancellation, PaymentInquiry, PaymentMail, Request, Stamp, SyncKind,
    SyncMode, Version,
};

use super::scenario::{Reply, Said, Scenario, Sent, acceptance, easy, paid, payment, refused, transaction, unknown};

fn promising(sync_mode: SyncMode, file_recovery: bool) -> Scenario {
    Scenario::with_profile(easy().sync_mode(sync_mode).file_recovery(file_recovery))
}

/// A payment whose answer was lost, in an institution with a history.
fn lost() -> Scenario {
    let mut scenario = promising(SyncMode::Full, false);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    assert_eq!(unknown(scenario.pay()), Doubt::NoAnswer("lost".to_owned()));
    scenario
}

fn frame(token: &str, lost: &str, inside: Vec<Element>) -> Said {
    Said::new(0, "INFO").payments(vec![frame_of("1000001", token, lost, inside)])
}

fn frame_of(account: &str, token: &str, lost: &str, inside: Vec<Element>) -> Element {
    let account = [("BANKID", "999888777"), ("ACCTID", account), ("ACCTTYPE", "CHECKING")];
    let account = account.into_iter().map(|(tag, value)| Element::leaf(tag, value)).collect();
    let mut all = vec![
        Element::leaf("TOKEN", token),
        Element::leaf("LOSTSYNC", lost),
        Element::aggregate("BANKACCTFROM", account),
    ];
    all.extend(inside);
    Element::aggregate("PMTSYNCRS", all)
}

fn ours(code: u32, trn_uid: &str, paid: Option<&Sent>) -> Element {
    transaction("PMTTRNRS", trn_uid, code, paid.map(acceptance))
}

fn frame_sent(sent: &Sent) -> Option<&Element> {
    sent.document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ")
}

/// How often the request itself was sent.
fn copies(scenario: &Scenario) -> usize {
    let asks = |sent: &&Sent| {
        let set = sent.document.find("/OFX/BILLPAYMSGSRQV1");
        set.is_some_and(|set| set.child("PMTTRNRQ").is_some() || set.find("PMTSYNCRQ/PMTTRNRQ").is_some())
    };
    scenario.sent.iter().filter(asks).count()
}

fn can_reconcile(scenario: &Scenario) -> bool {
    scenario.operation.as_ref().is_some_and(Operation::can_reconcile)
}

#[test]
fn a_success_without_a_response_is_no_absence() {
    let mut scenario = lost();
    let uid = scenario.sent[1].trn_uid().to_owned();
    scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, &uid, None)]));
    unknown(scenario.reconcile());
    assert_eq!(copies(&scenario), 1, "it was accepted, whatever else is missing");
    assert!(!can_reconcile(&scenario));
}

#[test]
fn a_success_without_a_response_is_not_refused_by_what_stands_beside_it() {
    let mut scenario = promising(SyncMode::Lite, false);
    scenario.then_says(|sent| {
        Said::new(0, "INFO").payments(vec![ours(0, sent.trn_uid(), None), ours(2012, sent.trn_uid(), None)])
    });
    assert!(matches!(unknown(scenario.pay()), Doubt::Unreadable(why) if why.contains("yes and no")));
}

/// The first copy was carried out, so the second is behind the times. What happened is asked for before a third is sent.
#[test]
fn a_copy_that_is_out_of_date_may_be_so_because_of_the_one_before() {
    for with_frame in [true, false] {
        let mut scenario = lost();
        let first = scenario.sent[1].clone();
        scenario.then_says(move |sent| {
            let rejected = ours(6502, sent.trn_uid(), None);
            if with_frame { frame("-1", "N", vec![rejected]) } else { Said::new(0, "INFO").payments(vec![rejected]) }
        });
        scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, first.trn_uid(), Some(&first))]));
        paid(scenario.repeat());
        let last = frame_sent(scenario.last()).unwrap();
        assert_eq!((last.value("TOKEN"), last.child("PMTTRNRQ")), (Some("t-1"), None), "since before the first copy");
        assert_eq!(copies(&scenario), 2);
    }
}

#[test]
fn a_copy_that_the_history_calls_out_of_date_goes_again() {
    let mut scenario = lost();
    let uid = scenario.sent[1].trn_uid().to_owned();
    scenario.then_says(move |_| frame("t-2", "N", vec![ours(6502, &uid, None)]));
    scenario.then_says(|sent| frame("t-3", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
    paid(scenario.reconcile());
    assert_eq!(frame_sent(scenario.last()).unwrap().value("TOKEN"), Some("t-2"));
}

#[test]
fn a_refusal_in_what_is_left_of_a_history_is_not_the_last_word() {
    for (lost_sync, counts) in [("Y", false), ("N", true)] {
        let mut scenario = lost();
        let uid = scenario.sent[1].trn_uid().to_owned();
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        unknown(scenario.repeat());
        scenario.then_says(move |_| frame("t-9", lost_sync, vec![ours(10_504, &uid, None)]));
        let step = scenario.reconcile();
        if counts {
            assert_eq!(refused(step).status.code.value(), 10_504, "it is about every copy");
        } else {
            unknown(step);
            assert!(!can_reconcile(&scenario), "the first copy may be in what was lost");
        }
    }
}

/// What the token says, it says in a frame: without one nobody has looked at the token.
#[test]
fn a_refusal_of_a_second_copy_counts_with_the_whole_history_around_it() {
    type Answer = fn(&Sent) -> Said;
    let answers: [(Answer, bool); 4] = [
        (|sent| frame("t-1", "N", vec![ours(2014, sent.trn_uid(), None)]), true),
        (|sent| frame("t-1", "Y", vec![ours(2014, sent.trn_uid(), None)]), false),
        (|sent| frame("-1", "N", vec![ours(2014, sent.trn_uid(), None)]), false),
        (|sent| Said::new(0, "INFO").payments(vec![ours(2014, sent.trn_uid(), None)]), false),
    ];
    for (number, (answer, counts)) in answers.into_iter().enumerate() {
        let mut scenario = lost();
        scenario.then_says(answer);
        let step = scenario.repeat();
        if counts {
            assert_eq!(refused(step).status.code.value(), 2014);
        } else {
            assert!(matches!(unknown(step), Doubt::RepeatRefused(_)), "{number}");
        }
    }
}

/// It was looked at because nothing had happened since the token, and from then on the copy before comes with a token of yesterday.
#[test]
fn a_refusal_that_moves_the_token_fences_off_the_copy_before() {
    type Answer = fn(&Sent) -> Said;
    let other = |sent: &Sent| frame("t-2", "N", vec![ours(0, "another", None), ours(10_504, sent.trn_uid(), None)]);
    let answers: [(Answer, bool); 4] = [
        (|sent| frame("t-2", "N", vec![ours(10_504, sent.trn_uid(), None)]), true),
        (|sent| frame("t-1", "N", vec![ours(10_504, sent.trn_uid(), None)]), false),
        (|sent| frame("t-2", "Y", vec![ours(10_504, sent.trn_uid(), None)]), false),
        (other, false),
    ];
    for (number, (answer, counts)) in answers.into_iter().enumerate() {
        let mut scenario = lost();
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        scenario.then_says(answer);
        let step = scenario.reconcile();
        if counts {
            assert_eq!(refused(step).status.code.value(), 10_504);
        } else {
            assert!(matches!(unknown(step), Doubt::RepeatRefused(_)), "{number}");
        }
    }
}

/// The saved answer is that to the last file. The copy before went in another one.
#[test]
fn the_saved_answer_to_a_second_copy_says_nothing_about_the_first() {
    let mut scenario = promising(SyncMode::Lite, true);
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.repeat());
    scenario.then_says(|sent| Said::new(0, "INFO").payments(vec![ours(10_504, sent.trn_uid(), None)]));
    assert!(matches!(unknown(scenario.reconcile()), Doubt::RepeatRefused(_)), "the first may have used up the money");

    let mut scenario = promising(SyncMode::Lite, true);
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then_says(|sent| Said::new(0, "INFO").payments(vec![ours(10_504, sent.trn_uid(), None)]));
    assert_eq!(refused(scenario.reconcile()).status.code.value(), 10_504, "there is one copy only");
}

#[test]
fn a_refused_second_copy_of_a_batch_says_nothing_about_the_first() {
    let batch = || {
        let cancel = |id: &str| Intent::from(Request::from(PaymentCancellation::new(id)));
        Intent::Batch(vec![Intent::Pay(Box::new(payment())), cancel("2")])
    };
    let answer = |code: u32| {
        move |sent: &Sent| {
            let set = sent.document.find("/OFX/BILLPAYMSGSRQV1").unwrap();
            let uids = set.children().iter().map(|one| one.value("TRNUID").unwrap());
            Said::new(0, "INFO").payments(uids.map(|uid| ours(code, uid, None)).collect())
        }
    };
    let mut scenario = promising(SyncMode::Lite, false);
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(batch()));
    scenario.then_says(answer(10_504));
    assert!(matches!(unknown(scenario.repeat()), Doubt::RepeatRefused(_)), "the first may have used up the money");

    let mut scenario = promising(SyncMode::Lite, true);
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(batch()));
    scenario.then_says(answer(10_504));
    assert!(matches!(scenario.reconcile(), Ok(Step::Done(Outcome::Batch(_)))), "the saved answer to the only copy");

    let mut scenario = promising(SyncMode::Lite, true);
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(batch()));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.repeat());
    scenario.then_says(answer(10_504));
    assert!(matches!(unknown(scenario.reconcile()), Doubt::RepeatRefused(_)), "the saved answer to the second");
    assert!(!can_reconcile(&scenario), "a person must find out");

    let mut scenario = promising(SyncMode::Lite, true);
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(batch()));
    assert!(can_reconcile(&scenario));
    scenario.then_says(|_| Said::new(0, "INFO"));
    assert_eq!(unknown(scenario.reconcile()), Doubt::NotMentioned);
    assert!(!can_reconcile(&scenario), "a person must find out");
}

#[test]
fn the_history_of_another_account_proves_no_absence() {
    let mut scenario = lost();
    scenario.then_says(|_| Said::new(0, "INFO").payments(vec![frame_of("2000002", "b-7", "N", vec![])]));
    unknown(scenario.reconcile());
    assert_eq!(copies(&scenario), 1);
    assert!(!can_reconcile(&scenario));
}

#[test]
fn the_token_of_another_account_is_none_of_ours() {
    let mut scenario = promising(SyncMode::Full, false);
    scenario.then_says(|_| Said::new(0, "INFO").payments(vec![frame_of("2000002", "b-7", "N", vec![])]));
    scenario.pay().unwrap();
    let token = |sent: &Sent| frame_sent(sent).and_then(|frame| frame.value("TOKEN")).map(str::to_owned);
    assert!(scenario.sent.iter().all(|sent| token(sent).as_deref() != Some("b-7")));
}

#[test]
fn changes_of_one_account_are_not_those_of_another() {
    let mut scenario = promising(SyncMode::Full, false);
    let mut other = payment().from.clone();
    other.account_id = "2000002".to_owned();
    let sync = |account| Intent::Synchronize { kind: SyncKind::Payments, account: Some(account), from: None };
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    let batch = Intent::Batch(vec![sync(payment().from.clone()), sync(other)]);
    let Ok(Step::Done(Outcome::Batch(answers))) = scenario.run(batch) else { panic!("no batch") };
    use ofx_session::engine::BatchAnswer::{Synchronized, Unanswered};
    assert!(matches!(&answers[..], [Synchronized(_), Unanswered(_)]), "{answers:?}");
}

#[test]
fn a_saved_answer_that_cannot_be_read_is_not_asked_for_for_ever() {
    let garbled = |sent: &Sent| {
        let body = Element::aggregate("PMTRS", vec![Element::leaf("SRVRTID", "1")]);
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(body))])
    };
    let mut scenario = promising(SyncMode::Lite, true);
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then_says(garbled);
    assert!(matches!(unknown(scenario.reconcile()), Doubt::Unreadable(_)));
    assert!(!can_reconcile(&scenario));

    let mut scenario = promising(SyncMode::Full, true);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    scenario.then_says(garbled);
    unknown(scenario.reconcile());
    let first = scenario.sent[1].clone();
    scenario.then_says(move |_| frame("t-2", "N", vec![ours(0, first.trn_uid(), Some(&first))]));
    paid(scenario.reconcile());
    assert!(frame_sent(scenario.last()).unwrap().child("PMTTRNRQ").is_none(), "the history is next");
}

/// The token moved between the first copy and the second, and not between the second and the third.
#[test]
fn a_third_copy_with_the_token_of_the_second_does_not_speak_for_it() {
    let mut scenario = lost();
    scenario.then_says(|_| frame("t-2", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.reconcile());
    scenario.then_says(|_| frame("t-2", "N", vec![]));
    scenario.then_says(|sent| frame("t-2", "N", vec![ours(10_504, sent.trn_uid(), None)]));
    assert!(matches!(unknown(scenario.reconcile()), Doubt::RepeatRefused(_)));
    assert_eq!(copies(&scenario), 3);
    // Nor does one that was asked for by name.
    let mut scenario = lost();
    scenario.then_says(|_| frame("t-2", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.reconcile());
    scenario.then_says(|sent| frame("t-2", "N", vec![ours(10_504, sent.trn_uid(), None)]));
    assert!(matches!(unknown(scenario.repeat()), Doubt::RepeatRefused(_)));
}

#[test]
fn who_enrols_signs_on_as_nobody_and_does_it_alone() {
    let mut scenario = Scenario::new(easy());
    let enrol = EnrollmentRequest::new("Jane", "Doe", "1 High Street", "Newport", "RI", "02840", "jane@example.com");
    let error = scenario.run(Intent::Batch(vec![Intent::from(Request::from(enrol)), Intent::Accounts])).unwrap_err();
    assert!(error.to_string().contains("anonymous"), "{error}");
    assert!(scenario.sent.is_empty());
}

/// Only the request is stored, and the token that it carries by now: the file before it cannot be made again.
#[test]
fn a_file_is_repeated_as_it_was_or_not_at_all() {
    let mut scenario = promising(SyncMode::Full, true);
    scenario.then_says(|_| frame("t-1", "N", vec![]));
    for _ in 0..2 {
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    }
    unknown(scenario.pay());
    unknown(scenario.reconcile());
    scenario.then_says(|_| frame("t-2", "N", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::NotSent));
    unknown(scenario.reconcile());
    scenario.then_says(|_| frame("t-2", "N", vec![]));
    scenario.then_says(|sent| frame("t-3", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
    paid(scenario.reconcile());
    for sent in &scenario.sent {
        let same: Vec<_> = scenario.sent.iter().filter(|other| other.file_uid() == sent.file_uid()).collect();
        assert!(same.iter().all(|other| other.tail() == sent.tail()), "one name, two files");
    }
}

/// Whoever hears that a payment failed may pay again.
#[test]
fn the_state_of_one_payment_is_not_that_of_another() {
    let status = |uid: &str, id: &str| {
        let processing = vec![Element::leaf("PMTPRCCODE", "FAILEDON"), Element::leaf("DTPMTPRC", "20260108")];
        let body = vec![Element::leaf("SRVRTID", id), Element::aggregate("PMTPRCSTS", processing)];
        transaction("PMTINQTRNRS", uid, 0, Some(Element::aggregate("PMTINQRS", body)))
    };
    let inquiry = |id: &str| Intent::from(Request::from(PaymentInquiry::new(id)));
    let mut scenario = promising(SyncMode::Lite, false);
    scenario.then_says(move |sent| {
        let set = sent.document.find("/OFX/BILLPAYMSGSRQV1").unwrap();
        Said::new(0, "INFO").payments(vec![status(set.children()[0].value("TRNUID").unwrap(), "1")])
    });
    let step = scenario.run(Intent::Batch(vec![inquiry("1"), inquiry("2")]));
    let Ok(Step::Done(Outcome::Batch(answers))) = step else { panic!("no batch") };
    use ofx_session::engine::BatchAnswer::{Confirmed, Unanswered};
    assert!(matches!(&answers[..], [Confirmed(_), Unanswered(_)]), "{answers:?}");
    scenario.then_says(move |_| Said::new(0, "INFO").payments(vec![status("of-somebody-else", "9")]));
    assert!(scenario.run(inquiry("1")).is_err());
}

/// HTML stands in its mail as it is, and may say whatever a request does.
#[test]
fn a_mail_about_markup_goes_after_the_newest_token_as_it_was_written() {
    for body in ["<p>hello</p>", "<p>see </PMTMAILTRNRQ> here</p>", "<PMTMAILTRNRQ>", "</TRNUID>", "<TRNUID>x"] {
        for (html, version) in [(true, Version::V103), (true, Version::V211), (false, Version::V103)] {
            let bank = easy().sync_mode(SyncMode::Full);
            let mut scenario = Scenario::speaking(version, bank);
            scenario.run(Intent::Profile).unwrap();
            let mail = Mail::new("jane", Stamp::new("20260105"), "Jane", "Bank", "Lost", body).use_html(html);
            scenario.then_says(|_| {
                let all = vec![Element::leaf("TOKEN", "t-1"), Element::leaf("LOSTSYNC", "N")];
                Said::new(0, "INFO").payments(vec![Element::aggregate("PMTMAILSYNCRS", all)])
            });
            scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
            scenario.run(Intent::from(Request::from(PaymentMail::new(mail)))).unwrap();
            let path = "/OFX/BILLPAYMSGSRQV1/PMTMAILSYNCRQ/PMTMAILTRNRQ/PMTMAILRQ/MAIL/MSGBODY";
            let sent = scenario.last().document.find(path).and_then(Element::text);
            assert_eq!(sent, Some(body), "{version} {html}");
        }
    }
}
