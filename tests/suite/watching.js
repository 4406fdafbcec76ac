// Watches: their callbacks, when each is called, and when none is called any more. Which changes are events,
// and in which order, are rules of the protocol: tests/conformance runs them on the same backends.

import { deepEqual, equal, isError, ok } from "./assert.js";
import { observe, watching as open } from "./context.js";
import { bucketNotFound } from "./expected.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./context.js").Event} Event
 */

/** @param {Event[]} events */
const summary = (events) =>
  events.map(({ key, operation, revision }) => `${key} ${operation} ${revision}`);

/** @type {import("./context.js").Cases} */
export const watching = {
  async "a watch emits every change, in order, with its revision"(t) {
    const { bucket } = await t.bucket();
    const seen = await open(bucket);
    await bucket.put("a", "1");
    await bucket.create("b", "2");
    await bucket.update("a", "3", 1);
    await bucket.delete("b");
    await bucket.purge("a");
    await bucket.create("b", "6");
    const events = await seen.received(6);
    deepEqual(summary(events), [
      "a put 1",
      "b put 2",
      "a put 3",
      "b delete 4",
      "a delete 5",
      "b put 6",
    ]);
    deepEqual(
      events.map((event) => event.text()),
      ["1", "2", "3", "", "", "6"],
    );
    deepEqual(seen.errors, []);
  },

  async "every watcher of a bucket gets every change"(t) {
    const { bucket, kv, name } = await t.bucket();
    const watches = [];
    for (let n = 0; n < 5; n += 1) watches.push(await open(kv.bucket(name)));
    await bucket.put("a", "1");
    await bucket.delete("a");
    for (const seen of watches) {
      deepEqual(summary(await seen.received(2)), ["a put 1", "a delete 2"]);
    }
    watches[0]?.watcher.stop();
    await bucket.put("b", "1");
    for (const seen of watches.slice(1)) await seen.received(3);
    equal(watches[0]?.events.length, 2);
  },

  async "watch() calls nothing back before it has returned"(t) {
    const { bucket } = await t.bucket();
    const seen = observe(bucket);
    deepEqual(seen.calls, []);
    await seen.ready();
    deepEqual(seen.calls, ["onReady"]);
  },

  async "stop() ends a watch at once: one onClose, and nothing after it"(t) {
    const { bucket } = await t.bucket();
    const seen = await open(bucket);
    const fence = await open(bucket);
    await bucket.put("a", "1");
    await seen.received(1);
    equal(seen.watcher.stop(), undefined);
    deepEqual(seen.calls, ["onReady", "onUpdate", "onClose"]);
    seen.watcher.stop();
    await bucket.put("a", "2");
    await fence.received(2);
    await bucket.get("a");
    deepEqual(seen.calls, ["onReady", "onUpdate", "onClose"]);
  },

  async "a watch stopped before it is open only closes"(t) {
    const { bucket } = await t.bucket();
    const seen = observe(bucket);
    seen.watcher.stop();
    deepEqual(seen.calls, ["onClose"]);
    const fence = await open(bucket);
    await bucket.put("a", "1");
    await fence.received(1);
    deepEqual(seen.calls, ["onClose"]);
  },

  async "stop() can be called from inside any callback"(t) {
    const { bucket, kv } = await t.bucket();
    const fence = await open(bucket);
    const ready = observe(bucket, {}, { onReady: () => ready.watcher.stop() });
    await ready.closed();
    const updated = observe(bucket, {}, { onUpdate: () => updated.watcher.stop() });
    await updated.ready();
    const failed = observe(
      kv.bucket(t.newBucketName()),
      {},
      { onError: () => failed.watcher.stop() },
    );
    await failed.closed();
    const closed = observe(bucket, {}, { onClose: () => closed.watcher.stop() });
    await closed.ready();
    closed.watcher.stop();
    // Written together, so that more changes than one are on their way to the callback.
    await Promise.all(["a", "b", "c"].map((key) => bucket.put(key, "1")));
    await fence.received(3);
    await updated.closed();
    deepEqual(ready.calls, ["onReady", "onClose"]);
    deepEqual(updated.calls, ["onReady", "onUpdate", "onClose"]);
    deepEqual(failed.calls, ["onError", "onClose"]);
    deepEqual(closed.calls, ["onReady", "onClose"]);
  },

  async "a callback may write, watch and disconnect"(t) {
    const { bucket, client } = await t.bucket();
    /** @type {Promise<unknown>[]} */
    const begun = [];
    const first = await open(
      bucket,
      { key: "a" },
      {
        onUpdate() {
          begun.push(bucket.put("b", "1"));
        },
      },
    );
    const second = await open(
      bucket,
      { key: "b" },
      {
        onUpdate() {
          observe(bucket);
          client.disconnect();
        },
      },
    );
    await bucket.put("a", "1");
    await second.closed();
    await Promise.all(begun);
    deepEqual(first.calls, ["onReady", "onUpdate", "onClose"]);
    deepEqual(second.calls, ["onReady", "onUpdate", "onClose"]);
  },

  async "callbacks are called as methods of the object they came in"(t) {
    const { bucket, kv, name } = await t.bucket();
    /** @type {unknown[]} */
    const seen = [];
    /** @type {() => void} */
    let closed = () => {};
    const over = new Promise((resolve) => {
      closed = () => resolve(undefined);
    });
    class Callbacks {
      onReady() {
        seen.push(this);
        bucket.put("a", "1");
      }
      onUpdate() {
        seen.push(this);
        kv.deleteBucket(name);
      }
      onError() {
        seen.push(this);
      }
      onClose() {
        seen.push(this);
        closed();
      }
    }
    const callbacks = new Callbacks();
    bucket.watch(callbacks);
    await over;
    deepEqual(
      seen.map((each) => each === callbacks),
      [true, true, true, true],
    );
  },

  async "what a callback throws is logged and harms neither its watch nor another"(t) {
    /** @type {any[]} */
    const logged = [];
    const thrown = new Error("a broken callback");
    const client = t.client({ logger: { error: (...values) => logged.push(values) } });
    const { bucket, kv, name } = await t.bucket({}, client);
    const other = await open(bucket);
    const fail = () => {
      throw thrown;
    };
    const failing = { onReady: fail, onUpdate: fail, onError: fail, onClose: fail };
    const seen = await open(bucket, {}, failing);
    const rejecting = await open(
      bucket,
      {},
      { onUpdate: () => /** @type {any} */ (Promise.reject(thrown)) },
    );
    await bucket.put("a", "1");
    await bucket.put("a", "2");
    for (const each of [seen, other, rejecting]) await each.received(2);
    rejecting.watcher.stop();
    await kv.deleteBucket(name);
    await seen.closed();
    await other.closed();
    deepEqual(seen.calls, ["onReady", "onUpdate", "onUpdate", "onError", "onClose"]);
    deepEqual(other.calls, seen.calls);
    for (const [message, detail] of logged) {
      equal(typeof message, "string");
      equal(detail, thrown);
    }
    equal(logged.length, 7);
  },

  async "deleting the bucket ends its watches: onError with HTTP_404, then onClose"(t) {
    const { bucket, kv, name } = await t.bucket();
    const all = await open(bucket);
    const some = await open(bucket, { key: "a.*" });
    await bucket.put("a.b", "1");
    for (const seen of [all, some]) await seen.received(1);
    await kv.deleteBucket(name);
    for (const seen of [all, some]) {
      await seen.closed();
      deepEqual(seen.calls, ["onReady", "onUpdate", "onError", "onClose"]);
      ok(seen.errors[0] instanceof t.IronflowError);
      isError(seen.errors[0], bucketNotFound);
    }
  },

  async "a watch of a missing bucket is onError with HTTP_404, then onClose"(t) {
    const seen = observe(t.client().kv().bucket(t.newBucketName()));
    await seen.closed();
    deepEqual(seen.calls, ["onError", "onClose"]);
    ok(seen.errors[0] instanceof t.IronflowError);
    equal(seen.errors[0].code, "HTTP_404");
    equal(seen.errors[0].status, 404);
    equal(seen.errors[0].retryable, false);
    seen.watcher.stop();
    deepEqual(seen.calls, ["onError", "onClose"]);
  },

  async "only onUpdate is needed: events without a callback are dropped"(t) {
    const { bucket, kv, name } = await t.bucket();
    const missing = kv.bucket(t.newBucketName());
    missing.watch({ onUpdate() {} });
    await observe(missing).closed();
    const seen = await open(bucket);
    /** @type {Event[]} */
    const events = [];
    bucket.watch({ onUpdate: (event) => events.push(event), onError: undefined });
    await bucket.put("a", "1");
    await seen.received(1);
    await kv.deleteBucket(name);
    await seen.closed();
  },

  async "the watches of a bucket share a socket, which outlives the last of them by a moment"(t) {
    if (!t.onServer) return;
    const { bucket } = await t.bucket();
    const sockets = t.sockets();
    const seen = await open(bucket);
    const narrow = await open(bucket, { key: "a.*" });
    seen.watcher.stop();
    narrow.watcher.stop();
    const again = await open(bucket, { key: ["a", "b"] });
    const [socket, ...others] = sockets;
    ok(socket && others.length === 0, "all of it over one socket");
    const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
    again.watcher.stop();
    equal(socket.readyState, WebSocket.OPEN);
    await closed;
    equal(sockets.length, 1);
  },

  async "disconnect() lets go of the sockets at once"(t) {
    if (!t.onServer) return;
    const { bucket, client } = await t.bucket();
    const sockets = t.sockets();
    const seen = await open(bucket);
    const { bucket: another } = await t.bucket({}, client);
    const unopened = observe(another);
    client.disconnect();
    deepEqual(seen.calls, ["onReady", "onClose"]);
    deepEqual(unopened.calls, ["onClose"]);
    // On version 2 of the wire the buckets share one.
    equal(sockets.length, sockets[0]?.protocol === "ironflow.v2" ? 1 : 2);
    deepEqual(
      sockets.filter(({ readyState }) => readyState < WebSocket.CLOSING),
      [],
    );
  },
};
