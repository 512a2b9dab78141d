//! Payees, and the user's list of them. OFX 1.0.3 §12.5.2 and §12.9, OFX 2.3 §12.5.2 and §12.9.

use zeroize::Zeroize as _;

use crate::ofx::aggregate::{aggregate, setters};
use crate::ofx::as_read::{AsRead, Checked};
use crate::ofx::check::{self, limit, server_id, transfer};
use crate::ofx::value::{empty, only};
use crate::ofx::{
    BankAccount, Content as _, DecodeError, Element, EncodeError, ExtendedPayee, Member, Problem, Sink, Version,
};

aggregate! {
    /// `PAYEE`: name and address of who is paid.
    ///
    /// What an institution has written itself goes back to it whatever its length, and with its own code of a country: the name of a
    /// payment's payee must not change. City, state, postal code and phone are required, yet missing at some, as where a web page has made
    /// the payee: what is missing is empty, and must be filled in before it is sent.
    #[doc(alias = "PAYEE")]
    pub struct Payee remembering as_read {
        /// `NAME`, up to 32 characters.
        name: String = "NAME",
        /// `ADDR1`, up to 32 characters.
        address1: String = "ADDR1",
        /// `ADDR2`, up to 32 characters.
        address2: Option<String> = "ADDR2",
        /// `ADDR3`, up to 32 characters; only with the second line.
        address3: Option<String> = "ADDR3",
        /// `CITY`, up to 32 characters.
        city: String = "CITY" else empty,
        /// `STATE`, up to 5 characters.
        state: String = "STATE" else empty,
        /// `POSTALCODE`, up to 11 characters.
        postal_code: String = "POSTALCODE" else empty,
        /// `COUNTRY`, ISO 3166 with three letters.
        country: Option<String> = "COUNTRY",
        /// `PHONE`, up to 32 characters; required.
        phone: String = "PHONE" else empty,
    }
}

impl Payee {
    /// A payee with what is required.
    #[must_use]
    pub fn new(name: &str, address: &str, city: &str, state: &str, postal_code: &str, phone: &str) -> Self {
        Self {
            name: name.to_owned(),
            address1: address.to_owned(),
            address2: None,
            address3: None,
            city: city.to_owned(),
            state: state.to_owned(),
            postal_code: postal_code.to_owned(),
            country: None,
            phone: phone.to_owned(),
            as_read: AsRead::default(),
        }
    }

    /// Reads the text of a `PAYEE` aggregate, of either syntax, such as [`to_aggregate`](Self::to_aggregate) writes. What stands in it counts
    /// as written by the institution: it is sent whatever its length.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is no such aggregate, or lacks what is required.
    ///
    /// # Examples
    ///
    /// ```
    /// use ofx_session::ofx::Payee;
    ///
    /// let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    /// assert_eq!(Payee::from_aggregate(&payee.to_aggregate())?, payee);
    /// # Ok::<(), ofx_session::ofx::DecodeError>(())
    /// ```
    pub fn from_aggregate(text: &str) -> Result<Self, DecodeError> {
        let element = Element::from_markup(text)?;
        if element.tag() != "PAYEE" {
            return Err(DecodeError::new(Problem::Missing("PAYEE"), element.offset()));
        }
        let read = Self::read(&element).and_then(|payee| {
            let lacking = ["CITY", "STATE", "POSTALCODE", "PHONE"].into_iter().find(|tag| element.child(tag).is_none());
            lacking.map_or(Ok(payee), |tag| Err(DecodeError::new(Problem::Missing(tag), element.offset())))
        });
        read.map_err(|error| error.within("PAYEE"))
    }

    /// The text of its `PAYEE` aggregate, as [`from_aggregate`](Self::from_aggregate) reads it.
    #[must_use]
    pub fn to_aggregate(&self) -> String {
        self.write("PAYEE", Version::V230).to_markup()
    }

    /// Refuses what no institution could accept and this one has not written, naming the element.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        self.as_read.check(self.texts())?;
        check::lines([Some(&self.address1), self.address2.as_deref(), self.address3.as_deref()])
    }

    fn texts(&self) -> [Checked; 9] {
        [
            Checked::text("NAME", Some(&self.name), 32),
            Checked::text("ADDR1", Some(&self.address1), 32),
            Checked::text("ADDR2", self.address2.as_deref(), 32),
            Checked::text("ADDR3", self.address3.as_deref(), 32),
            Checked::text("CITY", Some(&self.city), 32),
            Checked::text("STATE", Some(&self.state), 5),
            Checked::text("POSTALCODE", Some(&self.postal_code), 11),
            Checked::country(self.country.as_deref()),
            Checked::text("PHONE", Some(&self.phone), 32),
        ]
    }
}

setters! {
    Payee {
        /// Sets the second address line.
        address2: String,
        /// Sets the third address line; only with the second.
        address3: String,
        /// Sets the country, ISO 3166 with three letters.
        country: String,
    }
}

/// Who is paid: `PAYEE` or `PAYEEID`, exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayeeRef {
    /// By name and address; adds the payee to the user's list when it is new there.
    Address(Box<Payee>),
    /// `PAYEEID`: a standard payee of the payment system. Not the `PAYEELSTID` of the user's list: that goes beside it, with
    /// [`Payment::payee_list_id`](crate::ofx::Payment::payee_list_id).
    Id(String),
}

impl PayeeRef {
    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        match self {
            Self::Address(payee) => payee.check(),
            Self::Id(id) => server_id("PAYEEID", id),
        }
    }

    pub(crate) fn is_by_address(&self) -> bool {
        matches!(self, Self::Address(_))
    }
}

impl From<Payee> for PayeeRef {
    fn from(payee: Payee) -> Self {
        Self::Address(Box::new(payee))
    }
}

impl Member for PayeeRef {
    fn take(parent: &Element, _: &'static str) -> Result<Self, DecodeError> {
        match (only(parent, "PAYEEID")?.and_then(Element::text), only(parent, "PAYEE")?) {
            (Some(id), _) => Ok(Self::Id(id.to_owned())),
            (None, Some(payee)) => {
                Payee::read(payee).map(|payee| Self::Address(Box::new(payee))).map_err(|error| error.within("PAYEE"))
            }
            (None, None) => Err(DecodeError::new(Problem::Missing("PAYEE"), parent.offset())),
        }
    }

    fn put(&self, _: &'static str, version: Version, out: &mut dyn Sink) {
        match self {
            Self::Id(id) => out.leaf("PAYEEID", id),
            Self::Address(payee) => payee.write_to("PAYEE", version, out),
        }
    }
}

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

impl PayeeAddition {
    /// Asks for `payee` to be added.
    #[must_use]
    pub fn new(payee: impl Into<PayeeRef>) -> Self {
        Self { payee: payee.into(), to: None, pay_accounts: Vec::new() }
    }

    /// The payee is paid by transfer to this account.
    #[must_use]
    pub fn by_transfer_to(mut self, account: BankAccount) -> Self {
        self.to = Some(account);
        self
    }

    /// Adds an account number of the user's at the payee.
    #[must_use]
    pub fn pay_account(mut self, number: impl Into<String>) -> Self {
        self.pay_accounts.push(number.into());
        self
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("PAYEERQ", version)?;
        self.payee.check()?;
        transfer(self.to.as_ref(), self.payee.is_by_address())?;
        self.pay_accounts.iter().try_for_each(|number| limit("PAYACCT", number, 32))
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

impl ListedPayee {
    /// How to name it in a payment, together with its [`list_id`](Self::list_id): by the id that the payment system gave it, else by
    /// name and address. `None` when the institution told neither. A payment by transfer names it by address:
    /// [`Payment::to_listed`](crate::ofx::Payment::to_listed) sees to that. OFX 1.0.3 §12.2.4.
    #[must_use]
    pub fn payee_ref(&self) -> Option<PayeeRef> {
        let id = self.extended.as_ref().and_then(|extended| extended.id.clone());
        id.map(PayeeRef::Id).or_else(|| self.payee.clone().map(PayeeRef::from))
    }

    /// An entry without account numbers; a standard payee when there is no `payee`.
    #[must_use]
    pub fn new(list_id: impl Into<String>, payee: Option<Payee>) -> Self {
        Self { list_id: list_id.into(), payee, to: None, extended: None, pay_accounts: Vec::new() }
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
        /// `PAYEELSTID` of the entry, up to 36 characters.
        list_id: String = "PAYEELSTID",
        /// `PAYEE`, complete; left out for a standard payee.
        payee: Option<Payee> = "PAYEE",
        /// `BANKACCTTO`: the payee is paid by transfer to this account; only with `PAYEE`.
        to: Option<BankAccount> = "BANKACCTTO",
        /// `PAYACCT`: all of the user's account numbers at the payee. One that is left out may be taken off the entry.
        pay_accounts: Vec<String> = "PAYACCT",
    }
}

impl PayeeModification {
    /// Asks for the entry `list_id` to be that of `payee`; of a standard payee when there is none.
    #[must_use]
    pub fn new(list_id: impl Into<String>, payee: Option<Payee>) -> Self {
        Self { list_id: list_id.into(), payee, to: None, pay_accounts: Vec::new() }
    }

    /// The payee is paid by transfer to this account.
    #[must_use]
    pub fn by_transfer_to(mut self, account: BankAccount) -> Self {
        self.to = Some(account);
        self
    }

    /// Adds an account number of the user's at the payee.
    #[must_use]
    pub fn pay_account(mut self, number: impl Into<String>) -> Self {
        self.pay_accounts.push(number.into());
        self
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("PAYEEMODRQ", version)?;
        server_id("PAYEELSTID", &self.list_id)?;
        self.payee.as_ref().map_or(Ok(()), Payee::check)?;
        transfer(self.to.as_ref(), self.payee.is_some())?;
        self.pay_accounts.iter().try_for_each(|number| limit("PAYACCT", number, 32))
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

impl ModifiedPayee {
    /// An entry without account numbers; a standard payee when there is no `payee`.
    #[must_use]
    pub fn new(list_id: impl Into<String>, payee: Option<Payee>) -> Self {
        Self { list_id: list_id.into(), payee, to: None, pay_accounts: Vec::new(), extended: None }
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
        /// `PAYEELSTID` of the entry, up to 36 characters.
        list_id: String = "PAYEELSTID",
    }
}

impl PayeeDeletion {
    /// Asks for the entry `list_id` to be taken off the list.
    #[must_use]
    pub fn new(list_id: impl Into<String>) -> Self {
        Self { list_id: list_id.into() }
    }

    /// Refuses what no institution could accept, naming the element.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("PAYEEDELRQ", version)?;
        server_id("PAYEELSTID", &self.list_id)
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

impl DeletedPayee {
    /// An entry that was taken off the list.
    #[must_use]
    pub fn new(list_id: impl Into<String>) -> Self {
        Self { list_id: list_id.into() }
    }
}
