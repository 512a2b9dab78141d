//! What else happens at the institution: another client of the same user.

use crate::error::StatusCode;
use crate::ofx::{Payment, PaymentRequest, Request, TrnUid, Version};
use crate::testing::BankModel;
use crate::testing::requests::Asking;

impl BankModel {
    /// Another client of the user pays: the ledger gets an entry that is not `ours`, the history a response, so that the
    /// token moves. It is another valid request of that user, see [`other_client_looks`](Self::other_client_looks).
    ///
    /// Gives the `TRNUID` that the other client used, or `None` for a user or a payment that is refused.
    pub fn other_client_pays(&mut self, user_id: &str, payment: &Payment) -> Option<TrnUid> {
        self.other_client_asks(user_id, PaymentRequest::new(payment.clone()))
    }

    /// Another client of the user makes any request; as [`other_client_pays`](Self::other_client_pays).
    pub fn other_client_asks(&mut self, user_id: &str, request: impl Into<Request>) -> Option<TrnUid> {
        self.users.get(user_id)?;
        self.other_client_looks(user_id);
        let trn_uid = TrnUid::new(format!("other-{}", self.next_id()));
        let asking = Asking { name: user_id, trn_uid: trn_uid.as_str(), ours: false, ordered: None };
        let (status, _) = self.perform(asking, &request.into(), Version::V230);
        (status.code == StatusCode::SUCCESS).then_some(trn_uid)
    }

    /// Another client of the user sends a valid request that changes nothing. Saved answers are thrown away, where the
    /// institution does that ([`BankBuilder::purges_saved_answers`](crate::testing::BankBuilder::purges_saved_answers)).
    pub fn other_client_looks(&mut self, user_id: &str) {
        if self.settings.promises.purges_saved_answers {
            self.forget(user_id, |_| true);
        }
    }
}
