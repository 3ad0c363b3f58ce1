//! Time steps in which the units of a layer sent something.

use serde::{Deserialize, Serialize};

/// Unit of a layer, and the number of time steps in which it sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFiring {
    /// Model index of the unit.
    pub unit: u32,
    /// Number of time steps in which the unit sent an event or a spike; of a batch, in
    /// the first sample.
    pub steps: u32,
}

/// Extremes of a layer's units by the time steps in which they sent something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    /// Number of units that never sent anything.
    pub never: u32,
    /// Unit that sent least often of those that sent, the first of several; `None` if none did.
    pub least: Option<UnitFiring>,
    /// Unit that sent most often, the first of several; `None` if none sent anything.
    pub most: Option<UnitFiring>,
}

impl Firing {
    /// Finds the extremes of `steps`, the time steps of each unit.
    pub fn of(steps: &[u32]) -> Self {
        let units = || (0_u32..).zip(steps).map(|(unit, &steps)| UnitFiring { unit, steps });
        let fired = || units().filter(|unit| unit.steps > 0);
        Self {
            never: (steps.len() - fired().count()) as u32,
            least: fired().min_by_key(|unit| (unit.steps, unit.unit)),
            most: fired().min_by_key(|unit| (std::cmp::Reverse(unit.steps), unit.unit)),
        }
    }

    /// Returns the extremes in words, of `steps` time steps: longest wording first.
    pub fn words(&self, steps: u64) -> [String; 3] {
        let (Some(most), Some(least)) = (self.most, self.least) else {
            return ["none has sent anything", "none sent anything", "none yet"].map(str::to_owned);
        };
        let share = |unit: UnitFiring| 100.0 * f64::from(unit.steps) / steps.max(1) as f64;
        let (high, low) = (share(most), share(least));
        if most.unit == least.unit {
            let which = if self.never == 0 { String::new() } else { format!("only #{} ", most.unit) };
            let text = format!("{which}in {high:.1} % of all steps");
            return [text, format!("{which}in {high:.1} %"), format!("{high:.1} %")];
        }
        let medium = format!("most #{} {high:.0} %, least #{} {low:.1} %", most.unit, least.unit);
        [
            format!(
                "most #{} {high:.1} %, least #{} {low:.1} %, never {}",
                most.unit, least.unit, self.never
            ),
            medium,
            format!("#{} {high:.0} %, #{} {low:.1} %", most.unit, least.unit),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_the_first_units_of_several() {
        let unit = |unit, steps| Some(UnitFiring { unit, steps });
        let firing = Firing::of(&[0, 3, 9, 3, 9, 0]);
        assert_eq!((firing.never, firing.least, firing.most), (2, unit(1, 3), unit(2, 9)));
        assert_eq!(firing.words(10)[0], "most #2 90.0 %, least #1 30.0 %, never 2");
        assert_eq!(Firing::of(&[0, 0]), Firing { never: 2, least: None, most: None });
        assert_eq!(Firing::of(&[]).words(0)[2], "none yet");
        assert_eq!(Firing::of(&[0, 5]).words(20)[0], "only #1 in 25.0 % of all steps");
        assert_eq!(Firing::of(&[5]).words(20)[1], "in 25.0 %");
    }
}
