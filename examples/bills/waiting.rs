//! The commands for an operation that waits: go on, find out, settle, give up.

use ofx_session::engine::TaskKind;
use ofx_session::{Completed, Credentials, Situation};
use serde_json::json;

use crate::book::Then;
use crate::desk::Desk;
use crate::perform::{Work, asks};
use crate::prompt;
use crate::shown::{Failure, Shown};
use crate::sync;

/// Answers the questions, or sends what was approved meanwhile.
pub async fn resume(desk: &mut Desk) -> Result<Shown, Failure> {
    let what = what(desk)?;
    let paused = desk.paused().map_err(too_old)?;
    let mut answers = None;
    match paused.situation() {
        Situation::InDoubt(_) => return desk.refuse_if_waiting().map(|()| Shown::default()),
        Situation::AwaitingAnswers(challenge) => {
            let given = prompt::answers(challenge.questions(), &desk.options().answers)?;
            answers = Some(given.ok_or_else(|| asks(&what, &challenge))?);
        }
        _ => {}
    }
    let kind = paused.kind();
    let then = then(desk);
    let credentials = desk.credentials()?;
    let mut work = Work { session: desk.resumed(paused, credentials)?, what, kind, resumed: true, then };
    let result = match answers {
        Some(answers) => work.answer(desk, answers).await,
        None => work.proceed(desk).await,
    };
    let result = match result {
        Ok((completed, shown)) => rest(desk, &mut work, completed, shown).await,
        Err(failure) => Err(failure),
    };
    finish(desk, work, result)
}

/// Does what the command that was interrupted had yet to do, or says what to enter.
async fn rest(desk: &mut Desk, work: &mut Work, completed: Completed, mut shown: Shown) -> Result<Shown, Failure> {
    match work.then.clone() {
        None => Ok(shown),
        Some(Then::Sync { refresh }) => {
            work.resumed = false;
            sync::go_on(desk, work, refresh, Some((completed, shown))).await
        }
        Some(Then::Again(command)) => {
            shown.text =
                format!("{}\nnow enter the `{command}` command again: nothing of it was sent", shown.text.trim_end());
            shown.json["enter_again"] = json!(command);
            Ok(shown)
        }
    }
}

/// Finds out what became of an operation in doubt, or sends it once more.
pub async fn reconcile(desk: &mut Desk, repeat: bool, new_password: Option<String>) -> Result<Shown, Failure> {
    let what = what(desk)?;
    let paused = desk.paused().map_err(too_old)?;
    if !matches!(paused.situation(), Situation::InDoubt(_)) {
        return Err(Failure::misuse(format!(
            "{what} is not in doubt: it was not carried out; `resume` goes on with it"
        )));
    }
    let kind = paused.kind();
    let then = then(desk);
    let mut credentials = desk.credentials()?;
    if kind == TaskKind::ChangePassword {
        // Either may count by now: the new one is tried, then the old one, once each.
        credentials = credentials.new_password(new_password_of(new_password)?);
    }
    let mut work = Work { session: desk.resumed(paused, credentials)?, what, kind, resumed: true, then };
    let result = work.settle(desk, repeat).await;
    finish(desk, work, result.map(|(_, shown)| shown))
}

/// Ends a doubt that was settled by other means.
pub fn settle(desk: &mut Desk) -> Result<Shown, Failure> {
    let what = what(desk)?;
    let paused = desk.paused()?;
    if !matches!(paused.situation(), Situation::InDoubt(_)) {
        return Err(Failure::misuse(format!(
            "{what} is not in doubt; `resume` goes on with it, `abandon` gives it up"
        )));
    }
    // Nothing is sent: no password is needed.
    let nobody = Credentials::new(&desk.book.user, "");
    let mut session = desk.resumed(paused, nobody)?;
    session.settle_doubt()?;
    desk.keep(session.close()?)?;
    Ok(Shown::new(format!("{what} is settled; `sync` shows what the institution has"), json!({ "settled": what })))
}

/// Gives up what waits and was not carried out.
pub fn abandon(desk: &mut Desk) -> Result<Shown, Failure> {
    let what = what(desk)?;
    if desk.book.waiting.as_ref().is_some_and(|waiting| waiting.in_doubt) {
        // To forget it invites doing it twice.
        desk.refuse_if_waiting()?;
    }
    match desk.paused() {
        Ok(paused) => {
            // Nothing is sent: no password is needed.
            let nobody = Credentials::new(&desk.book.user, "");
            let mut session = desk.resumed(paused, nobody)?;
            session.abandon()?;
            desk.keep(session.close()?)?;
        }
        // Too old to be opened, and known not to be in doubt: the client is the one from before it.
        Err(failure) if failure.kind == "seal" => {
            desk.book.waiting = None;
            desk.write()?;
        }
        Err(failure) => return Err(failure),
    }
    Ok(Shown::new(format!("{what} is given up; nothing of it was carried out"), json!({ "abandoned": what })))
}

/// Puts the session away, whatever came of it.
pub fn finish(desk: &mut Desk, work: Work, result: Result<Shown, Failure>) -> Result<Shown, Failure> {
    let due = work.session.is_password_change_due();
    match (result, desk.put_away(work)) {
        (Ok(mut shown), Ok(())) => {
            if due {
                let text = shown.text.trim_end();
                shown.text = format!("{text}\nnote: the institution wants the password changed: `password`");
                shown.json["password_change_due"] = json!(true);
            }
            Ok(shown)
        }
        (Ok(shown), Err(mut lost)) => {
            lost.text =
                format!("this was done, and could not be written to the state file: {}: {}", shown.text, lost.text);
            Err(lost)
        }
        (Err(failure), Ok(())) => Err(failure),
        (Err(mut failure), Err(lost)) => {
            failure.text = format!("{}; and the state file could not be written: {}", failure.text, lost.text);
            Err(failure)
        }
    }
}

/// The new password, as it was given, or typed twice.
pub fn new_password_of(given: Option<String>) -> Result<String, Failure> {
    if let Some(password) = given {
        return Ok(password);
    }
    let missing = || Failure::misuse("--new-password is missing: set OFX_NEW_PASSWORD, or run this on a terminal");
    let first = prompt::hidden("New password:")?.ok_or_else(missing)?;
    let second = prompt::hidden("The new password once more:")?.ok_or_else(missing)?;
    if first == second { Ok(first) } else { Err(Failure::misuse("the two new passwords differ; nothing was sent")) }
}

fn what(desk: &Desk) -> Result<String, Failure> {
    let waiting = desk.book.waiting.as_ref().ok_or_else(|| Failure::misuse("nothing waits"))?;
    Ok(waiting.what.clone())
}

fn then(desk: &Desk) -> Option<Then> {
    desk.book.waiting.as_ref().and_then(|waiting| waiting.then.clone())
}

fn too_old(failure: Failure) -> Failure {
    if failure.kind == "seal" { failure.hint("`abandon` gives it up, then ask for it again") } else { failure }
}
