//! The kinds of synchronization: what each keeps a history of, and the tags it stands under. OFX 1.0.3 §6, OFX 2.3 §6.

/// What an institution keeps a history of: each kind has tokens of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SyncKind {
    /// `PMTSYNC`: the payments of an account.
    Payments,
    /// `RECPMTSYNC`: the recurring payments of an account.
    RecurringPayments,
    /// `PAYEESYNC`: the user's list of payees.
    Payees,
    /// `PMTMAILSYNC`: the user's mail about payments.
    PaymentMail,
    /// `ACCTSYNC`: activations of services, of the user.
    Services,
    /// `CHGUSERINFOSYNC`: changes of the user's name and address.
    UserInfo,
}

/// The tags of a kind: its frame, and the transactions inside.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The message set, as profiles name it.
    pub(crate) set: &'static str,
    pub(crate) request: &'static str,
    pub(crate) response: &'static str,
    pub(crate) transaction_request: &'static str,
    pub(crate) transaction_response: &'static str,
    /// A token counts for one account and not for the user.
    pub(crate) of_account: bool,
    /// `INCIMAGES` and `USEHTML` stand in it.
    pub(crate) is_mail: bool,
}

impl SyncKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Payments, Self::RecurringPayments, Self::Payees, Self::PaymentMail, Self::Services, Self::UserInfo];

    /// Whether a token counts for one account, which must be named, and not for the user as a whole.
    #[must_use]
    pub const fn is_of_account(self) -> bool {
        self.frame().of_account
    }

    /// What it is a history of, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::RecurringPayments => "recurring payments",
            Self::Payees => "payees",
            Self::PaymentMail => "mail about payments",
            Self::Services => "service activations",
            Self::UserInfo => "changes of name and address",
        }
    }

    pub(crate) const fn frame(self) -> &'static Frame {
        match self {
            Self::Payments => &Frame {
                set: "BILLPAY",
                request: "PMTSYNCRQ",
                response: "PMTSYNCRS",
                transaction_request: "PMTTRNRQ",
                transaction_response: "PMTTRNRS",
                of_account: true,
                is_mail: false,
            },
            Self::RecurringPayments => &Frame {
                set: "BILLPAY",
                request: "RECPMTSYNCRQ",
                response: "RECPMTSYNCRS",
                transaction_request: "RECPMTTRNRQ",
                transaction_response: "RECPMTTRNRS",
                of_account: true,
                is_mail: false,
            },
            Self::Payees => &Frame {
                set: "BILLPAY",
                request: "PAYEESYNCRQ",
                response: "PAYEESYNCRS",
                transaction_request: "PAYEETRNRQ",
                transaction_response: "PAYEETRNRS",
                of_account: false,
                is_mail: false,
            },
            Self::PaymentMail => &Frame {
                set: "BILLPAY",
                request: "PMTMAILSYNCRQ",
                response: "PMTMAILSYNCRS",
                transaction_request: "PMTMAILTRNRQ",
                transaction_response: "PMTMAILTRNRS",
                of_account: false,
                is_mail: true,
            },
            Self::Services => &Frame {
                set: "SIGNUP",
                request: "ACCTSYNCRQ",
                response: "ACCTSYNCRS",
                transaction_request: "ACCTTRNRQ",
                transaction_response: "ACCTTRNRS",
                of_account: false,
                is_mail: false,
            },
            Self::UserInfo => &Frame {
                set: "SIGNUP",
                request: "CHGUSERINFOSYNCRQ",
                response: "CHGUSERINFOSYNCRS",
                transaction_request: "CHGUSERINFOTRNRQ",
                transaction_response: "CHGUSERINFOTRNRS",
                of_account: false,
                is_mail: false,
            },
        }
    }

    /// Its number in stored state. Frozen.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Payments => 0,
            Self::RecurringPayments => 1,
            Self::Payees => 2,
            Self::PaymentMail => 3,
            Self::Services => 4,
            Self::UserInfo => 5,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}
