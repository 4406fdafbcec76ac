//! The extensions of the protocol, through the client's JavaScript face.

use ironflow_conformance::{
    Change, Detail, DetailedWatch, Entry, Event, Expiring, Extended, Failure, PutResult, Write,
};
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::backend::{BrowserBackend, BrowserWatch, NONE, bytes, done, entry, get, number, text};

/// A whole number for JavaScript: its largest one stands for all larger ones.
fn whole(number: u64) -> JsValue {
    (number as f64).min(9_007_199_254_740_991.0).into()
}

/// An object with one member, a number.
fn option(name: &str, number: u64) -> JsValue {
    let options = Object::new();
    Reflect::set(&options, &name.into(), &whole(number)).unwrap();
    options.into()
}

/// `{ revision }`.
fn with_revision(revision: u64) -> JsValue {
    option("revision", revision)
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

/// The refusal of a TTL in the words of the header, which the rules compare.
fn as_header(mut refused: Failure) -> Failure {
    let words = "ttl must be a whole number of seconds, 1 to 31536000";
    if refused.message == words {
        refused.message =
            "invalid Ironflow-TTL: it is not a whole number of seconds from 1 to 31536000".into();
    }
    refused
}

impl Expiring for BrowserBackend {
    async fn write_for(
        &self,
        bucket: &str,
        key: &str,
        write: Write<'_>,
        ttl_seconds: u64,
    ) -> Result<PutResult, Failure> {
        let (handle, name) = (self.bucket(bucket)?, key.into());
        let options = option("ttl", ttl_seconds);
        let written = done(match write {
            Write::Put(value) => handle.put(&name, &Uint8Array::from(value), &options),
            Write::Create(value) => handle.create(&name, &Uint8Array::from(value), &options),
            Write::Update(value, revision) => {
                let value = Uint8Array::from(value);
                handle.update(&name, &value, &whole(revision), &options)
            }
            removal => panic!("{removal:?} has no time to live"),
        })
        .await
        .map_err(as_header)?;
        Ok(PutResult {
            revision: number(&written, "revision"),
            expires_at: optional(&written, "expires_at"),
        })
    }
}
