//! The gestures of DVS128 Gesture as movements: ranges from which each performance is drawn.
//!
//! The ranges are ours: the data set (Amir et al., CVPR 2017) names its classes and shows them, it
//! does not measure them. Those of [`World::Dataset`] are what a network trained on the real set
//! recognises (docs/gestures.md). [`Clock`] says who sees "clockwise" so; no source says whose
//! clock the data set means.

use super::dice::Dice;
use super::motion::{Motion, Path};
use super::others;
use super::people::Person;
use super::vector::{Vec3, vec3};
use super::world::{Clock, World};
use crate::dvs::gesture::Gesture;

/// Origin of a performance: the ranges it is drawn from, and the convention of circles.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Ranges of every movement.
    pub world: World,
    /// Point of view from which circles are called clockwise.
    pub clock: Clock,
}

/// Draws how this person makes this gesture this time.
pub fn perform(gesture: Gesture, style: Style, person: &Person, dice: &mut Dice) -> Motion {
    let Style { world, clock } = style;
    let mut motion = match gesture.name() {
        "hand_clapping" => clapping(world, person, dice),
        "right_hand_wave" => waving(world, person, dice),
        "left_hand_wave" => waving(world, person, dice).mirrored(),
        "right_arm_clockwise" => circling(world, clock.direction(), dice),
        "right_arm_counter_clockwise" => circling(world, -clock.direction(), dice),
        // A mirror turns clocks round.
        "left_arm_clockwise" => circling(world, -clock.direction(), dice).mirrored(),
        "left_arm_counter_clockwise" => circling(world, clock.direction(), dice).mirrored(),
        "arm_roll" => rolling(world, person, dice),
        "air_drums" => drumming(world, dice),
        "air_guitar" => strumming(world, person, dice),
        _ => others::other(world, person, dice),
    };
    motion.tempo *= person.tempo;
    for path in [&mut motion.right, &mut motion.left] {
        path.resize(person.reach);
    }
    motion
}

/// Draws a point from the box between two corners.
pub(super) fn within(dice: &mut Dice, low: Vec3, high: Vec3) -> Vec3 {
    vec3(dice.between(low.x, high.x), dice.between(low.y, high.y), dice.between(low.z, high.z))
}

/// Returns the place where the hands meet before the chest, in arm lengths outwards
/// from the shoulder.
fn midline(person: &Person) -> f32 {
    -person.shoulder / person.arm()
}

/// Draws the path of an arm that has nothing to do: hanging, or the hand on the hip or in a pocket.
pub(super) fn idle(dice: &mut Dice) -> Path {
    let centre = match dice.below(5) {
        0 => within(dice, vec3(-0.05, -0.75, 0.15), vec3(0.1, -0.6, 0.3)),
        _ => within(dice, vec3(0.02, -0.99, 0.0), vec3(0.2, -0.93, 0.15)),
    };
    let mut path = Path::still(centre);
    // It swings a little with the rest of the body.
    path.sin = within(dice, vec3(-0.02, -0.01, -0.02), vec3(0.02, 0.01, 0.02));
    path.phase = dice.unit();
    path.spread = dice.unit() * 0.4;
    path
}

fn clapping(world: World, person: &Person, dice: &mut Dice) -> Motion {
    let half = world.between(dice, [0.05, 0.18], [0.13, 0.42]);
    let middle = midline(person);
    let [low, high] = world
        .pick([vec3(0.0, -0.35, 0.25), vec3(0.0, 0.1, 0.8)], [vec3(0.0, -0.55, 0.45), vec3(0.0, 0.1, 0.75)]);
    let mut centre = within(dice, low, high);
    centre.x = middle + half + dice.between(0.02, 0.08);
    let mut path = Path::still(centre);
    path.sin = vec3(half, dice.between(-0.06, 0.06), dice.between(-0.05, 0.05));
    // Hands are flung together and drawn apart.
    path.sin2 = path.sin * dice.between(-0.2, 0.2);
    // In the data set's world the elbows stay at the sides.
    let [low, high] = world
        .pick([vec3(-0.1, -1.0, -0.3), vec3(0.35, -0.6, 0.1)], [vec3(0.3, -0.9, -0.3), vec3(0.9, -0.4, 0.1)]);
    path.elbow = within(dice, low, high);
    path.turn = dice.between(-0.3, 0.3);
    path.spread = dice.between(0.0, 0.6);
    let mut other = path;
    if dice.chance(world.pick(0.05, 0.3)) {
        // One hand claps onto the other.
        other.sin = path.sin * dice.between(0.15, 0.6);
        other.centre.x = middle + other.sin.x + 0.04;
    }
    let tempo = world.scale(dice, [1.0, 4.5], [1.1, 3.2]);
    let mut motion = Motion::new(path, other, tempo, dice);
    motion.bounce = dice.between(0.0, 0.008);
    if dice.chance(0.5) { motion.mirrored() } else { motion }
}

fn waving(world: World, person: &Person, dice: &mut Dice) -> Motion {
    let below = |dice: &mut Dice| within(dice, vec3(0.2, -1.0, -0.3), vec3(0.9, -0.5, 0.2));
    let mut path = match dice.below(world.pick(16, 8)) {
        0 => {
            // The whole straight arm, above the shoulder.
            let mut path = Path::still(within(dice, vec3(0.2, 0.65, 0.1), vec3(0.55, 0.85, 0.4)));
            let side = dice.between(0.15, 0.4);
            path.sin = vec3(side, -0.4 * side, 0.0);
            path.elbow = below(dice);
            path
        }
        1 | 2 => {
            // The hand goes to and fro; elbow and shoulder give way.
            let mut path = Path::still(within(dice, vec3(-0.1, -0.35, 0.2), vec3(0.6, 0.6, 0.65)));
            let side = dice.between(0.08, 0.4);
            path.sin = vec3(side, dice.between(-0.15, 0.1), dice.between(-0.06, 0.06));
            path.cos2 = vec3(0.0, 0.5 * side * side * dice.unit(), 0.0);
            path.elbow = below(dice);
            path
        }
        _ => about_the_elbow(world, person, dice),
    };
    path.turn = dice.between(-0.1, 0.8);
    path.spread = dice.between(0.2, 1.0);
    let idle = idle(dice);
    let tempo = world.scale(dice, [1.0, 3.0], [0.9, 3.0]);
    let mut motion = Motion::new(path, idle, tempo, dice);
    motion.lean = dice.between(-0.01, 0.02);
    motion
}

/// Draws the path of the wrist when the forearm swings about an elbow that keeps its place: beside
/// the body, before it, or raised.
fn about_the_elbow(world: World, person: &Person, dice: &mut Dice) -> Path {
    let (upper, fore) = (person.upper_arm / person.arm(), person.forearm / person.arm());
    let [low, high] = world
        .pick([vec3(0.2, -0.5, -0.1), vec3(0.9, 0.3, 0.7)], [vec3(0.0, -1.0, -0.1), vec3(0.7, -0.2, 0.7)]);
    let elbow = within(dice, low, high).unit_or(vec3(0.0, -1.0, 0.0));
    // Angles from upright, outwards: the middle one and how far it goes; and how far the
    // forearm points forwards.
    let (middle, swing) = (dice.between(-0.5, 0.5), world.between(dice, [0.2, 0.7], [0.22, 0.8]));
    let forwards = dice.between(0.0, 0.9);
    let along = |x: f32, y: f32| vec3(x, y * libm::cosf(forwards), y * libm::sinf(forwards)) * fore;
    let (sin, cos) = (libm::sinf(middle), libm::cosf(middle));
    // Sine and cosine of middle + swing · sin(beat) as Fourier series: Bessel functions, to
    // the third order.
    let square = swing * swing;
    let (still, first, second) = (1.0 - 0.25 * square, swing * (1.0 - 0.125 * square), 0.25 * square);
    let mut path = Path::still(elbow * upper + along(sin * still, cos * still));
    path.sin = along(cos * first, -sin * first);
    path.cos2 = along(sin * second, cos * second);
    path.elbow = elbow;
    path
}

/// Draws a large circle of the right arm; `direction` 1 is clockwise as the camera sees it.
///
/// The right arm is on the image's left and "outwards" points left: outwards to up is clockwise.
fn circling(world: World, direction: f32, dice: &mut Dice) -> Motion {
    let radius = world.between(dice, [0.4, 0.8], [0.32, 0.75]);
    let flat = dice.between(0.65, 1.2);
    let [low, high] = world.pick(
        [vec3(0.2, -0.25, 0.25), vec3(0.55, 0.25, 0.75)],
        [vec3(0.0, -0.25, 0.3), vec3(0.45, 0.25, 0.75)],
    );
    let mut path = Path::still(within(dice, low, high));
    // The circle may be tipped out of the picture's plane: towards the camera on one side.
    path.cos = vec3(radius * flat, 0.0, radius * world.between(dice, [-0.6, 0.6], [-0.4, 0.4]));
    path.sin = vec3(0.0, radius, radius * world.between(dice, [-0.6, 0.9], [-0.4, 0.4])) * direction;
    path.phase = dice.unit();
    path.elbow = within(dice, vec3(0.3, -0.9, -0.3), vec3(1.0, -0.2, 0.2));
    path.spread = dice.between(0.0, 0.7);
    let idle = idle(dice);
    let tempo = world.scale(dice, [0.45, 0.8], [0.55, 1.8]);
    let mut motion = Motion::new(path, idle, tempo, dice);
    motion.lean = dice.between(-0.03, 0.03);
    motion.bounce = dice.between(0.0, 0.01);
    motion
}

fn rolling(world: World, person: &Person, dice: &mut Dice) -> Motion {
    let high = world.between(dice, [0.1, 0.25], [0.12, 0.3]);
    let deep = world.between(dice, [0.05, 0.3], [0.08, 0.25]);
    let [lowest, highest] = world.pick(
        [vec3(0.0, -0.52, 0.35), vec3(0.0, -0.25, 0.65)],
        [vec3(0.0, -0.6, 0.4), vec3(0.0, -0.05, 0.65)],
    );
    let mut centre = within(dice, lowest, highest);
    // The forearms lie across the chest, one before the other.
    centre.x = midline(person) + world.between(dice, [-0.02, 0.06], [-0.12, 0.14]);
    let mut path = Path::still(centre);
    path.sin = vec3(world.between(dice, [-0.05, 0.05], [-0.04, 0.04]), high, 0.0);
    path.cos = vec3(world.between(dice, [-0.2, 0.0], [-0.04, 0.04]), 0.0, deep * dice.sign());
    let [lowest, highest] = world
        .pick([vec3(0.6, -0.5, -0.15), vec3(1.0, 0.1, 0.3)], [vec3(0.8, -0.5, -0.2), vec3(1.0, 0.1, 0.1)]);
    path.elbow = within(dice, lowest, highest);
    path.spread = dice.between(0.0, 0.3);
    let mut other = path;
    other.phase = 0.5 + world.between(dice, [-0.08, 0.08], [-0.06, 0.06]);
    let tempo = world.scale(dice, [0.8, 1.4], [0.8, 2.6]);
    let mut motion = Motion::new(path, other, tempo, dice);
    motion.bounce = dice.between(0.0, 0.008);
    motion
}

fn drumming(world: World, dice: &mut Dice) -> Motion {
    let high = world.between(dice, [0.06, 0.28], [0.12, 0.36]);
    let [lowest, highest] = world.pick(
        [vec3(-0.2, -0.65, 0.2), vec3(-0.03, -0.35, 0.5)],
        [vec3(-0.1, -0.6, 0.45), vec3(0.35, -0.05, 0.75)],
    );
    let mut path = Path::still(within(dice, lowest, highest));
    path.sin = vec3(dice.between(-0.05, 0.05), high, world.between(dice, [-0.1, 0.2], [-0.12, 0.02]));
    // Down faster than up.
    path.sin2 = vec3(0.0, high * dice.between(0.0, 0.35), 0.0);
    path.elbow = within(dice, vec3(0.3, -0.9, world.pick(-0.6, -0.4)), vec3(1.0, -0.5, world.pick(0.2, 0.0)));
    path.spread = dice.between(0.0, 0.25);
    path.turn = dice.between(-0.2, 0.2);
    let mut other = path;
    other.centre = other.centre + within(dice, vec3(-0.08, -0.06, -0.06), vec3(0.08, 0.06, 0.06));
    // Mostly hand after hand, sometimes one twice as fast.
    if dice.chance(world.pick(0.05, 0.12)) {
        other.ratio = 2.0;
    } else {
        other.phase = 0.5 + dice.between(-0.08, 0.08);
    }
    let tempo = world.scale(dice, [1.0, 2.4], [1.2, 3.6]);
    let mut motion = Motion::new(path, other, tempo, dice);
    motion.bounce = dice.between(0.0, 0.015);
    motion.twist = dice.between(-0.06, 0.06);
    if dice.chance(0.5) { motion.mirrored() } else { motion }
}

fn strumming(world: World, person: &Person, dice: &mut Dice) -> Motion {
    // The left hand holds the neck, the right one strums before the belly.
    let [low, high] = world.pick([-0.15, 0.2], [-0.45, 0.15]);
    let mut neck = Path::still(within(
        dice,
        vec3(world.pick(0.45, 0.35), low, 0.25),
        vec3(world.pick(0.8, 0.75), high, 0.55),
    ));
    neck.elbow = within(dice, vec3(0.2, -1.0, -0.3), vec3(0.6, -0.8, 0.0));
    let slide = if dice.chance(0.4) { dice.between(0.05, 0.2) } else { dice.between(0.0, 0.03) };
    neck.sin = vec3(slide, slide * 0.25, 0.0);
    neck.ratio = dice.between(0.15, 0.6);
    neck.spread = dice.between(0.1, 0.4);
    let mut hand = Path::still(within(dice, vec3(0.0, world.pick(-1.0, -0.9), 0.3), vec3(0.0, -0.55, 0.5)));
    hand.centre.x = midline(person) + world.between(dice, [-0.05, 0.2], [-0.05, 0.35]);
    let stroke = world.between(dice, [0.12, 0.4], [0.12, 0.32]);
    hand.sin = vec3(stroke * dice.between(-0.4, 0.4), stroke, 0.0);
    hand.sin2 = vec3(0.0, stroke * dice.between(-0.15, 0.15), 0.0);
    let [low, high] = world.pick([-0.6, -0.1], [-0.4, 0.1]);
    hand.elbow = within(dice, vec3(0.6, low, -0.8), vec3(1.0, high, -0.4));
    hand.turn = dice.between(0.0, 0.5);
    hand.spread = dice.between(0.0, 0.3);
    let tempo = world.scale(dice, [1.3, 5.0], [1.3, 4.0]);
    let mut motion = Motion::new(hand, neck, tempo, dice);
    motion.lean = dice.between(-0.02, 0.02);
    motion.bounce = dice.between(0.0, 0.012);
    if person.left_handed { motion.mirrored() } else { motion }
}
