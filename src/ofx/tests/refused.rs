//! What of bill payment and signup is refused before it is sent.

use rust_decimal::Decimal;

use super::NEWEST;
use super::samples::{bank, cents, day, enrollment, extended, harbor, invoice, mail, payment, presentment};
use crate::ofx::{
    AccountRef, AccountType, Amount, BankAccount, CardAccount, EncodeError, EnrollmentRequest, ExtendedPayment,
    Frequency, InvestmentAccount, Invoice, Mail, ModelCancellation, ModelModification, PasswordChange, Payee,
    PayeeAddition, PayeeDeletion, PayeeModification, PayeeRef, Payment, PaymentCancellation, PaymentInquiry,
    PaymentMail, PaymentModification, PresentmentAccount, PresentmentHolder, PublishedBill, Recurrence,
    RecurringPayment, Service, ServiceChange, ServiceRequest, Stamp, SyncFrom, SyncKind, SyncRequest, UserInfo,
    Version,
};
use crate::secret::Secret;

/// What a value one too long, an empty one, one with a line break and one with an outer blank are refused with.
pub(super) fn refuses_texts(tag: &str, most: usize, refused: impl Fn(&str) -> Result<(), EncodeError>) {
    assert_eq!(refused(&"x".repeat(most)), Ok(()), "{tag}");
    match refused(&"ü".repeat(most + 1)) {
        Err(EncodeError::TooLong { tag: named, length, limit }) => {
            assert_eq!((named, length, limit), (tag, most + 1, most));
        }
        other => panic!("{tag}: {other:?}"),
    }
    assert_eq!(refused(""), Err(EncodeError::Empty(tag.to_owned().leak())));
    assert_eq!(refused("a\rb"), Err(EncodeError::Control(tag.to_owned())));
    assert_eq!(refused("a "), Err(EncodeError::OuterBlank(tag.to_owned())));
}

pub(super) const NEW: Version = Version::V230;

macro_rules! limits {
    ($make:expr; $($tag:literal $most:literal |$value:ident, $text:ident| $set:expr;)*) => {
        $(refuses_texts($tag, $most, |$text| {
            let mut $value = $make;
            $set;
            $value.check(NEW)
        });)*
    };
}

#[test]
fn lengths_of_a_payment() {
    limits! { payment();
        "BANKID" 9 |value, text| value.from.bank_id = text.to_owned();
        "BRANCHID" 22 |value, text| value.from.branch_id = Some(text.to_owned());
        "ACCTID" 22 |value, text| value.from.account_id = text.to_owned();
        "ACCTTYPE" 32 |value, text| value.from.account_type = AccountType::Other(text.to_owned());
        "ACCTKEY" 22 |value, text| value.from.account_key = Some(text.to_owned());
        "PAYEEID" 36 |value, text| value.payee = PayeeRef::Id(text.to_owned());
        "PAYEELSTID" 36 |value, text| value.payee_list_id = Some(text.to_owned());
        "PAYACCT" 32 |value, text| value.pay_account = text.to_owned();
        "MEMO" 255 |value, text| value.memo = Some(text.to_owned());
        "BILLREFINFO" 80 |value, text| value.bill_reference = Some(text.to_owned());
        "BILLPUB" 32 |value, text| value.published_bill = Some(PublishedBill::new(text, "B"));
        "BILLID" 32 |value, text| value.published_bill = Some(PublishedBill::new("P", text));
    }
    limits! { payment().by_transfer_to(bank());
        "BANKID" 9 |value, text| value.to.as_mut().unwrap().bank_id = text.to_owned();
        "ACCTID" 22 |value, text| value.to.as_mut().unwrap().account_id = text.to_owned();
    }
}

#[test]
fn lengths_of_a_payee() {
    let set = |change: &dyn Fn(&mut Payee)| {
        let mut payee = harbor();
        change(&mut payee);
        PayeeAddition::new(payee)
    };
    macro_rules! payee_limits {
        ($($tag:literal $most:literal |$value:ident, $text:ident| $set:expr;)*) => {
            $(refuses_texts($tag, $most, |$text| set(&|$value| $set).check(NEW));)*
        };
    }
    payee_limits! {
        "NAME" 32 |payee, text| payee.name = text.to_owned();
        "ADDR1" 32 |payee, text| payee.address1 = text.to_owned();
        "ADDR2" 32 |payee, text| payee.address2 = Some(text.to_owned());
        "CITY" 32 |payee, text| payee.city = text.to_owned();
        "STATE" 5 |payee, text| payee.state = text.to_owned();
        "POSTALCODE" 11 |payee, text| payee.postal_code = text.to_owned();
        "PHONE" 32 |payee, text| payee.phone = text.to_owned();
    }
    let third = |text: &str| PayeeAddition::new(harbor().address2("2").address3(text)).check(NEW);
    refuses_texts("ADDR3", 32, third);
    let error = PayeeAddition::new(harbor().address3("3")).check(NEW);
    assert_eq!(error, Err(EncodeError::Invalid { tag: "ADDR3", expected: "may only follow ADDR2" }));
    for (country, expected) in [
        ("USA", Ok(())),
        ("USAA", Err(EncodeError::TooLong { tag: "COUNTRY", length: 4, limit: 3 })),
        ("", Err(EncodeError::Empty("COUNTRY"))),
        ("US", Err(EncodeError::Invalid { tag: "COUNTRY", expected: "must have three letters" })),
        ("U1A", Err(EncodeError::Invalid { tag: "COUNTRY", expected: "must have three letters" })),
        ("ÄÖÜ", Err(EncodeError::Invalid { tag: "COUNTRY", expected: "must have three letters" })),
    ] {
        assert_eq!(PayeeAddition::new(harbor().country(country)).check(NEW), expected, "{country}");
        assert_eq!(PayeeModification::new("L", Some(harbor().country(country))).check(NEW), expected, "{country}");
    }
    limits! { PayeeAddition::new(PayeeRef::Id("P".to_owned()));
        "PAYEEID" 36 |value, text| value.payee = PayeeRef::Id(text.to_owned());
        "PAYACCT" 32 |value, text| value.pay_accounts = vec!["1".to_owned(), text.to_owned()];
    }
    limits! { PayeeModification::new("L", None);
        "PAYEELSTID" 36 |value, text| value.list_id = text.to_owned();
        "PAYACCT" 32 |value, text| value.pay_accounts = vec![text.to_owned()];
    }
    limits! { PayeeDeletion::new("L"); "PAYEELSTID" 36 |value, text| value.list_id = text.to_owned(); }
}

#[test]
fn lengths_of_an_invoice() {
    let paying = |change: &dyn Fn(&mut ExtendedPayment)| {
        let mut extended = extended();
        change(&mut extended);
        payment().extended(ExtendedPayment::described("first")).extended(extended)
    };
    macro_rules! invoice_limits {
        ($($tag:literal $most:literal |$value:ident, $text:ident| $set:expr;)*) => {
            $(refuses_texts($tag, $most, |$text| paying(&|$value| $set).check(NEW));)*
        };
    }
    invoice_limits! {
        "EXTDPMTFOR" 32 |value, text| value.purpose = Some(crate::ofx::PaymentPurpose::Other(text.to_owned()));
        "EXTDPMTDSC" 255 |value, text| value.description = Some(text.to_owned());
        "INVNO" 32 |value, text| value.invoices[0].number = text.to_owned();
        "INVDESC" 80 |value, text| value.invoices[0].description = text.to_owned();
        "DSCDESC" 80 |value, text| value.invoices[0].discount.as_mut().unwrap().description = text.to_owned();
        "ADJNO" 32 |value, text| value.invoices[0].adjustment.as_mut().unwrap().number = Some(text.to_owned());
        "ADJDESC" 80 |value, text| value.invoices[0].adjustment.as_mut().unwrap().description = text.to_owned();
        "LITMDESC" 80 |value, text| value.invoices[0].line_items[1].description = text.to_owned();
    }
    let number = |text: &str| paying(&|value| value.check_number = Some(text.to_owned())).check(NEW);
    assert_eq!(number("0123456789"), Ok(()));
    assert_eq!(number("01234567890"), Err(EncodeError::TooLong { tag: "EXTDPMTCHK", length: 11, limit: 10 }));
    assert_eq!(number("12a"), Err(EncodeError::Invalid { tag: "EXTDPMTCHK", expected: "must be digits" }));
    let date = Stamp::new("20270230");
    for (tag, change) in [
        ("INVDATE", (|value, date| value.date = date) as fn(&mut Invoice, Stamp)),
        ("DSCDATE", |value, date| value.discount.as_mut().unwrap().date = Some(date)),
        ("ADJDATE", |value, date| value.adjustment.as_mut().unwrap().date = Some(date)),
    ] {
        let error = paying(&|value| change(&mut value.invoices[0], date.clone())).check(NEW);
        assert_eq!(error, Err(EncodeError::Invalid { tag, expected: "must be a day" }));
    }
    let empty = ExtendedPayment { description: None, invoices: Vec::new(), ..extended() };
    let expected = Err(EncodeError::Invalid { tag: "EXTDPMT", expected: "needs a description or an invoice" });
    assert_eq!(payment().extended(empty).check(NEW), expected);
    assert_eq!(
        payment().extended(ExtendedPayment::invoiced(invoice())).check(NEW),
        Ok(()),
        "negative amounts inside are fine"
    );
}

#[test]
fn amounts_and_numbers_of_models() {
    let ask = |change: &dyn Fn(&mut RecurringPayment)| {
        let mut asked = RecurringPayment::new(Recurrence::times(12, Frequency::Monthly), payment());
        change(&mut asked);
        let modification = ModelModification::new("M", asked.recurrence.clone(), asked.payment.clone(), true);
        let modification = ModelModification {
            initial_amount: asked.initial_amount,
            final_amount: asked.final_amount,
            ..modification
        };
        assert_eq!(asked.check(NEW), modification.check(NEW), "both are checked alike");
        asked.check(NEW)
    };
    for count in [1, 999] {
        assert_eq!(ask(&|asked| asked.recurrence.count = Some(count)), Ok(()));
    }
    for count in [0, 1000] {
        let expected = Err(EncodeError::Invalid { tag: "NINSTS", expected: "must be 1 to 999" });
        assert_eq!(ask(&|asked| asked.recurrence.count = Some(count)), expected);
    }
    let frequency = |text: &str| ask(&|asked| asked.recurrence.frequency = Frequency::Other(text.to_owned()));
    refuses_texts("FREQ", 32, frequency);
    for amount in [0, -1].map(|amount| Amount::new(cents(amount))) {
        let expected = |tag| Err(EncodeError::Invalid { tag, expected: "must be more than zero" });
        assert_eq!(ask(&|asked| asked.initial_amount = Some(amount)), expected("INITIALAMT"));
        assert_eq!(ask(&|asked| asked.final_amount = Some(amount)), expected("FINALAMT"));
        assert_eq!(ask(&|asked| asked.payment.amount = amount), expected("TRNAMT"));
    }
    let first = RecurringPayment::new(Recurrence::endless(Frequency::Weekly), payment()).initial_amount(cents(1));
    assert_eq!(first.final_amount(cents(2)).check(NEW), Ok(()));
}

/// Servers answer it with a page.
#[test]
fn an_empty_token_is_refused() {
    let since = |token: &str| SyncRequest::new(SyncKind::Payees, None, SyncFrom::Token(token.to_owned())).check();
    for token in ["", " "] {
        let error = since(token).unwrap_err();
        assert_eq!(
            (error.tag(), error.to_string().contains("0 asks for everything")),
            (Some("TOKEN"), true),
            "{error}"
        );
    }
    assert_eq!(since("0"), Ok(()));
}

/// `OFX` amounts have at most 32 characters, so that none of ours needs a check.
#[test]
fn every_amount_fits_its_element() {
    for scale in 0..=28 {
        for mut number in [Decimal::MAX, Decimal::MIN, Decimal::NEGATIVE_ONE] {
            number.set_scale(scale).unwrap();
            assert!(Amount::new(number).to_string().len() <= 32, "{number}");
        }
    }
}

#[test]
fn lengths_of_changes_mail_and_passwords() {
    limits! { PaymentModification::new("7", payment()); "SRVRTID" 36 |value, text| value.server_id = text.to_owned(); }
    limits! { PaymentCancellation::new("7"); "SRVRTID" 36 |value, text| value.server_id = text.to_owned(); }
    limits! { PaymentInquiry::new("7"); "SRVRTID" 36 |value, text| value.server_id = text.to_owned(); }
    limits! { ModelCancellation::new("7", true); "RECSRVRTID" 36 |value, text| value.model_id = text.to_owned(); }
    limits! { ModelModification::new("7", Recurrence::endless(Frequency::Weekly), payment(), true);
        "RECSRVRTID" 36 |value, text| value.model_id = text.to_owned();
        "PAYACCT" 32 |value, text| value.payment.pay_account = text.to_owned();
    }
    limits! { PaymentMail::new(mail()).about("7", payment());
        "USERID" 32 |value, text| value.mail.user_id = text.to_owned();
        "FROM" 32 |value, text| value.mail.from = text.to_owned();
        "TO" 32 |value, text| value.mail.to = text.to_owned();
        "SUBJECT" 60 |value, text| value.mail.subject = text.to_owned();
        "MSGBODY" 2000 |value, text| value.mail.body = text.to_owned();
        "SRVRTID" 36 |value, text| value.about.as_mut().unwrap().server_id = text.to_owned();
        "MEMO" 255 |value, text| value.about.as_mut().unwrap().payment.memo = Some(text.to_owned());
    }
    limits! { PaymentMail::new(mail().use_html(true)); "MSGBODY" 10000 |value, text| value.mail.body = text.to_owned(); }
    let at = |created: &str| PaymentMail::new(Mail { created: Stamp::new(created), ..mail() }).check(NEW);
    assert_eq!(at("today"), Err(EncodeError::Invalid { tag: "DTCREATED", expected: "must be a day" }));
    let subject = PaymentMail::new(Mail { subject: "a\nb".to_owned(), ..mail() }).check(NEW);
    assert_eq!(subject, Err(EncodeError::Control("SUBJECT".to_owned())), "the body alone has lines");
    limits! { PasswordChange::new("dora", "secret");
        "USERID" 32 |value, text| value.user_id = text.to_owned();
        "NEWUSERPASS" 171 |value, text| value.new_password = Secret::from(text);
    }
}

#[test]
fn lengths_of_enrollment() {
    limits! { enrollment();
        "FIRSTNAME" 32 |value, text| value.first_name = text.to_owned();
        "MIDDLENAME" 32 |value, text| value.middle_name = Some(text.to_owned());
        "LASTNAME" 32 |value, text| value.last_name = text.to_owned();
        "ADDR1" 32 |value, text| value.address1 = text.to_owned();
        "ADDR2" 32 |value, text| value.address2 = Some(text.to_owned());
        "CITY" 32 |value, text| value.city = text.to_owned();
        "STATE" 5 |value, text| value.state = text.to_owned();
        "POSTALCODE" 11 |value, text| value.postal_code = text.to_owned();
        "DAYPHONE" 32 |value, text| value.day_phone = Some(text.to_owned());
        "EVEPHONE" 32 |value, text| value.evening_phone = Some(text.to_owned());
        "EMAIL" 80 |value, text| value.email = text.to_owned();
        "USERID" 32 |value, text| value.user_id = Some(text.to_owned());
        "TAXID" 32 |value, text| value.tax_id = Some(Secret::from(text));
        "SECURITYNAME" 32 |value, text| value.security_name = Some(Secret::from(text));
        "ACCTID" 22 |value, text| value.account = Some(CardAccount::new(text).into());
        "BROKERID" 22 |value, text| value.account = Some(InvestmentAccount::new(text, "1").into());
    }
    let born = EnrollmentRequest { birth: Some(Stamp::new("20271301")), ..enrollment() }.check(NEW);
    assert_eq!(born, Err(EncodeError::Invalid { tag: "DATEBIRTH", expected: "must be a day" }));
    limits! { UserInfo::new().address1("1").address2("2");
        "FIRSTNAME" 32 |value, text| value.first_name = Some(text.to_owned());
        "MIDDLENAME" 32 |value, text| value.middle_name = Some(text.to_owned());
        "LASTNAME" 32 |value, text| value.last_name = Some(text.to_owned());
        "ADDR1" 32 |value, text| value.address1 = Some(text.to_owned());
        "ADDR2" 32 |value, text| value.address2 = Some(text.to_owned());
        "ADDR3" 32 |value, text| value.address3 = Some(text.to_owned());
        "CITY" 32 |value, text| value.city = Some(text.to_owned());
        "STATE" 5 |value, text| value.state = Some(text.to_owned());
        "POSTALCODE" 11 |value, text| value.postal_code = Some(text.to_owned());
        "DAYPHONE" 32 |value, text| value.day_phone = Some(text.to_owned());
        "EVEPHONE" 32 |value, text| value.evening_phone = Some(text.to_owned());
        "EMAIL" 80 |value, text| value.email = Some(text.to_owned());
    }
    let expected = |tag, expected| Err(EncodeError::Invalid { tag, expected });
    let country = UserInfo::new().country("US").check(NEW);
    assert_eq!(country, expected("COUNTRY", "must have three letters"));
    assert_eq!(UserInfo::new().address2("2").check(NEW), expected("ADDR2", "may only follow ADDR1"));
    assert_eq!(UserInfo::new().address1("1").address3("3").check(NEW), expected("ADDR3", "may only follow ADDR2"));
    assert_eq!(UserInfo::new().check(NEW), Err(EncodeError::Empty("CHGUSERINFORQ")));
}

#[test]
fn versions_before_2_1_want_more_of_who_enrolls() {
    type Removal = fn(&mut EnrollmentRequest);
    let required: [(&str, Removal); 7] = [
        ("MIDDLENAME", |request| request.middle_name = None),
        ("COUNTRY", |request| request.country = None),
        ("DAYPHONE", |request| request.day_phone = None),
        ("EVEPHONE", |request| request.evening_phone = None),
        ("TAXID", |request| request.tax_id = None),
        ("SECURITYNAME", |request| request.security_name = None),
        ("DATEBIRTH", |request| request.birth = None),
    ];
    for version in Version::ALL {
        let without_account = enrollment().check(version).is_ok();
        assert_eq!(without_account, !(200..210).contains(&version.number()), "{version}");
        let account = CardAccount::new("4111");
        assert_eq!(enrollment().account(account).check(version), Ok(()), "{version}");
        for (tag, remove) in &required {
            let mut request = enrollment();
            remove(&mut request);
            let refused =
                matches!(request.check(version), Err(EncodeError::Invalid { tag: named, .. }) if named == *tag);
            assert_eq!(refused, version.number() < 210, "{version} {tag}");
        }
    }
}

#[test]
fn lengths_of_services_and_billers() {
    limits! { ServiceRequest::new(ServiceChange::Add(bank().into()), Service::BillPay);
        "SVC" 32 |value, text| value.service = Service::Other(text.to_owned());
        "BANKID" 9 |value, text| value.change = ServiceChange::Remove(BankAccount::new(text, "1", AccountType::Savings).into());
        "ACCTKEY" 22 |value, text| value.change = {
            let mut card = CardAccount::new("1");
            card.account_key = Some(text.to_owned());
            ServiceChange::Add(AccountRef::Card(card))
        };
        "ACCTID" 22 |value, text| value.change = ServiceChange::Change { from: bank().into(), to: CardAccount::new(text).into() };
        "BROKERID" 22 |value, text| value.change = ServiceChange::Change {
            from: InvestmentAccount::new(text, "1").into(), to: bank().into()
        };
    }
    macro_rules! biller_limits {
        ($($tag:literal $most:literal |$text:ident| $account:expr;)*) => {
            $(refuses_texts($tag, $most, |$text| {
                ServiceRequest::new(ServiceChange::Add($account.into()), Service::Presentment).check(NEW)
            });)*
        };
    }
    let holder = |change: &dyn Fn(&mut PresentmentHolder)| {
        let mut holder = PresentmentHolder::default();
        change(&mut holder);
        presentment().holder(holder)
    };
    biller_limits! {
        "BILLPUB" 32 |text| PresentmentAccount::new(text, "B", "1");
        "BILLERID" 32 |text| PresentmentAccount::new("P", text, "1");
        "ACCTID" 22 |text| PresentmentAccount::new("P", "B", text);
        "BILLERNAME" 32 |text| presentment().biller_name(text);
        "USERID" 32 |text| presentment().user_id(text);
        "SPNAME" 32 |text| presentment().payee_list_id("L").provider(text);
        "PAYEEID" 36 |text| presentment().payee_id(text);
        "PAYEELSTID" 36 |text| presentment().payee_list_id(text);
        "NAMEACCTHELD" 96 |text| holder(&|holder| holder.name = Some(text.to_owned()));
        "BUSNAMEACCTHELD" 96 |text| holder(&|holder| holder.business_name = Some(text.to_owned()));
        "ADDR1" 32 |text| holder(&|holder| holder.address1 = Some(text.to_owned()));
        "ADDR2" 32 |text| holder(&|holder| holder.address2 = Some(text.to_owned()));
        "ADDR3" 32 |text| holder(&|holder| holder.address3 = Some(text.to_owned()));
        "CITY" 32 |text| holder(&|holder| holder.city = Some(text.to_owned()));
        "STATE" 5 |text| holder(&|holder| holder.state = Some(text.to_owned()));
        "POSTALCODE" 11 |text| holder(&|holder| holder.postal_code = Some(text.to_owned()));
        "DAYPHONE" 32 |text| holder(&|holder| holder.day_phone = Some(text.to_owned()));
        "EVEPHONE" 32 |text| holder(&|holder| holder.evening_phone = Some(text.to_owned()));
    }
    let add = |account: PresentmentAccount| ServiceRequest::new(ServiceChange::Add(account.into()), Service::BillPay);
    let expected = Err(EncodeError::Invalid { tag: "SPNAME", expected: "needs PAYEEID or PAYEELSTID" });
    assert_eq!(add(presentment().provider("S")).check(NEW), expected);
    let empty = add(presentment().holder(PresentmentHolder::default())).check(NEW);
    assert_eq!(empty, Err(EncodeError::Empty("PRESNAMEADDRESS")));
}

#[test]
fn a_transfer_needs_the_payee_by_name_and_address() {
    let expected = Err(EncodeError::Invalid { tag: "BANKACCTTO", expected: "needs the payee by name and address" });
    let standard = || PayeeRef::Id("P".to_owned());
    assert_eq!(PayeeAddition::new(standard()).by_transfer_to(bank()).check(NEW), expected);
    assert_eq!(PayeeModification::new("L", None).by_transfer_to(bank()).check(NEW), expected);
    let paid = Payment::new(bank(), cents(1), standard(), "1", day()).by_transfer_to(bank());
    assert_eq!(paid.check(NEW), expected);
    assert_eq!(PayeeAddition::new(harbor()).by_transfer_to(bank()).check(NEW), Ok(()));
    assert_eq!(PayeeModification::new("L", Some(harbor())).by_transfer_to(bank()).check(NEW), Ok(()));
}

#[test]
fn what_a_version_cannot_say_is_refused_and_not_left_out() {
    let bill = || payment().published_bill(PublishedBill::new("P", "B"));
    let add = |account: PresentmentAccount| {
        ServiceRequest::new(ServiceChange::Add(account.into()), Service::Other("X".to_owned()))
    };
    for version in Version::ALL {
        let refused = |result: Result<(), EncodeError>| match result {
            Err(EncodeError::Version { version: named, .. }) => named == version,
            other => {
                assert_eq!(other, Ok(()), "{version}");
                false
            }
        };
        let old = version.is_sgml();
        let oldest = matches!(version.number(), 102 | 103);
        assert_eq!(refused(bill().check(version)), old, "{version}");
        assert_eq!(refused(PaymentModification::new("7", bill()).check(version)), old, "{version}");
        let recurring = RecurringPayment::new(Recurrence::endless(Frequency::Weekly), bill());
        assert_eq!(refused(recurring.check(version)), old, "{version}");
        assert_eq!(refused(PaymentMail::new(mail()).about("7", bill()).check(version)), old, "{version}");
        assert_eq!(refused(add(presentment()).check(version)), oldest, "{version}");
        assert_eq!(refused(add(presentment().payee_id("P")).check(version)), old, "{version}");
        assert_eq!(refused(enrollment().account(presentment()).check(version)), oldest, "{version}");
        let service = ServiceRequest::new(ServiceChange::Remove(bank().into()), Service::Presentment);
        assert_eq!(refused(service.check(version)), old, "{version}");
        assert_eq!(payment().extended(extended()).check(version), Ok(()), "{version}");
    }
    assert_eq!(NEWEST, [NEW], "the newest has everything");
}
