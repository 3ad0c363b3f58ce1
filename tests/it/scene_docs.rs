//! Test that `docs/scene.md` agrees with the types.

use std::path::Path;

#[test]
fn the_page_is_what_the_types_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scene.md");
    let written = spinntui::scene::doc::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == written,
        "docs/scene.md is out of date; regenerate it: UPDATE_DOCS=1 cargo test --test it scene_docs::"
    );
}
