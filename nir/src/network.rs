//! The whole network: which nodes count, their order, shapes along the edges, checks of the result.

use std::collections::BTreeSet;

use crate::build::{self, Incoming, Place, without_ones};
use crate::error::NirError;
use crate::file::{Budget, File, Member};
use crate::graph::{Edge, Graph, Node, Warning};
use crate::kind::NodeKind;
use crate::order::Neighbours;
use crate::tree::{self, RawNode, Tree};

/// Reads a NIR file from its bytes.
///
/// # Errors
///
/// Fails with the node and the reason if the file is damaged, is not NIR, or describes a network
/// that cannot be run: see [`NirError`].
pub fn read(bytes: Vec<u8>) -> Result<Graph, NirError> {
    let file = File::open(bytes)?;
    let Tree { version, nodes: raw, edges, mut warnings } = tree::read(&file)?;
    let names: Vec<&str> = raw.iter().map(|node| node.name.as_str()).collect();
    let neighbours = Neighbours::new(&names, edges.iter().copied());
    let reached = reached(&raw, &neighbours, &mut warnings)?;
    let order: Vec<usize> = neighbours.order().into_iter().filter(|&node| reached[node]).collect();
    let built = build_all(&file, &raw, &neighbours, &order, &mut warnings)?;
    check_cycles(&raw, &neighbours, &built)?;
    let (nodes, edges) = dissolve(&raw, &neighbours, &order, built)?;
    let mut graph = Graph { version, nodes, edges, warnings };
    strip_batch(&mut graph);
    if graph.populations().next().is_none() {
        graph.warnings.push(Warning { node: None, text: "no population: nothing to run".to_owned() });
    }
    Ok(graph)
}

fn of_kind(raw: &[RawNode], kind: &str) -> Vec<usize> {
    (0..raw.len()).filter(|&node| raw[node].kind == kind && raw[node].is_outermost()).collect()
}

/// Returns which nodes an Input reaches; the others must not feed them.
fn reached(
    raw: &[RawNode],
    neighbours: &Neighbours,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<bool>, NirError> {
    let (inputs, outputs) = (of_kind(raw, "Input"), of_kind(raw, "Output"));
    if inputs.is_empty() {
        return Err(NirError::file(
            "the graph has no Input node, so nothing arrives; add one with its shape",
        ));
    }
    if outputs.is_empty() {
        return Err(NirError::file("the graph has no Output node; add one with its shape"));
    }
    let reached = neighbours.reached(&inputs);
    if let Some(&output) = outputs.iter().find(|&&output| !reached[output]) {
        return Err(NirError::node(&raw[output].name, "no edges lead to this Output from an Input"));
    }
    let reaching = neighbours.reaching(&outputs);
    for (node, raw_node) in raw.iter().enumerate() {
        let name = &raw_node.name;
        let mut warn =
            |text: &str| warnings.push(Warning { node: Some(name.clone()), text: text.to_owned() });
        if reached[node] {
            if !reaching[node] {
                warn("leads to no Output");
            }
            continue;
        }
        match neighbours.after(node).iter().find(|&&target| reached[target]) {
            Some(&target) => {
                let reason = format!("feeds `{}`, but no edges lead to it from an Input", raw[target].name);
                return Err(NirError::node(name, reason));
            }
            None if neighbours.after(node).is_empty() && neighbours.before(node).is_empty() => {
                warn("no edge touches it: ignored");
            }
            None => warn("no edges lead to it from an Input: ignored"),
        }
    }
    Ok(reached)
}

/// Builds the nodes in network order; `None` for those that no Input reaches.
fn build_all(
    file: &File,
    raw: &[RawNode],
    neighbours: &Neighbours,
    order: &[usize],
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Option<Node>>, NirError> {
    let mut built: Vec<Option<Node>> = vec![None; raw.len()];
    let mut budget = Budget::default();
    let mut after_oblong_kernel = false;
    for &at in order {
        let incoming = incoming(raw, neighbours, &built, at)?;
        let place = Place { incoming, wanted: wanted(raw, neighbours, at), after_oblong_kernel };
        let node = build::build(file, &raw[at], &place, &mut budget, warnings)?;
        after_oblong_kernel |= is_oblong(&node.kind);
        built[at] = Some(node);
    }
    // Edges that close a cycle end at nodes built before their sources.
    for &at in order {
        incoming(raw, neighbours, &built, at)?;
    }
    Ok(built)
}

/// Returns the shape that arrives at a node from those already built, which must all agree.
fn incoming<'a>(
    raw: &[RawNode],
    neighbours: &Neighbours,
    built: &'a [Option<Node>],
    at: usize,
) -> Result<Option<Incoming<'a>>, NirError> {
    let mut sources = neighbours.before(at).iter().filter_map(|&source| built[source].as_ref());
    let Some(first) = sources.next() else { return Ok(None) };
    for other in sources {
        if without_ones(&other.output) != without_ones(&first.output) {
            let reason = format!(
                "gets {:?} from `{}` and {:?} from `{}`; inputs of a node add up, so their shapes must be equal",
                first.output, first.name, other.output, other.name
            );
            return Err(NirError::node(&raw[at].name, reason));
        }
    }
    Ok(Some(Incoming { shape: &first.output, from: &first.name }))
}

/// Returns the number of values that weights directly behind a Flatten take.
fn wanted(raw: &[RawNode], neighbours: &Neighbours, at: usize) -> Option<usize> {
    if raw[at].kind != "Flatten" {
        return None;
    }
    neighbours.after(at).iter().find_map(|&next| match raw[next].members.get("weight") {
        Some(Member::Array(weight)) if matches!(raw[next].kind.as_str(), "Affine" | "Linear") => {
            weight.shape().last().and_then(|&inputs| usize::try_from(inputs).ok())
        }
        _ => None,
    })
}

fn is_oblong(kind: &NodeKind) -> bool {
    let square = |pair: &[usize; 2]| pair[0] == pair[1];
    match kind {
        NodeKind::Conv2d(conv) => {
            conv.kernel[2] != conv.kernel[3] || !square(&conv.stride) || !square(&conv.dilation)
        }
        NodeKind::SumPool2d(pool) => !square(&pool.kernel) || !square(&pool.stride),
        NodeKind::AvgPool2d(pool) => !square(&pool.kernel) || !square(&pool.stride),
        _ => false,
    }
}

/// Refuses cycles in which nothing takes time.
fn check_cycles(raw: &[RawNode], neighbours: &Neighbours, built: &[Option<Node>]) -> Result<(), NirError> {
    let takes_no_time = |node: usize| {
        built[node].as_ref().is_some_and(|node| match &node.kind {
            NodeKind::Delay(delay) => delay.min() <= 0.0,
            kind => !kind.is_population(),
        })
    };
    let cycles = neighbours.cycles(takes_no_time);
    let Some(first) = cycles.iter().flatten().min() else { return Ok(()) };
    let names: BTreeSet<&str> = cycles
        .iter()
        .zip(raw)
        .filter(|(cycle, _)| *cycle == &Some(*first))
        .map(|(_, node)| node.name.as_str())
        .collect();
    let list: Vec<&str> = names.into_iter().collect();
    let reason = format!(
        "a cycle without a population or a delay above 0: `{}`; its values would depend on themselves",
        list.join("`, `")
    );
    Err(NirError::node(list[0], reason))
}

/// Removes the ends of nested graphs, joining the edges on both sides.
fn dissolve(
    raw: &[RawNode],
    neighbours: &Neighbours,
    order: &[usize],
    mut built: Vec<Option<Node>>,
) -> Result<(Vec<Node>, Vec<Edge>), NirError> {
    let mut place = vec![None; raw.len()];
    let mut nodes = Vec::with_capacity(order.len());
    for &at in order.iter().filter(|&&at| !raw[at].passes_on()) {
        if let Some(node) = built[at].take() {
            place[at] = Some(nodes.len());
            nodes.push(node);
        }
    }
    let mut pairs = BTreeSet::new();
    for &at in order {
        let Some(source) = place[at] else { continue };
        let mut passed = BTreeSet::new();
        let mut stack = neighbours.after(at).to_vec();
        while let Some(next) = stack.pop() {
            let once = if let Some(target) = place[next] {
                pairs.insert((source, target))
            } else {
                stack.extend(neighbours.after(next));
                passed.insert(next)
            };
            if !once {
                let reason = "two edges lead there through nested graphs; write one";
                return Err(NirError::edge(&raw[at].name, &raw[next].name, reason));
            }
        }
    }
    let names: Vec<&str> = nodes.iter().map(|node: &Node| node.name.as_str()).collect();
    let cycles = Neighbours::new(&names, pairs.iter().copied()).cycles(|_| true);
    let edges = pairs
        .into_iter()
        .map(|(source, target)| {
            let in_cycle = cycles[source].is_some() && cycles[source] == cycles[target];
            Edge { source, target, in_cycle }
        })
        .collect();
    Ok((nodes, edges))
}

/// Removes leading dimensions of 1 from Inputs whose readers all take fewer dimensions: a batch.
fn strip_batch(graph: &mut Graph) {
    let stripped: Vec<(usize, Vec<usize>)> = (0..graph.nodes.len())
        .filter(|&at| graph.nodes[at].kind == NodeKind::Input)
        .filter_map(|at| {
            let shape = &graph.nodes[at].output;
            let rank = graph.edges_from(at).map(|edge| graph.nodes[edge.target].input.len()).max()?;
            let extra = shape.len().checked_sub(rank)?;
            Some((at, shape[extra..].to_vec()))
        })
        .collect();
    for (at, shape) in stripped {
        graph.nodes[at].input.clone_from(&shape);
        graph.nodes[at].output = shape;
    }
}
