//! Which positions of an axis are compared with which, so that every window of a max pool keeps its largest in as few levels as can be and with few comparisons.
//!
//! A window of k positions takes ceil(log2 k) levels, whatever is paired in them. Where windows overlap, one comparison can serve several of them:
//!
//! ```text
//! windows of 3, step 1      0 1 2 | 1 2 3 | 2 3 4 | 3 4 5
//! from the left, by itself  (0 1) 2, (1 2) 3, (2 3) 4, (3 4) 5                  2 comparisons a window
//! shared                     0 (1 2), (1 2) 3,  2 (3 4), (3 4) 5                1.5
//! ```
//!
//! So in each level a window either pairs from its first position on or leaves it out, all windows alike or by turns, and equal pairs are compared once. Of the four
//! ways the one with the fewest comparisons is taken, level by level; and from the left throughout where that is no worse in all. Comparisons of a window along one axis:
//!
//! | window, step | 3, 1 | 5, 1 | 7, 1 | 9, 1 | 13, 1 | 3, 2 | 5, 2 | 5, 3 |
//! |---|---|---|---|---|---|---|---|---|
//! | each window by itself | 2 | 4 | 6 | 8 | 12 | 2 | 4 | 4 |
//! | shared | 1.5 | 2 | 3 | 2.5 | 3.5 | 2 | 3 | 3.5 |
//!
//! The choice is made by positions, which are public.

/// One level: positions before become positions after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The number of positions before.
    pub before: usize,
    /// The number of positions after.
    pub after: usize,
    /// Positions before that are compared, and where the larger one goes.
    pub pairs: Vec<(usize, usize, usize)>,
    /// Positions before that are kept, and where they go.
    pub kept: Vec<(usize, usize)>,
}

/// Which windows leave out their first position in a level.
const WAYS: [fn(usize) -> bool; 4] = [|_| false, |_| true, |k| k % 2 == 0, |k| k % 2 == 1];

/// The levels that take `size` positions to one a window, in order; `windows` has the positions of each, in order and at least one.
pub(super) fn tree(windows: Vec<Vec<usize>>, size: usize) -> Vec<Step> {
    let distinct = windows.windows(2).all(|w| w[0].last() < w[1].first());
    let left = grown(windows.clone(), size, &WAYS[..1]);
    if distinct {
        return left;
    }
    let shared = grown(windows, size, &WAYS);
    if comparisons(&shared) < comparisons(&left) { shared } else { left }
}

fn comparisons(steps: &[Step]) -> usize {
    steps.iter().map(|step| step.pairs.len()).sum()
}

fn grown(mut windows: Vec<Vec<usize>>, size: usize, ways: &[fn(usize) -> bool]) -> Vec<Step> {
    let (mut steps, mut before) = (vec![], size);
    while let Some(longest) = windows.iter().map(Vec::len).max().filter(|longest| *longest > 1) {
        // as many as the levels after this one can take
        let most = longest.next_power_of_two() / 2;
        let all = ways.iter().map(|way| level(&windows, before, most, *way));
        let Some((step, next)) = all.reduce(|best, next| if next.0.pairs.len() < best.0.pairs.len() { next } else { best }) else { break };
        before = step.after;
        windows = next;
        steps.push(step);
    }
    // windows of one position each, in another order or not all of them
    if windows.len() != before || windows.iter().enumerate().any(|(k, window)| *window != [k]) {
        let kept = windows.iter().enumerate().map(|(k, window)| (window[0], k)).collect();
        steps.push(Step { before, after: windows.len(), pairs: vec![], kept });
    }
    steps
}

/// One level in which a window that `leaves_out` its first position keeps it, where it then has at most `most` left.
fn level(windows: &[Vec<usize>], before: usize, most: usize, leaves_out: fn(usize) -> bool) -> (Step, Vec<Vec<usize>>) {
    let mut step = Step { before, after: 0, pairs: vec![], kept: vec![] };
    // by the first position: what it was compared with last, and where that went; where it went by itself
    let (mut paired, mut alone) = (vec![None; before], vec![None; before]);
    let mut go = |item: &[usize]| -> usize {
        if let [a, b] = *item {
            if let Some((_, at)) = paired[a].filter(|(with, _)| *with == b) {
                return at;
            }
            paired[a] = Some((b, step.after));
            step.pairs.push((a, b, step.after));
        } else {
            if let Some(at) = alone[item[0]] {
                return at;
            }
            alone[item[0]] = Some(step.after);
            step.kept.push((item[0], step.after));
        }
        step.after += 1;
        step.after - 1
    };
    let next = windows.iter().enumerate().map(|(k, window)| {
        let out = usize::from(leaves_out(k) && !window.is_empty() && (window.len() - 1).div_ceil(2) < most);
        window[..out].chunks(1).chain(window[out..].chunks(2)).map(&mut go).collect()
    });
    let next = next.collect();
    (step, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` windows of `kernel` positions, `stride` apart, `padding` at both ends.
    fn windows(n: usize, kernel: usize, stride: usize, padding: usize) -> (Vec<Vec<usize>>, usize) {
        let size = (n - 1) * stride + kernel - 2 * padding;
        let window = |k: usize| (k * stride..k * stride + kernel).filter_map(|p| p.checked_sub(padding)).filter(|p| *p < size).collect();
        ((0..n).map(window).collect(), size)
    }

    #[test]
    fn every_window_keeps_exactly_what_it_covers_in_as_few_levels_as_can_be() {
        for kernel in 1..14 {
            for stride in 1..kernel + 2 {
                for padding in 0..=kernel / 2 {
                    for n in [1, 2, 3, 10] {
                        if (n - 1) * stride + kernel <= 2 * padding {
                            continue;
                        }
                        let (windows, size) = windows(n, kernel, stride, padding);
                        let longest = windows.iter().map(Vec::len).max().unwrap();
                        let steps = tree(windows.clone(), size);
                        let mut covered: Vec<Vec<usize>> = (0..size).map(|p| vec![p]).collect();
                        for step in &steps {
                            assert_eq!(step.before, covered.len());
                            let mut next: Vec<Option<Vec<usize>>> = vec![None; step.after];
                            for (a, b, to) in &step.pairs {
                                let both = covered[*a].iter().chain(&covered[*b]).copied().collect();
                                assert!(next[*to].replace(both).is_none(), "two results in one place");
                            }
                            for (a, to) in &step.kept {
                                assert!(next[*to].replace(covered[*a].clone()).is_none(), "two results in one place");
                            }
                            covered = next.into_iter().map(Option::unwrap).collect();
                        }
                        for c in &mut covered {
                            c.sort_unstable();
                        }
                        assert_eq!(covered, windows, "windows of {kernel}, step {stride}, padding {padding}");
                        let levels = steps.iter().filter(|s| !s.pairs.is_empty()).count();
                        assert_eq!(levels as u32, longest.next_power_of_two().ilog2(), "windows of {kernel}, step {stride}");
                        let alone: usize = windows.iter().map(|w| w.len() - 1).sum();
                        assert!(comparisons(&steps) <= alone, "windows of {kernel}, step {stride}");
                    }
                }
            }
        }
    }

    #[test]
    fn overlapping_windows_share_comparisons() {
        for (kernel, stride, alone, shared) in [
            (3, 1, 2.0, 1.5),
            (5, 1, 4.0, 2.0),
            (9, 1, 8.0, 2.5),
            (13, 1, 12.0, 3.5),
            (3, 2, 2.0, 2.0),
            (5, 2, 4.0, 3.0),
            (6, 2, 5.0, 3.0),
            (2, 2, 1.0, 1.0),
        ] {
            let n = 1000;
            let (windows, size) = windows(n, kernel, stride, 0);
            assert!((comparisons(&tree(windows, size)) as f64 / n as f64 - shared).abs() < 0.05, "windows of {kernel}, step {stride}");
            assert!(shared <= alone);
        }
    }
}
