//! LZF, the compression that h5py adds to HDF5 (filter 32000).
//!
//! The format is that of liblzf by Marc Lehmann: control bytes, each followed by literal bytes or
//! by a reference to bytes already written. No maintained crate reads it.

use hdf5_reader::error::{Error, Result};
use hdf5_reader::messages::filter_pipeline::FilterDescription;

use crate::limits::MAX_ARRAY_BYTES;

/// Number of the filter in HDF5's registry.
pub(super) const FILTER: u16 = 32_000;

/// Decompresses a chunk; the filter's third parameter is the chunk's size.
pub(super) fn decode_chunk(filter: &FilterDescription, data: &[u8], _element: usize) -> Result<Vec<u8>> {
    let size = filter.client_data.get(2).map_or(MAX_ARRAY_BYTES, |&size| size as usize);
    if size > MAX_ARRAY_BYTES {
        return Err(Error::ResourceLimit(format!("an LZF chunk of {size} bytes")));
    }
    decode(data, size).ok_or_else(|| Error::DecompressionError("the LZF chunk is damaged".to_owned()))
}

/// Decompresses at most `limit` bytes; `None` if the data are damaged or hold more.
fn decode(mut data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((&control, rest)) = data.split_first() {
        let control = usize::from(control);
        data = rest;
        if control < 32 {
            let (literal, rest) = data.split_at_checked(control + 1)?;
            out.extend_from_slice(literal);
            data = rest;
        } else {
            let mut length = control >> 5;
            if length == 7 {
                let (&more, rest) = data.split_first()?;
                length += usize::from(more);
                data = rest;
            }
            let (&low, rest) = data.split_first()?;
            data = rest;
            let distance = ((control & 31) << 8) + usize::from(low) + 1;
            let start = out.len().checked_sub(distance)?;
            // The reference may overlap the bytes that it writes.
            for at in start..start + length + 2 {
                out.push(out[at]);
            }
        }
        if out.len() > limit {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_references() {
        // Three literals, then 7 bytes from a distance of 3.
        assert_eq!(decode(&[2, b'a', b'b', b'c', 0b1010_0000, 2], 10).unwrap(), b"abcabcabca");
        // A long reference: 7 + 1 + 2 bytes from a distance of 1.
        assert_eq!(decode(&[0, b'x', 0b1110_0000, 1, 0], 11).unwrap(), b"xxxxxxxxxxx");
    }

    #[test]
    fn damaged_data_are_refused() {
        for data in [&[5, 1][..], &[0b0010_0000, 0], &[0, 1, 0b1110_0000], &[0, 1, 0b1110_0000, 9]] {
            assert_eq!(decode(data, 100), None, "{data:?}");
        }
        assert_eq!(decode(&[0, b'x', 0b1110_0000, 200, 0], 20), None);
    }
}
