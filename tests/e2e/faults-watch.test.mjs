// Watches on a connection that misbehaves: malformed frames, and every way to end.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { install, sockets } from "./support/fake-websocket.mjs";
import { connected, isError, SERVER, settled, watch } from "./support/watched.mjs";

const { fetch } = globalThis;

/** What was asked of the server over HTTP. @type {Request[]} */
let requests = [];
let uninstall = () => {};
beforeEach(() => {
  uninstall = install();
  answerWith(async () => new Response("{}", { status: 500 }));
});
afterEach(() => {
  uninstall();
  globalThis.fetch = fetch;
});

/** @param {(request: Request) => unknown} double */
function answerWith(double) {
  requests = [];
  globalThis.fetch = /** @type {any} */ (
    (/** @type {Parameters<typeof fetch>} */ ...given) => {
      const request = new Request(...given);
      requests.push(request);
      return double(request);
    }
  );
}

/** @param {object} [fields] */
const update = (fields) => ({
  type: "kv_update",
  key: "a",
  value: "MQ==",
  revision: 1,
  operation: "put",
  bucket: "b",
  ...fields,
});

const lost = { name: "ConnectionError", code: "CONNECTION_LOST", retryable: false };
const unauthenticated = { name: "UnauthenticatedError", code: "UNAUTHENTICATED", status: 401 };
const unauthorized = { name: "UnauthorizedError", code: "UNAUTHORIZED", status: 403 };
const notFound = { name: "IronflowError", code: "HTTP_404", status: 404, retryable: false };

describe("frames", () => {
  test("that are well formed are events, whatever else they hold", async () => {
    const { socket, calls } = connected();
    socket.frame(update());
    socket.frame(update({ revision: 2, more: { from: "a later version" } }));
    for (const [n, value] of [undefined, null, ""].entries()) {
      socket.frame(update({ revision: n + 3, operation: "delete", value }));
    }
    await settled();
    const deleted = { key: "a", value: "", operation: "delete" };
    assert.deepEqual(calls, [
      "ready",
      { key: "a", value: "MQ==", operation: "put", revision: 1 },
      { key: "a", value: "MQ==", operation: "put", revision: 2 },
      { ...deleted, revision: 3 },
      { ...deleted, revision: 4 },
      { ...deleted, revision: 5 },
    ]);
  });

  /** @type {[string, unknown][]} */
  const malformed = [
    ["binary", new ArrayBuffer(8)],
    ["empty", ""],
    ["broken JSON", '{"type":"kv_update"'],
    ["HTML", "<!doctype html>"],
    ["JSON null", "null"],
    ["a JSON number", "5"],
    ["a JSON string", '"kv_update"'],
    ["a JSON array", "[]"],
    ["without a type", {}],
    ["with a type that is no string", { type: 5 }],
    ...["key", "revision", "operation", "bucket"].map(
      (name) =>
        /** @type {[string, object]} */ ([`without ${name}`, update({ [name]: undefined })]),
    ),
    ["with a key of another type", update({ key: 5 })],
    ["with a value of another type", update({ value: { a: 1 } })],
    ["with a revision as a string", update({ revision: "1" })],
    ["with a negative revision", update({ revision: -1 })],
    ["with a broken revision", update({ revision: 1.5 })],
    ["with an operation of another type", update({ operation: 5 })],
    ["with a bucket of another type", update({ bucket: null })],
  ];
  for (const [what, data] of malformed) {
    test(`malformed (${what}) reach onError, and the watch goes on`, async () => {
      /** @type {unknown[]} */
      const reported = [];
      const onError = (/** @type {unknown} */ error) => reported.push(error);
      const { socket, calls } = connected({ onError });
      socket.frame(data);
      socket.frame(update());
      await settled();
      const [ready, error, event, ...rest] = calls;
      assert.equal(ready, "ready");
      isError(error, { name: "IronflowError", code: "INVALID_RESPONSE", retryable: false });
      assert.equal(event.revision, 1);
      assert.deepEqual(rest, []);
      assert.deepEqual(reported, [error], "the client's handler gets the same error");
    });
  }

  test("that are malformed are reported by the field that is wrong", async () => {
    const { socket, calls } = connected();
    for (const name of ["type", "key", "bucket", "operation", "revision"]) {
      socket.frame(update({ [name]: undefined }));
      isError(calls.at(-1), { message: `watch b: watch frame is missing "${name}"` });
      socket.frame(update({ [name]: true }));
      isError(calls.at(-1), { message: `watch b: watch frame has an invalid "${name}": true` });
    }
    socket.frame(update({ value: ["secret"] }));
    isError(calls.at(-1), { message: 'watch b: watch frame has an invalid "value": object' });
    socket.frame(update({ key: "" }));
    isError(calls.at(-1), { message: 'watch b: watch frame has an invalid "key"' });
  });

  test("with an operation that is no put are deletes", async () => {
    const { socket, calls } = connected();
    const operations = ["purge", "DEL", "PURGE", "expire", "delete", ""];
    for (const [n, operation] of operations.entries())
      socket.frame(update({ revision: n + 1, operation }));
    await settled();
    const deleted = { key: "a", value: "", operation: "delete" };
    assert.deepEqual(calls, [
      "ready",
      ...operations.map((_, n) => ({ ...deleted, revision: n + 1 })),
    ]);
  });

  test("of the type error reach onError with the server's words, and the watch goes on", async () => {
    const { socket, calls } = connected();
    socket.frame({ type: "error", message: "the storage is not available" });
    socket.frame({ type: "error" });
    socket.frame({ type: "error", message: 5 });
    socket.frame(update());
    await settled();
    isError(calls[1], { message: /the storage is not available/ });
    isError(calls[2], { message: /./ });
    isError(calls[3], { message: /./ });
    assert.equal(calls[4].revision, 1);
    assert.equal(calls.length, 5);
  });

  test("of an unknown type are ignored", async () => {
    const { socket, calls } = connected();
    socket.frame({ type: "heartbeat" });
    socket.frame({ type: "kv_snapshot", key: 5 });
    socket.frame({ type: "" });
    await settled();
    assert.deepEqual(calls, ["ready"]);
  });

  test("that come after stop() are ignored", async () => {
    const { socket, calls, watcher } = connected();
    watcher.stop();
    socket.frame(update());
    socket.frame("{");
    socket.end(1006);
    await settled();
    assert.deepEqual(calls, ["ready", "closed"]);
  });
});

describe("a connection that ends", () => {
  /** @type {[number, object | undefined][]} */
  const codes = [
    [1000, undefined],
    [1001, lost],
    [1005, lost],
    [1006, lost],
    [1008, lost],
    [1011, lost],
    [1012, lost],
    [1013, lost],
    [4000, lost],
    [4401, unauthenticated],
    [4403, unauthorized],
    [4404, notFound],
  ];
  for (const [code, expected] of codes) {
    test(`with ${code} is ${expected ? "an onError and " : ""}one onClose`, async () => {
      /** @type {unknown[]} */
      const reported = [];
      const onError = (/** @type {unknown} */ error) => reported.push(error);
      const { socket, calls, closed, watcher, client } = connected({ onError });
      socket.end(code);
      await closed;
      const errors = calls.slice(1, -1);
      assert.deepEqual(calls, ["ready", ...errors, "closed"]);
      assert.equal(errors.length, expected ? 1 : 0);
      if (expected) isError(errors[0], expected);
      assert.deepEqual(reported, errors);
      socket.end(1006);
      watcher.stop();
      client.disconnect();
      await settled();
      assert.equal(calls.filter((call) => call === "closed").length, 1);
      assert.equal(requests.length, 0, "nothing has to be asked");
      assert.equal(sockets.length, 1);
    });
  }

  test("before it is open, by intent or with a refusal, needs no asking", async () => {
    for (const [code, expected] of /** @type {[number, object][]} */ ([
      [4401, unauthenticated],
      [4403, unauthorized],
      [4404, notFound],
      [1008, lost],
    ])) {
      sockets.length = 0;
      const { calls, closed } = watch();
      sockets[0]?.end(code);
      await closed;
      isError(calls[0], expected);
      assert.deepEqual(calls.slice(1), ["closed"]);
      assert.equal(requests.length, 0);
    }
  });
});

describe("a handshake that fails", () => {
  const info = '{"name":"b","values":0,"bytes":0,"history":1,"created_at":"2026-02-22T10:00:00Z"}';
  /** @type {[string, () => unknown, object][]} */
  const answers = [
    ["401", () => new Response('{"error":"no"}', { status: 401 }), unauthenticated],
    ["403", () => new Response('{"error":"no"}', { status: 403 }), unauthorized],
    ["404", () => new Response('{"error":"bucket not found"}', { status: 404 }), notFound],
    ["500", () => new Response("", { status: 500 }), lost],
    [
      "the bucket, as if nothing were wrong",
      () => new Response(info),
      { ...lost, message: /handshake failed.*does not negotiate the subprotocol ironflow\.v1/ },
    ],
    ["nothing, for it cannot be reached", () => Promise.reject(new TypeError("no")), lost],
  ];
  for (const [what, answer, expected] of answers) {
    test(`asks for the bucket, once; the answer is ${what}`, async () => {
      answerWith(answer);
      const { calls, closed } = watch({ auth: { apiKey: "key" }, environment: "staging" });
      sockets[0]?.end(1006);
      await closed;
      isError(calls[0], expected);
      assert.deepEqual(calls.slice(1), ["closed"]);
      assert.deepEqual(
        requests.map(({ method, url }) => `${method} ${url}`),
        [`GET ${SERVER}/api/v1/kv/buckets/b`],
      );
      assert.equal(requests[0]?.headers.get("Authorization"), "Bearer key");
      assert.equal(requests[0]?.headers.get("X-Ironflow-Environment"), "staging");
    });
  }

  test("is noticed if the platform emits only the error event, as Node 20 does", async () => {
    answerWith(() => new Response("{}", { status: 404 }));
    const { calls } = watch();
    sockets[0]?.fail();
    for (let n = 0; n < 100 && !calls.includes("closed"); n += 1) await settled();
    isError(calls[0], notFound);
    assert.deepEqual(calls.slice(1), ["closed"]);
    assert.equal(requests.length, 1);
  });

  test("and an answer that does not come is waited for as long as any other", async () => {
    answerWith(() => new Promise(() => {}));
    const { calls, closed } = watch({ timeout: 30 });
    sockets[0]?.end(1006);
    await closed;
    isError(calls[0], lost);
  });

  test("and a stop() while it asks is one onClose", async () => {
    let release = () => {};
    answerWith(
      () =>
        new Promise((resolve) => {
          release = () => resolve(new Response("{}", { status: 404 }));
        }),
    );
    const { calls, watcher } = watch();
    sockets[0]?.end(1006);
    await settled();
    watcher.stop();
    assert.deepEqual(calls, ["closed"]);
    release();
    await settled();
    assert.deepEqual(calls, ["closed"]);
  });

  test("or cannot even be tried is an onError and one onClose, not an exception", async () => {
    for (const broken of [
      undefined,
      class {
        constructor() {
          throw new DOMException("insecure", "SecurityError");
        }
      },
    ]) {
      globalThis.WebSocket = /** @type {any} */ (broken);
      const { calls, closed } = watch();
      assert.deepEqual(calls, []);
      await closed;
      isError(calls[0], lost);
      assert.deepEqual(calls.slice(1), ["closed"]);
    }
  });
});
