// The error classes. They are plain JavaScript, so that they exist before the WebAssembly does and
// `instanceof` holds across every entry of the package.

/** Gives a class its name, in a way that survives minifiers and stays out of deep equality. */
function named(type, value) {
  Object.defineProperty(type.prototype, "name", {
    value,
    configurable: true,
    writable: true,
  });
}

export class IronflowError extends Error {
  static {
    named(IronflowError, "IronflowError");
  }

  constructor(message, options = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = options.code ?? "IRONFLOW_ERROR";
    this.retryable = options.retryable ?? false;
    for (const field of ["status", "retryAfter", "details"]) {
      if (options[field] !== undefined) this[field] = options[field];
    }
  }
}

export class UnauthenticatedError extends IronflowError {
  static {
    named(UnauthenticatedError, "UnauthenticatedError");
  }

  constructor(message, options) {
    super(message, { code: "UNAUTHENTICATED", status: 401, ...options });
  }
}

export class UnauthorizedError extends IronflowError {
  static {
    named(UnauthorizedError, "UnauthorizedError");
  }

  constructor(message, options) {
    super(message, { code: "UNAUTHORIZED", status: 403, ...options });
  }
}

export class TimeoutError extends IronflowError {
  static {
    named(TimeoutError, "TimeoutError");
  }

  constructor(message, options) {
    super(message, { code: "TIMEOUT", retryable: true, ...options });
    this.timeoutMs = options?.timeoutMs;
  }
}

export class ConnectionError extends IronflowError {
  static {
    named(ConnectionError, "ConnectionError");
  }

  constructor(message, options) {
    super(message, { code: "REQUEST_FAILED", retryable: true, ...options });
  }
}

export class ValidationError extends IronflowError {
  static {
    named(ValidationError, "ValidationError");
  }

  constructor(message, options) {
    super(message, { code: "VALIDATION_ERROR", ...options });
  }
}

export class NotConfiguredError extends IronflowError {
  static {
    named(NotConfiguredError, "NotConfiguredError");
  }

  constructor(message, options) {
    super(message, { code: "NOT_CONFIGURED", ...options });
  }
}

export function isIronflowError(error) {
  return error instanceof IronflowError;
}

export function isRetryable(error) {
  return error instanceof IronflowError && error.retryable;
}

/** Makes an error of the class with this number in Rust's `error::Class`. */
export function makeError(
  number,
  message,
  code,
  retryable,
  status,
  retryAfter,
  timeoutMs,
  details,
  cause,
) {
  const Class = [
    IronflowError,
    UnauthenticatedError,
    UnauthorizedError,
    TimeoutError,
    ConnectionError,
    ValidationError,
    NotConfiguredError,
  ][number];
  const options = { code, retryable, status, retryAfter, timeoutMs, details };
  if (cause !== undefined) options.cause = cause;
  return new Class(message, options);
}
