//! The entries of many keys: in one response if the server supports it, else by listing and reading them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::sequence::Sequence;
use crate::ffi::{self, Done, OperationResult};
use crate::kv::{BucketName, Key, Pattern};
use crate::transport::{Operation, Transport};

/// The maximum number of concurrent reads.
const MAX_CONCURRENT_READS: u32 = 6;

/// Lists the keys, one pattern after another, and then reads each.
pub(super) struct EntriesReader {
    sequence: Rc<Sequence>,
    bucket: BucketName,
    patterns: Vec<Pattern>,
    /// The number of listed patterns.
    listed: Cell<usize>,
    /// The listings, and then the keys still to be read.
    keys: Array,
    entries: Array,
    reads: Cell<u32>,
    /// None after the end.
    done: RefCell<Option<Done>>,
}

impl EntriesReader {
    /// Reads the entries of keys that any of the patterns matches.
    pub(super) fn start(
        sequence: Rc<Sequence>,
        bucket: BucketName,
        patterns: Vec<Pattern>,
        done: Done,
    ) {
        let reader = Rc::new(Self {
            sequence,
            bucket,
            patterns,
            listed: Cell::default(),
            keys: Array::new(),
            entries: Array::new(),
            reads: Cell::default(),
            done: RefCell::new(Some(done)),
        });
        match reader.is_announced() {
            // The response announces the server's features.
            None => {
                let info = Operation::BucketInfo(reader.bucket.clone());
                let sequence = Rc::clone(&reader.sequence);
                let done = move |outcome: OperationResult| match outcome {
                    Err(failure) if !failure.is_status(403) => reader.finish(Err(failure)),
                    _ => reader.list(),
                };
                sequence.carry_out(info, Box::new(done));
            }
            Some(_) => reader.list(),
        }
    }

    /// Whether the server supports `entries`; none before its first response.
    fn is_announced(&self) -> Option<bool> {
        match &*self.sequence.transport {
            Transport::Http(http) => http.features.has("entries", &self.bucket),
            Transport::Memory(_) => None,
        }
    }

    /// Lists the keys that the next pattern matches.
    fn list(self: Rc<Self>) {
        if self.is_announced() == Some(true) {
            let operation = self.operation();
            return self.send(operation, |reader, entries| reader.finish(Ok(entries)));
        }
        let Some(pattern) = self.patterns.get(self.listed.get()) else {
            ffi::flatten_listings(&self.keys);
            return self.read();
        };
        let filter = Some(pattern.clone()).filter(|pattern| *pattern != Pattern::all());
        let operation = Operation::ListKeys(self.bucket.clone(), filter);
        self.send(operation, |reader, listing| {
            reader.listed.set(reader.listed.get() + 1);
            reader.keys.push(&listing);
            reader.list();
        });
    }

    /// Reads the next keys. One that has been deleted meanwhile has no entry.
    fn read(self: Rc<Self>) {
        let Sequence {
            transport, limits, ..
        } = &*self.sequence;
        // The client may have fallen back to a store in memory.
        if let Some(outcome) = transport.try_sync(&self.operation(), limits) {
            return self.finish(outcome);
        }
        while self.reads.get() < MAX_CONCURRENT_READS && self.done.borrow().is_some() {
            let key = self.keys.pop();
            if key.is_undefined() {
                break;
            }
            // A key that could not be read is left out.
            let Ok(key) = Key::parse(&key.as_string().unwrap_or_default()) else {
                continue;
            };
            self.reads.set(self.reads.get() + 1);
            let operation = Operation::Find(self.bucket.clone(), key, Rc::new(Cell::new(true)));
            self.send(operation, |reader, entry| {
                reader.reads.set(reader.reads.get() - 1);
                if !entry.is_undefined() {
                    reader.entries.push(&entry);
                }
                reader.read();
            });
        }
        if self.reads.get() == 0 {
            self.finish(Ok(ffi::newest_entries(&self.entries)));
        }
    }

    fn operation(&self) -> Operation {
        Operation::Entries(self.bucket.clone(), self.patterns.clone())
    }

    fn send(self: &Rc<Self>, operation: Operation, then: fn(Rc<Self>, JsValue)) {
        let reader = Rc::clone(self);
        let done = move |outcome: OperationResult| match outcome {
            Ok(value) => then(reader, value),
            failed => reader.finish(failed),
        };
        self.sequence.carry_out(operation, Box::new(done));
    }

    fn finish(&self, outcome: OperationResult) {
        let done = self.done.take();
        if let Some(done) = done {
            done(outcome);
        }
    }
}
