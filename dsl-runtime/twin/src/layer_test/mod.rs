//! One call that checks a layer: what `infer` says against what `build` makes, the twin against the fixed-point reference, a private
//! run against both, the predicted cost against the measured one, and the parameters against how they are used.
//!
//! ```
//! use undertone_layers::Conv2d;
//! use undertone_twin::layer_test;
//!
//! layer_test!(Conv2d { out: 3, kernel: 3, padding: 1 }, [2, 4, 5]).gives([3, 4, 5]).check();
//! ```

mod compare;
mod expected;
mod forms;
mod gradient;
mod parameters;
mod samples;
mod shapes;
mod surroundings;

use core::fmt::{self, Write as _};
use expected::{Expected, Reference};
use undertone_runtime::{Layer, Settings, Weights};
use undertone_shape::{Infer, Shape};

/// A layer and the shapes of its inputs, to be [checked](Self::check). [`layer_test!`](crate::layer_test) makes one in the words of a description.
///
/// Everything about a layer follows from `build`, so its forms can be checked against each other without knowing what it computes:
///
/// - **shapes**: `build` makes what `infer` says, for these inputs and for all similar ones that `infer` accepts; `infer` never panics;
/// - **parameters**: each is used; it starts finite, inside of the range of its [`Init`](undertone_runtime::graph::Init) and with its mean and variance; `fan_in` is
///   the number of inputs that one output sums; the same seed gives the same weights;
/// - **twin and fixed point**: equal within the bound that the [fixed-point reference](undertone_runtime::fixed) states for what encoding, truncations and 32-bit floats
///   round; on random inputs of several sizes, zeros, the smallest numbers, ties, alternating signs, and the largest numbers that keep the layer in range;
/// - **private run and fixed point**: every stage within its bound, for several seeds and batches, wherever the owners of inputs and weights live, and where
///   one of three parties deals;
/// - **cost**: rounds, bytes and corrections of every stage are those that the plan predicts;
/// - **gradient**: that of the twin by inputs and weights is the slope of its output, in training; an index has none.
///
/// All of that once with the layer alone, and the comparisons once more between a product before it and a ReLU behind it, where values have another scale and
/// lie otherwise in memory.
///
/// What nothing above can know is what the layer *should* compute. [`gives`](Self::gives), [`declares`](Self::declares) and [`computes`](Self::computes) say so.
///
/// Everything random is a function of the [seed](Self::seed), which is part of every failure. Submodels are layers, and so are those of other crates.
#[must_use = "nothing is checked before `check`"]
pub struct LayerTest<L> {
    layer: L,
    infer: fn(&L, &[Shape]) -> Infer,
    name: String,
    inputs: Vec<Shape>,
    settings: Vec<Settings>,
    seed: u64,
    gives: Option<Shape>,
    declares: Option<Vec<Expected>>,
    computes: Option<Box<Reference>>,
}

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check found it, such as `cost`.
    pub check: &'static str,
    /// What disagrees, where, and by how much.
    pub message: String,
}

/// How many findings of one check are told; one mistake often shows on every sample.
const TOLD: usize = 3;

impl<L: Layer> LayerTest<L> {
    /// A test of a layer with its `infer`, on inputs of these shapes. [`layer_test!`](crate::layer_test) is shorter.
    pub fn new(layer: L, infer: fn(&L, &[Shape]) -> Infer, inputs: impl IntoIterator<Item = Shape>) -> Self {
        let name = core::any::type_name::<L>();
        Self {
            layer,
            infer,
            name: name.rsplit("::").next().unwrap_or(name).to_owned(),
            inputs: inputs.into_iter().collect(),
            settings: vec![Settings::default()],
            seed: 1,
            gives: None,
            declares: None,
            computes: None,
        }
    }

    /// The same test with another name in its messages.
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same test with other randomness.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same test under each of these settings instead of the default ones: rings, fractions, ranges, numbers of parties.
    pub fn settings(self, settings: impl IntoIterator<Item = Settings>) -> Self {
        Self { settings: settings.into_iter().collect(), ..self }
    }

    /// The shape of one sample of the result.
    pub fn gives(self, shape: impl Into<Shape>) -> Self {
        Self { gives: Some(shape.into()), ..self }
    }

    /// The parameters, all of them and in the order of their declaration, each as `name`, `shape`, `init` and whether training changes it. Names are those that
    /// `build` declares, without the stage.
    pub fn declares<'a>(self, parameters: impl IntoIterator<Item = (&'a str, Shape, undertone_runtime::graph::Init, bool)>) -> Self {
        let all = parameters.into_iter().map(|(name, shape, init, trainable)| Expected { name: name.to_owned(), shape, init, trainable });
        Self { declares: Some(all.collect()), ..self }
    }

    /// What the layer should compute: a function from its weights, by the names that `build` declares, and the inputs of one sample to the output of that sample.
    pub fn computes(self, reference: impl Fn(&Weights, &[&[f32]]) -> Vec<f64> + 'static) -> Self {
        Self { computes: Some(Box::new(reference)), ..self }
    }

    /// Checks everything.
    ///
    /// # Panics
    /// When anything disagrees; the message lists what, where, by how much, and the seed.
    #[track_caller]
    pub fn check(self) {
        let findings = self.findings();
        assert!(findings.is_empty(), "{}", self.failure(&findings));
    }

    /// As [`check`](Self::check), with what disagrees as values: none where all is well.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = shapes::check(self);
        let graph = match surroundings::alone(self) {
            Ok(graph) => graph,
            Err(e) => {
                findings.push(Finding::new("shapes", e.to_string()));
                return findings;
            }
        };
        findings.extend(parameters::check(self, &graph));
        // with parameters or numbers that cannot be used the checks after these would only repeat that
        if findings.is_empty() {
            findings.extend(self.settings.iter().flat_map(|settings| forms::check(self, settings)));
        }
        if findings.is_empty() {
            findings.extend(gradient::check(self));
        }
        findings
    }

    fn failure(&self, findings: &[Finding]) -> String {
        let inputs: Vec<String> = self.inputs.iter().map(Shape::to_string).collect();
        let mut text = format!("`{}` on {} does not hold what a layer promises (seed {}):", self.name, inputs.join(", "), self.seed);
        let mut checks: Vec<&str> = findings.iter().map(|f| f.check).collect();
        checks.dedup();
        for check in checks {
            let all: Vec<&Finding> = findings.iter().filter(|f| f.check == check).collect();
            all.iter().take(TOLD).for_each(|f| _ = write!(text, "\n  {f}"));
            if all.len() > TOLD {
                _ = write!(text, "\n  {check}: {} more", all.len() - TOLD);
            }
        }
        text
    }
}

impl Finding {
    fn new(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.message)
    }
}

impl<L> fmt::Debug for LayerTest<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LayerTest({} on {:?}, seed {})", self.name, self.inputs, self.seed)
    }
}

/// A [`LayerTest`](crate::LayerTest) of a layer as a description writes it, and the shape of each input: `layer_test!(Conv1d { out: 4 }, [3, 12])`,
/// `layer_test!(Add, [3, 4], [3, 4])`. Fields that are not given take the layer's defaults. Ends with [`check`](crate::LayerTest::check).
#[macro_export]
macro_rules! layer_test {
    ($($layer:ident)::+ { $($field:ident $(: $value:expr)?),* $(,)? }, $($input:expr),+ $(,)?) => {{
        #[allow(clippy::needless_update)]
        let layer = $($layer)::+ { $($field $(: $value)?,)* ..$($layer)::+::DEFAULT };
        let fields: &[&str] = &[$(concat!(stringify!($field) $(, ": ", stringify!($value))?)),*];
        $crate::LayerTest::new(layer, |layer, x| layer.infer(x), [$($crate::Shape::from($input)),+])
            .named(format!("{} {{ {} }}", stringify!($($layer)::+), fields.join(", ")))
    }};
    ($($layer:ident)::+, $($input:expr),+ $(,)?) => {
        $crate::LayerTest::new($($layer)::+::DEFAULT, |layer, x| layer.infer(x), [$($crate::Shape::from($input)),+])
    };
}
