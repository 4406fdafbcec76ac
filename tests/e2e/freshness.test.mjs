// Freshness: when watches and views were last known to be complete.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { api } from "./support/api.mjs";
import { install, sockets } from "./support/fake-websocket.mjs";
import { connected, settled, watch } from "./support/watched.mjs";

const { now } = Date;

/** What the wall clock shows. */
let time = 0;
let uninstall = () => {};
beforeEach(() => {
  time = 1000;
  Date.now = () => time;
  uninstall = install();
});
afterEach(() => {
  Date.now = now;
  // The server is done: no watch keeps the process alive.
  for (const socket of sockets) socket.end(1000);
  uninstall();
});

const update = (/** @type {number} */ revision, bucket = "b") => ({
  type: "kv_update",
  key: "a",
  value: "MQ==",
  revision,
  operation: "put",
  bucket,
  name: bucket,
});

/** A watch of bucket `b` on version 2 of the wire, whose subscription is not synced yet. */
async function subscribed() {
  const made = watch();
  const [socket] = sockets;
  assert.ok(socket);
  socket.accept("ironflow.v2");
  await settled();
  return { ...made, socket };
}

const synced = { type: "synced", id: 1, revision: 3, epoch: "e", reset: false, pruned: false };

describe("freshAsOf of a watch", () => {
  test("is undefined before it was complete", async () => {
    const { watcher } = watch();
    assert.equal(watcher.freshAsOf, undefined);
    assert.equal((await subscribed()).watcher.freshAsOf, undefined, "not synced yet");
  });

  test("on version 1 is when the last frame came, and stays after the connection is lost", async () => {
    const { socket, watcher, closed } = connected();
    await settled();
    assert.equal(watcher.freshAsOf, 1000, "when the socket opened");
    time = 5000;
    assert.equal(watcher.freshAsOf, 1000);
    socket.frame(update(1));
    assert.equal(watcher.freshAsOf, 5000);
    time = 6000;
    socket.frame("broken");
    socket.frame({ type: "error", message: "no" });
    assert.equal(watcher.freshAsOf, 5000, "a problem shows nothing");
    socket.end(1006);
    await closed;
    assert.equal(watcher.freshAsOf, 5000);
  });

  test("on version 2 is when a frame of the bucket or a tick with its revision came", async () => {
    const { socket, watcher } = await subscribed();
    /** @type {[object, number][]} */
    const frames = [
      [synced, 2000],
      [update(4), 3000],
      [{ type: "tick", revisions: { b: 4 } }, 4000],
      [{ type: "tick", revisions: { other: 9 } }, 4000],
      [{ type: "tick" }, 4000],
      [update(9, "other"), 4000],
    ];
    for (const [n, [frame, expected]] of frames.entries()) {
      time = 2000 + n * 1000;
      socket.frame(frame);
      assert.equal(watcher.freshAsOf, expected, JSON.stringify(frame));
    }
    watcher.stop();
    time = 9000;
    assert.equal(watcher.freshAsOf, 4000, "after stop()");
  });

  test("is known in onReady", async () => {
    const client = api.createClient({ transport: "memory", memory: { autoCreate: true } });
    /** @type {number | undefined} */
    let known;
    const watcher = client
      .kv()
      .bucket("b")
      .watch({
        onUpdate() {},
        onReady() {
          known = watcher.freshAsOf;
        },
      });
    await watcher.ready;
    assert.equal(known, 1000);
    watcher.stop();
  });

  test("in memory is now, until the watch ends", async () => {
    const client = api.createClient({ transport: "memory", memory: { autoCreate: true } });
    const watcher = client.kv().bucket("b").watch({});
    await watcher.ready;
    time = 7000;
    assert.equal(watcher.freshAsOf, 7000);
    watcher.stop();
    await settled();
    time = 9000;
    assert.equal(watcher.freshAsOf, 7000);
  });

  test("is never in the future, where the wall clock is set back", async () => {
    const { watcher } = connected();
    await settled();
    time = 400;
    assert.equal(watcher.freshAsOf, 400);
  });
});

describe("freshAsOf of a view", () => {
  test("is that of its entries, also while the client's new configuration has delivered none", async () => {
    const client = api.createClient({ transport: "memory", memory: { autoCreate: true } });
    const view = client.kv().bucket("b").view();
    assert.equal(view.freshAsOf, undefined);
    await view.ready;
    time = 2000;
    assert.equal(view.freshAsOf, 2000);
    client.configure({ serverUrl: "http://kv.example.com:9123", logger: false });
    time = 3000;
    assert.equal(view.freshAsOf, 2000);
    view.stop();
  });

  test("of persisted entries is that of when they were stored, and never in the future", async () => {
    for (const [stored, expected] of [
      [600, 600],
      [5000, 1000],
    ]) {
      const storage = {
        scope: "user",
        async clear() {},
        /** @param {any} view */
        open(view) {
          const kept = { synced() {}, update() {} };
          queueMicrotask(() => view.load(kept, [], stored));
          return kept;
        },
      };
      const { client } = watch();
      const view = client
        .kv()
        .bucket("b")
        .view({ persist: /** @type {any} */ (storage) });
      await view.ready;
      assert.deepEqual([view.status, view.freshAsOf], ["stale", expected]);
      view.stop();
    }
  });
});
