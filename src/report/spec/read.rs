//! Reading an export back.

use std::fs;
use std::path::{Component, Path};

use super::{MemFile, SPEC_FILE, Spec, SpecError};
use crate::file;
use crate::machine::images::{ImageRange, Images};
use crate::machine::sram::SRAM_BYTES;
use crate::session::build::Plan;

/// Largest `spec.json` that is read, bytes: that of the paper's network takes 150 KB.
const MAX_SPEC_BYTES: u64 = 64 << 20;

/// Reads `spec.json` and the files that it names.
pub fn read(folder: &Path) -> Result<(Spec, Images), SpecError> {
    let path = folder.join(SPEC_FILE);
    let fail = |source| SpecError::Read { path: path.clone(), source };
    let text = file::read_text(&path, MAX_SPEC_BYTES).map_err(fail)?;
    let spec: Spec =
        serde_json::from_str(&text).map_err(|source| SpecError::Json { path: path.clone(), source })?;
    let mut images = Images::default();
    for (entry, file) in spec.mem_files.iter().enumerate() {
        let wrong =
            |what: String| SpecError::Entry { path: path.clone(), entry, file: file.file.clone(), what };
        let pe = file.pe.pe().ok_or_else(|| {
            let name = file.pe;
            wrong(format!("there is no PE ({},{},{}) with id {}", name.x, name.y, name.p, name.id))
        })?;
        check_range(file).map_err(wrong)?;
        let words = words(folder, file)?;
        if images.ranges().any(|(other, range)| other == pe && overlaps(range, file)) {
            return Err(wrong(format!("its bytes at {:#07x} overlap those of another entry", file.address)));
        }
        images.put(pe, ImageRange { address: file.address, words });
    }
    Ok((spec, images))
}

fn overlaps(range: &ImageRange, file: &MemFile) -> bool {
    let (start, end) = (file.address as usize, file.address as usize + file.bytes);
    (range.address as usize) < end && start < range.address as usize + range.bytes()
}

/// Checks an entry's own statements before its file is opened.
fn check_range(file: &MemFile) -> Result<(), String> {
    let name = Path::new(&file.file);
    if !matches!(name.components().collect::<Vec<_>>()[..], [Component::Normal(_)]) {
        return Err("expected a file of the same folder, by its name alone".to_owned());
    }
    if !file.address.is_multiple_of(4) || !file.bytes.is_multiple_of(4) || file.bytes == 0 {
        return Err(format!("{} bytes at {:#07x} are not whole words", file.bytes, file.address));
    }
    if u64::from(file.address) + file.bytes as u64 > u64::from(SRAM_BYTES) {
        return Err(format!(
            "{} bytes at {:#07x} reach past SRAM ({SRAM_BYTES} bytes)",
            file.bytes, file.address
        ));
    }
    Ok(())
}

fn words(folder: &Path, file: &MemFile) -> Result<Vec<u32>, SpecError> {
    let path = folder.join(&file.file);
    let fail = |source| SpecError::Read { path: path.clone(), source };
    let found = fs::metadata(&path).map_err(fail)?.len();
    if found != file.bytes as u64 {
        return Err(SpecError::Length { path, found, expected: file.bytes });
    }
    let bytes = file::read(&path, found).map_err(fail)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|&word| u32::from_le_bytes(word)).collect())
}

/// Returns the plan with the images of a folder in its memories.
pub fn load(folder: &Path, plan: Plan) -> Result<Plan, SpecError> {
    let (spec, images) = read(folder)?;
    plan.with_images(&images).map_err(|source| {
        let (pe, address) = source.place();
        SpecError::Foreign { path: folder.join(spec.file_of(pe, address).unwrap_or(SPEC_FILE)), source }
    })
}

/// Returns the state hash at load from the images of a folder; fails if it is not the scene's.
pub fn verify(folder: &Path, plan: Plan) -> Result<u128, SpecError> {
    let hash = |plan: &Plan| crate::machine::exec::Machine::new(plan.program.clone()).state_hash();
    let expected = hash(&plan);
    let found = hash(&load(folder, plan)?);
    if found == expected {
        Ok(found)
    } else {
        Err(SpecError::NotTheSame { path: folder.to_owned(), found, expected })
    }
}
