use super::lines::Lines;
use super::*;
use crate::kernel::cost::SOURCES;

#[test]
fn every_function_of_every_listing_is_in_the_built_in_file() {
    let file = CodeFile::built_in().unwrap();
    for function in SOURCES.iter().flat_map(|source| source.functions) {
        assert!(file.function(function).is_ok(), "{function}");
    }
    // `own.ld` links users' kernels after the built-in ones.
    assert!(0x100 + file.loaded_bytes() <= 0x2800, "{}", file.loaded_bytes());
}

#[test]
fn lines_name_the_c_source() {
    let file = CodeFile::built_in().unwrap();
    let line = Lines::of(file).at(file.function("csr_row").unwrap().address).unwrap();
    assert!(line.file.ends_with("csr_row.c") && line.line > 1, "{line:?}");
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
