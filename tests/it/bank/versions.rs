//! Every answer in every version. Where `OFX_TESTING_RECORD` names a folder, the documents are left there for a validator.

use std::path::PathBuf;

use ofx_session::ofx::{Element, Payee, Version};
use ofx_session::testing::{AccessKeys, BankModel, Endpoint};

use super::support::{Answer, Ask, Pay, easy, questioning};

const OLD: &str = "19900101";

/// Sends, checks what holds for every answer, and records both documents.
pub(super) fn exchange(bank: &mut BankModel, name: &str, ask: &Ask) -> Answer {
    let request = ask.bytes();
    let bytes = bank.answer(Endpoint::Main, &request).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    let answer = Answer::read(&bytes);
    assert_eq!(answer.0.header().version_number(), Some(ask.version.number()), "{name}");
    assert_eq!(answer.0.header().new_file_uid().as_str(), ask.uid, "{name}");
    let sets: Vec<_> = ask.sets.iter().map(|set| set.tag().replace("SRQV1", "SRSV1")).collect();
    let answered: Vec<_> = answer.0.root().children().iter().skip(1).map(|set| set.tag().to_owned()).collect();
    assert_eq!(answered, sets, "{name}");
    if let Some(folder) = std::env::var_os("OFX_TESTING_RECORD").map(PathBuf::from) {
        let name = format!("{}-{}-{name}", std::process::id(), ask.version);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}-rq.ofx")), request).unwrap();
        std::fs::write(folder.join(format!("{name}-rs.ofx")), bytes).unwrap();
    }
    answer
}

fn payees() -> Payee {
    Payee::new("Example Electric", "2 Dam Road", "Newport", "RI", "02840", "401-555-0199")
}

#[test]
fn a_bank_without_questions_speaks_every_version() {
    for version in Version::ALL {
        let mut bank = easy().payee("ELECTRIC1", payees()).org("EXAMPLE").fid("7777").build_model();
        let fi = Element::aggregate("FI", vec![Element::leaf("ORG", "EXAMPLE"), Element::leaf("FID", "7777")]);
        let ask = Ask::new(version).before(fi);
        assert_eq!(exchange(&mut bank, "profile", &ask.clone().anonymous().profile(OLD)).signon(), "0");
        exchange(&mut bank, "no-fi", &Ask::new(version).accounts(OLD));
        let whole = ask.clone().accounts(OLD).pay("pay-1", Pay::new()).profile(OLD);
        let answer = exchange(&mut bank, "whole", &whole);
        assert_eq!((answer.account_status(), answer.payment_status()), (Some("0"), Some("0")));
        exchange(&mut bank, "duplicate", &ask.clone().pay("pay-1", Pay::new()));
        let by_id = ask.clone().pay("pay-2", Pay::new().payee_id("ELECTRIC1"));
        assert_eq!(exchange(&mut bank, "by-id", &by_id).payment("EXTDPAYEE/DAYSTOPAY"), Some("4"));
        exchange(&mut bank, "up-to-date", &ask.clone().accounts("20991231").profile("20991231"));
        exchange(&mut bank, "signon-only", &ask);
        bank.set_password_expired("jane");
        assert_eq!(exchange(&mut bank, "expired", &ask.clone().accounts(OLD)).signon(), "15000");
        exchange(&mut bank, "wrong", &ask.user("jane", "wrong").accounts(OLD).pay("pay-3", Pay::new()));
        assert_eq!((bank.payments_made(), bank.violations().len()), (2, 0), "{version}");
    }
}

#[test]
fn questions_are_asked_where_the_version_has_them() {
    for version in Version::ALL {
        let mut bank = questioning().challenge_first(true).access_keys(AccessKeys::Rotate).build_model();
        let ask = Ask::new(version);
        assert_eq!(exchange(&mut bank, "mfa-profile", &ask.clone().anonymous().profile(OLD)).signon(), "0");
        if !version.knows_mfa() {
            let refused = exchange(&mut bank, "mfa-unsupported", &ask.clone().accounts(OLD));
            assert_eq!((refused.signon(), refused.account_status()), ("2021", Some("15500")));
            let wrong = exchange(&mut bank, "mfa-wrong", &ask.clone().user("jane", "wrong").accounts(OLD));
            assert_eq!(wrong.signon(), "15500", "the password is looked at first");
            let questions = ask.questions("q1").try_send(&mut bank, Endpoint::Main);
            assert_eq!(questions.err().map(|refusal| refusal.status()), Some(400));
            continue;
        }
        let asked = exchange(&mut bank, "mfa-questions", &ask.clone().questions("q1"));
        assert!(asked.has("SIGNONMSGSRSV1/MFACHALLENGETRNRS/MFACHALLENGERS/MFACHALLENGE"));
        let wrong = ask.clone().answers(&[("MFA16", "x"), ("BRQ7", "y")]).accounts(OLD);
        assert_eq!(exchange(&mut bank, "mfa-3001", &wrong).signon(), "3001");
        exchange(&mut bank, "mfa-again", &ask.clone().questions("q2"));
        let right = ask.clone().uids("NONE", "file-7").right_answers().accounts(OLD).pay("pay-1", Pay::new());
        let passed = exchange(&mut bank, "mfa-passed", &right);
        let key = passed.key().unwrap().to_owned();
        let next = exchange(&mut bank, "mfa-key", &ask.clone().key(&key).pay("pay-2", Pay::new()));
        assert!(next.key().is_some_and(|next| next != key));
        bank.revoke_access_keys();
        let revoked = exchange(&mut bank, "mfa-3000", &ask.key(next.key().unwrap()).pay("pay-3", Pay::new()));
        assert_eq!(revoked.signon(), "3000");
        assert_eq!((bank.payments_made(), bank.violations()), (2, &[][..]), "{version}");
    }
}

#[test]
fn unsupported_transactions_are_answered_in_their_sets() {
    for version in Version::ALL {
        let mut bank = easy().build_model();
        let leaf = Element::leaf;
        let from = vec![leaf("BANKID", "999888777"), leaf("ACCTID", "1000001"), leaf("ACCTTYPE", "CHECKING")];
        let request = vec![Element::aggregate("BANKACCTFROM", from)];
        let statement = vec![leaf("TRNUID", "s-1"), leaf("CLTCOOKIE", "cookie"), Element::aggregate("STMTRQ", request)];
        let mut ask = Ask::new(version).set("BANKMSGSRQV1", vec![Element::aggregate("STMTTRNRQ", statement)]);
        let pinch = vec![leaf("USERID", "jane"), leaf("NEWUSERPASS", "new horse")];
        ask.signon_set.push(super::support::wrap("PINCHTRNRQ", "p-1", Element::aggregate("PINCHRQ", pinch)));
        let answer = exchange(&mut bank, "unsupported", &ask);
        assert_eq!(answer.text("BANKMSGSRSV1/STMTTRNRS/STATUS/CODE"), Some("2000"));
        assert_eq!(answer.text("BANKMSGSRSV1/STMTTRNRS/CLTCOOKIE"), Some("cookie"));
        assert_eq!(answer.text("SIGNONMSGSRSV1/PINCHTRNRS/STATUS/CODE"), Some("15503"));
        assert!(bank.violations().is_empty(), "{:?}", bank.violations());
    }
}

#[test]
fn two_models_with_the_same_past_have_the_same_future() {
    let mut one = questioning().build_model();
    Ask::new(Version::V211).questions("q1").send(&mut one);
    let mut two = one.clone();
    let ask = Ask::new(Version::V211).right_answers().pay("pay-1", Pay::new());
    let (first, second) = (one.answer(Endpoint::Main, &ask.bytes()), two.answer(Endpoint::Main, &ask.bytes()));
    assert_eq!(first, second);
    assert_eq!(one.payments(), two.payments());
    assert_eq!((one.payments_made(), one.now() - two.now()), (1, chrono::Duration::zero()));
}
