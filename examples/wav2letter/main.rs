//! Transcribes real recordings without anyone seeing the recording or the weights.
//!
//! The speaker has the audio, the provider the weights, a dealer hands out randomness; each is a thread of its own here. Only the best letter
//! of each frame comes out, to the speaker; the scores stay secret. The plain twin runs beside it, for comparison.
//!
//! ```text
//! cargo run --release --example wav2letter                  the committed recordings
//! cargo run --release --example wav2letter -- --processes   speaker, provider and dealer as three processes that talk TLS
//! cargo run --release --example wav2letter -- --ring 32     calibrates, and opens no more bits than values take
//! cargo run --release --example wav2letter -- --network wan  the ring that is fastest there, and the predicted seconds
//! cargo run --release --example wav2letter -- --parties 3   one more party that computes, with either of the above
//! cargo run --release --example wav2letter -- --topology third-deals   three parties of which one deals, with --processes too
//! cargo run --release --example wav2letter -- --wav my.wav  a recording of your own
//! cargo run --release --example wav2letter -- --full        the published model at full size, on one second
//! ```

mod full;
mod model;
mod processes;
mod recordings;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use model::{Audio, Wav2Letter, letters, transcribe};
use recordings::Recording;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use undertone::Topology;
use undertone::prelude::*;
use undertone::report::{Report, Stages};
use undertone::{Network, Plan};
use undertone_data::cer::Cer;
use undertone_data::wav::RATE;

/// The largest difference of a score between both runs that is accepted.
const CLOSE: f32 = 0.05;

/// Windows that run at once.
const BATCH: usize = 8;

/// Transcribes recordings under secure two-party computation with a dealer.
#[derive(Parser)]
struct Options {
    /// A 16-bit WAV file, mono or stereo; the committed recordings otherwise.
    #[arg(long)]
    wav: Vec<PathBuf>,
    /// The weights of the speech model.
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Prints one last line of JSON.
    #[arg(long)]
    json: bool,
    /// The computing parties: the speaker, the provider, and others that only compute. Any of them but one may put together what they see.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=5), conflicts_with = "full")]
    parties: u8,
    /// Who deals: `dealer`, who takes no other part, or `third-deals`: of three parties one, in each slice of a batch another one.
    #[arg(long, default_value = "dealer", value_parser = topology, conflicts_with_all = ["full", "parties"])]
    topology: Topology,
    /// Calibrates on half of the windows, and takes a ring of this many bits: 32 to 64.
    #[arg(long, conflicts_with_all = ["full", "processes"])]
    ring: Option<u32>,
    /// Calibrates on half of the windows, and plans for a network: loopback, lan or wan.
    #[arg(long, conflicts_with_all = ["full", "processes"])]
    network: Option<Network>,
    /// Runs all parties, and the dealer if there is one, as processes of their own, which talk TLS over loopback.
    #[arg(long, conflicts_with = "full")]
    processes: bool,
    /// What one of these processes is.
    #[arg(long, hide = true, requires = "folder")]
    endpoint: Option<String>,
    /// Where these processes find their configuration.
    #[arg(long, hide = true)]
    folder: Option<PathBuf>,
    /// Runs torchaudio's Wav2Letter at its full size, with random weights, on one second of audio.
    #[arg(long)]
    full: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match (&options.endpoint, &options.folder) {
        (Some(endpoint), Some(folder)) => processes::endpoint(endpoint, folder, &options).map(|()| true),
        _ if options.full => full::run(options.json),
        _ if options.processes => run_processes(&options),
        _ => run(&options),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("error: the private and the plain run differ by more than they may");
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    }
}

fn topology(name: &str) -> Result<Topology, String> {
    Topology::named(name).ok_or_else(|| "use `dealer` or `third-deals`".into())
}

impl Options {
    /// The number of processes of which the parties are one each.
    fn parties(&self) -> usize {
        match self.topology {
            Topology::Dealer => usize::from(self.parties),
            Topology::ThirdDeals => 3,
        }
    }
}

/// The recordings, cut into windows.
struct Speech {
    recordings: Vec<Recording>,
    audio: Audio,
    windows: usize,
    seconds: f64,
}

impl Speech {
    /// The user's own recordings, or the committed ones.
    fn load(options: &Options) -> Result<Self, Box<dyn std::error::Error>> {
        let recordings =
            if options.wav.is_empty() { recordings::committed(&assets().join("speech"))? } else { recordings::own(&options.wav)? };
        let audio = Clear::new(recordings.iter().flat_map(|r| r.audio.values().iter().copied()).collect())?;
        let windows = recordings.iter().map(|r| r.windows.len()).sum();
        let seconds = recordings.iter().map(|r| r.samples as f64 / f64::from(RATE)).sum();
        Ok(Self { recordings, audio, windows, seconds })
    }
}

/// What comes with the examples.
fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/assets")
}

/// The file of weights.
fn weights(options: &Options) -> PathBuf {
    options.weights.clone().unwrap_or_else(|| assets().join("wav2letter.safetensors"))
}

/// Transcribes with all parties in this process; whether the private and the plain transcripts are the same, and the scores close.
fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let weights = Wav2Letter::load(weights(options))?;
    let speech = Speech::load(options)?;
    println!("{} recordings, {:.1} s of audio", speech.recordings.len(), speech.seconds);
    let bar = ProgressBar::new(speech.windows as u64)
        .with_style(ProgressStyle::with_template("private run {wide_bar} window {pos} of {len}, {eta} left")?);
    let twin = Wav2Letter::twin_with(&Device::flex(), &weights)?;
    let settings = settings(options, &twin, &speech)?;
    let plan: Plan = Wav2Letter::plan(&settings)?;
    if settings.calibrated.is_some() {
        println!("{}", plan.cost(BATCH));
    }
    let world = World::parties(options.parties()).settings(settings).topology(options.topology).batch(BATCH);
    let private = world.predict_with_progress::<Wav2Letter>(&weights, &speech.audio, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    let plain = twin.predict(&speech.audio)?;

    // the scores are never released: only a world in one process can put their shares together, to compare them
    let recorded = world.record().predict::<Wav2Letter>(&weights, &speech.audio)?.stages;
    let figures = Figures {
        largest_difference: largest_difference(recorded.as_ref(), plain.values()),
        ..Figures::new(&speech.recordings, private.output.values(), &letters(&plain), speech.seconds)
    };
    println!("{}\n", private.report);
    figures.print(&private.report);
    if let Some(network) = &options.network {
        println!("\n{}", plan.cost(BATCH).time(network));
    }
    if options.json {
        println!("{}", figures.json(&private.report));
    }
    // fewer fraction bits move a letter here and there: how many is what the figures are for
    Ok(plan.is_calibrated() || (figures.same && figures.largest_difference <= CLOSE))
}

/// The standard settings; or what a calibration on half of the windows allows.
fn settings(options: &Options, twin: &Twin<Wav2Letter>, speech: &Speech) -> Result<Settings> {
    let parties = usize::from(options.parties);
    if options.ring.is_none() && options.network.is_none() {
        return Ok(Settings { parties, ..Settings::default() });
    }
    let seen = twin.calibrate(&speech.audio.slice(0..speech.windows.div_ceil(2)))?;
    let mut settings = Settings { parties, ..Settings::calibrated(&seen) };
    if let Some(n) = options.ring {
        settings = settings.with_ring(n);
    }
    if let Some(network) = &options.network {
        settings = settings.with_network(network);
    }
    Ok(settings)
}

/// Transcribes with every party in a process of its own; whether the transcripts are those of the plain run.
fn run_processes(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let weights = Wav2Letter::load(weights(options))?;
    let speech = Speech::load(options)?;
    println!(
        "{} recordings, {:.1} s of audio; {} parties {} are processes",
        speech.recordings.len(),
        speech.seconds,
        options.parties(),
        match options.topology {
            Topology::Dealer => "and the dealer",
            Topology::ThirdDeals => "of which one deals",
        }
    );
    let heard = processes::run(options)?;
    let plain = Wav2Letter::twin_with(&Device::flex(), &weights)?.predict(&speech.audio)?;
    let figures = Figures::new(&speech.recordings, &heard.letters, &letters(&plain), speech.seconds);
    figures.print_texts();
    println!(
        "all runs              {:.2} s, with offline work; the first one, which also shares the weights, {:.2} s",
        heard.seconds, heard.first
    );
    println!("real-time factor      {:.3}, offline work included", heard.seconds / speech.seconds);
    if options.json {
        println!(
            "{}",
            serde_json::json!({
                "processes": options.parties() + usize::from(options.topology == Topology::Dealer),
                "parties": options.parties(),
                "topology": options.topology.name(),
                "recordings": figures.recordings,
                "audio_seconds": speech.seconds,
                "total_seconds": heard.seconds,
                "first_run_seconds": heard.first,
                "real_time_factor": heard.seconds / speech.seconds,
                "cer_twin": figures.cer_twin,
                "cer_private": figures.cer_private,
                "same_transcripts": figures.same,
            })
        );
    }
    Ok(figures.same)
}

/// The largest difference of a score of a recorded private run from the twin's.
fn largest_difference(recorded: Option<&Stages>, plain: &[f32]) -> f32 {
    let scores = recorded.and_then(|stages| stages.all.iter().find(|s| s.name == "acoustic.letters"));
    scores.map_or(f32::INFINITY, |s| plain.iter().zip(&s.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max))
}

/// What comes out of both runs.
struct Figures {
    recordings: usize,
    seconds: f64,
    cer_twin: Option<f64>,
    cer_private: Option<f64>,
    same: bool,
    largest_difference: f32,
}

impl Figures {
    /// Decodes and compares all recordings, printing the transcripts.
    fn new(recordings: &[Recording], private: &[u32], plain: &[u32], seconds: f64) -> Self {
        let (mut twin, mut secret, mut same, mut from) = (Cer::default(), Cer::default(), true, 0);
        let each = plain.len() / recordings.iter().map(|r| r.windows.len()).sum::<usize>().max(1);
        for recording in recordings {
            let range = from..from + recording.windows.len() * each;
            let plain_text = transcribe(&recording.windows, &plain[range.clone()]);
            let private_text = transcribe(&recording.windows, &private[range.clone()]);
            println!("\n{}", recording.name);
            if let Some(reference) = &recording.text {
                println!("  reference  {reference}");
                twin.add(reference, &plain_text);
                secret.add(reference, &private_text);
            }
            println!("  twin       {plain_text}\n  private    {private_text}");
            same &= plain_text == private_text;
            from = range.end;
        }
        println!();
        let known = recordings.iter().any(|r| r.text.is_some());
        Self {
            recordings: recordings.len(),
            seconds,
            cer_twin: known.then(|| twin.rate()),
            cer_private: known.then(|| secret.rate()),
            same,
            largest_difference: 0.0,
        }
    }

    /// What the transcripts say about themselves.
    fn print_texts(&self) {
        if let (Some(twin), Some(private)) = (self.cer_twin, self.cer_private) {
            println!("character error rate  twin {twin:.3}, private {private:.3}");
        }
        println!("transcripts           {}", if self.same { "the same" } else { "DIFFERENT" });
        println!("audio                 {:.1} s", self.seconds);
    }

    fn print(&self, report: &Report) {
        self.print_texts();
        let (online, offline) = (report.online.as_secs_f64(), report.offline.as_secs_f64());
        println!("largest difference    {:.5} of a score", self.largest_difference);
        println!("online, offline       {online:.2} s, {offline:.2} s");
        println!("real-time factor      {:.3}, offline work included", self.real_time(report));
    }

    fn real_time(&self, report: &Report) -> f64 {
        (report.online + report.offline).as_secs_f64() / self.seconds
    }

    fn json(&self, report: &Report) -> serde_json::Value {
        serde_json::json!({
            "recordings": self.recordings,
            "audio_seconds": self.seconds,
            "online_seconds": report.online.as_secs_f64(),
            "offline_seconds": report.offline.as_secs_f64(),
            "setup_seconds": report.setup.as_secs_f64(),
            "real_time_factor": self.real_time(report),
            "rounds": report.rounds() * report.runs as u64,
            "online_bytes_per_party": report.sent(),
            "offline_bytes": report.corrections(),
            "cer_twin": self.cer_twin,
            "cer_private": self.cer_private,
            "same_transcripts": self.same,
            "largest_logit_difference": self.largest_difference,
            "parties": report.parties,
            "topology": report.topology.name(),
            "fraction": report.fraction,
            "ring": report.ring,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_committed_recording_is_transcribed_the_same_in_private() {
        let recordings: Vec<Recording> = recordings::committed(&assets().join("speech")).unwrap().into_iter().take(1).collect();
        let weights = Wav2Letter::load(assets().join("wav2letter.safetensors")).unwrap();
        let audio = &recordings[0].audio;
        let private = World::two_party().record().predict::<Wav2Letter>(&weights, audio).unwrap();
        let plain = Wav2Letter::twin_with(&Device::flex(), &weights).unwrap().predict(audio).unwrap();
        let difference = largest_difference(private.stages.as_ref(), plain.values());
        let figures = Figures::new(&recordings, private.output.values(), &letters(&plain), 1.0);
        assert!(figures.same && difference <= CLOSE, "{difference}");
        assert!(figures.cer_twin.unwrap() < 0.6, "the weights were never trained: {:?}", figures.cer_twin);
    }

    #[test]
    fn three_parties_of_which_one_deals_hear_the_same() {
        let recordings: Vec<Recording> = recordings::committed(&assets().join("speech")).unwrap().into_iter().take(1).collect();
        let weights = Wav2Letter::load(assets().join("wav2letter.safetensors")).unwrap();
        let private = World::third_deals().batch(BATCH).predict::<Wav2Letter>(&weights, &recordings[0].audio).unwrap();
        let plain = Wav2Letter::twin_with(&Device::flex(), &weights).unwrap().predict(&recordings[0].audio).unwrap();
        assert!(Figures::new(&recordings, private.output.values(), &letters(&plain), 1.0).same);
    }

    #[test]
    fn what_is_no_recording_is_an_error_that_names_the_file() {
        let error = recordings::own(&[assets().join("speech/transcripts.txt")]).err().unwrap().to_string();
        assert!(error.contains("transcripts.txt"), "{error}");
        assert!(recordings::own(&[PathBuf::from("none.wav")]).err().unwrap().to_string().contains("none.wav"));
        let error = Wav2Letter::load(assets().join("lenet.safetensors")).unwrap_err().to_string();
        assert!(error.contains("`acoustic.conv1d_1.weight` [144, 40, 11] is missing"), "{error}");
    }
}
