import { createClient } from "@ironflow/browser";

/**
 * The state that all panels share: a client, the open bucket, and the filter. Panels do not call each other; they
 * change this state and subscribe to its events.
 *
 * @typedef {import("@ironflow/browser").IronflowClient} IronflowClient
 * @typedef {import("@ironflow/browser").BrowserKVBucketHandle} BrowserKVBucketHandle
 * @typedef {import("@ironflow/browser").IronflowConfigOptions} IronflowConfigOptions
 * @typedef {import("@ironflow/browser").KVBucketInfo} KVBucketInfo
 * @typedef {import("@ironflow/browser").KVWatchEvent} KVWatchEvent
 * @typedef {import("@ironflow/browser").KVWatchState} KVWatchState
 *
 * @typedef {object} Place  a server or a store in memory
 * @property {"memory" | "here" | "other"} kind
 * @property {string} name  for people
 * @property {IronflowConfigOptions} options
 *
 * @typedef {object} Live  the state of the open bucket's watch; without state: there is no watch
 * @property {KVWatchState} [state]
 * @property {unknown} [error]
 *
 * @typedef {object} Events
 * @property {undefined} connected    the page has a new client
 * @property {undefined} bucket       another bucket was opened, or the open one closed
 * @property {undefined} filter       the filter changed
 * @property {undefined} changed      this page wrote to the bucket, or created or deleted one
 * @property {undefined} answered     the server responded
 * @property {KVBucketInfo[]} buckets the buckets were listed
 * @property {undefined} view         the view of the open bucket changed or was replaced
 * @property {KVWatchEvent} event     the watch emitted a change
 * @property {Live} live              the state of the watch changed
 * @property {unknown} problem        the watch reported an error
 * @property {undefined} written      the other client wrote
 * @property {boolean} plug           the plug was pulled or put back
 */

/** @type {Place | undefined} */
let place;
/** @type {IronflowClient | undefined} */
let client;
/** @type {string | undefined} */
let bucketName;
/** Whether the open bucket is known to be missing. */
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

/** The options of every client of the page. */
const common = /** @satisfies {IronflowConfigOptions} */ ({
  // The page shows every error, so the client does not need to log them.
  logger: false,
  timeout: 10_000,
  reconnect: { maxAttempts: -1, backoff: { initial: 500, max: 4000 } },
});

/** The options of a client for a place. @param {Place} at @returns {IronflowConfigOptions} */
export const optionsOf = (at) => ({ ...common, ...at.options });

/** Creates a client. @param {Place} at */
export const clientOf = (at) => createClient(optionsOf(at));

/** Switches to another server or store, and ends the previous client's watches. @param {Place} at @param {IronflowClient} through */
export function moveTo(at, through) {
  client?.disconnect();
  place = at;
  client = through;
  bucketName = undefined;
  emit("connected", undefined);
  emit("bucket", undefined);
}

/** The current server or store, undefined before the first connection. */
export const currentPlace = () => place;

/** The key-value client. */
export function kv() {
  if (!client) throw new Error("There is no connection yet: connect first.");
  return client.kv();
}

/**
 * Opens another bucket.
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

/** Reopens the open bucket after its creation. */
export function reopenBucket() {
  missing = false;
  emit("bucket", undefined);
  emit("changed", undefined);
}

/** The name of the bucket that is open. */
export const openBucket = () => bucketName;

/** Whether the open bucket is known to be missing. */
export const isMissing = () => missing;

/** The handle of the open bucket. @returns {BrowserKVBucketHandle} */
export function bucket() {
  if (!client || bucketName === undefined) throw new Error("no bucket is open");
  return client.kv().bucket(bucketName);
}

/** Changes the filter. @param {string} next a pattern; empty: all keys */
export function setFilter(next) {
  if (next === pattern) return;
  pattern = next;
  emit("filter", undefined);
}

export const filter = () => pattern;
