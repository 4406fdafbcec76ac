// The client's dealings with functions of the application: error handlers, loggers, callbacks. None
// of them may throw into the client.

import { isIronflowError } from "./errors.js";

/** Logs to the application's logger, to none (false), or, warnings and errors, to the console. */
export function log(logger, level, message, ...detail) {
  if (logger === false) return;
  try {
    if (logger) logger[level]?.(message, ...detail);
    else if (level === "warn" || level === "error")
      console[level](`[ironflow] ${message}`, ...detail);
  } catch {
    // A broken logger has nowhere left to be reported.
  }
}

/** The warnings logged so far, by the options of the client. @type {WeakMap<object, Set<string>>} */
const warnings = new WeakMap();

/** Logs a warning that it has not logged for these options, the first 100 of them. */
export function warnOnce(given, message) {
  const logged = warnings.get(given) ?? new Set();
  if (logged.size > 99 || logged.has(message)) return;
  warnings.set(given, logged.add(message));
  log(given.logger, "warn", message);
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

/** The names of members that an object has from its class: getters and methods. */
function* inheritedNames(object) {
  const above = Object.getPrototypeOf(object);
  // Not those of Object.prototype, of whatever realm.
  if (!above || !Object.getPrototypeOf(above)) return;
  for (const name of Object.getOwnPropertyNames(above)) if (name !== "constructor") yield name;
  yield* inheritedNames(above);
}

/** A plain copy of an object of options, which may be an instance of a class. */
function copyMembers(object) {
  const copy = {};
  if (typeof object !== "object" || object === null) return copy;
  for (const name of inheritedNames(object)) {
    try {
      copy[name] = object[name];
    } catch {
      // A getter that is no option: options have been read before.
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

/** A copy of an array; undefined for anything else. */
export function copyList(value) {
  return Array.isArray(value) ? [...value] : undefined;
}

/** A member of an object, null if it is undefined; undefined where there is no such member. */
export function memberOrNull(object, name) {
  return name in Object(object) ? (object[name] ?? null) : undefined;
}

/** A method of an object, as a function. */
export function methodOf(object, method) {
  return (...values) => Reflect.apply(method, object, values);
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

/** The server's address as text: of a URL object, and in a page of a path on the page's own server. */
function address(url) {
  if (Object.prototype.toString.call(url) === "[object URL]") return url.href;
  const { protocol, origin } = globalThis.location ?? {};
  const isPath = url === "" || /^\/(?!\/)/.test(url);
  return isPath && protocol?.startsWith("http") ? origin + url : url;
}

/** A member of an object; what no option takes where reading it throws. */
function read(object, name) {
  try {
    return name === "serverUrl" ? address(object[name]) : object[name];
  } catch {
    return Symbol();
  }
}

function addMember(flat, prefix, object, name, depth, mark = "") {
  const value = read(object, name);
  if (value === undefined || value === null) return;
  // A dot in a name is not one between names.
  const path = prefix + mark + (/[.?]/.test(name) ? JSON.stringify(name) : name);
  const nested =
    typeof value === "object" &&
    !value[Symbol.iterator] &&
    !OPAQUE.includes(name) &&
    depth < DEEPEST;
  flat.push(path, nested ? null : typeof value === "object" ? undefined : value);
  if (nested) addMembers(flat, `${path}.`, value, depth + 1);
}

function addMembers(flat, prefix, object, depth) {
  for (const name of Object.keys(object)) addMember(flat, prefix, object, name, depth);
  for (const name of inheritedNames(object)) {
    if (!Object.hasOwn(object, name)) addMember(flat, prefix, object, name, depth, "?");
  }
}

/**
 * The members of an object of options, by their paths: path, value, path, value, and so on. Null stands
 * for an object whose members follow, undefined for what is no plain data. A name that the object has from
 * its class, and that need not be an option, has a `?` before it. Undefined if it is no object.
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
