/// <reference lib="esnext.disposable" />

/**
 * `@ironflow/browser`: the Ironflow key-value client for web apps.
 *
 * @packageDocumentation
 */

import type { AuthConfig, ErrorHandler, IronflowConfig, IronflowConfigOptions } from "./config.js";
import type { KVView, KVViewOptions } from "./view.js";
import type { KVWatchCallbacks, KVWatcher, KVWatchOptions, KVWatchState } from "./watch.js";

export * from "./config.js";
export * from "./errors.js";
export * from "./view.js";
export * from "./watch.js";

/**
 * The client most applications need: configure it once, use it everywhere.
 *
 * ```ts
 * ironflow.configure({ serverUrl: "https://kv.example.com" });
 * const bucket = ironflow.kv().bucket("settings");
 * await bucket.put("theme", "dark");
 * ```
 */
export declare const ironflow: IronflowClient;

/** Makes an independent client, configured. Throws a {@link ValidationError} for bad options. */
export declare function createClient(options?: IronflowConfigOptions): IronflowClient;

/**
 * Loads the WebAssembly asynchronously, ahead of its first use. Optional, except in a page in Chrome and Edge
 * before 115, which compile it in no other way: await it there before anything else. If it fails, another
 * call tries again.
 */
export declare function init(): Promise<void>;

/**
 * What the function given to {@link BrowserKVBucketHandle.modify} returns to delete the key: `Symbol.for("ironflow.KV_DELETE")`.
 */
export declare const KV_DELETE: unique symbol;

/** Where a client finds the server unless told otherwise: `http://localhost:9123`. */
export declare const DEFAULT_SERVER_URL: string;

/** One configured way to the server, or to a store in memory. */
export declare class IronflowClient {
  /** A client that is not configured yet. */
  constructor();
  /**
   * Sets, or replaces, the configuration; running watches end, and views move to the new configuration.
   * Handles that exist already use the new one. Throws a {@link ValidationError} naming the option that is unknown or ill-typed.
   */
  configure(options?: IronflowConfigOptions): void;
  /** Whether {@link configure} has succeeded. */
  readonly isConfigured: boolean;
  /** The configuration in force. Throws a {@link NotConfiguredError} before {@link configure}. */
  getConfig(): IronflowConfig;
  /**
   * Where operations are carried out now: `"memory"` with the memory transport, and once the client
   * has fallen back to it. Throws a {@link NotConfiguredError} before {@link configure}.
   */
  readonly mode: "server" | "memory";
  /**
   * Finds out whether the server answers, and its {@link features}. It is optional: operations and
   * watches need no `connect()` before them. Resolves too where the credentials may not list buckets
   * (`HTTP_403`), and on the memory transport. Any other answer, or none, rejects.
   */
  connect(options?: RequestOptions): Promise<void>;
  /**
   * The features beyond the basic protocol that the server announces, learned from its responses: empty before
   * the first. On the memory transport all that it has. What needs a feature that is missing rejects with
   * `UNSUPPORTED` before anything is sent; before the first response the bucket's info is read for it.
   */
  readonly features: ReadonlySet<string>;
  /**
   * Changes the credentials, from the next request and connection on; nothing is torn down. Views whose
   * credentials were refused open again.
   */
  setAuth(auth?: AuthConfig): void;
  /** The key-value API: the same object each time. Throws a {@link NotConfiguredError} before {@link configure}. */
  kv(): BrowserKVClient;
  /**
   * Hears of every rejected operation, once, and of every problem of a watch. Gives the function
   * that ends it. What a handler throws is logged and changes nothing.
   */
  onError(handler: ErrorHandler): () => void;
  /**
   * The state of the connection, over all watches: `"connected"` if any is, else `"reconnecting"`, else
   * `"connecting"`. Without watches it is `"connected"` after a successful {@link connect}, until the
   * client is configured or disconnected, else `"disconnected"`.
   */
  readonly connectionState: KVWatchState;
  /**
   * Calls back with {@link connectionState} after it has changed, once for all changes of one task. Gives
   * the function that ends it.
   */
  onConnectionChange(callback: (state: KVWatchState) => void): () => void;
  /** Ends every watch and closes every view of this client. */
  disconnect(): void;
}

/** Buckets. */
export declare class BrowserKVClient {
  /** Throws a {@link ValidationError} for bad options. */
  constructor(config?: IronflowConfigOptions);
  /** Creates a bucket. One that exists with equal settings is confirmed, else it is `HTTP_409`. */
  createBucket(config: KVBucketConfig, options?: RequestOptions): Promise<KVBucketInfo>;
  /** Deletes a bucket with all it holds and ends its watches. `HTTP_404` where there is none. */
  deleteBucket(name: string, options?: RequestOptions): Promise<void>;
  /** Every bucket of the environment. */
  listBuckets(options?: RequestOptions): Promise<KVBucketInfo[]>;
  /** One bucket's settings and state. `HTTP_404` where there is none. */
  getBucketInfo(name: string, options?: RequestOptions): Promise<KVBucketInfo>;
  /**
   * A handle for a bucket's keys: the same object each time for the same name and `decode`. It is made
   * without a request, whether or not the bucket exists; throws a {@link ValidationError} for a name
   * that no bucket can have. With `decode`, values are read and written in one form: with `"json"` a
   * string too is written as its JSON text, so that `put("theme", "dark")` reads back as `"dark"`.
   */
  bucket(name: string): BrowserKVBucketHandle<unknown, string, string>;
  bucket<T = unknown>(
    name: string,
    options: BucketOptions<"json">,
  ): BrowserKVBucketHandle<T, T, undefined>;
  bucket<T extends string = string>(
    name: string,
    options: BucketOptions<"text">,
  ): BrowserKVBucketHandle<T, T, undefined>;
  bucket(
    name: string,
    options: BucketOptions<"bytes">,
  ): BrowserKVBucketHandle<Bytes, Bytes, undefined>;
}

/** Options of {@link BrowserKVClient.bucket}. */
export interface BucketOptions<Mode extends "json" | "text" | "bytes" = "json" | "text" | "bytes"> {
  /**
   * What values are read and written as. One that cannot be read so is a {@link ValidationError} that
   * names the key; one that cannot be written so, a string to a `"bytes"` handle say, is one too.
   */
  decode: Mode;
}

/**
 * A bucket's keys. A key is one or more tokens joined by `.`, without white space, `*` and `>`, at
 * most 1,024 bytes of UTF-8; anything else is a {@link ValidationError} before any request.
 *
 * `T` is what an entry's value is, and what is written; `Watched` what the value of an event is: the same
 * where values are decoded, else base64. `Deleted`: what it is of a delete, undefined where values are
 * decoded, else empty.
 */
export declare class BrowserKVBucketHandle<
  T = unknown,
  // biome-ignore lint/suspicious/noExplicitAny: a function that takes a handle takes every handle
  Watched = unknown extends T ? any : T,
  // biome-ignore lint/suspicious/noExplicitAny: as above
  Deleted = unknown extends T ? any : undefined,
> {
  /** Throws a {@link ValidationError} for a bad name or bad options. */
  constructor(name: string, config?: IronflowConfigOptions);
  /** The bucket's name. */
  readonly name: string;
  /**
   * Reads a key. `HTTP_404` where it is missing or deleted. With `revision` it reads that revision, if the
   * bucket still keeps it and it is not a delete, else `HTTP_404`: this needs the feature `history`.
   */
  get(key: string, options?: KVGetOptions): Promise<KVEntry<T>>;
  /** As {@link get}, but undefined where the key is missing or deleted. A missing bucket is `HTTP_404`. */
  find(key: string, options?: RequestOptions): Promise<KVEntry<T> | undefined>;
  /**
   * Every revision that the bucket keeps of a key, deletes included, in ascending order; none of a key that
   * was never written. It needs the feature `history`.
   */
  history(key: string, options?: RequestOptions): Promise<KVHistoryEntry<T>[]>;
  /**
   * The entries of the keys that exist, in ascending order of revision: all, or those that match a pattern
   * or any of several. One request where the server has announced `entries` (see
   * {@link IronflowClient.features}), else a listing and a request for each key, 6 at a time. The time limit
   * is for all of it. Rejects with a {@link ValidationError} where a value does not decode.
   */
  entries(filter?: string | readonly string[], options?: RequestOptions): Promise<KVEntry<T>[]>;
  /**
   * Writes a key, whatever it held. A string is stored as UTF-8, an `ArrayBuffer` or a view of one
   * as its bytes, everything else as its JSON text (see {@link BucketOptions} for handles that decode).
   * What would lose data as JSON (a Promise, a Map, a Blob, NaN) is a {@link ValidationError}. Larger
   * than the bucket takes: `HTTP_413`.
   */
  put(key: string, value: KVInput<T>, options?: RequestOptions): Promise<KVPutResult>;
  /** Writes a key that is missing or deleted. `HTTP_412` where it exists. */
  create(key: string, value: KVInput<T>, options?: RequestOptions): Promise<KVPutResult>;
  /** Writes a key whose last revision is `revision`. `HTTP_412` where it is another. */
  update(
    key: string,
    value: KVInput<T>,
    revision: number,
    options?: RequestOptions,
  ): Promise<KVPutResult>;
  /**
   * Reads a key, calls `change` with its entry, or undefined if there is none, and writes what it
   * returns by compare-and-swap. After a conflict all of it is retried, with backoff, until the time limit
   * or the signal ends it (or `maxAttempts`, with `HTTP_412`). `change` may be async and is called once an
   * attempt, so it must have no side effects. If it returns undefined, the key is left alone and the
   * promise gives the revision that was read, 0 for none. If it returns {@link KV_DELETE}, the key is deleted if
   * nothing has changed, which needs the feature `remove`; a missing key is left alone. What it throws rejects the promise. A write
   * without an answer is retried only on a server that announces `write-id`, which executes it once.
   */
  modify(
    key: string,
    change: (current?: KVEntry<T>) => KVChange<T> | Promise<KVChange<T>>,
    options?: ModifyOptions,
  ): Promise<KVPutResult>;
  /**
   * Puts a tombstone on a key; older revisions stay as the bucket's history says. With `revision` only if it
   * is still the key's last, else `HTTP_412`: this needs the feature `remove`.
   */
  delete(key: string, options?: KVRemoveOptions): Promise<void>;
  /** Removes a key with all its history. With `revision` as {@link delete}. */
  purge(key: string, options?: KVRemoveOptions): Promise<void>;
  /**
   * The keys that exist, in ascending order of their last revision: all, or those that match a
   * pattern. In a pattern `*` stands for one token, a last `>` for one or more.
   */
  listKeys(filter?: string, options?: RequestOptions): Promise<string[]>;
  /**
   * Calls back on every change from now on, of all keys or those that match `options.key`. Opens the
   * connection at once; the watches of a client on one bucket share it. A lost connection is taken up
   * again, and what changed meanwhile is told. Throws a {@link ValidationError} for bad callbacks or
   * options.
   */
  watch(
    callbacks: KVWatchCallbacks<Watched, Deleted>,
    options?: KVWatchOptions,
  ): KVWatcher<Watched, Deleted>;
  /** The same without callbacks: `for await (const event of bucket.watch({ key: "user.>" }))`. */
  watch(options?: KVWatchOptions): KVWatcher<Watched, Deleted>;
  /**
   * A live replica of all keys, or those that match `options.key`, to be read without waiting. It is fed
   * by a watch. Throws a {@link ValidationError} for bad options.
   */
  view(options?: KVViewOptions): KVView<T>;
}

/** What a handle whose entries have the type `T` writes: bytes in any form where it reads bytes. */
export type KVInput<T> = T | (T extends Bytes ? ArrayBuffer | ArrayBufferView : T);

/** What the function given to {@link BrowserKVBucketHandle.modify} gives; nothing: leave the key alone. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function may end without a return
export type KVChange<T> = KVInput<T> | typeof KV_DELETE | undefined | void;

/** The settings of a new bucket. */
export interface KVBucketConfig {
  /** 1 to 200 of `A-Z`, `a-z`, `0-9`, `_` and `-`. */
  name: string;
  /** Words for people. */
  description?: string | undefined;
  /** How long a value is kept after it was written, in seconds. Default: for ever. */
  ttlSeconds?: number | undefined;
  /** The largest value, in bytes. Default 1 MiB. */
  maxValueSize?: number | undefined;
  /** The most bytes the bucket holds. Default: no limit. */
  maxBytes?: number | undefined;
  /** How many revisions of a key are kept, 1 to 64. Default 1. */
  history?: number | undefined;
}

/** A bucket's settings and state. */
export interface KVBucketInfo {
  /** Its name. */
  name: string;
  /** Words for people, where there are any. */
  description?: string;
  /** How long a value is kept after it was written, in seconds; missing: for ever. */
  ttl_seconds?: number;
  /** Messages retained: older revisions and tombstones count too. */
  values: number;
  /** Bytes they take. */
  bytes: number;
  /** How many revisions of a key are kept. */
  history: number;
  /** When it was created, RFC 3339. */
  created_at: string;
  /** The bucket's {@link IronflowClient.features}, where it has fewer than its server. */
  features?: string[];
}

/** What stored bytes can be read as. */
export interface Stored {
  /** The bytes as UTF-8 text, parsed as JSON. Throws a `SyntaxError` where they are none. */
  json<T = unknown>(): T;
  /** The bytes as UTF-8 text. */
  text(): string;
  /** The bytes. */
  bytes(): Bytes;
}

/** A `Uint8Array` over memory of its own; from TypeScript 5.7 on `Uint8Array<ArrayBuffer>`. */
export type Bytes = ReturnType<Uint8ArrayConstructor["of"]>;

/** A key as it was read. */
export interface KVEntry<T = unknown> extends Stored {
  /** The key. */
  key: string;
  /**
   * What the handle decodes it to; without `decode` the stored bytes in base64: see {@link Stored}
   * for other forms.
   */
  value: T;
  /** The revision of its last write, for {@link BrowserKVBucketHandle.update}. */
  revision: number;
  /** When it was written, RFC 3339. */
  created_at: string;
  /** Always `"put"`. */
  operation: "put";
}

/** A revision that a bucket keeps of a key. */
export interface KVHistoryEntry<T = unknown> extends Stored {
  /** The key. */
  key: string;
  /** As {@link KVEntry.value}; undefined for a delete. */
  value: T | undefined;
  /** The revision. */
  revision: number;
  /** When it was written, RFC 3339. */
  created_at: string;
  /** What was done. */
  operation: "put" | "delete";
  /** Why there is no value, where the key was not simply deleted. */
  reason?: KVReason;
}

/** Why a key has no value any more, where it was not simply deleted. */
export type KVReason = "expired" | "purged";

/** What a write gives. */
export interface KVPutResult {
  /** The revision the write got. Revisions of a bucket grow; those of one key are not contiguous. */
  revision: number;
}

/** The last, optional argument of every operation. */
export interface RequestOptions {
  /** Aborting it rejects the operation with the signal's reason, as `fetch` does. */
  signal?: AbortSignal | undefined;
  /** How long this request may take, in milliseconds. Default: the client's `timeout`. */
  timeout?: number | undefined;
}

/** Options of {@link BrowserKVBucketHandle.get}. */
export interface KVGetOptions extends RequestOptions {
  /** The revision to read. Default: the key's last. */
  revision?: number;
}

/** Options of {@link BrowserKVBucketHandle.delete} and {@link BrowserKVBucketHandle.purge}. */
export interface KVRemoveOptions extends RequestOptions {
  /**
   * The last revision that the key must have. An `undefined` one is a {@link ValidationError}: the removal
   * would be unconditional.
   */
  revision?: number;
}

/** Options of {@link BrowserKVBucketHandle.modify}. */
export interface ModifyOptions extends RequestOptions {
  /** The number of attempts after which a conflict rejects. Default: no limit but the time limit. */
  maxAttempts?: number | undefined;
}
