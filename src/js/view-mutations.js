// What a view shows of keys while its own writes of them are in flight: the server's entries, with the changes that
// are not written yet on top. It decides what is shown; writing is for others.

import { newAbortError, newDeferred } from "./exchange.js";

/** Whether a key matches a pattern; none matches all keys. */
export function matches(pattern = ">", key) {
  const tokens = key.split(".");
  const filled = pattern.split(".").map((token, at) => {
    if (token === ">") return tokens.slice(at).join(".");
    return token === "*" ? tokens[at] : token;
  });
  return filled.join(".") === key;
}

export class Mutations {
  /**
   * The keys with changes: the server's entry `base` and its `revision`, the `changes` that are not written yet, the
   * last event `held` meanwhile, and the revision `written` of the last write whose event has not arrived; else 0.
   */
  #keys = new Map();
  #view;

  /**
   * `view.entries`: what is shown. `view.changed(key, entry, change, revision)` returns the entry after a change,
   * undefined for a deleted one; `revision` is that of its write, undefined while it is pending.
   */
  constructor(view) {
    this.#view = view;
  }

  /** Shows a change while `write` writes it; returns what that does. `view.change` makes the changes known. */
  async run(key, change, write) {
    const view = this.#view;
    let state;
    view.change(() => {
      state = this.begin(key, change);
    });
    const { turn } = state;
    const done = newDeferred();
    state.turn = done.promise;
    let value;
    let revision = 0;
    try {
      // Writes of the same key at the same time would conflict.
      await turn;
      if (!state.changes.includes(change)) throw newAbortError("the client was reconfigured");
      const result = await write((entry) => {
        value = change(entry);
        return value;
      });
      revision = result.revision;
      return result;
    } finally {
      done.resolve();
      view.change(() => this.end(key, state, change, revision, () => value));
    }
  }

  /** Shows a change; returns the state of its key, for `end`. */
  begin(key, change) {
    let state = this.#keys.get(key);
    if (!state) {
      const base = this.#view.entries.get(key);
      state = { base, revision: base?.revision ?? 0, changes: [], written: 0 };
      this.#keys.set(key, state);
    }
    state.changes.push(change);
    this.#show(key, state);
    return state;
  }

  /** A change has been written with this revision, by the function `applied`; or it is not written: 0. */
  end(key, state, change, revision, applied) {
    const at = state.changes.indexOf(change);
    if (at < 0) return;
    state.changes.splice(at, 1);
    if (revision > state.revision) {
      state.base = this.#view.changed(key, state.base, applied, revision);
      state.revision = revision;
      state.written = revision;
    }
    if (state.held) this.#take(state, ...state.held);
    this.#show(key, state);
  }

  /**
   * Sets the server's entry of a key, undefined for none. While a write is in flight it waits for the response, because
   * it may have the change already; and what is older than a write of the view is not shown.
   */
  set(key, entry, revision = 0) {
    const state = this.#keys.get(key);
    if (!state) return this.#view.entries.set(key, entry);
    if (state.changes.length > 0) state.held = [entry, revision];
    else this.#take(state, entry, revision);
    this.#show(key, state);
  }

  #take(state, entry, revision) {
    state.held = undefined;
    if (revision < state.written) return;
    state.base = entry;
    state.revision = revision;
    state.written = 0;
  }

  /** Replaces all entries of the server. */
  replace(map) {
    this.#view.entries.replace(map);
    for (const key of this.#keys.keys()) {
      const entry = map.get(key);
      this.set(key, entry, entry?.revision);
    }
  }

  /** The connection is lost. What is read after it is not older than what was written before. */
  disconnected() {
    for (const state of this.#keys.values()) state.written = 0;
  }

  /** Shows the entries of the server, and forgets the changes. */
  drop() {
    for (const [key, state] of this.#keys) {
      state.changes = [];
      this.#view.entries.set(key, state.base);
    }
    this.#keys.clear();
  }

  #show(key, { base, changes, written }) {
    let entry = base;
    for (const change of changes) entry = this.#view.changed(key, entry, change);
    this.#view.entries.set(key, entry);
    if (changes.length + written === 0) this.#keys.delete(key);
  }
}
