// Waiting, always within a time limit and the caller's AbortSignal: for an answer to a request, for the
// application, for time to pass.

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
import { captureCaller } from "./errors.js";
import { Cut, NoFetch, send } from "./fetch.js";
import { dispatch } from "./listeners.js";
import { microtask } from "./microtask.js";
import { readResult } from "./values.js";

function failureKind(error) {
  if (error instanceof NoFetch) return RACE_NO_FETCH;
  return error instanceof Cut ? RACE_INTERRUPTED : RACE_FAILED;
}

/**
 * Calls `done`, always and once, with the first of: the promise, the time limit, the abort; and with how
 * many milliseconds that took. Never waits for the platform to honour an abort. Never throws: a platform
 * without timers is a failure.
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

const notify = (listener) => (kind, value, elapsed) => dispatch(listener, kind, elapsed, value);

/** The headers of every request. Their names are written as apps' doubles of fetch look them up. */
export function newHeaders(environment, credential) {
  const headers = { "X-Ironflow-Environment": environment };
  if (credential !== undefined) headers.Authorization = `Bearer ${credential}`;
  return headers;
}

/** What aborts a request; undefined where the platform has none. */
function newController() {
  try {
    return new AbortController();
  } catch {
    return undefined;
  }
}

/**
 * Sends a request and reads the whole answer, from which `features` learns: the result that `expected` (an `EXPECTED_…`) says, of the key
 * that was asked for. What is not that result is a refusal. `body`: a `Body`, undefined for none. `condition`:
 * the revision a key must have, -1 if it must not exist.
 */
export function exchange(
  method,
  url,
  features,
  standing,
  body,
  condition,
  expected,
  key,
  milliseconds,
  signal,
  done,
) {
  const headers = { ...standing };
  if (body) headers["Content-Type"] = body.type;
  if (condition < 0) headers["If-None-Match"] = "*";
  else if (condition !== undefined) headers["If-Match"] = String(condition);
  const options = {
    method,
    headers,
    body: body?.content,
    cache: "no-store",
    // Credentials and values would go along to wherever it leads.
    redirect: "manual",
  };
  const controller = newController();
  if (controller) options.signal = controller.signal;
  race(send(url, options, features), milliseconds, signal, controller, (kind, value, elapsed) => {
    if (kind !== RACE_RESOLVED) return dispatch(done, kind, elapsed, value);
    const result = readResult(value, expected, key);
    if (result === undefined) dispatch(done, RACE_REFUSED, elapsed, value);
    else dispatch(done, RACE_RESOLVED, elapsed, result ?? undefined);
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

/** The means to settle the promises that Rust holds. @type {WeakMap<Promise<unknown>, Deferred>} */
const unsettled = new WeakMap();

export function newPromise() {
  const deferred = newDeferred();
  unsettled.set(deferred.promise, deferred);
  return deferred.promise;
}

/** Settles a promise made by `newPromise`. */
export function settle(promise, failed, value) {
  const deferred = unsettled.get(promise);
  if (failed) deferred.reject(value);
  else deferred.resolve(value);
}

/** Tells a listener in a microtask. */
export function queue(task) {
  microtask(() => dispatch(task, 0, 0));
}
