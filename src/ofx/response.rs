//! Response files: the signon response, and what stands beside it.

use crate::ofx::{
    AccountInfoTransactionResponse, BankAccount, ChallengeTransactionResponse, Content, DecodeError, Document, Element,
    Limits, Member, PaymentTransactionResponse, Problem, ProfileTransactionResponse, SignonResponse, TrnUid,
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

    /// The answers to payments under a `TRNUID`, by themselves and inside of synchronization; one without any may be ours too.
    pub(crate) fn payments_under(&self, trn_uid: &TrnUid) -> Vec<Result<PaymentTransactionResponse, DecodeError>> {
        let set = self.document.root().child(BILL_PAY).map(Element::children).unwrap_or_default();
        let inside = set.iter().filter(|child| child.tag() == FRAME).flat_map(Element::children);
        let answers = set.iter().chain(inside).filter(|child| child.tag() == "PMTTRNRS");
        answers
            .filter(|answer| answer.value("TRNUID").is_none_or(|found| found == trn_uid.as_str()))
            .map(|answer| {
                Content::read(answer).map_err(|error| error.within("PMTTRNRS").within(BILL_PAY).within("OFX"))
            })
            .collect()
    }

    /// The synchronization of payments that is in it.
    pub(crate) fn payment_frames(&self) -> Vec<PaymentFrame> {
        let set = self.document.root().child(BILL_PAY).map(Element::children).unwrap_or_default();
        set.iter().filter(|child| child.tag() == FRAME).map(PaymentFrame::read).collect()
    }

    fn all<T: Content>(&self, set: &str, tag: &str) -> Result<Vec<T>, DecodeError> {
        let found = self.document.root().child(set).map(Element::children).unwrap_or_default();
        let wanted = found.iter().filter(|child| child.tag() == tag);
        wanted.map(|child| T::read(child).map_err(|error| error.within(tag).within(set).within("OFX"))).collect()
    }
}

const BILL_PAY: &str = "BILLPAYMSGSRSV1";

const FRAME: &str = "PMTSYNCRS";

/// Ten characters by the specification, 36 in 1.5.1 and 1.6.
const LONGEST_TOKEN: usize = 36;

/// What a `PMTSYNCRS` says beside its transactions, of which an unreadable one does not hide it. OFX 1.0.3 §6 and §12.10.
#[derive(Debug)]
pub(crate) struct PaymentFrame {
    /// `TOKEN`; `None` for the -1 of an error, and for what is no token.
    pub(crate) token: Option<String>,
    /// `LOSTSYNC`: what is not in it may have happened all the same.
    pub(crate) lost: bool,
    /// `BANKACCTFROM`.
    pub(crate) account: Option<BankAccount>,
    /// How many transactions it tells of that were carried out.
    pub(crate) others: usize,
    /// `SYNCERROR` 6501. OFX 2.3 §6.4.
    pub(crate) is_out_of_date: bool,
}

impl PaymentFrame {
    fn read(frame: &Element) -> Self {
        let writable = |token: &&str| token.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>&".contains(&byte));
        let token =
            frame.value("TOKEN").filter(|token| *token != "-1" && token.len() <= LONGEST_TOKEN).filter(writable);
        let answers = frame.children().iter().filter(|child| child.tag() == "PMTTRNRS");
        Self {
            token: token.map(str::to_owned),
            lost: frame.value("LOSTSYNC").is_some_and(|lost| !lost.eq_ignore_ascii_case("N")),
            account: Member::take(frame, "BANKACCTFROM").ok(),
            others: answers
                .filter(|answer| answer.find("STATUS/CODE").is_some_and(|code| code.text() == Some("0")))
                .count(),
            is_out_of_date: frame.value("SYNCERROR") == Some("6501"),
        }
    }
}
