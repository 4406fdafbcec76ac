// Puts functions that are alike beside one another. gzip finds repetitions only among the last 32 KB,
// and the nearer they are the fewer bits they take: that makes the WebAssembly about 2 % smaller.

/** So many features every function has of its own, lest the short ones be everybody's favourites. */
const BIAS = 8;

/** What functions are compared by: their lines, and each two that follow one another. @param {string} text */
function features(text) {
  const lines = text.split(/\n */).slice(1);
  return new Set([...lines, ...lines.slice(1).map((line, at) => lines[at] + line)]);
}

/** The top-level parts of a module in text form, without its brackets. @param {string} module */
function parts(module) {
  return module
    .slice(0, module.lastIndexOf(")"))
    .split(/\n(?= \()/)
    .slice(1);
}

/** @param {string} part */
const isFunction = (part) => part.startsWith(" (func ");

/** @param {string[]} functions */
function callCounts(functions) {
  const counts = new Map();
  for (const text of functions) {
    for (const [, name] of text.matchAll(/\(call (\S+)/g)) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return (/** @type {string} */ text) => counts.get(/^ \(func (\S+)/.exec(text)?.[1]) ?? 0;
}

/**
 * Begins with the function that is called most, and goes on with the one that has most in common with
 * the one before.
 *
 * @param {string[]} functions
 */
function chain(functions) {
  const calls = callCounts(functions);
  const left = functions
    .toSorted((a, b) => calls(b) - calls(a))
    .map((text) => ({ text, own: features(text) }));
  const ordered = left.splice(0, 1);
  while (left.length > 0) {
    const { own: before } = ordered[ordered.length - 1];
    const likeness = ({ own }) => {
      let common = 0;
      for (const feature of own) if (before.has(feature)) common += 1;
      return common / (own.size + BIAS);
    };
    let best = 0;
    let most = -1;
    for (const [at, candidate] of left.entries()) {
      const found = likeness(candidate);
      if (found > most) [best, most] = [at, found];
    }
    ordered.push(...left.splice(best, 1));
  }
  return ordered.map(({ text }) => text);
}

/** @param {string} module in text form */
export function order(module) {
  const all = parts(module);
  const functions = all.filter(isFunction);
  const others = all.filter((part) => !isFunction(part));
  return ["(module", ...others, ...chain(functions), ")\n"].join("\n");
}
