//! A tree of dot-separated paths, one level a token.
//!
//! The store keeps its keys in one and its watchers in another, and asks each the opposite
//! question: which keys does this pattern match ([`Tree::select`]), and which patterns match this
//! key ([`Tree::matching`]). Either walks only the branches that can still match: `user.>` over
//! 100,000 keys descends straight to `user` and visits what is below it, and a write looks up at
//! most three children a token (the literal, `*` and `>`), however many watchers there are.

use std::collections::BTreeMap;

use crate::kv::{Pattern, Token};

#[derive(Debug)]
pub(super) struct Tree<V> {
    root: Node<V>,
}

#[derive(Debug)]
struct Node<V> {
    value: Option<V>,
    children: BTreeMap<Box<str>, Node<V>>,
}

impl<V> Default for Node<V> {
    fn default() -> Self {
        Self {
            value: None,
            children: BTreeMap::new(),
        }
    }
}

impl<V> Tree<V> {
    pub(super) fn new() -> Self {
        Self {
            root: Node::default(),
        }
    }

    pub(super) fn get(&self, path: &str) -> Option<&V> {
        let mut node = &self.root;
        for token in path.split('.') {
            node = node.children.get(token)?;
        }
        node.value.as_ref()
    }

    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut V> {
        let mut node = &mut self.root;
        for token in path.split('.') {
            node = node.children.get_mut(token)?;
        }
        node.value.as_mut()
    }

    pub(super) fn get_or_insert_with(&mut self, path: &str, new: impl FnOnce() -> V) -> &mut V {
        let mut node = &mut self.root;
        for token in path.split('.') {
            // Not the map's entry(): it would copy the token on every visit.
            if !node.children.contains_key(token) {
                node.children.insert(token.into(), Node::default());
            }
            node = match node.children.get_mut(token) {
                Some(child) => child,
                None => unreachable!("the child was inserted above"),
            };
        }
        node.value.get_or_insert_with(new)
    }

    /// Removes a path's value, and every branch that leads nowhere afterwards.
    pub(super) fn remove(&mut self, path: &str) {
        self.root.remove(path.split('.'));
    }

    /// Visits the values of the paths, read as keys, that the pattern matches.
    pub(super) fn select<'a>(&'a self, pattern: &Pattern, visit: &mut dyn FnMut(&'a V)) {
        self.root.select(&mut pattern.tokens(), visit);
    }

    /// Visits the values of the paths, read as patterns, that match the key.
    pub(super) fn matching<'a>(&'a self, key: &str, visit: &mut dyn FnMut(&'a V)) {
        self.root.matching(Some(key), visit);
    }

    /// Visits every value.
    pub(super) fn for_each<'a>(&'a self, visit: &mut dyn FnMut(&'a V)) {
        self.root.for_each(visit);
    }
}

impl<V> Node<V> {
    fn remove(&mut self, mut path: std::str::Split<'_, char>) {
        let Some(token) = path.next() else {
            self.value = None;
            return;
        };
        if let Some(child) = self.children.get_mut(token) {
            child.remove(path);
            if child.value.is_none() && child.children.is_empty() {
                self.children.remove(token);
            }
        }
    }

    fn select<'a, 'p>(
        &'a self,
        tokens: &mut (impl Iterator<Item = Token<'p>> + Clone),
        visit: &mut dyn FnMut(&'a V),
    ) {
        match tokens.next() {
            None => self.value.iter().for_each(visit),
            Some(Token::Literal(token)) => {
                if let Some(child) = self.children.get(token) {
                    child.select(tokens, visit);
                }
            }
            Some(Token::One) => {
                for child in self.children.values() {
                    child.select(&mut tokens.clone(), visit);
                }
            }
            Some(Token::Rest) => {
                for child in self.children.values() {
                    child.for_each(visit);
                }
            }
        }
    }

    fn matching<'a>(&'a self, rest: Option<&str>, visit: &mut dyn FnMut(&'a V)) {
        let Some(rest) = rest else {
            self.value.iter().for_each(visit);
            return;
        };
        let (token, after) = match rest.split_once('.') {
            Some((token, after)) => (token, Some(after)),
            None => (rest, None),
        };
        if let Some(child) = self.children.get(">") {
            child.value.iter().for_each(&mut *visit);
        }
        for next in [token, "*"] {
            if let Some(child) = self.children.get(next) {
                child.matching(after, visit);
            }
        }
    }

    fn for_each<'a>(&'a self, visit: &mut dyn FnMut(&'a V)) {
        self.value.iter().for_each(&mut *visit);
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
