//! Flags that run a second scene in step with the first.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CliError, SetArgs, edit};
use crate::scene::{LoadedScene, find};
use crate::session::against::{self, Against};
use crate::session::build::{ModelCache, Plan};

/// Second scene beside the one that is opened.
#[derive(Clone, Debug, Default, Args)]
pub struct AgainstArgs {
    /// Run this scene in step with the other, and stop at the first difference of a unit's value
    ///
    /// Every panel shows figures of both and their difference; `|` shows the other scene. --set
    /// changes both, --fault the first one only.
    #[arg(long, value_name = "SCENE", requires = "scene", value_hint = clap::ValueHint::FilePath)]
    against: Option<PathBuf>,
    /// Change a value of the second scene only, after --set has changed both; may be repeated
    #[arg(long, value_name = "PATH=VALUE", value_parser = edit, requires = "against")]
    set_b: Vec<(String, String)>,
}

impl AgainstArgs {
    /// Loads and maps the second scene to see that it can run beside `scene`, and returns it.
    ///
    /// # Errors
    ///
    /// Fails if one of the scenes cannot be loaded, the second one does not fit on its chip, or
    /// their time steps are different things.
    pub fn load(&self, scene: &Path, edits: &SetArgs) -> Result<Option<Against>, CliError> {
        let Some(second) = &self.against else { return Ok(None) };
        let set: Vec<_> = edits.set.iter().chain(&self.set_b).cloned().collect();
        let file = find::scene(second);
        let (a, b) = (LoadedScene::load(scene, &edits.set)?, LoadedScene::load(&file, &set)?);
        against::check(&a, &b)?;
        Plan::new(&b, &mut ModelCache::default())?.work(&b)?;
        Ok(Some(Against { scene: file, set }))
    }
}
