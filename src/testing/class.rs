//! What an institution promises about a payment that is sent twice, and the settings for it.

use std::fmt;
use std::str::FromStr;

use crate::error::StatusCode;
use crate::ofx::{Status, SyncMode, Version};
use crate::testing::BankBuilder;

/// Which of the three fences against a second payment an institution has.
///
/// As text a class is `D`, `S` and `F`, each with `+` or `-` behind it: `D+S-F+`. Reading also takes the letters in any
/// order and in lower case; a letter alone means yes, and so does a letter that is missing: `DF-` is `D+S+F-`.
///
/// # Examples
///
/// ```
/// use ofx_session::testing::Class;
///
/// assert_eq!("S-".parse::<Class>()?.to_string(), "D+S-F+");
/// assert_eq!(Class::ALL.len(), 8);
/// # Ok::<(), ofx_session::testing::ClassError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "Class::ALL names every combination")]
pub struct Class {
    /// `D`: a `TRNUID` that was received before is refused with 2019. OFX 1.0.3 §3.2.3 says "can", OFX 2.3 §3.2.1 likewise.
    pub duplicates: bool,
    /// `S`: `SYNCMODE` is `FULL`, and there is a history to ask for. OFX 1.0.3 §6.
    pub full_sync: bool,
    /// `F`: `RESPFILEER` is `Y`, and a repeated file gets the saved answer. OFX 1.0.3 §6.10.
    pub file_recovery: bool,
}

impl Class {
    /// Every class, from all promises to none. The specification forbids those with neither `S` nor `F`.
    pub const ALL: [Self; 8] = [
        Self::new(true, true, true),
        Self::new(true, true, false),
        Self::new(true, false, true),
        Self::new(true, false, false),
        Self::new(false, true, true),
        Self::new(false, true, false),
        Self::new(false, false, true),
        Self::new(false, false, false),
    ];

    const fn new(duplicates: bool, full_sync: bool, file_recovery: bool) -> Self {
        Self { duplicates, full_sync, file_recovery }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |yes: bool| if yes { '+' } else { '-' };
        write!(f, "D{}S{}F{}", sign(self.duplicates), sign(self.full_sync), sign(self.file_recovery))
    }
}

impl FromStr for Class {
    type Err = ClassError;

    fn from_str(text: &str) -> Result<Self, ClassError> {
        let mut found = [None; 3];
        let mut rest = text.chars().peekable();
        while let Some(letter) = rest.next() {
            let place = match letter.to_ascii_uppercase() {
                'D' => found.first_mut(),
                'S' => found.get_mut(1),
                'F' => found.get_mut(2),
                _ => None,
            };
            let sign = rest.next_if(|sign| matches!(sign, '+' | '-'));
            match place {
                Some(place @ None) => *place = Some(sign != Some('-')),
                _ => return Err(ClassError),
            }
        }
        let [duplicates, full_sync, file_recovery] = found.map(|known| known.unwrap_or(true));
        Ok(Self { duplicates, full_sync, file_recovery })
    }
}

/// The text names no [`Class`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected D, S and F, each at most once and with + or - behind it, such as D+S-F+")]
#[non_exhaustive]
pub struct ClassError;

/// How an institution shows that an enclosed transaction was not carried out because of `REJECTIFMISSING`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// Status 6502. OFX 2.3 §6.
    OutOfDate,
    /// Status 2000; 1.x defines no code of its own.
    GeneralError,
    /// There is no `PMTTRNRS` for it.
    LeftOut,
}

impl Rejection {
    /// The status of the enclosed transaction, when there is to be one.
    pub(super) fn status(self) -> Option<Status> {
        let code = match self {
            Self::OutOfDate => StatusCode::REJECTED_OUT_OF_DATE,
            Self::GeneralError => StatusCode::GENERAL_ERROR,
            Self::LeftOut => return None,
        };
        Some(Status::new(code, Some("not done: something happened since your token")))
    }
}

/// What is promised about payments.
#[derive(Clone, Debug)]
pub(super) struct Promises {
    pub(super) checks_duplicates: bool,
    pub(super) purges_saved_answers: bool,
    pub(super) saved_answers_first: bool,
    pub(super) history: usize,
    pub(super) keeps_refusals: bool,
    pub(super) rejection: Option<Rejection>,
}

impl Promises {
    pub(super) fn new() -> Self {
        Self {
            checks_duplicates: true,
            purges_saved_answers: true,
            saved_answers_first: false,
            history: usize::MAX,
            keeps_refusals: false,
            rejection: None,
        }
    }

    pub(super) fn rejection(&self, version: Version) -> Rejection {
        let usual = if version.is_sgml() { Rejection::GeneralError } else { Rejection::OutOfDate };
        self.rejection.unwrap_or(usual)
    }
}

impl BankBuilder {
    /// Sets [`checks_duplicates`](Self::checks_duplicates), [`sync_mode`](Self::sync_mode) and
    /// [`file_recovery`](Self::file_recovery) together.
    #[must_use]
    pub fn class(self, class: Class) -> Self {
        let mode = if class.full_sync { SyncMode::Full } else { SyncMode::Lite };
        self.checks_duplicates(class.duplicates).sync_mode(mode).file_recovery(class.file_recovery)
    }

    /// Refuses a `TRNUID` that the user sent before with 2019, whatever became of it; on unless set. Without it a repeated
    /// payment is made again.
    #[must_use]
    pub fn checks_duplicates(mut self, checks: bool) -> Self {
        self.promises().checks_duplicates = checks;
        self
    }

    /// Throws saved answers away when any other valid request of that user comes; on unless set, because the
    /// specification allows it.
    ///
    /// A refused signon and a request for security questions are no such request. Without it every saved answer stays until
    /// a file names it in `OLDFILEUID`.
    #[must_use]
    pub fn purges_saved_answers(mut self, purges: bool) -> Self {
        self.promises().purges_saved_answers = purges;
        self
    }

    /// Gives a saved answer to whoever has the right password, before it looks at questions and keys; off unless set. Without it a
    /// repeated file must pass them, too: answers that were used up are 3000.
    #[must_use]
    pub fn saved_answers_first(mut self, first: bool) -> Self {
        self.promises().saved_answers_first = first;
        self
    }

    /// Keeps so many responses per user and account for synchronization; all unless set.
    ///
    /// A token older than that gets `LOSTSYNC`. `TOKEN` 0 does not: it asks for what there is.
    #[must_use]
    pub fn keeps_history(mut self, responses: usize) -> Self {
        self.promises().history = responses;
        self
    }

    /// Puts refused payments into the history, too; off unless set.
    #[must_use]
    pub fn keeps_refusals(mut self, keeps: bool) -> Self {
        self.promises().keeps_refusals = keeps;
        self
    }

    /// Sets what stands in place of an enclosed transaction that `REJECTIFMISSING` stopped; unless set
    /// [`Rejection::GeneralError`] in 1.x and [`Rejection::OutOfDate`] in 2.x.
    #[must_use]
    pub fn rejection(mut self, rejection: Rejection) -> Self {
        self.promises().rejection = Some(rejection);
        self
    }
}
