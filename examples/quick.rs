use spinntui::scene::LoadedScene;
use spinntui::session::{build, command::StepUnit, Moved};
use std::time::Instant;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: u64 = a[2].parse().unwrap();
    let edits: Vec<(String,String)> = a[3..].iter().map(|s| { let (p,v)=s.split_once('=').unwrap(); (p.into(), v.into())}).collect();
    let t0 = Instant::now();
    let loaded = LoadedScene::load(a[1].as_ref(), &edits).unwrap_or_else(|e| { eprintln!("{e}"); std::process::exit(2) });
    let mut cache = build::ModelCache::default();
    let mut s = build::build(loaded, &mut cache).unwrap_or_else(|e| { eprintln!("{e}"); std::process::exit(2) });
    eprintln!("built in {:?}", t0.elapsed());
    let t0 = Instant::now();
    for _ in 0..n { match s.step(StepUnit::TimeStep) { Moved::On(_) => {}, m => { eprintln!("{m:?}"); break } } }
    let el = t0.elapsed().as_secs_f64();
    let sh = s.state_hash();
    println!("steps {} wall {el:.3} ({:.1}/s) chip {:.3} ms = {:.3} ms/70 ppl {:?} energy {:?} events {} races {} hash {:x} {:x}", s.steps(), s.steps() as f64/el, s.tick() as f64/1.2e6, s.tick() as f64/1.2e6/s.steps() as f64*70., s.task().score().perplexity(), s.energy(), s.machine().state().events, s.machine().state().races.count, s.output_hash(), sh);
    for (k,l) in s.program().layers.iter().enumerate() { println!("{} {} {:?}", l.name, l.barrier, spinntui::machine::program::Phase::ALL.iter().zip(s.machine().state().phases.total[k]).map(|(p,t)| format!("{p} {:.1}us", t as f64/1200./s.steps() as f64)).collect::<Vec<_>>()); }
    println!("noc {:?}", s.machine().state().traffic.total);
}
