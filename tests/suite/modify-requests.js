// The requests that modify() sends, on a server that only exists as a double of fetch.

import { deepEqual, equal, isError, ok, rejects } from "./assert.js";
import { requestFailed, timedOut } from "./expected.js";

/** @typedef {(request: Request) => Response | Promise<Response>} Answer */

const entry = { key: "key", value: "MQ==", revision: 7, created_at: "", operation: "put" };
const read = () => new Response(JSON.stringify(entry));
const written = () => new Response('{"revision":8}');
const missing = () => new Response('{"error":"key not found"}', { status: 404 });
const unreachable = () => Promise.reject(new TypeError("Failed to fetch"));
const cut = () =>
  /** @type {any} */ ({ status: 200, text: () => Promise.reject(new Error("cut off")) });

/** @param {number} status @param {Record<string, string>} [headers] */
const refusing = (status, headers) => () =>
  new Response('{"error":"no"}', { status, ...(headers && { headers }) });
const conflict = refusing(412);

/**
 * @param {import("./context.js").Context} t
 * @param {Answer[]} answers the last again and again
 * @param {import("./context.js").Options} [options]
 */
function server(t, answers, options) {
  /** @type {string[]} */
  const requests = [];
  t.stubFetch(async (request) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    const condition = request.headers.get("If-Match") ?? request.headers.get("If-None-Match");
    requests.push([request.method, condition].filter(Boolean).join(" "));
    return answer?.(request);
  });
  const client = t.createClient({
    serverUrl: "http://localhost:9",
    logger: false,
    retry: { backoff: { initial: 1 } },
    ...options,
  });
  return { bucket: client.kv().bucket("b"), requests };
}

/** Lets random() give 1, the longest delay, and no delay take long; notes the delays. @param {import("./context.js").Context} t */
function hastened(t) {
  /** @type {number[]} */
  const delays = [];
  const { setTimeout } = globalThis;
  t.stub(
    "setTimeout",
    (/** @type {any} */ call, /** @type {number} */ milliseconds, /** @type {any[]} */ ...args) => {
      // The time limits are longer than any delay.
      if (milliseconds > 20_000) return setTimeout(call, milliseconds, ...args);
      delays.push(milliseconds);
      return setTimeout(call, 0, ...args);
    },
  );
  const get = (/** @type {any} */ math, /** @type {string} */ name) =>
    name === "random" ? () => 1 : Reflect.get(math, name);
  t.stub("Math", new Proxy(Math, { get }));
  return delays;
}

/** @type {import("./context.js").Cases} */
export const modifyRequests = {
  async "an existing key is updated at its revision, a missing one created"(t) {
    for (const [first, expected] of /** @type {[Answer, string[]][]} */ ([
      [read, ["GET", "PUT 7"]],
      [missing, ["GET", "PUT *"]],
    ])) {
      const { bucket, requests } = server(t, [first, written]);
      deepEqual(await bucket.modify("key", () => "1"), { revision: 8 });
      deepEqual(requests, expected);
    }
  },

  async "a read that fails for a reason that may pass is retried, a write never is"(t) {
    for (const failing of [
      unreachable,
      cut,
      ...[408, 429, 500, 502, 503, 504].map((n) => refusing(n)),
    ]) {
      const { bucket, requests } = server(t, [failing, failing, read, written]);
      deepEqual(await bucket.modify("key", () => "1"), { revision: 8 });
      deepEqual(requests, ["GET", "GET", "GET", "PUT 7"]);

      const other = server(t, [read, failing, written]);
      let calls = 0;
      await rejects(
        other.bucket.modify("key", () => {
          calls += 1;
          return "1";
        }),
      );
      deepEqual(other.requests, ["GET", "PUT 7"]);
      equal(calls, 1);
    }
  },

  async "a write whose answer was lost rejects: whether it was carried out is unknown"(t) {
    for (const lost of [unreachable, cut]) {
      const { bucket, requests } = server(t, [read, lost, written]);
      await rejects(
        bucket.modify("key", () => "1"),
        requestFailed,
      );
      deepEqual(requests, ["GET", "PUT 7"]);
    }
  },

  async "a read gives the server the time it asks for"(t) {
    const delays = hastened(t);
    const { bucket } = server(t, [refusing(503, { "Retry-After": "2" }), read, written]);
    await bucket.modify("key", () => "1");
    equal(delays.length, 1);
    ok((delays[0] ?? 0) >= 2000, `${delays}`);
  },

  async "a conflict is read again; any other refusal rejects"(t) {
    hastened(t);
    const { bucket, requests } = server(t, [read, conflict, missing, conflict, read, written]);
    deepEqual(await bucket.modify("key", () => "1"), { revision: 8 });
    deepEqual(requests, ["GET", "PUT 7", "GET", "PUT *", "GET", "PUT 7"]);
    for (const status of [400, 401, 403, 404, 409, 413, 507]) {
      const refused = server(t, [read, refusing(status), written]);
      await rejects(
        refused.bucket.modify("key", () => "1"),
        { status },
      );
      equal(refused.requests.length, 2);
    }
  },

  async "the delay grows with the conflicts in a row, up to 5 seconds"(t) {
    const delays = hastened(t);
    const conflicts = Array.from({ length: 8 }, () => [read, conflict]).flat();
    const { bucket } = server(t, [...conflicts, read, written]);
    await bucket.modify("key", () => "1");
    equal(delays.length, 8);
    for (const [n, delay] of delays.entries()) {
      const least = Math.min(4 ** (n + 1), 128);
      ok(delay >= least && delay <= 5000, `delay ${n + 1}: ${delay} ms, at least ${least}`);
    }
  },

  async "a time limit that ends after conflicts names the last of them as its cause"(t) {
    const never = () => new Promise(() => {});
    const conflicts = Array.from({ length: 1000 }, () => [read, conflict]).flat();
    for (const answers of /** @type {any[][]} */ ([conflicts, [read, conflict, never]])) {
      const { bucket } = server(t, answers, { retry: false });
      const error = await rejects(
        bucket.modify("key", () => "1", { timeout: 400 }),
        timedOut(400),
      );
      isError(error.cause, { code: "HTTP_412" });
    }
  },

  async "a time limit that ends a request or the function is the one that was set"(t) {
    const never = () => new Promise(() => {});
    for (const answers of /** @type {any[][]} */ ([[never], [read, never]])) {
      const { bucket } = server(t, answers, { retry: false });
      const slow = () => new Promise((resolve) => setTimeout(resolve, 20, "1"));
      await rejects(bucket.modify("key", slow, { timeout: 60 }), timedOut(60));
    }
    const { bucket } = server(t, [read]);
    await rejects(bucket.modify("key", never, { timeout: 60 }), timedOut(60));
  },
};
