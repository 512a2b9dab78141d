//! The two records of a vault as bytes, and back. Frozen: what is written here once is read for ever.
//!
//! Both are blobs of kind 3, sealed by the key ring under the vault's context and the record's own key, so that the
//! record of one payment is not taken for that of another. Their parts are those of a client (`engine/snapshot.rs`) and:
//!
//! | tag | part | content | critical | secret |
//! |---|---|---|---|---|
//! | 64 | desk | postcard `DeskV1` | yes | payments, questions, user id |
//! | 65 | file of one payment | postcard `FinishedV1` | yes | the payment |
//!
//! A desk has no expiry, a file the end of its retention.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::client::vault::desk::{Claim, Desk, LISTING, Open};
use crate::client::vault::standing::{Finished, Settlement, Verdict};
use crate::engine::{
    Part, Receipt, Refusal, RefusedAt, SCHEMA, SnapshotError, State, TaskKind, read_doubt, restore_operation,
    restore_state, save_operation, understood, write_doubt,
};
use crate::ofx::{Content as _, PaymentResponse, Status, TrnUid, Version, pack, unpack};

const DESK: u8 = 64;
const FILE: u8 = 65;

#[derive(Serialize, Deserialize)]
struct DeskV1<'a> {
    /// 0: no payment was ever begun.
    fence: u64,
    #[serde(borrow)]
    claim: Option<ClaimV1<'a>>,
    #[serde(borrow)]
    open: Vec<OpenV1<'a>>,
    #[serde(borrow)]
    finished: Vec<FinishedV1<'a>>,
}

#[derive(Serialize, Deserialize)]
struct ClaimV1<'a> {
    /// Unix milliseconds.
    until: i64,
    id: &'a str,
}

#[derive(Serialize, Deserialize)]
struct OpenV1<'a> {
    id: &'a str,
    digest: [u8; 32],
    user: Option<&'a str>,
    /// Those of an operation.
    #[serde(borrow)]
    parts: Vec<PartV1<'a>>,
}

#[derive(Serialize, Deserialize)]
struct PartV1<'a> {
    tag: u8,
    /// 1: compress; 128: critical.
    flags: u8,
    bytes: &'a [u8],
}

#[derive(Serialize, Deserialize)]
struct FinishedV1<'a> {
    id: &'a str,
    digest: [u8; 32],
    trn_uid: &'a str,
    /// Unix milliseconds.
    at: i64,
    /// 0 paid, 1 refused, 2 unresolved, 3 settled as made, 4 settled as not made.
    verdict: u8,
    /// Of 1: 0 at the signon, 1 at the challenge, 2 at the request. Of 2: the doubt, as an operation stores it.
    reason: u8,
    /// Of 2: the doubt's text.
    text: Option<&'a str>,
    /// Of 0: packed `PMTRS`. Of 1: packed `STATUS`.
    answer: Option<&'a [u8]>,
    /// Of 0: packed `STATUS` each.
    #[serde(borrow)]
    notices: Vec<&'a [u8]>,
}

/// The parts of a desk, to be stored beside those of the client.
pub(crate) fn save_desk(desk: &Desk, state: &State, beside: &[Part]) -> Result<Vec<Part>, SnapshotError> {
    let saved: Vec<(&Open, Vec<Part>)> = desk
        .open
        .iter()
        .map(|open| save_operation(&open.operation, state, beside).map(|parts| (open, parts)))
        .collect::<Result<_, _>>()?;
    let open = saved.iter().map(|(open, parts)| OpenV1 {
        id: &open.id,
        digest: open.digest,
        user: open.user.as_deref(),
        parts: parts
            .iter()
            .map(|part| PartV1 {
                tag: part.tag,
                flags: u8::from(part.compress) | u8::from(part.critical) << 7,
                bytes: &part.bytes,
            })
            .collect(),
    });
    let packed: Vec<(&Finished, Packed)> =
        desk.finished.iter().map(|finished| (finished, Packed::of(finished))).collect();
    let desk = DeskV1 {
        fence: u64::from(desk.begun),
        claim: desk.claim.as_ref().map(|claim| ClaimV1 { until: claim.until.timestamp_millis(), id: &claim.id }),
        open: open.collect(),
        finished: packed.iter().map(|(finished, packed)| write_finished(finished, packed)).collect(),
    };
    Ok(vec![Part::of(DESK, true, &desk)?])
}

/// The desk and the client in the parts of a record of schema `written`.
pub(crate) fn restore_desk(written: u16, parts: Vec<Part>) -> Result<(Desk, State), SnapshotError> {
    let (own, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.tag == DESK);
    let mut parts = SCHEMA.lift(written, parts)?;
    let state = restore_state(&mut parts)?;
    let damaged = SnapshotError::Damaged(DESK);
    let found: DeskV1<'_> = Part::read(&own, DESK)?.ok_or(damaged)?;
    let claim = match found.claim {
        Some(ClaimV1 { until, id }) => Some(Claim { until: moment(until).ok_or(damaged)?, id: id.to_owned() }),
        None => None,
    };
    let open = found.open.into_iter().map(|open| restore_open(written, open));
    let desk = Desk {
        version: None,
        unanswered: Vec::new(),
        needs_reseal: false,
        begun: found.fence > 0,
        claim,
        open: open.collect::<Result<_, _>>()?,
        finished: found
            .finished
            .into_iter()
            .map(|each| read_finished(each).ok_or(damaged))
            .collect::<Result<_, _>>()?,
    };
    Ok((desk, state))
}

fn restore_open(written: u16, open: OpenV1<'_>) -> Result<Open, SnapshotError> {
    let parts = open.parts.into_iter().map(|part| Part {
        tag: part.tag,
        critical: part.flags & 128 != 0,
        compress: part.flags & 1 != 0,
        bytes: Zeroizing::new(part.bytes.to_vec()),
    });
    let parts = SCHEMA.lift(written, parts.collect())?;
    understood(&parts)?;
    // The desk is swapped before each file: of two that read it, one goes on.
    let operation = restore_operation(&parts)?.alone();
    // What this version's vault does not take was put there by a newer one, which would not hear of its result.
    if operation.kind() != if open.id == LISTING { TaskKind::ACCOUNTS } else { TaskKind::PAY } {
        return Err(SnapshotError::Newer(DESK));
    }
    Ok(Open { id: open.id.to_owned(), digest: open.digest, user: open.user.map(str::to_owned), operation })
}

/// The part of a file.
pub(crate) fn save_file(finished: &Finished) -> Result<Vec<Part>, SnapshotError> {
    Ok(vec![Part::of(FILE, true, &write_finished(finished, &Packed::of(finished)))?])
}

/// The result in the parts of a record.
pub(crate) fn restore_file(parts: &[Part]) -> Result<Finished, SnapshotError> {
    if let Some(newer) = parts.iter().find(|part| part.critical && part.tag != FILE) {
        return Err(SnapshotError::Newer(newer.tag));
    }
    Part::read(parts, FILE)?.and_then(read_finished).ok_or(SnapshotError::Damaged(FILE))
}

/// What a verdict holds in packed form.
#[derive(Default)]
struct Packed {
    answer: Option<Zeroizing<Vec<u8>>>,
    notices: Vec<Zeroizing<Vec<u8>>>,
}

impl Packed {
    fn of(finished: &Finished) -> Self {
        match &finished.verdict {
            Verdict::Paid(receipt) => Self {
                answer: Some(pack(&receipt.response.write("PMTRS", Version::V230))),
                notices: receipt.notices.iter().map(pack_status).collect(),
            },
            Verdict::Refused(refusal) => Self { answer: Some(pack_status(&refusal.status)), notices: Vec::new() },
            Verdict::Unresolved(_) | Verdict::Settled(_) => Self::default(),
        }
    }
}

fn pack_status(status: &Status) -> Zeroizing<Vec<u8>> {
    pack(&status.write("STATUS", Version::V230))
}

fn write_finished<'a>(finished: &'a Finished, packed: &'a Packed) -> FinishedV1<'a> {
    let (verdict, reason, text) = match &finished.verdict {
        Verdict::Paid(_) => (0, 0, None),
        Verdict::Refused(refusal) => {
            let at = match refusal.at {
                // The latter is no result, and is not stored.
                RefusedAt::Signon | RefusedAt::Profile => 0,
                RefusedAt::Challenge => 1,
                RefusedAt::Request => 2,
            };
            (1, at, None)
        }
        Verdict::Unresolved(doubt) => {
            let (reason, text) = write_doubt(doubt);
            (2, reason, text)
        }
        Verdict::Settled(Settlement::Made) => (3, 0, None),
        Verdict::Settled(Settlement::NotMade) => (4, 0, None),
    };
    FinishedV1 {
        id: &finished.id,
        digest: finished.digest,
        trn_uid: finished.trn_uid.as_str(),
        at: finished.at.timestamp_millis(),
        verdict,
        reason,
        text,
        answer: packed.answer.as_ref().map(|bytes| bytes.as_slice()),
        notices: packed.notices.iter().map(|bytes| bytes.as_slice()).collect(),
    }
}

fn read_finished(found: FinishedV1<'_>) -> Option<Finished> {
    let trn_uid = TrnUid::new(found.trn_uid);
    let verdict = match found.verdict {
        0 => {
            let response = PaymentResponse::read(&unpack(found.answer?)?).ok()?;
            let notices = found.notices.into_iter().map(unpack_status).collect::<Option<_>>()?;
            Verdict::Paid(Box::new(Receipt { trn_uid: trn_uid.clone(), response, notices }))
        }
        1 => {
            let at = match found.reason {
                0 => RefusedAt::Signon,
                1 => RefusedAt::Challenge,
                2 => RefusedAt::Request,
                _ => return None,
            };
            Verdict::Refused(Box::new(Refusal::new(&unpack_status(found.answer?)?, at)))
        }
        2 => Verdict::Unresolved(read_doubt(found.reason, found.text)?),
        3 => Verdict::Settled(Settlement::Made),
        4 => Verdict::Settled(Settlement::NotMade),
        _ => return None,
    };
    Some(Finished { id: found.id.to_owned(), digest: found.digest, trn_uid, at: moment(found.at)?, verdict })
}

fn unpack_status(bytes: &[u8]) -> Option<Status> {
    Status::read(&unpack(bytes)?).ok()
}

fn moment(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::client::{Client, driver};
    use crate::engine::{Include, Institution, Intent, save_state};
    use crate::ofx::{AccountType, BankAccount, Payee, Payment};

    #[test]
    fn an_operation_that_no_vault_of_this_version_begins_is_a_newer_ones() {
        let institution = Institution::new("https://ofx.bank.example/ofx").without_profile();
        let mut client = Client::builder(institution).build().unwrap();
        let from = BankAccount::new("1", "2", AccountType::Checking);
        let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
        let pay = Intent::pay(&Payment::new(from, Decimal::ONE, payee, "7", chrono::NaiveDate::default()));
        for (id, intent, is_known) in [
            ("order-1", pay.clone(), true),
            (LISTING, Intent::Accounts, true),
            (LISTING, pay, false),
            ("order-1", Intent::Accounts, false),
            ("order-1", Intent::Profile, false),
        ] {
            let operation = driver::start(&mut client, intent).unwrap();
            let open = vec![Open { id: id.to_owned(), digest: [0; 32], user: None, operation }];
            let mut parts = save_state(&client.state, Include::All).unwrap();
            parts.extend(save_desk(&Desk { open, ..Desk::default() }, &client.state, &parts).unwrap());
            let restored = restore_desk(SCHEMA.number, parts).map(|(desk, _)| desk.open.len());
            assert_eq!(restored, if is_known { Ok(1) } else { Err(SnapshotError::Newer(DESK)) }, "{id:?}");
        }
    }
}
