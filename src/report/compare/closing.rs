//! The last word of a comparison: which is faster, which needs less energy, where that comes from,
//! and how certain it is.

use super::assumptions::Assumption;
use super::{Comparison, PhaseDifference, distinct};

/// Phases that are named.
const NAMED: usize = 2;
/// Phases with a smaller part of the difference are not named.
const PART: f64 = 0.1;

/// Returns the closing words of a comparison.
pub(super) fn closing(comparison: &Comparison) -> String {
    let mut words = vec![figures(comparison), place(comparison), refill(comparison), rests(comparison)];
    words.push(match comparison.outputs.identical {
        Some(true) => "The outputs are bit-identical.".to_owned(),
        Some(false) => format!("The outputs are {}.", comparison.outputs.why),
        None => format!("The outputs {}.", comparison.outputs.why),
    });
    words.retain(|sentence| !sentence.is_empty());
    words.join(" ")
}

/// Returns the time and energy of B relative to A, in words.
fn figures(comparison: &Comparison) -> String {
    let (a, b) = (&comparison.a, &comparison.b);
    let time = amount("time", a.chip_time_us, b.chip_time_us);
    let energy = amount("energy", a.energy_j, b.energy_j);
    let ms = format!("{:.3} ms instead of {:.3} ms", b.chip_time_us / 1e3, a.chip_time_us / 1e3);
    let mj = format!("{:.3} mJ instead of {:.3} mJ", b.energy_j * 1e3, a.energy_j * 1e3);
    match (time, energy) {
        (None, None) => "B takes the same time and energy as A.".to_owned(),
        (Some(time), None) => format!("Against A, B takes {time} ({ms}) and the same energy."),
        (None, Some(energy)) => format!(
            "Against A, B takes the same time and {energy} ({mj}): its mean power is {:.3} W instead of {:.3} W.",
            b.power_w, a.power_w
        ),
        (Some(time), Some(energy)) => format!("Against A, B takes {time} ({ms}) and {energy} ({mj})."),
    }
}

/// Describes the difference of `b` from `a`: "12.3 % less time", "2.5 times the time"; `None`
/// without a difference, or if per cent make no sense.
fn amount(what: &str, a: f64, b: f64) -> Option<String> {
    let difference = super::relative(a, b).filter(|difference| *difference != 0.0)?;
    if difference >= 1.0 {
        return Some(format!("{:.1} times the {what}", 1.0 + difference));
    }
    let which = if difference < 0.0 { "less" } else { "more" };
    Some(format!("{} {which} {what}", size(difference)))
}

/// Formats the size of a relative difference, in per cent, with as many digits as it needs.
pub(super) fn size(difference: f64) -> String {
    let percent = 100.0 * difference.abs();
    match percent {
        0.0 => "0 %".to_owned(),
        p if p < 0.005 => "<0.01 %".to_owned(),
        p if p < 1.0 => format!("{p:.2} %"),
        p => format!("{p:.1} %"),
    }
}

/// Relative difference from which a factor is clearer than per cent.
const FACTOR: f64 = 9.0;

/// Formats a relative difference in per cent with its sign, or as a factor, ×14.2.
pub(super) fn signed(difference: f64) -> String {
    let sign = match difference {
        d if d >= FACTOR => return format!("×{:.1}", 1.0 + d),
        d if d.abs() < 0.000_05 => "",
        d if d < 0.0 => "−",
        d if d > 0.0 => "+",
        _ => "",
    };
    format!("{sign}{}", size(difference))
}

/// Describes the phases in which the difference of time lies, summed over layers, and the layer
/// with most of each.
fn place(comparison: &Comparison) -> String {
    let of_phase = |phase: &'static str| comparison.phases.iter().filter(move |p| p.phase == phase);
    let sum = |phase| (phase, of_phase(phase).map(|p| p.absolute_us).sum::<f64>());
    let names = distinct(comparison.phases.iter().map(|difference| difference.phase));
    let mut sums: Vec<(&str, f64)> = names.into_iter().map(sum).collect();
    let total: f64 = sums.iter().map(|(_, sum)| sum).sum();
    let moved: f64 = sums.iter().map(|(_, sum)| sum.abs()).sum();
    sums.retain(|(_, sum)| sum.abs() > PART * moved);
    sums.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
    sums.truncate(NAMED);
    let named: Vec<String> = sums
        .into_iter()
        .map(|(phase, sum)| {
            let most = of_phase(phase)
                .max_by(|a, b| (a.absolute_us * sum.signum()).total_cmp(&(b.absolute_us * sum.signum())));
            let most = most.map_or_else(String::new, |p| format!(", most in {}", layer(p)));
            format!("{phase} ({} ms{most})", millis(sum))
        })
        .collect();
    if named.is_empty() {
        return String::new();
    }
    format!("By phase, the difference of {} ms is greatest in {}.", millis(total), named.join(" and "))
}

fn layer(phase: &PhaseDifference) -> String {
    format!("{}: {}", phase.layer, millis(phase.absolute_us))
}

/// Formats microseconds as milliseconds with a sign.
fn millis(us: f64) -> String {
    let sign = if us < 0.0 { "−" } else { "+" };
    format!("{sign}{:.3}", us.abs() / 1e3)
}

/// Returns the difference of time at the ends of ARM's range for P, in words.
fn refill(comparison: &Comparison) -> String {
    let at = comparison.assumptions.iter().find(|assumption| assumption.parameter == "branch_refill");
    let same_time = comparison.a.chip_time_us.total_cmp(&comparison.b.chip_time_us).is_eq();
    let Some(Assumption { time_relative: [Some(low), Some(high)], .. }) = at.filter(|_| !same_time) else {
        return String::new();
    };
    let overlap = if comparison.p_intervals_overlap == Some(true) {
        "The two intervals for P, the branch refill, of 1 to 3 cycles overlap: the difference is within the \
         uncertainty of P. Yet both chips have the same P. "
    } else {
        ""
    };
    format!("{overlap}With P = 1 in both, B takes {}; with P = 3, {}.", time_at(*low), time_at(*high))
}

/// Describes the assumptions that a difference rests on, and the difference at other values.
fn rests(comparison: &Comparison) -> String {
    let (a, b) = (&comparison.a, &comparison.b);
    let time = super::relative(a.chip_time_us, b.chip_time_us);
    let energy = super::relative(a.energy_j, b.energy_j);
    let shown = |relative: Option<f64>| relative.map_or_else(|| "?".to_owned(), signed);
    let mut words = Vec::new();
    for assumption in &comparison.assumptions {
        let sentence = |what: &str, base: Option<f64>, [low, high]: [Option<f64>; 2]| {
            format!(
                "The difference in {what} ({}) rests on assume.{}: {} at {}, {} at {}.",
                shown(base),
                assumption.parameter,
                shown(low),
                assumption.tried[0],
                shown(high),
                assumption.tried[1],
            )
        };
        if assumption.decides_time {
            words.push(sentence("time", time, assumption.time_relative));
        }
        if assumption.decides_energy {
            words.push(sentence("energy", energy, assumption.energy_relative));
        }
    }
    words.join(" ")
}

/// Describes a relative difference of time: "12.3 % less time".
fn time_at(relative: f64) -> String {
    amount("time", 1.0, 1.0 + relative).unwrap_or_else(|| "the same time".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_in_words() {
        assert_eq!(amount("time", 2.0, 1.0).unwrap(), "50.0 % less time");
        assert_eq!(amount("energy", 1.0, 1.002).unwrap(), "0.20 % more energy");
        assert_eq!(amount("time", 3.0, 3.0), None);
        assert_eq!(amount("time", 1.0, 2.5).unwrap(), "2.5 times the time");
        assert_eq!([0.0, -0.123_4, 0.00001, 13.2].map(signed), ["0 %", "−12.3 %", "<0.01 %", "×14.2"]);
    }
}
