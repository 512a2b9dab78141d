//! What can be said on the command line, and how days and amounts are read.

use chrono::{Days, Local, NaiveDate};
use clap::{Args, Subcommand};
use ofx_session::ofx::Amount;
use ofx_session::{AccountType, BankAccount, Frequency, Payee};
use rust_decimal::Decimal;

#[derive(Subcommand)]
pub enum Command {
    /// Fetch the account list: which accounts can pay bills
    Accounts,
    /// What the institution says it can do; needs no password
    Profile,
    /// Ask the institution what happened since the last time: payees, payments, recurring payments, mail
    Sync {
        /// Fetch the present state of everything in place of what is new
        #[arg(long)]
        refresh: bool,
    },
    /// Show what is in the state file, without asking the institution: all of it, or one kind
    List {
        #[command(subcommand)]
        which: Option<List>,
    },
    /// Pay a bill, once
    Pay(Pay),
    /// Add a payee, or a payment that is made again and again
    #[command(subcommand)]
    Add(Add),
    /// Change a payee or a payment
    #[command(subcommand)]
    Modify(Modify),
    /// Take a payee off the list
    #[command(subcommand)]
    Delete(Delete),
    /// Cancel a payment by its id, or end a recurring one
    #[command(args_conflicts_with_subcommands = true)]
    Cancel(Cancel),
    /// Ask where a payment stands
    Status {
        /// Id of the payment, as `list payments` shows it
        #[arg(value_name = "PAYMENT")]
        id: String,
    },
    /// Send a mail about payments; `sync` fetches the answer
    Mail(MailArguments),
    /// Change the password at the institution
    Password {
        /// The new password; the environment variable keeps it out of the process list. Asked on the terminal when missing
        #[arg(long, value_name = "TEXT", env = "OFX_NEW_PASSWORD", hide_env_values = true)]
        new_password: Option<String>,
    },
    /// Go on with the operation that waits: answer its questions, or send it now that the institution has approved this client
    Resume,
    /// Find out what became of an operation of which nobody knows whether it was carried out
    Reconcile {
        /// Send it once more, under the same identifiers. An institution that does not check for them carries it out twice
        #[arg(long)]
        repeat: bool,
        /// The new password, where it is a change of the password that is not known about
        #[arg(long, value_name = "TEXT", env = "OFX_NEW_PASSWORD", hide_env_values = true)]
        new_password: Option<String>,
    },
    /// End the doubt about an operation: the institution's own list, or a call there, has shown what became of it
    Settle,
    /// Give up the operation that waits. Nothing of it was carried out
    Abandon,
    /// Start a pretend institution to play with, from other terminals.
    ///
    /// It takes commands on its standard input, which it lists. A user whom it has locked out stays so until it is started again.
    Serve {
        /// Port to listen on; any free one when left out
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
        /// Where to write its root certificate, ca.pem; a new folder for temporary files when left out
        #[arg(long, value_name = "FOLDER")]
        folder: Option<std::path::PathBuf>,
    },
}

#[derive(Subcommand)]
pub enum List {
    /// Whom can be paid
    Payees,
    /// Single payments, those of recurring ones included
    Payments,
    /// Payments that are made again and again
    Recurring,
    /// Mail about payments
    Mail,
}

#[derive(Subcommand)]
pub enum Add {
    /// Add a payee to the list at the institution
    Payee(AddPayee),
    /// Start a payment that is made again and again
    Recurring(AddRecurring),
}

#[derive(Subcommand)]
pub enum Modify {
    /// Change a payee's address, phone or account numbers; what is not named stays
    Payee(Box<ModifyPayee>),
    /// Change the amount, the day or the memo of a payment that was not made yet
    Payment(ModifyPayment),
    /// Change the amount or the number of payments of a recurring payment
    Recurring(ModifyRecurring),
}

#[derive(Subcommand)]
pub enum Delete {
    /// Take a payee off the list. Payments that wait are made all the same: cancel them first
    Payee {
        /// List id or name of the payee
        payee: String,
    },
}

#[derive(Args)]
pub struct Cancel {
    #[command(subcommand)]
    pub what: Option<CancelWhat>,
    /// Id of the payment, as `list payments` shows it
    #[arg(value_name = "PAYMENT", required = true)]
    pub id: Option<String>,
}

#[derive(Subcommand)]
pub enum CancelWhat {
    /// Cancel a payment that was not made yet
    Payment {
        /// Id of the payment, as `list payments` shows it
        #[arg(value_name = "PAYMENT")]
        id: String,
    },
    /// End a recurring payment
    Recurring {
        /// Id of the recurring payment, as `list recurring` shows it
        id: String,
        /// Cancel the payments that it has made already and that wait, too; without this they are made
        #[arg(long)]
        pending: bool,
    },
}

/// Name and address of a payee, and the user's account numbers there.
#[derive(Args)]
#[command(next_help_heading = "Name and address of a payee")]
pub struct PayeeFields {
    /// Name of the payee, up to 32 characters
    #[arg(long)]
    pub name: Option<String>,
    /// Street address, up to 32 characters; repeat it for a second and a third line
    #[arg(long = "address", value_name = "LINE")]
    pub address: Vec<String>,
    /// City, up to 32 characters
    #[arg(long)]
    pub city: Option<String>,
    /// State or province, up to 5 characters, like RI
    #[arg(long, value_name = "STATE")]
    pub region: Option<String>,
    /// ZIP or postal code, up to 11 characters
    #[arg(long, value_name = "CODE", visible_alias = "zip")]
    pub postal_code: Option<String>,
    /// Country, three letters of ISO 3166, like USA
    #[arg(long)]
    pub country: Option<String>,
    /// Phone number of the payee, up to 32 characters
    #[arg(long)]
    pub phone: Option<String>,
    /// The payee is paid by transfer to this account. TYPE is CHECKING, SAVINGS, MONEYMRKT or CREDITLINE
    #[arg(long, value_name = "BANKID:ACCTID:TYPE", value_parser = account)]
    pub transfer_to: Option<BankAccount>,
}

impl PayeeFields {
    /// The payee; everything that is required must be there.
    pub fn payee(&self) -> Result<Payee, String> {
        let need = |option: &'static str, value: Option<&String>| {
            value.cloned().ok_or_else(|| format!("{option} is missing: a new payee needs --name, --address, --city, --region, --postal-code and --phone"))
        };
        let payee = Payee::new(
            &need("--name", self.name.as_ref())?,
            &need("--address", self.address.first())?,
            &need("--city", self.city.as_ref())?,
            &need("--region", self.region.as_ref())?,
            &need("--postal-code", self.postal_code.as_ref())?,
            &need("--phone", self.phone.as_ref())?,
        );
        self.changed(payee)
    }

    /// `payee` with what was said on the command line.
    pub fn changed(&self, mut payee: Payee) -> Result<Payee, String> {
        let set = |field: &mut String, value: Option<&String>| {
            if let Some(value) = value {
                field.clone_from(value);
            }
        };
        set(&mut payee.name, self.name.as_ref());
        set(&mut payee.city, self.city.as_ref());
        set(&mut payee.state, self.region.as_ref());
        set(&mut payee.postal_code, self.postal_code.as_ref());
        set(&mut payee.phone, self.phone.as_ref());
        if self.country.is_some() {
            payee.country.clone_from(&self.country);
        }
        match self.address.as_slice() {
            [] => {}
            [first, others @ ..] if others.len() <= 2 => {
                payee.address1.clone_from(first);
                payee.address2 = others.first().cloned();
                payee.address3 = others.get(1).cloned();
            }
            _ => return Err("--address can be given at most three times".to_owned()),
        }
        Ok(payee)
    }

    pub fn is_empty(&self) -> bool {
        let texts = [&self.name, &self.city, &self.region, &self.postal_code, &self.country, &self.phone];
        self.address.is_empty() && self.transfer_to.is_none() && texts.iter().all(|text| text.is_none())
    }
}

#[derive(Args)]
pub struct AddPayee {
    #[command(flatten)]
    pub fields: PayeeFields,
    /// Add a standard payee of the payment system by its id, in place of name and address
    #[arg(long, value_name = "ID", conflicts_with = "name")]
    pub payee_id: Option<String>,
    /// Your account number at the payee; repeat it for several
    #[arg(long = "account", value_name = "NUMBER")]
    pub accounts: Vec<String>,
}

#[derive(Args)]
pub struct ModifyPayee {
    /// List id or name of the payee
    pub payee: String,
    #[command(flatten)]
    pub fields: PayeeFields,
    /// Your account number at the payee, in place of all that are known; repeat it for several
    #[arg(long = "account", value_name = "NUMBER")]
    pub accounts: Vec<String>,
}

#[derive(Args)]
pub struct Pay {
    /// Whom to pay: list id or name of a payee of the list. For a new payee give --name, --address and so on
    pub payee: Option<String>,
    /// How much, like 84.20, in the currency of the account to pay from
    #[arg(long, value_parser = amount, allow_negative_numbers = true)]
    pub amount: Decimal,
    /// Day by which the payee must have the money: 2026-12-24, or +10d for ten days from today
    #[arg(long, value_name = "DAY", default_value = "+10d", value_parser = day)]
    pub due: NaiveDate,
    /// Your account number at the payee; the one of the list when left out
    #[arg(long, value_name = "NUMBER")]
    pub account: Option<String>,
    /// Account to pay from: its number or how it ends, or BANKID:ACCTID:TYPE. Needed where several accounts can pay bills
    #[arg(long, value_name = "ACCOUNT")]
    pub from: Option<String>,
    /// Message to the payee, up to 255 characters
    #[arg(long, value_name = "TEXT")]
    pub memo: Option<String>,
    /// The payee's reference for the bill, up to 80 characters
    #[arg(long, value_name = "TEXT")]
    pub reference: Option<String>,
    /// Pay a standard payee of the payment system by its id
    #[arg(long, value_name = "ID", conflicts_with_all = ["payee", "name"])]
    pub payee_id: Option<String>,
    #[command(flatten)]
    pub fields: PayeeFields,
}

#[derive(Args)]
pub struct AddRecurring {
    /// How often: weekly, biweekly, twicemonthly, monthly, fourweeks, bimonthly, quarterly, semiannually or annually
    #[arg(long, value_name = "HOW-OFTEN", value_parser = frequency)]
    pub every: Frequency,
    /// How many payments there are in all, 1 to 999; without an end when left out
    #[arg(long, value_name = "COUNT")]
    pub times: Option<u32>,
    /// Another amount of the first payment
    #[arg(long, value_name = "AMOUNT", value_parser = amount, allow_negative_numbers = true)]
    pub first_amount: Option<Decimal>,
    /// Another amount of the last payment
    #[arg(long, value_name = "AMOUNT", value_parser = amount, allow_negative_numbers = true)]
    pub last_amount: Option<Decimal>,
    #[command(flatten)]
    pub pay: Pay,
}

#[derive(Args)]
pub struct ModifyPayment {
    /// Id of the payment, as `list payments` shows it
    #[arg(value_name = "PAYMENT")]
    pub id: String,
    /// The new amount
    #[arg(long, value_parser = amount, allow_negative_numbers = true)]
    pub amount: Option<Decimal>,
    /// The new day by which the payee must have the money: 2026-12-24, or +10d
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub due: Option<NaiveDate>,
    /// The new message to the payee
    #[arg(long, value_name = "TEXT")]
    pub memo: Option<String>,
}

#[derive(Args)]
pub struct ModifyRecurring {
    /// Id of the recurring payment, as `list recurring` shows it
    pub id: String,
    /// The new amount
    #[arg(long, value_parser = amount, allow_negative_numbers = true)]
    pub amount: Option<Decimal>,
    /// The new number of payments in all, those that were made included
    #[arg(long, value_name = "COUNT")]
    pub times: Option<u32>,
    /// Change the payments that it has made already and that wait, too
    #[arg(long)]
    pub pending: bool,
}

#[derive(Args)]
pub struct MailArguments {
    /// Up to 60 characters
    pub subject: String,
    /// Up to 2000 characters
    pub text: String,
    /// Id of the payment it is about
    #[arg(long, value_name = "PAYMENT")]
    pub about: Option<String>,
}

/// `BANKID:ACCTID:TYPE`.
pub fn account(text: &str) -> Result<BankAccount, String> {
    let mut parts = text.splitn(3, ':');
    let (Some(bank), Some(account), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("expected BANKID:ACCTID:TYPE, like 999888777:0042917730:CHECKING".to_owned());
    };
    match AccountType::from_word(&kind.to_ascii_uppercase()) {
        AccountType::Other(_) => Err(format!("{kind} is none of CHECKING, SAVINGS, MONEYMRKT, CREDITLINE")),
        kind => Ok(BankAccount::new(bank, account, kind)),
    }
}

/// A comma could be a decimal mark or one of thousands: with money, nobody guesses.
fn amount(text: &str) -> Result<Decimal, String> {
    let found = Amount::parse(text).filter(|_| !text.contains(','));
    match found.map(Amount::value) {
        None => Err("expected an amount like 84.20".to_owned()),
        Some(value) if value <= Decimal::ZERO => Err("expected an amount above zero, like 84.20".to_owned()),
        Some(value) => {
            let mut value = value.normalize();
            value.rescale(value.scale().max(2));
            Ok(value)
        }
    }
}

fn day(text: &str) -> Result<NaiveDate, String> {
    let expected = "expected a day like 2026-12-24, or +10d for ten days from today";
    let today = Local::now().date_naive();
    if let Some(days) = text.strip_prefix('+') {
        let days = days.strip_suffix('d').and_then(|days| days.parse().ok()).ok_or(expected)?;
        return today.checked_add_days(Days::new(days)).ok_or_else(|| expected.to_owned());
    }
    let formats = ["%Y-%m-%d", "%Y%m%d"];
    let found = formats.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    match found {
        Some(day) if day < today => Err(format!("{day} is past")),
        found => found.ok_or_else(|| expected.to_owned()),
    }
}

fn frequency(text: &str) -> Result<Frequency, String> {
    match Frequency::from_word(&text.to_ascii_uppercase()) {
        Frequency::Other(word) if word == "YEARLY" => Ok(Frequency::Annually),
        Frequency::Other(_) => {
            let words =
                "weekly, biweekly, twicemonthly, monthly, fourweeks, bimonthly, quarterly, semiannually, annually";
            Err(format!("expected one of {words}"))
        }
        known => Ok(known),
    }
}
