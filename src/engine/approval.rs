//! A client that the institution does not know yet: the user approves it there, which may take days. OFX 1.0.3 §2.5.1.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::engine::operation::Phase;
use crate::engine::{Operation, Refusal, RefusedAt, State, Step};
use crate::error::StatusCode;
use crate::ofx::{Status, shortened};

/// What the user must have approved at the institution, outside of OFX (status 15510).
///
/// The request was not looked at. It waits, under its identifiers, and is sent again once the user says that the client is
/// approved; a blob of it can wait for 30 days.
///
/// Some institutions say the same by 2000 or 15500 and only their message tells it apart from a wrong password, which locks the user out
/// when it is tried too often. That is a refusal here. A program that finds it in [`server_message`](crate::Error::server_message) shows that
/// and the [client's `CLIENTUID`](crate::Client::client_uid), stores the client ([`deconstruct`](crate::Client::deconstruct), readable for 90
/// days, and not only the paused operation), and asks again once the user has approved it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Approval {
    /// `CLIENTUID`: names this client. Show it; the institution may ask for it.
    pub client_uid: String,
    /// What the institution says that the user is to do, in its own words.
    pub message: Option<String>,
}

impl Approval {
    pub(crate) fn new(state: &State, message: Option<String>) -> Self {
        Self { client_uid: state.client_uid.clone(), message }
    }

    /// What to do, for people.
    #[must_use]
    pub fn explain(&self) -> String {
        let words = self.message.as_deref().map_or_else(String::new, |message| format!(", in its words {message:?}"));
        format!(
            "the institution wants the user to approve this client first, on its web page or by phone{words}; the client names \
             itself {}",
            self.client_uid
        )
    }
}

/// As [`Approval::explain`] says it.
impl fmt::Display for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain())
    }
}

impl Operation {
    /// The signon was refused. Nothing of the file was looked at. OFX 1.0.3 §2.5.1.
    pub(crate) fn refused_at_signon(mut self, status: &Status, state: &State, now: DateTime<Utc>) -> (Self, Step) {
        let anonymous = state.is_anonymous(self.kind);
        if status.code == StatusCode::CLIENT_UID_UNKNOWN && self.doubt.is_none() && !anonymous {
            self.phase = Phase::ExpectApproval { message: status.message.as_deref().map(shortened) };
            return self.with_step(state, now);
        }
        let refusal = Refusal::new(status, RefusedAt::Signon);
        let in_vain = status.code == StatusCode::SIGNON_INVALID && !anonymous && state.wants_encrypted(self.kind);
        self.refused(if in_vain { refusal.because(TYPE1.to_owned()) } else { refusal })
    }
}

const TYPE1: &str = "check both; the institution's profile wants the password encrypted (OFXSEC TYPE1), which this library does not do: ask \
                     the institution for another way to sign on";
