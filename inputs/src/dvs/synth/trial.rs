//! Synthetic recording: a person makes all gestures in turn before the camera.

use super::body::figure;
use super::camera::{Camera, Quality};
use super::dice::Dice;
use super::gestures::{Style, perform};
use super::motion::{Motion, Pose, Unsteadiness};
use super::people::Person;
use super::stage::{Lighting, Stage};
use super::vector::{Vec3, vec3};
use super::view::View;
use super::world::{Clock, World};
use crate::dvs::event::{CameraEvent, DVS128};
use crate::dvs::gesture::Gesture;
use crate::dvs::labels::Label;

/// Interval between two pictures, µs: a hand at 2 m/s moves by half a pixel to a
/// pixel between them.
const STEP_US: i64 = 4_000;

/// Options of a recording: person, lighting, lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialOptions {
    /// Start of all random numbers.
    pub seed: u64,
    /// Number of the person, from 1.
    pub person: u32,
    /// Number of the person's recording, from 0.
    pub trial: u32,
    /// Lighting of the recording.
    pub lighting: Lighting,
    /// Length of each gesture, µs: drawn between these.
    pub gesture_us: [i64; 2],
    /// World that the conditions are drawn from.
    pub world: World,
    /// Point of view from which circles are called clockwise.
    pub clock: Clock,
}

/// Recording with its labels.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Events in order of time.
    pub events: Vec<CameraEvent>,
    /// Labels in order of time.
    pub labels: Vec<Label>,
    /// Length of the recording, µs.
    pub length_us: i64,
}

/// Slow movements of a standing person.
struct Standing {
    waves: [Unsteadiness; 3],
}

/// Makes a recording of all eleven gestures. The same options give the same events.
pub fn record(options: &TrialOptions) -> Trial {
    let all: Vec<Gesture> = Gesture::all().collect();
    record_these(options, &all)
}

/// Makes a recording of these gestures, one after the other.
pub fn record_these(options: &TrialOptions, gestures: &[Gesture]) -> Trial {
    let person = Person::draw(options.world, &mut Dice::new(&[options.seed, u64::from(options.person), 0]));
    let part = |purpose: u64| {
        Dice::new(&[options.seed, u64::from(options.person), u64::from(options.trial) + 1, purpose])
    };
    let stage = Stage::draw(options.world, options.lighting, DVS128, person.skin, &mut part(0));
    let view = View::draw(options.world, &mut part(1));
    let quality = Quality::draw(options.world, stage.contrast, &mut part(2));
    let mut camera = Camera::new(DVS128, quality, &stage, part(3));
    let mut dice = part(4);
    let plan = plan(options, gestures, (&person, &view), &mut dice);
    let standing = Standing { waves: [(); 3].map(|()| Unsteadiness::draw(&mut dice)) };

    let mut canvas = stage.background.clone();
    let (mut shapes, mut events) = (Vec::new(), Vec::new());
    let mut now = 0;
    while now <= plan.length_us {
        let mut pose = plan.pose(now);
        standing.sway(&person, now, &mut pose);
        figure(&person, &pose, &view, &mut shapes);
        canvas.clear_to(&stage.background);
        for shape in &shapes {
            canvas.paint(shape, &stage.look);
        }
        camera.see(canvas.pixels(), now, &mut events);
        now += STEP_US;
    }
    Trial { events, labels: plan.acts.iter().map(|act| act.label).collect(), length_us: plan.length_us }
}

impl Standing {
    fn sway(&self, person: &Person, now: i64, pose: &mut Pose) {
        let t = now as f32 * 1e-6;
        let [a, b, c] = self.waves.map(|wave| wave.at(t));
        pose.body = pose.body + vec3(a, 0.3 * b, c) * (person.sway * 4.0);
        pose.lean += b * person.sway * 2.0;
    }
}

/// Schedule of the gestures in a recording.
struct Plan {
    acts: Vec<Act>,
    length_us: i64,
}

struct Act {
    label: Label,
    motion: Motion,
    /// Place of the body during the gesture, metres from where it stands at rest.
    place: Vec3,
    /// Duration of the movement from rest into the gesture, and of the way back, µs.
    raise_us: i64,
}

fn plan(
    options: &TrialOptions,
    gestures: &[Gesture],
    (person, view): (&Person, &View),
    dice: &mut Dice,
) -> Plan {
    let style = Style { world: options.world, clock: options.clock };
    let mut now = 300_000;
    let acts = gestures
        .iter()
        .map(|&gesture| {
            let raise_us = dice.between(350_000.0, 700_000.0) as i64;
            let [shortest, longest] = options.gesture_us;
            let start_us = now + raise_us;
            let end_us = start_us + dice.between(shortest as f32, longest as f32) as i64;
            now = end_us + raise_us + dice.between(50_000.0, 400_000.0) as i64;
            let mut motion = perform(gesture, style, person, dice);
            let place = view.stand(&mut motion, person);
            Act { label: Label { gesture, start_us, end_us }, motion, place, raise_us }
        })
        .collect();
    Plan { acts, length_us: now }
}

impl Plan {
    /// Returns the pose at time `now`, in µs: at rest, on the way, or amid a gesture.
    fn pose(&self, now: i64) -> Pose {
        let near =
            |act: &&Act| now > act.label.start_us - act.raise_us && now < act.label.end_us + act.raise_us;
        let Some(act) = self.acts.iter().find(near) else { return Pose::rest() };
        let mut pose = act.motion.at((now - act.label.start_us) as f32 * 1e-6);
        pose.body = pose.body + act.place;
        let outside = (act.label.start_us - now).max(now - act.label.end_us).max(0);
        let part = 1.0 - outside as f32 / act.raise_us as f32;
        // Slow, fast, slow: as hands are raised.
        Pose::rest().towards(pose, part * part * (3.0 - 2.0 * part))
    }
}
