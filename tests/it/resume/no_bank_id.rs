//! An institution that has its accounts under no `BANKID`: it is left out of what is sent, and the account is nobody else's.

use ofx_session::ofx::{
    AccountInfo, BankAccountInfo, BillPayAccountInfo, Document, Limits, Payment, SyncMode, Version,
};
use ofx_session::testing::{BankBuilder, On};
use ofx_session::{
    AccountType, BankAccount, Client, Completed, ErrorKind, Institution, Progress, Session, StatusCode, SyncKind,
};

use super::line::{Fate, Line, MAIN, easy, jane, now, pause_and_resume, payment};

fn own() -> BankAccount {
    BankAccount::without_bank_id("1000001", AccountType::Checking)
}

/// With one of the same number and type at another branch of the house.
fn accounts() -> BankBuilder {
    let listed = |account: BankAccount| {
        let mut info = AccountInfo::new(None);
        info.bill_pay = Some(BillPayAccountInfo::active(account.clone()));
        info.bank = Some(BankAccountInfo::active(account));
        info
    };
    let other = BankAccount::new("999888777", "1000001", AccountType::Checking);
    easy().account(listed(own())).account(listed(other)).sync_mode(SyncMode::Full)
}

fn session(version: Version, line: &Line) -> Session {
    let institution = Institution::new(MAIN).version(version);
    Client::builder(institution).transport(line.clone()).build().unwrap().open(jane()).unwrap()
}

fn paying(from: BankAccount) -> Payment {
    let mut asked = payment();
    asked.from = from;
    asked
}

/// What names the account in the last file.
fn sent(line: &Line, path: &str) -> Vec<String> {
    let wire = line.wire();
    let document = Document::decode(&wire.sent.last().unwrap().1, &Limits::new()).unwrap();
    document.find(path).unwrap().children().iter().map(|child| child.tag().to_owned()).collect()
}

#[test]
fn an_account_without_bank_id_pays_and_is_found_again() {
    for version in [Version::V103, Version::V211] {
        let line = Line::new(accounts().build_model());
        let mut session = session(version, &line);
        let list = now(session.accounts()).unwrap().done().unwrap();
        let listed = list[0].pays_bills().unwrap().clone();
        assert_eq!((&listed, listed.bank_id.as_str(), list[0].unreadable.len()), (&own(), "", 0));

        // By the list, by hand, and out of a blob.
        for (from, fate) in [(listed, Fate::Honest), (own(), Fate::LostAfter), (own(), Fate::LostBefore)] {
            let before = line.wire().bank.payments_made();
            let asked = paying(from.clone());
            now(session.prepare_payment(&asked)).unwrap();
            session = pause_and_resume(session, &line);
            // Out of a blob, the token is asked for once more.
            line.then([Fate::Honest, fate.clone()]);
            let mut progress = now(session.proceed()).unwrap();
            line.wire().fates.clear();
            let account = ["ACCTID", "ACCTTYPE"];
            assert_eq!(sent(&line, "/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ/BANKACCTFROM"), account, "{version}");
            if matches!(progress, Progress::Unknown(_)) {
                session = pause_and_resume(session, &line);
                progress = now(session.reconcile()).unwrap();
            }
            let Progress::Done(Completed::Paid(receipt)) = progress else { panic!("{fate:?}: {progress:?}") };
            assert_eq!(receipt.differences(&asked), <[&str; 0]>::default());
            assert_eq!(line.wire().bank.payments_made(), before + 1, "{fate:?}");
        }
        line.clean(3);
    }
}

#[test]
fn the_history_of_an_account_without_bank_id_is_its_own() {
    let line = Line::new(accounts().build_model());
    let mut session = session(Version::V211, &line);
    now(session.pay(&paying(own()))).unwrap().done().unwrap();
    let other = BankAccount::new("999888777", "1000001", AccountType::Checking);
    for (account, count) in [(own(), 1), (other, 0)] {
        let changes = now(session.sync_payments(&account)).unwrap().done().unwrap();
        assert_eq!((changes.changes.len(), changes.account.as_ref()), (count, Some(&account)), "{account:?}");
        session.acknowledge(&changes);
    }
    // Its own token, from its own place.
    now(session.pay(&paying(own()))).unwrap().done().unwrap();
    assert_eq!(now(session.sync_payments(&own())).unwrap().done().unwrap().changes.len(), 1);
    line.clean(2);
}

/// Somebody has forgotten to fill it in.
#[test]
fn an_empty_bank_id_is_refused_where_nobody_has_asked_for_it() {
    let line = Line::new(accounts().build_model());
    let mut session = session(Version::V211, &line);
    let made = BankAccount::new("", "1000001", AccountType::Checking);
    let error = now(session.pay(&paying(made))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("BANKID must not be empty"), "{error}");
    let mut emptied = payment().from.clone();
    emptied.bank_id.clear();
    assert_eq!(
        now(session.synchronize(SyncKind::Payments, Some(&emptied), None)).unwrap_err().kind(),
        ErrorKind::Misuse
    );
    // An institution that has none of these says so, and it is a violation there.
    let line = Line::new(easy().build_model());
    let mut session = super::line::session(&line);
    line.wire().bank.answer_next(On::Any, ofx_session::ofx::Status::new(StatusCode::SUCCESS, None));
    let error = now(session.pay(&paying(own()))).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SOURCE_NOT_FOUND));
    assert_eq!(line.wire().bank.violations(), ["BANKID is missing in BANKACCTFROM"]);
}
