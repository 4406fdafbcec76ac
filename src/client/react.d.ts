import type {
  BrowserKVBucketHandle,
  KVMutation,
  KVPutResult,
  KVStorage,
  KVView,
  KVViewEntry,
  KVViewSnapshot,
  KVViewStatus,
  ModifyOptions,
} from "./types.js";

/** Options of {@link useKV} and {@link useKVEntry}. */
export interface UseKVOptions {
  /** As {@link KVViewOptions.persist}, of the first component that opens the view: `hydrate(data)`, or a storage. */
  persist?: KVStorage | undefined;
  /** As {@link KVViewOptions.maxStaleness}, of the first one that opens the view. */
  maxStaleness?: number | undefined;
}

/** The result of {@link useKV}. */
export interface UseKV<T> {
  /** The entries, in no particular order: the same array until something changes. */
  entries: readonly KVViewEntry<T>[];
  /** A snapshot, to look entries up by key. */
  data: KVViewSnapshot<T>;
  /** As `KVViewContent.status`; `"closed"` also for wrong arguments. */
  status: KVViewStatus;
  /** The current error, as `KVViewContent.error`; undefined after recovery. */
  error: Error | undefined;
  /** As {@link KVView.mutate}; the same function each time. */
  mutate: KVView<T>["mutate"];
}

/** The result of {@link useKVEntry}. */
export interface UseKVEntry<T> {
  /** Undefined if the key does not exist, and while it is loading. */
  entry: KVViewEntry<T> | undefined;
  /** The entry's value. */
  value: T | undefined;
  /** As `KVViewContent.status`; `"closed"` also for wrong arguments. */
  status: KVViewStatus;
  /** The current error, as `KVViewContent.error`; undefined after recovery. */
  error: Error | undefined;
  /** As {@link KVView.mutate}, of this key; the same function each time. */
  mutate: (
    change: (current?: KVViewEntry<T>) => KVMutation<T>,
    options?: ModifyOptions,
  ) => Promise<KVPutResult>;
}

/**
 * The keys of a bucket that match a key, a pattern or several (default: all), kept up to date.
 *
 * Components that use the same handle and filter share a view, which stays open for a second after the last one
 * unmounts. `kv.bucket(name)` returns the same handle each time, so it can be called in the component. Without a
 * bucket (undefined or null), on a server, and while hydrating, no view is opened: the status is `"loading"`, or `"stale"`
 * with what `persist: hydrate(data)` has.
 * With wrong arguments the status is `"closed"` and `error` is a `ValidationError`.
 */
export declare function useKV<T>(
  bucket: BrowserKVBucketHandle<T, unknown> | undefined | null,
  filter?: string | readonly string[] | null,
  options?: UseKVOptions,
): UseKV<T>;

/**
 * One key of a bucket, kept up to date like {@link useKV}. Without a key (undefined or null) the status is
 * `"loading"`, and no view is opened.
 */
export declare function useKVEntry<T>(
  bucket: BrowserKVBucketHandle<T, unknown> | undefined | null,
  key: string | undefined | null,
  options?: UseKVOptions,
): UseKVEntry<T>;
