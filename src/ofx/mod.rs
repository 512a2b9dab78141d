//! OFX documents: header, markup, values, and one file per message set.
//!
//! Bytes come in through [`Document::decode`] and leave through [`Document::encode`]. Between the two a document is
//! a tree of [`Element`]s; the files of the message sets turn parts of the tree into typed records and back. Nothing
//! here keeps state, reads a clock or knows what a session is.
//!
//! ```text
//! bytes ─ header.rs ─ charset.rs ─ markup.rs ─► Element ─ aggregate.rs, value.rs ─► typed record
//! bytes ◄──────── header.rs ◄───── writer.rs ◄─ sink.rs ◄─ Element, typed record
//! ```

mod account;
mod activation;
mod aggregate;
mod answer;
mod as_read;
mod calendar;
mod charset;
mod check;
mod document;
mod element;
mod enrollment;
mod error;
mod exchange;
mod grammar;
mod header;
mod invoice;
mod limits;
mod mail;
mod markup;
mod mask;
mod names;
mod other_sets;
mod pack;
mod password;
mod password_rules;
mod payee;
mod payment;
mod payment_change;
mod piece;
mod places;
mod profile;
mod profile_questions;
mod profile_sets;
mod question;
mod recurring;
mod request;
mod response;
mod signon;
mod signup;
mod sink;
mod squeeze;
mod stamp;
mod status;
mod sync;
mod sync_kind;
mod value;
mod version;
mod writer;

pub use account::{
    AccountType, BankAccount, CardAccount, InvestmentAccount, LoanAccount, LoanType, PresentmentAccount,
    PresentmentHolder,
};
pub use activation::{AccountRef, Service, ServiceChange, ServiceRequest, ServiceResponse};
pub use answer::Answer;
pub use calendar::{DayOff, ProcessingCalendar, TimeOfDay};
pub use document::Document;
pub use element::Element;
pub use enrollment::{ChangedUserInfo, EnrollmentRequest, EnrollmentResponse, UserInfo};
pub use error::{DecodeError, EncodeError, Problem};
pub use exchange::{Exchange, Reply, Request, RequestKind};
pub use header::{FileUid, Header};
pub use invoice::{Adjustment, Discount, ExtendedPayment, Invoice, LineItem, PaymentPurpose, PublishedBill};
pub use limits::Limits;
pub use mail::{Mail, MailedPayment, PaymentMail};
pub use other_sets::{
    BankSet, CreditCardSet, EmailProfile, EmailSet, ImageProfile, ImageSet, InvestmentSet, LoanSet, SecurityListSet,
    StopCheckProfile, TransferProfile, TransferSet, WireSet,
};
pub use password::{PasswordChange, PasswordChanged};
pub use password_rules::{PasswordProblem, PasswordRules};
pub use payee::{
    DeletedPayee, ListedPayee, ModifiedPayee, Payee, PayeeAddition, PayeeDeletion, PayeeModification, PayeeRef,
};
pub use payment::{ExtendedPayee, IdScope, Payment, PaymentProcessing, PaymentRequest, PaymentResponse, PaymentState};
pub use payment_change::{
    CanceledPayment, ModifiedPayment, PaymentCancellation, PaymentInquiry, PaymentModification, PaymentStatus,
};
pub use profile::{
    ApplicationSecurity, CharType, ClientRouting, MessageSet, MessageSetCore, PasswordType, Profile, ProfileRequest,
    ProfileTransaction, ProfileTransactionResponse, SignonInfo, SyncMode,
};
pub use profile_sets::{BillPaySet, Enrollment, MessageSetDetails, SignupSet};
pub use question::{Question, QuestionSource};
pub use recurring::{
    CanceledModel, Frequency, ModelCancellation, ModelModification, ModifiedModel, Recurrence, RecurringModel,
    RecurringPayment,
};
pub use response::Response;
pub use signon::{
    ChallengeAnswer, ChallengeQuestion, ChallengeRequest, ChallengeResponse, ChallengeTransaction,
    ChallengeTransactionResponse, FinancialInstitution, Login, SignonRequest, SignonResponse,
};
pub use signup::{
    AccountInfo, AccountInfoRequest, AccountInfoResponse, BankAccountInfo, BillPayAccountInfo, CardAccountInfo,
    Classification, InvestmentAccountInfo, InvestmentProduct, LoanAccountInfo, OtherAccount, PresentmentAccountInfo,
    ServiceStatus,
};
pub use stamp::Stamp;
pub use status::{Severity, Status};
pub use sync::{SyncFrom, SyncRequest, SyncResponse};
pub use sync_kind::SyncKind;
pub use value::{Amount, TrnUid};
pub use version::Version;
pub use writer::Style;

pub(crate) use charset::Charset;
pub(crate) use check::{TextCheck, credential, limit};
pub(crate) use exchange::Effect;
pub(crate) use mask::{Heard, Mask};
pub(crate) use pack::{pack, unpack};
pub(crate) use places::Places;
pub(crate) use request::{Item, Tail};
pub(crate) use signon::SignonForm;
pub(crate) use sink::{Elements, Sink};
pub(crate) use squeeze::{squeeze, squeezed_at_most, stretch};
pub(crate) use status::shortened;
pub(crate) use value::{Content, Member};

#[cfg(test)]
mod tests;
