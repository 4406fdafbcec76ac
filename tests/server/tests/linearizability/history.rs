//! The operations of clients on one key, and their results.

/// A value: which of all that were ever written.
pub type Value = u32;

/// What a client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Put(Value),
    Create(Value),
    /// Of the key at this revision.
    Update(Value, u64),
    Delete,
    /// A conditional delete of this revision.
    DeleteIf(u64),
    Get,
}

/// The result of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The revision of the write.
    Written(u64),
    Deleted,
    Found(Value, u64),
    /// 404.
    Missing,
    /// 412.
    Refused,
}

/// One operation: it took effect somewhere between the two times, on any clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    pub operation: Operation,
    pub outcome: Outcome,
    pub called: u64,
    pub returned: u64,
}

/// What a key is to those who ask one after the other (rules 1, 3 to 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Key {
    /// The bucket's last revision. There is no other key.
    last: u64,
    /// The value, where the key is live.
    live: Option<Value>,
}

impl Key {
    /// The key after the operation, where this outcome is the one that the rules give.
    pub fn after(self, operation: Operation, outcome: Outcome) -> Option<Self> {
        let (right, after) = self.carry_out(operation);
        (right == outcome).then_some(after)
    }

    /// The outcome of an operation, and the key after it.
    pub fn carry_out(self, operation: Operation) -> (Outcome, Self) {
        let last = self.last + 1;
        match (operation, self.live) {
            (Operation::Put(value), _) | (Operation::Create(value), None) => {
                let live = Some(value);
                (Outcome::Written(last), Self { last, live })
            }
            (Operation::Update(value, revision), _) if revision == self.last => {
                let live = Some(value);
                (Outcome::Written(last), Self { last, live })
            }
            (Operation::DeleteIf(revision), Some(_)) if revision == self.last => {
                (Outcome::Written(last), Self { last, live: None })
            }
            (Operation::Create(_) | Operation::Update(..), _)
            | (Operation::DeleteIf(_), Some(_)) => (Outcome::Refused, self),
            (Operation::Delete, Some(_)) => (Outcome::Deleted, Self { last, live: None }),
            (Operation::Get, Some(value)) => (Outcome::Found(value, self.last), self),
            (Operation::Delete | Operation::DeleteIf(_) | Operation::Get, None) => {
                (Outcome::Missing, self)
            }
        }
    }
}
