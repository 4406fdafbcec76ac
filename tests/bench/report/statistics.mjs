/** @typedef {import("../browser-parts.mjs").Row} Row */

/** @param {number[]} values @param {number} part from 0 to 1 */
function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** @param {number[]} values */
export const median = (values) => quantile(values, 0.5);

/**
 * How many times the one is the other, round by round: the median, and what half the rounds lie between.
 *
 * @param {number[]} one @param {number[]} other
 */
export function ratio(one, other) {
  const each = one.map((value, round) => value / (other[round] ?? Number.NaN));
  return { median: median(each), low: quantile(each, 0.25), high: quantile(each, 0.75) };
}

/** Two or three digits, or all before the point. @param {number} value */
export function digits(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(Math.abs(value) >= 10 ? 3 : 2);
}

/** @param {number} microseconds */
export function time(microseconds) {
  if (microseconds >= 1_000_000) return `${digits(microseconds / 1_000_000)} s`;
  if (microseconds >= 1000) return `${digits(microseconds / 1000)} ms`;
  return `${digits(microseconds)} µs`;
}

/** @param {number} bytes */
export const bytes = (bytes) =>
  bytes >= 1e6 ? `${digits(bytes / 1e6)} MB` : `${digits(bytes / 1000)} KB`;

/** @param {number} value */
const factor = (value) => value.toFixed(value >= 10 ? 0 : 2);

/** @param {{ median: number, low: number, high: number }} ratio */
export const spread = ({ median, low, high }) =>
  `**${factor(median)}** (${factor(low)} to ${factor(high)})`;

/** What was measured, by what it is called. */
export class Results {
  /** @param {Record<string, Row[]>} parts */
  constructor(parts) {
    this.rows = Object.values(parts).flat();
  }

  /** @param {string} id */
  of(id) {
    return this.rows.filter((row) => row.id === id);
  }

  /** @param {string} id @param {number} [size] @returns {Row} */
  row(id, size) {
    const found = this.of(id).find((row) => size === undefined || row.size === size);
    if (!found) throw new Error(`${id} was not measured: run the benchmarks without naming parts`);
    return found;
  }

  /** @param {string} id @param {string} subject @param {number} [size] */
  samples(id, subject, size) {
    const samples = this.row(id, size).samples[subject];
    if (!samples) throw new Error(`${id} was not measured for ${subject}`);
    return samples;
  }

  /** The median of one subject. @param {string} id @param {string} subject @param {number} [size] */
  median(id, subject, size) {
    return median(this.samples(id, subject, size));
  }

  /** The median of what one takes longer than another, round by round. @param {string} id @param {string} one @param {string} other @param {number} [size] */
  difference(id, one, other, size) {
    const floor = this.samples(id, other, size);
    return median(this.samples(id, one, size).map((value, round) => value - (floor[round] ?? 0)));
  }

  /** @param {string} id @param {string} one @param {string} other @param {number} [size] */
  ratio(id, one, other, size) {
    return ratio(this.samples(id, one, size), this.samples(id, other, size));
  }

  /** The same to the sum of what several take. @param {string} id @param {string} one @param {string[]} others @param {number} [size] */
  ratioToSum(id, one, others, size) {
    const each = others.map((other) => this.samples(id, other, size));
    const own = this.samples(id, one, size);
    const sums = own.map((_, round) =>
      each.reduce((sum, samples) => sum + (samples[round] ?? Number.NaN), 0),
    );
    return ratio(own, sums);
  }
}
