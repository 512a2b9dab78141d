//! Recurring payments: models that the institution makes payments of. OFX 1.0.3 §12.7, OFX 2.3 §12.7.

use crate::ofx::aggregate::{aggregate, setters, words};
use crate::ofx::check::{limit, positive, server_id};
use crate::ofx::{Amount, Content as _, EncodeError, ExtendedPayee, Payment, Version};

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

impl Recurrence {
    /// Again and again, without an end.
    #[must_use]
    pub fn endless(frequency: Frequency) -> Self {
        Self { count: None, frequency }
    }

    /// `count` times in all, 1 to 999.
    #[must_use]
    pub fn times(count: u32, frequency: Frequency) -> Self {
        Self { count: Some(count), frequency }
    }

    fn check(&self) -> Result<(), EncodeError> {
        if self.count.is_some_and(|count| !(1..=999).contains(&count)) {
            return Err(EncodeError::Invalid { tag: "NINSTS", expected: "must be 1 to 999" });
        }
        limit("FREQ", self.frequency.as_str(), 32)
    }
}

/// What a request for a model and one to change it have in common.
fn check_model(
    recurrence: &Recurrence,
    payment: &Payment,
    amounts: [Option<Amount>; 2],
    version: Version,
) -> Result<(), EncodeError> {
    recurrence.check()?;
    payment.check(version)?;
    let [first, last] = amounts;
    first.map_or(Ok(()), |amount| positive("INITIALAMT", amount))?;
    last.map_or(Ok(()), |amount| positive("FINALAMT", amount))
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

impl RecurringPayment {
    /// Asks for `payment` to be made again and again.
    #[must_use]
    pub fn new(recurrence: Recurrence, payment: Payment) -> Self {
        Self { recurrence, payment, initial_amount: None, final_amount: None }
    }

    /// Refuses what no institution could accept, naming the element, and what `version` cannot say.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("RECPMTRQ", version)?;
        check_model(&self.recurrence, &self.payment, [self.initial_amount, self.final_amount], version)
    }
}

setters! {
    RecurringPayment {
        /// Sets the amount of the first payment.
        initial_amount: Amount,
        /// Sets the amount of the last payment.
        final_amount: Amount,
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

impl RecurringModel {
    /// A model that was accepted as it was asked for.
    #[must_use]
    pub fn new(model_id: &str, payee_list_id: &str, request: RecurringPayment) -> Self {
        Self {
            model_id: model_id.to_owned(),
            payee_list_id: Some(payee_list_id.to_owned()),
            currency: Some("USD".to_owned()),
            recurrence: request.recurrence,
            payment: request.payment,
            initial_amount: request.initial_amount,
            final_amount: request.final_amount,
            extended_payee: None,
        }
    }
}

aggregate! {
    /// `RECPMTMODRQ`: asks for a model to be changed.
    #[doc(alias = "RECPMTMODRQ")]
    pub struct ModelModification {
        /// `RECSRVRTID` of the model, as the institution gave it: up to 36 characters.
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

impl ModelModification {
    /// Asks for the model `model_id` to become this one; `pending` payments, too.
    #[must_use]
    pub fn new(model_id: impl Into<String>, recurrence: Recurrence, payment: Payment, pending: bool) -> Self {
        Self { model_id: model_id.into(), recurrence, payment, initial_amount: None, final_amount: None, pending }
    }

    /// Refuses what no institution could accept, naming the element, and what `version` cannot say.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("RECPMTMODRQ", version)?;
        server_id("RECSRVRTID", &self.model_id)?;
        check_model(&self.recurrence, &self.payment, [self.initial_amount, self.final_amount], version)
    }
}

setters! {
    ModelModification {
        /// Sets the amount of the first payment.
        initial_amount: Amount,
        /// Sets the amount of the last payment.
        final_amount: Amount,
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

impl ModifiedModel {
    /// A model that was changed as it was asked for.
    #[must_use]
    pub fn new(request: ModelModification) -> Self {
        Self {
            model_id: request.model_id,
            recurrence: request.recurrence,
            payment: request.payment,
            initial_amount: request.initial_amount,
            final_amount: request.final_amount,
            pending: Some(request.pending),
        }
    }
}

aggregate! {
    /// `RECPMTCANCRQ`: asks for a model to be cancelled.
    #[doc(alias = "RECPMTCANCRQ")]
    pub struct ModelCancellation {
        /// `RECSRVRTID` of the model, as the institution gave it: up to 36 characters.
        model_id: String = "RECSRVRTID",
        /// `CANPENDING`: cancels payments that the model has already made and that were not sent yet, too.
        pending: bool = "CANPENDING",
    }
}

impl ModelCancellation {
    /// Asks for the model `model_id` to be cancelled; `pending` payments, too.
    #[must_use]
    pub fn new(model_id: impl Into<String>, pending: bool) -> Self {
        Self { model_id: model_id.into(), pending }
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("RECPMTCANCRQ", version)?;
        server_id("RECSRVRTID", &self.model_id)
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

impl CanceledModel {
    /// A model that was cancelled as it was asked for.
    #[must_use]
    pub fn new(request: ModelCancellation) -> Self {
        Self { model_id: request.model_id, pending: Some(request.pending) }
    }
}
