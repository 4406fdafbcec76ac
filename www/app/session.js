import { createClient } from "@ironflow/browser";

/**
 * What the whole page works on: a client, one of its buckets, and which of its keys. The panels know
 * nothing of each other; they change this, and hear of changes.
 *
 * @typedef {import("@ironflow/browser").IronflowClient} IronflowClient
 * @typedef {import("@ironflow/browser").BrowserKVBucketHandle} BrowserKVBucketHandle
 * @typedef {import("@ironflow/browser").IronflowConfigOptions} IronflowConfigOptions
 * @typedef {import("@ironflow/browser").KVBucketInfo} KVBucketInfo
 * @typedef {import("@ironflow/browser").KVWatchEvent} KVWatchEvent
 * @typedef {import("@ironflow/browser").KVWatchState} KVWatchState
 *
 * @typedef {object} Place  where the data lives
 * @property {"memory" | "here" | "other"} kind
 * @property {string} name  in words
 * @property {IronflowConfigOptions} options
 *
 * @typedef {object} Live  how the watch of the open bucket is doing; no state: there is none
 * @property {KVWatchState} [state]
 * @property {unknown} [error]
 *
 * @typedef {object} Events
 * @property {undefined} connected    another client: nothing of the old one holds any more
 * @property {undefined} bucket       another bucket, or none
 * @property {undefined} filter       another pattern
 * @property {undefined} changed      this page wrote to the bucket, or created or deleted one
 * @property {undefined} answered     the server answered
 * @property {KVBucketInfo[]} buckets the buckets there are
 * @property {undefined} view         the replica of the open bucket's keys changed, or is another
 * @property {KVWatchEvent} event     the watch saw a change
 * @property {Live} live              the state of the watch changed
 * @property {unknown} problem        the watch had a problem
 * @property {undefined} written      the other client wrote
 * @property {boolean} plug           it was pulled, or put back
 */

/** @type {Place | undefined} */
let place;
/** @type {IronflowClient | undefined} */
let client;
/** @type {string | undefined} */
let bucketName;
/** Whether the open bucket is not there, as far as is known. */
let missing = false;
let pattern = "";
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
export function emit(event, detail) {
  for (const listener of listeners[event] ?? []) listener(detail);
}

/** What every client of the page is made with. */
const common = /** @satisfies {IronflowConfigOptions} */ ({
  // The page shows every error itself; without this the client would write them to the console too.
  logger: false,
  timeout: 10_000,
  reconnect: { maxAttempts: -1, backoff: { initial: 500, max: 4000 } },
});

/** A client of its own. @param {Place} at */
export const clientOf = (at) => createClient({ ...common, ...at.options });

/** Goes on at another place; the last client's watches end. @param {Place} at @param {IronflowClient} through */
export function moveTo(at, through) {
  client?.disconnect();
  place = at;
  client = through;
  bucketName = undefined;
  emit("connected", undefined);
  emit("bucket", undefined);
}

/** Where the data lives, once there is a connection. */
export const currentPlace = () => place;

/** The key-value client. */
export function kv() {
  if (!client) throw new Error("There is no connection yet: connect first.");
  return client.kv();
}

/**
 * Goes on with another bucket.
 *
 * @param {string | undefined} name
 * @param {boolean} [exists]
 */
export function useBucket(name, exists = true) {
  if (name === bucketName) return;
  bucketName = name;
  missing = !exists;
  emit("bucket", undefined);
}

/** Looks at the open bucket anew: it has been created meanwhile. */
export function reopenBucket() {
  missing = false;
  emit("bucket", undefined);
  emit("changed", undefined);
}

/** The name of the bucket that is open. */
export const openBucket = () => bucketName;

/** Whether it is known not to be there. */
export const isMissing = () => missing;

/** The bucket that is open. @returns {BrowserKVBucketHandle} */
export function bucket() {
  if (!client || bucketName === undefined) throw new Error("no bucket is open");
  return client.kv().bucket(bucketName);
}

/** Goes on with other keys. @param {string} next a pattern; empty: all keys */
export function setFilter(next) {
  if (next === pattern) return;
  pattern = next;
  emit("filter", undefined);
}

export const filter = () => pattern;
