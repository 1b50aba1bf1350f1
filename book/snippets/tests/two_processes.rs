//! The files of the chapter "Two processes" are those of a deployment that works: hospital, clinic and dealer connect with them, over TLS and over plain loopback.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use undertone::Plan;
use undertone::config::{DealerConfig, Participants};
use undertone::dealer::Server;
use undertone::net::certs;
use undertone::prelude::*;

secure_model! {
    /// Tells five kinds of cell nuclei apart, on pictures of 32 by 32 pixels.
    pub model Nuclei(image: [1, 32, 32] from hospital) -> [5] weights from clinic {
        image -> conv: Conv2d { out: 8, kernel: 5, stride: 3 } -> Relu -> GlobalAvgPool -> scores: Linear { out: 5 }
    }
    release kind: [] = output -> ArgMax to hospital
}

mod with_doctor {
    use undertone::prelude::*;

    secure_model! {
        /// The same, but the doctor learns the kind.
        pub model Nuclei(image: [1, 32, 32] from hospital) -> [5] weights from clinic {
            image -> conv: Conv2d { out: 8, kernel: 5, stride: 3 } -> Relu -> GlobalAvgPool -> scores: Linear { out: 5 }
        }
        release kind: [] = output -> ArgMax to doctor
    }
}

/// Runs that the hospital makes in one session.
const RUNS: usize = 3;

/// The files of three processes.
const ALL: [&str; 4] = ["deployment.toml", "hospital.toml", "clinic.toml", "dealer.toml"];

#[test]
fn the_files_of_the_chapter_connect_over_tls() {
    let folder = Folder::new();
    certs::write(&folder.path("certs"), &["hospital", "clinic", "dealer"]).unwrap();
    folder.write(&ALL, &[]);
    the_hospital_learns_the_kinds(&folder);
}

#[test]
fn the_files_of_the_chapter_connect_over_plain_loopback() {
    let folder = Folder::new();
    let names = ["hospital", "clinic", "dealer"];
    let tls = names.map(|name| format!("[tls]\nca = \"certs/ca.pem\"\ncertificate = \"certs/{name}.pem\"\nkey = \"certs/{name}.key\"\n"));
    folder.write(&ALL, &tls.each_ref().map(|tls| (tls.as_str(), "")));
    the_hospital_learns_the_kinds(&folder);
}

#[test]
fn what_the_chapter_calls_defaults_are_the_defaults() {
    let folder = Folder::new();
    certs::write(&folder.path("certs"), &["hospital", "clinic", "dealer"]).unwrap();
    folder.write(&ALL, &[]);
    let [written, silent] = ["clinic.toml", "hospital.toml"].map(|file| Config::from_file(folder.path(file)).unwrap());
    assert_eq!((written.timeouts, written.settings), (silent.timeouts, silent.settings));
    let dealer = DealerConfig::from_file(folder.path("dealer.toml")).unwrap();
    assert_eq!(dealer.limits, DealerConfig::new(dealer.participants.clone(), "127.0.0.1:1").limits);
}

#[test]
fn a_doctor_who_does_not_compute_learns_the_kinds() {
    let folder = Folder::new();
    certs::write(&folder.path("certs"), &["hospital", "clinic", "dealer", "doctor"]).unwrap();
    let listen = "name = \"clinic\"\nlisten = \"127.0.0.1:7001\"\n";
    let changes = [("\"deployment.toml\"", "\"with-doctor.toml\""), ("name = \"clinic\"\n", listen)];
    folder.write(&["with-doctor.toml", "hospital.toml", "dealer.toml", "doctor.toml"], &changes[..1]);
    folder.write(&["clinic.toml"], &changes);
    let (weights, images) = (weights(), images());
    let expected = World::two_party().predict::<Nuclei>(&weights, &images).unwrap().output;
    let connect = |name: &str| Session::connect(&Config::from_file(folder.path(name))?);
    with_dealer(&folder, |scope| {
        let hospital = scope.spawn(|| with_doctor::Nuclei::hospital(&mut connect("hospital.toml")?, &images));
        let clinic = scope.spawn(|| with_doctor::Nuclei::clinic(&mut connect("clinic.toml")?, &weights));
        let kinds = connect("doctor.toml").and_then(|mut session| with_doctor::Nuclei::doctor(&mut session));
        let others = [hospital.join().unwrap(), clinic.join().unwrap()];
        assert_eq!((kinds.unwrap().values(), others), (expected.values(), [Ok(()), Ok(())]));
    });
}

/// The plan that the chapter prints is that of its model: the same hash, the same table.
#[test]
fn the_plan_of_the_chapter_is_the_plan_of_its_model() {
    let folder = Folder::new();
    folder.write(&["deployment.toml"], &[]);
    let participants = Participants::from_file(folder.path("deployment.toml")).unwrap();
    let plan = Plan::deployed(Nuclei::graph().unwrap(), &Settings::default(), &participants.deployment()).unwrap();
    let table = plan.cost(4).to_string();
    if std::env::var("BOOK_UPDATE").is_ok_and(|v| v == "always") {
        let text = chapter();
        let (before, rest) = text.split_once("\nhash ").unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        let (between, rest) = rest.split_once("Nuclei x 4: per party").unwrap();
        let (_, after) = rest.split_once("\n```\n").unwrap();
        let hash = plan.hash().iter().fold(String::new(), |hash, b| hash + &format!("{b:02x}"));
        let trimmed: Vec<&str> = table.lines().map(str::trim_end).collect();
        let written = format!("{before}\nhash {hash}\n{between}{}\n```\n{after}", trimmed.join("\n"));
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/two-processes.md"), written).unwrap();
    }
    let written = chapter();
    let hash = written.split("\nhash ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let bytes: Vec<u8> = (0..hash.len() / 2).map(|k| u8::from_str_radix(&hash[2 * k..2 * k + 2], 16).unwrap()).collect();
    assert_eq!(bytes, plan.hash(), "{:02x?}", plan.hash());
    for line in table.lines() {
        assert!(written.contains(line.trim_end()), "`{line}` is not in the chapter");
    }
}

/// The chapter's programs, each on a thread.
fn the_hospital_learns_the_kinds(folder: &Folder) {
    let (weights, images) = (weights(), images());
    let expected = World::two_party().predict::<Nuclei>(&weights, &images).unwrap().output;
    with_dealer(folder, |scope| {
        let clinic = scope.spawn(|| clinic(&folder.path("clinic.toml"), &weights));
        let kinds = hospital(&folder.path("hospital.toml"), &images);
        clinic.join().unwrap().unwrap();
        let kinds = kinds.unwrap();
        assert_eq!(kinds, vec![expected.values().to_vec(); RUNS]);
    });
}

/// Runs threads beside a dealer, which ends with them.
fn with_dealer<'env>(folder: &Folder, body: impl for<'scope> FnOnce(&'scope std::thread::Scope<'scope, 'env>)) {
    let server = Server::bind(&DealerConfig::from_file(folder.path("dealer.toml")).unwrap()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let until = stop.clone();
    let dealer = std::thread::spawn(move || server.run(&until, &|_| {}));
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| std::thread::scope(body)));
    stop.store(true, Ordering::SeqCst);
    dealer.join().unwrap().unwrap();
    if let Err(panic) = done {
        std::panic::resume_unwind(panic);
    }
}

fn weights() -> Weights {
    Nuclei::twin_seeded(&Device::flex(), 1).unwrap().weights().unwrap()
}

/// Four samples.
fn images() -> Clear<S3<1, 32, 32>> {
    Clear::new((0..4u16 * 1024).map(|i| f32::from(i % 97) / 97.0).collect()).unwrap()
}

fn hospital(config: &Path, images: &Clear<S3<1, 32, 32>>) -> Result<Vec<Vec<u32>>> {
    let mut session = Session::connect(&Config::from_file(config)?)?;
    (0..RUNS).map(|_| Ok(Nuclei::hospital(&mut session, images)?.values().to_vec())).collect()
}

/// Runs until the hospital has left.
fn clinic(config: &Path, weights: &Weights) -> Result<()> {
    let mut session = Session::connect(&Config::from_file(config)?)?;
    loop {
        match Nuclei::clinic(&mut session, weights) {
            Ok(()) => {}
            Err(Error::Ended { .. }) => return Ok(()),
            Err(e) => return Err(e),
        }
    }
}

fn chapter() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/two-processes.md")).unwrap()
}

/// A folder with files of the chapter, on ports of its own.
struct Folder {
    path: PathBuf,
    ports: [u16; 3],
}

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("undertone-book-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        // ports that were free a moment ago, all held until all are known
        let held = [0, 1, 2].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = held.each_ref().map(|socket| socket.local_addr().unwrap().port());
        Self { path, ports }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes the blocks of the chapter that begin with these names, with some texts in the place of others.
    fn write(&self, names: &[&str], changes: &[(&str, &str)]) {
        let chapter = chapter();
        for name in names {
            let start = format!("```toml\n# {name}\n");
            let block = chapter.split(&start).nth(1).and_then(|rest| rest.split("\n```").next());
            let mut text = block.unwrap_or_else(|| panic!("the chapter has no {name}")).to_owned() + "\n";
            for (from, to) in changes {
                text = text.replace(from, to);
            }
            for (from, to) in ["127.0.0.1:7000", "127.0.0.1:7001", "127.0.0.1:7002"].into_iter().zip(self.ports) {
                text = text.replace(from, &format!("127.0.0.1:{to}"));
            }
            std::fs::write(self.path(name), text).unwrap();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path); // what is left lies in the folder for temporary files
    }
}
