/**
 * Compares two texts line by line.
 *
 * @typedef {object} Line
 * @property {"kept" | "removed" | "added"} change
 * @property {string} text
 */

/** The largest product of lines to compare: above it, the comparison would block the page. */
const MAX_CELLS = 250_000;

/**
 * Returns the lines of both texts in order, by a longest common subsequence. Texts with too many lines are all
 * removed and all added.
 *
 * @param {string} before
 * @param {string} after
 * @returns {Line[]}
 */
export function diff(before, after) {
  const [old, now] = [before, after].map((text) => (text === "" ? [] : text.split("\n")));
  if (!old || !now) return [];
  const lengths = old.length * now.length > MAX_CELLS ? undefined : commonLengths(old, now);
  /** @type {Line[]} */
  const lines = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    const [left, right] = [old[i], now[j]];
    if (lengths && left === right && left !== undefined) {
      lines.push({ change: "kept", text: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || isRemovedFirst(lengths, i, j))) {
      lines.push({ change: "removed", text: left });
      i += 1;
    } else {
      lines.push({ change: "added", text: right ?? "" });
      j += 1;
    }
  }
  return lines;
}

/** @param {number[][] | undefined} lengths @param {number} i @param {number} j */
const isRemovedFirst = (lengths, i, j) =>
  !lengths || (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0);

/** The length of the longest common subsequence of the lines from `i` and from `j`. @param {string[]} old @param {string[]} now */
function commonLengths(old, now) {
  const lengths = Array.from({ length: old.length + 1 }, () => new Array(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const row = lengths[i];
      const next = lengths[i + 1];
      if (!row || !next) continue;
      row[j] = old[i] === now[j] ? next[j + 1] + 1 : Math.max(next[j], row[j + 1]);
    }
  }
  return lengths;
}
