//! Why nobody knows whether a request was carried out.

use std::fmt;

use crate::engine::Refusal;
use crate::engine::outcome::SIGNON_REFUSED;
use crate::ofx::{DecodeError, shortened};

/// Why it is not known whether a payment was made, or another change carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// No usable answer arrived, for this reason, and the request may have.
    NoAnswer(String),
    /// The program was stopped while the request was on its way.
    Interrupted,
    /// An answer arrived that cannot be read, for this reason.
    Unreadable(String),
    /// The signon was accepted, and nothing was said about this request.
    NotMentioned,
    /// The institution has seen this `TRNUID` before and does not say what became of it;
    /// with its message, when it sent one.
    Duplicate(Option<String>),
    /// The institution no longer has the whole history of what happened since it was sent.
    HistoryLost,
    /// It was sent once more and refused, for this reason, or the signon of that try was; that does not say what became of the first
    /// time.
    RepeatRefused(String),
}

impl Doubt {
    /// A further try was refused.
    pub(crate) fn repeat_refused(refusal: &Refusal) -> Self {
        Self::RepeatRefused(refusal.to_string())
    }

    /// The same where the history, which could tell more, cannot be read for this reason. That it was received, or was left out, says more
    /// than that.
    pub(crate) fn of_unreadable_history(self, error: &DecodeError) -> Self {
        let says_more = match &self {
            Self::NoAnswer(_) | Self::Interrupted => false,
            Self::Unreadable(why) => !why.starts_with(HISTORY),
            _ => true,
        };
        if says_more { self } else { Self::Unreadable(shortened(&format!("{HISTORY}{error}"))) }
    }

    /// The same once the history could be read.
    pub(crate) fn of_read_history(self) -> Self {
        match self {
            Self::Unreadable(why) if why.starts_with(HISTORY) => Self::NoAnswer(READ_SINCE.to_owned()),
            other => other,
        }
    }

    /// Whether the signon was refused, of a further try or with something beside it: one more would be a step towards a locked user.
    pub(crate) fn is_of_signon(&self) -> bool {
        match self {
            Self::RepeatRefused(why) => why.starts_with(SIGNON_REFUSED),
            Self::Unreadable(why) => why == BESIDE_REFUSED_SIGNON,
            _ => false,
        }
    }

    /// What happened and what to do, for people.
    #[must_use]
    pub fn explain(&self) -> String {
        let what = match self {
            Self::NoAnswer(why) => format!("no usable answer arrived: {}", without_echo(why)),
            Self::Interrupted => "the program was stopped while the request was on its way".to_owned(),
            Self::Unreadable(error) => format!("the institution's answer cannot be read: {error}"),
            Self::NotMentioned => "the institution answered without a word about it".to_owned(),
            Self::Duplicate(_) => {
                "the institution has received it before and does not say what became of it".to_owned()
            }
            Self::HistoryLost => {
                "the institution no longer has the whole history of what happened since it was sent".to_owned()
            }
            Self::RepeatRefused(why) if self.is_of_signon() => {
                format!(
                    "it was tried once more, and the signon was refused, which does not say what became of the first time: {why}; \
                     reconcile with the right credentials first"
                )
            }
            Self::RepeatRefused(why) => {
                format!("it was sent once more and refused, which does not say what became of the first time: {why}")
            }
        };
        format!(
            "it is not known whether this was carried out: {what}; do not enter it again: where reconcile cannot find out, ask the \
             institution, quoting the TRNUID, and settle it by what it says (settle, settle_doubt)"
        )
    }
}

/// As [`Doubt::explain`] says it.
impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain())
    }
}

/// What is said of the request where the signon is refused. In blobs, too: it stays as it is.
pub(crate) const BESIDE_REFUSED_SIGNON: &str =
    "it refuses the signon, and answers the request beside it as if it had looked at it";

/// How the text begins that says why a history cannot be read. In blobs, too: it stays as it is.
const HISTORY: &str = "the one with the history: ";

const READ_SINCE: &str = "the history, which can be read by now, does not tell what became of it";

/// A reason without its last words, where these say only what is said before it already.
fn without_echo(why: &str) -> &str {
    why.strip_suffix("the request may have been carried out").map_or(why, |rest| rest.trim_end_matches([':', ';', ' ']))
}
