//! Changing, cancelling and asking after single payments. OFX 1.0.3 §12.6, OFX 2.3 §12.6.

use crate::ofx::aggregate::{aggregate, setters};
use crate::ofx::check::server_id;
use crate::ofx::{Content as _, EncodeError, Payment, PaymentProcessing, Version};

aggregate! {
    /// `PMTMODRQ`: asks for a payment to be changed.
    #[doc(alias = "PMTMODRQ")]
    pub struct PaymentModification {
        /// `SRVRTID` of the payment, as the institution gave it: up to 36 characters.
        server_id: String = "SRVRTID",
        /// `PMTINFO`: the whole payment, what is changed and what is not. The account to pay from, the payee's ids and name may
        /// not change.
        payment: Payment = "PMTINFO",
    }
}

impl PaymentModification {
    /// Asks for the payment `server_id` to become `payment`.
    #[must_use]
    pub fn new(server_id: impl Into<String>, payment: Payment) -> Self {
        Self { server_id: server_id.into(), payment }
    }

    /// Refuses what no institution could accept, naming the element, and what `version` cannot say.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("PMTMODRQ", version)?;
        server_id("SRVRTID", &self.server_id)?;
        self.payment.check(version)
    }
}

aggregate! {
    /// `PMTMODRS`: the payment was changed, or its state was.
    #[doc(alias = "PMTMODRS")]
    pub struct ModifiedPayment {
        /// `SRVRTID`.
        server_id: String = "SRVRTID",
        /// `PMTINFO` as the institution understood it: this is what will be paid.
        payment: Payment = "PMTINFO",
        /// `PMTPRCSTS`: what will happen, or did, and on which day.
        processing: Option<PaymentProcessing> = "PMTPRCSTS",
    }
}

impl ModifiedPayment {
    /// A payment that has become `payment`.
    #[must_use]
    pub fn new(server_id: impl Into<String>, payment: Payment, processing: Option<PaymentProcessing>) -> Self {
        Self { server_id: server_id.into(), payment, processing }
    }
}

aggregate! {
    /// `PMTCANCRQ`: asks for a payment to be cancelled.
    #[doc(alias = "PMTCANCRQ")]
    pub struct PaymentCancellation {
        /// `SRVRTID` of the payment, as the institution gave it: up to 36 characters.
        server_id: String = "SRVRTID",
    }
}

impl PaymentCancellation {
    /// Asks for the payment `server_id` to be cancelled.
    #[must_use]
    pub fn new(server_id: impl Into<String>) -> Self {
        Self { server_id: server_id.into() }
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("PMTCANCRQ", version)?;
        server_id("SRVRTID", &self.server_id)
    }
}

aggregate! {
    /// `PMTCANCRS`: the payment was cancelled, by this client or another way.
    #[doc(alias = "PMTCANCRS")]
    pub struct CanceledPayment {
        /// `SRVRTID`.
        server_id: String = "SRVRTID",
    }
}

impl CanceledPayment {
    /// A payment that was cancelled.
    #[must_use]
    pub fn new(server_id: impl Into<String>) -> Self {
        Self { server_id: server_id.into() }
    }
}

aggregate! {
    /// `PMTINQRQ`: asks what became of a payment.
    #[doc(alias = "PMTINQRQ")]
    pub struct PaymentInquiry {
        /// `SRVRTID` of the payment, as the institution gave it: up to 36 characters.
        server_id: String = "SRVRTID",
    }
}

impl PaymentInquiry {
    /// Asks after the payment `server_id`.
    #[must_use]
    pub fn new(server_id: impl Into<String>) -> Self {
        Self { server_id: server_id.into() }
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("PMTINQRQ", version)?;
        server_id("SRVRTID", &self.server_id)
    }
}

aggregate! {
    /// `PMTINQRS`: what became of a payment.
    #[doc(alias = "PMTINQRS")]
    pub struct PaymentStatus {
        /// `SRVRTID`.
        server_id: String = "SRVRTID",
        /// `PMTPRCSTS`: what will happen, or did, and on which day.
        processing: PaymentProcessing = "PMTPRCSTS",
        /// `CHECKNUM`, when a cheque was written.
        check_number: Option<String> = "CHECKNUM",
    }
}

impl PaymentStatus {
    /// The state of a payment.
    #[must_use]
    pub fn new(server_id: impl Into<String>, processing: PaymentProcessing) -> Self {
        Self { server_id: server_id.into(), processing, check_number: None }
    }
}

setters! {
    PaymentStatus {
        /// Sets the number of the cheque that was written.
        check_number: String,
    }
}
