// Prints what each entry of the package adds to an application: bundled and minified by esbuild, as its
// bytes, compressed by gzip -9 and by brotli. It says where one is over its target, and fails where one is over
// its limit.
//
//   node size.mjs [--readme]      with --readme it writes them into README.md and docs/bundlers-and-slim.md as well

import { readFileSync } from "node:fs";
import { writePart } from "../support/readme.mjs";
import { entrySizes } from "./sizes.mjs";

/** The bytes each entry is to take, and may take, after gzip -9. @type {Record<string, { target: number, limit: number } | undefined>} */
const budget = JSON.parse(readFileSync(new URL("budget.json", import.meta.url), "utf8"));

const sizes = Object.entries(await entrySizes());

/** @param {string} name @param {(string | number)[]} cells */
const line = (name, ...cells) =>
  console.log(
    `${name.padEnd(20)} ${cells.map((cell) => cell.toLocaleString("en").padStart(9)).join(" ")}`,
  );
line("bytes", "raw", "gzip -9", "brotli", "target", "limit");
for (const [name, { raw, gzip, brotli }] of sizes) {
  const { target, limit } = budget[name] ?? {};
  line(name, raw, gzip, brotli, target ?? "", limit ?? "");
  if (target === undefined || limit === undefined || gzip <= target) continue;
  console.error(`${name} is ${gzip - target} bytes over its target`);
  if (gzip <= limit) continue;
  console.error(`${name} is ${gzip - limit} bytes over its limit`);
  process.exitCode = 1;
}

if (process.argv.includes("--readme")) {
  /** @param {number | undefined} bytes */
  const kilobytes = (bytes) => (bytes === undefined ? "" : (bytes / 1024).toFixed(1));
  const rows = sizes.map(([name, { raw, gzip, brotli }]) =>
    ["", name, ...[raw, gzip, brotli, budget[name]?.target].map(kilobytes), ""].join(" | ").trim(),
  );
  const head = "| KB | raw | gzip -9 | brotli | target, gzip -9 |\n|---|--:|--:|--:|--:|\n";
  writePart("docs/bundlers-and-slim.md", "sizes", head + rows.join("\n"));
  const [whole, react] = [
    sizes.find(([name]) => name === "."),
    sizes.find(([name]) => name === "./react"),
  ];
  writePart(
    "README.md",
    "size",
    `In an application's bundle, gzip -9: \`@ironflow/browser\` ${kilobytes(whole?.[1].gzip)} KB, \`/react\` ${kilobytes(react?.[1].gzip)} KB more.`,
  );
}
