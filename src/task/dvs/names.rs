//! Names that conditions may use in scenes of gesture recognition.

use super::recognising::Recognising;
use crate::task::facts::{FactKind, TaskFacts, WordKind, fact};

/// Name of the class that leads.
pub(super) const CLASS: &str = "class";
/// Name of the class that the sample is labelled with.
pub(super) const LABEL: &str = "label";

/// Classes of gestures.
pub(super) const WORD: WordKind = WordKind { noun: "class", described: "a class", unlisted: None };

/// Names of the gesture task's values in conditions.
pub(super) const FACTS: TaskFacts = TaskFacts {
    heading: "Gestures",
    about: "In scenes whose task is gestures.",
    of: "gestures",
    facts: &[
        fact(CLASS, FactKind::Word(&WORD), "the class that leads: the answer after the last frame"),
        fact(LABEL, FactKind::Word(&WORD), "what the sample is labelled with"),
        fact("probability", FactKind::Share, "softmax of the leading class's mean logit so far"),
        fact("accuracy", FactKind::Share, "share of the labelled samples answered rightly so far"),
        fact("sample", FactKind::Count, "the sample seen last, from 0; of a batch, as all here, the first"),
        fact("frame", FactKind::Count, "frames of it answered"),
    ],
};

/// Returns the number that a name stands for in a condition; `None` before there is one.
pub(super) fn number(recognising: &Recognising, name: &str) -> Option<f64> {
    let task = recognising.task();
    let (sample, frame) = task.now();
    match name {
        "accuracy" => task.tally().accuracy(),
        _ if frame == 0 => None,
        "sample" => Some(sample as f64),
        "frame" => Some(f64::from(frame)),
        "probability" => recognising.probabilities().get(recognising.leader().index()).map(|&p| f64::from(p)),
        _ => None,
    }
}
