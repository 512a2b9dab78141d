//! The runtime around a call: whether it has what is needed, and what panics in it.
//!
//! A panic that went on through a call would leave in doubt what has not left, because nobody could say so any more.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::sleep;

use crate::transport::TransportError;
use crate::transport::observer::caught;
use crate::transport::options::Reason;

/// That around this call. Refuses a thread without one, and one without time: the HTTP stack would panic further down.
pub(crate) fn here() -> Result<Id, TransportError> {
    let here = Handle::try_current().map_err(|_| NO_RUNTIME.error())?;
    // It does not say whether it has a clock, and panics where it has none.
    caught(|| drop(sleep(Duration::ZERO))).map(|()| here.id()).ok_or_else(|| NO_TIME.error())
}

/// What `future` gives, or that it panicked.
pub(crate) async fn whole<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    let polled = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(left) => Poll::Ready(Err(Panicked { lacks_io: lacks_io(&*left) })),
    });
    polled.await
}

/// The HTTP stack panicked.
pub(crate) struct Panicked {
    lacks_io: bool,
}

impl Panicked {
    /// Before the body left.
    pub(crate) fn not_sent(&self) -> TransportError {
        if self.lacks_io { NO_IO.error() } else { PANICKED.error() }
    }
}

/// Whether it says that there is no I/O. There is no asking a runtime for it but by opening a socket.
fn lacks_io(left: &(dyn Any + Send)) -> bool {
    let text = left.downcast_ref::<String>().map(String::as_str).or_else(|| left.downcast_ref::<&str>().copied());
    text.is_some_and(|text| text.contains("enable_io"))
}

const NO_RUNTIME: Reason = Reason(
    "there is no tokio runtime around this call: make it inside of one, or use ofx_session::blocking (feature blocking)",
);
const NO_TIME: Reason = Reason(
    "the tokio runtime around this call has no clock: switch it on where the runtime is built (enable_time or enable_all), or use \
     ofx_session::blocking (feature blocking)",
);
const NO_IO: Reason = Reason(
    "the tokio runtime around this call has no I/O: switch it on where the runtime is built (enable_io or enable_all), or use \
     ofx_session::blocking (feature blocking)",
);
const PANICKED: Reason = Reason("the HTTP stack panicked, and standard error says where");

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "on purpose")]

    use super::*;

    #[tokio::test]
    async fn what_panics_is_over() {
        let panicked = whole(async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        });
        assert!(panicked.await.is_err_and(|panicked| panicked.not_sent().to_string().contains("panicked")));
        assert!(whole(async { 1 }).await.is_ok_and(|given| given == 1));
    }
}
