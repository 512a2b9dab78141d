//! Large and hostile documents: every one is answered, in the time its size takes. Anything quadratic here takes hours.

use ofx_session::ofx::{DecodeError, Document, Element, Limits, Problem};

const MANY: usize = 200_000;

fn decode(text: &str) -> Result<Document, DecodeError> {
    Document::decode(text.as_bytes(), &Limits::new())
}

fn count(element: &Element) -> usize {
    1 + element.children().iter().map(count).sum::<usize>()
}

#[track_caller]
fn limited(text: &str, limits: Limits, what: &str) -> DecodeError {
    let error = Document::decode(text.as_bytes(), &limits).unwrap_err();
    assert!(matches!(error.problem(), Problem::Limit { what: found, .. } if *found == what), "{error}");
    error
}

#[test]
fn a_million_empty_leaves_stop_at_the_limit_of_elements() {
    for leaf in ["<A/>", "<A></A>", "<A>1</A>", "<A>1"] {
        let text = format!("<OFX>{}</OFX>", leaf.repeat(1_000_000));
        let error = limited(&text, Limits::new().elements(1000), "elements");
        assert_eq!(error.offset(), "<OFX>".len() + 999 * leaf.len(), "{leaf}");
    }
}

#[test]
fn many_small_elements_are_read_within_the_limits() {
    for leaf in ["<A/>", "<A></A>", "<A>1</A>", "<A>1", "<A> 1 </A> "] {
        let document = decode(&format!("<OFX>{}</OFX>", leaf.repeat(MANY))).unwrap();
        assert_eq!(count(document.root()), MANY + 1, "{leaf}");
    }
}

#[test]
fn a_depth_bomb_stops_at_the_limit_of_levels() {
    for tag in ["<A>", "<A>\r\n", "<A><!-- -->"] {
        let text = format!("OFXHEADER:100\r\nVERSION:103\r\n\r\n<OFX>{}", tag.repeat(1_000_000));
        let error = limited(&text, Limits::new(), "levels of tags");
        assert_eq!(error.path(), format!("/OFX{}", "/A".repeat(31)));
        limited(&text, Limits::new().depth(usize::MAX), "levels of tags");
    }
}

#[test]
fn a_document_beyond_the_limit_of_bytes_is_not_looked_at() {
    let error = limited(&"\0".repeat(101), Limits::new().bytes(100), "bytes");
    assert_eq!((error.offset(), error.path().as_str()), (100, ""));
}

#[test]
fn a_message_laid_out_like_a_web_page_is_a_message() {
    let said = [
        ("Scheduled.<br>Call us</MESSAGE>", "Scheduled. Call us"),
        ("Scheduled.<BR/>Call us", "Scheduled. Call us"),
        ("<p>Scheduled. <b>Call</b> us</p></MESSAGE>", "Scheduled.  Call  us"),
        ("See <a href=\"https://bank.example\">us</a>", "See  us"),
    ];
    for (message, read) in said {
        for rest in ["<CODE>0", "<CODE>0</CODE>"] {
            let text = format!("<OFX><SONRS><STATUS><MESSAGE>{message}{rest}</STATUS><LANGUAGE>ENG</SONRS></OFX>");
            let document = decode(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(document.find("/OFX/SONRS/STATUS/MESSAGE").and_then(Element::text), Some(read), "{text}");
            assert_eq!(document.find("/OFX/SONRS/STATUS/CODE").and_then(Element::text), Some("0"), "{text}");
            assert_eq!(document.find("/OFX/SONRS/STATUS").unwrap().children().len(), 2, "{text}");
        }
    }
    // Nowhere else, and a bare < is still none.
    for wrong in ["<MEMO>Scheduled.<br>Call us</MEMO>", "<MESSAGE>1 <b < 2</MESSAGE>"] {
        decode(&format!("<OFX><SONRS><STATUS>{wrong}</STATUS></SONRS></OFX>")).unwrap_err();
    }
    let many = format!("<OFX><STATUS><MESSAGE>{}</STATUS></OFX>", "a<br>".repeat(MANY));
    assert_eq!(decode(&many).unwrap().find("/OFX/STATUS/MESSAGE").unwrap().text().unwrap().len(), 2 * MANY - 1);
}

#[test]
fn empty_leaves_without_end_tags_leave_their_followers_to_their_parent() {
    let set = "<SET><EMPTY><NONE><LIST><ITEM>1<ITEM>2</LIST><LAST>3</SET>";
    let document = decode(&format!("VERSION:102\r\n\r\n<OFX>{}</OFX>", set.repeat(MANY / 8))).unwrap();
    assert_eq!(document.root().children().len(), MANY / 8);
    for set in document.root().children() {
        let tags: Vec<_> = set.children().iter().map(Element::tag).collect();
        assert_eq!(tags, ["LIST", "LAST"]);
    }
}

/// Handed to its parent, what it holds would vanish without a word: a transaction of a history, and its payment with it.
#[test]
fn an_aggregate_that_lacks_its_end_tag_is_refused_whatever_the_leaves_do() {
    let frame = |first: &str, leaf: &str| {
        format!("<OFX><PMTSYNCRS>{first}<TOKEN>5{leaf}<PMTTRNRS><TRNUID>2</TRNUID></PMTTRNRS></PMTSYNCRS></OFX>")
    };
    for leaf in ["", "</TOKEN>"] {
        assert!(decode(&frame("<PMTTRNRS><TRNUID>1</PMTTRNRS>", leaf)).is_ok());
        for (first, tag) in [
            ("<PMTTRNRS><TRNUID>1</TRNUID>", "PMTTRNRS"),
            ("<pmttrnrs><trnuid>1</trnuid>", "PMTTRNRS"),
            ("<PMTTRNRS><STATUS><CODE>0</CODE></PMTTRNRS>", "STATUS"),
            ("<PMTTRNRS><PMTRS><PMTINFO/></PMTTRNRS>", "PMTRS"),
            ("<PMTTRNRS><PMTTRNRS><TRNUID>1</TRNUID></PMTTRNRS>", "PMTTRNRS"),
        ] {
            let error = decode(&format!("VERSION:102\r\n\r\n{}", frame(first, leaf))).unwrap_err();
            assert_eq!(error.problem(), &Problem::Markup(format!("</{tag}> is missing")), "{first}");
        }
    }
    // Private aggregates hide nothing: what they hold is their parent's.
    let private = decode(&frame("<LKS.LIST><PMTTRNRS><TRNUID>1</TRNUID></PMTTRNRS>", "")).unwrap();
    assert_eq!(private.root().children()[0].children_named("PMTTRNRS").count(), 2);
}

#[test]
fn followers_of_many_nested_empty_leaves_are_moved_once_for_each() {
    let text = format!("VERSION:102\r\n\r\n<OFX>{}{}</OFX>", "<EMPTY>".repeat(30), "<ITEM>1".repeat(MANY));
    let document = decode(&text).unwrap();
    assert_eq!(document.root().children().len(), MANY);
    assert_eq!(document.root().children().last().and_then(Element::text), Some("1"));
}

#[test]
fn white_space_anywhere_counts_for_nothing() {
    let blank = " \t\r\n".repeat(MANY);
    let texts = [
        format!("{blank}<OFX><A>1</A></OFX>"),
        format!("<OFX>{blank}<A>1</A></OFX>"),
        format!("<OFX><A>{blank}1</A></OFX>"),
        format!("<OFX><A>1{blank}</A></OFX>"),
        format!("<OFX><A>1</A>{blank}</OFX>"),
        format!("<OFX><A>1</A></OFX>{blank}"),
        format!("<OFX{blank}><A>1</A></OFX>"),
        format!("<OFX><A{blank}>1</A{blank}></OFX>"),
        format!("<OFX><A>{}1</A></OFX>", "&nbsp;".repeat(MANY)),
        format!("<OFX>{}<A>1</A></OFX>", "&#32;".repeat(MANY)),
    ];
    for (number, text) in texts.iter().enumerate() {
        let document = decode(text).unwrap_or_else(|error| panic!("{number}: {error}"));
        assert_eq!(document.root().children(), [Element::leaf("A", "1")], "{number}");
    }
}

#[test]
fn ampersands_without_end_are_text() {
    let value = |text: &str| {
        let document = decode(&format!("<OFX><A>{text}</A></OFX>")).unwrap();
        document.root().value("A").unwrap().to_owned()
    };
    assert_eq!(value(&"&".repeat(MANY)), "&".repeat(MANY));
    assert_eq!(value(&"&x".repeat(MANY)), "&x".repeat(MANY));
    assert_eq!(value(&"&amp;".repeat(MANY)), "&".repeat(MANY));
    assert_eq!(value(&"&#65;".repeat(MANY)), "A".repeat(MANY));
    assert_eq!(value(&format!("&{}", "x".repeat(MANY))), format!("&{}", "x".repeat(MANY)));
    assert_eq!(value(&format!("&{};", "x".repeat(MANY))), format!("&{};", "x".repeat(MANY)));
}

/// The tokenizer takes what follows for a tag, up to the next bracket.
#[test]
fn a_bare_less_than_sign_swallows_nothing() {
    for memo in ["AT<T wireless", "a <b c", "I <3 you", "a <b 5 > 3", "AT<T wireless</MEMO>", "a </b c"] {
        let error =
            decode(&format!("<OFX><PMT><MEMO>{memo}<BILLREFINFO>ref<CHECKNUM q=\"\">1</PMT></OFX>")).unwrap_err();
        assert!(matches!(error.problem(), Problem::Markup(_)), "{memo}: {error}");
        assert!(!error.to_string().contains("wireless"), "{error}");
    }
    for tag in ["<MEMO >", "<MEMO\r\n>", "<MEMO a=\"b > c\">", "<MEMO a=b>", "<MEMO a='b' c='d'>"] {
        let document = decode(&format!("<OFX>{tag}x<A/><B /><C a=''/></OFX>")).unwrap();
        assert_eq!(document.root().value("MEMO"), Some("x"), "{tag}");
        assert_eq!(document.root().children().len(), 4, "{tag}");
    }
}

#[test]
fn a_huge_number_is_no_character() {
    for number in ["0".repeat(MANY), "9".repeat(MANY), format!("x{}", "f".repeat(MANY)), "x110000".to_owned()] {
        let error = decode(&format!("<OFX><A>&#{number};</A></OFX>")).unwrap_err();
        assert!(matches!(error.problem(), Problem::Markup(_)), "{error}");
        assert!(error.to_string().len() < 200, "the number is not repeated");
    }
}

#[test]
fn entities_do_not_expand() {
    let value = "&lol;".repeat(MANY);
    assert_eq!(decode(&format!("<OFX><A>{value}</A></OFX>")).unwrap().root().value("A"), Some(value.as_str()));
}

#[test]
fn end_tags_that_close_nothing_are_refused_at_once() {
    for tag in ["</A>", "</OFX>", "</B >"] {
        let error = decode(&format!("<OFX><C>1</C></OFX>{}", tag.repeat(MANY))).unwrap_err();
        assert!(matches!(error.problem(), Problem::UnexpectedEnd(_)), "{error}");
        assert_eq!((error.offset(), error.path().as_str()), ("<OFX><C>1</C></OFX>".len(), ""));
    }
}

/// Seen at one bank is a shortening; nothing longer closes what is open.
#[test]
fn an_end_tag_may_be_shortened_and_not_lengthened() {
    let text = |end: &str| format!("<OFX><CCSTMTRS><A>1<B>2<{end}></OFX>");
    assert!(decode(&text("/STMTRS")).is_ok());
    for end in ["/XCCSTMTRS", "/RS", "/CCSTMT"] {
        let error = decode(&text(end)).unwrap_err();
        assert!(matches!(error.problem(), Problem::UnexpectedEnd(_)), "{end}: {error}");
    }
}

#[test]
fn a_long_prolog_is_walked_through_once() {
    for piece in
        ["VERSION ", "VERSION\t\t:", "<OF", "<?OFX ", "<?xml ", "VERSION=", "CHARSET", "<!DOCTYP", "\0\0", "?", "<"]
    {
        let error = decode(&piece.repeat(MANY)).unwrap_err();
        assert!(matches!(error.problem(), Problem::NoOfx), "{error}");
        let document = decode(&format!("{}<OFX><A>1</A></OFX>", piece.repeat(MANY))).unwrap();
        assert_eq!(document.root().value("A"), Some("1"), "{piece}");
    }
}

/// Where the version is no number, the other key says it; the body does, where a leaf has no end tag.
#[test]
fn a_header_says_which_syntax_it_is_by_whatever_can_be_read_of_it() {
    let (empty_leaf, sgml) = ("<OFX><A><B></A></OFX>", "<OFX><A><C>1<B></A></OFX>");
    for (header, is_sgml) in [
        ("OFXHEADER:100\nVERSION:102\n\n", true),
        ("OFXHEADER:100\nVERSION:1.0.2\n\n", true),
        ("OFXHEADER:100\nVERSION:102.0\n\n", true),
        ("OFXHEADER: 100 VERSION: one ", true),
        ("OFXHEADER:100\n\n", true),
        ("OFXHEADER:100\nVERSION:203\n\n", false),
        ("OFXHEADER:200\nVERSION:2.0.3\n\n", false),
        ("<?OFX OFXHEADER=\"200\" VERSION=\"2.0.3\"?>", false),
        ("<?OFX VERSION=\"2.0.3\"?>", false),
        ("VERSION:1.0.2\n\n", false),
        ("", false),
    ] {
        assert_eq!(decode(&format!("{header}{empty_leaf}")).is_ok(), is_sgml, "{header}");
        assert!(decode(&format!("{header}{sgml}")).is_ok(), "{header}");
    }
}

#[test]
fn marked_sections_with_blanks_are_repaired_one_by_one() {
    let document = decode(&format!("<OFX><A>{}</A></OFX>", "<![ CDATA [<&]]>".repeat(MANY / 4))).unwrap();
    let value = document.root().value("A").unwrap();
    assert_eq!(value.split_whitespace().count(), MANY / 4);
    assert!(value.split_whitespace().all(|part| part == "<&"));
    for opening in ["<![", "<![ ", "<![CDATA", "<![ CDATA ", "<!", "<!-", "<!--", "<![CDATA[", "<!D", "<!DOCTYPE "] {
        assert!(decode(&format!("<OFX><A>{}", opening.repeat(MANY))).is_err(), "{opening}");
    }
}

#[test]
fn places_are_found_in_one_walk_whatever_the_width_of_characters() {
    let item = "<A>\u{e9}\u{e8}</A>";
    let latin: Vec<u8> =
        format!("VERSION:102\r\n\r\n<OFX>{}</OFX>", item.repeat(MANY)).chars().map(|c| c as u8).collect();
    let document = Document::decode(&latin, &Limits::new()).unwrap();
    let last = document.root().children().last().unwrap();
    assert_eq!(last.offset(), latin.len() - "</OFX>".len() - 9);
    let wide: Vec<u8> =
        format!("\u{feff}<OFX>{}", item.repeat(MANY)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = Document::decode(&wide, &Limits::new()).unwrap_err();
    assert_eq!((error.problem(), error.offset()), (&Problem::Truncated("OFX".to_owned()), wide.len()));
}

/// Systems that count bytes cut a value within a letter.
#[test]
fn half_a_letter_spoils_no_other() {
    let headers = [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><?OFX OFXHEADER=\"200\" VERSION=\"211\"?>",
        "OFXHEADER:100\r\nVERSION:103\r\nENCODING:UTF-8\r\nCHARSET:NONE\r\n\r\n",
        "OFXHEADER:100\r\nVERSION:103\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\r\n",
        "",
    ];
    for header in headers {
        let decode = |inside: &[u8]| {
            let bytes = [header.as_bytes(), b"<OFX>", inside, b"<CODE>0</CODE></OFX>"].concat();
            let document = Document::decode(&bytes, &Limits::new()).unwrap();
            for element in document.root().children() {
                let tag = format!("<{}>", element.tag());
                assert!(bytes[element.offset()..].starts_with(tag.as_bytes()), "{header}: {tag}");
            }
            let values = document.root().children().iter().map(|child| child.text().unwrap_or_default().to_owned());
            values.collect::<Vec<_>>()
        };
        let cut = [
            "<NAME>Müller Söhne</NAME><MEMO>Café Zo".as_bytes(),
            b"\xc3</MEMO><DESC>5 \xe2\x82</DESC><CITY>",
            "Orléans</CITY>".as_bytes(),
        ];
        assert_eq!(
            decode(&cut.concat()),
            ["Müller Söhne", "Café Zo\u{fffd}", "5 \u{fffd}\u{fffd}", "Orléans", "0"],
            "{header}"
        );
        // Latin text has letters of that form by accident, and never more of them than others.
        assert_eq!(decode(b"<NAME>M\xfcller</NAME><MEMO>\xc3\xa9</MEMO>"), ["Müller", "Ã©", "0"], "{header}");
    }
}

#[test]
fn a_truncated_document_points_at_its_end() {
    for text in ["<OFX>", "<OFX><A>", "<OFX><A>1", "<OFX><A>1</A>", "<OFX><A>1</A></OFX", "<OFX><A>1</A><B"] {
        let error = decode(text).unwrap_err();
        assert!(matches!(error.problem(), Problem::Truncated(_)), "{text}: {error}");
        assert!(error.offset() <= text.len() && error.path().starts_with("/OFX"), "{text}: {error}");
    }
}

#[test]
fn no_value_is_in_an_error_or_in_debug() {
    let secret = "Blue-Gold-77";
    for text in [
        format!("<OFX><USERPASS>{secret}</USERPASS>"),
        format!("<OFX><A><USERPASS>{secret}</A></B></OFX>"),
        format!("<OFX><USERPASS>{secret}</USERPASS>{secret}<A></OFX>"),
        format!("<OFX><USERPASS>&#0{secret};</USERPASS></OFX>"),
        format!("<OFX><USERPASS>x< {secret}></USERPASS></OFX>"),
        format!("<OFX><USERPASS>x</USERPASS: {secret}></OFX>"),
        format!("<OFX><USERPASS>{secret}</USERPASS><![{secret}"),
    ] {
        let error = decode(&text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.to_ascii_uppercase().contains("GOLD"), "{shown}");
    }
    let document = decode(&format!("VERSION:{secret}\r\n\r\n<OFX><A><USERPASS>{secret}</USERPASS></A></OFX>")).unwrap();
    assert!(!format!("{document:?}").contains("Gold"), "{document:?}");
}
