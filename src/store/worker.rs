//! A thread that owns something which blocks, and futures for what it is asked to do. No runtime is needed.

use std::future::poll_fn;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::{io, thread};

/// Something a thread does with what it owns.
type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The way to the thread. It ends when the last copy is gone.
#[derive(Debug)]
pub(super) struct Worker<T>(Sender<Job<T>>);

impl<T> Clone for Worker<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + 'static> Worker<T> {
    /// Starts a thread that owns `owned`.
    pub(super) fn start(name: &str, mut owned: T) -> io::Result<Self> {
        let (sender, jobs) = mpsc::channel::<Job<T>>();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            for job in jobs {
                job(&mut owned);
            }
        })?;
        Ok(Self(sender))
    }

    /// Has the thread do `job`, and waits for what comes of it; `None` when the thread is gone.
    ///
    /// Nothing is handed over before this is polled.
    pub(super) async fn ask<R: Send + 'static>(&self, job: impl FnOnce(&mut T) -> R + Send + 'static) -> Option<R> {
        let slip = Arc::new(Mutex::new(Slip { result: None, waker: None, over: false }));
        let promise = Promise(Arc::clone(&slip));
        // A job that cannot be sent is dropped, and its promise with it, which ends the wait below.
        let _ = self.0.send(Box::new(move |owned| promise.keep(job(owned))));
        poll_fn(|context| {
            let mut slip = slip.lock().unwrap_or_else(PoisonError::into_inner);
            if slip.over {
                return Poll::Ready(slip.result.take());
            }
            slip.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

/// What passes between a job and whoever waits for it.
struct Slip<R> {
    result: Option<R>,
    waker: Option<Waker>,
    over: bool,
}

/// Kept or dropped, it wakes whoever waits.
struct Promise<R>(Arc<Mutex<Slip<R>>>);

impl<R> Promise<R> {
    fn keep(self, result: R) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).result = Some(result);
    }
}

impl<R> Drop for Promise<R> {
    fn drop(&mut self) {
        let waker = {
            let mut slip = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slip.over = true;
            slip.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_panics_ends_the_wait_of_all() -> io::Result<()> {
        let worker = Worker::start("test", 1_u8)?;
        let runtime = tokio::runtime::Runtime::new()?;
        assert_eq!(runtime.block_on(worker.ask(|owned| *owned + 1)), Some(2));
        assert_eq!(runtime.block_on(worker.ask(|_| std::panic::resume_unwind(Box::new(())))), None::<()>);
        assert_eq!(runtime.block_on(worker.ask(|owned| *owned)), None);
        Ok(())
    }
}
