//! Whose values are masked by name, and whose are shown. A tag in neither list is masked, too.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::ofx::names::NAMES;

/// What an element of OFX is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Masked,
    Shown,
    /// An aggregate, which holds no value.
    Around,
}

/// That of the element with this name, which is in capitals; `None` where OFX has no such element.
pub(super) fn kind(name: &str) -> Option<Kind> {
    // A hostile document asks for millions.
    static KINDS: LazyLock<HashMap<&str, Kind>> = LazyLock::new(|| {
        let of = |kind| move |name: &&'static str| (*name, kind);
        // Of what is there twice the last one counts.
        let around = NAMES.iter().chain(&AROUND).map(of(Kind::Around));
        around.chain(SHOWN.iter().map(of(Kind::Shown))).chain(MASKED.iter().map(of(Kind::Masked))).collect()
    });
    KINDS.get(name).copied()
}

/// Elements whose values are somebody's secret or somebody's business. These can be shown one by one.
#[rustfmt::skip]
pub(crate) const MASKED: [&str; 62] = [
    // Who signs on, and with what.
    "USERID", "USERPASS", "NEWUSERPASS", "TEMPPASS", "USERKEY", "ACCESSKEY", "ACCESSTOKEN", "SESSCOOKIE", "AUTHTOKEN",
    "USERCRED1", "USERCRED2", "MFAPHRASELABEL", "MFAPHRASEA", "MFACHALLENGEA", "MFACHALLENGEANSWER", "CLIENTUID", "APPKEY",
    "TAN", "NONCE",
    // What identifies a person.
    "TAXID", "SSN", "SECURITYNAME", "DATEBIRTH", "FIRSTNAME", "MIDDLENAME", "LASTNAME",
    // Accounts.
    "ACCTID", "ACCTKEY", "LOANACCTID", "PARENTACCTID", "PAYACCT", "NAMEACCTHELD", "BUSNAMEACCTHELD", "DESC", "EXTDNAME",
    // Payees and addresses.
    "NAME", "PAYEE", "BUSNAME", "BILLERNAME", "ADDR1", "ADDR2", "ADDR3", "CITY", "STATE", "POSTALCODE", "COUNTRY", "PHONE",
    "DAYPHONE", "EVEPHONE", "EMAIL", "BILLREFINFO",
    // What people write.
    "MEMO", "FROM", "TO", "SUBJECT", "MSGBODY", "EXTDPMTDSC", "INVDESC", "DSCDESC", "ADJDESC", "LITMDESC",
    "REASON",
];

/// Elements whose values are the same for everybody, or say nothing about anybody without the masked ones.
#[rustfmt::skip]
pub(crate) const SHOWN: [&str; 199] = [
    // Frames, status and signon.
    "TRNUID", "CLTCOOKIE", "CODE", "SEVERITY", "MESSAGE", "DTCLIENT", "DTSERVER", "LANGUAGE", "APPID", "APPVER", "ORG", "FID",
    "GENUSERKEY", "TSKEYEXPIRE", "DTPROFUP", "DTACCTUP", "MFAPHRASEID", "DTCHANGED", "DTEXPIRE",
    // Synchronization.
    "TOKEN", "TOKENONLY", "REFRESH", "REJECTIFMISSING", "LOSTSYNC", "INCIMAGES", "USEHTML",
    // Profile.
    "CLIENTROUTING", "VER", "URL", "OFXSEC", "TRANSPSEC", "SIGNONREALM", "SYNCMODE", "REFRESHSUPT", "RESPFILEER", "SPNAME",
    "FINAME", "CSPHONE", "TSPHONE", "FAXPHONE", "MIN", "MAX", "CHARTYPE", "CASESEN", "SPECIAL", "SPACES", "PINCH",
    "CHGPINFIRST", "USERCRED1LABEL", "USERCRED2LABEL", "CLIENTUIDREQ", "AUTHTOKENFIRST", "AUTHTOKENLABEL",
    "AUTHTOKENINFOURL", "MFACHALLENGESUPT", "MFACHALLENGEFIRST", "ACCESSTOKENREQ", "ACCTREQUIRED", "CHGUSERINFO",
    "AVAILACCTS", "CLIENTACTREQ", "USERINFOAVAIL", "INVALIDACCTTYPE", "CLOSINGAVAIL", "PENDINGAVAIL", "PROCDAYSOFF",
    "PROCENDTM", "CANSCHED", "CANRECUR", "CANLOAN", "CANSCHEDLOAN", "CANRECURLOAN", "CANMODXFERS", "CANMODMDLS",
    "MODELWND", "DAYSWITH", "DFLTDAYSTOPAY", "CANUSERANGE", "CANUSEDESC", "STPCHKFEE", "CANEMAIL", "CANNOTIFY",
    "CLOSINGIMGAVAIL", "TRANIMGAVAIL", "TRANDNLD", "OODNLD", "POSDNLD", "BALDNLD", "INV401KDNLD", "CANBILLPAY",
    "CANCELWND", "DOMXFERFEE", "INTLXFERFEE", "XFERDAYSWITH", "XFERDFLTDAYSTOPAY", "POSTPROCWND", "STSVIAMODS",
    "PMTBYADDR", "PMTBYXFER", "PMTBYPAYEEID", "CANADDPAYEE", "HASEXTDPMT", "CANMODPMTS", "DIFFFIRSTPMT", "DIFFLASTPMT",
    "BILLPUBCONTEXT", "MAILSUP", "GETMIMESUP", "SECLISTRQDNLD", "AMRTAVAIL", "DFLTIMAGEDELAY", "DFLTIMAGETTL",
    // Accounts and services.
    "BANKID", "BRANCHID", "BROKERID", "ACCTTYPE", "INVACCTTYPE", "LOANACCTTYPE", "USPRODUCTTYPE", "SUPTXDL", "XFERSRC",
    "XFERDEST", "SVCSTATUS", "SVC", "CHECKING", "OPTIONLEVEL", "ACCTUSAGE", "ACCTCLASSIFICATION", "MATURITYDATE",
    "MATURITYAMT", "MINBALREQ", "OVERDRAFTLIMIT", "DTINFOCHG",
    // Payments and payees.
    "SRVRTID", "RECSRVRTID", "PAYEEID", "PAYEELSTID", "IDSCOPE", "DAYSTOPAY", "TRNAMT", "CURDEF", "CURSYM", "CURRATE",
    "DTDUE", "CHECKNUM", "PMTPRCCODE", "DTPMTPRC", "NINSTS", "FREQ", "INITIALAMT", "FINALAMT", "MODPENDING", "CANPENDING",
    "DTCREATED", "BILLID", "BILLPUB", "BILLERID", "EXTDPMTFOR", "EXTDPMTCHK", "INVNO", "INVTOTALAMT", "INVPAIDAMT",
    "INVDATE", "DSCRATE", "DSCAMT", "DSCDATE", "ADJNO", "ADJAMT", "ADJDATE", "LITMAMT",
    // Statements and transfers.
    "TRNTYPE", "DTPOSTED", "DTUSER", "DTAVAIL", "FITID", "CORRECTFITID", "CORRECTACTION", "REFNUM", "SIC", "DTSTART",
    "DTEND", "INCLUDE", "BALAMT", "DTASOF", "DTXFERPRJ", "DTXFERPRC", "XFERPRCCODE", "MKTGINFO", "BALTYPE", "VALUE",
    "INTRATE", "CREDITLIMIT", "DTOPEN", "DTCLOSE", "BALOPEN", "BALCLOSE", "BALMIN", "DTPMTDUE", "MINPMTDUE",
];

/// Aggregates that occur around these and have no number of their own: only to know a tag when one comes.
#[rustfmt::skip]
pub(crate) const AROUND: [&str; 28] = [
    "SONRQ", "SONRS", "FI", "SIGNONMSGSRSV1", "PROFMSGSRSV1", "MFACHALLENGETRNRQ", "MFACHALLENGERQ", "MFACHALLENGETRNRS",
    "MFACHALLENGERS", "MFACHALLENGE", "CCACCTINFO", "BANKMSGSRQV1", "BANKMSGSRSV1", "STMTTRNRQ", "STMTRQ", "STMTTRNRS",
    "STMTRS", "BANKTRANLIST", "STMTTRN", "LEDGERBAL", "AVAILBAL", "BALLIST", "BAL", "INCTRAN", "CREDITCARDMSGSRQV1",
    "CREDITCARDMSGSRSV1", "CURRENCY", "ORIGCURRENCY",
];
