//! Files of spiking networks: NIR, and descriptions in RON.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use spinntui_nir::Graph;
use spinntui_nir::limits::MAX_FILE_BYTES;

use super::convert::{Converted, SpikingOptions, convert};
use super::description::{DESCRIPTION_LIMIT, Description, NETWORK_FILE};
use super::error::SpikingError;
use crate::file;
use crate::model::card::{Card, Kind};
use crate::model::error::ModelError;

/// First bytes of an HDF5 file, as NIR files are.
const HDF5: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// Spiking network as a file holds it, before conventions make it computable.
#[derive(Clone, Debug)]
pub struct SpikingModel {
    /// Name, and no more: such files have no card.
    pub card: Card,
    /// Path of the file.
    pub path: PathBuf,
    /// Content of the file.
    pub content: Content,
    /// Notes on parts that were left out; always empty, notes of a conversion are the task's.
    pub notes: Vec<String>,
}

/// Content of a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// Graph of a NIR file.
    Nir(Arc<Graph>),
    /// Description of populations and projections.
    Description(Arc<Description>),
}

/// Returns the file of a spiking network at `path`: a NIR file, or the description in a
/// folder; `None` if it is another kind of model.
pub fn find(path: &Path) -> Option<PathBuf> {
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("nir"));
    if path.is_dir() {
        let inside = path.join(NETWORK_FILE);
        return inside.is_file().then_some(inside);
    }
    let described = path.file_name().is_some_and(|name| name == NETWORK_FILE);
    (named || described || begins_as_hdf5(path)).then(|| path.to_owned())
}

/// Returns whether a file begins as NIR files do.
pub fn begins_as_hdf5(path: &Path) -> bool {
    let mut first = [0; HDF5.len()];
    let read = file::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut first));
    read.is_ok() && first == HDF5
}

impl SpikingModel {
    /// Reads the file that [`find`] has found.
    ///
    /// # Errors
    ///
    /// Fails with the node, or the line, if the file is refused.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let described = path.file_name().is_some_and(|name| name == NETWORK_FILE);
        let limit = if described { DESCRIPTION_LIMIT } else { MAX_FILE_BYTES };
        let bytes = file::read(path, limit)
            .map_err(|source| ModelError::Network { path: path.to_owned(), source })?;
        let content = if described {
            let folder = path.parent().unwrap_or(Path::new(""));
            let description = Description::read(&bytes, folder)
                .map_err(|source| ModelError::Description { path: path.to_owned(), source })?;
            Content::Description(Arc::new(description))
        } else {
            let graph = spinntui_nir::read(bytes)
                .map_err(|source| ModelError::Nir { path: path.to_owned(), source })?;
            Content::Nir(Arc::new(graph))
        };
        let name = if described { path.parent().and_then(Path::file_name) } else { path.file_stem() };
        let name = name.unwrap_or_default().to_string_lossy();
        Ok(Self {
            card: Card::unwritten(&name, Kind::Spiking),
            path: path.to_owned(),
            content,
            notes: Vec::new(),
        })
    }

    /// Makes the network that a scene's choices and the file together describe.
    ///
    /// # Errors
    ///
    /// Fails with the node and the remedy if a node is not supported, or needs a dt that nothing
    /// gives.
    pub fn network(&self, options: &SpikingOptions) -> Result<Converted, SpikingError> {
        match &self.content {
            Content::Nir(graph) => convert(graph, options),
            Content::Description(description) => description.network(options),
        }
    }

    /// Returns whether the file fixes the neurons' equations itself, so that conventions of
    /// frameworks do not apply.
    pub fn is_described(&self) -> bool {
        matches!(self.content, Content::Description(_))
    }
}
