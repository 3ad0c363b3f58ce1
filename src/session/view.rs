//! Snapshots: what faces see.
