// The documented errors, as the assertions take them.

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * @param {number} status
 * @param {string | RegExp} words the whole message but for what it is about, the status and advice
 */
export function http(status, words) {
  return {
    name: "IronflowError",
    code: `HTTP_${status}`,
    status,
    retryable: status === 408 || status === 429 || (status >= 500 && status !== 501),
    message:
      typeof words === "string"
        ? new RegExp(
            `^(\\w+( [^]+)?: )?${escaped(words)} \\(HTTP ${status}\\)(; create it with .*)?$`,
          )
        : words,
  };
}

export const keyNotFound = http(404, "key not found");
export const bucketNotFound = http(404, "bucket not found");
export const keyExists = http(412, "key already exists");
export const revisionMismatch = http(412, "revision mismatch");
export const bucketExists = http(409, "bucket already exists with different settings");
export const valueTooLarge = http(413, "value too large");
export const bucketFull = http(507, "bucket is full");

/** A bad argument or option. @param {string | RegExp} [message] */
export function invalid(message = /./) {
  return {
    name: "ValidationError",
    code: "VALIDATION_ERROR",
    status: undefined,
    retryable: false,
    message,
  };
}

/** @param {string} feature */
export function unsupported(feature) {
  return {
    name: "IronflowError",
    code: "UNSUPPORTED",
    status: undefined,
    retryable: false,
    message: new RegExp(`\\b${feature}\\b`),
  };
}

export const notConfigured = {
  name: "NotConfiguredError",
  code: "NOT_CONFIGURED",
  status: undefined,
  retryable: false,
  message: /configure\(\)/,
};

/** @param {number} timeoutMs */
export function timedOut(timeoutMs) {
  return {
    name: "TimeoutError",
    code: "TIMEOUT",
    status: undefined,
    retryable: true,
    timeoutMs,
    message: new RegExp(`\\b${timeoutMs} ms`),
  };
}

export const requestFailed = {
  name: "ConnectionError",
  code: "REQUEST_FAILED",
  status: undefined,
  retryable: true,
};

/** A watch's connection that is lost for good. */
export const connectionLost = {
  name: "ConnectionError",
  code: "CONNECTION_LOST",
  status: undefined,
  retryable: false,
};
