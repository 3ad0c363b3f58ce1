//! Benchmarks of the synthesis of gestures: `cargo bench --bench synth`. Elements are microseconds
//! of recording: 1 Melem/s is real time.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use spinntui::task::dvs::synth::stage::Lighting;
use spinntui::task::dvs::synth::trial::{TrialOptions, record};
use spinntui::task::dvs::synth::world::{Clock, World};

fn synth(c: &mut Criterion) {
    let mut group = c.benchmark_group("recording");
    group.sample_size(10);
    for lighting in [Lighting::Lab, Lighting::Natural] {
        let options = TrialOptions {
            seed: 1,
            person: 1,
            trial: 0,
            lighting,
            gesture_us: [1_000_000, 1_000_000],
            world: World::Dataset,
            clock: Clock::Camera,
        };
        let length = record(&options).length_us;
        group.throughput(Throughput::Elements(length.unsigned_abs()));
        group.bench_function(lighting.name(), |b| b.iter(|| record(&options)));
    }
    group.finish();
}

criterion_group!(benches, synth);
criterion_main!(benches);
