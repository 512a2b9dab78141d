//! Answers that get lost, programs that stop: a payment stays in doubt, through pauses too, and is made once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ofx_session::engine::Doubt;
use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::ofx::SyncMode;
use ofx_session::seal::OpenError;
use ofx_session::testing::BankBuilder;
use ofx_session::transport::StepKind;
use ofx_session::{Answers, Client, Event, Institution, Moved, OpenPolicy, Progress, Session, Situation};
use proptest::prelude::*;

use super::line::{
    Fate, Line, MAIN, context, easy, jane, keys, now, once, pause, pause_and_resume, payment, questioning, reread,
    right, session, wrong,
};

/// A payment whose answer was lost after it was carried out, or before.
fn lost(builder: BankBuilder, fate: Fate) -> (Line, Session) {
    let line = Line::new(builder.build_model());
    let mut session = session(&line);
    line.then([Fate::Honest, fate]);
    let progress = now(session.pay(&payment())).unwrap();
    assert_eq!(progress, Progress::Unknown(Doubt::NoAnswer(LATE.to_owned())));
    (line, session)
}

fn status(code: u32) -> Fate {
    let header = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\n\r\n";
    let status = format!("<STATUS><CODE>{code}<SEVERITY>ERROR</STATUS>");
    Fate::Says(
        format!(
            "{header}<OFX><SIGNONMSGSRSV1><SONRS>{status}<DTSERVER>20260105<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1></OFX>"
        )
        .into_bytes(),
    )
}

#[test]
fn a_session_with_a_payment_in_doubt_does_nothing_else() {
    let (line, mut session) = lost(easy(), Fate::LostAfter);
    let before = line.wire().sent.len();
    let refused = |error: ofx_session::Error| {
        assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
        assert!(error.to_string().contains("in doubt") && error.to_string().contains("pause it"), "{error}");
    };
    refused(now(session.pay(&payment())).unwrap_err());
    refused(now(session.prepare_payment(&payment())).unwrap_err());
    refused(now(session.accounts()).unwrap_err());
    refused(session.abandon().unwrap_err());
    assert_eq!(now(session.answer(right())).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(
        now(session.proceed()).unwrap(),
        Progress::Unknown(Doubt::NoAnswer(LATE.to_owned())),
        "which sends nothing"
    );
    let (error, session) = session.close().unwrap_err().into_parts();
    refused(error);
    assert_eq!(session.situation(), Some(Situation::InDoubt(Doubt::NoAnswer(LATE.to_owned()))));
    assert_eq!(line.wire().sent.len(), before);
    let paused = reread(&pause(session));
    assert_eq!(paused.situation(), Situation::InDoubt(Doubt::NoAnswer(LATE.to_owned())));
    assert_eq!(paused.payment(), Some(payment()));
    assert!(paused.questions().is_empty());
}

/// Why no answer came.
const LATE: &str = "ofx.bank.example did not answer in time: the request may have been carried out";

#[test]
fn a_payment_goes_without_its_fence_only_where_the_institution_says_that_there_is_no_history() {
    for code in [400, 404, 415, 401, 403, 408, 429] {
        let line = Line::new(easy().sync_mode(SyncMode::Full).build_model());
        let mut session = session(&line);
        let _ = now(session.accounts()).unwrap();
        line.then([Fate::Refuses(code)]);
        let progress = now(session.pay(&payment()));
        if code == 400 || code == 404 || code == 415 {
            assert!(matches!(progress, Ok(Progress::Done(_))), "{code}");
            assert!(!line.work().last().unwrap().contains("<PMTSYNCRQ>"), "{code}");
        } else {
            let error = progress.unwrap_err();
            assert_eq!((error.delivery(), error.money_may_have_moved()), (Delivery::NotSent, Moved::No), "{error}");
            line.then([Fate::Honest, Fate::LostAfter]);
            assert!(matches!(now(session.proceed()), Ok(Progress::Unknown(_))), "{code}");
            assert!(line.work().last().unwrap().contains("<PMTSYNCRQ>"), "{code}");
            assert!(matches!(now(session.reconcile()), Ok(Progress::Done(_))), "{code}");
        }
        line.clean(1);
    }
}

/// A firewall says nothing about an answer that the institution has saved.
#[test]
fn being_turned_away_for_now_uses_up_no_way_to_find_out() {
    let (line, mut session) = lost(easy().class("D-S-F+".parse().unwrap()), Fate::LostAfter);
    for _ in 0..12 {
        line.then([Fate::Refuses(429)]);
        assert!(matches!(now(session.reconcile()), Ok(Progress::Unknown(_))));
        assert!(session.can_reconcile());
    }
    assert!(matches!(now(session.reconcile()), Ok(Progress::Done(_))));
    line.clean(1);
}

/// Whoever drops the session for an error must not lose a payment that may have been made.
#[test]
fn a_payment_that_cannot_be_found_out_about_in_the_same_call_is_in_doubt_and_no_error() {
    const SILENT: &str = "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>\
        <DTSERVER>20260105</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1></OFX>";
    for fate in
        [Fate::NotSent, Fate::LostBefore, Fate::Refuses(503), Fate::Refuses(404), Fate::Says(b"<html>".to_vec())]
    {
        let line = Line::new(easy().sync_mode(SyncMode::Full).build_model());
        let steps: Arc<Mutex<Vec<StepKind>>> = Arc::default();
        let told = Arc::clone(&steps);
        let observer = move |event: &Event<'_>| {
            if let Event::Step { step, .. } = event {
                told.lock().unwrap().push(*step);
            }
        };
        let builder = Client::builder(Institution::new(MAIN)).observer(observer).transport(line.clone());
        let mut session = builder.build().unwrap().open(jane()).unwrap();
        // The profile, the token, the payment, and what became of it.
        line.then([Fate::Honest, Fate::Honest, Fate::Says(SILENT.as_bytes().to_vec()), fate.clone()]);
        let progress = now(session.pay(&payment())).unwrap();
        assert_eq!(progress, Progress::Unknown(Doubt::NotMentioned), "{fate:?}");
        assert_eq!(steps.lock().unwrap().last(), Some(&StepKind::Unknown), "{fate:?}");
        assert!(matches!(session.situation(), Some(Situation::InDoubt(_))), "{fate:?}");
        // It was in doubt before: here an error is about the way only.
        line.then([Fate::NotSent]);
        let error = now(session.reconcile()).unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Transport, Moved::Unknown), "{fate:?}");
        line.clean(0);
    }
}

/// The way goes on by their answers, and no second one is begun beside it.
#[test]
fn questions_on_the_way_of_finding_out_are_named_by_whoever_is_asked_to_find_out_again() {
    let (line, mut session) = lost(questioning(), Fate::LostBefore);
    assert!(matches!(now(session.repeat_payment_in_doubt()), Ok(Progress::Ask(_))));
    assert!(!session.can_reconcile());
    for error in [now(session.reconcile()).unwrap_err(), now(session.repeat_payment_in_doubt()).unwrap_err()] {
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Unknown));
        assert!(error.to_string().contains("answer its questions"), "{error}");
    }
    assert!(matches!(now(session.answer(right())), Ok(Progress::Done(_))));
    line.clean(1);
}

#[test]
fn a_doubt_waits_a_week_and_questions_a_quarter_of_an_hour() {
    let life = |session: Session| {
        let blob = pause(session);
        let header = blob.header().unwrap();
        header.expires().unwrap() - header.issued()
    };
    assert_eq!(life(lost(easy(), Fate::LostAfter).1), 7 * 24 * 3600);
    let line = Line::new(questioning().build_model());
    let mut session = session(&line);
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
    assert_eq!(life(session), 15 * 60);
    // Questions that come before a second try of a payment in doubt.
    let (_, mut session) = lost(questioning(), Fate::LostBefore);
    assert!(matches!(now(session.repeat_payment_in_doubt()), Ok(Progress::Ask(_))));
    assert_eq!(life(session), 7 * 24 * 3600);
}

#[test]
fn a_doubt_can_be_kept_for_a_week_and_no_longer() {
    let day = Duration::from_secs(24 * 3600);
    let doubtful = || lost(easy(), Fate::LostAfter).1;
    assert_eq!(doubtful().longest_pause(), 7 * day);
    let line = Line::new(questioning().build_model());
    let mut asked = session(&line);
    assert!(matches!(now(asked.pay(&payment())), Ok(Progress::Ask(_))));
    assert_eq!(asked.longest_pause(), day);

    for life in [7 * day + Duration::from_nanos(1), Duration::MAX, Duration::ZERO] {
        let (error, session) = doubtful().pause_for(life, &keys(), &context()).unwrap_err().into_parts();
        assert_eq!(error.kind(), ErrorKind::Misuse);
        assert!(matches!(session.situation(), Some(Situation::InDoubt(_))), "nothing is lost");
    }
    let blob = doubtful().pause_for(7 * day, &keys(), &context()).unwrap();
    let end = blob.header().unwrap().expires().unwrap();
    let at = |now| Client::resume_under(&blob, &keys(), &context(), &OpenPolicy::new(now));
    let paused = at(end + 60).unwrap();
    assert_eq!(paused.expires().map(|end| end.timestamp()), i64::try_from(end).ok());
    let error = at(end + 61).unwrap_err();
    assert_eq!(error.detail(), Some(&OpenError::Expired { since: end, now: end + 61 }));
    assert!(error.to_string().contains("does not mean that the payment may be entered again"), "{error}");
}

#[test]
fn a_repeat_settles_what_was_lost_before_and_never_pays_twice() {
    let (line, session) = lost(easy(), Fate::LostBefore);
    let mut session = pause_and_resume(session, &line);
    let receipt = now(session.repeat_payment_in_doubt()).unwrap().done().unwrap().receipt().unwrap();
    assert_eq!(receipt.trn_uid, line.wire().bank.payments()[0].trn_uid);
    session.close().unwrap();
    line.clean(1);

    let (line, session) = lost(easy(), Fate::LostAfter);
    let mut session = pause_and_resume(session, &line);
    assert!(matches!(now(session.repeat_payment_in_doubt()), Ok(Progress::Unknown(Doubt::Duplicate(Some(_))))));
    let mut session = pause_and_resume(session, &line);
    assert!(matches!(session.situation(), Some(Situation::InDoubt(Doubt::Duplicate(Some(_))))));
    assert!(matches!(now(session.repeat_payment_in_doubt()), Ok(Progress::Unknown(Doubt::Duplicate(_)))));
    line.clean(1);
}

#[test]
fn a_dropped_future_leaves_the_payment_in_doubt() {
    let line = Line::new(easy().build_model());
    let mut session = session(&line);
    line.then([Fate::Honest, Fate::Hangs]);
    assert!(once(session.pay(&payment())).is_none());
    assert_eq!(session.situation(), Some(Situation::InDoubt(Doubt::Interrupted)));
    assert!(session.abandon().is_err());
    let mut session = pause_and_resume(session, &line);
    assert_eq!(session.situation(), Some(Situation::InDoubt(Doubt::Interrupted)));
    assert!(matches!(now(session.repeat_payment_in_doubt()), Ok(Progress::Unknown(Doubt::Duplicate(_)))));
    line.clean(1);
}

#[test]
fn a_dropped_future_without_money_leaves_nothing_in_doubt() {
    let line = Line::new(questioning().build_model());
    let mut session = session(&line);
    line.then([Fate::Hangs]);
    assert!(once(session.pay(&payment())).is_none());
    assert_eq!(session.situation(), None, "the profile");
    line.then([Fate::Honest, Fate::Hangs]);
    assert!(once(session.accounts()).is_none());
    assert_eq!(session.situation(), Some(Situation::Ready), "the list");
    line.then([Fate::Honest, Fate::Hangs]);
    assert!(once(session.pay(&payment())).is_none());
    assert_eq!(session.situation(), Some(Situation::Ready), "the questions before a payment");
    assert!(matches!(now(session.proceed()), Ok(Progress::Ask(_))));
    assert!(matches!(now(session.answer(right())), Ok(Progress::Done(_))));
    line.clean(1);
}

#[test]
fn what_only_asks_and_is_not_answered_is_no_reason_to_keep_a_client_for_a_quarter_of_an_hour() {
    for fate in [Fate::LostAfter, Fate::Says(b"busy".to_vec()), Fate::NotSent] {
        let line = Line::new(easy().build_model());
        let mut session = session(&line);
        line.then([Fate::Honest, fate]);
        now(session.accounts()).unwrap_err();
        let blob = session.store(&keys(), &context()).unwrap();
        let header = blob.header().unwrap();
        assert_eq!(header.kind(), ofx_session::seal::Kind::Client);
        assert_eq!(header.expires().unwrap() - header.issued(), 90 * 24 * 3600);
    }
    let line = Line::new(easy().build_model());
    let mut session = session(&line);
    now(session.prepare_payment(&payment())).unwrap();
    let blob = session.store(&keys(), &context()).unwrap();
    assert_eq!(blob.header().unwrap().kind(), ofx_session::seal::Kind::Paused, "a payment waits");
}

#[test]
fn what_waits_is_stored_for_as_long_as_it_can_be_paused_and_a_client_for_ninety_days() {
    use ofx_session::seal::Kind;
    let day = Duration::from_secs(24 * 3600);
    let stored = |blob: &ofx_session::Blob| {
        let header = blob.header().unwrap();
        (header.kind(), Duration::from_secs(header.expires().unwrap() - header.issued()))
    };
    let prepared = || {
        let mut session = session(&Line::new(easy().build_model()));
        now(session.prepare_payment(&payment())).unwrap();
        session
    };
    assert_eq!(stored(&prepared().store(&keys(), &context()).unwrap()), (Kind::Paused, day / 96));
    assert_eq!(stored(&prepared().store_for(day, &keys(), &context()).unwrap()), (Kind::Paused, day));
    for life in [day + Duration::from_nanos(1), Duration::MAX, Duration::ZERO] {
        let (error, session) = prepared().store_for(life, &keys(), &context()).unwrap_err().into_parts();
        assert_eq!(error.kind(), ErrorKind::Misuse);
        assert_eq!(session.situation(), Some(Situation::Ready), "nothing is lost");
    }
    let doubtful = || lost(easy(), Fate::LostAfter).1;
    assert_eq!(stored(&doubtful().store(&keys(), &context()).unwrap()), (Kind::Paused, 7 * day));
    assert_eq!(stored(&doubtful().store_for(2 * day, &keys(), &context()).unwrap()), (Kind::Paused, 2 * day));
    // Nothing waits, and there is nothing to be refused.
    for life in [Duration::ZERO, day, Duration::MAX] {
        let blob = session(&Line::new(easy().build_model())).store_for(life, &keys(), &context()).unwrap();
        assert_eq!(stored(&blob), (Kind::Client, 90 * day));
    }
}

#[test]
fn a_doubt_survives_a_repeat_that_fails() {
    let (line, mut session) = lost(questioning(), Fate::LostBefore);
    let fails: [(&str, Vec<Fate>); 4] = [
        ("not sent", vec![Fate::NotSent]),
        ("questions not fetched", vec![Fate::Honest, Fate::NotSent]),
        ("questions lost", vec![Fate::Honest, Fate::LostAfter]),
        ("questions unreadable", vec![Fate::Honest, Fate::Says(b"busy".to_vec())]),
    ];
    for (name, fates) in fails {
        line.then(fates);
        let error = now(session.repeat_payment_in_doubt()).unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown, "{name}: {error}");
        assert!(error.to_string().contains("still in doubt"), "{name}: {error}");
        assert_eq!(session.situation(), Some(Situation::InDoubt(Doubt::NoAnswer(LATE.to_owned()))), "{name}");
        assert!(session.abandon().is_err(), "{name}");
        session = pause_and_resume(session, &line);
        assert_eq!(session.situation(), Some(Situation::InDoubt(Doubt::NoAnswer(LATE.to_owned()))), "{name}");
    }
    line.then([status(15_502)]);
    let progress = now(session.repeat_payment_in_doubt()).unwrap();
    assert!(matches!(&progress, Progress::Unknown(Doubt::RepeatRefused(why)) if why.contains("15502")), "{progress:?}");
    assert_eq!(progress.done().unwrap_err().delivery(), Delivery::Unknown);
    let mut session = pause_and_resume(session, &line);
    assert!(
        matches!(session.situation(), Some(Situation::InDoubt(Doubt::RepeatRefused(why))) if why.contains("15502"))
    );
    assert!(matches!(now(session.repeat_payment_in_doubt()), Ok(Progress::Ask(_))));
    line.clean(0);
}

#[test]
fn a_doubt_survives_questions_and_pauses_before_the_second_try() {
    let (line, mut session) = lost(questioning(), Fate::LostBefore);
    let Progress::Ask(challenge) = now(session.repeat_payment_in_doubt()).unwrap() else { panic!("asked nothing") };
    for answers in [Answers::new(), wrong()] {
        assert!(session.abandon().is_err() && now(session.pay(&payment())).is_err());
        let (_, kept) = session.close().unwrap_err().into_parts();
        session = pause_and_resume(kept, &line);
        assert!(
            matches!(session.situation(), Some(Situation::AwaitingAnswers(asked)) if asked.questions() == challenge.questions())
        );
        let _ = now(session.answer(answers));
    }
    line.then([Fate::NotSent]);
    assert_eq!(now(session.answer(right())).unwrap_err().delivery(), Delivery::Unknown);
    assert!(matches!(session.situation(), Some(Situation::InDoubt(_))));
    let mut session = pause_and_resume(session, &line);
    assert!(matches!(session.situation(), Some(Situation::InDoubt(_))));
    assert!(matches!(now(session.repeat_payment_in_doubt()), Ok(Progress::Ask(_))));
    assert!(matches!(now(session.answer(right())), Ok(Progress::Done(_))));
    session.close().unwrap();
    line.clean(1);
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Honest),
        1 => Just(Fate::NotSent),
        1 => Just(Fate::LostBefore),
        1 => Just(Fate::LostAfter),
        1 => Just(Fate::Hangs),
        1 => Just(Fate::Says(b"<html>".to_vec())),
        1 => Just(Fate::Says(b"busy".to_vec())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens on the line, however often it is paused and sent again: one payment, and never an end without one.
    #[test]
    fn one_payment_is_made_whatever_happens(
        fates in prop::collection::vec(fate(), 0..12),
        pauses in prop::collection::vec(any::<bool>(), 32),
        asks in any::<bool>(),
    ) {
        let line = Line::new(if asks { questioning() } else { easy() }.build_model());
        let mut session = session(&line);
        now(session.prepare_payment(&payment())).unwrap();
        line.then(fates);
        let mut settled = None;
        for pause_here in pauses {
            if pause_here {
                session = pause_and_resume(session, &line);
            }
            let progress = match session.situation() {
                Some(Situation::Ready) => once(session.proceed()),
                Some(Situation::AwaitingAnswers(_)) => once(session.answer(right())),
                Some(Situation::InDoubt(Doubt::Duplicate(_))) => break,
                Some(Situation::InDoubt(_)) => once(session.repeat_payment_in_doubt()),
                other => panic!("{other:?}"),
            };
            let may_have_moved = line.wire().bank.payments_made() > 0;
            match progress {
                Some(Ok(Progress::Done(completed))) => {
                    settled = completed.receipt();
                    break;
                }
                Some(Err(error)) => prop_assert!(!may_have_moved || error.delivery() == Delivery::Unknown, "{}", error),
                None | Some(Ok(_)) => {}
            }
            if may_have_moved {
                prop_assert!(session.abandon().is_err(), "a payment that was made cannot be forgotten");
            }
        }
        let wire = line.wire();
        prop_assert!(wire.bank.payments_made() <= 1);
        prop_assert!(wire.bank.violations().is_empty(), "{:?}", wire.bank.violations());
        if let Some(receipt) = settled {
            prop_assert_eq!(&receipt.trn_uid, &wire.bank.payments()[0].trn_uid);
        }
        drop(wire);
        let work = line.work();
        prop_assert!(work.iter().all(|tail| tail == &work[0]));
    }
}
