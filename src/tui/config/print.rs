//! Printing of the configuration in force, in a form that can be read back, and of the keys in
//! force, as a table.

use std::fmt::Write as _;

use super::{Config, Reload};
use crate::tui::command::{COMMANDS, Command, Group};
use crate::tui::keymap::{Key, Keymap};
use crate::tui::theme::depth::ColorChoice;
use crate::tui::theme::{Glyphs, RampName, ThemeName};

/// Formats the configuration as a file: settings that are set with their values, the others as
/// comments with their defaults, and the choices of each.
pub fn print(config: &Config) -> String {
    let mut text = String::from(
        "// Configuration of spinntui. To begin with one of your own:\n\
         //   spinntui --print-config > ~/.config/spinntui/config.ron\n\
         // Flags go before it. What is not set is left to the environment (NO_COLOR, COLORTERM, TERM, LANG, COLORFGBG).\n",
    );
    if let Some(path) = &config.path {
        let _ = writeln!(text, "// In force now, from {}:", path.display());
    }
    text.push_str("Config(\n");
    let looks = &config.looks;
    let color = looks.color.filter(|color| *color != ColorChoice::Auto).map(|color| color.to_string());
    field(&mut text, "color", color, "auto", "auto, truecolor, 256, 16, mono, off");
    field(&mut text, "theme", looks.theme.map(|name| name.to_string()), "dark", &all(ThemeName::ALL));
    field(&mut text, "ramp", looks.ramp.map(|name| name.to_string()), "cividis", &all(RampName::ALL));
    field(&mut text, "glyphs", looks.glyphs.map(|name| name.to_string()), "blocks", &all(Glyphs::ALL));
    let background = looks.background.map(|name| name.to_string());
    field(&mut text, "background", background, "auto", "auto (light paints its own), theme, terminal");
    let reload = (config.reload != Reload::default()).then(|| config.reload.to_string());
    field(
        &mut text,
        "reload",
        reload,
        "start",
        "a saved scene begins at its start, or at the present step (keep)",
    );
    let mouse = if config.mouse { "" } else { "// " };
    let _ =
        writeln!(text, "    // whether the app takes the mouse from the terminal\n    {mouse}mouse: true,");
    let comment = if config.keep.is_some() { "" } else { "// " };
    let keep = config.keep.unwrap_or(true);
    let _ = writeln!(
        text,
        "    // view, pins and bookmarks are kept from one start to the next: true, false\n    {comment}keep: {keep},"
    );
    text.push_str(
        "    // Keys by command. A command named here has these keys in place of its own, and takes them from others;\n    \
         // [] leaves it to the palette (`:`). A digit bound to another command still continues a count after 0 or\n    \
         // two digits. Ctrl-c always quits.\n    keys: {\n",
    );
    let usual = Keymap::default();
    for command in COMMANDS {
        let keys = written(&config.keymap, command);
        let comment = if keys == written(&usual, command) { "// " } else { "" };
        let _ = writeln!(text, "        {comment}\"{}\": {keys}, // {}", command.id, command.about);
    }
    text.push_str("    },\n)\n");
    text
}

fn all<T: ToString>(names: &[T]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn field(text: &mut String, name: &str, set: Option<String>, usual: &str, choices: &str) {
    let comment = if set.is_some() { "" } else { "// " };
    let value = set.unwrap_or_else(|| usual.to_owned());
    let _ = writeln!(text, "    // {choices}\n    {comment}{name}: \"{value}\",");
}

fn written(keymap: &Keymap, command: &Command) -> String {
    let keys: Vec<String> = keymap.keys_of(command).map(quoted).collect();
    format!("[{}]", keys.join(", "))
}

fn quoted(key: Key) -> String {
    let name = key.name().replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{name}\"")
}

/// Lists every command with its keys, by heading, in at most 100 columns.
pub fn keys_as_text(keymap: &Keymap) -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{}", group.title());
        for command in COMMANDS.iter().filter(|command| command.group == group) {
            let keys: Vec<String> = keymap.keys_of(command).map(|key| key.to_string()).collect();
            let keys = if keys.is_empty() { format!(":{}", command.id) } else { keys.join(" ") };
            let _ = writeln!(text, "  {keys:<14} {:<18} {}", command.id, command.about);
        }
    }
    text
}
