//! The whole bill-payment and sign-up service in every version, as documents for a validator; and that nothing of it is done
//! twice.

use ofx_session::ofx::{Element, Payee, PaymentState, Version};
use ofx_session::testing::{BankModel, Class, Endpoint};

use super::support::{Ask, FROM, Pay, easy, payee, trn};
use super::versions::exchange;

fn bank() -> BankModel {
    let electric = Payee::new("Example Electric", "2 Dam Road", "Newport", "RI", "02840", "401-555-0199");
    easy().everything().user_keys(30).payee("ELECTRIC1", electric).build_model()
}

const TO: &str =
    "<BANKACCTTO><BANKID>999888777</BANKID><ACCTID>1000002</ACCTID><ACCTTYPE>SAVINGS</ACCTTYPE></BANKACCTTO>";
const FLAGS: &str = "<INCIMAGES>N</INCIMAGES><USEHTML>N</USEHTML>";
const MAIL: &str = "<PMTMAILRQ><MAIL><USERID>jane</USERID><DTCREATED>20260105</DTCREATED><FROM>Jane</FROM><TO>Bank</TO>\
    <SUBJECT>Lost</SUBJECT><MSGBODY>Where is it?</MSGBODY><INCIMAGES>N</INCIMAGES><USEHTML>N</USEHTML></MAIL></PMTMAILRQ>";
const ENROLL: &str = "<ENROLLRQ><FIRSTNAME>Jim</FIRSTNAME><MIDDLENAME>Q</MIDDLENAME><LASTNAME>Public</LASTNAME>\
    <ADDR1>1 Main Street</ADDR1><CITY>Newport</CITY><STATE>RI</STATE><POSTALCODE>02840</POSTALCODE><COUNTRY>USA</COUNTRY>\
    <DAYPHONE>401-555-0100</DAYPHONE><EVEPHONE>401-555-0101</EVEPHONE><EMAIL>jq@example.com</EMAIL><USERID>jimmy</USERID>\
    <TAXID>123-45-6789</TAXID><SECURITYNAME>Jones</SECURITYNAME><DATEBIRTH>19800101</DATEBIRTH></ENROLLRQ>";

/// `PMTINFO` with an invoice.
fn info() -> String {
    Pay::new()
        .info()
        .to_markup()
        .replace("<PAYACCT>", "<EXTDPMT><EXTDPMTDSC>two months</EXTDPMTDSC></EXTDPMT><PAYACCT>")
}

/// `SRVRTID` or `RECSRVRTID` and the like of the last answer.
fn id(answer: &super::support::Answer, path: &str) -> String {
    answer.bill(path).unwrap_or_else(|| panic!("no {path}")).to_owned()
}

#[test]
fn the_whole_service_speaks_every_version() {
    for version in Version::ALL {
        let bank = &mut bank();
        let ask = || Ask::new(version);
        let bill = |bank: &mut BankModel, name: &str, text: &str| exchange(bank, name, &ask().bill(text));

        let paid = bill(bank, "sv-pay", &trn("PMTTRNRQ", "pay-1", &format!("<PMTRQ>{}</PMTRQ>", info())));
        let payment = id(&paid, "PMTTRNRS/PMTRS/SRVRTID");
        bill(bank, "sv-pay-2", &trn("PMTTRNRQ", "pay-2", &format!("<PMTRQ>{}</PMTRQ>", Pay::new().info().to_markup())));
        let modify = format!("<PMTMODRQ><SRVRTID>{payment}</SRVRTID>{}</PMTMODRQ>", info());
        bill(bank, "sv-modify", &trn("PMTTRNRQ", "mod-1", &modify));
        let inquiry = format!("<PMTINQRQ><SRVRTID>{payment}</SRVRTID></PMTINQRQ>");
        bill(bank, "sv-inquire", &trn("PMTINQTRNRQ", "inq-1", &inquiry));
        let cancel = format!("<PMTCANCRQ><SRVRTID>{payment}</SRVRTID></PMTCANCRQ>");
        bill(bank, "sv-cancel", &trn("PMTTRNRQ", "canc-1", &cancel));

        let row = "<RECURRINST><NINSTS>9</NINSTS><FREQ>WEEKLY</FREQ></RECURRINST>";
        let amounts = "<INITIALAMT>1.00</INITIALAMT><FINALAMT>2.00</FINALAMT>";
        let add = format!("<RECPMTRQ>{row}{}{amounts}</RECPMTRQ>", Pay::new().info().to_markup());
        let added = bill(bank, "sv-rec", &trn("RECPMTTRNRQ", "rec-1", &add));
        let model = id(&added, "RECPMTTRNRS/RECPMTRS/RECSRVRTID");
        let modify = format!(
            "<RECPMTMODRQ><RECSRVRTID>{model}</RECSRVRTID>{row}{}{amounts}<MODPENDING>Y</MODPENDING></RECPMTMODRQ>",
            Pay { amount: "9.00", ..Pay::new() }.info().to_markup()
        );
        bill(bank, "sv-rec-modify", &trn("RECPMTTRNRQ", "rec-2", &modify));
        bank.pass_days(20);
        let ids: Vec<_> = bank.payments().iter().map(|entry| entry.server_id.clone()).collect();
        assert!(bank.end_payment(ids.last().unwrap(), PaymentState::NoFundsOn));
        let cancel = format!("<RECPMTCANCRQ><RECSRVRTID>{model}</RECSRVRTID><CANPENDING>Y</CANPENDING></RECPMTCANCRQ>");
        bill(bank, "sv-rec-cancel", &trn("RECPMTTRNRQ", "rec-3", &cancel));

        let water = payee("Harbor Water", "Newport");
        let add = format!("<PAYEERQ>{water}{TO}<PAYACCT>88-1</PAYACCT><PAYACCT>88-2</PAYACCT></PAYEERQ>");
        let listed = bill(bank, "sv-payee", &trn("PAYEETRNRQ", "payee-1", &add));
        let list_id = id(&listed, "PAYEETRNRS/PAYEERS/PAYEELSTID");
        let standard = "<PAYEERQ><PAYEEID>ELECTRIC1</PAYEEID><PAYACCT>7</PAYACCT></PAYEERQ>";
        bill(bank, "sv-payee-id", &trn("PAYEETRNRQ", "payee-2", standard));
        let modify = format!("<PAYEEMODRQ><PAYEELSTID>{list_id}</PAYEELSTID>{water}<PAYACCT>9</PAYACCT></PAYEEMODRQ>");
        bill(bank, "sv-payee-modify", &trn("PAYEETRNRQ", "payee-3", &modify));
        assert!(bank.match_payee("jane", &list_id, "ELECTRIC1"));
        let delete = format!("<PAYEEDELRQ><PAYEELSTID>{list_id}</PAYEELSTID></PAYEEDELRQ>");
        bill(bank, "sv-payee-delete", &trn("PAYEETRNRQ", "payee-4", &delete));
        bill(bank, "sv-mail", &trn("PMTMAILTRNRQ", "mail-1", MAIL));

        let data =
            "<CHGUSERINFORQ><FIRSTNAME>Jane</FIRSTNAME><ADDR1>1 Main</ADDR1><CITY>Newport</CITY></CHGUSERINFORQ>";
        exchange(bank, "sv-info", &ask().signup(&trn("CHGUSERINFOTRNRQ", "info-1", data)));
        let add = format!("<ACCTRQ><SVCADD>{TO}</SVCADD><SVC>BPSVC</SVC></ACCTRQ>");
        exchange(bank, "sv-service", &ask().signup(&trn("ACCTTRNRQ", "svc-1", &add)));
        let remove = format!("<ACCTRQ><SVCDEL>{}</SVCDEL><SVC>BPSVC</SVC></ACCTRQ>", TO.replace("ACCTTO", "ACCTFROM"));
        exchange(bank, "sv-service-gone", &ask().signup(&trn("ACCTTRNRQ", "svc-2", &remove)));
        // Some schemas want an account in it.
        let enroll = ENROLL.replace("</ENROLLRQ>", &format!("{FROM}</ENROLLRQ>"));
        exchange(bank, "sv-enroll", &ask().anonymous().signup(&trn("ENROLLTRNRQ", "enr-1", &enroll)));

        for (name, from) in [("token", "<TOKEN>0</TOKEN>"), ("refresh", "<REFRESH>Y</REFRESH>")] {
            let frame =
                |tag: &str, more: &str| format!("<{tag}>{from}<REJECTIFMISSING>N</REJECTIFMISSING>{more}</{tag}>");
            let bills = [("PAYEESYNCRQ", ""), ("PMTSYNCRQ", FROM), ("RECPMTSYNCRQ", FROM), ("PMTMAILSYNCRQ", FLAGS)];
            let bills: String = bills.map(|(tag, more)| frame(tag, more)).concat();
            let signup = ["ACCTSYNCRQ", "CHGUSERINFOSYNCRQ"].map(|tag| frame(tag, "")).concat();
            let all = exchange(bank, &format!("sv-sync-{name}"), &ask().signup(&signup).bill(&bills));
            let told = |set, tag| all.sync(set, tag).told().len();
            assert!(told("BILLPAY", "PMTSYNCRS") > 2 && told("BILLPAY", "PAYEESYNCRS") > 1, "{version}");
            assert!(told("BILLPAY", "PMTMAILSYNCRS") == 2 && told("SIGNUP", "ACCTSYNCRS") > 1, "{version}");
        }
        let both = ask().profile("19900101").accounts("19900101");
        exchange(bank, "sv-profile", &Ask { sets: both.sets.into_iter().rev().collect(), ..ask() });
        let mut pin = ask().new_password("pin-1", "jane", "new horse");
        pin.in_place.push(Element::leaf("GENUSERKEY", "Y"));
        let changed = exchange(bank, "sv-password", &pin);
        assert!(changed.has("SIGNONMSGSRSV1/SONRS/USERKEY") && changed.has("SIGNONMSGSRSV1/PINCHTRNRS/PINCHRS"));
        assert_eq!(bank.violations(), &[][..] as &[String], "{version}");
    }
}

/// Every kind of request that changes something, about what a fresh bank with one payment and one recurring payment has.
fn changes(payment: &str, model: &str, list_id: &str) -> Vec<(bool, String)> {
    let info = Pay::new().info().to_markup();
    let row = "<RECURRINST><NINSTS>9</NINSTS><FREQ>WEEKLY</FREQ></RECURRINST>";
    let bills = [
        ("PMTTRNRQ", format!("<PMTRQ>{info}</PMTRQ>")),
        ("PMTTRNRQ", format!("<PMTMODRQ><SRVRTID>{payment}</SRVRTID>{info}</PMTMODRQ>")),
        ("PMTTRNRQ", format!("<PMTCANCRQ><SRVRTID>{payment}</SRVRTID></PMTCANCRQ>")),
        ("RECPMTTRNRQ", format!("<RECPMTRQ>{row}{info}</RECPMTRQ>")),
        (
            "RECPMTTRNRQ",
            format!("<RECPMTMODRQ><RECSRVRTID>{model}</RECSRVRTID>{row}{info}<MODPENDING>Y</MODPENDING></RECPMTMODRQ>"),
        ),
        (
            "RECPMTTRNRQ",
            format!("<RECPMTCANCRQ><RECSRVRTID>{model}</RECSRVRTID><CANPENDING>Y</CANPENDING></RECPMTCANCRQ>"),
        ),
        ("PAYEETRNRQ", format!("<PAYEERQ>{}</PAYEERQ>", payee("Harbor Water", "Newport"))),
        ("PAYEETRNRQ", format!("<PAYEEMODRQ><PAYEELSTID>{list_id}</PAYEELSTID><PAYACCT>9</PAYACCT></PAYEEMODRQ>")),
        ("PAYEETRNRQ", format!("<PAYEEDELRQ><PAYEELSTID>{list_id}</PAYEELSTID></PAYEEDELRQ>")),
        ("PMTMAILTRNRQ", MAIL.to_owned()),
    ];
    let signup = [
        ("CHGUSERINFOTRNRQ", "<CHGUSERINFORQ><CITY>Newport</CITY></CHGUSERINFORQ>".to_owned()),
        ("ACCTTRNRQ", format!("<ACCTRQ><SVCADD>{TO}</SVCADD><SVC>BPSVC</SVC></ACCTRQ>")),
    ];
    let bills = bills.into_iter().map(|(tag, request)| (true, trn(tag, "twice", &request)));
    bills.chain(signup.into_iter().map(|(tag, request)| (false, trn(tag, "twice", &request)))).collect()
}

#[test]
fn nothing_is_done_twice_and_every_answer_can_be_had_again() {
    let class = |duplicates, file_recovery| Class { duplicates, full_sync: true, file_recovery };
    for class in [class(true, true), class(true, false), class(false, true), class(false, false)] {
        let mut bank = easy().everything().class(class).build_model();
        let paid = Ask::new(Version::V211).pay("pay-1", Pay::new()).send(&mut bank);
        let row = "<RECURRINST><FREQ>MONTHLY</FREQ></RECURRINST>";
        let add = format!("<RECPMTRQ>{row}{}</RECPMTRQ>", Pay::new().info().to_markup());
        let added = Ask::new(Version::V211).bill(&trn("RECPMTTRNRQ", "rec-1", &add)).send(&mut bank);
        let model = id(&added, "RECPMTTRNRS/RECPMTRS/RECSRVRTID");
        let all = changes(paid.payment("SRVRTID").unwrap(), &model, paid.payment("PAYEELSTID").unwrap());
        for (is_bill, transaction) in all {
            let mut bank = bank.clone();
            let old = if class.file_recovery { "0" } else { "NONE" };
            let ask = Ask::new(Version::V211).uids(old, "f-1");
            let ask = if is_bill { ask.bill(&transaction) } else { ask.signup(&transaction) };
            let first = bank.answer(Endpoint::Main, &ask.bytes()).unwrap();
            let done = bank.digest();
            let status = |bytes: &[u8]| {
                let answer = super::support::Answer::read(bytes);
                let set = answer.0.root().children().last().unwrap();
                set.children()[0].find("STATUS/CODE").unwrap().text().unwrap().to_owned()
            };
            assert_eq!(status(&first), "0", "{transaction}");
            let again = bank.answer(Endpoint::Main, &ask.bytes()).unwrap();
            if class.file_recovery {
                assert_eq!(first, again, "the answer that was saved: {transaction}");
                assert_eq!(bank.digest(), done);
            } else if class.duplicates {
                assert_eq!(status(&again), "2019", "{transaction}");
                assert_eq!(bank.digest(), done, "{transaction}");
            }
            let anew = bank.answer(Endpoint::Main, &ask.clone().uids("NONE", "f-2").bytes()).unwrap();
            assert_eq!(status(&anew) == "2019", class.duplicates, "{transaction}");
            assert!(bank.violations().is_empty(), "{:?}", bank.violations());
        }
    }
}
