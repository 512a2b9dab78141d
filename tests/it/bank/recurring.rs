//! Recurring payments: the payments they make, and what changes about them.

use ofx_session::ofx::Version;
use ofx_session::testing::{BankModel, Feature};

use super::support::{Answer, Ask, FROM, Pay, day, easy, framed, payee, tree, trn};

const V: Version = Version::V103;

fn everything() -> BankModel {
    easy().everything().build_model()
}

/// A `RECURRINST`; the account to pay from, the payee and the rest are those of a usual payment.
fn row(count: &str, frequency: &str) -> String {
    let count = if count.is_empty() { String::new() } else { format!("<NINSTS>{count}</NINSTS>") };
    format!("<RECURRINST>{count}<FREQ>{frequency}</FREQ></RECURRINST>")
}

fn add(row: &str, pay: &Pay, amounts: &str) -> String {
    format!("<RECPMTRQ>{row}{}{amounts}</RECPMTRQ>", pay.info().to_markup())
}

fn modify(id: &str, row: &str, pay: &Pay, rest: &str) -> String {
    let info = pay.info().to_markup();
    format!("<RECPMTMODRQ><RECSRVRTID>{id}</RECSRVRTID>{row}{info}{rest}</RECPMTMODRQ>")
}

fn cancel(id: &str, pending: &str) -> String {
    format!("<RECPMTCANCRQ><RECSRVRTID>{id}</RECSRVRTID><CANPENDING>{pending}</CANPENDING></RECPMTCANCRQ>")
}

fn ask(bank: &mut BankModel, trn_uid: &str, request: &str) -> Answer {
    Ask::new(V).bill(&trn("RECPMTTRNRQ", trn_uid, request)).send(bank)
}

fn status(bank: &mut BankModel, trn_uid: &str, request: &str) -> String {
    ask(bank, trn_uid, request).bill("RECPMTTRNRS/STATUS/CODE").unwrap().to_owned()
}

/// Starts a recurring payment, and gives its `RECSRVRTID`.
fn started(bank: &mut BankModel, request: &str) -> String {
    ask(bank, "rec-1", request).bill("RECPMTTRNRS/RECPMTRS/RECSRVRTID").unwrap().to_owned()
}

/// Amount, due day and state of each payment, oldest first.
fn made(bank: &BankModel) -> Vec<String> {
    let line = |entry: &ofx_session::testing::LedgerEntry| {
        format!("{} {} {}", entry.payment.amount, entry.payment.due.as_str(), entry.state)
    };
    bank.payments().iter().map(line).collect()
}

fn dues(bank: &BankModel) -> Vec<&str> {
    bank.payments().iter().map(|entry| entry.payment.due.as_str()).collect()
}

/// A payment is made 30 days ahead: until then only the recurring payments themselves show that there are two.
#[test]
fn a_doubled_recurring_payment_is_seen_before_it_has_paid() {
    let mut bank = easy().build_model();
    let far = Pay { due: "20260601", ..Pay::new() };
    for trn_uid in ["rec-1", "rec-2"] {
        assert_eq!(status(&mut bank, trn_uid, &add(&row("", "MONTHLY"), &far, "")), "0");
    }
    assert_eq!(status(&mut bank, "rec-3", &add(&row("4", "MONTHLY"), &far, "")), "0", "ends, and is another one");
    let joe = trn("RECPMTTRNRQ", "rec-4", &add(&row("", "MONTHLY"), &far, ""));
    Ask::new(V).user("joe", "battery staple").bill(&joe).send(&mut bank);
    let doubles = bank.double_models();
    let ids: Vec<_> = bank.recurring_payments("jane").into_iter().map(|model| model.model_id).collect();
    let seen: Vec<_> =
        doubles.iter().map(|(first, second)| [first, second].map(|model| model.model_id.clone())).collect();
    assert_eq!(seen, [[ids[0].clone(), ids[1].clone()]]);
    assert!(bank.ledger().double_payments().is_empty());
    bank.pass_days(120);
    assert_eq!(bank.ledger().double_payments().len(), 3, "of three that pay for June");
    assert_eq!(status(&mut bank, "canc-1", &cancel(&ids[1], "Y")), "0");
    assert!(bank.double_models().is_empty());
}

/// Everything in the history of payments since a token.
fn payments(bank: &mut BankModel, token: &str) -> Answer {
    Ask::new(V).sync(token, vec![]).send(bank)
}

#[test]
fn a_model_makes_its_payments_thirty_days_ahead() {
    let mut bank = everything();
    let request = add(&row("4", "BIWEEKLY"), &Pay::new(), "<INITIALAMT>10.00</INITIALAMT><FINALAMT>20.00</FINALAMT>");
    let answer = ask(&mut bank, "rec-1", &request);
    let got = |path: &str| answer.bill(&format!("RECPMTTRNRS/RECPMTRS/{path}"));
    let id = got("RECSRVRTID").unwrap().to_owned();
    assert_eq!((got("RECURRINST/NINSTS"), got("RECURRINST/FREQ")), (Some("4"), Some("BIWEEKLY")));
    assert_eq!((got("INITIALAMT"), got("FINALAMT"), got("CURDEF")), (Some("10.00"), Some("20.00"), Some("USD")));
    assert_eq!(got("PAYEELSTID"), got("PMTINFO/PAYEELSTID"));
    assert_eq!(made(&bank), ["10.00 20260123 WILLPROCESSON"], "5 January and 30 days are 4 February");
    assert_eq!(status(&mut bank, "rec-1", &request), "2019");
    bank.pass_days(2);
    assert_eq!(made(&bank).len(), 2);
    bank.pass_days(60);
    let expected = ["10.00 20260123", "84.20 20260206", "84.20 20260220", "20.00 20260306"];
    assert_eq!(made(&bank), expected.map(|line| format!("{line} PROCESSEDON")));
    assert!(bank.payments().iter().all(|entry| entry.model_id.as_deref() == Some(id.as_str()) && entry.ours));
    assert!(bank.recurring_payments("jane").is_empty(), "it is over");

    let answer = payments(&mut bank, "0");
    let frame = answer.sync("BILLPAY", "PMTSYNCRS");
    let told = frame.told();
    assert_eq!(told.iter().filter(|told| **told == ("0", "0", "PMTRS")).count(), 4);
    assert_eq!(told.iter().filter(|told| **told == ("0", "0", "PMTMODRS")).count(), 4);
    assert_eq!(frame.text(0, "PMTRS/RECSRVRTID"), Some(id.as_str()));
    assert_eq!(frame.text(0, "PMTRS/PMTPRCSTS/PMTPRCCODE"), Some("WILLPROCESSON"));
    assert!(bank.violations().is_empty());
}

#[test]
fn every_frequency_has_its_days() {
    let days = |frequency: &str, due: &'static str, count: usize| {
        let mut bank = everything();
        started(&mut bank, &add(&row(&count.to_string(), frequency), &Pay { due, ..Pay::new() }, ""));
        bank.process_until(day("20300101"));
        dues(&bank).join(" ")
    };
    assert_eq!(days("WEEKLY", "20260123", 3), "20260123 20260130 20260206");
    assert_eq!(days("BIWEEKLY", "20260123", 2), "20260123 20260206");
    assert_eq!(days("FOURWEEKS", "20260123", 2), "20260123 20260220");
    assert_eq!(days("TWICEMONTHLY", "20260110", 5), "20260110 20260125 20260210 20260225 20260310");
    assert_eq!(days("MONTHLY", "20260131", 4), "20260131 20260228 20260331 20260430", "as late as the month allows");
    assert_eq!(days("BIMONTHLY", "20260131", 2), "20260131 20260331");
    assert_eq!(days("QUARTERLY", "20260131", 3), "20260131 20260430 20260731");
    assert_eq!(days("SEMIANNUALLY", "20260131", 2), "20260131 20260731");
    assert_eq!(days("ANNUALLY", "20260131", 3), "20260131 20270131 20280131");
    let mut bank = everything();
    started(&mut bank, &add(&row("", "MONTHLY"), &Pay::new(), ""));
    bank.pass_days(365);
    assert_eq!(bank.payments_made(), 13, "without an end");
}

#[test]
fn what_cannot_recur_is_refused() {
    let mut bank = everything();
    let refused = [
        ("10508", add(&row("4", "DAILY"), &Pay::new(), "")),
        ("2012", add(&row("4", "WEEKLY"), &Pay { amount: "0", ..Pay::new() }, "")),
        ("2012", add(&row("4", "WEEKLY"), &Pay::new(), "<FINALAMT>0</FINALAMT>")),
        ("2012", add(&row("4", "WEEKLY"), &Pay { amount: "five", ..Pay::new() }, "")),
        ("2014", add(&row("4", "WEEKLY"), &Pay { due: "20260104", ..Pay::new() }, "")),
        ("2008", add(&row("4", "WEEKLY"), &Pay { account: "1000002", ..Pay::new() }, "")),
        ("2000", add(&row("1000", "WEEKLY"), &Pay::new(), "")),
        ("10518", modify("77", &row("4", "WEEKLY"), &Pay::new(), "<MODPENDING>N</MODPENDING>")),
        ("10518", cancel("77", "N")),
    ];
    for (at, (code, request)) in refused.iter().enumerate() {
        assert_eq!(status(&mut bank, &format!("rec-{at}"), request), *code, "{at}");
    }
    assert!(bank.payee_list("jane").is_empty() && bank.payments().is_empty());
    let mut bank = easy().build_model();
    let id = started(&mut bank, &add(&row("4", "WEEKLY"), &Pay::new(), ""));
    let unoffered = [
        add(&row("4", "WEEKLY"), &Pay::new(), "<INITIALAMT>1</INITIALAMT>"),
        add(&row("4", "WEEKLY"), &Pay::new(), "<FINALAMT>1</FINALAMT>"),
        modify(&id, &row("4", "WEEKLY"), &Pay::new(), "<MODPENDING>N</MODPENDING>"),
    ];
    for (at, request) in unoffered.iter().enumerate() {
        assert_eq!(status(&mut bank, &format!("un-{at}"), request), "2000", "{at}");
    }
    assert_eq!(bank.violations().len(), 3, "{:?}", bank.violations());
    let mut half = easy().offers(Feature::FirstAmount, true).build_model();
    started(&mut half, &unoffered[0]);
    assert_eq!(half.payments()[0].payment.amount.to_string(), "1");
}

#[test]
fn a_change_reaches_what_waits_when_it_is_asked_to() {
    for pending in ["N", "Y"] {
        let mut bank = everything();
        let id = started(&mut bank, &add(&row("5", "BIWEEKLY"), &Pay { due: "20260112", ..Pay::new() }, ""));
        assert_eq!(dues(&bank), ["20260112", "20260126"]);
        bank.pass_days(1);
        let token = payments(&mut bank, "0").token().to_owned();
        let more = Pay { amount: "90.00", due: "20260112", ..Pay::new() };
        let rest = format!("<MODPENDING>{pending}</MODPENDING>");
        let answer = ask(&mut bank, "mod-1", &modify(&id, &row("5", "BIWEEKLY"), &more, &rest));
        let got = |path: &str| answer.bill(&format!("RECPMTTRNRS/RECPMTMODRS/{path}"));
        assert_eq!(
            (got("RECSRVRTID"), got("MODPENDING"), got("PMTINFO/TRNAMT")),
            (Some(id.as_str()), Some(pending), Some("90.00"))
        );
        bank.pass_days(30);
        let amounts: Vec<_> = bank.payments().iter().map(|entry| entry.payment.amount.to_string()).collect();
        let (first, second) = if pending == "Y" { ("84.20", "90.00") } else { ("84.20", "84.20") };
        assert_eq!(amounts[..3], [first, second, "90.00"], "the first was processed before");
        let told = payments(&mut bank, &token);
        let told = told.sync("BILLPAY", "PMTSYNCRS");
        assert_eq!(told.told()[0].2, if pending == "Y" { "PMTMODRS" } else { "PMTRS" });
        assert!(bank.violations().is_empty());
    }
}

#[test]
fn fewer_payments_and_other_days() {
    let mut bank = everything();
    let first = Pay { due: "20260112", ..Pay::new() };
    let id = started(&mut bank, &add(&row("9", "WEEKLY"), &first, ""));
    assert_eq!(dues(&bank), ["20260112", "20260119", "20260126", "20260202"]);
    let rest = "<MODPENDING>Y</MODPENDING>";
    assert_eq!(status(&mut bank, "mod-1", &modify(&id, &row("2", "WEEKLY"), &first, rest)), "0");
    assert_eq!((bank.payments_made(), bank.payments_standing()), (4, 2), "those too many are cancelled");
    let later = Pay { due: "20260306", ..Pay::new() };
    assert_eq!(status(&mut bank, "mod-2", &modify(&id, &row("6", "MONTHLY"), &later, rest)), "0");
    bank.process_until(day("20260701"));
    assert_eq!(dues(&bank)[4..], ["20260306", "20260406"], "six in all, of which four were made");
    assert_eq!(dues(&bank)[..2], ["20260112", "20260119"], "what waits keeps its day");
    assert_eq!(status(&mut bank, "canc-1", &cancel(&id, "N")), "10518", "it is over");
}

#[test]
fn a_cancelled_model_makes_no_more_payments() {
    for pending in ["N", "Y"] {
        let mut bank = everything();
        let id = started(&mut bank, &add(&row("", "WEEKLY"), &Pay { due: "20260112", ..Pay::new() }, ""));
        let token = payments(&mut bank, "0").token().to_owned();
        let answer = ask(&mut bank, "canc-1", &cancel(&id, pending));
        assert_eq!(answer.bill("RECPMTTRNRS/RECPMTCANCRS/CANPENDING"), Some(pending));
        assert_eq!(status(&mut bank, "canc-2", &cancel(&id, pending)), "10509");
        let told = payments(&mut bank, &token);
        let told = told.sync("BILLPAY", "PMTSYNCRS").told().len();
        assert_eq!(told, if pending == "Y" { 4 } else { 0 });
        bank.pass_days(100);
        assert_eq!((bank.payments_made(), bank.payments_standing()), (4, if pending == "Y" { 0 } else { 4 }));
        assert!(bank.recurring_payments("jane").is_empty());
    }
}

#[test]
fn one_payment_of_a_model_is_a_payment() {
    let mut bank = everything();
    started(&mut bank, &add(&row("3", "WEEKLY"), &Pay::new(), ""));
    let id = bank.payments()[0].server_id.clone();
    let canc = trn("PMTTRNRQ", "canc-1", &format!("<PMTCANCRQ><SRVRTID>{id}</SRVRTID></PMTCANCRQ>"));
    assert_eq!(Ask::new(V).bill(&canc).send(&mut bank).payment_status(), Some("0"));
    bank.pass_days(60);
    assert_eq!((bank.payments_made(), bank.payments_standing()), (3, 2));
}

#[test]
fn models_have_a_history_of_their_own() {
    let mut bank = everything();
    let enclosed = |token: &str, trn_uid: &str, request: &str| {
        let inside = format!("{FROM}{}", trn("RECPMTTRNRQ", trn_uid, request));
        Ask::new(V).bill(&framed("RECPMTSYNCRQ", token, &inside))
    };
    let monthly = add(&row("", "MONTHLY"), &Pay::new(), "");
    let answer = enclosed("0", "rec-1", &monthly).send(&mut bank);
    let frame = answer.sync("BILLPAY", "RECPMTSYNCRS");
    assert_eq!(frame.told(), [("rec-1", "0", "RECPMTRS")]);
    let (token, id) = (frame.token().to_owned(), frame.text(0, "RECPMTRS/RECSRVRTID").unwrap().to_owned());
    assert_eq!(frame.0.find("BANKACCTFROM/ACCTID").unwrap().text(), Some("1000001"));
    let again = enclosed("0", "rec-2", &monthly).send(&mut bank);
    assert_eq!(again.sync("BILLPAY", "RECPMTSYNCRS").told(), [("rec-1", "0", "RECPMTRS"), ("rec-2", "2000", "")]);
    let refresh =
        format!("<RECPMTSYNCRQ><REFRESH>Y</REFRESH><REJECTIFMISSING>N</REJECTIFMISSING>{FROM}</RECPMTSYNCRQ>");
    let refreshed = Ask::new(V).bill(&refresh).send(&mut bank);
    assert_eq!(refreshed.sync("BILLPAY", "RECPMTSYNCRS").told(), [("0", "0", "RECPMTRS")]);

    let moved = Pay { payee: tree(&payee("Harbor &amp; Sons", "Bristol")), ..Pay::new() };
    let list_id = bank.payee_list("jane")[0].list_id.clone();
    Ask::new(V).pay("pay-1", Pay { list_id: Some(list_id), ..moved }).send(&mut bank);
    let gone = enclosed(&token, "canc-1", &cancel(&id, "Y")).send(&mut bank);
    let frame = gone.sync("BILLPAY", "RECPMTSYNCRS");
    assert_eq!(frame.told(), [("0", "0", "RECPMTMODRS"), ("canc-1", "2000", "")], "its payee has moved");
    assert_eq!(frame.text(0, "RECPMTMODRS/PMTINFO/PAYEE/CITY"), Some("Bristol"));
    assert_eq!(bank.payments()[0].payment.amount.to_string(), "84.20");
    bank.pass_days(60);
    let cities: Vec<_> =
        bank.payments().iter().map(|entry| format!("{:?}", entry.payment.payee).contains("Bristol")).collect();
    assert_eq!(cities, [false, true, true, true], "what waited stays as it was");
    assert!(bank.violations().is_empty());
}

#[tokio::test]
async fn models_are_in_the_ledger_file() {
    let folder = tempfile::tempdir().unwrap();
    let builder = easy().everything().ledger_file(folder.path().join("ledger"));
    let bank = builder.clone().start().unwrap();
    let monthly = trn("RECPMTTRNRQ", "rec-1", &add(&row("4", "MONTHLY"), &Pay::new(), ""));
    super::https::ask(&super::https::client_of(&bank), bank.url(), &Ask::new(V).bill(&monthly)).await;
    bank.pass_days(40);
    let (payments, models) = (bank.payments(), bank.recurring_payments("jane"));
    assert_eq!((payments.len(), models.len()), (2, 1));
    drop(bank);
    let bank = builder.start().unwrap();
    assert_eq!((bank.payments(), bank.recurring_payments("jane")), (payments, models));
    bank.pass_days(100);
    assert_eq!(bank.payments_standing(), 4);
}
