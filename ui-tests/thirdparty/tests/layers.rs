//! `LayerTest` in somebody else's crate, which knows only `undertone`: a layer, a submodel, and a layer that is wrong.
#![allow(missing_docs)]

use undertone::graph::{Init, Scope, Value};
use undertone::{Infer, Layer, Shape, layer_test};
use undertone_thirdparty::{PixelShuffle, Upscale};

/// The formula: channel `c`, row `y` and column `x` come from the channel `c f² + (y mod f) f + (x mod f)`, at `(y / f, x / f)`.
fn shuffled(x: &[f32], [channels, height, width]: [usize; 3], f: usize) -> Vec<f64> {
    let (h, w) = (height / f, width / f);
    let from = |i: usize| {
        let (c, row, column) = (i / (height * width), i / width % height, i % width);
        ((c * f + row % f) * f + column % f) * h * w + row / f * w + column / f
    };
    (0..channels * height * width).map(|i| f64::from(x[from(i)])).collect()
}

#[test]
fn a_layer() {
    layer_test!(PixelShuffle { factor: 2 }, [8, 4, 3]).gives([2, 8, 6]).computes(|_, x| shuffled(x[0], [2, 8, 6], 2)).check();
    layer_test!(PixelShuffle { factor: 3 }, [9, 1, 2]).gives([1, 3, 6]).computes(|_, x| shuffled(x[0], [1, 3, 6], 3)).check();
    layer_test!(PixelShuffle { factor: 1 }, [2, 3, 2]).gives([2, 3, 2]).declares([]).check();
}

#[test]
fn a_submodel() {
    let init = Init::Uniform { fan_in: 27 };
    let declared = [("conv2d_1.weight", Shape::new([8, 3, 3, 3]), init, true), ("conv2d_1.bias", Shape::new([8]), init, true)];
    layer_test!(Upscale { width: 2 }, [3, 4, 5]).gives([2, 8, 10]).declares(declared).check();
}

/// As [`PixelShuffle`], with two axes mixed up.
#[derive(Clone, Copy, Debug)]
pub struct Mixed {
    pub factor: usize,
}

impl Mixed {
    pub const DEFAULT: Self = Self { factor: 2 };
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        PixelShuffle { factor: self.factor }.infer(x)
    }
}

impl Layer for Mixed {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let ([c, h, w], f) = (x[0].dims(), self.factor);
        let c = c / (f * f);
        g.reshape(x[0], [c, f, f, h, w]).permute([0, 3, 2, 4, 1]).reshape([c, h * f, w * f])
    }
}

/// The message is the one that the book shows.
#[test]
fn a_wrong_layer() {
    let test = layer_test!(Mixed { factor: 2 }, [8, 4, 4]).computes(|_, x| shuffled(x[0], [2, 8, 8], 2));
    let failure = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test.check())).unwrap_err();
    let text = failure.downcast_ref::<String>().unwrap().replace("Mixed", "PixelShuffle");
    let book = include_str!("../../../book/src/describing-a-model.md");
    assert!(book.contains(&format!("```text\n{text}\n```")), "the book does not show\n{text}");
}
