//! State of presenter mode.

use crate::session::command::Speed;

/// Presenter mode while it is on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presenter {
    /// Keys pressed, latest last, each with a description of its action.
    pub recent: Vec<(String, String)>,
    /// Speed of a free run before slow motion; `None` until the engine was asked to go slowly.
    pub before: Option<Speed>,
}

impl Presenter {
    /// Removes the panels that the digits of a count selected on the way.
    pub fn forget_digits(&mut self, count: Option<u32>) {
        for _ in
            count.map(|count| count.to_string()).unwrap_or_default().chars().filter(|&digit| digit != '0')
        {
            let digit = |key: &str| key.len() == 1 && key.starts_with(|c: char| c.is_ascii_digit());
            self.recent.pop_if(|(key, _)| digit(key));
        }
    }
}
