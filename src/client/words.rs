//! The words that events use for operations and changes. They stay the same from version to version: programs count by them.

use crate::engine::{ChangeKind, Origin, TaskKind};
use crate::ofx::{RequestKind, SyncKind};

/// What an operation is.
pub(crate) fn operation(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Profile => "profile",
        TaskKind::Request(request) => match request {
            RequestKind::Accounts => "accounts",
            RequestKind::Pay => "pay",
            RequestKind::ModifyPayment => "modify_payment",
            RequestKind::CancelPayment => "cancel_payment",
            RequestKind::PaymentStatus => "payment_status",
            RequestKind::AddRecurring => "add_recurring",
            RequestKind::ModifyRecurring => "modify_recurring",
            RequestKind::CancelRecurring => "cancel_recurring",
            RequestKind::AddPayee => "add_payee",
            RequestKind::ModifyPayee => "modify_payee",
            RequestKind::DeletePayee => "delete_payee",
            RequestKind::SendPaymentMail => "send_payment_mail",
            RequestKind::Enroll => "enroll",
            RequestKind::ChangeUserInfo => "change_user_info",
            RequestKind::ChangeService => "change_service",
        },
        TaskKind::Synchronize(kind) => match kind {
            SyncKind::Payments => "synchronize_payments",
            SyncKind::RecurringPayments => "synchronize_recurring_payments",
            SyncKind::Payees => "synchronize_payees",
            SyncKind::PaymentMail => "synchronize_payment_mail",
            SyncKind::Services => "synchronize_services",
            SyncKind::UserInfo => "synchronize_user_info",
        },
        TaskKind::Batch(_) => "batch",
        TaskKind::ChangePassword => "change_password",
    }
}

/// What something is a history of.
pub(crate) fn history(kind: SyncKind) -> &'static str {
    match kind {
        SyncKind::Payments => "payments",
        SyncKind::RecurringPayments => "recurring_payments",
        SyncKind::Payees => "payees",
        SyncKind::PaymentMail => "payment_mail",
        SyncKind::Services => "services",
        SyncKind::UserInfo => "user_info",
    }
}

/// What a change does.
pub(crate) fn action(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "modified",
        ChangeKind::Removed => "removed",
        ChangeKind::Refused => "refused",
        ChangeKind::Unknown => "unknown",
    }
}

/// Who made a change happen.
pub(crate) fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Us => "us",
        Origin::AnotherClient => "another_client",
        Origin::Institution => "institution",
    }
}
