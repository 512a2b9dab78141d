//! Institutions that say by another status than 15510 that the user must approve this client first.

use ofx_session::engine::{Refusal, RefusedAt};
use ofx_session::ofx::{Status, SyncMode};
use ofx_session::testing::On;
use ofx_session::{
    ApprovalCode, Client, Completed, Dialect, Doubt, ErrorKind, Institution, Moved, Progress, Session, Situation,
    StatusCode,
};

use super::line::{Fate, Line, MAIN, easy, jane, now, pause_and_resume, payment};

const CODES: [StatusCode; 3] = [StatusCode::CLIENT_UID_UNKNOWN, StatusCode::GENERAL_ERROR, StatusCode::SIGNON_INVALID];

/// Each setting, and what is taken for it beside 15510.
const SETTINGS: [(ApprovalCode, Option<StatusCode>); 3] = [
    (ApprovalCode::ClientUidUnknown, None),
    (ApprovalCode::GeneralError, Some(StatusCode::GENERAL_ERROR)),
    (ApprovalCode::SignonInvalid, Some(StatusCode::SIGNON_INVALID)),
];

fn session(code: ApprovalCode, line: &Line) -> Session {
    let institution = Institution::new(MAIN).dialect(Dialect::new().approval_code(code));
    Client::builder(institution).transport(line.clone()).build().unwrap().open(jane()).unwrap()
}

fn refuses_next(line: &Line, on: On, code: StatusCode) {
    line.wire().bank.signon_next(on, Status::new(code, Some("verify your identity within 7 days")));
}

#[test]
fn a_payment_waits_until_the_client_is_approved_whatever_the_institution_calls_it() {
    for (setting, also) in SETTINGS {
        for code in CODES {
            let line = Line::new(easy().build_model());
            let mut session = session(setting, &line);
            refuses_next(&line, On::Payment, code);
            let told = now(session.pay(&payment()));
            if code != StatusCode::CLIENT_UID_UNKNOWN && Some(code) != also {
                let error = told.unwrap_err();
                assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(code)), "{setting:?}");
                assert_eq!(error.money_may_have_moved(), Moved::No);
                line.clean(0);
                continue;
            }
            let Ok(Progress::Approve(approval)) = &told else { panic!("{setting:?} {code:?}: {told:?}") };
            assert_eq!(approval.message.as_deref(), Some("verify your identity within 7 days"));
            assert_eq!(told.unwrap().done().unwrap_err().status(), Some(StatusCode::CLIENT_UID_UNKNOWN));
            let name = session.trn_uid();
            let mut session = pause_and_resume(session, &line);
            assert!(matches!(session.situation(), Some(Situation::AwaitingApproval(_))), "{setting:?} {code:?}");
            refuses_next(&line, On::Payment, code);
            assert!(matches!(now(session.proceed()), Ok(Progress::Approve(_))), "not yet");
            let mut session = pause_and_resume(session, &line);
            assert_eq!(session.trn_uid(), name);
            assert!(matches!(now(session.proceed()), Ok(Progress::Done(Completed::Paid(_)))), "{setting:?} {code:?}");
            line.clean(1);
        }
    }
}

/// What is not known of the first copy is not known afterwards.
#[test]
fn a_payment_in_doubt_stays_in_doubt() {
    for (setting, also) in SETTINGS {
        let Some(code) = also else { continue };
        let line = Line::new(easy().sync_mode(SyncMode::Lite).build_model());
        let mut session = session(setting, &line);
        now(session.fetch_profile()).unwrap().done().unwrap();
        line.then([Fate::LostAfter]);
        assert!(matches!(now(session.pay(&payment())), Ok(Progress::Unknown(_))));
        refuses_next(&line, On::Payment, code);
        let told = now(session.repeat_payment_in_doubt());
        assert!(matches!(&told, Ok(Progress::Unknown(Doubt::RepeatRefused(_)))), "{told:?}");
        line.clean(1);
    }
}

/// Nobody has a client there.
#[test]
fn an_anonymous_request_is_refused() {
    for (setting, also) in SETTINGS {
        let Some(code) = also else { continue };
        let line = Line::new(easy().build_model());
        let mut session = session(setting, &line);
        refuses_next(&line, On::Profile, code);
        let error = now(session.fetch_profile()).unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(code)));
        assert_eq!(error.detail::<Refusal>().map(|refusal| refusal.at), Some(RefusedAt::Signon));
    }
}
