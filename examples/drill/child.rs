//! What a child does: it knows its orders, a store and an address, and nothing of the process before.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use ofx_session::client::vault::{Busy, Standing};
use ofx_session::engine::{Refusal, RefusedAt};
use ofx_session::store::{Postgres, Redis, ServerOptions, Sqlite, Store};
use ofx_session::{
    AccountType, BankAccount, Client, Context, Credentials, Error, Https, HttpsOptions, Institution, Key, KeyRing,
    Payee, Payment, Progress, Receipt, Situation, Vault,
};
use rust_decimal::Decimal;

use super::hooks::{Watch, WatchedStore, WatchedTransport};
use super::{End, Order, PASSWORD, Problem, Result, Told};

/// In front of each line that is for the parent.
pub const MARK: &str = "drill: ";

/// Carries out orders until there are no more.
pub async fn run() -> Result<()> {
    let mut known = Known::default();
    let mut line = String::new();
    while std::io::stdin().read_line(&mut line)? > 0 {
        let order: Order = serde_json::from_str(&line)?;
        line.clear();
        say(&Told::End(known.carry_out(&order).await?));
    }
    Ok(())
}

/// Tells the parent.
pub fn say(told: &Told) {
    let mut out = std::io::stdout().lock();
    // The parent has gone: then so does this process, at the end of its orders.
    let _ = serde_json::to_string(told).map(|line| writeln!(out, "\n{MARK}{line}").and_then(|()| out.flush()));
}

/// What is opened once.
#[derive(Default)]
struct Known {
    stores: BTreeMap<String, Arc<dyn Store>>,
    networks: BTreeMap<String, Https>,
}

impl Known {
    async fn carry_out(&mut self, order: &Order) -> Result<End> {
        let watch = Watch::new(order.stop);
        let vault = self.vault(order, &watch)?;
        let id = order.id();
        let looked = match vault.look(&id).await {
            Ok(looked) => looked,
            Err(error) => return Ok(failed(&error)),
        };
        if !order.pay {
            return Ok(looked.map_or_else(|| End::Again("the store knows nothing of it".to_owned()), stands));
        }
        if let Some(Standing::Open(pending)) = &looked
            && matches!(pending.situation, Situation::InDoubt(_))
        {
            watch.in_doubt();
        }
        let credentials = Credentials::new(&order.user, PASSWORD);
        Ok(match vault.pay(&id, &payment(order), credentials).await {
            Ok(Progress::Done(receipt)) => End::Paid(receipt.id().to_owned()),
            Ok(Progress::Ask(_)) => End::Again("asked a question".to_owned()),
            // Also said where the next try may find out.
            Ok(Progress::Unknown(_)) => match vault.look(&id).await {
                Ok(Some(standing)) => stands(standing),
                Ok(None) => End::Again("the store knows nothing of it".to_owned()),
                Err(error) => failed(&error),
            },
            Ok(_) => End::Again("an answer that is newer than this example".to_owned()),
            Err(error) => failed(&error),
        })
    }

    fn vault(&mut self, order: &Order, watch: &Arc<Watch>) -> Result<Vault> {
        if !self.stores.contains_key(&order.store) {
            self.stores.insert(order.store.clone(), open(&order.store)?);
        }
        if !self.networks.contains_key(&order.url) {
            let options = HttpsOptions::new().total_timeout(LONGEST_EXCHANGE).connect_timeout(LONGEST_EXCHANGE);
            let options = options.add_root_pem(&fs::read(&order.ca_file)?)?.only_given_roots();
            self.networks.insert(order.url.clone(), Https::new(options)?);
        }
        let store = Arc::clone(&self.stores[&order.store]);
        let https = self.networks[&order.url].for_another_user();
        let transport = WatchedTransport { https, watch: Arc::clone(watch) };
        let client = Client::builder(Institution::new(&order.url)).transport(transport).build()?;
        let store = WatchedStore { store, watch: Arc::clone(watch) };
        let keys = KeyRing::new(Key::new(1, [7; 32])?);
        let vault = Vault::new(client, store, keys, Context::new(&order.tenant, &order.user)?)?;
        Ok(vault.lease(Duration::from_millis(order.lease_millis)))
    }
}

/// `sqlite:PATH`, `redis://..` or `postgres://..`.
pub fn open(store: &str) -> Result<Arc<dyn Store>> {
    Ok(match store.split_once(':') {
        Some(("sqlite", path)) => Arc::new(Sqlite::open(path)?),
        Some(("redis" | "rediss" | "unix", _)) => Arc::new(Redis::new(store, ServerOptions::new())?),
        Some(("postgres" | "postgresql", _)) => Arc::new(Postgres::new(store, ServerOptions::new())?),
        _ => return Err(Problem::from(format!("{store} is no store: sqlite:PATH, redis://.. or postgres://.."))),
    })
}

fn stands(standing: Standing) -> End {
    match standing {
        Standing::Paid(receipt) => End::Paid(receipt.id().to_owned()),
        Standing::Refused(refusal) => End::Rejected(refusal.status.code.value()),
        Standing::Unresolved { doubt, .. } => End::Unknown(doubt.explain()),
        Standing::Open(pending) => End::Again(format!("open: {:?}", pending.situation)),
        other => End::Again(format!("{other:?}")),
    }
}

fn failed(error: &Error) -> End {
    if let Some(receipt) = error.detail::<Receipt>() {
        return End::Paid(receipt.id().to_owned());
    }
    if let Some(busy) = error.detail::<Busy>() {
        return End::Busy(busy.until.timestamp_millis());
    }
    match (error.detail::<Refusal>(), error.status()) {
        (Some(refusal), Some(code)) if refusal.at == RefusedAt::Request => End::Rejected(code.value()),
        _ => End::Again(error.to_string()),
    }
}

fn payment(order: &Order) -> Payment {
    let from = BankAccount::new("999888777", "1000001", AccountType::Checking);
    let payee = Payee::new("Harbor Water", "14 Quay Street", "Newport", "RI", "02840", "401-555-0142");
    let cents = i64::try_from(order.number % 90_000).unwrap_or(0) + 100;
    // Of tenths of a cent it is refused; for what is in the request, so that it is refused whenever it is looked at.
    let amount = if order.refused { Decimal::new(cents * 10 + 1, 3) } else { Decimal::new(cents, 2) };
    // The institution's clock begins in January 2026.
    let due = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default();
    Payment::new(from, amount, payee, "88-204-117", due).memo(order.id())
}

/// Less than the lease and what the vault adds for clocks that differ, so that nobody takes over during an exchange.
const LONGEST_EXCHANGE: Duration = Duration::from_secs(4);
