//! Accounts, enrolment, the user's data, and services.

use chrono::NaiveDate;
use ofx_session::AccountType;
use ofx_session::engine::Intent;
use ofx_session::ofx::{
    AccountRef, BankAccount, CardAccount, EnrollmentRequest, InvestmentAccount, PresentmentAccount, Service,
    ServiceChange, ServiceRequest, UserInfo,
};

use super::bills::checking;
use super::{Case, answers, since_151, since_200, since_210};

pub fn cases() -> Vec<Case> {
    let service = |change, service| Intent::from(ServiceRequest::new(change, service));
    vec![
        Case::of("accounts", Intent::Accounts),
        Case::new("accounts-known", |scene| {
            scene.learn_accounts()?;
            scene.render(Intent::Accounts)
        }),
        Case::of("enroll", enrollment()).only(|version| !(200..210).contains(&version.number())),
        Case::of("enroll-with-account", enrollment().account(checking())),
        Case::of("enroll-with-card", enrollment().account(CardAccount::new("4147090011223300"))),
        Case::of("enroll-briefly", brief_enrollment()).only(since_210),
        Case::of("change-user-info", user_info()),
        Case::of("change-user-info-partly", UserInfo::new().first_name("Jane").email("jane@example.com")),
        Case::in_history("change-user-info-in-history", user_info(), answers::user_info_token),
        Case::of("service-add", service(ServiceChange::Add(checking().into()), Service::BillPay)),
        Case::of("service-add-card", service(ServiceChange::Add(card("4147090011223300")), Service::Banking)),
        Case::of("service-add-investment", service(ServiceChange::Add(investment()), Service::Investment)),
        Case::of("service-add-presentment", service(ServiceChange::Add(presented()), Service::Presentment))
            .only(since_200),
        Case::of("service-add-biller-account", service(ServiceChange::Add(presented()), Service::BillPay))
            .only(since_151),
        Case::of("service-change", service(renumbered(), Service::BillPay)),
        Case::of("service-change-card", service(new_card(), Service::Banking)),
        Case::of("service-remove", service(ServiceChange::Remove(checking().into()), Service::BillPay)),
        Case::in_history(
            "service-remove-in-history",
            service(ServiceChange::Remove(checking().into()), Service::BillPay),
            answers::service_token,
        ),
    ]
}

fn brief_enrollment() -> EnrollmentRequest {
    EnrollmentRequest::new("Jane", "Winters", "12 Harbor Road", "Newport", "RI", "02840", "jane@example.com")
}

fn enrollment() -> EnrollmentRequest {
    brief_enrollment()
        .middle_name("Q")
        .address2("Apartment 5")
        .address3("Rear building")
        .country("USA")
        .day_phone("401-555-0199")
        .evening_phone("401-555-0198")
        .user_id("jane")
        .tax_id("078051120")
        .security_name("Garcia")
        .birth(NaiveDate::from_ymd_opt(1980, 2, 29).unwrap_or_default())
}

fn user_info() -> UserInfo {
    UserInfo::new()
        .first_name("Jane")
        .middle_name("Q")
        .last_name("Winters")
        .address1("12 Harbor Road")
        .address2("Apartment 5")
        .address3("Rear building")
        .city("Newport")
        .state("RI")
        .postal_code("02840")
        .country("USA")
        .day_phone("401-555-0199")
        .evening_phone("401-555-0198")
        .email("jane@example.com")
}

fn card(number: &str) -> AccountRef {
    CardAccount::new(number).into()
}

fn investment() -> AccountRef {
    InvestmentAccount::new("broker.example.com", "INV-0042").into()
}

fn presented() -> AccountRef {
    PresentmentAccount::new("Bills Example", "WATER-01", "88-204-117").biller_name("Harbor Water").into()
}

/// The account got another number.
fn renumbered() -> ServiceChange {
    let to = BankAccount::new("999888777", "0042917799", AccountType::Checking);
    ServiceChange::Change { from: checking().into(), to: to.into() }
}

fn new_card() -> ServiceChange {
    ServiceChange::Change { from: card("4147090011223300"), to: card("4147090011223301") }
}
