// Version 2 of the watch on the development server: what its connections do while keys expire, clients are slow, and
// the server restarts.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import WebSocket from "ws";
import { api } from "./support/api.mjs";
import { until } from "./support/cut-network.mjs";
import { packageDir, root } from "./support/paths.mjs";

/** @typedef {Record<string, any>} Frame */

const part = (/** @type {string} */ path) => import(pathToFileURL(path).href);
const { Life } = await part(join(root, "pkg-template/dev/life.js"));
const { Turns } = await part(join(root, "pkg-template/dev/replay.js"));
const { Session } = await part(join(root, "pkg-template/dev/session.js"));
globalThis.WebSocket = /** @type {any} */ (WebSocket);
const { serve } = await part(join(packageDir, "dev/index.mjs"));

/** A client's end of a connection. It takes frames only when `take` is called. */
class Socket extends EventEmitter {
  /** @type {Frame[]} */
  frames = [];
  bufferedAmount = 0;
  /** @type {(() => void)[]} */
  #sent = [];

  /** @param {string} text @param {() => void} [sent] */
  send(text, sent) {
    this.frames.push(JSON.parse(text));
    if (sent) this.#sent.push(sent);
  }

  /** @param {Frame} frame */
  receive(frame) {
    this.emit("message", Buffer.from(JSON.stringify(frame)), false);
  }

  /** Takes the frames that wait; what the server sends then comes with the next call. */
  async take() {
    const frames = this.frames.splice(0);
    for (const sent of this.#sent.splice(0)) sent();
    await new Promise((resolve) => setImmediate(resolve));
    return frames;
  }
}

/** A bucket with so many keys. */
function bucketOf({ keys = 0 } = {}) {
  const life = new Life("epoch", 1);
  const add = (/** @type {string} */ key, more = {}) =>
    life.add({ key, value: "", revision: life.revision + 1, operation: "put", ...more });
  for (let at = 0; at < keys; at += 1) add(`key-${at}`);
  const store = { kv: { bucket() {} }, lives: new Map([["b", life]]) };
  return { life, add, store };
}

/** A connection to a store. @param {import("node:test").TestContext} t @param {object} store */
function connect(t, store, turns = new Turns()) {
  const socket = new Socket();
  t.after(() => socket.emit("close"));
  new Session(socket, store, turns);
  return socket;
}

const types = (/** @type {Frame[]} */ frames) => frames.map(({ type }) => type);
const expiry = { operation: "delete", reason: "expired" };
const subscribe = { type: "subscribe", id: 1, name: "b" };

test("a client gets a replay one batch at a time, and live changes between two", async (t) => {
  const { add, store } = bucketOf({ keys: 1200 });
  const socket = connect(t, store);
  socket.receive({ ...subscribe, id: 2, keys: ["later"] });
  socket.receive({ ...subscribe, after: 0 });
  const first = await socket.take();
  assert.deepEqual(types(first), ["synced", "replay", "changes"]);
  assert.equal(first[1]?.total, 1200);
  add("later");
  add("key-1150");
  const second = await socket.take();
  assert.deepEqual(types(second), ["changes", "kv_update"]);
  const [changes, synced] = await socket.take();
  const events = [first[2], second[0], changes].flatMap((frame) => frame?.events);
  const revisions = events.map(({ revision }) => revision);
  assert.equal(new Set(revisions).size, 1201);
  assert.deepEqual(revisions.slice(-2), [1201, 1202]);
  assert.equal(synced?.revision, 1202);
});

test("the live keys are listed if a key expires during a replay", async (t) => {
  const { add, store } = bucketOf({ keys: 600 });
  const socket = connect(t, store);
  socket.receive({ ...subscribe, after: 0 });
  assert.equal(socket.frames[0]?.pruned, false);
  add("key-7", expiry);
  await socket.take();
  const [replay, changes, live, synced] = await socket.take();
  assert.deepEqual([replay?.type, replay?.pruned], ["replay", true]);
  assert.equal(changes?.events.length, 100);
  assert.equal(live?.keys.length, 599);
  assert.ok(!live?.keys.includes("key-7"));
  assert.deepEqual([synced?.pruned, synced?.revision], [true, 601]);
});

test("a replay whose client lacks the delete of an expired key is announced so", async (t) => {
  const { add, store } = bucketOf({ keys: 1 });
  const socket = connect(t, store);
  add("key-0", expiry);
  add("key-1");
  for (const [after, pruned] of /** @type {const} */ ([
    [1, true],
    [2, false],
    [0, false],
  ])) {
    socket.receive({ ...subscribe, id: after, after });
    const frames = await socket.take();
    const live = pruned ? ["live"] : [];
    assert.deepEqual(types(frames), ["replay", "changes", ...live, "synced"]);
    assert.deepEqual([frames[0]?.pruned, frames.at(-1)?.pruned], [pruned, pruned]);
  }
});

test("an unsubscribed replay ends, and its id may be used again", async (t) => {
  const { store } = bucketOf({ keys: 1200 });
  const socket = connect(t, store);
  socket.receive({ ...subscribe, after: 0 });
  socket.receive({ type: "unsubscribe", id: 1 });
  socket.receive({ ...subscribe, after: 1199 });
  assert.deepEqual(types(await socket.take()), ["replay", "changes"]);
  const frames = await socket.take();
  assert.deepEqual(types(frames), ["replay", "changes", "synced"]);
  assert.equal(frames[1]?.events[0].revision, 1200);
});

test("a client that takes nothing goes back to a replay, and others wait for it for a second only", async (t) => {
  const { add, store } = bucketOf({ keys: 600 });
  const turns = new Turns();
  const slow = Array.from({ length: 16 }, () => connect(t, store, turns));
  for (const socket of slow) socket.receive({ ...subscribe, after: 0 });
  const other = connect(t, store, turns);
  other.receive({ ...subscribe, after: 0 });
  assert.deepEqual(other.frames, []);
  await until(() => other.frames.length > 0);
  await other.take();
  await until(() => other.frames.at(-1)?.type === "synced");
  await other.take();

  other.bufferedAmount = 5 * 1024 * 1024;
  add("key-1");
  add("key-2");
  assert.deepEqual(types(await other.take()), ["replay"]);
  const frames = await other.take();
  assert.deepEqual(types(frames), ["replay", "changes", "synced"]);
  assert.deepEqual(
    frames[1]?.events.map((/** @type {Frame} */ { revision }) => revision),
    [601, 602],
  );
});

test("a connection that answers no ping is ended", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const server = await serve({ port: 0, buckets: ["b"] });
  t.after(() => server.stop());
  const address = `${server.url.replace("http", "ws")}/api/v1/kv/buckets/b/watch`;
  /** @param {string} version @param {boolean} autoPong */
  const open = async (version, autoPong) => {
    const socket = new WebSocket(address, [version], { autoPong });
    await once(socket, "open");
    return socket;
  };
  const dead = await Promise.all(["ironflow.v1", "ironflow.v2"].map((each) => open(each, false)));
  const closed = Promise.all(dead.map((socket) => once(socket, "close")));
  const alive = await open("ironflow.v2", true);
  for (let pings = 0; pings < 3; pings += 1) {
    const pinged = once(alive, "ping");
    t.mock.timers.tick(20_000);
    await pinged;
    // The server receives the pong before this.
    alive.send('{"type":"ping"}');
    await once(alive, "message");
  }
  for (const [code] of await closed) assert.equal(code, 1006);
  assert.equal(alive.readyState, WebSocket.OPEN);
});

test("a watch resumes after a restart of a server that keeps its data", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "ironflow-data-"));
  t.after(() => rmSync(dataDir, { recursive: true }));
  let server = await serve({ port: 0, dataDir, buckets: ["b"] });
  const port = Number(new URL(server.url).port);
  const reconnect = { maxAttempts: -1, backoff: { initial: 20, max: 20 } };
  const client = api.createClient({ serverUrl: server.url, logger: false, reconnect });
  t.after(() => client.disconnect());
  const bucket = client.kv().bucket("b");
  await bucket.put("a", "1");
  await bucket.put("b", "1");
  /** @type {string[]} */
  const events = [];
  const watcher = bucket.watch({
    onUpdate: ({ operation, key, revision }) => events.push(`${operation} ${key} ${revision}`),
  });
  await watcher.ready;
  await server.stop();
  // Another client writes before this one reconnects.
  server = await serve({ port: 0, dataDir });
  const other = api.createClient({ serverUrl: server.url }).kv().bucket("b");
  await other.delete("a");
  await other.put("b", "2");
  await server.stop();
  server = await serve({ port, dataDir });
  t.after(() => server.stop());
  await until(() => events.length === 2);
  assert.deepEqual(events, ["delete a 3", "put b 4"]);
});
