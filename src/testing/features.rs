//! What a profile says the institution does, one thing at a time. OFX 1.0.3 §2.5, §7.2, §8.8 and §12.11, OFX 2.3 likewise.

use crate::error::StatusCode;
use crate::ofx::Status;
use crate::testing::{BankBuilder, BankModel};

/// Something that institutions do or do not do, and say so in their profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// `CANADDPAYEE`: payees that are not on the user's list can be paid and added.
    AddPayees,
    /// `STSVIAMODS`: what becomes of a payment is told in synchronizations, as `PMTMODRS`.
    StatusBySync,
    /// `CANMODPMTS`: payments can be changed.
    ModifyPayments,
    /// `CANMODMDLS`: recurring payments can be changed.
    ModifyModels,
    /// `HASEXTDPMT`: payments can have invoices with them.
    ExtendedPayments,
    /// `DIFFFIRSTPMT`: the first of recurring payments can have an amount of its own.
    FirstAmount,
    /// `DIFFLASTPMT`: so can the last.
    LastAmount,
    /// `CLIENTENROLL`: users can enrol from their client; otherwise they do on a web page. Their first password says that it expires
    /// (`DTEXPIRE`) in 30 days, by the [clock](BankBuilder::clock).
    Enroll,
    /// `CHGUSERINFO`: users can change their name and address.
    ChangeUserInfo,
    /// `CLIENTACTREQ`: users can ask for services of their accounts.
    ActivateServices,
    /// `PINCH`: users can change their password.
    ChangePassword,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 11] = [
        Self::AddPayees,
        Self::StatusBySync,
        Self::ModifyPayments,
        Self::ModifyModels,
        Self::ExtendedPayments,
        Self::FirstAmount,
        Self::LastAmount,
        Self::Enroll,
        Self::ChangeUserInfo,
        Self::ActivateServices,
        Self::ChangePassword,
    ];

    /// What an institution offers unless something else is set.
    pub(super) const USUAL: [Self; 2] = [Self::AddPayees, Self::StatusBySync];
}

impl BankBuilder {
    /// Offers every [`Feature`]. How it promises to recover is set apart: a history of what happened with
    /// [`sync_mode`](Self::sync_mode), saved answers with [`file_recovery`](Self::file_recovery).
    #[must_use]
    pub fn everything(self) -> Self {
        Feature::ALL.into_iter().fold(self, |builder, feature| builder.offers(feature, true))
    }

    /// Says whether the institution offers a feature; [`Feature::AddPayees`] and [`Feature::StatusBySync`] unless set.
    ///
    /// What is not offered is refused, and is a [violation](crate::testing::Bank::violations) when it is asked for.
    #[must_use]
    pub fn offers(mut self, feature: Feature, offers: bool) -> Self {
        self.feature(feature, offers);
        self
    }
}

impl BankModel {
    pub(super) fn offers(&self, feature: Feature) -> bool {
        self.settings.features.contains(&feature)
    }

    /// Lets nobody have what is not offered.
    pub(super) fn must_offer(&mut self, feature: Feature, tag: &str, what: &str) -> Result<(), Status> {
        if self.offers(feature) {
            return Ok(());
        }
        self.violation(format!("{what} although the profile says {tag} N"));
        Err(Status::new(StatusCode::GENERAL_ERROR, Some("this bank does not do that")))
    }
}
