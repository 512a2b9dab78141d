//! Vaults without async on real servers: connected in the background, used from bare threads, and from a runtime's as well.

use std::thread;
use std::time::Duration;

use chrono::{Days, Utc};
use ofx_session::blocking::{Client, Vault, wait};
use ofx_session::client::vault::Standing;
use ofx_session::store::{Postgres, Redis, ServerOptions, Store, Swap};
use ofx_session::testing::{Bank, conformance};
use ofx_session::{
    AccountType, BankAccount, Context, Credentials, Error, ErrorKind, HttpsOptions, Institution, Key, KeyRing, Payee,
    Payment,
};
use rust_decimal::Decimal;

use crate::servers::{Kind, Server};
use crate::{any_record, key, postgres};

fn redis(server: &Server) -> Redis {
    Redis::new(&format!("redis://127.0.0.1:{}/0", server.port()), ServerOptions::new()).unwrap()
}

fn payment() -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", Utc::now().date_naive() + Days::new(10))
}

fn jane() -> Credentials {
    Credentials::new("jane", "correct horse")
}

/// Four threads ask for one payment, each until it is told; all on one connection.
fn pays_once(store: impl Store + 'static) -> (Bank, Vault) {
    let bank = Bank::builder().user("jane", "correct horse").start().unwrap();
    let trust = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots();
    let client = Client::builder(Institution::new(bank.url())).connection(trust).build().unwrap();
    let (keys, context) = (KeyRing::new(Key::new(1, [7; 32]).unwrap()), Context::new("tenant-1", "user-42").unwrap());
    let vault = Vault::new(client, store, keys, context).unwrap();
    let payment = payment();
    let ask = || {
        loop {
            match vault.pay("order-1", &payment, jane()) {
                Ok(progress) => return progress.done().unwrap().id().to_owned(),
                Err(error) if error.kind() == ErrorKind::Busy => thread::sleep(Duration::from_millis(20)),
                Err(error) => panic!("{error}"),
            }
        }
    };
    let told: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(told.iter().all(|id| *id == told[0]), "{told:?}");
    assert_eq!((bank.payments_made(), bank.violations()), (1, Vec::new()));
    (bank, vault)
}

/// The thread that asked first is gone, and so is its runtime's turn: the connection is not.
fn goes_on_elsewhere(vault: &Vault) {
    let paid = |standing: Result<Option<Standing>, Error>| matches!(standing.unwrap(), Some(Standing::Paid(_)));
    assert!(thread::scope(|scope| scope.spawn(|| paid(vault.look("order-1"))).join().unwrap()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert!(runtime.block_on(async { paid(vault.look("order-1")) }));
    let same = ofx_session::Vault::from(vault.clone());
    assert!(runtime.block_on(async { paid(same.look("order-1").await) }));
    drop(runtime);
    assert!(paid(vault.look("order-1")));
}

#[test]
fn a_vault_on_redis_pays_once_and_comes_back_after_the_server_did() {
    let options = ["--appendonly", "yes", "--appendfsync", "always"];
    let Some(mut server) = Server::start(Kind::Redis, &options) else { return };
    let (bank, vault) = pays_once(redis(&server));
    goes_on_elsewhere(&vault);
    server.kill();
    let error = vault.look("order-1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    server.restart();
    goes_on_elsewhere(&vault);
    vault.pay("order-1", &payment(), jane()).unwrap().done().unwrap();
    assert_eq!(bank.payments_made(), 1);
}

#[test]
fn a_vault_on_postgres_pays_once() {
    let Some(server) = Server::start(Kind::Postgres, &[]) else { return };
    // What a program does that sets its database up, without async too.
    wait(async { postgres::raw(&server).await.batch_execute(Postgres::TABLE).await }).unwrap().unwrap();
    let store = Postgres::new(&postgres::url(&server), ServerOptions::new()).unwrap();
    let (_bank, vault) = pays_once(store);
    goes_on_elsewhere(&vault);
}

#[test]
fn a_store_keeps_every_promise_to_whoever_waits_for_it() {
    let Some(server) = Server::start(Kind::Redis, &[]) else { return };
    let store = redis(&server);
    let (mine, yours) = (any_record("mine"), any_record("yours"));
    assert_eq!(wait(store.create(&key(1), &mine)).unwrap().unwrap(), Swap::Done);
    assert_eq!(wait(store.create(&key(1), &yours)).unwrap().unwrap(), Swap::Conflict);
    assert_eq!(wait(store.load(&key(1))).unwrap().unwrap(), Some(mine));
    wait(conformance::store(|| redis(&server))).unwrap().unwrap();
}
