//! What a golden blob holds, as the library shows it and as it puts it on the wire.

use std::sync::{Arc, Mutex};

use ofx_session::ofx::{Document, Element, Limits, PayeeRef};
use ofx_session::transport::{Request, Response, Sending, Transport, TransportError};
use ofx_session::{
    AccountInfo, Answers, Client, Credentials, Dialect, Doubt, ErrorKind, Institution, Paused, Question, Session,
    Situation, Version, ofx,
};
use serde_json::{Value, json};

use super::{Golden, Open, aggregate, answer_to, leaf, opening, read, run};

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
        "without_file_uids": yes(&stored["without_file_uids"]),
        "client_uid": uses[usize::try_from(stored["client_uid"].as_u64().unwrap_or(0)).unwrap()],
        "user_agent": line(&stored["user_agent"]), "accept": line(&stored["accept"]),
    });
    assert_eq!(serde_json::to_value(dialect).unwrap(), expected, "{name}");
}

#[test]
fn every_blob_goes_on_with_the_bytes_it_holds() {
    for golden in opening() {
        let (wire, seen) = wire();
        let mut session = match golden.open().unwrap() {
            Open::Client(client) => client.transport(wire).open(golden.credentials()).unwrap(),
            Open::Paused(paused) => golden.session(paused.transport(wire)),
        };
        let refused = run(go_on(&mut session)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Transport, "{}: {refused}", golden.name);
        let seen = seen.lock().unwrap();
        let [(url, body)] = seen.as_slice() else { panic!("{}: {} requests", golden.name, seen.len()) };
        let document = Document::decode(body, &Limits::new()).unwrap();
        let set = goes_to(&golden.page["content"]);
        assert_eq!(url, &place(&golden.page["content"], set), "{}", golden.name);
        signs_on_as_it_should(&document, set == "PROF", &golden);
        if golden.page["kind"] == "paused" {
            sends_what_was_stored(body, &document, &golden);
        }
        // What was not known before is not known after a try that was not sent.
        let operation = &golden.page["content"]["operation"];
        if let (Some(3), Some(code @ 1..)) = (operation["phase"].as_u64(), operation["doubt"].as_u64()) {
            let situation = session.situation();
            assert_eq!(situation, Some(Situation::InDoubt(doubt(code - 1, operation))), "{}", golden.name);
        }
    }
}

/// Takes the next step, whatever it is.
async fn go_on(session: &mut Session) -> Result<(), ofx_session::Error> {
    match session.situation() {
        None => session.accounts().await.map(|_| ()),
        Some(Situation::Ready) => session.proceed().await.map(|_| ()),
        Some(Situation::AwaitingAnswers(challenge)) => {
            let answers: Answers = challenge.questions().iter().map(|question| (question.id(), "an answer")).collect();
            session.answer(answers).await.map(|_| ())
        }
        Some(Situation::InDoubt(_)) => session.repeat_payment_in_doubt().await.map(|_| ()),
        other => panic!("{other:?}"),
    }
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
        _ => {
            let doubt = doubt(operation["doubt"].as_u64().unwrap(), operation);
            assert_eq!(situation, Situation::InDoubt(doubt), "{name}");
        }
    }
    // Those that the program answers itself are not shown.
    let stored = content["questions"]["questions"].as_array().into_iter().flatten();
    let for_user = stored.filter(|question| !["MFA101", "MFA107"].contains(&question["id"].as_str().unwrap()));
    let wanted: Vec<_> = for_user.map(|question| (question["id"].as_str(), question["label"].as_str())).collect();
    let questions = paused.questions();
    let shown: Vec<_> = questions.iter().map(|question: &Question| (Some(question.id()), question.label())).collect();
    assert_eq!(shown, wanted, "{name}");
    shows_its_payment(paused, content["request"].as_str().unwrap(), name);
}

fn doubt(code: u64, operation: &Value) -> Doubt {
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
    let Some(payment) = paused.payment() else {
        assert!(!request.contains("<PMTRQ>"), "{name}");
        return;
    };
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
    let text = String::from_utf8(bytes).unwrap_or_else(|_| request.replace('\u{96}', "–"));
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

fn signs_on_as_it_should(document: &Document, anonymous: bool, golden: &Golden) {
    let (identity, content) = (&golden.page["content"]["identity"], &golden.page["content"]);
    let version = Version::from_number(identity["version"].as_u64().unwrap().try_into().unwrap()).unwrap();
    assert_eq!(document.header().version_number(), Some(version.number()), "{}", golden.name);
    let signon = document.find("/OFX/SIGNONMSGSRQV1/SONRQ").unwrap();
    let credentials = golden.credentials();
    let user = if anonymous { "anonymous00000000000000000000000" } else { credentials.user_id().unwrap() };
    let known = |value: &Value, knows: bool| value.as_str().filter(|_| knows).map(str::to_owned);
    let mfa = version.knows_mfa() && !anonymous;
    let dialect = &content["dialect"];
    let uid = match dialect["client_uid"].as_u64().unwrap_or(0) {
        0 | 1 => mfa,
        2 => false,
        _ => !anonymous,
    };
    let fi = dialect["without_fi"] != true;
    let time = signon.value("DTCLIENT").unwrap();
    assert_eq!(time.len(), if dialect["short_dates"] == true { 14 } else { 25 }, "{}", golden.name);
    let expected = [
        ("USERID", Some(user.to_owned())),
        ("LANGUAGE", known(&identity["language"], true)),
        ("FI/ORG", known(&identity["org"], fi)),
        ("FI/FID", known(&identity["fid"], fi)),
        ("SESSCOOKIE", known(&content["session_cookie"], true)),
        ("APPID", known(&identity["app_id"], true)),
        ("APPVER", known(&identity["app_version"], true)),
        ("APPKEY", known(&content["credentials"]["app_key"], version.knows_access_token())),
        ("CLIENTUID", known(&identity["client_uid"], uid)),
        ("ACCESSKEY", known(&content["credentials"]["access_key"], mfa)),
    ];
    for (path, value) in expected {
        assert_eq!(signon.find(path).and_then(Element::text), value.as_deref(), "{} {path}", golden.name);
    }
}

fn sends_what_was_stored(body: &[u8], document: &Document, golden: &Golden) {
    let (name, content) = (&golden.name, &golden.page["content"]);
    let (operation, recovery) = (&content["operation"], &content["recovery"]);
    let leg = next_leg(operation, recovery);
    let (old_uid, uid) = match leg {
        Some(2) => {
            let seed = read::unhex(operation["seed"].as_str().unwrap());
            let number = recovery["file"]["number"].as_u64().unwrap();
            let uid = read::identifier(&seed, "file", number.try_into().unwrap());
            (recovery["file"]["old_file_uid"].as_str().unwrap(), uid)
        }
        _ => {
            let old_uid = if leg == Some(1) && operation["kind"] == 2 { old_file_uid(content) } else { "NONE" };
            (old_uid, operation["next_file_uid"].as_str().unwrap().to_owned())
        }
    };
    let nameless = content["dialect"]["without_file_uids"] == true && old_uid == "NONE";
    let uid = if nameless { "NONE".to_owned() } else { uid };
    let header = document.header();
    assert_eq!((header.old_file_uid().as_str(), header.new_file_uid().as_str()), (old_uid, uid.as_str()), "{name}");
    let end = b"</SONRQ>";
    let at = body.windows(end.len()).position(|window| window == end).unwrap() + end.len();
    let token = recovery["token"].as_str();
    match leg {
        None => {
            let trn_uid = document.find("/OFX/SIGNONMSGSRQV1/MFACHALLENGETRNRQ/TRNUID").and_then(Element::text);
            assert_eq!(trn_uid, operation["next_challenge_trn_uid"].as_str(), "{name}");
        }
        Some(3) => {
            let frame = document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ").unwrap();
            assert_eq!((frame.value("TOKEN"), frame.value("REJECTIFMISSING")), (token, Some("N")), "{name}");
            assert_eq!(frame.children_named("PMTTRNRQ").count(), 0, "{name}");
        }
        Some(_) => {
            let sent: String = body[at..].iter().copied().map(char::from).collect();
            let breaks = if content["identity"]["line_breaks"] == true { "\r\n" } else { "" };
            let request = content["request"].as_str().unwrap();
            let request = token.map_or_else(|| request.to_owned(), |token| after(request, token));
            assert_eq!(sent, format!("{breaks}{request}"), "{name}");
        }
    }
    let tag = if content["dialect"]["short_answer_tag"] == true { "MFACHALLENGEA" } else { "MFACHALLENGEANSWER" };
    let answers = document.find("/OFX/SIGNONMSGSRQV1/SONRQ").unwrap().children_named(tag);
    let answered: Vec<_> = answers.map(|answer| answer.value("MFAPHRASEID").unwrap().to_owned()).collect();
    let asked = golden.page["content"]["questions"]["questions"].as_array().into_iter().flatten();
    assert_eq!(answered, asked.map(|one| one["id"].as_str().unwrap()).collect::<Vec<_>>(), "{name}");
}

/// Which file comes next, in the numbers of the recovery; none for the questions.
fn next_leg(operation: &Value, recovery: &Value) -> Option<u64> {
    match (operation["phase"].as_u64().unwrap(), recovery["leg"].as_u64()) {
        (0 | 1, _) => None,
        // Sending it once more is asked for by name.
        (4, _) | (_, None) => Some(1),
        (_, Some(0)) => Some(3),
        (_, leg) => leg,
    }
}

/// What a file of the request names as received, so that its answer is saved.
fn old_file_uid(content: &Value) -> &str {
    let core = set_core(content, "BILLPAY").into_iter().flatten();
    let saves = core.filter_map(|leaf| leaf.get("RESPFILEER")).any(|says| says == "Y");
    let saves = saves && content["dialect"]["without_file_uids"] != true;
    if saves { content["marks"]["last_file"].as_str().unwrap_or("0") } else { "NONE" }
}

/// The request, to be carried out only if nothing happened since the token.
fn after(request: &str, token: &str) -> String {
    let part = |start: &str, end: &str| {
        let from = request.find(start).unwrap();
        &request[from..from + request[from..].find(end).unwrap() + end.len()]
    };
    let (payment, account) = (part("<PMTTRNRQ>", "</PMTTRNRQ>"), part("<BANKACCTFROM>", "</BANKACCTFROM>"));
    let line = &part("<PMTTRNRQ>", "<TRNUID>")["<PMTTRNRQ>".len()..].strip_suffix("<TRNUID>").unwrap();
    let end = |tag: &str| if payment.contains("</TRNUID>") { format!("</{tag}>") } else { String::new() };
    let leaves = format!("<TOKEN>{token}{}{line}<REJECTIFMISSING>Y{}", end("TOKEN"), end("REJECTIFMISSING"));
    let frame = format!("<PMTSYNCRQ>{line}{leaves}{line}{account}{line}{payment}{line}</PMTSYNCRQ>");
    request.replace(payment, &frame)
}

/// The message set, as the profile names it, of what is sent next.
fn goes_to(content: &Value) -> &'static str {
    match (content["operation"]["phase"].as_u64(), content["operation"]["kind"].as_u64()) {
        (None, _) if content["profile"].is_null() && content["identity"]["uses_profile"] == true => "PROF",
        (None, _) | (_, Some(1)) => "SIGNUP",
        // All our institutions have one realm, so that questions are asked for where the signon lives.
        (Some(0 | 1), _) => "SIGNON",
        _ => "BILLPAY",
    }
}

/// Where the profile puts a message set.
fn place(content: &Value, set: &str) -> String {
    let stored = if set == "SIGNON" { "/operation/urls/questions" } else { "/operation/urls/request" };
    if let Some(url) = content.pointer(stored).and_then(Value::as_str) {
        return url.to_owned();
    }
    let url = set_core(content, set).into_iter().flatten().find_map(|leaf| leaf.get("URL"));
    let followed = url.filter(|_| content["identity"]["follow_profile_urls"] == true);
    followed.unwrap_or_else(|| &content["identity"]["url"]).as_str().unwrap().to_owned()
}

fn set_core<'a>(content: &'a Value, set: &str) -> Option<&'a Vec<Value>> {
    let named = format!("{set}MSGSET");
    let sets = content.pointer("/profile/PROFRS/0/MSGSETLIST").and_then(Value::as_array);
    let found = sets.into_iter().flatten().find_map(|entry| entry.get(&named))?;
    found.pointer(&format!("/0/{named}V1/0/MSGSETCORE"))?.as_array()
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

/// Keeps what is to be sent and sends nothing.
#[derive(Debug)]
struct Wire(Arc<Mutex<Vec<Seen>>>);

type Seen = (String, Vec<u8>);

fn wire() -> (Wire, Arc<Mutex<Vec<Seen>>>) {
    let seen = Arc::default();
    (Wire(Arc::clone(&seen)), seen)
}

impl Transport for Wire {
    fn send(&self, request: Request) -> Sending<'_> {
        self.0.lock().unwrap().push((request.url().to_owned(), request.body().to_vec()));
        Box::pin(async { Err(TransportError::Connect { host: "ofx.bank.example".to_owned(), source: None }) })
    }
}
