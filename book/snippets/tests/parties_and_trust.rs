//! The files of the chapter "Parties and trust" are those of a deployment that works, over TLS; its figures are those of its model.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use undertone::config::Participants;
use undertone::net::certs;
use undertone::party::Rotation;
use undertone::prelude::*;
use undertone::report::Report;
use undertone::{Plan, Topology};

secure_model! {
    /// The model of the chapter "Two processes".
    pub model Nuclei(image: [1, 32, 32] from hospital) -> [5] weights from clinic {
        image -> conv: Conv2d { out: 8, kernel: 5, stride: 3 } -> Relu -> GlobalAvgPool -> scores: Linear { out: 5 }
    }
    release kind: [] = output -> ArgMax to hospital
}

/// Runs of one session.
const RUNS: usize = 3;

/// The files of three parties of which one deals.
const ALL: [&str; 4] = ["three.toml", "hospital-of-three.toml", "clinic-of-three.toml", "university-of-three.toml"];

#[test]
fn three_parties_of_the_chapter_connect_and_the_hospital_learns_the_kinds() {
    let folder = Folder::new("three");
    certs::write(&folder.path("certs"), &["hospital", "clinic", "university"]).unwrap();
    folder.write(&ALL);
    let (weights, images) = (weights(), images(7));
    let expected = World::two_party().predict::<Nuclei>(&weights, &images).unwrap().output;
    let connect = |name: &str| Session::connect(&Config::from_file(folder.path(name))?);
    std::thread::scope(|scope| {
        let clinic = scope.spawn(|| {
            let mut session = connect("clinic-of-three.toml")?;
            until_the_hospital_leaves(|| Nuclei::clinic(&mut session, &weights))
        });
        let university = scope.spawn(|| {
            let mut session = connect("university-of-three.toml")?;
            until_the_hospital_leaves(|| Nuclei::compute(&mut session))
        });
        let kinds = connect("hospital-of-three.toml").and_then(|mut session| {
            (0..RUNS).map(|_| Ok(Nuclei::hospital(&mut session, &images)?.values().to_vec())).collect::<Result<Vec<_>>>()
        });
        let others = [clinic.join().unwrap(), university.join().unwrap()];
        assert_eq!((kinds, others), (Ok(vec![expected.values().to_vec(); RUNS]), [Ok(()), Ok(())]));
    });
}

#[test]
fn plans_of_the_deployments_can_be_made_and_saved() {
    let folder = Folder::new("plans");
    folder.write(&["three.toml", "three-and-dealer.toml"]);
    let [three, dealer] = ["three.toml", "three-and-dealer.toml"].map(|name| Participants::from_file(folder.path(name)).unwrap());
    assert_eq!((three.topology, dealer.topology, dealer.parties.len()), (Topology::ThirdDeals, Topology::Dealer, 3));
    let graph = Nuclei::graph().unwrap();
    Rotation::deployed(graph, &Settings::default(), &three.deployment()).unwrap().save(folder.path("nuclei")).unwrap();
    assert_eq!(Rotation::load(folder.path("nuclei")).unwrap().whole().place("clinic"), Some(undertone::Place::Party(1)));
    let settings = Settings { parties: 3, ..Settings::default() };
    assert_eq!(Plan::deployed(graph, &settings, &dealer.deployment()).unwrap().place("clinic"), Some(undertone::Place::Party(1)));
}

#[test]
fn the_default_for_kings_is_that_of_the_chapter() {
    assert!(chapter().contains(&format!("The default, {},", Settings::default().delay_bytes)));
}

/// Rounds and bytes of whole runs, as the chapter has them.
#[test]
fn the_figures_of_the_chapter_are_those_of_its_model() {
    let (weights, images) = (weights(), images(96));
    let of = |world: World| -> Report { world.batch(96).predict::<Nuclei>(&weights, &images).unwrap().report };
    let worlds = [
        ("two parties and a dealer", World::two_party()),
        ("three parties and a dealer", World::parties(3)),
        ("four parties and a dealer", World::parties(4)),
        ("five parties and a dealer", World::parties(5)),
        ("three parties of which one deals", World::third_deals()),
    ];
    let kilobytes = |bytes: u64| (bytes as f64 / 1e3).round();
    for (what, world) in worlds {
        let report = of(world);
        let (rounds, sent, dealt) = (report.rounds(), kilobytes(report.sent()), kilobytes(report.corrections()));
        let line = format!("| {what} | {rounds} | {sent} kB | {dealt} kB |");
        if std::env::var("BOOK_UPDATE").is_ok_and(|v| v == "always") {
            let start = format!("| {what} | ");
            let written =
                chapter().lines().map(|l| if l.starts_with(&start) { line.clone() } else { l.to_owned() } + "\n").collect::<String>();
            std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/parties-and-trust.md"), written).unwrap();
        }
        assert!(chapter().contains(&line), "the chapter does not have: {line}");
    }
}

fn until_the_hospital_leaves(mut run: impl FnMut() -> Result<()>) -> Result<()> {
    loop {
        match run() {
            Ok(()) => {}
            Err(Error::Ended { .. }) => return Ok(()),
            Err(e) => return Err(e),
        }
    }
}

fn weights() -> Weights {
    Nuclei::twin_seeded(&Device::flex(), 1).unwrap().weights().unwrap()
}

fn images(samples: u32) -> Clear<S3<1, 32, 32>> {
    Clear::new((0..samples * 1024).map(|i| (i % 97) as f32 / 97.0).collect()).unwrap()
}

fn chapter() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/parties-and-trust.md")).unwrap()
}

/// A folder with files of the chapter, on ports of its own.
struct Folder {
    path: PathBuf,
    ports: [u16; 2],
}

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("undertone-book-parties-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        // ports that were free a moment ago, held until both are known
        let held = [0, 1].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = held.each_ref().map(|socket| socket.local_addr().unwrap().port());
        Self { path, ports }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes the blocks of the chapter that begin with these names.
    fn write(&self, names: &[&str]) {
        let chapter = chapter();
        for name in names {
            let start = format!("```toml\n# {name}\n");
            let block = chapter.split(&start).nth(1).and_then(|rest| rest.split("\n```").next());
            let mut text = block.unwrap_or_else(|| panic!("the chapter has no {name}")).to_owned() + "\n";
            for (from, to) in ["127.0.0.1:7000", "127.0.0.1:7001"].into_iter().zip(self.ports) {
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
