//! The HTTP cookie that a challenge can hang on: one for each user, client and round.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::testing::BankModel;
use crate::testing::file::RequestFile;

impl BankModel {
    /// Whether a file with answers came with the cookie that its challenge hangs on.
    pub(super) fn has_cookie(&self, name: &str, client: &Option<String>) -> bool {
        match (&self.cookies, self.challenge_cookie(name, client)) {
            (Some(came), Some(wanted)) => came.split(';').any(|cookie| cookie.trim() == wanted),
            _ => true,
        }
    }

    /// The `Set-Cookie` of the questions that this file asked for.
    pub(super) fn set_cookie(&self, body: &[u8]) -> Option<String> {
        let file = RequestFile::read(body).ok().filter(RequestFile::asks_questions)?;
        let name = self.named_by(&file.signon.login)?;
        let cookie = self.challenge_cookie(name, &file.signon.client_uid)?;
        Some(format!("{cookie}; Path=/; Secure; HttpOnly"))
    }

    /// The cookie of the newest challenge of this user and client. It follows from what a ledger file keeps.
    fn challenge_cookie(&self, name: &str, client: &Option<String>) -> Option<String> {
        if !self.settings.challenge_cookie {
            return None;
        }
        let round = self.users.get(name)?.rounds.get(client)?;
        let mut hasher = DefaultHasher::new();
        (name, client, round).hash(&mut hasher);
        Some(format!("challenge={:016x}", hasher.finish()))
    }
}
