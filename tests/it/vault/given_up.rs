//! A future of a vault that is dropped before its payment has left: the store said "in doubt" first and goes on saying so, whatever the
//! transport knows, until somebody has found out.

use std::pin::pin;
use std::sync::Arc;

use chrono::{Days, Utc};
use ofx_session::client::vault::{Busy, Standing};
use ofx_session::ofx::{Stamp, SyncMode};
use ofx_session::store::Memory;
use ofx_session::testing::{Bank, BankBuilder};
use ofx_session::transport::Proxy;
use ofx_session::{
    Client, Credentials, Doubt, ErrorKind, HttpsOptions, Institution, Moved, Payment, Progress, Situation, Vault,
};
use tokio::net::TcpListener;

use super::support::{self, Clock, context, keys};

/// One institution over HTTPS, a proxy in front of it that takes connections and is silent, and one store.
struct House {
    bank: Bank,
    silent: TcpListener,
    store: Arc<Memory>,
    clock: Arc<Clock>,
}

impl House {
    /// The profile is known and nothing is open.
    async fn warmed(bank: BankBuilder) -> Self {
        let bank = bank.user("jane", PASSWORD).start().unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let clock = Clock::new();
        clock.advance(Utc::now().timestamp() - ofx_session::client::World::now(&*clock).timestamp());
        let house = Self { bank, silent, store: Arc::new(Memory::new()), clock };
        house.vault(Proxy::none()).accounts(jane()).await.unwrap().done().unwrap();
        house
    }

    /// A vault as another process would open it.
    fn vault(&self, proxy: Proxy) -> Vault {
        let trusting = HttpsOptions::new().add_root_pem(self.bank.ca_pem().as_bytes()).unwrap().only_given_roots();
        let client = Client::builder(Institution::new(self.bank.url())).connection(trusting.proxy(proxy)).build();
        Vault::new(client.unwrap(), Arc::clone(&self.store), keys(), context()).unwrap().world(self.clock.clone())
    }

    fn stuck(&self) -> Vault {
        self.vault(Proxy::http(self.silent.local_addr().unwrap().to_string()))
    }

    /// Polls until the proxy is connected: the payment waits to leave.
    async fn until_it_waits(&self, paying: impl Future<Output: std::fmt::Debug>) {
        tokio::select! {
            biased;
            result = paying => panic!("{result:?}"),
            accepted = self.silent.accept() => drop(accepted.unwrap()),
        }
    }

    /// The store says that somebody is at work, or not, and that it is in doubt.
    async fn is_in_doubt(&self, claimed: bool) {
        let standing = self.vault(Proxy::none()).look("order-1").await.unwrap();
        let Some(Standing::Open(pending)) = standing else { panic!("{standing:?}") };
        assert!(matches!(pending.situation, Situation::InDoubt(Doubt::Interrupted)), "{:?}", pending.situation);
        assert_eq!(pending.doubt, Some(Doubt::Interrupted));
        assert_eq!(pending.claimed_until.is_some(), claimed);
    }
}

fn jane() -> Credentials {
    Credentials::new("jane", PASSWORD)
}

fn payment() -> Payment {
    let mut payment = support::payment();
    payment.due = Stamp::day(Utc::now().date_naive() + Days::new(10));
    payment
}

/// Keeps its answers, so that the payment itself is the first file that is sent, and can be found out about.
fn careful() -> BankBuilder {
    Bank::builder().class("D+S-F+".parse().unwrap())
}

#[tokio::test]
async fn it_is_in_doubt_until_the_claim_is_over_and_is_paid_once_then() {
    let house = House::warmed(careful()).await;
    let (stuck, order) = (house.stuck(), payment());
    house.until_it_waits(stuck.pay("order-1", &order, jane())).await;
    house.is_in_doubt(true).await;
    // The claim holds, also against the one who had it.
    for vault in [&stuck, &house.vault(Proxy::none())] {
        let error = vault.pay("order-1", &order, jane()).await.unwrap_err();
        assert_eq!((error.kind(), error.money_may_have_moved()), (ErrorKind::Busy, Moved::Unknown));
        assert!(error.detail::<Busy>().is_some());
    }
    house.clock.advance(96);
    house.is_in_doubt(false).await;
    assert_eq!(house.bank.payments_made(), 0);
    let receipt = house.vault(Proxy::none()).pay("order-1", &order, jane()).await.unwrap().done().unwrap();
    let again = stuck.pay("order-1", &order, jane()).await.unwrap().done().unwrap();
    assert_eq!(receipt, again);
    assert_eq!((house.bank.payments_made(), house.bank.violations()), (1, vec![]));
}

#[tokio::test]
async fn where_nothing_can_be_found_out_it_stays_unknown_and_is_not_sent() {
    let house = House::warmed(Bank::builder().class("D-S-F-".parse().unwrap())).await;
    let (stuck, order) = (house.stuck(), payment());
    house.until_it_waits(stuck.pay("order-1", &order, jane())).await;
    house.is_in_doubt(true).await;
    house.clock.advance(96);
    for vault in [house.vault(Proxy::none()), stuck] {
        let progress = vault.pay("order-1", &order, jane()).await.unwrap();
        assert!(matches!(progress, Progress::Unknown(Doubt::Interrupted)), "{progress:?}");
    }
    assert_eq!((house.bank.payments_made(), house.bank.violations()), (0, vec![]));
}

#[tokio::test]
async fn who_is_dropped_after_another_took_over_changes_nothing() {
    // With a history, the question for its token waits to leave, and not yet the payment.
    for bank in [careful(), Bank::builder().sync_mode(SyncMode::Full)] {
        let house = House::warmed(bank).await;
        let (stuck, order) = (house.stuck(), payment());
        {
            let mut paying = pin!(stuck.pay("order-1", &order, jane()));
            house.until_it_waits(paying.as_mut()).await;
            house.clock.advance(96);
            house.vault(Proxy::none()).pay("order-1", &order, jane()).await.unwrap().done().unwrap();
        }
        let standing = stuck.look("order-1").await.unwrap();
        assert!(matches!(standing, Some(Standing::Paid(_))), "{standing:?}");
        stuck.pay("order-1", &order, jane()).await.unwrap().done().unwrap();
        assert_eq!((house.bank.payments_made(), house.bank.violations()), (1, vec![]));
    }
}

const PASSWORD: &str = "correct horse";
