//! Labels in words.

use super::{Content, EventArray, Label, Labels, Matrix, Origin, Quantity, What};
use crate::kernel::matrix::{Source, Spot};
use crate::machine::legend::PopulationId;
use crate::machine::program::Program;

/// Names of the gates, in the order of the rows.
pub const GATES: [&str; 3] = ["z", "r", "g"];

fn gate(gate: u8) -> &'static str {
    GATES.get(usize::from(gate)).copied().unwrap_or("?")
}

fn letter(buffer: u8) -> &'static str {
    ["A", "B", "C"].get(usize::from(buffer)).copied().unwrap_or("?")
}

impl Label {
    /// Returns the meaning of the element in words.
    pub fn text(&self, labels: &Labels<'_>) -> String {
        let program = labels.program();
        match &self.what {
            What::Free => "free".to_owned(),
            What::Code => "instructions (not modelled)".to_owned(),
            What::Stack => "stack and heap (not modelled)".to_owned(),
            What::Padding => "padding".to_owned(),
            What::Log { place } => format!("debug log entry {place}, µs"),
            What::Fifo { place, word: 0 } => format!("FIFO place {place}: key"),
            What::Fifo { place, word } => format!("FIFO place {place}: value {}", word - 1),
            What::Control { layer, sample, name } => {
                format!("{}{}: {name}", program.population_name(*layer), of_sample(program, *sample))
            }
            What::Matrix { layer, matrix, unit, source, spot } => {
                matrix_text(labels, *layer, *matrix, *unit, *source, *spot)
            }
            What::Unit { layer, sample, unit, quantity } => {
                let who = own_unit(labels, *layer, *unit);
                format!("{}{}", quantity.text(&who), of_sample(program, *sample))
            }
            What::Buffer { layer, sample, buffer, word, x, y, now } => {
                let of = of_sample(program, *sample);
                let holds = held(program, *layer, (*x, *y), *now);
                format!("{holds} (buffer {} word {word}{of})", letter(*buffer))
            }
            What::Unpacked { layer, word, x, y } => {
                let below = layer.below();
                let x = x
                    .zip(below)
                    .map(|(unit, below)| format!("x of {} unit {unit}", program.population_name(below)));
                let y = y.map(|unit| format!("y of {} unit {unit}", program.population_name(*layer)));
                let both: Vec<String> = [x, y].into_iter().flatten().collect();
                format!("unpacked word {word}: {}", both.join(" or "))
            }
            What::Events { layer, array, number } => {
                events_text(program.population_name(*layer), *array, *number)
            }
        }
    }
}

/// Describes a unit of the PE's own; names the layer where the PE hosts several.
fn own_unit(labels: &Labels<'_>, layer: PopulationId, unit: u32) -> String {
    if labels.loaded().populations().count() > 1 {
        format!("{} unit {unit}", labels.program().population_name(layer))
    } else {
        format!("unit {unit}")
    }
}

/// Names the sample where a batch has more than one.
fn of_sample(program: &Program, sample: u8) -> String {
    if program.batch > 1 { format!(", sample {sample}") } else { String::new() }
}

impl Quantity {
    /// Returns a description of the quantity of `who`.
    pub fn text(self, who: &str) -> String {
        match self {
            Self::Y => format!("y of {who}"),
            Self::Trace => format!("trace of {who}"),
            Self::InputSum(g) => format!("sum W·x of {who}, gate {}", gate(g)),
            Self::RecurrentSum(g) => format!("sum R·y of {who}, gate {}", gate(g)),
            Self::Bias(g) => format!("bias of {who}, gate {}", gate(g)),
            Self::RecurrentBias(g) => format!("recurrent bias of {who}, gate {}", gate(g)),
            Self::Threshold => format!("threshold θ of {who}"),
            Self::Cell => format!("c of {who}"),
        }
    }
}

fn matrix_text(
    labels: &Labels<'_>,
    layer: PopulationId,
    matrix: Matrix,
    unit: Option<(u32, u8)>,
    source: Option<u32>,
    spot: Spot,
) -> String {
    let program = labels.program();
    let row = |unit: Option<(u32, u8)>| match unit {
        Some((unit, g)) => format!("{}, gate {}", own_unit(labels, layer, unit), gate(g)),
        None => "the end".to_owned(),
    };
    let from = match (matrix, layer.below()) {
        (Matrix::R, _) => format!("{} unit", program.population_name(layer)),
        (Matrix::W, Some(below)) => format!("{} unit", program.population_name(below)),
        (Matrix::W, None) => "input".to_owned(),
    };
    // R's sources are units of the layer itself: no need to name it.
    let short = if matrix == Matrix::R { "unit" } else { from.as_str() };
    let source_text = |wanted: Source| match (source, wanted) {
        (Some(number), _) => format!("from {short} {number}"),
        (None, Source::Word(word)) => format!("from word {word}, outside"),
        (None, Source::Number(number)) => format!("from source {number}, outside"),
    };
    let name = format!("{matrix:?}");
    match spot {
        Spot::Weight(entry) => {
            format!("{name} of {}, value {} ({})", row(unit), entry.number, source_text(entry.source))
        }
        Spot::Index(entry) => {
            format!("{name} index of {}, value {} ({})", row(unit), entry.number, source_text(entry.source))
        }
        Spot::RowPointer { .. } if unit.is_none() => format!("{name} row pointer: end of the last row"),
        Spot::RowPointer { .. } => format!("{name} row pointer of {}", row(unit)),
        Spot::Scale { .. } => format!("{name} scale of {}", row(unit)),
        Spot::InputScale => format!("{name} inverse of the scale of 8-bit inputs"),
        Spot::ColumnPointer { .. } => match source {
            Some(number) => format!("{name} column pointer of {short} {number}"),
            None => format!("{name} column pointer: end of the last column"),
        },
        Spot::SourceWord { source: number } => {
            format!("{name} word in the buffer of {from} {}", source.unwrap_or(number))
        }
        Spot::Ordered { source: number } => {
            format!("{name} operand in model order: {from} {}", source.unwrap_or(number))
        }
        Spot::Outside => format!("{name}: outside, no pointer leads here"),
    }
}

fn origin_text(program: &Program, origin: Origin) -> String {
    match origin {
        Origin::Row(component) => format!("component {component} of the input row"),
        Origin::Unit(layer, unit) => format!("{} unit {unit}", program.population_name(layer)),
        Origin::Header(layer, block, packet) => {
            format!("header, packet {packet} of {} block {block}", program.population_name(layer))
        }
        Origin::Unnamed(layer, block, packet) => {
            format!("empty, packet {packet} of {} block {block}", program.population_name(layer))
        }
    }
}

fn held(
    program: &Program,
    layer: PopulationId,
    (x, y): (Option<Origin>, Option<Origin>),
    now: Content,
) -> String {
    let own = program.population_name(layer);
    let of = |origin: Option<Origin>| origin.map_or("padding".to_owned(), |o| origin_text(program, o));
    match now.numbered() {
        Content::Start => format!("0 before the start, y of {own}: {}", of(y)),
        Content::X(step) => format!("x({step}) {}", of(x)),
        Content::Y(step) => format!("y({step}) {}", of(y)),
        Content::YOverX(step) => format!("y({step}) {} over x({step}) {}", of(y), of(x)),
        Content::XOverY(step, before) => format!("x({step}) {} over y({before}) {}", of(x), of(y)),
    }
}

fn events_text(layer: &str, array: EventArray, number: u32) -> String {
    let from = |x: bool| if x { "x" } else { "y" };
    match array {
        EventArray::Outbox if number.is_multiple_of(4) => {
            format!("{layer} packet {} to send: header", number / 4)
        }
        EventArray::Outbox => format!("{layer} packet {} to send: value {}", number / 4, number % 4 - 1),
        EventArray::Table(x) => format!("{layer} first packet and word of block {number} of {}", from(x)),
        EventArray::Order(x) => format!("{layer} unit of word {number} of {}", from(x)),
        EventArray::Values => format!("{layer} value of source {number}"),
        EventArray::Map => format!("{layer} active sources {} to {}", 32 * number, 32 * number + 31),
        EventArray::List if number == 0 => format!("{layer} events in the list"),
        EventArray::List if number % 2 == 1 => format!("{layer} event {}: source", number / 2),
        EventArray::List => format!("{layer} event {}: value", number / 2 - 1),
    }
}
