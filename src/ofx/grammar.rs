//! Which tags the specification gives to aggregates: these hold elements, never a value, and always have end tags.

/// Whether the tag, in upper case, is that of an aggregate in any version's grammar.
pub(crate) fn is_aggregate(tag: &str) -> bool {
    let by_end = || !tag.contains('.') && ENDS.iter().any(|end| tag.ends_with(end)) && !LEAVES.contains(&tag);
    OTHERS.binary_search(&tag).is_ok() || by_end()
}

/// Requests, responses, message sets and their versions; private tags, which have a dot, may end as they like.
const ENDS: [&str; 5] = ["RQ", "RS", "V1", "V2", "MSGSET"];

/// Leaves that end like these.
const LEAVES: [&str; 4] = ["CANMODXFERS", "INTUSBNDTRS", "NUMSHRS", "SECLISTRS"];

/// All others, in the order of the alphabet.
#[rustfmt::skip]
const OTHERS: [&str; 242] = [
    "ACCTINFO", "ADDLSTATETAXWHAGG", "ADDLSTTAXWHAGG", "ADJUSTMENT", "AMRTSTMTTRN", "AMRTTRANLIST", "ANNUALCOVERAGE",
    "AVAILBAL", "BAL", "BALLIST", "BANKACCTFROM", "BANKACCTINFO", "BANKACCTTO", "BANKTRANLIST", "BANKTRANLISTP",
    "BILLDETAILROW", "BILLDETAILTABLE", "BILLERINFO", "BILLPMTSTATUS", "BILLPMTSTATUSCOUNTS", "BILLPUBINFO", "BILLSTATUS",
    "BILLSTATUSCOUNTS", "BORROWERADDR", "BPACCTINFO", "BUYDEBT", "BUYMF", "BUYOPT", "BUYOTHER", "BUYSTOCK", "CCACCTFROM",
    "CCACCTINFO", "CCACCTTO", "CCCLOSING", "CCMOTOACCT", "CHKDESC", "CHKRANGE", "CLIENTENROLL", "CLOSING", "CLOSUREOPT",
    "CODES", "COLDEF", "CONTACTNAME", "CONTACTNAMES", "CONTACTPROF", "CONTACTPROFENC", "CONTRIBINFO", "CONTRIBSECURITY",
    "CONTRIBUTIONS", "COVERAGEHOUSEHOLD", "COVEREDINDIVIDUAL", "CREDITLINEINFO", "CURRENCY", "DEBTINFO", "DISCOUNT",
    "DISCOUNT2", "EARNINGS", "EMAILPROF", "EMPLOYEE", "EMPLOYEEINFO", "EMPLOYER", "EMPLOYERSPONSORED", "ESCRWAMT",
    "ESCRWBAL", "ESTPAYOFF", "EXTBANKACCTTO", "EXTBANKDESC", "EXTDBINFO_V100", "EXTDPAYEE", "EXTDPMT", "EXTDPMTINV", "FI",
    "FIDIRECTDEPOSITINFO", "FILERADDR", "FIMFASSETCLASS", "FIPORTION", "HOLDERINFO", "HOUSEHOLDINFO", "IMAGEDATA",
    "IMAGEPROF", "INCEPTTODATE", "INCOME", "INCPOS", "INCTRAN", "INV401K", "INV401KBAL", "INV401KSUMMARY", "INVACCTFROM",
    "INVACCTINFO", "INVACCTTO", "INVBAL", "INVBANKTRAN", "INVBUY", "INVCLOSING", "INVEXPENSE", "INVOICE", "INVOICE2",
    "INVOOLIST", "INVPOS", "INVPOSLIST", "INVSELL", "INVTRAN", "INVTRANLIST", "ISSUERORPROVIDER", "JRNLFUND", "JRNLSEC",
    "LASTPMTINFO", "LCLTAXWHAGG", "LEDGERBAL", "LENDERADDR", "LINEITEM", "LOANACCTFROM", "LOANACCTINFO", "LOANACCTTO",
    "LOANCLOSING", "LOANDETAIL", "LOANINFO", "LOANINT", "LOANIRATE", "LOANPMT", "LOANPMTINFO", "LOANSTMTTRN",
    "LOANTRANLIST", "LOANTRNAMT", "LOCALINFO", "MAIL", "MARGININTEREST", "MATCHINFO", "MFACHALLENGE", "MFACHALLENGEANSWER",
    "MFASSETCLASS", "MFINFO", "MONTHLYCOVERAGE", "MSGSETCORE", "MSGSETLIST", "OFX", "OFXEXTENSION", "OO", "OOBUYDEBT",
    "OOBUYMF", "OOBUYOPT", "OOBUYOTHER", "OOBUYSTOCK", "OOSELLDEBT", "OOSELLMF", "OOSELLOPT", "OOSELLOTHER", "OOSELLSTOCK",
    "OOSWITCHMF", "OPTINFO", "ORIGCURRENCY", "OTHER", "OTHERACCTINFO", "OTHERENROLL", "OTHERINFO", "PAYEE", "PAYEE2",
    "PAYERADDR", "PAYMENTINSTRUMENT", "PAYMENTINSTRUMENTS", "PERIODTODATE", "PMTINFO", "PMTINFO2", "PMTPRCSTS", "PORTION",
    "POSDEBT", "POSMF", "POSOPT", "POSOTHER", "POSSTOCK", "PRESACCTFROM", "PRESACCTINFO", "PRESACCTTO", "PRESBILLINFO",
    "PRESCOUNTS", "PRESDELIVERYID", "PRESDETAIL", "PRESDIRPROF", "PRESDLVPROF", "PRESLIST", "PRESNAMEADDRESS",
    "PRIMARYHOLDER", "PRINBAL", "PROCDET_V100", "RECADDR", "RECIPIENTINFO", "RECURRINST", "REINVEST", "RESPONSIBLEINDIV",
    "RETOFCAP", "REWARDINFO", "SECID", "SECINFO", "SECLIST", "SECONDARYHOLDER", "SELLDEBT", "SELLMF", "SELLOPT",
    "SELLOTHER", "SELLSTOCK", "SIGNONINFO", "SIGNONINFOLIST", "SPLIT", "STATEINFO", "STATUS", "STKBND", "STMNTIMAGE",
    "STMTTRN", "STMTTRNP", "STOCKINFO", "STPCHKNUM", "STPCHKPROF", "STTAXWHAGG", "STUDENTADDR", "SVCADD", "SVCCHG",
    "SVCDEL", "SWITCHMF", "TAX1095A_V100", "TAX1095B_V100", "TAX1095C_V100", "TAX1098E_V100", "TAX1098T_V100",
    "TAX1098_V100", "TAX1099B_V100", "TAX1099DIV_V100", "TAX1099INT_V100", "TAX1099MISC_V100", "TAX1099OID_V100",
    "TAX1099R_V100", "TAXW2_V100", "TAXW2_V200", "TRANSFER", "VESTINFO", "WEBENROLL", "WIREBENEFICIARY", "WIREDESTBANK",
    "WITHDRAWALS", "XFERINFO", "XFERPRCSTS", "XFERPROF", "YEARTODATE",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ofx::RequestKind;

    #[test]
    fn the_list_is_sorted_and_repeats_no_end() {
        assert!(OTHERS.is_sorted_by(|one, next| one < next));
        let twice: Vec<_> = OTHERS.iter().filter(|tag| ENDS.iter().any(|end| tag.ends_with(end))).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn whatever_holds_a_request_or_its_answer_is_an_aggregate() {
        for row in RequestKind::ALL.iter().map(|kind| kind.row()) {
            let frames = row.sync.map(|sync| [sync.frame().request, sync.frame().response]);
            let around = [row.transaction_request, row.request, row.transaction_response, row.response];
            for tag in around.into_iter().chain(frames.into_iter().flatten()) {
                assert!(is_aggregate(tag), "{tag}");
            }
        }
        for tag in ["TRNUID", "MSGBODY", "EXTDPMTDSC", "CANMODXFERS", "CHECKING", "INTU.USERS", "LOANRATE", ""] {
            assert!(!is_aggregate(tag), "{tag}");
        }
    }
}
