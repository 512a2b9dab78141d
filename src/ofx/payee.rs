//! The user's list of payees. OFX 1.0.3 §12.9, OFX 2.3 §12.9.

use zeroize::Zeroize as _;

use crate::ofx::aggregate::aggregate;
use crate::ofx::{BankAccount, ExtendedPayee, Payee, PayeeRef};

aggregate! {
    /// `PAYEERQ`: asks for a payee to be added to the list. A payment adds its payee by itself.
    #[doc(alias = "PAYEERQ")]
    pub struct PayeeAddition {
        /// `PAYEE` or `PAYEEID`.
        payee: PayeeRef = "PAYEE",
        /// `BANKACCTTO`: the payee is paid by transfer to this account, and is given by name and address then.
        to: Option<BankAccount> = "BANKACCTTO",
        /// `PAYACCT`: the user's account numbers at the payee, up to 32 characters each.
        pay_accounts: Vec<String> = "PAYACCT",
    }
}

impl Drop for PayeeAddition {
    /// Wipes the user's account numbers at the payee.
    fn drop(&mut self) {
        self.pay_accounts.zeroize();
    }
}

aggregate! {
    /// `PAYEERS`: an entry of the list.
    #[doc(alias = "PAYEERS")]
    pub struct ListedPayee {
        /// `PAYEELSTID`: names the entry from now on.
        list_id: String = "PAYEELSTID",
        /// `PAYEE`; missing for a standard payee, of whom there is only `EXTDPAYEE`.
        payee: Option<Payee> = "PAYEE",
        /// `BANKACCTTO`: the payee is paid by transfer to this account.
        to: Option<BankAccount> = "BANKACCTTO",
        /// `EXTDPAYEE`: what the institution knows of the payee.
        extended: Option<ExtendedPayee> = "EXTDPAYEE",
        /// `PAYACCT`: the user's account numbers at the payee.
        pay_accounts: Vec<String> = "PAYACCT",
    }
}

impl Drop for ListedPayee {
    /// Wipes the user's account numbers at the payee.
    fn drop(&mut self) {
        self.pay_accounts.zeroize();
    }
}

aggregate! {
    /// `PAYEEMODRQ`: asks for an entry to be changed. Payments that are pending stay as they are.
    #[doc(alias = "PAYEEMODRQ")]
    pub struct PayeeModification {
        /// `PAYEELSTID` of the entry, up to 12 characters.
        list_id: String = "PAYEELSTID",
        /// `PAYEE`, complete; left out for a standard payee.
        payee: Option<Payee> = "PAYEE",
        /// `BANKACCTTO`: the payee is paid by transfer to this account; only with `PAYEE`.
        to: Option<BankAccount> = "BANKACCTTO",
        /// `PAYACCT`: all of the user's account numbers at the payee. One that is left out may be taken off the entry.
        pay_accounts: Vec<String> = "PAYACCT",
    }
}

impl Drop for PayeeModification {
    /// Wipes the user's account numbers at the payee.
    fn drop(&mut self) {
        self.pay_accounts.zeroize();
    }
}

aggregate! {
    /// `PAYEEMODRS`: an entry was changed, by the user or because the institution found out who the payee is.
    #[doc(alias = "PAYEEMODRS")]
    pub struct ModifiedPayee {
        /// `PAYEELSTID`.
        list_id: String = "PAYEELSTID",
        /// `PAYEE`; missing for a standard payee.
        payee: Option<Payee> = "PAYEE",
        /// `BANKACCTTO`: the payee is paid by transfer to this account.
        to: Option<BankAccount> = "BANKACCTTO",
        /// `PAYACCT`: the user's account numbers at the payee.
        pay_accounts: Vec<String> = "PAYACCT",
        /// `EXTDPAYEE`: what the institution knows of the payee; behind the account numbers here.
        extended: Option<ExtendedPayee> = "EXTDPAYEE",
    }
}

impl Drop for ModifiedPayee {
    /// Wipes the user's account numbers at the payee.
    fn drop(&mut self) {
        self.pay_accounts.zeroize();
    }
}

aggregate! {
    /// `PAYEEDELRQ`: asks for an entry to be taken off the list. Payments that are pending are made all the same.
    #[doc(alias = "PAYEEDELRQ")]
    pub struct PayeeDeletion {
        /// `PAYEELSTID` of the entry, up to 12 characters.
        list_id: String = "PAYEELSTID",
    }
}

aggregate! {
    /// `PAYEEDELRS`: an entry was taken off the list.
    #[doc(alias = "PAYEEDELRS")]
    pub struct DeletedPayee {
        /// `PAYEELSTID`.
        list_id: String = "PAYEELSTID",
    }
}
