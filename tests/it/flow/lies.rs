//! Answers that contradict themselves, or do not answer: nothing of them is believed, and a payment is in doubt.

use ofx_session::engine::{Doubt, EngineError, Intent, Outcome, Step};
use ofx_session::error::{Delivery, Error, ErrorKind};
use ofx_session::ofx::Element;

use super::scenario::{
    Reply, Said, Scenario, acceptance, acceptance_as, easy, honest, paid, questioning, questions, refused, status,
    transaction, unknown,
};

/// Neither that the payment was made nor that it was not.
#[test]
fn nothing_is_believed_beside_a_failed_signon() {
    for code in [15_500, 15_502, 2_000, 13_504] {
        for accepted in [true, false] {
            let mut scenario = Scenario::new(easy());
            scenario.then_says(move |sent| {
                let (code_beside, body) = if accepted { (0, Some(acceptance(sent))) } else { (15_500, None) };
                let beside = transaction("PMTTRNRS", sent.trn_uid(), code_beside, body);
                Said::new(code, "ERROR").payments(vec![beside])
            });
            if accepted {
                assert!(matches!(unknown(scenario.pay()), Doubt::Unreadable(_)), "{code}");
            } else {
                assert_eq!(refused(scenario.pay()).status.code.value(), code);
            }
        }

        let mut scenario = Scenario::new(easy());
        scenario.then_says(move |sent| {
            let list = Element::aggregate("ACCTINFORS", vec![Element::leaf("DTACCTUP", "20260101")]);
            let list = transaction("ACCTINFOTRNRS", sent.trn_uid(), 0, Some(list));
            Said::new(code, "ERROR").set("SIGNUPMSGSRSV1", vec![list])
        });
        assert_eq!(refused(scenario.run(Intent::Accounts)).status.code.value(), code);
        assert!(scenario.state.accounts().is_none());

        let mut scenario = Scenario::new(questioning());
        scenario.then_is_honest();
        scenario.then_says(move |sent| Said::new(code, "ERROR").beside(questions(sent.trn_uid(), &["MFA16"])));
        assert_eq!(refused(scenario.pay()).status.code.value(), code);

        let mut scenario = Scenario::new(easy());
        scenario.then(move |bank, sent| {
            let text = String::from_utf8(honest(bank, sent)).unwrap();
            let lie = text.replacen("<CODE>0</CODE>", &format!("<CODE>{code}</CODE>"), 1);
            assert_ne!(text, lie);
            Reply::Body(lie.into_bytes())
        });
        assert_eq!(refused(scenario.run(Intent::Profile)).status.code.value(), code);
        assert!(scenario.state.profile().is_none());
    }
}

#[test]
fn a_payment_beside_a_challenge_is_not_believed() {
    let mut scenario = Scenario::new(questioning());
    scenario.then_says(|sent| {
        Said::new(3000, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance(sent)))])
    });
    assert!(matches!(unknown(scenario.pay()), Doubt::Unreadable(_)));
    // Nor is it sent once more for it.
    assert!(scenario.operation.unwrap().doubt().is_some());
}

/// What each of these answers leaves of a payment.
fn doubt_after(answer: impl Fn(&super::scenario::Sent) -> Said + 'static) -> Doubt {
    let mut scenario = Scenario::new(easy());
    scenario.then_says(answer);
    let doubt = unknown(scenario.pay());
    assert_eq!(scenario.operation.unwrap().doubt(), Some(&doubt));
    doubt
}

#[test]
fn an_answer_that_does_not_name_the_payment_leaves_it_in_doubt() {
    let ours = |sent: &super::scenario::Sent| transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance(sent)));
    assert_eq!(doubt_after(|_| Said::new(0, "INFO")), Doubt::NotMentioned);
    assert_eq!(doubt_after(|_| Said::new(0, "INFO").payments(vec![])), Doubt::NotMentioned);
    let other = |sent: &_| Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", "0", 0, Some(acceptance(sent)))]);
    assert_eq!(doubt_after(other), Doubt::NotMentioned);
    let other = |_: &_| Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", "0", 2012, None)]);
    assert_eq!(doubt_after(other), Doubt::NotMentioned, "a refusal of something else");
    let twice = move |sent: &super::scenario::Sent| {
        let second = transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance_as("4712", sent)));
        Said::new(0, "INFO").payments(vec![ours(sent), second])
    };
    assert!(matches!(doubt_after(twice), Doubt::Unreadable(_)), "two payments");
    let both = move |sent: &super::scenario::Sent| {
        Said::new(0, "INFO").payments(vec![ours(sent), transaction("PMTTRNRS", sent.trn_uid(), 2012, None)])
    };
    assert!(matches!(doubt_after(both), Doubt::Unreadable(_)), "yes and no");
    let otherwise = |sent: &super::scenario::Sent| {
        let canceled = Element::aggregate("PMTCANCRS", vec![Element::leaf("SRVRTID", "4711")]);
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(canceled))])
    };
    assert!(matches!(doubt_after(otherwise), Doubt::Unreadable(why) if why.contains("something else")));
    let hollow = |sent: &super::scenario::Sent| {
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, None)])
    };
    assert!(matches!(doubt_after(hollow), Doubt::Unreadable(why) if why.contains("without the response")));
}

/// An error leaves its response out. One that comes with it may be a success in the institution's own words.
#[test]
fn an_error_with_the_response_of_what_was_done_is_no_refusal() {
    let says = |code, severity: &'static str| {
        move |sent: &super::scenario::Sent| {
            let inside = vec![Element::leaf("TRNUID", sent.trn_uid()), status(code, severity), acceptance(sent)];
            Said::new(0, "INFO").payments(vec![Element::aggregate("PMTTRNRS", inside)])
        }
    };
    for (code, severity) in
        [(10_991, "WARNING"), (10_991, ""), (10_991, "ERROR"), (2000, "Info"), (2000, "WARNING"), (2000, "")]
    {
        let doubt = doubt_after(says(code, severity));
        assert!(matches!(&doubt, Doubt::Unreadable(why) if why.contains("with the response")), "{code}: {doubt:?}");
    }
    for severity in ["Info", "info", "Warn"] {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(says(10_991, severity));
        assert_eq!(paid(scenario.pay()).notices.last().unwrap().code.value(), 10_991, "{severity}");
    }
}

/// What stands under our identifier and cannot be read may be the acceptance.
#[test]
fn a_refusal_beside_what_cannot_be_read_is_not_the_last_word() {
    let doubt = doubt_after(|sent| {
        let broken = Element::aggregate("PMTRS", vec![Element::leaf("SRVRTID", "1")]);
        let broken = transaction("PMTTRNRS", sent.trn_uid(), 0, Some(broken));
        Said::new(0, "INFO").payments(vec![broken, transaction("PMTTRNRS", sent.trn_uid(), 2012, None)])
    });
    assert!(matches!(doubt, Doubt::Unreadable(_)), "{doubt:?}");
}

/// That there is a copy, or that one came too late, is said of the others.
#[test]
fn an_acceptance_counts_behind_what_is_said_of_other_copies() {
    for code in [2019, 6502, 2000] {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(move |sent| {
            let accepted = transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance(sent)));
            Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), code, None), accepted])
        });
        assert_eq!(paid(scenario.pay()).id(), "4711", "{code}");
    }
}

#[test]
fn a_stranger_s_answer_beside_ours_does_no_harm() {
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|sent| {
        let stranger = transaction("PMTTRNRS", "4711", 2012, None);
        let ours = transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance(sent)));
        Said::new(0, "INFO").payments(vec![stranger, ours])
    });
    assert_eq!(paid(scenario.pay()).id(), "4711");
}

#[test]
fn a_duplicate_is_not_a_success() {
    let doubt = doubt_after(|sent| {
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 2019, Some(acceptance(sent)))])
    });
    assert_eq!(doubt, Doubt::Duplicate(Some("our words".to_owned())));
    let text = doubt.explain();
    assert!(
        text.contains("not known whether this was carried out") && text.contains("do not enter it again"),
        "{text}"
    );
}

/// Bodies that are no answers.
fn nonsense(honest: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8(honest.to_vec()).unwrap();
    let without = |from: &str, to: &str| {
        let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap() + to.len());
        [&text[..start], &text[end..]].concat().into_bytes()
    };
    vec![
        ("nothing", Vec::new()),
        ("a page", b"<html><body>Please wait</body></html>".to_vec()),
        ("a word", b"busy".to_vec()),
        ("zeros", vec![0; 300]),
        ("half of it", honest[..honest.len() / 2].to_vec()),
        ("all but one byte", honest[..honest.len() - 1].to_vec()),
        ("no signon", without("<SIGNONMSGSRSV1>", "</SIGNONMSGSRSV1>")),
        ("no status", without("<STATUS>", "</STATUS>")),
        ("a code that is none", text.replacen("<CODE>0<", "<CODE>zero<", 1).into_bytes()),
    ]
}

#[test]
fn an_unreadable_answer_leaves_a_payment_in_doubt_and_fails_a_list() {
    let mut scenario = Scenario::new(easy());
    scenario.pay().unwrap();
    let answer = honest(&mut scenario.bank.clone(), &scenario.sent[0]);
    for (name, body) in nonsense(&answer) {
        let mut scenario = Scenario::new(easy());
        let reply = body.clone();
        scenario.then(move |_, _| Reply::Body(reply));
        let doubt = unknown(scenario.pay());
        assert!(matches!(&doubt, Doubt::Unreadable(why) if !why.is_empty()), "{name}: {doubt:?}");
        assert!(doubt.explain().contains("cannot be read"), "{name}");

        let mut scenario = Scenario::new(easy());
        scenario.then(move |_, _| Reply::Body(body));
        let error = scenario.run(Intent::Accounts).unwrap_err();
        assert!(matches!(error, EngineError::Decode(_)), "{name}: {error}");
        let error = Error::from(error);
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Malformed, Delivery::Answered), "{name}");
        assert!(error.to_string().contains("the institution's answer cannot be read"), "{name}: {error}");
        assert!(error.offset().is_some(), "{name}");
    }
}

#[test]
fn every_cut_of_an_honest_answer_leaves_the_payment_in_doubt() {
    let mut scenario = Scenario::new(easy());
    scenario.pay().unwrap();
    let whole = {
        let mut fresh = Scenario::new(easy());
        fresh.then_is_honest();
        honest(&mut fresh.bank, &scenario.sent[0])
    };
    let end = String::from_utf8(whole.clone()).unwrap().rfind("</OFX>").unwrap() + "</OFX>".len();
    for cut in 0..end {
        let mut scenario = Scenario::new(easy());
        let part = whole[..cut].to_vec();
        scenario.then(move |_, _| Reply::Body(part));
        assert!(matches!(unknown(scenario.pay()), Doubt::Unreadable(_)), "cut at {cut}");
    }
}

#[test]
fn an_unreadable_payment_is_in_doubt_even_under_an_accepted_signon() {
    let doubt = doubt_after(|sent| {
        let body = Element::aggregate("PMTRS", vec![Element::leaf("SRVRTID", "1")]);
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(body))])
    });
    assert!(matches!(doubt, Doubt::Unreadable(_)), "{doubt:?}");
}

#[test]
fn a_list_that_is_not_there_is_an_error_and_one_under_another_id_is_read() {
    let list = || Element::aggregate("ACCTINFORS", vec![Element::leaf("DTACCTUP", "20260101")]);
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|_| Said::new(0, "INFO"));
    assert!(matches!(scenario.run(Intent::Accounts), Err(EngineError::Missing(_))));
    scenario.then_says(move |_| {
        let two = ["1", "2"].map(|uid| transaction("ACCTINFOTRNRS", uid, 0, Some(list())));
        Said::new(0, "INFO").set("SIGNUPMSGSRSV1", two.to_vec())
    });
    assert!(matches!(scenario.run(Intent::Accounts), Err(EngineError::Missing(_))), "two, and none is ours");
    scenario.then_says(move |_| {
        Said::new(0, "INFO").set("SIGNUPMSGSRSV1", vec![transaction("ACCTINFOTRNRS", "1", 0, Some(list()))])
    });
    assert_eq!(scenario.run(Intent::Accounts), Ok(Step::Done(Outcome::Accounts)));
}

#[test]
fn what_was_accepted_otherwise_than_asked_shows() {
    let mut scenario = Scenario::new(easy());
    scenario.then(|bank, sent| {
        let text = String::from_utf8(honest(bank, sent)).unwrap();
        let lie = text.replace("84.20", "8420").replace("1000001", "1000002").replace("88-204-117", "1");
        Reply::Body(lie.replace("20260123", "20260124").into_bytes())
    });
    let receipt = paid(scenario.pay());
    let asked_for = super::scenario::payment();
    assert_eq!(receipt.differences(&asked_for), ["BANKACCTFROM", "TRNAMT", "PAYACCT", "DTDUE"]);
}

/// It goes into blobs, which have their limit.
#[test]
fn an_endless_text_is_cut_wherever_it_is_kept() {
    let answered = |code: &'static str| {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(move |sent| {
            let endless = "x".repeat(70_000);
            let status = [("CODE", code), ("SEVERITY", endless.as_str()), ("MESSAGE", endless.as_str())];
            let status = status.into_iter().map(|(tag, value)| Element::leaf(tag, value)).collect();
            let inside = vec![Element::leaf("TRNUID", sent.trn_uid()), Element::aggregate("STATUS", status)];
            Said::new(0, "INFO").payments(vec![Element::aggregate("PMTTRNRS", inside)])
        });
        scenario.pay()
    };
    let Doubt::Duplicate(Some(message)) = unknown(answered("2019")) else { panic!("a duplicate") };
    assert_eq!(message.len(), 255);
    let status = refused(answered("10504")).status;
    assert_eq!((status.severity, status.message.unwrap().len()), (None, 255));
}
