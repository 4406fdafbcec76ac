// What operations and watches give back, and the reading of the server's JSON into it.

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

/** Where the base64 of a value is kept once the value is decoded. */
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

/** JSON text may begin with a byte order mark, which is no part of it. */
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
    // Not enumerable, so that spread, JSON and deep equality see the fields alone.
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

/** A copy of an event: each watcher gets one of its own, so that what it does with it concerns no other. */
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

/** An entry of a view. It is shared by all who read the view, so it is frozen. */
class KVViewEntry extends Stored {
  constructor(key, value, revision) {
    super();
    this.key = key;
    this.value = value;
    this.revision = revision;
  }
}

/** An event of a put, as the entry that a view makes of it. */
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

  /** A string of plain ASCII characters is its own bytes, one to each; any other becomes its bytes. */
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

/** As many arguments as any engine takes. */
const CHUNK = 8192;

function encode(content) {
  if (typeof content === "string") return btoa(content);
  if (content.toBase64) return content.toBase64();
  let binary = "";
  for (let at = 0; at < content.length; at += CHUNK)
    binary += String.fromCharCode(...content.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** The last time that was written out: many entries are of one millisecond. */
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

/** An entry, as the event that a watch makes of it. */
export function entryEvent(entry, bucket) {
  const { key, value, revision } = entry;
  return withDetails(new KVWatchEvent(key, value, revision, "put", bucket), entry);
}

/** An event that no frame brought: it tells of what changed while there was no connection. */
export function resynced(event) {
  event.resynced = true;
  return event;
}

/** A BucketInfo, its members in the order of the protocol; unset ones are left out. */
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

export function newPutResult(revision) {
  return { revision };
}

/** The body of createBucket; what is empty or zero is left out. */
export function writeBucket(name, description, ttl_seconds, max_value_size, max_bytes, history) {
  const body = { name, description, ttl_seconds, max_value_size, max_bytes, history };
  const content = JSON.stringify(body, (_, value) => value || undefined);
  return new Body(undefined, content, JSON_TYPE);
}

/** The body of a conditional delete or purge. */
export function writeRemoval(key, revision, purge) {
  return new Body(undefined, JSON.stringify({ key, revision, purge }), JSON_TYPE);
}

// The readers give undefined for an answer that is not what the protocol says.

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

/** A value in base64; an empty one may be left out. */
const isValue = (value) => typeof value === "string" || value === undefined || value === null;

/** The entry of the key that was asked for: an answer about another one is not what the protocol says. */
function readEntry(answer, asked) {
  const entry = toEntry(parse(answer));
  return entry?.key === asked ? entry : undefined;
}

/** An entry from the server's JSON, undefined if it is none. */
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

/** The same, null if the key is missing; false if what is missing may be the bucket. */
function readFound(answer, asked) {
  if (answer.status !== 404) return readEntry(answer, asked);
  const { code } = parse(answer);
  if (answer.page || code === "bucket_not_found") return undefined;
  return code === "key_not_found" ? null : false;
}

/** The entries of many keys. A key may come again later in the answer, as a delete too. */
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

/** Puts the keys of several listings in their place, each once. */
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

/** A BucketInfo from the server's JSON, undefined if it is none. */
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

/** The answer of a server that lists its buckets, or refuses to list them to these credentials. */
function readConnected(answer) {
  return answer.status === 403 ? null : readBuckets(answer);
}

/** Null, if the answer is what an operation without a result may be answered with: nothing, or JSON. */
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

/** The result that is in an answer: null for none, undefined if the answer is not as expected. */
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
 * A refusal: its message from JSON, or short plain text (a proxy's HTML page says nothing), whether it may be
 * retried, and after how many seconds, where the body or the header says so.
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
  const plain = answer.text.trim();
  refusal.message ??= plain.length > 200 || /^[<{["]/.test(plain) ? "" : plain;
  return refusal;
}

const isString = (value) => typeof value === "string";

/** The message about the first field of a frame that is not as it must be. */
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
  // Values stay out of logs.
  const shown = name === "value" ? typeof found : JSON.stringify(found).slice(0, 100);
  return `watch frame has an invalid "${name}": ${shown}`;
}

/** A frame: an event, or a message on what is wrong with it, or nothing where it is to be ignored. */
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
    // Any other operation than a put takes the key away.
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
