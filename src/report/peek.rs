//! `spinntui peek`: a PE from the inside, for people and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::table::{Table, WIDTH, field, grouped, percent};
use crate::chip::clock::{Tick, us};
use crate::chip::geometry::Pe;
use crate::machine::legend::PopulationId;
use crate::session::Session;
use crate::session::inspect::{
    CodeView, CoreView, MemoryView, NeuronView, NeuronsView, SpikingPage, TickView, UnitLinks, UnitView,
};
use crate::session::snapshot::{Inspection, PartView, PeStatus};
use crate::text::several;

/// Column at which values begin.
const INDENT: usize = 13;
/// Number of words before and behind the requested one.
const AROUND: usize = 32;
/// Coming sums of a spiking neuron in the table.
const SUMS: usize = 4;

/// Result of an inspection, with its time and place.
#[derive(Clone, Debug, Serialize)]
pub struct PeekReport {
    /// Version of these fields.
    pub version: u32,
    /// Scene as given.
    pub scene: String,
    /// Name of the model.
    pub model: String,
    /// Completed time steps.
    pub steps: u64,
    /// Number of events of the machine's queue handled so far.
    pub events: u64,
    /// Chip time, µs.
    pub chip_time_us: f64,
    /// x, y, p.
    pub pe: (u8, u8, u8),
    /// Layers in network order: what numbers of layers stand for.
    pub layers: Vec<String>,
    /// Reason for which the machine stopped before the place was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Inspection of the place.
    #[serde(flatten)]
    pub inspection: Inspection,
}

impl PeekReport {
    /// Version of the JSON fields.
    pub const VERSION: u32 = 3;

    /// Creates the report of an inspection.
    pub fn of(session: &Session, inspection: Inspection, stopped: Option<String>) -> Self {
        let pe = Pe::from_index(inspection.request.place.pe);
        let place = pe.map_or((0, 0, 0), |pe| (pe.qpe().x, pe.qpe().y, pe.p()));
        Self {
            version: Self::VERSION,
            scene: session.loaded.path.display().to_string(),
            model: session.model().card().name.clone(),
            steps: session.steps(),
            events: session.machine().state().events,
            chip_time_us: us(session.tick()),
            pe: place,
            layers: session.program().populations.iter().map(|layer| layer.name.clone()).collect(),
            stopped,
            inspection,
        }
    }

    /// Returns the report as JSON, for programs.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Returns the report as text, for people.
    pub fn to_text(&self) -> String {
        let (x, y, p) = self.pe;
        let mut out = String::new();
        let steps = grouped(self.steps);
        let when = format!("after {steps} time steps, {:.1} µs of chip time", self.chip_time_us);
        field(&mut out, INDENT, &format!("PE({x},{y},{p})"), &when);
        match &self.inspection.view {
            None => field(&mut out, INDENT, "", "no program: this PE sleeps"),
            Some(PartView::Core(core)) => Self::core(core, &mut out),
            Some(PartView::Memory(memory)) => self.memory(memory, &mut out),
            Some(PartView::Neurons(neurons)) => self.neurons(neurons, &mut out),
            Some(PartView::SpikingNeurons(page)) => Self::spiking(page, &mut out),
            Some(PartView::Code(code)) => Self::code(code.as_deref(), &mut out),
        }
        out
    }

    fn code(code: Option<&CodeView>, out: &mut String) {
        let Some(code) = code else {
            return field(out, INDENT, "", "no routine of this PE has machine code");
        };
        let of = format!("{} of {}, level {}", code.function, code.file, code.level.name());
        field(out, INDENT, "code", &of);
        for line in &code.listing {
            let text = format!("{:28} {:>9}  {}", line.text, line.cycles, line.why);
            field(out, INDENT, &format!("{:05x}", line.address), text.trim_end());
        }
    }

    fn core(core: &CoreView, out: &mut String) {
        let since = |tick: Tick| format!("{:.1} µs", us(core.now.saturating_sub(tick)));
        let left = |tick: Tick| format!("{:.1} µs", us(tick.saturating_sub(core.now)));
        let mut row = |name: &str, value: String| field(out, INDENT, name, &value);
        row("status", status(core.status).to_owned());
        let span = core.ends.map(|ends| format!(", {} left", left(ends))).unwrap_or_default();
        row("operation", format!("{}; for {}{span}", core.operation, since(core.began)));
        if let Some(waits) = &core.waits {
            row("waits for", waits.clone());
        }
        for slot in &core.slots {
            let (x, y) = (slot.x, slot.y);
            let blocks = if core.ticks.is_some() {
                several(u64::from(slot.units), "neuron")
            } else {
                format!("x {} of {} blocks, y {} of {}", x.0, x.1, y.0, y.1)
            };
            let sample = if slot.sample > 0 { format!(" sample {}", slot.sample) } else { String::new() };
            row(&format!("{}{sample}", slot.layer), format!("#{}: {blocks}", slot.step));
        }
        if let Some(ticks) = &core.ticks {
            row("ticks", ticks_text(ticks));
        }
        row("packets", format!("{} received, {} sent", grouped(core.received), grouped(core.sent)));
        row("busy", percent(core.duty));
        if let Some(s) = &core.sending {
            let by = if s.by_engine { "DMA engine" } else { "core" };
            let text = format!(
                "packet {} of {} to target {} of {}, by the {by}",
                s.packet, s.packets, s.target, s.targets
            );
            row("sending", text);
        }
        if let Some(dma) = &core.dma {
            let end = dma.ends.map(|ends| format!(", {} left", left(ends))).unwrap_or_default();
            row("DMA", format!("{}{end}", dma.text));
        }
        if let Some(fifo) = &core.fifo {
            let lost = format!("{} dropped, {} overwritten", fifo.dropped, fifo.overwritten);
            let text =
                format!("{} of {} packets, {} at most; {lost}", fifo.fill, fifo.capacity, fifo.high_water);
            row("FIFO", text);
        }
        let text = format!("{} handled, {} pending", grouped(core.interrupts), core.handlers.len());
        row("interrupts", text);
        for handler in &core.handlers {
            row("", format!("{} in {}", handler.text, left(handler.ends)));
        }
        if !core.timer_log.is_empty() {
            let log: Vec<String> = core.timer_log.iter().map(u32::to_string).collect();
            row("debug log", format!("{} µs", log.join(" ")));
        }
        if let Some(fault) = &core.fault {
            row("fault", fault.clone());
        }
        out.push('\n');
        Self::program(core, out);
        out.push('\n');
        banks(core, out);
    }

    fn program(core: &CoreView, out: &mut String) {
        let mut table = Table::new(&["program", "layer", "last µs", "by timer µs"]);
        for (number, operation) in (0..).zip(&core.operations) {
            let mark = if number == core.current { "> " } else { "  " };
            let timer = core.timers.iter().find(|timer| timer.phase == operation.phase);
            table.row(vec![
                format!("{mark}{}", operation.phase.name),
                operation.layer.clone(),
                timer.map_or_else(String::new, |timer| format!("{:.1}", timer.time_us)),
                timer.map_or_else(String::new, |timer| timer.counted_us.to_string()),
            ]);
        }
        table.write(out);
    }

    fn memory(&self, memory: &MemoryView, out: &mut String) {
        let mut table = Table::new(&["from", "to", "bytes", "owner"]).last_left();
        for region in &memory.map {
            table.row(vec![
                format!("{:05x}", region.start),
                format!("{:05x}", region.end.saturating_sub(1)),
                grouped(u64::from(region.end - region.start)),
                region.name.clone(),
            ]);
        }
        out.push('\n');
        table.write(out);
        out.push('\n');
        let at = self.inspection.request.place.at & !3;
        let place = memory.words.iter().position(|word| word.address == at).unwrap_or(0);
        let shown = memory.words.iter().skip(place.saturating_sub(AROUND)).take(2 * AROUND);
        for word in shown {
            let mark = if word.address == at { '>' } else { ' ' };
            // Several numbers in a word stand below, when it is the one asked for.
            let value = if let [one] = &word.elements[..] { one.value.as_str() } else { "" };
            let head = format!("{mark}{:05x} {:08x} {value:>11} ", word.address, word.bits);
            field(out, head.chars().count(), &head, &word.label);
        }
        let Some(word) = memory.word(at) else { return };
        out.push('\n');
        for element in &word.elements {
            let value = format!("{} = {}", element.text, element.value);
            field(out, INDENT, &format!("{:05x}", element.label.address()), &value);
        }
        if let Some(link) = &word.link {
            field(out, INDENT, "leads to", &format!("{} at {}", link.to, place_text(link.place.at)));
        }
    }

    fn neurons(&self, page: &NeuronsView, out: &mut String) {
        out.push('\n');
        let mut table = Table::new(&["no.", "unit", "c before", "θ", "", "y", "c after", "z", "r", "g"]);
        let number = |value: f32| format!("{value:.4}");
        for unit in &page.units {
            let UnitView { c_before, c, theta, z, r, g, y, event, .. } = *unit;
            let mut row = vec![unit.number.to_string(), format!("{}:{}", self.layer(unit.layer), unit.unit)];
            row.extend([c_before, theta].map(number));
            row.push(if event { "*" } else { "" }.to_owned());
            row.extend([y, c, z, r, g].map(number));
            table.row(row);
        }
        table.write(out);
        let (first, last) = (page.before, page.before as usize + page.units.len());
        if (page.units.len() as u32) < page.total {
            let _ = writeln!(out, "places {first} to {} of {}", last.saturating_sub(1), page.total);
        }
        let Some(links) = &page.links else { return };
        if let Some(unit) = page.units.iter().find(|unit| unit.number == links.number) {
            out.push('\n');
            field(out, INDENT, "unit", &format!("{} of {}", unit.unit, self.layer(unit.layer)));
            field(out, INDENT, "c", "before the reset, compared with θ (* above it: y sent), and after it");
            field(out, INDENT, "z, r, g", &unit.gates.text());
        }
        Self::links(links, out);
    }

    fn spiking(page: &SpikingPage, out: &mut String) {
        out.push('\n');
        let _ = writeln!(out, "{}: {}", page.population, page.ticks());
        out.push('\n');
        let first = page.neurons.first();
        let has = |test: fn(&NeuronView) -> bool| first.is_some_and(test);
        let (current, inhibition) = (has(|of| of.i.is_some()), has(|of| of.inhibition.is_some()));
        let sums = first.map_or(0, |neuron| neuron.sums.len().min(SUMS)) as u32;
        let mut heads: Vec<String> = ["no.", "neuron", "v", "θ", "s"].map(str::to_owned).to_vec();
        heads.extend(current.then(|| "i".to_owned()));
        heads.extend(inhibition.then(|| "i inh".to_owned()));
        heads.extend((0..sums).map(|ahead| format!("sum #{}", page.next + ahead)));
        let mut table = Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());
        let number = |value: f32| format!("{value:.4}");
        for neuron in &page.neurons {
            let mut row = vec![neuron.number.to_string(), neuron.neuron.to_string(), number(neuron.v)];
            row.push(neuron.theta.map_or_else(String::new, number));
            row.push(match neuron.spikes {
                None | Some(0) => String::new(),
                Some(1) => "*".to_owned(),
                Some(count) => count.to_string(),
            });
            row.extend(neuron.i.map(number));
            row.extend(neuron.inhibition.map(number));
            row.extend(neuron.sums.iter().take(sums as usize).map(|&sum| number(sum)));
            table.row(row);
        }
        table.write(out);
        let (first, last) = (page.before, page.before as usize + page.neurons.len());
        if (page.neurons.len() as u32) < page.total {
            let _ = writeln!(out, "places {first} to {} of {}", last.saturating_sub(1), page.total);
        }
        let Some(links) = &page.links else { return };
        if let Some(neuron) = page.neurons.iter().find(|neuron| neuron.number == links.number) {
            out.push('\n');
            field(out, INDENT, "neuron", &format!("{} of {}", neuron.neuron, page.population));
            if page.scale.to_bits() != 1.0_f32.to_bits() {
                let text = format!("values in units of the model; the SRAM holds them times {}", page.scale);
                field(out, INDENT, "scale", &text);
            }
        }
        Self::links(links, out);
    }

    fn links(links: &UnitLinks, out: &mut String) {
        let spots: Vec<String> =
            links.spots.iter().map(|spot| format!("{:05x} {}", spot.address, spot.name)).collect();
        for (number, pair) in spots.chunks(2).enumerate() {
            let width = (WIDTH - INDENT) / 2;
            let name = if number == 0 { "bytes" } else { "" };
            let text = match pair {
                [left, right] => format!("{name:<INDENT$}{left:<width$}{right}"),
                rest => format!("{name:<INDENT$}{}", rest.concat()),
            };
            let _ = writeln!(out, "{}", text.trim_end());
        }
        field(out, INDENT, "sent", &links.packet);
        for (number, receiver) in links.receivers.iter().enumerate() {
            field(out, INDENT, if number == 0 { "received by" } else { "" }, &receiver.text);
        }
    }

    fn layer(&self, layer: PopulationId) -> &str {
        self.layers.get(usize::from(layer)).map_or("?", String::as_str)
    }
}

fn ticks_text(ticks: &TickView) -> String {
    let period = ticks.period_us.map_or("as long as needed".to_owned(), |us| format!("{us:.0} µs each"));
    let late = if ticks.overruns > 0 || ticks.misread > 0 {
        format!(
            "; {} overran, {} lost, {} misread",
            several(ticks.overruns.into(), "tick"),
            ticks.lost,
            several(ticks.misread, "spike")
        )
    } else {
        String::new()
    };
    let (last, longest) = (ticks.last_us, ticks.longest_us);
    format!(
        "{period}; the last took {last:.1} µs here, the longest {longest:.1} µs (#{}){late}",
        ticks.longest_step
    )
}

fn place_text(at: u32) -> String {
    format!("{at:05x}")
}

const fn status(status: PeStatus) -> &'static str {
    match status {
        PeStatus::Unused => "unused",
        PeStatus::Sleeping => "sleeps",
        PeStatus::Polling => "polls",
        PeStatus::Busy => "busy",
        PeStatus::Dma => "waits for its DMA",
        PeStatus::Halted => "halted",
        PeStatus::Faulted => "faulted",
    }
}

fn banks(core: &CoreView, out: &mut String) {
    let mut table = Table::new(&["bank", "bytes", "core", "NoC", "DMA", "conflicts"]);
    for (number, (count, bytes)) in core.banks.iter().zip(core.bank_bytes).enumerate() {
        let mut row = vec![number.to_string(), grouped(u64::from(bytes))];
        row.extend([count.core, count.noc, count.dma, count.conflicts()].map(grouped));
        table.row(row);
    }
    table.write(out);
}
