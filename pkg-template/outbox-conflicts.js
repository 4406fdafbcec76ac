// Asks the application about the conflicts of the outbox.

import { removes } from "./outbox-machine.js";

const KV_DELETE = Symbol.for("ironflow.KV_DELETE");

/** A random id of a write: 22 characters of base64url. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.slice(0, 22).replaceAll("+", "-").replaceAll("/", "_");
}

/** The result of a step `ask`. */
export async function askApplication(onConflict, values, entry, { theirs, maybeApplied }) {
  if (!onConflict) return undefined;
  const { bucket, mode, key, operation, bytes, base, at } = entry;
  const made = (given) => values.entry(bucket, mode, { key, ...given });
  try {
    const created_at = new Date(at).toISOString();
    const mine = { bytes, revision: base ?? 0, created_at, pending: true };
    const value = await onConflict({
      bucket,
      key,
      operation,
      base: base ?? undefined,
      mine: removes(entry) ? undefined : await made(mine),
      theirs: theirs ? await made(theirs) : undefined,
      maybeApplied,
    });
    if (value === undefined) return { drop: true };
    const id = newId();
    if (value === KV_DELETE) return { remove: true, id };
    return { bytes: await values.encode(bucket, mode, key, value), id };
  } catch (error) {
    return { error: { code: "IRONFLOW_ERROR", message: `onConflict failed: ${error}` } };
  }
}
