//! The user's list of payees: asked for, and changed by payments on the way.

use ofx_session::ofx::{Payee, Version};
use ofx_session::testing::{BankModel, Feature};

use super::support::{Answer, Ask, Pay, day, easy, framed, payee, tree, trn};

const V: Version = Version::V103;

fn electric() -> Payee {
    Payee::new("Example Electric", "2 Dam Road", "Newport", "RI", "02840", "401-555-0199")
}

fn everything() -> BankModel {
    easy().everything().payee("ELECTRIC1", electric()).build_model()
}

fn ask(bank: &mut BankModel, trn_uid: &str, request: &str) -> Answer {
    Ask::new(V).bill(&trn("PAYEETRNRQ", trn_uid, request)).send(bank)
}

fn status(bank: &mut BankModel, trn_uid: &str, request: &str) -> String {
    ask(bank, trn_uid, request).bill("PAYEETRNRS/STATUS/CODE").unwrap().to_owned()
}

/// Everything in the history of payees.
fn history(bank: &mut BankModel) -> Answer {
    Ask::new(V).bill(&framed("PAYEESYNCRQ", "0", "")).send(bank)
}

fn add(name: &str) -> String {
    format!("<PAYEERQ>{}<PAYACCT>88-1</PAYACCT><PAYACCT>88-2</PAYACCT></PAYEERQ>", payee(name, "Newport"))
}

#[test]
fn a_payee_is_added_changed_and_taken_off() {
    let mut bank = everything();
    let answer = ask(&mut bank, "add-1", &add("Harbor Water"));
    let id = answer.bill("PAYEETRNRS/PAYEERS/PAYEELSTID").unwrap().to_owned();
    assert_eq!(answer.bill("PAYEETRNRS/PAYEERS/PAYEE/NAME"), Some("Harbor Water"));
    assert_eq!(bank.payee_list("jane")[0].pay_accounts, ["88-1", "88-2"]);
    assert_eq!(status(&mut bank, "add-1", &add("Harbor Water")), "2019");

    let changed = format!(
        "<PAYEEMODRQ><PAYEELSTID>{id}</PAYEELSTID>{}<PAYACCT>88-3</PAYACCT></PAYEEMODRQ>",
        payee("Harbor Water", "Bristol")
    );
    let answer = ask(&mut bank, "mod-1", &changed);
    assert_eq!(answer.bill("PAYEETRNRS/PAYEEMODRS/PAYEE/CITY"), Some("Bristol"));
    assert_eq!(bank.payee_list("jane")[0].pay_accounts, ["88-3"], "what is left out is taken off");

    let pay = Pay { payee: tree(&payee("Harbor Water", "Bristol")), list_id: Some(id.clone()), ..Pay::new() };
    assert_eq!(Ask::new(V).pay("pay-1", pay.clone()).send(&mut bank).payment("PAYEELSTID"), Some(id.as_str()));
    let gone = format!("<PAYEEDELRQ><PAYEELSTID>{id}</PAYEELSTID></PAYEEDELRQ>");
    assert_eq!(ask(&mut bank, "del-1", &gone).bill("PAYEETRNRS/PAYEEDELRS/PAYEELSTID"), Some(id.as_str()));
    assert!(bank.payee_list("jane").is_empty());
    assert_eq!(status(&mut bank, "del-2", &gone), "10519");
    assert_eq!(status(&mut bank, "mod-2", &changed), "10519");
    assert_eq!(Ask::new(V).pay("pay-2", pay).send(&mut bank).payment_status(), Some("10519"));
    bank.process_until(day("20260123"));
    assert_eq!(bank.payments_standing(), 1, "what waited is made all the same");

    let told = history(&mut bank);
    let frame = told.sync("BILLPAY", "PAYEESYNCRS");
    let pay_account = ("0", "0", "PAYEEMODRS");
    let expected = [("add-1", "0", "PAYEERS"), ("mod-1", "0", "PAYEEMODRS"), pay_account, ("del-1", "0", "PAYEEDELRS")];
    assert_eq!(frame.told(), expected, "the payment brought another account number");
    assert!(bank.violations().is_empty());
}

#[test]
fn a_standard_payee_is_listed_by_its_id() {
    let mut bank = everything();
    let by_id = "<PAYEERQ><PAYEEID>ELECTRIC1</PAYEEID><PAYACCT>7</PAYACCT></PAYEERQ>";
    let answer = ask(&mut bank, "add-1", by_id);
    let got = |path: &str| answer.bill(&format!("PAYEETRNRS/PAYEERS/{path}"));
    assert_eq!((got("EXTDPAYEE/PAYEEID"), got("EXTDPAYEE/NAME")), (Some("ELECTRIC1"), Some("Example Electric")));
    assert_eq!(
        (got("EXTDPAYEE/IDSCOPE"), got("EXTDPAYEE/DAYSTOPAY"), got("PAYEE/NAME")),
        (Some("GLOBAL"), Some("4"), None)
    );
    let id = got("PAYEELSTID").unwrap();
    let address = format!("<PAYEEMODRQ><PAYEELSTID>{id}</PAYEELSTID>{}</PAYEEMODRQ>", payee("Mine", "Newport"));
    assert_eq!(status(&mut bank, "mod-1", &address), "10515");
    let accounts = format!("<PAYEEMODRQ><PAYEELSTID>{id}</PAYEELSTID><PAYACCT>8</PAYACCT></PAYEEMODRQ>");
    assert_eq!(status(&mut bank, "mod-2", &accounts), "0");
    assert_eq!(bank.payee_list("jane")[0].pay_accounts, ["8"]);
    let nobody = "<PAYEERQ><PAYEEID>GAS1</PAYEEID><PAYACCT>7</PAYACCT></PAYEERQ>";
    assert_eq!(status(&mut bank, "add-2", nobody), "10510");
    let long = add(&"x".repeat(33));
    assert_eq!(status(&mut bank, "add-3", &long), "10517");
}

#[test]
fn payments_add_and_change_payees_on_the_way() {
    let mut bank = everything();
    Ask::new(V).pay("pay-1", Pay::new()).send(&mut bank);
    Ask::new(V).pay("pay-2", Pay::new()).send(&mut bank);
    let id = bank.payee_list("jane")[0].list_id.clone();
    let moved = Pay { payee: tree(&payee("Harbor &amp; Sons", "Bristol")), list_id: Some(id.clone()), ..Pay::new() };
    Ask::new(V).pay("pay-3", moved).send(&mut bank);
    let refused = Pay { payee: tree(&payee("Nobody", "Newport")), amount: "0", ..Pay::new() };
    Ask::new(V).pay("pay-4", refused).send(&mut bank);
    let answer = history(&mut bank);
    let frame = answer.sync("BILLPAY", "PAYEESYNCRS");
    assert_eq!(frame.told(), [("0", "0", "PAYEERS"), ("0", "0", "PAYEEMODRS")], "with its payment, or not at all");
    assert_eq!(frame.text(0, "PAYEERS/PAYEELSTID"), Some(id.as_str()));
    assert_eq!(
        (frame.text(0, "PAYEERS/PAYEE/CITY"), frame.text(1, "PAYEEMODRS/PAYEE/CITY")),
        (Some("Newport"), Some("Bristol"))
    );
    let payments = Ask::new(V).sync("0", vec![]).send(&mut bank);
    assert_eq!(payments.sync("BILLPAY", "PMTSYNCRS").told().len(), 3, "payees are no payments");
}

#[test]
fn an_entry_can_turn_out_to_be_a_standard_payee() {
    let mut bank = everything();
    Ask::new(V).pay("pay-1", Pay::new()).send(&mut bank);
    let id = bank.payee_list("jane")[0].list_id.clone();
    assert!(!bank.match_payee("jane", "77", "ELECTRIC1") && !bank.match_payee("jane", &id, "GAS1"));
    assert!(bank.match_payee("jane", &id, "ELECTRIC1"));
    let answer = history(&mut bank);
    let frame = answer.sync("BILLPAY", "PAYEESYNCRS");
    assert_eq!(frame.told(), [("0", "0", "PAYEERS"), ("0", "0", "PAYEEMODRS")]);
    assert_eq!(frame.text(1, "PAYEEMODRS/EXTDPAYEE/PAYEEID"), Some("ELECTRIC1"));
    assert_eq!(frame.text(1, "PAYEEMODRS/PAYEELSTID"), Some(id.as_str()));
}

#[test]
fn the_list_has_tokens_of_its_own() {
    let mut bank = everything();
    let token = history(&mut bank).sync("BILLPAY", "PAYEESYNCRS").token().to_owned();
    let payments = Ask::new(V).sync("0", vec![]).send(&mut bank).token().to_owned();
    assert_ne!(token, payments);
    let enclosed = |token: &str, trn_uid: &str| {
        Ask::new(V).bill(&framed("PAYEESYNCRQ", token, &trn("PAYEETRNRQ", trn_uid, &add("Harbor Water"))))
    };
    let answer = enclosed(&token, "add-1").send(&mut bank);
    let frame = answer.sync("BILLPAY", "PAYEESYNCRS");
    assert_eq!((frame.told(), frame.0.value("LOSTSYNC")), (vec![("add-1", "0", "PAYEERS")], Some("N")));
    let stale = enclosed(&token, "add-2").send(&mut bank);
    assert_eq!(stale.sync("BILLPAY", "PAYEESYNCRS").told(), [("add-1", "0", "PAYEERS"), ("add-2", "2000", "")]);
    let again = enclosed(stale.sync("BILLPAY", "PAYEESYNCRS").token(), "add-2").send(&mut bank);
    assert_eq!(again.sync("BILLPAY", "PAYEESYNCRS").told(), [("add-2", "0", "PAYEERS")]);
    assert_eq!(bank.payee_list("jane").len(), 2, "asked for twice, listed twice");
    let refresh = "<PAYEESYNCRQ><REFRESH>Y</REFRESH><REJECTIFMISSING>N</REJECTIFMISSING></PAYEESYNCRQ>";
    let answer = Ask::new(V).bill(refresh).send(&mut bank);
    assert_eq!(answer.sync("BILLPAY", "PAYEESYNCRS").told(), [("0", "0", "PAYEERS"), ("0", "0", "PAYEERS")]);
    assert_eq!(Ask::new(V).sync("0", vec![]).send(&mut bank).token(), payments, "payments know nothing of it");
    let joe = Ask::new(V).user("joe", "battery staple").bill(&framed("PAYEESYNCRQ", "0", "")).send(&mut bank);
    assert!(joe.sync("BILLPAY", "PAYEESYNCRS").told().is_empty());
}

#[test]
fn payees_can_be_none_of_the_clients_business() {
    let mut bank = easy().offers(Feature::AddPayees, false).build_model();
    assert_eq!(status(&mut bank, "add-1", &add("Harbor Water")), "2000");
    assert_eq!(bank.violations(), ["a payee is added although the profile says CANADDPAYEE N"]);
}
