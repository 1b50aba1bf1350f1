//! Threads that share the work of one party.

use core::fmt;
use std::sync::Arc;

/// A pool of threads, or none: then the caller does everything itself.
#[derive(Clone, Default)]
pub struct Threads(Option<Arc<rayon::ThreadPool>>);

impl Threads {
    /// A pool of this many threads; the caller is none of them and waits.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(count: usize) -> std::io::Result<Self> {
        if count <= 1 {
            return Ok(Self(None));
        }
        let name = |k| format!("product {k}");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).thread_name(name).build().map_err(std::io::Error::other)?;
        Ok(Self(Some(Arc::new(pool))))
    }

    /// The number of threads that work at once.
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// Calls `body` for every part, all at once.
    pub(crate) fn each<T: Send>(&self, parts: impl Iterator<Item = T>, body: impl Fn(T) + Sync) {
        let Some(pool) = &self.0 else { return parts.for_each(body) };
        let body = &body;
        // parts are taken here and done there
        let parts: Vec<T> = parts.collect();
        pool.scope(move |scope| parts.into_iter().for_each(|part| scope.spawn(move |_| body(part))));
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Threads[{}]", self.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once_by_any_number_of_threads() {
        for count in [0, 1, 2, 3, 7] {
            let threads = Threads::new(count).unwrap();
            assert_eq!(threads.count(), count.max(1));
            let mut done = vec![0; 100];
            threads.each(done.chunks_mut(9), |part| part.iter_mut().for_each(|d| *d += 1));
            assert!(done.iter().all(|d| *d == 1), "{count} threads: {done:?}");
        }
    }
}
