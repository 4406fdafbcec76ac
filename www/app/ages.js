import { isRetryable } from "@ironflow/browser";
import { isPulled } from "./plug.js";
import { bucket, on } from "./session.js";

/**
 * When keys were written. An entry of a view does not say so: what arrives while the page watches was
 * written just now, and of the rest the server is asked, for the rows on the screen alone.
 *
 * @typedef {{ revision: number, at?: number }} Written  no time: the server has been asked
 */

/** Of the open bucket. @type {Map<string, Written>} */
let written = new Map();
const AT_ONCE = 6;

on("bucket", () => {
  written = new Map();
});
on("event", (event) => {
  if (event.operation === "delete") written.delete(event.key);
  else if (!event.resynced) written.set(event.key, { revision: event.revision, at: Date.now() });
});

/**
 * When this revision of a key was written, in milliseconds, if it is known by now.
 *
 * @param {string} key
 * @param {number} revision
 */
export function writtenAt(key, revision) {
  const known = written.get(key);
  return known?.revision === revision ? known.at : undefined;
}

/**
 * Learns of entries what is not known yet.
 *
 * @param {{ key: string, revision: number }[]} entries
 */
export async function learnAges(entries) {
  if (isPulled()) return;
  const known = written;
  const unknown = entries.filter(({ key, revision }) => known.get(key)?.revision !== revision);
  for (const { key, revision } of unknown) known.set(key, { revision });
  const handle = bucket();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let next = unknown.pop(); next; next = unknown.pop()) {
      const { key } = next;
      try {
        const { revision, created_at } = await handle.get(key);
        if ((known.get(key)?.revision ?? 0) <= revision) {
          known.set(key, { revision, at: Date.parse(created_at) });
        }
      } catch (error) {
        // The table hears in its own way that a key is gone, or the connection.
        if (isRetryable(error)) known.delete(key);
      }
    }
  });
  await Promise.all(workers);
}

/** A time that has passed, in short. @param {number} ms */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
