const KEPT_LINES = 50_000;

/**
 * @typedef {{ watcher?: string, key?: string | undefined }} About
 * @typedef {{ at: number, who: string, words: string, about: About }} Line
 */

/** The latest events, to find the cause of a failure. */
export class Trace {
  /** @type {Line[]} */
  #lines = [];
  #start = performance.now();

  /** @param {string} who @param {string} words @param {About} [about] */
  add(who, words, about = {}) {
    this.#lines.push({ at: performance.now() - this.#start, who, words, about });
    if (this.#lines.length > 2 * KEPT_LINES) this.#lines.splice(0, KEPT_LINES);
  }

  /**
   * The last lines, oldest first: of those about a watcher or a key only the ones asked for.
   *
   * @param {number} count
   * @param {About} [wanted] by default all
   */
  last(count, wanted) {
    const matters = (/** @type {Line} */ { about }) =>
      (about.watcher ?? wanted?.watcher) === wanted?.watcher &&
      (about.key ?? wanted?.key) === wanted?.key;
    return this.#lines
      .filter((line) => !wanted || matters(line))
      .slice(-count)
      .map(({ at, who, words }) => `${(at / 1000).toFixed(3).padStart(9)} ${who}: ${words}`);
  }
}
