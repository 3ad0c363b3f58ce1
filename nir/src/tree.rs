//! Structure of a file: nested graphs, dissolved into one list of nodes and edges.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::error::NirError;
use crate::file::{File, Member, Members, text};
use crate::graph::Warning;
use crate::limits::{MAX_DEPTH, MAX_EDGES, MAX_NODES};

/// Node before its parameters are read.
pub(crate) struct RawNode {
    /// Name of the node, unique in its graph.
    pub name: String,
    /// Names of the graphs that contain the node, outermost first, then its own.
    path: Vec<String>,
    /// Type as written.
    pub kind: String,
    /// Parameters by name.
    pub members: Members,
}

/// All nodes that are not graphs, and their edges by index.
pub(crate) struct Tree {
    pub version: Option<String>,
    pub nodes: Vec<RawNode>,
    pub edges: BTreeSet<(usize, usize)>,
    pub warnings: Vec<Warning>,
}

/// Places at which edges to and from a member of `nodes` end and begin.
enum Ends {
    Node(usize),
    Graph { inputs: Vec<usize>, outputs: Vec<usize> },
}

struct Builder<'a> {
    file: &'a File,
    nodes: Vec<RawNode>,
    edges: BTreeSet<(usize, usize)>,
    /// Addresses of the groups that contain the current one.
    ancestors: Vec<u64>,
    edge_count: usize,
}

impl RawNode {
    /// Returns `true` if the node belongs to the outermost graph.
    pub fn is_outermost(&self) -> bool {
        self.path.len() == 1
    }

    /// Returns `true` for an Input or Output of a nested graph, which only passes values on.
    pub fn passes_on(&self) -> bool {
        !self.is_outermost() && matches!(self.kind.as_str(), "Input" | "Output")
    }
}

/// Reads the structure of a file.
pub(crate) fn read(file: &File) -> Result<Tree, NirError> {
    let mut root = file.root()?;
    let mut warnings = Vec::new();
    let version = version(&root, &mut warnings);
    let node = match root.remove("node") {
        Some(Member::Group { group, address }) => (group, address),
        Some(Member::Unusable(reason)) => return Err(NirError::file(format!("`node` {reason}"))),
        Some(Member::Array(_)) => {
            return Err(NirError::file("not a NIR file: `node` is an array where a group is expected"));
        }
        None => {
            return Err(NirError::file(
                "not a NIR file: the HDF5 file has no group `node`; write networks with `nir.write`",
            ));
        }
    };
    let members = file.members(&node.0).map_err(|reason| NirError::node("node", reason))?;
    let kind = node_type("node", &members)?;
    if kind != "NIRGraph" {
        let reason = format!("has type `{kind}` where a NIRGraph is expected; wrap it in a graph");
        return Err(NirError::node("node", reason));
    }
    let mut builder =
        Builder { file, nodes: Vec::new(), edges: BTreeSet::new(), ancestors: vec![node.1], edge_count: 0 };
    builder.graph(members, &[])?;
    let (mut nodes, edges) = (builder.nodes, builder.edges);
    name_uniquely(&mut nodes);
    Ok(Tree { version, nodes, edges, warnings })
}

fn version(root: &Members, warnings: &mut Vec<Warning>) -> Option<String> {
    let warning = match root.get("version") {
        Some(Member::Array(dataset)) => match text::read(dataset, 1) {
            Ok(texts) if texts.len() == 1 => return texts.into_iter().next(),
            Ok(_) => "`version` holds no text".to_owned(),
            Err(reason) => format!("`version` {reason}"),
        },
        Some(Member::Unusable(reason)) => format!("`version` {reason}"),
        Some(Member::Group { .. }) => "`version` is a group where a text is expected".to_owned(),
        None => "no `version` says which release of nir wrote the file".to_owned(),
    };
    warnings.push(Warning { node: None, text: warning });
    None
}

fn node_type(name: &str, members: &Members) -> Result<String, NirError> {
    match members.get("type") {
        Some(Member::Array(dataset)) => {
            let texts = text::read(dataset, 1).map_err(|reason| NirError::field(name, "type", reason))?;
            texts.into_iter().next().ok_or_else(|| NirError::field(name, "type", "holds no text"))
        }
        Some(Member::Unusable(reason)) => Err(NirError::field(name, "type", reason)),
        Some(Member::Group { .. }) => {
            Err(NirError::field(name, "type", "is a group where a text is expected"))
        }
        None => Err(NirError::node(name, "no `type`; every node has one, as `LIF`")),
    }
}

impl Builder<'_> {
    /// Adds the nodes and edges of the graph at `path`, which ends with its own name.
    fn graph(&mut self, mut members: Members, path: &[String]) -> Result<Ends, NirError> {
        let name = dotted(path);
        let at = |reason: String| {
            if path.is_empty() { NirError::file(reason) } else { NirError::node(&name, reason) }
        };
        let pairs = self.pairs(members.remove("edges")).map_err(at)?;
        let (nodes, address) = match members.remove("nodes") {
            Some(Member::Group { group, address }) => {
                (self.file.members(&group).map_err(|reason| at(format!("`nodes`: {reason}")))?, address)
            }
            Some(Member::Unusable(reason)) => return Err(at(format!("`nodes` {reason}"))),
            Some(Member::Array(_)) => {
                return Err(at("`nodes` is an array where a group is expected".to_owned()));
            }
            None => return Err(at("the graph has no `nodes`".to_owned())),
        };
        self.enter(address, path)?;
        let mut ends = BTreeMap::new();
        for (node, member) in nodes {
            let path: Vec<String> = path.iter().cloned().chain([node.clone()]).collect();
            let end = self.node(member, path)?;
            ends.insert(node, end);
        }
        self.ancestors.pop();
        self.connect(&pairs, &ends, path)?;
        let of_kind = |kind: &str| {
            ends.values()
                .filter_map(|end| match end {
                    Ends::Node(node) if self.nodes[*node].kind == kind => Some(*node),
                    _ => None,
                })
                .collect()
        };
        Ok(Ends::Graph { inputs: of_kind("Input"), outputs: of_kind("Output") })
    }

    fn node(&mut self, member: Member, path: Vec<String>) -> Result<Ends, NirError> {
        let name = dotted(&path);
        let (group, address) = match member {
            Member::Group { group, address } => (group, address),
            Member::Unusable(reason) => return Err(NirError::node(name, reason)),
            Member::Array(_) => {
                return Err(NirError::node(name, "is an array where a group of parameters is expected"));
            }
        };
        let members = self.file.members(&group).map_err(|reason| NirError::node(&name, reason))?;
        let kind = node_type(&name, &members)?;
        if kind == "NIRGraph" {
            if path.len() >= MAX_DEPTH {
                let reason = format!("graphs are nested more than {MAX_DEPTH} deep; flatten them");
                return Err(NirError::node(name, reason));
            }
            self.enter(address, &path)?;
            let ends = self.graph(members, &path)?;
            self.ancestors.pop();
            return Ok(ends);
        }
        if self.nodes.len() >= MAX_NODES {
            return Err(NirError::node(name, format!("more than {MAX_NODES} nodes in the file")));
        }
        self.nodes.push(RawNode { name, path, kind, members });
        Ok(Ends::Node(self.nodes.len() - 1))
    }

    /// Records a group as the parent of the following; refuses a group that contains itself.
    fn enter(&mut self, address: u64, path: &[String]) -> Result<(), NirError> {
        if self.ancestors.contains(&address) {
            let reason = "is a hard link to a graph that contains it: the graph would have no end";
            return Err(NirError::node(dotted(path), reason));
        }
        self.ancestors.push(address);
        Ok(())
    }

    /// Reads the edges of a graph as pairs of names.
    fn pairs(&mut self, edges: Option<Member>) -> Result<Vec<(String, String)>, String> {
        let dataset = match edges {
            Some(Member::Array(dataset)) => dataset,
            Some(Member::Unusable(reason)) => return Err(format!("`edges` {reason}")),
            Some(Member::Group { .. }) => {
                return Err("`edges` is a group where an array is expected".to_owned());
            }
            None => return Err("the graph has no `edges`".to_owned()),
        };
        if dataset.shape().contains(&0) {
            return Ok(Vec::new());
        }
        if !text::is_text(&dataset) {
            return Err("`edges` holds numbers, not pairs of names".to_owned());
        }
        if dataset.ndim() != 2 || dataset.shape()[1] != 2 {
            return Err(format!(
                "`edges` has shape {:?}, not [edges, 2]: pairs of source and target",
                dataset.shape()
            ));
        }
        let texts = text::read(&dataset, 2 * MAX_EDGES).map_err(|reason| format!("`edges` {reason}"))?;
        self.edge_count += texts.len() / 2;
        if self.edge_count > MAX_EDGES {
            return Err(format!("more than {MAX_EDGES} edges in the file"));
        }
        let mut texts = texts.into_iter();
        Ok(std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect())
    }

    /// Adds the edges of a graph between the members of its `nodes`.
    fn connect(
        &mut self,
        pairs: &[(String, String)],
        ends: &BTreeMap<String, Ends>,
        path: &[String],
    ) -> Result<(), NirError> {
        for (source, target) in pairs {
            let wrong = |reason: String| {
                let full =
                    |name: &String| dotted(&path.iter().cloned().chain([name.clone()]).collect::<Vec<_>>());
                NirError::edge(full(source), full(target), reason)
            };
            let end =
                |name: &String| ends.get(name).ok_or_else(|| wrong(format!("there is no node `{name}`")));
            let from = match end(source)? {
                Ends::Node(node) if self.nodes[*node].kind == "Output" => {
                    return Err(wrong(format!("leads out of the Output `{source}`")));
                }
                Ends::Node(node) => *node,
                Ends::Graph { outputs, .. } => only(outputs, source, "Output").map_err(wrong)?,
            };
            let to = match end(target)? {
                Ends::Node(node) if self.nodes[*node].kind == "Input" => {
                    return Err(wrong(format!("leads into the Input `{target}`")));
                }
                Ends::Node(node) => *node,
                Ends::Graph { inputs, .. } => only(inputs, target, "Input").map_err(wrong)?,
            };
            if !self.edges.insert((from, to)) {
                return Err(wrong("is there twice; write it once".to_owned()));
            }
        }
        Ok(())
    }
}

fn only(ends: &[usize], graph: &str, kind: &str) -> Result<usize, String> {
    match ends {
        [end] => Ok(*end),
        [] => Err(format!("the graph `{graph}` has no {kind}")),
        ends => {
            Err(format!("the graph `{graph}` has {} nodes of type {kind}, and no edge names one", ends.len()))
        }
    }
}

/// Returns a name with those of the graphs around it, where it does not already begin with them.
fn dotted(path: &[String]) -> String {
    path.iter().fold(String::new(), |around, name| {
        let begins = name.strip_prefix(&around).is_some_and(|rest| rest.starts_with('.'));
        if around.is_empty() || begins { name.clone() } else { format!("{around}.{name}") }
    })
}

/// Replaces dots by slashes, which no HDF5 name contains, where two nodes would have one name.
fn name_uniquely(nodes: &mut [RawNode]) {
    let mut uses: HashMap<String, usize> = HashMap::new();
    for node in nodes.iter() {
        *uses.entry(node.name.clone()).or_default() += 1;
    }
    for node in nodes.iter_mut().filter(|node| uses.get(&node.name).is_some_and(|&uses| uses > 1)) {
        node.name = node.path.join("/");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn dotted_names() {
        assert_eq!(dotted(&path(&["fc"])), "fc");
        assert_eq!(dotted(&path(&["block", "rec", "lif"])), "block.rec.lif");
        // Spyx repeats the graph's name; `layer_10` is another graph than `layer_1`.
        assert_eq!(dotted(&path(&["layer_1", "layer_1.lif"])), "layer_1.lif");
        assert_eq!(dotted(&path(&["layer_1", "layer_10"])), "layer_1.layer_10");
    }

    #[test]
    fn equal_names_become_paths() {
        let node = |names: &[&str]| RawNode {
            name: dotted(&path(names)),
            path: path(names),
            kind: "LIF".to_owned(),
            members: Members::new(),
        };
        let mut nodes = vec![node(&["a", "b"]), node(&["a.b"]), node(&["c"])];
        name_uniquely(&mut nodes);
        let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["a/b", "a.b", "c"]);
    }
}
