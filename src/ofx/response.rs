//! Response files: the signon response, and what stands beside it.

use crate::ofx::{
    Answer, ChallengeTransactionResponse, Content, DecodeError, Document, Element, Limits, Member, Problem,
    ProfileTransactionResponse, RequestKind, SignonResponse, Status, SyncKind, SyncResponse, TrnUid,
};

/// A response file: the signon response, and typed records of what stands beside it.
///
/// A session reads its answers by itself; this is for one that was stored elsewhere, and for whatever the records do not cover.
///
/// # Examples
///
/// ```
/// use ofx_session::ofx::{Limits, Reply, Response};
///
/// let stored = b"OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>\
///     <DTSERVER>20261125<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1><BILLPAYMSGSRSV1><PMTTRNRS><TRNUID>7<STATUS><CODE>0<SEVERITY>INFO\
///     </STATUS><PMTCANCRS><SRVRTID>4711</PMTCANCRS></PMTTRNRS></BILLPAYMSGSRSV1></OFX>";
/// let response = Response::decode(stored, &Limits::new())?;
/// assert!(response.signon().is_accepted());
/// let answers: Result<Vec<_>, _> = response.all_answers().collect();
/// let answers = answers?;
/// assert!(matches!(&answers[0].reply, Some(Reply::CancelPayment(canceled)) if canceled.server_id == "4711"));
/// let language = response.document().find("/OFX/SIGNONMSGSRSV1/SONRS/LANGUAGE");
/// assert_eq!(language.and_then(|leaf| leaf.text()), Some("ENG"));
/// # Ok::<(), ofx_session::ofx::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Response {
    document: Document,
    signon: SignonResponse,
}

impl Response {
    /// Reads a response file within `limits`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is no OFX, or has no signon response.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        Self::of(Document::decode(bytes, limits)?)
    }

    /// Takes a document for a response file.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it has no signon response.
    pub fn of(document: Document) -> Result<Self, DecodeError> {
        let missing = |tag| DecodeError::new(Problem::Missing(tag), 0).within("OFX");
        let set = document.root().child("SIGNONMSGSRSV1").ok_or_else(|| missing("SIGNONMSGSRSV1"))?;
        let signon =
            Member::take(set, "SONRS").map_err(|error: DecodeError| error.within("SIGNONMSGSRSV1").within("OFX"))?;
        Ok(Self { document, signon })
    }

    /// The whole document.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// `SONRS`: whether the signon was accepted. When it was not, nothing else of the file counts.
    #[must_use]
    pub fn signon(&self) -> &SignonResponse {
        &self.signon
    }

    /// The answers to requests of every kind that this crate has records for, by themselves and inside of synchronizations, in the
    /// order of the file. An answer that cannot be read is an error of its own and does not hide the others.
    pub fn all_answers(&self) -> impl Iterator<Item = Result<Answer, DecodeError>> {
        let known =
            |child: &&Element| RequestKind::ALL.iter().any(|kind| kind.row().transaction_response == child.tag());
        let sets = SETS.into_iter().flat_map(|set| self.document.root().children_named(set));
        sets.flat_map(move |set| {
            let inside = |child: &'_ Element| child.tag().ends_with("SYNCRS");
            let each = set.children().iter().flat_map(move |child| {
                if inside(child) { child.children().iter() } else { std::slice::from_ref(child).iter() }
            });
            each.filter(known).map(|answer| {
                Answer::read(answer).map_err(|error| error.within(answer.tag()).within(set.tag()).within("OFX"))
            })
        })
    }

    /// The synchronizations of every kind, in the order of the file.
    pub fn synchronizations(&self) -> impl Iterator<Item = SyncResponse> {
        let sets = SETS.into_iter().flat_map(|set| self.document.root().children_named(set));
        sets.flat_map(Element::children).filter_map(SyncResponse::read)
    }

    /// The questions, whatever `TRNUID` they come under.
    pub(crate) fn challenge(&self) -> Result<ChallengeTransactionResponse, DecodeError> {
        let missing =
            || DecodeError::new(Problem::Missing("MFACHALLENGETRNRS"), 0).within("SIGNONMSGSRSV1").within("OFX");
        self.all("SIGNONMSGSRSV1", "MFACHALLENGETRNRS")?.into_iter().next().ok_or_else(missing)
    }

    /// The answers to profile requests.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when one cannot be read.
    pub fn profiles(&self) -> Result<Vec<ProfileTransactionResponse>, DecodeError> {
        self.all("PROFMSGSRSV1", "PROFTRNRS")
    }

    /// What the answers to a password change under a `TRNUID` say, and the user id that each names; one without any `TRNUID` may be ours
    /// too.
    pub(crate) fn passwords_under(&self, trn_uid: &TrnUid) -> Result<Vec<(Status, Option<&str>)>, DecodeError> {
        let set = self.document.root().child("SIGNONMSGSRSV1");
        let answers = set.map(Element::children).unwrap_or_default().iter().filter(|child| child.is("PINCHTRNRS"));
        let ours = answers.filter(|answer| answer.value("TRNUID").is_none_or(|found| trn_uid.is(found)));
        let within = |error: DecodeError| error.within("PINCHTRNRS").within("SIGNONMSGSRSV1").within("OFX");
        ours.map(|answer| {
            let status = Member::take(answer, "STATUS").map_err(within)?;
            Ok((status, answer.child("PINCHRS").and_then(|changed| changed.value("USERID"))))
        })
        .collect()
    }

    /// The answers to requests of a kind, by themselves and inside of synchronization.
    pub(crate) fn answers(&self, kind: RequestKind) -> impl Iterator<Item = &Element> {
        let row = kind.row();
        let frame = row.sync.map(|sync| sync.frame().response);
        let inside = self.set(row.set).filter(move |child| Some(child.tag()) == frame).flat_map(Element::children);
        self.set(row.set).chain(inside).filter(move |child| child.tag() == row.transaction_response)
    }

    /// The answers to requests of a kind under a `TRNUID`; one without any may be ours too.
    pub(crate) fn answers_under(&self, kind: RequestKind, trn_uid: &TrnUid) -> Vec<Result<Answer, DecodeError>> {
        let ours = |answer: &&Element| answer.value("TRNUID").is_none_or(|found| trn_uid.is(found));
        self.answers(kind).filter(ours).map(|answer| self.read(kind, answer)).collect()
    }

    pub(crate) fn read(&self, kind: RequestKind, answer: &Element) -> Result<Answer, DecodeError> {
        let set = set_tag(kind.row().set);
        let read = Answer::read_within(answer);
        read.map_err(|error| error.within(kind.row().transaction_response).within(set).within("OFX"))
    }

    /// The synchronizations of a kind that are in it.
    pub(crate) fn frames(&self, kind: SyncKind) -> impl Iterator<Item = &Element> {
        self.set(kind.frame().set).filter(move |child| child.is(kind.frame().response))
    }

    /// Whether there is one.
    pub(crate) fn has_frame(&self, kind: SyncKind) -> bool {
        self.frames(kind).next().is_some()
    }

    /// Whether a `TRNUID` stands anywhere in it, also where no answer is looked for.
    pub(crate) fn names(&self, trn_uid: &TrnUid) -> bool {
        let mut open = vec![self.document.root()];
        while let Some(element) = open.pop() {
            if element.value("TRNUID").is_some_and(|found| trn_uid.is(found)) {
                return true;
            }
            open.extend(element.children());
        }
        false
    }

    /// What stands in a message set, which may come in several parts.
    fn set(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.document.root().children_named(set_tag(name)).flat_map(Element::children)
    }

    fn all<T: Content>(&self, set: &str, tag: &str) -> Result<Vec<T>, DecodeError> {
        let found = self.document.root().children().iter().filter(|child| child.tag() == set);
        let wanted = found.flat_map(Element::children).filter(|child| child.tag() == tag);
        wanted.map(|child| T::read(child).map_err(|error| error.within(tag).within(set).within("OFX"))).collect()
    }
}

fn set_tag(name: &str) -> &'static str {
    let [sign_up, bill_pay] = SETS;
    if name == "SIGNUP" { sign_up } else { bill_pay }
}

const SETS: [&str; 2] = ["SIGNUPMSGSRSV1", "BILLPAYMSGSRSV1"];
