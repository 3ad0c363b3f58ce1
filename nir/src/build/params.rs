//! Reading of a node's parameters: by name, checked, spread over the neurons.

use std::collections::BTreeSet;

use hdf5_reader::Dataset;

use crate::error::NirError;
use crate::file::{Array, Budget, File, Member, shape, text};
use crate::graph::Warning;
use crate::limits::MAX_SIZE;
use crate::tree::RawNode;
use crate::values::Values;

/// Members that hold no parameter, and are ignored.
const IGNORED: [&str; 5] = ["type", "metadata", "name", "input_type", "output_type"];

/// Array that the file declares, not yet read: its shape is checked first.
pub(crate) struct Declared<'a> {
    field: &'static str,
    dataset: &'a Dataset,
    /// Shape as stored; empty for a single number.
    pub shape: Vec<usize>,
}

/// Reader of a node's parameters, which records those it took and their oddities.
pub(crate) struct Params<'a> {
    file: &'a File,
    node: &'a RawNode,
    budget: &'a mut Budget,
    used: BTreeSet<&'static str>,
    /// Missing parameters that have a default.
    pub defaults: Vec<&'static str>,
    /// Odd properties of the node.
    pub warnings: Vec<Warning>,
}

impl<'a> Params<'a> {
    pub fn new(file: &'a File, node: &'a RawNode, budget: &'a mut Budget) -> Self {
        let (used, defaults, warnings) = (BTreeSet::new(), Vec::new(), Vec::new());
        Self { file, node, budget, used, defaults, warnings }
    }

    /// Returns an error about the node.
    pub fn wrong(&self, reason: impl Into<String>) -> NirError {
        NirError::node(&self.node.name, reason)
    }

    /// Returns an error about a parameter; the reason follows the parameter's name.
    pub fn wrong_field(&self, field: &str, reason: impl Into<String>) -> NirError {
        NirError::field(&self.node.name, field, reason)
    }

    /// Adds a warning about the node.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(Warning { node: Some(self.node.name.clone()), text: text.into() });
    }

    /// Adds a warning for each member that no parameter of the node's type explains.
    pub fn warn_of_unknown(&mut self) {
        let unknown: Vec<String> = self
            .node
            .members
            .keys()
            .filter(|name| !IGNORED.contains(&name.as_str()) && !self.used.contains(name.as_str()))
            .map(|name| format!("`{name}` is not a parameter of {}: ignored", self.node.kind))
            .collect();
        for text in unknown {
            self.warn(text);
        }
    }

    fn optional_dataset(&mut self, field: &'static str) -> Result<Option<&'a Dataset>, NirError> {
        self.used.insert(field);
        match self.node.members.get(field) {
            Some(Member::Array(dataset)) => Ok(Some(dataset)),
            Some(Member::Unusable(reason)) => Err(self.wrong_field(field, reason)),
            Some(Member::Group { .. }) => {
                Err(self.wrong_field(field, "is a group where an array is expected"))
            }
            None => Ok(None),
        }
    }

    fn dataset(&mut self, field: &'static str) -> Result<&'a Dataset, NirError> {
        match self.optional_dataset(field)? {
            Some(dataset) => Ok(dataset),
            None => Err(self.wrong(format!("no `{field}`; {} needs it", self.node.kind))),
        }
    }

    fn declared(&self, field: &'static str, dataset: &'a Dataset) -> Result<Declared<'a>, NirError> {
        let shape = shape(dataset).map_err(|reason| self.wrong_field(field, reason))?;
        Ok(Declared { field, dataset, shape })
    }

    /// Finds an array without reading it.
    pub fn array(&mut self, field: &'static str) -> Result<Declared<'a>, NirError> {
        let dataset = self.dataset(field)?;
        self.declared(field, dataset)
    }

    /// Reads an array whose shape is right.
    pub fn read(&mut self, declared: &Declared<'_>) -> Result<Array, NirError> {
        let field = declared.field;
        let array = self
            .file
            .numbers(declared.dataset, self.budget)
            .map_err(|reason| NirError::field(&self.node.name, field, reason))?;
        if array.unwritten {
            self.warn(format!("`{field}` was declared and never written: its fill value counts"));
        }
        Ok(array)
    }

    /// Reads the bias of `outputs` channels or values.
    pub fn bias(&mut self, outputs: usize) -> Result<Vec<f32>, NirError> {
        let declared = self.array("bias")?;
        if without_ones(&declared.shape) != without_ones(&[outputs]) {
            let reason = format!("has shape {:?}, for {outputs} outputs", declared.shape);
            return Err(self.wrong_field("bias", reason));
        }
        let array = self.read(&declared)?;
        if array.values.iter().all(|&value| value == 0.0) {
            self.warn("`bias` is 0 throughout; some exporters write that for a layer without bias");
        }
        Ok(array.values)
    }

    /// Reads a parameter of the elements of `shape`.
    pub fn values(&mut self, field: &'static str, shape: &[usize]) -> Result<Values, NirError> {
        let declared = self.array(field)?;
        self.spread(&declared, shape)
    }

    /// Reads a parameter of the elements of `shape` that files may lack.
    pub fn values_or(
        &mut self,
        field: &'static str,
        shape: &[usize],
        default: f32,
    ) -> Result<Values, NirError> {
        let Some(dataset) = self.optional_dataset(field)? else {
            self.defaults.push(field);
            return Ok(Values::One(default));
        };
        let declared = self.declared(field, dataset)?;
        self.spread(&declared, shape)
    }

    /// Reads a time constant; it must be above 0.
    pub fn time_constant(&mut self, field: &'static str, shape: &[usize]) -> Result<Values, NirError> {
        let values = self.values(field, shape)?;
        if values.min() <= 0.0 {
            let reason = format!("is {}, which is not above 0; a time constant is in seconds", values.min());
            return Err(self.wrong_field(field, reason));
        }
        Ok(values)
    }

    /// Gives each element its value: one for all, one each, or dimensions of 1 repeated.
    fn spread(&mut self, declared: &Declared<'_>, shape: &[usize]) -> Result<Values, NirError> {
        let field = declared.field;
        let stored = &declared.shape;
        if stored.iter().all(|&size| size == 1) || without_ones(stored) == without_ones(shape) {
            return Ok(Values::new(self.read(declared)?.values));
        }
        let repeated = last_dimensions(stored, shape.len())
            .filter(|stored| stored.iter().zip(shape).all(|(&stored, &size)| stored == 1 || stored == size));
        let count: usize = shape.iter().product();
        let Some(repeated) = repeated else {
            let reason = format!("has shape {stored:?}, for {count} neurons or values of shape {shape:?}");
            return Err(self.wrong_field(field, reason));
        };
        if let Err(reason) = self.budget.take(count) {
            return Err(self.wrong_field(field, reason));
        }
        let values = self.read(declared)?.values;
        Ok(Values::new((0..count).map(|at| values[source(at, &repeated, shape)]).collect()))
    }

    /// Reads `count` whole numbers of at least `least`; a single one counts for each.
    pub fn sizes<const N: usize>(&mut self, field: &'static str, least: i64) -> Result<[usize; N], NirError> {
        let dataset = self.dataset(field)?;
        let numbers = self.file.integers(dataset).map_err(|reason| self.wrong_field(field, reason))?;
        if let Some(&number) = numbers.iter().find(|&&number| number < least || number > MAX_SIZE as i64) {
            let reason = format!("is {number}; it must be from {least} to {MAX_SIZE}");
            return Err(self.wrong_field(field, reason));
        }
        let sizes: Vec<usize> = numbers.iter().map(|&number| number as usize).collect();
        match sizes[..] {
            [size] => Ok([size; N]),
            _ => <[usize; N]>::try_from(sizes).map_err(|sizes| {
                self.wrong_field(field, format!("has {} numbers; 1 or {N} are expected", sizes.len()))
            }),
        }
    }

    /// Reads a padding: numbers, or the word `same` or `valid`. `None` stands for `same`.
    pub fn padding<const N: usize>(&mut self) -> Result<Option<[usize; N]>, NirError> {
        let dataset = self.dataset("padding")?;
        if !text::is_text(dataset) {
            return self.sizes("padding", 0).map(Some);
        }
        let texts = text::read(dataset, 1).map_err(|reason| self.wrong_field("padding", reason))?;
        match texts.first().map(String::as_str) {
            Some("same") => Ok(None),
            Some("valid") => Ok(Some([0; N])),
            word => {
                let reason =
                    format!("is `{}`; it must be `same`, `valid` or numbers", word.unwrap_or_default());
                Err(self.wrong_field("padding", reason))
            }
        }
    }

    /// Reads whole numbers that may be negative, or returns `default`.
    pub fn integer_or(&mut self, field: &'static str, default: i64) -> Result<i64, NirError> {
        let Some(dataset) = self.optional_dataset(field)? else {
            self.defaults.push(field);
            return Ok(default);
        };
        let numbers = self.file.integers(dataset).map_err(|reason| self.wrong_field(field, reason))?;
        match numbers[..] {
            [number] => Ok(number),
            _ => Err(self.wrong_field(field, format!("has {} numbers; 1 is expected", numbers.len()))),
        }
    }

    /// Reads a shape; `None` if the file does not have it.
    pub fn shape(&mut self, field: &'static str) -> Result<Option<Vec<usize>>, NirError> {
        let Some(dataset) = self.optional_dataset(field)? else { return Ok(None) };
        let numbers = self.file.integers(dataset).map_err(|reason| self.wrong_field(field, reason))?;
        if let Some(&number) = numbers.iter().find(|&&number| number < 1) {
            return Err(
                self.wrong_field(field, format!("has a dimension of {number}; each must be at least 1"))
            );
        }
        let shape: Vec<usize> =
            numbers.iter().map(|&number| usize::try_from(number).unwrap_or(usize::MAX)).collect();
        check_size(&shape).map_err(|reason| self.wrong_field(field, reason))?;
        Ok(Some(shape))
    }
}

/// Refuses shapes of more values than are read.
pub(super) fn check_size(shape: &[usize]) -> Result<(), String> {
    let count = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    match count {
        Some(count) if count <= MAX_SIZE => Ok(()),
        _ => Err(format!("makes a shape of {shape:?}; at most {MAX_SIZE} values are read")),
    }
}

/// Returns a shape without leading dimensions of 1, which may be a batch.
pub(crate) fn without_ones(shape: &[usize]) -> &[usize] {
    let ones = shape.iter().take_while(|&&size| size == 1).count();
    &shape[ones..]
}

/// Returns a shape with `rank` dimensions by leading ones; `None` if others would have to go.
pub(crate) fn last_dimensions(shape: &[usize], rank: usize) -> Option<Vec<usize>> {
    let rest = without_ones(shape);
    let missing = rank.checked_sub(rest.len())?;
    Some(std::iter::repeat_n(1, missing).chain(rest.iter().copied()).collect())
}

/// Returns the place in an array of shape `stored` of the value for element `at` of `shape`.
fn source(at: usize, stored: &[usize], shape: &[usize]) -> usize {
    let (mut rest, mut place, mut step) = (at, 0, 1);
    for (&size, &stored) in shape.iter().zip(stored).rev() {
        if stored > 1 {
            place += rest % size * step;
            step *= stored;
        }
        rest /= size;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_ones_do_not_count() {
        assert_eq!(without_ones(&[1, 1, 5, 1]), [5, 1]);
        assert_eq!(last_dimensions(&[1, 2, 8, 7], 3), Some(vec![2, 8, 7]));
        assert_eq!(last_dimensions(&[28, 28], 3), Some(vec![1, 28, 28]));
        assert_eq!(last_dimensions(&[2, 8], 1), None);
    }

    #[test]
    fn dimensions_of_one_repeat() {
        // [2, 1] over [2, 3]: rows repeat; [1, 3]: columns do.
        let places = |stored: &[usize]| (0..6).map(|at| source(at, stored, &[2, 3])).collect::<Vec<_>>();
        assert_eq!(places(&[2, 1]), [0, 0, 0, 1, 1, 1]);
        assert_eq!(places(&[1, 3]), [0, 1, 2, 0, 1, 2]);
        assert_eq!(places(&[2, 3]), [0, 1, 2, 3, 4, 5]);
    }
}
