//! The pretend institution as tests meet it: start it, talk to it over HTTPS, look into its books.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use chrono::NaiveDate;
use tokio::sync::oneshot;

use crate::ofx::{ListedPayee, Payment, PaymentState, RecurringModel, Request, TrnUid, UserInfo};
use crate::testing::certificate::Papers;
use crate::testing::desk::{self, Desk};
use crate::testing::journal::Journal;
use crate::testing::overheard;
use crate::testing::server::{self, Door};
use crate::testing::{BankBuilder, BankModel, Endpoint, Fault, Ledger, LedgerEntry, On};

/// A pretend institution on loopback HTTPS, in a thread of its own.
///
/// It signs users on, asks security questions, gives out access keys, sends its profile and account list, and does the whole
/// bill-payment and sign-up service: payments with changes, cancellations and inquiries, recurring payments that make theirs as
/// [days pass](Self::pass_days), the list of payees, mail, enrolment, the user's data, services of accounts, passwords; all of
/// them with synchronization, and in a ledger that a test can count. What a profile can leave out is a [`Feature`](crate::testing::Feature):
/// [`BankBuilder::everything`] offers all. It refuses what the specification has it refuse, answers each request in
/// the version it came in, and notes in [`violations`](Self::violations) what a client may not do. Dropping it stops it.
///
/// For tests of the engine without a network, [`BankBuilder::build_model`] makes a [`BankModel`](crate::testing::BankModel).
///
/// # What it does not do
///
/// - No statements, transfers, or mail about anything but payments: an `xxxTRNRQ` of those is answered with status 2000, an
///   `xxxSYNCRQ` of those with HTTP 400. The profile names the banking and card sets nevertheless, so that clients meet a
///   profile of the usual shape.
/// - Time passes only when a test lets it: [`pass_days`](Self::pass_days) and [`process_until`](Self::process_until). Nothing
///   fails or is cancelled by telephone but by [`end_payment`](Self::end_payment). With `SYNCMODE` `LITE` nothing is held for a
///   later synchronization, neither what happens by itself nor what another client does.
/// - A recurring payment keeps its days, weekends included, and goes by the calendar from its first day on. Payments that it
///   has made keep their days when it is changed; the user's list of payees is followed by those that come.
/// - A `TRNUID` is remembered for ever where duplicates are checked, and a history is cut by number, not by age. Mail is kept
///   as long as the history is.
/// - An old password ends with the file that changes it: it is not taken once more from a client that may have lost the answer.
///   `CHGPINFIRST` is not said. An `ACCESSTOKEN` never ends. No Type 1 security.
/// - A service is active, or gone, as soon as it is asked for; only bill pay and banking of bank accounts are services here.
///   Whoever enrols is believed, has the same accounts as everybody, and signs on at once.
/// - No second versions of message sets, which 1.5.1 and 1.6 have. Only English.
/// - No security questions in versions without them (102, 151, 160, 200 to 202, 210): when it has questions, or requires a
///   `CLIENTUID`, users are refused there with 2021; the anonymous profile request still works.
/// - No money: balances, cut-off times, holidays and fees do not exist, and its clock is not the real one (see
///   [`BankBuilder::clock`]): to a program that goes by the real one, what it gives out for some days has expired.
/// - A due day that is too early for the days to pay of its own profile is taken, unless [`BankBuilder::checks_due_days`] is on:
///   only a day that is past, by its clock, is 2014.
/// - Nothing outlives it unless it has a [`BankBuilder::ledger_file`], and then session cookies, waiting faults, orders, changed
///   settings and its books about requests, answers and violations do not.
/// - No second factor of the connection: a challenge and an approval belong to user and `CLIENTUID`, an access key to the user.
/// - A repeated `TRNUID` of what changes something is 2019 whether the first was accepted or refused, unless
///   [`BankBuilder::checks_duplicates`] is off. What `REJECTIFMISSING` stopped, what stands in a frame that is answered with
///   `TOKEN` -1, and what comes with a refused signon leaves no trace.
/// - No answer has a message set that the version's grammar lacks; requests with one are refused with HTTP 400.
///
/// # Recording
///
/// When the environment variable `OFX_TESTING_RECORD` names a folder as the institution starts, each exchange is written
/// there: `<pid>-<counter>-rq.ofx` as received, unless the institution found a violation in it, and `<pid>-<counter>-rs.ofx`
/// as answered. Refusals by HTTP status are not written. `secrets.txt` in the same folder gets a line for each password, answer, key,
/// cookie, token and account number of eight characters or more that was seen on the wire: its tag, a tabulator, and the value.
///
/// When `OFX_TESTING_LOG` names a file as the first institution of a process starts, everything that any crate says to `tracing` or
/// `log` in this process is appended to it, at level TRACE, unless the program listens itself. A test that searches it for the
/// secrets finds out whether something leaks.
///
/// # Security
///
/// What it keeps and records is meant to be looked at: passwords and answers are in [`requests`](Self::requests) and in the
/// recorded files. Use it with invented ones.
///
/// # Examples
///
/// The same institution without the network:
///
/// ```
/// use ofx_session::ofx::{Document, Limits};
/// use ofx_session::testing::{Bank, Endpoint};
///
/// let mut bank = Bank::builder().user("jane", "correct horse").build_model();
/// let request = b"OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\
///     COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:1\r\n\r\n\
///     <OFX><SIGNONMSGSRQV1><SONRQ><DTCLIENT>20260105<USERID>jane<USERPASS>correct horse<LANGUAGE>ENG\
///     <APPID>QWIN<APPVER>2700</SONRQ></SIGNONMSGSRQV1><SIGNUPMSGSRQV1><ACCTINFOTRNRQ><TRNUID>2\
///     <ACCTINFORQ><DTACCTUP>19900101</ACCTINFORQ></ACCTINFOTRNRQ></SIGNUPMSGSRQV1></OFX>";
/// let answer = Document::decode(&bank.answer(Endpoint::Main, request)?, &Limits::new())?;
/// let code = answer.find("/OFX/SIGNONMSGSRSV1/SONRS/STATUS/CODE").and_then(|leaf| leaf.text());
/// assert_eq!(code, Some("0"));
/// assert!(answer.find("/OFX/SIGNUPMSGSRSV1/ACCTINFOTRNRS/ACCTINFORS/ACCTINFO/BPACCTINFO").is_some());
/// assert!(bank.violations().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Bank {
    url: String,
    bill_pay_url: String,
    ca_pem: String,
    pub(super) desk: Arc<Mutex<Desk>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bank {
    /// Settings to start from.
    #[must_use]
    pub fn builder() -> BankBuilder {
        BankBuilder::new()
    }

    pub(super) fn start(mut builder: BankBuilder) -> io::Result<Self> {
        overheard::listen();
        let lasting = builder.lasting().clone();
        let papers = lasting.certificate().map_or_else(Papers::make, |path| Papers::kept_in(&path))?;
        let (ca_pem, tls) = (papers.authority(), papers.server()?);
        let (url, main) = open_door("/ofx", Endpoint::Main, lasting.port)?;
        let mut doors = vec![main];
        let mut bill_pay_url = url.clone();
        if builder.is_separate() {
            let port = if lasting.port == 0 { 0 } else { lasting.port.saturating_add(1) };
            let (other_url, other) = open_door("/billpay", Endpoint::BillPay, port)?;
            bill_pay_url = other_url;
            doors.push(other);
        }
        let mut model = builder.urls(&url, &bill_pay_url).build_model();
        let journal = lasting.ledger.as_deref().map(|path| Journal::open(path, &mut model)).transpose()?;
        let desk = Arc::new(Mutex::new(Desk::new(model, journal)));
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let shared = Arc::clone(&desk);
        let thread = thread::Builder::new()
            .name("loopback-bank".to_owned())
            .spawn(move || server::run(doors, tls, shared, stopped, &ready))?;
        is_ready.recv().map_err(io::Error::other)??;
        Ok(Self { url, bill_pay_url, ca_pem, desk, stop: Some(stop), thread: Some(thread) })
    }

    /// Makes every `ACCESSKEY` invalid: the next file with one is answered with 3000.
    pub fn revoke_access_keys(&self) {
        desk::lock(&self.desk).change(BankModel::revoke_access_keys);
    }

    /// Makes every `USERKEY` invalid: the next signon with one is refused with 15500.
    pub fn revoke_user_keys(&self) {
        desk::lock(&self.desk).change(BankModel::revoke_user_keys);
    }

    /// From now on each client of a user is refused with 15510 until it is approved; see
    /// [`BankModel::require_approval`](crate::testing::BankModel::require_approval).
    pub fn require_approval(&self) {
        desk::lock(&self.desk).change(BankModel::require_approval);
    }

    /// Approves every client that was refused, by its `CLIENTUID`.
    pub fn approve_clients(&self) {
        desk::lock(&self.desk).change(BankModel::approve_clients);
    }

    /// Wants this one-time token in the next signon of a user: 15512 without it, 15513 for another one.
    pub fn require_auth_token(&self, user_id: &str, token: &str) {
        desk::lock(&self.desk).change(|model| model.require_auth_token(user_id, token));
    }

    /// Another client of the user pays; see [`BankModel::other_client_pays`](crate::testing::BankModel::other_client_pays).
    #[must_use = "None says that nothing was paid"]
    pub fn other_client_pays(&self, user_id: &str, payment: &Payment) -> Option<TrnUid> {
        desk::lock(&self.desk).change(|model| model.other_client_pays(user_id, payment))
    }

    /// Another client of the user sends a valid request that changes nothing; see
    /// [`BankModel::other_client_looks`](crate::testing::BankModel::other_client_looks).
    pub fn other_client_looks(&self, user_id: &str) {
        desk::lock(&self.desk).change(|model| model.other_client_looks(user_id));
    }

    /// Another client of the user makes any request; see
    /// [`BankModel::other_client_asks`](crate::testing::BankModel::other_client_asks).
    #[must_use = "None says that it was refused"]
    pub fn other_client_asks(&self, user_id: &str, request: impl Into<Request>) -> Option<TrnUid> {
        desk::lock(&self.desk).change(|model| model.other_client_asks(user_id, request))
    }

    /// Lets so many days pass; see [`BankModel::pass_days`](crate::testing::BankModel::pass_days).
    pub fn pass_days(&self, days: u32) {
        desk::lock(&self.desk).change(|model| model.pass_days(days));
    }

    /// Lets days pass until it is `day`; see [`BankModel::process_until`](crate::testing::BankModel::process_until).
    pub fn process_until(&self, day: NaiveDate) {
        desk::lock(&self.desk).change(|model| model.process_until(day));
    }

    /// The institution ends a payment; see [`BankModel::end_payment`](crate::testing::BankModel::end_payment).
    #[must_use = "false says that nothing was ended"]
    pub fn end_payment(&self, server_id: &str, state: PaymentState) -> bool {
        desk::lock(&self.desk).change(|model| model.end_payment(server_id, state))
    }

    /// An entry of the user's list is found to be a standard payee; see
    /// [`BankModel::match_payee`](crate::testing::BankModel::match_payee).
    #[must_use = "false says that there is no such entry or payee"]
    pub fn match_payee(&self, user_id: &str, list_id: &str, payee_id: &str) -> bool {
        desk::lock(&self.desk).change(|model| model.match_payee(user_id, list_id, payee_id))
    }

    /// The institution writes to a user of its own accord: the mail stands in the user's history of mail.
    pub fn send_mail(&self, user_id: &str, subject: &str, body: &str) {
        desk::lock(&self.desk).change(|model| model.send_mail(user_id, subject, body));
    }

    /// Loses the next `count` answers: the request is carried out and the connection closed without a word.
    pub fn lose_answers(&self, count: usize) {
        desk::lock(&self.desk).answers_to_lose = count;
    }

    /// Lets the next request that `on` describes go wrong.
    ///
    /// Faults wait in a queue: a request meets the first one that waits for such a request. Requests that are refused before
    /// their body is looked at, for a wrong path, method or `Content-Type`, meet none.
    pub fn next(&self, on: On, fault: Fault) {
        desk::lock(&self.desk).faults.push(on, fault);
    }

    /// Lets so many of a thousand requests go wrong in a way that chance decides; 0 ends it.
    ///
    /// The same seed gives the same faults to the same sequence of requests. Delays are below 50 milliseconds, and what
    /// comes late comes within six further requests. Faults of [`next`](Self::next) come first.
    pub fn random_faults(&self, seed: u64, per_thousand: u32) {
        desk::lock(&self.desk).faults.set_random(seed, per_thousand);
    }

    /// Lets every request arrive that [`Fault::LateDelivery`] holds back, oldest first; gives how many there were.
    ///
    /// What a client can do wrong is not looked for in a request that comes late, nor in the second one of a
    /// [`Fault::Replay`]: the network did that.
    pub fn deliver_late(&self) -> usize {
        desk::lock(&self.desk).deliver_late()
    }

    /// Every fault that a request met, oldest first.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        desk::lock(&self.desk).faults.done.clone()
    }

    /// Where to send everything, bill pay too unless it lives elsewhere.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where to send bill pay.
    #[must_use]
    pub fn bill_pay_url(&self) -> &str {
        &self.bill_pay_url
    }

    /// The certificate of the authority to trust, PEM. It vouches for `localhost`, `127.0.0.1` and `::1`.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Every payment that was really accepted, oldest first.
    #[must_use]
    pub fn payments(&self) -> Vec<LedgerEntry> {
        desk::lock(&self.desk).model.payments().to_vec()
    }

    /// How many payments were really accepted.
    #[must_use]
    pub fn payments_made(&self) -> usize {
        desk::lock(&self.desk).model.payments_made()
    }

    /// How many of them were made or will be: without those that were cancelled or failed.
    #[must_use]
    pub fn payments_standing(&self) -> usize {
        desk::lock(&self.desk).model.payments_standing()
    }

    /// The user's list of payees, oldest first; those that came onto it because they were paid, too.
    #[must_use]
    pub fn payee_list(&self, user_id: &str) -> Vec<ListedPayee> {
        desk::lock(&self.desk).model.payee_list(user_id)
    }

    /// What the institution knows of a user's name and address; `None` for one whose data it was never told.
    #[must_use]
    pub fn user_info(&self, user_id: &str) -> Option<UserInfo> {
        desk::lock(&self.desk).model.user_info(user_id)
    }

    /// The user's recurring payments that are not over, oldest first.
    #[must_use]
    pub fn recurring_payments(&self, user_id: &str) -> Vec<RecurringModel> {
        desk::lock(&self.desk).model.recurring_payments(user_id)
    }

    /// Pairs of recurring payments of ours that pay the same; see
    /// [`BankModel::double_models`](crate::testing::BankModel::double_models).
    #[must_use]
    pub fn double_models(&self) -> Vec<(RecurringModel, RecurringModel)> {
        desk::lock(&self.desk).model.double_models()
    }

    /// Sets the institution up anew while it runs; see [`BankModel::change_settings`](crate::testing::BankModel::change_settings).
    ///
    /// Of two changes at the same moment the one that ends later counts.
    pub fn change_settings(&self, change: impl FnOnce(BankBuilder) -> BankBuilder) {
        // Whoever makes up the settings may ask the bank: the lock is not held meanwhile.
        let settings = desk::lock(&self.desk).model.as_set_up();
        let changed = change(settings);
        desk::lock(&self.desk).change(|model| model.set_up(changed));
    }

    /// How many times the payment with this `TRNUID` was made, by any user.
    #[must_use]
    pub fn payments_made_for(&self, trn_uid: &str) -> usize {
        desk::lock(&self.desk).model.payments_made_for(trn_uid)
    }

    /// A copy of the ledger, to ask more of it.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        desk::lock(&self.desk).model.ledger()
    }

    /// A copy of the institution as it is now, without the network: to look into, or to try something out.
    #[must_use]
    pub fn model(&self) -> BankModel {
        let mut model = desk::lock(&self.desk).model.clone();
        (model.facts, model.cookies) = (None, None);
        model
    }

    /// Every body that was posted to one of the two paths, as received, unless it was larger than 1 MiB.
    #[must_use]
    pub fn requests(&self) -> Vec<Vec<u8>> {
        desk::lock(&self.desk).requests.clone()
    }

    /// Every OFX answer, lost ones included. A request that was refused by HTTP status has none.
    #[must_use]
    pub fn answers(&self) -> Vec<Vec<u8>> {
        desk::lock(&self.desk).answers.clone()
    }

    /// What clients did that the specification forbids, oldest first; no values of elements are in the lines.
    ///
    /// Elements out of order, missing, unknown to the version, too long or empty; a security question not answered,
    /// answered twice, or not asked; answers without a challenge that waits for them; something else beside an
    /// `MFACHALLENGETRNRQ`; anything before the challenge where the profile says `MFACHALLENGEFIRST`; a refused
    /// `ACCESSKEY` sent again; a `TRNUID` used for two different requests; a repeated file with other transactions; an
    /// `OLDFILEUID` where there is no file-based recovery, or beside a password change; a payment in a frame without
    /// `REJECTIFMISSING`, or in that of another account; `REFRESH` where `SYNCMODE` is `LITE`; what the profile does not offer
    /// ([`Feature`](crate::testing::Feature)), but for a password change; a missing `CLIENTUID`, `USERCRED1`, `USERCRED2` or first `AUTHTOKEN`, an
    /// `AUTHTOKEN` that nobody asks for; a password where an `ACCESSTOKEN` is wanted; a wrong `Content-Type`.
    ///
    /// Where an answer was lost, the client could not know of it: a file that goes out once more as it was may have a key that was refused in
    /// it, or answers to a challenge that is over, and is told here.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        desk::lock(&self.desk).model.violations().to_vec()
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed already, and a second one here would hide what the test has to say.
            let _ = thread.join();
        }
    }
}

fn open_door(path: &'static str, endpoint: Endpoint, port: u16) -> io::Result<(String, Door)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let url = format!("https://127.0.0.1:{}{path}", listener.local_addr()?.port());
    Ok((url, Door { listener, path, endpoint }))
}
