//! Options of the tensor task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Runs the model's recurrent layers over an array of inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TensorOptions {
    /// NumPy file (`.npy`) of floats, one row a time step, as wide as the first layer's input.
    pub inputs: String,
    /// New NumPy file (`.npy`) for the last layer's outputs, f32, one row a time step. It lies in
    /// the scene's folder or below. `spinntui run` writes it; `--force` replaces an older one, and
    /// `--set` on the command line names any other place. Without it nothing is written.
    #[serde(default)]
    pub outputs: Option<String>,
    /// Rows in a sequence, after which the state named by the model's card is reset.
    #[serde(default = "default_sequence")]
    #[schemars(range(min = 1))]
    pub sequence: u32,
}

/// Returns the default number of rows in a sequence: the frames of a gesture.
fn default_sequence() -> u32 {
    67
}
