// The results of operations and watches, and what is stored.

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

export const isText = (value) => typeof value === "string" && value !== "";

/** Adds what is said of an entry or event only where it is known. */
export function withDetails(stored, { reason, expires_at }) {
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
  /** `created_at`: left out where it is not known. */
  constructor(key, value, revision, operation, bucket, created_at) {
    super();
    this.type = "kv_update";
    this.key = key;
    this.value = value;
    this.revision = revision;
    this.operation = operation;
    this.bucket = bucket;
    if (isText(created_at)) this.created_at = created_at;
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
    event.created_at,
  );
  if (event.resynced) copy.resynced = true;
  return withDetails(copy, event);
}

/** An entry of a view. All readers of the view share it, so it is frozen. */
class KVViewEntry extends Stored {
  constructor({ key, value, revision }, created_at) {
    super();
    this.key = key;
    this.value = value;
    this.revision = revision;
    if (isText(created_at)) this.created_at = created_at;
  }
}

/** Converts a put event to an entry of a view. `pending`: it is not written yet. */
export function viewEntry(event, pending, created_at = event.created_at) {
  const entry = new KVViewEntry(event, created_at);
  const encoded = event[ENCODED];
  if (encoded !== undefined) Object.defineProperty(entry, ENCODED, { value: encoded });
  if (pending) entry.pending = true;
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

  /** The result of the write that stores it. `expires`: milliseconds since 1970, or 0. */
  written(revision, expires, hasTtl) {
    this.expires_at = expires && timestamp(expires);
    return withDetails({ revision }, hasTtl ? this : {});
  }

  entry(revision, milliseconds) {
    this.#created_at ??= timestamp(milliseconds);
    const entry = new KVEntry(this.#key, this.#encoded(), revision, this.#created_at, "put");
    return withDetails(entry, this);
  }

  /** `milliseconds`: when it was written, undefined where that is not known. */
  event(revision, bucket, milliseconds) {
    const created_at = milliseconds && timestamp(milliseconds);
    const event = new KVWatchEvent(this.#key, this.#encoded(), revision, "put", bucket, created_at);
    return withDetails(event, this);
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

/** `milliseconds`: when it was deleted, 0 where that is not known. */
export function goneEvent(key, revision, bucket, milliseconds, reason) {
  const created_at = milliseconds && timestamp(milliseconds);
  const event = new KVWatchEvent(key, "", revision, "delete", bucket, created_at);
  return withDetails(event, { reason });
}

export function goneEntry(key, revision, milliseconds, reason) {
  const created_at = timestamp(milliseconds);
  return withDetails(new KVEntry(key, undefined, revision, created_at, "delete"), { reason });
}

/** Converts an entry to a watch event. */
export function entryEvent(entry, bucket) {
  const { key, value, revision, created_at } = entry;
  const event = new KVWatchEvent(key, value, revision, "put", bucket, created_at);
  return withDetails(event, entry);
}

/** Marks an event that a resync emits. */
export function resynced(event) {
  event.resynced = true;
  return event;
}

/** A BucketInfo with its members in the order of the protocol, without unset ones. */
export function bucketInfo({
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
