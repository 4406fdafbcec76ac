// The buffer between a watch and an async iteration over it.

/** Buffers the events of a watch for an iteration that has not read them yet. */
export class EventBuffer {
  #arrived = [];
  #leaving = [];
  #waiting = [];
  #over;

  push(event) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve({ value: event, done: false });
    else this.#arrived.push(event);
  }

  /** Ends the iteration after the buffered events; throws the error, if there is one, after the last. */
  end(error) {
    this.#over = { error };
    for (const waiting of this.#waiting.splice(0))
      this.#finish().then(waiting.resolve, waiting.reject);
  }

  next() {
    if (this.#leaving.length === 0) {
      this.#leaving = this.#arrived.reverse();
      this.#arrived = [];
    }
    if (this.#leaving.length > 0) {
      return Promise.resolve({ value: this.#leaving.pop(), done: false });
    }
    if (this.#over) return this.#finish();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  clear() {
    this.#arrived = [];
    this.#leaving = [];
  }

  #finish() {
    const { error } = this.#over;
    this.#over = {};
    return error === undefined
      ? Promise.resolve({ value: undefined, done: true })
      : Promise.reject(error);
  }
}
