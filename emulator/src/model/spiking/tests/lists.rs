//! Tests every list of `nir/tests/data`: files that six frameworks wrote, and odd but legal ones.

use std::path::{Path, PathBuf};

use super::*;
use crate::net::spiking::{ConventionOptions, Current, Framework, Integrator, Origin, ResetRule, Schedule};
use crate::testing::shared;

/// Network of the index.
struct Net {
    name: String,
    folder: PathBuf,
    dt: f64,
    steps: u64,
    values: bool,
}

impl Net {
    fn graph(&self) -> Graph {
        load(&self.folder.join(format!("{}.nir", self.name)))
    }

    fn input(&self) -> Spikes {
        spike_list(&self.folder.join("input.csv"))
    }

    /// Names of the files with expected spikes or values, without ending.
    fn expected(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> =
            names.filter_map(|name| name.strip_suffix(".csv").map(str::to_owned)).collect();
        names.retain(|name| name.starts_with("euler") || name.starts_with("exp"));
        names.sort();
        names
    }
}

fn nets(group: &str) -> Vec<Net> {
    nets_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../nir/tests/data"), group)
}

fn nets_in(root: &Path, group: &str) -> Vec<Net> {
    let index = std::fs::read_to_string(root.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    let entries = index[group].as_object().unwrap();
    let net = |(name, entry): (&String, &serde_json::Value)| Net {
        name: name.clone(),
        folder: root.join(entry["file"].as_str().unwrap()).parent().unwrap().to_owned(),
        dt: entry["dt"].as_f64().unwrap(),
        steps: entry["steps"].as_u64().unwrap(),
        values: entry["output"].as_str().is_some_and(|output| output.starts_with("values")),
    };
    entries.iter().map(net).collect()
}

/// Reads a name as in `euler-new-subtract-lat0`.
fn options(name: &str, dt: f64) -> SpikingOptions {
    let words: Vec<&str> = name.trim_end_matches("_values").split('-').collect();
    let [integrator, current, reset, latency] = words[..] else { panic!("name {name}") };
    SpikingOptions {
        conventions: ConventionOptions {
            dt: Some(dt),
            integrator: Some(match integrator {
                "euler" => Integrator::Euler,
                "exp" => Integrator::Exponential,
                other => panic!("integrator {other}"),
            }),
            current: Some(match current {
                "new" => Current::New,
                "old" => Current::Old,
                other => panic!("current {other}"),
            }),
            reset: Some(match reset {
                "subtract" => ResetRule::Subtract,
                "vreset" => ResetRule::ToValue,
                other => panic!("reset {other}"),
            }),
            ..ConventionOptions::default()
        },
        schedule: match latency {
            "lat0" => Schedule::LayerSequential,
            "lat1" => Schedule::Pipelined,
            other => panic!("latency {other}"),
        },
        ..SpikingOptions::default()
    }
}

/// Returns the greatest difference of the potentials of the first output's population, relative to
/// those above 1.
fn potential_difference(network: &Network, net: &Net, file: &Path) -> f32 {
    let wanted = value_list(file);
    assert_eq!(wanted.len() as u64, net.steps, "{}", file.display());
    let Origin::Population(population) = network.outputs()[0].taps[0].from else { panic!("no population") };
    let mut worst = 0.0_f32;
    run(network, &net.input(), net.steps, |step, state| {
        let got = state.potentials(network, population);
        assert_eq!(got.len(), wanted[step as usize].len());
        for (got, wanted) in got.iter().zip(&wanted[step as usize]) {
            worst = worst.max((got - wanted).abs() / wanted.abs().max(1.0));
        }
    });
    worst
}

/// Compares one list and returns the differences.
fn check(net: &Net, graph: &Graph, name: &str) -> Option<String> {
    let converted = match convert(graph, &options(name, net.dt)) {
        Ok(converted) => converted,
        Err(error) => return Some(format!("{} {name}: {error}", net.name)),
    };
    let file = net.folder.join(format!("{name}.csv"));
    if net.values {
        let worst = potential_difference(&converted.network, net, &file);
        return (worst > 2e-6).then(|| format!("{} {name}: values differ by {worst}", net.name));
    }
    let wanted = spike_list(&file);
    let got = output(&converted.network, &net.input(), net.steps);
    let differ = difference(&got, &wanted);
    (differ > 0).then(|| format!("{} {name}: {differ} spikes differ of {}", net.name, wanted.len()))
}

fn check_group(group: &str, least: usize) {
    let nets = nets(group);
    let (mut wrong, mut lists) = (Vec::new(), 0);
    for net in &nets {
        let graph = net.graph();
        for name in net.expected() {
            lists += 1;
            wrong.extend(check(net, &graph, &name));
        }
    }
    assert!(wrong.is_empty(), "{} of {lists}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(lists >= least, "only {lists} lists");
}

#[test]
fn exported_networks_give_the_expected_spikes_of_every_convention() {
    check_group("exported", 88);
}

#[test]
fn legal_networks_give_the_expected_spikes_of_every_convention() {
    check_group("legal", 63);
}

#[test]
fn membranes_follow_the_expected_ones() {
    let Some(root) = shared("data/nir/exported") else { return };
    let mut checked = 0;
    for net in &nets_in(&root, "exported") {
        let file = net.folder.join("membrane-euler-new-subtract-lat0.csv");
        if file.exists() {
            let converted = convert(&net.graph(), &options("euler-new-subtract-lat0", net.dt)).unwrap();
            let worst = potential_difference(&converted.network, net, &file);
            assert!(worst <= 2e-5, "{}: {worst}", net.name);
            checked += 1;
        }
    }
    assert!(checked >= 14, "only {checked} membranes");
}

/// Conventions under which a file gives its framework's own spikes.
enum Exact {
    /// The framework's word is enough.
    Word(Framework),
    /// A reset that the file does not hold must be given as well.
    WithReset(Framework, ResetRule),
    /// The exporter lost data that would be needed.
    Lost(Framework, &'static str),
}

/// The table of docs/nir.md.
const FRAMEWORKS: [(&str, Exact); 17] = [
    ("snntorch_leaky_default_reset", Exact::WithReset(Framework::SnnTorch, ResetRule::SnnTorchDelayed)),
    ("snntorch_leaky_quiet", Exact::Word(Framework::SnnTorch)),
    ("snntorch_rleaky", Exact::Word(Framework::SnnTorch)),
    ("snntorch_rsynaptic", Exact::Word(Framework::SnnTorch)),
    ("snntorch091_scalar", Exact::Word(Framework::SnnTorch)),
    ("norse_lifbox", Exact::Word(Framework::Norse)),
    ("norse_lifcell", Exact::Word(Framework::Norse)),
    ("norse_li_out", Exact::Word(Framework::Norse)),
    ("sinabs_iaf_conv_sumpool", Exact::Word(Framework::Sinabs)),
    ("sinabs_lif", Exact::Word(Framework::Sinabs)),
    ("sinabs_lif_syn", Exact::Lost(Framework::Sinabs, "the exporter drops tau_syn")),
    ("rockpool_lif", Exact::Word(Framework::Rockpool)),
    ("rockpool_lifneuron", Exact::Word(Framework::Rockpool)),
    ("spikingjelly_if", Exact::Word(Framework::SpikingJelly)),
    ("spikingjelly_lif_decay", Exact::Word(Framework::SpikingJelly)),
    ("spyx_lif", Exact::Word(Framework::Spyx)),
    ("spyx_rlif_nested", Exact::Word(Framework::Spyx)),
];

fn of_framework(convention: Framework, reset: Option<ResetRule>) -> SpikingOptions {
    let conventions = ConventionOptions { convention, reset, ..ConventionOptions::default() };
    SpikingOptions { conventions, ..SpikingOptions::default() }
}

#[test]
fn frameworks_own_spikes_come_out_with_their_conventions() {
    let nets = nets("exported");
    for net in &nets {
        let (_, exact) = FRAMEWORKS.iter().find(|(name, _)| *name == net.name).unwrap();
        let (options, lost) = match exact {
            Exact::Word(framework) => (of_framework(*framework, None), None),
            Exact::WithReset(framework, reset) => (of_framework(*framework, Some(*reset)), None),
            Exact::Lost(framework, why) => (of_framework(*framework, None), Some(why)),
        };
        let converted = convert(&net.graph(), &options).unwrap();
        if net.values {
            let file = net.folder.join("framework_values.csv");
            let worst = potential_difference(&converted.network, net, &file);
            assert!(worst <= 2e-6, "{}: values differ by {worst}", net.name);
            continue;
        }
        let wanted = spike_list(&net.folder.join("framework.csv"));
        let got = output(&converted.network, &net.input(), net.steps);
        let differ = difference(&got, &wanted);
        assert_eq!(differ > 0, lost.is_some(), "{}: {differ} spikes differ, {lost:?}", net.name);
    }
}

/// The dt that a framework's word stands for is the one that its files imply.
#[test]
fn a_word_knows_its_length_of_a_tick() {
    let nets = nets("exported");
    for net in &nets {
        let (_, Exact::Word(framework) | Exact::WithReset(framework, _) | Exact::Lost(framework, _)) =
            FRAMEWORKS.iter().find(|(name, _)| *name == net.name).unwrap();
        let (word, given) = (of_framework(*framework, None), Some(net.dt));
        let with_dt = ConventionOptions { dt: given, ..word.conventions };
        let with_dt = SpikingOptions { conventions: with_dt, ..word };
        let graph = net.graph();
        assert_eq!(convert(&graph, &word).unwrap().network, convert(&graph, &with_dt).unwrap().network);
    }
}
