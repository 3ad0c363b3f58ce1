//! `neurons.c`: a tick of a PE's spiking neurons as a sequence of passes over arrays in its SRAM.
//!
//! [`calls`] gives the sequence whose bits are those of [`crate::net::spiking::update::update`].

use serde::{Deserialize, Serialize};

use super::{KernelFault, Memory, WORDS};
use crate::net::compare::Compare;
use crate::net::spiking::update::{Constants, FiringMode, Mode, SynapseMode};
use crate::net::spiking::{ResetRule, SpikesPerTick};

/// Function of `assets/kernels/neurons.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Converts sums of integers to singles.
    TakeIntegers,
    /// state ← (keep · state + gain · x) + offset.
    Filter,
    /// current ← keep · current + x.
    LeakAdd,
    /// v ← ((keep · v + excitation) − inhibition) + offset.
    Difference,
    /// y ← 1 where v > above, else 0.
    FireOne,
    /// y ← whole multiples of θ in v, at least 1, where v > above, else 0.
    FireMany,
    /// v ← v − y · θ where y is not 0.
    Subtract,
    /// v ← a value where y is not 0.
    SetTo,
    /// v ← 0 where y is not 0.
    SetZero,
    /// v ← v − (y − before) · θ where the two differ.
    Settle,
    /// v is at least a lower limit.
    RaiseTo,
    /// v ← a value.
    BeginAt,
    /// Lists the keys of neurons with spikes.
    ListSpikes,
    /// Lists their keys, each with its number of spikes.
    ListCounts,
}

impl Pass {
    /// All passes, in the order of the C source.
    pub const ALL: [Self; 14] = [
        Self::TakeIntegers,
        Self::Filter,
        Self::LeakAdd,
        Self::Difference,
        Self::FireOne,
        Self::FireMany,
        Self::Subtract,
        Self::SetTo,
        Self::SetZero,
        Self::Settle,
        Self::RaiseTo,
        Self::BeginAt,
        Self::ListSpikes,
        Self::ListCounts,
    ];

    /// Returns the name of the function.
    pub const fn function(self) -> &'static str {
        match self {
            Self::TakeIntegers => "take_integers",
            Self::Filter => "filter",
            Self::LeakAdd => "leak_add",
            Self::Difference => "difference",
            Self::FireOne => "fire_one",
            Self::FireMany => "fire_many",
            Self::Subtract => "subtract",
            Self::SetTo => "set_to",
            Self::SetZero => "set_zero",
            Self::Settle => "settle",
            Self::RaiseTo => "raise_to",
            Self::BeginAt => "begin_at",
            Self::ListSpikes => "list_spikes",
            Self::ListCounts => "list_counts",
        }
    }

    /// Returns the number of arrays that it is given.
    pub const fn arrays(self) -> usize {
        match self {
            Self::TakeIntegers
            | Self::SetZero
            | Self::RaiseTo
            | Self::BeginAt
            | Self::ListSpikes
            | Self::ListCounts => 2,
            Self::LeakAdd | Self::FireOne | Self::Subtract | Self::SetTo => 3,
            Self::FireMany | Self::Settle => 4,
            Self::Filter | Self::Difference => 5,
        }
    }

    /// Returns whether it lists spikes, so that its time depends on their number.
    pub const fn lists(self) -> bool {
        matches!(self, Self::ListSpikes | Self::ListCounts)
    }
}

/// Call of a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Function that is called.
    pub pass: Pass,
    /// Byte addresses of its arrays, in the order of the C arguments.
    pub arrays: Vec<u32>,
    /// Key of the first neuron, for passes that list keys.
    pub key: u32,
}

/// Array of a population's neurons on a PE: a word a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Array {
    /// Sums of 8-bit weights as singles.
    Input,
    /// Sums of negative weights.
    Inhibition,
    /// Share of v that is kept.
    Keep,
    /// Factor of the input, or of the current.
    Gain,
    /// Constant drive of v.
    Offset,
    /// Share of the current that is kept, or of the excitatory one.
    CurrentKeep,
    /// Factor of the input in the current.
    CurrentGain,
    /// Constant drive of the current.
    CurrentOffset,
    /// Share of the inhibitory current that is kept.
    InhibitionKeep,
    /// Synaptic current, or the excitatory one.
    Current,
    /// Inhibitory synaptic current.
    InhibitoryCurrent,
    /// Limit that v must exceed for a spike.
    Above,
    /// Threshold θ, which a spike subtracts.
    Threshold,
    /// v after a spike.
    Reset,
    /// Lower limit of v.
    Floor,
    /// Whether v exceeded its limit when the tick began.
    Pending,
    /// Membrane potential v.
    Potential,
    /// Number of spikes.
    Spikes,
}

impl Array {
    /// Returns its name in memory maps.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "inputs",
            Self::Inhibition => "inhibitory inputs",
            Self::Keep => "kept of v",
            Self::Gain => "gain",
            Self::Offset => "offset",
            Self::CurrentKeep => "kept of the current",
            Self::CurrentGain => "gain of the current",
            Self::CurrentOffset => "offset of the current",
            Self::InhibitionKeep => "kept of the inhibitory current",
            Self::Current => "currents",
            Self::InhibitoryCurrent => "inhibitory currents",
            Self::Above => "limits of v",
            Self::Threshold => "thresholds",
            Self::Reset => "reset values",
            Self::Floor => "lower limits",
            Self::Pending => "pending spikes",
            Self::Potential => "potentials",
            Self::Spikes => "spikes",
        }
    }
}

/// Byte addresses of the arrays that a PE's neurons need, of `units` words each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NeuronLayout {
    /// Number of neurons.
    pub units: u32,
    /// Address of the membrane potentials v, a word a neuron.
    pub potential: u32,
    /// Numbers of spikes; `None` for populations whose output is v.
    pub y: Option<u32>,
    arrays: Vec<(Array, u32)>,
}

impl NeuronLayout {
    /// Creates a layout of `units` neurons without arrays.
    pub fn new(units: u32) -> Self {
        Self { units, ..Self::default() }
    }

    /// Places an array at byte address `at`.
    pub fn set(&mut self, array: Array, at: u32) {
        match array {
            Array::Potential => self.potential = at,
            Array::Spikes => self.y = Some(at),
            _ => {}
        }
        self.arrays.push((array, at));
    }

    /// Returns the byte address of an array, if the neurons have it.
    pub fn find(&self, array: Array) -> Option<u32> {
        self.arrays.iter().find(|(other, _)| *other == array).map(|&(_, at)| at)
    }

    /// Returns all arrays with their byte addresses.
    pub fn arrays(&self) -> &[(Array, u32)] {
        &self.arrays
    }

    fn at(&self, array: Array) -> u32 {
        self.find(array).unwrap_or(0)
    }

    /// Returns the address of the value that v must exceed for a spike.
    fn above(&self) -> u32 {
        self.find(Array::Above).unwrap_or(self.at(Array::Threshold))
    }
}

/// Returns the arrays that neurons of a mode need.
pub fn needed(mode: Mode, integers: bool) -> Vec<Array> {
    let mut arrays = Vec::new();
    let signed = mode.synapse == SynapseMode::Signed;
    if integers {
        arrays.push(Array::Input);
        arrays.extend(signed.then_some(Array::Inhibition));
    }
    arrays.push(Array::Keep);
    arrays.extend((!signed).then_some(Array::Gain));
    arrays.push(Array::Offset);
    match mode.synapse {
        SynapseMode::Direct => {}
        SynapseMode::Current { .. } => {
            arrays.extend([Array::CurrentKeep, Array::CurrentGain, Array::CurrentOffset, Array::Current]);
        }
        SynapseMode::Signed => arrays.extend([
            Array::CurrentKeep,
            Array::InhibitionKeep,
            Array::Current,
            Array::InhibitoryCurrent,
        ]),
    }
    if let Some(firing) = mode.firing {
        // What v must exceed is θ itself where v > θ is asked for.
        arrays.extend((firing.compare == Compare::GreaterOrEqual).then_some(Array::Above));
        arrays.push(Array::Threshold);
        arrays.extend((firing.reset == ResetRule::ToValue).then_some(Array::Reset));
        arrays.extend(firing.limited.then_some(Array::Floor));
        arrays.extend(looks_back(firing.reset).then_some(Array::Pending));
        arrays.push(Array::Spikes);
    }
    arrays.push(Array::Potential);
    arrays
}

/// Returns whether a rule depends on the v before the tick.
fn looks_back(rule: ResetRule) -> bool {
    !matches!(rule, ResetRule::Subtract | ResetRule::ToValue)
}

/// Returns the value of a constant array for a neuron; `None` for arrays that begin at 0.
pub fn constant(array: Array, mode: Mode, constants: &Constants) -> Option<f32> {
    Some(match array {
        Array::Keep => constants.keep,
        Array::Gain => constants.gain,
        Array::Offset => constants.offset,
        Array::CurrentKeep => constants.current_keep,
        Array::CurrentGain => constants.current_gain,
        Array::CurrentOffset => constants.current_offset,
        Array::InhibitionKeep => constants.inhibition_keep,
        Array::Threshold => constants.threshold,
        Array::Above => {
            let compare = mode.firing.map_or(Compare::Greater, |firing| firing.compare);
            above(compare, constants.threshold)
        }
        Array::Reset => constants.reset,
        Array::Floor => constants.floor,
        Array::Input
        | Array::Inhibition
        | Array::Current
        | Array::InhibitoryCurrent
        | Array::Pending
        | Array::Potential
        | Array::Spikes => return None,
    })
}

/// Returns the value that v must exceed for a spike: θ, or for v ≥ θ the next smaller single.
pub fn above(compare: Compare, threshold: f32) -> f32 {
    match compare {
        Compare::Greater => threshold,
        Compare::GreaterOrEqual => threshold.next_down(),
    }
}

/// Returns the byte addresses of the arrays that hold state from tick to tick, potentials aside.
pub fn states(layout: &NeuronLayout) -> Vec<u32> {
    [Array::Current, Array::InhibitoryCurrent].into_iter().filter_map(|array| layout.find(array)).collect()
}

/// Returns the passes of a tick; `lanes` are the byte addresses of the sums that it takes: of
/// all weights, or of those ≥ 0 and the magnitudes of the others.
pub fn calls(mode: Mode, integers: bool, layout: &NeuronLayout, lanes: &[u32]) -> Vec<Call> {
    let at = |array: Array| layout.at(array);
    let v = layout.potential;
    let mut calls = Vec::new();
    let mut call = |pass: Pass, arrays: &[u32]| calls.push(Call { pass, arrays: arrays.to_vec(), key: 0 });
    let lane = |number: usize| lanes.get(number).copied().unwrap_or(0);
    let (mut x, mut inhibition) = (lane(0), lane(1));
    if integers {
        call(Pass::TakeIntegers, &[x, at(Array::Input)]);
        x = at(Array::Input);
        if mode.synapse == SynapseMode::Signed {
            call(Pass::TakeIntegers, &[inhibition, at(Array::Inhibition)]);
            inhibition = at(Array::Inhibition);
        }
    }
    let (above, theta, pending) = (layout.above(), at(Array::Threshold), at(Array::Pending));
    let rule = mode.firing.map(|firing| firing.reset);
    if rule.is_some_and(looks_back) {
        call(Pass::FireOne, &[above, v, pending]);
        match rule {
            Some(ResetRule::BeforeLeak) => call(Pass::Subtract, &[pending, theta, v]),
            Some(ResetRule::ZeroBeforeLeak) => call(Pass::SetZero, &[pending, v]),
            _ => {}
        }
    }
    let membrane = [at(Array::Keep), at(Array::Gain), at(Array::Offset), v];
    let current = at(Array::Current);
    let filter = [x, at(Array::CurrentKeep), at(Array::CurrentGain), at(Array::CurrentOffset), current];
    let of = |input: u32| [input, membrane[0], membrane[1], membrane[2], v];
    match mode.synapse {
        SynapseMode::Direct => call(Pass::Filter, &of(x)),
        SynapseMode::Current { old: false } => {
            call(Pass::Filter, &filter);
            call(Pass::Filter, &of(current));
        }
        SynapseMode::Current { old: true } => {
            call(Pass::Filter, &of(current));
            call(Pass::Filter, &filter);
        }
        SynapseMode::Signed => {
            let inhibitory = at(Array::InhibitoryCurrent);
            call(Pass::LeakAdd, &[x, at(Array::CurrentKeep), current]);
            call(Pass::LeakAdd, &[inhibition, at(Array::InhibitionKeep), inhibitory]);
            call(Pass::Difference, &[current, inhibitory, membrane[0], membrane[2], v]);
        }
    }
    if let Some(firing) = mode.firing {
        fire(firing, layout, &mut call);
    }
    calls
}

/// Calls `call` with each pass of spike and reset and the addresses of the pass's arrays.
fn fire(firing: FiringMode, layout: &NeuronLayout, call: &mut impl FnMut(Pass, &[u32])) {
    let at = |array: Array| layout.at(array);
    let (v, y) = (layout.potential, at(Array::Spikes));
    let (above, theta, pending) = (layout.above(), at(Array::Threshold), at(Array::Pending));
    match firing.reset {
        ResetRule::SnnTorch | ResetRule::SnnTorchDelayed => call(Pass::Subtract, &[pending, theta, v]),
        ResetRule::SnnTorchZeroDelayed => call(Pass::SetZero, &[pending, v]),
        _ => {}
    }
    match firing.spikes_per_tick {
        SpikesPerTick::One => call(Pass::FireOne, &[above, v, y]),
        SpikesPerTick::Many => call(Pass::FireMany, &[above, theta, v, y]),
    }
    match firing.reset {
        ResetRule::Subtract => call(Pass::Subtract, &[y, theta, v]),
        ResetRule::ToValue => call(Pass::SetTo, &[y, at(Array::Reset), v]),
        ResetRule::SnnTorch => call(Pass::Settle, &[y, pending, theta, v]),
        _ => {}
    }
    if firing.limited {
        call(Pass::RaiseTo, &[at(Array::Floor), v]);
    }
}

/// Refuses an array that does not lie in SRAM whole.
fn check(call: &Call, units: u32) -> Result<(), KernelFault> {
    let words = |array: usize| match (call.pass, array) {
        (Pass::ListSpikes, 1) => u64::from(units) + 1,
        (Pass::ListCounts, 1) => 2 * u64::from(units) + 1,
        _ => u64::from(units),
    };
    let fault = |what, address| KernelFault { kernel: call.pass.function(), what, address, code: None };
    for (number, &at) in call.arrays.iter().enumerate() {
        let end = u64::from(at) + 4 * words(number);
        if end > 4 * WORDS as u64 {
            return Err(fault("array", end));
        }
    }
    if call.arrays.len() == call.pass.arrays() { Ok(()) } else { Err(fault("argument", 0)) }
}

/// Carries out a pass over `units` neurons.
///
/// # Errors
///
/// Fails if an array does not lie in SRAM.
pub fn run(call: &Call, memory: &mut impl Memory, units: u32) -> Result<(), KernelFault> {
    check(call, units)?;
    let a = |number: usize| call.arrays.get(number).copied().unwrap_or(0) / 4;
    let single = |memory: &dyn Fn(u32) -> u32, array: usize, n: u32| f32::from_bits(memory(a(array) + n));
    if call.pass.lists() {
        list(call, memory, units);
        return Ok(());
    }
    for n in 0..units {
        let words = memory.words();
        let word = |at: u32| words[at as usize % WORDS];
        let get = |array: usize| single(&word, array, n);
        let (array, value) = match call.pass {
            Pass::TakeIntegers => (1, word(a(0) + n).cast_signed() as f32),
            Pass::Filter => (4, (get(1) * get(4) + get(2) * get(0)) + get(3)),
            Pass::LeakAdd => (2, get(1) * get(2) + get(0)),
            Pass::Difference => (4, ((get(2) * get(4) + get(0)) - get(1)) + get(3)),
            Pass::FireOne => (2, if get(1) > get(0) { 1.0 } else { 0.0 }),
            Pass::FireMany => {
                let whole = (get(2) / get(1)) as u32 as f32;
                let sent = if whole > 1.0 { whole } else { 1.0 };
                (3, if get(2) > get(0) { sent } else { 0.0 })
            }
            Pass::Subtract => (2, if get(0) == 0.0 { get(2) } else { get(2) - get(0) * get(1) }),
            Pass::SetTo => (2, if get(0) == 0.0 { get(2) } else { get(1) }),
            Pass::SetZero => (1, if get(0) == 0.0 { get(1) } else { 0.0 }),
            Pass::Settle => {
                let due = get(0) - get(1);
                (3, if due == 0.0 { get(3) } else { get(3) - due * get(2) })
            }
            Pass::RaiseTo => (1, if get(1) < get(0) { get(0) } else { get(1) }),
            Pass::BeginAt => (1, get(0)),
            Pass::ListSpikes | Pass::ListCounts => continue,
        };
        memory.set_word(4 * (a(array) + n), value.to_bits());
    }
    Ok(())
}

fn list(call: &Call, memory: &mut impl Memory, units: u32) {
    let (y, list) = (call.arrays[0] / 4, call.arrays[1]);
    let (mut at, mut count) = (list + 4, 0);
    for n in 0..units {
        let spikes = f32::from_bits(memory.words()[(y + n) as usize % WORDS]);
        if spikes == 0.0 {
            continue;
        }
        count += 1;
        memory.set_word(at, call.key.wrapping_add(n));
        at += 4;
        if call.pass == Pass::ListCounts {
            memory.set_word(at, spikes as u32);
            at += 4;
        }
    }
    memory.set_word(list, count);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::empty_sram;
    use crate::net::spiking::update::{Input, NeuronState, update};

    const UNITS: u32 = 6;

    fn modes() -> impl Strategy<Value = (Mode, bool)> {
        let synapse = prop_oneof![
            Just(SynapseMode::Direct),
            any::<bool>().prop_map(|old| SynapseMode::Current { old }),
            Just(SynapseMode::Signed),
        ];
        let rules = prop_oneof![
            Just(ResetRule::Subtract),
            Just(ResetRule::ToValue),
            Just(ResetRule::SnnTorch),
            Just(ResetRule::SnnTorchDelayed),
            Just(ResetRule::SnnTorchZeroDelayed),
            Just(ResetRule::BeforeLeak),
            Just(ResetRule::ZeroBeforeLeak),
        ];
        let compare = prop_oneof![Just(Compare::Greater), Just(Compare::GreaterOrEqual)];
        let many = prop_oneof![Just(SpikesPerTick::One), Just(SpikesPerTick::Many)];
        let firing =
            (compare, rules, many, any::<bool>()).prop_map(|(compare, reset, spikes_per_tick, limited)| {
                FiringMode { compare, reset, spikes_per_tick, limited }
            });
        (synapse, prop::option::of(firing), any::<bool>())
            .prop_map(|(synapse, firing, integers)| (Mode { synapse, firing }, integers))
    }

    fn constants() -> impl Strategy<Value = Constants> {
        // Quarters, so that v meets its threshold exactly now and then.
        prop::array::uniform10(-4_i8..5).prop_map(|quarters| {
            let [
                keep,
                gain,
                offset,
                current_keep,
                current_gain,
                current_offset,
                inhibition_keep,
                threshold,
                reset,
                floor,
            ] = quarters.map(|n| f32::from(n) / 4.0);
            let threshold = threshold.abs() + 0.25;
            Constants {
                keep,
                gain,
                offset,
                current_keep,
                current_gain,
                current_offset,
                inhibition_keep,
                threshold,
                reset,
                floor: floor - 1.0,
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// The passes on SRAM leave the bits of the reference, for every neuron model.
        #[test]
        fn the_passes_of_a_tick_are_the_reference(
            (mode, integers) in modes(), constants in prop::collection::vec(constants(), UNITS as usize),
            sums in prop::collection::vec(prop::array::uniform2(-6_i32..7), 5 * UNITS as usize),
        ) {
            let mut words = empty_sram();
            let mut layout = NeuronLayout::new(UNITS);
            let lanes = [0x100, 0x140];
            for (number, array) in (0_u32..).zip(needed(mode, integers)) {
                let at = 0x200 + 0x40 * number;
                layout.set(array, at);
                for (n, constants) in (0_u32..).zip(&constants) {
                    let value = constant(array, mode, constants).unwrap_or(0.0);
                    words.set_word(at + 4 * n, value.to_bits());
                }
            }
            let mut states = [NeuronState::default(); UNITS as usize];
            for tick in sums.chunks(UNITS as usize) {
                for (n, [sum, inhibition]) in (0_u32..).zip(tick) {
                    let word = |sum: i32| if integers { sum.cast_unsigned() } else { (sum as f32 / 4.0).to_bits() };
                    words.set_word(lanes[0] + 4 * n, word(*sum));
                    words.set_word(lanes[1] + 4 * n, word(*inhibition));
                }
                for call in calls(mode, integers, &layout, &lanes) {
                    run(&call, &mut words, UNITS).unwrap();
                }
                for (n, state) in (0_u32..).zip(&mut states) {
                    let single = |sum: i32| if integers { sum as f32 } else { sum as f32 / 4.0 };
                    let [sum, inhibition] = tick[n as usize].map(single);
                    let inhibition = if mode.synapse == SynapseMode::Signed { inhibition } else { 0.0 };
                    let spikes = update(mode, &constants[n as usize], state, Input { sum, inhibition });
                    let at = |array: u32| words[(array + 4 * n) as usize / 4];
                    prop_assert_eq!(at(layout.potential), state.v.to_bits(), "{:?}: v of {}", mode, n);
                    if let Some(y) = layout.y {
                        prop_assert_eq!(at(y), (spikes as f32).to_bits(), "{:?}: spikes of {}", mode, n);
                    }
                    if let Some(current) = layout.find(Array::Current) {
                        prop_assert_eq!(at(current), state.current.to_bits(), "{:?}: current of {}", mode, n);
                    }
                }
            }
        }
    }

    #[test]
    fn an_array_outside_of_memory_is_a_fault() {
        let mut words = empty_sram();
        let call = |at| Call { pass: Pass::SetZero, arrays: vec![0, at], key: 0 };
        assert!(run(&call(0x1_FFF0), &mut words, 4).is_ok());
        let fault = run(&call(0x1_FFF4), &mut words, 4).unwrap_err();
        assert_eq!((fault.kernel, fault.address), ("set_zero", 0x2_0004));
        let short = Call { pass: Pass::Filter, arrays: vec![0], key: 0 };
        assert!(run(&short, &mut words, 4).is_err());
    }
}
