//! Payments that are changed, cancelled and asked after, and what becomes of them by themselves.

use ofx_session::ofx::{PaymentState, Version};
use ofx_session::testing::{BankModel, Feature, Ledger};

use super::support::{Answer, Ask, Pay, day, easy, payee, tree, trn};

const V: Version = Version::V103;

/// Makes a payment, and gives its `SRVRTID`.
fn paid(bank: &mut BankModel, trn_uid: &str, pay: Pay) -> String {
    let answer = Ask::new(V).pay(trn_uid, pay).send(bank);
    answer.payment("SRVRTID").unwrap().to_owned()
}

fn modify(bank: &mut BankModel, trn_uid: &str, id: &str, pay: &Pay) -> Answer {
    let request = format!("<PMTMODRQ><SRVRTID>{id}</SRVRTID>{}</PMTMODRQ>", pay.info().to_markup());
    Ask::new(V).bill(&trn("PMTTRNRQ", trn_uid, &request)).send(bank)
}

fn cancel(bank: &mut BankModel, trn_uid: &str, id: &str) -> String {
    let request = format!("<PMTCANCRQ><SRVRTID>{id}</SRVRTID></PMTCANCRQ>");
    let answer = Ask::new(V).bill(&trn("PMTTRNRQ", trn_uid, &request)).send(bank);
    assert_eq!(answer.bill("PMTTRNRS/PMTCANCRS/SRVRTID").is_some(), answer.payment_status() == Some("0"));
    answer.payment_status().unwrap().to_owned()
}

/// Status, state and day.
fn inquire(bank: &mut BankModel, id: &str) -> (String, String, String) {
    let request = format!("<PMTINQRQ><SRVRTID>{id}</SRVRTID></PMTINQRQ>");
    let answer = Ask::new(V).bill(&trn("PMTINQTRNRQ", &format!("i-{}", bank.now().timestamp()), &request)).send(bank);
    let get = |path: &str| answer.bill(&format!("PMTINQTRNRS/{path}")).unwrap_or_default().to_owned();
    (get("STATUS/CODE"), get("PMTINQRS/PMTPRCSTS/PMTPRCCODE"), get("PMTINQRS/PMTPRCSTS/DTPMTPRC"))
}

fn stands(bank: &mut BankModel, id: &str) -> String {
    let (status, state, _) = inquire(bank, id);
    if status == "0" { state } else { status }
}

fn everything() -> BankModel {
    easy().everything().build_model()
}

#[test]
fn a_payment_is_changed_until_it_is_processed() {
    let mut bank = everything();
    let id = paid(&mut bank, "pay-1", Pay::new());
    let changed = Pay { amount: "90.00", due: "20260130", ..Pay::new() };
    let answer = modify(&mut bank, "mod-1", &id, &changed);
    let got = |path: &str| answer.bill(&format!("PMTTRNRS/PMTMODRS/{path}"));
    assert_eq!((answer.payment_status(), got("SRVRTID")), (Some("0"), Some(id.as_str())));
    assert_eq!((got("PMTINFO/TRNAMT"), got("PMTPRCSTS/DTPMTPRC")), (Some("90.00"), Some("20260126")));
    let entry = &bank.payments()[0];
    assert_eq!(got("PMTINFO/PAYEELSTID"), entry.payment.payee_list_id.as_deref(), "filled in when it is left out");
    assert_eq!((entry.payment.amount.to_string().as_str(), entry.day), ("90.00", day("20260126")));
    assert_eq!((entry.trn_uid.as_str(), bank.payments_made(), bank.payments_made_for("pay-1")), ("pay-1", 1, 1));
    assert_eq!(modify(&mut bank, "mod-1", &id, &changed).payment_status(), Some("2019"));
    bank.process_until(day("20260126"));
    assert_eq!(modify(&mut bank, "mod-2", &id, &changed).payment_status(), Some("2016"));
    assert_eq!(cancel(&mut bank, "canc-1", &id), "2016");
    assert!(bank.violations().is_empty());
}

#[test]
fn account_and_payee_of_a_payment_stay() {
    let mut bank = easy().everything().payee("ELECTRIC1", electric()).build_model();
    let id = paid(&mut bank, "pay-1", Pay::new());
    let named = |name: &str| Pay { payee: tree(&payee(name, "Newport")), ..Pay::new() };
    let other = paid(&mut bank, "pay-2", named("Other"));
    let other = bank.payments().iter().find(|entry| entry.server_id == other).unwrap().payment.payee_list_id.clone();
    let fixed = [
        Pay { account: "1000002", ..Pay::new() },
        named("Harbor and Sons"),
        Pay { list_id: other, ..Pay::new() },
        Pay::new().payee_id("ELECTRIC1"),
    ];
    for (at, pay) in fixed.iter().enumerate() {
        assert_eq!(modify(&mut bank, &format!("mod-{at}"), &id, pay).payment_status(), Some("10505"), "{at}");
    }
    let wrong = [("2012", Pay { amount: "0", ..Pay::new() }), ("2014", Pay { due: "20260101", ..Pay::new() })];
    for (code, pay) in wrong {
        assert_eq!(modify(&mut bank, &format!("mod-{code}"), &id, &pay).payment_status(), Some(code));
    }
    assert_eq!(bank.payments()[0].payment.amount.to_string(), "84.20");
    assert_eq!(modify(&mut bank, "mod-9", "77", &Pay::new()).payment_status(), Some("2018"));
}

fn electric() -> ofx_session::ofx::Payee {
    ofx_session::ofx::Payee::new("Example Electric", "2 Dam Road", "Newport", "RI", "02840", "401-555-0199")
}

#[test]
fn another_address_changes_the_payee_and_no_other_payment() {
    let mut bank = everything();
    let (first, _) = (paid(&mut bank, "pay-1", Pay::new()), paid(&mut bank, "pay-2", Pay::new()));
    let moved = Pay { payee: tree(&payee("Harbor &amp; Sons", "Bristol")), ..Pay::new() };
    assert_eq!(modify(&mut bank, "mod-1", &first, &moved).payment_status(), Some("0"));
    let cities: Vec<_> = bank.payments().iter().map(|entry| format!("{:?}", entry.payment.payee)).collect();
    assert!(cities[0].contains("Bristol") && cities[1].contains("Newport"));
    let list = bank.payee_list("jane");
    assert_eq!((list.len(), list[0].payee.as_ref().unwrap().city.as_str()), (1, "Bristol"));
}

#[test]
fn a_cancelled_payment_is_not_made() {
    let mut bank = everything();
    let (first, second) = (paid(&mut bank, "pay-1", Pay::new()), paid(&mut bank, "pay-2", Pay::new()));
    assert_eq!(bank.ledger().double_payments().len(), 1);
    assert_eq!(cancel(&mut bank, "canc-1", &first), "0");
    assert_eq!((bank.payments_made(), bank.payments_standing()), (2, 1));
    assert_eq!(bank.ledger().standing().by_trn_uid().into_keys().collect::<Vec<_>>(), ["pay-2"]);
    assert!(bank.ledger().double_payments().is_empty(), "one of them pays nothing");
    assert_eq!(cancel(&mut bank, "canc-1", &first), "2019", "the same request");
    assert_eq!(cancel(&mut bank, "canc-2", &first), "2017");
    assert_eq!(modify(&mut bank, "mod-1", &first, &Pay::new()).payment_status(), Some("2017"));
    assert_eq!(cancel(&mut bank, "canc-3", "77"), "2018");
    let joe = format!("<PMTCANCRQ><SRVRTID>{second}</SRVRTID></PMTCANCRQ>");
    let joe = Ask::new(V).user("joe", "battery staple").bill(&trn("PMTTRNRQ", "canc-4", &joe)).send(&mut bank);
    assert_eq!(joe.payment_status(), Some("2018"), "it is jane's");
    assert_eq!(stands(&mut bank, &first), "CANCELEDON");
    assert_eq!(stands(&mut bank, &second), "WILLPROCESSON");
}

#[test]
fn the_institution_speaks_of_a_payment_for_sixty_days() {
    let mut bank = everything();
    let (first, second) = (paid(&mut bank, "pay-1", Pay::new()), paid(&mut bank, "pay-2", Pay::new()));
    assert_eq!(inquire(&mut bank, &first), ("0".to_owned(), "WILLPROCESSON".to_owned(), "20260119".to_owned()));
    for ends_nothing in [PaymentState::WillProcessOn, PaymentState::Other("BOGUS".to_owned())] {
        assert!(!bank.end_payment(&second, ends_nothing.clone()), "{ends_nothing:?}");
        assert_eq!(stands(&mut bank, &second), "WILLPROCESSON");
    }
    assert!(bank.end_payment(&second, PaymentState::NoFundsOn));
    assert!(!bank.end_payment(&second, PaymentState::ProcessedOn), "it is over");
    assert_eq!(inquire(&mut bank, &second), ("0".to_owned(), "NOFUNDSON".to_owned(), "20260105".to_owned()));
    bank.process_until(day("20260119"));
    assert_eq!(stands(&mut bank, &first), "PROCESSEDON");
    assert_eq!((bank.payments_made(), bank.payments_standing()), (2, 1));
    bank.pass_days(60);
    assert_eq!((stands(&mut bank, &first).as_str(), stands(&mut bank, &second).as_str()), ("PROCESSEDON", "2018"));
    bank.pass_days(1);
    assert_eq!(stands(&mut bank, &first), "2018");
    assert_eq!(cancel(&mut bank, "canc-1", &first), "2018");
}

#[test]
fn what_becomes_of_payments_is_told_to_those_who_synchronize() {
    for tells in [true, false] {
        let mut bank = easy().everything().offers(Feature::StatusBySync, tells).build_model();
        let ids = ["1", "2", "3"].map(|trn_uid| paid(&mut bank, trn_uid, Pay::new()));
        let token = Ask::new(V).sync("0", vec![]).send(&mut bank).token().to_owned();
        assert!(bank.end_payment(&ids[1], PaymentState::FailedOn));
        assert!(bank.end_payment(&ids[2], PaymentState::CanceledOn));
        bank.pass_days(20);
        let answer = Ask::new(V).sync(&token, vec![]).send(&mut bank);
        let frame = answer.sync("BILLPAY", "PMTSYNCRS");
        let canceled = ("0", "0", "PMTCANCRS");
        if !tells {
            assert_eq!(frame.told(), [canceled], "a cancellation is told all the same");
            continue;
        }
        assert_eq!(frame.told(), [("0", "0", "PMTMODRS"), canceled, ("0", "0", "PMTMODRS")]);
        let state = |at| frame.text(at, "PMTMODRS/PMTPRCSTS/PMTPRCCODE").unwrap();
        assert_eq!((state(0), state(2)), ("FAILEDON", "PROCESSEDON"));
        assert_eq!(frame.text(2, "PMTMODRS/SRVRTID"), Some(ids[0].as_str()));
        let refresh = super::support::frame(tree("<REFRESH>Y</REFRESH>"), "N", "1000001", vec![]);
        let answer = Ask::new(V).set("BILLPAYMSGSRQV1", vec![refresh]).send(&mut bank);
        let frame = answer.sync("BILLPAY", "PMTSYNCRS");
        assert_eq!(frame.told(), [("0", "0", "PMTRS"), ("0", "0", "PMTRS")], "the cancelled one is no more");
        assert_eq!(frame.text(0, "PMTRS/PMTPRCSTS/PMTPRCCODE"), Some("PROCESSEDON"));
        assert_eq!(frame.text(1, "PMTRS/PMTPRCSTS/PMTPRCCODE"), Some("FAILEDON"));
    }
}

#[test]
fn changes_stand_in_the_history_under_their_own_trn_uid() {
    let mut bank = everything();
    let id = paid(&mut bank, "pay-1", Pay::new());
    let token = Ask::new(V).sync("0", vec![]).send(&mut bank).token().to_owned();
    let request = format!("<PMTMODRQ><SRVRTID>{id}</SRVRTID>{}</PMTMODRQ>", Pay::new().info().to_markup());
    let enclosed = vec![tree(&trn("PMTTRNRQ", "mod-1", &request))];
    let answer = Ask::new(V).sync(&token, enclosed).send(&mut bank);
    assert_eq!(answer.sync("BILLPAY", "PMTSYNCRS").told(), [("mod-1", "0", "PMTMODRS")]);
    let stale = Ask::new(V).sync(&token, vec![tree(&trn("PMTTRNRQ", "canc-1", &canc(&id)))]).send(&mut bank);
    let frame = stale.sync("BILLPAY", "PMTSYNCRS");
    assert_eq!(frame.told(), [("mod-1", "0", "PMTMODRS"), ("canc-1", "2000", "")], "nothing is done behind one's back");
    let again = Ask::new(V).sync(frame.token(), vec![tree(&trn("PMTTRNRQ", "canc-1", &canc(&id)))]).send(&mut bank);
    assert_eq!(again.sync("BILLPAY", "PMTSYNCRS").told(), [("canc-1", "0", "PMTCANCRS")], "it was not received");
    assert_eq!(bank.payments_standing(), 0);
    assert!(bank.violations().is_empty());
}

fn canc(id: &str) -> String {
    format!("<PMTCANCRQ><SRVRTID>{id}</SRVRTID></PMTCANCRQ>")
}

#[test]
fn what_the_profile_does_not_offer_is_not_done() {
    let mut bank = easy().build_model();
    let id = paid(&mut bank, "pay-1", Pay::new());
    assert_eq!(modify(&mut bank, "mod-1", &id, &Pay::new()).payment_status(), Some("2000"));
    let invoices = Pay::new()
        .info()
        .to_markup()
        .replace("<PAYACCT>", "<EXTDPMT><EXTDPMTDSC>two months</EXTDPMTDSC></EXTDPMT><PAYACCT>");
    let pay = |invoices: &str| Ask::new(V).bill(&trn("PMTTRNRQ", "pay-2", &format!("<PMTRQ>{invoices}</PMTRQ>")));
    assert_eq!(pay(&invoices).send(&mut bank).payment_status(), Some("2000"));
    assert_eq!(
        bank.violations(),
        [
            "a payment is changed although the profile says CANMODPMTS N",
            "a payment has an EXTDPMT although the profile says HASEXTDPMT N"
        ]
    );
    let mut bank = everything();
    assert_eq!(pay(&invoices).send(&mut bank).payment_status(), Some("0"));
    assert_eq!(bank.payments()[0].payment.extended.len(), 1);
    let mut bank = easy().offers(Feature::AddPayees, false).build_model();
    assert_eq!(Ask::new(V).pay("pay-1", Pay::new()).send(&mut bank).payment_status(), Some("2000"));
    assert_eq!(bank.violations(), ["a payee that is not on the list is paid although the profile says CANADDPAYEE N"]);
}

#[tokio::test]
async fn what_became_of_payments_is_in_the_ledger_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let builder = easy().everything().ledger_file(&path);
    let bank = builder.clone().start().unwrap();
    let client = super::https::client_of(&bank);
    for trn_uid in ["1", "2", "3"] {
        super::https::ask(&client, bank.url(), &Ask::new(V).pay(trn_uid, Pay::new())).await;
    }
    let ids: Vec<_> = bank.payments().into_iter().map(|entry| entry.server_id).collect();
    super::https::ask(&client, bank.url(), &Ask::new(V).bill(&trn("PMTTRNRQ", "canc-1", &canc(&ids[0])))).await;
    assert!(bank.end_payment(&ids[1], PaymentState::FailedOn));
    bank.pass_days(30);
    let (payments, now, list) = (bank.payments(), bank.model().now(), bank.payee_list("jane"));
    assert_eq!(Ledger::read(&path).unwrap().entries(), payments);
    drop(bank);
    let bank = builder.start().unwrap();
    assert_eq!((bank.payments(), bank.model().now(), bank.payee_list("jane")), (payments, now, list));
    assert_eq!((bank.payments_made(), bank.payments_standing()), (3, 1));
    let client = super::https::client_of(&bank);
    let again = Ask::new(V).bill(&trn("PMTTRNRQ", "canc-1", &canc(&ids[0])));
    assert_eq!(super::https::ask(&client, bank.url(), &again).await.payment_status(), Some("2019"));
    let history = super::https::ask(&client, bank.url(), &Ask::new(V).sync("0", vec![])).await;
    let told: Vec<_> = history.sync("BILLPAY", "PMTSYNCRS").told().iter().map(|told| told.2.to_owned()).collect();
    assert_eq!(told, ["PMTRS", "PMTRS", "PMTRS", "PMTCANCRS", "PMTMODRS", "PMTMODRS"]);
}
