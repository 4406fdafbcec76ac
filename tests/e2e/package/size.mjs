// Prints what each entry of the package adds to an application: bundled and minified by esbuild, as its
// bytes, compressed by gzip -9 and by brotli.
//
//   node size.mjs [--enforce]      with --enforce it fails where an entry is over its budget

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { packageDir } from "../support/paths.mjs";

/** The most bytes each entry may take after gzip -9. @type {Record<string, number>} */
const budget = JSON.parse(readFileSync(new URL("budget.json", import.meta.url), "utf8"));

/** @typedef {{ raw: number, gzip: number, brotli: number }} Sizes */

/** @param {Uint8Array} bytes @returns {Sizes} */
const sizes = (bytes) => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes).length,
});

/** @param {Sizes} one @param {Sizes} other @returns {Sizes} */
const sum = (one, other) => ({
  raw: one.raw + other.raw,
  gzip: one.gzip + other.gzip,
  brotli: one.brotli + other.brotli,
});

/** What an application gets that uses all of an entry. @param {string} file */
async function bundled(file) {
  const { outputFiles } = await build({
    stdin: { contents: `export * from "./${file}";`, resolveDir: packageDir },
    bundle: true,
    minify: true,
    format: "esm",
    external: ["react"],
    write: false,
  });
  return sizes(outputFiles[0]?.contents ?? new Uint8Array());
}

const wasm = sizes(readFileSync(join(packageDir, "ironflow.wasm")));
const glue = await bundled("slim.js");
/** @type {Record<string, Sizes>} */
const rows = {
  "ironflow.wasm": wasm,
  "JavaScript of ./slim": glue,
  ".": await bundled("index.js"),
  "./slim": sum(wasm, glue),
  "./react": await bundled("react.js"),
};

/** @param {string} name @param {(string | number)[]} cells */
const line = (name, ...cells) =>
  console.log(
    `${name.padEnd(20)} ${cells.map((cell) => cell.toLocaleString("en").padStart(9)).join(" ")}`,
  );
line("bytes", "raw", "gzip -9", "brotli", "budget");
const over = [];
for (const [name, { raw, gzip, brotli }] of Object.entries(rows)) {
  const most = budget[name];
  line(name, raw, gzip, brotli, most ?? "");
  if (most !== undefined && gzip > most)
    over.push(`${name} is ${gzip - most} bytes over its budget`);
}
if (process.argv.includes("--enforce")) {
  for (const complaint of over) console.error(complaint);
  if (over.length > 0) process.exitCode = 1;
}
