// The views behind the hooks, composables and stores: components that use the same bucket handle and filter share a
// view.

import { ValidationError } from "ironflow:errors";

/** How long a view stays open after the last component unmounts, in milliseconds: the component may remount soon. */
const GRACE = 1000;

const none = Object.freeze([]);

/** The snapshot before there is a view, or if there is an error instead. */
const empty = (error) => ({
  state: error ? "disconnected" : "connecting",
  status: error ? "closed" : "loading",
  error,
  size: 0,
  get: () => undefined,
  has: () => false,
  keys: () => [],
  entries: () => none,
});
const loading = empty();

/** The views of each bucket handle, by the id of their filter. */
const shared = new WeakMap();

/** A view and the components that use it. */
function newShared(bucket, key, options, subscribers = new Set()) {
  try {
    const view = bucket.view({ ...options, key });
    view.subscribe(() => {
      for (const notify of [...subscribers]) notify();
    });
    return { subscribers, view, getSnapshot: () => view.getSnapshot() };
  } catch (error) {
    const failure = empty(error);
    return { subscribers, getSnapshot: () => failure };
  }
}

/** Filters with equal contents share a view. */
export const idOf = (filter) => JSON.stringify(filter) ?? typeof filter;

/** The snapshot before there is a view. */
function startOf(bucket, options) {
  if (bucket === undefined) return loading;
  if (bucket.view) return options?.persist?.snapshot ?? loading;
  const found = typeof bucket === "string" ? JSON.stringify(bucket) : typeof bucket;
  const message = `the first argument must be a bucket returned by kv.bucket(name): found ${found}`;
  return empty(new ValidationError(message));
}

/**
 * The snapshots of a bucket's keys. The view is opened by `subscribe`, not before.
 *
 * @param {unknown} given the bucket
 * @param {unknown} filter a key, a pattern or several; by default all keys
 * @param {boolean} single whether the filter is one key, without which there is nothing to show
 * @param {any} options of the view; a storage of `hydrate()` has a snapshot to start with
 */
export function live(given, filter, single, options) {
  const key = filter ?? undefined;
  const bucket = single && key === undefined ? undefined : (given ?? undefined);
  const id = idOf(key);
  const start = startOf(bucket, options);
  const find = () => shared.get(bucket)?.get(id);
  const getSnapshot = () => find()?.getSnapshot() ?? start;
  return {
    /** What a server renders. */
    start,
    getSnapshot,
    subscribe(notify) {
      if (!bucket?.view) return () => {};
      const views = shared.get(bucket) ?? new Map();
      shared.set(bucket, views);
      let found = views.get(id);
      clearTimeout(found?.timer);
      if (!found || found.getSnapshot().status === "closed") {
        // The components of a closed view continue with the new one.
        found = newShared(bucket, key, options, found?.subscribers);
        views.set(id, found);
        for (const other of found.subscribers) other();
      }
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
    /** `mutate` of the view; of a single key without the key. */
    async mutate(...change) {
      const view = find()?.view;
      if (view) return single ? view.mutate(key, ...change) : view.mutate(...change);
      throw (
        getSnapshot().error ??
        new ValidationError("mutate() needs a bucket, a key and a mounted component")
      );
    },
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
