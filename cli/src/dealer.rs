//! `undertone dealer`: serves sessions until it is stopped.

use crate::failure::Failure;
use clap::Args;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use undertone_runtime::config::DealerConfig;
use undertone_runtime::net::Tcp;

#[derive(Args)]
pub struct Options {
    /// The file of the dealer: deployment, address, certificates, limits
    #[arg(long)]
    config: PathBuf,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let config = DealerConfig::from_file(&options.config)?;
    let listener = config.listener()?;
    println!("the dealer `{}` listens on {}", config.name()?, listener.local_address());
    let parties = &config.participants.parties;
    let busy = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        loop {
            while busy.load(Ordering::SeqCst) >= config.limits.sessions {
                std::thread::sleep(Duration::from_millis(100));
            }
            let Some((_, links)) = listener.next_group(parties, config.timeouts.connect, Duration::from_mins(1))? else { continue };
            busy.fetch_add(1, Ordering::SeqCst);
            scope.spawn(|| {
                let timeouts = undertone_runtime::net::Timeouts::default();
                let mut transport = Tcp::new(links.into_iter().map(Some).collect(), &timeouts);
                if let Err(e) = undertone_runtime::dealer::serve_limited(&mut transport, parties.len(), &config.limits.service()) {
                    Failure::from(e).tell();
                }
                busy.fetch_sub(1, Ordering::SeqCst);
            });
        }
    })
}
