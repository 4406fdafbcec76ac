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

/**
 * Loads the WebAssembly asynchronously, before its first use. Optional, except in pages of Chrome and Edge
 * before 115, which can only compile it asynchronously: await it there before anything else. If it fails, it
 * can be called again.
 */
export declare function init(): Promise<void>;

/**
 * What the function given to {@link BrowserKVBucketHandle.modify} returns to delete the key: `Symbol.for("ironflow.KV_DELETE")`.
 */
export declare const KV_DELETE: unique symbol;

/** The default address of the server: `http://localhost:9123`. */
export declare const DEFAULT_SERVER_URL: string;

/** A client of a server, or of a store in memory. */
export declare class IronflowClient {
  /** Creates a client that is not configured yet. */
  constructor();
  /**
   * Sets or replaces the configuration. Running watches end; views and existing handles use the new
   * configuration. Throws a {@link ValidationError} that names an unknown or invalid option.
   */
  configure(options?: IronflowConfigOptions): void;
  /** Whether {@link configure} has succeeded. */
  readonly isConfigured: boolean;
  /** The current configuration. Throws a {@link NotConfiguredError} before {@link configure}. */
  getConfig(): IronflowConfig;
  /**
   * What currently executes operations: `"memory"` with the memory transport, and after the client
   * has fallen back to it. Throws a {@link NotConfiguredError} before {@link configure}.
   */
  readonly mode: "server" | "memory";
  /**
   * Checks that the server responds, and learns its {@link features}. Optional: operations and watches
   * work without it. It also resolves if the credentials may not list buckets (`HTTP_403`), and on the
   * memory transport. It rejects for any other response, or none.
   */
  connect(options?: RequestOptions): Promise<void>;
  /**
   * The features beyond the basic protocol that the server announces in its responses: empty before the first
   * response. On the memory transport, all that it supports. An operation that needs a missing feature rejects
   * with `UNSUPPORTED` and is not sent; before the first response it reads the bucket's info first.
   */
  readonly features: ReadonlySet<string>;
  /**
   * Changes the credentials of later requests and connections; open connections stay open. Views whose
   * credentials were refused reopen.
   */
  setAuth(auth?: AuthConfig): void;
  /** The key-value API: the same object each time. Throws a {@link NotConfiguredError} before {@link configure}. */
  kv(): BrowserKVClient;
  /**
   * Adds a handler that is called once for every rejected operation and every error of a watch. Returns the
   * function that removes it. An error thrown by a handler is logged.
   */
  onError(handler: ErrorHandler): () => void;
  /**
   * The state of the connection, over all watches: `"connected"` if any is, else `"reconnecting"`, else
   * `"connecting"`. Without watches it is `"connected"` after a successful {@link connect}, until the
   * client is configured or disconnected, else `"disconnected"`.
   */
  readonly connectionState: KVWatchState;
  /**
   * Calls `callback` with {@link connectionState} after it has changed, once for all changes of a task. Returns
   * the function that unsubscribes it.
   */
  onConnectionChange(callback: (state: KVWatchState) => void): () => void;
  /** Ends every watch and closes every view of this client. */
  disconnect(): void;
}

/** Buckets. */
export declare class BrowserKVClient {
  /** Throws a {@link ValidationError} for bad options. */
  constructor(config?: IronflowConfigOptions);
  /** Creates a bucket. Also resolves if it exists with equal settings; `HTTP_409` if with others. */
  createBucket(config: KVBucketConfig, options?: RequestOptions): Promise<KVBucketInfo>;
  /** Deletes a bucket with its keys and ends its watches. `HTTP_404` if it does not exist. */
  deleteBucket(name: string, options?: RequestOptions): Promise<void>;
  /** Lists the buckets of the environment. */
  listBuckets(options?: RequestOptions): Promise<KVBucketInfo[]>;
  /** Reads a bucket's settings and state. `HTTP_404` if it does not exist. */
  getBucketInfo(name: string, options?: RequestOptions): Promise<KVBucketInfo>;
  /**
   * A handle for a bucket's keys: the same object each time for the same name and `decode`. It sends no
   * request, and the bucket need not exist; throws a {@link ValidationError} for an invalid bucket
   * name. With `decode`, values are read and written in one form: `"json"` writes strings as JSON text
   * too, so that `put("theme", "dark")` reads back as `"dark"`.
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
   * The form of values. A stored value that does not decode is a {@link ValidationError} that
   * names the key; so is an argument of another form, such as a string for a `"bytes"` handle.
   */
  decode: Mode;
}

/**
 * A bucket's keys. A key is one or more tokens joined by `.`, without white space, `*` and `>`, at
 * most 1,024 bytes of UTF-8; anything else is a {@link ValidationError} before any request.
 *
 * `T` is the type of an entry's value and of written values. `Watched` is the type of an event's value: `T` if
 * values are decoded, else base64. `Deleted` is that of a delete event: undefined if values are decoded, else
 * an empty string.
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
   * Reads a key. `HTTP_404` if it is missing or deleted. `revision` reads that revision, or `HTTP_404` if
   * the bucket no longer retains it or it is a delete; this needs the feature `history`.
   */
  get(key: string, options?: KVGetOptions): Promise<KVEntry<T>>;
  /** Like {@link get}, but resolves with undefined if the key is missing or deleted. A missing bucket is `HTTP_404`. */
  find(key: string, options?: RequestOptions): Promise<KVEntry<T> | undefined>;
  /**
   * Reads all revisions of a key that the bucket retains, deletes included, in ascending order; an empty array
   * for a key that was never written. Needs the feature `history`.
   */
  history(key: string, options?: RequestOptions): Promise<KVHistoryEntry<T>[]>;
  /**
   * Reads the entries of all existing keys, or of those that match any of the patterns, in ascending order of
   * revision. It sends one request if the server has announced `entries` (see
   * {@link IronflowClient.features}), else a listing and a request for each key, 6 concurrently. The timeout
   * covers all of them. Rejects with a {@link ValidationError} if a value does not decode.
   */
  entries(filter?: string | readonly string[], options?: RequestOptions): Promise<KVEntry<T>[]>;
  /**
   * Writes a key unconditionally. A string is stored as UTF-8, an `ArrayBuffer` or a view of one
   * as bytes, any other value as JSON (see {@link BucketOptions} for handles that decode). A value
   * that JSON would lose (a Promise, a Map, a Blob, NaN) is a {@link ValidationError}, one above the
   * bucket's limit `HTTP_413`.
   */
  put(key: string, value: KVInput<T>, options?: KVWriteOptions): Promise<KVPutResult>;
  /** Writes a key that is missing or deleted. `HTTP_412` if it exists. */
  create(key: string, value: KVInput<T>, options?: KVWriteOptions): Promise<KVPutResult>;
  /** Writes a key if its last revision is `revision`, else `HTTP_412`. */
  update(
    key: string,
    value: KVInput<T>,
    revision: number,
    options?: KVWriteOptions,
  ): Promise<KVPutResult>;
  /**
   * Reads a key, calls `change` with its entry, or undefined if there is none, and writes what it
   * returns by compare-and-swap. After a conflict it retries all of this, with backoff, until the timeout or
   * the signal ends it (or `maxAttempts`, with `HTTP_412`). `change` may be async; it is called once per
   * attempt, so it must have no side effects. If it returns undefined, nothing is written and the promise
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
   * Deletes a key by writing a tombstone; older revisions stay within the bucket's history. With `revision`
   * it deletes only if that is still the key's last, else `HTTP_412`; this needs the feature `remove`.
   */
  delete(key: string, options?: KVRemoveOptions): Promise<void>;
  /** Removes a key with its history. `revision` is as for {@link delete}. */
  purge(key: string, options?: KVRemoveOptions): Promise<void>;
  /**
   * Lists all existing keys, or those that match a pattern, in ascending order of their last
   * revision. In a pattern `*` matches one token, a last `>` one or more.
   */
  listKeys(filter?: string, options?: RequestOptions): Promise<string[]>;
  /**
   * Watches all keys, or those that match `options.key`, and calls `onUpdate` for every later change. Opens the
   * connection immediately; the watches of a client on one bucket share it. If the connection is lost, the watch
   * reconnects with backoff and emits what changed meanwhile, marked `resynced`. Throws a
   * {@link ValidationError} for bad callbacks or options.
   */
  watch(
    callbacks: KVWatchCallbacks<Watched, Deleted>,
    options?: KVWatchOptions,
  ): KVWatcher<Watched, Deleted>;
  /** Watches without callbacks: `for await (const event of bucket.watch({ key: "user.>" }))`. */
  watch(options?: KVWatchOptions): KVWatcher<Watched, Deleted>;
  /**
   * A live copy of all keys, or of those that match `options.key`, that is read synchronously. A watch keeps
   * it up to date. Throws a {@link ValidationError} for bad options.
   */
  view(options?: KVViewOptions): KVView<T>;
}

/** The values that a handle with entries of type `T` writes: bytes in any form if it reads bytes. */
export type KVInput<T> = T | (T extends Bytes ? ArrayBuffer | ArrayBufferView : T);

/** The result of the function passed to {@link BrowserKVBucketHandle.modify}; undefined: write nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function may end without a return
export type KVChange<T> = KVInput<T> | typeof KV_DELETE | undefined | void;

/** The settings of a new bucket. */
export interface KVBucketConfig {
  /** 1 to 200 of `A-Z`, `a-z`, `0-9`, `_` and `-`. */
  name: string;
  /** A description for people. */
  description?: string | undefined;
  /** The time to live of a value after its write, in seconds. Default: no expiry. */
  ttlSeconds?: number | undefined;
  /** The largest value, in bytes. Default 1 MiB. */
  maxValueSize?: number | undefined;
  /** The bucket's maximum size in bytes. Default: no limit. */
  maxBytes?: number | undefined;
  /** The number of retained revisions per key, 1 to 64. Default 1. */
  history?: number | undefined;
}

/** A bucket's settings and state. */
export interface KVBucketInfo {
  /** Its name. */
  name: string;
  /** The description, if it has one. */
  description?: string;
  /** The time to live of a value after its write, in seconds; missing: no expiry. */
  ttl_seconds?: number;
  /** The number of retained messages, older revisions and tombstones included. */
  values: number;
  /** The size of the retained messages in bytes. */
  bytes: number;
  /** The number of retained revisions per key. */
  history: number;
  /** When it was created, RFC 3339. */
  created_at: string;
  /** The bucket's {@link IronflowClient.features}, if it has fewer than its server. */
  features?: string[];
}

/** Accessors for a stored value. */
export interface Stored {
  /** The bytes parsed as JSON. Throws a `SyntaxError` if they are not JSON. */
  json<T = unknown>(): T;
  /** The bytes as UTF-8 text. */
  text(): string;
  /** The bytes. */
  bytes(): Bytes;
}

/** A `Uint8Array` over an `ArrayBuffer`: `Uint8Array<ArrayBuffer>` since TypeScript 5.7. */
export type Bytes = ReturnType<Uint8ArrayConstructor["of"]>;

/** A key with its value and revision. */
export interface KVEntry<T = unknown> extends Stored {
  /** The key. */
  key: string;
  /**
   * The decoded value; without `decode` the stored bytes in base64: see {@link Stored}
   * for other forms.
   */
  value: T;
  /** The revision of its last write, for {@link BrowserKVBucketHandle.update}. */
  revision: number;
  /** When it was written, RFC 3339. */
  created_at: string;
  /** Always `"put"`. */
  operation: "put";
  /** When it expires, RFC 3339, if it does and the server reports it. */
  expires_at?: string;
  /** True while it waits in the outbox. */
  pending?: true;
}

/** A retained revision of a key. */
export interface KVHistoryEntry<T = unknown> extends Stored {
  /** The key. */
  key: string;
  /** As {@link KVEntry.value}; undefined for a delete. */
  value: T | undefined;
  /** The revision. */
  revision: number;
  /** When it was written, RFC 3339. */
  created_at: string;
  /** The operation of this revision. */
  operation: "put" | "delete";
  /** Why there is no value, if the key was not deleted. */
  reason?: KVReason;
  /** When it expires, RFC 3339, if it does. */
  expires_at?: string;
}

/** Why a key has no value, if it was not deleted. */
export type KVReason = "expired" | "purged";

/** The result of a write. */
export interface KVPutResult {
  /** The revision of the write. Revisions of a bucket increase; those of one key are not contiguous. */
  revision: number;
  /** When the value expires, RFC 3339, if it was written with a `ttl`. */
  expires_at?: string;
}

/** The last, optional argument of every operation. */
export interface RequestOptions {
  /** Aborting it rejects the operation with the signal's reason, as `fetch` does. */
  signal?: AbortSignal | undefined;
  /** The timeout of this operation, in milliseconds. Default: the client's `timeout`. */
  timeout?: number | undefined;
  /**
   * Whether the request outlives the page, for saves while it unloads (`pagehide`). Browsers send at most
   * 65,536 bytes of such values at a time: more is a {@link ValidationError}.
   */
  keepalive?: boolean | undefined;
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

/** Options of `put`, `create`, `update` and `modify`. */
export interface KVWriteOptions extends RequestOptions {
  /**
   * Time to live of the value: whole seconds, 1 to 31,536,000. If the bucket has a TTL too, the earlier expiry
   * counts. A later write without `ttl` keeps the key. Requires the feature `key-ttl`, else `UNSUPPORTED`.
   */
  ttl?: number | undefined;
}

/** Options of {@link BrowserKVBucketHandle.modify}. */
export interface ModifyOptions extends KVWriteOptions {
  /** The number of attempts after which a conflict rejects. Default: only the timeout limits them. */
  maxAttempts?: number | undefined;
}
