//! A program with books of its own, which it changes by what synchronizations tell and by nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ofx_session::error::Delivery;
use ofx_session::ofx::{
    Amount, Frequency, ModelCancellation, Payee, PayeeAddition, PayeeModification, PayeeRef, Payment,
    PaymentCancellation, PaymentState, Recurrence, RecurringPayment, Request, SyncMode,
};
use ofx_session::testing::{Bank, BankModel, Endpoint};
use ofx_session::transport::{self, Sending, Transport, TransportError};
use ofx_session::{
    AccountType, Answers, BankAccount, Blob, ChangeKind, Changes, Client, Completed, Context, Credentials, Doubt,
    Error, Institution, Intent, Key, KeyRing, Origin, Progress, Session,
};
use rust_decimal::Decimal;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Act {
    AddPayee(u8),
    ModifyPayee(usize),
    DeletePayee(usize),
    Pay {
        payee: u8,
        cents: u32,
    },
    PayListed {
        which: usize,
        cents: u32,
    },
    ModifyPayment {
        which: usize,
        cents: u32,
    },
    CancelPayment(usize),
    AskAfter(usize),
    AddRecurring {
        payee: u8,
        cents: u32,
    },
    CancelRecurring {
        which: usize,
        pending: bool,
    },
    AnotherClientPays(u8),
    AnotherClientAddsPayee(u8),
    PassDays(u32),
    /// The next request with a change in it is carried out, and nobody hears of it.
    LoseTheAnswer,
    /// The next one never arrives, and nobody hears of that either.
    LoseTheRequest,
    /// The institution asks its questions before the next request, which is paused and answered elsewhere.
    AskQuestions,
    Synchronize,
    /// The program stops, and goes on from what it stored last.
    Crash,
    /// The client goes through a blob.
    Deconstruct,
}

/// What the program knows of one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    payment: Payment,
    state: PaymentState,
}

#[derive(Clone, Debug, Default)]
struct Books {
    payees: BTreeMap<String, (Option<Payee>, Vec<String>)>,
    payments: BTreeMap<String, Known>,
    models: BTreeMap<String, Payment>,
}

pub(super) struct Program {
    wire: Wire,
    client: Option<Client>,
    books: Books,
    /// Blob and books, in one piece.
    stored: (Blob, Books),
    keys: KeyRing,
    context: Context,
    pub(super) asked: u32,
    crashed: bool,
}

impl Program {
    pub(super) fn new() -> Self {
        let bank = Bank::builder()
            .user("jane", "correct horse")
            .question("MFA16", None, "Garcia")
            .sync_mode(SyncMode::Full)
            .everything()
            .build_model();
        let wire = Wire { bank: Arc::new(Mutex::new(bank)), fault: Arc::default(), lost: Arc::default() };
        let (keys, context) = (KeyRing::new(Key::new(1, [7; 32]).unwrap()), Context::new("t", "u").unwrap());
        let build = || Client::builder(Institution::new("https://bank.example/ofx")).transport(wire.clone());
        let client = build().build().unwrap();
        let blob = build().build().unwrap().deconstruct(&keys, &context).unwrap();
        let stored = (blob, Books::default());
        Self { wire, client: Some(client), books: Books::default(), stored, keys, context, asked: 0, crashed: false }
    }

    pub(super) async fn does(&mut self, act: Act) {
        match act {
            Act::AddPayee(which) => {
                let request = PayeeAddition::new(payee(which)).pay_account(format!("A-{which}"));
                self.changes(Request::from(request).into()).await;
            }
            Act::ModifyPayee(which) => {
                let Some((id, (Some(mut payee), _))) = nth(&self.books.payees, which) else { return };
                payee.city = format!("{}x", payee.city.chars().take(20).collect::<String>());
                let request = PayeeModification::new(id, Some(payee)).pay_account("A-9");
                self.changes(Request::from(request).into()).await;
            }
            Act::DeletePayee(which) => {
                let Some((id, _)) = nth(&self.books.payees, which) else { return };
                self.changes(Request::from(ofx_session::ofx::PayeeDeletion::new(id)).into()).await;
            }
            Act::Pay { payee: which, cents } => self.pays(payment(payee(which), cents)).await,
            Act::PayListed { which, cents } => {
                let Some((id, (Some(payee), _))) = nth(&self.books.payees, which) else { return };
                self.pays(payment(payee, cents).payee_list_id(id)).await;
            }
            Act::ModifyPayment { which, cents } => {
                let Some((id, Known { mut payment, .. })) = nth(&self.books.payments, which) else { return };
                payment.amount = Amount::new(Decimal::new(i64::from(cents), 2));
                self.changes(Request::from(ofx_session::ofx::PaymentModification::new(id, payment)).into()).await;
            }
            Act::CancelPayment(which) => {
                let Some((id, known)) = nth(&self.books.payments, which) else { return };
                let request = Box::new(PaymentCancellation::new(id).into());
                self.changes(Intent::Request { request, account: Some(known.payment.from.clone()) }).await;
            }
            Act::AskAfter(which) => {
                let Some((id, _)) = nth(&self.books.payments, which) else { return };
                self.changes(Request::from(ofx_session::ofx::PaymentInquiry::new(id)).into()).await;
            }
            Act::AddRecurring { payee: which, cents } => {
                let monthly = Recurrence::times(3, Frequency::Monthly);
                let request = RecurringPayment::new(monthly, payment(payee(which), cents));
                self.changes(Request::from(request).into()).await;
            }
            Act::CancelRecurring { which, pending } => {
                let Some((id, payment)) = nth(&self.books.models, which) else { return };
                let request = Box::new(ModelCancellation::new(id, pending).into());
                self.changes(Intent::Request { request, account: Some(payment.from.clone()) }).await;
            }
            Act::AnotherClientPays(which) => {
                let _ = self.wire.bank().other_client_pays("jane", &payment(payee(which), 77));
            }
            Act::AnotherClientAddsPayee(which) => {
                let _ = self.wire.bank().other_client_asks("jane", PayeeAddition::new(payee(which)));
            }
            Act::PassDays(days) => self.wire.bank().pass_days(days),
            Act::LoseTheAnswer => *self.wire.fault.lock().unwrap() = Some(Fault::Answer),
            Act::LoseTheRequest => *self.wire.fault.lock().unwrap() = Some(Fault::Request),
            Act::AskQuestions => self.wire.bank().revoke_access_keys(),
            Act::Synchronize => self.synchronizes().await,
            Act::Crash => {
                let client = Client::restore(&self.stored.0, &self.keys, &self.context).unwrap();
                self.client = Some(client.transport(self.wire.clone()));
                self.books = self.stored.1.clone();
                self.crashed = true;
            }
            Act::Deconstruct => {
                let blob = self.client.take().unwrap().deconstruct(&self.keys, &self.context).unwrap();
                let client = Client::restore(&blob, &self.keys, &self.context).unwrap();
                self.client = Some(client.transport(self.wire.clone()));
            }
        }
    }

    async fn pays(&mut self, payment: Payment) {
        self.changes(Intent::Pay(Box::new(payment))).await;
    }

    /// Sees one request through to its end, whatever it meets. A refusal is an end, too.
    async fn changes(&mut self, intent: Intent) {
        let mut session = self.session();
        let progress = match session.prepare(intent).await {
            Ok(()) => session.proceed().await,
            Err(error) => Err(error),
        };
        self.sees_through(session, progress).await;
    }

    /// Takes all changes, and stores them together with the client.
    pub(super) async fn synchronizes(&mut self) {
        *self.wire.fault.lock().unwrap() = None;
        let account = account();
        for kind in
            [ofx_session::SyncKind::Payees, ofx_session::SyncKind::Payments, ofx_session::SyncKind::RecurringPayments]
        {
            let mut session = self.session();
            let account = Some(account.clone()).filter(|_| kind.is_of_account());
            session.prepare(Intent::Synchronize { kind, account, from: None }).await.unwrap();
            let progress = session.proceed().await;
            let changes = self.sees_through(session, progress).await.and_then(Completed::changes).unwrap();
            assert!(!changes.lost_sync && changes.unreadable.is_empty());
            self.applies(&changes);
            let mut session = self.session();
            session.acknowledge(&changes);
            self.client = Some(session.close().unwrap());
        }
        let blob = self.client.take().unwrap().deconstruct(&self.keys, &self.context).unwrap();
        let client = Client::restore(&blob, &self.keys, &self.context).unwrap();
        self.client = Some(client.transport(self.wire.clone()));
        self.stored = (blob, self.books.clone());
    }

    /// Payees, payments and recurring payments in the books.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.books.payees.len(), self.books.payments.len(), self.books.models.len())
    }

    pub(super) fn canceled(&self) -> usize {
        self.books.payments.values().filter(|known| known.state == PaymentState::CanceledOn).count()
    }

    /// How many requests or answers were lost.
    pub(super) fn lost(&self) -> u32 {
        *self.wire.lost.lock().unwrap()
    }

    pub(super) fn has_what_the_institution_has(&self) {
        let bank = self.wire.bank();
        // An older blob holds an older key, and nobody hears from a lost answer that the key was refused.
        let unheard = self.crashed || self.lost() > 0;
        let excused = |line: &&String| !(unheard && line.contains("ACCESSKEY that was refused"));
        let violations: Vec<_> = bank.violations().iter().filter(excused).collect();
        assert_eq!(violations, Vec::<&String>::new());
        let listed = bank.payee_list("jane");
        let theirs: BTreeMap<_, _> =
            listed.iter().map(|one| (one.list_id.clone(), (one.payee.clone(), one.pay_accounts.clone()))).collect();
        assert_eq!(self.books.payees, theirs);
        let entries = bank.payments().iter().map(|entry| {
            (entry.server_id.clone(), Known { payment: entry.payment.clone(), state: entry.state.clone() })
        });
        assert_eq!(self.books.payments, entries.collect::<BTreeMap<_, _>>());
        let models = bank.recurring_payments("jane").into_iter().map(|model| (model.model_id, model.payment));
        assert_eq!(self.books.models, models.collect::<BTreeMap<_, _>>());
        let mut uids: Vec<_> =
            bank.payments().iter().map(|entry| entry.trn_uid.as_str()).filter(|uid| *uid != "0").collect();
        let all = uids.len();
        uids.sort_unstable();
        uids.dedup();
        assert_eq!(uids.len(), all, "a payment was made twice");
    }

    fn session(&mut self) -> Session {
        self.client.take().unwrap().open(credentials()).unwrap()
    }

    async fn sees_through(
        &mut self,
        mut session: Session,
        mut progress: Result<Progress<Completed>, Error>,
    ) -> Option<Completed> {
        for _ in 0..16 {
            progress = match progress {
                Ok(Progress::Done(completed)) => {
                    self.client = Some(session.close().unwrap());
                    return Some(completed);
                }
                // Another process answers, with nothing but the blob.
                Ok(Progress::Ask(challenge)) => {
                    self.asked += 1;
                    assert_eq!(challenge.questions()[0].id(), "MFA16");
                    session = self.elsewhere(session);
                    session.answer(Answers::new().with("MFA16", "Garcia")).await
                }
                // It was received, and the history does not have it: it was refused, and the user finds that out. Or somebody else has
                // changed the same meanwhile, or paid the like.
                Ok(Progress::Unknown(doubt)) if !session.can_reconcile() => {
                    let is_rival =
                        matches!(&doubt, Doubt::NoAnswer(why) if why.starts_with("the institution's history holds a "));
                    assert!(is_rival || matches!(doubt, Doubt::Duplicate(_)), "{doubt:?}");
                    session.settle_doubt().unwrap();
                    self.client = Some(session.close().unwrap());
                    return None;
                }
                Ok(Progress::Unknown(_)) => {
                    session = self.elsewhere(session);
                    session.reconcile().await
                }
                Ok(other) => panic!("not expected: {other:?}"),
                Err(error) if session.situation().is_none() || error.status().is_some() => {
                    session.abandon().unwrap();
                    self.client = Some(session.close().unwrap());
                    return None;
                }
                Err(error) if error.delivery() == Delivery::Unknown || error.delivery() == Delivery::NotSent => {
                    if session.can_reconcile() {
                        session.reconcile().await
                    } else {
                        session.proceed().await
                    }
                }
                Err(error) => panic!("not expected: {error}"),
            };
        }
        panic!("it never ends")
    }

    fn elsewhere(&self, session: Session) -> Session {
        let blob = session.pause(&self.keys, &self.context).unwrap();
        let paused = Client::resume(&blob, &self.keys, &self.context).unwrap().transport(self.wire.clone());
        paused.open_risking_a_second_payment(credentials()).unwrap()
    }

    fn applies(&mut self, changes: &Changes) {
        let Books { payees, payments, models } = &mut self.books;
        for change in &changes.changes {
            let Some(id) = change.id().map(str::to_owned) else {
                assert_eq!(change.kind(), ChangeKind::Refused);
                continue;
            };
            if let Some(payee) = change.payee() {
                payees.insert(id, (payee.payee.clone(), payee.pay_accounts.clone()));
            } else if let Some(payee) = change.modified_payee() {
                payees.insert(id, (payee.payee.clone(), payee.pay_accounts.clone()));
            } else if change.deleted_payee().is_some() {
                payees.remove(&id);
            } else if let Some(paid) = change.payment() {
                let state = paid.processing.as_ref().unwrap().state.clone();
                assert_eq!(paid.model_id.is_some(), change.origin == Origin::Institution);
                payments.insert(id, Known { payment: paid.payment.clone(), state });
            } else if let Some(changed) = change.modified_payment() {
                let known = payments.get_mut(&id).unwrap();
                known.payment = changed.payment.clone();
                if let Some(processing) = &changed.processing {
                    known.state = processing.state.clone();
                }
            } else if change.canceled_payment().is_some() {
                payments.get_mut(&id).unwrap().state = PaymentState::CanceledOn;
            } else if let Some(model) = change.recurring() {
                models.insert(id, model.payment.clone());
            } else if let Some(model) = change.modified_recurring() {
                models.insert(id, model.payment.clone());
            } else if change.canceled_recurring().is_some() {
                models.remove(&id);
            }
        }
    }
}

fn nth<V: Clone>(of: &BTreeMap<String, V>, which: usize) -> Option<(String, V)> {
    of.iter().nth(which % of.len().max(1)).map(|(id, value)| (id.clone(), value.clone()))
}

fn credentials() -> Credentials {
    Credentials::new("jane", "correct horse")
}

fn account() -> BankAccount {
    BankAccount::new("999888777", "1000001", AccountType::Checking)
}

fn payee(which: u8) -> Payee {
    Payee::new(&format!("Payee {which}"), "14 Quay Street", "Newport", "RI", "02840", "401-555-0142")
}

fn payment(payee: impl Into<PayeeRef>, cents: u32) -> Payment {
    let due = chrono::NaiveDate::from_ymd_opt(2026, 2, 20).unwrap();
    Payment::new(account(), Decimal::new(i64::from(cents), 2), payee, "88-204-117", due)
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Answer,
    Request,
}

#[derive(Clone, Debug)]
struct Wire {
    bank: Arc<Mutex<BankModel>>,
    fault: Arc<Mutex<Option<Fault>>>,
    lost: Arc<Mutex<u32>>,
}

impl Wire {
    fn bank(&self) -> std::sync::MutexGuard<'_, BankModel> {
        self.bank.lock().unwrap()
    }
}

impl Transport for Wire {
    fn send(&self, request: transport::Request) -> Sending<'_> {
        let is_change = ["MODRQ>", "CANCRQ>", "<PMTRQ>", "PAYEERQ>", "DELRQ>", "<RECPMTRQ>"]
            .iter()
            .any(|tag| request.body().windows(tag.len()).any(|window| window == tag.as_bytes()));
        let fault = if is_change { self.fault.lock().unwrap().take() } else { None };
        *self.lost.lock().unwrap() += u32::from(fault.is_some());
        let answer = match fault {
            Some(Fault::Request) => None,
            _ => Some(self.bank().answer(Endpoint::Main, request.body()).unwrap()),
        };
        Box::pin(async move {
            match (fault, answer) {
                (None, Some(answer)) => transport::Response::from_http_200(Some("application/x-ofx"), answer),
                _ => Err(TransportError::Empty { cookie_set: false }),
            }
        })
    }
}
