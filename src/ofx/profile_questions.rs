//! What a program asks a profile: what may be done with payments, and the days that they take. OFX 1.0.3 §12.11.2, OFX 2.3 §12.11.2.

use chrono::{DateTime, NaiveDate, Utc};

use crate::ofx::{
    BillPaySet, ExtendedPayee, MessageSetDetails, PasswordRules, ProcessingCalendar, Profile, TransferProfile,
};

/// Questions about the payment of bills. An institution whose profile has no `BILLPAYMSGSET`, or one that cannot be read, does
/// nothing of it: the answer is `false` or `None`.
///
/// ```
/// use ofx_session::ofx::{BillPaySet, MessageSet, MessageSetCore, MessageSetDetails, Profile, Stamp, SyncMode};
///
/// let core = MessageSetCore::new("https://ofx.example.com/ofx", "EXAMPLE", SyncMode::Full, false);
/// let set = MessageSet::new("BILLPAY", core, MessageSetDetails::BillPay(BillPaySet::basic()));
/// let profile = Profile::new(Stamp::oldest(), vec![set], Vec::new());
/// assert!(profile.bill_pay().is_some_and(|set| set.inquiry_days == 60));
/// assert!(profile.pays_by_address() && profile.can_add_payees());
/// assert!(!profile.can_modify_payments(), "cancel it and pay again");
/// ```
impl Profile {
    /// What the institution says of its bill payment.
    #[must_use]
    pub fn bill_pay(&self) -> Option<&BillPaySet> {
        match &self.message_set("BILLPAY")?.details {
            MessageSetDetails::BillPay(set) => Some(set),
            _ => None,
        }
    }

    /// `CANMODPMTS`: whether a payment that is not yet processed can be modified. Otherwise it is cancelled and made anew.
    #[must_use]
    pub fn can_modify_payments(&self) -> bool {
        self.bill_pay().is_some_and(|set| set.modify)
    }

    /// `CANMODMDLS`: whether a recurring payment can be modified. Otherwise it is cancelled and made anew.
    #[must_use]
    pub fn can_modify_models(&self) -> bool {
        self.bill_pay().is_some_and(|set| set.modify_models)
    }

    /// `CANADDPAYEE`: whether the user can pay to, and list, payees that the institution has not put on the list.
    #[must_use]
    pub fn can_add_payees(&self) -> bool {
        self.bill_pay().is_some_and(|set| set.add_payees)
    }

    /// `PMTBYADDR`: whether a payee can be named by name and address.
    #[must_use]
    pub fn pays_by_address(&self) -> bool {
        self.bill_pay().is_some_and(|set| set.by_address)
    }

    /// `PMTBYXFER`: whether a payee can be paid by a transfer to an account.
    #[must_use]
    pub fn pays_by_transfer(&self) -> bool {
        self.bill_pay().is_some_and(|set| set.by_transfer)
    }

    /// `PMTBYPAYEEID`: whether the user can name a payee by an id that the user supplies.
    #[must_use]
    pub fn pays_by_payee_id(&self) -> bool {
        self.bill_pay().is_some_and(|set| set.by_payee_id)
    }

    /// `HASEXTDPMT`: whether a payment can say which invoices it is for.
    #[must_use]
    pub fn has_extended_payments(&self) -> bool {
        self.bill_pay().is_some_and(|set| set.extended)
    }

    /// `DAYSWITH`: how many processing days after a payment's processing day the money is taken; -1 means on the due day. See
    /// [`withdrawal_day`](Self::withdrawal_day), which counts them.
    #[must_use]
    pub fn days_with(&self) -> Option<i32> {
        self.bill_pay().map(|set| set.days_with)
    }

    /// `STSVIAMODS`: whether a payment's changes of status come by synchronization. Otherwise each payment is inquired about.
    #[must_use]
    pub fn status_changes_come_by_synchronization(&self) -> bool {
        self.bill_pay().is_some_and(|set| set.status_by_sync)
    }

    /// The earliest day on which a payment that is sent `now` can be due; an earlier one is answered with status 2014.
    ///
    /// That is the day on which it is [processed](ProcessingCalendar::processing_day), by the institution's clock, and from there
    /// the days to pay: those of the payee, as the institution answered them with an earlier payment (`EXTDPAYEE`), else the
    /// usual ones for payments by check, or `by_transfer`. The specification has no formula in words: this is the plain reading
    /// of its elements, and holidays are not in a profile.
    ///
    /// `None` without bill payment, without any processing day in the week, and when the cut-off cannot be read.
    ///
    /// ```
    /// # use ofx_session::ofx::{BillPaySet, MessageSet, MessageSetCore, MessageSetDetails, Profile, Stamp, SyncMode};
    /// # let core = MessageSetCore::new("https://ofx.example.com/ofx", "EXAMPLE", SyncMode::Full, false);
    /// # let set = MessageSet::new("BILLPAY", core, MessageSetDetails::BillPay(BillPaySet::basic()));
    /// # let profile = Profile::new(Stamp::oldest(), vec![set], Vec::new());
    /// // Four days to pay, no processing on weekends, cut-off at five in the afternoon, eastern time.
    /// let friday_evening = "2026-01-09T22:30:00Z".parse()?;
    /// let due = profile.earliest_due(None, false, friday_evening);
    /// assert_eq!(due, "2026-01-16".parse().ok(), "it starts on Monday");
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    #[must_use]
    pub fn earliest_due(
        &self,
        payee: Option<&ExtendedPayee>,
        by_transfer: bool,
        now: DateTime<Utc>,
    ) -> Option<NaiveDate> {
        let set = self.bill_pay()?;
        let calendar = set.calendar();
        calendar.after(calendar.processing_day(now)?, set.lead_days(payee, by_transfer))
    }

    /// The day on which the money for a payment that is `due` is taken from the account:
    /// (`DTDUE` - `DAYSTOPAY`) + `DAYSWITH`, counted in processing days, or `DTDUE` itself where `DAYSWITH` is -1. For a payment
    /// `by_transfer` that is (`DTDUE` - `XFERDFLTDAYSTOPAY`) - `XFERDAYSWITH`: the specification has a formula for payments by check
    /// only, and of transfers it says that the money is taken so many days before they are processed.
    ///
    /// A due day without processing counts as the processing day before it, since the payee must have the money by then.
    ///
    /// `None` without bill payment, without any processing day in the week, for a `DAYSWITH` below -1, which means nothing,
    /// and for an `XFERDAYSWITH` below 0, which has no meaning either.
    ///
    /// ```
    /// # use ofx_session::ofx::{BillPaySet, MessageSet, MessageSetCore, MessageSetDetails, Profile, Stamp, SyncMode};
    /// # let core = MessageSetCore::new("https://ofx.example.com/ofx", "EXAMPLE", SyncMode::Full, false);
    /// # let set = MessageSet::new("BILLPAY", core, MessageSetDetails::BillPay(BillPaySet::basic()));
    /// # let profile = Profile::new(Stamp::oldest(), vec![set], Vec::new());
    /// let taken = profile.withdrawal_day("2026-01-16".parse()?, None, false);
    /// assert_eq!(taken, "2026-01-12".parse().ok(), "four processing days before");
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    #[must_use]
    pub fn withdrawal_day(
        &self,
        due: NaiveDate,
        payee: Option<&ExtendedPayee>,
        by_transfer: bool,
    ) -> Option<NaiveDate> {
        let set = self.bill_pay()?;
        if !by_transfer && set.days_with == ON_THE_DUE_DAY {
            return Some(due);
        }
        let calendar = set.calendar();
        let processed = calendar.before(due, set.lead_days(payee, by_transfer))?;
        if by_transfer {
            calendar.before(processed, u32::try_from(set.transfer_days_with).ok()?)
        } else {
            calendar.after(processed, u32::try_from(set.days_with).ok()?)
        }
    }

    /// What a new password must be like in the signon realm of a message set; `None` when the profile does not say.
    ///
    /// ```
    /// use ofx_session::Secret;
    /// use ofx_session::ofx::{PasswordProblem, Profile, SignonInfo, Stamp};
    ///
    /// let profile = Profile::new(Stamp::oldest(), Vec::new(), vec![SignonInfo::new("EXAMPLE")]);
    /// let rules = profile.password_rules("SIGNON").ok_or("there is a realm")?;
    /// assert_eq!(rules.problems(&Secret::new("a b"), None), [PasswordProblem::TooShort(4), PasswordProblem::Blank]);
    /// assert!(rules.problems(&Secret::new("correct-horse"), None).is_empty());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn password_rules(&self, message_set: &str) -> Option<PasswordRules> {
        self.signon_info(message_set).map(PasswordRules::of)
    }
}

impl BillPaySet {
    /// When payments are processed.
    #[must_use]
    pub fn calendar(&self) -> ProcessingCalendar {
        ProcessingCalendar::new(&self.days_off, &self.cut_off)
    }

    /// How many processing days a payment to a payee takes: `DAYSTOPAY` of the payee, else the usual ones.
    #[must_use]
    pub fn lead_days(&self, payee: Option<&ExtendedPayee>, by_transfer: bool) -> u32 {
        let usual = if by_transfer { self.transfer_days_to_pay } else { self.days_to_pay };
        payee.and_then(|payee| payee.days_to_pay).unwrap_or(usual)
    }
}

impl TransferProfile {
    /// When transfers are processed.
    #[must_use]
    pub fn calendar(&self) -> ProcessingCalendar {
        ProcessingCalendar::new(&self.days_off, &self.cut_off)
    }
}

/// `DAYSWITH` of an institution that takes the money on the day on which the payee gets it.
const ON_THE_DUE_DAY: i32 = -1;
