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
