//! What the tests by `LayerTest` share: the settings under which every layer is checked, and how parameters are written down.

use undertone_runtime::Settings;
use undertone_runtime::graph::Init;
use undertone_shape::Shape;

/// The settings under which every layer is checked: numbers of parties, and rings in words of 64 and of 32 bits.
pub fn settings() -> [Settings; 4] {
    let with = |ring, fraction, opened, parties| Settings { ring, fraction, opened, parties, ..Settings::default() };
    [Settings::default(), with(64, 12, 28, 2), with(64, 16, 34, 3), with(32, 8, 24, 2)]
}

/// Name, shape, start, and whether training changes it by its gradient.
pub type Declared = (&'static str, Shape, Init, bool);

/// Weight and bias, both starting for so many inputs.
pub fn both<const R: usize>(weight: [usize; R], fan_in: usize) -> [Declared; 2] {
    let init = Init::Uniform { fan_in };
    [("weight", Shape::new(weight), init, true), ("bias", Shape::new([weight[0]]), init, true)]
}
