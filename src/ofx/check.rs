//! What no institution could accept, found before anything is sent.

use rust_decimal::Decimal;

use crate::ofx::{Amount, BankAccount, Element, EncodeError, Sink, Stamp};

/// Refuses an empty value and one that is longer than its element allows.
pub(crate) fn limit(tag: &'static str, value: &str, limit: usize) -> Result<(), EncodeError> {
    let length = value.chars().count();
    if value.trim().is_empty() {
        Err(EncodeError::Empty(tag))
    } else if length > limit {
        Err(EncodeError::TooLong { tag, length, limit })
    } else {
        Ok(())
    }
}

/// As [`limit`], for what somebody signs on with: read as something else, it is a failed signon, and some of these lock a user out.
pub(crate) fn credential(tag: &'static str, text: &str, most: usize) -> Result<(), EncodeError> {
    limit(tag, text, most)?;
    value(tag, text)
}

/// As [`limit`], for what may be left out.
pub(crate) fn optional(tag: &'static str, value: Option<&str>, most: usize) -> Result<(), EncodeError> {
    value.map_or(Ok(()), |value| limit(tag, value, most))
}

/// Looks at the texts of a record: readers strip outer blanks and rewrite line breaks, and what is asked for must be what is understood.
///
/// The body of a mail alone may have lines, with a line feed at the end of each.
pub(crate) struct TextCheck(Result<(), EncodeError>);

impl TextCheck {
    pub(crate) fn new() -> Self {
        Self(Ok(()))
    }

    /// What was found first.
    pub(crate) fn finish(self) -> Result<(), EncodeError> {
        self.0
    }

    fn value(&mut self, tag: &str, text: &str) {
        if self.0.is_ok() {
            self.0 = value(tag, text);
        }
    }
}

impl Sink for TextCheck {
    fn open(&mut self, _: &'static str) {}

    fn leaf(&mut self, tag: &'static str, text: &str) {
        self.value(tag, text);
    }

    fn close(&mut self) {}

    fn element(&mut self, element: &Element) {
        self.value(element.tag(), element.text().unwrap_or_default());
        element.children().iter().for_each(|child| self.element(child));
    }
}

fn value(tag: &str, text: &str) -> Result<(), EncodeError> {
    let lines = tag == "MSGBODY";
    // Most text is plain: then a look at its bytes is enough.
    let plain = text.bytes().all(|b| (b' '..0x7f).contains(&b));
    if !plain && text.chars().any(|c| c.is_control() && !(lines && c == '\n')) {
        return Err(EncodeError::Control(tag.to_owned()));
    }
    if text.trim().len() != text.len() {
        return Err(EncodeError::OuterBlank(tag.to_owned()));
    }
    Ok(())
}

/// Refuses an amount that is not more than zero.
pub(crate) fn positive(tag: &'static str, amount: Amount) -> Result<(), EncodeError> {
    if amount.value() > Decimal::ZERO {
        Ok(())
    } else {
        Err(EncodeError::Invalid { tag, expected: "must be more than zero" })
    }
}

/// Refuses what is no date of the calendar, and one made here that is not written as the specification wants it.
pub(crate) fn day(tag: &'static str, date: &Stamp) -> Result<(), EncodeError> {
    if date.date().is_some() && date.moment_in_zone().is_some() {
        known(tag, date)
    } else {
        Err(EncodeError::Invalid { tag, expected: "must be a day" })
    }
}

/// As [`day`], for what an institution is told of its own: whatever it wrote goes back.
pub(crate) fn known(tag: &'static str, date: &Stamp) -> Result<(), EncodeError> {
    if date.was_read() || date.is_as_specified() {
        Ok(())
    } else {
        let expected = "must be YYYYMMDD, YYYYMMDDHHMMSS, or YYYYMMDDHHMMSS.XXX[offset:zone]";
        Err(EncodeError::Invalid { tag, expected })
    }
}

/// An id that the institution makes, of a payment, a model or a payee. Ten or twelve characters by the specification, 36 in 1.5.1 and
/// 1.6; what an institution calls its own by must not stand in the way of changing it.
pub(crate) fn server_id(tag: &'static str, id: &str) -> Result<(), EncodeError> {
    limit(tag, id, 36)
}

/// A payee is paid by transfer only when it is given by name and address. OFX 1.0.3 §12.5.2.
pub(crate) fn transfer(to: Option<&BankAccount>, by_address: bool) -> Result<(), EncodeError> {
    match to {
        Some(_) if !by_address => {
            Err(EncodeError::Invalid { tag: "BANKACCTTO", expected: "needs the payee by name and address" })
        }
        Some(account) => account.check(),
        None => Ok(()),
    }
}

/// Refuses what is no country by ISO 3166.
pub(crate) fn country(country: Option<&str>) -> Result<(), EncodeError> {
    match country {
        Some(country) if country.len() != 3 || !country.bytes().all(|b| b.is_ascii_alphabetic()) => {
            limit("COUNTRY", country, 3)?;
            Err(EncodeError::Invalid { tag: "COUNTRY", expected: "must have three letters" })
        }
        _ => Ok(()),
    }
}

/// The lines of an address, of which each needs the one before.
pub(crate) fn address([first, second, third]: [Option<&str>; 3]) -> Result<(), EncodeError> {
    optional("ADDR1", first, 32)?;
    optional("ADDR2", second, 32)?;
    optional("ADDR3", third, 32)?;
    lines([first, second, third])
}

/// Refuses a line without the one before.
pub(crate) fn lines([first, second, third]: [Option<&str>; 3]) -> Result<(), EncodeError> {
    if third.is_some() && second.is_none() {
        return Err(EncodeError::Invalid { tag: "ADDR3", expected: "may only follow ADDR2" });
    }
    if second.is_some() && first.is_none() {
        return Err(EncodeError::Invalid { tag: "ADDR2", expected: "may only follow ADDR1" });
    }
    Ok(())
}
