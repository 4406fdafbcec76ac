// Encodes the values of put, create, update and modify as fetch bodies. Rejects values that JSON would lose,
// with a message that says what to pass instead.

import { isWellFormed } from "./text.js";
import { Body, isStored, JSON_TYPE } from "./values.js";

const BYTES_TYPE = "application/octet-stream";

const VIA_BUFFER = (name) => `pass await ${name}.arrayBuffer()`;

/** What to pass instead of an object of the platform, by its `Symbol.toStringTag`. */
const INSTEAD = {
  Promise: "did you forget await?",
  Blob: VIA_BUFFER("blob"),
  File: VIA_BUFFER("file"),
  Response: VIA_BUFFER("response"),
  Request: VIA_BUFFER("request"),
  ReadableStream: "pass await new Response(stream).arrayBuffer()",
  FormData: "pass Object.fromEntries(formData)",
  Headers: "pass Object.fromEntries(headers)",
  URLSearchParams: "pass params.toString()",
  Map: "pass Object.fromEntries(map)",
  Set: "pass [...set]",
  Error: "pass error.message",
  DOMException: "pass error.message",
  RegExp: "pass regExp.source",
};

/** Throws a string: a message for the caller. */
const fail = (message) => {
  throw message;
};

const article = (name) => (/^[AEIOU]/.test(name) ? "an" : "a");

const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

/** The name of an object's class; a plain object, also of another realm, has none. */
function className(value) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || Array.isArray(value)) return undefined;
  // Object.prototype of any realm is the one whose own prototype is null.
  if (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "hasOwnProperty"))
    return undefined;
  const name = prototype.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "object of a class";
}

/** Why JSON would lose the contents of an object; undefined if it would not. */
function whyNot(value) {
  if (isStored(value)) return "an entry: pass entry.value or entry.json()";
  if (typeof value.toJSON === "function") return undefined;
  if (typeof value.then === "function") return `a Promise: ${INSTEAD.Promise}`;
  const tag = tagOf(value);
  const instead = Object.hasOwn(INSTEAD, tag) && INSTEAD[tag];
  if (instead) return `${article(tag)} ${tag}: ${instead}`;
  const iterates = typeof value.next === "function" && typeof value[Symbol.iterator] === "function";
  if (iterates) return "an iterator: pass [...iterator]";
  const name = /^(Boolean|Number|String)$/.test(tag) ? undefined : className(value);
  if (name === undefined || Object.keys(value).length > 0) return undefined;
  return `${article(name)} ${name}: it has no enumerable properties`;
}

/** A JSON.stringify replacer that rejects values which JSON would lose. */
function checkInside(_, inner) {
  if (typeof inner === "number" && !Number.isFinite(inner))
    fail(`a value with ${inner} inside cannot be stored: JSON has no form for it`);
  const reason = typeof inner === "object" && inner !== null && whyNot(inner);
  if (reason) fail(`a value cannot be stored with this inside: ${reason}`);
  return inner;
}

/** The JSON text of a value; throws a message for the caller if it has none. */
function toJson(value) {
  const kind = typeof value;
  if (kind === "function" || kind === "symbol" || kind === "bigint" || value === undefined)
    fail(`a value of type ${kind} cannot be stored`);
  if (kind === "number" && !Number.isFinite(value)) fail(`${value} has no JSON form`);
  const reason = kind === "object" && value !== null && whyNot(value);
  if (reason) fail(`the value cannot be stored: ${reason}`);
  const json = JSON.stringify(value);
  if (json === undefined) fail("the value has no JSON form: its toJSON() gives undefined");
  // JSON loses values only as {} or null.
  if (kind === "object" && /\{\}|null/.test(json)) JSON.stringify(value, checkInside);
  return json;
}

/** A copy of the bytes of a buffer or view of any realm; else undefined. */
function toBytes(value) {
  if (typeof value !== "object" || value === null) return undefined;
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  const tag = tagOf(value);
  return tag === "ArrayBuffer" || tag === "SharedArrayBuffer"
    ? new Uint8Array(value).slice()
    : undefined;
}

function encode(key, value, mode) {
  const isText = typeof value === "string";
  if (isText && mode !== "json") {
    if (mode) checkMode(mode, "text");
    if (!isWellFormed(value)) fail("the value is not valid Unicode: it has a lone surrogate");
    return new Body(key, value, BYTES_TYPE);
  }
  const bytes = toBytes(value);
  if (bytes) {
    if (mode) checkMode(mode, "bytes");
    return new Body(key, bytes, BYTES_TYPE);
  }
  if (mode) checkMode(mode, "json");
  return new Body(key, toJson(value), JSON_TYPE);
}

const ACCEPTED = {
  json: "values that have a JSON form, no bytes",
  text: "strings",
  bytes: "an ArrayBuffer or a view of one",
};

function checkMode(mode, given) {
  if (mode !== given) fail(`a handle with decode: "${mode}" stores ${ACCEPTED[mode]}`);
}

/** A message about an exception of the caller's code; reading the exception may throw too. */
function messageOf(error) {
  try {
    return `the value has no JSON form: ${error?.message ?? error}`;
  } catch {
    return "the value has no JSON form: reading it throws";
  }
}

/**
 * Encodes the value of a key. Throws a string, a message for the caller, if the value cannot be stored.
 *
 * @param {unknown} key
 * @param {unknown} value
 * @param {"json" | "text" | "bytes" | undefined} mode how the handle decodes values
 */
export function encodeValue(key, value, mode) {
  try {
    return encode(key, value, mode);
  } catch (error) {
    throw typeof error === "string" ? error : messageOf(error);
  }
}
