//! The errors that no other test meets: whether money may have moved.

use ofx_session::{Answers, ErrorKind, Moved, Progress, StatusCode};

use super::support::{Fate, House, careless, done, easy, jane, joe, now, payment, questioning, right};

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
