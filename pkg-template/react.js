// Hooks for React: components that use the same bucket handle and filter share a view.

import { ValidationError } from "ironflow:errors";
import { useMemo, useSyncExternalStore } from "react";

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

  constructor(bucket, key) {
    try {
      this.view = bucket.view({ key });
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

/** A store without a view. */
const fixed = (snapshot) => ({ subscribe: () => () => {}, getSnapshot: () => snapshot });
const nothing = fixed(loading);

/** The arguments of useSyncExternalStore. Rendering opens no view, because React may discard the result. */
function storeOf(bucket, key, id) {
  const find = () => shared.get(bucket)?.get(id);
  return {
    subscribe(notify) {
      const views = shared.get(bucket) ?? new Map();
      shared.set(bucket, views);
      const old = views.get(id);
      let found = old;
      if (!found || found.snapshot.status === "closed") {
        clearTimeout(old?.timer);
        found = new Shared(bucket, key);
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
        if (subscribers.size > 0 || last?.subscribers !== subscribers) return;
        last.timer = setTimeout(() => {
          last.view?.stop();
          if (views.get(id) === last) views.delete(id);
        }, GRACE);
      };
    },
    getSnapshot: () => find()?.snapshot ?? loading,
  };
}

function useSnapshot(bucket, key, skip) {
  // Filters with equal contents share a view.
  const id = typeof key === "function" ? "function" : JSON.stringify(key);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `id` says what `key` is
  const { subscribe, getSnapshot } = useMemo(() => {
    if (skip || bucket === undefined || bucket === null) return nothing;
    if (typeof bucket.view === "function") return storeOf(bucket, key, id);
    const found = typeof bucket === "string" ? JSON.stringify(bucket) : typeof bucket;
    const message = `the first argument must be a bucket returned by kv.bucket(name): found ${found}`;
    return fixed(empty("closed", new ValidationError(message)));
  }, [bucket, id, skip]);
  return useSyncExternalStore(subscribe, getSnapshot, () => loading);
}

export function useKV(bucket, filter) {
  const data = useSnapshot(bucket, filter ?? undefined);
  return { data, entries: data.entries(), status: data.status, error: data.error };
}

export function useKVEntry(bucket, key) {
  const data = useSnapshot(bucket, key, key === undefined || key === null);
  const entry = data.get(key);
  return { entry, value: entry?.value, status: data.status, error: data.error };
}
