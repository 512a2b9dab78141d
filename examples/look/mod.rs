//! What `inspect` finds in a document: one report, printed for people or as JSON.

pub mod objects;
pub mod own;
pub mod profile;
pub mod rows;
pub mod signon;
pub mod text;
pub mod tree;

use std::collections::{BTreeMap, BTreeSet};

use ofx_session::ofx::{
    Answer, Document, Element, Limits, ProfileTransactionResponse, Reply, Request, Response, Severity, Status,
    SyncFrom, SyncRequest,
};
use ofx_session::{StatusCode, Version};
use profile::ProfileReport;
use rows::Rows;
use serde::Serialize;
use serde_json::Value;
use signon::Signon;
use tree::Veil;

use crate::common::Result;

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Report {
    pub header: HeaderReport,
    pub direction: &'static str,
    pub signon: Option<Signon>,
    pub message_sets: Vec<MessageSetReport>,
    pub transactions: Vec<Transaction>,
    pub synchronizations: Vec<Synchronization>,
    #[serde(flatten)]
    pub rows: Rows,
    pub profile: Option<ProfileReport>,
    /// Values that this crate has no record for, by their path, and how many.
    pub unknown: BTreeMap<String, usize>,
    pub problems: Vec<String>,
    /// Where the transactions start that were read.
    #[serde(skip)]
    read: BTreeSet<usize>,
}

/// What stood in front of the document.
#[derive(Debug, Serialize)]
pub struct HeaderReport {
    pub bytes: usize,
    pub version: Option<u16>,
    /// Whether this crate can write that version, too.
    pub version_is_known: bool,
    pub syntax: &'static str,
    pub encoding: Option<String>,
    pub charset: Option<String>,
    pub security: Option<String>,
    pub old_file_uid: String,
    pub new_file_uid: String,
}

/// A message set with how often each of its transactions occurs.
#[derive(Debug, Serialize)]
pub struct MessageSetReport {
    pub tag: String,
    pub transactions: BTreeMap<String, usize>,
}

/// One request, or the answer to one.
#[derive(Debug, Serialize)]
pub struct Transaction {
    pub tag: String,
    /// The synchronization that it stands in.
    pub within: Option<String>,
    pub trn_uid: Option<String>,
    pub status: Option<StatusReport>,
    /// What it is, where this crate has a record for it.
    pub kind: Option<&'static str>,
    /// What names its object at the institution.
    pub id: Option<String>,
    pub about: String,
    /// The record, by the tags of the specification.
    pub record: Option<Value>,
}

/// A status, in the institution's words and in ours.
#[derive(Clone, Debug, Serialize)]
pub struct StatusReport {
    pub code: u32,
    pub severity: Option<String>,
    pub message: Option<String>,
    pub is_error: bool,
    pub meaning: Option<&'static str>,
    pub remedy: Option<&'static str>,
}

impl StatusReport {
    /// Of a `STATUS`; `None` when its code is no number.
    pub fn of(element: &Element) -> Option<Self> {
        let code = StatusCode::new(element.value("CODE")?.parse().ok()?);
        let mut status = Status::new(code, element.value("MESSAGE"));
        status.severity = element.value("SEVERITY").map(Severity::from_word);
        Some(Self {
            code: code.value(),
            is_error: status.is_error(),
            severity: status.severity.map(|severity| severity.to_string()),
            message: status.message,
            meaning: code.meaning(),
            remedy: code.remedy(),
        })
    }
}

/// A question about what happened, or the answer to it.
#[derive(Debug, Serialize)]
pub struct Synchronization {
    pub kind: &'static str,
    pub account: Option<String>,
    /// What is asked for, or the token to ask with the next time.
    pub token: Option<String>,
    pub lost_sync: Option<bool>,
    pub error: Option<u32>,
    pub transactions: usize,
}

/// Reads a document. Fails where it is none; what is odd inside of it is among the problems of the report.
pub fn examine(bytes: &[u8], veil: Veil) -> Result<Report> {
    let document = Document::decode(bytes, &Limits::new())?;
    let root = document.root();
    let direction = match (root.child("SIGNONMSGSRQV1"), root.child("SIGNONMSGSRSV1")) {
        (Some(_), None) => "request",
        (None, Some(_)) => "response",
        _ => "document",
    };
    let mut report = Report {
        header: header(&document, bytes.len()),
        direction,
        signon: None,
        message_sets: root.children().iter().map(message_set).collect(),
        transactions: Vec::new(),
        synchronizations: Vec::new(),
        rows: Rows::new(veil),
        profile: None,
        unknown: BTreeMap::new(),
        problems: Vec::new(),
        read: BTreeSet::new(),
    };
    if direction == "request" {
        report.signon = Signon::of_request(&document, &mut report.unknown);
    }
    if direction == "response" {
        match Response::of(document.clone()) {
            Ok(response) => report.take_response(&response),
            Err(error) => report.problems.push(error.to_string()),
        }
    }
    let read = std::mem::take(&mut report.read);
    for set in root.children() {
        let path = format!("/{}", set.tag());
        for child in set.children() {
            report.take(&path, child, &read);
        }
    }
    Ok(report)
}

fn header(document: &Document, bytes: usize) -> HeaderReport {
    let header = document.header();
    let text = |value: Option<&str>| value.map(str::to_owned);
    HeaderReport {
        bytes,
        version: header.version_number(),
        version_is_known: header.version_number().and_then(Version::from_number).is_some(),
        syntax: match header.version_number() {
            Some(..200) => "SGML",
            Some(_) => "XML",
            None => "no version in the header",
        },
        encoding: text(header.encoding()),
        charset: text(header.charset()),
        security: text(header.security()),
        old_file_uid: header.old_file_uid().to_string(),
        new_file_uid: header.new_file_uid().to_string(),
    }
}

fn message_set(set: &Element) -> MessageSetReport {
    let mut transactions = BTreeMap::new();
    for child in set.children() {
        *transactions.entry(child.tag().to_owned()).or_default() += 1;
    }
    MessageSetReport { tag: set.tag().to_owned(), transactions }
}

impl Report {
    /// What stands in a message set, unless it was `read` as an answer: a transaction, or a synchronization with several.
    fn take(&mut self, path: &str, child: &Element, read: &BTreeSet<usize>) {
        let inside = format!("{path}/{}", child.tag());
        if let Some(asked) = SyncRequest::read(child) {
            match asked {
                Ok(asked) => self.take_question(&asked, child),
                Err(error) => self.problems.push(format!("{}: {error}", child.tag())),
            }
            self.take_frame(&inside, child, read);
        } else if RESPONSE_FRAMES.contains(&child.tag()) {
            self.take_frame(&inside, child, read);
        } else if !read.contains(&child.offset()) {
            self.take_transaction(path, None, child);
        }
    }

    /// What is enclosed in a synchronization.
    fn take_frame(&mut self, path: &str, frame: &Element, read: &BTreeSet<usize>) {
        let rest = frame.children().iter().filter(|child| !OF_FRAMES.contains(&child.tag()));
        for child in rest.filter(|child| !read.contains(&child.offset())) {
            self.take_transaction(path, Some(frame.tag()), child);
        }
    }

    fn take_question(&mut self, asked: &SyncRequest, frame: &Element) {
        let token = match &asked.from {
            SyncFrom::Token(token) => token,
            SyncFrom::TokenOnly => "the newest token",
            SyncFrom::Refresh => "the present state",
            _ => "something else",
        };
        self.synchronizations.push(Synchronization {
            kind: asked.kind.name(),
            account: asked.account.as_ref().map(|account| self.rows.veil.bank(account)),
            token: Some(token.to_owned()),
            lost_sync: None,
            error: None,
            transactions: frame.children().iter().filter(|child| child.tag().ends_with("TRNRQ")).count(),
        });
    }

    /// A request, or what the crate has no record for.
    fn take_transaction(&mut self, path: &str, within: Option<&str>, wrapper: &Element) {
        match Request::read_transaction(wrapper) {
            Some(Ok((_, request))) => {
                let kind = Some(rows::name(request.kind()));
                let about = self.rows.request(&request);
                self.add(path, within, wrapper, Some(request.to_element(Version::V230)), |found| Transaction {
                    kind,
                    about,
                    ..found
                });
            }
            Some(Err(error)) => {
                self.problems.push(format!("{}: {error}", wrapper.tag()));
                self.note_strange(path, within, wrapper);
            }
            None => match signon::describe(wrapper) {
                Some((kind, about, record)) => {
                    self.add(path, within, wrapper, record, |found| Transaction { kind: Some(kind), about, ..found });
                }
                None => self.note_strange(path, within, wrapper),
            },
        }
    }

    /// A transaction that is understood, and what is beside its record.
    fn add(
        &mut self,
        path: &str,
        within: Option<&str>,
        wrapper: &Element,
        record: Option<Element>,
        complete: impl FnOnce(Transaction) -> Transaction,
    ) {
        let json = record.as_ref().map(|record| tree::json(record, self.rows.veil));
        let known = tree::of_wrapper(wrapper).chain(record).collect();
        let known = Element::aggregate(wrapper.tag().to_owned(), known);
        for (value, count) in tree::uncovered(wrapper, &known) {
            *self.unknown.entry(format!("{path}{value}")).or_default() += count;
        }
        self.transactions.push(complete(Transaction { record: json, ..Transaction::of(wrapper, within) }));
    }

    /// What the crate has no record for.
    fn note_strange(&mut self, path: &str, within: Option<&str>, element: &Element) {
        if matches!(element.tag(), "SONRQ" | "SONRS") {
            return;
        }
        let values = tree::values(element);
        *self.unknown.entry(format!("{path}/{}", element.tag())).or_default() += values;
        if element.tag().ends_with("TRNRQ") || element.tag().ends_with("TRNRS") {
            let about = format!("{values} values, no record");
            self.transactions.push(Transaction { about, ..Transaction::of(element, within) });
        }
    }

    /// Everything that the crate reads out of a response.
    fn take_response(&mut self, response: &Response) {
        let places = places(response.document());
        let place = |wrapper: &Element| places.get(&wrapper.offset()).cloned().unwrap_or_default();
        self.signon = Some(Signon::of_response(response, &mut self.unknown));
        for answer in response.all_answers() {
            match answer {
                Ok(answer) => {
                    let (path, within) = place(answer.element());
                    self.take_answer(&path, within.as_deref(), &answer);
                }
                Err(error) => self.problems.push(error.to_string()),
            }
        }
        for frame in response.synchronizations() {
            self.synchronizations.push(Synchronization {
                kind: frame.kind.name(),
                account: frame.account.as_ref().map(|account| self.rows.veil.bank(account)),
                token: frame.token,
                lost_sync: Some(frame.lost_sync),
                error: frame.error.map(StatusCode::value),
                transactions: frame.answers.len(),
            });
        }
        match response.profiles() {
            Ok(profiles) => self.take_profiles(response, profiles),
            Err(error) => self.problems.push(error.to_string()),
        }
    }

    fn take_answer(&mut self, path: &str, within: Option<&str>, answer: &Answer) {
        self.read.insert(answer.element().offset());
        let kind = answer.reply.as_ref().map(Reply::kind).map(rows::name);
        let about = answer.reply.as_ref().map(|reply| self.rows.reply(reply)).unwrap_or_default();
        let record = answer.reply.as_ref().map(|reply| reply.to_element(Version::V230));
        let id = answer.id().map(str::to_owned);
        self.add(path, within, answer.element(), record, |found| Transaction { kind, id, about, ..found });
    }

    fn take_profiles(&mut self, response: &Response, profiles: Vec<ProfileTransactionResponse>) {
        let set = response.document().root().child("PROFMSGSRSV1").map(Element::children).unwrap_or_default();
        for (wrapper, answer) in set.iter().filter(|child| child.tag() == "PROFTRNRS").zip(profiles) {
            self.read.insert(wrapper.offset());
            let record = answer.response.as_ref().map(|profile| profile.to_element(Version::V230));
            let about = answer.response.as_ref().and_then(|profile| profile.name.clone()).unwrap_or_default();
            let kind = Some("profile");
            self.add("/PROFMSGSRSV1", None, wrapper, record, |found| Transaction { kind, about, ..found });
            self.profile = answer.response.as_ref().map(ProfileReport::new);
        }
    }
}

/// Where each transaction stands: its path, and the synchronization around it.
fn places(document: &Document) -> BTreeMap<usize, (String, Option<String>)> {
    let mut places = BTreeMap::new();
    for set in document.root().children() {
        for child in set.children() {
            places.insert(child.offset(), (format!("/{}", set.tag()), None));
            for inner in child.children() {
                let within = child.tag().to_owned();
                places.insert(inner.offset(), (format!("/{}/{within}", set.tag()), Some(within)));
            }
        }
    }
    places
}

impl Transaction {
    /// What the wrapper says by itself.
    fn of(wrapper: &Element, within: Option<&str>) -> Self {
        Self {
            tag: wrapper.tag().to_owned(),
            within: within.map(str::to_owned),
            trn_uid: wrapper.value("TRNUID").map(str::to_owned),
            status: wrapper.child("STATUS").and_then(StatusReport::of),
            kind: None,
            id: None,
            about: String::new(),
            record: None,
        }
    }
}

/// What stands in a frame beside its transactions.
const OF_FRAMES: [&str; 9] = [
    "TOKEN",
    "TOKENONLY",
    "REFRESH",
    "REJECTIFMISSING",
    "INCIMAGES",
    "USEHTML",
    "LOSTSYNC",
    "SYNCERROR",
    "BANKACCTFROM",
];

const RESPONSE_FRAMES: [&str; 6] =
    ["PMTSYNCRS", "RECPMTSYNCRS", "PAYEESYNCRS", "PMTMAILSYNCRS", "ACCTSYNCRS", "CHGUSERINFOSYNCRS"];
