//! What stands between the network and the model: the books of a test, and what goes wrong on purpose.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::testing::faults::{Fault, Faults, Late};
use crate::testing::journal::Journal;
use crate::testing::record::Recorder;
use crate::testing::{BankModel, Endpoint, HttpRefusal};

/// What the server's thread and the test share.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) model: BankModel,
    pub(super) requests: Vec<Vec<u8>>,
    pub(super) answers: Vec<Vec<u8>>,
    pub(super) answers_to_lose: usize,
    pub(super) faults: Faults,
    recorder: Recorder,
    journal: Option<Journal>,
    /// The ledger file could not be written to: nothing can be promised any more.
    broken: bool,
}

/// What the server does with a connection.
#[derive(Debug)]
pub(super) enum Reaction {
    Answer(Vec<u8>),
    /// So many bytes of the answer, and then nothing.
    Part(Vec<u8>, usize),
    /// The answer, later.
    Later(Vec<u8>, Duration),
    Refuse(HttpRefusal),
    /// A page for people in place of an answer.
    Page,
    /// The end of the connection.
    Close,
}

impl Desk {
    pub(super) fn new(model: BankModel, journal: Option<Journal>) -> Self {
        Self {
            model,
            requests: Vec::new(),
            answers: Vec::new(),
            answers_to_lose: 0,
            faults: Faults::default(),
            recorder: Recorder::from_environment(),
            journal,
            broken: false,
        }
    }

    /// Deals with one request, which came with these HTTP cookies.
    pub(super) fn receive(&mut self, endpoint: Endpoint, body: &[u8], cookies: &str) -> Reaction {
        self.requests.push(body.to_owned());
        self.model.cookies = Some(cookies.to_owned());
        let fault = self.faults.choose(body);
        let reaction = match fault {
            Some(fault) => self.go_wrong(fault, endpoint, body),
            None => self.carry_out(endpoint, body, false).map_or_else(Reaction::Refuse, Reaction::Answer),
        };
        for late in self.faults.due() {
            self.arrive(&late);
        }
        if self.answers_to_lose > 0 && matches!(reaction, Reaction::Answer(_)) {
            self.answers_to_lose -= 1;
            return Reaction::Close;
        }
        reaction
    }

    /// Lets everything arrive that is still on its way; gives how much it was.
    pub(super) fn deliver_late(&mut self) -> usize {
        let late = self.faults.all_late();
        late.iter().for_each(|late| self.arrive(late));
        late.len()
    }

    /// The `Set-Cookie` that goes out with the questions of a challenge, which this body asked for.
    pub(super) fn challenge_cookie(&self, body: &[u8], reaction: &Reaction) -> Option<String> {
        let (Reaction::Answer(answer) | Reaction::Part(answer, _) | Reaction::Later(answer, _)) = reaction else {
            return None;
        };
        let has_questions = answer.windows(QUESTIONS.len()).any(|window| window == QUESTIONS);
        if has_questions { self.model.set_cookie(body) } else { None }
    }

    fn arrive(&mut self, late: &Late) {
        self.model.cookies.clone_from(&late.cookies);
        let _ = self.carry_out(late.endpoint, &late.body, true);
    }

    /// Changes the model on a test's behalf.
    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut BankModel) -> T) -> T {
        let result = change(&mut self.model);
        self.keep();
        result
    }

    /// Makes what happened durable; nobody must hear of it otherwise.
    fn keep(&mut self) {
        if let Some(journal) = &mut self.journal {
            self.broken |= journal.keep(&mut self.model).is_err();
        }
    }

    fn go_wrong(&mut self, fault: Fault, endpoint: Endpoint, body: &[u8]) -> Reaction {
        match fault {
            Fault::DropBefore => Reaction::Close,
            Fault::LateDelivery { after } => {
                self.faults.hold_back(endpoint, body, self.model.cookies.clone(), after);
                Reaction::Close
            }
            _ => match fault.instead() {
                Some((reaction, false)) => reaction,
                Some((reaction, true)) => {
                    let _ = self.carry_out(endpoint, body, false);
                    reaction
                }
                None => {
                    let answer = self.carry_out(endpoint, body, false);
                    self.spoil(fault, answer, endpoint, body)
                }
            },
        }
    }

    /// What becomes of the answer to a request that was carried out.
    fn spoil(
        &mut self,
        fault: Fault,
        answer: Result<Vec<u8>, HttpRefusal>,
        endpoint: Endpoint,
        body: &[u8],
    ) -> Reaction {
        match (fault, answer) {
            (Fault::Replay { second_answer }, first) => {
                let second = self.carry_out(endpoint, body, true);
                if second_answer { second } else { first }.map_or_else(Reaction::Refuse, Reaction::Answer)
            }
            (Fault::CutAnswer(bytes), Ok(answer)) => {
                let most = answer.len().saturating_sub(1);
                Reaction::Part(answer, bytes.min(most))
            }
            (Fault::Delay(time), Ok(answer)) => Reaction::Later(answer, time),
            (Fault::Delay(_) | Fault::CutAnswer(_), Err(refusal)) => Reaction::Refuse(refusal),
            (_, _) => Reaction::Close,
        }
    }

    /// Hands a request to the model. What the network did on its own, the client did not do wrong.
    fn carry_out(&mut self, endpoint: Endpoint, body: &[u8], by_network: bool) -> Result<Vec<u8>, HttpRefusal> {
        if self.broken {
            return Err(HttpRefusal::new(503, "the ledger file is broken"));
        }
        let before = self.model.violations.clone();
        let answer = self.model.answer(endpoint, body);
        let clean = self.model.violations.len() == before.len();
        if by_network {
            self.model.violations = before;
        }
        self.keep();
        if self.broken {
            return Err(HttpRefusal::new(500, "the ledger file cannot be written to"));
        }
        let answer = answer?;
        self.recorder.note_secrets(body);
        self.recorder.note_secrets(&answer);
        self.recorder.write((clean && !by_network).then_some(body), &answer);
        self.answers.push(answer.clone());
        Ok(answer)
    }
}

/// The desk, even after a test panicked while it held it.
pub(super) fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

const QUESTIONS: &[u8] = b"<MFACHALLENGERS>";

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io;

    use super::{Desk, Reaction};
    use crate::testing::journal::Journal;
    use crate::testing::{Bank, Endpoint};

    const ACCOUNTS: &[u8] = b"OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\nSECURITY:NONE\r\nENCODING:USASCII\r\n\
        CHARSET:1252\r\nCOMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:1\r\n\r\n\
        <OFX><SIGNONMSGSRQV1><SONRQ><DTCLIENT>20260105<USERID>jane<USERPASS>correct horse<LANGUAGE>ENG\
        <APPID>QWIN<APPVER>2700</SONRQ></SIGNONMSGSRQV1><SIGNUPMSGSRQV1><ACCTINFOTRNRQ><TRNUID>2\
        <ACCTINFORQ><DTACCTUP>19900101</ACCTINFORQ></ACCTINFOTRNRQ></SIGNUPMSGSRQV1></OFX>";

    #[test]
    fn nobody_hears_of_what_could_not_be_written_down() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("ledger");
        let mut model = Bank::builder().user("jane", "correct horse").build_model();
        let mut journal = Journal::open(&path, &mut model)?;
        journal.file = File::open(&path)?; // To read, and not to write.
        let mut desk = Desk::new(model, Some(journal));
        for status in [500, 503, 503] {
            let reaction = desk.receive(Endpoint::Main, ACCOUNTS, "");
            assert!(matches!(&reaction, Reaction::Refuse(refusal) if refusal.status() == status), "{reaction:?}");
        }
        assert!(desk.answers.is_empty());
        let model = Bank::builder().user("jane", "correct horse").build_model();
        assert!(matches!(Desk::new(model, None).receive(Endpoint::Main, ACCOUNTS, ""), Reaction::Answer(_)));
        Ok(())
    }
}
