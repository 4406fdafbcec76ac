import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { packageDir } from "../support/paths.mjs";

const run = promisify(execFile);

const entries = { ".": "index.js", "./slim": "slim.node.js" };

/** Runs JavaScript in a process of its own; gives the JSON of what it returns. @param {string} file @param {string} code */
async function inProcess(file, code) {
  const address = JSON.stringify(pathToFileURL(join(packageDir, file)).href);
  const source = `
    // Node compiles the parser of its fetch in the background, and that needs the platform as it is. Only a
    // response over a socket waits for it.
    const { createServer } = await import("node:http");
    const { once } = await import("node:events");
    const server = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    await (await fetch("http://127.0.0.1:" + server.address().port)).text();
    server.close();
    server.closeAllConnections();
    const api = await import(${address});
    const outcome = await (async () => { ${code} })();
    console.log(JSON.stringify(outcome));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", source]);
  return JSON.parse(stdout);
}

/** Code that gives how the first use fails. */
const failure = `
  const failure = async () => {
    try {
      await USE;
    } catch ({ code, message }) {
      return \`\${code}: \${message}\`;
    }
  };`;

/** Code that writes and reads. */
const works = `
  const works = async () => {
    const client = api.createClient({ transport: "memory", memory: { buckets: ["b"] } });
    await client.kv().bucket("b").put("key", "é");
    return (await client.kv().bucket("b").get("key")).text();
  };`;

/** Code that makes the engine refuse in a certain way. */
const refuse = (/** @type {string} */ error) => `
  for (const name of ["Module", "Instance"]) {
    WebAssembly[name] = new Proxy(WebAssembly[name], {
      construct(target, [source, imports]) {
        const size = source.byteLength ?? (Object.keys(imports ?? {}).length > 0 ? 1e6 : 0);
        if (size > 4096) throw ${error};
        return Reflect.construct(target, [source, imports]);
      },
    });
  }`;

const limit = refuse(
  'new RangeError("WebAssembly.Compile is disallowed on the main thread, if the buffer size is larger than 4KB")',
);

const policy = `${refuse('new WebAssembly.CompileError("blocked")')}
  WebAssembly.compile = async () => { throw new WebAssembly.CompileError("blocked"); };`;

describe("a browser that compiles only asynchronously on the main thread", () => {
  test("the error of a first use says to await init()", async () => {
    const code = `${limit}${failure.replace("USE", "api.createClient()")} return failure();`;
    assert.match(await inProcess("index.js", code), /^WASM_BLOCKED: .*await init\(\)/);
  });

  for (const [entry, file] of Object.entries(entries)) {
    test(`${entry} works after init()`, async () => {
      const code = `${limit}${works}
        try { api.createClient(); } catch {}
        await api.init();
        return works();`;
      assert.equal(await inProcess(file, code), "é");
    });
  }
});

test("init() and a first use beside it load one instance", async () => {
  const code = `${works}
    const loading = api.init();
    const client = api.createClient({ transport: "memory", memory: { buckets: ["b"] } });
    await client.kv().bucket("b").put("key", "1");
    await loading;
    await api.init();
    return [(await client.kv().bucket("b").get("key")).text(), await works()];`;
  assert.deepEqual(await inProcess("index.js", code), ["1", "é"]);
});

/** What the platform is like, and what the error says. @type {Record<string, [double: string, words: RegExp]>} */
const platforms = {
  "without WebAssembly": ["delete globalThis.WebAssembly;", /has no WebAssembly/],
  "with a Content-Security-Policy": [policy, /Content-Security-Policy.*'wasm-unsafe-eval'/],
  "in an extension of Chrome": [
    `${policy} globalThis.location = { protocol: "chrome-extension:" };`,
    /content_security_policy\.extension_pages/,
  ],
  "in an extension of Firefox": [
    `${policy} globalThis.location = { protocol: "moz-extension:" };`,
    /content_security_policy\.extension_pages/,
  ],
  "on an edge runtime": [`${policy} globalThis.EdgeRuntime = "edge";`, /@ironflow\/browser\/slim/],
  "without TextDecoder": ["delete globalThis.TextDecoder;", /has no TextDecoder/],
};

for (const [entry, file] of Object.entries(entries)) {
  describe(`${entry} says what is missing`, () => {
    for (const [name, [double, words]] of Object.entries(platforms)) {
      for (const use of ["api.init()", ...(entry === "." ? ["api.createClient()"] : [])]) {
        test(`${name}: ${use}`, async () => {
          const code = `${double}${failure.replace("USE", use)} return failure();`;
          const said = await inProcess(file, code);
          assert.match(said, /^WASM_BLOCKED: /);
          assert.match(said, words);
        });
      }
    }
  });

  test(`${entry} works again once the platform does`, async () => {
    const code = `${works}${failure.replace("USE", "api.init()")}
      const { TextDecoder } = globalThis;
      delete globalThis.TextDecoder;
      const first = await failure();
      Object.assign(globalThis, { TextDecoder });
      await api.init();
      return [first.slice(0, 12), await works()];`;
    assert.deepEqual(await inProcess(file, code), ["WASM_BLOCKED", "é"]);
  });
}

describe("an application whose minifier mangles properties that begin with an underscore", () => {
  const dir = mkdtempSync(join(tmpdir(), "ironflow-mangled-"));
  after(() => rmSync(dir, { recursive: true, force: true }));
  for (const [entry, file] of Object.entries(entries)) {
    for (const mangleQuoted of [false, true]) {
      test(`${entry}, quoted ones ${mangleQuoted ? "too" : "not"}`, async () => {
        const source = `import * as api from ${JSON.stringify(join(packageDir, file))};
          ${works}
          await api.init();
          console.log(await works());`;
        const outfile = join(dir, `${mangleQuoted}-${file.replace(".js", ".mjs")}`);
        writeFileSync(`${outfile}.in.js`, source);
        await build({
          entryPoints: [`${outfile}.in.js`],
          outfile,
          bundle: true,
          minify: true,
          format: "esm",
          mangleProps: /^_/,
          mangleQuoted,
          logLevel: "error",
        });
        const { stdout } = await run(process.execPath, [outfile]);
        assert.equal(stdout.trim(), "é");
      });
    }
  }
});
