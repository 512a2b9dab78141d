//! Canaries: passwords, answers and one-time values are in no blob and in no text that the crate prints.

use std::fmt::{Debug, Display};

use ofx_session::engine::{Application, Device, Intent, Operation, Seed, State, Step};
use ofx_session::ofx::{ChallengeAnswer, EnrollmentRequest, PaymentCancellation, Request, SyncMode};
use ofx_session::testing::{AccessKeys, Bank};
use ofx_session::{
    Answers, Blob, Client, Credentials, Error, Frequency, Institution, Payee, PayeeAddition, Progress, Recurrence,
    RecurringPayment, Session, Situation, SyncKind, Version,
};

use super::line::{Fate, Line, MAIN, context, keys, now, once, payment};

const PASSWORD: &str = "cAnArY-Pa55wOrd";
const ANSWER: &str = "cAnArY-Garcia";
const WRONG: &str = "cAnArY-Lopez";
const TOKEN: &str = "cAnArY-394817";
const CRED1: &str = "cAnArY-blue";
const CRED2: &str = "cAnArY-green";
const NEW: &str = "cAnArY-battery-staple";
const SECRETS: [&str; 7] = [PASSWORD, ANSWER, WRONG, TOKEN, CRED1, CRED2, NEW];

fn credentials() -> Credentials {
    Credentials::new("jane", PASSWORD).auth_token(TOKEN).user_cred1(CRED1).user_cred2(CRED2)
}

fn bank() -> Line {
    let builder = Bank::builder().user("jane", PASSWORD).question("MFA16", None, ANSWER).question("MFA1", None, ANSWER);
    Line::new(builder.build_model())
}

fn answers(text: &str) -> Answers {
    Answers::new().with("MFA16", text).with("MFA1", text)
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    // Most places are passed over at their first byte: comparing whole windows takes long without optimization.
    let first = [needle[0].to_ascii_lowercase(), needle[0].to_ascii_uppercase()];
    hay.windows(needle.len()).any(|window| first.contains(&window[0]) && window.eq_ignore_ascii_case(needle))
}

/// Whether bytes hold a text in any of the ways in which a careless program would leave it there.
fn holds(hay: &[u8], text: &str) -> bool {
    let bytes = text.as_bytes();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>();
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    [bytes.to_vec(), wide, hex.into_bytes(), list.join(", ").into_bytes(), list.join(",").into_bytes(), reversed]
        .iter()
        .any(|needle| contains(hay, needle))
}

fn silent(hay: &[u8], what: &str) {
    for secret in SECRETS {
        assert!(!holds(hay, secret), "{what} holds {secret}");
    }
}

fn quiet(value: &impl Debug) {
    let text = format!("{value:?}\n{value:#?}");
    silent(text.as_bytes(), &text);
    // A list of bytes, one a line.
    silent(text.replace([' ', '\n'], "").as_bytes(), "the pretty form");
}

fn quiet_error(error: &(impl Debug + Display)) {
    quiet(error);
    silent(error.to_string().as_bytes(), "an error");
}

/// The content of a plain blob with everything inflated.
fn inflated(blob: &Blob) -> Vec<u8> {
    let (mut rest, mut all) = (&blob.as_bytes()[80..], Vec::new());
    while let [tag, flags, after @ ..] = rest {
        let (mut length, mut shift, mut used) = (0, 0, 0);
        for byte in after {
            length |= usize::from(byte & 0x7f) << shift;
            (shift, used) = (shift + 7, used + 1);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (stored, next) = after[used..].split_at(length);
        let bytes =
            if flags & 1 == 1 { miniz_oxide::inflate::decompress_to_vec(stored).unwrap() } else { stored.to_vec() };
        all.push(*tag);
        all.extend(bytes);
        rest = next;
    }
    all
}

/// Looks at a session and at every blob that can be made of it, and gives one back that goes on.
fn examine(session: Session, line: &Line) -> Session {
    quiet(&session);
    quiet(&session.situation());
    quiet(&session.client());
    if session.situation().is_none() {
        return session;
    }
    let sealed = session.pause(&keys(), &context()).unwrap();
    let resume = |blob: &Blob| {
        let paused = Client::resume(blob, &keys(), &context()).unwrap();
        quiet(&paused);
        quiet(&paused.situation());
        quiet(&paused.questions());
        paused.transport(line.clone()).open_risking_a_second_payment(credentials().new_password(NEW)).unwrap()
    };
    let plain = resume(&sealed).pause_plain_including_private().unwrap();
    for blob in [&sealed, &plain] {
        silent(blob.as_bytes(), "a blob");
        silent(blob.to_text().as_bytes(), "the text of a blob");
        quiet(blob);
    }
    let content = inflated(&plain);
    silent(&content, "the content of a blob");
    let requests = Client::resume_plain(&plain).unwrap().requests();
    let pays = requests.iter().any(|request| matches!(request, Request::Pay(_) | Request::AddRecurring(_)));
    assert!(holds(&content, MAIN) && holds(&content, "Harbor") == pays, "the search finds what is there");
    quiet(&Client::resume_plain(&plain).unwrap());
    resume(&sealed)
}

#[test]
fn no_secret_is_in_any_blob_or_text_of_a_payment() {
    let line = bank();
    let builder = Client::builder(Institution::new(MAIN)).device(Device::new().host_name("tower"));
    quiet(&builder);
    let client = builder.transport(line.clone()).build().unwrap();
    quiet(&client);
    let mut session = client.open(credentials()).unwrap();
    quiet(&credentials());
    now(session.prepare_payment(&payment())).unwrap();
    session = examine(session, &line);
    let progress = now(session.proceed());
    quiet(&progress);
    session = examine(session, &line);
    let progress = now(session.answer(answers(WRONG)));
    quiet(&progress);
    session = examine(session, &line);
    for bad in [Answers::new(), answers(ANSWER).with("MFA2", ANSWER), answers(&ANSWER.repeat(6))] {
        quiet(&bad);
        quiet_error(&now(session.answer(bad)).unwrap_err());
    }
    // Answers that were given and not sent.
    line.then([Fate::NotSent]);
    quiet_error(&now(session.answer(answers(ANSWER))).unwrap_err());
    session = examine(session, &line);
    // Answers that were sent, and their answer lost.
    line.then([Fate::LostBefore]);
    quiet(&now(session.answer(answers(ANSWER))));
    session = examine(session, &line);
    quiet_error(&session.abandon().unwrap_err());
    quiet(&now(session.repeat_payment_in_doubt()));
    session = examine(session, &line);
    line.then([Fate::Hangs]);
    assert!(once(session.answer(answers(ANSWER))).is_none());
    session = examine(session, &line);
    quiet(&now(session.repeat_payment_in_doubt()));
    let (error, kept) = session.close().unwrap_err().into_parts();
    quiet_error(&error);
    session = examine(kept, &line);
    // The answers again, and no doubt about what comes of them: the first time was carried out.
    let progress = now(session.answer(answers(ANSWER)));
    assert!(matches!(progress, Ok(Progress::Unknown(_))), "{progress:?}");
    examine(session, &line);
    line.clean(1);
}

/// Goes on through questions until it is over or in doubt, and looks at it wherever it stops.
fn examine_to_the_end(mut session: Session, line: &Line, fates: &[Fate]) -> Session {
    session = examine(session, line);
    line.then(fates.iter().cloned());
    let mut progress = now(session.proceed());
    for _ in 0..12 {
        quiet(&progress);
        if session.situation().is_none() {
            return session;
        }
        session = examine(session, line);
        progress = match (progress, session.situation()) {
            (_, Some(Situation::AwaitingAnswers(challenge))) => {
                now(session.answer(answers(if challenge.is_repeated() { ANSWER } else { WRONG })))
            }
            (Ok(Progress::Approve(approval)), _) => {
                quiet(&approval);
                quiet(&approval.explain());
                line.wire().bank.approve_clients();
                now(session.proceed())
            }
            (_, Some(Situation::InDoubt(doubt))) => {
                quiet(&doubt.explain());
                quiet(&now(session.repeat_payment_in_doubt()));
                session = examine(session, line);
                now(session.reconcile())
            }
            (Err(error), _) => {
                quiet_error(&error);
                now(session.proceed())
            }
            other => panic!("{other:?}"),
        };
    }
    panic!("no end: {progress:?}")
}

#[test]
fn no_secret_is_in_any_blob_or_text_of_another_operation() {
    let from = payment().from.clone();
    let of = |request: Request, account| Intent::Request { request: Box::new(request), account };
    let addition = || Request::from(PayeeAddition::new(Payee::new("Ann", "1 A Street", "Newport", "RI", "02840", "1")));
    let recurring = RecurringPayment::new(Recurrence::endless(Frequency::Weekly), payment());
    let several = vec![Intent::Accounts, addition().into()];
    let intents = [
        of(PaymentCancellation::new("4711").into(), Some(from)),
        of(addition(), None),
        of(recurring.into(), None),
        Intent::Batch(several),
        Intent::Synchronize { kind: SyncKind::Payees, account: None, from: None },
        Intent::ChangePassword,
    ];
    for intent in intents {
        for approval in [false, true] {
            let builder = Bank::builder().user("jane", PASSWORD).question("MFA16", None, ANSWER);
            let builder = builder.question("MFA1", None, ANSWER).everything().sync_mode(SyncMode::Full);
            let line = Line::new(builder.file_recovery(true).access_keys(AccessKeys::Never).build_model());
            let client = Client::builder(Institution::new(MAIN)).transport(line.clone()).build().unwrap();
            let mut session = client.open(credentials().new_password(NEW)).unwrap();
            now(session.prepare(intent.clone())).unwrap();
            if approval {
                line.wire().bank.require_approval();
            }
            // The questions are asked. What comes after the answers is lost; the new password only when it is the password.
            let fates = if intent == Intent::ChangePassword {
                let right_answers = if approval { 5 } else { 4 };
                [vec![Fate::Honest; right_answers], vec![Fate::LostAfter]].concat()
            } else {
                vec![Fate::Honest, Fate::Honest, Fate::NotSent, Fate::LostAfter, Fate::LostBefore]
            };
            let session = examine_to_the_end(session, &line, &fates);
            quiet(&session);
            let was_sent = |secret| line.wire().sent.iter().any(|(_, file)| holds(file, secret));
            let found = [PASSWORD, ANSWER, WRONG].map(was_sent);
            assert_eq!(found, [true; 3], "the search finds what is there: {intent:?}, {approval}");
            assert_eq!(was_sent(NEW), intent == Intent::ChangePassword);
        }
    }
}

#[test]
fn a_client_s_blobs_hold_the_key_where_they_may_and_no_secret_anywhere() {
    let line = bank();
    let client = Client::builder(Institution::new(MAIN)).transport(line.clone()).build().unwrap();
    let mut session = client.open(credentials()).unwrap();
    assert!(matches!(now(session.accounts()), Ok(Progress::Ask(_))));
    assert!(matches!(now(session.answer(answers(ANSWER))), Ok(Progress::Done(_))));
    let client = session.close().unwrap();
    quiet(&client);
    line.clean(0);
    // As the pretend institution begins its keys.
    let key = "key-1";
    let restored = |client: Client| {
        let blob = client.deconstruct(&keys(), &context()).unwrap();
        silent(blob.as_bytes(), "a sealed client");
        for text in [key, "jane", "1000001", "Everyday", "https://"] {
            assert!(!holds(blob.as_bytes(), text), "{text}");
        }
        Client::restore(&blob, &keys(), &context()).unwrap()
    };
    let all = restored(restored(client)).deconstruct_plain_including_private().unwrap();
    let content = inflated(&all);
    silent(&content, "a plain client");
    for text in [key, "jane", "1000001", "Everyday", "https://", "Example Loopback Bank"] {
        assert!(holds(&content, text), "the search finds {text}");
    }
    let public = Client::restore_plain(&all).unwrap().deconstruct_plain_public().unwrap();
    let content = inflated(&public);
    silent(&content, "a public client");
    for text in [key, "cookie-", "jane", "1000001", "4000000000001000", "Everyday"] {
        assert!(!holds(&content, text), "a public blob holds {text}");
    }
    assert!(holds(&content, "Example Loopback Bank"));
    let client = Client::restore_plain(&public).unwrap();
    assert!(!client.has_access_key() && client.known_accounts().is_empty());
}

/// It signs on in place of the password.
#[test]
fn a_user_key_is_in_a_blob_that_holds_everything_and_in_no_public_one() {
    let line = Line::new(Bank::builder().user("jane", PASSWORD).user_keys(4000).build_model());
    let institution = Institution::new(MAIN).version(Version::V230);
    let client = Client::builder(institution).transport(line).build().unwrap();
    let mut session = client.open(credentials().asking_for_user_key()).unwrap();
    now(session.accounts()).unwrap().done().unwrap();
    let client = session.close().unwrap();
    let key = client.user_key().unwrap().key.expose().to_owned();
    let all = client.deconstruct_plain_including_private().unwrap();
    assert!(holds(&inflated(&all), &key));
    let public = Client::restore_plain(&all).unwrap().deconstruct_plain_public().unwrap();
    assert!(!holds(&inflated(&public), &key));
}

/// A request goes to the address that it is stored with: whatever stands in it is stored.
#[test]
fn the_address_is_in_a_public_blob_as_it_was_given() {
    let client = Client::builder(Institution::new(format!("{MAIN}?token={TOKEN}"))).transport(bank()).build().unwrap();
    assert!(holds(&inflated(&client.deconstruct_plain_public().unwrap()), TOKEN));
}

/// Part of a request, and no answer to a question that was asked.
#[test]
fn an_enrolment_that_waits_holds_what_is_enrolled_with() {
    let line = Line::new(Bank::builder().user("jane", PASSWORD).everything().build_model());
    let client = Client::builder(Institution::new(MAIN)).transport(line).build().unwrap();
    let mut session = client.open(credentials()).unwrap();
    let enrol = EnrollmentRequest::new("Jim", "Public", "1 Main Street", "Newport", "RI", "02840", "jim@example.com");
    now(session.prepare(Request::from(enrol.tax_id("123-45-6789").security_name(ANSWER)).into())).unwrap();
    let sealed = session.pause(&keys(), &context()).unwrap();
    silent(sealed.as_bytes(), "a sealed enrolment");
    let session = Client::resume(&sealed, &keys(), &context()).unwrap().open(credentials()).unwrap();
    quiet(&session);
    let content = inflated(&session.pause_plain_including_private().unwrap());
    assert!(holds(&content, ANSWER) && holds(&content, "123-45-6789") && !holds(&content, PASSWORD));
}

#[test]
fn no_secret_is_in_any_text_of_the_engine() {
    let application = Application::new("QWIN", "2700").key(TOKEN);
    quiet(&application);
    let mut state = State::new(Institution::new(MAIN), application, "7C1E9A54");
    let mut bank = bank().wire().bank.clone();
    let at = chrono::DateTime::from_timestamp(1_767_607_200, 0).unwrap();
    let intent = Intent::Pay(Box::new(payment()));
    let (mut operation, mut step) = Operation::begin(intent, &state, Seed::new([3; 16]), at).unwrap();
    let mut files = 0;
    loop {
        quiet(&operation);
        quiet(&step);
        quiet(&state);
        quiet(&operation.situation(&state, at));
        (operation, step) = match step {
            Step::Send(transmit) => {
                let (interrupted, bytes) = transmit.prepare(&credentials(), &state, at).unwrap();
                quiet(&interrupted);
                assert!(holds(&bytes, PASSWORD), "the search finds what is there");
                files += 1;
                let body = bank.answer(ofx_session::testing::Endpoint::Main, &bytes).unwrap();
                operation.handle_response(&mut state, &body, at).unwrap()
            }
            Step::Ask(challenge) => {
                let text = if challenge.is_repeated() { ANSWER } else { WRONG };
                operation.handle_answer(&state, &answers(text), at).unwrap()
            }
            _ => break,
        };
    }
    assert_eq!((files, bank.payments_made()), (5, 1));
    quiet(&ChallengeAnswer::new("MFA16", ANSWER));
}

#[test]
fn no_secret_is_in_the_error_about_it() {
    let line = bank();
    let long = format!("{PASSWORD}{}", "x".repeat(200));
    let strange = format!("{PASSWORD}\u{7}");
    for credentials in [
        Credentials::new("jane", long.as_str()),
        Credentials::new("jane", strange.as_str()),
        Credentials::new("jane", PASSWORD).auth_token(format!("{TOKEN}{long}")),
        Credentials::new("jane", PASSWORD).user_cred1(format!("{CRED1}\u{1}")),
        Credentials::user_key(format!("{PASSWORD}{long}")),
        Credentials::access_token(PASSWORD),
        Credentials::new("jane", WRONG),
    ] {
        quiet(&credentials);
        let client = Client::builder(Institution::new(MAIN)).transport(line.clone()).build().unwrap();
        let mut session = client.open(credentials).unwrap();
        let error: Error = now(session.pay(&payment())).unwrap_err();
        quiet_error(&error);
        quiet(&session);
    }
    let mine = Client::builder(Institution::new(MAIN)).transport(line.clone()).build().unwrap();
    let client = mine.open(credentials()).unwrap().close().unwrap();
    quiet(&client);
    line.clean(0);
}

#[test]
fn no_password_is_in_any_blob_or_text_of_its_change() {
    let line = bank();
    let client = Client::builder(Institution::new(MAIN).without_profile()).transport(line.clone()).build().unwrap();
    let mut session = client.open(credentials()).unwrap();
    let Progress::Ask(_) = now(session.change_password(NEW)).unwrap() else { panic!("nothing asked") };
    quiet(&session);
    line.then([Fate::LostBefore]);
    let progress = now(session.answer(answers(ANSWER))).unwrap();
    assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
    quiet(&progress);
    let session = examine(session, &line);
    let sealed = session.pause(&keys(), &context()).unwrap();
    let paused = Client::resume(&sealed, &keys(), &context()).unwrap().transport(line.clone());
    let mut session = paused.open(credentials().new_password(NEW)).unwrap();
    quiet(&session);
    let end = now(session.reconcile());
    assert!(end.is_err() || matches!(end, Ok(Progress::Ask(_))), "{end:?}");
    quiet(&end);
    assert!(line.wire().sent.iter().any(|(_, file)| holds(file, NEW)), "the search finds what is there");
}
