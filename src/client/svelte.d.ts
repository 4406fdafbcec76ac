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

/** Options of {@link kvStore} and {@link kvEntryStore}. */
export interface KVStoreOptions {
  /** As {@link KVViewOptions.persist}, of the first store that opens the view: `hydrate(data)`, or a storage. */
  persist?: KVStorage | undefined;
  /** As {@link KVViewOptions.maxStaleness}, of the first one that opens the view. */
  maxStaleness?: number | undefined;
}

/** A readable store, as Svelte defines it: `$store`, `get(store)`, `derived(store, …)` and `fromStore(store)` take it. */
export interface KVStore<V> {
  /** Calls `run` with the current value and with each later one. Returns a function that unsubscribes. */
  subscribe(run: (value: V) => void, invalidate?: () => void): () => void;
}

/** The value of a {@link kvStore}. */
export interface KVList<T> {
  /** The entries, in no particular order: the same array until something changes. */
  entries: readonly KVViewEntry<T>[];
  /** A snapshot, to look entries up by key. */
  data: KVViewSnapshot<T>;
  /** As `KVViewContent.status`; `"closed"` also for wrong arguments. */
  status: KVViewStatus;
  /** The current error, as `KVViewContent.error`; undefined after recovery. */
  error: Error | undefined;
}

/** The value of a {@link kvEntryStore}. */
export interface KVListEntry<T> {
  /** Undefined if the key does not exist, and while it is loading. */
  entry: KVViewEntry<T> | undefined;
  /** The entry's value. */
  value: T | undefined;
  /** As `KVViewContent.status`; `"closed"` also for wrong arguments. */
  status: KVViewStatus;
  /** The current error, as `KVViewContent.error`; undefined after recovery. */
  error: Error | undefined;
}

/** A store of {@link kvStore}. */
export interface KVListStore<T> extends KVStore<KVList<T>> {
  /** As {@link KVView.mutate}, while the store has subscribers. */
  mutate: KVView<T>["mutate"];
}

/** A store of {@link kvEntryStore}. */
export interface KVListEntryStore<T> extends KVStore<KVListEntry<T>> {
  /** As {@link KVView.mutate}, of this key, while the store has subscribers. */
  mutate: (
    change: (current?: KVViewEntry<T>) => KVMutation<T>,
    options?: ModifyOptions,
  ) => Promise<KVPutResult>;
}

/**
 * A store of the keys of a bucket that match a key, a pattern or several (default: all), kept up to date while it has
 * subscribers.
 *
 * Stores of the same handle and filter share a view, which stays open for a second after the last subscriber has
 * left. Without a bucket (undefined or null) and on a server no view is opened: the status is `"loading"`, or
 * `"stale"` with what `persist: hydrate(data)` has. With
 * wrong arguments the status is `"closed"` and `error` is a `ValidationError`.
 */
export declare function kvStore<T>(
  bucket: BrowserKVBucketHandle<T, unknown> | undefined | null,
  filter?: string | readonly string[] | null,
  options?: KVStoreOptions,
): KVListStore<T>;

/**
 * A store of one key of a bucket, kept up to date like {@link kvStore}. Without a key (undefined or null) the status is
 * `"loading"`, and no view is opened.
 */
export declare function kvEntryStore<T>(
  bucket: BrowserKVBucketHandle<T, unknown> | undefined | null,
  key: string | undefined | null,
  options?: KVStoreOptions,
): KVListEntryStore<T>;
