//! `task: Spikes`: files of six frameworks on the emulated chip, with the spikes expected of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use spinntui::machine::legend::PopulationId;
use spinntui::session::command::StepUnit;
use spinntui::session::verify::Verifier;
use spinntui::session::{Session, StepOutcome};

use crate::common::{fine, session, shared, spinntui, text};

/// Spikes by tick and neuron.
type Spikes = BTreeMap<(u64, u64), u32>;

fn spikes(text: &str) -> Spikes {
    let mut spikes = Spikes::new();
    for line in text.lines() {
        let Some((neuron, tick)) = line.split_once(',') else { continue };
        let (Ok(neuron), Ok(tick)) = (neuron.trim().parse(), tick.trim().parse()) else { continue };
        *spikes.entry((tick, neuron)).or_default() += 1;
    }
    spikes
}

fn values(text: &str) -> Vec<f32> {
    text.lines().flat_map(|line| line.split(',').map(|value| value.trim().parse().unwrap())).collect()
}

/// Runs a session to its end, and returns the file of outputs.
fn outputs(mut session: Session) -> String {
    loop {
        match session.step(StepUnit::TimeStep) {
            StepOutcome::Advanced(_) => {}
            StepOutcome::Finished => break,
            StepOutcome::Stopped(stopped) => panic!("{stopped}"),
        }
    }
    let mut out = Vec::new();
    session.work().write_outputs(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Network of `nir/tests/data`.
struct Net {
    name: String,
    folder: PathBuf,
    dt: String,
    steps: String,
    populations: Vec<String>,
}

fn nets(group: &str) -> Vec<Net> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("nir/tests/data");
    let index: Value =
        serde_json::from_str(&std::fs::read_to_string(root.join("index.json")).unwrap()).unwrap();
    let net = |(name, entry): (&String, &Value)| Net {
        name: name.clone(),
        folder: root.join(group).join(name),
        dt: format!("{:e}", entry["dt"].as_f64().unwrap()),
        steps: entry["steps"].to_string(),
        populations: Vec::new(),
    };
    index[group].as_object().unwrap().iter().map(net).collect()
}

impl Net {
    fn path(&self, file: &str) -> String {
        self.folder.join(file).to_str().unwrap().to_owned()
    }

    fn read(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(file)).ok()
    }

    /// Runs the network on the chip; with populations named, each on two PEs.
    fn run(&self, edits: &[(&str, &str)]) -> String {
        let model = self.path(&format!("{}.nir", self.name));
        let input = self.path("input.csv");
        let mut all = vec![("model", model.as_str()), ("task.inputs", &input), ("task.steps", &self.steps)];
        let entries: Vec<String> =
            self.populations.iter().map(|name| format!("(layer: {name:?}, pes: 2)")).collect();
        let layers = format!("[{}]", entries.join(", "));
        if !entries.is_empty() {
            all.push(("mapping.layers", &layers));
        }
        all.extend(edits);
        outputs(session("scenes/nir.ron", &all))
    }

    /// Compares with an expected list, of spikes or of values.
    fn check(&self, name: &str, edits: &[(&str, &str)], wrong: &mut Vec<String>) -> bool {
        if let Some(expected) = self.read(&format!("{name}.csv")) {
            let got = spikes(&self.run(edits));
            let expected = spikes(&expected);
            if got != expected {
                wrong.push(format!(
                    "{} {name}: {} spikes, expected {}",
                    self.name,
                    got.len(),
                    expected.len()
                ));
            }
            return true;
        }
        let Some(expected) = self.read(&format!("{name}_values.csv")) else { return false };
        let (got, expected) = (values(&self.run(edits)), values(&expected));
        assert_eq!(got.len(), expected.len(), "{} {name}", self.name);
        let worst =
            got.iter().zip(&expected).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f32::max);
        if worst > 2e-6 {
            wrong.push(format!("{} {name}: values differ by {worst}", self.name));
        }
        true
    }
}

/// Populations of a network with more than one neuron.
fn populations(net: &Net) -> Vec<String> {
    let model = net.path(&format!("{}.nir", net.name));
    let session =
        session("scenes/nir.ron", &[("model", &model), ("task.inputs", "None"), ("task.dt", &net.dt)]);
    let layers = session.program().populations.iter();
    layers.filter(|layer| layer.words > 1).map(|layer| layer.name.clone()).collect()
}

/// Tests every expected list of Euler with reset by subtraction, both latencies, on two partitions.
#[test]
fn every_network_gives_its_expected_spikes_on_the_chip() {
    let (mut wrong, mut lists) = (Vec::new(), 0);
    for mut net in nets("exported").into_iter().chain(nets("legal")) {
        if net.name == "pass_through" {
            continue; // no population: there is nothing to run
        }
        let named = populations(&net);
        for (latency, schedule) in [("lat0", "LayerSequential"), ("lat1", "Pipelined")] {
            for two in [false, true] {
                net.populations = if two { named.clone() } else { Vec::new() };
                let dt = net.dt.clone();
                let edits =
                    [("task.dt", dt.as_str()), ("task.reset", "Subtract"), ("mapping.schedule", schedule)];
                lists += u32::from(net.check(&format!("euler-new-subtract-{latency}"), &edits, &mut wrong));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {lists}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(lists >= 110, "only {lists} lists");
}

/// The framework's word alone gives the framework's own spikes, where docs/nir.md says so.
#[test]
fn a_frameworks_word_gives_its_own_spikes_on_the_chip() {
    let lost = ["sinabs_lif_syn"];
    let (mut wrong, mut lists) = (Vec::new(), 0);
    for net in nets("exported") {
        let framework = match net.name.split('_').next().unwrap() {
            "snntorch" | "snntorch091" => "SnnTorch",
            "norse" => "Norse",
            "sinabs" => "Sinabs",
            "rockpool" => "Rockpool",
            "spikingjelly" => "SpikingJelly",
            "spyx" => "Spyx",
            other => panic!("{other}"),
        };
        if lost.contains(&net.name.as_str()) {
            continue;
        }
        let mut edits = vec![("task.convention", framework), ("task.dt", "None")];
        if net.name == "snntorch_leaky_default_reset" {
            edits.push(("task.reset", "SnnTorchDelayed"));
        }
        lists += u32::from(net.check("framework", &edits, &mut wrong));
    }
    assert!(wrong.is_empty(), "{} of {lists}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(lists >= 16, "only {lists} lists");
}

/// All output spikes that py-spinnaker2 recorded, and none more, on several partitions.
#[test]
fn the_dynamic_neural_field_gives_the_recorded_spikes() {
    let Some(folder) = shared("data/dnf") else { return };
    let input = folder.join("input_spikes.csv").to_str().unwrap().to_owned();
    let recorded = spikes(&std::fs::read_to_string(folder.join("output_spikes.csv")).unwrap());
    let edits = [
        vec![],
        vec![("mapping.layers", "[(layer: \"pop1\", units_per_pe: 30)]")],
        vec![
            ("mapping.layers", "[(layer: \"pop1\", pes: 7)]"),
            ("mapping.weights", "Int8"),
            ("mapping.weight_scale", "1"),
        ],
        vec![("task.tick", "Us(1000)")],
    ];
    for mut edits in edits {
        edits.push(("task.inputs", &input));
        let got = spikes(&outputs(session("scenes/dnf.ron", &edits)));
        assert_eq!((got.len(), got == recorded), (10_188, true), "{edits:?}");
    }
}

/// The commands of the documentation, through the program itself.
#[test]
fn lists_go_in_and_out_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.csv");
    let net = &nets("legal")[0];
    let said = fine(&[
        "run",
        "scenes/nir.ron",
        "--set",
        &format!("model={}", net.path(&format!("{}.nir", net.name))),
        "--set",
        &format!("task.inputs={}", net.path("input.csv")),
        "--set",
        &format!("task.outputs={}", out.display()),
        "--set",
        &format!("task.dt={}", net.dt),
        "--set",
        "task.reset=Subtract",
        "--set",
        "mapping.schedule=Pipelined",
        "--steps",
        &net.steps,
    ]);
    assert!(said.contains("spikes of"), "{said}");
    let got = std::fs::read_to_string(&out).unwrap();
    let expected = net.read("euler-new-subtract-lat1.csv").unwrap();
    assert_eq!(got.lines().next(), Some("neuron,time_step"));
    assert_eq!(spikes(&got), spikes(&expected));
    let ticks: Vec<u64> =
        got.lines().skip(1).map(|line| line.split_once(',').unwrap().1.parse().unwrap()).collect();
    assert!(ticks.is_sorted(), "sorted by tick");
}

/// Chip and mathematics agree in every tick; a flipped bit is found in its tick, at its neuron.
#[test]
fn verify_compares_every_neuron_of_every_tick() {
    let mut sound = session("scenes/dnf.ron", &[]);
    let mut verifier = Verifier::new(&sound);
    for _ in 0..40 {
        assert!(matches!(sound.step(StepUnit::TimeStep), StepOutcome::Advanced(_)));
        verifier.check(&sound).unwrap();
    }
    assert_eq!(verifier.compared(), 40 * 2 * 401);

    let mut flipped = session("scenes/dnf.ron", &[]);
    let mut verifier = Verifier::new(&flipped);
    let pe = flipped.program().populations[0].pes[0];
    let (_, slot) = flipped.program().pe(pe).unwrap().slot_of(PopulationId(0)).unwrap();
    let (address, unit) = (slot.detail.state() + 4 * 17, slot.units[17]);
    for tick in 0..9 {
        if tick == 6 {
            flipped.machine_mut().flip_bit(pe, address, 30);
        }
        assert!(matches!(flipped.step(StepUnit::TimeStep), StepOutcome::Advanced(_)));
        match verifier.check(&flipped) {
            Ok(()) => assert!(tick < 6, "tick {tick}"),
            Err(difference) => {
                assert_eq!((difference.step, difference.unit, difference.pe, tick), (6, unit, pe, 6));
                return assert!(difference.to_string().contains("pop1"), "{difference}");
            }
        }
    }
    panic!("the flipped bit was not found");
}

/// An error in a scene is reported with its field, and the exit code is 2.
#[test]
fn what_cannot_run_is_refused_with_the_node_or_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.csv");
    let missing = "model=nir/tests/data/legal/delays/delays.nir";
    let refused = |edits: &[&str]| {
        let mut arguments = vec!["run", "--no-ranges", "scenes/nir.ron"];
        arguments.extend(edits.iter().flat_map(|edit| ["--set", edit]));
        let output = spinntui(&arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{edits:?}: {said}");
        said
    };
    let list = format!("task.inputs={}", bad.display());
    for (content, what) in
        [("1,2\n3;4\n", "line 2"), ("1,2\n3,4\n900,5\n", "line 3: neuron 900"), ("1,-1\n", "line 1")]
    {
        std::fs::write(&bad, content).unwrap();
        let said = refused(&[&list]);
        assert!(said.contains(what) && said.contains("task.inputs"), "{said}");
    }
    let said = refused(&[missing, "task.inputs=None", "task.dt=None"]);
    assert!(said.contains("dt") && said.contains("node"), "{said}");
    let said = refused(&[missing, "task.inputs=None", "mapping.layers=[(layer: \"nobody\", pes: 1)]"]);
    assert!(said.contains("unknown population `nobody`"), "{said}");
    let said = refused(&["task.trace=[(\"nobody\", 0, \"v\")]"]);
    assert!(said.contains("unknown population `nobody`"), "{said}");
    let said = refused(&["task.tick=Us(0.2)"]);
    assert!(said.contains("a tick of 0.2 µs"), "{said}");
    let said = refused(&["mapping.batch=2"]);
    assert!(said.contains("batch"), "{said}");
    let said = refused(&["model=models/egru-lm-tiny"]);
    assert!(said.contains("spiking network"), "{said}");
    let said = refused(&["model=nir/tests/data/malformed/nan_weight.nir"]);
    assert!(said.contains("fc1") && said.contains("NaN"), "{said}");
}

/// A population that no PE, or not the chip, has room for is refused with its name and numbers.
#[test]
fn what_fits_nowhere_is_refused_with_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let network = |inputs: usize, units: usize, synapses: &str, delay: u32| {
        let neuron = "lif(threshold: 1.0, alpha_decay: 0.9, i_offset: 0.0, v_reset: 0.0)";
        format!(
            "Network(sources: [(name: \"in\", units: {inputs})], \
             populations: [(name: \"cells\", units: {units}, neuron: {neuron})], \
             projections: [(from: \"in\", to: \"cells\", synapses: {synapses}, delay: {delay})])"
        )
    };
    std::fs::copy("models/dnf/network.ron", folder.path().join("network.ron")).unwrap();
    let refused = |description: &str, command: &str| {
        std::fs::write(folder.path().join("network.ron"), description).unwrap();
        let model = format!("model={}", folder.path().display());
        let output = spinntui(&[command, "scenes/dnf.ron", "--set", &model, "--set", "task.inputs=None"]);
        (output.status.code(), text(&output.stderr) + &text(&output.stdout))
    };
    for (description, said) in [
        // A sum a tick of delay: 240,004 of the 131,072 bytes of a PE.
        (
            network(2, 2, "OneToOne(1.0)", 60_000),
            ["`cells`", "its ring of sums takes 240004", "60,001 ticks", "shorter delays"],
        ),
        // Six bytes a synapse.
        (
            network(30_000, 2, "AllToAll(1.0)", 0),
            ["`cells`", "not even one neuron fits", "131072 are available", "Int8"],
        ),
        (network(60_000, 60_000, "OneToOne(1.0)", 0), ["need 240 PEs", "152 are free", "cells 240", "Int8"]),
    ] {
        let (code, text) = refused(&description, "run");
        assert_eq!(code, Some(2), "{text}");
        for words in said {
            assert!(text.contains(words), "{words:?} is not in {text}");
        }
        assert_eq!(refused(&description, "check").0, Some(1), "a sound scene that does not fit");
    }
}

/// The recurrent network of the NIR paper, on random spikes, has the bits of the mathematics.
#[test]
fn the_braille_network_runs_on_random_spikes() {
    let Some(folder) = crate::common::shared("data/nir/03_rnn") else { return };
    let model = format!("model={}", folder.join("braille_noDelay_bias_zero.nir").display());
    for edits in
        [&["mapping.schedule=LayerSequential"][..], &["mapping.schedule=Pipelined", "mapping.weights=Int8"]]
    {
        let mut arguments =
            vec!["run", "--no-ranges", "scenes/nir.ron", "--steps", "200", "--verify", "--format", "json"];
        let poisson = ["task.inputs=None", "task.poisson=(rate_hz: 20, seed: 7)"];
        for edit in [model.as_str()].into_iter().chain(poisson).chain(edits.iter().copied()) {
            arguments.extend(["--set", edit]);
        }
        let report: Value = serde_json::from_str(&fine(&arguments)).unwrap();
        let populations = report["spikes"]["populations"].as_array().unwrap();
        let spikes = populations.iter().map(|population| population["spikes"].as_u64().unwrap());
        assert!(spikes.clone().count() == 2 && spikes.min() > Some(0), "{populations:?}");
        // Two populations, and the source on a PE of its own.
        assert_eq!(
            (&report["chip"]["pes_used"], report["layers"].as_array().unwrap().len()),
            (&Value::from(3), 3)
        );
        let counts = &report["counts"]["projections"][0];
        assert!(counts["from"] == "input" && counts["synops"].as_u64() > Some(0), "{counts}");
    }
}

/// A trace has a value a tick, that of the mathematics.
#[test]
fn traced_potentials_are_in_the_report() {
    let report = fine(&[
        "run",
        "scenes/dnf.ron",
        "--steps",
        "30",
        "--set",
        "task.trace=[(\"global_inh\", 0, \"v\"), (\"pop1\", 21, \"v\")]",
        "--format",
        "json",
    ]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let trace =
        report["task"]["spikes"]["trace"].as_array().or(report["spikes"]["trace"].as_array()).unwrap();
    assert_eq!(trace.len(), 2);
    // It gains 3 a tick, spikes above 5, and is then 0.
    let v: Vec<f64> = trace[0]["v"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(v.len(), 30);
    assert_eq!(v[..4], [3.0, 0.0, 3.0, 0.0]);
}

fn json(edits: &[&str]) -> Value {
    let mut arguments = vec!["run", "--no-ranges", "scenes/dnf.ron", "--steps", "60", "--format", "json"];
    arguments.extend(edits.iter().flat_map(|edit| ["--set", edit]));
    serde_json::from_str(&fine(&arguments)).unwrap()
}

/// The shortest tick that `Auto` finds does not overrun; half of it does, and the
/// report says where.
#[test]
fn a_report_says_how_short_a_tick_can_be_and_what_came_too_late() {
    let auto = json(&[]);
    let ticks = &auto["ticks"];
    assert_eq!((&ticks["tick_us"], &ticks["overruns"]), (&Value::Null, &Value::from(0)));
    let shortest = ticks["shortest_us"].as_f64().unwrap();
    assert!(shortest > 10.0 && shortest < 1000.0, "{shortest}");
    assert!(ticks["longest_pe"].as_str().unwrap().starts_with("PE("), "{ticks}");

    // Packets of the last spikes take some µs more.
    let fixed = json(&[&format!("task.tick=Us({})", shortest.ceil() + 5.0)]);
    assert_eq!(fixed["ticks"]["overruns"], 0, "{}", fixed["ticks"]);
    assert_eq!(fixed["output_hash"], auto["output_hash"]);
    assert!(fixed["ticks"]["slack"].as_f64().unwrap() < 0.2, "{}", fixed["ticks"]);

    let short = json(&[&format!("task.tick=Us({})", (shortest / 2.0).floor())]);
    let ticks = &short["ticks"];
    assert!(ticks["overruns"].as_u64().unwrap() > 0, "{ticks}");
    let first = &ticks["first"][0];
    assert!(first["pe"].as_str().unwrap().starts_with("PE(") && first["late_us"].as_f64().unwrap() > 0.0);
    assert!(["read", "synapses", "neurons", "send"].contains(&first["phase"].as_str().unwrap()), "{first}");
}

/// Synaptic events are those of the mathematics; dense products those of all weights.
#[test]
fn a_report_counts_synaptic_events() {
    let report = json(&["task.tick=Us(2000)"]);
    let counts = &report["counts"];
    let mut session = session("scenes/dnf.ron", &[]);
    let feed = spinntui::mapping::spiking::SpikingProgram::of(session.program()).unwrap().network.clone();
    let (mut state, mut row) = (feed.state(), vec![0.0; 400]);
    for tick in 0..60 {
        session.program().dram.read(tick, &mut row);
        let spiking = (0_u32..).zip(&row).filter(|(_, count)| **count != 0.0);
        let input =
            spiking.map(|(neuron, &count)| spinntui::net::spiking::Spike { neuron, count: count as u32 });
        feed.step(&mut state, &[input.collect()]);
    }
    session.run_exactly(true);
    let counted: Vec<u64> = counts["projections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|projection| projection["effective_acs"].as_u64().unwrap())
        .collect();
    // The reference counts a synapse with a delay when its spike is sent, as the report does.
    assert_eq!(counted, state.synaptic_events());
    assert_eq!(counts["total"]["dense_macs"], 60 * (400 + 400 + 400 * 49));
    assert!(counts["total"]["energy_per_synop_j"].as_f64().unwrap() > 0.0);
}
