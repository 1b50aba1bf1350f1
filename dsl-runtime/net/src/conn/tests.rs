//! Two ends of a connection whose keys change often: what a session of many days sees.

use super::*;
use crate::certs;
use crate::identity::{Tls, provider};
use rustls::crypto::CipherSuiteCommon;
use rustls::{SupportedCipherSuite, Tls13CipherSuite};
use std::net::TcpListener;
use std::thread::scope;
use std::time::Duration;

#[test]
fn keys_change_before_they_are_worn_out_and_nothing_is_lost() {
    let folder = std::env::temp_dir().join(format!("undertone-keys-{}", std::process::id()));
    certs::write(&folder, &["a", "b"]).unwrap();
    let mut provider = provider();
    // a limit that a session of AES reaches after 2^24 records, after 7
    let suite = provider.cipher_suites[0].tls13().unwrap();
    let common = CipherSuiteCommon { confidentiality_limit: 7, ..suite.common };
    let short = Tls13CipherSuite { common, ..*suite };
    provider.cipher_suites = vec![SupportedCipherSuite::Tls13(Box::leak(Box::new(short)))];
    let load = |name: &str| {
        Tls::load(&folder.join("ca.pem"), &folder.join(format!("{name}.pem")), &folder.join(format!("{name}.key")), provider.clone())
            .unwrap()
    };
    let (a, b) = (load("a"), load("b"));
    std::fs::remove_dir_all(&folder).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let wait = || Wait::new(Duration::from_secs(20), Duration::ZERO);
    scope(|scope| {
        let there =
            scope.spawn(move || Conn::new(TcpStream::connect(address).unwrap(), Some(Session::client(&a, "b").unwrap()), &wait()).unwrap());
        let mut here = Conn::new(listener.accept().unwrap().0, Some(Session::server(&b).unwrap()), &wait()).unwrap();
        let mut there = there.join().unwrap();
        for (from, to) in [(true, false), (false, true)] {
            let (out, into) = if from && !to { (&mut here, &mut there) } else { (&mut there, &mut here) };
            for k in 0..60u8 {
                let sent = vec![k; if k % 20 == 7 { 200_000 } else { 100 }];
                out.send(&sent, &wait()).unwrap();
                let mut got = vec![];
                into.receive(1 << 20, &mut got, &wait()).unwrap();
                assert!(got == sent, "message {k}");
            }
        }
    });
}
