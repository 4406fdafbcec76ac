// Hooks for React. Rendering opens no view, because React may discard the result.

import { useMemo, useSyncExternalStore } from "react";
import { entryOf, idOf, listOf, live, loading } from "./live.js";

function useSnapshot(bucket, filter, single) {
  const id = idOf(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `id` says what `filter` is
  const { subscribe, getSnapshot } = useMemo(
    () => live(bucket, filter, single),
    [bucket, id, single],
  );
  return useSyncExternalStore(subscribe, getSnapshot, () => loading);
}

export function useKV(bucket, filter) {
  return listOf(useSnapshot(bucket, filter, false));
}

export function useKVEntry(bucket, key) {
  return entryOf(useSnapshot(bucket, key, true), key);
}
