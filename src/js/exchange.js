// Waiting, always within a time limit and the caller's AbortSignal: for an answer to a request, for the
// application, for time to pass.

import { captureCaller } from "./errors.js";
import { Cut, NoFetch, send } from "./fetch.js";
import { dispatch } from "./listeners.js";
import { microtask } from "./microtask.js";

// How it ends, in numbers that Rust knows too (`js::Ending`).
export const ANSWER = 0;
const FAILURE = 1;
export const TIMED_OUT = 2;
const ABORTED = 3;
/** A failure once the server had begun to answer. */
const CUT = 4;
/** There is no `fetch`. */
const NO_FETCH = 5;

function failureKind(error) {
  if (error instanceof NoFetch) return NO_FETCH;
  return error instanceof Cut ? CUT : FAILURE;
}

/**
 * Calls `done`, always and once, with the first of: the promise, the time limit, the abort. Never waits
 * for the platform to honour an abort. Never throws: a platform without timers is a failure.
 */
export function race(promise, milliseconds, signal, controller, done) {
  let over = false;
  let timer;
  const settle = (kind, value) => {
    if (over) return;
    over = true;
    attempt(() => clearTimeout(timer));
    if (signal) stopListening(signal, abort);
    done(kind, value);
  };
  const stop = (kind, value) => {
    settle(kind, value);
    attempt(() => controller?.abort());
  };
  const abort = () => stop(ABORTED, abortReason(signal));
  const problem = attempt(() => {
    timer = setTimeout(stop, milliseconds, TIMED_OUT);
  });
  if (problem) microtask(() => stop(FAILURE, problem.error));
  if (signal) listen(signal, abort);
  promise.then(
    (value) => settle(ANSWER, value),
    (error) => settle(failureKind(error), error instanceof Cut ? error.cause : error),
  );
  if (signal && isAborted(signal)) abort();
}

/** Calls something that may throw, and gives what it threw as `{ error }`. */
export function attempt(call) {
  try {
    call();
    return undefined;
  } catch (error) {
    return { error };
  }
}

export function listen(signal, listener) {
  attempt(() => signal.addEventListener("abort", listener));
}

export function stopListening(signal, listener) {
  attempt(() => signal.removeEventListener("abort", listener));
}

const notify = (listener) => (kind, value) => dispatch(listener, kind, 0, value);

/** The headers of every request. Their names are written as apps' doubles of fetch look them up. */
export function newHeaders(environment, credential) {
  const headers = { "X-Ironflow-Environment": environment };
  if (credential !== undefined) headers.Authorization = `Bearer ${credential}`;
  return headers;
}

// In numbers that Rust knows too (`js::Method`, `js::Content`).
const METHODS = ["GET", "PUT", "POST", "DELETE"];
const CONTENT_TYPES = [undefined, "application/octet-stream", "application/json"];

/** What aborts a request; undefined where the platform has none. */
function newController() {
  try {
    return new AbortController();
  } catch {
    return undefined;
  }
}

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
  if (content) headers["Content-Type"] = CONTENT_TYPES[content];
  if (condition < 0) headers["If-None-Match"] = "*";
  else if (condition !== undefined) headers["If-Match"] = String(condition);
  const options = {
    method: METHODS[method],
    headers,
    body,
    cache: "no-store",
    // Credentials and values would go along to wherever it leads.
    redirect: "manual",
  };
  const controller = newController();
  if (controller) options.signal = controller.signal;
  race(send(url, options), milliseconds, signal, controller, notify(done));
}

/** Asks the application for a token. */
export function askToken(token, milliseconds, signal, done) {
  const promise = new Promise((resolve) => resolve(token()));
  race(promise, milliseconds, signal, undefined, notify(done));
}

/** Calls a function of the application, which may be async, in a later microtask. */
export function callWith(callback, argument, milliseconds, signal, done) {
  race(Promise.resolve(argument).then(callback), milliseconds, signal, undefined, notify(done));
}

function wait(milliseconds, signal, done) {
  race(new Promise(() => {}), milliseconds, signal, undefined, done);
}

/** Waits, but not longer than until an abort. */
export function pause(milliseconds, signal, done) {
  wait(milliseconds, signal, notify(done));
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

// A signal is the caller's object, of any class: reading it may throw.

export function isAbortSignal(value) {
  try {
    return typeof value?.aborted === "boolean" && typeof value.addEventListener === "function";
  } catch {
    return false;
  }
}

export function isAborted(signal) {
  try {
    return signal.aborted === true;
  } catch {
    return false;
  }
}

export function abortReason(signal) {
  try {
    return signal.reason;
  } catch (error) {
    return error;
  }
}

/** The error of what was ended on purpose. Not every platform has DOMException. */
export function newAbortError(message) {
  try {
    return new DOMException(message, "AbortError");
  } catch {
    return Object.assign(new Error(message), { name: "AbortError" });
  }
}

class Deferred {
  #settle;

  constructor() {
    const settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.promise = outcomeOf(settled);
  }

  resolve(value) {
    this.#settle({ value });
  }

  reject(error) {
    this.#settle({ error, failed: true });
  }
}

/**
 * The outcome of an operation. An async function, so that V8 knows which function of the application awaits
 * it: an error gets its stack here, with the line of the call, at no cost to operations that succeed.
 */
async function outcomeOf(settled) {
  const { value, error, failed } = await settled;
  if (!failed) return value;
  captureCaller(error);
  throw error;
}

export function newDeferred() {
  return new Deferred();
}

/** Tells a listener in a microtask. */
export function queue(task) {
  microtask(() => dispatch(task, 0, 0));
}
