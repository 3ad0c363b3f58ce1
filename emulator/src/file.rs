//! Bounded reading of regular files: no input blocks the program or fills its memory.
//!
//! Opening a pipe without a writer blocks for ever, and a device such as `/dev/zero` has no end.
//! Every file that a user or a scene names is read through this module.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// Largest number of symbolic links followed on the way to a file, as in Linux.
pub const LINKS_LIMIT: usize = 40;

/// Returns the folder of a file: `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Opens a regular file for reading.
///
/// # Errors
///
/// Fails if the file is missing or unreadable, or is a folder, a pipe, a device or a socket.
pub fn open(path: &Path) -> io::Result<File> {
    // Before opening: a pipe blocks there until something writes to it.
    regular(&path.metadata()?)?;
    let file = File::open(path)?;
    // Again, since another file may have taken its place.
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
///
/// Fails as [`open`] does, and with [`ErrorKind::FileTooLarge`] if the file is longer than `limit`.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    if length > limit {
        return Err(too_long(length, limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // The file may grow meanwhile.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_long(bytes.len() as u64, limit));
    }
    Ok(bytes)
}

/// Reads a regular UTF-8 file of at most `limit` bytes.
///
/// # Errors
///
/// Fails as [`read`] does, and with [`ErrorKind::InvalidData`] if the file is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read(path, limit)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::new(ErrorKind::InvalidData, format!("byte {at} is not UTF-8"))
    })
}

/// Returns an error unless `metadata` describes a regular file.
fn regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let message = format!("this is {}, and only regular files are read", kind(metadata));
    Err(io::Error::new(
        if metadata.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput },
        message,
    ))
}

/// Returns the kind of a file as an error message names it: `a folder`, `a pipe`.
pub fn kind(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() {
        return "a folder";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if metadata.is_file() { "a file" } else { "a special file" }
}

fn too_long(length: u64, limit: u64) -> io::Error {
    let message = format!("{length} bytes are more than the {} that are read at most", bytes(limit));
    io::Error::new(ErrorKind::FileTooLarge, message)
}

/// Formats a limit: `256 MiB`, or bytes where it is no whole number of MiB.
fn bytes(limit: u64) -> String {
    match (limit.is_multiple_of(1 << 30), limit.is_multiple_of(1 << 20)) {
        (true, _) => format!("{} GiB", limit >> 30),
        (false, true) => format!("{} MiB", limit >> 20),
        (false, false) => format!("{limit} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "words").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"words");
        assert_eq!(read_text(&path, 1 << 20).unwrap(), "words");
        let error = read(&path, 4).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert!(error.to_string().contains("5 bytes are more than the 4 bytes"), "{error}");
        fs::File::create(&path).unwrap().set_len(2 << 30).unwrap();
        let error = read(&path, 256 << 20).unwrap_err();
        assert!(error.to_string().contains("256 MiB"), "{error}");
        fs::write(&path, b"ab\xff").unwrap();
        assert!(read_text(&path, 10).unwrap_err().to_string().contains("byte 2"));
    }

    #[test]
    #[cfg(unix)]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| read(path, 10).unwrap_err().to_string();
        assert!(said(folder.path()).contains("a folder"));
        assert!(said(Path::new("/dev/zero")).contains("a device"));
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(said(&socket).contains("a socket"));
        // Without a writer, opening it would block.
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert!(said(&fifo).contains("a pipe"));
        assert_eq!(read(&folder.path().join("none"), 10).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
