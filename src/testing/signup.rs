//! Sign-up: users enrol, change their data, and ask for services of their accounts. OFX 1.0.3 §8, OFX 2.3 §8.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::error::StatusCode;
use crate::ofx::{
    AccountInfo, AccountRef, BankAccount, BankAccountInfo, BillPayAccountInfo, ChangedUserInfo, EnrollmentRequest,
    EnrollmentResponse, Reply, Service, ServiceChange, ServiceRequest, ServiceResponse, ServiceStatus, Stamp, Status,
    UserInfo, Version,
};
use crate::secret::Secret;
use crate::testing::facts::Fact;
use crate::testing::history::Event;
use crate::testing::requests::{Decision, refusal};
use crate::testing::user::User;
use crate::testing::{BankModel, Feature};

impl BankModel {
    /// What the institution knows of a user's name and address; `None` for one whose data it was never told.
    #[must_use]
    pub fn user_info(&self, user_id: &str) -> Option<UserInfo> {
        self.users.get(user_id)?.info.as_ref().map(|(info, _)| info.clone())
    }

    /// `ENROLLRQ`: a new user with the same accounts as all others, and a password that must be changed.
    pub(super) fn enroll(&mut self, request: &EnrollmentRequest) -> Decision {
        self.must_offer(Feature::Enroll, "CLIENTENROLL", "a user enrols")?;
        request.check(Version::V230).map_err(|error| refusal(StatusCode::CANNOT_ENROLL, &error.to_string()))?;
        let info = data_of(request);
        let is_same = |user: &Arc<User>| user.info.as_ref().is_some_and(|(known, _)| *known == info);
        let name = request.user_id.clone().unwrap_or_else(|| format!("user{}", self.next_id()));
        if self.users.contains_key(&name) || self.users.values().any(is_same) {
            return Err(refusal(StatusCode::ALREADY_ENROLLED, "you are enrolled already"));
        }
        let password = format!("temp-{}", self.next_id());
        self.add_user(&name, &password);
        self.put_info(&name, info, self.now);
        let mut response = EnrollmentResponse::new(&name, password);
        response.expires = Some(Stamp::moment(self.now + Duration::days(30)));
        Ok(Reply::Enroll(Box::new(response)))
    }

    /// `CHGUSERINFORQ`: what is left out is deleted.
    pub(super) fn change_info(&mut self, name: &str, request: &UserInfo) -> Decision {
        self.must_offer(Feature::ChangeUserInfo, "CHGUSERINFO", "name and address are changed")?;
        request.check(Version::V230).map_err(|error| refusal(StatusCode::USER_NOT_MODIFIABLE, &error.to_string()))?;
        self.put_info(name, request.clone(), self.now);
        let changed = ChangedUserInfo::new(request.clone(), Stamp::moment(self.now));
        Ok(Reply::ChangeUserInfo(Box::new(changed)))
    }

    /// `ACCTRQ`.
    pub(super) fn change_service(&mut self, name: &str, request: &ServiceRequest) -> Decision {
        self.must_offer(Feature::ActivateServices, "CLIENTACTREQ", "a service is asked for")?;
        let mut accounts = self.accounts_of(name).to_vec();
        let status = match &request.change {
            ServiceChange::Add(account) => add(&mut accounts, account, &request.service)?,
            ServiceChange::Change { from, to } => self.renumber(name, &mut accounts, from, to, &request.service)?,
            ServiceChange::Remove(account) => remove(&mut accounts, account, &request.service)?,
        };
        self.put_accounts(name, accounts, self.now);
        let response = ServiceResponse::new(request.change.clone(), request.service.clone(), status);
        Ok(Reply::ChangeService(Box::new(response)))
    }

    /// The services of the user's accounts as if each had been asked for just now.
    pub(super) fn services_as_new(&self, name: &str) -> Vec<Event> {
        let mut events = Vec::new();
        for info in self.accounts_of(name) {
            let bank = info.bank.as_ref().map(|bank| (&bank.account, Service::Banking, &bank.status));
            let bills = info.bill_pay.as_ref().map(|bills| (&bills.account, Service::BillPay, &bills.status));
            for (account, service, status) in bank.into_iter().chain(bills) {
                let add = ServiceChange::Add(AccountRef::from(account.clone()));
                let response = ServiceResponse::new(add, service, status.clone());
                events.push(Event::by_itself(Reply::ChangeService(Box::new(response))));
            }
        }
        events
    }

    /// The user's data as if it had been changed just now.
    pub(super) fn info_as_new(&self, name: &str) -> Vec<Event> {
        let known = self.users.get(name).and_then(|user| user.info.as_ref());
        let changed = known.map(|(info, when)| ChangedUserInfo::new(info.clone(), Stamp::moment(*when)));
        changed.into_iter().map(|changed| Event::by_itself(Reply::ChangeUserInfo(Box::new(changed)))).collect()
    }

    /// `DTUSERUP`.
    pub(super) fn info_updated(&self, name: &str) -> Option<Stamp> {
        self.users.get(name)?.info.as_ref().map(|(_, when)| Stamp::moment(*when))
    }

    /// Adds a user whose password must be changed.
    pub(super) fn add_user(&mut self, name: &str, password: &str) {
        self.note(|| Fact::Enrolled(name.to_owned(), password.to_owned()));
        let mut user = User::new(Secret::from(password));
        user.expired = true;
        user.token_due.clone_from(&self.settings.factors.first_token);
        self.users.insert(name.to_owned(), Arc::new(user));
    }

    pub(super) fn put_info(&mut self, name: &str, info: UserInfo, when: DateTime<Utc>) {
        self.note(|| Fact::info(name, &info, when));
        self.user_mut(name).into_iter().for_each(|user| user.info = Some((info.clone(), when)));
    }

    pub(super) fn put_accounts(&mut self, name: &str, accounts: Vec<AccountInfo>, when: DateTime<Utc>) {
        self.note(|| Fact::accounts(name, &accounts, when));
        self.user_mut(name).into_iter().for_each(|user| user.accounts = Some((accounts.clone(), when)));
    }

    /// An account that has got another number: what waits is paid from that, and the tokens go on. OFX 1.0.3 §8.6.
    pub(super) fn move_account(&mut self, name: &str, from: &BankAccount, to: &BankAccount) {
        self.note(|| Fact::moved(name, from, to));
        let waiting = self
            .ledger
            .iter()
            .filter(|entry| entry.user == name && entry.is_scheduled() && entry.payment.from == *from);
        let waiting: Vec<String> = waiting.map(|entry| entry.server_id.clone()).collect();
        for server_id in waiting {
            self.change_entry(&server_id, |entry| entry.payment.from.clone_from(to));
        }
        let Some(user) = self.user_mut(name) else { return };
        for model in user.models.iter_mut().filter(|model| model.request.payment.from == *from) {
            model.request.payment.from.clone_from(to);
        }
        for (_, account, _) in user.histories.iter_mut().filter(|(_, account, _)| account.as_ref() == Some(from)) {
            *account = Some(to.clone());
        }
    }

    /// `SVCCHG`.
    fn renumber(
        &mut self,
        name: &str,
        accounts: &mut [AccountInfo],
        from: &AccountRef,
        to: &AccountRef,
        service: &Service,
    ) -> Result<ServiceStatus, Status> {
        let (from, to) = (bank_account(from)?, bank_account(to)?);
        let bills = *service == Service::BillPay;
        let places = accounts.iter_mut().flat_map(|info| match service {
            Service::BillPay => info.bill_pay.as_mut().map(|bills| (&mut bills.account, bills.status.clone())),
            Service::Banking => info.bank.as_mut().map(|bank| (&mut bank.account, bank.status.clone())),
            _ => None,
        });
        let (place, status) = places
            .into_iter()
            .find(|(account, _)| **account == from)
            .ok_or_else(|| refusal(StatusCode::INVALID_SERVICE, "the account does not have the service"))?;
        place.clone_from(&to);
        if bills {
            self.move_account(name, &from, &to);
        }
        Ok(status)
    }
}

/// `SVCADD`: bills can be paid from every account that is there; a bank account that is not can be added.
fn add(accounts: &mut Vec<AccountInfo>, account: &AccountRef, service: &Service) -> Result<ServiceStatus, Status> {
    let account = bank_account(account)?;
    let known = accounts.iter_mut().find(|info| info.bank.as_ref().is_some_and(|bank| bank.account == account));
    match (service, known) {
        (Service::BillPay, Some(info)) => info.bill_pay = Some(BillPayAccountInfo::active(account)),
        (Service::BillPay, None) => {
            return Err(refusal(StatusCode::DESTINATION_NOT_FOUND, "the account is none of yours"));
        }
        (Service::Banking, Some(_)) => {}
        (Service::Banking, None) => {
            let mut info = AccountInfo::new(None);
            info.bank = Some(BankAccountInfo::active(account));
            accounts.push(info);
        }
        _ => return Err(refusal(StatusCode::INVALID_SERVICE, "this bank has no such service")),
    }
    Ok(ServiceStatus::Active)
}

/// `SVCDEL`.
fn remove(accounts: &mut Vec<AccountInfo>, account: &AccountRef, service: &Service) -> Result<ServiceStatus, Status> {
    let account = bank_account(account)?;
    let mut found = false;
    for info in accounts.iter_mut() {
        let bills = *service == Service::BillPay && info.bill_pay.take_if(|bills| bills.account == account).is_some();
        let bank = *service == Service::Banking && info.bank.take_if(|bank| bank.account == account).is_some();
        found |= bills || bank;
    }
    let bare = |info: &AccountInfo| AccountInfo { description: None, name: None, phone: None, ..info.clone() };
    accounts.retain(|info| bare(info) != AccountInfo::new(None));
    if found {
        Ok(ServiceStatus::Available)
    } else {
        Err(refusal(StatusCode::INVALID_SERVICE, "the account does not have the service"))
    }
}

fn bank_account(account: &AccountRef) -> Result<BankAccount, Status> {
    match account {
        AccountRef::Bank(account) => Ok(account.clone()),
        _ => Err(refusal(StatusCode::INVALID_SERVICE, "services are for bank accounts")),
    }
}

/// What an enrolment says of the user.
fn data_of(request: &EnrollmentRequest) -> UserInfo {
    let mut info = UserInfo::new();
    info.first_name = Some(request.first_name.clone());
    info.middle_name.clone_from(&request.middle_name);
    info.last_name = Some(request.last_name.clone());
    info.address1 = Some(request.address1.clone());
    info.address2.clone_from(&request.address2);
    info.address3.clone_from(&request.address3);
    info.city = Some(request.city.clone());
    info.state = Some(request.state.clone());
    info.postal_code = Some(request.postal_code.clone());
    info.country.clone_from(&request.country);
    info.day_phone.clone_from(&request.day_phone);
    info.evening_phone.clone_from(&request.evening_phone);
    info.email = Some(request.email.clone());
    info
}
