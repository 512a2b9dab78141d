//! What a test has the institution say, as the crate's own client meets it: refusals and notices of every kind, another payment than was
//! asked for, settings that change, what is done by telephone.

use ofx_session::engine::{Refusal, RefusedAt};
use ofx_session::ofx::{Element, Severity, Status, Version};
use ofx_session::store::Memory;
use ofx_session::testing::{AccessKeys, Bank, Feature, On};
use ofx_session::{Answers, Context, Credentials, Error, Key, KeyRing, Progress, StatusCode, Vault};

use super::session::{client, session};
use super::support::{Ask, FROM, Pay, easy, questioning, tree, trn, typed};

const V: Version = Version::V211;

fn jane() -> Credentials {
    Credentials::new("jane", "correct horse")
}

fn vault(bank: &Bank) -> Vault {
    let keys = KeyRing::new(Key::new(1, [7; 32]).unwrap());
    Vault::new(client(bank), Memory::new(), keys, Context::new("tenant", "jane").unwrap()).unwrap()
}

fn refused(error: &Error) -> (u32, Option<&str>, RefusedAt) {
    (error.status().unwrap().value(), error.server_message(), error.detail::<Refusal>().unwrap().at)
}

fn status(code: u32, message: &str) -> Status {
    Status::new(StatusCode::new(code), Some(message))
}

fn notice(code: u32, message: &str) -> Status {
    let mut notice = status(code, message);
    notice.severity = Some(Severity::Warn);
    notice
}

#[tokio::test]
async fn a_payment_that_is_refused_is_over_and_a_refused_signon_is_about_the_user() {
    let bank = easy().start().unwrap();
    let vault = vault(&bank);
    for (code, words) in [(2000, "please call us"), (15_501, "you must sign our new contract"), (10_993, "our own")] {
        bank.signon_next(On::Payment, status(code, words));
        let error = vault.pay("order-1", &typed("rent"), jane()).await.unwrap_err();
        assert_eq!(refused(&error), (code, Some(words), RefusedAt::Signon));
    }
    vault.pay("order-1", &typed("rent"), jane()).await.unwrap().done().unwrap();
    for (at, code) in [2000, 10_504, 10_993].into_iter().enumerate() {
        bank.answer_next(On::Payment, status(code, "there is not enough money"));
        for _ in 0..2 {
            let id = format!("refused-{at}");
            let error = vault.pay(&id, &typed(&id), jane()).await.unwrap_err();
            assert_eq!(refused(&error), (code, Some("there is not enough money"), RefusedAt::Request));
        }
    }
    assert_eq!((bank.payments_made(), bank.violations()), (1, vec![]));
}

#[tokio::test]
async fn a_notice_comes_with_what_is_done() {
    let bank = easy().start().unwrap();
    let (door, desk) = (status(2028, "we do not know one of the tags"), notice(10_990, "your card expires soon"));
    bank.signon_next(On::Payment, door.clone());
    bank.answer_next(On::Payment, desk.clone());
    let mut session = session(&bank);
    session.accounts().await.unwrap().done().unwrap();
    let receipt = session.pay(&typed("rent")).await.unwrap().done().unwrap();
    assert_eq!(receipt.notices, [door, desk]);
    let receipt = session.pay(&typed("more")).await.unwrap().done().unwrap();
    assert_eq!((receipt.notices.len(), bank.payments_made()), (0, 2), "an order is carried out once");
}

#[test]
fn an_order_waits_for_its_request_behind_the_challenge() {
    let mut bank = questioning().build_model();
    bank.signon_next(On::Payment, status(15_501, "not now"));
    let pay = |trn_uid: &str| Ask::new(V).pay(trn_uid, Pay::new());
    assert_eq!(pay("pay-1").send(&mut bank).signon(), "3000");
    bank.answer_next(On::Questions, status(3001, "no questions today"));
    let asked = Ask::new(V).questions("q-1").send(&mut bank);
    assert_eq!((asked.signon(), asked.text("SIGNONMSGSRSV1/MFACHALLENGETRNRS/STATUS/CODE")), ("0", Some("3001")));
    let passed = Ask::new(V).accounts("19900101").right_answers().send(&mut bank);
    let key = passed.key().unwrap();
    let refused = pay("pay-1").key(key).send(&mut bank);
    assert_eq!((refused.signon(), refused.payment_status()), ("15501", Some("15500")));
    assert_eq!(pay("pay-1").key(key).send(&mut bank).payment_status(), Some("0"));
    assert!(bank.violations().is_empty());
}

#[test]
fn an_order_meets_one_request_in_a_file_or_frame() {
    let mut bank = easy().keeps_refusals(true).build_model();
    let two = |one, other| vec![Pay::new().wrapped(one), Pay::new().wrapped(other)];
    bank.answer_next(On::With("PMTCANCRQ"), status(10_504, "not this"));
    bank.answer_next(On::Sync, status(15_508, "no history"));
    bank.answer_next(On::Payment, status(10_504, "no money"));
    let answer = Ask::new(V).sync("0", two("pay-1", "pay-2")).send(&mut bank);
    assert_eq!(answer.framed(), [("pay-1", "10504"), ("pay-2", "0")]);
    assert_ne!(answer.token(), "-1");
    assert_eq!(Ask::new(V).pay("pay-1", Pay::new()).send(&mut bank).payment_status(), Some("2019"), "it was received");
    let whole = Ask::new(V).sync("0", vec![]);
    assert_eq!(whole.send(&mut bank).token(), "-1");
    assert_eq!(whole.send(&mut bank).framed(), [("pay-1", "10504"), ("pay-2", "0")]);
    assert_eq!((bank.payments_made(), bank.violations().len()), (1, 0));
    // What REJECTIFMISSING stops keeps its own status, and the order waits.
    bank.answer_next(On::Payment, status(10_504, "no money"));
    let stopped = Ask::new(V).sync("0", vec![Pay::new().wrapped("pay-3")]).send(&mut bank);
    assert_eq!(stopped.framed()[2], ("pay-3", "6502"));
    assert_eq!(Ask::new(V).pay("pay-3", Pay::new()).send(&mut bank).payment_status(), Some("10504"));
}

#[test]
fn a_notice_takes_no_other_place_than_that_of_0() {
    let mut bank = easy().build_model();
    let ask = || Ask::new(V).accounts("19900101");
    bank.set_password_expired("jane");
    bank.signon_next(On::Any, notice(10_990, "hello"));
    assert_eq!(ask().send(&mut bank).signon(), "15000");
    bank.signon_next(On::Any, status(15_501, "not now"));
    assert_eq!(ask().send(&mut bank).signon(), "15501", "a refusal takes it");
    bank.set_password("jane", "correct horse");
    assert_eq!(ask().send(&mut bank).signon(), "10990", "the notice has waited");
}

#[test]
fn a_saved_answer_leaves_the_order_of_a_signon() {
    let mut bank = easy().file_recovery(true).build_model();
    let pay = || Ask::new(V).uids("0", "f-1").pay("pay-1", Pay::new());
    assert_eq!(pay().send(&mut bank).signon(), "0");
    bank.signon_next(On::Payment, notice(10_990, "hello"));
    assert_eq!(pay().send(&mut bank).signon(), "0");
    bank.signon_next(On::Payment, status(15_501, "not now"));
    assert_eq!(pay().send(&mut bank).signon(), "0");
    let next = |trn_uid: &str| Ask::new(V).uids("f-1", trn_uid).pay(trn_uid, Pay::new());
    assert_eq!(next("pay-2").send(&mut bank).signon(), "10990");
    assert_eq!(next("pay-3").send(&mut bank).signon(), "15501");
}

#[test]
fn frames_are_told_apart_by_what_is_in_them() {
    let mut bank = easy().build_model();
    let frame = |from: &str, account: &'static str| super::support::frame(tree(from), "Y", account, vec![]);
    let (all, token) = ("<TOKEN>0</TOKEN>", "<TOKENONLY>Y</TOKENONLY>");
    let set = |inside: Vec<Element>| Ask::new(V).set("BILLPAYMSGSRQV1", inside);
    let beside = set(vec![frame(all, "1000001"), Pay::new().wrapped("pay-1")]);
    let enclosing = Ask::new(V).sync("0", vec![Pay::new().wrapped("pay-2")]);
    let two = set(vec![frame(token, "1000001"), frame(all, "1000002")]);
    let newest = set(vec![frame(token, "1000001")]);
    for (on, fitting, others) in
        [(On::Sync, [&beside, &two], [&enclosing, &newest]), (On::Token, [&two, &newest], [&enclosing, &beside])]
    {
        for fits in fitting {
            bank.signon_next(on, status(15_501, "not now"));
            for other in others {
                assert_eq!(other.send(&mut bank.clone()).signon(), "0", "{on:?}");
            }
            assert_eq!(fits.send(&mut bank).signon(), "15501", "{on:?}");
        }
    }
}

#[test]
fn what_is_not_done_is_answered_with_an_ordered_refusal_or_its_own() {
    let mut bank = easy().build_model();
    let statement = |trn_uid: &str| {
        let request = format!("<STMTRQ>{FROM}<INCTRAN><INCLUDE>N</INCLUDE></INCTRAN></STMTRQ>");
        Ask::new(V).set("BANKMSGSRQV1", vec![tree(&trn("STMTTRNRQ", trn_uid, &request))])
    };
    bank.answer_next(On::With("STMTRQ"), status(15_508, "no"));
    let code = |answer: &super::support::Answer| answer.text("BANKMSGSRSV1/STMTTRNRS/STATUS/CODE").map(str::to_owned);
    assert_eq!(code(&statement("s-1").send(&mut bank)).as_deref(), Some("15508"));
    bank.answer_next(On::With("STMTRQ"), notice(10_990, "hello"));
    assert_eq!(code(&statement("s-2").send(&mut bank)).as_deref(), Some("2000"));
}

#[test]
fn another_client_meets_no_order() {
    let mut bank = easy().build_model();
    bank.answer_next(On::Any, status(2000, "no"));
    bank.accept_next_as(|payment| payment.pay_account = "7".to_owned());
    assert!(bank.other_client_pays("jane", &typed("other")).is_some());
    assert_eq!(Ask::new(V).pay("pay-1", Pay::new()).send(&mut bank).payment_status(), Some("2000"));
    let answer = Ask::new(V).pay("pay-2", Pay::new()).send(&mut bank);
    assert_eq!(answer.payment("PMTINFO/PAYACCT"), Some("7"));
    let accounts: Vec<_> = bank.payments().iter().map(|entry| entry.payment.pay_account.as_str()).collect();
    assert_eq!(accounts, ["88-204-117", "7"]);
}

#[tokio::test]
async fn what_was_understood_otherwise_is_what_will_be_paid() {
    let bank = easy().start().unwrap();
    let mut session = session(&bank);
    bank.accept_next_as(|payment| {
        payment.amount = "13.50".parse::<rust_decimal::Decimal>().unwrap().into();
        payment.pay_account = "88204117".to_owned();
    });
    let asked = typed("rent");
    let receipt = session.pay(&asked).await.unwrap().done().unwrap();
    assert_eq!(receipt.differences(&asked), ["TRNAMT", "PAYACCT"]);
    assert!(receipt.differences(&bank.payments()[0].payment).is_empty());
    let receipt = session.pay(&typed("more")).await.unwrap().done().unwrap();
    assert!(receipt.differences(&typed("more")).is_empty());
}

#[tokio::test]
async fn a_locked_user_is_let_in_again_by_telephone() {
    let bank = easy().everything().start().unwrap();
    let mut session = session(&bank);
    let code =
        |result: Result<Progress<()>, Error>| result.err().and_then(|error| error.status()).map(StatusCode::value);
    bank.lock_user("jane");
    assert_eq!(code(session.accounts().await.map(|told| told.map(drop))), Some(15_502));
    bank.unlock_user("jane");
    assert_eq!(code(session.accounts().await.map(|told| told.map(drop))), None);
    bank.set_password_expired("jane");
    bank.set_password("jane", "battery horse");
    assert_eq!(code(session.accounts().await.map(|told| told.map(drop))), Some(15_500));
    let mut again = client(&bank).open(Credentials::new("jane", "battery horse")).unwrap();
    let receipt = again.pay(&typed("rent")).await.unwrap().done().unwrap();
    assert!(receipt.notices.is_empty(), "nor has it expired: {:?}", receipt.notices);
}

#[test]
fn wrong_passwords_are_forgotten_with_the_lock() {
    let mut bank = easy().build_model();
    let wrong = || Ask::new(V).user("jane", "wrong").accounts("19900101");
    for code in ["15500", "15500", "15500", "15502"] {
        assert_eq!(wrong().send(&mut bank).signon(), code);
    }
    bank.unlock_user("jane");
    bank.unlock_user("nobody");
    assert_eq!(wrong().send(&mut bank).signon(), "15500");
    assert_eq!(Ask::new(V).accounts("19900101").send(&mut bank).signon(), "0");
}

#[tokio::test]
async fn questions_and_profile_change_while_it_runs() {
    let bank = questioning().access_keys(AccessKeys::Never).start().unwrap();
    let mut session = session(&bank);
    let right = Answers::new().with("MFA16", "Garcia").with("BRQ7", "Newport");
    assert!(matches!(session.accounts().await.unwrap(), Progress::Ask(_)));
    session.answer(right).await.unwrap().done().unwrap();
    assert!(!session.client().profile().unwrap().can_modify_payments());
    bank.change_settings(|settings| {
        settings.without_questions().question("MFA13", None, "Rex").offers(Feature::ModifyPayments, true)
    });
    let Progress::Ask(challenge) = session.accounts().await.unwrap() else { panic!("it asks") };
    let ids: Vec<_> = challenge.questions().iter().map(|question| question.id()).collect();
    assert_eq!(ids, ["MFA13"]);
    session.answer(Answers::new().with("MFA13", "Rex")).await.unwrap().done().unwrap();
    session.fetch_profile().await.unwrap().done().unwrap();
    assert!(session.client().profile().unwrap().can_modify_payments());
    assert_eq!(bank.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn settings_change_without_the_lock_of_the_bank() {
    let bank = easy().start().unwrap();
    bank.change_settings(|settings| settings.offers(Feature::ModifyPayments, bank.payments_made() == 0));
    let mut session = session(&bank);
    session.fetch_profile().await.unwrap().done().unwrap();
    assert!(session.client().profile().unwrap().can_modify_payments());
}

#[test]
fn approval_begins_and_ends_with_the_settings() {
    let mut bank = easy().build_model();
    let ask = || Ask::new(V).behind(Element::leaf("CLIENTUID", "c-1")).accounts("19900101");
    bank.change_settings(|settings| settings.approval_required(true));
    assert_eq!(ask().send(&mut bank).signon(), "15510");
    bank.approve_clients();
    bank.change_settings(|settings| settings.offers(Feature::ModifyPayments, true));
    assert_eq!(ask().send(&mut bank).signon(), "0", "an approval outlives other changes");
    bank.change_settings(|settings| settings.approval_required(false));
    assert_eq!(Ask::new(V).accounts("19900101").send(&mut bank).signon(), "0");
    bank.require_approval();
    bank.change_settings(|settings| settings.offers(Feature::ModifyPayments, false));
    assert_eq!(ask().send(&mut bank).signon(), "15510", "what a test wants of it outlives other changes, too");
}

#[tokio::test]
async fn the_profile_is_a_new_one_after_changed_settings_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let builder = easy().ledger_file(folder.path().join("ledger"));
    let told = async |bank: &Bank, known: &str| {
        let ask = Ask::new(V).anonymous().profile(known);
        let answer = super::https::ask(&super::https::client_of(bank), bank.url(), &ask).await;
        let text = |path: &str| answer.text(&format!("PROFMSGSRSV1/PROFTRNRS/{path}")).map(str::to_owned);
        (text("STATUS/CODE").unwrap(), text("PROFRS/DTPROFUP"))
    };
    let bank = builder.clone().start().unwrap();
    bank.change_settings(|settings| settings.offers(Feature::ModifyPayments, true));
    let (_, changed) = told(&bank, "19900101").await;
    drop(bank);
    // As it was set up, but not as the client knows it.
    let bank = builder.clone().start().unwrap();
    let (code, back) = told(&bank, &changed.unwrap()).await;
    assert_eq!(code, "0");
    let back = back.unwrap();
    assert_eq!(told(&bank, &back).await.0, "1");
    drop(bank);
    let bank = builder.start().unwrap();
    assert_eq!(told(&bank, &back).await.0, "1", "it is the same once more");
    bank.change_settings(|settings| settings.offers(Feature::ModifyPayments, true));
    assert_eq!(told(&bank, &back).await.0, "0");
}

/// The cookie of the questions goes back with the answers by itself; whoever lost it is asked anew.
#[tokio::test]
async fn a_challenge_can_hang_on_a_cookie() {
    for tied in [true, false] {
        let bank = questioning().challenge_cookie(tied).access_keys(AccessKeys::Never).start().unwrap();
        let mut session = session(&bank);
        let right = || Answers::new().with("MFA16", "Garcia").with("BRQ7", "Newport");
        assert!(matches!(session.accounts().await.unwrap(), Progress::Ask(_)));
        assert!(matches!(session.answer(right()).await.unwrap(), Progress::Done(_)));
        // A client without a jar.
        let bare = super::https::client_of(&bank);
        super::https::ask(&bare, bank.url(), &Ask::new(V).questions("q-1")).await;
        let answers = Ask::new(V).accounts("19900101").right_answers();
        let answered = super::https::ask(&bare, bank.url(), &answers).await;
        assert_eq!(answered.signon(), if tied { "3000" } else { "0" });
        assert_eq!(bank.violations(), Vec::<String>::new());
    }
}
