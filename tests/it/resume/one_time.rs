//! A one-time token: it goes out once, and again only where nobody has looked at it.

use ofx_session::ofx::SyncMode;
use ofx_session::{Progress, Session};

use super::line::{Fate, Line, client, easy, jane, now, once, payment};

const TOKEN: &str = "123456";

/// A session with an institution that wants a token at the first signon, which is behind the profile.
fn signing_on(sync_mode: SyncMode) -> (Line, Session) {
    let line = Line::new(easy().auth_token_first(TOKEN).sync_mode(sync_mode).build_model());
    line.then([Fate::Honest]);
    let session = client(&line).open(jane().auth_token(TOKEN)).unwrap();
    (line, session)
}

/// For each file behind the profile: whether the token is in it.
fn tokens(line: &Line) -> Vec<bool> {
    let wire = line.wire();
    let files = wire.sent.iter().map(|(_, file)| String::from_utf8(file.clone()).unwrap());
    files.filter(|file| !file.contains("PROFTRNRQ")).map(|file| file.contains(TOKEN)).collect()
}

#[test]
fn it_goes_out_again_where_nobody_has_looked_at_it() {
    let (line, mut session) = signing_on(SyncMode::Lite);
    line.then([Fate::NotSent]);
    now(session.pay(&payment())).unwrap_err();
    assert!(matches!(now(session.proceed()).unwrap(), Progress::Done(_)));
    assert_eq!(tokens(&line), [true]);
    line.clean(1);
    // The question for the history is turned away, and the payment goes without one.
    let (line, mut session) = signing_on(SyncMode::Full);
    line.then([Fate::Refuses(400)]);
    now(session.pay(&payment())).unwrap().done().unwrap();
    assert_eq!(tokens(&line), [true, true]);
    line.clean(1);
    // The client is not approved yet.
    let (line, mut session) = signing_on(SyncMode::Lite);
    line.wire().bank.require_approval();
    assert!(matches!(now(session.pay(&payment())).unwrap(), Progress::Approve(_)));
    line.wire().bank.approve_clients();
    let _ = now(session.proceed());
    assert_eq!(tokens(&line), [true, true]);
}

#[test]
fn it_goes_out_once_where_somebody_may_have_looked_at_it() {
    for fate in [Fate::LostBefore, Fate::LostAfter, Fate::Hangs] {
        let (line, mut session) = signing_on(SyncMode::Lite);
        let hangs = matches!(fate, Fate::Hangs);
        line.then([fate.clone()]);
        match once(session.pay(&payment())) {
            None => assert!(hangs, "{fate:?}"),
            Some(result) => assert!(matches!(result.unwrap(), Progress::Unknown(_))),
        }
        let before = tokens(&line);
        let _ = now(session.repeat_payment_in_doubt()).unwrap();
        let sent = tokens(&line);
        assert_eq!(sent.last(), Some(&false), "{fate:?}");
        assert_eq!(sent.len(), before.len() + 1);
    }
}
