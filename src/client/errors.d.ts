/**
 * What a program tests: the codes of this package's errors.
 *
 * - `HTTP_404`: no such key or bucket; `HTTP_412`: the key exists, or its revision is another;
 *   `HTTP_409`: the bucket exists with other settings; any other status alike
 * - `UNAUTHENTICATED`, `UNAUTHORIZED`: 401 and 403
 * - `TIMEOUT`: no answer in time
 * - `REQUEST_FAILED`: the server could not be reached; of a watch `CONNECTION_LOST`
 * - `INVALID_RESPONSE`: an answer, or a frame of a watch, that is not what the protocol says
 * - `VALIDATION_ERROR`: a bad argument or option; `NOT_CONFIGURED`: used before `configure()`
 * - `UNSUPPORTED`: the server does not announce a feature that the call needs; nothing was carried out
 * - `FALLBACK_MEMORY`: the server has never been reached, and the client goes on in memory
 * - `WASM_BLOCKED`: WebAssembly cannot be compiled, for a policy or in an edge runtime
 * - `IRONFLOW_ERROR`: of an error that an application made without a code
 */
export type IronflowErrorCode =
  | `HTTP_${number}`
  | "UNAUTHENTICATED"
  | "UNAUTHORIZED"
  | "TIMEOUT"
  | "REQUEST_FAILED"
  | "CONNECTION_LOST"
  | "INVALID_RESPONSE"
  | "VALIDATION_ERROR"
  | "NOT_CONFIGURED"
  | "UNSUPPORTED"
  | "FALLBACK_MEMORY"
  | "WASM_BLOCKED"
  | "IRONFLOW_ERROR";

/** What an error is made with. */
export interface IronflowErrorOptions {
  /** As {@link IronflowError.code}. Default: that of the class. */
  code?: IronflowErrorCode | (string & {}) | undefined;
  /** As {@link IronflowError.status}. */
  status?: number | undefined;
  /** As {@link IronflowError.retryable}. Default: that of the class. */
  retryable?: boolean | undefined;
  /** As {@link IronflowError.retryAfter}. */
  retryAfter?: number | undefined;
  /** As {@link IronflowError.operation}. */
  operation?: string | undefined;
  /** As {@link IronflowError.bucket}. */
  bucket?: string | undefined;
  /** As {@link IronflowError.key}. */
  key?: string | undefined;
  /** As {@link IronflowError.details}. */
  details?: object | undefined;
  /** The error behind it. */
  cause?: unknown;
}

/**
 * The base of every error. Its message names the operation, the bucket and the key, and holds the server's own
 * words and the status: `get flags/dark-mode: key not found (HTTP 404)`.
 */
export declare class IronflowError extends Error {
  /** An error of the application's own, for tests or in an application's own words. */
  constructor(message: string, options?: IronflowErrorOptions);
  /** What programs test, such as `"HTTP_404"`. */
  code: IronflowErrorCode | (string & {});
  /** The HTTP status, where there is one. */
  status?: number;
  /** Whether the same call may succeed later. */
  retryable: boolean;
  /** How long the server asks to wait, in seconds. */
  retryAfter?: number;
  /** The method that failed, such as `"get"`. */
  operation?: string;
  /** The bucket it was about. */
  bucket?: string;
  /** The key or pattern it was about. */
  key?: string;
  /**
   * The server's whole answer, where it is an object. `maybeApplied: true` in it: a conditional write may have
   * taken effect at an earlier attempt.
   */
  details?: object;
  /** What `JSON.stringify()` writes: every field, without the stack and the cause. */
  toJSON(): Record<string, unknown>;
}

/** Credentials missing or invalid: `UNAUTHENTICATED`, 401. */
export declare class UnauthenticatedError extends IronflowError {
  /** The name of the class: it tells the classes apart. */
  name: "UnauthenticatedError";
}

/** Not permitted: `UNAUTHORIZED`, 403. */
export declare class UnauthorizedError extends IronflowError {
  /** The name of the class: it tells the classes apart. */
  name: "UnauthorizedError";
}

/** No answer in time: `TIMEOUT`. */
export declare class TimeoutError extends IronflowError {
  /** As {@link IronflowError}, with the limit that ran out. */
  constructor(message: string, options?: IronflowErrorOptions & { timeoutMs?: number | undefined });
  /** The name of the class: it tells the classes apart. */
  name: "TimeoutError";
  /** The limit that ran out, in milliseconds. */
  timeoutMs?: number;
}

/** Server unreachable or connection cut: `REQUEST_FAILED`, of a watch `CONNECTION_LOST`. */
export declare class ConnectionError extends IronflowError {
  /** The name of the class: it tells the classes apart. */
  name: "ConnectionError";
}

/** A bad argument or option: `VALIDATION_ERROR`, found before any request. */
export declare class ValidationError extends IronflowError {
  /** The name of the class: it tells the classes apart. */
  name: "ValidationError";
}

/** Used before `configure()`: `NOT_CONFIGURED`. */
export declare class NotConfiguredError extends IronflowError {
  /** The name of the class: it tells the classes apart. */
  name: "NotConfiguredError";
}

/** Whether a value is an {@link IronflowError}, also one of another copy of this package. */
export declare function isIronflowError(error: unknown): error is IronflowError;

/** Whether an error says that the same call may succeed later. */
export declare function isRetryable(error: unknown): boolean;
