//! The state file at work: one command at a time, and whatever the institution is told or tells is in the file before anybody goes on.

use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::Utc;
use ofx_session::engine::TaskKind;
use ofx_session::ofx::RequestKind;
use ofx_session::{
    Blob, Client, Context, Credentials, Institution, KeyRing, OpenPolicy, Paused, Session, Situation, Version,
};

use crate::book::{Book, Speech, Then, Waiting};
use crate::common::{Options, beside, keys, write_private};
use crate::perform::{Work, resume_line, way_out};
use crate::prompt;
use crate::shown::Failure;

/// The state of one user at one institution, open for one command.
pub struct Desk {
    pub book: Book,
    options: Options,
    /// The institution is to be spoken to otherwise than the client of the file does.
    anew: bool,
    path: PathBuf,
    keys: KeyRing,
    context: Context,
    /// A key that was made for this command, and is of no use before there is a state file.
    fresh_key: Option<PathBuf>,
    /// Held until the command is over.
    _lock: File,
}

impl Desk {
    /// Reads the state file, or makes a new state for the institution of the options.
    /// What is said again on the command line, by the names in `said`, counts from now on.
    pub fn open(mut options: Options, said: &[String]) -> Result<Self, Failure> {
        let path = options.state.get_or_insert_with(|| PathBuf::from("bills.state")).clone();
        options.password = options.password.filter(|password| !password.is_empty());
        if !path.exists() {
            // Nothing is made for a command that lacks something.
            fresh(&options, &path)?;
        }
        let lock = lock(&path)?;
        let mut book = if path.exists() { read(&path, &mut options)? } else { fresh(&options, &path)? };
        let wanted = speech(&options, &book.speech, said);
        // An operation that waits goes on as it was begun.
        let anew = book.waiting.is_none() && wanted != book.speech;
        if anew {
            book.speech = wanted;
        }
        let context = Context::new("ofx-session bills", &book.user)?.and(&book.url);
        let key = beside(&path, ".key");
        let fresh_key = (!key.exists()).then(|| key.clone());
        private(&key)?;
        let keys = keys(&path)?;
        Ok(Self { book, options, anew, path, keys, context, fresh_key, _lock: lock })
    }

    pub fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    /// Nothing may be begun while an operation waits.
    pub fn refuse_if_waiting(&self) -> Result<(), Failure> {
        match &self.book.waiting {
            None => Ok(()),
            Some(waiting) => Err(self.explain(waiting)),
        }
    }

    /// What waits, and what can be done about it.
    fn explain(&self, waiting: &Waiting) -> Failure {
        let what = format!("{} waits (TRNUID {})", waiting.what, waiting.trn_uid);
        if waiting.in_doubt {
            let text = format!("{what}: it is not known whether it was carried out");
            let way_out = self.paused().map(|paused| way_out(paused.kind(), paused.can_reconcile()));
            return Failure::in_doubt(text, waiting.pays).hint(way_out.unwrap_or("it is kept: `settle` ends it"));
        }
        let mut resume = "resume".to_owned();
        let why = match self.paused().map(|paused| paused.situation()) {
            Ok(Situation::AwaitingAnswers(challenge)) => {
                resume = resume_line(&challenge);
                format!("for answers to {} security question(s)", challenge.questions().len())
            }
            Ok(Situation::AwaitingApproval(approval)) => approval.explain(),
            Ok(_) => "and was not sent".to_owned(),
            Err(_) => "and is too old to go on with; nothing of it was carried out".to_owned(),
        };
        Failure::waits(format!("{what}: {why}")).hint(format!("`{resume}` goes on with it, `abandon` gives it up"))
    }

    /// A signed-on scope for something new.
    pub fn session(&mut self) -> Result<Session, Failure> {
        self.refuse_if_waiting()?;
        let client = self.client()?;
        Ok(client.open(self.credentials()?)?)
    }

    /// The client of the state file, or a new one. One that is to speak otherwise is a new one under the same `CLIENTUID`.
    pub fn client(&self) -> Result<Client, Failure> {
        let (options, speech) = (&self.options, &self.book.speech);
        let restore = |text: &String| -> Result<Client, Failure> {
            Ok(Client::restore(&Blob::from_text(text)?, &self.keys, &self.context)?)
        };
        let known = self.book.client.as_ref().map(restore).transpose()?;
        let uid = known.as_ref().map(|client| client.client_uid().to_owned());
        if let Some(client) = known.filter(|_| !self.anew) {
            return Ok(client.device(options.device()).connection(options.connection()?)?);
        }
        let version = Version::from_number(speech.ofx_version).unwrap_or(options.ofx_version);
        let mut institution = Institution::new(&self.book.url).version(version);
        if let Some(org) = &speech.org {
            institution = institution.org(org);
        }
        if let Some(fid) = &speech.fid {
            institution = institution.fid(fid);
        }
        let mut builder = Client::builder(institution).app(&speech.app_id, &speech.app_version);
        if let Some(uid) = uid {
            builder = builder.client_uid(uid);
        }
        Ok(builder.device(options.device()).connection(options.connection()?).build()?)
    }

    /// User and password; the password is asked on the terminal when nothing says it.
    pub fn credentials(&mut self) -> Result<Credentials, Failure> {
        if self.options.password.is_none() {
            let question = format!("Password of {} at {}:", self.book.user, self.book.url);
            let password = prompt::hidden(&question)?;
            self.options.password = Some(password.ok_or_else(|| Failure::misuse(NO_PASSWORD))?);
        }
        Ok(self.options.credentials()?)
    }

    /// The operation that waits. One in doubt can be read for ever, with the clock of when it was stored.
    pub fn paused(&self) -> Result<Paused, Failure> {
        let waiting = self.book.waiting.as_ref().ok_or_else(|| Failure::misuse("nothing waits"))?;
        let now = u64::try_from(Utc::now().timestamp()).unwrap_or_default();
        let policy = OpenPolicy::new(if waiting.in_doubt { waiting.stored } else { now });
        Ok(Client::resume_under(&Blob::from_text(&waiting.blob)?, &self.keys, &self.context, &policy)?)
    }

    /// A session with the operation that waits. The state file is locked and has the only copy of it, which is replaced whatever
    /// happens: nobody else can make a second payment of it.
    pub fn resumed(&mut self, paused: Paused, credentials: Credentials) -> Result<Session, Failure> {
        let paused = paused.device(self.options.device()).connection(self.options.connection()?)?;
        Ok(paused.open_risking_a_second_payment(credentials)?)
    }

    /// From now on, whatever leaves is in the state file first, as an operation that waits.
    pub fn keep_ahead(&self, session: &mut Session, what: &str) {
        let (mut book, path) = (self.book.clone(), self.path.clone());
        let (keys, context, what) = (self.keys.clone(), self.context.clone(), what.to_owned());
        session.keep_ahead(&self.keys, &self.context, move |blob| {
            let waiting =
                waiting(blob, &keys, &context, &what, None).map_err(|error| std::io::Error::other(error.text))?;
            book.waiting = Some(waiting);
            write(&path, &book).map_err(|error| std::io::Error::other(error.text))
        });
    }

    /// Ends the session: what is under way waits in the state file, or the client is back there. In one write with all copies.
    ///
    /// What is ready and was not sent is forgotten, because the same command asks for it again; unless it has waited before.
    pub fn put_away(&mut self, work: Work) -> Result<(), Failure> {
        let Work { mut session, what, resumed, then, .. } = work;
        match session.situation() {
            None | Some(Situation::Over(_)) => {}
            Some(Situation::Ready) if !resumed => session.abandon()?,
            Some(_) => {
                let life = session.longest_pause();
                let blob = session.pause_for(life, &self.keys, &self.context)?;
                self.book.waiting = Some(waiting(&blob, &self.keys, &self.context, &what, then)?);
                return self.write();
            }
        }
        self.keep(session.close()?)
    }

    /// The client is back in the state file, and nothing waits.
    ///
    /// A first command that never reached the institution leaves nothing behind: what it said may have been wrong.
    pub fn keep(&mut self, client: Client) -> Result<(), Failure> {
        let has_met = client.profile().is_some() || !client.known_accounts().is_empty();
        if !has_met && self.book.synchronized.is_none() && !self.path.exists() {
            return Ok(());
        }
        // The file is its user's own and lies beside the key: it does not get safer by forgetting.
        let for_ever = std::time::Duration::ZERO;
        self.book.client = Some(client.deconstruct_for(for_ever, &self.keys, &self.context)?.to_text());
        self.book.waiting = None;
        self.write()
    }

    pub fn write(&self) -> Result<(), Failure> {
        write(&self.path, &self.book)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(key) = self.fresh_key.take().filter(|_| !self.path.exists()) {
            let _ = std::fs::remove_file(key);
        }
    }
}

fn waiting(blob: &Blob, keys: &KeyRing, context: &Context, what: &str, then: Option<Then>) -> Result<Waiting, Failure> {
    let paused = Client::resume(blob, keys, context)?;
    Ok(Waiting {
        what: what.to_owned(),
        trn_uid: paused.trn_uid().to_string(),
        stored: u64::try_from(Utc::now().timestamp()).unwrap_or_default(),
        in_doubt: matches!(paused.situation(), Situation::InDoubt(_)),
        pays: concerns_money(paused.kind()),
        blob: blob.to_text(),
        then,
    })
}

/// Whether money moves or stays by it: payments, and changes of payments.
pub fn concerns_money(kind: TaskKind) -> bool {
    use RequestKind::{AddRecurring, CancelPayment, CancelRecurring, ModifyPayment, ModifyRecurring, Pay};
    let kinds = [Pay, ModifyPayment, CancelPayment, AddRecurring, ModifyRecurring, CancelRecurring];
    matches!(kind, TaskKind::Request(kind) if kinds.contains(&kind))
}

fn read(path: &Path, options: &mut Options) -> Result<Book, Failure> {
    let cannot = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| cannot(&error))?;
    let mut book: Book = serde_json::from_str(&text).map_err(|error| cannot(&error))?;
    if book.format != FORMAT {
        return Err(cannot(&"it was written by another version of this program").into());
    }
    let key = beside(path, ".key");
    if !key.exists() {
        return Err(format!("{} is missing, and {} cannot be read without it", key.display(), path.display()).into());
    }
    for (option, given, known) in [("--url", &options.url, &book.url), ("--user", &options.user, &book.user)] {
        if given.as_ref().is_some_and(|given| given != known) {
            return Err(
                format!("{} belongs to {known}; name another --state for another {option}", path.display()).into()
            );
        }
    }
    options.url = Some(book.url.clone());
    options.user = Some(book.user.clone());
    // How to connect counts from now on when it is said again; once it has been seen to be readable.
    let given = options.ca_file.as_ref().map(std::path::absolute).transpose()?;
    let is_news = given.as_ref().is_some_and(|given| book.ca_file.as_ref() != Some(given))
        || (options.allow_http_loopback && !book.allow_http_loopback);
    book.ca_file = given.or(book.ca_file);
    book.allow_http_loopback |= options.allow_http_loopback;
    options.ca_file.clone_from(&book.ca_file);
    options.allow_http_loopback = book.allow_http_loopback;
    if is_news {
        options.connection()?;
        write(path, &book)?;
    }
    Ok(book)
}

/// What is known, but for what was said on the command line; all of it at the first time.
fn speech(options: &Options, known: &Speech, said: &[String]) -> Speech {
    let first = *known == Speech::default();
    let counts = |name: &str| first || said.iter().any(|said| said == name);
    let mut speech = known.clone();
    speech.org = options.org.clone().or(speech.org);
    speech.fid = options.fid.clone().or(speech.fid);
    if counts("app_id") {
        speech.app_id.clone_from(&options.app_id);
    }
    if counts("app_version") {
        speech.app_version.clone_from(&options.app_version);
    }
    if counts("ofx_version") {
        speech.ofx_version = options.ofx_version.number();
    }
    speech
}

/// Nothing is written before there is something to keep.
fn fresh(options: &Options, path: &Path) -> Result<Book, Failure> {
    let need = |option: &str, value: &Option<String>| {
        let first = || {
            format!(
                "{option} is missing: there is no {} yet, and the first command says --url, --user and, where the institution wants them, --org and --fid",
                path.display()
            )
        };
        value.clone().ok_or_else(first)
    };
    let absolute = |file: &PathBuf| std::path::absolute(file);
    Ok(Book {
        format: FORMAT,
        url: need("--url", &options.url)?,
        user: need("--user", &options.user)?,
        ca_file: options.ca_file.as_ref().map(absolute).transpose()?,
        allow_http_loopback: options.allow_http_loopback,
        speech: speech(options, &Speech::default(), &[]),
        ..Book::default()
    })
}

fn lock(path: &Path) -> Result<File, Failure> {
    let file = beside(path, ".lock");
    let cannot = |error: std::io::Error| format!("cannot write {}: {error}", file.display());
    let lock = File::options().create(true).truncate(false).write(true).open(&file).map_err(cannot)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(_) => {
            Err(Failure::misuse(format!("another command is at work with {}; wait until it is over", path.display())))
        }
    }
}

/// The key is for its owner alone.
#[cfg(unix)]
fn private(key: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(found) = std::fs::metadata(key) else { return Ok(()) };
    if found.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600))?;
        eprintln!(
            "note: others could read {}, and with it the state file; from now on only its owner can. Who may have read it can sign on \
             as this client until the institution is told",
            key.display()
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), Failure> {
    Ok(())
}

fn write(path: &Path, book: &Book) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(book).map_err(|error| error.to_string())?;
    Ok(write_private(path, text.as_bytes())?)
}

const NO_PASSWORD: &str = "--password is missing: set OFX_PASSWORD, or run this on a terminal";

const FORMAT: u32 = 1;
