//! Requests of clients, of whom an institution need not take what is too long: only what it has written itself goes back to it whatever
//! its length.

use crate::ofx::{AccountRef, BankAccount, Payee, PayeeRef, Payment, Request, ServiceChange};

/// The same request as if it had been made here.
pub(super) fn as_made(mut request: Request) -> Request {
    match &mut request {
        Request::Pay(request) => made_payment(&mut request.payment),
        Request::ModifyPayment(request) => made_payment(&mut request.payment),
        Request::AddRecurring(request) => made_payment(&mut request.payment),
        Request::ModifyRecurring(request) => made_payment(&mut request.payment),
        Request::AddPayee(request) => {
            made_payee(address(&mut request.payee));
            made_account(request.to.as_mut());
        }
        Request::ModifyPayee(request) => {
            made_payee(request.payee.as_mut());
            made_account(request.to.as_mut());
        }
        Request::Enroll(request) => made_account(request.account.as_mut().and_then(bank)),
        Request::ChangeService(request) => match &mut request.change {
            ServiceChange::Add(account) | ServiceChange::Remove(account) => made_account(bank(account)),
            ServiceChange::Change { from, to } => [from, to].into_iter().for_each(|one| made_account(bank(one))),
        },
        _ => {}
    }
    request
}

fn made_payment(payment: &mut Payment) {
    payment.as_read = Default::default();
    made_payee(address(&mut payment.payee));
    // Whether the user has one without BANKID is asked where bills are paid from it.
    let has_bank = !payment.from.bank_id.is_empty();
    made_account(Some(&mut payment.from).filter(|_| has_bank));
    made_account(payment.to.as_mut());
}

fn made_payee(payee: Option<&mut Payee>) {
    payee.into_iter().for_each(|payee| payee.as_read = Default::default());
}

fn made_account(account: Option<&mut BankAccount>) {
    account.into_iter().for_each(|account| account.as_read = Default::default());
}

fn address(payee: &mut PayeeRef) -> Option<&mut Payee> {
    match payee {
        PayeeRef::Address(payee) => Some(payee),
        PayeeRef::Id(_) => None,
    }
}

fn bank(account: &mut AccountRef) -> Option<&mut BankAccount> {
    match account {
        AccountRef::Bank(account) => Some(account),
        _ => None,
    }
}
