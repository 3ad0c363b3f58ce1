//! Places on the chip in conditions: `pe(3,4,2)`, `link(3,4,east)`, `unit("rnns.1", 41)`,
//! with their fields.

use std::ops::Range;

use super::error::ExprError;
use super::names::Names;
use super::parse::{Kind, Node};
use super::table::{self, DIRECTIONS, Group, Row};
use crate::chip::geometry::{GRID_HELP, Pe, Qpe};
use crate::chip::place;
use crate::machine::sram::SRAM_BYTES;
use crate::scene::error::did_you_mean;
use crate::session::debug::facts::Of;

/// Written forms of the places, for messages.
pub(super) const FORMS: [&str; 7] = [
    "pe(3,4,2).status",
    "link(3,5,east).load",
    "sram(3,4,2,0x8000).word",
    "unit(\"rnns.1\", 41).c",
    "layer(\"rnns.1\").activity",
    "written(pe(3,4,2), 0x8000..0x8100)",
    "changed(unit(\"rnns.1\", 41).y)",
];

/// Meaning of a name with brackets.
pub(super) enum Meaning<'n> {
    /// Something with values.
    Of(Group, Of),
    /// Whether these bytes were written.
    Written(Pe, Range<u32>),
    /// Whether this changed.
    Changed(&'n Node),
}

/// Returns the meaning of a call such as `pe(3,4,2)`; fails if its name or arguments are wrong.
pub(super) fn place<'n>(
    node: &Node,
    name: &str,
    arguments: &'n [Node],
    names: &Names,
) -> Result<Meaning<'n>, ExprError> {
    let form = |wanted: &str| {
        let example = FORMS.iter().find(|form| form.starts_with(&format!("{wanted}("))).copied();
        let help = example.map(|example| format!("as in `{example}`")).unwrap_or_default();
        ExprError::new(node.at.clone(), format!("wrong arguments for `{wanted}(…)`"), help)
    };
    match (name, arguments) {
        ("pe", [_, _, _] | [_, _, _, _]) => Ok(Meaning::Of(Group::Pe, Of::Pe(pe(node, arguments, names)?))),
        ("link", [x, y, direction]) => {
            let (x, y) = (coordinate(x)?, coordinate(y)?);
            Ok(Meaning::Of(Group::Link, Of::Link(link(node, (x, y), direction)?)))
        }
        ("sram", [place @ .., address]) if (3..=4).contains(&place.len()) => {
            let pe = pe(node, place, names)?;
            Ok(Meaning::Of(Group::Sram, Of::Sram(pe, whole(address, SRAM_BYTES - 1)?)))
        }
        ("unit", [layer, unit]) => {
            Ok(Meaning::Of(names.group(Group::Unit), self::unit(layer, unit, None, names)?))
        }
        ("unit", [layer, unit, sample]) => {
            Ok(Meaning::Of(names.group(Group::Unit), self::unit(layer, unit, Some(sample), names)?))
        }
        ("layer", [layer]) => Ok(Meaning::Of(Group::Layer, Of::Layer(self::layer(layer, names)?))),
        ("written", [place, bytes]) => {
            let Kind::Call { name, arguments, field: None } = &place.kind else {
                return Err(form("written"));
            };
            if name != "pe" {
                return Err(form("written"));
            }
            Ok(Meaning::Written(pe(place, arguments, names)?, self::bytes(bytes)?))
        }
        ("changed", [of]) => Ok(Meaning::Changed(of)),
        ("pe" | "link" | "sram" | "unit" | "layer" | "written" | "changed", _) => Err(form(name)),
        _ => {
            let forms = ["pe", "link", "sram", "unit", "layer", "written", "changed"];
            let help = match did_you_mean(name, forms) {
                Some(meant) => format!("did you mean `{meant}(…)`?"),
                None => format!("there are {}", forms.map(|form| format!("{form}(…)")).join(", ")),
            };
            let at = node.at.start..node.at.start + name.len();
            Err(ExprError::new(at, format!("there is no `{name}(…)`"), help))
        }
    }
}

/// Returns the row for `field`, the name behind the dot, or an error at `end` if there is none.
pub(super) fn field(
    group: Group,
    field: Option<&(String, Range<usize>)>,
    end: Range<usize>,
) -> Result<&'static Row, ExprError> {
    let all: Vec<&str> = table::of(group).map(|row| row.name).collect();
    let list = all.join(", ");
    let Some((name, at)) = field else {
        return Err(ExprError::new(end, "a field is missing", format!("a dot, and one of {list}")));
    };
    table::find(group, name).ok_or_else(|| {
        let meant = did_you_mean(name, all.iter().copied());
        let meant = meant.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
        ExprError::new(at.clone(), format!("there is no `{name}` here"), format!("{meant}there are {list}"))
    })
}

/// Returns the names without brackets that a scene has.
pub(super) fn plain_names(names: &Names) -> Vec<String> {
    let groups = Group::plain().filter(|&group| names.has(group));
    let mut all: Vec<String> = groups.flat_map(table::of).map(|row| row.name.to_owned()).collect();
    for layer in names.layers() {
        all.extend(table::of(Group::Layer).map(|row| format!("{layer}.{}", row.name)));
    }
    all
}

fn whole(node: &Node, most: u32) -> Result<u32, ExprError> {
    match node.kind {
        Kind::Number(value, None, true) if value <= f64::from(most) => Ok(value as u32),
        Kind::Number(_, None, true) => Err(ExprError::new(node.at.clone(), format!("at most {most}"), "")),
        _ => Err(ExprError::new(node.at.clone(), "expected a whole number here", "")),
    }
}

fn coordinate(node: &Node) -> Result<u8, ExprError> {
    whole(node, u32::from(u8::MAX)).map(|value| value as u8)
}

fn pe(node: &Node, arguments: &[Node], names: &Names) -> Result<Pe, ExprError> {
    let ([x, y, p] | [x, y, p, _]) = arguments else {
        let help = "as in `pe(3,4,2)`, or `pe(3,4,2,1)` on chip 1";
        return Err(ExprError::new(node.at.clone(), "a PE has three numbers", help));
    };
    let chip = arguments.get(3).map_or(Ok(0), coordinate)?;
    let place = place::PePlace { x: coordinate(x)?, y: coordinate(y)?, p: coordinate(p)?, chip };
    let Some(pe) = place.pe() else {
        let message = format!("there is no PE {place}");
        return Err(ExprError::new(node.at.clone(), message, format!("{GRID_HELP}; p is 0 to 3")));
    };
    if !names.works(pe) {
        let near = names.pes().next().map(|pe| format!("one that has is {}", short(pe))).unwrap_or_default();
        let message = format!("{pe} has no program in this scene: nothing happens on it");
        return Err(ExprError::new(node.at.clone(), message, near));
    }
    Ok(pe)
}

/// Formats a PE as in conditions.
pub fn short(pe: Pe) -> String {
    format!("pe{}", place::PePlace::from(pe))
}

fn link(node: &Node, (x, y): (u8, u8), direction: &Node) -> Result<usize, ExprError> {
    if Qpe::at(x, y).is_none() {
        let at = node.at.clone();
        return Err(ExprError::new(at, format!("there is no QPE ({x},{y})"), GRID_HELP));
    }
    let (Kind::Name(word) | Kind::Text(word)) = &direction.kind else {
        let help = "it is east, west, north or south";
        return Err(ExprError::new(direction.at.clone(), "expected a direction here", help));
    };
    if !DIRECTIONS.iter().any(|(name, _)| name == word) {
        let help = "there are east, west, north, south";
        return Err(ExprError::new(direction.at.clone(), format!("unknown direction `{word}`"), help));
    }
    Names::link(x, y, word).ok_or_else(|| {
        let message = format!("no link leaves QPE ({x},{y}) to the {word}");
        ExprError::new(node.at.clone(), message, "the edge of the chip or a hole in the grid is there")
    })
}

fn layer(node: &Node, names: &Names) -> Result<usize, ExprError> {
    let (Kind::Name(name) | Kind::Text(name)) = &node.kind else {
        let help = "as in \"rnns.1\"";
        return Err(ExprError::new(node.at.clone(), "expected the name of a layer here", help));
    };
    names.layer(name).ok_or_else(|| {
        let all: Vec<&str> = names.layers().collect();
        let meant = did_you_mean(name, all.iter().copied());
        let meant = meant.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
        let help = format!("{meant}there are {}", all.join(", "));
        ExprError::new(node.at.clone(), format!("unknown layer `{name}`"), help)
    })
}

fn unit(layer: &Node, unit: &Node, sample: Option<&Node>, names: &Names) -> Result<Of, ExprError> {
    let layer = self::layer(layer, names)?;
    let number = whole(unit, u32::MAX)?;
    let sample = match sample {
        None => 0,
        Some(node) => {
            let sample = coordinate(node)?;
            if u32::from(sample) >= names.batch() {
                let message = format!("samples are 0 to {}", names.batch().saturating_sub(1));
                return Err(ExprError::new(node.at.clone(), message, "mapping.batch says how many"));
            }
            sample
        }
    };
    let found = match names.group(Group::Unit) {
        Group::Neuron => names.neuron(layer, number).map(Of::Neuron),
        _ => names.unit(layer, number, sample).map(Of::Unit),
    };
    found.ok_or_else(|| {
        let units = names.units(layer);
        if (number as usize) < units {
            let message = "neurons of a source have no state: they spike at random";
            return ExprError::new(unit.at.clone(), message, "name a population");
        }
        let message = format!("units of this layer are 0 to {}", units.saturating_sub(1));
        ExprError::new(unit.at.clone(), message, "")
    })
}

fn bytes(node: &Node) -> Result<Range<u32>, ExprError> {
    let (start, end) = if let Kind::Range(start, end) = &node.kind {
        (whole(start, SRAM_BYTES)?, whole(end, SRAM_BYTES)?)
    } else {
        let start = whole(node, SRAM_BYTES - 1)?;
        (start, start + 1)
    };
    if start >= end {
        return Err(ExprError::new(
            node.at.clone(),
            "empty range: no byte lies in it",
            "the end is exclusive and must be above the start, as in 0x8000..0x8004",
        ));
    }
    Ok(start..end)
}
