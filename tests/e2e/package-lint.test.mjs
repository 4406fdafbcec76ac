// What linters of packages say of ours, and what bundlers can leave out of it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { build } from "esbuild";
import { pack } from "./support/installed.mjs";
import { packageDir, root } from "./support/paths.mjs";

const folder = mkdtempSync(join(tmpdir(), "ironflow-packed-"));
/** @type {string} */
let tarball;

before(async () => {
  tarball = (await pack(folder)).path;
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** @param {string} program @param {string[]} args */
async function lint(program, ...args) {
  const path = join(root, "tests/node_modules/.bin", program);
  try {
    return (await promisify(execFile)(path, args)).stdout;
  } catch (error) {
    throw new Error(/** @type {any} */ (error).stdout);
  }
}

test("publint has nothing to say", async () => {
  assert.match(await lint("publint", tarball, "--strict", "--level", "suggestion"), /All good!/);
});

test("arethetypeswrong finds nothing wrong, in CommonJS and without exports too", async () => {
  // Excluded are the WebAssembly, an ES module, the classic script, which has no types, and the server for Node.
  const excluded = ["ironflow.wasm", "iife/ironflow.js", "dev"];
  await lint("attw", tarball, "--profile", "strict", "--exclude-entrypoints", ...excluded);
  await lint("attw", tarball, "--profile", "node16", "--entrypoints", "dev");
  const rest = ["--profile", "esm-only", "--exclude-entrypoints", "iife/ironflow.js"];
  const printed = await lint("attw", tarball, ...rest, "--format", "json");
  const { analysis } = JSON.parse(printed);
  assert.deepEqual(Object.keys(analysis.entrypoints), [
    ".",
    "./slim",
    "./ironflow.wasm",
    "./offline",
    "./react",
    "./ssr",
    "./svelte",
    "./vue",
    "./dev",
    "./package.json",
  ]);
});

/** What is left of an application that consists of this. @param {string} contents */
async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: packageDir },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

test("an unused import leaves nothing", async () => {
  const unused = 'import { ironflow } from "./index.js"; import { init } from "./slim.js";';
  assert.equal((await bundled(unused)).length, 0);
});

test("who imports the errors alone gets them alone", async () => {
  const names = "isIronflowError, isRetryable, TimeoutError";
  const code = await bundled(`import { ${names} } from "./index.js"; console.log(${names});`);
  assert.ok(code.length < 2000, `${code.length} bytes`);
});

test("names survive minification, in messages and in stack traces", async () => {
  const code = await bundled(`
    import { createClient, TimeoutError, ValidationError } from "./index.js";
    const { stack } = new TimeoutError("late", { timeoutMs: 5 });
    let name;
    try { createClient({ serverURL: "" }); } catch (error) { name = error.name + " " + (error instanceof ValidationError); }
    console.log(JSON.stringify([stack.split("\\n")[0], name, String(new TimeoutError("late"))]));
  `);
  const file = join(folder, "minified.mjs");
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  assert.deepEqual(JSON.parse(stdout), [
    "TimeoutError: late",
    "ValidationError true",
    "TimeoutError: late",
  ]);
});
