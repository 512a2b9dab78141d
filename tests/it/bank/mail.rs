//! Mail about payments.

use ofx_session::ofx::Version;
use ofx_session::testing::BankModel;

use super::support::{Answer, Ask, Pay, easy, framed, trn};

const V: Version = Version::V103;
const FLAGS: &str = "<INCIMAGES>N</INCIMAGES><USEHTML>N</USEHTML>";

fn mail(user: &str, subject: &str, html: &str) -> String {
    format!(
        "<MAIL><USERID>{user}</USERID><DTCREATED>20260105</DTCREATED><FROM>Jane</FROM><TO>Bank</TO><SUBJECT>{subject}\
         </SUBJECT><MSGBODY>Where is my payment?</MSGBODY><INCIMAGES>N</INCIMAGES><USEHTML>{html}</USEHTML></MAIL>"
    )
}

fn request(mail: &str) -> String {
    format!("<PMTMAILRQ>{mail}</PMTMAILRQ>")
}

fn send(bank: &mut BankModel, trn_uid: &str, request: &str) -> Answer {
    Ask::new(V).bill(&trn("PMTMAILTRNRQ", trn_uid, request)).send(bank)
}

fn sync(token: &str, enclosed: &str) -> Ask {
    Ask::new(V).bill(&framed("PMTMAILSYNCRQ", token, &format!("{FLAGS}{enclosed}")))
}

#[test]
fn mail_is_taken_and_answered() {
    let mut bank = easy().build_model();
    let answer = send(&mut bank, "mail-1", &request(&mail("jane", "Lost", "N")));
    assert_eq!(answer.bill("PMTMAILTRNRS/STATUS/CODE"), Some("0"));
    assert_eq!(answer.bill("PMTMAILTRNRS/PMTMAILRS/MAIL/SUBJECT"), Some("Lost"));
    bank.send_mail("jane", "Holidays", "We are closed on Monday.");
    let answer = sync("0", "").send(&mut bank);
    let frame = answer.sync("BILLPAY", "PMTMAILSYNCRS");
    let by_itself = ("0", "0", "PMTMAILRS");
    assert_eq!(frame.told(), [("mail-1", "0", "PMTMAILRS"), by_itself, by_itself]);
    let subject = |at| frame.text(at, "PMTMAILRS/MAIL/SUBJECT").unwrap();
    assert_eq!([subject(0), subject(1), subject(2)], ["Lost", "Re: Lost", "Holidays"]);
    assert_eq!(frame.text(1, "PMTMAILRS/MAIL/TO"), Some("Jane"));
    assert_eq!(frame.text(1, "PMTMAILRS/MAIL/FROM"), Some("Example Loopback Bank"));
    assert!(bank.violations().is_empty());
}

#[test]
fn mail_in_a_frame_comes_with_its_reply_and_a_token_behind_both() {
    let mut bank = easy().build_model();
    let enclosed = trn("PMTMAILTRNRQ", "mail-1", &request(&mail("jane", "Lost", "N")));
    let answer = sync("0", &enclosed).send(&mut bank);
    let frame = answer.sync("BILLPAY", "PMTMAILSYNCRS");
    assert_eq!(frame.told(), [("mail-1", "0", "PMTMAILRS"), ("0", "0", "PMTMAILRS")]);
    let later = sync(frame.token(), "").send(&mut bank);
    assert!(later.sync("BILLPAY", "PMTMAILSYNCRS").told().is_empty());
    let refresh =
        format!("<PMTMAILSYNCRQ><REFRESH>Y</REFRESH><REJECTIFMISSING>N</REJECTIFMISSING>{FLAGS}</PMTMAILSYNCRQ>");
    let refreshed = Ask::new(V).bill(&refresh).send(&mut bank);
    assert_eq!(refreshed.sync("BILLPAY", "PMTMAILSYNCRS").told(), [("0", "0", "PMTMAILRS"), ("0", "0", "PMTMAILRS")]);
    let bare = framed("PMTMAILSYNCRQ", "0", "");
    let refusal = Ask::new(V).bill(&bare).try_send(&mut bank, ofx_session::testing::Endpoint::Main);
    assert_eq!(refusal.err().map(|refusal| refusal.status()), Some(400), "the flags are required");
}

#[test]
fn mail_can_be_about_a_payment_and_must_be_in_order() {
    let mut bank = easy().build_model();
    let paid = Ask::new(V).pay("pay-1", Pay::new()).send(&mut bank);
    let id = paid.payment("SRVRTID").unwrap();
    let about = |id: &str| {
        let mail = mail("jane", &"x".repeat(60), "N");
        request(&format!("{mail}<SRVRTID>{id}</SRVRTID>{}", Pay::new().info().to_markup()))
    };
    let answer = send(&mut bank, "mail-1", &about(id));
    assert_eq!(answer.bill("PMTMAILTRNRS/PMTMAILRS/SRVRTID"), Some(id));
    let status = |bank: &mut BankModel, trn_uid: &str, request: &str| {
        send(bank, trn_uid, request).bill("PMTMAILTRNRS/STATUS/CODE").unwrap().to_owned()
    };
    assert_eq!(status(&mut bank, "mail-1", &about(id)), "2019");
    assert_eq!(status(&mut bank, "mail-2", &about("77")), "2018");
    assert_eq!(status(&mut bank, "mail-3", &request(&mail("jane", "Lost", "Y"))), "16500");
    assert_eq!(status(&mut bank, "mail-4", &request(&mail("joe", "Lost", "N"))), "2000");
    let answer = sync("0", "").send(&mut bank);
    let frame = answer.sync("BILLPAY", "PMTMAILSYNCRS");
    assert_eq!(frame.told().len(), 2, "what was refused has no reply");
    assert_eq!(frame.text(1, "PMTMAILRS/SRVRTID"), Some(id));
    assert_eq!(frame.text(1, "PMTMAILRS/MAIL/SUBJECT"), Some(format!("Re: {}", "x".repeat(56)).as_str()));
}
