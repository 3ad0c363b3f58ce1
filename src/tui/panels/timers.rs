//! Panel 5: where the time goes. One bar per phase and layer, as the paper's Fig. 2: this token,
//! the mean since the start, and the share of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{PanelId, View, idle};
use crate::chip::clock::us;
use crate::session::opening::STEPS;
use crate::session::snapshot::{PhaseId, PhaseView, PopulationId};
use crate::tui::panels::frame::frame;
use crate::tui::widgets::{
    bars, columns_from, columns_to, put_at, put_line, put_right, rows_from, rows_to, shorten, units,
};

/// Fewest rows below the heading at which the last one shows the uses of the critical path.
const PATH_FROM: u16 = 9;

/// Row of the panel: a name, its times, its layer if it is about one.
struct Row {
    name: String,
    phase: PhaseId,
    layer: Option<PopulationId>,
    step_us: f64,
    mean_us: f64,
    share: f64,
}

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let legend = Line::from(Span::styled("slowest PE · mean since start", theme.dim()));
    let inner = frame(view, PanelId::Timers, "time per phase", legend, area, buf);
    let inner =
        if inner.width > 4 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
    if view.snapshot.steps == 0 {
        idle(view, PanelId::Timers, inner, buf);
        return;
    }
    let step = us(view.snapshot.step_ticks);
    let mut head = vec![
        Span::styled(format!("this {} ", view.step_word()), theme.dim()),
        Span::styled(units::time_us(step), theme.strong()),
        Span::styled(" · ", theme.dim()),
        Span::styled(units::joules(view.snapshot.energy.step_j), theme.strong()),
    ];
    let used = head.iter().map(|span| span.content.chars().count()).sum::<usize>();
    let real = real_time(view, usize::from(inner.width).saturating_sub(used + 3));
    if let Some(real) = &real {
        head.extend([Span::styled(" · ", theme.dim()), real.clone()]);
    }
    let rest = put_line(buf, inner, Line::from(head));
    let uses = path_line(view, inner.width).map(|text| Span::styled(text, theme.dim()));
    let below = if real.is_none() { real_time(view, usize::from(inner.width)) } else { None };
    let foot = uses.or(below).filter(|_| rest.height >= PATH_FROM);
    let reserved = 1 + u16::from(foot.is_some());
    let rows = rows(view, usize::from(rest.height.saturating_sub(reserved)));
    let wide = inner.width >= 56;
    put_right(
        buf,
        rest,
        Line::styled(if wide { "this µs   mean µs    share" } else { "mean µs   share" }, theme.dim()),
    );
    let mut rest = rows_from(rest, 1);
    let longest = rows.iter().map(|row| row.mean_us).fold(0.0, f64::max);
    for row in &rows {
        draw_row(view, row, longest, wide, rows_to(rest, 1), buf);
        rest = rows_from(rest, 1);
    }
    if let Some(foot) = foot {
        put_line(buf, rest, Line::from(foot));
    }
}

/// Returns chip time beside real time, in the longest wording that fits in `width` columns; nothing
/// where inputs have no time, or if no wording fits.
fn real_time(view: &View<'_>, width: usize) -> Option<Span<'static>> {
    let real = view.snapshot.real_time.as_ref()?;
    let theme = view.theme();
    let (factor, slack) = (real.factor, 100.0 * real.slack);
    let texts = [
        format!("real time × {factor:.2} at least, slack {slack:.0} % ({})", real.pe),
        format!("real time × {factor:.2}, slack {slack:.0} %"),
    ];
    let text = texts.into_iter().find(|text| text.chars().count() <= width)?;
    let style = if real.factor < 1.0 { theme.warn() } else { theme.text() };
    Some(Span::styled(text, style))
}

/// Returns the uses of the critical path, in the longest wording that fits in `width` columns.
///
/// `None` if they are not known, or if no wording fits.
fn path_line(view: &View<'_>, width: u16) -> Option<String> {
    let (uses, last) = view.snapshot.path_uses?;
    let word = view.step_word();
    let of = if last { format!("this {word}") } else { format!("the first {STEPS} {word}s") };
    let rest = uses.handlers + uses.dma + uses.timer + uses.other;
    let parts = [uses.loads_stores, uses.arithmetic, uses.branches, uses.noc, rest];
    let others = if uses.timer > 0 { "handlers, timers, inputs" } else { "handlers, DRAM, host" };
    let names = [
        ["loads and stores", "arithmetic", "branches", "NoC", others],
        ["loads/stores", "arithmetic", "branches", "NoC", "other"],
        ["ld/st", "arith", "br", "NoC", "other"],
    ];
    let heads = [format!("critical path of {of}:"), format!("path of {of}:"), "path:".to_owned()];
    let texts = heads.into_iter().zip(names).map(|(head, names)| {
        let parts = names.into_iter().zip(parts);
        let parts: Vec<String> =
            parts.map(|(name, ticks)| format!("{name} {:.0} %", 100.0 * uses.share(ticks))).collect();
        format!("{head} {}", parts.join(" · "))
    });
    texts.into_iter().find(|text| text.chars().count() <= usize::from(width))
}

/// Returns the rows of the phases in order, and below each those of its layers: of the longest
/// phases first, as far as `fitting` rows go.
fn rows(view: &View<'_>, fitting: usize) -> Vec<Row> {
    let groups: Vec<Vec<Row>> =
        view.snapshot.setup.legend.ids().map(|phase| group(view, phase)).filter(|g| !g.is_empty()).collect();
    let mut by_share: Vec<usize> = (0..groups.len()).collect();
    by_share.sort_by(|&a, &b| groups[b][0].share.total_cmp(&groups[a][0].share));
    let mut used = groups.len();
    let mut whole = vec![false; groups.len()];
    for index in by_share {
        let more = groups[index].len() - 1;
        if used + more <= fitting {
            used += more;
            whole[index] = true;
        }
    }
    let cut =
        groups.into_iter().zip(whole).map(|(group, whole)| (if whole { group.len() } else { 1 }, group));
    cut.flat_map(|(rows, group)| group.into_iter().take(rows)).collect()
}

/// Returns the row of a phase's sum over the layers, then rows of the layers, if there are several.
fn group(view: &View<'_>, phase: PhaseId) -> Vec<Row> {
    let of_phase: Vec<&PhaseView> = view.snapshot.phases.iter().filter(|view| view.phase == phase).collect();
    if of_phase.is_empty() {
        return Vec::new();
    }
    let sum = |value: fn(&PhaseView) -> f64| of_phase.iter().map(|view| value(view)).sum();
    let total = Row {
        name: view.snapshot.setup.legend.phase(phase).to_owned(),
        phase,
        layer: None,
        step_us: sum(|v| v.time_us),
        mean_us: sum(|v| v.mean_us),
        share: sum(|v| v.share),
    };
    let layers = of_phase.iter().filter(|_| of_phase.len() > 1).map(|v| Row {
        name: format!("  {}", view.layer_name(v.layer)),
        phase,
        layer: Some(v.layer),
        step_us: v.time_us,
        mean_us: v.mean_us,
        share: v.share,
    });
    std::iter::once(total).chain(layers).collect()
}

fn draw_row(view: &View<'_>, row: &Row, longest: f64, wide: bool, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let ink = theme.phase(view.snapshot.setup.legend.role(row.phase));
    let name_style = if row.layer.is_some() { theme.dim() } else { ink };
    put_at(buf, area, (0, 0), &shorten(&row.name, 13), name_style);
    let percent = row.share * 100.0;
    let figures = if wide {
        format!("{:>9.1} {:>9.1} {percent:>6.1} %", row.step_us, row.mean_us)
    } else {
        format!("{:>6.1} {percent:>5.1} %", row.mean_us)
    };
    let bar = columns_from(area, 14);
    let bar = columns_to(bar, bar.width.saturating_sub(figures.chars().count() as u16 + 1));
    let fraction = if longest > 0.0 { row.mean_us / longest } else { 0.0 };
    bars::bar(buf, bar, fraction, if row.layer.is_some() { theme.dim() } else { ink }, theme);
    put_right(buf, area, Line::raw(figures));
}
