//! Asking for services on accounts. OFX 1.0.3 §8.6, OFX 2.3 §8.6.

use crate::ofx::aggregate::{aggregate, words};
use crate::ofx::check::limit;
use crate::ofx::{
    BankAccount, CardAccount, Content as _, DecodeError, Element, EncodeError, InvestmentAccount, Member,
    PresentmentAccount, Problem, ServiceStatus, Sink, Version,
};

words! {
    /// `SVC`: a service that an account can have.
    pub enum Service {
        /// Statements and transfers.
        Banking = "BANKSVC",
        /// Paying bills.
        BillPay = "BPSVC",
        /// Investment statements.
        Investment = "INVSVC",
        /// Presentment of bills; 2.0 up.
        Presentment = "PRESSVC",
    }
}

/// An account of any kind: the `...ACCTFROM` and `...ACCTTO` that may stand in one place. No grammar lets a loan stand there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccountRef {
    /// `BANKACCTFROM` or `BANKACCTTO`.
    Bank(BankAccount),
    /// `CCACCTFROM` or `CCACCTTO`.
    Card(CardAccount),
    /// `INVACCTFROM` or `INVACCTTO`.
    Investment(InvestmentAccount),
    /// `PRESACCTFROM` or `PRESACCTTO`; not in 1.0.2 and 1.0.3.
    Presentment(Box<PresentmentAccount>),
}

impl From<BankAccount> for AccountRef {
    fn from(account: BankAccount) -> Self {
        Self::Bank(account)
    }
}

impl From<CardAccount> for AccountRef {
    fn from(account: CardAccount) -> Self {
        Self::Card(account)
    }
}

impl From<InvestmentAccount> for AccountRef {
    fn from(account: InvestmentAccount) -> Self {
        Self::Investment(account)
    }
}

impl From<PresentmentAccount> for AccountRef {
    fn from(account: PresentmentAccount) -> Self {
        Self::Presentment(Box::new(account))
    }
}

/// The tags of each kind for one end, `FROM` or `TO`.
fn tags(end: &'static str) -> [&'static str; 4] {
    if end == "TO" {
        ["BANKACCTTO", "CCACCTTO", "INVACCTTO", "PRESACCTTO"]
    } else {
        ["BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "PRESACCTFROM"]
    }
}

impl Member for Option<AccountRef> {
    /// The tag is `FROM` or `TO`.
    fn take(parent: &Element, end: &'static str) -> Result<Self, DecodeError> {
        let [bank, card, investment, presentment] = tags(end);
        if let Some(account) = Member::take(parent, bank)? {
            return Ok(Some(AccountRef::Bank(account)));
        }
        if let Some(account) = Member::take(parent, card)? {
            return Ok(Some(AccountRef::Card(account)));
        }
        if let Some(account) = Member::take(parent, investment)? {
            return Ok(Some(AccountRef::Investment(account)));
        }
        let account: Option<PresentmentAccount> = Member::take(parent, presentment)?;
        Ok(account.map(AccountRef::from))
    }

    fn put(&self, end: &'static str, version: Version, out: &mut dyn Sink) {
        if let Some(account) = self {
            account.write_end(end, version, out);
        }
    }
}

impl AccountRef {
    /// Refuses what no institution could accept, naming the element, and what `version` cannot say.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        match self {
            Self::Bank(account) => account.check(),
            Self::Card(account) => account.check(),
            Self::Investment(account) => account.check(),
            Self::Presentment(account) => account.check(version),
        }
    }

    /// What must be there at the end `FROM` or `TO`.
    fn take_end(parent: &Element, end: &'static str) -> Result<Self, DecodeError> {
        let [bank, ..] = tags(end);
        let missing = || DecodeError::new(Problem::Missing(bank), parent.offset());
        <Option<Self> as Member>::take(parent, end)?.ok_or_else(missing)
    }

    fn write_end(&self, end: &'static str, version: Version, out: &mut dyn Sink) {
        let [bank, card, investment, presentment] = tags(end);
        match self {
            Self::Bank(account) => account.write_to(bank, version, out),
            Self::Card(account) => account.write_to(card, version, out),
            Self::Investment(account) => account.write_to(investment, version, out),
            Self::Presentment(account) => account.write_to(presentment, version, out),
        }
    }
}

/// What is to be done with a service: `SVCADD`, `SVCCHG` or `SVCDEL`, exactly one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceChange {
    /// `SVCADD`: the account gets the service.
    Add(AccountRef),
    /// `SVCCHG`: the service goes over from an account to the one it has become. Tokens stay good.
    Change {
        /// The account as it was.
        from: AccountRef,
        /// The account as it is now.
        to: AccountRef,
    },
    /// `SVCDEL`: the account loses the service.
    Remove(AccountRef),
}

impl Member for ServiceChange {
    fn take(parent: &Element, _: &'static str) -> Result<Self, DecodeError> {
        if let Some(add) = parent.child("SVCADD") {
            return AccountRef::take_end(add, "TO").map(Self::Add).map_err(|error| error.within("SVCADD"));
        }
        if let Some(change) = parent.child("SVCCHG") {
            let both = AccountRef::take_end(change, "FROM")
                .and_then(|from| AccountRef::take_end(change, "TO").map(|to| Self::Change { from, to }));
            return both.map_err(|error| error.within("SVCCHG"));
        }
        let remove =
            parent.child("SVCDEL").ok_or_else(|| DecodeError::new(Problem::Missing("SVCADD"), parent.offset()))?;
        AccountRef::take_end(remove, "FROM").map(Self::Remove).map_err(|error| error.within("SVCDEL"))
    }

    fn put(&self, _: &'static str, version: Version, out: &mut dyn Sink) {
        match self {
            Self::Add(to) => out.aggregate("SVCADD", |out| to.write_end("TO", version, out)),
            Self::Change { from, to } => out.aggregate("SVCCHG", |out| {
                from.write_end("FROM", version, out);
                to.write_end("TO", version, out);
            }),
            Self::Remove(from) => out.aggregate("SVCDEL", |out| from.write_end("FROM", version, out)),
        }
    }
}

aggregate! {
    /// `ACCTRQ`: asks for a service to be added, changed or removed. One service for each request.
    #[doc(alias = "ACCTRQ")]
    pub struct ServiceRequest {
        /// `SVCADD`, `SVCCHG` or `SVCDEL`.
        change: ServiceChange = "SVCADD",
        /// `SVC`.
        service: Service = "SVC",
    }
}

impl ServiceRequest {
    /// Asks for `change` to be made to `service`.
    #[must_use]
    pub fn new(change: ServiceChange, service: Service) -> Self {
        Self { change, service }
    }

    /// Refuses what no institution could accept, naming the element, and what `version` cannot say.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("ACCTRQ", version)?;
        match &self.change {
            ServiceChange::Add(account) | ServiceChange::Remove(account) => account.check(version)?,
            ServiceChange::Change { from, to } => {
                from.check(version)?;
                to.check(version)?;
            }
        }
        if self.service == Service::Presentment && !version.since_200() {
            let what = "presentment of bills as a service (PRESSVC)";
            return Err(EncodeError::Version { what, version, would_do: "200 or newer" });
        }
        limit("SVC", self.service.as_str(), 32)
    }
}

aggregate! {
    /// `ACCTRS`: what became of a service.
    #[doc(alias = "ACCTRS")]
    pub struct ServiceResponse {
        /// `SVCADD`, `SVCCHG` or `SVCDEL`.
        change: ServiceChange = "SVCADD",
        /// `SVC`.
        service: Service = "SVC" or "SVC2",
        /// `SVCSTATUS`.
        status: ServiceStatus = "SVCSTATUS" or "SVCSTATUS2",
    }
}

impl ServiceResponse {
    /// What became of `service`.
    #[must_use]
    pub fn new(change: ServiceChange, service: Service, status: ServiceStatus) -> Self {
        Self { change, service, status }
    }
}
