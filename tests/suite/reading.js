// find() and entries(), on the backend under test and on doubles of older servers.

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { bucketNotFound, http, invalid, requestFailed, timedOut } from "./expected.js";

/** @param {string} code @param {string} error */
const refused = (code, error) => ({ status: 404, body: { error, ...(code && { code }) } });
const keyMissing = refused("key_not_found", "key not found");
const bucketMissing = refused("bucket_not_found", "bucket not found");
const unclear = refused("", "not found");
const info = { body: { name: "b", values: 1, bytes: 1, history: 1, created_at: "" } };

/** @param {string} key @param {number} revision @param {string} [operation] */
const entry = (key, revision, operation = "put") => ({
  key,
  ...(operation === "put" && { value: btoa(`${key} ${revision}`) }),
  revision,
  created_at: "",
  operation,
});

/**
 * A server that only exists as a double of fetch; notes the requests, without what comes before the bucket.
 *
 * @param {import("./context.js").Context} t
 * @param {(path: string, request: Request) => { status?: number, body: any } | Promise<any>} answer
 * @param {string} [features] that it announces
 */
function server(t, answer, features) {
  /** @type {string[]} */
  const requests = [];
  t.stubFetch(async (request) => {
    const path = request.url.replace(/.*\/kv\/buckets\/?/, "");
    requests.push(path);
    const { status = 200, body } = await answer(path, request);
    const headers = { ...(features && { "Ironflow-KV-Features": features }) };
    return new Response(JSON.stringify(body), { status, headers });
  });
  const client = t.createClient({ serverUrl: "http://localhost:9", logger: false, retry: false });
  return { kv: client.kv(), bucket: client.kv().bucket("b"), requests };
}

/** @type {import("./context.js").Cases} */
export const reading = {
  async "find() gives the entry, or undefined for a missing, deleted or purged key"(t) {
    const { bucket, kv, name } = await t.bucket();
    await bucket.put("key", "value");
    await bucket.put("deleted", "value");
    await bucket.delete("deleted");
    await bucket.put("purged", "value");
    await bucket.purge("purged");
    deepEqual({ ...(await bucket.find("key")) }, { ...(await bucket.get("key")) });
    equal((await bucket.find("key"))?.text(), "value");
    for (const key of ["missing", "deleted", "purged"]) equal(await bucket.find(key), undefined);
    const typed = kv.bucket(name, { decode: "text" });
    equal((await typed.find("key"))?.value, "value");
    equal(await typed.find("missing"), undefined);
  },

  async "find() in a missing bucket is HTTP_404, also after it has found keys"(t) {
    const { bucket, kv, name } = await t.bucket();
    const other = t.client().kv();
    await rejects(other.bucket(t.newBucketName()).find("key"), bucketNotFound);
    equal(await bucket.find("key"), undefined);
    await kv.deleteBucket(name);
    await rejects(bucket.find("key"), bucketNotFound);
  },

  async "find() refuses bad arguments, and aborts"(t) {
    const { bucket } = await t.bucket();
    await rejects(bucket.find("a..b"), invalid(/key/));
    await rejects(bucket.find("key", /** @type {any} */ ({ revision: 1 })), invalid(/revision/));
    await rejects(bucket.find("key", { signal: AbortSignal.abort("reason") }), {
      message: undefined,
    });
  },

  async "find() is one request where the server gives a code"(t) {
    for (const [answer, missing] of /** @type {const} */ ([
      [keyMissing, false],
      [bucketMissing, true],
    ])) {
      const { bucket, requests } = server(t, () => answer);
      if (missing) await rejects(bucket.find("key"), bucketNotFound);
      else equal(await bucket.find("key"), undefined);
      deepEqual(requests, ["b/keys/key"]);
    }
  },

  async "find() asks for the bucket once a handle where the server gives no code"(t) {
    const { bucket, kv, requests } = server(t, (path) => (path === "b" ? info : unclear));
    for (let n = 0; n < 3; n += 1) equal(await bucket.find("key"), undefined);
    deepEqual(requests, ["b/keys/key", "b", "b/keys/key", "b/keys/key"]);
    equal(await kv.bucket("b", { decode: "json" }).find("key"), undefined);
    equal(requests.length, 6);
  },

  async "find() rejects as long as the bucket is missing or cannot be asked for"(t) {
    let answer = unclear;
    const { bucket, requests } = server(t, (path) => (path === "b" ? answer : unclear));
    await rejects(bucket.find("key"), http(404, "not found"));
    answer = { status: 403, body: { error: "no" } };
    await rejects(bucket.find("key"), { code: "UNAUTHORIZED" });
    answer = /** @type {any} */ (info);
    equal(await bucket.find("key"), undefined);
    equal(requests.length, 6);
  },

  async "find() has one time limit for both requests, and names it"(t) {
    const never = () => new Promise(() => {});
    const { bucket } = server(t, (path) => (path === "b" ? never() : unclear));
    await rejects(bucket.find("key", { timeout: 60 }), timedOut(60));
  },

  async "find() rejects with any other refusal"(t) {
    for (const status of [400, 401, 403, 500]) {
      const { bucket } = server(t, () => ({ status, body: { error: "no" } }));
      await rejects(bucket.find("key"), { status });
    }
  },

  async "entries() gives the live keys with their values, ascending by revision"(t) {
    const { bucket, kv, name } = await t.bucket({ history: 3 });
    deepEqual(await bucket.entries(), []);
    await bucket.put("user.1", { n: 1 });
    await bucket.put("user.2", { n: 2 });
    await bucket.put("flag", { n: 3 });
    await bucket.put("gone", { n: 4 });
    await bucket.put("user.1", { n: 5 });
    await bucket.delete("gone");
    const read = async (/** @type {string[]} */ ...keys) =>
      (await Promise.all(keys.map((key) => bucket.get(key)))).map((found) => ({ ...found }));
    const all = await read("user.2", "flag", "user.1");
    const users = await read("user.2", "user.1");
    /** @type {[string | string[] | undefined, unknown[]][]} */
    const cases = [
      [undefined, all],
      [">", all],
      ["user.*", users],
      [["user.>", "user.1"], users],
      [["user.1", "flag", ">"], all],
      ["missing.>", []],
    ];
    for (const [filter, expected] of cases) {
      const found = await bucket.entries(filter);
      deepEqual(
        found.map((each) => ({ ...each })),
        expected,
        String(filter),
      );
    }
    const typed = kv.bucket(name, { decode: "json" });
    deepEqual(
      (await typed.entries("user.*")).map(({ value }) => value),
      [{ n: 2 }, { n: 5 }],
    );
    deepEqual((await bucket.entries())[2]?.json(), { n: 5 });
  },

  async "entries() of many keys gives each once"(t) {
    const { bucket } = await t.bucket();
    const keys = Array.from({ length: 700 }, (_, n) => `k.${n}`);
    await Promise.all(keys.map((key) => bucket.put(key, key)));
    const entries = await bucket.entries("k.*");
    deepEqual(new Set(entries.map((found) => found.text())).size, 700);
    equal(entries.length, 700);
    ok(entries.every(({ revision }, n) => revision === n + 1));
  },

  async "entries() refuses bad arguments, and rejects where the bucket is missing"(t) {
    const { bucket } = await t.bucket();
    for (const [filter, words] of /** @type {[any, RegExp][]} */ ([
      ["a..b", /pattern/],
      [[], /the filter must hold at least one pattern/],
      [["a", 5], /each pattern of the filter must be a string/],
      [5, /the filter must be a string/],
    ])) {
      await rejects(bucket.entries(filter), invalid(words));
    }
    const missing = t.client().kv().bucket(t.newBucketName());
    await rejects(missing.entries(), bucketNotFound);
    await rejects(missing.entries(["a", "b"]), bucketNotFound);
  },

  async "entries() with a value that does not decode is a ValidationError that names the key"(t) {
    const { bucket, kv, name } = await t.bucket();
    await bucket.put("a.key", "no json");
    await rejects(kv.bucket(name, { decode: "json" }).entries(), invalid(/a\.key.*json/));
  },

  async "entries() is one request where the server has announced it"(t) {
    const entries = [
      entry("a", 1),
      entry("b", 2),
      entry("c", 3),
      entry("b", 5, "delete"),
      entry("a", 6),
      entry("d", 4),
    ];
    const features = "write-id, entries";
    const { bucket, requests } = server(
      t,
      (path) => (path === "b" ? info : { body: { entries, revision: 6 } }),
      features,
    );
    const found = await bucket.entries(["user.>", "a*b"]);
    deepEqual(
      found.map(({ key, revision }) => [key, revision]),
      [
        ["c", 3],
        ["d", 4],
        ["a", 6],
      ],
    );
    // Before its first response nothing is known of the server.
    deepEqual(requests, ["b", "b/entries?filter=user.%3E&filter=a*b"]);
    await bucket.entries();
    equal(requests[2], "b/entries");
  },

  async "an answer that is no list of entries is INVALID_RESPONSE"(t) {
    for (const body of [{}, { entries: {} }, { entries: [null] }, { entries: [{ key: "a" }] }]) {
      const { bucket } = server(t, (path) => (path === "b" ? info : { body }), "entries");
      await rejects(bucket.entries(), { code: "INVALID_RESPONSE" });
    }
  },

  async "elsewhere entries() lists the keys and reads 6 at a time"(t) {
    const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
    let reads = 0;
    let most = 0;
    const { bucket, requests } = server(t, async (path) => {
      if (path === "b") return info;
      if (!path.startsWith("b/keys/")) return { body: { keys } };
      reads += 1;
      most = Math.max(most, reads);
      await new Promise((resolve) => setTimeout(resolve));
      reads -= 1;
      const key = path.slice("b/keys/".length);
      // Deleted since the listing.
      return key === "k7" ? unclear : { body: entry(key, 100 - Number(key.slice(1))) };
    });
    const found = await bucket.entries();
    equal(most, 6);
    equal(requests.length, 22);
    const expected = keys.filter((key) => key !== "k7").reverse();
    deepEqual(
      found.map(({ key }) => key),
      expected,
    );
  },

  async "elsewhere entries() reads a key that several patterns match once"(t) {
    /** @type {Record<string, string[]>} */
    const listings = { "?filter=a.*": ["a.1", "a.2"], "?filter=*.1": ["a.1", "b.1"] };
    const { bucket, requests } = server(t, (path) => {
      // A server that does not let these credentials read the bucket's info.
      if (path === "b") return { status: 403, body: {} };
      const [, query] = /^b\/keys(\?.*)$/.exec(path) ?? [];
      return { body: query ? { keys: listings[query] } : entry(path.slice(7), path.length) };
    });
    equal((await bucket.entries(["a.*", "*.1"])).length, 3);
    equal(requests.length, 6);
  },

  async "elsewhere entries() rejects with the first read that fails, and reads no more"(t) {
    const keys = Array.from({ length: 50 }, (_, n) => `k${n}`);
    const { bucket, requests } = server(t, (path) => {
      if (path === "b") return info;
      return path === "b/keys"
        ? { body: { keys } }
        : Promise.reject(new TypeError("Failed to fetch"));
    });
    await rejects(bucket.entries(), requestFailed);
    await new Promise((resolve) => setTimeout(resolve, 1));
    equal(requests.length, 8);
  },

  async "elsewhere entries() has one time limit for all requests, and one signal"(t) {
    const never = () => new Promise(() => {});
    const { bucket, requests } = server(t, (path) => {
      if (path === "b") return info;
      return path === "b/keys" ? { body: { keys: ["a"] } } : never();
    });
    await rejects(bucket.entries(undefined, { timeout: 60 }), timedOut(60));
    const controller = new AbortController();
    const entries = bucket.entries(undefined, { signal: controller.signal });
    while (requests.length < 5) await new Promise((resolve) => setTimeout(resolve));
    controller.abort(new Error("enough"));
    await rejects(entries, { message: "enough" });
  },
};
