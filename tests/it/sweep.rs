//! `spinntui sweep`: points that are run once, whatever is killed, and the table of their results.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say where")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{binary, fine, spinntui, text};

const TINY: &str = "scenes/sweeps/tiny.ron";

/// Creates a folder with a plan.
fn plan(fields: &str) -> (TempDir, String) {
    plan_of("scenes/lm_small.ron", fields)
}

fn plan_of(scene: &str, fields: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.ron");
    let scene = fs::canonicalize(scene).unwrap();
    fs::write(&path, format!("Sweep(version: 1, scene: \"{}\", {fields})", scene.display())).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

fn at(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

/// Lines of all files of results in a folder.
fn lines(folder: &str) -> Vec<Value> {
    let mut lines = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return lines };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            let text = fs::read_to_string(path).unwrap();
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            lines.extend(whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
    }
    lines
}

fn gathered(plan: &str, folder: &str) -> String {
    fine(&["sweep", plan, "-o", folder, "--gather"]);
    fs::read_to_string(Path::new(folder).join("results.csv")).unwrap()
}

#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let output = spinntui(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    for word in words {
        assert!(error.contains(word), "{arguments:?} should say `{word}`: {error}");
    }
}

/// Starts a sweep that is to be disturbed.
fn started(arguments: &[&str]) -> Child {
    let mut command = Command::new(binary());
    command.arg("sweep").args(arguments).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits for something that a sweep does. The time limit is for failures only.
#[track_caller]
fn wait_for<T>(child: &mut Child, what: &str, mut seen: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(seen) = seen() {
            return seen;
        }
        assert!(child.try_wait().unwrap().is_none(), "the sweep has ended before {what}");
        assert!(Instant::now() < end, "no {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn tiny_runs_and_its_table_has_the_figures_of_single_runs() {
    let folder = tempfile::tempdir().unwrap();
    let out = at(&folder, "out");
    fine(&["sweep", TINY, "-o", &out]);
    let lines = lines(&out);
    assert_eq!(lines.len(), 6);
    let table = gathered(TINY, &out);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0][..7], ["point", "key", "pes", "waiting", "repeat", "outcome", "why"]);
    let varied: Vec<String> =
        rows[1..].iter().map(|row| format!("{} {} {}", row[0], row[2], row[3])).collect();
    assert_eq!(varied, ["0 6 Poll", "1 6 Sleep", "2 12 Poll", "3 12 Sleep", "4 18 Poll", "5 18 Sleep"]);
    let sets = ["mapping.layers.0.pes=18", "mapping.layers.1.pes=18", "chip.waiting=Sleep"];
    let set = sets.iter().flat_map(|set| ["--set", set]);
    let arguments = ["run", "scenes/lm_small.ron", "--steps", "16", "--format", "json"];
    let run: Value =
        serde_json::from_str(&fine(&arguments.into_iter().chain(set).collect::<Vec<_>>())).unwrap();
    for (column, name) in rows[0].iter().enumerate().skip(7) {
        let value = name.split('.').fold(&run, |value, part| &value[part]);
        assert_eq!(
            rows[6][column],
            value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            "{name}"
        );
    }
    // A second time there is nothing to run.
    let output = spinntui(&["sweep", TINY, "-o", &out]);
    assert!(
        output.status.success() && text(&output.stderr).contains("0 of 6 points run now, 6 there already")
    );
}

#[test]
fn plots_are_drawn_from_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = at(&folder, "out");
    refused(&["sweep", TINY, "-o", &out, "--plot"], &["no folder"]);
    fine(&["sweep", TINY, "-o", &out]);
    fine(&["sweep", TINY, "-o", &out, "--gather", "--plot"]);
    assert!(Path::new(&out).join("results.csv").is_file());
    for (name, words) in [
        ("plot-1-lines.svg", ["waiting = Sleep", "pes", "energy_j"]),
        ("plot-2-heat.svg", ["Poll", "18", "pes"]),
        ("plot-3-pareto.svg", ["no point is better in both", "chip_time_us", "chip.pes_used"]),
    ] {
        let text = fs::read_to_string(Path::new(&out).join(name)).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let shown: Vec<&str> = document.descendants().filter_map(|node| node.text()).map(str::trim).collect();
        assert!(words.iter().all(|word| shown.contains(word)), "{name}: {shown:?}");
    }
    // Without points there is nothing to draw.
    let (_folder, plan) = plan("keep: [\"energy_j\"], axes: [(name: \"a\", values: List([1]))]");
    refused(&["sweep", &plan, "-o", &out, "--plot"], &["nothing to draw", "plot-1-lines.svg"]);
}

#[test]
fn shards_give_the_rows_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, parts) = (at(&folder, "whole"), at(&folder, "parts"));
    fine(&["sweep", TINY, "-o", &whole]);
    for shard in ["0/4", "1/4", "3/4"] {
        fine(&["sweep", TINY, "-o", &parts, "--shard", shard, "--jobs", "1"]);
    }
    // One shard is not there yet.
    let output = spinntui(&["sweep", TINY, "-o", &parts, "--gather"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("1 point missing"), "{}", text(&output.stderr));
    fine(&["sweep", TINY, "-o", &parts, "--shard", "2/4"]);
    assert_eq!(lines(&parts).len(), 6);
    assert_eq!(gathered(TINY, &parts), gathered(TINY, &whole));
    for shard in ["4/4", "4", "0/0", "x/2"] {
        refused(&["sweep", TINY, "--shard", shard], &["m/n"]);
    }
}

const MANY: &str = "steps: 40, keep: [\"energy_j\"], axes: [
    (name: \"us\", set: [\"assume.host_turnaround_us\"], values: Range(from: 0, to: 19, step: 1)),
]";

#[test]
fn a_killed_sweep_goes_on_where_it_was() {
    let (folder, plan) = plan(MANY);
    let (killed, whole) = (at(&folder, "killed"), at(&folder, "whole"));
    let mut child = started(&[&plan, "-o", &killed, "--jobs", "1"]);
    let there = wait_for(&mut child, "two lines", || Some(lines(&killed).len()).filter(|&count| count >= 2));
    child.kill().unwrap();
    child.wait().unwrap();
    let before: BTreeSet<String> = lines(&killed).iter().map(ToString::to_string).collect();
    assert!(before.len() >= there && before.len() < 20, "{}", before.len());
    // Half a line, as of a program that is killed while it writes.
    let file = PathBuf::from(&killed).join("points-0-of-1.ndjson");
    let cut = format!("{}{}", fs::read_to_string(&file).unwrap(), "{\"version\":1,\"point\":");
    fs::write(&file, cut).unwrap();
    let output = spinntui(&["sweep", &plan, "-o", &killed]);
    let words = format!("{} of 20 points run now", 20 - before.len());
    assert!(output.status.success() && text(&output.stderr).contains(&words), "{}", text(&output.stderr));
    let after: BTreeSet<String> = lines(&killed).iter().map(ToString::to_string).collect();
    assert_eq!(after.len(), 20);
    assert!(after.is_superset(&before));
    fine(&["sweep", &plan, "-o", &whole]);
    assert_eq!(gathered(&plan, &killed), gathered(&plan, &whole));
}

#[test]
fn a_signal_ends_a_sweep_without_a_line_about_it() {
    let (folder, plan) = plan(MANY);
    let out = at(&folder, "out");
    let mut child = started(&[&plan, "-o", &out, "--jobs", "2"]);
    wait_for(&mut child, "a line", || Some(()).filter(|()| !lines(&out).is_empty()));
    // As Slurm does: the whole job, workers first.
    for pid in workers(child.id()).into_iter().chain([child.id()]) {
        Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("run the same command again"), "{error}");
    assert!(lines(&out).iter().all(|line| line["outcome"] == "done"));
    fine(&["sweep", &plan, "-o", &out]);
    assert_eq!(lines(&out).len(), 20);
}

/// Worker processes of a sweep.
fn workers(id: u32) -> Vec<u32> {
    let mut found = Vec::new();
    // Children belong to the thread that has started them.
    for task in fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(children.split_whitespace().map(|pid| pid.parse::<u32>().unwrap()));
    }
    found
}

#[test]
fn a_killed_point_is_a_line_and_costs_no_other() {
    let (folder, plan) = plan(MANY);
    let out = at(&folder, "out");
    let mut child = started(&[&plan, "-o", &out, "--jobs", "1"]);
    wait_for(&mut child, "a line", || Some(()).filter(|()| !lines(&out).is_empty()));
    let sweep = child.id();
    let worker = wait_for(&mut child, "a worker", || workers(sweep).first().copied());
    Command::new("kill").args(["-KILL", &worker.to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let all = lines(&out);
    assert_eq!(all.len(), 20);
    let killed: Vec<&Value> = all.iter().filter(|line| line["outcome"] == "killed").collect();
    assert_eq!(killed.len(), 1);
    assert!(killed[0]["why"].as_str().unwrap().contains("signal 9"), "{}", killed[0]);
    // It is not run again unless asked for, and then it is one point of the table.
    assert!(text(&spinntui(&["sweep", &plan, "-o", &out]).stderr).contains("0 of 20 points run now"));
    assert!(gathered(&plan, &out).contains(",killed,"));
    fine(&["sweep", &plan, "-o", &out, "--retry"]);
    assert_eq!(lines(&out).len(), 21);
    let table = gathered(&plan, &out);
    assert_eq!(table.lines().count(), 21);
    assert!(!table.contains("killed"), "{table}");
}

#[test]
fn a_point_that_takes_too_long_or_does_not_fit_is_a_line() {
    let axis = "(name: \"pes\", set: [\"mapping.layers.1.pes\"], values: List([50, 20, 0]))";
    let (folder, plan) = plan_of("scenes/lm.ron", &format!("axes: [{axis}], steps: 1, keep: [\"steps\"]"));
    let out = at(&folder, "out");
    let output = spinntui(&["sweep", &plan, "-o", &out, "--jobs", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let table = gathered(&plan, &out);
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 4, "a reason is one line: {table}");
    assert!(rows[1].ends_with(",50,0,done,,1"), "{table}");
    assert!(rows[2].contains(",20,0,misfit,") && rows[2].contains("bytes"), "{table}");
    assert!(rows[3].contains(",0,0,refused,\"`pes` is 0"), "{table}");
    // The whole text of the language model, 10^6 times as long as a second has room for.
    let (folder, plan) =
        self::plan("set: [(\"task.mode\", \"Generate(prompt: \\\"the\\\", words: 1000000)\")]");
    let out = at(&folder, "out");
    let output = spinntui(&["sweep", &plan, "-o", &out, "--limit", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let all = lines(&out);
    assert_eq!((all.len(), &all[0]["outcome"]), (1, &Value::from("timeout")), "{all:?}");
    assert!(all[0]["why"].as_str().unwrap().contains("1 s"));
}

#[test]
fn two_programs_do_not_write_one_file() {
    let (folder, plan) = plan(MANY);
    let out = at(&folder, "out");
    let mut child = started(&[&plan, "-o", &out, "--jobs", "1"]);
    wait_for(&mut child, "a line", || Some(()).filter(|()| !lines(&out).is_empty()));
    let output = spinntui(&["sweep", &plan, "-o", &out]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("another spinntui is writing") && error.contains("points-0-of-1.ndjson"),
        "{error}"
    );
    // The other shards are free.
    fine(&["sweep", &plan, "-o", &out, "--shard", "19/20"]);
    child.wait().unwrap();
    let table = gathered(&plan, &out);
    assert_eq!(table.lines().count(), 21);
}

#[test]
fn a_full_disk_loses_no_line() {
    let (folder, plan) = plan(MANY);
    let out = at(&folder, "out");
    // A limit of 4 KiB for files, of which the program learns by an error.
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$@\"";
    let command = |script: &str| -> Output {
        let mut command = Command::new("bash");
        command.args(["-c", script, "bash"]).arg(binary()).args(["sweep", &plan, "-o", &out, "--jobs", "1"]);
        command.output().unwrap()
    };
    let output = command(script);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("cannot write") && error.contains("lines written so far are complete"), "{error}");
    let written = fs::read_to_string(PathBuf::from(&out).join("points-0-of-1.ndjson")).unwrap();
    assert!(written.ends_with('\n') && written.len() <= 4096, "{}", written.len());
    let before = lines(&out).len();
    assert!(before >= 2);
    let output = command("exec \"$@\"");
    let words = format!("{} of 20 points run now", 20 - before);
    assert!(text(&output.stderr).contains(&words), "{}", text(&output.stderr));
    assert_eq!(lines(&out).len(), 20);
}

#[test]
fn a_disk_that_is_full_at_the_table_leaves_the_one_before() {
    let (folder, plan) = plan(MANY);
    let out = at(&folder, "out");
    fine(&["sweep", &plan, "-o", &out, "--shard", "0/2"]);
    let part = spinntui(&["sweep", &plan, "-o", &out, "--gather"]);
    assert!(text(&part.stderr).contains("10 points missing"), "{}", text(&part.stderr));
    let before = fs::read_to_string(Path::new(&out).join("results.csv")).unwrap();
    assert_eq!(before.lines().count(), 11);
    fine(&["sweep", &plan, "-o", &out]);
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "bash"]).arg(binary());
    let output = command.args(["sweep", &plan, "-o", &out, "--gather"]).output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("cannot write") && error.contains("results.csv"), "{error}");
    assert_eq!(fs::read_to_string(Path::new(&out).join("results.csv")).unwrap(), before);
    assert_eq!(gathered(&plan, &out).lines().count(), 21);
}

#[test]
fn bad_plans_and_folders_are_refused_before_anything_runs() {
    let axis = |set: &str, values: &str| format!("axes: [(name: \"a\", set: [\"{set}\"], values: {values})]");
    for (fields, words) in [
        (
            axis("mapping.lyers.0.pes", "List([1])"),
            vec!["plan.ron:1:", "no field `lyers`", "did you mean `layers`"],
        ),
        (axis("chip.waiting", "List([Poll])"), vec!["plan.ron:1:"]),
        ("keep: [\"energy\"]".to_owned(), vec!["plan.ron:1:", "no field `energy`", "docs/report.md"]),
        (
            "keep: [\"memory.bank\"]".to_owned(),
            vec!["`memory` has no field `bank`", "did you mean `memory.banks`"],
        ),
        (format!("{}, constraints: [\"a > 2\"]", axis("chip.waiting", "List([1, 2])")), vec!["no point"]),
        (
            format!("{}, points: Draws(1000000000)", axis("chip.waiting", "List([1, 2])")),
            vec!["1000000000 points", "at most 100000000"],
        ),
    ] {
        let (folder, plan) = plan(&fields);
        let out = at(&folder, "out");
        refused(&["sweep", &plan, "-o", &out], &words);
        assert!(!Path::new(&out).exists(), "{fields}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let file = file.path().display().to_string();
    refused(&["sweep", TINY, "-o", &file], &[&file]);
    refused(&["sweep", TINY, "-o", "/proc/none"], &["cannot write /proc/none"]);
    refused(&["sweep", TINY, "-o", "/none", "--gather"], &["no folder /none", "-o"]);
    refused(&["sweep", "scenes/none.ron"], &["scenes/none.ron", "no such file"]);
    refused(&["sweep", "scenes/lm_small.ron"], &["has no field `model`", "`scene`"]);
    refused(
        &["run", TINY],
        &["this is a plan of a sweep, not a scene", "spinntui sweep scenes/sweeps/tiny.ron"],
    );
    refused(&["sweep"], &["<PLAN>"]);
    refused(&["sweep", TINY, "--list", "--gather"], &["cannot be used with"]);
}

#[test]
fn a_million_points_are_listed_and_shared_out() {
    let axis = |name: &str, to: u32| format!("(name: \"{name}\", values: Range(from: 1, to: {to}, step: 1))");
    let fields = format!(
        "steps: 1, axes: [{}, {}], set: [(\"assume.host_turnaround_us\", \"{{a}}{{b}}\")], keep: [\"steps\"]",
        axis("a", 1000),
        axis("b", 1000)
    );
    let (folder, plan) = plan(&fields);
    let out = at(&folder, "out");
    let list = fine(&["sweep", &plan, "--list", "--shard", "123456/500000"]);
    let points: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!([&points[0]["point"], &points[1]["point"]], [&Value::from(123_456), &Value::from(623_456)]);
    assert_eq!(points[0]["set"][0], "assume.host_turnaround_us=124457");
    fine(&["sweep", &plan, "-o", &out, "--shard", "123456/500000"]);
    let keys: BTreeSet<String> = lines(&out).iter().map(|line| line["key"].to_string()).collect();
    assert_eq!(keys, points.iter().map(|point| point["key"].to_string()).collect());
}

#[test]
fn equal_points_run_once_and_are_rows_of_their_own() {
    let (folder, plan) = plan(
        "axes: [(name: \"a\", values: List([1, 2, 3])), (name: \"w\", set: [\"chip.waiting\"], values: \
         List([\"Poll\", \"Sleep\"]))], steps: 1, keep: [\"energy_j\"]",
    );
    let out = at(&folder, "out");
    let output = spinntui(&["sweep", &plan, "-o", &out]);
    let error = text(&output.stderr);
    assert!(error.contains("2 of 6 points run now (2 done), 4 equal to another"), "{error}");
    assert_eq!(lines(&out).len(), 2);
    assert_eq!(gathered(&plan, &out).lines().count(), 7);
}

#[test]
fn scripts_name_the_count_of_shards() {
    let folder = tempfile::tempdir().unwrap();
    let out = at(&folder, "my out");
    let slurm = fine(&["sweep", TINY, "-o", &out, "--script", "slurm", "--shards", "64"]);
    assert!(slurm.starts_with("#!/bin/bash\n") && slurm.contains("#SBATCH --array=0-63\n"), "{slurm}");
    assert!(
        slurm.contains("--shard $SLURM_ARRAY_TASK_ID/64") && slurm.contains(&format!("-o '{out}'")),
        "{slurm}"
    );
    let few = fine(&["sweep", TINY, "--script", "hq"]);
    assert!(few.contains("--array 0-5") && few.contains("--shard $HQ_TASK_ID/6"), "{few}");
    // What a Slurm task does is what the script says, whatever the environment says of the count of
    // tasks.
    let task = |number: &str| {
        let output = Command::new("bash")
            .args(["-c", &slurm.replace("/64", "/3")])
            .env("SLURM_ARRAY_TASK_ID", number)
            .env("SLURM_ARRAY_TASK_COUNT", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    task("1");
    assert_eq!(
        lines(&out).iter().map(|line| line["point"].as_u64().unwrap() % 3).collect::<Vec<_>>(),
        [1, 1]
    );
    task("0");
    task("2");
    assert_eq!(gathered(TINY, &out).lines().count(), 7);
    let parallel = fine(&["sweep", TINY, "-o", &out, "--script", "parallel"]);
    assert!(parallel.contains("seq 0 5 | parallel") && parallel.contains("--shard {}/6"), "{parallel}");
}

#[test]
fn faults_have_the_outcomes_that_they_must_have() {
    let (folder, plan) = plan(
        "steps: 6, seed: 3, campaign: (faults: 70, kinds: [Weights, Pointers, State, Program, Lost, Halted, \
         DeadLink], steps: (1, 4)), keep: [\"perplexity\"]",
    );
    let out = at(&folder, "out");
    fine(&["sweep", &plan, "-o", &out]);
    let table = gathered(&plan, &out);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let head = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let get = |row: &csv::StringRecord, column: &str| {
        row[head.iter().position(|name| name == column).unwrap()].to_owned()
    };
    assert_eq!(rows.len(), 71);
    assert_eq!((get(&rows[0], "outcome").as_str(), get(&rows[0], "fault").as_str()), ("done", ""));
    let faultless: f64 = get(&rows[0], "perplexity").parse().unwrap();
    let mut outcomes = BTreeSet::new();
    for row in &rows[1..] {
        let (kind, outcome) = (get(row, "fault"), get(row, "outcome"));
        match kind.as_str() {
            "program" => assert_eq!(outcome, "masked"),
            "halted" => assert_eq!(outcome, "hung"),
            "weights" => assert!(["masked", "changed"].contains(&outcome.as_str()), "{row:?}"),
            "dead_link" => {
                let link = get(row, "fault_link");
                assert!(link.starts_with("QPE(") && get(row, "fault_pe").is_empty(), "{row:?}");
                let named = get(row, "why").contains(&format!("the link from {link} is dead"));
                assert_eq!(named, outcome == "hung", "{row:?}");
            }
            _ => {}
        }
        if ["masked", "changed"].contains(&outcome.as_str()) {
            let loss: f64 = get(row, "perplexity_loss").parse().unwrap();
            let perplexity: f64 = get(row, "perplexity").parse().unwrap();
            assert!((perplexity - faultless - loss).abs() <= 1e-12 * perplexity, "{row:?}");
            // The readout sees y only: the same outputs have the same perplexity.
            assert!(outcome == "changed" || loss.abs() <= 0.0, "{row:?}");
        }
        assert_eq!(get(row, "harmful"), if outcome == "masked" { "0" } else { "1" });
        outcomes.insert(outcome);
    }
    assert!(
        outcomes.contains("changed") && outcomes.contains("masked") && outcomes.contains("hung"),
        "{outcomes:?}"
    );
    assert_eq!(get(&rows[0], "harmful"), "");
    // The outcomes by kind and bit add up to the faults.
    let outcomes = fs::read_to_string(Path::new(&out).join("outcomes.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(outcomes.as_bytes());
    let by_kind: Vec<csv::StringRecord> =
        reader.records().map(Result::unwrap).filter(|row| &row[0] == "kind").collect();
    assert_eq!(by_kind.len(), 7);
    for row in &by_kind {
        let count = |column: usize| row[column].parse::<u64>().unwrap();
        assert_eq!((count(2), (3..8).map(count).sum::<u64>()), (10, 10), "{row:?}");
    }
    // A single run with the fault of a point ends as the point says.
    let hung = lines(&out).into_iter().find(|line| line["values"]["fault"] == "halted").unwrap();
    let set = hung["set"][0].as_str().unwrap().to_owned();
    let output = spinntui(&["run", "scenes/lm_small.ron", "--steps", "6", "--set", &set]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn shipped_plans_are_checked_and_listed() {
    let list = fine(&["--list"]);
    let mut plans = 0;
    for entry in fs::read_dir("scenes/sweeps").unwrap() {
        let path = entry.unwrap().path().display().to_string();
        fine(&["check", &path]);
        assert!(list.contains(&format!("spinntui sweep {path}")), "{path}: {list}");
        assert!(!list.contains(&format!("spinntui {path}")), "{path} is no scene: {list}");
        plans += 1;
    }
    assert!(plans >= 2);
    assert!(fine(&["check", TINY]).contains("6 points of "));
    let checked: Value = serde_json::from_str(&fine(&["check", TINY, "--format", "json"])).unwrap();
    assert_eq!(checked["points"], 6);
    refused(&["check", TINY, "--set", "steps=3"], &["--set changes scenes"]);
}

#[test]
fn the_page_names_every_field_of_plans_and_lines() {
    let page = fs::read_to_string("docs/sweeps.md").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = at(&folder, "out");
    fine(&["sweep", TINY, "-o", &out, "--shard", "0/6"]);
    for field in lines(&out)[0].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{field}`")), "field of a line: {field}");
    }
    let spinntui::scene::shape::Shape::Struct(plan) = (spinntui::sweep::plan::KIND.shape)() else { panic!() };
    for field in &plan.fields {
        assert!(page.contains(&format!("| `{}`", field.name)) || field.name == "sequences", "{}", field.name);
    }
    // The plan on the page is the one that is shipped, but for its pictures.
    let shipped = fs::read_to_string(TINY).unwrap();
    let (plan, _) = shipped.split_once("    plots:").unwrap();
    let (_, plan) = plan.split_once('\n').unwrap();
    assert!(page.contains(plan.trim_end()), "{plan}");
}

#[test]
fn a_short_soak_finds_nothing_and_says_what_it_tried() {
    let arguments = ["soak", "--seed", "7", "--minutes", "10", "--cases", "8"];
    let said = fine(&arguments);
    assert!(said.starts_with("seed 7: 8 cases (") && said.contains("0 failures"), "{said}");
    for words in ["bit-identical", "with faults", "refused with a reason", "met again", "values compared"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // The same seed tries the same cases, whatever the number of threads.
    assert_eq!(fine(&[&arguments[..], &["--jobs", "1"]].concat()), said);
    // A fraction of a minute is fine.
    assert!(fine(&["soak", "--seed", "1", "--minutes", "0.001"]).contains("seed 1: "));
    for bad in [
        vec!["soak", "--seed", "1"],
        vec!["soak", "--minutes", "1"],
        vec!["soak", "--seed", "1", "--minutes", "0"],
    ] {
        refused(&bad, &["--"]);
    }
}
