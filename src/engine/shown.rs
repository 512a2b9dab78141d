//! What `Debug` shows of a state, of an operation and of a file on its way: whoever drives the engine writes them into a log.
//!
//! Not the user, no account, nothing of an address that may be secret, and no result: that is what the institution says of people and
//! their money. Every field is named here, so that a new one is thought about.

use std::fmt;

use crate::engine::operation::Phase;
use crate::engine::{Operation, State, Transmit};
use crate::secret::shown;

/// Stands for what is there and is not shown.
struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

fn hidden<T>(value: Option<&T>) -> Option<Hidden> {
    value.map(|_| Hidden)
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            institution,
            application,
            device,
            limits,
            client_uid,
            user_id,
            home,
            others,
            same: _,
            user_key,
            profile,
            profile_is_old,
            profile_announced,
            accounts,
            marks,
            recognized,
            password_change_due,
            cookies,
            unknown,
        } = self;
        f.debug_struct("State")
            .field("institution", institution)
            .field("application", application)
            .field("device", device)
            .field("limits", limits)
            .field("client_uid", client_uid)
            .field("user_id", &hidden(user_id.as_ref()))
            .field("home", home)
            .field("others", others)
            .field("user_key", user_key)
            .field("profile", profile)
            .field("profile_is_old", profile_is_old)
            .field("profile_announced", profile_announced)
            .field("accounts", accounts)
            .field("marks", marks)
            .field("recognized", recognized)
            .field("password_change_due", password_change_due)
            .field("cookies", &cookies.len())
            .field("unknown", unknown)
            .finish()
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, seed, tail, urls, files, account, order, doubt, phase, recovery, unknown } = self;
        f.debug_struct("Operation")
            .field("kind", kind)
            .field("seed", seed)
            .field("tail", tail)
            .field("urls", &urls.as_ref().map(|(work, questions)| (shown(work), shown(questions))))
            .field("files", files)
            .field("account", &hidden(account.as_ref()))
            .field("order", order)
            .field("doubt", doubt)
            .field("phase", phase)
            .field("recovery", recovery)
            .field("unknown", unknown)
            .finish()
    }
}

impl fmt::Debug for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExpectQuestions { again } => f.debug_struct("ExpectQuestions").field("again", again).finish(),
            Self::ExpectAnswers { questions, again } => {
                f.debug_struct("ExpectAnswers").field("questions", questions).field("again", again).finish()
            }
            Self::ExpectApproval { message } => f.debug_struct("ExpectApproval").field("message", message).finish(),
            Self::ExpectResult { passed } => f.debug_struct("ExpectResult").field("passed", passed).finish(),
            Self::InDoubt(doubt) => f.debug_tuple("InDoubt").field(doubt).finish(),
            Self::Over(_) => f.debug_tuple("Over").field(&Hidden).finish(),
        }
    }
}

impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, purpose, old_file_uid, file_uid, answers, interrupted } = self;
        f.debug_struct("Transmit")
            .field("url", &shown(url))
            .field("purpose", purpose)
            .field("old_file_uid", old_file_uid)
            .field("file_uid", file_uid)
            .field("answers", answers)
            .field("interrupted", interrupted)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{Application, Institution, State};

    #[test]
    fn the_user_of_a_state_is_not_shown() {
        let institution = Institution::new("https://ofx.bank.example/ofx");
        let mut state =
            State::new(institution, Application::new("QWIN", "2700"), "7C1E9A54-0B1D-4C5E-8F00-112233445566");
        state.user_id = Some("cAnArY-user".to_owned());
        let said = format!("{state:?}{state:#?}");
        assert!(said.contains("user_id") && !said.contains("cAnArY"), "{said}");
    }
}
