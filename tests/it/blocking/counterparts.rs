//! Every method of the async types has one of the same signature that waits: read from the source, so that nobody has to remember.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::rooms::sources;

/// The types that exist twice.
const TWICE: &[&str] = &["Client", "Session", "Paused", "Stored", "Vault"];

/// A public method as it is declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Method {
    is_async: bool,
    /// From the name to the result, without what may be written in more than one way.
    signature: String,
}

impl Method {
    /// What an expression can call on the async type through the one that waits, which only lends it.
    fn is_lent(&self) -> bool {
        self.signature.contains("(&self")
    }
}

/// The public methods of each type, from the lines of its `impl` blocks; a method of `forward!` is public.
fn methods(text: &str) -> BTreeMap<String, BTreeSet<Method>> {
    let mut found: BTreeMap<String, BTreeSet<Method>> = BTreeMap::new();
    let (mut of, mut declared) = (None, String::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("impl ") {
            of = rest.strip_suffix(" {").filter(|name| TWICE.contains(name));
        } else if line == "}" {
            of = None;
        }
        let Some(name) = of else { continue };
        let code = line.trim_start();
        let starts = ["pub fn ", "pub async fn "].iter().any(|start| code.starts_with(start))
            || line.starts_with("        fn ")
            || line.starts_with("        async fn ");
        if starts || !declared.is_empty() {
            declared += code;
            declared.push(' ');
        }
        if !declared.is_empty() && (code.ends_with('{') || code.ends_with(';')) {
            found.entry(name.to_owned()).or_default().insert(method(&std::mem::take(&mut declared)));
        }
    }
    found
}

fn method(declared: &str) -> Method {
    let declared = declared.trim().trim_end_matches(['{', ';']);
    let declared = declared.strip_prefix("pub ").unwrap_or(declared);
    let (is_async, rest) = match declared.strip_prefix("async ") {
        Some(rest) => (true, rest),
        None => (false, declared),
    };
    let spaced = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    let tight = spaced.replace("( ", "(").replace(", )", ")").replace("(mut ", "(").replace(", mut ", ", ");
    let tight = tight.trim_start_matches("fn ").to_owned();
    Method { is_async, signature: without_paths(&tight) }
}

/// `crate::transport::HttpsOptions` as `HttpsOptions`.
fn without_paths(text: &str) -> String {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut parts = text.split("::").collect::<Vec<_>>();
    let last = parts.pop().unwrap_or_default();
    let kept = parts.into_iter().map(|part| part.trim_end_matches(is_name));
    kept.chain([last]).collect()
}

/// What is wrong between the async types and those that wait.
fn complaints(twice: &BTreeMap<String, BTreeSet<Method>>, waiting: &str, lends: &[String]) -> Vec<String> {
    let waiting = methods(waiting);
    let none = BTreeSet::new();
    let mut wrong = Vec::new();
    for (name, methods) in twice {
        let ours = waiting.get(name).unwrap_or(&none);
        let signatures: BTreeSet<_> = ours.iter().map(|method| &method.signature).collect();
        for method in methods {
            let reached = method.is_lent() && !method.is_async && lends.contains(name);
            if !reached && !signatures.contains(&method.signature) {
                wrong.push(format!("blocking::{name} has no {}", method.signature));
            }
        }
        let theirs: BTreeSet<_> = methods.iter().map(|method| &method.signature).collect();
        let more = signatures.difference(&theirs);
        wrong.extend(more.map(|signature| format!("{name} is not async and has no {signature}")));
    }
    wrong
}

fn read(room: &str) -> Vec<String> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room), &mut files);
    files.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Types that let the async one be looked at.
fn lends(text: &str) -> Vec<String> {
    let calls = text.split("looked_at_as_async!(").skip(1);
    calls.filter_map(|rest| Some(rest.split_once(");")?.0.to_owned())).collect()
}

/// The methods of the async types.
fn declared() -> BTreeMap<String, BTreeSet<Method>> {
    let mut all: BTreeMap<String, BTreeSet<Method>> = BTreeMap::new();
    for (name, found) in read("client").iter().flat_map(|text| methods(text)) {
        all.entry(name).or_default().extend(found);
    }
    all
}

/// The calls that wait for something: `Session.pay` and so on.
pub(crate) fn async_calls() -> Vec<String> {
    let declared = declared();
    let calls = declared.iter().flat_map(|(of, methods)| methods.iter().map(move |method| (of, method)));
    let name = |method: &Method| method.signature.split(['(', '<']).next().unwrap_or_default().to_owned();
    calls.filter(|(_, method)| method.is_async).map(|(of, method)| format!("{of}.{}", name(method))).collect()
}

#[test]
fn every_method_has_one_that_waits() {
    let twice = declared();
    for text in read("client") {
        // The builder is one type for both: a method for the async client alone would be missing on the other.
        assert!(
            !text.contains("impl ClientBuilder {"),
            "a method of ClientBuilder that is not of every ClientBuilder<C>"
        );
    }
    assert_eq!(twice.keys().collect::<Vec<_>>(), ["Client", "Paused", "Session", "Stored", "Vault"]);
    let waits = twice.values().flatten().filter(|method| method.is_async).count();
    assert!(waits > 35, "found only {waits} async methods");
    let waiting = read("blocking").join("\n");
    let mut lends = lends(&waiting);
    lends.sort();
    assert_eq!(lends, ["Client", "Paused", "Session"], "found these to lend the async type");
    let wrong = complaints(&twice, &waiting, &lends);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_check_itself_can_fail() {
    let session = "impl Session {\n    pub async fn pay(\n        &mut self,\n        payment: &crate::ofx::Payment,\n    ) -> Result<(), Error> {\n";
    let forwarded = "impl Session {\n    forward! { Session:\n        async fn pay(&mut self, payment: &Payment) -> Result<(), Error>;\n";
    let check = |theirs: &str, ours: &str| complaints(&methods(theirs), ours, &["Session".to_owned()]).len();
    assert_eq!(check(session, forwarded), 0);
    assert_eq!(check(session, "impl Session {\n"), 1);
    assert_eq!(check(session, &forwarded.replace("&Payment", "Payment")), 2);
    let private = session.replace("pub async", "pub(crate) async");
    assert_eq!(check(&private, "impl Session {\n"), 0);
    let looked_at = "impl Session {\n    pub fn client(&self) -> &Client {\n";
    assert_eq!(check(looked_at, "impl Session {\n"), 0);
    assert_eq!(check(&looked_at.replace("fn", "async fn"), "impl Session {\n"), 1);
    assert_eq!(check(&looked_at.replace("&self", "mut self"), "impl Session {\n"), 1);
    assert_eq!(check(&looked_at.replace("Session", "Vault"), "impl Vault {\n"), 1);
    let other = "impl Session {\n}\n\nimpl Other for Session {\n    pub fn other(self) {\n";
    assert_eq!(check(other, "impl Session {\n"), 0);
}
