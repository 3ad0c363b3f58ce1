//! Phases of a transformer's program, and the words for what it numbers.

use crate::machine::arrivals::{CounterId, Groups};
use crate::machine::legend::{Blocks, CounterWords, Legend, PhaseId, PhaseRole, PhaseWords};

/// Phase of a PE's work on a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Waits for the blocks of the stages before, or for the announcement of a token.
    Wait,
    /// Fetches the token's embedding from DRAM.
    Embedding,
    /// Layer norm of the residual stream.
    Norm,
    /// Codes values as signed spikes.
    Code,
    /// Linear layer: sums of all time steps.
    Product,
    /// Neurons of all time steps, or GELU.
    Neurons,
    /// Attention of the PE's heads.
    Attend,
    /// Adds to the residual stream.
    Residual,
    /// Sends the block.
    Broadcast,
    /// Reads the timer and writes the debug log.
    Log,
}

impl Phase {
    /// All phases, in the order in which tables show them.
    pub const ALL: [Self; 10] = [
        Self::Wait,
        Self::Embedding,
        Self::Norm,
        Self::Code,
        Self::Product,
        Self::Neurons,
        Self::Attend,
        Self::Residual,
        Self::Broadcast,
        Self::Log,
    ];

    /// Phases whose timer counts a PE writes to its debug log.
    pub const LOGGED: [Self; 4] = [Self::Product, Self::Neurons, Self::Attend, Self::Broadcast];

    const fn words(self) -> PhaseWords {
        use PhaseRole as Role;
        let (name, words, short, mark, letter, role) = match self {
            Self::Wait => ("wait", "waiting for blocks", "wait", "·", 'a', Role::Wait),
            Self::Embedding => ("embedding", "embedding from DRAM", "DRAM", "emb", 'e', Role::Read),
            Self::Norm => ("norm", "layer norm", "norm", "LN", 'n', Role::Compute(1)),
            Self::Code => ("code", "values as signed spikes", "code", "u→s", 'c', Role::Compute(1)),
            Self::Product => {
                ("product", "weights times values or spikes", "W·x", "W·x", 'w', Role::Compute(0))
            }
            Self::Neurons => {
                ("neurons", "potentials and spikes, or GELU", "neurons", "v,θ", 'v', Role::Compute(2))
            }
            Self::Attend => ("attention", "keys, values, query", "attention", "QKV", 'q', Role::Compute(2)),
            Self::Residual => {
                ("residual", "sum with the residual stream", "residual", "h+y", 'r', Role::Compute(1))
            }
            Self::Broadcast => ("broadcast", "block to all readers", "broadcast", ">>", 'b', Role::Send),
            Self::Log => ("log", "timer and debug log", "log", "log", 'l', Role::Log),
        };
        let absent = match self {
            Self::Embedding => "only wte fetches an embedding: leave the row out",
            Self::Code => "only networks with signed spikes as inputs code values: leave the row out",
            _ => "leave the row out",
        };
        let fires = matches!(self, Self::Neurons | Self::Attend | Self::Residual);
        PhaseWords { name, alias: None, key: name, words, short, mark, letter, role, fires, absent }
    }
}

impl From<Phase> for PhaseId {
    fn from(phase: Phase) -> Self {
        Self(phase as u8)
    }
}

/// Blocks of the stage before, or announcements in `wte`.
pub(super) const INPUT: CounterId = CounterId(0);
/// Blocks of the residual stream, for the columns that a stage adds to.
pub(super) const RESIDUAL: CounterId = CounterId(1);

/// Group of the PEs of the next stage.
pub(super) const NEXT: u8 = 0;
/// Group of the PEs of the stage after the next, which add to the residual stream.
pub(super) const ADDS: u8 = 1;

/// Returns the legend of a transformer's program.
pub fn legend() -> Legend {
    let counter = |counts: &'static str, values, of: &'static str| CounterWords {
        counts: counts.into(),
        blocks: Some(Blocks { values, of: of.into() }),
        ..CounterWords::default()
    };
    let (next, adds) = (Groups::only(NEXT), Groups::only(ADDS));
    let explained = [Phase::Product, Phase::Attend, Phase::Neurons, Phase::Norm, Phase::Broadcast];
    Legend {
        phases: Phase::ALL.map(Phase::words).into(),
        explained: explained.map(PhaseId::from).into(),
        announced: Phase::Wait.into(),
        notified: Phase::Wait.into(),
        sent: "block",
        row: "embedding",
        packets: vec![
            (next.with(adds), "residual stream of the next stages"),
            (next, "input of the next stage"),
            (adds, "residual stream"),
            (Groups::NONE, "output for the host"),
        ],
        counters: vec![
            counter("input of {own} from {below}", "input", "{below}"),
            counter("residual stream of {own}", "residual stream", "the stage two before"),
        ],
    }
}
