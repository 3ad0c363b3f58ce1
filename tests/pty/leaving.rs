//! Tests of every way out, each of which gives the terminal back: quitting, signals, panics; and of
//! every way to be stopped for a while.

use crate::terminal::{Setup, Terminal, has_test_variables, patiently};
use crate::{ENDLESS, SCENE, opened, started};

/// Starts a run in slow motion, so that an idle machine stays idle.
fn running() -> Terminal {
    let mut terminal = opened(ENDLESS);
    terminal.press("<");
    terminal.wait_for("30 steps/s");
    terminal.press(" ");
    terminal.wait_for("RUNNING");
    terminal
}

fn with_panic(place: &str) -> Terminal {
    Setup::scene(SCENE).env("SPINNTUI_TEST_PANIC", place).start()
}

#[test]
fn quitting_takes_everything_back() {
    for key in ["q", "\x03"] {
        let mut terminal = running();
        terminal.press(key);
        assert_eq!(terminal.exit_code(), 0);
        terminal.assert_given_back("quit");
    }
}

#[test]
fn signals_end_a_run_in_good_order() {
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129), ("QUIT", 131)] {
        let mut terminal = running();
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(), code, "{signal}");
        terminal.assert_given_back(signal);
    }
}

/// Recording creates a file, and files are removed by signals that end a subcommand.
#[test]
fn a_signal_ends_a_recorded_session_in_good_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.ron");
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let mut terminal = Setup::scene(SCENE).arg("--record").arg(file.to_str().unwrap()).start();
        terminal.wait_for("PAUSED");
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(), code, "{signal}");
        terminal.assert_given_back(signal);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1, "{signal} left a partial file");
    }
}

#[test]
fn a_signal_before_the_scene_is_loaded_ends_it_too() {
    let mut terminal = Setup::scene("scenes/lm.ron").start();
    terminal.wait_until_raw();
    terminal.signal("TERM");
    assert_eq!(terminal.exit_code(), 143);
    terminal.assert_given_back("TERM while loading");
}

/// Writes a scene; its build does not end while the second file exists.
fn endless(folder: &std::path::Path) -> (String, std::path::PathBuf) {
    let (scene, hold) = (folder.join("scene.ron"), folder.join("hold"));
    let text = std::fs::read_to_string(SCENE).unwrap();
    let here = env!("CARGO_MANIFEST_DIR");
    let text = text
        .replace("\"models/", &format!("\"{here}/models/"))
        .replace("\"assets/", &format!("\"{here}/assets/"));
    std::fs::write(&scene, text).unwrap();
    (scene.to_str().unwrap().to_owned(), hold)
}

#[test]
fn a_scene_that_never_loads_can_be_left_in_every_way() {
    if !has_test_variables() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (scene, hold) = endless(folder.path());
    std::fs::write(&hold, "").unwrap();
    let start = || {
        let mut terminal = Setup::scene(&scene).env("SPINNTUI_TEST_HOLD", hold.to_str().unwrap()).start();
        terminal.wait_until_raw();
        terminal.wait_for("loading");
        // Keys wait until the scene is loaded.
        terminal.press("ss");
        terminal
    };
    for key in ["q", "\x03"] {
        let mut terminal = start();
        terminal.press(key);
        assert_eq!(terminal.exit_code(), 0);
        terminal.assert_given_back("quit while loading");
    }
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129), ("QUIT", 131)] {
        let mut terminal = start();
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(), code, "{signal}");
        terminal.assert_given_back(signal);
    }
    let mut terminal = start();
    terminal.close();
    assert_eq!(terminal.exit_code(), 129);
}

#[test]
fn a_run_goes_on_while_the_saved_scene_is_built_and_mending_the_scene_works() {
    if !has_test_variables() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (scene, hold) = endless(folder.path());
    let mut terminal =
        Setup::scene(&scene).env("SPINNTUI_TEST_HOLD", hold.to_str().unwrap()).size((120, 30)).start();
    terminal.wait_for("PAUSED");
    let good = std::fs::read_to_string(&scene).unwrap();
    let titled = |title: &str| good.replace("Small EGRU language model", title);
    std::fs::write(&hold, "").unwrap();
    std::fs::write(&scene, titled("ENDLESS")).unwrap();
    terminal.wait_for("scene saved");
    // The experiment is stepped and run as before.
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("<");
    terminal.press(" ");
    terminal.wait_for("RUNNING");
    std::fs::remove_file(&hold).unwrap();
    terminal.wait_for("ENDLESS");
    // A scene that cannot be built leaves the run alone.
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    std::fs::write(&scene, titled("PIPE").replace("spinnaker2.txt", "none.txt")).unwrap();
    terminal.wait_for("` not found");
    let pipe = folder.path().join("pipe");
    let text = format!("{}/assets/text/spinnaker2.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(&scene, titled("PIPE").replace(&text, pipe.to_str().unwrap())).unwrap();
    terminal.wait_for("a pipe");
    std::fs::write(&scene, titled("MENDED")).unwrap();
    terminal.wait_for("MENDED");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back("after reloads");
}

#[test]
fn a_signal_ends_it_though_the_terminal_takes_nothing() {
    let mut terminal = running();
    terminal.hold(true);
    // The pseudo-terminal's own memory is soon full of frames, and the app waits in the
    // middle of one.
    for _ in 0..200 {
        terminal.press("\x0c");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    terminal.signal("TERM");
    assert_eq!(terminal.exit_code(), 143);
    assert!(terminal.is_cooked(), "still in raw mode");
}

#[test]
fn ctrl_z_again_and_again_and_while_running() {
    let mut terminal = running();
    for _ in 0..3 {
        terminal.press("\x1a");
        terminal.wait_until_stopped();
        terminal.assert_given_back("Ctrl-Z");
        terminal.signal("CONT");
        terminal.wait_until_taken();
        terminal.wait_for("RUNNING");
    }
    terminal.press(" ");
    terminal.wait_for("PAUSED");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn tstp_from_outside_suspends_and_cont_alone_only_draws_again() {
    let mut terminal = started();
    terminal.signal("TSTP");
    terminal.wait_until_stopped();
    terminal.assert_given_back("TSTP");
    terminal.signal("CONT");
    terminal.wait_until_taken();
    terminal.wait_for("PAUSED");
    terminal.settle();
    let before = (terminal.screen(), terminal.bytes_seen());
    terminal.signal("CONT");
    patiently(|| terminal.bytes_seen() > before.1, || "nothing is drawn after CONT".to_owned());
    terminal.settle();
    assert_eq!(terminal.screen(), before.0);
    terminal.wait_until_taken();
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_signal_while_stopped_counts_when_it_goes_on() {
    let mut terminal = running();
    terminal.press("\x1a");
    terminal.wait_until_stopped();
    // As shells do it with their jobs.
    terminal.signal("TERM");
    terminal.signal("CONT");
    assert_eq!(terminal.exit_code(), 143);
    terminal.assert_given_back("TERM while stopped");
}

/// Runs the app under a shell, as users do: it takes the terminal while the app is stopped, so that
/// no signal tells the app of new sizes meanwhile.
#[test]
fn a_shell_stops_it_puts_it_in_the_background_and_takes_it_back() {
    let shell = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"];
    let Some(shell) = shell.into_iter().find(|path| std::path::Path::new(path).exists()) else {
        crate::common::skipped("no bash here, and job control needs a shell that has it");
        return;
    };
    let mut terminal =
        Setup::program(shell, &["--norc", "--noprofile", "-i"]).env("PS1", "prompt> ").size((90, 28)).start();
    terminal.wait_for("prompt>");
    let binary = crate::terminal::binary();
    terminal.press(&format!("{} {SCENE}\r", binary.display()));
    terminal.wait_for("PAUSED");
    terminal.press("\x1a");
    terminal.wait_for("Stopped");
    // Not `wait_until_back`: a shell that edits lines has raw mode itself.
    terminal.wait_until("the screen is the shell's", |_| !terminal.on_alternate_screen());
    terminal.wait_until("the cursor is visible", |_| terminal.cursor_visible());
    terminal.resize((120, 40));
    // In the background it may not touch the terminal: the kernel stops it until it is
    // in front again.
    terminal.press("bg\r");
    terminal.settle();
    assert!(!terminal.on_alternate_screen());
    terminal.press("fg\r");
    terminal.wait_for("PAUSED");
    // Three panels are more than fit at 90x28.
    terminal.wait_for("3 Memory");
    terminal.wait_until("the app's screen", |_| terminal.on_alternate_screen());
    terminal.press("q");
    terminal.wait_until("the shell is back", |screen| {
        screen.trim_end().ends_with("prompt>") && !screen.contains("PAUSED")
    });
    terminal.press("exit\r");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_panic_of_the_engine_is_shown_and_r_starts_it_again() {
    if !has_test_variables() {
        return;
    }
    let mut terminal = with_panic("engine");
    terminal.wait_for("A thread of spinntui stopped");
    terminal.wait_for("thread `engine`");
    terminal.wait_for("r starts the engine again");
    assert!(terminal.on_alternate_screen());
    terminal.press("r");
    terminal.wait_until("the report is closed", |screen| !screen.contains("thread `engine`"));
    terminal.wait_for("PAUSED");
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back("after a panic of the engine");
}

#[test]
fn keys_count_after_a_panic_of_the_input_thread() {
    if !has_test_variables() {
        return;
    }
    let mut terminal = with_panic("input");
    terminal.wait_for("PAUSED");
    terminal.press("x");
    terminal.wait_for("thread `input`");
    terminal.wait_for("the experiment goes on");
    terminal.press("\x1b");
    terminal.wait_until("the report is closed", |screen| !screen.contains("thread `input`"));
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn signals_count_after_a_panic_of_their_thread() {
    if !has_test_variables() {
        return;
    }
    let mut terminal = with_panic("signals");
    terminal.wait_for("PAUSED");
    terminal.signal("CONT");
    terminal.wait_for("thread `signals`");
    terminal.signal("TERM");
    assert_eq!(terminal.exit_code(), 143);
    terminal.assert_given_back("after a panic of the signal thread");
}

#[test]
fn the_scene_is_watched_after_a_panic_of_the_watcher() {
    if !has_test_variables() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("scene.ron");
    let text = std::fs::read_to_string(SCENE).unwrap();
    std::fs::write(&scene, &text).unwrap();
    let mut terminal =
        Setup::scene(scene.to_str().unwrap()).env("SPINNTUI_TEST_PANIC", "watcher").size((120, 30)).start();
    terminal.wait_for("PAUSED");
    std::fs::write(&scene, &text).unwrap();
    terminal.wait_for("thread `scene-watch`");
    terminal.press("\x1b");
    terminal.wait_until("the report is closed", |screen| !screen.contains("thread `scene-watch`"));
    std::fs::write(&scene, "Scene(version: 1, modle: \"x\")").unwrap();
    terminal.wait_for("modle");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_panic_in_the_middle_of_a_frame_takes_everything_back() {
    if !has_test_variables() {
        return;
    }
    let mut terminal = with_panic("ui");
    assert_eq!(terminal.exit_code(), 101);
    terminal.assert_given_back("panic");
    // In raw mode each line of the report would begin where the one before ended.
    terminal.wait_until("the report", |screen| {
        screen.lines().any(|line| line.starts_with("The application panicked"))
    });
}
