// A live copy of a bucket's keys, which a watch updates. A ViewState has the callbacks of the watch, a KVView is the
// application's object.

import { subscribe } from "./client.js";
import { now, wallClock } from "./clock.js";
import { VIEW_LOADED, VIEW_READY, VIEW_STOPPED, VIEW_WATCH_ENDED } from "./enums.js";
import { ValidationError } from "./errors.js";
import { abortReason, attempt, isAborted, newAbortError } from "./exchange.js";
import { dispatch } from "./listeners.js";
import { guarded, log } from "./log.js";
import { microtask } from "./microtask.js";
import { viewEntry } from "./values.js";
import { KVView, KVViewSnapshot } from "./view-content.js";
import { Entries, newContent } from "./view-entries.js";
import { Mutations, matches } from "./view-mutations.js";
import { Staleness } from "./view-staleness.js";
import { changedEntry, storedEntries } from "./view-values.js";
import { arrival, newReady, readWait } from "./view-wait.js";
import { freshOf, views, wallTime } from "./watcher.js";

/** The maximum number of delivered revisions that a view remembers. */
const MAX_REMEMBERED_REVISIONS = 1024;

class ViewState {
  entries = new Entries();
  /** Sets the server's entries. */
  mutations = new Mutations(this);
  /** The revisions and errors of keys whose values do not decode. */
  unreadable = new Map();
  state = "connecting";
  status = "loading";
  #bucket;
  patterns;
  mode;
  #storage;
  /** What the storage keeps of this view, under the current configuration. */
  #kept;
  #logger;
  #timeout;
  #listener;
  #watcher;
  /** The callbacks of the current watch: calls from an earlier one are ignored. */
  #callbacks;
  /** What a new watch has delivered so far: it replaces the entries once the watch is ready. */
  #next;
  /** How many entries come before it is ready, as far as is known. */
  #total;
  #ready = newReady();
  #subscribers = new Set();
  #notifying = false;
  #snapshot;
  /** The last error of the watch, until it recovers. */
  #problem;
  /** When it was complete, by an earlier watch or as it was stored. */
  #fresh;
  #staleness;
  #recent = new Set();
  #waiting = new Set();

  constructor(bucket, patterns, mode, storage, maxStaleness, listener) {
    this.#bucket = bucket;
    this.patterns = patterns;
    this.mode = mode;
    this.#storage = storage;
    this.#staleness = maxStaleness && new Staleness(this, maxStaleness);
    this.#listener = listener;
  }

  // Methods that Rust calls.

  nextWatch(given, timeout) {
    this.#logger = given.logger;
    this.#timeout = timeout;
    this.#callbacks = undefined;
    this.#fresh = this.#freshness();
    this.#watcher?.stop();
    this.#total = undefined;
    if (this.#watcher) this.#next = newContent();
    if (this.state !== "connecting") {
      this.change(() => {
        this.state = "connecting";
      }, true);
    }
    const failed = attempt(() => {
      this.#kept ??= this.#storage?.open(this, given);
    });
    if (failed) log(this.#logger, "warn", "a view is not persisted", failed.error);
    if (this.#kept?.reading) return undefined;
    const callbacks = {};
    const call = (name, value) => (this.#callbacks === callbacks ? this[name](value) : undefined);
    for (const name of ["onUpdate", "onReady", "onStateChange", "onError"])
      callbacks[name] = (value) => call(name, value);
    views.set(callbacks, call);
    this.#callbacks = callbacks;
    return callbacks;
  }

  attach(watcher) {
    this.#watcher = watcher;
  }

  view() {
    return new KVView(this);
  }

  /** Handles a new configuration of the client: the entries stay until the new ones have arrived. */
  reset() {
    this.#callbacks = undefined;
    this.#kept?.close?.();
    this.#kept = undefined;
    this.#staleness?.stop();
    if (this.status !== "loading") this.#ready = newReady();
    this.change(() => {
      this.status = "loading";
      this.#problem = undefined;
      this.mutations.drop();
    }, true);
  }

  clear() {
    this.#fresh = undefined;
    this.change(() => this.#replace(newContent()), true);
  }

  close(error) {
    this.#callbacks = undefined;
    this.#staleness?.stop();
    this.#watcher?.stop();
    this.change(() => {
      this.#problem = error ?? this.#problem;
      this.state = "disconnected";
      this.status = "closed";
      this.#next = undefined;
    }, true);
    this.#kept?.close?.();
    this.#kept = undefined;
    this.#ready.reject(this.#reason());
    for (const { reject } of this.#waiting) reject(this.#reason());
  }

  get bucket() {
    return this.#bucket.name;
  }

  get error() {
    return this.#problem ?? [...this.unreadable.values()].at(-1)?.error;
  }

  get ready() {
    return this.#ready.promise;
  }

  get freshAsOf() {
    return wallTime(this.#freshness());
  }

  /** When it was complete, on the monotonic clock. */
  get freshAt() {
    return this.#freshness()?.at;
  }

  #freshness() {
    return (this.#watcher && freshOf(this.#watcher)) ?? this.#fresh;
  }

  /** The status that is shown: it may be ready, and stale by its age. */
  get shownStatus() {
    return this.status === "ready" && this.#staleness?.isExceeded ? "stale" : this.status;
  }

  get progress() {
    const loaded = (this.#next?.mutations ?? this.entries).size;
    // The total is an estimate: keys may be written meanwhile.
    const total = this.status === "ready" ? loaded : this.#total && Math.max(this.#total, loaded);
    return { loaded, total };
  }

  stop() {
    dispatch(this.#listener, VIEW_STOPPED, 0);
  }

  // Callbacks of the watch.

  /** The lines of the stored entries; undefined if nothing is kept. */
  onJoin() {
    return this.#kept?.stored?.();
  }

  /** The watch delivers what has changed since the entries were stored; or, `false`, all entries. */
  onResume(isStored) {
    this.#next = newContent();
    if (isStored) this.#next.mutations.replace(new Map(this.#kept.shown));
  }

  /** The watch has delivered everything up to a revision of the bucket with this epoch. */
  onSynced(position) {
    this.#kept.follow((this.#next ?? this).unreadable.size ? undefined : position);
  }

  onUpdate(event) {
    const { key, revision } = event;
    // A replay comes, whose end sets the position.
    if (event.resynced) this.#kept?.pause?.();
    const entry = event.operation === "put" ? viewEntry(event) : undefined;
    if (this.#next) this.#set(this.#next, key, entry, revision);
    if (this.#next && this.status !== "stale") return;
    this.change(() => {
      this.#problem = undefined;
      this.#set(this, key, entry, revision);
    });
    this.#deliver(revision);
  }

  onTotal(total) {
    this.#total = total;
  }

  onReady() {
    this.change(() => {
      this.status = "ready";
      this.#kept?.synced((this.#next?.mutations ?? this.entries).toMap());
      if (this.#next) this.#replace(this.#next);
    });
    this.#staleness?.check();
    this.#ready.resolve();
    for (const waiting of this.#waiting) {
      if (this.#has(waiting.revision)) waiting.resolve();
    }
    dispatch(this.#listener, VIEW_READY, 0);
  }

  onStateChange(state) {
    this.change(() => {
      this.state = state;
      if (state === "connected") this.#problem = undefined;
      else this.mutations.disconnected();
    }, true);
    // The bucket may have been recreated meanwhile.
    this.#recent.clear();
    this.#kept?.pause?.();
  }

  onError(error) {
    const { key, revision } = error.details ?? {};
    const undecodable = error instanceof ValidationError && key !== undefined;
    this.change(() => {
      if (undecodable) {
        if (this.#next) this.#set(this.#next, key, undefined, revision, error);
        if (!this.#next || this.status === "stale")
          this.#set(this, key, undefined, revision, error);
      } else {
        this.#problem = error;
      }
    }, true);
    // It is not stored, so it has to come again.
    if (undecodable) this.#kept?.follow?.();
    if (undecodable && !this.#next) this.#deliver(revision);
  }

  onEnd(error) {
    dispatch(this.#listener, VIEW_WATCH_ENDED, error?.status ?? 0, error && String(error.code));
  }

  // Methods of the application's view.

  subscribe(callback) {
    if (typeof callback !== "function")
      throw new ValidationError("the callback must be a function");
    return subscribe(this.#subscribers, callback);
  }

  snapshot() {
    this.#snapshot ??= new KVViewSnapshot(this);
    return this.#snapshot;
  }

  mutate(key, change, options) {
    const write = (changed) => this.#bucket.modify(key, changed, options);
    const valid = typeof key === "string" && typeof change === "function";
    const shown = valid && this.patterns.some((pattern) => matches(pattern, key));
    // While loading the entry is not known yet.
    if (!shown || !/ready|stale/.test(this.status)) return write(change);
    return this.mutations.run(key, change, write);
  }

  async waitFor(revision, options) {
    const wait = readWait(revision, options, this.#timeout);
    if (wait.signal && isAborted(wait.signal)) throw abortReason(wait.signal);
    if (revision === 0 || this.#has(revision)) return;
    if (this.status === "closed") throw this.#reason();
    const waiting = { revision };
    const delivered = new Promise((resolve, reject) => Object.assign(waiting, { resolve, reject }));
    this.#waiting.add(waiting);
    try {
      await arrival(delivered, revision, wait, this, this.#bucket, this.patterns);
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** The known revision of a key; 0 if there is none. */
  revision(key) {
    return (this.entries.get(key) ?? this.unreadable.get(key))?.revision ?? 0;
  }

  /** Removes expired keys, for which the watch emits no event. */
  forget(keys) {
    this.change(() => {
      for (const key of keys) this.#set(this, key);
    });
  }

  /** Sets the entry of a key, undefined for none, or the error of a value that does not decode. */
  #set(target, key, entry, revision, error) {
    target.unreadable.delete(key);
    if (error) target.unreadable.set(key, { revision, error });
    target.mutations.set(key, entry, revision);
    if (target === this && this.status === "ready") this.#kept?.update(key, entry, revision);
  }

  /** The storage of this view was read, or takes long: a watch opens now. */
  opened(kept) {
    if (this.#kept === kept) dispatch(this.#listener, VIEW_LOADED, 0);
  }

  /** Shows what was stored until the watch has delivered all entries. Returns its entries, if all decode. */
  load(kept, records, freshAsOf) {
    if (this.#kept !== kept || this.status !== "loading") return undefined;
    this.#fresh = freshAsOf && {
      at: now() - Math.max(0, wallClock() - freshAsOf),
      wall: freshAsOf,
    };
    const entries = storedEntries(this.mode, records);
    const stored = entries.size === records.length ? new Map(entries) : undefined;
    if (!this.#next) {
      this.#next = { mutations: new Entries(), unreadable: this.unreadable };
      this.#next.mutations.replace(this.entries.toMap());
      this.unreadable = new Map();
    }
    // What the watch has delivered is newer.
    for (const [key, entry] of this.#next.mutations.toMap()) entries.set(key, entry);
    this.change(() => {
      this.mutations.replace(entries);
      this.status = "stale";
    }, true);
    this.#ready.resolve();
    return stored;
  }

  /** Replaces the entries by those that a new watch has delivered. Keys that remain keep their order. */
  #replace({ mutations, unreadable }) {
    const next = mutations.toMap();
    const all = [...this.entries.toMap(), ...next];
    this.mutations.replace(new Map(all.filter(([key]) => next.has(key))));
    this.unreadable = unreadable;
    this.#next = undefined;
  }

  /** For its mutations. */
  changed(...change) {
    return changedEntry(this.mode, ...change);
  }

  /** Applies a change and notifies the subscribers; while loading only if `evenLoading`. All of a task coalesce. */
  change(how, evenLoading = false) {
    this.#snapshot = undefined;
    how();
    if (this.#notifying || (this.status === "loading" && !evenLoading)) return;
    this.#notifying = true;
    microtask(() => {
      this.#notifying = false;
      for (const subscriber of [...this.#subscribers]) {
        if (!this.#subscribers.has(subscriber)) continue;
        guarded(this.#logger, "a subscriber of a view", () => subscriber());
      }
    });
  }

  #deliver(revision) {
    if (this.#recent.size === MAX_REMEMBERED_REVISIONS) this.#recent.clear();
    this.#recent.add(revision);
    for (const waiting of this.#waiting) {
      if (waiting.revision === revision) waiting.resolve();
    }
  }

  #has(revision) {
    if (this.#recent.has(revision)) return true;
    for (const entry of this.entries.toMap().values()) if (entry.revision === revision) return true;
    return false;
  }

  #reason() {
    return this.#problem ?? newAbortError("the view was stopped");
  }
}

export function newViewState(...given) {
  return new ViewState(...given);
}
