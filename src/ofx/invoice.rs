//! What a payment is for: invoices, and bills that were presented. OFX 1.0.3 §12.5.2, OFX 2.3 §12.5.2.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::ofx::aggregate::{aggregate, setters, words};
use crate::ofx::check::{day, limit, optional};
use crate::ofx::{Amount, EncodeError, Stamp, Version};

words! {
    /// `EXTDPMTFOR`: who is paid with an extended payment.
    pub enum PaymentPurpose {
        /// A person.
        Individual = "INDIVIDUAL",
        /// A business.
        Business = "BUSINESS",
    }
}

aggregate! {
    /// `EXTDPMT`: tells the payee what is paid: a description, invoices, or both.
    ///
    /// OFX 1.0.3 §12.5.2, OFX 2.3 §12.5.2. Only where the profile has `HASEXTDPMT`.
    #[doc(alias = "EXTDPMT")]
    pub struct ExtendedPayment {
        /// `EXTDPMTFOR`.
        purpose: Option<PaymentPurpose> = "EXTDPMTFOR",
        /// `EXTDPMTCHK`: the number that the cheque is to have, up to 10 digits.
        check_number: Option<String> = "EXTDPMTCHK",
        /// `EXTDPMTDSC`, up to 255 characters; needed where there are no invoices.
        description: Option<String> = "EXTDPMTDSC",
        /// `INVOICE`, all of them in one `EXTDPMTINV`.
        invoices: Vec<Invoice> = "EXTDPMTINV?/INVOICE",
    }
}

impl ExtendedPayment {
    /// One with a description and no invoices yet.
    #[must_use]
    pub fn described(description: impl Into<String>) -> Self {
        Self { purpose: None, check_number: None, description: Some(description.into()), invoices: Vec::new() }
    }

    /// One with an invoice and no description yet.
    #[must_use]
    pub fn invoiced(invoice: Invoice) -> Self {
        Self { purpose: None, check_number: None, description: None, invoices: vec![invoice] }
    }

    /// Adds an invoice.
    #[must_use]
    pub fn invoice(mut self, invoice: Invoice) -> Self {
        self.invoices.push(invoice);
        self
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        optional("EXTDPMTFOR", self.purpose.as_ref().map(PaymentPurpose::as_str), 32)?;
        optional("EXTDPMTCHK", self.check_number.as_deref(), 10)?;
        if self.check_number.as_ref().is_some_and(|number| !number.bytes().all(|b| b.is_ascii_digit())) {
            return Err(EncodeError::Invalid { tag: "EXTDPMTCHK", expected: "must be digits" });
        }
        optional("EXTDPMTDSC", self.description.as_deref(), 255)?;
        if self.description.is_none() && self.invoices.is_empty() {
            return Err(EncodeError::Invalid { tag: "EXTDPMT", expected: "needs a description or an invoice" });
        }
        self.invoices.iter().try_for_each(Invoice::check)
    }
}

setters! {
    ExtendedPayment {
        /// Sets who is paid.
        purpose: PaymentPurpose,
        /// Sets the number that the cheque is to have.
        check_number: String,
        /// Sets the description.
        description: String,
    }
}

aggregate! {
    /// `INVOICE`: one invoice, and how much of it is paid. Its amounts may be negative.
    #[doc(alias = "INVOICE")]
    #[doc(alias = "EXTDPMTINV")]
    pub struct Invoice {
        /// `INVNO`, up to 32 characters.
        number: String = "INVNO",
        /// `INVTOTALAMT`: what the invoice is about.
        total: Amount = "INVTOTALAMT",
        /// `INVPAIDAMT`: what is paid of it.
        paid: Amount = "INVPAIDAMT",
        /// `INVDATE`.
        date: Stamp = "INVDATE",
        /// `INVDESC`, up to 80 characters.
        description: String = "INVDESC",
        /// `DISCOUNT`.
        discount: Option<Discount> = "DISCOUNT",
        /// `ADJUSTMENT`.
        adjustment: Option<Adjustment> = "ADJUSTMENT",
        /// `LINEITEM`, one for each line.
        line_items: Vec<LineItem> = "LINEITEM",
    }
}

impl Invoice {
    /// An invoice of which `paid` is paid now.
    #[must_use]
    pub fn new(number: &str, total: Decimal, paid: Decimal, date: NaiveDate, description: &str) -> Self {
        Self {
            number: number.to_owned(),
            total: Amount::new(total),
            paid: Amount::new(paid),
            date: Stamp::day(date),
            description: description.to_owned(),
            discount: None,
            adjustment: None,
            line_items: Vec::new(),
        }
    }

    /// Adds a line.
    #[must_use]
    pub fn line_item(mut self, line_item: LineItem) -> Self {
        self.line_items.push(line_item);
        self
    }

    fn check(&self) -> Result<(), EncodeError> {
        limit("INVNO", &self.number, 32)?;
        day("INVDATE", &self.date)?;
        limit("INVDESC", &self.description, 80)?;
        self.discount.as_ref().map_or(Ok(()), Discount::check)?;
        self.adjustment.as_ref().map_or(Ok(()), Adjustment::check)?;
        self.line_items.iter().try_for_each(|line| limit("LITMDESC", &line.description, 80))
    }
}

setters! {
    Invoice {
        /// Sets the discount.
        discount: Discount,
        /// Sets the adjustment.
        adjustment: Adjustment,
    }
}

aggregate! {
    /// `DISCOUNT` of an invoice. The text of the specification is content with a rate or an amount, its grammars want both.
    #[doc(alias = "DISCOUNT")]
    pub struct Discount {
        /// `DSCRATE`, in percent.
        rate: Amount = "DSCRATE",
        /// `DSCAMT`.
        amount: Amount = "DSCAMT",
        /// `DSCDATE`: until when it is granted.
        date: Option<Stamp> = "DSCDATE",
        /// `DSCDESC`, up to 80 characters.
        description: String = "DSCDESC",
    }
}

impl Discount {
    /// A discount of `rate` percent, which makes `amount`.
    #[must_use]
    pub fn new(rate: Decimal, amount: Decimal, description: impl Into<String>) -> Self {
        Self { rate: Amount::new(rate), amount: Amount::new(amount), date: None, description: description.into() }
    }

    /// Sets the day until which it is granted.
    #[must_use]
    pub fn date(mut self, date: NaiveDate) -> Self {
        self.date = Some(Stamp::day(date));
        self
    }

    fn check(&self) -> Result<(), EncodeError> {
        self.date.as_ref().map_or(Ok(()), |date| day("DSCDATE", date))?;
        limit("DSCDESC", &self.description, 80)
    }
}

aggregate! {
    /// `ADJUSTMENT` of an invoice.
    #[doc(alias = "ADJUSTMENT")]
    pub struct Adjustment {
        /// `ADJNO`, up to 32 characters.
        number: Option<String> = "ADJNO",
        /// `ADJDESC`, up to 80 characters.
        description: String = "ADJDESC",
        /// `ADJAMT`.
        amount: Amount = "ADJAMT",
        /// `ADJDATE`.
        date: Option<Stamp> = "ADJDATE",
    }
}

impl Adjustment {
    /// An adjustment by `amount`.
    #[must_use]
    pub fn new(description: impl Into<String>, amount: Decimal) -> Self {
        Self { number: None, description: description.into(), amount: Amount::new(amount), date: None }
    }

    /// Sets its number.
    #[must_use]
    pub fn number(mut self, number: impl Into<String>) -> Self {
        self.number = Some(number.into());
        self
    }

    /// Sets its day.
    #[must_use]
    pub fn date(mut self, date: NaiveDate) -> Self {
        self.date = Some(Stamp::day(date));
        self
    }

    fn check(&self) -> Result<(), EncodeError> {
        optional("ADJNO", self.number.as_deref(), 32)?;
        limit("ADJDESC", &self.description, 80)?;
        self.date.as_ref().map_or(Ok(()), |date| day("ADJDATE", date))
    }
}

aggregate! {
    /// `LINEITEM` of an invoice.
    #[doc(alias = "LINEITEM")]
    pub struct LineItem {
        /// `LITMAMT`.
        amount: Amount = "LITMAMT",
        /// `LITMDESC`, up to 80 characters.
        description: String = "LITMDESC",
    }
}

impl LineItem {
    /// A line of `amount`.
    #[must_use]
    pub fn new(amount: Decimal, description: impl Into<String>) -> Self {
        Self { amount: Amount::new(amount), description: description.into() }
    }
}

aggregate! {
    /// `BILLPUBINFO`: the presented bill that is paid. 2.0 up, where the profile has `BILLPUBCONTEXT`.
    #[doc(alias = "BILLPUBINFO")]
    pub struct PublishedBill {
        /// `BILLPUB`: who presented it, up to 32 characters.
        publisher: String = "BILLPUB",
        /// `BILLID`, up to 32 characters.
        bill_id: String = "BILLID",
    }
}

impl PublishedBill {
    /// A bill of a publisher.
    #[must_use]
    pub fn new(publisher: impl Into<String>, bill_id: impl Into<String>) -> Self {
        Self { publisher: publisher.into(), bill_id: bill_id.into() }
    }

    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        if !version.since_200() {
            let what = "a payment of a presented bill (BILLPUBINFO)";
            return Err(EncodeError::Version { what, version, would_do: "200 or newer" });
        }
        limit("BILLPUB", &self.publisher, 32)?;
        limit("BILLID", &self.bill_id, 32)
    }
}
