// Every error in its documented form, and the handlers that get it.

import { allReject, deepEqual, equal, isError, ok, rejects, throws } from "./assert.js";
import { observe } from "./context.js";
import { limits } from "./errors-limits.js";
import { options } from "./errors-options.js";
import {
  bucketExists,
  bucketFull,
  bucketNotFound,
  http,
  invalid,
  keyExists,
  keyNotFound,
  notConfigured,
  requestFailed,
  revisionMismatch,
  valueTooLarge,
} from "./expected.js";

/** @typedef {import("./context.js").Context} Context */

/** A client of a server that only exists as a test double of fetch. @param {Context} t */
function pretended(t, /** @type {(request: Request) => unknown} */ fetch) {
  t.stub("fetch", fetch);
  const client = t.createClient({ serverUrl: "http://localhost:9", logger: false, retry: false });
  return { client, bucket: client.kv().bucket("bucket") };
}

/** @param {number} status @param {string | null} body @param {Record<string, string>} [headers] */
const refusing = (status, body, headers) => async () => new Response(body, { status, headers });

/** @type {import("./context.js").Cases} */
const table = {
  async "a missing key is HTTP_404"(t) {
    const { bucket } = await t.bucket();
    await rejects(bucket.get("key"), keyNotFound);
    await rejects(bucket.delete("key"), keyNotFound);
    await rejects(bucket.purge("key"), keyNotFound);
  },

  async "a deleted key is HTTP_404, and can be created, put and purged"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", "1");
    await bucket.delete("key");
    await rejects(bucket.get("key"), keyNotFound);
    await rejects(bucket.delete("key"), keyNotFound);
    await rejects(bucket.update("key", "2", 1), revisionMismatch);
    deepEqual(await bucket.create("key", "2"), { revision: 3 });
    await bucket.delete("key");
    await bucket.purge("key");
    deepEqual(await bucket.put("key", "3"), { revision: 6 });
  },

  async "a key that exists is HTTP_412 on create"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", "1");
    await rejects(bucket.create("key", "2"), keyExists);
    equal((await bucket.get("key")).text(), "1");
  },

  async "any other revision is HTTP_412 on update"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", "1");
    await bucket.put("other", "1");
    for (const revision of [0, 2, 3, 1000]) {
      await rejects(bucket.update("key", "2", revision), revisionMismatch, String(revision));
    }
    await rejects(bucket.update("missing", "2", 1), revisionMismatch);
    equal((await bucket.get("key")).text(), "1");
  },

  async "a missing bucket is HTTP_404 in every operation"(t) {
    const kv = t.client().kv();
    const name = t.newBucketName();
    const bucket = kv.bucket(name);
    const errors = await allReject(
      [
        kv.getBucketInfo(name),
        kv.deleteBucket(name),
        bucket.get("key"),
        bucket.put("key", "1"),
        bucket.create("key", "1"),
        bucket.update("key", "1", 0),
        bucket.delete("key"),
        bucket.purge("key"),
        bucket.listKeys(),
        bucket.listKeys("a.*"),
      ],
      bucketNotFound,
    );
    for (const error of errors) ok(error instanceof t.IronflowError);
  },

  async "a bucket that exists is confirmed, with other settings it is HTTP_409"(t) {
    const { kv, bucket, name } = await t.bucket({ history: 3 });
    await bucket.put("key", "1");
    equal((await kv.createBucket({ name, history: 3 })).name, name);
    await rejects(kv.createBucket({ name, history: 4 }), bucketExists);
    equal((await bucket.get("key")).text(), "1");
  },

  async "a value that is too large is HTTP_413, a bucket that is full HTTP_507"(t) {
    const { bucket } = await t.bucket({ maxValueSize: 100, maxBytes: 400 });
    await rejects(bucket.put("key", "x".repeat(101)), valueTooLarge);
    let full;
    for (let n = 0; n < 5 && !full; n += 1) {
      full = await bucket.put(`key-${n}`, "x".repeat(100)).then(
        () => undefined,
        (error) => error,
      );
    }
    isError(full, bucketFull);
  },

  async "refused credentials are an UnauthenticatedError or an UnauthorizedError"(t) {
    const credentials = pretended(t, refusing(401, '{"error":"invalid API key"}'));
    const unauthenticated = await rejects(credentials.bucket.get("key"), {
      name: "UnauthenticatedError",
      code: "UNAUTHENTICATED",
      status: 401,
      retryable: false,
      message: "get bucket/key: invalid API key (HTTP 401)",
    });
    ok(unauthenticated instanceof t.IronflowError);
    const permission = pretended(t, refusing(403, '{"error":"read only"}'));
    const unauthorized = await rejects(permission.bucket.put("key", "1"), {
      name: "UnauthorizedError",
      code: "UNAUTHORIZED",
      status: 403,
      retryable: false,
      message: "put bucket/key: read only (HTTP 403)",
    });
    ok(unauthorized instanceof t.IronflowError);
  },

  async "any other status is HTTP_N, retryable where it may pass"(t) {
    for (const status of [400, 405, 408, 409, 410, 418, 422, 429, 451, 500, 501, 502, 503, 504]) {
      const { bucket } = pretended(t, refusing(status, '{"error":"words of the server"}'));
      await rejects(bucket.get("key"), http(status, "words of the server"));
    }
  },

  async "an error holds the server's whole answer and how long to wait"(t) {
    const answer = { error: "slow down", code: "rate", limit: { perSecond: 5 } };
    const { bucket } = pretended(t, refusing(429, JSON.stringify(answer), { "Retry-After": "7" }));
    const error = await rejects(bucket.put("key", "1"), { ...http(429, "slow down") });
    equal(error.retryAfter, 7);
    deepEqual(error.details, answer);
  },

  async "a success that is not what the API says is INVALID_RESPONSE"(t) {
    const { bucket } = pretended(t, refusing(200, "<html>welcome to the hotel's network</html>"));
    await rejects(bucket.get("key"), {
      name: "IronflowError",
      code: "INVALID_RESPONSE",
      status: 200,
      retryable: false,
    });
  },

  async "a server that cannot be reached is a retryable ConnectionError with its cause"(t) {
    const cause = new TypeError("Failed to fetch");
    const { bucket } = pretended(t, async () => {
      throw cause;
    });
    const error = await rejects(bucket.get("key"), { ...requestFailed, cause });
    ok(error instanceof t.IronflowError);
  },

  async "before configure() everything but configure() is a NotConfiguredError"(t) {
    const client = new t.IronflowClient();
    equal(client.isConfigured, false);
    for (const call of [() => client.kv(), () => client.getConfig(), () => client.setAuth({})]) {
      ok(throws(call, notConfigured) instanceof t.IronflowError);
    }
    client.disconnect();
    client.onError(() => {})();
    client.configure(t.config);
    equal(client.isConfigured, true);
    client.kv();
  },
};

/** @type {import("./context.js").Cases} */
const handlers = {
  async "onError of the configuration and of the client are each called once for a rejection"(t) {
    /** @type {any[]} */
    const reported = [];
    const client = t.client({ onError: (...values) => reported.push(["config", ...values]) });
    client.onError((...values) => void reported.push(["client", ...values]));
    const { bucket, name } = await t.bucket({}, client);
    const error = await rejects(bucket.get("a.key"), keyNotFound);
    deepEqual(
      reported.map(([source]) => source),
      ["config", "client"],
    );
    for (const [, received, context] of reported) {
      equal(received, error);
      deepEqual(context, { operation: "get", bucket: name, key: "a.key" });
    }
  },

  async "the context names the operation, the bucket and the key of each"(t) {
    /** @type {any[]} */
    const reported = [];
    const client = t.client({ onError: (_, context) => reported.push(context) });
    const kv = client.kv();
    const name = t.newBucketName();
    const bucket = kv.bucket(name);
    const key = "a.key";
    /** @type {[string, Promise<unknown>, string | undefined][]} */
    const attempts = [
      ["deleteBucket", kv.deleteBucket(name), undefined],
      ["getBucketInfo", kv.getBucketInfo(name), undefined],
      ["listKeys", bucket.listKeys("a.*"), "a.*"],
      ["get", bucket.get(key), key],
      ["put", bucket.put(key, "1"), key],
      ["create", bucket.create(key, "1"), key],
      ["update", bucket.update(key, "1", 0), key],
      ["delete", bucket.delete(key), key],
      ["purge", bucket.purge(key), key],
    ];
    await allReject(attempts.map(([, promise]) => promise));
    for (const [operation, , about] of attempts) {
      const context = reported.find((other) => other.operation === operation);
      deepEqual(context, { operation, bucket: name, key: about }, operation);
    }
    equal(reported.length, attempts.length);
  },

  async "handlers are called for bad arguments too"(t) {
    /** @type {any[]} */
    const reported = [];
    const client = t.client({ onError: (error, { key }) => reported.push([error.code, key]) });
    const { bucket, kv } = await t.bucket({}, client);
    await rejects(bucket.get("a b"), invalid());
    await rejects(kv.createBucket({ name: "a b" }), invalid());
    deepEqual(reported, [
      ["VALIDATION_ERROR", "a b"],
      ["VALIDATION_ERROR", undefined],
    ]);
  },

  async "a handler is called for an error of a watch"(t) {
    /** @type {any[]} */
    const reported = [];
    const client = t.client({ onError: (...values) => reported.push(values) });
    const name = t.newBucketName();
    const seen = observe(client.kv().bucket(name), { key: "a.*" });
    await seen.closed();
    equal(reported.length, 1);
    equal(reported[0][0], seen.errors[0]);
    deepEqual(reported[0][1], { operation: "watch", bucket: name, key: "a.*" });
  },

  async "a handler is not called after it is removed, nor for a success"(t) {
    let count = 0;
    const client = t.client();
    const { bucket } = await t.bucket({}, client);
    const handler = () => {
      count += 1;
    };
    const [first, second] = [client.onError(handler), client.onError(handler)];
    await bucket.put("key", "1");
    equal(count, 0);
    await rejects(bucket.get("missing"));
    equal(count, 2, "one function subscribed twice is called twice");
    first();
    first();
    await rejects(bucket.get("missing"));
    equal(count, 3);
    second();
    await rejects(bucket.get("missing"));
    equal(count, 3);
  },

  async "what a handler throws or rejects with is logged and masks nothing"(t) {
    /** @type {any[]} */
    const logged = [];
    /** @type {unknown[]} */
    const reported = [];
    const thrown = new Error("a broken handler");
    const client = t.client({
      logger: { error: (...values) => logged.push(values) },
      onError() {
        throw thrown;
      },
    });
    client.onError(() => /** @type {any} */ (Promise.reject(thrown)));
    client.onError((error) => void reported.push(error));
    const { bucket } = await t.bucket({}, client);
    const error = await rejects(bucket.get("missing"), keyNotFound);
    deepEqual(reported, [error]);
    // The rejection is seen a microtask later.
    await rejects(bucket.get("missing"));
    ok(logged.length >= 2, `${logged.length} messages`);
    for (const [message, detail] of logged) {
      equal(typeof message, "string");
      equal(detail, thrown);
    }
  },

  async "a logger that throws, or lacks the method, does no harm"(t) {
    for (const logger of [
      {},
      {
        error() {
          throw new Error("a broken logger");
        },
      },
    ]) {
      const client = t.client({
        logger,
        onError() {
          throw new Error("a broken handler");
        },
      });
      const { bucket } = await t.bucket({}, client);
      await rejects(bucket.get("missing"), keyNotFound);
      await bucket.put("key", "1");
    }
  },

  async "without a logger, warnings and errors go to the console, with the prefix [ironflow]"(t) {
    /** @type {unknown[][]} */
    const printed = [];
    t.stub("console", {
      ...console,
      error: (/** @type {unknown[]} */ ...values) => printed.push(values),
    });
    const client = t.client({ logger: undefined });
    client.onError(() => {
      throw new Error("a broken handler");
    });
    const { bucket } = await t.bucket({}, client);
    await rejects(bucket.get("missing"));
    equal(printed.length, 1);
    ok(String(printed[0]?.[0]).startsWith("[ironflow] "), String(printed[0]));
  },
};

/** @type {import("./context.js").Cases} */
export const errors = { ...table, ...handlers, ...options, ...limits };
