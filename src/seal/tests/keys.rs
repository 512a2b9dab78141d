//! Keys that are stored wrapped: what comes back is what went, and nothing else is taken for a key.

use crate::error::{Delivery, ErrorKind};
use crate::seal::{Key, KeyRing, KeyServiceError, KeyWrapper, SealError, WrappedKey};

/// Binds the id, refuses what it did not make; no encryption to speak of.
struct Service {
    mask: u8,
}

impl KeyWrapper for Service {
    fn wrap(&self, key: &Key) -> Result<Vec<u8>, KeyServiceError> {
        let mut bytes = key.id().to_be_bytes().to_vec();
        bytes.extend(key.expose().iter().map(|byte| byte ^ self.mask));
        Ok(bytes)
    }

    fn unwrap(&self, wrapped: &WrappedKey) -> Result<Vec<u8>, KeyServiceError> {
        let (id, bytes) = wrapped.as_bytes().split_first_chunk().ok_or("too short")?;
        if u32::from_be_bytes(*id) != wrapped.id() {
            return Err("another key's id".into());
        }
        Ok(bytes.iter().map(|byte| byte ^ self.mask).collect())
    }
}

const SERVICE: Service = Service { mask: 0x55 };

#[test]
fn a_wrapped_key_comes_back_from_its_text() {
    let key = Key::new(7, [3; 32]).unwrap();
    let wrapped = WrappedKey::wrap(&SERVICE, &key).unwrap();
    assert_ne!(&wrapped.as_bytes()[4..], key.expose());
    let text = wrapped.to_text();
    assert!(text.starts_with("7.AAAAB1ZW"), "{text}");
    let stored = WrappedKey::from_text(&text).unwrap();
    assert_eq!(stored, wrapped);
    let back = stored.unwrap(&SERVICE).unwrap();
    assert_eq!((back.id(), back.expose()), (7, key.expose()));
    let by_pointer: &dyn KeyWrapper = &SERVICE;
    assert_eq!(stored.unwrap(by_pointer).unwrap().expose(), key.expose());
}

#[test]
fn a_wrapped_key_has_exactly_one_text() {
    assert_eq!(WrappedKey::from_text("4294967295.AA").unwrap(), WrappedKey::new(u32::MAX, [0]).unwrap());
    assert_eq!(WrappedKey::from_text("1.").unwrap().as_bytes(), b"");
    for text in [
        "", ".", "AA", "0.AA", "01.AA", "+1.AA", "-1.AA", " 1.AA", "1.AA ", "1.AA\n", "1.AB", "1.AA==", "1.A",
        "1.+/+AQ",
    ] {
        assert_eq!(WrappedKey::from_text(text).unwrap_err(), SealError::NotWrappedKey, "{text:?}");
    }
    assert_eq!(WrappedKey::from_text("4294967296.AA").unwrap_err(), SealError::NotWrappedKey);
    assert_eq!(WrappedKey::new(0, [1]).unwrap_err(), SealError::ZeroKeyId);
}

#[test]
fn a_ring_is_made_of_wrapped_keys() {
    let wrap = |id| WrappedKey::wrap(&SERVICE, &Key::new(id, [3; 32]).unwrap()).unwrap();
    let stored = [wrap(1), wrap(2), wrap(3)];
    let ring = KeyRing::from_wrapped(&SERVICE, 2, &stored).unwrap();
    assert_eq!(ring.sealing_id(), 2);
    assert!([1, 2, 3].into_iter().all(|id| ring.contains(id)) && !ring.contains(4));

    let detail = |sealing, stored: &[WrappedKey]| {
        let error = KeyRing::from_wrapped(&SERVICE, sealing, stored).unwrap_err();
        *error.detail::<SealError>().unwrap()
    };
    assert_eq!(detail(4, &stored), SealError::NoSuchKey(4));
    assert_eq!(detail(4, &[]), SealError::NoSuchKey(4));
    assert_eq!(detail(1, &[wrap(1), wrap(2), wrap(2)]), SealError::DuplicateKeyId(2));
    assert_eq!(detail(1, &[wrap(1), wrap(1)]), SealError::DuplicateKeyId(1));
}

#[test]
fn a_service_that_fails_is_named_and_its_error_kept() {
    let wrapped = WrappedKey::wrap(&SERVICE, &Key::new(7, [3; 32]).unwrap()).unwrap();
    let passed_off = WrappedKey::new(8, wrapped.as_bytes()).unwrap();
    let error = passed_off.unwrap(&SERVICE).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Seal, Delivery::NotSent));
    assert!(error.to_string().contains("did not unwrap key 8"), "{error}");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "another key's id");
}

#[test]
fn a_key_has_32_bytes_and_an_id() {
    for len in [0, 16, 31, 33, 64] {
        assert_eq!(Key::from_vec(1, vec![1; len]).unwrap_err(), SealError::KeyLength(len));
    }
    assert_eq!(Key::from_vec(0, vec![1; 32]).unwrap_err(), SealError::ZeroKeyId);
    let short = WrappedKey::new(7, [0, 0, 0, 7, 1, 2, 3]).unwrap();
    let error = short.unwrap(&SERVICE).unwrap_err();
    assert_eq!(error.detail(), Some(&SealError::KeyLength(3)));
    let shown = format!("{:?} {:?}", Key::from_vec(1, vec![250; 32]).unwrap(), short);
    assert!(!shown.contains("250"), "{shown}");
}
