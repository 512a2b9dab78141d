//! Histories in which our identifier does not come back as it was sent, and those that tell of something newer.

use ofx_session::transport::{Request, Response, Sending, Transport};
use ofx_session::{Client, Doubt, Frequency, Institution, Progress, Recurrence, RecurringPayment, Session, Vault};
use rust_decimal::Decimal;

use super::support::{Fate, House, Line, context, done, easy, jane, keys, now, payment};
use crate::resume::line::{MAIN, session};

/// How an institution spells our `TRNUID` in what it says about bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// In capitals, as a database prints numbers of that kind.
    Capitals,
    /// In capitals in the history, and as it came in a direct answer.
    CapitalsInHistory,
    /// `0` for everybody in the history.
    ZeroInHistory,
}

/// A line to an institution that spells so.
#[derive(Clone, Debug)]
struct Spelled(Line, Spelling);

impl Transport for Spelled {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let asks_only = !String::from_utf8_lossy(request.body()).contains("PMTTRNRQ>");
            let body = self.0.send(request).await?.into_body();
            let text = String::from_utf8(body.to_vec()).unwrap();
            let (head, bills) = text.split_once("<BILLPAYMSGSRSV1>").unwrap_or((&text, ""));
            let mut pieces = bills.split("<TRNUID>");
            let mut told = [head, "<BILLPAYMSGSRSV1>", pieces.next().unwrap()].concat();
            for piece in pieces {
                let (uid, rest) = piece.split_once('<').unwrap();
                let uid = match self.1 {
                    Spelling::Capitals => uid.to_uppercase(),
                    Spelling::CapitalsInHistory if asks_only => uid.to_uppercase(),
                    Spelling::ZeroInHistory if asks_only => "0".to_owned(),
                    Spelling::CapitalsInHistory | Spelling::ZeroInHistory => uid.to_owned(),
                };
                told.extend(["<TRNUID>", &uid, "<", rest]);
            }
            let told = if bills.is_empty() { text } else { told };
            Response::from_http_200(Some("application/x-ofx"), told.into_bytes())
        })
    }
}

fn client(house: &House, spelling: Spelling) -> Client {
    Client::builder(Institution::new(MAIN)).transport(Spelled(house.line.clone(), spelling)).build().unwrap()
}

fn vault(house: &House, spelling: Spelling) -> Vault {
    Vault::new(client(house, spelling), house.store.clone(), keys(), context()).unwrap().world(house.clock.clone())
}

fn house(class: &str) -> House {
    House::warmed(easy().everything().class(class.parse().unwrap()))
}

fn other_program(house: &House) -> Session {
    let client = Client::builder(Institution::new(MAIN)).transport(house.line.clone()).build().unwrap();
    client.open(jane()).unwrap()
}

#[test]
fn an_identifier_that_comes_back_in_capitals_is_ours() {
    for class in ["D-S+F-", "D+S+F-", "D-S+F+", "D-S-F-"] {
        let at = house(class);
        let told = now(vault(&at, Spelling::Capitals).pay("order-1", &payment(), jane())).unwrap();
        assert!(matches!(told, Progress::Done(_)), "{class}: {told:?}");
        at.line.clean(1);

        let at = house(class);
        let monthly = RecurringPayment::new(Recurrence::endless(Frequency::Monthly), payment());
        let mut session = client(&at, Spelling::Capitals).open(jane()).unwrap();
        let told = now(session.add_recurring(&monthly)).unwrap();
        assert!(matches!(told, Progress::Done(_)), "{class}: {told:?}");
        let sent = at.line.work().iter().filter(|tail| tail.contains("<RECPMTRQ>")).count();
        assert_eq!(sent, 1, "{class}");
    }
}

#[test]
fn a_history_that_spells_identifiers_in_its_own_way_makes_no_second_payment() {
    for (spelling, found) in [(Spelling::CapitalsInHistory, true), (Spelling::ZeroInHistory, false)] {
        let house = house("D-S+F-");
        house.line.then([Fate::Honest, Fate::LostAfter]);
        let told = now(vault(&house, spelling).pay("order-1", &payment(), jane())).unwrap();
        match told {
            Progress::Done(_) => assert!(found),
            Progress::Unknown(Doubt::NoAnswer(why)) => {
                assert!(!found && why.contains("a payment like this one"), "{why}")
            }
            other => panic!("{spelling:?}: {other:?}"),
        }
        assert_eq!(house.line.wire().bank.payments_made(), 1, "{spelling:?}");
    }
}

/// The user has entered the bill elsewhere meanwhile.
#[test]
fn a_bill_that_another_program_has_paid_meanwhile_is_not_paid_once_more() {
    let house = house("D+S+F-");
    house.line.then([Fate::Honest, Fate::LostBefore, Fate::NotSent, Fate::NotSent]);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    house.line.wire().fates.clear();
    now(other_program(&house).pay(&payment())).unwrap().done().unwrap();
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(Doubt::NoAnswer(_))));
    assert_eq!(house.line.wire().bank.payments_made(), 1);
}

/// A session that stands further back in the history than what it cancels.
#[test]
fn that_a_payment_was_made_is_no_newer_change_of_it() {
    let house = house("D+S+F-");
    let mut behind = session(&house.line);
    let _ = now(behind.sync_payments(&payment().from)).unwrap().done().unwrap();
    let receipt = done(house.pay("order-1"));
    house.line.then([Fate::LostBefore]);
    assert!(matches!(now(behind.cancel_payment(receipt.id(), &payment().from)).unwrap(), Progress::Unknown(_)));
    let told = now(behind.reconcile()).unwrap();
    assert!(matches!(told, Progress::Done(_)), "{told:?}");
    assert!(!house.line.wire().bank.payments()[0].stands());
}

#[test]
fn finding_out_about_a_change_does_not_undo_a_newer_one() {
    for between in [true, false] {
        let house = house("D+S+F-");
        let mut first = session(&house.line);
        let receipt = now(first.pay(&payment())).unwrap().done().unwrap();
        let of = |cents: i64| {
            let mut payment = receipt.response.payment.clone();
            payment.amount = Decimal::new(cents, 2).into();
            payment
        };
        house.line.then([Fate::LostBefore]);
        assert!(matches!(now(first.modify_payment(receipt.id(), &of(50_000))).unwrap(), Progress::Unknown(_)));
        let mut second = other_program(&house);
        if between {
            now(second.modify_payment(receipt.id(), &of(6_000))).unwrap().done().unwrap();
        } else {
            now(second.pay(&of(6_000))).unwrap().done().unwrap();
        }
        let told = now(first.reconcile()).unwrap();
        assert_eq!(matches!(told, Progress::Unknown(_)), between, "{told:?}");
        let stands = house.line.wire().bank.payments()[0].payment.amount.value();
        assert_eq!(stands, Decimal::new(if between { 6_000 } else { 50_000 }, 2));
    }
}
