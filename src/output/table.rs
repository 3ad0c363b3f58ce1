//! Rows of tables in CSV.

/// Returns a row of a table in CSV, with its line end; cells are quoted where they have to be.
pub fn table_row(cells: impl IntoIterator<Item = String>) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Writing to memory does not fail, and the cells are text.
    let written = writer.write_record(cells.into_iter().map(String::into_bytes));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
