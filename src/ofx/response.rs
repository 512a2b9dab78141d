//! Response files: the signon response, and what stands beside it.

use crate::ofx::{
    Answer, ChallengeTransactionResponse, Content, DecodeError, Document, Element, Limits, Member, Problem,
    ProfileTransactionResponse, RequestKind, SignonResponse, Status, SyncKind, SyncResponse, TrnUid,
};

/// A response file whose signon response could be read.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    document: Document,
    signon: SignonResponse,
}

impl Response {
    pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let document = Document::decode(bytes, limits)?;
        let missing = |tag| DecodeError::new(Problem::Missing(tag), 0).within("OFX");
        let set = document.root().child("SIGNONMSGSRSV1").ok_or_else(|| missing("SIGNONMSGSRSV1"))?;
        let signon =
            Member::take(set, "SONRS").map_err(|error: DecodeError| error.within("SIGNONMSGSRSV1").within("OFX"))?;
        Ok(Self { document, signon })
    }

    pub(crate) fn signon(&self) -> &SignonResponse {
        &self.signon
    }

    /// The questions, whatever `TRNUID` they come under.
    pub(crate) fn challenge(&self) -> Result<ChallengeTransactionResponse, DecodeError> {
        let missing =
            || DecodeError::new(Problem::Missing("MFACHALLENGETRNRS"), 0).within("SIGNONMSGSRSV1").within("OFX");
        self.all("SIGNONMSGSRSV1", "MFACHALLENGETRNRS")?.into_iter().next().ok_or_else(missing)
    }

    pub(crate) fn profiles(&self) -> Result<Vec<ProfileTransactionResponse>, DecodeError> {
        self.all("PROFMSGSRSV1", "PROFTRNRS")
    }

    /// What the answer to a password change says, whatever `TRNUID` it comes under: there is one in a file.
    pub(crate) fn password(&self) -> Option<Result<Status, DecodeError>> {
        let answer = self.document.root().child("SIGNONMSGSRSV1")?.child("PINCHTRNRS")?;
        let status = Member::take(answer, "STATUS");
        Some(status.map_err(|error: DecodeError| error.within("PINCHTRNRS").within("SIGNONMSGSRSV1").within("OFX")))
    }

    /// The answers to requests of a kind, by themselves and inside of synchronization.
    pub(crate) fn answers(&self, kind: RequestKind) -> impl Iterator<Item = &Element> {
        let row = kind.row();
        let set = self.set(row.set);
        let frame = row.sync.map(|sync| sync.frame().response);
        let inside = set.iter().filter(move |child| Some(child.tag()) == frame).flat_map(Element::children);
        set.iter().chain(inside).filter(move |child| child.tag() == row.transaction_response)
    }

    /// The answers to requests of a kind under a `TRNUID`; one without any may be ours too.
    pub(crate) fn answers_under(&self, kind: RequestKind, trn_uid: &TrnUid) -> Vec<Result<Answer, DecodeError>> {
        let ours = |answer: &&Element| answer.value("TRNUID").is_none_or(|found| found == trn_uid.as_str());
        self.answers(kind).filter(ours).map(|answer| self.read(kind, answer)).collect()
    }

    pub(crate) fn read(&self, kind: RequestKind, answer: &Element) -> Result<Answer, DecodeError> {
        let set = set_tag(kind.row().set);
        Answer::read(answer).map_err(|error| error.within(kind.row().transaction_response).within(set).within("OFX"))
    }

    /// The synchronizations of a kind that are in it.
    pub(crate) fn frames(&self, kind: SyncKind) -> Vec<SyncResponse> {
        let set = self.set(kind.frame().set);
        set.iter().filter(|child| child.tag() == kind.frame().response).filter_map(SyncResponse::read).collect()
    }

    fn set(&self, name: &str) -> &[Element] {
        self.document.root().child(set_tag(name)).map(Element::children).unwrap_or_default()
    }

    fn all<T: Content>(&self, set: &str, tag: &str) -> Result<Vec<T>, DecodeError> {
        let found = self.document.root().child(set).map(Element::children).unwrap_or_default();
        let wanted = found.iter().filter(|child| child.tag() == tag);
        wanted.map(|child| T::read(child).map_err(|error| error.within(tag).within(set).within("OFX"))).collect()
    }
}

fn set_tag(name: &str) -> &'static str {
    if name == "SIGNUP" { "SIGNUPMSGSRSV1" } else { "BILLPAYMSGSRSV1" }
}
