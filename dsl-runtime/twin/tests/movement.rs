//! Operations that move positions of an axis or combine them, in the twin: against their definitions, and their gradients.

mod common;

use common::{close, graph, network, random, rng};
use undertone_runtime::graph::op::Resample;
use undertone_shape::Shape;

/// `[outer][size][inner]` around an axis.
fn around(shape: Shape, axis: usize) -> [usize; 3] {
    [shape.dims()[..axis].iter().product(), shape.dim(axis), shape.dims()[axis + 1..].iter().product()]
}

#[test]
fn positions_are_selected_along_any_axis() {
    let shape = Shape::new([3, 4, 5]);
    for (axis, indices) in [(0, vec![2, 2, 0]), (1, vec![3]), (2, vec![4, 3, 2, 1, 0, 0, 4])] {
        let mut rng = rng(900 + axis as u64);
        let traced = graph(shape, |g, x| g.gather(x, axis, indices.clone()));
        let input = random(&mut rng, 2 * shape.numel());
        let [outer, size, inner] = around(shape, axis);
        let at = |o: usize, j: usize, i: usize| input[(o * size + j) * inner + i];
        let expected: Vec<f32> =
            (0..2 * outer).flat_map(|o| indices.iter().flat_map(move |j| (0..inner).map(move |i| at(o, *j, i)))).collect();
        close(&network(traced, &mut rng).forward(&[&input], 2).unwrap(), &expected, 0.0, &format!("axis {axis}"));
    }
}

#[test]
fn a_constant_stands_around_the_input() {
    let mut rng = rng(910);
    let traced = graph([2, 3], |g, x| g.pad(x, &[1, 0], &[0, 2], -3.0));
    let input = random(&mut rng, 12);
    let expected: Vec<f32> = input.chunks(6).flat_map(|x| [&[-3.0; 5][..], &x[..3], &[-3.0; 2], &x[3..], &[-3.0; 2]].concat()).collect();
    close(&network(traced, &mut rng).forward(&[&input], 2).unwrap(), &expected, 0.0, "around");
}

#[test]
fn positions_are_combined_along_any_axis() {
    let shape = Shape::new([3, 4, 5]);
    for axis in 0..3 {
        let mut rng = rng(920 + axis as u64);
        let rows = vec![vec![(0, 3), (2, -1)], vec![], vec![(1, 7), (1, 1)]];
        let resample = Resample { axis, denominator: 5, rows: rows.clone() };
        let traced = graph(shape, |g, x| g.resample(x, resample));
        let input = random(&mut rng, 2 * shape.numel());
        let [outer, size, inner] = around(shape, axis);
        let mut expected = vec![];
        for o in 0..2 * outer {
            for row in &rows {
                for i in 0..inner {
                    expected.push(row.iter().map(|(j, n)| input[(o * size + j) * inner + i] * *n as f32 / 5.0).sum());
                }
            }
        }
        close(&network(traced, &mut rng).forward(&[&input], 2).unwrap(), &expected, 1e-6, &format!("axis {axis}"));
    }
}
