//! Tests that the committed listings are the output of the recorded compiler for the committed
//! sources.

use std::path::Path;
use std::process::Command;

use spinntui::chip::listing::compiler;
use spinntui::kernel::cost::SOURCES;

use crate::common::skipped;

const COMPILER: &str = "arm-none-eabi-gcc";

/// Returns the compiler's signature, as in a listing; `None` if it is not installed.
fn installed() -> Option<String> {
    let folder = tempfile::tempdir().ok()?;
    let source = folder.path().join("empty.c");
    std::fs::write(&source, "").ok()?;
    let output = Command::new(COMPILER).args(["-S", "-o", "-"]).arg(&source).output().ok()?;
    compiler(&String::from_utf8(output.stdout).ok()?).map(str::to_string)
}

#[test]
fn listings_are_what_the_recorded_compiler_makes() {
    let recorded = compiler(SOURCES[0].listing).expect("the listing names its compiler");
    match installed() {
        Some(found) if found == recorded => {}
        found => {
            let found = found.unwrap_or_else(|| "not installed".to_string());
            skipped(&format!("{COMPILER} is {found:?}; the listings are of {recorded:?}"));
            return;
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/kernels");
    let out = tempfile::tempdir().unwrap();
    let status = Command::new("sh").arg(folder.join("build.sh")).arg(out.path()).status().unwrap();
    assert!(status.success(), "build.sh failed");
    for name in ["kernels.elf", "pointwise_always.elf", "own/columns.elf"] {
        let [fresh, committed] =
            [out.path(), folder.as_path()].map(|at| std::fs::read(at.join(name)).unwrap());
        assert!(fresh == committed, "assets/kernels/{name} is stale: run assets/kernels/build.sh");
    }
    for source in SOURCES {
        let fresh = std::fs::read_to_string(out.path().join(format!("{}.s", source.name))).unwrap();
        assert_eq!(
            fresh, source.listing,
            "assets/kernels/{}.s is stale: run assets/kernels/build.sh",
            source.name
        );
    }
}

#[test]
fn all_listings_are_of_one_compiler() {
    for source in SOURCES {
        assert_eq!(compiler(source.listing), compiler(SOURCES[0].listing), "{}", source.name);
    }
}
