//! Request files: a fresh signon in front of bytes that never change.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::ofx::check::known;
use crate::ofx::sync::{MAIL_FLAGS, is_token};
use crate::ofx::{
    BankAccount, ChallengeTransaction, Charset, DecodeError, Document, Element, EncodeError, Header, Limits,
    Member as _, PasswordChange, ProfileTransaction, Request, SignonForm, SignonRequest, Sink, Style, SyncKind,
    SyncRequest, TrnUid, Version, writer,
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
        known("DTPROFUP", &request.request.updated)?;
        let set = writer::text(version, style, |out| {
            out.aggregate("PROFMSGSRQV1", |out| request.put("PROFTRNRQ", version, out));
        })?;
        Ok(Self::of(&[SIGNON_END, &set, END]))
    }

    /// What is asked for, in the order of a file: one message set after the other, payees before payments. OFX 1.0.3 §12.1.
    pub(crate) fn items(items: &[Item], version: Version, style: &Style) -> Result<Self, EncodeError> {
        items.iter().try_for_each(|item| item.check(version))?;
        let sets = writer::text(version, style, |out| {
            for (set, tag) in [("SIGNUP", "SIGNUPMSGSRQV1"), ("BILLPAY", "BILLPAYMSGSRQV1")] {
                let mut items: Vec<_> = items.iter().filter(|item| item.set() == set).collect();
                items.sort_by_key(|item| !item.tag().starts_with("PAYEE"));
                if !items.is_empty() {
                    out.aggregate(tag, |out| items.iter().for_each(|item| item.write_to(version, out)));
                }
            }
        })?;
        Ok(Self::of(&[SIGNON_END, &sets, END]))
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
        writer::text(version, style, |out| account.put("BANKACCTFROM", version, out))
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
        let inside = writer::text(version, style, |out| {
            out.aggregate("PINCHTRNRQ", |out| {
                trn_uid.put("TRNUID", version, out);
                request.put("PINCHRQ", version, out);
            });
        })?;
        Ok(Self::of(&[&inside, SIGNON_END, END]))
    }

    /// The security questions, which stand inside the signon message set and alone in their file.
    pub(crate) fn challenge(
        request: &ChallengeTransaction,
        version: Version,
        style: &Style,
    ) -> Result<Self, EncodeError> {
        version.require_mfa("a request for security questions")?;
        let inside = writer::text(version, style, |out| request.put("MFACHALLENGETRNRQ", version, out))?;
        Ok(Self::of(&[&inside, SIGNON_END, END]))
    }

    fn of(parts: &[&[u8]]) -> Self {
        Self::from_bytes(parts.concat())
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
        let signon = writer::text(version, style, |out| signon.write_as(form, version, out))?;
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

    /// The tag of what it is in a file.
    fn tag(&self) -> &'static str {
        match self {
            Self::Request(_, request) => request.kind().row().transaction_request,
            Self::Sync(request) => request.kind.frame().request,
        }
    }

    fn write_to(&self, version: Version, out: &mut dyn Sink) {
        match self {
            Self::Request(trn_uid, request) => request.write_transaction(trn_uid, version, out),
            Self::Sync(request) => request.write_to(version, out),
        }
    }

    fn read(element: &Element) -> Option<Result<Self, DecodeError>> {
        let request = Request::read_transaction(element);
        let request = request.map(|read| read.map(|(trn_uid, request)| Self::Request(trn_uid, request)));
        request.or_else(|| SyncRequest::read(element).map(|read| read.map(Self::Sync)))
    }
}

/// What is in front of the first `mark`, and the rest with it. What a marked section holds is a value, whatever it looks like.
fn split_before<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        let found = find(rest, mark)?;
        match find(rest, b"<![CDATA[").filter(|section| *section < found) {
            Some(section) => at += section + find(rest.get(section..)?, b"]]>")?,
            None => return bytes.split_at_checked(at + found),
        }
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// What goes up to the end of the first `mark`, and the rest.
fn split_behind<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    bytes.split_at_checked(split_before(bytes, mark)?.0.len() + mark.len())
}

const OPENING: &[u8] = b"<OFX><SIGNONMSGSRQV1>";
const SIGNON_END: &[u8] = b"</SIGNONMSGSRQV1>";
const END: &[u8] = b"</OFX>";
