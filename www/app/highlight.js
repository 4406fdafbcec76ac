import { element } from "./dom.js";

const KINDS = /** @type {const} */ ([
  ["comment", /\/\/.*/],
  ["string", /"(?:\\.|[^"\\])*"/],
  ["keyword", /\b(?:await|async|catch|const|else|for|from|if|import|new|of|return|throw|try)\b/],
  ["number", /\b\d[\d_.]*\b/],
]);
const TOKEN = new RegExp(KINDS.map(([, pattern]) => `(${pattern.source})`).join("|"), "g");

/** The parts of a program, those with a meaning of their own marked. @param {string} code */
export function highlighted(code) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let end = 0;
  for (const match of code.matchAll(TOKEN)) {
    const kind = KINDS[match.slice(1).findIndex((found) => found !== undefined)]?.[0];
    parts.push(code.slice(end, match.index), element("span", { class: String(kind) }, match[0]));
    end = match.index + match[0].length;
  }
  parts.push(code.slice(end));
  return parts;
}
