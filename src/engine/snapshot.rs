//! State and operation as parts to store, and back. Frozen: what is written here once is read for ever.
//!
//! A part is a tag and bytes. Small records are postcard of the structs below; the profile and the account list are packed
//! OFX trees (`ofx/pack.rs`), whose meaning is that of OFX; the request is the bytes that go on the wire, squeezed
//! (`ofx/squeeze.rs`). A new fact is a new tag. Never stored: password, one-time token, answers to security questions
//! (an enrolment has the user's `SECURITYNAME`).
//!
//! | tag | part | content | critical | secret |
//! |---|---|---|---|---|
//! | 1 | identity | postcard `IdentityV1` | yes | user id |
//! | 2 | credentials that are not the login | postcard `CredentialsV1` | | yes |
//! | 3 | tokens, places that were acknowledged, saved files | postcard `MarksV1` | | digests of accounts |
//! | 4 | institution profile | packed `PROFRS` | | |
//! | 5 | operation | postcard `OperationV1` | yes | |
//! | 6 | request bytes after `</SONRQ>` | squeezed | yes | account numbers, what the user enrols with |
//! | 7 | security questions | postcard `QuestionsV1` | yes | |
//! | 8 | `SESSCOOKIE` | text | | yes |
//! | 9 | account list | packed `ACCTINFORS` | | account numbers |
//! | 10 | `USERKEY` | postcard `UserKeyV1` | | yes |
//! | 11 | how the institution differs from most | postcard `DialectV1` | yes | |
//! | 12 | the date of a newer profile that was announced | postcard `AnnouncedV1` | | |
//! | 129 | what was arranged for a lost answer | postcard `RecoveryV1` | yes | |
//! | 130 | account of the request's history, order of several requests | postcard `RequestV1` | yes | account numbers |
//!
//! Part 130 is there for every kind but the first three (profile, account list, payment) and in the phase that waits for approval, also
//! when it is empty: the first versions knew neither, and refuse it. Part 6 has no bytes for a change of the password: they would hold
//! the new one. The whole format is in `fixtures/blobs/README.md`.
//!
//! Tags 64 and 65 are those of a vault's records (`client/vault/record.rs`).
//! A part that a reader does not know makes it refuse the whole when it is critical.
//! Otherwise it is kept and written back: tags below 128 belong to the client, tags from 128 to the operation, and go with it.

use std::fmt;

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::engine::marks::Marks;
use crate::engine::operation::{Passed, Phase};
use crate::engine::records::{
    AnnouncedV1, ClientUidV1, CredentialsV1, DialectV1, IdentityV1, MarksV1, OperationV1, QuestionsV1, RecoveryV1,
    RequestV1, UserKeyV1, read_dialect, read_doubt, read_recovery, write_dialect, write_doubt, write_recovery,
};
use crate::engine::recovery::Recovery;
use crate::engine::{Application, Dialect, Held, Institution, Operation, Seed, State, TaskKind, UserKey};
use crate::ofx::{
    BankAccount, Content, FileUid, FinancialInstitution, Question, Stamp, Tail, Version, pack, squeeze, stretch, unpack,
};
use crate::secret::{Secret, wipe};

/// A tagged piece of a stored state.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) tag: u8,
    /// A reader that does not know the tag must refuse the whole.
    pub(crate) critical: bool,
    /// Is deflated in the blob. None of ours is: they are packed or squeezed. One of a newer version goes back as it came.
    pub(crate) compress: bool,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({}, {} bytes)", self.tag, self.bytes.len())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

impl Part {
    /// The bytes, taken out without a copy.
    pub(crate) fn take(&mut self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut self.bytes)
    }
}

/// How much of a state is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    /// Everything that is ever stored.
    All,
    /// Nothing that is private: no keys, no cookie, no user id, no account numbers.
    Public,
}

/// Why parts could not be turned into state, or state into parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// A part that must be understood is of a later version.
    #[error("the stored state has a part ({0}) that only a newer version of this crate understands; update it")]
    Newer(u8),
    /// A part is missing or is not what its tag says.
    #[error("part {0} of the stored state is missing, damaged, or as only a newer version of this crate writes it")]
    Damaged(u8),
    /// The operation is over: there is nothing to continue.
    #[error("the operation is over; there is nothing to pause")]
    Over,
}

const IDENTITY: u8 = 1;
const CREDENTIALS: u8 = 2;
const MARKS: u8 = 3;
const PROFILE: u8 = 4;
const OPERATION: u8 = 5;
const REQUEST: u8 = 6;
const QUESTIONS: u8 = 7;
const SESSION_COOKIE: u8 = 8;
const ACCOUNTS: u8 = 9;
const USER_KEY: u8 = 10;
const DIALECT: u8 = 11;
const ANNOUNCED: u8 = 12;
const RECOVERY: u8 = 129;
const KIND: u8 = 130;

/// What may be left out where a blob must be small, in this order: what costs least to be without, first. A lost cookie the
/// specification allows for, the list and the profile are fetched again.
pub(crate) const SHED_IN_TURN: [u8; 3] = [SESSION_COOKIE, ACCOUNTS, PROFILE];

/// The parts of a state.
pub(crate) fn save_state(state: &State, include: Include) -> Result<Vec<Part>, SnapshotError> {
    let all = include == Include::All;
    let fi = state.institution.fi.as_ref();
    let dialect = &state.institution.dialect;
    let flags = u8::from(!dialect.ignore_profile_urls)
        | u8::from(dialect.close_leaves) << 1
        | u8::from(dialect.line_breaks) << 2
        | u8::from(!dialect.without_profile) << 3
        | u8::from(dialect.without_synchronization) << 4;
    let identity = IdentityV1 {
        url: &state.institution.url,
        org: fi.map(|fi| fi.org.as_str()),
        fid: fi.and_then(|fi| fi.fid.as_deref()),
        version: state.institution.version.number(),
        language: &state.institution.language,
        flags,
        app_id: &state.application.id,
        app_version: &state.application.version,
        client_uid: ClientUidV1::new(&state.client_uid),
        user_id: state.user_id.as_deref().filter(|_| all),
    };
    let mut parts = vec![record(IDENTITY, true, &identity)?];
    if let Some(dialect) = write_dialect(dialect) {
        parts.push(record(DIALECT, true, &dialect)?);
    }
    let for_everybody = state.profile.as_ref().filter(|_| all || state.is_anonymous(TaskKind::Profile));
    parts.extend(for_everybody.and_then(|record| held(PROFILE, record)));
    // One before 1970 announces nothing.
    if let Some(at) = state.profile_announced.and_then(|at| u64::try_from(at.timestamp()).ok()) {
        parts.push(record(ANNOUNCED, false, &AnnouncedV1 { at, is_fetched: !state.profile_is_old })?);
    }
    if !all {
        return Ok(parts);
    }
    let credentials = CredentialsV1 {
        access_key: state.access_key.as_ref().map(Secret::expose),
        app_key: state.application.key.as_ref().map(Secret::expose),
    };
    if credentials.access_key.is_some() || credentials.app_key.is_some() {
        parts.push(record(CREDENTIALS, false, &credentials)?);
    }
    if let Some(UserKey { key, expires }) = &state.user_key {
        let expires = expires.as_ref().map(Stamp::as_str);
        parts.push(record(USER_KEY, false, &UserKeyV1 { key: key.expose(), expires })?);
    }
    if state.marks != Marks::default() {
        let tokens = state.marks.tokens.iter().map(|(name, token)| (*name, token.as_str())).collect();
        let last_file = state.marks.last_file.as_ref().map(FileUid::as_str);
        parts.push(record(MARKS, false, &MarksV1 { last_file, tokens })?);
    }
    if let Some(cookie) = &state.session_cookie {
        parts.push(raw(SESSION_COOKIE, false, cookie.expose().as_bytes().to_vec()));
    }
    parts.extend(state.accounts.as_ref().and_then(|record| held(ACCOUNTS, record)));
    parts.extend(state.unknown.iter().cloned());
    Ok(parts)
}

/// The parts of an operation that is not over, to be stored `beside` those parts of its state. Answers that were given and not
/// sent are left out: they are asked for again.
pub(crate) fn save_operation(
    operation: &Operation,
    state: &State,
    beside: &[Part],
) -> Result<Vec<Part>, SnapshotError> {
    let mut record_v1 = OperationV1 {
        kind: operation.kind.number(),
        seed: operation.seed.bytes(),
        files: operation.files,
        phase: 0,
        doubt: 0,
        doubt_text: None,
        urls: urls(operation, state, find(beside, PROFILE).is_some()),
    };
    let mut asked = None;
    match &operation.phase {
        // Sending once more is asked for by name, and again after a pause.
        Phase::ExpectQuestions { .. } | Phase::ExpectResult { passed: None | Some(Passed { alone: true, .. }) }
            if operation.doubt.is_some() =>
        {
            record_v1.phase = 4;
            (record_v1.doubt, record_v1.doubt_text) = operation.doubt.as_ref().map_or((0, None), write_doubt);
        }
        Phase::ExpectQuestions { again } => record_v1.phase = u8::from(*again),
        // The program will give its answers again. The user is not asked what no user knows.
        Phase::ExpectResult { passed: Some(Passed { alone: true, .. }) } => record_v1.phase = 0,
        Phase::ExpectResult { passed: None } => record_v1.phase = 2,
        Phase::ExpectAnswers { questions, again }
        | Phase::ExpectResult { passed: Some(Passed { questions, again, .. }) } => {
            record_v1.phase = 3;
            if let Some(doubt) = &operation.doubt {
                let (code, text) = write_doubt(doubt);
                (record_v1.doubt, record_v1.doubt_text) = (code + 1, text);
            }
            asked = Some((questions, *again));
        }
        Phase::ExpectApproval { message } => {
            record_v1.phase = 5;
            record_v1.doubt_text = message.as_deref();
        }
        Phase::InDoubt(doubt) => {
            record_v1.phase = 4;
            (record_v1.doubt, record_v1.doubt_text) = write_doubt(doubt);
        }
        Phase::Over(_) => return Err(SnapshotError::Over),
    }
    let mut parts = vec![record(OPERATION, true, &record_v1)?];
    parts.push(raw(REQUEST, true, squeeze(operation.tail.as_bytes(), operation.trn_uid().as_str())));
    if let Some((questions, again)) = asked {
        let questions = questions.iter().map(|question| (question.id(), question.label())).collect();
        parts.push(record(QUESTIONS, true, &QuestionsV1 { again, questions })?);
    }
    let without_profile = find(beside, PROFILE).is_none().then(|| operation.recovery_without_profile(state));
    let recovery = without_profile.as_ref().unwrap_or(&operation.recovery);
    if *recovery != Recovery::default() {
        parts.push(record(RECOVERY, true, &write_recovery(recovery))?);
    }
    // The first versions knew three kinds and five phases, and must not take another for one of those.
    if operation.kind.number() > 2 || matches!(operation.phase, Phase::ExpectApproval { .. }) {
        let account = operation.account.as_ref().map(|account| pack(&account.write("BANKACCTFROM", Version::V230)));
        let account = account.as_ref().map(|account| account.as_slice()).unwrap_or_default();
        parts.push(record(KIND, true, &RequestV1 { account, order: &operation.order })?);
    }
    parts.extend(operation.unknown.iter().cloned());
    Ok(parts)
}

/// The state in `parts`, out of which it takes what can be kept as it is. Parts of an operation are passed over.
pub(crate) fn restore_state(parts: &mut [Part]) -> Result<State, SnapshotError> {
    let identity: IdentityV1<'_> = read(parts, IDENTITY)?.ok_or(SnapshotError::Damaged(IDENTITY))?;
    let version = Version::from_number(identity.version).ok_or(SnapshotError::Damaged(IDENTITY))?;
    let fi = identity.org.map(|org| FinancialInstitution::new(org, identity.fid.map(str::to_owned)));
    let mut dialect = Dialect::new()
        .ignore_profile_urls(identity.flags & 1 == 0)
        .close_leaves(identity.flags & 2 != 0)
        .line_breaks(identity.flags & 4 != 0)
        .without_profile(identity.flags & 8 == 0)
        .without_synchronization(identity.flags & 16 != 0);
    if let Some(found) = read::<DialectV1<'_>>(parts, DIALECT)? {
        dialect = read_dialect(&found, dialect).ok_or(SnapshotError::Damaged(DIALECT))?;
    }
    let institution =
        Institution { url: identity.url.to_owned(), fi, version, language: identity.language.to_owned(), dialect };
    let credentials: Option<CredentialsV1<'_>> = read(parts, CREDENTIALS)?;
    let (access_key, app_key) = credentials.map_or((None, None), |found| (found.access_key, found.app_key));
    let application = Application {
        id: identity.app_id.to_owned(),
        version: identity.app_version.to_owned(),
        key: app_key.map(Secret::from),
    };
    let mut state = State::new(institution, application, identity.client_uid.text());
    state.user_id = identity.user_id.map(str::to_owned);
    state.access_key = access_key.map(Secret::from);
    if let Some(AnnouncedV1 { at, is_fetched }) = read(parts, ANNOUNCED)? {
        state.profile_announced = i64::try_from(at).ok().and_then(|at| DateTime::from_timestamp(at, 0));
        state.profile_is_old = !is_fetched;
    }
    if let Some(UserKeyV1 { key, expires }) = read(parts, USER_KEY)? {
        state.user_key = Some(UserKey { key: Secret::from(key), expires: expires.map(Stamp::new) });
    }
    if let Some(marks) = read::<MarksV1<'_>>(parts, MARKS)? {
        state.marks.last_file = marks.last_file.map(FileUid::new);
        state.marks.tokens = marks.tokens.into_iter().map(|(name, token)| (name, token.to_owned())).collect();
    }
    if let Some(part) = find(parts, SESSION_COOKIE) {
        let text = std::str::from_utf8(&part.bytes).map_err(|_| SnapshotError::Damaged(SESSION_COOKIE))?;
        state.session_cookie = Some(Secret::from(text));
    }
    understood(parts)?;
    for part in parts {
        match part.tag {
            PROFILE => state.profile = Some(Held::from_packed(part.take())),
            ACCOUNTS => state.accounts = Some(Held::from_packed(part.take())),
            tag if KNOWN.contains(&tag) => {}
            FIRST_OF_OPERATION.. => {}
            tag => {
                let Part { critical, compress, .. } = *part;
                state.unknown.push(Part { tag, critical, compress, bytes: part.take() });
            }
        }
    }
    Ok(state)
}

/// Refuses parts of which this version does not know one that must be understood.
pub(crate) fn understood(parts: &[Part]) -> Result<(), SnapshotError> {
    let newer = parts.iter().find(|part| part.critical && !KNOWN.contains(&part.tag));
    newer.map_or(Ok(()), |part| Err(SnapshotError::Newer(part.tag)))
}

/// The operation in `parts`.
pub(crate) fn restore_operation(parts: &[Part]) -> Result<Operation, SnapshotError> {
    let damaged = SnapshotError::Damaged(OPERATION);
    let found: OperationV1<'_> = read(parts, OPERATION)?.ok_or(damaged)?;
    let request = find(parts, REQUEST).ok_or(SnapshotError::Damaged(REQUEST))?;
    let kind = TaskKind::from_number(found.kind).ok_or(damaged)?;
    if found.files > MOST_FILES {
        return Err(damaged);
    }
    let earlier = found.doubt.checked_sub(1).filter(|_| found.phase == 3);
    let doubt = earlier.map(|code| read_doubt(code, found.doubt_text).ok_or(damaged)).transpose()?;
    let phase = match found.phase {
        0 => Phase::ExpectQuestions { again: false },
        1 => Phase::ExpectQuestions { again: true },
        2 => Phase::ExpectResult { passed: None },
        3 => {
            let asked: QuestionsV1<'_> = read(parts, QUESTIONS)?.ok_or(SnapshotError::Damaged(QUESTIONS))?;
            let questions = asked.questions.into_iter().map(|(id, label)| Question::new(id, label.map(str::to_owned)));
            Phase::ExpectAnswers { questions: questions.collect(), again: asked.again }
        }
        4 => Phase::InDoubt(read_doubt(found.doubt, found.doubt_text).ok_or(damaged)?),
        5 => Phase::ExpectApproval { message: found.doubt_text.map(str::to_owned) },
        _ => return Err(damaged),
    };
    let seed = Seed::new(found.seed);
    let request =
        stretch(&request.bytes, seed.work().as_str(), LARGEST_STRETCHED).ok_or(SnapshotError::Damaged(REQUEST))?;
    let urls = found.urls.map(|(url, challenge_url)| (url.to_owned(), challenge_url.to_owned()));
    let recovery = read::<RecoveryV1<'_>>(parts, RECOVERY)?
        .map(|found| read_recovery(&found))
        .unwrap_or_else(|| Some(Recovery::default()));
    let recovery = recovery.filter(|found| kind == TaskKind::ChangePassword || !found.tries_a_password());
    let recovery = recovery.ok_or(SnapshotError::Damaged(RECOVERY))?;
    let (account, order) = match read::<RequestV1<'_>>(parts, KIND)? {
        Some(RequestV1 { account: [], order }) => (None, order.to_vec()),
        Some(RequestV1 { account, order }) => {
            let account = unpack(account).and_then(|element| BankAccount::read(&element).ok());
            (Some(account.ok_or(SnapshotError::Damaged(KIND))?), order.to_vec())
        }
        None => (None, Vec::new()),
    };
    let known = [RECOVERY, KIND];
    let unknown = parts.iter().filter(|part| part.tag >= FIRST_OF_OPERATION && !known.contains(&part.tag)).cloned();
    let (tail, unknown) = (Tail::from_bytes(request), unknown.collect());
    Ok(Operation { kind, seed, tail, urls, account, order, files: found.files, doubt, phase, recovery, unknown })
}

/// Where the operation's files go, unless a reader finds the same in the profile or, without one, in the institution's own address.
fn urls<'a>(operation: &'a Operation, state: &'a State, with_profile: bool) -> Option<(&'a str, &'a str)> {
    // The usual case, without a look into the profile: reading it takes longer than sealing.
    if with_profile && operation.urls.is_none() {
        return None;
    }
    let set = operation.kind.message_set();
    let own = state.institution.url.as_str();
    let found = if with_profile { (state.url_of(set), state.challenge_url(set)) } else { (own, own) };
    Some((operation.url(state), operation.challenge_url(state))).filter(|urls| *urls != found)
}

const FIRST_OF_OPERATION: u8 = 128;

/// More than are ever sent, and far from where counting ends.
const MOST_FILES: u32 = u32::MAX / 2;

/// More than a request has before it is stored, which is a few kilobytes as a rule.
const LARGEST_STRETCHED: usize = 64 * 1024;

const KNOWN: [u8; 14] = [
    IDENTITY,
    CREDENTIALS,
    MARKS,
    PROFILE,
    OPERATION,
    REQUEST,
    QUESTIONS,
    SESSION_COOKIE,
    ACCOUNTS,
    USER_KEY,
    DIALECT,
    ANNOUNCED,
    RECOVERY,
    KIND,
];

fn find(parts: &[Part], tag: u8) -> Option<&Part> {
    parts.iter().find(|part| part.tag == tag)
}

fn raw(tag: u8, critical: bool, bytes: impl Into<Zeroizing<Vec<u8>>>) -> Part {
    Part { tag, critical, compress: false, bytes: bytes.into() }
}

/// Postcard into a buffer that has its size from the start, so that no copy of a secret stays behind in a grown one.
pub(crate) fn record<T: Serialize>(tag: u8, critical: bool, value: &T) -> Result<Part, SnapshotError> {
    let unwritable = |_| SnapshotError::Damaged(tag);
    let size = postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default()).map_err(unwritable)?;
    let mut part = raw(tag, critical, vec![0; size]);
    postcard::to_slice(value, &mut part.bytes).map_err(unwritable)?;
    Ok(part)
}

pub(crate) fn read<'a, T: Deserialize<'a>>(parts: &'a [Part], tag: u8) -> Result<Option<T>, SnapshotError> {
    let Some(part) = find(parts, tag) else { return Ok(None) };
    match postcard::take_from_bytes(&part.bytes) {
        Ok((value, [])) => Ok(Some(value)),
        _ => Err(SnapshotError::Damaged(tag)),
    }
}

fn held<T: Content>(tag: u8, record: &Held<T>) -> Option<Part> {
    record.packed().map(|packed| Part { tag, critical: false, compress: false, bytes: packed.clone() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use crate::engine::Intent;

    #[test]
    fn an_address_that_is_stored_by_itself_is_kept_by_every_further_pause() {
        let application = Application { id: "QWIN".to_owned(), version: "2700".to_owned(), key: None };
        let state = State::new(Institution::new("https://ofx.example/"), application, "uid".to_owned());
        let begun = Operation::begin(Intent::Accounts, &state, Seed::new([7; 16]), DateTime::UNIX_EPOCH);
        let mut operation = begun.unwrap().0;
        operation.urls = Some(("https://pay.example/".to_owned(), "https://ask.example/".to_owned()));
        for pause in 1..=3 {
            operation = restore_operation(&save_operation(&operation, &state, &[]).unwrap()).unwrap();
            assert_eq!(operation.url(&state), "https://pay.example/", "pause {pause}");
            assert_eq!(operation.challenge_url(&state), "https://ask.example/", "pause {pause}");
        }
    }
}
