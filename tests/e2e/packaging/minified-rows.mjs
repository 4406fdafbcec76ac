// Bundles that another tool compiles and minifies.

import { withAddress } from "./rendered-rows.mjs";

/** @typedef {import("./rows.mjs").Row} Row */

/** @param {string} name @param {string} target @param {import("./app.mjs").Tools} tools @param {string[]} layers @param {(app: import("./app.mjs").App) => Promise<unknown>} minify changes `dist/main.js` @returns {Row} */
const minified = (name, target, tools, layers, minify) => ({
  name,
  mode: `build, ES${target}`,
  rare: true,
  tools: { esbuild: "0.28.2", ...tools },
  layers: ["page", "module", "wasm-as-file", ...layers],
  slim: withAddress,
  browser: "Chromium",
  async site(app) {
    const bundle = ["src/main.js", "--bundle", "--loader:.wasm=file", "--format=esm"];
    await app.finish("esbuild", ...bundle, "--outdir=dist");
    await minify(app);
    app.copy("index.html", "dist/index.html");
    return app.handOut("dist");
  },
});

/** @param {string} target */
const terser = (target) =>
  minified("Terser 5.51.4", target, { terser: "5.51.4" }, [], (app) => {
    const options = ["--module", `--ecma=${target}`, "--compress", "passes=3", "--mangle"];
    return app.finish("terser", "dist/main.js", ...options, "--output=dist/main.js");
  });

/** @param {string} target */
const swc = (target) =>
  minified("SWC 1.16.22", target, { "@swc/core": "1.16.22" }, ["swc"], (app) =>
    app.finish("node", "minify.js", `es${target}`),
  );

export const minifiers = [terser("2017"), terser("2022"), swc("2017"), swc("2022")];
