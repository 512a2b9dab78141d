//! The account list. OFX 1.0.3 §8.5, OFX 2.3 §8.5.

use zeroize::Zeroize as _;

use crate::ofx::aggregate::{aggregate, words};
use crate::ofx::value::only;
use crate::ofx::{
    Amount, BankAccount, CardAccount, Content, DecodeError, Element, InvestmentAccount, LoanAccount, LoanType,
    Member as _, PresentmentAccount, Problem, Sink, Stamp, Version,
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

/// `ACCTINFO`: one real account with the services it has.
#[doc(alias = "ACCTINFO")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountInfo {
    /// `NAME`, up to 32 characters; 2.2 up.
    pub name: Option<String>,
    /// `DESC`, up to 80 characters.
    pub description: Option<String>,
    /// `PHONE`.
    pub phone: Option<String>,
    /// `BANKACCTINFO`.
    pub bank: Option<BankAccountInfo>,
    /// `CCACCTINFO`.
    pub card: Option<CardAccountInfo>,
    /// `BPACCTINFO`.
    pub bill_pay: Option<BillPayAccountInfo>,
    /// `INVACCTINFO`.
    pub investment: Option<InvestmentAccountInfo>,
    /// `LOANACCTINFO`; 2.1 up.
    pub loan: Option<LoanAccountInfo>,
    /// `PRESACCTINFO`; 1.5.1 up.
    pub presentment: Option<PresentmentAccountInfo>,
    /// Why some of it cannot be read, which hides neither the rest nor the other accounts. Not stored with the list: look at it when the
    /// list comes.
    pub unreadable: Vec<DecodeError>,
}

impl Content for AccountInfo {
    /// A service of which something required cannot be read is left out; of what is not required only that itself.
    fn read(element: &Element) -> Result<Self, DecodeError> {
        let mut unreadable = Vec::new();
        let errors = &mut unreadable;
        Ok(Self {
            name: readable(element, "NAME", errors),
            description: readable(element, "DESC", errors),
            phone: readable(element, "PHONE", errors),
            bank: readable(element, "BANKACCTINFO", errors),
            card: readable(element, "CCACCTINFO", errors),
            bill_pay: readable(element, "BPACCTINFO", errors),
            investment: readable(element, "INVACCTINFO", errors),
            loan: readable(element, "LOANACCTINFO", errors),
            presentment: readable(element, "PRESACCTINFO", errors),
            unreadable,
        })
    }

    fn write_to(&self, tag: &'static str, version: Version, out: &mut dyn Sink) {
        out.aggregate(tag, |out| {
            self.name.put("NAME", version, out);
            self.description.put("DESC", version, out);
            self.phone.put("PHONE", version, out);
            self.bank.put("BANKACCTINFO", version, out);
            self.card.put("CCACCTINFO", version, out);
            self.bill_pay.put("BPACCTINFO", version, out);
            self.investment.put("INVACCTINFO", version, out);
            self.loan.put("LOANACCTINFO", version, out);
            self.presentment.put("PRESACCTINFO", version, out);
        });
    }
}

/// What `parent` holds under `tag`, without those members of it that cannot be read and need not be there.
fn readable<T: Content>(parent: &Element, tag: &'static str, errors: &mut Vec<DecodeError>) -> Option<T> {
    let mut keep = |error: DecodeError| errors.push(error.within("ACCTINFO"));
    let mut found = only(parent, tag).map_err(&mut keep).ok().flatten()?.clone();
    let mut left_out = None;
    loop {
        let error = match T::read(&found) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        // That it is required is all that this says of a member that was left out.
        if matches!(error.problem(), Problem::Missing(missing) if left_out.as_deref() == Some(*missing)) {
            return None;
        }
        left_out = match (error.first_tag(), error.problem()) {
            (None, Problem::Repeated(member)) => Some((*member).to_owned()),
            (member, _) => member.map(str::to_owned),
        };
        let others = found.children().iter().filter(|child| left_out.as_deref() != Some(child.tag()));
        let bare = Element::aggregate(tag, others.cloned().collect());
        keep(error.within(tag));
        if bare.children().len() == found.children().len() {
            return None;
        }
        found = bare;
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
            unreadable: Vec::new(),
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
