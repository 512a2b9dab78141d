//! What synchronization can be asked for: responses in their order, and the tokens between them. OFX 1.0.3 §6.
//!
//! A history of its own for each kind of synchronization, and for each account where the kind is of accounts.

use std::sync::Arc;

use crate::error::StatusCode;
use crate::ofx::{Answer, BankAccount, Content as _, DecodeError, Element, Reply, Status, SyncKind, TrnUid, Version};

/// One response as it is kept: to a request, or to nobody's.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) trn_uid: TrnUid,
    pub(super) status: Status,
    pub(super) reply: Option<Reply>,
}

impl Event {
    pub(super) fn new(trn_uid: &str, status: Status, reply: Option<Reply>) -> Self {
        Self { trn_uid: TrnUid::new(trn_uid), status, reply }
    }

    /// Something that the institution did by itself: `TRNUID` 0.
    pub(super) fn by_itself(reply: Reply) -> Self {
        Self::new("0", Status::new(StatusCode::SUCCESS, None), Some(reply))
    }

    pub(super) fn read(element: &Element) -> Result<Self, DecodeError> {
        let Answer { trn_uid, status, reply, .. } = Answer::read(element)?;
        Ok(Self { trn_uid, status, reply })
    }

    /// `xxxTRNRS`.
    pub(super) fn write(&self, kind: SyncKind, version: Version) -> Element {
        let mut inside = vec![self.trn_uid.write("TRNUID", version), self.status.write("STATUS", version)];
        inside.extend(self.reply.as_ref().map(|reply| reply.to_element(version)));
        Element::aggregate(kind.frame().transaction_response, inside)
    }
}

/// The responses of one kind, of a user or of one of the user's accounts.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// Tells the tokens of one scope from those of another.
    scope: u64,
    /// How many were thrown away in front of those that are kept.
    dropped: usize,
    kept: Vec<Arc<Event>>,
}

/// What a token is answered with.
#[derive(Debug, Default)]
pub(super) struct Since {
    pub(super) responses: Vec<Arc<Event>>,
    /// Responses since the token are no longer kept, or the token is not known.
    pub(super) lost: bool,
    /// Something happened since the token.
    pub(super) missing: bool,
}

impl History {
    pub(super) fn new(user: &str, kind: SyncKind, account: Option<&BankAccount>) -> Self {
        let account = account.map(|account| [account.bank_id.as_str(), &account.account_id]);
        let kind = (kind != SyncKind::Payments).then_some(kind.frame().request);
        let parts = [user].into_iter().chain(account.into_iter().flatten()).chain(kind);
        let scope = parts
            .fold(SEED, |scope, part| part.bytes().chain([0]).fold(scope, |scope, byte| mix(scope ^ u64::from(byte))));
        Self { scope, dropped: 0, kept: Vec::new() }
    }

    /// Adds a response, and throws away what is more than `most`.
    pub(super) fn push(&mut self, response: Event, most: usize) {
        self.kept.push(Arc::new(response));
        let surplus = self.kept.len().saturating_sub(most);
        self.kept.drain(..surplus);
        self.dropped += surplus;
    }

    /// The token behind the newest response.
    pub(super) fn newest(&self) -> String {
        self.token(self.length())
    }

    /// How many responses there ever were.
    pub(super) fn length(&self) -> usize {
        self.dropped + self.kept.len()
    }

    /// Those behind the first `length`, as far as they are kept.
    pub(super) fn behind(&self, length: usize) -> &[Arc<Event>] {
        self.kept.get(length.saturating_sub(self.dropped)..).unwrap_or_default()
    }

    /// What is newer than `token`; `0` for everything that is kept.
    pub(super) fn since(&self, token: &str) -> Since {
        let newest = self.length();
        let place = if token == "0" {
            Some(self.dropped)
        } else {
            (self.dropped..=newest).rev().find(|place| self.token(*place) == token)
        };
        let from = place.unwrap_or(self.dropped) - self.dropped;
        let nothing_ever = token == "0" && newest == 0;
        Since {
            responses: self.kept.iter().skip(from).cloned().collect(),
            lost: place.is_none(),
            missing: !nothing_ever && (token == "0" || place != Some(newest)),
        }
    }

    /// Everything that decides how it answers: how many there ever were, and those that are kept.
    pub(super) fn contents(&self) -> (usize, &[Arc<Event>]) {
        (self.dropped, &self.kept)
    }

    /// Ten characters that tell nothing about order, as the specification has it.
    fn token(&self, place: usize) -> String {
        let mut bits = mix(self.scope ^ u64::try_from(place).unwrap_or(u64::MAX));
        let mut token = String::from("T");
        for _ in 0..9 {
            let digit = usize::try_from(bits % 32).unwrap_or_default();
            token.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'0')));
            bits /= 32;
        }
        token
    }
}

/// One round of splitmix64: neighbours become strangers.
pub(super) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Where tokens start from.
const SEED: u64 = 0x6f66_7865_7373_696f;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
