//! Payments, payees, recurring payments and accounts: what a person wants to know of each.

use ofx_session::ofx::{
    AccountInfo, AccountRef, PaymentMail, Recurrence, Reply, Request, RequestKind, ServiceChange, UserInfo,
};
use ofx_session::{Payee, PayeeRef, Payment};
use serde::Serialize;

use super::objects::{AccountRow, PayeeRow, PaymentRow, RecurringRow, day};
use super::tree::Veil;

/// What a document tells of objects.
#[derive(Debug, Serialize)]
pub struct Rows {
    pub payments: Vec<PaymentRow>,
    pub recurring: Vec<RecurringRow>,
    pub payees: Vec<PayeeRow>,
    pub accounts: Vec<AccountRow>,
    #[serde(skip)]
    pub veil: Veil,
}

/// The kind of a request, for people.
pub fn name(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Accounts => "account list",
        RequestKind::Pay => "payment",
        RequestKind::ModifyPayment => "payment changed",
        RequestKind::CancelPayment => "payment cancelled",
        RequestKind::PaymentStatus => "payment status",
        RequestKind::AddRecurring => "recurring payment",
        RequestKind::ModifyRecurring => "recurring payment changed",
        RequestKind::CancelRecurring => "recurring payment ended",
        RequestKind::AddPayee => "payee",
        RequestKind::ModifyPayee => "payee changed",
        RequestKind::DeletePayee => "payee deleted",
        RequestKind::SendPaymentMail => "mail",
        RequestKind::Enroll => "enrolment",
        RequestKind::ChangeUserInfo => "name and address",
        RequestKind::ChangeService => "service",
        _ => "newer than this program",
    }
}

impl Rows {
    pub fn new(veil: Veil) -> Self {
        Self { payments: Vec::new(), recurring: Vec::new(), payees: Vec::new(), accounts: Vec::new(), veil }
    }

    /// Notes what is asked for, and says in short what it is about.
    pub fn request(&mut self, request: &Request) -> String {
        match request {
            Request::Accounts(request) => format!("unless it is that of {}", request.updated),
            Request::Pay(request) => self.pay("asked for", None, &request.payment),
            Request::ModifyPayment(request) => self.pay("to become", Some(&request.server_id), &request.payment),
            Request::CancelPayment(request) => request.server_id.clone(),
            Request::PaymentStatus(request) => request.server_id.clone(),
            Request::AddRecurring(request) => {
                let amounts = [request.initial_amount, request.final_amount];
                self.repeat("asked for", None, &request.recurrence, &request.payment, amounts, None)
            }
            Request::ModifyRecurring(request) => {
                let amounts = [request.initial_amount, request.final_amount];
                let id = Some(request.model_id.as_str());
                self.repeat("to become", id, &request.recurrence, &request.payment, amounts, Some(request.pending))
            }
            Request::CancelRecurring(request) => ended(&request.model_id, Some(request.pending)),
            Request::AddPayee(request) => {
                let row = self.payee("to be added", &request.payee, request.to.as_ref(), &request.pay_accounts);
                self.list(row)
            }
            Request::ModifyPayee(request) => {
                let payee = request.payee.clone().map(PayeeRef::from);
                let row = match &payee {
                    Some(payee) => self.payee("to become", payee, request.to.as_ref(), &request.pay_accounts),
                    None => self.accounts_at("to become", &request.pay_accounts),
                };
                self.list(PayeeRow { list_id: Some(request.list_id.clone()), ..row })
            }
            Request::DeletePayee(request) => request.list_id.clone(),
            Request::SendPaymentMail(mail) => about_mail(mail),
            Request::Enroll(request) => format!("{} {}", request.first_name, request.last_name),
            Request::ChangeUserInfo(info) => about_user(info),
            Request::ChangeService(request) => format!("{} {}", request.service, self.service(&request.change)),
            _ => String::new(),
        }
    }

    /// Notes what was done, and says in short what it is about.
    pub fn reply(&mut self, reply: &Reply) -> String {
        match reply {
            Reply::Accounts(list) => {
                list.accounts.iter().for_each(|account| self.account(account));
                let updated = list.updated.as_ref().map_or_else(String::new, |stamp| format!(", as of {stamp}"));
                format!("{} account(s){updated}", list.accounts.len())
            }
            Reply::Pay(paid) => {
                let about = self.pay("accepted", Some(&paid.server_id), &paid.payment);
                if let Some(row) = self.payments.last_mut() {
                    row.currency.clone_from(&paid.currency);
                    row.payee_list_id = paid.payee_list_id.clone().or_else(|| row.payee_list_id.take());
                    row.check_number.clone_from(&paid.check_number);
                    row.model_id.clone_from(&paid.model_id);
                    row.stands(paid.processing.as_ref());
                }
                about
            }
            Reply::ModifyPayment(changed) => {
                let about = self.pay("changed", Some(&changed.server_id), &changed.payment);
                if let Some(row) = self.payments.last_mut() {
                    row.stands(changed.processing.as_ref());
                }
                about
            }
            Reply::CancelPayment(canceled) => {
                self.payments.push(PaymentRow {
                    what: "cancelled",
                    id: Some(canceled.server_id.clone()),
                    ..PaymentRow::default()
                });
                canceled.server_id.clone()
            }
            Reply::PaymentStatus(status) => {
                let mut row =
                    PaymentRow { what: "stands", id: Some(status.server_id.clone()), ..PaymentRow::default() };
                row.check_number.clone_from(&status.check_number);
                row.stands(Some(&status.processing));
                self.payments.push(row);
                format!("{} {} {}", status.server_id, status.processing.state, day(&status.processing.date))
            }
            Reply::AddRecurring(model) => {
                let amounts = [model.initial_amount, model.final_amount];
                let id = Some(model.model_id.as_str());
                let about = self.repeat("accepted", id, &model.recurrence, &model.payment, amounts, None);
                if let Some(row) = self.recurring.last_mut() {
                    row.payment.currency.clone_from(&model.currency);
                    row.payment.payee_list_id =
                        model.payee_list_id.clone().or_else(|| row.payment.payee_list_id.take());
                }
                about
            }
            Reply::ModifyRecurring(model) => {
                let amounts = [model.initial_amount, model.final_amount];
                let id = Some(model.model_id.as_str());
                self.repeat("changed", id, &model.recurrence, &model.payment, amounts, model.pending)
            }
            Reply::CancelRecurring(model) => ended(&model.model_id, model.pending),
            Reply::AddPayee(listed) => {
                let row = self.listed("listed", listed.payee.as_ref(), listed.to.as_ref(), &listed.pay_accounts);
                self.list(PayeeRow { list_id: Some(listed.list_id.clone()), ..row.extended(listed.extended.as_ref()) })
            }
            Reply::ModifyPayee(listed) => {
                let row = self.listed("changed", listed.payee.as_ref(), listed.to.as_ref(), &listed.pay_accounts);
                self.list(PayeeRow { list_id: Some(listed.list_id.clone()), ..row.extended(listed.extended.as_ref()) })
            }
            Reply::DeletePayee(deleted) => {
                self.list(PayeeRow { what: "deleted", list_id: Some(deleted.list_id.clone()), ..PayeeRow::default() })
            }
            Reply::SendPaymentMail(mail) => about_mail(mail),
            Reply::Enroll(enrolled) => enrolled.user_id.clone().unwrap_or_default(),
            Reply::ChangeUserInfo(changed) => about_user(&changed.info),
            Reply::ChangeService(service) => {
                format!("{} {}: {}", service.service, self.service(&service.change), service.status)
            }
            _ => String::new(),
        }
    }

    fn pay(&mut self, what: &'static str, id: Option<&str>, payment: &Payment) -> String {
        let row = self.payment(what, id, payment);
        let about = row.about();
        self.payments.push(row);
        about
    }

    fn payment(&self, what: &'static str, id: Option<&str>, payment: &Payment) -> PaymentRow {
        let payee = match &payment.payee {
            PayeeRef::Address(payee) => payee.name.clone(),
            PayeeRef::Id(id) => format!("payee id {id}"),
            _ => String::new(),
        };
        PaymentRow {
            what,
            id: id.map(str::to_owned),
            amount: Some(payment.amount.to_string()),
            due: Some(day(&payment.due)),
            payee: Some(payee),
            payee_list_id: payment.payee_list_id.clone(),
            from: Some(self.veil.bank(&payment.from)),
            to: payment.to.as_ref().map(|account| self.veil.bank(account)),
            account_at_payee: Some(self.veil.account(&payment.pay_account)),
            ..PaymentRow::default()
        }
    }

    fn repeat(
        &mut self,
        what: &'static str,
        id: Option<&str>,
        recurrence: &Recurrence,
        payment: &Payment,
        [first, last]: [Option<ofx_session::ofx::Amount>; 2],
        pending: Option<bool>,
    ) -> String {
        let payment = self.payment(what, None, payment);
        let times = recurrence.count.map_or_else(|| "without an end".to_owned(), |count| format!("{count} times"));
        let about = format!("{}, {} {times}", payment.about(), recurrence.frequency);
        self.recurring.push(RecurringRow {
            what,
            id: id.map(str::to_owned),
            frequency: Some(recurrence.frequency.to_string()),
            times: recurrence.count,
            initial_amount: first.map(|amount| amount.to_string()),
            final_amount: last.map(|amount| amount.to_string()),
            pending,
            payment,
        });
        about
    }

    fn list(&mut self, row: PayeeRow) -> String {
        let words = [row.list_id.clone(), row.name.clone().or_else(|| row.id.clone())];
        self.payees.push(row);
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn payee(
        &self,
        what: &'static str,
        payee: &PayeeRef,
        to: Option<&ofx_session::BankAccount>,
        accounts: &[String],
    ) -> PayeeRow {
        let row = self.accounts_at(what, accounts);
        let row = PayeeRow { to: to.map(|account| self.veil.bank(account)), ..row };
        match payee {
            PayeeRef::Address(payee) => row.address(payee),
            PayeeRef::Id(id) => PayeeRow { id: Some(id.clone()), ..row },
            _ => row,
        }
    }

    fn listed(
        &self,
        what: &'static str,
        payee: Option<&Payee>,
        to: Option<&ofx_session::BankAccount>,
        accounts: &[String],
    ) -> PayeeRow {
        let row = self.accounts_at(what, accounts);
        let row = PayeeRow { to: to.map(|account| self.veil.bank(account)), ..row };
        match payee {
            Some(payee) => row.address(payee),
            None => row,
        }
    }

    fn accounts_at(&self, what: &'static str, accounts: &[String]) -> PayeeRow {
        let accounts = accounts.iter().map(|number| self.veil.account(number)).collect();
        PayeeRow { what, accounts, ..PayeeRow::default() }
    }

    fn service(&self, change: &ServiceChange) -> String {
        match change {
            ServiceChange::Add(account) => format!("to be had by {}", self.any(account)),
            ServiceChange::Change { from, to } => format!("to go from {} to {}", self.any(from), self.any(to)),
            ServiceChange::Remove(account) => format!("to be lost by {}", self.any(account)),
            _ => String::new(),
        }
    }

    fn any(&self, account: &AccountRef) -> String {
        match account {
            AccountRef::Bank(account) => self.veil.bank(account),
            AccountRef::Card(card) => format!("card {}", self.veil.account(&card.account_id)),
            AccountRef::Investment(account) => {
                format!("{} {}", account.broker_id, self.veil.account(&account.account_id))
            }
            AccountRef::Presentment(account) => {
                format!("{} {}", account.biller_id, self.veil.account(&account.account_id))
            }
            _ => String::new(),
        }
    }

    /// One row for each service of an account.
    fn account(&mut self, account: &AccountInfo) {
        let row =
            |kind, bank: Option<&str>, number: &str, account_type: Option<String>, status: Option<String>| AccountRow {
                description: account.description.clone().or_else(|| account.name.clone()),
                kind,
                bank: bank.map(str::to_owned),
                number: self.veil.account(number),
                account_type,
                status,
            };
        let text = |word: &dyn std::fmt::Display| Some(word.to_string());
        let bank = account.bank.as_ref().map(|info| {
            let number = &info.account.account_id;
            row("bank", Some(&info.account.bank_id), number, text(&info.account.account_type), text(&info.status))
        });
        let card =
            account.card.as_ref().map(|info| row("card", None, &info.account.account_id, None, text(&info.status)));
        let bill_pay = account.bill_pay.as_ref().map(|info| {
            let number = &info.account.account_id;
            row(
                "bill payment",
                Some(&info.account.bank_id),
                number,
                text(&info.account.account_type),
                text(&info.status),
            )
        });
        let investment = account.investment.as_ref().map(|info| {
            let status = info.status.as_ref().map(ToString::to_string);
            let product = info.product.as_ref().map(ToString::to_string);
            row("investment", Some(&info.account.broker_id), &info.account.account_id, product, status)
        });
        let loan = account.loan.as_ref().map(|info| {
            let status = info.status.as_ref().map(ToString::to_string);
            row("loan", None, &info.account.account_id, text(&info.account.kind), status)
        });
        let presentment = account.presentment.as_ref().map(|info| {
            let status = info.status.as_ref().map(ToString::to_string);
            row("presented bills", Some(&info.account.biller_id), &info.account.account_id, None, status)
        });
        let rows = [bank, card, bill_pay, investment, loan, presentment];
        self.accounts.extend(rows.into_iter().flatten());
    }
}

fn ended(id: &str, pending: Option<bool>) -> String {
    match pending {
        Some(true) => format!("{id}, and what is pending of it"),
        Some(false) => format!("{id}, and not what is pending of it"),
        None => id.to_owned(),
    }
}

fn about_mail(mail: &PaymentMail) -> String {
    let payment = mail.about.as_ref().map_or_else(String::new, |about| format!(", about payment {}", about.server_id));
    format!("{:?} from {} to {}{payment}", mail.mail.subject, mail.mail.from, mail.mail.to)
}

fn about_user(info: &UserInfo) -> String {
    [&info.first_name, &info.last_name, &info.email].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
}
