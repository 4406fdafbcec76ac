// The entry that loads its WebAssembly on init(): @ironflow/browser/slim.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { complaints, launchBrowser } from "./support/browser.mjs";
import { installPackage } from "./support/installed.mjs";
import { packageSite } from "./support/package-site.mjs";
import { packageDir } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

const site = packageSite();
/** @type {Awaited<ReturnType<typeof installPackage>>} */
let project;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;

before(async () => {
  const page = "<!doctype html><p>This is no WebAssembly.</p>";
  writeFileSync(join(site.dir, "page.html"), page);
  // WebAssembly without anything in it: that of another build, as it were.
  const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  writeFileSync(join(site.dir, "other.wasm"), empty);
  const bytes = readFileSync(join(packageDir, "ironflow.wasm"));
  writeFileSync(join(site.dir, "untyped"), bytes);
  [project, server] = await Promise.all([installPackage(), startServer({ staticDir: site.dir })]);
});

after(async () => {
  await server?.stop();
  project?.remove();
  site.remove();
});

/** Writes and reads a key. */
const useIt = `async function useIt() {
  const kv = slim.createClient({ transport: "memory" }).kv();
  await kv.createBucket({ name: "b" });
  return kv.bucket("b").put("key", "1");
}`;

/**
 * Runs code under Node with the file that browsers get, as \`slim\`, and \`server\`, its address.
 *
 * @param {string} code an expression
 */
const inBrowsersFile = (code) =>
  project.evaluate(`
    import * as slim from "./node_modules/@ironflow/browser/slim.js";
    const server = ${JSON.stringify(server.url)};
    const { init } = slim;
    const bytes = async () => new Uint8Array(await (await fetch(server + "/pkg/ironflow.wasm")).arrayBuffer());
    ${useIt}
    const failed = (source) => init(source).then(() => "it did not fail", ({ name, code, message, retryable }) =>
      ({ name, code, message: message.replaceAll(server, "SERVER"), retryable }));
    console.log(JSON.stringify(await (async () => { ${code} })()));
  `);

describe("under Node", () => {
  test("it exports what the default entry does", async () => {
    const [all, slim] = await project.evaluate(`
      import * as all from "@ironflow/browser";
      import * as slim from "@ironflow/browser/slim";
      console.log(JSON.stringify([Object.keys(all), Object.keys(slim)]));
    `);
    assert.ok(slim.includes("init"));
    assert.deepEqual(slim, all);
  });

  test("nothing works before init(), and the error says so", async () => {
    const said = await project.evaluate(`
      import * as all from "@ironflow/browser";
      import * as slim from "@ironflow/browser/slim";
      ${useIt}
      const uses = [
        () => slim.ironflow.configure(),
        () => slim.ironflow.isConfigured,
        () => slim.createClient(),
        () => new slim.IronflowClient(),
        () => new slim.BrowserKVClient(),
        () => new slim.BrowserKVBucketHandle("b"),
      ];
      const said = new Set();
      for (const use of uses) {
        try {
          use();
          said.add("no error");
        } catch (error) {
          said.add([error instanceof all.NotConfiguredError, error.code, error.message].join());
        }
      }
      await slim.init();
      console.log(JSON.stringify([...said, await useIt(), slim.ironflow.isConfigured]));
    `);
    const words = "the WebAssembly is not loaded yet: await init() first";
    assert.deepEqual(said, [`true,NOT_CONFIGURED,${words}`, { revision: 1 }, false]);
  });

  test("both entries have the same error classes", async () => {
    const same = await project.evaluate(`
      import * as all from "@ironflow/browser";
      import * as slim from "@ironflow/browser/slim";
      await slim.init();
      const thrown = [all, slim].map(({ ironflow }) => { try { ironflow.kv(); } catch (error) { return error; } });
      const rejected = await Promise.all([all, slim].map(({ createClient }) =>
        createClient({ transport: "memory" }).kv().bucket("b").get("key").catch((error) => error)));
      console.log(JSON.stringify([
        Object.keys(all).filter((name) => name.endsWith("Error")).every((name) => all[name] === slim[name]),
        thrown.every((error) => error instanceof all.NotConfiguredError),
        rejected.every((error) => error instanceof slim.IronflowError && all.isIronflowError(error)),
      ]));
    `);
    assert.deepEqual(same, [true, true, true]);
  });

  test("it needs no file beside it, wherever a bundler has put it", async () => {
    const code = `import * as slim from "@ironflow/browser/slim";
      ${useIt}
      globalThis.fetch = undefined;
      await slim.init();
      console.log(JSON.stringify(await useIt()));`;
    await build({
      stdin: { contents: code, resolveDir: project.dir },
      bundle: true,
      format: "esm",
      platform: "node",
      outfile: join(site.dir, "app.mjs"),
    });
    const printed = await project.run(process.execPath, join(site.dir, "app.mjs"));
    assert.deepEqual(JSON.parse(printed), { revision: 1 });
  });
});

describe("init()", () => {
  for (const [what, source] of Object.entries({
    "an address": 'server + "/pkg/ironflow.wasm"',
    "a URL": 'new URL("/pkg/ironflow.wasm", server)',
    "the address of a server that does not say what it is": 'server + "/untyped"',
    "a Response": 'await fetch(server + "/pkg/ironflow.wasm")',
    "a promise of a Response": 'fetch(server + "/pkg/ironflow.wasm")',
    bytes: "await bytes()",
    "bytes within others":
      "(({ length }, all) => new DataView(all, 3, length))(await bytes(), await new Blob([new Uint8Array(3), await bytes()]).arrayBuffer())",
    "an ArrayBuffer": "(await bytes()).buffer",
    "a module": "await WebAssembly.compile(await bytes())",
  })) {
    test(`takes ${what}`, async () => {
      const code = `return [await init(${source}), await useIt()];`;
      assert.deepEqual(await inBrowsersFile(code), [null, { revision: 1 }]);
    });
  }

  const notWasm = (/** @type {string} */ what) => ({
    name: "ValidationError",
    code: "VALIDATION_ERROR",
    message: `${what} is not WebAssembly: init() takes the package's ironflow.wasm`,
    retryable: false,
  });
  for (const [what, { source, error }] of Object.entries({
    "of a server that does not listen": {
      source: '"http://127.0.0.1:1/a"',
      error: {
        name: "ConnectionError",
        code: "REQUEST_FAILED",
        message: "http://127.0.0.1:1/a cannot be fetched",
        retryable: true,
      },
    },
    "where there is no such file": {
      source: 'server + "/missing.wasm"',
      error: {
        name: "IronflowError",
        code: "HTTP_404",
        message: "SERVER/missing.wasm cannot be fetched (HTTP 404)",
        retryable: false,
      },
    },
    "of a server that is overloaded": {
      source: "new Response(null, { status: 503 })",
      error: {
        name: "IronflowError",
        code: "HTTP_503",
        message: "ironflow.wasm cannot be fetched (HTTP 503)",
        retryable: true,
      },
    },
    "of a page": {
      source: 'server + "/page.html"',
      error: notWasm("SERVER/page.html (text/html)"),
    },
    "that is a number": { source: "5", error: notWasm("the source") },
    "of other bytes": { source: "(await bytes()).subarray(1)", error: notWasm("the source") },
    "of another version": {
      source: 'server + "/other.wasm"',
      error: {
        name: "ValidationError",
        code: "VALIDATION_ERROR",
        message: "the WebAssembly is from another version of the package than the JavaScript",
        retryable: false,
      },
    },
  })) {
    test(`rejects a source ${what}, and may be called again`, async () => {
      const code = `return [await failed(${source}), await init(await bytes()), await useIt()];`;
      assert.deepEqual(await inBrowsersFile(code), [error, null, { revision: 1 }]);
    });
  }

  test("loads once, however often it is called", async () => {
    const code = `
      let instances = 0;
      const source = await bytes();
      WebAssembly.instantiate = new Proxy(WebAssembly.instantiate, {
        apply(target, self, args) { instances += 1; return Reflect.apply(target, self, args); },
      });
      const [first, second] = [init(source), init(5)];
      await Promise.all([first, second]);
      slim.ironflow.configure({ transport: "memory", memory: { buckets: ["b"] } });
      const bucket = slim.ironflow.kv().bucket("b");
      await bucket.put("key", "1");
      await init(source);
      return [first === second, instances, (await bucket.get("key")).text()];`;
    assert.deepEqual(await inBrowsersFile(code), [true, 1, "1"]);
  });

  test("says what to add where a policy forbids WebAssembly", async () => {
    const code = `
      const source = await bytes();
      WebAssembly.compile = async () => { throw new WebAssembly.CompileError("blocked"); };
      const { code, message } = await failed(source);
      return [code, message.includes("'wasm-unsafe-eval'")];`;
    assert.deepEqual(await inBrowsersFile(code), ["WASM_BLOCKED", true]);
  });
});

test("in a page it finds the file that lies beside it", async () => {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const complained = complaints(page);
    /** @type {string[]} */
    const requested = [];
    page.on("request", (request) => requested.push(new URL(request.url()).pathname));
    await page.goto(server.url);
    const read = await page.evaluate(async () => {
      const { createClient, init } = await import(/** @type {string} */ ("/pkg/slim.js"));
      await init();
      const kv = createClient({ serverUrl: location.origin }).kv();
      await kv.createBucket({ name: "slim" });
      await kv.bucket("slim").put("key", "1");
      for await (const event of kv.bucket("slim").watch({ initial: true })) return event.text();
    });
    assert.equal(read, "1");
    assert.deepEqual(
      requested.filter((path) => path.startsWith("/pkg/")),
      ["/pkg/slim.js", "/pkg/errors.js", "/pkg/ironflow.wasm"],
    );
    assert.deepEqual(complained, []);
  } finally {
    await browser.close();
  }
});
