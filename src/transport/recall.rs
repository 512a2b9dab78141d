//! What a transport can prove to whoever gives up waiting for it: that the request has not left.
//!
//! Whoever drops the future of [`Transport::send`](crate::transport::Transport::send) gets no error that could say so. The client
//! keeps this beside the future, says that it gives up, drops the future, and looks.
//!
//! ```text
//! waiting ── the client gives up ──► given up ── a body is called back ──► proved
//!    └────── a body is called back ──► waiting: it failed, and what became of the request was somebody else's to say since then
//! ```
//!
//! Only what is called back *because* the client gives up counts. A transport around ours may have sent the request in another way
//! after ours had failed; that it failed then proves nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Silent unless the transport can prove it. Clones share one word.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recall(Arc<AtomicU8>);

impl Recall {
    /// The client waits no longer: from here on the future and all that is in it is dropped.
    pub(crate) fn give_up(&self) {
        self.pass(WAITING, GIVEN_UP);
    }

    /// No byte of the body has left, and none ever will.
    #[cfg(feature = "https")]
    pub(crate) fn prove(&self) {
        self.pass(GIVEN_UP, PROVED);
    }

    pub(crate) fn is_proved(&self) -> bool {
        self.0.load(Ordering::Acquire) == PROVED
    }

    fn pass(&self, from: u8, to: u8) {
        // Anything else stays as it is.
        let _ = self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }
}

const WAITING: u8 = 0;
const GIVEN_UP: u8 = 1;
const PROVED: u8 = 2;
