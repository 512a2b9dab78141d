//! Every change through the crate's own client in every class of institution, with its answer lost: what the client says is what
//! stands in the books.

use ofx_session::ofx::{
    Frequency, Mail, Payee, PayeeAddition, PaymentMail, Recurrence, RecurringPayment, Stamp, UserInfo, Version,
};
use ofx_session::testing::{Bank, Class, Fault, On};
use ofx_session::{Client, Credentials, HttpsOptions, Institution, Progress, Session};

use super::support::{Ask, day, easy, framed, typed};

const FLAGS: &str = "<INCIMAGES>N</INCIMAGES><USEHTML>N</USEHTML>";

fn session(bank: &Bank) -> Session {
    let trusting = HttpsOptions::new().add_root_pem(bank.ca_pem().as_bytes()).unwrap().only_given_roots();
    let client = Client::builder(Institution::new(bank.url())).connection(trusting).build().unwrap();
    client.open(Credentials::new("jane", "correct horse")).unwrap()
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Recurring,
    Payee,
    Mail,
    Info,
}

impl What {
    fn tag(self) -> &'static str {
        match self {
            Self::Recurring => "RECPMTRQ",
            Self::Payee => "PAYEERQ",
            Self::Mail => "PMTMAILRQ",
            Self::Info => "CHGUSERINFORQ",
        }
    }

    /// Asks for it; `true` when it is done, `None` when nobody knows.
    async fn ask(self, session: &mut Session) -> Option<bool> {
        fn known<T>(progress: Result<Progress<T>, ofx_session::Error>) -> Option<bool> {
            match progress {
                Ok(Progress::Done(_)) => Some(true),
                Ok(_) => None,
                Err(_) => Some(false),
            }
        }
        match self {
            Self::Recurring => {
                let monthly = RecurringPayment::new(Recurrence::endless(Frequency::Monthly), typed("rent"));
                known(session.add_recurring(&monthly).await)
            }
            Self::Payee => {
                let water = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
                known(session.add_payee(&PayeeAddition::new(water)).await)
            }
            Self::Mail => {
                let mail = Mail::new("jane", Stamp::day(day("20260105")), "Jane", "Bank", "Lost", "Where is it?");
                known(session.send_payment_mail(&PaymentMail::new(mail)).await)
            }
            Self::Info => known(session.change_user_info(&UserInfo::new().city("Newport")).await),
        }
    }

    /// How many times it was done; `None` for mail where there is no history.
    fn done(self, bank: &Bank, full_sync: bool) -> Option<usize> {
        match self {
            Self::Recurring => Some(bank.recurring_payments("jane").len()),
            Self::Payee => Some(bank.payee_list("jane").len()),
            Self::Mail if full_sync => {
                let ask = Ask::new(Version::V211).bill(&framed("PMTMAILSYNCRQ", "0", FLAGS));
                let answer = ask.send(&mut bank.model());
                let frame = answer.sync("BILLPAY", "PMTMAILSYNCRS");
                Some(frame.told().into_iter().filter(|(trn_uid, ..)| *trn_uid != "0").count())
            }
            Self::Mail => None,
            Self::Info => Some(usize::from(bank.user_info("jane").is_some())),
        }
    }
}

#[tokio::test]
async fn what_the_client_says_is_what_stands_in_the_books() {
    let faults = [
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::LateDelivery { after: None },
        Fault::Replay { second_answer: true },
    ];
    for class in Class::ALL {
        for what in [What::Recurring, What::Payee, What::Mail, What::Info] {
            for fault in faults {
                let name = format!("{class} {what:?} {fault:?}");
                let bank = easy().everything().class(class).start().unwrap();
                let mut session = session(&bank);
                bank.next(On::With(what.tag()), fault);
                let mut known = what.ask(&mut session).await;
                while known.is_none() && session.can_reconcile() {
                    known = match session.reconcile().await {
                        Ok(Progress::Done(_)) => Some(true),
                        Ok(_) => None,
                        Err(_) => Some(false),
                    };
                }
                bank.deliver_late();
                let safe = class.duplicates || class.full_sync || class.file_recovery;
                if let Some(done) = what.done(&bank, class.full_sync) {
                    match known {
                        Some(said) => assert_eq!(done > 0, said, "{name}"),
                        None => {
                            assert!(!class.full_sync && !class.file_recovery || fault != Fault::DropAfter, "{name}")
                        }
                    }
                    assert!(
                        done <= 1 || !safe || matches!(fault, Fault::Replay { .. }) && !class.duplicates,
                        "{name}: {done}"
                    );
                }
                assert_eq!(bank.violations(), Vec::<String>::new(), "{name}");
            }
        }
    }
}

/// The saved answer is what stops the copy. So it must outlive the next payment, which could let the institution forget it.
#[tokio::test]
async fn a_copy_that_arrives_after_the_next_payment_finds_the_saved_answer() {
    let class: Class = "D-S-F+".parse().unwrap();
    let bank = easy().class(class).purges_saved_answers(false).start().unwrap();
    let mut session = session(&bank);
    session.pay(&typed("before")).await.unwrap().done().unwrap();
    bank.next(On::Payment, Fault::LateDelivery { after: None });
    let Progress::Unknown(_) = session.pay(&typed("late")).await.unwrap() else { panic!("it is on its way") };
    session.reconcile().await.unwrap().done().unwrap();
    for memo in ["next", "and one more"] {
        session.pay(&typed(memo)).await.unwrap().done().unwrap();
    }
    assert_eq!(bank.deliver_late(), 1);
    assert_eq!(bank.payments_made(), 4, "each once");
    assert_eq!(bank.violations(), [""; 0]);
}
