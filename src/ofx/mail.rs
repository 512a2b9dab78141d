//! Mail about payments. OFX 1.0.3 §9 and §12.8, OFX 2.3 §9 and §12.8.

use crate::ofx::aggregate::aggregate;
use crate::ofx::check::{day, limit, server_id};
use crate::ofx::{Content as _, DecodeError, Element, EncodeError, Member, Payment, Sink, Stamp, Version};

aggregate! {
    /// `MAIL`: one mail between the user and the institution.
    #[doc(alias = "MAIL")]
    pub struct Mail {
        /// `USERID`, up to 32 characters.
        user_id: String = "USERID",
        /// `DTCREATED`.
        created: Stamp = "DTCREATED",
        /// `FROM`: the customer's or the institution's name, up to 32 characters.
        from: String = "FROM",
        /// `TO`: the institution's or the customer's name, up to 32 characters.
        to: String = "TO",
        /// `SUBJECT`, up to 60 characters.
        subject: String = "SUBJECT",
        /// `MSGBODY`: plain text of up to 2000 characters, or HTML of up to 10000.
        body: String = "MSGBODY",
        /// `INCIMAGES`: answers may hold images.
        include_images: bool = "INCIMAGES",
        /// `USEHTML`: the body is HTML, and answers may be.
        use_html: bool = "USEHTML",
    }
}

impl Mail {
    /// A mail in plain text, whose answers may hold neither images nor HTML.
    #[must_use]
    pub fn new(user_id: &str, created: Stamp, from: &str, to: &str, subject: &str, body: &str) -> Self {
        Self {
            user_id: user_id.to_owned(),
            created,
            from: from.to_owned(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            body: body.to_owned(),
            include_images: false,
            use_html: false,
        }
    }

    /// Allows answers with images.
    #[must_use]
    pub fn include_images(mut self, include: bool) -> Self {
        self.include_images = include;
        self
    }

    /// Says that the body is HTML, and allows answers in HTML.
    #[must_use]
    pub fn use_html(mut self, html: bool) -> Self {
        self.use_html = html;
        self
    }

    fn check(&self) -> Result<(), EncodeError> {
        limit("USERID", &self.user_id, 32)?;
        day("DTCREATED", &self.created)?;
        limit("FROM", &self.from, 32)?;
        limit("TO", &self.to, 32)?;
        limit("SUBJECT", &self.subject, 60)?;
        limit("MSGBODY", &self.body, if self.use_html { 10_000 } else { 2000 })
    }
}

aggregate! {
    /// `PMTMAILRQ` and `PMTMAILRS`: mail about payments, or about one payment.
    #[doc(alias = "PMTMAILRQ")]
    #[doc(alias = "PMTMAILRS")]
    pub struct PaymentMail {
        /// `MAIL`.
        mail: Mail = "MAIL",
        /// `SRVRTID` and `PMTINFO`.
        about: Option<MailedPayment> = "SRVRTID",
    }
}

impl PaymentMail {
    /// Mail about payments in general.
    #[must_use]
    pub fn new(mail: Mail) -> Self {
        Self { mail, about: None }
    }

    /// Makes it about one payment.
    #[must_use]
    pub fn about(mut self, server_id: impl Into<String>, payment: Payment) -> Self {
        self.about = Some(MailedPayment { server_id: server_id.into(), payment });
        self
    }

    /// Refuses what no institution could accept, naming the element, and what `version` cannot say.
    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        self.check_texts("PMTMAILRQ", version)?;
        self.mail.check()?;
        if let Some(about) = &self.about {
            server_id("SRVRTID", &about.server_id)?;
            about.payment.check(version)?;
        }
        Ok(())
    }
}

/// The payment that a mail is about: `SRVRTID` and `PMTINFO`, which come together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailedPayment {
    /// `SRVRTID`, as the institution gave it: up to 36 characters.
    pub server_id: String,
    /// `PMTINFO`.
    pub payment: Payment,
}

impl Member for Option<MailedPayment> {
    /// One without the other counts as absent: what the mail says is worth more than what it points at.
    fn take(parent: &Element, _: &'static str) -> Result<Self, DecodeError> {
        let server_id: Option<String> = Member::take(parent, "SRVRTID")?;
        let payment: Option<Payment> = Member::take(parent, "PMTINFO")?;
        Ok(server_id.zip(payment).map(|(server_id, payment)| MailedPayment { server_id, payment }))
    }

    fn put(&self, _: &'static str, version: Version, out: &mut dyn Sink) {
        if let Some(about) = self {
            about.server_id.put("SRVRTID", version, out);
            about.payment.put("PMTINFO", version, out);
        }
    }
}
