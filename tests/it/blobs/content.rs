//! What a golden blob holds, as the library shows it.

use std::collections::BTreeSet;

use ofx_session::ofx::{Element, PayeeRef, Stamp};
use ofx_session::transport::{Request, Response, Sending, Transport};
use ofx_session::{
    AccountInfo, Client, Credentials, Dialect, Doubt, ErrorKind, Institution, Paused, Question, Situation, Version, ofx,
};
use serde_json::{Value, json};

use super::{Golden, Open, aggregate, answer_to, kinds, leaf, opening, run};

#[test]
fn every_blob_shows_its_content() {
    for golden in opening() {
        let content = &golden.page["content"];
        let opened = golden.open().unwrap();
        let client = match &opened {
            Open::Client(client) => client,
            Open::Paused(paused) => paused.client(),
        };
        assert_eq!(Some(client.client_uid()), content["identity"]["client_uid"].as_str(), "{}", golden.name);
        assert_eq!(client.has_access_key(), content["credentials"]["access_key"].is_string(), "{}", golden.name);
        let key = client.user_key().map(|found| (found.key.expose(), found.expires.as_ref().map(Stamp::as_str)));
        let stored = content["user_key"]["key"].as_str();
        assert_eq!(key, stored.map(|key| (key, content["user_key"]["expires"].as_str())), "{}", golden.name);
        assert!(!client.needs_reseal());
        shows_its_dialect(client.dialect(), content, &golden.name);
        assert_eq!(client.profile(), received_profile(&content["profile"]).as_ref(), "{}", golden.name);
        assert_eq!(client.known_accounts(), received_accounts(&content["accounts"]), "{}", golden.name);
        if let Open::Paused(paused) = &opened {
            shows_its_operation(paused, &golden);
        }
        belongs_to_its_user(opened, &content["identity"]["user_id"], &golden.name);
    }
}

/// In the words of a configuration file.
fn shows_its_dialect(dialect: &Dialect, content: &Value, name: &str) {
    let (identity, stored) = (&content["identity"], &content["dialect"]);
    let yes = |value: &Value| value == &Value::Bool(true);
    let line = |value: &Value| if value.is_null() { "default".into() } else { value.clone() };
    let tag = if yes(&stored["short_answer_tag"]) { "MFACHALLENGEA" } else { "MFACHALLENGEANSWER" };
    let uses = ["by_version", "upper_case", "never", "in_every_version"];
    let expected = json!({
        "close_leaves": identity["close_leaves"], "line_breaks": identity["line_breaks"],
        "ignore_profile_urls": !yes(&identity["follow_profile_urls"]), "without_profile": !yes(&identity["uses_profile"]),
        "without_synchronization": yes(&identity["never_synchronizes"]),
        "challenge_answer": tag, "short_dates": yes(&stored["short_dates"]), "without_fi": yes(&stored["without_fi"]),
        "without_file_uids": yes(&stored["without_file_uids"]), "repeat_for_cookie": yes(&stored["repeat_for_cookie"]),
        "profile_of_user": yes(&stored["profile_of_user"]),
        "client_uid": uses[usize::try_from(stored["client_uid"].as_u64().unwrap_or(0)).unwrap()],
        "user_agent": line(&stored["user_agent"]), "accept": line(&stored["accept"]),
    });
    assert_eq!(serde_json::to_value(dialect).unwrap(), expected, "{name}");
}

fn shows_its_operation(paused: &Paused, golden: &Golden) {
    let (name, content) = (&golden.name, &golden.page["content"]);
    let operation = &content["operation"];
    assert_eq!(Some(paused.trn_uid().as_str()), operation["trn_uid"].as_str(), "{name}");
    let expires = paused.expires().map(|at| at.timestamp());
    assert_eq!(expires, golden.page["header"]["expires"].as_i64(), "{name}");
    let situation = paused.situation();
    match operation["phase"].as_u64().unwrap() {
        0..=2 => assert_eq!(situation, Situation::Ready, "{name}"),
        3 => {
            let Situation::AwaitingAnswers(challenge) = &situation else { panic!("{name}: {situation:?}") };
            assert_eq!(Some(challenge.is_repeated()), content["questions"]["again"].as_bool(), "{name}");
            assert_eq!(challenge.questions(), paused.questions(), "{name}");
        }
        4 => {
            let doubt = doubt(operation["doubt"].as_u64().unwrap(), operation);
            assert_eq!(situation, Situation::InDoubt(doubt), "{name}");
        }
        _ => {
            let Situation::AwaitingApproval(approval) = &situation else { panic!("{name}: {situation:?}") };
            assert_eq!(Some(approval.client_uid.as_str()), content["identity"]["client_uid"].as_str(), "{name}");
            assert_eq!(approval.message.as_deref(), operation["doubt_text"].as_str(), "{name}");
        }
    }
    // Those that the program answers itself are not shown.
    let stored = content["questions"]["questions"].as_array().into_iter().flatten();
    let for_user = stored.filter(|question| !["MFA101", "MFA107"].contains(&question["id"].as_str().unwrap()));
    let wanted: Vec<_> = for_user.map(|question| (question["id"].as_str(), question["label"].as_str())).collect();
    let questions = paused.questions();
    let shown: Vec<_> = questions.iter().map(|question: &Question| (Some(question.id()), question.label())).collect();
    assert_eq!(shown, wanted, "{name}");
    shows_its_requests(paused, content, name);
    if operation["kind"] == 2 {
        shows_its_payment(paused, content["request"].as_str().unwrap(), name);
    }
}

/// All that is asked for, in the order of the file, but for the frames of histories.
fn shows_its_requests(paused: &Paused, content: &Value, name: &str) {
    let (kind, request) = (content["operation"]["kind"].as_u64().unwrap(), content["request"].as_str().unwrap());
    let version = Version::from_number(content["identity"]["version"].as_u64().unwrap().try_into().unwrap()).unwrap();
    assert_eq!(paused.payment().is_some(), kind == 2, "{name}: one of several does not stand for all");
    let requests = paused.requests();
    if kind == 0 {
        assert!(requests.is_empty() && request.contains("<PROFRQ>"), "{name}: a profile is none of them");
        return;
    }
    let wrappers = (0..=15).filter_map(kinds::kind).filter_map(|kind| kind.request);
    let wrappers: BTreeSet<String> = wrappers.map(|(wrapper, _)| format!("<{wrapper}>")).collect();
    let asked: usize = wrappers.iter().map(|wrapper| request.matches(wrapper.as_str()).count()).sum();
    assert_eq!(requests.len(), asked, "{name}");
    if let Some((_, tag)) = kinds::kind(kind).unwrap().request.filter(|_| kind != 96) {
        assert_eq!(requests[0].to_element(version).tag(), tag, "{name}");
    }
    let shown: String = requests.iter().map(|request| request.to_element(version).to_markup()).collect();
    let mut rest = request.to_owned();
    for history in kinds::HISTORIES.iter() {
        while let Some((before, frame)) = rest.split_once(&format!("<{}>", history.frame)) {
            let (_, behind) = frame.split_once(&format!("</{}>", history.frame)).unwrap();
            rest = format!("{before}{behind}");
        }
    }
    let stored: Vec<_> = leaves(&rest).into_iter().filter(|(tag, _)| tag != "TRNUID").collect();
    assert_eq!(leaves_of_text(&shown), stored, "{name}");
}

pub(super) fn doubt(code: u64, operation: &Value) -> Doubt {
    let text = operation["doubt_text"].as_str().map(str::to_owned);
    match code {
        0 => Doubt::NoAnswer(text.unwrap()),
        1 => Doubt::Interrupted,
        2 => Doubt::Unreadable(text.unwrap()),
        3 => Doubt::NotMentioned,
        4 => Doubt::Duplicate(text),
        5 => Doubt::RepeatRefused(text.unwrap()),
        6 => Doubt::HistoryLost,
        other => panic!("doubt {other}"),
    }
}

/// Compares with the leaves of the request, read without the library's markup reader.
fn shows_its_payment(paused: &Paused, request: &str, name: &str) {
    let payment = paused.payment().unwrap();
    let all = leaves(request);
    let has = |tag: &str, value: &str| all.iter().any(|leaf| *leaf == (tag.to_owned(), value.to_owned()));
    let mut shown = vec![
        ("TRNAMT", payment.amount.to_string()),
        ("BANKID", payment.from.bank_id.clone()),
        ("ACCTID", payment.from.account_id.clone()),
        ("ACCTTYPE", payment.from.account_type.to_string()),
        ("PAYACCT", payment.pay_account.clone()),
        ("DTDUE", payment.due.to_string()),
    ];
    match &payment.payee {
        PayeeRef::Id(id) => shown.push(("PAYEEID", id.clone())),
        PayeeRef::Address(payee) => {
            let address = [&payee.name, &payee.address1, &payee.city, &payee.state, &payee.postal_code, &payee.phone];
            let tags = ["NAME", "ADDR1", "CITY", "STATE", "POSTALCODE", "PHONE"];
            shown.extend(tags.into_iter().zip(address.into_iter().cloned()));
            let optional = [("ADDR2", &payee.address2), ("ADDR3", &payee.address3), ("COUNTRY", &payee.country)];
            shown.extend(optional.into_iter().filter_map(|(tag, value)| Some((tag, value.clone()?))));
        }
        other => panic!("{other:?}"),
    }
    if let Some(to) = &payment.to {
        let account = [to.bank_id.clone(), to.account_id.clone(), to.account_type.to_string()];
        shown.extend(["BANKID", "ACCTID", "ACCTTYPE"].into_iter().zip(account));
    }
    let rest =
        [("PAYEELSTID", &payment.payee_list_id), ("MEMO", &payment.memo), ("BILLREFINFO", &payment.bill_reference)];
    shown.extend(rest.into_iter().filter_map(|(tag, value)| Some((tag, value.clone()?))));
    for (tag, value) in &shown {
        assert!(has(tag, value), "{name}: {tag} is not {value} in {all:?}");
    }
    assert_eq!(shown.len() + 1, all.len(), "{name}: all but TRNUID is shown");
}

/// Tag and value of everything that has a value. Letters beyond ASCII are those of windows-1252 in 1.x, of UTF-8 in 2.x.
fn leaves(request: &str) -> Vec<(String, String)> {
    let bytes: Vec<u8> = request.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    leaves_of_text(&String::from_utf8(bytes).unwrap_or_else(|_| request.replace('\u{96}', "–")))
}

fn leaves_of_text(text: &str) -> Vec<(String, String)> {
    let parts = text.split('<').filter_map(|part| part.split_once('>')).filter(|(tag, _)| !tag.starts_with('/'));
    let filled = parts.map(|(tag, value)| (tag, value.trim())).filter(|(_, value)| !value.is_empty());
    let plain = |value: &str| value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    filled.map(|(tag, value)| (tag.to_owned(), plain(value))).collect()
}

/// The user id opens it, and no other does.
fn belongs_to_its_user(opened: Open, user_id: &Value, name: &str) {
    let stranger = Credentials::new("somebody else", "correct horse");
    let refused = match opened {
        Open::Client(client) => client.open(stranger).err().map(|kept| kept.error().kind()),
        Open::Paused(paused) => paused.open_risking_a_second_payment(stranger).err().map(|kept| kept.error().kind()),
    };
    assert_eq!(refused, user_id.is_string().then_some(ErrorKind::Misuse), "{name}");
}

/// What a client has for a profile that was sent to it.
fn received_profile(tree: &Value) -> Option<ofx::Profile> {
    let answer = transaction("PROFMSGSRSV1", "PROFTRNRS", tree)?;
    let mut client = Client::builder(Institution::new("https://ofx.bank.example/ofx").version(Version::V230));
    client = client.transport(Says(answer));
    run(client.build().unwrap().fetch_profile()).ok().cloned()
}

/// What a client has for an account list that was sent to it.
fn received_accounts(tree: &Value) -> Vec<AccountInfo> {
    let Some(answer) = transaction("SIGNUPMSGSRSV1", "ACCTINFOTRNRS", tree) else { return Vec::new() };
    let institution = Institution::new("https://ofx.bank.example/ofx").version(Version::V230).without_profile();
    let client = Client::builder(institution).transport(Says(answer)).build().unwrap();
    let mut session = client.open(Credentials::new("jane", "correct horse")).unwrap();
    run(session.accounts()).unwrap().done().unwrap()
}

fn transaction(set: &'static str, tag: &'static str, tree: &Value) -> Option<Vec<u8>> {
    let (record, inside) = tree.as_object()?.iter().next()?;
    let status = aggregate("STATUS", vec![leaf("CODE", "0"), leaf("SEVERITY", "INFO")]);
    let answer = aggregate(tag, vec![leaf("TRNUID", "any"), status, element(record, inside)]);
    Some(answer_to(Version::V230, vec![aggregate(set, vec![answer])]))
}

fn element(tag: &str, inside: &Value) -> Element {
    match inside.as_str() {
        Some(value) => Element::leaf(tag.to_owned(), value),
        None => {
            let children = inside.as_array().unwrap().iter().flat_map(|child| child.as_object().unwrap());
            Element::aggregate(tag.to_owned(), children.map(|(tag, inside)| element(tag, inside)).collect())
        }
    }
}

/// Gives the same answer to everything.
#[derive(Debug)]
struct Says(Vec<u8>);

impl Transport for Says {
    fn send(&self, _: Request) -> Sending<'_> {
        Box::pin(async move { Response::from_http_200(Some("application/x-ofx"), self.0.clone()) })
    }
}
