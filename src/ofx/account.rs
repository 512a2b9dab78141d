//! Account identifiers. OFX 1.0.3 §11.3, OFX 2.3 §11.3.

use zeroize::Zeroize as _;

use crate::ofx::aggregate::{aggregate, setters, words};
use crate::ofx::as_read::{AsRead, Checked};
use crate::ofx::check::{self, limit, optional, server_id};
use crate::ofx::value::empty;
use crate::ofx::{DecodeError, EncodeError, Version};

words! {
    /// `ACCTTYPE`.
    pub enum AccountType {
        /// Checking account.
        Checking = "CHECKING",
        /// Savings account.
        Savings = "SAVINGS",
        /// Money market account.
        MoneyMarket = "MONEYMRKT",
        /// Line of credit.
        CreditLine = "CREDITLINE",
        /// Certificate of deposit; 2.x only.
        CertificateOfDeposit = "CD",
    }
}

aggregate! {
    /// `BANKACCTFROM` and `BANKACCTTO`: identifies an account at a bank.
    ///
    /// Identifiers are kept exactly as the institution sent them, blanks and dashes included. One that it has written itself goes back
    /// to it whatever its length; one that was made here is refused where it is longer than the specification lets it be. `BANKID` and
    /// `ACCTTYPE` are required, yet missing at some. Without `BANKID`, as it came, an account can be used; `ACCTTYPE` must be filled in.
    /// Where only an answer left the `BANKID` out, and the institution wants it, so must that be.
    #[doc(alias = "BANKACCTFROM")]
    #[doc(alias = "BANKACCTTO")]
    #[derive(Hash)]
    pub struct BankAccount remembering as_read {
        /// `BANKID`: routing and transit number in the US; up to 9 characters. Empty where an institution leaves it out, and left out then.
        bank_id: String = "BANKID" else empty unless is_empty,
        /// `BRANCHID`, where the country uses it; up to 22 characters.
        branch_id: Option<String> = "BRANCHID",
        /// `ACCTID`: up to 22 characters.
        account_id: String = "ACCTID",
        /// `ACCTTYPE`; an empty [`AccountType::Other`] where an institution leaves it out.
        account_type: AccountType = "ACCTTYPE" else untyped,
        /// `ACCTKEY`: checksum, where the country uses it.
        account_key: Option<String> = "ACCTKEY",
    }
}

impl BankAccount {
    /// An account without branch and key.
    #[must_use]
    pub fn new(bank_id: impl Into<String>, account_id: impl Into<String>, account_type: AccountType) -> Self {
        Self {
            bank_id: bank_id.into(),
            branch_id: None,
            account_id: account_id.into(),
            account_type,
            account_key: None,
            as_read: AsRead::default(),
        }
    }

    /// An account without `BANKID`, branch and key, for institutions that take it under no `BANKID`: the element is left out. (AqBanking
    /// has a switch for them.) An account of the [list](crate::ofx::AccountInfo) that has none needs no such call.
    ///
    /// It is another account than the one with a `BANKID`, also where the rest is the same.
    #[must_use]
    pub fn without_bank_id(account_id: impl Into<String>, account_type: AccountType) -> Self {
        let mut account = Self::new(String::new(), account_id, account_type);
        account.as_read = AsRead::without("BANKID");
        account
    }

    /// Refuses what no institution could accept and this one has not written, naming the element.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        self.as_read.check(self.texts())
    }

    fn texts(&self) -> [Checked; 5] {
        [
            Checked::or_none("BANKID", &self.bank_id, 9),
            Checked::text("ACCTID", Some(&self.account_id), 22),
            Checked::text("BRANCHID", self.branch_id.as_deref(), 22),
            Checked::text("ACCTTYPE", Some(self.account_type.as_str()), 32),
            Checked::text("ACCTKEY", self.account_key.as_deref(), 22),
        ]
    }
}

/// For an account whose type is left out: it is no word then, and refused where it would be sent.
fn untyped(error: DecodeError) -> Result<AccountType, DecodeError> {
    empty(error).map(AccountType::Other)
}

impl Drop for BankAccount {
    /// Wipes the account number.
    fn drop(&mut self) {
        self.account_id.zeroize();
        self.account_key.zeroize();
    }
}

aggregate! {
    /// `CCACCTFROM`: identifies a card account.
    #[doc(alias = "CCACCTFROM")]
    #[derive(Hash)]
    pub struct CardAccount {
        /// `ACCTID`: up to 22 characters.
        account_id: String = "ACCTID",
        /// `ACCTKEY`.
        account_key: Option<String> = "ACCTKEY",
    }
}

impl CardAccount {
    /// A card account without key.
    #[must_use]
    pub fn new(account_id: impl Into<String>) -> Self {
        Self { account_id: account_id.into(), account_key: None }
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        limit("ACCTID", &self.account_id, 22)?;
        optional("ACCTKEY", self.account_key.as_deref(), 22)
    }
}

impl Drop for CardAccount {
    /// Wipes the card number.
    fn drop(&mut self) {
        self.account_id.zeroize();
        self.account_key.zeroize();
    }
}

aggregate! {
    /// `INVACCTFROM` and `INVACCTTO`: identifies an account at a broker. OFX 1.0.3 §13.6.1, OFX 2.3 §13.6.1.
    #[doc(alias = "INVACCTFROM")]
    #[doc(alias = "INVACCTTO")]
    #[derive(Hash)]
    pub struct InvestmentAccount {
        /// `BROKERID`: the broker's domain name, up to 22 characters.
        broker_id: String = "BROKERID",
        /// `ACCTID`: up to 22 characters.
        account_id: String = "ACCTID",
    }
}

impl InvestmentAccount {
    /// An account at a broker.
    #[must_use]
    pub fn new(broker_id: impl Into<String>, account_id: impl Into<String>) -> Self {
        Self { broker_id: broker_id.into(), account_id: account_id.into() }
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        limit("BROKERID", &self.broker_id, 22)?;
        limit("ACCTID", &self.account_id, 22)
    }
}

impl Drop for InvestmentAccount {
    /// Wipes the account number.
    fn drop(&mut self) {
        self.account_id.zeroize();
    }
}

words! {
    /// `LOANACCTTYPE`: what a loan is for.
    pub enum LoanType {
        /// A car.
        Auto = "AUTO",
        /// Anything.
        Consumer = "CONSUMER",
        /// A house.
        Mortgage = "MORTGAGE",
        /// A business.
        Commercial = "COMMERCIAL",
        /// Studies.
        Student = "STUDENT",
        /// A soldier.
        Military = "MILITARY",
        /// A small business.
        SmallBusiness = "SMB",
        /// Building.
        Construction = "CONSTR",
        /// Anything, with a house as security.
        HomeEquity = "HOMEEQUITY",
    }
}

aggregate! {
    /// `LOANACCTFROM`: identifies a loan. 2.1 up.
    #[doc(alias = "LOANACCTFROM")]
    #[derive(Hash)]
    pub struct LoanAccount {
        /// `LOANACCTID`: up to 22 characters.
        account_id: String = "LOANACCTID",
        /// `LOANACCTTYPE`.
        kind: LoanType = "LOANACCTTYPE",
    }
}

impl Drop for LoanAccount {
    /// Wipes the account number.
    fn drop(&mut self) {
        self.account_id.zeroize();
    }
}

aggregate! {
    /// `PRESACCTFROM` and `PRESACCTTO`: identifies a customer's account at a biller who presents bills. 1.5.1 up.
    ///
    /// `PAYEEID` and `PAYEELSTID` have other names in 1.5.1 and 1.6, and are read under these, too.
    #[doc(alias = "PRESACCTFROM")]
    #[doc(alias = "PRESACCTTO")]
    #[derive(Hash)]
    pub struct PresentmentAccount {
        /// `BILLPUB`: who presents the bills, up to 32 characters.
        publisher: String = "BILLPUB",
        /// `BILLERID`: up to 32 characters.
        biller_id: String = "BILLERID",
        /// `BILLERNAME`: up to 32 characters.
        biller_name: Option<String> = "BILLERNAME",
        /// `ACCTID`: up to 22 characters.
        account_id: String = "ACCTID",
        /// `PRESNAMEADDRESS`: whose account it is.
        holder: Option<PresentmentHolder> = "PRESNAMEADDRESS",
        /// `USERID`: up to 32 characters.
        user_id: Option<String> = "USERID",
        /// `SPNAME`: the service provider whose payee it is, up to 32 characters; only with one of the two ids.
        provider: Option<String> = "SPNAME",
        /// `PAYEEID`: up to 36 characters.
        payee_id: Option<String> = "PAYEEID" or "PAYEEID2",
        /// `PAYEELSTID`: up to 36 characters.
        payee_list_id: Option<String> = "PAYEELSTID" or "PAYEELSTID2",
    }
}

impl PresentmentAccount {
    /// An account at a biller, with what is required.
    #[must_use]
    pub fn new(publisher: impl Into<String>, biller_id: impl Into<String>, account_id: impl Into<String>) -> Self {
        Self {
            publisher: publisher.into(),
            biller_id: biller_id.into(),
            biller_name: None,
            account_id: account_id.into(),
            holder: None,
            user_id: None,
            provider: None,
            payee_id: None,
            payee_list_id: None,
        }
    }

    /// Refuses what no institution could accept, naming the element, and what `version` cannot say.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        if !version.knows_presentment() {
            let what = "an account at a biller (PRESACCTFROM)";
            return Err(EncodeError::Version { what, version, would_do: "151, 160, 200 or newer" });
        }
        limit("BILLPUB", &self.publisher, 32)?;
        limit("BILLERID", &self.biller_id, 32)?;
        optional("BILLERNAME", self.biller_name.as_deref(), 32)?;
        limit("ACCTID", &self.account_id, 22)?;
        self.holder.as_ref().map_or(Ok(()), PresentmentHolder::check)?;
        optional("USERID", self.user_id.as_deref(), 32)?;
        optional("SPNAME", self.provider.as_deref(), 32)?;
        self.payee_id.as_deref().map_or(Ok(()), |id| server_id("PAYEEID", id))?;
        self.payee_list_id.as_deref().map_or(Ok(()), |id| server_id("PAYEELSTID", id))?;
        let has_id = self.payee_id.is_some() || self.payee_list_id.is_some();
        if has_id && !version.since_200() {
            let what = "an account at a biller with PAYEEID or PAYEELSTID";
            return Err(EncodeError::Version { what, version, would_do: "200 or newer" });
        }
        if self.provider.is_some() && !has_id {
            return Err(EncodeError::Invalid { tag: "SPNAME", expected: "needs PAYEEID or PAYEELSTID" });
        }
        Ok(())
    }
}

setters! {
    PresentmentAccount {
        /// Sets the biller's name.
        biller_name: String,
        /// Sets whose account it is.
        holder: PresentmentHolder,
        /// Sets the user id.
        user_id: String,
        /// Sets the service provider whose payee it is; only with one of the two ids.
        provider: String,
        /// Sets the payee's id.
        payee_id: String,
        /// Sets the payee's entry in the user's list.
        payee_list_id: String,
    }
}

impl Drop for PresentmentAccount {
    /// Wipes the account number.
    fn drop(&mut self) {
        self.account_id.zeroize();
    }
}

aggregate! {
    /// `PRESNAMEADDRESS`: name and address that a biller knows an account under. 1.5.1 up.
    #[doc(alias = "PRESNAMEADDRESS")]
    #[derive(Default, Hash)]
    pub struct PresentmentHolder {
        /// `NAMEACCTHELD`: a person's name, up to 96 characters.
        name: Option<String> = "NAMEACCTHELD",
        /// `BUSNAMEACCTHELD`: a business's name, up to 96 characters.
        business_name: Option<String> = "BUSNAMEACCTHELD",
        /// `ADDR1`, up to 32 characters.
        address1: Option<String> = "ADDR1",
        /// `ADDR2`, up to 32 characters.
        address2: Option<String> = "ADDR2",
        /// `ADDR3`, up to 32 characters.
        address3: Option<String> = "ADDR3",
        /// `CITY`, up to 32 characters.
        city: Option<String> = "CITY",
        /// `STATE`, up to 5 characters.
        state: Option<String> = "STATE",
        /// `POSTALCODE`, up to 11 characters.
        postal_code: Option<String> = "POSTALCODE",
        /// `COUNTRY`, ISO 3166 with three letters.
        country: Option<String> = "COUNTRY",
        /// `DAYPHONE`, up to 32 characters.
        day_phone: Option<String> = "DAYPHONE",
        /// `EVEPHONE`, up to 32 characters.
        evening_phone: Option<String> = "EVEPHONE",
    }
}

impl PresentmentHolder {
    fn check(&self) -> Result<(), EncodeError> {
        let texts = [
            ("NAMEACCTHELD", &self.name, 96),
            ("BUSNAMEACCTHELD", &self.business_name, 96),
            ("ADDR1", &self.address1, 32),
            ("ADDR2", &self.address2, 32),
            ("ADDR3", &self.address3, 32),
            ("CITY", &self.city, 32),
            ("STATE", &self.state, 5),
            ("POSTALCODE", &self.postal_code, 11),
            ("DAYPHONE", &self.day_phone, 32),
            ("EVEPHONE", &self.evening_phone, 32),
        ];
        texts.into_iter().try_for_each(|(tag, text, most)| optional(tag, text.as_deref(), most))?;
        check::country(self.country.as_deref())?;
        if *self == Self::default() {
            return Err(EncodeError::Empty("PRESNAMEADDRESS"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_types_are_read_whatever_the_case_of_their_letters() {
        for word in ["CHECKING", "Checking", "checking"] {
            assert_eq!(AccountType::from_word(word), AccountType::Checking);
        }
        assert_eq!(AccountType::from_word("cd").as_str(), "CD");
        assert_eq!(AccountType::from_word("Giro"), AccountType::Other("Giro".to_owned()));
    }
}
