//! The ledger file: what was promised before the institution ended holds when it comes back.

use std::fs;
use std::path::Path;

use ofx_session::ofx::Version;
use ofx_session::testing::{AccessKeys, Bank, BankBuilder, Class, Fault, Ledger, On};

use super::https::{ask, client_of, post};
use super::support::{Ask, Pay, easy, questioning, typed};

const V: Version = Version::V211;

fn pay(trn_uid: &str) -> Ask {
    Ask::new(V).pay(trn_uid, Pay::new())
}

async fn tell(bank: &Bank, what: &Ask) -> super::support::Answer {
    ask(&client_of(bank), bank.url(), what).await
}

fn port(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap()
}

/// Ends a bank and starts it again.
fn again(bank: Bank, builder: &BankBuilder) -> Bank {
    drop(bank);
    builder.clone().start().unwrap()
}

#[tokio::test]
async fn it_comes_back_at_the_same_address_with_the_same_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let builder = easy().separate_bill_pay_url(true).ledger_file(folder.path().join("ledger"));
    // Below the ports that systems give out by themselves, so that nobody takes it while the bank is away.
    let tries = (0..50).map(|at| 20_000 + (u16::try_from(std::process::id() % 5000).unwrap() + at * 97) % 5000 * 2);
    let started = |free: u16| builder.clone().port(free).start().ok().map(|bank| (bank, free));
    let (bank, free) = tries.into_iter().find_map(started).unwrap();
    let builder = builder.port(free);
    assert_eq!((port(bank.url()), port(bank.bill_pay_url())), (free, free + 1));
    let client = client_of(&bank);
    let (ca, url) = (bank.ca_pem().to_owned(), bank.bill_pay_url().to_owned());
    assert_eq!(ask(&client, &url, &pay("pay-1")).await.payment_status(), Some("0"));
    let bank = again(bank, &builder);
    assert_eq!((bank.ca_pem(), bank.bill_pay_url()), (ca.as_str(), url.as_str()));
    let fresh = {
        // The pool of the old client may hold a connection that ended with the bank.
        let _ = post(&client, &url, Vec::new()).await;
        ask(&client, &url, &pay("pay-1")).await
    };
    assert_eq!(fresh.payment_status(), Some("2019"), "the old client trusts it, and it remembers");
    assert_eq!(bank.payments_made(), 1);
}

#[tokio::test]
async fn a_certificate_can_be_kept_without_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let builder = easy().certificate_file(folder.path().join("papers.pem"));
    let bank = builder.clone().start().unwrap();
    let client = client_of(&bank);
    let bank = again(bank, &builder);
    assert_eq!(ask(&client, bank.url(), &pay("pay-1")).await.payment_status(), Some("0"));
    let stranger = easy().start().unwrap();
    assert!(post(&client, stranger.url(), Vec::new()).await.is_err());
    fs::write(folder.path().join("papers.pem"), "no papers").unwrap();
    assert!(builder.start().is_err());
}

#[tokio::test]
async fn every_class_keeps_its_promises_over_a_restart() {
    for class in Class::ALL {
        let folder = tempfile::tempdir().unwrap();
        let builder = easy().class(class).ledger_file(folder.path().join("ledger"));
        let bank = builder.clone().start().unwrap();
        let other = bank.other_client_pays("jane", &typed("other")).unwrap();
        let token = tell(&bank, &Ask::new(V).sync("0", vec![])).await.token().to_owned();
        let old = if class.file_recovery { "0" } else { "NONE" };
        let recoverable = pay("pay-1").uids(old, "f-1");
        assert_eq!(tell(&bank, &recoverable).await.payment_status(), Some("0"));
        let digest = bank.model().digest();

        let bank = again(bank, &builder);
        assert_eq!(bank.model().digest(), digest, "{class}");
        let repeated = tell(&bank, &recoverable).await;
        let dies = class.duplicates && !class.file_recovery;
        assert_eq!(repeated.payment_status(), Some(if dies { "2019" } else { "0" }), "{class}");
        let made = if class.file_recovery || class.duplicates { 1 } else { 2 };
        assert_eq!(bank.payments_made_for("pay-1"), made, "{class}");

        let bank = again(bank, &builder);
        let synced = tell(&bank, &Ask::new(V).sync(&token, vec![Pay::new().wrapped("pay-2")])).await;
        if class.full_sync {
            let mut expected = vec![("pay-1", "0"); made];
            expected.push(("pay-2", "6502"));
            assert_eq!(synced.framed(), expected, "{class}: the token still has its place");
            let all = tell(&bank, &Ask::new(V).sync("0", vec![])).await;
            assert_eq!(all.framed()[0], (other.as_str(), "0"), "{class}");
        } else {
            assert_eq!((synced.framed(), synced.token()), (vec![("pay-2", "0")], "0"), "{class}");
        }
        assert!(bank.violations().is_empty(), "{class}: {:?}", bank.violations());
        let ours: Vec<bool> = bank.payments().iter().map(|entry| entry.ours).collect();
        assert_eq!((ours[0], ours[1..].iter().all(|ours| *ours)), (false, true), "{class}");
        assert_eq!(Ledger::read(folder.path().join("ledger")).unwrap(), bank.ledger(), "{class}");
    }
}

#[tokio::test]
async fn purging_and_cutting_hold_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let builder = easy()
        .file_recovery(true)
        .purges_saved_answers(false)
        .keeps_history(1)
        .keeps_refusals(true)
        .ledger_file(folder.path().join("ledger"));
    let bank = builder.clone().start().unwrap();
    tell(&bank, &pay("pay-1").uids("0", "f-1")).await;
    tell(&bank, &pay("pay-2").uids("f-1", "f-2")).await;
    let poor = Ask::new(V).pay("pay-3", Pay { amount: "0", ..Pay::new() }).uids("NONE", "f-3");
    assert_eq!(tell(&bank, &poor).await.payment_status(), Some("2012"));
    let digest = bank.model().digest();
    let bank = again(bank, &builder);
    assert_eq!(bank.model().digest(), digest);
    assert_eq!(tell(&bank, &pay("pay-1").uids("0", "f-1")).await.payment_status(), Some("2019"), "it was forgotten");
    assert_eq!(tell(&bank, &pay("pay-2").uids("f-1", "f-2")).await.payment_status(), Some("0"), "it was saved");
    assert_eq!(tell(&bank, &Ask::new(V).sync("0", vec![])).await.framed(), [("pay-3", "2012")], "one is kept");
    let changed = Ask::new(V).pay("pay-3", Pay::new()).uids("NONE", "f-4");
    assert_eq!(tell(&bank, &changed).await.payment_status(), Some("2019"));
    assert_eq!(bank.violations(), ["the TRNUID of a PMTTRNRQ was used before for another request"]);
    let ids: std::collections::BTreeSet<_> = bank.payments().into_iter().map(|entry| entry.server_id).collect();
    assert_eq!(ids.len(), 2);
}

#[tokio::test]
async fn challenges_keys_and_locks_outlive_the_institution() {
    let folder = tempfile::tempdir().unwrap();
    let builder = questioning().access_keys(AccessKeys::Rotate).ledger_file(folder.path().join("ledger"));
    let accounts = Ask::new(V).accounts("19900101");
    let mut bank = builder.clone().start().unwrap();
    let turn = |bank: Bank| {
        let digest = bank.model().digest();
        let bank = again(bank, &builder);
        assert_eq!(bank.model().digest(), digest);
        bank
    };
    tell(&bank, &Ask::new(V).anonymous().profile("19900101")).await;
    tell(&bank, &Ask::new(V).questions("q-1")).await;
    bank = turn(bank);
    let first = tell(&bank, &accounts.clone().right_answers()).await.key().unwrap().to_owned();
    bank = turn(bank);
    let second = tell(&bank, &accounts.clone().key(&first)).await.key().unwrap().to_owned();
    assert_ne!(second, first);
    bank = turn(bank);
    assert_eq!(tell(&bank, &accounts.clone().key(&second)).await.signon(), "0");
    bank = turn(bank);
    assert_eq!(tell(&bank, &accounts.clone().key(&first)).await.signon(), "3000", "a newer one was used");
    bank = turn(bank);
    assert!(bank.violations().is_empty());
    assert_eq!(tell(&bank, &accounts.clone().key(&first)).await.signon(), "3000");
    assert_eq!(bank.violations(), ["an ACCESSKEY that was refused is sent again"]);
    bank.revoke_access_keys();
    bank.set_password_expired("jane");
    bank = turn(bank);
    assert_eq!(tell(&bank, &accounts.clone().key(&second)).await.signon(), "3000");
    for _ in 0..2 {
        assert_eq!(tell(&bank, &accounts.clone().user("jane", "wrong")).await.signon(), "15500");
        bank = turn(bank);
    }
    tell(&bank, &Ask::new(V).questions("q-2")).await;
    bank = turn(bank);
    assert_eq!(tell(&bank, &accounts.clone().right_answers().uids("NONE", "f-9")).await.signon(), "15000");
    bank.lock_user("jane");
    bank = turn(bank);
    assert_eq!(tell(&bank, &accounts).await.signon(), "15502");
}

#[tokio::test]
async fn a_payment_is_in_the_file_before_its_answer_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let bank = easy().ledger_file(&path).start().unwrap();
    for at in 1..=5 {
        if at % 2 == 0 {
            bank.next(On::Payment, Fault::DropAfter);
        }
        let answer = post(&client_of(&bank), bank.url(), pay(&format!("pay-{at}")).bytes()).await;
        assert_eq!(answer.is_err(), at % 2 == 0);
        // What another process sees that asks only the file.
        let ledger = Ledger::read(&path).unwrap();
        assert_eq!((ledger.entries().len(), ledger.payments_made_for(&format!("pay-{at}"))), (at, 1));
    }
    let ledger = Ledger::read(&path).unwrap();
    assert_eq!((ledger.by_trn_uid().len(), ledger.by_pay_account()["88-204-117"]), (5, 5));
    assert_eq!(ledger.double_payments().len(), 10, "each two of five that are not told apart by a mark");
    assert_eq!(ledger.entries()[0].payment.pay_account, "88-204-117");
}

#[tokio::test]
async fn a_torn_last_line_is_as_if_it_had_not_been_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let builder = easy().ledger_file(&path);
    let bank = builder.clone().start().unwrap();
    tell(&bank, &pay("pay-1")).await;
    let whole = fs::read(&path).unwrap();
    tell(&bank, &pay("pay-2")).await;
    drop(bank);
    let both = fs::read(&path).unwrap();
    assert!(both.starts_with(&whole));
    let torn = folder.path().join("torn");
    for end in 0..=both.len() {
        fs::write(&torn, &both[..end]).unwrap();
        let expected = usize::from(end >= whole.len()) + usize::from(end == both.len());
        assert_eq!(Ledger::read(&torn).unwrap().entries().len(), expected, "{end} of {} bytes", both.len());
    }
    fs::write(&path, &both[..both.len() - 40]).unwrap();
    let bank = builder.clone().start().unwrap();
    assert_eq!(bank.payments_made(), 1);
    assert_eq!(tell(&bank, &pay("pay-2")).await.payment_status(), Some("0"), "nobody heard of the first one");
    let bank = again(bank, &builder);
    assert_eq!((bank.payments_made_for("pay-1"), bank.payments_made_for("pay-2")), (1, 1));
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let builder = easy().ledger_file(&path);
    let bank = builder.clone().start().unwrap();
    tell(&bank, &pay("pay-1")).await;
    tell(&bank, &pay("pay-2")).await;
    drop(bank);
    let good = fs::read(&path).unwrap();
    let refused = |path: &Path, bytes: &[u8]| {
        fs::write(path, bytes).unwrap();
        let refused = builder.clone().start().is_err();
        assert_eq!(Ledger::read(path).is_err(), refused);
        refused
    };
    assert!(!refused(&path, &good));
    let line = good.iter().position(|byte| *byte == b'\n').unwrap() + 30;
    let mut flipped = good;
    flipped[line] = if flipped[line] == b'A' { b'B' } else { b'A' };
    assert!(refused(&path, &flipped), "in the middle");
    assert!(refused(&path, b"OFXHEADER:100\r\n"), "something else");
    assert!(!refused(&path, b""), "nothing yet");
    assert!(Ledger::read(folder.path().join("none")).is_err());
}
