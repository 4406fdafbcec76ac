import type { BrowserKVBucketHandle, KVViewEntry, KVViewSnapshot, KVViewStatus } from "./types.js";

/** What {@link useKV} gives. */
export interface UseKV<T> {
  /** The entries, in no particular order: the same array until something changes. */
  entries: readonly KVViewEntry<T>[];
  /** The same, to be looked up by key. */
  data: KVViewSnapshot<T>;
  /** As `KVViewContent.status`; `"closed"` also where the arguments are wrong. */
  status: KVViewStatus;
  /** What is wrong, as `KVViewContent.error`; undefined again once it is mended. */
  error: Error | undefined;
}

/** What {@link useKVEntry} gives. */
export interface UseKVEntry<T> {
  /** Undefined where the key does not exist, and while it is loading. */
  entry: KVViewEntry<T> | undefined;
  /** The entry's value. */
  value: T | undefined;
  /** As `KVViewContent.status`; `"closed"` also where the arguments are wrong. */
  status: KVViewStatus;
  /** What is wrong, as `KVViewContent.error`; undefined again once it is mended. */
  error: Error | undefined;
}

/**
 * The keys of a bucket that match a key, a pattern or several (default: all), kept up to date.
 *
 * Components that use the same handle and filter share a view, which outlives the last of them by a
 * moment. `kv.bucket(name)` gives the same handle each time, so that it can be called in the component.
 * Without a bucket (undefined or null), on a server, and while hydrating, the status is `"loading"`, and no
 * view is opened. Wrong arguments give the status `"closed"` and a `ValidationError` in `error`.
 */
export declare function useKV<T>(
  bucket: BrowserKVBucketHandle<T, unknown> | undefined | null,
  filter?: string | readonly string[] | null,
): UseKV<T>;

/**
 * One key of a bucket, kept up to date: as {@link useKV}. Without a key (undefined or null) the status is
 * `"loading"`, and no view is opened.
 */
export declare function useKVEntry<T>(
  bucket: BrowserKVBucketHandle<T, unknown> | undefined | null,
  key: string | undefined | null,
): UseKVEntry<T>;
