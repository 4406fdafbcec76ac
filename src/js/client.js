// Calls functions of the application: error handlers, loggers, callbacks. Their exceptions do not reach the
// client.

import { isIronflowError } from "./errors.js";
import { guarded, log } from "./log.js";
import { inheritedNames } from "./settings.js";

export { log };

/** Logs that a request is sent again after a delay. */
export function logRetry({ logger }, method, url, milliseconds, attempt, cause) {
  const delay = Math.round(milliseconds);
  log(logger, "debug", `retrying ${method} ${url} in ${delay} ms (attempt ${attempt}): ${cause}`);
}

/** The warnings logged so far, by the options of the client. @type {WeakMap<object, Set<string>>} */
const warnings = new WeakMap();

/** Logs each warning once per options object, and at most 100 of them. */
export function warnOnce(given, message) {
  const logged = warnings.get(given) ?? new Set();
  if (logged.size > 99 || logged.has(message)) return;
  warnings.set(given, logged.add(message));
  log(given.logger, "warn", message);
}

/** Calls one of a watch's callbacks like `guarded`, without allocating, because it runs for every event. */
export function callBack(logger, callbacks, name, value) {
  try {
    // Engines are fast where an expression always reads the same property.
    const outcome = name === "onUpdate" ? callbacks.onUpdate?.(value) : callbacks[name]?.(value);
    if (outcome?.then) guarded(logger, `the callback ${name}`, () => outcome);
  } catch (error) {
    log(logger, "error", `the callback ${name} failed`, error);
  }
}

/** Calls every error handler of a client; ignores exceptions of the application's own functions. */
export function report(logger, handlers, configured, error, operation, bucket, key) {
  if (!isIronflowError(error)) return;
  const context = { operation, bucket, key };
  for (const handler of [configured, ...handlers]) {
    if (handler) guarded(logger, "an onError handler", () => handler(error, context));
  }
}

/** Adds an error handler and returns the function that removes it. */
export function subscribe(handlers, handler) {
  // The wrapper makes two subscriptions of one function two entries.
  const entry = (...values) => handler(...values);
  handlers.add(entry);
  return () => {
    handlers.delete(entry);
  };
}

/** A plain copy of an object of options, which may be an instance of a class. */
function copyMembers(object) {
  const copy = {};
  if (typeof object !== "object" || object === null) return copy;
  for (const name of inheritedNames(object)) {
    try {
      copy[name] = object[name];
    } catch {
      // A getter that throws is not an option: all options have already been read.
    }
  }
  return Object.assign(copy, object);
}

/** A copy of an options object, so that later changes to it change nothing here. */
export function copyOptions(options) {
  const copy = copyMembers(options);
  const memory = copyMembers(copy.memory);
  if (Array.isArray(memory.buckets)) memory.buckets = [...memory.buckets];
  return { ...copy, auth: copyMembers(copy.auth), memory };
}

/** Notes changed credentials, for getConfig(). */
export function setAuth(given, auth) {
  given.auth = copyMembers(auth);
}

const attempts = ([enabled, maxAttempts, initial, max, multiplier]) => ({
  enabled: Boolean(enabled),
  maxAttempts,
  backoff: { initial, max, multiplier },
});

/** The complete configuration: the given options, overlaid with the resolved settings. */
export function resolveConfig(given, [texts, [numbers, reconnect, retry]]) {
  const [serverUrl, transport, environment] = texts;
  const [timeout, heartbeat, ...switches] = numbers;
  const [pauseOnHidden, reconnectOnVisible, autoCreate] = switches.map(Boolean);
  const copy = copyOptions(given);
  return {
    ...copy,
    serverUrl,
    transport,
    environment,
    timeout,
    reconnect: { ...attempts(reconnect), heartbeat },
    retry: attempts(retry),
    visibility: { pauseOnHidden, reconnectOnVisible },
    memory: { buckets: [], ...copy.memory, autoCreate },
  };
}
