// Hooks for React. Rendering opens no view, because React may discard the result.

import { useCallback, useMemo, useSyncExternalStore } from "react";
import { entryOf, idOf, listOf, live, loading } from "./live.js";

function useSnapshot(bucket, filter, single) {
  const id = idOf(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `id` says what `filter` is
  const source = useMemo(() => live(bucket, filter, single), [bucket, id, single]);
  const { subscribe, getSnapshot } = source;
  const mutate = useCallback(
    async (...change) => {
      const view = source.view?.();
      if (view) return view.mutate(...change);
      throw (
        getSnapshot().error ??
        new TypeError("mutate() needs a bucket, a key and a mounted component")
      );
    },
    [source, getSnapshot],
  );
  return [useSyncExternalStore(subscribe, getSnapshot, () => loading), mutate];
}

export function useKV(bucket, filter) {
  const [data, mutate] = useSnapshot(bucket, filter, false);
  return { ...listOf(data), mutate };
}

export function useKVEntry(bucket, key) {
  const [data, mutateKey] = useSnapshot(bucket, key, true);
  const mutate = useCallback((...given) => mutateKey(key, ...given), [mutateKey, key]);
  return { ...entryOf(data, key), mutate };
}
