//! What else a history tells: others that are like ours, and what became of ours since.

use ofx_session::engine::{Doubt, Intent, Receipt};
use ofx_session::error::Delivery;
use ofx_session::ofx::{Amount, Element, PaymentState, SyncMode, Version};
use rust_decimal::Decimal;

use super::recovery::{frame, lost, ours, with_value};
use super::scenario::{Reply, Scenario, Sent, easy, paid, payment, refused, transaction, unknown};

/// Institutions may spell our identifier anew, or name nobody's. What looks like our payment may be it.
#[test]
fn a_payment_like_it_under_another_name_keeps_a_second_copy_from_going() {
    for name in ["another-client", "0"] {
        let mut scenario = lost();
        let like = scenario.sent[1].clone();
        scenario.then_says(move |_| frame("t-9", "N", vec![ours(0, name, Some(&like))]));
        let Doubt::NoAnswer(why) = unknown(scenario.reconcile()) else { panic!("{name}") };
        assert!(why.contains("a payment like this one under another identifier"), "{why}");
        assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "a person must find out");
    }
    // In another spelling of the account at the payee, or where something cannot be read at all.
    for (account, why) in [("0088204117", "a payment like this one"), ("", "something that cannot be read")] {
        let mut scenario = lost();
        let like = scenario.sent[1].clone();
        let other = if account.is_empty() {
            Element::aggregate("PMTTRNRS", vec![Element::leaf("TRNUID", "0")])
        } else {
            with_value(&ours(0, "0", Some(&like)), "PAYACCT", account)
        };
        scenario.then_says(move |_| frame("t-9", "N", vec![other]));
        let Doubt::NoAnswer(told) = unknown(scenario.reconcile()) else { panic!("{account}") };
        assert!(told.contains(why), "{told}");
    }
    let mut scenario = lost();
    let like = scenario.sent[1].clone();
    let upper = like.trn_uid().to_uppercase();
    scenario.then_says(move |_| frame("t-9", "N", vec![ours(0, &upper, Some(&like))]));
    paid(scenario.reconcile());
}

/// What an institution may say of a payment under no name, other than a response that we know.
#[test]
fn a_payment_that_is_told_in_another_way_keeps_a_second_copy_from_going() {
    let like = |sent: &Sent| ours(0, "0", Some(sent));
    type Told = Box<dyn Fn(&Sent) -> Element>;
    let cases: [(&str, Told); 4] = [
        ("like this one", Box::new(move |sent| with_value(&like(sent), "TRNAMT", "-84.20"))),
        ("like this one", Box::new(move |sent| with_value(&like(sent), "PAYACCT", "XXXXXX117"))),
        ("cannot be read", Box::new(|_| transaction("PMTTRNRS", "0", 0, None))),
        ("cannot be read", Box::new(|_| transaction("PMTTRNRS", "0", 0, Some(Element::leaf("LKS.PMT", "4711"))))),
    ];
    for (why, told) in cases {
        let mut scenario = lost();
        let told = told(&scenario.sent[1]);
        scenario.then_says(move |_| frame("t-9", "N", vec![told]));
        let doubt = unknown(scenario.reconcile());
        assert!(matches!(&doubt, Doubt::NoAnswer(said) if said.contains(why)), "{doubt:?}");
        assert_eq!(scenario.sent.len(), 3, "nothing but the history was asked for");
    }
}

/// That was not asked for by us, whatever it is like.
#[test]
fn a_payment_that_a_model_has_made_does_not_keep_a_second_copy_from_going() {
    let mut scenario = lost();
    let like = scenario.sent[1].clone();
    scenario.then_says(move |_| {
        let made = ours(0, "0", Some(&like));
        let mut response = made.find("PMTRS").unwrap().children().to_vec();
        response.push(Element::leaf("RECSRVRTID", "7"));
        frame("t-9", "N", vec![transaction("PMTTRNRS", "0", 0, Some(Element::aggregate("PMTRS", response)))])
    });
    scenario.then_says(|sent| frame("t-10", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
    paid(scenario.reconcile());
}

/// That a history has nothing of ours counts where it says that it has everything, and our identifier is nowhere in the file.
#[test]
fn what_a_history_has_not_counts_where_it_is_whole() {
    let without_word = |text: String, _: &Sent| text.replace("<LOSTSYNC>N", "");
    let in_second_set = |text: String, sent: &Sent| {
        let ours = format!("<PMTTRNRS><TRNUID>{}<STATUS><CODE>0<SEVERITY>INFO</STATUS></PMTTRNRS>", sent.trn_uid());
        text.replace("</OFX>", &format!("<BILLPAYMSGSRSV1>{ours}</BILLPAYMSGSRSV1></OFX>"))
    };
    let wrapped = |text: String, sent: &Sent| {
        let ours = format!("<LKS.LIST><PMTTRNRS><TRNUID>{}</PMTTRNRS></LKS.LIST>", sent.trn_uid().to_uppercase());
        text.replace("</PMTSYNCRS>", &format!("{ours}</PMTSYNCRS>"))
    };
    for (at, damage) in [without_word as fn(String, &Sent) -> String, in_second_set, wrapped].into_iter().enumerate() {
        let mut scenario = lost();
        let sent = scenario.sent[1].clone();
        scenario.then(move |_, _| {
            let said = String::from_utf8(frame("t-9", "N", vec![]).bytes(Version::V103)).unwrap();
            let damaged = damage(said.clone(), &sent);
            assert_ne!(said, damaged, "{at}");
            Reply::Body(damaged.into_bytes())
        });
        unknown(scenario.reconcile());
        assert_eq!(scenario.sent.len(), 3, "{at}: nothing but the history was asked for");
        assert!(!scenario.operation.as_ref().unwrap().can_reconcile(), "{at}: a person must find out");
    }
}

/// A change of our payment, as the history tells it behind the payment; due on another day when one is given.
fn changed(paid: &Sent, due: Option<&str>, state: Option<[&str; 2]>) -> Element {
    let accepted = ours(0, "1", Some(paid));
    let info = accepted.find("PMTRS/PMTINFO").unwrap().clone();
    let info = due.map_or_else(|| info.clone(), |due| with_value(&info, "DTDUE", due));
    let mut inside = vec![Element::leaf("SRVRTID", "4711"), info];
    inside.extend(state.map(|[code, day]| {
        Element::aggregate("PMTPRCSTS", vec![Element::leaf("PMTPRCCODE", code), Element::leaf("DTPMTPRC", day)])
    }));
    transaction("PMTTRNRS", "0", 0, Some(Element::aggregate("PMTMODRS", inside)))
}

#[test]
fn a_receipt_out_of_a_history_is_the_payment_as_it_stands() {
    let failed = Some(["FAILEDON", "20260120"]);
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    for (due, state, expected, date) in [
        (None, failed, Some(PaymentState::FailedOn), "2026-01-20"),
        // Neither day nor state of the payment as it was counts for that as it is.
        (Some("20260130"), None, None, "2026-01-30"),
        (Some("20260130"), failed, Some(PaymentState::FailedOn), "2026-01-20"),
    ] {
        let mut scenario = lost();
        let sent = scenario.sent[1].clone();
        scenario.then_says(move |_| {
            let was = Element::aggregate(
                "PMTPRCSTS",
                vec![Element::leaf("PMTPRCCODE", "WILLPROCESSON"), Element::leaf("DTPMTPRC", "20260119")],
            );
            let accepted = ours(0, sent.trn_uid(), Some(&sent));
            let mut response = accepted.find("PMTRS").unwrap().children().to_vec();
            response.push(was);
            let accepted = transaction("PMTTRNRS", sent.trn_uid(), 0, Some(Element::aggregate("PMTRS", response)));
            frame("t-9", "N", vec![accepted, changed(&sent, due, state)])
        });
        let receipt = paid(scenario.reconcile());
        assert_eq!((receipt.state(), receipt.date()), (expected.as_ref(), Some(day(date))), "{due:?} {state:?}");
    }
    // That of another payment is none of ours.
    let mut scenario = lost();
    let sent = scenario.sent[1].clone();
    scenario.then_says(move |_| {
        let other = with_value(&changed(&sent, None, failed), "SRVRTID", "4712");
        frame("t-9", "N", vec![ours(0, sent.trn_uid(), Some(&sent)), other])
    });
    assert_eq!(paid(scenario.reconcile()).state(), None);
}

/// An institution that says no and gives the response of what was done: how the payment stands nobody knows. That it was accepted is
/// not in doubt, and neither is what came behind.
#[test]
fn a_receipt_says_nothing_of_how_a_payment_stands_where_the_history_says_two_things() {
    let will = || {
        let members = vec![Element::leaf("PMTPRCCODE", "WILLPROCESSON"), Element::leaf("DTPMTPRC", "20260119")];
        Element::aggregate("PMTPRCSTS", members)
    };
    let canceled = |code: u32, with: bool| {
        let body = Element::aggregate("PMTCANCRS", vec![Element::leaf("SRVRTID", "4711")]);
        transaction("PMTTRNRS", "another", code, with.then_some(body))
    };
    let modified = |sent: &Sent, code: u32| {
        let told =
            with_value(&changed(sent, Some("20260130"), Some(["PROCESSEDON", "20260130"])), "CODE", &code.to_string());
        if code == 0 { told } else { with_value(&told, "SEVERITY", "ERROR") }
    };
    type Told = Box<dyn Fn(&Sent) -> Vec<Element>>;
    let (will_be, is_canceled) = (Some(PaymentState::WillProcessOn), Some(PaymentState::CanceledOn));
    let cases: [(Told, Option<PaymentState>); 7] = [
        (Box::new(|_| vec![]), will_be.clone()),
        (Box::new(move |_| vec![canceled(10_991, true)]), None),
        (Box::new(move |sent| vec![modified(sent, 10_991)]), None),
        // A plain refusal, and one because of the copy before.
        (Box::new(move |_| vec![canceled(10_991, false)]), will_be.clone()),
        (Box::new(move |_| vec![canceled(2019, true)]), will_be),
        (Box::new(move |_| vec![canceled(10_991, true), canceled(0, true)]), is_canceled),
        (Box::new(move |sent| vec![canceled(10_991, true), modified(sent, 0)]), Some(PaymentState::ProcessedOn)),
    ];
    for (at, (told, expected)) in cases.into_iter().enumerate() {
        let mut scenario = lost();
        let sent = scenario.sent[1].clone();
        scenario.then_says(move |_| {
            let accepted = ours(0, sent.trn_uid(), Some(&sent));
            let mut response = accepted.find("PMTRS").unwrap().children().to_vec();
            response.push(will());
            let response = Element::aggregate("PMTRS", response);
            let mut all = vec![transaction("PMTTRNRS", sent.trn_uid(), 0, Some(response))];
            all.extend(told(&sent));
            frame("t-9", "N", all)
        });
        let receipt = paid(scenario.reconcile());
        assert_eq!((receipt.id(), receipt.state()), ("4711", expected.as_ref()), "{at}");
        let moved = expected == Some(PaymentState::ProcessedOn);
        assert_eq!(receipt.differences(&payment()), if moved { vec!["DTDUE"] } else { vec![] }, "{at}");
    }
}

/// Before 2.x a request that was not looked at because something had happened is refused as any. What may have happened counts.
#[test]
fn a_refusal_without_a_code_of_its_own_is_out_of_date_where_something_may_have_happened() {
    let canceled = |code: u32, with: bool| {
        let body = Element::aggregate("PMTCANCRS", vec![Element::leaf("SRVRTID", "17")]);
        transaction("PMTTRNRS", "another", code, with.then_some(body))
    };
    // Done, done with a warning, refused, and nobody knows.
    for (code, with, is_news) in [(0, true, true), (1500, true, true), (10_991, false, false), (10_991, true, true)] {
        let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Full));
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        scenario.then_says(move |sent| frame("t-2", "N", vec![canceled(code, with), ours(2000, sent.trn_uid(), None)]));
        let copies = |scenario: &Scenario| {
            let is_one = |sent: &&Sent| sent.document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ/PMTTRNRQ").is_some();
            scenario.sent.iter().filter(is_one).count()
        };
        if is_news {
            scenario.then_says(|sent| frame("t-3", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
            paid(scenario.pay());
            assert_eq!(copies(&scenario), 2, "{code}");
        } else {
            assert_eq!(refused(scenario.pay()).status.code.value(), 2000);
            assert_eq!(copies(&scenario), 1, "{code}");
        }
    }
}

/// The history of our payment, told first as one that will be made, and then in these words.
fn told_twice(then: impl Fn(&Sent, Element) -> Vec<Element> + 'static) -> Receipt {
    let mut scenario = lost();
    let sent = scenario.sent[1].clone();
    scenario.then_says(move |_| {
        let first = stands(sent.trn_uid(), &sent, Some(["WILLPROCESSON", "20260119"]));
        let mut all = vec![first.clone()];
        all.extend(then(&sent, first));
        frame("t-9", "N", all)
    });
    paid(scenario.reconcile())
}

/// Our payment as it stands.
fn stands(trn_uid: &str, sent: &Sent, state: Option<[&str; 2]>) -> Element {
    let mut response = ours(0, trn_uid, Some(sent)).find("PMTRS").unwrap().children().to_vec();
    response.extend(state.map(|[code, day]| {
        Element::aggregate("PMTPRCSTS", vec![Element::leaf("PMTPRCCODE", code), Element::leaf("DTPMTPRC", day)])
    }));
    transaction("PMTTRNRS", trn_uid, 0, Some(Element::aggregate("PMTRS", response)))
}

/// Some tell how a payment stands by telling the payment again.
#[test]
fn a_payment_that_a_history_tells_twice_stands_as_it_is_told_last() {
    let day = |text: &str| Some(text.parse::<chrono::NaiveDate>().unwrap());
    for ours in [true, false] {
        let uid = move |sent: &Sent| if ours { sent.trn_uid().to_owned() } else { "0".to_owned() };
        let failed = told_twice(move |sent, _| vec![stands(&uid(sent), sent, Some(["FAILEDON", "20260120"]))]);
        assert_eq!((failed.state(), failed.date()), (Some(&PaymentState::FailedOn), day("2026-01-20")), "{ours}");
        let processed = told_twice(move |sent, _| {
            let [failed, processed] = [["FAILEDON", "20260120"], ["PROCESSEDON", "20260121"]];
            vec![stands(&uid(sent), sent, Some(failed)), stands(&uid(sent), sent, Some(processed))]
        });
        assert_eq!(
            (processed.state(), processed.date()),
            (Some(&PaymentState::ProcessedOn), day("2026-01-21")),
            "{ours}"
        );
        let moved = told_twice(move |sent, _| vec![with_value(&stands(&uid(sent), sent, None), "DTDUE", "20260130")]);
        assert_eq!(
            (moved.state(), moved.date()),
            (None, day("2026-01-30")),
            "{ours}: the state is that of another day"
        );
        let less = told_twice(move |sent, _| vec![with_value(&stands(&uid(sent), sent, None), "TRNAMT", "70.00")]);
        assert_eq!(less.response.payment.amount.value(), Decimal::new(7000, 2), "{ours}");
        assert_eq!(less.state(), Some(&PaymentState::WillProcessOn), "{ours}: nothing was said of it");
    }
}

/// The answer to a second copy may be the first one over again: what was told in between is newer.
#[test]
fn an_acceptance_that_is_told_over_again_is_as_old_as_it_was() {
    let failed = told_twice(|sent, first| vec![changed(sent, None, Some(["FAILEDON", "20260120"])), first]);
    assert_eq!(failed.state(), Some(&PaymentState::FailedOn));
}

/// Some put marks between thousands and leave decimals out that are none. A comma or a point by itself is the decimal point.
#[test]
fn an_amount_that_may_have_marks_of_thousands_keeps_a_second_copy_from_going() {
    for (written, sent_again) in [("1,234", false), ("1.234", false), ("-1,234", false), ("1,235", true)] {
        let mut scenario = Scenario::with_profile(easy().everything().sync_mode(SyncMode::Full));
        scenario.then_says(|_| frame("t-1", "N", vec![]));
        scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
        let mut asked = payment();
        asked.amount = Amount::new(Decimal::from(1234));
        unknown(scenario.run(Intent::Pay(Box::new(asked))));
        let like = with_value(&ours(0, "0", Some(&scenario.sent[1])), "TRNAMT", written);
        scenario.then_says(move |_| frame("t-9", "N", vec![like]));
        if sent_again {
            scenario.then_says(|sent| frame("t-9", "N", vec![ours(0, sent.trn_uid(), Some(sent))]));
            paid(scenario.reconcile());
        } else {
            let doubt = unknown(scenario.reconcile());
            assert!(matches!(&doubt, Doubt::NoAnswer(why) if why.contains("like this one")), "{written}: {doubt:?}");
        }
    }
}
