//! Plans that somebody made by hand: what would cost too much, say something false about a value, or make a reader panic is refused before anything is computed.

mod common;

use common::{network, weights};
use undertone_runtime::graph::op::{AvgPool, BatchNorm, Conv, MaxPool};
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace};
use undertone_runtime::plan::{Kind, Numbers, Plus, Range, Recipe, Step, Sum, Times};
use undertone_runtime::protocol::Compare;
use undertone_runtime::protocol::max::Windows;
use undertone_runtime::{Place, Plan, Settings, World, tapes};
use undertone_shape::Shape;

/// The elements of one step that parties and dealers allow.
const LIMIT: usize = 1 << 28;

fn plan(graph: &Graph) -> Plan {
    let plan = Plan::new(graph, &Settings::default()).unwrap();
    plan.verify(LIMIT).unwrap();
    plan
}

fn of(dims: &[usize], body: impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g>) -> Plan {
    let mut plan = plan(&trace("M", &[("x", Shape::from_slice(dims))], |g, x| body(g, x[0])).unwrap());
    plan.stages.clear(); // so that a test need not keep them true
    plan
}

/// A plan that was changed is refused, for this reason.
fn refused(plan: &Plan, text: &str, change: impl FnOnce(&mut Plan)) {
    let mut bad = plan.clone();
    change(&mut bad);
    assert_ne!(bad, *plan, "`{text}`: nothing was changed");
    let error = bad.verify(LIMIT).expect_err(text).to_string();
    assert!(error.contains(text), "`{text}` is not in: {error}");
}

/// The first step of a kind.
fn find(plan: &Plan, is: impl Fn(&Kind) -> bool) -> usize {
    plan.steps.iter().position(|s| is(&s.kind)).unwrap()
}

/// Changes all steps of the plan to these sizes: those up to and including the opening or input, and those from the result on.
fn resize(plan: &mut Plan, middle: usize, [before, after]: [&[usize]; 2]) {
    plan.inputs[0].shape = before.to_vec();
    plan.releases[0].shape = after.to_vec();
    for (k, step) in plan.steps.iter_mut().enumerate() {
        step.len = if k < middle { before } else { after }.iter().product();
    }
}

fn pool(windows: Windows, max: bool) -> impl Fn(&mut Plan) {
    move |plan| {
        let at = find(plan, |k| matches!(k, Kind::Max { .. } | Kind::Sum(_)));
        let (pooled, factor) = (windows.pooled(), windows.kernel.iter().product::<usize>() as u64);
        match &mut plan.steps[at].kind {
            Kind::Max { windows: w, .. } => *w = windows,
            Kind::Sum(sum) => *sum = Sum(windows),
            _ => unreachable!(),
        }
        plan.releases[0].value.factor = if max { 1 } else { factor };
        let size = windows.size.iter().product::<usize>();
        resize(plan, at, [&[1, size], &[1, pooled.iter().product::<usize>()]]);
    }
}

#[test]
fn a_max_pool_cannot_compare_more_than_it_seems_to() {
    let plan = of(&[1, 4], |g, x| g.max_pool(x, MaxPool { kernel: [2; 3], stride: [2; 3], padding: [0; 3] }));
    let windows = |size, kernel, stride| Windows { size, kernel, stride, padding: [0; 3], channels: 1 };
    let fits = windows([1, 64, 64], [1, 3, 3], [1, 2, 1]);
    let mut good = plan.clone();
    pool(fits, true)(&mut good);
    good.one_after_the_other().verify(LIMIT).unwrap();
    // few pooled positions, but the innermost axis is pooled first, for all positions of the others
    let outside = windows([256, 256, 4096], [1, 1, 2048], [256, 256, 1]);
    refused(&plan, "elements, counted as often as they do; at most 67108864 are allowed", pool(outside, true));
    let outside = windows([16, 16, 2048], [1, 1, 1024], [16, 16, 1]);
    refused(&plan, "elements, counted as often as they do", pool(outside, true));
    let middle = windows([256, 2048, 1], [1, 1024, 1], [256, 1, 1]);
    refused(&plan, "elements, counted as often as they do", pool(middle, true));
    refused(&plan, "positions of one axis", pool(windows([1, 1, 4096], [1, 1, 2048], [1; 3]), true));
    // within those limits comparisons count as elements
    let mut dense = plan.clone();
    pool(windows([1, 1, 2048], [1, 1, 1024], [1; 3]), true)(&mut dense);
    let dense = dense.one_after_the_other();
    dense.verify(1 << 18).unwrap();
    let error = dense.verify(1 << 15).unwrap_err().to_string();
    assert!(error.contains("with its comparisons and padding") && error.contains("at most 262144 are allowed in a plan"), "{error}");
}

#[test]
fn the_sums_of_a_step_are_bounded() {
    let plan = of(&[1, 4], |g, x| g.avg_pool(x, AvgPool { kernel: [2; 3], stride: [2; 3], padding: [0; 3] }));
    let windows = |size, kernel| Windows { size, kernel, stride: [1; 3], padding: [0; 3], channels: 1 };
    let mut good = plan.clone();
    pool(windows([1, 128, 128], [1, 64, 64]), false)(&mut good);
    good.verify(LIMIT).unwrap();
    refused(&plan, "its windows cover 152571904 elements", pool(windows([1, 256, 256], [1, 64, 64]), false));
    refused(&plan, "means over more than 4096 values", pool(windows([1, 64, 65], [1, 64, 65]), false));
}

/// A convolution of a picture of these sides with one channel, whatever its plan is meant to be.
fn conv(side: usize, kernel: usize) -> Plan {
    let mut plan = of(&[1, 16, 16], |g, x| {
        let w = g.parameter("w", [1, 1, 8, 8], Init::Constant(0.1));
        g.conv(x, w, None, Conv::PLAIN)
    });
    let out = side - kernel + 1;
    plan.weights[0].dims = [1, 1, 1, kernel, kernel];
    plan.weights[0].len = kernel * kernel;
    let Recipe::Given(name) = &mut plan.weights[0].weight else { unreachable!() };
    name.shape = vec![1, 1, kernel, kernel];
    let product = find(&plan, |k| matches!(k, Kind::Linear { .. }));
    resize(&mut plan, product, [&[1, side, side], &[1, out, out]]);
    let Kind::Linear { geometry, .. } = &mut plan.steps[product].kind else { unreachable!() };
    (geometry.size, geometry.kernel) = ([1, side, side], [1, kernel, kernel]);
    plan
}

#[test]
fn multiply_adds_are_bounded_in_a_step_in_a_plan_and_in_a_batch() {
    let error = |plan: &Plan| plan.verify(LIMIT).unwrap_err().to_string();
    let step = error(&conv(1 << 14, 1 << 13));
    assert!(step.contains("at most 68719476736 are allowed in one step"), "{step}");
    // 2^22 pixels of 2^12 weights, padded to four outputs
    let mut many = conv((1 << 11) + 63, 1 << 6);
    many.verify(LIMIT).unwrap();
    let (product, release) = (find(&many, |k| matches!(k, Kind::Linear { .. })), many.steps.pop().unwrap());
    for weight in 1..65 {
        let Step { kind: Kind::Linear { geometry, .. }, .. } = many.steps[product].clone() else { unreachable!() };
        many.steps.push(Step { kind: Kind::Linear { geometry, weight }, ..many.steps[product].clone() });
        many.weights.push(many.weights[0].clone());
    }
    many.steps.push(release);
    let all = error(&many);
    assert!(all.contains("and 4398046511104 in a plan"), "{all}");
    let folder = std::env::temp_dir().join(format!("undertone-hostile-{}", std::process::id()));
    let batch = conv((1 << 9) - 1, 1 << 8);
    batch.verify(LIMIT).unwrap();
    let refused = tapes::deal(&batch, 300, 1, &folder, &mut |_| {}).unwrap_err().to_string();
    assert!(
        refused.contains("the batch is too large") && refused.contains("multiply-adds, at most 268435456 and 4398046511104"),
        "{refused}"
    );
    assert!(!folder.exists());
}

#[test]
fn the_padding_around_and_between_weights_counts() {
    // a picture of one element in a wide border
    let mut border = of(&[1, 1, 1], |g, x| {
        let w = g.parameter("w", [1, 1, 1, 1], Init::Constant(0.1));
        g.conv(x, w, None, Conv { stride: [100; 3], padding: [50, 50, 0], ..Conv::PLAIN })
    });
    border.verify(1 << 14).unwrap();
    let error = border.verify(1 << 10).unwrap_err().to_string();
    assert!(error.contains("does not fit"), "{error}");
    border.verify(101 * 101).unwrap();
    for _ in 0..8 {
        let (product, release) = (find(&border, |k| matches!(k, Kind::Linear { .. })), border.steps.pop().unwrap());
        let Step { kind: Kind::Linear { geometry, .. }, .. } = border.steps[product].clone() else { unreachable!() };
        let weight = border.weights.len();
        border.steps.push(Step { kind: Kind::Linear { geometry, weight }, ..border.steps[product].clone() });
        border.weights.push(border.weights[0].clone());
        border.steps.push(release);
    }
    let error = border.verify(101 * 101).unwrap_err().to_string();
    assert!(error.contains("comparisons and padding"), "{error}");
    // the kernels keep four words for the one output of a group
    let grouped = of(&[64, 3, 3], |g, x| {
        let w = g.parameter("w", [32, 2, 3, 3], Init::Constant(0.1));
        g.conv(x, w, None, Conv { groups: 32, ..Conv::PLAIN })
    });
    assert_eq!(grouped.weights[0].len, 576);
    grouped.verify(2304).unwrap();
    let error = grouped.verify(2303).unwrap_err().to_string();
    assert!(error.contains("all weights have 2304 words") && error.contains("at most 2303 are allowed"), "{error}");
}

#[test]
fn a_release_a_stage_and_a_bias_stand_at_the_scale_that_the_steps_give_them() {
    let plan = plan(&network());
    assert_eq!((plan.releases[0].value.bits, plan.releases[0].value.factor), (32, 16));
    // a product that is called a fraction would leave without its shift
    refused(&plan, "declared shape and scale", |p| p.releases[0].value.bits = 16);
    refused(&plan, "declared shape and scale", |p| p.releases[0].value.bits = 33);
    refused(&plan, "declared shape and scale", |p| p.releases[0].value.factor = 8);
    refused(&plan, "declared shape and scale", |p| (p.releases[0].value.integer, p.releases[0].value.bits) = (Some(4), 0));
    refused(&plan, "stage `a`", |p| p.stages[0].result.bits = 16);
    refused(&plan, "stage `c`", |p| p.stages.last_mut().unwrap().result.factor = 1);
    refused(&plan, "stage `a`", |p| p.stages[0].range = Range::Index);
    refused(&plan, "the bias of weight 0", |p| p.weights[0].bias_bits = 16);
    refused(&plan, "the bias of weight 2", |p| p.weights[2].bias_factor = 1);
}

#[test]
fn a_release_has_no_more_bits_than_its_shift_leaves_of_the_ring() {
    for (ring, fraction, opened) in [(32, 10, 22), (33, 10, 22), (40, 12, 26), (52, 14, 30), (64, 16, 34)] {
        let settings = Settings { ring, fraction, opened, ..Settings::default() };
        let plan = Plan::new(&network(), &settings).unwrap();
        let t = plan.releases[0].value.bits - fraction;
        assert_eq!(t, fraction, "the network releases a product");
        let with = |m: u32| {
            let mut changed = plan.clone();
            changed.releases[0].m = m;
            changed.verify(LIMIT).map_err(|e| e.to_string())
        };
        assert_eq!(with(ring - t), Ok(()), "ring {ring}");
        // one bit more would be what lies above the ring
        for m in [ring - t + 1, ring, ring + 1, u32::MAX] {
            let error = with(m).unwrap_err();
            assert!(error.contains(&format!("release `output` has {m} bits, which its value does not have")), "ring {ring}: {error}");
        }
    }
}

#[test]
fn comparisons_that_no_protocol_makes_are_refused() {
    let plan = plan(&network());
    let usual = Compare::new(34);
    let relu = find(&plan, |k| matches!(k, Kind::Relu { .. }));
    let Kind::Relu { t, compare: own } = plan.steps[relu].kind else { panic!("a ReLU") };
    let by = |compare: Compare, fits: bool| {
        // without a calibration all comparisons of a plan open as many bits as its settings say
        let opened = if compare.m == 26 { 26 } else { 34 };
        let plan = Plan::new(&network(), &Settings { opened, ..Settings::default() }).unwrap();
        let mut changed = plan.clone();
        changed.steps[relu].kind = Kind::Relu { t, compare };
        let same = changed.hash() == plan.hash();
        // another comparison has other messages
        let changed = if fits { changed.one_after_the_other() } else { changed };
        (same, changed.verify(LIMIT).is_ok())
    };
    assert_eq!(by(own, true), (true, true));
    for good in [
        Compare { digit: 2, radix: 2, ..usual },
        Compare { digit: 8, ..usual },
        Compare { radix: 4, fused: true, ..usual },
        Compare { m: 26, digit: 8, radix: 3, fused: true },
    ] {
        assert_eq!(by(good, true), (good == own, true), "{good:?}");
    }
    for bad in [
        Compare { digit: 1, ..usual },
        Compare { digit: 9, ..usual },
        Compare { digit: u32::MAX, ..usual },
        Compare { radix: 1, ..usual },
        Compare { radix: 5, ..usual },
        Compare { m: 64, ..usual },
        Compare { m: 2, ..usual },
        Compare { m: 36, digit: 2, radix: 2, fused: false },
        Compare { m: 8, digit: 8, radix: 3, fused: true },
        Compare { m: 30, digit: 8, radix: 4, fused: true },
    ] {
        assert_eq!(by(bad, false), (false, false), "{bad:?}");
    }
    let pool = find(&plan, |k| matches!(k, Kind::Max { .. }));
    for (compare, group, fits) in [
        (usual, 2, true),
        (usual, 3, true),
        (usual, 4, true),
        (usual, 0, false),
        (usual, 1, false),
        (usual, 5, false),
        (usual, usize::MAX, false),
        (Compare { radix: 5, ..usual }, 2, false),
        (Compare { fused: true, ..usual }, 2, true),
        (Compare { fused: true, ..usual }, 4, false),
    ] {
        let mut changed = plan.clone();
        if let Kind::Max { compare: c, group: g, .. } = &mut changed.steps[pool].kind {
            (*c, *g) = (compare.opening(c.m), group);
        }
        let changed = if fits { changed.one_after_the_other() } else { changed };
        assert_eq!(changed.verify(LIMIT).is_ok(), fits, "{compare:?} by {group}");
    }
    let index = Plan::new(&trace("Index", &[("x", Shape::new([3, 4]))], |g, x| g.argmax(x[0], 0)).unwrap(), &Settings::default()).unwrap();
    let at = find(&index, |k| matches!(k, Kind::ArgMax { .. }));
    for change in [Compare { fused: true, ..usual }, Compare { radix: 0, ..usual }] {
        refused(&index, "does not fit", |p| {
            if let Kind::ArgMax { compare, .. } = &mut p.steps[at].kind {
                *compare = change.opening(compare.m);
            }
        });
    }
}

/// Without a calibration the report says that values stay below what all openings have room for.
#[test]
fn a_comparison_of_other_bits_than_the_report_says_is_refused() {
    let index = plan(&trace("Index", &[("x", Shape::new([3, 4]))], |g, x| g.argmax(x[0], 0)).unwrap());
    let at = find(&index, |k| matches!(k, Kind::ArgMax { .. }));
    for m in [3, 33, 36, 64] {
        refused(&index, "does not fit", |p| {
            if let Kind::ArgMax { compare, .. } = &mut p.steps[at].kind {
                *compare = compare.opening(m);
            }
        });
    }
    let pooled = plan(&network());
    let at = find(&pooled, |k| matches!(k, Kind::Max { .. }));
    for m in [3, 33, 36] {
        refused(&pooled, "does not fit", |p| {
            if let Kind::Max { compare, .. } = &mut p.steps[at].kind {
                *compare = compare.opening(m);
            }
        });
    }
}

#[test]
fn a_step_that_moves_its_elements_again_and_again_is_refused() {
    let turned = plan(&trace("Turned", &[("x", Shape::new([3, 4]))], |g, x| g.permute(x[0], &[1, 0])).unwrap());
    let at = find(&turned, |k| matches!(k, Kind::Move(_)));
    refused(&turned, "does not fit", |p| {
        let (Kind::Move(copies), input) = (p.steps[at].kind.clone(), p.steps[at].inputs[0]) else { panic!("a move") };
        p.steps[at].kind = Kind::Move(vec![copies[0].clone(); 1000]);
        p.steps[at].inputs = vec![input; 1000];
    });
}

#[test]
fn every_step_reads_the_scale_that_it_is_made_for() {
    let plan = plan(&network());
    let at = |is: fn(&Kind) -> bool| find(&plan, is);
    let truncated = at(|k| matches!(k, Kind::Truncate { .. }));
    refused(&plan, "a max pool shifts 17 fraction bits by 0", |p| p.steps[truncated].kind = Kind::Truncate { t: 15, m: 34 });
    refused(&plan, "a truncation shifts 32 fraction bits by 17: it must leave the plan's 16", |p| {
        p.steps[truncated].kind = Kind::Truncate { t: 17, m: 34 };
    });
    for m in [3, 20, 33, 35, 47, 49] {
        refused(&plan, "does not fit its inputs", |p| p.steps[truncated].kind = Kind::Truncate { t: 16, m });
    }
    refused(&plan, "a max pool shifts 32 fraction bits by 0", |p| p.steps[truncated].kind = Kind::Times(Times::whole(1)));
    let relu = at(|k| matches!(k, Kind::Relu { t: 16, .. }));
    let Kind::Relu { compare, .. } = plan.steps[relu].kind else { panic!("a ReLU") };
    refused(&plan, "a ReLU shifts 32 fraction bits by 0", |p| p.steps[relu].kind = Kind::Relu { t: 0, compare });
    let times = at(|k| *k == Kind::Times(Times::finer(16, 1)));
    let as_if = |times: Times| move |p: &mut Plan, at: usize| p.steps[at].kind = Kind::Times(times.clone());
    let with = |text: &str, change: &dyn Fn(&mut Plan, usize)| refused(&plan, text, |p| change(p, times));
    with("an addition joins values of different scales", &as_if(Times::whole(2)));
    with("an addition joins values of different scales", &as_if(Times::finer(15, 2)));
    with("16 bits and 4097 times finer, over 1, leaves no room", &as_if(Times::finer(16, 4097)));
    with("0 times finer", &as_if(Times { factor: 0, ..Times::finer(16, 1) }));
    with("over 0", &as_if(Times { over: 0, ..Times::finer(16, 1) }));
    with("over 2", &as_if(Times { over: 2, ..Times::finer(16, 1) }));
    for bits in [47, 48, 63, 64, u32::MAX] {
        with("leaves no room", &as_if(Times { bits, ..Times::finer(16, 1) }));
    }
    for numbers in [
        Numbers { all: vec![], inner: 1 },
        Numbers { all: vec![1 << 16], inner: 0 },
        Numbers { all: vec![1 << 16], inner: usize::MAX },
        Numbers { all: vec![1 << 16; 2], inner: usize::MAX },
        Numbers { all: vec![1 << 16; 3], inner: 1 },
        Numbers { all: vec![1 << 16; 1 << 12], inner: 1 },
        Numbers::one(i64::MIN),
    ] {
        with("does not fit", &as_if(Times { numbers, ..Times::finer(16, 1) }));
    }
    let sum = at(|k| matches!(k, Kind::Sum(_)));
    let opened = plan.steps.iter().rposition(|s| matches!(s.kind, Kind::Open(_))).unwrap();
    assert!(opened > sum);
    refused(&plan, "a product with a weight reads 32 fraction bits: it must be the plan's 16", |p| {
        p.steps[relu].kind = Kind::Times(Times::whole(1));
        *p = p.one_after_the_other();
    });
    let index = of(&[3, 4], |g, x| {
        let w = g.parameter("w", [5, 4], Init::Constant(0.1));
        let y = g.linear(x, w, None);
        g.argmax(y, 1)
    });
    let truncated = find(&index, |k| matches!(k, Kind::Truncate { .. }));
    refused(&index, "a top k shifts 32 fraction bits by 0", |p| p.steps[truncated].kind = Kind::Times(Times::whole(1)));
    let joined = of(&[2, 4], |g, x| {
        let w = g.parameter("w", [4, 4], Init::Constant(0.1));
        let y = g.linear(x, w, None);
        g.concat(&[x, y], 0)
    });
    let times = find(&joined, |k| matches!(k, Kind::Times(_)));
    refused(&joined, "a copy joins values of different scales", |p| p.steps[times].kind = Kind::Times(Times::whole(1)));
}

#[test]
fn a_multiple_has_the_scale_that_it_says_and_what_reads_it_must_agree() {
    let settings = Settings { fraction: 4, opened: 20, ..Settings::default() };
    // 16 as a factor, and 16 as four more bits
    let means = trace("M", &[("x", Shape::new([1, 4, 4])), ("y", Shape::new([1, 1, 1]))], |g, x| {
        let mean = g.avg_pool(x[0], AvgPool { kernel: [4; 3], stride: [4; 3], padding: [0; 3] });
        g.add(mean, x[1])
    });
    let products = trace("M", &[("x", Shape::new([4]))], |g, x| {
        let w = g.parameter("w", [4, 4], Init::Constant(0.1));
        let y = g.linear(x[0], w, None);
        g.add(x[0], y)
    });
    let (factor, bits) = (Times::finer(0, 16), Times::finer(4, 1));
    for (graph, scale, own, other) in [(means, (4, 16), &factor, &bits), (products, (8, 1), &bits, &factor)] {
        let plan = Plan::new(&graph.unwrap(), &settings).unwrap();
        plan.verify(LIMIT).unwrap();
        assert_eq!((plan.releases[0].value.bits, plan.releases[0].value.factor), scale);
        let times = find(&plan, |k| *k == Kind::Times(own.clone()));
        refused(&plan, "declared shape and scale", |p| {
            let value = &mut p.releases[0].value;
            (value.bits, value.factor) = if scale.0 == 4 { (8, 1) } else { (4, 16) };
        });
        refused(&plan, "an addition joins values of different scales", |p| p.steps[times].kind = Kind::Times(other.clone()));
    }
}

#[test]
fn public_numbers_are_added_once_and_only_its_owner_rounds_a_value() {
    let plan = of(&[2, 3], |g, x| {
        // an input that somebody else reads too is not scaled by its owner
        let y = g.affine(x, &[0.71, -0.33], &[1.0, 2.0]);
        let y = g.add(y, x);
        let w = g.parameter("w", [4, 3], Init::Constant(0.1));
        g.linear(y, w, None)
    });
    let plus = find(&plan, |k| matches!(k, Kind::Plus(_)));
    let set = |change: &dyn Fn(&mut Plus)| {
        let mut changed = plan.clone();
        if let Kind::Plus(p) = &mut changed.steps[plus].kind {
            change(p);
        }
        changed
    };
    for bad in [
        set(&|p| p.by = 1),
        set(&|p| p.by = usize::MAX),
        set(&|p| p.numbers.inner = 0),
        set(&|p| p.numbers.all = vec![1; 4]),
        set(&|p| p.numbers.all[0] = i64::MIN),
    ] {
        assert!(bad.verify(LIMIT).unwrap_err().to_string().contains("does not fit"), "{}", bad.steps[plus].len);
    }
    let round = find(&plan, |k| matches!(k, Kind::Round { .. }));
    let Kind::Round { t } = plan.steps[round].kind else { panic!("a rounding") };
    for (bad, text) in [(0, "does not fit"), (33, "does not fit"), (t - 1, "a rounding shifts"), (t + 1, "a rounding shifts")] {
        refused(&plan, text, |p| p.steps[round].kind = Kind::Round { t: bad });
    }
    // shares of several parties cannot be rounded one by one
    refused(&plan, "does not fit", |p| {
        p.roles.push(("guest".into(), Place::Client(0)));
        p.inputs[0].owner = Place::Client(0);
    });
}

#[test]
fn there_is_an_input_and_each_is_read_once() {
    let plan = plan(&network());
    let nothing = |p: &mut Plan| {
        let input = find(p, |k| matches!(k, Kind::Input(_)));
        p.steps[input].kind = Kind::Move(vec![]);
        for step in &mut p.steps {
            if let Kind::Open(opening) = &mut step.kind {
                opening.from = None;
            }
        }
    };
    refused(&plan, "no inputs: there must be one", |p| {
        p.inputs.clear();
        nothing(p);
    });
    refused(&plan, "input `x` is read by 0 steps", nothing);
    let unread = |shape: Vec<usize>| {
        move |p: &mut Plan| {
            let more = undertone_runtime::plan::InputSpec { name: "z".into(), shape, ..p.inputs[0].clone() };
            p.inputs.push(more);
        }
    };
    refused(&plan, "input `z` is read by 0 steps", unread(vec![usize::MAX, 3]));
    refused(&plan, "input `x` is read by 2 steps", |p| {
        let release = p.steps.pop().unwrap();
        p.steps.push(p.steps[0].clone());
        p.steps.push(release);
    });
    refused(&plan, "input `x` has too many elements: at most 268435456", |p| p.inputs[0].shape = vec![usize::MAX, 3]);
    refused(&plan, "does not fit", |p| p.inputs[0].shape = [vec![1; 20], vec![64]].concat());
    refused(&plan, "Move([]) of 4 elements does not fit", |p| {
        let sum = find(p, |k| matches!(k, Kind::Sum(_)));
        (p.steps[sum].kind, p.steps[sum].inputs) = (Kind::Move(vec![]), vec![]);
    });
    // a step may be larger than all inputs
    let wide = of(&[400], |g, x| {
        let w = g.parameter("w", [500, 400], Init::Constant(0.1));
        g.linear(x, w, None)
    });
    assert!(wide.verify(450).unwrap_err().to_string().contains("has 500 elements; at least 1 and at most 450 are allowed in one step"));
}

#[test]
fn releases_roles_and_their_names_are_few_and_distinct() {
    let plan = plan(&network());
    let more = |p: &mut Plan, name: &dyn Fn(usize) -> String, count: usize| {
        let step = p.steps.last().unwrap().clone();
        for k in 0..count {
            p.steps.push(Step { kind: Kind::Release(p.releases.len()), ..step.clone() });
            p.releases.push(undertone_runtime::plan::ReleaseSpec { name: name(k), ..p.releases[0].clone() });
        }
    };
    let mut most = plan.clone();
    more(&mut most, &|k| format!("r{k}"), 63);
    most.verify(LIMIT).unwrap();
    let start = std::time::Instant::now();
    refused(&plan, "20001 releases: there must be one, and at most 64", |p| more(p, &|k| format!("r{k}"), 20_000));
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    refused(&plan, "two releases are called `output`", |p| more(p, &|_| "output".into(), 1));
    refused(&plan, "goes to 1048576 places", |p| p.releases[0].to = vec![Place::Party(0); 1 << 20]);
    refused(&plan, "goes to 2 places: at least 1 and at most the 2 of the roles, none of them twice", |p| {
        p.releases[0].to = vec![Place::Party(0); 2];
    });
    refused(&plan, "two roles are called `client`", |p| p.roles[1].0 = "client".into());
    refused(&plan, "66 roles: at most 64", |p| {
        let more = (0..64).map(|k| (format!("r{k}"), Place::Party(0)));
        p.roles.extend(more);
    });
    let two = of_two();
    refused(&two, "two inputs are called `x`", |p| p.inputs[1].name = "x".into());
    // two roles at one place learn a value together, once
    let graph = undertone_runtime::graph::trace_roles("M", &[("x", Shape::new([4]), "a")], "b", |g, x| {
        let y = g.relu(x[0]);
        g.release("y", y, &["a", "c"]);
        y
    });
    let places = [("a", Place::Party(0)), ("b", Place::Party(1)), ("c", Place::Party(0))].map(|(r, p)| (r.to_owned(), p));
    let together = Plan::deployed(&graph.unwrap(), &Settings::default(), &undertone_runtime::Deployment::new(places)).unwrap();
    assert_eq!(together.releases[0].to, [Place::Party(0)]);
    together.verify(LIMIT).unwrap();
}

fn of_two() -> Plan {
    plan(&trace("M", &[("x", Shape::new([4])), ("y", Shape::new([4]))], |g, x| g.add(x[0], x[1])).unwrap())
}

#[test]
fn a_folded_weight_is_scaled_and_a_folded_bias_shifted() {
    let plan = of(&[2, 3, 3], |g, x| {
        let w = g.parameter("w", [2, 2, 3, 3], Init::Constant(0.1));
        let y = g.conv(x, w, None, Conv::PLAIN);
        let norm = ["gamma", "beta", "mean", "variance"].map(|name| g.parameter(name, [2], Init::Constant(1.0)));
        g.batch_norm(y, norm, BatchNorm::PLAIN)
    });
    let swapped = |recipe: &Recipe| match recipe.clone() {
        Recipe::Given(named) => Recipe::Given(named),
        Recipe::Nothing => Recipe::Nothing,
        Recipe::Scaled(named, norm) => Recipe::Shifted(named, norm),
        Recipe::Shifted(named, norm) => Recipe::Scaled(named, norm),
    };
    refused(&plan, "sizes that do not fit", |p| p.weights[0].weight = swapped(&p.weights[0].weight));
    refused(&plan, "sizes that do not fit", |p| p.weights[0].bias = p.weights[0].bias.as_ref().map(swapped));
    refused(&plan, "sizes that do not fit", |p| p.weights[0].weight = Recipe::Nothing);
}

#[test]
fn a_batch_that_is_too_large_is_refused_by_everybody() {
    let (graph, weights) = (network(), weights());
    let plan = plan(&graph);
    let error = World::two_party()
        .execute(|session| {
            let owner = session.place() == Place::Party(1);
            session.prepare(&plan, owner.then_some(&weights), (!owner).then_some(1 << 30)).map(|_| ())
        })
        .unwrap_err()
        .to_string();
    assert!(error.contains("the batch is too large"), "{error}");
}
