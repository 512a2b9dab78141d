//! The client that waits: the same flow without async, the same methods as the async types have, on every thread.

pub(crate) mod counterparts;
mod threads;

use chrono::{Days, Utc};
use ofx_session::blocking::{Client, Paused, Session, Stored, Vault, wait};
use ofx_session::client::vault::{Settlement, Standing};
use ofx_session::ofx::{PayeeAddition, PaymentInquiry, SyncMode};
use ofx_session::store::{Memory, RecordKey, Sqlite, Store};
use ofx_session::testing::{AccessKeys, Bank, BankBuilder};
use ofx_session::{
    Answers, BankAccount, Blob, Delivery, ErrorKind, HttpsOptions, Institution, Moved, Payee, Payment, Progress,
    Situation, StatusCode, client,
};

use crate::resume::line::{Fate, Line, context, easy, jane, keys, questioning, right, wrong};

fn bank() -> BankBuilder {
    questioning().sync_mode(SyncMode::Full).access_keys(AccessKeys::Once)
}

fn trust(bank: &Bank) -> HttpsOptions {
    HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots()
}

fn client(bank: &Bank) -> Client {
    Client::builder(Institution::new(bank.url())).app("QWIN", "2700").connection(trust(bank)).build().unwrap()
}

/// One that a bank with the real clock accepts.
pub(crate) fn payment() -> Payment {
    payment_from(crate::resume::line::payment().from.clone())
}

fn payment_from(from: BankAccount) -> Payment {
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = Utc::now().date_naive() + Days::new(10);
    Payment::new(from, rust_decimal::Decimal::new(8420, 2), payee, "88-204-117", due)
}

/// Through text and back, as if into another process.
fn reread(blob: &Blob) -> Paused {
    Client::resume(&Blob::from_text(&blob.to_text()).unwrap(), &keys(), &context()).unwrap()
}

fn is_clean(bank: &Bank, payments: usize) {
    assert_eq!(bank.violations(), Vec::<String>::new());
    assert_eq!(bank.payments_made(), payments);
}

#[test]
fn a_payment_is_asked_about_paused_resumed_and_made() {
    let bank = bank().start().unwrap();
    let mut session = client(&bank).open(jane()).unwrap();
    let payment = payment();
    let Progress::Ask(challenge) = session.pay(&payment).unwrap() else { panic!("asked nothing") };
    assert_eq!(challenge.questions().len(), 2);
    assert!(matches!(session.situation(), Some(Situation::AwaitingAnswers(_))), "looked at through the async type");
    let blob = session.pause(&keys(), &context()).unwrap();

    let paused = reread(&blob);
    assert_eq!((paused.payment(), paused.questions().len()), (Some(payment), 2));
    let refused = paused.open(jane()).unwrap_err();
    assert_eq!(refused.error().kind(), ErrorKind::Misuse, "a payment is not resumed just like that");
    let paused: Paused = refused.into_value();
    let paused = paused.connection(trust(&bank)).unwrap();
    let mut session = paused.open_risking_a_second_payment(jane()).unwrap();

    let error = session.answer(Answers::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse, "a question has no answer");
    let Progress::Ask(again) = session.answer(wrong()).unwrap() else { panic!("wrong answers were taken") };
    assert!(again.is_repeated());
    let receipt = session.answer(right()).unwrap().done().unwrap().receipt().unwrap();
    assert!(receipt.date().is_some());
    is_clean(&bank, 1);

    // The access key goes through a blob, and spares the questions.
    let client = session.close().unwrap();
    assert!(client.has_access_key());
    let blob = client.deconstruct(&keys(), &context()).unwrap();
    let client = Client::restore(&blob, &keys(), &context()).unwrap().connection(trust(&bank)).unwrap();
    let mut session = client.open(jane()).unwrap();
    let accounts = session.accounts().unwrap().done().unwrap();
    let from = accounts.iter().find_map(|account| account.pays_bills()).unwrap();
    session.pay(&payment_from(from.clone())).unwrap().done().unwrap();
    is_clean(&bank, 2);
}

#[test]
fn the_rest_of_the_service_is_there() {
    let bank = easy().sync_mode(SyncMode::Full).start().unwrap();
    let mut client = client(&bank);
    assert!(client.fetch_profile().unwrap().bill_pay().is_some());
    let mut session = client.open(jane()).unwrap();
    let payment = payment();
    let payee = session.add_payee(&PayeeAddition::new(Payee::new("A", "1 B", "C", "RI", "02840", "1"))).unwrap();
    assert!(!payee.done().unwrap().list_id.is_empty());
    let id = session.pay(&payment).unwrap().done().unwrap().id().to_owned();

    let changes = session.sync_payments(&payment.from).unwrap().done().unwrap();
    assert_eq!(changes.changes.len(), 1);
    session.acknowledge(&changes);
    assert_eq!(session.sync_payments(&payment.from).unwrap().done().unwrap().changes.len(), 0);

    session.cancel_payment(&id, &payment.from).unwrap().done().unwrap();
    let error = session.cancel_payment(&id, &payment.from).unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(StatusCode::ALREADY_CANCELLED)));

    let error = session.perform(PaymentInquiry::new("77")).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::UNKNOWN_SERVER_ID));
    is_clean(&bank, 1);
}

#[test]
fn a_doubt_is_kept_and_settled() {
    let line = Line::new(easy().build_model());
    let client = Client::builder(Institution::new(crate::resume::line::MAIN)).transport(line.clone()).build().unwrap();
    let mut session = client.open(jane()).unwrap();
    session.accounts().unwrap().done().unwrap();
    line.then([Fate::LostAfter]);
    let Progress::Unknown(_) = session.pay(&crate::resume::line::payment()).unwrap() else { panic!("it is known") };
    let (error, session): (_, Session) = session.close().unwrap_err().into_parts();
    assert_eq!(error.money_may_have_moved(), Moved::Unknown);
    let blob = session.store(&keys(), &context()).unwrap();

    let Stored::Paused(paused) = Stored::open(&blob, &keys(), &context()).unwrap() else { panic!("nothing waits") };
    assert!(matches!(paused.situation(), Situation::InDoubt(_)));
    let client: Client = paused.settle_doubt().unwrap();
    let blob = client.open(jane()).unwrap().store(&keys(), &context()).unwrap();
    assert!(matches!(Stored::open(&blob, &keys(), &context()).unwrap(), Stored::Client(_)));
    line.clean(1);
}

#[test]
fn what_is_kept_ahead_is_there_before_the_file_leaves() {
    let bank = easy().start().unwrap();
    let mut session = client(&bank).open(jane()).unwrap();
    session.keep_ahead(&keys(), &context(), |_| Err(std::io::ErrorKind::StorageFull.into()));
    let error = session.pay(&payment()).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Store, Delivery::NotSent));
    is_clean(&bank, 0);

    let (sender, kept) = std::sync::mpsc::channel();
    session.abandon().unwrap();
    session.keep_ahead(&keys(), &context(), move |blob| sender.send(blob.to_text()).map_err(std::io::Error::other));
    session.pay(&payment()).unwrap().done().unwrap();
    let last = kept.try_iter().last().unwrap();
    let paused = reread(&Blob::from_text(&last).unwrap());
    assert!(matches!(paused.situation(), Situation::InDoubt(_)));
    is_clean(&bank, 1);
}

#[test]
fn a_vault_pays_once_on_any_store() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path().join("store")).unwrap();
    let memory = Memory::new();
    pays_once(memory.clone());
    pays_once(sqlite.clone());
    // Called directly.
    let key = RecordKey::new([3; 32]);
    assert_eq!(wait(memory.load(&key)).unwrap().unwrap(), None);
    assert_eq!(wait(sqlite.load(&key)).unwrap().unwrap(), None);
}

fn pays_once(store: impl Store + Clone + 'static) {
    let bank = bank().start().unwrap();
    let vault = || Vault::new(client(&bank), store.clone(), keys(), context()).unwrap();
    let payment = payment();
    let Progress::Ask(_) = vault().pay("order-1", &payment, jane()).unwrap() else { panic!("asked nothing") };
    assert_eq!(vault().pending().unwrap()[0].questions().len(), 2);
    let receipt = vault().answer("order-1", right(), jane()).unwrap().done().unwrap();
    let vault = vault().lease(std::time::Duration::from_secs(120));
    let again: Vec<_> = std::thread::scope(|scope| {
        let ask = || vault.clone().pay("order-1", &payment, jane()).unwrap().done().unwrap().id().to_owned();
        let all = [scope.spawn(ask), scope.spawn(ask)];
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(again, [receipt.id(), receipt.id()]);
    assert!(matches!(vault.look("order-1").unwrap(), Some(Standing::Paid(_))));
    assert_eq!(vault.look("order-2").unwrap(), None);
    assert!(!vault.accounts(jane()).unwrap().done().unwrap().is_empty());
    let error = vault.settle("order-1", Settlement::NotMade).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Yes));
    is_clean(&bank, 1);
}

/// A program that is half async uses both.
#[tokio::test]
async fn one_type_becomes_the_other_in_the_middle() {
    let bank = bank().start().unwrap();
    let mut session = client(&bank).open(jane()).unwrap();
    assert!(matches!(session.pay(&payment()).unwrap(), Progress::Ask(_)));
    let mut session = client::Session::from(session);
    session.answer(right()).await.unwrap().done().unwrap().receipt().unwrap();
    let mut session = Session::from(session);
    session.accounts().unwrap().done().unwrap();
    is_clean(&bank, 1);
}
