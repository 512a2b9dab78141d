//! What another client has changed since, and what is told of it: a change in doubt undoes nothing newer.

use ofx_session::ofx::{
    Amount, ModelCancellation, ModelModification, ModifiedPayment, Payee, PayeeAddition, PayeeDeletion,
    PayeeModification, PaymentModification, PaymentState, RecurringModel, Request, SyncMode, UserInfo,
};
use ofx_session::{
    Answers, ChangeKind, Completed, Confirmed, ErrorKind, Frequency, Intent, Moved, PayeeRef, Payment, Progress,
    Recurrence, RecurringPayment, Session,
};
use rust_decimal::Decimal;

use super::line::{Fate, Line, easy, now, pause_and_resume, payment, session};

fn amount(cents: i64) -> Payment {
    let mut payment = payment();
    payment.amount = Amount::new(Decimal::new(cents, 2));
    payment
}

fn opened() -> (Line, Session) {
    let line = Line::new(easy().everything().sync_mode(SyncMode::Full).build_model());
    let session = session(&line);
    (line, session)
}

fn cents_of(line: &Line, id: &str) -> i64 {
    let wire = line.wire();
    let entry = wire.bank.payments().iter().find(|entry| entry.server_id == id).unwrap();
    (entry.payment.amount.value() * Decimal::from(100)).try_into().unwrap()
}

fn payee(city: &str) -> Payee {
    Payee::new("Harbor & Sons", "14 Quay Street", city, "RI", "02840", "401-555-0142")
}

fn confirmed(told: Result<Progress<Completed>, ofx_session::Error>) -> Confirmed {
    match told {
        Ok(Progress::Done(Completed::Confirmed(confirmed))) => *confirmed,
        other => panic!("not confirmed: {other:?}"),
    }
}

/// It came with a payment of another client, and the institution tells it as its own doing.
#[test]
fn a_payee_s_newer_address_stays() {
    let (line, mut session) = opened();
    let added = now(session.add_payee(&PayeeAddition::new(payee("Oldtown")).pay_account("88-204-117")));
    let id = added.unwrap().done().unwrap().list_id.clone();
    line.then([Fate::LostBefore]);
    let change = PayeeModification::new(id.as_str(), Some(payee("Middletown"))).pay_account("88-204-117");
    assert!(matches!(now(session.modify_payee(&change)), Ok(Progress::Unknown(_))));
    let mut newest = payment().payee_list_id(id.as_str());
    newest.payee = payee("Newtown").into();
    line.wire().bank.other_client_pays("jane", &newest).unwrap();
    assert!(matches!(now(session.reconcile()), Ok(Progress::Unknown(_))));
    assert_eq!(line.wire().bank.payee_list("jane")[0].payee.clone().unwrap().city, "Newtown");
}

fn sent(line: &Line, request: &str) -> usize {
    line.work().iter().filter(|tail| tail.contains(&format!("<{request}>"))).count()
}

/// Whoever asked for a change of a payee did not know that it is gone, and nobody knows whether it went before the change or behind it.
#[test]
fn a_payee_that_is_gone_meanwhile_leaves_the_doubt_and_is_not_sent_again() {
    for (deletes, fate) in [(false, Fate::LostBefore), (false, Fate::Refuses(503)), (true, Fate::LostBefore)] {
        let (line, mut session) = opened();
        let added = now(session.add_payee(&PayeeAddition::new(payee("Oldtown")).pay_account("88-204-117")));
        let id = added.unwrap().done().unwrap().list_id.clone();
        line.then([fate.clone()]);
        let change = PayeeModification::new(id.as_str(), Some(payee("Middletown"))).pay_account("88-204-117");
        let is_lost = if deletes {
            matches!(now(session.delete_payee(&id)), Ok(Progress::Unknown(_)))
        } else {
            matches!(now(session.modify_payee(&change)), Ok(Progress::Unknown(_)))
        };
        assert!(is_lost, "{deletes} {fate:?}");
        line.wire().bank.other_client_asks("jane", PayeeDeletion::new(id.as_str())).unwrap();
        let before = line.work().len();
        let Ok(Progress::Unknown(doubt)) = now(session.reconcile()) else { panic!("{deletes} {fate:?}") };
        assert!(doubt.explain().contains("a newer change of the same"), "{doubt:?}");
        assert_eq!(line.work().len(), before + 1, "the history, and nothing else");
        assert!(!session.can_reconcile(), "a person must find out");
        assert_eq!(line.wire().bank.payee_list("jane"), []);
    }
}

/// Not looked at, because the payee is gone: there is nothing to send again.
#[test]
fn a_change_of_a_payee_that_is_gone_is_out_of_date() {
    let (line, mut session) = opened();
    let added = now(session.add_payee(&PayeeAddition::new(payee("Oldtown")).pay_account("88-204-117")));
    let id = added.unwrap().done().unwrap().list_id.clone();
    line.wire().bank.other_client_asks("jane", PayeeDeletion::new(id.as_str())).unwrap();
    let change = PayeeModification::new(id.as_str(), Some(payee("Middletown"))).pay_account("88-204-117");
    let error = now(session.modify_payee(&change)).unwrap_err();
    assert_eq!(error.status().map(|status| status.value()), Some(6502));
    assert_eq!(sent(&line, "PAYEEMODRQ"), 1);
    // What is to be gone is asked for all the same, and the institution says that it is.
    let error = now(session.delete_payee(&id)).unwrap_err();
    assert_ne!(error.status().map(|status| status.value()), Some(6502));
    assert_eq!(error.money_may_have_moved(), Moved::No);
}

/// What is to be gone is to be gone however it stands.
#[test]
fn a_payee_that_another_has_changed_meanwhile_is_deleted_all_the_same() {
    for fate in [Fate::Honest, Fate::LostBefore] {
        let (line, mut session) = opened();
        let added = now(session.add_payee(&PayeeAddition::new(payee("Oldtown")).pay_account("88-204-117")));
        let id = added.unwrap().done().unwrap().list_id.clone();
        let change = PayeeModification::new(id.as_str(), Some(payee("Newtown"))).pay_account("88-204-117");
        if matches!(fate, Fate::LostBefore) {
            line.then([fate.clone()]);
            assert!(matches!(now(session.delete_payee(&id)), Ok(Progress::Unknown(_))));
            line.wire().bank.other_client_asks("jane", change).unwrap();
            confirmed(now(session.reconcile()));
        } else {
            line.wire().bank.other_client_asks("jane", change).unwrap();
            now(session.delete_payee(&id)).unwrap().done().unwrap();
        }
        assert_eq!(line.wire().bank.payee_list("jane"), [], "{fate:?}");
        assert_eq!(sent(&line, "PAYEEDELRQ"), if matches!(fate, Fate::LostBefore) { 1 } else { 2 });
    }
}

/// No copy was made: the payee was there for the first, and is gone for the second.
#[test]
fn a_payment_to_a_payee_that_is_gone_meanwhile_is_refused_for_good() {
    let (line, mut session) = opened();
    let added = now(session.add_payee(&PayeeAddition::new(payee("Oldtown")).pay_account("88-204-117")));
    let id = added.unwrap().done().unwrap().list_id.clone();
    let mut what = payment().payee_list_id(id.as_str());
    what.payee = PayeeRef::Id(id.as_str().to_owned());
    line.then([Fate::Honest, Fate::LostBefore]);
    assert!(matches!(now(session.pay(&what)), Ok(Progress::Unknown(_))));
    line.wire().bank.other_client_asks("jane", PayeeDeletion::new(id.as_str())).unwrap();
    let error = now(session.reconcile()).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Refused, Moved::No), "{error}");
    line.clean(0);
}

/// Before it was paused it had asked for a token; after it, it asks for the whole history, in which stands what is older than the change.
#[test]
fn an_older_change_of_the_same_settles_nothing_of_one_that_was_paused_before_it_had_a_token() {
    for (cancels, ours) in [(false, false), (true, false), (false, true), (true, true)] {
        for fate in [Fate::Honest, Fate::LostBefore, Fate::LostAfter] {
            let (line, first) = opened();
            drop(first);
            line.wire().bank.other_client_pays("jane", &amount(1000)).unwrap();
            let id = line.wire().bank.payments()[0].server_id.clone();
            if ours {
                now(session(&line).modify_payment(&id, &amount(3000))).unwrap().done().unwrap();
            } else {
                line.wire()
                    .bank
                    .other_client_asks("jane", PaymentModification::new(id.as_str(), amount(3000)))
                    .unwrap();
            }
            let mut session = session(&line);
            let from = payment().from.clone();
            let intent = if cancels {
                Intent::cancel_payment(id.as_str(), &from)
            } else {
                Request::from(PaymentModification::new(id.as_str(), amount(5000))).into()
            };
            now(session.prepare(intent)).unwrap();
            let trn_uid = session.trn_uid();
            // The question for the token gets lost.
            line.then([Fate::LostBefore]);
            now(session.proceed()).unwrap_err();
            let mut session = pause_and_resume(session, &line);
            line.then([Fate::Honest, fate.clone()]);
            let mut told = now(session.proceed());
            if matches!(told, Ok(Progress::Unknown(_))) {
                told = now(pause_and_resume(session, &line).reconcile());
            }
            let done = confirmed(told);
            assert_eq!(Some(done.trn_uid()), trn_uid.as_ref(), "{cancels} {ours} {fate:?}");
            assert_eq!(done.since, []);
            if cancels {
                let wire = line.wire();
                let state = wire.bank.payments()[0].state.clone();
                assert_eq!(state, PaymentState::CanceledOn, "{ours} {fate:?}");
            } else {
                assert_eq!(cents_of(&line, &id), 5000, "{ours} {fate:?}");
            }
            assert_eq!(line.wire().bank.violations(), Vec::<String>::new().as_slice());
        }
    }
}

/// It came with a change of the model that has made the payment.
#[test]
fn a_payment_s_newer_amount_stays() {
    let (line, mut session) = opened();
    let monthly = RecurringPayment::new(Recurrence::times(3, Frequency::Monthly), amount(1000));
    let model = now(session.add_recurring(&monthly)).unwrap().done().unwrap().model_id.clone();
    let id = line.wire().bank.payments()[0].server_id.clone();
    line.then([Fate::Honest, Fate::LostBefore]);
    assert!(matches!(now(session.modify_payment(&id, &amount(5000))), Ok(Progress::Unknown(_))));
    let change = ModelModification::new(model.as_str(), Recurrence::times(3, Frequency::Monthly), amount(7000), true);
    line.wire().bank.other_client_asks("jane", change).unwrap();
    assert!(matches!(now(session.reconcile()), Ok(Progress::Unknown(_))));
    assert_eq!(cents_of(&line, &id), 7000);
}

#[test]
fn a_user_s_newer_address_stays() {
    let (line, mut session) = opened();
    let info = |city: &str| UserInfo::new().first_name("Jane").last_name("Doe").address1("1 Street").city(city);
    now(session.change_user_info(&info("Oldtown"))).unwrap().done().unwrap();
    line.then([Fate::LostBefore]);
    assert!(matches!(now(session.change_user_info(&info("Middletown"))), Ok(Progress::Unknown(_))));
    line.wire().bank.other_client_asks("jane", info("Newtown")).unwrap();
    assert!(matches!(now(session.reconcile()), Ok(Progress::Unknown(_))));
    assert_eq!(line.wire().bank.user_info("jane").unwrap().city.as_deref(), Some("Newtown"));
}

/// A change that is found in the history says what came after it.
#[test]
fn what_became_of_a_change_since_is_told_beside_it() {
    let (line, mut session) = opened();
    let id = now(session.pay(&amount(1000))).unwrap().done().unwrap().id().to_owned();
    line.then([Fate::LostAfter]);
    assert!(matches!(now(session.modify_payment(&id, &amount(5000))), Ok(Progress::Unknown(_))));
    line.wire().bank.other_client_asks("jane", PaymentModification::new(id.as_str(), amount(7000))).unwrap();
    let done = confirmed(now(session.reconcile())).of::<ModifiedPayment>().unwrap();
    assert_eq!(done.payment.amount.value(), Decimal::new(5000, 2), "what was asked for");
    let [since] = &done.since[..] else { panic!("{:?}", done.since) };
    assert_eq!(since.modified_payment().unwrap().payment.amount.value(), Decimal::new(7000, 2), "what is paid");

    let (line, mut session) = opened();
    let monthly = RecurringPayment::new(Recurrence::times(3, Frequency::Monthly), amount(1000));
    line.then([Fate::Honest, Fate::Honest, Fate::LostAfter]);
    assert!(matches!(now(session.add_recurring(&monthly)), Ok(Progress::Unknown(_))));
    let model = line.wire().bank.recurring_payments("jane")[0].model_id.clone();
    line.wire().bank.other_client_asks("jane", ModelCancellation::new(model.as_str(), true)).unwrap();
    let done = confirmed(now(session.reconcile())).of::<RecurringModel>().unwrap();
    assert_eq!(done.since.iter().map(ofx_session::Change::kind).collect::<Vec<_>>(), [ChangeKind::Removed]);
    // What was just done has nothing behind it.
    let done = now(session.add_recurring(&monthly)).unwrap().done().unwrap();
    assert_eq!(done.since, []);
}

/// In a batch it goes by itself, and the place in the history that we know of stays behind it.
#[test]
fn a_change_of_ours_is_none_that_we_did_not_know_of() {
    let (line, mut session) = opened();
    let id = now(session.pay(&amount(1000))).unwrap().done().unwrap().id().to_owned();
    let change = Request::from(PaymentModification::new(id.as_str(), amount(5000)));
    now(session.prepare(Intent::Batch(vec![change.into()]))).unwrap();
    assert!(matches!(now(session.proceed()), Ok(Progress::Done(Completed::Batch(_)))));
    now(session.modify_payment(&id, &amount(7000))).unwrap().done().unwrap();
    assert_eq!(cents_of(&line, &id), 7000);
    // Another client's is one.
    line.wire().bank.other_client_asks("jane", PaymentModification::new(id.as_str(), amount(8000))).unwrap();
    let error = now(session.modify_payment(&id, &amount(9000))).unwrap_err();
    assert_eq!(error.status().map(|status| status.value()), Some(6502));
    assert_eq!(cents_of(&line, &id), 8000);
    now(session.modify_payment(&id, &amount(9000))).unwrap().done().unwrap();
    assert_eq!(cents_of(&line, &id), 9000, "whoever asks again knows of it");
}

fn says(code: u32, beside: &str, sets: &str) -> Fate {
    let severity = if code == 0 { "INFO" } else { "ERROR" };
    let head = "OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS>";
    let text = format!(
        "{head}<CODE>{code}<SEVERITY>{severity}</STATUS><DTSERVER>20260105<LANGUAGE>ENG</SONRS>{beside}</SIGNONMSGSRSV1>{sets}</OFX>"
    );
    Fate::Says(text.into_bytes())
}

/// What the same file was refused with is stored: after a pause, too, the history says what that was about.
#[test]
fn a_refusal_of_the_same_file_is_kept_by_a_pause() {
    for pauses in [false, true] {
        let line = Line::new(easy().everything().sync_mode(SyncMode::Full).file_recovery(true).build_model());
        let mut session = session(&line);
        line.then([Fate::Honest, Fate::Honest, Fate::LostBefore]);
        assert!(matches!(now(session.pay(&payment())), Ok(Progress::Unknown(_))));
        let refused = format!(
            "<BILLPAYMSGSRSV1><PMTTRNRS><TRNUID>{}<STATUS><CODE>10504<SEVERITY>ERROR</STATUS></PMTTRNRS></BILLPAYMSGSRSV1>",
            session.trn_uid().unwrap().as_str()
        );
        let questions = "<MFACHALLENGETRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><MFACHALLENGERS>\
                         <MFACHALLENGE><MFAPHRASEID>Q1</MFACHALLENGE></MFACHALLENGERS></MFACHALLENGETRNRS>";
        line.then([says(0, "", &refused), says(3000, "", ""), says(0, questions, "")]);
        assert!(matches!(now(session.reconcile()), Ok(Progress::Ask(_))));
        if pauses {
            session = pause_and_resume(session, &line);
        }
        let before = line.wire().sent.len();
        let history = "<BILLPAYMSGSRSV1><PMTSYNCRS><TOKEN>zz<LOSTSYNC>N<BANKACCTFROM><BANKID>999888777<ACCTID>1000001\
                       <ACCTTYPE>CHECKING</BANKACCTFROM></PMTSYNCRS></BILLPAYMSGSRSV1>";
        line.then([says(0, "", history)]);
        let error = now(session.answer(Answers::new().with("Q1", "x"))).unwrap_err();
        assert_eq!(error.status().map(|status| status.value()), Some(10_504), "{pauses}");
        let sent = line.wire().sent[before..].to_vec();
        assert_eq!(sent.len(), 1);
        assert!(!String::from_utf8(sent[0].1.clone()).unwrap().contains("<PMTRQ>"), "the history");
    }
}
