//! The account list. OFX 1.0.3 §8.5, OFX 2.3 §8.5.

use crate::ofx::aggregate::{aggregate, words};
use crate::ofx::{BankAccount, CardAccount, Stamp, Status, TrnUid};

words! {
    /// `SVCSTATUS`: whether a service can be used with an account.
    pub enum ServiceStatus {
        /// Could be activated.
        Available = "AVAIL",
        /// Activation was asked for.
        Pending = "PEND",
        /// In use.
        Active = "ACTIVE",
    }
}

aggregate! {
    /// `BANKACCTINFO`: what a bank account can do.
    #[doc(alias = "BANKACCTINFO")]
    pub struct BankAccountInfo {
        /// `BANKACCTFROM`.
        account: BankAccount = "BANKACCTFROM",
        /// `SUPTXDL`: transactions can be downloaded, not only balances.
        downloads: Option<bool> = "SUPTXDL",
        /// `XFERSRC`: transfers may start here.
        transfer_source: Option<bool> = "XFERSRC",
        /// `XFERDEST`: transfers may end here.
        transfer_destination: Option<bool> = "XFERDEST",
        /// `SVCSTATUS`.
        status: ServiceStatus = "SVCSTATUS",
    }
}

impl BankAccountInfo {
    /// An account in use, with downloads and transfers both ways.
    #[must_use]
    pub fn active(account: BankAccount) -> Self {
        Self {
            account,
            downloads: Some(true),
            transfer_source: Some(true),
            transfer_destination: Some(true),
            status: ServiceStatus::Active,
        }
    }
}

aggregate! {
    /// `CCACCTINFO`: what a card account can do.
    #[doc(alias = "CCACCTINFO")]
    pub struct CardAccountInfo {
        /// `CCACCTFROM`.
        account: CardAccount = "CCACCTFROM",
        /// `SUPTXDL`: transactions can be downloaded, not only balances.
        downloads: Option<bool> = "SUPTXDL",
        /// `XFERSRC`: transfers may start here.
        transfer_source: Option<bool> = "XFERSRC",
        /// `XFERDEST`: transfers may end here.
        transfer_destination: Option<bool> = "XFERDEST",
        /// `SVCSTATUS`.
        status: ServiceStatus = "SVCSTATUS",
    }
}

impl CardAccountInfo {
    /// A card in use, with downloads and no transfers.
    #[must_use]
    pub fn active(account: CardAccount) -> Self {
        Self {
            account,
            downloads: Some(true),
            transfer_source: Some(false),
            transfer_destination: Some(false),
            status: ServiceStatus::Active,
        }
    }
}

aggregate! {
    /// `BPACCTINFO`: the account can pay bills when the status is active.
    #[doc(alias = "BPACCTINFO")]
    pub struct BillPayAccountInfo {
        /// `BANKACCTFROM`: use it unchanged as the source of payments.
        account: BankAccount = "BANKACCTFROM",
        /// `SVCSTATUS`.
        status: ServiceStatus = "SVCSTATUS",
    }
}

impl BillPayAccountInfo {
    /// An account that bills can be paid from.
    #[must_use]
    pub fn active(account: BankAccount) -> Self {
        Self { account, status: ServiceStatus::Active }
    }
}

aggregate! {
    /// `ACCTINFO`: one real account with the services it has.
    #[doc(alias = "ACCTINFO")]
    pub struct AccountInfo {
        /// `DESC`, up to 80 characters.
        description: Option<String> = "DESC",
        /// `PHONE`.
        phone: Option<String> = "PHONE",
        /// `BANKACCTINFO`.
        bank: Option<BankAccountInfo> = "BANKACCTINFO",
        /// `CCACCTINFO`.
        card: Option<CardAccountInfo> = "CCACCTINFO",
        /// `BPACCTINFO`.
        bill_pay: Option<BillPayAccountInfo> = "BPACCTINFO",
    }
}

impl AccountInfo {
    /// An account without services yet.
    #[must_use]
    pub fn new(description: Option<&str>) -> Self {
        Self { description: description.map(str::to_owned), phone: None, bank: None, card: None, bill_pay: None }
    }

    /// The account to pay bills from, when it may.
    #[must_use]
    pub fn pays_bills(&self) -> Option<&BankAccount> {
        self.bill_pay.as_ref().filter(|service| service.status == ServiceStatus::Active).map(|service| &service.account)
    }
}

aggregate! {
    /// `ACCTINFOTRNRQ`: asks for the account list.
    #[doc(alias = "ACCTINFOTRNRQ")]
    pub struct AccountInfoTransaction {
        /// `TRNUID`.
        trn_uid: TrnUid = "TRNUID",
        /// `ACCTINFORQ`.
        request: AccountInfoRequest = "ACCTINFORQ",
    }
}

impl AccountInfoTransaction {
    /// Asks for the list unless it is still that of `known`.
    #[must_use]
    pub fn new(trn_uid: TrnUid, known: Stamp) -> Self {
        Self { trn_uid, request: AccountInfoRequest { updated: known } }
    }
}

aggregate! {
    /// `ACCTINFORQ`.
    #[doc(alias = "ACCTINFORQ")]
    pub struct AccountInfoRequest {
        /// `DTACCTUP` of the list that is known.
        updated: Stamp = "DTACCTUP",
    }
}

aggregate! {
    /// `ACCTINFOTRNRS`.
    #[doc(alias = "ACCTINFOTRNRS")]
    pub struct AccountInfoTransactionResponse {
        /// `TRNUID`.
        trn_uid: TrnUid = "TRNUID",
        /// `STATUS`.
        status: Status = "STATUS",
        /// `ACCTINFORS`; absent when the list is up to date or the request was refused.
        response: Option<AccountInfoResponse> = "ACCTINFORS",
    }
}

impl AccountInfoTransactionResponse {
    /// An answer.
    #[must_use]
    pub fn new(trn_uid: TrnUid, status: Status, response: Option<AccountInfoResponse>) -> Self {
        Self { trn_uid, status, response }
    }
}

aggregate! {
    /// `ACCTINFORS`: the whole list, never a difference.
    #[doc(alias = "ACCTINFORS")]
    pub struct AccountInfoResponse {
        /// `DTACCTUP`: to be sent with the next request.
        updated: Option<Stamp> = "DTACCTUP",
        /// `ACCTINFO`, one for each account.
        accounts: Vec<AccountInfo> = "ACCTINFO",
    }
}

impl AccountInfoResponse {
    /// A list as of `updated`.
    #[must_use]
    pub fn new(updated: Stamp, accounts: Vec<AccountInfo>) -> Self {
        Self { updated: Some(updated), accounts }
    }
}
