//! The account list. OFX 1.0.3 §8.5, OFX 2.3 §8.5.

use zeroize::Zeroize as _;

use crate::ofx::aggregate::{aggregate, words};
use crate::ofx::{
    Amount, BankAccount, CardAccount, InvestmentAccount, LoanAccount, LoanType, PresentmentAccount, Stamp,
};

words! {
    /// `SVCSTATUS`: whether a service can be used with an account.
    pub enum ServiceStatus {
        /// Could be activated.
        Available = "AVAIL",
        /// Activation was asked for.
        Pending = "PEND",
        /// In use.
        Active = "ACTIVE",
        /// Activation was refused; presentment of bills only.
        Rejected = "REJECTED",
    }
}

words! {
    /// `ACCTCLASSIFICATION`: whose kind of account it is. 2.2 up.
    pub enum Classification {
        /// A person's.
        Personal = "PERSONAL",
        /// A small business's.
        Business = "BUSINESS",
        /// A corporation's.
        Corporate = "CORPORATE",
        /// Something else.
        Another = "OTHER",
    }
}

aggregate! {
    /// `OTHERACCTINFO`: the number that an account has elsewhere. 2.2.1 up.
    #[doc(alias = "OTHERACCTINFO")]
    pub struct OtherAccount {
        /// `BANKID`.
        bank_id: Option<String> = "BANKID",
        /// `ACCTID`.
        account_id: String = "ACCTID",
        /// `ACCTUSAGE`: what it is used for.
        usage: Option<String> = "ACCTUSAGE",
    }
}

impl Drop for OtherAccount {
    /// Wipes the account number.
    fn drop(&mut self) {
        self.account_id.zeroize();
    }
}

aggregate! {
    /// `BANKACCTINFO`: what a bank account can do.
    #[doc(alias = "BANKACCTINFO")]
    pub struct BankAccountInfo {
        /// `BANKACCTFROM`.
        account: BankAccount = "BANKACCTFROM",
        /// `OTHERACCTINFO`; 2.2.1 up.
        other: Option<OtherAccount> = "OTHERACCTINFO",
        /// `SUPTXDL`: transactions can be downloaded, not only balances.
        downloads: Option<bool> = "SUPTXDL",
        /// `XFERSRC`: transfers may start here.
        transfer_source: Option<bool> = "XFERSRC",
        /// `XFERDEST`: transfers may end here.
        transfer_destination: Option<bool> = "XFERDEST",
        /// `LOANACCTTYPE`: the kind of loan that a line of credit is; 2.2 up.
        loan_type: Option<LoanType> = "LOANACCTTYPE",
        /// `MATURITYDATE` of a certificate of deposit; 2.2 up.
        maturity_date: Option<Stamp> = "MATURITYDATE",
        /// `MATURITYAMT`: what it will be worth then; 2.2 up.
        maturity_amount: Option<Amount> = "MATURITYAMT",
        /// `MINBALREQ`: the least that must stay in it; 2.2 up.
        minimum_balance: Option<Amount> = "MINBALREQ",
        /// `ACCTCLASSIFICATION`; 2.2 up.
        classification: Option<Classification> = "ACCTCLASSIFICATION",
        /// `OVERDRAFTLIMIT`; 2.2 up.
        overdraft_limit: Option<Amount> = "OVERDRAFTLIMIT",
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
            other: None,
            downloads: Some(true),
            transfer_source: Some(true),
            transfer_destination: Some(true),
            loan_type: None,
            maturity_date: None,
            maturity_amount: None,
            minimum_balance: None,
            classification: None,
            overdraft_limit: None,
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
        /// `OTHERACCTINFO`; 2.2.1 up.
        other: Option<OtherAccount> = "OTHERACCTINFO",
        /// `PARENTACCTID`: the account that this card belongs to; 2.2.1 up.
        parent: Option<String> = "PARENTACCTID",
        /// `SUPTXDL`: transactions can be downloaded, not only balances.
        downloads: Option<bool> = "SUPTXDL",
        /// `XFERSRC`: transfers may start here.
        transfer_source: Option<bool> = "XFERSRC",
        /// `XFERDEST`: transfers may end here.
        transfer_destination: Option<bool> = "XFERDEST",
        /// `ACCTCLASSIFICATION`; 2.2 up.
        classification: Option<Classification> = "ACCTCLASSIFICATION",
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
            other: None,
            parent: None,
            downloads: Some(true),
            transfer_source: Some(false),
            transfer_destination: Some(false),
            classification: None,
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
        /// `OTHERACCTINFO`; 2.2.1 up.
        other: Option<OtherAccount> = "OTHERACCTINFO",
        /// `SVCSTATUS`.
        status: ServiceStatus = "SVCSTATUS",
    }
}

impl BillPayAccountInfo {
    /// An account that bills can be paid from.
    #[must_use]
    pub fn active(account: BankAccount) -> Self {
        Self { account, other: None, status: ServiceStatus::Active }
    }
}

words! {
    /// `USPRODUCTTYPE`: the kind of an investment account by US tax law.
    pub enum InvestmentProduct {
        /// 401(k).
        Plan401k = "401K",
        /// 403(b).
        Plan403b = "403B",
        /// Individual retirement account.
        Ira = "IRA",
        /// Keogh plan.
        Keogh = "KEOGH",
        /// Something else.
        Another = "OTHER",
        /// Salary reduction simplified employee pension.
        Sarsep = "SARSEP",
        /// Simple plan.
        Simple = "SIMPLE",
        /// No special kind.
        Normal = "NORMAL",
        /// Tax deferred annuity.
        Tda = "TDA",
        /// Trust.
        Trust = "TRUST",
        /// Account in favour of a minor.
        Ugma = "UGMA",
    }
}

aggregate! {
    /// `INVACCTINFO`: what an investment account can do. What is required is missing at some, which spoils no list.
    #[doc(alias = "INVACCTINFO")]
    pub struct InvestmentAccountInfo {
        /// `INVACCTFROM`.
        account: InvestmentAccount = "INVACCTFROM",
        /// `USPRODUCTTYPE`.
        product: Option<InvestmentProduct> = "USPRODUCTTYPE",
        /// `CHECKING`: cheques can be written.
        checking: Option<bool> = "CHECKING",
        /// `SVCSTATUS`.
        status: Option<ServiceStatus> = "SVCSTATUS" or "SVCSTATUS2",
        /// `INVACCTTYPE`: `INDIVIDUAL`, `JOINT`, `TRUST` or `CORPORATE`.
        kind: Option<String> = "INVACCTTYPE",
        /// `OPTIONLEVEL`: which trades in options are allowed, up to 40 characters.
        option_level: Option<String> = "OPTIONLEVEL",
    }
}

aggregate! {
    /// `LOANACCTINFO`: what a loan can do; its terms are not read. 2.1 up.
    #[doc(alias = "LOANACCTINFO")]
    pub struct LoanAccountInfo {
        /// `LOANACCTFROM`.
        account: LoanAccount = "LOANACCTFROM",
        /// `SUPTXDL`: transactions can be downloaded, not only balances.
        downloads: Option<bool> = "SUPTXDL",
        /// `XFERSRC`: transfers may start here.
        transfer_source: Option<bool> = "XFERSRC",
        /// `XFERDEST`: transfers may end here.
        transfer_destination: Option<bool> = "XFERDEST",
        /// `ACCTCLASSIFICATION`; 2.2 up.
        classification: Option<Classification> = "ACCTCLASSIFICATION",
        /// `SVCSTATUS`.
        status: Option<ServiceStatus> = "SVCSTATUS",
    }
}

aggregate! {
    /// `PRESACCTINFO`: whether bills of this account are presented. 1.5.1 up.
    #[doc(alias = "PRESACCTINFO")]
    pub struct PresentmentAccountInfo {
        /// `PRESACCTFROM`.
        account: PresentmentAccount = "PRESACCTFROM",
        /// `SVCSTATUS`.
        status: Option<ServiceStatus> = "SVCSTATUS" or "SVCSTATUS2",
        /// `REASON`: why it was refused, up to 255 characters.
        reason: Option<String> = "REASON",
    }
}

aggregate! {
    /// `ACCTINFO`: one real account with the services it has.
    #[doc(alias = "ACCTINFO")]
    pub struct AccountInfo {
        /// `NAME`, up to 32 characters; 2.2 up.
        name: Option<String> = "NAME",
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
        /// `INVACCTINFO`.
        investment: Option<InvestmentAccountInfo> = "INVACCTINFO",
        /// `LOANACCTINFO`; 2.1 up.
        loan: Option<LoanAccountInfo> = "LOANACCTINFO",
        /// `PRESACCTINFO`; 1.5.1 up.
        presentment: Option<PresentmentAccountInfo> = "PRESACCTINFO",
    }
}

impl AccountInfo {
    /// An account without services yet.
    #[must_use]
    pub fn new(description: Option<&str>) -> Self {
        Self {
            name: None,
            description: description.map(str::to_owned),
            phone: None,
            bank: None,
            card: None,
            bill_pay: None,
            investment: None,
            loan: None,
            presentment: None,
        }
    }

    /// The account to pay bills from, when it may.
    #[must_use]
    pub fn pays_bills(&self) -> Option<&BankAccount> {
        self.bill_pay.as_ref().filter(|service| service.status == ServiceStatus::Active).map(|service| &service.account)
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
