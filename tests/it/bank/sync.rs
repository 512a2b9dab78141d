//! Synchronization: tokens, histories, and payments that are only made if nothing happened.

use std::collections::BTreeSet;

use ofx_session::ofx::{AccountInfo, AccountType, BankAccount, BillPayAccountInfo, Element, SyncMode, Version};
use ofx_session::testing::{BankModel, Class, Endpoint, Rejection};

use super::support::{Answer, Ask, Pay, easy, frame, questioning, typed, wrap};

const V: Version = Version::V211;
const ALL: [Version; 8] = [
    Version::V102,
    Version::V103,
    Version::V151,
    Version::V160,
    Version::V200,
    Version::V211,
    Version::V220,
    Version::V230,
];

fn pay(bank: &mut BankModel, trn_uid: &str) {
    assert_eq!(Ask::new(V).pay(trn_uid, Pay::new()).send(bank).payment_status(), Some("0"));
}

fn token(bank: &mut BankModel) -> String {
    sync(bank, Element::leaf("TOKENONLY", "Y")).token().to_owned()
}

fn sync(bank: &mut BankModel, from: Element) -> Answer {
    Ask::new(V).set("BILLPAYMSGSRQV1", vec![frame(from, "N", "1000001", vec![])]).send(bank)
}

fn since(bank: &mut BankModel, token: &str) -> Answer {
    Ask::new(V).sync(token, vec![]).send(bank)
}

fn enclosed(token: &str, trn_uid: &str) -> Ask {
    Ask::new(V).sync(token, vec![Pay::new().wrapped(trn_uid)])
}

#[test]
fn a_token_gives_what_is_newer() {
    let mut bank = easy().build_model();
    let mut tokens = vec![token(&mut bank)];
    for trn_uid in ["pay-1", "pay-2", "pay-3"] {
        pay(&mut bank, trn_uid);
        tokens.push(token(&mut bank));
    }
    let expected = [("pay-1", "0"), ("pay-2", "0"), ("pay-3", "0")];
    for (at, token) in tokens.iter().enumerate() {
        let answer = since(&mut bank, token);
        assert_eq!(answer.framed(), expected[at..]);
        assert_eq!((answer.token(), answer.frame().value("LOSTSYNC")), (tokens[3].as_str(), Some("N")));
    }
    assert_eq!(since(&mut bank, "0").framed(), expected);
    let first = since(&mut bank, "0");
    let payment = first.frame().child("PMTTRNRS").unwrap();
    assert_eq!(payment.find("PMTRS/SRVRTID").unwrap().text(), Some(bank.payments()[0].server_id.as_str()));
    assert_eq!(payment.find("PMTRS/PMTINFO/TRNAMT").unwrap().text(), Some("84.20"));
    assert!(bank.violations().is_empty());
}

#[test]
fn tokens_are_short_distinct_and_tell_nothing() {
    let mut bank = easy().build_model();
    let mut tokens = Vec::new();
    for at in 0..40 {
        tokens.push(token(&mut bank));
        pay(&mut bank, &format!("pay-{at}"));
    }
    assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), 40);
    assert!(tokens.iter().all(|token| token.len() <= 10 && token.parse::<i64>().is_err()));
    assert!(!tokens.is_sorted(), "they are not in order to look at");
    let joe = Ask::new(V).user("joe", "battery staple").sync("0", vec![]).send(&mut bank);
    assert!(joe.framed().is_empty() && !tokens.iter().any(|token| token == joe.token()), "a scope of its own");
}

#[test]
fn token_only_gives_no_history_and_refresh_gives_the_present() {
    let mut bank = easy().keeps_history(1).build_model();
    pay(&mut bank, "pay-1");
    pay(&mut bank, "pay-2");
    let newest = sync(&mut bank, Element::leaf("TOKENONLY", "Y"));
    assert!(newest.framed().is_empty());
    let refreshed = sync(&mut bank, Element::leaf("REFRESH", "Y"));
    assert_eq!(refreshed.framed(), [("0", "0"), ("0", "0")], "kept or not");
    assert_eq!(refreshed.token(), newest.token());
    let ids =
        refreshed.frame().children_named("PMTTRNRS").map(|one| one.find("PMTRS/SRVRTID").unwrap().text().unwrap());
    assert!(ids.eq(bank.payments().iter().map(|entry| entry.server_id.as_str())));
}

#[test]
fn what_is_no_longer_kept_is_lost() {
    let mut bank = easy().keeps_history(2).build_model();
    let mut tokens = vec![token(&mut bank)];
    for trn_uid in ["pay-1", "pay-2", "pay-3"] {
        pay(&mut bank, trn_uid);
        tokens.push(token(&mut bank));
    }
    let lost = |bank: &mut BankModel, token: &str| {
        let answer = since(bank, token);
        (answer.frame().value("LOSTSYNC") == Some("Y"), answer.framed().len())
    };
    assert_eq!(lost(&mut bank, &tokens[0]), (true, 2));
    assert_eq!(lost(&mut bank, &tokens[1]), (false, 2));
    assert_eq!(lost(&mut bank, &tokens[2]), (false, 1));
    assert_eq!(lost(&mut bank, "0"), (false, 2), "everything that is kept");
    assert_eq!(lost(&mut bank, "MADEUP"), (true, 2));
    assert_eq!(enclosed(&tokens[0], "pay-4").send(&mut bank).framed().last(), Some(&("pay-4", "6502")));
    let mut forgetful = easy().keeps_history(0).build_model();
    pay(&mut forgetful, "pay-1");
    assert_eq!(lost(&mut forgetful, "0"), (false, 0));
    assert_eq!(enclosed("0", "pay-2").send(&mut forgetful).framed(), [("pay-2", "6502")], "something did happen");
    assert_eq!(bank.payments_made() + forgetful.payments_made(), 4);
}

#[test]
fn an_enclosed_payment_is_made_only_if_nothing_is_newer() {
    let mut bank = easy().build_model();
    let start = token(&mut bank);
    let first = enclosed(&start, "pay-1").send(&mut bank);
    assert_eq!(first.framed(), [("pay-1", "0")]);
    assert_ne!(first.token(), start);
    let late = enclosed(&start, "pay-2").send(&mut bank);
    assert_eq!(late.framed(), [("pay-1", "0"), ("pay-2", "6502")]);
    assert_eq!((late.token(), bank.payments_made()), (first.token(), 1));
    let again = enclosed(late.token(), "pay-2").send(&mut bank);
    assert_eq!(again.framed(), [("pay-2", "0")], "the TRNUID does not count as received");
    assert_eq!(bank.payments_made(), 2);
    assert_eq!(enclosed(again.token(), "pay-2").send(&mut bank).framed(), [("pay-2", "2019")]);
    let from_nothing = enclosed("0", "pay-3").send(&mut bank);
    assert_eq!(from_nothing.framed().last(), Some(&("pay-3", "6502")), "0 is older than anything");
    assert_eq!(enclosed("0", "pay-3").send(&mut easy().build_model()).framed(), [("pay-3", "0")]);
    assert_eq!(bank.payments_made(), 2);
    assert!(bank.violations().is_empty(), "the TOKEN around a TRNUID may change: {:?}", bank.violations());
}

#[test]
fn a_stale_token_is_no_matter_without_the_flag() {
    let mut bank = easy().build_model();
    pay(&mut bank, "pay-1");
    let inside = vec![Pay::new().wrapped("pay-2")];
    let sets = vec![frame(Element::leaf("TOKEN", "0"), "N", "1000001", inside)];
    let answer = Ask::new(V).set("BILLPAYMSGSRQV1", sets).send(&mut bank);
    assert_eq!(answer.framed(), [("pay-1", "0"), ("pay-2", "0")]);
    assert_eq!(bank.payments_made(), 2);
    assert_eq!(bank.violations(), ["a payment stands in a PMTSYNCRQ without REJECTIFMISSING"]);
}

#[test]
fn a_rejection_shows_as_it_was_set() {
    let codes = |model: &BankModel, version: Version| {
        let mut bank = model.clone();
        bank.other_client_pays("jane", &typed("other"));
        let answer = Ask::new(version).sync("0", vec![Pay::new().wrapped("pay-1")]).send(&mut bank);
        assert_eq!(bank.payments_made(), 1);
        let replies: Vec<String> = answer.framed().iter().map(|(_, code)| (*code).to_owned()).collect();
        replies[1..].to_vec()
    };
    for version in ALL {
        let usual = if version.is_sgml() { "2000" } else { "6502" };
        assert_eq!(codes(&easy().build_model(), version), [usual]);
        assert_eq!(codes(&easy().rejection(Rejection::OutOfDate).build_model(), version), ["6502"]);
        assert_eq!(codes(&easy().rejection(Rejection::GeneralError).build_model(), version), ["2000"]);
        assert_eq!(codes(&easy().rejection(Rejection::LeftOut).build_model(), version), Vec::<String>::new());
    }
}

#[test]
fn rejecting_needs_a_token() {
    for (version, code) in [(V, "6500"), (Version::V103, "2000")] {
        for from in ["TOKENONLY", "REFRESH"] {
            let mut bank = easy().build_model();
            let inside = vec![Pay::new().wrapped("pay-1")];
            let sets = vec![frame(Element::leaf(from, "Y"), "Y", "1000001", inside)];
            let answer = Ask::new(version).set("BILLPAYMSGSRQV1", sets).send(&mut bank);
            assert_eq!(answer.framed(), [("pay-1", code)]);
            assert_eq!(bank.payments_made(), 0);
        }
    }
}

#[test]
fn another_client_moves_the_token() {
    let mut bank = easy().build_model();
    let before = token(&mut bank);
    bank.other_client_looks("jane");
    assert_eq!(token(&mut bank), before);
    let other = bank.other_client_pays("jane", &typed("other")).unwrap();
    let answer = enclosed(&before, "pay-1").send(&mut bank);
    assert_eq!(answer.framed(), [(other.as_str(), "0"), ("pay-1", "6502")]);
    assert_ne!(answer.token(), before);
}

#[test]
fn a_payment_outside_of_a_frame_is_in_the_history() {
    let mut bank = easy().build_model();
    let before = token(&mut bank);
    let both = vec![
        Pay::new().wrapped("pay-1"),
        frame(Element::leaf("TOKEN", before.as_str()), "Y", "1000001", vec![Pay::new().wrapped("pay-2")]),
    ];
    let answer = Ask::new(V).set("BILLPAYMSGSRQV1", both).send(&mut bank);
    assert_eq!(answer.payment_status(), Some("0"));
    assert_eq!(answer.framed(), [("pay-1", "0"), ("pay-2", "6502")], "the same file was first");
    assert_eq!(bank.payments_made(), 1);
}

#[test]
fn refusals_are_received_and_are_in_the_history_on_request_only() {
    for keeps in [false, true] {
        let mut bank = easy().keeps_refusals(keeps).build_model();
        let before = token(&mut bank);
        let poor = Ask::new(V).sync(&before, vec![Pay { amount: "0", ..Pay::new() }.wrapped("pay-1")]);
        assert_eq!(poor.send(&mut bank).framed(), [("pay-1", "2012")], "the answer itself has it");
        assert_eq!(token(&mut bank) != before, keeps);
        let expected = if keeps { vec![("pay-1", "2012")] } else { vec![] };
        assert_eq!(since(&mut bank, &before).framed(), expected);
        let newest = token(&mut bank);
        let again = Ask::new(V).sync(&newest, vec![Pay { amount: "0", ..Pay::new() }.wrapped("pay-1")]);
        assert_eq!(again.send(&mut bank).framed(), [("pay-1", "2019")]);
    }
}

#[test]
fn an_account_that_cannot_be_synchronized_gives_minus_one() {
    for (account, code) in [("1000009", "2006"), ("1000002", "2008")] {
        let mut bank = easy().build_model();
        let inside = vec![Pay { account, ..Pay::new() }.wrapped("pay-1")];
        let sets = vec![frame(Element::leaf("TOKEN", "0"), "Y", account, inside)];
        let answer = Ask::new(V).set("BILLPAYMSGSRQV1", sets).send(&mut bank);
        assert_eq!((answer.token(), answer.frame().value("LOSTSYNC")), ("-1", None));
        assert_eq!(answer.framed(), [("pay-1", code)]);
        assert_eq!(enclosed("0", "pay-1").send(&mut bank).framed(), [("pay-1", "0")], "nothing was received");
    }
}

#[test]
fn a_refused_signon_answers_the_frame_too() {
    let mut bank = questioning().build_model();
    let refused = enclosed("0", "pay-1").send(&mut bank);
    assert_eq!((refused.signon(), refused.token()), ("3000", "-1"));
    assert_eq!(refused.framed(), [("pay-1", "15500")]);
    assert_eq!(bank.payments_made(), 0);
    Ask::new(V).questions("q-1").send(&mut bank);
    assert_eq!(enclosed("0", "pay-1").right_answers().send(&mut bank).framed(), [("pay-1", "0")]);
    assert!(bank.violations().is_empty());
}

#[test]
fn each_account_has_a_history_of_its_own() {
    let account = |number: &str| {
        let mut account = AccountInfo::new(Some("Household"));
        account.bill_pay =
            Some(BillPayAccountInfo::active(BankAccount::new("999888777", number, AccountType::Checking)));
        account
    };
    let mut bank = easy().account(account("1000001")).account(account("1000003")).build_model();
    let before = token(&mut bank);
    let other = frame(
        Element::leaf("TOKEN", "0"),
        "Y",
        "1000003",
        vec![Pay { account: "1000003", ..Pay::new() }.wrapped("pay-1"), Pay::new().wrapped("pay-2")],
    );
    let answer = Ask::new(V).set("BILLPAYMSGSRQV1", vec![other]).send(&mut bank);
    assert_eq!(answer.framed(), [("pay-1", "0"), ("pay-2", "2002")]);
    assert_eq!(bank.violations(), ["a payment stands in the PMTSYNCRQ of another account"]);
    assert_eq!(token(&mut bank), before);
    assert_ne!(answer.token(), before);
}

#[test]
fn lite_carries_out_and_forgets() {
    let mut bank = easy().sync_mode(SyncMode::Lite).file_recovery(true).build_model();
    for (at, token) in ["0", "0", "MADEUP"].into_iter().enumerate() {
        let trn_uid = format!("pay-{at}");
        let answer = enclosed(token, &trn_uid).send(&mut bank);
        assert_eq!(answer.framed(), [(trn_uid.as_str(), "0")], "nothing is ever newer");
        assert_eq!((answer.token(), answer.frame().value("LOSTSYNC")), ("0", Some("N")));
    }
    assert_eq!(enclosed("0", "pay-0").send(&mut bank).framed(), [("pay-0", "2019")]);
    assert!(since(&mut bank, "0").framed().is_empty());
    assert_eq!(bank.payments_made(), 3);
    assert!(bank.violations().is_empty());
    assert!(sync(&mut bank, Element::leaf("REFRESH", "Y")).framed().is_empty());
    assert_eq!(bank.violations(), ["REFRESH is asked of an institution with SYNCMODE LITE"]);
}

#[test]
fn a_frame_is_recovered_as_it_was() {
    let class = Class { duplicates: false, full_sync: true, file_recovery: true };
    let mut bank = easy().class(class).build_model();
    let ask = enclosed("0", "pay-1").uids("0", "f-1");
    let first = bank.answer(Endpoint::Main, &ask.bytes()).unwrap();
    assert_eq!(bank.answer(Endpoint::Main, &ask.bytes()).unwrap(), first);
    assert_eq!(bank.payments_made(), 1);
    let other_token = enclosed("X", "pay-1").uids("0", "f-1").try_send(&mut bank, Endpoint::Main);
    assert_eq!(other_token.err().map(|refusal| refusal.status()), Some(400), "the file must be the same");
    assert_eq!(bank.violations(), ["a file was repeated under its NEWFILEUID with other transactions in it"]);
}

#[test]
fn frames_that_are_none_are_refused() {
    let account = || frame(Element::leaf("TOKEN", "0"), "Y", "1000001", vec![]).child("BANKACCTFROM").unwrap().clone();
    let reject = || Element::leaf("REJECTIFMISSING", "Y");
    let canc = wrap("RECPMTTRNRQ", "1", Element::leaf("X", "Y"));
    let bad = [
        vec![reject(), account()],
        vec![Element::leaf("TOKEN", "0"), account()],
        vec![Element::leaf("TOKEN", "0"), reject()],
        vec![Element::leaf("TOKENONLY", "N"), reject(), account()],
        vec![Element::leaf("TOKEN", "0"), reject(), account(), canc],
    ];
    for inside in bad {
        let mut bank = easy().build_model();
        let set = vec![Element::aggregate("PMTSYNCRQ", inside)];
        let refusal = Ask::new(V).set("BILLPAYMSGSRQV1", set.clone()).try_send(&mut bank, Endpoint::Main);
        assert_eq!(refusal.err().map(|refusal| refusal.status()), Some(400));
        let elsewhere = Ask::new(V).set("BANKMSGSRQV1", set).try_send(&mut bank, Endpoint::Main);
        assert_eq!(elsewhere.err().map(|refusal| refusal.status()), Some(400));
    }
    let mut bank = easy().build_model();
    let reversed =
        frame(Element::leaf("TOKEN", "0"), "Y", "1000001", vec![]).children().iter().rev().cloned().collect();
    Ask::new(V).set("BILLPAYMSGSRQV1", vec![Element::aggregate("PMTSYNCRQ", reversed)]).send(&mut bank);
    assert_eq!(bank.violations().len(), 2, "{:?}", bank.violations());
    let mut bank = easy().build_model();
    since(&mut bank, "ELEVENCHARS");
    assert_eq!(bank.violations(), ["TOKEN in PMTSYNCRQ is longer than 10 characters"]);
}

#[test]
fn every_version_can_synchronize() {
    for version in ALL {
        let mut bank = easy().build_model();
        let answer = Ask::new(version).sync("0", vec![Pay::new().wrapped("pay-1")]).send(&mut bank);
        assert_eq!(answer.framed(), [("pay-1", "0")], "{version}");
        assert!(bank.violations().is_empty(), "{version}");
    }
}
