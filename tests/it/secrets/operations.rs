//! Everything that a program does with an institution, well and badly.

use std::fmt::Debug;
use std::sync::Arc;

use ofx_session::testing::{Bank, Fault, On};
use ofx_session::{
    Answers, Blob, Client, Context, Credentials, DocumentLog, Error, Event, Key, KeyRing, PayeeAddition, Progress,
    Session, Situation, SyncKind,
};

use super::hay::Hay;
use super::{
    ACCESS_TOKEN, ANSWER, AUTH_TOKEN, CRED1, CRED2, NEW_PASSWORD, PAY_ACCOUNT, SECOND_ANSWER, USER, WRONG_ANSWER,
    WRONG_PASSWORD, bank, client, credentials, observer, payment, trusting, wire,
};

fn token_bank() -> Bank {
    Bank::builder().user(USER, "another password").access_token(USER, ACCESS_TOKEN).start().unwrap()
}

fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

fn right() -> Answers {
    Answers::new().with("MFA16", ANSWER).with("BRQ7", SECOND_ANSWER)
}

/// Does all of it; gives everything that was on the wire.
pub(super) async fn all(hay: &Arc<Hay>) -> String {
    let (first, second, third) = (bank(), bank(), token_bank());
    well(&first, hay).await;
    badly(&second, hay).await;
    by_token(&third, hay).await;
    let stranger = client(&first, hay).connection(trusting(&second)).unwrap();
    let mut session = stranger.open(credentials()).unwrap();
    said(hay, session.pay(&payment()).await);
    hay.debug("the session", &session);
    assert!(hay.amount("an error") > 0);
    [wire(&first), wire(&second), wire(&third)].concat()
}

/// Notes what a call gave, and hands it on.
fn said<T: Debug>(hay: &Hay, result: Result<Progress<T>, Error>) -> Option<Progress<T>> {
    match result {
        Ok(progress) => {
            // A result holds what was asked for, account and payee included; what is asked and doubted does not.
            let kind = if matches!(progress, Progress::Done(_)) { "a record" } else { "progress" };
            hay.debug(kind, &progress);
            Some(progress)
        }
        Err(error) => {
            hay.error(&error);
            None
        }
    }
}

/// Answers what is asked, until it is done.
async fn through<T: Debug>(hay: &Hay, session: &mut Session, result: Result<Progress<T>, Error>) -> bool {
    hay.debug("the session", session);
    match said(hay, result) {
        Some(Progress::Done(_)) => true,
        Some(Progress::Ask(_)) => {
            let result = session.answer(right()).await;
            matches!(said(hay, result), Some(Progress::Done(_)))
        }
        _ => false,
    }
}

/// Pauses and resumes, as in another process.
fn elsewhere(bank: &Bank, hay: &Arc<Hay>, session: Session, credentials: Credentials) -> Session {
    let blob = session.pause(&keys(), &context()).unwrap();
    hay.debug("the blob", &blob);
    hay.put("the blob", blob.to_text().as_bytes());
    let paused = Client::resume(&Blob::from_text(&blob.to_text()).unwrap(), &keys(), &context()).unwrap();
    let paused = paused.connection(trusting(bank)).unwrap().observer(observer(hay));
    let paused = paused.document_log(DocumentLog::to_writer(hay.page("the document log")));
    hay.debug("paused", &paused);
    hay.debug("paused", &paused.situation());
    hay.debug("paused", &paused.questions());
    hay.debug("a record", &paused.payment());
    hay.debug("a record", &paused.requests());
    paused.open_risking_a_second_payment(credentials).unwrap()
}

async fn well(bank: &Bank, hay: &Arc<Hay>) {
    hay.debug("the credentials", &credentials());
    hay.debug("the credentials", &credentials().auth_token(AUTH_TOKEN).new_password(NEW_PASSWORD));
    hay.debug("the credentials", &right());
    let client = client(bank, hay);
    hay.debug("the client", &client);
    let mut session = client.open(credentials().asking_for_user_key()).unwrap();
    let result = session.accounts().await;
    assert!(through(hay, &mut session, result).await, "the accounts");
    let result = session.pay(&payment()).await;
    if !matches!(said(hay, result), Some(Progress::Done(_))) {
        session = elsewhere(bank, hay, session, credentials());
        let result = session.answer(right()).await;
        assert!(matches!(said(hay, result), Some(Progress::Done(_))), "the payment");
    }
    let payee = PayeeAddition::new(payment().payee.clone()).pay_account(PAY_ACCOUNT);
    let result = session.add_payee(&payee).await;
    assert!(through(hay, &mut session, result).await, "the payee");
    for (kind, account) in [(SyncKind::Payments, Some(payment().from.clone())), (SyncKind::Payees, None)] {
        let result = session.synchronize(kind, account.as_ref(), None).await;
        assert!(through(hay, &mut session, result).await, "{kind:?}");
    }
    let result = session.change_password(NEW_PASSWORD).await;
    assert!(through(hay, &mut session, result).await, "the password");
    let client = session.close().unwrap();
    hay.debug("the client", &client);
    hay.debug("the client", &client.user_key());
    let blob = client.deconstruct(&keys(), &context()).unwrap();
    hay.debug("the blob", &blob);
    let mut client = Client::restore(&blob, &keys(), &context()).unwrap().connection(trusting(bank)).unwrap();
    assert!(client.has_access_key());
    client.fetch_profile().await.unwrap();
    let client = client.observer(observer(hay)).document_log(DocumentLog::to_writer(hay.page("the document log")));
    let mut session = client.open_with_user_key().unwrap();
    let result = session.accounts().await;
    through(hay, &mut session, result).await;
    hay.debug("the session", &session);
}

async fn badly(bank: &Bank, hay: &Arc<Hay>) {
    let mut session = client(bank, hay).open(credentials()).unwrap();
    let asked = session.accounts().await;
    assert!(matches!(said(hay, asked), Some(Progress::Ask(_))));
    said(hay, session.answer(Answers::new().with("MFA16", WRONG_ANSWER)).await);
    said(hay, session.answer(Answers::new().with("MFA16", WRONG_ANSWER).with("BRQ7", WRONG_ANSWER)).await);
    let result = session.answer(right()).await;
    assert!(matches!(said(hay, result), Some(Progress::Done(_))));
    let faults = [
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::CutAnswer(700),
        Fault::CutAnswer(5),
        Fault::Html { carried_out: true },
        Fault::Unavailable { carried_out: true },
    ];
    for fault in faults {
        bank.next(On::Payment, fault);
        let result = session.pay(&payment()).await;
        if let Some(Progress::Unknown(doubt)) = said(hay, result) {
            hay.put("progress", doubt.explain().as_bytes());
            session = elsewhere(bank, hay, session, credentials());
            let Some(Situation::InDoubt(_)) = session.situation() else { panic!("it is in doubt") };
            for _ in 0..3 {
                if session.can_reconcile() {
                    said(hay, session.reconcile().await);
                }
            }
        }
        if session.situation().is_some() {
            let _ = session.settle_doubt();
        }
        if session.situation().is_some() {
            session.abandon().unwrap();
        }
        bank.next(On::Accounts, fault);
        said(hay, session.accounts().await);
        if session.situation().is_some() {
            session.abandon().unwrap();
        }
    }
    bank.require_auth_token(USER, AUTH_TOKEN);
    said(hay, session.pay(&payment()).await);
    for credentials in [
        credentials().auth_token(AUTH_TOKEN),
        Credentials::new(USER, WRONG_PASSWORD).user_cred1(CRED1).user_cred2(CRED2),
    ] {
        let mut session = client(bank, hay).open(credentials).unwrap();
        let result = session.accounts().await;
        through(hay, &mut session, result).await;
    }
}

/// With a token in place of all other credentials, and an observer that panics.
async fn by_token(bank: &Bank, hay: &Arc<Hay>) {
    let client = client(bank, hay).observer(|event: &Event<'_>| panic!("it cannot bear {event:?}"));
    let mut session = client.open(Credentials::access_token(ACCESS_TOKEN)).unwrap();
    let result = session.accounts().await;
    assert!(through(hay, &mut session, result).await, "the accounts, by token");
    hay.debug("the credentials", &Credentials::access_token(ACCESS_TOKEN));
}
