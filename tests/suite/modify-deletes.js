// modify() with a function that returns KV_DELETE.

import { deepEqual, equal, rejects } from "./assert.js";
import { keyNotFound, unsupported } from "./expected.js";

/** The export of the package: the same symbol in every copy. */
const KV_DELETE = /** @type {any} */ (Symbol.for("ironflow.KV_DELETE"));

/** @type {import("./context.js").Cases} */
export const modifyDeletes = {
  async "KV_DELETE deletes the revision that was read, and gives the marker's"(t) {
    for (const decode of /** @type {any[]} */ ([undefined, "json", "text", "bytes"])) {
      const { kv, name } = await t.bucket();
      await kv.bucket(name).put("k", "1");
      const bucket = /** @type {any} */ (kv).bucket(name, decode && { decode });
      deepEqual(await bucket.modify("k", () => KV_DELETE), { revision: 2 });
      await rejects(bucket.get("k"), keyNotFound);
      deepEqual(await bucket.modify("k", async () => KV_DELETE), { revision: 0 }, "a missing key");
    }
  },

  async "what another client writes meanwhile is never deleted"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("k", "1");
    /** @type {(string | undefined)[]} */
    const seen = [];
    const result = await bucket.modify("k", async (entry) => {
      seen.push(entry?.text());
      if (seen.length === 1) await bucket.put("k", "2");
      return entry?.text() === "1" ? KV_DELETE : undefined;
    });
    deepEqual(seen, ["1", "2"]);
    equal(result.revision, 2);
    equal((await bucket.get("k")).text(), "2");
  },

  async "a key that another client has deleted meanwhile is read again"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("k", "1");
    let calls = 0;
    const result = await bucket.modify("k", async () => {
      calls += 1;
      if (calls === 1) await bucket.delete("k");
      return KV_DELETE;
    });
    equal(calls, 2);
    deepEqual(result, { revision: 0 });
    await bucket.put("k", "1");
    const change = async () => {
      await bucket.delete("k");
      return KV_DELETE;
    };
    await rejects(bucket.modify("k", change, { maxAttempts: 1 }), keyNotFound);
  },

  async "a server that does not announce remove is sent nothing but the read"(t) {
    /** @type {string[]} */
    const requests = [];
    t.stubFetch(async ({ method }) => {
      requests.push(method);
      return new Response(
        '{"key":"k","value":"MQ==","revision":7,"created_at":"","operation":"put"}',
      );
    });
    const client = t.createClient({ serverUrl: "http://localhost:9", logger: false });
    const change = () => KV_DELETE;
    await rejects(client.kv().bucket("b").modify("k", change), unsupported("remove"));
    deepEqual(requests, ["GET"]);
  },

  async "put, create and update do not take it"(t) {
    const { bucket } = await t.bucket();
    await rejects(bucket.put("k", KV_DELETE), { code: "VALIDATION_ERROR" });
    await rejects(
      bucket.modify("k", () => /** @type {any} */ (Symbol("other"))),
      { code: "VALIDATION_ERROR" },
    );
  },
};
