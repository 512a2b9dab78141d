//! What goes wrong on the wire goes wrong as it was ordered, and the books say what really happened.

use std::time::Duration;

use ofx_session::ofx::{Element, Version};
use ofx_session::testing::{AccessKeys, Bank, Class, Fault, On, Rejection};

use super::https::{ask, client_of, post};
use super::support::{Answer, Ask, Pay, easy, frame, questioning, tree, trn, typed};

const V: Version = Version::V211;

/// How a request ended, seen from the client.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Status of the payment in an OFX answer.
    Paid(String),
    Status(u16),
    Page,
    Empty,
    /// No answer, or not all of it.
    Nothing,
}

async fn send(bank: &Bank, body: Vec<u8>) -> End {
    // A connection of its own, so that no other request's end is met.
    let Ok(response) = post(&client_of(bank), bank.url(), body).await else { return End::Nothing };
    let (status, kind) = (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap().to_owned());
    let Ok(bytes) = response.bytes().await else { return End::Nothing };
    match (status, kind.as_str()) {
        (200, "application/x-ofx") if bytes.is_empty() => End::Empty,
        (200, "application/x-ofx") => End::Paid(Answer::read(&bytes).payment_status().unwrap().to_owned()),
        (200, _) => End::Page,
        _ => End::Status(status),
    }
}

fn pay(trn_uid: &str) -> Vec<u8> {
    Ask::new(V).pay(trn_uid, Pay::new()).bytes()
}

fn paid(code: &str) -> End {
    End::Paid(code.to_owned())
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    // Fault, what the client sees, payments made, what a second try is answered with.
    let cases = [
        (Fault::DropBefore, End::Nothing, 0, "0"),
        (Fault::DropAfter, End::Nothing, 1, "2019"),
        (Fault::CutAnswer(0), End::Nothing, 1, "2019"),
        (Fault::CutAnswer(700), End::Nothing, 1, "2019"),
        (Fault::CutAnswer(usize::MAX), End::Nothing, 1, "2019"),
        (Fault::Delay(Duration::from_millis(1)), paid("0"), 1, "2019"),
        (Fault::LateDelivery { after: None }, End::Nothing, 0, "0"),
        (Fault::LateDelivery { after: Some(0) }, End::Nothing, 1, "2019"),
        (Fault::Replay { second_answer: false }, paid("0"), 1, "2019"),
        (Fault::Replay { second_answer: true }, paid("2019"), 1, "2019"),
        (Fault::Unavailable { carried_out: false }, End::Status(503), 0, "0"),
        (Fault::Unavailable { carried_out: true }, End::Status(503), 1, "2019"),
        (Fault::Status { code: 401, carried_out: false }, End::Status(401), 0, "0"),
        (Fault::Status { code: 429, carried_out: false }, End::Status(429), 0, "0"),
        (Fault::Status { code: 502, carried_out: true }, End::Status(502), 1, "2019"),
        (Fault::Empty { carried_out: false }, End::Empty, 0, "0"),
        (Fault::Empty { carried_out: true }, End::Empty, 1, "2019"),
        (Fault::Html { carried_out: false }, End::Page, 0, "0"),
        (Fault::Html { carried_out: true }, End::Page, 1, "2019"),
    ];
    for (fault, end, made, again) in cases {
        let bank = easy().start().unwrap();
        bank.next(On::Any, fault);
        assert_eq!(send(&bank, pay("pay-1")).await, end, "{fault:?}");
        assert_eq!(bank.payments_made_for("pay-1"), made, "{fault:?}");
        assert_eq!(bank.faults(), [fault]);
        assert_eq!(send(&bank, pay("pay-1")).await, paid(again), "{fault:?}");
        assert_eq!((bank.faults().len(), bank.requests().len()), (1, 2), "{fault:?}");
        assert!(bank.violations().is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_cut_answer_has_its_beginning() {
    let bank = easy().start().unwrap();
    bank.next(On::Any, Fault::CutAnswer(100));
    let mut response = post(&client_of(&bank), bank.url(), pay("pay-1")).await.unwrap();
    assert_eq!(response.content_length(), Some(bank.answers()[0].len() as u64));
    let mut read = Vec::new();
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => read.extend_from_slice(&chunk),
            other => break other,
        }
    };
    assert!(end.is_err());
    assert_eq!(read, bank.answers()[0][..100]);
}

#[tokio::test]
async fn a_replay_without_duplicate_check_pays_twice() {
    for second_answer in [false, true] {
        let bank = easy().checks_duplicates(false).start().unwrap();
        bank.next(On::Payment, Fault::Replay { second_answer });
        assert_eq!(send(&bank, pay("pay-1")).await, paid("0"));
        assert_eq!((bank.payments_made_for("pay-1"), bank.ledger().double_payments().len()), (2, 1));
    }
}

#[tokio::test]
async fn a_replayed_challenge_is_not_held_against_the_client() {
    let bank = questioning().access_keys(AccessKeys::Never).start().unwrap();
    let client = client_of(&bank);
    ask(&client, bank.url(), &Ask::new(V).questions("q-1")).await;
    bank.next(On::Payment, Fault::Replay { second_answer: true });
    let second = ask(&client, bank.url(), &Ask::new(V).pay("pay-1", Pay::new()).right_answers()).await;
    assert_eq!(second.signon(), "3000", "the first one used the challenge up");
    assert_eq!(bank.payments_made(), 1);
    assert!(bank.violations().is_empty());
}

#[tokio::test]
async fn what_is_late_comes_after_so_many_requests_or_when_it_is_told() {
    let bank = easy().checks_duplicates(false).start().unwrap();
    bank.next(On::Payment, Fault::LateDelivery { after: Some(2) });
    bank.next(On::Payment, Fault::LateDelivery { after: None });
    for trn_uid in ["late-1", "late-2"] {
        assert_eq!(send(&bank, pay(trn_uid)).await, End::Nothing);
    }
    assert_eq!(bank.payments_made(), 0);
    assert_eq!(send(&bank, pay("pay-1")).await, paid("0"));
    let order = |bank: &Bank| bank.payments().iter().map(|one| one.trn_uid.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(order(&bank), ["pay-1", "late-1"], "behind the second further request");
    assert_eq!(bank.deliver_late(), 1);
    assert_eq!(order(&bank), ["pay-1", "late-1", "late-2"]);
    assert_eq!(bank.deliver_late(), 0);
}

#[tokio::test]
async fn what_comes_late_is_not_held_against_the_client() {
    let bank = questioning().start().unwrap();
    let client = client_of(&bank);
    ask(&client, bank.url(), &Ask::new(V).questions("q-1")).await;
    let passed = ask(&client, bank.url(), &Ask::new(V).accounts("19900101").right_answers()).await;
    let pay = Ask::new(V).pay("pay-1", Pay::new()).key(passed.key().unwrap());
    bank.next(On::Payment, Fault::LateDelivery { after: None });
    assert!(post(&client, bank.url(), pay.bytes()).await.is_err());
    bank.revoke_access_keys();
    assert_eq!(ask(&client, bank.url(), &pay).await.signon(), "3000");
    assert_eq!(bank.deliver_late(), 1);
    assert_eq!((bank.payments_made(), bank.violations().len()), (0, 0), "{:?}", bank.violations());
    assert_eq!(ask(&client, bank.url(), &pay).await.signon(), "3000");
    assert_eq!(bank.violations(), ["an ACCESSKEY that was refused is sent again"], "that was the client");
}

#[tokio::test]
async fn a_late_copy_dies_at_a_stale_token() {
    let class = Class { duplicates: false, full_sync: true, file_recovery: false };
    let bank = easy().class(class).start().unwrap();
    let ask = Ask::new(V).sync("0", vec![Pay::new().wrapped("pay-1")]);
    bank.next(On::Payment, Fault::LateDelivery { after: None });
    assert!(post(&client_of(&bank), bank.url(), ask.bytes()).await.is_err());
    let answer = super::https::ask(&client_of(&bank), bank.url(), &ask).await;
    assert_eq!(answer.framed(), [("pay-1", "0")]);
    assert_eq!(bank.deliver_late(), 1);
    assert_eq!(bank.payments_made(), 1);
    assert!(bank.violations().is_empty());
}

#[tokio::test]
async fn a_fault_waits_for_its_kind_of_request() {
    let bank = questioning().start().unwrap();
    let all = [On::Payment, On::Sync, On::Token, On::With("PMTCANCRQ"), On::Questions, On::Profile, On::Accounts];
    for on in all {
        bank.next(on, Fault::Unavailable { carried_out: false });
    }
    let token = frame(Element::leaf("TOKENONLY", "Y"), "N", "1000001", vec![]);
    let token = Ask::new(V).set("BILLPAYMSGSRQV1", vec![token]);
    let cancel = "<PMTCANCRQ><SRVRTID>1</SRVRTID></PMTCANCRQ>";
    let asks = [
        (Ask::new(V).anonymous().profile("19900101"), On::Profile),
        (Ask::new(V).accounts("19900101"), On::Accounts),
        (Ask::new(V).questions("q-1"), On::Questions),
        (token, On::Token),
        (Ask::new(V).sync("0", vec![tree(&trn("PMTTRNRQ", "canc-1", cancel))]), On::With("PMTCANCRQ")),
        (Ask::new(V).sync("0", vec![]), On::Sync),
        (Ask::new(V).sync("0", vec![Pay::new().wrapped("pay-1")]), On::Payment),
    ];
    for (at, (ask, on)) in asks.iter().enumerate() {
        for status in [503, 200] {
            let response = post(&client_of(&bank), bank.url(), ask.bytes()).await.unwrap();
            assert_eq!(response.status(), status, "{on:?}");
        }
        assert_eq!(bank.faults().len(), at + 1, "{on:?}");
    }
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let bank = easy().start().unwrap();
        bank.random_faults(seed, 500);
        for at in 0..30 {
            send(&bank, pay(&format!("pay-{at}"))).await;
        }
        bank.random_faults(0, 0);
        assert_eq!(send(&bank, pay("last")).await, paid("0"), "no more");
        assert!(bank.violations().is_empty());
        runs.push((bank.faults(), bank.payments_made()));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0].0, runs[2].0);
    assert!((5..26).contains(&runs[0].0.len()), "{:?}", runs[0]);
}

#[tokio::test]
async fn others_can_act_while_it_runs() {
    let bank = easy().file_recovery(true).start().unwrap();
    let client = client_of(&bank);
    let recoverable = Ask::new(V).uids("0", "f-1").pay("pay-1", Pay::new());
    assert_eq!(ask(&client, bank.url(), &recoverable).await.payment_status(), Some("0"));
    assert_eq!(ask(&client, bank.url(), &recoverable).await.payment_status(), Some("0"));
    bank.other_client_looks("jane");
    assert_eq!(ask(&client, bank.url(), &recoverable).await.payment_status(), Some("2019"));
    let other = bank.other_client_pays("jane", &typed("other")).unwrap();
    let synced = ask(&client, bank.url(), &Ask::new(V).sync("0", vec![])).await;
    assert_eq!(synced.framed(), [("pay-1", "0"), (other.as_str(), "0")]);
    assert_eq!((bank.payments_made(), bank.ledger().by_memo().len()), (2, 1));
}

/// What the published grammars are asked about when exchanges are recorded.
#[tokio::test]
async fn synchronization_in_every_version_over_the_wire() {
    for version in Version::ALL {
        for rejection in [Rejection::OutOfDate, Rejection::GeneralError, Rejection::LeftOut] {
            let bank = easy().rejection(rejection).keeps_refusals(true).keeps_history(2).start().unwrap();
            let client = client_of(&bank);
            let from = |from: Element, account| frame(from, "N", account, vec![]);
            let first = ask(&client, bank.url(), &Ask::new(version).sync("0", vec![Pay::new().wrapped("pay-1")])).await;
            assert_eq!(first.framed(), [("pay-1", "0")]);
            let other = bank.other_client_pays("jane", &typed("other")).unwrap();
            let stale = Ask::new(version).sync(first.token(), vec![Pay::new().wrapped("pay-2")]);
            let stale = ask(&client, bank.url(), &stale).await;
            assert_eq!(stale.framed()[0], (other.as_str(), "0"));
            assert_eq!(stale.framed().len(), if rejection == Rejection::LeftOut { 1 } else { 2 });
            let poor = Pay { amount: "0", ..Pay::new() };
            let poor = Ask::new(version).sync(stale.token(), vec![poor.wrapped("pay-3"), Pay::new().wrapped("pay-4")]);
            assert_eq!(ask(&client, bank.url(), &poor).await.framed(), [("pay-3", "2012"), ("pay-4", "0")]);
            let frames = vec![
                from(Element::leaf("TOKENONLY", "Y"), "1000001"),
                from(Element::leaf("REFRESH", "Y"), "1000001"),
                from(Element::leaf("TOKEN", "GONE"), "1000001"),
                from(Element::leaf("TOKEN", "0"), "1000009"),
            ];
            let answer = ask(&client, bank.url(), &Ask::new(version).set("BILLPAYMSGSRQV1", frames)).await;
            let root = answer.0.root().find("BILLPAYMSGSRSV1").unwrap();
            let seen: Vec<_> = root
                .children()
                .iter()
                .map(|one| {
                    (one.value("TOKEN") == Some("-1"), one.value("LOSTSYNC"), one.children_named("PMTTRNRS").count())
                })
                .collect();
            let expected = [(false, Some("N"), 0), (false, Some("N"), 3), (false, Some("Y"), 2), (true, None, 0)];
            assert_eq!(seen, expected, "{version}");
            assert!(bank.violations().is_empty(), "{version}: {:?}", bank.violations());
            let stranger = Ask::new(version).user("jane", "wrong").sync("0", vec![Pay::new().wrapped("pay-5")]);
            let refused = ask(&client, bank.url(), &stranger).await;
            assert_eq!((refused.signon(), refused.framed()), ("15500", vec![("pay-5", "15500")]));
        }
    }
}
