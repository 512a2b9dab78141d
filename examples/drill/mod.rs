//! What the crash drill and `tests/process` share: processes that pay through a vault and stop where they are told to.
//!
//! A child reads one [`Order`] per line from its standard input and answers with lines of [`Told`]. Where an order says so, it
//! stops at a [`Point`], says that it is there, and does nothing any more: whoever started it kills it.

pub mod child;
pub mod hooks;
pub mod process;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub type Problem = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T> = std::result::Result<T, Problem>;

/// Of every user.
pub const PASSWORD: &str = "correct horse";

/// Where a process can be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Point {
    BeforeClaim,
    AfterClaim,
    AfterWriteAhead,
    /// The payment was handed to the network, and the answer is not here.
    AfterSend,
    AfterAnswer,
    BeforeResult,
    AfterResult,
    /// Before the result of an earlier payment gets a file of its own.
    Filing,
    /// It has its file, and is still on the desk.
    Filed,
    /// Before the institution is asked what became of a payment.
    Reconciling,
    /// It has answered that.
    Reconciled,
    /// Anywhere.
    Random,
}

impl Point {
    /// Those at which a process stops by itself.
    pub const NAMED: [Self; 11] = [
        Self::BeforeClaim,
        Self::AfterClaim,
        Self::AfterWriteAhead,
        Self::AfterSend,
        Self::AfterAnswer,
        Self::BeforeResult,
        Self::AfterResult,
        Self::Filing,
        Self::Filed,
        Self::Reconciling,
        Self::Reconciled,
    ];

    /// Those behind which the payment is in doubt.
    pub const IN_DOUBT: [Self; 4] = [Self::AfterWriteAhead, Self::AfterSend, Self::AfterAnswer, Self::BeforeResult];
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BeforeClaim => "before the claim",
            Self::AfterClaim => "after the claim",
            Self::AfterWriteAhead => "after the write-ahead",
            Self::AfterSend => "after the send",
            Self::AfterAnswer => "after the answer",
            Self::BeforeResult => "before the result is stored",
            Self::AfterResult => "after the result is stored",
            Self::Filing => "while filing, before the file",
            Self::Filed => "while filing, behind the file",
            Self::Reconciling => "while reconciling, before asking",
            Self::Reconciled => "while reconciling, answered",
            Self::Random => "at a random moment",
        })
    }
}

/// What a child is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// `sqlite:PATH`, `redis://..` or `postgres://..`.
    pub store: String,
    /// Tells the records of this run from those of others in the same store.
    pub tenant: String,
    pub url: String,
    /// The institution's authority, PEM.
    pub ca_file: PathBuf,
    /// At the institution; each user has a vault of its own.
    pub user: String,
    /// The payment's number: its id, its `MEMO` and its amount come of it.
    pub number: usize,
    /// Of tenths of a cent: the institution refuses it, and says so in its history, too.
    pub refused: bool,
    /// Whether to pay. If not, only to say what the store says.
    pub pay: bool,
    pub stop: Option<Point>,
    pub lease_millis: u64,
}

impl Order {
    /// The application's own name of the payment, and its mark in the institution's ledger.
    pub fn id(&self) -> String {
        id(self.number)
    }
}

/// See [`Order::id`].
pub fn id(number: usize) -> String {
    format!("bill {number}")
}

/// What a child says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// It is there, and does nothing any more.
    At(Point),
    End(End),
}

/// How one order ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// `SRVRTID` of the receipt.
    Paid(String),
    /// The institution's status.
    Rejected(u32),
    /// Nobody can find out.
    Unknown(String),
    /// Another process is at work, at the latest until then: unix milliseconds.
    Busy(i64),
    /// Not over: ask again. Why.
    Again(String),
}

impl End {
    /// Whether the payment is over.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Paid(_) | Self::Rejected(_) | Self::Unknown(_))
    }
}
