//! Channel dependency graph, for finding possible deadlocks.

/// Channel dependency graph: for each channel, those that a packet may wait for while it holds the
/// channel. A cycle is a possible deadlock.
#[derive(Clone, Debug)]
pub struct Dependencies {
    next: Vec<Vec<u16>>,
}

impl Dependencies {
    /// Creates a graph of `channels` channels without dependencies.
    pub fn new(channels: usize) -> Self {
        Self { next: vec![Vec::new(); channels] }
    }

    /// Adds a path, on which a packet that holds a channel may wait for the next one.
    pub fn add<T: Copy + Into<u16>>(&mut self, path: &[T]) {
        for pair in path.windows(2) {
            let (held, awaited) = (pair[0].into(), pair[1].into());
            let next = &mut self.next[usize::from(held)];
            if !next.contains(&awaited) {
                next.push(awaited);
            }
        }
    }

    /// Returns a copy with these paths added.
    #[must_use]
    pub fn with<T: Copy + Into<u16>>(&self, paths: &[Vec<T>]) -> Self {
        let mut trial = self.clone();
        for path in paths {
            trial.add(path);
        }
        trial
    }

    /// Returns `true` if the graph has no cycle.
    ///
    /// It removes channels without dependencies until none is left or none can be removed.
    pub fn is_acyclic(&self) -> bool {
        let n = self.next.len();
        let mut waits: Vec<usize> = self.next.iter().map(Vec::len).collect();
        let mut held_by: Vec<Vec<usize>> = vec![Vec::new(); n];
        for (channel, next) in self.next.iter().enumerate() {
            for &other in next {
                held_by[usize::from(other)].push(channel);
            }
        }
        let mut free: Vec<usize> = (0..n).filter(|&channel| waits[channel] == 0).collect();
        let mut removed = 0;
        while let Some(channel) = free.pop() {
            removed += 1;
            for &other in &held_by[channel] {
                waits[other] -= 1;
                if waits[other] == 0 {
                    free.push(other);
                }
            }
        }
        removed == n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_noticed() {
        let mut dependencies = Dependencies::new(4);
        dependencies.add(&[0_u16, 1, 2, 3]);
        assert!(dependencies.is_acyclic());
        assert!(!dependencies.with(&[vec![3_u16, 0]]).is_acyclic());
        assert!(dependencies.is_acyclic());
    }
}
