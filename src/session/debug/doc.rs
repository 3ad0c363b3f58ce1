//! The section "Conditions" of `docs/debugging.md`: grammar, units and every name, written from the
//! tables in code.

use std::fmt::Write as _;

use super::expr::MAX_LENGTH;
use super::expr::table::{self, DIRECTIONS, Domain, Group, Row, STATUSES, Type};
use super::expr::unit::Unit;
use crate::mapping::build;

const INTRODUCTION: &str = include_str!("introduction.md");

/// Returns the section "Conditions" as Markdown.
pub fn markdown() -> String {
    let suffixes: Vec<String> = Unit::suffixes().map(|suffix| format!("`{suffix}`")).collect();
    let directions: Vec<String> = DIRECTIONS.iter().map(|(name, _)| format!("`{name}`")).collect();
    let mut page = INTRODUCTION
        .replace("{units}", &suffixes.join(", "))
        .replace("{longest}", &MAX_LENGTH.to_string())
        .replace("{directions}", &directions.join(", "));
    let phases = build::legend().phases;
    page.push_str("\n### Words\n\n");
    for (domain, words) in [
        ("Status of a PE (`pe(x,y,p).status`)", STATUSES.to_vec()),
        ("Phases", phases.iter().map(|phase| phase.name).collect()),
    ] {
        let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
        let _ = writeln!(page, "* {domain}: {}.", words.join(", "));
    }
    let others = phases.iter().filter_map(|phase| Some(format!("`{}` for `{}`", phase.alias?, phase.name)));
    let others: Vec<String> = others.collect();
    let _ = writeln!(page, "  Shorter forms: {}. `waiting` is sleeping or polling.", others.join(" and "));
    page.push_str(
        "* Layers and classes are those of the model. Words of a text are as the text has them, case included.\n",
    );
    page.push_str("\n### Names\n");
    for group in Group::all() {
        let (heading, about) = describe(group);
        let _ = write!(
            page,
            "\n#### {heading}\n\n{about}\n\n| name | is | changes with each | meaning |\n|---|---|---|---|\n"
        );
        for row in table::of(group) {
            let _ = writeln!(
                page,
                "| `{}{}` | {} | {} | {} |",
                group.form(),
                row.name,
                kind(row),
                row.when.describe(),
                row.about.replace('|', "\\|")
            );
        }
    }
    page
}

fn kind(row: &Row) -> String {
    match row.kind {
        Type::Number(Unit::Plain) => "number".to_owned(),
        Type::Number(unit) => format!("number, {}", unit.symbol().replace("..", " to ")),
        Type::Word(Domain::Status) => "word, above".to_owned(),
        Type::Word(Domain::Phase) => "phase".to_owned(),
        Type::Word(Domain::Layer) => "layer".to_owned(),
        Type::Word(Domain::Task(kind)) => kind.described.trim_start_matches("a ").to_owned(),
    }
}

const fn describe(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::Chip => ("The chip", "Of the whole chip."),
        Group::Task(facts) => (facts.heading, facts.about),
        Group::Layer => (
            "A layer",
            "By its name in the model, `rnns.1.activity`; any name can be written in quotes, `layer(\"rnns.1\").activity`.",
        ),
        Group::Pe => ("A PE", "By its place, as the app shows it. It has to have a program."),
        Group::Link => ("A link", "By the QPE that it leaves, and in which direction."),
        Group::Sram => (
            "Bytes of SRAM",
            "By the PE and the byte address, `sram(3,4,2,0x8000).byte`. The PE has to have a program.",
        ),
        Group::Unit => (
            "A unit",
            "By layer and number within the layer, as in the model, from 0; in a batch a third number says which sample: \
             `unit(\"rnns.1\", 41, 2).c`.",
        ),
        Group::Neuron => (
            "A spiking neuron",
            "By population and number within the population, from 0. A value that its model lacks is never there: \
             a comparison with it does not hold.",
        ),
    }
}
