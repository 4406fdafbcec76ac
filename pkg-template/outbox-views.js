// Shows the writes of the outbox in the views of a client, as pending, until they are written.

import { matches } from "../src/js/view-mutations.js";
import { removes } from "./outbox-machine.js";
import { Values } from "./outbox-values.js";

const KV_DELETE = Symbol.for("ironflow.KV_DELETE");

/** Whether the view is of this bucket and shows the key. */
const shows = (view, { bucket, key }) =>
  view.bucket === bucket && view.patterns.some((pattern) => matches(pattern, key));

export class PendingViews {
  /** What each view shows, by write id. */
  #views = new Map();

  add(view, entries) {
    this.#views.set(view, new Map());
    for (const entry of entries) this.#begin(view, entry);
  }

  /** A view that knows the entry of a key, or that it is missing. */
  knows(subject) {
    return [...this.#views.keys()].find(
      (view) => /ready|stale/.test(view.status) && shows(view, subject),
    );
  }

  /** Whether a view shows a write. */
  shows(writeId) {
    return [...this.#views.values()].some((shown) => shown.has(writeId));
  }

  /** Shows a write. */
  begin(entry) {
    for (const view of this.#views.keys()) {
      if (view.status === "closed") this.#views.delete(view);
      else this.#begin(view, entry);
    }
  }

  /** The write has this revision now, undefined: an unknown one; or it is not written: 0. */
  end({ key, writeId }, revision) {
    for (const [view, shown] of this.#views) {
      const [state, change] = shown.get(writeId) ?? [];
      shown.delete(writeId);
      if (!state) continue;
      // The event of a delete has this revision, or a later one.
      const written = revision ?? state.revision + 1;
      view.change(() => view.mutations.end(key, state, change, written, change), true);
    }
  }

  /** Shows these writes, after the views have forgotten all. */
  reset(entries) {
    for (const view of this.#views.keys()) this.add(view, entries);
  }

  #begin(view, entry) {
    if (!shows(view, entry)) return;
    const { key, bytes, writeId } = entry;
    const change = () => (removes(entry) ? KV_DELETE : Values.of(bytes, view.mode));
    view.change(() => {
      this.#views.get(view).set(writeId, [view.mutations.begin(key, change), change]);
    }, true);
  }
}
