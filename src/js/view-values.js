// Entries that a view makes itself: of stored bytes, and of the values of mutations.

import { encodeValue } from "./body.js";
import { attempt } from "./exchange.js";
import { Body, decode, isKvDelete, viewEntry } from "./values.js";

const entryOf = (mode, body, revision, pending, created_at) =>
  viewEntry(decode(body.event(revision), mode), pending, created_at);

/** The stored entries that decode, by key. */
export function storedEntries(mode, records) {
  const entries = new Map();
  for (const { key, bytes, revision, created_at } of records) {
    attempt(() =>
      entries.set(key, entryOf(mode, new Body(key, bytes), revision, false, created_at)),
    );
  }
  return entries;
}

/** The entry after a mutation that was written with this revision, or is pending: undefined. */
export function changedEntry(mode, key, entry, change, revision) {
  try {
    const value = change(entry);
    if (isKvDelete(value)) return undefined;
    if (value === undefined) return entry;
    const body = encodeValue(key, value, mode);
    return entryOf(mode, body, revision || entry?.revision || 0, !revision);
  } catch {
    // The write rejects with it.
    return entry;
  }
}
