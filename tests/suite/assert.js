// Assertions, for the suite has no dependencies.

/** @typedef {Record<string, unknown>} Expected what an error must have; a RegExp tests the text */

export class AssertionError extends Error {
  static {
    AssertionError.prototype.name = "AssertionError";
  }
}

/** A value in words, short enough for a report. @param {unknown} value */
export function show(value) {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "string" && (typeof value !== "object" || value === null)) {
    return String(value);
  }
  let text;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  text ??= Object.prototype.toString.call(value);
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
}

/** @param {string} problem @param {string} [what] @returns {never} */
export function fail(problem, what) {
  throw new AssertionError(what ? `${what}: ${problem}` : problem);
}

/** @param {unknown} value @param {string} [what] @returns {asserts value} */
export function ok(value, what) {
  if (!value) fail(`${show(value)} is not true`, what);
}

/** @param {unknown} actual @param {unknown} expected @param {string} [what] */
export function equal(actual, expected, what) {
  if (!Object.is(actual, expected)) fail(`${show(actual)}, not ${show(expected)}`, what);
}

/** @param {unknown} text @param {RegExp} pattern @param {string} [what] */
export function match(text, pattern, what) {
  if (!pattern.test(String(text))) fail(`${show(text)} does not match ${pattern}`, what);
}

/** Plain data, arrays and typed arrays; own enumerable fields count, classes do not. */
export function deepEqual(
  /** @type {unknown} */ actual,
  /** @type {unknown} */ expected,
  /** @type {string | undefined} */ what = undefined,
) {
  if (!same(actual, expected)) fail(`${show(actual)}, not ${show(expected)}`, what);
}

/** @param {any} a @param {any} b @returns {boolean} */
function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (ArrayBuffer.isView(a) !== ArrayBuffer.isView(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
  );
}

/** Checks the fields of an error. @param {any} error @param {Expected} expected @param {string} [what] */
export function isError(error, expected, what) {
  for (const [field, value] of Object.entries(expected)) {
    const found = error?.[field];
    const where = `${what ? `${what}: ` : ""}${field} of ${show(error)}`;
    if (value instanceof RegExp) match(found, value, where);
    else equal(found, value, where);
  }
}

/**
 * Waits for a rejection and gives what it is rejected with.
 *
 * @param {PromiseLike<unknown>} promise
 * @param {Expected} [expected]
 * @param {string} [what]
 * @returns {Promise<any>}
 */
export async function rejects(promise, expected = {}, what = undefined) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    isError(error, expected, what);
    return error;
  }
  fail(`it was not rejected, but gave ${show(value)}`, what);
}

/** Waits until all are rejected. @param {PromiseLike<unknown>[]} promises @param {Expected} [expected] @param {string} [what] */
export function allReject(promises, expected, what) {
  return Promise.all(promises.map((promise) => rejects(promise, expected, what)));
}

/**
 * Calls a function that must throw and gives what it throws.
 *
 * @param {() => unknown} call
 * @param {Expected} [expected]
 * @param {string} [what]
 * @returns {any}
 */
export function throws(call, expected = {}, what = undefined) {
  let value;
  try {
    value = call();
  } catch (error) {
    isError(error, expected, what);
    return error;
  }
  fail(`it did not throw, but gave ${show(value)}`, what);
}
