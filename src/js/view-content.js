// What an application holds of a view: the view, and its snapshots.

import { hide, INSPECT, inner, shown } from "./handle.js";

/** Read access to the `entries` of the object behind it. */
class EntryReader {
  get size() {
    return inner(this).entries.size;
  }

  get(key) {
    return inner(this).entries.get(key);
  }

  has(key) {
    return this.get(key) !== undefined;
  }

  keys() {
    return [...inner(this).entries.toMap().keys()];
  }

  entries() {
    return [...inner(this).entries.toMap().values()];
  }

  [INSPECT](_depth, options, inspect) {
    const { state, status, error, size } = this;
    const fields = { ...this, state, status, error, size, entries: this.entries() };
    return shown(this[Symbol.toStringTag], fields, options, inspect);
  }
}

/** An immutable snapshot of a view. */
export class KVViewSnapshot extends EntryReader {
  constructor({ entries, state, shownStatus, error }) {
    super();
    this.state = state;
    this.status = shownStatus;
    this.error = error;
    const content = { entries: entries.version() };
    hide(this, () => content);
  }

  get [Symbol.toStringTag]() {
    return "KVViewSnapshot";
  }

  entries() {
    const content = inner(this);
    content.list ??= Object.freeze(super.entries());
    return content.list;
  }
}

/** A view. */
export class KVView extends EntryReader {
  static {
    // Some platforms lack Symbol.dispose.
    // biome-ignore lint/complexity/noThisInStatic: the name of the class must survive the bundler
    if (Symbol.dispose) this.prototype[Symbol.dispose] = this.prototype.stop;
  }

  constructor(state) {
    super();
    this.bucket = state.bucket;
    hide(this, () => state);
  }

  get [Symbol.toStringTag]() {
    return "KVView";
  }

  get state() {
    return inner(this).state;
  }

  get status() {
    return inner(this).shownStatus;
  }

  get freshAsOf() {
    return inner(this).freshAsOf;
  }

  get progress() {
    return inner(this).progress;
  }

  get error() {
    return inner(this).error;
  }

  get ready() {
    return inner(this).ready;
  }

  subscribe(callback) {
    return inner(this).subscribe(callback);
  }

  getSnapshot() {
    return inner(this).snapshot();
  }

  mutate(key, change, options) {
    return inner(this).mutate(key, change, options);
  }

  waitFor(revision, options) {
    return inner(this).waitFor(revision, options);
  }

  stop() {
    inner(this).stop();
  }
}
