//! Rows of training: recordings one after the other, with silence between them, so that all rows are equally long, no batch holds
//! padding, and batch normalisation sees speech only.

use crate::augment::disguise;
use crate::model::GEOMETRY;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, seq::SliceRandom};
use undertone_data::alphabet;
use undertone_data::features::{Features, MELS, SILENCE, log_mel};
use undertone_data::speech;
use undertone_data::wav::resample;

/// The frames of recordings in a row: 8.4 s.
pub const FRAMES: usize = 840;

/// How much longer recordings are made: slower and lower, or faster and higher speech.
const SPEEDS: [f64; 7] = [0.88, 0.92, 0.96, 1.0, 1.04, 1.08, 1.12];

/// The recordings at all speeds, with their texts as classes.
pub struct Corpus {
    recordings: Vec<Recording>,
}

struct Recording {
    versions: Vec<Features>,
    classes: Vec<usize>,
}

/// Recordings that follow each other.
pub struct Row<'a> {
    parts: Vec<Part<'a>>,
    used: usize,
}

struct Part<'a> {
    features: &'a Features,
    classes: &'a [usize],
    start: usize,
}

impl Corpus {
    /// Computes the features of every recording at every speed.
    pub fn new(prompts: &[speech::Recording]) -> Self {
        let versions =
            |p: &speech::Recording| SPEEDS.iter().map(|s| log_mel(&resample(&p.samples, *s))).filter(|f| f.frames <= FRAMES).collect();
        Self { recordings: prompts.iter().map(|p| Recording { versions: versions(p), classes: alphabet::encode(&p.text) }).collect() }
    }

    /// Every recording once, at a random speed, in rows packed at random.
    pub fn rows(&self, rng: &mut Xoshiro256PlusPlus) -> Vec<Row<'_>> {
        let mut order: Vec<&Recording> = self.recordings.iter().filter(|r| !r.versions.is_empty()).collect();
        order.shuffle(rng);
        let mut rows: Vec<Row> = Vec::new();
        for recording in order {
            let features = &recording.versions[rng.random_range(0..recording.versions.len())];
            let gap = rng.random_range(5..35);
            let fits = |row: &Row| row.used + gap + features.frames <= FRAMES;
            let at = rows.iter().position(fits).unwrap_or_else(|| {
                rows.push(Row { parts: Vec::new(), used: 0 });
                rows.len() - 1
            });
            let row = &mut rows[at];
            let start = if row.parts.is_empty() { gap.min(FRAMES - features.frames) } else { row.used + gap };
            row.used = start + features.frames;
            row.parts.push(Part { features, classes: &recording.classes, start });
        }
        rows.shuffle(rng);
        rows
    }
}

impl Row<'_> {
    /// The frames, `[MELS, length]`, every recording disguised: a receptive field begins before the first.
    pub fn frames(&self, length: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
        let mut frames = vec![SILENCE; MELS * length];
        for part in &self.parts {
            let disguised = disguise(part.features, rng);
            for (band, values) in disguised.chunks_exact(part.features.frames).enumerate() {
                let from = band * length + GEOMETRY.receptive / 2 + part.start;
                frames[from..from + values.len()].copy_from_slice(values);
            }
        }
        frames
    }

    /// The classes of all texts, with spaces between them, and blanks up to a length.
    pub fn target(&self, length: usize) -> Vec<f32> {
        let space = alphabet::encode(" ");
        let mut classes = self.parts.iter().map(|p| p.classes).collect::<Vec<_>>().join(space.as_slice());
        let end = length.max(classes.len());
        classes.resize(end, alphabet::BLANK);
        classes.into_iter().map(|class| class as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn prompts() -> Vec<speech::Recording> {
        let prompt = |i: usize| speech::Recording {
            name: format!("p{i}"),
            text: format!("{}b", "a".repeat(1 + i)),
            samples: vec![0.1; 800 * (1 + i * 3)],
        };
        (0..20).map(prompt).collect()
    }

    #[test]
    fn every_recording_is_in_one_row_and_none_overlap() {
        let corpus = Corpus::new(&prompts());
        let rows = corpus.rows(&mut Xoshiro256PlusPlus::seed_from_u64(3));
        assert_eq!(rows.iter().map(|r| r.parts.len()).sum::<usize>(), 20);
        for row in &rows {
            let ends: Vec<usize> = row.parts.iter().map(|p| p.start + p.features.frames).collect();
            assert!(row.parts.iter().skip(1).zip(&ends).all(|(p, end)| p.start >= end + 5), "seed 3");
            assert!(ends.iter().all(|end| *end <= FRAMES));
        }
    }

    #[test]
    fn a_row_holds_its_texts_in_the_order_of_its_recordings() {
        let corpus = Corpus::new(&prompts()[..3]);
        let rows = corpus.rows(&mut Xoshiro256PlusPlus::seed_from_u64(4));
        let row = &rows[0];
        assert_eq!(rows.len(), 1, "seed 4");
        let target: Vec<usize> = row.target(50).into_iter().map(|class| class as usize).collect();
        let (classes, blanks) = target.split_at(target.iter().position(|c| *c == alphabet::BLANK).unwrap());
        assert!(target.len() == 50 && blanks.iter().all(|c| *c == alphabet::BLANK));
        let texts: Vec<Vec<usize>> = classes.split(|c| *c == alphabet::encode(" ")[0]).map(<[usize]>::to_vec).collect();
        assert_eq!(texts, row.parts.iter().map(|p| p.classes.to_vec()).collect::<Vec<_>>());
    }

    #[test]
    fn frames_outside_of_recordings_are_silence() {
        let corpus = Corpus::new(&prompts()[..1]);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let rows = corpus.rows(&mut rng);
        let frames = rows[0].frames(1000, &mut rng);
        let from = GEOMETRY.receptive / 2 + rows[0].parts[0].start;
        let to = from + rows[0].parts[0].features.frames;
        let loud: Vec<usize> = (0..1000).filter(|i| (0..MELS).any(|b| frames[b * 1000 + i].to_bits() != SILENCE.to_bits())).collect();
        assert!(loud.iter().all(|i| (from..to).contains(i)) && loud.len() > 5, "seed 5: {loud:?}");
    }
}
