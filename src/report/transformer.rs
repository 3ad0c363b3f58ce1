//! Cost of a transformer's spikes: rates by layer, and energy in two ledgers that do not compare.
//!
//! Ledger A counts operations as the literature on spiking transformers does: 4.6 pJ for a
//! multiply-accumulate and 0.9 pJ for an accumulate, 32-bit floating point in 45 nm (Horowitz,
//! ISSCC 2014), with measured rates; memory and communication count nothing. Ledger B is this
//! chip's own energy, from published power, for the same stages.

use serde::Serialize;

use crate::chip::clock::us;
use crate::machine::legend::PhaseId;
use crate::mapping::attention::{AttentionProgram, Stage};
use crate::net::attention::{Attention, Coding, Gpt, LayerRates, Mlp, Rates};
use crate::session::Session;
use crate::session::contexts::{CONTEXTS, ContextCounts};
use crate::session::transformer::HeadCounts;
use crate::text::{grouped, several};

/// Energy of a multiply-accumulate in ledger A, pJ.
pub const MAC_PJ: f64 = 4.6;
/// Energy of an accumulate in ledger A, pJ.
pub const AC_PJ: f64 = 0.9;

/// Rates and energy of a transformer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transformer {
    /// Time steps of a token in attention; 0 with softmax.
    pub attention_steps: usize,
    /// Time steps of a token in feed-forward blocks; 0 with GELU.
    pub mlp_steps: usize,
    /// Tokens that a token attends to, its own included, on average.
    pub attended_mean: f64,
    /// Rates of each layer's populations.
    pub rates: Vec<LayerRow>,
    /// Rates of each head, layer after layer; empty with softmax.
    pub heads: Vec<HeadRow>,
    /// Memory, time and energy of attention by the length of the context.
    pub context: Vec<ContextRow>,
    /// Operations counted at 45 nm, as in the literature.
    pub ledger_a: LedgerA,
    /// Energy of this chip.
    pub ledger_b: LedgerB,
}

/// Rates of a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerRow {
    /// Name of the layer, `h.0`.
    pub layer: String,
    /// Spikes by neuron and time step.
    #[serde(flatten)]
    pub rates: LayerRates,
}

/// Rates of a head's populations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeadRow {
    /// Name of the layer, `h.0`.
    pub layer: String,
    /// Number of the head in its layer.
    pub head: usize,
    /// Rate of the query neurons, 0 to 1.
    pub q: f64,
    /// Rate of the key neurons, 0 to 1.
    pub k: f64,
    /// Rate of the value neurons, 0 to 1.
    pub v: f64,
    /// Rate of the neurons after attention, 0 to 1.
    pub attention: f64,
}

/// Words whose context has one of 16 lengths; means a word.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContextRow {
    /// Smallest number of words attended to, the word itself included.
    pub from: u32,
    /// Largest number of words attended to, the word itself included.
    pub to: u32,
    /// Number of words counted.
    pub words: u64,
    /// Bytes of all layers' keys and values of `to` words, or of the running states in their place.
    pub state_bytes: usize,
    /// Time of attention, without projections: the slowest PE of each layer, all layers, µs.
    pub attention_us: f64,
    /// Energy above sleep of cores at work on attention in that time, J.
    pub attention_j: f64,
    /// Time of the whole word, µs.
    pub word_us: f64,
    /// Energy of the whole chip, J.
    pub chip_j: f64,
}

/// Operations counted at 45 nm, J; all layers and tokens together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LedgerA {
    /// Name of the ledger.
    pub name: &'static str,
    /// Energy of a multiply-accumulate, pJ.
    pub mac_pj: f64,
    /// Energy of an accumulate, pJ.
    pub ac_pj: f64,
    /// Attention of this network: projections, scores and values.
    pub attention_j: f64,
    /// Attention of a network of this size with softmax, without spikes.
    pub attention_dense_j: f64,
    /// Share by which the first is below the second; 0 of a network without spikes.
    pub attention_reduction: f64,
    /// Feed-forward blocks of this network.
    pub mlp_j: f64,
    /// Feed-forward blocks of a network of this size without spikes.
    pub mlp_dense_j: f64,
    /// Share by which the first is below the second.
    pub mlp_reduction: f64,
}

/// Energy of this chip, J.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LedgerB {
    /// Name of the ledger.
    pub name: &'static str,
    /// Energy above sleep of cores and MAC arrays at work on attention, J: stages `attn` and
    /// `proj`.
    pub attention_j: f64,
    /// Energy above sleep of cores and MAC arrays at work on feed-forward blocks, J: stages
    /// `fc` and `mlp`.
    pub mlp_j: f64,
    /// Energy of the whole chip, idle parts included, J.
    pub chip_j: f64,
}

/// Returns what a transformer's spikes cost; `None` for another network.
pub(in crate::report) fn transformer(session: &Session) -> Option<Transformer> {
    let AttentionProgram { network, stages, .. } = AttentionProgram::of(session.program())?;
    let counted = session.stats().transformer.rates();
    let row = |(layer, rates): (usize, LayerRates)| LayerRow { layer: format!("h.{layer}"), rates };
    let tokens = counted.tokens.max(1) as f64;
    Some(Transformer {
        attention_steps: network.attention.steps().unwrap_or(0),
        mlp_steps: network.mlp.steps().unwrap_or(0),
        attended_mean: counted.attended as f64 / tokens,
        rates: counted.rates().into_iter().enumerate().map(row).collect(),
        heads: heads(session, network),
        context: contexts(session, network),
        ledger_a: ledger_a(network, counted),
        ledger_b: ledger_b(session, stages),
    })
}

fn heads(session: &Session, network: &Gpt) -> Vec<HeadRow> {
    let stats = &session.stats().transformer;
    let steps = network.attention.steps().unwrap_or(0) as u64;
    let places = (stats.rates().tokens * steps * network.head_width() as u64).max(1) as f64;
    let row = |(place, counts): (usize, &HeadCounts)| {
        let [q, k, v, attention] = counts.map(|count| count as f64 / places);
        let (layer, head) = (place / network.heads.max(1), place % network.heads.max(1));
        HeadRow { layer: format!("h.{layer}"), head, q, k, v, attention }
    };
    stats.heads().iter().enumerate().map(row).collect()
}

fn contexts(session: &Session, network: &Gpt) -> Vec<ContextRow> {
    let sequence = session.work().sequence();
    let row = |(first, counts): (u32, &ContextCounts)| {
        let mean = |sum: f64| sum / counts.words as f64;
        let to = (first + CONTEXTS).min(sequence);
        ContextRow {
            from: first + 1,
            to,
            words: counts.words,
            state_bytes: network.state_bytes(to as usize),
            attention_us: mean(us(counts.attention_ticks)),
            attention_j: mean(session.meter().active_j(counts.attention_pe_ticks)),
            word_us: mean(us(counts.word_ticks)),
            chip_j: mean(counts.chip_j),
        }
    };
    let ranges = (0..).step_by(CONTEXTS as usize).zip(session.stats().transformer.contexts());
    ranges.filter(|(_, counts)| counts.words > 0).map(row).collect()
}

fn ledger_a(network: &Gpt, counted: &Rates) -> LedgerA {
    let (d, tokens, attended) = (network.width as f64, counted.tokens as f64, counted.attended as f64);
    let layers = counted.layers.len() as f64;
    let (mac, ac) = (MAC_PJ * 1e-12, AC_PJ * 1e-12);
    let attention_dense_j = layers * mac * (4.0 * d * d * tokens + 2.0 * d * attended);
    let mlp_dense_j = layers * mac * 8.0 * d * d * tokens;
    let (mut attention_j, mut mlp_j) = (0.0, 0.0);
    for rates in counted.rates() {
        let rate = |rate: Option<f64>| rate.unwrap_or(0.0);
        attention_j += match network.attention {
            Attention::Softmax => attention_dense_j / layers,
            Attention::Spiking { steps, .. } => {
                let projected = (3.0 * rate(rates.input) + rate(rates.attention)) * d * d * tokens;
                let mixed = (rate(rates.q) + rate(rates.v)) * d * attended;
                ac * f64::from(steps) * (projected + mixed)
            }
        };
        let half = 4.0 * d * d * tokens;
        mlp_j += match network.mlp {
            Mlp::Gelu => mlp_dense_j / layers,
            Mlp::Spiking { steps, input } => {
                let steps = f64::from(steps);
                let up = match input {
                    Coding::Encoded => ac * steps * rate(rates.mlp_input),
                    // The product is the same in every time step: once a token.
                    Coding::Direct => mac,
                };
                half * (up + ac * steps * rate(rates.mlp_hidden))
            }
        };
    }
    // Sums of the same terms in another order are the same energy.
    let same = |own: f64, dense: f64| (own - dense).abs() <= 1e-12 * dense;
    let reduction = |own: f64, dense: f64| if same(own, dense) { 0.0 } else { 1.0 - own / dense };
    LedgerA {
        name: "operations at 45 nm, 32-bit floating point, without memory and communication",
        mac_pj: MAC_PJ,
        ac_pj: AC_PJ,
        attention_reduction: reduction(attention_j, attention_dense_j),
        mlp_reduction: reduction(mlp_j, mlp_dense_j),
        attention_j,
        attention_dense_j,
        mlp_j,
        mlp_dense_j,
    }
}

fn ledger_b(session: &Session, stages: &[Stage]) -> LedgerB {
    let parts = session.meter().parts();
    // What the MAC arrays draw is shared out by their time.
    let mac = &session.machine().state().busy.mac;
    let all: u64 = mac.iter().flatten().sum();
    let of = |kinds: [&str; 2]| {
        let own = stages.iter().zip(parts.phases_j.iter().zip(mac));
        let own = own.filter(|(stage, _)| kinds.contains(&stage.kind()));
        let sum = |(_, (phases, mac)): (&Stage, (&[f64; PhaseId::MAX], &[u64; PhaseId::MAX]))| {
            let share = mac.iter().sum::<u64>() as f64 / all.max(1) as f64;
            phases.iter().sum::<f64>() + parts.mac_j * share
        };
        own.map(sum).sum()
    };
    LedgerB {
        name: "this chip, from its published power",
        attention_j: of(["attn", "proj"]),
        mlp_j: of(["fc", "mlp"]),
        chip_j: session.energy().energy_j,
    }
}

/// Rate of a population of a layer.
type Of = fn(&LayerRates) -> Option<f64>;

impl Transformer {
    /// Returns the cost of the shortest and the longest contexts in words.
    fn growth(&self) -> String {
        let words = |row: &ContextRow| {
            format!(
                "to {}: {} B of state, {:.0} µs and {:.1} µJ of attention a word",
                several(row.to.into(), "word"),
                grouped(row.state_bytes as u64),
                row.attention_us,
                1e6 * row.attention_j
            )
        };
        match self.context.as_slice() {
            [] => "no word yet".to_owned(),
            [only] => words(only),
            [first, .., last] => format!("{}; {}", words(first), words(last)),
        }
    }

    /// Returns lines for people: the mean rates, both ledgers, and what the context costs.
    pub(super) fn lines(&self) -> [String; 4] {
        let mean = |of: Of| {
            let rates: Vec<f64> = self.rates.iter().filter_map(|row| of(&row.rates)).collect();
            let mean = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
            (!rates.is_empty()).then(|| format!("{:.1} %", 100.0 * mean))
        };
        let populations: [(&str, Of); 7] = [
            ("input", |rates| rates.input),
            ("q", |rates| rates.q),
            ("k", |rates| rates.k),
            ("v", |rates| rates.v),
            ("attention", |rates| rates.attention),
            ("block input", |rates| rates.mlp_input),
            ("hidden", |rates| rates.mlp_hidden),
        ];
        let rates: Vec<String> = populations
            .into_iter()
            .filter_map(|(name, of)| mean(of).map(|mean| format!("{name} {mean}")))
            .collect();
        let rates = if rates.is_empty() { "no spikes".to_owned() } else { rates.join(", ") };
        let (a, b) = (&self.ledger_a, &self.ledger_b);
        let below =
            |share: f64| if share == 0.0 { String::new() } else { format!(" ({:.1} % less)", 100.0 * share) };
        [
            rates,
            format!(
                "A, {}: attention {:.3} mJ{}, feed-forward {:.3} mJ{}",
                a.name,
                1e3 * a.attention_j,
                below(a.attention_reduction),
                1e3 * a.mlp_j,
                below(a.mlp_reduction)
            ),
            format!(
                "B, {}: attention {:.3} mJ, feed-forward {:.3} mJ above sleep, of {:.3} mJ in all",
                b.name,
                1e3 * b.attention_j,
                1e3 * b.mlp_j,
                1e3 * b.chip_j
            ),
            self.growth(),
        ]
    }
}
