//! Covering, overlap and union of patterns, which let several watches share one connection.

use super::Pattern;
use super::pattern::Token;

impl Pattern {
    /// Whether every key that the other pattern matches is matched by this one too.
    pub fn covers(&self, other: &Self) -> bool {
        let mut theirs = other.tokens();
        for ours in self.tokens() {
            match (ours, theirs.next()) {
                (_, None) => return false,
                (Token::Rest, Some(_)) => return true,
                (Token::One, Some(Token::One | Token::Literal(_))) => {}
                (Token::Literal(one), Some(Token::Literal(other))) if one == other => {}
                _ => return false,
            }
        }
        theirs.next().is_none()
    }

    /// Whether there may be a key that both patterns match.
    pub fn overlaps(&self, other: &Self) -> bool {
        let mut theirs = other.tokens();
        for ours in self.tokens() {
            match (ours, theirs.next()) {
                (_, None) => return false,
                (Token::Rest, Some(_)) | (_, Some(Token::Rest)) => return true,
                (Token::Literal(one), Some(Token::Literal(other))) if one != other => return false,
                _ => {}
            }
        }
        theirs.next().is_none()
    }

    /// The narrowest pattern, token by token, that covers both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut tokens = Vec::new();
        let (mut ours, mut theirs) = (self.tokens(), other.tokens());
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => break,
                (Some(Token::Literal(one)), Some(Token::Literal(other))) if one == other => {
                    tokens.push(one);
                }
                (Some(Token::Rest), Some(_)) | (Some(_), Some(Token::Rest)) => {
                    tokens.push(">");
                    break;
                }
                (Some(_), Some(_)) => tokens.push("*"),
                // One is longer: no pattern matches "none or more" tokens, so `>` replaces the last token.
                (Some(_), None) | (None, Some(_)) => {
                    tokens.pop();
                    tokens.push(">");
                    break;
                }
            }
        }
        Self::from_tokens(&tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERNS: [&str; 15] = [
        ">", "*", "*.*", "*.>", "a", "b", "a.*", "a.>", "a.b", "a.b.>", "a.*.c", "a.b.c", "*.b",
        "*.b.c", "a.b.c.d",
    ];

    const KEYS: [&str; 12] = [
        "a", "b", "c", "a.b", "a.c", "b.b", "a.b.c", "a.c.c", "b.b.c", "a.b.d", "a.b.c.d",
        "x.y.z.w",
    ];

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn a_pattern_covers_what_matches_no_key_that_it_does_not() {
        for one in PATTERNS.map(pattern) {
            for other in PATTERNS.map(pattern) {
                let keys = || KEYS.into_iter().filter(|key| other.matches(key));
                if one.covers(&other) {
                    assert!(keys().all(|key| one.matches(key)), "{one:?} {other:?}");
                } else {
                    // These keys distinguish every pattern here from its neighbours.
                    let apart = keys().any(|key| !one.matches(key));
                    assert!(apart, "{one:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn the_union_of_patterns_is_the_narrowest_that_covers_both() {
        for one in PATTERNS.map(pattern) {
            for other in PATTERNS.map(pattern) {
                let wide = one.union(&other);
                assert!(
                    wide.covers(&one) && wide.covers(&other),
                    "{one:?} {other:?} {wide:?}"
                );
                assert_eq!(wide, other.union(&one));
                if one.covers(&other) {
                    assert_eq!(wide, one, "{other:?}");
                }
            }
        }
        for (one, other, wide) in [
            ("user.1", "user.2", "user.*"),
            ("user.1", "user.1.name", "user.>"),
            ("user.*", "user.1.name", "user.>"),
            ("user.1.name", "user.2.name", "user.*.name"),
            ("user", "user.1", ">"),
            ("user.1", "flag", ">"),
            ("user.1", "order.1", "*.1"),
            ("a.>", "a", ">"),
        ] {
            assert_eq!(pattern(one).union(&pattern(other)), pattern(wide));
        }
    }

    #[test]
    fn patterns_overlap_where_a_key_matches_both() {
        for one in PATTERNS {
            for other in PATTERNS {
                let (ours, theirs) = (Pattern::parse(one), Pattern::parse(other));
                let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
                let both = KEYS.iter().any(|k| ours.matches(k) && theirs.matches(k));
                assert_eq!(ours.overlaps(&theirs), both, "{one} and {other}");
            }
        }
    }
}
