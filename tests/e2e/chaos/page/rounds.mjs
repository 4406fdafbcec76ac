/**
 * The rounds of the leak tests, in a page. A round leaves nothing behind, unless it should leak: then
 * something small is left of every cycle.
 */

// @ts-expect-error: where the site has it
import { install, sockets } from "/fake-websocket.mjs";
// @ts-expect-error: where the site has it
import * as api from "/pkg/index.js";

/** @type {typeof import("@ironflow/browser")} */
const { createClient } = api;

const KEYS = Array.from({ length: 100 }, (_, n) => `key.${n}`);

/** What is leaked where something is to be. @type {unknown[]} */
const kept = [];

/** Everything that could still happen has happened. A timer would be throttled. */
function settled() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(undefined);
  });
}

/** @typedef {import("@ironflow/browser").BrowserKVBucketHandle} Bucket */

/** @param {(bucket: Bucket) => Promise<void>} act @param {boolean} [leak] the client */
async function inMemory(act, leak) {
  const client = createClient({ transport: "memory", logger: false });
  await client.kv().createBucket({ name: "b" });
  await act(client.kv().bucket("b"));
  if (leak) kept.push(client);
  else client.disconnect();
  await settled();
}

/** What the double of a server answers, by the end of the path. @type {[RegExp, object][]} */
const ANSWERS = [
  [/\/keys$/, { keys: ["key.1"], count: 1 }],
  [
    /\/keys\/[^/]+$/,
    {
      key: "key.1",
      value: "dmFsdWU=",
      revision: 1,
      created_at: "2026-02-22T10:00:00Z",
      operation: "put",
    },
  ],
  [/\/b$/, { name: "b", values: 1, bytes: 30, history: 1, created_at: "2026-02-22T10:00:00Z" }],
];

/** On a server that is a double. @param {(bucket: Bucket) => Promise<void>} act */
async function onServer(act) {
  const uninstall = install();
  const { fetch } = globalThis;
  globalThis.fetch = async (request) => {
    const { pathname } = new URL(request instanceof Request ? request.url : request);
    return Response.json(ANSWERS.find(([path]) => path.test(pathname))?.[1]);
  };
  const client = createClient({ serverUrl: "http://kv.example.com", logger: false });
  await act(client.kv().bucket("b"));
  client.disconnect();
  await settled();
  sockets.length = 0;
  globalThis.fetch = fetch;
  uninstall();
}

/**
 * Starts a watch of one kind or another, and gives what ends it.
 *
 * @param {Bucket} bucket
 * @param {number} n
 * @param {import("@ironflow/browser").KVWatchCallbacks} callbacks
 */
function start(bucket, n, callbacks) {
  const key = KEYS[n % KEYS.length] ?? "";
  const controller = new AbortController();
  /** @type {import("@ironflow/browser").KVWatcher} */
  let watcher;
  switch (n % 5) {
    case 0:
      watcher = bucket.watch(callbacks, { key });
      break;
    case 1:
      watcher = bucket.watch(callbacks, { key: [key, "key.*", ">"] });
      break;
    case 2:
      watcher = bucket.watch(callbacks, { key, initial: true });
      break;
    case 3:
      bucket.watch(callbacks, { key, signal: controller.signal });
      return () => controller.abort();
    default:
      watcher = bucket.watch({ key });
      watcher[Symbol.asyncIterator]().next();
  }
  return () => watcher.stop();
}

/**
 * Starts watches and ends them, at once or a little later.
 *
 * @param {Bucket} bucket
 * @param {number} count
 * @param {"callbacks" | "watches"} [leak] what is left of each
 */
async function cycle(bucket, count, leak) {
  for (let n = 0; n < count; n += 1) {
    const callbacks = { onUpdate() {}, onError() {}, onClose() {} };
    const end = start(bucket, n, callbacks);
    if (n % 7 === 0) {
      for (const socket of sockets) if (socket.readyState === 0) socket.accept();
      await settled();
    }
    if (leak === "callbacks") kept.push(callbacks);
    if (leak !== "watches") end();
  }
}

/** @param {number} count @param {"callbacks" | "watches"} [leak] */
export const watchesInMemory = (count, leak) =>
  inMemory((bucket) => cycle(bucket, count, leak), leak === "watches");

/** @param {number} count */
export const watchesOnServer = (count) => onServer((bucket) => cycle(bucket, count));

/** Puts, each of which is an event for two watchers. @param {number} count of events */
export const eventsInMemory = (count) =>
  inMemory(async (bucket) => {
    let received = 0;
    const onUpdate = () => {
      received += 1;
    };
    bucket.watch({ onUpdate });
    bucket.watch({ onUpdate }, { key: "key.*" });
    await settled();
    for (let n = 0; n < count / 2; n += 1) await bucket.put(KEYS[n % KEYS.length] ?? "", "value");
    await settled();
    if (received !== count) throw new Error(`${received} of ${count} events`);
  });

/** Frames, each of which is an event for one watcher. @param {number} count @param {"events"} [leak] */
export const eventsOnServer = (count, leak) =>
  onServer(async (bucket) => {
    let received = 0;
    const ready = new Promise((resolve) => {
      bucket.watch({
        onReady: () => resolve(undefined),
        onUpdate(event) {
          received += 1;
          if (leak) kept.push(event);
        },
      });
    });
    const [socket] = sockets;
    socket.accept();
    await ready;
    for (let n = 0; n < count; n += 1) {
      const key = KEYS[n % KEYS.length];
      socket.frame(
        `{"type":"kv_update","key":"${key}","value":"dmFsdWU=","revision":${n + 2},"operation":"put","bucket":"b"}`,
      );
      if (n % 1_000 === 0) await settled();
    }
    await settled();
    if (received !== count) throw new Error(`${received} of ${count} events`);
  });
