/**
 * `@ironflow/browser`: the Ironflow key-value client for web apps.
 *
 * @packageDocumentation
 */

/** The client most applications need: configure it once, use it everywhere. */
export declare const ironflow: IronflowClient;

/** Makes an independent client, configured. Throws a {@link ValidationError} for bad options. */
export declare function createClient(options?: IronflowConfigOptions): IronflowClient;

/** Where a client finds the server unless told otherwise: `http://localhost:9123`. */
export declare const DEFAULT_SERVER_URL: string;

/** One configured way to the server, or to a store in memory. */
export declare class IronflowClient {
  constructor();
  /**
   * Sets, or replaces, the configuration; running watches end. Handles that exist already use the
   * new one. Throws a {@link ValidationError} naming the option that is unknown or ill-typed.
   */
  configure(options?: IronflowConfigOptions): void;
  /** Whether {@link configure} has succeeded. */
  readonly isConfigured: boolean;
  /** The configuration in force. Throws a {@link NotConfiguredError} before {@link configure}. */
  getConfig(): IronflowConfig;
  /** Changes the credentials, from the next request and connection on; nothing is torn down. */
  setAuth(auth?: AuthConfig): void;
  /** The key-value API. Throws a {@link NotConfiguredError} before {@link configure}. */
  kv(): BrowserKVClient;
  /**
   * Hears of every rejected operation, once, and of every problem of a watch. Gives the function
   * that ends it. What a handler throws is logged and changes nothing.
   */
  onError(handler: ErrorHandler): () => void;
  /** Ends every watch of this client. */
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
   * A handle for a bucket's keys. Asks nobody whether the bucket exists; throws a
   * {@link ValidationError} for a name that no bucket can have.
   */
  bucket(name: string): BrowserKVBucketHandle;
}

/**
 * A bucket's keys. A key is one or more tokens joined by `.`, without white space, `*` and `>`, at
 * most 1,024 bytes of UTF-8; anything else is a {@link ValidationError} before any request.
 */
export declare class BrowserKVBucketHandle {
  /** Throws a {@link ValidationError} for a bad name or bad options. */
  constructor(name: string, config?: IronflowConfigOptions);
  /** Reads a key. `HTTP_404` where it is missing or deleted. */
  get(key: string, options?: RequestOptions): Promise<KVEntry>;
  /**
   * Writes a key, whatever it held. A string is stored as UTF-8, an `ArrayBuffer` or a view of one
   * as its bytes, everything else as its JSON text. Larger than the bucket takes: `HTTP_413`.
   */
  put(key: string, value: unknown, options?: RequestOptions): Promise<KVPutResult>;
  /** Writes a key that is missing or deleted. `HTTP_412` where it exists. */
  create(key: string, value: unknown, options?: RequestOptions): Promise<KVPutResult>;
  /** Writes a key whose last revision is `revision`. `HTTP_412` where it is another. */
  update(
    key: string,
    value: unknown,
    revision: number,
    options?: RequestOptions,
  ): Promise<KVPutResult>;
  /** Puts a tombstone on a key; older revisions stay as the bucket's history says. */
  delete(key: string, options?: RequestOptions): Promise<void>;
  /** Removes a key with all its history. */
  purge(key: string, options?: RequestOptions): Promise<void>;
  /**
   * The keys that exist, in ascending order of their last revision: all, or those that match a
   * pattern. In a pattern `*` stands for one token, a last `>` for one or more.
   */
  listKeys(filter?: string, options?: RequestOptions): Promise<string[]>;
  /**
   * Calls back on every change from now on, of all keys or those that match `options.key`. Opens the
   * connection at once. Throws a {@link ValidationError} for bad callbacks or options.
   */
  watch(callbacks: KVWatchCallbacks, options?: KVWatchOptions): KVWatcher;
}

/** Options of {@link IronflowClient.configure}. */
export interface IronflowConfigOptions {
  /** The server's address; a base path and a trailing slash are fine. Default {@link DEFAULT_SERVER_URL}. */
  serverUrl?: string | undefined;
  /**
   * `"memory"` is a store in memory that starts empty; the other two mean the server. Default
   * `"connectrpc"`.
   */
  transport?: "connectrpc" | "websocket" | "memory" | undefined;
  /** Buckets of one environment are unknown in another. Default `"default"`. */
  environment?: string | undefined;
  /** How long a request may take, in milliseconds. Default 30000. */
  timeout?: number | undefined;
  /** Who the client says it is. */
  auth?: AuthConfig | undefined;
  /** How a lost watch is taken up again. */
  reconnect?: boolean | ReconnectConfig | undefined;
  /** What a watch makes of the page being hidden. */
  visibility?: VisibilityConfig | undefined;
  /** Where to log; `false`: nowhere. Default: the console, warnings and errors only. */
  logger?: Logger | false | undefined;
  /** Hears of every rejected operation and every problem of a watch. */
  onError?: ErrorHandler | undefined;
}

/** A configuration with its defaults filled in. */
export interface IronflowConfig {
  serverUrl: string;
  transport: "connectrpc" | "websocket" | "memory";
  environment: string;
  timeout: number;
  auth: AuthConfig;
  reconnect: { enabled: boolean; maxAttempts: number; backoff: Required<BackoffConfig> };
  visibility: { pauseOnHidden: boolean; reconnectOnVisible: boolean };
  logger?: Logger | false | undefined;
  onError?: ErrorHandler | undefined;
}

/** Credentials. They travel in a header or a subprotocol, never in an address. */
export interface AuthConfig {
  /** An API key; it wins where a token is given too. */
  apiKey?: string | undefined;
  /** A token, or a function that is asked for one before every request and connection. */
  token?: string | (() => string | Promise<string>) | undefined;
}

/** How a lost watch is taken up again. */
export interface ReconnectConfig {
  /** Whether at all. Default true. */
  enabled?: boolean | undefined;
  /** How often in a row; -1: without end. Default 10. */
  maxAttempts?: number | undefined;
  /** The waits between the attempts. */
  backoff?: BackoffConfig | undefined;
}

/** Waits that grow, in milliseconds. */
export interface BackoffConfig {
  /** The first. Default 1000. */
  initial?: number | undefined;
  /** The longest. Default 30000. */
  max?: number | undefined;
  /** What each is multiplied by. Default 2. */
  multiplier?: number | undefined;
}

/** What a watch makes of the page being hidden. */
export interface VisibilityConfig {
  /** Whether it pauses. Default false. */
  pauseOnHidden?: boolean | undefined;
  /** Whether it reconnects at once when the page is shown. Default true. */
  reconnectOnVisible?: boolean | undefined;
}

/** Where a client logs. Any of the methods may be missing. */
export interface Logger {
  debug?(message: string, detail?: unknown): void;
  info?(message: string, detail?: unknown): void;
  warn?(message: string, detail?: unknown): void;
  error?(message: string, detail?: unknown): void;
}

/** Hears of errors centrally. */
export type ErrorHandler = (error: IronflowError, context: ErrorContext) => void;

/** What an error is about. */
export interface ErrorContext {
  /** The method, such as `"get"`. */
  operation: string;
  /** The bucket, where there is one. */
  bucket?: string | undefined;
  /** The key or pattern, where there is one. */
  key?: string | undefined;
}

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
  name: string;
  description?: string;
  ttl_seconds?: number;
  /** Messages retained: older revisions and tombstones count too. */
  values: number;
  /** Bytes they take. */
  bytes: number;
  history: number;
  /** RFC 3339. */
  created_at: string;
}

/** What stored bytes can be read as. */
export interface Stored {
  /** The bytes as UTF-8 text, parsed as JSON. Throws a `SyntaxError` where they are none. */
  json<T = unknown>(): T;
  /** The bytes as UTF-8 text. */
  text(): string;
  /** The bytes. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/** A key as it was read. */
export interface KVEntry extends Stored {
  key: string;
  /** The stored bytes in base64; see {@link Stored} for other forms. */
  value: unknown;
  revision: number;
  /** When it was written, RFC 3339. */
  created_at: string;
  /** Always `"put"`. */
  operation: string;
}

/** What a write gives. */
export interface KVPutResult {
  /** The revision the write got. Revisions of a bucket grow; those of one key are not contiguous. */
  revision: number;
}

/** One change of one key. */
export interface KVWatchEvent extends Stored {
  type: "kv_update";
  key: string;
  /** The new bytes in base64, empty for a delete; see {@link Stored} for other forms. */
  value: string;
  revision: number;
  /** A purge is a `"delete"` too. */
  operation: "put" | "delete";
  bucket: string;
}

/** What a watch calls back. What a callback throws is logged and harms nothing. */
export interface KVWatchCallbacks {
  /** A matching key changed. */
  onUpdate: (event: KVWatchEvent) => void;
  /** Every change from now on will be delivered. */
  onReady?: (() => void) | undefined;
  /** A problem. The watch goes on unless {@link onClose} follows. */
  onError?: ((error: Error) => void) | undefined;
  /** The watch has ended, once. Nothing is called after it. */
  onClose?: (() => void) | undefined;
}

/** Options of {@link BrowserKVBucketHandle.watch}. */
export interface KVWatchOptions {
  /** A key or a pattern. Default: all keys. */
  key?: string | undefined;
}

/** A running watch. It goes on when nobody holds on to this any more. */
export interface KVWatcher {
  /** Ends the watch at once. Nothing is delivered afterwards; a second call does nothing. */
  stop(): void;
}

/** The last, optional argument of every operation. */
export interface RequestOptions {
  /** Aborting it rejects the operation with the signal's reason, as `fetch` does. */
  signal?: AbortSignal | undefined;
  /** How long this request may take, in milliseconds. Default: the client's `timeout`. */
  timeout?: number | undefined;
}

/** What an error is made with. */
export interface IronflowErrorOptions {
  code?: string | undefined;
  status?: number | undefined;
  retryable?: boolean | undefined;
  retryAfter?: number | undefined;
  details?: object | undefined;
  cause?: unknown;
}

/** The base of every error. */
export declare class IronflowError extends Error {
  constructor(message: string, options?: IronflowErrorOptions);
  /** What programs test, such as `"HTTP_404"`. */
  code: string;
  /** The HTTP status, where there is one. */
  status?: number;
  /** Whether the same call may succeed later. */
  retryable: boolean;
  /** How long the server asks to wait, in seconds. */
  retryAfter?: number;
  /** The server's whole answer, where it is an object. */
  details?: object;
}

/** Credentials missing or invalid: `UNAUTHENTICATED`, 401. */
export declare class UnauthenticatedError extends IronflowError {}

/** Not permitted: `UNAUTHORIZED`, 403. */
export declare class UnauthorizedError extends IronflowError {}

/** No answer in time: `TIMEOUT`. */
export declare class TimeoutError extends IronflowError {
  constructor(message: string, options?: IronflowErrorOptions & { timeoutMs?: number | undefined });
  /** The limit that ran out, in milliseconds. */
  timeoutMs?: number;
}

/** Server unreachable or connection cut: `REQUEST_FAILED`, of a watch `CONNECTION_LOST`. */
export declare class ConnectionError extends IronflowError {}

/** A bad argument or option: `VALIDATION_ERROR`, found before any request. */
export declare class ValidationError extends IronflowError {}

/** Used before `configure()`: `NOT_CONFIGURED`. */
export declare class NotConfiguredError extends IronflowError {}

/** Whether a value is an {@link IronflowError}. */
export declare function isIronflowError(error: unknown): error is IronflowError;

/** Whether an error says that the same call may succeed later. */
export declare function isRetryable(error: unknown): boolean;
