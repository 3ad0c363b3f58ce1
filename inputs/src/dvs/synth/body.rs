//! Figure of a person in a pose, as shapes in the picture from back to front.

use super::motion::{ArmPose, Pose};
use super::people::{Pattern, Person};
use super::render::{Ink, Limb, Oval, Shape, Trunk};
use super::vector::{Vec3, vec3};
use super::view::{Spot, View};

/// Bones of an arm in the body's space.
#[derive(Clone, Copy, Debug)]
pub struct Arm {
    /// Position of the shoulder joint.
    pub shoulder: Vec3,
    /// Position of the elbow.
    pub elbow: Vec3,
    /// Position of the wrist.
    pub wrist: Vec3,
}

/// Places the elbow and wrist of an arm whose hand reaches for a position (two bones, one plane).
/// `side` is −1 for the person's right arm, which is on the image's left, and 1 for the left one.
pub fn bend(person: &Person, pose: &ArmPose, shoulder: Vec3, side: f32) -> Arm {
    let turned = |v: Vec3| vec3(v.x * side, v.y, v.z);
    let (upper, fore) = (person.upper_arm, person.forearm);
    let wish = turned(pose.wrist) * person.arm();
    let reach = wish.length().clamp((upper - fore).abs() + 0.02, (upper + fore) * 0.998);
    let along = wish.unit_or(vec3(0.0, -1.0, 0.0));
    let pole = turned(pose.elbow);
    let across = (pole - along * pole.dot(along)).unit_or(vec3(0.0, 0.0, -1.0));
    // Law of cosines: how far along the elbow's foot is, and how far beside it the elbow.
    let foot = (upper * upper - fore * fore + reach * reach) / (2.0 * reach);
    let beside = libm::sqrtf((upper * upper - foot * foot).max(0.0));
    Arm { shoulder, elbow: shoulder + along * foot + across * beside, wrist: shoulder + along * reach }
}

/// Replaces `shapes` with the figure of a person in a pose, from back to front.
pub fn figure(person: &Person, pose: &Pose, view: &View, shapes: &mut Vec<Shape>) {
    shapes.clear();
    let frame = Frame::new(person, pose, view);
    let right = bend(person, &pose.right, frame.place(vec3(-person.shoulder, 0.0, 0.0)), -1.0);
    let left = bend(person, &pose.left, frame.place(vec3(person.shoulder, 0.0, 0.0)), 1.0);
    let mut arms = [(right, pose.right, -1.0), (left, pose.left, 1.0)];
    // The arm that is farther to the front is drawn last.
    if arms[0].0.wrist.z > arms[1].0.wrist.z {
        arms.swap(0, 1);
    }
    let behind = |arm: &Arm| arm.wrist.z < frame.origin.z - 0.12;
    for (arm, pose, side) in arms.iter().filter(|(arm, ..)| behind(arm)) {
        frame.arm(arm, pose, *side, shapes);
    }
    frame.trunk_and_head(shapes);
    for (arm, pose, side) in arms.iter().filter(|(arm, ..)| !behind(arm)) {
        frame.arm(arm, pose, *side, shapes);
    }
}

/// The trunk's own directions in the body's space.
struct Frame<'a> {
    person: &'a Person,
    view: &'a View,
    origin: Vec3,
    lean: [f32; 2],
    twist: [f32; 2],
}

impl<'a> Frame<'a> {
    fn new(person: &'a Person, pose: &Pose, view: &'a View) -> Self {
        let (lean, twist) = (pose.lean, pose.twist);
        Self {
            person,
            view,
            origin: pose.body,
            lean: [libm::sinf(lean), libm::cosf(lean)],
            twist: [libm::sinf(twist), libm::cosf(twist)],
        }
    }

    /// Returns a point of the trunk in body space: twisted about the spine, leant about the hips.
    /// `point` is relative to the middle between the shoulders.
    fn place(&self, point: Vec3) -> Vec3 {
        let [sin, cos] = self.twist;
        let x = point.x * cos + point.z * sin;
        let z = point.z * cos - point.x * sin;
        let [sin, cos] = self.lean;
        let above = point.y + self.person.torso;
        self.origin + vec3(x * cos + above * sin, above * cos - x * sin - self.person.torso, z)
    }

    fn see(&self, point: Vec3) -> Spot {
        self.view.see(self.place(point))
    }

    fn trunk_and_head(&self, shapes: &mut Vec<Shape>) {
        let p = self.person;
        let plain = |albedo| Ink { albedo, pattern: Pattern::default() };
        let trousers = plain(p.trousers);
        let hips = -p.torso;
        for side in [-1.0, 1.0] {
            let hip = self.see(vec3(side * p.hip * 0.5, hips + 0.05, 0.0));
            let knee = self.see(vec3(side * p.hip * 0.6, hips - 0.5, 0.05));
            shapes.push(limb(hip, knee, [p.hip * 0.58, p.hip * 0.42], trousers));
        }
        let shirt = Ink { albedo: p.shirt, pattern: p.pattern };
        let neck = self.see(vec3(0.0, 0.045, 0.0));
        let belt = self.see(vec3(0.0, hips, 0.0));
        let [_, front] = self.twist;
        shapes.push(Shape::Trunk(Trunk {
            from: [neck.x, neck.y],
            to: [belt.x, belt.y],
            half: [
                (p.shoulder + p.thickness * 0.6) * neck.scale * front,
                p.hip * belt.scale * (0.4 + 0.6 * front),
            ],
            corner: 0.09 * neck.scale,
            ink: shirt,
        }));
        let chin = self.see(vec3(0.0, 0.13, 0.02));
        shapes.push(limb(neck, chin, [0.058, 0.052], plain(p.skin * 0.85)));
        self.head(shapes);
    }

    fn head(&self, shapes: &mut Vec<Shape>) {
        let p = self.person;
        let [turned, _] = self.twist;
        let middle = 0.075 + p.head;
        let face = self.see(vec3(0.0, middle, 0.04));
        let oval = |spot: Spot, wide: f32, high: f32, albedo| {
            let half = [p.head * wide * spot.scale, p.head * high * spot.scale];
            Shape::Oval(Oval {
                centre: [spot.x, spot.y],
                half,
                ink: Ink { albedo, pattern: Pattern::default() },
            })
        };
        if p.hair_length > 0.0 {
            let back = self.see(vec3(0.0, middle + 0.02 - 0.05 * p.hair_length, -0.02));
            shapes.push(oval(back, 0.86, 1.02 + 0.12 * p.hair_length, p.hair));
            let low = self.see(vec3(turned * 0.03, middle - 0.025, 0.05));
            shapes.push(oval(low, 0.70, 0.86, p.skin));
        } else {
            shapes.push(oval(face, 0.76, 1.0, p.skin));
        }
        for side in [-1.0, 1.0] {
            let eye = self.see(vec3(side * 0.032 + turned * 0.05, middle + 0.005, 0.1));
            let size = if p.glasses { 0.2 } else { 0.11 };
            shapes.push(oval(eye, size, size * 0.7, p.skin * 0.35));
        }
        let mouth = self.see(vec3(turned * 0.05, middle - 0.065, 0.1));
        shapes.push(oval(mouth, 0.22, 0.06, p.skin * 0.55));
    }

    fn arm(&self, arm: &Arm, pose: &ArmPose, side: f32, shapes: &mut Vec<Shape>) {
        let p = self.person;
        let [shoulder, elbow, wrist] = [arm.shoulder, arm.elbow, arm.wrist].map(|v| self.view.see(v));
        let skin = Ink { albedo: p.skin, pattern: Pattern::default() };
        let shirt = Ink { albedo: p.shirt, pattern: p.pattern };
        let t = p.thickness;
        shapes.push(limb(shoulder, elbow, [t * 1.1, t * 0.85], shirt));
        if p.long_sleeves {
            shapes.push(limb(elbow, wrist, [t * 0.9, t * 0.72], shirt));
        } else {
            let cuff = self.view.see(arm.shoulder.towards(arm.elbow, 0.65));
            shapes.push(limb(cuff, elbow, [t * 0.85, t * 0.75], skin));
            shapes.push(limb(elbow, wrist, [t * 0.78, t * 0.55], skin));
            shapes.push(limb(shoulder, cuff, [t * 1.2, t * 1.12], shirt));
        }
        self.hand(arm, pose, side, skin, shapes);
    }

    /// Adds palm and fingers at the end of the forearm, turned at the wrist in the picture's plane.
    fn hand(&self, arm: &Arm, pose: &ArmPose, side: f32, skin: Ink, shapes: &mut Vec<Shape>) {
        let length = self.person.hand;
        let along = (arm.wrist - arm.elbow).unit_or(vec3(0.0, -1.0, 0.0));
        // A forearm that points at the camera still shows a hand: it is held up a little.
        let along = (along + vec3(0.0, 0.35 * along.z.max(0.0), 0.0)).unit_or(along);
        let turn = |angle: f32| {
            let (sin, cos) = (libm::sinf(angle * side), libm::cosf(angle * side));
            vec3(along.x * cos + along.y * sin, along.y * cos - along.x * sin, along.z)
        };
        let palm = arm.wrist + turn(pose.turn) * (length * 0.45);
        let [from, to] = [arm.wrist, palm].map(|v| self.view.see(v));
        shapes.push(limb(from, to, [0.03, 0.043], skin));
        if pose.spread < 0.15 {
            return;
        }
        let reach = length * (0.35 + 0.25 * pose.spread);
        for finger in [-1.2_f32, -0.4, 0.4, 1.2] {
            let tip = palm + turn(pose.turn + finger * 0.45 * pose.spread) * reach;
            shapes.push(limb(to, self.view.see(tip), [0.016, 0.010], skin));
        }
        let thumb = arm.wrist + turn(pose.turn - 0.9) * (length * 0.45);
        shapes.push(limb(from, self.view.see(thumb), [0.018, 0.012], skin));
    }
}

/// Returns a limb between two spots, with radii in metres.
fn limb(from: Spot, to: Spot, radii: [f32; 2], ink: Ink) -> Shape {
    Shape::Limb(Limb {
        from: [from.x, from.y],
        to: [to.x, to.y],
        radii: [radii[0] * from.scale, radii[1] * to.scale],
        ink,
    })
}
