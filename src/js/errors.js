// The error classes. They are plain JavaScript, so that they exist before the WebAssembly does and
// `instanceof` holds across every entry of the package.

import {
  ERROR_CONNECTION,
  ERROR_IRONFLOW,
  ERROR_NOT_CONFIGURED,
  ERROR_TIMEOUT,
  ERROR_UNAUTHENTICATED,
  ERROR_UNAUTHORIZED,
  ERROR_VALIDATION,
} from "./enums.js";

/** Marks the errors of every copy of the package in a page. */
const BRAND = Symbol.for("ironflow.error");

/** Fields that an error has only if they are known. */
const FIELDS = ["status", "retryAfter", "operation", "bucket", "key", "details"];

/** Gives a class its name and brand. Both survive minifiers and do not affect deep equality. */
function named(value, type) {
  Object.defineProperty(type, "name", { value });
  Object.defineProperty(type.prototype, "name", { value, configurable: true, writable: true });
  Object.defineProperty(type.prototype, BRAND, { value: true });
  return type;
}

export const IronflowError = /* @__PURE__ */ named(
  "IronflowError",
  class extends Error {
    constructor(message, options = {}) {
      super(message, "cause" in options ? { cause: options.cause } : undefined);
      this.code = options.code ?? "IRONFLOW_ERROR";
      this.retryable = options.retryable ?? false;
      for (const field of FIELDS) {
        if (options[field] !== undefined) this[field] = options[field];
      }
    }

    /** The fields for JSON.stringify(): all except the stack and the cause. */
    toJSON() {
      return { name: this.name, message: this.message, ...this };
    }
  },
);

/** Creates a subclass with its own default options and, optionally, a field that only it has. */
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
  try {
    return error?.[BRAND] === true;
  } catch {
    return false; // a revoked Proxy
  }
}

export function isRetryable(error) {
  return isIronflowError(error) && error.retryable;
}

/** The longest part of a key or pattern that a message shows. */
const LONGEST_SHOWN = 100;

/** The operation and its subject, as in `get flags/dark-mode`. */
function subject(operation, bucket, key) {
  const shown = key?.length > LONGEST_SHOWN ? `${key.slice(0, LONGEST_SHOWN)}…` : key;
  return [operation, [bucket, shown].filter((part) => part !== undefined).join("/")]
    .filter(Boolean)
    .join(" ");
}

/** How to fix the error, if that is always the same. */
function advice({ status, details }, message, operation, bucket) {
  const missing = details?.code === "bucket_not_found" || message.startsWith("bucket not found");
  const known = operation !== "deleteBucket" && bucket !== undefined;
  return status === 404 && missing && known
    ? `; create it with kv.createBucket({ name: ${JSON.stringify(bucket)} })`
    : "";
}

/** Enough stack frames to include the application's below those of the WebAssembly. */
const FRAMES = 24;

/** Sets the stack of an error to that of `from`, less the frames of the WebAssembly and those above them. */
function setStack(error, from = error) {
  const frames = `${from.stack ?? ""}`.split("\n");
  const heading = frames[0].startsWith(from.name) ? [`${error}`] : [];
  const last = frames.findLastIndex((frame) => /wasm-(function|stub)/.test(frame));
  // A message may have several lines.
  const first = heading.length && `${from}`.split("\n").length;
  const value = [...heading, ...frames.slice(last + 1 || first)].join("\n");
  return Object.defineProperty(error, "stack", { value, configurable: true, writable: true });
}

/** Whether a stack begins with the name of the error: in V8, which also knows what awaits an async function. */
let headings;

/** The result of an operation, called with it. An error gets the stack of the call. */
export async function outcomeOf(promise) {
  headings ??= /^Error/.test(new Error().stack);
  const caller = headings || new Error();
  try {
    return await promise;
  } catch (error) {
    if (isIronflowError(error)) {
      if (headings) Error.captureStackTrace?.(error, outcomeOf);
      else setStack(error, caller);
    }
    throw error;
  }
}

/** Makes an error of the class of this number, an `ERROR_…`. */
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
  operation,
  bucket,
  given,
) {
  const Class = {
    [ERROR_IRONFLOW]: IronflowError,
    [ERROR_UNAUTHENTICATED]: UnauthenticatedError,
    [ERROR_UNAUTHORIZED]: UnauthorizedError,
    [ERROR_TIMEOUT]: TimeoutError,
    [ERROR_CONNECTION]: ConnectionError,
    [ERROR_VALIDATION]: ValidationError,
    [ERROR_NOT_CONFIGURED]: NotConfiguredError,
  }[number];
  const key = typeof given === "string" ? given : undefined;
  const options = { code, retryable, status, retryAfter, timeoutMs, details, bucket, key };
  if (operation) options.operation = operation;
  if (cause !== undefined) options.cause = cause;
  const about = subject(operation, bucket, key);
  const whole = `${about && `${about}: `}${message}${advice(options, message, operation, bucket)}`;
  const { stackTraceLimit } = Error;
  // `Error` may be frozen: then this changes nothing.
  Reflect.set(Error, "stackTraceLimit", FRAMES);
  const error = new Class(whole, options);
  Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  return setStack(error);
}
