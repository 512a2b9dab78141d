//! Tags and values with a number, for state that is stored in few bytes. Frozen: both lists only ever grow at their end.

use std::sync::LazyLock;

/// Values that occur again and again.
pub(crate) const COMMON: [&str; 24] = [
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
    "4",
    "32",
    "30",
    "60",
];

/// Tags, in the order in which the grammar lets them follow one another: the next tag is mostly the next number.
#[rustfmt::skip]
pub(crate) const NAMES: [&str; 354] = [
    // Payments, below 128 so that a squeezed request has one byte for each.
    "SIGNONMSGSRQV1", "BILLPAYMSGSRQV1", "PMTTRNRQ", "TRNUID", "PMTRQ", "PMTINFO", "BANKACCTFROM", "BANKID", "BRANCHID",
    "ACCTID", "ACCTTYPE", "ACCTKEY", "TRNAMT", "PAYEEID", "PAYEE", "NAME", "ADDR1", "ADDR2", "ADDR3", "CITY", "STATE",
    "POSTALCODE", "COUNTRY", "PHONE", "PAYEELSTID", "BANKACCTTO", "EXTDPMT", "PAYACCT", "DTDUE", "MEMO", "BILLREFINFO",
    "BILLPUBINFO", "OFX",
    // The request for the account list, and the list.
    "SIGNUPMSGSRQV1", "ACCTINFOTRNRQ", "ACCTINFORQ", "ACCTINFORS", "DTACCTUP", "ACCTINFO", "DESC", "BANKACCTINFO",
    "CCACCTINFO", "CCACCTFROM", "BPACCTINFO", "SUPTXDL", "XFERSRC", "XFERDEST", "SVCSTATUS",
    // The request for the profile, and the profile.
    "PROFMSGSRQV1", "PROFTRNRQ", "PROFRQ", "CLIENTROUTING",
    "PROFRS", "MSGSETLIST", "SIGNONMSGSET", "SIGNONMSGSETV1", "MSGSETCORE", "VER", "URL", "OFXSEC", "TRANSPSEC",
    "SIGNONREALM", "LANGUAGE", "SYNCMODE", "REFRESHSUPT", "RESPFILEER", "SPNAME", "SIGNUPMSGSET", "SIGNUPMSGSETV1",
    "CLIENTENROLL", "ACCTREQUIRED", "WEBENROLL", "OTHERENROLL", "MESSAGE", "CHGUSERINFO", "AVAILACCTS", "CLIENTACTREQ",
    "USERINFOAVAIL", "BANKMSGSET", "BANKMSGSETV1", "INVALIDACCTTYPE", "CLOSINGAVAIL", "PENDINGAVAIL", "XFERPROF",
    "PROCDAYSOFF", "PROCENDTM", "CANSCHED", "CANRECUR", "CANLOAN", "CANSCHEDLOAN", "CANRECURLOAN", "CANMODXFERS",
    "CANMODMDLS", "MODELWND", "DAYSWITH", "DFLTDAYSTOPAY", "STPCHKPROF", "CANUSERANGE", "CANUSEDESC", "STPCHKFEE",
    "EMAILPROF", "CANEMAIL", "CANNOTIFY", "IMAGEPROF", "CLOSINGIMGAVAIL", "TRANIMGAVAIL", "CREDITCARDMSGSET",
    "CREDITCARDMSGSETV1", "INVSTMTMSGSET", "INVSTMTMSGSETV1", "TRANDNLD", "OODNLD", "POSDNLD", "BALDNLD", "INV401KDNLD",
    "INTERXFERMSGSET", "INTERXFERMSGSETV1", "CANBILLPAY", "CANCELWND", "DOMXFERFEE", "INTLXFERFEE", "WIREXFERMSGSET",
    "WIREXFERMSGSETV1", "BILLPAYMSGSET", "BILLPAYMSGSETV1", "XFERDAYSWITH", "XFERDFLTDAYSTOPAY", "POSTPROCWND",
    "STSVIAMODS", "PMTBYADDR", "PMTBYXFER", "PMTBYPAYEEID", "CANADDPAYEE", "HASEXTDPMT", "CANMODPMTS", "DIFFFIRSTPMT",
    "DIFFLASTPMT", "BILLPUBCONTEXT", "EMAILMSGSET", "EMAILMSGSETV1", "MAILSUP", "GETMIMESUP", "SECLISTMSGSET",
    "SECLISTMSGSETV1", "SECLISTRQDNLD", "LOANMSGSET", "LOANMSGSETV1", "AMRTAVAIL", "IMAGEMSGSET", "IMAGEMSGSETV1",
    "DFLTIMAGEDELAY", "DFLTIMAGETTL", "PRESDIRMSGSET", "PRESDIRMSGSETV1", "PRESDLVMSGSET", "PRESDLVMSGSETV1",
    "TAX1099MSGSET", "TAX1099MSGSETV1", "PROFMSGSET", "PROFMSGSETV1", "SIGNONINFOLIST", "SIGNONINFO", "MIN", "MAX",
    "CHARTYPE", "CASESEN", "SPECIAL", "SPACES", "PINCH", "CHGPINFIRST", "USERCRED1LABEL", "USERCRED2LABEL", "CLIENTUIDREQ",
    "AUTHTOKENFIRST", "AUTHTOKENLABEL", "AUTHTOKENINFOURL", "MFACHALLENGESUPT", "MFACHALLENGEFIRST", "ACCESSTOKENREQ",
    "DTPROFUP", "FINAME", "CSPHONE", "TSPHONE", "FAXPHONE", "EMAIL",
    // Everything else that a client asks for, and after that what is answered. Not in the first edition of this list.
    "PMTMODRQ", "SRVRTID", "PMTCANCRQ", "PMTINQTRNRQ", "PMTINQRQ", "RECPMTTRNRQ", "RECPMTRQ", "RECURRINST", "NINSTS",
    "FREQ", "INITIALAMT", "FINALAMT", "RECPMTMODRQ", "RECSRVRTID", "MODPENDING", "RECPMTCANCRQ", "CANPENDING",
    "PAYEETRNRQ", "PAYEERQ", "PAYEEMODRQ", "PAYEEDELRQ", "PMTMAILTRNRQ", "PMTMAILRQ", "MAIL", "USERID", "DTCREATED",
    "FROM", "TO", "SUBJECT", "MSGBODY", "INCIMAGES", "USEHTML", "EXTDPMTFOR", "EXTDPMTCHK", "EXTDPMTDSC",
    "EXTDPMTINV", "INVOICE", "INVNO", "INVTOTALAMT", "INVPAIDAMT", "INVDATE", "INVDESC", "DISCOUNT", "DSCRATE",
    "DSCAMT", "DSCDATE", "DSCDESC", "ADJUSTMENT", "ADJNO", "ADJDESC", "ADJAMT", "ADJDATE", "LINEITEM", "LITMAMT",
    "LITMDESC", "BILLPUB", "BILLID", "PMTSYNCRQ", "RECPMTSYNCRQ", "PAYEESYNCRQ", "PMTMAILSYNCRQ", "TOKEN",
    "TOKENONLY", "REFRESH", "REJECTIFMISSING", "ENROLLTRNRQ", "ENROLLRQ", "FIRSTNAME", "MIDDLENAME", "LASTNAME",
    "DAYPHONE", "EVEPHONE", "TAXID", "SECURITYNAME", "DATEBIRTH", "CHGUSERINFOTRNRQ", "CHGUSERINFORQ",
    "CHGUSERINFOSYNCRQ", "ACCTTRNRQ", "ACCTRQ", "SVCADD", "SVCCHG", "SVCDEL", "SVC", "ACCTSYNCRQ", "CCACCTTO",
    "INVACCTFROM", "INVACCTTO", "BROKERID", "PRESACCTFROM", "PRESACCTTO", "BILLERID", "BILLERNAME", "PRESNAMEADDRESS",
    "NAMEACCTHELD", "BUSNAMEACCTHELD", "PINCHTRNRQ", "PINCHRQ", "NEWUSERPASS",
    // Answers.
    "BILLPAYMSGSRSV1", "PMTTRNRS", "STATUS", "CODE", "SEVERITY", "CLTCOOKIE", "PMTRS", "CURDEF", "EXTDPAYEE",
    "IDSCOPE", "DAYSTOPAY", "CHECKNUM", "PMTPRCSTS", "PMTPRCCODE", "DTPMTPRC", "PMTMODRS", "PMTCANCRS", "PMTINQTRNRS",
    "PMTINQRS", "RECPMTTRNRS", "RECPMTRS", "RECPMTMODRS", "RECPMTCANCRS", "PAYEETRNRS", "PAYEERS", "PAYEEMODRS",
    "PAYEEDELRS", "PMTMAILTRNRS", "PMTMAILRS", "PMTSYNCRS", "RECPMTSYNCRS", "PAYEESYNCRS", "PMTMAILSYNCRS",
    "LOSTSYNC", "SIGNUPMSGSRSV1", "ENROLLTRNRS", "ENROLLRS", "TEMPPASS", "DTEXPIRE", "CHGUSERINFOTRNRS",
    "CHGUSERINFORS", "DTINFOCHG", "CHGUSERINFOSYNCRS", "ACCTTRNRS", "ACCTRS", "ACCTSYNCRS", "PINCHTRNRS", "PINCHRS",
    "DTCHANGED", "ACCTINFOTRNRS", "PROFTRNRS", "INVACCTINFO", "USPRODUCTTYPE", "CHECKING", "INVACCTTYPE",
    "OPTIONLEVEL", "LOANACCTINFO", "LOANACCTFROM", "LOANACCTID", "LOANACCTTYPE", "PRESACCTINFO", "REASON",
    "OTHERACCTINFO", "ACCTUSAGE", "PARENTACCTID", "MATURITYDATE", "MATURITYAMT", "MINBALREQ", "ACCTCLASSIFICATION",
    "OVERDRAFTLIMIT",
];

/// How many of [`NAMES`] the readers have that may open what is written now. A number beyond these is neither written nor
/// understood in a tree; the next schema that old readers may not open can raise it.
pub(crate) const SHARED: usize = 185;

/// The number of a tag.
pub(crate) fn number(tag: &[u8]) -> Option<usize> {
    /// Numbers by hash, in buckets: found in a few nanoseconds, which is what storing a state is measured in.
    static BUCKETS: LazyLock<Vec<Vec<usize>>> = LazyLock::new(|| {
        let mut buckets = vec![Vec::new(); 1 << HASH_BITS];
        for (number, name) in NAMES.iter().enumerate() {
            if let Some(bucket) = buckets.get_mut(hash(name.as_bytes())) {
                bucket.push(number);
            }
        }
        buckets
    });
    let known = |number: &&usize| NAMES.get(**number).is_some_and(|name| name.as_bytes() == tag);
    BUCKETS.get(hash(tag))?.iter().find(known).copied()
}

/// FNV-1a, folded.
fn hash(tag: &[u8]) -> usize {
    let hash = tag.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    usize::try_from((hash ^ (hash >> 15)) & ((1 << HASH_BITS) - 1)).unwrap_or(0)
}

const HASH_BITS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_have_no_doubles() {
        for (at, name) in NAMES.iter().enumerate() {
            assert_eq!(number(name.as_bytes()), Some(at), "{name}");
        }
        for (at, value) in COMMON.iter().enumerate() {
            assert_eq!(COMMON.iter().position(|other| other == value), Some(at), "{value}");
        }
    }
}
