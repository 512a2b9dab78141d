//! Not knowing, finding out, and saying so.

use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use ofx_session::client::vault::{Pending, Settlement, Standing};
use ofx_session::error::Delivery;
use ofx_session::ofx::{Amount, PaymentState};
use ofx_session::testing::{Class, Endpoint};
use ofx_session::{Credentials, Doubt, ErrorKind, Moved, Progress};
use rust_decimal::Decimal;

use super::support::{
    Fate, House, careful, careless, client, done, easy, jane, now, once, other_payment, payment, questioning, right,
};
use crate::resume::line::session;

fn payments_sent(house: &House) -> usize {
    house.line.work().iter().filter(|tail| tail.contains("<PMTRQ>")).count()
}

/// What became of a payment meanwhile stands in the same history as that it was accepted.
#[test]
fn a_payment_that_was_ended_meanwhile_is_not_told_as_on_its_way() {
    for state in [PaymentState::CanceledOn, PaymentState::FailedOn, PaymentState::NoFundsOn] {
        let house = House::warmed(easy().class("D+S+F-".parse().unwrap()));
        house.line.then([Fate::Honest, Fate::LostAfter, Fate::NotSent, Fate::NotSent]);
        assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
        house.line.wire().fates.clear();
        let id = house.line.wire().bank.payments()[0].server_id.clone();
        assert!(house.line.wire().bank.end_payment(&id, state.clone()));
        assert_eq!(done(house.pay("order-1")).state(), Some(&state));
        assert_eq!(done(house.pay("order-1")).state(), Some(&state), "as it is kept");
    }
}

/// Found out about by the same call, which says so.
#[test]
fn a_refusal_whose_answer_was_lost_is_its_result() {
    let house = House::warmed(easy().class("D+S-F+".parse().unwrap()));
    let mut wrong = payment();
    wrong.from.account_id = "4711".to_owned();
    house.line.then([Fate::LostAfter]);
    let error = now(house.vault().pay("order-1", &wrong, jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Refused, Moved::No), "{error}");
    assert!(matches!(now(house.vault().look("order-1")).unwrap(), Some(Standing::Refused(_))));
}

/// The institution has saved the answer for less long than it took to ask, and looks at the file anew.
#[test]
fn a_day_that_is_too_soon_by_now_was_not_too_soon_then() {
    let house = House::warmed(easy().class("D-S-F+".parse().unwrap()));
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-1", &payment(), jane())).is_none());
    house.clock.advance(400 * 24 * 3600);
    let mut bank = house.line.wire().bank.clone();
    let (_, file) = house.line.wire().sent.last().cloned().unwrap();
    let answer = String::from_utf8(bank.answer(Endpoint::BillPay, &file).unwrap()).unwrap();
    let (head, rest) = answer.split_once("<PMTRS>").unwrap();
    let (_, tail) = rest.split_once("</PMTRS>").unwrap();
    let at = head.rfind("<CODE>0").unwrap();
    let refused = head[at..].replacen("<CODE>0", "<CODE>2014", 1).replacen("INFO", "ERROR", 1);
    house.line.then([Fate::Says(format!("{}{refused}{tail}", &head[..at]).into_bytes())]);
    let progress = house.pay("order-1").unwrap();
    assert!(matches!(&progress, Progress::Unknown(Doubt::RepeatRefused { .. })), "{progress:?}");
    assert!(matches!(now(house.vault().look("order-1")).unwrap(), Some(Standing::Unresolved { .. })));
    house.line.clean(1);
}

#[test]
fn what_cannot_be_found_out_is_over_when_the_call_comes_back() {
    let house = House::warmed(careless());
    house.line.then([Fate::LostAfter]);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    assert_eq!(now(house.vault().pending()).unwrap(), []);
    assert!(matches!(now(house.vault().look("order-1")).unwrap(), Some(Standing::Unresolved { .. })));
}

#[test]
fn every_class_of_institution_pays_once_and_says_what_it_can() {
    for class in Class::ALL {
        for lost in [Fate::LostBefore, Fate::LostAfter] {
            let house = House::warmed(easy().class(class));
            // The token is asked for first where there is a history.
            let before = if class.full_sync { vec![Fate::Honest] } else { vec![] };
            house.line.then(before.into_iter().chain([lost.clone()]));
            let progress = house.pay("order-1").unwrap();
            let made = house.line.wire().bank.payments_made();
            if class.full_sync || class.file_recovery {
                done(Ok(progress));
                assert_eq!(made, 1, "{class} {lost:?}");
            } else {
                assert!(matches!(progress, Progress::Unknown(Doubt::NoAnswer(_))), "{class} {lost:?}");
                assert_eq!(payments_sent(&house), usize::from(matches!(lost, Fate::LostAfter)), "{class} {lost:?}");
            }
            // Whoever asks again changes nothing.
            let _ = house.pay("order-1").unwrap();
            house.line.clean(made);
        }
    }
}

#[test]
fn what_cannot_be_found_out_blocks_nobody_and_is_never_sent_again() {
    let house = House::warmed(careless());
    house.line.then([Fate::LostAfter]);
    let Progress::Unknown(doubt) = house.pay("order-1").unwrap() else { panic!("known") };
    let check = |house: &House| {
        assert_eq!(house.pay("order-1").unwrap(), Progress::Unknown(doubt.clone()));
        assert_eq!(now(house.vault().resume("order-1", jane())).unwrap(), Progress::Unknown(doubt.clone()));
        let standing = now(house.vault().reconcile("order-1", jane())).unwrap();
        assert!(matches!(&standing, Standing::Unresolved { doubt: known, .. } if *known == doubt), "{standing:?}");
        assert_eq!(standing.money_may_have_moved(), Moved::Unknown);
        let error = now(house.vault().abandon("order-1")).unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Unknown));
        assert!(error.to_string().contains("settle it"), "{error}");
    };
    let text = doubt.explain();
    for words in ["where reconcile cannot find out", "ask the institution, quoting the TRNUID", "settle"] {
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(text.matches("carried out").count(), 1, "{text}");
    check(&house);
    done(house.pay("order-2"));
    check(&house);
    assert_eq!(payments_sent(&house), 2);
    assert_eq!(now(house.vault().pending()).unwrap(), []);
    house.line.clean(2);
}

#[test]
fn a_crash_where_nothing_can_be_found_out_blocks_nobody_after_the_lease() {
    let house = House::warmed(careless());
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-1", &payment(), jane())).is_none());
    house.clock.advance(96);
    assert_eq!(now(house.vault().pending()).unwrap()[0].doubt, Some(Doubt::Interrupted));
    // Somebody who wants something else clears the desk: from then on only its own id leads to it.
    done(house.pay("order-2"));
    assert_eq!(now(house.vault().pending()).unwrap(), []);
    let standing = now(house.vault().look("order-1")).unwrap();
    assert!(matches!(standing, Some(Standing::Unresolved { doubt: Doubt::Interrupted, .. })), "{standing:?}");
    assert_eq!(house.pay("order-1").unwrap(), Progress::Unknown(Doubt::Interrupted));
    house.line.clean(2);
}

#[test]
fn a_person_settles_what_cannot_be_found_out() {
    for (settlement, other, moved) in
        [(Settlement::Made, Settlement::NotMade, Moved::Yes), (Settlement::NotMade, Settlement::Made, Moved::No)]
    {
        // Before and after it was filed.
        for filed in [false, true] {
            let house = House::warmed(careless());
            house.line.then([Fate::LostAfter]);
            let _ = house.pay("order-1").unwrap();
            if filed {
                done(house.pay("order-2"));
            }
            for _ in 0..2 {
                now(house.vault().settle("order-1", settlement)).unwrap();
            }
            let check = |house: &House| {
                let error = now(house.vault().settle("order-1", other)).unwrap_err();
                assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, moved));
                assert!(error.to_string().contains("final"), "{error}");
                let standing = now(house.vault().look("order-1")).unwrap().unwrap();
                assert!(matches!(standing, Standing::Settled { settlement: found, .. } if found == settlement));
                assert_eq!(standing.money_may_have_moved(), moved);
                let error = house.pay("order-1").unwrap_err();
                assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, moved));
                assert_eq!(error.detail::<Standing>(), Some(&standing));
                let error = now(house.vault().pay("order-1", &other_payment(), jane())).unwrap_err();
                let may = error.to_string().contains("settled as not made; pay the corrected one under a new id");
                assert_eq!(may, settlement == Settlement::NotMade, "{error}");
            };
            check(&house);
            done(house.pay("order-3"));
            check(&house);
            house.line.clean(if filed { 3 } else { 2 });
        }
    }
}

#[test]
fn only_what_is_in_doubt_is_settled_or_found_out_about() {
    let house = House::new(questioning());
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
    let sent = house.line.wire().sent.len();
    let standing = now(house.vault().reconcile("order-1", jane())).unwrap();
    assert!(matches!(&standing, Standing::Open(pending) if !pending.is_in_doubt()), "{standing:?}");
    let error = now(house.vault().settle("order-1", Settlement::Made)).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::No));
    assert_eq!(house.line.wire().sent.len(), sent);

    let receipt = done(now(house.vault().answer("order-1", right(), jane())));
    let sent = house.line.wire().sent.len();
    assert_eq!(now(house.vault().reconcile("order-1", jane())).unwrap(), Standing::Paid(Box::new(receipt)));
    let error = now(house.vault().settle("order-1", Settlement::NotMade)).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Yes));
    assert_eq!(now(house.vault().settle("order-9", Settlement::Made)).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(now(house.vault().reconcile("order-9", jane())).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(house.line.wire().sent.len(), sent);
}

/// A payment in doubt, because the network is down, at an institution that can be asked later.
fn cut_off(house: &House) -> Pending {
    house.line.then([Fate::Honest, Fate::LostAfter, Fate::NotSent, Fate::LostBefore]);
    let progress = house.pay("order-1").unwrap();
    assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
    house.line.wire().fates.clear();
    let mut pending = now(house.vault().pending()).unwrap();
    assert_eq!(pending.len(), 1);
    pending.remove(0)
}

#[test]
fn while_a_payment_can_be_found_out_about_nothing_else_is_sent() {
    let house = House::warmed(careful());
    let pending = cut_off(&house);
    assert!(pending.is_in_doubt() && pending.claimed_until.is_none());
    let sent = house.line.wire().sent.len();
    for error in [house.pay("order-2").unwrap_err(), now(house.vault().accounts(jane())).unwrap_err()] {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::No));
        assert_eq!(error.detail::<Pending>(), Some(&pending));
        assert!(error.to_string().contains("\"order-1\"") && error.to_string().contains("reconcile"), "{error}");
    }
    assert_eq!(now(house.vault().abandon("order-1")).unwrap_err().money_may_have_moved(), Moved::Unknown);
    assert_eq!(house.line.wire().sent.len(), sent);

    let Standing::Paid(receipt) = now(house.vault().reconcile("order-1", jane())).unwrap() else { panic!("not paid") };
    assert_eq!(receipt.trn_uid, pending.trn_uid);
    done(house.pay("order-2"));
    assert_eq!(done(house.pay("order-1")), *receipt);
    house.line.clean(2);
}

#[test]
fn finding_out_that_fails_leaves_the_doubt_and_says_so() {
    let house = House::warmed(careful());
    cut_off(&house);
    house.line.then([Fate::NotSent]);
    let error = now(house.vault().reconcile("order-1", jane())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Transport, Moved::Unknown));
    // The claim was given up.
    done(now(house.vault().resume("order-1", jane())));
    house.line.clean(1);
}

/// Of a further try, "not sent" says nothing about the one before.
#[test]
fn a_try_that_was_not_sent_is_an_error_that_leaves_it_open_whether_money_moved() {
    for (class, fate) in [
        ("D+S+F+", Fate::NotSent),
        ("D+S+F-", Fate::NotSent),
        ("D+S+F-", Fate::LostBefore),
        ("D+S+F-", Fate::LostAfter),
    ] {
        let house = House::warmed(easy().class(class.parse().unwrap()));
        cut_off(&house);
        let asking = [house.vault(), house.vault(), house.vault()];
        for which in 0..asking.len() {
            house.line.then([fate.clone()]);
            let error = match which {
                0 => house.pay("order-1").unwrap_err(),
                1 => now(asking[1].resume("order-1", jane())).unwrap_err(),
                _ => now(asking[2].reconcile("order-1", jane())).unwrap_err(),
            };
            let (kind, delivery) = (ErrorKind::Transport, Delivery::Unknown);
            assert_eq!((error.kind(), error.delivery()), (kind, delivery), "{class} {fate:?} {error}");
            assert_eq!(error.money_may_have_moved(), Moved::Unknown, "{class} {fate:?}");
        }
        done(house.pay("order-1"));
        house.line.clean(1);
    }
}

/// Who reads "unknown" and pays the bill otherwise must settle it first.
#[test]
fn what_is_in_doubt_is_sent_again_by_the_next_call_unless_it_is_settled() {
    for settled in [false, true] {
        let house = House::warmed(careful());
        house.line.then([Fate::Honest, Fate::LostBefore, Fate::NotSent, Fate::LostBefore]);
        assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
        house.line.wire().fates.clear();
        assert_eq!((payments_sent(&house), house.line.wire().bank.payments_made()), (0, 0));
        if settled {
            now(house.vault().settle("order-1", Settlement::NotMade)).unwrap();
            assert_eq!(house.pay("order-1").unwrap_err().money_may_have_moved(), Moved::No);
        } else {
            done(house.pay("order-1"));
        }
        assert_eq!(payments_sent(&house), usize::from(!settled));
        house.line.clean(usize::from(!settled));
    }
}

/// Three or so lock the user out.
#[test]
fn a_mistyped_password_costs_one_signon() {
    let mistyped = || Credentials::new("jane", "correct hrose");
    let house = House::warmed(careful());
    cut_off(&house);
    let sent = |house: &House| std::mem::take(&mut house.line.wire().sent).len();
    sent(&house);
    let progress = now(house.vault().pay("order-1", &payment(), mistyped())).unwrap();
    assert!(matches!(progress, Progress::Unknown(Doubt::RepeatRefused(_))), "{progress:?}");
    assert_eq!(sent(&house), 1);
    let standing = now(house.vault().reconcile("order-1", mistyped())).unwrap();
    assert_eq!((standing.money_may_have_moved(), sent(&house)), (Moved::Unknown, 1));
    done(house.pay("order-1"));
    house.line.clean(1);
}

#[test]
fn a_doubt_that_can_be_found_out_about_can_be_settled_all_the_same() {
    let house = House::warmed(careful());
    cut_off(&house);
    now(house.vault().settle("order-1", Settlement::Made)).unwrap();
    done(house.pay("order-2"));
    assert_eq!(house.pay("order-1").unwrap_err().money_may_have_moved(), Moved::Yes);
    house.line.clean(2);
}

#[test]
fn questions_asked_while_finding_out_are_answered_as_any() {
    let house = House::new(questioning().class("D+S+F-".parse().unwrap()));
    assert!(matches!(now(house.vault().accounts(jane())).unwrap(), Progress::Ask(_)));
    let _ = now(house.vault().answer_accounts(right(), jane())).unwrap();
    let pending = cut_off(&house);
    house.line.wire().bank.revoke_access_keys();
    let Progress::Ask(asked) = house.pay("order-1").unwrap() else { panic!("asked nothing") };
    let Some(Standing::Open(open)) = now(house.vault().look("order-1")).unwrap() else { panic!("not open") };
    assert_eq!((open.questions(), open.is_in_doubt(), &open.trn_uid), (asked.questions(), true, &pending.trn_uid));
    let error = house.pay("order-2").unwrap_err();
    assert_eq!(error.detail::<Pending>().map(|pending| pending.id.as_str()), Some("order-1"));
    // Which reconcile would not do.
    assert!(error.to_string().contains("call answer") && !error.to_string().contains("reconcile"), "{error}");
    assert_eq!(now(house.vault().reconcile("order-1", jane())).unwrap(), Standing::Open(open));
    let error = now(house.vault().abandon("order-1")).unwrap_err();
    assert!(error.to_string().contains("answer its questions"), "{error}");
    done(now(house.vault().answer("order-1", right(), jane())));
    house.line.clean(1);
}

/// What "Beside sessions" on the vault's page warns of: where answers are all that is kept, any other file of the user makes the
/// institution forget, and the same file once more pays once more.
#[test]
fn a_session_that_sends_during_a_doubt_can_have_it_paid_twice_where_only_answers_are_kept() {
    for (class, made) in [("D-S-F+", 2), ("D+S-F+", 1), ("D-S+F+", 1)] {
        for meanwhile in [false, true] {
            let house = House::warmed(easy().class(class.parse().unwrap()));
            let before = class.contains("S+").then_some(Fate::Honest);
            house.line.then(before.into_iter().chain([Fate::LostAfter, Fate::NotSent, Fate::NotSent]));
            assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)), "{class}");
            house.line.wire().fates.clear();
            assert!(now(house.vault().pending()).unwrap()[0].is_in_doubt());
            if meanwhile {
                let mut session = session(&house.line);
                now(session.accounts()).unwrap().done().unwrap();
            }
            let _ = house.pay("order-1").unwrap();
            assert_eq!(house.line.wire().bank.payments_made(), if meanwhile { made } else { 1 }, "{class}");
        }
    }
}

/// The copy that was to follow, behind a newer token, never left: its answer is saved nowhere. The institution's profile is too large to
/// be stored, and says that answers are.
#[test]
fn a_doubt_without_a_saved_answer_is_stored_without_one_also_where_the_profile_is_not() {
    let house = House::new(careful());
    let profile = {
        let mut client = client(&house.line);
        now(client.fetch_profile()).unwrap();
        let core = "<VER>1<URL>https://ofx.bank.example/lks<OFXSEC>NONE<TRANSPSEC>Y<SIGNONREALM>LARKSPUR<LANGUAGE>ENG\
                    <SYNCMODE>LITE<RESPFILEER>N";
        let note = "as long as it is of no use, ".repeat(700);
        let set = format!("<LKSMSGSETV1><MSGSETCORE>{core}</MSGSETCORE><LKS.TEXT>{note}</LKSMSGSETV1>");
        house.line.edited("</MSGSETLIST>", &format!("<LKSMSGSET>{set}</LKSMSGSET></MSGSETLIST>"))
    };
    let profiles =
        || house.line.wire().sent.iter().filter(|(_, file)| file.windows(8).any(|tag| tag == b"<PROFRQ>")).count();
    let (vault, order) = (house.vault(), payment());
    let mut paying = pin!(vault.pay("order-1", &order, jane()));
    // Profile, token, payment, its saved answer, the history, the payment behind what that tells.
    house.line.then([profile, Fate::Honest, Fate::LostBefore, Fate::Waits, Fate::Honest, Fate::NotSent]);
    let mut poll = || paying.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
    assert!(poll().is_pending());
    let mut other = payment();
    other.amount = Amount::new(Decimal::new(12, 2));
    house.line.wire().bank.other_client_pays("jane", &other).unwrap();
    let Poll::Ready(Ok(Progress::Unknown(_))) = poll() else { panic!("it did not leave") };
    let before = house.line.work().len();
    let pending = now(house.vault().pending()).unwrap();
    assert!(pending[0].is_in_doubt());
    // In another process.
    let Standing::Paid(receipt) = now(house.vault().reconcile("order-1", jane())).unwrap() else { panic!("not paid") };
    assert_eq!(receipt.trn_uid, pending[0].trn_uid);
    let sent: Vec<_> = house.line.work().split_off(before).iter().map(|tail| tail.contains("<PMTTRNRQ>")).collect();
    assert_eq!(sent, [false, true], "the history first: there is no answer that could have been saved");
    let before = profiles();
    done(house.pay("order-2"));
    assert_eq!(profiles(), before + 1, "it was not stored");
    house.line.clean(3);
}
