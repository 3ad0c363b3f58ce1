//! `spinntui` alone, in a terminal.

use crate::terminal::Terminal;

fn opened(size: (u16, u16), env: &[(&str, &str)]) -> Terminal {
    let terminal = Terminal::start("", size, env);
    terminal.wait_for("to open");
    terminal
}

#[test]
fn it_lists_the_scenes_and_leaves_the_terminal_as_it_was() {
    let mut terminal = opened((80, 24), &[]);
    assert!(terminal.on_alternate_screen());
    for words in ["lm_small", "Small EGRU language model", "Enter", "spinntui scenes/lm_small.ron"] {
        terminal.wait_for(words);
    }
    terminal.press("?");
    terminal.wait_for("How to choose");
    terminal.press("?");
    terminal.wait_until("the help is gone", |screen| !screen.contains("How to choose"));
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.wait_until_back("the list was left");
}

#[test]
fn what_is_searched_for_is_opened_in_the_app() {
    let mut terminal = opened((80, 24), &[]);
    terminal.press("/single");
    terminal.wait_for("spinntui scenes/single_pe.ron");
    terminal.wait_until("the others are gone", |screen| !screen.contains("lm_small"));
    terminal.press("\r");
    terminal.wait_for("PAUSED");
    terminal.wait_for("1 Chip");
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.wait_until_back("the app was left");
}

#[test]
fn it_is_silent_while_nobody_types_and_follows_every_size() {
    let mut terminal = opened((80, 24), &[]);
    terminal.wait_for_silence();
    for size in [(30, 8), (1, 1), (10, 3), (200, 60)] {
        terminal.resize(size);
    }
    terminal.wait_for("what-if/sleep");
    terminal.press("\x1b");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn signals_and_ctrl_z() {
    let terminal = &mut opened((80, 24), &[]);
    terminal.press("\x1a");
    terminal.wait_until_stopped();
    terminal.wait_until_back("Ctrl-Z");
    terminal.signal("CONT");
    terminal.wait_until_taken();
    terminal.wait_for("lm_small");
    terminal.signal("TERM");
    assert_eq!(terminal.exit_code(), 143);
    terminal.wait_until_back("the list was left");
}
