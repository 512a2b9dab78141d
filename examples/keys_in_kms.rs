//! Keeps the keys of blobs in a key service: wrapped where they are stored, unwrapped once at start-up, replaced without losing
//! a blob.
//!
//! `cargo run --example keys_in_kms` uses a local stand-in, a master key in a file. For a real service, implement
//! [`KeyWrapper`] over its blocking client; with an async one, do as the documentation of that trait shows.
#![allow(clippy::print_stdout, missing_docs, reason = "examples print")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use ofx_session::seal::{KeyServiceError, KeyWrapper, OpenError, WrappedKey};
use ofx_session::{Blob, Client, Context, Institution, Key, KeyRing};
use zeroize::Zeroizing;

/// What stands in for a key service: the master key never leaves this type.
struct LocalKms {
    cipher: XChaCha20Poly1305,
}

impl LocalKms {
    fn open(file: &Path) -> Result<Self, KeyServiceError> {
        if !file.exists() {
            fs::write(file, *random::<32>()?)?;
        }
        let master = Zeroizing::new(fs::read(file)?);
        Ok(Self { cipher: XChaCha20Poly1305::new_from_slice(&master)? })
    }
}

impl KeyWrapper for LocalKms {
    fn wrap(&self, key: &Key) -> Result<Vec<u8>, KeyServiceError> {
        let nonce = *random::<24>()?;
        // The id goes along: a wrapped key cannot be passed off as another.
        let payload = Payload { msg: key.expose(), aad: &key.id().to_be_bytes() };
        let ciphertext = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| "the key was not encrypted")?;
        Ok([&nonce[..], &ciphertext].concat())
    }

    fn unwrap(&self, wrapped: &WrappedKey) -> Result<Vec<u8>, KeyServiceError> {
        let (nonce, msg) = wrapped.as_bytes().split_first_chunk::<24>().ok_or("not one of ours: too short")?;
        let payload = Payload { msg, aad: &wrapped.id().to_be_bytes() };
        Ok(self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| "not one of ours, or changed")?)
    }
}

/// An application's folder: the stored keys, the one that seals first, and the blobs of its users.
struct App {
    folder: PathBuf,
}

impl App {
    /// What every process does at its start: the only time that the service is asked.
    fn start(&self) -> Result<KeyRing, KeyServiceError> {
        let kms = LocalKms::open(&self.folder.join("master.key"))?;
        let stored = self.stored_keys()?;
        let sealing = stored.first().ok_or("no key is stored")?.id();
        Ok(KeyRing::from_wrapped(&kms, sealing, &stored)?)
    }

    fn new_key(&self, id: u32) -> Result<WrappedKey, KeyServiceError> {
        let kms = LocalKms::open(&self.folder.join("master.key"))?;
        Ok(WrappedKey::wrap(&kms, &Key::new(id, *random::<32>()?)?)?)
    }

    fn stored_keys(&self) -> Result<Vec<WrappedKey>, KeyServiceError> {
        let text = fs::read_to_string(self.folder.join("keys.txt"))?;
        Ok(text.lines().map(WrappedKey::from_text).collect::<Result<_, _>>()?)
    }

    fn store_keys(&self, keys: &[WrappedKey]) -> Result<(), KeyServiceError> {
        let lines: Vec<String> = keys.iter().map(WrappedKey::to_text).collect();
        Ok(fs::write(self.folder.join("keys.txt"), lines.join("\n"))?)
    }

    fn blob(&self, user: &str) -> Result<Blob, KeyServiceError> {
        Ok(Blob::from_text(&fs::read_to_string(self.folder.join(user))?)?)
    }

    fn store_blob(&self, user: &str, blob: &Blob) -> Result<(), KeyServiceError> {
        Ok(fs::write(self.folder.join(user), blob.to_text())?)
    }
}

const USERS: [&str; 3] = ["jane", "joe", "ann"];

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    let app = App { folder: folder.path().to_owned() };

    // The first start: a data key is made, wrapped and stored. Unwrapped it is nowhere but in memory.
    app.store_keys(&[app.new_key(1)?])?;
    let keys = app.start()?;
    for user in USERS {
        let client = Client::builder(Institution::new("https://ofx.example.com/ofx")).client_uid(user).build()?;
        app.store_blob(user, &client.deconstruct(&keys, &context(user)?)?)?;
    }
    println!("stored {} clients under key {}", USERS.len(), keys.sealing_id());

    // Another start, another process: the service unwraps the stored key, and the blobs open.
    let keys = app.start()?;
    let client = Client::restore(&app.blob("jane")?, &keys, &context("jane")?)?;
    assert_eq!((client.client_uid(), client.needs_reseal()), ("jane", false));

    // A new key, in four steps. First it is stored behind the old one, and every process is started with both.
    let second = app.new_key(2)?;
    let mut stored = app.stored_keys()?;
    stored.push(second);
    app.store_keys(&stored)?;
    let keys = app.start()?;
    assert_eq!((keys.sealing_id(), keys.contains(2)), (1, true));

    // Second, when every process has it, it is promoted: what is sealed from now on is sealed with it.
    stored.reverse();
    app.store_keys(&stored)?;
    let keys = app.start()?;
    assert_eq!(keys.sealing_id(), 2);

    // Third, what was sealed with the old one is sealed again: as users come back, or all in one go as here.
    let old = app.blob("jane")?;
    for user in USERS {
        let client = Client::restore(&app.blob(user)?, &keys, &context(user)?)?;
        assert!(client.needs_reseal());
        app.store_blob(user, &client.deconstruct(&keys, &context(user)?)?)?;
        assert_eq!(app.blob(user)?.header()?.key_id(), 2);
    }
    println!("sealed {} clients again under key {}", USERS.len(), keys.sealing_id());

    // Fourth, the old key is retired, and with it every old copy of a blob.
    stored.retain(|key| key.id() != 1);
    app.store_keys(&stored)?;
    let keys = app.start()?;
    for user in USERS {
        assert_eq!(Client::restore(&app.blob(user)?, &keys, &context(user)?)?.client_uid(), user);
    }
    let Err(refused) = Client::restore(&old, &keys, &context("jane")?) else { return Err("an old copy opened".into()) };
    assert_eq!(refused.detail(), Some(&OpenError::UnknownKeyId(1)));
    println!("an old copy: {refused}");

    // Whoever can write to the storage cannot pass one key off as another.
    let passed_off = WrappedKey::new(3, stored.first().ok_or("no key is stored")?.as_bytes())?;
    let kms = LocalKms::open(&app.folder.join("master.key"))?;
    assert!(passed_off.unwrap(&kms).is_err());
    Ok(())
}

fn context(user: &str) -> Result<Context, ofx_session::Error> {
    Ok(Context::new("keys_in_kms", user)?)
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeyServiceError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes)?;
    Ok(bytes)
}
