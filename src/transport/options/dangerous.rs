//! What counts although it was found wrong.

use std::fmt;
use std::sync::Arc;

#[cfg(doc)]
use crate::transport::options::HttpsOptions;
use crate::transport::tls::PresentedCertificate;

/// Decides that certificates count which were found wrong. Whoever can answer in place of the institution then gets the password and
/// the payments, unless the decision is a narrow one. To go by the [problem](PresentedCertificate::problem) alone is not narrow, because
/// it is what was found first: one that has expired, or that nobody vouches for, may be anybody's.
///
/// It does not overrule [`pin_spki`](HttpsOptions::pin_spki) and [`check_certificate`](HttpsOptions::check_certificate): where these are
/// set, they count for what it accepts as well.
#[derive(Clone)]
pub struct DangerousCertificates(Arc<dyn Fn(&PresentedCertificate<'_>) -> bool + Send + Sync>);

impl DangerousCertificates {
    /// Accepts a certificate that was found wrong when `decide` says so. It is not asked about the others. One that panics
    /// accepts nothing.
    ///
    /// # Examples
    ///
    /// One certificate, known by its key, of a server whose issuer nobody trusts:
    ///
    /// ```
    /// use ofx_session::transport::{DangerousCertificates, HttpsOptions};
    ///
    /// let known = "x4QzPSC810K5/cMjb05Qm4k3Bw5zBn4lTdO/nEW/Td4=";
    /// let accepting = DangerousCertificates::accept_when(move |presented| presented.spki_sha256().as_deref() == Some(known));
    /// let options = HttpsOptions::new().dangerous_certificates(accepting);
    /// ```
    #[must_use]
    pub fn accept_when(decide: impl Fn(&PresentedCertificate<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    pub(crate) fn accepts(&self, presented: &PresentedCertificate<'_>) -> bool {
        (self.0)(presented)
    }
}

impl fmt::Debug for DangerousCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DangerousCertificates")
    }
}
