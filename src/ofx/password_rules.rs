//! What a password must be like, as the profile says it, so that a new one is not refused. OFX 1.0.3 §7.2.2, OFX 2.3 §7.2.2.

use crate::ofx::{CharType, SignonInfo};
use crate::secret::Secret;

/// What a realm wants of a password: `MIN`, `MAX`, `CHARTYPE`, `CASESEN`, `SPECIAL`, `SPACES` of its `SIGNONINFO`.
///
/// What the profile does not say is not checked. Show the rules to the user before asking, and the
/// [`problems`](Self::problems) after.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasswordRules {
    /// `MIN`: fewest characters.
    pub min: Option<u32>,
    /// `MAX`: most characters.
    pub max: Option<u32>,
    /// `CHARTYPE`: letters and digits.
    pub char_type: Option<CharType>,
    /// `CASESEN`: whether case counts.
    pub case_sensitive: Option<bool>,
    /// `SPECIAL`: whether there may be other characters than letters, digits and blanks.
    pub special: Option<bool>,
    /// `SPACES`: whether there may be blanks.
    pub spaces: Option<bool>,
}

/// Why a new password would be refused, or would not be the one that was meant. The text goes on after "the new password".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordProblem {
    /// It has fewer than `MIN` characters.
    #[error("has fewer than {0} characters")]
    TooShort(u32),
    /// It has more than `MAX` characters.
    #[error("has more than {0} characters")]
    TooLong(u32),
    /// A letter, where `CHARTYPE` is `NUMERICONLY`.
    #[error("has a letter, where only digits are allowed")]
    Letter,
    /// A digit, where `CHARTYPE` is `ALPHAONLY`.
    #[error("has a digit, where only letters are allowed")]
    Digit,
    /// No letter, where `CHARTYPE` is `ALPHAANDNUMERIC`.
    #[error("needs at least one letter")]
    LetterMissing,
    /// No digit, where `CHARTYPE` is `ALPHAANDNUMERIC`.
    #[error("needs at least one digit")]
    DigitMissing,
    /// A special character, where `SPECIAL` is `N`.
    #[error("has a special character, which is not allowed")]
    Special,
    /// A blank, where `SPACES` is `N`.
    #[error("has a blank, which is not allowed")]
    Blank,
    /// A blank at one end, which readers of OFX take away.
    #[error("begins or ends with a blank, which would be lost on its way")]
    OuterBlank,
    /// A control character, which no OFX document may hold.
    #[error("has a control character, which cannot be sent")]
    Control,
    /// It is the old one, or differs from it by case only, where `CASESEN` is `N`.
    #[error("is the same as the old one")]
    Same,
}

impl PasswordRules {
    /// The rules of a realm.
    #[must_use]
    pub fn of(info: &SignonInfo) -> Self {
        Self {
            min: info.min,
            max: info.max,
            char_type: info.char_type.clone(),
            case_sensitive: info.case_sensitive,
            special: info.special,
            spaces: info.spaces,
        }
    }

    /// Everything that is wrong with a new password, empty when it can be sent. With the `old` one it is also compared.
    ///
    /// An institution may refuse it all the same, with 15503: a profile cannot say everything.
    ///
    /// # Security
    ///
    /// Nothing of the password is in the answer, and no copy of it is made.
    #[must_use]
    pub fn problems(&self, new: &Secret, old: Option<&Secret>) -> Vec<PasswordProblem> {
        use PasswordProblem as P;
        let text = new.expose();
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let has = |kind: fn(char) -> bool| text.chars().any(kind);
        let (letter, digit) = (has(char::is_alphabetic), has(char::is_numeric));
        let kind = self.char_type.as_ref();
        let both = kind == Some(&CharType::AlphaAndNumeric);
        let checks = [
            (self.min.filter(|min| length < *min).map(P::TooShort)),
            (self.max.filter(|max| length > *max).map(P::TooLong)),
            (letter && kind == Some(&CharType::NumericOnly)).then_some(P::Letter),
            (digit && kind == Some(&CharType::AlphaOnly)).then_some(P::Digit),
            (!letter && both).then_some(P::LetterMissing),
            (!digit && both).then_some(P::DigitMissing),
            (self.special == Some(false) && has(is_special)).then_some(P::Special),
            (self.spaces == Some(false) && has(char::is_whitespace)).then_some(P::Blank),
            (text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace)).then_some(P::OuterBlank),
            has(char::is_control).then_some(P::Control),
            old.is_some_and(|old| self.are_same(text, old.expose())).then_some(P::Same),
        ];
        checks.into_iter().flatten().collect()
    }

    /// Whether the realm takes two passwords for one.
    fn are_same(&self, one: &str, other: &str) -> bool {
        let lower = |text| str::chars(text).flat_map(char::to_lowercase);
        one == other || self.case_sensitive == Some(false) && lower(one).eq(lower(other))
    }
}

impl SignonInfo {
    /// What a password must be like in this realm.
    #[must_use]
    pub fn password_rules(&self) -> PasswordRules {
        PasswordRules::of(self)
    }
}

fn is_special(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
}
