//! Waiting for a future on the thread that calls, and the one thread in the background that moves bytes meanwhile.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread, ThreadId};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, TryCurrentError};
use tokio::task::unconstrained;

use crate::error::{Delivery, Error, ErrorKind, Moved};

/// Waits for any future of this library, on any thread: for the calls of a [`Store`](crate::store::Store) or a
/// [`Transport`](crate::transport::Transport), which the types of this module call by themselves.
///
/// The future runs on the calling thread, which sleeps in between. Connections and timers live on the thread in the
/// background, for as long as the process does: a store that connects here keeps its connection for the next call. What needs a
/// tokio runtime needs it inside: `wait(async { tokio::time::sleep(time).await })`.
///
/// # Errors
///
/// The future was not polled. [`ErrorKind::Transport`] when the thread in the background cannot be started; the next call tries
/// again. [`ErrorKind::Misuse`] in the thread in the background itself, which would wait for what it has to do: what tokio
/// spawns inside of a wait runs there. The same in the destructor of a thread-local value, once what tokio keeps for that thread is
/// destroyed.
///
/// # Examples
///
/// ```
/// use ofx_session::blocking;
/// use ofx_session::store::{Memory, Record, RecordKey, Store, Swap, Version};
///
/// let store = Memory::new(); // or Redis, Postgres, Sqlite
/// let (key, record) = (RecordKey::new([1; 32]), Record::new(Version::new([2; 16]), b"sealed".as_slice()));
/// assert_eq!(blocking::wait(store.create(&key, &record))??, Swap::Done);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait<F: Future>(future: F) -> Result<F::Output, Error> {
    let around = Handle::try_current();
    if around.as_ref().is_err_and(TryCurrentError::is_thread_local_destroyed) {
        return Err(Error::misuse(HAS_ENDED).with_moved(Moved::Unknown));
    }
    let background = background(&BACKGROUND, start)?;
    let here = thread::current();
    if here.id() == background.thread {
        return Err(Error::misuse(WAITS_FOR_ITSELF).with_moved(Moved::Unknown));
    }
    // Whoever gives others their turn is woken by the scheduler of this thread, which does nothing before we return.
    let is_heard = around.is_err();
    // Entering is allowed where another runtime is at work on this thread; its block_on is what panics there.
    let _inside = background.runtime.enter();
    // A task that calls has a budget, and ours would be counted against it: once it is spent, every socket says "not yet" until
    // the task is polled anew, which cannot be before we return.
    let mut future = pin!(unconstrained(future));
    let bell = Arc::new(Bell { sleeper: here, rung: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
        if is_heard {
            bell.sleep();
        } else {
            bell.nap();
        }
    }
}

/// Wakes the thread that waits.
struct Bell {
    sleeper: Thread,
    rung: AtomicBool,
}

impl Bell {
    /// Returns once it was rung since the last time. A thread can be unparked by anybody, for reasons of theirs.
    fn sleep(&self) {
        while !self.rung.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }

    /// The same, or returns after a while.
    fn nap(&self) {
        if !self.rung.swap(false, Ordering::Acquire) {
            thread::park_timeout(NAP);
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.sleeper.unpark();
    }
}

/// The thread that has the sockets and the timers, and its runtime.
struct Background {
    runtime: Handle,
    thread: ThreadId,
}

static BACKGROUND: OnceLock<Background> = OnceLock::new();

/// One at a time starts it.
static STARTING: Mutex<()> = Mutex::new(());

/// What runs in the background, started when it is first needed.
fn background(
    started: &'static OnceLock<Background>,
    start: impl FnOnce() -> io::Result<Background>,
) -> Result<&'static Background, Error> {
    if let Some(background) = started.get() {
        return Ok(background);
    }
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(background) = started.get() {
        return Ok(background);
    }
    let background = start().map_err(|cause| {
        // What was to be found out about an earlier payment was not found out.
        Error::new(ErrorKind::Transport, Delivery::NotSent, NO_THREAD).with_moved(Moved::Unknown).with_source(cause)
    })?;
    Ok(started.get_or_init(|| background))
}

/// A thread of its own that drives sockets and timers and runs what is spawned.
fn start() -> io::Result<Background> {
    let owned = Builder::new_current_thread().thread_name(NAME).enable_all().build()?;
    let runtime = owned.handle().clone();
    let thread = thread::Builder::new().name(NAME.to_owned()).spawn(move || owned.block_on(pending::<()>()))?;
    Ok(Background { runtime, thread: thread.thread().id() })
}

/// How long whoever waits where a runtime is at work goes without looking for himself: short for a person, long for a processor.
const NAP: Duration = Duration::from_millis(10);

/// What a list of threads shows.
const NAME: &str = "ofx-session";

const NO_THREAD: &str = "the thread that moves bytes in the background cannot be started, so nothing was sent: this process may \
                         have no more threads, files or memory";

const WAITS_FOR_ITSELF: &str = "this was called in the thread that moves bytes in the background, which would wait for itself: call it \
                                in another one (tokio's spawn_blocking has some)";

const HAS_ENDED: &str = "this was called in the destructor of a thread-local value, where what tokio keeps for the thread is destroyed \
                         already: call it before the thread ends";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_cannot_be_started_is_an_error_and_is_tried_again() -> Result<(), Error> {
        static HERE: OnceLock<Background> = OnceLock::new();
        let failed = background(&HERE, || Err(io::ErrorKind::WouldBlock.into()));
        let error = failed.err().ok_or_else(|| Error::misuse("it was started"))?;
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Transport, Delivery::NotSent));
        assert_eq!(error.money_may_have_moved(), Moved::Unknown, "an earlier payment was not found out about");
        assert!(std::error::Error::source(&error).is_some());

        let first = background(&HERE, start)?;
        let again = background(&HERE, || Err(io::ErrorKind::WouldBlock.into()))?;
        assert!(std::ptr::eq(first, again), "it is started once");
        Ok(())
    }

    #[test]
    fn whoever_is_unparked_for_nothing_goes_on_sleeping() -> Result<(), Error> {
        let sleeper = thread::current();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let other = thread::spawn(move || {
            for _ in 0..100 {
                sleeper.unpark();
                thread::yield_now();
            }
            sender.send(7)
        });
        assert_eq!(wait(receiver.recv())?, Some(7));
        assert!(other.join().is_ok_and(|sent| sent.is_ok()));
        Ok(())
    }
}
