//! Sequences of C function calls that make up a run of a routine.

use std::sync::Arc;

use spinntui_cortex_m4::Core;

use super::super::SramWords;
use super::run::{Entry, Written, begin_call};
use crate::net::spiking::Kiss64;

/// Argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Number or byte address.
    Value(u32),
    /// Byte address of these words, which the caller stores on its stack.
    Block(Vec<u32>),
    /// Word of the SRAM at this byte address after the previous call.
    Word(u32),
    /// Result of the previous call.
    Returned,
}

/// Condition under which a call is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// The call is made in every run.
    #[default]
    Always,
    /// The call is made if none of the words at these byte addresses is 0.
    NonZero(Vec<u32>),
    /// The call is made if the previous call did not return this number.
    ReturnedOther(u32),
}

/// Call of a built-in C function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCall {
    /// Name of the function.
    pub function: &'static str,
    /// Arguments, in the order of the C source.
    pub arguments: Vec<Argument>,
    /// Condition of the call.
    pub when: When,
}

impl FunctionCall {
    /// Creates a call that is made in every run, with numbers and addresses as arguments.
    pub fn new(function: &'static str, arguments: impl IntoIterator<Item = u32>) -> Self {
        Self::with(function, arguments.into_iter().map(Argument::Value).collect())
    }

    /// Creates a call that is made in every run.
    pub fn with(function: &'static str, arguments: Vec<Argument>) -> Self {
        Self { function, arguments, when: When::Always }
    }

    /// Returns the call with a condition.
    #[must_use]
    pub fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}

/// Calls that a run makes, with the state of the devices that they use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls in order.
    pub list: Vec<FunctionCall>,
    /// Random-number unit of the PE before the first call; `None` where no call reads it.
    pub random: Option<Kiss64>,
    /// Words that are set to 0 before the first call: byte address and number of each range.
    pub zeros: Vec<(u32, u32)>,
}

impl From<Vec<FunctionCall>> for Calls {
    fn from(list: Vec<FunctionCall>) -> Self {
        Self { list, ..Self::default() }
    }
}

/// Call of a machine-code function.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Function that is called.
    pub entry: Arc<Entry>,
    /// Arguments, in the order of the C source.
    pub arguments: Vec<Argument>,
    /// Condition of the call.
    pub when: When,
}

/// Sequence of machine-code calls that make up a run.
///
/// The caller is the PE's main loop, whose own instructions are neither listed nor charged: each
/// call begins with a fresh core.
#[derive(Clone, Debug)]
pub struct Script {
    /// Calls in order.
    pub calls: Arc<[Ready]>,
    /// Random-number unit of the PE before the first call; `None` where no call reads it.
    pub random: Option<Kiss64>,
    /// Words that are set to 0 before the first call: byte address and number of each range.
    pub zeros: Vec<(u32, u32)>,
}

impl Script {
    /// Creates a script of one call.
    pub fn one(entry: &Entry, arguments: &[u32]) -> Self {
        let arguments = arguments.iter().copied().map(Argument::Value).collect();
        let ready = Ready { entry: Arc::new(entry.clone()), arguments, when: When::Always };
        Self { calls: Arc::new([ready]), random: None, zeros: Vec::new() }
    }

    /// Begins the first call from number `from` on whose condition is true.
    ///
    /// Returns its number and its core, which continues the counts of the core `before`; `None` if
    /// no call is left.
    pub fn begin(
        &self,
        from: usize,
        before: Option<&Core>,
        words: &mut SramWords,
        written: &mut Written,
    ) -> Option<(usize, Core)> {
        for &(at, count) in self.zeros.iter().filter(|_| before.is_none()) {
            (0..count).for_each(|word| written.set(words, at + 4 * word, 0));
        }
        let returned = before.map_or(0, |core| core.r[0]);
        let word = |words: &SramWords, at: u32| words.get(at as usize / 4).copied().unwrap_or(0);
        let holds = |words: &SramWords, when: &When| match when {
            When::Always => true,
            When::NonZero(at) => at.iter().all(|&at| word(words, at) != 0),
            When::ReturnedOther(value) => returned != *value,
        };
        let number = (from..self.calls.len()).find(|&number| holds(words, &self.calls[number].when))?;
        let Ready { entry, arguments, .. } = &self.calls[number];
        let arguments: Vec<Argument> = arguments
            .iter()
            .map(|argument| match argument {
                Argument::Word(at) => Argument::Value(word(words, *at)),
                Argument::Returned => Argument::Value(returned),
                other => other.clone(),
            })
            .collect();
        let mut core = begin_call(entry, &arguments, words, written);
        if let Some(before) = before {
            core.counts = before.counts;
        }
        Some((number, core))
    }
}
