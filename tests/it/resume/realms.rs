//! Two signon realms, as where another institution pays the bills: what one gives never goes to the other. OFX 1.0.3 §7.1, OFX 2.3 §7.1.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use ofx_session::engine::Intent;
use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::store::Memory;
use ofx_session::testing::{Bank, BankBuilder, BankModel, Endpoint};
use ofx_session::transport::{Request, Response, Sending, Transport, TransportError};
use ofx_session::{Answers, Blob, Client, Completed, Credentials, Institution, Progress, Session, SyncKind, Vault};

use super::line::{BILL_PAY, MAIN, context, jane, keys, now, pause, payment, reread};

/// Two institutions behind one profile. What each gives carries a mark of its own.
#[derive(Clone)]
struct Houses(Arc<Mutex<Inner>>);

#[derive(Clone)]
struct Inner {
    /// The one that signs on, and the one that pays the bills.
    banks: [BankModel; 2],
    /// The message sets of the other realm.
    moved: &'static [&'static str],
    sent: Vec<(String, String)>,
    /// The answer to the next file with this tag is lost.
    loses: Option<&'static str>,
}

const MARKS: [&str; 2] = ["FROMMAIN-", "FROMPAY-"];
const GIVEN: [&str; 3] = ["<ACCESSKEY>", "<SESSCOOKIE>", "<USERKEY>"];

impl Houses {
    fn new(moved: &'static [&'static str], with: impl Fn(BankBuilder) -> BankBuilder) -> Self {
        let bank = |id| with(Bank::builder().user("jane", "correct horse").question(id, None, "Garcia"));
        let banks = [bank("MAINQ"), bank("PAYQ").challenge_first(true)];
        let banks = banks.map(|bank| bank.separate_bill_pay_url(true).session_cookies(true).everything().build_model());
        Self(Arc::new(Mutex::new(Inner { banks, moved, sent: Vec::new(), loses: None })))
    }

    /// The bills are paid elsewhere.
    fn outsourced() -> Self {
        Self::new(&["BILLPAY"], |bank| bank)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// The same, as they stand, for another try.
    fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.inner().clone())))
    }

    fn client(&self) -> Client {
        Client::builder(Institution::new(MAIN)).transport(self.clone()).build().unwrap()
    }

    fn session(&self) -> Session {
        self.client().open(jane()).unwrap()
    }

    /// Files for the questions that were sent to each.
    fn asked(&self) -> [usize; 2] {
        let asks = |place: &str| {
            let inner = self.inner();
            inner.sent.iter().filter(|(url, file)| url == place && file.contains("<MFACHALLENGERQ>")).count()
        };
        [asks(MAIN), asks(BILL_PAY)]
    }

    /// What was sent to one of the two.
    fn sent_to(&self, place: &str) -> Vec<String> {
        let inner = self.inner();
        inner.sent.iter().filter(|(url, _)| url == place).map(|(_, file)| file.clone()).collect()
    }

    /// Nothing was done that the specification forbids, and so many payments were made.
    fn clean(&self, payments: usize) {
        let inner = self.inner();
        for bank in &inner.banks {
            assert_eq!(bank.violations(), Vec::<String>::new().as_slice());
        }
        assert_eq!(inner.banks.each_ref().map(BankModel::payments_made), [0, payments]);
    }

    fn answer(&self, url: &str, body: &[u8]) -> Result<Vec<u8>, TransportError> {
        let mut inner = self.inner();
        let file = String::from_utf8(body.to_vec()).unwrap();
        inner.sent.push((url.to_owned(), file.clone()));
        let at = usize::from(url == BILL_PAY);
        assert!(!file.contains(MARKS[1 - at]), "what one realm gave is in a file for the other: {file}");
        let endpoint = if at == 0 { Endpoint::Main } else { Endpoint::BillPay };
        let answer = inner.banks[at].answer(endpoint, file.replace(MARKS[at], "").as_bytes());
        let answer = answer.map_err(|refusal| TransportError::Status { code: refusal.status() })?;
        let mut text = String::from_utf8(answer).unwrap();
        for tag in GIVEN {
            text = text.replace(tag, &format!("{tag}{}", MARKS[at]));
        }
        if text.contains("<PROFRS>") {
            text = of_two_realms(text, inner.moved);
        }
        if inner.loses.take_if(|tag| file.contains(&format!("<{tag}>"))).is_some() {
            return Err(TransportError::Timeout { host: "ofx.bank.example".to_owned(), source: None });
        }
        Ok(text.into_bytes())
    }
}

/// The profile of an institution of which some message sets are in another realm, where questions come first.
fn of_two_realms(mut profile: String, moved: &[&str]) -> String {
    for set in moved {
        let at = profile.find(&format!("<{set}MSGSET>")).unwrap();
        let (before, set) = profile.split_at(at);
        profile = format!("{before}{}", set.replacen("<SIGNONREALM>EXAMPLE", "<SIGNONREALM>BILLS", 1));
    }
    let end = "</SIGNONINFO>";
    let (from, to) = (profile.find("<SIGNONINFO>").unwrap(), profile.find(end).unwrap() + end.len());
    let other = profile[from..to].replacen("EXAMPLE", "BILLS", 1);
    let other = other.replacen("<MFACHALLENGEFIRST>N", "<MFACHALLENGEFIRST>Y", 1);
    assert!(other.contains("<SIGNONREALM>BILLS") && other.contains("<MFACHALLENGEFIRST>Y"), "{other}");
    profile.insert_str(to, &other);
    profile
}

impl fmt::Debug for Houses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Houses")
    }
}

impl Transport for Houses {
    fn send(&self, request: Request) -> Sending<'_> {
        let answer = self.answer(request.url(), request.body());
        Box::pin(async { Response::from_http_200(Some("application/x-ofx"), answer?) })
    }
}

fn right(id: &str) -> Answers {
    Answers::new().with(id, "Garcia")
}

/// The questions that are asked, answered.
fn answered(session: &mut Session, id: &str) -> Completed {
    let asked = session.questions();
    assert_eq!(asked.iter().map(|question| question.id()).collect::<Vec<_>>(), [id]);
    now(session.answer(right(id))).unwrap().done().unwrap()
}

/// A client that has answered the questions of both realms, and paid once.
fn known_to_both(houses: &Houses) -> Session {
    let mut session = houses.session();
    assert!(matches!(now(session.accounts()), Ok(Progress::Ask(_))));
    answered(&mut session, "MAINQ");
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
    answered(&mut session, "PAYQ");
    session
}

fn pays_without_questions(session: &mut Session) {
    now(session.accounts()).unwrap().done().unwrap();
    now(session.pay(&payment())).unwrap().done().unwrap();
}

#[test]
fn each_realm_asks_once_and_gets_what_it_gave() {
    let houses = Houses::outsourced();
    let mut session = known_to_both(&houses);
    assert!(houses.sent_to(BILL_PAY)[0].contains("<MFACHALLENGERQ>"), "the questions come first there");
    for _ in 0..3 {
        pays_without_questions(&mut session);
        let blob = session.close().unwrap().deconstruct(&keys(), &context()).unwrap();
        let client = Client::restore(&blob, &keys(), &context()).unwrap().transport(houses.clone());
        assert!(client.has_access_key());
        session = client.open(jane()).unwrap();
    }
    for (place, mark) in [MAIN, BILL_PAY].into_iter().zip(MARKS) {
        let sent = houses.sent_to(place);
        let last = sent.last().unwrap();
        for tag in &GIVEN[..2] {
            assert!(last.contains(&format!("{tag}{mark}")), "{place}: {last}");
        }
    }
    assert_eq!(houses.asked(), [1, 1]);
    houses.clean(4);
}

#[test]
fn questions_of_one_realm_wait_in_a_blob_with_the_keys_of_both() {
    let houses = Houses::outsourced();
    let mut session = houses.session();
    assert!(matches!(now(session.accounts()), Ok(Progress::Ask(_))));
    answered(&mut session, "MAINQ");
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
    let paused = reread(&pause(session)).transport(houses.clone());
    session = paused.open_risking_a_second_payment(jane()).unwrap();
    answered(&mut session, "PAYQ");
    now(session.prepare(Intent::pay(&payment()))).unwrap();
    let paused = reread(&pause(session)).transport(houses.clone());
    session = paused.open_risking_a_second_payment(jane()).unwrap();
    now(session.proceed()).unwrap().done().unwrap();
    pays_without_questions(&mut session);
    assert_eq!(houses.asked(), [1, 1]);
    houses.clean(3);
}

/// The profile says which realm is whose, and where it does not fit, what is stored in its place must.
#[test]
fn a_blob_that_is_too_small_for_all_mixes_up_no_realms() {
    let houses = Houses::outsourced();
    let mut session = known_to_both(&houses);
    now(session.prepare(Intent::pay(&payment()))).unwrap();
    let blob = pause(session);
    let mut asked = [0; 2];
    let mut fits = Vec::new();
    for limit in (0..blob.as_bytes().len() + 20).step_by(10) {
        let houses = houses.copy();
        let paused = reread(&blob).transport(houses.clone()).blob_limit(limit);
        let session = paused.open_risking_a_second_payment(jane()).unwrap();
        let Ok(small) = session.pause(&keys(), &context()) else { continue };
        fits.push(small.as_bytes().len());
        let paused = reread(&small).transport(houses.clone());
        let mut session = paused.open_risking_a_second_payment(jane()).unwrap();
        if matches!(now(session.proceed()), Ok(Progress::Ask(_))) {
            asked[1] += 1;
            answered(&mut session, "PAYQ");
        } else {
            asked[0] += 1;
        }
        assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))), "the home realm knows its key");
        houses.clean(2);
    }
    fits.dedup();
    assert!(fits.len() >= 4, "all, and less of it in three steps: {fits:?}");
    assert!(asked[0] > 0 && asked[1] > 0, "the smallest have lost the key of the other realm: {asked:?}");
}

#[test]
fn a_public_blob_has_no_key_of_any_realm() {
    let houses = Houses::outsourced();
    let client = known_to_both(&houses).close().unwrap();
    let blob = client.deconstruct_plain_public().unwrap();
    for mark in MARKS {
        assert!(!blob.as_bytes().windows(mark.len()).any(|window| window == mark.as_bytes()), "{mark}");
    }
    let client = Client::restore_plain(&blob).unwrap().transport(houses);
    let mut session = client.open(jane()).unwrap();
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
}

#[test]
fn a_vault_asks_once_in_each_realm() {
    let houses = Houses::outsourced();
    let store = Memory::new();
    let vault = || Vault::new(houses.client(), store.clone(), keys(), context()).unwrap();
    assert!(matches!(now(vault().accounts(jane())), Ok(Progress::Ask(_))));
    assert!(matches!(now(vault().pay("order-1", &payment(), jane())), Ok(Progress::Ask(_))));
    // What waits for answers in one realm is not forgotten because another has let the user in.
    now(vault().answer_accounts(right("MAINQ"), jane())).unwrap().done().unwrap();
    now(vault().answer("order-1", right("PAYQ"), jane())).unwrap().done().unwrap();
    for order in ["order-2", "order-3"] {
        now(vault().accounts(jane())).unwrap().done().unwrap();
        now(vault().pay(order, &payment(), jane())).unwrap().done().unwrap();
    }
    assert_eq!(houses.asked(), [1, 1]);
    houses.clean(3);
}

#[test]
fn requests_of_two_realms_are_no_batch() {
    // At one address, so that only the realms differ.
    let houses = Houses::new(&["SIGNUP"], |bank| bank);
    houses.inner().banks[0] = Bank::builder().user("jane", "correct horse").everything().build_model();
    let mut session = houses.session();
    let payees = Intent::Synchronize { kind: SyncKind::Payees, account: None, from: None };
    let error = now(session.batch(vec![Intent::Accounts, payees.clone()])).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent));
    assert!(error.to_string().contains("signon realm"), "{error}");
    assert!(matches!(now(session.batch(vec![payees])), Ok(Progress::Done(_))));
}

#[test]
fn a_changed_password_is_that_of_the_home_realm() {
    let houses = Houses::outsourced();
    let mut session = known_to_both(&houses);
    for new in ["battery staple", "staple battery"] {
        now(session.change_password(new)).unwrap().done().unwrap();
        pays_without_questions(&mut session);
    }
    assert!(houses.sent_to(MAIN).last().unwrap().contains("staple battery"));
    assert!(!houses.sent_to(BILL_PAY).iter().any(|file| file.contains("staple")), "it was never told");
    houses.clean(3);
}

/// A signon in another realm says nothing about the password of this one.
#[test]
fn which_password_counts_is_not_asked_in_another_realm() {
    let houses = Houses::new(&["SIGNUP", "BILLPAY"], |bank| bank);
    let mut session = houses.session();
    houses.inner().loses = Some("PINCHRQ");
    let changed = now(session.change_password("battery staple"));
    let changed = match changed {
        Ok(Progress::Ask(_)) => now(session.answer(right("MAINQ"))).map(drop_done),
        other => other,
    };
    assert!(matches!(changed, Ok(Progress::Unknown(_))), "{changed:?}");
    assert!(!session.can_reconcile());
    let sent = houses.inner().sent.len();
    let error = now(session.reconcile()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("signon realm"), "{error}");
    assert_eq!(houses.inner().sent.len(), sent);
}

fn drop_done(progress: Progress<Completed>) -> Progress<()> {
    progress.map(drop)
}

#[test]
fn a_user_key_stays_in_the_home_realm() {
    let houses = Houses::new(&["BILLPAY"], |bank| bank.user_keys(30));
    let mut session = houses.client().open(jane().asking_for_user_key()).unwrap();
    assert!(matches!(now(session.accounts()), Ok(Progress::Ask(_))));
    answered(&mut session, "MAINQ");
    let key = session.client().user_key().unwrap().clone();
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
    answered(&mut session, "PAYQ");
    assert!(!houses.sent_to(BILL_PAY).iter().any(|file| file.contains("GENUSERKEY")));
    assert_eq!(session.client().user_key(), Some(&key));
    // By the bank's clock it has not expired.
    let mut session = session.close().unwrap().open(Credentials::user_key(key.key)).unwrap();
    now(session.accounts()).unwrap().done().unwrap();
    let sent = houses.inner().sent.len();
    let error = now(session.pay(&payment())).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent));
    assert!(error.to_string().contains("USERKEY"), "{error}");
    assert_eq!(houses.inner().sent.len(), sent);
    // The same payment goes on with id and password.
    let paused: Blob = pause(session);
    let mut session = reread(&paused).transport(houses.clone()).open_risking_a_second_payment(jane()).unwrap();
    now(session.proceed()).unwrap().done().unwrap();
    houses.clean(2);
}

/// A password that only one of the two has is that one's: a client for each realm.
#[test]
fn a_client_for_each_realm_serves_two_logins() {
    let houses = Houses::outsourced();
    let other = Bank::builder().user("jane.doe", "other horse").question("PAYQ", None, "Garcia").challenge_first(true);
    houses.inner().banks[1] = other.separate_bill_pay_url(true).everything().build_model();
    let mut accounts = houses.session();
    assert!(matches!(now(accounts.accounts()), Ok(Progress::Ask(_))));
    answered(&mut accounts, "MAINQ");
    let mut bills = houses.client().open(Credentials::new("jane.doe", "other horse")).unwrap();
    assert!(matches!(now(bills.pay(&payment())), Ok(Progress::Ask(_))));
    answered(&mut bills, "PAYQ");
    houses.clean(1);
}

/// A small blob has no room for the profile, which says that bills are paid elsewhere: what that one gives goes nowhere else.
#[test]
fn realms_that_have_nothing_yet_are_told_apart_without_the_profile() {
    let houses = Houses::outsourced();
    let main = Bank::builder().user("jane", "correct horse").question("MAINQ", None, "Garcia");
    houses.inner().banks[0] = main.separate_bill_pay_url(true).everything().build_model();
    let mut session = houses.session();
    now(session.fetch_profile()).unwrap().done().unwrap();
    now(session.prepare(Intent::pay(&payment()))).unwrap();
    let blob = pause(session);
    let mut asked = 0;
    for limit in (0..=blob.as_bytes().len()).rev().step_by(20) {
        let houses = houses.copy();
        let paused = reread(&blob).transport(houses.clone()).blob_limit(limit);
        let session = paused.open_risking_a_second_payment(jane()).unwrap();
        let Ok(small) = session.pause(&keys(), &context()) else { continue };
        let mut session = reread(&small).transport(houses.clone()).open_risking_a_second_payment(jane()).unwrap();
        assert!(matches!(now(session.proceed()), Ok(Progress::Ask(_))), "{limit}");
        answered(&mut session, "PAYQ");
        // The transport refuses what one house has given and is sent to the other.
        let _ = now(session.accounts());
        asked += 1;
    }
    assert!(asked > 10, "{asked}");
}
