//! What the institution told goes into the copies, and what is printed of it. The same thing may be told more than once.

use ofx_session::ofx::{Answer, PaymentResponse, Reply, Status};
use ofx_session::{AccountInfo, Change, ChangeKind, Changes, Completed, Origin, PayeeRef, Payment, SyncKind};
use serde_json::{Value, json};

use crate::book::{Book, MailCopy, PayeeCopy, PaymentCopy, RecurringCopy, account_text, kind_word};
use crate::perform::is_good;
use crate::shown::{Shown, table};

impl Book {
    /// Takes the result of an operation, and shows it. `asked` is the payment that was asked for.
    pub fn take(&mut self, completed: &Completed, asked: Option<&Payment>) -> Shown {
        match completed {
            Completed::Paid(receipt) => {
                self.add_payment(&receipt.response);
                let mut shown = self.show_payment(receipt.id(), "payment");
                let good = receipt.state().is_none_or(is_good);
                if !good {
                    shown.text += "\nit was accepted and will NOT be made";
                }
                let differences = asked.map(|asked| receipt.differences(asked)).unwrap_or_default();
                if !differences.is_empty() {
                    shown.text += &format!("\nthe institution changed what was asked for: {}", differences.join(", "));
                }
                note(&mut shown, &receipt.notices);
                shown.json["will_be_made"] = json!(good);
                shown.json["differences"] = json!(differences);
                shown
            }
            Completed::Confirmed(confirmed) => {
                let mut shown = self.reply(&confirmed.record);
                if let Reply::CancelRecurring(model) = &confirmed.record {
                    self.tell_what_stays(&mut shown, &model.model_id, model.pending);
                }
                note(&mut shown, &confirmed.notices);
                shown
            }
            Completed::Accounts(accounts) => show_accounts(accounts),
            Completed::Synchronized(changes) => self.changes(changes),
            Completed::PasswordChanged => Shown::new(
                "the password is changed; the next command needs the new one",
                json!({ "password_changed": true }),
            ),
            _ => Shown::new("done", json!({})),
        }
    }

    fn reply(&mut self, reply: &Reply) -> Shown {
        match reply {
            Reply::Pay(paid) => {
                self.add_payment(paid);
                self.show_payment(&paid.server_id, "payment")
            }
            Reply::ModifyPayment(changed) => {
                let name = self.payee_name(&changed.payment, None, None);
                let fresh = PaymentCopy::new(&changed.server_id, &changed.payment, name);
                let known = self.payments.iter().position(|payment| payment.id == changed.server_id);
                let mut copy = match known {
                    Some(at) => {
                        let old = self.payments.swap_remove(at);
                        PaymentCopy {
                            payee: if matches!(changed.payment.payee, PayeeRef::Address(_)) {
                                fresh.payee
                            } else {
                                old.payee
                            },
                            payee_list_id: fresh.payee_list_id.or(old.payee_list_id),
                            amount: fresh.amount,
                            account: fresh.account,
                            due: fresh.due,
                            memo: fresh.memo,
                            aggregate: fresh.aggregate,
                            ..old
                        }
                    }
                    None => fresh,
                };
                copy.processed(changed.processing.as_ref());
                self.payments.push(copy);
                self.show_payment(&changed.server_id, "payment")
            }
            Reply::CancelPayment(canceled) => {
                for payment in self.payments.iter_mut().filter(|payment| payment.id == canceled.server_id) {
                    (payment.state, payment.on) = ("canceled".to_owned(), None);
                }
                self.show_payment(&canceled.server_id, "payment")
            }
            Reply::PaymentStatus(status) => {
                let mut unknown =
                    PaymentCopy { id: status.server_id.clone(), payee: "a payee".to_owned(), ..PaymentCopy::default() };
                let known = self.payments.iter_mut().find(|payment| payment.id == status.server_id);
                let payment = known.unwrap_or(&mut unknown);
                payment.processed(Some(&status.processing));
                payment.check_number = status.check_number.clone().or_else(|| payment.check_number.take());
                show_payment(payment, "payment")
            }
            Reply::AddRecurring(model) => {
                let name =
                    self.payee_name(&model.payment, model.payee_list_id.as_deref(), model.extended_payee.as_ref());
                self.learn_payee(&model.payment, model.payee_list_id.as_deref());
                put(&mut self.recurring, RecurringCopy::new(model, name), |copy| &copy.id);
                self.show_recurring(&model.model_id)
            }
            Reply::ModifyRecurring(model) => {
                for copy in self.recurring.iter_mut().filter(|copy| copy.id == model.model_id) {
                    copy.change(model);
                }
                self.show_recurring(&model.model_id)
            }
            Reply::CancelRecurring(model) => {
                for copy in self.recurring.iter_mut().filter(|copy| copy.id == model.model_id) {
                    copy.ended = true;
                }
                self.show_recurring(&model.model_id)
            }
            Reply::AddPayee(payee) => {
                put(&mut self.payees, PayeeCopy::listed(payee), |copy| &copy.id);
                self.show_payee(&payee.list_id)
            }
            Reply::ModifyPayee(payee) => {
                let new = PayeeCopy::modified(payee);
                let differences = self.payee(&new.id).map(|old| old.differences(&new)).unwrap_or_default();
                put(&mut self.payees, new, |copy| &copy.id);
                let mut shown = self.show_payee(&payee.list_id);
                for (name, old, new) in &differences {
                    shown.text += &format!("\n{name}: {new} (was {old})");
                }
                let list = differences.iter().map(|(name, old, new)| json!({ "what": name, "old": old, "new": new }));
                shown.json["changed"] = list.collect();
                shown
            }
            Reply::DeletePayee(payee) => {
                let name = self.payee(&payee.list_id).map_or_else(String::new, |payee| format!(": {}", payee.name));
                self.payees.retain(|copy| copy.id != payee.list_id);
                let json = json!({ "payee": { "id": payee.list_id, "deleted": true } });
                Shown::new(format!("payee {}{name} is off the list", payee.list_id), json)
            }
            Reply::SendPaymentMail(mail) => {
                let copy = MailCopy::new(mail);
                let about = copy.about.as_ref().map(|id| format!(", about payment {}", self.payment_in_short(id)));
                let text = format!(
                    "mail {:?} from {} to {}, {}{}",
                    copy.subject,
                    copy.from,
                    copy.to,
                    copy.date,
                    about.unwrap_or_default()
                );
                let json = json!({ "mail": copy });
                if !self.mail.contains(&copy) {
                    self.mail.push(copy);
                }
                Shown::new(text, json)
            }
            _ => Shown::new("done", json!({})),
        }
    }

    fn add_payment(&mut self, paid: &PaymentResponse) {
        let list_id = paid.payee_list_id.as_deref();
        self.learn_payee(&paid.payment, list_id);
        let name = self.payee_name(&paid.payment, list_id, paid.extended_payee.as_ref());
        let mut copy = PaymentCopy::new(&paid.server_id, &paid.payment, name);
        copy.payee_list_id = list_id.map(str::to_owned).or(copy.payee_list_id);
        copy.currency.clone_from(&paid.currency);
        copy.check_number.clone_from(&paid.check_number);
        copy.recurring.clone_from(&paid.model_id);
        copy.processed(paid.processing.as_ref());
        put(&mut self.payments, copy, |copy| &copy.id);
    }

    /// A payment to somebody new puts them on the list.
    fn learn_payee(&mut self, payment: &Payment, list_id: Option<&str>) {
        if let (Some(id), PayeeRef::Address(payee), true) =
            (list_id, &payment.payee, list_id.is_some_and(|id| self.payee(id).is_none()))
        {
            self.payees.push(PayeeCopy::new(id, Some(payee), None, std::slice::from_ref(&payment.pay_account)));
        }
    }

    /// Applies changes in their order.
    fn changes(&mut self, changes: &Changes) -> Shown {
        if changes.is_refresh {
            self.forget(changes);
        }
        let mut list = Vec::new();
        for change in &changes.changes {
            let what = match &change.answer.reply {
                Some(reply) => self.reply(reply),
                None => refused(&change.answer),
            };
            list.push(json!({
                "kind": kind_word(changes.kind),
                "change": change_word(change),
                "by": by(change),
                "id": change.id(),
                "text": what.text,
                "object": what.json,
            }));
        }
        self.now_synchronized();
        let json = json!({ "kind": changes.kind.name(), "lost_sync": changes.lost_sync, "changes": list });
        Shown::new(format!("{} change(s)", changes.changes.len()), json)
    }

    /// A refresh tells everything there is: what it does not tell is no more.
    fn forget(&mut self, changes: &Changes) {
        let account = changes.account.as_ref().map(account_text);
        match changes.kind {
            SyncKind::Payments => self.payments.retain(|copy| Some(&copy.from) != account.as_ref()),
            SyncKind::RecurringPayments => self.recurring.retain(|copy| Some(&copy.from) != account.as_ref()),
            SyncKind::Payees => self.payees.clear(),
            SyncKind::PaymentMail => self.mail.clear(),
            _ => {}
        }
    }

    fn show_payment(&self, id: &str, what: &str) -> Shown {
        match self.payment(id) {
            Some(payment) => show_payment(payment, what),
            None => Shown::new(format!("{what} {id}"), json!({ "payment": { "id": id } })),
        }
    }

    fn show_recurring(&self, id: &str) -> Shown {
        let Some(copy) = self.recurring(id) else {
            return Shown::new(format!("recurring payment {id}"), json!({ "recurring": { "id": id } }));
        };
        let times = copy.times.map_or_else(|| "without an end".to_owned(), |times| format!("{times} times"));
        let ended = if copy.ended { "ended" } else { times.as_str() };
        let text = format!(
            "recurring payment {id}: {} to {}, {} from {}, {ended}",
            copy.amount, copy.payee, copy.every, copy.first
        );
        Shown::new(text, json!({ "recurring": copy }))
    }

    /// What becomes of the payments that an ended one has made already; `pending` is what the institution says of them.
    fn tell_what_stays(&self, shown: &mut Shown, id: &str, pending: Option<bool>) {
        let made = self.payments.iter().filter(|payment| payment.recurring.as_deref() == Some(id));
        let scheduled: Vec<_> =
            made.filter(|payment| payment.state == "scheduled").map(|payment| &payment.id).collect();
        let (count, ids) = (scheduled.len(), scheduled.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", "));
        shown.text += &match (pending, count) {
            (None, _) => "\n`sync` shows what becomes of the payments that it made and that wait".to_owned(),
            (Some(true), _) => "\nthe payments that it made and that wait are cancelled, too: `sync` shows them".to_owned(),
            (Some(false), 0) => "\nno payment that it made is known here to be scheduled; `sync` asks the institution. `--pending` would \
                           cancel such payments, too"
                .to_owned(),
            (Some(false), _) => format!(
                "\n{count} payment(s) that it made stay scheduled: {ids}. `--pending` would cancel them, too; `cancel PAYMENT` cancels one"
            ),
        };
        if pending == Some(false) {
            shown.json["stay_scheduled"] = json!(scheduled);
        }
    }

    /// `P12: 84.20 to Harbor Water`.
    pub fn payment_in_short(&self, id: &str) -> String {
        let payment = self.payment(id);
        payment.map_or_else(|| id.to_owned(), |payment| format!("{id}: {} to {}", payment.amount, payment.payee))
    }

    fn show_payee(&self, id: &str) -> Shown {
        let Some(copy) = self.payee(id) else {
            return Shown::new(format!("payee {id}"), json!({ "payee": { "id": id } }));
        };
        let accounts =
            if copy.accounts.is_empty() { String::new() } else { format!(", account {}", copy.accounts.join(", ")) };
        Shown::new(format!("payee {id}: {}{accounts}", copy.name), json!({ "payee": copy }))
    }
}

fn show_payment(payment: &PaymentCopy, what: &str) -> Shown {
    let id = &payment.id;
    let text = if payment.amount.is_empty() {
        format!("{what} {id}: {}", payment.standing())
    } else {
        format!("{what} {id}: {} to {}, due {}, {}", payment.amount, payment.payee, payment.due, payment.standing())
    };
    let check = payment.check_number.as_ref().map_or_else(String::new, |number| format!(", cheque {number}"));
    Shown::new(text + &check, json!({ "payment": payment }))
}

fn show_accounts(accounts: &[AccountInfo]) -> Shown {
    let mut rows = Vec::new();
    let mut list: Vec<Value> = Vec::new();
    for info in accounts {
        let (number, kind) = match (&info.bank, &info.card, &info.bill_pay) {
            (Some(bank), ..) => (account_text(&bank.account), bank.account.account_type.to_string()),
            (None, Some(card), _) => (card.account.account_id.clone(), "CARD".to_owned()),
            (None, None, Some(bill)) => (account_text(&bill.account), bill.account.account_type.to_string()),
            (None, None, None) => continue,
        };
        let description = info.description.clone().unwrap_or_else(|| "-".to_owned());
        let pays = info.pays_bills().is_some();
        list.push(json!({ "account": number, "type": kind, "description": description, "pays_bills": pays }));
        rows.push(vec![description, number, if pays { "yes" } else { "no" }.to_owned()]);
    }
    Shown::new(table(&["DESCRIPTION", "ACCOUNT", "PAYS BILLS"], &rows), json!({ "accounts": list }))
}

/// Warnings and messages of the institution are for the user, never dropped.
fn note(shown: &mut Shown, notices: &[Status]) {
    let mut list = Vec::new();
    for status in notices {
        let words = status.message.clone().or_else(|| status.code.meaning().map(str::to_owned)).unwrap_or_default();
        shown.text += &format!("\nthe institution notes: {words} (status {})", status.code);
        list.push(json!({ "status": status.code.value(), "message": words }));
    }
    shown.json["notices"] = json!(list);
}

fn put<T>(list: &mut Vec<T>, new: T, id: impl Fn(&T) -> &String) {
    match list.iter_mut().find(|old| id(old) == id(&new)) {
        Some(old) => *old = new,
        None => list.push(new),
    }
}

/// A request of this or another client that came to nothing: which, and why.
fn refused(answer: &Answer) -> Shown {
    let what = match answer.element().tag() {
        "PMTTRNRS" | "PMTINQTRNRS" => "a payment, or a change of one",
        "RECPMTTRNRS" => "a recurring payment, or a change of one",
        "PAYEETRNRS" => "a payee, or a change of one",
        "PMTMAILTRNRS" => "a mail",
        _ => "a request",
    };
    let (code, meaning) = (answer.status.code, answer.status.code.meaning());
    let meaning = meaning.map_or_else(String::new, |meaning| format!(": {meaning}"));
    let words = answer.status.message.as_ref().map_or_else(String::new, |words| format!(", in its words {words:?}"));
    let text = format!("{what} (TRNUID {}) was refused{meaning} (status {code}){words}", answer.trn_uid);
    Shown::new(
        text,
        json!({ "status": code.value(), "message": answer.status.message, "trn_uid": answer.trn_uid.to_string() }),
    )
}

fn change_word(change: &Change) -> &'static str {
    match change.kind() {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "changed",
        ChangeKind::Removed => "removed",
        ChangeKind::Refused => "refused",
        _ => "something",
    }
}

fn by(change: &Change) -> &'static str {
    match change.origin {
        Origin::Us => "by us",
        Origin::AnotherClient => "by another client",
        Origin::Institution => "by the institution",
        _ => "by somebody",
    }
}
