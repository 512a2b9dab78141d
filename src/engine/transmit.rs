//! One file that is to be sent, without the password until the moment it is written.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::engine::outcome::known_or_oldest;
use crate::engine::recovery::Leg;
use crate::engine::{ClientUidUse, Credentials, EngineError, Operation, State};
use crate::ofx::{
    AccountInfoRequest, ChallengeAnswer, ChallengeTransaction, FileUid, Header, Item, Login, SignonRequest, Style,
    SyncFrom, SyncRequest, Tail, TrnUid, Version,
};

/// One request file, together with the operation as it would be if the program stopped while it is on its way.
///
/// The file is written by [`prepare`](Self::prepare) just before it is sent, because it holds the password and the time. To send it there
/// is no other way to its bytes, and this one hands out what must be kept first. ([`Operation::render`] shows a request to whoever wants to
/// look at it.)
#[derive(Clone, PartialEq, Eq)]
pub struct Transmit {
    pub(crate) url: String,
    pub(crate) purpose: Purpose,
    pub(crate) old_file_uid: FileUid,
    pub(crate) file_uid: FileUid,
    pub(crate) answers: Vec<ChallengeAnswer>,
    pub(crate) interrupted: Operation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The security questions, alone in their file.
    Challenge(TrnUid),
    /// What happened in the history that the request goes into.
    History(SyncFrom),
    /// A new password, in bytes that are never kept.
    NewPassword,
    /// A signon that finds out which password counts, with a request that does no harm.
    TryPassword(TrnUid),
    /// The request itself, after the token of the operation where there is one.
    Work,
}

impl Transmit {
    /// Where to send it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The operation as it stands once this file may have been sent, and the file. Keep the first before sending the second: a
    /// request whose program stops in between is in doubt and must never simply be started again. `now` goes into `DTCLIENT`.
    ///
    /// # Errors
    ///
    /// [`EngineError::Encode`] when the credentials cannot be written in the institution's version,
    /// [`EngineError::Credential`] when they lack one that its profile asks for. Nothing was sent.
    ///
    /// # Security
    ///
    /// The bytes hold the password; they are wiped when dropped.
    pub fn prepare(
        self,
        credentials: &Credentials,
        state: &State,
        now: DateTime<Utc>,
    ) -> Result<(Operation, Zeroizing<Vec<u8>>), EngineError> {
        if !state.is_anonymous(self.interrupted.kind) {
            let set = self.interrupted.kind.message_set();
            state.check_credentials(credentials, set)?;
            if matches!(credentials.login, Login::UserKey(_)) && !state.is_home(set) {
                return Err(EngineError::Situation(USER_KEY_ELSEWHERE));
            }
        }
        let version = state.version();
        let dialect = &state.institution.dialect;
        let style = &dialect.style();
        let mut signon = self.signon(credentials, state, now);
        // The questions before it, too: the password that signs on last may be the one that counts from then on.
        if self.interrupted.recovery.leg == Leg::NewPassword {
            signon.login = credentials.with_new_password()?;
        }
        // A file that is to be found again keeps the name it was sent under.
        let nameless = dialect.without_file_uids && self.old_file_uid.is_none();
        let file_uid = if nameless { FileUid::none() } else { self.file_uid };
        let header = Header::new(version).file_uids(self.old_file_uid, file_uid);
        let tail = match self.purpose {
            Purpose::Work => match &self.interrupted.recovery.token {
                None => self.interrupted.tail.clone(),
                Some(token) => self.interrupted.tail_after(token, version, style)?,
            },
            Purpose::History(from) => {
                let history = self.interrupted.history(state);
                let (kind, account) = history.ok_or(EngineError::Situation(NO_HISTORY))?;
                Tail::items(&[Item::Sync(SyncRequest::new(kind, account, from))], version, style)?
            }
            Purpose::NewPassword => {
                let request = credentials.password_change()?;
                Tail::password(&self.interrupted.trn_uid(), &request, version, style)?
            }
            Purpose::TryPassword(trn_uid) => {
                // A profile is given to anybody, and says nothing about a password.
                let known = state.accounts().and_then(|accounts| accounts.updated.as_ref());
                let request = AccountInfoRequest::new(known_or_oldest(known));
                Tail::items(&[Item::Request(trn_uid, request.into())], version, style)?
            }
            Purpose::Challenge(trn_uid) => {
                Tail::challenge(&ChallengeTransaction::new(trn_uid, dialect.stamp(now)), version, style)?
            }
        };
        Ok((self.interrupted, tail.file(&header, version, &signon, dialect.signon_form(), style)?))
    }

    fn signon(&self, credentials: &Credentials, state: &State, now: DateTime<Utc>) -> SignonRequest {
        let is_anonymous = state.is_anonymous(self.interrupted.kind);
        let set = self.interrupted.kind.message_set();
        let (realm, is_home) = (state.realm(set), state.is_home(set));
        let anonymous = Credentials::anonymous();
        let credentials = if is_anonymous { &anonymous } else { credentials };
        let app = &state.application;
        let (language, dialect) = (&state.institution.language, &state.institution.dialect);
        let mut signon =
            SignonRequest::new(dialect.stamp(now), credentials.login_of(is_home), language, &app.id, &app.version);
        signon.institution = state.institution.fi.clone().filter(|_| !dialect.without_fi);
        signon.session_cookie.clone_from(&realm.session_cookie);
        signon.app_key.clone_from(&app.key);
        if !is_anonymous {
            signon.client_uid = Some(state.client_uid.clone()).filter(|_| dialect.client_uid != ClientUidUse::Never);
            signon.user_cred1.clone_from(&credentials.user_cred1);
            signon.user_cred2.clone_from(&credentials.user_cred2);
            signon.auth_token.clone_from(&credentials.auth_token);
            signon.access_key.clone_from(&realm.access_key);
            signon.generate_user_key = (is_home && credentials.asks_for_user_key()).then_some(true);
            signon.answers.clone_from(&self.answers);
        }
        signon
    }
}

impl Operation {
    /// The request in the frame of its history, after `token`.
    fn tail_after(&self, token: &str, version: Version, style: &Style) -> Result<Tail, EngineError> {
        let kind = self.kind.history().ok_or(EngineError::Situation(NO_HISTORY))?;
        let account = self.account.as_ref();
        let account = account.map(|account| Tail::account(account, version, style)).transpose()?;
        let account = account.as_ref().map(|account| account.as_slice());
        self.tail.after(token, kind, account).ok_or(EngineError::Situation(NO_HISTORY))
    }
}

const USER_KEY_ELSEWHERE: &str = "belongs to another signon realm of the institution than the USERKEY, which is not sent there; nothing was \
                                  sent: open with id and password for it";
const NO_HISTORY: &str =
    "was stored with a token of a history that it does not go into; it was not written by this crate";
