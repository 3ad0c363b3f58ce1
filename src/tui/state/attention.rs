//! Position of the user in the views of a transformer: what is shown in place of the text, and
//! of which head.

use crate::session::snapshot::{AttentionRequest, AttentionView};
use crate::tui::command::Direction;

/// View of the task panel in scenes of transformers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// The text, as for any language model.
    #[default]
    Text,
    /// Spikes of all heads over the time steps of a word.
    Spikes,
    /// State of a head, or the weights of its layer's heads.
    Head,
    /// Words that the readout would expect if the network ended earlier.
    Expected,
}

impl Shown {
    const ALL: [Self; 4] = [Self::Text, Self::Spikes, Self::Head, Self::Expected];
}

/// View, and the head that it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttentionState {
    /// View that is shown.
    pub shown: Shown,
    /// Number of the layer, from 0.
    pub layer: u32,
    /// Number of the head in its layer, from 0.
    pub head: u32,
}

impl AttentionState {
    /// Shows the next view, or the one before.
    pub fn turn(&mut self, back: bool) {
        let at = Shown::ALL.iter().position(|&shown| shown == self.shown).unwrap_or(0);
        let by = if back { Shown::ALL.len() - 1 } else { 1 };
        self.shown = Shown::ALL[(at + by) % Shown::ALL.len()];
    }

    /// Returns the part of the transformer that the view shows; `None` for the text.
    pub fn request(&self) -> Option<AttentionRequest> {
        match self.shown {
            Shown::Text => None,
            Shown::Spikes => Some(AttentionRequest::Spikes),
            Shown::Head => Some(AttentionRequest::Head { layer: self.layer, head: self.head }),
            Shown::Expected => Some(AttentionRequest::Expectations),
        }
    }

    /// Keeps layer and head within those of a network.
    pub fn keep_within(&mut self, view: &AttentionView) {
        self.layer = self.layer.min(view.layers.saturating_sub(1));
        self.head = self.head.min(view.heads.saturating_sub(1));
    }

    /// Moves by heads (up, down), also to those of the next layer, or by layers (left, right).
    /// Returns `false` where the view is about no head.
    pub fn moved(&mut self, view: &AttentionView, direction: Direction, times: u32) -> bool {
        if !matches!(self.shown, Shown::Spikes | Shown::Head) {
            return false;
        }
        let (heads, layers) = (view.heads.max(1), view.layers.max(1));
        let (place, last) = (self.layer * heads + self.head, heads * layers - 1);
        let place = match direction {
            Direction::Up => place.saturating_sub(times),
            Direction::Down => place.saturating_add(times).min(last),
            Direction::Left => self.layer.saturating_sub(times) * heads + self.head,
            Direction::Right => self.layer.saturating_add(times).min(layers - 1) * heads + self.head,
        };
        (self.layer, self.head) = (place / heads, place % heads);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_stay_within_the_heads_and_go_on_in_the_next_layer() {
        let view = AttentionView { layers: 2, heads: 3, ..AttentionView::default() };
        let mut state = AttentionState { shown: Shown::Head, ..AttentionState::default() };
        for (direction, times, place) in [
            (Direction::Down, 2, (0, 2)),
            (Direction::Down, 1, (1, 0)),
            (Direction::Down, 9, (1, 2)),
            (Direction::Left, 1, (0, 2)),
            (Direction::Left, 5, (0, 2)),
            (Direction::Right, 7, (1, 2)),
            (Direction::Up, 3, (0, 2)),
        ] {
            assert!(state.moved(&view, direction, times));
            assert_eq!((state.layer, state.head), place, "{direction:?} {times}");
        }
        state.keep_within(&AttentionView { layers: 1, heads: 2, ..AttentionView::default() });
        assert_eq!((state.layer, state.head), (0, 1));
        state.shown = Shown::Expected;
        assert!(!state.moved(&view, Direction::Down, 1));
    }

    #[test]
    fn views_turn_in_a_circle_both_ways() {
        let mut state = AttentionState::default();
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(state.request().is_some());
            state.turn(false);
        }
        assert_eq!((seen, state.shown), (vec![false, true, true, true], Shown::Text));
        state.turn(true);
        assert_eq!(state.shown, Shown::Expected);
    }
}
