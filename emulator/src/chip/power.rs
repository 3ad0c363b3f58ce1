//! Chip power from the five published figures, and power of a PE derived from them.
//!
//! `P = off + PEs · asleep + Σ duty · active` (facts sheet §5). The published figures are for whole
//! chips; what DRAM, NoC and router contribute to them is not stated, so the per-hop and per-byte
//! energies are assumptions of the scene, 0 by default.

use super::clock::OperatingPoint;
use super::geometry::PE_COUNT;
use super::mac::{MAC_COLUMNS, MAC_ROWS, MAC_USE_PERCENT, MacRun};

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

/// Chip power with all MAC arrays multiplying matrices at 0.5 V and 150 MHz, in mW (CHIP26, second
/// hand).
pub const CHIP_MAC_150_MW: f64 = 825.0;
/// Chip power with all MAC arrays multiplying matrices at 0.8 V and 300 MHz, in mW (CHIP26, second
/// hand).
pub const CHIP_MAC_300_MW: f64 = 2219.0;
/// Throughput of all MAC arrays at 150 MHz, in 10¹² operations a second; a multiply-add is two
/// operations (CHIP26, second hand).
pub const CHIP_MAC_150_TOPS: f64 = 2.281;
/// Throughput of all MAC arrays at 300 MHz, in 10¹² operations a second; a multiply-add is two
/// operations (CHIP26, second hand).
pub const CHIP_MAC_300_TOPS: f64 = 4.563;

/// Returns the energy of a multiply-add of the MAC array in a matrix product, pJ.
///
/// It is derived from the chip's power above that of the sleeping chip, and therefore includes the
/// array's SRAM accesses and the waiting core.
pub fn mac_pj(point: OperatingPoint) -> f64 {
    let (asleep, mac, tops) = match point {
        OperatingPoint::Mhz150 => (CHIP_ASLEEP_150_MW, CHIP_MAC_150_MW, CHIP_MAC_150_TOPS),
        OperatingPoint::Mhz300 => (CHIP_ASLEEP_300_MW, CHIP_MAC_300_MW, CHIP_MAC_300_TOPS),
    };
    (mac - asleep) * 1e-3 / (tops / 2.0)
}

/// Energy of the MAC array, split into that of multiply-adds and that of units at rest while the
/// array works.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MacEnergy {
    /// Energy of a multiply-add, pJ.
    pub mac_pj: f64,
    /// Energy of a unit that does not multiply in a cycle in which the array works, pJ.
    pub idle_pj: f64,
}

impl MacEnergy {
    /// Splits [`mac_pj`], which was measured at 78 % use: a unit at rest draws the share `idle` (0
    /// to 1, not published) of one that multiplies.
    pub fn at(point: OperatingPoint, idle: f64) -> Self {
        let resting = 100.0 / MAC_USE_PERCENT - 1.0;
        let mac_pj = mac_pj(point) / (1.0 + idle * resting);
        Self { mac_pj, idle_pj: idle * mac_pj }
    }

    /// Returns the energy of the array's run, J.
    pub fn joules(self, run: &MacRun) -> f64 {
        let units = u64::from(MAC_ROWS * MAC_COLUMNS);
        let resting = (run.cycles * units).saturating_sub(run.macs) as f64;
        (run.macs as f64 * self.mac_pj + resting * self.idle_pj) * 1e-12
    }
}

/// Power of one PE and of the chip around it at one operating point, all in mW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerModel {
    /// Power of the chip with its PEs off, mW.
    pub chip_off_mw: f64,
    /// Power of a PE that is powered and asleep, mW.
    pub pe_asleep_mw: f64,
    /// Additional power of an active PE over one that is asleep, mW.
    pub pe_active_mw: f64,
}

impl PowerModel {
    /// Creates the power model at an operating point.
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

    /// Returns the power of the chips that hold `pes` PEs, all of them powered, in W. `duty_sum` is
    /// the sum of the PEs' duties (active share of the time, 0..=1).
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

    #[test]
    fn a_matrix_product_takes_the_published_energy_whatever_resting_units_draw() {
        for (point, pj) in [(OperatingPoint::Mhz150, 0.517), (OperatingPoint::Mhz300, 0.725)] {
            assert!((mac_pj(point) - pj).abs() < 0.0005, "{}", mac_pj(point));
            // 78 % use.
            let run = MacRun { cycles: 1000, macs: 64 * 780, bytes: 0 };
            for idle in [0.0, 0.3, 1.0] {
                let joules = MacEnergy::at(point, idle).joules(&run);
                assert!((joules - 64.0 * 780.0 * mac_pj(point) * 1e-12).abs() < 1e-18, "{idle}: {joules}");
            }
        }
    }

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
