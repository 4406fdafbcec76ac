// What every entry has beside the errors. Importing it does nothing.

import { IronflowClient } from "ironflow:glue";

export {
  BrowserKVBucketHandle,
  BrowserKVClient,
  createClient,
  IronflowClient,
} from "ironflow:glue";

export const DEFAULT_SERVER_URL = "http://localhost:9123";

/** A client that comes to be when a method of it is first called. */
function late() {
  let client;
  return Object.create(IronflowClient.prototype, {
    // Where wasm-bindgen's methods find their Rust object.
    __wbg_ptr: {
      get() {
        client ??= new IronflowClient();
        return client.__wbg_ptr;
      },
    },
  });
}

export const ironflow = /* @__PURE__ */ late();
