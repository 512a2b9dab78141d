//! Users enrol, change their data, and ask for services of their accounts.

use std::sync::{Arc, Mutex};

use ofx_session::ofx::{EnrollmentRequest, Version};
use ofx_session::testing::BankModel;
use ofx_session::transport::{Request, Sending, Transport};
use ofx_session::{Client, Credentials, Institution};

use super::support::{Answer, Ask, FROM, Pay, day, easy, framed, trn};
use crate::resume::line::{Line, MAIN, now};

const V: Version = Version::V103;
const OLD: &str = "19900101";

fn everything() -> BankModel {
    easy().everything().build_model()
}

fn enrolment(first: &str, user_id: &str) -> String {
    let user_id = if user_id.is_empty() { String::new() } else { format!("<USERID>{user_id}</USERID>") };
    format!(
        "<ENROLLRQ><FIRSTNAME>{first}</FIRSTNAME><MIDDLENAME>Q</MIDDLENAME><LASTNAME>Public</LASTNAME>\
         <ADDR1>1 Main Street</ADDR1><CITY>Newport</CITY><STATE>RI</STATE><POSTALCODE>02840</POSTALCODE>\
         <COUNTRY>USA</COUNTRY><DAYPHONE>401-555-0100</DAYPHONE><EVEPHONE>401-555-0101</EVEPHONE>\
         <EMAIL>jq@example.com</EMAIL>{user_id}<TAXID>123-45-6789</TAXID><SECURITYNAME>Jones</SECURITYNAME>\
         <DATEBIRTH>19800101</DATEBIRTH></ENROLLRQ>"
    )
}

fn enroll(bank: &mut BankModel, trn_uid: &str, request: &str) -> Answer {
    Ask::new(V).anonymous().signup(&trn("ENROLLTRNRQ", trn_uid, request)).send(bank)
}

fn service(bank: &mut BankModel, trn_uid: &str, change: &str, service: &str) -> Answer {
    let request = format!("<ACCTRQ>{change}<SVC>{service}</SVC></ACCTRQ>");
    Ask::new(V).signup(&trn("ACCTTRNRQ", trn_uid, &request)).send(bank)
}

/// A change of a service: `SVCADD`, `SVCDEL`.
fn change(tag: &str, end: &str, account: &str) -> String {
    format!("<{tag}>{}</{tag}>", bank_account(end, account))
}

fn bank_account(end: &str, account: &str) -> String {
    let kind = if account == "1000002" { "SAVINGS" } else { "CHECKING" };
    format!(
        "<BANKACCT{end}><BANKID>999888777</BANKID><ACCTID>{account}</ACCTID><ACCTTYPE>{kind}</ACCTTYPE></BANKACCT{end}>"
    )
}

#[test]
fn whoever_enrols_signs_on_with_a_password_that_must_be_changed() {
    let mut bank = everything();
    let answer = enroll(&mut bank, "enr-1", &enrolment("Jane", "janeq"));
    let got = |path: &str| answer.signup(&format!("ENROLLTRNRS/{path}"));
    assert_eq!((got("STATUS/CODE"), got("ENROLLRS/USERID")), (Some("0"), Some("janeq")));
    assert!(got("ENROLLRS/DTEXPIRE").unwrap().starts_with("20260204"));
    let password: &'static str = got("ENROLLRS/TEMPPASS").unwrap().to_owned().leak();
    let first = Ask::new(V).user("janeq", password).new_password("pin-1", "janeq", "new horse").accounts(OLD);
    let first = first.send(&mut bank);
    assert_eq!((first.signon(), first.account_status()), ("15000", Some("0")));
    let paid = Ask::new(V).user("janeq", "new horse").pay("pay-1", Pay::new()).send(&mut bank);
    assert_eq!((paid.signon(), paid.payment_status()), ("0", Some("0")));
    assert_eq!(bank.user_info("janeq").unwrap().last_name.as_deref(), Some("Public"));

    let status = |answer: &Answer| answer.signup("ENROLLTRNRS/STATUS/CODE").unwrap().to_owned();
    assert_eq!(status(&enroll(&mut bank, "enr-1", &enrolment("Jane", "janeq"))), "13501", "the same request");
    assert_eq!(status(&enroll(&mut bank, "enr-2", &enrolment("Jim", "jane"))), "13501", "somebody else's id");
    assert_eq!(status(&enroll(&mut bank, "enr-3", &enrolment("Jane", ""))), "13501", "the same person");
    assert_eq!(status(&enroll(&mut bank, "enr-4", &enrolment("Jim", ""))), "0");
    assert!(bank.violations().is_empty());
}

/// Notes of each request whether it may go over a connection that was used before.
#[derive(Debug)]
struct Noting(Line, Arc<Mutex<Vec<(String, bool)>>>);

impl Transport for Noting {
    fn send(&self, request: Request) -> Sending<'_> {
        let text = String::from_utf8(request.body().to_vec()).unwrap();
        self.1.lock().unwrap().push((text, request.may_reuse_connection()));
        self.0.send(request)
    }
}

/// A used connection may be closing at that moment, and the first password would be lost with the answer.
#[test]
fn who_enrols_gets_a_connection_of_their_own() {
    let noted = Arc::default();
    let line = Noting(Line::new(everything()), Arc::clone(&noted));
    let client = Client::builder(Institution::new(MAIN)).transport(line).build().unwrap();
    let mut session = client.open(Credentials::new("jimmy", "?")).unwrap();
    let request = EnrollmentRequest::new("Jim", "Public", "1 Main Street", "Newport", "RI", "02840", "jim@example.com");
    now(session.enroll(&request.user_id("jimmy"))).unwrap().done().unwrap();
    let noted = noted.lock().unwrap();
    let reused: Vec<_> = noted.iter().map(|(text, reused)| (text.contains("<ENROLLRQ>"), *reused)).collect();
    assert_eq!(reused, [(false, true), (true, false)], "profile, enrolment");
}

#[test]
fn enrolment_is_for_those_who_have_no_credentials() {
    let mut bank = easy().build_model();
    let answer = enroll(&mut bank, "enr-1", &enrolment("Jane", "janeq"));
    assert_eq!(answer.signup("ENROLLTRNRS/STATUS/CODE"), Some("2000"));
    assert_eq!(bank.violations(), ["a user enrols although the profile says CLIENTENROLL N"]);
    let mut bank = everything();
    let signed_on = Ask::new(V).signup(&trn("ENROLLTRNRQ", "enr-1", &enrolment("Jane", "janeq"))).send(&mut bank);
    assert_eq!(signed_on.signup("ENROLLTRNRS/STATUS/CODE"), Some("13501"));
    let both = trn("ENROLLTRNRQ", "enr-2", &enrolment("Jane", "janeq"));
    let both =
        format!("{both}{}", trn("ACCTINFOTRNRQ", "a-1", "<ACCTINFORQ><DTACCTUP>19900101</DTACCTUP></ACCTINFORQ>"));
    assert_eq!(Ask::new(V).anonymous().signup(&both).send(&mut bank).signon(), "15500");
    assert!(bank.user_info("janeq").is_none());
}

#[test]
fn what_is_left_out_of_a_users_data_is_deleted() {
    let mut bank = everything();
    let ask = |trn_uid: &str, inside: &str| {
        Ask::new(Version::V230).signup(&trn(
            "CHGUSERINFOTRNRQ",
            trn_uid,
            &format!("<CHGUSERINFORQ>{inside}</CHGUSERINFORQ>"),
        ))
    };
    let first = ask("info-1", "<FIRSTNAME>Jane</FIRSTNAME><CITY>Newport</CITY>").send(&mut bank);
    assert_eq!(first.signup("CHGUSERINFOTRNRS/CHGUSERINFORS/CITY"), Some("Newport"));
    assert!(first.signup("CHGUSERINFOTRNRS/CHGUSERINFORS/DTINFOCHG").is_some());
    let second = ask("info-2", "<FIRSTNAME>Joan</FIRSTNAME>").send(&mut bank);
    assert!(second.text("SIGNONMSGSRSV1/SONRS/DTUSERUP").is_some());
    let info = bank.user_info("jane").unwrap();
    assert_eq!((info.first_name.as_deref(), info.city), (Some("Joan"), None));
    assert_eq!(
        ask("info-2", "<FIRSTNAME>Joan</FIRSTNAME>").send(&mut bank).signup("CHGUSERINFOTRNRS/STATUS/CODE"),
        Some("2019")
    );
    let answer = Ask::new(V).signup(&framed("CHGUSERINFOSYNCRQ", "0", "")).send(&mut bank);
    let frame = answer.sync("SIGNUP", "CHGUSERINFOSYNCRS");
    assert_eq!(frame.told(), [("info-1", "0", "CHGUSERINFORS"), ("info-2", "0", "CHGUSERINFORS")]);
    let enclosed = trn("CHGUSERINFOTRNRQ", "info-3", "<CHGUSERINFORQ><CITY>Bristol</CITY></CHGUSERINFORQ>");
    let stale = Ask::new(V).signup(&framed("CHGUSERINFOSYNCRQ", "0", &enclosed)).send(&mut bank);
    assert_eq!(stale.sync("SIGNUP", "CHGUSERINFOSYNCRS").told().last(), Some(&("info-3", "2000", "")));
    let refresh = "<CHGUSERINFOSYNCRQ><REFRESH>Y</REFRESH><REJECTIFMISSING>N</REJECTIFMISSING></CHGUSERINFOSYNCRQ>";
    let refreshed = Ask::new(V).signup(refresh).send(&mut bank);
    let frame = refreshed.sync("SIGNUP", "CHGUSERINFOSYNCRS");
    assert_eq!((frame.told().len(), frame.text(0, "CHGUSERINFORS/FIRSTNAME")), (1, Some("Joan")));
    let mut bare = easy().build_model();
    assert_eq!(
        ask("info-1", "<CITY>Newport</CITY>").send(&mut bare).signup("CHGUSERINFOTRNRS/STATUS/CODE"),
        Some("2000")
    );
    assert_eq!(bare.violations(), ["name and address are changed although the profile says CHGUSERINFO N"]);
}

#[test]
fn a_service_is_added_and_ended() {
    let mut bank = everything();
    let listed = |bank: &mut BankModel, known: &str| Ask::new(V).accounts(known).send(bank);
    let known = listed(&mut bank, OLD).text("SIGNONMSGSRSV1/SONRS/DTACCTUP").unwrap().to_owned();
    assert_eq!(listed(&mut bank, &known).account_status(), Some("1"));
    let savings = Pay { account: "1000002", ..Pay::new() };
    assert_eq!(Ask::new(V).pay("pay-1", savings.clone()).send(&mut bank).payment_status(), Some("2008"));
    let answer = service(&mut bank, "svc-1", &change("SVCADD", "TO", "1000002"), "BPSVC");
    assert_eq!(answer.signup("ACCTTRNRS/ACCTRS/SVCSTATUS"), Some("ACTIVE"));
    assert_eq!(Ask::new(V).pay("pay-2", savings.clone()).send(&mut bank).payment_status(), Some("0"));
    assert_eq!(listed(&mut bank, &known).account_status(), Some("0"), "the list has changed");
    let joe = Ask::new(V).user("joe", "battery staple").pay("pay-3", savings.clone()).send(&mut bank);
    assert_eq!(joe.payment_status(), Some("2008"), "for jane alone");

    let gone = service(&mut bank, "svc-2", &change("SVCDEL", "FROM", "1000002"), "BPSVC");
    assert_eq!(gone.signup("ACCTTRNRS/ACCTRS/SVCSTATUS"), Some("AVAIL"));
    assert_eq!(Ask::new(V).pay("pay-4", savings).send(&mut bank).payment_status(), Some("2008"));
    let status = |answer: &Answer| answer.signup("ACCTTRNRS/STATUS/CODE").unwrap().to_owned();
    assert_eq!(status(&service(&mut bank, "svc-2", &change("SVCDEL", "FROM", "1000002"), "BPSVC")), "2019");
    assert_eq!(status(&service(&mut bank, "svc-3", &change("SVCDEL", "FROM", "1000002"), "BPSVC")), "13502");
    assert_eq!(status(&service(&mut bank, "svc-4", &change("SVCADD", "TO", "77"), "BPSVC")), "2009");
    assert_eq!(status(&service(&mut bank, "svc-5", &change("SVCADD", "TO", "77"), "INVSVC")), "13502");
    assert_eq!(status(&service(&mut bank, "svc-6", &change("SVCADD", "TO", "77"), "BANKSVC")), "0");
    assert_eq!(status(&service(&mut bank, "svc-7", &change("SVCADD", "TO", "77"), "BPSVC")), "0");
    let answer = Ask::new(V).signup(&framed("ACCTSYNCRQ", "0", "")).send(&mut bank);
    let frame = answer.sync("SIGNUP", "ACCTSYNCRS");
    let uids: Vec<_> = frame.told().iter().map(|told| told.0).collect();
    assert_eq!(uids, ["svc-1", "svc-2", "svc-6", "svc-7"]);
    let refresh = "<ACCTSYNCRQ><REFRESH>Y</REFRESH><REJECTIFMISSING>N</REJECTIFMISSING></ACCTSYNCRQ>";
    let refreshed = Ask::new(V).signup(refresh).send(&mut bank);
    assert_eq!(refreshed.sync("SIGNUP", "ACCTSYNCRS").told().len(), 5, "three banking, two bill pay");
    let mut bare = easy().build_model();
    assert_eq!(status(&service(&mut bare, "svc-1", &change("SVCADD", "TO", "1000002"), "BPSVC")), "2000");
    assert_eq!(bare.violations(), ["a service is asked for although the profile says CLIENTACTREQ N"]);
}

#[test]
fn an_account_gets_another_number_and_its_tokens_go_on() {
    let mut bank = everything();
    Ask::new(V).pay("pay-1", Pay::new()).send(&mut bank);
    let token = Ask::new(V).sync("0", vec![]).send(&mut bank).token().to_owned();
    let both = format!("<SVCCHG>{}{}</SVCCHG>", FROM, bank_account("TO", "2000001"));
    let answer = service(&mut bank, "svc-1", &both, "BPSVC");
    assert_eq!(answer.signup("ACCTTRNRS/ACCTRS/SVCCHG/BANKACCTTO/ACCTID"), Some("2000001"));
    assert_eq!(Ask::new(V).pay("pay-2", Pay::new()).send(&mut bank).payment_status(), Some("2008"));
    let moved = Pay { account: "2000001", ..Pay::new() };
    assert_eq!(Ask::new(V).pay("pay-3", moved).send(&mut bank).payment_status(), Some("0"));
    let sync = |token: &str| Ask::new(V).bill(&framed("PMTSYNCRQ", token, &bank_account("FROM", "2000001")));
    let answer = sync(&token).send(&mut bank);
    assert_eq!(answer.sync("BILLPAY", "PMTSYNCRS").told(), [("pay-3", "0", "PMTRS")]);
    bank.process_until(day("20260123"));
    assert_eq!(bank.payments_standing(), 2);
    assert!(bank.payments().iter().all(|entry| entry.payment.from.account_id == "2000001"));
}

#[tokio::test]
async fn users_and_services_are_in_the_ledger_file() {
    let folder = tempfile::tempdir().unwrap();
    let builder = easy().everything().ledger_file(folder.path().join("ledger"));
    let bank = builder.clone().start().unwrap();
    let client = super::https::client_of(&bank);
    let new = Ask::new(V).anonymous().signup(&trn("ENROLLTRNRQ", "enr-1", &enrolment("Jane", "janeq")));
    let answer = super::https::ask(&client, bank.url(), &new).await;
    let password: &'static str = answer.signup("ENROLLTRNRS/ENROLLRS/TEMPPASS").unwrap().to_owned().leak();
    let moved = format!("<SVCCHG>{}{}</SVCCHG>", FROM, bank_account("TO", "2000001"));
    let moved = trn("ACCTTRNRQ", "svc-1", &format!("<ACCTRQ>{moved}<SVC>BPSVC</SVC></ACCTRQ>"));
    super::https::ask(&client, bank.url(), &Ask::new(V).signup(&moved)).await;
    let info = bank.user_info("janeq");
    drop(bank);
    let bank = builder.start().unwrap();
    let client = super::https::client_of(&bank);
    assert_eq!(bank.user_info("janeq"), info);
    let pay = Ask::new(V).pay("pay-1", Pay { account: "2000001", ..Pay::new() });
    assert_eq!(super::https::ask(&client, bank.url(), &pay).await.payment_status(), Some("0"));
    let pay = Ask::new(V).user("janeq", password).pay("pay-1", Pay::new());
    let answer = super::https::ask(&client, bank.url(), &pay).await;
    assert_eq!((answer.signon(), answer.payment_status()), ("15000", Some("0")));
}
