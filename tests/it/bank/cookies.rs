//! Challenges that hang on an HTTP cookie: that of their user, their client and their round, and of no other.

use ofx_session::ofx::{Element, Version};
use ofx_session::testing::{AccessKeys, Bank, BankBuilder};

use super::https::client_of;
use super::support::{Answer, Ask, questioning};

fn tied() -> BankBuilder {
    questioning().user("joe", "battery staple").challenge_cookie(true).access_keys(AccessKeys::Never)
}

fn jane() -> Ask {
    Ask::new(Version::V211)
}

fn joe() -> Ask {
    jane().user("joe", "battery staple")
}

/// Jane at another program.
fn elsewhere() -> Ask {
    jane().behind(Element::leaf("CLIENTUID", "c-1"))
}

/// What a client without a jar is answered, and the cookie that came with it.
async fn tell(bank: &Bank, ask: &Ask, cookie: &str) -> (Answer, Option<String>) {
    let request = client_of(bank).post(bank.url()).header("Content-Type", "application/x-ofx").header("Cookie", cookie);
    let response = request.body(ask.bytes()).send().await.unwrap();
    let cookie = response.headers().get("set-cookie").map(|line| line.to_str().unwrap());
    let cookie = cookie.map(|line| line.split(';').next().unwrap().to_owned());
    (Answer::read(&response.bytes().await.unwrap()), cookie)
}

/// Asks for the questions, and gives the cookie that comes with them.
async fn asked(bank: &Bank, who: Ask) -> String {
    tell(bank, &who.questions("q-1"), "").await.1.unwrap()
}

/// How the signon with the right answers is answered.
async fn answered(bank: &Bank, who: Ask, cookie: &str) -> String {
    tell(bank, &who.right_answers().accounts("19900101"), cookie).await.0.signon().to_owned()
}

#[tokio::test]
async fn the_cookie_of_another_user_client_or_round_opens_no_challenge() {
    let bank = tied().start().unwrap();
    let of_joe = asked(&bank, joe()).await;
    asked(&bank, jane()).await;
    assert_eq!(answered(&bank, jane(), &of_joe).await, "3000", "it is joe's");
    let stale = asked(&bank, jane()).await;
    asked(&bank, jane()).await;
    assert_eq!(answered(&bank, jane(), &stale).await, "3000", "a newer round takes its place");
    asked(&bank, elsewhere()).await;
    let newest = asked(&bank, jane()).await;
    assert_eq!(answered(&bank, elsewhere(), &newest).await, "3000", "it is of another client");
    assert_eq!(answered(&bank, jane(), &format!("a=b; {newest}")).await, "0");
    assert_eq!(answered(&bank, joe(), &of_joe).await, "0", "rounds of others change nothing");
    assert_eq!(bank.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_challenge_outlives_a_restart_with_its_cookie() {
    let folder = tempfile::tempdir().unwrap();
    let builder = tied().ledger_file(folder.path().join("ledger"));
    let bank = builder.clone().start().unwrap();
    let cookie = asked(&bank, jane()).await;
    drop(bank);
    let bank = builder.clone().start().unwrap();
    assert_eq!(answered(&bank, jane(), &cookie).await, "0");
    drop(bank);
    let bank = builder.start().unwrap();
    assert_ne!(asked(&bank, jane()).await, cookie);
    assert_eq!(answered(&bank, jane(), &cookie).await, "3000", "that round is over");
}

/// Only what came over the network has cookies.
#[tokio::test]
async fn a_copy_without_the_network_asks_for_no_cookie() {
    let bank = tied().start().unwrap();
    asked(&bank, jane()).await;
    let answer = jane().right_answers().accounts("19900101").send(&mut bank.model());
    assert_eq!(answer.signon(), "0");
}
