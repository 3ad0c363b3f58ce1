//! Routines at level code: the bits, cycles and chip times of level native, and faults in words.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use proptest::prelude::*;
use spinntui::kernel::code::CodeFile;
use spinntui::machine::exec::Machine;
use spinntui::machine::program::{Action, Program};
use spinntui::mapping::code::{Choice, set_pe};
use spinntui::scene::LoadedScene;
use spinntui::session::Session;
use spinntui::session::build::{ModelCache, build};
use spinntui::session::findings::findings;
use spinntui::session::pace::StepUnit;

use crate::common::{fine, skipped};
use crate::exactness;

const SMALL: &str = "scenes/lm_small.ron";

fn session(edits: &[(&str, &str)]) -> Session {
    session_of(SMALL, edits)
}

fn session_of(scene: &str, edits: &[(&str, &str)]) -> Session {
    let edits: Vec<(String, String)> =
        edits.iter().map(|&(path, value)| (path.into(), value.into())).collect();
    build(LoadedScene::load(Path::new(scene), &edits).unwrap(), &mut ModelCache::default()).unwrap()
}

/// Output hash and chip time after some time steps.
fn after(session: &mut Session, steps: u64) -> (u128, u64) {
    while session.steps() < steps {
        session.step(StepUnit::TimeStep);
    }
    (session.output_hash(), session.tick())
}

/// Tests every kernel with one bit pattern of outputs, as the scene's kernel and as its machine
/// code in one layer.
#[test]
fn code_gives_bits_and_times_of_native_on_the_small_model() {
    for (kernel, function) in [
        ("CsrRow", "csr_row"),
        ("CsrRow16", "csr_row16"),
        ("CsrRowSkip", "csr_row_skip"),
        ("CscEvent", "csc_event"),
        ("Dense", "dense"),
        ("DenseEvent", "dense_event"),
    ] {
        let code = format!("Code(\"kernels.elf\", \"{function}\")");
        for field in ["mapping.layers.1.recurrent", "mapping.layers.0.input"] {
            let native = after(&mut session(&[(field, kernel)]), 3);
            assert_eq!(after(&mut session(&[(field, &code)]), 3), native, "{field} {function}");
        }
    }
}

#[test]
fn the_memory_map_shows_the_code_within_the_program_region() {
    let session = session(&[("mapping.layers.1.recurrent", "Code(\"kernels.elf\", \"csr_row\")")]);
    let program = session.program();
    let with = |regions: &[spinntui::machine::program::Region]| {
        regions
            .iter()
            .find(|region| region.name == "code of kernels.elf")
            .map(|region| (region.start, region.end))
    };
    let places: Vec<_> = program.pes.iter().flatten().filter_map(|pe| with(&pe.regions)).collect();
    let file = CodeFile::built_in().unwrap();
    assert_eq!(places.len(), program.populations[1].pes.len());
    assert!(
        places.iter().all(|&(start, end)| end - start == file.loaded_bytes() && end < 0x2800),
        "{places:?}"
    );
    for pe in program.pes.iter().flatten() {
        assert!(pe.regions.windows(2).all(|pair| pair[0].end <= pair[1].start), "{:?}", pe.regions);
    }
}

/// Words of the program region have function and offset as their label.
#[test]
fn memory_labels_words_of_machine_code_by_function() {
    let file = CodeFile::built_in().unwrap();
    let function = file.function("csr_row").unwrap();
    let shown = |at: u32| {
        let at = format!("{at:#x}");
        fine(&["peek", SMALL, "--pe", "1,4,2", "--view", "memory", "--at", &at])
    };
    let text = shown(function.address + 8);
    assert!(text.contains("csr_row + 0x"), "{text}");
    assert!(shown(0x4000).contains("no kernel's code"));
}

#[test]
fn what_a_scene_cannot_name_is_an_error_with_the_field() {
    let refused = |kernel: &str| refusal(SMALL, &[("mapping.layers.1.recurrent", kernel)]);
    let message = refused("Code(\"nowhere.elf\", \"csr_row\")");
    assert!(message.contains("`nowhere.elf` not found") && message.contains("recurrent"), "{message}");
    let message = refused("Code(\"kernels.elf\", \"csr_row_nobody\")");
    assert!(message.contains("has no function `csr_row_nobody`"), "{message}");
    let message = refused("Code(\"kernels.elf\", \"my_kernel\")");
    assert!(message.contains("does not say which layout"), "{message}");
    let message = refused("Code(\"scenes/lm_small.ron\", \"csr_row\")");
    assert!(message.contains("not a readable ELF file"), "{message}");
}

/// Returns the error of a scene that cannot be built.
fn refusal(scene: &str, edits: &[(&str, &str)]) -> String {
    let edits: Vec<(String, String)> =
        edits.iter().map(|&(path, value)| (path.into(), value.into())).collect();
    let loaded = LoadedScene::load(Path::new(scene), &edits);
    loaded.and_then(|loaded| build(loaded, &mut ModelCache::default())).unwrap_err().to_string()
}

/// Functions of the built-in machine code that a program's routines run.
fn run_by(program: &Program) -> BTreeSet<&'static str> {
    let operations = program.pes.iter().flatten().flat_map(|loaded| &loaded.operations);
    let code = operations.filter_map(|operation| match &operation.action {
        Action::Call(routine) => routine.code().map(|_| routine.functions()),
        _ => None,
    });
    code.flatten().collect()
}

/// Every network family as the scene has it and with its routines at level code: the same outputs
/// at the same times.
#[test]
fn levels_of_scenes_give_the_same_outputs_at_the_same_times() {
    const ALL: &[(&str, &str)] = &[("mapping.level", "Code")];
    const EXP: &[(&str, &str)] = &[("assume.tanh", "ExpUnit")];
    const NEURONS: &[(&str, &str)] = &[("mapping.level", "CodeOf([\"neurons\"])")];
    const LAYER: &[(&str, &str)] = &[("mapping.layers.1.level", "Code")];
    type Edits = &'static [(&'static str, &'static str)];
    let cases: [(&str, Edits, Edits, u64, &[&str]); 11] = [
        ("lif", &[], ALL, 30, &["collect", "deliver", "filter", "fire_one", "list_spikes", "clear"]),
        ("dnf", &[], ALL, 8, &["deliver", "difference", "leak_add"]),
        ("nir", &[], NEURONS, 20, &["filter"]),
        ("nmnist", &[], ALL, 3, &["collect_counts"]),
        ("spiking_gpt", &[], ALL, 1, &["layer_norm", "code_leaky", "add_rows", "remember", "fire_attention"]),
        ("gpt", EXP, ALL, 1, &["dense_int8", "softmax", "gelu"]),
        ("what-if/gpt_mac", EXP, LAYER, 1, &["int8_mac", "add"]),
        ("what-if/dvs_mac", &[], ALL, 1, &["frame_bytes", "gather", "mac_product", "pool_bytes", "int8_mac"]),
        ("dvs", EXP, ALL, 1, &["dense", "pointwise", "trace"]),
        ("lm_small", EXP, LAYER, 3, &["csr_row", "pointwise"]),
        ("lm_gru", EXP, LAYER, 2, &["csr_row", "pointwise_always"]),
    ];
    for (scene, base, level, steps, functions) in cases {
        let path = format!("scenes/{scene}.ron");
        let (mut native, mut code) = (session_of(&path, base), session_of(&path, &[base, level].concat()));
        let run = run_by(code.program());
        assert!(functions.iter().all(|function| run.contains(function)), "{scene}: {run:?}");
        assert!(run_by(native.program()).is_empty());
        assert_eq!(after(&mut code, steps), after(&mut native, steps), "{scene}");
    }
}

#[test]
fn phases_without_machine_code_are_refused_with_the_reason() {
    let level = |scene: &str, phase: &str, more: &[(&str, &str)]| {
        let level = format!("CodeOf([\"{phase}\"])");
        refusal(
            &format!("scenes/{scene}.ron"),
            &[&[("mapping.layers.0.level", level.as_str())], more].concat(),
        )
    };
    let message = level("lm_small", "pointwise", &[]);
    assert!(
        message.contains("no routine of phase `pointwise`") && message.contains("assume.tanh: ExpUnit"),
        "{message}"
    );
    assert!(message.contains("level"), "{message}");
    let message = level("gpt", "neurons", &[]);
    assert!(message.contains("phases with machine code here") && message.contains("norm"), "{message}");
    let message = level("lm_small", "neurons", &[]);
    assert!(message.contains("there is no phase `neurons`") && message.contains("egru_input"), "{message}");
    let message = level("lm_gru", "pointwise", &[]);
    assert!(message.contains("assume.tanh: ExpUnit"), "{message}");
    let gelu = refusal("scenes/gpt.ron", &[("mapping.layers.2.level", "CodeOf([\"neurons\"])")]);
    assert!(gelu.contains("GELU") && gelu.contains("assume.tanh: ExpUnit"), "{gelu}");
}

/// tanh by way of the exp unit changes last bits and no time; the reference takes it, too.
#[test]
fn tanh_of_the_exp_unit_changes_bits_and_no_time() {
    let [usual, exp] = [&[][..], &[("assume.tanh", "ExpUnit")]].map(|edits| after(&mut session(edits), 6));
    assert_eq!(usual.1, exp.1);
    assert_ne!(usual.0, exp.0);
    for scene in [SMALL, "scenes/gpt.ron"] {
        // It fails where a bit differs.
        fine(&["run", "--no-ranges", scene, "--steps", "2", "--verify", "--set", "assume.tanh=ExpUnit"]);
    }
}

/// The program with machine code wherever a routine has any.
pub fn at_code(program: &Arc<Program>) -> Program {
    let mut program = Program::clone(program);
    let (choice, assume) = (Choice::built_in().unwrap(), program.assume.clone());
    for loaded in program.pes.iter_mut().flatten() {
        set_pe(loaded, Some(&choice), &assume).unwrap();
    }
    program
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_network_and_mapping_gives_the_same_bits_at_the_same_times(case in exactness::case()) {
        let Some(built) = exactness::build(&case, 3)? else { return Ok(()) };
        let mut native = built.machine;
        let program = at_code(native.program());
        let pointwise = run_by(&program).iter().any(|function| function.starts_with("pointwise"));
        prop_assert_eq!(pointwise, case.has_pointwise_code());
        let mut code = Machine::new(Arc::new(program));
        let complete = built.steps.len();
        prop_assert_eq!(code.run(&built.steps, complete), native.run(&built.steps, complete));
        let ran = |machine: &Machine| (machine.state().tick, machine.state().events, machine.state().host.completed);
        prop_assert_eq!(ran(&code), ran(&native));
        for (a, b) in code.state().pes.iter().zip(&native.state().pes) {
            // Below the code, and above it but for the stack.
            let same = |range: std::ops::Range<usize>| a.sram.bytes()[range.clone()] == b.sram.bytes()[range];
            prop_assert!(same(0x47A0..0x1_F000), "SRAM differs");
        }
    }
}

/// Compiles a user's kernel; `None` where there is no compiler.
fn compile(source: &str, folder: &Path) -> Option<std::path::PathBuf> {
    let kernels = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/kernels");
    let (c, elf) = (folder.join("own.c"), folder.join("own.elf"));
    std::fs::write(&c, source).unwrap();
    let flags = "-O2 -g -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -mthumb -ffp-contract=off -ffreestanding -nostdlib";
    let mut command = Command::new("arm-none-eabi-gcc");
    command
        .args(flags.split(' '))
        .arg("-I")
        .arg(&kernels)
        .arg(format!("-Wl,-T,{}", kernels.join("own.ld").display()));
    match command.arg(&c).arg("-o").arg(&elf).status() {
        Ok(status) if status.success() => Some(elf),
        Ok(status) => panic!("the kernel does not compile: {status}"),
        Err(_) => {
            skipped("arm-none-eabi-gcc is not installed (Debian: gcc-arm-none-eabi)");
            None
        }
    }
}

const OWN: &str = r"
#include <stdint.h>
void csr_row_own(const float *value, const uint32_t *column, const uint32_t *row_start, uint32_t rows, const float *x, float *sum)
{
    for (uint32_t row = 0; row < rows; ++row) {
        float acc = 0.0f;
        for (uint32_t i = row_start[row]; i < row_start[row + 1]; ++i)
            acc = __builtin_fmaf(value[i], x[column[i] + PLANTED], acc);
        sum[row] = acc;
    }
}
";

#[test]
fn a_kernel_of_ones_own_runs_and_a_planted_fault_names_its_source_line() {
    let folder = tempfile::tempdir().unwrap();
    let Some(elf) = compile(&OWN.replace("PLANTED", "0"), folder.path()) else { return };
    let code = format!("Code(\"{}\", \"csr_row_own\")", elf.display());
    let field = "mapping.layers.1.recurrent";
    let (hash, tick) = after(&mut session(&[(field, &code)]), 3);
    let (native, native_tick) = after(&mut session(&[(field, "CsrRow")]), 3);
    assert_eq!(hash, native);
    assert_ne!(tick, native_tick, "other instructions take other cycles");

    compile(&OWN.replace("PLANTED", "0x1000000"), folder.path()).unwrap();
    let mut session = session(&[(field, &code)]);
    session.step(StepUnit::TimeStep);
    let stop = session.machine().stop().unwrap().to_string();
    assert!(
        stop.contains("where no memory is") && stop.contains("csr_row_own") && stop.contains("own.c:8"),
        "{stop}"
    );
}

/// An unaligned load and a division by 0, beside the right results.
const ODD: &str = r"
#include <stdint.h>
typedef uint32_t __attribute__((aligned(1))) odd_t;
void csr_row_odd(const float *value, const uint32_t *column, const uint32_t *row_start, uint32_t rows, const float *x, float *sum)
{
    volatile uint32_t seen = ODD;
    for (uint32_t row = 0; row < rows; ++row) {
        float acc = 0.0f;
        for (uint32_t i = row_start[row]; i < row_start[row + 1]; ++i)
            acc = __builtin_fmaf(value[i], x[column[i]], acc);
        sum[row] = acc;
    }
}
";

#[test]
fn unaligned_accesses_and_divisions_by_zero_are_counted_or_with_traps_faults() {
    let field = "mapping.layers.1.recurrent";
    let odd = [
        ("*(const volatile odd_t *)((const char *)value + 1)", [2, 0], "which is not a multiple of 4"),
        ("rows / row_start[0]", [0, 2], "division by zero"),
    ];
    let (native, _) = after(&mut session(&[(field, "CsrRow")]), 2);
    for (expression, counts, words) in odd {
        let folder = tempfile::tempdir().unwrap();
        let Some(elf) = compile(&ODD.replace("ODD", expression), folder.path()) else { return };
        let code = format!("Code(\"{}\", \"csr_row_odd\")", elf.display());
        let mut works = session(&[(field, &code)]);
        assert_eq!(after(&mut works, 2).0, native, "x/0 is 0, and nothing else changes");
        let pes = works.program().populations[1].pes.len() as u64;
        let text = fine(&[
            "run",
            "--no-ranges",
            SMALL,
            "--steps",
            "2",
            "--set",
            &format!("{field}={code}"),
            "--format",
            "json",
        ]);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let untrapped =
            ["unaligned", "divided_by_zero"].map(|count| report["untrapped"][count].as_u64().unwrap());
        assert_eq!(untrapped, counts.map(|count| count * pes));
        let found = findings(&works);
        let found: Vec<_> = found.iter().filter(|found| found.rule == "division-by-zero").collect();
        assert_eq!(found.len() as u64, if counts[1] > 0 { pes } else { 0 });
        assert!(found.iter().all(|found| found.what.contains("2 times")), "{found:?}");

        let mut traps = session(&[(field, &code), ("assume.traps", "true")]);
        traps.step(StepUnit::TimeStep);
        let stop = traps.machine().stop().unwrap().to_string();
        assert!(stop.contains(words) && stop.contains("own.c:6") && stop.contains("csr_row_odd"), "{stop}");
    }
}

/// The kernels for the core's timings as built-in ones: bits and times of their machine code, of
/// which the memory holds a copy, and a fifth of the time less.
#[test]
fn fast_kernels_have_bits_and_times_of_their_machine_code() {
    let kernels = |input: &str, recurrent: &str| {
        let edits: Vec<_> = (0..3)
            .flat_map(|layer| {
                let input = if layer == 0 { input } else { recurrent };
                [("input", input), ("recurrent", recurrent)]
                    .map(|(field, kernel)| (format!("mapping.layers.{layer}.{field}"), kernel.to_owned()))
            })
            .collect();
        let edits: Vec<_> = edits.iter().map(|(field, kernel)| (field.as_str(), kernel.as_str())).collect();
        session(&edits)
    };
    let mut fast = kernels("CsrFast", "CscFast");
    let file = CodeFile::fast().unwrap();
    for pe in fast.program().pes.iter().flatten() {
        let holds = file.words.iter().all(|part| pe.image.contains(part));
        assert_eq!(holds, pe.regions.iter().any(|region| region.name == "code of columns.elf"));
        assert!(holds, "every PE runs one");
    }
    let own = |function: &str| format!("Code(\"assets/kernels/own/columns.elf\", \"{function}\")");
    let code = after(&mut kernels(&own("csr_row_fast"), &own("csc_event_fast")), 4);
    let slow = after(&mut kernels("CsrRow", "CscEvent"), 4);
    let native = after(&mut fast, 4);
    // Barriers are by the bounds of each kernel: here there are none.
    assert_eq!(native, code);
    assert_eq!(native.0, slow.0);
    assert!(5 * native.1 < 4 * slow.1, "{native:?} {slow:?}");
}

/// The worked example of docs/own-kernels.md: the same bits as the built-in event-driven kernels, a
/// quarter of the time less and more.
#[test]
fn the_shipped_example_is_faster_with_the_same_bits() {
    let event = |edits: &[(String, String)]| {
        let loaded = LoadedScene::load(Path::new("scenes/lm_event.ron"), edits).unwrap();
        after(&mut build(loaded, &mut ModelCache::default()).unwrap(), 2)
    };
    let own = |field: &str, function: &str| {
        (
            format!("mapping.layers.{field}"),
            format!("Code(\"assets/kernels/own/columns.elf\", \"{function}\")"),
        )
    };
    let mut edits = vec![own("0.input", "csr_row_fast"), own("0.recurrent", "csc_event_fast")];
    for layer in 1..3 {
        edits.extend(["input", "recurrent"].map(|field| own(&format!("{layer}.{field}"), "csc_event_fast")));
    }
    let (native, own) = (event(&[]), event(&edits));
    assert_eq!(own.0, native.0);
    assert!(4 * own.1 < 3 * native.1, "{own:?} {native:?}");
}
