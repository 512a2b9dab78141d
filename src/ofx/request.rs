//! Request files: a fresh signon in front of bytes that never change.

use std::fmt;

use zeroize::Zeroizing;

use crate::ofx::{
    AccountInfoTransaction, ChallengeTransaction, Charset, Content, DecodeError, Document, Element, EncodeError,
    Header, Limits, Member, Payment, PaymentSyncRequest, PaymentTransaction, Problem, ProfileTransaction, SignonForm,
    SignonRequest, Style, Version, writer,
};
use crate::secret::wipe;

/// The bytes of a request file after `</SONRQ>`, made once: file-based recovery compares them, and a later version of this
/// crate must repeat what an earlier one wrote.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Tail(Zeroizing<Vec<u8>>);

impl Drop for Tail {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tail({} bytes)", self.0.len())
    }
}

impl Tail {
    pub(crate) fn profile(request: &ProfileTransaction, version: Version, style: &Style) -> Result<Self, EncodeError> {
        Self::set("PROFMSGSRQV1", request.write("PROFTRNRQ", version), version, style)
    }

    pub(crate) fn accounts(
        request: &AccountInfoTransaction,
        version: Version,
        style: &Style,
    ) -> Result<Self, EncodeError> {
        Self::set("SIGNUPMSGSRQV1", request.write("ACCTINFOTRNRQ", version), version, style)
    }

    pub(crate) fn payment(request: &PaymentTransaction, version: Version, style: &Style) -> Result<Self, EncodeError> {
        request.request.payment.check()?;
        Self::set("BILLPAYMSGSRQV1", request.write("PMTTRNRQ", version), version, style)
    }

    /// The same payment, to be made only if nothing happened since `token`. OFX 1.0.3 §6.4.
    ///
    /// Frozen as the bytes of the payment are: file-based recovery compares them, and only the payment is stored. `None` when this
    /// is no payment, or the token none that can be written.
    pub(crate) fn after(&self, token: &str) -> Option<Self> {
        let writable = |byte: u8| byte.is_ascii_graphic() && !b"<>&".contains(&byte);
        if token.is_empty() || !token.bytes().all(writable) {
            return None;
        }
        let (head, rest) = split_before(&self.0, b"<PMTTRNRQ>")?;
        let (payment, foot) = split_behind(rest, b"</PMTTRNRQ>")?;
        let (_, account) = split_before(payment, b"<BANKACCTFROM>")?;
        let (account, _) = split_behind(account, b"</BANKACCTFROM>")?;
        // Laid out as the payment is.
        let (line, _) = split_before(payment.get(b"<PMTTRNRQ>".len()..)?, b"<TRNUID>")?;
        let line = if line.iter().all(u8::is_ascii_whitespace) { line } else { return None };
        let closed = split_before(payment, b"</TRNUID>").is_some();
        let (end_token, end_reject) = if closed { ("</TOKEN>", "</REJECTIFMISSING>") } else { ("", "") };
        let parts = [
            head,
            b"<PMTSYNCRQ>",
            line,
            b"<TOKEN>",
            token.as_bytes(),
            end_token.as_bytes(),
            line,
            b"<REJECTIFMISSING>Y",
            end_reject.as_bytes(),
            line,
            account,
            line,
            payment,
            line,
            b"</PMTSYNCRQ>",
            foot,
        ];
        Some(Self(Zeroizing::new(parts.concat())))
    }

    /// What happened to the payments of an account.
    pub(crate) fn history(request: &PaymentSyncRequest, version: Version, style: &Style) -> Result<Self, EncodeError> {
        Self::set("BILLPAYMSGSRQV1", request.write("PMTSYNCRQ", version), version, style)
    }

    /// The security questions, which stand inside the signon message set and alone in their file.
    pub(crate) fn challenge(
        request: &ChallengeTransaction,
        version: Version,
        style: &Style,
    ) -> Result<Self, EncodeError> {
        version.require_mfa("a request for security questions")?;
        let inside = writer::write(&request.write("MFACHALLENGETRNRQ", version), version, style)?;
        Ok(Self(Zeroizing::new([inside.as_slice(), b"</SIGNONMSGSRQV1>", b"</OFX>"].concat())))
    }

    fn set(tag: &'static str, transaction: Element, version: Version, style: &Style) -> Result<Self, EncodeError> {
        let set = writer::write(&Element::aggregate(tag, vec![transaction]), version, style)?;
        Ok(Self(Zeroizing::new([b"</SIGNONMSGSRQV1>", set.as_slice(), b"</OFX>"].concat())))
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The whole file, with `signon` in front.
    pub(crate) fn file(
        &self,
        header: &Header,
        version: Version,
        signon: &SignonRequest,
        form: SignonForm,
        style: &Style,
    ) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        signon.check(version)?;
        header.check()?;
        let signon = writer::write(&signon.write_as(form, version), version, style)?;
        let header = header.render(version);
        let mut file = Zeroizing::new(Vec::with_capacity(header.len() + OPENING.len() + signon.len() + self.0.len()));
        for part in [header.as_bytes(), OPENING, &signon, &self.0] {
            file.extend_from_slice(part);
        }
        Ok(file)
    }

    /// Reads the payment out of the bytes again, so that it need not be kept twice.
    pub(crate) fn read_payment(&self, version: Version) -> Result<Payment, DecodeError> {
        // We know what we wrote; a reader would have to guess.
        let charset = if version.is_sgml() { Charset::latin() } else { Charset::utf8() };
        let (mark, header, body) = ("\u{feff}", Header::new(version).render(version), charset.decode(&self.0));
        let file = Zeroizing::new([mark.as_bytes(), header.as_bytes(), OPENING, body.as_bytes()].concat());
        let document = Document::decode(&file, &Limits::new())?;
        let missing = || DecodeError::new(Problem::Missing("PMTRQ"), 0);
        let request = document.find("/OFX/BILLPAYMSGSRQV1/PMTTRNRQ/PMTRQ").ok_or_else(missing)?;
        Member::take(request, "PMTINFO")
    }
}

/// What is in front of the first `mark`, and the rest with it.
fn split_before<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    bytes.split_at_checked(bytes.windows(mark.len()).position(|window| window == mark)?)
}

/// What goes up to the end of the first `mark`, and the rest.
fn split_behind<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    bytes.split_at_checked(split_before(bytes, mark)?.0.len() + mark.len())
}

const OPENING: &[u8] = b"<OFX><SIGNONMSGSRQV1>";
