//! What an institution's profile allows: what it refuses is refused before it is sent. OFX 1.0.3 §7.2 and §12.11, OFX 2.3 likewise.

use crate::engine::{Credentials, EngineError, State};
use crate::ofx::{BillPaySet, Enrollment, Login, MessageSetDetails, PayeeRef, Payment, Request, SignupSet};

impl State {
    /// Refuses a request that the profile says the institution does not do. Without a profile nothing is known, and nothing refused.
    pub(crate) fn allows(&self, request: &Request) -> Result<(), EngineError> {
        self.offers(request.kind().row().set)?;
        match request.kind().row().set {
            "BILLPAY" => self.bill_pay().map_or(Ok(()), |set| allows_bill(set, request)),
            _ => self.signup().map_or(Ok(()), |set| allows_signup(set, request)),
        }
    }

    /// Refuses a change of the password that the profile does not offer, unless one is due, and a new one that it has rules against.
    /// The credentials have both.
    pub(crate) fn allows_password(&self, credentials: &Credentials) -> Result<(), EngineError> {
        let Some(info) = self.profile().and_then(|profile| profile.signon_info("SIGNON")) else { return Ok(()) };
        offered(info.password_change != Some(false) || self.password_change_due, "change of the password (PINCH)")?;
        let (Login::Password { password, .. }, Some(new)) = (&credentials.login, &credentials.new_password) else {
            return Ok(());
        };
        let problem = info.password_rules().problems(new, Some(password)).into_iter().next();
        problem.map_or(Ok(()), |problem| Err(EngineError::Password(problem)))
    }

    /// Refuses bill payment where the profile has none: what is sent to an address that knows nothing of it would be in doubt for
    /// ever.
    pub(crate) fn offers(&self, set: &str) -> Result<(), EngineError> {
        let known = self.profile().is_none_or(|profile| profile.message_set(set).is_some());
        match set {
            _ if known => Ok(()),
            "BILLPAY" => Err(EngineError::NotOffered("bill payment (BILLPAYMSGSET)")),
            // Profiles leave it out, and the account list works all the same.
            _ => Ok(()),
        }
    }

    fn bill_pay(&self) -> Option<&BillPaySet> {
        match &self.message_set("BILLPAY")?.details {
            MessageSetDetails::BillPay(set) => Some(set),
            _ => None,
        }
    }

    fn signup(&self) -> Option<&SignupSet> {
        match &self.message_set("SIGNUP")?.details {
            MessageSetDetails::Signup(set) => Some(set),
            _ => None,
        }
    }
}

fn allows_bill(set: &BillPaySet, request: &Request) -> Result<(), EngineError> {
    match request {
        Request::Pay(request) => allows_payment(set, &request.payment),
        Request::ModifyPayment(request) => {
            offered(set.modify, "changes of payments (CANMODPMTS): cancel it and pay again")?;
            // Its payee cannot be another one: how it is named is not a question any more.
            offered(set.extended || request.payment.extended.is_empty(), EXTENDED)
        }
        Request::AddRecurring(request) => {
            allows_payment(set, &request.payment)?;
            allows_amounts(set, request.initial_amount.is_some(), request.final_amount.is_some())
        }
        Request::ModifyRecurring(request) => {
            offered(set.modify_models, "changes of recurring payments (CANMODMDLS): cancel it and add it again")?;
            allows_amounts(set, request.initial_amount.is_some(), request.final_amount.is_some())
        }
        Request::AddPayee(request) => {
            offered(set.add_payees, ADDING)?;
            offered(set.by_payee_id || !matches!(request.payee, PayeeRef::Id(_)), BY_ID)
        }
        _ => Ok(()),
    }
}

fn allows_payment(set: &BillPaySet, payment: &Payment) -> Result<(), EngineError> {
    offered(set.extended || payment.extended.is_empty(), EXTENDED)?;
    offered(set.by_transfer || payment.to.is_none(), "payments by transfer (PMTBYXFER)")?;
    let listed = payment.payee_list_id.is_some();
    match &payment.payee {
        PayeeRef::Id(_) => offered(set.by_payee_id || listed, BY_ID),
        PayeeRef::Address(_) => {
            offered(set.by_address || payment.to.is_some(), "payments to an address (PMTBYADDR)")?;
            offered(set.add_payees || listed, ADDING)
        }
    }
}

fn allows_amounts(set: &BillPaySet, initial: bool, last: bool) -> Result<(), EngineError> {
    offered(set.different_first || !initial, "another amount of the first payment (DIFFFIRSTPMT)")?;
    offered(set.different_last || !last, "another amount of the last payment (DIFFLASTPMT)")
}

fn allows_signup(set: &SignupSet, request: &Request) -> Result<(), EngineError> {
    match request {
        Request::Enroll(_) => {
            let by_client = matches!(set.enrollment, Enrollment::Client { .. });
            offered(by_client, "enrolment from here (CLIENTENROLL): its profile says where")
        }
        Request::ChangeUserInfo(_) => offered(set.change_user_info, "changes of name and address (CHGUSERINFO)"),
        Request::ChangeService(_) => offered(set.activation, "activation of services from here (CLIENTACTREQ)"),
        Request::Accounts(_) => {
            offered(set.available_accounts, "account list (AVAILACCTS): ask the user for the account")
        }
        _ => Ok(()),
    }
}

fn offered(is: bool, what: &'static str) -> Result<(), EngineError> {
    if is { Ok(()) } else { Err(EngineError::NotOffered(what)) }
}

const EXTENDED: &str = "invoices with payments (HASEXTDPMT)";
const BY_ID: &str = "payments by an id of the payee (PMTBYPAYEEID)";
const ADDING: &str =
    "payees that are not on the user's list (CANADDPAYEE): synchronize the payees and name one of them";
