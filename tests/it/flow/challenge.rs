//! Security questions: asked, answered by the user or by the program, answered wrong.

use ofx_session::Answers;
use ofx_session::engine::{Device, EngineError, Intent, Operation, Outcome, Seed, Situation, Step};
use ofx_session::error::Delivery;
use ofx_session::ofx::{Document, Limits, SyncMode};
use ofx_session::testing::AccessKeys;

use super::scenario::{
    Reply, Said, Scenario, asked, easy, ids, paid, payment, questioning, questions, refused, right, transaction, wrong,
};

#[test]
fn a_payment_without_questions_takes_one_file() {
    let mut scenario = Scenario::new(easy());
    let receipt = paid(scenario.pay());
    assert_eq!(receipt.response.server_id, scenario.bank.payments()[0].server_id);
    assert_eq!(receipt.trn_uid, scenario.bank.payments()[0].trn_uid);
    assert_eq!(receipt.differences(&payment()), Vec::<&str>::new());
    assert!(receipt.notices.is_empty());
    assert_eq!(scenario.sent.len(), 1);
    scenario.clean(1);
}

#[test]
fn questions_are_asked_and_answered_and_the_bill_is_paid() {
    let mut scenario = Scenario::new(questioning());
    let challenge = asked(scenario.pay());
    assert_eq!(ids(&challenge), ["MFA16", "BRQ7"]);
    assert_eq!(challenge.questions()[0].text(), "What is your mother's maiden name?");
    assert_eq!(challenge.questions()[1].text(), "In which town did you open it?");
    assert!(!challenge.is_repeated());
    scenario.clean(0);
    paid(scenario.answer(&right()));
    scenario.clean(1);
    let [work, question, answer] = &scenario.sent[..] else { panic!("{} files", scenario.sent.len()) };
    assert_eq!((work.asks_questions(), question.asks_questions(), answer.asks_questions()), (false, true, false));
    assert_eq!(question.document.root().children().len(), 1, "the challenge stands alone");
    assert_eq!(answer.answers(), [("MFA16", "Garcia"), ("BRQ7", "Newport")]);
    assert!(work.answers().is_empty() && question.answers().is_empty());
}

#[test]
fn wrong_answers_are_asked_for_again() {
    let mut scenario = Scenario::new(questioning());
    asked(scenario.pay());
    let again = asked(scenario.answer(&wrong()));
    assert_eq!((ids(&again), again.is_repeated()), (vec!["MFA16", "BRQ7"], true));
    let third = asked(scenario.answer(&wrong()));
    assert!(third.is_repeated());
    scenario.clean(0);
    paid(scenario.answer(&right()));
    scenario.clean(1);
    assert_eq!(scenario.sent.len(), 7);
}

#[test]
fn incomplete_and_strange_answers_are_refused_before_anything_is_sent() {
    let mut scenario = Scenario::new(questioning());
    asked(scenario.pay());
    let long = "x".repeat(65);
    for (answers, words) in [
        (Answers::new(), ["no answer", "MFA16, BRQ7"]),
        (Answers::new().with("MFA16", "Garcia"), ["no answer", "BRQ7"]),
        (right().with("MFA1", "Rome"), ["an id that no question has", "MFA16, BRQ7"]),
        // The two the wrong way round.
        (Answers::new().with("Garcia", "MFA16"), ["an id that no question has", "MFA16, BRQ7"]),
        (right().with("MFA16", " "), ["MFA16", "empty"]),
        (right().with("MFA16", long.as_str()), ["MFA16", "64"]),
    ] {
        let operation = scenario.operation.clone().unwrap();
        let error = operation.check_answers(&scenario.state, &answers, scenario.now()).unwrap_err();
        assert!(matches!(error, EngineError::Answers(_)), "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "{error}");
        }
        assert!(!error.to_string().contains("Garcia"), "{error}");
        assert_eq!(operation.handle_answer(&scenario.state, &answers, scenario.now()).unwrap_err(), error);
    }
    assert_eq!(scenario.sent.len(), 2);
    let repeated = Answers::new().with("MFA16", "Lopez").with("BRQ7", "Newport").with("MFA16", "Garcia");
    paid(scenario.answer(&repeated));
    scenario.clean(1);
}

#[test]
fn mfa_challenge_first_is_obeyed_and_once_is_enough() {
    let mut scenario = Scenario::new(questioning().challenge_first(true).access_keys(AccessKeys::Once));
    assert_eq!(scenario.run(Intent::Profile), Ok(Step::Done(Outcome::Profile)));
    asked(scenario.run(Intent::Accounts));
    assert!(scenario.last().asks_questions());
    assert_eq!(scenario.sent.len(), 2, "nothing before the questions");
    assert_eq!(scenario.answer(&right()), Ok(Step::Done(Outcome::Accounts)));
    paid(scenario.pay());
    assert_eq!(scenario.sent.len(), 4, "the key opens the door from now on");
    scenario.clean(1);
}

#[test]
fn without_keys_each_file_needs_answers_of_its_own() {
    let mut scenario = Scenario::new(questioning().challenge_first(true).access_keys(AccessKeys::Never));
    scenario.run(Intent::Profile).unwrap();
    for _ in 0..2 {
        asked(scenario.pay());
        paid(scenario.answer(&right()));
    }
    assert_eq!(scenario.sent.iter().filter(|sent| sent.signon("ACCESSKEY").is_some()).count(), 0);
    scenario.clean(2);
}

#[test]
fn what_the_program_knows_is_never_asked() {
    let builder = easy().program_question("MFA101").program_question("MFA105").program_question("MFA106");
    let mut scenario = Scenario::new(builder.program_question("MFA107"));
    paid(scenario.pay());
    let answers = scenario.last().answers();
    let [("MFA101", time), ("MFA105", os), ("MFA106", processor), ("MFA107", agent)] = answers[..] else {
        panic!("{answers:?}")
    };
    assert!(time.len() == 14 && time.starts_with("20260105100"), "{time}");
    assert_eq!((os, processor, agent), (std::env::consts::OS, std::env::consts::ARCH, "QWIN 2700"));
    assert_eq!(scenario.sent.len(), 3);
    scenario.clean(1);
}

#[test]
fn host_name_and_addresses_are_given_away_by_nobody_but_the_application() {
    let build = || {
        let builder = easy().program_question("MFA102").program_question("MFA103").program_question("MFA104");
        Scenario::new(builder.program_question("MFA107").question("MFA16", None, "Garcia"))
    };
    let mut scenario = build();
    assert_eq!(ids(&asked(scenario.pay())), ["MFA102", "MFA103", "MFA104", "MFA16"]);
    let given = [("MFA102", "tower"), ("MFA103", "192.0.2.7"), ("MFA104", "00:1b:44:11:3a:b7"), ("MFA16", "Garcia")];
    paid(scenario.answer(&given.into_iter().collect()));
    scenario.clean(1);

    let mut scenario = build();
    let device = Device::new().host_name("tower").ip_address("192.0.2.7").mac_address("00:1b:44:11:3a:b7");
    scenario.state = scenario.state.device(device.user_agent("mine/1"));
    assert_eq!(ids(&asked(scenario.pay())), ["MFA16"]);
    paid(scenario.answer(&Answers::new().with("MFA16", "Garcia")));
    assert_eq!(scenario.last().answers()[..3], given[..3]);
    assert_eq!(scenario.last().answers()[3], ("MFA107", "mine/1"));
    scenario.clean(1);
}

#[test]
fn a_device_never_answers_for_the_user() {
    let mut scenario = Scenario::new(questioning());
    scenario.state = scenario.state.device(Device::new().answer("MFA16", "Garcia").answer("BRQ7", "Newport"));
    assert_eq!(ids(&asked(scenario.pay())), ["MFA16", "BRQ7"]);
}

#[test]
fn an_answer_of_the_user_goes_before_that_of_the_program() {
    let mut scenario = Scenario::new(easy().program_question("MFA107").question("MFA16", None, "Garcia"));
    assert_eq!(ids(&asked(scenario.pay())), ["MFA16"]);
    paid(scenario.answer(&Answers::new().with("MFA16", "Garcia").with("MFA107", "by hand")));
    assert_eq!(scenario.last().answers(), [("MFA107", "by hand"), ("MFA16", "Garcia")]);
    scenario.clean(1);
}

#[test]
fn wrong_answers_of_the_program_end_at_the_user_and_not_in_a_loop() {
    let mut scenario = Scenario::new(easy().question("MFA105", None, "TempleOS"));
    let challenge = asked(scenario.pay());
    assert_eq!((ids(&challenge), challenge.is_repeated()), (vec!["MFA105"], true));
    assert_eq!(scenario.sent.len(), 4);
    let again = asked(scenario.answer(&Answers::new()));
    assert!(again.is_repeated(), "the program's own answer once more, because the user wanted it so");
    paid(scenario.answer(&Answers::new().with("MFA105", "TempleOS")));
    scenario.clean(1);
}

#[test]
fn a_challenge_that_never_ends_stops_at_the_user_each_time() {
    let mut scenario = Scenario::new(easy().program_question("MFA105"));
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    scenario.then_is_honest();
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    scenario.then_is_honest();
    assert!(asked(scenario.pay()).is_repeated());
    assert_eq!(scenario.sent.len(), 4);
}

#[test]
fn a_question_that_is_asked_twice_is_answered_once() {
    let mut scenario = Scenario::new(questioning());
    scenario.then_is_honest();
    scenario.then_says(|sent| Said::new(0, "INFO").beside(questions(sent.trn_uid(), &["MFA1", "MFA2", "MFA1"])));
    assert_eq!(ids(&asked(scenario.pay())), ["MFA1", "MFA2"]);
    scenario.then_is_honest();
    asked(scenario.answer(&Answers::new().with("MFA1", "Rome").with("MFA2", "01/02/1980")));
    assert_eq!(scenario.sent[2].answers(), [("MFA1", "Rome"), ("MFA2", "01/02/1980")]);
}

#[test]
fn a_challenge_under_a_trn_uid_of_the_institution_s_own_is_accepted() {
    let mut scenario = Scenario::new(questioning());
    scenario.then_is_honest();
    scenario.then(|bank, sent| {
        let bytes = String::from_utf8(super::scenario::honest(bank, sent)).unwrap();
        Reply::Body(bytes.replace(sent.trn_uid(), "4711-0815").into_bytes())
    });
    asked(scenario.pay());
    paid(scenario.answer(&right()));
    scenario.clean(1);
}

#[test]
fn a_refused_or_empty_challenge_ends_the_payment_without_one() {
    let mut scenario = Scenario::new(questioning());
    scenario.then_is_honest();
    scenario
        .then_says(|sent| Said::new(0, "INFO").beside(transaction("MFACHALLENGETRNRS", sent.trn_uid(), 2000, None)));
    let refusal = refused(scenario.pay());
    assert_eq!((refusal.status.code.value(), refusal.at), (2000, ofx_session::engine::RefusedAt::Challenge));
    let text = ofx_session::Error::from(refusal).to_string();
    assert!(text.contains("refused to ask its security questions"), "{text}");

    for nothing in [vec![], vec![questions("1", &[])], vec![transaction("MFACHALLENGETRNRS", "1", 0, None)]] {
        let mut scenario = Scenario::new(questioning());
        scenario.then_is_honest();
        scenario.then_says(move |_| nothing.into_iter().fold(Said::new(0, "INFO"), Said::beside));
        let error = ofx_session::Error::from(scenario.pay().unwrap_err());
        assert_eq!(error.kind(), ofx_session::ErrorKind::Malformed, "{error}");
        assert!(error.to_string().contains("MFACHALLENGE"), "{error}");
        scenario.clean(0);
    }
}

#[test]
fn a_challenge_answered_with_another_challenge_is_a_refusal() {
    let mut scenario = Scenario::new(questioning());
    scenario.then_is_honest();
    scenario.then_says(|_| Said::new(3000, "ERROR"));
    assert_eq!(refused(scenario.pay()).status.code.value(), 3000);
    assert_eq!(scenario.sent.len(), 2);
}

#[test]
fn a_situation_says_what_is_awaited() {
    let mut scenario = Scenario::new(questioning());
    asked(scenario.pay());
    let operation = scenario.operation.clone().unwrap();
    let situation = operation.situation(&scenario.state, scenario.now());
    let Situation::AwaitingAnswers(challenge) = &situation else { panic!("{operation:?}") };
    assert_eq!((ids(challenge), situation.questions()), (vec!["MFA16", "BRQ7"], challenge.questions()));
    assert_eq!(operation.payment(&scenario.state), Ok(payment()));
    paid(scenario.answer(&right()));
    let operation = scenario.operation.clone().unwrap();
    let situation = operation.situation(&scenario.state, scenario.now());
    assert!(matches!(situation, Situation::Over(Outcome::Paid(_))) && situation.questions().is_empty());
    let error = operation.handle_answer(&scenario.state, &right(), scenario.now()).unwrap_err();
    assert!(matches!(error, EngineError::Situation(_)), "{error}");
}

/// That the questions were not read says nothing of the history, which is asked for behind them.
#[test]
fn questions_that_are_turned_away_do_not_take_the_history_away() {
    let mut scenario = Scenario::with_profile(questioning().challenge_first(true).sync_mode(SyncMode::Full));
    scenario.then(|_, _| Reply::Failed(Delivery::Answered));
    asked(scenario.pay());
    assert!(scenario.sent.iter().all(super::scenario::Sent::asks_questions));
    paid(scenario.answer(&right()));
    assert!(scenario.last().document.find("/OFX/BILLPAYMSGSRQV1/PMTSYNCRQ/PMTTRNRQ").is_some());
    scenario.clean(1);
}

/// What came with the answers was not read: the payment goes without what it asked for, and nobody is asked the same for ever.
#[test]
fn a_history_that_is_turned_away_behind_the_answers_is_done_without() {
    let mut scenario = Scenario::with_profile(questioning().challenge_first(true).sync_mode(SyncMode::Full));
    asked(scenario.pay());
    scenario.then(|_, _| Reply::Failed(Delivery::Answered));
    asked(scenario.answer(&right()));
    paid(scenario.answer(&right()));
    assert!(scenario.last().document.find("/OFX/BILLPAYMSGSRQV1/PMTTRNRQ").is_some());
    scenario.clean(1);
}

/// A program that is killed while it asks for the questions may have sent that file: the next one has a name of its own.
#[test]
fn every_file_has_a_name_of_its_own_also_after_a_crash() {
    let scenario = Scenario::with_profile(questioning().challenge_first(true));
    let now = scenario.now();
    let intent = Intent::Pay(Box::new(payment()));
    let (_, mut step) = Operation::begin(intent, &scenario.state, Seed::new([9; 16]), now).unwrap();
    let mut names = Vec::new();
    for _ in 0..3 {
        let Step::Send(transmit) = step else { panic!("{step:?}") };
        let (interrupted, file) = transmit.prepare(&scenario.credentials, &scenario.state, now).unwrap();
        let document = Document::decode(&file, &Limits::new()).unwrap();
        names.push(document.header().new_file_uid().as_str().to_owned());
        step = interrupted.step(&scenario.state, now);
    }
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
}

/// They may have arrived, and may be good for once.
#[test]
fn answers_whose_file_was_lost_are_asked_for_again() {
    let mut scenario = Scenario::new(questioning());
    asked(scenario.run(Intent::Accounts));
    scenario.then(|_, _| Reply::Failed(Delivery::Unknown));
    asked(scenario.answer(&right()));
    assert!(scenario.last().asks_questions());
}
