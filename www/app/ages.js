import { isRetryable } from "@ironflow/browser";
import { isPulled } from "./plug.js";
import { bucket, on } from "./session.js";

/**
 * When keys were written. A key that changes while the page watches was written just now; of the others the view
 * knows the time, or else, for the visible rows only, the page reads the entry from the server.
 *
 * @typedef {import("@ironflow/browser").KVViewEntry} KVViewEntry
 * @typedef {{ revision: number, at?: number }} Written  no time: a read is in flight
 */

/** The times of the open bucket's keys. @type {Map<string, Written>} */
let written = new Map();
const MAX_CONCURRENT_READS = 6;

on("bucket", () => {
  written = new Map();
});
on("event", (event) => {
  if (event.operation === "delete") written.delete(event.key);
  else if (!event.resynced) written.set(event.key, { revision: event.revision, at: Date.now() });
});

/**
 * When this revision of a key was written, in milliseconds, or undefined if that is not known yet.
 *
 * @param {KVViewEntry} entry
 */
export function writtenAt({ key, revision, created_at }) {
  const known = written.get(key);
  if (known?.revision === revision && known.at !== undefined) return known.at;
  return created_at === undefined ? undefined : Date.parse(created_at);
}

/**
 * Reads the missing times of entries.
 *
 * @param {KVViewEntry[]} entries
 */
export async function learnAges(entries) {
  if (isPulled()) return;
  const known = written;
  const unknown = entries.filter(
    ({ key, revision, created_at }) =>
      created_at === undefined && known.get(key)?.revision !== revision,
  );
  for (const { key, revision } of unknown) known.set(key, { revision });
  const handle = bucket();
  const workers = Array.from({ length: MAX_CONCURRENT_READS }, async () => {
    for (let next = unknown.pop(); next; next = unknown.pop()) {
      const { key } = next;
      try {
        const { revision, created_at } = await handle.get(key);
        if ((known.get(key)?.revision ?? 0) <= revision) {
          known.set(key, { revision, at: Date.parse(created_at) });
        }
      } catch (error) {
        // The view reports a deleted key or a lost connection to the table.
        if (isRetryable(error)) known.delete(key);
      }
    }
  });
  await Promise.all(workers);
}

/** Formats an age. @param {number} ms */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
