//! The same bank as the crate's own client meets it, over HTTPS: one operation after the other, and what gets lost.

use ofx_session::ofx::{
    AccountRef, CanceledPayment, EnrollmentRequest, Frequency, ListedPayee, Mail, ModelModification, Payee,
    PayeeAddition, PayeeModification, PayeeRef, PaymentMail, PaymentState, Recurrence, RecurringModel,
    RecurringPayment, Service, ServiceChange, ServiceRequest, ServiceStatus, Stamp, UserInfo,
};
use ofx_session::testing::{Bank, Fault, On};
use ofx_session::{
    Client, Credentials, HttpsOptions, Institution, Progress, Session, StatusCode, SyncKind, engine::Origin,
};

use super::support::{easy, typed};

fn start() -> Bank {
    easy().everything().payee("ELECTRIC1", electric()).start().unwrap()
}

fn electric() -> Payee {
    Payee::new("Example Electric", "2 Dam Road", "Newport", "RI", "02840", "401-555-0199")
}

pub(super) fn client(bank: &Bank) -> Client {
    let trusting = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots();
    Client::builder(Institution::new(bank.url())).connection(trusting).build().unwrap()
}

pub(super) fn session(bank: &Bank) -> Session {
    client(bank).open(Credentials::new("jane", "correct horse")).unwrap()
}

fn is_clean(bank: &Bank) {
    assert_eq!(bank.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_payment_is_changed_asked_after_and_cancelled() {
    let bank = start();
    let mut session = session(&bank);
    let paid = session.pay(&typed("rent")).await.unwrap().done().unwrap();
    let mut payment = paid.response.payment.clone();
    payment.memo = Some("rent for May".to_owned());
    let changed = session.modify_payment(paid.id(), &payment).await.unwrap().done().unwrap();
    assert_eq!((changed.server_id.as_str(), changed.payment.memo.as_deref()), (paid.id(), Some("rent for May")));
    let status = session.payment_status(paid.id()).await.unwrap().done().unwrap();
    assert_eq!(status.processing.state, PaymentState::WillProcessOn);
    let gone = session.cancel_payment(paid.id(), &payment.from).await.unwrap().done().unwrap();
    assert_eq!(gone.server_id, paid.id());
    let error = session.cancel_payment(paid.id(), &payment.from).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::ALREADY_CANCELLED));
    let error = session.modify_payment("77", &payment).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::UNKNOWN_SERVER_ID));
    assert_eq!((bank.payments_made(), bank.payments_standing()), (1, 0));
    is_clean(&bank);
}

#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_found_in_the_history() {
    let bank = start();
    let mut session = session(&bank);
    for fault in [Fault::DropAfter, Fault::DropBefore] {
        let paid = session.pay(&typed("rent")).await.unwrap().done().unwrap();
        bank.next(On::With("PMTCANCRQ"), fault);
        let progress = session.cancel_payment(paid.id(), &paid.response.payment.from).await.unwrap();
        assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
        assert!(session.can_reconcile());
        let done = session.reconcile().await.unwrap().done().unwrap();
        assert!(done.confirmed::<CanceledPayment>().is_some());
        assert_eq!(bank.payments_standing(), 0);
    }
    assert_eq!(bank.payments_made(), 2);
    is_clean(&bank);
}

#[tokio::test]
async fn what_happened_to_payments_comes_by_synchronization() {
    let bank = start();
    let mut session = session(&bank);
    let payment = typed("rent");
    let paid = session.pay(&payment).await.unwrap().done().unwrap();
    let other = bank.other_client_pays("jane", &typed("other")).unwrap();
    bank.pass_days(20);
    let changes = session.sync_payments(&payment.from).await.unwrap().done().unwrap();
    let told: Vec<_> = changes.changes.iter().map(|change| (change.origin, change.kind())).collect();
    use ofx_session::engine::ChangeKind::{Added, Modified};
    let by_itself = (Origin::Institution, Modified);
    assert_eq!(told, [(Origin::Us, Added), (Origin::AnotherClient, Added), by_itself, by_itself]);
    assert_eq!(changes.changes[0].id(), Some(paid.id()));
    assert_eq!(changes.changes[1].answer.trn_uid, other);
    let again = session.sync_payments(&payment.from).await.unwrap().done().unwrap();
    assert_eq!(again.changes, changes.changes, "not acknowledged");
    session.acknowledge(&again);
    let none = session.sync_payments(&payment.from).await.unwrap().done().unwrap();
    assert!(none.changes.is_empty());
    is_clean(&bank);
}

#[tokio::test]
async fn payees_are_added_changed_and_taken_off() {
    let bank = start();
    let mut session = session(&bank);
    let water = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let listed =
        session.add_payee(&PayeeAddition::new(water.clone()).pay_account("88-1")).await.unwrap().done().unwrap();
    assert_eq!((listed.pay_accounts.as_slice(), listed.payee.as_ref()), (&["88-1".to_owned()][..], Some(&water)));
    let standard = PayeeAddition::new(PayeeRef::Id("ELECTRIC1".to_owned()));
    let standard = session.add_payee(&standard).await.unwrap().done().unwrap();
    assert_eq!(standard.extended.as_ref().unwrap().name.as_deref(), Some("Example Electric"));
    let mut moved = water.clone();
    moved.city = "Bristol".to_owned();
    let change = PayeeModification::new(listed.list_id.as_str(), Some(moved)).pay_account("88-1");
    let changed = session.modify_payee(&change).await.unwrap().done().unwrap();
    assert_eq!(changed.payee.as_ref().unwrap().city, "Bristol");
    let error =
        session.modify_payee(&PayeeModification::new(standard.list_id.as_str(), Some(water))).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::PAYEE_NOT_MODIFIABLE));
    session.pay(&typed("new payee")).await.unwrap().done().unwrap();
    session.delete_payee(&standard.list_id).await.unwrap().done().unwrap();
    assert_eq!(session.delete_payee("77").await.unwrap_err().status(), Some(StatusCode::INVALID_PAYEE_LIST_ID));
    let changes = session.sync_payees().await.unwrap().done().unwrap();
    let told: Vec<_> = changes.changes.iter().map(|change| change.origin).collect();
    assert_eq!(told, [Origin::Us, Origin::Us, Origin::Us, Origin::Institution, Origin::Us]);
    assert_eq!(changes.changes[3].payee().unwrap().payee.as_ref().unwrap().city, "Newport");
    assert_eq!(bank.payee_list("jane").len(), 2);
    is_clean(&bank);
}

#[tokio::test]
async fn a_payee_whose_answer_is_lost_is_added_once() {
    let bank = start();
    let mut session = session(&bank);
    let water = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    bank.next(On::With("PAYEERQ"), Fault::DropAfter);
    let progress = session.add_payee(&PayeeAddition::new(water)).await.unwrap();
    assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
    let listed = session.reconcile().await.unwrap().done().unwrap().confirmed::<ListedPayee>();
    assert_eq!(listed.unwrap().list_id, bank.payee_list("jane")[0].list_id);
    assert_eq!(bank.payee_list("jane").len(), 1);
    is_clean(&bank);
}

#[tokio::test]
async fn a_recurring_payment_is_started_changed_and_ended() {
    let bank = start();
    let mut session = session(&bank);
    let payment = typed("rent");
    let weekly = Recurrence::times(5, Frequency::Weekly);
    let request = RecurringPayment::new(weekly.clone(), payment.clone()).initial_amount(rust_decimal::Decimal::ONE);
    let model = session.add_recurring(&request).await.unwrap().done().unwrap();
    assert_eq!((model.recurrence.count, model.payment.payee_list_id.as_ref()), (Some(5), model.payee_list_id.as_ref()));
    let mut cheaper = model.payment.clone();
    cheaper.memo = Some("less rent".to_owned());
    let change = ModelModification::new(model.model_id.as_str(), weekly, cheaper, true);
    let changed = session.modify_recurring(&change).await.unwrap().done().unwrap();
    assert_eq!((changed.pending, changed.payment.memo.as_deref()), (Some(true), Some("less rent")));
    bank.pass_days(15);
    let payments = session.sync_payments(&payment.from).await.unwrap().done().unwrap();
    let spawned: Vec<_> = payments.changes.iter().filter_map(|change| change.payment()).collect();
    assert!(payments.changes.iter().all(|change| change.origin == Origin::Institution));
    assert_eq!(spawned.len(), 4);
    assert!(spawned.iter().all(|paid| paid.model_id.as_ref() == Some(&model.model_id)));
    session.cancel_recurring(&model.model_id, true, &payment.from).await.unwrap().done().unwrap();
    let error = session.cancel_recurring(&model.model_id, true, &payment.from).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::MODEL_CANCELLED));
    let models = session.sync_recurring(&payment.from).await.unwrap().done().unwrap();
    assert_eq!(models.changes.len(), 3);
    assert_eq!(models.changes[0].recurring().unwrap().model_id, model.model_id);
    assert!(models.changes[2].canceled_recurring().is_some());
    bank.pass_days(60);
    assert_eq!((bank.payments_made(), bank.payments_standing()), (4, 1), "one was processed before");
    is_clean(&bank);
}

#[tokio::test]
async fn a_recurring_payment_whose_answer_is_lost_is_started_once() {
    for fault in [Fault::DropAfter, Fault::DropBefore, Fault::CutAnswer(700)] {
        let bank = start();
        let mut session = session(&bank);
        bank.next(On::With("RECPMTRQ"), fault);
        let request = RecurringPayment::new(Recurrence::endless(Frequency::Monthly), typed("rent"));
        let progress = session.add_recurring(&request).await.unwrap();
        assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
        let model = session.reconcile().await.unwrap().done().unwrap().confirmed::<RecurringModel>().unwrap();
        assert_eq!(bank.recurring_payments("jane").len(), 1);
        assert_eq!(model.model_id, bank.recurring_payments("jane")[0].model_id);
        is_clean(&bank);
    }
}

/// Fetches the account list, and gives the status that refused it.
async fn refused(session: &mut Session) -> Option<StatusCode> {
    session.accounts().await.and_then(Progress::done).err().and_then(|error| error.status())
}

#[tokio::test]
async fn a_password_is_changed_and_the_session_goes_on() {
    let bank = start();
    let mut session = session(&bank);
    bank.set_password_expired("jane");
    session.accounts().await.unwrap().done().unwrap();
    assert!(session.is_password_change_due());
    let before = bank.requests().len();
    let error = session.change_password("abc").await.unwrap_err();
    assert_eq!(bank.requests().len(), before, "the profile says what is too short: {error}");
    session.change_password("new horse").await.unwrap().done().unwrap();
    assert!(!session.is_password_change_due());
    session.accounts().await.unwrap().done().unwrap();
    let client = session.close().unwrap();
    let mut old = client.open(Credentials::new("jane", "correct horse")).unwrap();
    assert_eq!(refused(&mut old).await, Some(StatusCode::SIGNON_INVALID));
    is_clean(&bank);
}

#[tokio::test]
async fn a_password_change_whose_answer_is_lost_is_found_out_about() {
    for (fault, counts) in [(Fault::DropAfter, "new horse"), (Fault::DropBefore, "correct horse")] {
        let bank = start();
        let mut session = session(&bank);
        bank.next(On::With("PINCHRQ"), fault);
        let progress = session.change_password("new horse").await.unwrap();
        assert!(matches!(progress, Progress::Unknown(_)), "{progress:?}");
        let found = session.reconcile().await;
        assert_eq!(found.is_ok(), counts == "new horse", "{found:?}");
        let mut next = client(&bank).open(Credentials::new("jane", counts)).unwrap();
        next.accounts().await.unwrap().done().unwrap();
        is_clean(&bank);
    }
}

#[tokio::test]
async fn a_user_key_is_asked_for_and_used() {
    let bank = easy().user_keys(3650).start().unwrap();
    let asking = Credentials::new("jane", "correct horse").asking_for_user_key();
    let mut session = client(&bank).open(asking).unwrap();
    session.accounts().await.unwrap().done().unwrap();
    let client = session.close().unwrap();
    assert!(client.user_key().is_some());
    let mut session = client.open_with_user_key().unwrap();
    session.pay(&typed("by key")).await.unwrap().done().unwrap();
    assert_eq!(bank.payments()[0].user, "jane");
    bank.revoke_user_keys();
    assert_eq!(refused(&mut session).await, Some(StatusCode::SIGNON_INVALID));
    is_clean(&bank);
}

#[tokio::test]
async fn a_client_is_approved_and_goes_on() {
    let bank = easy().approval_required(true).start().unwrap();
    let mut session = session(&bank);
    let progress = session.pay(&typed("rent")).await.unwrap();
    let Progress::Approve(approval) = progress else { panic!("{progress:?}") };
    assert!(approval.explain().contains(session.client().client_uid()));
    assert!(matches!(session.proceed().await.unwrap(), Progress::Approve(_)), "not yet");
    bank.approve_clients();
    session.proceed().await.unwrap().done().unwrap();
    assert_eq!(bank.payments_made(), 1);
    is_clean(&bank);
}

#[tokio::test]
async fn a_one_time_token_is_given_once() {
    let bank = easy().auth_token_first("123456").user_cred1("Branch", "Newport").start().unwrap();
    let credentials = Credentials::new("jane", "correct horse").user_cred1("Newport").auth_token("123456");
    let mut session = client(&bank).open(credentials).unwrap();
    session.accounts().await.unwrap().done().unwrap();
    session.pay(&typed("rent")).await.unwrap().done().unwrap();
    bank.require_auth_token("jane", "777");
    assert_eq!(refused(&mut session).await, Some(StatusCode::AUTH_TOKEN_REQUIRED));
    assert_eq!(bank.payments_made(), 1);
    is_clean(&bank);
}

#[tokio::test]
async fn an_access_token_signs_on() {
    let bank = easy().access_token("jane", "t0ken").start().unwrap();
    let trusting = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots();
    let institution = Institution::new(bank.url()).version(ofx_session::Version::V220);
    let client = Client::builder(institution).connection(trusting).build().unwrap();
    let mut session = client.open(Credentials::access_token("t0ken")).unwrap();
    session.pay(&typed("rent")).await.unwrap().done().unwrap();
    assert_eq!(bank.payments()[0].user, "jane");
    is_clean(&bank);
}

#[tokio::test]
async fn mail_goes_out_and_its_reply_comes_back() {
    let bank = start();
    let mut session = session(&bank);
    let paid = session.pay(&typed("rent")).await.unwrap().done().unwrap();
    let mail = Mail::new("jane", Stamp::day(super::support::day("20260105")), "Jane", "Bank", "Lost", "Where is it?");
    let about = PaymentMail::new(mail).about(paid.id(), paid.response.payment.clone());
    bank.next(On::With("PMTMAILRQ"), Fault::DropAfter);
    assert!(matches!(session.send_payment_mail(&about).await.unwrap(), Progress::Unknown(_)));
    let sent = session.reconcile().await.unwrap().done().unwrap().confirmed::<PaymentMail>().unwrap();
    assert_eq!(
        sent.about,
        about.about.clone().map(|mut about| {
            about.payment = paid.response.payment.clone();
            about
        })
    );
    let changes = session.sync_payment_mail().await.unwrap().done().unwrap();
    let subjects: Vec<_> = changes.changes.iter().map(|change| change.mail().unwrap().mail.subject.as_str()).collect();
    assert_eq!(subjects, ["Lost", "Re: Lost"], "sent once");
    assert_eq!(changes.changes[1].origin, Origin::Institution);
    is_clean(&bank);
}

#[tokio::test]
async fn a_user_enrols_and_changes_their_data() {
    let bank = start();
    let request = EnrollmentRequest::new("Jim", "Public", "1 Main Street", "Newport", "RI", "02840", "jim@example.com");
    let mut nobody = client(&bank).open(Credentials::new("jimmy", "?")).unwrap();
    let enrolled = nobody.enroll(&request.user_id("jimmy")).await.unwrap().done().unwrap();
    assert_eq!(enrolled.user_id.as_deref(), Some("jimmy"));
    let client = nobody.close().unwrap();
    let mut session = client.open(Credentials::new("jimmy", enrolled.temporary_password.clone().unwrap())).unwrap();
    session.accounts().await.unwrap().done().unwrap();
    assert!(session.is_password_change_due());
    session.change_password("new horse").await.unwrap().done().unwrap();
    let info = UserInfo::new().first_name("James").city("Bristol");
    let changed = session.change_user_info(&info).await.unwrap().done().unwrap();
    assert_eq!((&changed.info, bank.user_info("jimmy")), (&info, Some(info.clone())));
    let told = session.synchronize(SyncKind::UserInfo, None, None).await.unwrap().done().unwrap().changes;
    assert_eq!((told.len(), told[0].user_info(), told[0].service()), (1, Some(&changed.record), None));
    is_clean(&bank);
}

#[tokio::test]
async fn a_service_is_asked_for() {
    let bank = start();
    let mut session = session(&bank);
    let accounts = session.accounts().await.unwrap().done().unwrap();
    let savings = accounts[1].bank.as_ref().unwrap().account.clone();
    let add = ServiceRequest::new(ServiceChange::Add(AccountRef::from(savings.clone())), Service::BillPay);
    let added = session.change_service(&add).await.unwrap().done().unwrap();
    assert_eq!(added.status, ServiceStatus::Active);
    let told = session.synchronize(SyncKind::Services, None, None).await.unwrap().done().unwrap().changes;
    assert_eq!((told.len(), told[0].service(), told[0].user_info()), (1, Some(&added.record), None));
    let mut payment = typed("from savings");
    payment.from = savings;
    session.pay(&payment).await.unwrap().done().unwrap();
    let accounts = session.accounts().await.unwrap().done().unwrap();
    assert_eq!(accounts.iter().filter_map(|account| account.pays_bills()).count(), 2);
    is_clean(&bank);
}

#[tokio::test]
async fn several_things_go_in_one_file() {
    use ofx_session::ofx::{PaymentRequest, Request};
    let bank = start();
    let mut session = session(&bank);
    let water = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    session.accounts().await.unwrap().done().unwrap();
    let before = bank.requests().len();
    let requests: Vec<Request> = vec![
        PaymentRequest::new(typed("one")).into(),
        PayeeAddition::new(water).into(),
        PaymentRequest::new(typed("two")).into(),
    ];
    let answers = session.batch(requests.into_iter().map(Into::into).collect()).await.unwrap().done().unwrap();
    assert_eq!((answers.len(), bank.requests().len()), (3, before + 1));
    let kinds: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            ofx_session::engine::BatchAnswer::Confirmed(confirmed) => confirmed.record.kind(),
            other => panic!("{other:?}"),
        })
        .collect();
    use ofx_session::ofx::RequestKind::{AddPayee, Pay};
    assert_eq!(kinds, [Pay, AddPayee, Pay]);
    assert_eq!((bank.payments_made(), bank.payee_list("jane").len()), (2, 1), "the payee is added before it is paid");
    is_clean(&bank);
}
