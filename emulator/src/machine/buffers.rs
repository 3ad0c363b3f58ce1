//! Buffers in which values arrive in turn.

/// Buffers used in turn: two where time steps do not overlap, three where they do.
///
/// Values of step t lie in the buffer of step t, until values of two or three steps
/// later lands there. A program may let two kinds of values share the buffer of a step, one
/// after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffers {
    /// Byte addresses; the third is not in use where there are two.
    at: [u32; 3],
    count: u32,
}

impl Buffers {
    /// Creates `count` buffers (2 or 3) of `bytes` bytes each, one after the other from byte
    /// address `start` on.
    pub const fn new(start: u32, bytes: u32, count: u32) -> Self {
        Self { at: [start, start + bytes, start + 2 * bytes], count: if count > 2 { 3 } else { 2 } }
    }

    /// Returns the number of buffers.
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Returns the bytes of each buffer.
    pub const fn bytes(self) -> u32 {
        self.at[1] - self.at[0]
    }

    /// Iterates over the byte addresses of the buffers.
    pub fn addresses(self) -> impl Iterator<Item = u32> {
        self.at.into_iter().take(self.count as usize)
    }

    /// Returns the byte address of the buffer of time step `step`.
    pub const fn of(self, step: u32) -> u32 {
        self.at[(step % self.count) as usize]
    }

    /// Returns the byte address of the buffer of the time step before `step`.
    pub const fn before(self, step: u32) -> u32 {
        self.at[((step % self.count + self.count - 1) % self.count) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_buffers_keep_x_apart_from_the_next_and_from_the_y_before() {
        let buffers = Buffers::new(0x100, 0x10, 3);
        for step in 0..9 {
            let all = [buffers.of(step), buffers.before(step), buffers.of(step + 1)];
            assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{all:x?}");
            // What the credits are for.
            assert_eq!(buffers.of(step + 2), buffers.before(step));
        }
        assert_eq!(buffers.addresses().collect::<Vec<_>>(), [0x100, 0x110, 0x120]);
    }

    #[test]
    fn two_buffers_are_swapped() {
        let buffers = Buffers::new(0x100, 0x10, 2);
        assert_eq!([0, 1, 2].map(|t| buffers.of(t)), [0x100, 0x110, 0x100]);
        assert_eq!([0, 1, 2].map(|t| buffers.before(t)), [0x110, 0x100, 0x110]);
        assert_eq!(buffers.addresses().count(), 2);
    }
}
