//! Mail about payments. OFX 1.0.3 §9 and §12.8, OFX 2.3 §9 and §12.8.

use crate::ofx::aggregate::aggregate;
use crate::ofx::{Content as _, DecodeError, Element, Member, Payment, Stamp, Version};

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

/// The payment that a mail is about: `SRVRTID` and `PMTINFO`, which come together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailedPayment {
    /// `SRVRTID`, up to 10 characters.
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

    fn put(&self, _: &'static str, version: Version, out: &mut Vec<Element>) {
        if let Some(about) = self {
            out.push(about.server_id.write("SRVRTID", version));
            out.push(about.payment.write("PMTINFO", version));
        }
    }
}
