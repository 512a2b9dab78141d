//! One rule of the protocol taken out at a time, from outside: the code under test stays as it is.

/// Which rule is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// What is written just before a file is sent gets durable only behind it.
    WriteAheadBehind,
    /// Each caller sends the payment under a `TRNUID` of its own, and for an account of its own at the payee: nothing in a history shows
    /// that two of them are the same.
    NewTrnUid,
    /// Every write is accepted, whatever was there before.
    NoClaim,
    /// Payments are to be made whatever happened since their token.
    NoToken,
}

impl Mutation {
    /// What the institution gets in place of a request.
    pub(crate) fn outward(self, body: Vec<u8>, caller: usize) -> Vec<u8> {
        let text = String::from_utf8(body).unwrap();
        match self {
            Self::NoToken => text.replace("<REJECTIFMISSING>Y", "<REJECTIFMISSING>N"),
            Self::NewTrnUid => {
                // Its first and its last digits count.
                let own = caller + 1;
                let text = exchanged(&text, "<PAYACCT>", &|account| format!("{own}-{account}-{own}{own}{own}"));
                exchanged(&text, "<TRNUID>", &|uid| turned(uid, own))
            }
            Self::WriteAheadBehind | Self::NoClaim => text,
        }
        .into_bytes()
    }

    /// What the caller gets in place of an answer.
    pub(crate) fn inward(self, answer: Vec<u8>, caller: usize) -> Vec<u8> {
        if self != Self::NewTrnUid {
            return answer;
        }
        exchanged(&String::from_utf8(answer).unwrap(), "<TRNUID>", &|uid| turned(uid, 15 - caller)).into_bytes()
    }
}

/// The text with the value behind each such tag changed.
fn exchanged(text: &str, tag: &str, change: &dyn Fn(&str) -> String) -> String {
    let mut parts = text.split(tag);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (value, rest) = part.split_at(part.find(['<', '\r', '\n']).unwrap_or(part.len()));
        out.push_str(tag);
        out.push_str(&change(value));
        out.push_str(rest);
    }
    out
}

/// A `TRNUID` whose first digit is another; sixteen turns in all give it back.
fn turned(uid: &str, by: usize) -> String {
    let mut rest = uid.chars();
    let Some(first) = rest.next().and_then(|first| first.to_digit(16)) else { return uid.to_owned() };
    format!("{:x}{}", (first as usize + by) % 16, rest.as_str())
}
