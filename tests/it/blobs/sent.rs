//! What a golden blob puts on the wire when somebody goes on with it.

use std::sync::{Arc, Mutex};

use ofx_session::ofx::{Document, Element, Limits};
use ofx_session::transport::{Request, Sending, Transport, TransportError};
use ofx_session::{Answers, ErrorKind, Session, Situation, Version};
use serde_json::Value;

use super::content::doubt;
use super::kinds::{Kind, kind};
use super::{Golden, Open, opening, read, run};

/// How somebody goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// With the next step; one in doubt is sent once more.
    On,
    /// Finds out what became of one in doubt.
    FindOut,
}

#[test]
fn every_blob_goes_on_with_the_bytes_it_holds() {
    for golden in opening() {
        goes_on(&golden, Way::On);
    }
}

#[test]
fn every_doubt_is_found_out_about_as_its_recovery_says() {
    let mut ways = 0;
    for golden in opening().filter(|golden| golden.page["content"]["operation"]["phase"] == 4) {
        let (kind, recovery) = (kind_of(&golden.page["content"]).unwrap(), &golden.page["content"]["recovery"]);
        let promised = kind.set == "SIGNON" || recovery["file"].is_object() || recovery["token"].is_string();
        let expected = promised && recovery["exhausted"] != true;
        let Ok(Open::Paused(paused)) = golden.open() else { panic!("{} does not open", golden.name) };
        assert_eq!(paused.can_reconcile(), expected, "{}", golden.name);
        if expected {
            goes_on(&golden, Way::FindOut);
            ways += 1;
        }
    }
    assert!(ways >= 8, "{ways}");
}

fn goes_on(golden: &Golden, way: Way) {
    let (wire, seen) = wire();
    let mut session = match golden.open().unwrap() {
        Open::Client(client) => client.transport(wire).open(golden.credentials()).unwrap(),
        Open::Paused(paused) => golden.session(paused.transport(wire)),
    };
    let refused = run(go_on(&mut session, way)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Transport, "{}: {refused}", golden.name);
    let seen = seen.lock().unwrap();
    let [(url, body)] = seen.as_slice() else { panic!("{}: {} requests", golden.name, seen.len()) };
    let document = Document::decode(body, &Limits::new()).unwrap();
    let content = &golden.page["content"];
    let set = goes_to(content);
    assert_eq!(url, &place(content, &set), "{}", golden.name);
    signs_on_as_it_should(&document, &set, golden);
    if golden.page["kind"] == "paused" {
        sends_what_was_stored(body, &document, golden, way);
    }
    // What was not known before is not known after a try that was not sent.
    let operation = &content["operation"];
    if let (Some(3), Some(code @ 1..)) = (operation["phase"].as_u64(), operation["doubt"].as_u64()) {
        let situation = session.situation();
        assert_eq!(situation, Some(Situation::InDoubt(doubt(code - 1, operation))), "{}", golden.name);
    }
}

/// Takes the next step, whatever it is.
async fn go_on(session: &mut Session, way: Way) -> Result<(), ofx_session::Error> {
    match session.situation() {
        None => session.accounts().await.map(|_| ()),
        Some(Situation::Ready | Situation::AwaitingApproval(_)) => session.proceed().await.map(|_| ()),
        Some(Situation::AwaitingAnswers(challenge)) => {
            let answers: Answers = challenge.questions().iter().map(|question| (question.id(), "an answer")).collect();
            session.answer(answers).await.map(|_| ())
        }
        Some(Situation::InDoubt(_)) if way == Way::FindOut => session.reconcile().await.map(|_| ()),
        Some(Situation::InDoubt(_)) => session.repeat_payment_in_doubt().await.map(|_| ()),
        other => panic!("{other:?}"),
    }
}

/// Whether nobody signs on for what goes to this message set.
fn is_anonymous(content: &Value, set: &str) -> bool {
    set == "PROF" && content["dialect"]["profile_of_user"] != true
}

const ANONYMOUS: &str = "anonymous00000000000000000000000";

/// The access key and the cookie of the signon realm of a message set.
fn given<'a>(content: &'a Value, set: &str) -> (&'a Value, &'a Value) {
    let number = [("PROF", 1), ("SIGNUP", 2), ("BILLPAY", 4)].into_iter().find(|(name, _)| *name == set);
    let number = number.map_or(0, |(_, number)| number);
    let mut others = content["realms"].as_array().into_iter().flatten();
    let home = (&content["credentials"]["access_key"], &content["session_cookie"]);
    let other = others.find(|realm| realm["sets"].as_u64().unwrap() & number != 0);
    other.map_or(home, |realm| (&realm["access_key"], &realm["session_cookie"]))
}

fn signs_on_as_it_should(document: &Document, set: &str, golden: &Golden) {
    let (identity, content) = (&golden.page["content"]["identity"], &golden.page["content"]);
    let (anonymous, (access_key, session_cookie)) = (is_anonymous(content, set), given(content, set));
    let version = Version::from_number(identity["version"].as_u64().unwrap().try_into().unwrap()).unwrap();
    assert_eq!(document.header().version_number(), Some(version.number()), "{}", golden.name);
    let signon = document.find("/OFX/SIGNONMSGSRQV1/SONRQ").unwrap();
    let credentials = golden.credentials();
    let user = if anonymous { ANONYMOUS } else { credentials.user_id().unwrap() };
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
        ("SESSCOOKIE", known(session_cookie, true)),
        ("APPID", known(&identity["app_id"], true)),
        ("APPVER", known(&identity["app_version"], true)),
        ("APPKEY", known(&content["credentials"]["app_key"], version.knows_access_token())),
        ("CLIENTUID", known(&identity["client_uid"], uid)),
        ("ACCESSKEY", known(access_key, mfa)),
    ];
    for (path, value) in expected {
        assert_eq!(signon.find(path).and_then(Element::text), value.as_deref(), "{} {path}", golden.name);
    }
}

fn sends_what_was_stored(body: &[u8], document: &Document, golden: &Golden, way: Way) {
    let (name, content) = (&golden.name, &golden.page["content"]);
    let (operation, recovery, kind) = (&content["operation"], &content["recovery"], kind_of(content).unwrap());
    let leg = next_leg(content, way);
    let (old_uid, uid) = match leg {
        Some(2) => {
            let seed = read::unhex(operation["seed"].as_str().unwrap());
            let number = recovery["file"]["number"].as_u64().unwrap();
            let uid = read::identifier(&seed, "file", number.try_into().unwrap());
            (recovery["file"]["old_file_uid"].as_str().unwrap(), uid)
        }
        _ => {
            let saved = leg == Some(1) && kind.counts && kind.set != "SIGNON";
            let old_uid = if saved { old_file_uid(content, &kind.set) } else { "NONE" };
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
    let at_path = |path: &str| document.find(path).and_then(Element::text);
    let password = match leg.or_else(|| recovery["leg"].as_u64()) {
        Some(4) => "battery staple",
        _ if is_anonymous(content, &kind.set) => ANONYMOUS,
        _ => "correct horse",
    };
    assert_eq!(at_path("/OFX/SIGNONMSGSRQV1/SONRQ/USERPASS"), Some(password), "{name}");
    match leg {
        None => {
            let trn_uid = at_path("/OFX/SIGNONMSGSRQV1/MFACHALLENGETRNRQ/TRNUID");
            assert_eq!(trn_uid, operation["next_challenge_trn_uid"].as_str(), "{name}");
        }
        Some(3) => {
            let history = kind.history.unwrap();
            let frame = document.find(&format!("/OFX/{}MSGSRQV1/{}", kind.set, history.frame)).unwrap();
            assert_eq!((frame.value("TOKEN"), frame.value("REJECTIFMISSING")), (token, Some("N")), "{name}");
            assert_eq!(frame.children_named(&history.transaction).count(), 0, "{name}");
            let account = frame.child("BANKACCTFROM").map(|account| account.to_markup());
            assert_eq!(account.is_some(), history.of_account, "{name}");
            let stored = content["place"]["account"]["BANKACCTFROM"].as_array();
            let stored = stored.map(|members| format!("<BANKACCTFROM>{}</BANKACCTFROM>", leaves(members, "", true)));
            assert!(stored.is_none() || stored == account, "{name}: {account:?}");
        }
        Some(4 | 5) => {
            let wrapper = "/OFX/SIGNUPMSGSRQV1/ACCTINFOTRNRQ";
            assert_eq!(at_path(&format!("{wrapper}/TRNUID")), operation["next_challenge_trn_uid"].as_str());
            assert!(document.find(&format!("{wrapper}/ACCTINFORQ")).is_some(), "{name}");
        }
        Some(_) if kind.set == "SIGNON" => {
            assert_eq!(content["request"], "", "{name}: it would hold the new password");
            let wrapper = "/OFX/SIGNONMSGSRQV1/PINCHTRNRQ";
            assert_eq!(at_path(&format!("{wrapper}/TRNUID")), operation["trn_uid"].as_str(), "{name}");
            assert_eq!(at_path(&format!("{wrapper}/PINCHRQ/NEWUSERPASS")), Some("battery staple"), "{name}");
        }
        Some(_) => {
            let sent: String = body[at..].iter().copied().map(char::from).collect();
            let breaks = if content["identity"]["line_breaks"] == true { "\r\n" } else { "" };
            let request = content["request"].as_str().unwrap();
            let request = token.map_or_else(|| request.to_owned(), |token| after(content, &kind, token));
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
fn next_leg(content: &Value, way: Way) -> Option<u64> {
    let recovery = &content["recovery"];
    match (content["operation"]["phase"].as_u64().unwrap(), recovery["leg"].as_u64()) {
        (0 | 1, _) => None,
        (5, _) if questions_come_first(content) => None,
        (4, Some(leg @ (4 | 5))) if way == Way::FindOut => Some(leg),
        (4, _) if way == Way::FindOut && content["operation"]["kind"] == 96 => Some(4),
        (4, _) if way == Way::FindOut => {
            let in_vain = recovery["same_file_in_vain"] == true && recovery["token"].is_string();
            Some(if recovery["file"].is_object() && !in_vain { 2 } else { 3 })
        }
        // Sending it once more is asked for by name.
        (4, _) | (_, None) => Some(1),
        (_, Some(0)) => Some(3),
        (_, leg) => leg,
    }
}

fn questions_come_first(content: &Value) -> bool {
    let first = content["profile"].to_string().contains(r#"{"MFACHALLENGEFIRST":"Y"}"#);
    first && content["credentials"]["access_key"].is_null()
}

/// What a file of the request names as received, so that its answer is saved.
fn old_file_uid<'a>(content: &'a Value, set: &str) -> &'a str {
    let core = set_core(content, set).into_iter().flatten();
    let saves = core.filter_map(|leaf| leaf.get("RESPFILEER")).any(|says| says == "Y");
    let saves = saves && content["dialect"]["without_file_uids"] != true;
    if saves { content["marks"]["last_file"].as_str().unwrap_or("0") } else { "NONE" }
}

/// The request, to be carried out only if nothing happened since the token.
fn after(content: &Value, kind: &Kind, token: &str) -> String {
    let (all, history) = (content["request"].as_str().unwrap(), kind.history.unwrap());
    let part = |within: &str, start: &str, end: &str| {
        let from = within.find(start)?;
        Some(within[from..from + within[from..].find(end)? + end.len()].to_owned())
    };
    let (start, end) = (format!("<{}>", history.transaction), format!("</{}>", history.transaction));
    let request = part(all, &start, &end).unwrap();
    let line = part(&request, &start, "<TRNUID>").unwrap();
    let line = &line[start.len()..line.len() - "<TRNUID>".len()];
    let closed = request.contains("</TRNUID>");
    let leaf = |tag: &str, value: &str| {
        format!("<{tag}>{value}{}{line}", if closed { format!("</{tag}>") } else { String::new() })
    };
    let flags =
        if history.frame == "PMTMAILSYNCRQ" { leaf("INCIMAGES", "N") + &leaf("USEHTML", "N") } else { String::new() };
    let account = part(&request, "<BANKACCTFROM>", "</BANKACCTFROM>").or_else(|| {
        let members = content["place"]["account"]["BANKACCTFROM"].as_array()?;
        Some(format!("<BANKACCTFROM>{}{line}</BANKACCTFROM>", leaves(members, line, closed)))
    });
    let account = if history.of_account { account.unwrap() + line } else { String::new() };
    let leaves = leaf("TOKEN", token) + &leaf("REJECTIFMISSING", "Y") + &flags;
    let frame = &history.frame;
    all.replace(&request, &format!("<{frame}>{line}{leaves}{account}{request}{line}</{frame}>"))
}

/// Leaves of a stored tree as a request has them, a line before each.
fn leaves(members: &[Value], line: &str, closed: bool) -> String {
    let all = members.iter().flat_map(|member| member.as_object().unwrap());
    let one = |(tag, value): (&String, &Value)| {
        let end = if closed { format!("</{tag}>") } else { String::new() };
        format!("{line}<{tag}>{}{end}", value.as_str().unwrap())
    };
    all.map(one).collect()
}

fn kind_of(content: &Value) -> Option<Kind> {
    kind(content["operation"]["kind"].as_u64()?)
}

/// The message set, as the profile names it, of what is sent next.
fn goes_to(content: &Value) -> String {
    let set = match (content["operation"]["phase"].as_u64(), kind_of(content)) {
        (_, None) if wants_a_profile(content) && content["identity"]["uses_profile"] == true => "PROF",
        (_, None) => "SIGNUP",
        // All our institutions have one realm, so that questions are asked for where the signon lives.
        (Some(0 | 1), _) => "SIGNON",
        (Some(5), _) if questions_come_first(content) => "SIGNON",
        (_, Some(kind)) => return kind.set,
    };
    set.to_owned()
}

/// Whether there is none, or a newer one was announced and not asked for since.
fn wants_a_profile(content: &Value) -> bool {
    content["profile"].is_null() || content["announced"]["is_fetched"] == false
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
