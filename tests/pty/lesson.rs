//! A lesson in a real terminal: open, turn, answer, back, quit.

use crate::terminal::{Setup, binary};

#[test]
fn a_lesson_is_taken() {
    let mut terminal = Setup::program(binary(), &["lesson", "what-is-a-pe", "--present"]).start();
    terminal.wait_for("1/8 152 small computers");
    terminal.wait_for(">> 1 Chip");
    terminal.wait_for("presenting");
    terminal.press(".");
    terminal.wait_for("2/8 A core");
    terminal.press(".");
    terminal.wait_for("92.4 KiB left");
    terminal.press("'");
    terminal.wait_for("Why four banks");
    terminal.press("1");
    terminal.wait_for("1 is wrong: the answer is 2.");
    terminal.press("'");
    terminal.wait_until("the question is closed", |screen| !screen.contains("1 is wrong"));
    terminal.press(".");
    terminal.wait_for("4/8 Helpers");
    terminal.press(".");
    terminal.wait_for("That took 290.2 µs");
    terminal.wait_for("1 of 5,816 words");
    // A step by hand, and back: the page's own moment again.
    terminal.press("s");
    terminal.wait_for("2 of 5,816 words");
    terminal.press(",");
    terminal.wait_for("4/8 Helpers");
    terminal.press(".");
    terminal.wait_for("1 of 5,816 words");
    terminal.wait_for_silence();
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}
