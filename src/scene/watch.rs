//! Watcher that reports when a scene, or a file it names, was saved.
//!
//! Editors save by writing a new file and renaming it onto the old one; a watch on the file itself
//! goes deaf after the first such save. So the folder is watched, and what happens to other files
//! in it is left out.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::file::{LINKS_LIMIT, folder_of};

/// Quiet time after which a burst of events counts as one save.
const QUIET: Duration = Duration::from_millis(150);
/// Number of quiet times after which a file that is written to without end is reported.
const PATIENCE: u32 = 20;

/// Watcher of a scene and other files, which calls back on a thread of its own when one was saved.
/// It ends when dropped.
#[derive(Debug)]
pub struct SceneWatcher {
    watched: Arc<Watched>,
    thread: Option<JoinHandle<()>>,
}

/// Files that are watched, and the watcher of their folders.
#[derive(Debug, Default)]
struct Watched {
    /// Paths as given by the caller.
    files: Mutex<Vec<PathBuf>>,
    targets: Targets,
    /// `None` once the handle is dropped.
    watcher: Mutex<Option<RecommendedWatcher>>,
}

/// Files, folders and links whose changes are reported.
type Targets = Arc<Mutex<Vec<Target>>>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    folder: PathBuf,
    /// Name of a file in the folder; `None` for all files.
    name: Option<OsString>,
}

impl SceneWatcher {
    /// Watches a scene file. The callback comes on a thread of its own, about 150 ms after the last
    /// event of a save. It does not come while the file is gone (deleted, or between the two halves
    /// of a save) but when it is back.
    ///
    /// Links on the way to the file are watched, too: a link that is redirected changes the file.
    pub fn new(scene: &Path, callback: impl FnMut() + Send + 'static) -> notify::Result<Self> {
        let watched = Arc::new(Watched::default());
        let (sender, receiver) = bounded(1);
        let watcher = notify::recommended_watcher(forward(Arc::clone(&watched.targets), sender))?;
        *lock(&watched.watcher) = Some(watcher);
        watched.also(scene)?;
        let (file, again) = (scene.to_owned(), Arc::clone(&watched));
        let thread = std::thread::Builder::new()
            .name("scene-watch".to_owned())
            .spawn(move || debounce(&receiver, &file, &again, callback))?;
        Ok(Self { watched, thread: Some(thread) })
    }

    /// Watches another file as well, or all files of a folder (a model's).
    pub fn also(&mut self, path: &Path) -> notify::Result<()> {
        self.watched.also(path)
    }
}

impl Watched {
    fn also(&self, path: &Path) -> notify::Result<()> {
        lock(&self.files).push(path.to_owned());
        self.look_again()
    }

    /// Resolves the paths again, and watches the folders in which the files are now.
    fn look_again(&self) -> notify::Result<()> {
        let files = lock(&self.files).clone();
        let mut found = Vec::new();
        let mut failed = None;
        for file in &files {
            match targets(file) {
                Ok(targets) => found.extend(targets),
                Err(error) => failed = Some(error),
            }
        }
        let before = std::mem::take(&mut *lock(&self.targets));
        if failed.is_some() {
            // A link is being exchanged: until it exists again, keep watching the old targets.
            found.extend(before.iter().cloned());
        }
        lock(&self.targets).clone_from(&found);
        // The targets are unlocked by now: the watcher's own thread locks them.
        if let Some(watcher) = &mut *lock(&self.watcher) {
            for target in &found {
                // Watch again even a known path: it may now be another folder of that name.
                if let Err(error) = watcher.watch(&target.folder, RecursiveMode::NonRecursive) {
                    failed.get_or_insert(error);
                }
            }
            for old in before.iter().filter(|old| found.iter().all(|new| new.folder != old.folder)) {
                // Fails if the folder was deleted.
                let _ = watcher.unwatch(&old.folder);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

impl Drop for SceneWatcher {
    fn drop(&mut self) {
        // With the watcher goes the sender of the channel, and with that the thread.
        let watcher = lock(&self.watched.watcher).take();
        drop(watcher);
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the file as it is named, every link on the way to it, and the file that they lead to.
fn targets(path: &Path) -> notify::Result<Vec<Target>> {
    let mut targets = vec![Target::new(path)?];
    for link in links(path)? {
        targets.push(Target::entry(&link)?);
    }
    // What a link points to is saved elsewhere.
    if let Ok(real) = path.canonicalize() {
        targets.push(Target::new(&real)?);
    }
    targets.dedup();
    Ok(targets)
}

/// Returns the links on the way to a file: folders of its path, the file, their targets in turn.
fn links(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut links = Vec::new();
    let mut path = std::path::absolute(path)?;
    'again: while links.len() < LINKS_LIMIT {
        let mut place = PathBuf::new();
        let mut parts = path.components();
        while let Some(part) = parts.next() {
            place.push(part);
            if let Ok(target) = place.read_link() {
                let folder = place.parent().unwrap_or(Path::new("/"));
                let next = folder.join(target).join(parts.as_path());
                links.push(place);
                path = next;
                continue 'again;
            }
        }
        break;
    }
    Ok(links)
}

impl Target {
    fn new(path: &Path) -> notify::Result<Self> {
        if path.is_dir() {
            return Ok(Self { folder: path.canonicalize()?, name: None });
        }
        Self::entry(path)
    }

    /// Creates a target for an entry of a folder: a file, or a link wherever it leads.
    fn entry(path: &Path) -> notify::Result<Self> {
        let folder = folder_of(path);
        Ok(Self { folder: folder.canonicalize()?, name: path.file_name().map(ToOwned::to_owned) })
    }

    fn is_hit(&self, path: &Path) -> bool {
        path.parent() == Some(&self.folder)
            && self.name.as_deref().is_none_or(|n| path.file_name() == Some(n))
    }
}

/// Hands on that something happened to a target. A full channel says it already.
fn forward(targets: Targets, sender: Sender<()>) -> impl FnMut(notify::Result<Event>) {
    move |event| {
        let Ok(event) = event else { return };
        let targets = lock(&targets);
        if is_change(&event, &targets) {
            let _ = sender.try_send(());
        }
    }
}

fn is_change(event: &Event, targets: &[Target]) -> bool {
    // Reading is no change: our own reload would call for the next one.
    let read = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    let hit = || event.paths.iter().any(|path| targets.iter().any(|t| t.is_hit(path)));
    // After an overflow of the system's queue the changes are unknown.
    event.need_rescan() || (!read && hit())
}

fn debounce(events: &Receiver<()>, scene: &Path, watched: &Watched, mut callback: impl FnMut()) {
    while events.recv().is_ok() {
        let mut waited = 0;
        while waited < PATIENCE && events.recv_timeout(QUIET).is_ok() {
            waited += 1;
            // At most one event is kept, so this loop turns quickly only while a file
            // is being written.
            std::thread::sleep(QUIET / 4);
        }
        // Before the file is read, so that no later save is missed. A failure is retried at the
        // next event.
        let _ = watched.look_again();
        if scene.exists() {
            callback();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use notify::event::{CreateKind, ModifyKind, RenameMode};

    use super::*;

    /// A scene in a folder of its own, and what the callback read from it.
    struct Bench {
        _folder: tempfile::TempDir,
        scene: PathBuf,
        watcher: SceneWatcher,
        texts: Receiver<String>,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let scene = folder.path().join("lm.ron");
            fs::write(&scene, "0").unwrap();
            let (sender, texts) = crossbeam_channel::unbounded();
            let read = scene.clone();
            let watcher =
                SceneWatcher::new(&scene, move || sender.send(fs::read_to_string(&read).unwrap()).unwrap())
                    .unwrap();
            Self { _folder: folder, scene, watcher, texts }
        }

        /// Waits until the callback has seen this text; the deadline is for a very busy machine.
        fn wait_for(&self, text: &str) {
            while self.texts.recv_timeout(Duration::from_secs(300)).expect("no callback") != text {}
        }

        fn replace(&self, text: &str) {
            let new = self.scene.with_extension("ron.tmp");
            fs::write(&new, text).unwrap();
            fs::rename(new, &self.scene).unwrap();
        }
    }

    #[test]
    fn sees_a_plain_save() {
        let bench = Bench::new();
        fs::write(&bench.scene, "1").unwrap();
        bench.wait_for("1");
    }

    #[test]
    fn sees_every_one_of_three_atomic_saves() {
        let bench = Bench::new();
        for text in ["1", "2", "3"] {
            bench.replace(text);
            bench.wait_for(text);
        }
    }

    #[test]
    fn sees_a_folder_that_is_linked_anew_and_saves_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (version, text) in [("v1", "1"), ("v2", "2"), ("v3", "3")] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("s.ron"), text).unwrap();
        }
        let link = |version: &str, name: &str| {
            std::os::unix::fs::symlink(version, at("new")).unwrap();
            fs::rename(at("new"), at(name)).unwrap();
        };
        link("v1", "data");
        // As in a ConfigMap: the file is a link, too, through the folder whose link is replaced.
        link("data/s.ron", "s.ron");
        for scene in [at("data").join("s.ron"), at("s.ron")] {
            link("v1", "data");
            let (sender, texts) = crossbeam_channel::unbounded();
            let read = scene.clone();
            let _watcher =
                SceneWatcher::new(&scene, move || sender.send(fs::read_to_string(&read).unwrap()).unwrap())
                    .unwrap();
            let wait = |text: &str| {
                while texts.recv_timeout(Duration::from_secs(60)).expect("no callback") != text {}
            };
            link("v2", "data");
            wait("2");
            fs::write(at("v2").join("s.ron"), "2b").unwrap();
            wait("2b");
            link("v3", "data");
            wait("3");
            fs::write(at("v3").join("s.ron"), "3b").unwrap();
            wait("3b");
            fs::write(at("v2").join("s.ron"), "2").unwrap();
            fs::write(at("v3").join("s.ron"), "3").unwrap();
        }
    }

    #[test]
    fn sees_a_file_that_comes_back() {
        let bench = Bench::new();
        fs::remove_file(&bench.scene).unwrap();
        fs::write(&bench.scene, "1").unwrap();
        bench.wait_for("1");
    }

    #[test]
    fn sees_the_files_of_another_folder() {
        let mut bench = Bench::new();
        let model = tempfile::tempdir().unwrap();
        bench.watcher.also(model.path()).unwrap();
        fs::write(model.path().join("vocab.txt"), "the").unwrap();
        bench.wait_for("0");
    }

    #[test]
    fn a_relative_path_and_a_missing_folder() {
        assert!(SceneWatcher::new(Path::new("Cargo.toml"), || {}).is_ok());
        assert!(SceneWatcher::new(Path::new("no/such/folder/lm.ron"), || {}).is_err());
    }

    #[test]
    fn dropping_ends_the_thread() {
        let bench = Bench::new();
        let Bench { watcher, texts, .. } = bench;
        drop(watcher);
        // The callback, and the sender in it, went with the thread.
        assert!(texts.recv().is_err());
    }

    #[test]
    fn other_files_and_reading_do_not_count() {
        let targets = [Target { folder: PathBuf::from("/s"), name: Some("lm.ron".into()) }];
        let event = |kind, path: &str| Event::new(kind).add_path(PathBuf::from(path));
        let rename = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        assert!(is_change(&event(rename, "/s/lm.ron"), &targets));
        assert!(is_change(&event(EventKind::Create(CreateKind::File), "/s/lm.ron"), &targets));
        assert!(!is_change(&event(rename, "/s/.lm.ron.swp"), &targets));
        assert!(!is_change(&event(rename, "/s/x/lm.ron"), &targets));
        let open = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert!(!is_change(&event(open, "/s/lm.ron"), &targets));
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        assert!(is_change(&event(closed, "/s/lm.ron"), &targets));
    }
}
