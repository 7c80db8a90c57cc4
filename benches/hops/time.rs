//! How long the hops take.
//!
//! `cargo bench --bench hops` measures all of them, `cargo bench --bench hops -- walk` those with that in their name.
#![allow(clippy::unwrap_used, missing_docs)]

mod capture;
mod hops;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use portolan::source::CaptureReader;

use hops::{Load, Measure};

struct Stopwatch<'a>(BenchmarkGroup<'a, WallTime>);

impl Measure for Stopwatch<'_> {
    fn open(capture: &'static [u8]) -> CaptureReader {
        CaptureReader::from_reader(capture).unwrap()
    }

    fn hop<I, F, O>(
        &mut self,
        name: &str,
        input: impl FnOnce() -> (Load, I),
        fresh: impl Fn(&I) -> F,
        work: impl Fn(&I, F) -> O,
    ) {
        let (Load::Packets(count) | Load::Flows(count), input) = input();
        self.0.throughput(Throughput::Elements(count));
        self.0.bench_function(name, |bencher| {
            bencher.iter_batched(|| fresh(&input), |made| work(&input, made), BatchSize::PerIteration);
        });
    }
}

fn all(criterion: &mut Criterion) {
    hops::measure(&mut Stopwatch(criterion.benchmark_group("hops")));
}

criterion_group!(benches, all);
criterion_main!(benches);
