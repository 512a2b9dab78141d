//! A second and a third schema, to prove that the first can have successors.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Protection, Validity, open_as, policy_now, save_as};
use crate::client::Client;
use crate::client::world;
use crate::engine::{Application, Credentials, Held, Institution, Intent, Part, SCHEMA, Schema, SnapshotError, State};
use crate::error::{Error, ErrorKind};
use crate::seal::{Blob, Context, Key, KeyRing, Kind, OpenError};
use crate::transport::{Request, Sending, Transport};

/// Adds an optional part: what the user calls the institution.
const SECOND: Schema = Schema { number: 2, oldest_reader: 1, oldest: 1, steps: &[first_to_second] };
/// Replaces that part by a critical one.
const THIRD: Schema = Schema { number: 3, oldest_reader: 3, oldest: 1, steps: &[first_to_second, second_to_third] };
/// Forgets the first schema.
const FOURTH: Schema = Schema { number: 4, oldest_reader: 3, oldest: 2, steps: &[second_to_third, third_to_fourth] };

const NICKNAME: u8 = 100;
const LABEL: u8 = 101;
/// Belongs to an operation.
const HINT: u8 = 200;

#[derive(Serialize, Deserialize)]
struct NicknameV2<'a> {
    name: &'a str,
}

#[derive(Serialize, Deserialize)]
struct LabelV3<'a> {
    name: &'a str,
    color: u8,
}

fn first_to_second(mut parts: Vec<Part>) -> Result<Vec<Part>, SnapshotError> {
    if !parts.iter().any(|part| part.tag == NICKNAME) {
        parts.push(nickname("unnamed"));
    }
    Ok(parts)
}

fn second_to_third(mut parts: Vec<Part>) -> Result<Vec<Part>, SnapshotError> {
    let Some(at) = parts.iter().position(|part| part.tag == NICKNAME) else {
        return Err(SnapshotError::Damaged(NICKNAME));
    };
    let old = parts.swap_remove(at);
    let found: NicknameV2<'_> = postcard::from_bytes(&old.bytes).map_err(|_| SnapshotError::Damaged(NICKNAME))?;
    parts.push(part(LABEL, true, &LabelV3 { name: found.name, color: 7 }));
    Ok(parts)
}

fn third_to_fourth(parts: Vec<Part>) -> Result<Vec<Part>, SnapshotError> {
    Ok(parts)
}

#[test]
fn the_schemas_have_a_step_for_each_number() {
    for schema in [SCHEMA, SECOND, THIRD, FOURTH] {
        assert_eq!(usize::from(schema.number - schema.oldest), schema.steps.len(), "{schema:?}");
        assert!(schema.oldest_reader <= schema.number && schema.oldest <= schema.number, "{schema:?}");
    }
}

#[test]
fn an_old_blob_is_opened_by_a_newer_version() {
    let old = written(&SCHEMA, &state([]));
    assert_eq!((old.header().unwrap().schema(), old.header().unwrap().oldest_reader()), (1, 1));
    let parts = parts_read(&SECOND, &old).unwrap();
    assert_eq!(parts, [nickname("unnamed")]);

    // Up two steps, and up one from a blob of the second.
    for (blob, name) in [(old, "unnamed"), (written(&SECOND, &state([nickname("house bank")])), "house bank")] {
        let lifted = lift_only(&THIRD, &blob);
        let found: LabelV3<'_> = postcard::from_bytes(&lifted.bytes).unwrap();
        assert_eq!((lifted.tag, found.name, found.color), (LABEL, name, 7));
    }
}

#[test]
fn a_new_blob_is_read_by_an_old_version_when_it_says_so_and_comes_back_whole() {
    let new = written(&SECOND, &state([nickname("house bank")]));
    assert_eq!((new.header().unwrap().schema(), new.header().unwrap().oldest_reader()), (2, 1));
    // This version of the crate is the old one: it restores the client, uses it, stores it again.
    let client = Client::restore(&new, &keys(), &context()).unwrap();
    assert_eq!(client.client_uid(), UID);
    let back = client.deconstruct(&keys(), &context()).unwrap();
    assert_eq!(back.header().unwrap().schema(), 1);
    // The newer version finds its part where it was, and no second one.
    assert_eq!(parts_read(&SECOND, &back).unwrap(), [nickname("house bank")]);
}

#[test]
fn an_unknown_part_goes_with_what_it_belongs_to() {
    let institution = Institution::new("https://ofx.bank.example/ofx").without_profile();
    let mut client = Client::builder(institution).client_uid(UID).transport(Nowhere).build().unwrap();
    client.state.unknown.push(nickname("house bank"));
    let mut operation = crate::client::driver::start(&mut client, Intent::Accounts).unwrap();
    operation.unknown.push(part(HINT, false, &1));

    // Written by the newer version, paused once more by this one, given up, and stored as a client.
    let life = Validity::For(Duration::from_secs(60));
    let (keys, context) = (keys(), context());
    let sealed = Protection::Sealed(&keys, &context);
    let new = save_as(&SECOND, world::real(), &client.state, Some(&operation), sealed, Blob::MAX_LEN, life).unwrap();
    let resume = |blob: &Blob| Client::resume(blob, &keys, &context).unwrap();
    let session = resume(&new).open(Credentials::new("jane", "pw")).unwrap();
    let again = session.pause(&keys, &context).unwrap();
    for blob in [&new, &again, &resume(&again).reseal(&keys, &context).unwrap()] {
        let opened = open_as(&SECOND, blob, Kind::Paused, Some((&keys, &context)), &policy_now()).unwrap();
        assert_eq!(opened.state.unknown, [nickname("house bank")]);
        assert_eq!(opened.operation.unwrap().unknown, [part(HINT, false, &1)]);
    }
    let mut session = resume(&again).open(Credentials::new("jane", "pw")).unwrap();
    session.abandon().unwrap();
    let blob = session.close().unwrap().deconstruct(&keys, &context).unwrap();
    assert_eq!(parts_read(&SECOND, &blob).unwrap(), [nickname("house bank")]);

    // Nobody knows whether it is private.
    let plain = client.deconstruct_plain_public().unwrap();
    assert_eq!(Client::restore_plain(&plain).unwrap().state.unknown, []);
}

/// Whatever call asks: else it would be stopped by the very profile that it is to replace.
#[test]
fn a_profile_that_cannot_be_read_is_forgotten_when_another_is_asked_for() {
    let institution = Institution::new("https://ofx.bank.example/ofx");
    let mut client = Client::builder(institution).client_uid(UID).transport(Nowhere).build().unwrap();
    client.state.profile = Some(Held::from_packed(Zeroizing::new(vec![1])));
    for (intent, readable) in [(Intent::Accounts, false), (Intent::Profile, true)] {
        crate::client::driver::start(&mut client, intent).unwrap();
        assert_eq!(client.state.is_readable(), readable);
    }
}

/// Or a blob that fits a cookie when it is new would not after an old version had it.
#[test]
fn an_unknown_part_that_was_deflated_is_deflated_when_it_is_written_back() {
    let mut long = nickname(&"house bank ".repeat(200));
    long.compress = true;
    let new = written(&SECOND, &state([long.clone()]));
    assert!(new.as_bytes().len() < 500, "{}", new.as_bytes().len());
    let back = Client::restore(&new, &keys(), &context()).unwrap().deconstruct(&keys(), &context()).unwrap();
    assert_eq!(back.as_bytes().len(), new.as_bytes().len());
    assert_eq!(parts_read(&SECOND, &back).unwrap(), [long]);
}

#[test]
fn a_new_blob_is_refused_by_a_version_too_old_for_it() {
    let new = written(&THIRD, &state([part(LABEL, true, &LabelV3 { name: "house bank", color: 1 })]));
    let refused = Client::restore(&new, &keys(), &context()).unwrap_err();
    assert_eq!(refused.detail(), Some(&OpenError::SchemaTooNew { needed: 3, ours: 1 }));
    let refused = parts_read(&SECOND, &new).unwrap_err();
    assert_eq!(refused.detail(), Some(&OpenError::SchemaTooNew { needed: 3, ours: 2 }));
}

#[test]
fn a_critical_part_is_refused_by_its_tag_where_the_header_lets_it_pass() {
    let lenient = Schema { oldest_reader: 1, ..THIRD };
    let new = written(&lenient, &state([part(LABEL, true, &LabelV3 { name: "house bank", color: 1 })]));
    let refused = Client::restore(&new, &keys(), &context()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Seal);
    assert_eq!(refused.detail(), Some(&OpenError::SegmentTooNew(LABEL)));
    assert!(refused.to_string().contains("(tag 101) that only a newer version understands"), "{refused}");
}

#[test]
fn a_retired_schema_is_refused() {
    let old = written(&SCHEMA, &state([]));
    let refused = parts_read(&FOURTH, &old).unwrap_err();
    assert_eq!(refused.detail(), Some(&OpenError::SchemaRetired { found: 1, oldest: 2 }));
    // The second is still read, by one step fewer.
    let lifted = lift_only(&FOURTH, &written(&SECOND, &state([nickname("house bank")])));
    let found: LabelV3<'_> = postcard::from_bytes(&lifted.bytes).unwrap();
    assert_eq!((found.name, found.color), ("house bank", 7));
}

#[test]
fn a_step_that_fails_refuses_the_blob() {
    let mut damaged = nickname("");
    *damaged.bytes = vec![9];
    let refused = parts_read(&THIRD, &written(&SECOND, &state([damaged]))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Seal);
    assert!(refused.to_string().contains("part 100"), "{refused}");
}

fn written(schema: &Schema, state: &State) -> Blob {
    let (keys, context) = (keys(), context());
    let life = Validity::For(Duration::from_secs(60));
    save_as(schema, world::real(), state, None, Protection::Sealed(&keys, &context), Blob::MAX_LEN, life).unwrap()
}

/// The parts beyond those of the first schema that a version finds.
fn parts_read(schema: &Schema, blob: &Blob) -> Result<Vec<Part>, Error> {
    let (keys, context) = (keys(), context());
    let opened = open_as(schema, blob, Kind::Client, Some((&keys, &context)), &policy_now())?;
    assert_eq!(opened.state.client_uid, UID);
    Ok(opened.state.unknown)
}

/// The one part beyond those of the first schema, critical or not, after the steps up.
fn lift_only(schema: &Schema, blob: &Blob) -> Part {
    let opened = crate::seal::open(blob, Kind::Client, schema.number, &keys(), &context(), &policy_now()).unwrap();
    let parts = opened.segments.into_iter().map(super::to_part).collect();
    let mut parts = schema.lift(opened.stamp.schema, parts).unwrap();
    parts.retain(|part| part.tag >= NICKNAME);
    assert_eq!(parts.len(), 1, "{parts:?}");
    parts.pop().unwrap()
}

fn state(unknown: impl Into<Vec<Part>>) -> State {
    let institution = Institution::new("https://ofx.bank.example/ofx");
    let mut state = State::new(institution, Application::new("QWIN", "2700"), UID);
    state.unknown = unknown.into();
    state
}

fn nickname(name: &str) -> Part {
    part(NICKNAME, false, &NicknameV2 { name })
}

fn part(tag: u8, critical: bool, value: &impl Serialize) -> Part {
    Part { tag, critical, compress: false, bytes: Zeroizing::new(postcard::to_allocvec(value).unwrap()) }
}

fn keys() -> KeyRing {
    KeyRing::new(Key::new(1, [7; 32]).unwrap())
}

fn context() -> Context {
    Context::new("tenant-1", "user-42").unwrap()
}

#[derive(Debug)]
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: Request) -> Sending<'_> {
        panic!("nothing is sent")
    }
}

const UID: &str = "7C1E9A54-0B1D-4C5E-8F00-112233445566";
