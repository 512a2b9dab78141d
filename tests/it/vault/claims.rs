//! Two at once: one works, the other is told so; whoever sleeps too long has lost.

use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use ofx_session::client::vault::{Busy, Settlement, Standing};
use ofx_session::error::Delivery;
use ofx_session::{Client, Dialect, Doubt, ErrorKind, Institution, Moved, Progress, Receipt};

use super::support::{
    Fate, Fault, House, careful, careless, done, easy, jane, keys, now, once, payment, questioning, right,
};
use crate::resume::line::MAIN;

/// Polls what was started before once more.
pub(super) fn again<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    match std::pin::Pin::new(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

#[test]
fn one_of_two_pays_and_the_other_is_told_until_when_and_gets_the_receipt_later() {
    let house = House::warmed(easy());
    house.line.then([Fate::Waits]);
    let (first, second) = (house.vault(), house.vault());
    let order = payment();
    let mut paying = pin!(first.pay("order-1", &order, jane()));
    assert!(again(&mut paying).is_none(), "it waits for the institution");

    let error = now(second.pay("order-1", &payment(), jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Unknown));
    let busy = error.detail::<Busy>().unwrap();
    assert_eq!(busy.id.as_deref(), Some("order-1"));
    // Lease and skew.
    assert_eq!(busy.until.timestamp(), 1_767_225_600 + 90 + 5);
    for word in ["\"order-1\"", "in a moment", "at the latest", "2026-01-01 00:01:35 UTC"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    for error in
        [now(second.pay("order-2", &payment(), jane())).unwrap_err(), now(second.accounts(jane())).unwrap_err()]
    {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::No));
        assert_eq!(error.detail::<Busy>(), Some(busy));
    }
    for error in [
        now(second.settle("order-1", Settlement::Made)).unwrap_err(),
        now(second.abandon("order-1")).unwrap_err(),
        now(second.reconcile("order-1", jane())).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Unknown));
    }
    let Some(Standing::Open(pending)) = now(second.look("order-1")).unwrap() else { panic!("not open") };
    assert!(pending.is_in_doubt());
    assert_eq!(pending.claimed_until, Some(busy.until), "whoever waits until then is not told Busy once more");

    let receipt = done(again(&mut paying).unwrap());
    assert_eq!(done(now(second.pay("order-1", &payment(), jane()))), receipt);
    house.line.clean(1);
}

#[test]
fn answers_wait_for_who_is_at_work_and_for_what_must_be_found_out_about() {
    let house = House::warmed(questioning().class("D+S-F+".parse().unwrap()));
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-2", &payment(), jane())).is_none());
    let answer = || now(house.vault().answer("order-1", right(), jane())).unwrap_err();
    assert_eq!((answer().kind(), answer().detail::<Busy>().is_some()), (ErrorKind::Busy, true));
    house.clock.advance(96);
    let error = answer();
    assert_eq!((error.kind(), error.detail::<Busy>().is_some()), (ErrorKind::Busy, false), "{error}");
    assert!(error.to_string().contains("order-2"), "{error}");
}

/// One that is ready, and one that waits for approval.
#[test]
fn another_try_waits_for_who_is_at_work() {
    for approval in [false, true] {
        let house = House::warmed(careless());
        if approval {
            house.line.wire().bank.require_approval();
            assert!(matches!(house.pay("order-1").unwrap(), Progress::Approve(_)));
            house.line.wire().bank.approve_clients();
        } else {
            house.line.then([Fate::NotSent]);
            house.pay("order-1").unwrap_err();
        }
        house.line.then([Fate::Hangs]);
        assert!(once(house.vault().pay("order-2", &payment(), jane())).is_none());
        let made = house.line.wire().bank.payments_made();
        assert!(house.pay("order-1").unwrap_err().detail::<Busy>().is_some(), "{approval}");
        assert_eq!(house.line.wire().bank.payments_made(), made, "{approval}");
    }
}

#[test]
fn a_claim_is_good_for_a_whole_lease_from_each_file_on() {
    let house = House::warmed(careful());
    house.line.then([Fate::Waits, Fate::Hangs]);
    let (vault, order) = (house.vault(), payment());
    let mut paying = pin!(vault.pay("order-1", &order, jane()));
    assert!(again(&mut paying).is_none(), "it waits for the token");
    house.clock.advance(40);
    assert!(again(&mut paying).is_none(), "it waits for the payment");
    let error = house.pay("order-1").unwrap_err();
    assert_eq!(error.detail::<Busy>().unwrap().until.timestamp(), 1_767_225_600 + 40 + 90 + 5);
}

/// The claim is there, and the answers are not written yet.
#[test]
fn questions_are_not_asked_again_while_somebody_answers_them() {
    let house = House::new(questioning());
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
    house.store.writes(std::iter::once(Fault::None).chain([Fault::Refused; 20]));
    assert_eq!(now(house.vault().answer("order-1", right(), jane())).unwrap_err().kind(), ErrorKind::Store);
    house.store.calm();
    assert_eq!(house.pay("order-1").unwrap_err().kind(), ErrorKind::Busy);
    house.clock.advance(96);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
}

/// What is filed has a record of its own, which nobody at work writes.
#[test]
fn a_result_that_is_filed_is_settled_while_somebody_is_at_work() {
    let house = House::warmed(careless());
    house.line.then([Fate::LostAfter]);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    house.line.then([Fate::NotSent]);
    house.pay("order-2").unwrap_err();
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-3", &payment(), jane())).is_none());
    now(house.vault().settle("order-1", Settlement::Made)).unwrap();
    for id in ["order-2", "order-3"] {
        let error = now(house.vault().settle(id, Settlement::Made)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{id}");
    }
}

/// What has no way left is on the desk until the next one files it, and a settlement there would take the claim from who is at work.
#[test]
fn a_result_that_is_not_filed_yet_is_settled_when_nobody_is_at_work() {
    let house = House::warmed(careless());
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-1", &payment(), jane())).is_none());
    house.clock.advance(96);
    let (vault, order) = (house.vault(), payment());
    let mut paying = pin!(vault.pay("order-2", &order, jane()));
    house.line.then([Fate::Waits]);
    assert!(again(&mut paying).is_none(), "it waits for the institution");
    let standing = now(house.vault().look("order-1")).unwrap();
    assert!(matches!(standing, Some(Standing::Unresolved { .. })), "{standing:?}");
    let error = now(house.vault().settle("order-1", Settlement::Made)).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Unknown));
    done(again(&mut paying).unwrap());
    now(house.vault().settle("order-1", Settlement::Made)).unwrap();
    house.line.clean(2);
}

#[test]
fn handles_of_one_vault_exclude_each_other_as_well() {
    let house = House::warmed(easy());
    house.line.then([Fate::Waits]);
    let vault = house.vault();
    let clone = vault.clone();
    let order = payment();
    let mut paying = pin!(vault.pay("order-1", &order, jane()));
    assert!(again(&mut paying).is_none());
    assert_eq!(now(clone.pay("order-1", &order, jane())).unwrap_err().kind(), ErrorKind::Busy);
    done(again(&mut paying).unwrap());
    house.line.clean(1);
}

/// The first stops while its request is on its way; the second waits for the lease and finds out, or says that it cannot.
#[test]
fn after_the_lease_somebody_takes_over_and_finds_out() {
    for (bank, found) in [(careful(), true), (careless(), false)] {
        let house = House::warmed(bank);
        // The token is asked for first where there is a history.
        house.line.then(found.then_some(Fate::Honest).into_iter().chain([Fate::Hangs]));
        assert!(once(house.vault().pay("order-1", &payment(), jane())).is_none());
        assert_eq!(house.pay("order-1").unwrap_err().kind(), ErrorKind::Busy);
        house.clock.advance(95);
        assert_eq!(house.pay("order-1").unwrap_err().kind(), ErrorKind::Busy, "to the second");
        house.clock.advance(1);
        let progress = house.pay("order-1").unwrap();
        if found {
            done(Ok(progress));
        } else {
            assert_eq!(progress, Progress::Unknown(Doubt::Interrupted));
        }
        house.line.clean(1);
        let sent = house.line.work().iter().filter(|tail| tail.contains("<PMTRQ>")).count();
        assert_eq!(sent, if found { 2 } else { 1 }, "the same file again, or nothing");
    }
}

#[test]
fn a_claim_under_which_nothing_was_sent_is_no_doubt() {
    let house = House::new(careless());
    // It stops while the profile is on its way.
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-1", &payment(), jane())).is_none());
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Unknown));
    house.clock.advance(96);
    done(house.pay("order-1"));
    house.line.clean(1);
}

/// It is on no desk before the profile is there, and may be sent at any moment.
#[test]
fn a_first_payment_that_waits_for_the_profile_is_not_told_as_one_that_nobody_asked_for() {
    let house = House::new(careless());
    house.line.then([Fate::Waits]);
    let (first, second) = (house.vault(), house.vault());
    let order = payment();
    let mut paying = pin!(first.pay("order-1", &order, jane()));
    assert!(again(&mut paying).is_none(), "it waits for the profile");
    for error in [
        now(second.look("order-1")).unwrap_err(),
        now(second.reconcile("order-1", jane())).unwrap_err(),
        now(second.resume("order-1", jane())).unwrap_err(),
        now(second.settle("order-1", Settlement::NotMade)).unwrap_err(),
        now(second.abandon("order-1")).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Unknown), "{error}");
        assert_eq!(error.detail::<Busy>().unwrap().id.as_deref(), Some("order-1"));
    }
    assert_eq!(now(second.look("order-2")).unwrap(), None);
    let receipt = done(again(&mut paying).unwrap());
    assert_eq!(now(second.look("order-1")).unwrap(), Some(Standing::Paid(Box::new(receipt))));
    house.line.clean(1);
}

#[test]
fn whoever_wakes_before_the_write_ahead_sends_nothing() {
    let house = House::new(careless());
    house.line.then([Fate::Waits]);
    let sleeper = house.vault();
    let order = payment();
    let mut asleep = pin!(sleeper.pay("order-1", &order, jane()));
    assert!(again(&mut asleep).is_none(), "it waits for the profile");
    house.clock.advance(96);
    done(house.pay("order-1"));
    let sent = house.line.work().len();
    let error = again(&mut asleep).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Yes));
    assert_eq!(house.line.work().len(), sent);
    house.line.clean(1);
}

#[test]
fn whoever_wakes_after_the_write_ahead_writes_no_result() {
    for (bank, known) in [(careful(), true), (careless(), false)] {
        let house = House::warmed(bank);
        // The payment stays where it is until the sleeper is polled again.
        house.line.then(known.then_some(Fate::Honest).into_iter().chain([Fate::Waits]));
        let sleeper = house.vault();
        let order = payment();
        let mut asleep = pin!(sleeper.pay("order-1", &order, jane()));
        assert!(again(&mut asleep).is_none());
        house.clock.advance(96);
        let progress = house.pay("order-1").unwrap();
        let error = again(&mut asleep).unwrap().unwrap_err();
        // Busy, and its own request was sent all the same.
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Busy, Delivery::Unknown));
        assert_eq!(error.money_may_have_moved(), Moved::Yes);
        let standing = now(house.vault().look("order-1")).unwrap().unwrap();
        if known {
            assert_eq!(standing, Standing::Paid(Box::new(done(Ok(progress)))));
        } else {
            // It came through after all: the sleeper knows, and the store does not believe it.
            assert_eq!(progress, Progress::Unknown(Doubt::Interrupted));
            assert!(error.detail::<Receipt>().is_some());
            assert!(matches!(standing, Standing::Unresolved { .. }));
        }
        house.line.clean(1);
    }
}

#[test]
fn a_store_slower_than_the_lease_sends_nothing() {
    let house = House::warmed(careless());
    house.store.writes([Fault::None, Fault::Slow]);
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::No));
    assert_eq!(house.line.work().len(), 0);
    done(house.pay("order-1"));
    house.line.clean(1);
    // The store says by now that it is in doubt. That it is not is told until the store takes it.
    let house = House::warmed(careless());
    house.store.writes([Fault::None, Fault::Slow, Fault::Refused, Fault::Refused]);
    assert_eq!(house.pay("order-1").unwrap_err().money_may_have_moved(), Moved::No);
    done(house.pay("order-1"));
    house.line.clean(1);
}

/// The institution answers with nothing but a cookie, and the file is to go out once more: that is a file like any other.
#[test]
fn a_file_goes_out_once_more_for_a_cookie_under_a_claim_only() {
    for late in [false, true] {
        let house = House::new(careless());
        let vault = || {
            let institution = Institution::new(MAIN).dialect(Dialect::new().repeat_for_cookie(true));
            let client = Client::builder(institution).transport(house.line.clone()).build().unwrap();
            house.vault_of(client, &keys())
        };
        let _ = now(vault().accounts(jane()));
        let sent = house.line.wire().sent.len();
        house.line.then([Fate::Cookie]);
        let (sleeper, order) = (vault(), payment());
        let mut asleep = pin!(sleeper.pay("order-1", &order, jane()));
        assert!(again(&mut asleep).is_none(), "it waits for the institution");
        if late {
            house.clock.advance(100);
            assert!(matches!(now(vault().pay("order-1", &order, jane())).unwrap(), Progress::Unknown(_)));
            now(vault().settle("order-1", Settlement::NotMade)).unwrap();
            done(now(vault().pay("order-1-again", &order, jane())));
            let error = again(&mut asleep).unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        } else {
            house.clock.advance(60);
            done(again(&mut asleep).unwrap());
        }
        assert_eq!(house.line.wire().sent.len(), sent + 1);
        house.line.clean(1);
    }
}

/// What is left would be over before the answer is there.
#[test]
fn with_less_than_half_of_the_lease_left_nothing_is_sent() {
    for (lease, sent) in [(190, 0), (210, 1)] {
        let house = House::warmed(careless());
        // The write-ahead takes a hundred seconds.
        house.store.writes([Fault::None, Fault::Slow]);
        let vault = house.vault().lease(Duration::from_secs(lease));
        let result = now(vault.pay("order-1", &payment(), jane()));
        assert_eq!(house.line.work().len(), sent);
        if sent == 0 {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::No));
        }
        done(now(vault.pay("order-1", &payment(), jane())));
        house.line.clean(1);
    }
}

/// No institution answers so soon: it would end with somebody else who has taken over.
#[test]
fn a_lease_that_is_over_before_an_answer_can_be_there_is_refused() {
    let house = House::warmed(careless());
    let short = || house.vault().lease(Duration::from_millis(999));
    for error in
        [now(short().pay("order-1", &payment(), jane())).unwrap_err(), now(short().accounts(jane())).unwrap_err()]
    {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::No));
        assert!(error.to_string().contains("lease"), "{error}");
    }
    assert_eq!(house.line.wire().sent.len(), 0);
    let receipt = done(now(house.vault().lease(Duration::from_secs(1)).pay("order-1", &payment(), jane())));
    assert_eq!(done(now(short().pay("order-1", &payment(), jane()))), receipt, "a result takes no claim");
    house.line.clean(1);
}

#[test]
fn of_two_who_ask_for_the_account_list_one_is_told_that_no_money_moves() {
    let house = House::warmed(easy());
    house.line.then([Fate::Waits]);
    let vault = house.vault();
    let mut asking = pin!(vault.accounts(jane()));
    assert!(again(&mut asking).is_none());
    let error = now(house.vault().accounts(jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::No));
    assert!(error.to_string().contains("the account list"), "{error}");
    assert!(again(&mut asking).unwrap().is_ok());
}

#[test]
fn an_answer_given_twice_is_used_once() {
    let house = House::new(questioning());
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
    house.line.then([Fate::Waits]);
    let vault = house.vault();
    let mut answering = pin!(vault.answer("order-1", right(), jane()));
    assert!(again(&mut answering).is_none());
    assert_eq!(now(house.vault().answer("order-1", right(), jane())).unwrap_err().kind(), ErrorKind::Busy);
    let receipt = done(again(&mut answering).unwrap());
    assert_eq!(done(now(house.vault().answer("order-1", right(), jane()))), receipt);
    house.line.clean(1);
}
