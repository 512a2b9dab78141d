//! What happened to everything, since the last time or as a whole.

use ofx_session::ofx::{MessageSetDetails, SyncMode};
use ofx_session::{BankAccount, Client, Completed, Intent, SyncFrom, SyncKind};
use serde_json::{Value, json};

use crate::book::Then;
use crate::desk::Desk;
use crate::perform::Work;
use crate::shown::{Failure, Shown, table};

/// Asks for everything. `done` is what another process began and somebody has let go on.
pub async fn go_on(
    desk: &mut Desk,
    work: &mut Work,
    refresh: bool,
    done: Option<(Completed, Shown)>,
) -> Result<Shown, Failure> {
    work.then = Some(Then::Sync { refresh });
    let mut told = Vec::new();
    match done {
        Some((Completed::Accounts(_), _)) => {}
        Some((Completed::Synchronized(_), shown)) => told.push(shown.json),
        _ => {
            work.perform(desk, Intent::Accounts).await?;
        }
    }
    let accounts = work.session.client().known_accounts().iter();
    let accounts: Vec<BankAccount> = accounts.filter_map(|account| account.pays_bills()).cloned().collect();
    // Payees first: payments name them.
    let mut wanted = vec![(SyncKind::Payees, None)];
    for account in &accounts {
        wanted.push((SyncKind::Payments, Some(account.clone())));
        wanted.push((SyncKind::RecurringPayments, Some(account.clone())));
    }
    wanted.push((SyncKind::PaymentMail, None));
    let mut notes = Vec::new();
    for (kind, account) in wanted {
        let of = account.as_ref().map_or_else(String::new, |account| format!(" of account {}", account.account_id));
        let mut from = refresh.then_some(SyncFrom::Refresh);
        loop {
            let intent = Intent::Synchronize { kind, account: account.clone(), from: from.clone() };
            match work.perform(desk, intent).await {
                Ok((Completed::Synchronized(changes), shown)) => {
                    told.push(shown.json);
                    if !changes.lost_sync || changes.is_refresh {
                        break;
                    }
                    notes.push(format!(
                        "{}{of}: the institution no longer had all changes; everything was fetched anew",
                        kind.name()
                    ));
                    from = Some(SyncFrom::Refresh);
                }
                Ok(_) => break,
                // One kind that the institution does not do is no reason to leave out the others.
                Err(failure) if failure.kind == "refused" => {
                    notes.push(format!("{}{of}: {}", kind.name(), failure.text));
                    break;
                }
                Err(failure) => return Err(after(failure, &told)),
            }
        }
    }
    work.then = None;
    if keeps_no_history(work.session.client()) {
        notes.push(NO_HISTORY.to_owned());
    }
    Ok(news(&told, &notes))
}

/// What came before it is in the copies already and does not come again: it is told along with the failure.
fn after(mut failure: Failure, told: &[Value]) -> Failure {
    let changes = list(told);
    if changes.is_empty() {
        return failure;
    }
    failure.text = format!("{}\nbefore that came:\n{}", failure.text, rows(&changes).trim_end());
    failure.with("changes", json!(changes))
}

/// Whether the institution tells only what it does by itself: `SYNCMODE` LITE.
pub fn keeps_no_history(client: &Client) -> bool {
    let set = client.profile().and_then(|profile| profile.message_set("BILLPAY"));
    set.is_some_and(|set| {
        matches!(set.details, MessageSetDetails::BillPay(_)) && set.core.sync_mode == Some(SyncMode::Lite)
    })
}

fn news(told: &[Value], notes: &[String]) -> Shown {
    let changes = list(told);
    let mut text = if changes.is_empty() { "nothing new".to_owned() } else { rows(&changes) };
    for note in notes {
        text = format!("{}\nnote: {note}", text.trim_end());
    }
    Shown::new(text, json!({ "changes": changes, "notes": notes }))
}

fn list(told: &[Value]) -> Vec<&Value> {
    told.iter().filter_map(|part| part["changes"].as_array()).flatten().collect()
}

fn rows(changes: &[&Value]) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |change: &&Value| vec![word(&change["change"]), word(&change["by"]), word(&change["text"])];
    table(&["WHAT", "WHO", "CHANGE"], &changes.iter().map(row).collect::<Vec<_>>())
}

pub const NO_HISTORY: &str =
    "this institution keeps no history: only what it did by itself comes; what another client did is not seen";
