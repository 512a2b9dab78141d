//! Single payments. OFX 1.0.3 §12.5 and §12.6, OFX 2.3 §12.5 and §12.6.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use zeroize::Zeroize as _;

use crate::ofx::aggregate::{aggregate, setters, words};
use crate::ofx::as_read::{AsRead, Checked};
use crate::ofx::check::{day, positive, server_id, transfer};
use crate::ofx::stamp::no_day;
use crate::ofx::value::{empty, unknown};
use crate::ofx::{
    Amount, BankAccount, Content as _, DecodeError, Element, EncodeError, ExtendedPayment, ListedPayee, PayeeRef,
    Problem, PublishedBill, Stamp, Version,
};

aggregate! {
    /// `PMTINFO`: what is to be paid, or was accepted.
    ///
    /// Texts that an institution has written itself go back to it whatever their length.
    #[doc(alias = "PMTINFO")]
    pub struct Payment remembering as_read {
        /// `BANKACCTFROM`: the account to pay from, as the account list has it.
        from: BankAccount = "BANKACCTFROM",
        /// `TRNAMT`: positive, in the currency of the account to pay from. Zero and less are refused here; more decimals than the currency
        /// has are not: 12.345 is sent as it is, for the institution to refuse (2012).
        amount: Amount = "TRNAMT",
        /// `PAYEE` or `PAYEEID`.
        payee: PayeeRef = "PAYEE",
        /// `PAYEELSTID`: the payee's entry in the user's list; always to be sent once known. Up to 12 characters.
        payee_list_id: Option<String> = "PAYEELSTID",
        /// `BANKACCTTO`: pays by transfer to this account; the payee must be given by address then.
        to: Option<BankAccount> = "BANKACCTTO",
        /// `EXTDPMT`: what is paid, for the payee; only where the profile has `HASEXTDPMT`.
        extended: Vec<ExtendedPayment> = "EXTDPMT",
        /// `PAYACCT`: the user's account number at the payee, up to 32 characters; empty where an institution leaves it out.
        pay_account: String = "PAYACCT" else empty,
        /// `DTDUE`: the day by which the payee must have the money.
        due: Stamp = "DTDUE",
        /// `MEMO`: from payer to payee, up to 255 characters; many institutions drop it.
        memo: Option<String> = "MEMO",
        /// `BILLREFINFO`: the biller's reference, up to 80 characters.
        bill_reference: Option<String> = "BILLREFINFO",
        /// `BILLPUBINFO`: the presented bill that is paid. 2.0 up.
        published_bill: Option<PublishedBill> = "BILLPUBINFO" if since_200,
    }
}

impl Payment {
    /// A payment of `amount` from an account to a payee, due on a day of the institution's calendar.
    ///
    /// `pay_account` is the user's account number at the payee.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use ofx_session::ofx::{AccountType, BankAccount, Payee, Payment};
    /// use rust_decimal::Decimal;
    ///
    /// let from = BankAccount::new("999888777", "0042917730", AccountType::Checking);
    /// let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    /// let due = NaiveDate::from_ymd_opt(2026, 12, 4).ok_or("no such day")?;
    /// let payment = Payment::new(from, Decimal::new(8420, 2), payee, "88-204-117", due).memo("Invoice 3391");
    /// assert_eq!(payment.amount.to_string(), "84.20");
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn new(
        from: BankAccount,
        amount: Decimal,
        payee: impl Into<PayeeRef>,
        pay_account: impl Into<String>,
        due: NaiveDate,
    ) -> Self {
        Self {
            from,
            amount: Amount::new(amount),
            payee: payee.into(),
            payee_list_id: None,
            to: None,
            extended: Vec::new(),
            pay_account: pay_account.into(),
            due: Stamp::day(due),
            memo: None,
            bill_reference: None,
            published_bill: None,
            as_read: AsRead::default(),
        }
    }

    /// A payment to a payee of the user's list, named as its entry says, and by transfer where it has an account for that. `None` when
    /// the institution told neither its name and address nor an id.
    #[must_use]
    pub fn to_listed(
        from: BankAccount,
        amount: Decimal,
        payee: &ListedPayee,
        pay_account: impl Into<String>,
        due: NaiveDate,
    ) -> Option<Self> {
        // With a transfer the payee must be given by address, also where it has an id. OFX 1.0.3 §12.2.4.
        let (named, to) = match (&payee.payee, &payee.to) {
            (Some(address), Some(to)) => (address.clone().into(), Some(to.clone())),
            _ => (payee.payee_ref()?, None),
        };
        let mut payment = Self::new(from, amount, named, pay_account, due).payee_list_id(payee.list_id.as_str());
        payment.to = to;
        Some(payment)
    }

    /// Pays by transfer to this account.
    #[must_use]
    pub fn by_transfer_to(mut self, account: BankAccount) -> Self {
        self.to = Some(account);
        self
    }

    /// Tells the payee what is paid. May be called more than once.
    #[must_use]
    pub fn extended(mut self, extended: ExtendedPayment) -> Self {
        self.extended.push(extended);
        self
    }

    /// Reads the text of a `PMTINFO` aggregate, of either syntax, such as [`to_aggregate`](Self::to_aggregate) writes: a program that
    /// keeps payments as text can change them later, with whatever it does not know itself. What stands in it counts as written by the
    /// institution: it is sent whatever its length.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is no such aggregate, or lacks account, amount or day. What else is required and missing is empty, and refused
    /// when it would be sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use ofx_session::ofx::{AccountType, BankAccount, Payment, PayeeRef};
    /// use rust_decimal::Decimal;
    ///
    /// let from = BankAccount::new("999888777", "0042917730", AccountType::Checking);
    /// let due = NaiveDate::from_ymd_opt(2026, 12, 4).ok_or("no such day")?;
    /// let payment = Payment::new(from, Decimal::new(8420, 2), PayeeRef::Id("77".to_owned()), "88-204-117", due);
    /// assert_eq!(Payment::from_aggregate(&payment.to_aggregate())?, payment);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_aggregate(text: &str) -> Result<Self, DecodeError> {
        let element = Element::from_markup(text)?;
        if element.tag() != "PMTINFO" {
            return Err(DecodeError::new(Problem::Missing("PMTINFO"), element.offset()));
        }
        Self::read(&element).map_err(|error| error.within("PMTINFO"))
    }

    /// The text of its `PMTINFO` aggregate, as [`from_aggregate`](Self::from_aggregate) reads it.
    #[must_use]
    pub fn to_aggregate(&self) -> String {
        self.write("PMTINFO", Version::V230).to_markup()
    }

    /// Refuses what no institution could accept, naming the element, and what `version` cannot say.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("PMTINFO", version)?;
        self.from.check()?;
        positive("TRNAMT", self.amount)?;
        self.payee.check()?;
        self.payee_list_id.as_deref().map_or(Ok(()), |id| server_id("PAYEELSTID", id))?;
        self.as_read.check(self.texts())?;
        transfer(self.to.as_ref(), self.payee.is_by_address())?;
        self.extended.iter().try_for_each(ExtendedPayment::check)?;
        day("DTDUE", &self.due)?;
        self.published_bill.as_ref().map_or(Ok(()), |bill| bill.check(version))
    }

    fn texts(&self) -> [Checked; 3] {
        [
            Checked::text("PAYACCT", Some(&self.pay_account), 32),
            Checked::text("MEMO", self.memo.as_deref(), 255),
            Checked::text("BILLREFINFO", self.bill_reference.as_deref(), 80),
        ]
    }
}

setters! {
    Payment {
        /// Sets the payee's entry in the user's list.
        payee_list_id: String,
        /// Sets the message to the payee.
        memo: String,
        /// Sets the biller's reference.
        bill_reference: String,
        /// Sets the presented bill that is paid. 2.0 up.
        published_bill: PublishedBill,
    }
}

impl Payment {
    /// In which of account, amount, account that it goes to, account at the payee and due day it differs from another one. Payee and texts
    /// are not compared: institutions rewrite them. An account of which `BANKID` or `ACCTTYPE` is left out differs from one that says them.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let checks = [
            ("BANKACCTFROM", self.from == other.from),
            ("TRNAMT", self.amount.value() == other.amount.value()),
            ("BANKACCTTO", self.to == other.to),
            ("PAYACCT", self.pay_account == other.pay_account),
            ("DTDUE", self.due.is_same_day(&other.due)),
        ];
        checks.into_iter().filter(|(_, same)| !same).map(|(tag, _)| tag).collect()
    }
}

impl Drop for Payment {
    /// Wipes the user's account number at the payee; the other accounts wipe theirs.
    fn drop(&mut self) {
        self.pay_account.zeroize();
    }
}

aggregate! {
    /// `PMTRQ`.
    #[doc(alias = "PMTRQ")]
    pub struct PaymentRequest {
        /// `PMTINFO`.
        payment: Payment = "PMTINFO",
    }
}

aggregate! {
    /// `PMTRS`: the payment was accepted, which does not say that it was made yet.
    #[doc(alias = "PMTRS")]
    pub struct PaymentResponse {
        /// `SRVRTID`: names the payment from now on.
        server_id: String = "SRVRTID",
        /// `PAYEELSTID`: the payee's entry in the user's list; required, yet missing at some.
        payee_list_id: Option<String> = "PAYEELSTID",
        /// `CURDEF`: currency of the amount, ISO 4217.
        currency: Option<String> = "CURDEF",
        /// `PMTINFO` as the institution understood it: this is what will be paid.
        payment: Payment = "PMTINFO",
        /// `EXTDPAYEE`: what the institution knows of the payee.
        extended_payee: Option<ExtendedPayee> = "EXTDPAYEE",
        /// `CHECKNUM`, when a cheque was written.
        check_number: Option<String> = "CHECKNUM",
        /// `PMTPRCSTS`: what will happen, or did, and on which day.
        processing: Option<PaymentProcessing> = "PMTPRCSTS",
        /// `RECSRVRTID`: the recurring model that made this payment.
        model_id: Option<String> = "RECSRVRTID",
    }
}

impl PaymentResponse {
    /// An accepted payment.
    #[must_use]
    pub fn new(server_id: &str, payee_list_id: &str, payment: Payment, processing: PaymentProcessing) -> Self {
        Self {
            server_id: server_id.to_owned(),
            payee_list_id: Some(payee_list_id.to_owned()),
            currency: Some("USD".to_owned()),
            payment,
            extended_payee: None,
            check_number: None,
            processing: Some(processing),
            model_id: None,
        }
    }
}

words! {
    /// `IDSCOPE`: for whom a `PAYEEID` is good.
    pub enum IdScope {
        /// For everybody.
        Global = "GLOBAL",
        /// For this user only.
        User = "USER",
    }
}

aggregate! {
    /// `EXTDPAYEE`: what the institution adds to a payee. The first three come together or not at all.
    #[doc(alias = "EXTDPAYEE")]
    pub struct ExtendedPayee {
        /// `PAYEEID`: pay by this id from now on.
        id: Option<String> = "PAYEEID",
        /// `IDSCOPE`.
        scope: Option<IdScope> = "IDSCOPE",
        /// `NAME` of the standard payee.
        name: Option<String> = "NAME",
        /// `DAYSTOPAY`: business days a payment to this payee takes; `None` also where it is no number.
        days_to_pay: Option<u32> = "DAYSTOPAY" else unknown,
    }
}

impl ExtendedPayee {
    /// What is known of a payee whose payments take so many business days, and who has no id.
    #[must_use]
    pub const fn taking(days_to_pay: u32) -> Self {
        Self { id: None, scope: None, name: None, days_to_pay: Some(days_to_pay) }
    }
}

words! {
    /// `PMTPRCCODE`: what the day in `DTPMTPRC` is.
    pub enum PaymentState {
        /// The day on which it will be processed.
        WillProcessOn = "WILLPROCESSON",
        /// The day on which it was processed.
        ProcessedOn = "PROCESSEDON",
        /// The day on which there was not enough money.
        NoFundsOn = "NOFUNDSON",
        /// The day on which it failed.
        FailedOn = "FAILEDON",
        /// The day on which it was cancelled.
        CanceledOn = "CANCELEDON",
    }
}

aggregate! {
    /// `PMTPRCSTS`: state of a payment and its day.
    #[doc(alias = "PMTPRCSTS")]
    pub struct PaymentProcessing {
        /// `PMTPRCCODE`.
        state: PaymentState = "PMTPRCCODE",
        /// `DTPMTPRC`; required, yet missing at some: then it is empty.
        date: Stamp = "DTPMTPRC" else no_day,
    }
}

impl PaymentProcessing {
    /// A state and its day.
    #[must_use]
    pub fn new(state: PaymentState, date: NaiveDate) -> Self {
        Self { state, date: Stamp::day(date) }
    }
}
