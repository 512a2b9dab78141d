//! The log of documents.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ofx_session::testing::Bank;
use ofx_session::transport::TransportError;
use ofx_session::{Answers, Client, DocumentLog, ErrorKind, Progress};

use super::{Line, builder, context, jane, keys, payment, questioning};

/// A writer whose content a test can look at.
#[derive(Clone, Default)]
pub(super) struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer that fails in a way of its own.
struct Full(Fails);

type Fails = fn() -> io::Result<usize>;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        self.0()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const PRIVATE: [&str; 8] =
    ["correct horse", "Garcia", "1000001", "88-204-117", "Harbor", "Quay", "401-555-0142", "query-secret"];

#[tokio::test]
async fn requests_and_answers_are_recorded_with_what_is_private_masked() {
    let (line, page) = (Line::new(questioning()), Page::default());
    let client = builder().transport(line.clone()).document_log(DocumentLog::to_writer(page.clone())).build().unwrap();
    let mut session = client.open(jane()).unwrap();
    let Progress::Ask(_) = session.pay(&payment()).await.unwrap() else { panic!("asked nothing") };
    let blob = session.pause(&keys(), &context()).unwrap();
    let paused = Client::resume(&blob, &keys(), &context()).unwrap().transport(line.clone());
    let paused = paused.document_log(DocumentLog::to_writer(page.clone()));
    let mut session = paused.open_risking_a_second_payment(jane()).unwrap();
    let answers = Answers::new().with("MFA16", "Garcia").with("MFA1", "Newport");
    session.answer(answers).await.unwrap().done().unwrap();
    let key = session.document().unwrap().unwrap();
    let key = key.find("/OFX/SIGNONMSGSRSV1/SONRS/ACCESSKEY").and_then(|leaf| leaf.text()).unwrap().to_owned();
    line.fail_next(TransportError::Timeout { host: "ofx.bank.example".to_owned(), source: None });
    session.accounts().await.unwrap_err();
    let text = page.text();
    for private in PRIVATE.into_iter().chain([key.as_str()]) {
        assert!(!text.contains(private), "{private}: {text}");
    }
    for shown in [
        " request 1 to https://ofx.bank.example/ofx\n",
        " answer to 1 from https://ofx.bank.example/ofx\n",
        " no answer to 2 from https://ofx.bank.example/ofx\nofx.bank.example did not answer in time",
        "<USERID>[masked]",
        "<USERPASS>[masked]",
        "<MFAPHRASEID>MFA16",
        "<MFAPHRASEA>[masked]",
        "<ACCESSKEY>[masked]",
        "<ACCTID>[masked]",
        "<TRNAMT>84.2",
        "<NAME>[masked]",
        "<CODE>3000",
        "<FINAME>",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    // Every value that is masked is one that is masked by name: nothing of a good exchange is unknown.
    let unknown: Vec<_> =
        text.split('<').filter_map(|part| part.split_once(">[masked]").map(|(name, _)| name)).collect();
    assert!(unknown.iter().all(|name| DocumentLog::to_writer(Page::default()).show(name).is_ok()), "{unknown:?}");
}

#[test]
fn a_file_is_appended_to_and_is_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ofx.log");
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let log = DocumentLog::to_file(&path).unwrap().show("acctid").unwrap();
        let client = builder().transport(Line::new(Bank::builder().user("jane", "correct horse"))).build().unwrap();
        let mut session = client.document_log(log.clone()).open(jane()).unwrap();
        runtime.block_on(session.pay(&payment())).unwrap().done().unwrap();
        assert_eq!(log.failure(), None);
        std::fs::read_to_string(&path).unwrap()
    };
    let (once, twice) = (run(), run());
    assert!(twice.starts_with(&once) && twice.matches(" request 1 to ").count() == 2);
    assert!(once.contains("<ACCTID>1000001") && once.contains("<USERPASS>[masked]"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let error = DocumentLog::to_file(folder.path()).unwrap_err();
    assert_eq!((error.kind(), std::error::Error::source(&error).is_some()), (ErrorKind::Misuse, true));
    assert_eq!(DocumentLog::to_file(&path).unwrap().show("PASSWORD").unwrap_err().kind(), ErrorKind::Misuse);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_loses_no_payment() {
    let cases: [(Fails, &str); 3] = [
        (|| Err(io::Error::from(io::ErrorKind::StorageFull)), "no storage space"),
        (|| Ok(0), "failed to write whole buffer"),
        (|| panic!("on purpose"), "the writer panicked"),
    ];
    for (fails, why) in cases {
        let line = Line::new(Bank::builder().user("jane", "correct horse"));
        let log = DocumentLog::to_writer(Full(fails));
        let client = builder().transport(line.clone()).document_log(log.clone()).build().unwrap();
        client.open(jane()).unwrap().pay(&payment()).await.unwrap().done().unwrap();
        assert_eq!(line.change(|bank| bank.payments_made()), 1);
        assert_eq!(log.failure().as_deref(), Some(why));
    }
}
