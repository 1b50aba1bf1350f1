//! Files that somebody made to do harm, or that were damaged: each is an error, and nothing is allocated for what they claim.

mod common;

use common::build::{Net, beside, tensor};
use common::{Folder, file};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use undertone_import::{Options, onnx};

#[test]
fn truncated_files_are_refused_at_every_length() {
    let folder = Folder::new("truncated");
    let whole = std::fs::read(file("resnet.onnx")).unwrap();
    let step = 1 + whole.len() / 2000;
    for length in (0..whole.len()).step_by(step).chain(whole.len() - 50..whole.len()) {
        folder.refused(&whole[..length]);
    }
}

#[test]
fn random_damage_never_panics() {
    let (folder, seed) = (Folder::new("damage"), 20_261_128);
    let mut rng = StdRng::seed_from_u64(seed);
    for name in ["lenet_21", "shapes", "keras", "moves", "arithmetic", "functions_13", "padded"] {
        let whole = std::fs::read(file(&format!("{name}.onnx"))).unwrap();
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..rng.random_range(1..5) {
                // where the nodes are, more often than in the weights
                let at = if rng.random() { rng.random_range(0..bytes.len()) } else { rng.random_range(0..bytes.len().min(1500)) };
                bytes[at] = if rng.random() { rng.random() } else { bytes[at] ^ (1 << rng.random_range(0..8)) };
            }
            let _ = folder.import(&bytes, &Options::default());
        }
    }
}

#[test]
fn claims_are_compared_with_what_is_there() {
    let folder = Folder::new("claims");
    let relu = Net::new(&[-1, 4]).node("Add", &["x", "w"], &["y"], &[]);
    for dims in [&[1 << 40][..], &[1 << 20, 1 << 20], &[i64::MAX, i64::MAX], &[-1], &[0, 1 << 62], &[1; 70], &[3]] {
        let error = folder.refused(&relu.clone().stored(tensor("w", dims, 1).bytes(9, [0; 16])).bytes());
        assert!(error.contains("`w`") || error.contains("not a whole file"), "{error}");
    }
    let kinds = relu.clone().stored(tensor("w", &[4], 8).bytes(9, [0; 16]));
    assert!(folder.refused(&kinds.bytes()).contains("holds numbers of the type 8"));
    for sizes in [&[1 << 40][..], &[1 << 30, 1 << 30], &[i64::MAX], &[-5]] {
        let net = Net::new(&[-1, 4]).node("ConstantOfShape", &["s"], &["c"], &[]).node("Add", &["x", "c"], &["y"], &[]).sizes("s", sizes);
        folder.refused(&net.bytes());
        let net = Net::new(&[-1, 4]).node("Expand", &["w", "s"], &["c"], &[]).node("Add", &["x", "c"], &["y"], &[]).sizes("s", sizes);
        folder.refused(&net.weight("w", &[1], &[1.0]).bytes());
        let net = Net::new(&[-1, 4]).node("Pad", &["x", "s"], &["y"], &[]).sizes("s", &[0, sizes[0], 0, sizes[0]]);
        folder.refused(&net.bytes());
    }
    // a small constant for each element of something large
    let net = Net::new(&[-1, 1000, 1000, 1000]).node("Add", &["x", "w"], &["y"], &[]).weight("w", &[2, 1, 2], &[1.0; 4]);
    folder.refused(&net.bytes());
    let net = Net::new(&[-1, 1000, 100_000, 2]).node("Add", &["x", "w"], &["y"], &[]).weight("w", &[1000, 1, 2], &[1.0; 2000]);
    folder.refused(&net.bytes());
    // sizes that overflow when they are multiplied
    for sizes in [[1 << 40, 1 << 40], [i64::MAX, 2], [1 << 62, 1 << 62]] {
        folder.refused(&Net::new(&[-1, sizes[0], sizes[1]]).node("Relu", &["x"], &["y"], &[]).bytes());
    }
    let grows = (0..30).fold(Net::new(&[-1, 1 << 20]), |net, i| {
        let (from, to) =
            (if i == 0 { "x".to_owned() } else { format!("v{i}") }, if i == 29 { "y".to_owned() } else { format!("v{}", i + 1) });
        net.node("Concat", &[&from, &from], &[&to], &[("axis", common::build::Is::Number(1))])
    });
    assert!(folder.refused(&grows.bytes()).contains("its result would have the shape"));
}

#[test]
fn cycles_and_names() {
    let folder = Folder::new("cycles");
    let cycle =
        Net::new(&[-1, 4]).node("Add", &["x", "b"], &["a"], &[]).node("Relu", &["a"], &["b"], &[]).node("Relu", &["b"], &["y"], &[]);
    assert!(folder.refused(&cycle.bytes()).contains("reads `b`, which nothing before it makes: the nodes are in a cycle"));
    let own = Net::new(&[-1, 4]).node("Add", &["x", "y"], &["y"], &[]);
    assert!(folder.refused(&own.bytes()).contains("reads `y`, which nothing before it makes"));
    let gone = Net::new(&[-1, 4]).node("Add", &["x", "z"], &["y"], &[]);
    assert!(folder.refused(&gone.bytes()).contains("the file is damaged"));
    let twice = Net::new(&[-1, 4]).node("Relu", &["x"], &["y"], &[]).node("Relu", &["x"], &["y"], &[]);
    assert!(folder.refused(&twice.bytes()).contains("two values called `y`"));
    let twice = Net::new(&[-1, 4]).node("Relu", &["x"], &["y"], &[]).weight("w", &[1], &[1.0]).weight("w", &[1], &[1.0]);
    assert!(folder.refused(&twice.bytes()).contains("two values called `w`"));
    let twice = Net::new(&[-1, 4]).input("x", 1, &[-1, 4]).node("Relu", &["x"], &["y"], &[]);
    assert!(folder.refused(&twice.bytes()).contains("two values called `x`"));
    assert!(folder.refused(&Net::new(&[-1, 4]).bytes()).contains("has the output `y`, which nothing makes"));
    // names that would be code or commands stay names
    let odd = "w\"]; fn f() {} \u{1b}[31m\u{202e}{i}\n//";
    let net = Net::new(&[-1, 4]).node("MatMul", &["x", odd], &["y"], &[]).weight(odd, &[4, 1], &[1.0; 4]);
    let source = folder.import(&net.bytes(), &Options::default()).unwrap().source;
    assert!(!source.contains("fn f") && !source.contains('\u{1b}') && !source.contains("{i}") && !source.contains('\u{202e}'), "{source}");
}

#[test]
fn other_files_are_read_in_the_folder_of_the_network_alone() {
    let folder = Folder::new("beside");
    let network = folder.0.join("inner");
    std::fs::create_dir_all(network.join("deeper")).unwrap();
    let four: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    for place in ["secret", "inner/data", "inner/deeper/data"] {
        std::fs::write(folder.0.join(place), &four).unwrap();
    }
    #[cfg(unix)]
    for (to, link) in [("../secret", "inner/link"), ("/etc/passwd", "inner/absolute_link"), ("data", "inner/good_link")] {
        std::os::unix::fs::symlink(to, folder.0.join(link)).unwrap();
    }
    let import = |entries: &[(&str, &str)]| {
        let net = Net::new(&[-1, 4]).node("Mul", &["x", "w"], &["y"], &[]).stored(beside("w", &[4], entries));
        let path = network.join("network.onnx");
        std::fs::write(&path, net.bytes()).unwrap();
        onnx(path, &Options::default())
    };
    let secret = folder.0.join("secret");
    for location in [
        "../secret",
        "deeper/../../secret",
        "/etc/passwd",
        secret.to_str().unwrap(),
        "link",
        "absolute_link",
        "",
        ".",
        "deeper",
        "..\\secret",
        "c:data",
    ] {
        let error = import(&[("location", location)]).expect_err(location).to_string();
        assert!(error.contains("which is not in the folder of the network"), "{location}: {error}");
    }
    for location in ["data", "./data", "deeper/data", "good_link"] {
        let weights = import(&[("location", location)]).unwrap_or_else(|e| panic!("{e}")).weights;
        assert!(weights.iter().any(|(_, _, values)| values == [1.0, 2.0, 3.0, 4.0]), "{location}");
    }
    for (more, words) in [
        (("offset", "4"), "claims 16 bytes, but `data` has 16, and 16 of them from 4 on"),
        (("offset", "18446744073709551615"), "claims 16 bytes"),
        (("length", "15"), "claims 16 bytes"),
        (("offset", "-1"), "`-1` is no offset"),
        (("length", "many"), "`many` is no length"),
    ] {
        let error = import(&[("location", "data"), more]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(import(&[("location", "none")]).unwrap_err().to_string().contains("cannot be read"));
    assert!(import(&[("offset", "0")]).unwrap_err().to_string().contains("and none is named"));
    // many tensors of the same bytes
    let many = (0..40).fold(Net::new(&[-1, 4]), |net, i| {
        let (from, to) =
            (if i == 0 { "x".to_owned() } else { format!("v{i}") }, if i == 39 { "y".to_owned() } else { format!("v{}", i + 1) });
        net.node("Mul", &[&from, &format!("w{i}")], &[&to], &[]).stored(beside(&format!("w{i}"), &[4], &[("location", "data")]))
    });
    std::fs::write(network.join("many.onnx"), many.bytes()).unwrap();
    let error = onnx(network.join("many.onnx"), &Options::default()).unwrap_err().to_string();
    assert!(error.contains("read the same bytes of `data` again and again"), "{error}");
}
