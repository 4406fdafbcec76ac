// The README's table of where the package works, made from what the matrix has found.
//
//   node table.mjs      writes it into the README

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, targetDir } from "../support/paths.mjs";

/**
 * @typedef {{ name: string, mode: string, default: string, slim: string }} Line one line of the table
 * @typedef {{ versions: string[], lines: Line[] }} Findings
 */

const readme = join(root, "README.md");
const findings = join(targetDir, "packaging.json");
const marks = /(<!-- packaging: .*? -->\n).*(\n<!-- \/packaging -->)/s;
const head = "| Where | | `@ironflow/browser` | `@ironflow/browser/slim` |\n|---|---|---|---|\n";

/** A line of the table, or as much as is given of it. @param {Partial<Line>} line */
export const print = (line) =>
  `|${Object.values(line)
    .map((cell) => ` ${cell}${cell && " "}|`)
    .join("")}`;

/** @param {Findings} found */
export const keep = (found) => writeFileSync(findings, JSON.stringify(found));

/** The lines of the README's table. @returns {string[]} */
export function inReadme() {
  const [table = ""] = marks.exec(readFileSync(readme, "utf8")) ?? [];
  return table.slice(table.indexOf(head) + head.length).match(/^\|.*\|$/gm) ?? [];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  /** @type {Findings} */
  const { versions, lines } = JSON.parse(readFileSync(findings, "utf8"));
  const foot = `\n\nFound with ${versions.join(", ")}.`;
  const table = head + lines.map(print).join("\n") + foot;
  const text = readFileSync(readme, "utf8");
  if (!marks.test(text)) throw new Error("the README has no place for the table");
  const write = (/** @type {string} */ _, /** @type {string[]} */ ...[first, last]) =>
    first + table + last;
  writeFileSync(readme, text.replace(marks, write));
}
