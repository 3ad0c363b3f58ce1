//! Names that conditions may use in scenes of a task: what each is, for the checker
//! and the documentation.

/// Names of a task. Their values come from [`super::TaskRun::number`] and
/// [`super::TaskRun::word`], new with every time step.
#[derive(Debug, PartialEq, Eq)]
pub struct TaskFacts {
    /// Heading of their table in the documentation.
    pub heading: &'static str,
    /// Sentence below the heading.
    pub about: &'static str,
    /// Kind of network that has these facts, in the plural: "language models".
    pub of: &'static str,
    /// The names, in the order of the documentation.
    pub facts: &'static [TaskFact],
}

/// Name of a value in conditions.
#[derive(Debug, PartialEq, Eq)]
pub struct TaskFact {
    /// Name of the fact in conditions.
    pub name: &'static str,
    /// Type of its values.
    pub kind: FactKind,
    /// Description for the documentation, one line.
    pub about: &'static str,
}

/// Creates a row of [`TaskFacts::facts`].
pub(super) const fn fact(name: &'static str, kind: FactKind, about: &'static str) -> TaskFact {
    TaskFact { name, kind, about }
}

/// Type of the values of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// A number without unit.
    Count,
    /// A number, 0..=1.
    Share,
    /// A surprisal, nats.
    Nats,
    /// Word of one of the kinds.
    Word(&'static WordKind),
}

/// Kind of words.
#[derive(Debug, PartialEq, Eq)]
pub struct WordKind {
    /// Noun for a word of this kind.
    pub noun: &'static str,
    /// Noun with its article and its owner.
    pub described: &'static str,
    /// Message about a word that is none of them, where they are too many to list. Such words are
    /// written in quotes.
    pub unlisted: Option<&'static str>,
}
