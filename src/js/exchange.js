// Waits within a timeout and the caller's AbortSignal: for the response to a request, for a function of the
// application, or for a delay.

import { now } from "./clock.js";
import {
  RACE_ABORTED,
  RACE_FAILED,
  RACE_INTERRUPTED,
  RACE_NO_FETCH,
  RACE_REFUSED,
  RACE_RESOLVED,
  RACE_TIMED_OUT,
} from "./enums.js";
import { outcomeOf } from "./errors.js";
import { Interrupted, NoFetch, send } from "./fetch.js";
import { dispatch } from "./listeners.js";
import { microtask } from "./microtask.js";
import { readResult } from "./responses.js";

function failureKind(error) {
  if (error instanceof NoFetch) return RACE_NO_FETCH;
  return error instanceof Interrupted ? RACE_INTERRUPTED : RACE_FAILED;
}

/**
 * Calls `done` exactly once, with the first of: the promise, the timeout, the abort; and with the elapsed
 * milliseconds. Does not wait for the platform to honour an abort. Never throws: a platform without timers
 * is a failure.
 */
export function race(promise, milliseconds, signal, controller, done) {
  const started = now();
  let over = false;
  let timer;
  const settle = (kind, value) => {
    if (over) return;
    over = true;
    attempt(() => clearTimeout(timer));
    if (signal) stopListening(signal, abort);
    done(kind, value, now() - started);
  };
  const stop = (kind, value) => {
    settle(kind, value);
    attempt(() => controller?.abort());
  };
  const abort = () => stop(RACE_ABORTED, abortReason(signal));
  const problem = attempt(() => {
    timer = setTimeout(stop, milliseconds, RACE_TIMED_OUT);
  });
  if (problem) microtask(() => stop(RACE_FAILED, problem.error));
  if (signal) listen(signal, abort);
  promise.then(
    (value) => settle(RACE_RESOLVED, value),
    (error) => settle(failureKind(error), error instanceof Interrupted ? error.cause : error),
  );
  if (signal && isAborted(signal)) abort();
}

/** Calls a function and returns its exception as `{ error }`, or undefined. */
export function attempt(call) {
  try {
    call();
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

const notify = (listener) => (kind, value, elapsed) => dispatch(listener, kind, elapsed, value);

/** The headers of every request, spelled as test doubles of fetch expect them. */
export function newHeaders(environment, credential) {
  const headers = { "X-Ironflow-Environment": environment };
  if (credential !== undefined) headers.Authorization = `Bearer ${credential}`;
  return headers;
}

/** An AbortController; undefined if the platform has none. */
function newController() {
  try {
    return new AbortController();
  } catch {
    return undefined;
  }
}

/** Added to how a request ended if the server has the feature `write-id`: `ffi/waiting.rs` knows it too. */
const TAKES_WRITE_IDS = 16;

/**
 * Sends a request and reads the whole answer, from which `features` learns: the result that `expected` (an `EXPECTED_…`) says, of the key
 * that was asked for. What is not that result is a refusal. `body`: a `Body`, undefined for none. `condition`:
 * the revision a key must have, -1 if it must not exist.
 */
export function exchange(
  method,
  url,
  features,
  cachedHeaders,
  body,
  condition,
  writeId,
  ttl,
  keepalive,
  expected,
  key,
  milliseconds,
  signal,
  done,
) {
  const headers = { ...cachedHeaders };
  if (body) headers["Content-Type"] = body.type;
  if (condition < 0) headers["If-None-Match"] = "*";
  else if (condition !== undefined) headers["If-Match"] = String(condition);
  // An outbox repeats a write with the id of its first attempt.
  if (writeId) headers["Ironflow-Write-Id"] = signal?.writeId ?? writeId;
  if (ttl) headers["Ironflow-TTL"] = String(ttl);
  const options = {
    method,
    headers,
    body: body?.content,
    cache: "no-store",
    // Following a redirect would send credentials and values to its target.
    redirect: "manual",
  };
  if (keepalive) options.keepalive = true;
  const controller = newController();
  if (controller) options.signal = controller.signal;
  race(send(url, options, features), milliseconds, signal, controller, (kind, value, elapsed) => {
    if (kind === RACE_RESOLVED) {
      const result = readResult(value, expected, key);
      if (result === undefined) kind = RACE_REFUSED;
      else value = result ?? undefined;
    }
    if (features.names.has("write-id")) kind += TAKES_WRITE_IDS;
    dispatch(done, kind, elapsed, value);
  });
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

/** Waits for a delay or an abort. */
export function pause(milliseconds, signal, done) {
  wait(milliseconds, signal, notify(done));
}

/** `race` as a promise of its result. */
export function within(promise, milliseconds, signal, controller) {
  return new Promise((resolve) => {
    race(promise, milliseconds, signal, controller, (kind, value) => resolve({ kind, value }));
  });
}

/** `wait` as a promise. */
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

/** An AbortError. Not every platform has DOMException. */
export function newAbortError(message) {
  try {
    return new DOMException(message, "AbortError");
  } catch {
    return Object.assign(new Error(message), { name: "AbortError" });
  }
}

export function newDeferred() {
  let functions;
  const settled = new Promise((resolve, reject) => {
    functions = { resolve, reject };
  });
  return { promise: outcomeOf(settled), ...functions };
}

/** The deferreds of the promises that Rust holds. @type {WeakMap<Promise<unknown>, { resolve: Function, reject: Function }>} */
const unsettled = new WeakMap();

export function newPromise() {
  const deferred = newDeferred();
  unsettled.set(deferred.promise, deferred);
  return deferred.promise;
}

/** Settles a promise created by `newPromise`. */
export function settle(promise, failed, value) {
  const deferred = unsettled.get(promise);
  // Garbage collection of an entry costs more than the rest of the operation.
  unsettled.delete(promise);
  if (failed) deferred.reject(value);
  else deferred.resolve(value);
}

/** Calls a listener in a microtask. */
export function queue(task) {
  microtask(() => dispatch(task, 0, 0));
}
