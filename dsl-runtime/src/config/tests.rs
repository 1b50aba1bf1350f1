//! Every mistake is an error that names the file and the field.

use super::*;

const DEPLOYMENT: &str = r#"
parties = ["hospital", "clinic"]
dealer = "dealer"
clients = ["doctor"]
[roles]
patient = "hospital"
model = "clinic"
reader = "doctor"
"#;

const CLINIC: &str = r#"
name = "clinic"
deployment = "deployment.toml"
listen = "127.0.0.1:7001"
[addresses]
hospital = "127.0.0.1:7000"
dealer = "127.0.0.1:7002"
"#;

/// A folder of its own, with these files; removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let folder = std::env::temp_dir().join(format!("undertone-config-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The configuration of the clinic, read with these texts.
fn read_clinic(clinic: &str, deployment: &str) -> Result<Config> {
    let folder = Folder::new(&[("clinic.toml", clinic), ("deployment.toml", deployment)]);
    Config::from_file(folder.0.join("clinic.toml"))
}

/// The clinic's configuration with one text in the place of another.
fn clinic_with(from: &str, to: &str) -> Result<Config> {
    assert!(CLINIC.contains(from));
    read_clinic(&CLINIC.replace(from, to), DEPLOYMENT)
}

fn refused(result: Result<Config>, file: &str, field: &str, text: &str) {
    match result {
        Err(Error::Config { path, field: found, message }) => {
            assert!(path.ends_with(file), "{} is not {file}: {message}", path.display());
            assert_eq!(found, field, "{message}");
            assert!(message.contains(text), "`{text}` is not in: {message}");
        }
        other => panic!("{other:?} where `{field}` is wrong"),
    }
}

#[test]
fn a_file_gives_names_places_and_defaults() {
    let config = read_clinic(CLINIC, DEPLOYMENT).unwrap();
    assert_eq!((config.name.as_str(), config.place()), ("clinic", Ok(Place::Party(1))));
    assert_eq!((&config.settings, config.timeouts, &config.tls, &config.tapes), (&Settings::default(), Timeouts::default(), &None, &None));
    let places: Vec<(String, Place)> = config.participants.deployment().roles().map(|(r, p)| (r.to_owned(), p)).collect();
    let expected = [("model", Place::Party(1)), ("patient", Place::Party(0)), ("reader", Place::Client(0))];
    assert_eq!(places, expected.map(|(r, p)| (r.to_owned(), p)));
    assert_eq!(config.participants.names(), ["party 0 `hospital`", "party 1 `clinic`", "the dealer `dealer`", "client 0 `doctor`"]);
    assert_eq!((config.dials().collect::<Vec<_>>(), config.callers().collect::<Vec<_>>()), (vec!["hospital", "dealer"], vec!["doctor"]));
}

#[test]
fn settings_and_timeouts_are_what_the_files_say() {
    let more = "[settings]\nfraction_bits = 12\n[timeouts]\nconnect_seconds = 2\nmessage_seconds = 0.5\nprepare_seconds = 7\nidle_seconds = 9\nspin_microseconds = 0\n";
    let config = read_clinic(&format!("{CLINIC}{more}"), DEPLOYMENT).unwrap();
    assert_eq!((config.settings.fraction, config.settings.opened), (12, 34));
    let [connect, message, idle] = [2000, 500, 9000].map(std::time::Duration::from_millis);
    assert_eq!(
        config.timeouts,
        Timeouts { connect, message, prepare: std::time::Duration::from_secs(7), idle, spin: std::time::Duration::ZERO }
    );
    let folder = Folder::new(&[("deployment.toml", DEPLOYMENT), ("s.toml", "opened_bits = 30\n")]);
    std::fs::write(folder.0.join("c.toml"), CLINIC.replace("[addresses]", "settings_file = \"s.toml\"\n[addresses]")).unwrap();
    assert_eq!(Config::from_file(folder.0.join("c.toml")).unwrap().settings, Settings { opened: 30, ..Settings::default() });
}

#[test]
fn every_field_that_is_wrong_is_named() {
    let with = clinic_with;
    refused(with("name = \"clinic\"", "name = \"bank\""), "clinic.toml", "name", "knows no endpoint `bank`; it knows `hospital`");
    refused(with("name = \"clinic\"", "name = \"dealer\""), "clinic.toml", "name", "`undertone dealer`");
    refused(with("name = \"clinic\"", "name = 5"), "clinic.toml", "name", "expected a string");
    refused(with("name = \"clinic\"", ""), "clinic.toml", "", "missing field `name`");
    refused(with("listen", "listens"), "clinic.toml", "listens", "unknown field `listens`");
    refused(with("listen = \"127.0.0.1:7001\"", "listen = \"0.0.0.0:7001\""), "clinic.toml", "listen", "[tls]");
    refused(with("listen = \"127.0.0.1:7001\"", ""), "clinic.toml", "listen", "`doctor` dial this endpoint");
    refused(with("127.0.0.1:7000", "hospital.org:7000"), "clinic.toml", "addresses.hospital", "[tls]");
    refused(with("127.0.0.1:7000", "127.0.0.1"), "clinic.toml", "addresses.hospital", "HOST:PORT");
    refused(with("127.0.0.1:7002", "127.0.0.1:7000"), "clinic.toml", "addresses.hospital", "`dealer` has the same address");
    refused(with("hospital =", "bank ="), "clinic.toml", "addresses.bank", "knows no endpoint `bank`");
    refused(with("hospital = \"127.0.0.1:7000\"", ""), "clinic.toml", "addresses", "dials `hospital`");
    refused(with("dealer = \"127.0.0.1:7002\"", ""), "clinic.toml", "addresses", "dials `dealer`");
    refused(with("[addresses]", "stream = 1\n[addresses]"), "clinic.toml", "stream", "expected a boolean");
    refused(with("name = \"clinic\"", "name = \"doctor\"\nstream = true"), "clinic.toml", "stream", "a client uses no tapes");
    assert!(
        with("[addresses]", "stream = true\n[addresses]").unwrap().stream && !clinic_with("[addresses]", "[addresses]").unwrap().stream
    );
    refused(with("[addresses]", "tapes = 1\n[addresses]"), "clinic.toml", "tapes", "expected");
    let more = |text: &str| read_clinic(&format!("{CLINIC}{text}"), DEPLOYMENT);
    refused(more("[tapes]\nfolder = \".\"\n"), "clinic.toml", "tapes", "the dealer's address as well");
    refused(more("[timeouts]\nidle_seconds = -1\n"), "clinic.toml", "timeouts.idle_seconds", "not negative");
    refused(more("[timeouts]\nmessage_seconds = 0\n"), "clinic.toml", "timeouts.message_seconds", "more than 0");
    refused(more("[timeouts]\nconnect_seconds = nan\n"), "clinic.toml", "timeouts.connect_seconds", "not negative");
    refused(more("[timeouts]\nspin_microseconds = 2e6\n"), "clinic.toml", "timeouts.spin_microseconds", "a core");
    refused(more("[settings]\nfraction_bits = 40\n"), "clinic.toml", "settings", "fraction bits");
    refused(more("[settings]\nring = 32\n"), "clinic.toml", "settings.ring", "unknown field `ring`");
    refused(more("[tls]\nca = \"ca.pem\"\n"), "clinic.toml", "tls", "missing field `certificate`");
    refused(more("[tls]\nca = \"ca.pem\"\ncertificate = \"c.pem\"\nkey = \"c.key\"\n"), "clinic.toml", "tls", "ca.pem");
    refused(with("name = \"clinic\"", "name = \"clinic\"\nname = \"clinic\""), "clinic.toml", "name", "duplicate key");
}

#[test]
fn a_deployment_that_is_wrong_is_named() {
    let with = |from: &str, to: &str| {
        assert!(DEPLOYMENT.contains(from));
        read_clinic(CLINIC, &DEPLOYMENT.replace(from, to))
    };
    let file = "deployment.toml";
    refused(with("\"clinic\"]", "\"hospital\"]"), file, "parties", "`hospital` is there twice");
    refused(with("\"clinic\"]", "\"clinic\", \"a\", \"b\", \"c\", \"d\"]"), file, "parties", "6 parties: use 2 to 5");
    refused(with("\"clinic\"]", "\"The Clinic\"]"), file, "parties", "lower-case");
    refused(with("dealer = \"dealer\"", "dealer = \"clinic\""), file, "dealer", "`clinic` is there twice");
    refused(with("[\"doctor\"]", "[\"dealer\"]"), file, "clients", "`dealer` is there twice");
    refused(with("reader = \"doctor\"", "reader = \"nurse\""), file, "roles.reader", "no endpoint `nurse`");
    refused(with("model = \"clinic\"", "model = \"dealer\""), file, "roles.model", "is the dealer");
    refused(with("model = \"clinic\"", "model = \"clinic\"\nmodel = \"hospital\""), file, "roles.model", "duplicate key");
    refused(with("[roles]", "[role]"), file, "role", "unknown field `role`");
    refused(with("dealer = \"dealer\"", ""), "clinic.toml", "addresses.dealer", "knows no endpoint `dealer`");
    let missing = read_clinic(&CLINIC.replace("deployment.toml", "none.toml"), DEPLOYMENT).unwrap_err().to_string();
    assert!(missing.contains("none.toml: cannot be read"), "{missing}");
    let without = CLINIC.replace("dealer = \"127.0.0.1:7002\"", "");
    refused(read_clinic(&without, &DEPLOYMENT.replace("dealer = \"dealer\"", "")), "clinic.toml", "tapes", "has no dealer");
}

/// The deployment and the bank's configuration, with one text in the place of another, of three parties of which one deals.
fn bank_with(from: &str, to: &str) -> Result<Config> {
    let deployment = "topology = \"third-deals\"\nparties = [\"hospital\", \"clinic\", \"bank\"]\n[roles]\npatient = \"bank\"\n";
    let bank =
        "name = \"bank\"\ndeployment = \"deployment.toml\"\n[addresses]\nhospital = \"127.0.0.1:7000\"\nclinic = \"127.0.0.1:7001\"\n";
    assert!(deployment.contains(from) || bank.contains(from));
    read_clinic(&bank.replace(from, to), &deployment.replace(from, to))
}

#[test]
fn of_three_parties_one_may_deal() {
    let config = bank_with("", "").unwrap();
    assert_eq!((config.participants.topology, config.place(), config.settings.parties), (Topology::ThirdDeals, Ok(Place::Party(2)), 2));
    assert_eq!(config.dials().collect::<Vec<_>>(), ["hospital", "clinic"]);
    let in_code = Participants::third_deals(["hospital", "clinic", "bank"]);
    assert_eq!((&config.participants.parties, &config.participants.dealer, in_code.check()), (&in_code.parties, &None, Ok(())));
    let file = "deployment.toml";
    refused(bank_with("third-deals", "fourth-deals"), file, "topology", "`fourth-deals` is none: write \"dealer\" or \"third-deals\"");
    refused(bank_with("\"clinic\", ", ""), file, "parties", "2 parties: the third deals among three");
    refused(bank_with("[roles]", "dealer = \"dealer\"\n[roles]"), file, "dealer", "one of the three parties deals");
    refused(bank_with("[addresses]", "[tapes]\nfolder = \".\"\n[addresses]"), "clinic.toml", "tapes", "deal for each other");
    let dealer = bank_with("", "")
        .map(|c| crate::config::DealerConfig::new(c.participants, "127.0.0.1:7002").listener().err().map(|e| e.to_string()));
    assert!(dealer.as_ref().is_ok_and(|e| e.as_ref().is_some_and(|e| e.contains("names no dealer"))), "{dealer:?}");
}

#[test]
fn clients_and_the_last_party_need_no_listener() {
    let doctor = r#"
name = "doctor"
deployment = "deployment.toml"
[addresses]
hospital = "127.0.0.1:7000"
clinic = "127.0.0.1:7001"
"#;
    assert_eq!(read_clinic(doctor, DEPLOYMENT).unwrap().place(), Ok(Place::Client(0)));
    refused(read_clinic(&format!("{doctor}[tapes]\nfolder = \".\"\n"), DEPLOYMENT), "clinic.toml", "tapes", "a client uses no tapes");
    refused(read_clinic(&doctor.replace("clinic =", "dealer ="), DEPLOYMENT), "clinic.toml", "addresses", "dials `clinic`");
    let two = "parties = [\"hospital\", \"clinic\"]\ndealer = \"dealer\"\n";
    assert!(read_clinic(&CLINIC.replace("listen = \"127.0.0.1:7001\"", ""), two).is_ok());
}

#[test]
fn tapes_are_a_folder_that_is_there() {
    let tapes = CLINIC.replace("dealer = \"127.0.0.1:7002\"", "[tapes]\nfolder = \"mine\"");
    refused(read_clinic(&tapes, DEPLOYMENT), "clinic.toml", "tapes.folder", "is no folder");
    let folder = Folder::new(&[("clinic.toml", &tapes), ("deployment.toml", &DEPLOYMENT.replace("dealer = \"dealer\"", ""))]);
    std::fs::create_dir(folder.0.join("mine")).unwrap();
    assert_eq!(Config::from_file(folder.0.join("clinic.toml")).unwrap().tapes, Some(folder.0.join("mine")));
}

#[test]
fn certificates_are_read_and_must_be_of_the_endpoint() {
    let folder = Folder::new(&[("deployment.toml", DEPLOYMENT)]);
    crate::net::certs::write(&folder.0, &["hospital", "clinic"]).unwrap();
    let read = |name: &str, key: &str| {
        let tls = format!("{CLINIC}[tls]\nca = \"ca.pem\"\ncertificate = \"{name}.pem\"\nkey = \"{key}.key\"\n");
        std::fs::write(folder.0.join("clinic.toml"), tls.replace("127.0.0.1:7000", "hospital.example.org:7000")).unwrap();
        Config::from_file(folder.0.join("clinic.toml"))
    };
    assert!(read("clinic", "clinic").is_ok(), "with certificates addresses may be anywhere");
    refused(read("hospital", "hospital"), "clinic.toml", "tls.certificate", "not for `clinic`");
    refused(read("clinic", "hospital"), "clinic.toml", "tls", "not the private key");
}

#[test]
fn the_dealer_has_a_file_of_its_own() {
    let read = |text: &str, deployment: &str| {
        let folder = Folder::new(&[("dealer.toml", text), ("deployment.toml", deployment)]);
        DealerConfig::from_file(folder.0.join("dealer.toml"))
    };
    let text = "deployment = \"deployment.toml\"\nlisten = \"127.0.0.1:7002\"\n";
    let config = read(text, DEPLOYMENT).unwrap();
    assert_eq!((config.name(), config.limits, config.timeouts), (Ok("dealer"), Limits::default(), Timeouts::default()));
    let refused = |text: &str, deployment: &str, expected: &str| {
        let error = read(text, deployment).unwrap_err().to_string();
        assert!(error.contains(expected), "`{expected}` is not in: {error}");
    };
    refused(text, &DEPLOYMENT.replace("dealer = \"dealer\"", ""), "`deployment`: the deployment names no dealer");
    refused(&text.replace("127.0.0.1", "0.0.0.0"), DEPLOYMENT, "`listen`: `0.0.0.0:7002` is not on this machine");
    refused(&format!("{text}[limits]\nsessions = 0\n"), DEPLOYMENT, "`limits.sessions`");
    refused(&format!("{text}[limits]\nsession = 1\n"), DEPLOYMENT, "`limits.session`: unknown field");
    refused(&format!("{text}name = \"dealer\"\n"), DEPLOYMENT, "`name`: unknown field");
}
