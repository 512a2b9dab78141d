//! What each message set says of itself in the profile. OFX 1.0.3 §7.3 and the profile sections of §8 to §13, OFX 2.3 likewise.
//! The sets that are not spoken here are in `other_sets.rs`.

use crate::ofx::aggregate::aggregate;
use crate::ofx::{
    BankSet, Content, CreditCardSet, DayOff, DecodeError, Element, EmailSet, ImageSet, InvestmentSet, LoanSet, Member,
    Problem, SecurityListSet, Sink, TimeOfDay, TransferSet, Version, WireSet,
};

/// The attributes of a message set, after its `MSGSETCORE`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageSetDetails {
    /// None: there are none for signon and profile, and another set has left them out.
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
