//! `PMTSYNCRQ`: what happened since a token, and payments that are only made if nothing did. OFX 1.0.3 §6 and §12.10.

use crate::error::StatusCode;
use crate::ofx::{
    BankAccount, Content as _, Element, PaymentProcessing, PaymentResponse, PaymentState, PaymentTransactionResponse,
    Status, SyncFrom, SyncMode, TrnUid, Version,
};
use crate::testing::BankModel;
use crate::testing::facts::Fact;
use crate::testing::file::{Ask, Frame, RequestFile, Transaction};
use crate::testing::history::{History, Since};
use crate::testing::model::reply;

impl BankModel {
    /// `PMTSYNCRS`: what is newer than the token, the answers to what is enclosed, and the token behind all that.
    pub(super) fn synchronize(&mut self, name: &str, frame: &Frame, file: &RequestFile) -> Element {
        self.watch_frame(frame);
        if let Err(status) = self.source(&frame.account) {
            return refused(frame, &status, file);
        }
        let full = self.keeps_history();
        let since = match &frame.from {
            SyncFrom::Token(token) if full => self.history(name, &frame.account).map(|history| history.since(token)),
            _ => None,
        };
        let since = since.unwrap_or_default();
        let mut replies = if full && frame.from == SyncFrom::Refresh {
            self.refreshed(name, &frame.account, file.version)
        } else {
            since.responses.iter().map(|response| response.write("PMTTRNRS", file.version)).collect()
        };
        for transaction in &frame.transactions {
            match self.stopped(frame, &since, file.version) {
                Some(status) => replies.extend(status.map(|status| reply(transaction, &status, None, file))),
                None => replies.push(self.enclosed(name, transaction, frame, file)),
            }
        }
        let newest = self.history(name, &frame.account).filter(|_| full).map(|history| history.newest());
        let token = newest.unwrap_or_else(|| "0".to_owned());
        written(&token, Some(since.lost), frame, replies, file.version)
    }

    /// Keeps a response for those who synchronize.
    pub(super) fn remember(&mut self, name: &str, account: &BankAccount, response: PaymentTransactionResponse) {
        let (most, keeps_refusals) = (self.settings.promises.history, self.settings.promises.keeps_refusals);
        if !self.keeps_history() || response.status.is_error() && !keeps_refusals || self.source(account).is_err() {
            return;
        }
        self.note(|| Fact::remembered(name, account, &response));
        if let Some(history) = self.history(name, account) {
            history.push(response, most);
        }
    }

    pub(super) fn keeps_history(&self) -> bool {
        self.settings.sync_mode == SyncMode::Full
    }

    pub(super) fn history(&mut self, name: &str, account: &BankAccount) -> Option<&mut History> {
        let histories = &mut self.user_mut(name)?.histories;
        let at = histories.iter().position(|(known, _)| known == account).unwrap_or_else(|| {
            histories.push((account.clone(), History::new(name, account)));
            histories.len() - 1
        });
        histories.get_mut(at).map(|(_, history)| history)
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

    fn enclosed(&mut self, name: &str, transaction: &Transaction, frame: &Frame, file: &RequestFile) -> Element {
        match &transaction.ask {
            Ask::Pay(payment) if payment.from != frame.account => {
                let (status, _) = self.decline_foreign(name, &transaction.trn_uid);
                reply(transaction, &status, None, file)
            }
            _ => self.carry_out(transaction, Some(name), file),
        }
    }

    /// The present state of every payment of the account, as if each were new.
    fn refreshed(&self, name: &str, account: &BankAccount, version: Version) -> Vec<Element> {
        let of_account = self.ledger.iter().filter(|entry| entry.user == name && entry.payment.from == *account);
        let as_new = of_account.map(|entry| {
            let day = PaymentProcessing::new(PaymentState::WillProcessOn, self.processing_day(&entry.payment));
            let list_id = entry.payment.payee_list_id.as_deref().unwrap_or_default();
            let mut response = PaymentResponse::new(&entry.server_id, list_id, entry.payment.clone(), day);
            response.extended_payee = self.extended_payee(&entry.payment);
            PaymentTransactionResponse::new(TrnUid::new("0"), Status::new(StatusCode::SUCCESS, None), Some(response))
        });
        as_new.map(|response| response.write("PMTTRNRS", version)).collect()
    }

    fn watch_frame(&mut self, frame: &Frame) {
        let pays = |transaction: &Transaction| matches!(transaction.ask, Ask::Pay(_) | Ask::PayNonsense);
        if frame.transactions.iter().any(pays) && !frame.reject_if_missing {
            self.violation("a payment stands in a PMTSYNCRQ without REJECTIFMISSING");
        }
        let elsewhere =
            |transaction: &Transaction| matches!(&transaction.ask, Ask::Pay(payment) if payment.from != frame.account);
        if frame.transactions.iter().any(elsewhere) {
            self.violation("a payment stands in the PMTSYNCRQ of another account");
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
    inside.push(frame.account.write("BANKACCTFROM", version));
    inside.extend(replies);
    Element::aggregate("PMTSYNCRS", inside)
}
