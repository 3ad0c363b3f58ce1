//! Bounded access to the HDF5 file: groups and arrays by name, no link that leaves the tree.

mod links;
mod lzf;
mod numbers;
pub(crate) mod text;

use std::collections::BTreeMap;

use hdf5_reader::error::Error;
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, FilterRegistry, Hdf5File, OpenOptions};

use crate::error::NirError;
use crate::limits::MAX_ARRAY_BYTES;
use links::Target;

pub(crate) use numbers::{Array, Budget, shape};

/// Bytes of the header of an HDF5 object, attributes included.
const MAX_HEADER_BYTES: usize = 1 << 20;

/// Open NIR file, which is an HDF5 file.
pub(crate) struct File {
    hdf: Hdf5File,
}

/// Member of a group.
pub(crate) enum Member {
    /// Group with the address that identifies it in the file.
    Group { group: Group, address: u64 },
    /// Array, not yet read.
    Array(Box<Dataset>),
    /// Object that cannot be used, with the reason.
    Unusable(String),
}

/// Members of a group by name.
pub(crate) type Members = BTreeMap<String, Member>;

impl File {
    /// Opens a file from its bytes.
    pub fn open(bytes: Vec<u8>) -> Result<Self, NirError> {
        let size = bytes.len() as u64;
        let mut filters = FilterRegistry::new();
        filters.register(lzf::FILTER, Box::new(lzf::decode_chunk));
        let options = OpenOptions::default()
            .with_chunk_cache_bytes(0)
            .with_max_chunk_bytes(MAX_ARRAY_BYTES)
            .with_max_read_bytes(MAX_ARRAY_BYTES)
            .with_max_object_header_bytes(MAX_HEADER_BYTES)
            .with_filter_registry(filters);
        let hdf = Hdf5File::from_vec_with_options(bytes, options).map_err(|error| match error {
            Error::InvalidMagic => NirError::file(
                "not an HDF5 file, which NIR files are: export the network again with `nir.write`",
            ),
            error => NirError::file(format!("not a readable HDF5 file: {}", explain(&error))),
        })?;
        // The end of the file counts a user block before the HDF5 data, unlike all other addresses.
        let end = hdf.superblock().eof_address;
        if end > size {
            return Err(NirError::file(format!(
                "the file is cut off: {size} of {end} bytes are there; copy or export it again"
            )));
        }
        Ok(Self { hdf })
    }

    /// Returns the members of the root group.
    pub fn root(&self) -> Result<Members, NirError> {
        let root = self.hdf.root_group().map_err(|error| unreadable(&error))?;
        self.members(&root).map_err(NirError::file)
    }

    /// Returns the members of a group.
    ///
    /// # Errors
    ///
    /// Fails with the reason if the list of members cannot be read or has a name twice.
    pub fn members(&self, group: &Group) -> Result<Members, String> {
        let links = links::list(&self.hdf, group.address())
            .map_err(|error| format!("the group cannot be read: {}", explain(&error)))?;
        let mut members = Members::new();
        for (name, target) in links {
            let member = member(group, &name, &target);
            if members.insert(name.clone(), member).is_some() {
                return Err(format!("the group has two members `{name}`"));
            }
        }
        Ok(members)
    }
}

fn member(group: &Group, name: &str, target: &Target) -> Member {
    match target {
        Target::Soft(path) => Member::Unusable(format!("is a soft link to `{path}`; links are not followed")),
        Target::External(file) => {
            Member::Unusable(format!("is a link into the file `{file}`, which is not opened"))
        }
        Target::Hard(address) => match group.group(name) {
            Ok(group) => Member::Group { group, address: *address },
            Err(_) => match group.dataset(name) {
                Ok(dataset) => Member::Array(Box::new(dataset)),
                Err(error) => Member::Unusable(format!("cannot be read: {}", explain(&error))),
            },
        },
    }
}

fn unreadable(error: &Error) -> NirError {
    NirError::file(format!("the HDF5 structure is damaged: {}", explain(error)))
}

/// Returns the cause of an error of the HDF5 reader, without the path it adds.
fn explain(error: &Error) -> String {
    match error {
        Error::Context { source, .. } => explain(source),
        Error::UnsupportedLayoutClass(3) => {
            "its data are a virtual view of other datasets or files, which are not opened".to_owned()
        }
        Error::UnexpectedEof { .. } | Error::OffsetOutOfBounds(_) => {
            format!("the file is damaged or cut off: {error}")
        }
        error => error.to_string(),
    }
}
