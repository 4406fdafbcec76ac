//! The rules of the key-value API, put to the store directly.
#![cfg(not(target_arch = "wasm32"))]

macro_rules! tests {
    ($($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                let client = StoreClient::new(ManualClock::new(START));
                futures_executor::block_on(ironflow_conformance::rules::$rule(&client));
            }
        )*
    };
}

mod store {
    use ironflow_harness::{ManualClock, START, StoreClient};

    ironflow_conformance::for_each_rule!(tests);
    ironflow_conformance::for_each_extension_rule!(tests);
    ironflow_conformance::for_each_expiry_rule!(tests);
}
