//! Ways in: the list of what there is, the doctor, completions, manual pages; and a copy of the
//! program that is far from the repository.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::common::{spinntui, text};

/// Copy of the program with a home folder and a working folder of its own, and no way back
/// to the repository.
struct Installed {
    folder: TempDir,
}

impl Installed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "work", "tmp", "bin"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        // The same file under another name: one that was just written cannot be started while a
        // child of another test thread, forked meanwhile, still has it open.
        let (built, installed) = (env!("CARGO_BIN_EXE_spinntui"), folder.path().join("bin/spinntui"));
        fs::hard_link(built, &installed).or_else(|_| fs::copy(built, &installed).map(drop)).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("bin/spinntui"));
        command.args(arguments).current_dir(self.path("work"));
        for name in ["XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "SPINNTUI_DATA"] {
            command.env_remove(name);
        }
        command.env("HOME", self.path("home")).env("TMPDIR", self.path("tmp"));
        command.env("SPINNTUI_NO_SOURCE_DIR", "1");
        command
    }

    #[track_caller]
    fn good(&self, arguments: &[&str]) -> (String, String) {
        let output = self.command(arguments).output().unwrap();
        let (out, error) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
        (out, error)
    }

    /// Folders in the cache.
    fn unpacked(&self) -> Vec<PathBuf> {
        let Ok(entries) = self.path("home/.cache/spinntui").read_dir() else { return Vec::new() };
        entries.flatten().map(|entry| entry.path()).collect()
    }
}

fn output_hash(json: &str) -> String {
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    let hash = report["output_hash"].as_str().expect("a report has an output_hash").to_owned();
    assert!(hash.len() > 16, "{hash}");
    hash
}

#[test]
fn a_copy_far_from_the_repository_runs_the_small_scenes_to_the_same_end() {
    let installed = Installed::new();
    for scene in ["scenes/lm_small.ron", "scenes/single_pe.ron", "scenes/tensor.ron", "scenes/debug/slow.ron"]
    {
        let run = ["run", scene, "--steps", "3", "--format", "json"];
        let here = text(&spinntui(&run).stdout);
        assert_eq!(output_hash(&installed.good(&run).0), output_hash(&here), "{scene}");
        let check = ["check", scene, "--format", "json"];
        assert!(installed.good(&check).0.contains("\"pes_used\""), "{scene}");
    }
    let by_name = installed.good(&["run", "lm_small", "--steps", "3", "--format", "json"]).0;
    let by_path = installed.good(&["run", "scenes/lm_small.ron", "--steps", "3", "--format", "json"]).0;
    assert_eq!(output_hash(&by_name), output_hash(&by_path));
    installed.good(&["inspect", "models/egru-lm-tiny"]);
    assert_eq!(installed.unpacked().len(), 1);
}

#[test]
fn that_it_was_unpacked_is_said_once_and_nothing_is_overwritten() {
    let installed = Installed::new();
    let run = ["run", "lm_small", "--steps", "1"];
    let (_, news) = installed.good(&run);
    assert!(
        news.contains("note: spinntui's own small scenes and models are in ") && news.contains(".cache"),
        "{news}"
    );
    let scene = installed.unpacked()[0].join("scenes/lm_small.ron");
    let mine = fs::read_to_string(&scene).unwrap().replace("pes: 12", "pes: 8");
    fs::write(&scene, &mine).unwrap();
    // What is lost comes back, what was changed stays.
    fs::remove_file(installed.unpacked()[0].join("scenes/tensor.ron")).unwrap();
    assert_eq!(installed.good(&["check", "single_pe"]).1.lines().count(), 1);
    assert!(installed.unpacked()[0].join("scenes/tensor.ron").exists());
    assert_eq!(fs::read_to_string(&scene).unwrap(), mine);
    let (report, news) = installed.good(&run);
    assert!(report.contains("22 PEs") && news.is_empty(), "{report}{news}");
}

#[test]
fn without_a_cache_it_goes_to_the_folder_for_temporary_files() {
    let installed = Installed::new();
    fs::write(installed.path("home/.cache"), "a file where a folder should be").unwrap();
    let (_, news) = installed.good(&["run", "lm_small", "--steps", "1"]);
    assert!(news.contains("tmp/spinntui-") && news.contains("cannot be used"), "{news}");
    // Neither: the scene is not to be found, and that is said.
    fs::remove_dir_all(installed.path("tmp")).unwrap();
    fs::write(installed.path("tmp"), "no folder either").unwrap();
    let output = installed.command(&["run", "lm_small", "--steps", "1"]).output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("lm_small") && error.contains("cannot be unpacked"), "{error}");
}

#[test]
fn a_data_folder_has_the_rest() {
    let installed = Installed::new();
    let error = text(&installed.command(&["check", "scenes/lm_148.ron"]).output().unwrap().stderr);
    assert!(error.contains("there is no such file"), "{error}");
    let data = installed.path("data");
    fs::create_dir_all(data.join("scenes")).unwrap();
    fs::copy("scenes/single_pe.ron", data.join("scenes/mine.ron")).unwrap();
    let name = data.to_str().unwrap();
    let with = |arguments: &[&str]| installed.command(arguments).env("SPINNTUI_DATA", name).output().unwrap();
    assert!(with(&["check", "mine"]).status.success());
    assert!(text(&with(&["--list"]).stdout).contains("spinntui scenes/mine.ron"));
    assert!(with(&["check", "scenes/single_pe.ron"]).status.success());
    // As in a home folder.
    let home = installed.path("home/.local/share/spinntui/scenes");
    fs::create_dir_all(&home).unwrap();
    fs::copy("scenes/single_pe.ron", home.join("other.ron")).unwrap();
    installed.good(&["check", "scenes/other.ron"]);
}

#[test]
fn alone_it_lists_what_there_is_with_the_commands_to_type() {
    for arguments in [&[][..], &["--list"]] {
        let output = spinntui(arguments);
        assert_eq!(output.status.code(), Some(0));
        let list = text(&output.stdout);
        for entry in fs::read_dir("scenes").unwrap().chain(fs::read_dir("scenes/what-if").unwrap()) {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "ron") {
                assert!(
                    list.contains(&format!("  spinntui {} ", path.display())),
                    "{}:\n{list}",
                    path.display()
                );
            }
        }
        assert!(list.contains("Small EGRU language model") && list.contains("spinntui --help"), "{list}");
        assert!(!list.contains("not here"), "{list}");
    }
}

#[test]
fn what_an_installed_copy_lacks_is_listed_with_the_reason() {
    let installed = Installed::new();
    let scenes = installed.path("home/.local/share/spinntui/scenes");
    fs::create_dir_all(&scenes).unwrap();
    fs::copy("scenes/lm.ron", scenes.join("lm.ron")).unwrap();
    let list = installed.good(&[]).0;
    assert!(
        list.contains("spinntui scenes/lm_small.ron") && list.contains("spinntui scenes/lm.ron"),
        "{list}"
    );
    let words = list.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("not here: models/egru-lm-wikitext2 is not here"), "{list}");
    let (doctor, _) = installed.good(&["doctor"]);
    assert!(doctor.contains("copy scenes, models and assets"), "{doctor}");
    for line in ["ok       scenes/lm_small.ron", "note     scenes/lm.ron", "ok       egru-lm-small"] {
        assert!(doctor.contains(line), "{line}:\n{doctor}");
    }
}

#[test]
fn the_doctor_finds_nothing_wrong_here_and_something_where_it_is() {
    let output = spinntui(&["doctor", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["problems"], 0);
    let items = answer["items"].as_array().unwrap();
    for (group, name) in [
        ("Terminal", "colours"),
        ("Models", "egru-lm-wikitext2"),
        ("Scenes", "scenes/dvs.ron"),
        ("Scenes", "scenes/what-if/dma.ron"),
        ("Computer", "multiply-add"),
    ] {
        let found = items.iter().find(|item| item["group"] == group && item["name"] == name);
        assert!(found.is_some_and(|item| item["state"] != "problem"), "{group} {name}: {found:?}");
    }
    let gpt = items.iter().find(|item| item["group"] == "Models" && item["name"] == "gpt").unwrap();
    assert!(gpt["found"].as_str().unwrap().starts_with("6 layers of width 192, "), "{gpt}");
    // A scene that does not fit, and a model that is cut off.
    let installed = Installed::new();
    let data = installed.path("home/.local/share/spinntui");
    fs::create_dir_all(data.join("scenes")).unwrap();
    fs::create_dir_all(data.join("models/cut")).unwrap();
    let small = fs::read_to_string("scenes/lm_small.ron").unwrap();
    fs::write(data.join("scenes/many.ron"), small.replace("pes: 6", "pes: 49")).unwrap();
    fs::write(data.join("models/cut/model.safetensors"), "short").unwrap();
    let output = installed.command(&["doctor"]).output().unwrap();
    let answer = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{answer}");
    fits(&answer);
    for words in ["PROBLEM  scenes/many.ron", "PROBLEM  cut", "spinntui check scenes/many.ron", "2 problems"]
    {
        assert!(answer.contains(words), "{words}:\n{answer}");
    }
}

fn verbs() -> Vec<String> {
    let help = text(&spinntui(&["--help"]).stdout);
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let verb = |line: &str| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')).map(str::to_owned);
    commands.lines().filter_map(verb).map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn completions_know_every_verb_and_shells_read_them() {
    let verbs = verbs();
    assert!(verbs.len() > 20, "{verbs:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = spinntui(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        let script = text(&output.stdout);
        for verb in &verbs {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
        // What a flag takes by name is offered, not the files there are.
        for name in ["high-contrast", "truecolor", "viridis", "braille", "timeline", "terminal"] {
            let offers = ["bash", "zsh", "fish"].contains(&shell);
            assert!(!offers || script.contains(name), "{shell} does not offer {name}");
        }
        // The writers of the other scripts leave arguments without a flag out.
        if ["bash", "zsh"].contains(&shell) {
            assert!(script.contains("where-a-neuron-lives"), "{shell} knows the names of lessons");
        }
        // Those shells that are here say whether they can read it.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("script");
        fs::write(&file, &script).unwrap();
        if ["bash", "zsh", "fish"].contains(&shell)
            && let Ok(read) = Command::new(shell).arg("-n").arg(&file).output()
        {
            assert!(read.status.success(), "{shell}: {}", text(&read.stderr));
        }
    }
    assert_eq!(spinntui(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn manual_pages_there_are_for_every_verb() {
    let page = text(&spinntui(&["man"]).stdout);
    assert!(page.contains(".TH spinntui 1"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("man1");
    let output = spinntui(&["man", "-o", into.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(fs::read_to_string(into.join("spinntui.1")).unwrap(), page);
    for verb in verbs().iter().filter(|verb| *verb != "help") {
        assert!(page.contains(&format!("spinntui\\-{verb}(1)")), "{verb}:\n{page}");
        let own = fs::read_to_string(into.join(format!("spinntui-{verb}.1"))).unwrap();
        assert!(own.contains("NAME") && own.contains("SYNOPSIS") && own.contains("OPTIONS"), "{verb}");
    }
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(spinntui(&["man", "-o", file.to_str().unwrap()]).status.code(), Some(2));
}

#[test]
fn the_package_holds_what_the_build_embeds() {
    let listed = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(listed.status.success(), "{}", text(&listed.stderr));
    let listed = text(&listed.stdout);
    let files: Vec<&str> = listed.lines().collect();
    for (name, _) in spinntui::scene::shipped::FILES {
        assert!(files.contains(name), "{name} is not in the package");
    }
    let mut sources = Vec::new();
    gather(Path::new("src"), &mut sources);
    for source in &sources {
        let folder = source.parent().unwrap();
        for part in fs::read_to_string(source).unwrap().split("include_str!(\"").skip(1) {
            let path = folder.join(part.split('"').next().unwrap());
            let path = path.canonicalize().unwrap();
            let name =
                path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap()).unwrap();
            assert!(files.contains(&name.to_str().unwrap()), "{} is not in the package", name.display());
        }
    }
    let bytes: u64 = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|data| data.len()).sum();
    assert!(bytes < 10 << 20, "{bytes} bytes, and a registry takes 10 MiB, packed");
}

fn gather(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn lists_break_between_words_at_80_columns() {
    fits(&text(&spinntui(&["--list"]).stdout));
}

/// Asserts that a list of more than 15 lines fits 80 columns, paths at the ends of lines aside.
#[track_caller]
fn fits(listed: &str) {
    assert!(listed.lines().count() > 15, "{listed}");
    for line in listed.lines().filter(|line| line.chars().count() > 80) {
        // A path stays whole, so that it can be copied.
        let last = line.rsplit(' ').next().unwrap();
        assert!(last.contains('/') && line.chars().count() - last.chars().count() < 80, "{line}");
    }
}
