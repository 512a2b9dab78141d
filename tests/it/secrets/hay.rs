//! Where everything that is said is collected, and the canaries are searched for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::listening::another_listener;

/// What was said, by kind.
#[derive(Default)]
pub(super) struct Hay(Mutex<BTreeMap<&'static str, Vec<u8>>>);

impl Hay {
    pub(super) fn put(&self, kind: &'static str, text: &[u8]) {
        let mut all = self.0.lock().unwrap();
        let page = all.entry(kind).or_default();
        page.extend_from_slice(text);
        page.push(b'\n');
    }

    pub(super) fn debug(&self, kind: &'static str, value: &(impl Debug + ?Sized)) {
        self.put(kind, format!("{value:?}\n{value:#?}").as_bytes());
    }

    /// An error with everything behind it.
    pub(super) fn error(&self, error: &(dyn StdError + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.put("an error", format!("{error}\n{error:?}\n{error:#?}").as_bytes());
            next = error.source();
        }
    }

    /// A writer whose content is collected.
    pub(super) fn page(self: &Arc<Self>, kind: &'static str) -> Page {
        Page(Arc::clone(self), kind)
    }

    /// Runs `work` on this thread, and collects what all crates say to `tracing` and `log` meanwhile, and its panics.
    pub(super) fn listening<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        let page = self.page("tracing");
        let _both = another_listener();
        let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        let _guard = subscriber.with_writer(move || page.clone()).finish().set_default();
        hear_panics();
        PANICS.set(Some(Arc::clone(self)));
        let result = work();
        PANICS.set(None);
        result
    }

    pub(super) fn amount(&self, kind: &str) -> usize {
        self.0.lock().unwrap().get(kind).map_or(0, Vec::len)
    }

    pub(super) fn everything(&self) -> String {
        let all = self.0.lock().unwrap();
        all.values().map(|page| String::from_utf8_lossy(page)).collect::<Vec<_>>().concat()
    }

    /// Where a canary is, in any spelling: the kind and the line.
    pub(super) fn find(&self, canary: &str, among: impl Fn(&str) -> bool) -> Vec<String> {
        self.find_bytes(canary, canary.as_bytes(), among)
    }

    /// As [`find`](Self::find), of what is no text.
    pub(super) fn find_bytes(&self, canary: &str, bytes: &[u8], among: impl Fn(&str) -> bool) -> Vec<String> {
        let spellings = spellings(bytes);
        let all = self.0.lock().unwrap();
        let mut found = Vec::new();
        for (kind, page) in all.iter().filter(|(kind, _)| among(kind)) {
            let text = String::from_utf8_lossy(page).to_lowercase();
            // Lists of numbers, which the pretty form writes one a line.
            let joined = text.replace([' ', '\n'], "");
            for spelling in &spellings {
                if let Some(line) = text.lines().find(|line| line.contains(spelling)) {
                    found.push(format!("{canary} in {kind}: {}", line.chars().take(300).collect::<String>()));
                } else if joined.contains(spelling) {
                    found.push(format!("{canary} in {kind}, written in several lines"));
                }
            }
        }
        found
    }
}

/// A canary as a careless program would write it, in lower case.
fn spellings(bytes: &[u8]) -> Vec<String> {
    use base64::Engine as _;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes);
    // The last digits depend on what follows.
    let base64 = base64[..base64.len() - 2].to_owned();
    let escaped: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    text.into_iter().chain([hex, list, base64, escaped]).map(|text| text.to_lowercase()).collect()
}

/// Collects what is written.
#[derive(Clone)]
pub(super) struct Page(Arc<Hay>, &'static str);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.put(self.1, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

thread_local! {
    /// Who wants the panics of this thread.
    static PANICS: RefCell<Option<Arc<Hay>>> = const { RefCell::new(None) };
}

/// Panics go where they went before as well: tests run side by side.
fn hear_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if let Some(hay) = PANICS.with_borrow(Clone::clone) {
                hay.put("a panic", panic.to_string().as_bytes());
            }
            before(panic);
        }));
    });
}
