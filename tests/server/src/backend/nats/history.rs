//! What a bucket retains of a key: every message of its subject.

use ironflow_browser::kv::{Change, Key};

use super::Nats;
use super::consumer::Filter;
use super::message::Kind;
use super::names::Names;
use super::reader::{Deliver, Reader, Wanted, change};
use crate::address::BucketAddress;
use crate::backend::Result;

impl Nats {
    pub(crate) async fn history(&self, at: &BucketAddress, key: &Key) -> Result<Vec<Change>> {
        let names = Names::new(at);
        let wanted = Wanted {
            deliver: Deliver::All,
            filter: Filter::FilterSubject(names.subject(key)),
            headers_only: false,
        };
        let max_age = self.settings(&names).await?.max_age;
        let mut reader = Reader::open(&self.api, &names, wanted).await?;
        let mut changes = Vec::new();
        while let Some(batch) = reader.next().await? {
            // An expired key is as if never written, though its marker stays for a moment (rule 14).
            let retained = batch
                .iter()
                .filter(|(message, _)| Kind::of(message.headers.as_ref()) != Kind::Expiry);
            changes.extend(retained.filter_map(|message| change(&names, max_age, message)));
        }
        Ok(changes)
    }
}
