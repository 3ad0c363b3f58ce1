//! Damaged files: any bytes end in a graph or an error, never in a panic.

#![allow(clippy::unwrap_used, clippy::panic)] // Tests and their helpers.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use spinntui_nir::read;

/// Files that cover both formats of groups' contents: contiguous, chunked, nested, convolutions.
const FILES: [&str; 8] = [
    "exported/norse_lifbox/norse_lifbox.nir",
    "exported/spyx_rlif_nested/spyx_rlif_nested.nir",
    "legal/gzip_shuffle_chunked/gzip_shuffle_chunked.nir",
    "legal/conv_same_even_kernel/conv_same_even_kernel.nir",
    "legal/number_types/number_types.nir",
    "malformed/soft_link.nir",
    "more/lzf_shuffle.nir",
    "more/new_format_dense_links.nir",
];

fn bytes(file: usize) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(FILES[file])).unwrap()
}

/// Reads bytes and checks that an error says something.
fn try_to_read(bytes: Vec<u8>) {
    if let Err(error) = read(bytes) {
        assert!(error.to_string().len() > 10, "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn cut_off(file in 0..FILES.len(), part in 0.0..1.0_f64) {
        let mut bytes = bytes(file);
        bytes.truncate((bytes.len() as f64 * part) as usize);
        prop_assert!(read(bytes).is_err());
    }

    #[test]
    fn flipped(file in 0..FILES.len(), flips in prop::collection::vec((0.0..1.0_f64, 1..=255_u8), 1..20)) {
        let mut bytes = bytes(file);
        for (place, bits) in flips {
            let at = (bytes.len() as f64 * place) as usize;
            bytes[at] ^= bits;
        }
        try_to_read(bytes);
    }

    #[test]
    fn sizes_and_addresses_replaced(
        file in 0..FILES.len(),
        words in prop::collection::vec((0.0..1.0_f64, prop_oneof![Just(u64::MAX), Just(0), Just(1 << 40), 0..30_000_u64]), 1..8),
    ) {
        let mut bytes = bytes(file);
        for (place, word) in words {
            let at = (bytes.len() as f64 * place) as usize / 8 * 8;
            let end = bytes.len().min(at + 8);
            bytes[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
        }
        try_to_read(bytes);
    }
}

#[test]
fn a_file_without_its_last_byte_is_cut_off() {
    let mut bytes = bytes(0);
    bytes.pop();
    assert!(read(bytes).unwrap_err().to_string().contains("cut off"));
}
