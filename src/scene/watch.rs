//! Tells when a scene, or a file it names, was saved.
//!
//! Editors save by writing a new file and renaming it onto the old one; a watch on the file itself goes deaf after the
//! first such save. So the folder is watched, and what happens to other files in it is left out.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// A save is a handful of events; the callback comes when this long nothing happened.
const QUIET: Duration = Duration::from_millis(150);
/// A file that is written to without end is reported at least once in so many quiet times.
const PATIENCE: u32 = 20;

/// Calls back, on a thread of its own, after the scene or another watched file was saved. Ends when dropped.
#[derive(Debug)]
pub struct SceneWatcher {
    watcher: Option<RecommendedWatcher>,
    targets: Targets,
    thread: Option<JoinHandle<()>>,
}

/// What is watched.
type Targets = Arc<Mutex<Vec<Target>>>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    folder: PathBuf,
    /// One file of the folder, or all of them.
    name: Option<OsString>,
}

impl SceneWatcher {
    /// Watches a scene file. The callback comes on a thread of its own, about 150 ms after the last event of a save. It
    /// does not come while the file is gone (deleted, or between the two halves of a save) but when it is back.
    pub fn new(scene: &Path, callback: impl FnMut() + Send + 'static) -> notify::Result<Self> {
        let targets = Targets::default();
        let (sender, receiver) = bounded(1);
        let watcher = notify::recommended_watcher(forward(Arc::clone(&targets), sender))?;
        let file = scene.to_owned();
        let thread = std::thread::Builder::new()
            .name("scene-watch".to_owned())
            .spawn(move || debounce(&receiver, &file, callback))?;
        let mut this = Self { watcher: Some(watcher), targets, thread: Some(thread) };
        this.also(scene)?;
        Ok(this)
    }

    /// Watches another file as well, or all files that stand in a folder (a model's).
    pub fn also(&mut self, path: &Path) -> notify::Result<()> {
        self.add(path)?;
        // What a link points to is saved elsewhere.
        match path.canonicalize() {
            Ok(real) => self.add(&real),
            Err(_) => Ok(()),
        }
    }

    fn add(&mut self, path: &Path) -> notify::Result<()> {
        let target = Target::new(path)?;
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if targets.contains(&target) {
            return Ok(());
        }
        let known = targets.iter().any(|t| t.folder == target.folder);
        let folder = target.folder.clone();
        targets.push(target);
        drop(targets);
        match &mut self.watcher {
            Some(watcher) if !known => watcher.watch(&folder, RecursiveMode::NonRecursive),
            _ => Ok(()),
        }
    }
}

impl Drop for SceneWatcher {
    fn drop(&mut self) {
        // With the watcher goes the sender of the channel, and with that the thread.
        self.watcher = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Target {
    fn new(path: &Path) -> notify::Result<Self> {
        if path.is_dir() {
            return Ok(Self { folder: path.canonicalize()?, name: None });
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
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
        let targets = targets.lock().unwrap_or_else(PoisonError::into_inner);
        if is_change(&event, &targets) {
            let _ = sender.try_send(());
        }
    }
}

fn is_change(event: &Event, targets: &[Target]) -> bool {
    // Reading is no change: our own reload would call for the next one.
    let read = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    let hit = || event.paths.iter().any(|path| targets.iter().any(|t| t.is_hit(path)));
    // After an overflow of the system's queue nobody knows what happened.
    event.need_rescan() || (!read && hit())
}

fn debounce(events: &Receiver<()>, scene: &Path, mut callback: impl FnMut()) {
    while events.recv().is_ok() {
        let mut waited = 0;
        while waited < PATIENCE && events.recv_timeout(QUIET).is_ok() {
            waited += 1;
            // At most one event is kept, so this loop turns quickly only while a file is being written.
            std::thread::sleep(QUIET / 4);
        }
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
