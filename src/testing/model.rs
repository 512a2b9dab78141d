//! The pretend institution itself: bytes of a request in, bytes of an answer out; no network, no clock, no randomness.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::error::StatusCode;
use crate::ofx::{Content as _, Document, Element, FileUid, Header, Request, SignonResponse, Stamp, Status, Style};
use crate::secret::Secret;
use crate::testing::builder::Settings;
use crate::testing::facts::Fact;
use crate::testing::file::{Ask, RequestFile, Transaction};
use crate::testing::orders::Orders;
use crate::testing::requests::{Asking, Written};
use crate::testing::signon::Who;
use crate::testing::user::{Step, User};
use crate::testing::{LedgerEntry, digest, grammar, sync};

/// Which of an institution's two addresses a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// Where everything goes, bill pay too unless it lives elsewhere.
    Main,
    /// Where bill pay goes.
    BillPay,
}

/// The institution does not answer with OFX but with an HTTP status and a line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRefusal {
    status: u16,
    reason: String,
}

impl HttpRefusal {
    pub(super) fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }

    /// HTTP 400: nothing of the file was done.
    pub(super) fn bad(reason: impl Into<String>) -> Self {
        Self::new(400, reason)
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Why, for whoever reads the test's output.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for HttpRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http {}: {}", self.status, self.reason)
    }
}

impl std::error::Error for HttpRefusal {}

/// A [`Bank`](crate::testing::Bank) without the network.
///
/// Deterministic: its clock starts at the set moment and goes on by a second with each request, its ids are counters. A
/// clone goes its own way from there, which makes it cheap to try every way on from one point.
#[derive(Clone, Debug)]
pub struct BankModel {
    pub(super) settings: Arc<Settings>,
    // Behind pointers, and copied when they change: whoever tries every way on clones often.
    pub(super) users: BTreeMap<String, Arc<User>>,
    pub(super) ledger: Arc<Vec<LedgerEntry>>,
    pub(super) violations: Arc<Vec<String>>,
    /// A mark of what each `TRNUID` of each user was first sent with.
    pub(super) trn_uids: Arc<BTreeMap<(String, String), u64>>,
    pub(super) now: DateTime<Utc>,
    pub(super) profile_given: bool,
    /// Whether clients must be approved.
    pub(super) approval: bool,
    pub(super) counter: u64,
    pub(super) orders: Orders,
    /// When the settings changed, if they did.
    pub(super) changed: Option<DateTime<Utc>>,
    /// The HTTP cookies that came with the file that is dealt with; `None` without a network.
    pub(super) cookies: Option<String>,
    /// What happened since it was last written down, where that is done.
    pub(super) facts: Option<Vec<Fact>>,
}

impl BankModel {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let user = |password: &Secret| {
            let mut user = User::new(password.clone());
            user.token_due.clone_from(&settings.factors.first_token);
            Arc::new(user)
        };
        Self {
            users: settings.users.iter().map(|(name, password)| (name.clone(), user(password))).collect(),
            ledger: Arc::default(),
            violations: Arc::default(),
            trn_uids: Arc::default(),
            now: settings.start,
            profile_given: false,
            approval: settings.factors.approval,
            counter: FIRST_ID,
            orders: Orders::default(),
            changed: None,
            cookies: None,
            facts: None,
            settings,
        }
    }

    /// Answers one request file that came to `endpoint`.
    ///
    /// # Errors
    ///
    /// [`HttpRefusal`] for what a server refuses as a whole: bytes that are no OFX, a version, language or message it does
    /// not know, a message set at the wrong address, a challenge request when there are no questions. Nothing was done then.
    pub fn answer(&mut self, endpoint: Endpoint, body: &[u8]) -> Result<Vec<u8>, HttpRefusal> {
        self.now += Duration::seconds(1);
        let file = RequestFile::read(body)?;
        let without_bank_id = self.settings.has_account_without_bank_id();
        for line in grammar::check(&file.root, file.version) {
            if !without_bank_id || line != grammar::NO_BANK_ID {
                self.violation(line);
            }
        }
        self.route(endpoint, &file)?;
        self.watch_trn_uids(&file);
        self.watch_file_uids(&file);
        let who = match self.check_credentials(&file) {
            Ok(who) => who,
            Err(status) => return self.turn_away(&file, status),
        };
        let mut signed_on = SignedOn::default();
        if let Who::User(name) = &who {
            if self.settings.promises.saved_answers_first
                && let Some(saved) = self.recovered(name, &file)?
            {
                return Ok(saved);
            }
            signed_on = match self.sign_on(name, &file) {
                Ok(signed_on) => signed_on,
                Err(status) => return self.turn_away(&file, status),
            };
            if let Some(saved) = self.recovered(name, &file)? {
                return Ok(saved);
            }
        }
        match self.orders.signon(body, &signed_on.status) {
            Some(status) if status.is_error() => return self.turn_away(&file, status),
            Some(status) => signed_on.status = status,
            None => {}
        }
        let answer = self.serve(&file, &who, signed_on)?;
        if let Who::User(name) = &who {
            self.keep_answer(name, &file, &answer);
        }
        Ok(answer)
    }

    /// Makes every `ACCESSKEY` invalid: the next file with one is answered with 3000.
    pub fn revoke_access_keys(&mut self) {
        let names: Vec<String> = self.users.keys().cloned().collect();
        names.iter().for_each(|name| self.step(name, Step::KeysRevoked));
    }

    /// What clients did that the specification forbids, oldest first; no values of elements are in the lines.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// The institution's clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub(super) fn violation(&mut self, line: impl Into<String>) {
        Arc::make_mut(&mut self.violations).push(line.into());
    }

    pub(super) fn user_mut(&mut self, name: &str) -> Option<&mut User> {
        self.users.get_mut(name).map(Arc::make_mut)
    }

    /// Notes what a `TRNUID` was first sent with.
    pub(super) fn sent(&mut self, name: String, trn_uid: String, mark: u64) {
        self.note(|| Fact::Sent(name.clone(), trn_uid.clone(), mark));
        Arc::make_mut(&mut self.trn_uids).insert((name, trn_uid), mark);
    }

    /// Goes on from what a ledger file says of clock and counter; ids that were given out but not written down are left
    /// behind.
    pub(super) fn go_on_from(&mut self, now: i64, counter: u64) {
        self.now = DateTime::from_timestamp_millis(now).unwrap_or(self.now);
        self.counter = counter.saturating_add(FIRST_ID);
    }

    /// Adds to the ledger.
    pub(super) fn enter(&mut self, entry: LedgerEntry) {
        self.note(|| Fact::paid(&entry));
        self.note(|| Fact::stands(&entry));
        Arc::make_mut(&mut self.ledger).push(entry);
    }

    /// Changes what the ledger says of a payment.
    pub(super) fn change_entry(&mut self, server_id: &str, change: impl FnOnce(&mut LedgerEntry)) {
        let ledger = Arc::make_mut(&mut self.ledger);
        let Some(entry) = ledger.iter_mut().find(|entry| entry.server_id == server_id) else { return };
        change(entry);
        let entry = entry.clone();
        self.note(|| Fact::stands(&entry));
    }

    /// Wants clients to be approved.
    pub(super) fn want_approval(&mut self) {
        self.note(|| Fact::ApprovalWanted);
        self.approval = true;
    }

    /// A number that was not used before.
    pub(super) fn next_id(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Refuses message sets that live at the other address, and a challenge request that has no answer.
    fn route(&self, endpoint: Endpoint, file: &RequestFile) -> Result<(), HttpRefusal> {
        if self.settings.separate_bill_pay {
            let elsewhere = match endpoint {
                Endpoint::Main => file.has_set("BILLPAY"),
                Endpoint::BillPay => file.sets.iter().any(|set| !matches!(set.name, "SIGNON" | "BILLPAY")),
            };
            if elsewhere {
                return Err(HttpRefusal::bad("a message set of this file lives at another URL; see the profile"));
            }
        }
        if file.asks_questions() && self.settings.questions.is_empty() {
            return Err(HttpRefusal::bad("this bank asks no security questions"));
        }
        Ok(())
    }

    /// A `TRNUID` stands for one request for ever. The client's clock in a challenge request may go on.
    fn watch_trn_uids(&mut self, file: &RequestFile) {
        let name = self.named_by(&file.signon.login).unwrap_or_default().to_owned();
        for transaction in file.wrappers() {
            let tag = transaction.element.tag();
            let request = match transaction.ask {
                Ask::Questions => digest::exact(&Element::leaf(tag.to_owned(), "")),
                _ => digest::exact(&transaction.element),
            };
            let key = (name.clone(), transaction.trn_uid.clone());
            match self.trn_uids.get(&key) {
                Some(known) if *known == request => {}
                Some(_) => self.violation(format!("the TRNUID of a {tag} was used before for another request")),
                None => self.sent(key.0, key.1, request),
            }
        }
    }

    /// Answers a file whose signon is refused: nothing in it is done. OFX 1.0.3 §2.5.1.
    fn turn_away(&self, file: &RequestFile, status: Status) -> Result<Vec<u8>, HttpRefusal> {
        let signon = self.signon_response(status);
        let not_done = Status::new(StatusCode::SIGNON_INVALID, Some("not processed: the signon was not accepted"));
        let refuse = |one: &Transaction| match &one.ask {
            Ask::Sync(frame) => sync::refused(frame, &not_done, file),
            _ => reply(one, &not_done, None, file),
        };
        self.write(file, signon, file.transactions().map(refuse).collect())
    }

    /// What an accepted signon of a user brings, or why it is not accepted.
    fn sign_on(&mut self, name: &str, file: &RequestFile) -> Result<SignedOn, Status> {
        let access_key = self.check_factors(name, file)?;
        let expired = self.users.get(name).is_some_and(|user| user.expired);
        let code = if expired { StatusCode::PASSWORD_CHANGE_REQUIRED } else { StatusCode::SUCCESS };
        Ok(SignedOn { access_key, cookie: self.cookie(name, file), status: Status::new(code, None) })
    }

    /// Answers a file whose signon is accepted.
    fn serve(&mut self, file: &RequestFile, who: &Who, signed_on: SignedOn) -> Result<Vec<u8>, HttpRefusal> {
        let mut signon = self.signon_response(signed_on.status);
        signon.access_key = signed_on.access_key;
        signon.session_cookie = signed_on.cookie;
        if let Who::User(name) = who {
            signon.accounts_updated = Some(self.accounts_updated(name));
            signon.user_updated = self.info_updated(name);
            self.give_user_key(name, file, &mut signon);
        }
        let name = match who {
            Who::User(name) => Some(name.as_str()),
            Who::Anonymous => None,
        };
        let replies = file.transactions().map(|transaction| self.carry_out(transaction, name, file)).collect();
        self.write(file, signon, replies)
    }

    pub(super) fn carry_out(&mut self, transaction: &Transaction, who: Option<&str>, file: &RequestFile) -> Element {
        let ordered = self.orders.answer(transaction);
        let asking = |name| Asking { name, trn_uid: &transaction.trn_uid, ours: true, ordered: ordered.as_ref() };
        let (status, body): Written = match (&transaction.ask, who) {
            (Ask::Sync(frame), Some(name)) => match &ordered {
                Some(status) => return sync::refused(frame, status, file),
                None => return self.synchronize(name, frame, file),
            },
            (Ask::Questions | Ask::Profile(_), _) if asking("").refused().is_some() => (asking("").accepted(), None),
            (Ask::Questions, _) => self.questions(transaction, file.version),
            (Ask::Profile(known), _) => self.profile(known, file.version),
            (Ask::Request(request), Some(name)) => self.perform(asking(name), request, file.version),
            (Ask::Request(request @ Request::Enroll(_)), None) => self.perform(asking(""), request, file.version),
            (Ask::Nonsense, Some(name)) => {
                self.decline(asking(name), StatusCode::INVALID_AMOUNT, "an amount is not an amount")
            }
            (Ask::Password(request), Some(name)) => self.change_password(asking(name), request, file.version),
            _ => {
                let not_done = || Status::new(StatusCode::GENERAL_ERROR, Some("this bank does not do that"));
                (asking("").refused().unwrap_or_else(not_done), None)
            }
        };
        let status = if status.code == StatusCode::SUCCESS { ordered.unwrap_or(status) } else { status };
        reply(transaction, &status, body, file)
    }

    fn signon_response(&self, status: Status) -> SignonResponse {
        let mut response = SignonResponse::new(status, Stamp::moment(self.now), "ENG");
        response.profile_updated = Some(self.profile_updated());
        response.institution = self.settings.institution();
        response
    }

    /// Puts an answer together in the version of its request, set for set; there is one reply to each transaction.
    fn write(&self, file: &RequestFile, signon: SignonResponse, replies: Vec<Element>) -> Result<Vec<u8>, HttpRefusal> {
        let mut signon = Some(signon.write("SONRS", file.version));
        let mut replies = replies.into_iter();
        let mut sets = Vec::new();
        for set in &file.sets {
            let inside = signon.take().into_iter().chain(replies.by_ref().take(set.transactions.len())).collect();
            sets.push(Element::aggregate(format!("{}MSGSRSV1", set.name), inside));
        }
        let header = Header::new(file.version).file_uids(FileUid::none(), file.new_uid.clone());
        let encoded = Document::new(header, Element::aggregate("OFX", sets)).encode(&Style::new());
        encoded.map(|bytes| bytes.to_vec()).map_err(|error| HttpRefusal::new(500, error.to_string()))
    }
}

/// What an accepted signon brings.
struct SignedOn {
    access_key: Option<Secret>,
    cookie: Option<Secret>,
    status: Status,
}

impl Default for SignedOn {
    fn default() -> Self {
        Self { access_key: None, cookie: None, status: Status::new(StatusCode::SUCCESS, None) }
    }
}

/// `xxxTRNRS` for an `xxxTRNRQ`: `TRNUID`, `STATUS`, `CLTCOOKIE` as it came, the response. OFX 1.0.3 §2.4.6.
pub(super) fn reply(transaction: &Transaction, status: &Status, body: Option<Element>, file: &RequestFile) -> Element {
    let request = &transaction.element;
    let mut inside = vec![Element::leaf("TRNUID", transaction.trn_uid.as_str()), status.write("STATUS", file.version)];
    inside.extend(request.value("CLTCOOKIE").map(|cookie| Element::leaf("CLTCOOKIE", cookie)));
    inside.extend(body);
    Element::aggregate(format!("{}RS", request.tag().trim_end_matches("RQ")), inside)
}

/// Where the counter of ids starts, and how much a restart skips.
const FIRST_ID: u64 = 1_000_000;
