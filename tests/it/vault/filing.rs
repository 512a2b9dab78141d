//! Results in records of their own: which is where, what is written over what, and until when.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ofx_session::client::vault::{Settlement, Standing};
use ofx_session::store::{Answer, Capabilities, Record, RecordKey, Store, Swap, Version};
use ofx_session::{ErrorKind, Moved, Progress, Vault};

use super::support::{Fate, Fault, House, Shaky, careless, client, context, done, jane, keys, now, once, payment};

/// Shows somebody a record as it was before, once.
#[derive(Clone)]
struct Behind {
    store: Shaky,
    was: Arc<Mutex<Option<(RecordKey, Record)>>>,
}

impl Behind {
    fn new(house: &House, was: (RecordKey, Record)) -> Self {
        Self { store: house.store.clone(), was: Arc::new(Mutex::new(Some(was))) }
    }

    fn vault(&self, house: &House) -> Vault {
        let vault = Vault::new(client(&house.line), self.clone(), keys(), context()).unwrap();
        vault.world(house.clock.clone())
    }
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Behind")
    }
}

impl Store for Behind {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn create<'a>(&'a self, key: &'a RecordKey, record: &'a Record) -> Answer<'a, Swap> {
        self.store.create(key, record)
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        match self.was.lock().unwrap().take_if(|(of, _)| of == key) {
            Some((_, record)) => Box::pin(async { Ok(Some(record)) }),
            None => self.store.load(key),
        }
    }

    fn swap<'a>(&'a self, key: &'a RecordKey, expected: Version, record: &'a Record) -> Answer<'a, Swap> {
        self.store.swap(key, expected, record)
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Version) -> Answer<'a, Swap> {
        self.store.delete(key, expected)
    }
}

/// The record of the desk, or of the result that was filed as this one.
fn record(house: &House, which: usize) -> (RecordKey, Record) {
    let key = house.store.keys()[which];
    (key, now(house.store.memory().load(&key)).unwrap().unwrap())
}

/// Nobody will ever know whether it was made, which is on the desk.
fn unresolved() -> House {
    let house = House::warmed(careless());
    house.line.then([Fate::LostAfter]);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    house
}

fn settled(house: &House) -> Option<Settlement> {
    match now(house.vault().look("order-1")).unwrap() {
        Some(Standing::Settled { settlement, .. }) => Some(settlement),
        Some(Standing::Unresolved { .. }) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_result_has_a_record_of_its_own() {
    let house = House::warmed(careless());
    let receipts: Vec<_> = ["order-1", "order-2", "order-3"].map(|id| done(house.pay(id))).into();
    assert_eq!(house.store.keys().len(), 3, "the desk, and all but the last");
    let (key, record) = record(&house, 1);
    assert_eq!(now(house.store.memory().delete(&key, record.version())).unwrap(), Swap::Done);
    assert_eq!(now(house.vault().look("order-1")).unwrap(), None);
    for (id, receipt) in [("order-2", &receipts[1]), ("order-3", &receipts[2])] {
        assert_eq!(now(house.vault().look(id)).unwrap(), Some(Standing::Paid(Box::new(receipt.clone()))));
    }
}

#[test]
fn what_cannot_be_filed_stays_on_the_desk_and_nothing_is_sent() {
    for fault in [Fault::Refused, Fault::LostBefore] {
        let house = House::warmed(careless());
        let receipt = done(house.pay("order-1"));
        house.line.wire().sent.clear();
        house.store.writes([fault; 4]);
        let error = house.pay("order-2").unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::No), "{fault:?}");
        assert_eq!(house.line.wire().sent.len(), 0);
        house.store.calm();
        assert_eq!(done(house.pay("order-1")), receipt);
        done(house.pay("order-2"));
        assert_eq!(done(house.pay("order-1")), receipt);
        house.line.clean(2);
    }
    // That it certainly did not happen is told at once.
    let house = House::warmed(careless());
    done(house.pay("order-1"));
    house.store.writes([Fault::Refused]);
    assert_eq!(house.pay("order-2").unwrap_err().kind(), ErrorKind::Store);
}

/// Filed, and the claim that was to follow was not written.
#[test]
fn a_result_that_is_filed_and_on_the_desk_is_not_filed_again() {
    for unknown in [false, true] {
        let house = if unknown { unresolved() } else { House::warmed(careless()) };
        if !unknown {
            done(house.pay("order-1"));
        }
        house.store.writes([Fault::None, Fault::Refused]);
        assert_eq!(house.pay("order-2").unwrap_err().kind(), ErrorKind::Store);
        let (_, before) = record(&house, 1);
        done(house.pay("order-2"));
        assert_eq!(record(&house, 1).1.version(), before.version(), "{unknown}");
    }
}

/// What a person has found out is more than that nobody knew.
#[test]
fn a_settlement_is_filed_over_what_it_settles() {
    for settlement in [Settlement::Made, Settlement::NotMade] {
        let house = unresolved();
        house.store.writes([Fault::None, Fault::Refused]);
        assert_eq!(house.pay("order-2").unwrap_err().kind(), ErrorKind::Store, "filed, and on the desk still");
        now(house.vault().settle("order-1", settlement)).unwrap();
        done(house.pay("order-2"));
        assert_eq!(settled(&house), Some(settlement));
        done(house.pay("order-3"));
        assert_eq!(settled(&house), Some(settlement));
        house.line.clean(3);
    }
}

/// Whoever has loaded the desk before others filed, settled and went on, files what is on it.
#[test]
fn what_was_settled_is_not_written_over_by_who_is_behind() {
    let house = unresolved();
    let behind = Behind::new(&house, record(&house, 0));
    done(house.pay("order-2"));
    now(house.vault().settle("order-1", Settlement::NotMade)).unwrap();
    assert_eq!(settled(&house), Some(Settlement::NotMade));
    done(now(behind.vault(&house).pay("order-3", &payment(), jane())));
    assert!(behind.was.lock().unwrap().is_none());
    assert_eq!(settled(&house), Some(Settlement::NotMade));
    house.line.clean(3);
}

/// Two people have found out two things.
#[test]
fn of_two_settlements_of_what_is_filed_the_first_is_final() {
    let house = unresolved();
    done(house.pay("order-2"));
    let behind = Behind::new(&house, record(&house, 1));
    now(house.vault().settle("order-1", Settlement::Made)).unwrap();
    let error = now(behind.vault(&house).settle("order-1", Settlement::NotMade)).unwrap_err();
    assert!(behind.was.lock().unwrap().is_none());
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Yes), "{error}");
    assert_eq!(settled(&house), Some(Settlement::Made));
}

#[test]
fn a_settlement_of_what_is_filed_is_told_as_done_where_it_was_written() {
    for (fault, written) in [(Fault::LostAfter, true), (Fault::LostBefore, false), (Fault::Refused, false)] {
        let house = unresolved();
        done(house.pay("order-2"));
        house.store.writes([fault]);
        match now(house.vault().settle("order-1", Settlement::Made)) {
            Ok(()) => assert!(written, "{fault:?}"),
            Err(error) => {
                let found = (error.kind(), error.money_may_have_moved(), written);
                assert_eq!(found, (ErrorKind::Store, Moved::Unknown, false), "{fault:?}");
            }
        }
        assert_eq!(settled(&house), written.then_some(Settlement::Made), "{fault:?}");
        now(house.vault().settle("order-1", Settlement::Made)).unwrap();
        assert_eq!(settled(&house), Some(Settlement::Made));
    }
}

#[test]
fn a_vault_that_forgets_at_once_pays_nothing() {
    let house = House::new(careless());
    for short in [Duration::ZERO, Duration::from_secs(24 * 3600 - 1)] {
        let error = now(house.vault().retention(short).pay("order-1", &payment(), jane())).unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Unknown));
        assert!(error.to_string().contains("24 hours"), "{error}");
    }
    house.line.clean(0);
}

#[test]
fn a_result_on_the_desk_counts_to_the_last_moment_of_its_retention() {
    const DAY: i64 = 24 * 3600;
    let house = House::warmed(careless());
    let vault = || house.vault().retention(Duration::from_secs(24 * 3600));
    let first = done(now(vault().pay("order-1", &payment(), jane())));
    house.clock.advance(DAY);
    assert_eq!(done(now(vault().pay("order-1", &payment(), jane()))), first);
    house.clock.advance(1);
    assert_eq!(now(vault().look("order-1")).unwrap(), None);
    house.line.then([Fate::Hangs]);
    assert!(once(vault().pay("order-1", &payment(), jane())).is_none(), "the id is free");
    house.line.clean(2);
}

/// An institution that answers with kilobytes of text must not make a result that fits nowhere. What it says beside the payment is kept.
#[test]
fn a_receipt_is_kept_with_its_notices_and_without_kilobytes() {
    // Both houses draw the same identifiers: the answer in the one fits the request in the other.
    let rehearsal = House::warmed(careless());
    done(rehearsal.pay("order-1"));
    let Fate::Says(answer) = rehearsal.line.edited("<MEMO>", &format!("<MEMO>{}", "word ".repeat(5_000))) else {
        panic!("no answer")
    };
    let answer = String::from_utf8(answer).unwrap();
    let (signon, payment_set) = answer.split_once("</SONRS>").unwrap();
    let signon = signon.replacen("<CODE>0", "<CODE>15000", 1);
    let payment_set = payment_set.replacen("</STATUS>", "<MESSAGE>our words</MESSAGE></STATUS>", 1);
    let house = House::warmed(careless());
    house.line.then([Fate::Says(format!("{signon}</SONRS>{payment_set}").into_bytes())]);
    let receipt = done(house.pay("order-1"));
    let memo = |receipt: &ofx_session::Receipt| receipt.response.payment.memo.clone().unwrap_or_default();
    assert!(memo(&receipt).len() > 20_000, "all of it, for who has paid");
    for filed in [false, true] {
        let kept = done(house.pay("order-1"));
        assert_eq!((kept.id(), memo(&kept)), (receipt.id(), memo(&rehearsed())), "{filed}");
        assert_eq!(kept.notices, receipt.notices);
        let codes: Vec<_> = kept.notices.iter().map(|status| status.code.value()).collect();
        assert_eq!(codes, [15_000, 0]);
        done(house.pay("order-2"));
    }
}

/// The receipt of the payment as it was asked for.
fn rehearsed() -> ofx_session::Receipt {
    let house = House::warmed(careless());
    done(house.pay("order-1"))
}
