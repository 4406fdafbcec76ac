// The package as a classic script: in a page of file://, in workers by importScripts(), and in an extension of Chromium.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { api } from "./support/api.mjs";
import { complaints, launchBrowser } from "./support/browser.mjs";
import { browserProfile } from "./support/browser-profile.mjs";
import { extensionUrl, launchExtension } from "./support/extension.mjs";
import { packageDir } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

/** Writes, reads and watches a key, and leaves the outcome in `globalThis.outcome`. */
const exercise = `
  globalThis.outcome = (async () => {
    const { createClient, isIronflowError } = Ironflow;
    const results = [];
    // The reference server does not allow the origin of file://.
    const servers = location.protocol === "file:" ? [] : [{ serverUrl: SERVER }];
    for (const options of [{ transport: "memory" }, ...servers]) {
      const kv = createClient(options).kv();
      const name = "iife-" + Math.random().toString(36).slice(2);
      await kv.createBucket({ name });
      const bucket = kv.bucket(name);
      const watcher = bucket.watch();
      await watcher.ready;
      await bucket.put("key", "\\u00e9");
      const { value } = await watcher[Symbol.asyncIterator]().next();
      watcher.stop();
      const missing = await bucket.get("missing").catch((error) => error);
      results.push(value.operation, (await bucket.get("key")).text(), isIronflowError(missing));
      await kv.deleteBucket(name);
    }
    return results.join(" ");
  })().catch((error) => String(error && error.stack || error));`;
const IN_MEMORY = "put é true";
const OUTCOME = `${IN_MEMORY} ${IN_MEMORY}`;

const dir = mkdtempSync(join(tmpdir(), "ironflow-iife-"));
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {import("playwright-core").Browser} */
let browser;

/** Reads the outcome of a page. @param {import("playwright-core").Page} page @returns {Promise<string>} */
const outcome = (page) => page.evaluate(() => /** @type {any} */ (globalThis).outcome);

before(async () => {
  server = await startServer({ staticDir: dir, allowOrigins: [extensionUrl] });
  browser = await launchBrowser();
  cpSync(join(packageDir, "iife"), dir, { recursive: true });
  const write = (/** @type {string} */ name, /** @type {string} */ code) =>
    writeFileSync(join(dir, name), code.replace("SERVER", JSON.stringify(server.url)));
  write("app.js", exercise);
  write("index.html", '<!doctype html><link rel="icon" href="data:,">');
  const scripts = '<script src="ironflow.js"></script><script src="app.js"></script>';
  write("page.html", `<!doctype html><link rel="icon" href="data:,">${scripts}`);
  write(
    "latin1.html",
    `<!doctype html><meta charset="windows-1252"><link rel="icon" href="data:,">${scripts}`,
  );
  const worker = 'importScripts("ironflow.js", "app.js");';
  write("worker.js", `${worker} outcome.then(postMessage);`);
  write(
    "shared.js",
    `${worker} onconnect = ({ ports: [port] }) => outcome.then((each) => port.postMessage(each));`,
  );
  write(
    "service.js",
    `${worker} onmessage = ({ source }) => outcome.then((each) => source.postMessage(each));`,
  );
});

after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("the global has the exports of the package", async () => {
  const page = await browser.newPage();
  await page.goto(`${server.url}/page.html`);
  const names = await page.evaluate(() =>
    Object.keys(/** @type {any} */ (globalThis).Ironflow).sort(),
  );
  assert.deepEqual(names, Object.keys(api).sort());
  await page.close();
});

/** @type {Record<string, [address: () => string, outcome: string]>} */
const pages = {
  "a page": [() => `${server.url}/page.html`, OUTCOME],
  "a page of another charset": [() => `${server.url}/latin1.html`, OUTCOME],
  "a page of file://": [() => pathToFileURL(join(dir, "page.html")).href, IN_MEMORY],
};

for (const [name, [address, expected]] of Object.entries(pages)) {
  test(`a script tag works in ${name}`, async () => {
    const page = await browser.newPage();
    const complained = complaints(page);
    await page.goto(address());
    assert.equal(await outcome(page), expected);
    assert.deepEqual(complained, []);
    await page.close();
  });
}

/** Code of a page that starts a worker and returns its first message. @type {Record<string, () => Promise<string>>} */
const workers = {
  "a worker": () =>
    new Promise((resolve) => {
      new Worker("worker.js").onmessage = ({ data }) => resolve(data);
    }),
  "a shared worker": () =>
    new Promise((resolve) => {
      new SharedWorker("shared.js").port.onmessage = ({ data }) => resolve(data);
    }),
  "a service worker": async () => {
    const { serviceWorker } = navigator;
    await serviceWorker.register("service.js");
    const { active } = await serviceWorker.ready;
    return new Promise((resolve) => {
      serviceWorker.addEventListener("message", ({ data }) => resolve(data));
      serviceWorker.startMessages();
      active?.postMessage("start");
    });
  },
};

for (const [name, run] of Object.entries(workers)) {
  test(`importScripts() works in ${name}`, async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.url);
    assert.equal(await page.evaluate(run), OUTCOME);
    await context.close();
  });
}

describe("an extension (MV3)", () => {
  /** @type {import("playwright-core").BrowserContext} */
  let context;
  const extension = join(dir, "extension");
  const profile = browserProfile();

  before(async () => {
    mkdirSync(extension);
    for (const file of ["ironflow.js", "app.js", "page.html"])
      cpSync(join(dir, file), join(extension, file));
    writeFileSync(
      join(extension, "content.js"),
      "outcome.then((each) => { document.documentElement.dataset.outcome = each; });",
    );
    writeFileSync(join(extension, "background.js"), 'importScripts("ironflow.js", "app.js");');
    const policy = "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'";
    const manifest = {
      manifest_version: 3,
      name: "Ironflow",
      version: "1.0",
      host_permissions: ["http://127.0.0.1/*"],
      background: { service_worker: "background.js" },
      content_security_policy: { extension_pages: policy },
      content_scripts: [
        { matches: ["http://127.0.0.1/*"], js: ["ironflow.js", "app.js", "content.js"] },
      ],
    };
    writeFileSync(join(extension, "manifest.json"), JSON.stringify(manifest));
    context = await launchExtension(extension, profile.dir);
  });
  after(async () => {
    await context?.close();
    await profile.remove();
  });

  test("its background", async () => {
    const [started] = context.serviceWorkers();
    const worker = started ?? (await context.waitForEvent("serviceworker"));
    assert.equal(await worker.evaluate(() => /** @type {any} */ (globalThis).outcome), OUTCOME);
  });

  test("a page of it", async () => {
    const page = await context.newPage();
    await page.goto(`${extensionUrl}/page.html`);
    assert.equal(await outcome(page), OUTCOME);
  });

  test("its content script", async () => {
    const page = await context.newPage();
    await page.goto(server.url);
    const html = page.locator("html[data-outcome]");
    await html.waitFor({ state: "attached" });
    assert.equal(await html.getAttribute("data-outcome"), OUTCOME);
  });
});
