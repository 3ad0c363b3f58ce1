use super::lines::Lines;
use super::*;
use crate::kernel::cost::SOURCES;

#[test]
fn every_function_of_every_listing_is_in_the_built_in_file() {
    for function in SOURCES.iter().flat_map(|source| source.functions) {
        assert!(CodeFile::built_in_with(function).unwrap().has(function), "{function}");
    }
    let file = CodeFile::built_in().unwrap();
    let [(start, words)] = &CodeFile::always().unwrap().words[..] else { panic!("more than one part") };
    // It lies after the words that handlers and waiting loops share, the last of them 160 pointers.
    let shared = file.data.last().unwrap().0 + 4 * 160;
    assert!(file.loaded_bytes() <= shared && shared <= *start, "{shared:#x} {start:#x}");
    // `own.ld` links users' kernels after the built-in ones.
    assert!(start + 4 * words.len() as u32 <= 0x2800, "{}", words.len());
}

#[test]
fn lines_name_the_c_source() {
    let file = CodeFile::built_in().unwrap();
    let line = Lines::of(file).at(file.function("csr_row").unwrap().address).unwrap();
    assert!(line.file.ends_with("csr_row.c") && line.line > 1, "{line:?}");
}

#[test]
fn the_text_of_every_source_that_a_line_names_is_known() {
    for file in [CodeFile::built_in().unwrap(), CodeFile::always().unwrap()] {
        let code = file
            .words
            .iter()
            .flat_map(|(start, words)| (0..words.len() as u32).map(move |word| start + 4 * word));
        let named: std::collections::BTreeSet<_> =
            code.filter_map(|address| Lines::of(file).at(address)).map(|line| line.file).collect();
        assert!(named.iter().any(|path| path.ends_with("exp_unit.h")), "{named:?}");
        for path in named {
            assert!(file.source_text(&path).is_some(), "{path}");
        }
    }
}

#[test]
fn what_cannot_be_used_is_an_error_with_its_cause() {
    assert!(matches!(CodeFile::read("a", b"no elf"), Err(CodeError::Unreadable { .. })));
    let mut bytes = BUILT_IN.to_vec();
    bytes[18] = 62; // x86-64
    assert!(matches!(
        CodeFile::read("a", &bytes),
        Err(CodeError::Architecture { .. } | CodeError::Unreadable { .. })
    ));
    let mut bytes = BUILT_IN.to_vec();
    bytes[16] = 1; // an object file
    assert!(matches!(CodeFile::read("a", &bytes), Err(CodeError::NotLinked { .. })));
    let missing = CodeFile::built_in().unwrap().function("csr_rows").unwrap_err();
    assert!(missing.to_string().contains("no function `csr_rows`"), "{missing}");
}
