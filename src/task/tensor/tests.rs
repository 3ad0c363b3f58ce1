use super::*;

/// A version 1.0 `.npy` file, by the format's description.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn f64s(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn parse(bytes: &[u8]) -> Result<Rows, TensorError> {
    Rows::parse(Path::new("in.npy"), bytes, 2)
}

#[test]
fn rows_go_in_and_outputs_come_back_through_a_file() {
    let rows = parse(&npy("<f8", false, "(3, 2)", &f64s(&[0.5, 1.0, -2.0, 0.1, 4.0, 5.0]))).unwrap();
    assert_eq!((rows.steps(), rows.row(1), rows.row(3)), (3, Some(&[-2.0, 0.1][..]), None));
    let mut task = TensorTask::new(Arc::new(rows), 2, 3);
    task.observe(&[9.0; 3]);
    assert_eq!(task.observed(), 0, "nothing was fed");
    let mut starts = Vec::new();
    loop {
        let first = task.starts_sequence();
        let Some(row) = task.next_row() else { break };
        starts.push(first);
        task.observe(&[row as f32, 0.5, -1.0]);
    }
    assert_eq!((starts, task.observed()), (vec![true, false, true], 3));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npy");
    task.write(&mut std::fs::File::create(&path).unwrap()).unwrap();
    let back = Rows::load(&path, 3).unwrap();
    assert_eq!((back.steps(), back.row(2)), (3, Some(&[2.0, 0.5, -1.0][..])));
    assert!(back.values.iter().eq(task.outputs().iter()));
}

#[test]
fn every_layout_of_numpy_gives_the_same_rows() {
    let values = [0.5_f32, 1.0, -2.0, 0.125, 4.0, 5.5];
    let columns = [0, 2, 4, 1, 3, 5].map(|at| values[at]);
    let wanted = parse(&npy("<f4", false, "(3, 2)", &values.map(f32::to_le_bytes).concat())).unwrap();
    let halves = |values: [f32; 6]| values.map(half::f16::from_f32);
    for (descr, fortran, data) in [
        ("<f4", true, columns.map(f32::to_le_bytes).concat()),
        (">f4", false, values.map(f32::to_be_bytes).concat()),
        (">f4", true, columns.map(f32::to_be_bytes).concat()),
        (">f8", false, values.map(|v| f64::from(v).to_be_bytes()).concat()),
        ("<f8", true, columns.map(|v| f64::from(v).to_le_bytes()).concat()),
        ("<f2", false, halves(values).map(half::f16::to_le_bytes).concat()),
        (">f2", true, halves(columns).map(half::f16::to_be_bytes).concat()),
    ] {
        assert_eq!(parse(&npy(descr, fortran, "(3, 2)", &data)).unwrap(), wanted, "{descr} {fortran}");
    }
}

#[test]
fn what_does_not_fit_is_named_with_file_and_shape() {
    let error = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
    let data = f64s(&[0.0; 6]);
    for (bytes, needle) in [
        (npy("<f8", false, "(2, 3)", &data), "shape [2, 3]"),
        (npy("<f8", false, "(6,)", &data), "shape [6]"),
        (npy("<f8", false, "(0, 2)", &[]), "shape [0, 2]"),
        (npy("<i8", false, "(3, 2)", &data), "type <i8"),
        (npy("<c8", false, "(3, 2)", &data), "type <c8"),
        (npy("<f16", false, "(3, 1)", &data), "of floats (f2, f4 or f8)"),
        (b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaa\x05\0\0\0x.npy".to_vec(), "a NumPy archive (.npz)"),
        (b"\x1f\x8b\x08\0".to_vec(), "gunzip"),
        (npy("<f8", false, "(4, 2)", &data), "48 bytes of data; its shape [4, 2] takes 64"),
        (npy("<f8", false, "(3, 2)", &f64s(&[0.0, 0.0, 0.0, 1e300, 0.0, 0.0])), "row 1, column 1 is inf"),
        (b"\x93NUMPY".to_vec(), "not a .npy file"),
        (Vec::new(), "not a .npy file"),
    ] {
        let text = error(&bytes);
        assert!(text.starts_with("in.npy: ") && text.contains(needle), "{needle}: {text}");
    }
    assert!(Rows::load(Path::new("absent.npy"), 2).unwrap_err().to_string().starts_with("absent.npy: "));
}
