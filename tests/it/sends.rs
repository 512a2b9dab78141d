//! Clients, sessions and vaults go from thread to thread, and so does every call of theirs while it waits. Compiling this is the check;
//! what is run sees to it that no call is missing.

use ofx_session::client::vault::Settlement;
use ofx_session::ofx::{EnrollmentRequest, ModelModification, PaymentInquiry, PaymentMail, ServiceRequest, UserInfo};
use ofx_session::transport::{Https, Request, Sending, Transport as _};
use ofx_session::{
    Answers, BankAccount, Client, ClientBuilder, Credentials, HttpsOptions, Intent, Paused, Payee, PayeeAddition,
    PayeeModification, Payment, RecurringPayment, Session, Stored, SyncKind, Vault, blocking,
};

use crate::blocking::counterparts::async_calls;

/// Takes what may go to another thread.
fn moves<T: Send>(_: T) {}

fn lives_in_any_thread<T: Send + 'static>() {}

fn is_shared<T: Sync>() {}

#[test]
fn what_lives_long_lives_in_any_thread() {
    lives_in_any_thread::<Client>();
    lives_in_any_thread::<ClientBuilder>();
    lives_in_any_thread::<Session>();
    lives_in_any_thread::<Paused>();
    lives_in_any_thread::<Stored>();
    lives_in_any_thread::<Vault>();
    lives_in_any_thread::<Https>();
    lives_in_any_thread::<HttpsOptions>();
    lives_in_any_thread::<Sending<'static>>();
    lives_in_any_thread::<blocking::Client>();
    lives_in_any_thread::<blocking::Session>();
    lives_in_any_thread::<blocking::Paused>();
    lives_in_any_thread::<blocking::Vault>();
    is_shared::<Vault>();
    is_shared::<Https>();
    is_shared::<blocking::Vault>();
}

fn calls_of_a_client(client: &mut Client, https: &Https, request: Request) {
    moves(client.fetch_profile());
    moves(https.send(request));
}

/// What a session can be asked to do, made by nobody.
struct Asked {
    payment: Payment,
    account: BankAccount,
    recurring: RecurringPayment,
    model: ModelModification,
    payee: Payee,
    change: PayeeModification,
    mail: PaymentMail,
    enrollment: EnrollmentRequest,
    service: ServiceRequest,
}

fn calls_of_a_session(session: &mut Session, asked: &Asked) {
    moves(session.fetch_profile());
    moves(session.accounts());
    moves(session.pay(&asked.payment));
    moves(session.prepare_payment(&asked.payment));
    moves(session.answer(Answers::new()));
    moves(session.proceed());
    moves(session.reconcile());
    moves(session.repeat_payment_in_doubt());
    moves(session.modify_payment("1", &asked.payment));
    moves(session.cancel_payment("1", &asked.account));
    moves(session.payment_status("1"));
    moves(session.add_recurring(&asked.recurring));
    moves(session.modify_recurring(&asked.model));
    moves(session.cancel_recurring("1", false, &asked.account));
    moves(session.add_payee(&PayeeAddition::new(asked.payee.clone())));
    moves(session.modify_payee(&asked.change));
    moves(session.delete_payee("1"));
    moves(session.sync_payments(&asked.account));
    moves(session.sync_recurring(&asked.account));
    moves(session.sync_payees());
    moves(session.sync_payment_mail());
    moves(session.synchronize(SyncKind::Payees, None, None));
    moves(session.send_payment_mail(&asked.mail));
    moves(session.enroll(&asked.enrollment));
    moves(session.change_user_info(&UserInfo::new()));
    moves(session.change_service(&asked.service));
    moves(session.change_password("new"));
    moves(session.batch(Vec::new()));
    moves(session.perform(PaymentInquiry::new("1")));
    moves(session.prepare(Intent::Accounts));
}

fn calls_of_a_vault(vault: &Vault, payment: &Payment, credentials: &Credentials) {
    moves(vault.pay("1", payment, credentials.clone()));
    moves(vault.resume("1", credentials.clone()));
    moves(vault.answer("1", Answers::new(), credentials.clone()));
    moves(vault.reconcile("1", credentials.clone()));
    moves(vault.settle("1", Settlement::Made));
    moves(vault.abandon("1"));
    moves(vault.reseal());
    moves(vault.pending());
    moves(vault.look("1"));
    moves(vault.accounts(credentials.clone()));
    moves(vault.answer_accounts(Answers::new(), credentials.clone()));
}

#[test]
fn no_call_is_missing() {
    // Named, so that none of them is called unused; what they do with arguments nobody has is never done.
    let _ = (calls_of_a_client, calls_of_a_session, calls_of_a_vault);
    let here = include_str!("sends.rs");
    let missing: Vec<_> = async_calls()
        .into_iter()
        .filter(|call| {
            let (of, name) = call.split_once('.').unwrap();
            let is_called = |end| here.contains(&format!("moves({}.{name}{end}", of.to_lowercase()));
            !is_called('(') && !is_called(':')
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
