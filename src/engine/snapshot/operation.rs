//! An operation as parts, and back.

use crate::engine::operation::{Passed, Phase};
use crate::engine::records::{
    OperationV1, QuestionsV1, RecoveryV1, RequestV1, read_doubt, read_recovery, write_doubt, write_recovery,
};
use crate::engine::recovery::Recovery;
use crate::engine::snapshot::{
    FIRST_OF_OPERATION, KIND, KNOWN, OPERATION, PROFILE, QUESTIONS, RECOVERY, REFUSED, REQUEST,
};
use crate::engine::{Operation, Part, Refusal, RefusedAt, Seed, SnapshotError, State, TaskKind};
use crate::ofx::{BankAccount, Content as _, Question, Status, Tail, Version, pack, squeeze, stretch, unpack};

/// The parts of an operation that is not over, [at rest](Operation::at_rest), to be stored `beside` those parts of its state. Answers that
/// were given and not sent are left out: they are asked for again.
pub(crate) fn save_operation(
    operation: &Operation,
    state: &State,
    beside: &[Part],
) -> Result<Vec<Part>, SnapshotError> {
    let operation = &operation.clone().at_rest();
    let mut record_v1 = OperationV1 {
        kind: operation.kind.number(),
        seed: operation.seed.bytes(),
        files: operation.files,
        phase: 0,
        doubt: 0,
        doubt_text: None,
        urls: urls(operation, state, Part::find(beside, PROFILE).is_some()),
    };
    let mut asked = None;
    match &operation.phase {
        Phase::ExpectQuestions { again } => record_v1.phase = u8::from(*again),
        // The program will give its answers again. The user is not asked what no user knows.
        Phase::ExpectResult { passed: Some(Passed { alone: true, .. }) } => record_v1.phase = 0,
        Phase::ExpectResult { passed: None } => record_v1.phase = 2,
        Phase::ExpectAnswers { questions, again }
        | Phase::ExpectResult { passed: Some(Passed { questions, again, .. }) } => {
            record_v1.phase = 3;
            if let Some(doubt) = &operation.doubt {
                let (code, text) = write_doubt(doubt);
                (record_v1.doubt, record_v1.doubt_text) = (code + 1, text);
            }
            asked = Some((questions, *again));
        }
        Phase::ExpectApproval { message } => {
            record_v1.phase = 5;
            record_v1.doubt_text = message.as_deref();
        }
        Phase::InDoubt(doubt) => {
            record_v1.phase = 4;
            (record_v1.doubt, record_v1.doubt_text) = write_doubt(doubt);
        }
        Phase::Over(_) => return Err(SnapshotError::Over),
    }
    let mut parts = vec![Part::of(OPERATION, true, &record_v1)?];
    parts.push(Part::raw(REQUEST, true, squeeze(operation.tail.as_bytes(), operation.trn_uid().as_str())));
    if let Some((questions, again)) = asked {
        let questions = questions.iter().map(|question| (question.id(), question.label())).collect();
        parts.push(Part::of(QUESTIONS, true, &QuestionsV1 { again, questions })?);
    }
    let without_profile = Part::find(beside, PROFILE).is_none().then(|| operation.recovery_without_profile(state));
    let recovery = without_profile.as_ref().unwrap_or(&operation.recovery);
    if *recovery != Recovery::default() {
        parts.push(Part::of(RECOVERY, true, &write_recovery(recovery))?);
    }
    if let Some(refusal) = &recovery.refused {
        parts.push(Part::raw(REFUSED, true, pack(&refusal.status.write("STATUS", Version::V230))));
    }
    // The first versions knew three kinds and five phases, and must not take another for one of those.
    if operation.kind.number() > 2 || matches!(operation.phase, Phase::ExpectApproval { .. }) {
        let account = operation.account.as_ref().map(|account| pack(&account.write("BANKACCTFROM", Version::V230)));
        let account = account.as_ref().map(|account| account.as_slice()).unwrap_or_default();
        parts.push(Part::of(KIND, true, &RequestV1 { account, order: &operation.order })?);
    }
    parts.extend(operation.unknown.iter().cloned());
    Ok(parts)
}

/// The operation in `parts`.
pub(crate) fn restore_operation(parts: &[Part]) -> Result<Operation, SnapshotError> {
    let damaged = SnapshotError::Damaged(OPERATION);
    let found: OperationV1<'_> = Part::read(parts, OPERATION)?.ok_or(damaged)?;
    let request = Part::find(parts, REQUEST).ok_or(SnapshotError::Damaged(REQUEST))?;
    let kind = TaskKind::from_number(found.kind).ok_or(damaged)?;
    if found.files > MOST_FILES {
        return Err(damaged);
    }
    let earlier = found.doubt.checked_sub(1).filter(|_| found.phase == 3);
    let doubt = earlier.map(|code| read_doubt(code, found.doubt_text).ok_or(damaged)).transpose()?;
    let phase = match found.phase {
        0 => Phase::ExpectQuestions { again: false },
        1 => Phase::ExpectQuestions { again: true },
        2 => Phase::ExpectResult { passed: None },
        3 => {
            let asked: QuestionsV1<'_> = Part::read(parts, QUESTIONS)?.ok_or(SnapshotError::Damaged(QUESTIONS))?;
            let questions = asked.questions.into_iter().map(|(id, label)| Question::new(id, label.map(str::to_owned)));
            Phase::ExpectAnswers { questions: questions.collect(), again: asked.again }
        }
        4 => Phase::InDoubt(read_doubt(found.doubt, found.doubt_text).ok_or(damaged)?),
        5 => Phase::ExpectApproval { message: found.doubt_text.map(str::to_owned) },
        _ => return Err(damaged),
    };
    let seed = Seed::new(found.seed);
    let request =
        stretch(&request.bytes, seed.work().as_str(), LARGEST_STRETCHED).ok_or(SnapshotError::Damaged(REQUEST))?;
    let urls = found.urls.map(|(url, challenge_url)| (url.to_owned(), challenge_url.to_owned()));
    let recovery = Part::read::<RecoveryV1<'_>>(parts, RECOVERY)?
        .map(|found| read_recovery(&found))
        .unwrap_or_else(|| Some(Recovery::default()));
    let recovery = recovery.filter(|found| kind == TaskKind::ChangePassword || !found.tries_a_password());
    let mut recovery = recovery.ok_or(SnapshotError::Damaged(RECOVERY))?;
    if let Some(part) = Part::find(parts, REFUSED) {
        let status = unpack(&part.bytes).and_then(|element| Status::read(&element).ok());
        let status = status.ok_or(SnapshotError::Damaged(REFUSED))?;
        recovery.refused = Some(Refusal::new(&status, RefusedAt::Request));
    }
    let (account, order) = match Part::read::<RequestV1<'_>>(parts, KIND)? {
        Some(RequestV1 { account: [], order }) => (None, order.to_vec()),
        Some(RequestV1 { account, order }) => {
            let account = unpack(account).and_then(|element| BankAccount::read(&element).ok());
            // None is sent without its type.
            let account = account.filter(|account| !account.account_type.as_str().is_empty());
            (Some(account.ok_or(SnapshotError::Damaged(KIND))?), order.to_vec())
        }
        None => (None, Vec::new()),
    };
    let unknown = parts.iter().filter(|part| part.tag >= FIRST_OF_OPERATION && !KNOWN.contains(&part.tag)).cloned();
    let (tail, unknown) = (Tail::from_bytes(request), unknown.collect());
    Ok(Operation { kind, seed, tail, urls, account, order, files: found.files, doubt, phase, recovery, unknown })
}

/// Where the operation's files go, unless a reader finds the same in the profile or, without one, in the institution's own address.
fn urls<'a>(operation: &'a Operation, state: &'a State, with_profile: bool) -> Option<(&'a str, &'a str)> {
    // The usual case, without a look into the profile: reading it takes longer than sealing.
    if with_profile && operation.urls.is_none() {
        return None;
    }
    let set = operation.kind.message_set();
    let own = state.institution.url.as_str();
    let found = if with_profile { (state.url_of(set), state.challenge_url(set)) } else { (own, own) };
    Some((operation.url(state), operation.challenge_url(state))).filter(|urls| *urls != found)
}

/// More than are ever sent, and far from where counting ends.
const MOST_FILES: u32 = u32::MAX / 2;

/// More than a request has before it is stored, which is a few kilobytes as a rule.
const LARGEST_STRETCHED: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use chrono::DateTime;

    use super::*;
    use crate::engine::{Application, Institution, Intent};

    #[test]
    fn an_address_that_is_stored_by_itself_is_kept_by_every_further_pause() {
        let application = Application { id: "QWIN".to_owned(), version: "2700".to_owned(), key: None };
        let state = State::new(Institution::new("https://ofx.example/"), application, "uid".to_owned());
        let begun = Operation::begin(Intent::Accounts, &state, Seed::new([7; 16]), DateTime::UNIX_EPOCH);
        let mut operation = begun.unwrap().0;
        operation.urls = Some(("https://pay.example/".to_owned(), "https://ask.example/".to_owned()));
        for pause in 1..=3 {
            operation = restore_operation(&save_operation(&operation, &state, &[]).unwrap()).unwrap();
            assert_eq!(operation.url(&state), "https://pay.example/", "pause {pause}");
            assert_eq!(operation.challenge_url(&state), "https://ask.example/", "pause {pause}");
        }
    }
}
