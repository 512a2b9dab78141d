//! What a history tells that a further copy of a request must not pass by: the same done under another name, or the same object changed
//! since.
//!
//! That our `TRNUID` is not in a history proves that no copy was carried out only where the institution keeps identifiers as they were
//! sent, and that a change may be sent again only where nothing newer would be undone by it. Where what stands in the history says
//! otherwise, a person decides.

use rust_decimal::Decimal;

use crate::engine::{ChangeKind, Operation, Seed, State};
use crate::ofx::{AccountRef, Answer, Payment, Reply, Request, ServiceChange, SyncResponse};

impl Operation {
    /// Why a further copy must not be sent after this history, if there is a reason.
    pub(crate) fn rival(&self, frame: &SyncResponse, state: &State) -> Option<&'static str> {
        let Ok(requests) = self.requests(state) else { return Some(UNREADABLE) };
        let is_unreadable = is_unreadable(frame);
        requests.iter().find_map(|request| match paid(request) {
            _ if is_unreadable => Some(UNREADABLE),
            Some(payment) => done(frame).any(|answer| is_like(answer, payment)).then_some(LIKE_IT),
            None => done(frame).any(|answer| changes_the_same(answer, request)).then_some(CHANGED_SINCE),
        })
    }

    /// Whether it would undo what another client has changed since its token, or may have: whoever asked for it did not know of that.
    pub(crate) fn undoes(&self, frame: &SyncResponse, state: &State) -> bool {
        let others = || done(frame).filter(|answer| !Seed::made(answer.trn_uid.as_str(), &state.client_uid));
        let hides = is_unreadable(frame) || frame.lost_sync;
        self.changing(state).any(|request| hides || others().any(|answer| changes_the_same(answer, &request)))
    }

    /// Whether it changes what is there and stays.
    pub(crate) fn changes_an_object(&self, state: &State) -> bool {
        self.changing(state).next().is_some()
    }

    fn changing(&self, state: &State) -> impl Iterator<Item = Request> {
        let requests = self.requests(state).unwrap_or_default().into_iter();
        requests.filter(|request| object(request).is_some() && !ends(request))
    }
}

/// What cannot be read may be anything, and so may what was done without a word of what it is.
fn is_unreadable(frame: &SyncResponse) -> bool {
    frame.answers.iter().any(Result::is_err) || done(frame).any(|answer| answer.reply.is_none())
}

/// What was done, or may have been.
fn done(frame: &SyncResponse) -> impl Iterator<Item = &Answer> {
    frame.answers.iter().flatten().filter(|answer| answer.may_be_done())
}

/// What a request pays, where it makes payments.
fn paid(request: &Request) -> Option<&Payment> {
    match request {
        Request::Pay(request) => Some(&request.payment),
        Request::AddRecurring(request) => Some(&request.payment),
        _ => None,
    }
}

/// What names the object that a request changes.
fn object(request: &Request) -> Option<&str> {
    match request {
        Request::ModifyPayment(request) => Some(&request.server_id),
        Request::CancelPayment(request) => Some(&request.server_id),
        Request::ModifyRecurring(request) => Some(&request.model_id),
        Request::CancelRecurring(request) => Some(&request.model_id),
        Request::ModifyPayee(request) => Some(&request.list_id),
        Request::DeletePayee(request) => Some(&request.list_id),
        _ => None,
    }
}

/// What is to be gone is to be gone however it stands.
fn ends(request: &Request) -> bool {
    matches!(request, Request::CancelPayment(_) | Request::CancelRecurring(_) | Request::DeletePayee(_))
}

/// Whether an answer tells that the object was changed: by another client; by the institution for the user, who has called it, or has
/// changed what the object hangs on; or by an earlier copy, where identifiers are not kept.
fn changes_the_same(answer: &Answer, request: &Request) -> bool {
    match (request, &answer.reply) {
        (Request::ChangeUserInfo(_), Some(Reply::ChangeUserInfo(_))) => true,
        (Request::ChangeService(asked), Some(Reply::ChangeService(told))) => {
            may_be_one(account(&told.change), account(&asked.change)) && asked.service == told.service
        }
        _ => {
            let is_change = match answer.reply.as_ref().map(ChangeKind::told) {
                Some(ChangeKind::Removed) => true,
                Some(ChangeKind::Modified) => !ends(request),
                _ => false,
            };
            is_change && object(request).is_some_and(|id| answer.id() == Some(id))
        }
    }
}

/// Whose service it is about, as it is afterwards.
fn account(change: &ServiceChange) -> &AccountRef {
    match change {
        ServiceChange::Add(account) | ServiceChange::Remove(account) | ServiceChange::Change { to: account, .. } => {
            account
        }
    }
}

/// Whether two accounts are one, or may be: some institutions leave out `BANKID` or `ACCTTYPE`.
fn may_be_one(told: &AccountRef, ours: &AccountRef) -> bool {
    match (told, ours) {
        (AccountRef::Bank(told), AccountRef::Bank(ours)) => told.may_be(ours),
        _ => told == ours,
    }
}

/// Whether an answer tells of a payment of the same amount for the same account at the payee. Days are moved, and names rewritten. What
/// a model has made is told by that.
fn is_like(answer: &Answer, payment: &Payment) -> bool {
    let found = match &answer.reply {
        Some(Reply::Pay(paid)) if paid.model_id.is_none() => &paid.payment,
        Some(Reply::AddRecurring(model)) => &model.payment,
        // A history may keep how a payment stands, and not how it came to be. That of last month has become something, too.
        Some(Reply::ModifyPayment(modified)) if is_due_with(&modified.payment, payment) => &modified.payment,
        Some(Reply::ModifyRecurring(model)) if is_due_with(&model.payment, payment) => &model.payment,
        _ => return false,
    };
    is_same_amount(found.amount.value(), payment.amount.value())
        && is_same_account(&found.pay_account, &payment.pay_account)
}

/// Whether two amounts may be one. Some tell what is paid with a sign, and some with a mark of thousands and no decimals: what is read as
/// `1.234` may be that.
fn is_same_amount(found: Decimal, ours: Decimal) -> bool {
    let (found, ours) = (found.abs(), ours.abs());
    found == ours || found.scale() == 3 && found.checked_mul(Decimal::ONE_THOUSAND) == Some(ours)
}

/// Whether two payments are due in the same days. A day that is none is any.
fn is_due_with(found: &Payment, ours: &Payment) -> bool {
    let days = found.due.date().zip(ours.due.date());
    days.is_none_or(|(found, ours)| (found - ours).num_days().abs() < 7)
}

/// Whether two spellings may name one account at a payee: some show only the last digits, some cut it off or write a name behind it, and
/// some show nothing. Compared where they stand: copies of them would not be wiped.
fn is_same_account(found: &str, ours: &str) -> bool {
    let ((found, is_masked), (ours, _)) = (shown(found), shown(ours));
    let (length, our_length) = (bare(found).count(), bare(ours).count());
    let shorter = length.min(our_length);
    let end_alike = bare(found).rev().zip(bare(ours).rev()).all(|(one, other)| one == other);
    let start_alike = || !is_masked && bare(found).zip(bare(ours)).all(|(one, other)| one == other);
    match shorter {
        _ if length == 0 || shorter >= BEGINNING && start_alike() => true,
        ..SHOWN => is_masked || length == our_length && end_alike,
        _ => end_alike,
    }
}

/// What is shown of an account behind what masks the rest, and whether anything does.
fn shown(account: &str) -> (&str, bool) {
    let behind = account.rsplit(['*', '#', '•', '…']).next().unwrap_or_default();
    let crossed_out = behind.as_bytes().windows(2).rposition(|pair| pair.eq_ignore_ascii_case(b"XX"));
    let behind = crossed_out.and_then(|at| behind.get(at..)?.get(2..)).unwrap_or(behind);
    (behind, behind.len() < account.len())
}

/// Fewer digits than this show nothing.
const SHOWN: usize = 3;

/// Fewer are the beginning of too many.
const BEGINNING: usize = 5;

/// An account at a payee without what institutions spell as they like: case, leading zeros, and all that is neither letter nor digit.
fn bare(account: &str) -> impl DoubleEndedIterator<Item = u8> {
    let significant = account.trim_start_matches(|c: char| c == '0' || !c.is_ascii_alphanumeric());
    significant.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase())
}

const LIKE_IT: &str =
    "the institution's history holds a payment like this one under another identifier, which may be this one";
const CHANGED_SINCE: &str = "the institution's history holds a newer change of the same, or this one under another identifier: sending it again could undo that";
const UNREADABLE: &str = "the institution's history holds something that cannot be read, which may be this";
