//! Who gets in, and when a challenge is due.

use ofx_session::ofx::{Element, SyncMode, Version};
use ofx_session::testing::{AccessKeys, Bank, BankModel, Endpoint};

use super::support::{Ask, Pay, easy, questioning};

const V: Version = Version::V211;
const OLD: &str = "19900101";

fn challenge(bank: &mut BankModel, trn_uid: &str) {
    let answer = Ask::new(V).questions(trn_uid).send(bank);
    assert_eq!(answer.signon(), "0");
}

#[test]
fn a_right_password_gets_in_and_a_wrong_one_does_not() {
    let mut bank = easy().build_model();
    let answer = Ask::new(V).accounts(OLD).send(&mut bank);
    assert_eq!((answer.signon(), answer.account_status()), ("0", Some("0")));
    for (user, password) in [("jane", "wrong"), ("nobody", "correct horse"), ("jane", "Correct horse")] {
        let answer = Ask::new(V).user(user, password).accounts(OLD).send(&mut bank);
        assert_eq!((answer.signon(), answer.account_status()), ("15500", Some("15500")));
        assert!(!answer.has("SIGNUPMSGSRSV1/ACCTINFOTRNRS/ACCTINFORS"));
    }
    assert!(bank.violations().is_empty());
}

#[test]
fn three_wrong_passwords_in_a_row_lock_the_user_out() {
    let mut bank = easy().build_model();
    let wrong = Ask::new(V).user("jane", "wrong").accounts(OLD);
    let right = Ask::new(V).accounts(OLD);
    for _ in 0..2 {
        assert_eq!(wrong.send(&mut bank).signon(), "15500");
    }
    assert_eq!(right.send(&mut bank).signon(), "0", "a right one starts the count again");
    for _ in 0..3 {
        assert_eq!(wrong.send(&mut bank).signon(), "15500");
    }
    assert_eq!(right.send(&mut bank).signon(), "15502");
    assert_eq!(Ask::new(V).user("joe", "battery staple").accounts(OLD).send(&mut bank).signon(), "0");
}

#[test]
fn locked_users_and_expired_passwords_show() {
    let mut bank = easy().build_model();
    bank.set_password_expired("jane");
    let answer = Ask::new(V).accounts(OLD).send(&mut bank);
    assert_eq!((answer.signon(), answer.account_status()), ("15000", Some("0")));
    bank.lock_user("jane");
    assert_eq!(Ask::new(V).accounts(OLD).send(&mut bank).signon(), "15502");
}

#[test]
fn the_institution_must_be_named_when_it_wants_to() {
    let mut bank = easy().org("EXAMPLE").fid("7777").build_model();
    let fi = |org, fid| Element::aggregate("FI", vec![Element::leaf("ORG", org), Element::leaf("FID", fid)]);
    assert_eq!(Ask::new(V).accounts(OLD).send(&mut bank).signon(), "13504");
    assert_eq!(Ask::new(V).before(fi("EXAMPLE", "1")).accounts(OLD).send(&mut bank).signon(), "13504");
    let answer = Ask::new(V).before(fi("EXAMPLE", "7777")).accounts(OLD).send(&mut bank);
    assert_eq!(answer.signon(), "0");
    assert_eq!(answer.text("SIGNONMSGSRSV1/SONRS/FI/FID"), Some("7777"));
}

#[test]
fn a_bank_can_speak_one_version_only() {
    let mut bank = easy().versions(&[Version::V103]).build_model();
    assert_eq!(Ask::new(Version::V211).accounts(OLD).send(&mut bank).signon(), "2021");
    assert_eq!(Ask::new(Version::V103).accounts(OLD).send(&mut bank).signon(), "0");
}

#[test]
fn a_client_uid_can_be_required() {
    let mut bank = easy().client_uid_required(true).build_model();
    assert_eq!(Ask::new(V).accounts(OLD).send(&mut bank).signon(), "15510");
    assert_eq!(bank.violations().len(), 1);
    let with = Ask::new(V).behind(Element::leaf("CLIENTUID", "7C1E9A54")).accounts(OLD);
    assert_eq!(with.send(&mut bank).signon(), "0");
    assert_eq!(Ask::new(V).anonymous().profile(OLD).send(&mut bank).signon(), "0");
    assert_eq!(bank.violations().len(), 1);
}

#[test]
fn a_passed_challenge_gives_a_key_that_is_good_until_it_is_revoked() {
    let mut bank = questioning().build_model();
    let refused = Ask::new(V).accounts(OLD).send(&mut bank);
    assert_eq!((refused.signon(), refused.account_status()), ("3000", Some("15500")));
    let asked = Ask::new(V).questions("q1").send(&mut bank);
    let questions = asked.0.root().find("SIGNONMSGSRSV1/MFACHALLENGETRNRS/MFACHALLENGERS").unwrap();
    let ids: Vec<_> = questions.children().iter().map(|one| one.value("MFAPHRASEID").unwrap()).collect();
    assert_eq!(ids, ["MFA16", "BRQ7"]);
    assert_eq!(questions.children()[0].value("MFAPHRASELABEL"), None);
    assert_eq!(questions.children()[1].value("MFAPHRASELABEL"), Some("In which town did you open this account?"));
    let passed = Ask::new(V).right_answers().accounts(OLD).send(&mut bank);
    assert_eq!((passed.signon(), passed.account_status()), ("0", Some("0")));
    let key = passed.key().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(Ask::new(V).key(&key).accounts(OLD).send(&mut bank).signon(), "0");
    }
    assert!(bank.violations().is_empty());
    bank.revoke_access_keys();
    assert_eq!(Ask::new(V).key(&key).accounts(OLD).send(&mut bank).signon(), "3000");
    assert!(bank.violations().is_empty());
    assert_eq!(Ask::new(V).key(&key).accounts(OLD).send(&mut bank).signon(), "3000");
    assert_eq!(bank.violations(), ["an ACCESSKEY that was refused is sent again"]);
}

/// A server looks at the signon before it looks for a saved answer, and gives that one as it was.
#[test]
fn a_saved_answer_is_given_behind_the_factors() {
    let mut bank = questioning().access_keys(AccessKeys::Never).file_recovery(true).build_model();
    let pay = || Ask::new(V).uids("0", "f-1").pay("pay-1", Pay::new());
    challenge(&mut bank, "q1");
    let first = pay().right_answers().send(&mut bank);
    assert_eq!((first.signon(), first.payment_status()), ("0", Some("0")));
    for repeated in [pay(), pay().right_answers()] {
        assert_eq!(repeated.send(&mut bank).signon(), "3000", "the challenge is used up");
    }
    challenge(&mut bank, "q2");
    assert_eq!(pay().answers(&[("MFA16", "wrong"), ("BRQ7", "Newport")]).send(&mut bank).signon(), "3001");
    challenge(&mut bank, "q3");
    assert_eq!(
        pay().right_answers().send(&mut bank).0.root().to_markup(),
        first.0.root().to_markup(),
        "as it was saved"
    );
    let wrong = pay().user("jane", "wrong").send(&mut bank);
    assert_eq!((wrong.signon(), bank.payments_made()), ("15500", 1));
}

#[test]
fn rotated_keys_stay_good_until_a_newer_one_was_used() {
    let mut bank = questioning().access_keys(AccessKeys::Rotate).build_model();
    challenge(&mut bank, "q1");
    let first = Ask::new(V).right_answers().send(&mut bank).key().unwrap().to_owned();
    let with = |key: &str, bank: &mut BankModel| {
        let answer = Ask::new(V).key(key).accounts(OLD).send(bank);
        (answer.signon().to_owned(), answer.key().map(str::to_owned))
    };
    let lost = with(&first, &mut bank).1.unwrap();
    let second = with(&first, &mut bank).1.unwrap();
    assert!(first != lost && lost != second && first != second);
    let third = with(&second, &mut bank).1.unwrap();
    assert_eq!(with(&third, &mut bank).0, "0");
    assert_eq!(with(&first, &mut bank), ("3000".to_owned(), None));
}

#[test]
fn without_keys_every_file_needs_a_challenge() {
    let mut bank = questioning().access_keys(AccessKeys::Never).build_model();
    challenge(&mut bank, "q1");
    let passed = Ask::new(V).right_answers().accounts(OLD).send(&mut bank);
    assert_eq!((passed.signon(), passed.key()), ("0", None));
    assert_eq!(Ask::new(V).accounts(OLD).send(&mut bank).signon(), "3000");
}

#[test]
fn wrong_answers_need_a_new_challenge() {
    let mut bank = questioning().build_model();
    challenge(&mut bank, "q1");
    let wrong = Ask::new(V).uids("NONE", "f2").answers(&[("MFA16", "Garcia"), ("BRQ7", "Oldport")]).accounts(OLD);
    let refused = wrong.send(&mut bank);
    assert_eq!((refused.signon(), refused.account_status(), refused.key()), ("3001", Some("15500"), None));
    let right = Ask::new(V).uids("NONE", "f3").right_answers().accounts(OLD);
    assert!(bank.violations().is_empty());
    assert_eq!(right.send(&mut bank).signon(), "3000", "the challenge is used up");
    assert_eq!(bank.violations(), ["MFACHALLENGEANSWER is sent without a challenge that waits for it"]);
    challenge(&mut bank, "q2");
    assert_eq!(right.uids("NONE", "f4").send(&mut bank).signon(), "0");
}

#[test]
fn each_question_is_answered_once_and_no_other() {
    let cases: [(&[(&str, &str)], &str); 3] = [
        (&[("MFA16", "Garcia")], "a question was not answered"),
        (&[("MFA16", "Garcia"), ("BRQ7", "Newport"), ("MFA16", "Garcia")], "a question was answered twice"),
        (&[("MFA16", "Garcia"), ("BRQ7", "Newport"), ("MFA1", "Rome")], "a question was answered that was not asked"),
    ];
    for (answers, violation) in cases {
        let mut bank = questioning().build_model();
        challenge(&mut bank, "q1");
        assert_eq!(Ask::new(V).answers(answers).accounts(OLD).send(&mut bank).signon(), "3001");
        assert_eq!(bank.violations(), [violation]);
    }
}

#[test]
fn the_challenge_request_stands_alone() {
    let mut bank = questioning().build_model();
    let answer = Ask::new(V).questions("q1").accounts(OLD).send(&mut bank);
    assert_eq!((answer.signon(), answer.account_status()), ("2000", Some("15500")));
    assert_eq!(answer.text("SIGNONMSGSRSV1/MFACHALLENGETRNRS/STATUS/CODE"), Some("15500"));
    assert_eq!(bank.violations(), ["something else stands in the file of an MFACHALLENGETRNRQ"]);
    let refusal = Ask::new(V).questions("q1").try_send(&mut easy().build_model(), Endpoint::Main);
    assert_eq!(refusal.err().map(|refusal| refusal.status()), Some(400));
}

#[test]
fn program_questions_take_any_well_formed_answer() {
    let builder = Bank::builder().user("jane", "correct horse").program_question("MFA101");
    let model = builder.program_question("MFA103").program_question("MFA104").program_question("MFA107").build_model();
    let good = [("MFA101", "20260105093000"), ("MFA103", "::1"), ("MFA104", "00:1b:44:11:3A:B7"), ("MFA107", "test/1")];
    let mut bank = model.clone();
    challenge(&mut bank, "q1");
    assert_eq!(Ask::new(V).answers(&good).send(&mut bank).signon(), "0");
    for (at, bad) in [(0, "2026-01-05"), (1, "here"), (2, "00:1b:44:11:3A")] {
        let (mut bank, mut answers) = (model.clone(), good);
        challenge(&mut bank, "q1");
        answers[at].1 = bad;
        assert_eq!(Ask::new(V).answers(&answers).send(&mut bank).signon(), "3001", "{bad}");
    }
}

#[test]
fn anonymous_users_get_the_profile_and_nothing_else() {
    let mut bank = questioning().challenge_first(true).build_model();
    let answer = Ask::new(V).anonymous().profile(OLD).send(&mut bank);
    assert_eq!(answer.signon(), "0");
    assert!(answer.has("PROFMSGSRSV1/PROFTRNRS/PROFRS/MSGSETLIST/BILLPAYMSGSET/BILLPAYMSGSETV1"));
    assert_eq!(Ask::new(V).anonymous().accounts(OLD).send(&mut bank).signon(), "15500");
}

#[test]
fn challenge_first_comes_before_the_profile_of_a_user_too() {
    let mut second = questioning().build_model();
    assert_eq!(Ask::new(V).profile(OLD).send(&mut second).signon(), "0");
    assert_eq!(Ask::new(V).accounts(OLD).send(&mut second).signon(), "3000");
    assert!(second.violations().is_empty());
    let mut first = questioning().challenge_first(true).build_model();
    Ask::new(V).anonymous().profile(OLD).send(&mut first);
    assert!(first.violations().is_empty());
    assert_eq!(Ask::new(V).profile(OLD).send(&mut first).signon(), "3000");
    assert_eq!(first.violations(), ["the profile says MFACHALLENGEFIRST, and something else comes first"]);
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let mut bank = easy().sync_mode(SyncMode::Lite).build_model();
    let first = Ask::new(V).accounts(OLD).profile(OLD).send(&mut bank);
    assert_eq!(first.0.root().find("SIGNUPMSGSRSV1/ACCTINFOTRNRS/ACCTINFORS").unwrap().children().len(), 4);
    let core = "PROFMSGSRSV1/PROFTRNRS/PROFRS/MSGSETLIST/SIGNONMSGSET/SIGNONMSGSETV1/MSGSETCORE";
    assert_eq!(first.text(&format!("{core}/SYNCMODE")), Some("LITE"));
    let accounts = first.text("SIGNUPMSGSRSV1/ACCTINFOTRNRS/ACCTINFORS/DTACCTUP").unwrap();
    assert_eq!(first.text("SIGNONMSGSRSV1/SONRS/DTACCTUP"), Some(accounts));
    let profile = first.text("PROFMSGSRSV1/PROFTRNRS/PROFRS/DTPROFUP").unwrap();
    let again = Ask::new(V).accounts(accounts).profile(profile).send(&mut bank);
    assert_eq!(again.account_status(), Some("1"));
    assert!(!again.has("SIGNUPMSGSRSV1/ACCTINFOTRNRS/ACCTINFORS"));
    assert_eq!(again.text("PROFMSGSRSV1/PROFTRNRS/STATUS/CODE"), Some("1"));
    assert!(!again.has("PROFMSGSRSV1/PROFTRNRS/PROFRS"));
}

#[test]
fn session_cookies_are_kept_and_never_required() {
    let mut bank = easy().build_model();
    let cookie = |ask: Ask, bank: &mut BankModel| {
        let answer = ask.accounts(OLD).send(bank);
        answer.text("SIGNONMSGSRSV1/SONRS/SESSCOOKIE").map(str::to_owned)
    };
    let first = cookie(Ask::new(V), &mut bank).unwrap();
    let kept = Ask::new(V).before(Element::leaf("SESSCOOKIE", first.as_str()));
    assert_eq!(cookie(kept, &mut bank), Some(first.clone()));
    let foreign = Ask::new(V).before(Element::leaf("SESSCOOKIE", "from a backup"));
    assert_ne!(cookie(foreign, &mut bank), Some(first));
    assert_eq!(cookie(Ask::new(V), &mut easy().session_cookies(false).build_model()), None);
}
