// What an application writes compiles, and what is marked in it does not: with the oldest TypeScript and the newest,
// against the package as it is installed.

import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { installPackage } from "../e2e/support/installed.mjs";
import { root } from "../e2e/support/paths.mjs";

const files = ["consumer.ts", "errors.ts", "handles.ts", "react.ts", "slim.ts"];

/** @type {Awaited<ReturnType<typeof installPackage>>} */
let project;
before(async () => {
  project = await installPackage();
  for (const file of files) {
    copyFileSync(fileURLToPath(new URL(file, import.meta.url)), join(project.dir, file));
  }
});
after(() => project?.remove());

for (const compiler of ["typescript-oldest", "typescript"]) {
  for (const [module, moduleResolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ]) {
    test(`${compiler} takes the types, with modules resolved as ${moduleResolution}`, async () => {
      const compilerOptions = {
        strict: true,
        skipLibCheck: false,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        noEmit: true,
        target: "es2022",
        lib: ["es2022", "dom"],
        types: [],
        module,
        moduleResolution,
      };
      const config = JSON.stringify({ compilerOptions, files });
      writeFileSync(join(project.dir, "tsconfig.json"), config);
      const tsc = join(root, "tests/node_modules", compiler, "bin/tsc");
      assert.equal(await project.run(process.execPath, tsc), "");
    });
  }
}
