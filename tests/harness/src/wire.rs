//! HTTP by hand: what no library would send, and what comes back.

use std::time::Duration;

use proptest::test_runner::TestCaseError;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the server may take to answer or hang up, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer, as far as there is one.
#[derive(Debug, Default)]
pub struct Answer {
    /// Its status. None where the server hung up instead.
    pub status: Option<u16>,
    /// The status line and the headers.
    pub head: String,
    /// The body, as text.
    pub body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = match end {
            Some(end) => (&bytes[..end], &bytes[end + 4..]),
            None => (bytes, &[][..]),
        };
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
        if status == Some("100") {
            // Only leave to go on: the answer follows.
            return Self::parse(body);
        }
        Self {
            status: status.and_then(|status| status.parse().ok()),
            body: String::from_utf8_lossy(body).into_owned(),
            head,
        }
    }

    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Whether it is an answer that the protocol knows: a refusal has words, in JSON, and none is a
    /// fault of the server.
    ///
    /// # Errors
    /// The answer, where it is none of these.
    pub fn check(&self) -> Result<u16, TestCaseError> {
        let Some(status) = self.status else {
            return Err(TestCaseError::fail(format!("no answer: {self:?}")));
        };
        let known = [
            101, 200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 412, 413, 414, 426, 431, 507,
        ];
        let has_words = || {
            let body: Option<Value> = serde_json::from_str(&self.body).ok();
            body.is_some_and(|body| {
                body["error"]
                    .as_str()
                    .is_some_and(|words| !words.is_empty())
            })
        };
        // The parser's own refusals have no body.
        let is_bare = self.header("content-length") == Some("0");
        if known.contains(&status) && (status < 400 || is_bare || has_words()) {
            return Ok(status);
        }
        Err(TestCaseError::fail(format!("{self:?}")))
    }
}

/// Sends bytes, then nothing more, and reads until the server hangs up.
///
/// # Errors
/// Where there is no connection, or no end to it.
pub async fn exchange(server: &str, request: &[u8]) -> Result<Answer, TestCaseError> {
    let conversation = async {
        let mut stream = TcpStream::connect(server).await?;
        let (mut reader, mut writer) = stream.split();
        let sending = async {
            // The server may close the connection before it has read the whole request.
            let _ = writer.write_all(request).await;
            let _ = writer.shutdown().await;
        };
        let mut received = Vec::new();
        let reading = async {
            let mut chunk = [0; 4096];
            // A reset after the answer is as good as an end.
            while let Ok(count @ 1..) = reader.read(&mut chunk).await {
                received.extend_from_slice(&chunk[..count]);
            }
        };
        tokio::join!(sending, reading);
        std::io::Result::Ok(received)
    };
    match timeout(PATIENCE, conversation).await {
        Ok(Ok(received)) => Ok(Answer::parse(&received)),
        Ok(Err(error)) => Err(TestCaseError::fail(format!("no connection: {error}"))),
        Err(_) => Err(TestCaseError::fail(format!("no end within {PATIENCE:?}"))),
    }
}
