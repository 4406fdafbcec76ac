// The package as an application gets it: packed, installed into an empty project, used from there.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { suites } from "../suite/index.js";
import { installPackage, nodeFlags } from "./support/installed.mjs";
import { startNats } from "./support/nats.mjs";
import { root } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

/** @type {Awaited<ReturnType<typeof installPackage>>} */
let project;
before(async () => {
  project = await installPackage();
});
after(() => project?.remove());

/** Runs JavaScript in the project and gives the JSON it prints. @param {string} code */
const evaluate = (code) => project.evaluate(code);

describe("the package", () => {
  test("holds exactly what is meant to be in it", () => {
    const { name, files } = project.packed;
    const entries = ["index", "offline", "react", "slim", "ssr", "svelte", "vue"];
    const commonjs = [
      ...["client", "errors", "inlined", ...entries].flatMap((each) => [
        `cjs/${each}.cjs`,
        `cjs/${each}.cjs.map`,
      ]),
      ...entries.flatMap((each) => [`cjs/${each}.d.cts`, `cjs/${each}.mjs`]),
    ];
    assert.equal(name, "@ironflow/browser");
    assert.deepEqual(files.map(({ path }) => path).sort(), [
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      ...commonjs.sort(),
      "client.js",
      "client.js.map",
      "dev/cli.cjs",
      "dev/index.cjs",
      "dev/index.d.cts",
      "dev/index.d.ts",
      "dev/index.mjs",
      "errors.js",
      "errors.js.map",
      "iife/ironflow.js",
      "index.d.ts",
      "index.js",
      "index.js.map",
      "inlined.js",
      "inlined.js.map",
      "ironflow.wasm",
      "ironflow.wasm.d.ts",
      "offline.d.ts",
      "offline.js",
      "offline.js.map",
      "package.json",
      "react.d.ts",
      "react.js",
      "react.js.map",
      "slim.d.ts",
      "slim.js",
      "slim.js.map",
      "slim.node.js",
      "slim.node.js.map",
      "ssr.d.ts",
      "ssr.js",
      "ssr.js.map",
      "svelte.d.ts",
      "svelte.js",
      "svelte.js.map",
      "vue.d.ts",
      "vue.js",
      "vue.js.map",
    ]);
  });

  test("has one WebAssembly, as a file and inlined", async () => {
    const [length, same] = await project.evaluate(`
      import { readFileSync } from "node:fs";
      import { wasm } from "./node_modules/@ironflow/browser/inlined.js";
      const file = readFileSync("node_modules/@ironflow/browser/ironflow.wasm");
      console.log(JSON.stringify([file.length, file.equals(wasm())]));
    `);
    assert.ok(length > 10_000);
    assert.equal(same, true);
  });

  test("is ASCII, so that a page may say nothing of its encoding", () => {
    for (const { path } of project.packed.files) {
      // The server for Node is no page's script.
      if (!/^(?!dev\/).*\.c?js$/.test(path)) continue;
      const code = readFileSync(join(project.dir, "node_modules/@ironflow/browser", path), "utf8");
      assert.doesNotMatch(code, /[^\n\x20-\x7e]/, path);
    }
  });

  test("compiles no WebAssembly until it is used, and then once", async () => {
    const compiled = await evaluate(`
      let compiled = 0;
      for (const name of ["Module", "Instance"]) {
        WebAssembly[name] = new Proxy(WebAssembly[name], {
          construct(target, args) { compiled += 1; return Reflect.construct(target, args); },
        });
      }
      for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) {
        WebAssembly[name] = () => { throw new Error(name); };
      }
      const counts = [];
      const api = await import("@ironflow/browser");
      api.isRetryable(new api.ValidationError("no"));
      counts.push(compiled);
      api.ironflow.configure({ transport: "memory" });
      counts.push(compiled);
      const client = api.createClient({ transport: "memory" });
      await client.kv().createBucket({ name: "b" });
      new api.BrowserKVClient();
      counts.push(compiled);
      console.log(JSON.stringify(counts));
    `);
    // What it decodes the WebAssembly with is WebAssembly too.
    assert.deepEqual(compiled, [0, 4, 4]);
  });

  test("works whichever export is used first", async () => {
    for (const first of [
      "ironflow.isConfigured === false",
      "ironflow.configure()",
      "createClient()",
      "new IronflowClient()",
      'new BrowserKVClient({ transport: "memory" })',
      'new BrowserKVBucketHandle("b")',
      "ironflow instanceof IronflowClient",
    ]) {
      const works = await evaluate(`
        import * as api from "@ironflow/browser";
        const { ironflow, createClient, IronflowClient, BrowserKVClient, BrowserKVBucketHandle } = api;
        ${first};
        const kv = createClient({ transport: "memory" }).kv();
        await kv.createBucket({ name: "b" });
        console.log(JSON.stringify(await kv.bucket("b").put("key", "1")));
      `);
      assert.deepEqual(works, { revision: 1 }, first);
    }
  });

  test("says where the server is as the configuration does", async () => {
    const [constant, configured] = await evaluate(`
      import { createClient, DEFAULT_SERVER_URL } from "@ironflow/browser";
      console.log(JSON.stringify([DEFAULT_SERVER_URL, createClient().getConfig().serverUrl]));
    `);
    assert.equal(constant, "http://localhost:9123");
    assert.equal(configured, constant);
  });

  test("has one class for each thing, whether exported, made or thrown", async () => {
    const claims = await evaluate(`
      import * as api from "@ironflow/browser";
      const { ironflow, createClient, IronflowClient, BrowserKVClient, BrowserKVBucketHandle } = api;
      const thrown = (() => { try { ironflow.kv(); } catch (error) { return error; } })();
      const client = createClient({ transport: "memory" });
      const rejected = await client.kv().bucket("b").get("key").catch((error) => error);
      class Mine extends api.IronflowError {}
      const claims = {
        singleton: ironflow instanceof IronflowClient,
        created: client instanceof IronflowClient,
        made: new IronflowClient() instanceof IronflowClient,
        kv: client.kv() instanceof BrowserKVClient,
        newKv: new BrowserKVClient() instanceof BrowserKVClient,
        bucket: client.kv().bucket("b") instanceof BrowserKVBucketHandle,
        newBucket: new BrowserKVBucketHandle("b") instanceof BrowserKVBucketHandle,
        apart: !(client instanceof BrowserKVClient),
        thrown: thrown instanceof api.NotConfiguredError,
        rejected: rejected instanceof api.IronflowError && rejected.constructor === api.IronflowError,
        recognised: api.isIronflowError(thrown) && api.isIronflowError(rejected),
        stranger: !api.isIronflowError(new Error("no")) && !api.isIronflowError(undefined),
        final: !api.isRetryable(rejected) && !api.isRetryable(new Error("no")) && !api.isRetryable(null),
        retryable: api.isRetryable(new api.TimeoutError("late", { timeoutMs: 5 })),
        extended: api.isIronflowError(new Mine("mine", { code: "MINE" })),
      };
      for (const [name, value] of Object.entries(api)) {
        if (!name.endsWith("Error") || name.startsWith("is")) continue;
        const error = new value("words");
        claims[name] = error instanceof api.IronflowError && error instanceof Error &&
          error.name === name && error.message === "words" && error.stack.includes("words");
      }
      console.log(JSON.stringify(claims));
    `);
    for (const [claim, holds] of Object.entries(claims)) assert.equal(holds, true, claim);
    assert.equal(Object.keys(claims).length, 22);
  });

  test("ends a watch with an error where there is no WebSocket", async () => {
    const { url, stop } = await startServer();
    try {
      const outcome = await evaluate(`
        delete globalThis.WebSocket;
        const { createClient } = await import("@ironflow/browser");
        const kv = createClient({ serverUrl: ${JSON.stringify(url)} }).kv();
        await kv.createBucket({ name: "b" });
        const calls = [];
        await new Promise((onClose) => {
          kv.bucket("b").watch({
            onUpdate() {},
            onError: ({ name, code, retryable }) => calls.push({ name, code, retryable }),
            onClose,
          });
        });
        const { revision } = await kv.bucket("b").put("key", "1");
        console.log(JSON.stringify({ calls, revision }));
      `);
      const error = { name: "ConnectionError", code: "CONNECTION_LOST", retryable: false };
      assert.deepEqual(outcome, { calls: [error], revision: 1 });
    } finally {
      await stop();
    }
  });
});

describe("the suite, on the installed package under Node", () => {
  /** @type {{ stop(): Promise<unknown> }[]} */
  const running = [];
  /** @type {Record<string, object>} */
  const configurations = { memory: { transport: "memory" } };

  before(async () => {
    const script = new URL("support/run-suite.mjs", import.meta.url);
    copyFileSync(script, join(project.dir, "run-suite.mjs"));
    const [nats, onMemory] = await Promise.all([startNats(), startServer()]);
    const onNats = await startServer({ store: nats.url });
    running.push(onMemory, onNats, nats);
    configurations["the server on memory"] = { serverUrl: onMemory.url };
    configurations["the server on NATS"] = { serverUrl: onNats.url };
  });

  after(async () => {
    for (const each of running) await each.stop();
  });

  const address = pathToFileURL(join(root, "tests/suite/index.js")).href;
  for (const backend of ["memory", "the server on memory", "the server on NATS"]) {
    for (const suite of Object.keys(suites)) {
      test(`${suite}, on ${backend}`, async () => {
        const config = JSON.stringify(configurations[backend]);
        // It ends by itself: nothing of the client keeps a process alive.
        const args = [...nodeFlags, "run-suite.mjs", address, config, suite];
        assert.match(await project.run(process.execPath, ...args), /cases passed/);
      });
    }
  }
});
