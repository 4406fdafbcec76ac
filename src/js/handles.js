// A client's bucket handles.

import { attempt } from "./exchange.js";

/** Handles by id, held weakly: an unused handle is garbage-collected. */
class Handles {
  #refs = new Map();
  #collected;

  find(id) {
    return this.#refs.get(id)?.deref();
  }

  add(id, handle) {
    // If the platform lacks one of them, each call creates a new handle.
    attempt(() => {
      const ref = new WeakRef(handle);
      if (ref.deref() !== handle) return;
      this.#collected ??= this.#registry();
      this.#collected.register(handle, id);
      this.#refs.set(id, ref);
    });
    return handle;
  }

  // Not in add(): its callback would retain the first handle, and so the client.
  #registry() {
    return new FinalizationRegistry((id) => this.#sweep(id));
  }

  #sweep(id) {
    // Another handle may have replaced it.
    if (!this.find(id)) this.#refs.delete(id);
  }
}

export function newHandles() {
  return new Handles();
}
