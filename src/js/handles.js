// The handles that a client has given out.

/** Handles by what they are of, held weakly: a handle that is not used any more is collected. */
class Handles {
  #refs = new Map();
  // Not every platform has it; there each call makes a handle of its own.
  #collected = globalThis.FinalizationRegistry && new FinalizationRegistry((id) => this.#sweep(id));

  find(id) {
    return this.#refs.get(id)?.deref();
  }

  add(id, handle) {
    if (globalThis.WeakRef && this.#collected) {
      this.#refs.set(id, new WeakRef(handle));
      this.#collected.register(handle, id);
    }
    return handle;
  }

  #sweep(id) {
    // Another handle may have taken its place.
    if (!this.find(id)) this.#refs.delete(id);
  }
}

export function newHandles() {
  return new Handles();
}
