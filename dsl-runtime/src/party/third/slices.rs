//! How the samples of a run are split into slices, and who is what in the lane of each.

use crate::plan::Place;
use core::ops::Range;

/// The lanes of three parties: in lane c, party c deals, and parties c + 1 and c + 2 (mod 3) compute as the lane's parties 0 and 1.
pub(crate) const LANES: usize = 3;

/// The samples of each lane, in the order of the samples; together they are the batch. Slices are as even as possible; fewer samples than lanes leave lanes out. The first
/// lane is another one in each run, so that who has less to do in one has more to do in the next.
pub(super) fn slices(batch: usize, run: u64) -> Vec<(usize, Range<usize>)> {
    let first = (run % LANES as u64) as usize;
    let mut from = 0;
    let all = (0..LANES).map(|k| {
        let samples = batch / LANES + usize::from(k < batch % LANES);
        let range = from..from + samples;
        from = range.end;
        ((first + k) % LANES, range)
    });
    all.filter(|(_, range)| !range.is_empty()).collect()
}

impl Place {
    /// Where one of three parties, or a client of theirs, stands in a lane. Who deals gives what it owns, and gets what is released to it, as the lane's first client does:
    /// no opening of the lane reaches it.
    pub(crate) fn in_lane(self, lane: usize) -> Self {
        match self {
            Place::Party(p) => match (p + LANES - lane) % LANES {
                0 => Place::Client(0),
                evaluator => Place::Party(evaluator - 1),
            },
            Place::Client(c) => Place::Client(c + 1),
        }
    }

    /// Who stands at this place of a lane: the inverse of [`in_lane`](Self::in_lane).
    pub(crate) fn out_of_lane(self, lane: usize) -> Self {
        match self {
            Place::Party(p) => Place::Party((lane + 1 + p) % LANES),
            Place::Client(0) => Place::Party(lane),
            Place::Client(c) => Place::Client(c - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_even_and_every_lane_comes_first_as_often() {
        let lens = |batch, run| slices(batch, run).into_iter().map(|(lane, range)| (lane, range.len())).collect::<Vec<_>>();
        assert_eq!(lens(7, 0), [(0, 3), (1, 2), (2, 2)]);
        assert_eq!(lens(7, 4), [(1, 3), (2, 2), (0, 2)]);
        assert_eq!((lens(1, 0), lens(1, 1), lens(1, 2), lens(2, 5)), (vec![(0, 1)], vec![(1, 1)], vec![(2, 1)], vec![(2, 1), (0, 1)]));
        for batch in 1..20 {
            for run in 0..6 {
                let all = slices(batch, run);
                assert!(all.windows(2).all(|w| w[0].1.end == w[1].1.start) && all[0].1.start == 0, "{all:?}");
                assert_eq!(all.last().map(|(_, range)| range.end), Some(batch));
            }
        }
    }

    #[test]
    fn who_deals_in_a_lane_is_its_first_client() {
        for lane in 0..LANES {
            assert_eq!(Place::Party(lane).in_lane(lane), Place::Client(0));
            let evaluators = [1, 2].map(|k| Place::Party((lane + k) % LANES).in_lane(lane));
            assert_eq!(evaluators, [Place::Party(0), Place::Party(1)]);
            for place in [Place::Party(0), Place::Party(1), Place::Party(2), Place::Client(0), Place::Client(3)] {
                assert_eq!(place.in_lane(lane).out_of_lane(lane), place);
            }
        }
    }
}
