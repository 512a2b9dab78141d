//! How far the institution's memory of our requests reaches: tokens and saved files.

use sha2::{Digest as _, Sha256};

use crate::engine::{Changes, State};
use crate::ofx::{BankAccount, FileUid, SyncFrom, SyncKind, SyncMode};

/// What the institution was told, and what its answers were good for, in the client's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The newest token of each history, and the place up to which its changes were acknowledged, by a digest of what it is of.
    pub(crate) tokens: Vec<([u8; 8], String)>,
    /// `NEWFILEUID` of the last file whose answer was to be saved, and came.
    pub(crate) last_file: Option<FileUid>,
}

impl State {
    /// The newest token that was seen for a history.
    pub(crate) fn token(&self, kind: SyncKind, account: Option<&BankAccount>) -> Option<&str> {
        self.mark(self.digest(Use::Fence, kind, account))
    }

    /// Keeps a token. It is a fence for requests and no place in the list of changes that a user has seen.
    pub(crate) fn keep_token(&mut self, kind: SyncKind, account: Option<&BankAccount>, token: &str) {
        self.set_mark(self.digest(Use::Fence, kind, account), token);
    }

    /// The place behind the changes that were acknowledged last; the beginning before any were.
    pub(crate) fn seen(&self, kind: SyncKind, account: Option<&BankAccount>) -> SyncFrom {
        let token = self.mark(self.digest(Use::Seen, kind, account));
        SyncFrom::Token(token.unwrap_or(NO_TOKEN).to_owned())
    }

    /// The next synchronization starts behind these changes.
    pub(crate) fn acknowledge(&mut self, changes: &Changes) {
        self.set_mark(self.digest(Use::Seen, changes.kind, changes.account.as_ref()), &changes.token);
    }

    fn mark(&self, name: [u8; 8]) -> Option<&str> {
        self.marks.tokens.iter().find(|(known, _)| *known == name).map(|(_, token)| token.as_str())
    }

    fn set_mark(&mut self, name: [u8; 8], token: &str) {
        self.marks.tokens.retain(|(known, _)| *known != name);
        self.marks.tokens.push((name, token.to_owned()));
        if self.marks.tokens.len() > MOST_TOKENS {
            self.marks.tokens.remove(0);
        }
    }

    /// Whether the institution keeps a history of what is done in a message set.
    pub(crate) fn keeps_history(&self, set: &str) -> bool {
        !self.institution.dialect.without_synchronization && self.sync_mode(set) == Some(SyncMode::Full)
    }

    pub(crate) fn sync_mode(&self, set: &str) -> Option<SyncMode> {
        self.message_set(set).and_then(|set| set.core.sync_mode.clone())
    }

    /// `OLDFILEUID` of a file with a request that counts: `NONE` where no answers are saved. `noted` is what was known of that when
    /// there was a profile. OFX 1.0.3 §2.2.7.
    pub(crate) fn old_file_uid(&self, set: &str, noted: bool) -> FileUid {
        let are_saved = self.message_set(set).map_or(noted, |set| set.core.file_recovery == Some(true));
        match &self.marks.last_file {
            _ if self.institution.dialect.without_file_uids || !are_saved => FileUid::none(),
            Some(last) => last.clone(),
            None => FileUid::new("0"),
        }
    }

    /// Says nothing about the account to who does not know it already. That of payments is older than the others.
    fn digest(&self, purpose: Use, kind: SyncKind, account: Option<&BankAccount>) -> [u8; 8] {
        let mut digest = Sha256::new();
        let mut part = |part: &str| {
            digest.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            digest.update(part.as_bytes());
        };
        part(&self.client_uid);
        if let Some(account) = account.filter(|_| kind.is_of_account()) {
            part(&account.bank_id);
            part(account.branch_id.as_deref().unwrap_or_default());
            part(&account.account_id);
            part(account.account_type.as_str());
        }
        if (purpose, kind) != (Use::Fence, SyncKind::Payments) {
            part(kind.frame().request);
            part(match purpose {
                Use::Fence => "fence",
                Use::Seen => "seen",
            });
        }
        let mut short = [0; 8];
        short.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
        short
    }
}

/// What a token is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Requests are carried out only if nothing happened since.
    Fence,
    /// Everything before it was acknowledged.
    Seen,
}

/// The token of who has none yet. OFX 1.0.3 §6.3.
pub(crate) const NO_TOKEN: &str = "0";

/// Tokens go into blobs. A fence that is gone is asked for again, and behind a lost place changes come again: with two for each history,
/// there must be room for more histories than anybody asks for in turn.
const MOST_TOKENS: usize = 128;

#[cfg(test)]
mod tests {
    use crate::engine::{Application, Changes, Institution, State};
    use crate::ofx::{AccountType, BankAccount, SyncFrom, SyncKind};

    #[test]
    fn places_in_the_histories_of_many_accounts_are_kept() {
        let application = Application::new("QWIN", "2700");
        let mut state = State::new(Institution::new("https://ofx.bank.example/ofx"), application, "uid");
        let accounts: Vec<_> =
            (0..64).map(|number| BankAccount::new("1", format!("{number}"), AccountType::Checking)).collect();
        for round in 0..3 {
            for account in &accounts {
                let before = state.seen(SyncKind::Payments, Some(account));
                assert_eq!(before, SyncFrom::Token(format!("{round}")), "{round}");
                let token = format!("{}", round + 1);
                state.keep_token(SyncKind::Payments, Some(account), &token);
                state.acknowledge(&Changes {
                    kind: SyncKind::Payments,
                    account: Some(account.clone()),
                    token,
                    lost_sync: false,
                    is_refresh: false,
                    changes: Vec::new(),
                    unreadable: Vec::new(),
                    notices: Vec::new(),
                });
            }
        }
    }
}
