// Puts functions that are alike beside one another. gzip finds repetitions only among the last 32 KB,
// and the nearer they are the fewer bits they take: that makes the WebAssembly about 2 % smaller.

/** How many lines of difference weigh as much as none, so that short functions are no one's favourites. */
const BIAS = 8;

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
    .map((text) => ({ text, lines: new Set(text.split(/\n */).slice(1)) }));
  const ordered = left.splice(0, 1);
  while (left.length > 0) {
    const { lines: before } = ordered[ordered.length - 1];
    const likeness = ({ lines }) => {
      let common = 0;
      for (const line of lines) if (before.has(line)) common += 1;
      return common / (lines.size + BIAS);
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
