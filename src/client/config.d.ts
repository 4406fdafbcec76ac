import type { IronflowError } from "./errors.js";
import type { KVBucketConfig } from "./types.js";

/** Options of {@link IronflowClient.configure}. */
export interface IronflowConfigOptions {
  /**
   * The server's address; a base path and a trailing slash are fine. In a page also a path on the page's own
   * server, such as `"/api"`. Default {@link DEFAULT_SERVER_URL}.
   */
  serverUrl?: string | URL | undefined;
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
  /**
   * How reads are retried after an error that is `retryable`, and writes of keys on a server that announces the
   * feature `write-id`.
   */
  retry?: boolean | RetryConfig | undefined;
  /** What a watch makes of the page being hidden. */
  visibility?: VisibilityConfig | undefined;
  /**
   * What to do if the server cannot be reached, or does not answer in time, before it has ever answered:
   * `"memory"` goes on in memory until the next {@link IronflowClient.configure}. The logger and `onError`
   * get a `FALLBACK_MEMORY` error. Nothing is ever written back to a server. Default: nothing.
   */
  fallback?: "memory" | undefined;
  /** The store of the memory transport, and of the fallback to it. */
  memory?: MemoryConfig | undefined;
  /** Where to log; `false`: nowhere. Default: the console, warnings and errors only. */
  logger?: Logger | false | undefined;
  /** Hears of every rejected operation and every problem of a watch. */
  onError?: ErrorHandler | undefined;
}

/** A configuration with its defaults filled in. */
export interface IronflowConfig {
  /** The server's address, without a trailing slash. */
  serverUrl: string;
  /** The way to the server, or `"memory"`. */
  transport: "connectrpc" | "websocket" | "memory";
  /** The environment. */
  environment: string;
  /** How long a request may take, in milliseconds. */
  timeout: number;
  /** Who the client says it is. */
  auth: AuthConfig;
  /** How a lost watch is taken up again. */
  reconnect: { enabled: boolean; maxAttempts: number; backoff: Required<BackoffConfig> };
  /** How a failed reading is tried again. */
  retry: { enabled: boolean; maxAttempts: number; backoff: Required<BackoffConfig> };
  /** What a watch makes of the page being hidden. */
  visibility: { pauseOnHidden: boolean; reconnectOnVisible: boolean };
  /** Whether the client goes on in memory where the server has never been reached. */
  fallback?: "memory" | undefined;
  /** The store of the memory transport, and of the fallback to it. */
  memory: { buckets: (string | KVBucketConfig)[]; autoCreate: boolean; name?: string | undefined };
  /** Where it logs, if that was given. */
  logger?: Logger | false | undefined;
  /** Who hears of errors, if that was given. */
  onError?: ErrorHandler | undefined;
}

/** Credentials. They travel in a header or a subprotocol, never in an address. */
export interface AuthConfig {
  /** An API key; it wins where a token is given too. */
  apiKey?: string | undefined;
  /** A token, or a function that is asked for one before every request and connection. */
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
}

/** How a failed request is retried, within its time limit. */
export interface RetryConfig {
  /** Whether it is retried. Default true. */
  enabled?: boolean | undefined;
  /** The number of attempts, the first included; -1: as many as the time limit allows. Default 3. */
  maxAttempts?: number | undefined;
  /**
   * The delays between the attempts, on top of what the server asks for with `Retry-After`. If it asks
   * for more than `max`, there is no other attempt.
   */
  backoff?: BackoffConfig | undefined;
}

/** A store in memory. */
export interface MemoryConfig {
  /** Buckets to begin with, by name or with settings. */
  buckets?: readonly (string | KVBucketConfig)[] | undefined;
  /** Whether an unknown bucket springs up when it is first used. Default false: it is `HTTP_404`. */
  autoCreate?: boolean | undefined;
  /**
   * Clients of one environment that name the same store share it, for as long as one of them uses it.
   * Default: a store of its own.
   */
  name?: string | undefined;
}

/**
 * Exponential backoff with full jitter, in milliseconds: each delay is random, between 0 and a bound that
 * grows. At most 2147483647, which is what timers count.
 */
export interface BackoffConfig {
  /** The bound of the first delay. Default 1000; of `retry` 100. */
  initial?: number | undefined;
  /** The largest bound. Default 30000; of `retry` 10000. */
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
  /** What helps to find an error. */
  debug?(message: string, detail?: unknown): void;
  /** What is as it should be. */
  info?(message: string, detail?: unknown): void;
  /** What may be wrong, such as a lost connection. */
  warn?(message: string, detail?: unknown): void;
  /** What is wrong, such as a callback that throws. */
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
  /** The key or pattern, where there is one; of watches that share a connection, one that covers theirs. */
  key?: string | undefined;
}
