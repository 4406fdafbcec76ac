import { describe, Ledger } from "./ledger.mjs";
import { Trace } from "./trace.mjs";

/**
 * @typedef {import("./ledger.mjs").Happening} Happening
 * @typedef {import("./ledger.mjs").Entry} Entry
 * @typedef {import("./ledger.mjs").Watching} Watching
 * @typedef {{ watcher: string, key: string | undefined, words: string }} Finding
 */

/** How many violations are kept: one bug can make thousands. */
const KEPT = 20;

/** Holds what many watchers have heard against what a watch promises. */
export class Checker {
  /** What is known to have been written. See {@link Ledger}. @type {Map<number, string>} */
  written = new Map();
  /** What broke a promise. @type {Finding[]} */
  violations = [];
  trace;
  #events = 0;
  /** @type {Map<string, Ledger>} */
  #ledgers = new Map();

  /** @param {Trace} [trace] */
  constructor(trace = new Trace()) {
    this.trace = trace;
  }

  /** A watcher begins. @param {Watching} watching */
  begin(watching) {
    const { name } = watching;
    const ledger = new Ledger(watching, this.written, (words, key) => {
      if (this.violations.length < KEPT) this.violations.push({ watcher: name, key, words });
    });
    this.#ledgers.set(name, ledger);
    return ledger;
  }

  /** How many events have been heard. */
  get events() {
    return this.#events;
  }

  /**
   * Something happened to a watcher.
   *
   * @param {string} name
   * @param {Happening} happening
   * @param {number} [revision] how far the bucket is at most; for a watcher's readiness
   */
  take(name, happening, revision = 0) {
    const ledger = this.#ledgers.get(name);
    if (!ledger) throw new Error(`there is no watcher ${name}`);
    if (happening.what === "update") this.#events += 1;
    const key = happening.what === "update" ? happening.key : undefined;
    this.trace.add(name, describe(happening), { watcher: name, key });
    ledger.take(happening, revision);
  }

  /** Every watcher that runs may from now on end by itself, with this error. @param {string} code */
  expectEnd(code) {
    for (const ledger of this.#ledgers.values()) ledger.expectedEnd = code;
  }

  /** The watchers that have not ended. */
  get running() {
    return [...this.#ledgers].filter(([, ledger]) => !ledger.hasClosed).map(([name]) => name);
  }

  /** Of those, the ones that have never been ready. */
  get unready() {
    return this.running.filter((name) => !this.#ledgers.get(name)?.isReady);
  }

  /** What running watchers have not been told. @param {ReadonlyMap<string, Entry>} state @returns {Finding[]} */
  missing(state) {
    return [...this.#ledgers].flatMap(([watcher, ledger]) =>
      ledger.hasClosed ? [] : ledger.differences(state).map((found) => ({ watcher, ...found })),
    );
  }
}

/** @param {Finding} finding */
export const tell = ({ watcher, words }) => `${watcher}: ${words}`;
