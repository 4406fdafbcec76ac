// The views behind the hooks, composables and stores: components that use the same bucket handle and filter share a
// view.

import { ValidationError } from "ironflow:errors";

/** How long a view stays open after the last component unmounts, in milliseconds: the component may remount soon. */
const GRACE = 1000;

const none = Object.freeze([]);

/** The snapshot before there is a view, or if there is an error instead. */
const empty = (status, error) => ({
  state: status === "loading" ? "connecting" : "disconnected",
  status,
  error,
  size: 0,
  get: () => undefined,
  has: () => false,
  keys: () => [],
  entries: () => none,
});
const loading = empty("loading");

/** The views of each bucket handle, by the id of their filter. */
const shared = new WeakMap();

/** A view and the components that use it. */
class Shared {
  subscribers = new Set();
  timer;

  constructor(bucket, key, persist) {
    try {
      this.view = bucket.view({ key, persist });
      this.view.subscribe(() => {
        for (const notify of [...this.subscribers]) notify();
      });
    } catch (error) {
      this.failure = empty("closed", error);
    }
  }

  get snapshot() {
    return this.failure ?? this.view.getSnapshot();
  }
}

/** A source without a view. */
const fixed = (snapshot) => ({ subscribe: () => () => {}, getSnapshot: () => snapshot });

/** Filters with equal contents share a view. */
export const idOf = (filter) => JSON.stringify(filter) ?? typeof filter;

const missing = (value) => value === undefined || value === null;

/**
 * The snapshots of a bucket's keys. The view is opened by `subscribe`, not before.
 *
 * @param {unknown} bucket
 * @param {unknown} filter a key, a pattern or several; by default all keys
 * @param {boolean} single whether the filter is one key, without which there is nothing to show
 * @param {unknown} persist the storage of the view; one of `hydrate()` has a snapshot to start with
 */
export function live(bucket, filter, single, persist) {
  if (missing(bucket) || (single && missing(filter))) return fixed(loading);
  if (typeof bucket.view !== "function") {
    const found = typeof bucket === "string" ? JSON.stringify(bucket) : typeof bucket;
    const message = `the first argument must be a bucket returned by kv.bucket(name): found ${found}`;
    return fixed(empty("closed", new ValidationError(message)));
  }
  const key = filter ?? undefined;
  const id = idOf(key);
  const start = persist?.snapshot ?? loading;
  const find = () => shared.get(bucket)?.get(id);
  return {
    subscribe(notify) {
      const views = shared.get(bucket) ?? new Map();
      shared.set(bucket, views);
      const old = views.get(id);
      let found = old;
      if (!found || found.snapshot.status === "closed") {
        clearTimeout(old?.timer);
        found = new Shared(bucket, key, persist);
        // The components of the closed view continue with the new one.
        if (old) found.subscribers = old.subscribers;
        views.set(id, found);
        for (const other of found.subscribers) other();
      }
      clearTimeout(found.timer);
      const { subscribers } = found;
      subscribers.add(notify);
      return () => {
        subscribers.delete(notify);
        const last = views.get(id);
        if (subscribers.size || last?.subscribers !== subscribers) return;
        last.timer = setTimeout(() => {
          last.view?.stop();
          if (views.get(id) === last) views.delete(id);
        }, GRACE);
      };
    },
    /** What a server renders. */
    start,
    getSnapshot: () => find()?.snapshot ?? start,
    view: () => find()?.view,
  };
}

/** The result for a list of keys. */
export const listOf = (data) => ({
  data,
  entries: data.entries(),
  status: data.status,
  error: data.error,
});

/** The result for one key. */
export function entryOf(data, key) {
  const entry = data.get(key);
  return { entry, value: entry?.value, status: data.status, error: data.error };
}
