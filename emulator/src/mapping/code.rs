//! Levels of the routines of a mapped program: native, or the machine code of an ELF file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spinntui_cortex_m4::Traps;

use super::attention::AttentionProgram;
use super::egru::Phase;
use super::options::LayerMapping;
use crate::kernel::SramWords;
use crate::kernel::code::calls::Script;
use crate::kernel::code::run::Entry;
use crate::kernel::code::{CodeError, CodeFile};
use crate::kernel::options::KernelChoice;
use crate::machine::code::{AtCode, Code};
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::options::Assume;
use crate::machine::program::{Action, Operation, PeProgram, Population, Program, Region, RegionKind};
use crate::machine::routine::Routine;

/// Machine code that a program's routines are to run.
#[derive(Clone, Debug)]
pub struct Choice {
    /// File that contains the function.
    pub file: Arc<CodeFile>,
    /// Function, or the begin of its name before `8` and `16`; `None` for the routine's own name.
    pub function: Option<String>,
}

impl Choice {
    /// Returns the machine code of the built-in routines.
    ///
    /// # Errors
    ///
    /// Fails if the committed file is damaged, which a test excludes.
    pub fn built_in() -> Result<Self, CodeError> {
        Ok(Self { file: Arc::clone(CodeFile::built_in()?), function: None })
    }

    /// Finds the function for a call of the built-in function `own`.
    fn entry(&self, own: &str, assume: &Assume) -> Result<Entry, CodeError> {
        let name = self.function.as_deref().unwrap_or(own);
        let digits = own.rfind(|letter: char| !letter.is_ascii_digit()).map_or("", |at| &own[at + 1..]);
        // Only functions for several widths of row numbers have variants.
        let variant = if own.starts_with("csc_") { format!("{name}{digits}") } else { name.to_owned() };
        let file = match self.function {
            None if Arc::ptr_eq(&self.file, CodeFile::built_in()?) => CodeFile::built_in_with(own)?,
            _ => &self.file,
        };
        let found = file.function(&variant).or_else(|_| file.function(name))?;
        let (function, address) = (found.name.clone(), found.address);
        let traps = Traps { unaligned: assume.traps, divide: assume.traps };
        Ok(Entry { file: Arc::clone(file), function, address, traps })
    }

    /// Returns a routine at level code; `None` if it has level native only, or runs functions
    /// of another layout.
    ///
    /// # Errors
    ///
    /// Fails if the file lacks a function.
    pub fn of(
        &self,
        routine: &Arc<dyn Routine>,
        assume: &Assume,
    ) -> Result<Option<Arc<dyn Routine>>, CodeError> {
        let Some(code) = self.code(&**routine, assume)? else { return Ok(None) };
        let native = routine.native().unwrap_or(routine);
        Ok(Some(Arc::new(AtCode::new(Arc::clone(native), code))))
    }

    /// Returns the machine code that takes the place of a routine.
    fn code(&self, routine: &dyn Routine, assume: &Assume) -> Result<Option<Code>, CodeError> {
        let functions = routine.functions();
        // A share with an infinite or NaN weight runs another function, which leaves no product
        // out; it stays native.
        let layout = KernelChoice::layout_of;
        let Some(main) = functions.first() else { return Ok(None) };
        if self.function.as_deref().is_some_and(|name| layout(name) != layout(main)) {
            return Ok(None);
        }
        // What prepares the operands of a kernel of one's own is built-in.
        let built_in = Self::built_in()?;
        let entry = |(number, own): (usize, &'static str)| {
            let of = if number == 0 { self } else { &built_in };
            Ok((own, Arc::new(of.entry(own, assume)?)))
        };
        let entries = functions.into_iter().enumerate().map(entry).collect::<Result<_, CodeError>>()?;
        Ok(Some(Code { entries, interleave: assume.bank_interleave }))
    }
}

/// Returns the calls that a run in time step `step` makes at level code, on the bytes of now;
/// `None` if it has level native only.
///
/// A routine at level native has the built-in functions of its names.
pub fn script_of(routine: &dyn Routine, words: &SramWords, step: u32, assume: &Assume) -> Option<Script> {
    let calls = routine.calls(words, step);
    match routine.code() {
        Some(code) => Some(code.script(&calls)),
        None => Some(Choice::built_in().ok()?.code(routine, assume).ok()??.script(&calls)),
    }
}

/// Returns the main function that a routine calls at level code; `None` if it has level native
/// only.
pub fn entry_of(routine: &dyn Routine, assume: &Assume) -> Option<Arc<Entry>> {
    match routine.code() {
        Some(code) => code.entry().cloned(),
        None => Choice::built_in().ok()?.code(routine, assume).ok()??.entry().cloned(),
    }
}

/// Sets the level of a matrix product of a population: W·x (0) or R·y (1).
///
/// # Errors
///
/// Fails if the file lacks the function for one of the PEs.
pub fn set_product(
    program: &mut Program,
    population: usize,
    product: usize,
    choice: &Choice,
) -> Result<(), CodeError> {
    let phase = PhaseId::from(if product == 0 { Phase::Input } else { Phase::Recurrent });
    set_phases(program, population, &|of| of == phase, choice)?;
    Ok(())
}

/// Sets level code of the routines of a population in the phases that `chosen` accepts; returns the
/// phases of these that have routines with machine code.
///
/// # Errors
///
/// Fails if the file lacks a function for one of the PEs.
pub fn set_phases(
    program: &mut Program,
    population: usize,
    chosen: &dyn Fn(PhaseId) -> bool,
    choice: &Choice,
) -> Result<BTreeSet<PhaseId>, CodeError> {
    let assume = program.assume.clone();
    let mut set = BTreeSet::new();
    for loaded in program.pes.iter_mut().flatten() {
        let of = |slot: u8| loaded.slots.get(usize::from(slot)).map(|slot| slot.population);
        let operations: Vec<usize> = (0..loaded.operations.len())
            .filter(|&at| {
                let operation = &loaded.operations[at];
                chosen(operation.phase) && of(operation.slot) == Some(PopulationId::at(population))
            })
            .collect();
        let mut runs = false;
        for &at in &operations {
            let Action::Call(routine) = &loaded.operations[at].action else { continue };
            // What runs code of the scene's goes on with it.
            if routine.code().is_some() && choice.function.is_none() {
                set.insert(loaded.operations[at].phase);
                continue;
            }
            if let Some(routine) = choice.of(routine, &assume)? {
                set.insert(loaded.operations[at].phase);
                loaded.operations[at].action = Action::Call(routine);
                runs = true;
            }
        }
        if runs {
            load(loaded, &choice.file)?;
            load_files(loaded)?;
        }
    }
    Ok(set)
}

/// Returns the populations of an entry of the scene's mapping: those of its name, or the stages of
/// a transformer of its kind that have no entry of their own.
pub fn populations_of(program: &Program, layers: &[LayerMapping], entry: usize) -> Vec<usize> {
    let Some(name) = layers.get(entry).map(|layer| layer.layer.as_str()) else { return Vec::new() };
    let stages = AttentionProgram::of(program).map(|of| of.stages.as_slice()).unwrap_or_default();
    let is_of = |(number, population): &(usize, &Population)| {
        let kind = stages.get(*number).is_some_and(|stage| stage.kind() == name);
        population.name == name || kind && layers.iter().all(|layer| layer.layer != population.name)
    };
    program.populations.iter().enumerate().filter(is_of).map(|(number, _)| number).collect()
}

/// Phases of populations by the levels of their routines.
#[derive(Clone, Debug, Default)]
pub struct PhaseLevels {
    /// Phases with a routine that has machine code.
    pub with: BTreeSet<PhaseId>,
    /// Reasons for which routines have none.
    pub without: BTreeMap<PhaseId, &'static str>,
}

/// Returns the phases in which populations have routines with and without machine code.
pub fn phases_of(program: &Program, populations: &[usize]) -> PhaseLevels {
    let mut levels = PhaseLevels::default();
    for loaded in program.pes.iter().flatten() {
        for operation in &loaded.operations {
            let slot = loaded.slots.get(usize::from(operation.slot));
            let Action::Call(routine) = &operation.action else { continue };
            if slot.is_none_or(|slot| !populations.contains(&slot.population.index())) {
                continue;
            }
            if !routine.functions().is_empty() {
                levels.with.insert(operation.phase);
            } else if let Some(why) = routine.native_only() {
                levels.without.insert(operation.phase, why);
            }
        }
    }
    levels
}

/// Sets the level of all routines of a PE that have two: code, or native for `None`. Routines that
/// run machine code already go on with theirs.
///
/// # Errors
///
/// Fails if the file lacks a function.
pub fn set_pe(loaded: &mut PeProgram, choice: Option<&Choice>, assume: &Assume) -> Result<(), CodeError> {
    for operation in &mut loaded.operations {
        let Action::Call(routine) = &operation.action else { continue };
        let level = match choice {
            Some(_) if routine.code().is_some() => continue,
            Some(choice) => choice.of(routine, assume)?,
            None => routine.native().cloned(),
        };
        if let Some(routine) = level {
            operation.action = Action::Call(routine);
        }
    }
    if let Some(choice) = choice {
        load(loaded, &choice.file)?;
        load_files(loaded)?;
    }
    Ok(())
}

/// Adds the files whose machine code a PE's routines run to its image and memory map.
fn load_files(loaded: &mut PeProgram) -> Result<(), CodeError> {
    let of = |operation: &Operation| match &operation.action {
        Action::Call(routine) => routine.code().map(|code| code.files().cloned().collect::<Vec<_>>()),
        _ => None,
    };
    let files: Vec<Arc<CodeFile>> = loaded.operations.iter().filter_map(of).flatten().collect();
    files.iter().try_for_each(|file| load(loaded, file))
}

/// Puts the machine code of the built-in routines into the image of every PE, within its
/// program region; that of fast kernels and of units that always send only into
/// those of the PEs that run it.
///
/// # Errors
///
/// Fails if the committed file is damaged, which a test excludes.
pub fn load_built_in(program: &mut Program) -> Result<(), CodeError> {
    let file = CodeFile::built_in()?;
    for loaded in program.pes.iter_mut().flatten() {
        Arc::make_mut(&mut loaded.image).extend(file.words.iter().cloned());
        for file in CodeFile::on_demand()? {
            let runs = |operation: &Operation| match &operation.action {
                Action::Call(routine) => routine.functions().iter().any(|own| file.has(own)),
                _ => false,
            };
            if loaded.operations.iter().any(runs) {
                load(loaded, file)?;
            }
        }
    }
    Ok(())
}

/// Adds a file's words to the image of a PE and to its memory map, once.
fn load(loaded: &mut PeProgram, file: &CodeFile) -> Result<(), CodeError> {
    let name = format!("code of {}", file.name);
    if loaded.regions.iter().any(|region| region.name == name) {
        return Ok(());
    }
    for (address, words) in &file.words {
        let there = loaded.image.iter().any(|(at, image)| at == address && image == words);
        let meets = |(at, image): &(u32, Vec<u32>)| {
            *at < address + 4 * words.len() as u32 && *address < at + 4 * image.len() as u32
        };
        if !there && loaded.image.iter().any(meets) {
            let bytes = 4 * words.len() as u32;
            return Err(CodeError::Taken { name: file.name.clone(), address: *address, bytes });
        }
        let (start, end) = (*address, address + 4 * words.len() as u32);
        let free = |region: &Region| {
            region.kind == RegionKind::Program && region.start <= start && end <= region.end
        };
        let at =
            loaded.regions.iter().position(|region| free(region) && !region.name.starts_with("code of "));
        let Some(at) = at else {
            return Err(CodeError::Taken { name: file.name.clone(), address: start, bytes: end - start });
        };
        let around = loaded.regions.remove(at);
        let rest = |start, end| Region { start, end, name: around.name.clone(), kind: around.kind };
        let own = Region { start, end, name: name.clone(), kind: RegionKind::Program };
        let parts = [rest(around.start, start), own, rest(end, around.end)];
        loaded.regions.splice(at..at, parts.into_iter().filter(|part| part.start < part.end));
        if !there {
            Arc::make_mut(&mut loaded.image).push((start, words.clone()));
        }
    }
    Ok(())
}

/// Levels of whole programs side by side, for the tests of the network families.
#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::machine::exec::Machine;
    use crate::machine::state::PeState;

    /// Returns a program with machine code wherever a routine has some, and the number of its
    /// routines that have none.
    ///
    /// # Panics
    ///
    /// If the committed machine code is damaged.
    pub fn at_code(program: &Program) -> (Program, usize) {
        let mut program = program.clone();
        load_built_in(&mut program).unwrap();
        let (choice, assume) = (Choice::built_in().unwrap(), program.assume.clone());
        let mut without = 0;
        for loaded in program.pes.iter_mut().flatten() {
            set_pe(loaded, Some(&choice), &assume).unwrap();
            let native = |operation: &&Operation| matches!(&operation.action, Action::Call(routine) if routine.code().is_none());
            without += loaded.operations.iter().filter(native).count();
        }
        (program, without)
    }

    /// Compares two machines at different levels: times, events, and all bytes but those of the
    /// program, the stack, and regions whose names end with one of `scratch`.
    ///
    /// # Panics
    ///
    /// If they differ.
    pub fn same(native: &Machine, code: &Machine, scratch: &[&str]) {
        let ran = |machine: &Machine| {
            let state = machine.state();
            (state.tick, state.events, state.host.completed, machine.stop().map(|stop| stop.to_string()))
        };
        assert_eq!(ran(code), ran(native));
        let pes = native.state().pes.iter().zip(&code.state().pes).zip(&native.program().pes);
        for ((native, code), loaded) in pes {
            let mac = |pe: &PeState| (pe.count.mac.total, pe.count.mac.overflows);
            assert_eq!(mac(code), mac(native));
            for region in loaded.iter().flat_map(|loaded| &loaded.regions) {
                let own = !matches!(region.kind, RegionKind::Program | RegionKind::Stack);
                if own && !scratch.iter().any(|name| region.name.ends_with(name)) {
                    for at in (region.start..region.end).step_by(4) {
                        assert_eq!(code.sram.word(at), native.sram.word(at), "{} at {at:#x}", region.name);
                    }
                }
            }
        }
    }
}
