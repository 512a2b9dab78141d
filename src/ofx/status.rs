//! `STATUS`: the institution's verdict, and what each code means. OFX 1.0.3 §3.1.4 and appendix A, OFX 2.3 §3.1.5.

use crate::error::StatusCode;
use crate::ofx::aggregate::{aggregate, words};
use crate::ofx::{Content, DecodeError, Element, Sink, Version};

words! {
    /// How bad a status is, as the institution says it; the code decides when the two disagree.
    pub enum Severity {
        /// For information only: done.
        Info = "INFO",
        /// Done, with something to note.
        Warn = "WARN",
        /// Not done.
        Error = "ERROR",
    }
}

aggregate! {
    /// `STATUS`.
    #[doc(alias = "STATUS")]
    pub struct Status {
        /// `CODE`.
        code: StatusCode = "CODE",
        /// `SEVERITY`, which some institutions get wrong: ask [`is_error`](Self::is_error).
        severity: Option<Severity> = "SEVERITY",
        /// `MESSAGE`: the institution's own words, for the user.
        message: Option<String> = "MESSAGE",
    }
}

impl Status {
    /// A status of a known code with the severity that belongs to it.
    #[must_use]
    pub fn new(code: StatusCode, message: Option<&str>) -> Self {
        let severity = Some(code.severity().unwrap_or(Severity::Error));
        Self { code, severity, message: message.map(str::to_owned) }
    }

    /// Whether the request was refused. The code's own severity counts, the written one only for unknown codes.
    ///
    /// An unknown code is an error unless it says `INFO` or `WARN`, in any letters and no others.
    #[must_use]
    pub fn is_error(&self) -> bool {
        let severity = self.code.severity().or_else(|| self.severity.clone());
        !matches!(severity, Some(Severity::Info | Severity::Warn))
    }

    /// The same, no longer than the specification lets it be: for what is stored.
    pub(crate) fn shortened(&self) -> Self {
        let severity = self.severity.clone().filter(|severity| !matches!(severity, Severity::Other(_)));
        Self { code: self.code, severity, message: self.message.as_deref().map(shortened) }
    }
}

/// An institution's text, no longer than `MESSAGE` may be.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(255).collect()
}

/// What holds for every code, listed or not. OFX 1.0.3 §3.1.4, OFX 2.3 §3.1.5.
///
/// ```
/// use ofx_session::StatusCode;
///
/// let code = StatusCode::new(10_993);
/// assert!(code.is_institutions_own() && code.meaning().is_none());
/// assert_eq!(code.treated_as(), StatusCode::GENERAL_ERROR);
/// assert_eq!(StatusCode::DUPLICATE.treated_as(), StatusCode::DUPLICATE);
/// ```
impl StatusCode {
    /// Whether it means the same in the answer to every request: 0 to 2999. From 3000 up a code belongs to certain requests.
    #[must_use]
    pub const fn is_general(self) -> bool {
        self.value() < 3000
    }

    /// Whether it is one of those that each institution gives a meaning of its own: the last ten of every thousand.
    #[must_use]
    pub const fn is_institutions_own(self) -> bool {
        self.value() % 1000 >= 990
    }

    /// The code to act upon: itself where the specification lists it, else 2000, a general error. What an institution means by
    /// a code that is not listed, only its message says.
    #[must_use]
    pub fn treated_as(self) -> Self {
        if self.meaning().is_some() { self } else { Self::GENERAL_ERROR }
    }

    /// What to say of a code in an error, also of one that is not listed.
    pub(crate) fn described(self) -> &'static str {
        let unlisted = if self.is_institutions_own() {
            "an error of its own, which the specification does not list"
        } else {
            "a status that the specification does not list"
        };
        self.meaning().unwrap_or(unlisted)
    }
}

impl Content for StatusCode {
    fn read(element: &Element) -> Result<Self, DecodeError> {
        u32::read(element).map(Self::new)
    }

    fn write_to(&self, tag: &'static str, version: Version, out: &mut dyn Sink) {
        self.value().write_to(tag, version, out);
    }
}

/// Declares the constants and the table from the same rows.
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $code:literal $severity:ident $meaning:literal, $remedy:literal;)*) => {
        /// The codes that the specification lists, through 2.3. See [`treated_as`](Self::treated_as) for the others.
        impl StatusCode {
            $($(#[$meta])* pub const $name: Self = Self::new($code);)*

            /// What the code says, in plain English; `None` for a code that the specification does not list.
            #[must_use]
            pub fn meaning(self) -> Option<&'static str> {
                match self.value() { $($code => Some($meaning),)* _ => None }
            }

            /// What to do about it, in plain English; `None` for a code that the specification does not list.
            #[must_use]
            pub fn remedy(self) -> Option<&'static str> {
                match self.value() { $($code => Some($remedy),)* _ => None }
            }

            /// The severity the specification gives the code; `None` for a code that it does not list.
            #[must_use]
            pub fn severity(self) -> Option<Severity> {
                match self.value() { $($code => Some(Severity::$severity),)* _ => None }
            }
        }
    };
}

codes! {
    /// Success.
    SUCCESS = 0 Info "done", "nothing to do";
    /// The client has everything already; no body follows.
    UP_TO_DATE = 1 Info "already up to date", "use what is known";
    /// General error.
    GENERAL_ERROR = 2000 Error "the institution reports an error without saying which", "show its message to the user and try later";
    /// Invalid account.
    INVALID_ACCOUNT = 2001 Error "the account is not valid", "check the account";
    /// Other account error.
    ACCOUNT_ERROR = 2002 Error "there is a problem with the account", "show the institution's message to the user";
    /// Account not found.
    ACCOUNT_NOT_FOUND = 2003 Error "the account was not found", "fetch the account list and choose one of it";
    /// Account closed.
    ACCOUNT_CLOSED = 2004 Error "the account is closed", "choose another account";
    /// Account not authorized.
    ACCOUNT_NOT_AUTHORIZED = 2005 Error "this user may not do this with the account", "ask the institution for the right, or choose another account";
    /// Source account not found.
    SOURCE_NOT_FOUND = 2006 Error "the account to pay from was not found", "fetch the account list and choose another one to pay from";
    /// Source account closed.
    SOURCE_CLOSED = 2007 Error "the account to pay from is closed", "choose an open account to pay from";
    /// Source account not authorized.
    SOURCE_NOT_AUTHORIZED = 2008 Error "this user may not pay from the account", "choose an account that may pay bills";
    /// Destination account not found.
    DESTINATION_NOT_FOUND = 2009 Error "the account to pay to was not found", "check the payee's account";
    /// Destination account closed.
    DESTINATION_CLOSED = 2010 Error "the account to pay to is closed", "ask the payee";
    /// Destination account not authorized.
    DESTINATION_NOT_AUTHORIZED = 2011 Error "this user may not pay to the account", "choose another way to pay";
    /// Invalid amount.
    INVALID_AMOUNT = 2012 Error "the amount is not valid", "check the amount";
    /// Date too soon.
    DATE_TOO_SOON = 2014 Error "the date is too soon for the institution", "choose a later date";
    /// Date too far in the future.
    DATE_TOO_FAR = 2015 Error "the date is too far in the future", "choose an earlier date";
    /// Already committed.
    ALREADY_COMMITTED = 2016 Error "it was committed already and cannot be changed here", "call the institution, which may still be able to stop it";
    /// Already cancelled.
    ALREADY_CANCELLED = 2017 Error "it was cancelled already", "synchronize to see how it stands now";
    /// Unknown server id.
    UNKNOWN_SERVER_ID = 2018 Error "the institution does not know this SRVRTID", "synchronize to learn which ids there are";
    /// Duplicate request: this `TRNUID` was received before. It does not say with what result.
    DUPLICATE = 2019 Error "a request with this TRNUID was received before", "synchronize to learn its result; do not enter it again";
    /// Invalid date.
    INVALID_DATE = 2020 Error "a date could not be read", "report this: the crate writes dates";
    /// Version not supported.
    UNSUPPORTED_VERSION = 2021 Error "the institution does not support this version", "choose another OFX version";
    /// Invalid transaction authorization number.
    INVALID_TAN = 2022 Error "the transaction number (TAN) is not valid", "ask the user for another one";
    /// Unknown transaction or bill id.
    UNKNOWN_TRANSACTION = 2023 Error "the institution does not know this FITID or BILLID", "download again and take the id from there";
    /// The branch is missing.
    BRANCH_MISSING = 2025 Error "the account needs its BRANCHID", "write the account as the account list has it";
    /// The bank's name does not fit its id.
    BANK_NAME_MISMATCH = 2026 Error "the bank's name does not fit its id", "check both";
    /// Invalid date range.
    INVALID_DATE_RANGE = 2027 Error "the range of dates is not valid", "choose another range";
    /// An element was not understood; the rest was done.
    UNKNOWN_ELEMENT = 2028 Warn "an element was not understood; the rest was done", "carry on; tell the institution if the answer lacks something";
    /// Security questions must be answered first.
    MFA_REQUIRED = 3000 Error "security questions must be answered first", "ask for the questions and answer them";
    /// The answers were wrong.
    MFA_WRONG = 3001 Error "the answers to the security questions were wrong", "ask the user again";
    /// `REJECTIFMISSING` without a token.
    REJECT_WITHOUT_TOKEN = 6500 Error "the request asked to be rejected when out of date, without a token", "report this";
    /// Embedded requests were not done because the token is out of date.
    TOKEN_OUT_OF_DATE = 6501 Warn "embedded requests were not done because something happened in between", "read the changes, then send the requests again with the new token";
    /// This embedded request was not done because the token is out of date.
    REJECTED_OUT_OF_DATE = 6502 Error "it was not done because something happened in between", "look at what has changed (synchronize), then ask for it again";
    /// Stop check in process.
    STOP_CHECK_PENDING = 10_000 Info "the stop order is being processed", "look later what became of it";
    /// Too many checks.
    TOO_MANY_CHECKS = 10_500 Error "the stop order names too many checks", "name fewer at a time";
    /// Invalid payee.
    INVALID_PAYEE = 10_501 Error "the payee is not valid", "check the payee";
    /// Invalid payee address.
    INVALID_PAYEE_ADDRESS = 10_502 Error "the payee's address is not valid", "check street and house number of the payee";
    /// Invalid payee account number.
    INVALID_PAYEE_ACCOUNT = 10_503 Error "the account number at the payee is not valid", "check PAYACCT";
    /// Insufficient funds.
    INSUFFICIENT_FUNDS = 10_504 Error "there is not enough money", "choose another account or amount";
    /// An element cannot be modified.
    CANNOT_MODIFY = 10_505 Error "something in it cannot be changed", "leave that part as it was, or cancel and enter it anew";
    /// The source account cannot be modified.
    SOURCE_NOT_MODIFIABLE = 10_506 Error "the account to pay from cannot be changed", "cancel it and enter it anew from the other account";
    /// The destination account cannot be modified.
    DESTINATION_NOT_MODIFIABLE = 10_507 Error "the account to pay to cannot be changed", "cancel it and enter it anew to the other account";
    /// Invalid frequency.
    INVALID_FREQUENCY = 10_508 Error "the frequency is not valid", "choose another one";
    /// Model already cancelled.
    MODEL_CANCELLED = 10_509 Error "the recurring model was cancelled already", "start a new model if payments are still wanted";
    /// Invalid payee id.
    INVALID_PAYEE_ID = 10_510 Error "the payee id is not valid", "check PAYEEID";
    /// Invalid payee city.
    INVALID_PAYEE_CITY = 10_511 Error "the payee's city is not valid", "check the city's spelling";
    /// Invalid payee state.
    INVALID_PAYEE_STATE = 10_512 Error "the payee's state is not valid", "check that it is the state's abbreviation";
    /// Invalid payee postal code.
    INVALID_PAYEE_POSTAL_CODE = 10_513 Error "the payee's postal code is not valid", "check it against the city";
    /// Already processed.
    ALREADY_PROCESSED = 10_514 Error "it was processed already or its date has passed", "synchronize to see whether it was made; enter nothing anew before";
    /// Payee cannot be modified.
    PAYEE_NOT_MODIFIABLE = 10_515 Error "this payee cannot be changed by the client", "let the institution change it, or add the payee once more";
    /// Invalid wire beneficiary.
    INVALID_BENEFICIARY = 10_516 Error "the beneficiary of the wire is not valid", "check the beneficiary";
    /// Invalid payee name.
    INVALID_PAYEE_NAME = 10_517 Error "the payee's name is not valid", "check the name";
    /// Unknown model.
    UNKNOWN_MODEL = 10_518 Error "the institution does not know this RECSRVRTID", "synchronize the models and take the id from there";
    /// Invalid payee list id.
    INVALID_PAYEE_LIST_ID = 10_519 Error "the payee list id is not valid", "synchronize the payees";
    /// Unknown type of table.
    TABLE_NOT_FOUND = 10_600 Error "the institution does not know this type of table", "leave it out";
    /// Investment transactions are not available.
    NO_INVESTMENT_TRANSACTIONS = 12_250 Warn "transactions are not available", "use the rest; ask for transactions later";
    /// Positions are not available.
    NO_POSITIONS = 12_251 Warn "positions are not available", "use the rest; ask for positions later";
    /// Positions are not available for that date.
    NO_POSITIONS_FOR_DATE = 12_252 Warn "positions are not available for that date", "use the rest, or choose another date";
    /// Open orders are not available.
    NO_OPEN_ORDERS = 12_253 Warn "open orders are not available", "use the rest; ask for open orders later";
    /// Balances are not available.
    NO_BALANCES = 12_254 Warn "balances are not available", "use the rest; ask for balances later";
    /// Retirement data is not available.
    NO_RETIREMENT_DATA = 12_255 Error "401(k) data is not available", "ask without it";
    /// Security not found.
    SECURITY_NOT_FOUND = 12_500 Error "a security was not found", "check its id";
    /// Id and password will be sent by other means.
    ENROLLED_BY_OTHER_MEANS = 13_000 Info "user id and password will come another way", "wait for them";
    /// The user cannot be enrolled.
    CANNOT_ENROLL = 13_500 Error "the user cannot be enrolled", "call the institution, which says why";
    /// The user is enrolled already.
    ALREADY_ENROLLED = 13_501 Error "the user is enrolled already", "sign on";
    /// Invalid service.
    INVALID_SERVICE = 13_502 Error "the service is not valid for the account", "choose another service";
    /// The user's data cannot be changed.
    USER_NOT_MODIFIABLE = 13_503 Error "the user's data cannot be changed here", "let the institution change it";
    /// `FI` missing or wrong.
    FI_MISSING = 13_504 Error "the institution's ORG or FID is missing or wrong", "check org and fid";
    /// The 1099 form is not available.
    NO_1099 = 14_500 Error "the 1099 form is not available yet", "ask for the 1099 form later";
    /// No 1099 form for this user.
    NO_1099_FOR_USER = 14_501 Error "there is no 1099 form for this user", "leave 1099 forms out for this user";
    /// The W-2 form is not available.
    NO_W2 = 14_600 Error "the W-2 form is not available yet", "ask for the W-2 form later";
    /// No W-2 form for this user.
    NO_W2_FOR_USER = 14_601 Error "there is no W-2 form for this user", "leave W-2 forms out for this user";
    /// The 1098 form is not available.
    NO_1098 = 14_700 Error "the 1098 form is not available yet", "ask for the 1098 form later";
    /// No 1098 form for this user.
    NO_1098_FOR_USER = 14_701 Error "there is no 1098 form for this user", "leave 1098 forms out for this user";
    /// Signed on, but the password must be changed.
    PASSWORD_CHANGE_REQUIRED = 15_000 Info "signed on, but the password must be changed", "change the password before the institution insists on it";
    /// Signon invalid.
    SIGNON_INVALID = 15_500 Error "the user id or password was not accepted", "check both; repeated failures lock the user out";
    /// In use by another session.
    IN_USE = 15_501 Error "another session of this user is open", "try again in a few minutes";
    /// Locked out.
    LOCKED_OUT = 15_502 Error "the user is locked out", "stop trying and call the institution";
    /// Password not changed.
    PASSWORD_NOT_CHANGED = 15_503 Error "the password could not be changed", "choose another password";
    /// No random data for the challenge.
    NO_CHALLENGE_DATA = 15_504 Error "the institution has no challenge data to give", "sign on again later";
    /// Country not supported.
    COUNTRY_NOT_SUPPORTED = 15_505 Error "the country is not supported", "leave out the country";
    /// A signon alone is not supported.
    EMPTY_SIGNON = 15_506 Error "a signon without a request is not supported", "send a request with it";
    /// The password must be changed in the same file.
    PASSWORD_CHANGE_IN_FILE = 15_507 Error "the password must be changed first", "change the password first; nothing else is done before";
    /// Not authorized for that user id.
    NOT_AUTHORIZED = 15_508 Error "this user may not act for that user id", "check the user id";
    /// The `CLIENTUID` must be registered.
    CLIENT_UID_UNKNOWN = 15_510 Error "the institution does not know this client's CLIENTUID yet", "let the user register it with the institution, then try again";
    /// The user must contact the institution.
    CONTACT_INSTITUTION = 15_511 Error "the user must contact the institution", "show its message to the user and stop";
    /// A one-time token is needed.
    AUTH_TOKEN_REQUIRED = 15_512 Error "a one-time token is needed in the next signon", "ask the user for it and sign on with it";
    /// The one-time token was wrong.
    AUTH_TOKEN_INVALID = 15_513 Error "the one-time token was not accepted", "ask the user for a new one";
    /// Mail may not be HTML.
    HTML_NOT_ALLOWED = 16_500 Error "the institution takes no mail in HTML", "send plain text";
    /// Unknown addressee of mail.
    UNKNOWN_MAIL_TO = 16_501 Error "the addressee of the mail is not known", "check the addressee";
    /// Invalid address of a file.
    INVALID_URL = 16_502 Error "the address of the file is not valid", "check the URL";
    /// The file cannot be reached.
    UNREACHABLE_URL = 16_503 Error "the file cannot be had", "fetch the file later";
}
