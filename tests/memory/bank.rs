//! An institution without a network, whose answers hold secrets, in several ways of writing them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ofx_session::transport::{Request, Response, Sending, SetCookie, Transport, TransportError};

use crate::canary::{ACCESS_KEY, CARD, CHECKING, HTTP_COOKIE, PAY_ACCOUNT, SAVINGS, SECOND_ACCESS_KEY, SESSION_COOKIE};

/// How documents are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    Xml,
    /// 1.x, leaves without end tags, a line break after each.
    Sgml,
    /// XML with every value in a marked section, its marks spelled as the specification's examples have them.
    Sections,
    Utf16,
    /// Marked as UTF-8, with many bytes that are none: each becomes three in memory.
    Broken,
    /// With a character beyond ASCII, so that all of it must be decoded.
    Latin,
}

impl Writing {
    pub(crate) const ALL: [Self; 6] = [Self::Xml, Self::Sgml, Self::Sections, Self::Utf16, Self::Broken, Self::Latin];
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NotSent,
    NoAnswer,
    /// The answer ends early.
    Cut,
    /// The answer is about the account list as it should be, up to an account without a type.
    NoType,
    /// A tag that closes nothing behind all values.
    Stray,
    Html,
    /// Nothing but white space and a cookie.
    NoOfx,
    /// An error status beside everything else.
    Refused,
}

impl Fault {
    pub(crate) const ALL: [Self; 8] =
        [Self::NotSent, Self::NoAnswer, Self::Cut, Self::NoType, Self::Stray, Self::Html, Self::NoOfx, Self::Refused];
}

/// Answers by what the request asks for.
#[derive(Debug)]
pub(crate) struct Bank {
    answers: &'static Answers,
    /// Which request, from 0, is answered wrongly, and how.
    fault: Option<(usize, Fault)>,
    requests: AtomicUsize,
    /// The questions were answered once.
    passed: AtomicBool,
}

/// Made before anything is watched, and never freed. Each is in two pieces, between which the request's `TRNUID` goes.
#[derive(Debug)]
pub(crate) struct Answers {
    writing: Writing,
    profile: [Vec<u8>; 2],
    accounts: [Vec<u8>; 2],
    challenge_needed: [Vec<u8>; 2],
    questions: [Vec<u8>; 2],
    /// What happened since a token: nothing. No request of ours is named.
    token: [Vec<u8>; 2],
    /// What happened since a token: a payment like ours under another name, from the account as others spell it.
    history: [Vec<u8>; 2],
    paid: [Vec<u8>; 2],
}

impl Answers {
    pub(crate) fn new(writing: Writing) -> &'static Self {
        let make = |[before, after]: [String; 2]| {
            let whole = format!("{before}\u{1}{after}");
            let text = document(writing, &whole);
            let (before, after) = text.split_once('\u{1}').unwrap();
            [encode(writing, before), encode(writing, after)]
        };
        let key = escaped(ACCESS_KEY);
        let first = signon(0, &format!("<SESSCOOKIE>{SESSION_COOKIE}</SESSCOOKIE><ACCESSKEY>{key}</ACCESSKEY>"));
        let asked = signon(3000, &format!("<SESSCOOKIE>{SESSION_COOKIE}</SESSCOOKIE>"));
        let again = signon(0, &format!("<ACCESSKEY>{SECOND_ACCESS_KEY}</ACCESSKEY>"));
        let profile = include_str!("../../fixtures/reference/profile.ofx");
        let (before, after) = profile.split_once("0b1f4c52-77aa-4d0e-9a35-2f60c1d1e0ff").unwrap();
        let before = &before[before.find("<SIGNONMSGSRSV1>").unwrap()..];
        Box::leak(Box::new(Self {
            writing,
            profile: make([before.to_owned(), after.trim_end().trim_end_matches("</OFX>").to_owned()]),
            accounts: make([
                format!("{}<SIGNUPMSGSRSV1><ACCTINFOTRNRS><TRNUID>", set(&first)),
                format!("</TRNUID>{OK}{}</ACCTINFOTRNRS></SIGNUPMSGSRSV1>", accounts()),
            ]),
            challenge_needed: make([set(&asked), String::new()]),
            questions: make([
                format!("<SIGNONMSGSRSV1>{again}<MFACHALLENGETRNRS><TRNUID>"),
                format!("</TRNUID>{OK}{QUESTIONS}</MFACHALLENGETRNRS></SIGNONMSGSRSV1>"),
            ]),
            token: make([
                format!(
                    "{}<BILLPAYMSGSRSV1><PMTSYNCRS><TOKEN>q-7781</TOKEN><LOSTSYNC>N</LOSTSYNC>{}</PMTSYNCRS></BILLPAYMSGSRSV1>",
                    set(&again),
                    account_from(CHECKING, "CHECKING")
                ),
                String::new(),
            ]),
            history: make([
                format!(
                    "{}<BILLPAYMSGSRSV1><PMTSYNCRS><TOKEN>q-7782</TOKEN><LOSTSYNC>N</LOSTSYNC>{}<PMTTRNRS>\
                     <TRNUID>5F0E2C1A-8D44-4E0B-9C1D-000000000001</TRNUID>{OK}{}</PMTTRNRS></PMTSYNCRS></BILLPAYMSGSRSV1>",
                    set(&again),
                    account_from(CHECKING, "CHECKING").replace("<ACCTID>", "<BRANCHID>0417</BRANCHID><ACCTID>"),
                    paid()
                ),
                String::new(),
            ]),
            paid: make([
                format!("{}<BILLPAYMSGSRSV1><PMTTRNRS><TRNUID>", set(&again)),
                format!("</TRNUID>{OK}{}</PMTTRNRS></BILLPAYMSGSRSV1>", paid()),
            ]),
        }))
    }
}

impl Bank {
    pub(crate) fn new(answers: &'static Answers) -> Self {
        Self { answers, fault: None, requests: AtomicUsize::new(0), passed: AtomicBool::new(false) }
    }

    pub(crate) fn with_fault(answers: &'static Answers, request: usize, fault: Fault) -> Self {
        Self { fault: Some((request, fault)), ..Self::new(answers) }
    }

    fn answer(&self, request: &[u8]) -> Result<Response, TransportError> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let fault = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        let answers = self.answers;
        let [before, after] = match () {
            () if has(request, b"<PROFRQ>") => &answers.profile,
            () if has(request, b"<ACCTINFORQ>") => &answers.accounts,
            () if has(request, b"<MFACHALLENGERQ>") => &answers.questions,
            () if !self.passed.load(Ordering::Relaxed) && !has(request, b"<MFACHALLENGEANSWER>") => {
                &answers.challenge_needed
            }
            () if has(request, b"<PMTRQ>") => &answers.paid,
            () if has(request, b"<TOKENONLY>") => &answers.token,
            () => &answers.history,
        };
        self.passed.fetch_or(has(request, b"<MFACHALLENGEANSWER>"), Ordering::Relaxed);
        let at = request.windows(8).position(|tag| tag == b"<TRNUID>").map_or(request.len(), |at| at + 8);
        let uid = request.get(at..at + 36).map(|uid| std::str::from_utf8(uid).unwrap()).unwrap_or_default();
        let uid = encode(answers.writing, uid);
        let uid = if after.starts_with(&encode(answers.writing, "\n")) { Vec::new() } else { uid };
        // Of the right size from the start: what the transport leaves behind would be found as well.
        let mut body = Vec::with_capacity(before.len() + uid.len() + after.len() + 64);
        for part in [before, &uid, after] {
            body.extend_from_slice(part);
        }
        let replace = |body: &mut Vec<u8>, from: &str, to: &str| {
            assert_eq!(from.len(), to.len());
            let (from, to) = (encode(answers.writing, from), encode(answers.writing, to));
            let at = body.windows(from.len()).rposition(|window| window == from);
            at.into_iter().for_each(|at| body[at..at + from.len()].copy_from_slice(&to));
        };
        match fault {
            Some(Fault::NotSent) => {
                wipe(body);
                return Err(TransportError::Connect { host: "bank.example".to_owned(), source: None });
            }
            Some(Fault::NoAnswer) => {
                wipe(body);
                return Err(TransportError::Timeout { host: "bank.example".to_owned(), source: None });
            }
            // An even number, so that characters of two bytes stay whole.
            Some(Fault::Cut) => body.truncate(body.len() - 40),
            Some(Fault::NoType) => replace(&mut body, "ACCTTYPE>", "ACCTTYPO>"),
            Some(Fault::Stray) => replace(&mut body, "</OFX>", "</OFY>"),
            Some(Fault::Html) => {
                let page = b"<html>";
                body.splice(..0, *page);
            }
            Some(Fault::NoOfx) => replace(&mut body, "</OFX>", "<OFY/>"),
            Some(Fault::Refused) => replace(&mut body, "<CODE>0", "<CODE>2"),
            None => {}
        }
        if fault == Some(Fault::NoOfx) {
            let start = body.len() - 200;
            body.drain(..start);
        }
        Response::from_http_200(Some("application/x-ofx"), body)
    }
}

impl Transport for Bank {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move { self.answer(request.body()) })
    }

    fn cookies(&self) -> Vec<SetCookie> {
        vec![SetCookie::new("https://ofx.bank.example", HTTP_COOKIE)]
    }
}

fn wipe(mut bytes: Vec<u8>) {
    zeroize::Zeroize::zeroize(&mut bytes);
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn signon(code: u32, rest: &str) -> String {
    let severity = if code == 0 { "INFO" } else { "ERROR" };
    format!(
        "<SONRS><STATUS><CODE>{code}</CODE><SEVERITY>{severity}</SEVERITY><MESSAGE>Café</MESSAGE></STATUS>\
         <DTSERVER>20261121093002</DTSERVER><LANGUAGE>ENG</LANGUAGE>{rest}</SONRS>"
    )
}

fn set(signon: &str) -> String {
    format!("<SIGNONMSGSRSV1>{signon}</SIGNONMSGSRSV1>")
}

fn account_from(number: &str, kind: &str) -> String {
    format!(
        "<BANKACCTFROM><BANKID>211391825</BANKID><ACCTID>{number}</ACCTID><ACCTTYPE>{kind}</ACCTTYPE></BANKACCTFROM>"
    )
}

fn accounts() -> String {
    let bank = |number: &str, kind: &str| {
        let account = account_from(number, kind);
        format!(
            "<ACCTINFO><BANKACCTINFO>{account}<SUPTXDL>Y</SUPTXDL><XFERSRC>Y</XFERSRC><XFERDEST>Y</XFERDEST>\
             <SVCSTATUS>ACTIVE</SVCSTATUS></BANKACCTINFO><BPACCTINFO>{account}<SVCSTATUS>ACTIVE</SVCSTATUS></BPACCTINFO>\
             </ACCTINFO>"
        )
    };
    let card = format!(
        "<ACCTINFO><CCACCTINFO><CCACCTFROM><ACCTID>{CARD}</ACCTID></CCACCTFROM><SUPTXDL>Y</SUPTXDL><XFERSRC>N</XFERSRC>\
         <XFERDEST>Y</XFERDEST><SVCSTATUS>ACTIVE</SVCSTATUS></CCACCTINFO></ACCTINFO>"
    );
    // Enough of them that a buffer which holds the list, whatever its first size, has to grow.
    let more: String = (0..60)
        .map(|number| format!("<ACCTINFO><DESC>Account in the drawer, number {number}</DESC></ACCTINFO>"))
        .collect();
    format!(
        "<ACCTINFORS><DTACCTUP>20261101</DTACCTUP>{card}{}{more}{}</ACCTINFORS>",
        bank(SAVINGS, "SAVINGS"),
        bank(CHECKING, "CHECKING")
    )
}

fn paid() -> String {
    format!(
        "<PMTRS><SRVRTID>1</SRVRTID><PAYEELSTID>2</PAYEELSTID><CURDEF>USD</CURDEF><PMTINFO>{}\
         <TRNAMT>84.20</TRNAMT><PAYEELSTID>2</PAYEELSTID><PAYEEID>9</PAYEEID><PAYACCT>{PAY_ACCOUNT}</PAYACCT>\
         <DTDUE>20261204</DTDUE></PMTINFO><PMTPRCSTS><PMTPRCCODE>WILLPROCESSON</PMTPRCCODE><DTPMTPRC>20261202</DTPMTPRC>\
         </PMTPRCSTS></PMTRS>",
        account_from(CHECKING, "CHECKING")
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
}

/// Header and root around `inside`, leaves as this writing has them.
fn document(writing: Writing, inside: &str) -> String {
    let header = match writing {
        Writing::Sgml => {
            "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\
             COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
        }
        Writing::Latin => {
            "<?xml version=\"1.0\" encoding=\"windows-1252\"?><?OFX OFXHEADER=\"200\" VERSION=\"211\" SECURITY=\"NONE\" \
             OLDFILEUID=\"NONE\" NEWFILEUID=\"NONE\"?>"
        }
        Writing::Broken => {
            "\u{feff}<?xml version=\"1.0\"?><?OFX OFXHEADER=\"200\" VERSION=\"211\" SECURITY=\"NONE\" OLDFILEUID=\"NONE\" \
             NEWFILEUID=\"NONE\"?>"
        }
        Writing::Xml | Writing::Sections | Writing::Utf16 => {
            "<?xml version=\"1.0\"?><?OFX OFXHEADER=\"200\" VERSION=\"211\" SECURITY=\"NONE\" OLDFILEUID=\"NONE\" \
             NEWFILEUID=\"NONE\"?>"
        }
    };
    let mut body = String::new();
    let mut rest = inside;
    while let Some((before, after)) = rest.split_once('<') {
        let (tag, behind) = after.split_once('>').unwrap();
        let value = behind.split('<').next().unwrap();
        let is_leaf = !tag.starts_with('/') && behind[value.len()..].starts_with(&format!("</{tag}>"));
        body.push_str(before);
        body.push_str(&format!("<{tag}>"));
        rest = behind;
        if is_leaf && !value.contains('\u{1}') {
            let end = format!("</{tag}>");
            match writing {
                Writing::Sgml => body.push_str(&format!("{value}\r\n")),
                Writing::Sections => body.push_str(&format!("<![ CDATA [{}]]>{end}", value.replace("&amp;", "&"))),
                Writing::Xml | Writing::Utf16 | Writing::Broken | Writing::Latin => {
                    body.push_str(&format!("{value}{end}"))
                }
            }
            rest = &behind[value.len() + end.len()..];
        }
    }
    body.push_str(rest);
    // Behind the document, so that a buffer which is too small has the secrets in it when it grows.
    let behind = if writing == Writing::Broken { "é".repeat(20_000) } else { String::new() };
    format!("{header}<OFX>{body}\n</OFX>{behind}")
}

fn encode(writing: Writing, text: &str) -> Vec<u8> {
    match writing {
        Writing::Utf16 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Writing::Broken => {
            let mark = if text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
            [mark.as_bytes(), &encode(Writing::Latin, text.trim_start_matches('\u{feff}'))].concat()
        }
        Writing::Sgml | Writing::Latin => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(),
        Writing::Xml | Writing::Sections => text.as_bytes().to_vec(),
    }
}

const OK: &str = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>";

const QUESTIONS: &str = "<MFACHALLENGERS><MFACHALLENGE><MFAPHRASEID>MFA16</MFAPHRASEID></MFACHALLENGE><MFACHALLENGE>\
    <MFAPHRASEID>MFA104</MFAPHRASEID></MFACHALLENGE><MFACHALLENGE><MFAPHRASEID>BRQ7</MFAPHRASEID>\
    <MFAPHRASELABEL>In which town did you open this account?</MFAPHRASELABEL></MFACHALLENGE></MFACHALLENGERS>";
