// Hooks for React. Rendering opens no view, because React may discard the result.

import { useCallback, useMemo, useSyncExternalStore } from "react";
import { entryOf, idOf, listOf, live } from "./live.js";

function useSnapshot(bucket, filter, single, options) {
  const id = idOf(filter);
  const persist = options?.persist;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `id` says what `filter` is
  const source = useMemo(
    () => live(bucket, filter, single, persist),
    [bucket, id, single, persist],
  );
  const { subscribe, getSnapshot, start } = source;
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
  return [useSyncExternalStore(subscribe, getSnapshot, () => start ?? getSnapshot()), mutate];
}

export function useKV(bucket, filter, options) {
  const [data, mutate] = useSnapshot(bucket, filter, false, options);
  return { ...listOf(data), mutate };
}

export function useKVEntry(bucket, key, options) {
  const [data, mutateKey] = useSnapshot(bucket, key, true, options);
  const mutate = useCallback((...given) => mutateKey(key, ...given), [mutateKey, key]);
  return { ...entryOf(data, key), mutate };
}
