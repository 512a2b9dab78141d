//! Every file of `fixtures/` meets the verdict in its own name, and says what it was written to say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ofx_session::ofx::{Document, Element, EncodeError, Header, Limits, Problem, Style, Version};

#[test]
fn every_file_meets_the_verdict_in_its_name() {
    let mut wrong = Vec::new();
    for (name, bytes) in fixtures() {
        let decoded = Document::decode(&bytes, &Limits::new());
        let verdict = match (&decoded, expected_problem(&name)) {
            (Ok(_), None) => continue,
            (Ok(_), Some(problem)) => format!("decodes, and should fail with {problem}"),
            (Err(error), None) => format!("should decode: {error}"),
            (Err(error), Some(problem)) if name_of(error.problem()) != problem => format!("{error}, not {problem}"),
            (Err(error), Some(_)) if error.offset() > bytes.len() => format!("{error} of {}", bytes.len()),
            (Err(error), Some(_)) if inside_the_root(error.problem()) && !error.path().starts_with("/OFX") => {
                format!("{error} has no path")
            }
            (Err(_), Some(_)) => continue,
        };
        wrong.push(format!("{name}: {verdict}"));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_good_file_survives_being_written_again() {
    for (name, bytes) in good() {
        let first = decode(&name, &bytes);
        for version in Version::ALL {
            for style in [Style::new(), Style::new().close_leaves(true), Style::new().line_breaks(true)] {
                let header = Header::new(version);
                let written = match Document::new(header, first.root().clone()).encode(&style) {
                    Ok(written) => written,
                    // Greek is the one script in these files that 1.x cannot carry.
                    Err(EncodeError::Charset { .. }) if version.is_sgml() && name.contains("utf16") => continue,
                    Err(error) => panic!("{name} as {version}: {error}"),
                };
                assert_eq!(first.root(), decode(&name, &written).root(), "{name} as {version} with {style:?}");
            }
        }
    }
}

#[test]
fn every_proper_prefix_of_a_good_file_fails() {
    for (name, bytes) in good() {
        let end = end_of_root(&bytes);
        for cut in 0..bytes.len() {
            let decoded = Document::decode(&bytes[..cut], &Limits::new());
            assert_eq!(decoded.is_ok(), cut >= end, "{name} cut at {cut} of {}: {decoded:?}", bytes.len());
            let at = decoded.map_or_else(|error| error.offset(), |document| document.root().offset());
            assert!(at <= cut, "{name} cut at {cut} complains about {at}");
        }
    }
}

#[test]
fn the_same_message_is_the_same_tree_in_every_syntax() {
    let mut messages: BTreeMap<String, Vec<Element>> = BTreeMap::new();
    for (name, bytes) in good().filter(|(name, _)| name.starts_with("spec/")) {
        let message = name.split(['_', '/']).take_while(|word| !matches!(*word, "sgml" | "xml.ofx" | "sgml.ofx"));
        messages.entry(message.collect::<Vec<_>>().join("_")).or_default().push(decode(&name, &bytes).root().clone());
    }
    assert!(messages.len() >= 12, "{:?}", messages.keys());
    for (message, trees) in messages {
        assert!(trees.len() >= 2, "{message} is there in one syntax only");
        assert!(trees.windows(2).all(|pair| pair[0] == pair[1]), "{message}");
    }
}

#[test]
fn every_quirk_says_what_it_was_written_to_say() {
    let facts: BTreeSet<&str> = FACTS.iter().map(|(name, ..)| *name).collect();
    for (name, bytes) in good().filter(|(name, _)| name.starts_with("quirks/")) {
        let document = decode(&name, &bytes);
        let short = name.trim_start_matches("quirks/ok_").trim_end_matches(".ofx");
        if !facts.contains(short) {
            assert_eq!(*document.root(), plain(), "{name}");
        }
        for (_, path, value) in FACTS.iter().filter(|(known, ..)| *known == short) {
            assert_eq!(document.find(path).and_then(Element::text), *value, "{name} {path}");
        }
    }
    let files: BTreeSet<String> = good().map(|(name, _)| name).collect();
    let unknown: Vec<_> = facts.iter().filter(|fact| !files.contains(&format!("quirks/ok_{fact}.ofx"))).collect();
    assert!(unknown.is_empty(), "facts about files that are not there: {unknown:?}");
}

#[test]
fn damaged_headers_keep_what_can_be_read() {
    for (name, version, charset, new_file_uid) in HEADERS {
        let document = decode(name, &fs::read(root().join(format!("quirks/ok_{name}.ofx"))).unwrap());
        let header = document.header();
        let found = (header.version_number(), header.charset(), header.new_file_uid().as_str());
        assert_eq!(found, (*version, *charset, *new_file_uid), "{name}");
    }
}

#[test]
fn offsets_point_at_the_tag_in_the_file() {
    for (name, bytes) in good().filter(|(name, _)| !name.contains("utf16")) {
        check_offsets(decode(&name, &bytes).root(), &bytes, 1, &name);
    }
    for (name, width, lead) in
        [("utf16le_bom", 2, 0), ("utf16be_bom", 2, 1), ("utf16le_no_bom", 2, 0), ("utf16_xml", 2, 0)]
    {
        let bytes = fs::read(root().join(format!("quirks/ok_{name}.ofx"))).unwrap();
        check_offsets(decode(name, &bytes).root(), &bytes[lead..], width, name);
    }
}

#[test]
fn every_file_has_its_line_in_the_readme() {
    for folder in FOLDERS {
        let readme = fs::read_to_string(root().join(folder).join("README.md")).unwrap();
        let lines: BTreeSet<String> = readme
            .lines()
            .filter_map(|line| line.strip_prefix("- `")?.split_once("`: ").filter(|(_, says)| says.len() > 8))
            .map(|(name, _)| format!("{folder}/{name}"))
            .collect();
        let files = fixtures().filter(|(name, _)| name.starts_with(folder)).map(|(name, _)| name).collect();
        assert_eq!(lines, files, "{folder}/README.md");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn fixtures() -> impl Iterator<Item = (String, Vec<u8>)> {
    let files = FOLDERS.iter().flat_map(|folder| {
        let files = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|end| end == "ofx")).map(move |path| (folder, path))
    });
    files.map(|(folder, path)| {
        (format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap()), fs::read(path).unwrap())
    })
}

fn good() -> impl Iterator<Item = (String, Vec<u8>)> {
    fixtures().filter(|(name, _)| expected_problem(name).is_none())
}

fn decode(name: &str, bytes: &[u8]) -> Document {
    Document::decode(bytes, &Limits::new()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The problem in a file's name; `None` when it is to decode.
fn expected_problem(name: &str) -> Option<&'static str> {
    let verdict = name.rsplit('/').next().unwrap();
    if verdict.starts_with("ok_") {
        return None;
    }
    let problem = verdict.strip_prefix("err_").unwrap_or_else(|| panic!("{name} has no verdict"));
    let known = PROBLEMS.iter().find(|known| problem.starts_with(*known));
    Some(known.unwrap_or_else(|| panic!("{name} names no problem")))
}

fn name_of(problem: &Problem) -> &'static str {
    match problem {
        Problem::NoOfx => "no_ofx",
        Problem::Truncated(_) => "truncated",
        Problem::UnexpectedEnd(_) => "unexpected_end",
        Problem::Markup(_) => "markup",
        Problem::Doctype => "doctype",
        Problem::Limit { .. } => "limit",
        Problem::Missing(_) => "missing",
        Problem::Repeated(_) => "repeated",
        Problem::Value(_) => "value",
        other => panic!("{other} is new: give it a name here"),
    }
}

/// Whether the problem can only be met below the root, so that there is a path to it.
fn inside_the_root(problem: &Problem) -> bool {
    match problem {
        Problem::Markup(text) => !text.contains("after the end of the document"),
        Problem::UnexpectedEnd(tag) => tag != "OFX",
        Problem::Truncated(_) | Problem::Limit { .. } => true,
        _ => false,
    }
}

/// Just behind the root's end tag, looked for from the end of the file, in whatever width its characters have.
fn end_of_root(bytes: &[u8]) -> usize {
    let wide = |lead: usize| b"</OFX>".iter().flat_map(|b| if lead == 0 { [*b, 0] } else { [0, *b] }).collect();
    let tags: [Vec<u8>; 4] = [b"</OFX>".to_vec(), b"</ofx>".to_vec(), wide(0), wide(1)];
    let ends = tags.iter().filter_map(|tag| {
        let at = bytes.windows(tag.len()).rposition(|window| window == tag)?;
        Some(at + tag.len())
    });
    ends.max().unwrap()
}

fn check_offsets(element: &Element, bytes: &[u8], width: usize, name: &str) {
    let tag = format!("<{}", element.tag());
    let found: Vec<u8> = bytes.iter().skip(element.offset()).step_by(width).take(tag.len()).copied().collect();
    assert!(found.eq_ignore_ascii_case(tag.as_bytes()), "{name}: {tag} is not at {}", element.offset());
    element.children().iter().for_each(|child| check_offsets(child, bytes, width, name));
}

/// What most files of `quirks/` say, each in a way of its own.
fn plain() -> Element {
    let leaf = |tag: &'static str, value: &str| Element::leaf(tag, value);
    let status = vec![leaf("CODE", "0"), leaf("SEVERITY", "INFO"), leaf("MESSAGE", "Welcome back")];
    let institution = vec![leaf("ORG", "LARKSPUR"), leaf("FID", "6021")];
    let signon = vec![
        Element::aggregate("STATUS", status),
        leaf("DTSERVER", "20270314081502"),
        leaf("LANGUAGE", "ENG"),
        Element::aggregate("FI", institution),
    ];
    let set = Element::aggregate("SIGNONMSGSRSV1", vec![Element::aggregate("SONRS", signon)]);
    Element::aggregate("OFX", vec![set])
}

const FOLDERS: [&str; 3] = ["spec", "quirks", "hostile"];

const PROBLEMS: [&str; 8] = ["no_ofx", "truncated", "unexpected_end", "markup", "doctype", "limit", "missing", "value"];

const MESSAGE: &str = "/OFX/SIGNONMSGSRSV1/SONRS/STATUS/MESSAGE";
const CAFE: Option<&str> = Some("Café Zoë – €5");
const GREEK: Option<&str> = Some("Καλώς ήρθες");

/// File, path, value there: what a file says beyond [`plain`].
#[rustfmt::skip]
const FACTS: &[(&str, &str, Option<&str>)] = &[
    ("bom_utf8_xml", MESSAGE, Some("Bienvenüe back")),
    ("utf16le_bom", MESSAGE, GREEK),
    ("utf16be_bom", MESSAGE, GREEK),
    ("utf16le_no_bom", MESSAGE, GREEK),
    ("utf16be_no_bom", MESSAGE, GREEK),
    ("utf16le_declares_latin2", MESSAGE, GREEK),
    ("utf16_xml", MESSAGE, Some("Καλώς ήρθες 🏦")),
    ("charset_1252", MESSAGE, CAFE),
    ("charset_1252_is_utf8", MESSAGE, CAFE),
    ("charset_8859_1_bare", MESSAGE, CAFE),
    ("charset_iso_8859_1", MESSAGE, CAFE),
    ("charset_iso_8859_15", MESSAGE, Some("Café Zoë - €5")),
    ("charset_cp1252", MESSAGE, CAFE),
    ("charset_none", MESSAGE, CAFE),
    ("charset_none_latin", MESSAGE, CAFE),
    ("encoding_utf8_sgml", MESSAGE, CAFE),
    ("encoding_utf8_is_1252", MESSAGE, CAFE),
    ("encoding_unicode_is_utf8", MESSAGE, CAFE),
    ("xml_1252", MESSAGE, CAFE),
    ("xml_utf8_is_1252", MESSAGE, CAFE),
    ("vendor_tags", "/OFX/SIGNONMSGSRSV1/SONRS/INTU.BID", Some("6021")),
    ("vendor_tags", "/OFX/SIGNONMSGSRSV1/SONRS/START.TIME", Some("20270314")),
    ("vendor_tags", MESSAGE, Some("Welcome back")),
    ("vendor_aggregate", "/OFX/SIGNONMSGSRSV1/SONRS/LKS.EXTRA/LKS.B", Some("2")),
    ("cdata", MESSAGE, Some("Fees < 5 & <b>rising</b>")),
    ("cdata_blanks", MESSAGE, Some("Fees < 5 & <b>rising</b>")),
    ("cdata_one_blank", MESSAGE, Some("Fees < 5 & <b>rising</b>")),
    ("bare_ampersand", MESSAGE, Some("AT&T, R&D; B & C &")),
    ("unknown_entity", MESSAGE, Some("caf&eacute; &OFX;")),
    ("five_entities", MESSAGE, Some("<>&\"' &lt;")),
    ("numeric_references", MESSAGE, Some("Welcome báck €")),
    ("value_over_lines", MESSAGE, Some("Welcome\nback")),
    ("empty_leaf_sgml", "/OFX/SIGNONMSGSRSV1/SONRS/DTSERVER", Some("20270314081502")),
    ("empty_leaf_sgml", "/OFX/SIGNONMSGSRSV1/SONRS/FI/ORG", Some("LARKSPUR")),
    ("empty_leaf_sgml", "/OFX/SIGNONMSGSRSV1/SONRS/USERKEY", None),
    ("empty_leaf_last", "/OFX/SIGNONMSGSRSV1/SONRS/FI/ORG", Some("LARKSPUR")),
    ("empty_leaf_last", "/OFX/SIGNONMSGSRSV1/SONRS/FI/FID", None),
    ("empty_leaf_closed", "/OFX/SIGNONMSGSRSV1/SONRS/FI/FID", None),
    ("empty_leaf_self_closing", "/OFX/SIGNONMSGSRSV1/SONRS/FI/FID", None),
    ("wrong_closing_tag", "/OFX/CREDITCARDMSGSRSV1/CCSTMTTRNRS/CCSTMTRS/LEDGERBAL/BALAMT", Some("-12,50")),
    ("wrong_closing_tag_after_leaf", "/OFX/CREDITCARDMSGSRSV1/CCSTMTTRNRS/CCSTMTRS/LEDGERBAL/BALAMT", Some("-12,50")),
    ("wrong_closing_tag_after_leaf", "/OFX/CREDITCARDMSGSRSV1/CCSTMTTRNRS/CCSTMTRS/CCACCTFROM/ACCTID", Some("4111 2222")),
];

const UID: &str = "f0e1d2c3-0001-4a5b-8c9d-2027aa000001";

/// File, version, character set, identifier of the file.
const HEADERS: &[(&str, Option<u16>, Option<&str>, &str)] = &[
    ("no_line_breaks_at_all", Some(103), Some("1252"), UID),
    ("header_on_one_line", Some(103), Some("1252"), UID),
    ("blanks_after_colons", Some(103), Some("1252"), UID),
    ("blanks_around_colons", Some(103), Some("1252"), UID),
    ("no_blank_line", Some(103), Some("1252"), UID),
    ("no_compression", Some(103), Some("1252"), UID),
    ("leading_blank_lines", Some(103), Some("1252"), UID),
    ("leading_blank_lines_xml", Some(211), None, UID),
    ("cr", Some(103), Some("1252"), UID),
    ("lf", Some(103), Some("1252"), UID),
    ("no_header_sgml", None, None, "NONE"),
    ("header_without_version", None, None, "NONE"),
    ("utf16be_bom", Some(103), Some("NONE"), UID),
    ("utf16_xml", Some(211), None, UID),
    ("bom_utf8_sgml", Some(103), Some("1252"), UID),
    ("single_quotes", Some(211), None, UID),
    ("declarations_on_one_line", Some(211), None, UID),
    ("lost_bracket", Some(211), None, UID),
    ("blanks_in_declaration", Some(211), None, UID),
    ("header_lower_case_xml", Some(211), None, UID),
    ("sgml_version_203", Some(203), Some("1252"), UID),
    ("version_unknown", Some(299), None, UID),
    ("version_word", None, Some("1252"), UID),
    ("version_dots", None, Some("1252"), UID),
    ("version_dots_xml", None, None, UID),
    ("version_huge", None, None, UID),
    ("version_negative", None, Some("1252"), UID),
];
