//! How an operation goes on until it is done, or waits for somebody: the same for a new one and for one that another process left.

use std::io::IsTerminal as _;

use ofx_session::engine::{Challenge, TaskKind};
use ofx_session::ofx::{PaymentState, Request};
use ofx_session::{Answers, Completed, Doubt, Intent, PayeeRef, Payment, Progress, Session, Situation};
use serde_json::json;

use crate::book::Then;
use crate::desk::{Desk, concerns_money};
use crate::prompt;
use crate::shown::{Failure, Shown};

/// A session at work, with what it is doing for people.
pub struct Work {
    pub session: Session,
    pub what: String,
    pub kind: TaskKind,
    /// Whether another process began it: then it waits on when it cannot be sent, and is not forgotten.
    pub resumed: bool,
    /// What the command has yet to do after it.
    pub then: Option<Then>,
}

impl Work {
    pub fn new(session: Session) -> Self {
        Self { session, what: "nothing".to_owned(), kind: TaskKind::Profile, resumed: false, then: None }
    }

    /// Begins an operation and goes on with it. Its identifiers and its bytes are made, and kept, before anything of it leaves.
    pub async fn perform(&mut self, desk: &mut Desk, intent: Intent) -> Result<(Completed, Shown), Failure> {
        (self.what, self.kind) = (describe(&intent), kind_of(&intent));
        self.session.prepare(intent).await?;
        self.proceed(desk).await
    }

    /// Goes on with the operation that the session holds.
    pub async fn proceed(&mut self, desk: &mut Desk) -> Result<(Completed, Shown), Failure> {
        desk.keep_ahead(&mut self.session, &self.what);
        let asked = self.session.payment();
        let progress = self.session.proceed().await;
        self.until_done(desk, asked.as_ref(), progress).await
    }

    /// Answers with what is at hand, then goes on.
    pub async fn answer(&mut self, desk: &mut Desk, answers: Answers) -> Result<(Completed, Shown), Failure> {
        desk.keep_ahead(&mut self.session, &self.what);
        let asked = self.session.payment();
        let progress = self.session.answer(answers).await;
        self.until_done(desk, asked.as_ref(), progress).await
    }

    /// The three ways out of a doubt: find out, send again, or both passwords in turn.
    pub async fn settle(&mut self, desk: &mut Desk, repeat: bool) -> Result<(Completed, Shown), Failure> {
        desk.keep_ahead(&mut self.session, &self.what);
        let asked = self.session.payment();
        let progress = match repeat {
            true => self.session.repeat_payment_in_doubt().await,
            false => self.session.reconcile().await,
        };
        self.until_done(desk, asked.as_ref(), progress).await
    }

    /// Changes the password. The session goes on with the new one.
    pub async fn change_password(&mut self, desk: &mut Desk, new: String) -> Result<Shown, Failure> {
        (self.what, self.kind) = (describe(&Intent::ChangePassword), TaskKind::ChangePassword);
        desk.keep_ahead(&mut self.session, &self.what);
        let progress = self.session.change_password(new).await;
        let progress = progress.map(|progress| progress.map(|()| Completed::PasswordChanged));
        self.until_done(desk, None, progress).await.map(|(_, shown)| shown)
    }

    async fn until_done(
        &mut self,
        desk: &mut Desk,
        asked: Option<&Payment>,
        mut progress: Result<Progress<Completed>, ofx_session::Error>,
    ) -> Result<(Completed, Shown), Failure> {
        loop {
            progress = match progress.map_err(|error| self.failed(error))? {
                Progress::Done(completed) => {
                    let shown = desk.book.take(&completed, asked);
                    if let Completed::Synchronized(changes) = &completed {
                        // The changes are in the book, and the book is written together with the client.
                        self.session.acknowledge(changes);
                    }
                    return Ok((completed, shown));
                }
                Progress::Ask(challenge) => {
                    let answers = answers(desk, &challenge)?.ok_or_else(|| asks(&self.what, &challenge))?;
                    self.session.answer(answers).await
                }
                Progress::Approve(approval) => {
                    let uid = json!(approval.client_uid);
                    let text = format!("{}: {}", self.what, approval.explain());
                    let hint =
                        "it is kept for 30 days: `resume` sends it once the client is approved, `abandon` gives it up";
                    return Err(Failure::waits(text).hint(hint).with("client_uid", uid));
                }
                Progress::Unknown(doubt) => return Err(self.doubt(&doubt)),
                _ => return Err(Failure::misuse("this example is older than the library")),
            };
        }
    }

    fn doubt(&self, doubt: &Doubt) -> Failure {
        let failure = Failure::in_doubt(format!("{}: {}", self.named(), doubt.explain()), concerns_money(self.kind));
        self.kept_in_doubt(failure)
    }

    /// A call failed. Where it was about something that is in doubt, that is what counts.
    fn failed(&self, error: ofx_session::Error) -> Failure {
        let failure = Failure::from(error);
        let asked_wrongly = failure.kind == "misuse" && self.session.can_reconcile();
        if asked_wrongly || !matches!(self.session.situation(), Some(Situation::InDoubt(_))) {
            return failure;
        }
        self.kept_in_doubt(failure.still_in_doubt(&self.named(), concerns_money(self.kind)))
    }

    fn named(&self) -> String {
        let uid = self.session.trn_uid().map(|uid| uid.to_string());
        format!("{} (TRNUID {})", self.what, uid.as_deref().unwrap_or("unknown"))
    }

    /// How to get out of the doubt.
    fn kept_in_doubt(&self, failure: Failure) -> Failure {
        let hint = way_out(self.kind, self.session.can_reconcile());
        failure
            .also(hint)
            .with("trn_uid", json!(self.session.trn_uid().map(|uid| uid.to_string())))
            .with("can_reconcile", json!(self.session.can_reconcile()))
    }
}

/// Answers to a challenge; none when nobody is there to give them.
fn answers(desk: &mut Desk, challenge: &Challenge) -> Result<Option<Answers>, Failure> {
    let given = &mut desk.options().answers;
    if challenge.is_repeated() {
        // The same answers again would be wrong again, until the user is locked out.
        given.clear();
        if std::io::stdin().is_terminal() {
            eprintln!("the institution did not accept the answers");
        }
    }
    Ok(prompt::answers(challenge.questions(), given)?)
}

pub fn asks(what: &str, challenge: &Challenge) -> Failure {
    let questions = challenge.questions();
    let lines: Vec<_> =
        questions.iter().map(|question| format!("  {:<8} {}", question.id(), question.text())).collect();
    let first = if challenge.is_repeated() {
        "the institution did not accept the answers, and asks again"
    } else {
        "the institution asks first"
    };
    let list: Vec<_> =
        questions.iter().map(|question| json!({ "id": question.id(), "text": question.text() })).collect();
    Failure::waits(format!("{what}: {first}:\n{}", lines.join("\n")))
        .hint(format!("it is kept for a day: `{}` goes on with it, `abandon` gives it up", resume_line(challenge)))
        .with("questions", json!(list))
}

/// What can be done about a doubt.
pub fn way_out(kind: TaskKind, can_reconcile: bool) -> &'static str {
    if kind == TaskKind::ChangePassword {
        "it is kept. Either password may be the one that counts by now: keep both, `reconcile` asks for both and tries them"
    } else if can_reconcile {
        "it is kept: `reconcile` finds out; or `settle`, when the institution's own list, or a call, has shown what became of it"
    } else {
        "it is kept. This institution offers no way to find out from here: look at its own list or call, then `settle`; or \
         `reconcile --repeat` sends it once more under the same identifiers"
    }
}

/// What to type to go on.
pub fn resume_line(challenge: &Challenge) -> String {
    challenge
        .questions()
        .iter()
        .fold("resume".to_owned(), |line, question| format!("{line} --answer {}=...", question.id()))
}

fn kind_of(intent: &Intent) -> TaskKind {
    match intent {
        Intent::Accounts => TaskKind::ACCOUNTS,
        Intent::Pay(_) => TaskKind::PAY,
        Intent::Request { request, .. } => TaskKind::Request(request.kind()),
        Intent::Synchronize { kind, .. } => TaskKind::Synchronize(*kind),
        Intent::ChangePassword => TaskKind::ChangePassword,
        _ => TaskKind::Profile,
    }
}

/// What an operation does, for people.
fn describe(intent: &Intent) -> String {
    match intent {
        Intent::Accounts => "the account list".to_owned(),
        Intent::Pay(payment) => describe_payment("payment", payment),
        Intent::Request { request, .. } => describe_request(request),
        Intent::Synchronize { kind, .. } => format!("asking what happened ({})", kind.name()),
        Intent::ChangePassword => "the change of the password".to_owned(),
        _ => "the profile".to_owned(),
    }
}

fn describe_request(request: &Request) -> String {
    match request {
        Request::Pay(request) => describe_payment("payment", &request.payment),
        Request::ModifyPayment(request) => {
            describe_payment(&format!("change of payment {} to", request.server_id), &request.payment)
        }
        Request::CancelPayment(request) => format!("cancelling payment {}", request.server_id),
        Request::PaymentStatus(request) => format!("asking after payment {}", request.server_id),
        Request::AddRecurring(request) => describe_payment(
            &format!("{} payment", request.recurrence.frequency.as_str().to_ascii_lowercase()),
            &request.payment,
        ),
        Request::ModifyRecurring(request) => format!("changing recurring payment {}", request.model_id),
        Request::CancelRecurring(request) => format!("ending recurring payment {}", request.model_id),
        Request::AddPayee(request) => format!("adding {}", payee_text(&request.payee)),
        Request::ModifyPayee(request) => format!("changing payee {}", request.list_id),
        Request::DeletePayee(request) => format!("deleting payee {}", request.list_id),
        Request::SendPaymentMail(request) => format!("mail {:?}", request.mail.subject),
        _ => "a request".to_owned(),
    }
}

fn describe_payment(first: &str, payment: &Payment) -> String {
    let due = payment.due.date().map_or_else(|| payment.due.to_string(), |day| day.to_string());
    format!("{first} of {} to {}, due {due}", payment.amount, payee_text(&payment.payee))
}

fn payee_text(payee: &PayeeRef) -> String {
    match payee {
        PayeeRef::Address(payee) => payee.name.clone(),
        PayeeRef::Id(id) => format!("payee {id}"),
        _ => "a payee".to_owned(),
    }
}

/// Whether a payment that was accepted is one that will be made, or was.
pub fn is_good(state: &PaymentState) -> bool {
    matches!(state, PaymentState::WillProcessOn | PaymentState::ProcessedOn)
}
