//! Faults in the notation of scenes, for the app's command line, and their error messages.

use crate::chip::place::PePlace;
use ron::Error;

use super::kind::Kind;
use crate::chip::geometry::Qpe;
use crate::machine::fault::Fault;
use crate::scene::error::did_you_mean;

/// Returns a fault of `kind` in the notation of scenes, as an example.
pub fn example(kind: Kind, pe: PePlace, address: u32) -> String {
    scene(&match kind {
        Kind::FlipBit => Fault::FlipBit { pe, address, bit: 6 },
        Kind::StickBit => Fault::StickBit { pe, address, bit: 6, value: 1 },
        Kind::KillPe => Fault::KillPe { pe },
        Kind::DropPackets => Fault::DropPackets { pe, packets: 1 },
        Kind::DelayPackets => Fault::DelayPackets { pe, packets: 1, us: 50.0 },
        Kind::DivertPackets => Fault::DivertPackets { pe, packets: 1, address: address & !15 },
        Kind::KillLink => {
            let from = (pe.x, pe.y);
            Fault::KillLink { from, to: neighbour(from) }
        }
        Kind::KillChipLink => Fault::KillChipLink { from: (0, 0), to: (1, 0) },
        Kind::KillChip => Fault::KillChip { chip: (1, 0) },
    })
}

/// Returns the place of a QPE to which a link leads from another one, east or west before
/// north or south.
pub fn neighbour((x, y): (u8, u8)) -> (u8, u8) {
    let around = [(x + 1, y), (x.saturating_sub(1), y), (x, y + 1), (x, y.saturating_sub(1))];
    around.into_iter().find(|&(x, y)| Qpe::at(x, y).is_some()).unwrap_or((x, y))
}

/// Returns a fault in the notation of scenes, with its address in hexadecimal.
pub fn scene(fault: &Fault) -> String {
    let pe = format!("pe: {:#}", fault.place().unwrap_or_default());
    match fault {
        Fault::FlipBit { address, bit, .. } => format!("FlipBit({pe}, address: {address:#07x}, bit: {bit})"),
        Fault::StickBit { address, bit, value, .. } => {
            format!("StickBit({pe}, address: {address:#07x}, bit: {bit}, value: {value})")
        }
        Fault::KillPe { .. } => format!("KillPe({pe})"),
        Fault::DropPackets { packets, .. } => format!("DropPackets({pe}, packets: {packets})"),
        Fault::DelayPackets { packets, us, .. } => {
            format!("DelayPackets({pe}, packets: {packets}, us: {us:?})")
        }
        Fault::DivertPackets { packets, address, .. } => {
            format!("DivertPackets({pe}, packets: {packets}, address: {address:#07x})")
        }
        Fault::KillLink { from, to } => {
            format!("KillLink(from: ({}, {}), to: ({}, {}))", from.0, from.1, to.0, to.1)
        }
        Fault::KillChipLink { from, to } => {
            format!("KillChipLink(from: ({}, {}), to: ({}, {}))", from.0, from.1, to.0, to.1)
        }
        Fault::KillChip { chip } => format!("KillChip(chip: ({}, {}))", chip.0, chip.1),
    }
}

/// Parses a fault in the notation of scenes.
///
/// # Errors
///
/// Fails with what is wrong and how to write a fault of that kind.
pub fn read(text: &str) -> Result<Fault, String> {
    ron::from_str::<Fault>(text).map_err(|error| {
        let word: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric()).collect();
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == word) else {
            return unknown(&word);
        };
        let wrong = match &error.code {
            Error::MissingStructField { field, .. } => format!("`{word}` lacks `{field}`"),
            Error::NoSuchStructField { found, .. } => format!("`{word}` has no field `{found}`"),
            Error::ExpectedDifferentLength { .. } | Error::InvalidValueForType { .. } => {
                format!("column {}: a value does not fit its field", error.span.start.col)
            }
            Error::IntegerOutOfBounds => {
                // RON counts the column behind the sign.
                let column = error.span.start.col;
                let signed = text.chars().nth(column.saturating_sub(2)) == Some('-');
                let column = column - usize::from(signed);
                format!("column {column}: the number is too large for its field, or negative")
            }
            _ => format!("cannot be read from column {} on", error.span.start.col),
        };
        format!("{wrong}: expected for example {}", example(kind, (3, 4, 2).into(), 0x8000))
    })
}

fn unknown(word: &str) -> String {
    let names = Kind::ALL.map(Kind::name);
    // A beginning of a name counts as a match, ignoring case: `kill`, `flip`, `Delay`.
    let part = names
        .into_iter()
        .find(|name| !word.is_empty() && name.to_lowercase().starts_with(&word.to_lowercase()));
    let meant = part.or_else(|| did_you_mean(word, names));
    let meant = meant.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
    format!("unknown fault `{word}`: {meant}there are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::kind::Field;
    use super::*;

    #[test]
    fn every_example_is_a_fault() {
        for kind in Kind::ALL {
            let text = example(kind, (1, 4, 0).into(), 0x4d2f);
            let fault = read(&text).unwrap();
            let place = kind.fields().contains(&Field::Pe).then_some((1, 4, 0).into());
            assert_eq!(fault.place(), place, "{text}");
            assert_eq!(scene(&fault), text);
            assert!(format!("{fault:?}").starts_with(kind.name()), "{text}");
        }
    }

    #[test]
    fn errors_are_words_and_say_how_to_write_it() {
        for (text, words) in [
            ("Kill", "did you mean `KillPe`?"),
            ("kil(pe: (1, 4, 0))", "did you mean `KillPe`?"),
            ("FlipBot(pe: (1, 4, 0))", "did you mean `FlipBit`?"),
            ("", "unknown fault ``: there are FlipBit"),
            ("KillPe", "expected for example KillPe(pe: (3, 4, 2))"),
            ("KillPe(pe: (1, 4))", "expected for example KillPe(pe: (3, 4, 2))"),
            ("KillPe(pe: (1, 4, 0)", "expected for example KillPe(pe: (3, 4, 2))"),
            ("KillPe(place: (1, 4, 0))", "`KillPe` has no field `place`"),
            ("KillLink(from: (1, 1))", "`KillLink` lacks `to`"),
            ("FlipBit(pe: (1, 4, 0), bit: 3)", "`FlipBit` lacks `address`"),
            ("FlipBit(pe: (1, 4, 0), address: -3, bit: 3)", "column 33"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
            for own in ["enum", "variant", "struct", "Unexpected"] {
                assert!(!error.contains(own), "{text}: {error}");
            }
        }
    }
}
