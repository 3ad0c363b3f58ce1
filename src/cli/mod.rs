//! The command line: one file a verb.

pub mod inspect;

use std::process::ExitCode;

/// Runs the program on the process's own arguments and returns its exit code.
pub fn main() -> ExitCode {
    let scene = std::env::args().nth(1).unwrap_or_default();
    let engine = crate::session::engine::EngineOptions { scene: scene.into(), set: vec![], autorun: false };
    match crate::tui::run(crate::tui::TuiOptions {
        engine,
        color: crate::tui::ColorChoice::Auto,
        watch: true,
    }) {
        Ok(c) => c,
        Err(e) => {
            eprintln!("{e:?}");
            ExitCode::from(2)
        }
    }
}
