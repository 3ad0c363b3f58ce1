//! The report for people: what matters first, units on everything, 80 columns.

use super::board::LinkUse;
use super::levels::ARRIVAL;
use super::table::{Table, field, grouped, percent};
use super::{Bank, Layer, MacUse, PhaseTime, Report, UntrappedCount, work};
use crate::machine::options::Waiting;
use crate::task::figures::Figures;
use crate::task::spikes::view::SpikeFigures;
use crate::text::{several, visible_line};

/// Column at which values begin.
const INDENT: usize = 13;
/// Links between chips that the text lists.
const BUSIEST_LINKS: usize = 8;
/// Samples that the text lists.
const SAMPLES_SHOWN: usize = 40;
/// Layers beside each other in the table of phases.
const LAYERS_BESIDE: usize = 4;

impl Report {
    /// Formats the report as text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.head(&mut out);
        self.results(&mut out);
        self.phase_table(&mut out);
        self.path_lines(&mut out);
        self.board_table(&mut out);
        self.layer_table(&mut out);
        work::count_table(&self.counts, &mut out);
        self.memory_lines(&mut out);
        self.findings(&mut out);
        self.outside(&mut out);
        out
    }

    fn head(&self, out: &mut String) {
        if !self.title.is_empty() {
            field(out, 0, "", &self.title);
        }
        field(out, INDENT, "scene", &self.scene);
        for edit in &self.set {
            field(out, INDENT, "  --set", edit);
        }
        field(out, INDENT, "model", &self.model);
        let waiting = match self.chip.waiting {
            Waiting::Poll => "poll",
            Waiting::Sleep => "sleep",
        };
        let chip = format!(
            "{} PEs at {} MHz, {} V; waiting PEs {waiting}",
            self.chip.pes_used, self.chip.clock_mhz, self.chip.supply_v
        );
        field(out, INDENT, "chip", &chip);
        let run = format!(
            "{} of {} time steps; complete sequences of {}: {}",
            grouped(self.steps),
            grouped(self.input_steps),
            grouped(u64::from(self.sequence_length)),
            grouped(self.sequences)
        );
        let streams = match self.batch {
            1 => String::new(),
            n => format!("; {n} streams side by side"),
        };
        field(out, INDENT, "run", &(run + &streams));
        if let Some(reason) = &self.stopped {
            field(out, INDENT, "STOPPED", reason);
        }
        if let Some(hit) = &self.hit {
            field(out, INDENT, "hit", &hit.condition);
            let place =
                format!("at {:.3} µs, {}, event {}", hit.time_us, hit.step_text(), grouped(hit.event));
            field(out, INDENT, "", &place);
        }
        out.push('\n');
    }

    fn results(&self, out: &mut String) {
        let steps = self.steps.max(1) as f64;
        let time = format!(
            "{:.3} ms, {} PE cycles; {:.1} µs a step",
            self.chip_time_us / 1e3,
            grouped(self.cycles),
            self.chip_time_us / steps
        );
        field(out, INDENT, "chip time", &time);
        if let Some([low, high]) = self.chip_time_range_us {
            let range = format!(
                "{:.3} to {:.3} ms for a branch refill of 1 to 3 cycles (not published; taken as {})",
                low / 1e3,
                high / 1e3,
                self.assume.branch_refill
            );
            field(out, INDENT, "", &range);
        }
        if let Some([low, high]) = self.chip_time_memory_range_us {
            let range = format!(
                "{:.3} to {:.3} ms for wait states and fetch conflicts that CoreMark leaves room for, DMA and DRAM at half \
                 rate (not published; taken as {} %, {} NoC cycles a beat, {} B/µs a port)",
                low / 1e3,
                high / 1e3,
                self.assume.sram_stall_percent,
                self.assume.dma_beat_noc_cycles,
                self.assume.dram_bytes_per_us
            );
            field(out, INDENT, "", &range);
        }
        let energy = format!(
            "{:.4} J; {:.3} mJ a step; mean power {:.3} W",
            self.energy_j,
            self.energy_per_step_j * 1e3,
            self.power_w
        );
        field(out, INDENT, "energy", &energy);
        let parts = &self.energy_parts;
        let operations: f64 = parts.operations.iter().map(|o| o.energy_j).sum();
        let share = |joules: f64| percent(if self.energy_j > 0.0 { joules / self.energy_j } else { 0.0 });
        let went = format!(
            "of it: chip without PEs {}, sleep power of all PEs {}, above it operations {}, interrupts {}, \
             polling {}",
            share(parts.chip_j),
            share(parts.asleep_j),
            share(operations),
            share(parts.interrupts_j),
            share(parts.polling_j),
        );
        field(out, INDENT, "", &went);
        if let Some(mac) = &self.mac_array {
            field(out, INDENT, "MAC arrays", &mac.line(parts.mac_array_j, self.energy_j));
        }
        if let Some(UntrappedCount { unaligned, divided_by_zero }) = self.untrapped {
            let (unaligned, by_zero) = (grouped(unaligned), grouped(divided_by_zero));
            let text =
                format!("unaligned accesses {unaligned}, divisions by 0 {by_zero}: faults with assume.traps");
            field(out, INDENT, "machine code", &text);
        }
        self.task_fields(out);
        if let Some(ticks) = &self.ticks {
            let (length, late) = ticks.lines();
            field(out, INDENT, "ticks", &length);
            if self.sum_order == Some(ARRIVAL) {
                let said = "in the order in which spikes arrived: their last bits depend on the partition (mapping.order)";
                field(out, INDENT, "sums", said);
            }
            if let Some(levels) = &self.dvfs {
                field(out, INDENT, "DVFS", &levels.line());
            }
            for (number, line) in late.iter().enumerate() {
                field(out, INDENT, if number == 0 { "OVERRUNS" } else { "" }, line);
            }
        }
        if let Some(real_time) = &self.real_time {
            field(out, INDENT, "real time", &work::real_time(real_time));
        }
        if let Some(transformer) = &self.transformer {
            let labels = ["rates", "energy", "", "context"];
            for (label, line) in labels.into_iter().zip(transformer.lines()) {
                field(out, INDENT, label, &line);
            }
        }
        let host = format!("{:.2} s on this machine, {:.1} steps/s", self.host.wall_s, self.host.steps_per_s);
        field(out, INDENT, "emulated in", &host);
        field(out, INDENT, "output hash", &self.output_hash);
        field(out, INDENT, "state hash", &self.state_hash);
        out.push('\n');
        self.sample_table(out);
    }

    /// Writes the figures of the task.
    fn task_fields(&self, out: &mut String) {
        let Figures {
            perplexity,
            mean_surprisal,
            predictions,
            accuracy,
            confusion: _,
            samples,
            text,
            spikes,
            compares_with,
            generated,
        } = &self.task;
        let compares = |out: &mut String| {
            if !compares_with.is_empty() {
                field(out, INDENT, "", &format!("Compares with: {compares_with}"));
            }
        };
        if let Some(text) = text {
            let read = format!(
                "{} tokens, {}; {} of {} words are unknown to the model",
                grouped(text.tokens as u64),
                several(text.lines as u64, "line"),
                grouped(text.unknown as u64),
                grouped(text.words() as u64),
            );
            field(out, INDENT, if generated.is_some() { "prompt" } else { "read" }, &read);
            if let Some(warning) = text.warning() {
                field(out, INDENT, "WARNING", &warning);
            }
        }
        if let (Some(perplexity), Some(surprisal)) = (perplexity, mean_surprisal) {
            let text = format!(
                "{perplexity:.2} over {} predictions; mean surprisal {surprisal:.3} nats",
                grouped(*predictions)
            );
            field(out, INDENT, "perplexity", &text);
            compares(out);
        }
        if let (Some(accuracy), Some(samples)) = (accuracy, samples) {
            let judged = samples.iter().filter(|sample| sample.label.is_some()).count();
            let text = format!("{} of {} labelled samples", percent(*accuracy), grouped(judged as u64));
            field(out, INDENT, "accuracy", &text);
        }
        if let Some(spikes) = spikes {
            spike_fields(spikes, *accuracy, out);
        }
        if samples.is_some() {
            compares(out);
        }
        if let Some(text) = generated {
            field(out, INDENT, "text", text);
        }
    }

    /// Writes the answers, sample by sample.
    fn sample_table(&self, out: &mut String) {
        let samples = self.task.samples.as_ref().filter(|samples| !samples.is_empty());
        let Some(samples) = samples else { return };
        let mut table = Table::new(&["sample", "label", "answer", "", "ms", "mJ"]);
        for sample in samples.iter().take(SAMPLES_SHOWN) {
            let right = match &sample.label {
                Some(label) if *label == sample.predicted => "",
                Some(_) => "wrong",
                None => "no label",
            };
            table.row(vec![
                sample.source.clone(),
                sample.label.clone().unwrap_or_default(),
                sample.predicted.clone(),
                right.to_owned(),
                format!("{:.2}", sample.chip_time_us / 1e3),
                format!("{:.2}", sample.energy_j * 1e3),
            ]);
        }
        table.write(out);
        if samples.len() > SAMPLES_SHOWN {
            let more = samples.len() - SAMPLES_SHOWN;
            field(out, 0, "", &format!("and {more} more: --format json has them all"));
        }
        out.push('\n');
    }

    /// Writes the time by phase and layer, as in the paper's Fig. 2: µs a step.
    fn phase_table(&self, out: &mut String) {
        let steps = self.steps.max(1) as f64;
        out.push_str("Time by phase, µs a step (one after the other: they add up to the chip time)\n");
        for layers in self.layers.chunks(LAYERS_BESIDE) {
            let mut head = vec!["phase"];
            head.extend(layers.iter().map(|layer| layer.name.as_str()));
            head.extend(["all layers", "share", "what"]);
            let mut table = Table::new(&head).last_left();
            for phase in &self.legend.phases {
                let of_phase = || self.phases.iter().filter(move |p| p.phase == phase.name);
                let mut row = vec![phase.name.to_owned()];
                row.extend(
                    layers.iter().map(|layer| micros(of_phase().filter(|p| p.layer == layer.name), steps)),
                );
                row.push(micros(of_phase(), steps));
                row.push(percent(of_phase().map(|p| p.share).sum()));
                row.push(phase.words.to_owned());
                table.row(row);
            }
            let mut row = vec!["all".to_owned()];
            row.extend(
                layers.iter().map(|l| micros(self.phases.iter().filter(|p| p.layer == l.name), steps)),
            );
            row.push(micros(self.phases.iter(), steps));
            row.push(percent(self.phases.iter().map(|p| p.share).sum()));
            table.row(row);
            table.write(out);
            out.push('\n');
        }
        self.further_phases(out);
    }

    /// Writes the times of a head on the chip, whose populations are not among the layers: µs a
    /// step.
    fn further_phases(&self, out: &mut String) {
        let steps = self.steps.max(1) as f64;
        let mut names: Vec<&str> = self.phases.iter().map(|p| p.layer.as_str()).collect();
        names.dedup();
        names.retain(|name| name.starts_with("head."));
        if names.is_empty() {
            return;
        }
        let of = |name, phase| self.phases.iter().filter(move |p| p.layer == name && p.phase == phase);
        let mut phases: Vec<&str> = self.legend.phases.iter().map(|phase| phase.name).collect();
        phases.retain(|phase| names.iter().any(|name| of(*name, *phase).any(|p| p.time_us > 0.0)));
        let mut table = Table::new(&[&["layer"], phases.as_slice(), &["all"]].concat());
        for name in names {
            let mut row = vec![name.to_owned()];
            row.extend(phases.iter().map(|phase| micros(of(name, phase), steps)));
            row.push(micros(self.phases.iter().filter(|p| p.layer == name), steps));
            table.row(row);
        }
        table.write(out);
        out.push('\n');
    }

    /// Writes the uses of the critical path, longest first.
    fn path_lines(&self, out: &mut String) {
        let Some(path) = &self.path else { return };
        let share = |us: f64| percent(us / path.time_us.max(f64::MIN_POSITIVE));
        let mut parts = path.parts();
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, us)| *us > 0.0)
            .map(|(name, us)| format!("{name} {}", share(us)))
            .collect();
        field(
            out,
            INDENT,
            "path",
            &format!("{}, of the first {}", parts.join(", "), several(path.steps as u64, "step")),
        );
        let communication = path.sending_us + path.noc_us + path.handlers_us;
        let sent = self.legend.sent;
        let text = format!("sending {sent}, the NoC and handlers together: {}", share(communication));
        field(out, INDENT, "", &text);
        out.push('\n');
    }

    /// Writes the chips, and the busiest links between them; nothing on one chip.
    fn board_table(&self, out: &mut String) {
        if self.chips.len() < 2 {
            return;
        }
        let mut table = Table::new(&["chip", "place", "PEs", "SRAM in use", "busiest PE"]);
        for chip in &self.chips {
            let (x, y) = chip.place;
            let time = format!("{:.1} µs", chip.time_us);
            let bytes = format!("{} B", grouped(chip.bytes));
            table.row(vec![chip.chip.to_string(), format!("({x},{y})"), chip.pes.to_string(), bytes, time]);
        }
        table.write(out);
        out.push('\n');
        let mut busiest: Vec<&LinkUse> = self.links.iter().filter(|link| link.packets > 0).collect();
        busiest.sort_by(|a, b| b.load.total_cmp(&a.load));
        let mut table = Table::new(&["link between chips", "packets", "bytes", "load", "waited"]);
        for link in busiest.iter().take(BUSIEST_LINKS) {
            let name = format!("{} > {} {:?}", link.from, link.to, link.direction);
            let load = percent(link.load);
            let waited = format!("{:.1} µs", link.waited_us);
            table.row(vec![name, grouped(link.packets), grouped(link.bytes), load, waited]);
        }
        table.write(out);
        out.push('\n');
    }

    fn layer_table(&self, out: &mut String) {
        let mut table = Table::new(&[
            "layer",
            "units",
            "PEs",
            "sparsity",
            "activity",
            "non-zeros a PE: mean",
            "max",
            "barrier",
        ]);
        for layer in &self.layers {
            table.row(layer_row(layer));
        }
        table.write(out);
        out.push_str(if self.ticks.is_some() {
            "sparsity: weights of 0 of all projections to it; activity: neurons that spiked, mean\n\n"
        } else {
            "sparsity: zero weights of W and R; activity: units that sent an event, mean\n\n"
        });
        super::firing::lines(&self.firing, INDENT, out);
        out.push('\n');
    }

    fn memory_lines(&self, out: &mut String) {
        let memory = &self.memory;
        let text = format!(
            "fullest {}: {} of 131,072 bytes; data memory {} of 98,304; weights {} bytes",
            memory.fullest_pe,
            grouped(memory.bytes_used_max.into()),
            grouped(memory.data_bytes_used_max.into()),
            grouped(memory.weights_bytes_max.into()),
        );
        field(out, INDENT, "memory", &text);
        let free: Vec<String> = memory
            .banks
            .iter()
            .map(|bank| format!("{} in bank {}", grouped(bank.free_bytes.into()), bank.bank))
            .collect();
        field(out, INDENT, "", &format!("bytes free there: {}", free.join(", ")));
        let sum = |count: fn(&Bank) -> u64| grouped(memory.banks.iter().map(count).sum());
        let conflicts = memory.banks.iter().map(|bank| bank.conflicts).sum();
        let met = format!(
            "{}: cores waited {} cycles, writes {}",
            several(conflicts, "bank conflict"),
            sum(|bank| bank.core_stalls),
            sum(|bank| bank.write_waits),
        );
        field(out, INDENT, "", &met);
        let noc = &self.noc;
        let text = format!(
            "{} packets, {} hops; {:.0} ns mean, {:.0} ns at most; busiest link {}, {}",
            grouped(noc.packets),
            grouped(noc.hops),
            noc.latency_mean_ns,
            noc.latency_max_ns,
            noc.busiest_link.as_deref().unwrap_or("none"),
            percent(noc.max_link_load),
        );
        field(out, INDENT, "NoC", &text);
        let text = format!("{} bytes in {} beats", grouped(self.dram.bytes), grouped(self.dram.beats));
        field(out, INDENT, "DRAM", &text);
        let text = format!("{} of the time busy, mean of the PEs in use", percent(self.duty));
        field(out, INDENT, "duty", &text);
        out.push('\n');
    }

    fn outside(&self, out: &mut String) {
        let readout = if self.ticks.is_some() {
            ""
        } else {
            "The softmax readout and a convolutional head, where they run on the host: their time and energy. "
        };
        let text = format!(
            "{readout}Energy of the host. Energy of NoC hops and DRAM bytes, unless `assume` gives them: none is published."
        );
        field(out, INDENT, "not included", &text);
        let text = "docs/report.md defines every figure; `assume` in the scene holds what is not published.";
        field(out, INDENT, "more", text);
    }

    fn findings(&self, out: &mut String) {
        if self.races.count > 0 {
            let text = format!(
                "{} packets overwrote unread data: the output may be wrong",
                grouped(self.races.count)
            );
            field(out, INDENT, "RACES", &text);
            for race in &self.races.first {
                field(out, INDENT, "", &format!("{:.3} µs, {}: {}", race.time_us, race.pe, race.what));
            }
        }
        if let Some(MacUse { overflows: lost @ 1.., .. }) = self.mac_array {
            let text =
                format!("{} of MAC arrays needed more than 24 bits: they are wrong", several(lost, "sum"));
            field(out, INDENT, "OVERFLOWS", &text);
        }
        for lint in &self.lints {
            let text = format!("{}: {}. Try: {}", lint.place, lint.message, lint.help);
            field(out, INDENT, lint.level.name(), &text);
        }
        out.push('\n');
    }
}

fn micros<'a>(phases: impl Iterator<Item = &'a PhaseTime>, steps: f64) -> String {
    format!("{:.1}", phases.map(|p| p.time_us).sum::<f64>() / steps)
}

fn layer_row(layer: &Layer) -> Vec<String> {
    vec![
        layer.name.clone(),
        grouped(layer.units as u64),
        layer.pes.to_string(),
        percent(layer.weight_sparsity),
        percent(layer.activity),
        format!("{:.1}", layer.nonzeros_mean),
        grouped(layer.nonzeros_max),
        if layer.barrier { "yes" } else { "no" }.to_owned(),
    ]
}

/// Writes the figures of a spiking network: spikes by population, and recordings recognised.
fn spike_fields(spikes: &SpikeFigures, accuracy: Option<f64>, out: &mut String) {
    for (number, population) in spikes.populations.iter().enumerate() {
        let text = format!(
            "{}: {} of {}, {:.4} a neuron and tick",
            visible_line(&population.name),
            several(population.spikes, "spike"),
            several(population.neurons.into(), "neuron"),
            population.rate
        );
        field(out, INDENT, if number == 0 { "spikes" } else { "" }, &text);
    }
    if let (Some(accuracy), Some(recordings)) = (accuracy, &spikes.recordings) {
        let right = recordings.iter().filter(|answer| answer.predicted == answer.label).count() as u64;
        let of = several(recordings.len() as u64, "recording");
        field(out, INDENT, "accuracy", &format!("{} ({} of {of})", percent(accuracy), grouped(right)));
    }
}
