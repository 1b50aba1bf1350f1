//! Normalisation by running statistics: by `LayerTest`, how training moves the statistics, what is folded, and what is refused.

#[allow(dead_code, reason = "shared with tests that use more of it")]
mod checked;

use checked::{Declared, settings};
use undertone_layers::{BatchNorm, Conv2d, GroupNorm, InstanceNorm, Relu};
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace};
use undertone_runtime::plan::Kind;
use undertone_runtime::{Layer, Plan, Settings};
use undertone_shape::{Infer, Shape, render};
use undertone_twin::layer_test;

/// Weight and bias of so many channels, then the statistics of so many groups.
fn declared(channels: usize, groups: usize) -> [Declared; 4] {
    let of = |name, n: usize, start: f32, trainable| (name, Shape::new([n]), Init::Constant(start), trainable);
    [
        of("weight", channels, 1.0, true),
        of("bias", channels, 0.0, true),
        of("running_mean", groups, 0.0, false),
        of("running_var", groups, 1.0, false),
    ]
}

#[test]
fn batch_normalisation_of_volumes() {
    layer_test!(BatchNorm, [3, 2, 2, 3]).gives([3, 2, 2, 3]).declares(declared(3, 3)).settings(settings()).check();
    // more axes than a convolution has
    layer_test!(BatchNorm, [2, 1, 2, 2, 2]).gives([2, 1, 2, 2, 2]).declares(declared(2, 2)).settings(settings()).check();
}

#[test]
fn instance_normalisation() {
    layer_test!(InstanceNorm, [4, 6]).gives([4, 6]).declares(declared(4, 4)[2..].to_vec()).settings(settings()).check();
    layer_test!(InstanceNorm { affine: true, epsilon: 0.5 }, [3, 3, 2])
        .gives([3, 3, 2])
        .declares(declared(3, 3))
        .settings(settings())
        .check();
    layer_test!(InstanceNorm { momentum: 0.0 }, [2, 2, 2, 3])
        .gives([2, 2, 2, 3])
        .declares(declared(2, 2)[2..].to_vec())
        .settings(settings())
        .check();
}

#[test]
fn group_normalisation() {
    layer_test!(GroupNorm { groups: 2 }, [6]).gives([6]).declares(declared(6, 2)).settings(settings()).check();
    layer_test!(GroupNorm { groups: 3 }, [6, 5]).gives([6, 5]).declares(declared(6, 3)).settings(settings()).check();
    layer_test!(GroupNorm { groups: 1, affine: false }, [4, 2, 3])
        .gives([4, 2, 3])
        .declares(declared(4, 1)[2..].to_vec())
        .settings(settings())
        .check();
    layer_test!(GroupNorm { groups: 4 }, [4, 2, 2]).gives([4, 2, 2]).declares(declared(4, 4)).settings(settings()).check();
}

/// A layer behind a convolution or a ReLU.
fn behind<L: Layer>(product: bool, layer: L) -> Graph {
    before(product, |g, y| g.stage("norm", Ok(y.shape()), |g| layer.build(g, &[y])))
}

/// A convolution or a ReLU, and what comes after it.
fn before(product: bool, rest: impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g>) -> Graph {
    let conv = Conv2d { out: 4, kernel: 3, ..Conv2d::DEFAULT };
    let traced = trace("M", &[("x", Shape::new([4, 6, 6]))], |g, x| {
        let y = if product {
            g.stage("conv", conv.infer(&[x[0].shape()]), |g| conv.build(g, x))
        } else {
            g.stage("relu", Ok(x[0].shape()), |g| Relu.build(g, x))
        };
        rest(g, y)
    });
    traced.unwrap()
}

#[test]
fn what_follows_a_product_is_folded_and_costs_nothing() {
    fn products(graph: &Graph) -> (usize, u64) {
        let plan = Plan::new(graph, &Settings::default()).unwrap();
        plan.verify(1 << 20).unwrap();
        (plan.steps.iter().filter(|s| matches!(s.kind, Kind::Linear { .. })).count(), plan.cost(1).total().rounds)
    }
    let once = products(&before(true, |_, y| y));
    assert_eq!(once.0, 1);
    assert_eq!(products(&behind(true, BatchNorm::DEFAULT)), once);
    assert_eq!(products(&behind(true, InstanceNorm::DEFAULT)), once);
    assert_eq!(products(&behind(true, GroupNorm { groups: 2, ..GroupNorm::DEFAULT })), once);
    let (none, rounds) = products(&before(false, |_, y| y));
    assert_eq!((none, products(&behind(false, BatchNorm::DEFAULT))), (0, (1, rounds + 1)));
    assert_eq!(products(&behind(false, GroupNorm { groups: 2, ..GroupNorm::DEFAULT })), (1, rounds + 1));
}

/// The text of a refusal at the stage `s`.
#[track_caller]
fn refuses(refusal: Infer, expected: &str) {
    assert_eq!(render("s", &refusal.expect_err("a refusal")).as_str(), format!("`s` {expected}"));
}

#[test]
fn what_a_normalisation_refuses() {
    const NORMED: Infer = GroupNorm { groups: 3, ..GroupNorm::DEFAULT }.infer(&[Shape::new([6, 4])]);
    let (vector, row) = ([Shape::new([6])], [Shape::new([6, 4])]);
    let groups = GroupNorm { groups: 2, ..GroupNorm::DEFAULT };
    refuses(GroupNorm::DEFAULT.infer(&row), "needs the field `groups`");
    refuses(GroupNorm { groups: 4, ..groups }.infer(&row), "needs axis 0 divisible by 4, but its input is [6, 4]");
    refuses(groups.infer(&[Shape::new([])]), "expects rank 1, but its input is []");
    refuses(groups.infer(&[Shape::new([0, 4])]), "needs at least 1 on axis 0, but its input is [0, 4]");
    refuses(groups.infer(&[row[0]; 2]), "takes 1 input, but is given 2");
    refuses(GroupNorm { epsilon: -1.0, ..groups }.infer(&row), "needs the field `epsilon: 0 or more`");
    refuses(GroupNorm { momentum: 2.0, ..groups }.infer(&row), "needs the field `momentum: 0 to 1`");
    refuses(InstanceNorm::DEFAULT.infer(&vector), "expects rank 2, but its input is [6]");
    refuses(InstanceNorm { epsilon: f64::NAN, ..InstanceNorm::DEFAULT }.infer(&row), "needs the field `epsilon: 0 or more`");
    refuses(InstanceNorm { momentum: -0.1, ..InstanceNorm::DEFAULT }.infer(&row), "needs the field `momentum: 0 to 1`");
    refuses(InstanceNorm::DEFAULT.infer(&[]), "takes 1 input, but is given 0");
    let built = trace("M", &[("x", row[0])], |g, x| GroupNorm { groups: 5, ..groups }.build(g, x)).unwrap_err().to_string();
    assert!(built.contains("stage `group_norm`: `group_norm` needs axis 0 divisible by 5"), "{built}");
    assert_eq!(NORMED, Ok(Shape::new([6, 4])));
}
