//! `--set`.

/// Why an edit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The text is not RON.
    #[error("the text is not RON")]
    NotRon {
        /// Byte.
        at: usize,
    },
    /// Soon.
    #[error("--set does not work yet")]
    NotYet,
}

impl SetError {
    /// What would fix it; may be empty.
    pub fn help(&self) -> String {
        String::new()
    }
}

/// Edits one value.
pub fn set(_text: &str, _path: &str, _value: &str) -> Result<String, SetError> {
    Err(SetError::NotYet)
}
