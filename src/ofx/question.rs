//! Security questions: who answers them and what to show. OFX 1.0.3 §2.5.4.4, OFX 2.3 §2.5.4.4.

/// Who can answer a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QuestionSource {
    /// The user knows the answer.
    User,
    /// The program knows the answer, by the reserved ids above `MFA100`.
    Program,
}

/// One security question that an institution wants answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    id: String,
    label: Option<String>,
}

impl Question {
    pub(crate) fn new(id: impl Into<String>, label: Option<String>) -> Self {
        Self { id: id.into(), label }
    }

    /// `MFAPHRASEID`: name the answer by it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The institution's own words, when it sent any.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The text to show to the user: the institution's, or ours for the ids that the specification reserves.
    #[must_use]
    pub fn text(&self) -> &str {
        self.label.as_deref().or_else(|| reserved(&self.id)).unwrap_or(&self.id)
    }

    /// The id as long as it looks like one of the specification's own, `MFA16`. Any other can be any text of the institution's.
    pub(crate) fn numbered_id(&self) -> Option<&str> {
        self.number().filter(|digits| (1..=LONGEST_NUMBER).contains(&digits.len())).map(|_| self.id.as_str())
    }

    fn number(&self) -> Option<&str> {
        self.id.strip_prefix("MFA").filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
    }

    /// Whether the user or the program is asked.
    #[must_use]
    pub fn source(&self) -> QuestionSource {
        let number = self.number().and_then(|digits| digits.parse::<u32>().ok());
        if number.is_some_and(|number| number > 100) { QuestionSource::Program } else { QuestionSource::User }
    }
}

/// Our words for the reserved ids, for institutions that send no label.
fn reserved(id: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(known, _)| *known == id).map(|(_, text)| *text)
}

/// In digits. The specification has three.
const LONGEST_NUMBER: usize = 5;

const TEXTS: [(&str, &str); 30] = [
    ("MFA1", "In which city were you born?"),
    ("MFA2", "What is your date of birth (MM/DD/YYYY)?"),
    ("MFA3", "What is your debit card number?"),
    ("MFA4", "What is your father's middle name?"),
    ("MFA5", "What is your favourite colour?"),
    ("MFA6", "What was the name of your first pet?"),
    ("MFA7", "What is your five-digit ZIP code?"),
    ("MFA8", "What is your paternal grandmother's maiden name?"),
    ("MFA9", "What is your maternal grandmother's maiden name?"),
    ("MFA10", "What are the last four digits of your mobile phone number?"),
    ("MFA11", "What are the last four digits of your daytime phone number?"),
    ("MFA12", "What are the last four digits of your home phone number?"),
    ("MFA13", "What are the last four digits of your social security number?"),
    ("MFA14", "What are the last four digits of your tax id?"),
    ("MFA15", "In which month was your youngest sibling born (written out)?"),
    ("MFA16", "What is your mother's maiden name?"),
    ("MFA17", "What is your mother's middle name?"),
    ("MFA18", "Which company was your first employer?"),
    ("MFA19", "Of which make was your first car?"),
    ("MFA20", "On which street did you grow up?"),
    ("MFA21", "What is your high school's football team called (without the school's name)?"),
    ("MFA22", "What was the amount of a recent deposit or withdrawal?"),
    ("MFA23", "In which year were you born (YYYY)?"),
    ("MFA101", "Date and time of this computer (YYYYMMDDHHMMSS)"),
    ("MFA102", "Host name of this computer"),
    ("MFA103", "IP address of this computer"),
    ("MFA104", "MAC address of this computer"),
    ("MFA105", "Operating system of this computer"),
    ("MFA106", "Processor architecture of this computer"),
    ("MFA107", "User agent of this program"),
];
