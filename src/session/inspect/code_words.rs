//! Words of the program region: functions of the machine code that lies on a PE.

use std::sync::Arc;

use crate::kernel::code::CodeFile;
use crate::machine::program::{Action, Operation, PeProgram};

/// Files whose machine code lies in a PE's memory.
pub(super) struct CodeFiles(Vec<Arc<CodeFile>>);

impl CodeFiles {
    /// Finds the files of a PE: the built-in ones, and those that its routines run.
    pub fn of(loaded: &PeProgram) -> Self {
        let on_demand = CodeFile::on_demand().into_iter().flatten();
        let built_in = CodeFile::built_in().into_iter().chain(on_demand).cloned();
        let files = |operation: &Operation| match &operation.action {
            Action::Call(routine) => routine.code().map(|code| code.files().cloned().collect()),
            _ => None,
        };
        let own = loaded.operations.iter().filter_map(files).flat_map(|files: Vec<Arc<CodeFile>>| files);
        let lies = |file: &Arc<CodeFile>| file.words.iter().all(|part| loaded.image.contains(part));
        let mut files: Vec<Arc<CodeFile>> = Vec::new();
        for file in built_in.chain(own).filter(lies) {
            if !files.iter().any(|known| Arc::ptr_eq(known, &file)) {
                files.push(file);
            }
        }
        Self(files)
    }

    /// Returns function and offset of a byte address; `None` where no function lies.
    pub fn text(&self, address: u32) -> Option<String> {
        let function = self.0.iter().find_map(|file| file.function_at(address))?;
        Some(match address - function.address {
            0 => function.name.clone(),
            offset => format!("{} + {offset:#x}", function.name),
        })
    }
}
