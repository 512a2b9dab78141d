//! What a profile says of message sets that are not spoken here. OFX 1.0.3 §7.3 and the profile sections of §9 to §13, OFX 2.3 likewise.

use crate::ofx::aggregate::aggregate;
use crate::ofx::{AccountType, Amount, DayOff, TimeOfDay};

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
        fee: Amount = "STPCHKFEE",
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
        invalid_types: Vec<AccountType> = "INVALIDACCTTYPE",
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
        domestic_fee: Amount = "DOMXFERFEE",
        /// `INTLXFERFEE`.
        international_fee: Amount = "INTLXFERFEE",
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
        domestic_fee: Amount = "DOMXFERFEE",
        /// `INTLXFERFEE`.
        international_fee: Amount = "INTLXFERFEE",
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
