//! The rules of the key-value API, put to the server on each of its stores.

mod announced;
mod credentials;
mod expiry;
mod instances;

/// Makes a test of every rule, for the server that the module's `address` gives.
macro_rules! tests {
    ($($rule:ident)*) => {
        $(
            #[tokio::test]
            async fn $rule() {
                let client = ironflow_harness::HttpClient::new(address());
                ironflow_conformance::rules::$rule(&client).await;
            }
        )*
    };
}

mod server_memory {
    use ironflow_harness::process;

    fn address() -> &'static str {
        process::server_on_memory(env!("CARGO_BIN_EXE_ironflow-server"))
    }

    #[test]
    fn rule_19_every_route_and_handshake_wants_credentials_and_repeats_none() {
        crate::credentials::walk_on_memory();
    }

    #[tokio::test]
    async fn every_answer_names_the_features() {
        crate::announced::every_answer_names_the_features(address()).await;
    }

    #[tokio::test]
    async fn a_preflight_allows_the_headers_of_the_extensions() {
        crate::announced::a_preflight_allows_the_headers_of_the_extensions(address()).await;
    }

    ironflow_conformance::for_each_rule!(tests);
    ironflow_conformance::for_each_extension_rule!(tests);
    ironflow_conformance::for_each_expiry_rule!(tests);
    ironflow_conformance::for_each_repetition_rule!(tests);
}

mod server_nats {
    use ironflow_harness::process;

    fn address() -> &'static str {
        process::server_on_nats(env!("CARGO_BIN_EXE_ironflow-server"))
    }

    #[test]
    fn rule_19_every_route_and_handshake_wants_credentials_and_repeats_none() {
        crate::credentials::walk_on_nats();
    }

    #[tokio::test]
    async fn every_answer_names_the_features() {
        crate::announced::every_answer_names_the_features(address()).await;
    }

    #[tokio::test]
    async fn a_preflight_allows_the_headers_of_the_extensions() {
        crate::announced::a_preflight_allows_the_headers_of_the_extensions(address()).await;
    }

    ironflow_conformance::for_each_rule!(tests);
    ironflow_conformance::for_each_extension_rule!(tests);
    ironflow_conformance::for_each_expiry_rule!(tests);
    ironflow_conformance::for_each_repetition_rule!(tests);
}
