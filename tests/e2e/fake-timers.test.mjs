// Nothing the client does depends on queueMicrotask or process.nextTick, which fake timers replace.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { api, failure } from "./support/api.mjs";
import { install, sockets } from "./support/fake-websocket.mjs";
import { isError, SERVER, watch } from "./support/watched.mjs";

const { fetch, queueMicrotask } = globalThis;
const { nextTick } = process;

/** Answers every request with this status and body. @param {number} status @param {object} body */
function answerWith(status, body) {
  const text = async () => JSON.stringify(body);
  globalThis.fetch = /** @type {any} */ (async () => ({ status, text }));
}

let uninstall = () => {};
beforeEach(() => {
  uninstall = install();
  // As fake timers that are never advanced.
  globalThis.queueMicrotask = () => {};
  process.nextTick = () => {};
});
afterEach(() => {
  uninstall();
  Object.assign(globalThis, { fetch, queueMicrotask });
  process.nextTick = nextTick;
});

const onServer = () => api.createClient({ serverUrl: SERVER, retry: false, logger: false });
const inMemory = () => api.createClient({ transport: "memory", memory: { buckets: ["b"] } });

const entry = { key: "k", value: "MQ==", revision: 7, created_at: "", operation: "put" };

/** @type {Record<string, () => Promise<void>>} */
const cases = {
  async "an operation with a bad argument is rejected"() {
    isError(await failure(inMemory().kv().bucket("b").get("")), { code: "VALIDATION_ERROR" });
  },

  async "an operation that the memory transport refuses is rejected"() {
    isError(await failure(inMemory().kv().bucket("b").get("missing")), { code: "HTTP_404" });
  },

  async "an operation that the server refuses is rejected"() {
    answerWith(403, { error: "no" });
    isError(await failure(onServer().kv().bucket("b").get("k")), { code: "UNAUTHORIZED" });
  },

  async "an operation on a server resolves"() {
    answerWith(200, entry);
    assert.equal((await onServer().kv().bucket("b").get("k")).revision, 7);
  },

  async "modify resolves in memory and on a server"() {
    assert.deepEqual(
      await inMemory()
        .kv()
        .bucket("b")
        .modify("k", () => "1"),
      { revision: 1 },
    );
    answerWith(200, entry);
    assert.deepEqual(
      await onServer()
        .kv()
        .bucket("b")
        .modify("k", () => "1"),
      { revision: 7 },
    );
  },

  async "a watcher in memory is ready and delivers"() {
    const bucket = inMemory().kv().bucket("b");
    const watcher = bucket.watch({ key: "k" });
    await watcher.ready;
    await bucket.put("k", "1");
    for await (const event of watcher) {
      assert.equal(event.revision, 1);
      break;
    }
    watcher.stop();
  },

  async "a watcher whose signal is aborted before it begins closes"() {
    const signal = AbortSignal.abort();
    await new Promise((resolve) => {
      const callbacks = { onUpdate() {}, onClose: () => resolve(undefined) };
      inMemory().kv().bucket("b").watch(callbacks, { signal });
    });
  },

  async "a watcher on a server is ready, and closes when the server finishes"() {
    const { watcher, closed, calls } = watch();
    sockets[0]?.accept();
    await watcher.ready;
    sockets[0]?.end(1000);
    await closed;
    assert.deepEqual(calls, ["ready", "closed"]);
  },

  async "a watcher that cannot open a WebSocket closes"() {
    globalThis.WebSocket = /** @type {any} */ (undefined);
    const { closed } = watch();
    await closed;
  },

  async "a view notifies its subscribers"() {
    const bucket = inMemory().kv().bucket("b");
    const view = bucket.view();
    await view.ready;
    const notified = new Promise((resolve) => view.subscribe(() => resolve(undefined)));
    const { revision } = await bucket.put("k", "1");
    await notified;
    await view.waitFor(revision);
    assert.equal(view.get("k")?.revision, revision);
    view.stop();
  },
};

describe("with fake queueMicrotask and nextTick", () => {
  for (const [name, run] of Object.entries(cases)) test(name, { timeout: 60_000 }, run);
});
