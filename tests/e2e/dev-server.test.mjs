// The development server of the package, started as a developer with npm alone starts it: the suite runs on it, and it
// serves pages, but only those of known origins.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import WebSocket from "ws";
import { suites } from "../suite/index.js";
import { installPackage, nodeFlags } from "./support/installed.mjs";
import { root } from "./support/paths.mjs";
import { start } from "./support/process.mjs";

/** @type {Awaited<ReturnType<typeof installPackage>>} */
let project;
/** @type {ReturnType<typeof start>} */
let server;
let url = "";

/** Starts the command in the project. @param {string[]} args */
function command(...args) {
  const bin = join(project.dir, "node_modules/.bin/ironflow-browser");
  return start(bin, args, { name: "ironflow-browser", cwd: project.dir });
}

before(async () => {
  project = await installPackage();
  mkdirSync(join(project.dir, "site/sub"), { recursive: true });
  writeFileSync(join(project.dir, "site/index.html"), "<!doctype html>hello");
  writeFileSync(join(project.dir, "site/sub/app.js"), "export {};");
  server = command("dev", "--port", "0", "--buckets", "todos,flags", "--static", "site");
  url = await server.until(
    () => /^listening on (http:\/\/\S+)$/m.exec(server.output.stdout)?.[1],
    "address",
  );
});
after(async () => {
  await server?.stop();
  assert.equal(server.child.exitCode, 0);
  project?.remove();
});

/** Sends a request as a page or a stranger does. @param {string} path @param {import("node:http").RequestOptions} options @returns {Promise<{ status?: number, headers: import("node:http").IncomingHttpHeaders, body: string }>} */
const send = (path, options = {}) =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, path, ...options }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text) => {
        body += text;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    sent.on("error", reject);
    sent.end();
  });

describe("the suite on the development server", () => {
  const address = pathToFileURL(join(root, "tests/suite/index.js")).href;
  for (const suite of Object.keys(suites)) {
    test(suite, async () => {
      writeFileSync(
        join(project.dir, "run.mjs"),
        `import * as api from "@ironflow/browser";
        const { run } = await import(${JSON.stringify(address)});
        const [serverUrl, suite] = process.argv.slice(2);
        console.log((await run(suite, { ...api, config: { serverUrl } })).passed, "cases passed");`,
      );
      const args = [...nodeFlags, "--no-warnings", "run.mjs", url, suite];
      assert.match(await project.run(process.execPath, ...args), /cases passed/);
    });
  }
});

test("the buckets of --buckets exist", async () => {
  const { buckets } = JSON.parse((await send("/api/v1/kv/buckets")).body);
  const names = buckets.map(({ name = "" }) => name);
  assert.ok(names.includes("todos") && names.includes("flags"));
});

/** @type {[path: string, status: number, type: RegExp, body: RegExp][]} */
const files = [
  ["/", 200, /^text\/html/, /hello/],
  ["/sub/app.js", 200, /^text\/javascript/, /export/],
  ["/missing.js", 404, /json/, /no such resource/],
  ["/sub", 404, /json/, /no such resource/],
  ["/../package.json", 404, /json/, /no such resource/],
  ["/%2e%2e/package.json", 404, /json/, /no such resource/],
  ["/..%2fpackage.json", 404, /json/, /no such resource/],
  ["/%", 404, /json/, /no such resource/],
  ["/health", 200, /json/, /ok/],
];
for (const [path, status, type, body] of files) {
  test(`GET ${path} is ${status}`, async () => {
    const found = await send(path);
    assert.equal(found.status, status);
    assert.match(found.headers["content-type"] ?? "", type);
    assert.match(found.body, body);
  });
}

/** @type {[headers: Record<string, string>, status: number][]} */
const callers = [
  [{}, 200],
  [{ Origin: "http://localhost:5173" }, 200],
  [{ Origin: "http://[::1]:3000" }, 200],
  [{ Origin: "https://evil.example" }, 403],
  [{ Origin: "http://localhost.evil.example" }, 403],
  [{ Origin: "null" }, 403],
  [{ Host: "rebound.example:9123" }, 403],
];
for (const [headers, status] of callers) {
  test(`a request with ${JSON.stringify(headers)} is ${status}, and so is a watch`, async () => {
    const found = await send("/api/v1/kv/buckets", { headers });
    assert.equal(found.status, status);
    const { Origin } = headers;
    const allowed = status === 200 ? Origin : undefined;
    assert.equal(found.headers["access-control-allow-origin"], allowed);

    const address = `${url.replace("http", "ws")}/api/v1/kv/buckets/todos/watch`;
    const socket = new WebSocket(address, "ironflow.v1", { headers });
    const answered = new Promise((resolve) => {
      socket.on("open", () => resolve(200));
      socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
      socket.on("error", () => {});
    });
    assert.equal(await answered, status);
    socket.terminate();
  });
}

test("a preflight allows what the client sends", async () => {
  const headers = { Origin: "http://localhost:5173", "Access-Control-Request-Method": "PUT" };
  const found = await send("/api/v1/kv/buckets/b/keys/k", { method: "OPTIONS", headers });
  assert.equal(found.status, 204);
  assert.match(found.headers["access-control-allow-headers"] ?? "", /If-Match.*Ironflow-Write-Id/);
  assert.match(found.headers["access-control-allow-methods"] ?? "", /PUT/);
});

test("wrong arguments and a port in use are explained", async () => {
  const { port } = new URL(url);
  /** @type {[args: string[], words: RegExp][]} */
  const table = [
    [[], /the only command is dev[\s\S]*Usage:/],
    [["dev", "--prot", "1"], /--prot[\s\S]*Usage:/],
    [["dev", "--port", "x"], /--port must be a number from 0 to 65535: found x/],
    [
      ["dev", "--port", "0", "--watch-versions", "2"],
      /versions of the watch must be 1 or 1,2: found 2/,
    ],
    [["dev", "--port", port], new RegExp(`port ${port} is in use`)],
    [["dev", "--port", "0", "--buckets", "a b"], /invalid bucket name/],
  ];
  for (const [args, words] of table) {
    const { child, output, ended } = command(...args);
    await ended;
    assert.notEqual(child.exitCode, 0, args.join(" "));
    assert.match(output.stderr, words);
  }
});

test("npx runs the command", async () => {
  const printed = await project.run("npx", "--offline", "@ironflow/browser", "--help");
  assert.match(printed, /^Usage: npx @ironflow\/browser dev/);
});

test("serve() starts and ends a server within a test", async () => {
  const outcome = await project.evaluate(`
    import { createClient } from "@ironflow/browser";
    import { serve } from "@ironflow/browser/dev";
    const server = await serve({ port: 0, buckets: ["b"] });
    const bucket = createClient({ serverUrl: server.url }).kv().bucket("b");
    const { revision } = await bucket.put("key", "1");
    await server.stop();
    const failed = await bucket.put("key", "2", { timeout: 1000 }).catch(({ name }) => name);
    console.log(JSON.stringify([revision, failed]));
  `);
  assert.equal(outcome[0], 1);
  assert.match(outcome[1], /ConnectionError|TimeoutError/);
});

test("API keys are required, and one with :read may only read", async () => {
  const outcomes = await project.evaluate(`
    import { createClient } from "@ironflow/browser";
    import { serve } from "@ironflow/browser/dev";
    const server = await serve({ port: 0, apiKeys: ["s+cr=t", "reader:read"], buckets: ["b"] });
    const code = (promise) => promise.then(() => "done", ({ code }) => code);
    const outcomes = {};
    for (const apiKey of ["s+cr=t", "reader", "wrong", undefined]) {
      const client = createClient({ serverUrl: server.url, auth: { apiKey }, logger: false });
      const bucket = client.kv().bucket("b");
      const watcher = bucket.watch({ onUpdate() {}, onError() {} });
      outcomes[apiKey] = [
        await code(bucket.put("key", "1")),
        await code(bucket.find("key")),
        await code(watcher.ready),
      ];
      client.disconnect();
    }
    outcomes.health = (await fetch(server.url + "/health")).status;
    await server.stop();
    const empty = await code(serve({ port: 0, apiKeys: [":read"] }).catch(({ message }) => Promise.reject({ code: message })));
    console.log(JSON.stringify({ ...outcomes, empty }));
  `);
  const refused = Array.from({ length: 3 }, () => "UNAUTHENTICATED");
  assert.deepEqual(outcomes, {
    "s+cr=t": ["done", "done", "done"],
    reader: ["UNAUTHORIZED", "done", "done"],
    wrong: refused,
    undefined: refused,
    health: 200,
    empty: "an API key is empty",
  });
});

test("what --data keeps is there after a restart, with the same revisions", async () => {
  const [before, after, next, torn, corrupt] = await project.evaluate(`
    import { appendFileSync, truncateSync, readFileSync } from "node:fs";
    import { createClient } from "@ironflow/browser";
    import { serve } from "@ironflow/browser/dev";
    const options = { port: 0, dataDir: "data/kept", buckets: ["b"] };
    const dump = async (url) => {
      const get = async (path, environment) => {
        const headers = { "X-Ironflow-Environment": environment };
        const response = await fetch(url + "/api/v1/kv/buckets" + path, { headers });
        const text = await response.text();
        return JSON.parse(text, (name, value) => (name === "created_at" ? undefined : value));
      };
      return [
        await get("", "default"),
        await get("/b/entries", "default"),
        await get("/c/keys/k?history=true", "default"),
        await get("/b/entries", "../other"),
      ];
    };

    let server = await serve(options);
    const client = createClient({ serverUrl: server.url });
    const kv = client.kv();
    const b = kv.bucket("b");
    await kv.createBucket({ name: "gone" });
    await kv.deleteBucket("gone");
    await kv.createBucket({ name: "c", history: 3, description: "ä" });
    for (const value of ["1", "2", "3", "4"]) await kv.bucket("c").put("k", value);
    await kv.bucket("c").delete("k");
    await b.put("bytes", new Uint8Array([0, 255]));
    await b.put("expires", "soon", { ttl: 3600 });
    await b.put("gone", "1");
    await b.purge("gone");
    await b.put("last", { n: 1 });
    const other = createClient({ serverUrl: server.url, environment: "../other" }).kv();
    await other.createBucket({ name: "b" });
    await other.bucket("b").put("a", "1");
    const before = await dump(server.url);
    await server.stop();

    server = await serve(options);
    const after = await dump(server.url);
    const again = createClient({ serverUrl: server.url }).kv().bucket("b");
    const { revision } = await again.update("last", "2", 5);
    await server.stop();

    appendFileSync("data/kept/default.jsonl", '{"bucket":"b","key":"cut of');
    server = await serve(options);
    const torn = await createClient({ serverUrl: server.url }).kv().bucket("b").get("last");
    await server.stop();
    appendFileSync("data/kept/default.jsonl", "no JSON\\n");
    const corrupt = await serve(options).catch(({ message }) => message);
    console.log(JSON.stringify([before, after, revision, torn.revision, corrupt]));
  `);
  // The time that is left is counted in whole seconds.
  const expires = (/** @type {any} */ [, { entries }]) =>
    Date.parse(entries.find((/** @type {any} */ { key }) => key === "expires").expires_at);
  assert.ok(Math.abs(expires(after) - expires(before)) <= 2000);
  const withoutTimes = (/** @type {unknown} */ dump) =>
    JSON.parse(JSON.stringify(dump), (name, value) => (name === "expires_at" ? "later" : value));
  assert.deepEqual(withoutTimes(after), withoutTimes(before));
  assert.equal(before[1].revision, 5);
  assert.deepEqual([next, torn], [6, 6]);
  assert.match(corrupt, /default\.jsonl cannot be read: line \d+ is not JSON/);
});
