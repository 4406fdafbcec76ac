//! A watch as version 2 of the protocol has it: one subscription on a connection of its own.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Response;
use hyper::body::Incoming;
use ironflow_conformance::{Detail, Event, Failure};
use serde_json::{Value, json};

use crate::session::Session;

/// The one subscription.
const ID: u64 = 7;

#[derive(Debug)]
pub(crate) struct SubscribedWatch {
    session: Session,
    bucket: String,
    /// Events that came in one frame.
    queue: VecDeque<(Event, Detail)>,
}

impl SubscribedWatch {
    /// Subscribes to what changes from now on.
    pub(crate) async fn open(
        answer: Response<Incoming>,
        bucket: &str,
        pattern: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut session = Session::open(answer).await;
        let keys = [pattern.unwrap_or(">")];
        session.subscribe(ID, bucket, &keys, json!({})).await;
        let frame = session.next().await;
        if frame["type"] == "refused" {
            let status = frame["status"].as_u64().unwrap();
            return Err(Failure {
                status: status.try_into().unwrap(),
                message: frame["error"].as_str().unwrap().to_owned(),
            });
        }
        assert_eq!(
            (&frame["type"], &frame["id"]),
            (&json!("synced"), &json!(ID))
        );
        Ok(Self {
            session,
            bucket: bucket.to_owned(),
            queue: VecDeque::new(),
        })
    }

    /// The next event; `None` once the bucket is deleted.
    pub(crate) async fn next(&mut self) -> Option<(Event, Detail)> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            let frame = self.session.next().await;
            match frame["type"].as_str() {
                Some("kv_update") => {
                    assert_eq!(frame["name"], self.bucket);
                    self.queue.push_back(event(&frame, &self.bucket));
                }
                Some("changes") => {
                    let events = frame["events"].as_array().unwrap().iter();
                    self.queue
                        .extend(events.map(|frame| event(frame, &self.bucket)));
                }
                Some("refused") => {
                    assert_eq!((&frame["status"], &frame["id"]), (&json!(404), &json!(ID)));
                    return None;
                }
                Some("replay" | "synced" | "tick") => {}
                _ => panic!("{frame}"),
            }
        }
    }

    pub(crate) async fn close(&mut self) {
        self.session.close().await;
    }
}

fn event(frame: &Value, bucket: &str) -> (Event, Detail) {
    let text = |name: &str| frame[name].as_str().map(str::to_owned);
    assert_eq!(
        frame["operation"] == "put",
        frame["value"].is_string(),
        "{frame}"
    );
    let event = Event {
        key: text("key").unwrap(),
        value: STANDARD.decode(text("value").unwrap_or_default()).unwrap(),
        revision: frame["revision"].as_u64().unwrap(),
        operation: text("operation").unwrap(),
        bucket: bucket.to_owned(),
    };
    let detail = Detail {
        reason: text("reason"),
        expires_at: text("expires_at"),
    };
    (event, detail)
}
