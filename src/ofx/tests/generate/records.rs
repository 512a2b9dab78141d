//! Records of bill payment and signup with values that nobody chose by hand.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::{
    amount, bank_account, card_account, extended_payee, payee, payment, processing, secret, stamp, text, word,
};
use crate::ofx::{
    AccountInfo, AccountRef, Adjustment, BankAccountInfo, BillPayAccountInfo, CanceledModel, CardAccountInfo,
    ChangedUserInfo, Classification, Discount, EnrollmentRequest, EnrollmentResponse, ExtendedPayment, Frequency,
    InvestmentAccount, InvestmentAccountInfo, InvestmentProduct, Invoice, LineItem, ListedPayee, LoanAccount,
    LoanAccountInfo, LoanType, Mail, MailedPayment, ModelCancellation, ModelModification, ModifiedModel, ModifiedPayee,
    ModifiedPayment, OtherAccount, PasswordChange, PasswordChanged, PayeeAddition, PayeeModification, PayeeRef,
    PaymentMail, PaymentModification, PaymentPurpose, PaymentStatus, PresentmentAccount, PresentmentAccountInfo,
    PresentmentHolder, PublishedBill, Recurrence, RecurringModel, RecurringPayment, Service, ServiceChange,
    ServiceRequest, ServiceResponse, ServiceStatus, UserInfo,
};

pub(crate) fn extended() -> impl Strategy<Value = ExtendedPayment> {
    let purpose = of(word(PaymentPurpose::from_word, &["INDIVIDUAL", "BUSINESS"]));
    let invoices = vec(invoice(), 0..3);
    // The description is always there: an empty aggregate is no aggregate.
    (purpose, of("[0-9]{1,10}"), text(), invoices).prop_map(|(purpose, check_number, description, invoices)| {
        ExtendedPayment { purpose, check_number, description: Some(description), invoices }
    })
}

fn invoice() -> impl Strategy<Value = Invoice> {
    let discount = (amount(), amount(), of(stamp()), text()).prop_map(|(rate, amount, date, description)| Discount {
        rate,
        amount,
        date,
        description,
    });
    let adjustment = (of(text()), text(), amount(), of(stamp()))
        .prop_map(|(number, description, amount, date)| Adjustment { number, description, amount, date });
    let line = (amount(), text()).prop_map(|(amount, description)| LineItem { amount, description });
    let parts = (text(), amount(), amount(), stamp(), text(), of(discount), of(adjustment), vec(line, 0..3));
    parts.prop_map(|(number, total, paid, date, description, discount, adjustment, line_items)| Invoice {
        number,
        total,
        paid,
        date,
        description,
        discount,
        adjustment,
        line_items,
    })
}

pub(crate) fn published_bill() -> impl Strategy<Value = PublishedBill> {
    (text(), text()).prop_map(|(publisher, bill_id)| PublishedBill { publisher, bill_id })
}

pub(crate) fn modification() -> impl Strategy<Value = PaymentModification> {
    (text(), payment()).prop_map(|(server_id, payment)| PaymentModification { server_id, payment })
}

pub(crate) fn modified() -> impl Strategy<Value = ModifiedPayment> {
    (text(), payment(), of(processing())).prop_map(|(server_id, payment, processing)| ModifiedPayment {
        server_id,
        payment,
        processing,
    })
}

pub(crate) fn payment_status() -> impl Strategy<Value = PaymentStatus> {
    (text(), processing(), of(text())).prop_map(|(server_id, processing, check_number)| PaymentStatus {
        server_id,
        processing,
        check_number,
    })
}

fn recurrence() -> impl Strategy<Value = Recurrence> {
    let words = &[
        "WEEKLY",
        "BIWEEKLY",
        "TWICEMONTHLY",
        "MONTHLY",
        "FOURWEEKS",
        "BIMONTHLY",
        "QUARTERLY",
        "SEMIANNUALLY",
        "ANNUALLY",
    ];
    (of(any::<u32>()), word(Frequency::from_word, words)).prop_map(|(count, frequency)| Recurrence { count, frequency })
}

pub(crate) fn recurring_payment() -> impl Strategy<Value = RecurringPayment> {
    (recurrence(), payment(), of(amount()), of(amount())).prop_map(
        |(recurrence, payment, initial_amount, final_amount)| RecurringPayment {
            recurrence,
            payment,
            initial_amount,
            final_amount,
        },
    )
}

pub(crate) fn model() -> impl Strategy<Value = RecurringModel> {
    (text(), of(text()), of(text()), recurring_payment(), of(extended_payee())).prop_map(
        |(model_id, payee_list_id, currency, request, extended_payee)| RecurringModel {
            payee_list_id,
            currency,
            extended_payee,
            ..RecurringModel::new(&model_id, "", request)
        },
    )
}

pub(crate) fn model_modification() -> impl Strategy<Value = ModelModification> {
    (text(), recurring_payment(), any::<bool>()).prop_map(|(model_id, request, pending)| ModelModification {
        model_id,
        recurrence: request.recurrence,
        payment: request.payment,
        initial_amount: request.initial_amount,
        final_amount: request.final_amount,
        pending,
    })
}

pub(crate) fn modified_model() -> impl Strategy<Value = ModifiedModel> {
    (model_modification(), of(any::<bool>()))
        .prop_map(|(request, pending)| ModifiedModel { pending, ..ModifiedModel::new(request) })
}

pub(crate) fn model_cancellation() -> impl Strategy<Value = (ModelCancellation, CanceledModel)> {
    (text(), any::<bool>(), of(any::<bool>())).prop_map(|(model_id, pending, answered)| {
        let canceled = CanceledModel { model_id: model_id.clone(), pending: answered };
        (ModelCancellation { model_id, pending }, canceled)
    })
}

pub(crate) fn payee_addition() -> impl Strategy<Value = PayeeAddition> {
    let payee = prop_oneof![payee().prop_map(PayeeRef::from), text().prop_map(PayeeRef::Id)];
    (payee, of(bank_account()), vec(text(), 0..3)).prop_map(|(payee, to, pay_accounts)| PayeeAddition {
        payee,
        to,
        pay_accounts,
    })
}

pub(crate) fn payee_modification() -> impl Strategy<Value = PayeeModification> {
    (text(), of(payee()), of(bank_account()), vec(text(), 0..3))
        .prop_map(|(list_id, payee, to, pay_accounts)| PayeeModification { list_id, payee, to, pay_accounts })
}

pub(crate) fn listed_payee() -> impl Strategy<Value = (ListedPayee, ModifiedPayee)> {
    let parts = (text(), of(payee()), of(bank_account()), of(extended_payee()), vec(text(), 0..3));
    parts.prop_map(|(list_id, payee, to, extended, pay_accounts)| {
        let modified = ModifiedPayee {
            list_id: list_id.clone(),
            payee: payee.clone(),
            to: to.clone(),
            pay_accounts: pay_accounts.clone(),
            extended: extended.clone(),
        };
        (ListedPayee { list_id, payee, to, extended, pay_accounts }, modified)
    })
}

pub(crate) fn mail() -> impl Strategy<Value = PaymentMail> {
    let body = prop_oneof![text(), (text(), text()).prop_map(|(first, second)| format!("<p>{first}\n\n{second}</p>"))];
    let about = (text(), payment()).prop_map(|(server_id, payment)| MailedPayment { server_id, payment });
    let parts = (text(), stamp(), text(), text(), text(), body, any::<bool>(), any::<bool>(), of(about));
    parts.prop_map(|(user_id, created, from, to, subject, body, include_images, use_html, about)| PaymentMail {
        mail: Mail { user_id, created, from, to, subject, body, include_images, use_html },
        about,
    })
}

pub(crate) fn user_info() -> impl Strategy<Value = UserInfo> {
    vec(of(text()), 13).prop_map(|texts| {
        let [
            first_name,
            middle_name,
            last_name,
            address1,
            address2,
            address3,
            city,
            state,
            postal_code,
            country,
            day_phone,
            evening_phone,
            email,
        ] = <[Option<String>; 13]>::try_from(texts).unwrap();
        UserInfo {
            first_name,
            middle_name,
            last_name,
            address1,
            address2,
            address3,
            city,
            state,
            postal_code,
            country,
            day_phone,
            evening_phone,
            email,
        }
    })
}

pub(crate) fn changed_user_info() -> impl Strategy<Value = ChangedUserInfo> {
    (user_info(), of(stamp())).prop_map(|(info, changed)| ChangedUserInfo { info, changed })
}

pub(crate) fn enrollment() -> impl Strategy<Value = EnrollmentRequest> {
    let first = (vec(text(), 7), vec(of(text()), 7));
    (first, of(secret()), of(secret()), of(stamp()), of(account())).prop_map(
        |((must, may), tax_id, security_name, birth, account)| {
            let [first_name, last_name, address1, city, state, postal_code, email] =
                <[String; 7]>::try_from(must).unwrap();
            let [middle_name, address2, address3, country, day_phone, evening_phone, user_id] =
                <[Option<String>; 7]>::try_from(may).unwrap();
            EnrollmentRequest {
                first_name,
                middle_name,
                last_name,
                address1,
                address2,
                address3,
                city,
                state,
                postal_code,
                country,
                day_phone,
                evening_phone,
                email,
                user_id,
                tax_id,
                security_name,
                birth,
                account,
            }
        },
    )
}

pub(crate) fn enrolled() -> impl Strategy<Value = EnrollmentResponse> {
    (of(secret()), of(text()), of(stamp())).prop_map(|(temporary_password, user_id, expires)| EnrollmentResponse {
        temporary_password,
        user_id,
        expires,
    })
}

fn investment_account() -> impl Strategy<Value = InvestmentAccount> {
    (text(), text()).prop_map(|(broker_id, account_id)| InvestmentAccount { broker_id, account_id })
}

fn presentment_account() -> impl Strategy<Value = PresentmentAccount> {
    let holder = (text(), vec(of(text()), 10)).prop_map(|(name, texts)| {
        let [business_name, address1, address2, address3, city, state, postal_code, country, day_phone, evening_phone] =
            <[Option<String>; 10]>::try_from(texts).unwrap();
        PresentmentHolder {
            name: Some(name),
            business_name,
            address1,
            address2,
            address3,
            city,
            state,
            postal_code,
            country,
            day_phone,
            evening_phone,
        }
    });
    (vec(text(), 3), vec(of(text()), 5), of(holder)).prop_map(|(must, may, holder)| {
        let [publisher, biller_id, account_id] = <[String; 3]>::try_from(must).unwrap();
        let [biller_name, user_id, provider, payee_id, payee_list_id] = <[Option<String>; 5]>::try_from(may).unwrap();
        PresentmentAccount {
            publisher,
            biller_id,
            biller_name,
            account_id,
            holder,
            user_id,
            provider,
            payee_id,
            payee_list_id,
        }
    })
}

fn account() -> impl Strategy<Value = AccountRef> {
    prop_oneof![
        bank_account().prop_map(AccountRef::from),
        card_account().prop_map(AccountRef::from),
        investment_account().prop_map(AccountRef::from),
        presentment_account().prop_map(AccountRef::from),
    ]
}

pub(crate) fn service_change() -> impl Strategy<Value = (ServiceRequest, ServiceResponse)> {
    let change = prop_oneof![
        account().prop_map(ServiceChange::Add),
        (account(), account()).prop_map(|(from, to)| ServiceChange::Change { from, to }),
        account().prop_map(ServiceChange::Remove),
    ];
    let service = word(Service::from_word, &["BANKSVC", "BPSVC", "INVSVC", "PRESSVC"]);
    (change, service, service_status()).prop_map(|(change, service, status)| {
        let response = ServiceResponse { change: change.clone(), service: service.clone(), status };
        (ServiceRequest { change, service }, response)
    })
}

pub(crate) fn password_change() -> impl Strategy<Value = (PasswordChange, PasswordChanged)> {
    (text(), secret(), of(text()), of(stamp())).prop_map(|(user_id, new_password, answered, changed)| {
        (PasswordChange { user_id, new_password }, PasswordChanged { user_id: answered, changed })
    })
}

fn service_status() -> impl Strategy<Value = ServiceStatus> {
    word(ServiceStatus::from_word, &["AVAIL", "PEND", "ACTIVE", "REJECTED"])
}

pub(crate) fn accounts() -> impl Strategy<Value = Vec<AccountInfo>> {
    let may = || of(any::<bool>());
    let other = || {
        of((of(text()), text(), of(text())).prop_map(|(bank_id, account_id, usage)| OtherAccount {
            bank_id,
            account_id,
            usage,
        }))
    };
    let class = || of(word(Classification::from_word, &["PERSONAL", "BUSINESS", "CORPORATE", "OTHER"]));
    let loan_type = || word(LoanType::from_word, &["AUTO", "MORTGAGE", "SMB", "CONSTR", "HOMEEQUITY"]);
    let flags = || (may(), may(), may(), service_status());
    let terms = (of(loan_type()), of(stamp()), of(amount()), of(amount()), class(), of(amount()));
    let bank = (bank_account(), other(), flags(), terms).prop_map(|(account, other, flags, terms)| {
        let (downloads, transfer_source, transfer_destination, status) = flags;
        let (loan_type, maturity_date, maturity_amount, minimum_balance, classification, overdraft_limit) = terms;
        BankAccountInfo {
            account,
            other,
            downloads,
            transfer_source,
            transfer_destination,
            loan_type,
            maturity_date,
            maturity_amount,
            minimum_balance,
            classification,
            overdraft_limit,
            status,
        }
    });
    let card = (card_account(), other(), of(text()), flags(), class()).prop_map(
        |(account, other, parent, flags, classification)| {
            let (downloads, transfer_source, transfer_destination, status) = flags;
            CardAccountInfo {
                account,
                other,
                parent,
                downloads,
                transfer_source,
                transfer_destination,
                classification,
                status,
            }
        },
    );
    let bill_pay = (bank_account(), other(), service_status())
        .prop_map(|(account, other, status)| BillPayAccountInfo { account, other, status });
    let product = of(word(InvestmentProduct::from_word, &["401K", "IRA", "OTHER", "NORMAL"]));
    let investment = (investment_account(), product, may(), of(service_status()), of(text()), of(text())).prop_map(
        |(account, product, checking, status, kind, option_level)| InvestmentAccountInfo {
            account,
            product,
            checking,
            status,
            kind,
            option_level,
        },
    );
    let loan_account = (text(), loan_type()).prop_map(|(account_id, kind)| LoanAccount { account_id, kind });
    let loan = (loan_account, flags(), class()).prop_map(|(account, flags, classification)| {
        let (downloads, transfer_source, transfer_destination, status) = flags;
        LoanAccountInfo {
            account,
            downloads,
            transfer_source,
            transfer_destination,
            classification,
            status: Some(status),
        }
    });
    let presentment = (presentment_account(), of(service_status()), of(text()))
        .prop_map(|(account, status, reason)| PresentmentAccountInfo { account, status, reason });
    let texts = (of(text()), text(), of(text()));
    let parts = (texts, of(bank), of(card), of(bill_pay), of(investment), of(loan), of(presentment));
    let info = parts.prop_map(|(texts, bank, card, bill_pay, investment, loan, presentment)| {
        let (name, description, phone) = texts;
        AccountInfo {
            name,
            phone,
            bank,
            card,
            bill_pay,
            investment,
            loan,
            presentment,
            ..AccountInfo::new(Some(&description))
        }
    });
    vec(info, 0..4)
}
