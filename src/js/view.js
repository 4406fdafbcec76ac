// A live, read-only replica of a bucket's keys: a Map that a watch keeps. A Replica is what the watch
// calls back, a KVView what an application holds.

import { arrival, readWait } from "./arrival.js";
import { guarded, subscribe } from "./client.js";
import { ValidationError } from "./errors.js";
import { viewEntry } from "./values.js";

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

  constructor(bucket, options, logger, timeout) {
    this.#bucket = bucket;
    // Without a key: every key.
    this.#patterns = [options?.key ?? undefined].flat();
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
    wait.signal?.throwIfAborted();
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
    queueMicrotask(() => {
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

export function newReplica(bucket, options, logger, timeout) {
  return new Replica(bucket, options, logger, timeout);
}
