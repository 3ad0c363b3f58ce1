//! Numbers for display, always with their unit.

pub use crate::text::{grouped as count, percent};

/// Formats a time given in µs: in µs below 10 ms, in ms below 10 s, then in s.
pub fn time_us(us: f64) -> String {
    if us < 1_000.0 {
        format!("{us:.1} µs")
    } else if us < 10_000.0 {
        format!("{us:.0} µs")
    } else if us < 10_000_000.0 {
        format!("{:.2} ms", us / 1e3)
    } else {
        format!("{:.2} s", us / 1e6)
    }
}

/// Formats a size in bytes or KiB.
pub fn bytes(n: u32) -> String {
    if n < 1024 { format!("{n} B") } else { format!("{:.1} KiB", f64::from(n) / 1024.0) }
}

/// Formats a number, from 10,000 on in k, M or G; below 10¹² in at most five characters.
pub fn short_count(n: u64) -> String {
    match n {
        0..=9_999 => n.to_string(),
        10_000..=999_499 => format!("{:.0}k", n as f64 / 1e3),
        999_500..=99_949_999 => format!("{:.1}M", n as f64 / 1e6),
        99_950_000..=999_499_999 => format!("{:.0}M", n as f64 / 1e6),
        999_500_000..=99_949_999_999 => format!("{:.1}G", n as f64 / 1e9),
        _ => format!("{:.0}G", n as f64 / 1e9),
    }
}

/// Returns an energy in J with the prefix that suits it.
pub fn joules(j: f64) -> String {
    if j < 1e-3 {
        format!("{:.1} µJ", j * 1e6)
    } else if j < 1.0 {
        format!("{:.2} mJ", j * 1e3)
    } else {
        format!("{j:.3} J")
    }
}

/// Formats an energy in J, for energies below about a microjoule: in pJ, nJ or µJ.
pub fn small_joules(j: f64) -> String {
    if j < 1e-9 {
        format!("{:.0} pJ", j * 1e12)
    } else if j < 1e-6 {
        format!("{:.2} nJ", j * 1e9)
    } else {
        format!("{:.2} µJ", j * 1e6)
    }
}

/// Formats a number in at most nine characters if its exponent has at most two digits.
pub fn short_number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-3..1e6).contains(&size) => format!("{value:.2e}"),
        size if size < 10.0 => format!("{value:.4}"),
        size if size < 1e3 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_change_where_they_should() {
        assert_eq!(time_us(12.34), "12.3 µs");
        assert_eq!(time_us(2431.6), "2432 µs");
        assert_eq!(time_us(170_250.0), "170.25 ms");
        assert_eq!(time_us(12_000_000.0), "12.00 s");
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(131_072), "128.0 KiB");
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(short_count(1_234_567), "1.2M");
        let steps =
            [9_999, 999_499, 999_500, 99_949_999, 99_950_000, 999_499_999, 999_500_000, 999_499_999_999];
        let short = steps.map(short_count);
        assert_eq!(short, ["9999", "999k", "1.0M", "99.9M", "100M", "999M", "1.0G", "999G"]);
        assert_eq!(percent(0.9502), "95.0 %");
        let short = [0.0, -1.5, 151.316, 20_431.0, 1e-7, -3e12].map(short_number);
        assert_eq!(short, ["0", "-1.5000", "151.32", "20431", "1.00e-7", "-3.00e12"]);
        assert_eq!(joules(0.00093), "930.0 µJ");
        assert_eq!(joules(0.0653), "65.30 mJ");
        assert_eq!([3.2e-12, 1.164e-8, 2e-6].map(small_joules), ["3 pJ", "11.64 nJ", "2.00 µJ"]);
    }
}
