import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bundled, entrySizes, sizes } from "../e2e/package/sizes.mjs";
import { root } from "../e2e/support/paths.mjs";
import { bundle } from "./bundles.mjs";
import { peers } from "./peers.mjs";

/** @typedef {import("./browser-parts.mjs").Row} Row */

/** The lines of JSON that a program prints. @param {string[]} args @param {NodeJS.ProcessEnv} [env] @param {string} [program] @returns {Row[]} */
function lines(args, env, program = "cargo") {
  const printed = execFileSync(program, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  return printed
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** What each entry takes in an application, and what the plain client does. @returns {Promise<Row[]>} */
async function bytes() {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const entries = Object.entries(await entrySizes());
  /** @type {Record<string, import("../e2e/package/sizes.mjs").Sizes>} */
  const found = {
    ...Object.fromEntries(entries.map(([name, size]) => [`\`${name}\``, size])),
    "the plain client": await bundled("plain/client.ts", here),
    "its store in memory": await bundled("plain/store.ts", here),
  };
  /** @type {Record<string, import("../e2e/package/sizes.mjs").Sizes>} */
  const others = {};
  for (const [name, source] of Object.entries(peers)) others[name] = sizes(await bundle(source));
  const rows = (/** @type {string} */ id, /** @type {typeof found} */ all) =>
    Object.entries(all).map(([name, { raw, gzip, brotli }]) => ({
      id,
      samples: { [name]: [raw, gzip, brotli] },
    }));
  return [...rows("bytes", found), ...rows("bytes.peers", others)];
}

/** The parts of the benchmarks that need no browser. @param {boolean} quick */
export const hostParts = (quick) => ({
  bytes,
  index: async () =>
    lines(["run", "--quiet", "--release", "-p", "ironflow-bench", "--bin", "bench-store"]),
  load: async () =>
    lines(["bench", "--quiet", "-p", "ironflow-server", "--bench", "load"], {
      QUICK: quick ? "1" : "0",
    }),
  reconnecting: async () =>
    lines(["tests/bench/reconnecting.mjs"], { QUICK: quick ? "1" : "0" }, process.execPath),
});
