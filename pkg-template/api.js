// The exports of every entry except the errors. Importing this module has no side effects.

import { IronflowClient } from "ironflow:glue";

export {
  BrowserKVBucketHandle,
  BrowserKVClient,
  createClient,
  IronflowClient,
} from "ironflow:glue";

export const DEFAULT_SERVER_URL = "http://localhost:9123";

/** A client that is created when one of its methods is first called. */
function lazyClient() {
  let client;
  return Object.create(IronflowClient.prototype, {
    // wasm-bindgen's methods find their Rust object here.
    __wbg_ptr: {
      get() {
        client ??= new IronflowClient();
        return client.__wbg_ptr;
      },
    },
  });
}

export const ironflow = /* @__PURE__ */ lazyClient();
