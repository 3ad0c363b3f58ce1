//! The scene's `assume` block as rows of the table of hardware numbers: what this run takes where nothing is published.

use super::options::Assume;
use crate::chip::constants::{self, Constant, Mark};

/// Every hardware number of a run: those of [`constants::all`], then each field of `assume` as it is.
pub fn table(assume: &Assume) -> Vec<Constant> {
    let mut table = constants::all();
    table.extend(rows(assume));
    table
}

/// One row a field of `assume`, by its name in the scene.
pub fn rows(assume: &Assume) -> Vec<Constant> {
    let Assume {
        branch_refill,
        exp_iterations,
        polling,
        dma_setup_cycles,
        dram_latency_ns,
        host_turnaround_us,
        energy_per_hop_pj,
        energy_per_dram_byte_pj,
        bank_interleave,
        bank_priority,
        router_latency_ns,
        router_ports,
        host_port,
        dram_ports: [first, second],
    } = assume;
    let place = |(x, y): &(u8, u8)| format!("({x},{y})");
    let row =
        |name, value: String, unit, source| Constant { name, value, unit, mark: Mark::NotPublished, source };
    vec![
        row(
            "branch_refill",
            branch_refill.to_string(),
            "cycles",
            "Arm gives 1 to 3 for the Cortex-M4, not this chip's",
        ),
        row(
            "exp_iterations",
            exp_iterations.to_string(),
            "",
            "1 to 16 are possible (CHIP26); what the paper's program asks for is not said",
        ),
        row(
            "polling",
            polling.to_string(),
            "of active power",
            "only asleep and CoreMark are measured (CHIP26)",
        ),
        row("dma_setup_cycles", dma_setup_cycles.to_string(), "cycles", "no source"),
        row("dram_latency_ns", dram_latency_ns.to_string(), "ns", "no source"),
        row("host_turnaround_us", host_turnaround_us.to_string(), "µs", "no source; 0 leaves the host out"),
        row(
            "energy_per_hop_pj",
            energy_per_hop_pj.to_string(),
            "pJ",
            "no source; 0: what the NoC draws is within the published chip powers, or left out",
        ),
        row(
            "energy_per_dram_byte_pj",
            energy_per_dram_byte_pj.to_string(),
            "pJ/B",
            "no source; 0: whether DRAM is within the published chip powers is not said",
        ),
        row(
            "bank_interleave",
            format!("{bank_interleave:?}"),
            "",
            "four banks (CHIP26); their mapping: no source",
        ),
        row("bank_priority", format!("{bank_priority:?}"), "", "no source"),
        row(
            "router_latency_ns",
            router_latency_ns.to_string(),
            "ns",
            "no source beyond the 10 ns of its pipeline (CHIP26)",
        ),
        row(
            "router_ports",
            router_ports.iter().map(place).collect::<Vec<_>>().join(" "),
            "QPEs",
            "six ports at the centre of the die (CHIP26); at which QPEs: no source",
        ),
        row("host_port", place(host_port), "QPE", "no source"),
        row("dram_ports", format!("{} {}", place(first), place(second)), "QPEs", "no source"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::options::{BankInterleave, BankPriority};

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
            dram_latency_ns: 12.5,
            host_turnaround_us: 1.5,
            energy_per_hop_pj: 2.5,
            energy_per_dram_byte_pj: 3.5,
            bank_interleave: BankInterleave::Word,
            bank_priority: BankPriority::RoundRobin,
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
            assert_eq!(rows(&assume).len(), fields.len());
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = table(&Assume::default()).iter().map(|row| row.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
