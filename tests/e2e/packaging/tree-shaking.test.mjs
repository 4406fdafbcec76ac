// What an application gets of the package that imports it and uses nothing of it, or nothing but the
// errors, with each bundler: next to nothing.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pack } from "../support/installed.mjs";
import { App } from "./app.mjs";

const folder = mkdtempSync(join(tmpdir(), "ironflow-packed-"));
/** @type {string} */
let tarball;

before(async () => {
  tarball = (await pack(folder)).path;
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** @type {Record<string, { tools: import("./app.mjs").Tools, layers?: string[], command: string[] }>} */
const bundlers = {
  esbuild: {
    tools: { esbuild: "0.28.2" },
    command: ["esbuild", "src/main.js", "--bundle", "--minify", "--format=esm", "--outdir=dist"],
  },
  Rollup: {
    tools: { rollup: "4.67.4", "@rollup/plugin-node-resolve": "16.0.3" },
    command: ["rollup", "src/main.js", "--dir=dist", "--plugin=node-resolve"],
  },
  webpack: {
    tools: { webpack: "5.112.2", "webpack-cli": "6.0.1", "webpack-dev-server": "5.2.7" },
    command: ["webpack", "./src/main.js", "--mode=production"],
  },
  "Vite 7": { tools: { vite: "7.3.8" }, layers: ["vite"], command: ["vite", "build"] },
  "Vite 8": { tools: { vite: "8.3.8" }, layers: ["vite"], command: ["vite", "build"] },
};

/** The size of a folder's code. Vite also emits an `ironflow.wasm` there, which the code does not load. @param {string} dir */
function sizeOf(dir) {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true });
  return files
    .filter(({ name }) => name.endsWith(".js"))
    .reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}

for (const [name, { tools, layers = [], command }] of Object.entries(bundlers)) {
  test(`what is not used is not there with ${name}`, async (t) => {
    /** @param {string} layer */
    const built = async (layer) => {
      const app = new App(tools, [...layers, layer]);
      await app.install(tarball);
      const [program = "", ...args] = command;
      await app.finish(program, ...args);
      return sizeOf(join(app.dir, "dist"));
    };
    try {
      await new App(tools, []).install(tarball);
    } catch (error) {
      return t.skip(`not run: ${/** @type {Error} */ (error).message}`);
    }
    const without = await built("nothing");
    assert.ok(without > 0);
    for (const [layer, most] of /** @type {const} */ ([
      ["unused", 200],
      ["errors", 2500],
    ])) {
      const left = (await built(layer)) - without;
      t.diagnostic(`${layer}: ${left} bytes`);
      assert.ok(left < most, `${layer}: ${left} bytes`);
    }
  });
}
