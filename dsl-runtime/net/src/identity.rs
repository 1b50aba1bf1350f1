//! Who an endpoint is, and how it proves it: by a certificate for its name, or, on one machine and for trials, not at all.

use crate::{NetError, check_name};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{CertificateError, ClientConfig, RootCertStore, ServerConfig};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// Both sides say that they speak this, so that no other service that trusts the same CA is taken for an endpoint.
const PROTOCOL: &[u8] = b"undertone/1";

/// The name of this endpoint, and what proves it. Cheap to clone; `Debug` prints names alone.
#[derive(Clone)]
pub struct Identity {
    name: String,
    security: Security,
}

/// How endpoints know each other, and who else can read and change what they send.
#[derive(Clone)]
#[non_exhaustive]
pub enum Security {
    /// Plain TCP: nobody proves anything and nothing is encrypted. Only loopback addresses are taken, and every program of this machine is trusted.
    Loopback,
    /// TLS 1.3, in which both sides show a certificate of one CA for the name that the other expects. A certificate with a wildcard stands for every name it covers.
    Tls(Tls),
}

/// Loaded certificates and the key: [`Security::tls`] makes it.
#[derive(Clone)]
pub struct Tls {
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) server: Arc<ServerConfig>,
    roots: Arc<RootCertStore>,
    chain: Arc<Vec<CertificateDer<'static>>>,
    certificate: PathBuf,
    ca: PathBuf,
}

impl Identity {
    /// An endpoint of this name. With TLS, its certificate must be valid now, for this name, and signed by the CA, so that a wrong file shows at once and not at a peer.
    ///
    /// # Errors
    /// When the name cannot be one, or the certificate is not for it.
    pub fn new(name: &str, security: Security) -> Result<Self, NetError> {
        check_name(name)?;
        if let Security::Tls(tls) = &security {
            tls.check(name)?;
        }
        Ok(Self { name: name.to_owned(), security })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        match &self.security {
            Security::Loopback => None,
            Security::Tls(tls) => Some(tls),
        }
    }
}

impl Security {
    /// TLS with the CA of all endpoints, the certificate of this one (its chain may follow it in the file) and its private key, all as PEM files.
    ///
    /// # Errors
    /// When a file cannot be read or used, or the key is not that of the certificate; the file is named.
    pub fn tls(ca: &Path, certificate: &Path, key: &Path) -> Result<Self, NetError> {
        Tls::load(ca, certificate, key, provider()).map(Security::Tls)
    }
}

impl Tls {
    pub(crate) fn load(ca: &Path, certificate: &Path, key: &Path, provider: CryptoProvider) -> Result<Self, NetError> {
        let provider = Arc::new(provider);
        let mut roots = RootCertStore::empty();
        for root in certificates(ca)? {
            roots.add(root).map_err(|e| unusable(ca, &format!("no certificate of a CA: {e}")))?;
        }
        let roots = Arc::new(roots);
        let chain = certificates(certificate)?;
        let signing = {
            let pem = Zeroizing::new(read(key)?);
            let mut der =
                PrivateKeyDer::from_pem_slice(&pem).map_err(|e| unusable(key, &format!("holds no private key in PEM form: {e}")))?;
            let signing = ring::sign::any_supported_type(&der);
            der.zeroize();
            signing.map_err(|e| unusable(key, &format!("this private key cannot be used: {e}")))?
        };
        let certified = CertifiedKey::new(chain.clone(), signing);
        certified
            .keys_match()
            .map_err(|e| unusable(key, &format!("this is not the private key of the certificate in {}: {e}", certificate.display())))?;
        let proof = Arc::new(SingleCertAndKey::from(certified));
        let wrong = |e: rustls::Error| unusable(ca, &e.to_string());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone())
            .build()
            .map_err(|e| unusable(ca, &e.to_string()))?;
        let mut server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(wrong)?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(proof.clone());
        // every connection proves itself from the start: no tickets, nothing remembered
        server.send_tls13_tickets = 0;
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.alpn_protocols = vec![PROTOCOL.to_vec()];
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(wrong)?
            .with_root_certificates(roots.clone())
            .with_client_cert_resolver(proof);
        client.resumption = Resumption::disabled();
        client.alpn_protocols = vec![PROTOCOL.to_vec()];
        // who is called is no business of those who watch the line
        client.enable_sni = false;
        let (client, server, chain) = (Arc::new(client), Arc::new(server), Arc::new(chain));
        Ok(Self { client, server, roots, chain, certificate: certificate.to_owned(), ca: ca.to_owned() })
    }

    /// Whether the own certificate will be taken by peers.
    fn check(&self, name: &str) -> Result<(), NetError> {
        let wrong = |message: String| NetError::Certificate {
            name: name.to_owned(),
            message: format!("{}: {message}", self.certificate.display()),
        };
        let Some((leaf, chain)) = self.chain.split_first() else { return Err(wrong("the file is empty".into())) };
        let parsed = ParsedCertificate::try_from(leaf).map_err(|e| wrong(explain(&e, name)))?;
        let algorithms = provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, chain, UnixTime::now(), algorithms)
            .map_err(|e| wrong(format!("{} (the CA is that of {})", explain(&e, name), self.ca.display())))?;
        valid_for(leaf, name).map_err(|e| wrong(explain(&e, name)))
    }
}

/// Whether a certificate is for a name.
pub(crate) fn valid_for(certificate: &CertificateDer<'_>, name: &str) -> Result<(), rustls::Error> {
    let name = ServerName::try_from(name).map_err(|_| rustls::Error::General("no DNS name".into()))?;
    verify_server_name(&ParsedCertificate::try_from(certificate)?, &name)
}

/// What is wrong with a TLS connection, for people who set up certificates; `name` is whose certificate was looked at.
pub(crate) fn explain(error: &rustls::Error, name: &str) -> String {
    use rustls::{AlertDescription as Alert, Error};
    let text = match error {
        Error::InvalidCertificate(e) => match e {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "the certificate is not signed by the CA that all endpoints share"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                return format!("the certificate is valid, but not for `{name}`; endpoints are known by the name in their certificate");
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired; issue a new one",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the certificate is not valid yet; are the clocks right?"
            }
            _ => return format!("the certificate cannot be used: {error}"),
        },
        Error::AlertReceived(alert) => match *alert {
            Alert::UnknownCA | Alert::BadCertificate | Alert::DecryptError => {
                "it does not take our certificate: endpoints need certificates of one CA"
            }
            Alert::CertificateExpired => "it says that our certificate has expired; issue a new one",
            Alert::CertificateRequired => "it wants a certificate from us",
            Alert::NoApplicationProtocol => "it is another service, or another version",
            Alert::ProtocolVersion => "it does not speak TLS 1.3",
            _ => return format!("it ended the connection: {error}"),
        },
        Error::NoCertificatesPresented => "it shows no certificate",
        Error::NoApplicationProtocol => "it is another service, or another version",
        Error::InvalidMessage(_) => "it does not speak TLS; does it run without certificates?",
        Error::PeerIncompatible(_) => "it speaks no TLS 1.3",
        _ => return format!("TLS: {error}"),
    };
    text.to_owned()
}

/// The algorithms: `ring`, and AES-128 first, which processors do in hardware.
pub(crate) fn provider() -> CryptoProvider {
    use ring::cipher_suite::{TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256};
    CryptoProvider {
        cipher_suites: vec![TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256],
        ..ring::default_provider()
    }
}

/// Randomness that is the operating system's.
pub(crate) fn fresh<const N: usize>() -> Result<[u8; N], NetError> {
    let mut bytes = [0; N];
    ring::default_provider().secure_random.fill(&mut bytes).map_err(|_| NetError::Randomness)?;
    Ok(bytes)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let pem = read(path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|e| unusable(path, &format!("not in PEM form: {e}")))?;
    if all.is_empty() {
        return Err(unusable(path, "holds no certificate in PEM form"));
    }
    Ok(all)
}

fn read(path: &Path) -> Result<Vec<u8>, NetError> {
    use std::io::Read;
    /// More than any chain of certificates needs.
    const LARGEST: u64 = 1 << 20;
    let mut bytes = Vec::with_capacity(16 << 10); // a key does not leave copies behind while the buffer grows
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .map_err(|e| unusable(path, &format!("cannot be read: {e}")))?;
    Ok(bytes)
}

fn unusable(path: &Path, message: &str) -> NetError {
    NetError::File { path: path.to_owned(), message: message.to_owned() }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, {:?})", self.name, self.security)
    }
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Security::Loopback => "Loopback",
            Security::Tls(_) => "Tls",
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({})", self.certificate.display())
    }
}
