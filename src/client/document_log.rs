//! A log of the documents themselves, with what is secret masked.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::error::Error;
use crate::ofx::{Heard, Mask};
use crate::secret::shown;
use crate::transport::TransportError;
use crate::transport::observer::caught;

/// Records every request and every answer, to find out what an institution does not like.
///
/// Each record is a line `=== TIME request NUMBER to ADDRESS`, `answer to NUMBER from ADDRESS` or `no answer to NUMBER from ADDRESS`,
/// with the document below it, as it went over the wire but masked, or the text of the error. The time is UTC, the address has no query.
/// A request is recorded before it is sent. Works with every [`Transport`](crate::transport::Transport).
///
/// Clones write to the same place: give one to each client, and keep one to look at [`failure`](Self::failure).
///
/// # What is masked
///
/// `[masked]` stands for what may not be shown, and does not tell how long it was. Only the header, the tags without attributes, and
/// the values of elements that are known to say nothing about anybody are shown, such as `CODE`, `DTDUE` or `TRNAMT`. These are masked,
/// also where the document is cut or broken, and can be [shown](Self::show) one by one:
///
/// | | |
/// |---|---|
/// | signon | `USERID`, `USERPASS`, `NEWUSERPASS`, `TEMPPASS`, `USERKEY`, `ACCESSKEY`, `ACCESSTOKEN`, `SESSCOOKIE`, `AUTHTOKEN`, `USERCRED1`, `USERCRED2`, `MFAPHRASELABEL`, `MFAPHRASEA`, `MFACHALLENGEA`, `MFACHALLENGEANSWER`, `CLIENTUID`, `APPKEY`, `TAN`, `NONCE` |
/// | person | `TAXID`, `SSN`, `SECURITYNAME`, `DATEBIRTH`, `FIRSTNAME`, `MIDDLENAME`, `LASTNAME` |
/// | account | `ACCTID`, `ACCTKEY`, `LOANACCTID`, `PARENTACCTID`, `PAYACCT`, `NAMEACCTHELD`, `BUSNAMEACCTHELD`, `DESC`, `EXTDNAME` |
/// | payee, address | `NAME`, `PAYEE`, `BUSNAME`, `BILLERNAME`, `ADDR1`, `ADDR2`, `ADDR3`, `CITY`, `STATE`, `POSTALCODE`, `COUNTRY`, `PHONE`, `DAYPHONE`, `EVEPHONE`, `EMAIL`, `BILLREFINFO` |
/// | words | `MEMO`, `FROM`, `TO`, `SUBJECT`, `MSGBODY`, `EXTDPMTDSC`, `INVDESC`, `DSCDESC`, `ADJDESC`, `LITMDESC`, `REASON` |
///
/// Every element that OFX does not have is masked as well; one with a dot in its name, as `INTU.BID`, can be shown by that name.
/// So are comments, broken tags, and whole documents in an encoding without ASCII. What is masked goes on to the next tag that OFX has or
/// that closes the element: a value may look like any other, so more of such elements in a row are one mask where they are not closed.
/// A value of four bytes and more that was masked in its element is also masked where it comes again in one that is shown, in the same
/// document and in the answer to it, in capitals or small letters (of ASCII), and escaped or not; that holds for 512 values, those of the
/// request first. Where an answer makes it long work to find them, all that follows in it is masked but the header, the tags that OFX has,
/// and values of up to three bytes.
///
/// # When it cannot be written
///
/// A full disk is no reason to lose a payment: what cannot be written is left out, and [`failure`](Self::failure) says why. Writing
/// happens in between: a writer that blocks holds up the exchange.
///
/// # Security
///
/// Amounts, dates, identifiers and what an institution says in `MESSAGE` are shown. Whoever reads the log learns what was paid when.
///
/// # Examples
///
/// ```
/// use ofx_session::{Client, DocumentLog, Institution};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("ofx.log");
/// let log = DocumentLog::to_file(&path)?.show("ACCTID")?; // account numbers are wanted here
/// let client = Client::builder(Institution::new("https://ofx.example.com/ofx")).document_log(log.clone()).build()?;
/// assert_eq!(log.failure(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct DocumentLog {
    mask: Mask,
    sink: Arc<Mutex<Sink>>,
    /// Beside the sink, which is held while a writer writes, who may look at this.
    failure: Arc<Mutex<Option<String>>>,
}

struct Sink {
    writer: Box<dyn Write + Send>,
    /// How many requests were recorded.
    requests: u64,
}

impl DocumentLog {
    /// Appends to a file, which is made when it is not there. Only its owner can read one that was made here, on Unix.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when it cannot be opened, with the cause as its source.
    pub fn to_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|cause| Error::misuse(NOT_OPENED).with_source(cause))?;
        Ok(Self::to_writer(file))
    }

    /// Writes to any writer, one whole record at a time.
    #[must_use]
    pub fn to_writer(writer: impl Write + Send + 'static) -> Self {
        let sink = Sink { writer: Box::new(writer), requests: 0 };
        Self { mask: Mask::default(), sink: Arc::new(Mutex::new(sink)), failure: Arc::default() }
    }

    /// Shows the values of one element that are masked otherwise.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::error::ErrorKind::Misuse) when no element that is masked by name has this one: see the list above.
    ///
    /// # Security
    ///
    /// From here on the log is as private as these values are.
    pub fn show(mut self, name: &str) -> Result<Self, Error> {
        if self.mask.show(name) { Ok(self) } else { Err(Error::misuse(NO_SUCH_NAME)) }
    }

    /// Why something could not be written, when that happened last; `None` when everything was.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// Records what is about to be sent.
    pub(crate) fn request(&self, now: DateTime<Utc>, url: &str, body: &[u8]) -> Recorded {
        let mut recorded = Recorded { number: 0, address: shown(url), heard: Heard::default() };
        let document = self.mask.apply(body, &mut recorded.heard);
        let mut sink = lock(&self.sink);
        sink.requests += 1;
        recorded.number = sink.requests;
        let title = format!("request {} to {}", recorded.number, recorded.address);
        self.write(&mut sink, now, &title, &document);
        recorded
    }

    /// Records what came of it.
    pub(crate) fn answer(&self, now: DateTime<Utc>, recorded: Recorded, answer: Result<&[u8], &TransportError>) {
        let Recorded { number, address, mut heard } = recorded;
        let (title, text) = match answer {
            Ok(body) => (format!("answer to {number} from {address}"), self.mask.apply(body, &mut heard)),
            Err(error) => (format!("no answer to {number} from {address}"), masked(error, &heard)),
        };
        self.write(&mut lock(&self.sink), now, &title, &text);
    }

    /// Records that it was not sent after all.
    pub(crate) fn not_sent(&self, now: DateTime<Utc>, Recorded { number, address, .. }: &Recorded) {
        self.write(&mut lock(&self.sink), now, &format!("no answer to {number} from {address}"), NOT_SENT);
    }

    fn write(&self, sink: &mut Sink, now: DateTime<Utc>, title: &str, text: &[u8]) {
        let time = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        let record = [b"=== ", time.as_bytes(), b" ", title.as_bytes(), b"\n", text, b"\n"].concat();
        let writer = &mut sink.writer;
        let failure = match caught(|| writer.write_all(&record).and_then(|()| writer.flush())) {
            Some(Ok(())) => return,
            Some(Err(cause)) => cause.to_string(),
            None => PANICKED.to_owned(),
        };
        *lock(&self.failure) = Some(failure);
    }
}

/// Whoever had it before and panicked left nothing half done that matters.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The text of `error`, which may hold the title of a web page, and so whatever the institution likes.
fn masked(error: &TransportError, heard: &Heard) -> Vec<u8> {
    let TransportError::Html { title: Some(title) } = error else {
        return heard.masked_in(error.to_string().as_bytes());
    };
    // Before it is quoted: a secret with quotes in it looks otherwise then.
    let title = String::from_utf8_lossy(&heard.masked_in(title.as_bytes())).into_owned();
    TransportError::Html { title: Some(title) }.to_string().into_bytes()
}

/// A request in the log, whose answer is awaited.
pub(crate) struct Recorded {
    number: u64,
    address: String,
    /// What was masked in it.
    heard: Heard,
}

impl fmt::Debug for DocumentLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentLog")
            .field("mask", &self.mask)
            .field("failure", &self.failure())
            .finish_non_exhaustive()
    }
}

const NOT_SENT: &[u8] = b"it was not sent: too late for it";
const NOT_OPENED: &str = "the document log cannot be opened";
const NO_SUCH_NAME: &str = "the document log masks no element of this name; DocumentLog lists those that it does";
const PANICKED: &str = "the writer panicked";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    /// A writer that shows whether its own log is whole.
    struct Looks(Arc<Mutex<Option<DocumentLog>>>);

    impl Write for Looks {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let log = lock(&self.0).clone();
            assert_eq!(log.unwrap().failure(), None);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_writer_may_look_at_its_own_log() {
        let own = Arc::default();
        let log = DocumentLog::to_writer(Looks(Arc::clone(&own)));
        *lock(&own) = Some(log.clone());
        let (over, is_over) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let _ = log.request(DateTime::UNIX_EPOCH, "https://ofx.example.com/ofx", b"<OFX></OFX>");
            over.send(log.failure()).unwrap();
        });
        assert_eq!(is_over.recv_timeout(std::time::Duration::from_secs(60)).unwrap(), None);
    }

    #[test]
    fn a_secret_in_the_title_of_a_web_page_is_masked_before_it_is_quoted() {
        for (secret, title, shown) in [
            ("pa\"ss12", "no pa\"ss12 here", "\"no [masked] here\""),
            ("pa\\ss12", "no pa\\ss12 here", "\"no [masked] here\""),
            ("o'Brien77", "no o&#39;Brien77 here", "\"no [masked] here\""),
            ("o'Brien77", "Q&A of a \"bank\"", r#""Q&A of a \"bank\"""#),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let log = DocumentLog::to_file(folder.path().join("log")).unwrap();
            let body = format!("<OFX><USERPASS>{secret}</USERPASS></OFX>");
            let recorded = log.request(DateTime::UNIX_EPOCH, "https://ofx.example.com/ofx", body.as_bytes());
            let error = TransportError::Html { title: Some(title.to_owned()) };
            log.answer(DateTime::UNIX_EPOCH, recorded, Err(&error));
            let written = std::fs::read_to_string(folder.path().join("log")).unwrap();
            assert!(written.contains(&format!("titled {shown}:")), "{written}");
        }
    }
}
