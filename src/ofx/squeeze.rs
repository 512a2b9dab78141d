//! Request bytes in few bytes: tags become numbers, and every byte comes back exactly as it was.
//!
//! ```text
//! 0x80 + number  = "<" name ">" of that number in names.rs; opens the name
//! 0x01           = "</" name ">" of the innermost open name; closes it
//! 0x02 count     = the same for the name that lies `count` (one byte) further out; closes it and all inside
//! 0x03           = the identifier that both sides know: the request's `TRNUID`
//! 0x00 byte      = that byte, where it would mean one of the above
//! other          = itself
//! ```
//!
//! Leaves without end tags simply stay open until their aggregate is closed.

use zeroize::Zeroizing;

use crate::ofx::names::{NAMES, number};
use crate::secret::append;

/// Squeezes any bytes; those of a request shrink to about a third.
pub(crate) fn squeeze(bytes: &[u8], identifier: &str) -> Zeroizing<Vec<u8>> {
    // Room enough, whatever is squeezed: a buffer that grows leaves account numbers behind.
    let mut out = Zeroizing::new(Vec::with_capacity(squeezed_at_most(bytes)));
    let mut open: Vec<usize> = Vec::new();
    let mut rest = bytes;
    let start = identifier.as_bytes().first().copied();
    loop {
        let plain = rest
            .iter()
            .position(|byte| !(IDENTIFIER + 1..FIRST_NAME).contains(byte) || *byte == b'<' || Some(*byte) == start);
        let (run, behind) = rest.split_at_checked(plain.unwrap_or(rest.len())).unwrap_or_default();
        out.extend_from_slice(run);
        rest = behind;
        let Some((first, behind)) = rest.split_first() else { return out };
        if let Some((token, length)) = tag_at(rest, &open) {
            rest = rest.get(length..).unwrap_or_default();
            match token {
                Token::Open(number, code) => {
                    open.push(number);
                    out.push(code);
                }
                Token::Close(0) => {
                    open.pop();
                    out.push(CLOSE);
                }
                Token::Close(outer) => {
                    open.truncate(open.len().saturating_sub(usize::from(outer) + 1));
                    out.extend_from_slice(&[CLOSE_OUTER, outer]);
                }
            }
        } else if let Some(behind) = start.and_then(|_| rest.strip_prefix(identifier.as_bytes())) {
            out.push(IDENTIFIER);
            rest = behind;
        } else {
            if is_escaped(*first) {
                out.push(LITERAL);
            }
            out.push(*first);
            rest = behind;
        }
    }
}

/// How many bytes [`squeeze`] makes of some at most.
pub(crate) fn squeezed_at_most(bytes: &[u8]) -> usize {
    bytes.len() + bytes.iter().filter(|byte| is_escaped(**byte)).count()
}

fn is_escaped(byte: u8) -> bool {
    !(IDENTIFIER + 1..FIRST_NAME).contains(&byte)
}

/// Gives back what [`squeeze`] was given; `None` when the bytes are not its work, or stand for more than `limit` bytes.
pub(crate) fn stretch(squeezed: &[u8], identifier: &str, limit: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::with_capacity(limit.min(squeezed.len().saturating_mul(4))));
    let mut open: Vec<&str> = Vec::new();
    let mut rest = squeezed;
    loop {
        let plain = rest.iter().position(|byte| is_escaped(*byte)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at_checked(plain)?;
        rest = behind;
        append(&mut out, run);
        if out.len() > limit {
            return None;
        }
        match next(&mut rest) {
            None => return Some(out),
            Some(LITERAL) => append(&mut out, &[next(&mut rest)?]),
            Some(IDENTIFIER) => append(&mut out, identifier.as_bytes()),
            Some(code @ (CLOSE | CLOSE_OUTER)) => {
                let outer = if code == CLOSE { 0 } else { next(&mut rest)? };
                let at = open.len().checked_sub(usize::from(outer) + 1)?;
                let name = open.get(at)?;
                for part in ["</", name, ">"] {
                    append(&mut out, part.as_bytes());
                }
                open.truncate(at);
            }
            Some(code) => {
                let name = NAMES.get(usize::from(code.checked_sub(FIRST_NAME)?))?;
                for part in ["<", name, ">"] {
                    append(&mut out, part.as_bytes());
                }
                open.push(name);
            }
        }
    }
}

fn next(rest: &mut &[u8]) -> Option<u8> {
    let (first, behind) = rest.split_first()?;
    *rest = behind;
    Some(*first)
}

enum Token {
    Open(usize, u8),
    Close(u8),
}

/// The tag that starts here, when it can be written as a token, and its length.
fn tag_at(bytes: &[u8], open: &[usize]) -> Option<(Token, usize)> {
    let inside = bytes.strip_prefix(b"<")?;
    let end = inside.iter().take(LONGEST_NAME + 1).position(|byte| *byte == b'>')?;
    let text = inside.get(..end)?;
    let token = match text.strip_prefix(b"/") {
        None => {
            let number = number(text)?;
            let code = u8::try_from(number).ok().and_then(|number| number.checked_add(FIRST_NAME))?;
            Token::Open(number, code)
        }
        Some(name) => {
            let number = number(name)?;
            let outer = open.iter().rev().position(|known| *known == number)?;
            Token::Close(u8::try_from(outer).ok()?)
        }
    };
    Some((token, end + 2))
}

const LITERAL: u8 = 0;
const CLOSE: u8 = 1;
const CLOSE_OUTER: u8 = 2;
const IDENTIFIER: u8 = 3;
const FIRST_NAME: u8 = 0x80;
const LONGEST_NAME: usize = 24;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_comes_back_byte_by_byte_in_a_third_of_the_room() {
        for request in [
            "</SIGNONMSGSRQV1><BILLPAYMSGSRQV1><PMTTRNRQ><TRNUID>5e0b7a9c</TRNUID><PMTRQ><PMTINFO><BANKACCTFROM><BANKID>2</BANKID>\
             <ACCTID>3</ACCTID></BANKACCTFROM></PMTINFO></PMTRQ></PMTTRNRQ></BILLPAYMSGSRQV1></OFX>",
            "</SIGNONMSGSRQV1><BILLPAYMSGSRQV1><PMTTRNRQ><TRNUID>5e0b7a9c<PMTRQ><PMTINFO><BANKACCTFROM><BANKID>2<ACCTID>3\
             </BANKACCTFROM></PMTINFO></PMTRQ></PMTTRNRQ></BILLPAYMSGSRQV1></OFX>",
        ] {
            let squeezed = squeeze(request.as_bytes(), "5e0b7a9c");
            assert_eq!(stretch(&squeezed, "5e0b7a9c", 1000).as_deref().map(Vec::as_slice), Some(request.as_bytes()));
            assert!(squeezed.len() * 3 < request.len(), "{} of {}", squeezed.len(), request.len());
        }
    }

    #[test]
    fn an_escape_stands_for_any_byte_and_an_end_tag_for_an_open_name_only() {
        let text = |squeezed: &[u8]| stretch(squeezed, "id", 99).map(|bytes| bytes.to_vec());
        assert_eq!(
            text(&[0, 0, 0, 1, 0, 2, 0, 3, 0, 0x80, 0, 0xff, 0, b'a', 3]),
            Some(b"\0\x01\x02\x03\x80\xffaid".to_vec())
        );
        assert_eq!(text(&[0x83, 2, 0, 0x83]), Some(b"<TRNUID></TRNUID><TRNUID>".to_vec()));
        for broken in [&[0][..], &[1], &[2], &[2, 0], &[0x83, 2, 1], &[0x83, 1, 1], b"<TRNUID>\x01"] {
            assert_eq!(text(broken), None, "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(parts in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..8),
            Just(b"abab".to_vec()),
            prop::sample::select(&NAMES[..]).prop_map(|name| format!("<{name}>").into_bytes()),
            prop::sample::select(&NAMES[..12]).prop_map(|name| format!("<{name}>").into_bytes()),
            prop::sample::select(&NAMES[..12]).prop_map(|name| format!("</{name}>").into_bytes()),
        ], 0..40)) {
            let bytes = parts.concat();
            prop_assert_eq!(stretch(&squeeze(&bytes, "ab"), "ab", bytes.len()), Some(Zeroizing::new(bytes)));
        }

        #[test]
        fn stretching_any_bytes_never_panics_and_keeps_the_limit(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(stretch(&bytes, "ab", 300).is_none_or(|out| out.len() <= 300));
        }
    }
}
