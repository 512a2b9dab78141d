//! Recurring payments: models that the institution makes payments of. OFX 1.0.3 §12.7, OFX 2.3 §12.7.

use crate::ofx::aggregate::{aggregate, words};
use crate::ofx::{Amount, ExtendedPayee, Payment};

words! {
    /// `FREQ`: how often a payment is made. The institution may move a day off weekends and holidays, either way.
    pub enum Frequency {
        /// Every seven days.
        Weekly = "WEEKLY",
        /// Every fourteen days.
        Biweekly = "BIWEEKLY",
        /// On the first day and fifteen days later, then on the same two days of each month.
        TwiceMonthly = "TWICEMONTHLY",
        /// Each month.
        Monthly = "MONTHLY",
        /// Every twenty-eight days.
        FourWeeks = "FOURWEEKS",
        /// Every two months.
        Bimonthly = "BIMONTHLY",
        /// Every three months.
        Quarterly = "QUARTERLY",
        /// Every six months.
        Semiannually = "SEMIANNUALLY",
        /// Every year.
        Annually = "ANNUALLY",
    }
}

aggregate! {
    /// `RECURRINST`: how often, and how many times.
    #[doc(alias = "RECURRINST")]
    pub struct Recurrence {
        /// `NINSTS`: how many payments there are in all, 1 to 999; `None` for no end.
        count: Option<u32> = "NINSTS",
        /// `FREQ`.
        frequency: Frequency = "FREQ",
    }
}

aggregate! {
    /// `RECPMTRQ`: asks for a payment that is made again and again.
    #[doc(alias = "RECPMTRQ")]
    pub struct RecurringPayment {
        /// `RECURRINST`.
        recurrence: Recurrence = "RECURRINST",
        /// `PMTINFO`, with the day of the first payment as `DTDUE`.
        payment: Payment = "PMTINFO",
        /// `INITIALAMT`: positive, in place of the amount of the first payment. Only where the profile has `DIFFFIRSTPMT`.
        initial_amount: Option<Amount> = "INITIALAMT",
        /// `FINALAMT`: positive, in place of the amount of the last payment. Only where the profile has `DIFFLASTPMT`.
        final_amount: Option<Amount> = "FINALAMT",
    }
}

aggregate! {
    /// `RECPMTRS`: the model was accepted. Its payments come by synchronization of payments.
    #[doc(alias = "RECPMTRS")]
    pub struct RecurringModel {
        /// `RECSRVRTID`: names the model from now on.
        model_id: String = "RECSRVRTID",
        /// `PAYEELSTID`: the payee's entry in the user's list; required, yet missing at some.
        payee_list_id: Option<String> = "PAYEELSTID",
        /// `CURDEF`: currency of the amounts, ISO 4217.
        currency: Option<String> = "CURDEF",
        /// `RECURRINST`.
        recurrence: Recurrence = "RECURRINST",
        /// `PMTINFO` as the institution understood it: this is what will be paid.
        payment: Payment = "PMTINFO",
        /// `INITIALAMT`.
        initial_amount: Option<Amount> = "INITIALAMT",
        /// `FINALAMT`.
        final_amount: Option<Amount> = "FINALAMT",
        /// `EXTDPAYEE`: what the institution knows of the payee.
        extended_payee: Option<ExtendedPayee> = "EXTDPAYEE",
    }
}

aggregate! {
    /// `RECPMTMODRQ`: asks for a model to be changed.
    #[doc(alias = "RECPMTMODRQ")]
    pub struct ModelModification {
        /// `RECSRVRTID` of the model, up to 10 characters.
        model_id: String = "RECSRVRTID",
        /// `RECURRINST`: the number in it is that of all payments, those that were made included.
        recurrence: Recurrence = "RECURRINST",
        /// `PMTINFO`: the whole payment, what is changed and what is not.
        payment: Payment = "PMTINFO",
        /// `INITIALAMT`.
        initial_amount: Option<Amount> = "INITIALAMT",
        /// `FINALAMT`.
        final_amount: Option<Amount> = "FINALAMT",
        /// `MODPENDING`: changes payments that the model has already made and that were not sent yet, too.
        pending: bool = "MODPENDING",
    }
}

aggregate! {
    /// `RECPMTMODRS`: the model was changed.
    #[doc(alias = "RECPMTMODRS")]
    pub struct ModifiedModel {
        /// `RECSRVRTID`.
        model_id: String = "RECSRVRTID",
        /// `RECURRINST`.
        recurrence: Recurrence = "RECURRINST",
        /// `PMTINFO` as the institution understood it: this is what will be paid.
        payment: Payment = "PMTINFO",
        /// `INITIALAMT`.
        initial_amount: Option<Amount> = "INITIALAMT",
        /// `FINALAMT`.
        final_amount: Option<Amount> = "FINALAMT",
        /// `MODPENDING`: whether payments that the model has already made were changed, too; required.
        pending: Option<bool> = "MODPENDING",
    }
}

aggregate! {
    /// `RECPMTCANCRQ`: asks for a model to be cancelled.
    #[doc(alias = "RECPMTCANCRQ")]
    pub struct ModelCancellation {
        /// `RECSRVRTID` of the model, up to 10 characters.
        model_id: String = "RECSRVRTID",
        /// `CANPENDING`: cancels payments that the model has already made and that were not sent yet, too.
        pending: bool = "CANPENDING",
    }
}

aggregate! {
    /// `RECPMTCANCRS`: the model was cancelled.
    #[doc(alias = "RECPMTCANCRS")]
    pub struct CanceledModel {
        /// `RECSRVRTID`.
        model_id: String = "RECSRVRTID",
        /// `CANPENDING`: whether payments that the model has already made were cancelled, too; required.
        pending: Option<bool> = "CANPENDING",
    }
}
