//! Paused payments of every shape and in every situation come back as they were.

use chrono::NaiveDate;
use ofx_session::engine::Doubt;
use ofx_session::ofx::{Element, Version};
use ofx_session::{
    AccountType, Answers, BankAccount, Blob, Client, ErrorKind, Institution, Moved, Payee, Payment, Progress, Session,
    Situation,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::line::{Fate, Line, MAIN, context, easy, jane, keys, now, pause, payment, questioning, right, session};
use super::shapes::{content, says, text};

/// Id and label of each question.
type Questions = Vec<(String, Option<String>)>;

/// What happened to a payment before it is paused.
#[derive(Clone, Debug)]
enum After {
    Prepared,
    NotSent,
    Lost,
    Unreadable,
    NotMentioned,
    Duplicate(Option<String>),
    Asked(Questions, bool),
    AnsweredNotSent(Questions),
    RefusedAgain(String),
    AskedAgain(Questions),
}

fn after() -> impl Strategy<Value = After> {
    let questions = || vec(("[A-Z][A-Z0-9-]{0,31}", option::of(text(64))), 1..6);
    prop_oneof![
        Just(After::Prepared),
        Just(After::NotSent),
        Just(After::Lost),
        Just(After::Unreadable),
        Just(After::NotMentioned),
        option::of(text(255)).prop_map(After::Duplicate),
        (questions(), any::<bool>()).prop_map(|(questions, again)| After::Asked(questions, again)),
        questions().prop_map(After::AnsweredNotSent),
        text(255).prop_map(After::RefusedAgain),
        questions().prop_map(After::AskedAgain),
    ]
}

fn status(code: u32, message: Option<&str>) -> Element {
    let mut inside = vec![Element::leaf("CODE", code.to_string()), Element::leaf("SEVERITY", "INFO")];
    inside.extend(message.map(|message| Element::leaf("MESSAGE", message)));
    Element::aggregate("STATUS", inside)
}

/// A signon response with something beside it in its set.
fn signon(code: u32, message: Option<&str>, beside: Vec<Element>) -> Element {
    let mut inside = vec![Element::aggregate("SONRS", vec![status(code, message)])];
    inside.extend(beside);
    Element::aggregate("SIGNONMSGSRSV1", inside)
}

fn asks(code: u32, questions: &Questions) -> [Fate; 2] {
    let one = |(id, label): &(String, Option<String>)| {
        let mut inside = vec![Element::leaf("MFAPHRASEID", id)];
        inside.extend(label.iter().map(|label| Element::leaf("MFAPHRASELABEL", label)));
        Element::aggregate("MFACHALLENGE", inside)
    };
    let list = Element::aggregate("MFACHALLENGERS", questions.iter().map(one).collect());
    let wrapped = Element::aggregate("MFACHALLENGETRNRS", vec![Element::leaf("TRNUID", "1"), status(0, None), list]);
    [says(vec![signon(code, None, vec![])]), says(vec![signon(0, None, vec![wrapped])])]
}

/// Any answers.
fn some(questions: &Questions) -> Answers {
    questions.iter().map(|(id, _)| (id.as_str(), "an answer")).collect()
}

/// Plain into a blob and back, to see what is inside.
fn reread(session: Session, line: &Line) -> (Session, String) {
    let paused = Client::resume_plain(&session.pause_plain_including_private().unwrap()).unwrap();
    let uid = paused.trn_uid().as_str().to_owned();
    (paused.transport(line.clone()).open_risking_a_second_payment(jane()).unwrap(), uid)
}

impl After {
    /// Brings a prepared payment there.
    fn reach(&self, line: &Line, mut session: Session) -> Session {
        match self {
            Self::Prepared => return session,
            Self::NotSent => line.then([Fate::NotSent]),
            Self::Lost => line.then([Fate::LostBefore]),
            Self::Unreadable => line.then([Fate::Says(b"<OFX><A>1".to_vec())]),
            Self::NotMentioned => line.then([says(vec![signon(0, None, vec![])])]),
            Self::Asked(questions, _) | Self::AnsweredNotSent(questions) => line.then(asks(3000, questions)),
            Self::Duplicate(_) => line.then([Fate::LostBefore]),
            Self::RefusedAgain(message) => {
                line.then([Fate::LostBefore, says(vec![signon(15_502, Some(message), vec![])])]);
            }
            Self::AskedAgain(questions) => {
                line.then([Fate::LostBefore]);
                line.then(asks(3000, questions));
            }
        }
        let _ = now(session.proceed());
        match self {
            Self::RefusedAgain(_) | Self::AskedAgain(_) => {
                let _ = now(session.repeat_payment_in_doubt());
            }
            Self::Asked(questions, true) => {
                line.then(asks(3001, questions));
                assert!(matches!(now(session.answer(some(questions))), Ok(Progress::Ask(_))));
            }
            Self::AnsweredNotSent(questions) => {
                line.then([Fate::NotSent]);
                now(session.answer(some(questions))).unwrap_err();
            }
            Self::Duplicate(message) => {
                let (reread, uid) = reread(session, line);
                session = reread;
                let wrapped = vec![Element::leaf("TRNUID", uid), status(2019, message.as_deref())];
                let set = vec![Element::aggregate("PMTTRNRS", wrapped)];
                line.then([says(vec![signon(0, None, vec![]), Element::aggregate("BILLPAYMSGSRSV1", set)])]);
                let _ = now(session.repeat_payment_in_doubt());
            }
            _ => {}
        }
        session
    }

    /// Whether a situation read from a blob is the right one.
    fn fits(&self, situation: &Situation) -> bool {
        let same = |asked: &ofx_session::Challenge, questions: &Questions, again: bool| {
            let asked_for = asked.questions().iter().map(|one| (one.id(), one.label()));
            let mut known: Vec<(&str, Option<&str>)> = Vec::new();
            for (id, label) in questions {
                if !known.iter().any(|(other, _)| other == id) {
                    known.push((id, label.as_deref()));
                }
            }
            asked_for.eq(known) && asked.is_repeated() == again
        };
        match (self, situation) {
            (Self::Prepared | Self::NotSent, Situation::Ready)
            | (Self::Lost, Situation::InDoubt(Doubt::NoAnswer(_)))
            | (Self::Unreadable, Situation::InDoubt(Doubt::Unreadable(_)))
            | (Self::NotMentioned, Situation::InDoubt(Doubt::NotMentioned)) => true,
            (Self::Duplicate(message), Situation::InDoubt(Doubt::Duplicate(found))) => message == found,
            (Self::RefusedAgain(message), Situation::InDoubt(Doubt::RepeatRefused(found))) => {
                found.contains("15502") && found.contains(&format!("{message:?}"))
            }
            (Self::Asked(questions, again), Situation::AwaitingAnswers(asked)) => same(asked, questions, *again),
            (Self::AnsweredNotSent(questions) | Self::AskedAgain(questions), Situation::AwaitingAnswers(asked)) => {
                same(asked, questions, false)
            }
            _ => false,
        }
    }
}

fn bill() -> impl Strategy<Value = Payment> {
    let texts = (text(32), text(32), option::of(text(255)), option::of(text(80)));
    let rest = (1..9_999_999_999_i64, option::of("[0-9]{1,12}"), any::<bool>(), 1..29_u32);
    (texts, rest).prop_map(|((name, street, memo, reference), (cents, list_id, transfer, day))| {
        let account = |number| BankAccount::new("999888777", number, AccountType::Checking);
        let payee = Payee::new(&name, &street, "Newport", "RI", "02840", "401-555-0142").address2("2nd floor");
        let due = NaiveDate::from_ymd_opt(2026, 2, day).unwrap();
        let payment = Payment::new(account("1000001"), Decimal::new(cents, 2), payee, "88-204", due);
        let payment = memo.into_iter().fold(payment, Payment::memo);
        let payment = reference.into_iter().fold(payment, Payment::bill_reference);
        let payment = list_id.into_iter().fold(payment, Payment::payee_list_id);
        if transfer { payment.by_transfer_to(account("2000002")) } else { payment }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn payments_in_every_situation_come_back_as_they_were(
        version in prop::sample::select(vec![Version::V203, Version::V211, Version::V220, Version::V230]),
        bill in bill(),
        after in after(),
    ) {
        let line = Line::new(easy().build_model());
        let institution = Institution::new(MAIN).version(version).without_profile();
        let client = Client::builder(institution).transport(line.clone()).build().unwrap();
        let mut session = client.open(jane()).unwrap();
        now(session.prepare_payment(&bill)).unwrap();
        let session = after.reach(&line, session);

        let plain = session.pause_plain_including_private().unwrap();
        let paused = Client::resume_plain(&Blob::from_text(&plain.to_text()).unwrap()).unwrap();
        prop_assert!(after.fits(&paused.situation()), "{:?} is not {:?}", paused.situation(), after);
        prop_assert_eq!(paused.payment(), Some(bill));
        let (situation, trn_uid, questions) = (paused.situation(), paused.trn_uid(), paused.questions());
        let sealed = paused.open_risking_a_second_payment(jane()).unwrap().pause(&keys(), &context()).unwrap();
        let paused = Client::resume(&Blob::from_bytes(sealed.into_bytes()), &keys(), &context()).unwrap();
        prop_assert_eq!((paused.situation(), paused.trn_uid(), paused.questions()), (situation, trn_uid, questions));
        let session = paused.transport(line.clone()).open_risking_a_second_payment(jane()).unwrap();
        let in_doubt = !matches!(after, After::Prepared | After::NotSent | After::Asked(..) | After::AnsweredNotSent(_));
        let (_, session) = match session.close() {
            Ok(_) => { prop_assert!(!in_doubt, "a doubt was forgotten"); return Ok(()) }
            Err(kept) => kept.into_parts(),
        };
        prop_assert!(in_doubt);
        let again = session.pause_plain_including_private().unwrap();
        prop_assert_eq!(content(&again), content(&plain));
        let paused = Client::resume_plain(&again).unwrap().transport(line);
        let progress = now(paused.open_risking_a_second_payment(jane()).unwrap().repeat_payment_in_doubt());
        let repeats = !matches!(after, After::AskedAgain(_));
        prop_assert_eq!(matches!(progress, Ok(Progress::Done(_) | Progress::Unknown(_)) if repeats), repeats);
    }
}

#[test]
fn a_payment_is_resumed_only_by_a_name_that_admits_the_risk() {
    let line = Line::new(questioning().build_model());
    let mut paying = session(&line);
    assert!(matches!(now(paying.pay(&payment())).unwrap(), Progress::Ask(_)));
    let paused = super::line::reread(&pause(paying)).transport(line.clone());
    let (error, paused) = paused.open(jane()).unwrap_err().into_parts();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::No));
    for way in ["Vault", "open_risking_a_second_payment"] {
        assert!(error.to_string().contains(way), "{error}");
    }
    let mut paying = paused.open_risking_a_second_payment(jane()).unwrap();
    line.then([Fate::LostAfter]);
    assert!(matches!(now(paying.answer(right())).unwrap(), Progress::Unknown(_)));
    let error = super::line::reread(&pause(paying)).open(jane()).unwrap_err();
    assert_eq!(error.error().money_may_have_moved(), Moved::Unknown);
    line.clean(1);

    // A list moves no money.
    let mut listing = session(&line);
    line.wire().bank.revoke_access_keys();
    assert!(matches!(now(listing.accounts()).unwrap(), Progress::Ask(_)));
    let mut listing = super::line::reread(&pause(listing)).transport(line).open(jane()).unwrap();
    assert!(now(listing.answer(right())).unwrap().done().is_ok());
}
