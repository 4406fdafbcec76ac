/**
 * Explains a NATS pattern, with examples of keys that match and keys that do not. It does not match keys: the
 * client and the server do.
 *
 * @param {string} pattern
 * @returns {{ problem?: string, text: string, matches: string[], misses: string[] }}
 */
export function explain(pattern) {
  const nothing = { matches: [], misses: [] };
  if (pattern === "") return { ...nothing, text: "Every key. Tokens are separated by dots." };
  const tokens = pattern.split(".");
  const problem = findProblem(pattern, tokens);
  if (problem) return { ...nothing, text: problem, problem };

  const open = tokens.at(-1) === ">";
  const fixed = open ? tokens.slice(0, -1) : tokens;
  if (pattern === ">") return { ...nothing, text: "Every key: one token or more." };
  if (pattern === "*") {
    return { text: "Keys of a single token.", matches: ["user", "flag"], misses: ["user.123"] };
  }

  const inside = tokens.find((token) => token.length > 1 && /[*>]/.test(token));
  const note = inside ? ` Inside “${inside}” a wildcard is an ordinary character.` : "";
  if (!open && !tokens.includes("*")) return { ...nothing, text: `Only this key.${note}` };

  const shape = fixed.map((token) => (token === "*" ? "any token" : `“${token}”`)).join(", then ");
  const text = open
    ? `${sentence(shape)}, then one or more tokens.${note}`
    : `${sentence(shape)}; exactly ${fixed.length} tokens.${note}`;
  const example = fixed.map((token, i) => (token === "*" ? (i === 0 ? "user" : "123") : token));
  return open
    ? {
        text,
        matches: [[...example, "123"].join("."), [...example, "123", "name"].join(".")],
        misses: [example.join("."), [...example, "123"].join(":")],
      }
    : {
        text,
        matches: [example.join(".")],
        misses: [[...example, "name"].join("."), example.join(":")],
      };
}

/**
 * @param {string} pattern
 * @param {string[]} tokens
 */
function findProblem(pattern, tokens) {
  if (/\s/.test(pattern)) return "A pattern has no white space.";
  if (tokens.includes("")) return "A token must not be empty: remove the extra dot.";
  if (tokens.slice(0, -1).includes(">")) return "“>” matches the rest, so it must come last.";
  return undefined;
}

/** @param {string} text */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
