// The recipes of the documentation, taken from there and run: each does what it says.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { packageDir, root } from "./support/paths.mjs";
import { readPage } from "./support/readme.mjs";
import { startServer } from "./support/server.mjs";

const project = mkdtempSync(join(tmpdir(), "ironflow-recipes-"));
const { fetch } = globalThis;

const run = promisify(execFile);
const hasSocket = typeof WebSocket !== "undefined";

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {typeof import("@ironflow/browser")} */
let api;

/** The first code block of a page in docs/, with replacements that are sure to be made. */
function code(/** @type {string} */ name, /** @type {[string, string][]} */ replacements = []) {
  const page = readPage(`docs/${name}.md`);
  let found = /^```js\n(.*?)^```$/ms.exec(page)?.[1] ?? assert.fail(`no code in ${name}`);
  for (const [from, to] of replacements) {
    assert.ok(found.includes(from), `${name} no longer says ${from}`);
    found = found.replaceAll(from, to);
  }
  return found;
}

/** The module that a recipe is, on the server of this test. */
async function recipe(
  /** @type {string} */ name,
  /** @type {[string, string][]} */ replacements = [],
) {
  const file = join(project, `${name}.js`);
  const address = /** @type {[string, string]} */ (["http://localhost:9123", server.url]);
  writeFileSync(file, code(`recipes/${name}`, [address, ...replacements]));
  return import(pathToFileURL(file).href);
}

/** Another client of the same server. */
const other = () => api.createClient({ serverUrl: server.url, logger: false }).kv();

test("the recipes, under a Node whose WebSocket has to be asked for", {
  skip: hasSocket,
}, async () => {
  // A child of a test runner reports to it in a form of its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--experimental-websocket", fileURLToPath(import.meta.url)];
  await run(process.execPath, args, { env });
});

describe("the recipes", { skip: !hasSocket }, () => {
  before(async () => {
    for (const [name, folder] of Object.entries({
      "@ironflow/browser": packageDir,
      vitest: join(root, "tests/node_modules/vitest"),
    })) {
      const link = join(project, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(folder, link, "dir");
    }
    writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
    server = await startServer();
    api = await import(pathToFileURL(join(packageDir, "index.js")).href);
  });
  after(async () => {
    await server.stop();
    rmSync(project, { recursive: true, force: true });
  });
  afterEach(() => {
    globalThis.fetch = fetch;
    api.ironflow.disconnect();
  });

  test("feature flags", {
    skip: typeof WebSocket === "undefined" && "needs a WebSocket",
  }, async () => {
    const kv = other();
    await kv.createBucket({ name: "flags" });
    const { isOn, onChange } = await recipe("feature-flags");
    assert.equal(await isOn("dark-mode"), false);
    await kv.bucket("flags").put("dark-mode", true);
    assert.equal(await isOn("dark-mode"), true);

    /** @type {[string, boolean][]} */
    const changes = [];
    await new Promise((resolve) => {
      onChange((/** @type {string} */ name, /** @type {boolean} */ on) => {
        changes.push([name, on]);
        // The watch is open once it emits a write.
        if (name === "open" && changes.length === 1) kv.bucket("flags").delete("dark-mode");
        if (name === "dark-mode") resolve(undefined);
      });
      const knock = setInterval(async () => {
        if (changes.length > 0) clearInterval(knock);
        else await kv.bucket("flags").put("open", true);
      }, 20);
    });
    assert.deepEqual(changes.at(-1), ["dark-mode", false]);
    assert.equal(await isOn("dark-mode"), false);
  });

  test("optimistic changes", async () => {
    const kv = other();
    await kv.createBucket({ name: "todos" });
    const todos = kv.bucket("todos");
    const todo = { title: "write", done: false };
    await todos.put("todo.1", todo);
    const { view, finish } = await recipe("optimistic-changes");
    await view.ready;

    let conflicts = 0;
    globalThis.fetch = async (...given) => {
      if (new Request(...given).headers.has("If-Match") && conflicts === 0) {
        conflicts += 1;
        globalThis.fetch = fetch;
        await todos.put("todo.1", { ...todo, title: "rewrite" });
      }
      return fetch(...given);
    };
    const shown = () => ({ ...view.get("todo.1").value });
    const finished = finish("todo.1");
    assert.deepEqual(shown(), { title: "write", done: true });
    assert.equal(view.get("todo.1").pending, true);
    await finished;
    assert.equal(conflicts, 1);
    assert.deepEqual(shown(), { title: "rewrite", done: true });
    assert.equal(view.get("todo.1").pending, undefined);
    assert.deepEqual((await todos.get("todo.1")).json(), { title: "rewrite", done: true });
    view.stop();
  });

  test("presence", async () => {
    const { open, appear, onPresence, whoIsOnline } = await recipe("presence", [
      ["TTL = 30;", "TTL = 1;"],
    ]);
    await open();
    const leave = await appear("alice");
    await other().bucket("online").put("bob.whose.page.is.gone", "", { ttl: 1 });
    /** @type {unknown[]} */
    const calls = [];
    await new Promise((resolve) => {
      onPresence((/** @type {unknown[]} */ ...call) => {
        calls.push(call);
        if (call[2] === "expired") resolve(undefined);
      });
    });
    assert.deepEqual(
      new Set(calls.slice(0, 2).map(String)),
      new Set(["alice,true,", "bob.whose.page.is.gone,true,"]),
    );
    assert.deepEqual(calls.slice(2), [["bob.whose.page.is.gone", false, "expired"]]);
    assert.deepEqual(await whoIsOnline(), ["alice"]);
    await leave();
    assert.deepEqual(await whoIsOnline(), []);
  });

  test("undo", async () => {
    const { open, undo } = await recipe("undo");
    await open();
    const notes = other().bucket("notes", { decode: "json" });
    await assert.rejects(undo("note"), /has no change to undo/);
    await notes.put("note", "one");
    await assert.rejects(undo("note"), /has no change to undo/);
    await notes.put("note", "two");
    await undo("note");
    assert.equal((await notes.get("note")).value, "one");
    await undo("note");
    assert.equal((await notes.get("note")).value, "two");
    await notes.delete("note");
    await undo("note");
    assert.equal((await notes.get("note")).value, "two");
    await undo("note");
    assert.equal(await notes.find("note"), undefined);

    await notes.put("note", "three");
    globalThis.fetch = async (...given) => {
      if (new Request(...given).method !== "GET") {
        globalThis.fetch = fetch;
        await notes.put("note", "of another client");
      }
      return fetch(...given);
    };
    await assert.rejects(undo("note"), { code: "HTTP_412" });
    assert.equal((await notes.get("note")).value, "of another client");
  });

  test("settings at hand", async () => {
    const kv = other();
    await kv.createBucket({ name: "settings" });
    await kv.bucket("settings").put("theme", '"dark"');
    const { setting, change, ready, onChange } = await recipe("settings");
    await ready;
    assert.deepEqual([setting("theme"), setting("size", 12)], ["dark", 12]);
    const changed = new Promise((resolve) => {
      onChange(() => resolve(undefined));
    });
    await change("size", 14);
    assert.equal(setting("size"), 14);
    await changed;
  });

  test("offline tests, run by Vitest", async () => {
    writeFileSync(join(project, "offline.test.js"), code("testing"));
    const vitest = join(root, "tests/node_modules/vitest/vitest.mjs");
    const args = [vitest, "run", "--root", project, "--reporter=json"];
    const { stdout } = await run(process.execPath, args, { cwd: project });
    const { numPassedTests, numTotalTests } = JSON.parse(stdout);
    assert.deepEqual([numPassedTests, numTotalTests], [2, 2]);
  });
});
