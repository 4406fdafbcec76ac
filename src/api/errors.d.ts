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
