//! Sparse weight matrices: compressed rows, checked once, when they are made.
//!
//! Rows are gate units in three blocks z, r, g of U rows each (row `block · U + unit`);
//! columns are sources in model order. Every row's columns ascend strictly: that order is the
//! order of summation ([`super::sum`]).

use ndarray::ArrayView2;
use sprs::CompressedStorage;
use sprs::errors::{StructureError, StructureErrorKind};
use thiserror::Error;

/// A row-major compressed sparse matrix of f32 weights with u32 columns and u32 row pointers, as
/// on the chip.
pub type Csr = sprs::CsMatI<f32, u32>;

/// Gate blocks of an EGRU weight matrix: z, r, g.
pub const GATES: usize = 3;

/// Reason why three arrays are no CSR matrix.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CsrError {
    /// Row pointers are rows + 1 numbers.
    #[error("{found} row pointers for {rows} rows; expected {} (one more than rows)", rows + 1)]
    PointerCount {
        /// Rows of the matrix.
        rows: usize,
        /// Row pointers given.
        found: usize,
    },
    /// The first row starts at 0.
    #[error("the first row pointer is {found}, not 0")]
    PointerStart {
        /// Value of the first row pointer.
        found: u32,
    },
    /// Row pointers never fall.
    #[error("row pointers fall at row {row}: it starts at {start} and ends at {end}")]
    PointerOrder {
        /// First row that ends before it starts.
        row: usize,
        /// Pointer at which the row starts.
        start: u32,
        /// Pointer at which the row ends.
        end: u32,
    },
    /// The last row ends where the non-zeros end.
    #[error("the last row pointer is {found}, but there are {nonzeros} column indices")]
    PointerEnd {
        /// Value of the last row pointer.
        found: u32,
        /// Number of column indices given.
        nonzeros: usize,
    },
    /// The numbers of column indices and values differ.
    #[error("{indices} column indices for {values} values; they come in pairs")]
    Lengths {
        /// Number of column indices given.
        indices: usize,
        /// Number of values given.
        values: usize,
    },
    /// Columns of a row ascend strictly.
    #[error("columns of row {row} do not ascend: {column} comes after {previous}")]
    ColumnOrder {
        /// First row with this error.
        row: usize,
        /// The column before.
        previous: u32,
        /// The column that is not greater.
        column: u32,
    },
    /// A column index is out of range.
    #[error("row {row} has column {column}, but the matrix has {columns} columns (0 to {})", columns.saturating_sub(1))]
    ColumnRange {
        /// First row with this error.
        row: usize,
        /// Column that the matrix does not have.
        column: u32,
        /// Number of the matrix's columns.
        columns: usize,
    },
    /// Dimensions are counted in u32.
    #[error("{rows} × {columns} with {nonzeros} non-zeros is more than 32-bit indices can count")]
    TooLarge {
        /// Rows of the matrix.
        rows: usize,
        /// Number of the matrix's columns.
        columns: usize,
        /// Non-zeros, or dense entries.
        nonzeros: usize,
    },
    /// A dense matrix needs rows · columns values.
    #[error("{found} values for a dense {inputs} × {outputs} matrix; expected {}", inputs * outputs)]
    DenseLength {
        /// Source rows of the dense array.
        inputs: usize,
        /// Columns of the dense array (3U).
        outputs: usize,
        /// Number of values given.
        found: usize,
    },
}

/// Builds a matrix from the three arrays of CSR, which `sprs` checks; the error names the place of
/// a failed check.
pub fn from_parts(
    rows: usize,
    columns: usize,
    indptr: Vec<u32>,
    indices: Vec<u32>,
    data: Vec<f32>,
) -> Result<Csr, CsrError> {
    // Two things `sprs` accepts, or reports without numbers, and that decide where a row lies.
    if indptr.len() != rows + 1 {
        return Err(CsrError::PointerCount { rows, found: indptr.len() });
    }
    if let Some(&found) = indptr.first().filter(|&&start| start != 0) {
        return Err(CsrError::PointerStart { found });
    }
    Csr::try_new((rows, columns), indptr, indices, data)
        .map_err(|(indptr, indices, data, error)| locate(columns, &indptr, &indices, &data, error))
}

/// Finds the row and value behind an error of `sprs`, which only names the kind.
fn locate(columns: usize, indptr: &[u32], indices: &[u32], data: &[f32], error: StructureError) -> CsrError {
    if indices.len() != data.len() {
        return CsrError::Lengths { indices: indices.len(), values: data.len() };
    }
    let spans = || indptr.iter().zip(indptr.iter().skip(1)).enumerate();
    if let Some((row, (&start, &end))) = spans().find(|(_, (start, end))| end < start) {
        return CsrError::PointerOrder { row, start, end };
    }
    let rows = || spans().map(|(row, (&start, &end))| (row, indices.get(start as usize..end as usize)));
    if error.kind() == StructureErrorKind::Unsorted || error.kind() == StructureErrorKind::OutOfRange {
        for (row, span) in rows() {
            let span = span.unwrap_or_default();
            if let Some(pair) = span.windows(2).find(|pair| pair[1] <= pair[0]) {
                return CsrError::ColumnOrder { row, previous: pair[0], column: pair[1] };
            }
            if let Some(&column) = span.iter().find(|&&column| column as usize >= columns) {
                return CsrError::ColumnRange { row, column, columns };
            }
        }
        return CsrError::TooLarge { rows: indptr.len().saturating_sub(1), columns, nonzeros: indices.len() };
    }
    CsrError::PointerEnd { found: indptr.last().copied().unwrap_or(0), nonzeros: indices.len() }
}

/// Builds the matrix of a dense array in the authors' layout `[inputs][outputs]` (row = source,
/// outputs = 3U).
///
/// Exact zeros (of either sign) are dropped: a pruned checkpoint becomes as sparse as it is.
pub fn from_dense(inputs: usize, outputs: usize, dense: &[f32]) -> Result<Csr, CsrError> {
    let length = CsrError::DenseLength { inputs, outputs, found: dense.len() };
    if inputs.checked_mul(outputs) != Some(dense.len()) {
        return Err(length);
    }
    let sources = ArrayView2::from_shape((inputs, outputs), dense).map_err(|_| length)?;
    if u32::try_from(dense.len()).is_err() {
        return Err(CsrError::TooLarge { rows: outputs, columns: inputs, nonzeros: dense.len() });
    }
    // Compressed in the order of the array, then transposed: reading by columns would miss the
    // cache. Not `csr_from_dense`, which drops a NaN as if it were a zero.
    let mut by_source = Csr::empty(CompressedStorage::CSR, outputs);
    // One row more than there is: `append_outer_iter` asks for room for a full one each time.
    by_source.reserve_nnz_exact(dense.iter().filter(|&&weight| weight != 0.0).count() + outputs);
    for source in sources.outer_iter() {
        by_source = by_source.append_outer_iter(source.iter().copied().enumerate());
    }
    Ok(by_source.transpose_into().into_csr())
}

/// Returns the fraction of entries that are not stored, 0 to 1; 0 for a matrix without entries.
pub fn sparsity(matrix: &Csr) -> f64 {
    let entries = matrix.rows() as f64 * matrix.cols() as f64;
    if entries == 0.0 { 0.0 } else { 1.0 - matrix.nnz() as f64 / entries }
}

/// Returns the non-zeros of each unit, summed over its three gate rows: the number that a PE stores
/// and visits for the unit.
pub fn unit_nonzeros(matrix: &Csr) -> Vec<u32> {
    let units = matrix.rows() / GATES;
    let mut counts = vec![0; units];
    let indptr = matrix.indptr();
    let rows: Vec<u32> = indptr.raw_storage().windows(2).map(|span| span[1] - span[0]).collect();
    for block in rows.chunks_exact(units.max(1)) {
        for (count, nonzeros) in counts.iter_mut().zip(block) {
            *count += nonzeros;
        }
    }
    counts
}

/// Returns the non-zeros of each source: the number of products that one of its values causes.
pub fn source_nonzeros(matrix: &Csr) -> Vec<u32> {
    let mut counts = vec![0; matrix.cols()];
    for &source in matrix.indices() {
        counts[source as usize] += 1;
    }
    counts
}

/// Returns the size of the matrix on the chip, in bytes: f32 values, u32 columns, u32 row pointers.
pub fn bytes(matrix: &Csr) -> usize {
    4 * (2 * matrix.nnz() + matrix.rows() + 1)
}

/// Returns the sources (ascending) and weights of a matrix row.
pub fn row(matrix: &Csr, row: usize) -> impl Iterator<Item = (u32, f32)> + Clone + '_ {
    let row = matrix.outer_view(row).into_iter();
    row.flat_map(|row| {
        let (sources, weights) = row.into_raw_storage();
        sources.iter().copied().zip(weights.iter().copied())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(indptr: &[u32], indices: &[u32], values: usize) -> Result<Csr, CsrError> {
        from_parts(3, 4, indptr.to_vec(), indices.to_vec(), vec![1.0; values])
    }

    #[test]
    fn dense_in_the_authors_layout_becomes_rows_of_gate_units() {
        // 2 sources, 3 gate rows.
        let matrix = from_dense(2, 3, &[1.0, 0.0, -0.0, 2.0, 3.0, 0.0]).unwrap();
        assert_eq!(matrix.shape(), (3, 2));
        assert_eq!(matrix.indptr().into_raw_storage(), [0, 2, 3, 3]);
        assert_eq!((matrix.indices(), matrix.data()), ([0, 1, 1].as_slice(), [1.0, 2.0, 3.0].as_slice()));
        assert_eq!(unit_nonzeros(&matrix), [3]);
        assert_eq!(source_nonzeros(&matrix), [1, 2]);
        assert!((sparsity(&matrix) - 0.5).abs() < 1e-12);
        assert_eq!(bytes(&matrix), 4 * (3 + 3 + 4));
    }

    #[test]
    fn a_weight_that_is_not_a_number_is_kept() {
        let matrix = from_dense(1, 2, &[f32::NAN, 0.0]).unwrap();
        assert_eq!((matrix.nnz(), matrix.data()[0].is_nan()), (1, true));
    }

    #[test]
    fn each_failed_check_says_row_and_value() {
        assert!(parts(&[0, 1, 1, 2], &[3, 0], 2).is_ok());
        assert_eq!(parts(&[0, 1, 2], &[3, 0], 2), Err(CsrError::PointerCount { rows: 3, found: 3 }));
        assert_eq!(parts(&[1, 1, 1, 3], &[3, 0], 2), Err(CsrError::PointerStart { found: 1 }));
        assert_eq!(
            parts(&[0, 2, 1, 2], &[0, 3], 2),
            Err(CsrError::PointerOrder { row: 1, start: 2, end: 1 })
        );
        assert_eq!(parts(&[0, 1, 1, 3], &[3, 0], 2), Err(CsrError::PointerEnd { found: 3, nonzeros: 2 }));
        assert_eq!(parts(&[0, 1, 1, 2], &[3, 0], 3), Err(CsrError::Lengths { indices: 2, values: 3 }));
        assert_eq!(
            parts(&[0, 0, 2, 2], &[1, 1], 2),
            Err(CsrError::ColumnOrder { row: 1, previous: 1, column: 1 })
        );
        assert_eq!(
            parts(&[0, 0, 1, 2], &[1, 4], 2),
            Err(CsrError::ColumnRange { row: 2, column: 4, columns: 4 })
        );
        assert_eq!(
            from_dense(2, 3, &[0.0; 5]),
            Err(CsrError::DenseLength { inputs: 2, outputs: 3, found: 5 })
        );
    }

    #[test]
    fn empty_matrices_are_matrices() {
        assert_eq!(from_dense(0, 3, &[]).unwrap().nnz(), 0);
        assert_eq!(from_dense(3, 0, &[]).unwrap().shape(), (0, 3));
        assert_eq!(unit_nonzeros(&from_dense(3, 0, &[]).unwrap()), [0; 0]);
    }
}
