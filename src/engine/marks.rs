//! How far the institution's memory of our payments reaches: tokens and saved files.

use sha2::{Digest as _, Sha256};

use crate::engine::State;
use crate::ofx::{BankAccount, FileUid, MessageSetCore, SyncMode};

/// What the institution was told, and what its answers were good for, in the client's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The newest token of each account's payments, by a digest of the account.
    pub(crate) tokens: Vec<([u8; 8], String)>,
    /// `NEWFILEUID` of the last file whose answer was to be saved, and came.
    pub(crate) last_file: Option<FileUid>,
}

impl State {
    /// The newest token that was seen for the payments of an account.
    pub(crate) fn payment_token(&self, account: &BankAccount) -> Option<&str> {
        let name = self.digest(account);
        self.marks.tokens.iter().find(|(known, _)| *known == name).map(|(_, token)| token.as_str())
    }

    /// Keeps a token. It is a fence for payments and no place in the list of changes that a user has seen.
    pub(crate) fn keep_token(&mut self, account: &BankAccount, token: &str) {
        let name = self.digest(account);
        self.marks.tokens.retain(|(known, _)| *known != name);
        self.marks.tokens.push((name, token.to_owned()));
        if self.marks.tokens.len() > MOST_TOKENS {
            self.marks.tokens.remove(0);
        }
    }

    /// Whether the institution keeps a history of payments.
    pub(crate) fn keeps_history(&self) -> bool {
        !self.institution.dialect.without_synchronization
            && self.bill_pay().is_some_and(|core| core.sync_mode == Some(SyncMode::Full))
    }

    /// `OLDFILEUID` of a payment's file: `NONE` where no answers are saved. OFX 1.0.3 §2.2.7.
    pub(crate) fn old_file_uid(&self) -> FileUid {
        match &self.marks.last_file {
            _ if self.institution.dialect.without_file_uids => FileUid::none(),
            _ if self.bill_pay().and_then(|core| core.file_recovery) != Some(true) => FileUid::none(),
            Some(last) => last.clone(),
            None => FileUid::new("0"),
        }
    }

    fn bill_pay(&self) -> Option<&MessageSetCore> {
        self.profile().and_then(|profile| profile.message_set("BILLPAY")).map(|set| &set.core)
    }

    /// Says nothing about the account to who does not know it already.
    fn digest(&self, account: &BankAccount) -> [u8; 8] {
        let mut digest = Sha256::new();
        let branch = account.branch_id.as_deref().unwrap_or_default();
        let kind = account.account_type.as_str();
        for part in [self.client_uid.as_str(), &account.bank_id, branch, &account.account_id, kind] {
            digest.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let mut short = [0; 8];
        short.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
        short
    }
}

/// Tokens go into blobs. Nobody pays from more accounts; a token that is gone is asked for again.
const MOST_TOKENS: usize = 16;
