use undertone::prelude::*;

/// Half of the sum of two losses.
#[derive(Clone, Copy, Debug)]
pub struct Both;

impl Both {
    pub const DEFAULT: Self = Self;
    pub const LOSS: bool = true;

    pub const fn infer(&self, x: &[undertone::Shape]) -> undertone::Infer {
        if x.len() == 3 { Ok(undertone::Shape::new([])) } else { Err(undertone::ShapeError::arity(3, x.len())) }
    }
}

impl Layer for Both {
    fn build<'g>(&self, g: &mut undertone::graph::Scope<'g>, x: &[undertone::graph::Value<'g>]) -> undertone::graph::Value<'g> {
        let (a, b) = (g.cross_entropy(x[0], x[1]), g.mean_squared_error(x[0], x[2]));
        g.add(a, b)
    }
}

const CLASSES: usize = 3;

secure_model! {
    pub model Net(x: [4]) -> [CLASSES] {
        x -> Linear { out: CLASSES } -> Relu
    }
    loss (label: [], scores: [CLASSES]) { (output, label, scores) -> Both -> relu_1: Relu }
    release class: [] = output -> ArgMax to client
}

#[test]
fn the_loss_has_a_graph_of_its_own() {
    let loss = Net::loss().unwrap().unwrap();
    let inputs: Vec<String> = loss.inputs.iter().map(|i| format!("{} {}", i.name, i.shape)).collect();
    assert_eq!(inputs, ["output [3]", "label []", "scores [3]"]);
    assert_eq!(loss.stages().iter().map(|s| s.0).collect::<Vec<_>>(), ["both_1", "relu_1"]);
    assert_eq!(Net::graph().unwrap().stages().len(), 3);
}
