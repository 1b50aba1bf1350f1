//! Public affine maps, stretched axes, products and polynomials against a slow scalar reference.

mod common;

use common::{close, graph, network, random, rng};
use undertone_runtime::graph::trace;
use undertone_shape::Shape;

/// The place in a value of shape `own` of the element at `place` of a larger shape, to which it was stretched.
fn stretched(own: Shape, to: Shape, place: usize) -> usize {
    let (mut rest, mut at, mut step) = (place, 0, 1);
    for axis in (0..to.rank()).rev() {
        let i = rest % to.dim(axis);
        rest /= to.dim(axis);
        if let Some(axis) = (axis + own.rank()).checked_sub(to.rank()) {
            at += step * if own.dim(axis) == 1 { 0 } else { i };
            step *= own.dim(axis);
        }
    }
    at
}

#[test]
fn public_numbers_for_all_elements_and_for_each_channel() {
    let (mut rng, x) = (rng(1), Shape::new([2, 3]));
    let input = random(&mut rng, 12);
    let one = network(graph(x, |g, v| g.scale(v, -0.3, 2.5)), &mut rng).forward(&[&input], 2).unwrap();
    close(&one, &input.iter().map(|v| v * -0.3 + 2.5).collect::<Vec<f32>>(), 1e-6, "one number");
    let each = network(graph(x, |g, v| g.affine(v, &[2.0, -1.0], &[0.5, 0.25])), &mut rng).forward(&[&input], 2).unwrap();
    let expected: Vec<f32> = input.iter().enumerate().map(|(i, v)| if i / 3 % 2 == 0 { 2.0 * v + 0.5 } else { 0.25 - v }).collect();
    close(&each, &expected, 1e-6, "a number a channel");
}

#[test]
fn axes_of_size_one_and_new_ones_are_stretched() {
    let cases: [(&[usize], &[usize]); 6] = [
        (&[3, 1], &[3, 4]),
        (&[1, 4], &[3, 4]),
        (&[4], &[3, 4]),
        (&[2, 1, 3, 1], &[2, 5, 3, 2]),
        (&[], &[2, 3]),
        (&[1, 1, 2], &[4, 3, 3, 2]),
    ];
    for (from, to) in cases.map(|(from, to)| (Shape::from_slice(from), Shape::from_slice(to))) {
        let mut rng = rng(2);
        let input = random(&mut rng, 2 * from.numel());
        let found = network(graph(from, |g, v| g.expand(v, to)), &mut rng).forward(&[&input], 2).unwrap();
        let expected: Vec<f32> =
            input.chunks(from.numel()).flat_map(|x| (0..to.numel()).map(|i| x[stretched(from, to, i)]).collect::<Vec<f32>>()).collect();
        close(&found, &expected, 0.0, &format!("{from} to {to}"));
    }
}

#[test]
fn products_of_values_and_of_matrices() {
    let cases: [(&[usize], &[usize]); 4] = [(&[3, 4], &[3, 4]), (&[3, 1], &[2, 1, 4]), (&[4], &[3, 4]), (&[2, 3, 4], &[2, 1, 1])];
    for (a, b) in cases.map(|(a, b)| (Shape::from_slice(a), Shape::from_slice(b))) {
        let mut rng = rng(3);
        let (x, y) = (random(&mut rng, 2 * a.numel()), random(&mut rng, 2 * b.numel()));
        let traced = trace("M", &[("a", a), ("b", b)], |g, x| g.mul(x[0], x[1])).unwrap();
        let to = traced.output_shape();
        let found = network(traced, &mut rng).forward(&[&x, &y], 2).unwrap();
        let each = |s: usize, i: usize| x[s * a.numel() + stretched(a, to, i)] * y[s * b.numel() + stretched(b, to, i)];
        let expected: Vec<f32> = (0..2).flat_map(|s| (0..to.numel()).map(move |i| (s, i))).map(|(s, i)| each(s, i)).collect();
        close(&found, &expected, 1e-6, &format!("{a} by {b}"));
    }
    let (a, b) = (Shape::new([2, 1, 3, 4]), Shape::new([5, 4, 2]));
    let mut rng = rng(4);
    let (x, y) = (random(&mut rng, 3 * a.numel()), random(&mut rng, 3 * b.numel()));
    let traced = trace("M", &[("a", a), ("b", b)], |g, x| g.matmul(x[0], x[1])).unwrap();
    assert_eq!(traced.output_shape(), Shape::new([2, 5, 3, 2]));
    let found = network(traced, &mut rng).forward(&[&x, &y], 3).unwrap();
    let mut expected = vec![];
    for (x, y) in x.chunks(24).zip(y.chunks(40)) {
        for place in 0..60 {
            let (i, j, r, c) = (place / 30, place / 6 % 5, place / 2 % 3, place % 2);
            expected.push((0..4).map(|k| x[i * 12 + r * 4 + k] * y[j * 8 + k * 2 + c]).sum());
        }
    }
    close(&found, &expected, 1e-5, "matrices");
}

#[test]
fn polynomials() {
    let mut rng = rng(5);
    let input = random(&mut rng, 12);
    for a in [&[0.5][..], &[1.0, -2.0], &[0.0, 0.0, 1.0], &[0.1, 0.2, -0.3, 0.4, -0.5, 0.6, -0.7, 0.8, -0.9]] {
        let found = network(graph(Shape::new([2, 3]), |g, v| g.polynomial(v, a)), &mut rng).forward(&[&input], 2).unwrap();
        let expected: Vec<f32> = input.iter().map(|v| a.iter().rev().fold(0.0, |sum, a| sum * f64::from(*v) + a) as f32).collect();
        close(&found, &expected, 1e-5, &format!("{a:?}"));
    }
}
