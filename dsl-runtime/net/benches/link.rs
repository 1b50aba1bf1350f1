//! Speed of a link between two threads over loopback, plain and under TLS: a small message there and back, and large ones both ways at once.
//! It prints and asserts nothing.

use std::path::Path;
use std::thread::scope;
use std::time::{Duration, Instant};
use undertone_net::{Identity, Label, Listener, NetError, Security, Tcp, Timeouts, Transport, certs, dial, network};

const LABEL: Label = [0; 16];
const NAMES: [&str; 2] = ["party0", "party1"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("undertone-link-{}", std::process::id()));
    certs::write(&folder, &NAMES)?;
    let mut all = network(2);
    let two = [all.remove(0), all.remove(0)];
    report("memory", two);
    for (name, secure) in [("plain", false), ("TLS", true)] {
        for spin in [50, 0] {
            let two = connect(&folder, secure, Duration::from_micros(spin))?;
            report(&format!("{name}, {spin} us of spinning"), two);
        }
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn connect(folder: &Path, secure: bool, spin: Duration) -> Result<[Tcp; 2], NetError> {
    let identity = |name: &str| {
        let file = |end: &str| folder.join(format!("{name}.{end}"));
        let tls = || Security::tls(&folder.join("ca.pem"), &file("pem"), &file("key"));
        Identity::new(name, if secure { tls()? } else { Security::Loopback })
    };
    let timeouts = Timeouts { spin, ..Timeouts::default() };
    let listener = Listener::bind("127.0.0.1:0", &identity(NAMES[0])?)?;
    let other = identity(NAMES[1])?;
    scope(|scope| {
        let address = listener.local_address().to_string();
        let there = scope.spawn(move || dial(&other, NAMES[0], &address, &LABEL, timeouts.connect));
        let mut here = listener.accept(&[NAMES[1].to_owned()], &LABEL, timeouts.connect)?;
        let there = there.join().unwrap_or(Err(NetError::Randomness))?;
        Ok([Tcp::new(vec![None, here.pop()], &timeouts), Tcp::new(vec![Some(there), None], &timeouts)])
    })
}

fn report<T: Transport>(name: &str, [mut a, mut b]: [T; 2]) {
    println!("{name}");
    let rounds = 3000;
    let seconds = both(&mut a, &mut b, |me, one| {
        let mut message = vec![];
        for _ in 0..rounds {
            if me == 0 {
                one.send(1, &[1; 100])?;
            }
            one.receive(1 - me, 100, &mut message)?;
            if me == 1 {
                one.send(0, &[1; 100])?;
            }
        }
        Ok(())
    });
    println!("  100 bytes there and back      {:8.1} us", seconds / f64::from(rounds) * 1e6);
    for (what, len, rounds) in [("100 bytes", 100, 3000), ("64 KiB", 64 << 10, 2000), ("1 MiB", 1 << 20, 300), ("16 MiB", 16 << 20, 20)] {
        let own = vec![3; len];
        let seconds = both(&mut a, &mut b, |me, one| {
            let mut peers = [vec![]];
            (0..rounds).try_for_each(|_| one.exchange(me, &own, &mut peers))
        });
        let one = seconds / f64::from(rounds);
        println!("  exchange of {what:9}         {:8.1} us   {:6.2} GB/s each way", one * 1e6, len as f64 / one / 1e9);
    }
    let seconds = both(&mut a, &mut b, |me, one| {
        let (own, mut message) = (vec![3; 1 << 20], vec![]);
        (0..500).try_for_each(|_| if me == 0 { one.send(1, &own) } else { one.receive(0, 1 << 20, &mut message) })
    });
    println!("  1 MiB, one way                {:8.1} us   {:6.2} GB/s", seconds / 500.0 * 1e6, 500.0 * f64::from(1 << 20) / seconds / 1e9);
}

/// Seconds of the slower side; the best of three.
fn both<T: Transport>(a: &mut T, b: &mut T, run: impl Fn(usize, &mut T) -> Result<(), undertone_net::LinkError> + Sync) -> f64 {
    (0..3)
        .map(|_| {
            let start = Instant::now();
            scope(|scope| {
                let (run, a, b) = (&run, &mut *a, &mut *b);
                scope.spawn(move || run(1, b).map_err(|e| println!("{e}")));
                let _ = run(0, a).map_err(|e| println!("{e}"));
            });
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}
