//! `Debug` of the engine's own types, for whoever drives it by hand and writes down where it stands: at every step of every kind of
//! operation, in doubt, and of what is on its way.

use chrono::{DateTime, TimeDelta, Utc};
use ofx_session::engine::{Answers, Application, Device, Operation, Seed, State, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{PaymentCancellation, Request};
use ofx_session::testing::{BankModel, Endpoint};
use ofx_session::{Institution, Intent, PayeeAddition, SyncKind, Version};

use super::hay::Hay;
use super::{
    ANSWER, APP_KEY, AUTH_TOKEN, CRED1, CRED2, NEW_PASSWORD, PASSWORD, PAY_ACCOUNT, PRIVATE, QUERY, SECOND_ANSWER,
    builder, credentials, given, payment,
};

/// What the program answers about itself.
const DEVICE: &str = "cAnArY-device-21";

struct Engine {
    hay: Hay,
    bank: BankModel,
    state: State,
    wire: Vec<u8>,
    now: DateTime<Utc>,
    seeds: u8,
    /// The answer to the next file that counts is lost.
    loses: bool,
}

impl Engine {
    fn new() -> Self {
        let url = format!("https://ofx.bank.example/ofx?token={QUERY}");
        let institution = Institution::new(url).version(Version::V230).ignore_profile_urls();
        let application = Application::new("QWIN", "2700").key(APP_KEY);
        let state = State::new(institution, application, "7C1E9A54-0B1D-4C5E-8F00-112233445566");
        Self {
            hay: Hay::default(),
            bank: builder().program_question("MFA102").separate_bill_pay_url(false).build_model(),
            state: state.device(Device::new().host_name(DEVICE)),
            wire: Vec::new(),
            now: DateTime::from_timestamp(1_767_607_200, 0).unwrap(),
            seeds: 0,
            loses: false,
        }
    }

    /// Writes down all that there is.
    fn note(&self, operation: &Operation, step: &Step) {
        self.hay.debug("a state", &self.state);
        self.hay.debug("an operation", operation);
        // A result holds what was asked for.
        let is_over = matches!(step, Step::Done(_));
        self.hay.debug(if is_over { "a record" } else { "a step" }, step);
        let situation = operation.situation(&self.state, self.now);
        self.hay.debug(if is_over { "a record" } else { "a situation" }, &situation);
    }

    /// From the beginning to the end, or to where it is in doubt.
    fn run(&mut self, intent: Intent) -> Operation {
        self.seeds += 1;
        let (operation, step) = Operation::begin(intent, &self.state, Seed::new([self.seeds; 16]), self.now).unwrap();
        self.drive(operation, step)
    }

    fn drive(&mut self, mut operation: Operation, mut step: Step) -> Operation {
        let credentials = credentials().auth_token(AUTH_TOKEN).new_password(NEW_PASSWORD).asking_for_user_key();
        let answers = Answers::new().with("MFA16", ANSWER).with("BRQ7", SECOND_ANSWER);
        for _ in 0..20 {
            self.note(&operation, &step);
            self.now += TimeDelta::seconds(1);
            (operation, step) = match step {
                Step::Send(transmit) => {
                    self.hay.debug("a file", &transmit);
                    let (interrupted, file) = transmit.prepare(&credentials, &self.state, self.now).unwrap();
                    self.hay.debug("an operation", &interrupted);
                    self.wire.extend_from_slice(&file);
                    let counts = String::from_utf8_lossy(&file).contains("<PMTRQ>");
                    let answer = self.bank.answer(Endpoint::Main, &file).unwrap();
                    self.wire.extend_from_slice(&answer);
                    if counts && std::mem::take(&mut self.loses) {
                        operation.handle_failure(&self.state, Delivery::Unknown, "lost", self.now)
                    } else {
                        operation.handle_response(&mut self.state, &answer, self.now).unwrap()
                    }
                }
                Step::Ask(_) => operation.handle_answer(&self.state, &answers, self.now).unwrap(),
                Step::Done(_) => return operation,
                step => panic!("nobody asked for {step:?}"),
            };
        }
        panic!("it goes on for ever: {operation:?}");
    }
}

#[test]
fn no_secret_is_in_debug_of_the_engine() {
    let mut engine = Engine::new();
    let account = Some(payment().from.clone());
    let cancellation: Request = PaymentCancellation::new("4711").into();
    let payee: Request = PayeeAddition::new(payment().payee.clone()).pay_account(PAY_ACCOUNT).into();
    engine.run(Intent::Profile);
    engine.run(Intent::Accounts);
    engine.run(Intent::Request { request: Box::new(cancellation), account: account.clone() });
    engine.run(Intent::from(payee.clone()));
    engine.run(Intent::Batch(vec![payee.into(), Intent::Pay(Box::new(payment()))]));
    engine.run(Intent::Synchronize { kind: SyncKind::Payments, account, from: None });
    engine.loses = true;
    let operation = engine.run(Intent::Pay(Box::new(payment())));
    assert!(operation.doubt().is_some());
    let (operation, step) = operation.reconcile(&engine.state, engine.now).unwrap();
    engine.drive(operation, step);
    engine.run(Intent::ChangePassword);

    let wire = String::from_utf8_lossy(&engine.wire).into_owned();
    let keys = [PASSWORD, NEW_PASSWORD, ANSWER, SECOND_ANSWER, CRED1, CRED2, AUTH_TOKEN, APP_KEY, DEVICE];
    for canary in keys.iter().chain(&PRIVATE) {
        assert!(wire.contains(canary), "{canary} was never on the wire");
    }
    for kind in ["a state", "an operation", "a step", "a situation", "a file", "a record"] {
        assert!(engine.hay.amount(kind) > 0, "nothing was collected of {kind}");
    }
    let given = given(&wire);
    assert!(given.len() >= 3, "{given:?}");
    let mut leaks = Vec::new();
    for canary in keys.into_iter().chain([QUERY]).chain(given.iter().map(String::as_str)) {
        leaks.extend(engine.hay.find(canary, |_| true));
    }
    for canary in PRIVATE {
        leaks.extend(engine.hay.find(canary, |kind| kind != "a record"));
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
