//! Pausing at every step, in every combination, ends like never pausing.

use ofx_session::engine::Device;
use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::testing::{AccessKeys, BankModel, LedgerEntry};
use ofx_session::{Answers, Blob, Completed, Progress, Question, Session, Situation};

use super::line::{Fate, Line, client, easy, jane, now, pause, payment, questioning, reread, right, session, wrong};

/// Everything that must not depend on pauses.
#[derive(Debug, PartialEq)]
struct End {
    completed: Completed,
    asked: Vec<(Vec<Question>, bool)>,
    ledger: Vec<LedgerEntry>,
    work: Vec<String>,
    has_access_key: bool,
    accounts: usize,
}

/// A flow: an operation under way, the institution as it is then, and what the user answers.
struct Flow {
    blob: Blob,
    bank: BankModel,
    answers: Vec<Answers>,
    device: Device,
}

impl Flow {
    fn new(line: &Line, session: Session, answers: Vec<Answers>) -> Self {
        let (blob, bank) = (pause(session), line.wire().bank.clone());
        Self { blob, bank, answers, device: Device::new() }
    }

    /// A payment with its identifiers and its profile, not sent.
    fn payment(bank: BankModel, answers: Vec<Answers>) -> Self {
        let line = Line::new(bank);
        let mut session = session(&line);
        now(session.prepare_payment(&payment())).unwrap();
        Self::new(&line, session, answers)
    }

    /// A request for the account list, not sent.
    fn accounts(bank: BankModel, answers: Vec<Answers>) -> Self {
        let line = Line::new(bank);
        let mut session = session(&line);
        line.then([Fate::Honest, Fate::NotSent]);
        let error = now(session.accounts()).unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Transport, Delivery::NotSent));
        Self::new(&line, session, answers)
    }

    fn resume(&self, blob: &Blob, line: &Line) -> Session {
        let paused = reread(blob);
        assert_eq!(paused.trn_uid(), reread(&self.blob).trn_uid());
        assert_eq!(paused.payment(), reread(&self.blob).payment());
        assert_eq!(paused.client().client_uid(), "7C1E9A54-0B1D-4C5E-8F00-112233445566");
        paused.device(self.device.clone()).transport(line.clone()).open_risking_a_second_payment(jane()).unwrap()
    }

    /// Runs to the end, pausing where `pauses` has a bit, and says how many places there were.
    fn run(&self, pauses: u32) -> (End, u32) {
        let line = Line::pausing(self.bank.clone(), pauses);
        let mut session = self.resume(&self.blob, &line);
        let (mut asked, mut answers, mut current) = (Vec::new(), self.answers.iter(), None);
        let mut progress = now(session.proceed());
        let completed = loop {
            progress = match progress {
                Ok(Progress::Done(completed)) => break completed,
                Ok(Progress::Ask(challenge)) => {
                    asked.push((challenge.questions().to_vec(), challenge.is_repeated()));
                    if line.pauses_here() {
                        session = self.resume(&pause(session), &line);
                        let Some(Situation::AwaitingAnswers(again)) = session.situation() else {
                            panic!("{session:?}")
                        };
                        assert_eq!(again, challenge);
                    }
                    current = answers.next();
                    now(session.answer(current.unwrap().clone()))
                }
                Err(error) => {
                    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Transport, Delivery::NotSent), "{error}");
                    session = self.resume(&pause(session), &line);
                    match session.situation() {
                        // Answers are in no blob.
                        Some(Situation::AwaitingAnswers(_)) => now(session.answer(current.unwrap().clone())),
                        Some(Situation::Ready) => now(session.proceed()),
                        other => panic!("{other:?}"),
                    }
                }
                other => panic!("{other:?}"),
            };
        };
        let client = session.close().unwrap();
        let (has_access_key, accounts) = (client.has_access_key(), client.known_accounts().len());
        let ledger = line.wire().bank.payments().to_vec();
        let (work, places) = (line.work(), line.wire().places);
        line.clean(ledger.len());
        (End { completed, asked, ledger, work, has_access_key, accounts }, places)
    }

    /// Every subset of places to pause at.
    fn check(&self, places: u32) -> End {
        let (reference, found) = self.run(0);
        assert_eq!(found, places);
        for pauses in 1..1 << places {
            let (end, _) = self.run(pauses);
            assert_eq!(end, reference, "paused at {pauses:b}");
        }
        assert!(reference.work.iter().all(|tail| tail == &reference.work[0]), "one request, unchanged");
        reference
    }
}

#[test]
fn a_payment_without_questions() {
    let end = Flow::payment(easy().build_model(), vec![]).check(1);
    assert_eq!((end.ledger.len(), end.work.len()), (1, 1));
    assert!(matches!(end.completed, Completed::Paid(_)));
}

#[test]
fn a_payment_through_questions_and_wrong_answers() {
    let end = Flow::payment(questioning().build_model(), vec![wrong(), right()]).check(7);
    assert_eq!((end.ledger.len(), end.work.len(), end.asked.len()), (1, 3, 2));
    assert_eq!((end.asked[0].1, end.asked[1].1, end.has_access_key), (false, true, true));
}

#[test]
fn a_payment_at_an_address_of_its_own_after_questions_that_come_first() {
    let builder = questioning().challenge_first(true).separate_bill_pay_url(true).access_keys(AccessKeys::Never);
    let end = Flow::payment(builder.build_model(), vec![wrong(), right()]).check(6);
    assert_eq!((end.ledger.len(), end.work.len(), end.has_access_key), (1, 2, false));
}

#[test]
fn a_payment_whose_access_key_has_been_revoked() {
    let line = Line::new(questioning().access_keys(AccessKeys::Rotate).build_model());
    let mut session = session(&line);
    let Progress::Ask(_) = now(session.accounts()).unwrap() else { panic!("asked nothing") };
    let Progress::Done(_) = now(session.answer(right())).unwrap() else { panic!("not done") };
    now(session.prepare_payment(&payment())).unwrap();
    line.wire().bank.revoke_access_keys();
    let end = Flow::new(&line, session, vec![right()]).check(4);
    assert_eq!((end.ledger.len(), end.has_access_key, end.accounts), (1, true, 3));
}

#[test]
fn a_payment_that_asks_the_program_and_the_user() {
    let builder = easy().program_question("MFA101").program_question("MFA102").question("MFA16", None, "Garcia");
    let mut flow = Flow::payment(builder.build_model(), vec![Answers::new().with("MFA16", "Garcia")]);
    flow.device = Device::new().host_name("tower");
    let end = flow.check(4);
    let ids: Vec<_> = end.asked[0].0.iter().map(Question::id).collect();
    assert_eq!((end.asked.len(), ids), (1, vec!["MFA16"]));
}

#[test]
fn a_payment_that_asks_the_program_alone_never_asks_anybody() {
    let flow = Flow::payment(easy().program_question("MFA105").program_question("MFA107").build_model(), vec![]);
    let (reference, places) = flow.run(0);
    assert_eq!((reference.ledger.len(), reference.asked.len(), places), (1, 0, 3));
    for pauses in 1..1 << 3 {
        // Questions that were answered before a pause are fetched again after it.
        let (end, _) = flow.run(pauses);
        assert_eq!((&end.asked, &end.completed.receipt().unwrap().trn_uid), (&vec![], &end.ledger[0].trn_uid));
        assert_eq!((end.ledger.len(), &end.work), (1, &reference.work), "{pauses:b}");
    }
}

#[test]
fn an_account_list_without_questions() {
    let end = Flow::accounts(easy().build_model(), vec![]).check(1);
    assert_eq!((end.accounts, end.ledger.len()), (3, 0));
}

#[test]
fn an_account_list_through_questions_and_wrong_answers() {
    let end = Flow::accounts(questioning().build_model(), vec![wrong(), right()]).check(7);
    assert_eq!((end.accounts, end.work.len(), end.has_access_key), (3, 3, true));
    assert!(matches!(end.completed, Completed::Accounts(list) if list.len() == 3));
}

#[test]
fn a_refused_payment_is_refused_the_same_way_after_a_pause() {
    let flow = Flow::payment(easy().build_model(), vec![]);
    for pauses in 0..2 {
        let line = Line::pausing(flow.bank.clone(), pauses);
        line.wire().bank.lock_user("jane");
        let mut session = flow.resume(&flow.blob, &line);
        if pauses == 1 {
            now(session.proceed()).unwrap_err();
            session = flow.resume(&pause(session), &line);
        }
        let error = now(session.proceed()).unwrap_err();
        assert_eq!(error.status().map(|status| status.value()), Some(15_502));
        // Nobody looked at it: it waits for a signon that is accepted.
        assert_eq!(session.situation(), Some(Situation::Ready));
        line.clean(0);
    }
}

#[test]
fn two_clients_from_one_blob_pay_once() {
    let flow = Flow::payment(easy().build_model(), vec![]);
    let line = Line::new(flow.bank.clone());
    let (mut first, mut second) = (flow.resume(&flow.blob, &line), flow.resume(&flow.blob, &line));
    assert!(matches!(now(first.proceed()), Ok(Progress::Done(_))));
    assert!(
        matches!(now(second.proceed()), Ok(Progress::Unknown(_))),
        "the same TRNUID: a duplicate, no second payment"
    );
    line.clean(1);
    assert!(client(&line).open(jane()).is_ok());
}
