// The handles that a client has given out.

import { attempt } from "./exchange.js";

/** Handles by what they are of, held weakly: a handle that is not used any more is collected. */
class Handles {
  #refs = new Map();
  #collected;

  find(id) {
    return this.#refs.get(id)?.deref();
  }

  add(id, handle) {
    // Not every platform has both; there each call makes a handle of its own.
    attempt(() => {
      const ref = new WeakRef(handle);
      if (ref.deref() !== handle) return;
      this.#collected ??= this.#registry();
      this.#collected.register(handle, id);
      this.#refs.set(id, ref);
    });
    return handle;
  }

  // Not in add(): the callback would keep the handle that was added first, and with it the client.
  #registry() {
    return new FinalizationRegistry((id) => this.#sweep(id));
  }

  #sweep(id) {
    // Another handle may have taken its place.
    if (!this.find(id)) this.#refs.delete(id);
  }
}

export function newHandles() {
  return new Handles();
}
