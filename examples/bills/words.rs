//! What the library says, in the words of this command line: its options in place of the library's calls.

/// A text of the library. A remark in parentheses that names a call is of no use here; where a call has an option, that is named.
pub fn in_options(text: &str) -> String {
    let mut text = text.to_owned();
    for (call, option) in OPTIONS {
        text = text.replace(call, option);
    }
    while let Some((start, end)) = remark(&text) {
        text.replace_range(start..end, "");
    }
    text
}

/// Where a remark in parentheses that names a call begins and ends, with the blank before it.
fn remark(text: &str) -> Option<(usize, usize)> {
    text.match_indices(" (").find_map(|(start, _)| {
        let length = text.get(start..)?.find(')')? + 1;
        let names_call = text.get(start..start + length)?.contains("::");
        names_call.then_some((start, start + length))
    })
}

/// What to do where no connection came about because of the certificate; none where it is about something else.
pub fn about_certificate(text: &str) -> Option<&'static str> {
    if !text.contains("the certificate of ") {
        return None;
    }
    Some(if text.contains("not trusted") { GIVE_CA_FILE } else { "nothing was sent" })
}

const OPTIONS: [(&str, &str); 6] = [
    ("HttpsOptions::add_root_pem", "--ca-file FILE"),
    ("add_root_pem", "--ca-file FILE"),
    ("when HttpsOptions::allow_http_loopback was called", "with --allow-http-loopback"),
    ("Credentials::user_cred1", "--user-cred1"),
    ("Credentials::user_cred2", "--user-cred2"),
    ("with Credentials::auth_token", "as a one-time token, which this program does not know"),
];

const GIVE_CA_FILE: &str = "nothing was sent: if it is the right institution, give `--ca-file FILE`, its root certificate as PEM; it is \
                            kept for later commands";

/// Which option says what goes into an element.
pub fn option_of(tag: &str) -> Option<&'static str> {
    Some(match tag {
        "NAME" => "--name",
        "ADDR1" | "ADDR2" | "ADDR3" => "--address",
        "CITY" => "--city",
        "STATE" => "--region",
        "POSTALCODE" => "--postal-code",
        "COUNTRY" => "--country",
        "PHONE" => "--phone",
        "PAYACCT" => "--account",
        "PAYEEID" => "--payee-id",
        "TRNAMT" => "--amount",
        "INITIALAMT" => "--first-amount",
        "FINALAMT" => "--last-amount",
        "NINSTS" => "--times",
        "DTDUE" => "--due",
        "MEMO" => "--memo",
        "BILLREFINFO" => "--reference",
        "BANKID" | "ACCTID" | "ACCTTYPE" => "--from",
        "SRVRTID" => "the id of the payment",
        "RECSRVRTID" => "the id of the recurring payment",
        "PAYEELSTID" => "the list id of the payee",
        "SUBJECT" => "the subject",
        "MSGBODY" => "the text",
        "USERID" => "--user",
        "USERPASS" => "--password",
        "NEWUSERPASS" => "--new-password",
        _ => return None,
    })
}
