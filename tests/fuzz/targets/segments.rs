//! Any content behind a valid digest: read or refused in little memory; and what is read stays what it is when it is stored again.
#![no_main]

use std::sync::{Arc, LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use ofx_session::client::fuzzing::{self, Piece};
use ofx_session::transport::{Request, Response, Sending, Transport};
use ofx_session::{Blob, Client, Credentials, Paused, Session};
use ofx_session_fuzz::{Counting, measured, now, patched, session};

#[global_allocator]
static COUNTING: Counting = Counting;

static REAL: LazyLock<Vec<Piece>> = LazyLock::new(|| {
    let blob = session().pause_plain_including_private().unwrap();
    fuzzing::pieces(true, &blob).unwrap()
});

/// Notes where requests go and answers each with the same bytes.
#[derive(Debug, Default)]
struct Witness(Arc<Mutex<Vec<String>>>, Vec<u8>);

impl Transport for Witness {
    fn send(&self, request: Request) -> Sending<'_> {
        self.0.lock().unwrap().push(request.url().to_owned());
        let body = self.1.clone();
        Box::pin(async move { Response::from_http_200(Some("application/x-ofx"), body) })
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    let paused = mode & 1 == 1;
    let made = match mode >> 1 & 3 {
        0 => fuzzing::blob_of_content(paused, data),
        1 => fuzzing::blob_of_pieces(paused, &apart(data)),
        // One segment of a real blob is another.
        _ => {
            let mut pieces = REAL.clone();
            let which = usize::from(mode >> 3) % pieces.len();
            let piece = &mut pieces[which];
            piece.3 = if mode >> 1 & 3 == 2 { patched(&piece.3, data) } else { data.to_vec() };
            fuzzing::blob_of_pieces(paused, &pieces)
        }
    };
    let Some(blob) = made else { return };
    if paused {
        let (found, most) = measured(|| Client::resume_plain(&blob));
        assert!(most <= ALLOWED, "{most} bytes");
        if found.is_ok() {
            stored_again(&blob, data);
        }
    } else {
        let (found, most) = measured(|| Client::restore_plain(&blob));
        assert!(most <= ALLOWED, "{most} bytes");
        if let Ok(found) = found {
            look(&found);
            let Ok(first) = found.deconstruct_plain_including_private() else { return };
            let again = Client::restore_plain(&first).expect("what was stored is read");
            let second = again.deconstruct_plain_including_private().expect("and stored again");
            assert!(fuzzing::pieces(false, &first) == fuzzing::pieces(false, &second));
        }
    }
});

/// Tag, flags, length, bytes; over and over.
fn apart(mut data: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let [tag, flags, high, low, rest @ ..] = data {
        let (bytes, behind) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
        pieces.push((*tag, flags & 1 == 1, flags & 2 == 2, bytes.to_vec()));
        data = behind;
    }
    pieces
}

fn look(client: &Client) {
    let _ = (client.profile(), client.known_accounts().len(), client.client_uid(), client.has_access_key());
    let _ = format!("{client:?}");
}

/// Pausing what was resumed changes neither what it is nor where it goes.
fn stored_again(blob: &Blob, answer: &[u8]) {
    let paused = resume(blob);
    look(paused.client());
    let (shown, payment, uid) = (format!("{:?}", paused.situation()), paused.payment(), paused.trn_uid());
    let Ok(first) = open(paused).pause_plain_including_private() else { return };
    let again = resume(&first);
    assert_eq!(format!("{:?}", again.situation()), shown);
    assert!(again.payment() == payment && again.trn_uid() == uid);
    let second = open(again).pause_plain_including_private().expect("stored once, stored twice");
    assert!(fuzzing::pieces(true, &first) == fuzzing::pieces(true, &second));
    assert_eq!(places(blob, answer), places(&second, answer));
}

/// Where the requests go when the operation is gone on with, and every answer is this.
fn places(blob: &Blob, answer: &[u8]) -> Vec<String> {
    let seen = Arc::default();
    let mut opened = open(resume(blob).transport(Witness(Arc::clone(&seen), answer.to_vec())));
    if let Err(error) = now(opened.proceed()) {
        let _ = format!("{error}{error:?}");
    }
    std::mem::take(&mut *seen.lock().unwrap())
}

fn resume(blob: &Blob) -> Paused {
    Client::resume_plain(blob).expect("what was stored is read")
}

fn open(paused: Paused) -> Session {
    paused.open_risking_a_second_payment(Credentials::user_key("key")).expect("names no other user")
}

/// The content inflated, and as much again for what is made of it.
const ALLOWED: usize = 192 * 1024;
