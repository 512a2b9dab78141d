//! What each message set says of itself in the profile. OFX 1.0.3 §7.3 and the profile sections of §8 to §13, OFX 2.3 likewise.

use crate::ofx::aggregate::aggregate;
use crate::ofx::{Content, DayOff, DecodeError, Element, Member, Problem, Sink, TimeOfDay, Version};

/// The attributes of a message set, after its `MSGSETCORE`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageSetDetails {
    /// None are defined for the set: signon and profile.
    None,
    /// `SIGNUPMSGSETV1`.
    Signup(SignupSet),
    /// `BANKMSGSETV1`.
    Bank(BankSet),
    /// `CREDITCARDMSGSETV1`.
    CreditCard(CreditCardSet),
    /// `LOANMSGSETV1`.
    Loan(LoanSet),
    /// `INVSTMTMSGSETV1`.
    Investment(InvestmentSet),
    /// `INTERXFERMSGSETV1`.
    Transfer(TransferSet),
    /// `WIREXFERMSGSETV1`.
    Wire(WireSet),
    /// `BILLPAYMSGSETV1`.
    BillPay(BillPaySet),
    /// `EMAILMSGSETV1`.
    Email(EmailSet),
    /// `SECLISTMSGSETV1`.
    SecurityList(SecurityListSet),
    /// `IMAGEMSGSETV1`.
    Image(ImageSet),
    /// A set that this crate does not know, or whose attributes are not as the specification has them.
    Other(Vec<Element>),
}

impl MessageSetDetails {
    /// Reads what stands beside `MSGSETCORE`; keeps the elements as they are when they do not fit.
    pub(crate) fn read(name: &str, element: &Element) -> Self {
        let typed = match name {
            "SIGNUP" => SignupSet::read(element).map(Self::Signup),
            "BANK" => BankSet::read(element).map(Self::Bank),
            "CREDITCARD" => CreditCardSet::read(element).map(Self::CreditCard),
            "LOAN" => LoanSet::read(element).map(Self::Loan),
            "INVSTMT" => InvestmentSet::read(element).map(Self::Investment),
            "INTERXFER" => TransferSet::read(element).map(Self::Transfer),
            "WIREXFER" => WireSet::read(element).map(Self::Wire),
            "BILLPAY" => BillPaySet::read(element).map(Self::BillPay),
            "EMAIL" => EmailSet::read(element).map(Self::Email),
            "SECLIST" => SecurityListSet::read(element).map(Self::SecurityList),
            "IMAGE" => ImageSet::read(element).map(Self::Image),
            "SIGNON" | "PROF" => Ok(Self::None),
            _ => Err(DecodeError::new(Problem::Missing("MSGSETCORE"), element.offset())),
        };
        typed.unwrap_or_else(|_| {
            let rest: Vec<_> = element
                .children()
                .iter()
                .filter(|child| child.tag() != "MSGSETCORE")
                .map(Element::on_its_own)
                .collect();
            if rest.is_empty() { Self::None } else { Self::Other(rest) }
        })
    }

    /// The elements after `MSGSETCORE`.
    pub(crate) fn write_members(&self, version: Version, out: &mut dyn Sink) {
        match self {
            Self::None => {}
            Self::Other(elements) => elements.iter().for_each(|element| out.element(element)),
            Self::Signup(set) => set.write_members(version, out),
            Self::Bank(set) => set.write_members(version, out),
            Self::CreditCard(set) => set.write_members(version, out),
            Self::Loan(set) => set.write_members(version, out),
            Self::Investment(set) => set.write_members(version, out),
            Self::Transfer(set) => set.write_members(version, out),
            Self::Wire(set) => set.write_members(version, out),
            Self::BillPay(set) => set.write_members(version, out),
            Self::Email(set) => set.write_members(version, out),
            Self::SecurityList(set) => set.write_members(version, out),
            Self::Image(set) => set.write_members(version, out),
        }
    }
}

/// How new customers enrol: exactly one of three ways.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Enrollment {
    /// `CLIENTENROLL`: over OFX.
    Client {
        /// `ACCTREQUIRED`: with an account number.
        account_required: bool,
    },
    /// `WEBENROLL`: on this page.
    Web(String),
    /// `OTHERENROLL`: as this message says.
    Other(String),
}

impl Member for Enrollment {
    fn take(parent: &Element, _: &'static str) -> Result<Self, DecodeError> {
        if let Some(client) = parent.child("CLIENTENROLL") {
            let account_required =
                Member::take(client, "ACCTREQUIRED").map_err(|error: DecodeError| error.within("CLIENTENROLL"))?;
            return Ok(Self::Client { account_required });
        }
        if let Some(url) = parent.find("WEBENROLL/URL").and_then(Element::text) {
            return Ok(Self::Web(url.to_owned()));
        }
        match parent.find("OTHERENROLL/MESSAGE").and_then(Element::text) {
            Some(message) => Ok(Self::Other(message.to_owned())),
            None => Err(DecodeError::new(Problem::Missing("CLIENTENROLL"), parent.offset())),
        }
    }

    fn put(&self, _: &'static str, version: Version, out: &mut dyn Sink) {
        match self {
            Self::Client { account_required } => {
                out.aggregate("CLIENTENROLL", |out| account_required.put("ACCTREQUIRED", version, out));
            }
            Self::Web(url) => out.aggregate("WEBENROLL", |out| out.leaf("URL", url)),
            Self::Other(message) => out.aggregate("OTHERENROLL", |out| out.leaf("MESSAGE", message)),
        }
    }
}

aggregate! {
    /// `SIGNUPMSGSETV1`.
    #[doc(alias = "SIGNUPMSGSETV1")]
    pub struct SignupSet {
        /// `CLIENTENROLL`, `WEBENROLL` or `OTHERENROLL`.
        enrollment: Enrollment = "CLIENTENROLL",
        /// `CHGUSERINFO`: user data can be changed.
        change_user_info: bool = "CHGUSERINFO",
        /// `AVAILACCTS`: the account list can be fetched.
        available_accounts: bool = "AVAILACCTS",
        /// `CLIENTACTREQ`: services can be activated.
        activation: bool = "CLIENTACTREQ",
        /// `USERINFOAVAIL`: user data can be fetched. 2.2.1 up.
        user_info: Option<bool> = "USERINFOAVAIL" if since_221,
    }
}

impl SignupSet {
    /// A set with an account list, enrolment on a web page, and nothing else.
    #[must_use]
    pub fn with_accounts(enroll_at: &str) -> Self {
        Self {
            enrollment: Enrollment::Web(enroll_at.to_owned()),
            change_user_info: false,
            available_accounts: true,
            activation: false,
            user_info: None,
        }
    }
}

aggregate! {
    /// `XFERPROF`: what can be done with transfers.
    #[doc(alias = "XFERPROF")]
    pub struct TransferProfile {
        /// `PROCDAYSOFF`: weekdays without processing.
        days_off: Vec<DayOff> = "PROCDAYSOFF",
        /// `PROCENDTM`: time of day from which the next day counts.
        cut_off: TimeOfDay = "PROCENDTM",
        /// `CANSCHED`.
        schedule: bool = "CANSCHED",
        /// `CANRECUR`.
        recurring: bool = "CANRECUR",
        /// `CANLOAN`. 2.1 up.
        loan: Option<bool> = "CANLOAN" if since_210,
        /// `CANSCHEDLOAN`. 2.1 up.
        schedule_loan: Option<bool> = "CANSCHEDLOAN" if since_210,
        /// `CANRECURLOAN`. 2.1 up.
        recurring_loan: Option<bool> = "CANRECURLOAN" if since_210,
        /// `CANMODXFERS`.
        modify: bool = "CANMODXFERS",
        /// `CANMODMDLS`.
        modify_models: bool = "CANMODMDLS",
        /// `MODELWND`: days ahead that a model makes its transfer.
        model_days: u32 = "MODELWND",
        /// `DAYSWITH`: days before processing that the money is taken.
        days_with: i32 = "DAYSWITH",
        /// `DFLTDAYSTOPAY`: days a transfer takes.
        days_to_pay: u32 = "DFLTDAYSTOPAY",
    }
}

aggregate! {
    /// `STPCHKPROF`: what can be done with stop orders.
    #[doc(alias = "STPCHKPROF")]
    pub struct StopCheckProfile {
        /// `PROCDAYSOFF`.
        days_off: Vec<DayOff> = "PROCDAYSOFF",
        /// `PROCENDTM`.
        cut_off: TimeOfDay = "PROCENDTM",
        /// `CANUSERANGE`.
        range: bool = "CANUSERANGE",
        /// `CANUSEDESC`.
        description: bool = "CANUSEDESC",
        /// `STPCHKFEE`.
        fee: crate::ofx::Amount = "STPCHKFEE",
    }
}

aggregate! {
    /// `EMAILPROF`: what can be done with mail about a service.
    #[doc(alias = "EMAILPROF")]
    pub struct EmailProfile {
        /// `CANEMAIL`.
        mail: bool = "CANEMAIL",
        /// `CANNOTIFY`.
        notify: bool = "CANNOTIFY",
    }
}

aggregate! {
    /// `IMAGEPROF`: which images there are. 2.1 up.
    #[doc(alias = "IMAGEPROF")]
    pub struct ImageProfile {
        /// `CLOSINGIMGAVAIL`.
        closing: bool = "CLOSINGIMGAVAIL",
        /// `TRANIMGAVAIL`.
        transaction: bool = "TRANIMGAVAIL",
    }
}

aggregate! {
    /// `BANKMSGSETV1`.
    #[doc(alias = "BANKMSGSETV1")]
    pub struct BankSet {
        /// `INVALIDACCTTYPE`: account types that are not supported.
        invalid_types: Vec<crate::ofx::AccountType> = "INVALIDACCTTYPE",
        /// `CLOSINGAVAIL`.
        closing: bool = "CLOSINGAVAIL",
        /// `PENDINGAVAIL`. 2.2 up.
        pending: Option<bool> = "PENDINGAVAIL" if since_220,
        /// `XFERPROF`.
        transfers: Option<TransferProfile> = "XFERPROF",
        /// `STPCHKPROF`.
        stop_checks: Option<StopCheckProfile> = "STPCHKPROF",
        /// `EMAILPROF`.
        mail: EmailProfile = "EMAILPROF",
        /// `IMAGEPROF`. 2.1 up.
        images: Option<ImageProfile> = "IMAGEPROF" if since_210,
    }
}

impl BankSet {
    /// A set with statements only.
    #[must_use]
    pub fn statements_only() -> Self {
        Self {
            invalid_types: Vec::new(),
            closing: false,
            pending: None,
            transfers: None,
            stop_checks: None,
            mail: EmailProfile { mail: false, notify: false },
            images: None,
        }
    }
}

aggregate! {
    /// `CREDITCARDMSGSETV1`.
    #[doc(alias = "CREDITCARDMSGSETV1")]
    pub struct CreditCardSet {
        /// `CLOSINGAVAIL`.
        closing: bool = "CLOSINGAVAIL",
        /// `PENDINGAVAIL`. 2.2 up.
        pending: Option<bool> = "PENDINGAVAIL" if since_220,
        /// `IMAGEPROF`. 2.1 up.
        images: Option<ImageProfile> = "IMAGEPROF" if since_210,
    }
}

impl CreditCardSet {
    /// A set with statements only.
    #[must_use]
    pub fn statements_only() -> Self {
        Self { closing: false, pending: None, images: None }
    }
}

aggregate! {
    /// `LOANMSGSETV1`. 2.1 up.
    #[doc(alias = "LOANMSGSETV1")]
    pub struct LoanSet {
        /// `TRANDNLD`.
        transactions: bool = "TRANDNLD",
        /// `CLOSINGAVAIL`.
        closing: bool = "CLOSINGAVAIL",
        /// `AMRTAVAIL`.
        amortization: bool = "AMRTAVAIL",
        /// `CANEMAIL`.
        mail: bool = "CANEMAIL",
        /// `IMAGEPROF`.
        images: Option<ImageProfile> = "IMAGEPROF",
    }
}

aggregate! {
    /// `INVSTMTMSGSETV1`.
    #[doc(alias = "INVSTMTMSGSETV1")]
    pub struct InvestmentSet {
        /// `TRANDNLD`.
        transactions: bool = "TRANDNLD",
        /// `OODNLD`.
        open_orders: bool = "OODNLD",
        /// `POSDNLD`.
        positions: bool = "POSDNLD",
        /// `BALDNLD`.
        balances: bool = "BALDNLD",
        /// `CANEMAIL`.
        mail: bool = "CANEMAIL",
        /// `INV401KDNLD`. 2.0 up.
        retirement: Option<bool> = "INV401KDNLD" if since_200,
        /// `CLOSINGAVAIL`. 2.1 up.
        closing: Option<bool> = "CLOSINGAVAIL" if since_210,
        /// `IMAGEPROF`. 2.1 up.
        images: Option<ImageProfile> = "IMAGEPROF" if since_210,
    }
}

aggregate! {
    /// `INTERXFERMSGSETV1`.
    #[doc(alias = "INTERXFERMSGSETV1")]
    pub struct TransferSet {
        /// `XFERPROF`.
        transfers: TransferProfile = "XFERPROF",
        /// `CANBILLPAY`.
        bill_pay: bool = "CANBILLPAY",
        /// `CANCELWND`: days before processing that a transfer can be cancelled.
        cancel_days: u32 = "CANCELWND",
        /// `DOMXFERFEE`.
        domestic_fee: crate::ofx::Amount = "DOMXFERFEE",
        /// `INTLXFERFEE`.
        international_fee: crate::ofx::Amount = "INTLXFERFEE",
    }
}

aggregate! {
    /// `WIREXFERMSGSETV1`.
    #[doc(alias = "WIREXFERMSGSETV1")]
    pub struct WireSet {
        /// `PROCDAYSOFF`.
        days_off: Vec<DayOff> = "PROCDAYSOFF",
        /// `PROCENDTM`.
        cut_off: TimeOfDay = "PROCENDTM",
        /// `CANSCHED`.
        schedule: bool = "CANSCHED",
        /// `DOMXFERFEE`.
        domestic_fee: crate::ofx::Amount = "DOMXFERFEE",
        /// `INTLXFERFEE`.
        international_fee: crate::ofx::Amount = "INTLXFERFEE",
    }
}

aggregate! {
    /// `BILLPAYMSGSETV1`: what can be done with payments.
    #[doc(alias = "BILLPAYMSGSETV1")]
    pub struct BillPaySet {
        /// `DAYSWITH`: days after processing starts that the money is taken; -1 means on the due day.
        days_with: i32 = "DAYSWITH",
        /// `DFLTDAYSTOPAY`: business days a payment by cheque takes.
        days_to_pay: u32 = "DFLTDAYSTOPAY",
        /// `XFERDAYSWITH`: days before the processing day that the money for a payment by transfer is taken.
        transfer_days_with: i32 = "XFERDAYSWITH",
        /// `XFERDFLTDAYSTOPAY`: business days a payment by transfer takes.
        transfer_days_to_pay: u32 = "XFERDFLTDAYSTOPAY",
        /// `PROCDAYSOFF`: weekdays without processing.
        days_off: Vec<DayOff> = "PROCDAYSOFF",
        /// `PROCENDTM`: time of day from which the next day counts.
        cut_off: TimeOfDay = "PROCENDTM",
        /// `MODELWND`: days ahead that a model makes its payment.
        model_days: u32 = "MODELWND",
        /// `POSTPROCWND`: days after processing that a payment can be inquired.
        inquiry_days: u32 = "POSTPROCWND",
        /// `STSVIAMODS`: status changes come by synchronization.
        status_by_sync: bool = "STSVIAMODS",
        /// `PMTBYADDR`: payees by name and address.
        by_address: bool = "PMTBYADDR",
        /// `PMTBYXFER`: payment by transfer.
        by_transfer: bool = "PMTBYXFER",
        /// `PMTBYPAYEEID`: payee ids that the user supplies.
        by_payee_id: bool = "PMTBYPAYEEID",
        /// `CANADDPAYEE`: the user may add payees.
        add_payees: bool = "CANADDPAYEE",
        /// `HASEXTDPMT`: extended payments.
        extended: bool = "HASEXTDPMT",
        /// `CANMODPMTS`: payments can be modified.
        modify: bool = "CANMODPMTS",
        /// `CANMODMDLS`: models can be modified.
        modify_models: bool = "CANMODMDLS",
        /// `DIFFFIRSTPMT`: the first payment of a model may differ.
        different_first: bool = "DIFFFIRSTPMT",
        /// `DIFFLASTPMT`: the last payment of a model may differ.
        different_last: bool = "DIFFLASTPMT",
        /// `BILLPUBCONTEXT`: presented bills are understood. 2.0 up.
        bill_context: Option<bool> = "BILLPUBCONTEXT" if since_200,
    }
}

impl BillPaySet {
    /// Payments by address, by transfer and by payee id, with payees added as they are paid; nothing optional.
    #[must_use]
    pub fn basic() -> Self {
        Self {
            days_with: 0,
            days_to_pay: 4,
            transfer_days_with: 0,
            transfer_days_to_pay: 1,
            days_off: vec![DayOff::Saturday, DayOff::Sunday],
            cut_off: TimeOfDay::new("170000.000[-5:EST]"),
            model_days: 30,
            inquiry_days: 60,
            status_by_sync: true,
            by_address: true,
            by_transfer: true,
            by_payee_id: true,
            add_payees: true,
            extended: false,
            modify: false,
            modify_models: false,
            different_first: false,
            different_last: false,
            bill_context: None,
        }
    }
}

aggregate! {
    /// `EMAILMSGSETV1`.
    #[doc(alias = "EMAILMSGSETV1")]
    pub struct EmailSet {
        /// `MAILSUP`.
        mail: bool = "MAILSUP",
        /// `GETMIMESUP`.
        mime: bool = "GETMIMESUP",
    }
}

aggregate! {
    /// `SECLISTMSGSETV1`.
    #[doc(alias = "SECLISTMSGSETV1")]
    pub struct SecurityListSet {
        /// `SECLISTRQDNLD`.
        download: bool = "SECLISTRQDNLD",
    }
}

aggregate! {
    /// `IMAGEMSGSETV1`. 2.1 up.
    #[doc(alias = "IMAGEMSGSETV1")]
    pub struct ImageSet {
        /// `DFLTIMAGEDELAY`: days until an image is there.
        delay: Option<u32> = "DFLTIMAGEDELAY",
        /// `DFLTIMAGETTL`: days an image is kept.
        kept: Option<u32> = "DFLTIMAGETTL",
    }
}
