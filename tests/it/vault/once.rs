//! One id, one payment.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ofx_session::client::vault::{Settlement, Standing};
use ofx_session::store::Store;
use ofx_session::transport::{Request, Sending, SetCookie, Transport, TransportError};
use ofx_session::{Context, Doubt, ErrorKind, Event, Moved, Observer, Progress, StatusCode, Vault};
use rust_decimal::Decimal;

use super::support::{
    END_USER, Fate, House, Line, TENANT, careful, client, context, done, easy, jane, joe, keys, now, other_payment,
    payment, questioning, right, wrong,
};

/// The store lets one go on, so that nobody else can have sent it: what the history does not tell costs nothing but the history, also
/// where the question for it is asked a second time.
#[test]
fn a_promise_of_a_history_that_is_not_kept_stops_no_payment_of_a_store() {
    for turned_away in [Fate::Refuses(404), Fate::Says(b"busy".to_vec())] {
        let house = House::new(careful());
        house.line.then([Fate::Honest, Fate::NotSent]);
        let error = house.pay("order-1").unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Transport, Moved::No), "{error}");
        house.line.then([turned_away]);
        done(house.pay("order-1"));
        house.line.clean(1);
    }
}

#[test]
fn it_is_paid_once_however_often_it_is_asked_for() {
    let house = House::new(easy());
    let first = done(house.pay("order-1"));
    for _ in 0..3 {
        assert_eq!(done(house.pay("order-1")), first);
        assert_eq!(done(now(house.vault().resume("order-1", jane()))), first);
    }
    house.line.clean(1);
    // Another id is another payment, and does not make the first forget its receipt.
    let second = done(house.pay("order-2"));
    assert_ne!(second.id(), first.id());
    assert_eq!(done(house.pay("order-1")), first);
    assert_eq!(done(house.pay("order-2")), second);
    house.line.clean(2);
    assert_eq!(now(house.vault().pending()).unwrap(), []);
    assert_eq!(now(house.vault().look("order-1")).unwrap(), Some(Standing::Paid(Box::new(first))));
    assert_eq!(now(house.vault().look("order-3")).unwrap(), None);
}

#[test]
fn a_payment_costs_three_writes_and_one_to_file_it() {
    let house = House::warmed(easy());
    done(house.pay("order-1"));
    // Desk, file; claim; write-ahead; result.
    assert_eq!(house.store.called(), "llsss");
    done(house.pay("order-2"));
    // The same, and the first one filed.
    assert_eq!(house.store.called(), "llcsss");
    done(house.pay("order-1"));
    assert_eq!(house.store.called(), "ll");
}

#[test]
fn another_payment_under_the_same_id_is_refused() {
    let house = House::new(questioning());
    let refused = |house: &House, moved: Moved| {
        let error = now(house.vault().pay("order-1", &other_payment(), jane())).unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, moved));
        assert!(error.to_string().contains("stands for another payment"), "{error}");
        assert_eq!(error.detail::<Standing>(), now(house.vault().look("order-1")).unwrap().as_ref());
    };
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
    refused(&house, Moved::No);
    done(now(house.vault().answer("order-1", right(), jane())));
    refused(&house, Moved::Yes);
    done(house.pay("order-2"));
    refused(&house, Moved::Yes);
    house.line.clean(2);
    // The same amount written otherwise is the same payment.
    let mut same = payment();
    same.amount = ofx_session::ofx::Amount::new(Decimal::new(842_000, 4));
    done(now(house.vault().pay("order-1", &same, jane())));
    house.line.clean(2);
}

#[test]
fn questions_wait_in_the_store_and_are_answered_by_another_process() {
    let house = House::new(questioning());
    let Progress::Ask(asked) = house.pay("order-1").unwrap() else { panic!("asked nothing") };
    let sent = house.line.wire().sent.len();
    // Whoever looks, and whoever calls again, sees them without a network.
    let Progress::Ask(again) = house.pay("order-1").unwrap() else { panic!("asked nothing") };
    assert_eq!(again, asked);
    let pending = now(house.vault().pending()).unwrap();
    assert_eq!((pending.len(), pending[0].id.as_str(), &pending[0].payment), (1, "order-1", &payment()));
    assert_eq!(pending[0].questions(), asked.questions());
    assert_eq!((pending[0].claimed_until, pending[0].is_in_doubt()), (None, false));
    assert_eq!(house.line.wire().sent.len(), sent);

    // It blocks nobody, and nobody answers with half of the answers or for what was not asked.
    let half = ofx_session::Answers::new().with("MFA16", "Garcia");
    assert_eq!(now(house.vault().answer("order-1", half, jane())).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(now(house.vault().answer("order-2", right(), jane())).unwrap_err().kind(), ErrorKind::Misuse);
    assert!(matches!(house.pay("order-2").unwrap(), Progress::Ask(_)));

    let Progress::Ask(wrongly) = now(house.vault().answer("order-1", wrong(), jane())).unwrap() else {
        panic!("accepted")
    };
    assert!(wrongly.is_repeated());
    let receipt = done(now(house.vault().answer("order-1", right(), jane())));
    assert_eq!(done(now(house.vault().answer("order-1", right(), jane()))), receipt, "answered once more, too late");
    // The access key spares the other one its questions.
    assert_eq!(now(house.vault().pending()).unwrap()[0].questions(), []);
    done(now(house.vault().answer("order-2", right(), jane())));
    done(house.pay("order-3"));
    house.line.clean(3);
}

#[test]
fn a_refused_payment_stays_refused() {
    let house = House::new(easy());
    let mut payment = payment();
    payment.from.account_id = "4711".to_owned();
    for _ in 0..3 {
        let error = now(house.vault().pay("order-1", &payment, jane())).unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Refused, Moved::No));
        assert!(error.status().is_some());
    }
    let work = house.line.work().len();
    assert_eq!(work, 1, "it was sent once");
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::No));
    let text = error.to_string();
    assert!(text.contains("was refused") && text.contains("pay the corrected one under a new id"), "{text}");
    assert!(!text.contains("do not pay"), "{text}");
    done(house.pay("order-2"));
    let error = now(house.vault().resume("order-1", jane())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(matches!(now(house.vault().look("order-1")).unwrap(), Some(Standing::Refused(_))));
    house.line.clean(1);
}

#[test]
fn a_wrong_password_is_no_result_and_the_right_one_pays_under_the_same_identifiers() {
    let house = House::new(easy());
    let wrong = || ofx_session::Credentials::new("jane", "wrong");
    let error = now(house.vault().pay("order-1", &payment(), wrong())).unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(StatusCode::SIGNON_INVALID)));
    assert_eq!(error.money_may_have_moved(), Moved::No);
    let pending = now(house.vault().pending()).unwrap();
    assert_eq!((pending.len(), pending[0].doubt.clone()), (1, None));
    let receipt = done(house.pay("order-1"));
    assert_eq!(receipt.trn_uid, pending[0].trn_uid);
    house.line.clean(1);
}

#[test]
fn a_mistyped_user_id_binds_nobody_and_another_user_is_refused() {
    let house = House::new(easy().user("joe", "battery staple"));
    let mistyped = || ofx_session::Credentials::new("jnae", "correct horse");
    assert_eq!(now(house.vault().pay("order-1", &payment(), mistyped())).unwrap_err().kind(), ErrorKind::Refused);
    // Nor does a second try that does not arrive.
    house.line.then([Fate::NotSent]);
    assert_eq!(now(house.vault().pay("order-1", &payment(), mistyped())).unwrap_err().kind(), ErrorKind::Transport);
    done(house.pay("order-1"));
    for result in [
        now(house.vault().pay("order-1", &payment(), joe())),
        now(house.vault().pay("order-2", &payment(), joe())),
        now(house.vault().resume("order-1", joe())),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse);
        assert!(error.to_string().contains("another user"), "{error}");
    }
    assert_eq!(now(house.vault().accounts(joe())).unwrap_err().kind(), ErrorKind::Misuse);
    house.line.clean(1);
}

/// Nobody was bound by what was refused; whoever sends it after that is.
#[test]
fn what_was_sent_after_a_mistyped_user_id_is_of_who_has_sent_it() {
    let house = House::new(easy().user("joe", "battery staple").class("D+S-F+".parse().unwrap()));
    let mistyped = ofx_session::Credentials::new("jnae", "correct horse");
    assert_eq!(now(house.vault().pay("order-1", &payment(), mistyped)).unwrap_err().kind(), ErrorKind::Refused);
    house.line.then([Fate::LostBefore, Fate::NotSent, Fate::NotSent]);
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Unknown(_)));
    house.line.wire().fates.clear();
    let error = now(house.vault().pay("order-1", &payment(), joe())).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Unknown));
    done(house.pay("order-1"));
    house.line.clean(1);
}

/// What was sent under it may have arrived: it is no other user's, and a person ends it.
#[test]
fn a_mistyped_user_id_does_not_keep_a_vault_for_ever() {
    let house = House::new(easy().class("D+S-F+".parse().unwrap()));
    let mistyped = ofx_session::Credentials::new("jnae", "correct horse");
    house.line.then([Fate::Honest, Fate::LostBefore]);
    let told = now(house.vault().pay("order-1", &payment(), mistyped)).unwrap();
    assert!(matches!(told, Progress::Unknown(Doubt::RepeatRefused(_))), "{told:?}");
    let error = house.pay("order-1").unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Unknown));
    assert!(error.to_string().contains("settle it"), "{error}");
    now(house.vault().settle("order-1", Settlement::NotMade)).unwrap();
    done(house.pay("order-2"));
    house.line.clean(1);
}

#[test]
fn what_was_never_sent_can_be_given_up() {
    let house = House::new(questioning());
    assert!(matches!(house.pay("order-1").unwrap(), Progress::Ask(_)));
    let first = now(house.vault().pending()).unwrap().remove(0).trn_uid;
    now(house.vault().abandon("order-1")).unwrap();
    assert_eq!(now(house.vault().look("order-1")).unwrap(), None);
    assert_eq!(now(house.vault().abandon("order-1")).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(now(house.vault().resume("order-1", jane())).unwrap_err().kind(), ErrorKind::Misuse);
    // The id is free, for another payment, too.
    assert!(matches!(now(house.vault().pay("order-1", &other_payment(), jane())).unwrap(), Progress::Ask(_)));
    assert_ne!(now(house.vault().pending()).unwrap()[0].trn_uid, first);
    done(now(house.vault().answer("order-1", right(), jane())));
    let error = now(house.vault().abandon("order-1")).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::Yes));
    house.line.clean(1);
}

#[test]
fn a_result_is_kept_for_its_retention_and_then_the_id_is_free() {
    const DAY: i64 = 24 * 3600;
    let house = House::new(easy());
    let first = done(house.pay("order-1"));
    house.clock.advance(399 * DAY);
    done(house.pay("order-2"));
    assert_eq!(done(house.pay("order-1")), first, "filed");
    house.clock.advance(2 * DAY);
    assert_eq!(now(house.vault().look("order-1")).unwrap(), None);
    let again = done(house.pay("order-1"));
    assert_ne!(again.id(), first.id());
    // Filed over the old one, and found.
    done(house.pay("order-3"));
    assert_eq!(done(house.pay("order-1")), again);
    house.line.clean(4);

    // The same where nothing was filed in between.
    let house = House::new(easy());
    let first = done(house.pay("order-1"));
    house.clock.advance(401 * DAY);
    assert_ne!(done(house.pay("order-1")).id(), first.id());
}

#[test]
fn accounts_are_listed_and_their_questions_wait_as_well() {
    let house = House::new(questioning());
    let Progress::Ask(asked) = now(house.vault().accounts(jane())).unwrap() else { panic!("asked nothing") };
    assert_eq!(now(house.vault().accounts(jane())).unwrap(), Progress::Ask(asked));
    assert_eq!(now(house.vault().pending()).unwrap(), [], "it is no payment");
    let accounts = now(house.vault().answer_accounts(right(), jane())).unwrap().done().unwrap();
    assert_eq!(accounts.len(), 3);
    assert_eq!(now(house.vault().answer_accounts(right(), jane())).unwrap_err().kind(), ErrorKind::Misuse);
    // The list and the access key are in the store.
    assert_eq!(now(house.vault().accounts(jane())).unwrap().done().unwrap(), accounts);
    done(house.pay("order-1"));
    house.line.clean(1);
}

#[test]
fn a_vault_names_its_user_and_ids_have_a_length() {
    let house = House::new(easy());
    let unbound = Vault::new(client(&house.line), house.store.clone(), keys(), Context::unbound().and("x"));
    assert_eq!(unbound.unwrap_err().kind(), ErrorKind::Misuse);
    for id in [String::new(), "x".repeat(201)] {
        assert_eq!(house.pay(&id).unwrap_err().kind(), ErrorKind::Misuse);
    }
    done(house.pay(&"x".repeat(200)));
    let shown = format!("{:?}", house.vault());
    for word in ["jane", TENANT, END_USER] {
        assert!(!shown.contains(word), "{word}: {shown}");
    }
}

#[test]
fn a_newer_profile_is_fetched_before_the_next_payment() {
    let house = House::new(careful());
    let _ = now(house.vault().accounts(jane())).unwrap();
    // The same answer once more, by an institution that has a newer profile by now.
    let newer = house.line.edited("<DTPROFUP>202512", "<DTPROFUP>202601");
    house.line.then([newer]);
    let _ = now(house.vault().accounts(jane())).unwrap();
    let profiles = || {
        let wire = house.line.wire();
        wire.sent.iter().filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains("<PROFRQ>")).count()
    };
    assert_eq!(profiles(), 1);
    done(house.pay("order-1"));
    assert_eq!(profiles(), 2);
    done(house.pay("order-2"));
    assert_eq!(profiles(), 2, "once for each date");
    house.line.clean(2);
}

/// Notes what it is called by, and has a cookie.
#[derive(Debug)]
struct Noting(Line, Mutex<BTreeSet<&'static str>>);

impl Noting {
    fn note(&self, call: &'static str) {
        self.1.lock().unwrap().insert(call);
    }
}

impl Transport for Noting {
    fn send(&self, request: Request) -> Sending<'_> {
        self.note("send");
        self.0.send(request)
    }

    fn allows(&self, url: &str) -> Result<(), TransportError> {
        self.note("allows");
        self.0.allows(url)
    }

    fn cookies(&self) -> Vec<SetCookie> {
        self.note("cookies");
        vec![SetCookie::new("https://ofx.bank.example", "id=1")]
    }

    fn restore_cookies(&self, cookies: Vec<SetCookie>) {
        self.note("restore_cookies");
        assert_eq!(cookies, self.cookies());
    }
}

/// Transport, store and observer of a program that reads from its configuration which ones to take.
#[test]
fn what_is_chosen_at_run_time_is_asked_for_everything() {
    let house = House::new(questioning());
    let noting = Arc::new(Noting(house.line.clone(), Mutex::default()));
    let seen = Arc::new(AtomicUsize::new(0));
    let vault = || {
        let transport: Box<dyn Transport> = Box::new(Arc::clone(&noting) as Arc<dyn Transport>);
        let count = Arc::clone(&seen);
        let observer: Arc<dyn Observer> = Arc::new(move |_: &Event<'_>| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let client = client(&house.line).transport(transport).observer(observer);
        let store: Box<dyn Store> = Box::new(house.store.clone());
        Vault::new(client, store, keys(), context()).unwrap().world(house.clock.clone())
    };
    assert!(matches!(now(vault().pay("order-1", &payment(), jane())).unwrap(), Progress::Ask(_)));
    done(now(vault().answer("order-1", right(), jane())));
    assert_eq!(*noting.1.lock().unwrap(), BTreeSet::from(["allows", "cookies", "restore_cookies", "send"]));
    assert!(seen.load(Ordering::SeqCst) > 0);
    house.line.clean(1);
}
