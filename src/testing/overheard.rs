//! Everything that any crate says in a process of tests, in a file, so that secrets can be searched for in it.

use std::fs::OpenOptions;
use std::sync::{Mutex, Once};

use tracing_subscriber::filter::LevelFilter;

/// Listens from now on, where `OFX_TESTING_LOG` names a file. A program that listens itself goes on to do so.
pub(super) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Some(path) = std::env::var_os("OFX_TESTING_LOG").filter(|path| !path.is_empty()) else { return };
        let Ok(file) = OpenOptions::new().append(true).create(true).open(path) else { return };
        // The thread of a test is named for it.
        let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_thread_names(true);
        let _ = subscriber.with_ansi(false).with_writer(Mutex::new(file)).try_init();
    });
}
