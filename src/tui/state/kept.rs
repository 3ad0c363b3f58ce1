//! Pins and bookmarks that are kept with a scene.

use serde::{Deserialize, Serialize};

use crate::session::snapshot::{Bookmark, Snapshot};
use crate::session::watchlist::MOST;

/// Pins and bookmarks of a scene.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Scene")]
pub struct Kept {
    /// Version of the form of the file.
    pub version: u32,
    /// Whole path of the scene.
    pub scene: String,
    /// Pinned expressions, in order.
    pub pins: Vec<String>,
    /// Bookmarks, in order of time.
    pub bookmarks: Vec<Bookmark>,
    /// Whether the engine was asked for them.
    #[serde(skip)]
    pub sent: bool,
}

impl Kept {
    /// Returns the pins and bookmarks of an experiment.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self {
            pins: snapshot.watches.iter().map(|pin| pin.text.clone()).collect(),
            bookmarks: snapshot.history.bookmarks.clone(),
            ..Self::default()
        }
    }

    /// Returns `true` if there is neither a pin nor a bookmark.
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty() && self.bookmarks.is_empty()
    }

    /// Returns `true` if the experiment has all of them.
    pub fn is_in(&self, snapshot: &Snapshot) -> bool {
        let pinned = |text: &String| snapshot.watches.iter().any(|pin| pin.text == *text);
        let set =
            |wanted: &Bookmark| snapshot.history.bookmarks.iter().any(|known| known.name == wanted.name);
        self.pins.iter().take(MOST).all(pinned) && self.bookmarks.iter().all(set)
    }
}
