//! How a method of this room is written: its signature, which is that of the async one, and what it does in one line.

use crate::client::Kept;
use crate::error::Error;
use crate::seal::Blob;

/// Writes methods from the signatures of the async type of the same name, line by line as they stand there.
///
/// `async fn` is waited for. What comes back is [wrapped](Wrap) where it is a type that this room has, too.
macro_rules! forward {
    ($Type:ident:) => {};
    ($Type:ident: $(#[$about:meta])* async fn $name:ident(
        &mut self $(, $argument:ident: $kind:ty)* $(,)?
    ) -> $result:ty; $($rest:tt)*) => {
        $(#[$about])*
        #[doc = forward!(@page $Type $name)]
        #[doc = forward!(@errors)]
        pub fn $name(&mut self $(, $argument: $kind)*) -> $result {
            wait(self.0.$name($($argument),*))?
        }
        forward!($Type: $($rest)*);
    };
    ($Type:ident: $(#[$about:meta])* async fn $name:ident(
        &self $(, $argument:ident: $kind:ty)* $(,)?
    ) -> $result:ty; $($rest:tt)*) => {
        $(#[$about])*
        #[doc = forward!(@page $Type $name)]
        #[doc = forward!(@errors)]
        pub fn $name(&self $(, $argument: $kind)*) -> $result {
            wait(self.0.$name($($argument),*))?
        }
        forward!($Type: $($rest)*);
    };
    ($Type:ident: $(#[$about:meta])* fn $name:ident(
        &mut self $(, $argument:ident: $kind:ty)* $(,)?
    ) $(-> $result:ty)?; $($rest:tt)*) => {
        $(#[$about])*
        #[doc = forward!(@page $Type $name)]
        $(#[doc = forward!(@errors $result)])?
        pub fn $name(&mut self $(, $argument: $kind)*) $(-> $result)? {
            self.0.$name($($argument),*)
        }
        forward!($Type: $($rest)*);
    };
    ($Type:ident: $(#[$about:meta])* fn $name:ident(
        self $(, $argument:ident: $kind:ty)* $(,)?
    ) -> Self; $($rest:tt)*) => {
        $(#[$about])*
        #[doc = forward!(@page $Type $name)]
        #[must_use]
        pub fn $name(self $(, $argument: $kind)*) -> Self {
            self.0.$name($($argument),*).wrap()
        }
        forward!($Type: $($rest)*);
    };
    ($Type:ident: $(#[$about:meta])* fn $name:ident(
        self $(, $argument:ident: $kind:ty)* $(,)?
    ) -> $result:ty; $($rest:tt)*) => {
        $(#[$about])*
        #[doc = forward!(@page $Type $name)]
        #[doc = forward!(@errors)]
        pub fn $name(self $(, $argument: $kind)*) -> $result {
            self.0.$name($($argument),*).wrap()
        }
        forward!($Type: $($rest)*);
    };
    ($Type:ident: $(#[$about:meta])* fn $name:ident(
        $($argument:ident: $kind:ty),* $(,)?
    ) -> $result:ty; $($rest:tt)*) => {
        $(#[$about])*
        #[doc = forward!(@page $Type $name)]
        #[doc = forward!(@errors)]
        pub fn $name($($argument: $kind),*) -> $result {
            crate::client::$Type::$name($($argument),*).wrap()
        }
        forward!($Type: $($rest)*);
    };
    (@page $Type:ident $name:ident) => {
        concat!(
            "\n\nAll else is on the page of [`", stringify!($Type), "::", stringify!($name), "`](crate", "::",
            stringify!($Type), "::", stringify!($name), ")."
        )
    };
    (@errors $($result:ty)?) => {
        "\n\n# Errors\n\nAs there."
    };
}

/// Ties a type to the async one of the same name, both ways.
macro_rules! same_as_async {
    ($Type:ident) => {
        impl From<crate::client::$Type> for $Type {
            fn from(same: crate::client::$Type) -> Self {
                Self(same)
            }
        }

        impl From<$Type> for crate::client::$Type {
            fn from(same: $Type) -> Self {
                same.0
            }
        }

        impl crate::blocking::forward::Wrap<$Type> for crate::client::$Type {
            fn wrap(self) -> $Type {
                $Type(self)
            }
        }
    };
}

/// Lets what is only looked at be looked at as on the async type, none of whose `&self` methods is async.
macro_rules! looked_at_as_async {
    ($Type:ident) => {
        impl std::ops::Deref for $Type {
            type Target = crate::client::$Type;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    };
}

pub(super) use {forward, looked_at_as_async, same_as_async};

/// What the async types give, with the types of this room in place of theirs.
pub(super) trait Wrap<T> {
    fn wrap(self) -> T;
}

impl<A: Wrap<B>, B, E: Wrap<F>, F> Wrap<Result<B, F>> for Result<A, E> {
    fn wrap(self) -> Result<B, F> {
        self.map(Wrap::wrap).map_err(Wrap::wrap)
    }
}

impl<A: Wrap<B>, B> Wrap<Kept<B>> for Kept<A> {
    fn wrap(self) -> Kept<B> {
        let (error, value) = self.into_parts();
        Kept::new(error, value.wrap())
    }
}

impl Wrap<Self> for Blob {
    fn wrap(self) -> Self {
        self
    }
}

impl Wrap<Self> for Error {
    fn wrap(self) -> Self {
        self
    }
}
