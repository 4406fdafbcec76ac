/** @typedef {import("./chart.mjs").Panel} Panel */

/** What is drawn: a title, what was measured, of what there is more and more, and whether a sample is of all of them. @type {[string, string, string, boolean?][]} */
const drawn = [
  ["event delivered to one watcher", "frames.exact", "exact-key watchers"],
  ["event delivered to all watchers", "frames.shared", "watchers of one pattern"],
  ["put in memory", "store.put", "keys"],
  ["get in memory", "store.get", "keys"],
  ["listKeys of 10 keys in memory", "listing", "keys"],
  ["view built, each key", "views.build", "keys", true],
  ["put delivered to a view", "views.update", "keys"],
  ["the same and a snapshot", "views.snapshot", "keys"],
];

/** @param {import("./statistics.mjs").Results} results @returns {Panel[]} */
export function panels(results) {
  return drawn.map(([title, id, unit, isOfAll]) => {
    /** @type {Panel["lines"]} */
    const lines = {};
    for (const { size = 1, samples } of results.of(id)) {
      for (const subject of Object.keys(samples)) {
        const time = results.median(id, subject, size) / (isOfAll ? size : 1);
        lines[subject] = [...(lines[subject] ?? []), [size, time]];
      }
    }
    return { title, unit, lines };
  });
}
