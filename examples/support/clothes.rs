//! What the examples on pictures of clothes share: they differ by their network alone.

use super::classify::Task;
use super::{Run, assets, exit, largest_difference};
use std::path::PathBuf;
use std::process::ExitCode;
use undertone::prelude::*;
use undertone_data::idx::{self, Pictures};

/// What such an example is told.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    run: Run,
    /// A PNG file that gets the pictures, framed by whether their classes were found.
    #[arg(long)]
    picture: Option<PathBuf>,
    /// How many pictures.
    #[arg(long, default_value_t = 100)]
    pictures: usize,
}

/// A network that was trained on Fashion-MNIST, and how it is run.
pub struct Clothes {
    /// Its weights among the assets.
    pub weights: &'static str,
    /// Pictures as it takes them.
    pub pixels: fn(&Pictures) -> Vec<f32>,
    /// Pictures that run at once unless options say otherwise.
    pub batch: usize,
    /// The share of pictures that the plain twin must get right.
    pub accuracy: f64,
}

impl Clothes {
    /// Classifies pictures in private and in the clear, and says what came out.
    pub fn run<M, I>(&self, options: &Arguments) -> ExitCode
    where
        M: Model<Input = Clear<I>, Released = Clear<<M as Model>::Output>>,
        I: StaticShape,
    {
        let missed = "the private and the plain run agree on fewer pictures than they should, or the network on fewer with the labels";
        exit(self.compare::<M, I>(options), missed)
    }

    fn compare<M, I>(&self, options: &Arguments) -> Result<bool, Box<dyn std::error::Error>>
    where
        M: Model<Input = Clear<I>, Released = Clear<<M as Model>::Output>>,
        I: StaticShape,
    {
        let weights = M::load(assets().join(self.weights))?;
        let pictures = pictures(options.pictures)?;
        let task = Task {
            weights: &weights,
            inputs: Clear::new((self.pixels)(&pictures))?,
            labels: &pictures.labels,
            batch: self.batch,
            agreement: 0.99,
            accuracy: self.accuracy,
            picture: options.picture.clone(),
            white: 1.0,
        };
        task.run::<M>(&options.run)
    }

    /// For tests: two pictures get the same class in private, and nearly the same scores.
    ///
    /// # Panics
    /// When they do not, or cannot be classified.
    pub fn agrees<M, I>(&self)
    where
        M: Model<Input = Clear<I>, Released = Clear<<M as Model>::Output>>,
        I: StaticShape,
    {
        let weights = M::load(assets().join(self.weights)).unwrap();
        let inputs = Clear::new((self.pixels)(&pictures(2).unwrap())).unwrap();
        let private = World::two_party().predict::<M>(&weights, &inputs).unwrap().output;
        let plain = M::twin_with(&Device::flex(), &weights).unwrap().predict(&inputs).unwrap();
        assert_eq!(private.argmax(), plain.argmax());
        assert!(largest_difference(private.values(), plain.values()) < 0.02);
    }
}

/// The first pictures of clothes among the assets.
fn pictures(count: usize) -> undertone_data::Result<Pictures> {
    Ok(idx::read(assets().join("fashion/images.idx"), assets().join("fashion/labels.idx"))?.first(count))
}
