//! What the first errors of a vault advise can be done with the record that is there by then. Once a payment was begun, the institution
//! stays what it was.

use ofx_session::engine::{Refusal, RefusedAt};
use ofx_session::testing::{BankBuilder, Endpoint};
use ofx_session::{
    Client, Credentials, Dialect, Error, ErrorKind, Institution, Moved, Progress, Receipt, Vault, Version,
};

use super::support::{Fate, House, careful, careless, client, done, easy, jane, keys, now, payment};
use crate::resume::line::{Line, MAIN};

fn at() -> Institution {
    Institution::new(MAIN)
}

/// By a program that was told otherwise, with a `CLIENTUID` that the record has no use for.
fn vault(house: &House, institution: Institution) -> Vault {
    house.vault_of(Client::builder(institution).transport(house.line.clone()).build().unwrap(), &keys())
}

fn pay(house: &House, institution: Institution, id: &str, who: Credentials) -> Result<Progress<Receipt>, Error> {
    now(vault(house, institution).pay(id, &payment(), who))
}

/// What the institution has heard since last asked.
fn heard(house: &House) -> Vec<String> {
    let mut wire = house.line.wire();
    wire.sent.drain(..).map(|(_, body)| String::from_utf8(body).unwrap()).collect()
}

/// An honest profile, edited.
fn profile(edit: impl FnOnce(String) -> String) -> Fate {
    let line = Line::new(easy().build_model());
    now(client(&line).fetch_profile()).unwrap();
    let asked = line.wire().sent.pop().unwrap().1;
    let answer = easy().build_model().answer(Endpoint::Main, &asked).unwrap();
    Fate::Says(edit(String::from_utf8(answer).unwrap()).into_bytes())
}

/// The institution has no profile, or none just now: it is tired.
fn no_profile() -> Fate {
    profile(|answer| {
        let at = answer.find("<PROFTRNRS>").unwrap();
        let (from, to) = (answer.find("<PROFRS>").unwrap(), answer.find("</PROFRS>").unwrap() + "</PROFRS>".len());
        let status = answer[at..from].replace("<CODE>0</CODE>", "<CODE>2000</CODE>").replace("INFO", "ERROR");
        format!("{}{status}{}", &answer[..at], &answer[to..])
    })
}

/// A profile that offers no payments.
fn without_payments() -> Fate {
    profile(|answer| {
        let to = answer.find("</BILLPAYMSGSET>").unwrap() + "</BILLPAYMSGSET>".len();
        format!("{}{}", &answer[..answer.find("<BILLPAYMSGSET>").unwrap()], &answer[to..])
    })
}

#[test]
fn what_the_first_error_advises_is_done() {
    let named = || at().org("EXAMPLE").fid("7777");
    let elsewhere = Institution::new("https://ofx.bonk.example/ofx");
    let of_user = at().dialect(Dialect::new().profile_of_user(true));
    let cases: [(BankBuilder, Fate, Institution, &str, Institution); 7] = [
        (easy(), no_profile(), at(), "without_profile", at().without_profile()),
        (easy(), Fate::Refuses(404), at(), "without_profile", at().without_profile()),
        (easy(), without_payments(), at(), "without_profile", at().without_profile()),
        (easy().org("EXAMPLE").fid("7777"), Fate::Honest, at(), "check org and fid", named()),
        (easy().versions(&[Version::V103]), Fate::Honest, at(), "another OFX version", at().version(Version::V103)),
        (easy(), Fate::NotSent, elsewhere, "", at()),
        (easy(), Fate::NotSent, of_user, "", at()),
    ];
    for (bank, fate, wrong, advice, right) in cases {
        let house = House::new(bank);
        house.line.then([fate]);
        let error = pay(&house, wrong.clone(), "order-1", jane()).unwrap_err();
        assert!(error.to_string().contains(advice), "{error}");
        assert_eq!(error.money_may_have_moved(), Moved::No);
        heard(&house);
        done(pay(&house, right, "order-1", jane()));
        assert!(heard(&house).iter().any(|file| file.contains("<PMTRQ>")));
        // From now on it is what it was.
        let _ = pay(&house, wrong, "order-2", jane());
        let sent = heard(&house);
        assert!(sent.iter().all(|file| !file.contains("<PROFRQ>")), "{advice}: {sent:?}");
    }
}

/// Without the profile it would go to another address, perhaps, and out of the history that says what became of it.
#[test]
fn an_institution_that_gives_no_profile_just_now_is_sent_no_payment() {
    let house = House::new(careful());
    house.line.then([no_profile(), no_profile()]);
    let error = pay(&house, at(), "order-1", jane()).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Refused, Moved::No), "{error}");
    assert_eq!(error.detail::<Refusal>().map(|refusal| refusal.at), Some(RefusedAt::Profile), "not the payment");
    assert!(error.detail::<Refusal>().unwrap().to_string().contains("to give its profile"), "{error}");
    assert_eq!(now(house.vault().look("order-1")).unwrap(), None);
    // What only reads goes on.
    now(vault(&house, at()).accounts(jane())).unwrap().done().unwrap();
    assert_eq!(heard(&house).iter().filter(|file| file.contains("<PROFRQ>")).count(), 2);
    done(pay(&house, at(), "order-1", jane()));
    assert!(heard(&house).iter().any(|file| file.contains("<PMTSYNCRQ>")), "the profile was asked for again");
}

/// What only reads goes on without one, and is remembered: what the error advises after that is done all the same.
#[test]
fn an_institution_without_a_profile_that_has_given_its_list_is_paid_as_the_error_advises() {
    let house = House::new(easy().org("EXAMPLE").fid("7777"));
    let at = || at().org("EXAMPLE").fid("7777");
    let refuses = || house.line.then([no_profile()]);
    refuses();
    now(vault(&house, at()).accounts(jane())).unwrap().done().unwrap();
    refuses();
    let error = pay(&house, at(), "order-1", jane()).unwrap_err();
    assert!(error.to_string().contains("Institution::without_profile"), "{error}");
    heard(&house);
    done(pay(&house, at().without_profile(), "order-1", jane()));
    assert!(heard(&house).iter().all(|file| !file.contains("<PROFRQ>")));
}

#[test]
fn an_account_list_that_fails_keeps_no_institution() {
    let house = House::new(easy().org("EXAMPLE").fid("7777"));
    let error = now(vault(&house, at().without_profile()).accounts(jane())).unwrap_err();
    assert!(error.to_string().contains("check org and fid"), "{error}");
    let right = || vault(&house, at().org("EXAMPLE").fid("7777"));
    now(right().accounts(jane())).unwrap().done().unwrap();
    // The list and the user are those of this one.
    let error = now(vault(&house, at()).accounts(jane())).unwrap_err();
    assert!(error.to_string().contains("another institution (ORG or FID)"), "{error}");
    done(now(right().pay("order-1", &payment(), jane())));
}

#[test]
fn the_client_uid_stays_and_is_spelled_as_is_due() {
    let house = House::new(easy());
    house.line.then([Fate::Refuses(404)]);
    let first = Client::builder(at()).client_uid("7c1e9a54-first").transport(house.line.clone()).build().unwrap();
    now(house.vault_of(first, &keys()).pay("order-1", &payment(), jane())).unwrap_err();
    let dialect = Dialect::new().without_profile(true).client_uid(ofx_session::engine::ClientUidUse::UpperCase);
    heard(&house);
    done(pay(&house, at().dialect(dialect), "order-1", jane()));
    let sent = heard(&house);
    assert_eq!(sent.len(), 1);
    assert!(sent.iter().all(|file| file.contains("<CLIENTUID>7C1E9A54-FIRST</CLIENTUID>")), "{sent:?}");
}

/// Nothing in the record says so: the institution has no profile, has recognized nobody, and what was sent is filed.
#[test]
fn what_was_sent_and_never_answered_keeps_its_institution() {
    let house = House::new(careless());
    let at = || at().without_profile();
    house.line.then([Fate::LostAfter]);
    assert!(matches!(pay(&house, at(), "order-1", jane()).unwrap(), Progress::Unknown(_)));
    house.line.then([Fate::NotSent]);
    pay(&house, at(), "order-2", jane()).unwrap_err();
    now(vault(&house, at()).abandon("order-2")).unwrap();
    assert!(now(house.vault().pending()).unwrap().is_empty());
    is_kept(&house, jane());
}

#[test]
fn who_signs_on_without_a_user_id_keeps_the_institution_that_has_paid() {
    let house = House::new(easy().org("BANK").access_token("jane", "t0ken"));
    let who = || Credentials::access_token("t0ken");
    let paying = || at().org("BANK").version(Version::V230).without_profile();
    done(pay(&house, paying(), "order-1", who()));
    // The next claim files what is on the desk, and this one leaves nothing there.
    house.line.then([Fate::NotSent]);
    pay(&house, paying(), "order-2", who()).unwrap_err();
    now(vault(&house, paying()).abandon("order-2")).unwrap();
    is_kept(&house, who());
}

fn is_kept(house: &House, who: Credentials) {
    heard(house);
    let error = pay(house, at().org("OTHER").without_profile(), "order-3", who).unwrap_err();
    assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Misuse, Moved::No), "{error}");
    assert!(error.to_string().contains("another institution (ORG or FID)"), "{error}");
    assert!(heard(house).is_empty());
}
