// The store in memory: its options, and falling back to it.

import { deepEqual, equal, isError, ok, rejects, throws } from "./assert.js";
import { bucketNotFound, http, invalid, keyNotFound, requestFailed } from "./expected.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./context.js").Options} Options
 */

/** A client on a store in memory. @param {Context} t @param {Options["memory"]} memory @param {Options} [options] */
const inMemory = (t, memory, options) => t.client({ ...options, transport: "memory", memory });

/** @type {import("./context.js").Cases} */
const store = {
  async "memory.buckets are there from the beginning"(t) {
    const kv = inMemory(t, { buckets: ["a", { name: "b", history: 3, ttlSeconds: 60 }] }).kv();
    const [a, b] = await kv.listBuckets();
    deepEqual([a?.name, a?.history], ["a", 1]);
    deepEqual([b?.name, b?.history, b?.ttl_seconds], ["b", 3, 60]);
    deepEqual(await kv.bucket("a").put("key", "1"), { revision: 1 });
    await kv.createBucket({ name: "a" });
    await rejects(kv.getBucketInfo("c"), bucketNotFound);
  },

  async "memory.buckets that cannot be are a ValidationError that names the option"(t) {
    for (const buckets of [
      "a",
      {},
      5,
      ["a b"],
      [5],
      [{ name: "a b" }],
      [{ name: "a", ttl: 5 }],
      [{}],
      ["a", { name: "a", history: 2 }],
    ]) {
      const memory = /** @type {any} */ ({ buckets });
      throws(() => inMemory(t, memory), invalid());
    }
    throws(() => inMemory(t, /** @type {any} */ ({ buckets: 5 })), invalid(/memory\.buckets/));
    throws(
      () => inMemory(t, { buckets: [{ name: "a", history: -1 }] }),
      invalid(/memory\.buckets/),
    );
  },

  async "with memory.autoCreate an unknown bucket springs up when it is first used"(t) {
    const client = inMemory(t, { autoCreate: true });
    const kv = client.kv();
    equal(client.getConfig().memory.autoCreate, true);
    deepEqual(await kv.bucket("put").put("key", "1"), { revision: 1 });
    await rejects(kv.bucket("get").get("key"), keyNotFound);
    await rejects(kv.bucket("delete").delete("key"), keyNotFound);
    deepEqual(await kv.bucket("list").listKeys(), []);
    equal((await kv.getBucketInfo("info")).history, 1);
    const events = new Promise((onUpdate) => kv.bucket("watch").watch({ onUpdate }));
    await kv.bucket("watch").put("key", "1");
    await events;
    const names = (await kv.listBuckets()).map(({ name }) => name);
    deepEqual(names, ["delete", "get", "info", "list", "put", "watch"]);
    await rejects(kv.deleteBucket("unknown"), bucketNotFound);
    await rejects(inMemory(t, {}).kv().bucket("put").put("key", "1"), bucketNotFound);
  },

  async "clients that name the same store share it"(t) {
    const memory = { name: t.newBucketName(), buckets: ["b"] };
    const [one, two] = [inMemory(t, memory), inMemory(t, memory)];
    const event = new Promise((onUpdate) => two.kv().bucket("b").watch({ onUpdate }));
    await one.kv().bucket("b").put("key", "1");
    equal((await two.kv().bucket("b").get("key")).text(), "1");
    equal((await event).text(), "1");
    await rejects(
      inMemory(t, { buckets: ["b"] })
        .kv()
        .bucket("b")
        .get("key"),
      keyNotFound,
    );
    const elsewhere = inMemory(t, memory, { environment: "elsewhere" });
    await rejects(elsewhere.kv().bucket("b").get("key"), keyNotFound);
    const different = { ...memory, buckets: [{ name: "b", history: 2 }] };
    throws(() => inMemory(t, different), invalid(/memory\.buckets: .*different settings/));
  },

  async "a store with a name lives as long as a client uses it"(t) {
    const memory = { name: t.newBucketName(), buckets: ["b"] };
    const options = /** @type {const} */ ({ transport: "memory", logger: false });
    const [one, two] = [inMemory(t, memory), inMemory(t, memory)];
    await one.kv().bucket("b").put("key", "1");
    one.configure(options);
    equal((await two.kv().bucket("b").get("key")).text(), "1");
    two.configure({ ...options, memory });
    equal((await two.kv().bucket("b").get("key")).text(), "1", "it goes on using it");
    two.configure(options);
    await rejects(inMemory(t, memory).kv().bucket("b").get("key"), keyNotFound);
  },

  async "getConfig() gives the memory options as they were given"(t) {
    const buckets = ["a", { name: "b" }];
    const client = inMemory(t, { buckets, name: "shared" });
    buckets.push("c");
    deepEqual(client.getConfig().memory, {
      buckets: ["a", { name: "b" }],
      autoCreate: false,
      name: "shared",
    });
    deepEqual(t.client().getConfig().memory, { buckets: [], autoCreate: false });
  },
};

/**
 * A client that may fall back, and a server that is only a double of fetch.
 *
 * @param {Context} t
 * @param {(request: Request) => unknown} fetch
 * @param {Options} [options]
 */
function falling(t, fetch, options) {
  /** @type {any[]} */
  const reported = [];
  /** @type {any[]} */
  const logged = [];
  let requests = 0;
  t.stubFetch((request) => {
    requests += 1;
    return fetch(request);
  });
  const client = t.client({
    transport: "connectrpc",
    serverUrl: "http://localhost:9",
    retry: { backoff: { initial: 1 } },
    fallback: "memory",
    logger: { warn: (...values) => logged.push(values) },
    onError: (...values) => reported.push(values),
    ...options,
  });
  return { client, bucket: client.kv().bucket("b"), reported, logged, requests: () => requests };
}

const unreachable = () => Promise.reject(new TypeError("Failed to fetch"));

/** @type {import("./context.js").Cases} */
const fallback = {
  async "a server that the first request cannot reach is replaced by a store in memory"(t) {
    const { client, bucket, reported, logged, requests } = falling(t, unreachable);
    equal(client.mode, "server");
    deepEqual(await bucket.put("key", "1"), { revision: 1 });
    equal(client.mode, "memory");
    equal((await bucket.get("key")).text(), "1");
    deepEqual(await client.kv().bucket("another").listKeys(), []);
    equal(requests(), 1);

    equal(reported.length, 1);
    const [[error, context]] = reported;
    isError(error, { name: "IronflowError", code: "FALLBACK_MEMORY", retryable: false });
    isError(error.cause, requestFailed);
    ok(error instanceof t.IronflowError);
    deepEqual(context, { operation: "put", bucket: "b", key: "key" });
    equal(logged.length, 1);
    equal(logged[0][0], error.message);
    equal(logged[0][1], error);
  },

  async "requests that are under way together all go on in memory, with one warning"(t) {
    const { bucket, reported } = falling(t, unreachable);
    const keys = ["a", "b", "c", "d"];
    await Promise.all(keys.map((key) => bucket.put(key, "1")));
    deepEqual((await bucket.listKeys()).sort(), keys);
    equal(reported.length, 1);
  },

  async "a reading is tried again before the client falls back"(t) {
    const { client, bucket, requests } = falling(t, unreachable);
    await rejects(bucket.get("key"), keyNotFound);
    equal(requests(), 3);
    equal(client.mode, "memory");
  },

  async "a watch begun after it watches the store"(t) {
    const { bucket } = falling(t, unreachable);
    await bucket.put("key", "1");
    const event = new Promise((onUpdate) => bucket.watch({ onUpdate }));
    await bucket.put("key", "2");
    equal((await event).text(), "2");
  },

  async "an HTTP status is no reason, and after an answer nothing is"(t) {
    for (const status of [200, 401, 404, 500, 503]) {
      let answer = async () => new Response('{"error":"no"}', { status });
      const { client, bucket } = falling(t, () => answer(), { retry: false });
      const error = await rejects(bucket.get("key"));
      equal(error.status, status);
      answer = unreachable;
      await rejects(bucket.put("key", "1"), requestFailed);
      equal(client.mode, "server");
    }
  },

  async "a connection that is cut in the middle of an answer is no reason"(t) {
    const cut = async () => ({ status: 200, text: unreachable });
    const { client, bucket } = falling(t, cut);
    await rejects(bucket.put("key", "1"), requestFailed);
    equal(client.mode, "server");
  },

  async "a server that never answers is a reason"(t) {
    const { client, bucket, reported } = falling(t, () => new Promise(() => {}), { timeout: 20 });
    const keys = ["a", "b"];
    await Promise.all(keys.map((key) => bucket.put(key, "1")));
    deepEqual((await bucket.listKeys()).sort(), keys);
    equal(client.mode, "memory");
    equal(reported.length, 1);
    isError(reported[0][0].cause, { code: "TIMEOUT" });
  },

  async "a time limit after an answer is no reason"(t) {
    const answers = [async () => new Response("", { status: 503 }), () => new Promise(() => {})];
    const retry = { backoff: { initial: 0 } };
    const { client, bucket } = falling(t, () => answers.shift()?.(), { timeout: 50, retry });
    const { code } = await rejects(bucket.get("key"));
    // On a busy machine no time may be left for the second request.
    ok(code === "TIMEOUT" || code === "HTTP_503", code);
    equal(client.mode, "server");
  },

  async "a token that takes too long, or fails, and an abort decide nothing"(t) {
    const tokens = [() => new Promise(() => {}), () => Promise.reject(new Error("no"))];
    const auth = { token: () => /** @type {any} */ (tokens.shift()?.() ?? "token") };
    const options = { auth, retry: false };
    let fetch = () => new Promise(() => {});
    const { client, bucket } = falling(t, () => fetch(), options);
    await rejects(bucket.put("key", "1", { timeout: 20 }), { code: "TIMEOUT" });
    await rejects(bucket.put("key", "1"), { code: "UNAUTHENTICATED" });
    const controller = new AbortController();
    const put = bucket.put("key", "1", { signal: controller.signal });
    controller.abort("bye");
    equal(await rejects(put), "bye");
    equal(client.mode, "server");
    fetch = unreachable;
    await bucket.put("key", "1");
    equal(client.mode, "memory");
  },

  async "without the option the error stays what it is"(t) {
    const { client, bucket, reported } = falling(t, unreachable, { fallback: undefined });
    await rejects(bucket.put("key", "1"), requestFailed);
    equal(client.mode, "server");
    equal(reported.length, 1);
  },

  async "configure() ends it, and the memory options hold for it"(t) {
    const memory = { buckets: [{ name: "b", maxValueSize: 1 }] };
    const { client, bucket } = falling(t, unreachable, { memory });
    await rejects(bucket.put("key", "12"), http(413, "value too large"));
    equal(client.mode, "memory");
    client.configure({ serverUrl: "http://localhost:9", logger: false, retry: false });
    equal(client.mode, "server");
    await rejects(bucket.get("key"), requestFailed);
    throws(() => client.configure(/** @type {any} */ ({ fallback: "disk" })), invalid(/fallback/));
  },

  async "mode is the transport's before anything was asked"(t) {
    equal(t.client({ transport: "memory" }).mode, "memory");
    equal(t.client({ transport: "connectrpc" }).mode, "server");
    throws(() => new t.IronflowClient().mode, { code: "NOT_CONFIGURED" });
  },
};

/** @type {import("./context.js").Cases} */
export const memory = { ...store, ...fallback };
