#![no_main]
//! NIR files: any bytes give a consistent graph or an error.

use spinntui_nir::read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match read(bytes.to_vec()) {
        Ok(graph) => {
            let nodes = graph.nodes.len();
            assert!(graph.edges.iter().all(|edge| edge.source < nodes && edge.target < nodes));
            assert!(graph.edges.is_sorted() && graph.nodes.iter().all(|node| node.outputs() > 0));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
