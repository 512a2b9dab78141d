//! A driver of the engine in memory: an honest institution, and answers a test puts in the place of its own.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use ofx_session::engine::{
    Answers, Application, Challenge, Credentials, Doubt, EngineError, Institution, Intent, Operation, Outcome, Receipt,
    Refusal, Seed, State, Step,
};
use ofx_session::error::Delivery;
use ofx_session::ofx::{
    AccountType, BankAccount, Document, Element, FileUid, Header, Limits, Payee, Payment, Style, TrnUid, Version,
};
use ofx_session::testing::{Bank, BankBuilder, BankModel, Endpoint};
use rust_decimal::Decimal;

pub(crate) const MAIN: &str = "https://ofx.bank.example/ofx";
pub(crate) const BILL_PAY: &str = "https://pay.bank.example/billpay";

/// No questions.
pub(super) fn easy() -> BankBuilder {
    Bank::builder().user("jane", "correct horse")
}

/// Two questions for the user.
pub(super) fn questioning() -> BankBuilder {
    easy().question("MFA16", None, "Garcia").question("BRQ7", Some("In which town did you open it?"), "Newport")
}

pub(super) fn right() -> Answers {
    Answers::new().with("MFA16", "Garcia").with("BRQ7", "Newport")
}

pub(super) fn wrong() -> Answers {
    Answers::new().with("MFA16", "Garcia").with("BRQ7", "Oldport")
}

pub(super) fn payment() -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor & Sons", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let due = NaiveDate::from_ymd_opt(2026, 1, 23).unwrap();
    Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due).memo("Invoice <3391> & more")
}

/// What the institution, or the network, does with one file.
pub(super) enum Reply {
    Body(Vec<u8>),
    Failed(Delivery),
}

type Script = Box<dyn FnOnce(&mut BankModel, &Sent) -> Reply>;

/// One file that was sent.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) url: String,
    pub(super) bytes: Vec<u8>,
    pub(super) document: Document,
}

impl Sent {
    fn read(url: &str, bytes: &[u8]) -> Self {
        let document = Document::decode(bytes, &Limits::new()).unwrap();
        Self { url: url.to_owned(), bytes: bytes.to_vec(), document }
    }

    /// Everything behind `</SONRQ>`.
    pub(super) fn tail(&self) -> &[u8] {
        let end = b"</SONRQ>";
        let at = self.bytes.windows(end.len()).position(|window| window == end).unwrap();
        &self.bytes[at + end.len()..]
    }

    pub(super) fn file_uid(&self) -> &str {
        self.document.header().new_file_uid().as_str()
    }

    /// A leaf of the signon.
    pub(super) fn signon(&self, tag: &str) -> Option<&str> {
        self.document.find("/OFX/SIGNONMSGSRQV1/SONRQ").unwrap().value(tag)
    }

    /// `(id, answer)` of each answer in the signon.
    pub(super) fn answers(&self) -> Vec<(&str, &str)> {
        let signon = self.document.find("/OFX/SIGNONMSGSRQV1/SONRQ").unwrap();
        signon
            .children_named("MFACHALLENGEANSWER")
            .map(|one| (one.value("MFAPHRASEID").unwrap(), one.value("MFAPHRASEA").unwrap()))
            .collect()
    }

    pub(super) fn asks_questions(&self) -> bool {
        self.document.find("/OFX/SIGNONMSGSRQV1/MFACHALLENGETRNRQ").is_some()
    }

    pub(super) fn trn_uid(&self) -> &str {
        let sets = self.document.root().children();
        let inside = sets.iter().flat_map(Element::children);
        let inside =
            inside.flat_map(|one| if one.tag() == "PMTSYNCRQ" { one.children() } else { std::slice::from_ref(one) });
        let found = inside.into_iter().find(|element| element.tag().ends_with("TRNRQ"));
        found.and_then(|element| element.value("TRNUID")).unwrap()
    }
}

pub(super) struct Scenario {
    pub(super) bank: BankModel,
    pub(super) state: State,
    pub(super) credentials: Credentials,
    pub(super) sent: Vec<Sent>,
    pub(super) operation: Option<Operation>,
    version: Version,
    scripts: VecDeque<Script>,
    now: DateTime<Utc>,
    seeds: u8,
}

impl Scenario {
    pub(super) fn new(bank: BankBuilder) -> Self {
        Self::speaking(Version::V211, bank)
    }

    /// One whose promises are known, and nothing was sent since.
    pub(super) fn with_profile(bank: BankBuilder) -> Self {
        let mut scenario = Self::new(bank);
        scenario.run(Intent::Profile).unwrap();
        scenario.sent.clear();
        scenario
    }

    pub(super) fn speaking(version: Version, bank: BankBuilder) -> Self {
        Self::at(Institution::new(MAIN).version(version), version, bank)
    }

    pub(super) fn at(institution: Institution, version: Version, bank: BankBuilder) -> Self {
        Self {
            bank: bank.build_model(),
            state: State::new(institution, Application::new("QWIN", "2700"), "7C1E9A54-0B1D-4C5E-8F00-112233445566"),
            credentials: Credentials::new("jane", "correct horse"),
            sent: Vec::new(),
            operation: None,
            version,
            scripts: VecDeque::new(),
            now: DateTime::from_timestamp(1_767_607_200, 0).unwrap(),
            seeds: 0,
        }
    }

    /// What happens to the next file instead of the honest answer.
    pub(super) fn then(&mut self, script: impl FnOnce(&mut BankModel, &Sent) -> Reply + 'static) {
        self.scripts.push_back(Box::new(script));
    }

    /// The institution answers this to the next file, and does nothing.
    pub(super) fn then_says(&mut self, answer: impl FnOnce(&Sent) -> Said + 'static) {
        let version = self.version;
        self.then(move |_, sent| Reply::Body(answer(sent).bytes(version)));
    }

    /// The next file is carried out and its answer lost.
    pub(super) fn then_loses_the_answer(&mut self) {
        self.then(|bank, sent| {
            honest(bank, sent);
            Reply::Failed(Delivery::Unknown)
        });
    }

    /// The institution answers honestly.
    pub(super) fn then_is_honest(&mut self) {
        self.then(|bank, sent| Reply::Body(honest(bank, sent)));
    }

    pub(super) fn run(&mut self, intent: Intent) -> Result<Step, EngineError> {
        self.seeds += 1;
        let (operation, step) = Operation::begin(intent, &self.state, Seed::new([self.seeds; 16]), self.now)?;
        self.drive(operation, step)
    }

    pub(super) fn pay(&mut self) -> Result<Step, EngineError> {
        self.run(Intent::Pay(Box::new(payment())))
    }

    pub(super) fn answer(&mut self, answers: &Answers) -> Result<Step, EngineError> {
        let operation = self.operation.take().unwrap();
        let (operation, step) = operation.handle_answer(&self.state, answers, self.now)?;
        self.drive(operation, step)
    }

    pub(super) fn repeat(&mut self) -> Result<Step, EngineError> {
        let operation = self.operation.take().unwrap();
        let (operation, step) = operation.repeat_in_doubt(&self.state, self.now)?;
        self.drive(operation, step)
    }

    /// Goes on with what could not be sent.
    pub(super) fn proceed(&mut self) -> Result<Step, EngineError> {
        let operation = self.operation.take().unwrap();
        let step = operation.step(&self.state, self.now);
        self.drive(operation, step)
    }

    pub(super) fn reconcile(&mut self) -> Result<Step, EngineError> {
        let operation = self.operation.clone().unwrap();
        let (operation, step) = operation.reconcile(&self.state, self.now)?;
        self.drive(operation, step)
    }

    fn drive(&mut self, mut operation: Operation, mut step: Step) -> Result<Step, EngineError> {
        assert_eq!(operation.step(&self.state, self.now), step, "the step can be asked for again");
        while let Step::Send(transmit) = &step {
            self.now += TimeDelta::seconds(1);
            let (_, bytes) = transmit.clone().prepare(&self.credentials, &self.state, self.now)?;
            let sent = Sent::read(transmit.url(), &bytes);
            self.sent.push(sent.clone());
            let reply = match self.scripts.pop_front() {
                Some(script) => script(&mut self.bank, &sent),
                None => Reply::Body(honest(&mut self.bank, &sent)),
            };
            (operation, step) = match reply {
                Reply::Body(body) => operation.handle_response(&mut self.state, &body, self.now)?,
                Reply::Failed(delivery) => operation.handle_failure(&self.state, delivery, "lost", self.now),
            };
            assert_eq!(operation.step(&self.state, self.now), step, "the step can be asked for again");
        }
        self.operation = Some(operation);
        Ok(step)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Nothing was done that the specification forbids, and so many payments were made.
    pub(super) fn clean(&self, payments: usize) {
        assert_eq!(self.bank.violations(), Vec::<String>::new().as_slice());
        assert_eq!(self.bank.payments_made(), payments);
    }

    pub(super) fn last(&self) -> &Sent {
        self.sent.last().unwrap()
    }
}

pub(super) fn honest(bank: &mut BankModel, sent: &Sent) -> Vec<u8> {
    let endpoint = if sent.url == BILL_PAY { Endpoint::BillPay } else { Endpoint::Main };
    bank.answer(endpoint, &sent.bytes).unwrap()
}

pub(super) fn paid(step: Result<Step, EngineError>) -> Receipt {
    match step {
        Ok(Step::Done(Outcome::Paid(receipt))) => *receipt,
        other => panic!("not paid: {other:?}"),
    }
}

pub(super) fn asked(step: Result<Step, EngineError>) -> Challenge {
    match step {
        Ok(Step::Ask(challenge)) => challenge,
        other => panic!("nothing asked: {other:?}"),
    }
}

pub(super) fn refused(step: Result<Step, EngineError>) -> Refusal {
    match step {
        Ok(Step::Done(Outcome::Refused(refusal))) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub(super) fn unknown(step: Result<Step, EngineError>) -> Doubt {
    match step {
        Ok(Step::Done(Outcome::Unknown(doubt))) => doubt,
        other => panic!("not unknown: {other:?}"),
    }
}

pub(super) fn ids(challenge: &Challenge) -> Vec<&str> {
    challenge.questions().iter().map(|question| question.id()).collect()
}

/// An answer that a test makes up: the signon's status, and whatever else it likes.
pub(super) struct Said {
    signon: Vec<Element>,
    beside: Vec<Element>,
    sets: Vec<Element>,
}

impl Said {
    pub(super) fn new(code: u32, severity: &str) -> Self {
        let leaf = Element::leaf;
        let signon = vec![status(code, severity), leaf("DTSERVER", "20260105100000"), leaf("LANGUAGE", "ENG")];
        Self { signon, beside: Vec::new(), sets: Vec::new() }
    }

    /// One more leaf of the signon response.
    pub(super) fn signon(mut self, tag: &'static str, value: &str) -> Self {
        self.signon.push(Element::leaf(tag, value));
        self
    }

    /// Something beside the signon response, in its set.
    pub(super) fn beside(mut self, element: Element) -> Self {
        self.beside.push(element);
        self
    }

    pub(super) fn set(mut self, tag: &'static str, transactions: Vec<Element>) -> Self {
        self.sets.push(Element::aggregate(tag, transactions));
        self
    }

    pub(super) fn payments(self, transactions: Vec<Element>) -> Self {
        self.set("BILLPAYMSGSRSV1", transactions)
    }

    pub(super) fn bytes(self, version: Version) -> Vec<u8> {
        let mut inside = vec![Element::aggregate("SONRS", self.signon)];
        inside.extend(self.beside);
        let mut all = vec![Element::aggregate("SIGNONMSGSRSV1", inside)];
        all.extend(self.sets);
        let header = Header::new(version).file_uids(FileUid::none(), FileUid::new("1"));
        Document::new(header, Element::aggregate("OFX", all)).encode(&Style::new()).unwrap().to_vec()
    }
}

pub(super) fn status(code: u32, severity: &str) -> Element {
    let mut inside = vec![Element::leaf("CODE", code.to_string())];
    if !severity.is_empty() {
        inside.push(Element::leaf("SEVERITY", severity));
    }
    inside.push(Element::leaf("MESSAGE", "our words"));
    Element::aggregate("STATUS", inside)
}

/// `xxxTRNRS` under a `TRNUID` with a status and perhaps a body.
pub(super) fn transaction(tag: &'static str, trn_uid: &str, code: u32, body: Option<Element>) -> Element {
    let mut inside = vec![Element::leaf("TRNUID", trn_uid), status(code, if code < 2000 { "INFO" } else { "ERROR" })];
    inside.extend(body);
    Element::aggregate(tag, inside)
}

/// The acceptance of the payment that `sent` asks for.
pub(super) fn acceptance(sent: &Sent) -> Element {
    acceptance_as("4711", sent)
}

/// The acceptance under another `SRVRTID`.
pub(super) fn acceptance_as(server_id: &str, sent: &Sent) -> Element {
    let paths = ["PMTTRNRQ/PMTRQ/PMTINFO", "PMTSYNCRQ/PMTTRNRQ/PMTRQ/PMTINFO"];
    let set = sent.document.find("/OFX/BILLPAYMSGSRQV1").unwrap();
    let info = paths.iter().find_map(|path| set.find(path)).unwrap().clone();
    Element::aggregate("PMTRS", vec![Element::leaf("SRVRTID", server_id), Element::leaf("CURDEF", "USD"), info])
}

/// The questions, under a `TRNUID`.
pub(super) fn questions(trn_uid: &str, ids: &[&str]) -> Element {
    let one = |id: &&str| Element::aggregate("MFACHALLENGE", vec![Element::leaf("MFAPHRASEID", *id)]);
    let list = Element::aggregate("MFACHALLENGERS", ids.iter().map(one).collect());
    transaction("MFACHALLENGETRNRS", trn_uid, 0, Some(list))
}

pub(super) fn trn_uid(sent: &Sent) -> TrnUid {
    TrnUid::new(sent.trn_uid())
}
