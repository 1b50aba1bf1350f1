//! Certificates for development: a CA that signs one certificate for each endpoint and is then forgotten. Who runs endpoints for others has a CA of their own.

use crate::{NetError, check_name};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use zeroize::{Zeroize, Zeroizing};

/// How long they are valid.
const VALID: Duration = Duration::from_hours(365 * 24);
/// Clocks may be this far apart.
const EARLIER: Duration = Duration::from_hours(24);

/// A CA and what it has signed. The key of the CA exists no more.
pub struct Development {
    /// The certificate of the CA, as PEM.
    pub ca: String,
    /// What each endpoint needs besides, in the order of the names.
    pub endpoints: Vec<Pems>,
}

/// One endpoint's proof of its name. `Debug` does not print the key.
pub struct Pems {
    /// The name.
    pub name: String,
    /// The certificate, as PEM.
    pub certificate: String,
    /// The private key, as PEM.
    pub key: Zeroizing<String>,
}

impl std::fmt::Debug for Pems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pems({})", self.name)
    }
}

/// A new CA and a certificate for each of these names, valid for a year from yesterday. 0.2 ms for two names.
///
/// # Errors
/// When a name cannot be one, comes twice, or there is no randomness.
pub fn development(names: &[&str]) -> Result<Development, NetError> {
    let mut seen = HashSet::new();
    for name in names {
        check_name(name)?;
        if !seen.insert(name) {
            return Err(NetError::Name { name: (*name).to_owned(), message: "it is there twice; endpoints have different names".into() });
        }
    }
    let now = SystemTime::now();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Undertone development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    (params.not_before, params.not_after) = ((now - EARLIER).into(), (now + VALID).into());
    let wrong = |e: &rcgen::Error| NetError::Certificate { name: "ca".into(), message: format!("cannot be made: {e}") };
    let mut key = KeyPair::generate().map_err(|e| wrong(&e))?;
    let mut endpoints = Vec::new();
    let ca = {
        let issuer = CertifiedIssuer::self_signed(params, &key).map_err(|e| wrong(&e))?;
        for name in names {
            endpoints.push(endpoint(name, &issuer, now)?);
        }
        issuer.pem()
    };
    key.zeroize();
    Ok(Development { ca, endpoints })
}

fn endpoint(name: &str, issuer: &CertifiedIssuer<'_, &KeyPair>, now: SystemTime) -> Result<Pems, NetError> {
    let wrong = |e: rcgen::Error| NetError::Certificate { name: name.to_owned(), message: format!("cannot be made: {e}") };
    let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(wrong)?;
    params.distinguished_name.push(DnType::CommonName, if name.len() <= 64 { name } else { "endpoint" });
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // who dials is the client of TLS, and any endpoint but the first may be either
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = ((now - EARLIER).into(), (now + VALID).into());
    let mut key = KeyPair::generate().map_err(wrong)?;
    let certificate = params.signed_by(&key, issuer).map_err(wrong)?.pem();
    let pem = Zeroizing::new(key.serialize_pem());
    key.zeroize();
    Ok(Pems { name: name.to_owned(), certificate, key: pem })
}

/// Writes `ca.pem`, and `NAME.pem` and `NAME.key` for each name, into `folder`, which is made if need be. Only the owner can read the keys.
///
/// Every file appears whole or not at all, and none that is there is touched. If one cannot be written, those of this call are removed again.
///
/// # Errors
/// As [`development`]; when one of the files is there, or cannot be written.
pub fn write(folder: &Path, names: &[&str]) -> Result<(), NetError> {
    if names.contains(&"ca") {
        return Err(NetError::Name { name: "ca".into(), message: "ca.pem is the file of the CA; choose another name".into() });
    }
    let all = development(names)?;
    let mut files = Vec::new();
    for one in &all.endpoints {
        files.push((folder.join(format!("{}.key", one.name)), one.key.as_str(), true));
        files.push((folder.join(format!("{}.pem", one.name)), one.certificate.as_str(), false));
    }
    // who finds the CA finds the others
    files.push((folder.join("ca.pem"), all.ca.as_str(), false));
    fs::create_dir_all(folder).map_err(|e| file(folder, &format!("cannot be made: {e}")))?;
    for (at, (path, text, secret)) in files.iter().enumerate() {
        if let Err(e) = write_new(path, text, *secret) {
            for (path, ..) in &files[..at] {
                let _ = fs::remove_file(path); // what is left is named by the next call
            }
            return Err(e);
        }
    }
    Ok(())
}

/// Writes a file beside the place, and then puts it there if nothing is.
fn write_new(path: &Path, text: &str, secret: bool) -> Result<(), NetError> {
    let wrong = |e: std::io::Error| file(path, &format!("cannot be written: {e}"));
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", u64::from_le_bytes(crate::identity::fresh()?)));
    let beside = PathBuf::from(beside);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = secret;
    let written = options.open(&beside).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    // a link, unlike a new name, never takes the place of a file
    let placed = written.and_then(|()| fs::hard_link(&beside, path));
    let _ = fs::remove_file(&beside);
    match placed {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Err(there(path)),
        other => other.map_err(wrong),
    }
}

fn there(path: &Path) -> NetError {
    file(path, "is there already and is not overwritten; choose another folder, or delete it")
}

fn file(path: &Path, message: &str) -> NetError {
    NetError::File { path: path.to_owned(), message: message.to_owned() }
}
