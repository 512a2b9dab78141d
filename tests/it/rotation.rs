//! A drill: every blob of a store goes from one key to the next, and none is lost.

use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDate;
use ofx_session::seal::{Kind, OpenError};
use ofx_session::{
    AccountType, BankAccount, Blob, Client, Context, Credentials, Error, Institution, Key, KeyRing, OpenPolicy, Payee,
    Payment, Session,
};
use rust_decimal::Decimal;

const BLOBS: usize = 10_000;
/// Every so many blobs one is a paused payment.
const PAUSED_EVERY: usize = 20;

#[test]
fn ten_thousand_blobs_change_their_key_and_none_is_lost() {
    let mut keys = KeyRing::new(Key::new(1, [1; 32]).unwrap());
    let mut store: HashMap<usize, Blob> = (0..BLOBS).map(|user| (user, made(user, &keys))).collect();
    assert!(store.values().all(|blob| blob.header().unwrap().key_id() == 1));
    let paused = store.values().filter(|blob| blob.header().unwrap().kind() == Kind::Paused).count();
    assert_eq!(paused, BLOBS / PAUSED_EVERY);

    // The new key is on every machine before the first one seals with it.
    keys.add(Key::new(2, [2; 32]).unwrap()).unwrap();
    assert!(!check(0, &store[&0], &keys).unwrap(), "there is nothing to do before the new key is promoted");
    keys.promote(2).unwrap();

    // Users come back meanwhile: some blobs have the new key already.
    let fresh: Vec<usize> = (0..BLOBS).step_by(1000).collect();
    store.extend(fresh.iter().map(|user| (*user, made(*user, &keys))));

    let old = store.clone();
    let new = resealed(&store, &keys);
    assert_eq!(new.len(), BLOBS - fresh.len());
    store.extend(new);
    assert_eq!(store.len(), BLOBS);
    assert!(store.values().all(|blob| blob.header().unwrap().key_id() == 2));

    keys.retire(1).unwrap();
    for (user, blob) in &store {
        assert!(!check(*user, blob, &keys).unwrap(), "user {user}");
    }
    for (user, blob) in old.iter().filter(|(user, _)| !fresh.contains(user)) {
        let refused = check(*user, blob, &keys).unwrap_err();
        assert_eq!(refused.detail(), Some(&OpenError::UnknownKeyId(1)), "user {user}");
    }
}

#[test]
fn a_resealed_operation_is_the_same_one_until_the_same_time() {
    let old_keys = KeyRing::new(Key::new(1, [1; 32]).unwrap());
    let blob = session(0).pause_for(Duration::from_secs(4000), &old_keys, &context(0)).unwrap();
    let mut keys = old_keys.clone();
    keys.add(Key::new(2, [2; 32]).unwrap()).unwrap();
    keys.promote(2).unwrap();
    let old = blob.header().unwrap();

    let paused = Client::resume(&blob, &keys, &context(0)).unwrap();
    assert!(paused.needs_reseal());
    let trn_uid = paused.trn_uid();
    let copy = paused.reseal(&keys, &context(0)).unwrap();
    let new = copy.header().unwrap();
    assert_eq!(
        (new.key_id(), new.kind(), new.state_id(), new.expires()),
        (2, old.kind(), old.state_id(), old.expires())
    );
    assert!(new.issued() >= old.issued());
    let paused = Client::resume(&copy, &keys, &context(0)).unwrap();
    assert!(!paused.needs_reseal());
    assert_eq!((paused.trn_uid(), paused.payment()), (trn_uid, Some(payment(0))));
    assert_eq!(Client::resume(&copy, &old_keys, &context(0)).unwrap_err().detail(), Some(&OpenError::UnknownKeyId(2)));

    // A pause of its own is another state: only a copy keeps the id.
    let again = paused
        .open_risking_a_second_payment(Credentials::new("user-0", "pw"))
        .unwrap()
        .pause(&keys, &context(0))
        .unwrap();
    assert_ne!(again.header().unwrap().state_id(), old.state_id());

    // What can still be opened because clocks differ can still be resealed, and lives no longer for it.
    let end = old.expires().unwrap();
    let late = OpenPolicy::new(end + 60);
    let paused = Client::resume_under(&blob, &keys, &context(0), &late).unwrap();
    let copy = paused.reseal(&keys, &context(0)).unwrap();
    assert!(Client::resume_under(&copy, &keys, &context(0), &late).is_ok());
    let refused = Client::resume_under(&copy, &keys, &context(0), &OpenPolicy::new(end + 61)).unwrap_err();
    assert_eq!(refused.detail(), Some(&OpenError::Expired { since: end, now: end + 61 }));
}

/// The blobs that had to be sealed again, sealed again.
fn resealed(store: &HashMap<usize, Blob>, keys: &KeyRing) -> HashMap<usize, Blob> {
    let mut done = HashMap::new();
    for (user, blob) in store {
        let context = context(*user);
        if is_paused(*user) {
            let paused = Client::resume(blob, keys, &context).unwrap();
            if paused.needs_reseal() {
                done.insert(*user, paused.reseal(keys, &context).unwrap());
            }
        } else {
            let client = Client::restore(blob, keys, &context).unwrap();
            if client.needs_reseal() {
                done.insert(*user, client.deconstruct(keys, &context).unwrap());
            }
        }
    }
    done
}

/// Whether it should be sealed again, after a look at whether it is the user's own.
fn check(user: usize, blob: &Blob, keys: &KeyRing) -> Result<bool, Error> {
    if is_paused(user) {
        let paused = Client::resume(blob, keys, &context(user))?;
        assert_eq!(paused.payment(), Some(payment(user)));
        Ok(paused.needs_reseal())
    } else {
        let client = Client::restore(blob, keys, &context(user))?;
        assert_eq!(client.client_uid(), uid(user));
        Ok(client.needs_reseal())
    }
}

fn made(user: usize, keys: &KeyRing) -> Blob {
    if is_paused(user) {
        session(user).pause(keys, &context(user)).unwrap()
    } else {
        client(user).deconstruct(keys, &context(user)).unwrap()
    }
}

fn is_paused(user: usize) -> bool {
    user % PAUSED_EVERY == 7
}

fn client(user: usize) -> Client {
    let institution = Institution::new("https://ofx.bank.example/ofx").without_profile();
    Client::builder(institution).transport(Nowhere).client_uid(uid(user)).build().unwrap()
}

/// A payment that is prepared and not sent: nothing was ever on a wire.
fn session(user: usize) -> Session {
    let mut session = client(user).open(Credentials::new(format!("user-{user}"), "pw")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(session.prepare_payment(&payment(user))).unwrap();
    session
}

fn payment(user: usize) -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = NaiveDate::from_ymd_opt(2026, 12, 4).unwrap();
    Payment::new(from, Decimal::new(8420, 2), payee, format!("88-{user}"), due)
}

fn uid(user: usize) -> String {
    format!("client-{user}")
}

fn context(user: usize) -> Context {
    Context::new("tenant-1", format!("user-{user}")).unwrap()
}

/// Building a client must not cost ten thousand HTTPS stacks.
#[derive(Debug)]
struct Nowhere;

impl ofx_session::transport::Transport for Nowhere {
    fn send(&self, _: ofx_session::transport::Request) -> ofx_session::transport::Sending<'_> {
        panic!("nothing is sent")
    }
}
