//! Security questions: who answers which, and whether all are answered.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::engine::EngineError;
use crate::ofx::{ChallengeAnswer, Question, QuestionSource};
use crate::secret::Secret;

/// What the user is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    questions: Vec<Question>,
    again: bool,
    in_doubt: bool,
}

impl Challenge {
    pub(crate) fn new(questions: Vec<Question>, again: bool, in_doubt: bool) -> Self {
        Self { questions, again, in_doubt }
    }

    /// The questions to show, in the institution's order. Those that the program answers itself are not among them, unless the institution
    /// has refused answers of which all were the program's.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Whether these come after answers that were not accepted: they were wrong, or the questions that they belong to were asked too long
    /// ago, as in an older copy of a blob. Repeated failures can lock the user out.
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        self.again
    }

    /// Whether they come before a further try of a request that may have been carried out already: it stays in doubt meanwhile.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }
}

/// Answers to security questions, by the question's id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<String, Secret>);

impl Answers {
    /// No answers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the answer to the question with this id; a later one replaces an earlier one.
    #[must_use]
    pub fn with(mut self, id: impl Into<String>, answer: impl Into<Secret>) -> Self {
        self.0.insert(id.into(), answer.into());
        self
    }
}

impl<I: Into<String>, A: Into<Secret>> FromIterator<(I, A)> for Answers {
    fn from_iter<T: IntoIterator<Item = (I, A)>>(pairs: T) -> Self {
        Self(pairs.into_iter().map(|(id, answer)| (id.into(), answer.into())).collect())
    }
}

/// What the program answers about itself when an institution asks: the ids above `MFA100`. OFX 1.0.3 §2.5.4.4.
///
/// Date and time, operating system, processor and user agent are always answered. Host name and addresses are given away
/// only when the application sets them; otherwise the user is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device(BTreeMap<String, Secret>);

impl Device {
    /// A device that tells no host name and no address.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the host name, `MFA102`.
    #[must_use]
    pub fn host_name(self, name: impl Into<String>) -> Self {
        self.answer("MFA102", name)
    }

    /// Tells the IP address, `MFA103`.
    #[must_use]
    pub fn ip_address(self, address: impl Into<String>) -> Self {
        self.answer("MFA103", address)
    }

    /// Tells the MAC address, `MFA104`.
    #[must_use]
    pub fn mac_address(self, address: impl Into<String>) -> Self {
        self.answer("MFA104", address)
    }

    /// Tells another user agent than `APPID APPVER`, `MFA107`.
    #[must_use]
    pub fn user_agent(self, agent: impl Into<String>) -> Self {
        self.answer("MFA107", agent)
    }

    /// Tells this whenever a question with this id is asked of the program.
    #[must_use]
    pub fn answer(mut self, id: impl Into<String>, answer: impl Into<String>) -> Self {
        self.0.insert(id.into(), Secret::new(answer));
        self
    }

    /// What the program itself can say, or `None` when the user must.
    fn reply(&self, question: &Question, app: (&str, &str), now: DateTime<Utc>) -> Option<Secret> {
        if question.source() == QuestionSource::User {
            return None;
        }
        self.0.get(question.id()).cloned().or_else(|| match question.id() {
            "MFA101" => Some(now.format("%Y%m%d%H%M%S").to_string().into()),
            "MFA105" => Some(std::env::consts::OS.into()),
            "MFA106" => Some(std::env::consts::ARCH.into()),
            "MFA107" => Some(format!("{} {}", app.0, app.1).into()),
            _ => None,
        })
    }
}

/// The questions that are left for the user.
pub(crate) fn open_questions(
    questions: &[Question],
    device: &Device,
    app: (&str, &str),
    now: DateTime<Utc>,
) -> Vec<Question> {
    questions.iter().filter(|question| device.reply(question, app, now).is_none()).cloned().collect()
}

/// One answer for each question, in their order: the user's where there is one, else the program's.
pub(crate) fn complete(
    questions: &[Question],
    answers: &Answers,
    device: &Device,
    app: (&str, &str),
    now: DateTime<Utc>,
) -> Result<Vec<ChallengeAnswer>, EngineError> {
    if answers.0.keys().any(|id| !questions.iter().any(|question| question.id() == id.as_str())) {
        let asked: Vec<_> = questions.iter().map(Question::id).collect();
        // Not which: where id and answer were given the wrong way round, it is the answer.
        return Err(EngineError::Answers(format!(
            "there is an answer to an id that no question has; the ids asked for are {}",
            asked.join(", ")
        )));
    }
    let mut missing = Vec::new();
    let mut all = Vec::new();
    for question in questions {
        let given = answers.0.get(question.id()).cloned();
        match given.or_else(|| device.reply(question, app, now)) {
            Some(answer) => all.push(ChallengeAnswer::new(question.id(), answer)),
            None => missing.push(question.id()),
        }
    }
    if !missing.is_empty() {
        return Err(EngineError::Answers(format!(
            "no answer was given to {}; answer each question once",
            missing.join(", ")
        )));
    }
    for answer in &all {
        crate::ofx::credential("MFAPHRASEA", answer.answer.expose(), 64)
            .map_err(|error| EngineError::Answers(format!("the answer to {} cannot be sent: {error}", answer.id)))?;
    }
    Ok(all)
}
