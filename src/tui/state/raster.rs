//! Position of the user in a raster of spikes: part that is shown, cursor, pinned neurons.

use crate::session::snapshot::{MOST_PINS, Pin, PopulationId};
use crate::task::spikes::view::Band;

/// Powers of two by which the ticks of a column can be fewer or more than one.
const ZOOM: (i8, i8) = (-3, 5);

/// Part of a raster, its cursor, and the pinned neurons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RasterState {
    /// Population that is shown alone, by index; `None` shows all.
    pub alone: Option<usize>,
    /// First neuron shown and number of neurons, in the population; `None` shows all of them.
    pub neurons: Option<(u32, u32)>,
    /// A column stands for 2^`zoom` ticks; below 0 a tick takes several columns.
    pub zoom: i8,
    /// Ticks between the right edge and the last tick; 0 follows the run.
    pub back: u64,
    /// Tick at the cursor, from 0; `None` is the last one.
    pub tick: Option<u64>,
    /// Neuron at the cursor, over all populations.
    pub neuron: u32,
    /// Neurons whose potentials are drawn.
    pub pins: Vec<Pin>,
}

impl RasterState {
    /// Returns the populations that are shown, each with its index, cut to the neurons shown.
    pub fn shown(&self, bands: &[Band]) -> Vec<(usize, Band)> {
        let all = bands.iter().cloned().enumerate();
        let Some(alone) = self.alone.filter(|&alone| alone < bands.len()) else { return all.collect() };
        let cut = |(index, band): (usize, Band)| {
            let (first, count) = self.neurons.unwrap_or((0, band.units));
            let first = first.min(band.units.saturating_sub(1));
            let units = count.clamp(1, (band.units - first).max(1));
            (index, Band { first: band.first + first, units, ..band })
        };
        all.filter(|(index, _)| *index == alone).map(cut).collect()
    }

    /// Returns the population of a neuron, with the neuron's number in it.
    pub fn population(bands: &[Band], neuron: u32) -> Option<(usize, u32)> {
        let inside = |band: &Band| (band.first..band.first + band.units).contains(&neuron);
        let index = bands.iter().position(inside)?;
        Some((index, neuron - bands[index].first))
    }

    /// Shows all populations, then each in turn, and all again.
    pub fn next_population(&mut self, bands: &[Band]) {
        let next = self.alone.map_or(0, |alone| alone + 1);
        self.alone = Some(next).filter(|&next| next < bands.len());
        self.neurons = None;
        if let Some(band) = self.alone.and_then(|alone| bands.get(alone)) {
            self.neuron = band.first;
        }
    }

    /// Halves or doubles the neurons shown, about the cursor.
    pub fn zoom_neurons(&mut self, bands: &[Band], closer: bool, times: u32) {
        let Some((index, own)) = Self::population(bands, self.neuron) else { return };
        let units = bands[index].units;
        for _ in 0..times.min(32) {
            let (_, count) = self.neurons.filter(|_| self.alone == Some(index)).unwrap_or((0, units));
            match (closer, self.alone) {
                // The first step closer leaves the other populations out.
                (true, None) => self.alone = Some(index),
                (true, Some(_)) => self.neurons = Some(about(own, (count / 2).max(1), units)),
                (false, _) if self.neurons.is_none() => self.alone = None,
                (false, _) if 2 * count >= units => self.neurons = None,
                (false, _) => self.neurons = Some(about(own, 2 * count, units)),
            }
        }
    }

    /// Halves or doubles the ticks shown.
    pub fn zoom_ticks(&mut self, closer: bool, times: u32) {
        for _ in 0..times.min(16) {
            let zoom = if closer { self.zoom - 1 } else { self.zoom + 1 };
            self.zoom = zoom.clamp(ZOOM.0, ZOOM.1);
        }
    }

    /// Shows all neurons and the last ticks, with the cursor at the first neuron, and follows.
    pub fn whole(&mut self) {
        let pins = std::mem::take(&mut self.pins);
        *self = Self { pins, ..Self::default() };
    }

    /// Pins or unpins a neuron, and returns a notice.
    pub fn toggle(&mut self, name: &str, pin: Pin) -> String {
        let who = format!("{name} neuron {}", pin.neuron);
        if let Some(at) = self.pins.iter().position(|other| *other == pin) {
            self.pins.remove(at);
            format!("{who} is not pinned any more")
        } else if self.pins.len() >= MOST_PINS {
            format!("{MOST_PINS} neurons are pinned: remove one first")
        } else {
            self.pins.push(pin);
            format!("{who} is pinned: panel 2 draws its potential")
        }
    }

    /// Returns the pin of a neuron over all populations, with the name of its population.
    pub fn pin_of(bands: &[Band], neuron: u32) -> Option<(Pin, &str)> {
        let (index, own) = Self::population(bands, neuron)?;
        Some((Pin { population: PopulationId::at(index), neuron: own }, &bands[index].name))
    }
}

/// Returns the range of `count` of `units` neurons around `middle`, as far as possible.
fn about(middle: u32, count: u32, units: u32) -> (u32, u32) {
    let count = count.min(units);
    (middle.saturating_sub(count / 2).min(units - count), count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands() -> Vec<Band> {
        let band = |name: &str, first, units| Band { name: name.to_owned(), first, units, ..Band::default() };
        vec![band("a", 0, 100), band("b", 100, 7)]
    }

    fn shown(state: &RasterState) -> Vec<(usize, u32, u32)> {
        state.shown(&bands()).into_iter().map(|(index, band)| (index, band.first, band.units)).collect()
    }

    #[test]
    fn populations_are_shown_together_and_one_by_one() {
        let mut state = RasterState::default();
        assert_eq!(shown(&state), [(0, 0, 100), (1, 100, 7)]);
        state.next_population(&bands());
        assert_eq!((shown(&state), state.neuron), (vec![(0, 0, 100)], 0));
        state.next_population(&bands());
        assert_eq!((shown(&state), state.neuron), (vec![(1, 100, 7)], 100));
        state.next_population(&bands());
        assert_eq!(shown(&state).len(), 2);
    }

    #[test]
    fn zooming_halves_the_neurons_about_the_cursor_and_goes_back_the_same_way() {
        let mut state = RasterState { neuron: 90, ..RasterState::default() };
        let mut seen = Vec::new();
        for _ in 0..9 {
            state.zoom_neurons(&bands(), true, 1);
            let (_, first, count) = shown(&state)[0];
            assert!((first..first + count).contains(&90), "{first} {count}");
            seen.push(count);
        }
        assert_eq!(seen, [100, 50, 25, 12, 6, 3, 1, 1, 1]);
        state.zoom_neurons(&bands(), false, 20);
        assert_eq!((state.alone, state.neurons), (None, None));
    }

    #[test]
    fn pins_are_put_in_and_taken_out_up_to_a_limit() {
        let (mut state, bands) = (RasterState::default(), bands());
        for neuron in 0..8 {
            let (pin, name) = RasterState::pin_of(&bands, 98 + neuron).unwrap();
            let told = state.toggle(name, pin);
            assert_eq!(told.contains("is pinned:"), (neuron as usize) < MOST_PINS, "{told}");
        }
        assert_eq!(state.pins.len(), MOST_PINS);
        let (pin, name) = RasterState::pin_of(&bands, 100).unwrap();
        assert_eq!(pin, Pin { population: PopulationId::at(1), neuron: 0 });
        assert_eq!(state.toggle(name, pin), "b neuron 0 is not pinned any more");
        assert_eq!(state.pins.len(), MOST_PINS - 1);
    }
}
