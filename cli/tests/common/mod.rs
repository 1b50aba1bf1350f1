//! A scene: a folder with plan, weights, inputs, certificates and configurations, and the processes that use them.

pub mod process;
pub mod proxy;

pub use process::{Exit, Process};
pub use proxy::{Change, Proxy};

use safetensors::{Dtype, SafeTensors};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use undertone_runtime::config::Participants;
use undertone_runtime::graph::op::Conv;
use undertone_runtime::graph::{Graph, Init, trace_roles};
use undertone_runtime::net::certs;
use undertone_runtime::party::fixed_point;
use undertone_runtime::weights::Precision;
use undertone_runtime::{Opened, Plan, Settings, Shape, Weights};

/// The side of a picture.
const SIDE: usize = 8;
/// Pictures of one run.
pub const BATCH: usize = 2;

/// A small convolutional network: the picture is the patient's, the weights are the model's, and scores and class are the reader's.
pub fn graph(name: &str, reader: &str) -> Graph {
    trace_roles(name, &[("x", Shape::new([1, SIDE, SIDE]), "patient")], "model", |g, x| {
        let w = g.parameter("a.weight", [2, 1, 3, 3], Init::Constant(0.0));
        let b = g.parameter("a.bias", [2], Init::Constant(0.0));
        let y = g.stage("a", Ok(Shape::new([2, SIDE, SIDE])), |g| g.conv(x[0], w, Some(b), Conv { padding: [1; 3], ..Conv::PLAIN }));
        let y = g.stage("relu", Ok(y.shape()), |g| g.relu(y));
        let y = g.stage("flat", Ok(Shape::new([2 * SIDE * SIDE])), |g| g.reshape(y, [2 * SIDE * SIDE]));
        let w = g.parameter("c.weight", [3, 2 * SIDE * SIDE], Init::Constant(0.0));
        let y = g.stage("c", Ok(Shape::new([3])), |g| g.linear(y, w, None));
        let class = g.stage("class", Ok(Shape::new([])), |g| g.argmax(y, 0));
        g.release("score", y, &[reader]);
        g.release("class", class, &[reader]);
        y
    })
    .unwrap()
}

/// Weights that are a function of their place and of `seed`.
pub fn weights(seed: usize) -> Weights {
    let mut weights = Weights::empty();
    for p in graph("Small", "patient").parameters {
        let values = (0..p.shape.numel()).map(|i| ((i * 37 + seed * 5 + p.name.len() * 11) % 19) as f32 / 19.0 - 0.5).collect();
        weights.insert(p.name, p.shape, values);
    }
    weights
}

fn pictures() -> Vec<f32> {
    (0..BATCH * SIDE * SIDE).map(|i| ((i * 29) % 31) as f32 / 31.0).collect()
}

/// The scores that a run must give.
pub fn expected(seed: usize) -> Vec<f32> {
    reference(seed).real("score").to_vec()
}

fn reference(seed: usize) -> Opened {
    fixed_point(&graph("Small", "patient"), &Settings::default(), &weights(seed), &[&pictures()], BATCH).unwrap().opened
}

/// Parties that only compute.
const HELPERS: [&str; 3] = ["ministry", "university", "court"];

/// Who takes part, and how.
#[derive(Clone, Copy, Default)]
pub struct Cast {
    /// Certificates for everybody.
    pub tls: bool,
    /// The scores go to a client, the doctor.
    pub doctor: bool,
    /// How many parties only compute.
    pub helpers: usize,
    /// Bits of the ring: 32, or all of them.
    pub narrow: bool,
    /// Seconds of patience with a message, and with the next run.
    pub patience: Option<f64>,
    /// Seconds until all must be connected.
    pub connect: Option<f64>,
}

/// Everything that the processes of one test read and write.
pub struct Scene {
    pub folder: PathBuf,
    pub cast: Cast,
    pub participants: Participants,
    addresses: Vec<(&'static str, String)>,
}

impl Scene {
    pub fn new(cast: Cast) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let folder = std::env::temp_dir().join(format!("undertone-cli-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir_all(&folder).unwrap();
        let reader = if cast.doctor { "doctor" } else { "hospital" };
        let parties = [&["hospital", "clinic"], &HELPERS[..cast.helpers]].concat();
        let mut participants = Participants::new(&parties, Some("dealer"));
        if cast.doctor {
            participants.clients = vec!["doctor".into()];
        }
        let reading = if cast.doctor { "reader" } else { "patient" };
        participants.roles =
            [("patient", "hospital"), ("model", "clinic"), (reading, reader)].map(|(r, n)| (r.to_owned(), n.to_owned())).into();
        let roles: Vec<String> = participants.roles.iter().map(|(role, name)| format!("{role} = \"{name}\"")).collect();
        let deployment =
            format!("parties = {parties:?}\ndealer = \"dealer\"\nclients = {:?}\n[roles]\n{}\n", participants.clients, roles.join("\n"));
        std::fs::write(folder.join("deployment.toml"), deployment).unwrap();
        let listening = parties.iter().chain(&["dealer"]);
        let scene = Self { folder, cast, participants, addresses: listening.map(|name| (*name, free_port())).collect() };
        let standard = Settings { parties: parties.len(), ..Settings::default() };
        let settings = if cast.narrow { Settings { ring: 32, fraction: 10, opened: 22, ..standard } } else { standard };
        scene.plan(&graph("Small", reading), &settings).save(scene.path("small.plan")).unwrap();
        weights(0).save(scene.path("w.safetensors"), Precision::Single).unwrap();
        let mut input = Weights::empty();
        input.insert("x", [BATCH, 1, SIDE, SIDE], pictures());
        input.save(scene.path("x.safetensors"), Precision::Single).unwrap();
        if cast.tls {
            certs::write(&scene.path("certs"), &[&parties[..], &["dealer", "doctor"]].concat()).unwrap();
        }
        for name in parties.iter().chain(&["doctor", "dealer"]) {
            let numbers = "[timeouts]\n";
            let narrow = format!("[settings]\nring_bits = 32\nfraction_bits = 10\nopened_bits = 22\n{numbers}");
            let changes = [(numbers, narrow.as_str())];
            scene.configure(name, if cast.narrow && *name != "dealer" { &changes } else { &[] });
        }
        scene
    }

    pub fn plan(&self, graph: &Graph, settings: &Settings) -> Plan {
        Plan::deployed(graph, settings, &self.participants.deployment()).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn address(&self, name: &str) -> &str {
        self.addresses.iter().find(|(n, _)| *n == name).map_or("", |(_, address)| address)
    }

    /// Writes the configuration of an endpoint, with some texts in the place of others.
    pub fn configure(&self, name: &str, changes: &[(&str, &str)]) {
        let tls = if self.cast.tls {
            format!("[tls]\nca = \"certs/ca.pem\"\ncertificate = \"certs/{name}.pem\"\nkey = \"certs/{name}.key\"\n")
        } else {
            String::new()
        };
        let (connect, patience) = (self.cast.connect.unwrap_or(10.0), self.cast.patience.unwrap_or(10.0));
        let timeouts = format!(
            "[timeouts]\nconnect_seconds = {connect}\nmessage_seconds = {patience}\nprepare_seconds = {patience}\nidle_seconds = {patience}\n"
        );
        let listen = self.addresses.iter().find(|(n, _)| *n == name).map_or(String::new(), |(_, a)| format!("listen = \"{a}\"\n"));
        let common = "deployment = \"deployment.toml\"\n";
        let mut text = if name == "dealer" {
            format!("{common}{listen}{tls}{timeouts}")
        } else {
            let others = self.addresses.iter().filter(|(n, _)| *n != name);
            let addresses = others.map(|(n, a)| format!("{n} = \"{a}\"")).collect::<Vec<_>>().join("\n");
            format!("name = \"{name}\"\n{common}{listen}{tls}{timeouts}[addresses]\n{addresses}")
        };
        for (from, to) in changes {
            assert!(text.contains(from), "`{from}` is not in {text}");
            text = text.replace(from, to);
        }
        std::fs::write(self.path(&format!("{name}.toml")), text).unwrap();
    }

    /// Lets an endpoint reach another one at this address.
    pub fn detour(&self, name: &str, to: &str, address: &str) {
        let direct = format!("{to} = \"{}\"", self.address(to));
        self.configure(name, &[(&direct, &format!("{to} = \"{address}\""))]);
    }

    pub fn dealer(&self) -> Process {
        self.start("dealer", &["dealer", "--config", "dealer.toml"])
    }

    pub fn hospital(&self, more: &[&str]) -> Process {
        let mut arguments = vec!["party", "--config", "hospital.toml", "--plan", "small.plan", "--input", "x.safetensors"];
        if !self.cast.doctor {
            arguments.extend(["--output", "y.safetensors"]);
        }
        self.start("hospital", &[&arguments, more].concat())
    }

    pub fn clinic(&self, more: &[&str]) -> Process {
        self.clinic_with("small.plan", "w.safetensors", more)
    }

    pub fn clinic_with(&self, plan: &str, weights: &str, more: &[&str]) -> Process {
        self.start("clinic", &[&["party", "--config", "clinic.toml", "--plan", plan, "--weights", weights], more].concat())
    }

    /// A party without a role.
    pub fn helper(&self, k: usize) -> Process {
        let name = HELPERS[k];
        self.start(name, &["party", "--config", &format!("{name}.toml"), "--plan", "small.plan"])
    }

    pub fn doctor(&self, more: &[&str]) -> Process {
        self.start("doctor", &[&["party", "--config", "doctor.toml", "--plan", "small.plan", "--output", "y.safetensors"], more].concat())
    }

    pub fn start(&self, name: &str, arguments: &[&str]) -> Process {
        Process::start(&self.folder, name, arguments)
    }

    /// One session of one run, which must work.
    pub fn works(&self) -> Vec<Exit> {
        let parties = [self.hospital(&[]), self.clinic(&[])];
        let exits: Vec<Exit> = parties.into_iter().map(Process::done).collect();
        self.output_is(0);
        exits
    }

    /// What was released is what the fixed-point reference gives.
    pub fn output_is(&self, seed: usize) {
        let (output, expected) = (self.output(), expected(seed));
        let same = if self.cast.narrow { close_to(&output, &expected, 2e-2) } else { close(&output, &expected) };
        assert!(same, "{output:?} is not {expected:?}");
        let bytes = std::fs::read(self.path("y.safetensors")).unwrap();
        let released = SafeTensors::deserialize(&bytes).unwrap();
        let class = released.tensor("class").unwrap();
        let indices: Vec<u32> = class.data().as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
        assert_eq!((released.len(), class.dtype(), class.shape()), (2, Dtype::U32, &[BATCH][..]));
        assert_eq!(indices, reference(seed).indices("class"));
    }

    /// The scores that were released.
    pub fn output(&self) -> Vec<f32> {
        let released = Weights::load(self.path("y.safetensors")).unwrap();
        let (shape, values) = released.get("score").unwrap();
        assert_eq!(shape, Shape::new([BATCH, 3]));
        values.to_vec()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

pub fn close(a: &[f32], b: &[f32]) -> bool {
    close_to(a, b, 2e-3)
}

fn close_to(a: &[f32], b: &[f32], most: f32) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < most)
}

/// An address that nobody has: below the ports that the system gives to callers, and never one twice in a process.
pub fn free_port() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let start = std::process::id() as usize * 97;
    loop {
        let port = 12_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        let address = format!("127.0.0.1:{port}");
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}
