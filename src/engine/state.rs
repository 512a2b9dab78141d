//! Who we are to one institution: what was configured, and what it told us.

use std::fmt;

use chrono::{DateTime, Days, Utc};

use crate::ofx::{
    AccountInfoResponse, ApplicationSecurity, EncodeError, FinancialInstitution, Limits, Login, MessageSet, Profile,
    RequestKind, SignonInfo, SignonResponse, Stamp, Style, Version,
};
use crate::secret::{Secret, shown};

use crate::engine::marks::Marks;
use crate::engine::realm::{OtherRealm, Realm};
use crate::engine::{Credentials, Device, Dialect, EngineError, Held, Part, TaskKind};

/// An institution as its users know it: where it is, how it names itself, and how it likes its documents.
///
/// # Security
///
/// `Debug` shows nothing of the address that may be secret: no user, no query.
#[derive(Clone, PartialEq, Eq)]
pub struct Institution {
    pub(crate) url: String,
    pub(crate) fi: Option<FinancialInstitution>,
    pub(crate) version: Version,
    pub(crate) language: String,
    pub(crate) dialect: Dialect,
}

impl fmt::Debug for Institution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, fi, version, language, dialect } = self;
        f.debug_struct("Institution")
            .field("url", &shown(url))
            .field("fi", fi)
            .field("version", version)
            .field("language", language)
            .field("dialect", dialect)
            .finish()
    }
}

impl Institution {
    /// An institution at `url`, spoken to in OFX 2.1.1, without `ORG` and `FID`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), fi: None, version: Version::V211, language: "ENG".to_owned(), dialect: Dialect::new() }
    }

    /// Sets `ORG`; the institution or a directory of institutions names it.
    #[must_use]
    pub fn org(mut self, org: impl Into<String>) -> Self {
        let fid = self.fi.take().and_then(|fi| fi.fid);
        self.fi = Some(FinancialInstitution::new(org, fid));
        self
    }

    /// Sets `FID`. It needs an [`org`](Self::org) as well: without one, no client can be built.
    #[must_use]
    pub fn fid(mut self, fid: impl Into<String>) -> Self {
        let org = self.fi.take().map_or_else(String::new, |fi| fi.org);
        self.fi = Some(FinancialInstitution::new(org, Some(fid.into())));
        self
    }

    /// Sets the OFX version to speak; 2.1.1 when it is not called.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Sets `LANGUAGE`, ISO 639 with three letters, in the older form where there are two (`FRE`, `GER`); `ENG` when it is not called.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = language.into();
        self
    }

    /// Sets how the institution wants to be spoken to where it differs from most, in place of all that was set before by this
    /// call and the ones below.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Sets how documents are laid out.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.dialect.close_leaves = style.closes_leaves();
        self.dialect.line_breaks = style.breaks_lines();
        self
    }

    /// Sends everything to the institution's URL, whatever URLs its profile names; some name wrong ones.
    #[must_use]
    pub fn ignore_profile_urls(mut self) -> Self {
        self.dialect.ignore_profile_urls = true;
        self
    }

    /// Never asks for the profile by itself, for institutions that have none or a wrong one. One that refuses to give any is asked anew in
    /// each session unless this is set, and nothing that counts is sent: a payment or a change fails with its refusal. Everything goes to the institution's URL,
    /// and nothing is known of what it offers, unless the program fetches the profile all the same
    /// ([`Client::fetch_profile`](crate::Client::fetch_profile)): what it says counts then, its URLs included.
    #[must_use]
    pub fn without_profile(mut self) -> Self {
        self.dialect.without_profile = true;
        self
    }

    /// Never sends a payment or a change inside of a synchronization (`PMTSYNCRQ` and the like), for institutions whose profile promises a
    /// history that they do not keep, or that can never be read. What became of a request whose answer is lost can then be found out by
    /// file-based recovery only, if at all.
    #[must_use]
    pub fn without_synchronization(mut self) -> Self {
        self.dialect.without_synchronization = true;
        self
    }
}

/// The application as the institution knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) key: Option<Secret>,
}

impl Application {
    /// `APPID`, up to 5 characters, and `APPVER`, four digits. Many institutions only admit ids they know.
    #[must_use]
    pub fn new(id: impl Into<String>, version: impl Into<String>) -> Self {
        Self { id: id.into(), version: version.into(), key: None }
    }

    /// Sets `APPKEY`, which the institution gave to the application. OFX 2.2 up.
    #[must_use]
    pub fn key(mut self, key: impl Into<Secret>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// A `USERKEY`: the user signs on with it in place of id and password until it expires. OFX 1.0.3 §2.5.1, OFX 2.3 §2.5.1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserKey {
    /// The key.
    pub key: Secret,
    /// `TSKEYEXPIRE`, when the institution said it.
    pub expires: Option<Stamp>,
}

/// Everything that outlives a session: what was configured, and what the institution told us.
#[derive(Clone, PartialEq, Eq)]
pub struct State {
    pub(crate) institution: Institution,
    pub(crate) application: Application,
    pub(crate) device: Device,
    pub(crate) limits: Limits,
    pub(crate) client_uid: String,
    pub(crate) user_id: Option<String>,
    /// What the user has in the home realm, and in the others.
    pub(crate) home: Realm,
    pub(crate) others: Vec<OtherRealm>,
    /// What counts in another realm that was given nothing of its own.
    pub(crate) same: Realm,
    /// Of the home realm.
    pub(crate) user_key: Option<UserKey>,
    pub(crate) profile: Option<Held<Profile>>,
    pub(crate) profile_is_old: bool,
    /// The newest date of a profile that was announced.
    pub(crate) profile_announced: Option<DateTime<Utc>>,
    pub(crate) accounts: Option<Held<AccountInfoResponse>>,
    /// How far the institution's memory of our requests reaches.
    pub(crate) marks: Marks,
    /// The institution accepted the user's credentials in this session. Not stored.
    pub(crate) recognized: bool,
    /// The institution wants the password of the home realm changed. Not stored.
    pub(crate) password_change_due: bool,
    /// What the transport must be given before it sends anything: whose a cookie is, and how it is set. Empty once it has them.
    pub(crate) cookies: Vec<(String, Secret)>,
    /// Parts of a stored state that only a later version understands: kept and written back.
    pub(crate) unknown: Vec<Part>,
}

impl State {
    /// The state of a client that never spoke to the institution. `client_uid` is made once per installation and kept.
    #[must_use]
    pub fn new(institution: Institution, application: Application, client_uid: impl Into<String>) -> Self {
        let client_uid = institution.dialect.spelled(client_uid.into());
        Self {
            institution,
            application,
            device: Device::new(),
            limits: Limits::new(),
            client_uid,
            user_id: None,
            home: Realm::default(),
            others: Vec::new(),
            same: Realm::default(),
            user_key: None,
            profile: None,
            profile_is_old: false,
            profile_announced: None,
            accounts: None,
            marks: Marks::default(),
            recognized: false,
            password_change_due: false,
            cookies: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Sets what the program answers about itself.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// The profile, when one was received.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref().and_then(Held::get)
    }

    /// The account list, when one was received.
    #[must_use]
    pub fn accounts(&self) -> Option<&AccountInfoResponse> {
        self.accounts.as_ref().and_then(Held::get)
    }

    /// How the institution is spoken to.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.institution.dialect
    }

    /// `CLIENTUID`: show it when the institution wants it registered.
    #[must_use]
    pub fn client_uid(&self) -> &str {
        &self.client_uid
    }

    /// Whether the institution has given an access key that was not refused since, in the signon realm of `SIGNON`.
    #[must_use]
    pub fn has_access_key(&self) -> bool {
        self.home.access_key.is_some()
    }

    /// Whether everything that was stored can be read. What cannot be read must not be ignored while an operation is under way:
    /// the profile says where it goes.
    pub(crate) fn is_readable(&self) -> bool {
        self.profile.as_ref().is_none_or(|profile| profile.get().is_some())
    }

    /// The version that documents are written in.
    pub(crate) fn version(&self) -> Version {
        self.institution.version
    }

    pub(crate) fn message_set(&self, name: &str) -> Option<&MessageSet> {
        self.profile().and_then(|profile| profile.message_set(name))
    }

    /// Where a message set lives.
    pub(crate) fn url_of(&self, name: &str) -> &str {
        let own = self.message_set(name).filter(|_| !self.institution.dialect.ignore_profile_urls);
        own.map_or(&self.institution.url, |set| &set.core.url)
    }

    /// Where the questions of a message set are asked for: the signon set's own place when it shares the realm, since a
    /// challenge is alone in its file, else the place of the set itself. OFX 1.0.3 §7.1.3.
    pub(crate) fn challenge_url(&self, name: &str) -> &str {
        let realm = |name| self.message_set(name).and_then(|set| set.core.realm.as_deref());
        if realm("SIGNON").is_some() && realm("SIGNON") == realm(name) {
            self.url_of("SIGNON")
        } else {
            self.url_of(name)
        }
    }

    fn signon_info(&self, name: &str) -> Option<&SignonInfo> {
        self.profile().and_then(|profile| profile.signon_info(name))
    }

    /// Whether questions come before anything else that is sent to this message set.
    pub(crate) fn challenge_comes_first(&self, name: &str) -> Result<bool, EncodeError> {
        if !self.signon_info(name).and_then(|info| info.mfa_first).unwrap_or(false) {
            return Ok(false);
        }
        self.version().require_mfa("an answer to the security questions that this institution asks first")?;
        let realm = self.realm(name);
        Ok(!realm.challenged && realm.access_key.is_none())
    }

    /// Whether this kind of operation signs on without the user's credentials.
    pub(crate) fn is_anonymous(&self, kind: TaskKind) -> bool {
        match kind {
            TaskKind::Profile => !self.institution.dialect.profile_of_user,
            kind => kind == TaskKind::Request(RequestKind::Enroll),
        }
    }

    /// Whether the password must be encrypted where this kind of operation goes, which is not done. OFX 1.0.3 §4.2.2.
    pub(crate) fn wants_encrypted(&self, kind: TaskKind) -> bool {
        let security = self.message_set(kind.message_set()).and_then(|set| set.core.security.as_ref());
        security.is_some_and(ApplicationSecurity::is_type1)
    }

    /// Refuses credentials that lack what the profile makes mandatory, by a label or by name: the institution would refuse them
    /// too, and count a failed signon. OFX 1.0.3 §2.5.1, OFX 2.3 §2.5.1.
    pub(crate) fn check_credentials(&self, credentials: &Credentials, name: &str) -> Result<(), EngineError> {
        let Some(info) = self.signon_info(name) else { return Ok(()) };
        if !self.version().knows_mfa() || matches!(credentials.login, Login::AccessToken(_)) {
            return Ok(());
        }
        if info.access_token_required == Some(true) {
            return Err(EngineError::Credential { label: "ACCESSTOKEN".to_owned(), call: "access_token" });
        }
        let wanted = [
            (&info.user_cred1_label, &credentials.user_cred1, "user_cred1"),
            (&info.user_cred2_label, &credentials.user_cred2, "user_cred2"),
        ];
        for (label, given, call) in wanted {
            if let (Some(label), None) = (label, given) {
                return Err(EngineError::Credential { label: label.clone(), call });
            }
        }
        Ok(())
    }

    /// Forgets what is known of the session before: nothing that only holds in one is true in the next.
    pub(crate) fn begin_session(&mut self) {
        for realm in self.others.iter_mut().map(|other| &mut other.realm).chain([&mut self.home]) {
            (realm.challenged, realm.ended_key) = (false, None);
        }
        self.recognized = false;
        self.password_change_due = false;
    }

    /// Notes that the profile is older than what a signon response tells of it.
    pub(crate) fn heed_announced(&mut self, signon: &SignonResponse) {
        let Some(profile) = self.profile() else { return };
        // A date that cannot be read is older than any.
        let known = profile.updated.as_ref().and_then(Stamp::utc);
        let now = signon.profile_updated.as_ref().and_then(Stamp::utc);
        // One from the future would hide all that come before it.
        let latest =
            signon.server_time.as_ref().and_then(Stamp::utc).and_then(|now| now.checked_add_days(Days::new(1)));
        let is_told = now.is_some_and(|now| latest.is_none_or(|latest| now <= latest));
        // Seconds are what is stored of it.
        let seconds = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp());
        if is_told && now > known && seconds(self.profile_announced) < seconds(now) {
            // Once for each date: a provider behind the institution may announce dates that its profile never has.
            self.profile_is_old = true;
            self.profile_announced = now;
        }
    }
}
