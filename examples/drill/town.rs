//! The institutions, one for each class, and their users, who have a vault each and pay one bill after the other.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use ofx_session::testing::{Bank, Class};

use crate::drill::{End, PASSWORD, Result};
use crate::plan::Plan;

/// One institution.
#[derive(Debug)]
pub struct House {
    pub class: Class,
    pub bank: Bank,
    pub ca_file: PathBuf,
    pub ledger_file: PathBuf,
}

/// One user: of her payments one is made at a time.
#[derive(Debug)]
pub struct Lane {
    /// Which [`House`].
    pub house: usize,
    pub user: String,
    pub plans: VecDeque<Plan>,
    /// Tries of the payment that is being made.
    pub tries: usize,
    /// What its processes have said of it as final.
    pub said: Vec<End>,
}

/// What is known of a payment that is over, or was given up.
#[derive(Debug)]
pub struct Done {
    pub house: usize,
    pub user: String,
    pub plan: Plan,
    /// Everything that was reported as final; nothing when it never ended.
    pub said: Vec<End>,
}

impl House {
    pub fn build(class: Class, users: &[String], folder: &Path) -> Result<Self> {
        let ledger_file = folder.join(format!("{class}.ledger"));
        let builder = Bank::builder().class(class).keeps_refusals(true).ledger_file(&ledger_file);
        let bank = users.iter().fold(builder, |builder, user| builder.user(user, PASSWORD)).start()?;
        let ca_file = folder.join(format!("{class}.pem"));
        fs::write(&ca_file, bank.ca_pem())?;
        Ok(Self { class, bank, ca_file, ledger_file })
    }
}

/// Spreads `runs` payments over the institutions and their users.
pub fn build(classes: &[Class], runs: usize, seed: u64, folder: &Path) -> Result<(Vec<House>, Vec<Lane>)> {
    let each = runs.div_ceil(classes.len());
    // After a kill a claim has to run out, which takes some seconds: others pay meanwhile. And some pay several bills, so that
    // results are filed.
    let lanes = each.div_ceil(PAYMENTS_OF_A_USER).min(MOST_USERS);
    let mut found = Vec::new();
    for house in 0..classes.len() {
        found.extend((0..lanes).map(|lane| Lane {
            house,
            user: format!("user-{house}-{lane}"),
            plans: VecDeque::new(),
            tries: 0,
            said: Vec::new(),
        }));
    }
    for number in 0..runs {
        let (house, turn) = (number % classes.len(), number / classes.len());
        let lane = &mut found[house * lanes + turn % lanes];
        let first = lane.plans.is_empty();
        lane.plans.push_back(Plan::of(seed, number, classes[house], first));
    }
    let mut houses = Vec::new();
    for (at, class) in classes.iter().enumerate() {
        let users: Vec<_> = found.iter().filter(|lane| lane.house == at).map(|lane| lane.user.clone()).collect();
        houses.push(House::build(*class, &users, folder)?);
    }
    Ok((houses, found))
}

const PAYMENTS_OF_A_USER: usize = 3;
const MOST_USERS: usize = 48;
