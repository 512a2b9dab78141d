//! Changing, cancelling and asking after single payments. OFX 1.0.3 §12.6, OFX 2.3 §12.6.

use crate::ofx::aggregate::aggregate;
use crate::ofx::{Payment, PaymentProcessing};

aggregate! {
    /// `PMTMODRQ`: asks for a payment to be changed.
    #[doc(alias = "PMTMODRQ")]
    pub struct PaymentModification {
        /// `SRVRTID` of the payment, up to 10 characters.
        server_id: String = "SRVRTID",
        /// `PMTINFO`: the whole payment, what is changed and what is not. The account to pay from, the payee's ids and name may
        /// not change.
        payment: Payment = "PMTINFO",
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

aggregate! {
    /// `PMTCANCRQ`: asks for a payment to be cancelled.
    #[doc(alias = "PMTCANCRQ")]
    pub struct PaymentCancellation {
        /// `SRVRTID` of the payment, up to 10 characters.
        server_id: String = "SRVRTID",
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

aggregate! {
    /// `PMTINQRQ`: asks what became of a payment.
    #[doc(alias = "PMTINQRQ")]
    pub struct PaymentInquiry {
        /// `SRVRTID` of the payment, up to 10 characters.
        server_id: String = "SRVRTID",
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
