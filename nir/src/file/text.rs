//! Texts: names, types, edges.

use hdf5_reader::error::Error;
use hdf5_reader::{Dataset, Datatype, StringPadding, StringSize};

use super::explain;
use crate::limits::{MAX_ARRAY_BYTES, MAX_TEXT_BYTES};

/// Returns `true` if the array holds texts.
pub(crate) fn is_text(dataset: &Dataset) -> bool {
    matches!(dataset.dtype(), Datatype::String { .. } | Datatype::VarLen { .. })
}

/// Reads at most `limit` texts.
///
/// # Errors
///
/// Fails with the rest of a sentence that begins with the array's name.
pub(crate) fn read(dataset: &Dataset, limit: usize) -> Result<Vec<String>, String> {
    if !is_text(dataset) {
        return Err("holds numbers, not text".to_owned());
    }
    let count = dataset.num_elements().map_err(|error| cannot(&error))?;
    if count > limit as u64 {
        return Err(format!("holds {count} texts; at most {limit} are read"));
    }
    super::numbers::check_storage(dataset)?;
    let raw = dataset.read_raw_bytes().map_err(|error| cannot(&error))?;
    let size = dataset.raw_element_size().map_err(|error| cannot(&error))?.max(1);
    if let Datatype::String { size: StringSize::Fixed(_), padding, .. } = dataset.dtype() {
        let padded = *padding == StringPadding::SpacePad;
        return raw
            .chunks_exact(size)
            .map(|bytes| text(if padded { bytes.trim_ascii_end() } else { bytes }))
            .collect();
    }
    if !matches!(dataset.dtype(), Datatype::VarLen { base, .. } if !base.is_vlen_string_base()) {
        let mut texts = Vec::new();
        let mut total = 0_usize;
        for reference in raw.chunks_exact(size) {
            // The length comes first: it is checked before anything is copied.
            let length = reference.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
            total = total.saturating_add(length);
            if length > MAX_TEXT_BYTES || total > MAX_ARRAY_BYTES {
                return Err(too_long(length));
            }
            let bytes = dataset.resolve_vlen_reference_bytes(reference, 1).map_err(|error| cannot(&error))?;
            texts.push(text(&bytes)?);
        }
        return Ok(texts);
    }
    Err("holds lists, not text".to_owned())
}

fn text(bytes: &[u8]) -> Result<String, String> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| "holds text that is not UTF-8".to_owned())?;
    if text.len() > MAX_TEXT_BYTES {
        return Err(too_long(text.len()));
    }
    Ok(text.to_owned())
}

fn too_long(length: usize) -> String {
    format!("holds a text of {length} bytes; at most {MAX_TEXT_BYTES} are read")
}

fn cannot(error: &Error) -> String {
    format!("cannot be read: {}", explain(error))
}
