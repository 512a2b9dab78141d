//! What answers a request: the response in its wrapper, and what it says of what was done. OFX 1.0.3 §2.4.6.

use crate::error::StatusCode;
use crate::ofx::value::only;
use crate::ofx::{
    DecodeError, Element, EnrollmentResponse, ExtendedPayee, ExtendedPayment, Member, PaymentProcessing, Reply,
    RequestKind, Status, TrnUid,
};

/// One `xxxTRNRS`: what an institution says about one request, or tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// `TRNUID` of the request; `0` where the institution acted by itself.
    pub trn_uid: TrnUid,
    /// `STATUS`.
    pub status: Status,
    /// What was done, where there is a response that says so: an error leaves it out, as a rule, and what is up to date does.
    pub reply: Option<Reply>,
    element: Element,
}

impl Answer {
    /// Reads a wrapper. A response that is in no row of the table is no reply.
    pub(crate) fn read(element: &Element) -> Result<Self, DecodeError> {
        Self::read_within(element).map(Self::on_its_own)
    }

    /// As [`read`](Self::read), together with the whole document that it was read from: for a look.
    pub(crate) fn read_within(element: &Element) -> Result<Self, DecodeError> {
        let mut kinds = RequestKind::ALL.iter().filter(|kind| kind.row().transaction_response == element.tag());
        let kind = kinds.find(|kind| element.child(kind.row().response).is_some());
        let found = kind.map(|kind| Ok(only(element, kind.row().response)?.map(|child| (*kind, child))));
        let reply = found.transpose()?.flatten().map(|(kind, child)| {
            let read = Reply::read(kind, child);
            let read =
                read.or_else(|error| without_decoration(child).map_or(Err(error), |bare| Reply::read(kind, &bare)));
            read.map_err(|error| error.within(child.tag()))
        });
        let status: Status = Member::take(element, "STATUS")?;
        let reply = match reply.transpose()? {
            // It has nothing that must be said, and may be left out with that. OFX 1.0.3 §8.4.
            None if element.is("ENROLLTRNRS") && !status.is_error() => {
                Some(Reply::Enroll(Box::new(EnrollmentResponse::without_credentials())))
            }
            reply => reply,
        };
        Ok(Self { trn_uid: Member::take(element, "TRNUID")?, status, reply, element: element.clone() })
    }

    /// The same, without the rest of the document that it was read from.
    pub(crate) fn on_its_own(mut self) -> Self {
        self.element = self.element.on_its_own();
        self
    }

    /// Whether it says that something was done, or may have been: an error leaves its response out. OFX 1.0.3 §3.1.4.
    pub(crate) fn may_be_done(&self) -> bool {
        !self.status.is_error() || self.reply.is_some()
    }

    /// Whether it says no, with the response of what was done, so that nobody knows. That of 2019 may be that of the copy before.
    pub(crate) fn says_yes_and_no(&self) -> bool {
        self.status.is_error() && self.reply.is_some() && self.status.code != StatusCode::DUPLICATE
    }

    /// What names the object that it is about; see [`Reply::id`].
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.reply.as_ref().and_then(Reply::id)
    }

    /// The whole wrapper as it came, with whatever the typed data does not cover.
    #[must_use]
    pub fn element(&self) -> &Element {
        &self.element
    }

    /// The response aggregate as text, tags closed: `<PMTRS>…</PMTRS>`; the wrapper where there is no response.
    #[must_use]
    pub fn aggregate(&self) -> String {
        let row = self.reply.as_ref().map(|reply| reply.kind().row().response);
        row.and_then(|tag| self.element.child(tag)).unwrap_or(&self.element).to_markup()
    }
}

/// A response without what can be left out of it and cannot be read, when there is such: it must not hide that the payment was accepted.
/// Of an acceptance that is its state, too, which an institution need not say; in a change it may be what has changed.
fn without_decoration(response: &Element) -> Option<Element> {
    let info = response.child("PMTINFO");
    let unreadable = [
        ("EXTDPAYEE", <Option<ExtendedPayee> as Member>::take(response, "EXTDPAYEE").is_err()),
        (
            "PMTPRCSTS",
            response.is("PMTRS") && <Option<PaymentProcessing> as Member>::take(response, "PMTPRCSTS").is_err(),
        ),
        ("EXTDPMT", info.is_some_and(|info| Vec::<ExtendedPayment>::take(info, "EXTDPMT").is_err())),
    ];
    let tags: Vec<&str> =
        unreadable.into_iter().filter_map(|(tag, is_unreadable)| is_unreadable.then_some(tag)).collect();
    if tags.is_empty() {
        return None;
    }
    let kept = |element: &Element| -> Vec<Element> {
        element.children().iter().filter(|child| !tags.contains(&child.tag())).cloned().collect()
    };
    let bare = |child: Element| if child.is("PMTINFO") { Element::aggregate("PMTINFO", kept(&child)) } else { child };
    Some(Element::aggregate(response.tag().to_owned(), kept(response).into_iter().map(bare).collect()))
}
