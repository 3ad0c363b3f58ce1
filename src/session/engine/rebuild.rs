//! Rebuilds the scene at the same time step: with other values of fields, or around a PE.

use super::building::Purpose;
use super::{EngineEvent, Mode, Notify, Runner};
use crate::chip::geometry::Pe;
use crate::chip::place::PePlace;

impl Runner {
    /// Begins to build the scene with further edits, and to run to the same time step afterwards.
    ///
    /// Without edits it is built beside the experiment, as a saved scene is. If it cannot be built,
    /// the experiment and the edits before stay.
    pub(super) fn rebuild(&mut self, edits: &[(String, String)], notify: Notify<'_>) {
        if edits.is_empty() {
            self.begin_build(Purpose::Reload);
        } else if self.recorder.is_some() {
            let why = "a recording is of one scene: no other can be built while one is written";
            return notify(EngineEvent::Said(why.to_owned()));
        } else {
            let mode = std::mem::replace(&mut self.mode, Mode::Paused);
            let before = self.options.set.clone();
            self.options.set.extend_from_slice(edits);
            self.begin_build(Purpose::Open(self.options.scene.clone(), before, mode));
        }
        self.stays = true;
    }

    /// Begins to build the scene with a PE, by index, that the mapper leaves out.
    pub(super) fn withhold(&mut self, pe: usize, broken: bool, notify: Notify<'_>) {
        let Some(session) = &self.session else { return };
        let Some(pe) = Pe::from_index(pe) else {
            return notify(EngineEvent::Said(format!("there is no PE {pe}")));
        };
        let chip = &session.loaded.scene.chip;
        let (field, list, word) = if broken {
            ("chip.broken", &chip.broken, "broken")
        } else {
            ("chip.reserved", &chip.reserved, "reserved")
        };
        let place = PePlace::from(pe);
        if list.contains(&place) {
            return notify(EngineEvent::Said(format!("{pe} is {word} already")));
        }
        let all: Vec<String> = list.iter().chain([&place]).map(|place| format!("{place:#}")).collect();
        self.rebuild(&[(field.to_owned(), format!("[{}]", all.join(", ")))], notify);
    }
}
