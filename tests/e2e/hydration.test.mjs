// Entries that a server has read: in real React, Vue and Svelte the page starts with them and goes live without a
// flicker, and under Node each form of value arrives as it was.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { api } from "./support/api.mjs";
import { complaints } from "./support/browser.mjs";
import { writeComponentPage } from "./support/component-page.mjs";
import { bundleComponents } from "./support/components.mjs";
import { packageDir, root } from "./support/paths.mjs";
import { startReact } from "./support/react-page.mjs";
import { startServer } from "./support/server.mjs";

const { createClient } = api;
/** @type {typeof import("@ironflow/browser/ssr")} */
const { dehydrate, hydrate } = await import(pathToFileURL(join(packageDir, "ssr.js")).href);

/** In the page, what app.js or app.jsx leaves there. @type {any} */
let app;

/** In the page, how the markup has changed. @type {string[]} */
let changes;

const sources = join(root, "tests/e2e/components");
const site = mkdtempSync(join(tmpdir(), "ironflow-hydration-"));
const react = await startReact();
const { browser } = react;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;

before(async () => {
  for (const framework of ["vue", "svelte"]) {
    const folder = join(site, framework);
    mkdirSync(folder);
    const from = (/** @type {string} */ name) => join(sources, framework, name);
    await bundleComponents(join(sources, "app.js"), from("page.js"), join(folder, "app.js"));
    const forServer = join(folder, "server.mjs");
    await bundleComponents(join(sources, "ssr.js"), from("server.js"), forServer, { server: true });
    writeComponentPage(folder, "index", "app");
  }
  server = await startServer({ staticDir: site });
});

after(async () => {
  await react.stop();
  await server?.stop();
  rmSync(site, { recursive: true, force: true });
});

const frameworks = {
  react: () => ({ url: react.server.url, page: `${react.server.url}/`, folder: react.site }),
  vue: () => ({ url: server.url, page: `${server.url}/vue/`, folder: join(site, "vue") }),
  svelte: () => ({ url: server.url, page: `${server.url}/svelte/`, folder: join(site, "svelte") }),
};

/** @param {string} serverUrl @param {string} name */
async function newBucket(serverUrl, name) {
  const client = createClient({ serverUrl });
  await client.kv().createBucket({ name });
  return client.kv().bucket(name);
}

for (const [framework, places] of Object.entries(frameworks)) {
  test(`${framework}: the first rendering has the server's entries, and goes live without a flicker`, async () => {
    const { url, page: address, folder } = places();
    const bucket = await newBucket(url, framework);
    await bucket.put("a", "1");
    await bucket.put("b", "2");

    const data = JSON.parse(JSON.stringify(dehydrate(await bucket.entries())));
    const { renderList } = await import(pathToFileURL(join(folder, "server.mjs")).href);
    const { html, used } = await renderList(data);
    assert.match(html, /<ul data-status="stale" data-size="2">.*a 1.*b 2/);
    assert.deepEqual(used, []);

    const page = await browser.newPage();
    const complained = complaints(page);
    await page.goto(address);
    await page.evaluate(
      ([serverUrl, markup, bucketName, given]) => {
        changes = [];
        new MutationObserver((records) => {
          for (const { target, attributeName, oldValue, removedNodes } of records) {
            const element = /** @type {Element} */ (target);
            if (attributeName && element.getAttribute(attributeName) !== oldValue)
              changes.push(`${attributeName} ${element.outerHTML}`);
            for (const node of removedNodes) {
              if (node instanceof Element) changes.push(`removed ${node.nodeName}`);
            }
          }
        }).observe(document.body, { subtree: true, childList: true, attributeOldValue: true });
        app.start({ serverUrl });
        app.hydrate(markup, "List", { bucket: bucketName, data: given });
      },
      /** @type {const} */ ([url, html, framework, data]),
    );
    await page.waitForSelector('ul[data-status=ready][data-size="2"]');
    const seen = await page.evaluate(() => changes);
    assert.equal(seen.length, 1, seen.join("\n"));
    assert.match(seen[0] ?? "", /^data-status <ul data-status="ready" data-size="2">/);

    await bucket.delete("a");
    await bucket.put("c", "3");
    await page.waitForSelector("li:has-text('c 3')");
    assert.deepEqual((await page.locator("li").allTextContents()).sort(), ["b 2", "c 3"]);
    assert.deepEqual(complained, []);
    await page.close();
  });
}

/** Values as an app stores them. @type {[mode: any, value: any][]} */
const values = [
  [undefined, "a text"],
  [undefined, ""],
  [undefined, new Uint8Array([0, 255, 254])],
  [undefined, { n: 1 }],
  ["json", { title: "ä", done: false, more: [1, null] }],
  ["json", "YQ=="],
  ["json", null],
  ["text", "ä\u{1f600}"],
  ["text", ""],
  ["text", "YQ=="],
  ["text", "\ufefftext"],
  ["bytes", new Uint8Array([0, 255, 254])],
  ["bytes", new Uint8Array()],
];

describe("dehydrate() and hydrate()", () => {
  /** A bucket in memory. @param {any} [decode] */
  const open = (decode) => {
    const client = createClient({ transport: "memory", memory: { buckets: ["b"] } });
    return { client, bucket: client.kv().bucket("b", { decode }) };
  };

  for (const [decode, value] of values) {
    const shown = JSON.stringify(ArrayBuffer.isView(value) ? String(value) : value);
    test(`pass ${shown} with decode ${decode}`, async () => {
      const { client, bucket } = open(decode);
      await bucket.put("a", value);
      const entry = await bucket.get("a");
      const data = JSON.parse(JSON.stringify(dehydrate(entry)));
      const storage = /** @type {any} */ (hydrate(data));
      const view = bucket.view({ key: "a", persist: storage });
      assert.equal(view.status, "stale");
      for (const found of [storage.snapshot.get("a"), view.get("a")]) {
        assert.deepEqual(found.value, entry.value);
        assert.equal(found.revision, entry.revision);
        assert.deepEqual(found.bytes(), entry.bytes());
        assert.equal(found.text(), entry.text());
        assert.deepEqual(Object.keys(found), ["key", "value", "revision", "created_at"]);
        assert.equal(found.created_at, entry.created_at);
        if (decode === "json") assert.deepEqual(found.json(), entry.json());
      }
      client.disconnect();
    });
  }

  test("a view shows the entries at once, and what was deleted until the server says so", async () => {
    const { client, bucket } = open("json");
    await bucket.put("kept", 1);
    await bucket.put("gone", 2);
    const data = dehydrate(await bucket.entries());
    await bucket.delete("gone");
    await bucket.put("new", 3);
    const view = bucket.view({ persist: hydrate(data) });
    assert.deepEqual([view.status, view.keys()], ["stale", ["kept", "gone"]]);
    await view.ready;
    await new Promise((resolve) => {
      view.subscribe(() => view.status === "ready" && resolve(undefined));
    });
    assert.deepEqual(view.keys(), ["kept", "new"]);
    client.disconnect();
  });

  test("the next view starts with what the last one has shown", async () => {
    const { client, bucket } = open("json");
    await bucket.put("a", 1);
    const data = dehydrate(await bucket.entries());
    const first = bucket.view({ persist: hydrate(data) });
    await new Promise((resolve) => {
      first.subscribe(() => first.status === "ready" && resolve(undefined));
    });
    await bucket.delete("a");
    const { revision } = await bucket.put("b", 2);
    await first.waitFor(revision);
    first.stop();
    const second = bucket.view({ persist: hydrate(data) });
    assert.deepEqual([second.status, second.keys()], ["stale", ["b"]]);
    const other = bucket.view({ key: "a", persist: hydrate(data) });
    assert.deepEqual([other.status, other.keys()], ["loading", []], "not of another view");
    client.disconnect();
  });

  test("a new configuration keeps what the view shows", async () => {
    const { client, bucket } = open("json");
    await bucket.put("a", 1);
    const view = bucket.view({ persist: hydrate(dehydrate(await bucket.entries())) });
    assert.equal(view.status, "stale");
    client.configure({ transport: "memory", environment: "other", memory: { buckets: ["b"] } });
    assert.equal(view.status, "loading");
    await view.ready;
    assert.deepEqual([view.status, view.size], ["ready", 0]);
    client.disconnect();
  });

  test("no entry, and no data", async () => {
    const { client, bucket } = open();
    assert.deepEqual(dehydrate(await bucket.find("missing")), []);
    assert.deepEqual(dehydrate([]), []);
    assert.equal(hydrate(undefined), undefined);
    assert.equal(hydrate(null), undefined);
    const data = dehydrate([]);
    assert.equal(hydrate(data), hydrate(data));
    client.disconnect();
  });

  for (const [name, call, message] of /** @type {const} */ ([
    [
      "dehydrate() of copies of entries",
      () => dehydrate([/** @type {any} */ ({ key: "a" })]),
      /with their methods/,
    ],
    [
      "hydrate() of text",
      () => hydrate(/** @type {any} */ ("[]")),
      /hydrate\(\) takes what dehydrate\(\)/,
    ],
    [
      "hydrate() of an object",
      () => hydrate(/** @type {any} */ ({})),
      /hydrate\(\) takes what dehydrate\(\)/,
    ],
  ])) {
    test(`${name} is refused`, () => {
      assert.throws(call, { code: "VALIDATION_ERROR", message });
    });
  }
});
