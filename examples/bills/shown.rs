//! What is printed: tables for people, one JSON object for programs, errors with an exit status of their own.

use std::fmt::Write as _;
use std::process::ExitCode;

use ofx_session::ofx::EncodeError;
use ofx_session::seal::{OpenError, SealError};
use ofx_session::{Delivery, Error, ErrorKind, Kept, Moved};
use serde_json::{Value, json};

use crate::common::Problem;
use crate::words::{about_certificate, in_options, option_of};

/// The result of a command: lines for people, and the same for programs.
#[derive(Default)]
pub struct Shown {
    pub text: String,
    pub json: Value,
}

impl Shown {
    pub fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json }
    }

    pub fn print(&self, as_json: bool) {
        if as_json {
            println!("{}", self.json);
        } else {
            println!("{}", self.text.trim_end());
        }
    }
}

/// Columns, aligned; those whose heading begins with `>` to the right.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    // A cell is one line, whatever somebody wrote into it.
    let one_line =
        |cell: &String| cell.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(one_line).collect()).collect();
    let len = |text: &str| text.chars().count();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| len(cell));
        cells.chain(headings.get(column).map(|heading| len(heading.trim_start_matches('>')))).max().unwrap_or_default()
    };
    let mut text = String::new();
    let mut line = |cells: Vec<&str>| {
        let mut line = String::new();
        for (column, cell) in cells.into_iter().enumerate() {
            let blanks = " ".repeat(width(column) - len(cell));
            let right = headings.get(column).is_some_and(|heading| heading.starts_with('>'));
            let _ = if right { write!(line, "{blanks}{cell}  ") } else { write!(line, "{cell}{blanks}  ") };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    };
    if !headings.is_empty() {
        line(headings.iter().map(|heading| heading.trim_start_matches('>')).collect());
    }
    rows.iter().for_each(|row| line(row.iter().map(String::as_str).collect()));
    text
}

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub struct Failure {
    pub kind: &'static str,
    pub text: String,
    /// What to type next.
    pub hint: Option<String>,
    delivery: &'static str,
    moved: &'static str,
    more: Vec<(&'static str, Value)>,
}

impl Failure {
    fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), hint: None, delivery: "not_sent", moved: "no", more: Vec::new() }
    }

    /// Asked for something that cannot be done as asked.
    pub fn misuse(text: impl Into<String>) -> Self {
        Self::new("misuse", text)
    }

    /// Something that should be so is not.
    pub fn broken(text: impl Into<String>) -> Self {
        Self::new("broken", text)
    }

    /// An operation waits for somebody.
    pub fn waits(text: impl Into<String>) -> Self {
        Self::new("waits", text)
    }

    /// Nobody knows whether it was carried out.
    pub fn in_doubt(text: impl Into<String>, pays: bool) -> Self {
        let moved = if pays { "unknown" } else { "no" };
        Self { delivery: "unknown", moved, ..Self::new("in_doubt", text) }
    }

    /// What it is about is in doubt from before: that it could not be found out changes nothing of it.
    pub fn still_in_doubt(self, what: &str, pays: bool) -> Self {
        // The library says in front of the cause that the doubt stays; here it is said with what it is about.
        let cause =
            self.text.split_once("still in doubt and was not sent once more: ").map_or(&*self.text, |(_, cause)| cause);
        let text = format!("{what}: it is still not known whether this was carried out: {cause}");
        let hint = about_certificate(&self.text);
        let failure = Self { more: self.more, ..Self::in_doubt(text, pays) };
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// One more thing to do.
    pub fn also(self, more: &str) -> Self {
        let hint = self.hint.as_ref().map_or_else(|| more.to_owned(), |hint| format!("{hint}\n{more}"));
        self.hint(hint)
    }

    /// Something that only programs are told.
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.more.push((name, value));
        self
    }

    /// On the standard error, for people or for programs, and the status to end with.
    pub fn report(&self, as_json: bool) -> ExitCode {
        if as_json {
            let mut error = json!({
                "error": self.text,
                "kind": self.kind,
                "delivery": self.delivery,
                "money_may_have_moved": self.moved,
                "what_to_do": self.hint,
            });
            if let Some(error) = error.as_object_mut() {
                error.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
            }
            eprintln!("{error}");
        } else {
            eprintln!("{}: {}", if self.kind == "waits" { "not yet" } else { "error" }, self.text);
            if let Some(hint) = &self.hint {
                eprintln!("{hint}");
            }
        }
        ExitCode::from(match self.kind {
            "misuse" => 2,
            "refused" => 3,
            "in_doubt" => 4,
            "unreachable" | "malformed" => 5,
            "waits" => 6,
            _ => 1,
        })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Misuse => "misuse",
            ErrorKind::Refused => "refused",
            ErrorKind::Transport => "unreachable",
            ErrorKind::Malformed => "malformed",
            ErrorKind::Seal => "seal",
            ErrorKind::Store => "store",
            ErrorKind::Busy => "busy",
            _ => "bug",
        };
        let mut text = in_options(&error.to_string());
        let mut cause = std::error::Error::source(&error);
        while let Some(source) = cause {
            let _ = write!(text, ": {source}");
            cause = source.source();
        }
        let tag = error.detail::<EncodeError>().and_then(EncodeError::tag);
        if let Some(option) = tag.and_then(option_of) {
            text = format!("{option}: {text}");
        }
        let mut more = Vec::new();
        more.extend(error.status().map(|code| ("status", json!(code.value()))));
        more.extend(error.server_message().map(|message| ("server_message", json!(message))));
        more.extend(tag.map(|tag| ("field", json!(tag))));
        let delivery = match error.delivery() {
            Delivery::NotSent => "not_sent",
            Delivery::Answered => "answered",
            _ => "unknown",
        };
        let moved = match error.money_may_have_moved() {
            Moved::No => "no",
            Moved::Yes => "yes",
            _ => "unknown",
        };
        let hint = match kind {
            "unreachable" | "malformed" if moved == "no" => {
                Some(about_certificate(&text).unwrap_or(NOT_SENT).to_owned())
            }
            _ => None,
        };
        Self { kind, text, hint, delivery, moved, more }
    }
}

impl<T> From<Kept<T>> for Failure {
    fn from(kept: Kept<T>) -> Self {
        Error::from(kept).into()
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Error::from(error).into()
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        Error::from(error).into()
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::misuse(text)
    }
}

/// What the helpers of the examples say; where it is an error of the library, with what that knows.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem.downcast::<Error>() {
            Ok(error) => (*error).into(),
            Err(problem) => Self::new("misuse", problem.to_string()),
        }
    }
}

/// Files and the terminal.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new("file", error.to_string())
    }
}

const NOT_SENT: &str = "nothing was changed by it; run the same command again later";
