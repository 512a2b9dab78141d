//! What happened: each history from a token, from the beginning, from now on, and refreshed; and several things in one file.

use ofx_session::engine::Intent;
use ofx_session::ofx::{PayeeAddition, PaymentCancellation, PaymentInquiry, SyncFrom, SyncKind, UserInfo};

use super::Case;
use super::bills::{checking, payee, payment};

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, name) in [
        (SyncKind::Payments, "payments"),
        (SyncKind::RecurringPayments, "recurring"),
        (SyncKind::Payees, "payees"),
        (SyncKind::PaymentMail, "mail"),
        (SyncKind::Services, "services"),
        (SyncKind::UserInfo, "user-info"),
    ] {
        for (from, how) in [
            (None, "from-the-beginning"),
            (Some(SyncFrom::Token("q-7781".to_owned())), "from-token"),
            (Some(SyncFrom::TokenOnly), "token-only"),
            (Some(SyncFrom::Refresh), "refresh"),
        ] {
            cases.push(Case::of(format!("sync-{name}-{how}"), synchronize(kind, from)));
        }
    }
    let several = |intents: &[Intent]| Intent::Batch(intents.to_vec());
    let pay = Intent::Pay(Box::new(payment()));
    let add = Intent::from(PayeeAddition::new(payee()));
    let cancel = Intent::from(PaymentCancellation::new("P4711"));
    let inquire = Intent::from(PaymentInquiry::new("P4712"));
    let change = Intent::from(UserInfo::new().first_name("Jane").email("jane@example.com"));
    let sync = SyncKind::ALL.map(|kind| synchronize(kind, None));
    cases.extend([
        Case::of("batch-payments", several(&[pay.clone(), pay.clone(), cancel, inquire])),
        Case::of("batch-payees-and-payments", several(&[pay.clone(), add.clone()])),
        Case::of("batch-synchronizations", several(&sync)),
        Case::of(
            "batch-of-every-kind",
            several(&[pay, Intent::Accounts, add, change, sync[2].clone(), sync[0].clone()]),
        ),
    ]);
    cases
}

fn synchronize(kind: SyncKind, from: Option<SyncFrom>) -> Intent {
    let account = kind.is_of_account().then(checking);
    Intent::Synchronize { kind, account, from }
}
