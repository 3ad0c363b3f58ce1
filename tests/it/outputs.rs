//! Tests that the program writes complete files, never replaces an input, and reads only regular
//! files.
//!
//! This holds whatever ends the program. Files to read have a limit of length.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::common::{fine, spinntui};
use tempfile::TempDir;

const SMALL: &str = "scenes/lm_small.ron";

/// Folder with a scene that names an array for its outputs, and everything that it reads.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new(outputs: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model");
        fs::create_dir(&model).unwrap();
        for name in ["card.ron", "model.safetensors", "vocab.txt"] {
            fs::copy(Path::new("models/egru-lm-tiny").join(name), model.join(name)).unwrap();
        }
        fs::copy("assets/tensor/waves.npy", folder.path().join("in.npy")).unwrap();
        let scene = format!(
            "Scene(version: 1, model: \"model\", task: Tensor(inputs: \"in.npy\", outputs: {outputs}), \
             mapping: (layers: [(layer: \"rnns.0\", pes: 4), (layer: \"rnns.1\", pes: 4)]))"
        );
        fs::write(folder.path().join("s.ron"), scene).unwrap();
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program from another folder; `@` in the arguments stands for the test's folder.
    fn run(&self, arguments: &[&str]) -> Output {
        let folder = self.folder.path().to_str().unwrap();
        let arguments: Vec<String> = arguments.iter().map(|argument| argument.replace('@', folder)).collect();
        spinntui(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Returns all files with their bytes, by name.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.clone(), fs::read(&path).unwrap_or_default()));
                }
            }
        }
        files.sort();
        files
    }

    #[track_caller]
    fn refuses(&self, arguments: &[&str], words: &[&str]) {
        let before = self.files();
        let output = self.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{arguments:?} should say `{word}`: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
        assert!(self.files() == before, "{arguments:?} changed a file");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn no_subcommand_writes_over_what_it_reads() {
    let bench = Bench::new("None");
    fs::hard_link(bench.at("model/model.safetensors"), bench.at("hard")).unwrap();
    std::os::unix::fs::symlink("s.ron", bench.at("link.ron")).unwrap();
    fs::write(bench.at("times.csv"), "phase,layer,us\negru_input,rnns.0,9.5\n").unwrap();
    fine(&["run", SMALL, "--steps", "1", "-o", bench.at("r.json").to_str().unwrap(), "--format", "json"]);
    for (arguments, file) in [
        (&["run", "@/s.ron", "--steps", "1", "--output", "@/s.ron"][..], "s.ron"),
        (&["run", "@/s.ron", "--steps", "1", "--output", "@/link.ron"], "link.ron"),
        (&["run", "@/s.ron", "--steps", "1", "-o", "@/in.npy"], "in.npy"),
        (&["run", "@/s.ron", "--steps", "1", "-o", "@/model/../model/card.ron"], "card.ron"),
        (&["run", "@/s.ron", "--steps", "1", "-o", "@/hard"], "model"),
        (&["run", "@/s.ron", "--steps", "1", "--set", "task.outputs=Some(\"@/in.npy\")"], "in.npy"),
        (&["run", "@/s.ron", "--steps", "1", "--set", "task.outputs=Some(\"@/s.ron\")", "--force"], "s.ron"),
        (&["run", "@/s.ron", "--steps", "1", "--trace", "step > 0", "--trace-log", "@/s.ron"], "s.ron"),
        (&["run", "@/s.ron", "--steps", "1", "-o", "@/o", "--set", "task.outputs=Some(\"@/o\")"], "report"),
        (&["trace", "@/s.ron", "-o", "@/s.ron"], "s.ron"),
        (&["screenshot", "@/s.ron", "-o", "@/s.ron", "--format", "svg"], "s.ron"),
        (&["compare", "@/s.ron", SMALL, "--output", SMALL], "lm_small.ron"),
        (&["peek", "@/s.ron", "--pe", "1,1,0", "--output", "@/model/vocab.txt"], "vocab.txt"),
        (&["tune", "@/s.ron", "-o", "@/s.ron"], "s.ron"),
        (&["calibrate", "@/s.ron", "--timers", "@/times.csv", "-o", "@/times.csv"], "times.csv"),
        (&["@/s.ron", "--record", "@/s.ron"], "s.ron"),
        (&["@/s.ron", "--record", "@/in.npy"], "in.npy"),
        (&["@/s.ron", "--log", "@/s.ron"], "s.ron"),
    ] {
        bench.refuses(arguments, &["cannot write", file]);
    }
    assert_eq!(
        fs::read("models/egru-lm-tiny/card.ron").unwrap(),
        fs::read(bench.at("model/card.ron")).unwrap()
    );
}

#[test]
fn a_scene_writes_new_files_in_its_own_folder_and_nowhere_else() {
    let rows = |file: &Path| fs::read(file).unwrap().starts_with(b"\x93NUMPY");
    let bench = Bench::new("Some(\"out.npy\")");
    let run = &["run", "@/s.ron", "--steps", "3"][..];
    let output = bench.run(run);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(rows(&bench.at("out.npy")), "relative to the scene");
    bench.refuses(run, &["out.npy", "exists already", "--force", "s.ron:1:"]);
    assert_eq!(bench.run(&[run, &["--force"]].concat()).status.code(), Some(0));
    // What the command line names replaces an older file.
    let elsewhere = tempfile::tempdir().unwrap();
    let named = elsewhere.path().join("y.npy");
    fs::write(&named, "old").unwrap();
    let set = format!("task.outputs=Some({named:?})");
    assert_eq!(bench.run(&[run, &["--set", &set]].concat()).status.code(), Some(0));
    assert!(rows(&named));

    let victim = elsewhere.path().join("thesis.txt");
    fs::write(&victim, "years of work").unwrap();
    for outputs in [victim.to_str().unwrap(), "../thesis.txt", "in.npy", "model/card.ron", "s.ron"] {
        let bench = Bench::new(&format!("Some({outputs:?})"));
        bench.refuses(run, &["s.ron"]);
    }
    let bench = Bench::new("Some(\"in.npy\")");
    bench.refuses(&[run, &["--force"]].concat(), &["in.npy", "inputs that are read"]);
    let bench = Bench::new("Some(\"no/such/out.npy\")");
    bench.refuses(run, &["no/such"]);
    assert_eq!(fs::read_to_string(victim).unwrap(), "years of work");
}

#[test]
fn a_bad_place_is_said_before_the_run() {
    let bench = Bench::new("None");
    // A run that has begun says so of its first event.
    let begun = ["--trace", "events > 0"];
    for (arguments, begun) in [
        (&["run", "scenes/lm_small.ron", "--output", "@/no/r.json"][..], &begun[..]),
        (&["run", "scenes/lm_small.ron", "--trace-log", "@/no/t.txt"], &begun),
        (&["run", "scenes/lm_small.ron", "--output", "@"], &begun),
        (&["trace", "scenes/lm_small.ron", "--steps", "100000", "-o", "@/no/t.json"], &[]),
        (&["tune", "scenes/lm_small.ron", "-o", "@/no/t.ron"], &[]),
        (&["scenes/lm_small.ron", "--record", "@/s.ron/r.ron", "--set", "title=x"], &[]),
    ] {
        let output = bench.run(&[arguments, begun].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(!error.contains("event 1: "), "{arguments:?}: {error}");
    }
}

/// Whether this process, and what it starts, ignores a signal, where the system says so (Linux).
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[test]
fn a_killed_run_leaves_the_older_report_and_nothing_else() {
    for (signal, number) in [("KILL", 9), ("TERM", 15), ("INT", 2), ("HUP", 1)] {
        if is_ignored(number) {
            eprintln!(
                "skipped: SIG{signal} is ignored here, as under nohup, and so it is by what a test starts"
            );
            continue;
        }
        for stream in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let report = folder.path().join("r.json");
            fs::write(&report, "old").unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_spinntui"));
            command
                .args(["run", SMALL, "--trace", "changed(packets)", "--format", "json", "--output"])
                .arg(&report);
            if stream {
                command.arg("--stream");
            }
            // Lines that are not read fill the pipe: the run has begun, and does not end by itself.
            let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(child.stderr.take().unwrap());
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            assert!(line.starts_with("trace:"), "{line}");
            let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
            assert!(kill.success());
            assert_eq!(child.wait().unwrap().signal(), Some(number));
            assert_eq!(fs::read_to_string(&report).unwrap(), "old", "{signal}");
            assert_eq!(folder.path().read_dir().unwrap().count(), 1, "{signal} left a partial file");
        }
    }
}

/// On Linux a file has no name before it is complete; its temporary name is in use while it
/// replaces an older file.
#[test]
#[cfg(target_os = "linux")]
fn signals_are_watched_from_the_first_named_file_on_unless_they_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    // The scene within the program is written to the cache before it is run.
    let mut child = Command::new("sh")
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_spinntui")])
        .args(["run", "scenes/lm_small.ron", "--trace", "changed(packets)"])
        .current_dir(folder.path())
        .env("XDG_CACHE_HOME", folder.path())
        .env("HOME", folder.path())
        .env("SPINNTUI_NO_SOURCE_DIR", "1")
        .env_remove("SPINNTUI_DATA")
        .env_remove("XDG_DATA_HOME")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("trace:") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the run ended");
    }
    let threads = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let names: Vec<String> = threads
        .map(|thread| fs::read_to_string(thread.unwrap().path().join("comm")).unwrap_or_default())
        .collect();
    assert!(names.iter().any(|name| name.trim() == "unfinished"), "{names:?}");
    for signal in ["HUP", "TERM"] {
        let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn a_full_disk_leaves_the_older_report_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("r.json");
    fs::write(&report, "old").unwrap();
    // A file may not grow beyond 512 or 1,024 bytes.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let run = |arguments: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_spinntui")]).args(arguments).output().unwrap()
    };
    let path = report.to_str().unwrap();
    for arguments in [
        &["run", SMALL, "--steps", "5", "--format", "json", "--output", path][..],
        &["trace", SMALL, "-o", path],
        &["screenshot", SMALL, "--format", "svg", "-o", path],
    ] {
        let output = run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("cannot write") || said.contains("too large"), "{said}");
        assert_eq!(fs::read_to_string(&report).unwrap(), "old");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}

#[test]
fn pipes_and_devices_are_written_through() {
    let output = spinntui(&["run", SMALL, "--steps", "1", "--output", "/dev/stdout"]);
    assert_eq!((output.status.code(), text(&output.stdout).contains("time step")), (Some(0), true));
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::read_to_string(fifo).unwrap()
    });
    fine(&["run", SMALL, "--steps", "1", "--format", "json", "--output", fifo.to_str().unwrap()]);
    assert!(serde_json::from_str::<serde_json::Value>(&reader.join().unwrap()).is_ok());
    if Path::new("/dev/full").exists() {
        let output = spinntui(&["run", SMALL, "--steps", "1", "--output", "/dev/full"]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    }
}

/// Every input must be a regular file: a pipe without a writer would block the program for ever.
#[test]
fn pipes_are_refused_wherever_files_are_read() {
    let bench = Bench::new("None");
    let fifo = |name: &str| {
        let path = bench.at(name);
        let _ = fs::remove_file(&path);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    };
    fifo("pipe");
    fifo("pipe.ron");
    for arguments in [
        &["run", "@/pipe.ron"][..],
        &["check", "@/pipe.ron"],
        &["check", SMALL, "--set", "task.text=@/pipe"],
        &["check", "@/s.ron", "--set", "task.inputs=@/pipe"],
        &["check", "scenes/dvs.ron", "--set", "task.data=@/pipe"],
        &["replay", "@/pipe"],
        &["lesson", "@/pipe.ron", "--check"],
        &["inspect", "@/pipe"],
        &["events", "@/pipe"],
        &["quantize", "models/egru-lm-tiny", "--text", "@/pipe"],
        &["kernels", "--listing", "@/pipe"],
        &["calibrate", "@/s.ron", "--timers", "@/pipe"],
        &["--print-config", "--config", "@/pipe"],
    ] {
        let output = bench.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("a pipe") && said.contains("pipe"), "{arguments:?}: {said}");
    }
    for part in ["card.ron", "vocab.txt", "model.safetensors"] {
        let whole = bench.at("kept");
        fs::rename(bench.at("model").join(part), &whole).unwrap();
        fifo(&format!("model/{part}"));
        let scene = format!("model={}", bench.at("model").display());
        let output = bench.run(&["check", SMALL, "--set", &scene]);
        assert!(text(&output.stderr).contains("a pipe"), "{part}: {}", text(&output.stderr));
        fs::remove_file(bench.at("model").join(part)).unwrap();
        fs::rename(&whole, bench.at("model").join(part)).unwrap();
    }
}

#[test]
fn lists_of_scenes_pass_pipes_and_endless_files_by() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("scenes")).unwrap();
    let scene = |name: &str| folder.path().join("scenes").join(name);
    assert!(Command::new("mkfifo").arg(scene("pipe.ron")).status().unwrap().success());
    fs::File::create(scene("big.ron")).unwrap().set_len(20 << 30).unwrap();
    std::os::unix::fs::symlink("/dev/zero", scene("zero.ron")).unwrap();
    for argument in ["--list", "doctor"] {
        let output = Command::new(env!("CARGO_BIN_EXE_spinntui"))
            .arg(argument)
            .current_dir(folder.path())
            .env("SPINNTUI_NO_SOURCE_DIR", "1")
            .output()
            .unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("pipe"), "{}", text(&output.stdout));
    }
}

#[test]
fn what_is_read_has_a_limit_that_is_named() {
    let bench = Bench::new("None");
    let sparse = |name: &str, gib: u64| {
        fs::File::create(bench.at(name)).unwrap().set_len(gib << 30).unwrap();
    };
    sparse("text", 1);
    bench.refuses(&["check", SMALL, "--set", "task.text=@/text"], &["text", "256 MiB"]);
    fs::remove_file(bench.at("text")).unwrap();
    // A header of 67 bytes that would take its parser years.
    let header = format!("{}\n", "{1:".repeat(22));
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    fs::write(bench.at("deep.npy"), bytes).unwrap();
    bench.refuses(&["check", "@/s.ron", "--set", "task.inputs=@/deep.npy"], &["deep.npy", "header"]);
}
