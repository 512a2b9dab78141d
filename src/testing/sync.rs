//! `xxxSYNCRQ`: what happened since a token, and requests that are only carried out if nothing did. OFX 1.0.3 §6 and §12.10.

use crate::error::StatusCode;
use crate::ofx::{BankAccount, Content as _, Effect, Element, Reply, Status, SyncFrom, SyncKind, SyncMode, Version};
use crate::testing::BankModel;
use crate::testing::facts::Fact;
use crate::testing::file::{Ask, Frame, RequestFile, Transaction};
use crate::testing::history::{Event, History, Since};
use crate::testing::model::reply;
use crate::testing::requests::Asking;

impl BankModel {
    /// `xxxSYNCRS`: what is newer than the token, the answers to what is enclosed, and the token behind all that.
    pub(super) fn synchronize(&mut self, name: &str, frame: &Frame, file: &RequestFile) -> Element {
        self.watch_frame(frame);
        let source = frame.account.as_ref().map_or(Ok(()), |account| self.source(name, account));
        if let Err(status) = source {
            return refused(frame, &status, file);
        }
        let full = self.keeps_history();
        let since = match &frame.from {
            SyncFrom::Token(token) if full => self.history_of(name, frame).map(|history| history.since(token)),
            _ => None,
        };
        let since = since.unwrap_or_default();
        let mut replies: Vec<Element> = if full && frame.from == SyncFrom::Refresh {
            let present = self.present(name, frame);
            present.iter().map(|event| event.write(frame.kind, file.version)).collect()
        } else {
            since.responses.iter().map(|event| event.write(frame.kind, file.version)).collect()
        };
        for transaction in &frame.transactions {
            match self.stopped(frame, &since, file.version) {
                Some(status) => replies.extend(status.map(|status| reply(transaction, &status, None, file))),
                None => replies.extend(self.enclosed(name, transaction, frame, file)),
            }
        }
        let newest = self.history_of(name, frame).filter(|_| full).map(|history| history.newest());
        let token = newest.unwrap_or_else(|| "0".to_owned());
        written(&token, Some(since.lost), frame, replies, file.version)
    }

    /// Keeps a response for those who synchronize.
    pub(super) fn remember(&mut self, name: &str, kind: SyncKind, account: Option<&BankAccount>, event: Event) {
        let (most, keeps_refusals) = (self.settings.promises.history, self.settings.promises.keeps_refusals);
        let of_account = match account {
            Some(account) => self.source(name, account).is_ok(),
            None => !kind.is_of_account(),
        };
        if !self.keeps_history() || event.status.is_error() && !keeps_refusals || !of_account {
            return;
        }
        self.note(|| Fact::happened(name, kind, account, &event));
        if let Some(history) = self.history(name, kind, account) {
            history.push(event, most);
        }
    }

    pub(super) fn keeps_history(&self) -> bool {
        self.settings.sync_mode == SyncMode::Full
    }

    pub(super) fn history(
        &mut self,
        name: &str,
        kind: SyncKind,
        account: Option<&BankAccount>,
    ) -> Option<&mut History> {
        let histories = &mut self.user_mut(name)?.histories;
        let found = histories.iter().position(|(known, of, _)| *known == kind && of.as_ref() == account);
        let at = found.unwrap_or_else(|| {
            histories.push((kind, account.cloned(), History::new(name, kind, account)));
            histories.len() - 1
        });
        histories.get_mut(at).map(|(_, _, history)| history)
    }

    fn history_of(&mut self, name: &str, frame: &Frame) -> Option<&mut History> {
        self.history(name, frame.kind, frame.account.as_ref())
    }

    /// `Some` when what is enclosed is not to be carried out; in it the status, unless nothing is to show.
    fn stopped(&self, frame: &Frame, since: &Since, version: Version) -> Option<Option<Status>> {
        let rejection = self.settings.promises.rejection(version);
        if !frame.reject_if_missing {
            return None;
        }
        if matches!(frame.from, SyncFrom::Token(_)) {
            return since.missing.then(|| rejection.status());
        }
        let code = if version.is_sgml() { StatusCode::GENERAL_ERROR } else { StatusCode::REJECT_WITHOUT_TOKEN };
        Some(Some(Status::new(code, Some("REJECTIFMISSING needs a TOKEN"))))
    }

    /// The answer to what is enclosed, and what the institution did by itself because of it: the token is behind both.
    fn enclosed(&mut self, name: &str, transaction: &Transaction, frame: &Frame, file: &RequestFile) -> Vec<Element> {
        let before = self.history_of(name, frame).map_or(0, |history| history.length());
        let answer = if self.is_elsewhere(Some(name), transaction, frame) {
            let message = format!("BANKACCTFROM is not the account of the {}", frame.kind.frame().request);
            let asking = Asking { name, trn_uid: &transaction.trn_uid, ours: true, ordered: None };
            let (status, _) = self.decline(asking, StatusCode::ACCOUNT_ERROR, &message);
            reply(transaction, &status, None, file)
        } else {
            self.carry_out(transaction, Some(name), file)
        };
        let since = self.history_of(name, frame).map(|history| history.behind(before).to_vec()).unwrap_or_default();
        let by_itself = since.iter().filter(|event| event.trn_uid.as_str() != transaction.trn_uid);
        std::iter::once(answer).chain(by_itself.map(|event| event.write(frame.kind, file.version))).collect()
    }

    /// The present state of everything that a frame is about, as if each were new.
    fn present(&self, name: &str, frame: &Frame) -> Vec<Event> {
        match frame.kind {
            SyncKind::Payments => {
                let payments = self.ledger.iter().filter(|entry| {
                    Some(&entry.payment.from) == frame.account.as_ref()
                        && !entry.is_canceled()
                        && self.payment_of(name, &entry.server_id).is_some()
                });
                payments.map(|entry| Event::by_itself(Reply::Pay(Box::new(self.as_new(entry))))).collect()
            }
            SyncKind::RecurringPayments => self.models_as_new(name, frame.account.as_ref()),
            SyncKind::Payees => self.payees_as_new(name),
            SyncKind::PaymentMail => self.mail_as_new(name),
            SyncKind::Services => self.services_as_new(name),
            SyncKind::UserInfo => self.info_as_new(name),
        }
    }

    /// Whether a request stands in the frame of another account.
    fn is_elsewhere(&self, name: Option<&str>, transaction: &Transaction, frame: &Frame) -> bool {
        let Ask::Request(request) = &transaction.ask else { return false };
        let account = match name {
            Some(name) => self.account_of(name, request),
            None => request.account().cloned(),
        };
        account.is_some() && frame.account.is_some() && account != frame.account
    }

    fn watch_frame(&mut self, frame: &Frame) {
        let tag = frame.kind.frame().request;
        let pays = |transaction: &Transaction| match &transaction.ask {
            Ask::Request(request) => request.kind().row().effect == Effect::Pays,
            Ask::Nonsense => true,
            _ => false,
        };
        if frame.transactions.iter().any(pays) && !frame.reject_if_missing {
            self.violation(format!("a payment stands in a {tag} without REJECTIFMISSING"));
        }
        if frame.transactions.iter().any(|one| self.is_elsewhere(None, one, frame)) {
            self.violation(format!("a payment stands in the {tag} of another account"));
        }
        if frame.from == SyncFrom::Refresh && !self.keeps_history() {
            self.violation("REFRESH is asked of an institution with SYNCMODE LITE");
        }
    }
}

/// A frame that cannot be answered: `TOKEN` -1, and nothing in it is done. OFX 1.0.3 §6, errata.
pub(super) fn refused(frame: &Frame, status: &Status, file: &RequestFile) -> Element {
    let replies = frame.transactions.iter().map(|transaction| reply(transaction, status, None, file)).collect();
    written("-1", None, frame, replies, file.version)
}

fn written(token: &str, lost: Option<bool>, frame: &Frame, replies: Vec<Element>, version: Version) -> Element {
    let mut inside = vec![Element::leaf("TOKEN", token)];
    inside.extend(lost.map(|lost| lost.write("LOSTSYNC", version)));
    inside.extend(frame.account.as_ref().map(|account| account.write("BANKACCTFROM", version)));
    inside.extend(replies);
    Element::aggregate(frame.kind.frame().response, inside)
}
