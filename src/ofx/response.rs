//! Response files: the signon response, and what stands beside it.

use crate::ofx::{
    AccountInfoTransactionResponse, ChallengeTransactionResponse, Content, DecodeError, Document, Element, Limits,
    Member, PaymentTransactionResponse, Problem, ProfileTransactionResponse, SignonResponse,
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

    pub(crate) fn accounts(&self) -> Result<Vec<AccountInfoTransactionResponse>, DecodeError> {
        self.all("SIGNUPMSGSRSV1", "ACCTINFOTRNRS")
    }

    pub(crate) fn payments(&self) -> Result<Vec<PaymentTransactionResponse>, DecodeError> {
        self.all("BILLPAYMSGSRSV1", "PMTTRNRS")
    }

    fn all<T: Content>(&self, set: &str, tag: &str) -> Result<Vec<T>, DecodeError> {
        let found = self.document.root().child(set).map(Element::children).unwrap_or_default();
        let wanted = found.iter().filter(|child| child.tag() == tag);
        wanted.map(|child| T::read(child).map_err(|error| error.within(tag).within(set).within("OFX"))).collect()
    }
}
