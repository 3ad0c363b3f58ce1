//! Checks of a plan that need no scene: lengths, names, placeholders, campaign, columns of plots.

use super::load::{COLUMNS, columns, plot_columns};
use super::plan::{Axis, Points, Sweep};
use super::value::Value;
use crate::scene::SceneError;
use crate::scene::document::Document;
use crate::scene::error::did_you_mean;

/// Checks that lengths and counts are not 0, and that a run has one length.
pub(super) fn lengths(document: &Document<Sweep>) -> Result<(), SceneError> {
    let sweep = &document.value;
    if sweep.steps.is_some() && sweep.sequences.is_some() {
        return Err(document.error_at(
            "sequences",
            "a run has a length in steps or in sequences",
            "leave one out",
        ));
    }
    for (field, count) in [
        ("steps", sweep.steps),
        ("sequences", sweep.sequences),
        ("repeats", Some(u64::from(sweep.repeats))),
        ("campaign.faults", sweep.campaign.as_ref().map(|campaign| campaign.faults)),
        ("points", if let Points::Draws(count) = sweep.points { Some(count) } else { None }),
    ] {
        if count == Some(0) {
            return Err(document.error_at(field, "0 is too few", "at least 1"));
        }
    }
    Ok(())
}

/// Checks that axes have names of their own, which are those of no other column.
pub(super) fn names(document: &Document<Sweep>) -> Result<(), SceneError> {
    let sweep = &document.value;
    for (number, Axis { name, .. }) in sweep.axes.iter().enumerate() {
        let fail = |message: &str| {
            let help = "a letter, then letters, digits and _; another name for each axis";
            Err(document.error_at(&format!("axes.{number}.name"), format!("`{name}` {message}"), help))
        };
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(word) {
            return fail("cannot be the name of an axis");
        }
        if COLUMNS.contains(&name.as_str()) || name.starts_with("fault_") || sweep.keep.contains(name) {
            return fail("is the name of another column of the results");
        }
        if sweep.axes.iter().take(number).any(|axis| axis.name == *name) {
            return fail("is the name of another axis");
        }
    }
    Ok(())
}

/// Checks that every `{name}` in a value is an axis or `repeat`.
pub(super) fn placeholders(document: &Document<Sweep>, names: &[&str]) -> Result<(), SceneError> {
    for (number, (_, value)) in document.value.set.iter().enumerate() {
        let Value::Text(text) = value else { continue };
        for (at, _) in text.match_indices('{') {
            let Some(name) = text.get(at + 1..).and_then(|rest| rest.split_once('}')).map(|(name, _)| name)
            else {
                continue;
            };
            let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if word && !names.contains(&name) {
                let help = format!("the names are `{}`", names.join("`, `"));
                let message = format!("there is no axis `{name}`");
                return Err(document.error_at(&format!("set.{number}"), message, help));
            }
        }
    }
    Ok(())
}

/// Checks kinds, time steps and delay of a campaign.
pub(super) fn campaign(document: &Document<Sweep>) -> Result<(), SceneError> {
    let Some(campaign) = &document.value.campaign else { return Ok(()) };
    if campaign.kinds.is_empty() {
        return Err(document.error_at("campaign.kinds", "a campaign has at least one kind of fault", ""));
    }
    let (first, last) = campaign.steps;
    let end = document.value.steps.unwrap_or(u64::MAX);
    if first > last || last >= end {
        let help = format!("from 0 to {}, the smaller one first", end - 1);
        return Err(document.error_at("campaign.steps", "the run has no such time steps", help));
    }
    if !(campaign.late_us > 0.0 && campaign.late_us < 1e9) {
        return Err(document.error_at(
            "campaign.late_us",
            "a packet is late by more than 0 and less than 1e9 µs",
            "",
        ));
    }
    Ok(())
}

/// Checks that columns of plots are there.
pub(super) fn plots(document: &Document<Sweep>) -> Result<(), SceneError> {
    let sweep = &document.value;
    let columns = columns(sweep);
    for (number, plot) in sweep.plots.iter().enumerate() {
        for (field, column) in plot_columns(plot) {
            if !columns.iter().any(|known| known == column) {
                let near = did_you_mean(column, columns.iter().map(String::as_str));
                let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                let help = format!("{near}the columns are `{}`", columns.join("`, `"));
                let message = format!("the results have no column `{column}`");
                return Err(document.error_at(&format!("plots.{number}.{field}"), message, help));
            }
        }
    }
    Ok(())
}
