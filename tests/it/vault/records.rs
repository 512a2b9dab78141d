//! What is in the store: sealed, bound to its owner and its place, and refused when it is anything else.

use ofx_session::client::vault::{Settlement, Standing};
use ofx_session::seal::OpenError;
use ofx_session::store::{Record, Store as _, Swap, Version};
use ofx_session::{Blob, Client, Context, Credentials, ErrorKind, Institution, Key, KeyRing, Moved, Progress, Vault};

use super::support::{
    END_USER, Fate, House, careful, careless, client, context, done, easy, jane, keys, now, once, payment, questioning,
    rotated,
};
use crate::resume::line::MAIN;

/// Puts other bytes in place of a record.
fn replace(house: &House, which: usize, bytes: &[u8]) {
    let key = house.store.keys()[which];
    let record = now(house.store.memory().load(&key)).unwrap().unwrap();
    let other = Record::new(Version::new([9; 16]), bytes);
    assert_eq!(now(house.store.memory().swap(&key, record.version(), &other)).unwrap(), Swap::Done);
}

fn bytes(house: &House, which: usize) -> Vec<u8> {
    now(house.store.memory().load(&house.store.keys()[which])).unwrap().unwrap().into_bytes()
}

/// Whatever is asked, nothing is sent and the reason is typed.
fn refused(house: &House, vault: &Vault, reason: &OpenError) {
    let sent = house.line.wire().sent.len();
    for error in [
        now(vault.pay("order-1", &payment(), jane())).unwrap_err(),
        now(vault.resume("order-1", jane())).unwrap_err(),
        now(vault.look("order-1")).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Seal, Moved::Unknown), "{error}");
        assert_eq!(error.detail::<OpenError>(), Some(reason));
        // What is good advice for a blob makes a vault forget what it has paid.
        let text = error.to_string();
        assert!(!text.contains("restore the copy") && !text.contains("check tenant"), "{text}");
        let has_way = matches!(reason, OpenError::SchemaTooNew { .. } | OpenError::UnknownKeyId(_));
        assert!(has_way || text.contains("do not delete it"), "{text}");
    }
    assert_eq!(house.line.wire().sent.len(), sent);
}

#[test]
fn nonsense_is_refused_and_nothing_is_sent() {
    let house = House::new(questioning());
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
    let whole = bytes(&house, 0);
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    let mut newer = whole.clone();
    (newer[14], newer[15]) = (0, 9);
    let mut other_key = whole.clone();
    other_key[11] = 7;
    let blob = client(&house.line).deconstruct(&keys(), &context()).unwrap();
    for (found, reason) in [
        (b"nonsense".to_vec(), OpenError::NotOurs),
        (Vec::new(), OpenError::NotOurs),
        (whole[..90].to_vec(), OpenError::Truncated),
        (changed, OpenError::Tampered),
        (newer, OpenError::SchemaTooNew { needed: 9, ours: 1 }),
        (other_key, OpenError::UnknownKeyId(7)),
        (
            blob.into_bytes(),
            OpenError::WrongKind { expected: ofx_session::seal::Kind::Vault, found: ofx_session::seal::Kind::Client },
        ),
        (vec![0; Blob::MAX_LEN + 1], OpenError::TooLarge { allowed: Blob::MAX_LEN }),
    ] {
        let found = if found.is_empty() { b"\0".to_vec() } else { found };
        replace(&house, 0, &found);
        refused(&house, &house.vault(), &reason);
    }
    replace(&house, 0, &whole);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
}

#[test]
fn records_are_bound_to_their_place_and_their_owner() {
    let house = House::new(easy());
    for id in ["order-1", "order-2", "order-3"] {
        done(house.pay(id));
    }
    // Desk, order-1, order-2.
    let (first, second) = (bytes(&house, 1), bytes(&house, 2));
    replace(&house, 1, &second);
    refused(&house, &house.vault(), &OpenError::WrongKeyOrContext);
    replace(&house, 0, &first);
    refused(&house, &house.vault(), &OpenError::WrongKeyOrContext);
    // They are no blobs of another kind.
    let record = Blob::from_bytes(first);
    for error in [
        Client::restore(&record, &keys(), &context()).unwrap_err(),
        Client::resume(&record, &keys(), &context()).unwrap_err(),
    ] {
        assert!(matches!(error.detail(), Some(OpenError::WrongKind { .. })), "{error}");
    }
}

#[test]
fn another_key_does_not_open_it_and_another_context_does_not_see_it() {
    let house = House::new(easy());
    let receipt = done(house.pay("order-1"));
    let vault = |keys: KeyRing, context: Context| {
        Vault::new(client(&house.line), house.store.clone(), keys, context).unwrap().world(house.clock.clone())
    };
    refused(&house, &vault(KeyRing::new(Key::new(1, [8; 32]).unwrap()), context()), &OpenError::WrongKeyOrContext);
    refused(&house, &vault(KeyRing::new(Key::new(2, [7; 32]).unwrap()), context()), &OpenError::UnknownKeyId(1));
    let other = vault(keys(), Context::new("tenant-1", "user-43").unwrap());
    assert_eq!(now(other.look("order-1")).unwrap(), None);
    let second = done(now(other.pay("order-1", &payment(), jane())));
    assert_ne!(second.id(), receipt.id(), "another user's order of the same name");
    house.line.clean(2);
}

#[test]
fn the_next_write_is_under_the_key_that_seals_by_now() {
    let house = House::new(easy());
    done(house.pay("order-1"));
    let mut ring = rotated();
    let vault = |ring: &KeyRing| house.vault_of(client(&house.line), ring);
    assert!(now(vault(&ring).look("order-1")).unwrap().is_some());
    assert_eq!(bytes(&house, 0)[11], 1);
    done(now(vault(&ring).pay("order-2", &payment(), jane())));
    assert_eq!((bytes(&house, 0)[11], bytes(&house, 1)[11]), (2, 2), "desk, and what was filed since");
    ring.retire(1).unwrap();
    done(now(vault(&ring).pay("order-1", &payment(), jane())));
    house.line.clean(2);
}

#[test]
fn an_idle_vault_is_sealed_again_and_its_old_key_retired() {
    // One payment waits, one result is on the desk and one filed.
    let house = House::new(careless());
    done(house.pay("order-1"));
    house.line.then([Fate::NotSent]);
    house.pay("order-2").unwrap_err();
    done(house.pay("order-3"));
    assert!(!now(house.vault().reseal()).unwrap(), "there is no other key");
    let mut ring = rotated();
    let vault = |ring: &KeyRing| house.vault_of(client(&house.line), ring);
    let before = now(vault(&ring).pending()).unwrap();
    let sent = house.line.wire().sent.len();
    assert!(now(vault(&ring).reseal()).unwrap());
    assert!(!now(vault(&ring).reseal()).unwrap());
    assert_eq!((bytes(&house, 0)[11], bytes(&house, 1)[11]), (2, 1), "the desk, and what was filed before");
    ring.retire(1).unwrap();
    assert_eq!(now(vault(&ring).pending()).unwrap(), before);
    assert!(matches!(now(vault(&ring).look("order-3")).unwrap(), Some(Standing::Paid(_))));
    // What is filed is not paid again, and not forgotten.
    let error = now(vault(&ring).pay("order-1", &payment(), jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Seal, Moved::Unknown));
    assert_eq!(error.detail::<OpenError>(), Some(&OpenError::UnknownKeyId(1)));
    assert_eq!(house.line.wire().sent.len(), sent);
    done(now(vault(&ring).pay("order-2", &payment(), jane())));
    house.line.clean(3);
}

#[test]
fn a_vault_at_work_is_not_sealed_again() {
    let house = House::warmed(careless());
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-1", &payment(), jane())).is_none());
    let rotated = house.vault_of(client(&house.line), &rotated());
    assert_eq!(now(rotated.reseal()).unwrap_err().kind(), ErrorKind::Busy);
    house.clock.advance(96);
    assert!(now(rotated.reseal()).unwrap());
    assert!(now(rotated.pending()).unwrap()[0].is_in_doubt());
    house.line.clean(1);
}

/// A vault as a program would open it that was told of another address.
fn moved(house: &House) -> Vault {
    let elsewhere = Client::builder(Institution::new("https://other.example/ofx")).transport(house.line.clone());
    house.vault_of(elsewhere.build().unwrap(), &keys())
}

#[test]
fn an_institution_at_another_address_is_sent_nothing_and_what_is_known_can_be_had() {
    let house = House::new(careless());
    let receipt = done(house.pay("order-1"));
    house.line.then([Fate::LostAfter]);
    assert!(matches!(house.pay("order-2").unwrap(), Progress::Unknown(_)));
    house.line.then([Fate::NotSent]);
    house.pay("order-3").unwrap_err();
    let sent = house.line.wire().sent.len();
    let other = moved(&house);
    for (id, known) in [("order-3", Moved::No), ("order-4", Moved::No)] {
        let error = now(other.pay(id, &payment(), jane())).unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, known), "{error}");
        assert!(error.to_string().contains("another address"), "{error}");
        // An empty vault knows nothing of what is in doubt here.
        assert!(error.to_string().contains("in doubt"), "{error}");
    }
    assert_eq!(now(other.accounts(jane())).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(done(now(other.pay("order-1", &payment(), jane()))), receipt);
    assert_eq!(now(other.look("order-1")).unwrap(), Some(Standing::Paid(Box::new(receipt))));
    assert_eq!(now(other.pending()).unwrap().len(), 1);
    now(other.settle("order-2", Settlement::NotMade)).unwrap();
    now(other.abandon("order-3")).unwrap();
    assert_eq!(house.line.wire().sent.len(), sent);
    house.line.clean(2);
}

#[test]
fn a_doubt_is_not_found_out_about_at_another_address() {
    let house = House::warmed(easy().class("D+S+F+".parse().unwrap()));
    house.line.then([Fate::Honest, Fate::LostAfter, Fate::NotSent]);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    let sent = house.line.wire().sent.len();
    for error in [
        now(moved(&house).pay("order-1", &payment(), jane())).unwrap_err(),
        now(moved(&house).reconcile("order-1", jane())).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Unknown), "{error}");
    }
    assert_eq!(house.line.wire().sent.len(), sent);
    house.line.wire().fates.clear();
    done(house.pay("order-1"));
    house.line.clean(1);
}

/// A program that was updated signs on as what it is, also with what it stored before.
#[test]
fn the_program_that_signs_on_is_the_one_that_runs() {
    let house = House::warmed(easy());
    house.line.then([Fate::NotSent]);
    house.pay("order-1").unwrap_err();
    let newer = |language: &str| {
        let institution = Institution::new(MAIN).language(language);
        let client = Client::builder(institution).app("NEWAP", "0300").transport(house.line.clone()).build();
        house.vault_of(client.unwrap(), &keys())
    };
    let sends = |part: &str| {
        let sent = house.line.wire().sent.last().unwrap().1.clone();
        assert!(String::from_utf8(sent).unwrap().contains(part), "{part}");
    };
    for id in ["order-1", "order-2"] {
        done(now(newer("ENG").pay(id, &payment(), jane())));
        sends("<APPID>NEWAP</APPID><APPVER>0300</APPVER>");
    }
    // Which this one does not speak.
    let _ = now(newer("FRA").accounts(jane())).unwrap_err();
    sends("<LANGUAGE>FRA</LANGUAGE>");
    house.line.clean(2);
}

/// Where an institution does not do what its profile says, the setting that is the remedy helps a vault that is there already.
#[test]
fn a_vault_that_is_there_already_can_be_told_to_pay_without_synchronization() {
    let house = House::warmed(careful());
    house.line.then([Fate::Refuses(403)]);
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Transport, Moved::No), "{error}");
    assert!(error.to_string().contains("Institution::without_synchronization"), "{error}");
    now(house.vault().abandon("order-1")).unwrap();
    let institution = Institution::new(MAIN).without_synchronization();
    let without = Client::builder(institution).transport(house.line.clone()).build().unwrap();
    done(now(house.vault_of(without, &keys()).pay("order-1", &payment(), jane())));
    assert!(!house.line.work().iter().any(|tail| tail.contains("<PMTRQ>") && tail.contains("<PMTSYNCRQ>")));
    house.line.clean(1);
}

#[test]
fn nothing_can_be_read_in_the_store() {
    let house = House::new(questioning());
    assert!(matches!(house.pay("order-4711").unwrap(), Progress::Ask(_)));
    done(now(house.vault().answer("order-4711", super::support::right(), jane())));
    assert!(matches!(house.pay("order-2"), Ok(Progress::Done(_))));
    for which in 0..house.store.keys().len() {
        let text = String::from_utf8_lossy(&bytes(&house, which)).into_owned();
        for word in ["order", "jane", "correct horse", "Garcia", "Harbor", "1000001", "88-204-117", END_USER, "Newport"]
        {
            assert!(!text.contains(word), "{word}");
        }
    }
    // The keys say nothing either, and are other ones for other contexts.
    let keys = house.store.keys();
    assert_eq!(keys.len(), 2);
    let other = House::new(easy());
    let vault = Vault::new(
        client(&other.line),
        other.store.clone(),
        super::support::keys(),
        Context::new("tenant-1", "user-43").unwrap(),
    );
    done(now(vault.unwrap().world(other.clock.clone()).pay("order-4711", &payment(), jane())));
    assert_ne!(other.store.keys()[0], keys[0]);
}

#[test]
fn many_payments_wait_and_what_is_too_much_is_refused_before_it_is_sent() {
    let house = House::new(questioning());
    let mut open = 0;
    let error = loop {
        match house.pay(&format!("order-{open}")) {
            Ok(Progress::Ask(_)) => open += 1,
            Ok(_) => panic!("asked nothing"),
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Seal, Moved::No));
    assert!(open > 30 && error.to_string().contains("abandon those that nobody wants any more"), "{open}: {error}");
    assert_eq!(now(house.vault().pending()).unwrap().len(), open);
    let sent = house.line.wire().sent.len();
    assert!(house.pay("one-more").is_err());
    assert_eq!(house.line.wire().sent.len(), sent);
    // They can all be finished.
    done(now(house.vault().answer("order-0", super::support::right(), jane())));
    for number in 1..open {
        done(house.pay(&format!("order-{number}")));
    }
    assert_eq!(now(house.vault().pending()).unwrap(), []);
    house.line.clean(open);
}

#[test]
fn another_institution_behind_the_same_address_is_sent_nothing() {
    let house = House::new(easy());
    let vault = |fid: &str| {
        let institution = Institution::new(MAIN).org("BANK").fid(fid).without_profile();
        let client = Client::builder(institution).transport(house.line.clone()).build().unwrap();
        house.vault_of(client, &keys())
    };
    let receipt = done(now(vault("1").pay("order-1", &payment(), jane())));
    let sent = house.line.wire().sent.len();
    let error = now(vault("2").pay("order-2", &payment(), jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::No), "{error}");
    assert!(error.to_string().contains("another institution (ORG or FID)"), "{error}");
    assert_eq!(house.line.wire().sent.len(), sent, "a password is for its own institution");
    assert_eq!(done(now(vault("2").pay("order-1", &payment(), jane()))), receipt);
}

#[test]
fn whose_user_id_has_changed_is_told_what_to_do_and_has_what_is_known() {
    let house = House::new(careless());
    let receipt = done(house.pay("order-1"));
    let renamed = || Credentials::new("jane.doe", "correct horse");
    let vault = house.vault();
    let sent = house.line.wire().sent.len();
    for error in
        [now(vault.pay("order-2", &payment(), renamed())).unwrap_err(), now(vault.accounts(renamed())).unwrap_err()]
    {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::No), "{error}");
        assert!(error.to_string().contains("only what was not made here"), "{error}");
    }
    assert_eq!(now(vault.look("order-1")).unwrap(), Some(Standing::Paid(Box::new(receipt))));
    assert_eq!(house.line.wire().sent.len(), sent);
}
