//! Subcommands of the command line that the palette runs with the scene filled in.

/// Subcommand of `spinntui`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Fits assumptions to measured times.
    Calibrate,
    /// Writes memory images.
    Export,
    /// Loss by 8-bit weights.
    Quantize,
    /// Costs of kernels, instruction by instruction.
    Kernels,
    /// Search for a better mapping.
    Tune,
    /// Trace for Perfetto, or as a table.
    Trace,
    /// Run without a screen, with a report and a table of its steps.
    Run,
}

impl Verb {
    /// Returns the name of the subcommand on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calibrate => "calibrate",
            Self::Export => "export",
            Self::Quantize => "quantize",
            Self::Kernels => "kernels",
            Self::Tune => "tune",
            Self::Trace => "trace",
            Self::Run => "run",
        }
    }

    /// Returns a hint about the arguments that are typed after the name.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Calibrate => "--timers FILE, and -o FILE for the fitted scene",
            Self::Export => "--spec DIR, and --verify or --force",
            Self::Quantize => "nothing, or --steps N; the model and its text are filled in",
            Self::Kernels => "nothing, the name of a kernel, or --listing FILE",
            Self::Tune => "nothing, or --for energy and -o FILE for the scene found",
            Self::Trace => "--skip STEPS, and -o FILE.json for ui.perfetto.dev",
            Self::Run => "--steps N, and --steps-output FILE.csv for a row a step",
        }
    }
}
