//! A tree of dot-separated paths, one level per token.
//!
//! The store keeps its keys in one tree and its watchers in another. [`Tree::select`] finds the keys that a
//! pattern matches, and [`Tree::matching`] the patterns that match a key. Both walk only the branches that can
//! still match: `user.>` over
//! 100,000 keys descends straight to `user` and visits what is below it, and a write looks up at
//! most three children a token (the literal, `*` and `>`), however many watchers there are.

use std::collections::HashMap;

use fnv::FnvBuildHasher;

use crate::kv::{Pattern, Token, split};

/// The values lie apart from the branches, so that the code that walks and mends the branches is
/// compiled once for all trees.
#[derive(Debug)]
pub struct Tree<V> {
    root: Node,
    values: Vec<Option<V>>,
    /// Slots in `values` to use again.
    free: Vec<usize>,
}

#[derive(Debug, Default)]
struct Node {
    /// Where the value of the path that ends here lies.
    slot: Option<usize>,
    children: HashMap<Box<str>, Node, FnvBuildHasher>,
}

impl<V> Tree<V> {
    /// A tree without values.
    #[expect(clippy::new_without_default, reason = "one way to make it is enough")]
    pub fn new() -> Self {
        Self {
            root: Node::default(),
            values: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Where the value of a path lies, as long as it is not removed.
    pub(crate) fn slot(&self, path: &str) -> Option<usize> {
        self.root.find(path)
    }

    /// The value at a slot.
    pub(crate) fn at(&self, slot: usize) -> Option<&V> {
        self.values.get(slot)?.as_ref()
    }

    /// The value at a slot, to change it.
    pub(crate) fn at_mut(&mut self, slot: usize) -> Option<&mut V> {
        self.values.get_mut(slot)?.as_mut()
    }

    pub(crate) fn get(&self, path: &str) -> Option<&V> {
        self.at(self.slot(path)?)
    }

    /// The value of a path, to change it.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut V> {
        self.at_mut(self.slot(path)?)
    }

    /// The value of a path, which is made where there is none.
    pub fn get_or_insert_with(&mut self, path: &str, new: impl FnOnce() -> V) -> &mut V {
        let slot = self.slot(path).unwrap_or_else(|| self.make(path));
        self.values[slot].get_or_insert_with(new)
    }

    /// A slot for the value of a path that has none.
    fn make(&mut self, path: &str) -> usize {
        let slot = self.free.pop().unwrap_or(self.values.len());
        if slot == self.values.len() {
            self.values.push(None);
        }
        self.root.make(path).slot = Some(slot);
        slot
    }

    /// Removes a path's value, and every branch that leads nowhere afterwards.
    pub fn remove(&mut self, path: &str) {
        if let Some(slot) = self.root.remove(Some(path)) {
            self.values[slot] = None;
            self.free.push(slot);
        }
    }

    /// Visits the values of the paths, read as keys, that the pattern matches.
    pub(crate) fn select(&self, pattern: &Pattern, visit: &mut dyn FnMut(&V)) {
        self.root.select(pattern.tokens(), &mut |slot| {
            self.values[slot].iter().for_each(&mut *visit);
        });
    }

    /// Visits the values of the paths, read as keys, that the pattern matches, and where they lie.
    pub(crate) fn select_slots(&self, pattern: &Pattern, visit: &mut dyn FnMut(usize, &V)) {
        self.root.select(pattern.tokens(), &mut |slot| {
            self.at(slot)
                .into_iter()
                .for_each(|value| visit(slot, value));
        });
    }

    /// Visits the values of the paths, read as patterns, that match the key.
    pub fn matching(&self, key: &str, visit: &mut dyn FnMut(&V)) {
        self.root.matching(Some(key), &mut |slot| {
            self.values[slot].iter().for_each(&mut *visit);
        });
    }

    /// Visits every value, to change it.
    pub(crate) fn for_each_mut(&mut self, visit: &mut dyn FnMut(&mut V)) {
        self.values.iter_mut().flatten().for_each(visit);
    }

    /// Visits every value.
    pub fn for_each(&self, visit: &mut dyn FnMut(&V)) {
        self.values.iter().flatten().for_each(visit);
    }
}

impl Node {
    fn find(&self, path: &str) -> Option<usize> {
        let mut node = self;
        let mut path = Some(path);
        while let Some(left) = path {
            let (token, rest) = split(left);
            node = node.children.get(token)?;
            path = rest;
        }
        node.slot
    }

    /// The node of a path, whose branches are grown where they are missing.
    fn make(&mut self, path: &str) -> &mut Self {
        let mut node = self;
        let mut path = Some(path);
        while let Some(left) = path {
            let (token, rest) = split(left);
            node = node.children.entry(token.into()).or_default();
            path = rest;
        }
        node
    }

    /// Takes the slot of a path, and prunes.
    fn remove(&mut self, path: Option<&str>) -> Option<usize> {
        let Some(path) = path else {
            return self.slot.take();
        };
        let (token, rest) = split(path);
        let child = self.children.get_mut(token)?;
        let slot = child.remove(rest);
        if child.slot.is_none() && child.children.is_empty() {
            self.children.remove(token);
        }
        slot
    }

    fn select<'p>(
        &self,
        mut tokens: impl Iterator<Item = Token<'p>> + Clone,
        visit: &mut dyn FnMut(usize),
    ) {
        match tokens.next() {
            None => self.slot.into_iter().for_each(visit),
            Some(Token::Literal(token)) => {
                if let Some(child) = self.children.get(token) {
                    child.select(tokens, visit);
                }
            }
            Some(Token::One) => {
                for child in self.children.values() {
                    child.select(tokens.clone(), visit);
                }
            }
            Some(Token::Rest) => {
                for child in self.children.values() {
                    child.for_each(visit);
                }
            }
        }
    }

    fn matching(&self, key: Option<&str>, visit: &mut dyn FnMut(usize)) {
        let Some(key) = key else {
            self.slot.into_iter().for_each(visit);
            return;
        };
        let (token, rest) = split(key);
        if let Some(child) = self.children.get(">") {
            child.slot.into_iter().for_each(&mut *visit);
        }
        for next in [token, "*"] {
            if let Some(child) = self.children.get(next) {
                child.matching(rest, visit);
            }
        }
    }

    fn for_each(&self, visit: &mut dyn FnMut(usize)) {
        self.slot.into_iter().for_each(&mut *visit);
        for child in self.children.values() {
            child.for_each(visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 9] = [
        "user.456",
        "config.feature-flags",
        "user",
        "user:123",
        "user.123.name",
        "user.123.name.first",
        "user.123",
        "a-b",
        "a.b",
    ];

    const PATTERNS: [&str; 16] = [
        ">",
        "*",
        "user.*",
        "user.>",
        "*.*",
        "*.123",
        "user.*.name",
        "user.*.>",
        "*.>",
        "user.123",
        "flag",
        "user:*",
        "us*",
        "*.*.*.*",
        "a",
        "*.*.name.>",
    ];

    #[test]
    fn selecting_finds_exactly_what_the_pattern_matches() {
        let mut tree = Tree::new();
        for path in PATHS {
            tree.get_or_insert_with(path, || path);
        }
        for pattern in PATTERNS {
            let pattern = Pattern::parse(pattern).unwrap();
            let mut found = Vec::new();
            tree.select(&pattern, &mut |path: &&str| found.push(*path));
            found.sort_unstable();
            let mut wanted: Vec<_> = PATHS.into_iter().filter(|p| pattern.matches(p)).collect();
            wanted.sort_unstable();
            assert_eq!(found, wanted, "{pattern:?}");
        }
    }

    #[test]
    fn matching_finds_exactly_the_patterns_that_match() {
        let mut tree = Tree::new();
        for pattern in PATTERNS {
            tree.get_or_insert_with(pattern, || pattern);
        }
        for key in PATHS {
            let mut found = Vec::new();
            tree.matching(key, &mut |pattern: &&str| found.push(*pattern));
            found.sort_unstable();
            let mut wanted: Vec<_> = PATTERNS
                .into_iter()
                .filter(|p| Pattern::parse(p).unwrap().matches(key))
                .collect();
            wanted.sort_unstable();
            assert_eq!(found, wanted, "{key}");
        }
    }

    #[test]
    fn removing_leaves_no_empty_branch_behind() {
        let mut tree = Tree::new();
        for path in PATHS {
            tree.get_or_insert_with(path, || ());
        }
        tree.remove("user.123");
        assert!(tree.get("user.123").is_none());
        assert!(tree.get("user.123.name").is_some());
        tree.remove("never.there");
        for path in PATHS {
            tree.remove(path);
        }
        assert!(tree.root.children.is_empty());
    }
}
