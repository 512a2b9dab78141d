//! What the institution of the scenes answers.

/// A file with a signon of this status, with more in the signon and beside it.
fn file(code: u16, severity: &str, in_signon: &str, beside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?OFX OFXHEADER=\"200\" VERSION=\"211\" SECURITY=\"NONE\" \
         OLDFILEUID=\"NONE\" NEWFILEUID=\"NONE\"?>\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>{code}</CODE><SEVERITY>{severity}\
         </SEVERITY></STATUS><DTSERVER>20261125120000</DTSERVER><LANGUAGE>ENG</LANGUAGE>{in_signon}{beside}</OFX>"
    )
}

const DONE: &str = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>";

/// 3000: questions first.
pub fn challenge_needed() -> String {
    file(3000, "ERROR", "", "</SONRS></SIGNONMSGSRSV1>")
}

/// One question that is reserved for the user, one of the institution's own.
pub fn questions() -> String {
    let inside = format!(
        "</SONRS><MFACHALLENGETRNRS><TRNUID>0</TRNUID>{DONE}<MFACHALLENGERS><MFACHALLENGE><MFAPHRASEID>MFA16</MFAPHRASEID>\
         </MFACHALLENGE><MFACHALLENGE><MFAPHRASEID>BRQ7</MFAPHRASEID><MFAPHRASELABEL>In which town did you open this \
         account?</MFAPHRASELABEL></MFACHALLENGE></MFACHALLENGERS></MFACHALLENGETRNRS></SIGNONMSGSRSV1>"
    );
    file(0, "INFO", "", &inside)
}

/// The account list; the signon brings a session cookie and an access key.
pub fn accounts() -> String {
    let inside = format!(
        "</SONRS></SIGNONMSGSRSV1><SIGNUPMSGSRSV1><ACCTINFOTRNRS><TRNUID>0</TRNUID>{DONE}<ACCTINFORS>\
         <DTACCTUP>20261101000000.000[-5:EST]</DTACCTUP><ACCTINFO><DESC>Checking</DESC><BPACCTINFO>{ACCOUNT}\
         <SVCSTATUS>ACTIVE</SVCSTATUS></BPACCTINFO></ACCTINFO></ACCTINFORS></ACCTINFOTRNRS></SIGNUPMSGSRSV1>"
    );
    file(0, "INFO", "<SESSCOOKIE>s-20261125-00318</SESSCOOKIE><ACCESSKEY>a1b2c3d4e5f6</ACCESSKEY>", &inside)
}

/// A profile with everything that bill payment and sign-up can have.
pub fn profile(questions_first: bool) -> String {
    let core = "<MSGSETCORE><VER>1</VER><URL>https://ofx.example.com/ofx</URL><OFXSEC>NONE</OFXSEC><TRANSPSEC>Y</TRANSPSEC>\
         <SIGNONREALM>EXAMPLE</SIGNONREALM><LANGUAGE>ENG</LANGUAGE><SYNCMODE>FULL</SYNCMODE><REFRESHSUPT>Y</REFRESHSUPT>\
         <RESPFILEER>Y</RESPFILEER></MSGSETCORE>";
    let first = if questions_first { "Y" } else { "N" };
    let inside = format!(
        "</SONRS></SIGNONMSGSRSV1><PROFMSGSRSV1><PROFTRNRS><TRNUID>0</TRNUID>{DONE}<PROFRS><MSGSETLIST>\
         <SIGNONMSGSET><SIGNONMSGSETV1>{core}</SIGNONMSGSETV1></SIGNONMSGSET>\
         <SIGNUPMSGSET><SIGNUPMSGSETV1>{core}<CLIENTENROLL><ACCTREQUIRED>N</ACCTREQUIRED></CLIENTENROLL>\
         <CHGUSERINFO>Y</CHGUSERINFO><AVAILACCTS>Y</AVAILACCTS><CLIENTACTREQ>Y</CLIENTACTREQ></SIGNUPMSGSETV1></SIGNUPMSGSET>\
         <BILLPAYMSGSET><BILLPAYMSGSETV1>{core}<DAYSWITH>0</DAYSWITH><DFLTDAYSTOPAY>4</DFLTDAYSTOPAY>\
         <XFERDAYSWITH>0</XFERDAYSWITH><XFERDFLTDAYSTOPAY>2</XFERDFLTDAYSTOPAY><PROCDAYSOFF>SATURDAY</PROCDAYSOFF>\
         <PROCDAYSOFF>SUNDAY</PROCDAYSOFF><PROCENDTM>170000</PROCENDTM><MODELWND>30</MODELWND><POSTPROCWND>60</POSTPROCWND>\
         <STSVIAMODS>Y</STSVIAMODS><PMTBYADDR>Y</PMTBYADDR><PMTBYXFER>Y</PMTBYXFER><PMTBYPAYEEID>Y</PMTBYPAYEEID>\
         <CANADDPAYEE>Y</CANADDPAYEE><HASEXTDPMT>Y</HASEXTDPMT><CANMODPMTS>Y</CANMODPMTS><CANMODMDLS>Y</CANMODMDLS>\
         <DIFFFIRSTPMT>Y</DIFFFIRSTPMT><DIFFLASTPMT>Y</DIFFLASTPMT></BILLPAYMSGSETV1></BILLPAYMSGSET>\
         <PROFMSGSET><PROFMSGSETV1>{core}</PROFMSGSETV1></PROFMSGSET></MSGSETLIST>\
         <SIGNONINFOLIST><SIGNONINFO><SIGNONREALM>EXAMPLE</SIGNONREALM><MIN>4</MIN><MAX>32</MAX>\
         <CHARTYPE>ALPHAORNUMERIC</CHARTYPE><CASESEN>Y</CASESEN><SPECIAL>Y</SPECIAL><SPACES>Y</SPACES><PINCH>Y</PINCH>\
         <CHGPINFIRST>N</CHGPINFIRST><CLIENTUIDREQ>N</CLIENTUIDREQ><AUTHTOKENFIRST>N</AUTHTOKENFIRST>\
         <MFACHALLENGESUPT>Y</MFACHALLENGESUPT><MFACHALLENGEFIRST>{first}</MFACHALLENGEFIRST></SIGNONINFO></SIGNONINFOLIST>\
         <DTPROFUP>20260901000000.000[-5:EST]</DTPROFUP><FINAME>Example Savings</FINAME><ADDR1>1 Main Street</ADDR1>\
         <CITY>Newport</CITY><STATE>RI</STATE><POSTALCODE>02840</POSTALCODE><COUNTRY>USA</COUNTRY></PROFRS></PROFTRNRS>\
         </PROFMSGSRSV1>"
    );
    file(0, "INFO", "", &inside)
}

/// The newest token of the payments of the account.
pub fn payment_token() -> String {
    token("PMTSYNCRS", ACCOUNT)
}

/// The newest token of the recurring payments of the account.
pub fn recurring_token() -> String {
    token("RECPMTSYNCRS", ACCOUNT)
}

pub fn payee_token() -> String {
    token("PAYEESYNCRS", "")
}

pub fn mail_token() -> String {
    token("PMTMAILSYNCRS", "")
}

pub fn service_token() -> String {
    signup_token("ACCTSYNCRS")
}

pub fn user_info_token() -> String {
    signup_token("CHGUSERINFOSYNCRS")
}

fn token(frame: &str, account: &str) -> String {
    let inside = format!(
        "</SONRS></SIGNONMSGSRSV1><BILLPAYMSGSRSV1><{frame}><TOKEN>q-7781</TOKEN><LOSTSYNC>N</LOSTSYNC>{account}</{frame}>\
         </BILLPAYMSGSRSV1>"
    );
    file(0, "INFO", "", &inside)
}

fn signup_token(frame: &str) -> String {
    let inside = format!(
        "</SONRS></SIGNONMSGSRSV1><SIGNUPMSGSRSV1><{frame}><TOKEN>q-7781</TOKEN><LOSTSYNC>N</LOSTSYNC></{frame}>\
         </SIGNUPMSGSRSV1>"
    );
    file(0, "INFO", "", &inside)
}

/// The account of `bills::checking`.
const ACCOUNT: &str =
    "<BANKACCTFROM><BANKID>999888777</BANKID><ACCTID>0042917730</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>";
