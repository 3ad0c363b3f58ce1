//! A module imports only from lower floors (ARCHITECTURE.md): checks the sources for it.

#![allow(clippy::unwrap_used, reason = "a helper that fails should say where")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Floors as in src/lib.rs and ARCHITECTURE.md.
const FLOORS: [(&str, u8); 21] = [
    ("parallel", 0),
    ("net", 1),
    ("chip", 1),
    ("text", 1),
    ("file", 1),
    ("output", 2),
    ("kernel", 2),
    ("model", 2),
    ("machine", 3),
    ("mapping", 4),
    ("task", 4),
    ("npy", 1),
    ("dvs", 4),
    ("scene", 5),
    ("session", 6),
    ("tui", 8),
    ("report", 7),
    ("gdb", 7),
    ("assignment", 7),
    ("sweep", 9),
    ("cli", 10),
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Modules named as `crate::module` in code (not in comments).
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        for part in code.split("crate::").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push((number + 1, name));
        }
    }
    found
}

#[test]
fn modules_import_only_from_lower_floors() {
    let floors: BTreeMap<&str, u8> = FLOORS.into();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut problems = Vec::new();
    let mut checked = 0;
    for (&module, &floor) in &floors {
        // A small module is a file, the others are folders.
        let crates = [root.join("src"), root.join("emulator/src"), root.join("inputs/src")];
        let src =
            crates.iter().find(|src| src.join(module).is_dir() || src.join(format!("{module}.rs")).is_file());
        let src = src.unwrap_or_else(|| panic!("there is no module {module}"));
        let (file, folder) = (src.join(format!("{module}.rs")), src.join(module));
        let mut files: Vec<PathBuf> = Some(file).filter(|file| file.is_file()).into_iter().collect();
        if folder.is_dir() {
            sources(&folder, &mut files);
        }
        for file in files {
            for (line, name) in imports(&fs::read_to_string(&file).unwrap()) {
                let Some(&other) = floors.get(name.as_str()) else { continue };
                checked += 1;
                if name != module && other >= floor {
                    problems.push(format!(
                        "{}:{line}: {module} (floor {floor}) uses {name} (floor {other})",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(checked > 50, "only {checked} imports found: has the reader gone blind?");
}

/// Subcommands about the data of one task, and the figures of the paper.
const OF_ONE_TASK: [&str; 7] = [
    "cli/events.rs",
    "cli/synth.rs",
    "cli/quantize.rs",
    "report/events.rs",
    "report/events",
    "report/validate.rs",
    "report/validate",
];

/// Whether a line of code names one task: its module, or its variant.
fn named(code: &str) -> bool {
    let variant = |at: usize| {
        code[at..].starts_with(|c: char| c.is_ascii_uppercase()) && !code[at..].starts_with("KINDS")
    };
    ["task::lm", "task::dvs", "task::tensor"].iter().any(|of| code.contains(of))
        || ["crate::task::Task::", " Task::", "(Task::", "TaskView::"]
            .iter()
            .any(|of| code.match_indices(of).any(|(at, _)| variant(at + of.len())))
}

/// Scenes, sessions and front ends know tasks by their traits: otherwise a new one would have to be
/// added there, too.
#[test]
fn tasks_are_named_in_one_place() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for module in ["scene", "session", "report", "sweep", "cli"] {
        sources(&src.join(module), &mut files);
    }
    let mut problems = Vec::new();
    let mut traits = 0;
    for file in files {
        let name = file.strip_prefix(&src).unwrap();
        if OF_ONE_TASK.iter().any(|one| name.starts_with(one)) || name.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        // Tests may name the task of their scene.
        let text = text.split("#[cfg(test)]").next().unwrap();
        traits += text.matches("crate::task::").count();
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            if named(code) {
                problems.push(format!("{}:{}: {}", name.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(traits > 5, "only {traits} imports found: has the reader gone blind?");
}

/// Paths that a text imports or names: `use` with its braces taken apart, and paths in the
/// code that begin with `crate`, `super`, `self` or one of `modules`. Comments and test
/// modules are left out.
fn paths<'m>(text: &str, modules: impl Iterator<Item = &'m String>) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
    let code = format!(" {}", code.join(" "));
    let of_import = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_:{},*".contains(c);
    let (mut found, mut rest) = (Vec::new(), String::new());
    for part in code.split(" use ") {
        match part.split_once(';').filter(|(import, _)| import.chars().all(of_import)) {
            Some((import, after)) => {
                expand("", import, &mut found);
                rest.push_str(after);
            }
            None => rest.push_str(part),
        }
        rest.push(' ');
    }
    let starts = ["crate", "super", "self"].into_iter().chain(modules.map(String::as_str));
    for start in starts.map(|start| format!("{start}::")) {
        for (at, _) in rest.match_indices(&start) {
            let whole = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            let path = rest[at..].split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next();
            found.extend(path.filter(|_| whole).map(str::to_owned));
        }
    }
    found
}

/// Expands the braces of an import: `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn expand(before: &str, import: &str, found: &mut Vec<String>) {
    let (mut depth, mut item) = (0, String::new());
    for c in import.chars().chain([',']) {
        match c {
            ',' if depth == 0 => {
                let path = item.trim();
                if let Some((head, inner)) = path.split_once('{') {
                    let inner = inner.strip_suffix('}').unwrap_or(inner);
                    expand(&format!("{before}{}", head.trim()), inner, found);
                } else {
                    let path = path.split(" as ").next().unwrap_or("").trim();
                    found.extend(Some(format!("{before}{path}")).filter(|_| !path.is_empty()));
                }
                item.clear();
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        item.push(c);
    }
}

/// Modules of a room: its files and folders. The room's own file stands for itself.
fn rooms_modules(room: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut modules = BTreeMap::new();
    for entry in fs::read_dir(room).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let files: &mut Vec<PathBuf> = modules.entry(name).or_default();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    modules.retain(|_, files| !files.is_empty());
    modules
}

/// Returns the module of a room that a path in one of its files leads to; `None` if it leads out of
/// the room. What is no module is in the room's own file.
fn leads_to<'m>(
    modules: &'m BTreeMap<String, Vec<PathBuf>>,
    room: &Path,
    file: &Path,
    path: &str,
) -> Option<&'m str> {
    let mut at: Vec<String> = file
        .strip_prefix(room)
        .unwrap()
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .filter(|part| part != "mod")
        .collect();
    let mut parts = path.split("::").map(str::trim).peekable();
    match *parts.peek()? {
        "crate" => {
            parts.next();
            if parts.next()? != room.file_name()?.to_str()? {
                return None;
            }
            at.clear();
        }
        "super" | "self" => {
            while let Some(step) = parts.next_if(|part| ["super", "self"].contains(part)) {
                if step == "super" && at.pop().is_none() {
                    return None;
                }
            }
        }
        // A module of the room's own file.
        first if at.is_empty() && modules.contains_key(first) => {}
        _ => return None,
    }
    at.extend(parts.map(str::to_owned));
    let (own, _) = modules.get_key_value("mod")?;
    Some(modules.get_key_value(at.first()?).map_or(own, |(name, _)| name))
}

/// Within a room too, modules import in one direction only: then each can be read, tested and
/// changed after those below it.
#[test]
fn modules_of_the_large_rooms_import_in_no_circle() {
    for room in ["session", "tui"] {
        let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
        let modules = rooms_modules(&room);
        let mut imports: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
        for (name, files) in &modules {
            for file in files.iter().filter(|file| !file.ends_with("tests.rs")) {
                // The room's own file names its modules without `self`.
                let own = modules.keys().filter(|_| name == "mod");
                for path in paths(&fs::read_to_string(file).unwrap(), own) {
                    if let Some(to) = leads_to(&modules, &room, file, &path).filter(|to| to != name) {
                        let of = imports.entry(name).or_default().entry(to).or_default();
                        *of = format!("{} uses {path}", file.strip_prefix(&room).unwrap().display());
                    }
                }
            }
        }
        let count: usize = imports.values().map(BTreeMap::len).sum();
        assert!(count > 50, "only {count} imports found: has the reader gone blind?");
        // What imports nothing that is left goes, and so does what nothing imports: circles stay.
        loop {
            let left: Vec<&str> = imports.keys().copied().collect();
            for to in imports.values_mut() {
                to.retain(|to, _| left.contains(to));
            }
            let imported: Vec<&str> = imports.values().flat_map(|to| to.keys().copied()).collect();
            imports.retain(|name, to| !to.is_empty() && imported.contains(name));
            if imports.len() == left.len() {
                break;
            }
        }
        let circles: Vec<String> = imports.values().flat_map(|to| to.values().cloned()).collect();
        assert!(circles.is_empty(), "circles of imports in {}:\n{}", room.display(), circles.join("\n"));
    }
}

#[test]
fn imports_are_taken_apart() {
    let text = "use super::{a, b::{c, d as e}};\npub use self::f::G; // use crate::x::y;\nfn h() { crate::i::j(super::k, n::o, \"in use \"); }\n\
                #[cfg(test)]\nmod tests {\n    use crate::l::m;\n}\n";
    let mut found = paths(text, ["n".to_owned()].iter());
    found.sort();
    assert_eq!(
        found,
        ["crate::i::j", "n::o", "self::f::G", "super::a", "super::b::c", "super::b::d", "super::k"]
    );
}

#[test]
fn no_source_file_is_longer_than_fits_in_a_head() {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    sources(&root.join("src"), &mut files);
    sources(&root.join("emulator/src"), &mut files);
    sources(&root.join("inputs/src"), &mut files);
    for file in files {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 600, "{} has {lines} lines: split it", file.display());
    }
}

#[test]
fn every_test_that_the_page_on_terminals_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/terminal.md")).unwrap();
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests"), &mut files);
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let mut named = 0;
    // The last column of each row.
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.contains("held by")) {
        let column = line.trim_end_matches('|').rsplit(" | ").next().unwrap();
        let tests: Vec<&str> = column.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "nothing holds this: {line}");
        for test in tests {
            named += 1;
            let there = if test.ends_with('/') {
                root.join(test).is_dir()
            } else {
                texts.iter().any(|text| text.contains(&format!("fn {test}(")))
            };
            assert!(there, "there is no test `{test}`");
        }
    }
    assert!(named > 50, "only {named} tests found: has the reader gone blind?");
}

/// Without `--locked`, cargo may resolve dependencies to versions that were not tested.
#[test]
fn fuzz_targets_use_the_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    assert!(fs::read_to_string(root.join("Cargo.toml")).unwrap().contains("spinntui = { path = \"..\" }"));
    let mut targets = Vec::new();
    sources(&root.join("targets"), &mut targets);
    assert!(targets.len() > 12, "{targets:?}");
    for target in targets {
        // Sources compiled a second time there break with every `crate::` path that they
        // come to use.
        assert!(!fs::read_to_string(&target).unwrap().contains("#[path"), "{}", target.display());
    }
}

#[test]
fn every_page_installs_the_tested_dependencies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("models/README.md")];
    pages.extend(fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut seen = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(page).unwrap();
        for command in text.split("cargo install").skip(1) {
            assert!(command.starts_with(" --locked"), "{}: cargo install without --locked", page.display());
            seen += 1;
        }
    }
    assert!(seen > 1, "only {seen} commands found: has the reader gone blind?");
}

/// Programs bring their own words (ARCHITECTURE.md, "A program is data").
#[test]
fn the_machine_names_no_network() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("emulator/src/machine");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the machine's sources are elsewhere");
    let words = ["egru", "recurrent", "embedding", "gesture", "perplexity", "w·x", "r·y"];
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.file_name().is_none_or(|name| name != "tests.rs")) {
        let text = fs::read_to_string(file).unwrap();
        for (number, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            let named = words.iter().filter(|word| line.contains(*word));
            found.extend(named.map(|word| format!("{}:{}: {word}", file.display(), number + 1)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Modules that stay specific to the EGRU: the paper's tables, estimates and the mathematics behind
/// `verify`, gates and cell states, labels of weights.
const ABOUT_THE_EGRU: [&str; 12] = [
    "report/spec/mod.rs",
    "report/validate",
    "session/cache.rs",
    "session/debug/expr/names.rs",
    "session/debug/facts.rs",
    "session/inspect/follow.rs",
    "session/inspect/labels.rs",
    "session/inspect/neurons.rs",
    "session/products.rs",
    "session/stats.rs",
    "session/tune/estimate.rs",
    "session/verify/",
];

/// Faces read phases, messages and values off the legend of the program at hand (ARCHITECTURE.md,
/// "A program is data"): otherwise they could show one network family only.
#[test]
fn faces_name_no_network_family() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let (mut found, mut known) = (Vec::new(), 0);
    for file in files.iter().filter(|file| !file.ends_with("tests.rs")) {
        let name = file.strip_prefix(&src).unwrap();
        let text = fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let code =
            text.lines().zip(1..).filter(|(line, _)| line.split("//").next().unwrap().contains("egru::"));
        let named: Vec<String> = code.map(|(line, at)| format!("{}:{at}: {line}", name.display())).collect();
        if ABOUT_THE_EGRU.iter().any(|one| name.starts_with(one)) {
            known += usize::from(!named.is_empty());
        } else {
            found.extend(named);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(known >= ABOUT_THE_EGRU.len(), "only {known} files name it: shorten the list");
}
