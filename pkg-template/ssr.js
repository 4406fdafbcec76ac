// Passes entries from a server to a page: `dehydrate()` makes them plain data, `hydrate()` a storage for `persist`.

import { ValidationError } from "ironflow:errors";
import { viewId } from "./view-id.js";

const decode = (bytes, fatal) => new TextDecoder("utf-8", { ignoreBOM: true, fatal }).decode(bytes);
const parse = (text) => JSON.parse(text.replace(/^\ufeff/, ""));
const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** The stored bytes of an entry, in a member that says how its handle decodes values. */
function contentOf(entry) {
  const { value } = entry;
  if (ArrayBuffer.isView(value)) return { bytes: toBase64(value) };
  if (typeof value === "string") {
    if (toBase64(entry.bytes()) === value) return { base64: value };
    if (entry.text() === value) return { text: value };
  }
  return { json: entry.text() };
}

export function dehydrate(entries) {
  return [entries ?? []].flat().map((entry) => {
    if (typeof entry?.bytes !== "function")
      throw new ValidationError(
        "dehydrate() takes entries of a bucket or view, with their methods",
      );
    const { key, revision, created_at } = entry;
    return { key, revision, ...(created_at && { created_at }), ...contentOf(entry) };
  });
}

/** An entry before there is a view. */
class HydratedEntry {
  constructor({ key, revision, created_at, json, text, bytes, base64 }) {
    const content = json ?? text;
    const encoded = bytes ?? base64;
    const stored = () =>
      content === undefined ? fromBase64(encoded) : new TextEncoder().encode(content);
    this.key = key;
    this.value = json === undefined ? (text ?? base64 ?? stored()) : parse(json);
    this.revision = revision;
    if (created_at) this.created_at = created_at;
    // Not enumerable, so that spread, JSON and deep equality only include the fields.
    Object.defineProperty(this, "bytes", { value: stored });
    Object.freeze(this);
  }

  text() {
    return decode(this.bytes(), false);
  }

  json() {
    return parse(this.text());
  }
}

/** A snapshot of these entries by key. */
function snapshotOf(entries) {
  const list = Object.freeze([...entries.values()]);
  return Object.freeze({
    state: "connecting",
    status: "stale",
    error: undefined,
    size: list.length,
    get: (key) => entries.get(key),
    has: (key) => entries.has(key),
    keys: () => [...entries.keys()],
    entries: () => list,
  });
}

/** A storage that starts with what a server has read, and then remembers what its view shows. */
class Hydration {
  scope = "";
  #entries;
  /** What the first view is of. */
  #id;

  constructor(data) {
    if (!Array.isArray(data))
      throw new ValidationError("hydrate() takes what dehydrate() returned");
    this.#entries = new Map(data.map((each) => [each.key, new HydratedEntry(each)]));
    /** What is rendered before there is a view. */
    this.snapshot = snapshotOf(this.#entries);
  }

  /** Opens what is kept of a view: `view()` calls it. */
  open(view, given) {
    const id = viewId(view, given);
    this.#id ??= id;
    if (this.#id !== id) return undefined;
    const records = [...this.#entries.values()].map((entry) => ({
      key: entry.key,
      revision: entry.revision,
      created_at: entry.created_at,
      bytes: entry.bytes(),
    }));
    // Nothing is kept yet.
    view.load(undefined, records);
    return {
      synced: (entries) => {
        this.#entries = new Map(entries);
      },
      update: (key, entry) => {
        if (entry) this.#entries.set(key, entry);
        else this.#entries.delete(key);
      },
    };
  }

  async clear() {
    this.#entries = new Map();
  }
}

const hydrations = new WeakMap();

export function hydrate(data) {
  if (data === undefined || data === null) return undefined;
  const found = hydrations.get(data) ?? new Hydration(data);
  hydrations.set(data, found);
  return found;
}
