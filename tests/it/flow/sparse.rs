//! Answers that lack what is only decoration, or have it in a form of their own: the payment was accepted all the same.

use ofx_session::Payment;
use ofx_session::engine::{Doubt, EngineError, Intent, Outcome, Step};
use ofx_session::ofx::{
    AccountType, Element, EncodeError, ListedPayee, PayeeAddition, PayeeModification, PaymentModification,
    PaymentState, Request, SyncKind, SyncMode,
};
use rust_decimal::Decimal;

use super::recovery::{frame, lost, ours, with_value};
use super::scenario::{Reply, Said, Scenario, Sent, acceptance, easy, honest, paid, payment, transaction, unknown};

/// The acceptance with another text in the place of one.
fn rewritten(sent: &Sent, old: &str, new: &str) -> Element {
    let text = acceptance(sent).to_markup();
    assert!(text.contains(old), "{old} in {text}");
    Element::from_markup(&text.replacen(old, new, 1)).unwrap()
}

/// What comes of a payment that is answered like that.
fn answered(old: &'static str, new: &'static str) -> Result<Step, EngineError> {
    let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Lite));
    scenario.then_says(move |sent| {
        let body = rewritten(sent, old, new);
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(body))])
    });
    scenario.pay()
}

#[test]
fn what_is_only_decoration_puts_no_acceptance_in_doubt() {
    for (old, new) in [
        ("<PHONE>401-555-0142</PHONE>", ""),
        ("<PHONE>401-555-0142</PHONE>", "<PHONE></PHONE>"),
        ("<STATE>RI</STATE>", ""),
        ("<POSTALCODE>02840</POSTALCODE>", "<POSTALCODE></POSTALCODE>"),
        ("<CITY>Newport</CITY>", ""),
        ("<MEMO>", "<MEMO>one</MEMO><MEMO>"),
        ("</PMTRS>", "<PMTPRCSTS><PMTPRCCODE>WILLPROCESSON</PMTPRCCODE></PMTPRCSTS></PMTRS>"),
        ("</PMTRS>", "<PMTPRCSTS><DTPMTPRC>20260120</DTPMTPRC></PMTPRCSTS></PMTRS>"),
        ("</PMTRS>", "<EXTDPAYEE><NAME>Harbor</NAME><DAYSTOPAY>3-5</DAYSTOPAY></EXTDPAYEE></PMTRS>"),
        ("</PMTRS>", "<EXTDPAYEE><PAYEEID>1</PAYEEID><PAYEEID>2</PAYEEID></EXTDPAYEE></PMTRS>"),
    ] {
        let receipt = paid(answered(old, new));
        assert_eq!((receipt.id(), receipt.differences(&payment())), ("4711", Vec::new()), "{new}");
    }
}

/// It is told by the receipt, as another account is.
#[test]
fn an_acceptance_without_the_account_at_the_payee_is_one() {
    for new in ["", "<PAYACCT></PAYACCT>"] {
        let receipt = paid(answered("<PAYACCT>88-204-117</PAYACCT>", new));
        assert_eq!((receipt.id(), receipt.differences(&payment())), ("4711", vec!["PAYACCT"]));
        let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Lite));
        let change = PaymentModification::new("4711", receipt.response.payment.clone());
        let refused = scenario.run(Request::from(change).into());
        assert_eq!(refused, Err(EngineError::Encode(EncodeError::Empty("PAYACCT"))), "it must be filled in");
    }
}

/// Under our own `TRNUID` it is ours, and the next request is made of the whole account again.
#[test]
fn an_acceptance_that_names_our_account_without_bank_or_type_is_one() {
    for (old, new) in [
        ("<BANKID>999888777</BANKID>", "<BANKID></BANKID>"),
        ("<BANKID>999888777</BANKID>", ""),
        ("<ACCTTYPE>CHECKING</ACCTTYPE>", "<ACCTTYPE></ACCTTYPE>"),
        ("<ACCTTYPE>CHECKING</ACCTTYPE>", ""),
    ] {
        let receipt = paid(answered(old, new));
        assert_eq!((receipt.id(), &receipt.response.payment.from), ("4711", &payment().from), "{old} {new}");
    }
}

/// Nothing hangs on the header.
#[test]
fn an_acceptance_under_a_version_that_is_no_number_is_one() {
    for version in ["2.1.1", "211.0", "-211", "99999999", "two"] {
        let mut scenario = Scenario::with_profile(easy().sync_mode(SyncMode::Lite));
        scenario.then(move |bank, sent| {
            let honest = String::from_utf8(honest(bank, sent)).unwrap();
            assert!(honest.contains("VERSION=\"211\""), "{honest}");
            Reply::Body(honest.replacen("VERSION=\"211\"", &format!("VERSION=\"{version}\""), 1).into_bytes())
        });
        paid(scenario.pay());
        scenario.clean(1);
    }
}

/// It must be filled in, as what else is required.
#[test]
fn an_account_without_a_type_is_not_sent() {
    let mut told = payment();
    told.from.account_type = AccountType::Other(String::new());
    let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Lite));
    let change = |told: &Payment| Intent::from(Request::from(PaymentModification::new("4711", told.clone())));
    assert_eq!(scenario.run(change(&told)), Err(EngineError::Encode(EncodeError::Empty("ACCTTYPE"))));
    let history = Intent::synchronize(SyncKind::Payments, Some(&told.from));
    assert_eq!(scenario.run(history), Err(EngineError::Encode(EncodeError::Empty("ACCTTYPE"))));
    // Where it is not in the request itself, too: what is in doubt would be stored with it, and not be read again.
    for ended in [Intent::cancel_payment("4711", &told.from), Intent::cancel_recurring("4711", true, &told.from)] {
        assert_eq!(scenario.run(ended), Err(EngineError::Encode(EncodeError::Empty("ACCTTYPE"))));
    }
    assert_eq!(scenario.sent.len(), 0);
    told.from.account_type = AccountType::Checking;
    assert!(scenario.run(change(&told)).is_ok());
}

/// It may be ours under another identifier where the amount is the same.
#[test]
fn a_payment_of_a_history_without_the_account_at_the_payee_may_be_any_of_its_amount() {
    for (amount, stops) in [("84.20", true), ("1.11", false)] {
        let mut scenario = lost();
        let other = with_value(&ours(0, "0", Some(&scenario.sent[1])), "TRNAMT", amount).to_markup();
        let other = Element::from_markup(&other.replace("<PAYACCT>88-204-117</PAYACCT>", "")).unwrap();
        scenario.then_says(move |_| frame("t-9", "N", vec![other]));
        if stops {
            let doubt = unknown(scenario.reconcile());
            assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("a payment like this one")), "{doubt:?}");
        } else {
            scenario.then_says(|sent| frame("t-10", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
            paid(scenario.reconcile());
        }
    }
}

/// What is paid, from where and when must be known.
#[test]
fn what_is_paid_is_no_decoration() {
    for (old, new) in [
        ("<TRNAMT>84.20</TRNAMT>", ""),
        ("<TRNAMT>84.20", "<TRNAMT>84.20-"),
        ("<DTDUE>20260123</DTDUE>", ""),
        ("<ACCTID>1000001</ACCTID>", "<ACCTID></ACCTID>"),
        ("<NAME>", "<NAME>one</NAME><NAME>"),
    ] {
        let doubt = unknown(answered(old, new));
        assert!(matches!(doubt, Doubt::Unreadable(_)), "{old}: {doubt:?}");
    }
}

/// A state without its day is a state: that a payment has failed must not be lost with it.
#[test]
fn a_receipt_says_of_the_state_what_can_be_read() {
    for (told, state, date) in [
        ("<PMTPRCSTS><PMTPRCCODE>FAILEDON</PMTPRCCODE></PMTPRCSTS>", Some(PaymentState::FailedOn), "2026-01-23"),
        (
            "<PMTPRCSTS><PMTPRCCODE>FAILEDON</PMTPRCCODE><DTPMTPRC></DTPMTPRC></PMTPRCSTS>",
            Some(PaymentState::FailedOn),
            "2026-01-23",
        ),
        ("<PMTPRCSTS><DTPMTPRC>20260120</DTPMTPRC></PMTPRCSTS>", None, "2026-01-23"),
        (
            "<PMTPRCSTS><PMTPRCCODE>WILLPROCESSON</PMTPRCCODE><PMTPRCCODE>FAILEDON</PMTPRCCODE></PMTPRCSTS>",
            None,
            "2026-01-23",
        ),
        // One thing that cannot be read takes nothing else along.
        (
            "<EXTDPAYEE><IDSCOPE>USER</IDSCOPE><IDSCOPE>GLOBAL</IDSCOPE></EXTDPAYEE>\
             <PMTPRCSTS><PMTPRCCODE>FAILEDON</PMTPRCCODE><DTPMTPRC>20260120</DTPMTPRC></PMTPRCSTS>",
            Some(PaymentState::FailedOn),
            "2026-01-20",
        ),
    ] {
        let receipt = paid(answered("</PMTRS>", format!("{told}</PMTRS>").leak()));
        assert_eq!((receipt.state(), receipt.date()), (state.as_ref(), date.parse().ok()), "{told}");
        assert_eq!(receipt.response.extended_payee, None, "{told}");
    }
    let receipt = paid(answered(
        "</PMTRS>",
        "<EXTDPAYEE><PAYEEID>P1</PAYEEID><IDSCOPE>USER</IDSCOPE><NAME>Harbor</NAME><DAYSTOPAY>3-5</DAYSTOPAY></EXTDPAYEE></PMTRS>",
    ));
    let known = receipt.response.extended_payee.unwrap();
    assert_eq!((known.id.as_deref(), known.days_to_pay), (Some("P1"), None), "the rest of it is known");
    assert_eq!(paid(answered("<MEMO>", "<MEMO>one</MEMO><MEMO>")).response.payment.memo.as_deref(), Some("one"));
}

/// Behind an acceptance as well: what became of the payment since.
#[test]
fn a_change_without_its_day_is_told_by_the_receipt() {
    let mut scenario = lost();
    let sent = scenario.sent[1].clone();
    let info = acceptance(&sent).find("PMTINFO").unwrap().clone();
    let state = Element::aggregate("PMTPRCSTS", vec![Element::leaf("PMTPRCCODE", "FAILEDON")]);
    let body = Element::aggregate("PMTMODRS", vec![Element::leaf("SRVRTID", "4711"), info, state]);
    let accepted = ours(0, sent.trn_uid(), Some(&sent));
    scenario.then_says(move |_| frame("t-9", "N", vec![accepted, transaction("PMTTRNRS", "0", 0, Some(body))]));
    assert_eq!(paid(scenario.reconcile()).state(), Some(&PaymentState::FailedOn));
}

/// Web pages make such.
#[test]
fn a_payee_without_a_telephone_in_a_history_keeps_no_second_copy_from_going() {
    let mut scenario = lost();
    let other = with_value(&ours(0, "another-client", Some(&scenario.sent[1])), "TRNAMT", "1.11").to_markup();
    let other = Element::from_markup(&other.replace("<PHONE>401-555-0142</PHONE>", "")).unwrap();
    scenario.then_says(move |_| frame("t-9", "N", vec![other]));
    scenario.then_says(|sent| frame("t-10", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
    paid(scenario.reconcile());
}

/// What it lacks must be filled in before it is sent.
#[test]
fn a_payee_of_the_list_that_lacks_something_is_shown_and_refused_where_it_would_be_sent() {
    let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Lite));
    scenario.then_says(|sent| {
        let entry = "<PAYEERS><PAYEELSTID>L1<PAYEE><NAME>Harbor<ADDR1>14 Quay Street<CITY>Newport<STATE><POSTALCODE>02840\
                     </PAYEE></PAYEERS>";
        let entry = Element::from_markup(entry).unwrap();
        Said::new(0, "INFO").payments(vec![transaction("PAYEETRNRS", sent.trn_uid(), 0, Some(entry))])
    });
    let added = scenario.run(Request::from(PayeeAddition::new(payment().payee.clone())).into()).unwrap();
    let Step::Done(Outcome::Confirmed(added)) = added else { panic!("{added:?}") };
    let mut entry = added.of::<ListedPayee>().unwrap().record;
    let told = entry.payee.clone().unwrap();
    assert_eq!((told.state.as_str(), told.phone.as_str(), told.postal_code.as_str()), ("", "", "02840"));
    assert_eq!(ofx_session::ofx::Payee::from_aggregate(&told.to_aggregate()), Ok(told), "kept as text");

    let asked = payment();
    let pays = |entry: &ListedPayee| {
        let due = asked.due.date().unwrap();
        let payment = Payment::to_listed(asked.from.clone(), Decimal::new(100, 2), entry, "88-204-117", due);
        Intent::Pay(Box::new(payment.unwrap()))
    };
    let changes = |entry: &ListedPayee| Request::from(PayeeModification::new("L1", entry.payee.clone())).into();
    for lacking in ["STATE", "PHONE"] {
        for intent in [pays(&entry), changes(&entry)] {
            assert_eq!(scenario.run(intent), Err(EngineError::Encode(EncodeError::Empty(lacking))));
        }
        let payee = entry.payee.as_mut().unwrap();
        if lacking == "STATE" { payee.state = "RI".to_owned() } else { payee.phone = "401-555-0142".to_owned() }
    }
    scenario.then_says(|sent| {
        Said::new(0, "INFO").payments(vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(acceptance(sent)))])
    });
    paid(scenario.run(pays(&entry)));
}
