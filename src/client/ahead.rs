//! What a program without a vault stores before a file leaves: whoever is stopped while it is on its way must find it again.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::client::exchange::{Ahead, Noted};
use crate::client::pausing::{LONGEST_DOUBT, LONGEST_PAUSE};
use crate::client::stored::{self, Protection, Validity};
use crate::client::{Client, Session, World};
use crate::engine::Operation;
use crate::error::{Delivery, Error, ErrorKind};
use crate::seal::{Blob, Context, KeyRing};

/// Gets what is to be stored.
type Keep = Box<dyn FnMut(&Blob) -> io::Result<()> + Send + Sync>;

/// Seals a session as it stands once its next file may have been sent, and has it stored.
pub(crate) struct Keeping {
    keys: KeyRing,
    context: Context,
    keep: Keep,
    user_id: Option<String>,
    /// The institution has refused the user id, which may be mistyped.
    pub(crate) is_turned_down: bool,
    world: Arc<dyn World>,
}

impl Session {
    /// From now on, before a file of an operation that counts leaves (a payment, a change), `keep` gets the blob of this session as it
    /// stands if the program is stopped from there on: as [`pause`](Self::pause) would make it, but readable for 24 hours before the request
    /// itself is on its way; in doubt, and readable for 7 days, from then on. Store it where [`Client::resume`](crate::Client::resume)
    /// finds it; when `keep` fails, nothing is sent.
    ///
    /// When the call has come back, with an error, too, what was stored is out of date: put what [`store`](Self::store) gives in its
    /// place. A call whose future is dropped leaves the session as it was stored: in doubt once the request itself was to leave, also when
    /// it did not.
    ///
    /// `keep` is called again before a file goes out once more for a cookie
    /// ([`Dialect::repeat_for_cookie`](crate::Dialect::repeat_for_cookie)): when it fails then, the file has left once, and does not leave
    /// again.
    ///
    /// `keep` is called in the middle of the call, and is not async. To store by an async pool, wait in it: by tokio's
    /// `block_in_place(|| handle.block_on(..))` on a runtime of several threads, or by `blocking::wait` (feature `blocking`), on a pool of its
    /// own that connects there.
    ///
    /// For programs that keep their state themselves; a [`Vault`](crate::Vault) does this, and more, for payments.
    pub fn keep_ahead(
        &mut self,
        keys: &KeyRing,
        context: &Context,
        keep: impl FnMut(&Blob) -> io::Result<()> + Send + Sync + 'static,
    ) {
        self.ahead = Some(Keeping {
            keys: keys.clone(),
            context: context.clone(),
            keep: Box::new(keep),
            user_id: self.credentials.user_id().map(str::to_owned),
            is_turned_down: false,
            world: Arc::clone(&self.client.world),
        });
    }
}

impl Ahead for Option<Keeping> {
    async fn keep(&mut self, client: &Client, interrupted: &Operation) -> Result<Noted, Error> {
        let Some(keeping) = self.as_mut().filter(|_| interrupted.kind().counts()) else { return Ok(Noted::Here) };
        let in_doubt = interrupted.doubt().is_some();
        let life = if in_doubt { LONGEST_DOUBT } else { LONGEST_PAUSE };
        let protection = Protection::Sealed(&keeping.keys, &keeping.context);
        let validity = Validity::For(life);
        // The operation is this user's, whether or not the institution has recognized the user yet; once it may have arrived, also one
        // that was refused before.
        let own = keeping.user_id.clone().filter(|_| in_doubt || !keeping.is_turned_down);
        let mut state = client.to_store(true).into_owned();
        state.user_id = own.or(state.user_id);
        let blob = stored::save(&*keeping.world, &state, Some(interrupted), protection, client.blob_limit, validity)?;
        (keeping.keep)(&blob).map(|()| Noted::Stored).map_err(|cause| {
            let text = "what must survive could not be stored, so nothing was sent";
            Error::new(ErrorKind::Store, Delivery::NotSent, text).with_source(cause)
        })
    }
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping").finish_non_exhaustive()
    }
}
