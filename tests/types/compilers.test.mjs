// What an application writes compiles, and what is marked in it does not: with the oldest TypeScript and the newest,
// against the package as it is installed.

import assert from "node:assert/strict";
import { copyFileSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { installPackage } from "../e2e/support/installed.mjs";
import { root } from "../e2e/support/paths.mjs";

const files = [
  "consumer.ts",
  "errors.ts",
  "handles.ts",
  "offline.ts",
  "react.ts",
  "slim.ts",
  "ssr.ts",
  "svelte.ts",
  "vue.ts",
];

/** Whether a compiler takes a file: CommonJS cannot load WebAssembly, and the types of Vue need TypeScript 5.4. */
const takes = (/** @type {string} */ compiler, /** @type {string} */ type) => {
  const without = [type === "module" || "slim.ts", compiler === "typescript" || "vue.ts"];
  return (/** @type {string} */ file) => !without.includes(file);
};

/** @type {Awaited<ReturnType<typeof installPackage>>} */
let project;
before(async () => {
  project = await installPackage();
  for (const name of ["vue", "@vue", "@babel", "csstype"]) {
    const from = join(root, "tests/node_modules", name);
    cpSync(from, join(project.dir, "node_modules", name), { recursive: true });
  }
  for (const file of files) {
    copyFileSync(fileURLToPath(new URL(file, import.meta.url)), join(project.dir, file));
  }
});
after(() => project?.remove());

/** Compiler, module, moduleResolution, type of the package. */
const CASES = [
  ["typescript-oldest", "nodenext", "nodenext", "module"],
  ["typescript-oldest", "nodenext", "nodenext", "commonjs"],
  ["typescript-oldest", "commonjs", "node10", "commonjs"],
  ["typescript-oldest", "esnext", "bundler", "module"],
  ["typescript", "nodenext", "nodenext", "module"],
  ["typescript", "nodenext", "nodenext", "commonjs"],
  ["typescript", "node16", "node16", "commonjs"],
  ["typescript", "esnext", "bundler", "module"],
];

for (const [compiler = "", module = "", moduleResolution = "", type = ""] of CASES) {
  const name = `${compiler} takes the types, with module ${module}, moduleResolution ${moduleResolution}`;
  test(`${name}, in a package of type ${type}`, async () => {
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      // It forbids import statements in CommonJS.
      verbatimModuleSyntax: type === "module",
      esModuleInterop: true,
      noEmit: true,
      target: "es2022",
      lib: ["es2022", "dom"],
      types: [],
      module,
      moduleResolution,
    };
    const compiled = files.filter(takes(compiler, type));
    const config = JSON.stringify({ compilerOptions, files: compiled });
    writeFileSync(join(project.dir, "tsconfig.json"), config);
    writeFileSync(join(project.dir, "package.json"), JSON.stringify({ private: true, type }));
    const tsc = join(root, "tests/node_modules", compiler, "bin/tsc");
    assert.equal(await project.run(process.execPath, tsc), "");
  });
}
