/**
 * What a watcher's callbacks heard, or what was done to it.
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
 *   | { what: "state", state: string }} Happening `stopping`, `stopped`: before and after the call of its stop()
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

/** Everything one watcher has heard of, held against what a watch promises. */
export class Ledger {
  /** The error with which it may end by itself. @type {string | undefined} */
  expectedEnd;
  hasClosed = false;
  #mayEnd = false;
  #hasStopped = false;
  /** How far the bucket was at most when the watcher was ready. */
  #readyAt = Number.POSITIVE_INFINITY;
  /** The error after which only the end may come. @type {string | undefined} */
  #finalError;
  /** The last that was heard of each key. @type {Map<string, Update>} */
  #last = new Map();
  #watching;
  #written;
  #complain;

  /**
   * @param {Watching} watching
   * @param {ReadonlyMap<number, string>} written what is known to have been written, by revision: the key and
   *   the value, after a space, or the key alone where it was removed
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

  /** Takes in what happened next. @param {Happening} happening @param {number} revision how far the bucket is at most */
  take(happening, revision) {
    const { what } = happening;
    if (what === "stopping") this.#mayEnd = true;
    else if (what === "stopped") this.#hasStopped = true;
    else if (this.hasClosed) this.#complain(`${describe(happening)} after onClose`);
    else if (what === "closed") this.#close();
    else if (what !== "state") {
      if (this.#hasStopped) this.#complain(`${describe(happening)} after stop()`);
      else if (this.#finalError) this.#complain(`${describe(happening)} after ${this.#finalError}`);
      if (what === "update") this.#update(happening);
      else if (what === "error") this.#problem(happening);
      else this.#ready(revision);
    }
  }

  /**
   * What the watcher has not been told, or been told wrongly.
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
      return (
        last?.operation === "put" && `${key} is gone, and was last heard of as ${describe(last)}`
      );
    }
    const isAsHeard =
      last?.operation === "put" && last.revision === entry.revision && last.value === entry.value;
    const mayBeUnheardOf = !last && !this.#watching.initial && entry.revision <= this.#readyAt;
    if (isAsHeard || mayBeUnheardOf) return undefined;
    const heard = last ? describe(last) : "nothing";
    return `${key} is ${entry.value} (${entry.revision}), and the last that was heard is ${heard}`;
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

/** @param {Happening} happening */
export function describe(happening) {
  switch (happening.what) {
    case "update": {
      const { key, operation, revision, value, resynced } = happening;
      const how = resynced ? " resynced" : "";
      return `${operation} of ${key} (${revision}${how})${operation === "put" ? ` ${value}` : ""}`;
    }
    case "error":
      return `${happening.retryable ? "a passing" : "a final"} ${happening.code}`;
    case "state":
      return `the state ${happening.state}`;
    default:
      return happening.what;
  }
}
