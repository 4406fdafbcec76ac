import type {
  KV_DELETE,
  KVInput,
  KVPutResult,
  ModifyOptions,
  RequestOptions,
  Stored,
} from "./types.js";
import type { KVWatchState } from "./watch.js";

/** Options of {@link BrowserKVBucketHandle.view}. */
export interface KVViewOptions {
  /** A key, a pattern, or several. Default: all keys. */
  key?: string | readonly string[] | undefined;
  /**
   * Where the entries are kept, so that the next view of the same keys shows them at once: a storage of
   * `@ironflow/browser/offline`, or what a server has read, by `hydrate()` of `@ironflow/browser/ssr`. Until the server has delivered all entries the status is `"stale"`.
   */
  persist?: KVStorage | undefined;
  /**
   * How old `freshAsOf` may become, in milliseconds, from 1000 on; past that the status is `"stale"`. A connection
   * that is silent is probed in time: see {@link KVWatchOptions.maxStaleness}. Default: no limit.
   */
  maxStaleness?: number | undefined;
}

/** A storage of `@ironflow/browser/offline` or `@ironflow/browser/ssr`. */
export interface KVStorage {
  /** Whose data it is. */
  readonly scope: string;
  /**
   * Removes what is stored for a scope (default: its own), of all buckets and servers. Views that are open persist
   * nothing after that.
   */
  clear(scope?: string): Promise<void>;
}

/** A storage that keeps an outbox too: one of `@ironflow/browser/offline`. */
export interface KVOutboxStorage extends KVStorage {
  /** Gives a client its outbox: `createClient()` calls it. */
  attach(...client: unknown[]): void;
}

/** An entry of a view. */
export interface KVViewEntry<T = unknown> extends Stored {
  /** The key. */
  readonly key: string;
  /** As {@link KVEntry.value}. */
  readonly value: T;
  /** The revision of its last write, for {@link BrowserKVBucketHandle.update}. */
  readonly revision: number;
  /**
   * When it was written, RFC 3339. Missing where it is not known: of a {@link KVView.mutate} until its event arrives, and of
   * live changes on version 1 of the watch protocol.
   */
  readonly created_at?: string;
  /**
   * True while the entry shows a {@link KVView.mutate} that is not written yet. `revision` is then that of the
   * server's entry, 0 if there is none.
   */
  readonly pending?: true;
}

/** The result of the function passed to {@link KVView.mutate}; undefined: change nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function may end without a return
export type KVMutation<T> = KVInput<T> | typeof KV_DELETE | undefined | void;

/**
 * - `"loading"`: not all entries have arrived yet: the view is new, its bucket does not exist, or the client was
 *   reconfigured. After `configure()` the old entries stay readable until the new ones replace them, or
 *   until the server responds that the bucket is missing or the credentials may not read it.
 * - `"stale"`: the entries are those that `persist` had stored, and those that have changed since then and arrived; or
 *   `freshAsOf` is older than `maxStaleness` allows.
 * - `"ready"`: all entries have arrived, and changes follow while `state` is `"connected"`. While the connection
 *   is lost, the credentials are refused or the bucket is missing, the entries stay readable and `error` says
 *   why they may be stale.
 * - `"closed"`: the view has ended, by `stop()`, by `disconnect()`, or because the server ended it (close
 *   code 1000; then `error` says so). It keeps its last entries.
 *
 * Nothing else ends a view. It reopens its watch and then replaces its entries: after `configure()`; after
 * `setAuth()` if the credentials were refused; after `createBucket()` of the same client, and with a backoff of up
 * to 30 s, if the bucket is missing; with a backoff of up to 5 minutes if all attempts of `reconnect` have failed,
 * unless `reconnect` is disabled; and in all these cases when the browser comes online or the page becomes
 * visible.
 */
export type KVViewStatus = "loading" | "stale" | "ready" | "closed";

/** The contents of a view. Entries are in no particular order. */
export interface KVViewContent<T = unknown> {
  /** The state of the connection. */
  readonly state: KVWatchState;
  /** Whether all entries have arrived, or the view has ended. */
  readonly status: KVViewStatus;
  /**
   * The current error: the connection is lost, the bucket is missing, the credentials are refused, a value
   * does not decode (its key is left out), or why the view ended. Undefined after recovery.
   */
  readonly error: Error | undefined;
  /** The number of keys. */
  readonly size: number;
  /** The entry of a key, undefined if there is none. */
  get(key: string): KVViewEntry<T> | undefined;
  /** Whether the key has an entry. */
  has(key: string): boolean;
  /** The keys. */
  keys(): string[];
  /** The entries. */
  entries(): readonly KVViewEntry<T>[];
}

/** An immutable snapshot of a view. */
export interface KVViewSnapshot<T = unknown> extends KVViewContent<T> {
  /** The same array each time. */
  entries(): readonly KVViewEntry<T>[];
}

/** How far a view has loaded. */
export interface KVViewProgress {
  /** The number of entries that have arrived. */
  readonly loaded: number;
  /** About how many there are; undefined until that is known. */
  readonly total: number | undefined;
}

/** A live copy of the matching keys of a bucket. Reading it is synchronous. */
export interface KVView<T = unknown> extends KVViewContent<T>, Disposable {
  /** The name of the bucket. */
  readonly bucket: string;
  /**
   * Resolves when all entries have arrived, or were read from `persist`; rejects if the view ends before that. It stays pending while the bucket is
   * missing or the credentials are refused. A new promise after `configure()`.
   */
  readonly ready: Promise<void>;
  /**
   * When the view was last known to be complete, in milliseconds since 1970: its connection showed then that nothing
   * was missing. Undefined before it was. Subscribers are not called for it.
   */
  readonly freshAsOf: number | undefined;
  /** How many entries have arrived, and about how many come, for a progress bar. Subscribers are not called for it. */
  readonly progress: KVViewProgress;
  /**
   * Calls `callback` once for all changes of a task; while the view is loading, only when `state`, `status` or
   * `error` changes. Returns the function that unsubscribes it.
   */
  subscribe(callback: () => void): () => void;
  /**
   * A snapshot of the view: the same object until something changes. It shares the view's entries: a snapshot after a
   * change costs the same with any number of keys.
   */
  getSnapshot(): KVViewSnapshot<T>;
  /**
   * Waits until the view shows the write with this revision, or a later one of its key; resolves for
   * a key that does not match. Rejects with a {@link TimeoutError} (default: the client's `timeout`), the
   * signal's reason, or, if the view has ended, the reason for that.
   */
  waitFor(revision: number, options?: RequestOptions): Promise<void>;
  /**
   * Changes a key optimistically: the view shows what `change` returns for the entry that it shows now, marked
   * {@link KVViewEntry.pending}, and the key is written as {@link BrowserKVBucketHandle.modify} writes it. If
   * that fails, the view shows the server's entry again and the promise rejects with the error.
   *
   * `change` is called several times, so it must be synchronous and have no side effects. Mutations of one key are
   * written one after the other, each on the result of the one before; `timeout` counts from when its turn comes.
   * What others write to the key meanwhile is shown after the response. While the view is not ready, or does not show the key, the
   * key is written and nothing is shown before that. `configure()` rejects mutations that have to wait for their turn.
   */
  mutate(
    key: string,
    change: (current?: KVViewEntry<T>) => KVMutation<T>,
    options?: ModifyOptions,
  ): Promise<KVPutResult>;
  /** Ends the view. It keeps its entries; a second call does nothing. */
  stop(): void;
}
