//! The figures of PyTorch in `tests/figures`, each with the graph that should compute them.
//!
//! `make.py` there writes the files and documents their format. An interpreter is compared with all of them by
//! [`worst_differences`]; a test of another crate can include this module by its path.

mod cases;

pub use cases::cases;
use std::path::{Path, PathBuf};
use undertone_runtime::graph::{Graph, Scope, Value, trace};
use undertone_runtime::{Layer, Result, Weights};
use undertone_shape::{Infer, Shape};

/// A layer or a small model, and the figures of the same name.
pub struct Case {
    /// The name of the file, without its ending.
    pub name: &'static str,
    /// The names of the inputs in the file, with the shape of one sample.
    pub inputs: Vec<(&'static str, Shape)>,
    /// Builds the graph; stages are named as in the file.
    pub build: for<'g> fn(&mut Scope<'g>, &[Value<'g>]) -> Value<'g>,
}

/// What PyTorch computed.
pub struct Figures {
    /// The number of samples.
    pub batch: usize,
    /// Each input, sample after sample.
    pub inputs: Vec<Vec<f32>>,
    /// The parameters, fitted to the graph.
    pub weights: Weights,
    /// The output, sample after sample.
    pub output: Vec<f32>,
}

impl Case {
    /// The traced graph.
    pub fn graph(&self) -> Result<Graph> {
        trace(self.name, &self.inputs, self.build)
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        folder().join(format!("{}.safetensors", self.name))
    }

    /// Reads the file.
    ///
    /// # Panics
    /// When the file does not belong to the graph: names or shapes of parameters, inputs or output differ, or there is more.
    pub fn figures(&self, graph: &Graph) -> Figures {
        let file = Weights::load(self.path()).unwrap();
        let batched = |name: &str, sample: Shape| {
            let (shape, values) = file.get(name).unwrap_or_else(|| panic!("{}: no `{name}` in the file", self.name));
            assert_eq!(shape.dims()[1..], *sample.dims(), "{}: one sample of `{name}`", self.name);
            (shape.dim(0), values.to_vec())
        };
        let (batch, output) = batched("output", graph.output_shape());
        let inputs = graph.inputs.iter().map(|input| batched(&input.name, input.shape)).map(|(samples, values)| {
            assert_eq!(samples, batch, "{}: samples of inputs and output", self.name);
            values
        });
        let inputs: Vec<_> = inputs.collect();
        assert_eq!(file.iter().count(), inputs.len() + 1 + graph.parameters.len(), "{}: tensors in the file: {file:?}", self.name);
        Figures { batch, inputs, output, weights: file.fit(graph).unwrap() }
    }
}

/// Runs an interpreter over every case: the largest absolute difference to PyTorch's output, by case.
///
/// The interpreter gets the graph, the weights, the inputs and the number of samples, and returns the output, sample after sample.
///
/// # Panics
/// When the interpreter returns another number of values, or one that is not a number.
pub fn worst_differences(mut interpreter: impl FnMut(&Graph, &Weights, &[&[f32]], usize) -> Vec<f32>) -> Vec<(&'static str, f32)> {
    let worst = cases().into_iter().map(|case| {
        let graph = case.graph().unwrap();
        let figures = case.figures(&graph);
        let inputs: Vec<&[f32]> = figures.inputs.iter().map(Vec::as_slice).collect();
        let found = interpreter(&graph, &figures.weights, &inputs, figures.batch);
        assert_eq!(found.len(), figures.output.len(), "{}: values in the output", case.name);
        assert!(found.iter().all(|v| !v.is_nan()), "{}: the output has values that are not numbers", case.name);
        let worst = found.iter().zip(&figures.output).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        (case.name, worst)
    });
    worst.collect()
}

/// The folder of the figures, found from whichever crate of the workspace includes this module.
pub fn folder() -> PathBuf {
    let inside = |root: &Path| root.join("stdlib-layers/tests/figures");
    let roots = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    roots.map(inside).find(|folder| folder.is_dir()).expect("a folder stdlib-layers/tests/figures in this workspace")
}

/// A layer as the stage `name`, checked against what its `infer` says.
fn stage<'g, L: Layer>(g: &mut Scope<'g>, name: &str, layer: L, infer: fn(&L, &[Shape]) -> Infer, x: &[Value<'g>]) -> Value<'g> {
    let shapes: Vec<Shape> = x.iter().map(Value::shape).collect();
    g.stage(name, infer(&layer, &shapes), |g| layer.build(g, x))
}
