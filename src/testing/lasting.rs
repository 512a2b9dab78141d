//! Settings of an institution that outlives its process: where it keeps its books, and where it is found again.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::testing::BankBuilder;

/// What a started institution leaves behind, and what it comes back to.
#[derive(Clone, Debug, Default)]
pub(super) struct Lasting {
    pub(super) ledger: Option<PathBuf>,
    certificate: Option<PathBuf>,
    pub(super) port: u16,
}

impl Lasting {
    /// Where the certificate is kept: where it was set, else beside the ledger.
    pub(super) fn certificate(&self) -> Option<PathBuf> {
        let beside = |ledger: &PathBuf| {
            let mut name = OsString::from(ledger);
            name.push(".pem");
            PathBuf::from(name)
        };
        self.certificate.clone().or_else(|| self.ledger.as_ref().map(beside))
    }
}

impl BankBuilder {
    /// Keeps everything that the institution promises in a file: payments and what became of them, recurring payments, received
    /// `TRNUID`s, histories, saved answers, the payee lists, users who enrolled, their data, services and passwords, keys,
    /// approvals and challenges. Only for [`start`](Self::start).
    ///
    /// What a request changed is on disk before its answer goes out. A bank that is started with the same file and the same
    /// settings goes on where the other one ended, however it ended. Session cookies are forgotten, and so are orders, faults,
    /// what [`Fault::LateDelivery`](crate::testing::Fault::LateDelivery) holds back, and
    /// [changed settings](crate::testing::Bank::change_settings). When the file cannot be written to, the
    /// request is answered with HTTP 500 and every further one with HTTP 503. One bank at a time may use a file;
    /// [`Ledger::read`](crate::testing::Ledger::read) may read it meanwhile.
    ///
    /// The certificate is kept beside it with `.pem` added to the name, unless
    /// [`certificate_file`](Self::certificate_file) says where.
    ///
    /// # Security
    ///
    /// Account numbers, payments, new passwords, keys and answers are in the file, and anyone can read them. Use invented ones.
    #[must_use]
    pub fn ledger_file(mut self, path: impl AsRef<Path>) -> Self {
        self.lasting().ledger = Some(path.as_ref().to_owned());
        self
    }

    /// Keeps certificate and private key in this file, so that clients go on trusting a bank that is started again.
    #[must_use]
    pub fn certificate_file(mut self, path: impl AsRef<Path>) -> Self {
        self.lasting().certificate = Some(path.as_ref().to_owned());
        self
    }

    /// Listens on this port, with bill pay at the next one if it lives elsewhere; on free ones unless set.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.lasting().port = port;
        self
    }
}
