//! Levels of the routines of a mapped program: native, or the machine code of an ELF file.

use std::sync::Arc;

use spinntui_cortex_m4::Traps;

use super::egru::Phase;
use crate::kernel::code::run::Entry;
use crate::kernel::code::{CodeError, CodeFile};
use crate::kernel::options::KernelChoice;
use crate::machine::code::Code;
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::options::Assume;
use crate::machine::program::{Action, Operation, PeProgram, Program, Region, RegionKind};
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

    /// Returns a routine at level code; `None` if it has one level only, or runs a function
    /// of another layout.
    ///
    /// # Errors
    ///
    /// Fails if the file lacks the function.
    pub fn of(&self, routine: &dyn Routine, assume: &Assume) -> Result<Option<Arc<dyn Routine>>, CodeError> {
        let Some((own, _)) = routine.call(0) else { return Ok(None) };
        // A share with an infinite or NaN weight runs another function, which leaves no product
        // out; it stays native.
        let layout = KernelChoice::layout_of;
        if self.function.as_deref().is_some_and(|name| layout(name) != layout(own)) {
            return Ok(None);
        }
        let entry = Arc::new(self.entry(own, assume)?);
        Ok(routine.at_level(Some(Code { entry, interleave: assume.bank_interleave })))
    }
}

/// Returns the function that a routine's calls execute at level code, and the arguments of the call
/// in time step `step`; `None` if it has level native only.
///
/// A routine at level native has the built-in function of its name.
pub fn call_of(routine: &dyn Routine, step: u32, assume: &Assume) -> Option<(Arc<Entry>, Vec<u32>)> {
    let (own, arguments) = routine.call(step)?;
    let entry = match routine.code() {
        Some(code) => Arc::clone(&code.entry),
        None => Arc::new(Choice::built_in().ok()?.entry(own, assume).ok()?),
    };
    Some((entry, arguments))
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
    let assume = program.assume.clone();
    for loaded in program.pes.iter_mut().flatten() {
        let of = |slot: u8| loaded.slots.get(usize::from(slot)).map(|slot| slot.population);
        let operations: Vec<usize> = (0..loaded.operations.len())
            .filter(|&at| {
                let operation = &loaded.operations[at];
                operation.phase == phase && of(operation.slot) == Some(PopulationId::at(population))
            })
            .collect();
        for &at in &operations {
            let Action::Call(routine) = &loaded.operations[at].action else { continue };
            if let Some(routine) = choice.of(&**routine, &assume)? {
                loaded.operations[at].action = Action::Call(routine);
            }
        }
        if !operations.is_empty() {
            load(loaded, &choice.file)?;
        }
    }
    Ok(())
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
            Some(choice) => choice.of(&**routine, assume)?,
            None => routine.at_level(None),
        };
        if let Some(routine) = level {
            operation.action = Action::Call(routine);
        }
    }
    if let Some(choice) = choice {
        load(loaded, &choice.file)?;
        let of = |operation: &Operation| match &operation.action {
            Action::Call(routine) => Some(Arc::clone(&routine.code()?.entry.file)),
            _ => None,
        };
        let files: Vec<Arc<CodeFile>> = loaded.operations.iter().filter_map(of).collect();
        files.iter().try_for_each(|file| load(loaded, file))?;
    }
    Ok(())
}

/// Puts the machine code of the built-in routines into the image of every PE, within its
/// program region; that of fast kernels into those of the PEs that run one.
///
/// # Errors
///
/// Fails if the committed file is damaged, which a test excludes.
pub fn load_built_in(program: &mut Program) -> Result<(), CodeError> {
    let file = CodeFile::built_in()?;
    for loaded in program.pes.iter_mut().flatten() {
        Arc::make_mut(&mut loaded.image).extend(file.words.iter().cloned());
        let fast = CodeFile::fast()?;
        let is_fast = |operation: &Operation| match &operation.action {
            Action::Call(routine) => routine.call(0).is_some_and(|(own, _)| fast.function(own).is_ok()),
            _ => false,
        };
        if loaded.operations.iter().any(is_fast) {
            load(loaded, fast)?;
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
