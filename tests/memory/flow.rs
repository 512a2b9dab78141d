//! Whole sessions, stopped after every step, and with every kind of bad answer at every request.

use std::time::Duration;

use chrono::NaiveDate;
use ofx_session::engine::{Device, Doubt};
use ofx_session::ofx::{PaymentCancellation, Request};
use ofx_session::{
    AccountType, Answers, BankAccount, Client, Context, Credentials, Error, Frequency, Institution, Intent, Key,
    KeyRing, Payee, PayeeAddition, Payment, Progress, Recurrence, RecurringPayment, Session, Situation, SyncKind,
    Version,
};
use rust_decimal::Decimal;

use crate::bank::{self, Bank, Fault, Writing};
use crate::{canary, clean};

pub(crate) fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, canary::KEY).unwrap())
}

pub(crate) fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("jane", canary::PASSWORD)
        .user_cred1(canary::USER_CRED1)
        .user_cred2(canary::USER_CRED2.to_owned())
        .auth_token(canary::AUTH_TOKEN)
}

fn answers() -> Answers {
    Answers::new()
        .with("MFA16", canary::SECOND_ANSWER)
        .with("BRQ7", canary::SECOND_ANSWER)
        .with("MFA16", canary::ANSWER)
}

pub(crate) fn payment() -> Payment {
    let from = BankAccount::new("211391825", canary::CHECKING, AccountType::Checking);
    let payee = Payee::new("Harbor & Sons Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = NaiveDate::from_ymd_opt(2026, 12, 4).unwrap();
    // Characters beyond ASCII take more room in a stored request than on the wire.
    let memo = "é".repeat(250);
    Payment::new(from, Decimal::new(8420, 2), payee, canary::PAY_ACCOUNT, due).memo(memo)
}

pub(crate) fn client(bank: Bank, version: Version) -> Result<Client, Error> {
    let institution = Institution::new("https://ofx.harborfederal.example/ofx/gateway").version(version);
    Client::builder(institution)
        .app_key(canary::APP_KEY)
        .device(Device::new().mac_address(canary::DEVICE))
        .transport(bank)
        .build()
}

fn version(writing: Writing) -> Version {
    if writing == Writing::Sgml { Version::V103 } else { Version::V230 }
}

/// Runs `work` to its end. What it awaits is there at once.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    match work.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(result) => result,
        std::task::Poll::Pending => panic!("nothing here waits"),
    }
}

/// A session whose payment waits for answers, or is in doubt after a bad answer.
pub(crate) async fn asked(bank: Bank, version: Version, credentials: Credentials) -> Result<Session, Error> {
    let mut session = client(bank, version)?.open(credentials)?;
    session.accounts().await?.done()?;
    match session.pay(&payment()).await? {
        Progress::Done(_) => panic!("asked nothing"),
        Progress::Ask(_) | Progress::Unknown(_) => Ok(session),
        _ => panic!("there are three"),
    }
}

/// Everything a session does, dropping all of it after step `last`. Answers whether there was more to do.
async fn whole(answers_of: &'static bank::Answers, version: Version, last: u32) -> Result<bool, Error> {
    let bank = || Bank::new(answers_of);
    let mut step = 0;
    let mut stop = || {
        step += 1;
        step > last
    };
    let (keys, context) = (keys(), context());
    let mut session = client(bank(), version)?.open(credentials())?;
    if stop() {
        return Ok(true);
    }
    session.accounts().await?.done()?;
    assert_eq!(session.client().known_accounts().len(), 63);
    if stop() {
        return Ok(true);
    }
    session.prepare_payment(&payment()).await?;
    if stop() {
        return Ok(true);
    }
    let Progress::Ask(_) = session.proceed().await? else { panic!("asked nothing") };
    if stop() {
        return Ok(true);
    }
    let blob = session.pause(&keys, &context)?;
    if stop() {
        return Ok(true);
    }
    let paused = Client::resume(&blob, &keys, &context)?;
    assert_eq!(paused.payment(), Some(payment()));
    if stop() {
        return Ok(true);
    }
    let mut session = paused.transport(bank()).open_risking_a_second_payment(credentials())?;
    assert!(session.answer(Answers::new().with("MFA16", canary::ANSWER)).await.is_err());
    assert!(session.answer(answers().with("MFA17", canary::ANSWER)).await.is_err());
    if stop() {
        return Ok(true);
    }
    let Progress::Done(done) = session
        .answer(Answers::from_iter([
            ("MFA16", canary::ANSWER),
            ("MFA104", canary::DEVICE),
            ("BRQ7", canary::SECOND_ANSWER),
        ]))
        .await?
    else {
        panic!("not paid")
    };
    let receipt = done.receipt().unwrap();
    assert_eq!(receipt.response.payment.from, payment().from);
    drop(receipt);
    if stop() {
        return Ok(true);
    }
    let client = session.close()?;
    let blob = client.deconstruct(&keys, &context)?;
    if stop() {
        return Ok(true);
    }
    let mut client = Client::restore(&blob, &keys, &context)?;
    assert!(client.has_access_key());
    if stop() {
        return Ok(true);
    }
    assert_eq!(client.known_accounts().len(), 63);
    for plain in [true, false] {
        let blob =
            if plain { client.deconstruct_plain_including_private()? } else { client.deconstruct(&keys, &context)? };
        client = if plain { Client::restore_plain(&blob)? } else { Client::restore(&blob, &keys, &context)? };
    }
    let _ = client.deconstruct_plain_public()?;
    Ok(false)
}

#[test]
fn a_whole_session_leaves_nothing_behind_wherever_it_stops() {
    for writing in Writing::ALL {
        let answers = bank::Answers::new(writing);
        let mut last = 0;
        while clean(&format!("{writing:?}, {last}"), || block_on(whole(answers, version(writing), last))).unwrap() {
            last += 1;
        }
        assert_eq!(last, 10, "{writing:?}");
    }
}

#[test]
fn a_bad_answer_to_any_request_leaves_nothing_behind() {
    let (mut endings, mut rivals) = ([0; 2], 0);
    // What is broken takes long, and it is read as whatever else is.
    for writing in Writing::ALL.into_iter().filter(|writing| *writing != Writing::Broken) {
        let answers = bank::Answers::new(writing);
        for fault in Fault::ALL {
            for request in 0..7 {
                let case = format!("{writing:?}, {fault:?} at {request}");
                let good = clean(&case, || block_on(faulty(answers, (request, fault), version(writing))));
                endings[usize::from(good.is_ok())] += 1;
                rivals += usize::from(good.is_ok_and(|rival| rival));
            }
        }
    }
    // Some faults hit requests that answers of that kind do not matter to.
    assert!(endings[0] > 100 && endings[1] > 10, "{endings:?}");
    assert!(rivals > 0, "no history was looked at");
}

/// A session up to its end or to the first error, and what one does about a payment in doubt: whether a history holds one like it.
async fn faulty(
    answers_of: &'static bank::Answers,
    (request, fault): (usize, Fault),
    version: Version,
) -> Result<bool, Error> {
    let bank = Bank::with_fault(answers_of, request, fault);
    let mut session = asked(bank, version, credentials()).await?;
    if let Some(Situation::AwaitingAnswers(_)) = session.situation() {
        match session.answer(answers()).await? {
            Progress::Unknown(_) => {}
            progress => drop(progress.done()?),
        }
    }
    if let Some(Situation::InDoubt(_)) = session.situation() {
        session.abandon().unwrap_err();
        let blob = session.pause(&keys(), &context())?;
        let paused = Client::resume(&blob, &keys(), &context())?;
        assert!(matches!(paused.situation(), Situation::InDoubt(_)));
        // Questions, and the saved answer is lost as well: the history is left.
        let again = Bank::with_fault(answers_of, 2, Fault::NoAnswer);
        let paused = paused.device(Device::new().mac_address(canary::DEVICE)).transport(again);
        let mut session = paused.open_risking_a_second_payment(credentials())?;
        for _ in 0..2 {
            if session.can_reconcile() {
                let _ = session.reconcile().await?;
            }
            if let Some(Situation::AwaitingAnswers(_)) = session.situation() {
                let _ = session.answer(answers()).await?;
            }
        }
        let rival = |doubt: &Doubt| doubt.explain().contains("holds a payment like this one");
        return Ok(matches!(session.situation(), Some(Situation::InDoubt(doubt)) if rival(&doubt)));
    }
    Ok(false)
}

/// One request of another kind: made, looked at, sent, and kept in a blob when it is not over.
async fn another(answers_of: &'static bank::Answers, version: Version, which: usize) -> Result<(), Error> {
    let mut session = client(Bank::new(answers_of), version)?.open(credentials().new_password(canary::NEW_PASSWORD))?;
    session.accounts().await?.done()?;
    let (payment, savings) = (payment(), BankAccount::new("999888777", canary::SAVINGS, AccountType::Savings));
    let payee = PayeeAddition::new(payment.payee.clone()).by_transfer_to(savings).pay_account(canary::PAY_ACCOUNT);
    let monthly = RecurringPayment::new(Recurrence::endless(Frequency::Monthly), payment.clone());
    let request = |request: Request| Intent::from(request);
    let intent = match which {
        0 => Intent::Request {
            request: Box::new(PaymentCancellation::new("4711").into()),
            account: Some(payment.from.clone()),
        },
        1 => request(payee.into()),
        2 => request(monthly.into()),
        3 => Intent::Batch(vec![request(payee.into()), Intent::Pay(Box::new(payment))]),
        4 => Intent::Synchronize { kind: SyncKind::Payments, account: Some(payment.from.clone()), from: None },
        _ => Intent::ChangePassword,
    };
    session.prepare(intent).await?;
    assert!(session.render()?.is_some());
    let _ = session.proceed().await;
    if let Some(Situation::AwaitingAnswers(_)) = session.situation() {
        let _ = session.answer(answers()).await;
    }
    assert!(session.last_answer().is_some());
    if session.situation().is_some() {
        let blob = session.pause(&keys(), &context())?;
        let paused = Client::resume(&blob, &keys(), &context())?;
        drop(paused.requests());
        let again = credentials().new_password(canary::NEW_PASSWORD);
        let mut session = paused.transport(Bank::new(answers_of)).open_risking_a_second_payment(again)?;
        let _ = session.reconcile().await;
    }
    Ok(())
}

#[test]
fn requests_of_every_kind_leave_nothing_behind() {
    for writing in [Writing::Xml, Writing::Sgml] {
        let answers = bank::Answers::new(writing);
        for which in 0..6 {
            clean(&format!("{writing:?}, request {which}"), || block_on(another(answers, version(writing), which)))
                .unwrap();
        }
    }
}

#[test]
fn credentials_that_cannot_be_sent_leave_nothing_behind() {
    let answers = bank::Answers::new(Writing::Xml);
    let long = |secret: &'static str| {
        let mut text = String::with_capacity(secret.len() * 700);
        (0..700).for_each(|_| text.push_str(secret));
        text
    };
    let joined = |end: &str| {
        let mut text = String::with_capacity(canary::PASSWORD.len() + end.len());
        text.push_str(canary::PASSWORD);
        text.push_str(end);
        text
    };
    let cases: [(&str, Version, &dyn Fn() -> Credentials); 8] = [
        ("a password that is too long", Version::V211, &|| Credentials::new("jane", long(canary::PASSWORD))),
        ("a control character", Version::V211, &|| Credentials::new("jane", joined("\u{7}"))),
        ("a character that 1.x cannot carry", Version::V103, &|| Credentials::new("jane", joined("Ω"))),
        ("credentials of a later version", Version::V102, &credentials),
        ("no user id", Version::V211, &|| Credentials::new("", canary::PASSWORD).auth_token(canary::AUTH_TOKEN)),
        ("a token of a later version", Version::V211, &|| Credentials::access_token(canary::ACCESS_TOKEN)),
        ("a token that is too long", Version::V230, &|| Credentials::access_token(long(canary::ACCESS_TOKEN))),
        ("a key that is too long", Version::V230, &|| Credentials::user_key(long(canary::ACCESS_TOKEN))),
    ];
    for (case, version, credentials) in cases {
        let found = clean(case, || block_on(asked(Bank::new(answers), version, credentials())).err());
        assert!(found.is_some(), "{case} was sent");
    }
    let token = || Credentials::access_token(canary::ACCESS_TOKEN);
    clean("a token", || block_on(asked(Bank::new(answers), Version::V230, token()))).unwrap();
}

#[test]
fn answers_that_cannot_be_sent_leave_nothing_behind() {
    let script = bank::Answers::new(Writing::Xml);
    clean("answers", || {
        block_on(async {
            let mut session = asked(Bank::new(script), Version::V211, credentials()).await.unwrap();
            let mut long = String::with_capacity(canary::ANSWER.len() * 9);
            (0..9).for_each(|_| long.push_str(canary::ANSWER));
            assert!(session.answer(answers().with("MFA16", long)).await.is_err());
            assert!(session.answer(Answers::new().with("BRQ7", canary::ANSWER)).await.is_err());
            let mut control = String::with_capacity(canary::ANSWER.len() + 1);
            control.push_str(canary::ANSWER);
            control.push('\u{7}');
            assert!(session.answer(answers().with("MFA16", control)).await.is_err());
            // They are accepted by now, but cannot be written. Only what was asked is stored.
            let _ = session.pause(&keys(), &context()).unwrap();
        });
    });
}

#[test]
fn calls_that_give_back_what_they_would_have_consumed_leave_nothing_behind() {
    let script = bank::Answers::new(Writing::Xml);
    clean("kept", || {
        block_on(async {
            let session = asked(Bank::new(script), Version::V211, credentials()).await.unwrap();
            let session = session.pause_for(Duration::ZERO, &keys(), &context()).unwrap_err().into_value();
            let blob = session.pause(&keys(), &context()).unwrap();
            let paused = Client::resume(&blob, &keys(), &context()).unwrap();
            let other = Credentials::new("john", canary::PASSWORD);
            let (error, paused) = paused.open_risking_a_second_payment(other).unwrap_err().into_parts();
            drop(format!("{error} {error:?} {paused:?}"));
            let mut session = paused.open_risking_a_second_payment(credentials()).unwrap();
            session.abandon().unwrap();
            let session = session.pause(&keys(), &context()).unwrap_err().into_value();
            drop(session.close().unwrap().open(Credentials::new("john", canary::PASSWORD)).unwrap_err());
        });
    });
}
