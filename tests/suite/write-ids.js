// Writes that a server carries out once, however often they arrive: each has an id, and is retried.

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { http, requestFailed, timedOut } from "./expected.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./context.js").Bucket} Bucket
 * @typedef {() => Response | Promise<any>} Answer
 */

const HEADERS = { "Ironflow-KV-Features": "write-id, remove" };
const INFO = '{"name":"b"}';
const ENTRY = '{"key":"k","value":"MQ==","revision":7,"created_at":"","operation":"put"}';
const written = () => new Response('{"revision":8}', { headers: HEADERS });
const read = () => new Response(ENTRY, { headers: HEADERS });
const unreachable = () => Promise.reject(new TypeError("Failed to fetch"));
const cut = () => Promise.resolve({ status: 200, text: () => Promise.reject(new Error("cut")) });
/** @param {number} status @param {object} [body] @param {Record<string, string>} [headers] */
const refusing = (status, body, headers) => () =>
  new Response(JSON.stringify({ error: "no", ...body }), {
    status,
    headers: { ...HEADERS, ...headers },
  });

/**
 * A server that only exists as a double of fetch: it gives a bucket's info, and else these answers, the last
 * again and again.
 *
 * @param {Context} t
 * @param {Answer[]} answers
 * @param {import("./context.js").Options} [options]
 */
function server(t, answers, options) {
  /** What came, but for the bucket's info: method and write id. @type {{ method: string, id: string | null }[]} */
  const requests = [];
  t.stubFetch(async ({ method, url, headers }) => {
    if (url.endsWith("/b")) return new Response(INFO, { headers: HEADERS });
    requests.push({ method, id: headers.get("Ironflow-Write-Id") });
    return answers[Math.min(requests.length, answers.length) - 1]?.();
  });
  const client = t.createClient({
    serverUrl: "http://localhost:9",
    logger: false,
    retry: { backoff: { initial: 1 } },
    ...options,
  });
  const kv = client.kv();
  return { client, kv, bucket: kv.bucket("b"), requests, learn: () => kv.getBucketInfo("b") };
}

/** @type {Record<string, (bucket: Bucket) => Promise<unknown>>} */
const writes = {
  put: (bucket) => bucket.put("k", "1"),
  create: (bucket) => bucket.create("k", "1"),
  update: (bucket) => bucket.update("k", "1", 7),
  delete: (bucket) => bucket.delete("k"),
  purge: (bucket) => bucket.purge("k"),
  "conditional delete": (bucket) => bucket.delete("k", { revision: 7 }),
  "conditional purge": (bucket) => bucket.purge("k", { revision: 7 }),
};
/** @param {string} name */
const success = (name) =>
  /^(delete|purge)$/.test(name)
    ? () => new Response(null, { status: 204, headers: HEADERS })
    : written;

/** @type {import("./context.js").Cases} */
export const writeIds = {
  async "a write has an id of its own, and is retried with the same one"(t) {
    const ids = new Set();
    for (const [name, write] of Object.entries(writes)) {
      for (const lost of [unreachable, cut, refusing(503), refusing(429)]) {
        const { bucket, requests, learn } = server(t, [lost, lost, success(name)]);
        await learn();
        await write(bucket);
        equal(requests.length, 3, name);
        const [id = ""] = requests.map(({ id }) => id ?? "");
        ok(/^[\w-]{22}$/.test(id), `${name}: ${id}`);
        deepEqual(new Set(requests.map(({ id }) => id)), new Set([id]));
        ids.add(id);
      }
    }
    equal(ids.size, 4 * Object.keys(writes).length);
  },

  async "before the server has announced write-id, a write goes without an id and is not retried"(
    t,
  ) {
    const { bucket, requests } = server(t, [unreachable, refusing(503), written]);
    for (const expected of [requestFailed, http(503, "no")])
      await rejects(bucket.put("k", "1"), expected);
    // The refusal has announced it.
    await bucket.put("k", "1");
    deepEqual(
      requests.map(({ id }) => id === null),
      [true, true, false],
    );
  },

  async "only writes of keys have an id, and only they and reads are retried"(t) {
    const { kv, bucket, requests, learn } = server(t, [unreachable]);
    await learn();
    await rejects(bucket.get("k"), requestFailed);
    await rejects(kv.createBucket({ name: "c" }), requestFailed);
    await rejects(kv.deleteBucket("c"), requestFailed);
    deepEqual(
      requests.map(({ method }) => method),
      ["GET", "GET", "GET", "POST", "DELETE"],
    );
    ok(requests.every(({ id }) => id === null));
  },

  async "retry, Retry-After and the time limit hold for writes as for reads"(t) {
    const never = server(t, [unreachable], { retry: false });
    await never.learn();
    await rejects(never.bucket.put("k", "1"), requestFailed);
    equal(never.requests.length, 1);

    for (const status of [400, 401, 403, 404, 409, 412, 413, 501]) {
      const refused = server(t, [refusing(status), written]);
      await refused.learn();
      await rejects(refused.bucket.put("k", "1"), { status });
      equal(refused.requests.length, 1, `${status}`);
    }

    const slow = server(t, [refusing(503, {}, { "Retry-After": "5" }), written]);
    await slow.learn();
    await rejects(slow.bucket.put("k", "1", { timeout: 1000 }), http(503, "no"));
    equal(slow.requests.length, 1);

    const hanging = server(t, [() => new Promise(() => {})]);
    await hanging.learn();
    await rejects(hanging.bucket.put("k", "1", { timeout: 50 }), timedOut(50));
    equal(hanging.requests.length, 1);
  },

  async "a write is not retried once the server no longer announces write-id"(t) {
    const { bucket, kv, requests, learn } = server(t, [
      async () => {
        t.stubFetch(async ({ method }) => {
          requests.push({ method, id: null });
          return new Response(INFO);
        });
        await kv.getBucketInfo("b");
        throw new TypeError("Failed to fetch");
      },
    ]);
    await learn();
    await rejects(bucket.put("k", "1"), requestFailed);
    deepEqual(
      requests.map(({ method }) => method),
      ["PUT", "GET"],
    );
  },

  async "without random numbers a write goes without an id"(t) {
    t.stub("crypto", undefined);
    const { bucket, requests, learn } = server(t, [unreachable], { retry: { maxAttempts: 2 } });
    await learn();
    // There may be random numbers left for some.
    for (let n = 0; requests.at(-1)?.id !== null && n < 100; n += 1)
      await rejects(bucket.put("k", "1"), requestFailed);
    equal(requests.at(-1)?.id, null);
    ok(requests.at(-2)?.id !== null, "it is not retried");
  },

  async "modify sends a write again, not the change"(t) {
    const { bucket, requests } = server(t, [read, unreachable, cut, written]);
    let calls = 0;
    const change = () => {
      calls += 1;
      return "2";
    };
    deepEqual(await bucket.modify("k", change), { revision: 8 });
    equal(calls, 1);
    deepEqual(
      requests.map(({ method }) => method),
      ["GET", "PUT", "PUT", "PUT"],
    );
    const [, first, ...repeated] = requests.map(({ id }) => id);
    ok(first);
    deepEqual(repeated, [first, first]);
  },

  async "after a conflict modify writes with another id"(t) {
    const { bucket, requests } = server(t, [read, refusing(412), read, written]);
    await bucket.modify("k", () => "2");
    const [, first, , second] = requests.map(({ id }) => id);
    ok(first && second && first !== second);
  },

  async "a write of which the server does not know whether it came before rejects, with maybeApplied"(
    t,
  ) {
    const unknown = refusing(412, { unknown: true });
    const { bucket, requests } = server(t, [read, unknown, written]);
    const error = await rejects(
      bucket.modify("k", () => "2"),
      http(412, "no"),
    );
    equal(error.details.maybeApplied, true);
    equal(requests.length, 2);
    const update = server(t, [unknown]);
    await update.learn();
    const { details } = await rejects(update.bucket.update("k", "1", 7), http(412, "no"));
    equal(details.maybeApplied, true);
    const conflict = server(t, [refusing(412)]);
    const { details: known } = await rejects(conflict.bucket.update("k", "1", 7), { status: 412 });
    equal(known.maybeApplied, undefined);
  },
};
