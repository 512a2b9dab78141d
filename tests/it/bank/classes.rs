//! The eight classes of institutions: what each does with a payment that comes twice.

use ofx_session::ofx::{Stamp, SyncMode, Version};
use ofx_session::testing::{Bank, BankBuilder, BankModel, Class, Endpoint};

use super::support::{Answer, Ask, Pay, day, easy, questioning, typed};

const V: Version = Version::V211;

fn file(old: &'static str, uid: &str, trn_uid: &str) -> Ask {
    Ask::new(V).uids(old, uid).pay(trn_uid, Pay::new())
}

/// A file that says whether it was answered from what is saved: a second time around, the clock stands still in it.
fn same_answer(bank: &mut BankModel, ask: &Ask, first: &[u8]) -> bool {
    bank.answer(Endpoint::Main, &ask.bytes()).unwrap() == first
}

#[test]
fn a_class_is_written_and_read() {
    for class in Class::ALL {
        assert_eq!(class.to_string().parse(), Ok(class));
    }
    let all: std::collections::BTreeSet<Class> = Class::ALL.into_iter().collect();
    assert_eq!(all.len(), 8);
    let texts =
        [("", "D+S+F+"), ("DF-", "D+S+F-"), ("f-s-d-", "D-S-F-"), ("S", "D+S+F+"), ("D-S", "D-S+F+"), ("F-", "D+S+F-")];
    for (text, class) in texts {
        assert_eq!(text.parse::<Class>().unwrap().to_string(), class, "{text:?}");
    }
    for text in ["X", "D-D-", "-", "D--", "D ", "D+S-F+!"] {
        assert!(text.parse::<Class>().is_err(), "{text:?}");
    }
}

#[test]
fn each_class_keeps_its_promises_and_no_others() {
    for class in Class::ALL {
        let mut bank = easy().class(class).build_model();
        let profile = Ask::new(V).anonymous().profile("19900101").send(&mut bank);
        let core = "PROFMSGSRSV1/PROFTRNRS/PROFRS/MSGSETLIST/BILLPAYMSGSET/BILLPAYMSGSETV1/MSGSETCORE";
        let says = |tag: &str| profile.text(&format!("{core}/{tag}")).unwrap().to_owned();
        assert_eq!(says("SYNCMODE"), if class.full_sync { "FULL" } else { "LITE" }, "{class}");
        assert_eq!(says("RESPFILEER"), if class.file_recovery { "Y" } else { "N" }, "{class}");

        assert_eq!(file("NONE", "f-1", "pay-1").send(&mut bank).payment_status(), Some("0"));
        let again = file("NONE", "f-2", "pay-1").send(&mut bank);
        assert_eq!(again.payment_status(), Some(if class.duplicates { "2019" } else { "0" }), "{class}");
        assert_eq!(bank.payments_made_for("pay-1"), if class.duplicates { 1 } else { 2 }, "{class}");
        assert_eq!(bank.ledger().double_payments().len(), usize::from(!class.duplicates), "{class}");

        let synced = Ask::new(V).sync("0", vec![]).send(&mut bank);
        let paid = if class.duplicates { 1 } else { 2 };
        assert_eq!(synced.framed(), vec![("pay-1", "0"); if class.full_sync { paid } else { 0 }], "{class}");
        assert_eq!(synced.token() == "0", !class.full_sync, "{class}");

        let before = bank.payments_made();
        let recoverable = file("0", "f-3", "pay-2");
        let first = bank.answer(Endpoint::Main, &recoverable.bytes()).unwrap();
        assert_eq!(same_answer(&mut bank, &recoverable, &first), class.file_recovery, "{class}");
        let twice = usize::from(!class.file_recovery && !class.duplicates);
        assert_eq!(bank.payments_made(), before + 1 + twice, "{class}");
        let violations = if class.file_recovery { 0 } else { 2 };
        assert_eq!(bank.violations().len(), violations, "OLDFILEUID without RESPFILEER: {:?}", bank.violations());
    }
}

#[test]
fn full_and_lite_are_what_the_builder_says() {
    let tokens = |builder: BankBuilder| {
        let mut bank = builder.build_model();
        file("NONE", "f-1", "pay-1").send(&mut bank);
        let answer = Ask::new(V).sync("0", vec![]).send(&mut bank);
        (answer.token() == "0", answer.framed().len())
    };
    assert_eq!(tokens(easy().sync_mode(SyncMode::Lite)), (true, 0));
    assert_eq!(tokens(Bank::builder().user("jane", "correct horse")), (true, 0), "unless set");
    assert_eq!(tokens(easy().sync_mode(SyncMode::Full)), (false, 1));
}

#[test]
fn any_other_valid_request_of_the_user_purges_the_saved_answer() {
    let ask = file("0", "f-1", "pay-1");
    let model = questioning().user("joe", "battery staple").file_recovery(true).build_model();
    let saved = |after: &dyn Fn(&mut BankModel)| {
        let mut bank = model.clone();
        Ask::new(V).questions("q-1").send(&mut bank);
        let ask = ask.clone().right_answers();
        let first = bank.answer(Endpoint::Main, &ask.bytes()).unwrap();
        let key = Answer::read(&first).key().unwrap().to_owned();
        after(&mut bank);
        let repeat = file("0", "f-1", "pay-1").key(&key);
        let answer = Answer::read(&bank.answer(Endpoint::Main, &repeat.bytes()).unwrap());
        assert_eq!(bank.payments_made_for("pay-1"), 1);
        answer.payment_status().unwrap().to_owned()
    };
    let key = |bank: &mut BankModel| {
        Ask::new(V).questions("q-2").send(bank);
        Ask::new(V).uids("NONE", "f-8").right_answers().accounts("19900101").send(bank).key().unwrap().to_owned()
    };
    assert_eq!(saved(&|_| ()), "0", "nothing in between");
    assert_eq!(saved(&|bank| drop(Ask::new(V).questions("q-3").send(bank))), "0", "a request for the questions");
    assert_eq!(saved(&|bank| drop(Ask::new(V).accounts("19900101").send(bank))), "0", "a refused signon (3000)");
    assert_eq!(saved(&|bank| drop(Ask::new(V).user("jane", "wrong").accounts("19900101").send(bank))), "0");
    assert_eq!(saved(&|bank| drop(Ask::new(V).anonymous().profile("19900101").send(bank))), "0", "nobody");
    assert_eq!(saved(&|bank| drop(bank.answer(Endpoint::Main, b"not ofx"))), "0", "not valid");
    assert_eq!(saved(&|bank| bank.other_client_looks("joe")), "0", "another user");
    assert_eq!(saved(&|bank| drop(key(bank))), "2019", "a valid request");
    assert_eq!(saved(&|bank| bank.other_client_looks("jane")), "2019");
    assert_eq!(saved(&|bank| drop(bank.other_client_pays("jane", &typed("other")))), "2019");
}

#[test]
fn a_purged_file_is_a_new_one() {
    for (duplicates, made) in [(true, 1), (false, 2)] {
        let mut bank = easy().file_recovery(true).checks_duplicates(duplicates).build_model();
        file("0", "f-1", "pay-1").send(&mut bank);
        bank.other_client_looks("jane");
        file("0", "f-1", "pay-1").send(&mut bank);
        assert_eq!(bank.payments_made_for("pay-1"), made);
        assert!(bank.violations().is_empty());
        bank.other_client_looks("jane");
        assert_eq!(file("0", "f-1", "pay-2").send(&mut bank).payment_status(), Some("0"), "it cannot know any more");
        assert_eq!(bank.violations(), ["a file was repeated under its NEWFILEUID with other transactions in it"]);
    }
}

#[test]
fn a_gentle_institution_keeps_answers_until_it_is_told() {
    let mut bank = easy().file_recovery(true).purges_saved_answers(false).checks_duplicates(false).build_model();
    let (one, two) = (file("0", "f-1", "pay-1"), file("0", "f-2", "pay-2"));
    let first = bank.answer(Endpoint::Main, &one.bytes()).unwrap();
    let second = bank.answer(Endpoint::Main, &two.bytes()).unwrap();
    Ask::new(V).accounts("19900101").send(&mut bank);
    bank.other_client_looks("jane");
    assert!(same_answer(&mut bank, &one, &first) && same_answer(&mut bank, &two, &second));
    assert_eq!(bank.payments_made(), 2);
    Ask::new(V).uids("f-1", "f-3").accounts("19900101").send(&mut bank);
    assert!(!same_answer(&mut bank, &one, &first), "its OLDFILEUID said that the answer to f-1 is known");
    assert!(same_answer(&mut bank, &two, &second));
    assert_eq!((bank.payments_made_for("pay-1"), bank.payments_made_for("pay-2")), (2, 1));
}

#[test]
fn a_file_with_old_file_uid_none_is_not_saved() {
    let mut bank = easy().file_recovery(true).purges_saved_answers(false).build_model();
    let ask = file("NONE", "f-1", "pay-1");
    let first = bank.answer(Endpoint::Main, &ask.bytes()).unwrap();
    let repeat = file("0", "f-1", "pay-1");
    assert!(!same_answer(&mut bank, &repeat, &first));
    assert_eq!(bank.payments_made(), 1);
    assert!(bank.violations().is_empty());
}

#[test]
fn another_clients_payment_is_in_the_ledger_and_not_ours() {
    let mut bank = easy().build_model();
    let other = bank.other_client_pays("jane", &typed("other")).unwrap();
    assert!(bank.other_client_pays("jane", &typed("other")).is_some_and(|second| second != other));
    assert_eq!(bank.other_client_pays("nobody", &typed("other")), None);
    let mut late = typed("late");
    late.due = Stamp::day(day("20250101"));
    assert_eq!(bank.other_client_pays("jane", &late), None);
    assert_eq!(bank.payments_made(), 2);
    assert!(bank.payments().iter().all(|entry| !entry.ours && entry.user == "jane"));
    assert!(bank.ledger().double_payments().is_empty(), "they are not ours");
    assert_eq!(bank.ledger().by_memo()["other"], 2);
    assert_eq!(bank.ledger().by_pay_account()["88-204-117"], 2);
    assert_eq!(bank.ledger().by_trn_uid()[other.as_str()], 1);
    assert!(bank.violations().is_empty());
}

#[test]
fn equal_states_have_equal_digests() {
    let model = easy().file_recovery(true).build_model();
    let (mut one, mut two) = (model.clone(), model);
    assert_eq!(one.digest(), two.digest());
    Ask::new(V).accounts("19900101").send(&mut one);
    Ask::new(V).accounts("19900101").send(&mut one);
    Ask::new(V).accounts("19900101").send(&mut two);
    assert_eq!(one.digest(), two.digest(), "the clock and the counter of cookies do not count");
    let asks = [file("0", "f-1", "pay-1"), Ask::new(V).sync("0", vec![Pay::new().wrapped("pay-2")])];
    for ask in &asks {
        let before = one.digest();
        ask.send(&mut one);
        assert_ne!(one.digest(), before);
        ask.send(&mut two);
        assert_eq!(one.digest(), two.digest());
    }
    let before = one.digest();
    file("f-1", "f-2", "pay-1").send(&mut one);
    assert_ne!(one.digest(), before, "an answer is saved");
    let before = one.digest();
    one.other_client_looks("jane");
    assert_ne!(one.digest(), before, "and purged");
    let before = one.digest();
    one.other_client_pays("jane", &typed("other"));
    assert_ne!(one.digest(), before);
}
