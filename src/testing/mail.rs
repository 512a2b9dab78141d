//! Mail about payments, and the institution's replies. OFX 1.0.3 §9 and §12.8, OFX 2.3 likewise.

use crate::error::StatusCode;
use crate::ofx::{Mail, PaymentMail, Reply, Stamp, SyncKind, Version};
use crate::testing::BankModel;
use crate::testing::history::Event;
use crate::testing::requests::{Asking, Decision, refusal};

impl BankModel {
    /// The institution writes to a user of its own accord: the mail stands in the user's history of mail.
    pub fn send_mail(&mut self, user_id: &str, subject: &str, body: &str) {
        let mail = Mail::new(user_id, Stamp::moment(self.now), NAME, user_id, subject, body);
        let reply = Reply::SendPaymentMail(Box::new(PaymentMail::new(mail)));
        self.remember(user_id, SyncKind::PaymentMail, None, Event::by_itself(reply));
    }

    /// `PMTMAILRQ`.
    pub(super) fn take_mail(&mut self, name: &str, request: &PaymentMail) -> Decision {
        if request.mail.user_id != name {
            return Err(refusal(StatusCode::GENERAL_ERROR, "USERID is not the user who signed on"));
        }
        if request.mail.use_html {
            return Err(refusal(StatusCode::HTML_NOT_ALLOWED, "this bank takes plain text"));
        }
        request.check(Version::V230).map_err(|error| refusal(StatusCode::GENERAL_ERROR, &error.to_string()))?;
        if let Some(about) = &request.about
            && self.payment_of(name, &about.server_id).is_none()
        {
            return Err(refusal(StatusCode::UNKNOWN_SERVER_ID, "SRVRTID is not one of your payments"));
        }
        Ok(Reply::SendPaymentMail(Box::new(request.clone())))
    }

    /// The reply to a mail: it stands in the history behind it.
    pub(super) fn reply_to(&mut self, asking: Asking<'_>, sent: &PaymentMail) {
        let subject: String = format!("Re: {}", sent.mail.subject).chars().take(LONGEST_SUBJECT).collect();
        let (from, now) = (sent.mail.from.as_str(), Stamp::moment(self.now));
        let mail = Mail::new(asking.name, now, NAME, from, subject.trim_end(), "Thank you. We look into it.");
        let mut reply = PaymentMail::new(mail);
        reply.about.clone_from(&sent.about);
        let event = Event::by_itself(Reply::SendPaymentMail(Box::new(reply)));
        self.remember(asking.name, SyncKind::PaymentMail, None, event);
    }

    /// The mailbox: all mail that the history still has, as if each were new.
    pub(super) fn mail_as_new(&self, name: &str) -> Vec<Event> {
        let histories = self.users.get(name).map(|user| user.histories.as_slice()).unwrap_or_default();
        let mail = histories.iter().filter(|(kind, ..)| *kind == SyncKind::PaymentMail);
        let events = mail.flat_map(|(_, _, history)| history.contents().1);
        events.filter_map(|event| event.reply.clone()).map(Event::by_itself).collect()
    }
}

/// Who the institution's mail is from.
const NAME: &str = "Example Loopback Bank";

/// `SUBJECT` is A-60.
const LONGEST_SUBJECT: usize = 60;
