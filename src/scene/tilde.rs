//! Expands `~/` to the home folder where a shell does not: behind an `=` and inside quotes.

use std::ffi::OsString;
use std::path::Path;

/// Expands `~/` at the beginning of an argument, or behind the `=` of `--option=~/…`.
pub fn in_argument(argument: OsString) -> OsString {
    match (argument.to_str(), etcetera::home_dir()) {
        (Some(text), Ok(home)) => argument_with(text, &home).unwrap_or(argument),
        _ => argument,
    }
}

/// Expands `~/` in a value of `--set` that is a path, or in a path that is typed: at its beginning
/// and behind a quote.
pub fn in_value(value: &str) -> String {
    match etcetera::home_dir() {
        Ok(home) => value_with(value, &home).unwrap_or_else(|| value.to_owned()),
        Err(_) => value.to_owned(),
    }
}

fn argument_with(text: &str, home: &Path) -> Option<OsString> {
    if let Some(rest) = text.strip_prefix("~/") {
        return Some(home.join(rest).into_os_string());
    }
    let (option, rest) = text.split_once("=~/")?;
    // The value of `--set=path=~/x` is expanded with the others of `--set`.
    let is_option = option.starts_with('-') && !option.contains('=');
    is_option.then(|| {
        let mut argument = OsString::from(format!("{option}="));
        argument.push(home.join(rest));
        argument
    })
}

fn value_with(value: &str, home: &Path) -> Option<String> {
    let home = home.to_str()?;
    if let Some(rest) = value.strip_prefix("~/") {
        return Some(format!("{home}/{rest}"));
    }
    // Within a text of RON, a backslash or quote of the folder's name has to be escaped.
    let escaped = home.replace('\\', "\\\\").replace('"', "\\\"");
    value.contains("\"~/").then(|| value.replace("\"~/", &format!("\"{escaped}/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_folder_where_a_path_begins() {
        let home = Path::new("/home/me");
        let argument = |text: &str| argument_with(text, home).map(|it| it.into_string().unwrap());
        assert_eq!(argument("~/x.ron").as_deref(), Some("/home/me/x.ron"));
        assert_eq!(argument("--output=~/a b").as_deref(), Some("--output=/home/me/a b"));
        for kept in ["x~/y", "--set=task.text=~/x", "task.text=~/x", "~user/x", "~"] {
            assert_eq!(argument(kept), None, "{kept}");
        }
        let value = |text: &str| value_with(text, home);
        assert_eq!(value("~/x.txt").as_deref(), Some("/home/me/x.txt"));
        assert_eq!(value("Some(\"~/y\")").as_deref(), Some("Some(\"/home/me/y\")"));
        assert_eq!(value_with("\"~/y\"", Path::new("/a\"b")).as_deref(), Some("\"/a\\\"b/y\""));
        assert_eq!(value("x.txt"), None);
    }
}
