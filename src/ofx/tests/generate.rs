//! Records with values that nobody chose by hand.

pub(super) mod records;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::error::StatusCode;
use crate::ofx::as_read::AsRead;
use crate::ofx::{
    AccountType, Amount, ApplicationSecurity, BankAccount, BankSet, BillPaySet, CardAccount, ChallengeAnswer,
    CreditCardSet, DayOff, Element, EmailProfile, EmailSet, Enrollment, ExtendedPayee, FinancialInstitution, IdScope,
    ImageProfile, ImageSet, InvestmentSet, LoanSet, Login, MessageSet, MessageSetCore, MessageSetDetails, PasswordType,
    Payee, PayeeRef, Payment, PaymentProcessing, PaymentResponse, PaymentState, Profile, SecurityListSet, Severity,
    SignonInfo, SignonRequest, SignonResponse, SignupSet, Stamp, Status, StopCheckProfile, SyncMode, TimeOfDay,
    TransferProfile, TransferSet, WireSet,
};
use crate::secret::Secret;

/// A value that 1.x can carry; its letters beyond ASCII never form UTF-8 by accident.
pub(super) fn text() -> impl Strategy<Value = String> {
    "[!-~à-ÿ]([ -~à-ÿ]{0,14}[!-~à-ÿ])?"
}

fn secret() -> impl Strategy<Value = Secret> {
    text().prop_map(Secret::new)
}

pub(super) fn stamp() -> impl Strategy<Value = Stamp> {
    prop_oneof![text().prop_map(Stamp::new), "20[0-9]{6}(\\[-8:PST\\])?".prop_map(Stamp::new)]
}

fn amount() -> impl Strategy<Value = Amount> {
    (any::<i64>(), 0_u32..20).prop_map(|(units, scale)| Amount::new(Decimal::new(units, scale)))
}

/// A word of the list, or one that is not in it.
fn word<T: Clone + std::fmt::Debug + 'static>(of: fn(&str) -> T, list: &'static [&str]) -> impl Strategy<Value = T> {
    prop_oneof![4 => proptest::sample::select(list).prop_map(of), 1 => "X[A-Z]{1,9}".prop_map(move |word| of(&word))]
}

fn bank_account() -> impl Strategy<Value = BankAccount> {
    let kind = word(AccountType::from_word, &["CHECKING", "SAVINGS", "MONEYMRKT", "CREDITLINE", "CD"]);
    (text(), of(text()), text(), kind, of(text())).prop_map(
        |(bank_id, branch_id, account_id, account_type, account_key)| BankAccount {
            bank_id,
            branch_id,
            account_id,
            account_type,
            account_key,
            as_read: AsRead::default(),
        },
    )
}

fn card_account() -> impl Strategy<Value = CardAccount> {
    (text(), of(text())).prop_map(|(account_id, account_key)| CardAccount { account_id, account_key })
}

fn payee() -> impl Strategy<Value = Payee> {
    (vec(text(), 6), vec(of(text()), 3)).prop_map(|(must, may)| {
        let [name, address, city, state, code, phone] = <[String; 6]>::try_from(must).unwrap();
        let [address2, address3, country] = <[Option<String>; 3]>::try_from(may).unwrap();
        Payee { address2, address3, country, ..Payee::new(&name, &address, &city, &state, &code, &phone) }
    })
}

pub(super) fn payment() -> impl Strategy<Value = Payment> {
    let payee = prop_oneof![payee().prop_map(PayeeRef::from), text().prop_map(PayeeRef::Id)];
    let parts =
        (bank_account(), amount(), payee, of(text()), of(bank_account()), text(), stamp(), of(text()), of(text()));
    (parts, vec(records::extended(), 0..2)).prop_map(|(parts, extended)| {
        let (from, amount, payee, payee_list_id, to, pay_account, due, memo, bill_reference) = parts;
        Payment {
            from,
            amount,
            payee,
            payee_list_id,
            to,
            extended,
            pay_account,
            due,
            memo,
            bill_reference,
            published_bill: None,
            as_read: AsRead::default(),
        }
    })
}

pub(super) fn status() -> impl Strategy<Value = Status> {
    let severity = of(word(Severity::from_word, &["INFO", "WARN", "ERROR"]));
    (any::<u32>(), severity, of(text())).prop_map(|(code, severity, message)| Status {
        severity,
        message,
        ..Status::new(StatusCode::new(code), None)
    })
}

fn extended_payee() -> impl Strategy<Value = ExtendedPayee> {
    let scope = of(word(IdScope::from_word, &["GLOBAL", "USER"]));
    // One of the four is always there: an empty aggregate is no aggregate.
    (of(text()), scope, of(text()), any::<u32>()).prop_map(|(id, scope, name, days)| ExtendedPayee {
        id,
        scope,
        name,
        days_to_pay: Some(days),
    })
}

fn processing() -> impl Strategy<Value = PaymentProcessing> {
    let states = &["WILLPROCESSON", "PROCESSEDON", "NOFUNDSON", "FAILEDON", "CANCELEDON"];
    (word(PaymentState::from_word, states), stamp()).prop_map(|(state, date)| PaymentProcessing { state, date })
}

pub(super) fn payment_response() -> impl Strategy<Value = Option<PaymentResponse>> {
    let parts =
        (text(), of(text()), of(text()), payment(), of(extended_payee()), of(text()), of(processing()), of(text()));
    of(parts.prop_map(
        |(server_id, payee_list_id, currency, payment, extended_payee, check_number, processing, model_id)| {
            PaymentResponse {
                server_id,
                payee_list_id,
                currency,
                payment,
                extended_payee,
                check_number,
                processing,
                model_id,
            }
        },
    ))
}

fn institution() -> impl Strategy<Value = FinancialInstitution> {
    (text(), of(text())).prop_map(|(org, fid)| FinancialInstitution::new(org, fid))
}

pub(super) fn answer(id: &str, answer: &str) -> ChallengeAnswer {
    ChallengeAnswer::new(id, answer)
}

pub(super) fn access_token() -> Login {
    Login::AccessToken(Secret::new("token"))
}

pub(super) fn full_signon_request() -> SignonRequest {
    let some = |text: &str| Some(Secret::from(text));
    SignonRequest {
        generate_user_key: Some(false),
        country: Some("USA".to_owned()),
        institution: Some(FinancialInstitution::new("LARKSPUR", None)),
        session_cookie: some("cookie"),
        app_key: some("app"),
        client_uid: Some("uid".to_owned()),
        user_cred1: some("one"),
        user_cred2: some("two"),
        auth_token: some("token"),
        access_key: some("key"),
        answers: vec![answer("MFA9", "a"), answer("MFA16", "b")],
        ..SignonRequest::new(Stamp::oldest(), Login::anonymous(), "ENG", "LKSP", "0300")
    }
}

pub(super) fn signon_request() -> impl Strategy<Value = SignonRequest> {
    let login = prop_oneof![
        (text(), secret()).prop_map(|(user_id, password)| Login::Password { user_id, password }),
        secret().prop_map(Login::UserKey),
        secret().prop_map(Login::AccessToken),
    ];
    let answers = vec((text(), secret()).prop_map(|(id, answer)| ChallengeAnswer { id, answer }), 0..4);
    let first =
        (stamp(), login, of(any::<bool>()), text(), of(text()), of(institution()), of(secret()), text(), text());
    let second = (of(secret()), of(text()), of(secret()), of(secret()), of(secret()), of(secret()), answers);
    (first, second).prop_map(|(first, second)| {
        let (client_time, login, generate_user_key, language, country, institution, session_cookie, id, version) =
            first;
        let (app_key, client_uid, user_cred1, user_cred2, auth_token, access_key, answers) = second;
        SignonRequest {
            generate_user_key,
            country,
            institution,
            session_cookie,
            app_key,
            client_uid,
            user_cred1,
            user_cred2,
            auth_token,
            access_key,
            answers,
            ..SignonRequest::new(client_time, login, &language, &id, &version)
        }
    })
}

pub(super) fn signon_response() -> impl Strategy<Value = SignonResponse> {
    let first = (status(), of(stamp()), of(secret()), of(stamp()), of(text()), of(text()));
    let second = (of(stamp()), of(stamp()), of(stamp()), of(institution()), of(secret()), of(secret()));
    (first, second).prop_map(|(first, second)| {
        let (status, server_time, user_key, user_key_expires, language, country) = first;
        let (profile_updated, user_updated, accounts_updated, institution, session_cookie, access_key) = second;
        SignonResponse {
            status,
            server_time,
            user_key,
            user_key_expires,
            language,
            country,
            profile_updated,
            user_updated,
            accounts_updated,
            institution,
            session_cookie,
            access_key,
        }
    })
}

pub(super) fn questions() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
    vec((text(), of(text())), 1..6)
}

pub(super) fn core() -> MessageSetCore {
    MessageSetCore::new("https://ofx.example/", "R", SyncMode::Lite, true)
}

fn any_core() -> impl Strategy<Value = MessageSetCore> {
    let may = || of(any::<bool>());
    let security = of(word(ApplicationSecurity::from_word, &["NONE", "TYPE1", "TYPE 1"]));
    let texts = || vec(text(), 0..3);
    let first = (of(any::<u32>()), text(), security, may(), of(text()), (texts(), texts()));
    let second = (of(word(SyncMode::from_word, &["FULL", "LITE"])), may(), may(), of(text()));
    (first, second).prop_map(|(first, second)| {
        let (version, url, security, transport_security, realm, (languages, countries)) = first;
        let (sync_mode, refresh, file_recovery, provider) = second;
        MessageSetCore {
            version,
            url,
            security,
            transport_security,
            realm,
            languages,
            countries,
            sync_mode,
            refresh,
            file_recovery,
            provider,
        }
    })
}

/// Every kind of message set under its own name, filled from the same few values.
fn details() -> impl Strategy<Value = (&'static str, MessageSetDetails)> {
    use MessageSetDetails as D;
    let parts =
        (0_usize..13, any::<[bool; 13]>(), any::<(u32, u32, i32)>(), amount(), vec(text(), 1..3), any::<bool>());
    parts.prop_map(|(kind, y, (days, more, signed), fee, words, rich)| {
        let word = words.concat();
        let days_off =
            || words.iter().map(|word| DayOff::from_word(word)).chain(y[11].then_some(DayOff::Sunday)).collect();
        let cut_off = || TimeOfDay::new(word.as_str());
        let images = rich.then_some(ImageProfile { closing: y[0], transaction: y[1] });
        let transfers = TransferProfile {
            days_off: days_off(),
            cut_off: cut_off(),
            schedule: y[0],
            recurring: y[1],
            loan: rich.then_some(y[2]),
            schedule_loan: rich.then_some(y[3]),
            recurring_loan: rich.then_some(y[4]),
            modify: y[5],
            modify_models: y[6],
            model_days: days,
            days_with: signed,
            days_to_pay: more,
        };
        let stop_checks =
            StopCheckProfile { days_off: days_off(), cut_off: cut_off(), range: y[7], description: y[8], fee };
        let enrollment = match (y[9], y[10]) {
            (true, account_required) => Enrollment::Client { account_required },
            (false, true) => Enrollment::Web(word.clone()),
            (false, false) => Enrollment::Other(word.clone()),
        };
        match kind {
            0 => ("SIGNON", D::None),
            1 => (
                "SIGNUP",
                D::Signup(SignupSet {
                    enrollment,
                    change_user_info: y[0],
                    available_accounts: y[1],
                    activation: y[2],
                    user_info: rich.then_some(y[3]),
                }),
            ),
            2 => (
                "BANK",
                D::Bank(BankSet {
                    invalid_types: vec![AccountType::from_word(&word)],
                    closing: y[0],
                    pending: rich.then_some(y[1]),
                    transfers: rich.then_some(transfers),
                    stop_checks: y[2].then_some(stop_checks),
                    mail: EmailProfile { mail: y[3], notify: y[4] },
                    images,
                }),
            ),
            3 => ("CREDITCARD", D::CreditCard(CreditCardSet { closing: y[0], pending: rich.then_some(y[1]), images })),
            4 => {
                ("LOAN", D::Loan(LoanSet { transactions: y[0], closing: y[1], amortization: y[2], mail: y[3], images }))
            }
            5 => (
                "INVSTMT",
                D::Investment(InvestmentSet {
                    transactions: y[0],
                    open_orders: y[1],
                    positions: y[2],
                    balances: y[3],
                    mail: y[4],
                    retirement: rich.then_some(y[5]),
                    closing: rich.then_some(y[6]),
                    images,
                }),
            ),
            6 => (
                "INTERXFER",
                D::Transfer(TransferSet {
                    transfers,
                    bill_pay: y[0],
                    cancel_days: days,
                    domestic_fee: fee,
                    international_fee: fee,
                }),
            ),
            7 => (
                "WIREXFER",
                D::Wire(WireSet {
                    days_off: days_off(),
                    cut_off: cut_off(),
                    schedule: y[0],
                    domestic_fee: fee,
                    international_fee: fee,
                }),
            ),
            8 => (
                "BILLPAY",
                D::BillPay(BillPaySet {
                    days_with: signed,
                    days_to_pay: days,
                    transfer_days_with: signed,
                    transfer_days_to_pay: more,
                    days_off: days_off(),
                    cut_off: cut_off(),
                    model_days: days,
                    inquiry_days: more,
                    status_by_sync: y[0],
                    by_address: y[1],
                    by_transfer: y[2],
                    by_payee_id: y[3],
                    add_payees: y[4],
                    extended: y[5],
                    modify: y[6],
                    modify_models: y[7],
                    different_first: y[8],
                    different_last: y[9],
                    bill_context: rich.then_some(y[10]),
                }),
            ),
            9 => ("EMAIL", D::Email(EmailSet { mail: y[0], mime: y[1] })),
            10 => ("SECLIST", D::SecurityList(SecurityListSet { download: y[0] })),
            11 => ("IMAGE", D::Image(ImageSet { delay: rich.then_some(days), kept: y[0].then_some(more) })),
            _ => ("PRESDLV", D::Other(vec![Element::leaf("LKS.NEW", word)])),
        }
    })
}

fn signon_info() -> impl Strategy<Value = SignonInfo> {
    let may = || of(any::<bool>());
    let first = (text(), of(any::<u32>()), may(), may(), of(text()), of(text()));
    let kind = of(word(PasswordType::from_word, &["FIXED", "ONETIME", "HWTOKEN"]));
    let second = (may(), may(), of(text()), of(text()), may(), may(), may(), kind);
    (first, second).prop_map(|(first, second)| {
        let (realm, min, special, password_change, user_cred1_label, user_cred2_label) = first;
        let (uid, auth_token_first, auth_token_label, auth_token_info_url, supported, mfa_first, token, kind) = second;
        SignonInfo {
            min,
            special,
            password_change,
            user_cred1_label,
            user_cred2_label,
            client_uid_required: uid,
            auth_token_first,
            auth_token_label,
            auth_token_info_url,
            mfa_supported: supported,
            mfa_first,
            access_token_required: token,
            password_type: kind,
            ..SignonInfo::new(&realm)
        }
    })
}

pub(super) fn profile() -> impl Strategy<Value = Profile> {
    let set = (any_core(), details(), 1_u32..3)
        .prop_map(|(core, (name, details), version)| MessageSet { version, ..MessageSet::new(name, core, details) });
    let parts = (stamp(), vec(set, 0..6), vec(signon_info(), 0..3), vec(of(text()), 13));
    parts.prop_map(|(updated, sets, signon, texts)| {
        let [name, address1, address2, address3, city, state, postal_code, country, phone, technical, fax, page, email] =
            <[Option<String>; 13]>::try_from(texts).unwrap();
        Profile {
            name,
            address1,
            address2,
            address3,
            city,
            state,
            postal_code,
            country,
            customer_phone: phone,
            technical_phone: technical,
            fax,
            web_page: page,
            email,
            ..Profile::new(updated, sets, signon)
        }
    })
}
