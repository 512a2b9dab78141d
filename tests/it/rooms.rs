//! Who may import whom: the arrows between the rooms of `src/`, and what a pure room may never touch.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Room, the rooms it may import, and whether it is pure (no clock, no randomness, no network).
const ROOMS: &[(&str, &[&str], bool)] = &[
    ("error", &[], true),
    ("secret", &[], true),
    ("ofx", &["error", "secret"], true),
    ("engine", &["ofx", "error", "secret"], true),
    ("seal", &["error", "secret"], true),
    ("store", &["error"], false),
    ("transport", &["error", "secret"], false),
    ("client", &["ofx", "engine", "seal", "store", "transport", "error", "secret"], false),
    ("blocking", &["client", "ofx", "engine", "seal", "store", "transport", "error", "secret"], false),
    ("testing", &["client", "ofx", "engine", "seal", "store", "transport", "error", "secret"], false),
];

/// Words that a pure room may not contain.
const IMPURE: &[&str] = &[
    "reqwest",
    "tokio",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "new_v4",
    "getrandom",
    "std::net",
    "std::fs",
];

/// Words that no room may contain.
const FORBIDDEN: &[&str] = &["todo!", "unimplemented!", "dbg!"];

pub(crate) fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn room_of(path: &Path, root: &Path) -> String {
    let first = path.strip_prefix(root).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// Names that follow `crate::` anywhere in a line, doc comments left out; `{a, b}` counts as each of them.
fn imports(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let list = rest.strip_prefix('{').map_or(rest, |inner| inner.split('}').next().unwrap_or_default());
        let parts = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
        for part in parts {
            names.push(part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names
}

/// Everything wrong with one file of a room, as lines to show.
fn complaints(room: &str, allowed: &[&str], pure: bool, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !text.starts_with("//!") {
        found.push("does not open with //!".to_owned());
    }
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for name in imports(line) {
            if name != room && !allowed.contains(&name.as_str()) {
                found.push(format!("line {}: {room} may not import crate::{name}", number + 1));
            }
        }
        for word in IMPURE.iter().filter(|word| pure && code.contains(**word)) {
            found.push(format!("line {}: {word} in a pure room", number + 1));
        }
        for word in FORBIDDEN.iter().filter(|word| code.contains(**word)) {
            found.push(format!("line {}: {word}", number + 1));
        }
    }
    found
}

#[test]
fn rooms_import_only_along_the_arrows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: BTreeMap<_, _> = ROOMS.iter().map(|(name, allowed, pure)| (*name, (*allowed, *pure))).collect();
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > ROOMS.len(), "found only {} files", files.len());
    let mut wrong = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        let room = room_of(path, &root);
        let found = match rooms.get(room.as_str()) {
            Some((allowed, pure)) => complaints(&room, allowed, *pure, &text),
            None if room == "lib" => complaints("lib", &rooms.keys().copied().collect::<Vec<_>>(), false, &text),
            None => vec!["belongs to no room".to_owned()],
        };
        wrong.extend(found.into_iter().map(|line| format!("{}: {line}", path.display())));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_two_rooms_import_each_other() {
    for (room, allowed, _) in ROOMS {
        for other in *allowed {
            let (_, back, _) = ROOMS.iter().find(|(name, ..)| name == other).unwrap();
            assert!(!back.contains(room), "{room} and {other} import each other");
        }
    }
}

#[test]
fn the_check_itself_can_fail() {
    let seal = ["error"];
    assert_eq!(complaints("seal", &seal, true, "//! x\nuse crate::error::Error;\n"), Vec::<String>::new());
    assert_eq!(complaints("seal", &seal, true, "//! x\nuse crate::ofx::Document;\n").len(), 1);
    assert_eq!(complaints("seal", &seal, true, "//! x\nuse crate::{error, client};\n").len(), 1);
    assert_eq!(complaints("seal", &seal, true, "//! x\nlet t = SystemTime::now();\n").len(), 1);
    assert_eq!(complaints("seal", &seal, true, "use crate::error::Error;\n").len(), 1);
    assert_eq!(complaints("seal", &seal, false, "//! x\n todo!()\n").len(), 1);
}
