//! Every operation of the bill-payment service, paused at every place and with every answer lost, ends as if nothing had happened.

use chrono::DateTime;
use ofx_session::ofx::{
    AccountRef, ListedPayee, Mail, ModelCancellation, ModelModification, PayeeModification, PaymentCancellation,
    PaymentInquiry, PaymentMail, PaymentModification, RecurringModel, Request, Service, ServiceChange, ServiceRequest,
    Stamp, SyncKind, SyncMode, UserInfo,
};
use ofx_session::testing::{AccessKeys, BankBuilder, BankModel, LedgerEntry};
use ofx_session::{
    AccountType, BankAccount, Blob, Client, Completed, Credentials, Error, Frequency, Institution, Intent,
    PayeeAddition, Progress, Recurrence, RecurringPayment, Session, Situation, StatusCode, Version,
};

use super::line::{
    Fate, Line, MAIN, client, context, easy, jane, keys, now, pause, payment, questioning, reread, right,
};
use super::shapes::content;

const NEW_PASSWORD: &str = "battery staple";

fn with_both() -> Credentials {
    jane().new_password(NEW_PASSWORD)
}

/// An operation under way, and the institution as it is then.
struct Flow {
    name: &'static str,
    blob: Blob,
    bank: BankModel,
}

/// What the institution has in the end.
#[derive(Debug, PartialEq)]
struct Books {
    ledger: Vec<LedgerEntry>,
    payees: Vec<ListedPayee>,
    models: Vec<RecurringModel>,
    info: Option<UserInfo>,
    /// How much there is in the histories of mail and services.
    told: [usize; 2],
    password_is_new: bool,
}

impl Books {
    fn of(bank: &BankModel) -> Self {
        let (mut ledger, mut payees) = (bank.payments().to_vec(), bank.payee_list("jane"));
        let (mut models, info) = (bank.recurring_payments("jane"), bank.user_info("jane"));
        // Its clock and its numbers go on with each file.
        for entry in &mut ledger {
            entry.accepted = DateTime::UNIX_EPOCH;
            (entry.server_id, entry.payment.payee_list_id) = (String::new(), None);
            entry.model_id = entry.model_id.take().map(|_| String::new());
        }
        payees.iter_mut().for_each(|payee| payee.list_id.clear());
        for model in &mut models {
            model.model_id.clear();
            (model.payee_list_id, model.payment.payee_list_id) = (None, None);
        }
        let password_is_new = takes(bank, NEW_PASSWORD);
        let password = if password_is_new { NEW_PASSWORD } else { "correct horse" };
        let told = [SyncKind::PaymentMail, SyncKind::Services].map(|kind| {
            let mut session = client(&Line::new(bank.clone())).open(Credentials::new("jane", password)).unwrap();
            let asked = Intent::Synchronize { kind, account: None, from: None };
            answered(&mut session, asked).changes().unwrap().changes.len()
        });
        Self { ledger, payees, models, info, told, password_is_new }
    }
}

/// Whether a copy of the institution lets somebody in with this password.
fn takes(bank: &BankModel, password: &str) -> bool {
    let line = Line::new(bank.clone());
    let mut session = client(&line).open(Credentials::new("jane", password)).unwrap();
    let refused = now(session.accounts()).err().and_then(|error| error.status());
    refused != Some(StatusCode::SIGNON_INVALID)
}

/// What is asked for behind a payment and a recurring payment that were made before.
fn intents(paid: &str, model: &str, list_id: &str) -> Vec<(&'static str, Intent)> {
    let recurring = |count| RecurringPayment::new(Recurrence::times(count, Frequency::Monthly), payment());
    let from = || Some(payment().from.clone());
    let of = |request: Request, account| Intent::Request { request: Box::new(request), account };
    let savings = BankAccount::new("999888777", "1000002", AccountType::Savings);
    let mail = Mail::new("jane", Stamp::new("20260105"), "Jane", "Bank", "Lost", "Where is it?");
    let change = PaymentModification::new(paid, payment().memo("another"));
    let model_change = ModelModification::new(model, Recurrence::times(3, Frequency::Weekly), payment(), true);
    let addition = PayeeAddition::new(payment().payee.clone()).pay_account("A-1");
    let inquiry = Request::from(PaymentInquiry::new(paid));
    let sync = |kind| Intent::Synchronize { kind, account: from(), from: None };
    let several = vec![
        Intent::Pay(Box::new(payment().memo("of several"))),
        Intent::Accounts,
        of(addition.clone().into(), None),
        sync(SyncKind::Payees),
        inquiry.clone().into(),
    ];
    vec![
        ("payment", Intent::Pay(Box::new(payment().memo("a second one")))),
        ("payment changed", of(change.into(), from())),
        ("payment cancelled", of(PaymentCancellation::new(paid).into(), from())),
        ("payment asked about", inquiry.into()),
        ("recurring payment", of(recurring(12).into(), None)),
        ("recurring payment changed", of(model_change.into(), None)),
        ("recurring payment ended", of(ModelCancellation::new(model, true).into(), from())),
        ("payee", of(addition.into(), None)),
        ("payee changed", of(PayeeModification::new(list_id, None).pay_account("A-2").into(), None)),
        ("payee deleted", of(ofx_session::ofx::PayeeDeletion::new(list_id).into(), None)),
        ("user's data", of(UserInfo::new().first_name("Jane").last_name("Doe").into(), None)),
        (
            "service",
            of(ServiceRequest::new(ServiceChange::Add(AccountRef::from(savings)), Service::BillPay).into(), None),
        ),
        ("mail", of(PaymentMail::new(mail).into(), None)),
        ("payments synchronized", sync(SyncKind::Payments)),
        ("payees synchronized", sync(SyncKind::Payees)),
        ("several", Intent::Batch(several)),
        ("password", Intent::ChangePassword),
    ]
}

/// Every operation, prepared and not sent.
fn flows(bank: &BankBuilder) -> Vec<Flow> {
    let line = Line::new(bank.clone().everything().sync_mode(SyncMode::Full).file_recovery(true).build_model());
    let mut first = client(&line).open(with_both()).unwrap();
    let paid = answered(&mut first, Intent::Pay(Box::new(payment()))).receipt().unwrap().id().to_owned();
    let monthly = RecurringPayment::new(Recurrence::endless(Frequency::Monthly), payment());
    let model = answered(&mut first, monthly.into()).confirmed::<RecurringModel>().unwrap();
    let listed = answered(&mut first, PayeeAddition::new(payment().payee.clone()).into());
    let list_id = listed.confirmed::<ListedPayee>().unwrap().list_id.clone();
    let start = first.close().unwrap().deconstruct(&keys(), &context()).unwrap();
    let prepared = |(name, intent)| {
        let client = Client::restore(&start, &keys(), &context()).unwrap().transport(line.clone());
        // Every flow is asked its questions by itself.
        let mut session = client.open(with_both()).unwrap();
        now(session.prepare(intent)).unwrap();
        Flow { name, blob: pause(session), bank: line.wire().bank.clone() }
    };
    intents(&paid, &model.model_id, &list_id).into_iter().map(prepared).collect()
}

/// Made, whatever is asked on the way.
fn answered(session: &mut Session, intent: Intent) -> Completed {
    now(session.prepare(intent)).unwrap();
    let mut progress = now(session.proceed()).unwrap();
    loop {
        progress = match progress {
            Progress::Done(completed) => return completed,
            Progress::Ask(_) => now(session.answer(right())).unwrap(),
            other => panic!("{other:?}"),
        };
    }
}

/// Through two blobs: the same comes back, and nothing is lost on the way.
fn again(session: Session, line: &Line) -> Session {
    let (situation, trn_uid, can) = (session.situation(), session.trn_uid(), session.can_reconcile());
    let longest = session.longest_pause();
    let resume = |paused: ofx_session::Paused| {
        assert_eq!(Some(paused.situation()), situation);
        assert_eq!(Some(paused.trn_uid()), trn_uid);
        assert_eq!(paused.can_reconcile(), can);
        let session = paused.transport(line.clone()).open_risking_a_second_payment(with_both()).unwrap();
        assert_eq!(session.longest_pause(), longest);
        session
    };
    let session = resume(reread(&pause(session)));
    // What had no token asks for the whole history from now on, and else nothing changes any more.
    let first = session.pause_plain_including_private().unwrap();
    let session = resume(Client::resume_plain(&first).unwrap());
    let second = session.pause_plain_including_private().unwrap();
    assert_eq!(content(&first), content(&second));
    resume(Client::resume_plain(&second).unwrap())
}

impl Flow {
    fn resume(&self, line: &Line) -> Session {
        let paused = reread(&self.blob);
        paused.transport(line.clone()).open_risking_a_second_payment(with_both()).unwrap()
    }

    /// Runs to the end on a line with trouble; one in doubt is found out about. Goes through blobs at each place that the line says,
    /// and after each trouble.
    fn run(&self, line: &Line) -> Result<Completed, Error> {
        let mut session = self.resume(line);
        let requests = reread(&self.blob).requests();
        let mut progress = now(session.proceed());
        for _ in 0..20 {
            progress = match progress {
                Ok(Progress::Done(completed)) => return Ok(completed),
                Ok(Progress::Ask(challenge)) => {
                    session = if line.pauses_here() { again(session, line) } else { session };
                    assert_eq!(session.questions(), challenge.questions(), "{}", self.name);
                    now(session.answer(right()))
                }
                Ok(Progress::Approve(approval)) => {
                    assert_eq!(approval.client_uid, session.client().client_uid());
                    session = if line.pauses_here() { again(session, line) } else { session };
                    line.wire().bank.approve_clients();
                    now(session.proceed())
                }
                Ok(Progress::Unknown(_)) => {
                    session = again(session, line);
                    now(session.reconcile())
                }
                Err(error) if session.situation().is_none() => return Err(error),
                Err(_) => {
                    session = again(session, line);
                    match session.situation() {
                        Some(Situation::AwaitingAnswers(_)) => now(session.answer(right())),
                        Some(Situation::InDoubt(_)) => now(session.reconcile()),
                        _ => now(session.proceed()),
                    }
                }
                other => panic!("{}: {other:?}", self.name),
            };
            if session.situation().is_some() {
                let kind = session.kind();
                assert_eq!(session.requests(), requests, "{}", self.name);
                let paused = reread(&pause(session));
                assert_eq!(Some(paused.kind()), kind, "{}", self.name);
                assert_eq!(paused.requests(), requests, "{}", self.name);
                session = paused.transport(line.clone()).open_risking_a_second_payment(with_both()).unwrap();
            }
        }
        panic!("{}: no end", self.name)
    }

    /// At each place where it can be paused, at every two, and at all.
    fn pauses_anywhere(&self) -> u32 {
        let line = Line::new(self.bank.clone());
        let (completed, books) = (self.run(&line).unwrap(), Books::of(&line.wire().bank));
        let places = line.wire().places;
        let all = (1 << places) - 1;
        // More than two at once only all at once.
        for pauses in (1..=all).filter(|pauses: &u32| pauses.count_ones() <= 2 || *pauses == all) {
            let line = Line::pausing(self.bank.clone(), pauses);
            let found = self.run(&line).unwrap();
            assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&completed), "{}", self.name);
            assert_eq!(Books::of(&line.wire().bank), books, "{} paused at {pauses:b}", self.name);
            self.sent_nothing_else(&line);
        }
        places
    }

    /// The same request under the same identifiers, and nothing that the specification forbids.
    fn sent_nothing_else(&self, line: &Line) {
        let wire = line.wire();
        assert_eq!(wire.bank.violations(), Vec::<String>::new().as_slice(), "{}", self.name);
        let start = format!("<TRNUID>{}", reread(&self.blob).trn_uid().as_str());
        let texts = wire.sent.iter().map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap());
        let requests = texts.filter_map(|text| {
            let (_, rest) = text.split_once(&start)?;
            rest.split_once("TRNRQ>").map(|(request, _)| request.to_owned())
        });
        let requests: Vec<_> = requests.collect();
        assert!(requests.iter().all(|request| *request == requests[0]), "{}: {requests:?}", self.name);
    }
}

#[test]
fn every_operation_ends_the_same_wherever_it_is_paused() {
    for flow in flows(&easy()) {
        assert!((1..=2).contains(&flow.pauses_anywhere()), "{}", flow.name);
    }
}

#[test]
fn so_it_does_through_questions() {
    for flow in flows(&questioning().access_keys(AccessKeys::Never)) {
        let places = flow.pauses_anywhere();
        assert!((4..=8).contains(&places), "{}: {places}", flow.name);
    }
}

#[test]
fn so_it_does_while_the_client_waits_for_approval() {
    for mut flow in flows(&easy()) {
        flow.bank.require_approval();
        let line = Line::pausing(flow.bank.clone(), u32::MAX);
        let completed = flow.run(&line).unwrap();
        let reference = flow.run(&Line::new(flow.bank.clone())).unwrap();
        assert_eq!(std::mem::discriminant(&completed), std::mem::discriminant(&reference), "{}", flow.name);
        let refused = line.wire().sent.len();
        assert!(refused >= 2, "{}: approved before it was sent", flow.name);
        flow.sent_nothing_else(&line);
    }
}

#[test]
fn every_operation_ends_the_same_whichever_file_or_answer_is_lost() {
    for bank in [easy(), questioning().access_keys(AccessKeys::Never)] {
        for flow in flows(&bank) {
            let line = Line::new(flow.bank.clone());
            let (_, books) = (flow.run(&line).unwrap(), Books::of(&line.wire().bank));
            let files = line.wire().sent.len();
            for lost in 0..files {
                for fate in [Fate::LostBefore, Fate::LostAfter, Fate::Says(b"<OFX><A>1".to_vec())] {
                    let line = Line::new(flow.bank.clone());
                    line.then(vec![Fate::Honest; lost]);
                    line.then([fate.clone()]);
                    let ended = flow.run(&line);
                    let (found, what) = (Books::of(&line.wire().bank), format!("{} {lost} {fate:?}", flow.name));
                    match ended {
                        Ok(_) => assert_eq!(found, books, "{what}"),
                        // The old password is the password: that is what was found out.
                        Err(error) => {
                            assert_eq!(error.status(), Some(StatusCode::PASSWORD_NOT_CHANGED), "{what}: {error}");
                            assert!(flow.name == "password" && !found.password_is_new, "{what}");
                            assert!(takes(&line.wire().bank, "correct horse"), "{what}");
                        }
                    }
                    flow.sent_nothing_else(&line);
                }
            }
        }
    }
}

/// In a blob, a byte beyond ASCII takes two.
#[test]
fn what_is_sent_fits_into_a_blob_while_it_is_in_doubt() {
    for (letters, fits) in [(5_500, true), (9_000, false)] {
        let line = Line::new(easy().everything().build_model());
        let institution = Institution::new(MAIN).version(Version::V230);
        let made = Client::builder(institution).transport(line.clone()).build().unwrap();
        let mut session = made.open(jane()).unwrap();
        now(session.accounts()).unwrap().done().unwrap();
        let today = Stamp::moment(DateTime::UNIX_EPOCH);
        let body = "\u{1f4b6}".repeat(letters);
        let mail = Mail::new("jane", today, "Jane Doe", "Harbor Federal", "Hello", &body).use_html(true);
        line.then([Fate::LostAfter]);
        let progress = now(session.send_payment_mail(&PaymentMail::new(mail)));
        if fits {
            assert!(matches!(progress, Ok(Progress::Unknown(_))), "{progress:?}");
            assert!(matches!(reread(&pause(session)).situation(), Situation::InDoubt(_)));
        } else {
            let error = progress.unwrap_err();
            assert!(error.to_string().contains("more than 48 KiB"), "{error}");
            assert!(session.situation().is_none());
        }
    }
}
