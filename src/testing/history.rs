//! What synchronization can be asked for: responses in their order, and the tokens between them. OFX 1.0.3 §6.

use std::sync::Arc;

use crate::ofx::{BankAccount, PaymentTransactionResponse};

/// The responses to the payments of one user and account.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// Tells the tokens of one scope from those of another.
    scope: u64,
    /// How many were thrown away in front of those that are kept.
    dropped: usize,
    kept: Vec<Arc<PaymentTransactionResponse>>,
}

/// What a token is answered with.
#[derive(Debug, Default)]
pub(super) struct Since {
    pub(super) responses: Vec<Arc<PaymentTransactionResponse>>,
    /// Responses since the token are no longer kept, or the token is not known.
    pub(super) lost: bool,
    /// Something happened since the token.
    pub(super) missing: bool,
}

impl History {
    pub(super) fn new(user: &str, account: &BankAccount) -> Self {
        let scope = [user, &account.bank_id, &account.account_id]
            .iter()
            .fold(SEED, |scope, part| part.bytes().chain([0]).fold(scope, |scope, byte| mix(scope ^ u64::from(byte))));
        Self { scope, dropped: 0, kept: Vec::new() }
    }

    /// Adds a response, and throws away what is more than `most`.
    pub(super) fn push(&mut self, response: PaymentTransactionResponse, most: usize) {
        self.kept.push(Arc::new(response));
        let surplus = self.kept.len().saturating_sub(most);
        self.kept.drain(..surplus);
        self.dropped += surplus;
    }

    /// The token behind the newest response.
    pub(super) fn newest(&self) -> String {
        self.token(self.dropped + self.kept.len())
    }

    /// What is newer than `token`; `0` for everything that is kept.
    pub(super) fn since(&self, token: &str) -> Since {
        let newest = self.dropped + self.kept.len();
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
    pub(super) fn contents(&self) -> (usize, &[Arc<PaymentTransactionResponse>]) {
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
