//! How a layer is divided: its outputs into panels, its pixels into strips.

use super::{MAX_ROWS, Tiles};
use crate::level::Level;

/// Bytes of input that one strip of pixels may touch: a part of the L2 cache.
const STRIP: usize = 256 << 10;

/// The panels that a level has kernels for: `vector`, `2 vector .. most * vector` channels, or `narrow`.
#[derive(Clone, Copy)]
pub struct Blocks {
    /// Channels of a vector.
    pub vector: usize,
    /// Vectors of the widest panel.
    pub most: usize,
    /// Channels of a panel for the last outputs, where that many are enough.
    pub narrow: Option<usize>,
}

/// The panels of `channels` outputs: (first channel, width, channels in use).
///
/// A wide panel reads the input less often, a narrow one wastes less on channels that do not exist. So a layer gets the
/// fewest panels that hold its vectors, each as wide as the next or one vector wider, and the rest of a few channels gets
/// a narrow one.
pub fn panels<W: Tiles>(level: Level, channels: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let Blocks { vector, most, narrow } = W::blocks(level);
    let rest = channels % vector;
    let narrow = narrow.filter(|&narrow| rest > 0 && rest <= narrow);
    let vectors = if narrow.is_some() { channels / vector } else { channels.div_ceil(vector) };
    let wide = vectors.div_ceil(most);
    let mut first = 0;
    (0..wide + usize::from(narrow.is_some())).map(move |i| {
        let width = match narrow {
            Some(narrow) if i == wide => narrow,
            _ => (vectors / wide + usize::from(i < vectors % wide)) * vector,
        };
        let panel = (first, width, width.min(channels - first));
        first += width;
        panel
    })
}

/// Pixels `0 .. pixels` in strips whose input, about `touched` words a pixel, stays in the cache: (first, count).
pub fn strips<W>(pixels: usize, touched: usize) -> impl Iterator<Item = (usize, usize)> {
    // A whole number of tiles of any level.
    const TILES: usize = 3 * MAX_ROWS;
    let most = (STRIP / (touched.max(1) * size_of::<W>()) / TILES).max(3) * TILES;
    // All weights are read for every strip, so there are as few as that allows, and none of them is much smaller than the others.
    let strip = pixels.div_ceil(pixels.div_ceil(most).max(1)).next_multiple_of(TILES).max(TILES);
    (0..pixels).step_by(strip).map(move |first| (first, strip.min(pixels - first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers<W: Tiles>() {
        for level in Level::all() {
            let Blocks { vector, most, narrow } = W::blocks(level);
            for channels in 0..200 {
                let mut next = 0;
                for (first, width, used) in panels::<W>(level, channels) {
                    assert_eq!(first, next);
                    assert!(used > 0 && used <= width && (width == used || first + used == channels), "{channels}: {first} {width} {used}");
                    assert!(narrow == Some(width) || (width.is_multiple_of(vector) && width <= most * vector));
                    next += used;
                }
                assert_eq!(next, channels, "{level:?}");
            }
        }
    }

    #[test]
    fn strips_are_few_and_even() {
        for pixels in 0..1000 {
            for touched in [0, 1, 100, 3000, 1 << 20] {
                let strips: Vec<_> = strips::<u64>(pixels, touched).collect();
                let mut next = 0;
                for &(first, count) in &strips {
                    assert_eq!(first, next);
                    assert!(count > 0 && (count == strips[0].1 || first + count == pixels), "{pixels}: {strips:?}");
                    next += count;
                }
                assert_eq!(next, pixels);
                assert!(strips.len() <= pixels.div_ceil(72), "{pixels}: {strips:?}");
            }
        }
        assert_eq!(strips::<u64>(51, 1 << 20).count(), 1);
        assert_eq!(strips::<u64>(100, 1 << 20).collect::<Vec<_>>(), [(0, 72), (72, 28)]);
    }

    #[test]
    fn panels_cover_all_channels_once() {
        covers::<u32>();
        covers::<u64>();
    }
}
