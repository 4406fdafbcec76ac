// The table of where the package works, made from what the last run of the matrix has found. A row that was not part of
// the run keeps its line.
//
//   node table.mjs      writes it into docs/bundlers-and-slim.md

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { targetDir } from "../support/paths.mjs";
import { readPart, writePart } from "../support/readme.mjs";
import { rows } from "./rows.mjs";

/**
 * @typedef {{ name: string, mode: string, default: string, slim: string }} Line one line of the table
 * @typedef {{ versions: string[], lines: Line[] }} Findings
 */

const findings = join(targetDir, "packaging.json");
const page = "docs/bundlers-and-slim.md";
const part = "packaging";
const head = "| Where | | `@ironflow/browser` | `@ironflow/browser/slim` |\n|---|---|---|---|\n";

/** A line of the table, or as much as is given of it. @param {Partial<Line>} line */
export const print = (line) =>
  `|${Object.values(line)
    .map((cell) => ` ${cell}${cell && " "}|`)
    .join("")}`;

/** @param {Findings} found */
export const keep = (found) => writeFileSync(findings, JSON.stringify(found));

/** The lines of the documented table. @returns {string[]} */
export function inDocs() {
  const table = readPart(page, part);
  return table.slice(table.indexOf(head) + head.length).match(/^\|.*\|$/gm) ?? [];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  /** @type {Findings} */
  const { versions, lines } = JSON.parse(readFileSync(findings, "utf8"));
  const documented = inDocs();
  const printed = rows.map(({ name, mode }) => {
    const found = lines.find((line) => line.name === name && line.mode === mode);
    if (found) return print(found);
    const start = print({ name, mode });
    return (
      documented.find((line) => line.startsWith(start)) ??
      print({ name, mode, default: "not run", slim: "not run" })
    );
  });
  const foot = `\n\nFound with ${versions.join(", ")}.`;
  writePart(page, part, head + printed.join("\n") + foot);
}
