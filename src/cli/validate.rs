//! `spinntui validate`: the paper's figures beside the emulator's.

use clap::Args;

use super::{CliError, FAILED, FINE, Format};
use crate::output::Output;
use crate::report::validate::Validation;

const EXAMPLES: &str = "\
Examples:
  spinntui validate
  spinntui validate --format json | jq '.rows[] | {id, paper, emulator, verdict}'

Exit codes: 0 every figure with a band is in it; 1 one is not; 2 bad input.
docs/validate.md explains every row.";

/// Compute the paper's tables with the emulator: differences, bands, reasons.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ValidateArgs {
    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Computes and prints the comparison; the exit code says whether every banded figure is
/// in its band.
pub fn validate(args: &ValidateArgs) -> Result<u8, CliError> {
    let validation = Validation::compute()?;
    let mut output = Output::stdout();
    args.format.write(&mut output, || validation.to_text(), || validation.to_json())?;
    output.finish()?;
    Ok(exit_code(&validation))
}

fn exit_code(validation: &Validation) -> u8 {
    if validation.all_in_band { FINE } else { FAILED }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::validate::{Independent, PAPER, VERSION};

    #[test]
    fn a_figure_outside_its_band_is_a_failure() {
        let validation = |all_in_band| Validation {
            version: VERSION,
            paper: PAPER,
            model: String::new(),
            all_in_band,
            independent: Independent { figures: 0, close: 0 },
            rows: Vec::new(),
            readings: Vec::new(),
            batches: Vec::new(),
        };
        assert_eq!([true, false].map(|held| exit_code(&validation(held))), [FINE, FAILED]);
    }
}
