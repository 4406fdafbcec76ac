// The recipe of an application that works offline, taken from its page and run in Chromium.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startOutboxSite } from "./support/outbox-site.mjs";
import { readPage } from "./support/readme.mjs";
import { browsers } from "./support/tabs.mjs";

/** In the page. @type {any} */
let app;

/** @type {import("./support/tabs.mjs").TabbedBrowser} */
let browser;
before(async () => {
  browser = await browsers.Chromium();
});
after(() => browser?.close());

/** The recipe, as a module of a site. @param {string} serverUrl */
function recipe(serverUrl) {
  let code = /^```js\n(.*?)^```$/ms.exec(readPage("docs/recipes/offline-todos.md"))?.[1] ?? "";
  for (const [from, to] of [
    ['"@ironflow/browser"', '"/pkg/index.js"'],
    ['"@ironflow/browser/offline"', '"/pkg/offline.js"'],
    ["http://localhost:9123", serverUrl],
  ]) {
    assert.ok(code.includes(String(from)), `the recipe no longer says ${from}`);
    code = code.replaceAll(String(from), String(to));
  }
  return code;
}

/** Opens the todos, also after a reload. @param {import("./support/tabs.mjs").Tab} tab */
const openTodos = (tab) =>
  tab.evaluate(async () => {
    const file = "/recipe.js";
    const todos = (await import(file)).openTodos("alice");
    const shown = () =>
      todos.view
        .entries()
        .map((/** @type {any} */ { value, pending }) => [value.title, value.done, pending === true])
        .sort();
    /** Until the view shows this: the title, whether it is done, and whether it is pending. @param {unknown} expected */
    const shows = (expected) =>
      new Promise((resolve) => {
        const look = () => {
          if (JSON.stringify(shown()) === JSON.stringify(expected)) resolve(undefined);
        };
        todos.view.subscribe(look);
        look();
      });
    const idOf = (/** @type {string} */ title) =>
      todos.view.entries().find((/** @type {any} */ { value }) => value.title === title).key;
    Object.assign(globalThis, { app: { ...todos, shows, idOf } });
  }, undefined);

/** @param {import("./support/tabs.mjs").Tab} tab @param {[string, boolean, boolean][]} expected */
const shows = (tab, expected) => tab.evaluate((given) => app.shows(given), expected);

for (const versions of ["1,2", "1"]) {
  test(`todos that work offline; versions ${versions} of the watch`, async (t) => {
    const site = await startOutboxSite({ watchVersions: versions });
    t.after(() => site.stop());
    writeFileSync(join(site.dir, "recipe.js"), recipe(site.url));
    await site.kv.createBucket({ name: "todos" });
    const context = await browser.newContext();
    t.after(() => context.close());
    const tab = await context.open(site.url);
    await openTodos(tab);
    const id = await tab.evaluate(async () => {
      await app.view.ready;
      await Promise.all([app.add("milk"), app.add("bread")]);
      return app.idOf("milk");
    }, undefined);
    await shows(tab, [
      ["bread", false, false],
      ["milk", false, false],
    ]);

    site.faultOf = () => ({ unreached: true });
    site.cut();
    await tab.evaluate(async () => {
      const saved = [
        app.change(app.idOf("milk"), { title: "oat milk" }),
        app.remove(app.idOf("bread")),
        app.add("eggs"),
      ];
      for (const promise of saved) promise.catch(() => {});
      await new Promise((resolve) => {
        const look = () => app.unsaved() === 3 && resolve(undefined);
        app.onUnsaved(look);
        look();
      });
    }, undefined);
    const offline = /** @type {[string, boolean, boolean][]} */ ([
      ["eggs", false, true],
      ["oat milk", false, true],
    ]);
    await shows(tab, offline);
    // All of it is stored when a client that reads the storage shows it.
    const second = await context.open(site.url);
    await openTodos(second);
    await shows(second, offline);
    await second.close();
    await tab.reload();
    await openTodos(tab);
    await shows(tab, offline);

    // Another device has it done meanwhile.
    await site.kv.bucket("todos").put(id, { title: "milk", done: true });
    site.faultOf = undefined;
    await tab.reload();
    await openTodos(tab);
    const saved = /** @type {[string, boolean, boolean][]} */ ([
      ["eggs", false, false],
      ["oat milk", true, false],
    ]);
    await shows(tab, saved);
    assert.equal((await site.kv.bucket("todos").listKeys()).length, 2);
    assert.equal(await tab.evaluate(() => app.unsaved(), undefined), 0);

    const left = await tab.evaluate(async () => {
      await app.signOut();
      const database = await new Promise((resolve) => {
        const request = indexedDB.open("ironflow:todos");
        request.onsuccess = () => resolve(request.result);
      });
      const count = database.transaction("entries").objectStore("entries").count();
      return new Promise((resolve) => {
        count.onsuccess = () => resolve(count.result);
      });
    }, undefined);
    assert.equal(left, 0);
  });
}
