//! The order of elements in requests, from a table of its own.
//!
//! The readers of the `ofx` room take elements in any order and its writers share their declarations, so neither would
//! notice a wrong one. This table was written from the grammars, not from those declarations.

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
    for rule in members.iter().filter(|rule| rule.required && rule.tag != "_" && element.child(rule.tag).is_none()) {
        found.push(format!("{} is missing in {parent}", rule.tag));
    }
    for set in EXACTLY_ONE.iter().filter(|(name, _)| *name == parent).map(|(_, set)| set) {
        if set.iter().filter(|tag| element.child(tag).is_some()).count() != 1 {
            found.push(format!("{parent} must hold exactly one of {}", set.join(", ")));
        }
    }
}

/// One member: `TAG`, then `!` required, `*` any number, `:n` most characters, `@v` known to.
struct Rule {
    tag: &'static str,
    required: bool,
    many: bool,
    most: usize,
    since: Option<&'static str>,
}

impl Rule {
    fn parse(text: &'static str) -> Self {
        let (text, since) = text.split_once('@').map_or((text, None), |(text, since)| (text, Some(since)));
        let (text, most) = text.split_once(':').unwrap_or((text, ""));
        let (text, required) = text.strip_suffix('!').map_or((text, false), |text| (text, true));
        let (tag, many) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
        Self { tag, required, many, most: most.parse().unwrap_or(usize::MAX), since }
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

/// `_` stands for the request inside.
const WRAPPER: &str = "TRNUID!:36 CLTCOOKIE:32 TAN:80 OFXEXTENSION@220 _!";
const ACCOUNT: &str = "BANKID!:9 BRANCHID:22 ACCTID!:22 ACCTTYPE! ACCTKEY:22";

const ROWS: [(&str, &str); 15] = [
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
    ("CCACCTFROM", "ACCTID!:22 ACCTKEY:22"),
];

const EXACTLY_ONE: [(&str, &[&str]); 3] = [
    ("SONRQ", &["USERPASS", "USERKEY", "ACCESSTOKEN"]),
    ("PMTSYNCRQ", &["TOKEN", "TOKENONLY", "REFRESH"]),
    ("PMTINFO", &["PAYEE", "PAYEEID"]),
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
}
