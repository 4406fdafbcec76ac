/**
 * A call of a watcher's callback, or of its stop().
 *
 * @typedef {object} Update
 * @property {"update"} what
 * @property {string} key
 * @property {number} revision
 * @property {"put" | "delete"} operation
 * @property {string} value the stored text
 * @property {boolean} resynced
 *
 * @typedef {{ what: "error", code: string, retryable: boolean }} Problem
 *
 * @typedef {Update | Problem | { what: "ready" | "closed" | "stopping" | "stopped" }
 *   | { what: "state", state: string }} WatcherEvent `stopping`, `stopped`: before and after the call of stop()
 *
 * @typedef {{ revision: number, value: string }} Entry
 *
 * @typedef {object} Watching
 * @property {string} name
 * @property {string[]} patterns
 * @property {boolean} initial
 */

/** Whether a pattern matches a key (rule 10). @param {string} pattern @param {string} key */
export function matches(pattern, key) {
  const tokens = key.split(".");
  const wanted = pattern.split(".");
  if (wanted.at(-1) === ">") {
    if (tokens.length < wanted.length) return false;
    wanted.pop();
  } else if (tokens.length !== wanted.length) return false;
  return wanted.every((token, n) => token === "*" || token === tokens[n]);
}

/** All events of one watcher, checked against the guarantees of a watch. */
export class Ledger {
  /** The error with which it may end by itself. @type {string | undefined} */
  expectedEnd;
  hasClosed = false;
  #mayEnd = false;
  #hasStopped = false;
  /** The bucket's highest possible revision when the watcher became ready. */
  #readyAt = Number.POSITIVE_INFINITY;
  /** The error after which only onClose may follow. @type {string | undefined} */
  #finalError;
  /** The last event delivered for each key. @type {Map<string, Update>} */
  #last = new Map();
  #watching;
  #written;
  #complain;

  /**
   * @param {Watching} watching
   * @param {ReadonlyMap<number, string>} written the known writes by revision: the key and the value, separated
   *   by a space, or only the key for a removal
   * @param {(words: string, key?: string) => void} complain
   */
  constructor(watching, written, complain) {
    this.#watching = watching;
    this.#written = written;
    this.#complain = complain;
  }

  get isReady() {
    return this.#readyAt !== Number.POSITIVE_INFINITY;
  }

  /** Checks the next event. @param {WatcherEvent} event @param {number} revision the bucket's highest possible revision */
  take(event, revision) {
    const { what } = event;
    if (what === "stopping") this.#mayEnd = true;
    else if (what === "stopped") this.#hasStopped = true;
    else if (this.hasClosed) this.#complain(`${describe(event)} after onClose`);
    else if (what === "closed") this.#close();
    else if (what !== "state") {
      if (this.#hasStopped) this.#complain(`${describe(event)} after stop()`);
      else if (this.#finalError) this.#complain(`${describe(event)} after ${this.#finalError}`);
      if (what === "update") this.#update(event);
      else if (what === "error") this.#problem(event);
      else this.#ready(revision);
    }
  }

  /**
   * The keys whose last delivered event differs from the bucket.
   *
   * @param {ReadonlyMap<string, Entry>} state what the bucket holds
   * @returns {{ key: string, words: string }[]}
   */
  differences(state) {
    const keys = new Set([...state.keys(), ...this.#last.keys()]);
    return [...keys].flatMap((key) => {
      const words = this.#matches(key) && this.#difference(key, state.get(key));
      return words ? [{ key, words }] : [];
    });
  }

  /** @param {string} key @param {Entry | undefined} entry */
  #difference(key, entry) {
    const last = this.#last.get(key);
    if (!entry) {
      return last?.operation === "put" && `${key} is gone, and its last event is ${describe(last)}`;
    }
    const isDelivered =
      last?.operation === "put" && last.revision === entry.revision && last.value === entry.value;
    const mayBeUndelivered = !last && !this.#watching.initial && entry.revision <= this.#readyAt;
    if (isDelivered || mayBeUndelivered) return undefined;
    const event = last ? describe(last) : "missing";
    return `${key} is ${entry.value} (${entry.revision}), and its last event is ${event}`;
  }

  /** @param {string} key */
  #matches(key) {
    return this.#watching.patterns.some((pattern) => matches(pattern, key));
  }

  /** @param {Update} update */
  #update(update) {
    const { key, revision, operation, resynced } = update;
    const words = describe(update);
    const last = this.#last.get(key);
    this.#last.set(key, update);
    if (!this.#matches(key)) this.#complain(`${words}, which its filter does not match`, key);
    const isRemoval = operation === "delete" && resynced;
    const follows =
      !last ||
      revision > last.revision ||
      (isRemoval && last.operation === "put" && revision === last.revision);
    if (!follows) this.#complain(`${words} after ${describe(last)}`, key);
    const written = this.#written.get(revision);
    const claimed = operation === "put" ? `${key} ${update.value}` : key;
    if (!isRemoval && written !== undefined && written !== claimed) {
      this.#complain(`${words}, where ${written} was written`, key);
    }
  }

  /** @param {Problem} problem */
  #problem({ code, retryable }) {
    if (!retryable) this.#finalError = code;
  }

  /** @param {number} revision */
  #ready(revision) {
    if (this.isReady) this.#complain("onReady for the second time");
    this.#readyAt = revision;
  }

  #close() {
    this.hasClosed = true;
    if (this.#mayEnd && !this.#finalError) return;
    if (!this.#finalError || this.#finalError !== this.expectedEnd) {
      this.#complain(`it ended by itself: ${this.#finalError ?? "without an error"}`);
    }
  }
}

/** @param {WatcherEvent} event */
export function describe(event) {
  switch (event.what) {
    case "update": {
      const { key, operation, revision, value, resynced } = event;
      const how = resynced ? " resynced" : "";
      return `${operation} of ${key} (${revision}${how})${operation === "put" ? ` ${value}` : ""}`;
    }
    case "error":
      return `${event.retryable ? "a passing" : "a final"} ${event.code}`;
    case "state":
      return `the state ${event.state}`;
    default:
      return event.what;
  }
}
