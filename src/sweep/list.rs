//! List of the points of a plan, in an order that depends only on plan and scene.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::campaign::{Drawn, Targets};
use super::load::{LoadedPlan, MAX_POINTS};
use super::plan::{Campaign, Points, Values};
use super::value::Value;
use crate::net::random::Random;
use crate::scene::SceneError;

/// Number of random combinations tried for each requested one before the constraints count as
/// impossible.
const TRIES: u64 = 1000;

/// Returns 64 random bits that belong to a seed and a place.
pub fn bits(seed: u64, place: &[u64]) -> u64 {
    let mut bytes = seed.to_le_bytes().to_vec();
    bytes.extend(place.iter().flat_map(|number| number.to_le_bytes()));
    Random::new(xxh3_64(&bytes)).bits()
}

/// Returns a random number between two numbers, chosen by `bits`; whole if both numbers are.
///
/// # Errors
///
/// Fails if the two numbers are not a range.
pub fn random(from: &Value, to: &Value, bits: u64) -> Result<Value, String> {
    match (from, to) {
        (Value::Whole(from), Value::Whole(to)) if from <= to => {
            let count = to.abs_diff(*from).saturating_add(1);
            let offset = (u128::from(bits) * u128::from(count)) >> 64;
            Ok(Value::Whole(from.wrapping_add_unsigned(offset as u64)))
        }
        _ => match (from.number(), to.number()) {
            (Some(from), Some(to)) if from <= to && (to - from).is_finite() => {
                let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
                Ok(Value::Number(from + unit * (to - from)))
            }
            _ => Err("random numbers lie between two numbers, the smaller one first".to_owned()),
        },
    }
}

/// Returns a number below `count`, chosen by random bits.
pub fn choose(bits: u64, count: u64) -> u64 {
    ((u128::from(bits) * u128::from(count)) >> 64) as u64
}

/// Key of a point: a hash of the scene's text, the edits, the length of the run and the number
/// of the repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub u128);

impl Key {
    /// Reads a key of 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Self)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Indices of a point in a plan, from which the point can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointIndex {
    /// Number of the point in the list, from 0.
    pub number: u64,
    /// Number of the combination of axis values, counted without regard to constraints.
    pub combination: u64,
    /// Number of the repeat, from 0.
    pub repeat: u32,
    /// Number of the fault; `None` for the run without one, and in plans without a campaign.
    pub fault: Option<u64>,
}

/// Run of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Place in the list.
    pub place: PointIndex,
    /// Values of the axes, in plan order.
    pub values: Vec<Value>,
    /// Random fault of a campaign.
    pub fault: Option<Drawn>,
    /// Changes to the scene, in order.
    pub edits: Vec<(String, String)>,
    /// Key of the point's line in the results.
    pub key: Key,
}

/// Faults that can be drawn for a combination and a repeat; `None` if the scene does not fit.
type Known = Option<((u64, u32), Option<Arc<Targets>>)>;

/// All points of a plan.
#[derive(Debug)]
pub struct Listing<'p> {
    plan: &'p LoadedPlan,
    /// Number of combinations of axis values, without regard to constraints.
    combinations: u64,
    targets: Mutex<Known>,
}

impl<'p> Listing<'p> {
    /// Creates the list of a plan's points and counts its combinations.
    ///
    /// # Errors
    ///
    /// Fails if there are more points than [`MAX_POINTS`].
    pub fn new(plan: &'p LoadedPlan) -> Result<Self, SceneError> {
        let sweep = plan.sweep();
        let combinations = match sweep.points {
            Points::Grid => {
                plan.values.iter().try_fold(1_u64, |product, values| product.checked_mul(values.len() as u64))
            }
            Points::Draws(count) => Some(count),
        };
        let each = u64::from(sweep.repeats).checked_mul(each(sweep.campaign.as_ref()));
        let all = combinations.zip(each).and_then(|(combinations, each)| combinations.checked_mul(each));
        match (combinations, all) {
            (Some(combinations), Some(all)) if all <= MAX_POINTS => {
                Ok(Self { plan, combinations, targets: Mutex::default() })
            }
            (_, all) => {
                let all = all.map_or_else(|| "more than 10^19".to_owned(), |all| all.to_string());
                let message = format!("the plan has {all} points, and at most {MAX_POINTS} are run");
                let help = "fewer values, or `points: Draws(…)` for a random part of them";
                Err(plan.document.error_at("axes", message, help))
            }
        }
    }

    /// Iterates over the indices of all points, in order.
    pub fn places(&self) -> impl Iterator<Item = PointIndex> + '_ {
        let sweep = self.plan.sweep();
        let (repeats, each) = (sweep.repeats, each(sweep.campaign.as_ref()));
        let campaign = sweep.campaign.is_some();
        let inner = move |combination: u64| {
            (0..repeats).flat_map(move |repeat| {
                (0..each).map(move |fault| {
                    let fault = if campaign { fault.checked_sub(1) } else { None };
                    PointIndex { number: 0, combination, repeat, fault }
                })
            })
        };
        (0..).zip(self.accepted().flat_map(inner)).map(|(number, place)| PointIndex { number, ..place })
    }

    /// Iterates over the combinations that meet the constraints.
    fn accepted(&self) -> impl Iterator<Item = u64> + '_ {
        let all = self.plan.constraints.is_empty();
        let (tried, wanted) = match self.plan.sweep().points {
            Points::Grid => (self.combinations, self.combinations),
            Points::Draws(count) if all => (count, count),
            Points::Draws(count) => (count.saturating_mul(TRIES), count),
        };
        let accept = move |combination: &u64| {
            all || {
                // Constraints are evaluated without the repeat, so all repeats of a combination run
                // or none.
                let mut values = self.values(*combination);
                values.push(Value::Whole(0));
                self.plan.constraints.iter().all(|constraint| constraint.holds(&values))
            }
        };
        (0..tried).filter(accept).take(usize::try_from(wanted).unwrap_or(usize::MAX))
    }

    /// Counts the points of the plan.
    pub fn count(&self) -> u64 {
        let sweep = self.plan.sweep();
        let each = u64::from(sweep.repeats) * each(sweep.campaign.as_ref());
        if self.plan.constraints.is_empty() {
            return self.combinations * each;
        }
        self.accepted().count() as u64 * each
    }

    /// Returns the values of the axes in a combination.
    fn values(&self, combination: u64) -> Vec<Value> {
        let sweep = self.plan.sweep();
        let draws = matches!(sweep.points, Points::Draws(_));
        let mut left = combination;
        let mut values = Vec::with_capacity(sweep.axes.len());
        // The last axis changes fastest.
        for (number, (axis, known)) in sweep.axes.iter().zip(&self.plan.values).enumerate().rev() {
            let value = if draws {
                let bits = bits(sweep.seed, &[u64::MAX, combination, number as u64]);
                match &axis.values {
                    Values::Random { from, to, .. } => random(from, to, bits).ok(),
                    _ => known.get(choose(bits, known.len() as u64) as usize).cloned(),
                }
            } else {
                let count = known.len().max(1) as u64;
                let at = left % count;
                left /= count;
                known.get(at as usize).cloned()
            };
            // Every axis has a value: the plan was checked.
            values.push(value.unwrap_or(Value::Whole(0)));
        }
        values.reverse();
        values
    }

    /// Returns the point at a place.
    pub fn point(&self, place: PointIndex) -> Point {
        let values = self.values(place.combination);
        let mut edits = self.edits(&values, place.repeat);
        let fault = place.fault.and_then(|number| {
            let campaign = self.plan.sweep().campaign.as_ref()?;
            let targets = self.targets(place, &edits)?;
            let bits = |draw: u64| {
                bits(self.plan.sweep().seed, &[place.combination, u64::from(place.repeat), number, draw])
            };
            targets.draw(campaign, number, bits)
        });
        if let Some(drawn) = &fault {
            edits.push(("faults".to_owned(), drawn.edit()));
        }
        let key = self.key(&edits, place.repeat);
        Point { place, values, fault, edits, key }
    }

    /// Returns the edits of a combination without a random fault.
    fn edits(&self, values: &[Value], repeat: u32) -> Vec<(String, String)> {
        let sweep = self.plan.sweep();
        let repeat = Value::Whole(i64::from(repeat));
        let filled = |text: String| {
            if !text.contains('{') {
                return text;
            }
            let names = super::load::names(sweep).zip(values.iter().chain([&repeat]));
            names.fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), &value.to_string()))
        };
        let fixed = sweep.set.iter().map(|(field, value)| (field.clone(), filled(value.to_string())));
        let axes = sweep.axes.iter().zip(values);
        let varied = axes.flat_map(|(axis, value)| {
            axis.set.iter().map(|field| (field.clone(), filled(value.to_string())))
        });
        fixed.chain(varied).collect()
    }

    /// Returns the key of a run with these edits.
    fn key(&self, edits: &[(String, String)], repeat: u32) -> Key {
        let sweep = self.plan.sweep();
        let mut hash = Xxh3::new();
        let mut add = |part: &str| {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        };
        add("spinntui sweep 1");
        add(&self.plan.scene.text);
        let length = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
        add(&length(sweep.steps));
        add(&length(sweep.sequences));
        add(&repeat.to_string());
        for (field, value) in edits {
            add(field);
            add(value);
        }
        Key(hash.digest128())
    }

    /// Returns the faults that can be drawn in the edited scene; `None` if it does not fit.
    fn targets(&self, place: PointIndex, edits: &[(String, String)]) -> Option<Arc<Targets>> {
        let mut known = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (place.combination, place.repeat);
        if let Some((of, targets)) = &*known
            && *of == at
        {
            return targets.clone();
        }
        let targets = Targets::of_scene(&self.plan.scene, edits).map(Arc::new);
        *known = Some((at, targets.clone()));
        targets
    }
}

/// Returns the number of runs for a combination and a repeat: with a campaign, one for each fault
/// and one without.
fn each(campaign: Option<&Campaign>) -> u64 {
    campaign.map_or(1, |campaign| campaign.faults.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::scene::document::Document;
    use crate::sweep::plan::KIND;

    fn plan(fields: &str) -> LoadedPlan {
        let text = format!("Sweep(version: 1, scene: \"scenes/single_pe.ron\", {fields})");
        LoadedPlan::new(Document::from_text(&text, Path::new("plan.ron"), &KIND).unwrap()).unwrap()
    }

    fn points(plan: &LoadedPlan) -> Vec<Point> {
        let listing = Listing::new(plan).unwrap();
        let points: Vec<Point> = listing.places().map(|place| listing.point(place)).collect();
        assert_eq!(listing.count(), points.len() as u64);
        points
    }

    const TWO: &str = "axes: [
        (name: \"a\", set: [\"mapping.layers.0.pes\"], values: List([1, 2, 3])),
        (name: \"b\", set: [\"chip.waiting\"], values: List([\"Poll\", \"Sleep\"])),
    ], set: [(\"title\", \"{a} and {b}, {repeat}\")]";

    #[test]
    fn a_grid_has_every_combination_and_the_last_axis_changes_fastest() {
        let plan = plan(TWO);
        let points = points(&plan);
        let seen: Vec<String> =
            points.iter().map(|point| format!("{} {}", point.values[0], point.values[1])).collect();
        assert_eq!(seen, ["1 Poll", "1 Sleep", "2 Poll", "2 Sleep", "3 Poll", "3 Sleep"]);
        assert_eq!(points[3].place.number, 3);
        let edits = [("title", "2 and Sleep, 0"), ("mapping.layers.0.pes", "2"), ("chip.waiting", "Sleep")];
        assert_eq!(points[3].edits, edits.map(|(field, value)| (field.to_owned(), value.to_owned())));
    }

    #[test]
    fn keys_differ_where_runs_do() {
        let keys = |fields: &str| points(&plan(fields)).iter().map(|point| point.key).collect::<Vec<_>>();
        let all = keys(TWO);
        assert_eq!(all, keys(TWO));
        let more = [
            keys(&format!("{TWO}, steps: 3")),
            keys(&format!("{TWO}, sequences: 3")),
            keys(&format!("{TWO}, repeats: 2")),
        ];
        let distinct: BTreeSet<Key> = all.iter().chain(more.iter().flatten()).copied().collect();
        // The first repeat is the run without repeats.
        assert_eq!(distinct.len(), 6 + 6 + 6 + 6);
        // What is kept and drawn does not change a run.
        assert_eq!(all, keys(&format!("{TWO}, keep: [\"energy_j\"], title: \"x\"")));
        let text = all[0].to_string();
        assert_eq!((text.len(), Key::parse(&text)), (32, Some(all[0])));
        assert_eq!(Key::parse("+0000000000000000000000000000000"), None);
    }

    #[test]
    fn draws_meet_the_constraints_and_are_the_same_every_time() {
        let fields = "axes: [
            (name: \"a\", values: Random(from: 0, to: 99)), (name: \"b\", values: List([1, 2, 3])),
            (name: \"c\", values: Random(from: -1.0, to: 1.0)),
        ], points: Draws(200), seed: 5, constraints: [\"a + b <= 60\", \"b != 2\"]";
        let first = plan(fields);
        let drawn = points(&first);
        assert_eq!(drawn.len(), 200);
        for point in &drawn {
            let [a, b, c] = [0, 1, 2].map(|axis| point.values[axis].number().unwrap());
            assert!(a + b <= 60.0 && (b - 2.0).abs() > 0.5 && (-1.0..=1.0).contains(&c), "{point:?}");
        }
        assert!(drawn.iter().map(|point| point.values[0].to_string()).collect::<BTreeSet<_>>().len() > 30);
        assert_eq!(drawn, points(&plan(fields)));
        assert_ne!(drawn, points(&plan(&fields.replace("seed: 5", "seed: 6"))));
        // Constraints that nothing meets end the search.
        assert_eq!(points(&plan(&fields.replace("b != 2", "b == 4"))).len(), 0);
    }

    #[test]
    fn too_many_points_are_refused() {
        let axis = |name: &str| format!("(name: \"{name}\", values: Range(from: 1, to: 1000, step: 1))");
        let million = plan(&format!("axes: [{}, {}]", axis("a"), axis("b")));
        let listing = Listing::new(&million).unwrap();
        assert_eq!((listing.count(), listing.places().count()), (1_000_000, 1_000_000));
        let more = plan(&format!("axes: [{}, {}, {}]", axis("a"), axis("b"), axis("c")));
        let error = Listing::new(&more).unwrap_err().to_string();
        assert!(error.contains("1000000000 points") && error.contains("Draws"), "{error}");
    }

    proptest! {
        #[test]
        fn shards_share_out_the_points(shards in 1_u64..9, repeats in 1_u32..4, limit in 1_i64..7) {
            let plan = plan(&format!("{TWO}, repeats: {repeats}, constraints: [\"a * 2 < {limit}\"]"));
            let listing = Listing::new(&plan).unwrap();
            let all: Vec<PointIndex> = listing.places().collect();
            let mut shared = Vec::new();
            for shard in 0..shards {
                shared.extend(listing.places().filter(|place| place.number % shards == shard));
            }
            shared.sort_by_key(|place| place.number);
            prop_assert_eq!(&all, &shared);
            prop_assert_eq!(all.len() as u64, listing.count());
        }

        #[test]
        fn random_numbers_stay_within_their_ends(from in -1000_i64..1000, more in 0_i64..1000, bits: u64) {
            let drawn = random(&Value::Whole(from), &Value::Whole(from + more), bits).unwrap();
            prop_assert!(matches!(drawn, Value::Whole(n) if (from..=from + more).contains(&n)));
            let (low, high) = (from as f64, from as f64 + 0.5);
            let drawn = random(&Value::Number(low), &Value::Number(high), bits).unwrap().number().unwrap();
            prop_assert!((low..=high).contains(&drawn));
        }
    }
}
