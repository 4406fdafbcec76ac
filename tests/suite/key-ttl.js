// Keys that expire: `ttl` of writes, and what says that a key has expired.

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { observe, watching } from "./context.js";
import { invalid, keyNotFound, unsupported } from "./expected.js";

const info = { name: "b", values: 1, bytes: 1, history: 1, created_at: "" };
const expires_at = "2030-01-01T00:00:00Z";
const entry = {
  key: "k",
  value: "MQ==",
  revision: 7,
  created_at: "",
  operation: "put",
  expires_at,
};

/**
 * A server that only exists as a double of fetch.
 *
 * @param {import("./context.js").Context} t
 * @param {object} [written] what a write is answered with
 * @param {object} [options]
 * @param {string} [options.features]
 * @param {string[]} [options.bucket] the features of the bucket
 * @param {number} [options.status] of a write
 */
function server(t, written = { revision: 8, expires_at }, options = {}) {
  const { features = "key-ttl", bucket, status = 200 } = options;
  /** @type {string[]} */
  const writes = [];
  t.stubFetch((request) => {
    const headers = { "Ironflow-KV-Features": features };
    if (request.method === "PUT") {
      writes.push(String(request.headers.get("Ironflow-TTL")));
      return new Response(JSON.stringify(written), { status, headers });
    }
    const body = request.url.endsWith("/b") ? { ...info, features: bucket } : entry;
    return new Response(JSON.stringify(body), { headers });
  });
  const client = t.createClient({ serverUrl: "http://localhost:9", logger: false, retry: false });
  const kv = client.kv();
  return { kv, bucket: kv.bucket("b"), writes };
}

/** Each way to write a key. @type {Record<string, (bucket: import("./context.js").Bucket, ttl: any) => Promise<any>>} */
const ways = {
  put: (bucket, ttl) => bucket.put("k", "1", { ttl }),
  create: (bucket, ttl) => bucket.create("k", "1", { ttl }),
  update: (bucket, ttl) => bucket.update("k", "1", 7, { ttl }),
  modify: (bucket, ttl) => bucket.modify("k", () => "1", { ttl }),
};

/** @type {import("./context.js").Cases} */
export const keyTtl = {
  async "a ttl is a whole number of seconds up to a year"(t) {
    const { bucket } = await t.bucket();
    for (const [name, write] of Object.entries(ways)) {
      for (const ttl of [0, -1, 1.5, 31_536_001, Number.NaN, "60"]) {
        await rejects(write(bucket, ttl), invalid(/ttl must be a whole number of seconds/), name);
      }
    }
    await rejects(bucket.get("k"), keyNotFound);
    await bucket.put("k", "1", { ttl: undefined });
    equal((await bucket.get("k")).expires_at, undefined);
  },

  async "every way to write sends it, and gives when the value expires"(t) {
    for (const write of Object.values(ways)) {
      const { bucket, writes } = server(t);
      deepEqual(await write(bucket, 60), { revision: 8, expires_at });
      deepEqual(writes, ["60"]);
      equal((await bucket.get("k")).expires_at, expires_at);
    }
    const { bucket, writes } = server(t, { revision: 8 });
    deepEqual(await bucket.put("k", "1"), { revision: 8 });
    deepEqual(writes, ["null"]);
  },

  async "a server or bucket without key-ttl is not sent one"(t) {
    for (const options of [{ features: "" }, { bucket: ["history"] }]) {
      for (const write of Object.values(ways)) {
        const { kv, bucket, writes } = server(t, undefined, options);
        await kv.getBucketInfo("b");
        await rejects(write(bucket, 60), unsupported("key-ttl"));
        deepEqual(writes, []);
      }
    }
  },

  async "an answer that does not say when the value expires is UNSUPPORTED, and so is 501"(t) {
    const silent = server(t, { revision: 8 });
    await rejects(silent.bucket.put("k", "1", { ttl: 1 }), unsupported("key-ttl"));
    const old = server(t, { error: "no" }, { status: 501 });
    await rejects(old.bucket.put("k", "1", { ttl: 1 }), unsupported("key-ttl"));
  },

  async "a key with a ttl expires, and its event says so"(t) {
    const { bucket } = await t.bucket({ history: 3 });
    const seen = await watching(bucket, { key: "gone" });
    const view = bucket.view();
    await view.ready;
    const before = Date.now();
    const { revision, expires_at: end = "" } = await bucket.put("gone", "1", { ttl: 1 });
    ok(Math.abs(Date.parse(end) - before - 1000) < 60_000, end);
    await bucket.put("kept", "1", { ttl: 3600 });
    equal((await bucket.get("gone")).expires_at, end);
    deepEqual(
      (await bucket.entries()).map((found) => found.key),
      ["gone", "kept"],
    );
    equal((await bucket.history("gone"))[0]?.expires_at, end);
    const [put, gone] = await seen.received(2);
    equal(/** @type {any} */ (put)?.expires_at, end);
    deepEqual([gone?.operation, /** @type {any} */ (gone)?.reason], ["delete", "expired"]);
    ok((gone?.revision ?? 0) > revision);
    await view.waitFor(gone?.revision ?? 0);
    deepEqual(view.keys(), ["kept"]);
    await rejects(bucket.get("gone"), keyNotFound);
    await bucket.create("gone", "2");
    equal((await bucket.get("gone")).expires_at, undefined);
  },

  async "a mutation of a view takes a ttl"(t) {
    const { bucket } = await t.bucket();
    const view = bucket.view();
    await view.ready;
    for (const ttl of [0, 1.5, 31_536_001]) {
      await rejects(
        view.mutate("k", () => "1", { ttl }),
        invalid(/ttl must be a whole number of seconds/),
      );
    }
    const { expires_at: end } = await view.mutate("k", () => "1", { ttl: 3600 });
    ok(end);
    equal((await bucket.get("k")).expires_at, end);
    await view.mutate("k", () => "2");
    equal((await bucket.get("k")).expires_at, undefined);
    view.stop();
  },

  async "a write without a ttl keeps the key, and one with another restarts the clock"(t) {
    const { bucket } = await t.bucket();
    const seen = observe(bucket);
    await seen.ready();
    await bucket.put("kept", "1", { ttl: 1 });
    await bucket.put("kept", "2");
    await bucket.put("later", "1", { ttl: 1 });
    await bucket.put("later", "2", { ttl: 3600 });
    await bucket.put("gone", "1", { ttl: 1 });
    await seen.until(() => seen.events.some(({ operation }) => operation === "delete"));
    deepEqual(new Set(await bucket.listKeys()), new Set(["kept", "later"]));
  },
};
