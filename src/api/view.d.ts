import type { KVWatchState, RequestOptions, Stored } from "./types.js";

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
 * `"loading"`: not all entries have come yet. `"ready"`: they have, and changes follow as long as the
 * connection's state is `"connected"`. `"closed"`: the view has ended and keeps what it held last.
 */
export type KVViewStatus = "loading" | "ready" | "closed";

/** What a view holds. Entries come in no particular order. */
export interface KVViewContent<T = unknown> {
  /** The state of the connection. */
  readonly state: KVWatchState;
  /** How far it is. */
  readonly status: KVViewStatus;
  /**
   * What is wrong: the connection is lost for now, a value does not decode (its key is left out), or why
   * the view ended. Undefined again once it is mended.
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
  /** All entries have come; rejected where the view ends before that. */
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
