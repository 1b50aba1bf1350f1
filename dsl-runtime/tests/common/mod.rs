//! A small network with every kind of step: convolution, max pool, ReLU, skip, mean, matrix product.

use undertone_runtime::Weights;
use undertone_runtime::graph::op::{AvgPool, Conv, MaxPool};
use undertone_runtime::graph::{Graph, Init, trace};
use undertone_shape::Shape;

/// One sample of input is `[1, SIDE, SIDE]`.
pub const SIDE: usize = 8;

pub fn network() -> Graph {
    trace("Small", &[("x", Shape::new([1, SIDE, SIDE]))], |g, x| {
        let w = g.parameter("a.weight", [4, 1, 3, 3], Init::Uniform { fan_in: 9 });
        let b = g.parameter("a.bias", [4], Init::Uniform { fan_in: 9 });
        let y = g.stage("a", Ok(Shape::new([4, SIDE, SIDE])), |g| g.conv(x[0], w, Some(b), Conv { padding: [1; 3], ..Conv::PLAIN }));
        let y = g.stage("a_relu", Ok(y.shape()), |g| g.relu(y));
        let half = SIDE / 2;
        let y = g
            .stage("pool", Ok(Shape::new([4, half, half])), |g| g.max_pool(y, MaxPool { kernel: [2; 3], stride: [2; 3], padding: [0; 3] }));
        let w = g.parameter("b.weight", [4, 4, 1, 1], Init::Uniform { fan_in: 4 });
        let z = g.stage("b", Ok(y.shape()), |g| g.conv(y, w, None, Conv::PLAIN));
        let z = g.stage("join", Ok(y.shape()), |g| g.add(z, y));
        let z = g.stage("join_relu", Ok(y.shape()), |g| g.relu(z));
        let mean = AvgPool { kernel: [half; 3], stride: [half; 3], padding: [0; 3] };
        let z = g.stage("mean", Ok(Shape::new([4, 1, 1])), |g| g.avg_pool(z, mean));
        let z = g.stage("flat", Ok(Shape::new([4])), |g| g.reshape(z, [4]));
        let w = g.parameter("c.weight", [3, 4], Init::Uniform { fan_in: 4 });
        g.stage("c", Ok(Shape::new([3])), |g| g.linear(z, w, None))
    })
    .unwrap()
}

/// Weights that are a function of their place.
pub fn weights() -> Weights {
    let mut weights = Weights::empty();
    for p in network().parameters {
        let values = (0..p.shape.numel()).map(|i| ((i * 37 + p.name.len() * 11) % 19) as f32 / 19.0 - 0.5).collect();
        weights.insert(p.name, p.shape, values);
    }
    weights
}
