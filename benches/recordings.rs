//! Benchmarks of reading event files: `cargo bench --bench recordings`.
//!
//! `aedat31`: 62 MB, 7.7 million events, about one recording of DVS128 Gesture; from memory, so
//! that the disk has no part in it. `frames`: reading the file and making frames of it.

#![allow(clippy::expect_used, reason = "a bench that cannot run should say why")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use spinntui::task::dvs::event::{CameraEvent, DVS128};
use spinntui::task::dvs::frames::Framer;
use spinntui::task::dvs::options::FrameOptions;
use spinntui::task::dvs::recording::{Recording, aedat31};

const EVENTS: i64 = 7_700_000;

/// A hundred seconds of events that jump over the sensor.
fn file() -> Vec<u8> {
    let event = |i: i64| CameraEvent {
        t: 13 * i,
        x: (i * 7919 % 128) as u16,
        y: (i * 104_729 / 128 % 128) as u16,
        on: i % 3 == 0,
    };
    let events: Vec<CameraEvent> = (0..EVENTS).map(event).collect();
    let mut writer = aedat31::Writer::new(Vec::new(), DVS128).expect("the sensor has a name");
    writer.write(&events).expect("the events are on the sensor");
    writer.finish().expect("memory takes them")
}

fn read(bytes: &[u8], mut each: impl FnMut(&CameraEvent)) -> u64 {
    let mut recording = Recording::new(bytes, DVS128).expect("what was written is read");
    let (mut batch, mut events) = (Vec::new(), 0);
    while recording.next_batch(&mut batch).expect("what was written is read") {
        events += batch.len() as u64;
        batch.iter().for_each(&mut each);
    }
    assert_eq!(events, EVENTS as u64);
    events
}

fn recordings(c: &mut Criterion) {
    let bytes = file();
    let mut group = c.benchmark_group("recordings");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("aedat31", |b| b.iter(|| read(&bytes, |_| ())));
    group.bench_function("frames", |b| {
        b.iter(|| {
            let mut framer = Framer::new(FrameOptions::default(), DVS128).expect("the paper's options");
            let mut frames = 0;
            read(&bytes, |event| frames += framer.push(event).map_or(0, |slice| slice.frames.len()));
            frames
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = recordings
}
criterion_main!(benches);
