//! What the examples share: options to aim them at an institution, a place for their state, questions on the terminal.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use ofx_session::engine::Challenge;
use ofx_session::seal::Kind;
use ofx_session::testing::Bank;
use ofx_session::{
    Answers, Blob, Client, Context, Credentials, Device, HttpsOptions, Institution, Key, KeyRing, Question, StatusCode,
    Version,
};

pub type Problem = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T> = std::result::Result<T, Problem>;

/// Without `--url`, an example starts a pretend institution of its own on this machine and uses that.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The institution's OFX address, https://...
    #[arg(long)]
    pub url: Option<String>,
    /// Root certificates to trust besides those of this machine, PEM
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Allow http:// to this machine itself, for test servers
    #[arg(long)]
    pub allow_http_loopback: bool,
    /// ORG of the institution
    #[arg(long)]
    pub org: Option<String>,
    /// FID of the institution
    #[arg(long)]
    pub fid: Option<String>,
    /// APPID that the institution admits
    #[arg(long, default_value = "QWIN")]
    pub app_id: String,
    /// APPVER that the institution admits, four digits
    #[arg(long, default_value = "2700")]
    pub app_version: String,
    /// OFX version to speak: 102 103 151 160 200 201 202 203 210 211 220 230
    #[arg(long, default_value = "211", value_parser = version)]
    pub ofx_version: Version,
    /// User id
    #[arg(long)]
    pub user: Option<String>,
    /// Password; the environment variable keeps it out of the process list
    #[arg(long, env = "OFX_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
    /// A second credential, where the institution wants one
    #[arg(long, value_name = "TEXT", env = "OFX_USER_CRED1", hide_env_values = true)]
    pub user_cred1: Option<String>,
    /// A third credential, where the institution wants one
    #[arg(long, value_name = "TEXT", env = "OFX_USER_CRED2", hide_env_values = true)]
    pub user_cred2: Option<String>,
    /// Answer to a security question, by its id; repeat it for each. When missing, it is asked on the terminal; pay_once names it in
    /// its last line instead
    #[arg(long = "answer", value_name = "ID=TEXT", value_parser = answer)]
    pub answers: Vec<(String, String)>,
    /// Not for pay_once, whose store does it: file that keeps the client between runs, with the institution's settings and the access key, sealed under a key in
    /// FILE.key (made when missing)
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

fn version(text: &str) -> std::result::Result<Version, String> {
    let number = text.parse().ok().and_then(Version::from_number);
    number.ok_or_else(|| "not one of 102 103 151 160 200 201 202 203 210 211 220 230".to_owned())
}

fn answer(text: &str) -> std::result::Result<(String, String), String> {
    let (id, answer) = text.split_once('=').ok_or("expected ID=TEXT, for example MFA16=Garcia")?;
    Ok((id.to_owned(), answer.to_owned()))
}

impl Options {
    /// Starts the pretend institution when no other was named, and aims the options at it.
    pub fn or_pretend(&mut self, folder: &Path) -> Result<Option<Bank>> {
        if self.url.is_some() {
            return Ok(None);
        }
        let bank = Bank::builder()
            .org("EXAMPLE")
            .fid("7777")
            .user("jane", "correct horse")
            .question("MFA16", None, "Garcia")
            .question("BRQ7", Some("In which town did you open this account?"), "Newport")
            .start()?;
        let ca_file = folder.join("ca.pem");
        fs::write(&ca_file, bank.ca_pem())?;
        self.url = Some(bank.url().to_owned());
        self.ca_file = Some(ca_file);
        self.org = Some("EXAMPLE".to_owned());
        self.fid = Some("7777".to_owned());
        self.user = Some("jane".to_owned());
        self.password = Some("correct horse".to_owned());
        self.answers = vec![("MFA16".to_owned(), "Garcia".to_owned()), ("BRQ7".to_owned(), "Newport".to_owned())];
        Ok(Some(bank))
    }

    /// The client of the state file, or a new one.
    pub fn client(&self) -> Result<Client> {
        if let Some(file) = self.state.as_ref().filter(|file| file.exists()) {
            let (blob, name) = (read_blob(file)?, file.display());
            if blob.header()?.kind() == Kind::Paused {
                return Err(
                    format!("{name} holds a payment that was paused: finish it first, or name another file").into()
                );
            }
            let client = Client::restore(&blob, &keys(file)?, &self.context()?)?;
            if self.url.as_ref().is_some_and(|url| url != client.url()) {
                return Err(format!("{name} belongs to the institution at {}: name another file", client.url()).into());
            }
            return Ok(client.device(self.device()).connection(self.connection()?)?);
        }
        let url = self.url.as_ref().ok_or("--url is missing")?;
        let mut institution = Institution::new(url).version(self.ofx_version);
        if let Some(org) = &self.org {
            institution = institution.org(org);
        }
        if let Some(fid) = &self.fid {
            institution = institution.fid(fid);
        }
        let builder = Client::builder(institution).app(&self.app_id, &self.app_version).device(self.device());
        Ok(builder.connection(self.connection()?).build()?)
    }

    /// Questions that are meant for the program (above MFA100) are answered without asking; an answer given here goes before.
    /// Not part of any blob.
    pub fn device(&self) -> Device {
        let own =
            |id: &str| id.strip_prefix("MFA").and_then(|digits| digits.parse().ok()).is_some_and(|id: u32| id > 100);
        let given = self.answers.iter().filter(|(id, _)| own(id));
        given.fold(Device::new(), |device, (id, text)| device.answer(id, text))
    }

    /// How to connect; not part of any blob.
    pub fn connection(&self) -> Result<HttpsOptions> {
        let mut options = HttpsOptions::new();
        if let Some(file) = &self.ca_file {
            let pem = fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            options = options.add_root_pem(&pem)?;
        }
        Ok(if self.allow_http_loopback { options.allow_http_loopback() } else { options })
    }

    pub fn credentials(&self) -> Result<Credentials> {
        let user = self.user.as_ref().ok_or("--user is missing")?;
        let password = self.password.as_ref().ok_or("--password is missing (or set OFX_PASSWORD)")?;
        let mut credentials = Credentials::new(user, password.as_str());
        if let Some(text) = &self.user_cred1 {
            credentials = credentials.user_cred1(text.as_str());
        }
        if let Some(text) = &self.user_cred2 {
            credentials = credentials.user_cred2(text.as_str());
        }
        Ok(credentials)
    }

    /// Binds blobs to this program and this user.
    pub fn context(&self) -> Result<Context> {
        Ok(Context::new("ofx-session examples", self.user.as_deref().ok_or("--user is missing")?)?)
    }

    /// Answers from the command line, and from the terminal for the rest.
    pub fn answer(&self, challenge: &Challenge) -> Result<Answers> {
        self.answer_questions(challenge.questions())
    }

    /// Answers from the command line, when each question has one.
    pub fn answers_given(&self, questions: &[Question]) -> Option<Answers> {
        questions.iter().try_fold(Answers::new(), |answers, question| {
            let (_, text) = self.answers.iter().find(|(id, _)| id == question.id())?;
            Some(answers.with(question.id(), text.as_str()))
        })
    }

    pub fn answer_questions(&self, questions: &[Question]) -> Result<Answers> {
        let mut answers = Answers::new();
        for question in questions {
            let given = self.answers.iter().find(|(id, _)| id == question.id()).map(|(_, text)| text.clone());
            let text = match given {
                Some(text) => text,
                None if std::io::stdin().is_terminal() => {
                    print!("{} ", question.text());
                    std::io::stdout().flush()?;
                    let mut line = String::new();
                    if std::io::stdin().read_line(&mut line)? == 0 {
                        return Err(format!("no answer to {}", question.id()).into());
                    }
                    line.trim_end().to_owned()
                }
                None => {
                    let id = question.id();
                    return Err(format!("no answer to {id} ({}); give --answer {id}=TEXT", question.text()).into());
                }
            };
            answers = answers.with(question.id(), text);
        }
        Ok(answers)
    }

    /// Stores the client for the next run, when there is a state file.
    pub fn keep(&self, client: Client) -> Result<()> {
        if let Some(file) = &self.state {
            write_blob(file, &client.deconstruct(&keys(file)?, &self.context()?)?)?;
        }
        Ok(())
    }
}

pub fn read_blob(file: &Path) -> Result<Blob> {
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(Blob::from_text(text.trim_end()).map_err(|error| format!("{} holds no state: {error}", file.display()))?)
}

pub fn write_blob(file: &Path, blob: &Blob) -> Result<()> {
    write_private(file, blob.to_text().as_bytes())
}

/// Writes a whole file or none of it, readable by its owner only.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<()> {
    let cannot = |error: std::io::Error| format!("cannot write {}: {error}", file.display());
    written(file, bytes).map_err(cannot)?.persist(file).map_err(|error| cannot(error.error))?;
    Ok(())
}

/// A file of another name beside it, readable by its owner only.
fn written(file: &Path, bytes: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    fresh.write_all(bytes).and_then(|()| fresh.as_file().sync_all())?;
    Ok(fresh)
}

/// What an error says, and the CLIENTUID where the user is to register it.
pub fn with_client_uid(error: Problem, client: &Client) -> Problem {
    let unknown = Some(StatusCode::CLIENT_UID_UNKNOWN);
    if error.downcast_ref::<ofx_session::Error>().is_some_and(|error| error.status() == unknown) {
        let uid = client.client_uid();
        return format!("{error}; the CLIENTUID is {uid} (without --state, the next run has another)").into();
    }
    error
}

/// The key beside a state file. A real program keeps its keys away from its blobs.
pub fn keys(state: &Path) -> Result<KeyRing> {
    keys_in(&beside(state, ".key"))
}

/// The file of the same name with something behind it.
pub fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// The key in a file, made when missing, readable by its owner only. Of several processes that make it at once, one does.
pub fn keys_in(file: &Path) -> Result<KeyRing> {
    if !file.exists() {
        let cannot = |error: std::io::Error| format!("cannot write {}: {error}", file.display());
        let fresh: [u8; 32] =
            [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat()[..].try_into()?;
        match written(file, &fresh).map_err(cannot)?.persist_noclobber(file) {
            Err(error) if !file.exists() => return Err(cannot(error.error).into()),
            _ => {}
        }
    }
    let bytes = fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let bytes = bytes.try_into().map_err(|_| format!("{} is not a key", file.display()))?;
    Ok(KeyRing::new(Key::new(1, bytes)?))
}

/// Ends with one clear sentence and status 1 when something went wrong.
pub fn report(result: Result<()>) -> std::process::ExitCode {
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            std::process::ExitCode::FAILURE
        }
    }
}

impl Options {
    /// The same options for another process; what is secret goes by the environment.
    pub fn pass_to(&self, command: &mut Command) {
        let texts = [("--url", &self.url), ("--org", &self.org), ("--fid", &self.fid), ("--user", &self.user)];
        for (name, value) in texts {
            pass(command, name, value.as_ref());
        }
        pass(command, "--ca-file", self.ca_file.as_ref());
        pass(command, "--state", self.state.as_ref());
        pass(command, "--app-id", Some(&self.app_id));
        pass(command, "--app-version", Some(&self.app_version));
        pass(command, "--ofx-version", Some(self.ofx_version.to_string()));
        if self.allow_http_loopback {
            command.arg("--allow-http-loopback");
        }
        for (id, text) in &self.answers {
            pass(command, "--answer", Some(format!("{id}={text}")));
        }
        let secrets = [
            ("OFX_PASSWORD", &self.password),
            ("OFX_USER_CRED1", &self.user_cred1),
            ("OFX_USER_CRED2", &self.user_cred2),
        ];
        for (name, value) in secrets {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
    }
}

/// `--name=value`: a value that begins with a dash stays a value.
pub fn pass(command: &mut Command, name: &str, value: Option<impl AsRef<OsStr>>) {
    if let Some(value) = value {
        let mut argument = OsString::from(name);
        argument.push("=");
        argument.push(value);
        command.arg(argument);
    }
}
