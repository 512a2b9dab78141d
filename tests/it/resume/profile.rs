//! The profile in a session: fetched when it is not known or old, kept in blobs, doing without.

use ofx_session::error::{Delivery, ErrorKind};
use ofx_session::{Blob, Client, Institution, Progress, Session};

use super::line::{Fate, Line, MAIN, client, context, easy, jane, keys, now, payment, questioning, right};

fn reread(client: Client, line: &Line) -> Client {
    let blob = client.deconstruct(&keys(), &context()).unwrap();
    let blob = Blob::from_text(&blob.to_text()).unwrap();
    Client::restore(&blob, &keys(), &context()).unwrap().transport(line.clone())
}

fn profile_requests(line: &Line) -> Vec<String> {
    let wire = line.wire();
    let texts = wire.sent.iter().map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap());
    texts.filter(|text| text.contains("<PROFRQ>")).collect()
}

#[test]
fn deconstructing_at_every_step_ends_like_never_doing_so() {
    let profile = {
        let line = Line::new(easy().build_model());
        let mut client = client(&line);
        now(client.fetch_profile()).unwrap().clone()
    };
    for steps in 0..1 << 4 {
        let stop = |step: u32| steps >> step & 1 == 1;
        let line = Line::new(easy().build_model());
        let again = |client: Client, step: u32| if stop(step) { reread(client, &line) } else { client };
        let mut client = again(client(&line), 0);
        line.then([Fate::NotSent, Fate::LostAfter]);
        assert_eq!(now(client.fetch_profile()).unwrap_err().delivery(), Delivery::NotSent);
        client = again(client, 1);
        assert_eq!(now(client.fetch_profile()).unwrap_err().delivery(), Delivery::Unknown);
        client = again(client, 2);
        assert_eq!(now(client.fetch_profile()).unwrap(), &profile);
        client = again(client, 3);
        assert_eq!(now(client.fetch_profile()).unwrap(), &profile, "up to date: {steps:b}");
        let requests = profile_requests(&line);
        assert_eq!(requests.len(), 3);
        assert!(requests[1].contains("<DTPROFUP>1990") && requests[2].contains("<DTPROFUP>2025"), "{requests:?}");
        let mut session = client.open(jane()).unwrap();
        assert!(matches!(now(session.pay(&payment())), Ok(Progress::Done(_))));
        assert_eq!(profile_requests(&line).len(), 3, "it is known");
        line.clean(1);
    }
}

/// The account list, by an institution that has a profile of this date by now; and the date of the one that is known.
fn announced(line: &Line, session: &mut Session, date: &str) -> String {
    assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
    let known = session.client().profile().unwrap().updated.clone().unwrap().as_str().to_owned();
    line.then([line.edited(&known, date)]);
    assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
    known
}

#[test]
fn a_newer_profile_is_fetched_when_the_institution_says_that_there_is_one() {
    for stored in [false, true] {
        let line = Line::new(easy().build_model());
        let again = |session: Session| {
            if stored { reread(session.close().unwrap(), &line).open(jane()).unwrap() } else { session }
        };
        let mut session = client(&line).open(jane()).unwrap();
        let known = announced(&line, &mut session, NEWER);
        assert_eq!(profile_requests(&line).len(), 1);
        session = again(session);
        assert!(matches!(now(session.pay(&payment())), Ok(Progress::Done(_))));
        let requests = profile_requests(&line);
        assert_eq!(requests.len(), 2, "before the next operation");
        assert!(requests[1].contains(&known));
        session = again(session);
        announced(&line, &mut session, NEWER);
        session = again(session);
        announced(&line, &mut session, "20200101000000.000[0:GMT]");
        session = again(session);
        assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
        assert_eq!(profile_requests(&line).len(), 2, "once for each date, and an older one changes nothing");
    }
}

#[test]
fn a_newer_profile_that_is_refused_is_not_asked_for_again() {
    let line = Line::new(easy().build_model());
    let mut session = client(&line).open(jane()).unwrap();
    announced(&line, &mut session, NEWER);
    for _ in 0..3 {
        session = reread(session.close().unwrap(), &line).open(jane()).unwrap();
        if profile_requests(&line).len() == 1 {
            line.then([Fate::Says(REFUSED.as_bytes().to_vec())]);
        }
        assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
        assert_eq!(profile_requests(&line).len(), 2);
    }
}

/// One wrong date must not hide all that come before it.
#[test]
fn a_profile_from_the_future_is_not_announced() {
    let line = Line::new(easy().build_model());
    let mut session = client(&line).open(jane()).unwrap();
    announced(&line, &mut session, "20990101000000.000[0:GMT]");
    announced(&line, &mut session, NEWER);
    assert_eq!(profile_requests(&line).len(), 1);
    session = reread(session.close().unwrap(), &line).open(jane()).unwrap();
    assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
    assert_eq!(profile_requests(&line).len(), 2);
}

#[test]
fn a_profile_of_a_date_that_cannot_be_read_is_older_than_what_is_announced() {
    let line = Line::new(easy().build_model());
    let known = {
        let mut client = client(&line);
        now(client.fetch_profile()).unwrap().updated.clone().unwrap().as_str().to_owned()
    };
    // At the signon, and in the profile.
    let Fate::Says(answer) = line.edited(&known, "yesterday") else { panic!("edited") };
    line.then([Fate::Says(String::from_utf8(answer).unwrap().replace(&known, "yesterday").into_bytes())]);
    let mut session = client(&line).open(jane()).unwrap();
    for _ in 0..3 {
        assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
    }
    let updated = session.client().profile().unwrap().updated.clone().unwrap();
    assert_eq!((profile_requests(&line).len(), updated.as_str()), (3, &*known));
}

/// With milliseconds, which are not stored.
const NEWER: &str = "20251231000000.123[0:GMT]";

const REFUSED: &str = "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>2000</CODE><SEVERITY>ERROR</SEVERITY></STATUS>\
    <DTSERVER>20260105</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1></OFX>";

/// In a small blob there is no room for the profile, which says that the institution saves its answers.
#[test]
fn a_payment_without_its_profile_can_be_found_out_about_all_the_same() {
    let cases = [(false, "D-S-F+", vec![]), (true, "D-S-F+", vec![]), (false, "D-S+F+", vec![Fate::Honest])];
    for (asked, class, before) in cases {
        let bank = if asked { questioning().challenge_first(true) } else { easy() };
        let line = Line::new(bank.class(class.parse().unwrap()).saved_answers_first(true).build_model());
        let mut session = client(&line).open(jane()).unwrap();
        now(session.prepare_payment(&payment())).unwrap();
        if asked {
            assert!(matches!(now(session.proceed()), Ok(Progress::Ask(_))));
        }
        let resume = |blob: &Blob| Client::resume(blob, &keys(), &context()).unwrap().transport(line.clone());
        let mut blob = session.pause(&keys(), &context()).unwrap();
        while resume(&blob).client().profile().is_some() {
            let session = resume(&blob).blob_limit(blob.as_bytes().len() - 1).open_risking_a_second_payment(jane());
            blob = session.unwrap().pause(&keys(), &context()).unwrap();
        }
        // Once more, when only the blob itself says so.
        let session = resume(&blob).open_risking_a_second_payment(jane());
        blob = session.unwrap().pause(&keys(), &context()).unwrap();
        let go_on = |mut session: Session| {
            let progress = if asked { now(session.answer(right())) } else { now(session.proceed()) };
            (progress.unwrap(), session)
        };
        line.then(before.into_iter().chain([Fate::LostAfter]));
        let (progress, mut session) = go_on(resume(&blob).open_risking_a_second_payment(jane()).unwrap());
        assert!(matches!(progress, Progress::Unknown(_)) && session.can_reconcile());
        let (_, sent) = line.wire().sent.last().cloned().unwrap();
        let header = ofx_session::ofx::Document::decode(&sent, &ofx_session::ofx::Limits::new()).unwrap();
        assert_eq!(header.header().old_file_uid().as_str(), "0", "{class}: its answer is saved");
        if class == "D-S-F+" {
            // A copy of the same blob is the same file.
            let (progress, _) = go_on(resume(&blob).open_risking_a_second_payment(jane()).unwrap());
            assert!(matches!(progress, Progress::Done(_)), "{progress:?}");
        }
        assert!(matches!(now(session.reconcile()), Ok(Progress::Done(_))));
        line.clean(1);
    }
}

/// The user's password is not tried where it cannot be accepted.
#[test]
fn a_wrong_institution_is_found_out_before_the_user_signs_on() {
    let line = Line::new(easy().org("EXAMPLE").build_model());
    let mut session = client(&line).open(jane()).unwrap();
    let error = now(session.pay(&payment())).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Refused, Delivery::NotSent));
    assert_eq!(error.status().map(|status| status.value()), Some(13_504));
    assert!(error.to_string().contains("check org and fid"), "{error}");
    assert_eq!(line.wire().sent.len(), 1, "only the profile was asked for");
}

#[test]
fn an_institution_may_have_no_profile() {
    let line = Line::new(easy().build_model());
    let mut session = client(&line).open(jane()).unwrap();
    line.then([Fate::Says(REFUSED.as_bytes().to_vec())]);
    assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
    assert!(matches!(now(session.accounts()), Ok(Progress::Done(_))));
    assert_eq!(profile_requests(&line).len(), 1, "a refused profile is not asked for again in this session");

    let line = Line::new(easy().separate_bill_pay_url(true).build_model());
    let institution = Institution::new(super::line::BILL_PAY).without_profile();
    let client = Client::builder(institution).transport(line.clone()).build().unwrap();
    let mut session = client.open(jane()).unwrap();
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Done(_))));
    assert!(profile_requests(&line).is_empty());
    line.clean(1);
}

#[test]
fn a_profile_that_cannot_be_fetched_stops_a_payment_before_it_is_made() {
    for (fate, kind) in [
        (Fate::NotSent, ErrorKind::Transport),
        (Fate::LostAfter, ErrorKind::Transport),
        (Fate::Says(b"busy".to_vec()), ErrorKind::Malformed),
    ] {
        let line = Line::new(easy().build_model());
        let mut session = client(&line).open(jane()).unwrap();
        line.then([fate]);
        let error = now(session.pay(&payment())).unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (kind, Delivery::NotSent), "{error}");
        assert!(error.to_string().contains("profile could not be fetched"), "{error}");
        let reached = !error.to_string().contains("could not connect");
        assert_eq!(error.to_string().contains("without_profile"), reached, "{error}");
        assert!(session.situation().is_none());
        assert!(matches!(now(session.pay(&payment())), Ok(Progress::Done(_))));
        line.clean(1);
    }
}

#[test]
fn an_address_in_the_profile_that_would_show_the_password_is_refused() {
    let line = Line::new(easy().separate_bill_pay_url(true).build_model());
    let mut client = client(&line);
    now(client.fetch_profile()).unwrap();
    let lie = line.edited(super::line::BILL_PAY, "http://pay.bank.example/billpay");
    let mut client = Client::builder(Institution::new(MAIN)).transport(line.clone()).build().unwrap();
    line.then([lie]);
    now(client.fetch_profile()).unwrap();
    let before = line.wire().sent.len();
    let mut session = client.open(jane()).unwrap();
    let error = now(session.pay(&payment())).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Misuse, Delivery::NotSent));
    let text = error.to_string();
    assert!(text.contains("profile") && text.contains("plain http") && text.contains("ignore_profile_urls"), "{text}");
    assert_eq!(line.wire().sent.len(), before);
}

#[test]
fn questions_come_first_in_a_session_that_was_restored_without_a_key() {
    let line = Line::new(questioning().challenge_first(true).build_model());
    let mut fresh = client(&line);
    now(fresh.fetch_profile()).unwrap();
    let mut session = reread(fresh, &line).open(jane()).unwrap();
    assert!(matches!(now(session.pay(&payment())), Ok(Progress::Ask(_))));
    assert!(line.work().is_empty(), "nothing before the questions");
    line.clean(0);
}

/// It is signed on to anonymously, and the user may never have been recognized under this client.
#[test]
fn a_profile_that_is_fetched_in_a_session_binds_the_client_to_nobody() {
    let line = Line::new(easy().build_model());
    let mut first = client(&line).open(jane()).unwrap();
    announced(&line, &mut first, NEWER);
    line.then([Fate::Honest, Fate::NotSent]);
    assert_eq!(now(first.accounts()).unwrap_err().kind(), ErrorKind::Transport);
    assert_eq!(profile_requests(&line).len(), 2);
    let client = reread(first.close().unwrap(), &line);
    let mut second = client.open(jane()).unwrap();
    assert!(matches!(now(second.accounts()), Ok(Progress::Done(_))));
    line.clean(0);
}
