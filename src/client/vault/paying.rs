//! The calls about one payment that may send.

use crate::client::vault::flow::{Wanted, digest, no_such};
use crate::client::vault::{Standing, Vault};
use crate::client::{Progress, driver};
use crate::engine::{Answers, Credentials, Receipt, Refusal, Situation};
use crate::error::{Error, ErrorKind};
use crate::ofx::Payment;

impl Vault {
    /// Pays a bill once under `id`, which has 1 to 200 bytes and is the application's own. OFX 1.0.3 §12.6, OFX 2.3 §12.6.
    ///
    /// Starts the payment, goes on with it, or gives the result it already has, whichever is due. Amount and due day are as
    /// for [`Session::pay`](crate::Session::pay). [`Progress::Ask`] waits in the store until [`answer`](Self::answer) is called, in
    /// any process. [`Progress::Unknown`] is the report that nobody knows. Where [`look`](Self::look) says that the payment is still open,
    /// a later call finds out, and may send it again: [`settle`](Self::settle) it before it is paid in another way. A receipt stays what
    /// it was: the vault does not learn of changes and cancellations that a session makes.
    ///
    /// Not to be called while an operation of a session of the same user is in doubt or on its way:
    /// [Beside sessions](crate::client::vault#beside-sessions).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`], with [`Busy`](crate::client::vault::Busy) or [`Pending`](crate::client::vault::Pending) as
    /// [`detail`](Error::detail), when somebody else is at work or another payment of the vault must be found out about first;
    /// `examples/pay_once.rs` has a loop for both. [`ErrorKind::Misuse`] when the
    /// payment cannot be sent as it is, the id stands for another payment (the [`Standing`] of that one is the detail), or the credentials
    /// are another user's. [`ErrorKind::Refused`] when the institution says no: at its signon, and the payment waits under the same id for
    /// a signon that is accepted; at the payment itself, and that is its result: what is paid in its place, corrected, is paid under a new
    /// id. [`ErrorKind::Store`] and [`ErrorKind::Seal`] when the store cannot be used or a record cannot be read.
    /// [`ErrorKind::Transport`] when a file failed and the payment did not leave with it: it never left, or it is in doubt and this was to
    /// find out about it, where [`money_may_have_moved`](Error::money_may_have_moved) is unknown.
    /// [The module's page](crate::client::vault) says so for each.
    ///
    /// Both of the refusals say that no money has moved, and only one is a result. Where `error.detail::<Refusal>()` has
    /// [`at`](Refusal::at) [`RefusedAt::Signon`](crate::engine::RefusedAt::Signon) (or `Challenge`), the payment is not refused: it is on
    /// the desk, or not even there where the signon was for the profile, and `pay` makes it when it is called again. So it is at
    /// [`RefusedAt::Profile`](crate::engine::RefusedAt::Profile), which says nothing about the user: ask again later. Where
    /// [`look`](Self::look) says [`Standing::Refused`], it is over. A refused signon is about the user, and not about this one payment: do
    /// not go on with the next one of a queue by the same credentials, because each further try may lock the user out.
    ///
    /// # Resuming
    ///
    /// Safe to repeat at any point, with the same id and the same payment. After a crash, call it once more for each id for which the
    /// application has no result: one that has become unresolved meanwhile is reported here, and is not [`pending`](Self::pending).
    pub async fn pay(&self, id: &str, payment: &Payment, credentials: Credentials) -> Result<Progress<Receipt>, Error> {
        some(self.go(id, Wanted::Pay(payment, digest(payment)), credentials).await?)
    }

    /// Goes on with a payment that was started under `id`, or gives its result.
    ///
    /// # Errors
    ///
    /// As [`pay`](Self::pay); `Misuse` when there is no such payment.
    ///
    /// # Resuming
    ///
    /// Safe to repeat at any point.
    pub async fn resume(&self, id: &str, credentials: Credentials) -> Result<Progress<Receipt>, Error> {
        some(self.go(id, Wanted::Resume, credentials).await?)
    }

    /// Answers the questions that a payment waits for, and goes on with it. Gives the result when it is over by now.
    ///
    /// Once another payment of the vault has passed a challenge, the institution waits for no answers any more, and neither does
    /// this one: it goes on without them, and may be asked anew.
    ///
    /// # Errors
    ///
    /// As [`resume`](Self::resume); `Misuse` when a question has no answer or an answer no question, or the payment waits for something
    /// else: its [situation](crate::client::vault::Pending::situation) is that it is in doubt, or that the client must be approved.
    /// Questions that come before a further try of a payment in doubt ([`Challenge::is_in_doubt`](crate::engine::Challenge::is_in_doubt),
    /// [`Pending::doubt`](crate::client::vault::Pending::doubt)) are answered here as all others.
    pub async fn answer(
        &self,
        id: &str,
        answers: Answers,
        credentials: Credentials,
    ) -> Result<Progress<Receipt>, Error> {
        some(self.go(id, Wanted::Answer(&answers), credentials).await?)
    }

    /// Finds out what became of a payment in doubt, and sends it again where it was not made. One that is not in doubt is left as it is,
    /// and so is one in doubt whose questions wait ([`Pending::questions`](crate::client::vault::Pending::questions)): that goes on by
    /// [`answer`](Self::answer).
    ///
    /// # Errors
    ///
    /// As [`resume`](Self::resume).
    pub async fn reconcile(&self, id: &str, credentials: Credentials) -> Result<Standing, Error> {
        let standing = self.look(id).await?.ok_or_else(no_such)?;
        let Standing::Open(pending) = &standing else { return Ok(standing) };
        if !matches!(pending.situation, Situation::InDoubt(_)) {
            return Ok(standing);
        }
        match self.go(id, Wanted::FindOut, credentials).await {
            // That it was refused is its standing.
            Err(error) if error.kind() != ErrorKind::Refused || error.detail::<Refusal>().is_none() => Err(error),
            _ => self.look(id).await?.ok_or_else(no_such),
        }
    }
}

fn some(progress: Option<Progress<Receipt>>) -> Result<Progress<Receipt>, Error> {
    progress.ok_or_else(|| driver::bug("a payment was left as it is"))
}
