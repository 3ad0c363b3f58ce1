//! Checks that every target makes, on the readers as the library has them.

use spinntui::task::dvs::event::DVS128;
use spinntui::task::dvs::recording::{BATCH, Recording};

/// Reads these bytes to their end or first error: batches stay bounded, events lie on the sensor, errors in the file.
pub fn read(beginning: &[u8], rest: &[u8]) {
    let bytes = [beginning, rest].concat();
    let mut recording = match Recording::new(bytes.as_slice(), DVS128) {
        Ok(recording) => recording,
        Err(error) => return assert!(error.offset <= bytes.len() as u64, "{error}"),
    };
    let sensor = recording.sensor();
    let mut batch = Vec::new();
    loop {
        match recording.next_batch(&mut batch) {
            Ok(false) => break,
            Ok(true) => assert!(!batch.is_empty()),
            Err(error) => {
                assert!(error.offset <= bytes.len() as u64, "{error}");
                assert!(!error.to_string().is_empty());
                break;
            }
        }
        assert!(batch.len() <= BATCH && batch.capacity() <= 2 * BATCH);
        assert!(batch.iter().all(|event| event.x < sensor.width && event.y < sensor.height));
    }
    let bound = bytes.len() as u64 + 1;
    // A byte of a packed stream can stand for many events; everywhere else a warning needs a byte of its own.
    let packed = beginning.starts_with(b"#!AER-DAT4");
    assert!(packed || recording.warnings().iter().all(|tally| tally.count <= bound));
}
