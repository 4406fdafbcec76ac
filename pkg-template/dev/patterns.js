// The patterns of a subscription (docs/protocol.md, rule 10).

import { Refusal } from "./errors.js";

const MAX_BYTES = 1024;
const MAX_PATTERNS = 1024;

/** What a pattern counts beside its text. */
const OVERHEAD = 32;

const isWildcard = (token) => token === "*" || token === ">";

function tokensOf(pattern) {
  const refuse = (problem) => new Refusal(400, `invalid pattern: ${problem}`);
  if (typeof pattern !== "string") throw refuse("it is not a string");
  if (Buffer.byteLength(pattern) > MAX_BYTES) throw refuse("it is longer than 1024 bytes");
  const tokens = pattern.split(".");
  if (tokens.includes("")) throw refuse("a token is empty");
  if (/[\0-\x20\x7f]/.test(pattern)) throw refuse("it contains white space or a control character");
  if (tokens.slice(0, -1).includes(">")) throw refuse("'>' must be the last token");
  return tokens;
}

function expressionOf(tokens) {
  const parts = tokens.map((token) => {
    if (isWildcard(token)) return token === "*" ? "[^.]+" : ".+";
    return token.replace(/[\\^$*+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("\\.")}$`);
}

/** The patterns of a subscription. */
class Patterns {
  /** The keys, if each pattern is one. */
  keys;
  /** What they count towards the limit of a connection. */
  bytes = 0;
  #exact = new Set();
  #expressions = [];

  constructor(list) {
    for (const pattern of new Set(list)) {
      const tokens = tokensOf(pattern);
      this.bytes += Buffer.byteLength(pattern) + OVERHEAD;
      if (tokens.some(isWildcard)) this.#expressions.push(expressionOf(tokens));
      else this.#exact.add(pattern);
    }
    if (this.#expressions.length === 0) this.keys = [...this.#exact];
  }

  matches(key) {
    return this.#exact.has(key) || this.#expressions.some((expression) => expression.test(key));
  }
}

/** Reads the patterns of a frame; throws a refusal. */
export function patternsOf(list = [">"]) {
  if (!Array.isArray(list) || list.length === 0)
    throw new Refusal(400, 'invalid subscription: "keys" is not a list of patterns');
  if (list.length > MAX_PATTERNS)
    throw new Refusal(413, "a subscription has more than 1024 patterns");
  return new Patterns(list);
}
