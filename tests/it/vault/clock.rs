//! A machine whose clock is wrong: it costs others a wait at most, and forgets no payment for them.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ofx_session::client::vault::{Busy, Settlement, Standing};
use ofx_session::store::Store as _;
use ofx_session::{Doubt, ErrorKind, Moved, Progress};

use super::support::{
    Clock, Fate, Fault, House, careful, careless, client, done, easy, jane, keys, now, once, payment, questioning,
    right,
};
use crate::resume::line::{Line, context};

/// Does something with a clock that is ahead.
fn ahead<T>(house: &House, by: i64, act: impl FnOnce() -> T) -> T {
    house.clock.advance(by);
    let done = act();
    house.clock.advance(-by);
    done
}

#[test]
fn what_a_clock_that_is_ahead_has_written_can_be_read_and_written_over() {
    for by in [61, HOUR, 4_000 * DAY] {
        let house = House::new(questioning());
        ahead(&house, by, || assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_))));
        assert!(matches!(now(house.vault().look("order-1")).unwrap(), Some(Standing::Open(_))));
        assert_eq!(now(house.vault().pending()).unwrap().len(), 1);
        let receipt = done(now(house.vault().answer("order-1", right(), jane())));
        // Filed by it, too.
        ahead(&house, by, || done(house.pay("order-2")));
        assert_eq!(done(house.pay("order-1")), receipt);
        ahead(&house, by, || assert!(matches!(house.pay("order-2").unwrap(), Progress::Done(_))));
        house.line.clean(2);
    }
    let house = House::warmed(careless());
    house.line.then([Fate::LostAfter]);
    ahead(&house, HOUR, || assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_))));
    now(house.vault().settle("order-1", Settlement::Made)).unwrap();
    house.line.then([Fate::NotSent]);
    ahead(&house, HOUR, || house.pay("order-2").unwrap_err());
    now(house.vault().abandon("order-2")).unwrap();
    house.line.clean(1);
}

/// By a clock that is ahead the first was filed so long ago that the id was free: the result of the second is not lost for it.
#[test]
fn the_newer_of_two_results_under_one_id_is_kept() {
    let house = House::new(careless());
    let vault = || house.vault().retention(Duration::from_secs(24 * 3600));
    let pay = |id: &str| done(now(vault().pay(id, &payment(), jane())));
    let first = pay("order-1");
    pay("order-2");
    let second = ahead(&house, DAY + HOUR, || pay("order-1"));
    assert_ne!(second.id(), first.id());
    pay("order-3");
    assert_eq!(pay("order-1"), second);
    house.line.clean(4);
}

/// A lease or a retention that is longer than time ends with time, and not at once.
#[test]
fn for_ever_is_not_over_at_once() {
    let house = House::warmed(careless());
    let vault = || house.vault().lease(Duration::MAX).retention(Duration::MAX);
    house.line.then([Fate::Hangs]);
    assert!(once(vault().pay("order-1", &payment(), jane())).is_none());
    house.clock.advance(HOUR);
    assert_eq!(now(vault().pay("order-1", &payment(), jane())).unwrap_err().kind(), ErrorKind::Busy);

    let house = House::warmed(careless());
    let vault = || house.vault().retention(Duration::MAX);
    let receipt = done(now(vault().pay("order-1", &payment(), jane())));
    house.clock.advance(HOUR);
    done(now(vault().pay("order-2", &payment(), jane())));
    assert_eq!(done(now(vault().pay("order-1", &payment(), jane()))), receipt);
    house.line.clean(2);
}

#[test]
fn a_claim_by_a_clock_that_is_ahead_is_over_after_one_lease() {
    for (bank, found) in [(careful(), true), (careless(), false)] {
        let house = House::warmed(bank);
        house.line.then(found.then_some(Fate::Honest).into_iter().chain([Fate::Hangs]));
        ahead(&house, DAY, || assert!(once(house.vault().pay("order-1", &payment(), jane())).is_none()));
        let vault = house.vault();
        let pay = || now(vault.pay("order-1", &payment(), jane()));
        house.clock.advance(1_000);
        for _ in 0..2 {
            let error = pay().unwrap_err();
            assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Unknown));
            // From when it was first seen.
            assert_eq!(error.detail::<Busy>().unwrap().until.timestamp(), START + 1_000 + 90 + 5);
            house.clock.advance(40);
        }
        house.clock.advance(15);
        assert_eq!(pay().unwrap_err().kind(), ErrorKind::Busy, "to the second");
        house.clock.advance(1);
        match pay().unwrap() {
            Progress::Done(_) => assert!(found),
            other => assert!(!found && other == Progress::Unknown(Doubt::Interrupted), "{other:?}"),
        }
        house.line.clean(1);
    }
}

/// A claim that this handle has seen while the clock was ahead as well.
#[test]
fn a_clock_that_is_set_back_costs_one_lease() {
    let house = House::warmed(careful());
    let vault = house.vault();
    house.line.then([Fate::Honest, Fate::Hangs]);
    ahead(&house, DAY, || {
        assert!(once(house.vault().pay("order-1", &payment(), jane())).is_none());
        assert_eq!(now(vault.pay("order-1", &payment(), jane())).unwrap_err().kind(), ErrorKind::Busy);
    });
    let error = now(vault.pay("order-1", &payment(), jane())).unwrap_err();
    assert_eq!(error.detail::<Busy>().unwrap().until.timestamp(), START + 90 + 5);
    house.clock.advance(96);
    done(now(vault.pay("order-1", &payment(), jane())));
    house.line.clean(1);
}

/// Its own result is past its retention by the time it files it, and the id stands for a payment made since.
#[test]
fn whoever_sleeps_for_a_retention_does_not_file_over_what_came_after() {
    let house = House::warmed(careless());
    let vault = || house.vault().retention(Duration::from_secs(24 * 3600));
    let pay = |id: &str| done(now(vault().pay(id, &payment(), jane())));
    pay("order-1");
    house.store.writes([Fault::Stops]);
    let (sleeper, order) = (vault(), payment());
    let mut sleeping = pin!(sleeper.pay("order-2", &order, jane()));
    let mut poll = || sleeping.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll().is_pending(), "it was to file order-1");
    pay("order-3");
    house.clock.advance(DAY + HOUR);
    let second = pay("order-1");
    pay("order-4");
    let Poll::Ready(result) = poll() else { panic!("it sleeps on") };
    done(result);
    assert_eq!(pay("order-1"), second);
    house.line.clean(5);
}

#[test]
fn an_owner_whose_clock_is_ahead_keeps_its_claim_for_a_lease_and_is_refused_after_it() {
    for late in [false, true] {
        let house = House::warmed(careless());
        house.line.then([Fate::Waits]);
        let (owner, other, order) = (house.vault(), house.vault(), payment());
        let mut paying = pin!(owner.pay("order-1", &order, jane()));
        let mut poll = || match paying.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        };
        ahead(&house, DAY, || assert!(poll().is_none(), "it waits for the institution"));
        assert_eq!(now(other.pay("order-2", &order, jane())).unwrap_err().kind(), ErrorKind::Busy);
        if late {
            house.clock.advance(96);
            done(now(other.pay("order-2", &order, jane())));
            let error = ahead(&house, DAY, || poll().unwrap().unwrap_err());
            assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Yes));
        } else {
            house.clock.advance(89);
            assert_eq!(now(other.pay("order-2", &order, jane())).unwrap_err().kind(), ErrorKind::Busy);
            done(ahead(&house, DAY, || poll().unwrap()));
            done(now(other.pay("order-2", &order, jane())));
        }
        house.line.clean(2);
    }
}

#[test]
fn a_clock_that_jumps_past_a_retention_does_not_make_others_forget() {
    let house = House::new(easy());
    let receipt = done(house.pay("order-1"));
    // Whoever works then takes it off the desk.
    ahead(&house, 401 * DAY, || done(house.pay("order-2")));
    assert_eq!(done(house.pay("order-1")), receipt);
    house.line.clean(2);
}

/// A store counts by its own clock, from when it was told for how long.
#[test]
fn a_clock_that_is_ahead_does_not_shorten_what_a_store_keeps() {
    for by in [0, 399 * DAY, 401 * DAY] {
        let house = House::new(easy());
        done(house.pay("order-1"));
        ahead(&house, by, || done(house.pay("order-2")));
        let filed = now(house.store.memory().load(&house.store.keys()[1])).unwrap().unwrap();
        assert!(filed.life().unwrap().as_secs() > 399 * DAY.unsigned_abs(), "{by}: {:?}", filed.life());
    }
}

const START: i64 = 1_767_225_600;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Sessions have it of their client, and go on with another that whoever resumes brings.
#[test]
fn a_client_of_the_same_world_makes_the_same_identifiers_and_times() {
    let made = || {
        let line = Line::new(easy().build_model());
        let client = client(&line).world(Clock::new());
        let mut session = client.open(jane()).unwrap();
        now(session.prepare_payment(&payment())).unwrap();
        let trn_uid = session.trn_uid().unwrap();
        let blob = session.pause(&keys(), &context()).unwrap();
        (trn_uid, blob.header().unwrap().issued())
    };
    assert_eq!(made(), made());
    assert_eq!(made().1, 1_767_225_600);
}
