// Writes BENCHMARKS.md, growth.svg and SCALE.md from what run.mjs has found.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, targetDir } from "../e2e/support/paths.mjs";
import { benchmarks } from "./report/benchmarks.mjs";
import { chart } from "./report/chart.mjs";
import { panels } from "./report/panels.mjs";
import { scale } from "./report/scale.mjs";
import { Results } from "./report/statistics.mjs";

const found = JSON.parse(readFileSync(join(targetDir, "bench/results.json"), "utf8"));
const results = new Results(found.parts);
const text = benchmarks(found, results);
if (found.quick) {
  console.log("   a quick run is not written down");
} else {
  writeFileSync(join(root, "BENCHMARKS.md"), text);
  writeFileSync(new URL("growth.svg", import.meta.url), chart(panels(results)));
  writeFileSync(new URL("SCALE.md", import.meta.url), scale(results));
}
console.log(text);
