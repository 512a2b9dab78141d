//! The profile and the account list: when they are fetched, where things are sent, and how little is taken for granted.

use ofx_session::engine::{EngineError, Institution, Intent, Outcome, Step};
use ofx_session::error::{Error, ErrorKind};
use ofx_session::ofx::Version;

use super::scenario::{
    BILL_PAY, MAIN, Reply, Said, Scenario, asked, easy, honest, paid, questioning, refused, right, transaction,
};

const PROFILE: &str = "/OFX/PROFMSGSRQV1/PROFTRNRQ/PROFRQ/DTPROFUP";
const ACCOUNTS: &str = "/OFX/SIGNUPMSGSRQV1/ACCTINFOTRNRQ/ACCTINFORQ/DTACCTUP";

fn asked_since(scenario: &Scenario, path: &str) -> String {
    scenario.last().document.find(path).and_then(|leaf| leaf.text()).unwrap().to_owned()
}

#[test]
fn the_profile_is_fetched_whole_once_and_then_asked_for_by_its_date() {
    let mut scenario = Scenario::new(easy());
    assert_eq!(scenario.run(Intent::Profile), Ok(Step::Done(Outcome::Profile)));
    assert!(asked_since(&scenario, PROFILE).starts_with("19900101"));
    let first = scenario.state.profile().unwrap().clone();
    assert_eq!(first.name.as_deref(), Some("Example Loopback Bank"));
    assert_eq!(scenario.run(Intent::Profile), Ok(Step::Done(Outcome::Profile)));
    assert_eq!(asked_since(&scenario, PROFILE), first.updated.as_ref().unwrap().as_str());
    assert_eq!(scenario.state.profile(), Some(&first), "status 1 keeps what is known");
    scenario.clean(0);
}

#[test]
fn the_account_list_is_fetched_whole_once_and_then_asked_for_by_its_date() {
    let mut scenario = Scenario::new(easy());
    assert_eq!(scenario.run(Intent::Accounts), Ok(Step::Done(Outcome::Accounts)));
    assert!(asked_since(&scenario, ACCOUNTS).starts_with("19900101"));
    let first = scenario.state.accounts().unwrap().clone();
    assert_eq!(first.accounts.len(), 3);
    assert_eq!(scenario.run(Intent::Accounts), Ok(Step::Done(Outcome::Accounts)));
    assert!(asked_since(&scenario, ACCOUNTS).starts_with("2025122"), "{}", asked_since(&scenario, ACCOUNTS));
    assert_eq!(scenario.state.accounts(), Some(&first));
    scenario.clean(0);
}

#[test]
fn up_to_date_means_nothing_when_nothing_is_known() {
    for (intent, tag, set) in
        [(Intent::Profile, "PROFTRNRS", "PROFMSGSRSV1"), (Intent::Accounts, "ACCTINFOTRNRS", "SIGNUPMSGSRSV1")]
    {
        let mut scenario = Scenario::new(easy());
        scenario.then_says(move |sent| Said::new(0, "INFO").set(set, vec![transaction(tag, sent.trn_uid(), 1, None)]));
        let error = scenario.run(intent.clone()).unwrap_err();
        assert!(matches!(error, EngineError::NothingKnown(_)), "{error}");
        let error = Error::from(error);
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.to_string().contains("up to date, but none was ever received"), "{error}");
        scenario.then_says(move |sent| Said::new(0, "INFO").set(set, vec![transaction(tag, sent.trn_uid(), 0, None)]));
        assert!(matches!(scenario.run(intent), Err(EngineError::Missing(_))));
    }
}

/// Nobody in particular asks for it, so nobody can be asked.
#[test]
fn a_challenge_to_nobody_in_particular_is_a_refusal() {
    let mut scenario = Scenario::new(questioning());
    scenario.then_says(|_| Said::new(3_000, "ERROR"));
    assert_eq!(refused(scenario.run(Intent::Profile)).status.code.value(), 3_000);
    assert_eq!(scenario.sent.len(), 1);
}

#[test]
fn a_profile_that_is_refused_is_a_refusal() {
    let mut scenario = Scenario::new(easy());
    scenario.then_says(|sent| {
        Said::new(0, "INFO").set("PROFMSGSRSV1", vec![transaction("PROFTRNRS", sent.trn_uid(), 2000, None)])
    });
    assert_eq!(refused(scenario.run(Intent::Profile)).status.code.value(), 2000);
    assert!(scenario.state.profile().is_none());
}

#[test]
fn bill_pay_goes_where_the_profile_says() {
    let mut scenario = Scenario::new(questioning().separate_bill_pay_url(true));
    scenario.run(Intent::Profile).unwrap();
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    scenario.run(Intent::Accounts).unwrap();
    let urls: Vec<_> = scenario.sent.iter().map(|sent| sent.url.as_str()).collect();
    // The questions are asked for where the signon set lives: it shares the realm.
    assert_eq!(urls, [MAIN, BILL_PAY, MAIN, BILL_PAY, MAIN]);
    scenario.clean(1);
}

#[test]
fn a_challenge_of_another_realm_is_asked_for_at_its_own_place() {
    let mut scenario = Scenario::new(questioning().separate_bill_pay_url(true));
    scenario.then(|bank, sent| {
        let text = String::from_utf8(honest(bank, sent)).unwrap();
        let at = text.find("<BILLPAYMSGSET>").unwrap();
        let (before, behind) = text.split_at(at);
        let realm = "<SIGNONREALM>EXAMPLE</SIGNONREALM>";
        assert!(behind.contains(realm));
        let behind = behind.replacen(realm, "<SIGNONREALM>PAYMENTS</SIGNONREALM>", 1);
        Reply::Body([before, &behind].concat().into_bytes())
    });
    scenario.run(Intent::Profile).unwrap();
    asked(scenario.pay());
    assert_eq!(scenario.last().url, BILL_PAY);
    paid(scenario.answer(&right()));
    scenario.clean(1);
}

#[test]
fn without_a_profile_everything_goes_to_the_institution_s_url() {
    let mut scenario = Scenario::new(easy());
    paid(scenario.pay());
    assert_eq!(scenario.last().url, MAIN);
    scenario.clean(1);
}

#[test]
fn the_profile_s_urls_can_be_ignored() {
    let institution = Institution::new(MAIN).ignore_profile_urls();
    let mut scenario = Scenario::at(institution, Version::V211, easy().separate_bill_pay_url(true));
    scenario.run(Intent::Profile).unwrap();
    scenario.then(|_, sent| {
        assert_eq!(sent.url, MAIN);
        Reply::Failed(ofx_session::error::Delivery::Unknown)
    });
    super::scenario::unknown(scenario.pay());
    scenario.clean(0);
}

#[test]
fn the_challenge_needs_no_profile_to_be_found() {
    let mut scenario = Scenario::at(Institution::new(MAIN).without_profile(), Version::V203, questioning());
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    assert!(scenario.sent.iter().all(|sent| sent.url == MAIN));
    scenario.clean(1);
}

#[test]
fn the_institution_is_named_in_every_signon_when_it_has_a_name() {
    let institution = Institution::new(MAIN).fid("7777").org("EXAMPLE");
    let mut scenario = Scenario::at(institution, Version::V211, questioning().org("EXAMPLE").fid("7777"));
    scenario.run(Intent::Profile).unwrap();
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    for sent in &scenario.sent {
        let fi = sent.document.find("/OFX/SIGNONMSGSRQV1/SONRQ/FI").unwrap();
        assert_eq!((fi.value("ORG"), fi.value("FID")), (Some("EXAMPLE"), Some("7777")));
    }
    scenario.clean(1);
}
