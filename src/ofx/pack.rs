//! A tree in few bytes, for state that is stored: nothing of it is lost, and it is read without an OFX reader.
//!
//! ```text
//! element  = varint(name * 4 + form) [name 0: varint length, bytes] content
//! form 0   = aggregate: varint count, elements
//! form 1   = value: varint length, UTF-8 bytes
//! form 2   = value seen before: varint number of the form-1 value, counted from 0
//! form 3   = common value: varint number in COMMON
//! ```
//!
//! `name` is the position in [`NAMES`] plus one. Both tables only ever grow at their end.

use std::collections::HashMap;

use crate::ofx::Element;

/// Packs `root` and everything below it.
pub(crate) fn pack(root: &Element) -> Vec<u8> {
    let mut packer = Packer { out: Vec::with_capacity(512), seen: HashMap::new() };
    packer.element(root);
    packer.out
}

/// Reads a packed tree; `None` when the bytes are not exactly one.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Element> {
    let mut reader = Unpacker { rest: bytes, seen: Vec::new() };
    let root = reader.element(DEEPEST)?;
    reader.rest.is_empty().then_some(root)
}

struct Packer<'a> {
    out: Vec<u8>,
    seen: HashMap<&'a str, usize>,
}

impl<'a> Packer<'a> {
    fn element(&mut self, element: &'a Element) {
        let name = NAMES.iter().position(|known| *known == element.tag()).map_or(0, |at| at + 1);
        let value = element.text();
        let common = value.and_then(|value| COMMON.iter().position(|known| *known == value));
        let seen = value.and_then(|value| self.seen.get(value).copied());
        let form = match (value, common, seen) {
            (None, ..) => 0,
            (_, Some(_), _) => 3,
            (_, None, Some(_)) => 2,
            (Some(_), None, None) => 1,
        };
        self.varint(name * 4 + form);
        if name == 0 {
            self.text(element.tag());
        }
        match (value, common.or(seen)) {
            (None, _) => {
                self.varint(element.children().len());
                element.children().iter().for_each(|child| self.element(child));
            }
            (Some(_), Some(number)) => self.varint(number),
            (Some(value), None) => {
                self.seen.insert(value, self.seen.len());
                self.text(value);
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.varint(text.len());
        self.out.extend_from_slice(text.as_bytes());
    }

    fn varint(&mut self, mut value: usize) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            self.out.push(if value == 0 { low & 0x7f } else { low | 0x80 });
            if value == 0 {
                return;
            }
        }
    }
}

struct Unpacker<'a> {
    rest: &'a [u8],
    seen: Vec<&'a str>,
}

impl<'a> Unpacker<'a> {
    fn element(&mut self, levels: usize) -> Option<Element> {
        let levels = levels.checked_sub(1)?;
        let head = self.varint()?;
        let name = match head / 4 {
            0 => self.text()?.to_owned().into(),
            number => std::borrow::Cow::Borrowed(*NAMES.get(number - 1)?),
        };
        let value = match head % 4 {
            0 => {
                let count = self.varint()?;
                // A count is no reason to allocate: each element takes a byte at least.
                let mut children = Vec::with_capacity(count.min(self.rest.len()));
                for _ in 0..count {
                    children.push(self.element(levels)?);
                }
                return Some(Element::aggregate(name, children));
            }
            1 => {
                let text = self.text()?;
                self.seen.push(text);
                text
            }
            2 => {
                let number = self.varint()?;
                self.seen.get(number).copied()?
            }
            _ => COMMON.get(self.varint()?).copied()?,
        };
        Some(Element::leaf(name, value))
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.varint()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    fn varint(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        for shift in (0..28).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

/// As deep as [`Limits`](crate::ofx::Limits) lets a document be, so that what was packed can be unpacked.
const DEEPEST: usize = 256;

/// Frozen: append only.
const COMMON: [&str; 22] = [
    "Y",
    "N",
    "1",
    "0",
    "NONE",
    "ENG",
    "FULL",
    "LITE",
    "ACTIVE",
    "AVAIL",
    "PEND",
    "CHECKING",
    "SAVINGS",
    "MONEYMRKT",
    "CREDITLINE",
    "USA",
    "SATURDAY",
    "SUNDAY",
    "ALPHAORNUMERIC",
    "ALPHAANDNUMERIC",
    "NUMERICONLY",
    "2",
];

/// Frozen: append only.
#[rustfmt::skip]
const NAMES: [&str; 159] = [
    "PROFRS", "MSGSETLIST", "SIGNONINFOLIST", "SIGNONINFO", "MSGSETCORE", "VER", "URL", "OFXSEC", "TRANSPSEC", "SIGNONREALM",
    "LANGUAGE", "SYNCMODE", "REFRESHSUPT", "RESPFILEER", "SPNAME", "DTPROFUP", "FINAME", "ADDR1", "ADDR2", "ADDR3", "CITY",
    "STATE", "POSTALCODE", "COUNTRY", "CSPHONE", "TSPHONE", "FAXPHONE", "EMAIL", "MIN", "MAX", "CHARTYPE",
    // From here on two bytes each.
    "CASESEN", "SPECIAL", "SPACES", "PINCH", "CHGPINFIRST", "USERCRED1LABEL", "USERCRED2LABEL", "CLIENTUIDREQ",
    "AUTHTOKENFIRST", "AUTHTOKENLABEL", "AUTHTOKENINFOURL", "MFACHALLENGESUPT", "MFACHALLENGEFIRST", "ACCESSTOKENREQ",
    "SIGNONMSGSET", "SIGNONMSGSETV1", "PROFMSGSET", "PROFMSGSETV1", "SIGNUPMSGSET", "SIGNUPMSGSETV1", "BANKMSGSET",
    "BANKMSGSETV1", "CREDITCARDMSGSET", "CREDITCARDMSGSETV1", "LOANMSGSET", "LOANMSGSETV1", "INVSTMTMSGSET",
    "INVSTMTMSGSETV1", "INTERXFERMSGSET", "INTERXFERMSGSETV1", "WIREXFERMSGSET", "WIREXFERMSGSETV1", "BILLPAYMSGSET",
    "BILLPAYMSGSETV1", "EMAILMSGSET", "EMAILMSGSETV1", "SECLISTMSGSET", "SECLISTMSGSETV1", "IMAGEMSGSET", "IMAGEMSGSETV1",
    "PRESDIRMSGSET", "PRESDIRMSGSETV1", "PRESDLVMSGSET", "PRESDLVMSGSETV1", "TAX1099MSGSET", "TAX1099MSGSETV1",
    "CLIENTENROLL", "ACCTREQUIRED", "WEBENROLL", "OTHERENROLL", "MESSAGE", "CHGUSERINFO", "AVAILACCTS", "CLIENTACTREQ",
    "USERINFOAVAIL", "INVALIDACCTTYPE", "CLOSINGAVAIL", "PENDINGAVAIL", "XFERPROF", "PROCDAYSOFF", "PROCENDTM", "CANSCHED",
    "CANRECUR", "CANLOAN", "CANSCHEDLOAN", "CANRECURLOAN", "CANMODXFERS", "CANMODMDLS", "MODELWND", "DAYSWITH",
    "DFLTDAYSTOPAY", "STPCHKPROF", "CANUSERANGE", "CANUSEDESC", "STPCHKFEE", "EMAILPROF", "CANEMAIL", "CANNOTIFY",
    "IMAGEPROF", "CLOSINGIMGAVAIL", "TRANIMGAVAIL", "TRANDNLD", "AMRTAVAIL", "OODNLD", "POSDNLD", "BALDNLD", "INV401KDNLD",
    "CANBILLPAY", "CANCELWND", "DOMXFERFEE", "INTLXFERFEE", "XFERDAYSWITH", "XFERDFLTDAYSTOPAY", "POSTPROCWND", "STSVIAMODS",
    "PMTBYADDR", "PMTBYXFER", "PMTBYPAYEEID", "CANADDPAYEE", "HASEXTDPMT", "CANMODPMTS", "DIFFFIRSTPMT", "DIFFLASTPMT",
    "BILLPUBCONTEXT", "MAILSUP", "GETMIMESUP", "SECLISTRQDNLD", "DFLTIMAGEDELAY", "DFLTIMAGETTL",
    "ACCTINFORS", "DTACCTUP", "ACCTINFO", "DESC", "PHONE", "BANKACCTINFO", "BANKACCTFROM", "BANKID", "BRANCHID", "ACCTID",
    "ACCTTYPE", "ACCTKEY", "SUPTXDL", "XFERSRC", "XFERDEST", "SVCSTATUS", "CCACCTINFO", "CCACCTFROM", "BPACCTINFO",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

    use super::*;

    fn sample() -> Element {
        Element::aggregate(
            "PROFRS",
            vec![
                Element::aggregate("MSGSETLIST", vec![]),
                Element::leaf("URL", "https://a.example/ofx"),
                Element::leaf("INTU.BID", "https://a.example/ofx"),
                Element::leaf("TRANSPSEC", "Y"),
            ],
        )
    }

    #[test]
    fn a_packed_tree_comes_back() {
        assert_eq!(unpack(&pack(&sample())), Some(sample()));
    }

    #[test]
    fn the_tables_have_no_doubles() {
        for (at, name) in NAMES.iter().enumerate() {
            assert_eq!(NAMES.iter().position(|other| other == name), Some(at), "{name}");
        }
    }

    #[test]
    fn no_prefix_is_a_tree_and_nothing_may_follow_one() {
        let packed = pack(&sample());
        for end in 0..packed.len() {
            assert_eq!(unpack(&packed[..end]), None, "{end}");
        }
        assert_eq!(unpack(&[packed.as_slice(), &[0]].concat()), None);
    }

    #[test]
    fn a_false_count_allocates_nothing_and_depth_is_bounded() {
        assert_eq!(unpack(&[4, 0xff, 0xff, 0xff, 0x7f]), None);
        let nested = |levels: usize| [[4, 1].repeat(levels - 1), vec![4, 0]].concat();
        assert!(unpack(&nested(DEEPEST)).is_some());
        assert_eq!(unpack(&nested(DEEPEST + 1)), None);
    }

    #[test]
    fn many_different_values_come_back_and_equal_ones_are_kept_once() {
        let leaves = (0..200_000).map(|number| Element::leaf("URL", format!("https://a.example/{}", number % 150_000)));
        let tree = Element::aggregate("PROFRS", leaves.collect());
        let packed = pack(&tree);
        assert_eq!(packed.windows(24).filter(|window| *window == b"https://a.example/149999").count(), 1);
        assert_eq!(unpack(&packed), Some(tree));
    }
}
