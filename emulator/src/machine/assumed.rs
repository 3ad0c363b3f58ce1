//! The scene's `assume` block as rows of the table of hardware numbers: what this run takes where
//! nothing is published.

use super::options::Assume;
use crate::chip::clock::OperatingPoint;
use crate::chip::constants::{self, Constant, DRAM_PORT_BYTES_PER_US, Mark};
use crate::chip::mac::{MAC_ROWS, MAC_USE_PERCENT, MAC_VECTOR_USE_PERCENT};

/// Returns every hardware number of a run: [`constants::all`], then each field of `assume`.
pub fn table(assume: &Assume) -> Vec<Constant> {
    let mut table = constants::all();
    table.extend(rows(assume));
    table
}

/// Number of `assume`: how it is read and set, and what is published about it.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Name of the field.
    pub name: &'static str,
    /// Unit of its value; empty for a count or a share.
    pub unit: &'static str,
    /// Statements of the sources, and what they leave open.
    pub source: &'static str,
    /// Reads the number from the assumptions.
    pub get: fn(&Assume) -> f64,
    /// Writes the number; values beyond the field's type are cut off.
    pub set: fn(&mut Assume, f64),
    /// Least and most value with where they come from; `None` where nothing is published.
    pub range: Option<([f64; 2], &'static str)>,
    /// Way to find it from measured times of phases; `None` where they say nothing about it.
    pub search: Option<Search>,
}

/// Way to search for the value of a number that measurements depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// Least and most value.
    pub bounds: [f64; 2],
    /// Choice of the values between them that are tried.
    pub method: Method,
}

/// Method of a [`Search`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Tries every whole number.
    Every,
    /// Follows the slope.
    Slope {
        /// Change of the value that shows which times depend on it.
        probe: f64,
        /// Step that values are rounded to.
        grain: f64,
    },
}

/// The CoreMark figures leave this for waiting, in percent: 0 to what the slower
/// operating point allows.
const STALLS: [f64; 2] = [0.0, constants::coremark_stall_percent(OperatingPoint::Mhz150)];

/// Share of one row of the MAC array that fully connected layers use, percent.
const VECTOR_USE: [f64; 2] = {
    let [least, most] = MAC_VECTOR_USE_PERCENT;
    [least * MAC_ROWS as f64, most * MAC_ROWS as f64]
};

/// Returns a search by slope among all values that a scene may give.
const fn slope(probe: f64, grain: f64) -> Search {
    Search { bounds: [0.0, 1e6], method: Method::Slope { probe, grain } }
}

impl Assume {
    /// Numbers of `assume`, in the order of the table of hardware numbers. Choices and places
    /// are no numbers.
    pub const PARAMETERS: [Parameter; 18] = [
        Parameter {
            name: "branch_refill",
            unit: "cycles",
            source: "Arm gives 1 to 3 for the Cortex-M4, not this chip's",
            get: |a| a.branch_refill.into(),
            set: |a, v| a.branch_refill = v as u8,
            range: Some(([1.0, 3.0], "ARM's, for a Cortex-M4")),
            search: Some(Search { bounds: [1.0, 3.0], method: Method::Every }),
        },
        Parameter {
            name: "exp_iterations",
            unit: "",
            source: "1 to 16 are possible (CHIP26); what the paper's program asks for, and the error of fewer, is not said",
            get: |a| a.exp_iterations.into(),
            set: |a, v| a.exp_iterations = v as u8,
            range: Some(([1.0, 16.0], "what the unit can do; its time only")),
            search: None,
        },
        Parameter {
            name: "polling",
            unit: "of active power",
            source: "only asleep and CoreMark are measured (CHIP26)",
            get: |a| a.polling,
            set: |a, v| a.polling = v,
            range: Some(([0.0, 1.0], "from idle to active power")),
            search: None,
        },
        Parameter {
            name: "sram_stall_percent",
            unit: "%",
            source: "wait states and fetch conflicts: no source; CoreMark (CHIP26, Arm's 3.4 recalled) leaves 0 to 17.5",
            get: |a| a.sram_stall_percent,
            set: |a, v| a.sram_stall_percent = v,
            range: Some((STALLS, "what the published CoreMark leaves room for")),
            search: None,
        },
        Parameter {
            name: "dma_setup_cycles",
            unit: "cycles",
            source: "no source",
            get: |a| a.dma_setup_cycles.into(),
            set: |a, v| a.dma_setup_cycles = v as u32,
            range: None,
            search: Some(slope(1000.0, 1.0)),
        },
        Parameter {
            name: "dma_beat_noc_cycles",
            unit: "NoC cycles",
            source: "no source; 1 is the most that a link carries (CHIP26), 2 if a PE's port runs at 150 MHz",
            get: |a| a.dma_beat_noc_cycles.into(),
            set: |a, v| a.dma_beat_noc_cycles = v as u8,
            range: Some(([1.0, 2.0], "port of a PE at 300 or 150 MHz")),
            search: None,
        },
        Parameter {
            name: "dram_bytes_per_us",
            unit: "B/µs",
            source: "sustained rate of a port: no source; 3200 is the raw one (CHIP26), the most it can be",
            get: |a| a.dram_bytes_per_us.into(),
            set: |a, v| a.dram_bytes_per_us = v as u32,
            range: Some((DRAM_RATES, "half the raw rate (no source), and the raw rate")),
            search: None,
        },
        Parameter {
            name: "dram_latency_ns",
            unit: "ns",
            source: "no source",
            get: |a| a.dram_latency_ns,
            set: |a, v| a.dram_latency_ns = v,
            range: None,
            search: Some(slope(5000.0, 0.1)),
        },
        Parameter {
            name: "host_turnaround_us",
            unit: "µs",
            source: "no source; 0 leaves the host out",
            get: |a| a.host_turnaround_us,
            set: |a, v| a.host_turnaround_us = v,
            range: None,
            search: Some(slope(10.0, 0.001)),
        },
        Parameter {
            name: "dvfs_switch_us",
            unit: "µs",
            source: "no source: the registers of the power manager are known (S2T), not their values",
            get: |a| a.dvfs_switch_us,
            set: |a, v| a.dvfs_switch_us = v,
            range: None,
            search: None,
        },
        Parameter {
            name: "energy_per_hop_pj",
            unit: "pJ",
            source: "no source; 0: what the NoC draws is within the published chip powers, or left out",
            get: |a| a.energy_per_hop_pj,
            set: |a, v| a.energy_per_hop_pj = v,
            range: None,
            search: None,
        },
        Parameter {
            name: "energy_per_dram_byte_pj",
            unit: "pJ/B",
            source: "no source; 0: whether DRAM is within the published chip powers is not said",
            get: |a| a.energy_per_dram_byte_pj,
            set: |a, v| a.energy_per_dram_byte_pj = v,
            range: None,
            search: None,
        },
        Parameter {
            name: "mac_use_percent",
            unit: "%",
            source: "78 in a matrix product (CHIP26); 22 to 50 of the whole array in convolutions; of other sizes no source",
            get: |a| a.mac_use_percent,
            set: |a, v| a.mac_use_percent = v,
            range: Some(([22.0, MAC_USE_PERCENT], "from convolutions to a matrix product")),
            search: None,
        },
        Parameter {
            name: "mac_vector_percent",
            unit: "%",
            source: "16 to 19 of the whole array in fully connected layers, one of four rows (CHIP26); of one layer no source",
            get: |a| a.mac_vector_percent,
            set: |a, v| a.mac_vector_percent = v,
            range: Some((VECTOR_USE, "what fully connected layers reach of one row of four")),
            search: None,
        },
        Parameter {
            name: "mac_idle_percent",
            unit: "%",
            source: "no source; the energy of a MAC is published at 78 % use only (CHIP26)",
            get: |a| a.mac_idle_percent,
            set: |a, v| a.mac_idle_percent = v,
            range: Some(([0.0, 100.0], "units at rest draw nothing, or as much as others")),
            search: None,
        },
        Parameter {
            name: "link_payload_bits",
            unit: "bit",
            source: "96 bits with a check sum of 12 (CHIP26); how packets are framed in them has no source",
            get: |a| a.link_payload_bits.into(),
            set: |a, v| a.link_payload_bits = v as u32,
            range: Some(([56.0, 84.0], "a payload in three or in two link packets")),
            search: None,
        },
        Parameter {
            name: "link_latency_ns",
            unit: "ns",
            source: "no source",
            get: |a| a.link_latency_ns,
            set: |a, v| a.link_latency_ns = v,
            range: None,
            search: None,
        },
        Parameter {
            name: "router_latency_ns",
            unit: "ns",
            source: "no source beyond the 10 ns of its pipeline (CHIP26)",
            get: |a| a.router_latency_ns,
            set: |a, v| a.router_latency_ns = v,
            range: None,
            search: None,
        },
    ];

    /// Returns these assumptions with the memory as fast as it can be (`[0]`), and as slow as
    /// [`Parameter::range`] says of wait states, fetch conflicts, DMA beats and DRAM (`[1]`).
    pub fn memory_extremes(&self, point: OperatingPoint) -> [Self; 2] {
        let with = |stall, beat, rate| Self {
            sram_stall_percent: stall,
            dma_beat_noc_cycles: beat,
            dram_bytes_per_us: rate,
            ..self.clone()
        };
        let [slow, fast] = DRAM_RATES.map(|rate| rate as u32);
        [with(0.0, 1, fast), with(constants::coremark_stall_percent(point), 2, slow)]
    }
}

/// Half the raw rate of a DRAM interface, for which there is no source, and the raw rate;
/// bytes per µs.
const DRAM_RATES: [f64; 2] = [DRAM_PORT_BYTES_PER_US as f64 / 2.0, DRAM_PORT_BYTES_PER_US as f64];

/// Returns a row for each field of `assume`, by its name in the scene.
pub fn rows(assume: &Assume) -> Vec<Constant> {
    let place = |(x, y): &(u8, u8)| format!("({x},{y})");
    let row =
        |name, value: String, unit, source| Constant { name, value, unit, mark: Mark::NotPublished, source };
    let numbers = Assume::PARAMETERS
        .iter()
        .map(|number| row(number.name, (number.get)(assume).to_string(), number.unit, number.source));
    let [first, second] = &assume.dram_ports;
    let ports = assume.router_ports.iter().map(place).collect::<Vec<_>>().join(" ");
    let choices = [
        row(
            "bank_interleave",
            format!("{:?}", assume.bank_interleave),
            "",
            "four banks (CHIP26); their mapping: no source",
        ),
        row("bank_priority", format!("{:?}", assume.bank_priority), "", "no source"),
        row(
            "tanh",
            format!("{:?}", assume.tanh),
            "",
            "from the exp unit (CHIP26); by which form, and its error: no source",
        ),
        row(
            "traps",
            assume.traps.to_string(),
            "",
            "off at reset (Arm); whether the chip's software turns them on: no source",
        ),
        row(
            "router_ports",
            ports,
            "QPEs",
            "six ports at the centre of the die (CHIP26); at which QPEs: no source",
        ),
        row("host_port", place(&assume.host_port), "QPE", "no source"),
        row("dram_ports", format!("{} {}", place(first), place(second)), "QPEs", "no source"),
    ];
    numbers.chain(choices).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::options::{BankInterleave, BankPriority};
    use crate::net::Tanh;

    /// Characters of a value that are not the notation of JSON or of the table.
    fn bare(text: &str) -> String {
        text.chars().filter(|c| c.is_alphanumeric() || *c == '.').collect()
    }

    #[test]
    fn every_assumption_is_in_the_table_with_its_value_and_says_that_it_is_not_published() {
        let other = Assume {
            branch_refill: 3,
            exp_iterations: 5,
            polling: 0.25,
            dma_setup_cycles: 77,
            dma_beat_noc_cycles: 2,
            dram_bytes_per_us: 1234,
            sram_stall_percent: 7.5,
            dram_latency_ns: 12.5,
            host_turnaround_us: 1.5,
            dvfs_switch_us: 6.25,
            energy_per_hop_pj: 2.5,
            energy_per_dram_byte_pj: 3.5,
            mac_use_percent: 55.5,
            mac_vector_percent: 65.25,
            mac_idle_percent: 12.5,
            bank_interleave: BankInterleave::Word,
            bank_priority: BankPriority::RoundRobin,
            tanh: Tanh::ExpUnit,
            traps: true,
            link_payload_bits: 64,
            link_latency_ns: 8.25,
            router_latency_ns: 4.5,
            router_ports: [(1, 2), (2, 3), (3, 3), (5, 3), (6, 2), (7, 1)],
            host_port: (2, 3),
            dram_ports: [(4, 5), (6, 1)],
        };
        for assume in [Assume::default(), other] {
            let table = table(&assume);
            let fields = serde_json::to_value(&assume).unwrap();
            let fields = fields.as_object().unwrap();
            for (field, value) in fields {
                let row = table.iter().find(|row| row.name == field).unwrap();
                assert_eq!(row.mark, Mark::NotPublished, "{field}");
                // 0.0 of JSON is 0 in the table.
                let value = value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string());
                assert_eq!(bare(&row.value), bare(&value), "{field}");
                assert!(!row.source.is_empty());
            }
            // Scenes and reports leave the usual arithmetic out.
            assert_eq!(rows(&assume).len(), fields.len() + usize::from(assume.tanh.is_libm()));
        }
    }

    #[test]
    fn every_number_can_be_set_within_its_published_range() {
        for parameter in &Assume::PARAMETERS {
            let mut assume = Assume::default();
            for value in parameter.range.map_or([3.0, 7.0], |(ends, _)| ends) {
                (parameter.set)(&mut assume, value);
                assert_eq!((parameter.get)(&assume).to_bits(), value.to_bits(), "{}", parameter.name);
            }
            let (default, name) = ((parameter.get)(&Assume::default()), parameter.name);
            assert!(
                parameter.range.is_none_or(|([least, most], _)| (least..=most).contains(&default)),
                "{name}"
            );
            // Whatever a search may try lies within what is published.
            if let (Some(search), Some((range, _))) = (parameter.search, parameter.range) {
                assert!(range[0] <= search.bounds[0] && search.bounds[1] <= range[1], "{name}");
            }
        }
        let fields = serde_json::to_value(Assume::default()).unwrap();
        let numbers = fields.as_object().unwrap().iter().filter(|(_, value)| value.is_number());
        assert_eq!(numbers.count(), Assume::PARAMETERS.len());
    }

    #[test]
    fn the_defaults_are_the_fastest_memory_that_is_published() {
        let defaults = Assume::default();
        let [fast, slow] = defaults.memory_extremes(OperatingPoint::Mhz150);
        assert_eq!(fast, defaults);
        assert!((slow.sram_stall_percent - 17.5).abs() < 0.05, "{slow:?}");
        assert_eq!((slow.dma_beat_noc_cycles, slow.dram_bytes_per_us), (2, 1600));
        let [_, slow] = defaults.memory_extremes(OperatingPoint::Mhz300);
        assert!((slow.sram_stall_percent - 12.2).abs() < 0.05, "{slow:?}");
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = table(&Assume::default()).iter().map(|row| row.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
