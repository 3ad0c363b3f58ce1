//! Links of a group with their kind, which the HDF5 reader's own lists do not tell.

use hdf5_reader::Hdf5File;
use hdf5_reader::btree_v1::collect_btree_v1_leaves_storage;
use hdf5_reader::btree_v2::{BTreeV2Header, BTreeV2Record, collect_btree_v2_records_storage};
use hdf5_reader::error::{Error, Result};
use hdf5_reader::fractal_heap::{FractalHeap, FractalHeapDirectBlockCache};
use hdf5_reader::io::Cursor;
use hdf5_reader::local_heap::LocalHeap;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::{self, LinkMessage, LinkTarget};
use hdf5_reader::messages::link_info::LinkInfoMessage;
use hdf5_reader::messages::symbol_table_msg::SymbolTableMessage;
use hdf5_reader::symbol_table::SymbolTableNode;

use crate::limits::{MAX_NODES, MAX_TEXT_BYTES};

/// Cache type of a symbol table entry that is a soft link (HDF5 file format, III.C).
const SOFT: u32 = 2;
/// Bytes of a symbol table entry beside its two offsets.
const ENTRY_REST: usize = 4 + 4 + 16;

/// Destination of a link.
pub(super) enum Target {
    /// Address of the object's header.
    Hard(u64),
    /// Path within the file.
    Soft(String),
    /// Name of the other file.
    External(String),
}

/// Returns the names and targets of a group's links, in the order of the file.
pub(super) fn list(hdf: &Hdf5File, address: u64) -> Result<Vec<(String, Target)>> {
    let header = hdf.get_or_parse_header(address)?;
    let mut links = Vec::new();
    for message in &header.messages {
        match message {
            HdfMessage::SymbolTable(table) => symbol_table(hdf, table, &mut links)?,
            HdfMessage::Link(message) => links.push(plain(message)),
            HdfMessage::LinkInfo(info) => dense(hdf, info, &mut links)?,
            _ => {}
        }
    }
    check(&links)?;
    Ok(links)
}

fn check(links: &[(String, Target)]) -> Result<()> {
    if links.len() > MAX_NODES {
        let text = format!("{} members in a group; at most {MAX_NODES} are read", links.len());
        return Err(Error::ResourceLimit(text));
    }
    match links.iter().find(|(name, _)| name.is_empty() || name.len() > MAX_TEXT_BYTES) {
        Some((name, _)) => Err(Error::ResourceLimit(format!(
            "a name of {} bytes; from 1 to {MAX_TEXT_BYTES} are read",
            name.len()
        ))),
        None => Ok(()),
    }
}

/// Lists a group of the older format: a B-tree of symbol table nodes, names in a local heap.
fn symbol_table(hdf: &Hdf5File, table: &SymbolTableMessage, links: &mut Vec<(String, Target)>) -> Result<()> {
    let storage = hdf.storage();
    let (offset_size, length_size) = (hdf.superblock().offset_size, hdf.superblock().length_size);
    let heap = LocalHeap::parse_at_storage(storage, table.heap_address, offset_size, length_size)?;
    let leaves = collect_btree_v1_leaves_storage(
        storage,
        table.btree_address,
        offset_size,
        length_size,
        None,
        &[],
        None,
    )?;
    for (_, address) in leaves {
        // The number of entries is at bytes 6 and 7.
        let head = storage.read_range(address, 8)?;
        let entries = head.as_ref().get(6..8).map_or(0, |count| u16::from_le_bytes([count[0], count[1]]));
        let size = 8 + usize::from(entries) * (2 * usize::from(offset_size) + ENTRY_REST);
        let bytes = storage.read_range(address, size)?;
        let node = SymbolTableNode::parse(&mut Cursor::new(bytes.as_ref()), offset_size, length_size)?;
        for entry in &node.entries {
            let name = heap.get_string_storage(entry.link_name_offset, storage)?;
            let target = if entry.cache_type == SOFT {
                let [a, b, c, d, ..] = entry.scratch;
                let offset = u32::from_le_bytes([a, b, c, d]);
                Target::Soft(heap.get_string_storage(offset.into(), storage)?)
            } else {
                Target::Hard(entry.object_header_address)
            };
            links.push((name, target));
        }
        check(links)?;
    }
    Ok(())
}

/// Lists the links of a large group of the newer format: a fractal heap, indexed by a B-tree.
fn dense(hdf: &Hdf5File, info: &LinkInfoMessage, links: &mut Vec<(String, Target)>) -> Result<()> {
    let storage = hdf.storage();
    let (offset_size, length_size) = (hdf.superblock().offset_size, hdf.superblock().length_size);
    if Cursor::is_undefined_offset(info.fractal_heap_address, offset_size) {
        return Ok(());
    }
    let heap = FractalHeap::parse_at_storage(storage, info.fractal_heap_address, offset_size, length_size)?;
    let tree =
        BTreeV2Header::parse_at_storage(storage, info.btree_name_index_address, offset_size, length_size)?;
    let records =
        collect_btree_v2_records_storage(storage, &tree, offset_size, length_size, None, &[], None)?;
    let mut blocks = FractalHeapDirectBlockCache::default();
    for record in &records {
        let (BTreeV2Record::LinkNameHash { heap_id, .. } | BTreeV2Record::CreationOrder { heap_id, .. }) =
            record
        else {
            continue;
        };
        let bytes =
            heap.get_object_storage_cached(heap_id, storage, offset_size, length_size, &mut blocks)?;
        let message = link::parse(&mut Cursor::new(&bytes), offset_size, length_size, bytes.len())?;
        links.push(plain(&message));
    }
    Ok(())
}

fn plain(message: &LinkMessage) -> (String, Target) {
    let target = match &message.target {
        LinkTarget::Hard { address } => Target::Hard(*address),
        LinkTarget::Soft { path } => Target::Soft(path.clone()),
        LinkTarget::External { filename, .. } => Target::External(filename.clone()),
    };
    (message.name.clone(), target)
}
