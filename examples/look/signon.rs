//! Who signs on or was signed on, and what else stands in the signon message set.

use std::collections::BTreeMap;

use ofx_session::Version;
use ofx_session::ofx::{Document, Element, Response};
use serde::Serialize;

use super::{StatusReport, tree};

/// The signon of a document. What is secret is only said to be there.
#[derive(Debug, Default, Serialize)]
pub struct Signon {
    pub status: Option<StatusReport>,
    /// The clock of whoever wrote the document.
    pub time: Option<String>,
    pub user: Option<String>,
    pub how: Option<&'static str>,
    pub app: Option<String>,
    pub language: Option<String>,
    pub country: Option<String>,
    pub org: Option<String>,
    pub fid: Option<String>,
    pub client_uid: Option<String>,
    pub profile_updated: Option<String>,
    pub user_updated: Option<String>,
    pub accounts_updated: Option<String>,
    pub user_key_expires: Option<String>,
    /// The questions that are answered.
    pub answers: Vec<String>,
    /// What comes with it that is secret.
    pub secrets: Vec<&'static str>,
}

impl Signon {
    pub fn of_response(response: &Response, unknown: &mut BTreeMap<String, usize>) -> Self {
        let signon = response.signon();
        if let Some(element) = response.document().find("/OFX/SIGNONMSGSRSV1/SONRS") {
            // COUNTRY is in 1.5.1 and 1.6 only, and those lack other things.
            let in_new = tree::uncovered(element, &signon.to_element(Version::V230));
            let in_old = tree::uncovered(element, &signon.to_element(Version::V160));
            let neither = in_new.into_iter().filter(|(path, _)| in_old.contains_key(path));
            unknown.extend(neither.map(|(path, count)| (format!("/SIGNONMSGSRSV1{path}"), count)));
        }
        let text = |stamp: &Option<ofx_session::ofx::Stamp>| stamp.as_ref().map(ToString::to_string);
        let given = [
            ("USERKEY", signon.user_key.is_some()),
            ("SESSCOOKIE", signon.session_cookie.is_some()),
            ("ACCESSKEY", signon.access_key.is_some()),
        ];
        Self {
            status: response.document().find("/OFX/SIGNONMSGSRSV1/SONRS/STATUS").and_then(StatusReport::of),
            time: text(&signon.server_time),
            language: signon.language.clone(),
            country: signon.country.clone(),
            org: signon.institution.as_ref().map(|institution| institution.org.clone()),
            fid: signon.institution.as_ref().and_then(|institution| institution.fid.clone()),
            profile_updated: text(&signon.profile_updated),
            user_updated: text(&signon.user_updated),
            accounts_updated: text(&signon.accounts_updated),
            user_key_expires: text(&signon.user_key_expires),
            secrets: given.into_iter().filter(|(_, is)| *is).map(|(tag, _)| tag).collect(),
            ..Self::default()
        }
    }

    pub fn of_request(document: &Document, unknown: &mut BTreeMap<String, usize>) -> Option<Self> {
        let signon = document.find("/OFX/SIGNONMSGSRQV1/SONRQ")?;
        for child in signon.children().iter().filter(|child| !OF_REQUEST.contains(&child.tag())) {
            *unknown.entry(format!("/SIGNONMSGSRQV1/SONRQ/{}", child.tag())).or_default() += tree::values(child);
        }
        let text = |path: &str| signon.find(path).and_then(Element::text).map(str::to_owned);
        let how = match (signon.value("USERID"), signon.child("USERKEY"), signon.child("ACCESSTOKEN")) {
            (_, _, Some(_)) => "with an access token",
            (_, Some(_), _) => "with a user key",
            (Some(user), ..) if user.starts_with("anonymous") => "anonymously",
            _ => "with a password",
        };
        let answers = signon.children().iter().filter(|child| child.tag().starts_with("MFACHALLENGEA"));
        let id =
            |answer: &Element| answer.value("MFAPHRASEID").or_else(|| answer.value("MFAPRHASEID")).map(str::to_owned);
        Some(Self {
            time: text("DTCLIENT"),
            user: text("USERID").filter(|_| how == "with a password"),
            how: Some(how),
            app: text("APPID").map(|app| format!("{app} {}", text("APPVER").unwrap_or_default())),
            language: text("LANGUAGE"),
            country: text("COUNTRY"),
            org: text("FI/ORG"),
            fid: text("FI/FID"),
            client_uid: text("CLIENTUID"),
            answers: answers.filter_map(id).collect(),
            secrets: SECRETS.into_iter().filter(|tag| signon.child(tag).is_some()).collect(),
            ..Self::default()
        })
    }
}

/// What the crate does by itself in a session and gives no records of: questions, passwords, the request for the profile. What it is, what
/// it is about, and what of it is known.
pub fn describe(wrapper: &Element) -> Option<(&'static str, String, Option<Element>)> {
    let (kind, inside, known): (_, _, &[&str]) = match wrapper.tag() {
        "MFACHALLENGETRNRQ" => ("security questions", "MFACHALLENGERQ", &["DTCLIENT"]),
        "MFACHALLENGETRNRS" => ("security questions", "MFACHALLENGERS", &["MFACHALLENGE"]),
        "PINCHTRNRQ" => ("new password", "PINCHRQ", &["USERID", "NEWUSERPASS"]),
        "PINCHTRNRS" => ("new password", "PINCHRS", &["USERID", "DTCHANGED"]),
        "PROFTRNRQ" => ("profile", "PROFRQ", &["CLIENTROUTING", "DTPROFUP"]),
        _ => return None,
    };
    let Some(request) = wrapper.child(inside) else { return Some((kind, String::new(), None)) };
    let questions = request.children_named("MFACHALLENGE").map(|question| {
        let id = question.value("MFAPHRASEID").or_else(|| question.value("MFAPRHASEID")).unwrap_or_default();
        question.value("MFAPHRASELABEL").map_or_else(|| id.to_owned(), |label| format!("{id} ({label})"))
    });
    let about = match (inside, request.value("USERID"), request.value("DTPROFUP")) {
        ("MFACHALLENGERS", ..) => questions.collect::<Vec<_>>().join(", "),
        (_, Some(user), _) => format!("of {user}"),
        (_, _, Some(known)) => format!("unless it is that of {known}"),
        _ => String::new(),
    };
    let known = request.children().iter().filter(|child| known.contains(&child.tag())).cloned().collect();
    Some((kind, about, Some(Element::aggregate(inside, known))))
}

const SECRETS: [&str; 10] = [
    "USERPASS",
    "USERKEY",
    "ACCESSTOKEN",
    "SESSCOOKIE",
    "APPKEY",
    "USERCRED1",
    "USERCRED2",
    "AUTHTOKEN",
    "ACCESSKEY",
    "ONETIMEPASS",
];

/// What is read of a request's signon.
const OF_REQUEST: [&str; 20] = [
    "DTCLIENT",
    "USERID",
    "USERPASS",
    "USERKEY",
    "ACCESSTOKEN",
    "GENUSERKEY",
    "LANGUAGE",
    "COUNTRY",
    "FI",
    "SESSCOOKIE",
    "APPID",
    "APPVER",
    "APPKEY",
    "CLIENTUID",
    "USERCRED1",
    "USERCRED2",
    "AUTHTOKEN",
    "ACCESSKEY",
    "MFACHALLENGEANSWER",
    "MFACHALLENGEA",
];
