//! Chip power from the five published figures, and what follows per PE.
//!
//! `P = off + PEs · asleep + Σ duty · active` (facts sheet §5). The published figures are for whole
//! chips; what DRAM, NoC and router contribute to them is not stated, so the per-hop and per-byte
//! energies are knobs at zero elsewhere.

use super::clock::OperatingPoint;
use super::geometry::PE_COUNT;

/// Chip power with all PEs switched off, in mW (CHIP26, second hand).
pub const CHIP_OFF_MW: f64 = 75.2;
/// Chip power with all 152 PEs asleep at 0.5 V, in mW (CHIP26, second hand).
pub const CHIP_ASLEEP_150_MW: f64 = 235.4;
/// Chip power with all 152 PEs running CoreMark at 0.5 V and 150 MHz, in mW (CHIP26, second hand).
pub const CHIP_COREMARK_150_MW: f64 = 424.6;
/// Chip power with all 152 PEs asleep at 0.8 V, in mW (CHIP26, second hand).
pub const CHIP_ASLEEP_300_MW: f64 = 564.7;
/// Chip power with all 152 PEs running CoreMark at 0.8 V and 300 MHz, in mW (CHIP26, second hand).
pub const CHIP_COREMARK_300_MW: f64 = 1247.9;

/// Power of one PE and of the chip around it at one operating point, all in mW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerModel {
    /// The chip with its PEs off.
    pub chip_off_mw: f64,
    /// One PE that is powered and asleep.
    pub pe_asleep_mw: f64,
    /// Power that an active PE draws more than one that sleeps, mW.
    pub pe_active_mw: f64,
}

impl PowerModel {
    /// The model at an operating point.
    pub fn at(point: OperatingPoint) -> Self {
        let (asleep, coremark) = match point {
            OperatingPoint::Mhz150 => (CHIP_ASLEEP_150_MW, CHIP_COREMARK_150_MW),
            OperatingPoint::Mhz300 => (CHIP_ASLEEP_300_MW, CHIP_COREMARK_300_MW),
        };
        let pes = PE_COUNT as f64;
        Self {
            chip_off_mw: CHIP_OFF_MW,
            pe_asleep_mw: (asleep - CHIP_OFF_MW) / pes,
            pe_active_mw: (coremark - asleep) / pes,
        }
    }

    /// Power in W of the chips that `pes` PEs are on, all of them powered, whose duties (active
    /// share of the time, 0..=1) add up to `duty_sum`.
    pub fn chip_power_w(self, duty_sum: f64, pes: usize) -> f64 {
        (self.chip_off_mw * pes.div_ceil(PE_COUNT).max(1) as f64
            + pes as f64 * self.pe_asleep_mw
            + duty_sum * self.pe_active_mw)
            * 1e-3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The five published chip powers come back, and the derived figures of the facts sheet §5.
    #[test]
    fn published_chip_powers_come_back() {
        let close = |a: f64, b: f64, within: f64| assert!((a - b).abs() <= within, "{a} is not {b}");
        let all = PE_COUNT as f64;
        let chip_power_w = |point, duty_sum, pes| PowerModel::at(point).chip_power_w(duty_sum, pes);
        let active_cycle_pj =
            |point: OperatingPoint| PowerModel::at(point).pe_active_mw * 1e3 / f64::from(point.mhz());
        close(chip_power_w(OperatingPoint::Mhz150, 0.0, 0), 0.0752, 1e-12);
        close(chip_power_w(OperatingPoint::Mhz150, 0.0, PE_COUNT), 0.2354, 1e-12);
        close(chip_power_w(OperatingPoint::Mhz150, all, PE_COUNT), 0.4246, 1e-12);
        close(chip_power_w(OperatingPoint::Mhz300, 0.0, PE_COUNT), 0.5647, 1e-12);
        close(chip_power_w(OperatingPoint::Mhz300, all, PE_COUNT), 1.2479, 1e-12);
        close(active_cycle_pj(OperatingPoint::Mhz150), 8.30, 0.005);
        close(active_cycle_pj(OperatingPoint::Mhz300), 14.98, 0.005);
        // DVS: 128 PEs active, 24 asleep.
        close(chip_power_w(OperatingPoint::Mhz150, 128.0, PE_COUNT), 0.3947, 0.0001);
    }
}
