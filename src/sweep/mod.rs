//! Sweeps and fault campaigns: many runs of one scene, and their results (`docs/sweeps.md`).
//!
//! A plan ([`plan::Sweep`]) is read and checked ([`load::LoadedPlan`]) and lists its points in an
//! order that depends on nothing else ([`list::Listing`]). A process runs a shard of them: each in
//! one of its worker processes ([`worker`], [`pool`]), so that a point that panics or is killed
//! costs no other point. Results are lines of files that only grow ([`store`]); [`gather`] makes a
//! table of them.

pub mod campaign;
mod check;
pub mod constraint;
pub mod gather;
pub mod line;
pub mod list;
pub mod load;
pub mod outcomes;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod plan;
pub mod plot;
pub mod point;
pub mod pool;
pub mod results;
pub mod run;
pub mod script;
pub mod soak;
pub mod store;
pub mod value;
mod values;
pub mod worker;
