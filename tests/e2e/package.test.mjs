// The package as an application gets it: packed, installed into an empty project, used from there.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { suites } from "../suite/index.js";
import { startNats } from "./support/nats.mjs";
import { packageDir, root } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

const run = promisify(execFile);
const project = mkdtempSync(join(tmpdir(), "ironflow-package-"));

/** Node 20 has a WebSocket, but not by default. */
const flags = typeof WebSocket === "undefined" ? ["--experimental-websocket"] : [];

/** Runs a program in the project and gives what it prints. @param {string} program @param {string[]} args */
async function inProject(program, ...args) {
  try {
    return (await run(program, args, { cwd: project })).stdout;
  } catch (error) {
    const { message, stdout, stderr } = /** @type {any} */ (error);
    // An uncaught error is shown with the line it comes from, and the package is one line.
    const said = `${stdout}${stderr}`.replace(/^.{1000,}$/gm, "…");
    throw new Error(said || message);
  }
}

/** Runs JavaScript in the project and gives the JSON it prints. @param {string} code */
const evaluate = async (code) =>
  JSON.parse(await inProject(process.execPath, ...flags, "--input-type=module", "--eval", code));

before(async () => {
  const { stdout } = await run(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", project],
    { cwd: packageDir },
  );
  const [{ filename }] = JSON.parse(stdout);
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  await inProject(
    "npm",
    "install",
    "--offline",
    "--no-audit",
    "--no-fund",
    join(project, filename),
  );
});

after(() => rmSync(project, { recursive: true, force: true }));

describe("the package", () => {
  test("holds exactly what is meant to be in it", async () => {
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: packageDir,
    });
    const [{ name, files }] = JSON.parse(stdout);
    assert.equal(name, "@ironflow/browser");
    assert.deepEqual(files.map((/** @type {{ path: string }} */ { path }) => path).sort(), [
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "index.d.ts",
      "index.js",
      "package.json",
      "react.d.ts",
      "react.js",
    ]);
  });

  test("exports what its types say, and nothing else", async () => {
    const exported = await evaluate(`
      import * as api from "@ironflow/browser";
      console.log(JSON.stringify(Object.fromEntries(Object.entries(api).map(([name, value]) => [name, typeof value]))));
    `);
    assert.deepEqual(exported, {
      BrowserKVBucketHandle: "function",
      BrowserKVClient: "function",
      ConnectionError: "function",
      DEFAULT_SERVER_URL: "string",
      IronflowClient: "function",
      IronflowError: "function",
      NotConfiguredError: "function",
      TimeoutError: "function",
      UnauthenticatedError: "function",
      UnauthorizedError: "function",
      ValidationError: "function",
      createClient: "function",
      ironflow: "object",
      isIronflowError: "function",
      isRetryable: "function",
    });
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
    assert.deepEqual(compiled, [0, 2, 2]);
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

  test("has types that a strict compiler takes, and that refuse mistakes", async () => {
    const files = ["consumer.ts", "react.ts"];
    for (const file of files) copyFileSync(join(root, "tests/types", file), join(project, file));
    const tsc = join(root, "tests/node_modules/typescript/bin/tsc");
    for (const [module, resolution] of [
      ["nodenext", "nodenext"],
      ["esnext", "bundler"],
    ]) {
      const options = {
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
        moduleResolution: resolution,
      };
      const config = { compilerOptions: options, files };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
      assert.equal(await inProject(process.execPath, tsc), "", resolution);
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
    copyFileSync(new URL("support/run-suite.mjs", import.meta.url), join(project, "run-suite.mjs"));
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
        const args = [...flags, "run-suite.mjs", address, config, suite];
        assert.match(await inProject(process.execPath, ...args), /cases passed/);
      });
    }
  }
});
