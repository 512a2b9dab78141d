//! State and operation as parts to store, and back. Frozen: what is written here once is read for ever.
//!
//! A part is a tag and bytes. Small records are postcard of the structs in `engine/records.rs`; the profile and the account list are packed
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
//! | 13 | signon realms other than that of `SIGNON` | postcard `RealmsV1` | | keys, cookies |
//! | 14 | cookies of the transport, where an operation is under way | postcard `CookiesV1` | | yes |
//! | 129 | what was arranged for a lost answer | postcard `RecoveryV1` | yes | |
//! | 130 | account of the request's history, order of several requests | postcard `RequestV1` | yes | account numbers |
//! | 131 | what the file of a request in doubt was refused with | packed `STATUS` | yes | |
//!
//! Part 130 is there for every kind but the first three (profile, account list, payment) and in the phase that waits for approval, also
//! when it is empty: the first versions knew neither, and refuse it. Part 6 has no bytes for a change of the password: they would hold
//! the new one. The whole format is in `fixtures/blobs/README.md`.
//!
//! Tags 64 and 65 are those of a vault's records (`client/vault/record.rs`).
//! A part that a reader does not know makes it refuse the whole when it is critical.
//! Otherwise it is kept and written back: tags below 128 belong to the client, tags from 128 to the operation, and go with it.

mod operation;

use chrono::DateTime;

use crate::engine::marks::Marks;
use crate::engine::realm::{MOST_REALMS, OtherRealm, Realm};
use crate::engine::records::{
    AnnouncedV1, ClientUidV1, CookiesV1, CredentialsV1, DialectV1, IdentityV1, MarksV1, RealmV1, RealmsV1, UserKeyV1,
    read_dialect, write_dialect,
};
use crate::engine::{Application, Dialect, Held, Institution, Part, SnapshotError, State, TaskKind, UserKey};
use crate::ofx::{Content, FileUid, FinancialInstitution, Stamp, Version};
use crate::secret::Secret;

pub(crate) use operation::{restore_operation, save_operation};

/// How much of a state is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    /// Everything that is ever stored.
    All,
    /// Nothing that is private: no keys, no cookie, no user id, no account numbers.
    Public,
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
const REALMS: u8 = 13;
/// Passed over where no operation is under way.
pub(crate) const COOKIES: u8 = 14;
const RECOVERY: u8 = 129;
const KIND: u8 = 130;
const REFUSED: u8 = 131;

/// What may be left out where a blob must be small, in this order: what costs least to be without, first. A lost `SESSCOOKIE` the
/// specification allows for, the list and the profile are fetched again. Of the realms, the keys: questions are answered again. Where
/// nothing of that is enough, the cookies of the transport go, and all else may stay: without them, an institution that ties its questions to
/// them asks for ever.
pub(crate) const SHED_IN_TURN: [u8; 4] = [SESSION_COOKIE, ACCOUNTS, PROFILE, REALMS];

/// Leaves the first `count` of these out. Of the realms that are not the home realm, their cookies go with its cookie; which message sets
/// are theirs stays, so that they are sent nothing of its own, and is told in place of a profile that has said so.
pub(crate) fn shed(parts: &mut Vec<Part>, state: &State, include: Include, count: usize) -> Result<(), SnapshotError> {
    let gone = SHED_IN_TURN.get(..count).unwrap_or(&SHED_IN_TURN);
    let has_realms = Part::find(parts, REALMS).is_some();
    parts.retain(|part| part.tag == REALMS || !gone.contains(&part.tag));
    let without_profile = gone.contains(&PROFILE) && include == Include::All;
    // Read, it tells them apart.
    let others = if without_profile && state.profile().is_some() || has_realms && count > 0 {
        state.other_realms()
    } else {
        return Ok(());
    };
    if has_realms || !state.have_the_same(&others, false) {
        parts.retain(|part| part.tag != REALMS);
        parts.push(realms(&others, !gone.contains(&REALMS), false)?);
    }
    Ok(())
}

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
    let mut parts = vec![Part::of(IDENTITY, true, &identity)?];
    if let Some(dialect) = write_dialect(dialect) {
        parts.push(Part::of(DIALECT, true, &dialect)?);
    }
    let for_everybody = state.profile.as_ref().filter(|_| all || state.is_anonymous(TaskKind::Profile));
    parts.extend(for_everybody.and_then(|record| held(PROFILE, record)));
    // One before 1970 announces nothing.
    if let Some(at) = state.profile_announced.and_then(|at| u64::try_from(at.timestamp()).ok()) {
        parts.push(Part::of(ANNOUNCED, false, &AnnouncedV1 { at, is_fetched: !state.profile_is_old })?);
    }
    if !all {
        return Ok(parts);
    }
    let credentials = CredentialsV1 {
        access_key: state.home.access_key.as_ref().map(Secret::expose),
        app_key: state.application.key.as_ref().map(Secret::expose),
    };
    if credentials.access_key.is_some() || credentials.app_key.is_some() {
        parts.push(Part::of(CREDENTIALS, false, &credentials)?);
    }
    if let Some(UserKey { key, expires }) = &state.user_key {
        let expires = expires.as_ref().map(Stamp::as_str);
        parts.push(Part::of(USER_KEY, false, &UserKeyV1 { key: key.expose(), expires })?);
    }
    if state.marks != Marks::default() {
        let tokens = state.marks.tokens.iter().map(|(name, token)| (*name, token.as_str())).collect();
        let last_file = state.marks.last_file.as_ref().map(FileUid::as_str);
        parts.push(Part::of(MARKS, false, &MarksV1 { last_file, tokens })?);
    }
    let others = state.other_realms();
    if !state.have_the_same(&others, state.profile.is_some()) {
        parts.push(realms(&others, true, true)?);
    }
    if let Some(cookie) = &state.home.session_cookie {
        parts.push(Part::raw(SESSION_COOKIE, false, cookie.expose().as_bytes().to_vec()));
    }
    parts.extend(cookies(state)?);
    parts.extend(state.accounts.as_ref().and_then(|record| held(ACCOUNTS, record)));
    parts.extend(state.unknown.iter().cloned());
    Ok(parts)
}

/// The state in `parts`, out of which it takes what can be kept as it is. Parts of an operation are passed over.
pub(crate) fn restore_state(parts: &mut [Part]) -> Result<State, SnapshotError> {
    let identity: IdentityV1<'_> = Part::read(parts, IDENTITY)?.ok_or(SnapshotError::Damaged(IDENTITY))?;
    let version = Version::from_number(identity.version).ok_or(SnapshotError::Damaged(IDENTITY))?;
    let fi = identity.org.map(|org| FinancialInstitution::new(org, identity.fid.map(str::to_owned)));
    let mut dialect = Dialect::new()
        .ignore_profile_urls(identity.flags & 1 == 0)
        .close_leaves(identity.flags & 2 != 0)
        .line_breaks(identity.flags & 4 != 0)
        .without_profile(identity.flags & 8 == 0)
        .without_synchronization(identity.flags & 16 != 0);
    if let Some(found) = Part::read::<DialectV1<'_>>(parts, DIALECT)? {
        dialect = read_dialect(&found, dialect).ok_or(SnapshotError::Damaged(DIALECT))?;
    }
    let institution =
        Institution { url: identity.url.to_owned(), fi, version, language: identity.language.to_owned(), dialect };
    let credentials: Option<CredentialsV1<'_>> = Part::read(parts, CREDENTIALS)?;
    let (access_key, app_key) = credentials.map_or((None, None), |found| (found.access_key, found.app_key));
    let application = Application {
        id: identity.app_id.to_owned(),
        version: identity.app_version.to_owned(),
        key: app_key.map(Secret::from),
    };
    let mut state = State::new(institution, application, identity.client_uid.text());
    state.user_id = identity.user_id.map(str::to_owned);
    state.home.access_key = access_key.map(Secret::from);
    if let Some(AnnouncedV1 { at, is_fetched }) = Part::read(parts, ANNOUNCED)? {
        state.profile_announced = i64::try_from(at).ok().and_then(|at| DateTime::from_timestamp(at, 0));
        state.profile_is_old = !is_fetched;
    }
    if let Some(UserKeyV1 { key, expires }) = Part::read(parts, USER_KEY)? {
        state.user_key = Some(UserKey { key: Secret::from(key), expires: expires.map(Stamp::new) });
    }
    if let Some(marks) = Part::read::<MarksV1<'_>>(parts, MARKS)? {
        state.marks.last_file = marks.last_file.map(FileUid::new);
        state.marks.tokens = marks.tokens.into_iter().map(|(name, token)| (name, token.to_owned())).collect();
    }
    if let Some(part) = Part::find(parts, SESSION_COOKIE) {
        let text = std::str::from_utf8(&part.bytes).map_err(|_| SnapshotError::Damaged(SESSION_COOKIE))?;
        state.home.session_cookie = Some(Secret::from(text));
    }
    if let Some(RealmsV1 { realms }) = Part::read(parts, REALMS)? {
        let realms = realms.into_iter().take(MOST_REALMS).map(|found| OtherRealm {
            name: found.name,
            sets: found.sets,
            realm: Realm {
                access_key: found.access_key.map(Secret::from),
                session_cookie: found.session_cookie.map(Secret::from),
                ..Realm::default()
            },
        });
        state.others = realms.collect();
    } else {
        state.same = state.home.clone();
    }
    // A longer one is nobody's: reading it would take more memory than it is worth.
    let short = Part::find(parts, COOKIES).is_some_and(|part| part.bytes.len() <= MOST_COOKIES);
    if let Some(CookiesV1 { cookies }) = if short { Part::read(parts, COOKIES)? } else { None } {
        state.cookies = cookies.into_iter().map(|(origin, line)| (origin.to_owned(), Secret::from(line))).collect();
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

const FIRST_OF_OPERATION: u8 = 128;

const KNOWN: [u8; 17] = [
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
    REALMS,
    COOKIES,
    RECOVERY,
    KIND,
    REFUSED,
];

/// As many as there is room for: the newest ones.
fn cookies(state: &State) -> Result<Option<Part>, SnapshotError> {
    let mut left = MOST_COOKIES - LENGTH;
    let fits = state.cookies.iter().filter_map(|(origin, line)| {
        let (origin, line) = (origin.as_str(), line.expose());
        left = left.checked_sub(origin.len().saturating_add(line.len()).saturating_add(2 * LENGTH))?;
        Some((origin, line))
    });
    let cookies: Vec<_> = fits.collect();
    if cookies.is_empty() { Ok(None) } else { Part::of(COOKIES, false, &CookiesV1 { cookies }).map(Some) }
}

/// How many bytes the part with the cookies has. `Transport::cookies` says so.
const MOST_COOKIES: usize = 4 * 1024;

/// Of a length or a count in it.
const LENGTH: usize = 2;

/// The other realms, with what of their secrets there is room for.
fn realms(others: &[OtherRealm], keys: bool, cookies: bool) -> Result<Part, SnapshotError> {
    let realms = others.iter().map(|OtherRealm { name, sets, realm }| RealmV1 {
        name: *name,
        sets: *sets,
        access_key: realm.access_key.as_ref().filter(|_| keys).map(Secret::expose),
        session_cookie: realm.session_cookie.as_ref().filter(|_| cookies).map(Secret::expose),
    });
    Part::of(REALMS, false, &RealmsV1 { realms: realms.collect() })
}

fn held<T: Content>(tag: u8, record: &Held<T>) -> Option<Part> {
    record.packed().map(|packed| Part::raw(tag, false, packed.clone()))
}
