//! Requests and what answers them: each request aggregate with its wrapper, its response, and its place in a file.
//!
//! ```text
//! Request ──write──► xxxTRNRQ { TRNUID, xxxRQ }       xxxTRNRS { TRNUID, STATUS, xxxRS } ──read──► Answer { status, Reply }
//! ```
//!
//! One row of the table at the bottom for each of them. Profile, security questions and password changes are none of these:
//! they belong to the signon.

use crate::ofx::check::known;
use crate::ofx::{
    AccountInfoRequest, AccountInfoResponse, BankAccount, CanceledModel, CanceledPayment, ChangedUserInfo, Content,
    DecodeError, DeletedPayee, Element, EncodeError, EnrollmentRequest, EnrollmentResponse, ListedPayee, Member,
    ModelCancellation, ModelModification, ModifiedModel, ModifiedPayee, ModifiedPayment, PayeeAddition, PayeeDeletion,
    PayeeModification, Payment, PaymentCancellation, PaymentInquiry, PaymentMail, PaymentModification, PaymentRequest,
    PaymentResponse, PaymentStatus, RecurringModel, RecurringPayment, ServiceRequest, ServiceResponse, Sink, Stamp,
    SyncKind, TrnUid, UserInfo, Version,
};

/// What becomes of a request of which nobody knows whether it was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Effect {
    /// It only reads, or does no harm when it is carried out twice.
    Reads,
    /// It changes something.
    Changes,
    /// It makes payments: carried out twice, it pays twice.
    Pays,
}

/// One row: where a request stands, and what answers it.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its number in stored state. Frozen.
    pub(crate) number: u8,
    /// The message set, as profiles name it.
    pub(crate) set: &'static str,
    pub(crate) transaction_request: &'static str,
    pub(crate) request: &'static str,
    pub(crate) transaction_response: &'static str,
    pub(crate) response: &'static str,
    pub(crate) effect: Effect,
    /// The history it goes into.
    pub(crate) sync: Option<SyncKind>,
}

mod known {
    /// Nobody else implements what builds on it, which may grow.
    #[expect(unnameable_types, reason = "it is there to be out of reach")]
    pub trait Known {}
}

/// A request with the record of its response: those that this crate knows.
pub trait Exchange: Into<Request> + known::Known {
    /// What an institution answers when it has done what was asked for.
    type Response: TryFrom<Reply>;
}

macro_rules! exchanges {
    ($($(#[$meta:meta])* $variant:ident = $number:literal, $set:literal, $trn_rq:literal $rq:literal $request:ty,
        $trn_rs:literal $rs:literal $response:ty, $effect:ident, $sync:expr;)*) => {
        /// What a user can ask an institution for, as it stands inside of its wrapper.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Request {
            $($(#[$meta])* $variant(Box<$request>),)*
        }

        /// What an institution answers when it has done what was asked for.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Reply {
            $($(#[$meta])* $variant(Box<$response>),)*
        }

        /// The kinds of requests.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RequestKind {
            $($(#[$meta])* $variant,)*
        }

        impl RequestKind {
            /// Every kind.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            pub(crate) const fn row(self) -> &'static Row {
                match self {
                    $(Self::$variant => &Row {
                        number: $number,
                        set: $set,
                        transaction_request: $trn_rq,
                        request: $rq,
                        transaction_response: $trn_rs,
                        response: $rs,
                        effect: Effect::$effect,
                        sync: $sync,
                    },)*
                }
            }
        }

        impl Request {
            /// Which kind it is.
            #[must_use]
            pub const fn kind(&self) -> RequestKind {
                match self {
                    $(Self::$variant(_) => RequestKind::$variant,)*
                }
            }

            /// Refuses what no institution could accept, naming the element.
            pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
                match self {
                    $(Self::$variant(request) => request.check(version),)*
                }
            }

            /// The request aggregate, as the given version has it.
            #[must_use]
            pub fn to_element(&self, version: Version) -> Element {
                match self {
                    $(Self::$variant(request) => request.write($rq, version),)*
                }
            }

            fn write_to(&self, version: Version, out: &mut dyn Sink) {
                match self {
                    $(Self::$variant(request) => request.write_to($rq, version, out),)*
                }
            }

            fn read(kind: RequestKind, element: &Element) -> Result<Self, DecodeError> {
                match kind {
                    $(RequestKind::$variant => <$request>::read(element).map(|read| Self::$variant(Box::new(read))),)*
                }
            }
        }

        impl Reply {
    /// The account that is paid from, of what pays.
    pub(crate) fn payer_mut(&mut self) -> Option<&mut BankAccount> {
        match self {
            Self::Pay(response) => Some(&mut response.payment.from),
            Self::ModifyPayment(response) => Some(&mut response.payment.from),
            Self::AddRecurring(response) => Some(&mut response.payment.from),
            Self::ModifyRecurring(response) => Some(&mut response.payment.from),
            _ => None,
        }
    }

            /// Which kind of request it answers.
            #[must_use]
            pub const fn kind(&self) -> RequestKind {
                match self {
                    $(Self::$variant(_) => RequestKind::$variant,)*
                }
            }

            /// The response aggregate, as the given version has it.
            #[must_use]
            pub fn to_element(&self, version: Version) -> Element {
                match self {
                    $(Self::$variant(response) => response.write($rs, version),)*
                }
            }

            pub(crate) fn read(kind: RequestKind, element: &Element) -> Result<Self, DecodeError> {
                match kind {
                    $(RequestKind::$variant => <$response>::read(element).map(|read| Self::$variant(Box::new(read))),)*
                }
            }
        }

        $(
            impl known::Known for $request {}

            impl Exchange for $request {
                type Response = $response;
            }

            impl From<$request> for Request {
                fn from(request: $request) -> Self {
                    Self::$variant(Box::new(request))
                }
            }

            impl TryFrom<Reply> for $response {
                type Error = Reply;

                /// Gives the reply back when it answers another kind of request.
                fn try_from(reply: Reply) -> Result<Self, Reply> {
                    match reply {
                        Reply::$variant(response) => Ok(*response),
                        other => Err(other),
                    }
                }
            }
        )*
    };
}

impl RequestKind {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.row().number == number)
    }
}

impl Request {
    /// Writes `xxxTRNRQ`: the request in its wrapper.
    pub(crate) fn write_transaction(&self, trn_uid: &TrnUid, version: Version, out: &mut dyn Sink) {
        out.aggregate(self.kind().row().transaction_request, |out| {
            trn_uid.put("TRNUID", version, out);
            self.write_to(version, out);
        });
    }

    /// Reads one `xxxTRNRQ` of a request file, which stands in its message set or inside of a synchronization; `None` when it holds
    /// none of the requests that this crate has records for. What is read need not be what can be sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use ofx_session::ofx::{Element, Request};
    ///
    /// let wrapper = Element::from_markup("<PMTTRNRQ><TRNUID>7<PMTCANCRQ><SRVRTID>4711</PMTCANCRQ></PMTTRNRQ>")?;
    /// let (trn_uid, request) = Request::read_transaction(&wrapper).ok_or("no request")??;
    /// assert_eq!(trn_uid.as_str(), "7");
    /// assert!(matches!(request, Request::CancelPayment(canceled) if canceled.server_id == "4711"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_transaction(element: &Element) -> Option<Result<(TrnUid, Self), DecodeError>> {
        let mut kinds = RequestKind::ALL.iter().filter(|kind| kind.row().transaction_request == element.tag());
        let kind = kinds.find(|kind| element.child(kind.row().request).is_some())?;
        let request = element.child(kind.row().request)?;
        Some(TrnUid::take(element, "TRNUID").and_then(|trn_uid| Ok((trn_uid, Self::read(*kind, request)?))))
    }

    /// The account in whose history it goes, where it says so itself.
    #[must_use]
    pub fn account(&self) -> Option<&BankAccount> {
        match self {
            Self::Pay(request) => Some(&request.payment.from),
            Self::ModifyPayment(request) => Some(&request.payment.from),
            Self::AddRecurring(request) => Some(&request.payment.from),
            Self::ModifyRecurring(request) => Some(&request.payment.from),
            _ => None,
        }
    }
}

impl Reply {
    /// What names the object from now on: `SRVRTID`, `RECSRVRTID`, `PAYEELSTID`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Pay(paid) => Some(&paid.server_id),
            Self::ModifyPayment(changed) => Some(&changed.server_id),
            Self::CancelPayment(canceled) => Some(&canceled.server_id),
            Self::PaymentStatus(status) => Some(&status.server_id),
            Self::AddRecurring(model) => Some(&model.model_id),
            Self::ModifyRecurring(model) => Some(&model.model_id),
            Self::CancelRecurring(model) => Some(&model.model_id),
            Self::AddPayee(payee) => Some(&payee.list_id),
            Self::ModifyPayee(payee) => Some(&payee.list_id),
            Self::DeletePayee(payee) => Some(&payee.list_id),
            Self::Accounts(_)
            | Self::SendPaymentMail(_)
            | Self::Enroll(_)
            | Self::ChangeUserInfo(_)
            | Self::ChangeService(_) => None,
        }
    }
}

impl AccountInfoRequest {
    /// Asks for the list unless it is still that of `known`.
    #[must_use]
    pub fn new(known: Stamp) -> Self {
        Self { updated: known }
    }

    fn check(&self, _: Version) -> Result<(), EncodeError> {
        known("DTACCTUP", &self.updated)
    }
}

impl PaymentRequest {
    /// Asks for `payment`.
    #[must_use]
    pub fn new(payment: Payment) -> Self {
        Self { payment }
    }

    fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.payment.check(version)
    }
}

const PAYMENTS: Option<SyncKind> = Some(SyncKind::Payments);
const RECURRING: Option<SyncKind> = Some(SyncKind::RecurringPayments);
const PAYEES: Option<SyncKind> = Some(SyncKind::Payees);

exchanges! {
    /// The account list.
    Accounts = 1, "SIGNUP", "ACCTINFOTRNRQ" "ACCTINFORQ" AccountInfoRequest,
        "ACCTINFOTRNRS" "ACCTINFORS" AccountInfoResponse, Reads, None;
    /// A payment.
    Pay = 2, "BILLPAY", "PMTTRNRQ" "PMTRQ" PaymentRequest, "PMTTRNRS" "PMTRS" PaymentResponse, Pays, PAYMENTS;
    /// A payment changed before it was made.
    ModifyPayment = 3, "BILLPAY", "PMTTRNRQ" "PMTMODRQ" PaymentModification,
        "PMTTRNRS" "PMTMODRS" ModifiedPayment, Changes, PAYMENTS;
    /// A payment cancelled before it was made.
    CancelPayment = 4, "BILLPAY", "PMTTRNRQ" "PMTCANCRQ" PaymentCancellation,
        "PMTTRNRS" "PMTCANCRS" CanceledPayment, Changes, PAYMENTS;
    /// Where a payment stands.
    PaymentStatus = 5, "BILLPAY", "PMTINQTRNRQ" "PMTINQRQ" PaymentInquiry,
        "PMTINQTRNRS" "PMTINQRS" PaymentStatus, Reads, None;
    /// A recurring payment.
    AddRecurring = 6, "BILLPAY", "RECPMTTRNRQ" "RECPMTRQ" RecurringPayment,
        "RECPMTTRNRS" "RECPMTRS" RecurringModel, Pays, RECURRING;
    /// A recurring payment changed.
    ModifyRecurring = 7, "BILLPAY", "RECPMTTRNRQ" "RECPMTMODRQ" ModelModification,
        "RECPMTTRNRS" "RECPMTMODRS" ModifiedModel, Changes, RECURRING;
    /// A recurring payment ended.
    CancelRecurring = 8, "BILLPAY", "RECPMTTRNRQ" "RECPMTCANCRQ" ModelCancellation,
        "RECPMTTRNRS" "RECPMTCANCRS" CanceledModel, Changes, RECURRING;
    /// A payee added to the user's list.
    AddPayee = 9, "BILLPAY", "PAYEETRNRQ" "PAYEERQ" PayeeAddition,
        "PAYEETRNRS" "PAYEERS" ListedPayee, Changes, PAYEES;
    /// A payee of the list changed.
    ModifyPayee = 10, "BILLPAY", "PAYEETRNRQ" "PAYEEMODRQ" PayeeModification,
        "PAYEETRNRS" "PAYEEMODRS" ModifiedPayee, Changes, PAYEES;
    /// A payee taken off the list.
    DeletePayee = 11, "BILLPAY", "PAYEETRNRQ" "PAYEEDELRQ" PayeeDeletion,
        "PAYEETRNRS" "PAYEEDELRS" DeletedPayee, Changes, PAYEES;
    /// Mail about a payment, or about payments in general.
    SendPaymentMail = 12, "BILLPAY", "PMTMAILTRNRQ" "PMTMAILRQ" PaymentMail,
        "PMTMAILTRNRS" "PMTMAILRS" PaymentMail, Changes, Some(SyncKind::PaymentMail);
    /// A user enrolled.
    Enroll = 13, "SIGNUP", "ENROLLTRNRQ" "ENROLLRQ" EnrollmentRequest,
        "ENROLLTRNRS" "ENROLLRS" EnrollmentResponse, Reads, None;
    /// The user's name and address changed.
    ChangeUserInfo = 14, "SIGNUP", "CHGUSERINFOTRNRQ" "CHGUSERINFORQ" UserInfo,
        "CHGUSERINFOTRNRS" "CHGUSERINFORS" ChangedUserInfo, Changes, Some(SyncKind::UserInfo);
    /// A service activated, moved to another account, or ended.
    ChangeService = 15, "SIGNUP", "ACCTTRNRQ" "ACCTRQ" ServiceRequest,
        "ACCTTRNRS" "ACCTRS" ServiceResponse, Changes, Some(SyncKind::Services);
}
