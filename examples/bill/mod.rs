//! What to pay, from the command line.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;
use ofx_session::ofx::Amount;
use ofx_session::{AccountType, BankAccount, Payee, PayeeRef, Payment};
use rust_decimal::Decimal;

use crate::common::{Result, pass};

#[derive(Args, Clone, Debug)]
pub struct Bill {
    /// Account to pay from; the first that may pay bills when left out. TYPE is CHECKING, SAVINGS, MONEYMRKT or CREDITLINE
    #[arg(long, value_name = "BANKID:ACCTID:TYPE", value_parser = account)]
    from: Option<BankAccount>,
    /// Standard payee by its id
    #[arg(long, value_name = "ID", conflicts_with = "payee")]
    payee_id: Option<String>,
    /// Payee by name and address: JSON with name, addr1, city, state, postalcode, phone, and addr2, addr3, country where there are any
    #[arg(long, value_name = "FILE")]
    payee: Option<PathBuf>,
    /// Your account number at the payee
    #[arg(long)]
    pay_account: Option<String>,
    /// Amount, in the currency of the account, like 84.20
    #[arg(long, value_parser = amount)]
    amount: Option<Decimal>,
    /// Day by which the payee must have the money; ten days from now when left out
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    due: Option<NaiveDate>,
    /// Message to the payee
    #[arg(long)]
    memo: Option<String>,
}

fn account(text: &str) -> std::result::Result<BankAccount, String> {
    let mut parts = text.splitn(3, ':');
    let (Some(bank), Some(account), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("expected BANKID:ACCTID:TYPE, for example 999888777:0042917730:CHECKING".to_owned());
    };
    match AccountType::from_word(&kind.to_ascii_uppercase()) {
        AccountType::Other(_) => Err(format!("{kind} is none of CHECKING, SAVINGS, MONEYMRKT, CREDITLINE")),
        kind => Ok(BankAccount::new(bank, account, kind)),
    }
}

/// A comma could be a decimal mark or one of thousands: with money, nobody guesses.
fn amount(text: &str) -> std::result::Result<Decimal, String> {
    let found = Amount::parse(text).filter(|_| !text.contains(','));
    found.map(Amount::value).ok_or_else(|| "expected an amount like 84.20".to_owned())
}

fn day(text: &str) -> std::result::Result<NaiveDate, String> {
    let formats = ["%Y-%m-%d", "%Y%m%d"];
    let found = formats.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    found.ok_or_else(|| "expected a day like 2026-12-04".to_owned())
}

impl Bill {
    /// A bill for the pretend institution, where nothing else was given.
    pub fn pretend(&mut self, folder: &Path) -> Result<()> {
        self.from.get_or_insert_with(|| BankAccount::new("999888777", "1000001", AccountType::Checking));
        self.amount.get_or_insert_with(|| Decimal::new(8420, 2));
        self.pay_account.get_or_insert_with(|| "88-204-117".to_owned());
        self.memo.get_or_insert_with(|| "Invoice 3391".to_owned());
        if self.payee_id.is_none() && self.payee.is_none() {
            let file = folder.join("payee.json");
            std::fs::write(&file, PAYEE)?;
            self.payee = Some(file);
        }
        Ok(())
    }

    /// Everything but the account is there.
    pub fn check(&self) -> Result<()> {
        let anywhere = BankAccount::new("0", "0", AccountType::Checking);
        self.payment(self.source().unwrap_or(anywhere)).map(|_| ())
    }

    /// The account that was named.
    pub fn source(&self) -> Option<BankAccount> {
        self.from.clone()
    }

    /// Nothing of it depends on the day, or on what the institution says.
    pub fn is_the_same_tomorrow(&self) -> bool {
        self.from.is_some() && self.due.is_some()
    }

    pub fn payee_name(&self) -> Result<String> {
        Ok(match self.who()? {
            PayeeRef::Address(payee) => payee.name,
            PayeeRef::Id(id) => format!("payee {id}"),
            _ => "a payee".to_owned(),
        })
    }

    /// The payment from an account.
    pub fn payment(&self, from: BankAccount) -> Result<Payment> {
        let amount = self.amount.ok_or("--amount is missing")?;
        let pay_account =
            self.pay_account.as_ref().ok_or("--pay-account is missing: your account number at the payee")?;
        let in_ten_days = (chrono::Utc::now() + chrono::Duration::days(10)).date_naive();
        let payment = Payment::new(from, amount, self.who()?, pay_account, self.due.unwrap_or(in_ten_days));
        Ok(match &self.memo {
            Some(memo) => payment.memo(memo),
            None => payment,
        })
    }

    fn who(&self) -> Result<PayeeRef> {
        match (&self.payee_id, &self.payee) {
            (Some(id), _) => Ok(PayeeRef::Id(id.clone())),
            (None, Some(file)) => {
                let cannot = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", file.display());
                let json = std::fs::read_to_string(file).map_err(|error| cannot(&error))?;
                Ok(payee(&json).map_err(|error| cannot(&error))?.into())
            }
            (None, None) => Err("--payee or --payee-id is missing: whom to pay".into()),
        }
    }

    /// The same bill for another process.
    pub fn pass_to(&self, command: &mut std::process::Command) {
        let from = self.from.as_ref();
        pass(command, "--from", from.map(|from| format!("{}:{}:{}", from.bank_id, from.account_id, from.account_type)));
        pass(command, "--payee", self.payee.as_ref());
        pass(command, "--payee-id", self.payee_id.as_ref());
        pass(command, "--pay-account", self.pay_account.as_ref());
        pass(command, "--amount", self.amount.map(|amount| amount.to_string()));
        pass(command, "--due", self.due.map(|due| due.to_string()));
        pass(command, "--memo", self.memo.as_ref());
    }
}

/// Reads a payee; names of members are taken in any case, with or without underscores, as words or as OFX tags.
fn payee(json: &str) -> Result<Payee> {
    let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json)?;
    let plain = |key: &str| key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if let Some(unknown) = members.keys().find(|key| !MEMBERS.contains(&plain(key).as_str())) {
        return Err(format!("a payee has no member {unknown}").into());
    }
    let find = |names: &[&str]| {
        members.iter().find_map(|(key, value)| {
            let key = plain(key);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (names.contains(&key.as_str()) && !value.is_null()).then_some(text)
        })
    };
    let need = |names: &[&str]| find(names).ok_or_else(|| format!("the payee has no {}", names[0]));
    let mut payee = Payee::new(
        &need(&["name"])?,
        &need(&["addr1", "address1", "address", "street"])?,
        &need(&["city"])?,
        &need(&["state"])?,
        &need(&["postalcode", "zip", "zipcode"])?,
        &need(&["phone"])?,
    );
    if let Some(line) = find(&["addr2", "address2"]) {
        payee = payee.address2(line);
    }
    if let Some(line) = find(&["addr3", "address3"]) {
        payee = payee.address3(line);
    }
    if let Some(country) = find(&["country"]) {
        payee = payee.country(country);
    }
    Ok(payee)
}

/// Every name that a member of a payee can have.
const MEMBERS: [&str; 16] = [
    "name",
    "addr1",
    "address1",
    "address",
    "street",
    "addr2",
    "address2",
    "addr3",
    "address3",
    "city",
    "state",
    "postalcode",
    "zip",
    "zipcode",
    "phone",
    "country",
];

/// Whom the example pays where nobody else was named, and what such a file looks like.
const PAYEE: &str = r#"{
  "name": "Harbor Water", "addr1": "14 Quay Street", "city": "Newport", "state": "RI", "postalcode": "02840",
  "phone": "401-555-0142"
}"#;
