//! Between the desk and the store: loading, writing against the version that was loaded, filing results.

use std::sync::PoisonError;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::client::cookies::with_cookies;
use crate::client::stored::{self, Fresh};
use crate::client::vault::Vault;
use crate::client::vault::desk::{Claim, Desk, later};
use crate::client::vault::patience::{Effort, MOST_TRIES};
use crate::client::vault::record::{restore_desk, restore_file, save_desk, save_file};
use crate::client::vault::standing::{Finished, Verdict};
use crate::engine::{Dialect, Include, Part, SCHEMA, State};
use crate::error::{Delivery, Error, ErrorKind, Moved};
use crate::seal::{self, Blob, Kind, OpenError, OpenPolicy, SealError, Segment, Suite};
use crate::store::{Applied, Record, RecordKey, StoreError, Swap, Version};

/// Why the desk was not written.
pub(crate) enum Lost {
    /// The store, or the making of the record, failed. What was to be written may come yet.
    Failed(Error),
    /// Somebody else has written since: this is what is there now.
    Taken(Option<Record>),
}

/// The desk that was loaded last on which somebody was at work.
pub(crate) struct Seen {
    version: Version,
    /// When it was first seen, by our clock.
    since: DateTime<Utc>,
}

impl Vault {
    /// Loads the desk and the client in it; new ones when there is no record.
    pub(crate) async fn desk(&self) -> Result<(Desk, State), Error> {
        match self.store.load(&self.desk_key()).await? {
            Some(record) => self.read_desk(&record),
            None => Ok((Desk::default(), self.template.clone())),
        }
    }

    pub(crate) fn read_desk(&self, record: &Record) -> Result<(Desk, State), Error> {
        let Unsealed { written, issued, needs_reseal, parts } = self.unseal(&self.desk_key(), record)?;
        let (mut desk, mut state) = restore_desk(written, parts)?;
        if let Some(claim) = &mut desk.claim {
            self.bound(claim, record.version(), issued);
        }
        if desk.open.is_empty() {
            // Written back by an older version, which did not know them.
            state.cookies.clear();
        }
        if !desk.begun && desk.open.is_empty() && is_unbound(&state) && state.institution != self.template.institution {
            // What is known of the other institution, of its address or in its version, is not known of this one.
            state = State::new(self.template.institution.clone(), self.template.application.clone(), state.client_uid);
        }
        // What stands behind `</SONRQ>` of a file that may be sent again was made of the rest, and must stay what it was.
        state.application.clone_from(&self.template.application);
        state.institution.language.clone_from(&self.template.institution.language);
        state.institution.dialect.without_synchronization = self.template.institution.dialect.without_synchronization;
        if state.profile.is_none() {
            // Advised by the error of whoever needs one and is refused it.
            let Dialect { without_profile, profile_of_user, .. } = self.template.institution.dialect;
            let dialect = &mut state.institution.dialect;
            dialect.without_profile |= without_profile;
            dialect.profile_of_user |= profile_of_user;
        }
        state.device.clone_from(&self.template.device);
        state.limits = self.template.limits;
        desk.version = Some(record.version());
        desk.needs_reseal = needs_reseal;
        Ok((desk, state))
    }

    /// A claim is good for as long as it was made for, counted by our clock from when we have first seen it at the latest: one that is
    /// ahead of ours would hold it for longer. Whoever still has it then is refused by the version, as after any lease.
    fn bound(&self, claim: &mut Claim, version: Version, issued: DateTime<Utc>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match *seen {
            // Where our clock was set back since, it counts from now on.
            Some(Seen { version: known, since }) if known == version => since.min(self.world.now()),
            _ => self.world.now(),
        };
        *seen = Some(Seen { version, since });
        let length = claim.until.signed_duration_since(issued);
        claim.until = claim.until.min(since.checked_add_signed(length).unwrap_or(claim.until));
    }

    /// Writes the desk over the version that it was loaded with.
    pub(crate) async fn put(&self, desk: &mut Desk, state: &State, effort: Effort) -> Result<(), Lost> {
        let key = self.desk_key();
        let record = self.seal_desk(&key, desk, state, effort).map_err(Lost::Failed)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = match desk.version {
                Some(version) => self.store.swap(&key, version, &record).await,
                None => self.store.create(&key, &record).await,
            };
            let failed = match answer {
                Ok(Swap::Done) => {
                    desk.written(record.version());
                    return Ok(());
                }
                Ok(Swap::Conflict) => None,
                Err(error) if error.applied() == Applied::No => {
                    if effort.is_result() && self.tries_again(effort, tries).await {
                        continue;
                    }
                    return Err(Lost::Failed(error.into()));
                }
                Err(error) => {
                    desk.unanswered.push(record.version());
                    Some(error)
                }
            };
            // Whose version is there says what became of the write. A copy of it that comes late meets another version.
            let found = match self.store.load(&key).await {
                Ok(found) => found,
                Err(_) if effort.is_result() && self.tries_again(effort, tries).await => continue,
                Err(error) => return Err(Lost::Failed(failed.unwrap_or(error).into())),
            };
            let there = found.as_ref().map(Record::version);
            if there == Some(record.version()) {
                desk.written(record.version());
                return Ok(());
            }
            if there != desk.version {
                match there.filter(|version| desk.unanswered.contains(version)) {
                    // An earlier write of ours has come after all.
                    Some(version) => desk.version = Some(version),
                    None => return Err(Lost::Taken(found)),
                }
            }
            if !self.tries_again(effort, tries).await {
                return Err(Lost::Failed(failed.map_or_else(contradiction, Error::from)));
            }
        }
    }

    /// The result of a payment that is over and filed, with the version of its record; `None` when there is none, or no longer.
    pub(crate) async fn filed(&self, id: &str) -> Result<Option<(Version, Finished)>, Error> {
        let key = self.file_key(id);
        let Some(record) = self.store.load(&key).await? else { return Ok(None) };
        let found = self.read_file(&key, id, &record)?;
        Ok(found.map(|finished| (record.version(), finished)))
    }

    /// Puts the result of a payment into a record of its own. What is there and knows as much, stays.
    ///
    /// Also one that is past its retention: our clock may be wrong, and whoever looks by a right one finds it.
    pub(crate) async fn file(&self, finished: &Finished) -> Result<(), Error> {
        let key = self.file_key(&finished.id);
        let record = self.seal_file(&key, finished)?;
        let mut expected = None;
        let mut failed = None;
        for _ in 0..MOST_TRIES {
            let answer = match expected {
                Some(version) => self.store.swap(&key, version, &record).await,
                None => self.store.create(&key, &record).await,
            };
            match answer {
                Ok(Swap::Done) => return Ok(()),
                Ok(Swap::Conflict) => {}
                Err(error) if error.applied() == Applied::No => return Err(error.into()),
                Err(error) => failed = Some(error),
            }
            let found = self.store.load(&key).await?;
            expected = found.as_ref().map(Record::version);
            let Some(found) = found else { continue };
            if found.version() == record.version() {
                return Ok(());
            }
            let Some(known) = self.read_file(&key, &finished.id, &found)? else { continue };
            let knows_as_much = if known.trn_uid == finished.trn_uid {
                known.verdict == finished.verdict || !matches!(known.verdict, Verdict::Unresolved(_))
            } else {
                // Ours was past its retention when the id began anew, and we have slept since.
                known.at > finished.at
            };
            if knows_as_much {
                return Ok(());
            }
        }
        Err(failed.map_or_else(contradiction, |error: StoreError| error.into()))
    }

    /// Writes another verdict over a file. False when somebody else has written it since.
    pub(crate) async fn refile(&self, expected: Version, finished: &Finished) -> Result<bool, Error> {
        let key = self.file_key(&finished.id);
        let record = self.seal_file(&key, finished)?;
        match self.store.swap(&key, expected, &record).await {
            Ok(swap) => Ok(swap == Swap::Done),
            Err(error) if error.applied() == Applied::No => Err(error.into()),
            Err(error) => match self.store.load(&key).await? {
                Some(found) if found.version() == record.version() => Ok(true),
                _ => Err(error.into()),
            },
        }
    }

    /// Until when a result is kept.
    pub(crate) fn end(&self, finished: &Finished) -> DateTime<Utc> {
        later(finished.at, self.retention)
    }

    fn read_file(&self, key: &RecordKey, id: &str, record: &Record) -> Result<Option<Finished>, Error> {
        let Unsealed { parts, .. } = match self.unseal(key, record) {
            Err(error) if matches!(error.detail(), Some(OpenError::Expired { .. })) => return Ok(None),
            found => found?,
        };
        let finished = restore_file(&parts)?;
        if finished.id != id {
            return Err(unreadable(OpenError::Tampered));
        }
        Ok(Some(finished))
    }

    /// Its seal says until when it counts. The store keeps it for a whole retention from now, so that a clock that is ahead makes nobody
    /// forget sooner.
    fn seal_file(&self, key: &RecordKey, finished: &Finished) -> Result<Record, Error> {
        let segments: Vec<Segment> = save_file(finished)?.into_iter().map(stored::to_segment).collect();
        Ok(self.seal(key, &segments, self.end(finished).timestamp())?.with_life(self.retention))
    }

    fn seal_desk(&self, key: &RecordKey, desk: &Desk, state: &State, effort: Effort) -> Result<Record, Error> {
        let most = if effort == Effort::Adding { ROOM_TO_ADD } else { Blob::MAX_LEN };
        let limit = self.store.capabilities().largest.unwrap_or(most).min(most);
        let own = |parts: &[Part]| save_desk(desk, state, parts);
        let state = &*with_cookies(state, Some(&*self.transport), !desk.open.is_empty());
        let segments = stored::fit(state, Include::All, Suite::XChaCha20Poly1305, limit, own);
        let segments = segments.map_err(|error| match error.detail() {
            Some(SealError::TooLarge { .. }) if desk.open.len() > 1 => Error::new(error.kind(), error.delivery(), FULL),
            _ => error,
        })?;
        self.seal(key, &segments, 0)
    }

    fn seal(&self, key: &RecordKey, segments: &[Segment], expires: i64) -> Result<Record, Error> {
        let Fresh { state_id, nonce } = stored::fresh(&*self.world)?;
        let (now, expires) = (self.world.unix(), u64::try_from(expires).unwrap_or_default());
        let stamp = stored::stamp(&SCHEMA, Kind::Vault, now, expires, state_id);
        let blob = seal::seal(&stamp, segments, &self.keys, &self.context.clone().and(key.as_bytes()), nonce)?;
        Ok(Record::new(Version::new(self.world.random()?), blob.into_bytes()))
    }

    fn unseal(&self, key: &RecordKey, record: &Record) -> Result<Unsealed, Error> {
        // What fences off an older record is its version. A clock that was ahead once must not keep everybody out until it is right.
        let policy = OpenPolicy::new(self.world.unix()).allow_from_the_future().oldest_schema(SCHEMA.oldest);
        let context = self.context.clone().and(key.as_bytes());
        let blob = Blob::from_bytes(record.bytes());
        let opened =
            seal::open(&blob, Kind::Vault, SCHEMA.number, &self.keys, &context, &policy).map_err(unreadable)?;
        let issued = i64::try_from(opened.stamp.issued).ok().and_then(|issued| DateTime::from_timestamp(issued, 0));
        Ok(Unsealed {
            written: opened.stamp.schema,
            issued: issued.unwrap_or(DateTime::<Utc>::MAX_UTC),
            needs_reseal: opened.needs_reseal,
            parts: opened.segments.into_iter().map(stored::to_part).collect(),
        })
    }

    fn desk_key(&self) -> RecordKey {
        self.record_key(b"ofx-session vault desk v1", b"")
    }

    fn file_key(&self, id: &str) -> RecordKey {
        self.record_key(b"ofx-session vault file v1", id.as_bytes())
    }

    fn record_key(&self, label: &[u8], id: &[u8]) -> RecordKey {
        let mut hash = Sha256::new();
        for piece in [label, self.context.encoded(), id] {
            hash.update(u64::try_from(piece.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(piece);
        }
        RecordKey::new(hash.finalize().into())
    }
}

/// Whether nothing ties it to a user, or to what an institution has told one.
fn is_unbound(state: &State) -> bool {
    let State { user_id: None, home, others, user_key: None, accounts: None, marks, unknown, .. } = state else {
        return false;
    };
    let has_key = others.iter().map(|other| &other.realm).chain([home]).any(|realm| realm.access_key.is_some());
    !has_key && *marks == Default::default() && unknown.is_empty()
}

/// What a record holds.
struct Unsealed {
    /// The schema of whoever wrote it.
    written: u16,
    /// When it was written, by the clock of whoever wrote it.
    issued: DateTime<Utc>,
    needs_reseal: bool,
    parts: Vec<Part>,
}

impl Desk {
    fn written(&mut self, version: Version) {
        self.needs_reseal = false;
        self.version = Some(version);
        self.unanswered.clear();
    }
}

const FULL: &str = "the vault's record is full of payments that are not over: pending names them; answer those that ask, and abandon \
                    those that nobody wants any more";

/// What may be done about a blob that a program holds may not be done about a record: without it, what was paid is paid again.
fn unreadable(error: OpenError) -> Error {
    let what = match error {
        OpenError::NotOurs
        | OpenError::Truncated
        | OpenError::TooLarge { .. }
        | OpenError::WrongKind { .. }
        | OpenError::Tampered
        | OpenError::MalformedSegment { .. } => "was changed or damaged in the store",
        OpenError::WrongKeyOrContext => "was sealed by another key of the same id, or changed in the store",
        OpenError::SchemaRetired { .. } => "is too old for this version of the crate: use an older one, and reseal",
        // Their own texts say what to do, and nothing is lost by it.
        other => return other.into(),
    };
    let text = format!("a record of this vault {what}. {KEEP_IT}");
    Error::new(ErrorKind::Seal, Delivery::NotSent, text).with_moved(Moved::Unknown).with_detail(error)
}

const KEEP_IT: &str = "It may be all that says what was paid: do not delete it, put no older one in its place, and pay nothing \
                       of it in another way before the institution says that it was not made";

fn contradiction() -> Error {
    let text = "the store refuses a write as a conflict and shows the version that was expected; look at what else writes there";
    Error::new(ErrorKind::Store, Delivery::NotSent, text)
}

/// A desk grows when an institution asks and answers: what is added must leave room for that.
const ROOM_TO_ADD: usize = Blob::MAX_LEN / 8 * 5;
