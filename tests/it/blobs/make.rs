//! How the golden blobs were made. One that is there is never made again: it is what some version wrote.
//!
//! Those that are missing are made by `OFX_TESTING_MAKE_BLOBS=1 cargo test --all-features --test it no_golden_blob_is_missing`.

use std::fs;
use std::pin::pin;
use std::task::Waker;
use std::time::Duration;

use chrono::NaiveDate;
use ofx_session::ofx::Style;
use ofx_session::testing::{AccessKeys, Bank, BankBuilder};
use ofx_session::{
    AccountType, Answers, BankAccount, Blob, ChallengeAnswerTag, Client, ClientUidUse, Context, Credentials, Dialect,
    HeaderLine, Institution, Key, KeyRing, Payee, PayeeRef, Payment, Progress, Session, Version,
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::hand::by_hand;
use super::wire::{Fault, Wire, large_profile, locked_out, many_profile, silent_duplicate, vendor_profile};
use super::{answer_to, cookies, folder, lost, read, reference, run, service};

#[test]
fn no_golden_blob_is_missing() {
    let makes = std::env::var_os("OFX_TESTING_MAKE_BLOBS").is_some();
    let earlier = clients().into_iter().chain(by_hand()).chain(paused()).chain(versions()).chain(doubts());
    for made in earlier.chain(lost::made()).chain(service::made()).chain(cookies::made()) {
        let file = folder().join(format!("{}.blob", made.name));
        if file.exists() {
            continue;
        }
        assert!(makes, "{} is missing: OFX_TESTING_MAKE_BLOBS=1 makes it", file.display());
        let key = made.plan.sealed.then(|| made.plan.key_bytes());
        let context = read::context(made.plan.bound, made.plan.further);
        let found = read::take_apart(made.blob.as_bytes(), key.as_ref().map(<[u8; 32]>::as_slice), &context);
        let mut page = json!({
            "about": made.about,
            "made_by": concat!("ofx-session ", env!("CARGO_PKG_VERSION")),
            "key": key.map(|bytes| json!({"id": made.plan.key_id, "hex": read::hex(&bytes)})),
            "context": key.map(|_| json!({
                "tenant": made.plan.bound.map(|(tenant, _)| tenant),
                "end_user": made.plan.bound.map(|(_, user)| user),
                "further": made.plan.further,
            })),
            "refused": made.refused,
        });
        page.as_object_mut().unwrap().extend(found.as_object().unwrap().clone());
        fs::write(&file, made.blob.to_text()).unwrap();
        fs::write(file.with_extension("json"), lines(page.as_object().unwrap())).unwrap();
    }
}

pub(super) struct Made {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) refused: Option<&'static str>,
    pub(super) plan: Plan,
    pub(super) blob: Blob,
}

/// How a blob is protected.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    sealed: bool,
    key_id: u32,
    pub(super) bound: Option<(&'static str, &'static str)>,
    further: &'static [&'static str],
}

pub(super) const SEALED: Plan = Plan { sealed: true, key_id: 1, bound: Some(("tenant-1", "user-42")), further: &[] };
const PLAIN: Plan = Plan { sealed: false, key_id: 0, bound: None, further: &[] };

impl Plan {
    pub(super) fn keys(&self) -> KeyRing {
        KeyRing::new(Key::new(self.key_id, self.key_bytes()).unwrap())
    }

    pub(super) fn key_bytes(&self) -> [u8; 32] {
        std::array::from_fn(|at| u8::try_from(at).unwrap() ^ self.key_id.to_be_bytes()[3] << 5)
    }

    pub(super) fn context(&self) -> Context {
        let start = self.bound.map_or_else(Context::unbound, |(tenant, user)| Context::new(tenant, user).unwrap());
        self.further.iter().fold(start, Context::and)
    }

    pub(super) fn client(self, name: &'static str, about: &'static str, client: Client) -> Made {
        let blob = client.deconstruct(&self.keys(), &self.context()).unwrap();
        Made { name, about, refused: None, plan: self, blob }
    }

    pub(super) fn paused(self, name: &'static str, about: &'static str, session: Session) -> Made {
        let blob = session.pause(&self.keys(), &self.context()).unwrap();
        Made { name, about, refused: None, plan: self, blob }
    }
}

fn clients() -> Vec<Made> {
    let new = Client::builder(institution(Version::V211)).build().unwrap();
    let quirky = Institution::new("https://teller.example/cgi-bin/ofx?branch=7")
        .version(Version::V103)
        .language("FRA")
        .style(Style::new().close_leaves(true).line_breaks(true))
        .ignore_profile_urls()
        .without_profile();
    let quirky = Client::builder(quirky).client_uid("TELLER-0042").build().unwrap();
    let quirky = quirky.deconstruct_for(Duration::ZERO, &SEALED.keys(), &SEALED.context()).unwrap();
    let keyed = Institution::new("https://ofx.bank.example/ofx").org("LARKSPUR").version(Version::V230);
    let keyed = Client::builder(keyed).app("LKSPR", "0001").app_key("app-key-of-larkspur").build().unwrap();
    let both = Client::builder(institution(Version::V230)).app_key("app-key-of-larkspur");
    let both = both.transport(Wire::new(questioning(), &[])).build().unwrap();
    let mut both = both.open(credentials()).unwrap();
    assert!(matches!(run(both.accounts()), Ok(Progress::Ask(_))));
    run(both.answer(answers("Garcia"))).unwrap().done().unwrap();
    let unbound = Plan { bound: None, ..SEALED };
    let rotated = Plan { key_id: 0x0102_0304, further: &["Zürich", ""], ..SEALED };
    let mut profile_only = client(Version::V160, easy(), &[]);
    run(profile_only.fetch_profile()).unwrap();
    let accounts_only = Client::builder(institution(Version::V102).without_profile());
    let mut accounts_only =
        accounts_only.transport(Wire::new(easy(), &[])).build().unwrap().open(credentials()).unwrap();
    run(accounts_only.accounts()).unwrap().done().unwrap();
    let vendor = Wire::new(easy(), &[("<PROFRQ>", Fault::Say(vendor_profile))]);
    let mut vendor = Client::builder(institution(Version::V220)).transport(vendor).build().unwrap();
    run(vendor.fetch_profile()).unwrap();
    let many = Wire::new(easy(), &[("<PROFRQ>", Fault::Say(many_profile))]);
    let mut many = Client::builder(institution(Version::V220)).transport(many).build().unwrap();
    run(many.fetch_profile()).unwrap();
    let different = Client::builder(institution(Version::V102).dialect(different())).build().unwrap();
    let upper =
        Dialect::new().client_uid(ClientUidUse::UpperCase).user_agent(HeaderLine::None).accept(HeaderLine::None);
    let upper = Client::builder(institution(Version::V211).dialect(upper));
    let upper = upper.client_uid("f91d7a8d-9d0c-4133-a235-53cf4f311519").build().unwrap();
    let plain_new = Client::builder(institution(Version::V211)).build().unwrap().deconstruct_plain_public().unwrap();
    let public = full().deconstruct_plain_public().unwrap();
    let private = full().deconstruct_plain_including_private().unwrap();
    let plain = |name, about, blob| Made { name, about, refused: None, plan: PLAIN, blob };
    vec![
        SEALED.client("client_new", "a client that was built and never used", new),
        Made {
            name: "client_for_ever",
            about: "a client that never expires, whose CLIENTUID is no UUID, with every switch the other way",
            refused: None,
            plan: SEALED,
            blob: quirky,
        },
        SEALED.client("client_full", "the reference state: profile, accounts, access key and cookie", full()),
        unbound.client("client_app_key", "OFX 2.3 with an APPKEY, in an unbound context", keyed),
        SEALED.client("client_both_keys", "OFX 2.3 with an APPKEY, after a passed challenge", both.close().unwrap()),
        rotated.client(
            "client_profile",
            "a profile and nothing else, another key, a context of four parts",
            profile_only,
        ),
        SEALED.client("client_accounts", "an account list and no profile", accounts_only.close().unwrap()),
        SEALED.client("client_vendor", "a profile in which every form of the packed tree occurs", vendor),
        SEALED.client("client_many", "a profile with long values, and with more values and aggregates than 128", many),
        SEALED.client("client_dialect", "a client with every setting for institutions that differ", different),
        SEALED.client(
            "client_upper_case",
            "a client whose CLIENTUID is in upper case, and two headers left out",
            upper,
        ),
        plain("client_plain_new", "a client that was built and never used, in plain", plain_new),
        plain("client_plain_public", "the reference state, of which only what is not private is in it", public),
        plain("client_plain_private", "the reference state in plain, everything in it", private),
    ]
}

fn paused() -> Vec<Made> {
    let by_id = || Payment::new(from(), Decimal::new(1_000_000, 2), PayeeRef::Id("STD-77".to_owned()), "4711", due());
    let latin =
        Payee::new("Café Zoë & Søn", "1 <Main> Street", "Orléans", "LA", "70112", "504-555-0117").country("USA");
    let latin = Payment::new(from(), Decimal::new(5, 2), latin, "TRN/7<8>", due()).memo("Rechnung 7 – fällig");
    let transfer =
        Payment::new(from(), Decimal::new(300, 0), payee().address2("Dock 3").address3("Rear"), "88-204-117", due())
            .by_transfer_to(BankAccount::new("111000025", "77120043", AccountType::Savings))
            .payee_list_id("P-19")
            .bill_reference("INV 3391/2026");
    let first = questioning().challenge_first(true).payee("STD-77", payee());
    let to_fetch = prepared(client(Version::V203, first, &[]), &by_id());
    let again = [("<MFACHALLENGERQ>", Fault::Pass), ("<MFACHALLENGERQ>", Fault::NotSent)];
    let mut wrong = asked(client(Version::V211, questioning(), &again), &payment());
    run(wrong.answer(answers("Lopez"))).unwrap_err();
    let to_send = prepared(client(Version::V103, easy(), &[]), &latin);
    let breaks = institution(Version::V102).style(Style::new().close_leaves(true).line_breaks(true)).without_profile();
    let lines = prepared(Client::builder(breaks).transport(Wire::new(easy(), &[])).build().unwrap(), &transfer);
    let mut once_more = asked(client(Version::V220, questioning(), &[]), &latin);
    assert!(matches!(run(once_more.answer(answers("Lopez"))), Ok(Progress::Ask(challenge)) if challenge.is_repeated()));
    let mut list = client(Version::V211, questioning(), &[]).open(credentials()).unwrap();
    assert!(matches!(run(list.accounts()), Ok(Progress::Ask(_))));
    let saves = questioning().file_recovery(true);
    let different = institution(Version::V103)
        .dialect(different().without_profile(false).without_fi(false).client_uid(ClientUidUse::Never));
    let different = Client::builder(different).transport(Wire::new(saves, &[])).build().unwrap();
    let different = asked(different, &payment());
    let no_profile = prepared(client(Version::V211, easy(), &[("<PROFRQ>", Fault::Say(large_profile))]), &payment());
    let plain = asked(client(Version::V203, questioning(), &[]), &payment()).pause_plain_including_private().unwrap();
    vec![
        SEALED.paused(
            "paused_questions_to_fetch",
            "a payment by PAYEEID; the questions come first and are to be fetched",
            to_fetch,
        ),
        SEALED.paused(
            "paused_questions_again",
            "a payment whose answers were wrong; the questions are to be fetched again",
            wrong,
        ),
        SEALED.paused(
            "paused_request_to_send",
            "a payment in SGML that was not sent yet, with letters of windows-1252",
            to_send,
        ),
        SEALED.paused("paused_request_lines", "a payment by transfer in SGML, leaves closed, on many lines", lines),
        SEALED.paused(
            "paused_answers_to_give",
            "the reference state: a payment that waits for answers",
            run(reference::session()),
        ),
        SEALED.paused("paused_answers_again", "a payment in XML that waits for answers once more", once_more),
        SEALED.paused(
            "paused_no_profile",
            "a payment whose profile is too large to be stored, so that its addresses are",
            no_profile,
        ),
        SEALED.paused(
            "paused_dialect",
            "a payment that waits for answers, with settings for an institution that differs, and no CLIENTUID",
            different,
        ),
        SEALED.paused("paused_accounts", "an account list that waits for answers", list),
        Made {
            name: "paused_plain_private",
            about: "a payment that waits for answers, in plain",
            refused: None,
            plan: PLAIN,
            blob: plain,
        },
    ]
}

/// Those versions that no other blob has.
fn versions() -> Vec<Made> {
    let prepared = |version| prepared(client(version, easy(), &[]), &payment());
    vec![
        SEALED.paused("paused_version_151", "a payment in OFX 1.5.1 that was not sent yet", prepared(Version::V151)),
        SEALED.paused("paused_version_200", "a payment in OFX 2.0 that was not sent yet", prepared(Version::V200)),
        SEALED.paused("paused_version_202", "a payment in OFX 2.0.2 that was not sent yet", prepared(Version::V202)),
        SEALED.paused("paused_version_210", "a payment in OFX 2.1 that was not sent yet", prepared(Version::V210)),
    ]
}

/// Payments of which nobody knows whether they were made.
fn doubts() -> Vec<Made> {
    let unknown = |version, faults: &[Fault]| {
        let faults: Vec<_> = faults.iter().map(|fault| ("<PMTRQ>", *fault)).collect();
        let mut session = client(version, easy(), &faults).open(credentials()).unwrap();
        assert!(matches!(run(session.pay(&payment())), Ok(Progress::Unknown(_))));
        session
    };
    let mut dropped = prepared(client(Version::V103, easy(), &[("<PMTRQ>", Fault::Never)]), &payment());
    {
        let mut proceeding = pin!(dropped.proceed());
        assert!(proceeding.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())).is_pending());
    }
    let mut again = unknown(Version::V220, &[Fault::Lost, Fault::Say(locked_out)]);
    assert!(matches!(run(again.repeat_payment_in_doubt()), Ok(Progress::Unknown(_))));
    let mut asked_again =
        client(Version::V211, questioning(), &[("<PMTRQ>", Fault::Lost)]).open(credentials()).unwrap();
    assert!(matches!(run(asked_again.pay(&payment())), Ok(Progress::Unknown(_))));
    assert!(matches!(run(asked_again.repeat_payment_in_doubt()), Ok(Progress::Ask(_))));
    let mut repeated = unknown(Version::V211, &[Fault::Lost]);
    assert!(matches!(run(repeated.repeat_payment_in_doubt()), Ok(Progress::Unknown(_))));
    let silent = unknown(Version::V160, &[Fault::Say(silent_duplicate)]);
    let bare = unknown(Version::V220, &[Fault::Say(|_| answer_to(Version::V220, Vec::new()))]);
    let garbage = unknown(Version::V201, &[Fault::Say(|_| b"<OFX><SIGNONMSGSRSV1><SONRS>".to_vec())]);
    let lost = unknown(Version::V230, &[Fault::Lost]);
    vec![
        SEALED.paused("paused_doubt_no_answer", "a payment whose answer was lost", lost),
        SEALED.paused("paused_doubt_interrupted", "a payment whose program was stopped while it was sent", dropped),
        SEALED.paused("paused_doubt_unreadable", "a payment whose answer was cut short", garbage),
        SEALED.paused("paused_doubt_not_mentioned", "a payment about which the answer says nothing", bare),
        SEALED.paused(
            "paused_doubt_duplicate",
            "a payment that the institution has seen before, with its message",
            repeated,
        ),
        SEALED.paused(
            "paused_doubt_duplicate_silent",
            "a payment that the institution has seen before, without a message",
            silent,
        ),
        SEALED.paused("paused_doubt_repeat_refused", "a payment in doubt that was sent once more and refused", again),
        SEALED.paused("paused_answers_in_doubt", "a payment in doubt whose second try waits for answers", asked_again),
    ]
}

/// With every setting another than usual.
fn different() -> Dialect {
    let text = |text: &str| HeaderLine::Text(text.to_owned());
    Dialect::new()
        .close_leaves(true)
        .line_breaks(true)
        .challenge_answer(ChallengeAnswerTag::A)
        .short_dates(true)
        .without_fi(true)
        .client_uid(ClientUidUse::InEveryVersion)
        .without_file_uids(true)
        .user_agent(text("Mozilla/5.0 (compatible)"))
        .accept(text("application/xml;q=0.9, */*;q=0.8"))
        .without_profile(true)
        .ignore_profile_urls(true)
        .without_synchronization(true)
}

pub(super) fn institution(version: Version) -> Institution {
    Institution::new("https://ofx.bank.example/ofx").org("LARKSPUR").fid("6021").version(version)
}

pub(super) fn easy() -> BankBuilder {
    Bank::builder().user("jane", "correct horse")
}

pub(super) fn questioning() -> BankBuilder {
    let label = "In which town did you open this account? (Straße, Ort)";
    easy()
        .question("MFA16", None, "Garcia")
        .question("BRQ7", Some(label), "Newport")
        .program_question("MFA107")
        .access_keys(AccessKeys::Once)
}

pub(super) fn credentials() -> Credentials {
    Credentials::new("jane", "correct horse")
}

pub(super) fn answers(name: &str) -> Answers {
    Answers::new().with("MFA16", name).with("BRQ7", "Newport")
}

pub(super) fn client(version: Version, bank: BankBuilder, faults: &[(&'static str, Fault)]) -> Client {
    Client::builder(institution(version)).transport(Wire::new(bank, faults)).build().unwrap()
}

pub(super) fn full() -> Client {
    let mut session = run(reference::session());
    session.abandon().unwrap();
    session.close().unwrap()
}

pub(super) fn prepared(client: Client, payment: &Payment) -> Session {
    let mut session = client.open(credentials()).unwrap();
    run(session.prepare_payment(payment)).unwrap();
    session
}

pub(super) fn asked(client: Client, payment: &Payment) -> Session {
    let mut session = client.open(credentials()).unwrap();
    assert!(matches!(run(session.pay(payment)), Ok(Progress::Ask(_))));
    session
}

fn from() -> BankAccount {
    BankAccount::new("999888777", "1000001", AccountType::Checking)
}

fn payee() -> Payee {
    Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142")
}

pub(super) fn payment() -> Payment {
    Payment::new(from(), Decimal::new(8420, 2), payee(), "88-204-117", due())
}

fn due() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, 4).unwrap()
}

/// JSON with a line for each member, and for each member of the larger ones.
fn lines(page: &Map<String, Value>) -> String {
    let members = |inside: &Map<String, Value>, margin: &str| {
        let lines: Vec<_> = inside.iter().map(|(name, value)| format!("{margin}{}: {value}", json!(name))).collect();
        lines.join(",\n")
    };
    let parts = page.iter().map(|(name, value)| match value {
        Value::Object(inside) if name == "content" || name == "steps" => {
            format!("  {}: {{\n{}\n  }}", json!(name), members(inside, "    "))
        }
        other => format!("  {}: {other}", json!(name)),
    });
    format!("{{\n{}\n}}\n", parts.collect::<Vec<_>>().join(",\n"))
}
