// Runs the benchmarks and keeps what they find in target/bench/results.json, from which report.mjs
// writes BENCHMARKS.md:
//
//   node run.mjs [PART...]      (none named: all of them; QUICK=1: a few short rounds, to see that it works)

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { targetDir } from "../e2e/support/paths.mjs";
import { openBrowserParts } from "./browser-parts.mjs";
import { circumstances } from "./circumstances.mjs";
import { hostParts } from "./host-parts.mjs";

process.env.IRONFLOW_SERVER ??= join(targetDir, "release/ironflow-server");

const quick = process.env.QUICK === "1";
const dir = join(targetDir, "bench");
const file = join(dir, "results.json");

/** @returns {Record<string, import("./browser-parts.mjs").Row[]>} */
function earlier() {
  try {
    return JSON.parse(readFileSync(file, "utf8")).parts;
  } catch {
    return {};
  }
}

mkdirSync(dir, { recursive: true });
const browser = await openBrowserParts(quick);
try {
  const parts = { ...browser.parts, ...hostParts(quick) };
  const named = process.argv.slice(2);
  const chosen = named.length > 0 ? named : Object.keys(parts);
  // A part that is run alone takes its place among those of an earlier run.
  const results = named.length > 0 ? earlier() : {};
  for (const name of chosen) {
    const part = parts[/** @type {keyof typeof parts} */ (name)];
    if (!part)
      throw new Error(`there is no part ${name}: there are ${Object.keys(parts).join(", ")}`);
    const began = Date.now();
    results[name] = await part();
    console.log(`   ${name}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
    const found = { quick, ...circumstances(), parts: results };
    writeFileSync(file, `${JSON.stringify(found)}\n`);
  }
} finally {
  browser.close();
}
