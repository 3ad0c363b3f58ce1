//! Watches the scene file.
//!
//! Editors save by writing another file and renaming it over the old one; a watch on the file itself goes deaf after the
//! first such save. So the folder is watched, and the name compared.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::app::Msg;

/// A save is several events; it counts as done after this much silence.
const QUIET: Duration = Duration::from_millis(150);

/// A running watch; ends when dropped.
pub struct Watch {
    _watcher: RecommendedWatcher,
}

/// Starts watching; sends [`Msg::SceneSaved`] once per save.
pub fn start(scene: &Path, inbox: Sender<Msg>) -> notify::Result<Watch> {
    let (events, saves) = unbounded();
    let names = names_of(scene);
    let watched = names.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let about_it = event
            .paths
            .iter()
            .any(|path| path.file_name().is_some_and(|n| watched.iter().any(|(_, w)| w == n)));
        // Reading the file must not look like writing it: the engine reads it on every reload.
        if about_it && !matches!(event.kind, EventKind::Access(_)) {
            let _ = events.send(());
        }
    })?;
    for (folder, _) in &names {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
    }
    thread::Builder::new()
        .name("watcher".to_owned())
        .spawn(move || pass_on(&saves, &inbox))
        .map_err(notify::Error::io)?;
    Ok(Watch { _watcher: watcher })
}

/// Folder and name of the scene, and of the file it links to, if it is a link.
fn names_of(scene: &Path) -> Vec<(PathBuf, OsString)> {
    let split = |path: &Path| {
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        path.file_name().map(|name| (folder.to_path_buf(), name.to_owned()))
    };
    let mut names: Vec<_> = split(scene).into_iter().collect();
    if let Some(target) = scene.read_link().ok().and_then(|_| scene.canonicalize().ok()) {
        names.extend(split(&target));
    }
    names
}

fn pass_on(saves: &Receiver<()>, inbox: &Sender<Msg>) {
    while saves.recv().is_ok() {
        while saves.recv_timeout(QUIET).is_ok() {}
        if inbox.send(Msg::SceneSaved).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_kind_of_save_is_noticed_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let scene = folder.path().join("a.ron");
        fs::write(&scene, "1").unwrap();
        let (inbox, messages) = unbounded();
        let _watch = start(&scene, inbox).unwrap();
        let saved = || matches!(messages.recv_timeout(Duration::from_secs(10)), Ok(Msg::SceneSaved));
        for text in ["2", "3", "4"] {
            let other = folder.path().join("a.ron.new");
            fs::write(&other, text).unwrap();
            fs::rename(&other, &scene).unwrap();
            assert!(saved(), "renamed over: {text}");
        }
        fs::write(&scene, "5").unwrap();
        assert!(saved(), "written in place");
    }
}
