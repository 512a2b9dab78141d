//! Account identifiers. OFX 1.0.3 §11.3, OFX 2.3 §11.3.

use zeroize::Zeroize as _;

use crate::ofx::aggregate::{aggregate, words};

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
    /// Identifiers are kept exactly as the institution sent them, blanks and dashes included.
    #[doc(alias = "BANKACCTFROM")]
    #[doc(alias = "BANKACCTTO")]
    #[derive(Hash)]
    pub struct BankAccount {
        /// `BANKID`: routing and transit number in the US; up to 9 characters.
        bank_id: String = "BANKID",
        /// `BRANCHID`, where the country uses it; up to 22 characters.
        branch_id: Option<String> = "BRANCHID",
        /// `ACCTID`: up to 22 characters.
        account_id: String = "ACCTID",
        /// `ACCTTYPE`.
        account_type: AccountType = "ACCTTYPE",
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
        }
    }
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
        /// `PAYEEID`: up to 12 characters.
        payee_id: Option<String> = "PAYEEID" or "PAYEEID2",
        /// `PAYEELSTID`: up to 12 characters.
        payee_list_id: Option<String> = "PAYEELSTID" or "PAYEELSTID2",
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
