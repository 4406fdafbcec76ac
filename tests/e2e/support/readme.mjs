import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

const path = join(root, "README.md");

/** A part of the README that a program writes, between marks. @param {string} name */
const marks = (name) => new RegExp(`(<!-- ${name}: .*? -->\\n).*(\\n<!-- /${name} -->)`, "s");

/** What the README says in such a part. @param {string} name @returns {string} */
export const readPart = (name) => marks(name).exec(readFileSync(path, "utf8"))?.[0] ?? "";

/** @param {string} name @param {string} text */
export function writePart(name, text) {
  const readme = readFileSync(path, "utf8");
  if (!marks(name).test(readme)) throw new Error(`the README has no part ${name}`);
  const write = (/** @type {string} */ _, /** @type {string[]} */ ...[first, last]) =>
    first + text + last;
  writeFileSync(path, readme.replace(marks(name), write));
}
