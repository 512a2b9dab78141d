//! The commands that talk to the institution, each as one or a few operations of a session.

use chrono::Utc;
use ofx_session::ofx::{
    Amount, Mail, MessageSetDetails, ModelCancellation, ModelModification, PayeeAddition, PayeeDeletion,
    PayeeModification, PaymentCancellation, PaymentInquiry, PaymentMail, PaymentModification, Profile, Request, Stamp,
};
use ofx_session::{Frequency, Intent, PayeeRef, Recurrence, RecurringPayment};
use serde_json::json;

use crate::arguments::{
    Add, AddPayee, AddRecurring, CancelWhat, Command, Delete, MailArguments, Modify, ModifyPayee, ModifyPayment,
    ModifyRecurring,
};
use crate::book::Then;
use crate::desk::Desk;
use crate::paying::{fits, payment};
use crate::perform::Work;
use crate::shown::{Failure, Shown, table};
use crate::sync;

/// What a command asks for, in a session.
pub async fn online(desk: &mut Desk, work: &mut Work, command: Command) -> Result<Shown, Failure> {
    let intent = match command {
        Command::Accounts => Intent::Accounts,
        Command::Sync { refresh } => return sync::go_on(desk, work, refresh, None).await,
        Command::Pay(arguments) => {
            work.then = Some(Then::Again("pay".to_owned()));
            Intent::Pay(Box::new(payment(desk, work, &arguments).await?))
        }
        Command::Add(Add::Payee(arguments)) => request(add_payee(&arguments)?),
        Command::Add(Add::Recurring(arguments)) => {
            work.then = Some(Then::Again("add recurring".to_owned()));
            request(add_recurring(desk, work, &arguments).await?)
        }
        Command::Modify(Modify::Payee(arguments)) => request(modify_payee(desk, &arguments)?),
        Command::Modify(Modify::Payment(arguments)) => request(modify_payment(desk, &arguments)?),
        Command::Modify(Modify::Recurring(arguments)) => request(modify_recurring(desk, &arguments)?),
        Command::Delete(Delete::Payee { payee }) => request(PayeeDeletion::new(&desk.book.find_payee(&payee)?.id)),
        Command::Cancel(cancel) => match (cancel.what, cancel.id) {
            (Some(CancelWhat::Recurring { id, pending }), _) => {
                let account =
                    desk.book.recurring(&id).ok_or_else(|| unknown("recurring payment", &id))?.payment()?.from.clone();
                Intent::Request {
                    request: Box::new(ModelCancellation::new(id, pending).into()),
                    account: Some(account),
                }
            }
            (Some(CancelWhat::Payment { id }), _) | (None, Some(id)) => {
                let account = desk.book.payment(&id).ok_or_else(|| unknown("payment", &id))?.payment()?.from.clone();
                Intent::Request { request: Box::new(PaymentCancellation::new(id).into()), account: Some(account) }
            }
            (None, None) => return Err(Failure::misuse("say which payment to cancel, by its id")),
        },
        Command::Status { id } => request(PaymentInquiry::new(id)),
        Command::Mail(arguments) => request(mail(desk, work, &arguments)?),
        _ => return Err(Failure::misuse("this command needs no session")),
    };
    // From here on, the operation is what the command is about.
    work.then = None;
    work.perform(desk, intent).await.map(|(_, shown)| shown)
}

fn request(request: impl Into<Request>) -> Intent {
    Intent::from(request.into())
}

fn unknown(what: &str, id: &str) -> Failure {
    Failure::misuse(format!("no {what} {id} is known here; `sync` asks the institution, `list` shows what there is"))
}

fn add_payee(arguments: &AddPayee) -> Result<PayeeAddition, Failure> {
    let payee = match &arguments.payee_id {
        Some(id) => PayeeRef::Id(id.clone()),
        None => arguments.fields.payee()?.into(),
    };
    let mut addition = PayeeAddition::new(payee);
    addition.to.clone_from(&arguments.fields.transfer_to);
    Ok(arguments.accounts.iter().fold(addition, |addition, number| addition.pay_account(number)))
}

fn modify_payee(desk: &Desk, arguments: &ModifyPayee) -> Result<PayeeModification, Failure> {
    let known = desk.book.find_payee(&arguments.payee)?;
    if arguments.fields.is_empty() && arguments.accounts.is_empty() {
        return Err(Failure::misuse(
            "say what changes: --name, --address, --city, --region, --postal-code, --country, --phone or --account",
        ));
    }
    let payee = match known.payee()? {
        Some(payee) => Some(arguments.fields.changed(payee)?),
        None if arguments.fields.is_empty() => None,
        None => {
            return Err(Failure::misuse(
                "this is a standard payee of the payment system: only --account can be changed",
            ));
        }
    };
    // The entry is replaced as a whole: an account number that is left out would be gone.
    let accounts = if arguments.accounts.is_empty() { &known.accounts } else { &arguments.accounts };
    let mut change = PayeeModification::new(&known.id, payee);
    change.to = arguments.fields.transfer_to.clone().map_or_else(|| known.to(), |account| Ok(Some(account)))?;
    Ok(accounts.iter().fold(change, |change, number| change.pay_account(number)))
}

fn modify_payment(desk: &Desk, arguments: &ModifyPayment) -> Result<PaymentModification, Failure> {
    let known = desk.book.payment(&arguments.id).ok_or_else(|| unknown("payment", &arguments.id))?;
    if arguments.amount.is_none() && arguments.due.is_none() && arguments.memo.is_none() {
        return Err(Failure::misuse("say what changes: --amount, --due or --memo"));
    }
    // The whole payment is sent again, what is changed and what is not.
    let mut payment = known.payment()?;
    if let Some(amount) = arguments.amount {
        fits(desk, "--amount", amount)?;
        payment.amount = Amount::new(amount);
    }
    if let Some(due) = arguments.due {
        payment.due = Stamp::day(due);
    }
    if let Some(memo) = &arguments.memo {
        payment.memo = Some(memo.clone());
    }
    Ok(PaymentModification::new(&arguments.id, payment))
}

fn modify_recurring(desk: &Desk, arguments: &ModifyRecurring) -> Result<ModelModification, Failure> {
    let unknown = || unknown("recurring payment", &arguments.id);
    let known = desk.book.recurring(&arguments.id).ok_or_else(unknown)?;
    if arguments.amount.is_none() && arguments.times.is_none() {
        return Err(Failure::misuse("say what changes: --amount or --times"));
    }
    let mut payment = known.payment()?;
    if let Some(amount) = arguments.amount {
        fits(desk, "--amount", amount)?;
        payment.amount = Amount::new(amount);
    }
    let frequency = Frequency::from_word(&known.every.to_ascii_uppercase());
    let recurrence = match arguments.times.or(known.times) {
        Some(times) => Recurrence::times(times, frequency),
        None => Recurrence::endless(frequency),
    };
    let mut change = ModelModification::new(&arguments.id, recurrence, payment, arguments.pending);
    // What is left out would be gone.
    change.initial_amount = known.first_amount.as_deref().and_then(Amount::parse);
    change.final_amount = known.last_amount.as_deref().and_then(Amount::parse);
    Ok(change)
}

async fn add_recurring(
    desk: &mut Desk,
    work: &mut Work,
    arguments: &AddRecurring,
) -> Result<RecurringPayment, Failure> {
    for (option, amount) in [("--first-amount", arguments.first_amount), ("--last-amount", arguments.last_amount)] {
        amount.map_or(Ok(()), |amount| fits(desk, option, amount))?;
    }
    let payment = payment(desk, work, &arguments.pay).await?;
    let recurrence = match arguments.times {
        Some(times) => Recurrence::times(times, arguments.every.clone()),
        None => Recurrence::endless(arguments.every.clone()),
    };
    let mut recurring = RecurringPayment::new(recurrence, payment);
    if let Some(amount) = arguments.first_amount {
        recurring = recurring.initial_amount(amount);
    }
    if let Some(amount) = arguments.last_amount {
        recurring = recurring.final_amount(amount);
    }
    Ok(recurring)
}

fn mail(desk: &Desk, work: &Work, arguments: &MailArguments) -> Result<PaymentMail, Failure> {
    let institution = work.session.client().profile().and_then(|profile| profile.name.clone());
    let to = institution.unwrap_or_else(|| "the institution".to_owned());
    let user = &desk.book.user;
    let created = Stamp::moment(Utc::now());
    let mail = PaymentMail::new(Mail::new(user, created, user, &to, &arguments.subject, &arguments.text));
    Ok(match &arguments.about {
        Some(id) => mail.about(id, desk.book.payment(id).ok_or_else(|| unknown("payment", id))?.payment()?),
        None => mail,
    })
}

/// What the institution says it can do, for people and programs.
pub fn show_profile(profile: &Profile) -> Shown {
    let mut rows = vec![vec!["institution".to_owned(), profile.name.clone().unwrap_or_default()]];
    let mut json = json!({ "institution": profile.name, "message_sets": [] });
    for (name, value) in
        [("customer service", &profile.customer_phone), ("web page", &profile.web_page), ("mail", &profile.email)]
    {
        rows.extend(value.as_ref().map(|value| vec![name.to_owned(), value.clone()]));
    }
    let sets: Vec<_> = profile.message_sets.iter().map(|set| set.name.clone()).collect();
    rows.push(vec!["message sets".to_owned(), sets.join(" ")]);
    json["message_sets"] = json!(sets);
    let details = profile.message_set("BILLPAY").map(|set| (&set.details, &set.core));
    if let Some((MessageSetDetails::BillPay(set), core)) = details {
        let days_off: Vec<_> = set.days_off.iter().map(|day| day.to_string().to_lowercase()).collect();
        let can = [
            ("new payees", set.add_payees),
            ("payments to an address", set.by_address),
            ("payments by transfer", set.by_transfer),
            ("payments by a payee id", set.by_payee_id),
            ("changes of payments", set.modify),
            ("changes of recurring payments", set.modify_models),
            ("invoices with payments", set.extended),
        ];
        for (what, does) in can {
            rows.push(vec![what.to_owned(), if does { "yes" } else { "no" }.to_owned()]);
            json[what.replace(' ', "_")] = json!(does);
        }
        rows.push(vec![
            "days to pay".to_owned(),
            format!("{} business days by cheque, {} by transfer", set.days_to_pay, set.transfer_days_to_pay),
        ]);
        rows.push(vec!["no work on".to_owned(), days_off.join(" ")]);
        json["days_to_pay"] = json!(set.days_to_pay);
        json["days_off"] = json!(days_off);
        let earliest = profile.earliest_due(None, false, Utc::now()).map(|day| day.to_string());
        rows.push(vec!["earliest due day".to_owned(), earliest.clone().unwrap_or_default()]);
        json["earliest_due"] = json!(earliest);
        let history = core.sync_mode.as_ref().map(ToString::to_string);
        rows.push(vec!["history".to_owned(), history.clone().unwrap_or_default()]);
        json["history"] = json!(history);
    }
    Shown::new(table(&[], &rows), json)
}
