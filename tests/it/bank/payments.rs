//! The payment desk: what is accepted, what is refused and why, and that nothing is paid twice.

use ofx_session::StatusCode;
use ofx_session::ofx::{
    AccountInfo, AccountType, BankAccount, BillPayAccountInfo, Element, Payee, PayeeRef, Stamp, Version,
};
use ofx_session::testing::{BankModel, Endpoint};

use super::support::{Ask, Pay, day, easy, questioning, typed, wrap};

const V: Version = Version::V103;

fn electric() -> Payee {
    Payee::new("Example Electric", "2 Dam Road", "Newport", "RI", "02840", "401-555-0199")
}

fn status(bank: &mut BankModel, pay: Pay) -> String {
    Ask::new(V).pay("pay-1", pay).send(bank).payment_status().unwrap().to_owned()
}

#[test]
fn an_accepted_payment_is_in_the_ledger_once() {
    let mut bank = easy().build_model();
    let answer = Ask::new(V).pay("pay-1", Pay::new()).send(&mut bank);
    assert_eq!((answer.signon(), answer.payment_status()), ("0", Some("0")));
    assert_eq!(bank.payments_made(), 1);
    let entry = &bank.payments()[0];
    assert_eq!((entry.user.as_str(), entry.trn_uid.as_str()), ("jane", "pay-1"));
    assert_eq!(answer.payment("SRVRTID"), Some(entry.server_id.as_str()));
    assert!(entry.server_id.len() <= 10);
    assert_eq!(answer.payment("CURDEF"), Some("USD"));
    assert_eq!(answer.payment("PMTINFO/TRNAMT"), Some("84.20"));
    assert_eq!(answer.payment("PMTINFO/PAYEE/NAME"), Some("Harbor & Sons"));
    assert_eq!(answer.payment("PMTINFO/PAYEELSTID"), answer.payment("PAYEELSTID"));
    assert_eq!(entry.payment.payee_list_id.as_deref(), answer.payment("PAYEELSTID"));
    assert_eq!(answer.payment("PMTPRCSTS/PMTPRCCODE"), Some("WILLPROCESSON"));
    assert_eq!(answer.payment("PMTPRCSTS/DTPMTPRC"), Some("20260119"), "four business days before the due Friday");
    assert_eq!(entry.payment.due.date(), Some(day("20260123")));
    assert!(bank.violations().is_empty());
}

#[test]
fn a_trn_uid_is_good_for_one_payment() {
    let mut bank = easy().build_model();
    let ask = Ask::new(V).pay("pay-1", Pay::new());
    assert_eq!(ask.send(&mut bank).payment_status(), Some("0"));
    let again = ask.send(&mut bank);
    assert_eq!(again.payment_status(), Some("2019"));
    assert!(!again.has("BILLPAYMSGSRSV1/PMTTRNRS/PMTRS"));
    assert_eq!((bank.payments_made(), bank.violations().len()), (1, 0));
    let other = Ask::new(V).pay("pay-1", Pay { amount: "84.21", ..Pay::new() });
    assert_eq!(other.send(&mut bank).payment_status(), Some("2019"));
    assert_eq!(bank.violations(), ["the TRNUID of a PMTTRNRQ was used before for another request"]);
    let joe = Ask::new(V).user("joe", "battery staple").pay("pay-1", Pay::new());
    assert_eq!(joe.send(&mut bank).payment_status(), Some("0"), "each user has their own");
    assert_eq!(bank.payments_made(), 2);
}

#[test]
fn what_cannot_be_paid_is_refused_with_its_code() {
    let model = easy().payee("ELECTRIC1", electric()).build_model();
    let payee = |tag, value: &str| {
        let mut lines = Pay::new().payee.children().to_vec();
        *lines.iter_mut().find(|line| line.tag() == tag).unwrap() = Element::leaf(tag, value);
        Pay { payee: Element::aggregate("PAYEE", lines), ..Pay::new() }
    };
    let cases = [
        ("2006", Pay { account: "1000009", ..Pay::new() }),
        ("2008", Pay { account: "1000002", ..Pay::new() }),
        ("2012", Pay { amount: "0", ..Pay::new() }),
        ("2012", Pay { amount: "-5", ..Pay::new() }),
        ("2012", Pay { amount: "1.005", ..Pay::new() }),
        ("2012", Pay { amount: "five", ..Pay::new() }),
        ("2014", Pay { due: "20260104", ..Pay::new() }),
        ("10510", Pay::new().payee_id("GAS1")),
        ("10519", Pay { list_id: Some("77".to_owned()), ..Pay::new() }),
        ("10517", payee("NAME", &"x".repeat(33))),
        ("10512", payee("STATE", "Rhode Island")),
        ("0", Pay { due: "20260105", ..Pay::new() }),
        ("0", Pay { amount: "1,50", ..Pay::new() }),
        ("0", Pay { amount: "1.500", ..Pay::new() }),
        ("0", Pay::new().payee_id("ELECTRIC1")),
    ];
    for (code, pay) in cases {
        let mut bank = model.clone();
        assert_eq!(status(&mut bank, pay.clone()), code, "{} {} {}", pay.account, pay.amount, pay.due);
        assert_eq!(bank.payments_made(), usize::from(code == "0"), "{code}");
    }
}

/// The first day that is taken is the one that a client reads out of the profile.
#[tokio::test]
async fn a_day_that_is_too_early_for_the_days_to_pay_is_refused_where_that_is_checked() {
    for checks in [true, false] {
        let bank = easy().checks_due_days(checks).start().unwrap();
        let mut session = super::session::session(&bank);
        session.accounts().await.unwrap().done().unwrap();
        for by_transfer in [false, true] {
            let profile = session.client().profile().unwrap();
            let earliest = profile.earliest_due(None, by_transfer, bank.model().now()).unwrap();
            let mut payment = typed(&format!("by transfer {by_transfer}"));
            payment.to = by_transfer.then(|| BankAccount::new("999888777", "7", AccountType::Checking));
            payment.due = Stamp::day(earliest.pred_opt().unwrap());
            let early = session.pay(&payment).await;
            assert_eq!(early.err().and_then(|error| error.status()), checks.then_some(StatusCode::DATE_TOO_SOON));
            payment.due = Stamp::day(earliest);
            session.pay(&payment).await.unwrap().done().unwrap();
        }
        assert_eq!(bank.payments_made(), if checks { 2 } else { 4 });
    }
}

#[test]
fn payees_are_listed_once_and_changed_in_place() {
    let mut bank = easy().payee("ELECTRIC1", electric()).build_model();
    let list_id = |bank: &mut BankModel, trn_uid: &str, pay: Pay| {
        let answer = Ask::new(V).pay(trn_uid, pay).send(bank);
        answer.payment("PAYEELSTID").unwrap().to_owned()
    };
    let harbor = list_id(&mut bank, "1", Pay::new());
    assert_eq!(list_id(&mut bank, "2", Pay::new()), harbor);
    let electric = list_id(&mut bank, "3", Pay::new().payee_id("ELECTRIC1"));
    assert_ne!(electric, harbor);
    assert_eq!(list_id(&mut bank, "4", Pay { list_id: Some(harbor.clone()), ..Pay::new() }), harbor);
    assert_eq!(bank.payments()[2].payment.payee, PayeeRef::Id("ELECTRIC1".to_owned()));
    assert_eq!(bank.payments_made(), 4);
}

#[test]
fn nothing_is_paid_before_the_challenge_is_passed() {
    let mut bank = questioning().build_model();
    let pay = Ask::new(V).pay("pay-1", Pay::new());
    let refused = pay.send(&mut bank);
    assert_eq!((refused.signon(), refused.payment_status()), ("3000", Some("15500")));
    assert_eq!(Ask::new(V).questions("q1").send(&mut bank).signon(), "0");
    let wrong = pay.clone().answers(&[("MFA16", "Garcia"), ("BRQ7", "?")]).send(&mut bank);
    assert_eq!((wrong.signon(), wrong.payment_status()), ("3001", Some("15500")));
    assert_eq!(bank.payments_made(), 0);
    assert_eq!(Ask::new(V).questions("q2").send(&mut bank).signon(), "0");
    let paid = pay.clone().uids("NONE", "file-9").right_answers().send(&mut bank);
    assert_eq!((paid.signon(), paid.payment_status()), ("0", Some("0")), "the same TRNUID is still good");
    assert_eq!(bank.payments_made(), 1);
    let again = pay.uids("NONE", "file-9").right_answers().send(&mut bank);
    assert_eq!(again.signon(), "3000");
    assert_eq!((bank.payments_made(), bank.violations().len()), (1, 0), "a repeated file is no violation");
}

#[test]
fn bill_pay_at_another_address_takes_bill_pay_only() {
    let mut bank = easy().separate_bill_pay_url(true).build_model();
    let code =
        |result: Result<super::support::Answer, ofx_session::testing::HttpRefusal>| result.err().map(|r| r.status());
    let pay = Ask::new(V).pay("pay-1", Pay::new());
    assert_eq!(code(pay.try_send(&mut bank, Endpoint::Main)), Some(400));
    assert_eq!(code(Ask::new(V).accounts("19900101").try_send(&mut bank, Endpoint::BillPay)), Some(400));
    assert_eq!(bank.payments_made(), 0);
    assert_eq!(code(pay.try_send(&mut bank, Endpoint::BillPay)), None);
    assert_eq!(bank.payments_made(), 1);
    let profile = Ask::new(V).anonymous().profile("19900101").send(&mut bank);
    let url = |set: &str| {
        let path = format!("PROFMSGSRSV1/PROFTRNRS/PROFRS/MSGSETLIST/{set}MSGSET/{set}MSGSETV1/MSGSETCORE/URL");
        profile.text(&path).unwrap().to_owned()
    };
    assert_ne!(url("BILLPAY"), url("SIGNUP"));
}

#[test]
fn accounts_of_ones_own_replace_the_default_ones() {
    let mut account = AccountInfo::new(Some("Household"));
    account.bill_pay = Some(BillPayAccountInfo::active(BankAccount::new("999888777", "55", AccountType::Checking)));
    let mut bank = easy().account(account).build_model();
    assert_eq!(status(&mut bank, Pay::new()), "2006");
    let answer = Ask::new(V).pay("pay-2", Pay { account: "55", ..Pay::new() }).send(&mut bank);
    assert_eq!(answer.payment_status(), Some("0"));
}

#[test]
fn a_repeated_file_gets_its_saved_answer() {
    let mut bank = easy().file_recovery(true).build_model();
    let ask = Ask::new(V).uids("0", "file-1").pay("pay-1", Pay::new());
    let first = bank.answer(Endpoint::Main, &ask.bytes()).unwrap();
    assert_eq!(bank.answer(Endpoint::Main, &ask.bytes()).unwrap(), first);
    assert_eq!(bank.payments_made(), 1);
    let thief = ask.clone().user("jane", "wrong").send(&mut bank);
    assert_eq!((thief.signon(), thief.payment_status()), ("15500", Some("15500")));
    let other = Ask::new(V).uids("0", "file-1").pay("pay-2", Pay::new()).try_send(&mut bank, Endpoint::Main);
    assert_eq!(other.err().map(|refusal| refusal.status()), Some(400));
    assert_eq!((bank.payments_made(), bank.violations().len()), (1, 1));
    let unasked = ask.uids("NONE", "file-1").send(&mut bank);
    assert_eq!(unasked.payment_status(), Some("2019"), "OLDFILEUID NONE wants no recovery");
}

#[test]
fn elements_out_of_order_are_noticed() {
    let mut bank = easy().build_model();
    let mut wrapped = Pay::new().wrapped("pay-1").children().to_vec();
    wrapped.reverse();
    let reversed = Element::aggregate("PMTTRNRQ", wrapped);
    let answer = Ask::new(V).set("BILLPAYMSGSRQV1", vec![reversed]).send(&mut bank);
    assert_eq!(answer.payment_status(), Some("0"));
    assert_eq!(bank.violations(), ["TRNUID is out of order in PMTTRNRQ"]);
    let mut bank = easy().build_model();
    Ask::new(V).pay("pay-1", Pay::new()).accounts("19900101").send(&mut bank);
    assert_eq!(bank.violations(), ["SIGNUPMSGSRQV1 is out of order in OFX"]);
    let mut bank = easy().build_model();
    Ask::new(Version::V102).behind(Element::leaf("CLIENTUID", "1")).accounts("19900101").send(&mut bank);
    assert_eq!(bank.violations(), ["CLIENTUID in SONRQ is not known to version 102"]);
}

#[test]
fn what_is_not_done_says_so() {
    let mut bank = easy().build_model();
    let canc = wrap("PMTTRNRQ", "c-1", Element::aggregate("PMTCANCRQ", vec![Element::leaf("SRVRTID", "1")]));
    let answer = Ask::new(V).set("BILLPAYMSGSRQV1", vec![canc]).send(&mut bank);
    assert_eq!(answer.payment_status(), Some("2018"));
    let tell = wrap("PMTTRNRQ", "x-1", Element::aggregate("PMTTELLRQ", vec![Element::leaf("SRVRTID", "1")]));
    let answer = Ask::new(V).set("BILLPAYMSGSRQV1", vec![tell]).send(&mut bank);
    assert_eq!(answer.payment_status(), Some("2000"));
    let sync = Element::aggregate("PMTSYNCRQ", vec![Element::leaf("TOKEN", "0")]);
    let refusal = Ask::new(V).set("BILLPAYMSGSRQV1", vec![sync]).try_send(&mut bank, Endpoint::Main);
    assert_eq!(refusal.err().map(|refusal| refusal.status()), Some(400));
    for bytes in [&b"not ofx"[..], b"", b"OFXHEADER:100\r\n\r\n<OFX></OFX>"] {
        assert_eq!(bank.answer(Endpoint::Main, bytes).err().map(|refusal| refusal.status()), Some(400));
    }
}
