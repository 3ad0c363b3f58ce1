//! Scenes as users write them: good ones load, bad ones say what is wrong and where.

use std::path::Path;

use spinntui::scene::{LoadedScene, Task};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_design_scene_loads() {
    let loaded = LoadedScene::load(&repository().join("scenes/lm.ron"), &[]).unwrap();
    assert_eq!(loaded.scene.mapping.layers.len(), 3);
    assert_eq!(loaded.scene.mapping.layers[1].pes, Some(50));
    let Task::LanguageModel(task) = &loaded.scene.task;
    assert_eq!(task.text.as_deref(), Some("assets/text/spinnaker2.txt"));
    let model = loaded.resolve(&loaded.scene.model, "model").unwrap();
    assert!(model.join("vocab.txt").is_file(), "{}", model.display());
    let error = loaded.resolve("nowhere.txt", "task.text").unwrap_err();
    println!("{error}");
    println!("{}", loaded.error_at("mapping.layers.1.pes", "too few", "pes: 51"));
    println!("{}", loaded.error_at("mapping.layers.1.units_per_pe", "too few", "pes: 51"));
    println!("{}", loaded.error_at("mapping.layers", "too few", "pes: 51"));
    assert_eq!(error.position(), Some((8, 15)));
}
