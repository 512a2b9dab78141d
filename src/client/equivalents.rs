//! What the properties, methods, events and settings of the commercial OFX bill-payment components are called here.
//!
//! For people who come from one of those. A component keeps everything in properties of one object and reports in events; here
//! a request is a value, its result is the value of the call, and what must survive is in a blob.
//!
//! Properties, methods and events stand here in small letters, as in some editions: `FIUrl` is `fi_url`, `PayBill` is `pay_bill`. Editions
//! that have objects for payment and payee leave their name out: `Payment.DateDue` is `payment_date_due`. Names with capitals alone are
//! written so.
//!
//! # Institution and signon
//!
//! | there | here |
//! |---|---|
//! | `fi_id`, `FIId` | [`Institution::fid`](crate::Institution::fid) |
//! | `fi_organization`, `FIOrganization` | [`Institution::org`](crate::Institution::org) |
//! | `fi_url`, `FIUrl` | [`Institution::new`](crate::Institution::new) |
//! | `ofx_app_id`, `OFXAppId`; `ofx_app_version`, `OFXAppVersion` | [`ClientBuilder::app`](crate::ClientBuilder::app) |
//! | `ofx_version`, `OFXVersion` | [`Institution::version`](crate::Institution::version), [`Version`](crate::Version) |
//! | `ofx_user`, `OFXUser`; `ofx_password`, `OFXPassword` | [`Credentials::new`](crate::Credentials::new) |
//! | `ofx_access_key`, `OFXAccessKey` | kept by the client and in its blob: [`Client::has_access_key`](crate::Client::has_access_key). There is no setter: a key from elsewhere is not taken over, and the institution asks its questions once more |
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
//! | `pay_bill`, `PayBill` | [`Session::pay`](crate::Session::pay); [`Vault::pay`](crate::Vault::pay) under an id of yours, once whatever crashes |
//! | `modify_payment` | [`Session::modify_payment`](crate::Session::modify_payment) |
//! | `cancel_payment` | [`Session::cancel_payment`](crate::Session::cancel_payment) |
//! | `get_status` | [`Session::payment_status`](crate::Session::payment_status) |
//! | `payment_id`, `PaymentId` | [`Receipt::id`](crate::Receipt::id) (`SRVRTID`) |
//! | `payment_amount`, `PaymentAmount` | [`Payment::amount`](crate::Payment) |
//! | `payment_currency_code` | [`PaymentResponse::currency`](crate::ofx::PaymentResponse) (`CURDEF`) |
//! | `payment_date_due`, `PaymentDateDue` | [`Payment::due`](crate::Payment) |
//! | `payment_date_processed`, `payment_status` | [`Receipt::state`](crate::Receipt::state), [`Receipt::date`](crate::Receipt::date), [`PaymentStatus`](crate::ofx::PaymentStatus) |
//! | `payment_check_number` | [`PaymentResponse::check_number`](crate::ofx::PaymentResponse), [`PaymentStatus::check_number`](crate::ofx::PaymentStatus) |
//! | `payment_bill_ref`, `PaymentBillRef` | [`Payment::bill_reference`](crate::Payment::bill_reference) |
//! | `payment_memo`, `PaymentMemo` | [`Payment::memo`](crate::Payment::memo) |
//! | `payment_from_bank_id`, `payment_from_account_id`, `payment_from_account_type`; `PaymentFromBankId`, .. | [`Payment::from`](crate::Payment), a [`BankAccount`](crate::BankAccount) |
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
//! | the token that `synchronize_payments` and `synchronize_payees` take and return | kept by the client and in its blob; [`Session::acknowledge`](crate::Session::acknowledge), or your own with [`Session::synchronize`](crate::Session::synchronize) |
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
//!
//! # Connection
//!
//! One value, [`HttpsOptions`], given to [`ClientBuilder::connection`](crate::ClientBuilder::connection); it can be stored without its
//! secrets. Names that stand in no property there are settings of the configuration string.
//!
//! | there | here |
//! |---|---|
//! | `timeout`, `AbsoluteTimeout` | [`HttpsOptions::total_timeout`]; zero is refused, for none give a long one |
//! | `InactivityTimeout` | [`HttpsOptions::read_timeout`] |
//! | - | [`HttpsOptions::connect_timeout`] |
//! | `firewall_type`, `firewall_host`, `firewall_port` | [`Proxy::http`], [`Proxy::socks4`], [`Proxy::socks4a`], [`Proxy::socks5`], [`Proxy::socks5_remote_dns`] |
//! | `firewall_user`, `firewall_password`, `proxy_user`, `proxy_password` | [`Proxy::login`] |
//! | `firewall_auto_detect`, `proxy_auto_detect` | [`Proxy::from_environment`]; never by itself |
//! | `proxy_server`, `proxy_port` | [`Proxy::http`] |
//! | `proxy_ssl` | [`Proxy::https`] for TLS to the proxy; to the institution there is always TLS |
//! | `proxy_auth_scheme` | basic, and user and password of SOCKS. Not here: NTLM, digest and negotiate, which the HTTP stack does not know; a local proxy that signs on to the other one helps |
//! | exceptions | [`Proxy::except`] |
//! | PAC files | not here: they are programs, and need an interpreter |
//! | `ssl_accept_server_cert` | [`HttpsOptions::pin_spki`], [`HttpsOptions::add_root_pem`]; against the verdict [`HttpsOptions::dangerous_certificates`] |
//! | `ssl_cert`, `SSLCertFilePath` | [`HttpsOptions::client_certificate_pem`], and with the feature `pkcs12` `HttpsOptions::client_certificate_pkcs12`. Not here: keys in the certificate store of Windows or on cards |
//! | `ssl_server_cert` | [`Event::TlsEstablished`], [`PresentedCertificate`] |
//! | `ssl_enabled_protocols` | [`HttpsOptions::tls_versions`]; SSL 3, TLS 1.0 and 1.1 are broken and not to be had |
//! | `SSLEnabledCipherSuites`, `SSLCipherStrength` | [`HttpsOptions::cipher_suites`]; every suite that is to be had is strong |
//! | `TLS12SupportedGroups`, `TLS13KeyShareGroups` | [`HttpsOptions::key_exchange_groups`] |
//! | `TLS12SignatureAlgorithms` | not here: the TLS library decides which signatures prove something |
//! | `SSLCACerts`, `SSLServerCACerts` | [`HttpsOptions::add_root_pem`], [`HttpsOptions::only_given_roots`], [`HttpsOptions::roots`] |
//! | `SSLCheckCRL` | [`HttpsOptions::add_crl_pem`], with lists that the program fetches. Not here: fetching them in the handshake, which would tell others whom we call, and OCSP, which issuers give up (the verifiers of Windows and Apple systems do as they see fit: [`Roots::Platform`](crate::transport::Roots::Platform)) |
//! | `SSLSecurityFlags` | [`HttpsOptions::check_certificate`], [`HttpsOptions::certificate_name`] |
//! | `ReuseSSLSession` | [`HttpsOptions::tls_resumption`] |
//! | `ssl_provider` | not here: rustls with ring, on every platform but Android |
//! | `LogSSLPackets` | [`HttpsOptions::log_tls_keys_to`], with a recording of the network |
//! | `UserAgent` | [`HttpsOptions::user_agent`]; of one institution [`Dialect::user_agent`](crate::Dialect::user_agent) |
//! | `OtherHeaders` | [`HttpsOptions::header`]; what is secret in them [`HttpsOptions::secret_header`] |
//! | `Authorization` | [`HttpsOptions::secret_header`] |
//! | `HTTPVersion` | [`HttpsOptions::http_versions`]: 1.1 and 2. Not here: requests by 1.0, which no server asks for; its answers are read |
//! | `KeepAlive` | [`HttpsOptions::keep_alive`], [`HttpsOptions::idle_timeout`] |
//! | `AllowHTTPCompression`, `AcceptEncoding` | [`HttpsOptions::accept_compression`], [`HttpsOptions::compress_requests`] |
//! | `FollowRedirects`, `MaxRedirectAttempts` | [`HttpsOptions::redirects`] |
//! | `cookies` | [`HttpsOptions::cookies`], [`Dialect::repeat_for_cookie`](crate::Dialect::repeat_for_cookie) |
//! | `local_host` | [`HttpsOptions::local_address`] |
//! | `LocalPort` | not here: two connections at once would need two |
//! | `UseIPv6` | [`HttpsOptions::addresses`] |
//! | `KeepAliveInterval`, `TcpNoDelay` | [`HttpsOptions::tcp_keep_alive`]; without delay always |
//! | - | how long an answer may be: [`HttpsOptions::body_limit`] |
//! | - | servers under test: [`HttpsOptions::connect_to`], [`HttpsOptions::send_sni`], [`HttpsOptions::allow_http_loopback`] |
//! | `on_connection_status`, `on_ssl_status` | [`Observer`](crate::Observer) and its [`Event`]s |
//! | `on_ssl_server_authentication` | [`HttpsOptions::check_certificate`] |
//! | `OFXLog`, `LogLevel` | [`DocumentLog`](crate::DocumentLog), masked; the feature `tracing` |
//! | `SentHeaders`, `TransferredData` | [`Event::RequestSent`], [`Event::ResponseHead`], [`Event::BodyReceived`] |

#[cfg(doc)]
#[cfg(feature = "https")]
use crate::transport::{Event, HttpsOptions, PresentedCertificate, Proxy};
