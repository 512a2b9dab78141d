//! A child as its parent sees it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use super::child::MARK;
use super::{Order, Problem, Result, Told};

/// A process that carries out orders. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    orders: ChildStdin,
    told: Receiver<Told>,
}

impl Process {
    /// Starts one.
    pub fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let orders = child.stdin.take().ok_or("a child without a standard input")?;
        let out = child.stdout.take().ok_or("a child without a standard output")?;
        let (tell, told) = mpsc::channel();
        // Ends with the child, whose end of the pipe closes then.
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(std::io::Result::ok) {
                let parsed = line.strip_prefix(MARK).map(serde_json::from_str);
                if let Some(Ok(one)) = parsed
                    && tell.send(one).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { child, orders, told })
    }

    pub fn order(&mut self, order: &Order) -> Result<()> {
        let line = serde_json::to_string(order)?;
        writeln!(self.orders, "{line}").and_then(|()| self.orders.flush())?;
        Ok(())
    }

    /// The next thing it says.
    pub fn next(&self) -> Result<Told> {
        self.told.recv_timeout(PATIENCE).map_err(|error| Problem::from(format!("a child says nothing: {error}")))
    }

    /// The next thing it says within so much time.
    pub fn next_within(&self, time: Duration) -> Result<Option<Told>> {
        match self.told.recv_timeout(time) {
            Ok(told) => Ok(Some(told)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(error) => Err(format!("a child has ended by itself: {error}").into()),
        }
    }

    /// Ends it as the operating system ends a process: SIGKILL, at once, without a word. Gives what it has said before.
    pub fn kill(mut self) -> Result<Option<Told>> {
        self.child.kill()?;
        if self.child.wait()?.success() {
            return Err("a child has ended before it was killed".into());
        }
        Ok(self.told.recv_timeout(PATIENCE).ok())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Longer than anything takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);
