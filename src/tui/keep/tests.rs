use std::fs;

use proptest::prelude::*;

use super::*;
use crate::session::history::{Bookmark, Position};
use crate::tui::app::NetworkView;
use crate::tui::heat::Metric;
use crate::tui::panel::PanelId;
use crate::tui::theme::Theme;

const SCENE: &str = "scenes/lm_small.ron";

fn app() -> App {
    App::new(SCENE, Theme::default(), (80, 24))
}

/// Files below a folder with their contents.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_view_comes_back_and_an_untouched_one_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = app();
    let keeper = Keeper::begin(&mut first, folder.path(), Path::new(SCENE));
    keeper.end(&first).unwrap();
    assert_eq!(files(folder.path()), []);
    first.set_focus(PanelId::Noc);
    first.set_focus(PanelId::Timeline);
    (first.expanded, first.metric, first.network) = (true, Metric::Duty, NetworkView::Matrix);
    first.window = first.window.other();
    keeper.end(&first).unwrap();
    assert_eq!(files(folder.path()).len(), 1);
    let mut second = app();
    let keeper = Keeper::begin(&mut second, folder.path(), Path::new(SCENE));
    assert_eq!((second.notice.as_ref(), View::of(&second)), (None, View::of(&first)));
    assert_eq!(second.recent[..2], [PanelId::Timeline, PanelId::Noc]);
    // Back to the usual view: that is kept, too.
    let third = app();
    keeper.end(&third).unwrap();
    let mut fourth = app();
    Keeper::begin(&mut fourth, folder.path(), Path::new(SCENE));
    assert_eq!(View::of(&fourth), View::default());
}

#[test]
fn files_that_are_broken_or_foreign_are_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = app();
    other.set_focus(PanelId::Pins);
    Keeper::begin(&mut app(), folder.path(), Path::new(SCENE)).end(&other).unwrap();
    let view = folder.path().join("view.ron");
    let good = fs::read_to_string(&view).unwrap();
    let scenes = folder.path().join("scenes");
    fs::create_dir_all(&scenes).unwrap();
    let name = {
        let keeper = Keeper::begin(&mut app(), folder.path(), Path::new(SCENE));
        keeper.scene.unwrap().path
    };
    for (text, words) in [
        ("View(", "1:6"),
        ("Config(theme: \"light\")", "View"),
        (&good.replace("version: 1", "version: 7"), "version 7"),
        (&good.replace("Pins", "Pans"), "Pans"),
        ("\u{0}\u{1b}[31m", ""),
    ] {
        fs::write(&view, text).unwrap();
        fs::write(&name, text).unwrap();
        let mut app = app();
        let keeper = Keeper::begin(&mut app, folder.path(), Path::new(SCENE));
        assert_eq!(View::of(&app), View::default(), "{text}");
        assert!(app.said.len() == 2 && app.said[0].contains("left as it is"), "{:?}", app.said);
        assert!(app.said[0].contains(words) && app.said[0].contains("view.ron"), "{:?}", app.said);
        app.set_focus(PanelId::Energy);
        keeper.end(&app).unwrap();
        assert_eq!(fs::read_to_string(&view).unwrap(), text);
        assert_eq!(fs::read_to_string(&name).unwrap(), text);
    }
    // A file of another scene whose name is the same, and a folder in its place.
    let foreign = "Scene(version: 1, scene: \"/elsewhere.ron\", pins: [], bookmarks: [])";
    fs::write(&name, foreign).unwrap();
    let mut told = app();
    Keeper::begin(&mut told, folder.path(), Path::new(SCENE));
    assert!(told.said.iter().any(|what| what.contains("another scene, /elsewhere.ron")), "{:?}", told.said);
    assert!(told.kept.is_none());
    fs::remove_file(&view).unwrap();
    fs::create_dir(&view).unwrap();
    let mut told = app();
    Keeper::begin(&mut told, folder.path(), Path::new(SCENE)).end(&told).unwrap();
    assert!(told.said[0].contains("view.ron"), "{:?}", told.said);
}

#[test]
fn pins_and_bookmarks_come_back_with_their_scene_only() {
    let folder = tempfile::tempdir().unwrap();
    let at = Position { events: 4711, steps: 12, tick: 99, within: false };
    let bookmark = Bookmark { name: "odd".into(), note: "c of unit 41".into(), at, earlier: false };
    let kept = Kept {
        version: VERSION,
        scene: Path::new(SCENE).canonicalize().unwrap().display().to_string(),
        pins: vec!["perplexity".into(), "unit(\"rnns.1\", 41).c".into()],
        bookmarks: vec![bookmark],
        sent: false,
    };
    let mut first = app();
    let keeper = Keeper::begin(&mut first, folder.path(), Path::new(SCENE));
    file::write(&keeper.scene.as_ref().unwrap().path, HEAD, &kept).unwrap();
    let mut second = app();
    let keeper = Keeper::begin(&mut second, folder.path(), Path::new(SCENE));
    assert_eq!(second.kept, Some(kept.clone()));
    // The app was left before its first snapshot: the file stays.
    let before = files(folder.path());
    keeper.end(&second).unwrap();
    assert_eq!(files(folder.path()), before);
    let mut other = app();
    Keeper::begin(&mut other, folder.path(), Path::new("scenes/lm.ron"));
    assert_eq!(other.kept, None);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let mut app = app();
    let keeper = Keeper::begin(&mut app, &file.join("state"), Path::new(SCENE));
    app.set_focus(PanelId::Noc);
    // A path through a file is no folder: depending on the system that is said at the start or
    // at the end.
    let said = keeper.end(&app).err().or(app.said.first().cloned()).unwrap();
    assert!(said.contains("view.ron"), "{said}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..400usize) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("view.ron"), &bytes).unwrap();
        Keeper::begin(&mut app(), folder.path(), Path::new(SCENE));
        let good = ron::ser::to_string(&View::default()).unwrap();
        let cut = cut.min(good.len());
        fs::write(folder.path().join("view.ron"), &good[..cut]).unwrap();
        let mut app = app();
        Keeper::begin(&mut app, folder.path(), Path::new(SCENE));
        prop_assert!(cut == good.len() || !app.said.is_empty());
    }
}
