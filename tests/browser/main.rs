//! The client in a real browser, through its JavaScript face, on three backends: a store in the tab,
//! the reference server on its store, and the reference server on NATS. Started by
//! `tests/e2e/browser-suite.mjs`, which starts the servers and leaves their addresses where the page
//! can fetch them.
#![cfg(target_arch = "wasm32")]

mod backend;
mod extended;
mod face;
mod servers;

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

/// Runs a test on each backend, as `memory::<name>`, `server_memory::<name>`, `server_nats::<name>`.
macro_rules! on_each_backend {
    ($($backend:ident)*; $($rule:ident)*) => {
        on_each_backend! { @ [$($backend)*] [$($rule)*] }
    };
    (@ [$($backend:ident)*] $rules:tt) => {
        $( on_each_backend! { @@ $backend $rules } )*
    };
    (@@ $backend:ident [$($rule:ident)*]) => {
        mod $backend {
            $(
                #[wasm_bindgen_test::wasm_bindgen_test]
                async fn $rule() {
                    let backend = crate::backend::BrowserBackend::$backend().await;
                    ironflow_conformance::rules::$rule(&backend).await;
                }
            )*
        }
    };
}

macro_rules! conformance {
    ($($rule:ident)*) => {
        on_each_backend! { memory server_memory server_nats; $($rule)* }
    };
}

ironflow_conformance::for_each_rule!(conformance);

/// The rules of the extensions, as `extensions::memory::<name>`, and of keys that expire, as
/// `expiry::memory::<name>`, and so on.
macro_rules! conformance_of_extensions {
    ($($rule:ident)*) => {
        mod extensions {
            on_each_backend! { memory server_memory server_nats; $($rule)* }
        }
    };
}

ironflow_conformance::for_each_extension_rule!(conformance_of_extensions);

macro_rules! conformance_of_expiry {
    ($($rule:ident)*) => {
        mod expiry {
            on_each_backend! { memory server_memory server_nats; $($rule)* }
        }
    };
}

ironflow_conformance::for_each_expiry_rule!(conformance_of_expiry);

/// Runs one file of the JavaScript suite on each backend.
macro_rules! javascript {
    ($($backend:ident)*; $suites:tt) => {
        $( javascript! { @ $backend $suites } )*
    };
    (@ $backend:ident [$($suite:ident)*]) => {
        mod $backend {
            $(
                #[wasm_bindgen_test::wasm_bindgen_test]
                #[allow(non_snake_case, reason = "the names of the suites in JavaScript")]
                async fn $suite() {
                    let config = crate::servers::$backend().await;
                    crate::face::run(stringify!($suite), &config).await;
                }
            )*
        }
    };
}

mod suite {
    javascript! {
        memory server_memory server_nats;
        [page values refusedValues keys patternHints errors errorSubjects client handles features conditionalRemoves writeIds keepalive modify modifyRequests modifyDeletes reading history keyTtl decoding memory retrying clock watching feeds delivery connection views mutatingViews survivingViews]
    }
}
