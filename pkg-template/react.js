// Hooks for React: components that use the same bucket handle and filter share a view.

import { useMemo, useSyncExternalStore } from "react";

/** How long a view outlives the last component, in milliseconds: it may be put back at once. */
const GRACE = 1000;

const none = Object.freeze([]);

/** What there is before there is a view, or where there is an error instead. */
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

/** The views of each bucket handle, by what they are of. */
const shared = new WeakMap();

/** A view and the components that use it. */
class Shared {
  users = 0;
  timer;

  constructor(bucket, key) {
    try {
      this.view = bucket.view({ key });
    } catch (error) {
      this.failure = empty("closed", error);
    }
  }

  get snapshot() {
    return this.failure ?? this.view.getSnapshot();
  }
}

/** What useSyncExternalStore takes. Rendering opens nothing: what is rendered may never be shown. */
function storeOf(bucket, id) {
  let held;
  const find = () => shared.get(bucket)?.get(id);
  return {
    subscribe(notify) {
      const views = shared.get(bucket) ?? new Map();
      shared.set(bucket, views);
      let found = views.get(id);
      if (!found || found.snapshot.status === "closed") {
        clearTimeout(found?.timer);
        found = new Shared(bucket, JSON.parse(id) ?? undefined);
        views.set(id, found);
      }
      clearTimeout(found.timer);
      found.users += 1;
      held = found;
      const unsubscribe = found.view?.subscribe(notify);
      return () => {
        unsubscribe?.();
        if (held === found) held = undefined;
        found.users -= 1;
        if (found.users > 0) return;
        found.timer = setTimeout(() => {
          found.view?.stop();
          if (views.get(id) === found) views.delete(id);
        }, GRACE);
      };
    },
    getSnapshot: () => (held ?? find())?.snapshot ?? loading,
  };
}

function useSnapshot(bucket, key) {
  // Filters that say the same are the same.
  const id = JSON.stringify(key ?? null);
  const { subscribe, getSnapshot } = useMemo(() => storeOf(bucket, id), [bucket, id]);
  return useSyncExternalStore(subscribe, getSnapshot, () => loading);
}

export function useKV(bucket, filter) {
  const data = useSnapshot(bucket, filter);
  return { data, entries: data.entries(), status: data.status, error: data.error };
}

export function useKVEntry(bucket, key) {
  const data = useSnapshot(bucket, key);
  const entry = data.get(key);
  return { entry, value: entry?.value, status: data.status, error: data.error };
}
