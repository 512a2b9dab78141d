//! A pretend institution without a network, whose answers go astray where a test says so.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::Poll;

use ofx_session::Version;
use ofx_session::ofx::Element;
use ofx_session::testing::{BankBuilder, BankModel, Endpoint};
use ofx_session::transport::{Request, Response, Sending, Transport, TransportError};

use super::{aggregate, answer_to, leaf};

/// A pretend institution without a network, and what befalls the requests that hold these words, one after the other.
#[derive(Debug)]
pub(super) struct Wire {
    bank: Mutex<BankModel>,
    faults: Mutex<VecDeque<(&'static str, Fault)>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    Pass,
    NotSent,
    /// The institution does it, and its answer is lost.
    Lost,
    Never,
    /// Given the request's `TRNUID`, or nothing where it has none.
    Say(fn(&str) -> Vec<u8>),
}

impl Wire {
    pub(super) fn new(bank: BankBuilder, faults: &[(&'static str, Fault)]) -> Self {
        let bank = bank.org("LARKSPUR").fid("6021").build_model();
        Self { bank: Mutex::new(bank), faults: Mutex::new(faults.to_vec().into()) }
    }
}

impl Transport for Wire {
    fn send(&self, request: Request) -> Sending<'_> {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let mut faults = self.faults.lock().unwrap();
        let met = faults.front().is_some_and(|(words, _)| body.contains(words));
        let fault = if met { faults.pop_front().unwrap().1 } else { Fault::Pass };
        let host = || "ofx.bank.example".to_owned();
        let bank = || self.bank.lock().unwrap().answer(Endpoint::Main, request.body()).unwrap();
        let answer = match fault {
            Fault::Pass => bank(),
            Fault::NotSent => {
                return Box::pin(async move { Err(TransportError::Connect { host: host(), source: None }) });
            }
            Fault::Lost => {
                bank();
                return Box::pin(async move { Err(TransportError::Interrupted { host: host(), source: None }) });
            }
            Fault::Never => return Box::pin(std::future::poll_fn(|_| Poll::Pending)),
            Fault::Say(say) => {
                let trn_uid = body.split("<TRNUID>").nth(1).and_then(|rest| rest.split('<').next());
                say(trn_uid.unwrap_or_default())
            }
        };
        Box::pin(async move { Response::from_http_200(Some("application/x-ofx"), answer) })
    }
}

/// Private sets and tags, aggregates that repeat, are empty or come before their time, numbers of odd and even length.
pub(super) fn vendor_profile(trn_uid: &str) -> Vec<u8> {
    let fee = |amount: &str| aggregate("LKS.FEE", vec![leaf("LKS.AMOUNT", amount), leaf("LKS.FREE", "Y")]);
    let vendor = vec![
        core("https://ofx.bank.example/lks"),
        aggregate("LKS.FEES", vec![fee("12345"), fee("123456"), fee("12345"), aggregate("LKS.NONE", vec![])]),
        leaf("VER", "1"),
        leaf("LKS.TEXT", "café – 123456"),
        leaf("EMAIL", "12345"),
        leaf("SIGNONMSGSRQV1", "7"),
        leaf("LKS.TEXT", "N"),
    ];
    let sets = vec![
        aggregate("SIGNONMSGSET", vec![aggregate("SIGNONMSGSETV1", vec![core("https://ofx.bank.example/ofx")])]),
        aggregate("LKSMSGSET", vec![aggregate("LKSMSGSETV2", vendor)]),
        aggregate("PROFMSGSET", vec![aggregate("PROFMSGSETV1", vec![core("https://ofx.bank.example/ofx")])]),
    ];
    profile(Version::V220, trn_uid, sets)
}

/// More values and flat aggregates than one byte counts, and than the packer looks back at; long values, too.
pub(super) fn many_profile(trn_uid: &str) -> Vec<u8> {
    let fee = |number: usize| aggregate("LKS.FEE", vec![leaf("LKS.AMOUNT", &format!("{number}.50"))]);
    let mut fees: Vec<_> = (0..140).map(fee).collect();
    // One that is too far away, one that is not, and values by themselves.
    fees.extend([fee(2), fee(135), leaf("LKS.AMOUNT", "3.50"), leaf("LKS.AMOUNT", "136.50")]);
    let vendor = vec![
        core("https://ofx.bank.example/lks"),
        aggregate("LKS.FEES", fees),
        leaf("LKS.TEXT", &"long enough for a length of two bytes, ".repeat(4)),
        leaf("LKS.TEXT", &"0123456789".repeat(13)),
    ];
    profile(Version::V220, trn_uid, vec![aggregate("LKSMSGSET", vec![aggregate("LKSMSGSETV1", vendor)])])
}

/// More than is ever stored, with an address of its own for each set.
pub(super) fn large_profile(trn_uid: &str) -> Vec<u8> {
    let signon = aggregate("SIGNONMSGSETV1", vec![core("https://signon.bank.example/ofx")]);
    let note = leaf("LKS.TEXT", &"as long as it is of no use, ".repeat(700));
    let pay = aggregate("BILLPAYMSGSETV1", vec![core("https://pay.bank.example/ofx"), note]);
    let sets = vec![aggregate("SIGNONMSGSET", vec![signon]), aggregate("BILLPAYMSGSET", vec![pay])];
    profile(Version::V211, trn_uid, sets)
}

/// The bills are paid in a signon realm of their own.
pub(super) fn realms_profile(trn_uid: &str) -> Vec<u8> {
    of_two_realms(trn_uid, "of no use")
}

/// The same, and more than is ever stored.
pub(super) fn large_realms_profile(trn_uid: &str) -> Vec<u8> {
    of_two_realms(trn_uid, &"as long as it is of no use, ".repeat(700))
}

fn of_two_realms(trn_uid: &str, note: &str) -> Vec<u8> {
    let pay = vec![core_of("HARBOR", "https://pay.bank.example/ofx"), leaf("LKS.TEXT", note)];
    let home = |tag| aggregate(tag, vec![core("https://ofx.bank.example/ofx")]);
    let sets = vec![
        aggregate("SIGNONMSGSET", vec![home("SIGNONMSGSETV1")]),
        aggregate("PROFMSGSET", vec![home("PROFMSGSETV1")]),
        aggregate("SIGNUPMSGSET", vec![home("SIGNUPMSGSETV1")]),
        aggregate("BILLPAYMSGSET", vec![aggregate("BILLPAYMSGSETV1", pay)]),
    ];
    profile_of(Version::V211, trn_uid, sets, &["LARKSPUR", "HARBOR"])
}

fn profile(version: Version, trn_uid: &str, sets: Vec<Element>) -> Vec<u8> {
    profile_of(version, trn_uid, sets, &["LARKSPUR"])
}

fn signon_info(realm: &str) -> Element {
    let info = [("SIGNONREALM", realm), ("MIN", "6"), ("MAX", "32"), ("CHARTYPE", "ALPHAONLY"), ("CASESEN", "Y")];
    aggregate("SIGNONINFO", info.map(|(tag, value)| leaf(tag, value)).to_vec())
}

fn profile_of(version: Version, trn_uid: &str, sets: Vec<Element>, realms: &[&str]) -> Vec<u8> {
    let profile = vec![
        aggregate("MSGSETLIST", sets),
        aggregate("SIGNONINFOLIST", realms.iter().map(|realm| signon_info(realm)).collect()),
        leaf("DTPROFUP", "20260101000000"),
        leaf("FINAME", "Banque de Larkspur, Orléans"),
    ];
    let status = vec![leaf("CODE", "0"), leaf("SEVERITY", "INFO")];
    let answer = vec![leaf("TRNUID", trn_uid), aggregate("STATUS", status), aggregate("PROFRS", profile)];
    answer_to(version, vec![aggregate("PROFMSGSRSV1", vec![aggregate("PROFTRNRS", answer)])])
}

fn core(url: &str) -> Element {
    core_of("LARKSPUR", url)
}

fn core_of(realm: &str, url: &str) -> Element {
    let (before, behind) =
        ([("VER", "1"), ("URL", url)], [("LANGUAGE", "FRA"), ("SYNCMODE", "LITE"), ("RESPFILEER", "N")]);
    let between = [("OFXSEC", "NONE"), ("TRANSPSEC", "Y"), ("SIGNONREALM", realm), ("LANGUAGE", "ENG")];
    let all = before.into_iter().chain(between).chain(behind);
    aggregate("MSGSETCORE", all.map(|(tag, value)| leaf(tag, value)).collect())
}

/// Seen before, and not a word about what became of it.
pub(super) fn silent_duplicate(trn_uid: &str) -> Vec<u8> {
    let status = vec![leaf("CODE", "2019"), leaf("SEVERITY", "ERROR")];
    let answer = aggregate("PMTTRNRS", vec![leaf("TRNUID", trn_uid), aggregate("STATUS", status)]);
    answer_to(Version::V160, vec![aggregate("BILLPAYMSGSRSV1", vec![answer])])
}

/// The signon is refused.
pub(super) fn newer_profile(trn_uid: &str) -> Vec<u8> {
    format!(
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS><DTSERVER>20260105093001</DTSERVER>\
         <LANGUAGE>ENG</LANGUAGE><DTPROFUP>20270203040506</DTPROFUP></SONRS></SIGNONMSGSRSV1><SIGNUPMSGSRSV1><ACCTINFOTRNRS>\
         <TRNUID>{trn_uid}</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS><ACCTINFORS><DTACCTUP>20260105</DTACCTUP>\
         </ACCTINFORS></ACCTINFOTRNRS></SIGNUPMSGSRSV1></OFX>"
    )
    .into_bytes()
}

pub(super) fn locked_out(_: &str) -> Vec<u8> {
    b"<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>15502</CODE><SEVERITY>ERROR</SEVERITY><MESSAGE>please call us</MESSAGE></STATUS>\
      <DTSERVER>20260105093001</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1></OFX>"
        .to_vec()
}
