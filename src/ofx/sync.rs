//! Synchronization of payments: what happened since a token, and payments that are only made if nothing did.
//!
//! OFX 1.0.3 §6 and §12.10, OFX 2.3 §6 and §12.10.

use crate::ofx::aggregate::aggregate;
use crate::ofx::{
    BankAccount, Content as _, DecodeError, Element, Member, PaymentTransaction, PaymentTransactionResponse, Problem,
    Version,
};

/// From where an institution's history is wanted: `TOKEN`, `TOKENONLY` or `REFRESH`, exactly one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncFrom {
    /// `TOKEN`: what is newer than this place. `0` for everything there is.
    Token(String),
    /// `TOKENONLY`: nothing but the newest token.
    TokenOnly,
    /// `REFRESH`: the present state of everything, as if it were new.
    Refresh,
}

impl Member for SyncFrom {
    fn take(parent: &Element, _: &'static str) -> Result<Self, DecodeError> {
        let says = |tag| parent.value(tag).is_some_and(|value| value.eq_ignore_ascii_case("Y"));
        if let Some(token) = parent.value("TOKEN") {
            Ok(Self::Token(token.to_owned()))
        } else if says("TOKENONLY") {
            Ok(Self::TokenOnly)
        } else if says("REFRESH") {
            Ok(Self::Refresh)
        } else {
            Err(DecodeError::new(Problem::Missing("TOKEN"), parent.offset()))
        }
    }

    fn put(&self, _: &'static str, version: Version, out: &mut Vec<Element>) {
        out.push(match self {
            Self::Token(token) => Element::leaf("TOKEN", token.as_str()),
            Self::TokenOnly => true.write("TOKENONLY", version),
            Self::Refresh => true.write("REFRESH", version),
        });
    }
}

aggregate! {
    /// `PMTSYNCRQ`: asks what happened to the payments of an account, and for payments that are made only if nothing did.
    #[doc(alias = "PMTSYNCRQ")]
    pub struct PaymentSyncRequest {
        /// `TOKEN`, `TOKENONLY` or `REFRESH`.
        from: SyncFrom = "TOKEN",
        /// `REJECTIFMISSING`: nothing inside is carried out if anything is newer than the token.
        reject_if_missing: bool = "REJECTIFMISSING",
        /// `BANKACCTFROM`: whose payments.
        account: BankAccount = "BANKACCTFROM",
        /// `PMTTRNRQ`.
        transactions: Vec<PaymentTransaction> = "PMTTRNRQ",
    }
}

impl PaymentSyncRequest {
    /// Asks for what is newer, and for nothing to be done.
    #[must_use]
    pub fn new(from: SyncFrom, account: BankAccount) -> Self {
        Self { from, reject_if_missing: false, account, transactions: Vec::new() }
    }

    /// A payment that is made only if nothing is newer than the token.
    #[must_use]
    pub fn only_if_nothing_is_newer(mut self, transaction: PaymentTransaction) -> Self {
        self.reject_if_missing = true;
        self.transactions.push(transaction);
        self
    }
}

aggregate! {
    /// `PMTSYNCRS`: what happened, and the token to ask with the next time.
    #[doc(alias = "PMTSYNCRS")]
    pub struct PaymentSyncResponse {
        /// `TOKEN`; `-1` stands for an error that has no other place.
        token: String = "TOKEN",
        /// `LOSTSYNC`: the institution no longer has everything since the token that was asked with.
        lost_sync: Option<bool> = "LOSTSYNC",
        /// `BANKACCTFROM`: whose payments.
        account: BankAccount = "BANKACCTFROM",
        /// `PMTTRNRS`, oldest first: what is newer, then the answers to what was enclosed.
        transactions: Vec<PaymentTransactionResponse> = "PMTTRNRS",
    }
}

impl PaymentSyncResponse {
    /// A response with nothing in it.
    #[must_use]
    pub fn new(token: impl Into<String>, account: BankAccount) -> Self {
        Self { token: token.into(), lost_sync: Some(false), account, transactions: Vec::new() }
    }
}
