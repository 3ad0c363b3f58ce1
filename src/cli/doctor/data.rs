//! Checks of the program's folders, models and scenes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Item, State};
use crate::model::{Model, WEIGHTS_FILE};
use crate::report::table::grouped;
use crate::scene::{LoadedScene, catalogue, find, shipped};
use crate::session::build::{ModelCache, Plan};
use crate::tui::lesson;
use crate::tui::lesson::load::is_sound;

/// Remedy for an installed copy without data.
const COPY: &str = "copy scenes, models and assets from the repository to the data folder";

/// Lists the folders that are searched.
pub fn folders() -> Vec<Item> {
    const GROUP: &str = "Folders, in search order";
    let mut items = Vec::new();
    let content = |folder: &Path| {
        let parts = ["scenes", "models", "assets"];
        let there: Vec<&str> = parts.into_iter().filter(|part| folder.join(part).is_dir()).collect();
        if there.is_empty() { "no data for spinntui".to_owned() } else { there.join(", ") }
    };
    let here = std::env::current_dir().unwrap_or_default();
    items.push(Item::ok(GROUP, "here", format!("{}: {}", here.display(), content(&here))));
    match find::data_folder() {
        Some(folder) if folder.is_dir() => {
            items.push(Item::ok(GROUP, "data folder", format!("{}: {}", folder.display(), content(&folder))));
        }
        Some(folder) if std::env::var_os(find::DATA_VARIABLE).is_some_and(|name| !name.is_empty()) => {
            let found = format!("{} does not exist, but SPINNTUI_DATA names it", folder.display());
            items.push(Item::note(GROUP, "data folder", found, "create the folder, or unset SPINNTUI_DATA"));
        }
        Some(folder) => {
            let found = format!("{}: does not exist, not needed", folder.display());
            items.push(Item::ok(GROUP, "data folder", found));
        }
        None => items.push(Item::note(GROUP, "data folder", "no home folder", "set HOME, or SPINNTUI_DATA")),
    }
    items.push(match find::source_folder() {
        Some(folder) => Item::ok(GROUP, "source", format!("{}: {}", folder.display(), content(&folder))),
        None => Item::note(GROUP, "source", "the folder of the build no longer exists", COPY),
    });
    items.push(built_in(GROUP));
    items
}

/// Checks the small data set in the executable, which is unpacked only if no other folder has it.
fn built_in(group: &'static str) -> Item {
    const NAME: &str = "built in";
    let elsewhere = shipped::FILES.iter().all(|(name, _)| !find::among_folders(Path::new(name)).is_empty());
    let places: Vec<String> = shipped::places().iter().map(|path| path.display().to_string()).collect();
    if elsewhere {
        let place = places.first().map_or("", String::as_str);
        return Item::ok(
            group,
            NAME,
            format!("small data set, not needed here; would be unpacked to {place}"),
        );
    }
    match shipped::folder() {
        Some(folder) => Item::ok(group, NAME, format!("small data set, unpacked to {}", folder.display())),
        None => Item::note(
            group,
            NAME,
            format!("small data set: cannot be unpacked to {}", places.join(" or ")),
            "make one of them writable, or set XDG_CACHE_HOME",
        ),
    }
}

/// Checks that every model that a scene can name loads, and reports its size.
pub fn models() -> Vec<Item> {
    const GROUP: &str = "Models";
    let mut found = BTreeMap::new();
    let mut add = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.join(WEIGHTS_FILE).is_file() {
            found.entry(name).or_insert(path);
        }
    };
    for folder in find::folders() {
        if let Ok(entries) = folder.join("models").read_dir() {
            entries.flatten().for_each(|entry| add(entry.path()));
        }
    }
    let within = shipped::FILES.iter().filter_map(|(name, _)| Path::new(name).parent());
    within.filter(|folder| folder.starts_with("models")).filter_map(find::find).for_each(add);
    let mut items: Vec<Item> = found.into_iter().map(|(name, path)| model(GROUP, name, &path)).collect();
    if items.is_empty() {
        items.push(Item::new(GROUP, "none", State::Problem, "no folder contains a model", COPY));
    }
    items
}

fn model(group: &'static str, name: String, path: &Path) -> Item {
    match Model::load(path) {
        Ok(model) => {
            let size = if let Some(network) = model.transformer() {
                format!("{} layers of width {}", network.blocks.len(), network.width)
            } else {
                let units: Vec<String> =
                    model.network().layers.iter().map(|layer| layer.units().to_string()).collect();
                format!("{} units", units.join(" + "))
            };
            let bytes = std::fs::metadata(path.join(WEIGHTS_FILE)).map_or(0, |data| data.len());
            Item::ok(group, name, format!("{size}, {} kB", grouped(bytes.div_ceil(1000))))
        }
        Err(error) => Item::new(group, name, State::Problem, error.to_string(), "download the model again"),
    }
}

/// Checks that every scene that comes with the program loads and fits.
pub fn scenes() -> Vec<Item> {
    const GROUP: &str = "Scenes";
    let mut cache = ModelCache::default();
    let entries = catalogue::scenes();
    let lost = |entry: &catalogue::Entry| {
        let found = entry.problem.clone().unwrap_or_default();
        let loads = LoadedScene::load(&entry.path, &[]).is_ok();
        // A package may leave out a model on purpose, so a scene without its model is only a note.
        let state = if loads { State::Note } else { State::Problem };
        Item::new(
            GROUP,
            &entry.name,
            state,
            found,
            if loads { COPY } else { "run spinntui check to locate the error" },
        )
    };
    let look = |entry: &catalogue::Entry| {
        if entry.problem.is_some() {
            return lost(entry);
        }
        let planned = LoadedScene::load(&entry.path, &[]).and_then(|loaded| {
            let plan = Plan::new(&loaded, &mut cache)?;
            plan.work(&loaded)?;
            Ok(plan)
        });
        match planned {
            Ok(plan) => {
                let pes = plan.program.used_pes();
                Item::ok(
                    GROUP,
                    &entry.name,
                    if pes == 1 { "fits on 1 PE".to_owned() } else { format!("fits on {pes} PEs") },
                )
            }
            Err(error) => {
                let todo = format!("run spinntui check {} for details", entry.name);
                Item::new(GROUP, &entry.name, State::Problem, error.message(), todo)
            }
        }
    };
    entries.iter().map(look).collect()
}

/// Checks that every lesson can be read and that its scenes exist.
pub fn lessons() -> Vec<Item> {
    const GROUP: &str = "Lessons";
    let look = |entry: &lesson::Entry| match lesson::Loaded::load(&entry.path) {
        Ok(loaded) => {
            let found = format!("{} pages", loaded.document.value.pages.len());
            Item::ok(GROUP, &entry.name, found)
        }
        // The lesson is sound but a scene of it is missing: a note with the remedy is enough.
        Err(error) if is_sound(&entry.path) => Item::note(GROUP, &entry.name, error.message(), COPY),
        Err(error) => Item::new(GROUP, &entry.name, State::Problem, error.message(), error.help()),
    };
    lesson::shipped().iter().map(look).collect()
}
