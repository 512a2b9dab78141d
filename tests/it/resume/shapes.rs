//! Clients of every shape come back as they were.

use ofx_session::ofx::{Document, Element, FileUid, Header, Style, Version};
use ofx_session::{Blob, Client, Credentials, Institution, Progress, Session};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::line::{Fate, Line, context, easy, keys, now};

/// Text that an XML document can carry and that has no blanks at its ends.
pub(super) fn text(longest: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![4 => "[a-zA-Z0-9]", 1 => "[&<>\"'/;]", 2 => "[äßéøłКж水銀😀]"];
    vec(character, 1..=longest).prop_map(|parts| parts.concat())
}

#[derive(Clone, Debug)]
struct Shape {
    url: String,
    version: Version,
    org: Option<(String, Option<String>)>,
    language: String,
    style: (bool, bool),
    follow: bool,
    app_key: Option<String>,
    client_uid: Option<String>,
    user_id: String,
    key: Option<String>,
    cookie: Option<String>,
    accounts: Option<Vec<(Option<String>, String)>>,
    profile: Option<String>,
}

fn shape() -> impl Strategy<Value = Shape> {
    let version = prop::sample::select(Version::ALL.to_vec());
    let place =
        ("[a-z]{1,20}", 0..3000_usize).prop_map(|(name, long)| format!("https://{name}.example/{}", "x".repeat(long)));
    let who = (option::of((text(32), option::of(text(32)))), "[A-Z]{3}", any::<(bool, bool)>(), any::<bool>());
    let identity = (option::of(text(200)), option::of(text(36)), "[a-z]{1,32}");
    let given = (
        option::of(text(1000)),
        option::of(text(1000)),
        option::of(vec((option::of(text(80)), "[0-9]{1,22}"), 0..5)),
        option::of(text(32)),
    );
    (place, version, who, identity, given).prop_map(|(url, version, who, identity, given)| {
        let (org, language, style, follow) = who;
        let (app_key, client_uid, user_id) = identity;
        // What is sent must be what the version can carry.
        let narrow = |text: String| {
            if version.is_sgml() { text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect() } else { text }
        };
        let org = org.map(|(org, fid)| (narrow(org), fid.map(narrow)));
        let client_uid = client_uid.map(narrow);
        let (key, cookie, accounts, profile) = given;
        Shape {
            url,
            version,
            org,
            language,
            style,
            follow,
            app_key,
            client_uid,
            user_id,
            key,
            cookie,
            accounts,
            profile,
        }
    })
}

impl Shape {
    fn client(&self, line: &Line) -> Client {
        let style = Style::new().close_leaves(self.style.0).line_breaks(self.style.1);
        let mut institution = Institution::new(&self.url).version(self.version).language(&self.language).style(style);
        if let Some((org, fid)) = &self.org {
            institution = institution.org(org);
            institution = fid.iter().fold(institution, |institution, fid| institution.fid(fid));
        }
        institution = if self.follow { institution } else { institution.ignore_profile_urls() };
        institution = if self.profile.is_some() { institution } else { institution.without_profile() };
        let mut builder = Client::builder(institution).transport(line.clone());
        if let Some(key) = &self.app_key {
            builder = builder.app_key(key.as_str());
        }
        if let Some(uid) = &self.client_uid {
            builder = builder.client_uid(uid);
        }
        builder.build().unwrap()
    }

    /// A session in which the institution has said everything that this shape has.
    fn session(&self, line: &Line) -> Session {
        let mut client = self.client(line);
        if let Some(name) = &self.profile {
            line.then([self.profile_named(name)]);
            now(client.fetch_profile()).unwrap();
        }
        let mut session = client.open(Credentials::new(&self.user_id, "correct horse")).unwrap();
        let list = self.accounts.as_ref().map(|list| list.iter().map(account).collect::<Vec<_>>());
        let heard = list.is_some() || self.key.is_some() || self.cookie.is_some();
        if heard {
            line.then([self.says(list.unwrap_or_default())]);
            assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
        }
        session
    }

    fn says(&self, accounts: Vec<Element>) -> Fate {
        let leaf = Element::leaf;
        let status = || Element::aggregate("STATUS", vec![leaf("CODE", "0"), leaf("SEVERITY", "INFO")]);
        let mut signon = vec![status(), leaf("DTSERVER", "20260105"), leaf("LANGUAGE", "ENG")];
        signon.extend(self.cookie.as_ref().map(|cookie| leaf("SESSCOOKIE", cookie)));
        signon.extend(self.key.as_ref().map(|key| leaf("ACCESSKEY", key)));
        let mut list = vec![leaf("DTACCTUP", "20260101")];
        list.extend(accounts);
        let wrapped = vec![leaf("TRNUID", "0"), status(), Element::aggregate("ACCTINFORS", list)];
        said(signon, "SIGNUPMSGSRSV1", Element::aggregate("ACCTINFOTRNRS", wrapped))
    }

    fn profile_named(&self, name: &str) -> Fate {
        let leaf = Element::leaf;
        let status = || Element::aggregate("STATUS", vec![leaf("CODE", "0"), leaf("SEVERITY", "INFO")]);
        let core = Element::aggregate("MSGSETCORE", vec![leaf("URL", self.url.as_str()), leaf("SIGNONREALM", name)]);
        let set = Element::aggregate("BILLPAYMSGSET", vec![Element::aggregate("BILLPAYMSGSETV1", vec![core])]);
        let info = Element::aggregate("SIGNONINFO", vec![leaf("SIGNONREALM", name)]);
        let sets = [Element::aggregate("MSGSETLIST", vec![set]), Element::aggregate("SIGNONINFOLIST", vec![info])];
        let mut inside = sets.to_vec();
        inside.extend([leaf("DTPROFUP", "20260101"), leaf("FINAME", name)]);
        let wrapped = vec![leaf("TRNUID", "0"), status(), Element::aggregate("PROFRS", inside)];
        said(vec![status()], "PROFMSGSRSV1", Element::aggregate("PROFTRNRS", wrapped))
    }
}

fn account((description, number): &(Option<String>, String)) -> Element {
    let leaf = Element::leaf;
    let from = vec![leaf("BANKID", "999888777"), leaf("ACCTID", number), leaf("ACCTTYPE", "CHECKING")];
    let from = Element::aggregate("BANKACCTFROM", from);
    let pays = Element::aggregate("BPACCTINFO", vec![from, leaf("SVCSTATUS", "ACTIVE")]);
    let mut inside: Vec<_> = description.iter().map(|text| leaf("DESC", text)).collect();
    inside.push(pays);
    Element::aggregate("ACCTINFO", inside)
}

/// An answer with a signon response and one transaction.
fn said(signon: Vec<Element>, set: &'static str, transaction: Element) -> Fate {
    let first = Element::aggregate("SIGNONMSGSRSV1", vec![Element::aggregate("SONRS", signon)]);
    says(vec![first, Element::aggregate(set, vec![transaction])])
}

/// An answer with these message sets, in a version that can carry every text.
pub(super) fn says(sets: Vec<Element>) -> Fate {
    let header = Header::new(Version::V230).file_uids(FileUid::none(), FileUid::new("1"));
    Fate::Says(Document::new(header, Element::aggregate("OFX", sets)).encode(&Style::new()).unwrap().to_vec())
}

/// What is stored, without what each blob has of its own.
pub(super) fn content(blob: &Blob) -> Vec<u8> {
    blob.as_bytes()[80..].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clients_of_every_shape_come_back_as_they_were(shape in shape()) {
        let line = Line::new(easy().build_model());
        let client = shape.session(&line).close().unwrap();
        let known = (client.client_uid().to_owned(), client.has_access_key(), client.known_accounts().to_vec(), client.profile().cloned());
        prop_assert_eq!(client.has_access_key(), shape.key.is_some());
        prop_assert_eq!(client.profile().and_then(|profile| profile.name.as_deref()), shape.profile.as_deref());

        let plain = client.deconstruct_plain_including_private().unwrap();
        let client = Client::restore_plain(&Blob::from_text(&plain.to_text()).unwrap()).unwrap();
        let sealed = client.deconstruct(&keys(), &context()).unwrap();
        let client = Client::restore(&Blob::from_bytes(sealed.into_bytes()), &keys(), &context()).unwrap();
        let found = (client.client_uid().to_owned(), client.has_access_key(), client.known_accounts().to_vec(), client.profile().cloned());
        prop_assert_eq!(&found, &known);
        let again = client.deconstruct_plain_including_private().unwrap();
        prop_assert_eq!(content(&again), content(&plain));

        let client = Client::restore_plain(&again).unwrap();
        let heard = shape.accounts.is_some() || shape.key.is_some() || shape.cookie.is_some();
        let opened = client.open(Credentials::new("somebody else", "x"));
        prop_assert_eq!(opened.is_err(), heard, "it belongs to a user whom the institution has accepted");
        let public = Client::restore_plain(&again).unwrap().deconstruct_plain_public().unwrap();
        let client = Client::restore_plain(&public).unwrap();
        prop_assert_eq!((client.client_uid(), client.profile()), (known.0.as_str(), known.3.as_ref()));
        prop_assert!(!client.has_access_key() && client.known_accounts().is_empty());
        let again = client.deconstruct_plain_public().unwrap();
        prop_assert_eq!(content(&again), content(&public));
    }
}
