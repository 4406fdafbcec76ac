// Where each file of the package comes from.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What is copied byte for byte. */
const COPIED = {
  "LICENSE-APACHE": "LICENSE-APACHE",
  "LICENSE-MIT": "LICENSE-MIT",
  "README.md": "pkg-template/README.md",
};

const DECLARATIONS = "src/client/*.d.ts";
const SCRIPTS = "pkg-template/*.js, src/js/*.js, wasm-bindgen's glue";

/** What pkg-template/build.mjs makes, and of what. @type {Record<string, string>} */
const MADE = {
  "client.js": SCRIPTS,
  "dev/cli.cjs": "pkg-template/dev/cli.js",
  "dev/index.cjs": "pkg-template/dev/*.js, the npm package ws",
  "dev/index.d.cts": DECLARATIONS,
  "dev/index.d.ts": DECLARATIONS,
  "dev/index.mjs": "pkg-template/build.mjs",
  "errors.js": "src/js/errors.js",
  "iife/ironflow.js": `${SCRIPTS}, ironflow.wasm`,
  "index.d.ts": DECLARATIONS,
  "index.js": "pkg-template/*.js",
  "inlined.js": "pkg-template/*.js, ironflow.wasm",
  "ironflow.wasm": "src/**/*.rs, Cargo.lock",
  "ironflow.wasm.d.ts": DECLARATIONS,
  "package.json": "pkg-template/package.json, Cargo.toml",
  "react.d.ts": DECLARATIONS,
  "react.js": "pkg-template/react.js, pkg-template/live.js",
  "slim.d.ts": DECLARATIONS,
  "slim.js": SCRIPTS,
  "slim.node.js": SCRIPTS,
  "offline.d.ts": DECLARATIONS,
  "svelte.d.ts": DECLARATIONS,
  "offline.js": "pkg-template/offline.js, pkg-template/kept-view.js, pkg-template/indexed-db.js",
  "svelte.js": "pkg-template/svelte.js, pkg-template/live.js",
  "vue.d.ts": DECLARATIONS,
  "vue.js": "pkg-template/vue.js, pkg-template/live.js",
};
for (const name of [
  "client",
  "errors",
  "inlined",
  "index",
  "offline",
  "react",
  "slim",
  "svelte",
  "vue",
])
  MADE[`cjs/${name}.cjs`] = MADE[`${name}.js`] ?? "";
for (const name of ["index", "offline", "react", "slim", "svelte", "vue"]) {
  MADE[`cjs/${name}.d.cts`] = DECLARATIONS;
  MADE[`cjs/${name}.mjs`] = "pkg-template/build.mjs";
}
for (const [path, source] of Object.entries(MADE)) {
  if (/^(?!iife|dev).*\.c?js$/.test(path)) MADE[`${path}.map`] = source;
}

/**
 * @typedef {object} File
 * @property {string} path
 * @property {number} size in bytes
 * @property {string} sha256
 * @property {string} source
 */

/**
 * Traces files of the package to what they are made of.
 *
 * @param {string} root of the sources
 * @param {string} folder that holds the files
 * @param {string[]} paths
 * @returns {File[]}
 */
export function trace(root, folder, paths) {
  /** @type {Record<string, string>} */
  const sources = { ...COPIED, ...MADE };
  const lacking = Object.keys(sources).filter((path) => !paths.includes(path));
  if (lacking.length > 0) throw new Error(`the package lacks ${lacking.join(", ")}`);
  return [...paths].sort().map((path) => {
    const source = sources[path];
    if (!source) throw new Error(`${path} has no known source`);
    const bytes = readFileSync(join(folder, path));
    if (path in COPIED && !bytes.equals(readFileSync(join(root, source)))) {
      throw new Error(`${path} is not ${source}`);
    }
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { path, size: bytes.length, sha256, source };
  });
}
