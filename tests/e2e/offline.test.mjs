// Persisted views in Chromium: reloads, tabs that are killed, two tabs, and an IndexedDB that is blocked, full, corrupt or
// of another program.

import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { serveBrowser } from "./support/served-browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

const { browser, url, close } = await serveBrowser();
after(close);

let number = 0;
/** @type {string} */
let bucket;
/** @type {import("playwright-core").BrowserContext} */
let context;

beforeEach(async () => {
  await context?.close();
  context = await browser.newContext();
  number += 1;
  bucket = `offline-${number}`;
});

/** In the page. @type {any} */
let app;

/** The keys of all tests. */
const KEYS = 20;

/** A tab; `script` runs before all others. @param {() => void} [script] */
async function openTab(script) {
  const page = await context.newPage();
  if (script) await page.addInitScript(script);
  await page.goto(url);
  return page;
}

/**
 * Opens the view in a tab, also after a reload, and gives what it shows first.
 *
 * @param {Page} page
 * @param {{ scope?: string, offline?: boolean, clear?: boolean }} [options]
 */
async function openView(page, { scope = "alice", offline = false, clear = false } = {}) {
  return page.evaluate(
    async ([bucket, scope, offline, clear]) => {
      const load = (/** @type {string} */ name) => import(`/pkg/${name}.js`);
      const [{ createClient }, { indexedDBStorage }] = await Promise.all([
        load("index"),
        load("offline"),
      ]);
      /** @type {unknown[]} */
      const warnings = [];
      const logger = { warn: (/** @type {unknown} */ message) => warnings.push(message) };
      if (offline) globalThis.fetch = async () => Promise.reject(new TypeError("offline"));
      if (offline) globalThis.WebSocket = /** @type {any} */ (undefined);
      const client = createClient({ serverUrl: location.origin, logger });
      const kv = client.kv();
      if (!offline) await kv.createBucket({ name: bucket });
      const storage = indexedDBStorage({ name: "test", scope });
      if (clear) await storage.clear();
      const handle = kv.bucket(bucket, { decode: "json" });
      const view = handle.view({ persist: storage });
      const content = () =>
        Object.fromEntries(view.entries().map((/** @type {any} */ { key, value }) => [key, value]));
      /** @type {(condition: () => boolean) => Promise<void>} */
      const until = (condition) =>
        new Promise((resolve) => {
          const look = () => {
            if (condition()) resolve();
          };
          view.subscribe(look);
          look();
        });
      /** The number of entries that are stored. */
      const stored = async () => {
        const database = await new Promise((resolve, reject) => {
          const request = indexedDB.open("ironflow:test");
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        try {
          const request = database.transaction("entries").objectStore("entries").count();
          return await new Promise((resolve) => {
            request.onsuccess = () => resolve(request.result);
          });
        } finally {
          database.close();
        }
      };
      Object.assign(globalThis, {
        app: { handle, view, content, until, stored, storage, warnings },
      });
      const first = await Promise.race([
        view.ready,
        new Promise((resolve) => setTimeout(resolve, 500)),
      ]).then(() => [view.status, content()]);
      return /** @type {[string, Record<string, number>]} */ (first);
    },
    /** @type {const} */ ([bucket, scope, offline, clear]),
  );
}

/** Writes each key with this value. @param {Page} page @param {number} value */
const fill = (page, value) =>
  page.evaluate(
    async ([keys, value]) => {
      for (let n = 0; n < keys; n += 1) await app.handle.put(`k${n}`, value);
    },
    /** @type {const} */ ([KEYS, value]),
  );

/** Until so many entries are stored. @param {Page} page @param {number} entries */
const stored = (page, entries) =>
  page.evaluate(async (count) => {
    while ((await app.stored()) !== count) await new Promise((resolve) => setTimeout(resolve, 20));
  }, entries);

const all = (/** @type {number} */ value) =>
  Object.fromEntries(Array.from({ length: KEYS }, (_, n) => [`k${n}`, value]));

test("after a reload the view is there without the server, as stale, and then up to date", async () => {
  const page = await openTab();
  assert.deepEqual(await openView(page), ["ready", {}]);
  await fill(page, 1);
  await stored(page, KEYS);
  await page.reload();
  assert.deepEqual(await openView(page, { offline: true }), ["stale", all(1)]);
  await page.reload();
  await openView(page);
  await page.evaluate(() => app.until(() => app.view.status === "ready"));
  await page.evaluate(() => app.handle.put("k0", 2));
  await page.evaluate(() => app.until(() => app.view.get("k0").value === 2));
  assert.deepEqual(await page.evaluate(() => app.warnings), []);
});

test("what is stored is a whole view when its tab is closed at any time", async () => {
  const page = await openTab();
  await openView(page);
  // All keys always have the same value, or the value before it up to one key.
  await fill(page, 0);
  await stored(page, KEYS);
  await page.close();
  const kills = 20;
  for (let round = 1; round <= kills; round += 1) {
    const killed = await openTab();
    await openView(killed);
    await killed.evaluate(() => app.view.ready);
    const filling = fill(killed, round).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
    await killed.close();
    await filling;
    const next = await openTab();
    const [status, content] = await openView(next, { offline: true });
    assert.equal(status, "stale");
    const values = Array.from({ length: KEYS }, (_, n) => Number(content[`k${n}`]));
    // The keys are written in order: a state of the view has the newer values first.
    assert.deepEqual(
      values,
      [...values].sort((a, b) => b - a),
      `after kill ${round}`,
    );
    assert.equal(Object.keys(content).length, KEYS);
    await next.close();
  }
});

test("of two tabs the second goes on writing when the first is closed", async () => {
  const [first, second] = [await openTab(), await openTab()];
  await openView(first);
  await fill(first, 1);
  await stored(first, KEYS);
  await openView(second);
  await second.evaluate(() => app.until(() => app.view.status === "ready"));
  await first.close();
  await second.evaluate(() => app.handle.put("more", 3));
  await stored(second, KEYS + 1);
  await second.reload();
  assert.deepEqual(await openView(second, { offline: true }), ["stale", { ...all(1), more: 3 }]);
});

test("another user sees nothing, and nothing is left after clear() on signing out", async () => {
  const page = await openTab();
  await openView(page);
  await fill(page, 1);
  await stored(page, KEYS);
  await page.reload();
  assert.deepEqual(await openView(page, { scope: "bob", offline: true }), ["loading", {}]);
  await page.reload();
  assert.deepEqual(await openView(page, { offline: true }), ["stale", all(1)]);
  await page.evaluate(() => app.storage.clear());
  assert.equal(await page.evaluate(() => app.stored()), 0);
  await page.reload();
  assert.deepEqual(await openView(page, { offline: true }), ["loading", {}]);
});

describe("the view works, and warns once, with an IndexedDB that is", () => {
  /** @param {Page} page */
  async function works(page) {
    await openView(page);
    await page.evaluate(() => app.until(() => app.view.status === "ready"));
    await fill(page, 1);
    await page.evaluate((keys) => app.until(() => app.view.size === keys), KEYS);
    await page.waitForFunction(() => app.warnings.length > 0);
    await page.evaluate(() => app.handle.put("last", 1));
    await page.evaluate(() => app.until(() => app.view.has("last")));
    await page.evaluate(() => app.view.stop());
    const warnings = await page.evaluate(() => app.warnings);
    assert.deepEqual(warnings, ["a view is not persisted, because its storage failed"]);
  }

  test("blocked", async () => {
    await works(
      await openTab(() => {
        Object.defineProperty(globalThis, "indexedDB", {
          get() {
            throw new DOMException("denied", "SecurityError");
          },
        });
      }),
    );
  });

  test("full", async () => {
    const page = await openTab();
    const devtools = await context.newCDPSession(page);
    await devtools.send("Storage.overrideQuotaForOrigin", { origin: url, quotaSize: 1 });
    await works(page);
  });

  test("of a later version", async () => {
    const page = await openTab();
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          const request = indexedDB.open("ironflow:test", 7);
          request.onsuccess = () => resolve(request.result.close());
        }),
    );
    await works(page);
  });

  test("of another program", async () => {
    const page = await openTab();
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          const request = indexedDB.open("ironflow:test", 1);
          request.onupgradeneeded = () => request.result.createObjectStore("other");
          request.onsuccess = () => resolve(request.result.close());
        }),
    );
    await works(page);
  });
});

test("what is corrupt is not shown, and is replaced", async () => {
  const page = await openTab();
  await openView(page);
  await fill(page, 1);
  await stored(page, KEYS);
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        const request = indexedDB.open("ironflow:test");
        request.onsuccess = () => {
          const transaction = request.result.transaction("entries", "readwrite");
          const cursor = transaction.objectStore("entries").openCursor();
          cursor.onsuccess = () => cursor.result?.update({ key: 1 });
          transaction.oncomplete = () => resolve(request.result.close());
        };
      }),
  );
  await page.reload();
  assert.deepEqual(await openView(page, { offline: true }), ["loading", {}]);
  await page.reload();
  await openView(page);
  await page.evaluate(() => app.until(() => app.view.status === "ready"));
  // What is written after that is written to what has replaced it.
  await page.evaluate(() => app.handle.put("more", 2));
  await stored(page, KEYS + 1);
  await page.reload();
  assert.deepEqual(await openView(page, { offline: true }), ["stale", { ...all(1), more: 2 }]);
});
