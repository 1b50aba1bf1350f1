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

/// The starts of the pixels `[sample][oy][ox]` in the input.
#[derive(Clone, Copy)]
pub struct Walk {
    /// Pixels of a row, rows of a sample.
    pub size: (usize, usize),
    /// Words from a pixel to the next in the row, from a row to the next, from a sample to the next.
    pub step: (usize, usize, usize),
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
    /// The starts from pixel `first` on.
    #[inline(always)]
    pub fn from(&self, first: usize) -> Position {
        let (w, h) = self.size;
        let (x, y, sample) = (first % w, first / w % h, first / w / h);
        let row = sample * self.step.2 + y * self.step.1;
        Position { x, y, at: row + x * self.step.0, row, sample: sample * self.step.2 }
    }
}

/// A pixel on the walk.
pub struct Position {
    x: usize,
    y: usize,
    at: usize,
    row: usize,
    sample: usize,
}

impl Position {
    /// The start of this pixel; goes on to the next.
    #[inline(always)]
    pub fn next(&mut self, walk: &Walk) -> usize {
        let at = self.at;
        self.x += 1;
        self.at += walk.step.0;
        if self.x == walk.size.0 {
            self.x = 0;
            self.y += 1;
            self.row += walk.step.1;
            if self.y == walk.size.1 {
                self.y = 0;
                self.sample += walk.step.2;
                self.row = self.sample;
            }
            self.at = self.row;
        }
        at
    }
}
