//! What is wrong with a certificate or a proxy, in words that say what to do.

use std::fmt;

/// What is wrong with a certificate; the words follow "the certificate of the host".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// Nobody who is trusted here has signed it.
    Untrusted,
    /// Nobody but itself has signed it.
    SelfSigned,
    /// It is that of a certificate authority, given as a root: it vouches for the certificates of servers and may not be one.
    Authority,
    /// It was made for another host.
    WrongHost,
    /// It is no longer valid.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// Its issuer has taken it back.
    Revoked,
    /// No list of revoked certificates given tells about it, or the list has expired.
    RevocationUnknown,
    /// Neither its own key nor one that has signed it is pinned.
    NotPinned,
    /// The program's own check refused it.
    RefusedByCheck,
    /// It is broken or not made for a server.
    Unusable,
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Untrusted => {
                "comes from an issuer that is not trusted here: if it is the right one, give its root certificate as PEM \
                 (HttpsOptions::add_root_pem)"
            }
            Self::SelfSigned => {
                "is signed by itself, so anyone can have made it: give no password to this server before the institution confirms \
                 the certificate; then give it as PEM (HttpsOptions::add_root_pem)"
            }
            Self::Authority => {
                "is that of a certificate authority, which may not be a server's own, although it was given as a root: make the server \
                 one with basicConstraints=CA:FALSE and give that one (HttpsOptions::add_root_pem), or accept this one by its key \
                 (DangerousCertificates, HttpsOptions::pin_spki)"
            }
            Self::WrongHost => "was made for another host name: check the URL, and give no password to this server",
            Self::Expired => "has expired: check this machine's clock, then tell the institution",
            Self::NotYetValid => "is not valid yet: check this machine's clock, then tell the institution",
            Self::Revoked => "was revoked by its issuer: give no password to this server, and tell the institution",
            Self::RevocationUnknown => {
                "may have been revoked: no list of revoked certificates given here tells about its issuer, or the list has expired; give \
                 a present one (HttpsOptions::add_crl_pem)"
            }
            Self::NotPinned => {
                "is not one of those pinned here (HttpsOptions::pin_spki): give no password to this server before the institution confirms \
                 its new key"
            }
            Self::RefusedByCheck => "was refused by the program's own check (HttpsOptions::check_certificate)",
            Self::Unusable => "cannot be used for a server: tell the institution",
        })
    }
}

/// What a proxy did; the words follow its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyProblem {
    /// It cannot be connected to.
    Unreachable,
    /// It wants a login, or another one.
    Login,
    /// It does not let us through to the institution, or is no proxy of this kind.
    Refused,
}

impl fmt::Display for ProxyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "cannot be reached: check its address, and whether it runs",
            Self::Login => "does not accept the login, or wants one: give the user and password it knows (Proxy::login)",
            Self::Refused => {
                "did not connect to the institution: it may not be allowed to, not find it, not accept the login (some proxies say no \
                 more than no), or be a proxy of another kind"
            }
        })
    }
}
