use std::fs;

use super::*;

fn write(path: &Path, text: &str) -> Result<(), OutputError> {
    Output::file(path, text.as_bytes(), &Reads::default())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_whole_and_replaces_the_older_one_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.txt");
    write(&path, "old").unwrap();
    let mut output = Output::create(Some(&path), &Reads::default()).unwrap();
    output.text("new").unwrap();
    output.flush_now().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    output.finish().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    // An answer that does not end leaves nothing.
    let mut output = Output::create(Some(&path), &Reads::default()).unwrap();
    output.text("half").unwrap();
    drop(output);
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(names(folder.path()), ["r.txt"]);
}

#[test]
fn a_named_temporary_file_is_renamed_or_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.txt");
    fs::write(&path, "old").unwrap();
    // Where the system has no files without a name.
    let begin = |replace| whole::tests_only_named(&path, replace);
    let mut whole = begin(Replace::Yes);
    whole.write_all(b"new").unwrap();
    assert_eq!(names(folder.path()).len(), 2);
    drop(whole);
    assert_eq!((fs::read_to_string(&path).unwrap(), names(folder.path()).len()), ("old".to_owned(), 1));
    let mut whole = begin(Replace::Yes);
    whole.write_all(b"new").unwrap();
    whole.commit().unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap(), names(folder.path()).len()), ("new".to_owned(), 1));
    let whole = begin(Replace::No);
    assert!(whole.commit().unwrap_err().to_string().contains("exists already"));
    assert_eq!((fs::read_to_string(&path).unwrap(), names(folder.path()).len()), ("new".to_owned(), 1));
}

#[test]
#[cfg(unix)]
fn links_stay_links_and_rights_stay_rights() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real", &link).unwrap();
    write(&link, "new").unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), "new");
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    // A link to a file that is not there is followed as well, one that leads in a circle is an
    // error.
    let dangling = folder.path().join("dangling");
    symlink("later", &dangling).unwrap();
    write(&dangling, "x").unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("later")).unwrap(), "x");
    let circle = folder.path().join("circle");
    symlink("circle", &circle).unwrap();
    assert!(write(&circle, "x").unwrap_err().to_string().contains("links"));
}

#[test]
fn a_bad_place_is_said_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let said = |path: &Path| Output::create(Some(path), &Reads::default()).unwrap_err().to_string();
    assert!(said(&folder.path().join("no/such/r.txt")).contains("there is no folder"));
    assert!(said(folder.path()).contains("a folder"));
    assert!(said(Path::new("")).contains("no file"));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(said(&file.join("r.txt")).contains("cannot write"));
}

#[test]
#[cfg(unix)]
fn pipes_and_devices_are_written_through() {
    write(Path::new("/dev/null"), "text").unwrap();
    assert!(write(Path::new("/dev/full"), "text").is_err() || !Path::new("/dev/full").exists());
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reader = {
        let fifo = fifo.clone();
        std::thread::spawn(move || fs::read_to_string(fifo).unwrap())
    };
    write(&fifo, "text").unwrap();
    assert_eq!(reader.join().unwrap(), "text");
    assert_eq!(names(folder.path()), ["fifo"]);
}

#[test]
#[cfg(unix)]
fn nothing_that_is_read_is_written_by_whatever_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("data")).unwrap();
    for name in ["scene.ron", "data/0.npy"] {
        fs::write(at(name), "precious").unwrap();
    }
    std::os::unix::fs::symlink("scene.ron", at("link")).unwrap();
    fs::hard_link(at("scene.ron"), at("hard")).unwrap();
    let reads = Reads::default()
        .and("the scene", &at("scene.ron"))
        .and("the data", &at("data"))
        .and("the report", &at("r.json"));
    fs::hard_link(at("data/0.npy"), at("hard.npy")).unwrap();
    for name in ["scene.ron", "data/../scene.ron", "link", "hard", "data/0.npy", "hard.npy", "data/../r.json"]
    {
        let error = Output::create(Some(&at(name)), &reads).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("the "), "{error}");
    }
    // New files beside them are fine.
    for name in ["data/1.npy", "other.json"] {
        Output::file(&at(name), b"new", &reads).unwrap();
    }
    assert_eq!(fs::read_to_string(at("scene.ron")).unwrap(), "precious");
}

#[test]
fn text_shows_escapes_and_data_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.txt");
    let mut output = Output::create(Some(&path), &Reads::default()).unwrap();
    output.text("a\u{1b}[31mb\n").unwrap();
    output.data("a\u{1b}[31mb\n").unwrap();
    output.finish().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a\\u{1b}[31mb\na\u{1b}[31mb\n");
}
