//! The report for people: short tables.

use super::objects::{AccountRow, PayeeRow, PaymentRow, RecurringRow};
use super::signon::Signon;
use super::{Report, StatusReport, Synchronization, Transaction};

type Row = Vec<String>;

/// All of it.
pub fn page(report: &Report) -> String {
    let mut page = String::new();
    let out = &mut page;
    header(out, report);
    if let Some(signon) = &report.signon {
        self::signon(out, signon);
    }
    let sets = report.message_sets.iter().map(|set| {
        let inside = set.transactions.iter().map(|(tag, count)| format!("{count} {tag}"));
        vec![set.tag.clone(), inside.collect::<Vec<_>>().join(", ")]
    });
    table(out, "message sets", &[], sets.collect());
    // What is beside a refused signon was not looked at, and its status says nothing of its own. OFX 1.0.3 §2.5.1.
    let signon = report.signon.as_ref().and_then(|signon| signon.status.as_ref());
    let is_refused = signon.is_some_and(|status| status.is_error);
    table(
        out,
        "transactions",
        &["", "status", "TRNUID", "about"],
        report.transactions.iter().map(|one| transaction(one, is_refused)).collect(),
    );
    let head = ["", "account", "token", "lost", "transactions"];
    table(out, "synchronizations", &head, report.synchronizations.iter().map(synchronization).collect());
    let head = ["", "id", "amount", "due", "payee", "list id", "from", "account there", "state"];
    table(out, "payments", &head, report.rows.payments.iter().map(payment).collect());
    let head = ["", "id", "amount", "first", "last", "how often", "from day", "payee", "list id", "from"];
    table(out, "recurring payments", &head, report.rows.recurring.iter().map(recurring).collect());
    let head = ["", "list id", "payee id", "name", "place", "telephone", "accounts there", "days"];
    table(out, "payees", &head, report.rows.payees.iter().map(payee).collect());
    table(
        out,
        "accounts",
        &["", "", "bank", "number", "type", "status"],
        report.rows.accounts.iter().map(account).collect(),
    );
    profile(out, report);
    let unknown = report
        .unknown
        .iter()
        .map(|(path, count)| vec![path.clone(), format!("{count} value{}", if *count == 1 { "" } else { "s" })]);
    table(out, "parts without a record", &[], unknown.collect());
    if !report.problems.is_empty() {
        line(out, "\nproblems");
        report.problems.iter().for_each(|problem| line(out, &format!("  {}", clean(problem))));
    }
    page
}

fn header(out: &mut String, report: &Report) {
    let header = &report.header;
    let version = match (header.version, header.version_is_known) {
        (None, _) => "without a version".to_owned(),
        (Some(version), true) => format!("OFX {version}, {}", header.syntax),
        (Some(version), false) => format!("OFX {version}, which is no version that can be written, {}", header.syntax),
    };
    line(out, &format!("a {}, {version}, {} bytes", report.direction, header.bytes));
    let sets: Vec<_> = [&header.encoding, &header.charset].into_iter().flatten().cloned().collect();
    let none = |text: &str| if text.is_empty() { "not said".to_owned() } else { text.to_owned() };
    pairs(
        out,
        &[
            ("character set", none(&sets.join(" "))),
            ("security", none(header.security.as_deref().unwrap_or_default())),
            ("file", none(header.new_file_uid.trim_start_matches("NONE"))),
            ("file before", header.old_file_uid.trim_start_matches("NONE").to_owned()),
        ],
    );
}

fn signon(out: &mut String, signon: &Signon) {
    line(out, "\nsignon");
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let institution = [&signon.org, &signon.fid].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let who = signon.how.map_or_else(String::new, |how| {
        signon.user.as_ref().map_or_else(|| how.to_owned(), |user| format!("{user}, {how}"))
    });
    pairs(
        out,
        &[
            (
                "status",
                signon
                    .status
                    .as_ref()
                    .map_or_else(String::new, |status| format!("{} {}", status.code, explained(status))),
            ),
            ("user", who),
            ("application", text(&signon.app)),
            ("institution", institution),
            ("time", text(&signon.time)),
            ("language", text(&signon.language)),
            ("country", text(&signon.country)),
            ("client", text(&signon.client_uid)),
            ("profile as of", text(&signon.profile_updated)),
            ("user's data as of", text(&signon.user_updated)),
            ("accounts as of", text(&signon.accounts_updated)),
            ("user key until", text(&signon.user_key_expires)),
            ("answers to", signon.answers.join(" ")),
            ("secrets", signon.secrets.join(" ")),
        ],
    );
}

/// What it means, the institution's own words, and what to do about it.
fn explained(status: &StatusReport) -> String {
    let mut text = status.meaning.unwrap_or("not in the specification").to_owned();
    if let Some(message) = &status.message {
        text += &format!(" ({message})");
    }
    if let Some(remedy) = status.remedy.filter(|_| status.is_error) {
        text += &format!("; {remedy}");
    }
    text
}

fn transaction(transaction: &Transaction, is_refused: bool) -> Row {
    let what = transaction.kind.unwrap_or(&transaction.tag);
    let what = transaction.within.as_ref().map_or_else(|| what.to_owned(), |frame| format!("{what} (in {frame})"));
    let status = transaction.status.as_ref();
    let code = status.map_or_else(String::new, |status| status.code.to_string());
    let told = status
        .filter(|status| status.is_error || status.message.is_some())
        .map(|status| if is_refused { "not looked at: the signon was refused".to_owned() } else { explained(status) });
    let about = [Some(transaction.about.clone()), told].into_iter().flatten().filter(|text| !text.is_empty());
    let about = about.collect::<Vec<_>>().join("; ");
    vec![what, code, transaction.trn_uid.clone().unwrap_or_default(), about]
}

fn synchronization(sync: &Synchronization) -> Row {
    let token = match (&sync.token, sync.error) {
        (_, Some(code)) => format!("none, error {code}"),
        (Some(token), None) => token.clone(),
        (None, None) => "none".to_owned(),
    };
    vec![
        sync.kind.to_owned(),
        sync.account.clone().unwrap_or_default(),
        token,
        sync.lost_sync.map_or("", |lost| if lost { "yes" } else { "no" }).to_owned(),
        sync.transactions.to_string(),
    ]
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

fn words(values: &[&Option<String>]) -> String {
    values.iter().copied().flatten().cloned().collect::<Vec<_>>().join(" ")
}

fn payment(row: &PaymentRow) -> Row {
    let payee = row.to.as_ref().map_or_else(|| text(&row.payee), |to| format!("{} at {to}", text(&row.payee)));
    vec![
        row.what.to_owned(),
        text(&row.id),
        words(&[&row.amount, &row.currency]),
        text(&row.due),
        payee,
        text(&row.payee_list_id),
        text(&row.from),
        text(&row.account_at_payee),
        words(&[&row.state, &row.state_day]),
    ]
}

fn recurring(row: &RecurringRow) -> Row {
    let often =
        row.times.map_or_else(|| text(&row.frequency), |times| format!("{}, {times} times", text(&row.frequency)));
    vec![
        row.what.to_owned(),
        text(&row.id),
        words(&[&row.payment.amount, &row.payment.currency]),
        text(&row.initial_amount),
        text(&row.final_amount),
        often,
        text(&row.payment.due),
        text(&row.payment.payee),
        text(&row.payment.payee_list_id),
        text(&row.payment.from),
    ]
}

fn payee(row: &PayeeRow) -> Row {
    let accounts = row.to.iter().map(|to| format!("transfer to {to}")).chain(row.accounts.iter().cloned());
    vec![
        row.what.to_owned(),
        text(&row.list_id),
        words(&[&row.id, &row.scope]),
        text(&row.name),
        text(&row.place),
        text(&row.phone),
        accounts.collect::<Vec<_>>().join(", "),
        row.days_to_pay.map_or_else(String::new, |days| days.to_string()),
    ]
}

fn account(row: &AccountRow) -> Row {
    let description = row.description.clone().unwrap_or_default();
    vec![
        description,
        row.kind.to_owned(),
        text(&row.bank),
        row.number.clone(),
        text(&row.account_type),
        text(&row.status),
    ]
}

fn profile(out: &mut String, report: &Report) {
    let Some(profile) = &report.profile else { return };
    line(out, "\nprofile");
    pairs(
        out,
        &[
            ("institution", text(&profile.name)),
            ("address", profile.address.join(", ")),
            ("as of", text(&profile.updated)),
        ],
    );
    let yes = |is: Option<bool>| is.map_or("", |is| if is { "yes" } else { "no" }).to_owned();
    let sets = profile.message_sets.iter().map(|set| {
        let name =
            format!("{} {}{}", set.name, set.version, if set.is_strange { " (attributes not read)" } else { "" });
        let url = set.url.clone();
        vec![name, text(&set.sync_mode), yes(set.refresh), yes(set.file_recovery), text(&set.realm), url]
    });
    table(out, "message sets on offer", &["", "sync", "refresh", "files kept", "realm", "url"], sets.collect());
    let realms = profile.realms.iter().map(|realm| {
        vec![
            realm.realm.clone(),
            realm.password.clone(),
            yes(realm.password_change),
            yes(realm.client_uid_required),
            yes(realm.questions),
            yes(realm.questions_first),
            realm.labels.join(", "),
        ]
    });
    let head = ["", "password", "can change", "CLIENTUID", "questions", "first", "also asks for"];
    table(out, "signon realms", &head, realms.collect());
    let facts =
        |facts: &[(&str, String)]| facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
    table(out, "bill payment", &[], facts(&profile.bill_pay));
    table(out, "sign-up", &[], facts(&profile.signup));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// The pairs that have a value.
fn pairs(out: &mut String, pairs: &[(&str, String)]) {
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        line(out, &format!("  {name:<18} {}", clean(value)));
    }
}

/// Aligned columns; those in which nothing stands are left out.
fn table(out: &mut String, title: &str, head: &[&str], rows: Vec<Row>) {
    if rows.is_empty() {
        return;
    }
    line(out, &format!("\n{title}"));
    let rows: Vec<Row> = rows.into_iter().map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let used: Vec<usize> =
        (0..columns).filter(|at| rows.iter().any(|row| row.get(*at).is_some_and(|cell| !cell.is_empty()))).collect();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain(head.get(at).map(|name| name.len())).max().unwrap_or(0)
    };
    let mut columns = |cell: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = used.iter().map(|at| format!("{:<width$}", cell(*at), width = width(*at))).collect();
        line(out, &format!("  {}", cells.join("  ").trim_end()));
    };
    if !head.is_empty() {
        columns(&|at| head.get(at).map_or_else(String::new, |name| (*name).to_owned()));
    }
    for row in &rows {
        columns(&|at| row.get(at).cloned().unwrap_or_default());
    }
}

/// Nothing of a document moves the cursor of a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
