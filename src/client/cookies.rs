//! The cookies of a transport, stored with an operation that is under way: an institution may tie its questions to them.

use std::borrow::Cow;
use std::mem::take;

use crate::engine::State;
use crate::transport::{SetCookie, Transport};

/// `state` as it is to be stored: with the transport's cookies while an operation `is_under_way`, and else with none. Those of an
/// operation that was stored before, and that the transport has not been given yet, are stored as they are.
pub(crate) fn with_cookies<'a>(
    state: &'a State,
    transport: Option<&dyn Transport>,
    is_under_way: bool,
) -> Cow<'a, State> {
    let cookies = match transport.filter(|_| is_under_way && state.cookies.is_empty()) {
        Some(transport) => transport.cookies().into_iter().map(|SetCookie { origin, line }| (origin, line)).collect(),
        None if is_under_way => return Cow::Borrowed(state),
        None => Vec::new(),
    };
    if cookies == state.cookies { Cow::Borrowed(state) } else { Cow::Owned(State { cookies, ..state.clone() }) }
}

/// Gives the transport what was stored with the operation that goes on.
pub(crate) fn give_back(state: &mut State, transport: &dyn Transport) {
    if !state.cookies.is_empty() {
        let cookies = take(&mut state.cookies).into_iter();
        transport.restore_cookies(cookies.map(|(origin, line)| SetCookie { origin, line }).collect());
    }
}
