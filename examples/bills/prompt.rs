//! Questions on the terminal. They go to the standard error, so that the standard output is for results alone.

use std::io::{IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

use ofx_session::{Answers, Question};

/// What was typed, without showing it; none where there is no terminal, or the input has ended.
pub fn hidden(question: &str) -> std::io::Result<Option<String>> {
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    eprint!("{question} ");
    std::io::stderr().flush()?;
    let silent = echo("-echo");
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    if silent {
        echo("echo");
        eprintln!();
    }
    Ok((read? > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Answers from the command line, and from the terminal for the rest; none where there is neither.
pub fn answers(questions: &[Question], given: &[(String, String)]) -> std::io::Result<Option<Answers>> {
    let mut answers = Answers::new();
    for question in questions {
        let text = match given.iter().find(|(id, _)| id == question.id()) {
            Some((_, text)) => Some(text.clone()),
            None => hidden(question.text())?,
        };
        let Some(text) = text else { return Ok(None) };
        answers = answers.with(question.id(), text);
    }
    Ok(Some(answers))
}

/// Whether the terminal did it; where it cannot, what is typed is seen.
fn echo(how: &str) -> bool {
    let done = Command::new("stty").arg(how).stdin(Stdio::inherit()).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}
