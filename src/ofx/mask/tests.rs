//! What is shown of a document, whole or broken.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use super::heard::{MOST_COMPARED, MOST_HEARD};
use super::names::{AROUND, MASKED, SHOWN};
use super::*;

fn masked(document: impl AsRef<[u8]>) -> String {
    String::from_utf8(Mask::default().apply(document.as_ref(), &mut Heard::default())).unwrap()
}

#[test]
fn a_whole_document_keeps_its_shape() {
    let sgml = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\nNEWFILEUID:a-1\r\n\r\n<OFX><SIGNONMSGSRQV1><SONRQ>\r\n\
                <DTCLIENT>20261125\r\n<USERID>jane\r\n<USERPASS>hunter22\r\n<LANGUAGE>ENG\r\n<FI><ORG>B1<FID>7777</FI>\r\n\
                </SONRQ></SIGNONMSGSRQV1></OFX>\r\n";
    assert_eq!(masked(sgml), sgml.replace("jane", MASK).replace("hunter22", MASK));
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?OFX OFXHEADER=\"200\" VERSION=\"211\" SECURITY=\"NONE\"?>\n\
               <OFX><ACCTID>12345678</ACCTID><TRNAMT>-84.20</TRNAMT><NAME/><CITY></CITY></OFX>";
    assert_eq!(masked(xml), xml.replace("12345678", MASK));
}

#[test]
fn a_value_is_masked_however_its_tags_are_written() {
    for document in [
        "<OFX><userpass>hunter22</userpass></OFX>",
        "<OFX><UserPass>hunter22",
        "<OFX>< USERPASS >hunter22</ USERPASS ></OFX>",
        "<OFX><USERPASS\r\n>hunter22</USERPASS\n></OFX>",
        "<OFX><USERPASS kind=\"hunter22\">hunter22</USERPASS></OFX>",
        "<OFX><USERPASS><![CDATA[hunter22]]></USERPASS></OFX>",
        "<OFX><USERPASS><![ CDATA [<USERID>hunter22</USERID>]]></USERPASS></OFX>",
        "<OFX><USERPASS>a<![CDATA[hunter22",
        "<OFX><USERPASS><!-- hunter22 -->hunter22<!-- hunter22",
        "<OFX><USERPASS>a<hunter22</USERPASS></OFX>",
        "<OFX><USERPASS>a<hunter22>hunter22</USERPASS></OFX>",
        "<OFX><USERPASS>a<hunter22/>hunter22</hunter22></USERPASS></OFX>",
        "<OFX><USERPASS hunter22</USERPASS></OFX>",
        "<OFX><USERPASShunter22>x</USERPASS></OFX>",
        "<OFX><USERPASS hunter22",
        "<OFX><USERPASS>hunter22<USERK",
        "<OFX><USERPASShunter22",
        "<OFX>USERPASS>hunter22</USERPASS></OFX>",
        "<OFX><LANGUAGE>ENG\r\nUSERPASS>hunter22</OFX>",
        "<OFX><LANGUAGE>ENG\r\nhunter22</OFX>",
        "<OFX><USERP&SS>hunter22</USERPASS></OFX>",
        "<OFX><USER<PASS>hunter22</USERPASS></OFX>",
        "<OFX><AUTH<TOKEN>hunter22</OFX>",
        "<OFX><POSTAL<CODE>hunter22</OFX>",
        "<OFX></USERPASS>hunter22</USERPASS></OFX>",
        "<OFX><USERPASS/>hunter22</USERPASS></OFX>",
        "<OFX><INTU.USERID>hunter22</OFX>",
        "<OFX><PASSWORT>hunter22</PASSWORT></OFX>",
        "<OFX><USERCRED3>hunter22</USERCRED3></OFX>",
        "<OFX><SONRQ>hunter22</SONRQ></OFX>",
        "<OFX><MESSAGE>&lt;USERPASS&gt;hunter22&lt;/USERPASS&gt;</MESSAGE></OFX>",
        "<OFX><MESSAGE>&amp;lt;USERPASS&amp;gt;hunter22</MESSAGE></OFX>",
        "<OFX><MESSAGE>&#60;USERPASS&#62;hunter22</MESSAGE></OFX>",
        "<OFX><MESSAGE><![CDATA[<USERPASS>hunter22</USERPASS>]]></MESSAGE></OFX>",
        "<OFX><MSGBODY>hunter22</MSGBODY></OFX>",
        "<!DOCTYPE OFX [<!ENTITY pass \"hunter22\">]><OFX></OFX>",
        "<!-- hunter22 --><OFX></OFX>",
        "<?OFX hunter22",
        "<?php $password='hunter22' ?>",
        "OFXHEADER:100\r\nUSERPASS:hunter22\r\n\r\n<OFX></OFX>",
        "hunter22<USERKEY>x</OFX>",
        "hunter22",
        "<OFX></OFX>hunter22",
        "<html><title>hunter22</title></html>",
    ] {
        let shown = masked(document);
        assert!(
            !shown.contains("hunter22") && !shown.contains("unter2") && shown.contains(MASK),
            "{document}: {shown}"
        );
    }
}

#[test]
fn bytes_without_ascii_are_masked_as_a_whole() {
    let document = "<OFX><USERPASS>hunter22</USERPASS><LANGUAGE>ENG</LANGUAGE></OFX>";
    let wide = |bytes: fn(u16) -> [u8; 2]| document.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
    for bytes in [wide(u16::to_le_bytes), wide(u16::to_be_bytes), [vec![0xff, 0xfe], wide(u16::to_le_bytes)].concat()] {
        let shown = Mask::default().apply(&bytes, &mut Heard::default());
        let narrow: Vec<_> = shown.iter().copied().filter(|b| *b != 0).collect();
        assert_eq!(String::from_utf8_lossy(&narrow).trim(), MASK);
    }
    // UTF-7, and EBCDIC.
    assert_eq!(masked("+ADw-USERPASS+AD4-hunter22"), MASK);
    assert_eq!(masked([0x4c, 0xe4, 0xe2, 0xc5, 0xd9, 0x6e, 0x88, 0xa4, 0x95]), MASK);
}

#[test]
fn the_mask_does_not_tell_the_length() {
    assert_eq!(masked("<OFX><USERID>a</USERID>"), masked("<OFX><USERID>a much longer one</USERID>"));
    assert_eq!(masked("<OFX><USERID>a<b"), masked("<OFX><USERID>a<b<c<d"));
}

#[test]
fn what_was_masked_once_is_masked_where_it_is_repeated() {
    let mask = Mask::default();
    let mut heard = Heard::default();
    mask.apply(b"<OFX><USERID>jane<USERPASS>jane-hunter22<ACCTID>masked", &mut heard);
    let answer = b"<OFX><MESSAGE>jane, jane-hunter22 is wrong, masked</MESSAGE><CODE>15500</CODE></OFX>";
    let shown = String::from_utf8(mask.apply(answer, &mut heard)).unwrap();
    assert_eq!(shown, "<OFX><MESSAGE>[masked], [masked] is wrong, [masked]</MESSAGE><CODE>15500</CODE></OFX>");
    // Also where nobody has ever heard of the element.
    let mut heard = Heard::default();
    let own = b"<OFX><INTU.USERPASS>hunter22<MESSAGE>hunter22</OFX>";
    assert_eq!(mask.apply(own, &mut heard), b"<OFX><INTU.USERPASS>[masked]<MESSAGE>[masked]</OFX>");
}

#[test]
fn the_masking_is_narrowed_by_name_only() {
    let mut mask = Mask::default();
    assert!(mask.show("acctid") && mask.show("INTU.BID"));
    for unknown in ["ACCTIDS", "PASSWORD", "", ".", "INTU.", "A B.C", "LANGUAGE"] {
        assert!(!mask.show(unknown), "{unknown}");
    }
    let document = "<OFX><USERID>jane<ACCTID>12345678<INTU.BID>3000<INTU.USERID>jane</OFX>";
    let shown = String::from_utf8(mask.apply(document.as_bytes(), &mut Heard::default())).unwrap();
    assert_eq!(shown, document.replace("jane", MASK));
}

#[test]
fn no_name_that_is_masked_is_close_to_one_that_is_shown() {
    let near = |a: &str, b: &str| {
        let (a, b) = if a.len() > b.len() { (b, a) } else { (a, b) };
        let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
        let skip = usize::from(a.len() == b.len());
        b.len() - a.len() <= 1 && (a == b || a.as_bytes()[same + skip..] == b.as_bytes()[same + 1..])
    };
    assert!(near("ABC", "ABD") && near("ABC", "AC") && near("ABC", "ABCD") && !near("ABC", "ADE"));
    for masked in MASKED {
        for shown in SHOWN {
            assert!(!near(masked, shown) && !masked.starts_with(shown), "{masked} and {shown}");
        }
    }
    let all: BTreeSet<_> = MASKED.iter().chain(&SHOWN).chain(&AROUND).collect();
    assert_eq!(all.len(), MASKED.len() + SHOWN.len() + AROUND.len());
}

#[test]
fn a_value_is_found_again_however_it_is_escaped() {
    let (plain, escaped) = ("hunter<2>&2", "hunter&lt;2&gt;&amp;2");
    for (first, again) in
        [plain, escaped, "hunter&lt;2>&amp;2"].iter().flat_map(|first| [(first, plain), (first, escaped)])
    {
        let mut heard = Heard::default();
        Mask::default().apply(format!("<OFX><USERPASS><![CDATA[{first}]]></OFX>").as_bytes(), &mut heard);
        let found = heard.masked_in(format!("no user with {again} is known").as_bytes());
        assert_eq!(String::from_utf8(found).unwrap(), format!("no user with {MASK} is known"), "{first}");
    }
}

#[test]
fn a_value_is_found_again_however_its_quotes_and_letters_are_written() {
    for (first, again) in [
        ("pa\"ss12", "pa&quot;ss12"),
        ("pa\"ss12", "PA&#34;ss12"),
        ("pa\"ss12", "pa&#x22;ss12"),
        ("pa&quot;ss12", "pa\"ss12"),
        ("o'Brien77", "o&apos;Brien77"),
        ("o'Brien77", "o&#39;Brien77"),
        ("o'Brien77", "o&#X0027;brien77"),
        ("o'Bri\"en&7", "o'Bri&quot;en&amp;7"),
        ("o'Bri\"en&7", "o&amp;apos;Bri&quot;en&7"),
        ("jane4711", "JANE4711"),
    ] {
        let mut heard = Heard::default();
        Mask::default().apply(format!("<OFX><USERPASS>{first}</OFX>").as_bytes(), &mut heard);
        let found = heard.masked_in(format!("&no; user; with {again}&amp;so is known").as_bytes());
        assert_eq!(String::from_utf8(found).unwrap(), format!("&no; user; with {MASK}&amp;so is known"), "{again}");
        let shown = Mask::default().apply(format!("<OFX><MESSAGE>{again} is wrong</OFX>").as_bytes(), &mut heard);
        let rest = String::from_utf8(shown).unwrap().replace(MASK, "");
        assert!(["<OFX><MESSAGE></OFX>", "<OFX><MESSAGE> is wrong</OFX>"].contains(&&*rest), "{again}: {rest}");
    }
}

#[test]
fn a_value_is_found_again_in_the_other_character_set_and_in_a_tag() {
    let request = "<OFX><NAME>M\u{fc}ller</NAME><USERID>jane4711</USERID></OFX>";
    for (request, answer) in [
        (request.as_bytes().to_vec(), b"no M\xfcller here".to_vec()),
        (
            request.replace('\u{fc}', "@").bytes().map(|b| if b == b'@' { 0xfc } else { b }).collect(),
            "no M\u{fc}ller here".into(),
        ),
    ] {
        let mut heard = Heard::default();
        Mask::default().apply(&request, &mut heard);
        assert_eq!(heard.masked_in(&answer), format!("no {MASK} here").as_bytes());
        let shown = Mask::default().apply(b"<OFX><MESSAGE>no such user <jane4711> known</MESSAGE></OFX>", &mut heard);
        assert!(!String::from_utf8(shown).unwrap().contains("4711"));
    }
}

#[test]
fn what_looks_like_a_tag_is_masked_where_a_value_is() {
    for (document, shown) in [
        ("<OFX><USERPASS>a<HUNTER.HUNTER22>b</USERPASS></OFX>", "<OFX><USERPASS>[masked]</USERPASS></OFX>"),
        ("<OFX><USERID>jane<HUNTER.22>b<LANGUAGE>ENG", "<OFX><USERID>[masked]<LANGUAGE>ENG"),
        ("<OFX><INTU.USERPASS>a<hunter22></INTU.USERPASS>", "<OFX><INTU.USERPASS>[masked]</INTU.USERPASS>"),
        ("<OFX><INTU.USERPASS>a<hunter22>b<CODE>0", "<OFX><INTU.USERPASS>[masked]<CODE>0"),
        ("<OFX><PASSWORT><hunter22></PASSWORT></OFX>", "<OFX><PASSWORT>[masked]</PASSWORT></OFX>"),
        ("<OFX><Passwort>a</hunter22>b</PASSWORT></OFX>", "<OFX><Passwort>[masked]</PASSWORT></OFX>"),
        ("<OFX><PASSWORT>a<hunter22/>b<!--c--></OFX>", "<OFX><PASSWORT>[masked]</OFX>"),
        ("<OFX><LITMDESC>a<hunter22>b</LITMDESC></OFX>", "<OFX><LITMDESC>[masked]</LITMDESC></OFX>"),
        ("<OFX><REASON><hunter22></REASON></OFX>", "<OFX><REASON>[masked]</REASON></OFX>"),
    ] {
        assert_eq!(masked(document), shown, "{document}");
    }
}

#[test]
fn tags_that_ofx_does_not_have_are_shown_where_no_value_is() {
    let document = "<OFX><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><FI><ORG>B1</FI><INTU.BID>3000</INTU.BID><Own>\
                    3000</Own><own/><CODE>0<INTU.USERID>3000</SONRS></OFX>";
    assert_eq!(masked(document), document.replace("3000", MASK));
}

#[test]
fn a_value_in_the_shape_of_a_tag_is_found_again() {
    let mut heard = Heard::default();
    Mask::default().apply(b"<OFX><USERID>JANE.DOE4711</USERID></OFX>", &mut heard);
    let answer = b"<OFX><MESSAGE>no such user <JANE.DOE4711> known</JANE.DOE4711></MESSAGE></OFX>";
    let shown = String::from_utf8(Mask::default().apply(answer, &mut heard)).unwrap();
    assert_eq!(shown, "<OFX><MESSAGE>no such user [masked]</MESSAGE></OFX>");
}

#[test]
fn values_that_overlap_are_masked_together() {
    let mut heard = Heard::default();
    Mask::default().apply(b"<OFX><USERID>jane4711<USERPASS>4711geheim<ACCTID>ne47</OFX>", &mut heard);
    for (text, shown) in [
        ("user jane4711geheim is wrong", "user [masked] is wrong"),
        ("jane4711jane4711", "[masked]"),
        ("jane47114711geheim!", "[masked]!"),
        ("jane 4711geheim", "jane [masked]"),
    ] {
        assert_eq!(String::from_utf8(heard.masked_in(text.as_bytes())).unwrap(), shown);
    }
}

/// An institution that makes its answer so that looking for what was heard takes for ever.
#[test]
fn values_that_begin_alike_are_compared_only_so_often_in_a_document() {
    let mut heard = Heard::default();
    let alike: String = (0..MOST_HEARD).map(|n| format!("<ACCTID>aaaa{n:03}")).collect();
    Mask::default().apply(format!("<OFX>{alike}</OFX>").as_bytes(), &mut heard);
    // Each of these is compared with all of them.
    let most = MOST_COMPARED / MOST_HEARD;
    for (piece, masked) in [("<CODE>aaaa", "<CODE>[masked]"), ("<aaaa/><CODE>", "[masked]<CODE>")] {
        // Each document anew.
        for _ in 0..2 {
            let document = format!("<OFX>{}<MESSAGE>nothing of it</OFX>", piece.repeat(2 * most));
            let shown = String::from_utf8(Mask::default().apply(document.as_bytes(), &mut heard)).unwrap();
            let whole = shown.matches("aaaa").count();
            assert!((most - 1..=most).contains(&whole), "{whole} of {most}");
            let rest = masked.repeat(2 * most - whole) + "<MESSAGE>[masked]</OFX>";
            assert!(shown.ends_with(&rest), "what follows is masked");
        }
    }
    assert_eq!(heard.masked_in(b"nothing of it"), b"nothing of it");
}
