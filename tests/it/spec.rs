//! What the specification says of values, codes, headers, versions and profiles, section by section.

mod codes;
mod values;

use ofx_session::ofx::{
    Document, Element, EncodeError, FileUid, Header, Limits, MessageSet, MessageSetCore, MessageSetDetails, Problem,
    Profile, SignonInfo, Stamp, Style, SyncMode, Version,
};

// Headers: OFX 1.0.3 §2.2, OFX 2.3 §2.2.

fn written(header: Header) -> Result<String, EncodeError> {
    let document = Document::new(header, Element::aggregate("OFX", vec![Element::leaf("MEMO", "x")]));
    document.encode(&Style::new()).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn headers_are_written_as_the_specification_prints_them() {
    let header = Header::new(Version::V103).file_uids(FileUid::new("0"), FileUid::new("a-1"));
    let lines = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\
                 COMPRESSION:NONE\r\nOLDFILEUID:0\r\nNEWFILEUID:a-1\r\n\r\n<OFX><MEMO>x</OFX>";
    assert_eq!(written(header).unwrap(), lines);
    let header = Header::new(Version::V220).file_uids(FileUid::none(), FileUid::new("a-1"));
    let instructions = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\r\n<?OFX OFXHEADER=\"200\" \
                        VERSION=\"220\" SECURITY=\"NONE\" OLDFILEUID=\"NONE\" NEWFILEUID=\"a-1\"?>\r\n\
                        <OFX><MEMO>x</MEMO></OFX>";
    assert_eq!(written(header).unwrap(), instructions);
}

#[test]
fn a_header_is_read_as_it_was_written() {
    for version in Version::ALL {
        let header = Header::new(version).file_uids(FileUid::new("0"), FileUid::new("5B0C4A1E-77D2"));
        let document = Document::decode(written(header.clone()).unwrap().as_bytes(), &Limits::new()).unwrap();
        assert_eq!(*document.header(), header);
        assert_eq!(document.header().security(), Some("NONE"));
    }
}

#[test]
fn an_identifier_cannot_forge_a_header() {
    for text in ["", "a\r\nSECURITY:TYPE1", "a\" SECURITY=\"TYPE1", "a?><OFX>", "a b", "é", &"9".repeat(37)] {
        for version in [Version::V102, Version::V230] {
            let old = Header::new(version).file_uids(FileUid::new(text), FileUid::none());
            let new = Header::new(version).file_uids(FileUid::none(), FileUid::new(text));
            assert!(matches!(written(old), Err(EncodeError::Invalid { tag: "OLDFILEUID", .. })), "{text:?}");
            assert!(matches!(written(new), Err(EncodeError::Invalid { tag: "NEWFILEUID", .. })), "{text:?}");
        }
    }
}

#[test]
fn a_tag_cannot_forge_an_element() {
    for tag in ["", "A>B", "A B", "A\r\n", "/A", "É", "A<B"] {
        let root = Element::aggregate("OFX", vec![Element::leaf(tag.to_owned(), "x")]);
        let encoded = Document::new(Header::new(Version::V211), root).encode(&Style::new());
        assert!(matches!(encoded, Err(EncodeError::Invalid { .. })), "{tag:?}");
    }
}

#[test]
fn a_version_that_cannot_be_written_says_which_can() {
    let text = b"OFXHEADER:100\r\nVERSION:299\r\n\r\n<OFX></OFX>";
    let document = Document::decode(text, &Limits::new()).unwrap();
    assert!(matches!(document.encode(&Style::new()), Err(EncodeError::Invalid { tag: "VERSION", .. })));
}

// Versions: OFX 1.0.3 §2.2, OFX 2.3 §2.2.

#[test]
fn each_version_knows_what_its_grammar_has() {
    // Number, SGML, security questions, access token, country in the signon.
    let versions = [
        (102, true, false, false, false),
        (103, true, true, false, false),
        (151, true, false, false, true),
        (160, true, false, false, true),
        (200, false, false, false, false),
        (201, false, false, false, false),
        (202, false, false, false, false),
        (203, false, true, false, false),
        (210, false, false, false, false),
        (211, false, true, false, false),
        (220, false, true, true, false),
        (230, false, true, true, false),
    ];
    let found = Version::ALL.map(|version| {
        (
            version.number(),
            version.is_sgml(),
            version.knows_mfa(),
            version.knows_access_token(),
            version.knows_signon_country(),
        )
    });
    assert_eq!(found, versions);
    assert!(Version::ALL.iter().all(|version| Version::from_number(version.number()) == Some(*version)));
    assert_eq!([0, 100, 104, 161, 204, 221, 231].map(Version::from_number), [None; 7]);
}

#[test]
fn leaves_without_end_tags_are_for_1x_only_and_two_leaves_never() {
    let inside = vec![Element::leaf("MEMO", "m"), Element::leaf("EXTDPMTDSC", "d"), Element::leaf("MSGBODY", "b")];
    for version in Version::ALL {
        let document = Document::new(Header::new(version), Element::aggregate("OFX", inside.clone()));
        let bytes = document.encode(&Style::new()).unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text.contains("</MEMO>"), !version.is_sgml(), "{text}");
        assert!(text.contains("</EXTDPMTDSC>") && text.contains("</MSGBODY>"), "{text}");
    }
}

#[test]
fn what_1x_cannot_carry_is_refused_by_its_element() {
    let root = |memo: &str| Element::aggregate("OFX", vec![Element::leaf("MEMO", memo)]);
    let encode = |version, memo| Document::new(Header::new(version), root(memo)).encode(&Style::new());
    assert!(
        matches!(encode(Version::V103, "Zürich – €5"), Ok(bytes) if bytes.ends_with(b"<MEMO>Z\xfcrich \x96 \x805</OFX>"))
    );
    assert!(matches!(encode(Version::V103, "Αθήνα"), Err(EncodeError::Charset { tag, .. }) if tag == "MEMO"));
    assert!(encode(Version::V211, "Αθήνα").is_ok());
    for control in ["a\0b", "a\x1bb", "a\u{7f}b", "a\u{85}b", "a\u{ffff}b"] {
        for version in [Version::V103, Version::V211] {
            assert!(matches!(encode(version, control), Err(EncodeError::Control(tag)) if tag == "MEMO"), "{control:?}");
        }
    }
}

#[test]
fn line_breaks_in_values_are_kept_by_xml_and_joined_by_sgml() {
    let root = Element::aggregate("OFX", vec![Element::leaf("MEMO", "one\r\ntwo\rthree\nfour")]);
    for version in Version::ALL {
        let bytes = Document::new(Header::new(version), root.clone()).encode(&Style::new()).unwrap();
        let memo = Document::decode(&bytes, &Limits::new()).unwrap();
        let expected = if version.is_sgml() { "one\ntwo\nthree\nfour" } else { "one\r\ntwo\rthree\nfour" };
        assert_eq!(memo.root().value("MEMO"), Some(expected), "{version}");
    }
}

// Profile: OFX 1.0.3 §7, OFX 2.3 §7.

fn set(name: &str, url: &str, realm: &str, version: u32) -> MessageSet {
    let core = MessageSetCore::new(url, realm, SyncMode::Full, false);
    let mut set = MessageSet::new(name, core, MessageSetDetails::None);
    set.version = version;
    set
}

#[test]
fn a_profile_finds_message_sets_and_realms() {
    let sets = vec![
        set("SIGNON", "https://a.example/1", "EAST", 1),
        set("BILLPAY", "https://a.example/2", "WEST", 2),
        set("BILLPAY", "https://a.example/3", "EAST", 1),
        set("BANK", "https://a.example/4", "WEST", 2),
        set("EMAIL", "https://a.example/5", "NORTH", 1),
    ];
    let profile = Profile::new(Stamp::oldest(), sets, vec![SignonInfo::new("EAST"), SignonInfo::new("WEST")]);
    let url = |name| profile.message_set(name).map(|set| set.core.url.as_str());
    let realm = |name| profile.signon_info(name).map(|info| info.realm.as_str());
    assert_eq!(url("BILLPAY"), Some("https://a.example/3"), "version 1 is what this crate speaks");
    assert_eq!(url("BANK"), Some("https://a.example/4"), "a set that is there in version 2 only");
    assert_eq!((url("LOAN"), url("BILL"), url("")), (None, None, None));
    assert_eq!((realm("BILLPAY"), realm("BANK")), (Some("EAST"), Some("WEST")));
    assert_eq!((realm("EMAIL"), realm("LOAN")), (None, None), "two realms and neither is named");
}

#[test]
fn the_only_realm_counts_for_every_set() {
    let sets = vec![set("BILLPAY", "https://a.example/", "TYPO", 1)];
    let profile = Profile::new(Stamp::oldest(), sets, vec![SignonInfo::new("ONLY")]);
    for name in ["BILLPAY", "LOAN"] {
        assert_eq!(profile.signon_info(name).map(|info| info.realm.as_str()), Some("ONLY"), "{name}");
    }
    let none = Profile::new(Stamp::oldest(), Vec::new(), Vec::new());
    assert_eq!((none.message_set("BILLPAY"), none.signon_info("BILLPAY")), (None, None));
}

// Limits.

#[test]
fn a_limit_is_the_last_size_that_passes() {
    let text = b"<OFX><A><B>1</B><C>2</C></A></OFX>";
    let decode = |limits: Limits| Document::decode(text, &limits).map_err(|error| error.problem().clone());
    let limit = |what, limit| Err(Problem::Limit { what, limit });
    assert!(decode(Limits::new().bytes(text.len())).is_ok());
    assert_eq!(decode(Limits::new().bytes(text.len() - 1)), limit("bytes", text.len() - 1));
    assert!(decode(Limits::new().elements(4)).is_ok());
    assert_eq!(decode(Limits::new().elements(3)), limit("elements", 3));
    assert!(decode(Limits::new().depth(3)).is_ok());
    assert_eq!(decode(Limits::new().depth(2)), limit("levels of tags", 2));
}
