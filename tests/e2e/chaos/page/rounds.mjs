/**
 * What the leak tests do in a page, round by round. A round leaves nothing behind, unless it is told to: then
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

/** On a server that is a double. @param {(bucket: Bucket) => Promise<void>} act */
async function onServer(act) {
  const uninstall = install();
  const client = createClient({ serverUrl: "http://kv.example.com", logger: false });
  await act(client.kv().bucket("b"));
  client.disconnect();
  await settled();
  sockets.length = 0;
  uninstall();
}

/**
 * Starts watches and stops them, at once or a little later.
 *
 * @param {Bucket} bucket
 * @param {number} count
 * @param {"callbacks" | "watches"} [leak] what is left of each
 */
async function cycle(bucket, count, leak) {
  for (let n = 0; n < count; n += 1) {
    const callbacks = { onUpdate() {}, onError() {}, onClose() {} };
    const watcher = bucket.watch(callbacks, { key: KEYS[n % KEYS.length] });
    if (n % 10 === 0) await settled();
    if (leak === "callbacks") kept.push(callbacks);
    if (leak !== "watches") watcher.stop();
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
    let heard = 0;
    const onUpdate = () => {
      heard += 1;
    };
    bucket.watch({ onUpdate });
    bucket.watch({ onUpdate }, { key: "key.*" });
    await settled();
    for (let n = 0; n < count / 2; n += 1) await bucket.put(KEYS[n % KEYS.length] ?? "", "value");
    await settled();
    if (heard !== count) throw new Error(`${heard} of ${count} events`);
  });

/** Frames, each of which is an event for one watcher. @param {number} count @param {"events"} [leak] */
export const eventsOnServer = (count, leak) =>
  onServer(async (bucket) => {
    let heard = 0;
    bucket.watch({
      onUpdate(event) {
        heard += 1;
        if (leak) kept.push(event);
      },
    });
    await settled();
    const [socket] = sockets;
    socket.accept();
    await settled();
    for (let n = 0; n < count; n += 1) {
      const key = KEYS[n % KEYS.length];
      socket.frame(
        `{"type":"kv_update","key":"${key}","value":"dmFsdWU=","revision":${n + 1},"operation":"put","bucket":"b"}`,
      );
      if (n % 1_000 === 0) await settled();
    }
    await settled();
    if (heard !== count) throw new Error(`${heard} of ${count} events`);
  });
