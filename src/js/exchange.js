// Waiting, always within a time limit and the caller's AbortSignal: for an answer to a request, for the
// application, for time to pass.

import { tell } from "./listeners.js";
import { microtask } from "./microtask.js";

// How it ends, in numbers that Rust knows too (`js::Ending`).
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
async function send(url, options) {
  const response = await globalThis.fetch(url, options);
  try {
    const { status } = response;
    const text = String(await response.text());
    if (status < 300) return { status, text };
    return { status, text, retryAfter: retryAfter(response.headers?.get?.("Retry-After")) };
  } catch (cause) {
    throw new Cut(cause);
  }
}

/**
 * Calls `done`, always and once, with the first of: the promise, the time limit, the abort. Never waits
 * for the platform to honour an abort.
 */
export function race(promise, milliseconds, signal, controller, done) {
  let over = false;
  const settle = (kind, value) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    done(kind, value);
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
}

const told = (listener) => (kind, value) => tell(listener, kind, 0, value);

export function plainHeaders(headers) {
  return Object.fromEntries(headers);
}

// In numbers that Rust knows too (`js::Method`, `js::Content`).
const METHODS = ["GET", "PUT", "POST", "DELETE"];
const CONTENT_TYPES = [undefined, "application/octet-stream", "application/json"];

/**
 * Sends a request and reads the whole answer. `condition`: the revision a key must have, -1 if it must
 * not exist.
 */
export function exchange(
  method,
  url,
  standing,
  body,
  content,
  condition,
  milliseconds,
  signal,
  done,
) {
  const headers = { ...standing };
  if (content) headers["content-type"] = CONTENT_TYPES[content];
  if (condition < 0) headers["if-none-match"] = "*";
  else if (condition !== undefined) headers["if-match"] = String(condition);
  const controller = new AbortController();
  const options = {
    method: METHODS[method],
    headers,
    body,
    cache: "no-store",
    signal: controller.signal,
  };
  race(send(url, options), milliseconds, signal, controller, told(done));
}

/** Asks the application for a token. */
export function askToken(token, milliseconds, signal, done) {
  const promise = new Promise((resolve) => resolve(token()));
  race(promise, milliseconds, signal, undefined, told(done));
}

/** Calls a function of the application, which may be async, in a later microtask. */
export function callWith(callback, argument, milliseconds, signal, done) {
  race(Promise.resolve(argument).then(callback), milliseconds, signal, undefined, told(done));
}

function wait(milliseconds, signal, done) {
  race(new Promise(() => {}), milliseconds, signal, undefined, done);
}

/** Waits, but not longer than until an abort. */
export function pause(milliseconds, signal, done) {
  wait(milliseconds, signal, told(done));
}

/** As a promise of how it ended. */
export function within(promise, milliseconds, signal, controller) {
  return new Promise((resolve) => {
    race(promise, milliseconds, signal, controller, (kind, value) => resolve({ kind, value }));
  });
}

/** As a promise. */
export function paused(milliseconds, signal) {
  return new Promise((resolve) => {
    wait(milliseconds, signal, resolve);
  });
}

export function isAbortSignal(value) {
  return typeof value?.aborted === "boolean" && typeof value.addEventListener === "function";
}

class Deferred {
  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

export function newDeferred() {
  return new Deferred();
}

/** Tells a listener in a microtask. */
export function queue(task) {
  microtask(() => tell(task, 0, 0));
}
