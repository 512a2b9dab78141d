//! The records of bill payment and signup: through a document and back, and in what order they are written.

use proptest::prelude::*;

use super::make::{self, records};
use super::samples::{bank, extended, harbor, invoice, mail, payment};
use super::{check, read, tags, through};
use crate::ofx::{
    AccountInfo, AccountInfoResponse, ChangedUserInfo, Content, Document, Element, ExtendedPayment, Frequency, Header,
    InvestmentAccount, Limits, ListedPayee, Mail, Payee, PayeeDeletion, PaymentCancellation, PaymentInquiry,
    PaymentMail, PresentmentAccount, Problem, PublishedBill, Recurrence, RecurringModel, Service, ServiceChange,
    ServiceRequest, ServiceResponse, ServiceStatus, Style, UserInfo, Version,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn presented_bills(payment in make::payment(), bill in records::published_bill()) {
        let since_200: Vec<_> = Version::ALL.into_iter().filter(|version| version.number() >= 200).collect();
        check(&payment.published_bill(bill), &since_200)?;
    }

    #[test]
    fn changes_of_payments(asked in records::modification(), done in records::modified(), state in records::payment_status()) {
        check(&asked, &Version::ALL)?;
        check(&done, &Version::ALL)?;
        check(&state, &Version::ALL)?;
    }

    #[test]
    fn ids_of_payments(id in make::text()) {
        check(&PaymentCancellation::new(id.as_str()), &Version::ALL)?;
        check(&PaymentInquiry::new(id.as_str()), &Version::ALL)?;
        check(&crate::ofx::CanceledPayment::new(id.as_str()), &Version::ALL)?;
        check(&PayeeDeletion::new(id.as_str()), &Version::ALL)?;
        check(&crate::ofx::DeletedPayee::new(id), &Version::ALL)?;
    }

    #[test]
    fn models(asked in records::recurring_payment(), made in records::model(), change in records::model_modification(),
        changed in records::modified_model(), (cancel, canceled) in records::model_cancellation()) {
        check(&asked, &Version::ALL)?;
        check(&made, &Version::ALL)?;
        check(&change, &Version::ALL)?;
        check(&changed, &Version::ALL)?;
        check(&cancel, &Version::ALL)?;
        check(&canceled, &Version::ALL)?;
    }

    #[test]
    fn payees(add in records::payee_addition(), change in records::payee_modification(),
        (listed, modified) in records::listed_payee()) {
        check(&add, &Version::ALL)?;
        check(&change, &Version::ALL)?;
        check(&listed, &Version::ALL)?;
        check(&modified, &Version::ALL)?;
        if let Some(payee) = &listed.payee {
            prop_assert_eq!(Payee::from_aggregate(&payee.to_aggregate()), Ok(payee.clone()));
        }
    }

    #[test]
    fn mails(mail in records::mail()) {
        check(&mail, &Version::ALL)?;
    }

    #[test]
    fn signup(asked in records::enrollment(), answered in records::enrolled(), info in records::user_info(),
        changed in records::changed_user_info()) {
        check(&asked, &Version::ALL)?;
        check(&answered, &Version::ALL)?;
        check(&info, &Version::ALL)?;
        check(&changed, &Version::ALL)?;
    }

    #[test]
    fn services_and_passwords((asked, answered) in records::service_change(), (change, changed) in records::password_change()) {
        check(&asked, &Version::ALL)?;
        check(&answered, &Version::ALL)?;
        check(&change, &Version::ALL)?;
        check(&changed, &Version::ALL)?;
    }
}

// What is written, member by member.

#[test]
fn an_extended_payment_stands_between_transfer_and_account_number_and_a_presented_bill_is_last() {
    let full = payment().by_transfer_to(bank()).extended(extended()).extended(ExtendedPayment::described("More"));
    let full = full.memo("m").bill_reference("r").published_bill(PublishedBill::new("PUB", "B-1"));
    let mut expected = vec![
        "BANKACCTFROM",
        "TRNAMT",
        "PAYEE",
        "BANKACCTTO",
        "EXTDPMT",
        "EXTDPMT",
        "PAYACCT",
        "DTDUE",
        "MEMO",
        "BILLREFINFO",
    ];
    assert_eq!(tags(&full.write("PMTINFO", Version::V160)), expected);
    expected.push("BILLPUBINFO");
    assert_eq!(tags(&full.write("PMTINFO", Version::V200)), expected);
    let written = extended().write("EXTDPMT", Version::V103);
    assert_eq!(tags(&written), ["EXTDPMTFOR", "EXTDPMTCHK", "EXTDPMTDSC", "EXTDPMTINV"]);
    assert_eq!(
        tags(written.find("EXTDPMTINV/INVOICE").unwrap()),
        ["INVNO", "INVTOTALAMT", "INVPAIDAMT", "INVDATE", "INVDESC", "DISCOUNT", "ADJUSTMENT", "LINEITEM", "LINEITEM"]
    );
    assert_eq!(tags(&ExtendedPayment::described("d").write("EXTDPMT", Version::V103)), ["EXTDPMTDSC"]);
    assert_eq!(tags(&ExtendedPayment::invoiced(invoice()).write("EXTDPMT", Version::V103)), ["EXTDPMTINV"]);
}

#[test]
fn a_payee_answers_with_account_numbers_behind_and_after_a_change_in_front_of_what_the_institution_adds() {
    let body =
        "<PAYEELSTID>L1<EXTDPAYEE><PAYEEID>P1<IDSCOPE>USER<NAME>Harbor<DAYSTOPAY>3</EXTDPAYEE><PAYACCT>1<PAYACCT>2";
    let listed: ListedPayee = read(body).unwrap();
    assert_eq!(
        (listed.payee.as_ref(), listed.pay_accounts.as_slice()),
        (None, ["1".to_owned(), "2".to_owned()].as_slice())
    );
    assert_eq!(listed.extended.as_ref().and_then(|extended| extended.id.as_deref()), Some("P1"));
    let written = listed.write("PAYEERS", Version::V103);
    assert_eq!(tags(&written), ["PAYEELSTID", "EXTDPAYEE", "PAYACCT", "PAYACCT"]);
    let modified = crate::ofx::ModifiedPayee::read(&written).unwrap();
    assert_eq!(tags(&modified.write("PAYEEMODRS", Version::V103)), ["PAYEELSTID", "PAYACCT", "PAYACCT", "EXTDPAYEE"]);
}

#[test]
fn what_is_required_in_an_answer_and_missing_at_some_spoils_nothing() {
    let model: RecurringModel = read(&format!(
        "<RECSRVRTID>M1<RECURRINST><FREQ>MONTHLY</RECURRINST>{}",
        payment().write("PMTINFO", Version::V230).to_markup()
    ))
    .unwrap();
    assert_eq!((model.recurrence, model.payee_list_id.as_deref()), (Recurrence::endless(Frequency::Monthly), None));
    assert_eq!(read::<crate::ofx::CanceledModel>("<RECSRVRTID>M1").unwrap().pending, None);
    assert_eq!(read::<crate::ofx::PasswordChanged>("<DTCHANGED>20270314").unwrap().user_id, None);
    let changed: ChangedUserInfo = read("<LASTNAME>Lind").unwrap();
    assert_eq!((changed.info, changed.changed), (UserInfo::new().last_name("Lind"), None));
    let about = |rest: &str| {
        let mail = mail().write("MAIL", Version::V230).to_markup();
        read::<PaymentMail>(&format!("{mail}{rest}")).unwrap().about
    };
    assert_eq!(about("<SRVRTID>77"), None);
    let info = payment().write("PMTINFO", Version::V230).to_markup();
    assert_eq!(about(&format!("<SRVRTID>77{info}")).map(|about| about.payment), Some(payment()));
}

#[test]
fn services_are_read_under_their_names_of_1_6_too() {
    let body = "<SVCADD><PRESACCTTO><BILLPUB>P<BILLERID>B<ACCTID>1<PAYEELSTID2>L</PRESACCTTO></SVCADD><SVC2>PRESSVC<SVCSTATUS2>REJECTED";
    let response: ServiceResponse = read(body).unwrap();
    let account = PresentmentAccount::new("P", "B", "1").payee_list_id("L");
    assert_eq!(response.change, ServiceChange::Add(account.into()));
    assert_eq!((response.service, response.status), (Service::Presentment, ServiceStatus::Rejected));
    let error = read::<ServiceRequest>("<SVCCHG><CCACCTFROM><ACCTID>1</CCACCTFROM></SVCCHG><SVC>BPSVC").unwrap_err();
    assert_eq!((error.problem(), error.path().as_str()), (&Problem::Missing("BANKACCTTO"), "/SVCCHG"));
}

#[test]
fn an_account_list_has_all_kinds_of_accounts() {
    let list: AccountInfoResponse = read(
        "<ACCTINFO><NAME>Brokerage<INVACCTINFO><INVACCTFROM><BROKERID>b.example<ACCTID>1</INVACCTFROM><USPRODUCTTYPE>401K\
         <CHECKING>N<SVCSTATUS>ACTIVE</INVACCTINFO></ACCTINFO>\
         <ACCTINFO><LOANACCTINFO><LOANACCTFROM><LOANACCTID>2<LOANACCTTYPE>MORTGAGE</LOANACCTFROM><LOANINITBAL>many\
         <SVCSTATUS>PEND</LOANACCTINFO></ACCTINFO>\
         <ACCTINFO><PRESACCTINFO><PRESACCTFROM><BILLPUB>P<BILLERID>B<ACCTID>3</PRESACCTFROM><SVCSTATUS2>REJECTED\
         <REASON>unknown</PRESACCTINFO></ACCTINFO>",
    )
    .unwrap();
    let investment = list.accounts[0].investment.as_ref().unwrap();
    assert_eq!(investment.account, InvestmentAccount::new("b.example", "1"));
    assert_eq!((investment.checking, list.accounts[0].name.as_deref()), (Some(false), Some("Brokerage")));
    assert_eq!(list.accounts[1].loan.as_ref().unwrap().account.account_id, "2");
    let presentment = list.accounts[2].presentment.as_ref().unwrap();
    assert_eq!(
        (presentment.status.as_ref(), presentment.reason.as_deref()),
        (Some(&ServiceStatus::Rejected), Some("unknown"))
    );
}

/// As one careless entry of a profile hides no other.
#[test]
fn a_careless_account_hides_neither_the_others_nor_its_other_services() {
    let account = "<BANKACCTFROM><BANKID>1<ACCTID>2<ACCTTYPE>CHECKING</BANKACCTFROM>";
    let list: AccountInfoResponse = read(&format!(
        "<ACCTINFO><DESC>No number<BANKACCTINFO><BANKACCTFROM><BANKID>1<ACCTTYPE>CD</BANKACCTFROM><SVCSTATUS>ACTIVE</BANKACCTINFO>\
         <BPACCTINFO>{account}<SVCSTATUS>ACTIVE</BPACCTINFO></ACCTINFO>\
         <ACCTINFO><DESC>No status<CCACCTINFO><CCACCTFROM><ACCTID>3</CCACCTFROM></CCACCTINFO></ACCTINFO>\
         <ACCTINFO><DESC>No limit<BANKACCTINFO>{account}<OTHERACCTINFO><BANKID>7</OTHERACCTINFO><SUPTXDL>Y<MATURITYAMT>None\
         <OVERDRAFTLIMIT>none<SVCSTATUS>ACTIVE</BANKACCTINFO></ACCTINFO>\
         <ACCTINFO><DESC>Good<BPACCTINFO>{account}<SVCSTATUS>ACTIVE</BPACCTINFO></ACCTINFO>"
    ))
    .unwrap();
    let [no_number, no_status, no_limit, good] = &list.accounts[..] else { panic!("{:?}", list.accounts) };
    assert!(no_number.bank.is_none() && no_number.pays_bills().is_some());
    assert!(no_status.card.is_none() && no_status.description.as_deref() == Some("No status"));
    let bank = no_limit.bank.as_ref().unwrap();
    assert_eq!((bank.downloads, bank.overdraft_limit, bank.maturity_amount), (Some(true), None, None));
    assert!(good.pays_bills().is_some());
    let errors = |info: &AccountInfo| {
        info.unreadable.iter().map(|error| (error.problem().clone(), error.path())).collect::<Vec<_>>()
    };
    let missing = |tag, path: &str| (Problem::Missing(tag), path.to_owned());
    let amount = |path: &str| (Problem::Value("amount"), path.to_owned());
    assert_eq!(errors(no_number), [missing("ACCTID", "/ACCTINFO/BANKACCTINFO/BANKACCTFROM")]);
    assert_eq!(errors(no_status), [missing("SVCSTATUS", "/ACCTINFO/CCACCTINFO")]);
    let expected = [
        missing("ACCTID", "/ACCTINFO/BANKACCTINFO/OTHERACCTINFO"),
        amount("/ACCTINFO/BANKACCTINFO/MATURITYAMT"),
        amount("/ACCTINFO/BANKACCTINFO/OVERDRAFTLIMIT"),
    ];
    assert_eq!(errors(no_limit), expected);
    assert_eq!(errors(good), []);
    let twice = format!("<DESC>one<DESC>two<BPACCTINFO>{account}<SVCSTATUS>ACTIVE<SVCSTATUS>PEND</BPACCTINFO>");
    let twice: AccountInfo = read(&twice).unwrap();
    assert!(twice.description.is_none() && twice.pays_bills().is_none(), "neither is known");
    let repeated = |tag, path: &str| (Problem::Repeated(tag), path.to_owned());
    assert_eq!(errors(&twice), [repeated("DESC", "/ACCTINFO"), repeated("SVCSTATUS", "/ACCTINFO/BPACCTINFO")]);
    let optional = format!("<BANKACCTINFO>{account}<XFERSRC>Y<XFERSRC>N<SVCSTATUS>ACTIVE</BANKACCTINFO>");
    let optional: AccountInfo = read(&optional).unwrap();
    assert_eq!(optional.bank.as_ref().map(|bank| bank.transfer_source), Some(None), "the rest of it is known");
    assert_eq!(errors(&optional), [repeated("XFERSRC", "/ACCTINFO/BANKACCTINFO")]);
}

#[test]
fn html_stands_in_a_marked_section() {
    let html = "<html><body>Rose &amp; Sons</body></html>";
    let mail = |body: &str, html| PaymentMail::new(Mail { body: body.to_owned(), ..mail() }.use_html(html));
    let bytes = |mail: &PaymentMail, version| {
        let root = Element::aggregate("OFX", vec![mail.write("PMTMAILRQ", version)]);
        let bytes = Document::new(Header::new(version), root).encode(&Style::new()).unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    for version in Version::ALL {
        let written = bytes(&mail(html, true), version);
        assert!(written.contains(&format!("<MSGBODY><![CDATA[{html}]]></MSGBODY>")), "{version}: {written}");
        let written = bytes(&mail(html, false), version);
        assert!(written.contains("<MSGBODY>&lt;html&gt;"), "{version}: {written}");
        for body in [html, "a ]]> b", "a ]", "]]>]]>", "a <![ CDATA [ b", "<![CDATA[ a", "<![CDATA [ a"] {
            let mail = mail(body, true);
            assert_eq!(through(&mail, version, &Style::new()).unwrap(), mail, "{version}");
        }
    }
}

// What is there more than once.

/// Taken for the first of them, a refusal would be a success, and an amount another.
#[test]
fn two_values_of_what_there_is_one_of_are_none() {
    let problem = |error: crate::ofx::DecodeError| (error.problem().clone(), error.path());
    let refused = |tag, path: &str| (Problem::Repeated(tag), path.to_owned());
    let status = |body: &str| read::<crate::ofx::Status>(body).map(|status| status.code.value()).map_err(problem);
    assert_eq!(status("<CODE>0<CODE>2000<SEVERITY>ERROR"), Err(refused("CODE", "")));
    assert_eq!(status("<CODE>0<SEVERITY>INFO<SEVERITY>ERROR"), Err(refused("SEVERITY", "")));
    assert_eq!(status("<CODE></CODE><CODE>2000<CODE>2000<SEVERITY>ERROR"), Ok(2000), "twice the same");
    assert_eq!(status("<CODE>0<SEVERITY>INFO<MESSAGE>Welcome<MESSAGE>Call us"), Ok(0), "words for people");

    let info = payment().memo("one").write("PMTINFO", Version::V230).to_markup();
    let twice = |old: &str, new: &str| info.replace(old, &format!("{old}{new}"));
    let paid = |info: &str| {
        let body = format!("<SRVRTID>4711<CURDEF>USD{info}");
        read::<crate::ofx::PaymentResponse>(&body).map_err(problem)
    };
    assert!(paid(&info).is_ok());
    for (info, tag, path) in [
        (twice("<TRNAMT>84.20</TRNAMT>", "<TRNAMT>8420.00</TRNAMT>"), "TRNAMT", "/PMTINFO"),
        (twice("<DTDUE>20270314</DTDUE>", "<DTDUE>20270315</DTDUE>"), "DTDUE", "/PMTINFO"),
        (format!("{info}{}", info.replace("84.20", "1.11")), "PMTINFO", ""),
        (format!("{info}<SRVRTID>4712"), "SRVRTID", ""),
    ] {
        assert_eq!(paid(&info), Err(refused(tag, path)));
    }
    let memos = paid(&twice("<MEMO>one</MEMO>", "<MEMO>two</MEMO>")).unwrap();
    assert_eq!(memos.payment.memo.as_deref(), Some("one"), "words for people");
    let list = "<SIGNONINFOLIST><SIGNONINFO><SIGNONREALM>A</SIGNONINFO></SIGNONINFOLIST>";
    let lists =
        read::<crate::ofx::Profile>(&format!("<MSGSETLIST></MSGSETLIST>{list}{}", list.replace("LM>A", "LM>B")));
    assert_eq!(problem(lists.unwrap_err()), refused("SIGNONINFOLIST", ""));

    let answer = |body: &str| {
        let wrapper = format!("<PMTTRNRS><TRNUID>7<STATUS><CODE>0<SEVERITY>INFO</STATUS>{body}</PMTTRNRS>");
        crate::ofx::Answer::read(&Element::from_markup(&wrapper).unwrap()).map_err(problem)
    };
    assert!(answer("<PMTCANCRS><SRVRTID>1</PMTCANCRS><PMTCANCRS><SRVRTID>1</PMTCANCRS><TRNUID>7").is_ok());
    for (body, tag) in [
        ("<STATUS><CODE>2000<SEVERITY>ERROR</STATUS>", "STATUS"),
        ("<TRNUID>8", "TRNUID"),
        ("<PMTCANCRS><SRVRTID>1</PMTCANCRS><PMTCANCRS><SRVRTID>2</PMTCANCRS>", "PMTCANCRS"),
    ] {
        assert_eq!(answer(body), Err(refused(tag, "")), "{body}");
    }
}

// A payee's text, to be used again.

#[test]
fn the_text_of_a_payee_brings_it_back() {
    let payee = Payee::new("Müller <&> 株式会社", "Straße \"1\" '2'", "Đà Nẵng", "&amp;", "]]>", "ακ")
        .address2("<ADDR3>")
        .country("VNM");
    let text = payee.to_aggregate();
    assert!(text.starts_with("<PAYEE><NAME>Müller &lt;&amp;&gt; 株式会社</NAME><ADDR1>"), "{text}");
    assert_eq!(Payee::from_aggregate(&text).unwrap(), payee);
    assert_eq!(Payee::from_aggregate(&format!("\r\n {text}\n")).unwrap(), payee);
    let sgml = "<PAYEE>\n<NAME>Harbor Water\n<ADDR1>14 Quay Street<CITY>Newport<STATE>RI<POSTALCODE>02840<PHONE>401-555-0142</PAYEE>";
    assert_eq!(Payee::from_aggregate(sgml).unwrap(), harbor());
}

#[test]
fn what_is_no_payee_is_refused_with_its_place() {
    let error = Payee::from_aggregate("<PAYEE><NAME>N</NAME></PAYEE>").unwrap_err();
    assert_eq!((error.problem(), error.path().as_str()), (&Problem::Missing("ADDR1"), "/PAYEE"));
    let error = Payee::from_aggregate(&harbor().to_aggregate().replace("PHONE", "FAX")).unwrap_err();
    assert_eq!(error.problem(), &Problem::Missing("PHONE"));
    assert_eq!(Payee::from_aggregate("<PAYEERS></PAYEERS>").unwrap_err().problem(), &Problem::Missing("PAYEE"));
    for text in
        ["", " ", "Harbor", "<PAYEE>", "</PAYEE>", "<PAYEE></PAYEE><PAYEE></PAYEE>", "<PAYEE></PAYEE>x", "<!DOCTYPE x>"]
    {
        assert!(Element::from_markup(text).is_err(), "{text}");
    }
    let text = harbor().to_aggregate();
    for end in 0..text.len() {
        assert!(Payee::from_aggregate(text.get(..end).unwrap()).is_err(), "{end}");
    }
    let most = Limits::new().bytes;
    let error = Element::from_markup(&" ".repeat(most + 1)).unwrap_err();
    assert_eq!(error.problem(), &Problem::Limit { what: "bytes", limit: most });
}

#[test]
fn elements_are_written_and_read_without_a_document() {
    let leaf = Element::leaf("MEMO", "a\r\nb\tc &lt; d");
    assert_eq!(leaf.to_markup(), "<MEMO>a&#13;\nb\tc &amp;lt; d</MEMO>");
    assert_eq!(Element::from_markup(&leaf.to_markup()).unwrap(), leaf);
    let nested = Element::aggregate("A", vec![Element::leaf("A", "x"), Element::aggregate("B", Vec::new())]);
    assert_eq!(Element::from_markup(&nested.to_markup()).unwrap(), nested);
    let error = Element::from_markup("<A><B>x</C></A>").unwrap_err();
    assert_eq!((error.problem(), error.offset()), (&Problem::UnexpectedEnd("C".to_owned()), 7));
}
