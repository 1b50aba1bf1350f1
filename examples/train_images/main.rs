//! Trains the networks of `minionn`, `resnet32`, `mobilenet`, `vit` and `unet` from the same descriptions, in the clear.
//!
//! ```text
//! scripts/fetch-fashion-mnist.sh
//! cargo run --release --example train_images -- minionn
//! cargo run --release --example train_images -- resnet32
//! cargo run --release --example train_images -- mobilenet
//! cargo run --release --example train_images -- vit
//! cargo run --release --example train_images -- unet          the committed picture of nuclei; no script is needed
//! ```
//!
//! Each has a recipe, and options change it. The committed weights came from here. After each epoch the weights so far are in `data-cache`, and `--resume` goes on from them.
//! Four learn clothes, Fashion-MNIST; the networks for CIFAR-10 get the pictures with a border and the same in each of three channels. `unet` learns nuclei from random tiles of
//! the left three quarters of one picture, turned and mirrored.

#[path = "../minionn/model.rs"]
mod minionn;
#[path = "../mobilenet/model.rs"]
mod mobilenet;
#[path = "../resnet32/model.rs"]
mod resnet32;
mod tiles;
#[path = "../unet/model.rs"]
mod unet;
#[path = "../vit/model.rs"]
mod vit;

use clap::{Parser, ValueEnum};
use std::path::{Path, PathBuf};
use undertone::prelude::*;
use undertone::weights::Precision;
use undertone_data::idx::Pictures;
use undertone_data::{fashion, nuclei};

/// Trains the network of an example.
#[derive(Parser)]
struct Options {
    /// The network.
    network: Name,
    /// How often every picture is seen.
    #[arg(long)]
    epochs: Option<usize>,
    /// How many pictures are learned from.
    #[arg(long)]
    pictures: Option<usize>,
    /// The highest learning rate.
    #[arg(long)]
    rate: Option<f64>,
    /// How many pictures it is tested with, at the end.
    #[arg(long, default_value_t = 2000)]
    tested: usize,
    /// Makes the training repeatable on one machine.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What scripts/fetch-fashion-mnist.sh has fetched.
    #[arg(long, default_value = "data-cache/fashion-mnist")]
    data: PathBuf,
    /// Goes on from the weights of the last epoch of an earlier run.
    #[arg(long)]
    resume: bool,
    /// The directory that gets the weights.
    #[arg(long, default_value = "examples/assets")]
    out: PathBuf,
}

/// The networks.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Name {
    Minionn,
    Resnet32,
    Mobilenet,
    Unet,
    Vit,
}

/// How a network is trained.
struct Recipe {
    pictures: usize,
    epochs: usize,
    batch: usize,
    rate: f64,
}

impl Name {
    /// The recipe: few pictures, so that it ends soon.
    fn recipe(self) -> Recipe {
        match self {
            Name::Minionn => Recipe { pictures: 8000, epochs: 4, batch: 32, rate: 2e-3 },
            Name::Resnet32 => Recipe { pictures: 4000, epochs: 3, batch: 32, rate: 4e-3 },
            Name::Mobilenet => Recipe { pictures: 6000, epochs: 3, batch: 32, rate: 6e-3 },
            Name::Vit => Recipe { pictures: 30000, epochs: 6, batch: 32, rate: 3e-3 },
            Name::Unet => Recipe { pictures: 300, epochs: 6, batch: 8, rate: 6e-3 },
        }
    }

    /// The name of its files.
    fn file(self) -> &'static str {
        match self {
            Name::Minionn => "minionn",
            Name::Resnet32 => "resnet32",
            Name::Mobilenet => "mobilenet",
            Name::Unet => "unet",
            Name::Vit => "vit",
        }
    }
}

impl Options {
    /// The recipe, with what the options change.
    fn recipe(&self) -> Recipe {
        let usual = self.network.recipe();
        Recipe {
            pictures: self.pictures.unwrap_or(usual.pictures),
            epochs: self.epochs.unwrap_or(usual.epochs),
            rate: self.rate.unwrap_or(usual.rate),
            ..usual
        }
    }

    fn config(&self) -> TrainConfig {
        let recipe = self.recipe();
        TrainConfig {
            epochs: recipe.epochs,
            batch: recipe.batch,
            learning_rate: recipe.rate,
            clip: Some(5.0),
            seed: Some(self.seed),
            checkpoint: Some(self.checkpoint()),
            ..TrainConfig::default()
        }
    }

    /// The weights after the last epoch so far.
    fn checkpoint(&self) -> PathBuf {
        Path::new("data-cache").join(format!("{}.safetensors", self.network.file()))
    }

    /// The twin at the start: new weights, or those of an earlier run.
    fn start<M: Model>(&self) -> Result<Twin<M>> {
        let mut twin = M::twin_seeded(&Device::flex(), self.seed)?;
        if self.resume {
            twin.load(&M::load(self.checkpoint())?)?;
        }
        Ok(twin)
    }

    /// Writes the weights in half precision; the twin with what a program reads.
    fn save<M: Model>(&self, twin: &Twin<M>) -> Result<Twin<M>> {
        let path = self.out.join(format!("{}.safetensors", self.network.file()));
        twin.weights()?.save(&path, Precision::Half)?;
        println!("weights in {}", path.display());
        M::twin_with(&Device::flex(), &M::load(path)?)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    std::fs::create_dir_all("data-cache")?;
    match options.network {
        Name::Minionn => clothes::<minionn::MiniOnn, _>(&options, |p| fashion::bordered(p, 3)),
        Name::Resnet32 => clothes::<resnet32::ResNet32, _>(&options, |p| fashion::bordered(p, 3)),
        Name::Mobilenet => clothes::<mobilenet::MobileNet, _>(&options, |p| p.pixels.clone()),
        Name::Vit => clothes::<vit::VisionTransformer, _>(&options, |p| p.pixels.clone()),
        Name::Unet => tiles(&options),
    }
}

/// Trains a network on clothes.
fn clothes<M, S>(options: &Options, pixels: impl Fn(&Pictures) -> Vec<f32>) -> Result<(), Box<dyn std::error::Error>>
where
    M: Model<Input = Clear<S>>,
    S: StaticShape,
{
    let (train, test) = fashion::load(&options.data)?;
    let examples = |set: &Pictures, count| {
        let set = set.first(count);
        Examples::new(Clear::new(pixels(&set))?, set.labels)
    };
    let (train, test) = (examples(&train, options.recipe().pictures)?, examples(&test, options.tested)?);
    println!("{}: {} pictures to learn from, {} to test with", M::NAME, train.labels.len(), test.labels.len());
    let mut twin = options.start::<M>()?;
    for epoch in twin.train(&train, &options.config())? {
        println!("{epoch}");
    }
    println!("on pictures never learned from: {}", options.save(&twin)?.evaluate(&test)?);
    Ok(())
}

/// Trains the U-Net on nuclei.
fn tiles(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let nuclei = nuclei::read(options.out.join("nuclei"))?;
    let learned = tiles::random(&nuclei, options.recipe().pictures, options.seed);
    let held_out = nuclei.held_out();
    println!("U-Net: {} tiles to learn from, {} to test with", learned.count(), held_out.count());
    let mut twin = options.start::<unet::UNet>()?;
    for epoch in twin.train_on(&Clear::new(learned.pictures)?, &Clear::new(learned.masks)?, &options.config())? {
        println!("{epoch}");
    }
    let twin = options.save(&twin)?;
    let scores = twin.predict(&Clear::new(held_out.pictures)?)?;
    let mask: Vec<f32> = scores.values().iter().map(|score| f32::from(u8::from(*score > 0.0))).collect();
    println!("overlap on tiles never learned from: {:.4}", nuclei::intersection_over_union(&mask, &held_out.masks));
    Ok(())
}
