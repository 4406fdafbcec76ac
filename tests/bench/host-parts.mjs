import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bundled, entrySizes } from "../e2e/package/sizes.mjs";
import { root } from "../e2e/support/paths.mjs";

/** @typedef {import("./browser-parts.mjs").Row} Row */

/** The lines of JSON that a program prints. @param {string[]} args of cargo @param {NodeJS.ProcessEnv} [env] @returns {Row[]} */
function lines(args, env) {
  const printed = execFileSync("cargo", args, {
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
  const sizes = {
    ...Object.fromEntries(entries.map(([name, found]) => [`\`${name}\``, found])),
    "the plain client": await bundled("plain/client.ts", here),
    "its store in memory": await bundled("plain/store.ts", here),
  };
  return Object.entries(sizes).map(([name, { raw, gzip, brotli }]) => ({
    id: "bytes",
    samples: { [name]: [raw, gzip, brotli] },
  }));
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
});
