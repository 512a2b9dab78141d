//! What else happens at the institution: another client of the same user.

use crate::ofx::{Payment, PaymentTransactionResponse, TrnUid};
use crate::testing::BankModel;

impl BankModel {
    /// Another client of the user pays: the ledger gets an entry that is not `ours`, the history a response, so that the
    /// token moves. It is another valid request of that user, see [`other_client_looks`](Self::other_client_looks).
    ///
    /// Gives the `TRNUID` that the other client used, or `None` for a user or a payment that is refused.
    pub fn other_client_pays(&mut self, user_id: &str, payment: &Payment) -> Option<TrnUid> {
        self.users.get(user_id)?;
        self.other_client_looks(user_id);
        let trn_uid = TrnUid::new(format!("other-{}", self.next_id()));
        self.receive(user_id, trn_uid.as_str());
        let (status, response) = self.decide(user_id, trn_uid.as_str(), payment, false);
        let paid = response.is_some();
        self.remember(user_id, &payment.from, PaymentTransactionResponse::new(trn_uid.clone(), status, response));
        paid.then_some(trn_uid)
    }

    /// Another client of the user sends a valid request that changes nothing. Saved answers are thrown away, where the
    /// institution does that ([`BankBuilder::purges_saved_answers`](crate::testing::BankBuilder::purges_saved_answers)).
    pub fn other_client_looks(&mut self, user_id: &str) {
        if self.settings.promises.purges_saved_answers {
            self.forget(user_id, |_| true);
        }
    }
}
