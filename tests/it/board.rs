//! Networks on boards of several chips: the outputs of one chip, and what crosses the links.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::process::{Command, Output};

use serde_json::Value;

/// Scene that takes seconds for a step: 600 PEs, each of which sends to most others.
pub const FOUR_TEXTS: &str = "scenes/board_batch.ron";
/// Scene of a network that one chip cannot hold.
pub const EVERY_WEIGHT: &str = "scenes/board.ron";

fn spinntui(words: &[&str]) -> Output {
    let root = env!("CARGO_MANIFEST_DIR");
    Command::new(crate::common::binary()).args(words).current_dir(root).output().unwrap()
}

/// Returns the report of a run with edits.
#[track_caller]
fn run(scene: &str, steps: &str, edits: &[&str]) -> Value {
    let mut words = vec!["run", scene, "--steps", steps, "--format", "json", "--no-ranges"];
    for edit in edits {
        words.extend(["--set", edit]);
    }
    let output = spinntui(&words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the message of a refused scene.
#[track_caller]
fn refused(edits: &[&str]) -> String {
    let mut words = vec!["check", "scenes/lm_small.ron"];
    for edit in edits {
        words.extend(["--set", edit]);
    }
    let output = spinntui(&words);
    assert_eq!(output.status.code(), Some(2), "{edits:?}");
    String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap()
}

/// Packets into and out of each chip, over all its links.
fn crossings(report: &Value) -> BTreeMap<u64, [u64; 2]> {
    let mut chips = BTreeMap::new();
    for link in report["links"].as_array().unwrap() {
        let packets = link["packets"].as_u64().unwrap();
        chips.entry(link["to"].as_u64().unwrap()).or_insert([0, 0])[0] += packets;
        chips.entry(link["from"].as_u64().unwrap()).or_insert([0, 0])[1] += packets;
    }
    chips
}

/// Ways of sending.
const SENDING: &[&str] = &["QpeMulticast", "Router", "Dma"];

/// Ways of dealing PEs out to chips.
const ACROSS: &[&str] = &["Fill", "Even", "Local"];

#[test]
fn outputs_are_the_same_on_every_number_of_chips() {
    small_model_on([
        &["QpeMulticast", "Dma"],
        &["QpeMulticast"],
        SENDING,
        &["QpeMulticast", "Router"],
        &["Router"],
    ]);
}

#[test]
#[ignore = "more of the same; SPINNTUI_TEST_BIN=target/release/spinntui cargo test --test it board:: -- --ignored"]
fn outputs_are_the_same_on_every_number_of_chips_every_way() {
    // DMA on 48 chips takes minutes.
    small_model_on([SENDING, SENDING, SENDING, SENDING, &["QpeMulticast", "Router"]]);
    paper_size_model_on([ACROSS; 4]);
    for across in [["Fill", "Local"], ["Even", "Local"]] {
        head_on("Chips(2, 1)", 70, 100, across);
        head_on("Chips(3, 1)", 100, 140, across);
    }
    head_on("Chips(2, 2)", 128, 104, ["Even", "Local"]);
}

/// Tests the small model on 2, 3, 4, 7 and 48 chips, each with some ways of sending.
fn small_model_on(ways: [&[&str]; 5]) {
    let one = run("scenes/lm_small.ron", "12", &[]);
    assert_eq!(one["chips"].as_array().unwrap().len(), 1);
    assert_eq!(one["links"], Value::Array(Vec::new()));
    let boards =
        [("Chips(2, 1)", 2), ("Chips(3, 1)", 3), ("Chips(2, 2)", 4), ("Chips(7, 1)", 7), ("Board48", 48)];
    for ((board, chips), ways) in boards.into_iter().zip(ways) {
        let board = format!("chip.board={board}");
        for broadcast in ways {
            let way = format!("mapping.broadcast={broadcast}");
            let many = run("scenes/lm_small.ron", "12", &[&board, "mapping.across=Even", &way]);
            let name = format!("{board} {way}");
            assert_eq!(many["output_hash"], one["output_hash"], "{name}");
            assert_eq!(many["figures"], one["figures"], "{name}");
            assert_eq!(many["races"]["count"], 0, "{name}");
            let of = many["chips"].as_array().unwrap();
            assert_eq!(of.len(), chips, "{name}");
            let pes: u64 = of.iter().map(|chip| chip["pes"].as_u64().unwrap()).sum();
            assert!(pes >= 30, "{name}: {pes}");
            assert!(
                of.iter().all(|chip| chip["pes"].as_u64() == Some(0) || chip["time_us"].as_f64() > Some(0.0))
            );
            let links = many["links"].as_array().unwrap();
            assert!(links.iter().any(|link| link["packets"].as_u64() > Some(0)), "{name}");
            assert!(links.iter().all(|link| link["load"].as_f64() <= Some(1.0)), "{name}");
        }
    }
}

/// In a row of chips what enters a chip in the middle either ends there or leaves it; and with
/// packets to each QPE, no copy is made on the way.
#[test]
fn packets_cross_links_once_and_copies_save_crossings() {
    let edits = ["chip.board=Chips(4, 1)", "mapping.across=Even"];
    let writes = run("scenes/lm_small.ron", "12", &edits);
    let routed = run("scenes/lm_small.ron", "12", &[edits[0], edits[1], "mapping.broadcast=Router"]);
    let total = |report: &Value| {
        report["links"].as_array().unwrap().iter().map(|link| link["packets"].as_u64().unwrap()).sum::<u64>()
    };
    assert!(total(&routed) < total(&writes), "{} and {}", total(&routed), total(&writes));
    for report in [&writes, &routed] {
        for (chip, [into, out]) in crossings(report) {
            assert!(into > 0 && out > 0, "chip {chip}");
        }
        for link in report["links"].as_array().unwrap() {
            let (packets, frames) =
                (link["packets"].as_u64().unwrap(), link["link_packets"].as_u64().unwrap());
            assert!((packets..=2 * packets).contains(&frames), "{link}");
        }
    }
}

#[test]
fn outputs_of_the_paper_size_model_are_the_same_on_every_number_of_chips() {
    paper_size_model_on([&["Even"], &["Fill"], &["Local"], ACROSS]);
}

/// Tests the model with 95 % of its weights pruned on 2, 3, 4 and 7 chips, on as many PEs as these
/// have room for, each with some ways across.
fn paper_size_model_on(ways: [&[&str]; 4]) {
    let one = run("scenes/lm.ron", "2", &[]);
    let boards = [("Chips(2, 1)", 100), ("Chips(3, 1)", 60), ("Chips(2, 2)", 110), ("Chips(7, 1)", 70)];
    for ((board, pes), ways) in boards.into_iter().zip(ways) {
        let board = format!("chip.board={board}");
        let pes = [0, 1, 2].map(|layer| format!("mapping.layers.{layer}.pes={pes}"));
        for across in ways {
            let across = format!("mapping.across={across}");
            let many = run("scenes/lm.ron", "2", &[&board, &across, &pes[0], &pes[1], &pes[2]]);
            let name = format!("{board} {across}");
            assert_eq!(many["output_hash"], one["output_hash"], "{name}");
            assert_eq!(many["perplexity"], one["perplexity"], "{name}");
            let links = many["links"].as_array().unwrap();
            assert!(links.iter().any(|link| link["packets"].as_u64() > Some(0)), "{name}");
        }
    }
}

/// What a mapping says to cross a link in each time step, of values, announcements and barriers,
/// is what crosses it.
#[test]
fn links_carry_what_the_mapping_says() {
    let pes = [(0, 96), (1, 96), (2, 48)].map(|(layer, pes)| format!("mapping.layers.{layer}.pes={pes}"));
    for edits in [
        vec!["chip.board=Chips(3, 1)", "mapping.across=Even"],
        vec!["chip.board=Chips(2, 2)", "mapping.across=Even", "mapping.broadcast=Dma"],
        vec!["chip.board=Chips(2, 2)", "mapping.across=Even", "mapping.broadcast=Router"],
        vec!["chip.board=Chips(2, 1)", "mapping.across=Local", &pes[0], &pes[1], &pes[2]],
        vec!["chip.board=Chips(2, 1)", "mapping.across=Even", "mapping.batch=3"],
    ] {
        let report = run("scenes/lm_small.ron", "5", &edits);
        assert_eq!(report["mapped"]["exact"], true, "{edits:?}");
        let mut crossings = 0;
        for link in report["links"].as_array().unwrap() {
            let each = |name: &str| link[name].as_u64().unwrap();
            crossings += each("link_packets");
            assert_eq!(each("packets"), 5 * each("mapped_packets"), "{edits:?}: {link}");
            assert_eq!(each("bytes"), 5 * each("mapped_bytes"), "{edits:?}: {link}");
        }
        assert!(crossings > 0, "{edits:?}");
        assert_eq!(report["mapped"]["crossings"].as_u64().map(|each| 5 * each), Some(crossings), "{edits:?}");
        // The same figures come with `check`, which runs nothing.
        let mut words = vec!["check", "scenes/lm_small.ron", "--format", "json"];
        words.extend(edits.iter().flat_map(|edit| ["--set", edit]));
        let checked: Value = serde_json::from_slice(&spinntui(&words).stdout).unwrap();
        assert_eq!(checked["mapped"], report["mapped"]);
        for edge in checked["mapped"]["edges"].as_array().unwrap() {
            assert!(edge["links"].as_u64() > Some(0) && edge["from"] != edge["to"], "{edge}");
        }
    }
}

/// Two sheets of neurons that reach their neighbours and the neuron opposite: `Local` keeps more on
/// the chips than the others do, and the spikes are the same.
#[test]
fn local_placement_keeps_spikes_on_their_chips() {
    let folder = tempfile::tempdir().unwrap();
    let side = 24;
    let near: Vec<String> = [-2, -1, 0, 1, 2]
        .into_iter()
        .flat_map(|y| {
            [-2, -1, 0, 1, 2]
                .map(|x| format!("({}, {:?})", x + side * y, if x * y == 0 { 2.0 } else { -1.0 }))
        })
        .collect();
    let near = near.join(", ");
    let sheet = |name: &str| {
        format!(
            "(name: \"{name}\", units: {}, neuron: lif(threshold: 6.0, alpha_decay: 0.8, v_reset: 0.0))",
            side * side
        )
    };
    let network = format!(
        "Network(sources: [(name: \"in\", units: {units})], populations: [{}, {}], projections: [\
         (from: \"in\", to: \"a\", synapses: OneToOne(7.0)), (from: \"a\", to: \"b\", synapses: OneToOne(7.0)), \
         (from: \"a\", to: \"a\", synapses: Offsets([{near}])), (from: \"b\", to: \"b\", synapses: Offsets([{near}])), \
         ], outputs: [\"b\"])",
        sheet("a"),
        sheet("b"),
        units = side * side
    );
    let inputs: String = (0..20)
        .flat_map(|step| (0..12).map(move |n| format!("{},{step}\n", (97 * step + 48 * n) % 576)))
        .collect();
    let scene = "Scene(version: 1, title: \"Sheets\", model: \"network.ron\", task: Spikes(inputs: \"in.csv\", steps: 20), \
                 mapping: (schedule: Pipelined))";
    for (name, text) in [
        ("network.ron", network.as_str()),
        ("in.csv", &format!("neuron,time_step\n{inputs}")),
        ("sheets.ron", scene),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let scene = folder.path().join("sheets.ron");
    let scene = scene.to_str().unwrap();
    let one = run(scene, "20", &[]);
    let pes = "mapping.layers=[(layer: \"a\", pes: 288), (layer: \"b\", pes: 288)]";
    let [fill, even, local] = ["Fill", "Even", "Local"].map(|across| {
        let report = run(scene, "20", &["chip.board=Chips(2, 2)", pes, &format!("mapping.across={across}")]);
        assert_eq!(report["output_hash"], one["output_hash"], "{across}");
        assert_eq!(report["mapped"]["exact"], false, "{across}");
        let mapped = report["mapped"]["crossings"].as_u64().unwrap();
        let crossed =
            report["links"].as_array().unwrap().iter().map(|link| link["link_packets"].as_u64().unwrap());
        let crossed: u64 = crossed.sum();
        assert!(
            (1..=20 * mapped).contains(&crossed),
            "{across}: {crossed} in 20 ticks, {mapped} a tick at most"
        );
        mapped
    });
    assert!(local < fill && local < even, "{local}, {fill}, {even}");
}

/// Transformers, whose stages read the stage before and the one before that.
#[test]
fn a_transformer_says_the_same_on_two_chips() {
    let pes = "mapping.layers=[(layer: \"fc\", pes: 12), (layer: \"mlp\", pes: 12)]";
    let one = run("scenes/gpt.ron", "2", &[]);
    let crossings = ["Fill", "Even", "Local"].map(|across| {
        let across = format!("mapping.across={across}");
        let two = run("scenes/gpt.ron", "2", &["chip.board=Chips(2, 1)", pes, &across]);
        assert_eq!(two["output_hash"], one["output_hash"], "{across}");
        two["mapped"]["crossings"].as_u64().unwrap()
    });
    assert!(crossings[2] <= crossings[0] && crossings[2] < crossings[1], "{crossings:?}");
}

#[test]
fn a_head_on_the_chip_crosses_links_no_more_often_than_in_filled_chips() {
    head_on("Chips(2, 2)", 128, 104, ["Fill", "Local"]);
}

/// Tests a convolutional head on the chip, whose PEs are placed together with those of the layers:
/// PEs of each layer, and of the head; the last way of dealing them out must not cross links more
/// often than the first.
fn head_on(board: &str, layers: u32, head: u32, across: [&str; 2]) {
    const SCENE: &str = "scenes/what-if/dvs_mac.ron";
    let one = run(SCENE, "2", &[]);
    let edit = format!("chip.board={board}");
    let pes = [0, 1].map(|layer| format!("mapping.layers.{layer}.pes={layers}"));
    let head = format!("mapping.head=Chip(pes: {head}, weights: Resident, taps: All)");
    let [other, local] = across.map(|across| {
        let across = format!("mapping.across={across}");
        let many = run(SCENE, "2", &[&edit, &pes[0], &pes[1], &head, &across]);
        assert_eq!(many["output_hash"], one["output_hash"], "{board} {across}");
        many["mapped"]["crossings"].as_u64().unwrap()
    });
    assert!(local <= other, "{board}: {across:?} {other} {local}");
}

/// Links that take a bit a link packet are in use nearly all the time, and no longer than that.
#[test]
fn a_link_with_too_much_traffic_is_as_fast_as_published() {
    let edits =
        ["chip.board=Chips(6, 1)", "mapping.across=Even", "mapping.batch=4", "assume.link_payload_bits=1"];
    let report = run("scenes/lm_small.ron", "4", &edits);
    let most = report["noc"]["max_chip_link_load"].as_f64().unwrap();
    assert!((0.85..=1.0).contains(&most), "{most}");
    for link in report["links"].as_array().unwrap() {
        // 62.5 million link packets a second.
        let least_us = link["link_packets"].as_f64().unwrap() / 62.5;
        assert!(least_us <= report["chip_time_us"].as_f64().unwrap() + 0.1, "{link}");
    }
}

#[test]
fn missing_chips_are_gone_round() {
    let one = run("scenes/lm_small.ron", "6", &[]);
    let edits = ["chip.board=Chips(3, 3)", "chip.missing=[(1, 1), (2, 0)]", "mapping.across=Even"];
    let around = run("scenes/lm_small.ron", "6", &edits);
    assert_eq!(around["output_hash"], one["output_hash"]);
    let places: Vec<Value> =
        around["chips"].as_array().unwrap().iter().map(|chip| chip["place"].clone()).collect();
    assert_eq!(places.len(), 7);
    assert!(!places.contains(&serde_json::json!([1, 1])));
}

#[test]
fn a_spiking_network_spikes_the_same_on_two_chips() {
    for scene in ["scenes/dnf.ron", "scenes/lif.ron"] {
        let one = run(scene, "20", &[]);
        let two = run(scene, "20", &["chip.board=Chips(2, 1)", "mapping.across=Even"]);
        assert_eq!(one["output_hash"], two["output_hash"], "{scene}");
        assert_eq!(one["firing"], two["firing"], "{scene}");
    }
}

/// Every weight of the network takes three chips, and has the values of the mathematics there.
#[test]
fn every_weight_fits_three_chips_and_not_two() {
    let output =
        spinntui(&["run", EVERY_WEIGHT, "--steps", "2", "--verify", "--format", "json", "--no-ranges"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("equal the mathematics, bit for bit"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["chips"].as_array().unwrap().len(), 3);
    assert!(report["links"].as_array().unwrap().iter().any(|link| link["packets"].as_u64() > Some(0)));
    for board in ["Single", "Chips(2, 1)"] {
        let said = checked(EVERY_WEIGHT, &[&format!("chip.board={board}")]).unwrap_err();
        assert!(said.contains("take 3 chips"), "{board}: {said}");
    }
    for (layer, pes) in [(0, 122), (1, 149), (2, 62)] {
        let said = checked(EVERY_WEIGHT, &[&format!("mapping.layers.{layer}.pes={pes}")]).unwrap_err();
        assert!(said.contains(&format!("fits on {} PEs or more", pes + 1)), "{said}");
    }
}

#[test]
fn four_texts_fit_four_chips_and_not_one() {
    let report = run(FOUR_TEXTS, "2", &[]);
    assert_eq!(report["chips"].as_array().unwrap().len(), 4);
    let output = spinntui(&["check", FOUR_TEXTS, "--set", "chip.board=Single"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there are 152") && said.contains("take 4 chips"), "{said}");
}

/// Returns the number of chips, and the board, that the refusal of a scene names as enough.
#[track_caller]
fn enough(scene: &str, edits: &[&str]) -> (usize, String) {
    let said = checked(scene, edits).unwrap_err();
    let (_, named) = said.rsplit_once("take ").unwrap();
    let (chips, board) = named.split_once(" chips: chip.board: ").unwrap();
    (chips.parse().unwrap(), board.lines().next().unwrap().trim().to_owned())
}

/// Checks a scene; returns what a refusal says.
fn checked(scene: &str, edits: &[&str]) -> Result<(), String> {
    let mut words = vec!["check", scene];
    words.extend(edits.iter().flat_map(|edit| ["--set", edit]));
    let output = spinntui(&words);
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// The board that a refusal names holds the network, and none with a chip less does.
#[test]
fn the_board_that_a_refusal_names_is_the_smallest_that_is_large_enough() {
    let pes = |all: [u32; 3]| {
        let layer = |(k, pes)| format!("(layer: \"rnns.{k}\", pes: {pes})");
        format!("mapping.layers=[{}]", (0..3).zip(all).map(layer).collect::<Vec<_>>().join(", "))
    };
    let [four, exact, more] = [[200, 200, 200], [52, 50, 50], [700, 300, 200]].map(pes);
    let units = "mapping.layers=[(layer: \"rnns.0\", units_per_pe: 5), (layer: \"rnns.1\", units_per_pe: 5), \
                 (layer: \"rnns.2\", units_per_pe: 5)]";
    let stages = "mapping.layers=[(layer: \"fc\", pes: 40), (layer: \"mlp\", pes: 40)]";
    let neurons = "mapping.layers=[(layer: \"pop1\", pes: 400)]";
    for (scene, edits, board) in [
        ("scenes/lm.ron", vec![four.as_str()], "Chips(2, 2)"),
        ("scenes/lm.ron", vec![&four, "chip.board=Chips(2, 2)", "chip.missing=[(1, 0)]"], "Chips(3, 2)"),
        ("scenes/lm.ron", vec![&exact, "chip.broken=[(1, 1, 0)]"], "Chips(2, 1)"),
        ("scenes/lm.ron", vec![&more, "chip.reserved=[(1, 1, 0)]"], "Chips(4, 2)"),
        ("scenes/lm.ron", vec![units, "mapping.across=Even"], "Chips(5, 1)"),
        ("scenes/gpt.ron", vec![stages, "mapping.across=Local"], "Chips(2, 2)"),
        ("scenes/dnf.ron", vec![neurons], "Chips(3, 1)"),
    ] {
        let (chips, named) = enough(scene, &edits);
        assert_eq!(named, board, "{edits:?}");
        let with = |board: &str| {
            let board = format!("chip.board={board}");
            let mut all = edits.clone();
            all.push(&board);
            checked(scene, &all)
        };
        assert_eq!(with(&named), Ok(()), "{edits:?}");
        let fewer = if edits.iter().any(|edit| edit.contains("missing")) {
            "Chips(2, 2)".to_owned()
        } else {
            format!("Chips({}, 1)", chips - 1)
        };
        assert!(with(&fewer).is_err(), "{edits:?}: {fewer}");
    }
}

#[test]
fn memory_images_are_of_one_chip() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("spec");
    let edit = "chip.board=Chips(2, 1)";
    let output = spinntui(&["export", "scenes/lm_small.ron", "--spec", to.to_str().unwrap(), "--set", edit]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("chip.board=Single"));
    assert!(!to.exists());
}

#[test]
fn boards_that_cannot_be_are_refused() {
    for (edits, words) in [
        (vec!["chip.board=Chips(0, 3)"], "the board has 0 chips, and must have 1 to 48"),
        (vec!["chip.board=Chips(7, 7)"], "the board has 49 chips"),
        (vec!["chip.board=Chips(2, 2)", "chip.missing=[(0, 0)]"], "cannot be missing"),
        (vec!["chip.board=Chips(2, 2)", "chip.missing=[(2, 0)]"], "the board has no chip (2,0)"),
        (vec!["chip.board=Chips(3, 1)", "chip.missing=[(1, 0)]"], "no link leads to chip (2,0)"),
        (vec!["chip.board=Board48", "chip.missing=[(7, 0)]"], "(3,6) to (7,6), (4,7) to (7,7)"),
    ] {
        let said = refused(&edits);
        assert!(said.contains(words), "{edits:?}: {said}");
    }
}

/// Returns the reason of the stop of a run on two chips with `fault` in its second step.
#[track_caller]
fn stopped(fault: &str) -> String {
    let faults = format!("faults=[(at: Step(1), fault: {fault})]");
    let edits = ["chip.board=Chips(2, 1)", "mapping.across=Even", &faults];
    let mut words = vec!["run", "scenes/lm_small.ron", "--steps", "4", "--format", "json"];
    for edit in &edits {
        words.extend(["--set", edit]);
    }
    let output = spinntui(&words);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["steps"], 1, "{fault}");
    report["stopped"].to_string()
}

#[test]
fn a_dead_link_between_chips_and_a_dead_chip_are_named() {
    for (fault, link) in [
        ("KillChipLink(from: (0, 0), to: (1, 0))", "chip 0 to chip 1"),
        ("KillChipLink(from: (1, 0), to: (0, 0))", "chip 1 to chip 0"),
        ("KillChip(chip: (1, 0))", "chip 0 to chip 1"),
    ] {
        let told = stopped(fault);
        assert!(told.contains(&format!("the link from {link} is dead and has lost ")), "{fault}: {told}");
    }
    for (board, fault, words) in [
        ("Single", "KillChip(chip: (1, 0))", "there is no chip at (1, 0): this chip is (0, 0), and alone"),
        ("Chips(3, 1)", "KillChip(chip: (3, 0))", "say where the 3 chips are"),
        ("Single", "KillChipLink(from: (0, 0), to: (1, 0))", "this chip is alone"),
        ("Chips(3, 1)", "KillChipLink(from: (0, 0), to: (2, 0))", "links join neighbours"),
    ] {
        let faults = format!("faults=[(at: Step(1), fault: {fault})]");
        let told = refused(&[&format!("chip.board={board}"), &faults]);
        assert!(told.contains(words), "{told}");
    }
}

/// The map names a dead chip, and not its neighbour whose links have died with it.
#[test]
fn the_map_of_chips_marks_a_dead_chip_alone() {
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("dead.ron");
    let text = std::fs::read_to_string("scenes/lm_small.ron").unwrap();
    let text = text
        .replace(
            "chip: (",
            "faults: [(at: Step(1), fault: KillChip(chip: (1, 0)))], chip: (board: Chips(2, 1),",
        )
        .replace("mapping: (", "mapping: (across: Even,");
    std::fs::write(&scene, text).unwrap();
    for size in ["80x24", "120x40"] {
        let at = ["--at", "step 1, 400 events", "--keys", "t t z", "--size", size];
        let output = spinntui(&[&["screenshot", scene.to_str().unwrap()], &at[..]].concat());
        let map = String::from_utf8(output.stdout).unwrap();
        let chips = map.lines().find(|line| line.contains("1 (1,0)")).unwrap();
        let (alive, dead) = chips.split_once(" >X <X ").unwrap();
        assert!(
            alive.contains("0 (0,0)") && !alive.contains("dead") && !alive.contains('X'),
            "{size}\n{map}"
        );
        assert!(dead.starts_with("1 (1,0)   dead"), "{size}\n{map}");
        assert!(map.lines().any(|line| line.contains("│chip 1 ") && line.contains("dead")), "{size}\n{map}");
        assert!(!map.contains("1 > 0"), "links of a dead chip are not listed apart: {size}\n{map}");
    }
}

/// Returns the packets delivered from PE to PE.
fn delivered(report: &Value) -> u64 {
    let rows = report["noc"]["traffic"]["qpe_packets"].as_array().unwrap();
    rows.iter().flat_map(|row| row.as_array().unwrap()).map(|packets| packets.as_u64().unwrap()).sum()
}

/// Every PE receives the packets that it receives on one chip: none is lost or doubled on the way.
#[test]
fn what_is_sent_arrives_once() {
    let barrier = "mapping.barrier=Always";
    let one = delivered(&run("scenes/lm_small.ron", "8", &[barrier]));
    for board in ["chip.board=Chips(3, 1)", "chip.board=Chips(2, 2)"] {
        let many = run("scenes/lm_small.ron", "8", &[board, "mapping.across=Even", barrier]);
        assert_eq!(delivered(&many), one, "{board}");
    }
}

/// The map of panel 4 has the loads that the report has, and `alt` with an arrow
/// shows another chip.
#[test]
fn the_app_shows_chips_links_and_the_chip_that_one_goes_to() {
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("board.ron");
    let text = std::fs::read_to_string("scenes/lm_small.ron").unwrap();
    let text = text
        .replace("chip: (", "chip: (board: Chips(2, 2),")
        .replace("mapping: (", "mapping: (across: Even,");
    std::fs::write(&scene, text).unwrap();
    let scene = scene.to_str().unwrap();
    let shown = |keys: &str, size: &str| {
        let output = spinntui(&["screenshot", scene, "--at", "step 3", "--keys", keys, "--size", size]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for size in ["80x24", "120x40", "200x60"] {
        let map = shown("t t z", size);
        for word in ["0 (0,0)", "3 (1,1)", "busiest links", "packets  bytes     busy      waited"] {
            assert!(map.contains(word), "{size}: {word}\n{map}");
        }
    }
    let report = run(scene, "3", &[]);
    let loads = report["links"].as_array().unwrap().iter();
    let used = loads.filter(|link| link["packets"].as_u64() > Some(0)).count();
    let listed =
        shown("t t z", "120x40").lines().filter(|line| line.contains(" > ") && line.contains(" % ")).count();
    assert_eq!(listed, used, "links that carried something");
    assert!(shown("", "120x40").contains("chip 0 (0,0)"));
    let other = shown("alt-right alt-up", "120x40");
    assert!(other.contains("chip 3 (1,1)") && other.contains("@3"), "{other}");
    assert!(shown("alt-left", "120x40").contains("chip 0 (0,0)"), "there is no chip to the left");
}
