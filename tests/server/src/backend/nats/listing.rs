//! The keys of a bucket: the last message of each subject, without values.

use std::collections::HashMap;

use ironflow_browser::kv::{Key, Pattern, Revision};

use super::Nats;
use super::consumer::Filter;
use super::message::Kind;
use super::names::Names;
use super::reader::{Deliver, Reader, Wanted};
use crate::address::BucketAddress;
use crate::backend::Result;

impl Nats {
    pub(crate) async fn list_keys(
        &self,
        at: &BucketAddress,
        pattern: &Pattern,
    ) -> Result<Vec<Key>> {
        let names = Names::new(at);
        let filter = Filter::FilterSubject(names.filter(pattern));
        self.list(&names, filter, std::slice::from_ref(pattern))
            .await
    }

    /// The live keys that any of the patterns matches, among the subjects of a filter.
    pub(super) async fn list(
        &self,
        names: &Names,
        filter: Filter,
        patterns: &[Pattern],
    ) -> Result<Vec<Key>> {
        let wanted = Wanted {
            deliver: Deliver::LastPerSubject,
            filter,
            headers_only: true,
        };
        let mut reader = Reader::open(&self.api, names, wanted).await?;
        let mut keys = Keys::default();
        while let Some(batch) = reader.next().await? {
            for (message, position) in batch {
                if let Some(key) = names.key(&message.subject) {
                    let kind = Kind::of(message.headers.as_ref());
                    keys.0.insert(key, (position.stream, kind));
                }
            }
        }
        Ok(keys.live(patterns))
    }
}

/// What is known of each key. One that is written during the listing comes again, later.
#[derive(Default)]
struct Keys(HashMap<Key, (Revision, Kind)>);

impl Keys {
    /// The live keys, in ascending order of last revision.
    fn live(self, patterns: &[Pattern]) -> Vec<Key> {
        let mut live: Vec<_> = self
            .0
            .into_iter()
            .filter(|(key, (_, kind))| {
                *kind == Kind::Value && patterns.iter().any(|pattern| pattern.matches(key))
            })
            .map(|(key, (revision, _))| (revision, key))
            .collect();
        live.sort_unstable_by_key(|(revision, _)| *revision);
        live.into_iter().map(|(_, key)| key).collect()
    }
}
