//! Files of six frameworks, odd but legal files, malformed files: what the reader makes of them.

#![allow(clippy::unwrap_used, clippy::panic)] // Tests and their helpers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use spinntui_nir::{Graph, NirError, NodeKind, read};

/// Malformed files with what their refusal must name.
const MALFORMED: [(&str, &[&str]); 27] = [
    ("conv_groups", &["`conv`", "`groups` is 4", "6 output channels"]),
    ("conv_kernel_too_large", &["`conv`", "9 taps", "8 positions"]),
    ("corrupt_gzip", &["`fc1`", "`weight`", "cannot be read"]),
    ("cycle_of_weights", &["`fc1`", "`fc1b`", "cycle"]),
    ("declared_million_by_million", &["`fc1`", "`weight`", "1000000 × 1000000"]),
    ("edge_target_missing", &["`fc2` → `lif9`", "no node `lif9`"]),
    ("edge_twice", &["`fc1` → `lif1`", "twice"]),
    ("edges_are_integers", &["`edges` holds numbers"]),
    ("edges_missing", &["no `edges`"]),
    ("external_storage", &["`fc1`", "`weight`", "another file"]),
    ("flatten_dims", &["`flat`", "start_dim 2", "end_dim 5", "1 dimensions"]),
    ("hdf5_without_node", &["no group `node`"]),
    ("nan_weight", &["`fc1`", "`weight`", "NaN"]),
    ("nested_200", &["nested more than 16 deep"]),
    ("no_edges", &["`output`", "no edges"]),
    ("no_input", &["no Input"]),
    ("node_is_dataset", &["`lif1`", "array where a group"]),
    ("not_hdf5", &["not an HDF5 file"]),
    ("soft_link", &["`lif1`", "soft link"]),
    ("tau_shape", &["`lif1`", "`tau`", "[15]", "16 neurons"]),
    ("tau_zero", &["`lif1`", "`tau`", "not above 0"]),
    ("truncated_60_percent", &["cut off", "13420 of 22368 bytes"]),
    ("type_missing", &["`fc2`", "no `type`"]),
    ("unknown_type", &["`lif1`", "unknown type `Izhikevich`"]),
    ("weight_shape", &["`fc2`", "`weight`", "takes 15", "gets 16"]),
    ("weights_are_strings", &["`fc1`", "`weight`", "text"]),
    ("zero_size", &["`fc1`", "`weight`", "[0, 12]"]),
];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn load(file: &str) -> Result<Graph, NirError> {
    read(fs::read(data().join(file)).unwrap())
}

/// Networks of `exported` and `legal` with their files and what `index.json` says of them.
fn networks() -> Vec<(String, String, Value)> {
    let index: Value = serde_json::from_slice(&fs::read(data().join("index.json")).unwrap()).unwrap();
    ["exported", "legal"]
        .iter()
        .flat_map(|kind| index[kind].as_object().unwrap().clone())
        .map(|(name, entry)| (name, entry["file"].as_str().unwrap().to_owned(), entry))
        .collect()
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.nodes.iter().map(|node| node.name.as_str()).collect()
}

#[test]
fn every_network_is_read_with_its_populations_and_shapes() {
    let networks = networks();
    assert_eq!(networks.len(), 30);
    for (name, file, entry) in networks {
        let graph = load(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let spiking: BTreeSet<&str> =
            graph.nodes.iter().filter(|node| node.kind.is_spiking()).map(|node| node.name.as_str()).collect();
        let spikes = &entry["expected"]["euler-new-subtract-lat0"]["by_population"];
        let expected: BTreeSet<String> = spikes
            .as_object()
            .unwrap()
            .keys()
            .map(|key| key.replace("layer_1/layer_1", "layer_1").replace('/', "."))
            .collect();
        assert_eq!(spiking, expected.iter().map(String::as_str).collect(), "{name}");
        let input = graph.nodes.iter().find(|node| node.kind == NodeKind::Input).unwrap();
        let shape: Vec<u64> = input.output.iter().map(|&size| size as u64).collect();
        assert_eq!(entry["input_shape"], Value::from(shape), "{name}");
    }
}

#[test]
fn every_parameter_is_what_h5py_reads() {
    let mut graphs: BTreeMap<String, Graph> = BTreeMap::new();
    let mut arrays = 0;
    let sums = fs::read_to_string(data().join("sums.csv")).unwrap();
    for line in sums.lines().skip(1) {
        let [file, name, field, count, sum] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let graph = graphs.entry(file.to_owned()).or_insert_with(|| load(file).unwrap());
        let Some(at) = graph.find(name) else {
            assert_eq!(name, "orphan", "{line}");
            continue;
        };
        let node = &graph.nodes[at];
        let (count, sum): (usize, f64) = (count.parse().unwrap(), sum.parse().unwrap());
        let weights = node.kind.weights().into_iter().find(|(other, _)| *other == field);
        let read: f64 = if let Some((_, values)) = weights {
            assert_eq!(values.len(), count, "{line}");
            values.iter().copied().map(f64::from).sum()
        } else {
            let (_, values) = node.kind.values().into_iter().find(|(other, _)| *other == field).unwrap();
            // A single number counts for all neurons; of an array each neuron has its value.
            (0..count).map(|neuron| f64::from(values.get(neuron))).sum()
        };
        let scale = f64::EPSILON * count as f64 * (1.0 + sum.abs());
        assert!((read - sum).abs() <= scale, "{line}: {read}");
        arrays += 1;
    }
    assert!(arrays > 250, "{arrays}");
}

#[test]
fn every_malformed_file_is_refused_with_its_node() {
    let listed: BTreeSet<String> = MALFORMED.iter().map(|(name, _)| format!("{name}.nir")).collect();
    let present: BTreeSet<String> = fs::read_dir(data().join("malformed"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(listed, present);
    for (name, parts) in MALFORMED {
        let error = load(&format!("malformed/{name}.nir")).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{name}: `{part}` is missing in `{error}`");
        }
    }
}

#[test]
fn links_and_virtual_arrays_are_refused_with_their_node() {
    for (name, parts) in [
        ("external_link", ["`lif1`", "file `other.h5`"]),
        ("soft_link", ["`lif1`", "soft link to `/node/nodes/lif2`"]),
        ("hard_link_loop", ["`loop`", "hard link to a graph that contains it"]),
        ("virtual", ["`fc1`: `weight`", "virtual"]),
    ] {
        let error = load(&format!("more/refused_{name}.nir")).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{name}: `{part}` is missing in `{error}`");
        }
    }
}

#[test]
fn large_groups_of_the_newer_format_are_read() {
    let graph = load("more/new_format_dense_links.nir").unwrap();
    let expected: Vec<String> = (0..20).map(|node| format!("n{node}")).collect();
    assert_eq!(names(&graph)[1..21], expected);
}

#[test]
fn a_user_block_before_the_data_is_skipped() {
    let bytes = fs::read(data().join("more/user_block.nir")).unwrap();
    assert_eq!(names(&read(bytes.clone()).unwrap()).len(), 6);
    let error = read(bytes[..bytes.len() - 1].to_vec()).unwrap_err().to_string();
    assert!(error.contains("cut off"), "{error}");
}

#[test]
fn derived_shapes_win_behind_a_kernel_that_is_not_square() {
    let graph = load("more/oblong_kernel.nir").unwrap();
    assert_eq!(graph.nodes[graph.find("lif").unwrap()].output, [4, 6, 5]);
    let text = graph.warnings[0].to_string();
    assert!(text.contains("`flat`") && text.contains("[4, 6, 7]") && text.contains("[4, 6, 5]"), "{text}");
    // Where no such kernel explains it, another shape is an error.
    let error = load("malformed/weight_shape.nir").unwrap_err();
    assert_eq!(error.node_name(), Some("fc2"));
}

#[test]
fn channels_share_a_parameter_and_a_flatten_may_count_the_batch() {
    let graph = load("more/batch_and_channels.nir").unwrap();
    let node = &graph.nodes[graph.find("lif").unwrap()];
    let NodeKind::Lif(lif) = &node.kind else { panic!("{node:?}") };
    assert_eq!((node.outputs(), lif.tau.stored().len(), lif.r.is_one()), (168, 168, true));
    // 42 neurons a channel; values as h5py reads them.
    for (channel, tau) in [0.001_893_1_f32, 0.001_693_67, 0.001_369_29].into_iter().enumerate() {
        for neuron in [42 * channel, 42 * channel + 41] {
            assert!((lif.tau.get(neuron) - tau).abs() < 1e-8, "{neuron}: {}", lif.tau.get(neuron));
        }
    }
    assert_eq!(graph.nodes[graph.find("flat").unwrap()].output, [168]);
    assert_eq!(graph.nodes[0].output, [2, 8, 9]);
}

#[test]
fn nodes_whose_dotted_names_are_equal_keep_their_paths() {
    let graph = load("more/two_nodes_of_one_name.nir").unwrap();
    assert!(graph.find("block/x").is_some() && graph.find("block.x").is_some(), "{:?}", names(&graph));
}

#[test]
fn order_comes_from_the_edges_alone() {
    let graph = load("legal/names_and_order/names_and_order.nir").unwrap();
    assert_eq!(names(&graph), ["input", "10", "2", "a.b", "Schicht 3", "couche_é"]);
    let graph = load("legal/skip_connection/skip_connection.nir").unwrap();
    assert_eq!(names(&graph), ["input", "fc1", "fc3", "lif1", "fc2", "lif2", "output"]);
    assert_eq!(graph.edges_to(5).map(|edge| edge.source).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn nested_graphs_are_dissolved() {
    let graph = load("legal/nested_two_levels/nested_two_levels.nir").unwrap();
    assert_eq!(
        names(&graph),
        ["input", "block.fc", "block.rec.lif", "block.rec.w_rec", "fc2", "lif2", "output"]
    );
    let cycle: Vec<(usize, usize)> =
        graph.edges.iter().filter(|edge| edge.in_cycle).map(|edge| (edge.source, edge.target)).collect();
    assert_eq!(cycle, [(2, 3), (3, 2)]);
    // Spyx leads the nested graph's Input into the recurrent weights.
    let graph = load("exported/spyx_rlif_nested/spyx_rlif_nested.nir").unwrap();
    assert_eq!(
        names(&graph),
        ["input", "layer_0", "layer_1.w_rec", "layer_1.lif", "layer_2", "layer_3", "output"]
    );
}

#[test]
fn padding_same_puts_the_odd_zero_after() {
    let graph = load("legal/conv_same_even_kernel/conv_same_even_kernel.nir").unwrap();
    let node = &graph.nodes[graph.find("conv").unwrap()];
    let NodeKind::Conv2d(conv) = &node.kind else { panic!("{node:?}") };
    assert_eq!((conv.padding, conv.stride, conv.dilation), ([[1, 2], [1, 1]], [1, 1], [1, 1]));
    assert_eq!((node.input.as_slice(), node.output.as_slice()), (&[2, 8, 7][..], &[4, 8, 7][..]));
}

#[test]
fn odd_properties_are_warnings() {
    let graph = load("legal/unconnected_and_unknown_fields/unconnected_and_unknown_fields.nir").unwrap();
    let warnings: Vec<String> = graph.warnings.iter().map(ToString::to_string).collect();
    assert!(graph.find("orphan").is_none());
    assert!(warnings.contains(&"node `orphan`: no edge touches it: ignored".to_owned()), "{warnings:?}");
    assert!(warnings.iter().any(|text| text.contains("`fc1`") && text.contains("`comment`")), "{warnings:?}");
    let graph = load("legal/pass_through/pass_through.nir").unwrap();
    assert_eq!(graph.warnings.len(), 1, "{:?}", graph.warnings);
    assert!(graph.warnings[0].text.contains("no population"), "{:?}", graph.warnings);
}

#[test]
fn absent_parameters_have_defaults_that_are_told() {
    let graph = load("exported/norse_lifcell/norse_lifcell.nir").unwrap();
    let node = &graph.nodes[graph.find("1").unwrap()];
    assert_eq!(node.defaults, ["v_reset"]);
    let NodeKind::CubaLif(cuba) = &node.kind else { panic!("{node:?}") };
    assert!(cuba.v_reset.is_one() && cuba.v_reset.get(0) == 0.0);
}
