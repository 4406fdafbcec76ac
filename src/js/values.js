// The results of operations and watches, and parsing them from the server's JSON.

import {
  EXPECTED_BUCKET_INFO,
  EXPECTED_BUCKETS,
  EXPECTED_CONNECTED,
  EXPECTED_ENTRIES,
  EXPECTED_ENTRY,
  EXPECTED_FOUND,
  EXPECTED_HISTORY,
  EXPECTED_KEYS,
  EXPECTED_NOTHING,
  EXPECTED_PUT_RESULT,
} from "./enums.js";
import { ValidationError } from "./errors.js";

export const JSON_TYPE = "application/json";

/** The base64 of a decoded value. */
const ENCODED = Symbol("base64");

class Stored {
  json() {
    return parseJson(this.text());
  }

  text() {
    return utf8(this.bytes(), false);
  }

  bytes() {
    const base64 = this[ENCODED] ?? this.value ?? "";
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  }
}

/** Whether a value is an entry or event of this package. */
export const isStored = (value) => value instanceof Stored;

/** Parses JSON text, which may start with a byte order mark. */
const parseJson = (text) => JSON.parse(text.replace(/^\ufeff/, ""));

const utf8 = (bytes, fatal) => new TextDecoder("utf-8", { ignoreBOM: true, fatal }).decode(bytes);

const decoders = {
  json: (bytes) => parseJson(utf8(bytes, true)),
  text: (bytes) => utf8(bytes, true),
  bytes: (bytes) => bytes,
};

/**
 * Decodes the value of an entry or event, or of each of a list, in place, as a handle's mode says: "json", "text" or
 * "bytes". Without a mode it stays base64. What was deleted has no value: undefined. Throws a
 * ValidationError that names the key where the bytes are not what the mode takes.
 */
export function decode(stored, mode) {
  if (!mode || !stored) return stored;
  if (Array.isArray(stored)) return stored.map((each) => decode(each, mode));
  try {
    const value = stored.operation === "put" ? decoders[mode](stored.bytes()) : undefined;
    // Not enumerable, so that spread, JSON and deep equality only include the fields.
    Object.defineProperty(stored, ENCODED, { value: stored.value });
    stored.value = value;
  } catch (cause) {
    const { key, revision } = stored;
    const message = `the value of ${key} cannot be read as ${mode}`;
    throw new ValidationError(message, { cause, details: { key, revision } });
  }
  return stored;
}

/** Adds what is said of an entry or event only where it is known. */
function withDetails(stored, { reason, expires_at }) {
  if (isText(reason)) stored.reason = reason;
  if (isText(expires_at)) stored.expires_at = expires_at;
  return stored;
}

export class KVEntry extends Stored {
  constructor(key, value, revision, created_at, operation) {
    super();
    this.key = key;
    this.value = value;
    this.revision = revision;
    this.created_at = created_at;
    this.operation = operation;
  }
}

export class KVWatchEvent extends Stored {
  constructor(key, value, revision, operation, bucket) {
    super();
    this.type = "kv_update";
    this.key = key;
    this.value = value;
    this.revision = revision;
    this.operation = operation;
    this.bucket = bucket;
  }
}

/** A copy of an event: each watcher gets its own, so that one cannot change another's. */
export function copyEvent(event) {
  const copy = new KVWatchEvent(
    event.key,
    event.value,
    event.revision,
    event.operation,
    event.bucket,
  );
  if (event.resynced) copy.resynced = true;
  return withDetails(copy, event);
}

/** An entry of a view. All readers of the view share it, so it is frozen. */
class KVViewEntry extends Stored {
  constructor(key, value, revision) {
    super();
    this.key = key;
    this.value = value;
    this.revision = revision;
  }
}

/** Converts a put event to an entry of a view. */
export function viewEntry(event) {
  const entry = new KVViewEntry(event.key, event.value, event.revision);
  const encoded = event[ENCODED];
  if (encoded !== undefined) Object.defineProperty(entry, ENCODED, { value: encoded });
  return Object.freeze(entry);
}

/**
 * What is stored of a value: a string or bytes of its own, which a request sends, or a store in memory keeps.
 * It becomes base64 when it is first read from a store.
 */
export class Body {
  #key;
  #base64;
  #created_at;
  #size;

  /** @param {unknown} key @param {string | Uint8Array} content @param {string} type its content type */
  constructor(key, content, type) {
    this.#key = key;
    this.content = content;
    this.type = type;
  }

  /** The number of bytes. */
  get size() {
    this.#size ??= this.#packed().length;
    return this.#size;
  }

  entry(revision, milliseconds) {
    this.#created_at ??= timestamp(milliseconds);
    return new KVEntry(this.#key, this.#encoded(), revision, this.#created_at, "put");
  }

  event(revision, bucket) {
    return new KVWatchEvent(this.#key, this.#encoded(), revision, "put", bucket);
  }

  /** Strings of ASCII characters stay strings; others become their UTF-8 bytes. */
  #packed() {
    const { content } = this;
    if (typeof content === "string" && !/^[\t\n\r -~]*$/.test(content))
      this.content = new TextEncoder().encode(content);
    return this.content;
  }

  #encoded() {
    this.#base64 ??= encode(this.#packed());
    return this.#base64;
  }
}

/** A number of arguments that every engine accepts. */
const CHUNK = 8192;

function encode(content) {
  if (typeof content === "string") return btoa(content);
  if (content.toBase64) return content.toBase64();
  let binary = "";
  for (let at = 0; at < content.length; at += CHUNK)
    binary += String.fromCharCode(...content.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** The last formatted time: many entries share a millisecond. */
let written = { milliseconds: Number.NaN, text: "" };

function timestamp(milliseconds) {
  if (milliseconds !== written.milliseconds) {
    written = { milliseconds, text: new Date(milliseconds).toISOString() };
  }
  return written.text;
}

export function goneEvent(key, revision, bucket, reason) {
  return withDetails(new KVWatchEvent(key, "", revision, "delete", bucket), { reason });
}

export function goneEntry(key, revision, milliseconds, reason) {
  const created_at = timestamp(milliseconds);
  return withDetails(new KVEntry(key, undefined, revision, created_at, "delete"), { reason });
}

/** Converts an entry to a watch event. */
export function entryEvent(entry, bucket) {
  const { key, value, revision } = entry;
  return withDetails(new KVWatchEvent(key, value, revision, "put", bucket), entry);
}

/** Marks an event that a resync emits. */
export function resynced(event) {
  event.resynced = true;
  return event;
}

/** A BucketInfo with its members in the order of the protocol, without unset ones. */
function bucketInfo({
  name,
  description,
  ttl_seconds,
  values,
  bytes,
  history,
  created_at,
  ...more
}) {
  return {
    name,
    ...(description && { description }),
    ...(ttl_seconds && { ttl_seconds }),
    values,
    bytes,
    history,
    created_at,
    ...more,
  };
}

export function newBucketInfo(
  name,
  description,
  ttl_seconds,
  values,
  bytes,
  history,
  milliseconds,
) {
  const created_at = timestamp(milliseconds);
  return bucketInfo({ name, description, ttl_seconds, values, bytes, history, created_at });
}

export const isKvDelete = (value) => value === Symbol.for("ironflow.KV_DELETE");

export function newPutResult(revision) {
  return { revision };
}

/** The body of createBucket, without empty or zero options. */
export function writeBucket(name, description, ttl_seconds, max_value_size, max_bytes, history) {
  const body = { name, description, ttl_seconds, max_value_size, max_bytes, history };
  const content = JSON.stringify(body, (_, value) => value || undefined);
  return new Body(undefined, content, JSON_TYPE);
}

/** The body of a conditional delete or purge. */
export function writeRemoval(key, revision, purge) {
  return new Body(undefined, JSON.stringify({ key, revision, purge }), JSON_TYPE);
}

// The readers return undefined for a response that does not match the protocol.

function parse({ text, page }) {
  if (page) return {};
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

const isRevision = (value) => Number.isSafeInteger(value) && value > 0;

const areTyped = (type, values) => values.every((value) => typeof value === type);

/** Whether it is a value in base64, which may be left out if it is empty. */
const isValue = (value) => typeof value === "string" || value === undefined || value === null;

/** Reads the entry of the requested key; undefined for an entry of another key. */
function readEntry(answer, asked) {
  const entry = toEntry(parse(answer));
  return entry?.key === asked ? entry : undefined;
}

/** An entry from the server's JSON; undefined if it is invalid. */
function toEntry(body) {
  const { key, value, revision, created_at } = body ?? {};
  const operation = body?.operation ?? "put";
  if (!isRevision(revision) || !isValue(value)) return undefined;
  if (!areTyped("string", [key, created_at, operation])) return undefined;
  const content = operation === "delete" ? undefined : (value ?? "");
  return withDetails(new KVEntry(key, content, revision, created_at, operation), body);
}

/** Entries from the server's JSON, of one key where one was asked for; undefined if there are others. */
function toEntries(list, asked) {
  if (!Array.isArray(list)) return undefined;
  const entries = list.map(toEntry);
  return entries.every((entry) => entry?.key === (asked ?? entry?.key) && entry)
    ? entries
    : undefined;
}

/** Reads an entry; null if the key is missing, false if the bucket may be missing. */
function readFound(answer, asked) {
  if (answer.status !== 404) return readEntry(answer, asked);
  const { code } = parse(answer);
  if (answer.page || code === "bucket_not_found") return undefined;
  return code === "key_not_found" ? null : false;
}

/** Reads the entries of many keys. A key may appear several times in the response, also as a delete. */
function readEntries(answer) {
  const entries = toEntries(parse(answer).entries);
  return entries && newestEntries(entries);
}

function readHistory(answer, asked) {
  return toEntries(parse(answer).history, asked);
}

/** The newest of the entries of each key, ascending by revision. */
export function newestEntries(entries) {
  const newest = new Map();
  for (const entry of entries.sort((a, b) => a.revision - b.revision)) {
    newest.delete(entry.key);
    if (entry.operation === "put") newest.set(entry.key, entry);
  }
  return [...newest.values()];
}

/** Replaces several listings by their distinct keys. */
export function flattenListings(listings) {
  const keys = new Set(listings.flat());
  listings.length = 0;
  for (const key of keys) listings.push(key);
}

function readPutResult(answer) {
  const { revision } = parse(answer);
  return isRevision(revision) ? { revision } : undefined;
}

function readKeys(answer) {
  const body = parse(answer);
  const keys = body.keys === null ? [] : body.keys;
  return Array.isArray(keys) && keys.every((key) => typeof key === "string") ? keys : undefined;
}

/** A BucketInfo from the server's JSON; undefined if it is invalid. */
function readInfo(body, known) {
  const info = { values: 0, bytes: 0, history: 1, created_at: "", ...body };
  const { name, description = "", ttl_seconds = 0, values, bytes, history, created_at } = info;
  if (!areTyped("string", [name, description, created_at])) return undefined;
  if (!areTyped("number", [ttl_seconds, values, bytes, history])) return undefined;
  known.learnBucket(info);
  return bucketInfo(info);
}

function readBucketInfo(answer) {
  return readInfo(parse(answer), answer.features);
}

function readBuckets(answer) {
  const body = parse(answer);
  const buckets = body.buckets === null ? [] : body.buckets;
  if (!Array.isArray(buckets)) return undefined;
  const infos = buckets.map((bucket) => readInfo(bucket, answer.features));
  return infos.includes(undefined) ? undefined : infos;
}

/** Reads a list of buckets, or null if the credentials may not list them (403). */
function readConnected(answer) {
  return answer.status === 403 ? null : readBuckets(answer);
}

/** Null for a valid response without a result: an empty body, or JSON. */
function readNothing({ status, text, page }) {
  if (status === 204) return null;
  if (status !== 200) return undefined;
  if (text.trim() === "") return null;
  try {
    JSON.parse(text);
    return page ? undefined : null;
  } catch {
    return undefined;
  }
}

const READERS = {
  [EXPECTED_NOTHING]: readNothing,
  [EXPECTED_ENTRY]: readEntry,
  [EXPECTED_FOUND]: readFound,
  [EXPECTED_ENTRIES]: readEntries,
  [EXPECTED_HISTORY]: readHistory,
  [EXPECTED_PUT_RESULT]: readPutResult,
  [EXPECTED_KEYS]: readKeys,
  [EXPECTED_BUCKET_INFO]: readBucketInfo,
  [EXPECTED_BUCKETS]: readBuckets,
  [EXPECTED_CONNECTED]: readConnected,
};

/** The result of a response: null for none, undefined if the response does not match the protocol. */
export function readResult(answer, expected, key) {
  const { status } = answer;
  const readable =
    (status >= 200 && status < 300) ||
    (status === 403 && expected === EXPECTED_CONNECTED) ||
    (status === 404 && expected === EXPECTED_FOUND);
  return readable ? READERS[expected](answer, key) : undefined;
}

const isSeconds = (value) => Number.isFinite(value) && value >= 0;

const isText = (value) => typeof value === "string" && value !== "";

/**
 * Reads an error response: the message from JSON or from short plain text (a proxy's HTML page is ignored), and
 * `retryable` and `retryAfter` (seconds), if the body or the header has them.
 */
export function readRefusal(answer) {
  const details = parse(answer);
  const { error, message, code, retryable, retry_after } = details;
  const refusal = {
    message: [error, message, error?.message].find(isText),
    retryable: typeof retryable === "boolean" ? retryable : undefined,
    retryAfter: answer.retryAfter ?? (isSeconds(retry_after) ? retry_after : undefined),
  };
  if (refusal.message || isText(code)) refusal.details = details;
  // A write that arrived before, and may have been carried out then.
  if (details.unknown === true) details.maybeApplied = true;
  const plain = answer.text.trim();
  refusal.message ??= plain.length > 200 || /^[<{["]/.test(plain) ? "" : plain;
  return refusal;
}

const isString = (value) => typeof value === "string";

/** The message about the first invalid field of a frame. */
function badField(frame) {
  const checks = {
    type: isString,
    key: isString,
    bucket: isString,
    operation: isString,
    revision: isRevision,
    value: isValue,
  };
  const name = Object.keys(checks).find((field) => !checks[field](frame[field]));
  const found = frame[name] ?? undefined;
  if (found === undefined) return `watch frame is missing "${name}"`;
  // Do not log values.
  const shown = name === "value" ? typeof found : JSON.stringify(found).slice(0, 100);
  return `watch frame has an invalid "${name}": ${shown}`;
}

/** Parses a frame: an event, an error message, or undefined to ignore it. */
export function readFrame(data) {
  if (typeof data !== "string") return "watch frame is not text";
  let frame;
  try {
    frame = JSON.parse(data) ?? {};
  } catch {
    return "watch frame is not JSON";
  }
  const { type, key, value, revision, operation, bucket, message } = frame;
  if (type === "kv_update") {
    const isEvent =
      isString(key) &&
      isString(bucket) &&
      isString(operation) &&
      isRevision(revision) &&
      isValue(value);
    if (!isEvent) return badField(frame);
    // Any operation other than put counts as a delete.
    const event =
      operation === "put"
        ? new KVWatchEvent(key, value ?? "", revision, operation, bucket)
        : new KVWatchEvent(key, "", revision, "delete", bucket);
    return withDetails(event, frame);
  }
  if (type === "error") {
    return typeof message === "string" && message ? message : "the server reports a problem";
  }
  return typeof type === "string" ? undefined : badField(frame);
}
