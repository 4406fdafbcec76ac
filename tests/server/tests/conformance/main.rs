//! The rules of the key-value API, put to the server on each of its stores.

mod credentials;

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

    ironflow_conformance::for_each_rule!(tests);
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

    ironflow_conformance::for_each_rule!(tests);
}
