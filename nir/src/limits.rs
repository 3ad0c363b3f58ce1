//! Bounds on the work that a file may cause.

/// Bytes of a file; for callers, which read it.
pub const MAX_FILE_BYTES: u64 = 96 << 20;
/// Number of nodes in a file, nested graphs included.
pub const MAX_NODES: usize = 10_000;
/// Number of edges in a file, nested graphs included.
pub const MAX_EDGES: usize = 100_000;
/// Depth of nested graphs.
pub const MAX_DEPTH: usize = 16;
/// Number of dimensions of a shape or of an array of parameters.
pub const MAX_DIMENSIONS: usize = 8;
/// Number of values that pass along one edge in a time step; also neurons of a population.
pub const MAX_SIZE: usize = 16 << 20;
/// Bytes of one array of parameters as stored, decompressed.
pub const MAX_ARRAY_BYTES: usize = 32 << 20;
/// Number of parameters in a file.
pub const MAX_PARAMETERS: usize = 16 << 20;
/// Bytes of a name or of another text.
pub const MAX_TEXT_BYTES: usize = 1024;
