//! Commands that change how the app looks while it runs.

use super::app::App;
use super::theme::Looks;

/// Changes to the next theme.
pub fn next_theme(app: &mut App) {
    let looks = app.theme.looks();
    app.set_looks(Looks { theme: looks.theme.next(), ..looks });
    say(app, format!("theme {}", app.theme.looks().theme));
}

/// Changes to the next ramp of the heat maps.
pub fn next_ramp(app: &mut App) {
    let looks = app.theme.looks();
    app.set_looks(Looks { ramp: looks.ramp.next(), ..looks });
    say(app, format!("ramp {}", app.theme.looks().ramp));
}

/// Changes to the next set of characters.
pub fn next_glyphs(app: &mut App) {
    let looks = app.theme.looks();
    app.set_looks(Looks { glyphs: looks.glyphs.next(), ..looks });
    app.notice = Some(format!("glyphs {}", app.theme.glyphs));
}

/// Shows a notice of the new look, with the reason if nothing changes for lack of colours.
fn say(app: &mut App, what: String) {
    let looks = app.theme.looks();
    app.notice = Some(if app.theme.coloured() {
        what
    } else if looks.depth == app.theme.depth {
        format!("{what}, but this terminal has no colours (--color {})", looks.depth)
    } else {
        format!("{what}: no colours")
    });
}
