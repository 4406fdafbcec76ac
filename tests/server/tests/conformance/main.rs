//! The rules of the key-value API, put to the server on each of its stores.

mod client;
mod process;
mod watch;

/// Makes a test of every rule, for the server that the module's `address` gives.
macro_rules! tests {
    ($($rule:ident)*) => {
        $(
            #[tokio::test]
            async fn $rule() {
                let client = crate::client::HttpClient::new(address());
                ironflow_conformance::rules::$rule(&client).await;
            }
        )*
    };
}

mod server_memory {
    use crate::process;

    fn address() -> &'static str {
        process::server_on_memory()
    }

    ironflow_conformance::for_each_rule!(tests);
}

mod server_nats {
    use crate::process;

    fn address() -> &'static str {
        process::server_on_nats()
    }

    ironflow_conformance::for_each_rule!(tests);
}
