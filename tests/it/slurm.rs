//! A sweep on a real Slurm of one node, which the test starts: a task is killed, submitted again,
//! and no point is lost.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say where")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::common::{fine, skipped, text};

const START: &str = "tests/slurm/start";
const STOP: &str = "tests/slurm/stop";

/// Slurm of one node in a folder of its own, ended with the test.
struct Slurm {
    folder: tempfile::TempDir,
}

impl Slurm {
    /// Starts Slurm; `None` where it is not installed or the test is not run by root.
    fn start() -> Option<Self> {
        let there = |program: &str| {
            ["/usr/sbin", "/usr/bin"].iter().any(|folder| Path::new(folder).join(program).exists())
        };
        let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        if !root
            || !["slurmctld", "slurmd", "sbatch", "munged", "python3"].iter().all(|program| there(program))
        {
            skipped("no Slurm: as root, with Debian's slurm-wlm and munge, this test submits to one");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(START).arg(folder.path()).output().unwrap();
        if !output.status.success() {
            skipped(&format!("Slurm does not start here: {}", text(&output.stderr)));
            return None;
        }
        Some(Self { folder })
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).env("SLURM_CONF", self.folder.path().join("slurm.conf"));
        command.current_dir(self.folder.path()).output().unwrap()
    }

    #[track_caller]
    fn fine(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        let _ = Command::new(STOP).arg(self.folder.path()).status();
    }
}

fn count(file: &Path) -> usize {
    fs::read_to_string(file).unwrap_or_default().matches('\n').count()
}

#[track_caller]
fn wait_for(what: &str, mut seen: impl FnMut() -> bool) {
    // The time limit is for failures only.
    let end = Instant::now() + Duration::from_secs(120);
    while !seen() {
        assert!(Instant::now() < end, "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_task_is_submitted_again_and_every_point_is_there_once() {
    let Some(slurm) = Slurm::start() else { return };
    let at = |name: &str| slurm.folder.path().join(name).display().to_string();
    let scene = fs::canonicalize("scenes/lm_small.ron").unwrap();
    // Long points, so that a task can be killed between two of them.
    let plan = format!(
        "Sweep(version: 1, scene: \"{}\", steps: 150, keep: [\"energy_j\"], axes: [\
         (name: \"us\", set: [\"assume.host_turnaround_us\"], values: Range(from: 0, to: 31, step: 1))])",
        scene.display()
    );
    let (path, out, local) = (at("plan.ron"), at("out"), at("local"));
    fs::write(&path, plan).unwrap();
    fs::write(at("job.sh"), fine(&["sweep", &path, "-o", &out, "--script", "slurm", "--shards", "4"]))
        .unwrap();
    wait_for("idle node", || text(&slurm.command("sinfo", &["-h", "-o", "%t"]).stdout).contains("idle"));
    let submitted = slurm.fine("sbatch", &["--parsable", "job.sh"]);
    let job = submitted.trim();
    let shard = Path::new(&out).join("points-3-of-4.ndjson");
    wait_for("line of task 3", || count(&shard) > 0);
    slurm.fine("scancel", &[&format!("{job}_3")]);
    wait_for("end of the tasks", || slurm.fine("squeue", &["-h"]).trim().is_empty());
    let before = count(&shard);
    if before == 8 {
        skipped("the task was through before Slurm cancelled it");
        return;
    }
    // The other tasks have run, and this one has no line about a killed point.
    for number in 0..3 {
        assert_eq!(count(&Path::new(&out).join(format!("points-{number}-of-4.ndjson"))), 8);
    }
    slurm.fine("sbatch", &["--wait", "--array=3", "job.sh"]);
    assert_eq!(count(&shard), 8);
    fine(&["sweep", &path, "-o", &local]);
    let table = |folder: &str| {
        fine(&["sweep", &path, "-o", folder, "--gather"]);
        fs::read_to_string(Path::new(folder).join("results.csv")).unwrap()
    };
    let gathered = table(&out);
    assert_eq!(gathered.lines().count(), 33);
    assert_eq!(gathered, table(&local));
    assert!(!gathered.contains("killed"));
}
