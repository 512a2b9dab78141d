//! The proof behind "not sent": a body that goes out at most once, and that can be called back until it does.
//!
//! ```text
//! waiting ── the HTTP stack asks for the body ──► gone     (from here on: unknown)
//!    └────── take_back ─────────────────────────► revoked  (from here on: not sent, for ever)
//! ```
//!
//! An observer is told in between: the body is still here, however long that takes, and can be called back meanwhile.
//!
//! One atomic step decides between the two. So even when a timeout and the connection race on two threads, a request
//! that was reported as not sent can never leave. Nor can one that is late, whoever has held it up: a program's own code on the thread
//! of the connection, or a process that slept.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::secret::Wiped;
use crate::transport::Recall;
use crate::transport::watch::Watch;

/// The sender's end. Dropping it calls back a body that has not left.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Arc<AtomicU8>,
    recall: Option<Recall>,
}

impl Gate {
    /// Puts `bytes` behind a new gate, which closes at `until`. `watch` is told when they are about to leave.
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>, watch: Arc<Watch>, until: Option<Instant>) -> (Self, Gated) {
        // Nobody asks for the bytes of an empty body, so there would be no proof: it counts as gone from the start.
        let first = if bytes.is_empty() { GONE } else { WAITING };
        let state = Arc::new(AtomicU8::new(first));
        // Not a copy: the owner inside wipes the bytes when the last view of them is dropped.
        let bytes = Bytes::from_owner(Wiped::from(bytes));
        (Self { state: Arc::clone(&state), recall: None }, Gated { state, bytes: Some(bytes), watch, until })
    }

    /// Proves to `recall`, when it is dropped because the client gives up, that the body has not left, if that is so.
    pub(crate) fn telling(mut self, recall: Recall) -> Self {
        self.recall = Some(recall);
        self
    }

    /// Calls the body back. True when no byte of it has left, and then none ever will.
    pub(crate) fn take_back(&self) -> bool {
        pass(&self.state, REVOKED) || self.state.load(Ordering::Acquire) == REVOKED
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if self.take_back() {
            self.recall.iter().for_each(Recall::prove);
        }
    }
}

/// The HTTP stack's end: a body of one piece.
///
/// It cannot be cloned, so whatever the stack retries, it cannot send this twice.
pub(crate) struct Gated {
    state: Arc<AtomicU8>,
    bytes: Option<Bytes>,
    watch: Arc<Watch>,
    until: Option<Instant>,
}

impl Body for Gated {
    type Data = Bytes;
    type Error = Revoked;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Revoked>>> {
        let Some(bytes) = self.bytes.take() else {
            return Poll::Ready(None);
        };
        if self.state.load(Ordering::Acquire) != REVOKED {
            self.watch.sends(bytes.len());
        }
        // Only now: whoever was told may have taken longer than anybody waits.
        if self.until.is_some_and(|until| Instant::now() >= until) {
            pass(&self.state, REVOKED);
        }
        let may_leave = bytes.is_empty() || pass(&self.state, GONE);
        Poll::Ready(Some(if may_leave { Ok(Frame::data(bytes)) } else { Err(Revoked(())) }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.bytes.as_ref().map_or(0, Bytes::len);
        u64::try_from(left).map_or_else(|_| SizeHint::new(), SizeHint::with_exact)
    }
}

/// Tells the HTTP stack to drop the connection: the sender has given up.
#[derive(Debug)]
pub(crate) struct Revoked(());

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was called back before it was sent")
    }
}

impl std::error::Error for Revoked {}

fn pass(state: &AtomicU8, to: u8) -> bool {
    state.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

const WAITING: u8 = 0;
const GONE: u8 = 1;
const REVOKED: u8 = 2;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
mod tests {
    use std::sync::Mutex;
    use std::task::Waker;
    use std::time::Duration;

    use super::*;
    use crate::transport::Event;

    fn gate(bytes: &[u8]) -> (Gate, Gated) {
        Gate::new(Zeroizing::new(bytes.to_vec()), Watch::new(None, "here".to_owned(), None, true), None)
    }

    fn pull(body: &mut Gated) -> Option<Result<Vec<u8>, Revoked>> {
        match Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(frame)) => Some(frame.map(|frame| frame.into_data().unwrap().to_vec())),
            Poll::Ready(None) => None,
            Poll::Pending => panic!("the body is there at once"),
        }
    }

    #[test]
    fn a_body_that_left_cannot_be_called_back() {
        let (gate, mut body) = gate(b"pay");
        assert_eq!(body.size_hint().exact(), Some(3));
        assert_eq!(pull(&mut body).unwrap().unwrap(), b"pay");
        assert!(!gate.take_back());
        assert!(body.is_end_stream());
        assert!(pull(&mut body).is_none());
    }

    #[test]
    fn a_body_that_was_called_back_cannot_leave() {
        let (gate, mut body) = gate(b"pay");
        assert!(gate.take_back());
        assert!(gate.take_back(), "asking twice gives the same answer");
        assert!(pull(&mut body).unwrap().is_err());
    }

    #[test]
    fn a_body_is_called_back_while_an_observer_is_told_of_it() {
        let ours = Arc::new(Mutex::new(None::<Gate>));
        let (held, told) = (Arc::clone(&ours), Arc::new(AtomicU8::new(0)));
        let times = Arc::clone(&told);
        let observer = move |_: &Event<'_>| {
            times.fetch_add(1, Ordering::Relaxed);
            assert!(held.lock().unwrap().as_ref().is_some_and(Gate::take_back));
        };
        let watch = Watch::new(Some(Arc::new(observer)), "here".to_owned(), None, true);
        let (gate, mut body) = Gate::new(Zeroizing::new(b"pay".to_vec()), Arc::clone(&watch), None);
        *ours.lock().unwrap() = Some(gate);
        assert!(pull(&mut body).unwrap().is_err());
        assert_eq!(told.load(Ordering::Relaxed), 1);
        // One that was called back before is not about to leave.
        let (gate, mut body) = Gate::new(Zeroizing::new(b"pay".to_vec()), watch, None);
        assert!(gate.take_back() && pull(&mut body).unwrap().is_err());
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_body_that_is_late_cannot_leave() {
        for (until, leaves) in [(Instant::now() + Duration::from_secs(3600), true), (Instant::now(), false)] {
            let watch = Watch::new(None, "here".to_owned(), None, true);
            let (gate, mut body) = Gate::new(Zeroizing::new(b"pay".to_vec()), watch, Some(until));
            assert_eq!(pull(&mut body).unwrap().is_ok(), leaves);
            assert_eq!(gate.take_back(), !leaves);
        }
    }

    #[test]
    fn giving_up_the_wait_calls_the_body_back() {
        let (gate, mut body) = gate(b"pay");
        drop(gate);
        assert!(pull(&mut body).unwrap().is_err());
    }

    #[test]
    fn what_was_given_up_tells_whether_it_had_left() {
        for leaves in [true, false] {
            let recall = Recall::default();
            let (gate, mut body) = gate(b"pay");
            let gate = gate.telling(recall.clone());
            if leaves {
                pull(&mut body).unwrap().unwrap();
            }
            recall.give_up();
            assert!(!recall.is_proved());
            drop(gate);
            assert_eq!(recall.is_proved(), !leaves);
            assert_ne!(pull(&mut body).is_some_and(|pulled| pulled.is_err()), leaves);
        }
    }

    #[test]
    fn what_failed_before_it_was_given_up_proves_nothing() {
        let recall = Recall::default();
        let (gate, _body) = gate(b"pay");
        drop(gate.telling(recall.clone()));
        recall.give_up();
        assert!(!recall.is_proved());
    }

    #[test]
    fn an_empty_body_is_never_called_unsent() {
        let (gate, _body) = gate(b"");
        assert!(!gate.take_back());
    }
}
