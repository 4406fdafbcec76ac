// Credentials: where they go, and where they never go.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { api, failure, operations } from "./support/api.mjs";
import { install, sockets } from "./support/fake-websocket.mjs";
import { answer, behaveWell, deadAddress, misbehavingServer } from "./support/misbehaving.mjs";
import { connected, isError, settled, watch } from "./support/watched.mjs";

/** @type {Awaited<ReturnType<typeof misbehavingServer>>} */
let server;
before(async () => {
  server = await misbehavingServer();
});
after(() => server.stop());
beforeEach(() => server.behave(behaveWell));

/** @param {object} [options] */
const connect = (options) =>
  api.createClient({ serverUrl: server.url, retry: false, logger: false, ...options });

describe("the credentials of a request", () => {
  /** The Authorization headers of the requests of a client. @param {object} options */
  async function sent(options, times = 1) {
    server.requests.length = 0;
    const bucket = connect(options).kv().bucket("b");
    for (let n = 0; n < times; n += 1) await bucket.get("key");
    return server.requests.map(({ headers }) => headers.authorization);
  }

  test("are a bearer token in a header, or nothing", async () => {
    assert.deepEqual(await sent({}), [undefined]);
    assert.deepEqual(await sent({ auth: {} }), [undefined]);
    assert.deepEqual(await sent({ auth: { apiKey: "key" } }), ["Bearer key"]);
    assert.deepEqual(await sent({ auth: { token: "token" } }), ["Bearer token"]);
    assert.deepEqual(await sent({ auth: { apiKey: "key", token: "t" } }), ["Bearer key"]);
    assert.deepEqual(await sent({ auth: { apiKey: "a~!@#$%^&*()_+/=b" } }), [
      "Bearer a~!@#$%^&*()_+/=b",
    ]);
  });

  test("go with every operation", async () => {
    const client = connect({ auth: { apiKey: "a-secret-key" } });
    server.requests.length = 0;
    for (const operation of Object.values(operations)) await operation(client.kv());
    // modify() reads and writes.
    assert.equal(server.requests.length, Object.keys(operations).length + 1);
    for (const { headers, url } of server.requests) {
      assert.equal(headers.authorization, "Bearer a-secret-key");
      assert.doesNotMatch(url ?? "", /secret/);
    }
  });

  test("a token function is called for every request, and may be slow", async () => {
    let asked = 0;
    const token = () => {
      asked += 1;
      return `token-${asked}`;
    };
    const wanted = ["Bearer token-1", "Bearer token-2", "Bearer token-3"];
    assert.deepEqual(await sent({ auth: { token } }, 3), wanted);
    asked = 0;
    assert.deepEqual(await sent({ auth: { token: async () => token() } }, 3), wanted);
    asked = 0;
    const later = () => new Promise((resolve) => setImmediate(() => resolve(token())));
    assert.deepEqual(await sent({ auth: { token: later } }, 3), wanted);
    assert.deepEqual(await sent({ auth: { apiKey: "key", token } }), ["Bearer key"]);
    assert.equal(asked, 3, "an apiKey wins");
  });

  test("a token function that fails is an UnauthenticatedError, and nothing is sent", async () => {
    const cause = new Error("signed out");
    for (const [token, expected] of /** @type {[() => any, unknown][]} */ ([
      [
        () => {
          throw cause;
        },
        cause,
      ],
      [() => Promise.reject(cause), cause],
      [() => Promise.reject("signed out"), "signed out"],
    ])) {
      server.requests.length = 0;
      const error = await failure(connect({ auth: { token } }).kv().listBuckets());
      assert.equal(error.name, "UnauthenticatedError");
      assert.equal(error.code, "UNAUTHENTICATED");
      assert.equal(error.retryable, false);
      assert.equal(error.cause, expected);
      assert.equal(server.requests.length, 0);
    }
  });

  test("a token function that gives no token is a ValidationError, and nothing is sent", async () => {
    for (const value of [undefined, null, 5, {}, "", "a b", "a\nb", "schlüssel", Symbol("s")]) {
      for (const token of [() => value, async () => value]) {
        server.requests.length = 0;
        const error = await failure(
          connect({ auth: /** @type {any} */ ({ token }) })
            .kv()
            .listBuckets(),
        );
        assert.equal(error.name, "ValidationError", String(value));
        assert.match(error.message, /auth\.token/);
        assert.equal(server.requests.length, 0);
      }
    }
  });

  test("a token function that never answers is cut short by the time limit or the signal", async () => {
    const token = () => /** @type {Promise<string>} */ (new Promise(() => {}));
    const bucket = connect({ auth: { token }, timeout: 50 }).kv().bucket("b");
    const error = await failure(bucket.get("key"));
    assert.equal(error.name, "TimeoutError");
    assert.equal(error.timeoutMs, 50);
    const controller = new AbortController();
    const aborted = failure(bucket.get("key", { signal: controller.signal, timeout: 10_000 }));
    controller.abort("bye");
    assert.equal(await aborted, "bye");
  });

  test("the time the token takes counts", async () => {
    server.behave((request) => request.resume());
    const token = () =>
      /** @type {Promise<string>} */ (new Promise((resolve) => setTimeout(resolve, 60, "token")));
    const began = performance.now();
    const error = await failure(connect({ auth: { token }, timeout: 100 }).kv().listBuckets());
    assert.equal(error.name, "TimeoutError");
    assert.equal(error.timeoutMs, 100);
    // Twice the limit would be 160 ms and more; timers may be late on a busy machine.
    assert.ok(performance.now() - began < 5000);
  });

  test("are not logged, thrown or passed to a handler", async () => {
    /** @type {unknown[]} */
    const said = [];
    const log = (/** @type {unknown[]} */ ...values) => said.push(...values);
    const logger = { debug: log, info: log, warn: log, error: log };
    const onError = (/** @type {unknown[]} */ ...values) => {
      said.push(...values);
      throw new Error("a broken handler");
    };
    const token = async () => "a-secret-token";
    const dead = await deadAddress();
    for (const auth of [{ apiKey: "a-secret-key" }, { token: "a-secret-token" }, { token }]) {
      for (const [serverUrl, behaviour] of /** @type {const} */ ([
        [server.url, answer(401, { error: "invalid API key" })],
        [server.url, answer(500, "<html>")],
        [server.url, answer(200, "{")],
        [dead, behaveWell],
      ])) {
        server.behave(behaviour);
        const client = connect({
          serverUrl,
          auth,
          logger,
          onError,
          retry: { backoff: { initial: 0 } },
          fallback: "memory",
        });
        for (const operation of Object.values(operations)) {
          await operation(client.kv()).catch(log);
        }
        assert.doesNotMatch(JSON.stringify(client), /secret/);
      }
    }
    assert.ok(said.length > 100);
    for (const each of said) assert.doesNotMatch(everything(each), /secret/);
  });
});

describe("the address and the credentials of a watch", () => {
  let uninstall = () => {};
  const { fetch } = globalThis;
  beforeEach(() => {
    uninstall = install();
    globalThis.fetch = async () => new Response("{}", { status: 500 });
  });
  afterEach(() => {
    uninstall();
    globalThis.fetch = fetch;
  });

  test("name environment and pattern in the query, and offer both versions of the wire", () => {
    watch({ environment: "a&b=c" }, { key: "é/?.*" });
    watch({ serverUrl: "https://kv.example.com/base/" });
    const [one, two] = sockets;
    const query = "env=a%26b%3Dc&key=%C3%A9%2F%3F.*";
    assert.equal(one?.url, `ws://kv.example.com:9123/api/v1/kv/buckets/b/watch?${query}`);
    assert.deepEqual(one.protocols, ["ironflow.v1", "ironflow.v2"]);
    assert.equal(two?.url, "wss://kv.example.com/base/api/v1/kv/buckets/b/watch?env=default");
  });

  test("credentials are a base64url subprotocol, never part of the address", () => {
    for (const credential of ["a-secret-key", "secret?>~~/+=", "secret", "secret1", "secret12"]) {
      for (const auth of [{ apiKey: credential }, { token: credential }]) {
        sockets.length = 0;
        watch({ auth });
        const encoded = Buffer.from(credential).toString("base64url");
        assert.deepEqual(sockets[0]?.protocols, [
          "ironflow.v1",
          "ironflow.v2",
          `ironflow.auth.bearer.${encoded}`,
        ]);
        assert.doesNotMatch(sockets[0]?.url, /secret/);
        assert.ok(!sockets[0]?.url.includes(encoded));
      }
    }
  });

  test("a token function is called for every watch", async () => {
    let asked = 0;
    const token = async () => {
      asked += 1;
      return `token-${asked}`;
    };
    watch({ auth: { token } });
    assert.equal(sockets.length, 0);
    await settled();
    watch({ auth: { token } });
    await settled();
    assert.deepEqual(
      sockets.map(({ protocols }) => Buffer.from(protocols[2] ?? "", "base64url").length > 0),
      [true, true],
    );
    const prefix = "ironflow.auth.bearer.";
    assert.deepEqual(
      sockets.map(({ protocols }) =>
        Buffer.from((protocols[2] ?? "").slice(prefix.length), "base64url").toString(),
      ),
      ["token-1", "token-2"],
    );
  });

  test("a token function that fails, or gives none, ends the watch", async () => {
    const rejecting = () => Promise.reject(new Error("signed out"));
    /** @type {[() => any, object][]} */
    const functions = [
      [() => assert.fail("signed out"), { name: "UnauthenticatedError", code: "UNAUTHENTICATED" }],
      [rejecting, { name: "UnauthenticatedError", code: "UNAUTHENTICATED" }],
      [() => "", { name: "ValidationError" }],
      [async () => 5, { name: "ValidationError" }],
      [() => new Promise(() => {}), { name: "TimeoutError", timeoutMs: 30 }],
    ];
    for (const [token, expected] of functions) {
      const { calls, closed } = watch({ auth: { token }, timeout: 30 });
      await closed;
      isError(calls[0], expected);
      assert.deepEqual(calls.slice(1), ["closed"]);
      assert.equal(sockets.length, 0);
    }
  });

  test("a watch that is stopped while the token is fetched opens no socket", async () => {
    let give = () => {};
    const token = () =>
      /** @type {Promise<string>} */ (
        new Promise((resolve) => {
          give = () => resolve("token");
        })
      );
    const { calls, watcher } = watch({ auth: { token } });
    await settled();
    watcher.stop();
    give();
    await settled();
    assert.deepEqual(calls, ["closed"]);
    assert.equal(sockets.length, 0);
  });

  test("setAuth() counts for the next watch and leaves the open one alone", async () => {
    const { client, calls } = connected({ auth: { apiKey: "one" } });
    client.setAuth({ apiKey: "two" });
    client
      .kv()
      .bucket("another")
      .watch({ onUpdate() {} });
    const keys = sockets.map(({ protocols }) => protocols[2]);
    assert.deepEqual(keys, ["ironflow.auth.bearer.b25l", "ironflow.auth.bearer.dHdv"]);
    await settled();
    assert.deepEqual(calls, ["ready"]);
  });

  test("no error of a watch says a secret", async () => {
    /** @type {unknown[]} */
    const said = [];
    const log = (/** @type {unknown[]} */ ...values) => said.push(...values);
    const logger = { debug: log, info: log, warn: log, error: log };
    for (const code of [1001, 1006, 1008, 4401, 4403]) {
      for (const open of [true, false]) {
        sockets.length = 0;
        const { calls, closed } = watch({ auth: { apiKey: "a-secret" }, logger, onError: log });
        if (open) sockets[0]?.accept();
        sockets[0]?.frame("{");
        sockets[0]?.end(code);
        await closed;
        said.push(...calls);
      }
    }
    const encoded = Buffer.from("a-secret").toString("base64url");
    for (const each of said) {
      const text = each instanceof Error ? `${each.stack} ${each.cause}` : JSON.stringify(each);
      assert.ok(!text.includes("secret") && !text.includes(encoded), text);
    }
  });
});

/** All that can be read of a value. @param {unknown} value @returns {string} */
function everything(value) {
  if (!(value instanceof Error)) return JSON.stringify(value) ?? String(value);
  const { cause, stack = "", ...fields } = value;
  return `${stack} ${JSON.stringify(fields)} ${cause === undefined ? "" : everything(cause)}`;
}
