//! How an institution wants to be spoken to where it differs from most: one value of settings for a configuration file.

use serde::{Deserialize, Serialize};

use crate::ofx::{EncodeError, SignonForm, Stamp, Style};

/// How one institution differs from what most accept: layout, signon, headers of HTTP, and what of its profile is believed.
///
/// The default is what the specification describes and most institutions accept; each setting names who was seen to need it.
/// Settings that an institution does not need do harm at others: change one at a time.
///
/// It can be read from a configuration file, in which everything may be left out and what is unknown is refused. It is kept in
/// blobs, so that a client that comes back speaks as it did.
///
/// # Examples
///
/// ```
/// use ofx_session::{ClientUidUse, Dialect, HeaderLine, Institution};
///
/// let text = r#"{ "close_leaves": true, "client_uid": "upper_case", "user_agent": {"text": "Mozilla/5.0"} }"#;
/// let dialect: Dialect = serde_json::from_str(text)?;
/// let same = Dialect::new()
///     .close_leaves(true)
///     .client_uid(ClientUidUse::UpperCase)
///     .user_agent(HeaderLine::Text("Mozilla/5.0".to_owned()));
/// assert_eq!(dialect, same);
/// let institution = Institution::new("https://ofx.example.com/ofx").dialect(dialect);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    pub(crate) close_leaves: bool,
    pub(crate) line_breaks: bool,
    pub(crate) challenge_answer: ChallengeAnswerTag,
    pub(crate) short_dates: bool,
    pub(crate) without_fi: bool,
    pub(crate) client_uid: ClientUidUse,
    pub(crate) without_file_uids: bool,
    pub(crate) user_agent: HeaderLine,
    pub(crate) accept: HeaderLine,
    pub(crate) without_profile: bool,
    pub(crate) ignore_profile_urls: bool,
    pub(crate) without_synchronization: bool,
    pub(crate) repeat_for_cookie: bool,
    pub(crate) profile_of_user: bool,
}

/// What the answer to a security question is called in a signon. OFX 1.0.3 §2.5.4, OFX 2.3 §2.5.4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ChallengeAnswerTag {
    /// `MFACHALLENGEANSWER`, as the grammars and the present text of 1.0.3 have it.
    #[default]
    #[serde(rename = "MFACHALLENGEANSWER")]
    Answer,
    /// `MFACHALLENGEA`, as the first text of 1.0.3 had it.
    #[serde(rename = "MFACHALLENGEA")]
    A,
}

/// When and how `CLIENTUID` is sent. OFX 1.0.3 §2.5.1, OFX 2.3 §2.5.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientUidUse {
    /// As it is, in the versions that know it.
    #[default]
    ByVersion,
    /// In upper case, in the versions that know it. USAA reads no other.
    UpperCase,
    /// Never. E*TRADE refuses a signon with one.
    Never,
    /// As it is, also in versions without it. Citi wants it in 102.
    InEveryVersion,
}

/// What is said in a header of HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HeaderLine {
    /// What the transport says by itself.
    #[default]
    Default,
    /// No such header.
    None,
    /// This text: 1 to 255 printable characters of ASCII, blanks among them and not at the ends.
    Text(String),
}

impl Dialect {
    /// What most institutions accept.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes end tags on the leaves of 1.x documents too, for institutions that read nothing else. Off by default: some servers
    /// choke on them. 2.x documents always have them.
    #[must_use]
    pub fn close_leaves(mut self, yes: bool) -> Self {
        self.close_leaves = yes;
        self
    }

    /// Puts each tag on a line of its own, CR LF, for institutions that read line by line. Off by default.
    #[must_use]
    pub fn line_breaks(mut self, yes: bool) -> Self {
        self.line_breaks = yes;
        self
    }

    /// Sets what the answers to security questions are called, for institutions whose software was written after the first text
    /// of 1.0.3.
    #[must_use]
    pub fn challenge_answer(mut self, tag: ChallengeAnswerTag) -> Self {
        self.challenge_answer = tag;
        self
    }

    /// Writes `DTCLIENT` without milliseconds and zone, `YYYYMMDDHHMMSS` in GMT, for servers that cannot read more. (AqBanking
    /// has a switch for them.) Off by default.
    #[must_use]
    pub fn short_dates(mut self, yes: bool) -> Self {
        self.short_dates = yes;
        self
    }

    /// Leaves the aggregate `FI` out of the signon, whatever `ORG` and `FID` are known, for institutions that refuse it.
    /// (AqBanking has a switch for them.) Off by default.
    #[must_use]
    pub fn without_fi(mut self, yes: bool) -> Self {
        self.without_fi = yes;
        self
    }

    /// Sets when and how `CLIENTUID` is sent. Wells Fargo, Chase, Bank of America, Citi and USAA want one, E*TRADE refuses it.
    #[must_use]
    pub fn client_uid(mut self, send: ClientUidUse) -> Self {
        self.client_uid = send;
        self
    }

    /// Writes `NONE` as `NEWFILEUID`, for institutions that answer anything else with HTTP 400, as the State Employees' Credit
    /// Union of North Carolina does. Off by default.
    ///
    /// A payment whose answer is lost can then not be found out about by sending the same file again, even where the profile
    /// promises that it could.
    #[must_use]
    pub fn without_file_uids(mut self, yes: bool) -> Self {
        self.without_file_uids = yes;
        self
    }

    /// Sets `User-Agent`. Some institutions answer one agent only (USAA), some none at all (Discover, Citi, Schwab); most expect
    /// that of the transport.
    #[must_use]
    pub fn user_agent(mut self, line: HeaderLine) -> Self {
        self.user_agent = line;
        self
    }

    /// Sets `Accept`. American Express wants `application/xml` with a q-value in it, as browsers send.
    ///
    /// Discover wants none, and its other headers in one order: see `transport::Https` for what it can do of that.
    #[must_use]
    pub fn accept(mut self, line: HeaderLine) -> Self {
        self.accept = line;
        self
    }

    /// Never asks for the profile by itself, for institutions that have none or a wrong one. Off by default. See
    /// [`Institution::without_profile`](crate::engine::Institution::without_profile).
    #[must_use]
    pub fn without_profile(mut self, yes: bool) -> Self {
        self.without_profile = yes;
        self
    }

    /// Sends everything to the address that was given, whatever the profile says: that of Fidelity names one that refuses. Off by
    /// default. See [`Institution::ignore_profile_urls`](crate::engine::Institution::ignore_profile_urls).
    #[must_use]
    pub fn ignore_profile_urls(mut self, yes: bool) -> Self {
        self.ignore_profile_urls = yes;
        self
    }

    /// Never sends a request inside of a synchronization, for institutions whose profile promises a history that they do not keep. Off
    /// by default. See [`Institution::without_synchronization`](crate::engine::Institution::without_synchronization).
    #[must_use]
    pub fn without_synchronization(mut self, yes: bool) -> Self {
        self.without_synchronization = yes;
        self
    }

    /// Sends a file once more, as it is, when the answer is empty and sets a cookie: for institutions whose servers mean by it that they
    /// want the cookie first, and have not looked at the file. Off by default. A transport that keeps no cookies sends nothing again.
    ///
    /// # Security
    ///
    /// The institution is taken at that word: what it says of the second copy counts for both. One that has carried out the first, and
    /// looks for no `TRNUID` that it has seen, pays twice.
    #[must_use]
    pub fn repeat_for_cookie(mut self, yes: bool) -> Self {
        self.repeat_for_cookie = yes;
        self
    }

    /// Asks for the profile as the user who signs on, not anonymously: for institutions that give it, or all of it, to their users only.
    /// Off by default. A session or a vault fetches it by itself; where security questions come first, the user answers them to
    /// [`Session::fetch_profile`](crate::Session::fetch_profile), before the client is given to a vault. A newer profile is fetched
    /// when no questions come before it any more. OFX 1.0.3 §7, OFX 2.3 §7.
    #[must_use]
    pub fn profile_of_user(mut self, yes: bool) -> Self {
        self.profile_of_user = yes;
        self
    }

    /// How documents are laid out.
    #[must_use]
    pub fn style(&self) -> Style {
        Style::new().close_leaves(self.close_leaves).line_breaks(self.line_breaks)
    }

    /// The headers of HTTP in which the institution differs, for drivers of the engine: `None` leaves out a header that is
    /// otherwise sent.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        let lines = [(USER_AGENT, &self.user_agent), (ACCEPT, &self.accept)];
        lines.into_iter().filter_map(|(name, line)| match line {
            HeaderLine::Default => None,
            HeaderLine::None => Some((name, None)),
            HeaderLine::Text(text) => Some((name, Some(text.as_str()))),
        })
    }

    /// Refuses what no header can hold.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        for (tag, line) in [("the header User-Agent", &self.user_agent), ("the header Accept", &self.accept)] {
            let HeaderLine::Text(text) = line else { continue };
            let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            if text.trim() != text || !printable || !(1..=LONGEST_LINE).contains(&text.len()) {
                return Err(EncodeError::Invalid { tag, expected: "must be 1 to 255 printable characters of ASCII" });
            }
        }
        Ok(())
    }

    /// How the signon is written.
    pub(crate) fn signon_form(&self) -> SignonForm {
        SignonForm {
            short_answer_tag: self.challenge_answer == ChallengeAnswerTag::A,
            client_uid_in_every_version: self.client_uid == ClientUidUse::InEveryVersion,
        }
    }

    /// A `CLIENTUID` in the spelling that is sent, and that the user must register.
    pub(crate) fn spelled(&self, client_uid: String) -> String {
        if self.client_uid == ClientUidUse::UpperCase { client_uid.to_ascii_uppercase() } else { client_uid }
    }

    /// `DTCLIENT`.
    pub(crate) fn stamp(&self, now: chrono::DateTime<chrono::Utc>) -> Stamp {
        if self.short_dates { Stamp::short_moment(now) } else { Stamp::moment(now) }
    }
}

const USER_AGENT: &str = "User-Agent";
const ACCEPT: &str = "Accept";

/// Of a text in a header: it goes into blobs.
const LONGEST_LINE: usize = 255;
