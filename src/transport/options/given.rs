//! How options are stored: what is secret or code leaves a mark that it was given, times are in milliseconds.

use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
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
        // What is written here by mistake may be the secret itself, and most formats repeat in their error what they did not expect.
        let was_given = bool::deserialize(deserializer).map_err(|_| D::Error::custom(NOT_A_MARK))?;
        Ok(if was_given { Self::Missing } else { Self::No })
    }
}

const NOT_A_MARK: &str = "a secret is not stored here: write true where one was given, and give it again with the method of HttpsOptions \
                          or Proxy that takes it";

/// Whole milliseconds, and none lost: a part of one is stored as one.
fn in_millis(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(NANOS)).unwrap_or(u64::MAX)
}

const NANOS: u128 = 1_000_000;

/// A time in whole milliseconds.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(super::in_millis(*time))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// A time in whole milliseconds, or none, which is the default.
pub(crate) mod millis_or_none {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(super::in_millis).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}

/// A time in whole milliseconds, or none as 0, where the default is a time: a format without null leaves out what is none.
pub(crate) mod millis_or_zero {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        // A time of zero, which is refused, must not become none.
        Some(time.map_or(0, |time| super::in_millis(time).max(1))).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let millis = Option::<u64>::deserialize(deserializer)?;
        Ok(millis.filter(|millis| *millis > 0).map(Duration::from_millis))
    }
}

/// A text, or none as an empty one, where the default is a text.
pub(crate) mod text_or_empty {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(crate) fn serialize<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        Some(text.as_deref().unwrap_or_default()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use crate::transport::HttpsOptions;

    /// Whoever edits what was stored may write the secret itself where only a mark stands.
    #[test]
    fn a_secret_that_is_written_into_the_options_is_refused_and_not_repeated() {
        for text in [
            r#"{"proxy": {"kind": "http", "address": "proxy:3128", "user": "app", "password": "canary"}}"#,
            r#"{"proxy": {"password": 12345}}"#,
            r#"{"http": {"secret_headers": [["X-Api-Key", "canary"]]}}"#,
            r#"{"tls": {"client_certificate": "-----BEGIN PRIVATE KEY-----\ncanary"}}"#,
            r#"{"tls": {"client_certificate": ["canary"]}}"#,
            r#"{"tls": {"client_certificate": {"canary": 1}}}"#,
            r#"{"tls": {"client_certificate": canary}}"#,
        ] {
            let read = serde_json::from_str::<HttpsOptions>(text);
            let from_value = serde_json::from_str(text).ok().map(serde_json::from_value::<HttpsOptions>);
            for read in [Some(read), from_value].into_iter().flatten() {
                let error = read.err().map(|error| error.to_string()).unwrap_or_default();
                assert!(error.starts_with("a secret is not stored here: write true"), "{error}");
                assert!(!error.contains("canary") && !error.contains("12345"), "{error}");
            }
        }
        for (text, mark) in [("false", "no"), ("true", "missing")] {
            let options =
                serde_json::from_str::<HttpsOptions>(&format!(r#"{{"tls": {{"client_certificate": {text}}}}}"#));
            assert_eq!(
                options.map(|options| format!("{:?}", options.tls.client_certificate)).ok().as_deref(),
                Some(mark)
            );
        }
    }
}
