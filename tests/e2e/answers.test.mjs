// What the client makes of a server's answers, and how it writes its requests: tables of inputs, through
// doubles of fetch.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { api, failure, operations } from "./support/api.mjs";

const { fetch } = globalThis;
afterEach(() => {
  globalThis.fetch = fetch;
});

const SERVER = "http://kv.example.com/base";
const entry = { key: "key", value: "MQ==", revision: 7, created_at: "", operation: "put" };

/** @typedef {{ url: string, options: any }} Sent */

/**
 * A client whose requests these doubles answer, the last of them again and again.
 *
 * @param {((sent: Sent) => unknown)[]} answers
 * @param {object} [options]
 */
function client(answers, options) {
  /** @type {Sent[]} */
  const requests = [];
  globalThis.fetch = /** @type {any} */ (
    async (/** @type {string} */ url, /** @type {any} */ init) => {
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      requests.push({ url, options: init });
      return answer?.({ url, options: init });
    }
  );
  const retry = { backoff: { initial: 0 } };
  const kv = api.createClient({ serverUrl: SERVER, logger: false, retry, ...options }).kv();
  return { kv, bucket: kv.bucket("b"), requests };
}

/** @param {BodyInit | null} body @param {number} [status] @param {string} [type] @param {Record<string, string>} [more] */
const answering = (body, status = 200, type = "application/json", more = {}) => {
  const headers = { ...(type && { "Content-Type": type }), ...more };
  return () => new Response(body, { status, headers });
};

/** @param {unknown} body @param {number} [status] @param {Record<string, string>} [headers] */
const json = (body, status, headers) =>
  answering(JSON.stringify(body), status, "application/json", headers);

/** @param {any} error @param {Record<string, unknown>} expected @param {string} what */
function isError(error, expected, what) {
  assert.ok(error instanceof api.IronflowError, `${what}: ${error}`);
  for (const [field, value] of Object.entries(expected)) {
    /** @type {unknown} */
    const found = Reflect.get(/** @type {object} */ (error), field);
    if (value instanceof RegExp) assert.match(String(found), value, what);
    else assert.deepEqual(found, value, `${what}: ${field} of ${error}`);
  }
}

describe("delete, purge and deleteBucket", () => {
  const HTML = "<!doctype html><title>Sign in</title>";
  /** @type {[string, () => Response, boolean][]} */
  const table = [
    ["204", answering(null, 204, ""), true],
    ["204 of type text/html", answering(null, 204, "text/html"), true],
    ["200 without a body", answering("", 200, ""), true],
    ["200 with white space", answering("\n", 200, "text/plain"), true],
    ["200 with JSON", json({ ok: true }), true],
    ["200 with JSON of another type", answering("{}", 200, "text/plain"), true],
    ["200 with a page", answering(HTML, 200, "text/html; charset=utf-8"), false],
    ["200 with a page of no type", answering(HTML, 200, ""), false],
    ["200 with JSON that says it is a page", answering("{}", 200, "text/html"), false],
    ["200 with text", answering("signed out", 200, "text/plain"), false],
    ["201", json({}, 201), false],
    ["202", json({}, 202), false],
    ["203", json({}, 203), false],
    ["206", json({}, 206), false],
  ];
  for (const [what, answer, resolves] of table) {
    test(`${resolves ? "resolve" : "do not resolve"} on ${what}`, async () => {
      const { kv, bucket } = client([answer]);
      for (const removal of [
        () => bucket.delete("key"),
        () => bucket.purge("key"),
        () => kv.deleteBucket("b"),
      ]) {
        if (resolves) assert.equal(await removal(), undefined);
        else isError(await failure(removal()), { code: "INVALID_RESPONSE" }, what);
      }
    });
  }
});

describe("a redirect", () => {
  const opaque = () => ({ type: "opaqueredirect", status: 0, text: async () => "" });
  /** @param {BodyInit} body */
  const followed = (body) => () =>
    Object.defineProperty(new Response(body), "redirected", { value: true });
  /** @type {[string, () => unknown, number | undefined][]} */
  const table = [
    ["that the browser hides", opaque, undefined],
    ["that was followed to an entry", followed(JSON.stringify(entry)), undefined],
    ["that was followed to an empty page", followed(""), undefined],
    ...[300, 301, 302, 303, 304, 307, 308].map(
      (status) =>
        /** @type {[string, () => unknown, number]} */ ([
          `${status}`,
          answering(null, status, "", { Location: "/login" }),
          status,
        ]),
    ),
  ];
  for (const [what, answer, status] of table) {
    test(`${what} is INVALID_RESPONSE and names the address`, async () => {
      for (const [name, operation] of Object.entries(operations)) {
        const { kv, requests } = client([answer]);
        const error = await failure(operation(kv));
        const message =
          /redirects are not followed.* at http:\/\/kv\.example\.com\/base\/api\/v1\/kv/;
        isError(error, { code: "INVALID_RESPONSE", status, retryable: false, message }, name);
        assert.equal(requests[0]?.options.redirect, "manual");
      }
    });
  }
});

describe("an HTML page", () => {
  for (const type of ["text/html", "text/html; charset=utf-8", "Text/HTML;charset=utf-8"]) {
    for (const status of [200, 404]) {
      test(`${type} with status ${status} is INVALID_RESPONSE and names address and type`, async () => {
        for (const [name, operation] of Object.entries(operations)) {
          const { kv } = client([answering("<html></html>", status, type)]);
          const error = await failure(operation(kv));
          isError(error, { code: "INVALID_RESPONSE", status, retryable: false }, name);
          assert.ok(error.message.includes(`${SERVER}/api/v1/kv/buckets`), error.message);
          assert.match(error.message, /text\/html/i);
        }
      });
    }
  }

  test("is not JSON, whatever it holds", async () => {
    const { bucket } = client([answering(JSON.stringify(entry), 200, "text/html")]);
    isError(await failure(bucket.get("key")), { code: "INVALID_RESPONSE" }, "get");
  });

  test("with the status of an error is that error", async () => {
    for (const status of [401, 403, 500, 502, 503]) {
      const { bucket } = client([answering("<html>no</html>", status, "text/html")], {
        retry: false,
      });
      isError(await failure(bucket.get("key")), { status, message: /the request failed/ }, "get");
    }
  });

  test("is what a 404 of plain text, or without a body, is not", async () => {
    for (const [answer, message] of /** @type {const} */ ([
      [answering("key not found", 404, "text/plain"), /key not found/],
      [answering("", 404, ""), /./],
      [answering("", 404, "text/plain"), /./],
      [json({ error: "key not found" }, 404), /key not found/],
    ])) {
      const { bucket } = client([answer]);
      isError(await failure(bucket.get("key")), { code: "HTTP_404", status: 404, message }, "get");
      // modify takes it for a key that is not there.
      const other = client([answer, json({ revision: 8 })]);
      assert.deepEqual(await other.bucket.modify("key", () => "1"), { revision: 8 });
    }
    const page = client([answering("<html></html>", 404, "text/html"), json({ revision: 8 })]);
    isError(
      await failure(page.bucket.modify("key", () => "1")),
      { code: "INVALID_RESPONSE" },
      "modify",
    );
    assert.equal(page.requests.length, 1);
  });
});

test("an entry of another key than the one asked for is INVALID_RESPONSE", async () => {
  for (const key of ["other", "Key", "key ", "", "key.a"]) {
    const { bucket } = client([json({ ...entry, key })]);
    isError(await failure(bucket.get("key")), { code: "INVALID_RESPONSE", status: 200 }, key);
  }
  const { bucket } = client([json({ ...entry, key: "a/b é" })]);
  isError(await failure(bucket.get("a/b")), { code: "INVALID_RESPONSE" }, "a/b");
  const same = client([json({ ...entry, key: "a/é" })]);
  assert.equal((await same.bucket.get("a/é")).revision, 7);
});

describe("the body of an error", () => {
  /** @type {[string, object, Record<string, string>, number, Record<string, unknown>][]} */
  const table = [
    ["error", { error: "no room" }, {}, 400, { message: /no room/, retryable: false }],
    ["message", { message: "no room" }, {}, 400, { message: /no room/ }],
    ["error before message", { error: "no room", message: "b" }, {}, 400, { message: /no room/ }],
    [
      "message beside an empty error",
      { error: "", message: "no room" },
      {},
      400,
      { message: /no room/ },
    ],
    ["a nested message", { error: { message: "no room" } }, {}, 400, { message: /no room/ }],
    ["retryable: true", { error: "no", retryable: true }, {}, 400, { retryable: true }],
    ["retryable: false", { error: "no", retryable: false }, {}, 503, { retryable: false }],
    [
      "a retryable that is no boolean",
      { error: "no", retryable: "no" },
      {},
      503,
      { retryable: true },
    ],
    ["retry_after", { error: "no", retry_after: 20 }, {}, 503, { retryAfter: 20 }],
    ["retry_after: 0", { error: "no", retry_after: 0 }, {}, 400, { retryAfter: 0 }],
    ["a fraction", { error: "no", retry_after: 20.5 }, {}, 503, { retryAfter: 20.5 }],
    [
      "a negative retry_after",
      { error: "no", retry_after: -1 },
      {},
      400,
      { retryAfter: undefined },
    ],
    [
      "a retry_after of text",
      { error: "no", retry_after: "2" },
      {},
      400,
      { retryAfter: undefined },
    ],
    ["the header first", { retry_after: 20 }, { "Retry-After": "30" }, 503, { retryAfter: 30 }],
    [
      "code",
      { code: "key_not_found" },
      {},
      404,
      { details: { code: "key_not_found" }, code: "HTTP_404" },
    ],
  ];
  for (const [what, body, headers, status, expected] of table) {
    test(`${what} is honoured`, async () => {
      const { bucket } = client([json(body, status, headers)], { retry: false });
      isError(await failure(bucket.get("key")), { status, ...expected }, what);
    });
  }

  test("that says retryable decides whether a read is retried", async () => {
    const { bucket, requests } = client([json({ retryable: true }, 400), json(entry)]);
    assert.equal((await bucket.get("key")).revision, 7);
    assert.equal(requests.length, 2);
    const other = client([json({ retryable: false }, 503), json(entry)]);
    assert.equal((await failure(other.bucket.get("key"))).status, 503);
    assert.equal(other.requests.length, 1);
  });

  test("that says retry_after is given that time", async () => {
    const slow = client([json({ retry_after: 11 }, 503), json(entry)]);
    isError(await failure(slow.bucket.get("key")), { status: 503, retryAfter: 11 }, "get");
    assert.equal(slow.requests.length, 1);
  });
});

test("a Retry-After date is read by the server's own clock", async () => {
  const base = Date.UTC(2001, 0, 1);
  const headers = {
    Date: new Date(base).toUTCString(),
    "Retry-After": new Date(base + 42_000).toUTCString(),
  };
  const { bucket } = client([json({}, 503, headers)]);
  assert.equal((await failure(bucket.get("key"))).retryAfter, 42);
});

describe("the last HTTP error is kept when a retry", () => {
  /** @type {[string, () => unknown][]} */
  const table = [
    ["is refused by the network", () => Promise.reject(new TypeError("Failed to fetch"))],
    ["gives nothing", () => undefined],
    ["gives an empty object", () => ({})],
    ["is cut", () => ({ status: 200, text: () => Promise.reject(new Error("cut")) })],
    ["gives garbage", answering("{")],
    ["gives an HTML page", answering("<html></html>", 200, "text/html")],
  ];
  for (const [what, after] of table) {
    test(what, async () => {
      const { bucket, requests } = client([json({ error: "broken" }, 500), after]);
      const error = await failure(bucket.get("key"));
      isError(error, { code: "HTTP_500", status: 500, message: /broken/ }, what);
      assert.match(error.cause.code, /REQUEST_FAILED|INVALID_RESPONSE/);
      assert.ok(requests.length > 1);
    });
  }

  test("but a later HTTP error, or a success, is what counts", async () => {
    const { bucket } = client([json({}, 500), json({}, 403)]);
    isError(await failure(bucket.get("key")), { code: "UNAUTHORIZED" }, "get");
    const other = client([json({}, 500), json(entry)]);
    assert.equal((await other.bucket.get("key")).revision, 7);
  });
});

describe("a request", () => {
  test("has its header names written as the documentation writes them", async () => {
    const auth = { apiKey: "secret" };
    const { kv, bucket, requests } = client([json({ revision: 1, name: "b" })], { auth });
    await bucket.put("key", "1");
    await bucket.put("key", { a: 1 });
    await bucket.create("key", "1");
    await bucket.update("key", "1", 3);
    await kv.getBucketInfo("b");
    const always = { "X-Ironflow-Environment": "default", Authorization: "Bearer secret" };
    const bytes = { "Content-Type": "application/octet-stream" };
    assert.deepEqual(
      requests.map(({ options }) => options.headers),
      [
        { ...always, ...bytes },
        { ...always, "Content-Type": "application/json" },
        { ...always, ...bytes, "If-None-Match": "*" },
        { ...always, ...bytes, "If-Match": "3" },
        always,
      ],
    );
  });

  test("keeps the * of a pattern in its query", async () => {
    for (const [pattern, query] of /** @type {const} */ ([
      ["user.*", "user.*"],
      ["*", "*"],
      ["*.a.*", "*.a.*"],
      ["user.>", "user.%3E"],
      ["é/?&=+#%.*", "%C3%A9%2F%3F%26%3D%2B%23%25.*"],
    ])) {
      const { bucket, requests } = client([json({ keys: [], count: 0 })]);
      await bucket.listKeys(pattern);
      assert.equal(requests[0]?.url, `${SERVER}/api/v1/kv/buckets/b/keys?filter=${query}`);
      assert.equal(query, encodeURIComponent(pattern));
    }
  });

  test("carries only the options that were given", async () => {
    for (const [config, body] of /** @type {[any, object][]} */ ([
      [{ name: "b" }, { name: "b" }],
      [{ name: "b", history: undefined }, { name: "b" }],
      [
        { name: "b", history: 1 },
        { name: "b", history: 1 },
      ],
      [
        { name: "b", history: 5, maxBytes: 9 },
        { name: "b", max_bytes: 9, history: 5 },
      ],
      [{ name: "b", description: "", ttlSeconds: 0 }, { name: "b" }],
    ])) {
      const { kv, requests } = client([json({ name: "b" }, 201)]);
      await kv.createBucket(config);
      assert.deepEqual(JSON.parse(requests[0]?.options.body), body);
    }
  });
});

describe("a runtime that refuses a member of RequestInit", () => {
  test("is not one whose error only has such a word in the address", async () => {
    const { kv, requests } = client([
      ({ url }) => {
        throw new TypeError(`error sending request for url (${url})`);
      },
    ]);
    const error = await failure(kv.bucket("cache").put("redirect.signal", "1"));
    isError(error, { code: "REQUEST_FAILED", retryable: true }, "put");
    assert.equal(requests.length, 1);
  });

  // What the package has found out holds for the rest of the process: these tests come last.
  for (const [member, message] of /** @type {const} */ ([
    ["cache", "The 'cache' field on 'RequestInitializerDict' is not implemented."],
    ["redirect", "Invalid redirect value, must be one of ..."],
    ["signal", "Failed to construct 'Request': member signal is not of type AbortSignal."],
  ])) {
    test(`${member} is sent requests without it, from then on`, async () => {
      const { bucket, requests } = client([
        ({ options }) => {
          if (member in options) throw new TypeError(message);
          return json({ ...entry })();
        },
      ]);
      assert.deepEqual(await bucket.put("key", "1"), { revision: 7 });
      assert.equal(requests.length, 2);
      await bucket.put("key", "1");
      assert.equal((await bucket.get("key")).revision, 7);
      assert.equal(requests.length, 4);
    });
  }
});
