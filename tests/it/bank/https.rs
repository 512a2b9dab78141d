//! The same bank over real HTTPS: TLS, HTTP, two addresses, the end of it.

use ofx_session::ofx::Version;
use ofx_session::testing::Bank;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::support::{Answer, Ask, Pay, easy, questioning};

/// A client that trusts this bank and nobody else.
pub(super) fn client_of(bank: &Bank) -> reqwest::Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(bank.ca_pem().as_bytes()).unwrap()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().build().unwrap()
}

pub(super) async fn post(client: &reqwest::Client, url: &str, body: Vec<u8>) -> reqwest::Result<reqwest::Response> {
    client.post(url).header("Content-Type", "application/x-ofx").body(body).send().await
}

pub(super) async fn ask(client: &reqwest::Client, url: &str, ask: &Ask) -> Answer {
    let response = post(client, url, ask.bytes()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-ofx");
    Answer::read(&response.bytes().await.unwrap())
}

#[tokio::test]
async fn a_payment_with_questions_goes_through() {
    let bank = questioning().start().unwrap();
    let client = client_of(&bank);
    let pay = Ask::new(Version::V103).pay("pay-1", Pay::new());
    assert_eq!(ask(&client, bank.url(), &pay).await.signon(), "3000");
    assert_eq!(ask(&client, bank.url(), &Ask::new(Version::V103).questions("q1")).await.signon(), "0");
    let paid = ask(&client, bank.url(), &pay.clone().right_answers()).await;
    assert_eq!(paid.payment_status(), Some("0"));
    assert_eq!((bank.payments_made(), bank.payments()[0].user.as_str()), (1, "jane"));
    assert_eq!((bank.requests().len(), bank.answers().len()), (3, 3));
    assert_eq!(bank.requests()[0], pay.bytes());
    assert!(bank.violations().is_empty());
    assert_eq!(bank.url(), bank.bill_pay_url());
}

#[tokio::test]
async fn the_name_of_the_host_works_too() {
    let bank = easy().start().unwrap();
    let url = bank.url().replace("127.0.0.1", "localhost");
    let answer = ask(&client_of(&bank), &url, &Ask::new(Version::V211).accounts("19900101")).await;
    assert_eq!(answer.account_status(), Some("0"));
}

#[tokio::test]
async fn whoever_does_not_know_its_authority_does_not_trust_it() {
    let (bank, other) = (easy().start().unwrap(), easy().start().unwrap());
    let stranger = client_of(&other);
    assert!(post(&stranger, bank.url(), Vec::new()).await.unwrap_err().is_connect());
    assert!(bank.requests().is_empty());
}

#[tokio::test]
async fn http_mistakes_are_refused() {
    let bank = easy().start().unwrap();
    let client = client_of(&bank);
    let good = Ask::new(Version::V211).accounts("19900101").bytes();
    assert_eq!(client.get(bank.url()).send().await.unwrap().status(), 405);
    assert_eq!(post(&client, &format!("{}/else", bank.url()), good.clone()).await.unwrap().status(), 404);
    assert_eq!(post(&client, bank.url(), b"<html>".to_vec()).await.unwrap().status(), 400);
    assert_eq!(post(&client, bank.url(), vec![b' '; 2_000_000]).await.unwrap().status(), 413);
    assert!(bank.violations().is_empty());
    let xml = client.post(bank.url()).header("Content-Type", "text/xml").body(good.clone());
    assert_eq!(xml.send().await.unwrap().status(), 400);
    assert_eq!(bank.violations(), ["Content-Type is not application/x-ofx"]);
    assert_eq!(post(&client, bank.url(), good).await.unwrap().status(), 200);
    assert_eq!((bank.requests().len(), bank.answers().len()), (3, 1));
}

#[tokio::test]
async fn bill_pay_lives_at_another_port() {
    let bank = easy().separate_bill_pay_url(true).start().unwrap();
    let client = client_of(&bank);
    assert_ne!(bank.url().rsplit(':').next(), bank.bill_pay_url().rsplit(':').next());
    let pay = Ask::new(Version::V211).pay("pay-1", Pay::new());
    assert_eq!(post(&client, bank.url(), pay.bytes()).await.unwrap().status(), 400);
    assert_eq!(bank.payments_made(), 0);
    assert_eq!(ask(&client, bank.bill_pay_url(), &pay).await.payment_status(), Some("0"));
    let profile = ask(&client, bank.url(), &Ask::new(Version::V211).anonymous().profile("19900101")).await;
    let set = "PROFMSGSRSV1/PROFTRNRS/PROFRS/MSGSETLIST/BILLPAYMSGSET/BILLPAYMSGSETV1/MSGSETCORE/URL";
    assert_eq!(profile.text(set), Some(bank.bill_pay_url()));
}

#[tokio::test]
async fn a_lost_answer_is_carried_out_all_the_same() {
    let bank = easy().start().unwrap();
    let client = client_of(&bank);
    bank.lose_answers(1);
    let pay = Ask::new(Version::V211).pay("pay-1", Pay::new());
    assert!(post(&client, bank.url(), pay.bytes()).await.is_err());
    assert_eq!((bank.payments_made(), bank.answers().len()), (1, 1));
    assert_eq!(ask(&client, bank.url(), &pay).await.payment_status(), Some("2019"));
    assert_eq!(bank.payments_made(), 1);
}

#[tokio::test]
async fn a_dropped_bank_is_gone() {
    let bank = easy().start().unwrap();
    let (client, url) = (client_of(&bank), bank.url().to_owned());
    assert_eq!(post(&client, &url, Vec::new()).await.unwrap().status(), 400);
    drop(bank);
    assert!(post(&client, &url, Vec::new()).await.is_err());
}

#[tokio::test]
async fn switches_can_be_thrown_while_it_runs() {
    let bank = questioning().start().unwrap();
    let client = client_of(&bank);
    let accounts = Ask::new(Version::V211).accounts("19900101");
    ask(&client, bank.url(), &Ask::new(Version::V211).questions("q1")).await;
    let passed = ask(&client, bank.url(), &accounts.clone().right_answers()).await;
    let accounts = accounts.key(passed.key().unwrap());
    bank.set_password_expired("jane");
    assert_eq!(ask(&client, bank.url(), &accounts).await.signon(), "15000");
    bank.revoke_access_keys();
    assert_eq!(ask(&client, bank.url(), &accounts).await.signon(), "3000");
    bank.lock_user("jane");
    assert_eq!(ask(&client, bank.url(), &accounts).await.signon(), "15502");
}
