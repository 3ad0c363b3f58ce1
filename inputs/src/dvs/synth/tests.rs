//! Properties of a synthetic data set of gestures that hold for every person in it.

use super::body::bend;
use super::camera::{Camera, Quality};
use super::dice::Dice;
use super::gestures::{Style, perform};
use super::motion::Motion;
use super::people::Person;
use super::stage::{Lighting, Stage};
use super::trial::{Trial, TrialOptions, record, record_these};
use super::vector::vec3;
use super::view::View;
use super::world::{Clock, World};
use crate::dvs::event::{CameraEvent, DVS128};
use crate::dvs::gesture::{GESTURES, Gesture};

fn options(person: u32) -> TrialOptions {
    let lighting = Lighting::ALL[person as usize % 5];
    TrialOptions {
        seed: 5,
        person,
        trial: 0,
        lighting,
        gesture_us: [1_000_000, 1_200_000],
        world: World::Dataset,
        clock: Clock::Camera,
    }
}

fn gesture(label: u32) -> Gesture {
    Gesture::from_label(label).unwrap()
}

/// Events of each label.
fn parts(trial: &Trial) -> Vec<(Gesture, &[CameraEvent], f64)> {
    let at = |t: i64| trial.events.partition_point(|e| e.t < t);
    let seconds = |us: i64| us as f64 * 1e-6;
    trial
        .labels
        .iter()
        .map(|l| (l.gesture, &trial.events[at(l.start_us)..at(l.end_us)], seconds(l.end_us - l.start_us)))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_events_and_another_other_ones() {
    let two = [gesture(1), gesture(9)];
    let first = record_these(&options(1), &two);
    let again = record_these(&options(1), &two);
    assert!(!first.events.is_empty());
    assert_eq!(first.events, again.events);
    assert_eq!(first.labels, again.labels);
    for other in [
        TrialOptions { seed: 6, ..options(1) },
        TrialOptions { person: 2, ..options(1) },
        TrialOptions { trial: 1, ..options(1) },
    ] {
        assert_ne!(record_these(&other, &two).events, first.events);
    }
}

#[test]
fn every_class_is_seen_within_the_sensor_and_in_order() {
    for person in 1..=4 {
        let trial = record(&options(person));
        assert!(trial.events.is_sorted_by_key(|e| e.t), "person {person}");
        assert!(trial.events.iter().all(|e| {
            e.x < DVS128.width && e.y < DVS128.height && (0..=trial.length_us + 100).contains(&e.t)
        }));
        let parts = parts(&trial);
        let classes: Vec<usize> = parts.iter().map(|(g, ..)| g.index()).collect();
        assert_eq!(classes, (0..GESTURES).collect::<Vec<_>>());
        for (gesture, events, seconds) in parts {
            let rate = events.len() as f64 / seconds;
            assert!((300.0..1e6).contains(&rate), "person {person}, {gesture}: {rate:.0} events/s");
            let on = events.iter().filter(|e| e.on).count() as f64 / events.len() as f64;
            assert!((0.15..0.85).contains(&on), "person {person}, {gesture}: ON part {on:.2}");
        }
    }
}

#[test]
fn right_hands_are_on_the_images_left() {
    // Events beside the middle of all the person's events, in pixels, for gestures of one hand.
    let side = |label: u32| {
        let of = |person: u32| {
            let trial = record_these(&options(person), &[gesture(label), gesture(1)]);
            let parts = parts(&trial);
            let mean = |events: &[CameraEvent]| {
                events.iter().map(|e| f64::from(e.x)).sum::<f64>() / events.len() as f64
            };
            mean(parts[0].1) - mean(parts[1].1)
        };
        let people = 10;
        (1..=people).map(of).sum::<f64>() / f64::from(people)
    };
    for (right, left) in [(2, 3), (4, 6), (5, 7)] {
        let (right, left) = (side(right), side(left));
        assert!(right < -4.0 && left > 4.0, "{right:.1} {left:.1}");
        assert!((right + left).abs() < 6.0, "no mirror images: {right:.1} {left:.1}");
    }
}

#[test]
fn clocks_go_round_as_the_camera_sees_them() {
    let view = View {
        pixels_per_metre: 60.0,
        distance: 2.0,
        height: 0.0,
        centre: [64.0, 60.0],
        roll: [0.0, 1.0],
        close: None,
    };
    for number in 0..40 {
        let mut dice = Dice::new(&[3, number]);
        let person = Person::draw(World::Dataset, &mut dice);
        for (label, right, clockwise) in
            [(4, true, true), (5, true, false), (6, false, true), (7, false, false)]
        {
            let motion = perform(gesture(label), Style::default(), &person, &mut dice);
            let at = |i: usize| {
                let pose = motion.at(i as f32 * 0.02);
                let (pose, side) = if right { (pose.right, -1.0) } else { (pose.left, 1.0) };
                let spot = view.see(bend(&person, &pose, vec3(side * person.shoulder, 0.0, 0.0), side).wrist);
                (spot.x, spot.y)
            };
            // Twice the area that the way encloses, rows counted downwards: positive is clockwise
            // on the screen.
            let area: f32 = (0..200).map(|i| (at(i), at(i + 1))).map(|(a, b)| a.0 * b.1 - a.1 * b.0).sum();
            let (x, y) = (at(0), at(200));
            let area = area + y.0 * x.1 - y.1 * x.0;
            assert!(area.abs() > 50.0 && (area > 0.0) == clockwise, "person {number}, class {label}: {area}");
        }
    }
}

#[test]
fn persons_clocks_are_the_cameras_the_other_way_round() {
    let motion = |label: u32, clock: Clock| {
        let mut dice = Dice::new(&[8]);
        let person = Person::draw(World::Wide, &mut dice);
        perform(gesture(label), Style { world: World::Wide, clock }, &person, &mut dice)
    };
    for (label, other) in [(4, 5), (5, 4), (6, 7), (7, 6)] {
        for i in 0..50 {
            let at = |motion: &Motion| {
                let pose = motion.at(i as f32 * 0.04);
                [pose.right.wrist, pose.left.wrist].map(|wrist| [wrist.x, wrist.y, wrist.z].map(f32::to_bits))
            };
            let (person, camera) = (motion(label, Clock::Person), motion(other, Clock::Camera));
            assert_eq!(at(&person), at(&camera), "class {label}");
            assert_eq!(at(&motion(1, Clock::Person)), at(&motion(1, Clock::Camera)));
        }
    }
}

#[test]
fn hands_are_in_the_picture_of_every_world() {
    for world in World::ALL {
        let mut inside = 0;
        let (people, moments) = (60, 40);
        for number in 0..people {
            let mut dice = Dice::new(&[4, number]);
            let (person, view) = (Person::draw(world, &mut dice), View::draw(world, &mut dice));
            for gesture in Gesture::all() {
                let style = Style { world, ..Style::default() };
                let mut motion = perform(gesture, style, &person, &mut dice);
                let place = view.stand(&mut motion, &person);
                let seen = |t: f32| {
                    let pose = motion.at(t);
                    [(pose.right, -1.0), (pose.left, 1.0)].iter().any(|(pose, side)| {
                        let shoulder = place + vec3(side * person.shoulder, 0.0, 0.0);
                        let spot = view.see(bend(&person, pose, shoulder, *side).wrist);
                        (0.0..128.0).contains(&spot.x) && (0.0..128.0).contains(&spot.y)
                    })
                };
                inside += (0..moments).filter(|&i| seen(i as f32 * 0.05)).count();
            }
        }
        let part = inside as f32 / (people as f32 * GESTURES as f32 * moments as f32);
        // The wide world has hands at the edge of the picture and near hands that leave it.
        assert!(part > world.pick(0.97, 0.9), "{world:?}: {part}");
    }
}

#[test]
fn the_wide_world_has_near_hands_far_people_and_both_edges() {
    let views = |world: World| -> Vec<View> {
        (0..300).map(|i| View::draw(world, &mut Dice::new(&[11, i]))).collect()
    };
    let count = |of: &dyn Fn(&View) -> bool| views(World::Wide).iter().filter(|view| of(view)).count();
    assert!(count(&|view| view.close.is_some()) > 30);
    let far = |view: &View| view.close.is_none() && view.pixels_per_metre < 40.0;
    assert!(count(&far) > 5);
    assert!(count(&|view| view.centre[0] < 40.0) > 5);
    assert!(count(&|view| view.centre[0] > 88.0) > 5);
    let whole = |view: &View| {
        view.close.is_none() && view.pixels_per_metre < 62.0 && (view.centre[0] - 64.0).abs() < 25.0
    };
    assert!(views(World::Dataset).iter().all(whole));
}

#[test]
fn a_hand_near_the_camera_fills_more_of_the_picture() {
    // Pixels with events while the right hand waves, by seeds with a near and with a usual camera.
    let (mut near, mut usual) = (Vec::new(), Vec::new());
    for seed in 0..16 {
        let options = TrialOptions { seed, world: World::Wide, ..options(1) };
        let view = View::draw(World::Wide, &mut Dice::new(&[seed, 1, 1, 1]));
        let trial = record_these(&options, &[gesture(2)]);
        let parts = parts(&trial);
        let pixels: std::collections::HashSet<_> = parts[0].1.iter().map(|e| (e.x, e.y)).collect();
        if view.close.is_some() { &mut near } else { &mut usual }.push(pixels.len());
    }
    let mean = |counts: &[usize]| counts.iter().sum::<usize>() / counts.len();
    assert!(!near.is_empty() && !usual.is_empty());
    assert!(mean(&near) > mean(&usual) * 3 / 2, "{near:?} {usual:?}");
}

#[test]
fn most_waves_are_about_an_elbow_that_keeps_its_place() {
    let mut dice = Dice::new(&[6]);
    let person = Person { reach: 1.0, ..Person::draw(World::Dataset, &mut dice) };
    let count = 200;
    let still = (0..count)
        .filter(|_| {
            let motion = perform(gesture(2), Style::default(), &person, &mut dice);
            let arms: Vec<_> = (0..50)
                .map(|i| bend(&person, &motion.at(i as f32 * 0.02).right, vec3(0.0, 0.0, 0.0), -1.0))
                .collect();
            let farthest = |of: fn(&super::body::Arm) -> super::vector::Vec3| {
                arms.iter().map(|arm| (of(arm) - of(&arms[0])).length()).fold(0.0, f32::max)
            };
            farthest(|arm| arm.elbow) < 0.2 * farthest(|arm| arm.wrist)
        })
        .count();
    assert!((count / 2..count * 19 / 20).contains(&still), "{still}");
}

/// Returns the events of a sensor in a second of an unchanging picture: background activity
/// and hot pixels.
fn noise(loss: f32, repeat: f32, answer: f32) -> Vec<CameraEvent> {
    let stage = Stage::draw(World::Wide, Lighting::Natural, DVS128, 0.3, &mut Dice::new(&[1]));
    let quality = Quality::draw(World::Wide, 1.0, &mut Dice::new(&[2]));
    let quality = Quality { noise_hz: 1.0, hot_pixels: 50, loss, repeat, answer, ..quality };
    let mut camera = Camera::new(DVS128, quality, &stage, Dice::new(&[3]));
    let mut events = Vec::new();
    for step in 0..250 {
        camera.see(stage.background.pixels(), step * 4_000, &mut events);
    }
    assert!(events.is_sorted_by_key(|e| e.t));
    events
}

#[test]
fn the_bus_loses_and_repeats_events_of_any_cause() {
    let count = |loss, repeat| noise(loss, repeat, 0.0).len() as f32;
    let all = count(0.0, 0.0);
    assert!(all > 10_000.0, "{all}");
    assert!((count(0.5, 0.0) / all - 0.5).abs() < 0.05);
    assert!((count(0.0, 0.2) / all - 1.25).abs() < 0.05);
}

#[test]
fn noise_is_answered_by_the_other_polarity() {
    // Events of a pixel within 20 ms after another of it: how many, and how many of these are of
    // the other polarity.
    let soon = |answer: f32| {
        let (mut last, mut soon, mut other) = (std::collections::HashMap::new(), 0.0_f32, 0.0_f32);
        let events = noise(0.0, 0.0, answer);
        for e in &events {
            let before = last.insert((e.x, e.y), e);
            if let Some(before) = before.filter(|before| e.t - before.t < 20_000) {
                soon += 1.0;
                other += f32::from(u8::from(e.on != before.on));
            }
        }
        (soon / events.len() as f32, other / soon)
    };
    let (plain, answered) = (soon(0.0), soon(0.3));
    assert!(plain.0 < 0.1 && (answered.0 - 0.3).abs() < 0.05, "{plain:?} {answered:?}");
    assert!((plain.1 - 0.5).abs() < 0.1 && answered.1 > 0.85, "{plain:?} {answered:?}");
}

#[test]
fn bones_keep_their_lengths_wherever_hands_want_to_be() {
    let mut dice = Dice::new(&[1]);
    let person = Person::draw(World::Dataset, &mut dice);
    for _ in 0..200 {
        for gesture in Gesture::all() {
            let motion = perform(gesture, Style::default(), &person, &mut dice);
            for side in [-1.0, 1.0] {
                let arm = bend(&person, &motion.at(dice.between(0.0, 9.0)).left, vec3(0.1, 0.0, 0.0), side);
                let (upper, fore) = ((arm.elbow - arm.shoulder).length(), (arm.wrist - arm.elbow).length());
                assert!((upper - person.upper_arm).abs() < 1e-3, "{gesture}: {upper}");
                assert!((fore - person.forearm).abs() < 1e-3, "{gesture}: {fore}");
            }
        }
    }
}
