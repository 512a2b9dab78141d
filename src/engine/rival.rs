//! What a history tells that a further copy of a request must not pass by: the same done under another name, or the same object changed
//! since.
//!
//! That our `TRNUID` is not in a history proves that no copy was carried out only where the institution keeps identifiers as they were
//! sent, and that a change may be sent again only where nothing newer would be undone by it. Where what stands in the history says
//! otherwise, a person decides.

use crate::engine::{ChangeKind, Operation, State};
use crate::ofx::{Answer, Payment, Reply, Request, SyncResponse};

impl Operation {
    /// Why a further copy must not be sent after this history, if there is a reason.
    pub(crate) fn rival(&self, frame: &SyncResponse, state: &State) -> Option<&'static str> {
        let Ok(requests) = self.requests(state) else { return Some(UNREADABLE) };
        // What cannot be read may be anything, and so may what was done without a word of what it is.
        let is_unreadable =
            frame.answers.iter().any(Result::is_err) || done(frame).any(|answer| answer.reply.is_none());
        requests.iter().find_map(|request| match paid(request) {
            _ if is_unreadable => Some(UNREADABLE),
            Some(payment) => done(frame).any(|answer| is_like(answer, payment)).then_some(LIKE_IT),
            None => done(frame).any(|answer| changes_the_same(answer, request)).then_some(CHANGED_SINCE),
        })
    }

    /// Whether it would undo what was changed since its token, which whoever asked for it did not know of.
    pub(crate) fn undoes(&self, frame: &SyncResponse, state: &State) -> bool {
        let requests = self.requests(state).unwrap_or_default();
        // What is to be gone is to be gone however it stands.
        let ends = |request: &&Request| {
            matches!(request, Request::CancelPayment(_) | Request::CancelRecurring(_) | Request::DeletePayee(_))
        };
        let changes = requests.iter().filter(|request| !ends(request));
        changes.into_iter().any(|request| done(frame).any(|answer| changes_the_same(answer, request)))
    }
}

fn done(frame: &SyncResponse) -> impl Iterator<Item = &Answer> {
    frame.answers.iter().flatten().filter(|answer| !answer.status.is_error())
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

/// Whether an answer tells that the object was changed: by another client; by the institution for the user, who has called it, or has
/// changed what the object hangs on; or by an earlier copy, where identifiers are not kept.
fn changes_the_same(answer: &Answer, request: &Request) -> bool {
    match (request, &answer.reply) {
        (Request::ChangeUserInfo(_), Some(Reply::ChangeUserInfo(_))) => true,
        (Request::ChangeService(_), Some(Reply::ChangeService(_))) => true,
        _ => {
            let is_change = matches!(ChangeKind::of(answer), ChangeKind::Modified | ChangeKind::Removed);
            is_change && object(request).is_some_and(|id| answer.id() == Some(id))
        }
    }
}

/// Whether an answer tells of a payment of the same amount for the same account at the payee. Days are moved, and names rewritten. What
/// a model has made is told by that.
fn is_like(answer: &Answer, payment: &Payment) -> bool {
    let found = match &answer.reply {
        Some(Reply::Pay(paid)) if paid.model_id.is_none() => &paid.payment,
        Some(Reply::AddRecurring(model)) => &model.payment,
        // A history may keep how a payment stands, and not how it came to be.
        Some(Reply::ModifyPayment(modified)) => &modified.payment,
        Some(Reply::ModifyRecurring(model)) => &model.payment,
        _ => return false,
    };
    // Some tell what is paid with a sign, and accounts with only their last digits.
    let is_masked = found.pay_account.contains('*') || found.pay_account.to_ascii_uppercase().contains("XXX");
    found.amount.value().abs() == payment.amount.value().abs()
        && (is_masked || bare(&found.pay_account).eq(bare(&payment.pay_account)))
}

/// An account at a payee without what institutions spell as they like: case, leading zeros, and all that is neither letter nor digit.
fn bare(account: &str) -> impl Iterator<Item = u8> {
    let letters = account.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase());
    letters.skip_while(|byte| *byte == b'0')
}

const LIKE_IT: &str =
    "the institution's history holds a payment like this one under another identifier, which may be this one";
const CHANGED_SINCE: &str =
    "the institution's history holds a newer change of the same: sending this one again would undo that";
const UNREADABLE: &str = "the institution's history holds something that cannot be read, which may be this";
