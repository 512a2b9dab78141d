//! Changes that are no payments: cancellations, payees and the like run through the same doubt and the same recovery.

use ofx_session::engine::{
    Change, ChangeKind, Confirmed, Doubt, EngineError, Intent, Operation, Outcome, Situation, Step,
};
use ofx_session::error::Delivery;
use ofx_session::ofx::{
    AccountType, BankAccount, CanceledPayment, Element, ListedPayee, PayeeAddition, PayeeDeletion, Payment,
    PaymentCancellation, PaymentInquiry, PaymentModification, PaymentStatus, SyncFrom, SyncKind, SyncMode,
};

use super::scenario::{Reply, Said, Scenario, Sent, easy, payment, refused, transaction, unknown};

fn promising(sync_mode: SyncMode) -> Scenario {
    Scenario::with_profile(easy().sync_mode(sync_mode))
}

fn account() -> BankAccount {
    payment().from.clone()
}

fn cancellation() -> Intent {
    Intent::Request { request: Box::new(PaymentCancellation::new("4711").into()), account: Some(account()) }
}

fn new_payee() -> Intent {
    let payee = payment().payee.clone();
    Intent::Request { request: Box::new(PayeeAddition::new(payee).into()), account: None }
}

fn frame(tag: &'static str, token: &str, inside: Vec<Element>) -> Said {
    let mut all = vec![Element::leaf("TOKEN", token), Element::leaf("LOSTSYNC", "N")];
    if tag == "PMTSYNCRS" {
        let own = account();
        let members = [("BANKID", own.bank_id.as_str()), ("ACCTID", &own.account_id), ("ACCTTYPE", "CHECKING")];
        let members = members.into_iter().map(|(tag, value)| Element::leaf(tag, value)).collect();
        all.push(Element::aggregate("BANKACCTFROM", members));
    }
    all.extend(inside);
    Said::new(0, "INFO").payments(vec![Element::aggregate(tag, all)])
}

fn canceled(trn_uid: &str, code: u32) -> Element {
    let body = (code == 0).then(|| Element::aggregate("PMTCANCRS", vec![Element::leaf("SRVRTID", "4711")]));
    transaction("PMTTRNRS", trn_uid, code, body)
}

fn listed(trn_uid: &str) -> Element {
    let body = Element::aggregate("PAYEERS", vec![Element::leaf("PAYEELSTID", "17")]);
    transaction("PAYEETRNRS", trn_uid, 0, Some(body))
}

fn confirmed<R: TryFrom<ofx_session::ofx::Reply>>(step: Result<Step, EngineError>) -> Confirmed<R> {
    match step {
        Ok(Step::Done(Outcome::Confirmed(confirmed))) => confirmed.of().expect("the kind that was asked for"),
        other => panic!("not confirmed: {other:?}"),
    }
}

fn find<'a>(sent: &'a Sent, path: &str) -> Option<&'a Element> {
    sent.document.find("/OFX/BILLPAYMSGSRQV1").and_then(|set| set.find(path))
}

#[test]
fn a_cancellation_goes_into_the_history_of_the_account_that_is_paid_from() {
    let mut scenario = promising(SyncMode::Full);
    scenario.then_says(|_| frame("PMTSYNCRS", "t-1", vec![]));
    scenario.then_says(|sent| frame("PMTSYNCRS", "t-2", vec![canceled(sent.trn_uid(), 0)]));
    let done: Confirmed<CanceledPayment> = confirmed(scenario.run(cancellation()));
    assert_eq!(
        (done.server_id.as_str(), done.aggregate().as_str()),
        ("4711", "<PMTCANCRS><SRVRTID>4711</SRVRTID></PMTCANCRS>")
    );
    assert_eq!(done.trn_uid().as_str(), scenario.last().trn_uid());
    let frame = find(scenario.last(), "PMTSYNCRQ").unwrap();
    assert_eq!((frame.value("TOKEN"), frame.value("REJECTIFMISSING")), (Some("t-1"), Some("Y")));
    assert_eq!(frame.find("BANKACCTFROM/ACCTID").unwrap().text(), Some(account().account_id.as_str()));
    assert_eq!(frame.find("PMTTRNRQ/PMTCANCRQ/SRVRTID").unwrap().text(), Some("4711"));
}

#[test]
fn a_lost_answer_to_a_cancellation_is_found_in_the_history() {
    let mut scenario = promising(SyncMode::Full);
    scenario.then_says(|_| frame("PMTSYNCRS", "t-1", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    assert_eq!(unknown(scenario.run(cancellation())), Doubt::NoAnswer("lost".to_owned()));
    let uid = scenario.last().trn_uid().to_owned();
    assert!(scenario.operation.as_ref().is_some_and(Operation::can_reconcile));
    let told = uid.clone();
    scenario.then_says(move |_| frame("PMTSYNCRS", "t-3", vec![canceled("other", 0), canceled(&told, 0)]));
    let done: Confirmed<CanceledPayment> = confirmed(scenario.reconcile());
    assert_eq!(done.trn_uid().as_str(), uid);
    let asked = find(scenario.last(), "PMTSYNCRQ").unwrap();
    assert_eq!((asked.value("TOKEN"), asked.child("PMTTRNRQ")), (Some("t-1"), None));
}

#[test]
fn a_cancellation_that_the_history_does_not_know_is_sent_again_as_it_was() {
    let mut scenario = promising(SyncMode::Full);
    scenario.then_says(|_| frame("PMTSYNCRS", "t-1", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(cancellation()));
    let first = find(scenario.last(), "PMTSYNCRQ/PMTTRNRQ").unwrap().clone();
    scenario.then_says(|_| frame("PMTSYNCRS", "t-2", vec![]));
    scenario.then_says(|sent| frame("PMTSYNCRS", "t-3", vec![canceled(sent.trn_uid(), 2017)]));
    let refusal = refused(scenario.reconcile());
    assert_eq!(refusal.status.code.value(), 2017);
    let again = find(scenario.last(), "PMTSYNCRQ").unwrap();
    assert_eq!((again.value("TOKEN"), again.child("PMTTRNRQ")), (Some("t-2"), Some(&first)));
}

#[test]
fn a_payee_is_added_in_the_history_of_the_user() {
    let mut scenario = promising(SyncMode::Full);
    scenario.then_says(|_| frame("PAYEESYNCRS", "p-1", vec![]));
    scenario.then_says(|sent| {
        let uid = find(sent, "PAYEESYNCRQ/PAYEETRNRQ").unwrap().value("TRNUID").unwrap();
        frame("PAYEESYNCRS", "p-2", vec![listed(uid)])
    });
    let done: Confirmed<ListedPayee> = confirmed(scenario.run(new_payee()));
    assert_eq!(done.list_id, "17");
    let frame = find(scenario.last(), "PAYEESYNCRQ").unwrap();
    assert_eq!(
        frame.children().iter().map(Element::tag).collect::<Vec<_>>(),
        ["TOKEN", "REJECTIFMISSING", "PAYEETRNRQ"]
    );
}

#[test]
fn tokens_of_one_history_are_no_tokens_of_another() {
    let mut scenario = promising(SyncMode::Full);
    scenario.then_says(|_| frame("PAYEESYNCRS", "p-1", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(new_payee()));
    scenario.then_says(|_| frame("PMTSYNCRS", "t-1", vec![]));
    scenario.then_says(|sent| frame("PMTSYNCRS", "t-2", vec![canceled(sent.trn_uid(), 0)]));
    let _: Confirmed<CanceledPayment> = confirmed(scenario.run(cancellation()));
    assert_eq!(find(scenario.last(), "PMTSYNCRQ").unwrap().value("TOKEN"), Some("t-1"));
}

#[test]
fn without_a_history_a_lost_answer_stays_unknown_and_nothing_is_sent_by_itself() {
    for intent in [cancellation(), new_payee()] {
        let mut scenario = promising(SyncMode::Lite);
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        let doubt = unknown(scenario.run(intent));
        assert!(doubt.explain().contains("do not enter it again"), "{}", doubt.explain());
        assert_eq!(doubt.to_string(), doubt.explain());
        assert_eq!(scenario.sent.len(), 1);
        let operation = scenario.operation.as_ref().unwrap();
        assert!(
            !operation.can_reconcile()
                && matches!(operation.situation(&scenario.state, scenario.now()), Situation::InDoubt(_))
        );
    }
}

#[test]
fn an_answer_to_another_request_of_the_same_kind_is_none() {
    let mut scenario = promising(SyncMode::Lite);
    scenario.then_says(|_| Said::new(0, "INFO").payments(vec![canceled("somebody-else", 0)]));
    assert_eq!(unknown(scenario.run(cancellation())), Doubt::NotMentioned);
}

#[test]
fn what_only_reads_is_an_error_when_its_answer_is_lost() {
    let inquiry = || Intent::from(ofx_session::ofx::Request::from(PaymentInquiry::new("4711")));
    let mut scenario = promising(SyncMode::Full);
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    scenario.then_says(|sent| {
        let processing = vec![Element::leaf("PMTPRCCODE", "PROCESSEDON"), Element::leaf("DTPMTPRC", "20260108")];
        let body = vec![Element::leaf("SRVRTID", "4711"), Element::aggregate("PMTPRCSTS", processing)];
        let answer = transaction("PMTINQTRNRS", sent.trn_uid(), 0, Some(Element::aggregate("PMTINQRS", body)));
        Said::new(0, "INFO").payments(vec![answer])
    });
    let done: Confirmed<PaymentStatus> = confirmed(scenario.run(inquiry()));
    assert_eq!(done.processing.state.as_str(), "PROCESSEDON");
    assert_eq!(scenario.sent.len(), 2, "asked again: nothing hangs on it");
    assert!(find(scenario.last(), "PMTINQTRNRQ").is_some(), "in no frame");
}

#[test]
fn what_the_profile_does_not_offer_is_not_sent() {
    let mut scenario = promising(SyncMode::Full);
    let change = PaymentModification::new("4711", payment());
    let error = scenario.run(ofx_session::ofx::Request::from(change).into()).unwrap_err();
    assert!(error.to_string().contains("CANMODPMTS") && error.to_string().contains("nothing was sent"), "{error}");
    assert!(scenario.sent.is_empty());
}

#[test]
fn changes_say_who_made_them_and_come_again_until_they_are_acknowledged() {
    let mut scenario = promising(SyncMode::Full);
    scenario.then_says(|_| frame("PMTSYNCRS", "t-1", vec![]));
    scenario.then_says(|sent| frame("PMTSYNCRS", "t-2", vec![canceled(sent.trn_uid(), 0)]));
    let ours = scenario.run(cancellation()).map(|_| scenario.last().trn_uid().to_owned()).unwrap();
    let sync = || Intent::Synchronize { kind: SyncKind::Payments, account: Some(account()), from: None };
    let tell = move |_: &Sent| {
        frame(
            "PMTSYNCRS",
            "t-9",
            vec![canceled("0", 0), canceled("another", 0), canceled(&ours, 0), canceled("x", 2018)],
        )
    };
    scenario.then_says(tell.clone());
    let Ok(Step::Done(Outcome::Synchronized(changes))) = scenario.run(sync()) else { panic!("no changes") };
    let told: Vec<String> =
        changes.changes.iter().map(|change| format!("{:?} {:?}", change.origin, change.kind())).collect();
    // The seeds of this test are not marked as the client's: those that a session makes are, see `tests/it/service`.
    assert_eq!(
        told,
        ["Institution Removed", "AnotherClient Removed", "AnotherClient Removed", "AnotherClient Refused"]
    );
    assert_eq!((changes.token.as_str(), changes.lost_sync), ("t-9", false));
    assert_eq!(changes.changes[0].id(), Some("4711"));
    assert_eq!(find(scenario.last(), "PMTSYNCRQ").unwrap().value("TOKEN"), Some("0"));
    scenario.then_says(tell);
    scenario.run(sync()).unwrap();
    assert_eq!(find(scenario.last(), "PMTSYNCRQ").unwrap().value("TOKEN"), Some("0"), "nobody acknowledged them");
}

#[test]
fn a_synchronization_that_is_refused_says_why() {
    let sync =
        || Intent::Synchronize { kind: SyncKind::Payees, account: None, from: Some(SyncFrom::Token("p-1".to_owned())) };
    let mut scenario = promising(SyncMode::Full);
    scenario.then_says(|_| frame("PAYEESYNCRS", "-1", vec![]));
    let error = scenario.run(sync()).unwrap_err();
    assert!(error.to_string().contains("payees") && error.to_string().contains("TOKEN -1"), "{error}");
    scenario.then_says(|_| Said::new(0, "INFO"));
    let error = scenario.run(sync()).unwrap_err();
    assert!(error.to_string().contains("PAYEESYNCRS"), "{error}");
    scenario.then_says(|_| frame("PAYEESYNCRS", "-1", vec![transaction("PAYEETRNRS", "0", 2000, None)]));
    assert_eq!(refused(scenario.run(sync())).status.code.value(), 2000);
}

/// What was done without a word of what it is was not refused.
#[test]
fn a_success_without_a_response_that_we_know_is_no_refusal() {
    for (code, kind) in [(0, ChangeKind::Unknown), (2000, ChangeKind::Refused)] {
        for body in [None, Some(Element::aggregate("LKS.PMTRS", vec![Element::leaf("SRVRTID", "1")]))] {
            let mut scenario = promising(SyncMode::Full);
            scenario.then_says(move |_| frame("PMTSYNCRS", "t-2", vec![transaction("PMTTRNRS", "x", code, body)]));
            let told = scenario.run(Intent::synchronize(SyncKind::Payments, Some(&account())));
            let Ok(Step::Done(Outcome::Synchronized(changes))) = told else { panic!("{told:?}") };
            assert_eq!(changes.changes.iter().map(Change::kind).collect::<Vec<_>>(), [kind]);
        }
    }
}

#[test]
fn an_account_history_needs_its_account_and_a_refresh_an_institution_that_has_one() {
    let mut scenario = promising(SyncMode::Lite);
    let sync = |account, from| Intent::Synchronize { kind: SyncKind::Payments, account, from };
    let error = scenario.run(sync(None, None)).unwrap_err();
    assert!(error.to_string().contains("BANKACCTFROM"), "{error}");
    let error = scenario.run(sync(Some(account()), Some(SyncFrom::Refresh))).unwrap_err();
    assert!(error.to_string().contains("LITE"), "{error}");
    assert!(scenario.sent.is_empty());
}

#[test]
fn answers_of_a_batch_come_in_the_order_of_the_questions() {
    let mut scenario = promising(SyncMode::Lite);
    let request = |request: ofx_session::ofx::Request| Intent::from(request);
    let batch = vec![
        request(PaymentInquiry::new("1").into()),
        request(PaymentCancellation::new("2").into()),
        request(PayeeDeletion::new("17").into()),
        Intent::Accounts,
    ];
    // The institution answers in an order of its own, and refuses one.
    scenario.then_says(|sent| {
        let uid = |path| find(sent, path).unwrap().value("TRNUID").unwrap().to_owned();
        let accounts = sent.document.find("/OFX/SIGNUPMSGSRQV1/ACCTINFOTRNRQ").unwrap().value("TRNUID").unwrap();
        let list = Element::aggregate("ACCTINFORS", vec![Element::leaf("DTACCTUP", "20260101")]);
        let deleted = Element::aggregate("PAYEEDELRS", vec![Element::leaf("PAYEELSTID", "17")]);
        let processing = vec![Element::leaf("PMTPRCCODE", "FAILEDON"), Element::leaf("DTPMTPRC", "20260108")];
        let status = vec![Element::leaf("SRVRTID", "1"), Element::aggregate("PMTPRCSTS", processing)];
        Said::new(0, "INFO")
            .payments(vec![
                canceled(&uid("PMTTRNRQ"), 2016),
                transaction("PMTINQTRNRS", &uid("PMTINQTRNRQ"), 0, Some(Element::aggregate("PMTINQRS", status))),
                transaction("PAYEETRNRS", &uid("PAYEETRNRQ"), 0, Some(deleted)),
            ])
            .set("SIGNUPMSGSRSV1", vec![transaction("ACCTINFOTRNRS", accounts, 0, Some(list))])
    });
    let Ok(Step::Done(Outcome::Batch(answers))) = scenario.run(Intent::Batch(batch)) else { panic!("no batch") };
    let told: Vec<String> = answers.iter().map(|answer| format!("{answer:?}").chars().take(60).collect()).collect();
    let [status, cancellation, deletion, accounts] = &answers[..] else { panic!("{told:?}") };
    use ofx_session::engine::BatchAnswer::{Confirmed, Refused};
    assert!(matches!(status, Confirmed(done) if done.record.id() == Some("1")), "{told:?}");
    assert!(matches!(cancellation, Refused(refusal) if refusal.status.code.value() == 2016), "{told:?}");
    assert!(matches!(deletion, Confirmed(done) if done.record.id() == Some("17")), "{told:?}");
    assert!(matches!(accounts, Confirmed(_)), "{told:?}");
    assert!(scenario.state.accounts().is_some());
    let tags: Vec<_> = find(scenario.last(), "").unwrap().children().iter().map(Element::tag).collect();
    assert_eq!(tags, ["PAYEETRNRQ", "PMTINQTRNRQ", "PMTTRNRQ"], "payees come first");
}

#[test]
fn a_batch_with_a_change_that_nobody_answered_is_in_doubt_as_a_whole() {
    let mut scenario = promising(SyncMode::Lite);
    let batch = ["1", "2"].map(|id| Intent::from(ofx_session::ofx::Request::from(PaymentCancellation::new(id))));
    scenario.then_says(|sent| Said::new(0, "INFO").payments(vec![canceled(sent.trn_uid(), 0)]));
    assert_eq!(unknown(scenario.run(Intent::Batch(batch.to_vec()))), Doubt::NotMentioned);
}

#[test]
fn a_batch_is_not_empty_and_holds_no_batch() {
    let mut scenario = promising(SyncMode::Lite);
    for batch in
        [vec![], vec![Intent::Profile], vec![Intent::Batch(vec![Intent::Accounts])], vec![Intent::ChangePassword]]
    {
        let error = scenario.run(Intent::Batch(batch)).unwrap_err();
        assert!(error.to_string().contains("batch"), "{error}");
    }
    assert!(scenario.sent.is_empty());
}

/// Whose account it is has nothing to do with it.
#[test]
fn a_token_that_is_too_long_is_called_so() {
    let mut scenario = promising(SyncMode::Full);
    scenario.then_says(|_| frame("PMTSYNCRS", &"t".repeat(37), vec![canceled("0", 2000)]));
    let error = scenario.run(Intent::synchronize(SyncKind::Payments, Some(&account()))).unwrap_err();
    assert!(matches!(error, EngineError::Decode(_)), "{error:?}");
    assert!(error.to_string().contains("TOKEN: it has more than 36 characters"), "{error}");
    scenario.then_says(|_| frame("PMTSYNCRS", &"t".repeat(36), vec![]));
    let step = scenario.run(Intent::synchronize(SyncKind::Payments, Some(&account())));
    assert!(matches!(step, Ok(Step::Done(Outcome::Synchronized(_)))), "{step:?}");
}

#[test]
fn a_payment_of_another_day_is_told_apart() {
    let asked = payment();
    let mut got: Payment = asked.clone();
    got.due = ofx_session::ofx::Stamp::new("20300101");
    assert_eq!(got.differences(&asked), ["DTDUE"]);
    // The same moment, told in another zone.
    got.due = ofx_session::ofx::Stamp::new("20260122190000.000[-5:EST]");
    assert_eq!((asked.due.as_str(), got.differences(&asked)), ("20260123", Vec::new()));
}

/// Whoever gets the money is told by it.
#[test]
fn a_transfer_to_another_account_is_told_apart() {
    let to = |number: &str| payment().by_transfer_to(BankAccount::new("1", number, AccountType::Savings));
    assert_eq!(to("5").differences(&to("5")), Vec::<&str>::new());
    for (got, asked) in [(to("6"), to("5")), (payment(), to("5")), (to("5"), payment())] {
        assert_eq!(got.differences(&asked), ["BANKACCTTO"]);
    }
}

#[test]
fn invoices_that_cannot_be_read_do_not_hide_that_the_payment_was_accepted() {
    let mut scenario = promising(SyncMode::Lite);
    scenario.then_says(|sent| {
        let mut accepted = super::scenario::acceptance(sent);
        let broken = Element::aggregate(
            "EXTDPMT",
            vec![
                Element::leaf("EXTDPMTFOR", "BUSINESS"),
                Element::aggregate(
                    "EXTDPMTINV",
                    vec![Element::aggregate("INVOICE", vec![Element::leaf("INVNO", "1")])],
                ),
            ],
        );
        let with = |element: &Element| match element.tag() {
            "PMTINFO" => {
                let mut inside = element.children().to_vec();
                let at = inside.iter().position(|child| child.tag() == "PAYACCT").unwrap();
                inside.insert(at, broken.clone());
                Element::aggregate("PMTINFO", inside)
            }
            _ => element.clone(),
        };
        accepted = Element::aggregate("PMTRS", accepted.children().iter().map(with).collect());
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(accepted))])
    });
    let receipt = super::scenario::paid(scenario.pay());
    assert_eq!((receipt.id(), receipt.response.payment.extended.len()), ("4711", 0));
}

#[test]
fn what_cannot_be_read_in_a_history_does_not_hide_the_rest() {
    let mut scenario = promising(SyncMode::Full);
    let nonsense =
        transaction("PMTTRNRS", "0", 0, Some(Element::aggregate("PMTRS", vec![Element::leaf("CURDEF", "USD")])));
    scenario.then_says(move |_| frame("PMTSYNCRS", "t-9", vec![nonsense, canceled("0", 0)]));
    let sync = Intent::Synchronize { kind: SyncKind::Payments, account: Some(account()), from: None };
    let Ok(Step::Done(Outcome::Synchronized(changes))) = scenario.run(sync) else { panic!("no changes") };
    assert_eq!((changes.changes.len(), changes.unreadable.len()), (1, 1));
    assert!(changes.unreadable[0].to_string().contains("SRVRTID"), "{}", changes.unreadable[0]);
}

#[test]
fn another_answer_under_our_identifier_is_no_proof_of_absence() {
    let mut scenario = promising(SyncMode::Full);
    scenario.then_says(|_| frame("PMTSYNCRS", "t-1", vec![]));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.pay());
    let uid = scenario.last().trn_uid().to_owned();
    scenario.then_says(move |_| frame("PMTSYNCRS", "t-2", vec![canceled(&uid, 0)]));
    assert!(matches!(unknown(scenario.reconcile()), Doubt::Unreadable(_)));
    assert_eq!(
        scenario.sent.iter().filter(|sent| find(sent, "PMTSYNCRQ/PMTTRNRQ").is_some()).count(),
        1,
        "never sent again"
    );
}

/// Whoever keeps books must neither take it for done nor for refused.
#[test]
fn an_error_with_a_response_is_a_change_of_which_nobody_knows() {
    let mut scenario = promising(SyncMode::Full);
    let body = Element::aggregate("PMTCANCRS", vec![Element::leaf("SRVRTID", "4711")]);
    let told = transaction("PMTTRNRS", "another", 10_991, Some(body));
    scenario.then_says(move |_| frame("PMTSYNCRS", "t-2", vec![told]));
    let step = scenario.run(Intent::synchronize(SyncKind::Payments, Some(&account())));
    let Ok(Step::Done(Outcome::Synchronized(changes))) = step else { panic!("{step:?}") };
    assert_eq!(changes.changes.iter().map(Change::kind).collect::<Vec<_>>(), [ChangeKind::Unknown]);
    assert_eq!(changes.changes[0].id(), Some("4711"));
}
