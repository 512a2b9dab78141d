//! Blobs at the client's level: every flipped bit and every cut is refused, and says of which kind the trouble is.

use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::seal::{Kind, OpenError};
use ofx_session::{Blob, Client, Context, Error, Institution, Key, KeyRing, OpenPolicy, Progress, Session, Version};

use super::line::{Line, MAIN, context, easy, jane, keys, now, payment, questioning};

const FRONT: usize = 104;
const SEALED: usize = 120;
const PLAIN: usize = 80;

/// A session that waits for answers, of a client that is as small as it can be.
fn waiting() -> Session {
    let line = Line::new(questioning().build_model());
    let builder = Client::builder(Institution::new(MAIN).without_profile()).client_uid("7C1E9A54");
    let mut session = builder.transport(line).build().unwrap().open(jane()).unwrap();
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
    session
}

fn small() -> Client {
    Client::builder(Institution::new(MAIN))
        .client_uid("7C1E9A54")
        .transport(Line::new(questioning().build_model()))
        .build()
        .unwrap()
}

/// A blob, its kind, and how it is opened.
struct Subject {
    blob: Blob,
    kind: Kind,
    plain: bool,
}

impl Subject {
    fn all() -> [Self; 5] {
        [
            Self { blob: small().deconstruct(&keys(), &context()).unwrap(), kind: Kind::Client, plain: false },
            Self { blob: small().deconstruct_plain_including_private().unwrap(), kind: Kind::Client, plain: true },
            Self { blob: small().deconstruct_plain_public().unwrap(), kind: Kind::Client, plain: true },
            Self { blob: waiting().pause(&keys(), &context()).unwrap(), kind: Kind::Paused, plain: false },
            Self { blob: waiting().pause_plain_including_private().unwrap(), kind: Kind::Paused, plain: true },
        ]
    }

    fn open(&self, bytes: &[u8]) -> Result<(), Error> {
        let blob = Blob::from_bytes(bytes);
        match (self.kind, self.plain) {
            (Kind::Client, false) => Client::restore(&blob, &keys(), &context()).map(|_| ()),
            (Kind::Client, true) => Client::restore_plain(&blob).map(|_| ()),
            (_, false) => Client::resume(&blob, &keys(), &context()).map(|_| ()),
            (_, true) => Client::resume_plain(&blob).map(|_| ()),
        }
    }

    /// The error of a blob that is not whole any more.
    fn refusal(&self, bytes: &[u8]) -> OpenError {
        let error = self.open(bytes).expect_err("a damaged blob was opened");
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Seal, Delivery::NotSent));
        let detail = *error.detail::<OpenError>().expect("the typed error");
        assert_eq!(error.to_string(), detail.to_string());
        detail
    }

    /// Which class of error a flipped bit must meet.
    fn expected(&self, at: usize, flipped: u8) -> &'static str {
        match (at, flipped, self.plain) {
            (0..=3, ..) => "NotOurs",
            (4, 0, _) => "NotOurs",
            (5, 3, _) => "WrongKind",
            (4 | 5 | 7, ..) => "ContainerTooNew",
            (6, 0, false) => "PlainRefused",
            (6, 1, true) => "KeysNeeded",
            (6, ..) => "ContainerTooNew",
            (8..=11, _, false) => "UnknownKeyId",
            (13, 0, _) => "SchemaRetired",
            (14, ..) => "SchemaTooNew",
            (15, 1.., _) => "SchemaTooNew",
            (_, _, true) => "Tampered",
            (..FRONT, _, false) => "WrongKeyOrContext",
            _ => "Tampered",
        }
    }
}

fn name(error: OpenError) -> String {
    let debug = format!("{error:?}");
    debug.split([' ', '(', '{']).next().unwrap().to_owned()
}

#[test]
fn whole_blobs_open() {
    for subject in Subject::all() {
        subject.open(subject.blob.as_bytes()).unwrap();
        assert_eq!(subject.blob.header().unwrap().kind(), subject.kind);
    }
}

#[test]
fn every_flipped_bit_is_refused_for_the_right_reason() {
    for subject in Subject::all() {
        let whole = subject.blob.as_bytes();
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.to_vec();
                bytes[at] ^= 1 << bit;
                let found = name(subject.refusal(&bytes));
                assert_eq!(found, subject.expected(at, bytes[at]), "byte {at}, bit {bit}, {:?}", subject.blob);
            }
        }
    }
}

#[test]
fn every_cut_and_every_addition_is_refused_for_the_right_reason() {
    for subject in Subject::all() {
        let whole = subject.blob.as_bytes();
        let least = if subject.plain { PLAIN } else { SEALED };
        for length in 0..whole.len() {
            let expected = if length < least { OpenError::Truncated } else { OpenError::Tampered };
            assert_eq!(subject.refusal(&whole[..length]), expected, "{length} bytes of {:?}", subject.blob);
        }
        for more in [&b"\0"[..], b"x", whole] {
            assert_eq!(subject.refusal(&[whole, more].concat()), OpenError::Tampered);
        }
        let huge = [whole, &vec![0; Blob::MAX_LEN]].concat();
        assert_eq!(subject.refusal(&huge), OpenError::TooLarge { allowed: Blob::MAX_LEN });
    }
}

#[test]
fn every_text_has_one_spelling() {
    for subject in Subject::all() {
        let text = subject.blob.to_text();
        assert_eq!(Blob::from_text(&text), Ok(subject.blob.clone()));
        for other in [format!("{text}="), format!(" {text}"), format!("{text}\n"), text.replacen('_', "/", 1) + "+"] {
            assert_eq!(Blob::from_text(&other), Err(OpenError::NotText));
        }
    }
}

#[test]
fn each_call_opens_its_own_kind_and_protection_only() {
    let wrong = |found: Result<(), Error>, wanted: OpenError| {
        let error = found.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Seal);
        assert_eq!(error.detail::<OpenError>(), Some(&wanted), "{error}");
    };
    let (client, paused) = (Kind::Client, Kind::Paused);
    for subject in Subject::all() {
        let other = if subject.kind == client { paused } else { client };
        let mismatch = OpenError::WrongKind { expected: other, found: subject.kind };
        wrong(
            Subject { kind: other, plain: subject.plain, blob: subject.blob.clone() }.open(subject.blob.as_bytes()),
            mismatch,
        );
        let protection = if subject.plain { OpenError::PlainRefused } else { OpenError::KeysNeeded };
        let turned = Subject { kind: subject.kind, plain: !subject.plain, blob: subject.blob.clone() };
        wrong(turned.open(subject.blob.as_bytes()), protection);
    }
}

#[test]
fn a_blob_of_another_key_user_or_time_is_refused() {
    let blob = waiting().pause(&keys(), &context()).unwrap();
    let open = |keys: &KeyRing, context: &Context| {
        let error = Client::resume(&blob, keys, context).unwrap_err();
        *error.detail::<OpenError>().unwrap()
    };
    let other_key = KeyRing::new(Key::new(1, [8; 32]).unwrap());
    assert_eq!(open(&other_key, &context()), OpenError::WrongKeyOrContext);
    assert_eq!(open(&KeyRing::new(Key::new(2, [7; 32]).unwrap()), &context()), OpenError::UnknownKeyId(1));
    for other in
        [Context::new("tenant-1", "user-43"), Context::new("tenant-2", "user-42"), Context::new("tenant-1user", "-42")]
    {
        assert_eq!(open(&keys(), &other.unwrap()), OpenError::WrongKeyOrContext);
    }
    assert_eq!(open(&keys(), &context().and("")), OpenError::WrongKeyOrContext);
    assert_eq!(open(&keys(), &Context::unbound()), OpenError::WrongKeyOrContext);

    let (issued, expires) = (blob.header().unwrap().issued(), blob.header().unwrap().expires().unwrap());
    assert_eq!(expires - issued, 15 * 60);
    let at = |now: u64| Client::resume_under(&blob, &keys(), &context(), &OpenPolicy::new(now).skew(10));
    assert!(at(issued - 10).is_ok() && at(expires + 10).is_ok());
    assert_eq!(at(expires).unwrap().expires().unwrap().timestamp().unsigned_abs(), expires);
    let late = at(expires + 11).unwrap_err();
    assert_eq!(late.detail(), Some(&OpenError::Expired { since: expires, now: expires + 11 }));
    let early = at(issued - 11).unwrap_err();
    assert_eq!(early.detail(), Some(&OpenError::IssuedInFuture { issued, now: issued - 11 }));
}

#[test]
fn a_ring_with_a_newer_key_opens_and_asks_to_be_sealed_again() {
    let blob = small().deconstruct(&keys(), &context()).unwrap();
    let mut ring = keys();
    ring.add(Key::new(2, [9; 32]).unwrap()).unwrap();
    assert!(!Client::restore(&blob, &ring, &context()).unwrap().needs_reseal());
    ring.promote(2).unwrap();
    let client = Client::restore(&blob, &ring, &context()).unwrap();
    assert!(client.needs_reseal());
    let blob = client.deconstruct(&ring, &context()).unwrap();
    assert!(!Client::restore(&blob, &ring, &context()).unwrap().needs_reseal());
    ring.retire(1).unwrap();
    assert!(Client::restore(&blob, &ring, &context()).is_ok());
}

#[test]
fn equal_states_give_blobs_that_differ() {
    let client = || small().deconstruct(&keys(), &context()).unwrap();
    let (first, second) = (client(), client());
    let same = first.as_bytes().iter().zip(second.as_bytes()).skip(48).filter(|(a, b)| a == b).count();
    assert_eq!(first.as_bytes().len(), second.as_bytes().len());
    assert!(same * 20 < first.as_bytes().len(), "{same} equal bytes");
    assert_ne!(first.header().unwrap().state_id(), second.header().unwrap().state_id());
}

#[test]
fn lives_are_as_long_as_asked_for_and_no_longer_than_allowed() {
    use std::time::Duration;
    let secs = |blob: &Blob| {
        let header = blob.header().unwrap();
        header.expires().map(|end| end - header.issued())
    };
    assert_eq!(secs(&small().deconstruct(&keys(), &context()).unwrap()), Some(90 * 24 * 3600));
    assert_eq!(secs(&small().deconstruct_for(Duration::ZERO, &keys(), &context()).unwrap()), None);
    assert_eq!(secs(&waiting().pause_for(Duration::from_secs(60), &keys(), &context()).unwrap()), Some(60));
    for life in [Duration::ZERO, Duration::from_secs(24 * 3600 + 1), Duration::MAX] {
        let (error, session) = waiting().pause_for(life, &keys(), &context()).unwrap_err().into_parts();
        assert_eq!(error.kind(), ErrorKind::Misuse);
        assert!(session.pause(&keys(), &context()).is_ok(), "nothing is lost");
    }
    let (error, client) = small().open(jane()).unwrap().pause(&keys(), &context()).unwrap_err().into_parts();
    assert!(error.to_string().contains("nothing to pause"), "{error}");
    assert!(client.close().is_ok());
}

#[test]
fn what_a_public_blob_leaves_out_of_the_application_is_set_again() {
    let line = Line::new(easy().build_model());
    let institution = Institution::new(MAIN).version(Version::V220).without_profile();
    let made = Client::builder(institution).app_key("app-key-1").transport(line.clone()).build().unwrap();
    let public = Client::restore_plain(&made.deconstruct_plain_public().unwrap()).unwrap().transport(line.clone());
    let mut session = public.app_key("app-key-1").open(jane()).unwrap();
    let _ = now(session.accounts()).unwrap();
    let (_, sent) = line.wire().sent.last().cloned().unwrap();
    assert!(String::from_utf8(sent).unwrap().contains("<APPKEY>app-key-1</APPKEY>"));
}
