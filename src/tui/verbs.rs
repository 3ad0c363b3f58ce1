//! Subcommands run from the palette: their arguments, the run beside the app, the answer.
//!
//! A subcommand runs as a process of its own, so that what it does is what it does in a shell.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::app::{App, Effect, Overlay};
use super::command::Verb;
pub use super::state::ran::Ran;
use crate::scene::LoadedScene;
use crate::text::visible;

/// Starts a subcommand with its typed arguments, or shows the error in them.
pub(super) fn start(app: &mut App, verb: Verb, typed: &str) -> Vec<Effect> {
    match arguments(app, verb, typed) {
        Ok(arguments) => {
            app.notice = Some(format!("{} is running; its answer is shown here", line(&arguments)));
            vec![Effect::Subcommand(arguments)]
        }
        Err(why) => {
            app.notice = Some(why);
            Vec::new()
        }
    }
}

/// Returns the arguments of a subcommand: its name, the scene or its model, edits, what was typed.
pub(super) fn arguments(app: &App, verb: Verb, typed: &str) -> Result<Vec<String>, String> {
    let mut arguments = vec![verb.name().to_owned()];
    let (scene, edits) = match app.picture() {
        Some(snapshot) => (snapshot.setup.scene.clone(), &snapshot.setup.edits[..]),
        None => (app.scene.clone(), &[][..]),
    };
    match verb {
        Verb::Calibrate | Verb::Export | Verb::Tune | Verb::Trace | Verb::Run => {
            arguments.push(scene);
            for (path, value) in edits {
                arguments.extend(["--set".to_owned(), format!("{path}={value}")]);
            }
        }
        Verb::Quantize => arguments.extend(model(Path::new(&scene), edits)?),
        Verb::Kernels => {}
    }
    arguments.extend(words(typed)?);
    Ok(arguments)
}

/// Returns the model of a scene, and its text if it reads one.
fn model(scene: &Path, edits: &[(String, String)]) -> Result<Vec<String>, String> {
    let loaded = LoadedScene::load(scene, edits).map_err(|error| error.to_string())?;
    let path = |name: &str, field: &str| {
        loaded.resolve(name, field).map(|path| path.display().to_string()).map_err(|error| error.to_string())
    };
    let mut arguments = vec![path(&loaded.scene.model, "model")?];
    let files = loaded.scene.task.options().files();
    if let Some(text) = files.iter().find(|file| file.field == "task.text") {
        arguments.extend(["--text".to_owned(), path(text.name, text.field)?]);
    }
    Ok(arguments)
}

/// Splits a text at spaces, except within quotes.
fn words(typed: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in typed.chars() {
        match (character, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(format!("the quote {open} is not closed"));
    }
    words.extend(word);
    Ok(words)
}

/// Returns the command line as it could be typed in a shell.
pub fn line(arguments: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%".contains(c);
    let written = |argument: &String| {
        if !argument.is_empty() && argument.chars().all(plain) {
            argument.clone()
        } else {
            format!("'{}'", argument.replace('\'', "'\\''"))
        }
    };
    std::iter::once("spinntui".to_owned()).chain(arguments.iter().map(written)).collect::<Vec<_>>().join(" ")
}

/// Runs a subcommand of `program`, or of the running one, and waits for its end.
pub fn run(program: Option<PathBuf>, arguments: &[String]) -> Ran {
    let line = line(arguments);
    let program = program.or_else(|| std::env::current_exe().ok().filter(|path| path.exists()));
    let program = program.or_else(|| std::env::args_os().next().map(PathBuf::from)).unwrap_or_default();
    let output = Command::new(program)
        .args(arguments)
        // Colours would be escape sequences in the text.
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => {
            let [out, error] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
            Ran { line, text: visible(&format!("{out}{error}")).into_owned(), code: output.status.code() }
        }
        Err(error) => Ran { line, text: format!("error: it could not be started: {error}"), code: None },
    }
}

/// Shows the answer of a subcommand.
pub(super) fn ran(app: &mut App, ran: Ran) {
    app.notice = Some(match ran.code {
        Some(code) => format!("{} has ended with exit code {code}", ran.line),
        None => format!("{} has not ended by itself", ran.line),
    });
    app.overlays.push(Overlay::Ran { ran, scroll: 0 });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_at_spaces_and_kept_within_quotes() {
        let words = |typed| words(typed).unwrap();
        assert_eq!(words("--spec /tmp/x  --force"), ["--spec", "/tmp/x", "--force"]);
        assert_eq!(words("--spec '/tmp/my files' \"\""), ["--spec", "/tmp/my files", ""]);
        assert_eq!(words("  "), Vec::<String>::new());
        assert!(super::words("--spec 'x").unwrap_err().contains("not closed"));
        let line = line(&["export".to_owned(), "it's.ron".to_owned(), "a=b".to_owned()]);
        assert_eq!(line, "spinntui export 'it'\\''s.ron' a=b");
    }
}
