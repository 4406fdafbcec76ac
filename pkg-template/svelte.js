// Stores for Svelte.

import { entryOf, listOf, live } from "./live.js";

/**
 * A readable store of what `resultOf` makes of the snapshots. The view is opened a microtask after the first
 * subscription: a server renders, and `get()` reads, by a subscription that ends before.
 */
function storeOf({ subscribe, getSnapshot, mutate }, resultOf) {
  return {
    mutate,
    subscribe(run) {
      let shown = getSnapshot();
      let unsubscribe;
      let stopped = false;
      const update = () => {
        const snapshot = getSnapshot();
        if (stopped || snapshot === shown) return;
        shown = snapshot;
        run(resultOf(snapshot));
      };
      run(resultOf(shown));
      Promise.resolve().then(() => {
        if (stopped) return;
        unsubscribe = subscribe(update);
        update();
      });
      return () => {
        stopped = true;
        unsubscribe?.();
      };
    },
  };
}

export function kvStore(bucket, filter, options) {
  return storeOf(live(bucket, filter, false, options), listOf);
}

export function kvEntryStore(bucket, key, options) {
  return storeOf(live(bucket, key, true, options), (snapshot) => entryOf(snapshot, key));
}
