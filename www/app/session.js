/**
 * What the whole page works on: one client, and one of its buckets. The panels know nothing of each
 * other; they change this, and hear of changes.
 *
 * @typedef {import("@ironflow/browser").IronflowClient} IronflowClient
 * @typedef {import("@ironflow/browser").BrowserKVBucketHandle} BrowserKVBucketHandle
 * @typedef {import("@ironflow/browser").KVWatchEvent} KVWatchEvent
 *
 * @typedef {object} Events
 * @property {undefined} connected  another client: nothing of the old one holds any more
 * @property {undefined} bucket     another bucket, or none
 * @property {undefined} changed    this page wrote to the bucket, or created or deleted one
 * @property {undefined} answered   the server answered
 * @property {KVWatchEvent} event   the watch saw a change
 */

/** @type {IronflowClient | undefined} */
let client;
/** @type {string | undefined} */
let bucketName;
/** @type {{ [K in keyof Events]?: ((detail: Events[K]) => void)[] }} */
const listeners = {};

/**
 * @template {keyof Events} K
 * @param {K} event
 * @param {(detail: Events[K]) => void} listener
 */
export function on(event, listener) {
  /** @type {((detail: Events[K]) => void)[]} */
  const all = listeners[event] ?? [];
  all.push(listener);
  listeners[event] = /** @type {typeof listeners[K]} */ (all);
}

/**
 * @template {keyof Events} K
 * @param {K} event
 * @param {Events[K]} detail
 */
function emit(event, detail) {
  for (const listener of listeners[event] ?? []) listener(detail);
}

/** Goes on with another client; the last one's watches end. @param {IronflowClient} next */
export function useClient(next) {
  client?.disconnect();
  client = next;
  bucketName = undefined;
  emit("connected", undefined);
  emit("bucket", undefined);
}

/** The key-value client, once there is a connection. */
export function kv() {
  return client?.kv();
}

/** Goes on with another bucket. @param {string | undefined} name */
export function useBucket(name) {
  if (name === bucketName) return;
  bucketName = name;
  emit("bucket", undefined);
}

/** The name of the bucket that is open. */
export function openBucket() {
  return bucketName;
}

/** The bucket that is open. @returns {BrowserKVBucketHandle} */
export function bucket() {
  if (!client || bucketName === undefined) throw new Error("no bucket is open");
  return client.kv().bucket(bucketName);
}

export const announceAnswer = () => emit("answered", undefined);
export const announceChange = () => emit("changed", undefined);
export const announceEvent = (/** @type {KVWatchEvent} */ event) => emit("event", event);
