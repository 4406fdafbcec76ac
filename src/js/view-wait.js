// Waits until a view's watch delivers a revision, or until listing the keys shows that it will not.

import { RACE_RESOLVED, RACE_TIMED_OUT } from "./enums.js";
import { TimeoutError, ValidationError } from "./errors.js";
import { isAbortSignal, newDeferred, paused, within } from "./exchange.js";
import { pollDelay } from "./listeners.js";

/** A promise whose rejection need not be handled. */
export function newReady() {
  const ready = newDeferred();
  ready.promise.catch(() => {});
  return ready;
}

/** The longest delay of a timer, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Copies the caller's options; reading them may throw. */
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
  if (typeof milliseconds !== "number" || !(milliseconds > 0 && milliseconds <= MAX_TIMER_MS)) {
    throw new ValidationError(
      `timeout must be a number of milliseconds, more than 0 and at most ${MAX_TIMER_MS}`,
    );
  }
  if (signal && !isAbortSignal(signal)) {
    throw new ValidationError("signal must be an AbortSignal");
  }
  return { signal, timeout: milliseconds };
}

/** The number of listings after which keys that are no longer listed count as expired. */
const MAX_LISTINGS = 3;

/**
 * Lists and reads keys to find out what a view is missing of the change with this revision: `late` is whether the
 * change is still to be delivered, `gone` the older keys of the view that no longer exist. If neither, the change
 * was of a key that does not match, or was superseded.
 */
async function missing(revision, view, bucket, patterns, signal) {
  const listed = new Set();
  let late = false;
  for (const pattern of patterns) {
    const keys = await bucket.listKeys(pattern, { signal });
    for (const key of keys) listed.add(key);
    // Newest first: an older entry cannot have superseded the revision.
    for (const key of keys.reverse()) {
      if (view.revision(key) >= revision) continue;
      const entry = await bucket.get(key, { signal }).catch((error) => {
        if (error?.code !== "HTTP_404") throw error;
      });
      if (entry && entry.revision < revision) break;
      const known = view.revision(key);
      if (entry ? known < entry.revision : known > 0 && known < revision) late = true;
      if (late) break;
    }
  }
  const gone = [];
  for (const [key, entry] of view.entries.toMap()) {
    if (entry.revision < revision && !listed.has(key)) gone.push(key);
  }
  return { late, gone };
}

/** Resolves once nothing of the change is missing. */
async function verified(revision, view, bucket, patterns, signal) {
  await view.ready;
  let retryAfter = 0;
  for (let attempt = 1; ; attempt += 1) {
    // Usually the watch delivers the revision during the delay.
    await paused(pollDelay(attempt, retryAfter), signal);
    signal.throwIfAborted();
    try {
      retryAfter = 0;
      const { late, gone } = await missing(revision, view, bucket, patterns, signal);
      if (!late && gone.length === 0) return;
      // No event is emitted when a key expires.
      if (attempt >= MAX_LISTINGS) view.forget(gone);
    } catch (error) {
      if (!error?.retryable) throw error;
      retryAfter = error.retryAfter ?? 0;
    }
  }
}

/**
 * Waits for `delivered`, which the view settles when the revision arrives or the view closes, or until listing
 * the keys shows that nothing is missing.
 */
export async function arrival(delivered, revision, { signal, timeout }, view, bucket, patterns) {
  const controller = new AbortController();
  const checked = verified(revision, view, bucket, patterns, controller.signal);
  const outcome = await within(Promise.race([delivered, checked]), timeout, signal, controller);
  controller.abort();
  if (outcome.kind === RACE_RESOLVED) return;
  if (outcome.kind === RACE_TIMED_OUT) {
    const message = `revision ${revision} did not arrive within ${timeout} ms`;
    throw new TimeoutError(message, { timeoutMs: timeout });
  }
  throw outcome.value;
}
