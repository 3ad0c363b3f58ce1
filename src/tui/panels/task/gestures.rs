//! Gesture recognition's panel: what the camera sees, how the classes stand, truth and answer, and
//! how often they agree.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::idle::{self, Next};
use super::{TaskPanel, confusion, picture};
use crate::task::dvs::view::{GestureView, SampleView};
use crate::text::several;
use crate::tui::panels::figures::Unit;
use crate::tui::panels::frame::frame;
use crate::tui::panels::{Entry, PanelId, View};
use crate::tui::theme::Theme;
use crate::tui::widgets::{
    bars, big, columns_from, columns_to, put_at, put_line, put_right, rows_from, rows_to, shorten, units,
};

/// Columns below which class bars say nothing.
const BARS_LEAST: u16 = 16;
/// Columns of the shortest bar that still shows something, with the gaps around it.
const BAR_LEAST: u16 = 6;
/// Columns of a class's percentage.
const PERCENT: u16 = 6;

/// Marks and words of the panel.
const HELP: &[Entry] = &[
    ("picture", "the frame: where it became brighter (ON), darker (OFF)"),
    ("bars", "probability of each class, from the frames so far"),
    ("mark", "before a bar: the class that the sample is labelled with"),
    ("bold", "the class that leads: the answer if the sample ended"),
    ("accuracy", "share of the labelled samples answered rightly"),
    ("12 of 45", "number of the sample, and how many there are"),
    ("last samples", "right, wrong, or ? without a label; newest at the right"),
    ("matrix", "row: the label; column: the answer; the diagonal is right"),
];

impl TaskPanel for GestureView {
    fn render(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let theme = view.theme();
        let right = format!("frame {} of {}", self.frame, self.frames);
        let inner = frame(view, PanelId::Task, &right, picture::legend(self.bin_us, theme), area, buf);
        let inner =
            if inner.width > 4 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
        if view.snapshot.steps == 0 && !self.upcoming.is_empty() {
            return before(view, self, inner, buf);
        }
        let head = if inner.height >= 18 { big::ROWS } else { 1 };
        accuracy(self, theme, rows_to(inner, head), buf);
        let rest = put_line(buf, rows_from(inner, head), now(self, theme, inner.width));
        body(self, theme, rest, buf);
    }

    fn figures(&self) -> Vec<(&'static str, Option<f64>, Unit)> {
        let leads = self.leader().and_then(|leads| self.classes.get(leads));
        vec![
            ("accuracy", self.accuracy(), Unit::Share),
            ("right answers", Some(self.correct as f64), Unit::Count),
            ("leading class", leads.map(|class| f64::from(class.probability)), Unit::Share),
        ]
    }

    fn help(&self) -> &'static [Entry] {
        HELP
    }
}

/// Draws a description of the network and the first samples to come, before the first frame.
fn before(view: &View<'_>, gestures: &GestureView, area: Rect, buf: &mut Buffer) {
    let what = format!(
        "A network that sees what an event camera reports, and says after each frame ({} ms) which gesture it is.",
        gestures.bin_us as f64 / 1e3
    );
    let row = |sample: &SampleView| {
        let label = sample.label.and_then(|label| gestures.classes.get(label));
        match label {
            Some(class) => format!("{}: {}", class.name, sample.source),
            None => format!("no label: {}", sample.source),
        }
    };
    let frames = several(gestures.frames.into(), "frame");
    let heading = format!("{} of {frames}, the first:", several(gestures.samples, "sample"));
    let next = Next::Rows(heading, gestures.upcoming.iter().map(row).collect());
    idle::render(view, &what, &next, area, buf);
}

/// Draws the picture with the class bars beside it; below, the last answers and the confusion
/// matrix where there is room.
fn body(gestures: &GestureView, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let matrix = confusion::rows(gestures) + 1;
    let classes = gestures.classes.len() as u16;
    // The matrix comes before a larger picture, but not before a picture at all.
    let with_matrix = area.height >= matrix + 8.max(classes) && confusion::fits(gestures, area);
    let upper = if with_matrix { rows_to(area, area.height - matrix) } else { area };
    let room = columns_to(upper, upper.width.saturating_sub(BARS_LEAST + 1));
    let pictured = picture::size(room).unwrap_or((0, 0));
    picture::draw(&gestures.picture, theme, rows_to(columns_to(upper, pictured.0), pictured.1), buf);
    let beside = columns_from(upper, if pictured.0 > 0 { pictured.0 + 1 } else { 0 });
    let after = bars_of(gestures, theme, beside, buf);
    let used = pictured.1.max(classes).min(upper.height);
    if !with_matrix || used > classes + 1 {
        latest(gestures, theme, rows_from(after, 1), buf);
    }
    if with_matrix {
        confusion::draw(gestures, theme, rows_from(area, used + 1), buf);
    }
}

/// Draws the share of right answers so far, in big digits, with the counts beside it.
fn accuracy(gestures: &GestureView, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let value = gestures.accuracy().map_or_else(|| "-".to_owned(), |share| format!("{:.1}", share * 100.0));
    let scope =
        format!("{} of {} labelled samples", units::count(gestures.correct), units::count(gestures.judged));
    if gestures.judged == 0 {
        put_line(buf, area, Line::styled("no labelled sample is judged yet", theme.dim()));
        return;
    }
    if area.height < big::ROWS {
        let line = vec![
            Span::styled("accuracy ", theme.dim()),
            Span::styled(format!("{value} %"), theme.strong()),
            Span::styled(format!(" {scope}"), theme.dim()),
        ];
        put_line(buf, area, Line::from(line));
        return;
    }
    big::big(buf, area, &value, theme.strong(), theme.glyphs);
    let beside = columns_from(area, big::width(&value) + 2);
    let rest = put_line(buf, beside, Line::styled("% accuracy", theme.strong()));
    let rest = put_line(buf, rest, Line::styled(scope, theme.text()));
    put_line(buf, rest, Line::styled(shorten(&gestures.note, usize::from(rest.width)), theme.dim()));
}

/// Returns a line with the sample under way and its label.
fn now<'a>(gestures: &'a GestureView, theme: &Theme, width: u16) -> Line<'a> {
    let number = format!("{} of {} ", gestures.sample + 1, gestures.samples);
    let label = gestures.label.and_then(|label| gestures.classes.get(label));
    let label = label.map_or("no label".to_owned(), |class| format!("label {}", class.name));
    let room = usize::from(width).saturating_sub(number.len() + label.len() + 2);
    Line::from(vec![
        Span::styled(number, theme.dim()),
        Span::styled(label, theme.strong()),
        Span::styled(format!("  {}", shorten(&gestures.source, room)), theme.dim()),
    ])
}

/// Draws a bar for each class, the label marked and the leader bold; returns the area below.
fn bars_of(gestures: &GestureView, theme: &Theme, area: Rect, buf: &mut Buffer) -> Rect {
    let leader = gestures.leader();
    let longest = gestures.classes.iter().map(|class| class.name.len() as u16).max().unwrap_or(0);
    // Short names where the long ones would leave no room for bars.
    let room = area.width.saturating_sub(PERCENT + 2) * 3 / 5;
    let short = longest > room;
    let shortest = gestures.classes.iter().map(|class| class.short.len() as u16).max().unwrap_or(0);
    let names = if short { shortest.min(area.width.saturating_sub(PERCENT + BAR_LEAST)) } else { longest };
    for (index, class) in gestures.classes.iter().enumerate() {
        let row = rows_to(rows_from(area, index as u16), 1);
        let marks = (gestures.label == Some(index), leader == Some(index));
        let name = if short { &class.short } else { &class.name };
        bar_of((name, class.probability), marks, names, theme, row, buf);
    }
    rows_from(area, gestures.classes.len() as u16)
}

fn bar_of(
    (name, probability): (&str, f32),
    (labelled, leads): (bool, bool),
    names: u16,
    theme: &Theme,
    row: Rect,
    buf: &mut Buffer,
) {
    let mark = if labelled { theme.glyphs.pick("▸", ">") } else { " " };
    put_at(buf, row, (0, 0), mark, theme.accent());
    let style = if leads { theme.strong() } else { theme.dim() };
    put_at(buf, row, (1, 0), &shorten(name, usize::from(names)), style);
    let room = columns_from(row, names + 2);
    let bar = columns_to(room, room.width.saturating_sub(PERCENT));
    let ink = match (leads, labelled) {
        (true, true) => theme.good(),
        (true, false) => theme.warn(),
        _ => theme.heat_ink(probability),
    };
    bars::bar(buf, bar, f64::from(probability), ink, theme);
    put_right(buf, row, Line::styled(format!("{:.0} %", probability * 100.0), style));
}

/// Draws the last answers, one mark each: right, wrong, or without a label.
fn latest(gestures: &GestureView, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.height == 0 || gestures.recent.is_empty() {
        return;
    }
    let title = "last samples ";
    let room = usize::from(area.width).saturating_sub(title.len());
    let first = gestures.recent.len().saturating_sub(room);
    let mut spans = vec![Span::styled(title, theme.dim())];
    for &(label, answer) in &gestures.recent[first..] {
        spans.push(match (label, theme.glyphs) {
            (None, _) => Span::styled("?", theme.dim()),
            (Some(label), glyphs) if label == answer => Span::styled(glyphs.pick("✓", "v"), theme.good()),
            (Some(_), glyphs) => Span::styled(glyphs.pick("✗", "x"), theme.bad()),
        });
    }
    put_line(buf, area, Line::from(spans));
}
