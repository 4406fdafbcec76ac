// Readings that fail for reasons that may pass are tried again; writes never are.

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { http, keyNotFound, requestFailed, timedOut } from "./expected.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./context.js").Options} Options
 * @typedef {() => Response | Promise<never>} Answer
 */

const entry = JSON.stringify({
  key: "key",
  value: "MQ==",
  revision: 1,
  created_at: "",
  operation: "put",
});
const good = () => new Response(entry);
const unreachable = () => Promise.reject(new TypeError("Failed to fetch"));

/** @param {number} status @param {string} [after] */
const refusing = (status, after) => () =>
  new Response('{"error":"no"}', { status, headers: after ? { "Retry-After": after } : {} });

/**
 * A server that only exists as a double of fetch, which gives these answers, the last again and again.
 *
 * @param {Context} t
 * @param {Answer[]} answers
 * @param {Options} [options]
 */
function server(t, answers, options) {
  /** @type {string[]} */
  const requests = [];
  t.stubFetch(async (request) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(request.method);
    return answer?.();
  });
  const client = t.createClient({
    serverUrl: "http://localhost:9",
    logger: false,
    retry: { backoff: { initial: 1 } },
    ...options,
  });
  return { client, kv: client.kv(), bucket: client.kv().bucket("b"), requests };
}

/** Lets no timer take longer than a moment, and notes how long each was to take. @param {Context} t */
function hastened(t) {
  /** @type {number[]} */
  const waits = [];
  const { setTimeout } = globalThis;
  t.stub(
    "setTimeout",
    (/** @type {any} */ call, /** @type {number} */ milliseconds, /** @type {any[]} */ ...args) => {
      // The time limits are longer than any wait here.
      if (milliseconds > 20_000) return setTimeout(call, milliseconds, ...args);
      waits.push(milliseconds);
      return setTimeout(call, 0, ...args);
    },
  );
  return waits;
}

/** @type {import("./context.js").Cases} */
export const retrying = {
  async "a reading is sent up to three times, and then gives the last error"(t) {
    for (const failing of [
      unreachable,
      ...[408, 429, 500, 502, 503, 504].map((n) => refusing(n)),
    ]) {
      const { bucket, requests } = server(t, [failing, failing, good]);
      equal((await bucket.get("key")).text(), "1");
      equal(requests.length, 3);
    }
    const { bucket, kv, requests } = server(t, [refusing(503), refusing(500)]);
    for (const reading of [
      () => bucket.get("key"),
      () => bucket.listKeys(),
      () => kv.listBuckets(),
      () => kv.getBucketInfo("b"),
    ]) {
      requests.length = 0;
      await rejects(reading(), http(500, "no"));
      deepEqual(requests, ["GET", "GET", "GET"]);
    }
  },

  async "an error that will not pass is not tried again"(t) {
    for (const status of [400, 401, 403, 404, 409, 412, 413, 501]) {
      const { bucket, requests } = server(t, [refusing(status), good]);
      await rejects(bucket.get("key"), { status });
      equal(requests.length, 1, `${status}`);
    }
    const { bucket, requests } = server(t, [() => new Response("{"), good]);
    await rejects(bucket.get("key"), { code: "INVALID_RESPONSE" });
    equal(requests.length, 1);
  },

  async "a write is never repeated"(t) {
    const { bucket, kv, requests } = server(t, [unreachable]);
    const writes = [
      bucket.put("key", "1"),
      bucket.create("key", "1"),
      bucket.update("key", "1", 1),
      bucket.delete("key"),
      bucket.purge("key"),
      kv.createBucket({ name: "b" }),
      kv.deleteBucket("b"),
    ];
    for (const write of writes) await rejects(write, requestFailed);
    equal(requests.length, writes.length);
  },

  async "each retry is one line of the log at debug"(t) {
    /** @type {unknown[][]} */
    const lines = [];
    const debug = (/** @type {unknown[]} */ ...parts) => lines.push(parts);
    const { bucket } = server(t, [unreachable, refusing(503, "0"), good], { logger: { debug } });
    await bucket.get("key");
    const url = "http://localhost:9/api/v1/kv/buckets/b/keys/key";
    deepEqual(
      lines.map(([line]) => String(line).replace(/in \d ms/, "in 0 ms")),
      [
        `retrying GET ${url} in 0 ms (attempt 2): http://localhost:9 cannot be reached`,
        `retrying GET ${url} in 0 ms (attempt 3): no (HTTP 503)`,
      ],
    );
  },

  async "retry: false, an object and the number of attempts are heeded"(t) {
    const backoff = { initial: 0 };
    for (const [retry, expected] of /** @type {[Options["retry"], number][]} */ ([
      [false, 1],
      [{ enabled: false }, 1],
      [{ maxAttempts: 0 }, 1],
      [{ maxAttempts: 1 }, 1],
      [{ maxAttempts: 2, backoff }, 2],
      [{ maxAttempts: 7, backoff }, 7],
    ])) {
      const { bucket, requests } = server(t, [unreachable], { retry });
      await rejects(bucket.get("key"), requestFailed);
      equal(requests.length, expected, JSON.stringify(retry));
    }
  },

  async "delays grow exponentially up to the maximum, with full jitter"(t) {
    const waits = hastened(t);
    const bounds = [100, 200, 400, 800, 1600, 3200, 6400, 10_000];
    for (const random of [0, 0.25, 0.5, 0.999]) {
      t.stub("Math", Object.create(Math, { random: { value: () => random } }));
      waits.length = 0;
      const { bucket } = server(t, [unreachable], { retry: { maxAttempts: 9 } });
      await rejects(bucket.get("key"), requestFailed);
      deepEqual(
        waits.map(Math.round),
        bounds.map((bound) => Math.round(bound * random)),
      );
    }
  },

  async "a timeout is not retried, though the timer fires early"(t) {
    const { setTimeout } = globalThis;
    /** Timers that fire at half their time, as a coarse clock may see it. */
    const early = (
      /** @type {any} */ call,
      /** @type {number} */ ms,
      /** @type {any[]} */ ...args
    ) => setTimeout(call, ms / 2, ...args);
    t.stub("setTimeout", early);
    t.stub("Math", Object.create(Math, { random: { value: () => 0 } }));
    const never = () => new Promise(() => {});
    const { bucket, requests } = server(t, [/** @type {any} */ (never)], { retry: true });
    await rejects(bucket.get("key", { timeout: 100 }), timedOut(100));
    equal(requests.length, 1);
  },

  async "a server gets the time it asks for, in seconds or as a date"(t) {
    const waits = hastened(t);
    for (const after of ["2", new Date(Date.now() + 2_900).toUTCString()]) {
      waits.length = 0;
      const { bucket } = server(t, [refusing(503, after), good], { retry: true });
      await bucket.get("key");
      const [wait = 0] = waits;
      equal(waits.length, 1);
      ok(wait > 900 && wait < 3_100, `${wait} ms`);
    }
  },

  async "a server that asks for more than ten seconds is not asked again"(t) {
    for (const after of ["11", new Date(Date.now() + 60_000).toUTCString()]) {
      const { bucket, requests } = server(t, [refusing(429, after), good]);
      const { retryAfter } = await rejects(bucket.get("key"), http(429, "no"));
      ok(retryAfter > 10);
      equal(requests.length, 1);
    }
  },

  async "the time limit is for all attempts: there is none that it leaves no time for"(t) {
    const retry = { maxAttempts: -1, backoff: { initial: 5, max: 5 } };
    const { bucket, requests } = server(t, [unreachable], { retry });
    const began = Date.now();
    await rejects(bucket.get("key", { timeout: 500 }), requestFailed);
    ok(Date.now() - began < 5_000);
    ok(requests.length > 2, `${requests.length} requests`);

    const slow = server(t, [refusing(503, "5"), good]);
    await rejects(slow.bucket.get("key", { timeout: 1_000 }), http(503, "no"));
    equal(slow.requests.length, 1);

    const hanging = server(t, [unreachable, () => new Promise(() => {})]);
    await rejects(hanging.bucket.get("key", { timeout: 500 }), timedOut(500));
  },

  async "an abort ends the wait"(t) {
    const controller = new AbortController();
    const answer = () => {
      setTimeout(() => controller.abort("bye"));
      return refusing(503, "9")();
    };
    const { bucket, requests } = server(t, [answer, good]);
    equal(await rejects(bucket.get("key", { signal: controller.signal })), "bye");
    equal(requests.length, 1);
  },

  async "the handlers get only the last error, and none after a successful retry"(t) {
    /** @type {any[]} */
    const reported = [];
    const onError = (/** @type {any} */ { code }) => reported.push(code);
    const { bucket } = server(t, [refusing(503), good], { onError });
    await bucket.get("key");
    deepEqual(reported, []);
    const other = server(t, [refusing(503), refusing(404)], { onError });
    await rejects(other.bucket.get("key"), { status: 404 });
    deepEqual(reported, ["HTTP_404"]);
  },

  async "a token function is called for every attempt"(t) {
    let asked = 0;
    const token = () => {
      asked += 1;
      return `token-${asked}`;
    };
    /** @type {(string | null)[]} */
    const sent = [];
    const { bucket } = server(t, [good], { auth: { token } });
    t.stubFetch(async (request) => {
      sent.push(request.headers.get("Authorization"));
      return sent.length < 3 ? refusing(503)() : good();
    });
    await bucket.get("key");
    deepEqual(sent, ["Bearer token-1", "Bearer token-2", "Bearer token-3"]);
  },

  async "the store in memory has nothing to repeat"(t) {
    const client = t.createClient({ transport: "memory", memory: { buckets: ["b"] } });
    const waits = hastened(t);
    await rejects(client.kv().bucket("b").get("key"), keyNotFound);
    deepEqual(waits, []);
  },
};
