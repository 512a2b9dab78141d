//! What `render_requests` is made of: cases, each an operation as an application asks for it, and a scene to render them in.

pub mod answers;
pub mod bills;
pub mod scene;
pub mod signon;
pub mod signup;
pub mod sync;

use ofx_session::Version;
use ofx_session::engine::Intent;
use scene::{File, Scene};

pub type Problem = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T> = std::result::Result<T, Problem>;

/// An operation in one of its variants.
pub struct Case {
    /// The name of its files, behind the version.
    pub name: String,
    /// The versions that have it.
    pub has: fn(Version) -> bool,
    /// What is left out in the other versions, where they do not refuse the operation as a whole.
    pub left_out: Option<&'static str>,
    make: Box<Make>,
}

type Make = dyn Fn(&mut Scene) -> Result<File>;

impl Case {
    /// One that every version has.
    pub fn new(name: impl Into<String>, make: impl Fn(&mut Scene) -> Result<File> + 'static) -> Self {
        Self { name: name.into(), has: every, left_out: None, make: Box::new(make) }
    }

    /// An operation of a client that knows nothing of the institution yet.
    pub fn of(name: impl Into<String>, intent: impl Into<Intent>) -> Self {
        let intent = intent.into();
        Self::new(name, move |scene| scene.render(intent.clone()))
    }

    /// An operation at an institution that keeps a history, of which a token is known: it goes inside of a synchronization, and is
    /// carried out only if nothing else has happened.
    pub fn in_history(name: impl Into<String>, intent: impl Into<Intent>, token: fn() -> String) -> Self {
        let intent = intent.into();
        Self::new(name, move |scene| {
            scene.learn_profile(false)?;
            let asks_for_token = scene.begin(intent.clone())?;
            let operation = scene.hear(asks_for_token, &token())?;
            scene.file(&operation)
        })
    }

    pub fn only(mut self, has: fn(Version) -> bool) -> Self {
        self.has = has;
        self
    }

    pub fn left_out(mut self, tag: &'static str) -> Self {
        self.left_out = Some(tag);
        self
    }

    pub fn render(&self, scene: &mut Scene) -> Result<File> {
        (self.make)(scene)
    }
}

fn every(_: Version) -> bool {
    true
}

pub fn since_151(version: Version) -> bool {
    version >= Version::V151
}

pub fn since_200(version: Version) -> bool {
    version >= Version::V200
}

pub fn since_210(version: Version) -> bool {
    version >= Version::V210
}

/// Every case, in the order of the issue of an institution's services: who signs on, what is paid, to whom, and what happened.
pub fn all() -> Vec<Case> {
    [
        signon::cases(),
        signup::cases(),
        bills::payments(),
        bills::recurring(),
        bills::payees(),
        bills::mail(),
        sync::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
