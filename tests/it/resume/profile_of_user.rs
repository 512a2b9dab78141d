//! A profile that the institution gives to its users only: who signs on for it, and what a refusal or questions mean then.

use ofx_session::engine::{Refusal, RefusedAt};
use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::ofx::EnrollmentRequest;
use ofx_session::testing::BankBuilder;
use ofx_session::{Blob, Client, Credentials, Dialect, Institution, Progress};

use super::line::{Fate, Line, MAIN, context, easy, jane, keys, now, pause_and_resume, payment, questioning, right};

fn line(bank: BankBuilder) -> Line {
    Line::new(bank.class("DSF".parse().unwrap()).profile_of_user(true).build_model())
}

fn client(line: &Line) -> Client {
    let institution = Institution::new(MAIN).dialect(Dialect::new().profile_of_user(true));
    Client::builder(institution).transport(line.clone()).build().unwrap()
}

fn sent(line: &Line) -> Vec<String> {
    line.wire().sent.iter().map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap()).collect()
}

#[test]
fn the_user_signs_on_for_it_and_a_payment_gets_the_safety_it_promises() {
    let line = line(easy());
    let mut session = client(&line).open(jane()).unwrap();
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Done(_))));
    assert!(session.client().profile().is_some());
    let sent = sent(&line);
    assert!(sent[0].contains("<PROFRQ>") && sent.iter().all(|file| file.contains("<USERID>jane<")), "{sent:?}");
    assert!(sent.last().unwrap().contains("<PMTSYNCRQ>"), "in the frame of the history that it promises");
    line.clean(1);

    // Asked anonymously it is refused, and then nothing is known of a history: nothing is sent that could not be found out about.
    let line = self::line(easy());
    let mut session = super::line::client(&line).open(jane()).unwrap();
    let error = now(session.pay(&payment())).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Refused, Delivery::NotSent));
    assert!(error.to_string().contains("Dialect::profile_of_user"), "{error}");
    assert!(self::sent(&line).iter().all(|file| file.contains("<PROFRQ>")));
    let error = now(super::line::client(&line).fetch_profile()).unwrap_err();
    assert!(error.to_string().contains("Dialect::profile_of_user"), "{error}");
}

#[test]
fn a_password_that_is_wrong_is_tried_once() {
    let line = line(easy());
    let mut session = client(&line).open(Credentials::new("jane", "wrong")).unwrap();
    let error = now(session.pay(&payment())).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Refused, Delivery::NotSent));
    assert_eq!(error.status().map(|status| status.value()), Some(15_500));
    assert_eq!(sent(&line).len(), 1, "the payment would be a second failed signon");
    // Whoever was turned down does not own the client.
    assert!(session.close().unwrap().open(Credentials::new("john", "doe")).is_ok());
}

#[test]
fn questions_before_it_are_asked_by_the_call_that_fetches_it() {
    for pauses in [false, true] {
        let line = line(questioning().challenge_first(true));
        let mut session = client(&line).open(jane()).unwrap();
        let error = now(session.pay(&payment())).unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent));
        assert!(error.to_string().contains("Session::fetch_profile"), "{error}");
        assert!(matches!(now(session.fetch_profile()), Ok(Progress::Ask(_))));
        if pauses {
            session = pause_and_resume(session, &line);
        }
        assert!(matches!(now(session.answer(right())), Ok(Progress::Done(_))));
        assert!(session.client().profile().is_some());
        assert!(matches!(now(session.pay(&payment())), Ok(Progress::Done(_))));
        line.clean(1);
    }
}

#[test]
fn without_a_user_it_is_not_asked_for() {
    let line = Line::new(easy().everything().profile_of_user(true).build_model());
    let error = now(client(&line).fetch_profile()).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent));
    assert!(error.to_string().contains("Session::fetch_profile"), "{error}");
    assert!(sent(&line).is_empty());
    let request = EnrollmentRequest::new("Jim", "Public", "1 Main Street", "Newport", "RI", "02840", "jim@example.com");
    let mut session = client(&line).open(Credentials::new("", "")).unwrap();
    now(session.enroll(&request)).unwrap().done().unwrap();
    assert!(matches!(&sent(&line)[..], [only] if only.contains("<ENROLLRQ>")));
}

#[test]
fn a_blob_knows_that_it_is_the_user_s_and_a_public_one_is_without_it() {
    let line = line(easy());
    let mut session = client(&line).open(jane()).unwrap();
    assert!(matches!(now(session.fetch_profile()), Ok(Progress::Done(()))));
    assert!(matches!(now(session.fetch_profile()), Ok(Progress::Done(()))), "up to date");
    let blob = session.close().unwrap().deconstruct(&keys(), &context()).unwrap();
    let again = || Client::restore(&blob, &keys(), &context()).unwrap().transport(line.clone());
    assert!(again().profile().is_some());
    assert!(again().dialect().clone() == Dialect::new().profile_of_user(true));
    let public = again().deconstruct_plain_public().unwrap();
    let public = Client::restore_plain(&Blob::from_text(&public.to_text()).unwrap()).unwrap();
    assert!(public.profile().is_none());
    assert_eq!(now(public.transport(line.clone()).fetch_profile()).unwrap_err().kind(), ErrorKind::Misuse);
    line.clean(0);
}

/// Made without it, the payment would be without the safety that it promises, for as long as it waits.
#[test]
fn a_client_that_waits_for_approval_makes_no_payment_without_it() {
    let line = line(easy().approval_required(true));
    let mut session = client(&line).open(jane()).unwrap();
    let error = now(session.pay(&payment())).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Refused, Delivery::NotSent), "{error}");
    assert_eq!(error.status().map(|status| status.value()), Some(15_510));
    assert_eq!(
        error.detail::<Refusal>().map(|refusal| refusal.at),
        Some(RefusedAt::Signon),
        "the payment is not refused"
    );
    assert!(error.to_string().contains(session.client().client_uid()), "{error}");
    assert_eq!((sent(&line).len(), session.situation()), (1, None));
    line.wire().bank.approve_clients();
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Done(_))));
    assert!(sent(&line).last().unwrap().contains("<PMTSYNCRQ>"));
    line.clean(1);
}

#[test]
fn a_refusal_of_the_anonymous_request_says_nothing_about_the_user() {
    let line = line(easy());
    let institution = Institution::new(MAIN).without_profile();
    let client = Client::builder(institution).transport(line.clone()).build().unwrap();
    let mut session = client.open(jane()).unwrap();
    assert_eq!(now(session.fetch_profile()).unwrap_err().kind(), ErrorKind::Refused);
    now(session.prepare_payment(&payment())).unwrap();
    let paused = super::line::reread(&super::line::pause(session)).transport(line);
    let error = paused.open_risking_a_second_payment(Credentials::new("john", "doe")).unwrap_err();
    assert_eq!(error.error().kind(), ErrorKind::Misuse, "it is jane's");
}

/// A vault has no call that could ask them, and would stop for good.
#[test]
fn questions_before_a_newer_profile_do_not_keep_a_payment_from_going_with_the_known_one() {
    let line = line(questioning().challenge_first(true));
    let mut session = client(&line).open(jane()).unwrap();
    assert!(matches!(now(session.fetch_profile()), Ok(Progress::Ask(_))));
    assert!(matches!(now(session.answer(right())), Ok(Progress::Done(_))));
    assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
    let known = session.client().profile().unwrap().updated.clone().unwrap().as_str().to_owned();
    let newer = line.edited(&known, "20251231000000.000[0:GMT]");
    line.then([newer]);
    assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
    line.wire().bank.revoke_access_keys();
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
    assert!(matches!(now(session.answer(right())), Ok(Progress::Done(_))));
    let asked = || sent(&line).iter().filter(|file| file.contains("<PROFRQ>")).count();
    let before = asked();
    for _ in 0..2 {
        assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
        assert_eq!(asked(), before + 1, "the newer one is fetched once there is nothing to ask");
    }
    line.clean(1);
}

/// By an institution that gives no profile to anybody: a client that was stored keeps its keys.
#[test]
fn a_stored_client_asks_for_no_profile_once_it_is_told() {
    let line = Line::new(easy().build_model());
    let client = super::line::client(&line).deconstruct(&keys(), &context()).unwrap();
    let restored = || Client::restore(&client, &keys(), &context()).unwrap().transport(line.clone());
    let again = restored().without_profile().deconstruct(&keys(), &context()).unwrap();
    let told = Client::restore(&again, &keys(), &context()).unwrap().transport(line.clone());
    for (client, asks) in [(told, false), (restored(), true)] {
        let from = line.wire().sent.len();
        assert!(matches!(now(client.open(jane()).unwrap().pay(&payment())), Ok(Progress::Done(_))));
        assert_eq!(sent(&line)[from..].iter().any(|file| file.contains("<PROFRQ>")), asks);
    }
}

/// Where the password must be changed before anything else, the profile too comes after that.
#[test]
fn a_password_that_must_be_changed_is_changed_without_a_profile() {
    let line = line(easy());
    let mut session = client(&line).open(jane()).unwrap();
    let refused =
        "<PROFMSGSRSV1><PROFTRNRS><TRNUID>1<STATUS><CODE>2000<SEVERITY>ERROR</STATUS></PROFTRNRS></PROFMSGSRSV1>";
    let head =
        "OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>15000<SEVERITY>INFO</STATUS>";
    let text = format!("{head}<DTSERVER>20260105<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>{refused}</OFX>");
    line.then([Fate::Says(text.into_bytes())]);
    let _ = now(session.change_password("battery staple"));
    assert!(sent(&line).last().unwrap().contains("<PINCHRQ>"));
}
