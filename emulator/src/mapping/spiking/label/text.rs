//! Labels of spiking PEs in words.

use super::{Label, Labels, SynapseArray, SynapseEnds, What};
use crate::kernel::neurons::Array;
use crate::net::spiking::Origin;
use crate::text::step_number;

impl Label {
    /// Returns the content in words.
    pub fn text(&self, labels: &Labels<'_>) -> String {
        match &self.what {
            What::Free => "free".to_owned(),
            What::Code => "instructions (not modelled)".to_owned(),
            What::Stack => "stack and heap (not modelled)".to_owned(),
            What::Padding => "padding".to_owned(),
            What::Log { place } => format!("debug log entry {place}, µs"),
            What::Fifo { place, word: 0, spike } => {
                format!("FIFO place {place}: key{}", spike_text(labels, *spike))
            }
            What::Fifo { place, spike, .. } => {
                format!("FIFO place {place}: number of spikes{}", spike_text(labels, *spike))
            }
            What::Control { name } => name.clone(),
            What::Sender { sender, name } => format!("{}: {name}", sender_name(labels, *sender)),
            What::Link { look, link, name } => {
                let moment = if *look > 0 { ", within the tick" } else { "" };
                format!("link {link}: {name}{moment}")
            }
            What::Neuron { neuron, array } => {
                let (name, meaning) = quantity(*array);
                let meaning = if meaning.is_empty() { String::new() } else { format!(" ({meaning})") };
                format!("{name} of neuron {neuron}{meaning}")
            }
            What::Begin { neuron } => format!("v of neuron {neuron} at the begin of a recording"),
            What::Sum { neuron, lane, slot, tick } => {
                let sign = lane_text(labels, *lane);
                let (slots, number) = (labels.share().slots, step_number(*tick));
                format!("sum #{number} of neuron {neuron}{sign} (slot {slot} of {slots})")
            }
            What::Marks { sender, first, last } => {
                format!("marks of {} {first} to {last} (a bit a neuron)", sender_name(labels, *sender))
            }
            What::Count { sender, neuron } => {
                format!("number of spikes of {} neuron {neuron}", sender_name(labels, *sender))
            }
            What::RowStart { projection, neuron: Some(neuron) } => {
                format!("first synapse of neuron {neuron} ({})", projection_name(labels, *projection))
            }
            What::RowStart { projection, neuron: None } => {
                format!("end of the synapses ({})", projection_name(labels, *projection))
            }
            What::Synapse { projection, array, number, ends } => {
                synapse_text(labels, *projection, (*array, *number), *ends)
            }
            What::Spikes { entry: None, .. } => "number of spikes to send".to_owned(),
            What::Spikes { entry: Some(entry), word: 0 } => format!("spike {entry} to send: key"),
            What::Spikes { entry: Some(entry), .. } => format!("spike {entry} to send: number of spikes"),
        }
    }
}

/// Returns the name of an array's elements, and their meaning where the name does not say it.
pub const fn quantity(array: Array) -> (&'static str, &'static str) {
    match array {
        Array::Input => ("input", "sum as a single"),
        Array::Inhibition => ("inhibitory input", "sum as a single"),
        Array::Keep => ("α", "share of v kept from tick to tick"),
        Array::Gain => ("gain", "factor of the input"),
        Array::Offset => ("offset", "added to v in every tick"),
        Array::CurrentKeep => ("decay of i", "share kept from tick to tick"),
        Array::CurrentGain => ("gain of i", "factor of the input"),
        Array::CurrentOffset => ("offset of i", "added in every tick"),
        Array::InhibitionKeep => ("decay of i inh", "share kept from tick to tick"),
        Array::Current => ("i", "synaptic current"),
        Array::InhibitoryCurrent => ("i inh", "inhibitory current"),
        Array::Above => ("limit of v", "a spike where v exceeds it"),
        Array::Threshold => ("θ", "threshold"),
        Array::Reset => ("reset value", "v after a spike"),
        Array::Floor => ("lower limit of v", ""),
        Array::Pending => ("pending", "v was above its limit as the tick began"),
        Array::Potential => ("v", "membrane potential"),
        Array::Spikes => ("spikes", "in the last tick"),
    }
}

fn sender_name<'a>(labels: &Labels<'a>, sender: u32) -> &'a str {
    labels.sender(sender).map_or("?", |origin| labels.name(origin))
}

fn spike_text(labels: &Labels<'_>, spike: Option<(u32, u32)>) -> String {
    spike.map_or_else(String::new, |(sender, neuron)| {
        format!(" of {} neuron {neuron}", sender_name(labels, sender))
    })
}

fn lane_text(labels: &Labels<'_>, lane: u32) -> &'static str {
    match (labels.share().lanes, lane) {
        (2, 0) => ", weights ≥ 0",
        (2, _) => ", weights < 0",
        _ => "",
    }
}

/// Returns the name of a projection by its ends: names in files may be long chains of nodes.
fn projection_name(labels: &Labels<'_>, projection: u32) -> String {
    let Some(of) = labels.network().projections().get(projection as usize) else { return "?".to_owned() };
    let to = labels.name(Origin::Population(of.to));
    format!("{} → {to}", labels.name(of.from))
}

fn synapse_text(
    labels: &Labels<'_>,
    projection: u32,
    (array, number): (SynapseArray, u32),
    ends: Option<SynapseEnds>,
) -> String {
    let name = projection_name(labels, projection);
    let what = match array {
        SynapseArray::Target => "target",
        SynapseArray::Weight => "weight",
    };
    let Some(ends) = ends else { return format!("{what} {number}: outside, no row leads here ({name})") };
    let to = ends.to.map_or("outside".to_owned(), |to| to.to_string());
    format!("{what} {} → {to}, delay {} ({name})", ends.from, ends.delay)
}
