//! A client in some state, and the files it would send.

use chrono::{DateTime, Utc};
use ofx_session::engine::{Application, Credentials, Institution, Intent, Operation, Outcome, Seed, State, Step};
use ofx_session::ofx::{PaymentRequest, Request, Style};
use ofx_session::{Error, Version};
use zeroize::Zeroizing;

use super::{Problem, Result, answers};

/// The bytes of a request file.
pub type File = Zeroizing<Vec<u8>>;

/// One client of one institution, in one version.
pub struct Scene {
    pub version: Version,
    pub state: State,
    pub credentials: Credentials,
    number: u8,
    operations: u8,
}

/// The clock of all scenes, so that the same files come out each time.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_608_000, 0).unwrap_or_default()
}

impl Scene {
    /// A client that never spoke to the institution. The number makes its identifiers.
    pub fn new(version: Version, number: u8) -> Self {
        let institution = Institution::new(URL).org("EXAMPLE").fid("7777").version(version);
        Self {
            version,
            state: state(institution, Application::new("QWIN", "2700")),
            credentials: Credentials::new("jane", "correct horse"),
            number,
            operations: 0,
        }
    }

    /// The same client at an institution that is described otherwise.
    pub fn at(&mut self, change: impl FnOnce(Institution) -> Institution) {
        let institution = Institution::new(URL).version(self.version);
        self.state = state(change(institution), Application::new("QWIN", "2700"));
    }

    /// The same institution, with documents laid out in another way.
    pub fn style(&mut self, style: Style) {
        self.at(|institution| institution.org("EXAMPLE").fid("7777").style(style));
    }

    pub fn application(&mut self, application: Application) {
        let institution = Institution::new(URL).org("EXAMPLE").fid("7777").version(self.version);
        self.state = state(institution, application);
    }

    /// Makes the request, with its identifiers.
    pub fn begin(&mut self, intent: Intent) -> Result<Operation> {
        self.operations += 1;
        // A program takes 16 bytes of a cryptographic random source, and never the same ones again.
        let mut random = [0; 16];
        random[0] = self.number;
        random[1] = self.operations;
        random[2..4].copy_from_slice(&self.version.number().to_be_bytes());
        let seed = Seed::new(random).of_client(CLIENT_UID);
        let (operation, _) = Operation::begin(intent, &self.state, seed, now())?;
        Ok(operation)
    }

    /// The institution's answer to the file that an operation has sent.
    pub fn hear(&mut self, operation: Operation, answer: &str) -> Result<Operation> {
        let (operation, step) = operation.handle_response(&mut self.state, answer.as_bytes(), now())?;
        match step {
            Step::Done(Outcome::Refused(refusal)) => Err(Error::from(refusal).into()),
            _ => Ok(operation),
        }
    }

    /// What the operation would send now.
    pub fn file(&self, operation: &Operation) -> Result<File> {
        let file = operation.render(&self.credentials, &self.state, now())?;
        file.ok_or_else(|| Problem::from("the operation has nothing to send"))
    }

    /// What an operation would send first. What it asks for must be in it as it was asked for.
    pub fn render(&mut self, intent: Intent) -> Result<File> {
        let asked = asked(&intent);
        let operation = self.begin(intent)?;
        if asked.is_some_and(|asked| operation.requests(&self.state).ok() != Some(vec![asked])) {
            return Err("what was written reads as something else than what was asked for".into());
        }
        self.file(&operation)
    }

    /// The institution's profile: everything is offered, a history is kept, answers are saved.
    pub fn learn_profile(&mut self, questions_first: bool) -> Result<()> {
        let operation = self.begin(Intent::Profile)?;
        self.hear(operation, &answers::profile(questions_first)).map(|_| ())
    }

    /// The list of accounts, with whatever its signon brings.
    pub fn learn_accounts(&mut self) -> Result<()> {
        let operation = self.begin(Intent::Accounts)?;
        self.hear(operation, &answers::accounts()).map(|_| ())
    }
}

fn state(institution: Institution, application: Application) -> State {
    State::new(institution, application, CLIENT_UID)
}

fn asked(intent: &Intent) -> Option<Request> {
    match intent {
        Intent::Pay(payment) => Some(PaymentRequest::new((**payment).clone()).into()),
        Intent::Request { request, .. } => Some((**request).clone()),
        _ => None,
    }
}

const URL: &str = "https://ofx.example.com/ofx";

/// Made once for each installation of a program.
const CLIENT_UID: &str = "5f0c2b1e-9d64-4c1b-8a57-0e3d2f6b7a91";
