//! An institution that knows by a cookie whom it has asked: its questions are answered in another process all the same.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use ofx_session::store::Memory;
use ofx_session::testing::{BankModel, Endpoint};
use ofx_session::transport::{Https, HttpsOptions};
use ofx_session::{Blob, Client, Context, Institution, Paused, Progress, Session, Vault};

use super::line::{context, jane, keys, payment, questioning, right};
use crate::canaries;
use crate::papers::Authority;
use crate::promises::trusting;
use crate::transport::server::{Act, Seen, Server};
use crate::wire::answer;

const COOKIE: &str = "cAnArY-cookie-21";

/// What the institution knows.
struct Teller {
    bank: BankModel,
    /// Cookies of those who were asked.
    asked: BTreeSet<String>,
    given: usize,
    rounds: usize,
}

impl Teller {
    fn act(&mut self, seen: &Seen) -> Act {
        let mut set = String::new();
        let cookie = seen.header("cookie").map(str::to_owned).unwrap_or_else(|| {
            self.given += 1;
            let cookie = format!("conversation={COOKIE}-{}", self.given);
            set = format!("Set-Cookie: {cookie}; Path=/; Secure; HttpOnly; Max-Age=600\r\n");
            cookie
        });
        let mut request = String::from_utf8(seen.body.clone()).unwrap();
        if request.contains("<MFACHALLENGERQ>") {
            self.rounds += 1;
            self.asked.insert(cookie.clone());
        }
        if !self.asked.contains(&cookie)
            && let Some(from) = request.find("<MFACHALLENGEANSWER>")
        {
            // Nobody was asked under this cookie: the answers are to nothing.
            let end = "</MFACHALLENGEANSWER>";
            request.replace_range(from..request.rfind(end).unwrap() + end.len(), "");
        }
        let body = self.bank.answer(Endpoint::Main, request.as_bytes()).unwrap();
        Act::ReplyAndClose(answer(std::str::from_utf8(&body).unwrap()).replacen("\r\n", &format!("\r\n{set}"), 1))
    }
}

/// The institution, and whoever trusts it.
struct Town {
    teller: Arc<Mutex<Teller>>,
    server: Server,
    authority: Authority,
}

impl Town {
    async fn new() -> Self {
        canaries::note("cookie", COOKIE);
        let bank = questioning().build_model();
        let teller = Arc::new(Mutex::new(Teller { bank, asked: BTreeSet::new(), given: 0, rounds: 0 }));
        let (authority, behind) = (Authority::new("root"), Arc::clone(&teller));
        let server = Server::tls(&authority.server(), move |seen| behind.lock().unwrap().act(seen)).await;
        Self { teller, server, authority }
    }

    fn options(&self) -> HttpsOptions {
        trusting(&self.authority)
    }

    fn client(&self) -> Client {
        let institution = Institution::new(self.server.url()).ignore_profile_urls();
        Client::builder(institution).connection(self.options()).build().unwrap()
    }

    /// A session of a process of its own, which was asked.
    async fn asked(&self) -> Session {
        let mut session = self.client().open(jane()).unwrap();
        assert!(matches!(session.pay(&payment()).await.unwrap(), Progress::Ask(_)));
        session
    }

    /// Goes on in a process of its own.
    fn session(&self, paused: Paused) -> Session {
        let paused = paused.transport(Https::new(self.options()).unwrap());
        paused.open_risking_a_second_payment(jane()).unwrap()
    }

    fn vault(&self, store: &Memory) -> Vault {
        Vault::new(self.client(), store.clone(), keys(), Context::new("tenant-1", "user-42").unwrap()).unwrap()
    }

    /// So many payments were made, after so many rounds of questions.
    fn saw(&self, payments: usize, rounds: usize) {
        let teller = self.teller.lock().unwrap();
        assert_eq!((teller.bank.payments_made(), teller.rounds), (payments, rounds));
        assert_eq!(teller.bank.violations(), Vec::<String>::new().as_slice());
    }
}

fn resume(blob: &Blob) -> Paused {
    Client::resume(&Blob::from_text(&blob.to_text()).unwrap(), &keys(), &context()).unwrap()
}

fn holds_a_cookie(plain: &Blob) -> bool {
    plain.as_bytes().windows(COOKIE.len()).any(|window| window == COOKIE.as_bytes())
}

#[tokio::test]
async fn questions_that_hang_on_a_cookie_are_answered_in_another_process() {
    let town = Town::new().await;
    let blob = town.asked().await.pause(&keys(), &context()).unwrap();
    // Through a process that only seals it anew, and one that only opens it and pauses it again.
    let blob = resume(&blob).reseal(&keys(), &context()).unwrap();
    let blob = town.session(resume(&blob)).store(&keys(), &context()).unwrap();
    let mut session = town.session(resume(&blob));
    session.answer(right()).await.unwrap().done().unwrap();
    town.saw(1, 1);
}

#[tokio::test]
async fn a_vault_s_questions_are_answered_in_another_process() {
    let (town, store) = (Town::new().await, Memory::new());
    let asked = town.vault(&store).pay("order-1", &payment(), jane()).await.unwrap();
    assert!(matches!(asked, Progress::Ask(_)));
    // Whoever only looks, writes, or is asked again, loses nothing.
    assert_eq!(town.vault(&store).pending().await.unwrap().len(), 1);
    assert!(matches!(town.vault(&store).resume("order-1", jane()).await.unwrap(), Progress::Ask(_)));
    town.vault(&store).answer("order-1", right(), jane()).await.unwrap().done().unwrap();
    town.saw(1, 1);
    assert_eq!(town.teller.lock().unwrap().given, 1);
    // With the last payment that is not over, the desk has forgotten them.
    let _ = town.vault(&store).pay("order-2", &payment(), jane()).await.unwrap();
    assert_eq!(town.teller.lock().unwrap().given, 2);
}

/// As before: each process has cookies of its own.
#[tokio::test]
async fn without_cookies_nothing_is_given_back() {
    let town = Town::new().await;
    let blob = town.asked().await.pause(&keys(), &context()).unwrap();
    let deaf = Https::new(town.options().cookies(false)).unwrap();
    let mut session = resume(&blob).transport(deaf).open_risking_a_second_payment(jane()).unwrap();
    assert!(matches!(session.answer(right()).await.unwrap(), Progress::Ask(_)));
    let sent = town.server.seen();
    assert_eq!(sent.last().unwrap().header("cookie"), None);
    town.saw(0, 2);
}

#[tokio::test]
async fn cookies_are_stored_with_an_operation_and_not_without_one() {
    let town = Town::new().await;
    let mut session = town.asked().await;
    let kept = Arc::new(Mutex::new(Vec::new()));
    let stored = Arc::clone(&kept);
    session.keep_ahead(&keys(), &context(), move |blob| -> io::Result<()> {
        stored.lock().unwrap().push(blob.clone());
        Ok(())
    });
    session.answer(right()).await.unwrap().done().unwrap();
    let ahead = kept.lock().unwrap().pop().unwrap();
    for blob in [ahead, town.asked().await.pause(&keys(), &context()).unwrap()] {
        // Given to a transport, and not given yet.
        let plain = town.session(resume(&blob)).pause_plain_including_private().unwrap();
        assert!(holds_a_cookie(&plain));
    }
    let abandoned = || async {
        let mut session = town.asked().await;
        session.abandon().unwrap();
        session.close().unwrap()
    };
    let given_up = || async {
        let blob = town.asked().await.pause(&keys(), &context()).unwrap();
        resume(&blob).abandon().unwrap()
    };
    for client in [abandoned().await, given_up().await] {
        assert!(!holds_a_cookie(&client.deconstruct_plain_including_private().unwrap()));
    }
    for client in [abandoned().await, given_up().await] {
        assert!(!holds_a_cookie(&client.deconstruct_plain_public().unwrap()));
    }
}

/// What is left out of a small blob first is what the institution gives again.
#[tokio::test]
async fn a_small_blob_keeps_the_cookies_for_longest() {
    let town = Town::new().await;
    let whole = town.asked().await.pause(&keys(), &context()).unwrap();
    let limited = |limit| {
        let session = resume(&whole).blob_limit(limit).open_risking_a_second_payment(jane()).unwrap();
        session.pause_plain_including_private()
    };
    let mut limit = whole.as_bytes().len();
    let mut without = Vec::new();
    while let Ok(blob) = limited(limit) {
        limit = blob.as_bytes().len() - 1;
        let paused = Client::resume_plain(&blob).unwrap();
        without.push((paused.client().profile().is_some(), holds_a_cookie(&blob)));
    }
    assert_eq!(without[without.len() - 2..], [(false, true), (false, false)], "{without:?}");
    assert!(limited(Blob::COOKIE_LEN).is_ok_and(|blob| holds_a_cookie(&blob)));
}
