//! The same bank as the crate's own client meets it, over HTTPS: one operation after the other, and what gets lost.

use ofx_session::ofx::{
    CanceledPayment, Frequency, ListedPayee, ModelModification, Payee, PayeeAddition, PayeeModification, PayeeRef,
    PaymentState, Recurrence, RecurringModel, RecurringPayment,
};
use ofx_session::testing::{Bank, Fault, On};
use ofx_session::{Client, Credentials, HttpsOptions, Institution, Progress, Session, StatusCode, engine::Origin};

use super::support::{easy, typed};

fn start() -> Bank {
    easy().everything().payee("ELECTRIC1", electric()).start().unwrap()
}

fn electric() -> Payee {
    Payee::new("Example Electric", "2 Dam Road", "Newport", "RI", "02840", "401-555-0199")
}

fn client(bank: &Bank) -> Client {
    let trusting = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots();
    Client::builder(Institution::new(bank.url())).connection(trusting).build().unwrap()
}

fn session(bank: &Bank) -> Session {
    client(bank).open(Credentials::new("jane", "correct horse")).unwrap()
}

fn is_clean(bank: &Bank) {
    assert_eq!(bank.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_payment_is_changed_asked_after_and_cancelled() {
    let bank = start();
    let mut session = session(&bank);
    let paid = session.pay(&typed("rent")).await.unwrap().done().unwrap();
    let mut payment = paid.response.payment.clone();
    payment.memo = Some("rent for May".to_owned());
    let changed = session.modify_payment(paid.id(), &payment).await.unwrap().done().unwrap();
    assert_eq!((changed.server_id.as_str(), changed.payment.memo.as_deref()), (paid.id(), Some("rent for May")));
    let status = session.payment_status(paid.id()).await.unwrap().done().unwrap();
    assert_eq!(status.processing.state, PaymentState::WillProcessOn);
    let gone = session.cancel_payment(paid.id(), &payment.from).await.unwrap().done().unwrap();
    assert_eq!(gone.server_id, paid.id());
    let error = session.cancel_payment(paid.id(), &payment.from).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::ALREADY_CANCELLED));
    let error = session.modify_payment("77", &payment).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::UNKNOWN_SERVER_ID));
    assert_eq!((bank.payments_made(), bank.payments_standing()), (1, 0));
    is_clean(&bank);
}

#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_found_in_the_history() {
    let bank = start();
    let mut session = session(&bank);
    for fault in [Fault::DropAfter, Fault::DropBefore] {
        let paid = session.pay(&typed("rent")).await.unwrap().done().unwrap();
        bank.next(On::With("PMTCANCRQ"), fault);
        let progress = session.cancel_payment(paid.id(), &paid.response.payment.from).await.unwrap();
        assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
        assert!(session.can_reconcile());
        let done = session.reconcile().await.unwrap().done().unwrap();
        assert!(done.confirmed::<CanceledPayment>().is_some());
        assert_eq!(bank.payments_standing(), 0);
    }
    assert_eq!(bank.payments_made(), 2);
    is_clean(&bank);
}

#[tokio::test]
async fn what_happened_to_payments_comes_by_synchronization() {
    let bank = start();
    let mut session = session(&bank);
    let payment = typed("rent");
    let paid = session.pay(&payment).await.unwrap().done().unwrap();
    let other = bank.other_client_pays("jane", &typed("other")).unwrap();
    bank.pass_days(20);
    let changes = session.sync_payments(&payment.from).await.unwrap().done().unwrap();
    let told: Vec<_> = changes.changes.iter().map(|change| (change.origin, change.kind())).collect();
    use ofx_session::engine::ChangeKind::{Added, Modified};
    let by_itself = (Origin::Institution, Modified);
    assert_eq!(told, [(Origin::Us, Added), (Origin::AnotherClient, Added), by_itself, by_itself]);
    assert_eq!(changes.changes[0].id(), Some(paid.id()));
    assert_eq!(changes.changes[1].answer.trn_uid, other);
    let again = session.sync_payments(&payment.from).await.unwrap().done().unwrap();
    assert_eq!(again.changes, changes.changes, "not acknowledged");
    session.acknowledge(&again);
    let none = session.sync_payments(&payment.from).await.unwrap().done().unwrap();
    assert!(none.changes.is_empty());
    is_clean(&bank);
}

#[tokio::test]
async fn payees_are_added_changed_and_taken_off() {
    let bank = start();
    let mut session = session(&bank);
    let water = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let listed =
        session.add_payee(&PayeeAddition::new(water.clone()).pay_account("88-1")).await.unwrap().done().unwrap();
    assert_eq!((listed.pay_accounts.as_slice(), listed.payee.as_ref()), (&["88-1".to_owned()][..], Some(&water)));
    let standard = PayeeAddition::new(PayeeRef::Id("ELECTRIC1".to_owned()));
    let standard = session.add_payee(&standard).await.unwrap().done().unwrap();
    assert_eq!(standard.extended.as_ref().unwrap().name.as_deref(), Some("Example Electric"));
    let mut moved = water.clone();
    moved.city = "Bristol".to_owned();
    let change = PayeeModification::new(listed.list_id.as_str(), Some(moved)).pay_account("88-1");
    let changed = session.modify_payee(&change).await.unwrap().done().unwrap();
    assert_eq!(changed.payee.as_ref().unwrap().city, "Bristol");
    let error =
        session.modify_payee(&PayeeModification::new(standard.list_id.as_str(), Some(water))).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::PAYEE_NOT_MODIFIABLE));
    session.pay(&typed("new payee")).await.unwrap().done().unwrap();
    session.delete_payee(&standard.list_id).await.unwrap().done().unwrap();
    assert_eq!(session.delete_payee("77").await.unwrap_err().status(), Some(StatusCode::INVALID_PAYEE_LIST_ID));
    let changes = session.sync_payees().await.unwrap().done().unwrap();
    let told: Vec<_> = changes.changes.iter().map(|change| change.origin).collect();
    assert_eq!(told, [Origin::Us, Origin::Us, Origin::Us, Origin::Institution, Origin::Us]);
    assert_eq!(changes.changes[3].payee().unwrap().payee.as_ref().unwrap().city, "Newport");
    assert_eq!(bank.payee_list("jane").len(), 2);
    is_clean(&bank);
}

#[tokio::test]
async fn a_payee_whose_answer_is_lost_is_added_once() {
    let bank = start();
    let mut session = session(&bank);
    let water = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    bank.next(On::With("PAYEERQ"), Fault::DropAfter);
    let progress = session.add_payee(&PayeeAddition::new(water)).await.unwrap();
    assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
    let listed = session.reconcile().await.unwrap().done().unwrap().confirmed::<ListedPayee>();
    assert_eq!(listed.unwrap().list_id, bank.payee_list("jane")[0].list_id);
    assert_eq!(bank.payee_list("jane").len(), 1);
    is_clean(&bank);
}

#[tokio::test]
async fn a_recurring_payment_is_started_changed_and_ended() {
    let bank = start();
    let mut session = session(&bank);
    let payment = typed("rent");
    let weekly = Recurrence::times(5, Frequency::Weekly);
    let request = RecurringPayment::new(weekly.clone(), payment.clone()).initial_amount(rust_decimal::Decimal::ONE);
    let model = session.add_recurring(&request).await.unwrap().done().unwrap();
    assert_eq!((model.recurrence.count, model.payment.payee_list_id.as_ref()), (Some(5), model.payee_list_id.as_ref()));
    let mut cheaper = model.payment.clone();
    cheaper.memo = Some("less rent".to_owned());
    let change = ModelModification::new(model.model_id.as_str(), weekly, cheaper, true);
    let changed = session.modify_recurring(&change).await.unwrap().done().unwrap();
    assert_eq!((changed.pending, changed.payment.memo.as_deref()), (Some(true), Some("less rent")));
    bank.pass_days(15);
    let payments = session.sync_payments(&payment.from).await.unwrap().done().unwrap();
    let spawned: Vec<_> = payments.changes.iter().filter_map(|change| change.payment()).collect();
    assert!(payments.changes.iter().all(|change| change.origin == Origin::Institution));
    assert_eq!(spawned.len(), 4);
    assert!(spawned.iter().all(|paid| paid.model_id.as_ref() == Some(&model.model_id)));
    session.cancel_recurring(&model.model_id, true, &payment.from).await.unwrap().done().unwrap();
    let error = session.cancel_recurring(&model.model_id, true, &payment.from).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::MODEL_CANCELLED));
    let models = session.sync_recurring(&payment.from).await.unwrap().done().unwrap();
    assert_eq!(models.changes.len(), 3);
    assert_eq!(models.changes[0].recurring().unwrap().model_id, model.model_id);
    assert!(models.changes[2].canceled_recurring().is_some());
    bank.pass_days(60);
    assert_eq!((bank.payments_made(), bank.payments_standing()), (4, 1), "one was processed before");
    is_clean(&bank);
}

#[tokio::test]
async fn a_recurring_payment_whose_answer_is_lost_is_started_once() {
    for fault in [Fault::DropAfter, Fault::DropBefore, Fault::CutAnswer(700)] {
        let bank = start();
        let mut session = session(&bank);
        bank.next(On::With("RECPMTRQ"), fault);
        let request = RecurringPayment::new(Recurrence::endless(Frequency::Monthly), typed("rent"));
        let progress = session.add_recurring(&request).await.unwrap();
        assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
        let model = session.reconcile().await.unwrap().done().unwrap().confirmed::<RecurringModel>().unwrap();
        assert_eq!(bank.recurring_payments("jane").len(), 1);
        assert_eq!(model.model_id, bank.recurring_payments("jane")[0].model_id);
        is_clean(&bank);
    }
}
