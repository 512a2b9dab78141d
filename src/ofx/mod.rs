//! OFX documents: header, markup, values, and one file per message set.
//!
//! Bytes come in through [`Document::decode`] and leave through [`Document::encode`]. Between the two a document is
//! a tree of [`Element`]s; the files of the message sets turn parts of the tree into typed records and back. Nothing
//! here keeps state, reads a clock or knows what a session is.
//!
//! ```text
//! bytes ─ header.rs ─ charset.rs ─ markup.rs ─► Element ─ aggregate.rs, value.rs ─► typed record
//! bytes ◄──────── header.rs ◄───── writer.rs ◄─ Element ◄────────────────────────── typed record
//! ```

mod account;
mod aggregate;
mod charset;
mod document;
mod element;
mod error;
mod header;
mod limits;
mod markup;
mod names;
mod pack;
mod payment;
mod places;
mod profile;
mod profile_sets;
mod question;
mod request;
mod response;
mod signon;
mod signup;
mod squeeze;
mod status;
mod sync;
mod value;
mod version;
mod writer;

pub use account::{AccountType, BankAccount, CardAccount};
pub use document::Document;
pub use element::Element;
pub use error::{DecodeError, EncodeError, Problem};
pub use header::{FileUid, Header};
pub use limits::Limits;
pub use payment::{
    ExtendedPayee, IdScope, Payee, PayeeRef, Payment, PaymentProcessing, PaymentRequest, PaymentResponse, PaymentState,
    PaymentTransaction, PaymentTransactionResponse,
};
pub use profile::{
    CharType, ClientRouting, MessageSet, MessageSetCore, Profile, ProfileRequest, ProfileTransaction,
    ProfileTransactionResponse, SignonInfo, SyncMode,
};
pub use profile_sets::{
    BankSet, BillPaySet, CreditCardSet, EmailProfile, EmailSet, Enrollment, ImageProfile, ImageSet, InvestmentSet,
    LoanSet, MessageSetDetails, SecurityListSet, SignupSet, StopCheckProfile, TransferProfile, TransferSet, WireSet,
};
pub use question::{Question, QuestionSource};
pub use signon::{
    ChallengeAnswer, ChallengeQuestion, ChallengeRequest, ChallengeResponse, ChallengeTransaction,
    ChallengeTransactionResponse, FinancialInstitution, Login, SignonRequest, SignonResponse,
};
pub use signup::{
    AccountInfo, AccountInfoRequest, AccountInfoResponse, AccountInfoTransaction, AccountInfoTransactionResponse,
    BankAccountInfo, BillPayAccountInfo, CardAccountInfo, ServiceStatus,
};
pub use status::{Severity, Status};
pub use sync::{PaymentSyncRequest, PaymentSyncResponse, SyncFrom};
pub use value::{Amount, Stamp, TrnUid};
pub use version::Version;
pub use writer::Style;

pub(crate) use charset::Charset;
pub(crate) use pack::{pack, unpack};
pub(crate) use places::Places;
pub(crate) use request::Tail;
pub(crate) use response::{PaymentFrame, Response};
pub(crate) use signon::{SignonForm, limit};
pub(crate) use squeeze::{squeeze, stretch};
pub(crate) use value::{Content, Member};

#[cfg(test)]
mod tests;
