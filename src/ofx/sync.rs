//! Synchronization: what happened since a token. OFX 1.0.3 §6 and §12.10, OFX 2.3 §6 and §12.10.

use crate::error::StatusCode;
use crate::ofx::value::only;
use crate::ofx::{
    Answer, BankAccount, Content as _, DecodeError, Element, EncodeError, Member, Problem, Sink, SyncKind, Version,
};

/// From where an institution's history is wanted: `TOKEN`, `TOKENONLY` or `REFRESH`, exactly one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncFrom {
    /// `TOKEN`: what is newer than this place. `0` for everything there is; an empty one is refused.
    Token(String),
    /// `TOKENONLY`: nothing but the newest token.
    TokenOnly,
    /// `REFRESH`: the present state of everything, as if it were new.
    Refresh,
}

impl Member for SyncFrom {
    fn take(parent: &Element, _: &'static str) -> Result<Self, DecodeError> {
        let says = |tag| parent.value(tag).is_some_and(|value| value.eq_ignore_ascii_case("Y"));
        if let Some(token) = parent.value("TOKEN") {
            Ok(Self::Token(token.to_owned()))
        } else if says("TOKENONLY") {
            Ok(Self::TokenOnly)
        } else if says("REFRESH") {
            Ok(Self::Refresh)
        } else {
            Err(DecodeError::new(Problem::Missing("TOKEN"), parent.offset()))
        }
    }

    fn put(&self, _: &'static str, version: Version, out: &mut dyn Sink) {
        match self {
            Self::Token(token) => out.leaf("TOKEN", token),
            Self::TokenOnly => true.put("TOKENONLY", version, out),
            Self::Refresh => true.put("REFRESH", version, out),
        }
    }
}

/// `xxxSYNCRQ`: asks what happened, and for nothing to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncRequest {
    /// What the history is of.
    pub kind: SyncKind,
    /// `TOKEN`, `TOKENONLY` or `REFRESH`.
    pub from: SyncFrom,
    /// `BANKACCTFROM`, for the kinds that have one.
    pub account: Option<BankAccount>,
}

impl SyncRequest {
    /// Asks for the history of the user, or of an account for the kinds that have one.
    #[must_use]
    pub fn new(kind: SyncKind, account: Option<BankAccount>, from: SyncFrom) -> Self {
        Self { kind, from, account: account.filter(|_| kind.is_of_account()) }
    }

    /// Refuses what cannot be asked for.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        if matches!(&self.from, SyncFrom::Token(token) if token.trim().is_empty()) {
            return Err(EncodeError::Invalid { tag: "TOKEN", expected: "must not be empty: 0 asks for everything" });
        }
        match &self.account {
            Some(account) => account.check(),
            None if self.kind.is_of_account() => Err(EncodeError::Invalid {
                tag: "BANKACCTFROM",
                expected: "must be given: this history is one of an account",
            }),
            None => Ok(()),
        }
    }

    pub(crate) fn write_to(&self, version: Version, out: &mut dyn Sink) {
        let frame = self.kind.frame();
        out.aggregate(frame.request, |out| {
            self.from.put("TOKEN", version, out);
            false.put("REJECTIFMISSING", version, out);
            if frame.is_mail {
                MAIL_FLAGS.iter().for_each(|flag| false.put(flag, version, out));
            }
            self.account.put("BANKACCTFROM", version, out);
        });
    }

    /// Reads one `xxxSYNCRQ` of a request file; `None` when it is none. What is enclosed in it is read one by one:
    /// [`Request::read_transaction`](crate::ofx::Request::read_transaction).
    pub fn read(element: &Element) -> Option<Result<Self, DecodeError>> {
        let kind = SyncKind::ALL.into_iter().find(|kind| kind.frame().request == element.tag())?;
        let read = SyncFrom::take(element, "TOKEN")
            .and_then(|from| Ok(Self { kind, from, account: Member::take(element, "BANKACCTFROM")? }));
        Some(read)
    }
}

/// What a frame about mail says of pictures and HTML: text is all we read.
pub(crate) const MAIL_FLAGS: [&str; 2] = ["INCIMAGES", "USEHTML"];

/// `xxxSYNCRS`: what happened, and the token to ask with the next time. OFX 1.0.3 §6, OFX 2.3 §6.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncResponse {
    /// What the history is of.
    pub kind: SyncKind,
    /// `TOKEN`; `None` for the `-1` of an error that has no other place, and for what is no token.
    pub token: Option<String>,
    /// Why there is no token, where it is one that is not kept.
    pub(crate) token_error: Option<DecodeError>,
    /// `LOSTSYNC`: the institution no longer has everything since the token that was asked with: what is not in it may have happened
    /// all the same.
    pub lost_sync: bool,
    /// `LOSTSYNC` N: it says that it has everything.
    says_whole: bool,
    /// `BANKACCTFROM`.
    pub account: Option<BankAccount>,
    /// `SYNCERROR`. OFX 2.3 §6.4.
    pub error: Option<StatusCode>,
    /// The transactions, oldest first: what is newer, then the answers to what was enclosed. One that cannot be read is an error of
    /// its own and does not hide the others.
    pub answers: Vec<Result<Answer, DecodeError>>,
}

impl SyncResponse {
    /// Reads a frame; `None` when it is none.
    pub(crate) fn read(element: &Element) -> Option<Self> {
        let kind = SyncKind::ALL.into_iter().find(|kind| kind.frame().response == element.tag())?;
        let tag = kind.frame().transaction_response;
        let read = |answer| Answer::read(answer).map_err(|error| error.within(tag).within(kind.frame().response));
        let usable = |token: &&str| *token != "-1" && token.len() <= LONGEST_TOKEN && is_token(token);
        let tokens = only(element, "TOKEN").ok().flatten().and_then(Element::text);
        let mut lost = element.children_named("LOSTSYNC").filter_map(Element::text).peekable();
        let says_whole = lost.peek().is_some();
        Some(Self {
            kind,
            token: tokens.filter(usable).map(str::to_owned),
            token_error: tokens.filter(|token| token.len() > LONGEST_TOKEN).map(|_| {
                let problem = Problem::Value("TOKEN: it has more than 36 characters");
                DecodeError::new(problem, element.offset()).within("TOKEN").within(kind.frame().response)
            }),
            lost_sync: lost.any(|lost| !lost.eq_ignore_ascii_case("N")),
            says_whole,
            account: account_of(element),
            error: element.child("SYNCERROR").and_then(|error| StatusCode::read(error).ok()),
            answers: element.children_named(tag).map(read).collect(),
        })
    }

    /// The one of `frames` that is about `account`, whose parts may stand in several. It may say that with other zeros in front and
    /// another branch, or leave it out, as a whole or its `BANKID` or `ACCTTYPE`, where it is the only one; that of another account is
    /// none: neither its token nor what is not in it says anything of ours.
    pub(crate) fn about<'a>(frames: impl Iterator<Item = &'a Element>, account: Option<&BankAccount>) -> Option<Self> {
        // What stands in the others is not read: there may be one for each account, and each is looked for among all.
        let frames: Vec<_> = frames.map(|frame| (account_of(frame), frame)).collect();
        type Told<'a> = (Option<BankAccount>, &'a Element);
        let exactly = |(found, _): &Told<'_>| found.as_ref() == account;
        let nearly =
            |(found, _): &Told<'_>| found.as_ref().zip(account).is_some_and(|(found, ours)| found.is_spelled_for(ours));
        let only = |(found, frame): &Told<'_>| {
            let may_be = account.is_none_or(|ours| match found {
                Some(found) => found.leaves_open_whether_it_is(ours),
                None => !names_another(frame, ours),
            });
            frames.len() == 1 && may_be
        };
        let all = |is_it: &dyn Fn(&Told<'_>) -> bool| {
            let these = frames.iter().filter(|told| is_it(told)).filter_map(|(_, frame)| Self::read(frame));
            these.reduce(Self::and_then)
        };
        all(&exactly).or_else(|| all(&nearly)).or_else(|| all(&only))
    }

    /// Both, `later` behind this one.
    fn and_then(mut self, later: Self) -> Self {
        self.answers.extend(later.answers);
        self.token = self.token.and(later.token);
        self.token_error = self.token_error.or(later.token_error);
        self.lost_sync |= later.lost_sync;
        self.says_whole &= later.says_whole;
        self.error = self.error.or(later.error);
        self
    }

    /// Whether it has everything since the token that was asked with.
    pub(crate) fn is_whole(&self) -> bool {
        self.token.is_some() && self.says_whole && !self.lost_sync
    }

    /// Whether something enclosed was not looked at because the token is out of date. OFX 2.3 §6.4.
    pub(crate) fn is_out_of_date(&self) -> bool {
        self.error == Some(StatusCode::TOKEN_OUT_OF_DATE)
    }

    /// Whether it tells of anything that was carried out, or may have been. What cannot be read may have been, too.
    pub(crate) fn has_news(&self) -> bool {
        self.answers.iter().any(|answer| answer.as_ref().map_or(true, Answer::may_be_done))
    }
}

/// Whose history it is, where that is said in a way that can be read.
fn account_of(frame: &Element) -> Option<BankAccount> {
    Member::take(frame, "BANKACCTFROM").ok()
}

/// Whether what a frame says of its account, which names none that can be read, is something else than ours.
fn names_another(frame: &Element, ours: &BankAccount) -> bool {
    let mut told = frame.children_named("BANKACCTFROM");
    let Some(account) = told.next() else { return false };
    let own = [("BANKID", &*ours.bank_id), ("ACCTID", &*ours.account_id), ("ACCTTYPE", ours.account_type.as_str())];
    let says_another = |(tag, own)| account.value(tag).is_some_and(|told| !told.is_empty() && !alike(told, own));
    told.next().is_some() || own.into_iter().any(says_another)
}

impl BankAccount {
    /// Takes over `BANKID` and `ACCTTYPE` of ours, where it leaves them out and may be ours by the rest.
    pub(crate) fn fill_in(&mut self, ours: &Self) {
        if self.leaves_open_whether_it_is(ours) {
            self.bank_id.clone_from(&ours.bank_id);
            self.account_type.clone_from(&ours.account_type);
        }
    }

    /// Whether two spellings name one account. Accounts of different types may share a number.
    fn is_spelled_for(&self, ours: &Self) -> bool {
        is_same_bank(&self.bank_id, &ours.bank_id)
            && alike(&self.account_id, &ours.account_id)
            && self.account_type == ours.account_type
    }

    /// Whether it leaves out `BANKID` or `ACCTTYPE`, which ours says, and may be ours by the rest.
    pub(crate) fn leaves_open_whether_it_is(&self, ours: &Self) -> bool {
        let no_bank = self.bank_id.is_empty() && !ours.bank_id.is_empty();
        let no_type = self.account_type.as_str().is_empty() && !ours.account_type.as_str().is_empty();
        (no_bank || no_type && is_same_bank(&self.bank_id, &ours.bank_id)) && self.may_be(ours)
    }

    /// Whether they are one as far as both say it.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        let is_open = |one: &str, other: &str| one.is_empty() || other.is_empty();
        let (one_type, other_type) = (&self.account_type, &other.account_type);
        (is_open(&self.bank_id, &other.bank_id) || alike(&self.bank_id, &other.bank_id))
            && alike(&self.account_id, &other.account_id)
            && (is_open(one_type.as_str(), other_type.as_str()) || one_type == other_type)
    }
}

/// One without `BANKID` is not the one whose `BANKID` is zeros.
fn is_same_bank(one: &str, other: &str) -> bool {
    one.is_empty() == other.is_empty() && alike(one, other)
}

/// Some write zeros in front.
fn alike(one: &str, other: &str) -> bool {
    one.trim().trim_start_matches('0') == other.trim().trim_start_matches('0')
}

/// Whether it can be written as a `TOKEN`.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>&".contains(&byte))
}

/// Ten characters by the specification, 36 in 1.5.1 and 1.6.
const LONGEST_TOKEN: usize = 36;
