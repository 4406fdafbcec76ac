// One request and its answer, within a time limit and the caller's AbortSignal.

/** What became of it: exactly one of `answer`, `failure`, `timedOut` and `aborted` is meant. */
class Outcome {
  constructor(kind, value) {
    this.kind = kind;
    this.value = value;
  }
}

const ANSWER = 0;
const FAILURE = 1;
const TIMED_OUT = 2;
const ABORTED = 3;

/** Seconds from a Retry-After header, which holds seconds or a date. */
function retryAfter(header) {
  if (!header) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

/** Sends a request, through whatever `fetch` there is now, and reads the whole answer. */
async function send(request) {
  const response = await globalThis.fetch(request);
  const text = await response.text();
  return {
    status: response.status,
    text: String(text),
    retryAfter: retryAfter(response.headers?.get?.("Retry-After")),
  };
}

/**
 * Settles, always, with the first of: the promise, the time limit, the abort. Never waits for the
 * platform to honour an abort.
 */
function within(promise, milliseconds, signal, controller) {
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
      (error) => settle(FAILURE, error),
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

export function isAbortSignal(value) {
  return typeof value?.aborted === "boolean" && typeof value.addEventListener === "function";
}
