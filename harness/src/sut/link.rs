//! The octet streams of an adapter, and its process: one step of I/O at a time, in whatever order things happen.

use std::{
    collections::VecDeque,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
    time::{Instant, sleep_until, timeout},
};

/// Octets of standard error that are kept; the last ones.
const STDERR_KEPT: usize = 64 << 10;
/// How long an adapter that hung up on one side may take to exit.
const GRACE: Duration = Duration::from_secs(1);

/// The octet streams to and from the adapter; each is `None` once it has ended.
pub(super) struct Link {
    to: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    from: Option<Box<dyn AsyncRead + Send + Unpin>>,
    errors: Option<ChildStderr>,
    child: Option<Child>,
    status: Option<ExitStatus>,
    /// Octets to be written.
    outgoing: Vec<u8>,
    stderr: VecDeque<u8>,
    /// It hung up: until when it may exit, and how it began.
    ending: Option<(Instant, &'static str)>,
}

/// What one step of the I/O brought.
pub(super) enum Turn {
    Octets(Vec<u8>),
    Nothing,
    Ended(String),
}

impl Link {
    /// Starts a program in `folder`. A program with a slash in its name is looked for from there.
    pub(super) fn spawn(command: &[String], folder: &Path) -> io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = if program.contains('/') {
            // Relative to us or to the folder of the child: that depends on the system, so neither.
            Command::new(std::path::absolute(folder.join(program))?)
        } else {
            Command::new(program)
        };
        if !folder.as_os_str().is_empty() {
            command.current_dir(folder);
        }
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let (to, from) = (child.stdin.take(), child.stdout.take());
        Ok(Self {
            to: to.map(|to| Box::new(to) as _),
            from: from.map(|from| Box::new(from) as _),
            errors: child.stderr.take(),
            child: Some(child),
            ..Self::idle()
        })
    }

    /// Connects to `host:port`.
    pub(super) async fn connect(address: &str, patience: Duration) -> io::Result<Self> {
        let stream = timeout(patience, TcpStream::connect(address)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        stream.set_nodelay(true)?;
        let (from, to) = stream.into_split();
        Ok(Self { to: Some(Box::new(to)), from: Some(Box::new(from)), ..Self::idle() })
    }

    /// Adds a line to what is to be written.
    pub(super) fn push(&mut self, line: &str) {
        self.outgoing.extend_from_slice(line.as_bytes());
    }

    fn idle() -> Self {
        Self { to: None, from: None, errors: None, child: None, status: None, outgoing: Vec::new(), stderr: VecDeque::new(), ending: None }
    }

    /// Waits for one thing to happen. Each branch is a single read, write or wait, so dropping it loses nothing.
    pub(super) async fn turn(&mut self) -> Turn {
        let over = self.from.is_none() && self.errors.is_none() && (self.child.is_none() || self.status.is_some());
        if over {
            return Turn::Ended(self.reason());
        }
        let mut octets = vec![0; 16 << 10];
        let mut errors = [0; 4 << 10];
        let deadline = self.ending.map(|(deadline, _)| deadline);
        tokio::select! {
            biased;
            written = write(&mut self.to, &self.outgoing) => match written {
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(_) => {
                    self.to = None;
                    self.end("it closed its input");
                }
            },
            read = read(&mut self.from, &mut octets) => match read {
                Ok(count @ 1..) => {
                    octets.truncate(count);
                    return Turn::Octets(octets);
                }
                Ok(0) | Err(_) => {
                    self.from = None;
                    self.end(if self.child.is_some() { "it closed its output" } else { "it closed the connection" });
                }
            },
            read = read(&mut self.errors, &mut errors) => match read {
                Ok(count @ 1..) => self.keep(errors.get(..count).unwrap_or_default()),
                Ok(0) | Err(_) => self.errors = None,
            },
            status = exit(&mut self.child), if self.status.is_none() => {
                self.status = status.ok();
                self.end("it exited");
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => return Turn::Ended(self.reason()),
        }
        Turn::Nothing
    }

    fn end(&mut self, how: &'static str) {
        if self.ending.is_none() {
            self.ending = Some((Instant::now() + GRACE, how));
        }
    }

    fn reason(&self) -> String {
        match (self.status, self.ending) {
            (Some(status), _) => format!("it exited ({status})"),
            (None, Some((_, how))) => how.to_owned(),
            (None, None) => "it was lost".to_owned(),
        }
    }

    fn keep(&mut self, errors: &[u8]) {
        self.stderr.extend(errors);
        let surplus = self.stderr.len().saturating_sub(STDERR_KEPT);
        self.stderr.drain(..surplus);
    }

    /// The end of what was written to standard error.
    pub(super) fn stderr(&self) -> String {
        let (front, back) = self.stderr.as_slices();
        String::from_utf8_lossy(&[front, back].concat()).trim_end().to_owned()
    }

    /// Kills the process, if it still runs, and lets go of the streams; in this order, so that it dies of nothing else.
    pub(super) fn hang_up(&mut self) {
        if self.status.is_none()
            && let Some(child) = &mut self.child
        {
            let _ = child.start_kill();
        }
        (self.to, self.from, self.errors) = (None, None, None);
        self.outgoing = Vec::new();
    }

    /// As [`Self::hang_up`], and waits for the exit status of the process, if there is one.
    pub(super) async fn end_process(&mut self) -> Option<ExitStatus> {
        self.hang_up();
        if self.status.is_none()
            && let Some(child) = &mut self.child
        {
            self.status = timeout(GRACE, child.wait()).await.ok().and_then(Result::ok);
        }
        self.status
    }
}

/// Reads, or waits forever where there is nothing to read from.
async fn read<R: AsyncRead + Unpin>(from: &mut Option<R>, buffer: &mut [u8]) -> io::Result<usize> {
    match from {
        Some(from) => from.read(buffer).await,
        None => std::future::pending().await,
    }
}

/// Writes some of `octets`, or waits forever where there is nothing to write or nobody to write to.
async fn write<W: AsyncWrite + Unpin>(to: &mut Option<W>, octets: &[u8]) -> io::Result<usize> {
    match to {
        Some(to) if !octets.is_empty() => to.write(octets).await,
        _ => std::future::pending().await,
    }
}

async fn exit(child: &mut Option<Child>) -> io::Result<ExitStatus> {
    match child {
        Some(child) => child.wait().await,
        None => std::future::pending().await,
    }
}
