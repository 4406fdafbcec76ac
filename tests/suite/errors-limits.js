// How an operation is cut short: by the caller's AbortSignal, or by its time limit.

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { keyNotFound, timedOut } from "./expected.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./context.js").Bucket} Bucket
 */

/** Reasons to abort for: anything may be one. @returns {unknown[]} */
const reasons = () => [new Error("no longer wanted"), "bye", { why: "left" }, null, 0, 42n, []];

/** @param {PromiseLike<unknown>} promise @param {unknown} reason */
async function abortedWith(promise, reason) {
  equal(await rejects(promise), reason);
}

/** One call of each operation. @param {any} kv @param {Bucket} bucket @param {string} name */
const everyOperation = (kv, bucket, name) => ({
  get: (/** @type {object} */ options) => bucket.get("key", options),
  put: (/** @type {object} */ options) => bucket.put("key", "1", options),
  create: (/** @type {object} */ options) => bucket.create("key", "1", options),
  update: (/** @type {object} */ options) => bucket.update("key", "1", 0, options),
  delete: (/** @type {object} */ options) => bucket.delete("key", options),
  purge: (/** @type {object} */ options) => bucket.purge("key", options),
  listKeys: (/** @type {object} */ options) => bucket.listKeys(undefined, options),
  modify: (/** @type {object} */ options) => bucket.modify("key", () => "1", options),
  createBucket: (/** @type {object} */ options) => kv.createBucket({ name }, options),
  deleteBucket: (/** @type {object} */ options) => kv.deleteBucket(name, options),
  getBucketInfo: (/** @type {object} */ options) => kv.getBucketInfo(name, options),
  listBuckets: (/** @type {object} */ options) => kv.listBuckets(options),
});

/** @type {import("./context.js").Cases} */
export const limits = {
  async "a signal that is aborted already rejects every operation with its reason, unsent"(t) {
    const { bucket, kv, name } = await t.bucket();
    const sent = t.network();
    for (const reason of reasons()) {
      const signal = AbortSignal.abort(reason);
      for (const call of Object.values(everyOperation(kv, bucket, name))) {
        await abortedWith(call({ signal }), reason);
      }
    }
    deepEqual(sent.requests, []);
    deepEqual(await bucket.listKeys(), []);
  },

  async "an abort without a reason is the platform's AbortError"(t) {
    const { bucket } = await t.bucket();
    const error = await rejects(bucket.get("key", { signal: AbortSignal.abort() }));
    ok(error instanceof DOMException);
    equal(error.name, "AbortError");
  },

  async "an abort while a request is under way rejects with the signal's reason"(t) {
    if (!t.onServer) return;
    const { bucket } = await t.bucket();
    await bucket.put("key", "1");
    const { fetch } = globalThis;
    for (const reason of [...reasons(), undefined]) {
      const controller = new AbortController();
      t.stubFetch((request) => {
        const answer = fetch(request);
        controller.abort(reason);
        return answer;
      });
      const error = await rejects(bucket.get("key", { signal: controller.signal }));
      equal(error, controller.signal.reason);
    }
    t.stub("fetch", fetch);
    equal((await bucket.get("key")).text(), "1");
  },

  async "an abort while the answer is being read rejects with the signal's reason"(t) {
    if (!t.onServer) return;
    const { bucket } = await t.bucket();
    await bucket.put("key", "1");
    const { fetch } = globalThis;
    for (const reason of reasons()) {
      const controller = new AbortController();
      t.stubFetch(async (request) => {
        const response = await fetch(request);
        controller.abort(reason);
        return response;
      });
      await abortedWith(bucket.get("key", { signal: controller.signal }), reason);
    }
  },

  async "an abort is passed on to the platform, which stops the request"(t) {
    if (!t.onServer) return;
    const { bucket } = await t.bucket();
    /** @type {AbortSignal[]} */
    const signals = [];
    const controller = new AbortController();
    t.stubFetch((request) => {
      signals.push(request.signal);
      controller.abort("bye");
      return new Promise(() => {});
    });
    await abortedWith(bucket.get("key", { signal: controller.signal }), "bye");
    deepEqual(
      signals.map(({ aborted }) => aborted),
      [true],
    );
  },

  async "a signal aborted after the operation changes nothing, and serves many operations"(t) {
    const { bucket } = await t.bucket();
    const controller = new AbortController();
    const { signal } = controller;
    await bucket.put("a", "1", { signal });
    await Promise.all([bucket.get("a", { signal }), bucket.put("b", "1", { signal })]);
    controller.abort("late");
    deepEqual(await bucket.listKeys(), ["a", "b"]);
    await abortedWith(bucket.get("a", { signal }), "late");
  },

  async "an aborted operation is not reported to the error handlers"(t) {
    let reported = 0;
    const client = t.client({
      onError() {
        reported += 1;
      },
    });
    const { bucket } = await t.bucket({}, client);
    await abortedWith(bucket.get("key", { signal: AbortSignal.abort("bye") }), "bye");
    equal(reported, 0);
    await rejects(bucket.get("key"), keyNotFound);
    equal(reported, 1);
  },

  async "no answer within the time limit is a TimeoutError, and the request is stopped"(t) {
    if (!t.onServer) return;
    const client = t.client({ timeout: 30 });
    const kv = client.kv();
    const name = t.newBucketName();
    /** @type {AbortSignal[]} */
    const signals = [];
    t.stubFetch((request) => {
      signals.push(request.signal);
      return new Promise(() => {});
    });
    const calls = Object.values(everyOperation(kv, kv.bucket(name), name));
    await Promise.all(calls.map((call) => rejects(call({}), timedOut(30))));
    await rejects(kv.bucket(name).get("key", { timeout: 20 }), timedOut(20));
    equal(signals.length, calls.length + 1);
    ok(
      signals.every(({ aborted }) => aborted),
      "each request is stopped",
    );
  },

  async "a time limit of its own makes a request wait longer than the client's"(t) {
    if (!t.onServer) return;
    const { bucket, name } = await t.bucket();
    await bucket.put("key", "1");
    const client = t.client({ timeout: 10 });
    const same = client.kv().bucket(name);
    const { fetch } = globalThis;
    // Answers come once a request with the client's own limit has run out of time.
    let answer = () => {};
    const runOut = new Promise((resolve) => {
      answer = () => resolve(undefined);
    });
    t.stubFetch(async (request) => {
      await runOut;
      return fetch(request);
    });
    const patient = same.get("key", { timeout: 20_000 });
    await rejects(same.get("key"), timedOut(10));
    answer();
    equal((await patient).text(), "1");
  },
};
