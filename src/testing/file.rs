//! A request file taken apart, before anything in it is done.

use crate::ofx::{
    BankAccount, ChallengeTransaction, Content as _, DecodeError, Document, Element, FileUid, Limits, Member,
    PasswordChange, Problem, ProfileTransaction, Request, SignonRequest, Stamp, SyncFrom, SyncKind, SyncRequest,
    Version,
};
use crate::testing::HttpRefusal;
use crate::testing::as_made::as_made;

/// A file whose signon and transactions could all be read.
#[derive(Debug)]
pub(super) struct RequestFile {
    pub(super) version: Version,
    pub(super) old_uid: FileUid,
    pub(super) new_uid: FileUid,
    pub(super) signon: SignonRequest,
    pub(super) sets: Vec<Set>,
    pub(super) root: Element,
}

/// A message set: its name before `MSGSRQ`, and its transactions.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) transactions: Vec<Transaction>,
}

/// One wrapper with what it asks for.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) element: Element,
    /// Empty for a synchronization frame, which has none.
    pub(super) trn_uid: String,
    pub(super) ask: Ask,
}

/// What a transaction asks for.
#[derive(Debug)]
pub(super) enum Ask {
    Questions,
    Profile(Stamp),
    Password(Box<PasswordChange>),
    Request(Request),
    /// To pay something that is no amount.
    Nonsense,
    Sync(Box<Frame>),
    Unsupported,
}

/// `xxxSYNCRQ` with what is enclosed.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: SyncKind,
    pub(super) from: SyncFrom,
    pub(super) reject_if_missing: bool,
    /// For the kinds that have one.
    pub(super) account: Option<BankAccount>,
    pub(super) transactions: Vec<Transaction>,
}

impl RequestFile {
    /// Reads a file. What a server cannot make sense of it refuses as a whole, with HTTP 400. OFX 1.0.3 §1.2.1.
    pub(super) fn read(body: &[u8]) -> Result<Self, HttpRefusal> {
        let document = Document::decode(body, &Limits::new()).map_err(unreadable)?;
        let header = document.header();
        let version = header.version_number().and_then(Version::from_number);
        let version = version.ok_or_else(|| HttpRefusal::bad("the header names no version that this bank speaks"))?;
        let uid = header.new_file_uid();
        if uid.as_str().len() > 36 || !uid.as_str().chars().all(|c| c.is_ascii_graphic() && !"\"'<>&?".contains(c)) {
            return Err(HttpRefusal::bad("NEWFILEUID is not one"));
        }
        let root = document.root();
        let signon_set = root.child("SIGNONMSGSRQV1").ok_or_else(|| missing("SIGNONMSGSRQV1"))?;
        let signon = signon_set.child("SONRQ").ok_or_else(|| missing("SONRQ"))?;
        let signon = SignonRequest::read(signon).map_err(unreadable)?;
        if signon.language != "ENG" {
            return Err(HttpRefusal::bad("this bank speaks ENG only"));
        }
        let mut sets = Vec::new();
        for element in root.children().iter().filter(|child| !child.tag().contains('.')) {
            let set = Set::read(element, version)?;
            if sets.iter().any(|known: &Set| known.name == set.name) {
                return Err(HttpRefusal::bad(format!("{} stands in the file twice", element.tag())));
            }
            sets.push(set);
        }
        sets.sort_by_key(|set| SETS.iter().position(|(name, _)| *name == set.name));
        let (old_uid, new_uid) = (header.old_file_uid().clone(), uid.clone());
        Ok(Self { version, old_uid, new_uid, signon, sets, root: root.clone() })
    }

    pub(super) fn transactions(&self) -> impl Iterator<Item = &Transaction> {
        self.sets.iter().flat_map(|set| &set.transactions)
    }

    /// Every transaction with a `TRNUID`: those in frames, and not the frames.
    pub(super) fn wrappers(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions().flat_map(|transaction| match &transaction.ask {
            Ask::Sync(frame) => frame.transactions.iter(),
            _ => std::slice::from_ref(transaction).iter(),
        })
    }

    pub(super) fn has_set(&self, name: &str) -> bool {
        self.sets.iter().any(|set| set.name == name)
    }

    /// Whether it asks for the security questions.
    pub(super) fn asks_questions(&self) -> bool {
        self.transactions().any(|transaction| matches!(transaction.ask, Ask::Questions))
    }

    /// Whether it asks for nothing but what is there for those who have no credentials yet.
    pub(super) fn is_for_anyone(&self) -> bool {
        let is_for_anyone = |one: &Transaction| matches!(one.ask, Ask::Profile(_) | Ask::Request(Request::Enroll(_)));
        self.transactions().all(is_for_anyone)
    }

    /// Whether it changes the user's password.
    pub(super) fn changes_password(&self) -> bool {
        self.transactions().any(|transaction| matches!(transaction.ask, Ask::Password(_)))
    }

    /// Whether it asks for the profile and nothing else.
    pub(super) fn is_only_profile(&self) -> bool {
        let mut transactions = self.transactions().peekable();
        transactions.peek().is_some() && transactions.all(|transaction| matches!(transaction.ask, Ask::Profile(_)))
    }
}

impl Set {
    fn read(element: &Element, version: Version) -> Result<Self, HttpRefusal> {
        let known = SETS.iter().find(|(name, since)| {
            let rest = element.tag().strip_prefix(name);
            rest == Some("MSGSRQV1") && version.number() >= *since
        });
        let (name, _) = known.ok_or_else(|| HttpRefusal::bad(format!("{} is not understood", element.tag())))?;
        let mut transactions: Vec<Transaction> = Vec::new();
        for child in element.children().iter().filter(|child| !child.tag().contains('.') && child.tag() != "SONRQ") {
            let frame = SyncKind::ALL.into_iter().map(SyncKind::frame).find(|frame| frame.request == child.tag());
            let transaction = if frame.is_some_and(|frame| frame.set == *name) {
                Transaction::frame(child, version)?
            } else {
                Transaction::read(child, name, version)?
            };
            if *name == "SIGNON" && transactions.iter().any(|other| other.element.tag() == child.tag()) {
                return Err(HttpRefusal::bad(format!("{} stands in the file twice", child.tag())));
            }
            transactions.push(transaction);
        }
        if transactions.is_empty() && *name != "SIGNON" {
            return Err(HttpRefusal::bad(format!("{} is empty", element.tag())));
        }
        match *name {
            "SIGNON" => transactions.sort_by_key(|one| SIGNON.iter().position(|tag| *tag == one.element.tag())),
            "BILLPAY" => transactions.sort_by_key(|one| !one.element.tag().starts_with("PAYEE")),
            _ => {}
        }
        Ok(Self { name, transactions })
    }
}

impl Transaction {
    fn read(element: &Element, set: &str, version: Version) -> Result<Self, HttpRefusal> {
        let tag = element.tag();
        let in_signon = SIGNON.contains(&tag) && (tag != "MFACHALLENGETRNRQ" || version.knows_mfa());
        if !tag.ends_with("TRNRQ") || tag == "MFACHALLENGETRNRQ" && !in_signon {
            return Err(HttpRefusal::bad(format!("{tag} is not understood in version {version}")));
        }
        let trn_uid = element.value("TRNUID").filter(|uid| uid.len() <= 36).ok_or_else(|| missing("TRNUID"))?;
        let ask = match tag {
            "MFACHALLENGETRNRQ" => ChallengeTransaction::read(element).map(|_| Ask::Questions),
            "PROFTRNRQ" => ProfileTransaction::read(element).map(|read| Ask::Profile(read.request.updated)),
            "PINCHTRNRQ" if set == "SIGNON" => {
                Member::take(element, "PINCHRQ").map(|change| Ask::Password(Box::new(change)))
            }
            _ => match Request::read_transaction(element) {
                Some(Ok((_, request))) if request.kind().row().set == set => Ok(Ask::Request(as_made(request))),
                Some(Err(error)) if *error.problem() == Problem::Value("amount") => Ok(Ask::Nonsense),
                Some(Err(error)) => Err(error),
                _ => Ok(Ask::Unsupported),
            },
        };
        Ok(Self { element: element.clone(), trn_uid: trn_uid.to_owned(), ask: ask.map_err(unreadable)? })
    }

    fn frame(element: &Element, version: Version) -> Result<Self, HttpRefusal> {
        let read = SyncRequest::read(element).ok_or_else(|| missing(element.tag()))?;
        let SyncRequest { kind, from, account } = read.map_err(unreadable)?;
        let tags = kind.frame();
        let mut transactions = Vec::new();
        for child in element.children().iter().filter(|child| child.tag().ends_with("RQ")) {
            if child.tag() != tags.transaction_request {
                return Err(HttpRefusal::bad(format!("{} does not belong in {}", child.tag(), tags.request)));
            }
            transactions.push(Self::read(child, tags.set, version)?);
        }
        if tags.of_account && account.is_none() {
            return Err(missing("BANKACCTFROM"));
        }
        if tags.is_mail {
            for flag in ["INCIMAGES", "USEHTML"] {
                bool::take(element, flag).map_err(unreadable)?;
            }
        }
        let reject_if_missing = bool::take(element, "REJECTIFMISSING").map_err(unreadable)?;
        let frame = Frame { kind, from, reject_if_missing, account, transactions };
        Ok(Self { element: element.clone(), trn_uid: String::new(), ask: Ask::Sync(Box::new(frame)) })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unreadable(error: DecodeError) -> HttpRefusal {
    HttpRefusal::bad(error.to_string())
}

fn missing(tag: &str) -> HttpRefusal {
    HttpRefusal::bad(format!("{tag} is missing or not valid"))
}

/// The sets in the order of a file, with the first version that has them; the others have no answer that all grammars know.
const SETS: [(&str, u16); 12] = [
    ("SIGNON", 102),
    ("SIGNUP", 102),
    ("BANK", 102),
    ("CREDITCARD", 102),
    ("INVSTMT", 102),
    ("INTERXFER", 102),
    ("WIREXFER", 102),
    ("BILLPAY", 102),
    ("EMAIL", 102),
    ("LOAN", 210),
    ("SECLIST", 102),
    ("PROF", 102),
];

/// What may stand behind `SONRQ`, in order.
const SIGNON: [&str; 3] = ["PINCHTRNRQ", "CHALLENGETRNRQ", "MFACHALLENGETRNRQ"];
