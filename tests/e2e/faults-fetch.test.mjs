// What an app puts in the place of fetch: test doubles and polyfills, and what they do wrong.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { api, failure, operations } from "./support/api.mjs";
import { misbehavingServer } from "./support/misbehaving.mjs";

const { createClient, IronflowError } = api;
const { fetch } = globalThis;

/** @type {Awaited<ReturnType<typeof misbehavingServer>>} */
let server;
before(async () => {
  server = await misbehavingServer();
});
after(() => server.stop());
afterEach(() => {
  globalThis.fetch = fetch;
});

/** @param {object} [options] */
const connect = (options) =>
  createClient({ serverUrl: server.url, retry: false, logger: false, ...options });

describe("in the place of fetch", () => {
  const cause = new RangeError("an odd error");
  /** Doubles that fail, and the cause that is passed on where it is known. @type {[string, unknown, unknown?][]} */
  const failing = [
    ["rejects with an error", () => Promise.reject(cause), cause],
    ["rejects with a string", () => Promise.reject("offline"), "offline"],
    ["rejects with a DOMException", () => Promise.reject(new DOMException("no", "AbortError"))],
    ["rejects with null", () => Promise.reject(null), null],
    ["rejects with nothing", () => Promise.reject()],
    [
      "throws",
      () => {
        throw cause;
      },
      cause,
    ],
    ["returns nothing", () => undefined],
    ["returns an empty object", () => ({})],
    ["resolves to an empty object", async () => ({})],
    ["resolves to null", async () => null],
    ["resolves to a string", async () => "ok"],
    ["answers without a text()", async () => ({ ok: true, status: 200, json: async () => ({}) })],
    ["answers with a text() that throws", async () => ({ status: 200, text: () => assert.fail() })],
    [
      "answers with a text() that rejects",
      async () => ({ status: 200, text: () => Promise.reject("cut") }),
      "cut",
    ],
  ];
  for (const [what, double, expected] of failing) {
    test(`a double that ${what} is a ConnectionError`, async () => {
      const client = connect();
      for (const [name, operation] of Object.entries(operations)) {
        globalThis.fetch = /** @type {any} */ (double);
        const error = await failure(operation(client.kv()));
        assert.ok(error instanceof IronflowError, `${name}: ${error}`);
        assert.equal(error.name, "ConnectionError");
        assert.equal(error.code, "REQUEST_FAILED");
        assert.equal(error.retryable, true);
        if (expected !== undefined) assert.equal(error.cause, expected);
        globalThis.fetch = fetch;
        await operation(client.kv());
      }
    });
  }

  for (const [what, double] of /** @type {const} */ ([
    ["is missing", undefined],
    ["is no function", { fetch: true }],
  ])) {
    test(`a fetch that ${what} is an error that says so and is not retryable`, async () => {
      for (const [name, operation] of Object.entries(operations)) {
        globalThis.fetch = /** @type {any} */ (double);
        const error = await failure(operation(connect({ retry: true }).kv()));
        assert.equal(error.name, "ConnectionError", name);
        assert.equal(error.code, "REQUEST_FAILED");
        assert.equal(error.retryable, false);
        assert.match(error.message, /no fetch: define globalThis\.fetch/);
      }
    });
  }

  test("a double that never settles, deaf to the signal, is a TimeoutError", async () => {
    const client = connect({ timeout: 50 });
    for (const double of [
      () => new Promise(() => {}),
      async () => ({ status: 200, text: () => new Promise(() => {}) }),
    ]) {
      globalThis.fetch = /** @type {any} */ (double);
      await Promise.all(
        Object.values(operations).map(async (operation) => {
          const error = await failure(operation(client.kv()));
          assert.equal(error.name, "TimeoutError");
          assert.equal(error.timeoutMs, 50);
        }),
      );
    }
    globalThis.fetch = fetch;
    for (const operation of Object.values(operations)) {
      await operation(client.kv(), { timeout: 10_000 });
    }
  });

  test("a double that settles too late changes nothing any more", async () => {
    const bucket = connect({ timeout: 20 }).kv().bucket("b");
    let answerLate = () => {};
    globalThis.fetch = () =>
      new Promise((resolve) => {
        answerLate = () => resolve(new Response('{"revision":7}'));
      });
    assert.equal((await failure(bucket.put("key", "1"))).name, "TimeoutError");
    answerLate();
    globalThis.fetch = fetch;
    assert.deepEqual(await bucket.put("key", "1", { timeout: 10_000 }), { revision: 1 });
  });

  test("a plain object that does what a Response does will do", async () => {
    globalThis.fetch = /** @type {any} */ (
      async () => ({ status: 200, text: async () => '{"revision":7}' })
    );
    assert.deepEqual(await connect().kv().bucket("b").put("key", "1"), { revision: 7 });
  });

  test("the double that is there when the operation begins is the one that is used", async () => {
    const bucket = connect().kv().bucket("b");
    for (const revision of [3, 4]) {
      globalThis.fetch = async () => new Response(JSON.stringify({ revision }));
      assert.deepEqual(await bucket.put("key", "1"), { revision });
    }
  });

  test("a double is given what makes a Request it can read", async () => {
    /** @type {unknown[]} */
    const seen = [];
    globalThis.fetch = /** @type {any} */ (
      async (/** @type {Parameters<typeof fetch>} */ ...given) => {
        const request = new Request(...given);
        const { method, url, headers } = request;
        seen.push([method, url, headers.get("If-Match"), await request.text()]);
        return new Response('{"revision":2}');
      }
    );
    await connect().kv().bucket("b").update("a/b", "Zoë", 1);
    assert.deepEqual(seen, [["PUT", `${server.url}/api/v1/kv/buckets/b/keys/a%2Fb`, "1", "Zoë"]]);
  });
});
