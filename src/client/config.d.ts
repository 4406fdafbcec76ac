import type { IronflowError } from "./errors.js";
import type { IronflowClient, KVBucketConfig, KVEntry } from "./types.js";
import type { KVOutboxStorage } from "./view.js";

/** Options of {@link IronflowClient.configure}. */
export interface IronflowConfigOptions {
  /**
   * The server's address; it may have a base path and a trailing slash. In a page it may be a path on the page's
   * own server, such as `"/api"`. Default {@link DEFAULT_SERVER_URL}.
   */
  serverUrl?: string | URL | undefined;
  /**
   * `"memory"` is a store in memory that starts empty; the other two mean the server. Default
   * `"connectrpc"`.
   */
  transport?: "connectrpc" | "websocket" | "memory" | undefined;
  /** Buckets of one environment are unknown in another. Default `"default"`. */
  environment?: string | undefined;
  /** The timeout of an operation, in milliseconds. Default 30000. */
  timeout?: number | undefined;
  /** The credentials. */
  auth?: AuthConfig | undefined;
  /** How watches reconnect. */
  reconnect?: boolean | ReconnectConfig | undefined;
  /**
   * How reads are retried after an error that is `retryable`, and writes of keys on a server that announces the
   * feature `write-id`.
   */
  retry?: boolean | RetryConfig | undefined;
  /** What a watch does when the page is hidden. */
  visibility?: VisibilityConfig | undefined;
  /**
   * What to do if the server cannot be reached, or does not respond in time, before it has ever responded:
   * `"memory"` continues with a store in memory until the next {@link IronflowClient.configure}. The logger and
   * `onError` get a `FALLBACK_MEMORY` error. Nothing is ever written back to a server. Default: no fallback.
   */
  fallback?: "memory" | undefined;
  /** The store of the memory transport, and of the fallback to it. */
  memory?: MemoryConfig | undefined;
  /** The logger; `false` logs nothing. Default: warnings and errors go to the console. */
  logger?: Logger | false | undefined;
  /** Called for every rejected operation and every error of a watch. */
  onError?: ErrorHandler | undefined;
}

/** Options of {@link createClient}. */
export interface IronflowClientOptions extends IronflowConfigOptions {
  /**
   * Keeps the writes that are made while the server cannot be reached, and sends them later: a storage of
   * `@ironflow/browser/offline`. Not with `fallback`.
   */
  outbox?: KVOutboxStorage | undefined;
  /**
   * Called for a queued write of a key that changed meanwhile. Returns the value to write instead, `KV_DELETE`, or
   * undefined to drop the write. Without it the write rejects and {@link KVOutbox.entries} keeps it.
   */
  onConflict?: ((conflict: KVConflict) => unknown) | undefined;
}

/** A queued write of a key that changed meanwhile. */
export interface KVConflict {
  /** The method that was called. */
  operation: KVOutboxOperation;
  /** The bucket. */
  bucket: string;
  /** The key. */
  key: string;
  /** The revision that the write is based on, 0 if the key was missing; undefined if it is not known. */
  base: number | undefined;
  /** What was to be written; undefined for a delete. */
  mine: KVEntry | undefined;
  /** What is stored; undefined if the key is missing. */
  theirs: KVEntry | undefined;
  /** Whether the write may have been carried out before another client changed the key. */
  maybeApplied: boolean;
}

/** The methods whose writes are queued. */
export type KVOutboxOperation = "put" | "create" | "update" | "delete" | "purge";

/** A write that the outbox holds. */
export interface KVOutboxEntry {
  /** Its id, for {@link KVOutbox.discard}. */
  readonly id: string;
  /** The server that it is sent to. */
  readonly serverUrl: string;
  /** The environment. */
  readonly environment: string;
  /** The bucket. */
  readonly bucket: string;
  /** The key. */
  readonly key: string;
  /** The method that was called. */
  readonly operation: KVOutboxOperation;
  /** The bytes to store; empty for a delete. */
  readonly bytes: Uint8Array;
  /** When the method was called, RFC 3339. */
  readonly created_at: string;
  /** Why it was put aside: it is not sent any more. */
  readonly error?: { readonly code: string; readonly status?: number; readonly message?: string };
}

/** The writes of a client that the server has not answered yet. */
export interface KVOutbox {
  /** How many there are. */
  readonly size: number;
  /** All of them in order, also those of other servers and those that were put aside. */
  entries(): KVOutboxEntry[];
  /** Sends them now. Resolves when nothing is left that can be sent: `size` says whether all were. */
  flush(): Promise<void>;
  /** Removes an entry: its promise rejects with an `AbortError`. */
  discard(id: string): Promise<void>;
  /** Calls `callback` after the entries have changed. Returns the function that unsubscribes it. */
  subscribe(callback: () => void): () => void;
}

/** Options of a client with an outbox. */
export interface IronflowOutboxOptions extends IronflowClientOptions {
  outbox: KVOutboxStorage;
}

/** What a client with an outbox has. */
export interface WithOutbox {
  /** The writes that wait. */
  readonly outbox: KVOutbox;
}

/** Creates an independent, configured client. Throws a {@link ValidationError} for bad options. */
export declare function createClient(options: IronflowOutboxOptions): IronflowClient & WithOutbox;
export declare function createClient(options?: IronflowClientOptions): IronflowClient;

/** A configuration with its defaults filled in. */
export interface IronflowConfig {
  /** The server's address, without a trailing slash. */
  serverUrl: string;
  /** The configured transport. */
  transport: "connectrpc" | "websocket" | "memory";
  /** The environment. */
  environment: string;
  /** The timeout of an operation, in milliseconds. */
  timeout: number;
  /** The credentials. */
  auth: AuthConfig;
  /** How watches reconnect. */
  reconnect: {
    enabled: boolean;
    maxAttempts: number;
    heartbeat: number;
    backoff: Required<BackoffConfig>;
  };
  /** How read requests are retried. */
  retry: { enabled: boolean; maxAttempts: number; backoff: Required<BackoffConfig> };
  /** What a watch does when the page is hidden. */
  visibility: { pauseOnHidden: boolean; reconnectOnVisible: boolean };
  /** Whether the client falls back to memory if the server has never been reached. */
  fallback?: "memory" | undefined;
  /** The store of the memory transport, and of the fallback to it. */
  memory: { buckets: (string | KVBucketConfig)[]; autoCreate: boolean; name?: string | undefined };
  /** The logger, if one was given. */
  logger?: Logger | false | undefined;
  /** The error handler, if one was given. */
  onError?: ErrorHandler | undefined;
}

/** Credentials. They are sent in a header or a subprotocol, never in a URL. */
export interface AuthConfig {
  /** An API key; it takes precedence over a token. */
  apiKey?: string | undefined;
  /** A token, or a function that returns one, called before every request and connection. */
  token?: string | (() => string | Promise<string>) | undefined;
}

/** How a watch reconnects. */
export interface ReconnectConfig {
  /** Whether it reconnects. Default true. */
  enabled?: boolean | undefined;
  /** The number of attempts in a row; -1: no limit. Default 10. */
  maxAttempts?: number | undefined;
  /** The delays between the attempts. */
  backoff?: BackoffConfig | undefined;
  /**
   * How long the server may send nothing before the client checks the connection, in milliseconds, 100 or more. It
   * then has `timeout` to respond. Only for servers that speak `ironflow.v2`. Default 30,000.
   */
  heartbeat?: number | undefined;
}

/** How a failed request is retried, within its time limit. */
export interface RetryConfig {
  /** Whether it is retried. Default true. */
  enabled?: boolean | undefined;
  /** The number of attempts, the first included; -1: limited only by the timeout. Default 3. */
  maxAttempts?: number | undefined;
  /**
   * The delays between the attempts. The server's `Retry-After` is added to them; if it is more than
   * `max`, the request is not retried.
   */
  backoff?: BackoffConfig | undefined;
}

/** A store in memory. */
export interface MemoryConfig {
  /** Initial buckets, by name or with settings. */
  buckets?: readonly (string | KVBucketConfig)[] | undefined;
  /** Whether a missing bucket is created on first use. Default false: it is `HTTP_404`. */
  autoCreate?: boolean | undefined;
  /**
   * A name for a store that all clients of one environment with this name share, for as long as one of them uses it.
   * Default: a separate store.
   */
  name?: string | undefined;
}

/**
 * Exponential backoff with full jitter, in milliseconds: each delay is random, between 0 and a bound that
 * grows. At most 2147483647, the limit of timers.
 */
export interface BackoffConfig {
  /** The bound of the first delay. Default 1000; of `retry` 100. */
  initial?: number | undefined;
  /** The largest bound. Default 30000; of `retry` 10000. */
  max?: number | undefined;
  /** The factor by which the bound grows. Default 2. */
  multiplier?: number | undefined;
}

/** What a watch does when the page is hidden. */
export interface VisibilityConfig {
  /** Whether it pauses. Default false. */
  pauseOnHidden?: boolean | undefined;
  /** Whether it reconnects immediately when the page becomes visible. Default true. */
  reconnectOnVisible?: boolean | undefined;
}

/** A logger. Each method is optional. */
export interface Logger {
  /** Details for debugging, such as a retried request. */
  debug?(message: string, detail?: unknown): void;
  /** Normal events. */
  info?(message: string, detail?: unknown): void;
  /** Possible problems, such as a lost connection. */
  warn?(message: string, detail?: unknown): void;
  /** Errors, such as a callback that throws. */
  error?(message: string, detail?: unknown): void;
}

/** A handler of all errors of a client. */
export type ErrorHandler = (error: IronflowError, context: ErrorContext) => void;

/** The subject of an error. */
export interface ErrorContext {
  /** The method, such as `"get"`. */
  operation: string;
  /** The bucket, if there is one. */
  bucket?: string | undefined;
  /** The key or pattern, if there is one; for watches that share a connection, the pattern that covers theirs. */
  key?: string | undefined;
}
