// Hooks for React. Rendering opens no view, because React may discard the result.

import { useMemo, useSyncExternalStore } from "react";
import { entryOf, idOf, listOf, live } from "./live.js";

function useSnapshot(bucket, filter, single, options) {
  const id = idOf(filter);
  const { persist, maxStaleness } = options ?? {};
  // biome-ignore lint/correctness/useExhaustiveDependencies: `id` says what `filter` is
  const source = useMemo(
    () => live(bucket, filter, single, { persist, maxStaleness }),
    [bucket, id, single, persist, maxStaleness],
  );
  const { subscribe, getSnapshot, start, mutate } = source;
  return [useSyncExternalStore(subscribe, getSnapshot, () => start), mutate];
}

export function useKV(bucket, filter, options) {
  const [data, mutate] = useSnapshot(bucket, filter, false, options);
  return { ...listOf(data), mutate };
}

export function useKVEntry(bucket, key, options) {
  const [data, mutate] = useSnapshot(bucket, key, true, options);
  return { ...entryOf(data, key), mutate };
}
