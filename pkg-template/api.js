// The exports of every entry except the errors. Importing this module has no side effects.

import { outcomeOf } from "ironflow:errors";
import { IronflowClient, createClient as newClient } from "ironflow:glue";
import { hide, inner } from "../src/js/handle.js";

export { BrowserKVBucketHandle, BrowserKVClient, IronflowClient } from "ironflow:glue";

export function createClient(options) {
  const client = newClient(options);
  client.getConfig().outbox?.attach(client, inner, outcomeOf);
  return client;
}

export const DEFAULT_SERVER_URL = "http://localhost:9123";

// The same symbol in every copy of the package.
export const KV_DELETE = /* @__PURE__ */ Symbol.for("ironflow.KV_DELETE");

/** A client that is created when one of its methods is first called. */
function lazyClient() {
  let client;
  const handle = Object.create(IronflowClient.prototype);
  hide(handle, () => {
    client ??= new IronflowClient();
    return inner(client);
  });
  return handle;
}

export const ironflow = /* @__PURE__ */ lazyClient();
