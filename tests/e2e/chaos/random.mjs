/**
 * Numbers that look random and follow from a seed alone (mulberry32).
 *
 * @typedef {ReturnType<typeof seeded>} Random
 */

/** @param {number} seed a whole number */
export function seeded(seed) {
  let state = seed >>> 0;

  /** At least 0, less than 1. */
  function fraction() {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. @param {number} low @param {number} high */
  const between = (low, high) => low + Math.floor(fraction() * (high - low + 1));

  return {
    fraction,
    between,
    /** One of a list that is not empty. @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => /** @type {T} */ (list[between(0, list.length - 1)]),
  };
}

/** Any seed. */
export const anySeed = () => Math.floor(Math.random() * 2 ** 31);
