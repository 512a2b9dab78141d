//! The declarations that every message set is made of: an aggregate, what may be set of one, a closed list of words, and a text with
//! a meaning.

/// Declares a struct and, from the same lines, how it is written in order and read by tag.
///
/// `member: Type = "TAG"`, or `= "TAG" if predicate` for what only some versions know; the predicate is a method of
/// [`Version`](crate::ofx::Version). `= "TAG" or "ALIAS"` also reads what institutions write in its place; `= "TAG" else function` asks the
/// function what it is when it cannot be read. `= "TAG" unless is_empty` leaves it out where that method says so. Reading is by tag and
/// in any order, writing in the order of the lines.
/// `struct Name remembering member` has an [`AsRead`](crate::ofx::as_read::AsRead) of what `texts` gives.
macro_rules! aggregate {
    ($(#[$meta:meta])* pub struct $name:ident $(remembering $as_read:ident)? {
        $($(#[$member_meta:meta])* $member:ident : $type:ty = $tag:literal $(or $alias:literal)? $(else $otherwise:ident)? $(unless $without:ident)? $(if $known:ident)?,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$member_meta])* pub $member: $type,)*
            $(pub(crate) $as_read: crate::ofx::as_read::AsRead,)?
        }

        impl crate::ofx::Content for $name {
            fn read(element: &crate::ofx::Element) -> Result<Self, crate::ofx::DecodeError> {
                $(let mut $member: Result<$type, crate::ofx::DecodeError> = {
                    let tag = $tag;
                    $(let tag = if element.child(tag).is_none() && element.child($alias).is_some() { $alias } else { tag };)?
                    crate::ofx::Member::take(element, tag)$(.or_else($otherwise))?
                };)*
                // A record that cannot be finished leaves nothing of the values behind that were read for it.
                if let Some(error) = None$(.or_else(|| $member.as_ref().err().cloned()))* {
                    $(if let Ok(value) = &mut $member {
                        crate::ofx::Member::wipe(value);
                    })*
                    return Err(error);
                }
                let read = Self { $($member: $member?,)* $($as_read: crate::ofx::as_read::AsRead::default(),)? };
                $(let read = {
                    let mut read = read;
                    read.$as_read = crate::ofx::as_read::AsRead::of(&read.texts());
                    read
                };)?
                Ok(read)
            }

            fn write_to(&self, tag: &'static str, version: crate::ofx::Version, out: &mut dyn crate::ofx::Sink) {
                out.aggregate(tag, |out| self.write_members(version, out));
            }
        }

        impl $name {
            pub(crate) fn write_members(&self, version: crate::ofx::Version, out: &mut dyn crate::ofx::Sink) {
                $(if true $(&& version.$known())? $(&& !self.$member.$without())? {
                    crate::ofx::Member::put(&self.$member, $tag, version, out);
                })*
            }
        }
    };
}

/// Declares the methods that set what may be left out of a struct, each called like its member.
macro_rules! setters {
    ($name:ident { $($(#[$meta:meta])* $member:ident: $type:ty,)* }) => {
        impl $name {
            $(
                $(#[$meta])*
                #[must_use]
                pub fn $member(mut self, $member: impl Into<$type>) -> Self {
                    self.$member = Some($member.into());
                    self
                }
            )*
        }
    };
}

/// Writes a type as the text that it wraps, and reads it as it stands.
macro_rules! written_as_text {
    ($name:ident, $what:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl crate::ofx::Content for $name {
            fn read(element: &crate::ofx::Element) -> Result<Self, crate::ofx::DecodeError> {
                crate::ofx::value::text(element, $what).map(Self::new)
            }

            fn write_to(&self, tag: &'static str, _: crate::ofx::Version, out: &mut dyn crate::ofx::Sink) {
                out.leaf(tag, self.as_str());
            }
        }
    };
}

/// Declares an enum of words that stand in a leaf. Small letters are read as capitals, and a word that is not in the list is kept
/// as `Other`, as it stands.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$word_meta:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_meta])* $variant,)*
            /// A word that the specification does not list.
            Other(String),
        }

        impl $name {
            /// The word as it stands in a document.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }

            /// Takes a word from a document, whatever the case of its letters.
            #[must_use]
            pub fn from_word(word: &str) -> Self {
                $(if word.eq_ignore_ascii_case($word) {
                    return Self::$variant;
                })*
                Self::Other(word.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::ofx::Content for $name {
            fn read(element: &crate::ofx::Element) -> Result<Self, crate::ofx::DecodeError> {
                crate::ofx::value::text(element, "word").map(Self::from_word)
            }

            fn write_to(&self, tag: &'static str, _: crate::ofx::Version, out: &mut dyn crate::ofx::Sink) {
                out.leaf(tag, self.as_str());
            }
        }
    };
}

pub(super) use {aggregate, setters, words, written_as_text};
