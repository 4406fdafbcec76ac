import { describe, Ledger } from "./ledger.mjs";
import { Trace } from "./trace.mjs";

/**
 * @typedef {import("./ledger.mjs").WatcherEvent} WatcherEvent
 * @typedef {import("./ledger.mjs").Entry} Entry
 * @typedef {import("./ledger.mjs").Watching} Watching
 * @typedef {{ watcher: string, key: string | undefined, words: string }} Finding
 */

/** The maximum of kept violations: one bug can cause thousands. */
const KEPT = 20;

/** Checks the events of many watchers against the guarantees of a watch. */
export class Checker {
  /** The known writes. See {@link Ledger}. @type {Map<number, string>} */
  written = new Map();
  /** The violated guarantees. @type {Finding[]} */
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

  /** The number of delivered events. */
  get events() {
    return this.#events;
  }

  /**
   * Checks an event of a watcher.
   *
   * @param {string} name
   * @param {WatcherEvent} event
   * @param {number} [revision] the bucket's highest possible revision, for "ready"
   */
  take(name, event, revision = 0) {
    const ledger = this.#ledgers.get(name);
    if (!ledger) throw new Error(`there is no watcher ${name}`);
    if (event.what === "update") this.#events += 1;
    const key = event.what === "update" ? event.key : undefined;
    this.trace.add(name, describe(event), { watcher: name, key });
    ledger.take(event, revision);
  }

  /** Every watcher that runs may from now on end by itself, with this error. @param {string} code */
  expectEnd(code) {
    for (const ledger of this.#ledgers.values()) ledger.expectedEnd = code;
  }

  /** The watchers that have not ended. */
  get running() {
    return [...this.#ledgers].filter(([, ledger]) => !ledger.hasClosed).map(([name]) => name);
  }

  /** The running watchers that have never been ready. */
  get unready() {
    return this.running.filter((name) => !this.#ledgers.get(name)?.isReady);
  }

  /** The differences between the running watchers' last events and the bucket. @param {ReadonlyMap<string, Entry>} state @returns {Finding[]} */
  missing(state) {
    return [...this.#ledgers].flatMap(([watcher, ledger]) =>
      ledger.hasClosed ? [] : ledger.differences(state).map((found) => ({ watcher, ...found })),
    );
  }
}

/** @param {Finding} finding */
export const format = ({ watcher, words }) => `${watcher}: ${words}`;
