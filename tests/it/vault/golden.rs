//! Records that this version wrote once: every later version reads them. `fixtures/blobs/vault.md` says what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use ofx_session::client::vault::{Settlement, Standing};
use ofx_session::store::{Record, RecordKey, Store as _, Swap, Version};
use ofx_session::testing::BankBuilder;
use ofx_session::{Blob, Doubt, ErrorKind, Moved, Progress, Situation};

use super::support::{Fate, House, done, jane, now, once, other_payment, payment, questioning, right};

#[test]
fn records_of_a_vault_are_read_by_every_later_version() {
    let house = kept("careful");
    let vault = house.vault();
    let Some(Standing::Paid(filed)) = now(vault.look("order-paid")).unwrap() else { panic!("not paid") };
    assert_eq!((filed.id(), filed.differences(&payment())), ("1000007", Vec::new()));
    let Some(Standing::Refused(refused)) = now(vault.look("order-refused")).unwrap() else { panic!("not refused") };
    assert_eq!(refused.status.code.value(), 2006);
    // The desk has a claim, and a payment in doubt with its token and its file.
    let Some(Standing::Paid(other)) = now(vault.look("order-other")).unwrap() else { panic!("not paid") };
    assert_eq!(other.response.payment.memo.as_deref(), Some("Another one"));
    let pending = now(vault.pending()).unwrap();
    assert_eq!((pending.len(), pending[0].id.as_str()), (1, "order-doubt"));
    assert!(matches!(pending[0].doubt, Some(Doubt::Interrupted)));
    assert_eq!(pending[0].claimed_until.unwrap().timestamp(), 1_767_225_600 + 90 + 5);
    assert_eq!(now(vault.abandon("order-doubt")).unwrap_err().kind(), ErrorKind::Busy);
    house.clock.advance(96);
    // It goes on: the institution, which is another one by now, is asked for the same file.
    let _ = now(vault.resume("order-doubt", jane()));
    let sent = house.line.work();
    assert!(sent[0].contains(pending[0].trn_uid.as_str()) && sent[0].contains("<TOKEN>"), "{}", sent[0]);

    let house = kept("careless");
    house.clock.advance(96);
    let vault = house.vault();
    let standing = |id: &str| now(vault.look(id)).unwrap().unwrap();
    assert!(matches!(standing("order-unresolved"), Standing::Unresolved { doubt: Doubt::NoAnswer(_), .. }));
    for (id, settlement) in [("order-made", Settlement::Made), ("order-not-made", Settlement::NotMade)] {
        assert!(matches!(standing(id), Standing::Settled { settlement: found, .. } if found == settlement));
        assert_ne!(now(vault.resume(id, jane())).unwrap_err().money_may_have_moved(), Moved::Unknown);
    }
    // On the desk, not filed.
    assert!(matches!(standing("order-desk"), Standing::Unresolved { doubt: Doubt::Interrupted, .. }));
    let Standing::Open(open) = standing("order-ask") else { panic!("not open") };
    let ids: Vec<_> = open.questions().iter().map(ofx_session::Question::id).collect();
    assert!(matches!(open.situation, Situation::AwaitingAnswers(_)));
    assert_eq!((ids, &open.payment), (vec!["MFA16", "BRQ7"], &payment()));
}

/// A house whose store holds what was written once.
fn kept(which: &str) -> House {
    let house = House::new(bank(which));
    let text = fs::read_to_string(folder().join(format!("{which}.txt"))).unwrap();
    let mut lines = 0;
    for line in text.lines() {
        let (key, blob) = line.split_once(' ').unwrap();
        let key = RecordKey::new(std::array::from_fn(|at| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).unwrap()));
        let record = Record::new(Version::new([1; 16]), Blob::from_text(blob).unwrap().into_bytes());
        assert_eq!(now(house.store.memory().create(&key, &record)).unwrap(), Swap::Done);
        lines += 1;
    }
    assert!(lines >= 3, "{lines}");
    house
}

fn bank(which: &str) -> BankBuilder {
    questioning().class(if which == "careful" { "D+S+F+" } else { "D-S-F-" }.parse().unwrap())
}

/// Those that are missing are made where `OFX_TESTING_MAKE_BLOBS` is set. One that is there is never made again.
#[test]
fn no_record_is_missing() {
    for (which, made) in [("careful", made_careful as fn() -> House), ("careless", made_careless)] {
        let file = folder().join(format!("{which}.txt"));
        if !file.exists() {
            let makes = std::env::var_os("OFX_TESTING_MAKE_BLOBS").is_some();
            assert!(makes, "{} is missing: OFX_TESTING_MAKE_BLOBS=1 makes it", file.display());
            write(&file, &made());
        }
    }
}

fn signed_on(which: &str) -> House {
    let house = House::new(bank(which));
    let Progress::Ask(_) = now(house.vault().accounts(jane())).unwrap() else { panic!("asked nothing") };
    let _ = now(house.vault().answer_accounts(right(), jane())).unwrap();
    house
}

fn made_careful() -> House {
    let house = signed_on("careful");
    done(house.pay("order-paid"));
    let mut wrong = payment();
    wrong.from.account_id = "4711".to_owned();
    assert!(now(house.vault().pay("order-refused", &wrong, jane())).is_err());
    done(now(house.vault().pay("order-other", &other_payment(), jane())));
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-doubt", &payment(), jane())).is_none());
    house
}

fn made_careless() -> House {
    let house = signed_on("careless");
    for id in ["order-unresolved", "order-made", "order-not-made"] {
        house.line.then([Fate::LostAfter]);
        assert!(matches!(house.pay(id).unwrap(), Progress::Unknown(_)));
    }
    now(house.vault().settle("order-made", Settlement::Made)).unwrap();
    now(house.vault().settle("order-not-made", Settlement::NotMade)).unwrap();
    // It stops, and whoever comes next puts it aside: that stays on the desk.
    house.line.then([Fate::Hangs]);
    assert!(once(house.vault().pay("order-desk", &payment(), jane())).is_none());
    house.clock.advance(96);
    house.line.wire().bank.revoke_access_keys();
    assert!(matches!(house.pay("order-ask").unwrap(), Progress::Ask(_)));
    house
}

fn write(file: &Path, house: &House) {
    let mut text = String::new();
    for key in house.store.keys() {
        let record = now(house.store.memory().load(&key)).unwrap().unwrap();
        let hex: String = key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("{hex} {}\n", Blob::from_bytes(record.bytes()).to_text());
    }
    fs::create_dir_all(folder()).unwrap();
    fs::write(file, text).unwrap();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/blobs/vault")
}
