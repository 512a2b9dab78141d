//! Signing on with more than a password, with something in its place, and changing it.

use ofx_session::ofx::{Element, EnrollmentRequest, Version};
use ofx_session::testing::BankModel;
use ofx_session::{Credentials, Progress, StatusCode};

use super::support::{Answer, Ask, Pay, easy, questioning};

const V: Version = Version::V211;
const OLD: &str = "19900101";

fn leaf(tag: &'static str, value: &str) -> Element {
    Element::leaf(tag, value)
}

fn signon(bank: &mut BankModel, ask: Ask) -> String {
    let answer = ask.accounts(OLD).send(bank);
    let done = if answer.signon() == "0" { "0" } else { "15500" };
    assert_eq!(answer.account_status(), Some(done));
    answer.signon().to_owned()
}

fn info(bank: &mut BankModel, version: Version, tag: &str) -> Option<String> {
    let profile = Ask::new(version).anonymous().profile(OLD).send(bank);
    let path = format!("PROFMSGSRSV1/PROFTRNRS/PROFRS/SIGNONINFOLIST/SIGNONINFO/{tag}");
    profile.text(&path).map(str::to_owned)
}

#[test]
fn a_new_password_counts_from_the_next_file_on() {
    let mut bank = easy().everything().build_model();
    assert_eq!(info(&mut bank, V, "PINCH").as_deref(), Some("Y"));
    bank.set_password_expired("jane");
    let change = |trn_uid: &str, new: &str| Ask::new(V).new_password(trn_uid, "jane", new).accounts(OLD);
    let status = |answer: &Answer| answer.text("SIGNONMSGSRSV1/PINCHTRNRS/STATUS/CODE").unwrap().to_owned();
    for (at, bad) in ["abc", &"x".repeat(33), "correct horse"].into_iter().enumerate() {
        let answer = change(&format!("bad-{at}"), bad).send(&mut bank);
        assert_eq!((answer.signon(), status(&answer).as_str()), ("15000", "15503"), "{bad}");
    }
    let other = Ask::new(V).new_password("other-1", "joe", "battery").send(&mut bank);
    assert_eq!(status(&other), "15503", "not somebody else's");
    let answer = change("pin-1", "new horse").send(&mut bank);
    assert_eq!((answer.signon(), status(&answer).as_str(), answer.account_status()), ("15000", "0", Some("0")));
    assert_eq!(answer.text("SIGNONMSGSRSV1/PINCHTRNRS/PINCHRS/USERID"), Some("jane"));
    assert!(answer.has("SIGNONMSGSRSV1/PINCHTRNRS/PINCHRS/DTCHANGED"));
    let with_new = Ask::new(V).user("jane", "new horse");
    assert_eq!(signon(&mut bank, with_new.clone()), "0", "nor has it expired");
    assert_eq!(signon(&mut bank, Ask::new(V)), "15500");
    let again = with_new.new_password("pin-1", "jane", "new horse").send(&mut bank);
    assert_eq!(status(&again), "2019");
    assert!(bank.violations().is_empty());
}

#[test]
fn a_password_change_is_not_to_be_recovered() {
    let mut bank = easy().everything().file_recovery(true).build_model();
    let ask = Ask::new(V).uids("0", "f-1").new_password("pin-1", "jane", "new horse");
    assert_eq!(ask.send(&mut bank).signon(), "0");
    assert_eq!(ask.send(&mut bank).signon(), "15500", "nothing is kept");
    assert_eq!(bank.violations(), ["a password change stands in a file that can be recovered"; 2]);
}

#[test]
fn a_user_key_stands_in_for_the_password_until_it_ends() {
    let mut bank = easy().user_keys(30).build_model();
    let asking = |wants: &str| {
        let mut ask = Ask::new(V).accounts(OLD);
        ask.in_place.push(leaf("GENUSERKEY", wants));
        ask
    };
    assert_eq!(asking("N").send(&mut bank).text("SIGNONMSGSRSV1/SONRS/USERKEY"), None);
    let answer = asking("Y").send(&mut bank);
    let key = answer.text("SIGNONMSGSRSV1/SONRS/USERKEY").unwrap().to_owned();
    assert!(answer.text("SIGNONMSGSRSV1/SONRS/TSKEYEXPIRE").unwrap().starts_with("20260204"));
    let pay = |key: &str, trn_uid: &str| Ask::new(V).stand_in("USERKEY", key).pay(trn_uid, Pay::new());
    assert_eq!(pay(&key, "pay-1").send(&mut bank).payment_status(), Some("0"));
    assert_eq!(bank.payments()[0].user, "jane");
    assert_eq!(pay(&key, "pay-1").send(&mut bank).payment_status(), Some("2019"));
    assert_eq!(pay("madeup", "pay-2").send(&mut bank).signon(), "15500");
    bank.pass_days(29);
    assert_eq!(pay(&key, "pay-2").send(&mut bank).payment_status(), Some("2014"), "the day is past by then");
    bank.pass_days(1);
    assert_eq!(pay(&key, "pay-3").send(&mut bank).signon(), "15500");
    let key = asking("Y").send(&mut bank).text("SIGNONMSGSRSV1/SONRS/USERKEY").unwrap().to_owned();
    bank.revoke_user_keys();
    assert_eq!(signon(&mut bank, Ask::new(V).stand_in("USERKEY", &key)), "15500");
    assert_eq!(signon(&mut bank, Ask::new(V)), "0", "the password is as good as ever");
    assert!(bank.violations().is_empty());
    let none = asking("Y").send(&mut easy().build_model());
    assert_eq!(none.text("SIGNONMSGSRSV1/SONRS/USERKEY"), None, "there are none unless set");
}

#[test]
fn an_access_token_stands_in_for_everything() {
    let build = || questioning().client_uid_required(true).access_token("jane", "t0ken").build_model();
    let mut bank = build();
    assert_eq!(info(&mut bank, Version::V220, "ACCESSTOKENREQ").as_deref(), Some("Y"));
    assert_eq!(info(&mut bank, Version::V211, "ACCESSTOKENREQ"), None);
    for version in [Version::V220, Version::V230] {
        let mut bank = build();
        let with = |token: &str| Ask::new(version).stand_in("ACCESSTOKEN", token);
        assert_eq!(with("t0ken").pay("pay-1", Pay::new()).send(&mut bank).payment_status(), Some("0"));
        assert_eq!(bank.payments()[0].user, "jane");
        assert_eq!(signon(&mut bank, with("stale")), "15500");
        assert!(bank.violations().is_empty());
        let uid = leaf("CLIENTUID", "7C1E9A54");
        assert_eq!(signon(&mut bank, Ask::new(version).behind(uid)), "15500");
        assert_eq!(bank.violations(), ["a password is sent although the profile says ACCESSTOKENREQ"]);
    }
}

#[test]
fn a_client_waits_for_approval() {
    let mut bank = easy().approval_required(true).build_model();
    assert_eq!(info(&mut bank, V, "CLIENTUIDREQ").as_deref(), Some("Y"));
    let client = |uid: &str| Ask::new(V).behind(leaf("CLIENTUID", uid));
    for _ in 0..2 {
        assert_eq!(signon(&mut bank, client("A")), "15510");
    }
    bank.approve_clients();
    assert_eq!((signon(&mut bank, client("A")), signon(&mut bank, client("B"))), ("0".to_owned(), "15510".to_owned()));
    assert_eq!(signon(&mut bank, client("A").user("joe", "battery staple")), "15510", "for each user");
    bank.require_approval();
    assert_eq!(signon(&mut bank, client("A")), "15510");
    bank.approve_clients();
    assert_eq!((signon(&mut bank, client("A")), signon(&mut bank, client("B"))), ("0".to_owned(), "0".to_owned()));
    assert!(bank.violations().is_empty());
    let mut later = easy().build_model();
    assert_eq!(signon(&mut later, client("A")), "0");
    later.require_approval();
    assert_eq!(signon(&mut later, client("A")), "15510");
}

#[test]
fn a_one_time_token_is_good_once() {
    let mut bank = easy().auth_token_first("123456").build_model();
    assert_eq!(info(&mut bank, V, "AUTHTOKENFIRST").as_deref(), Some("Y"));
    assert_eq!(info(&mut bank, V, "AUTHTOKENLABEL").as_deref(), Some("One-time code"));
    let with = |token: &str| Ask::new(V).behind(leaf("AUTHTOKEN", token));
    assert_eq!(signon(&mut bank, Ask::new(V)), "15512");
    assert_eq!(bank.violations(), ["the profile says AUTHTOKENFIRST, and the first signon has no AUTHTOKEN"]);
    assert_eq!(signon(&mut bank, with("654321")), "15513");
    assert_eq!(signon(&mut bank, with("123456")), "0");
    assert_eq!(signon(&mut bank, with("123456")), "0", "the answer may have been lost");
    assert_eq!(signon(&mut bank, Ask::new(V)), "0");
    bank.require_auth_token("jane", "777");
    assert_eq!(
        (signon(&mut bank, Ask::new(V)), signon(&mut bank, with("123456"))),
        ("15512".to_owned(), "15513".to_owned())
    );
    assert_eq!((signon(&mut bank, with("777")), bank.violations().len()), ("0".to_owned(), 1));
    assert_eq!(signon(&mut bank, with("1")), "0");
    assert_eq!(bank.violations()[1], "AUTHTOKEN is sent although none is asked for");
}

#[tokio::test]
async fn whoever_enrols_needs_the_one_time_token_too() {
    let bank = easy().everything().auth_token_first("123456").start().unwrap();
    let client = super::session::client(&bank);
    let mut nobody = client.open(Credentials::new("jimmy", "?")).unwrap();
    let request = EnrollmentRequest::new("Jim", "Public", "1 Main Street", "Newport", "RI", "02840", "jp@example.com");
    let enrolled = nobody.enroll(&request.user_id("jimmy")).await.unwrap().done().unwrap();
    let password = enrolled.temporary_password.clone().unwrap();
    let client = nobody.close().unwrap();
    let mut jimmy = client.open(Credentials::new("jimmy", password.clone())).unwrap();
    assert_eq!(jimmy.accounts().await.unwrap_err().status(), Some(StatusCode::AUTH_TOKEN_REQUIRED));
    let client = jimmy.close().unwrap();
    let mut jimmy = client.open(Credentials::new("jimmy", password).auth_token("123456")).unwrap();
    assert!(matches!(jimmy.accounts().await.unwrap(), Progress::Done(_)));
}

#[test]
fn credentials_of_the_institutions_own_are_wanted() {
    let mut bank = easy().user_cred1("Branch", "Newport").user_cred2("Town", "Bristol").build_model();
    assert_eq!(info(&mut bank, V, "USERCRED1LABEL").as_deref(), Some("Branch"));
    assert_eq!(info(&mut bank, V, "USERCRED2LABEL").as_deref(), Some("Town"));
    let with =
        |first: &str, second: &str| Ask::new(V).behind(leaf("USERCRED1", first)).behind(leaf("USERCRED2", second));
    assert_eq!(signon(&mut bank, with("Newport", "Bristol")), "0");
    assert_eq!(signon(&mut bank, with("Newport", "Warren")), "15500");
    assert!(bank.violations().is_empty());
    assert_eq!(signon(&mut bank, Ask::new(V)), "15500");
    assert_eq!(bank.violations(), ["USERCRED1 is missing although the profile has its label"]);
    assert_eq!(signon(&mut bank, Ask::new(Version::V102)), "2021", "which has no such elements");
}

#[tokio::test]
async fn signons_are_in_the_ledger_file() {
    let folder = tempfile::tempdir().unwrap();
    let builder = easy().everything().user_keys(30).ledger_file(folder.path().join("ledger"));
    let bank = builder.clone().start().unwrap();
    let client = super::https::client_of(&bank);
    let mut ask = Ask::new(V).behind(leaf("CLIENTUID", "A")).new_password("pin-1", "jane", "new horse");
    ask.in_place.push(leaf("GENUSERKEY", "Y"));
    let answer = super::https::ask(&client, bank.url(), &ask).await;
    let key = answer.text("SIGNONMSGSRSV1/SONRS/USERKEY").unwrap().to_owned();
    bank.require_approval();
    let next = Ask::new(V).user("jane", "new horse").behind(leaf("CLIENTUID", "A"));
    assert_eq!(super::https::ask(&client, bank.url(), &next).await.signon(), "15510");
    bank.approve_clients();
    bank.require_auth_token("joe", "777");
    drop(bank);
    let bank = builder.start().unwrap();
    let client = super::https::client_of(&bank);
    assert_eq!(super::https::ask(&client, bank.url(), &next).await.signon(), "0");
    let by_key = Ask::new(V).stand_in("USERKEY", &key).behind(leaf("CLIENTUID", "A"));
    assert_eq!(super::https::ask(&client, bank.url(), &by_key).await.signon(), "0");
    let other = by_key.behind(leaf("USERCRED1", "x"));
    assert_eq!(super::https::ask(&client, bank.url(), &other).await.signon(), "0");
    let unknown = Ask::new(V).user("jane", "new horse").behind(leaf("CLIENTUID", "B"));
    assert_eq!(super::https::ask(&client, bank.url(), &unknown).await.signon(), "15510");
    bank.approve_clients();
    let joe = Ask::new(V).user("joe", "battery staple").behind(leaf("CLIENTUID", "A"));
    assert_eq!(super::https::ask(&client, bank.url(), &joe).await.signon(), "15510");
    bank.approve_clients();
    assert_eq!(super::https::ask(&client, bank.url(), &joe).await.signon(), "15512");
}
