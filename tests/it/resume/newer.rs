//! What another client has changed since, and what is told of it: a change in doubt undoes nothing newer.

use ofx_session::ofx::{
    Amount, ModelCancellation, ModelModification, ModifiedPayment, Payee, PayeeAddition, PayeeModification,
    PaymentModification, RecurringModel, Request, SyncMode, UserInfo,
};
use ofx_session::{
    Answers, ChangeKind, Completed, Confirmed, Frequency, Intent, Payment, Progress, Recurrence, RecurringPayment,
    Session,
};
use rust_decimal::Decimal;

use super::line::{Fate, Line, easy, now, pause_and_resume, payment, session};

fn amount(cents: i64) -> Payment {
    let mut payment = payment();
    payment.amount = Amount::new(Decimal::new(cents, 2));
    payment
}

fn opened() -> (Line, Session) {
    let line = Line::new(easy().everything().sync_mode(SyncMode::Full).build_model());
    let session = session(&line);
    (line, session)
}

fn cents_of(line: &Line, id: &str) -> i64 {
    let wire = line.wire();
    let entry = wire.bank.payments().iter().find(|entry| entry.server_id == id).unwrap();
    (entry.payment.amount.value() * Decimal::from(100)).try_into().unwrap()
}

fn payee(city: &str) -> Payee {
    Payee::new("Harbor & Sons", "14 Quay Street", city, "RI", "02840", "401-555-0142")
}

fn confirmed(told: Result<Progress<Completed>, ofx_session::Error>) -> Confirmed {
    match told {
        Ok(Progress::Done(Completed::Confirmed(confirmed))) => *confirmed,
        other => panic!("not confirmed: {other:?}"),
    }
}

/// It came with a payment of another client, and the institution tells it as its own doing.
#[test]
fn a_payee_s_newer_address_stays() {
    let (line, mut session) = opened();
    let added = now(session.add_payee(&PayeeAddition::new(payee("Oldtown")).pay_account("88-204-117")));
    let id = added.unwrap().done().unwrap().list_id.clone();
    line.then([Fate::LostBefore]);
    let change = PayeeModification::new(id.as_str(), Some(payee("Middletown"))).pay_account("88-204-117");
    assert!(matches!(now(session.modify_payee(&change)), Ok(Progress::Unknown(_))));
    let mut newest = payment().payee_list_id(id.as_str());
    newest.payee = payee("Newtown").into();
    line.wire().bank.other_client_pays("jane", &newest).unwrap();
    assert!(matches!(now(session.reconcile()), Ok(Progress::Unknown(_))));
    assert_eq!(line.wire().bank.payee_list("jane")[0].payee.clone().unwrap().city, "Newtown");
}

/// It came with a change of the model that has made the payment.
#[test]
fn a_payment_s_newer_amount_stays() {
    let (line, mut session) = opened();
    let monthly = RecurringPayment::new(Recurrence::times(3, Frequency::Monthly), amount(1000));
    let model = now(session.add_recurring(&monthly)).unwrap().done().unwrap().model_id.clone();
    let id = line.wire().bank.payments()[0].server_id.clone();
    line.then([Fate::Honest, Fate::LostBefore]);
    assert!(matches!(now(session.modify_payment(&id, &amount(5000))), Ok(Progress::Unknown(_))));
    let change = ModelModification::new(model.as_str(), Recurrence::times(3, Frequency::Monthly), amount(7000), true);
    line.wire().bank.other_client_asks("jane", change).unwrap();
    assert!(matches!(now(session.reconcile()), Ok(Progress::Unknown(_))));
    assert_eq!(cents_of(&line, &id), 7000);
}

#[test]
fn a_user_s_newer_address_stays() {
    let (line, mut session) = opened();
    let info = |city: &str| UserInfo::new().first_name("Jane").last_name("Doe").address1("1 Street").city(city);
    now(session.change_user_info(&info("Oldtown"))).unwrap().done().unwrap();
    line.then([Fate::LostBefore]);
    assert!(matches!(now(session.change_user_info(&info("Middletown"))), Ok(Progress::Unknown(_))));
    line.wire().bank.other_client_asks("jane", info("Newtown")).unwrap();
    assert!(matches!(now(session.reconcile()), Ok(Progress::Unknown(_))));
    assert_eq!(line.wire().bank.user_info("jane").unwrap().city.as_deref(), Some("Newtown"));
}

/// A change that is found in the history says what came after it.
#[test]
fn what_became_of_a_change_since_is_told_beside_it() {
    let (line, mut session) = opened();
    let id = now(session.pay(&amount(1000))).unwrap().done().unwrap().id().to_owned();
    line.then([Fate::LostAfter]);
    assert!(matches!(now(session.modify_payment(&id, &amount(5000))), Ok(Progress::Unknown(_))));
    line.wire().bank.other_client_asks("jane", PaymentModification::new(id.as_str(), amount(7000))).unwrap();
    let done = confirmed(now(session.reconcile())).of::<ModifiedPayment>().unwrap();
    assert_eq!(done.payment.amount.value(), Decimal::new(5000, 2), "what was asked for");
    let [since] = &done.since[..] else { panic!("{:?}", done.since) };
    assert_eq!(since.modified_payment().unwrap().payment.amount.value(), Decimal::new(7000, 2), "what is paid");

    let (line, mut session) = opened();
    let monthly = RecurringPayment::new(Recurrence::times(3, Frequency::Monthly), amount(1000));
    line.then([Fate::Honest, Fate::Honest, Fate::LostAfter]);
    assert!(matches!(now(session.add_recurring(&monthly)), Ok(Progress::Unknown(_))));
    let model = line.wire().bank.recurring_payments("jane")[0].model_id.clone();
    line.wire().bank.other_client_asks("jane", ModelCancellation::new(model.as_str(), true)).unwrap();
    let done = confirmed(now(session.reconcile())).of::<RecurringModel>().unwrap();
    assert_eq!(done.since.iter().map(ofx_session::Change::kind).collect::<Vec<_>>(), [ChangeKind::Removed]);
    // What was just done has nothing behind it.
    let done = now(session.add_recurring(&monthly)).unwrap().done().unwrap();
    assert_eq!(done.since, []);
}

/// In a batch it goes by itself, and the place in the history that we know of stays behind it.
#[test]
fn a_change_of_ours_is_none_that_we_did_not_know_of() {
    let (line, mut session) = opened();
    let id = now(session.pay(&amount(1000))).unwrap().done().unwrap().id().to_owned();
    let change = Request::from(PaymentModification::new(id.as_str(), amount(5000)));
    now(session.prepare(Intent::Batch(vec![change.into()]))).unwrap();
    assert!(matches!(now(session.proceed()), Ok(Progress::Done(Completed::Batch(_)))));
    now(session.modify_payment(&id, &amount(7000))).unwrap().done().unwrap();
    assert_eq!(cents_of(&line, &id), 7000);
    // Another client's is one.
    line.wire().bank.other_client_asks("jane", PaymentModification::new(id.as_str(), amount(8000))).unwrap();
    let error = now(session.modify_payment(&id, &amount(9000))).unwrap_err();
    assert_eq!(error.status().map(|status| status.value()), Some(6502));
    assert_eq!(cents_of(&line, &id), 8000);
    now(session.modify_payment(&id, &amount(9000))).unwrap().done().unwrap();
    assert_eq!(cents_of(&line, &id), 9000, "whoever asks again knows of it");
}

fn says(code: u32, beside: &str, sets: &str) -> Fate {
    let severity = if code == 0 { "INFO" } else { "ERROR" };
    let head = "OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS>";
    let text = format!(
        "{head}<CODE>{code}<SEVERITY>{severity}</STATUS><DTSERVER>20260105<LANGUAGE>ENG</SONRS>{beside}</SIGNONMSGSRSV1>{sets}</OFX>"
    );
    Fate::Says(text.into_bytes())
}

/// What the same file was refused with is not stored: after a pause it is sent again before the history says what that was about.
#[test]
fn a_refusal_of_the_same_file_is_asked_for_again_after_a_pause() {
    for pauses in [false, true] {
        let line = Line::new(easy().everything().sync_mode(SyncMode::Full).file_recovery(true).build_model());
        let mut session = session(&line);
        line.then([Fate::Honest, Fate::Honest, Fate::LostBefore]);
        assert!(matches!(now(session.pay(&payment())), Ok(Progress::Unknown(_))));
        let refused = format!(
            "<BILLPAYMSGSRSV1><PMTTRNRS><TRNUID>{}<STATUS><CODE>10504<SEVERITY>ERROR</STATUS></PMTTRNRS></BILLPAYMSGSRSV1>",
            session.trn_uid().unwrap().as_str()
        );
        let questions = "<MFACHALLENGETRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><MFACHALLENGERS>\
                         <MFACHALLENGE><MFAPHRASEID>Q1</MFACHALLENGE></MFACHALLENGERS></MFACHALLENGETRNRS>";
        line.then([says(0, "", &refused), says(3000, "", ""), says(0, questions, "")]);
        assert!(matches!(now(session.reconcile()), Ok(Progress::Ask(_))));
        if pauses {
            session = pause_and_resume(session, &line);
            line.then([says(0, "", &refused)]);
        }
        let before = line.wire().sent.len();
        let history = "<BILLPAYMSGSRSV1><PMTSYNCRS><TOKEN>zz<LOSTSYNC>N<BANKACCTFROM><BANKID>999888777<ACCTID>1000001\
                       <ACCTTYPE>CHECKING</BANKACCTFROM></PMTSYNCRS></BILLPAYMSGSRSV1>";
        line.then([says(0, "", history)]);
        let error = now(session.answer(Answers::new().with("Q1", "x"))).unwrap_err();
        assert_eq!(error.status().map(|status| status.value()), Some(10_504), "{pauses}");
        assert_eq!(line.wire().sent.len() - before, if pauses { 2 } else { 1 });
        let (_, first) = line.wire().sent[before].clone();
        assert_eq!(String::from_utf8(first).unwrap().contains("<PMTRQ>"), pauses, "the same file, or the history");
    }
}
