//! The feed as a state machine: what has happened to the connection goes in, what is to be done
//! comes out. It knows no socket and no clock.

use crate::error::Error;

/// What has happened.
#[derive(Debug)]
pub enum Input<E> {
    /// The connection is open.
    Opened,
    /// A change arrived.
    Event(E),
    /// A frame that cannot be used arrived, or one in which the server reports a problem.
    BadFrame(String),
    /// The connection is closed, or was refused, with this WebSocket close code.
    Closed(u16),
    /// The connection could not even be tried.
    Failed(Error),
    /// The answer to [`Output::Probe`]: how the server answers about the bucket.
    Probed(Result<(), Error>),
    /// The watch is to end.
    Stopped,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Output<E> {
    /// Tell the watcher that every change from now on will reach it.
    Ready,
    /// Give the event to the watcher.
    Deliver(E),
    /// Tell the watcher of a problem.
    Report(Error),
    /// Ask the server about the bucket: a browser does not show why a handshake was refused.
    Probe,
    /// Let go of the connection and tell the watcher that it is over. Comes last, and once.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Connecting,
    Probing,
    Open,
    Ended,
}

/// One watch, from the first attempt to connect to its end.
#[derive(Debug)]
pub struct Feed {
    state: State,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            state: State::Connecting,
        }
    }
}

impl Feed {
    /// Takes in what has happened. What comes out is to be done in its order.
    pub fn handle<E>(&mut self, input: Input<E>) -> Vec<Output<E>> {
        match (self.state, input) {
            (State::Ended, _) => Vec::new(),
            (_, Input::Stopped) => self.end(None),
            (_, Input::Failed(error)) => self.end(Some(error)),
            (State::Connecting, Input::Opened) => {
                self.state = State::Open;
                vec![Output::Ready]
            }
            (State::Open, Input::Event(event)) => vec![Output::Deliver(event)],
            (State::Open, Input::BadFrame(words)) => vec![Output::Report(Error::BadFrame(words))],
            // The connection is known to be gone: the answer decides.
            (State::Probing, Input::Closed(_)) => Vec::new(),
            (_, Input::Closed(1000)) => self.end(None),
            (State::Connecting, Input::Closed(code)) if refusal(code).is_none() => {
                self.state = State::Probing;
                vec![Output::Probe]
            }
            (_, Input::Closed(code)) => self.end(Some(refusal(code).unwrap_or_else(|| lost(code)))),
            (State::Probing, Input::Probed(result)) => {
                let final_refusal = result
                    .err()
                    .filter(|error| matches!(error.status(), Some(401 | 403 | 404)));
                self.end(Some(final_refusal.unwrap_or_else(|| lost(1006))))
            }
            _ => Vec::new(),
        }
    }

    /// Whether the watch is over.
    pub fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    fn end<E>(&mut self, error: Option<Error>) -> Vec<Output<E>> {
        self.state = State::Ended;
        error
            .map(Output::Report)
            .into_iter()
            .chain([Output::End])
            .collect()
    }
}

/// The error behind a close code that says no.
fn refusal(code: u16) -> Option<Error> {
    Some(match code {
        4401 => Error::status_of(401, "invalid or missing credentials"),
        4403 => Error::status_of(403, "not permitted"),
        4404 => Error::status_of(404, "bucket not found"),
        1008 => Error::ConnectionLost {
            message: "the server refuses the watch".into(),
            retryable: false,
        },
        _ => return None,
    })
}

fn lost(code: u16) -> Error {
    Error::ConnectionLost {
        message: [
            "the watch's connection was lost (code ",
            &code.to_string(),
            ")",
        ]
        .concat(),
        retryable: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Feed {
        let mut feed = Feed::default();
        assert_eq!(feed.handle::<u32>(Input::Opened), [Output::Ready]);
        feed
    }

    #[test]
    fn events_are_delivered_once_it_is_open() {
        assert_eq!(opened().handle(Input::Event(7)), [Output::Deliver(7)]);
    }

    #[test]
    fn a_bad_frame_is_reported_and_does_not_end_the_watch() {
        let mut feed = opened();
        let out = feed.handle::<u32>(Input::BadFrame("not JSON".into()));
        assert_eq!(out, [Output::Report(Error::BadFrame("not JSON".into()))]);
        assert_eq!(feed.handle(Input::Event(1)), [Output::Deliver(1)]);
    }

    #[test]
    fn a_stopped_watch_ends_once_and_delivers_nothing_more() {
        let mut feed = opened();
        assert_eq!(feed.handle::<u32>(Input::Stopped), [Output::End]);
        assert_eq!(feed.handle::<u32>(Input::Stopped), []);
        assert_eq!(feed.handle(Input::Event(1)), []);
        assert_eq!(feed.handle::<u32>(Input::Closed(1006)), []);
    }

    #[test]
    fn a_normal_close_ends_the_watch_without_an_error() {
        assert_eq!(opened().handle::<u32>(Input::Closed(1000)), [Output::End]);
    }

    #[test]
    fn a_lost_connection_is_reported_before_the_end() {
        for code in [1001, 1006, 1011, 1012, 1013] {
            let out = opened().handle::<u32>(Input::Closed(code));
            let [Output::Report(error), Output::End] = &out[..] else {
                panic!("{code}: {out:?}");
            };
            assert_eq!(error.code(), "CONNECTION_LOST");
            assert!(!error.retryable());
        }
    }

    #[test]
    fn a_refusal_by_close_code_is_its_typed_error() {
        for (code, name) in [
            (4401, "UNAUTHENTICATED"),
            (4403, "UNAUTHORIZED"),
            (4404, "HTTP_404"),
            (1008, "CONNECTION_LOST"),
        ] {
            for mut feed in [Feed::default(), opened()] {
                let out = feed.handle::<u32>(Input::Closed(code));
                let [Output::Report(error), Output::End] = &out[..] else {
                    panic!("{code}: {out:?}");
                };
                assert_eq!(error.code(), name);
            }
        }
    }

    #[test]
    fn a_failed_handshake_asks_the_server_why() {
        for (answer, name) in [
            (Err(Error::status_of(401, "no")), "UNAUTHENTICATED"),
            (Err(Error::status_of(403, "no")), "UNAUTHORIZED"),
            (Err(Error::status_of(404, "no")), "HTTP_404"),
            (Err(Error::status_of(500, "no")), "CONNECTION_LOST"),
            (Err(Error::RequestFailed("no".into())), "CONNECTION_LOST"),
            (Ok(()), "CONNECTION_LOST"),
        ] {
            let mut feed = Feed::default();
            assert_eq!(feed.handle::<u32>(Input::Closed(1006)), [Output::Probe]);
            assert_eq!(feed.handle::<u32>(Input::Closed(1006)), []);
            let out = feed.handle::<u32>(Input::Probed(answer));
            let [Output::Report(error), Output::End] = &out[..] else {
                panic!("{out:?}");
            };
            assert_eq!(error.code(), name);
        }
    }
}
