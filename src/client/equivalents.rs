//! What the properties, methods, events and settings of the commercial OFX bill-payment components are called here.
//!
//! For people who come from one of those. A component keeps everything in properties of one object and reports in events; here
//! a request is a value, its result is the value of the call, and what must survive is in a blob. "Connection" stands for what
//! belongs to the HTTPS connection: see [`HttpsOptions`](crate::transport::HttpsOptions).
//!
//! # Institution and signon
//!
//! | there | here |
//! |---|---|
//! | `fi_id` | [`Institution::fid`](crate::Institution::fid) |
//! | `fi_organization` | [`Institution::org`](crate::Institution::org) |
//! | `fi_url` | [`Institution::new`](crate::Institution::new) |
//! | `ofx_app_id`, `ofx_app_version` | [`ClientBuilder::app`](crate::ClientBuilder::app) |
//! | `ofx_version` | [`Institution::version`](crate::Institution::version), [`Version`](crate::Version) |
//! | `ofx_user`, `ofx_password` | [`Credentials::new`](crate::Credentials::new) |
//! | `ofx_access_key` | kept by the client and in its blob: [`Client::has_access_key`](crate::Client::has_access_key) |
//! | `ClientUId` | [`ClientBuilder::client_uid`](crate::ClientBuilder::client_uid), [`Client::client_uid`](crate::Client::client_uid) |
//! | `AuthToken` | [`Credentials::auth_token`](crate::Credentials::auth_token) |
//! | `UserCred1A`, `UserCred2A` | [`Credentials::user_cred1`](crate::Credentials::user_cred1), [`Credentials::user_cred2`](crate::Credentials::user_cred2) |
//! | `NewPassword` | [`Session::change_password`](crate::Session::change_password) |
//! | `ServerMessage` | [`Error::server_message`](crate::Error::server_message), [`Confirmed::notices`](crate::Confirmed::notices), [`Receipt::notices`](crate::Receipt::notices) |
//! | `request_challenge_questions` | by itself, when the institution asks: [`Progress::Ask`](crate::Progress::Ask) |
//! | `send_challenge_answers` | [`Session::answer`](crate::Session::answer) |
//! | - | a client that the user must have approved first: [`Progress::Approve`](crate::Progress::Approve) |
//! | - | a key in place of the password: [`Credentials::asking_for_user_key`](crate::Credentials::asking_for_user_key), [`Client::open_with_user_key`](crate::Client::open_with_user_key) |
//!
//! # Payments
//!
//! | there | here |
//! |---|---|
//! | `pay_bill` | [`Session::pay`](crate::Session::pay); [`Vault::pay`](crate::Vault::pay) under an id of yours, once whatever crashes |
//! | `modify_payment` | [`Session::modify_payment`](crate::Session::modify_payment) |
//! | `cancel_payment` | [`Session::cancel_payment`](crate::Session::cancel_payment) |
//! | `get_status` | [`Session::payment_status`](crate::Session::payment_status) |
//! | `payment_id` | [`Receipt::id`](crate::Receipt::id) (`SRVRTID`) |
//! | `payment_amount` | [`Payment::amount`](crate::Payment) |
//! | `payment_currency_code` | [`PaymentResponse::currency`](crate::ofx::PaymentResponse) (`CURDEF`) |
//! | `payment_date_due` | [`Payment::due`](crate::Payment) |
//! | `payment_date_processed`, `payment_status` | [`Receipt::state`](crate::Receipt::state), [`Receipt::date`](crate::Receipt::date), [`PaymentStatus`](crate::ofx::PaymentStatus) |
//! | `payment_check_number` | [`PaymentResponse::check_number`](crate::ofx::PaymentResponse), [`PaymentStatus::check_number`](crate::ofx::PaymentStatus) |
//! | `payment_bill_ref` | [`Payment::bill_reference`](crate::Payment::bill_reference) |
//! | `payment_memo` | [`Payment::memo`](crate::Payment::memo) |
//! | `payment_from_bank_id`, `payment_from_account_id`, `payment_from_account_type` | [`Payment::from`](crate::Payment), a [`BankAccount`](crate::BankAccount) |
//! | `payment_to_bank_id`, `payment_to_account_id`, `payment_to_account_type` | [`Payment::by_transfer_to`](crate::Payment::by_transfer_to) |
//! | `payment_payee_account` | [`Payment::pay_account`](crate::Payment) (`PAYACCT`) |
//! | `payment_payee_id` | [`PayeeRef::Id`](crate::PayeeRef::Id) |
//! | `payment_payee_list_id` | [`Payment::payee_list_id`](crate::Payment::payee_list_id) |
//! | `payment_payee_aggregate` | [`Payee::from_aggregate`](crate::Payee::from_aggregate) |
//! | `payment_aggregate` | [`Receipt::aggregate`](crate::Receipt::aggregate), [`Confirmed::aggregate`](crate::Confirmed::aggregate), and back: [`Payment::from_aggregate`](crate::Payment::from_aggregate) |
//! | `payment_tx_type` | [`Change::kind`](crate::Change::kind) |
//! | - | recurring payments: [`Session::add_recurring`](crate::Session::add_recurring), [`modify_recurring`](crate::Session::modify_recurring), [`cancel_recurring`](crate::Session::cancel_recurring) |
//! | - | invoices: [`ExtendedPayment`](crate::ofx::ExtendedPayment) |
//!
//! # Payees
//!
//! | there | here |
//! |---|---|
//! | `add_payee` | [`Session::add_payee`](crate::Session::add_payee) |
//! | `modify_payee` | [`Session::modify_payee`](crate::Session::modify_payee) |
//! | `delete_payee` | [`Session::delete_payee`](crate::Session::delete_payee) |
//! | `payee_name`, `payee_addr1` to `payee_addr3`, `payee_city`, `payee_state`, `payee_postal_code`, `payee_country`, `payee_phone` | [`Payee`](crate::Payee) |
//! | `payee_account` | [`PayeeAddition::pay_accounts`](crate::PayeeAddition), [`ListedPayee::pay_accounts`](crate::ListedPayee) |
//! | `payee_list_id` | [`ListedPayee::list_id`](crate::ListedPayee) |
//! | `payee_id`, `payee_id_scope`, `payee_days_to_pay` | [`ExtendedPayee`](crate::ofx::ExtendedPayee) |
//! | `payee_aggregate` | [`Confirmed::aggregate`](crate::Confirmed::aggregate), and back: [`Payee::from_aggregate`](crate::Payee::from_aggregate) |
//!
//! # Synchronization
//!
//! | there | here |
//! |---|---|
//! | `synchronize_payments`, `on_sync_payments`, `sync_payment_*` | [`Session::sync_payments`](crate::Session::sync_payments): a list of [`Change`](crate::Change)s |
//! | `synchronize_payees`, `on_sync_payees`, `sync_payee_*` | [`Session::sync_payees`](crate::Session::sync_payees) |
//! | tokens in properties | kept by the client and in its blob; [`Session::acknowledge`](crate::Session::acknowledge), or your own with [`Session::synchronize`](crate::Session::synchronize) |
//! | `lost_sync` | [`Changes::lost_sync`](crate::Changes) |
//! | - | recurring payments, mail, services: [`SyncKind`](crate::SyncKind) |
//! | - | who made a change: [`Change::origin`](crate::Change) |
//!
//! # Everything else
//!
//! | there | here |
//! |---|---|
//! | `ofx_request` | [`Session::render`](crate::Session::render), [`Operation::render`](crate::engine::Operation::render) |
//! | `ofx_response` | [`Session::last_answer`](crate::Session::last_answer) |
//! | `GetResponseVar` | [`Session::document`](crate::Session::document), [`Document::find`](crate::ofx::Document::find), [`Response`](crate::ofx::Response) |
//! | `CorrectAction`, `CorrectFITID` | not here: they belong to downloaded statements |
//! | `CurrencyFormat` | not needed: amounts are decimals, [`Amount`](crate::ofx::Amount) |
//! | `DateFormat`, `OFXDateFormat` | not needed: days are days, [`Stamp::date`](crate::ofx::Stamp::date); how `DTCLIENT` is written: [`Dialect`](crate::Dialect) |
//! | `reset` | a new [`Client`](crate::Client); [`Session::abandon`](crate::Session::abandon) for the operation under way |
//! | `on_error` | the [`Error`](crate::Error) of the call |
//! | `timeout` | connection |
//! | `on_connection_status`, `on_ssl_server_authentication`, `on_ssl_status`, `OFXLog` | connection |
