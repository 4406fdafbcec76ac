// The error classes. They are plain JavaScript, so that they exist before the WebAssembly does and
// `instanceof` holds across every entry of the package.

/** Gives a class its name, in a way that survives minifiers and stays out of deep equality. */
function named(value, type) {
  Object.defineProperty(type, "name", { value });
  Object.defineProperty(type.prototype, "name", { value, configurable: true, writable: true });
  return type;
}

export const IronflowError = /* @__PURE__ */ named(
  "IronflowError",
  class extends Error {
    constructor(message, options = {}) {
      super(message, "cause" in options ? { cause: options.cause } : undefined);
      this.code = options.code ?? "IRONFLOW_ERROR";
      this.retryable = options.retryable ?? false;
      for (const field of ["status", "retryAfter", "details"]) {
        if (options[field] !== undefined) this[field] = options[field];
      }
    }
  },
);

/** A kind of it, with options of its own, and perhaps a field that only this kind has. */
function kind(name, own, field) {
  return named(
    name,
    class extends IronflowError {
      constructor(message, options) {
        super(message, { ...own, ...options });
        if (field) this[field] = options?.[field];
      }
    },
  );
}

export const UnauthenticatedError = /* @__PURE__ */ kind("UnauthenticatedError", {
  code: "UNAUTHENTICATED",
  status: 401,
});

export const UnauthorizedError = /* @__PURE__ */ kind("UnauthorizedError", {
  code: "UNAUTHORIZED",
  status: 403,
});

export const TimeoutError = /* @__PURE__ */ kind(
  "TimeoutError",
  { code: "TIMEOUT", retryable: true },
  "timeoutMs",
);

export const ConnectionError = /* @__PURE__ */ kind("ConnectionError", {
  code: "REQUEST_FAILED",
  retryable: true,
});

export const ValidationError = /* @__PURE__ */ kind("ValidationError", {
  code: "VALIDATION_ERROR",
});

export const NotConfiguredError = /* @__PURE__ */ kind("NotConfiguredError", {
  code: "NOT_CONFIGURED",
});

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
