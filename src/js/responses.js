// Parses the JSON of the server: responses, errors, and the frames of a watch.

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
import { bucketInfo, isText, KVEntry, KVWatchEvent, newestEntries, withDetails } from "./values.js";

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
  // A deleted key is a 404.
  return entry?.key === asked && entry.operation !== "delete" ? entry : undefined;
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

function readPutResult(answer) {
  const body = parse(answer);
  const { revision } = body;
  return isRevision(revision) ? withDetails({ revision }, body) : undefined;
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

/** The event of a change, or a message that says why there is none. */
export function toEvent(frame, bucket) {
  const { key, value, revision, operation, created_at } = frame ?? {};
  const isEvent =
    isString(key) &&
    isString(bucket) &&
    isString(operation) &&
    isRevision(revision) &&
    isValue(value);
  if (!isEvent) return badField({ ...frame, bucket, type: "kv_update" });
  // Any operation other than put counts as a delete.
  const event =
    operation === "put"
      ? new KVWatchEvent(key, value ?? "", revision, operation, bucket, created_at)
      : new KVWatchEvent(key, "", revision, "delete", bucket, created_at);
  return withDetails(event, frame);
}

/** The object of a frame; a message if it is none, or if the server reports a problem in it. */
export function parseFrame(data) {
  if (typeof data !== "string") return "watch frame is not text";
  let frame;
  try {
    frame = JSON.parse(data) ?? {};
  } catch {
    return "watch frame is not JSON";
  }
  const { type, message } = frame;
  if (type === "error") return isText(message) ? message : "the server reports a problem";
  return isString(type) ? frame : badField(frame);
}

/** Why the server refuses a subscription. */
export function readRefused({ error, retryable, retry_after }) {
  return {
    message: isText(error) ? error : "the server refuses the watch",
    retryable: typeof retryable === "boolean" ? retryable : undefined,
    retryAfter: isSeconds(retry_after) ? retry_after : undefined,
  };
}
