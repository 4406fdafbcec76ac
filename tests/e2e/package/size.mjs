// Prints what each entry of the package adds to an application: bundled and minified by esbuild, as its
// bytes, compressed by gzip -9 and by brotli.
//
//   node size.mjs [--enforce]      with --enforce it fails where an entry is over its budget

import { readFileSync } from "node:fs";
import { entrySizes } from "./sizes.mjs";

/** The most bytes each entry may take after gzip -9. @type {Record<string, number>} */
const budget = JSON.parse(readFileSync(new URL("budget.json", import.meta.url), "utf8"));

/** @param {string} name @param {(string | number)[]} cells */
const line = (name, ...cells) =>
  console.log(
    `${name.padEnd(20)} ${cells.map((cell) => cell.toLocaleString("en").padStart(9)).join(" ")}`,
  );
line("bytes", "raw", "gzip -9", "brotli", "budget");
const over = [];
for (const [name, { raw, gzip, brotli }] of Object.entries(await entrySizes())) {
  const most = budget[name];
  line(name, raw, gzip, brotli, most ?? "");
  if (most !== undefined && gzip > most)
    over.push(`${name} is ${gzip - most} bytes over its budget`);
}
if (process.argv.includes("--enforce")) {
  for (const complaint of over) console.error(complaint);
  if (over.length > 0) process.exitCode = 1;
}
