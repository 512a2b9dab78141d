//! A store that loses things, at each write.

use ofx_session::engine::{Refusal, RefusedAt};
use ofx_session::store::{StoreError, Swap};
use ofx_session::{Credentials, ErrorKind, Moved, Progress, Receipt};

use super::support::{Fate, Fault, House, careful, careless, done, easy, jane, now, payment, questioning, right};

/// Claim, write-ahead and result of a payment by itself.
const WRITES: usize = 3;

#[test]
fn a_lost_acknowledgement_is_found_out_by_the_version_that_is_there() {
    for at in 0..WRITES {
        for fault in [Fault::LostAfter, Fault::LostBefore, Fault::Late] {
            let house = House::warmed(careless());
            house.store.writes(std::iter::repeat_n(Fault::None, at).chain([fault]));
            let receipt = done(house.pay("order-1"));
            assert!(house.store.arrive().iter().all(|swap| *swap == Swap::Conflict), "a late copy changes nothing");
            assert_eq!(done(house.pay("order-1")), receipt, "{at} {fault:?}");
            house.line.clean(1);
        }
    }
}

#[test]
fn what_cannot_be_stored_first_is_not_sent() {
    for at in 0..2 {
        for fault in [Fault::Refused, Fault::LostBefore, Fault::Late] {
            let house = House::warmed(careful());
            house.store.writes(std::iter::repeat_n(Fault::None, at).chain(std::iter::repeat_n(fault, 10)));
            let error = house.pay("order-1").unwrap_err();
            assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::No), "{at} {fault:?}");
            assert!(error.detail::<StoreError>().is_some());
            let payments = |house: &House| house.line.work().iter().filter(|tail| tail.contains("<PMTRQ>")).count();
            assert_eq!(payments(&house), 0, "{at} {fault:?}");
            house.store.calm();
            let late = house.store.arrive();
            assert_eq!(late.iter().filter(|swap| **swap == Swap::Done).count(), usize::from(fault == Fault::Late));
            house.clock.advance(96);
            done(house.pay("order-1"));
            house.line.clean(1);
        }
    }
}

#[test]
fn a_receipt_that_cannot_be_stored_comes_with_the_error_and_is_found_again() {
    for (bank, found) in [(careful(), true), (careless(), false)] {
        let house = House::warmed(bank);
        // A token is asked for first where there is a history.
        let before = if found { 3 } else { 2 };
        house.store.writes(std::iter::repeat_n(Fault::None, before).chain(std::iter::repeat_n(Fault::Refused, 20)));
        let error = house.pay("order-1").unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Yes));
        let receipt = error.detail::<Receipt>().unwrap().clone();
        house.store.calm();
        assert_eq!(house.pay("order-1").unwrap_err().kind(), ErrorKind::Busy);
        house.clock.advance(96);
        match house.pay("order-1").unwrap() {
            Progress::Done(again) => assert_eq!((again.id(), found), (receipt.id(), true)),
            other => assert!(matches!(other, Progress::Unknown(_)) && !found, "{other:?}"),
        }
        house.line.clean(1);
    }
}

#[test]
fn questions_and_doubts_that_cannot_be_stored_say_what_may_have_moved() {
    let house = House::warmed(questioning());
    house.line.wire().fates.clear();
    let refused =
        |writes: usize| std::iter::repeat_n(Fault::None, writes).chain(std::iter::repeat_n(Fault::Refused, 20));
    // Claim, write-ahead, write-ahead of the questions, result.
    house.store.writes(refused(3));
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::No));
    house.store.calm();
    house.clock.advance(96);

    let house = House::warmed(careless());
    house.line.then([Fate::LostAfter]);
    house.store.writes(refused(2));
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Unknown));
    house.store.calm();
    house.clock.advance(96);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    house.line.clean(1);

    // What the institution refuses was not made, and neither was what it asks about first; but for the store both are in doubt, and who
    // comes next may send them.
    let house = House::warmed(careless());
    house.line.wire().bank.require_approval();
    house.store.writes(refused(2));
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Unknown));

    let house = House::warmed(questioning().class("D-S-F-".parse().unwrap()));
    house.line.wire().fates.clear();
    assert!(now(house.vault().accounts(jane())).is_ok());
    house.store.writes(refused(2));
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Unknown));

    let house = House::warmed(careless());
    house.line.then([Fate::NotSent]);
    house.store.writes(refused(2));
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Transport, Moved::Unknown));
    assert!(error.to_string().starts_with("the store may say that the payment was sent"), "{error}");

    let house = House::warmed(careful());
    done(house.pay("order-0"));
    // That result is filed first.
    house.store.writes(refused(3));
    let error = now(house.vault().pay("order-1", &payment(), Credentials::new("jane", "wrong"))).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Unknown));
    assert!(error.detail::<Refusal>().is_some_and(|refusal| refusal.at == RefusedAt::Signon));

    let house = House::warmed(careless());
    let mut wrong = payment();
    wrong.from.account_id = "4711".to_owned();
    house.store.writes(refused(2));
    let error = now(house.vault().pay("order-1", &wrong, jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Unknown));
    assert!(error.detail::<Refusal>().is_some());
    house.store.calm();
    house.clock.advance(96);
    assert!(matches!(now(house.vault().pay("order-1", &wrong, jane())).unwrap(), Progress::Unknown(_)));
}

#[test]
fn an_account_list_that_is_refused_while_the_store_is_away_moves_nothing() {
    // Both houses draw the same identifiers: the answer in the one fits the request in the other.
    let rehearsal = House::new(easy());
    now(rehearsal.vault().accounts(jane())).unwrap().done().unwrap();
    let Fate::Says(answer) = rehearsal.line.edited("<ACCTINFOTRNRS>", "<ACCTINFOTRNRS>") else { panic!("no answer") };
    let answer = String::from_utf8(answer).unwrap();
    let (before, list) = answer.split_once("<ACCTINFOTRNRS>").unwrap();
    let list = list.replacen("<CODE>0", "<CODE>2000", 1).replacen("<SEVERITY>INFO", "<SEVERITY>ERROR", 1);

    let house = House::new(easy());
    house.line.then([Fate::Honest, Fate::Says(format!("{before}<ACCTINFOTRNRS>{list}").into_bytes())]);
    // Claim, write-ahead, result.
    house.store.writes(std::iter::repeat_n(Fault::None, 2).chain(std::iter::repeat_n(Fault::Refused, 20)));
    let error = now(house.vault().accounts(jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Refused, Moved::No), "{error}");
    assert!(error.detail::<Refusal>().is_some_and(|refusal| refusal.at == RefusedAt::Request), "{error}");
    house.store.calm();
    // The end of the claim could not be stored.
    assert_eq!(now(house.vault().accounts(jane())).unwrap_err().kind(), ErrorKind::Busy);
    house.clock.advance(96);
    now(house.vault().accounts(jane())).unwrap().done().unwrap();
    house.line.clean(0);
}

#[test]
fn a_store_that_cannot_be_read_hides_what_may_have_moved() {
    let house = House::warmed(easy());
    for loads in [vec![Fault::Refused], vec![Fault::None, Fault::Refused]] {
        house.store.loads(loads);
        let error = house.pay("order-1").unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Unknown));
        house.store.calm();
    }
    house.store.loads([Fault::Refused; 4]);
    for error in [
        now(house.vault().look("order-1")).unwrap_err(),
        now(house.vault().pending()).unwrap_err(),
        now(house.vault().abandon("order-1")).unwrap_err(),
        now(house.vault().reconcile("order-1", jane())).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Unknown));
    }
    house.store.loads([Fault::Refused]);
    let error = now(house.vault().accounts(jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::No));
    assert_eq!(house.line.wire().sent.len(), 0);
    done(house.pay("order-1"));
    house.line.clean(1);
}

#[test]
fn a_payment_in_doubt_stays_in_doubt_when_the_store_fails() {
    let house = House::warmed(careful());
    house.line.then([Fate::Honest, Fate::LostAfter, Fate::NotSent]);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    house.line.wire().fates.clear();
    // The claim, and the write-ahead.
    for at in 0..2 {
        house.store.writes(std::iter::repeat_n(Fault::None, at).chain([Fault::Refused]));
        let error = house.pay("order-1").unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Store, Moved::Unknown), "{at}");
    }
    done(house.pay("order-1"));
    house.line.clean(1);
}

/// Everything that can be lost at every call, through questions to the receipt and the next payment: nothing is paid twice, and
/// whoever asks long enough gets the receipt.
#[test]
fn at_every_write_and_every_load() {
    let faults = [Fault::Refused, Fault::LostAfter, Fault::LostBefore, Fault::Late, Fault::Slow];
    let mut met = 0;
    for at in 0..30 {
        for (fault, times) in faults.into_iter().flat_map(|fault| [(fault, 1), (fault, 5)]) {
            for of_loads in [false, true] {
                let house = House::new(questioning().class("D+S+F+".parse().unwrap()));
                let queue = std::iter::repeat_n(Fault::None, at).chain(std::iter::repeat_n(fault, times));
                if of_loads {
                    house.store.loads(queue)
                } else {
                    house.store.writes(queue)
                }
                let mut ended = false;
                for _ in 0..20 {
                    let result = match house.pay("order-1") {
                        Ok(Progress::Ask(_)) => now(house.vault().answer("order-1", right(), jane())),
                        other => other,
                    };
                    let made = house.line.wire().bank.payments_made();
                    match result {
                        Ok(Progress::Done(receipt)) => {
                            assert_eq!(made, 1);
                            if let Ok(Progress::Done(again)) = house.pay("order-1") {
                                assert_eq!(again, receipt);
                            }
                            ended = true;
                            break;
                        }
                        Ok(_) => {}
                        Err(error) => {
                            met += 1;
                            assert_ne!((error.money_may_have_moved(), made), (Moved::No, 1), "{error}");
                            assert_ne!((error.money_may_have_moved(), made), (Moved::Yes, 0), "{error}");
                        }
                    }
                    house.store.arrive();
                    house.clock.advance(96);
                }
                assert!(ended, "{fault:?} from {at}, {times} times");
                house.store.calm();
                house.clock.advance(200);
                done(house.pay("order-2"));
                house.line.clean(2);
            }
        }
    }
    assert!(met > 100, "{met}");
}
