//! Searches what a whole run of the tests has said for every secret that was on the wire meanwhile.
//!
//! Another run has to be made first, into an empty folder DIR; without one there is nothing to search, and this says so:
//!
//! ```text
//! OFX_TESTING_RECORD=DIR OFX_TESTING_LOG=DIR/trace.log cargo test --all-features -- --show-output >DIR/output.log 2>&1
//! OFX_CANARY_DIR=DIR cargo test --all-features --test canary
//! ```
//!
//! `secrets.txt` there is written by [`testing::Bank`](ofx_session::testing::Bank), and by the tests for what is in no document: passwords of
//! proxies and of files, private keys. Every file whose name ends in `.log` is searched.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// A secret in one spelling.
struct Needle {
    kind: String,
    spelled: Vec<u8>,
}

/// Needles by how they begin.
struct Needles {
    all: HashMap<[u8; START], Vec<Needle>>,
    /// Whether one begins with these two bytes: most places in a log are passed over by that.
    begins: Vec<bool>,
    /// The kinds there are of what can be searched for as it is.
    kinds: BTreeSet<String>,
}

impl Needles {
    /// Reads `secrets.txt`: a tag, a tabulator, a value.
    fn read(text: &str) -> Self {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        let mut kinds = BTreeSet::new();
        let lines: BTreeSet<_> = text.lines().filter_map(|line| line.split_once('\t')).collect();
        for &(kind, value) in &lines {
            let bytes = value.as_bytes();
            if bytes.len() >= START {
                kinds.insert(kind.to_owned());
            }
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
            for spelled in [value.to_owned(), hex, list].into_iter().chain(base64(bytes)) {
                let spelled = spelled.into_bytes();
                let Some(start) = spelled.first_chunk().copied() else { continue };
                all.entry(start).or_default().push(Needle { kind: kind.to_owned(), spelled });
            }
        }
        let mut begins = vec![false; 1 << 16];
        all.keys().for_each(|start| begins[pair(start)] = true);
        Self { all, begins, kinds }
    }

    /// The kinds of secrets that a line holds.
    fn in_line(&self, line: &[u8]) -> Vec<&str> {
        let mut kinds = Vec::new();
        for (at, start) in line.windows(START).enumerate() {
            if !self.begins[pair(start)] {
                continue;
            }
            let alike = <[u8; START]>::try_from(start).ok().and_then(|start| self.all.get(&start));
            let found = alike.into_iter().flatten().filter(|needle| line[at..].starts_with(&needle.spelled));
            kinds.extend(found.map(|needle| needle.kind.as_str()));
        }
        kinds
    }
}

/// What is the same in every text of Base64 that holds these bytes, whatever is in front of them and behind; as much as tells it from
/// others.
fn base64(bytes: &[u8]) -> BTreeSet<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let groups = (0..3).filter_map(|skipped| {
        let rest = bytes.get(skipped..)?;
        rest.get(..rest.len() / 3 * 3)
    });
    let texts = groups.flat_map(|group| [STANDARD.encode(group), URL_SAFE.encode(group)]);
    texts.filter(|text| text.len() >= SHORTEST_BASE64).collect()
}

fn pair(start: &[u8]) -> usize {
    usize::from(start[0]) << 8 | usize::from(start[1])
}

fn needles(folder: &Path) -> Result<Needles, std::io::Error> {
    Ok(Needles::read(&fs::read_to_string(folder.join("secrets.txt"))?))
}

/// Every line with a secret in it, without the secret: its file, number and kinds.
fn search(folder: &Path, needles: &Needles) -> Result<(usize, Vec<String>), std::io::Error> {
    let (mut searched, mut found) = (0, Vec::new());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|end| end != "log") {
            continue;
        }
        let mut file = BufReader::new(File::open(&path)?);
        let (mut line, mut number, mut passed_over) = (Vec::new(), 0, false);
        while file.read_until(b'\n', &mut line)? > 0 {
            number += 1;
            if SECTIONS.iter().any(|begin| line.starts_with(begin)) {
                passed_over = ON_PURPOSE.iter().any(|test| line.starts_with(format!("---- {test} ").as_bytes()));
            }
            let kinds = if passed_over { Vec::new() } else { needles.in_line(&line) };
            if !kinds.is_empty() {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                found.push(format!("{name}, line {number}: {}", kinds.join(", ")));
            }
            searched += line.len();
            line.clear();
        }
    }
    Ok((searched, found))
}

#[test]
fn no_secret_is_in_what_the_tests_have_said() {
    let Some(folder) = std::env::var_os("OFX_CANARY_DIR") else {
        println!("nothing was searched: OFX_CANARY_DIR names no folder of a run");
        return;
    };
    let folder = Path::new(&folder);
    let needles = needles(folder).unwrap();
    let missing: Vec<_> = KINDS.iter().filter(|&&kind| !needles.kinds.contains(kind)).collect();
    assert!(missing.is_empty(), "the run had none of these secrets, or none that can be searched for: {missing:?}");
    let (searched, found) = search(folder, &needles).unwrap();
    assert!(searched > 0, "there is nothing to search");
    let first: Vec<_> = found.iter().take(50).map(String::as_str).collect();
    assert!(found.is_empty(), "secrets are in {} lines:\n{}", found.len(), first.join("\n"));
    println!("{searched} bytes were searched");
}

#[test]
fn a_secret_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("secrets.txt", "USERPASS\tcorrect horse\nACCESSKEY\tkey-12345678\nMFAPHRASEA\tGarcia\nAPPKEY\tshort\n");
    write("clean.log", "correct\nhorse key-1234567 Garci\n");
    let needles = needles(folder.path()).unwrap();
    assert!(needles.kinds.iter().eq(["ACCESSKEY", "MFAPHRASEA", "USERPASS"]));
    assert_eq!(search(folder.path(), &needles).unwrap(), (32, Vec::new()));
    write(
        "leaks.log",
        "first\nsent \"correct horse\"\nkey 6b65792d3132333435363738\n[107, 101, 121, 45, 49, 50, 51, 52, 53, 54, 55, 56]\n",
    );
    // Alone, and behind one byte and behind two of something else.
    let encoded = ["correct horse", "x:correct horse battery", "xcorrect horse"];
    use base64::Engine as _;
    let encoded = encoded.map(|text| base64::engine::general_purpose::STANDARD.encode(text));
    write("encoded.log", &format!("{}\nno\nanswer=Garcia\n", encoded.join("\n")));
    write("other.txt", "correct horse");
    let passed = "---- books::the_comparison_can_fail stdout ----\ncorrect horse\n";
    write(
        "passed.log",
        &format!("{passed}---- other stdout ----\ncorrect horse\n{passed}\nsuccesses:\ncorrect horse\n"),
    );
    let (_, mut found) = search(folder.path(), &needles).unwrap();
    found.sort();
    let expected = [
        "encoded.log, line 1: USERPASS",
        "encoded.log, line 2: USERPASS",
        "encoded.log, line 3: USERPASS",
        "encoded.log, line 5: MFAPHRASEA",
        "leaks.log, line 2: USERPASS",
        "leaks.log, line 3: ACCESSKEY",
        "leaks.log, line 4: ACCESSKEY",
        "passed.log, line 4: USERPASS",
        "passed.log, line 9: USERPASS",
    ];
    assert_eq!(found, expected);
}

/// Tests that fail inside, on purpose, and show the records that they compare.
const ON_PURPOSE: [&str; 1] = ["books::the_comparison_can_fail"];

/// How what is said of the next test begins, or of all of them.
const SECTIONS: [&[u8]; 5] = [b"---- ", b"successes:", b"failures:", b"test result:", b"running "];

/// Kinds of secrets that every run has on the wire: a list without one of them would find nothing, and say that nothing is there.
const KINDS: [&str; 15] = [
    "USERPASS",
    "NEWUSERPASS",
    "USERKEY",
    "ACCESSKEY",
    "ACCESSTOKEN",
    "SESSCOOKIE",
    "AUTHTOKEN",
    "USERCRED1",
    "USERCRED2",
    "MFAPHRASEA",
    "APPKEY",
    "ACCTID",
    "PAYACCT",
    "password of a proxy",
    "private key",
];

/// Every secret in the list is at least this long.
const START: usize = 6;
/// Less of one is found by chance.
const SHORTEST_BASE64: usize = 8;
