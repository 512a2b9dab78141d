//! What runs between the claim and the file is the program's: an observer or the writer of a log that takes its time. Nothing leaves late.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ofx_session::transport::{Event, StepKind};
use ofx_session::{Client, Dialect, DocumentLog, ErrorKind, Institution, Moved, Vault};

use super::support::{Clock, Fate, House, careless, done, jane, keys, now, payment};
use crate::resume::line::MAIN;

/// Stays away for a hundred seconds, once.
#[derive(Clone)]
struct Terminal {
    clock: Arc<Clock>,
    stopped: Arc<AtomicBool>,
    shown: Arc<Mutex<String>>,
}

impl Terminal {
    fn show(&self, text: &str, may_stop: bool) {
        self.shown.lock().unwrap().push_str(text);
        if may_stop && self.stopped.swap(false, Ordering::SeqCst) {
            self.clock.advance(100);
        }
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.show(&String::from_utf8_lossy(bytes), true);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A vault whose program shows files on a terminal, by an observer or by a log.
fn watched(house: &House, terminal: &Terminal, by_log: bool, repeats: bool) -> Vault {
    let institution = Institution::new(MAIN).dialect(Dialect::new().repeat_for_cookie(repeats));
    let builder = Client::builder(institution).transport(house.line.clone());
    let terminal = terminal.clone();
    let builder = if by_log {
        builder.document_log(DocumentLog::to_writer(terminal))
    } else {
        builder.observer(move |event: &Event<'_>| {
            if let Event::Step { step: step @ (StepKind::Sent | StepKind::NoAnswer), .. } = event {
                terminal.show(&format!("{step:?} "), *step == StepKind::Sent);
            }
        })
    };
    house.vault_of(builder.build().unwrap(), &keys())
}

fn house() -> (House, Terminal) {
    let house = House::new(careless());
    let terminal = Terminal { clock: house.clock.clone(), stopped: Arc::default(), shown: Arc::default() };
    (house, terminal)
}

#[test]
fn a_file_that_was_held_up_past_its_claim_does_not_leave() {
    for by_log in [false, true] {
        let (house, terminal) = house();
        let vault = watched(&house, &terminal, by_log, false);
        let _ = now(vault.accounts(jane()));
        let sent = house.line.wire().sent.len();
        terminal.stopped.store(true, Ordering::SeqCst);
        let error = now(vault.pay("order-1", &payment(), jane())).unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::No), "{error}");
        assert!(error.to_string().contains("observer"), "{error}");
        assert_eq!(house.line.wire().sent.len(), sent);
        let shown = terminal.shown.lock().unwrap().clone();
        assert!(
            shown.ends_with(if by_log { "it was not sent: too late for it\n" } else { "Sent NoAnswer " }),
            "{shown}"
        );
        done(now(vault.pay("order-1", &payment(), jane())));
        house.line.clean(1);
    }
}

#[test]
fn a_second_copy_for_a_cookie_that_was_held_up_does_not_leave() {
    let (house, terminal) = house();
    let vault = watched(&house, &terminal, false, true);
    let _ = now(vault.accounts(jane()));
    let sent = house.line.wire().sent.len();
    house.line.then([Fate::Cookie]);
    let order = payment();
    let mut paying = std::pin::pin!(vault.pay("order-1", &order, jane()));
    assert!(super::claims::again(&mut paying).is_none(), "it waits for the institution");
    terminal.stopped.store(true, Ordering::SeqCst);
    let progress = super::claims::again(&mut paying).unwrap().unwrap();
    assert!(matches!(progress, ofx_session::Progress::Unknown(_)), "{progress:?}");
    assert_eq!(house.line.wire().sent.len(), sent, "the first copy went to whoever sets the cookie");
    house.line.clean(0);
}
