//! Request files: a fresh signon in front of bytes that never change.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::ofx::sync::{MAIL_FLAGS, is_token};
use crate::ofx::{
    BankAccount, ChallengeTransaction, Charset, Content as _, DecodeError, Document, Element, EncodeError, Header,
    Limits, PasswordChange, ProfileTransaction, Request, SignonForm, SignonRequest, Style, SyncKind, SyncRequest,
    TrnUid, Version, writer,
};
use crate::secret::Wiped;

/// The bytes of a request file after `</SONRQ>`, made once: file-based recovery compares them, and a later version of this
/// crate must repeat what an earlier one wrote.
///
/// Copies share them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Tail(Arc<Wiped>);

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tail({} bytes)", self.as_bytes().len())
    }
}

impl Tail {
    pub(crate) fn profile(request: &ProfileTransaction, version: Version, style: &Style) -> Result<Self, EncodeError> {
        Self::set("PROFMSGSRQV1", request.write("PROFTRNRQ", version), version, style)
    }

    /// What is asked for, in the order of a file: one message set after the other, payees before payments. OFX 1.0.3 §12.1.
    pub(crate) fn items(items: &[Item], version: Version, style: &Style) -> Result<Self, EncodeError> {
        items.iter().try_for_each(|item| item.check(version))?;
        let mut inside = Vec::new();
        for set in ["SIGNUP", "BILLPAY"] {
            let mut transactions: Vec<Element> =
                items.iter().filter(|item| item.set() == set).map(|item| item.to_element(version)).collect();
            transactions.sort_by_key(|element| !element.tag().starts_with("PAYEE"));
            if !transactions.is_empty() {
                inside.push(Element::aggregate(format!("{set}MSGSRQV1"), transactions));
            }
        }
        let sets: Result<Vec<_>, _> = inside.iter().map(|set| writer::write(set, version, style)).collect();
        let sets = sets?;
        let mut parts: Vec<&[u8]> = vec![b"</SIGNONMSGSRQV1>"];
        parts.extend(sets.iter().map(|set| set.as_slice()));
        parts.push(b"</OFX>");
        Ok(Self::from_bytes(parts.concat()))
    }

    /// The same request, to be carried out only if nothing happened since `token`. OFX 1.0.3 §6.4.
    ///
    /// `account` is that of the frame, written as the request is; the request's own counts where it has one.
    ///
    /// Frozen as the bytes of the request are: file-based recovery compares them, and only the request is stored. `None` when this
    /// is no such request, or the token none that can be written.
    pub(crate) fn after(&self, token: &str, kind: SyncKind, account: Option<&[u8]>) -> Option<Self> {
        if !is_token(token) {
            return None;
        }
        let frame = kind.frame();
        let mark = |before: &str, tag: &str| format!("{before}{tag}>").into_bytes();
        let (open, close) = (mark("<", frame.transaction_request), mark("</", frame.transaction_request));
        let (head, rest) = split_before(self.as_bytes(), &open)?;
        let (request, foot) = split_behind(rest, &close)?;
        let own = split_before(request, b"<BANKACCTFROM>").and_then(|(_, rest)| split_behind(rest, b"</BANKACCTFROM>"));
        let account = match own.map(|(own, _)| own).or(account) {
            Some(account) if frame.of_account => account.trim_ascii_end(),
            None if frame.of_account => return None,
            _ => b"",
        };
        // Laid out as the request is.
        let (line, _) = split_before(request.get(open.len()..)?, b"<TRNUID>")?;
        let line = if line.iter().all(u8::is_ascii_whitespace) { line } else { return None };
        let closed = split_before(request, b"</TRNUID>").is_some();
        let leaf = |tag: &str, value: &str| {
            if closed { format!("<{tag}>{value}</{tag}>") } else { format!("<{tag}>{value}") }.into_bytes()
        };
        let mut parts = vec![head.to_vec(), mark("<", frame.request), line.to_vec(), leaf("TOKEN", token)];
        parts.extend([line.to_vec(), leaf("REJECTIFMISSING", "Y"), line.to_vec()]);
        if frame.is_mail {
            parts.extend(MAIL_FLAGS.iter().flat_map(|flag| [leaf(flag, "N"), line.to_vec()]));
        }
        if frame.of_account {
            parts.extend([account.to_vec(), line.to_vec()]);
        }
        parts.extend([request.to_vec(), line.to_vec(), mark("</", frame.request), foot.to_vec()]);
        let parts = Zeroizing::new(parts);
        let mut bytes = Zeroizing::new(Vec::with_capacity(parts.iter().map(Vec::len).sum()));
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Some(Self::from_bytes(bytes))
    }

    /// The bytes of an account, as a request would have them.
    pub(crate) fn account(
        account: &BankAccount,
        version: Version,
        style: &Style,
    ) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        account.check()?;
        writer::write(&account.write("BANKACCTFROM", version), version, style)
    }

    /// No bytes yet: those of a new password are made when they are sent.
    pub(crate) fn made_when_sent() -> Self {
        Self::from_bytes(Vec::new())
    }

    /// A change of the password, which stands inside the signon message set. OFX 1.0.3 §2.5.2.
    pub(crate) fn password(
        trn_uid: &TrnUid,
        request: &PasswordChange,
        version: Version,
        style: &Style,
    ) -> Result<Self, EncodeError> {
        request.check(version)?;
        let inside = vec![trn_uid.write("TRNUID", version), request.write("PINCHRQ", version)];
        Self::in_signon(&Element::aggregate("PINCHTRNRQ", inside), version, style)
    }

    /// The security questions, which stand inside the signon message set and alone in their file.
    pub(crate) fn challenge(
        request: &ChallengeTransaction,
        version: Version,
        style: &Style,
    ) -> Result<Self, EncodeError> {
        version.require_mfa("a request for security questions")?;
        Self::in_signon(&request.write("MFACHALLENGETRNRQ", version), version, style)
    }

    fn in_signon(transaction: &Element, version: Version, style: &Style) -> Result<Self, EncodeError> {
        let inside = writer::write(transaction, version, style)?;
        Ok(Self::from_bytes([inside.as_slice(), b"</SIGNONMSGSRQV1>", b"</OFX>"].concat()))
    }

    fn set(tag: &'static str, transaction: Element, version: Version, style: &Style) -> Result<Self, EncodeError> {
        let set = writer::write(&Element::aggregate(tag, vec![transaction]), version, style)?;
        Ok(Self::from_bytes([b"</SIGNONMSGSRQV1>", set.as_slice(), b"</OFX>"].concat()))
    }

    pub(crate) fn from_bytes(bytes: impl Into<Zeroizing<Vec<u8>>>) -> Self {
        Self(Arc::new(Wiped::from(bytes.into())))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_ref().as_ref()
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
        let mut file =
            Zeroizing::new(Vec::with_capacity(header.len() + OPENING.len() + signon.len() + self.as_bytes().len()));
        for part in [header.as_bytes(), OPENING, &signon, self.as_bytes()] {
            file.extend_from_slice(part);
        }
        Ok(file)
    }

    /// Reads what is asked for out of the bytes again, in the order of the file, so that it need not be kept twice.
    pub(crate) fn read(&self, version: Version) -> Result<Vec<Item>, DecodeError> {
        // We know what we wrote; a reader would have to guess.
        let charset = if version.is_sgml() { Charset::latin() } else { Charset::utf8() };
        let (mark, header, body) = ("\u{feff}", Header::new(version).render(version), charset.decode(self.as_bytes()));
        let file = Zeroizing::new([mark.as_bytes(), header.as_bytes(), OPENING, body.as_bytes()].concat());
        let document = Document::decode(&file, &Limits::new())?;
        let sets = document.root().children().iter().filter(|set| set.tag() != "SIGNONMSGSRQV1");
        sets.flat_map(Element::children).filter_map(Item::read).collect()
    }
}

/// One thing that a file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Request(TrnUid, Request),
    Sync(SyncRequest),
}

impl Item {
    pub(crate) fn set(&self) -> &'static str {
        match self {
            Self::Request(_, request) => request.kind().row().set,
            Self::Sync(request) => request.kind.frame().set,
        }
    }

    fn check(&self, version: Version) -> Result<(), EncodeError> {
        match self {
            Self::Request(_, request) => request.check(version),
            Self::Sync(request) => request.check(),
        }
    }

    fn to_element(&self, version: Version) -> Element {
        match self {
            Self::Request(trn_uid, request) => request.transaction(trn_uid, version),
            Self::Sync(request) => request.to_element(version),
        }
    }

    fn read(element: &Element) -> Option<Result<Self, DecodeError>> {
        let request = Request::read_transaction(element);
        let request = request.map(|read| read.map(|(trn_uid, request)| Self::Request(trn_uid, request)));
        request.or_else(|| SyncRequest::read(element).map(|read| read.map(Self::Sync)))
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
