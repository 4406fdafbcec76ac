/** @param {string} prefix @param {number} count */
const numbered = (prefix, count) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

/** The keys that are written: 200, of one, two and three tokens. */
export const keys = [
  ...numbered("a.", 60),
  ...numbered("b.", 60),
  ...numbered("c.x.", 40),
  ...numbered("d", 40),
];
