// Holds what the code costs to what is recorded in record.json: instructions of the store and the feed,
// counted by callgrind, and the bytes of the package's entries. Nothing is timed.
//
//   node check.mjs [--record]      with --record it writes down what it finds

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { entrySizes } from "../e2e/package/sizes.mjs";
import { targetDir } from "../e2e/support/paths.mjs";

/** The most that anything may have grown. */
const GROWTH = 0.03;

/** Where everything is the same on every machine: what a program copies at its start counts too. */
const surroundings = {
  cwd: join(targetDir, "count"),
  env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
};
const program = "./bench-instructions";

const file = new URL("record.json", import.meta.url);

/** @param {string} name */
function instructions(name) {
  const collect = ["--collect-atstart=no", "--toggle-collect=*measured*"];
  const options = ["--tool=callgrind", ...collect, "--callgrind-out-file=/dev/null"];
  const { stderr, status, error } = spawnSync("valgrind", [...options, program, name], {
    ...surroundings,
    encoding: "utf8",
  });
  const collected = /Collected : (\d+)/.exec(stderr ?? "")?.[1];
  if (status !== 0 || !Number(collected)) {
    throw new Error(`callgrind has not counted "${name}": ${error?.message ?? stderr}`);
  }
  return Number(collected);
}

/** @typedef {Record<string, Record<string, number>>} Costs */

const compiler = execFileSync("rustc", ["--version"], { encoding: "utf8" }).trim();

/** @returns {Promise<Costs>} */
async function costs() {
  const names = execFileSync(program, { ...surroundings, encoding: "utf8" })
    .trim()
    .split("\n");
  const sizes = Object.entries(await entrySizes());
  return {
    instructions: Object.fromEntries(names.map((name) => [name, instructions(name)])),
    "bytes, gzip -9": Object.fromEntries(sizes.map(([name, { gzip }]) => [name, gzip])),
  };
}

const found = await costs();
if (process.argv.includes("--record")) {
  writeFileSync(file, `${JSON.stringify({ compiler, ...found }, null, 2)}\n`);
  console.log("   what was found is recorded in tests/bench/record.json");
} else {
  /** @type {{ compiler: string } & Costs} */
  const { compiler: before, ...recorded } = JSON.parse(readFileSync(file, "utf8"));
  if (before !== compiler) console.log(`   recorded with ${before}, this is ${compiler}`);
  const grown = [];
  for (const [unit, now] of Object.entries(found)) {
    for (const name of new Set([...Object.keys(now), ...Object.keys(recorded[unit] ?? {})])) {
      const [known, after] = [recorded[unit]?.[name], now[name]];
      const change = known && after ? after / known - 1 : Number.NaN;
      const says = Number.isNaN(change) ? "not on record" : `${(change * 100).toFixed(1)} %`;
      console.log(
        `   ${name.padEnd(45)} ${(after ?? 0).toLocaleString("en").padStart(12)} ${unit}, ${says}`,
      );
      if (!(change <= GROWTH)) grown.push(name);
    }
  }
  if (grown.length > 0) {
    console.error(
      `!! more than ${GROWTH * 100} % over the record, or not on it: ${grown.join("; ")}.\n` +
        "   If that is meant, run 'make bench-record' and commit tests/bench/record.json with the change.",
    );
    process.exitCode = 1;
  }
}
