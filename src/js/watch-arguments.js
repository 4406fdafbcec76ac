// The arguments of `watch()`, and messages about common mistakes in them.

import { readArguments } from "./settings.js";

const CALLBACKS = ["onUpdate", "onReady", "onStateChange", "onError", "onClose"];

const isObject = (value) => typeof value === "object" && value !== null;

export const isUnset = (value) => value === undefined || value === null;

/** A member of the caller's object; a string, which is not a callback, if reading it throws. */
function member(object, name) {
  try {
    return object[name];
  } catch {
    return "unreadable";
  }
}

/** Whether it is an object with any of the callbacks. */
function hasCallbacks(value) {
  return isObject(value) && CALLBACKS.some((name) => !isUnset(member(value, name)));
}

/** The name of an invalid callback, an empty name if there is no callbacks object; else undefined. */
function unusableCallback(callbacks) {
  if (!isObject(callbacks)) return "";
  return CALLBACKS.find((name) => {
    const callback = member(callbacks, name);
    return typeof callback !== "function" && (!isUnset(callback) || name === CALLBACKS[0]);
  });
}

/** Names of callbacks in other libraries, and misspellings. @type {[RegExp, string][]} */
const LIKELY = [
  [/state|status/i, "onStateChange"],
  [/err|fail/i, "onError"],
  [/clos|end|disconnect|complete/i, "onClose"],
  [/ready|open|connect|sync/i, "onReady"],
  [/./, "onUpdate"],
];

/** A message about a common mistake in the arguments of `watch()`; else undefined. */
function callbackMistake(callbacks, options) {
  try {
    if (typeof callbacks === "function")
      return "watch() takes an object of callbacks: watch({ onUpdate: callback })";
    if (typeof callbacks === "string")
      return "watch() takes the key as an option: watch({ onUpdate }, { key })";
    if (!isObject(callbacks)) return undefined;
    const usable = hasCallbacks(callbacks);
    for (const name of Object.keys(callbacks)) {
      const same = CALLBACKS.find((known) => known.toLowerCase() === name.toLowerCase());
      if (same === name) continue;
      const isCallback = typeof callbacks[name] === "function" && (same || !usable);
      const likely = same ?? LIKELY.find(([words]) => words.test(name))?.[1];
      if (isCallback)
        return `unknown callback ${name}: did you mean ${likely}? Callbacks are ${CALLBACKS.join(", ")}`;
      const prototype = Object.getPrototypeOf(callbacks);
      const plain = prototype === null || prototype === Object.prototype;
      const misplaced = ["key", "initial", "signal"].includes(name) && !isUnset(callbacks[name]);
      if (usable && plain && misplaced && isUnset(options))
        return `${name} is an option, not a callback: watch(callbacks, { ${name} })`;
    }
    return undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads `watch(callbacks, options)` or `watch(options)`, as `readArguments` does: the argument are the
 * callbacks, undefined for none. Throws a message for the caller where they cannot be used.
 */
export function readWatch(first, second) {
  const mistake = callbackMistake(first, second);
  if (mistake) throw mistake;
  const alone = isUnset(first) || (isUnset(second) && !hasCallbacks(first));
  if (alone) return readArguments(undefined, isUnset(first) ? second : first);
  const name = unusableCallback(first);
  if (name === "") throw "callbacks must be an object";
  if (name) throw `callbacks.${name} must be a function`;
  return readArguments(first, second);
}
