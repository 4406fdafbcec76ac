//! What a feed asks about its bucket, by the transport that operations go by.

use std::rc::Rc;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use super::feed::{Answer, Survey};
use crate::error::Error;
use crate::js::{Failure, Read};
use crate::kv::{BucketName, Key, Pattern};
use crate::transport::{Limits, Operation, Transport};

/// Whom to ask, and about which bucket.
pub(super) struct Questions {
    pub(super) transport: Rc<Transport>,
    pub(super) bucket: BucketName,
    pub(super) timeout_ms: u32,
}

impl Questions {
    /// Whether the server answers for the bucket. It is asked once.
    pub(super) async fn probe(&self) -> Result<(), Error> {
        let limits = Limits {
            once: true,
            ..self.limits()
        };
        self.ask(&Operation::BucketInfo(self.bucket.clone()), &limits)
            .await?;
        Ok(())
    }

    /// When the bucket was created, and its live keys that match.
    pub(super) async fn survey(&self, filter: &Pattern) -> Result<Survey, Error> {
        let operation = Operation::BucketInfo(self.bucket.clone());
        let info = self.ask(&operation, &self.limits()).await?;
        Ok(Survey {
            created: info.unchecked_ref::<Read>().created_at(),
            keys: self.list(filter).await?,
        })
    }

    /// The live keys that match.
    pub(super) async fn list(&self, filter: &Pattern) -> Result<Vec<Key>, Error> {
        let filter = Some(filter).filter(|filter| **filter != Pattern::all());
        let operation = Operation::ListKeys(self.bucket.clone(), filter.cloned());
        let keys: Array = self.ask(&operation, &self.limits()).await?.unchecked_into();
        // A key that could not be read anyway is left out.
        let key = |key: JsValue| Key::parse(&String::from(key.unchecked_ref::<JsString>())).ok();
        Ok(keys.iter().filter_map(key).collect())
    }

    /// A key's entry.
    pub(super) async fn read(&self, key: Key) -> Answer<JsValue> {
        match self
            .ask(&Operation::Get(self.bucket.clone(), key), &self.limits())
            .await
        {
            Ok(entry) => {
                let revision = entry.unchecked_ref::<Read>().revision();
                Ok(Some((revision as u64, entry)))
            }
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn ask(&self, operation: &Operation, limits: &Limits) -> Result<JsValue, Error> {
        let answer = self.transport.carry_out(operation, limits).await;
        answer.map_err(|failure| match failure {
            Failure::Error { error, .. } => error,
            _ => Error::RequestFailed("the request was aborted".into()),
        })
    }

    /// As long as any other operation.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.timeout_ms,
            signal: JsValue::UNDEFINED,
            once: false,
        }
    }
}
