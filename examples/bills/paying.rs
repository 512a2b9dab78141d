//! A payment out of what was said on the command line and what is in the state file.

use chrono::Utc;
use ofx_session::{BankAccount, Intent, PayeeRef, Payment};
use rust_decimal::Decimal;

use crate::arguments::{Pay, account};
use crate::desk::Desk;
use crate::perform::Work;
use crate::shown::Failure;

/// Who is paid.
struct Whom {
    payee: PayeeRef,
    list_id: Option<String>,
    /// The account that a transfer goes to.
    to: Option<BankAccount>,
    /// The user's account numbers there.
    accounts: Vec<String>,
    /// Business days that a payment takes, where the institution has told.
    days_to_pay: Option<u32>,
}

/// The payment, to a payee of the list, a standard payee, or a new one.
pub async fn payment(desk: &mut Desk, work: &mut Work, arguments: &Pay) -> Result<Payment, Failure> {
    fits(desk, "--amount", arguments.amount)?;
    let whom = whom(desk, arguments)?;
    let account = match (&arguments.account, whom.accounts.as_slice()) {
        (Some(account), _) => account.clone(),
        (None, [only]) => only.clone(),
        (None, []) => return Err(Failure::misuse("--account is missing: your account number at the payee")),
        (None, several) => {
            let several = several.join(" and ");
            return Err(Failure::misuse(format!("--account is missing: this payee knows you as {several}")));
        }
    };
    let from = source(desk, work, arguments.from.as_deref()).await?;
    // Where the institution has told how long this payee takes, it decides; else its profile says how long payees take.
    let profile = work.session.client().profile().filter(|_| whom.days_to_pay.is_none());
    let earliest = profile.and_then(|profile| profile.earliest_due(None, whom.to.is_some(), Utc::now()));
    if let Some(earliest) = earliest.filter(|earliest| arguments.due < *earliest) {
        let text = format!("--due is too soon: a payment of now can be due on {earliest} at the earliest");
        return Err(Failure::misuse(text));
    }
    let mut payment = Payment::new(from, arguments.amount, whom.payee, account, arguments.due);
    payment.payee_list_id = whom.list_id;
    payment.to = whom.to;
    payment.memo.clone_from(&arguments.memo);
    payment.bill_reference.clone_from(&arguments.reference);
    Ok(payment)
}

/// Refuses an amount that no coin can pay. Most currencies have hundredths; the institution has told in which the account is kept
/// once there is a payment.
pub fn fits(desk: &Desk, option: &str, amount: Decimal) -> Result<(), Failure> {
    let payments = desk.book.payments.iter().map(|payment| &payment.currency);
    let currencies = payments.chain(desk.book.recurring.iter().map(|recurring| &recurring.currency)).flatten();
    let decimals = currencies.map(|currency| decimals(currency)).max().unwrap_or(2);
    if amount.normalize().scale() <= decimals {
        return Ok(());
    }
    let why = match decimals {
        2 => "more than two decimals, and no currency that has more, like KWD, is known here",
        _ => "more decimals than the currency",
    };
    Err(Failure::misuse(format!("{option}: {amount} has {why}; nothing was sent")))
}

/// Of the currencies of ISO 4217, those with more than two decimals.
fn decimals(currency: &str) -> u32 {
    match currency {
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

fn whom(desk: &Desk, arguments: &Pay) -> Result<Whom, Failure> {
    let unknown = |payee| Whom { payee, list_id: None, to: None, accounts: Vec::new(), days_to_pay: None };
    match (&arguments.payee, &arguments.payee_id) {
        (None, None) if arguments.fields.is_empty() => Err(Failure::misuse(
            "say whom to pay: the list id or name of a payee, --payee-id, or --name and the address of a new one",
        )),
        (Some(_), _) | (_, Some(_)) if !arguments.fields.is_empty() => {
            Err(Failure::misuse("name a payee that is known, or give --name and the address of a new one, not both"))
        }
        (Some(text), _) => {
            let known = desk.book.find_payee(text)?;
            let (list_id, accounts, to) = (Some(known.id.clone()), known.accounts.clone(), known.to()?);
            Ok(Whom { payee: known.to_pay()?, list_id, to, accounts, days_to_pay: known.days_to_pay })
        }
        (None, Some(id)) => Ok(unknown(PayeeRef::Id(id.clone()))),
        (None, None) => {
            Ok(Whom { to: arguments.fields.transfer_to.clone(), ..unknown(arguments.fields.payee()?.into()) })
        }
    }
}

/// The account to pay from: the one that is meant, or the only one that can pay bills.
async fn source(desk: &mut Desk, work: &mut Work, wanted: Option<&str>) -> Result<BankAccount, Failure> {
    if let Some(account) = wanted.and_then(|text| account(text).ok()) {
        return Ok(account);
    }
    if work.session.client().known_accounts().is_empty() {
        let first = "the account list comes first; afterwards enter the same command again";
        let explain = |failure: Failure| if failure.kind == "waits" { failure.also(first) } else { failure };
        work.perform(desk, Intent::Accounts).await.map_err(explain)?;
    }
    let accounts = work.session.client().known_accounts();
    let pay: Vec<&BankAccount> = accounts.iter().filter_map(|account| account.pays_bills()).collect();
    let fit: Vec<_> =
        pay.iter().filter(|account| wanted.is_none_or(|text| account.account_id.ends_with(text))).collect();
    let names = || pay.iter().map(|account| account.account_id.as_str()).collect::<Vec<_>>().join(", ");
    match (fit.as_slice(), wanted) {
        ([one], _) => Ok((**one).clone()),
        ([], _) if pay.is_empty() => {
            Err(Failure::misuse("no account of this user can pay bills; `accounts` shows them"))
        }
        ([], _) => Err(Failure::misuse(format!("--from names no account that can pay bills; these can: {}", names()))),
        (_, None) => Err(Failure::misuse(format!("--from is missing: several accounts can pay bills: {}", names()))),
        (_, Some(_)) => Err(Failure::misuse(format!("--from can be more than one of {}; give more digits", names()))),
    }
}
