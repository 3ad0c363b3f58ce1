//! Network order: from the Inputs on, each node after those that feed it.

use std::collections::{BTreeSet, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// Edges of a graph in both directions, neighbours by name.
pub(crate) struct Neighbours {
    after: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
    /// Position of each node in the order of the names.
    rank: Vec<usize>,
}

impl Neighbours {
    /// Sorts the edges between nodes with these names.
    pub fn new(names: &[&str], edges: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut by_name: Vec<usize> = (0..names.len()).collect();
        by_name.sort_by_key(|&node| names[node]);
        let mut rank = vec![0; names.len()];
        for (place, &node) in by_name.iter().enumerate() {
            rank[node] = place;
        }
        let (mut after, mut before) = (vec![Vec::new(); names.len()], vec![Vec::new(); names.len()]);
        for (source, target) in edges {
            after[source].push(target);
            before[target].push(source);
        }
        for list in after.iter_mut().chain(&mut before) {
            list.sort_by_key(|&node| rank[node]);
        }
        Self { after, before, rank }
    }

    /// Returns the nodes that edges from a node lead to, by name.
    pub fn after(&self, node: usize) -> &[usize] {
        &self.after[node]
    }

    /// Returns the nodes from which edges lead to a node, by name.
    pub fn before(&self, node: usize) -> &[usize] {
        &self.before[node]
    }

    /// Returns which nodes are reached from `starts`, those included.
    pub fn reached(&self, starts: &[usize]) -> Vec<bool> {
        walk(starts, &self.after)
    }

    /// Returns from which nodes one of `ends` is reached, those included.
    pub fn reaching(&self, ends: &[usize]) -> Vec<bool> {
        walk(ends, &self.before)
    }

    /// Returns the number of the cycle that each node is part of, `None` outside of cycles.
    ///
    /// Nodes that reach each other have one number; `keep` chooses the nodes that count.
    pub fn cycles(&self, keep: impl Fn(usize) -> bool) -> Vec<Option<usize>> {
        let mut cycles = vec![None; self.after.len()];
        for (number, component) in self.components(&keep).into_iter().enumerate() {
            let first = component[0];
            if component.len() > 1 || self.after[first].contains(&first) {
                for node in component {
                    cycles[node] = Some(number);
                }
            }
        }
        cycles
    }

    /// Returns the nodes in network order; ties are broken by name.
    ///
    /// Within a cycle, nodes near those by which the cycle is entered come first.
    pub fn order(&self) -> Vec<usize> {
        let components = self.components(&|_| true);
        let mut component_of = vec![0; self.after.len()];
        for (number, component) in components.iter().enumerate() {
            for &node in component {
                component_of[node] = number;
            }
        }
        let mut waits = vec![0_usize; components.len()];
        for (source, targets) in self.after.iter().enumerate() {
            for &target in targets {
                waits[component_of[target]] += usize::from(component_of[source] != component_of[target]);
            }
        }
        let first = |number: usize| components[number].iter().map(|&node| self.rank[node]).min();
        let mut ready: BTreeSet<(Option<usize>, usize)> = (0..components.len())
            .filter(|&number| waits[number] == 0)
            .map(|number| (first(number), number))
            .collect();
        let mut order = Vec::with_capacity(self.after.len());
        while let Some((_, number)) = ready.pop_first() {
            for node in self.within(&components[number], &component_of) {
                order.push(node);
                for &target in &self.after[node] {
                    let other = component_of[target];
                    if other != number {
                        waits[other] -= 1;
                        if waits[other] == 0 {
                            ready.insert((first(other), other));
                        }
                    }
                }
            }
        }
        order
    }

    /// Orders the nodes of one component by their distance from its entries.
    fn within(&self, component: &[usize], component_of: &[usize]) -> Vec<usize> {
        let number = component_of[component[0]];
        let mut entries: Vec<usize> = component
            .iter()
            .copied()
            .filter(|&node| self.before[node].iter().any(|&source| component_of[source] != number))
            .collect();
        if entries.is_empty() {
            entries.extend(component.iter().copied().min_by_key(|&node| self.rank[node]));
        }
        entries.sort_by_key(|&node| self.rank[node]);
        let mut seen: BTreeSet<usize> = entries.iter().copied().collect();
        let mut queue = VecDeque::from(entries);
        let mut order = Vec::with_capacity(component.len());
        while let Some(node) = queue.pop_front() {
            order.push(node);
            for &target in &self.after[node] {
                if component_of[target] == number && seen.insert(target) {
                    queue.push_back(target);
                }
            }
        }
        order
    }

    /// Returns the strongly connected components of the nodes that `keep` chooses.
    fn components(&self, keep: &impl Fn(usize) -> bool) -> Vec<Vec<usize>> {
        let mut graph = DiGraph::<usize, ()>::new();
        let mut places: Vec<Option<NodeIndex>> = vec![None; self.after.len()];
        for node in (0..self.after.len()).filter(|&node| keep(node)) {
            places[node] = Some(graph.add_node(node));
        }
        for (source, targets) in self.after.iter().enumerate() {
            for &target in targets {
                if let (Some(source), Some(target)) = (places[source], places[target]) {
                    graph.add_edge(source, target, ());
                }
            }
        }
        kosaraju_scc(&graph)
            .into_iter()
            .map(|component| component.into_iter().map(|place| graph[place]).collect())
            .collect()
    }
}

fn walk(starts: &[usize], next: &[Vec<usize>]) -> Vec<bool> {
    let mut seen = vec![false; next.len()];
    let mut stack = starts.to_vec();
    while let Some(node) = stack.pop() {
        if !std::mem::replace(&mut seen[node], true) {
            stack.extend(next[node].iter().copied().filter(|&node| !seen[node]));
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str], edges: &[(usize, usize)]) -> Vec<String> {
        let neighbours = Neighbours::new(names, edges.iter().copied());
        neighbours.order().into_iter().map(|node| names[node].to_owned()).collect()
    }

    #[test]
    fn a_join_comes_after_its_longest_path() {
        let names = ["z", "long", "a", "short"];
        // z → long → a and z → short → a, and z → a.
        let edges = [(0, 1), (1, 2), (0, 3), (3, 2), (0, 2)];
        assert_eq!(order(&names, &edges), ["z", "long", "short", "a"]);
    }

    #[test]
    fn a_cycle_begins_at_its_entry() {
        // in → lif ⇄ w, lif → out; by name alone `w` might come first.
        let names = ["in", "lif", "a_w", "out"];
        let edges = [(0, 1), (1, 2), (2, 1), (1, 3)];
        assert_eq!(order(&names, &edges), ["in", "lif", "a_w", "out"]);
        let neighbours = Neighbours::new(&names, edges);
        let cycles = neighbours.cycles(|_| true);
        assert!(cycles[1].is_some() && cycles[1] == cycles[2]);
        assert!(cycles[0].is_none() && cycles[3].is_none());
        assert_eq!(neighbours.cycles(|node| node != 1), vec![None; 4]);
    }

    #[test]
    fn a_loop_of_one_node_is_a_cycle() {
        let neighbours = Neighbours::new(&["a", "b"], [(0, 0), (0, 1)]);
        assert_eq!(neighbours.cycles(|_| true).iter().filter(|cycle| cycle.is_some()).count(), 1);
    }
}
