//! The network and the institution: certificates, cut answers, web pages, wrong passwords.

use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::{Answers, Credentials, Dialect, HeaderLine, Institution, Progress, Situation};

use super::support::{Raw, client, easy, http, jane, ofx, payment, questioning, session, told};
use crate::papers::Authority;
use crate::transport::server::Act;

#[tokio::test]
async fn a_bill_is_paid_through_questions_when_nothing_goes_wrong() {
    let bank = questioning().separate_bill_pay_url(true).org("EXAMPLE").fid("7777").start().unwrap();
    let institution = Institution::new(bank.url()).org("EXAMPLE").fid("7777");
    let mut session = client(institution, bank.ca_pem()).open(jane()).unwrap();
    let Progress::Ask(challenge) = session.pay(&payment()).await.unwrap() else { panic!("asked nothing") };
    assert_eq!(challenge.questions()[0].id(), "MFA16");
    let completed = session.answer(Answers::new().with("MFA16", "Garcia")).await.unwrap().done().unwrap();
    assert_eq!(completed.receipt().unwrap().trn_uid, bank.payments()[0].trn_uid);
    assert_eq!(session.accounts().await.unwrap().done().unwrap().len(), 3);
    session.pay(&payment()).await.unwrap().done().unwrap();
    assert_eq!((bank.payments_made(), bank.violations()), (2, vec![]));
    assert!(session.close().unwrap().has_access_key());
}

#[tokio::test]
async fn a_wrong_password_is_the_institution_s_refusal() {
    let bank = easy().start().unwrap();
    let mut session =
        client(Institution::new(bank.url()), bank.ca_pem()).open(Credentials::new("jane", "canary-password")).unwrap();
    let words = ["refused the signon", "user id or password", "15500", "check both", "lock"];
    for error in [session.pay(&payment()).await.unwrap_err(), session.proceed().await.unwrap_err()] {
        told(&error, ErrorKind::Refused, Delivery::Answered, &words);
        assert_eq!(error.server_message(), Some("user id or password is wrong"));
    }
    assert_eq!(session.situation(), Some(Situation::Ready), "nobody looked at the payment");
    session.abandon().unwrap();
    let error = session.accounts().await.unwrap_err();
    told(&error, ErrorKind::Refused, Delivery::Answered, &words);
    let error = session.accounts().await.unwrap_err();
    told(&error, ErrorKind::Refused, Delivery::Answered, &["locked out", "15502", "call the institution"]);
    assert_eq!(bank.payments_made(), 0);
}

#[tokio::test]
async fn an_unknown_certificate_stops_everything_before_it_is_sent() {
    let bank = easy().start().unwrap();
    let other = Authority::new("another").pem;
    for institution in [Institution::new(bank.url()), Institution::new(bank.url()).without_profile()] {
        let mut session = client(institution, &other).open(jane()).unwrap();
        let words = ["certificate of 127.0.0.1", "not trusted here", "give its root certificate"];
        told(&session.pay(&payment()).await.unwrap_err(), ErrorKind::Transport, Delivery::NotSent, &words);
        if session.situation().is_some() {
            // The payment has its identifiers: another one does not take its place unasked.
            let words = ["prepared and was not carried out", "proceed()", "abandon()"];
            told(&session.pay(&payment()).await.unwrap_err(), ErrorKind::Misuse, Delivery::NotSent, &words);
            told(&session.accounts().await.unwrap_err(), ErrorKind::Misuse, Delivery::NotSent, &words);
        }
        session.abandon().unwrap();
        told(&session.accounts().await.unwrap_err(), ErrorKind::Transport, Delivery::NotSent, &words);
        session.close().unwrap();
    }
    assert!(bank.requests().is_empty());
    let mut fresh = client(Institution::new(bank.url()), bank.ca_pem());
    fresh.fetch_profile().await.unwrap();
}

#[tokio::test]
async fn nobody_at_the_address_is_not_sent() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let institution = Institution::new(format!("https://127.0.0.1:{port}/ofx?canary")).without_profile();
    let mut session = client(institution, &Authority::new("root").pem).open(jane()).unwrap();
    let error = session.pay(&payment()).await.unwrap_err();
    let named = format!("could not connect to 127.0.0.1:{port}: ");
    told(&error, ErrorKind::Transport, Delivery::NotSent, &[&named, "check the network"]);
    assert!(session.close().is_ok(), "nothing is in doubt");
}

#[test]
fn plain_http_is_refused_when_the_client_is_built() {
    let pem = Authority::new("root").pem;
    for (url, words) in [
        ("http://ofx.bank.example/ofx?canary", ["plain http", "use its https URL"]),
        ("ftp://ofx.bank.example/canary", ["URL", "not https"]),
        ("canary", ["URL", "cannot be used"]),
    ] {
        let builder = ofx_session::Client::builder(Institution::new(url));
        let error = builder.connection(super::support::trusting(&pem)).build().unwrap_err();
        told(&error, ErrorKind::Misuse, Delivery::NotSent, &words);
    }
}

#[test]
fn what_does_not_fit_its_element_is_refused_when_the_client_is_built() {
    let pem = Authority::new("root").pem;
    let builder = || ofx_session::Client::builder(Institution::new("https://ofx.bank.example/ofx"));
    let long = "x".repeat(40);
    let place = || Institution::new("https://ofx.bank.example/ofx");
    let says = |text: &str| Dialect::new().user_agent(HeaderLine::Text(text.to_owned()));
    for (builder, words) in [
        (builder().app("TOOLONG", "2700"), ["APPID", "5"]),
        (builder().app("QWIN", "27.0"), ["APPVER", "digits"]),
        (builder().app("", "2700"), ["APPID", "empty"]),
        (builder().client_uid(long.as_str()), ["CLIENTUID", "36"]),
        (ofx_session::Client::builder(place().fid("7777")), ["ORG", "empty"]),
        (ofx_session::Client::builder(place().org(long.as_str())), ["ORG", "32"]),
        (ofx_session::Client::builder(place().language("ENGL")), ["LANGUAGE", "3"]),
        (ofx_session::Client::builder(place().dialect(says("a\r\nb"))), ["User-Agent", "255"]),
        (ofx_session::Client::builder(place().dialect(says(""))), ["User-Agent", "255"]),
        (ofx_session::Client::builder(place().dialect(says(&"x".repeat(256)))), ["User-Agent", "255"]),
    ] {
        let error = builder.connection(super::support::trusting(&pem)).build().unwrap_err();
        told(&error, ErrorKind::Misuse, Delivery::NotSent, &words);
    }
}

/// It is kept in blobs, which have their limit.
#[tokio::test]
async fn the_end_of_a_key_is_a_date_or_nothing() {
    for (until, kept) in [("20261130120000.000[-5:EST]".to_owned(), true), ("9".repeat(5000), false)] {
        let raw = Raw::says(ofx(&format!(
            "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260105<USERKEY>key\
             <TSKEYEXPIRE>{until}<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1></OFX>"
        )))
        .await;
        let mut session = raw.session();
        session.accounts().await.unwrap_err();
        let key = session.client().user_key().unwrap();
        assert_eq!(key.expires.as_ref().map(|end| end.as_str().to_owned()), kept.then_some(until));
    }
}

#[tokio::test]
async fn a_list_that_is_cut_or_replaced_by_a_page_is_an_error_and_can_be_asked_for_again() {
    let page = "<html><head><title>Please wait</title></head></html>";
    let cut =
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ofx\r\nContent-Length: 1000\r\n\r\nOFXHEADER:100".to_owned();
    let malformed = (ErrorKind::Malformed, Delivery::Answered);
    let lost = (ErrorKind::Transport, Delivery::Unknown);
    let cases: [(String, (ErrorKind, Delivery), &[&str]); 7] = [
        (cut, lost, &["while asking, which changes nothing", "broke before the answer was complete"]),
        (http("200 OK", "text/html", page), lost, &["web page", "Please wait"]),
        (http("503 Busy", "text/plain", "canary"), lost, &["http status 503", "answer later"]),
        (http("403 No", "text/plain", "canary"), lost, &["http status 403", "check the URL"]),
        (ofx(""), lost, &["answered with nothing"]),
        (ofx("busy, canary"), malformed, &["cannot be read", "no <OFX> was found"]),
        (ofx("<OFX><SIGNONMSGSRSV1><SONRS>"), malformed, &["cannot be read", "cut short"]),
    ];
    for (bytes, (kind, delivery), words) in cases {
        let raw = Raw::says(bytes).await;
        let mut session = raw.session();
        for _ in 0..2 {
            told(&session.accounts().await.unwrap_err(), kind, delivery, words);
        }
        assert_eq!(raw.server.seen().len(), 2, "each was sent once");
        assert!(session.close().is_ok());
    }
}

#[tokio::test]
async fn a_lost_answer_to_the_questions_leaves_no_doubt() {
    let asks = "OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>3000<SEVERITY>ERROR</STATUS>\
                <DTSERVER>20260105<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1></OFX>";
    let raw = Raw::new(move |seen| {
        let is_challenge = seen.body.windows(17).any(|window| window == b"MFACHALLENGETRNRQ");
        if is_challenge { Act::Close } else { Act::ReplyAndClose(ofx(asks)) }
    })
    .await;
    let mut session = raw.session();
    let error = session.pay(&payment()).await.unwrap_err();
    told(&error, ErrorKind::Transport, Delivery::NotSent, &["broke before the answer was complete"]);
    assert!(!error.to_string().contains("carried out"), "it is the payment that was not: {error}");
    assert!(session.close().is_ok(), "the payment was refused with 3000, and the questions move no money");
}

#[tokio::test]
async fn the_url_s_query_is_used_and_never_shown() {
    let raw = Raw::says(ofx("busy")).await;
    let mut session = raw.session();
    let error = session.accounts().await.unwrap_err();
    assert!(raw.server.seen()[0].head.starts_with("POST /ofx?canary-query "));
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn a_mistyped_user_id_does_not_take_the_client_over() {
    let bank = questioning().start().unwrap();
    let mut session = client(Institution::new(bank.url()), bank.ca_pem()).open(Credentials::new("jnae", "x")).unwrap();
    let uid = session.client().client_uid().to_owned();
    assert_eq!(session.accounts().await.unwrap_err().status().map(|status| status.value()), Some(15_500));
    let mut session = session.close().unwrap().open(jane()).unwrap();
    // Questions are only asked of whom the institution knows.
    assert!(matches!(session.accounts().await, Ok(Progress::Ask(_))));
    session.abandon().unwrap();
    let jane_s = session.close().unwrap();
    assert_eq!(jane_s.client_uid(), uid);
    assert!(jane_s.open(Credentials::new("jnae", "x")).is_err());
}

#[tokio::test]
async fn another_user_s_client_is_not_opened() {
    let bank = easy().user("joe", "battery staple").start().unwrap();
    let mut jane = session(&bank);
    jane.accounts().await.unwrap().done().unwrap();
    let kept = jane.close().unwrap().open(Credentials::new("joe", "battery staple")).unwrap_err();
    told(kept.error(), ErrorKind::Misuse, Delivery::NotSent, &["another user id", "build a new client"]);
    let mut again = kept.into_value().open(super::support::jane()).unwrap();
    again.accounts().await.unwrap().done().unwrap();
}
