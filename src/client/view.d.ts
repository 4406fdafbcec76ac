import type { RequestOptions, Stored } from "./types.js";
import type { KVWatchState } from "./watch.js";

/** Options of {@link BrowserKVBucketHandle.view}. */
export interface KVViewOptions {
  /** A key, a pattern, or several. Default: all keys. */
  key?: string | readonly string[] | undefined;
}

/** A key as a view holds it. */
export interface KVViewEntry<T = unknown> extends Stored {
  /** The key. */
  readonly key: string;
  /** As {@link KVEntry.value}. */
  readonly value: T;
  /** The revision of its last write, for {@link BrowserKVBucketHandle.update}. */
  readonly revision: number;
}

/**
 * - `"loading"`: not all entries have come yet: the view is new, its bucket does not exist, or the client was
 *   configured again. After `configure()` the entries so far stay readable until the new ones
 *   replace them, or the new configuration turns out to have no such bucket or no permission to read it.
 * - `"ready"`: all entries have come, and changes follow while `state` is `"connected"`. While the connection
 *   is lost, the credentials are refused or the bucket is missing, the entries stay readable and `error` says
 *   why they are not kept up to date.
 * - `"closed"`: the view has ended, by `stop()`, by `disconnect()`, or because the server finished it (close
 *   code 1000; then `error` says so). It keeps what it held last.
 *
 * Nothing else ends a view. It opens its watch again, and then replaces its entries by those there are, after
 * `configure()`; after `setAuth()` where the credentials were refused; after `createBucket()` of the same
 * client, and with a backoff of up to 30 s, where the bucket is missing; with a backoff of up to 5 minutes where
 * the attempts of `reconnect` are used up, unless `reconnect` is disabled; and in all these cases when the
 * browser is online again or the page is shown.
 */
export type KVViewStatus = "loading" | "ready" | "closed";

/** What a view holds. Entries come in no particular order. */
export interface KVViewContent<T = unknown> {
  /** The state of the connection. */
  readonly state: KVWatchState;
  /** How far it is. */
  readonly status: KVViewStatus;
  /**
   * What is wrong: the connection is lost for now, the bucket is missing, the credentials are refused, a value
   * does not decode (its key is left out), or why the view ended. Undefined again once it is mended.
   */
  readonly error: Error | undefined;
  /** How many keys there are. */
  readonly size: number;
  /** The entry of a key, undefined where there is none. */
  get(key: string): KVViewEntry<T> | undefined;
  /** Whether there is an entry of a key. */
  has(key: string): boolean;
  /** The keys. */
  keys(): string[];
  /** The entries. */
  entries(): readonly KVViewEntry<T>[];
}

/** What a view held at one time. It never changes. */
export interface KVViewSnapshot<T = unknown> extends KVViewContent<T> {
  /** The same array each time. */
  entries(): readonly KVViewEntry<T>[];
}

/** A live, read-only replica of the keys of a bucket that match. Reading it is synchronous. */
export interface KVView<T = unknown> extends KVViewContent<T>, Disposable {
  /** The name of the bucket. */
  readonly bucket: string;
  /**
   * All entries have come; rejected where the view ends before that. It stays pending while the bucket is
   * missing or the credentials are refused. A new promise after `configure()`.
   */
  readonly ready: Promise<void>;
  /**
   * Calls back after changes, once for all that come in one task; while the view is loading, only when
   * `state`, `status` or `error` changes. Gives the function that ends it.
   */
  subscribe(callback: () => void): () => void;
  /**
   * What the view holds now: the same object until something changes. The first change after a snapshot
   * was taken copies the view's map.
   */
  getSnapshot(): KVViewSnapshot<T>;
  /**
   * Waits until the view shows the write that gave this revision, or what has taken its place since; for
   * a key that does not match there is nothing to wait for. Rejected with a {@link TimeoutError} (default:
   * the client's `timeout`), the signal's reason, or, where the view has ended, the reason for that.
   */
  waitFor(revision: number, options?: RequestOptions): Promise<void>;
  /** Ends the view. It keeps what it holds; a second call does nothing. */
  stop(): void;
}
