//! What a payment is for: invoices, and bills that were presented. OFX 1.0.3 §12.5.2, OFX 2.3 §12.5.2.

use crate::ofx::aggregate::{aggregate, words};
use crate::ofx::{Amount, Stamp};

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
    /// OFX 1.0.3 §12.5.2.2, OFX 2.3 §12.5.2.2. Only where the profile has `HASEXTDPMT`.
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
