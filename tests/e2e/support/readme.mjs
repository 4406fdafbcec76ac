import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

/** A part of a page that a program writes, between marks. @param {string} name */
const marks = (name) => new RegExp(`(<!-- ${name}: .*? -->\\n).*?(<!-- /${name} -->)`, "s");

/** A page of the documentation. @param {string} page its path in the checkout @returns {string} */
export const readPage = (page) => readFileSync(join(root, page), "utf8");

/** The generated part of a page. @param {string} page @param {string} name @returns {string} */
export const readPart = (page, name) => marks(name).exec(readPage(page))?.[0] ?? "";

/** Replaces the generated part of a page. @param {string} page @param {string} name @param {string} text */
export function writePart(page, name, text) {
  const content = readPage(page);
  if (!marks(name).test(content)) throw new Error(`${page} has no part ${name}`);
  const write = (/** @type {string} */ _, /** @type {string[]} */ ...[first, last]) =>
    `${first}${text}\n${last}`;
  writeFileSync(join(root, page), content.replace(marks(name), write));
}
