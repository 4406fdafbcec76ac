// `make build DEBUG=1`: the same package, readable; and the package that is published stays as it is.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { packageDir, root } from "../support/paths.mjs";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "ironflow-debug-"));
const debug = join(folder, "debug");

/** Builds the package into a folder. @param {string} out @param {string[]} flags */
const build = (out, ...flags) =>
  run(process.execPath, ["pkg-template/build.mjs", "--out", out, ...flags], { cwd: root });

/** The files of a folder, by their names. @param {string} dir */
const contents = (dir) =>
  Object.fromEntries(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ path, name }) => join(path, name))
      .map((file) => [relative(dir, file), readFileSync(file, "base64")]),
  );

/** The stack of a request, from fetch to the caller. @param {string} dir where a package is */
async function stackOfRequest(dir) {
  const code = `
    import { createClient } from ${JSON.stringify(pathToFileURL(join(dir, "index.js")).href)};
    Error.stackTraceLimit = 100;
    const request = new Promise((resolve) => {
      globalThis.fetch = () => {
        resolve(new Error("here").stack);
        return new Promise(() => {});
      };
    });
    createClient({ serverUrl: "http://localhost:1" }).kv().bucket("b").get("k");
    process.stdout.write(await request, () => process.exit());
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code]);
  return stdout;
}

before(() => build(debug, "--debug"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("a debug build names the functions of the WebAssembly in stack traces", async () => {
  const stack = await stackOfRequest(debug);
  assert.match(stack, /ironflow_browser[^\n]*::transport::http::/);
  assert.match(stack, /ironflow_browser[^\n]*BrowserKVBucketHandle>::get /);
  const unnamed = stack.split("\n").filter((line) => /^ *at wasm:/.test(line));
  assert.deepEqual(unnamed, []);
  // What is published has none of them.
  assert.doesNotMatch(await stackOfRequest(packageDir), /ironflow_browser/);
});

test("a debug build has readable JavaScript, which calls the WebAssembly by whole names", () => {
  const code = readFileSync(join(debug, "client.js"), "utf8");
  const lines = code.split("\n");
  assert.ok(lines.length > 1000);
  assert.ok(lines.every((line) => line.length < 500));
  assert.match(code, /\bentered\(\)\.browserkvbuckethandle_get\(/);
});

test("a debug build has the files of the package, and what they export", async () => {
  assert.deepEqual(readdirSync(debug).sort(), readdirSync(packageDir).sort());
  for (const entry of ["index.js", "slim.js", "slim.node.js"]) {
    const [its, published] = await Promise.all(
      [debug, packageDir].map((dir) => import(pathToFileURL(join(dir, entry)).href)),
    );
    assert.deepEqual(Object.keys(its), Object.keys(published), entry);
  }
});

test("a build after a debug build gives the bytes of before", async () => {
  const again = join(folder, "again");
  await build(again);
  assert.deepEqual(contents(again), contents(packageDir));
});

test("make takes DEBUG", async () => {
  const planned = async (/** @type {string[]} */ ...args) =>
    (await run("make", ["--dry-run", "build", ...args], { cwd: root })).stdout;
  assert.match(await planned("DEBUG=1"), /build\.mjs --debug$/m);
  assert.doesNotMatch(await planned(), /--debug/);
});
