//! The order of elements in requests, from a table of its own.
//!
//! The readers of the `ofx` room take elements in any order and its writers share their declarations, so neither would
//! notice a wrong one. This table was written from the grammars, not from those declarations.

use std::ops::RangeInclusive;

use crate::ofx::{Element, Version};

/// Everything in a request that the grammar of its version does not allow, as lines to show; no values are in them.
pub(super) fn check(root: &Element, version: Version) -> Vec<String> {
    let mut found = Vec::new();
    walk(root, version, &mut found);
    found
}

fn walk(element: &Element, version: Version, found: &mut Vec<String>) {
    let tag = element.tag();
    if element.children().is_empty() && element.text().is_none() {
        found.push(format!("{tag} is empty: it must be left out"));
    }
    if let Some(members) = members_of(tag) {
        check_members(element, members, version, found);
    }
    let payment_before = |at: usize| element.children().iter().take(at).any(|child| !child.tag().starts_with("PAYEE"));
    for (at, child) in element.children().iter().enumerate().filter(|(_, child)| !child.tag().contains('.')) {
        if tag == "BILLPAYMSGSRQV1" && child.tag().starts_with("PAYEE") && payment_before(at) {
            found.push(format!("{} stands behind a payment in {tag}", child.tag()));
        }
        walk(child, version, found);
    }
}

/// The row of the table for a tag; every wrapper has the same.
fn members_of(tag: &str) -> Option<&'static str> {
    let row = ROWS.iter().find(|(name, _)| *name == tag).map(|(_, members)| *members);
    row.or_else(|| tag.ends_with("TRNRQ").then_some(WRAPPER))
}

fn check_members(element: &Element, members: &'static str, version: Version, found: &mut Vec<String>) {
    let parent = element.tag();
    let members: Vec<Rule> = members.split_whitespace().map(Rule::parse).collect();
    let mut last = 0;
    for child in element.children().iter().filter(|child| !child.tag().contains('.')) {
        let tag = child.tag();
        let position = members.iter().position(|rule| rule.tag == tag || rule.tag == "_");
        let Some((at, rule)) = position.and_then(|at| members.get(at).map(|rule| (at, rule))) else {
            found.push(format!("{tag} does not belong in {parent}"));
            continue;
        };
        if at < last {
            found.push(format!("{tag} is out of order in {parent}"));
        }
        if !rule.many && element.children_named(tag).count() > 1 && rule.tag != "_" {
            found.push(format!("{tag} stands in {parent} more than once"));
        }
        if !rule.known_to(version) {
            found.push(format!("{tag} in {parent} is not known to version {version}"));
        }
        if child.text().is_some_and(|text| text.chars().count() > rule.most) {
            found.push(format!("{tag} in {parent} is longer than {} characters", rule.most));
        }
        last = last.max(at);
    }
    for rule in
        members.iter().filter(|rule| rule.required_by(version) && rule.tag != "_" && element.child(rule.tag).is_none())
    {
        found.push(format!("{} is missing in {parent}", rule.tag));
    }
    for (_, counts, set) in CHOICES.iter().filter(|(name, ..)| *name == parent) {
        if !counts.contains(&set.iter().filter(|tag| element.child(tag).is_some()).count()) {
            let how_many = if *counts == ONE { "exactly one" } else { "another number" };
            found.push(format!("{parent} must hold {how_many} of {}", set.join(", ")));
        }
    }
    for (_, tag, other) in ONLY_WITH.iter().filter(|(name, ..)| *name == parent) {
        if element.child(tag).is_some() && element.child(other).is_none() {
            found.push(format!("{tag} stands in {parent} without {other}"));
        }
    }
}

/// One member: `TAG`, then `*` any number, `!` required, `!v` required before that version, `:n` most characters, `@v` known to.
struct Rule {
    tag: &'static str,
    /// Nothing in it: always.
    required: Option<&'static str>,
    many: bool,
    most: usize,
    since: Option<&'static str>,
}

impl Rule {
    fn parse(text: &'static str) -> Self {
        let (text, since) = text.split_once('@').map_or((text, None), |(text, since)| (text, Some(since)));
        let (text, most) = text.split_once(':').unwrap_or((text, ""));
        let (text, required) = text.split_once('!').map_or((text, None), |(text, before)| (text, Some(before)));
        let (tag, many) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
        Self { tag, required, many, most: most.parse().unwrap_or(usize::MAX), since }
    }

    fn required_by(&self, version: Version) -> bool {
        let earlier = |before: &str| before.parse().is_ok_and(|before: u16| version.number() < before);
        self.required.is_some_and(|before| before.is_empty() || earlier(before))
    }

    fn known_to(&self, version: Version) -> bool {
        match self.since {
            None => true,
            Some("mfa") => version.knows_mfa(),
            Some("only16") => version.knows_signon_country(),
            Some(number) => number.parse().is_ok_and(|number: u16| version.number() >= number),
        }
    }
}

/// What is found in a request that pays from an account without `BANKID`.
pub(super) const NO_BANK_ID: &str = "BANKID is missing in BANKACCTFROM";

/// `_` stands for the request inside.
const WRAPPER: &str = "TRNUID!:36 CLTCOOKIE:32 TAN:80 OFXEXTENSION@220 _!";
const ACCOUNT: &str = "BANKID!:9 BRANCHID:22 ACCTID!:22 ACCTTYPE! ACCTKEY:22";
const CARD: &str = "ACCTID!:22 ACCTKEY:22";
const INVESTMENT: &str = "BROKERID!:22 ACCTID!:22";
const PRESENTMENT: &str = "BILLPUB!:32 BILLERID!:32 BILLERNAME:32 ACCTID!:22 PRESNAMEADDRESS USERID:32 SPNAME:32@200 \
                           PAYEEID:12@200 PAYEELSTID:12@200";

const ROWS: [(&str, &str); 52] = [
    (
        "OFX",
        "SIGNONMSGSRQV1! SIGNUPMSGSRQV1 BANKMSGSRQV1 CREDITCARDMSGSRQV1 INVSTMTMSGSRQV1 INTERXFERMSGSRQV1 \
         WIREXFERMSGSRQV1 BILLPAYMSGSRQV1 EMAILMSGSRQV1 LOANMSGSRQV1@210 SECLISTMSGSRQV1 PROFMSGSRQV1",
    ),
    ("SIGNONMSGSRQV1", "SONRQ! PINCHTRNRQ CHALLENGETRNRQ MFACHALLENGETRNRQ@mfa"),
    (
        "SONRQ",
        "DTCLIENT! USERID:32 USERPASS:171 USERKEY:64 ACCESSTOKEN:10000@220 GENUSERKEY LANGUAGE!:3 COUNTRY:3@only16 FI \
         SESSCOOKIE:1000 APPID!:5 APPVER!:4 APPKEY:10000@220 CLIENTUID:36@mfa USERCRED1:171@mfa USERCRED2:171@mfa \
         AUTHTOKEN:171@mfa ACCESSKEY:1000@mfa MFACHALLENGEANSWER*@mfa OFXEXTENSION@220",
    ),
    ("FI", "ORG!:32 FID:32"),
    ("MFACHALLENGEANSWER", "MFAPHRASEID!:32 MFAPHRASEA!:64"),
    ("MFACHALLENGERQ", "DTCLIENT!"),
    ("PROFRQ", "CLIENTROUTING! DTPROFUP!"),
    ("ACCTINFORQ", "DTACCTUP!"),
    ("PMTSYNCRQ", "TOKEN:10 TOKENONLY REFRESH REJECTIFMISSING! BANKACCTFROM! OFXEXTENSION@220 PMTTRNRQ*"),
    ("PMTRQ", "PMTINFO!"),
    (
        "PMTINFO",
        "BANKACCTFROM! TRNAMT!:32 PAYEEID:12 PAYEE PAYEELSTID:12 BANKACCTTO EXTDPMT* PAYACCT!:32 DTDUE! MEMO:255 \
         BILLREFINFO:80 BILLPUBINFO@200",
    ),
    ("PAYEE", "NAME!:32 ADDR1!:32 ADDR2:32 ADDR3:32 CITY!:32 STATE!:5 POSTALCODE!:11 COUNTRY:3 PHONE!:32"),
    ("BANKACCTFROM", ACCOUNT),
    ("BANKACCTTO", ACCOUNT),
    ("CCACCTFROM", CARD),
    ("CCACCTTO", CARD),
    ("INVACCTFROM", INVESTMENT),
    ("INVACCTTO", INVESTMENT),
    ("PRESACCTFROM", PRESENTMENT),
    ("PRESACCTTO", PRESENTMENT),
    (
        "PRESNAMEADDRESS",
        "NAMEACCTHELD:96 BUSNAMEACCTHELD:96 ADDR1:32 ADDR2:32 ADDR3:32 CITY:32 STATE:5 POSTALCODE:11 COUNTRY:3 \
         DAYPHONE:32 EVEPHONE:32",
    ),
    ("PINCHRQ", "USERID!:32 NEWUSERPASS!:171"),
    // Payments.
    ("EXTDPMT", "EXTDPMTFOR EXTDPMTCHK:10 EXTDPMTDSC:255 EXTDPMTINV"),
    ("EXTDPMTINV", "INVOICE*!"),
    ("INVOICE", "INVNO!:32 INVTOTALAMT!:32 INVPAIDAMT!:32 INVDATE! INVDESC!:80 DISCOUNT ADJUSTMENT LINEITEM*"),
    ("DISCOUNT", "DSCRATE!:32 DSCAMT!:32 DSCDATE DSCDESC!:80"),
    ("ADJUSTMENT", "ADJNO:32 ADJDESC!:80 ADJAMT!:32 ADJDATE"),
    ("LINEITEM", "LITMAMT!:32 LITMDESC!:80"),
    ("BILLPUBINFO", "BILLPUB!:32 BILLID!:32"),
    ("PMTMODRQ", "SRVRTID!:10 PMTINFO!"),
    ("PMTCANCRQ", "SRVRTID!:10"),
    ("PMTINQRQ", "SRVRTID!:10"),
    ("RECURRINST", "NINSTS:3 FREQ!"),
    ("RECPMTRQ", "RECURRINST! PMTINFO! INITIALAMT:32 FINALAMT:32"),
    ("RECPMTMODRQ", "RECSRVRTID!:10 RECURRINST! PMTINFO! INITIALAMT:32 FINALAMT:32 MODPENDING!"),
    ("RECPMTCANCRQ", "RECSRVRTID!:10 CANPENDING!"),
    ("PAYEERQ", "PAYEEID:12 PAYEE BANKACCTTO PAYACCT*:32"),
    ("PAYEEMODRQ", "PAYEELSTID!:12 PAYEE BANKACCTTO PAYACCT*:32"),
    ("PAYEEDELRQ", "PAYEELSTID!:12"),
    ("PMTMAILRQ", "MAIL! SRVRTID:10 PMTINFO"),
    ("MAIL", "USERID!:32 DTCREATED! FROM!:32 TO!:32 SUBJECT!:60 MSGBODY!:10000 INCIMAGES! USEHTML!"),
    ("RECPMTSYNCRQ", "TOKEN:10 TOKENONLY REFRESH REJECTIFMISSING! BANKACCTFROM! OFXEXTENSION@220 RECPMTTRNRQ*"),
    ("PAYEESYNCRQ", "TOKEN:10 TOKENONLY REFRESH REJECTIFMISSING! OFXEXTENSION@220 PAYEETRNRQ*"),
    ("PMTMAILSYNCRQ", "TOKEN:10 TOKENONLY REFRESH REJECTIFMISSING! INCIMAGES! USEHTML! OFXEXTENSION@220 PMTMAILTRNRQ*"),
    // Signup.
    (
        "ENROLLRQ",
        "FIRSTNAME!:32 MIDDLENAME!210:32 LASTNAME!:32 ADDR1!:32 ADDR2:32 ADDR3:32 CITY!:32 STATE!:5 POSTALCODE!:11 \
         COUNTRY!210:3 DAYPHONE!210:32 EVEPHONE!210:32 EMAIL!:80 USERID:32 TAXID!210:32 SECURITYNAME!210:32 \
         DATEBIRTH!210 BANKACCTFROM CCACCTFROM INVACCTFROM PRESACCTFROM@151",
    ),
    (
        "CHGUSERINFORQ",
        "FIRSTNAME:32 MIDDLENAME:32 LASTNAME:32 ADDR1:32 ADDR2:32 ADDR3:32 CITY:32 STATE:5 POSTALCODE:11 COUNTRY:3 \
         DAYPHONE:32 EVEPHONE:32 EMAIL:80",
    ),
    ("CHGUSERINFOSYNCRQ", "TOKEN:10 TOKENONLY REFRESH REJECTIFMISSING! OFXEXTENSION@220 CHGUSERINFOTRNRQ*"),
    ("ACCTRQ", "SVCADD SVCCHG SVCDEL SVC!"),
    ("SVCADD", "BANKACCTTO CCACCTTO INVACCTTO PRESACCTTO@151"),
    ("SVCDEL", "BANKACCTFROM CCACCTFROM INVACCTFROM PRESACCTFROM@151"),
    ("SVCCHG", "BANKACCTFROM CCACCTFROM INVACCTFROM PRESACCTFROM@151 BANKACCTTO CCACCTTO INVACCTTO PRESACCTTO@151"),
    ("ACCTSYNCRQ", "TOKEN:10 TOKENONLY REFRESH REJECTIFMISSING! OFXEXTENSION@220 ACCTTRNRQ*"),
];

const FROM: &[&str] = &["BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "PRESACCTFROM"];
const TO: &[&str] = &["BANKACCTTO", "CCACCTTO", "INVACCTTO", "PRESACCTTO"];
const SINCE: &[&str] = &["TOKEN", "TOKENONLY", "REFRESH"];
const ONE: RangeInclusive<usize> = 1..=1;

/// How many of these an aggregate holds.
const CHOICES: [(&str, RangeInclusive<usize>, &[&str]); 16] = [
    ("SONRQ", ONE, &["USERPASS", "USERKEY", "ACCESSTOKEN"]),
    ("PMTSYNCRQ", ONE, SINCE),
    ("RECPMTSYNCRQ", ONE, SINCE),
    ("PAYEESYNCRQ", ONE, SINCE),
    ("PMTMAILSYNCRQ", ONE, SINCE),
    ("CHGUSERINFOSYNCRQ", ONE, SINCE),
    ("ACCTSYNCRQ", ONE, SINCE),
    ("PMTINFO", ONE, &["PAYEE", "PAYEEID"]),
    ("PAYEERQ", ONE, &["PAYEE", "PAYEEID"]),
    ("EXTDPMT", 1..=2, &["EXTDPMTDSC", "EXTDPMTINV"]),
    ("ENROLLRQ", 0..=1, FROM),
    ("ACCTRQ", ONE, &["SVCADD", "SVCCHG", "SVCDEL"]),
    ("SVCADD", ONE, TO),
    ("SVCDEL", ONE, FROM),
    ("SVCCHG", ONE, FROM),
    ("SVCCHG", ONE, TO),
];

/// What stands in an aggregate only together with something else.
const ONLY_WITH: [(&str, &str, &str); 10] = [
    ("PAYEE", "ADDR3", "ADDR2"),
    ("PMTINFO", "BANKACCTTO", "PAYEE"),
    ("PAYEERQ", "BANKACCTTO", "PAYEE"),
    ("PAYEEMODRQ", "BANKACCTTO", "PAYEE"),
    ("PMTMAILRQ", "SRVRTID", "PMTINFO"),
    ("PMTMAILRQ", "PMTINFO", "SRVRTID"),
    ("ENROLLRQ", "ADDR3", "ADDR2"),
    ("CHGUSERINFORQ", "ADDR3", "ADDR2"),
    ("CHGUSERINFORQ", "ADDR2", "ADDR1"),
    ("SONRQ", "USERCRED2", "USERCRED1"),
];

#[cfg(test)]
mod tests {
    use super::{Element, Version, check};

    fn fi(tags: &[&'static str]) -> Element {
        Element::aggregate("FI", tags.iter().map(|tag| Element::leaf(*tag, "X")).collect())
    }

    #[test]
    fn order_and_number_count() {
        assert!(check(&fi(&["ORG", "FID"]), Version::V103).is_empty());
        assert!(check(&fi(&["ORG", "INTU.BID", "FID"]), Version::V103).is_empty());
        assert_eq!(check(&fi(&["FID", "ORG"]), Version::V103), ["ORG is out of order in FI"]);
        assert_eq!(check(&fi(&["FID"]), Version::V103), ["ORG is missing in FI"]);
        assert_eq!(check(&fi(&["ORG", "XYZ"]), Version::V103), ["XYZ does not belong in FI"]);
        assert_eq!(check(&Element::leaf("ORG", ""), Version::V103), ["ORG is empty: it must be left out"]);
    }

    #[test]
    fn a_version_may_require_more() {
        let tags = ["FIRSTNAME", "LASTNAME", "ADDR1", "CITY", "STATE", "POSTALCODE", "EMAIL"];
        let request = Element::aggregate("ENROLLRQ", tags.iter().map(|tag| Element::leaf(*tag, "X")).collect());
        assert_eq!(check(&request, Version::V210), <[String; 0]>::default());
        let missing = ["MIDDLENAME", "COUNTRY", "DAYPHONE", "EVEPHONE", "TAXID", "SECURITYNAME", "DATEBIRTH"];
        assert_eq!(check(&request, Version::V203), missing.map(|tag| format!("{tag} is missing in ENROLLRQ")));
    }

    #[test]
    fn choices_count() {
        let leaf = |tag: &'static str| Element::leaf(tag, "X");
        let broker = || vec![leaf("BROKERID"), leaf("ACCTID")];
        let add = |accounts: Vec<Element>| {
            let inside = vec![Element::aggregate("SVCADD", accounts), leaf("SVC")];
            check(&Element::aggregate("ACCTRQ", inside), Version::V103)
        };
        assert!(add(vec![Element::aggregate("INVACCTTO", broker())]).is_empty());
        let both =
            vec![Element::aggregate("CCACCTTO", vec![leaf("ACCTID")]), Element::aggregate("INVACCTTO", broker())];
        assert_eq!(add(both), ["SVCADD must hold exactly one of BANKACCTTO, CCACCTTO, INVACCTTO, PRESACCTTO"]);
        let extended = Element::aggregate("EXTDPMT", vec![leaf("EXTDPMTCHK")]);
        assert_eq!(check(&extended, Version::V103), ["EXTDPMT must hold another number of EXTDPMTDSC, EXTDPMTINV"]);
        let standard = vec![leaf("PAYEELSTID"), Element::aggregate("BANKACCTTO", vec![leaf("BANKID")])];
        let found = check(&Element::aggregate("PAYEEMODRQ", standard), Version::V103);
        assert_eq!(found.first().map(String::as_str), Some("BANKACCTTO stands in PAYEEMODRQ without PAYEE"));
    }
}
