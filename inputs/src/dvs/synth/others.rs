//! The eleventh class: whatever else people did. Twelve kinds of movement, none of which a camera
//! could take for one of the other ten: no hands that meet, none that beat in turn before the
//! belly, no single arm that circles or waves.

use super::dice::Dice;
use super::gestures::{idle, within};
use super::motion::{Motion, Path};
use super::people::Person;
use super::vector::{Vec3, vec3};
use super::world::World;

/// Draws a movement that belongs to no other class.
///
/// Beckoning and scratching, small movements of one hand, are left out of the data set's world: in
/// its frames, a tenth of a second of them is a wave or a circle.
pub fn other(world: World, person: &Person, dice: &mut Dice) -> Motion {
    const KINDS: [fn(&Person, &mut Dice) -> Motion; 12] = [
        both_wave,
        both_circle,
        jumping_jack,
        boxing,
        flapping,
        twisting,
        saluting,
        crawling,
        rocking,
        fidgeting,
        beckoning,
        scratching,
    ];
    let kind = KINDS.get(dice.below(world.pick(KINDS.len() - 2, KINDS.len()))).copied().unwrap_or(fidgeting);
    let motion = kind(person, dice);
    if dice.chance(0.5) { motion.mirrored() } else { motion }
}

/// Returns a motion in which both arms follow `path`, the second `apart` of a turn ahead.
fn both(path: Path, apart: f32, tempo: f32, dice: &mut Dice) -> Motion {
    let other = Path { phase: path.phase + apart, ..path };
    Motion::new(path, other, tempo, dice)
}

fn half(dice: &mut Dice) -> f32 {
    if dice.chance(0.5) { 0.5 } else { 0.0 }
}

fn both_wave(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(within(dice, vec3(0.2, 0.2, 0.1), vec3(0.55, 0.8, 0.5)));
    path.sin = vec3(dice.between(0.12, 0.35), dice.between(-0.1, 0.05), 0.0);
    path.elbow = vec3(0.7, -0.7, 0.0);
    path.spread = dice.between(0.3, 1.0);
    path.turn = dice.between(0.0, 0.6);
    let (apart, tempo) = (half(dice), dice.scale(0.9, 2.8));
    both(path, apart, tempo, dice)
}

fn both_circle(_: &Person, dice: &mut Dice) -> Motion {
    let radius = dice.between(0.3, 0.65);
    let mut path = Path::still(within(dice, vec3(0.1, -0.2, 0.3), vec3(0.4, 0.2, 0.6)));
    path.cos = vec3(radius, 0.0, 0.0);
    path.sin = vec3(0.0, radius * dice.sign(), 0.0);
    path.elbow = vec3(0.6, -0.7, 0.0);
    let (apart, tempo) = (half(dice), dice.scale(0.5, 1.6));
    both(path, apart, tempo, dice)
}

fn jumping_jack(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(vec3(0.55, 0.0, 0.05));
    path.sin = vec3(-0.05, dice.between(0.5, 0.85), 0.0);
    path.cos = vec3(0.0, 0.0, 0.1);
    path.elbow = vec3(0.2, -0.2, -0.9);
    let tempo = dice.scale(0.6, 1.6);
    let mut motion = both(path, 0.0, tempo, dice);
    motion.bounce = dice.between(0.0, 0.04);
    motion
}

fn boxing(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(within(dice, vec3(-0.3, 0.0, 0.5), vec3(-0.05, 0.25, 0.6)));
    path.sin = vec3(dice.between(-0.15, 0.0), dice.between(-0.05, 0.15), 0.33);
    path.elbow = vec3(0.6, -0.8, 0.0);
    path.spread = 0.0;
    let tempo = dice.scale(0.9, 2.5);
    let mut motion = both(path, 0.5, tempo, dice);
    motion.twist = dice.between(0.15, 0.4);
    motion
}

fn flapping(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(vec3(0.8, dice.between(-0.25, 0.1), 0.1));
    path.sin = vec3(-0.03, dice.between(0.15, 0.4), 0.0);
    path.elbow = vec3(0.0, -1.0, -0.2);
    let (apart, tempo) = (half(dice), dice.scale(0.8, 2.8));
    both(path, apart, tempo, dice)
}

fn beckoning(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(within(dice, vec3(0.0, -0.2, 0.45), vec3(0.3, 0.2, 0.7)));
    path.sin = vec3(0.0, dice.between(0.15, 0.4), dice.between(-0.15, 0.0));
    path.elbow = vec3(0.4, -1.0, -0.1);
    path.spread = dice.between(0.2, 0.8);
    let (idle, tempo) = (idle(dice), dice.scale(0.7, 2.4));
    Motion::new(path, idle, tempo, dice)
}

fn twisting(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(within(dice, vec3(0.2, -0.9, 0.05), vec3(0.5, -0.5, 0.3)));
    path.sin = within(dice, vec3(-0.15, -0.05, -0.15), vec3(0.15, 0.05, 0.15));
    let tempo = dice.scale(0.4, 1.3);
    let mut motion = both(path, 0.5, tempo, dice);
    motion.twist = dice.between(0.3, 0.7);
    motion.lean = dice.between(0.0, 0.15);
    motion
}

fn scratching(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(within(dice, vec3(-0.35, 0.3, 0.15), vec3(-0.1, 0.5, 0.3)));
    path.sin = vec3(dice.between(0.04, 0.1), dice.between(0.06, 0.14), 0.0);
    path.elbow = vec3(1.0, -0.3, 0.1);
    path.spread = dice.between(0.1, 0.5);
    let (idle, tempo) = (idle(dice), dice.scale(1.5, 4.0));
    Motion::new(path, idle, tempo, dice)
}

/// Returns a motion of one hand to the forehead and down again.
fn saluting(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(within(dice, vec3(-0.1, -0.3, 0.2), vec3(0.1, -0.2, 0.3)));
    path.sin = vec3(dice.between(-0.15, 0.0), dice.between(0.55, 0.7), 0.0);
    path.elbow = vec3(1.0, -0.2, 0.0);
    path.spread = dice.between(0.0, 0.5);
    let (idle, tempo) = (idle(dice), dice.scale(0.4, 1.0));
    Motion::new(path, idle, tempo, dice)
}

/// Returns a crawl motion: arm after arm goes over the head and down before the body.
fn crawling(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(vec3(dice.between(0.0, 0.2), dice.between(0.0, 0.2), 0.3));
    path.cos = vec3(dice.between(0.0, 0.2), 0.0, dice.between(0.3, 0.45));
    path.sin = vec3(0.0, dice.between(0.45, 0.6), 0.0);
    path.elbow = vec3(1.0, -0.2, -0.2);
    path.spread = 0.2;
    let tempo = dice.scale(0.5, 1.2);
    both(path, 0.5, tempo, dice)
}

/// Returns a motion of the trunk from side to side.
///
/// The arms are at the sides, at the hips or stretched out.
fn rocking(_: &Person, dice: &mut Dice) -> Motion {
    let mut path = Path::still(vec3(dice.between(0.05, 0.9), 0.0, 0.1));
    path.centre.y = 0.2 - libm::sqrtf((0.95 - path.centre.x * path.centre.x).max(0.0));
    path.elbow = vec3(0.6, -0.2, -0.8);
    let tempo = dice.scale(0.4, 1.2);
    let mut motion = both(path, 0.0, tempo, dice);
    motion.lean = dice.between(0.15, 0.4);
    motion
}

/// Returns a motion in which both hands wander, each on a way of its own.
fn fidgeting(_: &Person, dice: &mut Dice) -> Motion {
    let mut wander = || {
        let mut path = Path::still(within(dice, vec3(0.0, -0.6, 0.2), vec3(0.5, 0.4, 0.6)));
        let mut way = |most: f32| within(dice, Vec3::ZERO - vec3(most, most, most), vec3(most, most, most));
        (path.sin, path.cos, path.sin2) = (way(0.3), way(0.3), way(0.2));
        path.ratio = dice.between(0.3, 1.0);
        path.phase = dice.unit();
        path.spread = dice.unit();
        path
    };
    let (right, left) = (wander(), wander());
    let tempo = dice.scale(0.5, 1.6);
    Motion::new(right, left, tempo, dice)
}
