//! `spinntui export SCENE --spec DIR`: memory images and a description of the experiment, as a host
//! would take them.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, FAILED, FINE, SetArgs};
use crate::machine::images::Images;
use crate::output::{Output, say};
use crate::report::spec::{Spec, SpecError, read, write};
use crate::report::table::grouped;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};

const EXAMPLES: &str = "\
Examples:
  spinntui export scenes/lm_small.ron --spec /tmp/small
      one file for each range of memory that a host writes, and spec.json
  spinntui export scenes/lm_small.ron --spec /tmp/small --verify
      are these the scene's bytes? reads only
  spinntui run scenes/lm_small.ron --images /tmp/small
      runs from those files: change a byte, and the output changes

docs/export.md describes the files. Exit codes: 0 fine; 1 the files hold other bytes than the scene;
2 bad input, or files that are missing, truncated or of another mapping.";

/// Write a scene as memory images and spec.json, and read it back.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportArgs {
    /// Scene file
    pub scene: PathBuf,
    /// Folder to write to, or to verify
    #[arg(long, value_name = "DIR")]
    pub spec: PathBuf,
    /// Write nothing: compare the folder with the scene
    #[arg(long, conflicts_with_all = ["force", "steps"])]
    pub verify: bool,
    /// Write into a folder that is not empty
    #[arg(long)]
    pub force: bool,
    /// Time steps to describe in mem_data_to_send and duration_in_s; without this, one sequence
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: Option<u64>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
}

/// Writes and verifies; the exit code says whether the bytes are the scene's.
pub fn export(args: &ExportArgs) -> Result<u8, CliError> {
    let loaded = LoadedScene::load(&args.scene, &args.set.set)?;
    let reads = loaded.reads();
    let mut cache = ModelCache::default();
    let plan = Plan::new(&loaded, &mut cache)?;
    if plan.program.chips() > 1 {
        let message = "error: spec.json names PEs of one chip, and the scene has a board of several";
        return Err(CliError::Usage(format!("{message}\nhelp: --set chip.board=Single, if it fits there")));
    }
    let mut output = Output::stdout();
    if !args.verify {
        write::prepare(&args.spec, args.force)?;
        let images = Images::of(&plan.program);
        let mut session = Plan::new(&loaded, &mut cache)?.start(loaded)?;
        let steps = args.steps.unwrap_or_else(|| u64::from(session.work().sequence()));
        let spec = Spec::of(&mut session, steps);
        let written = write::write(&args.spec, &spec, &images, &reads)?;
        let steps = session.steps();
        output.text(&format!(
            "{}: spec.json and {} image files, {} bytes, for {} PEs\n{steps} time steps take {:.6} s of chip time\n",
            args.spec.display(),
            written.files,
            grouped(written.bytes as u64),
            spec.active_pes.len(),
            spec.duration_in_s
        ))?;
    }
    let code = match read::verify(&args.spec, plan) {
        Ok(hash) => {
            output.text(&format!("read back: the scene's own bytes, state hash {hash:032x}\n"))?;
            FINE
        }
        Err(error @ SpecError::NotTheSame { .. }) => {
            say(format!("error: {error}"));
            FAILED
        }
        Err(error) => return Err(error.into()),
    };
    output.finish()?;
    Ok(code)
}
