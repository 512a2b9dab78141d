//! What an answer or a history says of a change that a second copy must not pass by, and that is no answer to ours.

use ofx_session::engine::{BatchAnswer, Change, ChangeKind, Doubt, Intent, Outcome, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{
    AccountType, BankAccount, Element, Frequency, ModelCancellation, PaymentModification, Recurrence, RecurringPayment,
    Request, SyncKind, SyncMode,
};

use super::recovery::with_value;
use super::scenario::{Reply, Said, Scenario, Sent, acceptance, easy, paid, payment, refused, transaction, unknown};

fn account() -> Element {
    let members = [("BANKID", "999888777"), ("ACCTID", "1000001"), ("ACCTTYPE", "CHECKING")];
    Element::aggregate("BANKACCTFROM", members.into_iter().map(|(tag, value)| Element::leaf(tag, value)).collect())
}

/// A history of kind `tag`: `PMTSYNCRS`, `RECPMTSYNCRS`.
fn history(tag: &'static str, token: &str, inside: Vec<Element>) -> Element {
    let mut all = vec![Element::leaf("TOKEN", token), Element::leaf("LOSTSYNC", "N"), account()];
    all.extend(inside);
    Element::aggregate(tag, all)
}

fn says(tag: &'static str, token: &str, inside: Vec<Element>) -> Said {
    Said::new(0, "INFO").payments(vec![history(tag, token, inside)])
}

fn modification() -> Intent {
    Request::from(PaymentModification::new("4711", payment())).into()
}

fn recurring() -> Intent {
    Request::from(RecurringPayment::new(Recurrence::endless(Frequency::Monthly), payment())).into()
}

fn end_of_model() -> Intent {
    let request = Box::new(ModelCancellation::new("4711", true).into());
    Intent::Request { request, account: Some(payment().from.clone()) }
}

/// The request in a file, and the history that it goes into.
fn request(sent: &Sent) -> Option<(&'static str, Element)> {
    [("PMTSYNCRS", "PMTSYNCRQ/PMTTRNRQ"), ("RECPMTSYNCRS", "RECPMTSYNCRQ/RECPMTTRNRQ")].into_iter().find_map(
        |(history, path)| {
            let set = sent.document.find("/OFX/BILLPAYMSGSRQV1")?;
            Some((history, set.find(path)?.clone()))
        },
    )
}

fn copies(scenario: &Scenario) -> usize {
    scenario.sent.iter().filter(|sent| request(sent).is_some()).count()
}

/// A full history that has begun, and `intent` under way in it.
fn begun(intent: &Intent) -> (Scenario, &'static str) {
    let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Full));
    let of_models = matches!(intent, Intent::Request { request, .. }
        if matches!(**request, Request::AddRecurring(_) | Request::CancelRecurring(_)));
    let tag = if of_models { "RECPMTSYNCRS" } else { "PMTSYNCRS" };
    scenario.then_says(move |_| says(tag, "t-1", vec![]));
    (scenario, tag)
}

fn lost(intent: Intent) -> (Scenario, &'static str) {
    let (mut scenario, tag) = begun(&intent);
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(intent));
    (scenario, tag)
}

/// Nothing further is sent by itself after the history says `told`.
fn stops_at(intent: Intent, told: impl Fn(&Sent) -> Vec<Element> + Send + 'static) -> Doubt {
    let (mut scenario, tag) = lost(intent);
    let sent = scenario.last().clone();
    scenario.then_says(move |_| says(tag, "t-2", told(&sent)));
    let doubt = unknown(scenario.reconcile());
    assert_eq!(copies(&scenario), 1, "{doubt:?}");
    assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "a person must find out");
    doubt
}

fn modified(trn_uid: &str, info: Element) -> Element {
    let done = Element::aggregate("PMTMODRS", vec![Element::leaf("SRVRTID", "4711"), info]);
    transaction("PMTTRNRS", trn_uid, 0, Some(done))
}

fn info(sent: &Sent) -> Element {
    request(sent).unwrap().1.find("PMTMODRQ/PMTINFO").unwrap().clone()
}

/// Under `0` an institution tells what a user has changed by telephone, what came with another change, and, where it keeps no
/// identifiers, our own copy.
#[test]
fn a_change_of_the_same_that_is_told_under_no_name_stops_a_second_copy() {
    for amount in ["84.20", "70.00"] {
        let doubt =
            stops_at(modification(), move |sent| vec![modified("0", with_value(&info(sent), "TRNAMT", amount))]);
        assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("a newer change of the same")), "{doubt:?}");
    }
    let doubt = stops_at(end_of_model(), |_| {
        let inside = vec![Element::leaf("RECSRVRTID", "4711"), Element::leaf("CANPENDING", "Y")];
        vec![transaction("RECPMTTRNRS", "0", 0, Some(Element::aggregate("RECPMTCANCRS", inside)))]
    });
    assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("a newer change of the same")), "{doubt:?}");
}

#[test]
fn what_cannot_be_read_stops_a_second_copy_of_a_change() {
    let doubt =
        stops_at(modification(), |sent| vec![modified("another", with_value(&info(sent), "TRNAMT", "seventy"))]);
    assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("cannot be read")), "{doubt:?}");
}

#[test]
fn a_model_like_it_and_the_end_of_the_same_stop_a_second_copy() {
    // As it came to be, or as it stands.
    for response in ["RECPMTRS", "RECPMTMODRS"] {
        let doubt = stops_at(recurring(), move |sent| {
            let mut model = vec![Element::leaf("RECSRVRTID", "7")];
            model.extend((response == "RECPMTRS").then(|| Element::leaf("CURDEF", "USD")));
            model.extend(request(sent).unwrap().1.find("RECPMTRQ").unwrap().children().to_vec());
            model.extend((response != "RECPMTRS").then(|| Element::leaf("MODPENDING", "N")));
            vec![transaction("RECPMTTRNRS", "0", 0, Some(Element::aggregate(response, model)))]
        });
        assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("like this one")), "{response}: {doubt:?}");
    }
    let doubt = stops_at(Intent::cancel_payment("4711", &payment().from), |_| {
        let canceled = Element::aggregate("PMTCANCRS", vec![Element::leaf("SRVRTID", "4711")]);
        vec![transaction("PMTTRNRS", "0", 0, Some(canceled))]
    });
    assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("a newer change of the same")), "{doubt:?}");
}

/// A history may keep how a payment stands, and not how it came to be.
#[test]
fn a_payment_like_it_that_is_told_as_it_stands_stops_a_second_copy() {
    let doubt = stops_at(Intent::Pay(Box::new(payment())), |sent| {
        vec![modified("0", acceptance(sent).find("PMTINFO").unwrap().clone())]
    });
    assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("like this one")), "{doubt:?}");
}

/// An institution may have done what it gives a code of its own to.
#[test]
fn a_payment_like_it_that_is_told_with_an_error_stops_a_second_copy() {
    let doubt = stops_at(Intent::Pay(Box::new(payment())), |sent| {
        vec![transaction("PMTTRNRS", "0", 10_991, Some(acceptance(sent)))]
    });
    assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("like this one")), "{doubt:?}");
    let doubt = stops_at(modification(), |sent| {
        let done = Element::aggregate("PMTMODRS", vec![Element::leaf("SRVRTID", "4711"), info(sent)]);
        vec![transaction("PMTTRNRS", "another", 2000, Some(done))]
    });
    assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("a newer change of the same")), "{doubt:?}");
}

/// Institutions move a day by a weekend and a holiday, and the bill of another month is another one.
#[test]
fn what_is_told_as_it_stands_counts_for_the_days_around() {
    for (due, stops) in [("20260129", true), ("20260117", true), ("20260130", false), ("20260116", false)] {
        for (intent, response) in [(Intent::Pay(Box::new(payment())), "PMTMODRS"), (recurring(), "RECPMTMODRS")] {
            let (mut scenario, tag) = lost(intent);
            let sent = scenario.last().clone();
            scenario.then_says(move |_| {
                let (_, request) = request(&sent).unwrap();
                let told = if tag == "PMTSYNCRS" {
                    modified("0", request.find("PMTRQ/PMTINFO").unwrap().clone())
                } else {
                    let mut model = vec![Element::leaf("RECSRVRTID", "7")];
                    model.extend(request.find("RECPMTRQ").unwrap().children().to_vec());
                    model.push(Element::leaf("MODPENDING", "N"));
                    transaction("RECPMTTRNRS", "0", 0, Some(Element::aggregate(response, model)))
                };
                says(tag, "t-2", vec![with_value(&told, "DTDUE", due)])
            });
            scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
            unknown(scenario.reconcile());
            assert_eq!(copies(&scenario), if stops { 1 } else { 2 }, "{response} {due}");
        }
    }
}

/// Somebody else's change may stand in any of them.
#[test]
fn the_history_of_an_account_may_come_in_parts() {
    let (mut scenario, tag) = lost(Intent::Pay(Box::new(payment())));
    let like = scenario.last().clone();
    scenario.then_says(move |_| {
        let rival = transaction("PMTTRNRS", "0", 0, Some(acceptance(&like)));
        Said::new(0, "INFO").payments(vec![history(tag, "t-2", vec![]), history(tag, "t-3", vec![rival])])
    });
    unknown(scenario.reconcile());
    assert_eq!(copies(&scenario), 1);
    // Where one of them has no token, they are not the whole.
    let (mut scenario, tag) = lost(Intent::Pay(Box::new(payment())));
    scenario.then_says(move |_| {
        Said::new(0, "INFO").payments(vec![history(tag, "-1", vec![]), history(tag, "t-3", vec![])])
    });
    unknown(scenario.reconcile());
    assert_eq!(copies(&scenario), 1);
}

/// Status 0 under our identifier, without the response that says what was done: that its history has nothing of it is no proof.
#[test]
fn what_was_accepted_without_its_response_is_not_sent_again() {
    for intent in [Intent::Pay(Box::new(payment())), recurring(), modification()] {
        let (mut scenario, tag) = begun(&intent);
        scenario.then_says(move |sent| {
            let (_, request) = request(sent).unwrap();
            let transaction_tag = if tag == "PMTSYNCRS" { "PMTTRNRS" } else { "RECPMTTRNRS" };
            says(tag, "t-2", vec![transaction(transaction_tag, request.value("TRNUID").unwrap(), 0, None)])
        });
        scenario.then_says(move |_| says(tag, "t-3", vec![]));
        let doubt = unknown(scenario.run(intent));
        assert!(matches!(&doubt, Doubt::Unreadable(why) if why.contains("without the response")), "{doubt:?}");
        assert_eq!(copies(&scenario), 1);
    }
}

/// The saved answer may be gone, and the file be carried out anew: refused for what the first copy did, or what happened since.
#[test]
fn a_refusal_of_the_same_file_counts_when_the_history_has_nothing_of_it() {
    for is_made in [true, false] {
        let both = easy().everything().sync_mode(SyncMode::Full).file_recovery(true);
        let mut scenario = Scenario::with_profile(both);
        scenario.then_says(|_| says("PMTSYNCRS", "t-1", vec![]));
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        unknown(scenario.pay());
        let first = scenario.last().clone();
        scenario.then_says(|sent| {
            Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 10_504, None)])
        });
        scenario.then_says(move |_| {
            let made = transaction("PMTTRNRS", first.trn_uid(), 0, Some(acceptance(&first)));
            says("PMTSYNCRS", "t-2", Vec::from_iter(is_made.then_some(made)))
        });
        let told = scenario.reconcile();
        if is_made {
            assert_eq!(paid(told).id(), "4711");
        } else {
            assert_eq!(refused(told).status.code.value(), 10_504);
        }
    }
}

/// Whoever asked for the change did not know of the newer one.
#[test]
fn a_change_does_not_go_over_a_newer_one_that_the_institution_tells_of() {
    let (mut scenario, _) = begun(&modification());
    scenario.then_says(|sent| {
        let newer = modified("another", with_value(&info(sent), "TRNAMT", "70.00"));
        let (_, request) = request(sent).unwrap();
        let late = transaction("PMTTRNRS", request.value("TRNUID").unwrap(), 6502, None);
        says("PMTSYNCRS", "t-2", vec![newer, late])
    });
    assert_eq!(refused(scenario.run(modification())).status.code.value(), 6502);
    assert_eq!(copies(&scenario), 1);
    // That of another payment is no reason.
    let (mut scenario, _) = begun(&modification());
    scenario.then_says(|sent| {
        let other = with_value(&modified("another", info(sent)), "SRVRTID", "4712");
        let (_, request) = request(sent).unwrap();
        let late = transaction("PMTTRNRS", request.value("TRNUID").unwrap(), 6502, None);
        says("PMTSYNCRS", "t-2", vec![other, late])
    });
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    unknown(scenario.run(modification()));
    assert_eq!(copies(&scenario), 2);
}

/// The first copy may have been carried out before the newer change, so that a second one is behind the times.
#[test]
fn a_second_copy_of_a_change_that_is_out_of_date_leaves_the_doubt() {
    let (mut scenario, _) = lost(modification());
    scenario.then_says(|sent| {
        let newer = modified("another", with_value(&info(sent), "TRNAMT", "70.00"));
        let late = transaction("PMTTRNRS", request(sent).unwrap().1.value("TRNUID").unwrap(), 6502, None);
        says("PMTSYNCRS", "t-2", vec![newer, late])
    });
    scenario.then(|_, _| Reply::Failed(Delivery::NotSent));
    assert_eq!(unknown(scenario.repeat()), Doubt::NoAnswer("lost".to_owned()));
}

/// What stands before our change was there when it was made.
#[test]
fn what_came_since_a_change_stands_behind_it() {
    let (mut scenario, _) = begun(&modification());
    scenario.then_says(|sent| {
        let ours = request(sent).unwrap().1.value("TRNUID").unwrap().to_owned();
        let told = |uid: &str, amount| modified(uid, with_value(&info(sent), "TRNAMT", amount));
        let other = with_value(&told("other", "3.00"), "SRVRTID", "4712");
        let refused = with_value(&told("refused", "4.00"), "CODE", "2016");
        let refused = with_value(&refused, "SEVERITY", "ERROR");
        let all = vec![told("before", "1.00"), told(&ours, "84.20"), other, refused, told("behind", "2.00")];
        says("PMTSYNCRS", "t-2", all)
    });
    let Ok(Step::Done(Outcome::Confirmed(done))) = scenario.run(modification()) else { panic!("not confirmed") };
    let since: Vec<_> = done.since.iter().map(|change| change.answer.trn_uid.as_str()).collect();
    assert_eq!(since, ["behind"]);
}

/// The last of what came since says how it stands, so that it holds nothing of which nobody knows. A synchronization tells that.
#[test]
fn what_may_have_come_since_a_change_is_told_by_a_synchronization() {
    let (mut scenario, _) = begun(&modification());
    let told = |sent: &Sent| {
        let done = Element::aggregate("PMTMODRS", vec![Element::leaf("SRVRTID", "4711"), info(sent)]);
        vec![modified("behind", info(sent)), transaction("PMTTRNRS", "nobody-knows", 10_991, Some(done))]
    };
    scenario.then_says(move |sent| {
        let ours = request(sent).unwrap().1.value("TRNUID").unwrap().to_owned();
        let mut all = vec![modified(&ours, info(sent))];
        all.extend(told(sent));
        says("PMTSYNCRS", "t-2", all)
    });
    let Ok(Step::Done(Outcome::Confirmed(done))) = scenario.run(modification()) else { panic!("not confirmed") };
    let names = |changes: &[Change]| -> Vec<_> {
        changes.iter().map(|change| (change.answer.trn_uid.as_str().to_owned(), change.kind())).collect()
    };
    assert_eq!(names(&done.since), [("behind".to_owned(), ChangeKind::Modified)]);
    let sent = scenario.last().clone();
    scenario.then_says(move |_| says("PMTSYNCRS", "t-2", told(&sent)));
    let step = scenario.run(Intent::synchronize(SyncKind::Payments, Some(&payment().from)));
    let Ok(Step::Done(Outcome::Synchronized(changes))) = step else { panic!("{step:?}") };
    let known = ("behind".to_owned(), ChangeKind::Modified);
    assert_eq!(names(&changes.changes), [known, ("nobody-knows".to_owned(), ChangeKind::Unknown)]);
}

#[test]
fn that_changes_are_missing_is_told_with_the_rest() {
    let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Full));
    for (lost_sync, is_lost) in [("Y", true), ("N", false)] {
        scenario.then_says(move |_| {
            Said::new(0, "INFO").payments(vec![with_value(&history("PMTSYNCRS", "t-1", vec![]), "LOSTSYNC", lost_sync)])
        });
        let told = scenario.run(Intent::synchronize(SyncKind::Payments, Some(&payment().from)));
        let Ok(Step::Done(Outcome::Synchronized(changes))) = told else { panic!("{told:?}") };
        assert_eq!(changes.lost_sync, is_lost);
    }
}

#[test]
fn one_history_without_its_account_is_not_that_of_two() {
    let sync = |account| Intent::Synchronize { kind: SyncKind::Payments, account: Some(account), from: None };
    let savings = BankAccount::new("999888777", "1000002", AccountType::Savings);
    for (accounts, told) in [(vec![payment().from.clone(), savings], 0), (vec![payment().from.clone()], 1)] {
        let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Full));
        scenario.then_says(|_| {
            let inside = vec![Element::leaf("TOKEN", "t-1"), Element::leaf("LOSTSYNC", "N")];
            Said::new(0, "INFO").payments(vec![Element::aggregate("PMTSYNCRS", inside)])
        });
        let batch = Intent::Batch(accounts.into_iter().map(sync).collect());
        let Ok(Step::Done(Outcome::Batch(answers))) = scenario.run(batch) else { panic!("no answers") };
        let found = answers.iter().filter(|answer| matches!(answer, BatchAnswer::Synchronized(_))).count();
        assert_eq!(found, told, "{answers:?}");
    }
}
