//! What another client has changed since, and what is told of it: a change in doubt undoes nothing newer.

use ofx_session::ofx::{
    Amount, ModelCancellation, ModelModification, ModifiedPayment, Payee, PayeeAddition, PayeeModification,
    PaymentModification, RecurringModel, Request, SyncMode, UserInfo,
};
use ofx_session::{
    ChangeKind, Completed, Confirmed, Frequency, Intent, Payment, Progress, Recurrence, RecurringPayment, Session,
};
use rust_decimal::Decimal;

use super::line::{Fate, Line, easy, now, payment, session};

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
