//! How options are stored: what is secret or code leaves a mark that it was given, times are in milliseconds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::transport::TransportError;
use crate::transport::options::Reason;

/// Something that is not stored.
#[derive(Clone, Default)]
pub(crate) enum Given<T> {
    /// It was not given.
    #[default]
    No,
    /// Here it is.
    Yes(T),
    /// It was given when the options were stored, and has to be given again.
    Missing,
}

impl<T> Given<T> {
    /// What was given, unless it is missing: that is `reason`.
    pub(crate) fn get(&self, reason: &Reason) -> Result<Option<&T>, TransportError> {
        match self {
            Self::No => Ok(None),
            Self::Yes(value) => Ok(Some(value)),
            Self::Missing => Err(reason.error()),
        }
    }
}

impl<T> fmt::Debug for Given<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "no",
            Self::Yes(_) => "given",
            Self::Missing => "missing",
        })
    }
}

impl<T> Serialize for Given<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(!matches!(self, Self::No))
    }
}

impl<'de, T> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(if bool::deserialize(deserializer)? { Self::Missing } else { Self::No })
    }
}

/// A time in whole milliseconds.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// A time in whole milliseconds, or none.
pub(crate) mod millis_or_none {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
