/**
 * The codes of errors, for programs to test.
 *
 * - `HTTP_404`: the key or bucket does not exist; `HTTP_412`: the key exists, or has another revision;
 *   `HTTP_409`: the bucket exists with other settings; `HTTP_N` for any other status N
 * - `UNAUTHENTICATED`, `UNAUTHORIZED`: 401 and 403
 * - `TIMEOUT`: no response within the timeout
 * - `REQUEST_FAILED`: the server could not be reached; for a watch `CONNECTION_LOST`
 * - `INVALID_RESPONSE`: a response or watch frame that does not match the protocol
 * - `VALIDATION_ERROR`: a bad argument or option; `NOT_CONFIGURED`: used before `configure()`
 * - `UNSUPPORTED`: the server does not announce a feature that the call needs; the operation was not sent
 * - `FALLBACK_MEMORY`: the server has never been reached, and the client continues in memory
 * - `EXPIRED`: the ttl of a queued write was over before it was sent; `OUTBOX_FULL`: the outbox holds no more
 * - `WASM_BLOCKED`: WebAssembly cannot be compiled, because of a policy or in an edge runtime
 * - `IRONFLOW_ERROR`: an error that an application created without a code
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
  | "EXPIRED"
  | "OUTBOX_FULL"
  | "WASM_BLOCKED"
  | "IRONFLOW_ERROR";

/** Options of {@link IronflowError}. */
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
 * The base class of all errors. Its message contains the operation, the bucket and the key, the server's message
 * and the status: `get flags/dark-mode: key not found (HTTP 404)`.
 */
export declare class IronflowError extends Error {
  /** Creates an error, for an application's tests or its own errors. */
  constructor(message: string, options?: IronflowErrorOptions);
  /** The code, for programs to test, such as `"HTTP_404"`. */
  code: IronflowErrorCode | (string & {});
  /** The HTTP status, if there is one. */
  status?: number;
  /** Whether a retry may succeed. */
  retryable: boolean;
  /** The server's `Retry-After`, in seconds. */
  retryAfter?: number;
  /** The method that failed, such as `"get"`. */
  operation?: string;
  /** The bucket of the operation. */
  bucket?: string;
  /** The key or pattern of the operation. */
  key?: string;
  /**
   * The server's whole answer, where it is an object. `maybeApplied: true` in it: a conditional write may have
   * taken effect at an earlier attempt.
   */
  details?: object;
  /** The fields for `JSON.stringify()`: all except the stack and the cause. */
  toJSON(): Record<string, unknown>;
}

/** Credentials missing or invalid: `UNAUTHENTICATED`, 401. */
export declare class UnauthenticatedError extends IronflowError {
  /** The name of the class, which makes the classes distinct types. */
  name: "UnauthenticatedError";
}

/** Not permitted: `UNAUTHORIZED`, 403. */
export declare class UnauthorizedError extends IronflowError {
  /** The name of the class, which makes the classes distinct types. */
  name: "UnauthorizedError";
}

/** No response within the timeout: `TIMEOUT`. */
export declare class TimeoutError extends IronflowError {
  /** Like {@link IronflowError}, with the exceeded timeout. */
  constructor(message: string, options?: IronflowErrorOptions & { timeoutMs?: number | undefined });
  /** The name of the class, which makes the classes distinct types. */
  name: "TimeoutError";
  /** The exceeded timeout, in milliseconds. */
  timeoutMs?: number;
}

/** Server unreachable or connection lost: `REQUEST_FAILED`, for a watch `CONNECTION_LOST`. */
export declare class ConnectionError extends IronflowError {
  /** The name of the class, which makes the classes distinct types. */
  name: "ConnectionError";
}

/** A bad argument or option: `VALIDATION_ERROR`, found before any request. */
export declare class ValidationError extends IronflowError {
  /** The name of the class, which makes the classes distinct types. */
  name: "ValidationError";
}

/** Used before `configure()`: `NOT_CONFIGURED`. */
export declare class NotConfiguredError extends IronflowError {
  /** The name of the class, which makes the classes distinct types. */
  name: "NotConfiguredError";
}

/** Whether a value is an {@link IronflowError}, also one of another copy of this package. */
export declare function isIronflowError(error: unknown): error is IronflowError;

/** Whether it is an error after which a retry may succeed. */
export declare function isRetryable(error: unknown): boolean;
