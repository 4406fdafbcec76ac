//! The extensions of the protocol are announced in every answer, and web pages may use them.

use ironflow_harness::wire::{Answer, exchange};

/// Every extension that the server has.
const FEATURES: &str = "write-id, remove, entries, history, key-ttl, expiry-events";

async fn ask(server: &str, request: &str, headers: &str) -> Answer {
    let request = format!(
        "{request} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:5173\r\n{headers}\
         Connection: close\r\nContent-Length: 0\r\n\r\n"
    );
    exchange(server, request.as_bytes()).await.unwrap()
}

/// Whether a header's list, of any case, holds all of these words.
fn lists(answer: &Answer, header: &str, words: &[&str]) -> bool {
    let list = answer.header(header).unwrap_or_default().to_lowercase();
    let found: Vec<&str> = list.split(',').map(str::trim).collect();
    words.iter().all(|word| found.contains(word))
}

/// Answers of every kind name the extensions, to pages of other origins too.
pub async fn every_answer_names_the_features(server: &str) {
    for (request, status) in [
        ("GET /health", 200),
        ("GET /api/v1/kv/buckets", 200),
        ("GET /api/v1/kv/buckets/missing-for-good", 404),
        ("GET /api/v1/kv/buckets/b/keys/a..b", 400),
        ("PATCH /api/v1/kv/buckets", 405),
        ("GET /nowhere", 404),
    ] {
        let answer = ask(server, request, "").await;
        assert_eq!(answer.status, Some(status), "{request}");
        assert_eq!(answer.header("ironflow-kv-features"), Some(FEATURES));
        let exposed = ["retry-after", "ironflow-kv-features"];
        assert!(
            lists(&answer, "access-control-expose-headers", &exposed),
            "{answer:?}"
        );
    }
}

/// A preflight lets a page send the headers of the extensions.
pub async fn a_preflight_allows_the_headers_of_the_extensions(server: &str) {
    let wanted = "Access-Control-Request-Method: PUT\r\n\
                  Access-Control-Request-Headers: ironflow-ttl,ironflow-write-id\r\n";
    let answer = ask(server, "OPTIONS /api/v1/kv/buckets/b/keys/k", wanted).await;
    let allowed = ["ironflow-ttl", "ironflow-write-id", "if-match"];
    assert!(
        lists(&answer, "access-control-allow-headers", &allowed),
        "{answer:?}"
    );
}
