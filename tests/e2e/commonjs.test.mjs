// The package for require(): the same instance as for import, with and without Node's support for loading ES modules
// by require().

import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { installPackage } from "./support/installed.mjs";
import { root } from "./support/paths.mjs";

/** @type {Awaited<ReturnType<typeof installPackage>>} */
let project;
before(async () => {
  project = await installPackage();
  for (const name of ["react", "vue"])
    symlinkSync(join(root, "tests/node_modules", name), join(project.dir, "node_modules", name));
});
after(() => project?.remove());

let files = 0;

/** Runs CommonJS code and returns what its async function returns. @param {string} code @param {string[]} flags */
async function required(code, flags = []) {
  files += 1;
  const file = join(project.dir, `${files}.cjs`);
  writeFileSync(
    file,
    `(async () => { ${code} })().then((outcome) => console.log(JSON.stringify(outcome)));`,
  );
  const output = await project.run(process.execPath, ...flags, "--no-warnings", file);
  return JSON.parse(output);
}

const entries = ["", "/slim", "/offline", "/react", "/ssr", "/svelte", "/vue"].map(
  (name) => `@ironflow/browser${name}`,
);

/** @type {Record<string, string[]>} */
const nodes = {
  "a Node that loads ES modules by require()": [],
  "a Node that does not": ["--no-experimental-require-module"],
};

for (const [name, flags] of Object.entries(nodes)) {
  describe(name, () => {
    for (const entry of entries) {
      test(`${entry} has one instance for require() and import`, async () => {
        const code = `
          const required = require("${entry}");
          const imported = await import("${entry}");
          const names = Object.keys(imported).filter((name) => name !== "module.exports").sort();
          const own = Object.keys(required).filter((name) => name !== "__esModule").sort();
          return [names, own, names.every((name) => imported[name] === required[name])];`;
        const [imported, own, same] = await required(code, flags);
        assert.deepEqual(imported, own);
        assert.ok(imported.length >= 2);
        assert.equal(same, true);
      });
    }

    test("stores, errors and instanceof agree across both, and across entries", async () => {
      const code = `
        const one = require("@ironflow/browser");
        const other = await import("@ironflow/browser");
        const slim = require("@ironflow/browser/slim");
        const memory = { name: "shared", autoCreate: true };
        const client = one.createClient({ transport: "memory", memory });
        await client.kv().bucket("b").put("key", "é");
        const same = other.createClient({ transport: "memory", memory });
        const error = await same.kv().bucket("b").get("missing").catch((error) => error);
        return [
          (await same.kv().bucket("b").get("key")).text(),
          client instanceof other.IronflowClient,
          error instanceof one.IronflowError,
          error instanceof slim.IronflowError,
        ];`;
      assert.deepEqual(await required(code, flags), ["é", true, true, true]);
    });
  });
}

const old = ["--no-experimental-require-module"];

test("importing needs no global, and the store in memory no TextDecoder and TextEncoder", async () => {
  const code = `
    const names = Object.getOwnPropertyNames(globalThis);
    const web = names.filter((name) => /^(Text|URL|Web|Blob|Form|Head|Resp|Requ|Event|Perf|fetch|crypto)/.test(name));
    const { WebAssembly } = globalThis;
    for (const name of web) delete globalThis[name];
    ${entries.map((entry) => `require("${entry}");`).join("\n")}
    globalThis.WebAssembly = WebAssembly;
    const { createClient } = require("@ironflow/browser");
    const client = createClient({ transport: "memory", memory: { buckets: ["b"] } });
    await client.kv().bucket("b").put("key", "é");
    return [web.length > 10, (await client.kv().bucket("b").get("key")).text()];`;
  assert.deepEqual(await required(code, old), [true, "é"]);
});

for (const platform of /** @type {const} */ (["browser", "node"])) {
  test(`a bundle for ${platform} contains the package once, imported and required`, async () => {
    const { metafile } = await build({
      stdin: {
        contents: `
          import { createClient } from "@ironflow/browser";
          import { useKV } from "@ironflow/browser/react";
          console.log(createClient, useKV, require("@ironflow/browser"), require("@ironflow/browser/react"));`,
        resolveDir: project.dir,
      },
      bundle: true,
      platform,
      format: "esm",
      external: ["react"],
      metafile: true,
      write: false,
    });
    const inputs = Object.keys(metafile.inputs).filter((path) => path.includes("@ironflow"));
    assert.ok(inputs.some((path) => path.endsWith("/client.js")));
    assert.deepEqual(
      inputs.filter((path) => path.includes("/cjs/")),
      [],
    );
  });
}
