//! Bookmarks: named moments, with a note, of this run or kept from an earlier one.

use serde::{Deserialize, Serialize};

use super::{History, HistoryError, Position, SeekTarget};
use crate::session::Session;

/// Named moment of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bookmark {
    /// Name, which a seek gives.
    pub name: String,
    /// Words about the moment; may be empty.
    #[serde(default)]
    pub note: String,
    /// Position at which the bookmark was set.
    pub at: Position,
    /// Whether it was set in an earlier run, before a restart or with other edits of the scene.
    #[serde(skip)]
    pub earlier: bool,
}

/// Request concerning bookmarks, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BookmarkCommand {
    /// Give a bookmark a note.
    Note {
        /// Name of the bookmark.
        name: String,
        /// Note of the bookmark.
        note: String,
    },
    /// Take the bookmark with this name away.
    Remove(String),
    /// Add bookmarks of an earlier run; existing names stay as they are.
    Restore(Vec<Bookmark>),
}

impl Bookmark {
    /// Returns the moment to seek: of an earlier run the end of its time step, as its events may
    /// have other numbers now.
    pub fn place(&self) -> SeekTarget {
        if self.earlier && !self.at.within {
            SeekTarget::Step(self.at.steps)
        } else {
            SeekTarget::Event(self.at.events)
        }
    }

    /// Returns the sort key of the bookmark: steps first.
    fn order(&self) -> (u64, bool, u64) {
        (self.at.steps, self.at.within, self.at.events)
    }
}

impl History {
    /// Sets a bookmark at the present position; an existing name moves there and keeps its note.
    pub fn bookmark(&mut self, session: &Session, name: &str) {
        let note = self.bookmarks.iter().find(|known| known.name == name).map(|known| known.note.clone());
        self.bookmarks.retain(|known| known.name != name);
        self.bookmarks.push(Bookmark {
            name: name.to_owned(),
            note: note.unwrap_or_default(),
            at: Position::of(session),
            earlier: false,
        });
        self.sort_bookmarks();
    }

    /// Returns all bookmarks, in order of time.
    pub fn bookmarks(&self) -> &[Bookmark] {
        &self.bookmarks
    }

    /// Returns the bookmarks as those of an earlier run.
    pub fn bookmarks_for_another_run(&self) -> Vec<Bookmark> {
        self.bookmarks.iter().cloned().map(|bookmark| Bookmark { earlier: true, ..bookmark }).collect()
    }

    /// Carries out a request, and returns a notice for the user.
    ///
    /// # Errors
    ///
    /// Fails if there is no bookmark of that name.
    pub fn change_bookmarks(&mut self, command: &BookmarkCommand) -> Result<String, HistoryError> {
        match command {
            BookmarkCommand::Note { name, note } => {
                let place = self.place_of(name)?;
                self.bookmarks[place].note.clone_from(note);
                Ok(format!("bookmark `{name}`: {note}"))
            }
            BookmarkCommand::Remove(name) => {
                let place = self.place_of(name)?;
                self.bookmarks.remove(place);
                Ok(format!("bookmark `{name}` removed"))
            }
            BookmarkCommand::Restore(bookmarks) => {
                for bookmark in bookmarks {
                    if self.bookmarks.iter().all(|known| known.name != bookmark.name) {
                        self.bookmarks.push(Bookmark { earlier: true, ..bookmark.clone() });
                    }
                }
                self.sort_bookmarks();
                Ok(crate::text::several(self.bookmarks.len() as u64, "bookmark"))
            }
        }
    }

    /// Returns the words about a bookmark; `None` without a bookmark of that name or a note.
    pub fn note_of(&self, name: &str) -> Option<&str> {
        Some(self.named(name).ok()?.note.as_str()).filter(|note| !note.is_empty())
    }

    /// Returns the bookmark of a name.
    ///
    /// # Errors
    ///
    /// Fails if there is none; the error lists those there are.
    pub(super) fn named(&self, name: &str) -> Result<&Bookmark, HistoryError> {
        self.place_of(name).map(|place| &self.bookmarks[place])
    }

    fn place_of(&self, name: &str) -> Result<usize, HistoryError> {
        let found = self.bookmarks.iter().position(|known| known.name == name);
        found.ok_or_else(|| HistoryError::NoBookmark {
            name: name.to_owned(),
            known: self.bookmarks.iter().map(|known| known.name.clone()).collect(),
        })
    }

    fn sort_bookmarks(&mut self) {
        self.bookmarks.sort_by_key(Bookmark::order);
    }
}
