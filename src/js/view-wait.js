// How a view waits for a revision: until its watch delivers it, or the server says that it never will.

import { RACE_RESOLVED, RACE_TIMED_OUT } from "./enums.js";
import { TimeoutError, ValidationError } from "./errors.js";
import { isAbortSignal, paused, within } from "./exchange.js";
import { pollDelay } from "./listeners.js";

/** The longest that a timer counts, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** A copy of the caller's options, which may throw when they are read. */
function readOptions(options) {
  try {
    return { ...options };
  } catch (cause) {
    throw new ValidationError("options cannot be read", { cause });
  }
}

/** Reads the arguments of `waitFor`. */
export function readWait(revision, options, defaultTimeout) {
  if (!Number.isSafeInteger(revision) || revision < 0) {
    throw new ValidationError("the revision must be a whole number, 0 or more");
  }
  if (typeof (options ?? {}) !== "object") throw new ValidationError("options must be an object");
  const { signal, timeout, ...unknown } = readOptions(options ?? {});
  for (const name of Object.keys(unknown)) throw new ValidationError(`unknown option ${name}`);
  const milliseconds = timeout ?? defaultTimeout;
  if (typeof milliseconds !== "number" || !(milliseconds > 0 && milliseconds <= LONGEST)) {
    throw new ValidationError(
      `timeout must be a number of milliseconds, more than 0 and at most ${LONGEST}`,
    );
  }
  if (signal && !isAbortSignal(signal)) {
    throw new ValidationError("signal must be an AbortSignal");
  }
  return { signal, timeout: milliseconds };
}

/** How often the server is asked before keys are given up that it no longer lists. */
const PATIENCE = 3;

/**
 * Asks the server what a replica lacks of the change with this revision: whether it is still to come,
 * and which keys the replica has of before it that are there no longer. None of it: the change was of a
 * key that does not match, or another took its place.
 */
async function lacking(revision, replica, bucket, patterns, signal) {
  const listed = new Set();
  let late = false;
  for (const pattern of patterns) {
    const keys = await bucket.listKeys(pattern, { signal });
    for (const key of keys) listed.add(key);
    // The newest first. What is older than the revision cannot stand in its place.
    for (const key of keys.reverse()) {
      if (replica.revision(key) >= revision) continue;
      const entry = await bucket.get(key, { signal }).catch((error) => {
        if (error?.code !== "HTTP_404") throw error;
      });
      if (entry && entry.revision < revision) break;
      const known = replica.revision(key);
      if (entry ? known < entry.revision : known > 0 && known < revision) late = true;
      if (late) break;
    }
  }
  const gone = [];
  for (const [key, entry] of replica.map) {
    if (entry.revision < revision && !listed.has(key)) gone.push(key);
  }
  return { late, gone };
}

/** Settles once nothing of the change is lacking. */
async function verified(revision, replica, bucket, patterns, signal) {
  await replica.ready;
  let retryAfter = 0;
  for (let asked = 1; ; asked += 1) {
    // Most often the watch brings it meanwhile.
    await paused(pollDelay(asked, retryAfter), signal);
    signal.throwIfAborted();
    try {
      retryAfter = 0;
      const { late, gone } = await lacking(revision, replica, bucket, patterns, signal);
      if (!late && gone.length === 0) return;
      // No event is emitted when a key expires.
      if (asked >= PATIENCE) replica.forget(gone);
    } catch (error) {
      if (!error?.retryable) throw error;
      retryAfter = error.retryAfter ?? 0;
    }
  }
}

/**
 * Waits for `come`, which the replica settles when the revision itself arrives or no more will, or until
 * the server says that there is nothing to wait for.
 */
export async function arrival(come, revision, { signal, timeout }, replica, bucket, patterns) {
  const controller = new AbortController();
  const checked = verified(revision, replica, bucket, patterns, controller.signal);
  const outcome = await within(Promise.race([come, checked]), timeout, signal, controller);
  controller.abort();
  if (outcome.kind === RACE_RESOLVED) return;
  if (outcome.kind === RACE_TIMED_OUT) {
    const message = `revision ${revision} has not come within ${timeout} ms`;
    throw new TimeoutError(message, { timeoutMs: timeout });
  }
  throw outcome.value;
}
