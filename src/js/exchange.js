// One request and its answer, within a time limit and the caller's AbortSignal.

/** What became of it: exactly one of `answer`, `failure`, `timedOut` and `aborted` is meant. */
class Outcome {
  constructor(kind, value) {
    this.kind = kind;
    this.value = value;
  }
}

export const ANSWER = 0;
const FAILURE = 1;
export const TIMED_OUT = 2;
const ABORTED = 3;
/** A failure once the server had begun to answer. */
const CUT = 4;

/** An answer that broke off, or was none. */
class Cut {
  constructor(cause) {
    this.cause = cause;
  }
}

/** Seconds from a Retry-After header, which holds seconds or a date. */
function retryAfter(header) {
  if (!header) return undefined;
  if (/^\s*\d{1,15}\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

/** Sends a request, through whatever `fetch` there is now, and reads the whole answer. */
async function send(request) {
  const response = await globalThis.fetch(request);
  try {
    const text = await response.text();
    return {
      status: response.status,
      text: String(text),
      retryAfter: retryAfter(response.headers?.get?.("Retry-After")),
    };
  } catch (cause) {
    throw new Cut(cause);
  }
}

/**
 * Settles, always, with the first of: the promise, the time limit, the abort. Never waits for the
 * platform to honour an abort.
 */
export function within(promise, milliseconds, signal, controller) {
  return new Promise((resolve) => {
    const settle = (kind, value) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      resolve(new Outcome(kind, value));
    };
    const stop = (kind, value) => {
      settle(kind, value);
      controller?.abort();
    };
    const abort = () => stop(ABORTED, signal.reason);
    const timer = setTimeout(stop, milliseconds, TIMED_OUT);
    signal?.addEventListener("abort", abort);
    promise.then(
      (value) => settle(ANSWER, value),
      (error) => (error instanceof Cut ? settle(CUT, error.cause) : settle(FAILURE, error)),
    );
    if (signal?.aborted) abort();
  });
}

export function exchange(request, controller, milliseconds, signal) {
  return within(send(request), milliseconds, signal, controller);
}

/** Asks the application for a token. */
export function askToken(token, milliseconds, signal) {
  const promise = new Promise((resolve) => resolve(token()));
  return within(promise, milliseconds, signal);
}

/** Waits, but not longer than until an abort. */
export function pause(milliseconds, signal) {
  return within(new Promise(() => {}), milliseconds, signal);
}

export function isAbortSignal(value) {
  return typeof value?.aborted === "boolean" && typeof value.addEventListener === "function";
}
