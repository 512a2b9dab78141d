//! The twelve header versions that can be written, and what each knows.

use std::fmt;

use crate::ofx::EncodeError;

/// Version number of an OFX header. OFX 1.0.3 §2.2, OFX 2.3 §2.2.
///
/// Names the grammar of the document, not the version of a message set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(u16);

impl Version {
    /// OFX 1.0.2, SGML.
    pub const V102: Self = Self(102);
    /// OFX 1.0.3, SGML: the oldest with security questions.
    pub const V103: Self = Self(103);
    /// OFX 1.5.1, SGML.
    pub const V151: Self = Self(151);
    /// OFX 1.6, SGML.
    pub const V160: Self = Self(160);
    /// OFX 2.0, XML.
    pub const V200: Self = Self(200);
    /// OFX 2.0.1, XML.
    pub const V201: Self = Self(201);
    /// OFX 2.0.2, XML.
    pub const V202: Self = Self(202);
    /// OFX 2.0.3, XML, with security questions.
    pub const V203: Self = Self(203);
    /// OFX 2.1, XML.
    pub const V210: Self = Self(210);
    /// OFX 2.1.1, XML, with security questions: what most institutions speak.
    pub const V211: Self = Self(211);
    /// OFX 2.2, XML.
    pub const V220: Self = Self(220);
    /// OFX 2.3, XML.
    pub const V230: Self = Self(230);

    /// Every version that can be written, oldest first.
    pub const ALL: [Self; 12] = [
        Self::V102,
        Self::V103,
        Self::V151,
        Self::V160,
        Self::V200,
        Self::V201,
        Self::V202,
        Self::V203,
        Self::V210,
        Self::V211,
        Self::V220,
        Self::V230,
    ];

    /// Finds a version that can be written by its number.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.0 == number)
    }

    /// The number in the header.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether documents are SGML (1.x) and not XML (2.x).
    #[must_use]
    pub const fn is_sgml(self) -> bool {
        self.0 < 200
    }

    /// Whether the version knows `CLIENTUID`, security questions, `ACCESSKEY` and the other multi-factor elements:
    /// 103, 203, and 211 up. Versions 151 and 160 branched off earlier and have none.
    #[must_use]
    pub const fn knows_mfa(self) -> bool {
        matches!(self.0, 103 | 203) || self.0 >= 211
    }

    /// Whether the version knows `ACCESSTOKEN` and `APPKEY`: 220 up.
    #[must_use]
    pub const fn knows_access_token(self) -> bool {
        self.0 >= 220
    }

    /// Whether the version knows `COUNTRY` in the signon: 151 and 160 only.
    #[must_use]
    pub const fn knows_signon_country(self) -> bool {
        matches!(self.0, 151 | 160)
    }

    /// Whether the version knows accounts at billers: 151 up.
    pub(crate) const fn knows_presentment(self) -> bool {
        self.0 >= 151
    }

    pub(crate) const fn since_200(self) -> bool {
        self.0 >= 200
    }

    pub(crate) const fn since_210(self) -> bool {
        self.0 >= 210
    }

    pub(crate) const fn since_220(self) -> bool {
        self.0 >= 220
    }

    /// 2.2.1 has no header number of its own that anyone was seen to use; 2.3 contains it.
    pub(crate) const fn since_221(self) -> bool {
        self.0 >= 221
    }

    /// 1.0.2 alone lacks `REFRESHSUPT`.
    pub(crate) const fn since_103(self) -> bool {
        self.0 >= 103
    }

    /// Refuses what needs the multi-factor elements in a version without them.
    pub(crate) fn require_mfa(self, what: &'static str) -> Result<(), EncodeError> {
        if self.knows_mfa() {
            Ok(())
        } else {
            Err(EncodeError::Version { what, version: self, would_do: "103, 203, 211, 220 or 230" })
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
