//! Formats that are recognised by their first bytes but not read, each with a conversion.

/// Conversion of events in Python to a file that is read.
const SAVE: &str = "numpy.save(\"events.npy\", a) with a structured array of x, y, t (µs) and p";
/// Fewest events by which the fields of a headerless binary file are recognised.
const ENOUGH: usize = 16;

/// Format that is recognised but not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Name of the format, to follow "the file is".
    pub name: &'static str,
    way: String,
}

/// First bytes, name and remedy of each format; a longer beginning precedes a shorter equal one.
const BEGINNINGS: [(&[u8], &str, &str); 22] = [
    (b"\x1f\x8b", "compressed with gzip", "unpack it: `gunzip FILE`"),
    (b"BZh", "compressed with bzip2", "unpack it: `bunzip2 FILE`"),
    (b"\xfd7zXZ\0", "compressed with xz", "unpack it: `unxz FILE`"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "unpack it: `unzstd FILE`"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it: `7z x FILE`"),
    (b"Rar!", "a RAR archive", "unpack it"),
    (b"\x89HDF\r\n\x1a\n", "HDF5", "read its arrays with h5py, then"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", "read its arrays with scipy.io.loadmat, then"),
    (b"MATLAB 7.3 MAT-file", "a MATLAB file (HDF5)", "read its arrays with h5py, then"),
    (b"#ROSBAG", "a ROS bag", "read its event messages with rosbags, then"),
    (b"#!AER-DAT1", "AEDAT 1.0", "open it in jAER and save it as AEDAT 2.0"),
    (b"#!AER-DAT", "AEDAT of another version", "export it with jAER or DV as AEDAT 2.0, 3.1 or 4.0"),
    (b"Event Stream", "an Event Stream (.es)", "read it with loris, then"),
    (b"PAR1", "Parquet", "read it with pandas, then"),
    (b"SQLite format 3", "an SQLite data base", "read its arrays, then"),
    (b"\x80\x04", "a Python pickle", "load it with pickle, then"),
    (b"\x80\x02", "a Python pickle", "load it with pickle, then"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the recording",
        "fetch the recording: `git lfs pull`",
    ),
    (b"\x89PNG", "a PNG picture", "take the recording that it was drawn from"),
    (b"\xff\xd8\xff", "a JPEG picture", "take the recording that it was drawn from"),
    (b"%PDF", "a PDF document", "take the recording itself"),
    (b"RIFF", "a video or sound file (RIFF)", "take the recording that it was made from"),
];

impl Foreign {
    /// Recognises the format of a file by its beginning, of any length; `None` if it is unknown.
    pub fn of(beginning: &[u8]) -> Option<Self> {
        let known = BEGINNINGS.iter().find(|(magic, ..)| beginning.starts_with(magic));
        if let Some((_, name, way)) = known {
            return Some(Self::new(name, way));
        }
        if beginning.starts_with(b"PK") {
            return Some(zip(beginning));
        }
        if beginning.starts_with(b"% ") || beginning.starts_with(b"%\n") {
            return Some(prophesee(beginning));
        }
        if beginning.get(4..8) == Some(b"ftyp") {
            return Some(Self::new("a video (MP4)", "take the recording that it was made from"));
        }
        let head = beginning.trim_ascii_start();
        let begins = |word: &[u8]| head.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        if begins(b"<!doctype html") || begins(b"<html") {
            return Some(Self::new(
                "a web page, not the recording",
                "download the file itself, signed in if need be",
            ));
        }
        numbers(beginning).or_else(|| five_bytes(beginning))
    }

    fn new(name: &'static str, way: &str) -> Self {
        Self { name, way: way.to_owned() }
    }

    /// Returns the conversion to a recording that is read.
    pub fn remedy(&self) -> String {
        self.remedy_by(SAVE)
    }

    /// Returns the conversion to a file that is read, whose last step in Python is `save`.
    pub fn remedy_by(&self, save: &str) -> String {
        if self.way.ends_with("then") { format!("{} {save}", self.way) } else { self.way.clone() }
    }
}

/// Distinguishes NumPy archives from other ZIP files by the first entry's name, at byte 30.
fn zip(beginning: &[u8]) -> Foreign {
    let length = beginning.get(26..28).map_or(0, |b| usize::from(b[0]) | usize::from(b[1]) << 8);
    let name = beginning.get(30..30 + length).unwrap_or_default();
    if name.ends_with(b".npy") {
        let read = "take its arrays out with numpy.load(FILE) (`.files` lists their names), then";
        return Foreign::new("a NumPy archive (.npz)", read);
    }
    Foreign::new("a ZIP archive", "unpack it: `unzip FILE`")
}

/// Distinguishes Prophesee's formats, which begin with lines of text after a percent sign.
fn prophesee(beginning: &[u8]) -> Foreign {
    let header = String::from_utf8_lossy(beginning.get(..beginning.len().min(1024)).unwrap_or_default());
    let header = header.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| header.contains(word));
    let name = if has(&["evt 3", "format evt3"]) {
        "Prophesee RAW (EVT3)"
    } else if has(&["evt 2.1", "format evt21"]) {
        "Prophesee RAW (EVT2.1)"
    } else if has(&["evt 2", "format evt2"]) {
        "Prophesee RAW (EVT2)"
    } else if has(&["event2d", "eventcd", "data file containing", "% version"]) {
        "Prophesee DAT"
    } else {
        "text after percent signs, perhaps one of Prophesee's formats"
    };
    let read = "read it with Metavision or expelliarmus (`Wizard(encoding=…).read(FILE)`), cut to 128 × 128 pixels, then";
    Foreign::new(name, read)
}

/// Recognises text with numbers in columns: CSV, or `t x y p` with t in seconds (UZH, rpg).
fn numbers(beginning: &[u8]) -> Option<Foreign> {
    let text: Vec<&[u8]> = beginning.split(|&byte| byte == b'\n').take(4).collect();
    let line = text.iter().rfind(|line| !line.is_empty())?;
    // The last line read may be cut off, so the second is judged if there are more than two.
    let line = if text.len() > 2 { text.get(1)? } else { line };
    let line = std::str::from_utf8(line).ok()?.trim();
    let comma = line.contains([',', ';', '\t']);
    let columns: Vec<&str> = line.split([',', ';', '\t', ' ']).filter(|column| !column.is_empty()).collect();
    let all = columns.iter().all(|column| column.parse::<f64>().is_ok());
    (all && (2..=8).contains(&columns.len())).then(|| {
        let name = if comma {
            "a table of numbers as text (CSV)"
        } else {
            "text with numbers in columns (`t x y p`?)"
        };
        Foreign::new(
            name,
            "read it with numpy.loadtxt (mind the order of its columns, and seconds times 10⁶), then",
        )
    })
}

/// Recognises N-MNIST and N-Caltech101: five bytes per event (x, y, then ON and 23 bits of µs).
///
/// There is no header: the format is recognised by times that never decrease over many events.
fn five_bytes(beginning: &[u8]) -> Option<Foreign> {
    let (events, _) = beginning.as_chunks::<5>();
    let time = |[_, _, a, b, c]: &[u8; 5]| u32::from_be_bytes([0, a & 0x7f, *b, *c]);
    let rising = events.len() >= ENOUGH
        && events.windows(2).all(|pair| time(&pair[0]) <= time(&pair[1]))
        && events.last().map(time) > events.first().map(time);
    rising.then(|| {
        let read = "read it with tonic (tonic.io.read_mnist_file) or as five bytes an event, then";
        Foreign::new("five bytes an event, as N-MNIST and N-Caltech101 have them (.bin)", read)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn named(beginning: &[u8], name: &str, way: &str) {
        let foreign = Foreign::of(beginning).unwrap();
        assert!(foreign.name.contains(name) && foreign.remedy().contains(way), "{foreign:?}");
    }

    #[test]
    fn formats_are_named_with_a_way_on() {
        named(b"\x1f\x8b\x08\0", "gzip", "gunzip");
        named(b"\x89HDF\r\n\x1a\n\0", "HDF5", "h5py, then numpy.save");
        named(b"MATLAB 5.0 MAT-file Platform: posix", "MATLAB", "loadmat");
        named(b"% evt 3.0\n% format EVT3;height=720\n% end\n\0\0", "EVT3", "numpy.save");
        named(b"% Date 2020\n% evt 2.0\n% end\n\0\0", "EVT2)", "expelliarmus");
        named(b"% Data file containing Event2D events.\n% Version 2\n", "Prophesee DAT", "Metavision");
        named(b"240 180\n0.003811000 96 133 0\n0.003820 1 1", "numbers in columns", "loadtxt");
        named(b"0.003811000 96 133 0\n0.003820 100 20 1\n", "numbers in columns", "loadtxt");
        named(b"x,y,t,p\n1,2,3,0\n1,2,4,1\n1,", "CSV", "loadtxt");
        named(b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaa\x05\0\0\0t.npy", ".npz", "numpy.load");
        named(b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaa\x05\0\0\0a.txt", "ZIP", "unzip");
        named(b"\n<!DOCTYPE html><html>", "web page", "download");
        let bin: Vec<u8> =
            (0..36_u8).flat_map(|i| [7 * i % 34, 3 * i % 34, 0x80 * (i % 2), i / 4, i]).collect();
        named(&bin, "N-MNIST", "tonic");
    }

    #[test]
    fn what_nothing_tells_stays_unnamed() {
        for bytes in [&b"\x00PK hello"[..], b"hello world\n", b"", b"PQ", &[0xff; 400], &[0; 400]] {
            assert_eq!(Foreign::of(bytes), None, "{bytes:?}");
        }
    }
}
