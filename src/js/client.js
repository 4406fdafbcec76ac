// The client's dealings with functions of the application: error handlers, loggers, callbacks. None
// of them may throw into the client.

import { isIronflowError } from "./errors.js";

/** Logs to the application's logger, to none (false), or, warnings and errors, to the console. */
export function log(logger, level, message, detail) {
  if (logger === false) return;
  try {
    if (logger) logger[level]?.(message, detail);
    else if (level === "warn" || level === "error") console[level](`[ironflow] ${message}`, detail);
  } catch {
    // A broken logger has nowhere left to be reported.
  }
}

/** Calls a function of the application; what it throws, or rejects with, is logged. */
export function guarded(logger, what, call) {
  const failed = (error) => log(logger, "error", `${what} failed`, error);
  try {
    call()?.then?.(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

/** Calls one of a watch's callbacks: as `guarded`, but for every event, so it makes nothing beforehand. */
export function callBack(logger, callbacks, name, value) {
  try {
    const outcome = callbacks[name]?.(value);
    if (outcome?.then) guarded(logger, `the callback ${name}`, () => outcome);
  } catch (error) {
    log(logger, "error", `the callback ${name} failed`, error);
  }
}

/** Tells every error handler of a client; what a function of the application threw is no error. */
export function report(logger, handlers, configured, error, operation, bucket, key) {
  if (!isIronflowError(error)) return;
  const context = { operation, bucket, key };
  for (const handler of [configured, ...handlers]) {
    if (handler) guarded(logger, "an onError handler", () => handler(error, context));
  }
}

/** Adds an error handler and gives the function that takes it out again. */
export function subscribe(handlers, handler) {
  // The wrapper makes two subscriptions of one function two entries.
  const entry = (...values) => handler(...values);
  handlers.add(entry);
  return () => {
    handlers.delete(entry);
  };
}

/** A copy of an options object, so that later changes to it change nothing here. */
export function copyOptions(options) {
  const buckets = options?.memory?.buckets;
  const memory = { ...options?.memory, ...(Array.isArray(buckets) && { buckets: [...buckets] }) };
  return { ...options, auth: { ...options?.auth }, memory };
}

/** A copy of an array; undefined for anything else. */
export function copyList(value) {
  return Array.isArray(value) ? [...value] : undefined;
}

/** Notes changed credentials, for getConfig(). */
export function setAuth(given, auth) {
  given.auth = { ...auth };
}

const attempts = ([enabled, maxAttempts, initial, max, multiplier]) => ({
  enabled: Boolean(enabled),
  maxAttempts,
  backoff: { initial, max, multiplier },
});

/** The complete configuration: what was given, under the settings in force. */
export function resolveConfig(given, [texts, [numbers, reconnect, retry]]) {
  const [serverUrl, transport, environment] = texts;
  const [timeout, ...switches] = numbers;
  const [pauseOnHidden, reconnectOnVisible, autoCreate] = switches.map(Boolean);
  const copy = copyOptions(given);
  return {
    ...copy,
    serverUrl,
    transport,
    environment,
    timeout,
    reconnect: attempts(reconnect),
    retry: attempts(retry),
    visibility: { pauseOnHidden, reconnectOnVisible },
    memory: { buckets: [], ...copy.memory, autoCreate },
  };
}

/** Objects of the platform, whose insides are no options. */
const OPAQUE = ["logger", "signal"];

/** How deep options may lie within options. */
const DEEPEST = 3;

function addMembers(flat, prefix, object, depth) {
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined || value === null) continue;
    // A dot in a name is not one between names.
    const path = prefix + (name.includes(".") ? JSON.stringify(name) : name);
    const nested =
      typeof value === "object" &&
      !value[Symbol.iterator] &&
      !OPAQUE.includes(name) &&
      depth < DEEPEST;
    flat.push(path, nested ? null : typeof value === "object" ? undefined : value);
    if (nested) addMembers(flat, `${path}.`, value, depth + 1);
  }
}

/**
 * The members of an object of options, by their paths: path, value, path, value, and so on. Null stands
 * for an object whose members follow, undefined for what is no plain data. Undefined if it is no object.
 */
export function flatten(options) {
  try {
    if (typeof options !== "object" || options[Symbol.iterator]) return undefined;
    const flat = [];
    addMembers(flat, "", options, 1);
    return flat;
  } catch {
    return undefined;
  }
}
