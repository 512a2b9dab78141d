//! The desk: one request of a user, whatever it is; once for each `TRNUID`, and kept for those who synchronize.

use crate::error::StatusCode;
use crate::ofx::{BankAccount, Effect, Element, Reply, Request, Status, Version};
use crate::testing::BankModel;
use crate::testing::facts::Fact;
use crate::testing::history::Event;

/// What became of a request: done, or why not.
pub(super) type Decision = Result<Reply, Status>;

/// `STATUS`, and the response inside of the wrapper unless it is an error.
pub(super) type Written = (Status, Option<Element>);

/// Who asks, nobody for an enrolment, and under which `TRNUID`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub(super) name: &'a str,
    pub(super) trn_uid: &'a str,
    /// Whether it came in a request, and not from another client that a test speaks of.
    pub(super) ours: bool,
    /// What a test wants it answered with.
    pub(super) ordered: Option<&'a Status>,
}

impl Asking<'_> {
    /// What it is refused with, because a test wants that.
    pub(super) fn refused(&self) -> Option<Status> {
        self.ordered.filter(|status| status.is_error()).cloned()
    }

    /// What it is accepted with.
    pub(super) fn accepted(&self) -> Status {
        self.ordered.cloned().unwrap_or_else(|| Status::new(StatusCode::SUCCESS, None))
    }
}

impl BankModel {
    /// Does what is asked for, unless it was asked for before, and keeps the answer for those who synchronize.
    pub(super) fn perform(&mut self, asking: Asking<'_>, request: &Request, version: Version) -> Written {
        let row = request.kind().row();
        if row.effect != Effect::Reads && !self.receive(asking) {
            return duplicate();
        }
        let account = self.account_of(asking.name, request);
        let (status, reply) = match asking.refused().map_or_else(|| self.decide(asking, request), Err) {
            Ok(reply) => (asking.accepted(), Some(reply)),
            Err(status) => (status, None),
        };
        let body = reply.as_ref().map(|reply| reply.to_element(version));
        if let Some(kind) = row.sync {
            self.remember(
                asking.name,
                kind,
                account.as_ref(),
                Event::new(asking.trn_uid, status.clone(), reply.clone()),
            );
        }
        if let Some(reply) = reply {
            self.follow_up(asking, &reply);
        }
        (status, body)
    }

    fn decide(&mut self, asking: Asking<'_>, request: &Request) -> Decision {
        match request {
            Request::Accounts(request) => self.accounts(asking.name, &request.updated),
            Request::Pay(request) => self.pay(asking, &request.payment),
            Request::ModifyPayment(request) => self.modify_payment(asking.name, request),
            Request::CancelPayment(request) => self.cancel_payment(asking.name, &request.server_id),
            Request::PaymentStatus(request) => self.inquire(asking.name, &request.server_id),
            Request::AddRecurring(request) => self.add_recurring(asking, request),
            Request::ModifyRecurring(request) => self.modify_recurring(asking.name, request),
            Request::CancelRecurring(request) => self.cancel_recurring(asking.name, request),
            Request::AddPayee(request) => self.add_payee(asking.name, request),
            Request::ModifyPayee(request) => self.modify_payee(asking.name, request),
            Request::DeletePayee(request) => self.delete_payee(asking.name, &request.list_id),
            Request::SendPaymentMail(request) => self.take_mail(asking.name, request),
            Request::Enroll(request) if asking.name.is_empty() => self.enroll(request),
            Request::Enroll(_) => Err(refusal(StatusCode::ALREADY_ENROLLED, "you are signed on")),
            Request::ChangeUserInfo(request) => self.change_info(asking.name, request),
            Request::ChangeService(request) => self.change_service(asking.name, request),
        }
    }

    /// What the institution does by itself behind a request that was done.
    fn follow_up(&mut self, asking: Asking<'_>, reply: &Reply) {
        match reply {
            Reply::AddRecurring(_) | Reply::ModifyRecurring(_) => {
                self.make_payments(asking.name, reply.id().unwrap_or_default());
            }
            Reply::SendPaymentMail(mail) => self.reply_to(asking, mail),
            _ => {}
        }
    }

    /// Declines what would be done if it could be read, or stood elsewhere.
    pub(super) fn decline(&mut self, asking: Asking<'_>, code: StatusCode, message: &str) -> Written {
        if !self.receive(asking) {
            return duplicate();
        }
        (asking.refused().unwrap_or_else(|| Status::new(code, Some(message))), None)
    }

    /// Notes a `TRNUID` as received; `false` for one that is refused as a duplicate.
    pub(super) fn receive(&mut self, asking: Asking<'_>) -> bool {
        let checks = self.settings.promises.checks_duplicates;
        let Some(user) = self.user_mut(asking.name) else { return false };
        let new = user.received.insert(asking.trn_uid.to_owned());
        if new {
            self.note(|| Fact::Received(asking.name.to_owned(), asking.trn_uid.to_owned()));
        }
        new || !checks
    }

    /// The account that a request is about, as it says itself or as the institution knows.
    pub(super) fn account_of(&self, name: &str, request: &Request) -> Option<BankAccount> {
        let of_payment = |id: &str| self.payment_of(name, id).map(|entry| entry.payment.from.clone());
        match request {
            Request::CancelPayment(request) => of_payment(&request.server_id),
            Request::CancelRecurring(request) => {
                self.model_of(name, &request.model_id).map(|model| model.request.payment.from.clone())
            }
            _ => request.account().cloned(),
        }
    }
}

/// Refuses what was received before.
pub(super) fn duplicate() -> Written {
    (Status::new(StatusCode::DUPLICATE, Some("a request with this TRNUID was received before")), None)
}

/// `STATUS` of something that is refused.
pub(super) fn refusal(code: StatusCode, message: &str) -> Status {
    Status::new(code, Some(message))
}
