// Tests of persisted views in a browser: reloads, tabs that are killed, two tabs, users, and an IndexedDB that is
// blocked, full, corrupt or of another program.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { packageSite } from "./package-site.mjs";
import { startServer } from "./server.mjs";

/** @typedef {import("./tabs.mjs").Tab} Tab */

/** In the page. @type {any} */
let app;

/** The keys of all tests. */
const KEYS = 20;

/**
 * Opens the view in a tab, also after a reload, and gives what it shows first.
 *
 * @param {Tab} tab
 * @param {string} bucket
 * @param {{ scope?: string, offline?: boolean }} [options]
 */
async function openView(tab, bucket, { scope = "alice", offline = false } = {}) {
  return tab.evaluate(
    async ([bucket, scope, offline]) => {
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
      /** Writes each key with this value, in order. @param {number} keys @param {number} value */
      const fill = async (keys, value) => {
        for (let n = 0; n < keys; n += 1) await handle.put(`k${n}`, value);
      };
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
        app: { handle, view, content, until, fill, stored, storage, warnings },
      });
      const first = await Promise.race([
        view.ready,
        new Promise((resolve) => setTimeout(resolve, 500)),
      ]).then(() => [view.status, content()]);
      return /** @type {[string, Record<string, number>]} */ (first);
    },
    /** @type {const} */ ([bucket, scope, offline]),
  );
}

/** Writes each key with this value. @param {Tab} tab @param {number} value */
const fill = (tab, value) =>
  tab.evaluate(([keys, given]) => app.fill(keys, given), /** @type {const} */ ([KEYS, value]));

/** Until so many entries are stored. @param {Tab} tab @param {number} entries */
const stored = (tab, entries) =>
  tab.evaluate(async (count) => {
    while ((await app.stored()) !== count) await new Promise((resolve) => setTimeout(resolve, 20));
  }, entries);

/** Until the view has a status. @param {Tab} tab */
const ready = (tab) => tab.evaluate(() => app.until(() => app.view.status === "ready"), undefined);

/** Writes a key. @param {Tab} tab @param {string} key @param {number} value */
const put = (tab, key, value) =>
  tab.evaluate(
    async ([to, given]) => {
      await app.handle.put(to, given);
      await app.until(() => app.view.get(to)?.value === given);
    },
    /** @type {const} */ ([key, value]),
  );

const all = (/** @type {number} */ value) =>
  Object.fromEntries(Array.from({ length: KEYS }, (_, n) => [`k${n}`, value]));

/**
 * @param {() => Promise<import("./tabs.mjs").TabbedBrowser>} launch
 * @param {number} kills how many times a tab is killed
 */
export function testPersistedViews(launch, kills) {
  /** @type {import("./tabs.mjs").TabbedBrowser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  /** @type {import("./tabs.mjs").Context} */
  let context;
  /** A new one for each test. */
  let bucket = "offline-0";
  const site = packageSite();

  before(async () => {
    [browser, server] = await Promise.all([launch(), startServer({ staticDir: site.dir })]);
  });
  after(async () => {
    await context?.close();
    await browser?.close();
    await server?.stop();
    site.remove();
  });
  beforeEach(async () => {
    await context?.close();
    context = await browser.newContext();
    bucket = `offline-${Number(bucket.slice(8)) + 1}`;
  });

  const openTab = () => context.open(server.url);

  /** A tab with a view, of which all keys are stored. */
  async function openStored() {
    const tab = await openTab();
    assert.deepEqual(await openView(tab, bucket), ["ready", {}]);
    await fill(tab, 1);
    await stored(tab, KEYS);
    return tab;
  }

  test("after a reload the view is there without the server, as stale, and then up to date", async () => {
    const tab = await openStored();
    await tab.reload();
    assert.deepEqual(await openView(tab, bucket, { offline: true }), ["stale", all(1)]);
    await tab.reload();
    await openView(tab, bucket);
    await ready(tab);
    await put(tab, "k0", 2);
    assert.deepEqual(await tab.evaluate(() => app.warnings, undefined), []);
  });

  test(`what is stored is a whole view when its tab is killed at any time, ${kills} times`, async () => {
    const first = await openStored();
    await first.close();
    for (let round = 2; round < kills + 2; round += 1) {
      const killed = await openTab();
      await openView(killed, bucket);
      await ready(killed);
      const filling = fill(killed, round).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
      await (round % 2 ? killed.close() : killed.kill());
      await filling;
      const next = await openTab();
      const [status, content] = await openView(next, bucket, { offline: true });
      assert.equal(status, "stale");
      const values = Array.from({ length: KEYS }, (_, n) => Number(content[`k${n}`]));
      // The keys are written in order: a state of the view has the newer values first.
      assert.deepEqual(
        values,
        [...values].sort((a, b) => b - a),
        `after kill ${round - 1}`,
      );
      assert.equal(Object.keys(content).length, KEYS);
      await next.close();
    }
  });

  test("of two tabs the second goes on writing when the first is closed", async () => {
    const [first, second] = [await openStored(), await openTab()];
    await openView(second, bucket);
    await ready(second);
    await first.close();
    await put(second, "more", 3);
    await stored(second, KEYS + 1);
    await second.reload();
    const shown = await openView(second, bucket, { offline: true });
    assert.deepEqual(shown, ["stale", { ...all(1), more: 3 }]);
  });

  test("another user sees nothing, and nothing is left after clear() on signing out", async () => {
    const tab = await openStored();
    await tab.reload();
    assert.deepEqual(await openView(tab, bucket, { scope: "bob", offline: true }), ["loading", {}]);
    await tab.reload();
    assert.deepEqual(await openView(tab, bucket, { offline: true }), ["stale", all(1)]);
    await tab.evaluate(() => app.storage.clear(), undefined);
    assert.equal(await tab.evaluate(() => app.stored(), undefined), 0);
    await tab.reload();
    assert.deepEqual(await openView(tab, bucket, { offline: true }), ["loading", {}]);
  });

  test("clear() in one tab is final, though another one is open", async () => {
    const [first, second] = [await openStored(), await openTab()];
    await openView(second, bucket);
    await ready(second);
    await second.evaluate(() => app.storage.clear(), undefined);
    await put(first, "late", 1);
    await first.evaluate(() => app.view.stop(), undefined);
    // The last write has ended when another tab may write.
    await first.close();
    await second.reload();
    assert.deepEqual(await openView(second, bucket, { offline: true }), ["loading", {}]);
  });

  describe("the view works, and warns once, with an IndexedDB that is", () => {
    /** @param {Tab} tab */
    async function works(tab) {
      await openView(tab, bucket);
      await ready(tab);
      await fill(tab, 1);
      await tab.evaluate((keys) => app.until(() => app.view.size === keys), KEYS);
      const warnings = await tab.evaluate(async () => {
        while (app.warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        await app.handle.put("last", 1);
        await app.until(() => app.view.has("last"));
        app.view.stop();
        return app.warnings;
      }, undefined);
      assert.deepEqual(warnings, ["a view is not persisted, because its storage failed"]);
    }

    /** Opens a database of this name, as another program does. @param {Tab} tab @param {number} version */
    const openForeign = (tab, version) =>
      tab.evaluate(
        (number) =>
          new Promise((resolve) => {
            const request = indexedDB.open("ironflow:test", number);
            request.onupgradeneeded = () => request.result.createObjectStore("other");
            request.onsuccess = () => resolve(request.result.close());
          }),
        version,
      );

    test("blocked", async () => {
      const tab = await openTab();
      await tab.evaluate(() => {
        Object.defineProperty(globalThis, "indexedDB", {
          get() {
            throw new DOMException("denied", "SecurityError");
          },
        });
      }, undefined);
      await works(tab);
    });

    test("full", async () => {
      await context.close();
      context = await browser.newContext({ full: true });
      await works(await openTab());
    });

    test("of a later version", async () => {
      const tab = await openTab();
      await openForeign(tab, 7);
      await works(tab);
    });

    test("of another program", async () => {
      const tab = await openTab();
      await openForeign(tab, 1);
      await works(tab);
    });
  });

  test("what is corrupt is not shown, and is replaced", async () => {
    const tab = await openStored();
    await tab.evaluate(
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
      undefined,
    );
    await tab.reload();
    assert.deepEqual(await openView(tab, bucket, { offline: true }), ["loading", {}]);
    await tab.reload();
    await openView(tab, bucket);
    await ready(tab);
    // What is written after that is written to what has replaced it.
    await put(tab, "more", 2);
    await stored(tab, KEYS + 1);
    await tab.reload();
    const shown = await openView(tab, bucket, { offline: true });
    assert.deepEqual(shown, ["stale", { ...all(1), more: 2 }]);
  });
}
