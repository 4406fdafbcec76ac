//! Sequences of operations, made up.

use ironflow_conformance::BucketSettings;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::repeats::Sending;
use crate::step::{Guess, Kind, Sequence, Step};

const FEW_KEYS: &[&str] = &["a", "a.b", "b"];

const MANY_KEYS: &[&str] = &[
    "a",
    "a.b",
    "a.b.c",
    "a.b.d",
    "a.c",
    "b",
    "b.a",
    "b.b",
    "b.b.b",
    "user",
    "user:123",
    "user.123",
    "user.123.name",
    "user.456",
    "user.456.name.first",
    "config.flags",
    "A",
    "a/b",
    "a/../b",
    "a%2Fb",
    "a?b#c&d=e",
    "é",
    "e\u{301}",
    "🦀.🚀",
    "a\u{a0}b",
    "\u{3000}.\u{2003}",
    "$KV.b.a",
    "-_=|\\\"'@,;(){}[]<!~^$`",
    "0",
    "00",
    "1",
    "true",
    "null",
    "KV_b",
    "_INBOX.a",
    "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x",
];

const MALFORMED_KEYS: &[&str] = &[
    "", ".", "..", "a.", ".a", "a..b", "*", "a.>", "a b", "a\u{7f}",
];

const PATTERNS: &[&str] = &[
    ">",
    "*",
    "*.*",
    "a.*",
    "a.>",
    "*.b",
    "*.>",
    "user.*",
    "user.>",
    "user.*.name",
    "a",
    "a.b",
    "user:123",
    "us*",
    "a>",
    "*a.b",
    "é",
    "a\u{a0}b",
    "\u{3000}.*",
    "*a0*",
    "b.*.*",
    "missing",
];

const MALFORMED_PATTERNS: &[&str] = &["", ".", "a.", "a..b", ">.a", "a.>.b", "a b", "\n"];

/// The history limits that buckets have.
const HISTORIES: &[u64] = &[1, 2, 5, 64];

/// A sequence that is over before anything expires.
pub fn lasting() -> impl Strategy<Value = Sequence> {
    let max_bytes = prop_oneof![2 => Just(0), 1 => 60_u64..2000];
    let ttl = select(&[1000, 31_536_000][..]);
    let (settings, step) = (settings(Just(0), max_bytes), step(ttl));
    sequence(settings, any::<bool>(), step, 1..32)
}

/// A sequence in which time passes, and with it the bucket's time to live, or a key's own. (On JetStream
/// a bucket with a limit of bytes has no markers, and keys without their own.)
pub fn expiring() -> impl Strategy<Value = Sequence> {
    let wait = (100_u64..2500).prop_map(|milliseconds| Draft::Step(Step::Wait { milliseconds }));
    let step = prop_oneof![12 => step(select(&[1_u64, 2, 3][..])), 1 => wait];
    let settings = settings(select(&[0_u64, 1, 2][..]), Just(0));
    sequence(settings, Just(true), step, 4..32)
}

fn sequence(
    settings: impl Strategy<Value = BucketSettings>,
    few_keys: impl Strategy<Value = bool>,
    step: impl Strategy<Value = Draft>,
    length: std::ops::Range<usize>,
) -> impl Strategy<Value = Sequence> {
    let drafts = proptest::collection::vec(step, length);
    (settings, few_keys, drafts).prop_map(|(settings, few_keys, drafts)| {
        let steps = drafts
            .into_iter()
            .map(|draft| draft.complete(&settings, few_keys))
            .collect();
        Sequence { settings, steps }
    })
}

fn settings(
    ttl_seconds: impl Strategy<Value = u64>,
    max_bytes: impl Strategy<Value = u64>,
) -> impl Strategy<Value = BucketSettings> {
    let history = prop_oneof![9 => select(HISTORIES), 1 => Just(0)];
    let max_value_size = prop_oneof![2 => Just(0), 1 => 1_u64..64];
    (history, ttl_seconds, max_value_size, max_bytes).prop_map(
        |(history, ttl_seconds, max_value_size, max_bytes)| BucketSettings {
            history,
            ttl_seconds,
            max_value_size,
            max_bytes,
            ..Default::default()
        },
    )
}

/// A step whose key and value are still to be chosen to fit the bucket.
#[derive(Debug, Clone)]
enum Draft {
    Step(Step),
    Key(usize, Operation),
    Revision(usize, Guess, Conditional),
    Value(usize, Size, Kind, Option<u64>),
    CreateBucket(Change),
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Get,
    Delete,
    Purge,
    Watch,
    List,
    History,
}

/// What is done with a key and a revision, and without a value.
#[derive(Debug, Clone, Copy)]
enum Conditional {
    Delete,
    Purge,
    Get,
}

/// How large a value is.
#[derive(Debug, Clone, Copy)]
enum Size {
    Bytes(usize),
    /// Next to the largest that the bucket takes, or to no limit small enough to be worth it.
    NearLimit(i64),
}

/// What a bucket that is created again has other than before.
#[derive(Debug, Clone)]
enum Change {
    Nothing,
    Settings(BucketSettings),
}

fn step(ttl: impl Strategy<Value = u64> + 'static) -> impl Strategy<Value = Draft> {
    let key = 0_usize..1000;
    let size = prop_oneof![
        1 => Just(Size::Bytes(0)),
        4 => (0_usize..80).prop_map(Size::Bytes),
        1 => (-1_i64..=1).prop_map(Size::NearLimit),
    ];
    let guess = prop_oneof![
        6 => Just(Guess::Current),
        1 => (1_u64..4).prop_map(Guess::Earlier),
        1 => (1_u64..4).prop_map(Guess::Later),
        1 => Just(Guess::Newest),
        1 => Just(Guess::Exactly(0)),
        1 => select(&[u64::MAX, u64::MAX - 1, 1 << 53, 1 << 63, 1 << 32][..]).prop_map(Guess::Exactly),
    ];
    let write = prop_oneof![
        3 => Just(Kind::Put),
        2 => Just(Kind::Create),
        3 => guess.clone().prop_map(Kind::Update),
    ];
    let operation = select(
        &[
            Operation::Get,
            Operation::Get,
            Operation::Delete,
            Operation::Delete,
            Operation::Purge,
            Operation::Purge,
            Operation::Watch,
            Operation::List,
            Operation::History,
        ][..],
    );
    let conditional = select(&[Conditional::Delete, Conditional::Purge, Conditional::Get][..]);
    let filter = option::of(prop_oneof![9 => select(PATTERNS), 1 => select(MALFORMED_PATTERNS)])
        .prop_map(|filter| filter.map(str::to_owned));
    let filters = proptest::collection::vec(select(PATTERNS).prop_map(str::to_owned), 0..4);
    let sending = select(
        &[
            Sending::WithoutId,
            Sending::WithId,
            Sending::TwiceAtOnce,
            Sending::TwiceInTurn,
        ][..],
    );
    let change = prop_oneof![
        2 => Just(Change::Nothing),
        1 => settings(Just(0), 60_u64..2000).prop_map(Change::Settings),
        1 => select(out_of_range()).prop_map(Change::Settings),
    ];
    prop_oneof![
        20 => (key.clone(), size, write, option::weighted(0.3, ttl))
            .prop_map(|(key, size, write, ttl)| Draft::Value(key, size, write, ttl)),
        4 => (key.clone(), guess, conditional)
            .prop_map(|(key, guess, what)| Draft::Revision(key, guess, what)),
        12 => (key, operation).prop_map(|(key, operation)| Draft::Key(key, operation)),
        2 => filter.clone().prop_map(|filter| Draft::Step(Step::List(filter))),
        2 => filters.prop_map(|filters| Draft::Step(Step::Entries(filters))),
        1 => filter.prop_map(|filter| Draft::Step(Step::Watch(filter))),
        1 => (0_usize..4).prop_map(|at| Draft::Step(Step::Unwatch(at))),
        3 => sending.prop_map(|sending| Draft::Step(Step::SendWrites(sending))),
        4 => (0_usize..8).prop_map(|at| Draft::Step(Step::Repeat(at))),
        2 => Just(Draft::Step(Step::Info)),
        1 => Just(Draft::Step(Step::Buckets)),
        1 => change.prop_map(Draft::CreateBucket),
        1 => Just(Draft::Step(Step::DeleteBucket)),
    ]
}

/// Settings that no bucket can have.
fn out_of_range() -> Vec<BucketSettings> {
    vec![
        BucketSettings {
            history: 65,
            ..Default::default()
        },
        BucketSettings {
            ttl_seconds: u64::MAX,
            ..Default::default()
        },
        BucketSettings {
            max_bytes: 1 << 60,
            ..Default::default()
        },
    ]
}

impl Draft {
    fn complete(self, settings: &BucketSettings, few_keys: bool) -> Step {
        match self {
            Self::Step(step) => step,
            Self::Key(number, operation) => {
                let key = key(number, few_keys);
                match operation {
                    Operation::Get => Step::Get(key),
                    Operation::Delete => Step::Delete(key),
                    Operation::Purge => Step::Purge(key),
                    Operation::Watch => Step::Watch(Some(key)),
                    Operation::List => Step::List(Some(key)),
                    Operation::History => Step::History(key),
                }
            }
            Self::Revision(number, revision, what) => {
                let key = key(number, few_keys);
                match what {
                    Conditional::Get => Step::GetRevision { key, revision },
                    Conditional::Delete | Conditional::Purge => Step::Remove {
                        key,
                        revision,
                        purge: matches!(what, Conditional::Purge),
                    },
                }
            }
            Self::Value(number, size, kind, ttl) => {
                let key = key(number, few_keys);
                let value = vec![number as u8; size.bytes(settings)];
                Step::Write {
                    key,
                    value,
                    kind,
                    ttl,
                }
            }
            Self::CreateBucket(Change::Nothing) => Step::CreateBucket(settings.clone()),
            Self::CreateBucket(Change::Settings(other)) => Step::CreateBucket(BucketSettings {
                ttl_seconds: settings.ttl_seconds.max(other.ttl_seconds),
                // Without a limit there stays none: expiry needs markers on JetStream.
                max_bytes: match other.max_bytes {
                    within @ ..2000 => within.min(settings.max_bytes),
                    out_of_range => out_of_range,
                },
                ..other
            }),
        }
    }
}

/// One key of the few or the many; of every fifty one that is none.
fn key(number: usize, few_keys: bool) -> String {
    let keys = match number % 50 {
        49 => MALFORMED_KEYS,
        _ if few_keys => FEW_KEYS,
        _ => MANY_KEYS,
    };
    keys[(number / 2) % keys.len()].to_owned()
}

impl Size {
    fn bytes(self, settings: &BucketSettings) -> usize {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::NearLimit(difference) => {
                let limit = i64::try_from(settings.max_value_size).unwrap_or(0);
                usize::try_from(limit + difference).unwrap_or(0)
            }
        }
    }
}
