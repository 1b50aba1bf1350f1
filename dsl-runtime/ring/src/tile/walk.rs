//! Where the operands of pixels lie: the runs that all pixels share, and the start of each.

/// The largest number of products of one sum between two visits of the output: so much of a panel stays in the cache.
/// Even, so that no pair is cut.
const DEPTH: usize = 512;

/// The runs of a pixel's operand, relative to the pixel's start.
pub struct Taps {
    pub runs: Vec<Run>,
    pub depth: usize,
    pub reach: usize,
}

/// `len` words from `at` on.
#[derive(Clone, Copy)]
pub struct Run {
    pub at: usize,
    pub len: usize,
}

/// The starts of the pixels `[sample][oz][oy][ox]` in the input.
#[derive(Clone, Copy)]
pub struct Walk {
    /// Pixels of a row, rows of a slice, slices of a sample.
    pub size: (usize, usize, usize),
    /// Words from a pixel to the next in the row, from a row to the next, from a slice to the next, from a sample to the next.
    pub step: (usize, usize, usize, usize),
}

impl Taps {
    /// The runs, cut into lists of at most [`DEPTH`] words, each with the number of words before it. A run is cut only
    /// between pairs of its words.
    pub fn chunks(runs: impl Iterator<Item = Run>) -> Vec<(usize, Taps)> {
        let mut out: Vec<(usize, Taps)> = Vec::new();
        let mut before = 0;
        for mut run in runs {
            while run.len > 0 {
                // A list with room for one word only takes no part of a longer run.
                if out.last().is_none_or(|(_, taps)| taps.depth + run.len.min(2) > DEPTH) {
                    out.push((before, Taps { runs: Vec::new(), depth: 0, reach: 0 }));
                }
                let taps = &mut out.last_mut().expect("pushed above").1;
                let room = DEPTH - taps.depth;
                let len = if run.len <= room { run.len } else { room / 2 * 2 };
                taps.runs.push(Run { at: run.at, len });
                taps.depth += len;
                taps.reach = taps.reach.max(run.at + len);
                before += len;
                run = Run { at: run.at + len, len: run.len - len };
            }
        }
        out
    }
}

impl Walk {
    /// The pixels `first .. first + count` in parts of rows: (start of the first pixel, pixels).
    pub fn parts(self, first: usize, count: usize) -> impl Iterator<Item = (usize, usize)> {
        let ((columns, rows, slices), step, end) = (self.size, self.step, first + count);
        let mut pixel = first;
        std::iter::from_fn(move || {
            let (x, row) = (pixel % columns, pixel / columns);
            let len = (columns - x).min(end - pixel);
            pixel += len;
            let (y, slice) = (row % rows, row / rows);
            (len > 0).then_some((x * step.0 + y * step.1 + slice % slices * step.2 + slice / slices * step.3, len))
        })
    }
}

/// The starts of some pixels that follow each other.
pub struct Strip {
    starts: Vec<usize>,
    last: usize,
}

impl Strip {
    /// The pixels `first .. first + count` of a walk.
    pub fn new(walk: Walk, first: usize, count: usize) -> Self {
        let (mut starts, mut last) = (Vec::with_capacity(count), 0);
        for (mut start, len) in walk.parts(first, count) {
            last = last.max(start + (len - 1) * walk.step.0);
            let from = starts.len();
            starts.resize(from + len, 0);
            for at in &mut starts[from..] {
                *at = start;
                start += walk.step.0;
            }
        }
        debug_assert!(starts.iter().all(|&start| start <= last), "the kernels rely on it");
        Strip { starts, last }
    }

    /// The starts; none is above [`Strip::last`].
    #[inline(always)]
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// The largest of the starts.
    pub fn last(&self) -> usize {
        self.last
    }
}
