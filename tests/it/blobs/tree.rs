//! The part of the second reader that unpacks trees and stretches requests: sections 9 and 10 of the page.

use serde_json::{Value, json};

/// The request, one character for each byte.
pub(super) fn stretch(squeezed: &[u8], trn_uid: &str) -> String {
    let mut out = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut at = Cursor(squeezed);
    while !at.0.is_empty() {
        match at.byte() {
            0 => out.push(char::from(at.byte())),
            code @ (1 | 2) => {
                let outer = if code == 1 { 0 } else { at.byte() };
                open.truncate(open.len() - usize::from(outer));
                out += &format!("</{}>", open.pop().unwrap());
            }
            3 => out += trn_uid,
            code @ 0x80.. => {
                open.push(name(usize::from(code - 0x80)));
                out += &format!("<{}>", open[open.len() - 1]);
            }
            plain => out.push(char::from(plain)),
        }
    }
    out
}

/// A packed tree as `{"TAG": "value"}` and `{"TAG": [children]}`.
pub(super) struct Unpacker<'a> {
    at: Cursor<'a>,
    last: usize,
    values: Vec<String>,
    flat: Vec<Value>,
}

impl<'a> Unpacker<'a> {
    pub(super) fn unpack(packed: &'a [u8]) -> Value {
        let mut reader = Self { at: Cursor(packed), last: 0, values: Vec::new(), flat: Vec::new() };
        let root = reader.element();
        assert!(reader.at.0.is_empty());
        root
    }

    fn element(&mut self) -> Value {
        let head = self.at.byte();
        let tag = match head >> 3 {
            31 => {
                self.last = 0;
                self.at.text()
            }
            30 => {
                self.last = self.at.varint();
                name(self.last).to_owned()
            }
            step => {
                self.last = self.last + usize::from(step) - 6;
                name(self.last).to_owned()
            }
        };
        let content: Value = match head & 7 {
            0 => {
                let children: Vec<Value> = (0..self.at.varint()).map(|_| self.element()).collect();
                let flat = !children.is_empty()
                    && children.iter().all(|child| child.as_object().unwrap().values().all(Value::is_string));
                let whole = json!({ tag: children });
                if flat {
                    self.flat.push(whole.clone());
                }
                return whole;
            }
            1 => self.new_value(Cursor::text),
            2 => shown(&self.values[self.at.varint()]),
            3 => line(COMMON, self.at.varint()).into(),
            4 => "Y".into(),
            5 => "N".into(),
            6 => {
                let same = self.flat[self.at.varint()].clone();
                assert!(same.get(&tag).is_some());
                return same;
            }
            _ => self.new_value(Cursor::digits),
        };
        json!({ tag: content })
    }

    fn new_value(&mut self, read: impl Fn(&mut Cursor<'a>) -> String) -> Value {
        self.values.push(read(&mut self.at));
        shown(&self.values[self.values.len() - 1])
    }
}

/// An empty value counts as an aggregate without elements.
fn shown(value: &str) -> Value {
    if value.is_empty() { json!([]) } else { value.into() }
}

/// What is left to read.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    pub(super) fn varint(&mut self) -> usize {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = self.byte();
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }

    pub(super) fn bytes(&mut self) -> &'a [u8] {
        let length = self.varint();
        self.take(length)
    }

    pub(super) fn text(&mut self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }

    pub(super) fn optional<T>(&mut self, read: impl Fn(&mut Self) -> T) -> Option<T> {
        match self.byte() {
            0 => None,
            1 => Some(read(self)),
            other => panic!("option {other}"),
        }
    }

    fn digits(&mut self) -> String {
        let count = self.varint();
        let halves = self.take(count.div_ceil(2)).iter().flat_map(|byte| [byte >> 4, byte & 15]);
        halves.take(count).map(|half| char::from_digit(half.into(), 10).unwrap()).collect()
    }
}

fn name(number: usize) -> &'static str {
    line(NAMES, number)
}

fn line(list: &'static str, number: usize) -> &'static str {
    list.lines().nth(number).unwrap()
}

pub(super) const NAMES: &str = include_str!("../../../fixtures/blobs/names.txt");
pub(super) const COMMON: &str = include_str!("../../../fixtures/blobs/common.txt");
