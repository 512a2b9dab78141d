//! The errors that no other test meets: whether money may have moved.

use ofx_session::client::vault::{Settlement, Standing};
use ofx_session::{Answers, ErrorKind, Moved, Progress, StatusCode};

use super::support::{
    Fate, House, careless, done, easy, jane, joe, now, once, other_payment, payment, questioning, right,
};

#[test]
fn a_request_that_did_not_leave_moves_nothing_and_goes_on_under_the_same_identifiers() {
    let house = House::warmed(careless());
    house.line.then([Fate::NotSent]);
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Transport, Moved::No));
    let pending = now(house.vault().pending()).unwrap();
    assert_eq!((pending.len(), pending[0].is_in_doubt()), (1, false));
    assert_eq!(done(house.pay("order-1")).trn_uid, pending[0].trn_uid);
    house.line.clean(1);
}

#[test]
fn a_profile_that_does_not_come_moves_nothing_and_leaves_nothing() {
    for fate in [Fate::NotSent, Fate::LostBefore, Fate::LostAfter, Fate::Says(b"<html>".to_vec())] {
        let house = House::new(easy());
        house.line.then([fate]);
        let error = house.pay("order-1").unwrap_err();
        assert_eq!(error.money_may_have_moved(), Moved::No, "{error}");
        assert_eq!(now(house.vault().look("order-1")).unwrap(), None);
        done(house.pay("order-1"));
        house.line.clean(1);
    }
}

#[test]
fn a_payment_that_cannot_be_sent_moves_nothing_and_claims_nothing() {
    for house in [House::new(easy()), House::warmed(easy())] {
        let mut wrong = payment();
        wrong.pay_account = "x".repeat(33);
        let error = now(house.vault().pay("order-1", &wrong, jane())).unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::No));
        assert_eq!(now(house.vault().look("order-1")).unwrap(), None);
        done(house.pay("order-1"));
        house.line.clean(1);
    }
}

#[test]
fn misuse_of_a_payment_in_doubt_says_that_it_is_in_doubt() {
    let house = House::warmed(easy().class("D+S+F+".parse().unwrap()));
    house.line.then([Fate::Honest, Fate::LostAfter, Fate::NotSent]);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    house.line.wire().fates.clear();
    for error in [
        now(house.vault().answer("order-1", right(), jane())).unwrap_err(),
        now(house.vault().resume("order-1", joe())).unwrap_err(),
        now(house.vault().abandon("order-1")).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Unknown), "{error}");
    }
    done(house.pay("order-1"));
    house.line.clean(1);
}

#[test]
fn wrong_answers_and_a_locked_user_move_nothing() {
    let house = House::new(questioning());
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
    let error = now(house.vault().answer("order-1", Answers::new().with("MFA99", "x"), jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::No));
    house.line.wire().bank.lock_user("jane");
    let error = now(house.vault().answer("order-1", right(), jane())).unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(StatusCode::LOCKED_OUT)));
    assert_eq!(error.money_may_have_moved(), Moved::No);
    // It waits, and can be given up.
    assert_eq!(now(house.vault().pending()).unwrap().len(), 1);
    now(house.vault().abandon("order-1")).unwrap();
    house.line.clean(0);
}

/// An order whose due day is reckoned anew each day is another payment the next day: whoever is told that nothing moved, and to
/// take a new id, pays twice.
#[test]
fn another_payment_under_an_id_says_what_became_of_the_one_it_stands_for() {
    let refused = |house: &House, moved: Moved| {
        let error = now(house.vault().pay("order-1", &other_payment(), jane())).unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, moved), "{error}");
        assert_eq!(error.detail::<Standing>(), now(house.vault().look("order-1")).unwrap().as_ref());
        assert!(!error.to_string().contains("an id of its own"), "{error}");
    };
    // In doubt, and there is a way to find out.
    let house = House::warmed(easy().class("D+S+F+".parse().unwrap()));
    house.line.then([Fate::Honest, Fate::LostAfter, Fate::NotSent]);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    refused(&house, Moved::Unknown);
    // In doubt for ever, on the desk and filed; then settled.
    for (settlement, moved) in [(Settlement::Made, Moved::Yes), (Settlement::NotMade, Moved::No)] {
        let house = House::warmed(careless());
        house.line.then([Fate::LostAfter]);
        assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
        refused(&house, Moved::Unknown);
        done(house.pay("order-2"));
        refused(&house, Moved::Unknown);
        now(house.vault().settle("order-1", settlement)).unwrap();
        refused(&house, moved);
    }
}

#[test]
fn another_users_credentials_do_not_hide_what_became_of_a_payment() {
    let house = House::new(easy());
    done(house.pay("order-1"));
    let refused = |id: &str, moved: [Moved; 2]| {
        let pay = now(house.vault().pay(id, &payment(), joe())).unwrap_err();
        let resume = now(house.vault().resume(id, joe())).unwrap_err();
        for (error, moved) in [pay, resume].into_iter().zip(moved) {
            assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, moved), "{error}");
        }
    };
    refused("order-1", [Moved::Yes; 2]);
    // What is asked for anew was not made; what is resumed was, perhaps, longer ago than anybody knows.
    refused("order-3", [Moved::No, Moved::Unknown]);
    // And filed.
    done(house.pay("order-2"));
    refused("order-1", [Moved::Yes; 2]);
}

/// It can have been filed so long ago that nobody knows any more.
#[test]
fn what_the_vault_does_not_know_may_have_been_made() {
    let house = House::warmed(easy());
    // Also while somebody is at work on something else.
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-1", &payment(), jane())).is_none());
    let error = now(house.vault().abandon("order-9")).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Unknown), "{error}");
    house.clock.advance(96);
    for error in [
        now(house.vault().resume("order-9", jane())).unwrap_err(),
        now(house.vault().answer("order-9", right(), jane())).unwrap_err(),
        now(house.vault().reconcile("order-9", jane())).unwrap_err(),
        now(house.vault().settle("order-9", Settlement::Made)).unwrap_err(),
        now(house.vault().abandon("order-9")).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Unknown), "{error}");
    }
}
