//! Tests of scenes as users write them: valid ones load, invalid ones give an error with its place.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{fine, session, spinntui};
use spinntui::chip::clock::OperatingPoint;
use spinntui::chip::geometry::Pe;
use spinntui::kernel::options::KernelKind;
use spinntui::machine::options::{Assume, BankInterleave, BankPriority, ChipOptions, Waiting};
use spinntui::mapping::options::{
    Balance, Barrier, Broadcast, FifoOptions, LayerMapping, MappingOptions, OnFull, Payload, Placement,
};
use spinntui::net::Tanh;
use spinntui::scene::{LoadedScene, Task};
use spinntui::session::command::StepUnit;
use spinntui::task::lm::options::{GenerateOptions, LanguageModelOptions, Mode};

/// The scenes of a folder of the repository, in alphabetical order. Tests run at its root.
fn scenes_in(folder: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "ron"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no scenes in {folder}");
    paths
}

fn load(path: &Path) -> LoadedScene {
    LoadedScene::load(path, &[]).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_scene_of_the_house_loads_and_finds_its_model() {
    for path in scenes_in("scenes") {
        let loaded = load(&path);
        assert!(!loaded.scene.title.is_empty(), "{}", path.display());
        let model = loaded.resolve(&loaded.scene.model, "model").unwrap();
        // A spiking network is a NIR file, or a folder with its description, and has no card.
        let spiking = spinntui::model::spiking::find(&model).is_some();
        assert!(spiking || model.join("card.ron").is_file(), "{}", model.display());
    }
}

#[test]
fn every_scene_of_version_1_loads_for_ever() {
    for path in scenes_in("tests/scenes/v1") {
        load(&path);
    }
}

#[test]
fn a_scene_means_what_it_says() {
    let scene = load(Path::new("tests/scenes/v1/everything.ron")).scene;
    assert_eq!(scene.title, "all \"fields\"");
    let generate =
        GenerateOptions { prompt: "The chip".into(), temperature: 0.5, top_k: 0, seed: u64::MAX, words: 10 };
    let text = Some("assets/text/spinnaker2.txt".into());
    let task =
        LanguageModelOptions { text, sequence: 35, mode: Mode::Generate(generate), ..Default::default() };
    assert_eq!(scene.task, Task::LanguageModel(task));
    let reserved = vec![(1, 1, 0).into(), (7, 6, 3).into()];
    let chip = ChipOptions {
        operating_point: OperatingPoint::Mhz300,
        waiting: Waiting::Sleep,
        reserved,
        ..ChipOptions::default()
    };
    assert_eq!(scene.chip, chip);
    let layer = |name: &str| LayerMapping { layer: name.into(), ..LayerMapping::default() };
    let layers = vec![
        LayerMapping { pes: Some(12), input: KernelKind::CsrRow.into(), ..layer("rnns.0") },
        LayerMapping { units_per_pe: Some(8), ..layer("rnns.1") },
        LayerMapping { on: Some(vec![(3, 4, 2).into(), (3, 4, 3).into()]), ..layer("rnns.2") },
    ];
    let mapping = MappingOptions {
        placement: Placement::RowMajor,
        balance: Balance::Units,
        barrier: Barrier::Always,
        broadcast: Broadcast::Router,
        payload: Payload::Events,
        fifo: FifoOptions { bytes: 4096, on_full: OnFull::Drop },
        layers,
        ..MappingOptions::default()
    };
    assert_eq!(scene.mapping, mapping);
    let assume = Assume {
        branch_refill: 3,
        exp_iterations: 16,
        polling: 0.25,
        dma_setup_cycles: 0,
        dma_beat_noc_cycles: 1,
        dram_bytes_per_us: 3200,
        sram_stall_percent: 0.0,
        dram_latency_ns: 80.5,
        host_turnaround_us: 10.0,
        dvfs_switch_us: 0.0,
        energy_per_hop_pj: 1.5,
        energy_per_dram_byte_pj: 4.0,
        mac_use_percent: 50.0,
        mac_vector_percent: 76.0,
        mac_idle_percent: 25.0,
        bank_interleave: BankInterleave::Word,
        bank_priority: BankPriority::RoundRobin,
        tanh: Tanh::Libm,
        traps: true,
        host_port: (4, 1),
        dram_ports: [(2, 1), (6, 1)],
        link_payload_bits: 84,
        link_latency_ns: 0.0,
        router_latency_ns: 25.0,
        router_ports: [(3, 3), (3, 4), (4, 2), (4, 5), (5, 3), (6, 4)],
    };
    assert_eq!(scene.assume, assume);
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let scene = load(Path::new("tests/scenes/v1/least.ron")).scene;
    assert_eq!(scene.chip, ChipOptions::default());
    assert_eq!(scene.assume, Assume::default());
    let task = LanguageModelOptions { text: Some("a.txt".into()), ..Default::default() };
    assert_eq!(scene.task, Task::LanguageModel(task));
}

/// Compares the message of each scene with the one in the file beside it.
///
/// `UPDATE_SCENES=1 cargo test --test it scene::` rewrites the messages: read what changed.
#[test]
fn every_invalid_scene_gives_its_message() {
    let update = std::env::var_os("UPDATE_SCENES").is_some();
    let mut wrong = Vec::new();
    for path in scenes_in("tests/scenes/invalid") {
        let said = match LoadedScene::load(&path, &[]) {
            Ok(_) => "it loads".to_owned(),
            Err(error) => format!("{error}\n"),
        };
        let expected = path.with_extension("txt");
        if update && said != "it loads" {
            fs::write(&expected, &said).unwrap();
        }
        let expected = fs::read_to_string(expected).unwrap_or_default();
        if said != expected {
            wrong.push(format!("{}\nsays     {said}\nexpected {expected}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_is_not_there_says_where_it_was_looked_for() {
    let error = LoadedScene::load(Path::new("scenes/lmm.ron"), &[]).unwrap_err().to_string();
    assert!(error.starts_with("scenes/lmm.ron: there is no such file\nhelp: tried "), "{error}");
    assert!(error.contains("scenes/lm.ron"), "{error}");
    let error = LoadedScene::load(Path::new("no/such/folder/lm.ron"), &[]).unwrap_err().to_string();
    assert!(error.contains("there is no folder no/such/folder either"), "{error}");
}

#[test]
fn a_folder_is_no_scene() {
    let error = LoadedScene::load(Path::new("scenes"), &[]).unwrap_err().to_string();
    assert!(
        error.starts_with("scenes: this is a folder, and a scene is a file\nhelp: there are "),
        "{error}"
    );
}

#[test]
fn a_file_without_end_is_not_read_to_its_end() {
    if Path::new("/dev/zero").exists() {
        let error = LoadedScene::load(Path::new("/dev/zero"), &[]).unwrap_err();
        assert_eq!(error.message(), "cannot be read: this is a device, and only regular files are read");
    }
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("long.ron");
    fs::File::create(&long).unwrap().set_len(5 << 20).unwrap();
    let error = LoadedScene::load(&long, &[]).unwrap_err();
    assert!(error.message().contains("4 MiB"), "{}", error.message());
}

#[test]
fn a_path_that_leads_nowhere_names_every_place() {
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("a/b/lm.ron");
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    fs::write(folder.path().join("a/text.txt"), "").unwrap();
    fs::write(folder.path().join("Cargo.toml"), "").unwrap();
    fs::copy("scenes/lm.ron", &scene).unwrap();
    let loaded = load(&scene);
    assert_eq!(loaded.resolve("text.txt", "task.text").unwrap(), folder.path().join("a/text.txt"));
    let error = loaded.resolve("nowhere.txt", "task.text").unwrap_err();
    assert_eq!(error.position(), Some((8, 15)));
    let here = std::env::current_dir().unwrap();
    for place in [folder.path().join("a/b"), folder.path().join("a"), folder.path().to_owned(), here] {
        assert!(error.help().contains(&format!("\n  {}\n", place.join("nowhere.txt").display())), "{error}");
    }
    assert!(
        !error.help().contains("\n  /nowhere.txt"),
        "nothing is looked for above the repository root: {error}"
    );
}

#[test]
fn later_errors_point_at_the_value_or_the_nearest_part() {
    let loaded = load(Path::new("scenes/lm.ron"));
    let place = |field: &str| {
        let (line, column) = loaded.error_at(field, "bad", "").position().unwrap();
        let line = loaded.text.lines().nth(line - 1).unwrap();
        line.chars().skip(column - 1).collect::<String>()
    };
    assert!(place("mapping.layers.1.pes").starts_with("50, input"));
    assert!(place("mapping.layers.1.units_per_pe").starts_with("(layer: \"rnns.1\""));
    assert!(place("mapping.layers").starts_with("layers: ["));
    assert!(place("mapping.layers.7.pes").starts_with("layers: ["));
    assert!(place("task").starts_with("task: LanguageModel("));
    assert!(place("assume.polling").starts_with("assume: (branch_refill"));
    assert!(place("").starts_with("Scene("));
}

#[test]
fn edits_are_made_in_order_and_named_in_messages() {
    let edit = |path: &str, value: &str| (path.to_owned(), value.to_owned());
    let path = Path::new("scenes/lm.ron");
    let edits = [edit("mapping.layers.1.pes", "None"), edit("mapping.layers.1.units_per_pe", "27")];
    let loaded = LoadedScene::load(path, &edits).unwrap();
    assert_eq!(loaded.scene.mapping.layers[1].units_per_pe, Some(27));
    let error = LoadedScene::load(path, &edits[1..]).unwrap_err().to_string();
    assert!(error.starts_with("scenes/lm.ron:24:"), "{error}");
    assert!(
        error.contains(" (after --set mapping.layers.1.units_per_pe=27): layer `rnns.1` has both"),
        "{error}"
    );
    let error = LoadedScene::load(path, &[edit("mapping.layer.1.pes", "5")]).unwrap_err().to_string();
    let expected =
        "scenes/lm.ron: --set mapping.layer.1.pes=5: `mapping` has no field `layer`\nhelp: did you mean";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn an_edit_of_a_broken_scene_reports_what_is_broken() {
    let edits = [("title".to_owned(), "x".to_owned())];
    let error = LoadedScene::load(Path::new("tests/scenes/invalid/string_unclosed.ron"), &edits).unwrap_err();
    assert_eq!(error.message(), "this text in quotes runs over several lines");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let text = format!("\u{feff}{}", fs::read_to_string("scenes/lm.ron").unwrap().replace('\n', "\r\n"));
    let edits = [("mapping.barrier".to_owned(), "Never".to_owned())];
    let loaded = LoadedScene::from_text(&text, Path::new("a.ron"), &edits).unwrap();
    assert_eq!(loaded.scene.mapping.barrier, Barrier::Never);
    assert_eq!(loaded.text.matches('\n').count(), loaded.text.matches("\r\n").count());
}

/// Two of the PEs that the small model would take do not work: others do their work, with
/// the same outputs.
#[test]
fn broken_pes_do_not_exist_for_the_mapper() {
    let broken = [("chip.broken", "[(1,4,0), (1,4,1)]")];
    let outputs = |edits: &[(&str, &str)]| {
        let mut session = session("scenes/lm_small.ron", edits);
        for _ in 0..3 {
            session.step(StepUnit::TimeStep);
        }
        let used = [0, 1].map(|p| session.program().pe(Pe::at(1, 4, p).unwrap()).is_some());
        (session.output_hash(), used)
    };
    let ((sound, used), (elsewhere, still)) = (outputs(&[]), outputs(&broken));
    assert_eq!((used, still), ([true; 2], [false; 2]));
    assert_eq!(sound, elsewhere);

    let arguments = |set: &str| ["check", "scenes/lm.ron", "--set", set].map(str::to_owned);
    let plan = fine(&["check", "scenes/lm_small.ron", "--set", "chip.broken=[(1,4,0), (1,4,1)]"]);
    assert!(plan.contains('X') && plan.contains("X broken"), "{plan}");
    let refused = spinntui(&arguments("chip.broken=[(1,1,0), (1,1,1), (1,1,2)]"));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(error.contains("150 PEs, and there are 149 (152 less 3 broken)"), "{error}");
    let error = String::from_utf8(spinntui(&arguments("chip.broken=[(9,9,0)]")).stderr).unwrap();
    assert!(error.contains("there is no PE (9,9,0)"), "{error}");
}
