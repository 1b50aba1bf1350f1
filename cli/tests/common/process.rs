//! Processes of the program `undertone`: started, stopped, killed, and waited for within a time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A test that waits longer than this is stuck.
const STUCK: Duration = Duration::from_mins(1);

/// A running process; it is killed when this is dropped.
pub struct Process {
    pub name: String,
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

/// How a process ended.
#[derive(Debug)]
pub struct Exit {
    pub name: String,
    /// Nothing after a signal.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Process {
    pub fn start(folder: &Path, name: &str, arguments: &[&str]) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let [out, err] = ["out", "err"].map(|kind| folder.join(format!("{name}-{number}.{kind}")));
        let child = Command::new(env!("CARGO_BIN_EXE_undertone"))
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .spawn()
            .unwrap();
        Self { name: name.to_owned(), child, out, err }
    }

    /// Kills it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal of this name.
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap().success());
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it has printed so far.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap()
    }

    /// Waits until it has printed this many lines.
    pub fn lines(&mut self, count: usize) {
        let start = Instant::now();
        while self.printed().lines().count() < count {
            assert!(self.is_running() && start.elapsed() < STUCK, "{}: {count} lines are not in {}", self.name, self.printed());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for its end.
    pub fn exit(self) -> Exit {
        self.exit_within(STUCK)
    }

    /// Waits for its end, which must come within this time.
    pub fn exit_within(mut self, limit: Duration) -> Exit {
        let start = Instant::now();
        while self.is_running() {
            let said = std::fs::read_to_string(&self.err).unwrap();
            assert!(start.elapsed() < limit, "{} still runs after {limit:?}; it printed {}{said}", self.name, self.printed());
            std::thread::sleep(Duration::from_millis(2));
        }
        let code = self.child.wait().unwrap().code();
        Exit { name: self.name.clone(), code, out: self.printed(), err: std::fs::read_to_string(&self.err).unwrap() }
    }

    /// Waits for its end, which must be a good one.
    pub fn done(self) -> Exit {
        let exit = self.exit();
        assert!(exit.code == Some(0) && exit.err.is_empty(), "{exit:?}");
        exit
    }
}

impl Exit {
    /// It failed because of others: one line says who reports, and holds one of these texts.
    pub fn failed(&self, texts: &[&str]) {
        self.ended(1, texts);
        assert!(self.err.contains(&format!("`{}`", self.name)), "it does not say who reports: {self:?}");
    }

    /// It failed because of what it was given.
    pub fn refused(&self, texts: &[&str]) {
        self.ended(2, texts);
    }

    /// It ended with this code, and says this.
    pub fn ended_saying(&self, code: i32, text: &str) {
        self.ended(code, &[text]);
    }

    fn ended(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.starts_with("error: ") && self.err.lines().count() == 1, "{self:?}");
        assert!(texts.iter().any(|text| self.err.contains(text)), "none of {texts:?} is in {self:?}");
    }

    /// The tapes that its runs used: dealing and number.
    pub fn tapes(&self) -> Vec<(String, u64)> {
        let tape = |line: &str| {
            let (_, rest) = line.split_once(", tape ")?;
            let (number, dealing) = rest.split_once(" of dealing ")?;
            Some((dealing.to_owned(), number.parse().ok()?))
        };
        self.out.lines().filter_map(tape).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}
