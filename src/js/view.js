// A live, read-only replica of a bucket's keys: a Map that a watch keeps. A Replica is what the watch
// calls back, a KVView what an application holds.

import { guarded, subscribe } from "./client.js";
import { TimeoutError, ValidationError } from "./errors.js";
import {
  ANSWER,
  abortReason,
  isAborted,
  isAbortSignal,
  paused,
  TIMED_OUT,
  within,
} from "./exchange.js";
import { pollDelay } from "./listeners.js";
import { microtask } from "./microtask.js";
import { viewEntry } from "./values.js";

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
function readWait(revision, options, defaultTimeout) {
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
      // No event tells that a key has expired.
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
async function arrival(come, revision, { signal, timeout }, replica, bucket, patterns) {
  const controller = new AbortController();
  const checked = verified(revision, replica, bucket, patterns, controller.signal);
  const outcome = await within(Promise.race([come, checked]), timeout, signal, controller);
  controller.abort();
  if (outcome.kind === ANSWER) return;
  if (outcome.kind === TIMED_OUT) {
    const words = `revision ${revision} has not come within ${timeout} ms`;
    throw new TimeoutError(words, { timeoutMs: timeout });
  }
  throw outcome.value;
}

const MAP = Symbol("entries");

/** Entries, to be read. */
class Content {
  constructor(map) {
    Object.defineProperty(this, MAP, { value: map, writable: true });
  }

  get size() {
    return this[MAP].size;
  }

  get(key) {
    return this[MAP].get(key);
  }

  has(key) {
    return this[MAP].has(key);
  }

  keys() {
    return [...this[MAP].keys()];
  }

  entries() {
    return [...this[MAP].values()];
  }
}

/** What a view held at one time. It never changes. */
class KVViewSnapshot extends Content {
  #list;

  constructor(map, { state, status, error }) {
    super(map);
    this.state = state;
    this.status = status;
    this.error = error;
  }

  entries() {
    this.#list ??= Object.freeze(super.entries());
    return this.#list;
  }

  /** The view is about to change: what this shares with it so far becomes its own. */
  static detach(snapshot) {
    snapshot[MAP] = new Map(snapshot[MAP]);
  }
}

/** How many revisions are remembered of those that have come. */
const MANY = 1024;

class Replica {
  map = new Map();
  state = "connecting";
  status = "loading";
  #bucket;
  #patterns;
  #logger;
  #timeout;
  #watcher;
  #subscribers = new Set();
  #telling = false;
  #snapshot;
  /** The last problem of the watch, until it goes on. */
  #problem;
  /** Keys whose values do not decode: their revisions, and the errors. */
  #unreadable = new Map();
  #recent = new Set();
  #waiting = new Set();

  constructor(bucket, patterns, logger, timeout) {
    this.#bucket = bucket;
    this.#patterns = patterns;
    this.#logger = logger;
    this.#timeout = timeout;
  }

  attach(watcher) {
    this.#watcher = watcher;
    return new KVView(this);
  }

  get error() {
    return this.#problem ?? [...this.#unreadable.values()].at(-1)?.error;
  }

  get ready() {
    return this.#watcher.ready;
  }

  stop() {
    this.#watcher.stop();
  }

  // What the watch calls back.

  onUpdate(event) {
    this.#change(() => {
      this.#problem = undefined;
      this.#unreadable.delete(event.key);
      if (event.operation === "put") this.map.set(event.key, viewEntry(event));
      else this.map.delete(event.key);
    });
    this.#heard(event.revision);
  }

  onReady() {
    this.status = "ready";
    this.#change(() => {});
  }

  onStateChange(state) {
    this.#change(() => {
      this.state = state;
      if (state === "connected") this.#problem = undefined;
    }, true);
    // The bucket may have been made anew meanwhile.
    this.#recent.clear();
  }

  onError(error) {
    const { key, revision } = error.details ?? {};
    const unreadable = error instanceof ValidationError && key !== undefined;
    this.#change(() => {
      if (unreadable) {
        this.map.delete(key);
        this.#unreadable.delete(key);
        this.#unreadable.set(key, { revision, error });
      } else {
        this.#problem = error;
      }
    }, true);
    if (unreadable) this.#heard(revision);
  }

  onClose() {
    this.status = "closed";
    this.#change(() => {}, true);
    for (const { reject } of this.#waiting) reject(this.#reason());
  }

  // What an application asks for.

  subscribe(callback) {
    if (typeof callback !== "function")
      throw new ValidationError("the callback must be a function");
    return subscribe(this.#subscribers, callback);
  }

  snapshot() {
    this.#snapshot ??= new KVViewSnapshot(this.map, this);
    return this.#snapshot;
  }

  async waitFor(revision, options) {
    const wait = readWait(revision, options, this.#timeout);
    if (wait.signal && isAborted(wait.signal)) throw abortReason(wait.signal);
    if (revision === 0 || this.#has(revision)) return;
    if (this.status === "closed") throw this.#reason();
    const waiting = { revision };
    const come = new Promise((resolve, reject) => Object.assign(waiting, { resolve, reject }));
    this.#waiting.add(waiting);
    try {
      await arrival(come, revision, wait, this, this.#bucket, this.#patterns);
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** The revision that a key is known to have, 0: none. */
  revision(key) {
    return (this.map.get(key) ?? this.#unreadable.get(key))?.revision ?? 0;
  }

  /** Takes keys out that are gone, though the watch did not say so. */
  forget(keys) {
    this.#change(() => {
      for (const key of keys) this.map.delete(key);
    });
  }

  /** Changes something, and tells the subscribers; of the entries only once they are complete. */
  #change(how, evenLoading = false) {
    if (this.#snapshot) KVViewSnapshot.detach(this.#snapshot);
    this.#snapshot = undefined;
    how();
    if (this.#telling || (this.status === "loading" && !evenLoading)) return;
    this.#telling = true;
    microtask(() => {
      this.#telling = false;
      for (const subscriber of [...this.#subscribers]) {
        if (!this.#subscribers.has(subscriber)) continue;
        guarded(this.#logger, "a subscriber of a view", () => subscriber());
      }
    });
  }

  #heard(revision) {
    if (this.#recent.size === MANY) this.#recent.clear();
    this.#recent.add(revision);
    for (const waiting of this.#waiting) {
      if (waiting.revision === revision) waiting.resolve();
    }
  }

  #has(revision) {
    if (this.#recent.has(revision)) return true;
    for (const entry of this.map.values()) if (entry.revision === revision) return true;
    return false;
  }

  #reason() {
    return this.#problem ?? new DOMException("the view was stopped", "AbortError");
  }
}

/** A view. */
class KVView extends Content {
  #replica;

  static {
    // Not every platform has it yet.
    if (Symbol.dispose) KVView.prototype[Symbol.dispose] = KVView.prototype.stop;
  }

  constructor(replica) {
    super(replica.map);
    this.#replica = replica;
  }

  get state() {
    return this.#replica.state;
  }

  get status() {
    return this.#replica.status;
  }

  get error() {
    return this.#replica.error;
  }

  get ready() {
    return this.#replica.ready;
  }

  subscribe(callback) {
    return this.#replica.subscribe(callback);
  }

  getSnapshot() {
    return this.#replica.snapshot();
  }

  waitFor(revision, options) {
    return this.#replica.waitFor(revision, options);
  }

  stop() {
    this.#replica.stop();
  }
}

export function newReplica(bucket, patterns, logger, timeout) {
  return new Replica(bucket, patterns, logger, timeout);
}
