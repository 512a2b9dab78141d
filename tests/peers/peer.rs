//! A program of somebody else's that runs until the test is over, with its configuration in a folder of its own.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::papers::Papers;
use crate::programs::{self, PATIENCE, answers, free_port, installed, log};

/// How to start a program. In arguments and files, `{port}` is the port it shall open, `{other}` another free one, and
/// `{folder}` its folder.
pub(crate) struct Recipe {
    program: &'static str,
    arguments: Vec<String>,
    files: Vec<(String, String)>,
    bytes: Vec<(&'static str, Vec<u8>)>,
    folders: Vec<&'static str>,
    /// Whom it turns into when it is started by root, and who must be able to write into its folder.
    writer: Option<&'static str>,
    asked_to_end: bool,
}

impl Recipe {
    pub(crate) fn new(program: &'static str, arguments: &str) -> Self {
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        Self {
            program,
            arguments,
            files: Vec::new(),
            bytes: Vec::new(),
            folders: Vec::new(),
            writer: None,
            asked_to_end: false,
        }
    }

    pub(crate) fn file(mut self, name: &str, text: impl Into<String>) -> Self {
        self.files.push((name.to_owned(), text.into()));
        self
    }

    /// A folder for files.
    pub(crate) fn folder(mut self, name: &'static str) -> Self {
        self.folders.push(name);
        self
    }

    /// A file in which nothing is filled in.
    pub(crate) fn bytes(mut self, name: &'static str, bytes: Vec<u8>) -> Self {
        self.bytes.push((name, bytes));
        self
    }

    /// A certificate chain in `NAME.pem` and its key in `NAME.key`.
    pub(crate) fn papers(self, name: &str, papers: &Papers) -> Self {
        self.file(&format!("{name}.pem"), &papers.chain).file(&format!("{name}.key"), &papers.key)
    }

    pub(crate) fn writer(mut self, name: &'static str) -> Self {
        self.writer = Some(name);
        self
    }

    /// Asks it to end before it is killed: it leaves things behind elsewhere otherwise.
    pub(crate) fn asked_to_end(mut self) -> Self {
        self.asked_to_end = true;
        self
    }

    /// Starts it and waits until its port is open. `None`, with a line that says so, where it is not installed and need not be.
    pub(crate) fn start(self) -> Option<Peer> {
        let path = installed(self.program)?;
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let (port, other) = (free_port(), free_port());
            let here = folder.path().to_str().unwrap().to_owned();
            let filled = |text: &String| {
                let text = text.replace("{port}", &port.to_string()).replace("{other}", &other.to_string());
                text.replace("{folder}", &here)
            };
            for name in &self.folders {
                fs::create_dir(folder.path().join(name)).unwrap();
            }
            for (name, text) in &self.files {
                fs::write(folder.path().join(name), filled(text)).unwrap();
            }
            for (name, bytes) in &self.bytes {
                fs::write(folder.path().join(name), bytes).unwrap();
            }
            if let Some((user, group)) =
                self.writer.and_then(|name| programs::servant(&[name, "nobody"], folder.path()))
            {
                chown(folder.path(), Some(user), Some(group)).unwrap();
            }
            let log = fs::File::create(folder.path().join("log")).unwrap();
            let mut command = Command::new(&path);
            command.args(self.arguments.iter().map(filled)).current_dir(folder.path()).env("TMPDIR", folder.path());
            // Some end when nothing more can be read: the other end stays open as long as the child is held.
            command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log);
            let mut child = command.spawn().unwrap();
            if answers(port, &mut child) {
                return Some(Peer { folder, port, other, child, asked_to_end: self.asked_to_end });
            }
            // Somebody else took the port in between.
            said(folder.path());
        }
        panic!("{} does not start", self.program);
    }
}

fn said(folder: &Path) {
    println!("{}", log(folder));
}

/// A running program. Dropping it kills it.
pub(crate) struct Peer {
    folder: TempDir,
    port: u16,
    other: u16,
    child: Child,
    asked_to_end: bool,
}

impl Peer {
    /// Where it listens, on `127.0.0.1`.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The second port it was given.
    pub(crate) fn other_port(&self) -> u16 {
        self.other
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its address for a request; the query must never be seen anywhere.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}/ofx?canary-query", self.port)
    }

    /// A path on it.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}/{path}?canary-query", self.port)
    }

    /// The same as [`url`](Self::url), under the name of this machine.
    pub(crate) fn named_url(&self) -> String {
        format!("https://localhost:{}/ofx?canary-query", self.port)
    }

    pub(crate) fn log(&self) -> String {
        self.file("log")
    }

    /// What is in a file it writes.
    pub(crate) fn file(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until its log has so many lines with these words, and hands all of them out: a log is written by somebody else, a
    /// little later.
    pub(crate) async fn logged(&self, words: &str, times: usize) -> Vec<String> {
        self.written("log", words, times).await
    }

    /// The same for a file it writes.
    pub(crate) async fn written(&self, file: &str, words: &str, times: usize) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let text = self.file(file);
            let found: Vec<String> = text.lines().filter(|line| line.contains(words)).map(str::to_owned).collect();
            if found.len() >= times {
                return found;
            }
            assert!(Instant::now() < until, "{words:?} is not in {file} {times} times:\n{text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            said(self.folder.path());
        }
        if self.asked_to_end {
            let _ = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).output();
            let until = Instant::now() + Duration::from_secs(30);
            while self.child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        programs::kill(&mut self.child);
    }
}

/// TLS by OpenSSL in front of a server that knows none, with further options of stunnel.
pub(crate) fn stunnel(papers: &Papers, backend: u16, options: &str) -> Recipe {
    let configuration = format!(
        "foreground = yes\npid =\ndebug = info\nsyslog = no\n[tls]\naccept = 127.0.0.1:{{port}}\nconnect = 127.0.0.1:{backend}\n\
         cert = {{folder}}/server.pem\nkey = {{folder}}/server.key\n{options}\n"
    );
    Recipe::new("stunnel", "{folder}/stunnel.conf").file("stunnel.conf", configuration).papers("server", papers)
}

/// nginx in one process, with one server that speaks TLS and has `inside` in it.
pub(crate) fn nginx(papers: &Papers, listen: &str, inside: &str) -> Recipe {
    let server = format!(
        "server {{ listen 127.0.0.1:{{port}} ssl {listen}; server_name localhost;\n\
         ssl_certificate server.pem; ssl_certificate_key server.key;\n{inside}\n}}"
    );
    nginx_of(&server).papers("server", papers)
}

/// nginx in one process, with these servers.
pub(crate) fn nginx_of(servers: &str) -> Recipe {
    // Nobody else owns its files: in a namespace there may be no one else.
    let configuration = format!(
        "daemon off; master_process off; user root; pid nginx.pid; error_log stderr info;\n\
         events {{ worker_connections 64; }}\n\
         http {{\nlog_format one '$connection $server_protocol $status $remote_addr >$sent_http_content_encoding<';\n\
         access_log access.log one; default_type application/x-ofx;\n\
         client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
         {servers}\n}}\n"
    );
    Recipe::new("nginx", "-p {folder} -e stderr -c {folder}/nginx.conf").file("nginx.conf", configuration)
}

/// What OpenSSL itself does as a server. It shows TLS handshakes; it answers nothing.
pub(crate) fn s_server(papers: &Papers, options: &str) -> Recipe {
    let arguments = format!("s_server -accept 127.0.0.1:{{port}} -cert server.pem -key server.key {options}");
    Recipe::new("openssl", &arguments).papers("server", papers)
}
