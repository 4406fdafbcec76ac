//! The extensions of the protocol, through the client's JavaScript face.

use ironflow_conformance::{Change, Detail, DetailedWatch, Entry, Event, Extended, Failure};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::backend::{BrowserBackend, BrowserWatch, NONE, bytes, done, entry, get, number, text};

/// `{ revision }`.
fn with_revision(revision: u64) -> JsValue {
    let options = Object::new();
    // JavaScript has no larger whole number: it stands for all of them.
    let revision = JsValue::from((revision as f64).min(9_007_199_254_740_991.0));
    Reflect::set(&options, &"revision".into(), &revision).unwrap();
    options.into()
}

fn optional(object: &JsValue, name: &str) -> Option<String> {
    get(object, name).as_string()
}

fn change(entry: &JsValue) -> Change {
    let value = get(entry, "value");
    Change {
        key: text(entry, "key"),
        value: (!value.is_undefined()).then(|| bytes(entry)),
        revision: number(entry, "revision"),
        operation: text(entry, "operation"),
        reason: optional(entry, "reason"),
        created_at: text(entry, "created_at"),
        expires_at: optional(entry, "expires_at"),
    }
}

fn changes(list: JsValue) -> Vec<Change> {
    let list: Array = list.unchecked_into();
    list.iter().map(|each| change(&each)).collect()
}

pub fn detail(event: &JsValue) -> Detail {
    Detail {
        reason: optional(event, "reason"),
        expires_at: optional(event, "expires_at"),
    }
}

impl DetailedWatch for BrowserWatch {
    async fn next_detailed(&mut self) -> Option<(Event, Detail)> {
        self.next_with_detail().await
    }
}

impl Extended for BrowserBackend {
    async fn remove(
        &self,
        bucket: &str,
        key: &str,
        revision: u64,
        purge: bool,
    ) -> Result<u64, Failure> {
        let (handle, name) = (self.bucket(bucket)?, key.into());
        let options = with_revision(revision);
        done(match purge {
            true => handle.purge(&name, &options),
            false => handle.delete(&name, &options),
        })
        .await?;
        // The promise gives nothing, and a later write may have taken the marker's place.
        let history = self.history(bucket, key).await?;
        let marker = history
            .iter()
            .find(|change| change.value.is_none() && change.revision > revision);
        Ok(marker.map_or(revision + 1, |marker| marker.revision))
    }

    async fn history(&self, bucket: &str, key: &str) -> Result<Vec<Change>, Failure> {
        let promise = self.bucket(bucket)?.history(&key.into(), &NONE);
        done(promise).await.map(changes)
    }

    async fn entries(
        &self,
        bucket: &str,
        filters: &[&str],
    ) -> Result<(Vec<Change>, Option<u64>), Failure> {
        let filter = match filters {
            [] => NONE,
            [one] => (*one).into(),
            several => several
                .iter()
                .map(|each| JsValue::from(*each))
                .collect::<Array>()
                .into(),
        };
        let promise = self.bucket(bucket)?.entries(&filter, &NONE);
        Ok((done(promise).await.map(changes)?, None))
    }

    async fn get_revision(&self, bucket: &str, key: &str, revision: u64) -> Result<Entry, Failure> {
        let promise = self
            .bucket(bucket)?
            .get(&key.into(), &with_revision(revision));
        done(promise).await.map(|found| entry(&found))
    }
}
