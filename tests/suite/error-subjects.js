// What an error says it is about: operation, bucket and key, in its message and in fields; and what else
// helps to find the mistake.

import { deepEqual, equal, ok, rejects, throws } from "./assert.js";
import { observe } from "./context.js";

/** @typedef {import("./context.js").Bucket} Bucket */

/** Calls that fail on an empty bucket `b`, and the whole message of each. @type {[string, (bucket: any, kv: any) => Promise<unknown>, Record<string, string>, string][]} */
const FAILING = [
  ["get", (b) => b.get("k"), { key: "k" }, "key not found (HTTP 404)"],
  ["delete", (b) => b.delete("k"), { key: "k" }, "key not found (HTTP 404)"],
  ["purge", (b) => b.purge("k"), { key: "k" }, "key not found (HTTP 404)"],
  ["update", (b) => b.update("k", 1, 9), { key: "k" }, "revision mismatch (HTTP 412)"],
  [
    "modify",
    (b) => b.modify("k", () => "x".repeat(2_000_000)),
    { key: "k" },
    "value too large (HTTP 413)",
  ],
  ["put", (b) => b.put("a b", 1), { key: "a b" }, "invalid key: "],
  ["create", (b) => b.create("k", undefined), { key: "k" }, "a value of type undefined"],
  ["listKeys", (b) => b.listKeys("a..b"), { key: "a..b" }, "invalid pattern: "],
  ["get", (b) => b.get("k", { timeout: -1 }), { key: "k" }, "timeout must be"],
];

/** Operations on a bucket that does not exist. @type {[string, (bucket: any, kv: any, name: string) => Promise<unknown>, string][]} */
const MISSING = [
  ["get", (b) => b.get("k"), "k"],
  ["put", (b) => b.put("k", 1), "k"],
  ["listKeys", (b) => b.listKeys("a.*"), "a.*"],
  ["modify", (b) => b.modify("k", () => 1), "k"],
];

/** @type {import("./context.js").Cases} */
export const errorSubjects = {
  async "the message and the fields name operation, bucket and key"(t) {
    const { bucket, kv, name } = await t.bucket();
    for (const [operation, fail, fields, message] of FAILING) {
      const error = await rejects(fail(bucket, kv), { operation, bucket: name, ...fields });
      const whole = `${operation} ${name}/${fields.key}: ${message}`;
      ok(error.message.startsWith(whole), `${error.message}, not ${whole}`);
    }
  },

  async "a missing bucket is named with the call that creates it"(t) {
    const kv = t.client().kv();
    const name = t.newBucketName();
    for (const [operation, fail, key] of MISSING) {
      const { message } = await rejects(fail(kv.bucket(name), kv, name), { code: "HTTP_404" });
      const advice = `create it with kv.createBucket({ name: "${name}" })`;
      equal(message, `${operation} ${name}/${key}: bucket not found (HTTP 404); ${advice}`);
    }
    const { message } = await rejects(kv.deleteBucket(name), { code: "HTTP_404", bucket: name });
    equal(message, `deleteBucket ${name}: bucket not found (HTTP 404)`);
  },

  async "an error without a subject has none in its message"(t) {
    const error = throws(() => t.createClient(/** @type {any} */ ({ timeout: -1 })), {});
    ok(error.message.startsWith("timeout must be"), error.message);
    for (const field of ["operation", "bucket", "key", "status", "retryAfter", "details"])
      ok(!(field in error), field);
  },

  async "a very long key is cut in the message, not in the field"(t) {
    const { bucket } = await t.bucket();
    const key = "k".repeat(1000);
    const error = await rejects(bucket.get(key), { code: "HTTP_404", key });
    ok(error.message.length < 250 && error.message.includes("kkk…"), error.message);
  },

  async "a problem of a watch names bucket and pattern"(t) {
    const kv = t.client().kv();
    const name = t.newBucketName();
    const seen = observe(kv.bucket(name), { key: "a.*" });
    await seen.closed();
    const [error] = seen.errors;
    deepEqual(
      { operation: error.operation, bucket: error.bucket, key: error.key },
      { operation: "watch", bucket: name, key: "a.*" },
    );
    ok(error.message.startsWith(`watch ${name}/a.*: `), error.message);
  },

  async "JSON has every field but the stack and the cause"(t) {
    const { bucket, name } = await t.bucket();
    const error = await rejects(bucket.get("k"), {});
    const json = JSON.parse(JSON.stringify(error));
    const { details, ...fields } = json;
    deepEqual(fields, {
      name: "IronflowError",
      message: `get ${name}/k: key not found (HTTP 404)`,
      code: "HTTP_404",
      retryable: false,
      status: 404,
      operation: "get",
      bucket: name,
      key: "k",
    });
    ok(details === undefined || typeof details.error === "string", "details are the answer");
    const made = new t.IronflowError("no", { cause: new Error("why") });
    equal(
      JSON.stringify(made),
      '{"name":"IronflowError","message":"no","code":"IRONFLOW_ERROR","retryable":false}',
    );
  },

  async "the stack shows the line of the caller, and no frame of the WebAssembly"(t) {
    const { bucket, kv } = await t.bucket();
    // The stacks of V8 begin with the error.
    const headings = /^Error/.test(`${new Error().stack}`);
    const address = "//# sourceURL=https://example.org/wasm-app/main.js";
    /** @type {Record<string, () => unknown>} */
    const calls = {
      asynchronous: async function theCaller() {
        await bucket.get("missing");
      },
      later: async function theCaller() {
        await Promise.resolve();
        await bucket.get("missing");
      },
      invalid: async function theCaller() {
        await bucket.put("a b", 1);
      },
      synchronous: function theCaller() {
        kv.bucket("a b");
      },
      elsewhere: Function(
        "kv",
        `return function theCaller() { kv.bucket("a b"); }\n${address}`,
      )(kv),
    };
    for (const [what, call] of Object.entries(calls)) {
      let error = /** @type {any} */ (undefined);
      try {
        await call();
      } catch (caught) {
        error = caught;
      }
      ok(error.stack.includes("theCaller"), `${what}: ${error.stack}`);
      equal(error.stack.startsWith(`${error.name}: ${error.message}`), headings);
      ok(!/wasm-(function|stub)/.test(error.stack), `${what}: ${error.stack}`);
    }
  },
};
