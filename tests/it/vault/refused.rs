//! A payment that was refused, whose answer was lost, and whose institution asks before each file: to be stored at a question changes
//! nothing, neither in a vault nor by a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ofx_session::error::StatusCode;
use ofx_session::ofx::Status;
use ofx_session::testing::{AccessKeys, On};
use ofx_session::transport::{Request, Sending, Transport, TransportError};
use ofx_session::{Client, Error, ErrorKind, Institution, Moved, Progress};

use super::support::{House, jane, keys, now, payment};
use crate::resume::line::{Line, MAIN, context, pause, questioning, right};

/// Loses the first answer that refuses for want of money.
#[derive(Clone, Debug)]
struct Loses(Line, Arc<AtomicBool>);

impl Transport for Loses {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let response = self.0.send(request).await?;
            let refuses = response.body().windows(12).any(|bytes| bytes == b"<CODE>10504<");
            if refuses && !self.1.swap(true, Ordering::SeqCst) {
                return Err(TransportError::Timeout { host: "ofx.bank.example".to_owned(), source: None });
            }
            Ok(response)
        })
    }
}

fn house(class: &str) -> (House, Loses) {
    let house = House::new(questioning().access_keys(AccessKeys::Never).class(class.parse().unwrap()));
    let status = Status::new(StatusCode::new(10_504), Some("not enough money"));
    house.line.wire().bank.answer_next(On::Payment, status);
    let loses = Loses(house.line.clone(), Arc::default());
    (house, loses)
}

fn client(loses: &Loses) -> Client {
    Client::builder(Institution::new(MAIN)).transport(loses.clone()).build().unwrap()
}

/// It was refused, and nobody has paid.
fn is_refused(house: &House, loses: &Loses, error: &Error) {
    assert!(loses.1.load(Ordering::SeqCst), "its answer was lost");
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Refused, Moved::No), "{error}");
    assert_eq!(error.status(), Some(StatusCode::new(10_504)));
    house.line.clean(0);
}

#[test]
fn a_pause_at_each_question_changes_neither_the_questions_nor_the_end() {
    for class in ["D+S+F+", "D-S+F+", "D+S-F+"] {
        let asked = [false, true].map(|pauses| {
            let (house, loses) = house(class);
            let mut session = client(&loses).open(jane()).unwrap();
            let mut result = now(session.pay(&payment())).map(|progress| progress.map(|_| ()));
            for asked in 0..20 {
                result = match result {
                    Ok(Progress::Unknown(_)) => now(session.reconcile()).map(|progress| progress.map(|_| ())),
                    other => other,
                };
                match result {
                    Ok(Progress::Ask(_)) if pauses => {
                        let resumed = Client::resume(&pause(session), &keys(), &context()).unwrap();
                        session = resumed.transport(loses.clone()).open_risking_a_second_payment(jane()).unwrap();
                    }
                    Ok(Progress::Ask(_)) => {}
                    other => {
                        is_refused(&house, &loses, &other.unwrap_err());
                        return asked;
                    }
                }
                result = now(session.answer(right())).map(|progress| progress.map(|_| ()));
            }
            panic!("asked for ever");
        });
        assert_eq!(asked[0], asked[1], "{class}");
    }
}

#[test]
fn a_vault_stores_at_each_question_and_comes_to_the_same_end() {
    let (house, loses) = house("D+S+F+");
    let vault = || house.vault_of(client(&loses), &keys());
    let mut progress = now(vault().pay("order-1", &payment(), jane()));
    for _ in 0..5 {
        if let Ok(Progress::Ask(_)) = progress {
            progress = now(vault().answer("order-1", right(), jane()));
        }
    }
    is_refused(&house, &loses, &progress.unwrap_err());
}
