import type { BrowserKVBucketHandle, KVViewEntry, KVViewSnapshot, KVViewStatus } from "./types.js";

/** What {@link useKV} gives. */
export interface UseKV<T> {
  /** The entries, in no particular order: the same array until something changes. */
  entries: readonly KVViewEntry<T>[];
  /** The same, to be looked up by key. */
  data: KVViewSnapshot<T>;
  /** `"loading"` until all of it has come, then `"ready"`; `"closed"` where it ended with an error. */
  status: KVViewStatus;
  /** What is wrong, as {@link KVViewSnapshot.error}; undefined again once it is mended. */
  error: Error | undefined;
}

/** What {@link useKVEntry} gives. */
export interface UseKVEntry<T> {
  /** Undefined where the key does not exist, and while it is loading. */
  entry: KVViewEntry<T> | undefined;
  /** The entry's value. */
  value: T | undefined;
  /** `"loading"` until all of it has come, then `"ready"`; `"closed"` where it ended with an error. */
  status: KVViewStatus;
  /** What is wrong, as {@link KVViewSnapshot.error}; undefined again once it is mended. */
  error: Error | undefined;
}

/**
 * The keys of a bucket that match a key, a pattern or several (default: all), kept up to date.
 *
 * Components that use the same handle and filter share a view, which outlives the last of them by a
 * moment. Make the handle once, outside the component: another handle is another bucket. On a server,
 * and while hydrating, it is `"loading"` and opens nothing.
 */
export declare function useKV<T>(
  bucket: BrowserKVBucketHandle<T, unknown>,
  filter?: string | readonly string[],
): UseKV<T>;

/** One key of a bucket, kept up to date: as {@link useKV}. */
export declare function useKVEntry<T>(
  bucket: BrowserKVBucketHandle<T, unknown>,
  key: string,
): UseKVEntry<T>;
