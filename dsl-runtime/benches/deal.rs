//! Dealing to disk: nanoseconds a ReLU, megabytes a second, and the most memory that the process ever had.
//!
//! `cargo bench -p undertone-runtime --bench deal`. One thread; the folder is that of temporary files, and what is dealt is removed.

use std::time::Instant;
use undertone_runtime::graph::trace;
use undertone_runtime::{Plan, Settings, Shape, tapes};

fn main() {
    for (batch, count) in [(1, 16), (64, 2)] {
        if let Err(e) = measure(batch, count) {
            println!("{e}");
        }
    }
}

fn measure(batch: usize, count: u64) -> undertone_runtime::Result<()> {
    let elements = 1 << 16;
    let graph = trace("Relu", &[("x", Shape::new([elements]))], |g, x| g.relu(x[0]))?;
    let plan = Plan::new(&graph, &Settings::default())?;
    let folder = std::env::temp_dir().join(format!("undertone-bench-{}", std::process::id()));
    let start = Instant::now();
    let dealt = tapes::deal(&plan, batch, count, &folder, &mut |_| {});
    let time = start.elapsed().as_secs_f64();
    let bytes =
        std::fs::read_dir(folder.join("party-1")).into_iter().flatten().flatten().filter_map(|f| f.metadata().ok()).map(|m| m.len());
    let (bytes, all) = (bytes.sum::<u64>() as f64, (elements * batch) as f64 * count as f64);
    let _ = std::fs::remove_dir_all(&folder);
    dealt?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!(
        "{count} tapes of {batch} x {elements}: {:.1} ns a ReLU, {:.0} MB/s, {:.1} bytes a ReLU; {memory}",
        time * 1e9 / all,
        bytes / time / 1e6,
        bytes / all
    );
    Ok(())
}
