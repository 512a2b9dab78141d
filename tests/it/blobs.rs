//! The golden blobs of `fixtures/blobs/`: each opens, says what its page says, and is refused when anything about it changes.

mod content;
mod cookies;
mod hand;
mod kinds;
mod lost;
mod make;
mod read;
#[path = "../bench/reference.rs"]
mod reference;
mod sent;
mod service;
mod sync;
mod tree;
mod wire;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use ofx_session::ofx::{Document, Element, Header, Style};
use ofx_session::seal::{Kind, OpenError, Suite};
use ofx_session::{Blob, Client, Context, Credentials, Error, Key, KeyRing, OpenPolicy, Paused, Version};
use serde_json::{Value, json};

#[test]
fn every_blob_holds_what_its_page_says() {
    for golden in goldens() {
        let key = golden.page["key"]["hex"].as_str().map(read::unhex);
        let found = read::take_apart(golden.blob.as_bytes(), key.as_deref(), &golden.encoded_context());
        for (name, value) in found.as_object().unwrap() {
            assert_eq!(golden.page[name], *value, "{} {name}", golden.name);
        }
        assert_eq!(Blob::from_text(&golden.blob.to_text()), Ok(golden.blob.clone()));
    }
}

#[test]
fn every_blob_shows_in_its_header_what_its_page_says() {
    for golden in goldens() {
        let header = golden.blob.header().unwrap();
        let kind = if golden.page["kind"] == "paused" { Kind::Paused } else { Kind::Client };
        let suite = if golden.is_plain() { Suite::Plain } else { Suite::XChaCha20Poly1305 };
        assert_eq!((header.kind(), header.suite()), (kind, suite), "{}", golden.name);
        let shown = json!({
            "key_id": header.key_id(), "schema": header.schema(), "oldest_reader": header.oldest_reader(),
            "issued": header.issued(), "expires": header.expires().unwrap_or(0), "state_id": read::hex(&header.state_id()),
        });
        assert_eq!(golden.page["header"], shown, "{}", golden.name);
    }
}

#[test]
fn every_blob_opens_within_its_life_and_not_outside() {
    for golden in opening() {
        let (issued, expires) = (golden.time("issued"), golden.time("expires"));
        let at = |now| golden.open_under(&golden.policy_at(now)).map(|_| ());
        at(issued - 60).unwrap();
        let early = at(issued - 61).unwrap_err();
        assert_eq!(early.detail(), Some(&OpenError::IssuedInFuture { issued, now: issued - 61 }), "{}", golden.name);
        if expires == 0 {
            at(issued + 1_000_000_000).unwrap();
            continue;
        }
        at(expires + 60).unwrap();
        let late = at(expires + 61).unwrap_err();
        assert_eq!(late.detail(), Some(&OpenError::Expired { since: expires, now: expires + 61 }), "{}", golden.name);
    }
}

#[test]
fn what_needs_a_newer_reader_is_refused_with_its_reason() {
    let cases = [
        ("newer_reader", "SchemaTooNew", OpenError::SchemaTooNew { needed: 2, ours: 1 }),
        ("newer_critical", "SegmentTooNew", OpenError::SegmentTooNew(100)),
        ("newer_critical_operation", "SegmentTooNew", OpenError::SegmentTooNew(200)),
        ("newer_critical_stray", "SegmentTooNew", OpenError::SegmentTooNew(128)),
    ];
    for (name, refused, reason) in cases {
        let golden = named(name);
        assert_eq!(golden.page["refused"], refused);
        assert_eq!(golden.open().err().unwrap().detail(), Some(&reason), "{name}");
    }
    assert_eq!(goldens().count(), opening().count() + cases.len());
}

#[test]
fn what_an_unknown_segment_belongs_to_goes_with_it() {
    for (name, of_client) in [("newer_paused", &[100][..]), ("newer_bounds", &[0, 127])] {
        let golden = named(name);
        let Ok(Open::Paused(paused)) = golden.open() else { panic!("does not open") };
        let mut session = golden.session(*paused);
        session.abandon().unwrap();
        let blob = session.close().unwrap().deconstruct(&golden.keys(), &golden.context()).unwrap();
        let found = read::take_apart(blob.as_bytes(), Some(&golden.key_bytes()), &golden.encoded_context());
        let kept = found["content"]["unknown"].as_array().unwrap().iter().map(|one| one["tag"].as_u64().unwrap());
        assert_eq!(kept.collect::<Vec<_>>(), of_client, "{name}");
    }
}

/// However late it is put under another key, whoever could open it before can do so afterwards.
#[test]
fn every_blob_of_an_operation_keeps_its_times_under_another_key() {
    let mut count = 0;
    for golden in opening().filter(|golden| !golden.is_plain()) {
        let Ok(Open::Paused(paused)) = golden.open() else { continue };
        let (keys, context) = (golden.keys(), golden.context());
        let again = paused.reseal(&keys, &context).unwrap();
        let times = |blob: &Blob| (blob.header().unwrap().issued(), blob.header().unwrap().expires());
        assert_eq!(times(&again), times(&golden.blob), "{}", golden.name);
        let policy = golden.policy_at(golden.time("issued")).skew(0);
        assert!(Client::resume_under(&again, &keys, &context, &policy).is_ok(), "{}", golden.name);
        count += 1;
    }
    assert!(count > 20, "{count}");
}

#[test]
fn every_blob_is_stored_again_with_the_same_content() {
    for golden in opening() {
        let (keys, context) = (golden.keys(), golden.context());
        let sealed = match golden.open().unwrap() {
            Open::Client(client) => client.deconstruct(&keys, &context).unwrap(),
            Open::Paused(paused) => golden.session(*paused).pause(&keys, &context).unwrap(),
        };
        let plain = match golden.open().unwrap() {
            Open::Client(client) => client.deconstruct_plain_including_private().unwrap(),
            Open::Paused(paused) => golden.session(*paused).pause_plain_including_private().unwrap(),
        };
        let (encoded, key) = (golden.encoded_context(), golden.key_bytes());
        let mut expected = golden.page["content"].clone();
        if expected["recovery"]["leg"] == 0 {
            // A copy may have gone on: the whole history takes the place of the question for a token.
            expected["recovery"]["leg"] = 3.into();
        }
        if golden.name == "hand_flags" {
            // Two of its flags have a meaning by now.
            expected["recovery"]["repeated"] = true.into();
            expected["recovery"]["received"] = true.into();
        }
        let operation = &golden.page["content"]["operation"];
        if operation["kind"].as_u64() > Some(2) || operation["phase"] == 5 {
            let none = json!({"account": null, "order": []});
            expected["place"] = expected.get("place").cloned().unwrap_or(none);
        } else if let Some(content) = expected.as_object_mut() {
            content.remove("place");
        }
        for blob in [&sealed, &plain] {
            let found = read::take_apart(blob.as_bytes(), Some(&key), &encoded);
            assert_eq!(found["content"], expected, "{}", golden.name);
        }
        match golden.page["kind"].as_str() {
            Some("client") => Client::restore(&sealed, &keys, &context).map(|_| ()).unwrap(),
            _ => Client::resume(&sealed, &keys, &context).map(|_| ()).unwrap(),
        }
    }
}

#[test]
fn every_changed_bit_is_refused_for_the_reason_that_its_place_predicts() {
    for golden in goldens() {
        let bytes = golden.blob.as_bytes();
        // All bits of a small blob, of every header and of every tag; one of each byte elsewhere.
        let thorough = |at: usize| bytes.len() < 240 || at < 48 || at + 16 >= bytes.len();
        for at in 0..bytes.len() {
            for bit in (0..8).filter(|bit| thorough(at) || at % 8 == *bit) {
                let mut changed = bytes.to_vec();
                changed[at] ^= 1 << bit;
                let expected = expected_error(&golden, at, &changed);
                let error = golden.with(Blob::from_bytes(changed)).open().err();
                let found = error.as_ref().and_then(Error::detail::<OpenError>);
                assert_eq!(found, Some(&expected), "{} byte {at} bit {bit}", golden.name);
            }
        }
    }
}

#[test]
fn every_cut_blob_and_every_longer_one_is_refused() {
    for golden in goldens() {
        let bytes = golden.blob.as_bytes();
        let overhead = if golden.is_plain() { 80 } else { 120 };
        for length in (0..bytes.len()).filter(|length| *length <= 130 || length % 7 == 0 || length + 20 > bytes.len()) {
            let error = golden.with(Blob::from_bytes(&bytes[..length])).open().err();
            let expected = match golden.page["refused"].as_str() {
                _ if length < overhead => OpenError::Truncated,
                Some(_) if golden.name == "newer_reader" => OpenError::SchemaTooNew { needed: 2, ours: 1 },
                _ => OpenError::Tampered,
            };
            assert_eq!(error.unwrap().detail(), Some(&expected), "{} cut at {length}", golden.name);
        }
        let longer = golden.with(Blob::from_bytes([bytes, &[0]].concat()));
        assert!(longer.open().is_err(), "{}", golden.name);
    }
}

#[test]
fn no_sealed_blob_opens_with_another_key_or_context() {
    for golden in opening().filter(|golden| !golden.is_plain()) {
        let mut key = golden.key_bytes();
        key[31] ^= 1;
        let id = golden.blob.header().unwrap().key_id();
        let other_key = KeyRing::new(Key::new(id, key).unwrap());
        let other_context = golden.context().and("");
        for (keys, context) in [(other_key, golden.context()), (golden.keys(), other_context)] {
            let policy = golden.policy_at(golden.time("issued"));
            let error = match golden.page["kind"].as_str() {
                Some("client") => Client::restore_under(&golden.blob, &keys, &context, &policy).err(),
                _ => Client::resume_under(&golden.blob, &keys, &context, &policy).err(),
            };
            assert_eq!(error.unwrap().detail(), Some(&OpenError::WrongKeyOrContext), "{}", golden.name);
        }
    }
}

#[test]
fn plain_blobs_hold_and_need_what_they_promise() {
    let mut plain = 0;
    for golden in goldens().filter(Golden::is_plain) {
        let strict = OpenPolicy::new(golden.time("issued"));
        let error = golden.open_under(&strict).err().unwrap();
        assert_eq!(error.detail(), Some(&OpenError::PlainRefused), "{}", golden.name);
        plain += 1;
    }
    assert_eq!(plain, 4);
    let public = named("client_plain_public");
    assert_eq!(public.page["steps"]["segments"].as_array().unwrap().len(), 2, "identity and profile");
    let bytes = public.blob.as_bytes();
    let private = named("client_plain_private").page["content"].clone();
    let secrets =
        ["/credentials/access_key", "/session_cookie", "/identity/user_id", "/accounts/ACCTINFORS/1/ACCTINFO/0/DESC"];
    for secret in secrets.map(|path| private.pointer(path).and_then(Value::as_str).unwrap()) {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn the_lists_of_names_are_those_of_the_crate() {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ofx/names.rs")).unwrap();
    for (constant, list) in [("COMMON", tree::COMMON), ("NAMES", tree::NAMES)] {
        let start = source.find(&format!("const {constant}: ")).unwrap();
        let body = source[start..].split_once(" = [").unwrap().1.split_once("];").unwrap().0;
        let code: String = body.lines().map(|line| line.split("//").next().unwrap()).collect();
        let words: Vec<_> = code.split('"').skip(1).step_by(2).collect();
        assert_eq!(words, list.lines().collect::<Vec<_>>(), "{constant}");
    }
}

#[test]
fn every_blob_has_its_line_on_the_page_and_the_pages_vectors_are_right() {
    let page = fs::read_to_string(folder().parent().unwrap().join("README.md")).unwrap();
    let listed: BTreeSet<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |")).collect();
    let goldens: Vec<_> = goldens().collect();
    assert!(goldens.len() >= 80);
    for golden in &goldens {
        let about = golden.page["about"].as_str().unwrap();
        assert!(listed.iter().any(|(name, says)| *name == golden.name && says.contains(about)), "{}", golden.name);
    }
    // Hex is broken over lines on the page.
    let packed: String = page.split_whitespace().collect();
    for name in ["client_new", "client_plain_new"] {
        let golden = goldens.iter().find(|golden| golden.name == name).unwrap();
        for (step, value) in golden.page["steps"].as_object().unwrap() {
            assert!(value.as_str().is_none_or(|value| packed.contains(value)), "{name} {step}");
        }
    }
    let new = goldens.iter().find(|golden| golden.name == "client_new").unwrap();
    let bytes = new.blob.as_bytes();
    let ciphertext = read::hex(&bytes[104..bytes.len() - 16]);
    assert!(packed.contains(&read::hex(bytes)) && packed.contains(&ciphertext) && packed.contains(&new.blob.to_text()));
}

/// The size that the reference state may have as text: what a cookie carries, with room for the cookie's own attributes.
#[test]
fn the_reference_state_fits_into_2400_characters() {
    let blob = run(reference::session()).pause(&reference::keys(), &reference::context()).unwrap();
    assert!(blob.to_text().len() <= 2400, "{}", blob.to_text().len());
}

/// What the page about the order of the checks says of a change at this byte.
fn expected_error(golden: &Golden, at: usize, changed: &[u8]) -> OpenError {
    let word = |at: usize| u16::from_be_bytes([changed[at], changed[at + 1]]);
    let wrong = if golden.is_plain() { OpenError::Tampered } else { OpenError::WrongKeyOrContext };
    let too_new = OpenError::SchemaTooNew { needed: word(14), ours: 1 };
    match at {
        0..4 => OpenError::NotOurs,
        4 if changed[4] == 0 => OpenError::NotOurs,
        5 if changed[5] == 3 => {
            let expected = golden.blob.header().unwrap().kind();
            OpenError::WrongKind { expected, found: Kind::Vault }
        }
        6 if changed[6] == 0 => OpenError::PlainRefused,
        // A plain blob that says it is sealed names no key.
        6 if changed[6] == 1 => OpenError::UnknownKeyId(0),
        4..8 => OpenError::ContainerTooNew,
        _ if word(14) > 1 => too_new,
        8..12 if golden.is_plain() => OpenError::Tampered,
        8..12 => OpenError::UnknownKeyId(u32::from_be_bytes([changed[8], changed[9], changed[10], changed[11]])),
        12 | 13 if word(12) == 0 => OpenError::SchemaRetired { found: 0, oldest: 1 },
        12..104 if at < 48 || !golden.is_plain() => wrong,
        _ => OpenError::Tampered,
    }
}

/// A blob and the page that says what it is.
#[derive(Clone)]
struct Golden {
    name: String,
    page: Arc<Value>,
    blob: Blob,
}

enum Open {
    Client(Box<Client>),
    Paused(Box<Paused>),
}

impl Golden {
    fn open(&self) -> Result<Open, Error> {
        self.open_under(&self.policy_at(self.time("issued")))
    }

    fn open_under(&self, policy: &OpenPolicy) -> Result<Open, Error> {
        let (keys, context) = (self.keys(), self.context());
        match self.page["kind"].as_str() {
            Some("client") => {
                Client::restore_under(&self.blob, &keys, &context, policy).map(Box::new).map(Open::Client)
            }
            _ => Client::resume_under(&self.blob, &keys, &context, policy).map(Box::new).map(Open::Paused),
        }
    }

    fn with(&self, blob: Blob) -> Self {
        Self { name: self.name.clone(), page: Arc::clone(&self.page), blob }
    }

    fn session(&self, paused: Paused) -> ofx_session::Session {
        paused.open_risking_a_second_payment(self.credentials()).unwrap()
    }

    fn credentials(&self) -> Credentials {
        let content = &self.page["content"];
        let credentials = Credentials::new(content["identity"]["user_id"].as_str().unwrap_or("jane"), "correct horse");
        if content["operation"]["kind"] == 96 { credentials.new_password("battery staple") } else { credentials }
    }

    fn policy_at(&self, now: u64) -> OpenPolicy {
        let policy = OpenPolicy::new(now);
        if self.is_plain() { policy.allow_plain() } else { policy }
    }

    fn time(&self, name: &str) -> u64 {
        self.page["header"][name].as_u64().unwrap()
    }

    fn is_plain(&self) -> bool {
        self.page["suite"] == "plain"
    }

    /// Any key for a plain blob.
    fn key_bytes(&self) -> [u8; 32] {
        self.page["key"]["hex"].as_str().map_or([9; 32], |hex| read::unhex(hex).try_into().unwrap())
    }

    fn keys(&self) -> KeyRing {
        let id = self.page["key"]["id"].as_u64().unwrap_or(9);
        KeyRing::new(Key::new(id.try_into().unwrap(), self.key_bytes()).unwrap())
    }

    fn bound(&self) -> Option<(&str, &str)> {
        let context = &self.page["context"];
        context["tenant"].as_str().zip(context["end_user"].as_str())
    }

    fn further(&self) -> Vec<&str> {
        let further = self.page["context"]["further"].as_array();
        further.into_iter().flatten().map(|part| part.as_str().unwrap()).collect()
    }

    fn context(&self) -> Context {
        let start = self.bound().map_or_else(Context::unbound, |(tenant, user)| Context::new(tenant, user).unwrap());
        self.further().into_iter().fold(start, Context::and)
    }

    fn encoded_context(&self) -> Vec<u8> {
        read::context(self.bound(), &self.further())
    }
}

/// Read once: the tests go over them by the thousand.
static GOLDENS: LazyLock<Vec<Golden>> = LazyLock::new(|| {
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "blob"));
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let page = fs::read_to_string(path.with_extension("json")).unwrap();
        let blob = Blob::from_text(&fs::read_to_string(&path).unwrap()).unwrap();
        Golden { name, page: Arc::new(serde_json::from_str(&page).unwrap()), blob }
    };
    files.into_iter().map(read).collect()
});

fn goldens() -> impl Iterator<Item = Golden> {
    GOLDENS.iter().cloned()
}

/// Those that this version must open.
fn opening() -> impl Iterator<Item = Golden> {
    goldens().filter(|golden| golden.page["refused"].is_null())
}

fn named(name: &str) -> Golden {
    goldens().find(|golden| golden.name == name).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/blobs/v1")
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn leaf(tag: &'static str, value: &str) -> Element {
    Element::leaf(tag, value)
}

fn aggregate(tag: &'static str, children: Vec<Element>) -> Element {
    Element::aggregate(tag, children)
}

/// An answer whose signon is accepted, with these message sets behind it.
fn answer_to(version: Version, sets: Vec<Element>) -> Vec<u8> {
    let status = aggregate("STATUS", vec![leaf("CODE", "0"), leaf("SEVERITY", "INFO")]);
    let signon = aggregate("SONRS", vec![status, leaf("DTSERVER", "20260105093001"), leaf("LANGUAGE", "ENG")]);
    let mut all = vec![aggregate("SIGNONMSGSRSV1", vec![signon])];
    all.extend(sets);
    Document::new(Header::new(version), aggregate("OFX", all)).encode(&Style::new()).unwrap().to_vec()
}
